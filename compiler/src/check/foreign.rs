//! Policies that are in the inventory and that others wrote, of every format that is enforced beside the target: what
//! they open beside Weir's guards, and what they close beside its grants. They belong to the proof of every promise.
//! Judged over the universe of today, in which there is a pod for each of their own selectors too; whatever only some
//! network plugins would do counts against a promise.

mod denials;
mod ground;
mod plan;
mod policy;
mod region;
mod way;
mod world;

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use roaring::RoaringBitmap as Bits;
use weir_cluster::Inventory;
use weir_cluster::flow::{FlowBox, Flows};
use weir_cluster::inventory::{ExistingPolicy, PolicyRules};
use weir_grammar::ast::Direction;

use crate::Setting;
use crate::check::conflicts::guard_place;
use crate::diagnostic::{Code, Diagnostic, InputPlace, listed};
use crate::relation::{Grant, GrantKind, Relation};
use crate::resolve::program::{Exclusive, Program, Reach, SentenceId, SentenceKind};
use crate::spoken;
use denials::Denied;
use ground::{Ground, Near};
use plan::Cause;
use policy::Foreign;
use way::{Beyond, OwnFlows, Way};
use world::World;

/// `relation`: what is enforced, bound to the target.
pub(super) fn check(program: &Program, relation: &Relation, setting: &Setting<'_>) -> Vec<Diagnostic> {
    let facts = setting.facts;
    let worlds = World::all(setting);
    let foreign: Vec<Foreign<'_>> = worlds
        .iter()
        .enumerate()
        .flat_map(|(number, world)| Foreign::all(facts.inventory, number, world))
        .collect();
    let mut diagnostics = not_understood(facts.inventory);
    if foreign.is_empty() {
        return diagnostics;
    }
    let universe = ground::universe(program, relation, &foreign, facts);
    let near = Near::new(&foreign);
    let grants = near.grants(relation);
    let denials = denials::of(relation, setting, &near);
    let space = ground::space(program, (&grants, &denials), &near, &foreign, &universe, facts);
    let ground = Ground::new(&space, universe, facts);
    let mut judge = Judge::new(program, relation, (grants, denials), (&foreign, &worlds), &ground);
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
    diagnostics.extend(judge.diagnostics);
    diagnostics
}

/// What could not be read may open or close anything.
fn not_understood(inventory: &Inventory) -> Vec<Diagnostic> {
    let policies = inventory.policies.iter().filter(|policy| !policy.ours);
    let said = policies.filter_map(|existing| {
        let PolicyRules::NotUnderstood(why) = &existing.rules else { return None };
        let (kind, name) = (policy::kind(existing.kind), policy::name(existing, inventory));
        let message = format!("a {kind} of others, `{name}`, is not understood: {why}");
        let help = "what it opens or closes is not part of the proof: hold it against the program yourself";
        let mut said = Diagnostic::warning(Code::W0137, message).with_help(help);
        said.input = Some(input(existing));
        Some(said)
    });
    said.collect()
}

fn input(existing: &ExistingPolicy) -> InputPlace {
    let origin = &existing.origin;
    InputPlace { file: origin.file.to_string(), document: origin.document, line: origin.line, column: 0 }
}

struct Judge<'a> {
    program: &'a Program,
    relation: &'a Relation,
    foreign: &'a [Foreign<'a>],
    worlds: &'a [World],
    ground: &'a Ground<'a>,
    /// The flows of the grants that are near, and whose they are.
    granted: Vec<FlowBox>,
    grant_of: Vec<&'a Grant>,
    ingress: Way,
    egress: Way,
    flows: Judged,
    /// The objects that open what must not be.
    told: BTreeSet<usize>,
    diagnostics: Vec<Diagnostic>,
}

/// Flows that are made once, where they are asked for.
#[derive(Default)]
struct Judged {
    own: OnceCell<Flows>,
    /// What passes thanks to others alone, in some world at least.
    opened: OnceCell<Flows>,
    surely: OnceCell<Flows>,
}

/// A flow that shows what is wrong: source, destination, port.
type Witness = (usize, usize, usize);

impl<'a> Judge<'a> {
    fn new(
        program: &'a Program,
        relation: &'a Relation,
        (grants, denials): (Vec<&'a Grant>, Vec<Denied>),
        (foreign, worlds): (&'a [Foreign<'a>], &'a [World]),
        ground: &'a Ground<'a>,
    ) -> Judge<'a> {
        let (mut granted, mut grant_of) = (Vec::new(), Vec::new());
        for grant in grants {
            granted.extend(ground.meaning.granted(grant));
            grant_of.resize(granted.len(), grant);
        }
        let way = |direction| {
            let here = denials.iter().filter(|denied| denied.at == direction);
            let denied: Vec<FlowBox> = here.flat_map(|denied| denied.flows(&ground.meaning)).collect();
            let flows = OwnFlows { granted: &granted, denied: &denied };
            Way::new(direction, relation, &flows, foreign, worlds, ground)
        };
        Judge {
            program,
            relation,
            foreign,
            worlds,
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
        spoken::first_between_two(flows, self.ground.space)
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
            for beyond in way.beyond.iter().filter(|beyond| !beyond.points.is_disjoint(&points)) {
                let flows = beyond.rows.iter().map(|(peers, ports)| way.flows(&beyond.points, peers, ports));
                by_policy.entry(self.first_of(beyond.policy)).or_default().extend(flows);
            }
            for (policy, boxes) in by_policy {
                if let Some(witness) = self.first(&self.boxes(&boxes).intersect(&broken)) {
                    culprits.entry(policy).or_insert(witness);
                }
            }
        }
        for (policy, witness) in culprits {
            self.told.insert(self.foreign[policy].object);
            self.report_opened(id, reach, policy, witness, label);
        }
    }

    /// The first of those that are one object: an object is told once.
    fn first_of(&self, policy: usize) -> usize {
        let object = self.foreign[policy].object;
        self.foreign.iter().position(|other| other.object == object).unwrap_or(policy)
    }

    fn report_opened(&mut self, id: SentenceId, reach: &Reach, policy: usize, witness: Witness, label: &str) {
        let (source, destination, atom) = witness;
        let culprit = &self.foreign[policy];
        let message = format!("{} opens what must not be", culprit.spoken());
        let mut said = Diagnostic::error(Code::E0509, message)
            .at(reach.verb_place, label)
            .with_note(format!("for one, {}", self.reaches(witness)));
        if !self.surely().contains(source, destination, atom) {
            said = said.with_note(
                culprit
                    .doubt
                    .unwrap_or("not on every network plugin: some match pods by `ipBlock`, some do not"),
            );
        }
        let help = match culprit.tier < self.worlds[culprit.world].own.tier {
            true => "it is asked before Weir's own objects, and what it admits is final: delete or narrow it",
            false => "policies add up, and none takes back what another admits: delete or narrow this one",
        };
        self.report(id, policy, said.with_help(help));
    }

    fn check_required(&mut self, id: SentenceId, reach: &Reach) {
        let boxes = self.ground.meaning.boxes(reach);
        if self.program.incomplete || !self.meets(&boxes, |way| &way.closed) {
            return;
        }
        let broken = self.boxes(&boxes).intersect(self.own()).minus(self.surely());
        for stopped in self.closing(&broken) {
            let culprit = stopped.policies[0];
            let message = format!("{} closes what must be reached", self.foreign[culprit].spoken());
            let said = Diagnostic::error(Code::E0510, message).at(reach.verb_place, "has to be open");
            self.report(id, culprit, self.closed(said, &stopped));
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
            for stopped in self.closing(&broken) {
                let culprit = stopped.policies[0];
                let message = format!("{} closes part of what this grants", self.foreign[culprit].spoken());
                let said = Diagnostic::warning(Code::W0130, message)
                    .at(guard_place(self.program, id), "granted here");
                self.report(id, culprit, self.closed(said, &stopped));
            }
        }
    }

    /// For flows that others close: which policies do, at which end, and such a flow.
    fn closing(&self, broken: &Flows) -> Vec<Stopped> {
        let (mut found, mut told) = (Vec::new(), BTreeSet::<usize>::new());
        let ground = self.ground;
        for way in self.ways() {
            let mut broken = broken.minus(way.sure_flows(ground.space));
            while let Some(witness) = self.first(&broken) {
                let (point, _) = way.ends(witness.0 as u32, witness.1 as u32);
                let mut alike = Bits::from_iter([point]);
                let (mut policies, denied) = match way.cause(self.worlds, witness) {
                    Some(Cause::Denied(policy, (points, peers, ports))) => {
                        let all = way.flows(&(points | &alike), &peers, &ports);
                        broken = broken.minus(&self.boxes(&[all]));
                        (vec![policy], true)
                    }
                    Some(Cause::Closed(policies, points)) => {
                        alike |= points;
                        (policies, false)
                    }
                    None => (Vec::new(), false),
                };
                if !denied {
                    let all = way.flows(&alike, &ground.everyone, &ground.space.ports.all());
                    broken = broken.minus(&self.boxes(&[all]));
                }
                let mut seen = BTreeSet::new();
                policies.retain(|policy| seen.insert(self.foreign[*policy].object));
                // Each is told once: with others again only if one of them is new.
                let fresh = policies.iter().position(|policy| !told.contains(&self.foreign[*policy].object));
                told.extend(seen);
                if let Some(fresh) = fresh {
                    policies.swap(0, fresh);
                    found.push(Stopped { policies, witness, end: way.direction, denied });
                }
            }
        }
        found
    }

    fn closed(&self, said: Diagnostic, stopped: &Stopped) -> Diagnostic {
        let (source, destination, atom) = stopped.witness;
        let port = spoken::on(self.ground.space.ports.atom(atom));
        let (from, to) = (self.ground.spoken(source), self.ground.spoken(destination));
        let (pod, word) = match stopped.end {
            Direction::Ingress => (&to, "ingress"),
            Direction::Egress => (&from, "egress"),
        };
        let culprit = &self.foreign[stopped.policies[0]];
        let own = self.worlds[culprit.world].own.tier;
        let mut others: Vec<&str> =
            stopped.policies[1..].iter().map(|policy| self.foreign[*policy].name.as_str()).collect();
        others.sort_unstable();
        let why = match others.as_slice() {
            _ if stopped.denied => format!("it denies it at the {word} of {pod}"),
            [] => format!("it guards the {word} of {pod} and does not admit it"),
            others => {
                let others = listed(others, "and");
                format!("with {others} it guards the {word} of {pod} and does not admit it")
            }
        };
        let mut said = said.with_note(format!("for one, {from} does not reach {to} {port}: {why}"));
        if let (true, Some(doubt)) = (culprit.subject.surely.is_empty(), culprit.doubt) {
            said = said.with_note(doubt);
        }
        let guard = format!("`… locked for {word}`: its own objects then admit what is granted");
        said.with_help(match (stopped.denied, culprit.tier.cmp(&own)) {
            (true, Ordering::Less) => {
                "it is asked before Weir's own objects: narrow it there, or leave out here what it denies"
                    .to_owned()
            }
            (true, Ordering::Equal) => {
                "what it denies no grant opens: narrow it there, or leave out here what it denies".to_owned()
            }
            (true, Ordering::Greater) => format!("narrow it there, or guard {pod} in Weir too, {guard}"),
            (false, Ordering::Less) => {
                "it is asked before Weir's own objects: admit the flow there, or pass it on".to_owned()
            }
            (false, _) => format!("admit it there, or guard {pod} in Weir too, {guard}"),
        })
    }

    /// Where others admit to a guarded pod what no sentence grants.
    fn check_guards(&mut self) {
        let mut found: BTreeMap<usize, (usize, SentenceId, [Option<String>; 2])> = BTreeMap::new();
        for way in self.ways() {
            // By policy, not by pod: of each the first that shows it.
            let mut all: Vec<&Beyond> = way.beyond.iter().collect();
            all.sort_by_key(|beyond| beyond.policy);
            for beyond in all {
                let object = self.foreign[beyond.policy].object;
                if self.told.contains(&object) || found.contains_key(&object) {
                    continue;
                }
                let Some((point, peers, ports)) = self.beyond(way, beyond) else { continue };
                let guards = self.relation.guards.iter().zip(&way.by_guard);
                if let Some((guard, _)) = guards.into_iter().find(|(_, pods)| pods.contains(point)) {
                    let notes =
                        [Some(self.widening(way, point, peers, ports)), self.doubt(way, beyond, point)];
                    found.insert(object, (beyond.policy, guard.sentence, notes));
                }
            }
        }
        for (_, (policy, id, notes)) in found {
            let message = format!("{} widens this guard", self.foreign[policy].spoken());
            let said = Diagnostic::warning(Code::W0129, message)
                .at(guard_place(self.program, id), "not closed to all that is not granted");
            let said = notes.into_iter().flatten().fold(said, Diagnostic::with_note);
            let said = said.with_help("grant here what is meant of it, and delete the object");
            self.report(id, policy, said);
        }
    }

    /// Why nothing of it may pass after all.
    fn doubt(&self, way: &Way, beyond: &Beyond, point: u32) -> Option<String> {
        let doubt = self.foreign[beyond.policy].doubt?;
        let one = Bits::from_iter([point]);
        let rows = beyond.rows.iter().map(|(peers, ports)| way.flows(&one, peers, ports));
        let sure = self.boxes(&rows.collect::<Vec<_>>()).intersect(way.sure_flows(self.ground.space));
        sure.is_empty().then(|| doubt.to_owned())
    }

    fn widening(&self, way: &Way, point: u32, peers: &Bits, ports: &Bits) -> String {
        let pod = self.ground.spoken(point as usize);
        let other = peers.iter().find(|peer| *peer != point || !self.ground.is_alone(point));
        let peer = match other {
            Some(peer) if *peers != self.ground.everyone => self.ground.spoken(peer as usize),
            _ => "everybody".to_owned(),
        };
        let atom = ports.min().filter(|_| *ports != self.ground.space.ports.all());
        let port = atom.map_or("on every port".to_owned(), |atom| {
            spoken::on(self.ground.space.ports.atom(atom as usize))
        });
        match way.direction {
            Direction::Ingress => format!("for one, it admits {peer} to {pod} {port}"),
            Direction::Egress => format!("for one, it lets {pod} out to {peer} {port}"),
        }
    }

    /// A guarded pod, and what a policy admits for it and Weir does not.
    fn beyond<'b>(&self, way: &Way, beyond: &'b Beyond) -> Option<(u32, &'b Bits, &'b Bits)> {
        let points = &beyond.points & &way.guarded;
        beyond.rows.iter().find_map(|(peers, ports)| {
            let another =
                |point: &u32| peers.len() > 1 || !peers.contains(*point) || !self.ground.is_alone(*point);
            points.iter().find(another).map(|point| (point, peers, ports))
        })
    }

    fn reaches(&self, (source, destination, atom): Witness) -> String {
        let (from, to) = (self.ground.spoken(source), self.ground.spoken(destination));
        format!("{from} reaches {to} {}", spoken::on(self.ground.space.ports.atom(atom)))
    }

    fn report(&mut self, id: SentenceId, policy: usize, mut said: Diagnostic) {
        said.input = Some(input(self.foreign[policy].existing));
        self.diagnostics.push(self.program.get(id).explain(said));
    }
}

/// Policies that stop a flow together at one end: the first is the culprit. Either it denies, or they do not admit.
struct Stopped {
    policies: Vec<usize>,
    witness: Witness,
    end: Direction,
    denied: bool,
}
