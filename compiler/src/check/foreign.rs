//! Policies that are in the inventory and that others wrote: what they open beside Weir's guards, and what they close
//! beside its grants. They belong to the proof of every promise. Judged over the universe of today, in which there is a
//! pod for each of their own selectors too; whatever only some network plugins would do counts against a promise.

mod ground;
mod policy;
mod way;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use roaring::RoaringBitmap as Bits;
use weir_cluster::flow::{FlowBox, Flows};
use weir_cluster::inventory::NamespaceId;
use weir_grammar::ast::Direction;

use crate::assertions::port_text;
use crate::check::conflicts::guard_place;
use crate::diagnostic::{Code, Diagnostic, InputPlace, listed};
use crate::facts::Facts;
use crate::meaning;
use crate::relation::{Grant, GrantKind, Relation};
use crate::resolve::program::{Exclusive, Program, Reach, SentenceId, SentenceKind};
use ground::{Ground, Near};
use policy::Foreign;
use way::{Entry, Way};

/// `relation`: what is enforced, bound to the target.
pub(super) fn check(program: &Program, relation: &Relation, facts: &Facts<'_>) -> Vec<Diagnostic> {
    let foreign = Foreign::all(facts.inventory);
    if foreign.is_empty() {
        return Vec::new();
    }
    let universe = ground::universe(program, relation, &foreign, facts);
    let near = Near::new(&foreign, facts.inventory);
    let grants = near.grants(relation);
    let space = ground::space(program, &grants, &near, &foreign, &universe, facts);
    let ground = Ground::new(&space, universe, facts);
    let mut judge = Judge::new(program, relation, grants, &foreign, &ground);
    for (id, sentence) in program.iter() {
        let ends = sentence.kind.reach().map(|reach| reach.parts().map(|part| &part.ends));
        if !ends.is_some_and(|ends| near.may_hold(ends)) {
            continue;
        }
        match &sentence.kind {
            SentenceKind::Guardrail(guardrail) if guardrail.forbids => {
                judge.check_forbidden(id, &guardrail.reach);
            }
            SentenceKind::Guardrail(guardrail) => judge.check_required(id, &guardrail.reach),
            SentenceKind::Grant(grant) => match grant.exclusive {
                Exclusive::No => {}
                Exclusive::Object => judge.check_only(id, &grant.reach),
                Exclusive::Subject => judge.check_may_only(id, &grant.reach),
            },
            SentenceKind::Posture(_) => {}
        }
    }
    // What a sentence with errors would guard or grant is not known.
    if !program.incomplete {
        judge.check_grants();
        judge.check_guards();
    }
    judge.diagnostics
}

struct Judge<'a> {
    program: &'a Program,
    relation: &'a Relation,
    foreign: &'a [Foreign<'a>],
    ground: &'a Ground<'a>,
    /// The flows of the grants that are near, and whose they are.
    granted: Vec<FlowBox>,
    grant_of: Vec<&'a Grant>,
    ingress: Way,
    egress: Way,
    flows: Judged,
    /// The policies that open what must not be.
    told: BTreeSet<usize>,
    diagnostics: Vec<Diagnostic>,
}

/// Flows that are made once, where they are asked for.
#[derive(Default)]
struct Judged {
    own: OnceCell<Flows>,
    /// What passes thanks to others alone, in some network plugin at least.
    opened: OnceCell<Flows>,
    surely: OnceCell<Flows>,
}

/// A flow that shows what is wrong: source, destination, port.
type Witness = (usize, usize, usize);

impl<'a> Judge<'a> {
    fn new(
        program: &'a Program,
        relation: &'a Relation,
        grants: Vec<&'a Grant>,
        foreign: &'a [Foreign<'a>],
        ground: &'a Ground<'a>,
    ) -> Judge<'a> {
        let (mut granted, mut grant_of) = (Vec::new(), Vec::new());
        for grant in grants {
            granted.extend(ground.meaning.granted(grant));
            grant_of.resize(granted.len(), grant);
        }
        let way = |direction| Way::new(direction, relation, &granted, foreign, ground);
        Judge {
            program,
            relation,
            foreign,
            ground,
            ingress: way(Direction::Ingress),
            egress: way(Direction::Egress),
            granted,
            grant_of,
            flows: Judged::default(),
            told: BTreeSet::new(),
            diagnostics: Vec::new(),
        }
    }

    fn ways(&self) -> [&Way; 2] {
        [&self.ingress, &self.egress]
    }

    fn own(&self) -> &Flows {
        let space = self.ground.space;
        self.flows.own.get_or_init(|| Flows::from_grouped(space, &self.egress.own, &self.ingress.own))
    }

    fn opened(&self) -> &Flows {
        let (egress, ingress) = (&self.egress.possibly, &self.ingress.possibly);
        self.flows
            .opened
            .get_or_init(|| Flows::from_grouped(self.ground.space, egress, ingress).minus(self.own()))
    }

    fn surely(&self) -> &Flows {
        let (egress, ingress) = (&self.egress.surely, &self.ingress.surely);
        self.flows.surely.get_or_init(|| Flows::from_grouped(self.ground.space, egress, ingress))
    }

    fn boxes(&self, boxes: &[FlowBox]) -> Flows {
        Flows::from_boxes(self.ground.space, boxes)
    }

    fn first(&self, flows: &Flows) -> Option<Witness> {
        meaning::first_between_two(flows, self.ground.space)
    }

    fn meets(&self, boxes: &[FlowBox], ends: impl Fn(&Way) -> &Bits) -> bool {
        let touches = |way: &Way, flows: &FlowBox| {
            !way.ends(&flows.sources, &flows.destinations).0.is_disjoint(ends(way))
        };
        boxes.iter().any(|flows| self.ways().into_iter().any(|way| touches(way, flows)))
    }

    fn check_forbidden(&mut self, id: SentenceId, reach: &Reach) {
        let boxes = self.ground.meaning.boxes(reach);
        self.check_opened(id, reach, &boxes, &[], (Direction::Ingress, "forbidden here"));
    }

    /// Flows into the object from anybody else.
    fn check_only(&mut self, id: SentenceId, reach: &Reach) {
        let mut boxes = self.ground.meaning.boxes(reach);
        boxes.iter_mut().for_each(|flows| flows.sources = &self.ground.everyone - &flows.sources);
        self.check_opened(id, reach, &boxes, &[], (Direction::Ingress, "only these may reach it"));
    }

    /// Flows out of the subject, to anything else.
    fn check_may_only(&mut self, id: SentenceId, reach: &Reach) {
        let own = self.ground.meaning.boxes(reach);
        let (everyone, ports) = (&self.ground.everyone, self.ground.space.ports.all());
        let all = |flows: &FlowBox| FlowBox {
            sources: flows.sources.clone(),
            destinations: everyone.clone(),
            ports: ports.clone(),
        };
        let all: Vec<FlowBox> = own.iter().map(all).collect();
        self.check_opened(id, reach, &all, &own, (Direction::Egress, "may reach only this"));
    }

    /// No flow of these, but for the exceptions, may pass thanks to others. They are looked for at one end first.
    fn check_opened(
        &mut self,
        id: SentenceId,
        reach: &Reach,
        boxes: &[FlowBox],
        except: &[FlowBox],
        (first, label): (Direction, &str),
    ) {
        if !self.meets(boxes, |way| &way.widened) {
            return;
        }
        let broken = self.boxes(boxes).minus(&self.boxes(except)).intersect(self.opened());
        if self.first(&broken).is_none() {
            return;
        }
        // Each flow is told of one end: to close that is enough.
        let mut culprits: BTreeMap<usize, Witness> = BTreeMap::new();
        let mut ways = self.ways();
        if first == Direction::Egress {
            ways.reverse();
        }
        let mut rest = broken;
        for way in ways {
            let permitted = way.own_flows(self.ground.space);
            let broken = rest.minus(permitted);
            rest = rest.intersect(permitted);
            let points = broken
                .boxes()
                .iter()
                .fold(Bits::new(), |all, flows| all | way.ends(&flows.sources, &flows.destinations).0);
            let mut by_policy: BTreeMap<usize, Vec<FlowBox>> = BTreeMap::new();
            for entry in way.entries.iter().filter(|entry| !entry.subjects.is_disjoint(&points)) {
                let flows = way.flows(&entry.subjects, &entry.peers, &entry.ports);
                by_policy.entry(entry.policy).or_default().push(flows);
            }
            for (policy, boxes) in by_policy {
                if let Some(witness) = self.first(&self.boxes(&boxes).intersect(&broken)) {
                    culprits.entry(policy).or_insert(witness);
                }
            }
        }
        for (policy, witness) in culprits {
            self.told.insert(policy);
            self.report_opened(id, reach, policy, witness, label);
        }
    }

    fn report_opened(&mut self, id: SentenceId, reach: &Reach, policy: usize, witness: Witness, label: &str) {
        let (source, destination, atom) = witness;
        let name = &self.foreign[policy].name;
        let mut said =
            Diagnostic::error(Code::E0509, format!("a policy of others, `{name}`, opens what must not be"))
                .at(reach.verb_place, label)
                .with_note(format!("for one, {}", self.reaches(witness)));
        if !self.surely().contains(source, destination, atom) {
            said = said.with_note("not on every network plugin: some match pods by `ipBlock`, some do not");
        }
        let help = "policies add up, and none takes back what another admits: delete or narrow this one";
        self.report(id, policy, said.with_help(help));
    }

    fn check_required(&mut self, id: SentenceId, reach: &Reach) {
        let boxes = self.ground.meaning.boxes(reach);
        if self.program.incomplete || !self.meets(&boxes, |way| &way.closed) {
            return;
        }
        let broken = self.boxes(&boxes).intersect(self.own()).minus(self.surely());
        for (policies, witness, way) in self.closing(&broken) {
            let said = Diagnostic::error(
                Code::E0510,
                format!(
                    "a policy of others, `{}`, closes what must be reached",
                    self.foreign[policies[0]].name
                ),
            );
            let said = self.closed(said.at(reach.verb_place, "has to be open"), &policies, witness, way);
            self.report(id, policies[0], said);
        }
    }

    /// What the program grants has to pass for the pods of today. Newcomers that others close are theirs to open.
    fn check_grants(&mut self) {
        let mut by_sentence: BTreeMap<SentenceId, Vec<FlowBox>> = BTreeMap::new();
        for (flows, grant) in self.granted.iter().zip(&self.grant_of) {
            if grant.kind != GrantKind::Library {
                let real = FlowBox {
                    sources: &flows.sources & &self.ground.real,
                    destinations: &flows.destinations & &self.ground.real,
                    ports: flows.ports.clone(),
                };
                by_sentence.entry(grant.sentence).or_default().push(real);
            }
        }
        for (id, boxes) in by_sentence {
            if !self.meets(&boxes, |way| &way.closed) {
                continue;
            }
            let broken = self.boxes(&boxes).intersect(self.own()).minus(self.surely());
            for (policies, witness, way) in self.closing(&broken) {
                let name = &self.foreign[policies[0]].name;
                let message = format!("a policy of others, `{name}`, closes part of what this grants");
                let said = Diagnostic::warning(Code::W0130, message)
                    .at(guard_place(self.program, id), "granted here");
                let said = self.closed(said, &policies, witness, way);
                self.report(id, policies[0], said);
            }
        }
    }

    /// For flows that others close: which policies guard an end together, such a flow, and which end it is.
    fn closing(&self, broken: &Flows) -> Vec<(Vec<usize>, Witness, Direction)> {
        let (mut found, mut told) = (Vec::new(), BTreeSet::<usize>::new());
        let ground = self.ground;
        for way in self.ways() {
            let mut broken = broken.minus(way.sure_flows(ground.space));
            while let Some(witness) = self.first(&broken) {
                let (point, _) = way.ends(witness.0 as u32, witness.1 as u32);
                let neighbours = self.of_namespace(ground.namespace(point));
                let (mut policies, others): (Vec<usize>, Vec<usize>) =
                    neighbours.partition(|policy| way.subjects[*policy].contains(point));
                // All that these policies guard together, and no other with them.
                let mut alike = Bits::from_iter([point]);
                if let Some(first) = policies.first() {
                    alike |= &way.subjects[*first];
                }
                policies.iter().for_each(|policy| alike &= &way.subjects[*policy]);
                others.iter().for_each(|policy| alike -= &way.subjects[*policy]);
                let all = way.flows(&alike, &ground.everyone, &ground.space.ports.all());
                broken = broken.minus(&self.boxes(&[all]));
                // Each policy is told once: with others again only if one of them is new.
                let fresh = policies.iter().position(|policy| !told.contains(policy));
                told.extend(&policies);
                if let Some(fresh) = fresh {
                    policies.swap(0, fresh);
                    found.push((policies, witness, way.direction));
                }
            }
        }
        found
    }

    /// The policies of one namespace, by their numbers.
    fn of_namespace(&self, namespace: Option<NamespaceId>) -> std::ops::Range<usize> {
        let Some(namespace) = namespace else { return 0..0 };
        let start = self.foreign.partition_point(|policy| policy.existing.namespace < namespace);
        let count = self.foreign[start..].partition_point(|policy| policy.existing.namespace == namespace);
        start..start + count
    }

    fn closed(&self, said: Diagnostic, policies: &[usize], witness: Witness, end: Direction) -> Diagnostic {
        let (source, destination, atom) = witness;
        let port = port_text(self.ground.space.ports.atom(atom));
        let (from, to) = (self.ground.spoken(source), self.ground.spoken(destination));
        let (pod, word) = match end {
            Direction::Ingress => (&to, "ingress"),
            Direction::Egress => (&from, "egress"),
        };
        let mut others: Vec<&str> =
            policies[1..].iter().map(|policy| self.foreign[*policy].name.as_str()).collect();
        others.sort_unstable();
        let nobody = match others.as_slice() {
            [] => "it guards".to_owned(),
            others => format!("with {} it guards", listed(others, "and")),
        };
        said.with_note(format!(
            "for one, {from} does not reach {to} on {port}: {nobody} the {word} of {pod} and does not admit it"
        ))
        .with_help(format!(
            "admit it there, or guard {pod} in Weir too, `… locked for {word}`: its own objects then admit what is granted"
        ))
    }

    /// Where others admit to a guarded pod what no sentence grants.
    fn check_guards(&mut self) {
        let mut found: BTreeMap<usize, (SentenceId, String)> = BTreeMap::new();
        for way in self.ways() {
            for entry in &way.entries {
                if self.told.contains(&entry.policy) || found.contains_key(&entry.policy) {
                    continue;
                }
                let Some((point, peers, ports)) = self.beyond(way, entry) else { continue };
                let guards = self.relation.guards.iter().zip(&way.by_guard);
                if let Some((guard, _)) = guards.into_iter().find(|(_, pods)| pods.contains(point)) {
                    found.insert(entry.policy, (guard.sentence, self.widening(way, point, &peers, &ports)));
                }
            }
        }
        for (policy, (id, note)) in found {
            let name = &self.foreign[policy].name;
            let message = format!("a policy of others, `{name}`, widens this guard");
            let said = Diagnostic::warning(Code::W0129, message)
                .at(guard_place(self.program, id), "not closed to all that is not granted")
                .with_note(note)
                .with_help("grant here what is meant of it, and delete the object");
            self.report(id, policy, said);
        }
    }

    fn widening(&self, way: &Way, point: u32, peers: &Bits, ports: &Bits) -> String {
        let pod = self.ground.spoken(point as usize);
        let other = peers.iter().find(|peer| *peer != point || !self.ground.is_alone(point));
        let peer = match other {
            Some(peer) if *peers != self.ground.everyone => self.ground.spoken(peer as usize),
            _ => "everybody".to_owned(),
        };
        let atom = ports.min().filter(|_| *ports != self.ground.space.ports.all());
        let port = atom
            .map_or("every port".to_owned(), |atom| port_text(self.ground.space.ports.atom(atom as usize)));
        match way.direction {
            Direction::Ingress => format!("for one, it admits {peer} to {pod} on {port}"),
            Direction::Egress => format!("for one, it lets {pod} out to {peer} on {port}"),
        }
    }

    /// A pod, and what a rule of others admits for it and Weir does not.
    fn beyond(&self, way: &Way, entry: &Entry) -> Option<(u32, Bits, Bits)> {
        let points = &entry.subjects & &way.guarded;
        // Pods with the same grants have the same left over.
        let mut alike: BTreeMap<&[u32], Vec<u32>> = BTreeMap::new();
        points.iter().for_each(|point| alike.entry(way.own_of(point)).or_default().push(point));
        alike.into_iter().find_map(|(own, points)| {
            let mut left = vec![(entry.peers.clone(), entry.ports.clone())];
            for number in own {
                let flows = &self.granted[*number as usize];
                let (_, granted) = way.ends(&flows.sources, &flows.destinations);
                left = left
                    .into_iter()
                    .flat_map(|(peers, ports)| {
                        let elsewhere = (&peers - granted, &ports & &flows.ports);
                        [elsewhere, (peers, ports - &flows.ports)]
                    })
                    .filter(|(peers, ports)| !peers.is_empty() && !ports.is_empty())
                    .collect();
            }
            left.into_iter().find_map(|(peers, ports)| {
                let another =
                    |point: u32| peers.len() > 1 || !peers.contains(point) || !self.ground.is_alone(point);
                let point = points.iter().copied().find(|point| another(*point))?;
                Some((point, peers, ports))
            })
        })
    }

    fn reaches(&self, (source, destination, atom): Witness) -> String {
        let (from, to) = (self.ground.spoken(source), self.ground.spoken(destination));
        format!("{from} reaches {to} on {}", port_text(self.ground.space.ports.atom(atom)))
    }

    fn report(&mut self, id: SentenceId, policy: usize, mut said: Diagnostic) {
        let origin = &self.foreign[policy].existing.origin;
        said.input = Some(InputPlace {
            file: origin.file.to_string(),
            document: origin.document,
            line: origin.line,
            column: 0,
        });
        self.diagnostics.push(self.program.get(id).explain(said));
    }
}
