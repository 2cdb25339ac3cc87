//! From rules on points to flows. Policies stand in tiers, and in a tier by rank; what a tier does not decide goes on to
//! the next, and what none decides is permitted. A format says in which order it asks and what closes a pod; that is
//! all that this file knows of it.
//!
//! 1. A tier asks the policies that govern the point, by rank, each its rules in order: the first that matches allows,
//!    denies or passes the flow on to the next tier. Policies of one rank have no order: where they disagree, the
//!    outcome is left open.
//! 2. What they do not decide is denied if one of them closes the point, and goes on otherwise.
//! 3. A flow is let through if the source's egress and the destination's ingress permit it; an address governs nothing.
//!
//! Whether a point is governed and a peer matched may be uncertain. So all is computed twice, with what surely comes of
//! it and with what possibly does; the difference is left open. Points that the same policies govern share one side.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::Enforced;
use super::points::Match;
use crate::flow::{Bits, Flows, Point, PortRange, SetId, SetPermit, SideId, Sides, Space};
use crate::inventory::{ContainerPort, Protocol};
use crate::labels::Text;

/// Policies that are asked together, sorted by rank.
#[derive(Clone, Debug, Default)]
pub(super) struct Tier {
    pub policies: Vec<Policy>,
}

/// Stands for no object at all, where what governs a pod is a setting.
pub(super) const NO_OBJECT: u32 = u32::MAX;

/// What one object says in one direction of the pods that it governs.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// The number of the object among those that were read.
    pub object: u32,
    pub rank: u32,
    pub subjects: Rc<Match>,
    /// What the tier does not decide is denied.
    pub closes: bool,
    /// In the order in which they are asked.
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub path: RulePath,
    pub action: Action,
    pub peers: Rc<Match>,
    pub ports: Ports,
}

#[derive(Clone, Debug)]
pub(super) enum Ports {
    /// Atoms of the space.
    These(Rc<Match>),
    /// Ports that the governed pod itself declares by this name, and of what is said there only these atoms.
    Own { name: Text, protocols: &'static [Protocol], saying: Option<Rc<Match>> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Allow,
    Deny,
    /// To the next tier.
    Pass,
}

/// Where a rule stands in its object, as in `spec.ingress[2]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RulePath {
    /// Its number in `specs`, if it stands there and not in `spec`.
    pub spec: Option<u32>,
    /// The list that it stands in.
    pub list: &'static str,
    /// From 0.
    pub index: u32,
}

impl fmt::Display for RulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.spec {
            Some(spec) => write!(f, "specs[{spec}].{}[{}]", self.list, self.index),
            None => write!(f, "spec.{}[{}]", self.list, self.index),
        }
    }
}

/// What the policies of one direction say of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideVerdict {
    pub answer: Answer,
    /// The numbers of the objects that govern this end.
    pub governing: Vec<u32>,
    /// The rules that match the flow, in the order in which they are asked, up to those that decide it.
    pub matching: Vec<Matching>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    Denied,
    /// The specification leaves it open.
    Undefined,
    Permitted,
}

/// A rule that matches a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matching {
    pub object: u32,
    pub path: RulePath,
    pub action: Action,
    /// Whether it surely does.
    pub sure: bool,
}

pub(super) fn enforce(space: &Space, egress: &[Tier], ingress: &[Tier]) -> Enforced {
    let egress = Direction::new(space, egress).sides();
    let ingress = Direction::new(space, ingress).sides();
    let permitted = Flows::from_grouped(space, &egress.certain, &ingress.certain);
    let undefined = if egress.open || ingress.open {
        Flows::from_grouped(space, &egress.possible, &ingress.possible).minus(&permitted)
    } else {
        Flows::empty(space)
    };
    Enforced { permitted, undefined }
}

/// What each end permits, egress and ingress. `None` where something is left open.
pub(super) fn sides(space: &Space, egress: &[Tier], ingress: &[Tier]) -> Option<[Sides; 2]> {
    let egress = Direction::new(space, egress).sides();
    let ingress = Direction::new(space, ingress).sides();
    (!egress.open && !ingress.open).then_some([egress.certain, ingress.certain])
}

/// What the policies of one direction say of the flow between a point and its peer, on an atom.
pub(super) fn explain(space: &Space, tiers: &[Tier], point: usize, peer: usize, atom: usize) -> SideVerdict {
    Direction::new(space, tiers).explain(point as u32, peer as u32, atom as u32)
}

/// Sides that surely permit, and those that possibly do.
struct Verdicts {
    certain: Sides,
    possible: Sides,
    /// Whether they differ anywhere.
    open: bool,
}

struct Direction<'t> {
    space: &'t Space,
    everyone: Bits,
    atoms: Bits,
    /// All policies, with the tier of each.
    policies: Vec<(usize, &'t Policy)>,
}

/// A rule that is asked about a point, with the ports that it has there.
struct Asked<'t> {
    tier: usize,
    /// Its policy's place among those that govern the point.
    policy: usize,
    rank: u32,
    rule: &'t Rule,
    ports: Rc<Match>,
}

/// Which of two bounds is computed.
#[derive(Clone, Copy, PartialEq)]
enum Bound {
    Certain,
    Possible,
}

impl Bound {
    /// Of what a rule matches that which it takes for this bound, and that of which nothing is left for it.
    fn of(self, asked: &Asked<'_>, atom: u32) -> (Bits, Bits) {
        let certain =
            if asked.ports.certain.contains(atom) { asked.rule.peers.certain.clone() } else { Bits::new() };
        let possible = asked.rule.peers.possible.clone();
        match (self, asked.rule.action) {
            (Bound::Certain, Action::Allow) => (certain.clone(), certain),
            (Bound::Certain, Action::Deny | Action::Pass) => (certain, possible),
            (Bound::Possible, _) => (possible, certain),
        }
    }
}

/// The sets of peers of a bound, by the [`Match`] that they come of.
type Known = FxHashMap<*const Match, (SetId, SetId)>;

impl<'t> Direction<'t> {
    fn new(space: &'t Space, tiers: &'t [Tier]) -> Direction<'t> {
        let policies = tiers.iter().enumerate().flat_map(|(at, tier)| {
            debug_assert!(tier.policies.is_sorted_by_key(|policy| policy.rank));
            tier.policies.iter().map(move |policy| (at, policy))
        });
        Direction {
            space,
            everyone: (0..space.points.len() as u32).collect(),
            atoms: space.ports.all(),
            policies: policies.collect(),
        }
    }

    fn sides(&self) -> Verdicts {
        let open = Sides::open(self.space.points.len());
        let mut verdicts = Verdicts { certain: open.clone(), possible: open, open: false };
        let mut governing: Vec<Vec<u32>> = vec![Vec::new(); self.space.points.len()];
        for (number, (_, policy)) in (0u32..).zip(&self.policies) {
            for point in &policy.subjects.possible {
                let sure = policy.subjects.certain.contains(point);
                governing[point as usize].push(number << 1 | u32::from(sure));
            }
        }
        let (mut peers, mut ports): (Known, Known) = Default::default();
        let mut known = FxHashMap::default();
        for (point, marks) in governing.iter().enumerate().filter(|(_, marks)| !marks.is_empty()) {
            let Point::Pod(pod) = &self.space.points[point] else { continue };
            // Where no rule names a port of the pod's own, its ports make no difference.
            let named = marks.iter().any(|mark| {
                let (_, policy) = self.policies[(mark >> 1) as usize];
                policy.rules.iter().any(|rule| matches!(rule.ports, Ports::Own { .. }))
            });
            let own: &[ContainerPort] = if named { &pod.ports } else { &[] };
            let (certain, possible) = *known.entry((marks.as_slice(), own)).or_insert_with(|| {
                let asked = self.asked(marks, own);
                self.all_allow(marks, &asked, &mut verdicts, (&mut peers, &mut ports))
                    .unwrap_or_else(|| self.decided(marks, &asked, &mut verdicts))
            });
            verdicts.certain.assign(point, certain);
            verdicts.possible.assign(point, possible);
        }
        verdicts
    }

    /// The rules that are asked about a point which these policies govern and which declares these ports.
    fn asked(&self, marks: &[u32], own: &[ContainerPort]) -> Vec<Asked<'t>> {
        let mut asked = Vec::new();
        for (at, mark) in marks.iter().enumerate() {
            let (tier, policy) = self.policies[(mark >> 1) as usize];
            for rule in &policy.rules {
                let ports = match &rule.ports {
                    Ports::These(ports) => Rc::clone(ports),
                    Ports::Own { name, protocols, saying } => {
                        let named = own.iter().filter(|port| {
                            port.name.as_ref() == Some(name) && protocols.contains(&port.protocol)
                        });
                        let mut atoms = Bits::new();
                        for port in named {
                            let (protocol, first) = (port.protocol.into(), port.number);
                            atoms |= self.space.ports.of(PortRange { protocol, first, last: first });
                        }
                        let all = Match::surely(atoms);
                        Rc::new(saying.as_ref().map_or(all.clone(), |saying| all.and(saying)))
                    }
                };
                asked.push(Asked { tier, policy: at, rank: policy.rank, rule, ports });
            }
        }
        asked
    }

    /// The usual case, without looking into a set: one tier closes the point but for what its rules allow, and denies
    /// nothing else.
    fn all_allow(
        &self,
        marks: &[u32],
        all: &[Asked<'_>],
        verdicts: &mut Verdicts,
        (peers, ports): (&mut Known, &mut Known),
    ) -> Option<(SideId, SideId)> {
        let of = |mark: &u32| self.policies[(mark >> 1) as usize];
        let first = marks.first().map(|mark| of(mark).0)?;
        let mut here = marks.iter().take_while(|mark| of(mark).0 == first);
        if here.clone().any(|mark| mark & 1 == 0) {
            return None;
        }
        let mut closed = here.any(|mark| of(mark).1.closes);
        let (mut certain, mut possible) = (Vec::new(), Vec::new());
        let mut open = false;
        for asked in all.iter().take_while(|asked| asked.tier == first) {
            let rule = asked.rule;
            match rule.action {
                Action::Allow => {
                    let (sure_peers, any_peers) =
                        *peers.entry(Rc::as_ptr(&rule.peers)).or_insert_with(|| verdicts.sets(&rule.peers));
                    // Only what the rule itself holds stays where it is.
                    let (sure_ports, any_ports) = match &rule.ports {
                        Ports::These(these) => {
                            *ports.entry(Rc::as_ptr(these)).or_insert_with(|| verdicts.sets(these))
                        }
                        Ports::Own { .. } => verdicts.sets(&asked.ports),
                    };
                    open |= !rule.peers.is_sure() || !asked.ports.is_sure();
                    certain.push(SetPermit { peers: sure_peers, ports: sure_ports });
                    possible.push(SetPermit { peers: any_peers, ports: any_ports });
                }
                Action::Deny
                    if rule.peers.certain == self.everyone
                        && asked.ports.certain == self.atoms
                        && all.iter().all(|other| {
                            (other.tier, other.rank) != (first, asked.rank) || other.policy == asked.policy
                        }) =>
                {
                    closed = true;
                    break;
                }
                // Another policy of its rank may come first.
                Action::Deny | Action::Pass => return None,
            }
        }
        verdicts.open |= open && closed;
        closed.then(|| (verdicts.certain.closed(certain), verdicts.possible.closed(possible)))
    }

    /// Any other case: for each class of atoms that the rules do not tell apart, who gets through.
    fn decided(&self, marks: &[u32], asked: &[Asked<'_>], verdicts: &mut Verdicts) -> (SideId, SideId) {
        let mut classes: FxHashMap<Vec<u32>, Bits> = FxHashMap::default();
        let mut lists: Vec<Vec<u32>> = vec![Vec::new(); self.space.ports.len()];
        for (number, asked) in (0u32..).zip(asked) {
            for atom in &asked.ports.possible {
                let sure = asked.ports.certain.contains(atom);
                lists[atom as usize].push(number << 1 | u32::from(sure));
            }
        }
        for (atom, list) in (0u32..).zip(lists) {
            classes.entry(list).or_default().insert(atom);
        }
        let mut sides = [SideId::default(); 2];
        for (bound, side) in [Bound::Certain, Bound::Possible].into_iter().zip(&mut sides) {
            let sets = if bound == Bound::Certain { &mut verdicts.certain } else { &mut verdicts.possible };
            let mut by_peers: BTreeMap<SetId, Bits> = BTreeMap::new();
            for (list, atoms) in &classes {
                let atom = atoms.min().expect("a class has atoms");
                let rules: Vec<&Asked<'_>> = list.iter().map(|entry| &asked[(entry >> 1) as usize]).collect();
                let permitted = self.permitted(bound, marks, &rules, atom);
                *by_peers.entry(sets.set(&permitted)).or_default() |= atoms;
            }
            *side = match by_peers.iter().next() {
                Some((&peers, atoms)) if *sets.get(peers) == self.everyone && *atoms == self.atoms => {
                    Sides::OPEN
                }
                _ => {
                    let permits = by_peers.into_iter().filter(|(peers, _)| !sets.get(*peers).is_empty());
                    let permits: Vec<(SetId, Bits)> = permits.collect();
                    let permits = permits
                        .into_iter()
                        .map(|(peers, atoms)| SetPermit { peers, ports: sets.set(&atoms) });
                    let permits = permits.collect();
                    sets.closed(permits)
                }
            };
        }
        // The two count their sets by themselves: what is equal need not have one number.
        verdicts.open = true;
        (sides[0], sides[1])
    }

    /// Who gets through on an atom. Where it is left open whether the point is governed, both have to agree.
    fn permitted(&self, bound: Bound, marks: &[u32], rules: &[&Asked<'_>], atom: u32) -> Bits {
        let governed = self.run(bound, marks, rules, atom);
        let sure = |mark: &u32| mark & 1 == 1;
        if marks.iter().all(sure) {
            return governed;
        }
        let fewer: Vec<u32> = marks.iter().copied().filter(sure).collect();
        let rules: Vec<&Asked<'_>> =
            rules.iter().copied().filter(|asked| sure(&marks[asked.policy])).collect();
        let free = self.run(bound, &fewer, &rules, atom);
        match bound {
            Bound::Certain => governed & free,
            Bound::Possible => governed | free,
        }
    }

    /// Who gets through on an atom if all of these policies govern the point.
    fn run(&self, bound: Bound, marks: &[u32], rules: &[&Asked<'_>], atom: u32) -> Bits {
        let mut permitted = Bits::new();
        let mut remaining = self.everyone.clone();
        let mut rules = rules;
        let mut marks = marks;
        while let Some(mark) = marks.first() {
            let tier = self.policies[(mark >> 1) as usize].0;
            let of_tier = |mark: &u32| self.policies[(mark >> 1) as usize].0 == tier;
            let (governing, later) = marks.split_at(marks.partition_point(of_tier));
            marks = later;
            let (here, later) = rules.split_at(rules.partition_point(|asked| asked.tier == tier));
            rules = later;
            let mut passing = Bits::new();
            for together in here.chunk_by(|a, b| a.rank == b.rank) {
                let outcome = Outcome::of(bound, together, &remaining, atom);
                permitted |= outcome.allowed;
                passing |= outcome.passed;
                remaining = outcome.remaining;
            }
            if governing.iter().any(|mark| self.policies[(mark >> 1) as usize].1.closes) {
                remaining = Bits::new();
            }
            remaining |= passing;
        }
        permitted | remaining
    }

    fn explain(&self, point: u32, peer: u32, atom: u32) -> SideVerdict {
        let mut marks = Vec::new();
        for (number, (_, policy)) in (0u32..).zip(&self.policies) {
            if policy.subjects.possible.contains(point) {
                marks.push(number << 1 | u32::from(policy.subjects.certain.contains(point)));
            }
        }
        let Point::Pod(pod) = &self.space.points[point as usize] else {
            return SideVerdict { answer: Answer::Permitted, governing: Vec::new(), matching: Vec::new() };
        };
        let all = self.asked(&marks, &pod.ports);
        let asked: Vec<&Asked<'_>> = all.iter().filter(|asked| asked.ports.possible.contains(atom)).collect();
        let has = |bound| self.permitted(bound, &marks, &asked, atom).contains(peer);
        let answer = match (has(Bound::Certain), has(Bound::Possible)) {
            (true, _) => Answer::Permitted,
            (false, true) => Answer::Undefined,
            (false, false) => Answer::Denied,
        };
        let of = |mark: u32| self.policies[(mark >> 1) as usize].1;
        let mut governing: Vec<u32> = marks.iter().map(|&mark| of(mark).object).collect();
        governing.sort_unstable();
        governing.dedup();
        governing.retain(|&object| object != NO_OBJECT);
        let mut matching = Vec::new();
        let mut passed = None;
        for together in asked.chunk_by(|a, b| (a.tier, a.rank) == (b.tier, b.rank)) {
            if passed == Some(together[0].tier) {
                continue;
            }
            let mut decided: Option<(usize, Action)> = None;
            for asked in together.iter().filter(|asked| asked.rule.peers.possible.contains(peer)) {
                if decided.is_some_and(|(policy, _)| policy == asked.policy) {
                    continue; // an earlier rule of the same policy decides for it
                }
                let sure = marks[asked.policy] & 1 == 1
                    && asked.rule.peers.certain.contains(peer)
                    && asked.ports.certain.contains(atom);
                matching.push(Matching {
                    object: of(marks[asked.policy]).object,
                    path: asked.rule.path,
                    action: asked.rule.action,
                    sure,
                });
                decided = sure.then_some((asked.policy, asked.rule.action)).or(decided);
            }
            match decided {
                Some((_, Action::Pass)) => passed = Some(together[0].tier),
                Some(_) => break,
                None => {}
            }
        }
        matching.dedup();
        matching.retain(|one| one.object != NO_OBJECT);
        SideVerdict { answer, governing, matching }
    }
}

impl Verdicts {
    fn sets(&mut self, of: &Match) -> (SetId, SetId) {
        (self.certain.set(&of.certain), self.possible.set(&of.possible))
    }
}

/// What comes of the rules of one rank.
struct Outcome {
    allowed: Bits,
    passed: Bits,
    /// What they do not decide.
    remaining: Bits,
}

impl Outcome {
    fn of(bound: Bound, rules: &[&Asked<'_>], remaining: &Bits, atom: u32) -> Outcome {
        let mut by_policy = rules.chunk_by(|a, b| a.policy == b.policy);
        let first = by_policy.next().unwrap_or(&[]);
        if rules.len() == first.len() {
            return Outcome::in_order(bound, first, remaining, atom).0;
        }
        let all = rules.iter().map(|asked| asked.rule.action);
        if all.clone().all(|action| action == Action::Allow) {
            // Whichever comes first: they agree.
            return Outcome::in_order(bound, rules, remaining, atom).0;
        }
        let parts: Vec<(Outcome, May)> = (rules.chunk_by(|a, b| a.policy == b.policy))
            .map(|rules| Outcome::in_order(bound, rules, remaining, atom))
            .collect();
        let mut outcome = Outcome { allowed: Bits::new(), passed: Bits::new(), remaining: remaining.clone() };
        let mut may = May::default();
        for (part, its) in &parts {
            outcome.allowed |= &part.allowed;
            outcome.passed |= &part.passed;
            outcome.remaining &= &part.remaining;
            may.deny |= &its.deny;
            may.pass |= &its.pass;
        }
        if bound == Bound::Certain {
            // What one allows and another may pass on still has to get through the next tier.
            outcome.passed |= &outcome.allowed & &may.pass;
            outcome.passed -= &may.deny;
            outcome.allowed -= may.deny | may.pass;
        }
        outcome
    }

    /// The outcome, and what else may come of it.
    fn in_order(bound: Bound, rules: &[&Asked<'_>], remaining: &Bits, atom: u32) -> (Outcome, May) {
        let mut outcome = Outcome { allowed: Bits::new(), passed: Bits::new(), remaining: remaining.clone() };
        let mut may = May::default();
        let mut reached = remaining.clone();
        for asked in rules {
            let (taken, gone) = bound.of(asked, atom);
            let taken = taken & &outcome.remaining;
            match asked.rule.action {
                Action::Allow => outcome.allowed |= taken,
                Action::Pass => {
                    outcome.passed |= taken;
                    may.pass |= &reached & &asked.rule.peers.possible;
                }
                Action::Deny => may.deny |= &reached & &asked.rule.peers.possible,
            }
            outcome.remaining -= gone;
            if asked.ports.certain.contains(atom) {
                reached -= &asked.rule.peers.certain;
            }
        }
        (outcome, may)
    }
}

/// What some rule of a policy may do, if no rule before it surely matches.
#[derive(Default)]
struct May {
    deny: Bits,
    pass: Bits,
}
