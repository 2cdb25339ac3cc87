//! What others wrote for one way in one world, in the order in which it is asked: tier by tier, and within a tier by
//! rank. What is allowed or denied is decided, what is passed goes on to the next tier, and what no policy of a tier
//! decides is denied there if one of them closes the pod.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use roaring::RoaringBitmap as Bits;
use weir_grammar::ast::Direction;

use super::ground::Ground;
use super::policy::{Action, Foreign, Part, Rule};
use super::region::Region;
use super::world::{Rank, World};

#[derive(Default)]
pub(super) struct Plan {
    /// By their ranks.
    entries: Vec<Entry>,
    closers: Vec<Closer>,
    /// For each point what is about it.
    pub of: BTreeMap<u32, Marks>,
    /// By tier and policies: points that these close together.
    together: OnceCell<BTreeMap<(usize, Vec<usize>), Bits>>,
}

/// The numbers of entries and closers, and whether they surely are about a point.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Marks {
    entries: Vec<(u32, bool)>,
    closers: Vec<(u32, bool)>,
}

/// Part of a rule of others: these pods, and the peers on ports that it is about.
struct Entry {
    /// The number of its policy.
    policy: usize,
    rank: Rank,
    action: Action,
    subjects: Bits,
    peers: Bits,
    ports: Bits,
    sure_subjects: Bits,
    sure_peers: Bits,
}

struct Closer {
    policy: usize,
    tier: usize,
    subjects: Bits,
    sure_subjects: Bits,
}

/// What Weir's own objects say of a point.
#[derive(Default)]
pub(super) struct Own {
    pub guarded: bool,
    /// By rules that stand at its guards.
    pub granted: Region,
    pub denied: Region,
    /// All that passes.
    pub open: Region,
}

/// What comes of asking everybody: what may pass, what may be stopped, and what policies may let pass beyond Weir's own.
#[derive(Default)]
pub(super) struct Outcome {
    pub permit: Region,
    pub deny: Region,
    pub allowed: Vec<(usize, Region)>,
    pub passed: Vec<(usize, Region)>,
}

/// Why a flow may not pass.
pub(super) enum Cause {
    /// A rule of this policy denies it: these pods, with these peers on these ports.
    Denied(usize, (Bits, Bits, Bits)),
    /// These policies of one tier close the pod together, and none admits it; so they do for all of these pods.
    Closed(Vec<usize>, Bits),
}

enum Step<'p> {
    Grants,
    Denials,
    /// Whether it surely is about the point.
    Theirs(&'p Entry, bool),
}

impl Plan {
    /// `world`: its number among those that the policies are of.
    pub fn new(direction: Direction, world: usize, foreign: &[Foreign<'_>], ground: &Ground<'_>) -> Plan {
        let mut plan = Plan::default();
        for (number, policy) in foreign.iter().enumerate().filter(|(_, policy)| policy.world == world) {
            let part = match direction {
                Direction::Ingress => &policy.ingress,
                Direction::Egress => &policy.egress,
            };
            let Some(Part { closes, rules }) = part else { continue };
            let subjects = ground.meaning.pods(&policy.subject.possibly);
            let sure_subjects = ground.meaning.pods(&policy.subject.surely);
            for rule in rules {
                plan.add(direction, number, rule, (&subjects, &sure_subjects), ground);
            }
            if *closes {
                plan.closers.push(Closer {
                    policy: number,
                    tier: policy.tier,
                    subjects: Bits::clone(&subjects),
                    sure_subjects: Bits::clone(&sure_subjects),
                });
            }
        }
        plan.entries.sort_by(|a, b| a.rank.compare(&b.rank));
        for (number, entry) in (0u32..).zip(&plan.entries) {
            for point in &entry.subjects {
                let sure = entry.sure_subjects.contains(point);
                plan.of.entry(point).or_default().entries.push((number, sure));
            }
        }
        for (number, closer) in (0u32..).zip(&plan.closers) {
            for point in &closer.subjects {
                let sure = closer.sure_subjects.contains(point);
                plan.of.entry(point).or_default().closers.push((number, sure));
            }
        }
        plan
    }

    fn add(
        &mut self,
        direction: Direction,
        policy: usize,
        rule: &Rule,
        (subjects, sure_subjects): (&Bits, &Bits),
        ground: &Ground<'_>,
    ) {
        let (own, peers) = (ground.who(&rule.own), ground.who(&rule.peers));
        let subjects = subjects & &own.possibly;
        let sure_subjects = if rule.surely { sure_subjects & &own.surely } else { Bits::new() };
        let destinations = match direction {
            Direction::Ingress => &subjects,
            Direction::Egress => &peers.possibly,
        };
        for (destinations, ports) in ground.by_ports(destinations, &rule.ports, rule.except_ports.as_ref()) {
            let (subjects, peers, sure_peers) = match direction {
                Direction::Ingress => (destinations, peers.possibly.clone(), peers.surely.clone()),
                Direction::Egress => {
                    let sure = &destinations & &peers.surely;
                    (subjects.clone(), destinations, sure)
                }
            };
            if !subjects.is_empty() && !peers.is_empty() {
                self.entries.push(Entry {
                    policy,
                    rank: rule.rank.clone(),
                    action: rule.action,
                    sure_subjects: &subjects & &sure_subjects,
                    subjects,
                    peers,
                    ports,
                    sure_peers,
                });
            }
        }
    }

    /// Everything that is asked about points with these marks, in order.
    fn steps<'p>(&'p self, world: &'p World, own: &Own, marks: &Marks) -> Vec<(&'p Rank, Step<'p>)> {
        let theirs = marks.entries.iter().map(|(number, sure)| (&self.entries[*number as usize], *sure));
        let mut steps: Vec<(&Rank, Step<'_>)> =
            theirs.map(|(entry, sure)| (&entry.rank, Step::Theirs(entry, sure))).collect();
        if !own.denied.is_empty() {
            steps.push((&world.denials, Step::Denials));
        }
        if own.guarded {
            steps.push((&world.own, Step::Grants));
        }
        steps.sort_by(|(a, _), (b, _)| a.compare(b));
        steps
    }

    fn closers_in(&self, tier: usize, marks: &Marks) -> impl Iterator<Item = (&Closer, bool)> {
        let closers = marks.closers.iter().map(|(number, sure)| (&self.closers[*number as usize], *sure));
        closers.filter(move |(closer, _)| closer.tier == tier)
    }

    /// Asks everybody about points with these marks, where `all` is everything that there is.
    pub fn ask(&self, world: &World, own: &Own, marks: &Marks, all: &Region, outcome: &mut Outcome) {
        let steps = self.steps(world, own, marks);
        let mut steps = steps.as_slice();
        // What may still be undecided.
        let mut open = all.clone();
        for (tier, place) in world.tiers.iter().enumerate() {
            let (here, later) = steps.split_at(steps.partition_point(|(rank, _)| rank.tier == tier));
            steps = later;
            let mut passing = Region::default();
            for together in here.chunk_by(|(a, _), (b, _)| a == b) {
                let before = open.clone();
                for (_, step) in together {
                    match step {
                        Step::Grants => {
                            outcome.permit.join(&before.and(&own.granted));
                            open = open.minus(&own.granted);
                            if world.own_decides {
                                outcome.deny.join(&open);
                                open = Region::default();
                            }
                        }
                        Step::Denials => {
                            outcome.deny.join(&before.and(&own.denied));
                            open = open.minus(&own.denied);
                        }
                        Step::Theirs(entry, sure) => {
                            let met = before.within(&entry.peers, &entry.ports);
                            if *sure {
                                open.cut(&entry.sure_peers, &entry.ports);
                            }
                            match entry.action {
                                Action::Deny => outcome.deny.join(&met),
                                Action::Allow => {
                                    outcome.permit.join(&met);
                                    outcome.allowed.push((entry.policy, met.minus(&own.open)));
                                }
                                Action::Pass => {
                                    passing.join(&met);
                                    outcome.passed.push((entry.policy, met.minus(&own.open)));
                                }
                            }
                        }
                    }
                }
            }
            let guards = own.guarded && world.own.tier == tier;
            let mut closers = self.closers_in(tier, marks).filter(|_| !place.passes).peekable();
            if guards || closers.peek().is_some() {
                outcome.deny.join(&open);
                if guards || closers.any(|(_, sure)| sure) {
                    open = Region::default();
                }
            }
            open.join(&passing);
        }
        outcome.permit.join(&open);
    }

    /// Why a flow may not pass that Weir's own objects permit.
    pub fn cause(&self, world: &World, own: &Own, (point, peer, atom): (u32, u32, u32)) -> Option<Cause> {
        let marks = self.of.get(&point)?;
        let steps = self.steps(world, own, marks);
        let mut steps = steps.as_slice();
        for (tier, place) in world.tiers.iter().enumerate() {
            let (here, later) = steps.split_at(steps.partition_point(|(rank, _)| rank.tier == tier));
            steps = later;
            let (mut passes, mut decided) = (false, false);
            for (_, step) in here {
                match step {
                    Step::Grants => return None,
                    Step::Denials => {}
                    Step::Theirs(entry, sure) => {
                        if !entry.peers.contains(peer) || !entry.ports.contains(atom) {
                            continue;
                        }
                        decided = *sure && entry.sure_peers.contains(peer);
                        match entry.action {
                            Action::Deny => {
                                let flows =
                                    (entry.subjects.clone(), entry.peers.clone(), entry.ports.clone());
                                return Some(Cause::Denied(entry.policy, flows));
                            }
                            Action::Allow if decided => return None,
                            Action::Allow => {}
                            Action::Pass => passes = true,
                        }
                        if decided {
                            break;
                        }
                    }
                }
            }
            if !decided && !place.passes {
                let closers: Vec<usize> =
                    self.closers_in(tier, marks).map(|(closer, _)| closer.policy).collect();
                if !closers.is_empty() {
                    let alike = self.closed_together().get(&(tier, closers.clone())).cloned();
                    return Some(Cause::Closed(closers, alike.unwrap_or_default()));
                }
            }
            if decided && !passes {
                return None;
            }
        }
        None
    }

    /// Points that the same policies of a tier close.
    fn closed_together(&self) -> &BTreeMap<(usize, Vec<usize>), Bits> {
        self.together.get_or_init(|| {
            let mut together: BTreeMap<(usize, Vec<usize>), Bits> = BTreeMap::new();
            for (point, marks) in &self.of {
                let mut by_tier: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
                for (number, _) in &marks.closers {
                    let closer = &self.closers[*number as usize];
                    by_tier.entry(closer.tier).or_default().push(closer.policy);
                }
                for key in by_tier {
                    together.entry(key).or_default().insert(*point);
                }
            }
            together
        })
    }
}
