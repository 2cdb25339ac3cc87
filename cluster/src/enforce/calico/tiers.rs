//! The order in which policies are asked: tiers by their order and name, policies of a tier by theirs, those of
//! Kubernetes among them; and behind all tiers the profiles of namespaces and service accounts.
//!
//! Where it is not known whether a policy governs a pod, the engine weighs both. It does so for all such policies of a
//! pod at once; where there are several, each may govern without the others, and so what they say there is possible and
//! not certain.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::lower::{Lowering, Run};
use super::objects::{BUILT_IN, DEFAULT_TIER, Policy, Profile, Tier};
use crate::enforce::kubernetes::{self, Direction};
use crate::enforce::points::Match;
use crate::enforce::verdict::{self, Ports, RulePath};
use crate::flow::Bits;
use crate::labels::Text;

/// The order of policies of Kubernetes in the tier that they stand in.
const OF_KUBERNETES: f64 = 1000.0;

/// The tiers that exist, in the order in which they are asked.
pub(super) fn sorted<'p>(written: impl Iterator<Item = &'p Tier>) -> Vec<Tier> {
    let mut tiers: Vec<Tier> = written.cloned().collect();
    for (name, order, denies) in BUILT_IN {
        if !tiers.iter().any(|tier| tier.name.as_ref() == name) {
            tiers.push(Tier { name: Text::from(name), order: Some(order), denies });
        }
    }
    tiers.sort_by(|one, other| {
        place(one.order).total_cmp(&place(other.order)).then_with(|| one.name.cmp(&other.name))
    });
    tiers
}

/// Where an order stands; none is the last.
fn place(order: Option<f64>) -> f64 {
    // Both zeros are one.
    order.unwrap_or(f64::INFINITY) + 0.0
}

/// What stands in a tier.
enum Entry<'p> {
    /// With the pods that it governs.
    Own(u32, &'p Policy, Match),
    Kubernetes(Vec<verdict::Policy>),
}

/// All tiers in which something governs pods in this direction.
pub(super) fn policies<'p>(
    lowering: &mut Lowering<'p, '_>,
    tiers: &[Tier],
    own: &[(u32, &'p Policy)],
    kubernetes: (&[(u32, kubernetes::Policy)], verdict::Tier),
    direction: Direction,
) -> Vec<verdict::Tier> {
    let mut by_tier: FxHashMap<&str, Vec<(f64, String, Entry<'p>)>> = FxHashMap::default();
    // Pods that something perhaps governs, and that several things do.
    let (mut perhaps, mut several) = (Bits::new(), Bits::new());
    for &(object, policy) in own {
        let rules = match direction {
            Direction::Ingress => &policy.ingress,
            Direction::Egress => &policy.egress,
        };
        if rules.is_none() || !tiers.iter().any(|tier| tier.name == policy.tier) {
            continue;
        }
        let governed = lowering.finder.governed(policy.namespace.as_deref(), &policy.subject);
        if governed.possible.is_empty() {
            continue;
        }
        if !governed.is_sure() {
            let unsure = &governed.possible - &governed.certain;
            several |= &unsure & &perhaps;
            perhaps |= unsure;
        }
        let kind = if policy.namespace.is_some() { "NetworkPolicy" } else { "GlobalNetworkPolicy" };
        let namespace = policy.namespace.as_deref().unwrap_or_default();
        let name = format!("{}/{namespace}/{kind}", policy.name);
        let entry = Entry::Own(object, policy, governed);
        by_tier.entry(&policy.tier).or_default().push((place(policy.order), name, entry));
    }
    let (named, of_kubernetes) = kubernetes;
    let names: FxHashMap<u32, &kubernetes::Policy> =
        named.iter().map(|(object, policy)| (*object, policy)).collect();
    for policy in of_kubernetes.policies {
        let Some(named) = names.get(&policy.object) else { continue };
        let name = format!("knp.default.{}/{}/NetworkPolicy", named.name, named.namespace);
        let entry = Entry::Kubernetes(vec![policy]);
        by_tier.entry(DEFAULT_TIER).or_default().push((OF_KUBERNETES, name, entry));
    }
    let mut found = Vec::new();
    for tier in tiers {
        let Some(mut entries) = by_tier.remove(tier.name.as_ref()) else { continue };
        entries.sort_by(|one, other| one.0.total_cmp(&other.0).then_with(|| one.1.cmp(&other.1)));
        let entries = entries.into_iter().map(|(.., entry)| entry);
        found.push(in_order(lowering, entries, &several, tier.denies, direction));
    }
    found.retain(|tier| !tier.policies.is_empty());
    found
}

fn in_order<'p>(
    lowering: &mut Lowering<'p, '_>,
    entries: impl Iterator<Item = Entry<'p>>,
    several: &Bits,
    denies: bool,
    direction: Direction,
) -> verdict::Tier {
    let mut writer = Writer { denies, ..Writer::default() };
    let mut last_of_kubernetes = false;
    for entry in entries {
        match entry {
            Entry::Own(object, policy, governed) => {
                let rules = match direction {
                    Direction::Ingress => &policy.ingress,
                    Direction::Egress => &policy.egress,
                };
                let runs = lowering.runs(policy.namespace.as_deref(), rules.as_deref().unwrap_or_default());
                writer.policy(lowering, object, &governed, several, runs);
                last_of_kubernetes = false;
            }
            // They allow and nothing else, so those that follow each other need no order.
            Entry::Kubernetes(policies) => {
                writer.rank += u32::from(!last_of_kubernetes);
                let rank = writer.rank;
                writer
                    .tier
                    .policies
                    .extend(policies.into_iter().map(|policy| verdict::Policy { rank, ..policy }));
                last_of_kubernetes = true;
            }
        }
    }
    writer.finish(lowering)
}

/// The policies of a tier as the engine takes them.
#[derive(Default)]
struct Writer {
    tier: verdict::Tier,
    rank: u32,
    /// Whether what the tier does not decide is denied.
    denies: bool,
    /// Pods that policies perhaps govern, by the policies.
    uncertain: Vec<(u32, Bits)>,
}

impl Writer {
    fn add(&mut self, object: u32, subjects: Match, closes: bool, rules: Vec<verdict::Rule>) {
        if !subjects.possible.is_empty() {
            self.rank += 1;
            let subjects = Rc::new(subjects);
            self.tier.policies.push(verdict::Policy { object, rank: self.rank, subjects, closes, rules });
        }
    }

    fn policy(
        &mut self,
        lowering: &mut Lowering<'_, '_>,
        object: u32,
        governed: &Match,
        several: &Bits,
        runs: Vec<Run>,
    ) {
        let unsure = &(&governed.possible - &governed.certain) & several;
        // Whom the engine is told to be governed, surely or not.
        let told = Match { certain: governed.certain.clone(), possible: &governed.possible - &unsure };
        // The one that closes is about all of them.
        let first = runs.first().is_some_and(|run| run.own.is_none());
        if !first {
            self.add(object, told.clone(), self.denies, Vec::new());
        }
        for (at, Run { own, rules }) in runs.into_iter().enumerate() {
            let of = |pods: &Bits, own: &Bits| pods & own;
            let (told, weak, closes) = match own {
                None => (told.clone(), Match::surely(unsure.clone()), self.denies && at == 0),
                Some(own) => {
                    let here = |own: &Bits| Match {
                        certain: of(&told.certain, own),
                        possible: of(&told.possible, own),
                    };
                    let mut weak = here(&(&own.possible - &own.certain));
                    weak.join(&Match::surely(of(&unsure, &own.possible)));
                    (here(&own.certain), weak, false)
                }
            };
            if !weak.possible.is_empty() {
                let weaken = |rule: &verdict::Rule| verdict::Rule {
                    peers: lowering.finder.weakened(&rule.peers),
                    ..rule.clone()
                };
                self.add(object, weak, false, rules.iter().map(weaken).collect());
            }
            self.add(object, told, closes, rules);
        }
        if !unsure.is_empty() {
            self.uncertain.push((object, unsure));
        }
    }

    /// What perhaps governs a pod perhaps closes it, once all have been asked.
    fn finish(mut self, lowering: &mut Lowering<'_, '_>) -> verdict::Tier {
        let everyone = Rc::clone(&lowering.finder.everyone);
        let peers = lowering.finder.weakened(&everyone);
        for (object, pods) in std::mem::take(&mut self.uncertain) {
            let path = RulePath { spec: None, list: lowering.list(), index: 0 };
            let ports = Ports::These(Rc::clone(&lowering.all_ports));
            let (peers, action) = (Rc::clone(&peers), verdict::Action::Deny);
            let perhaps =
                if self.denies { vec![verdict::Rule { path, action, peers, ports }] } else { Vec::new() };
            self.add(object, Match::surely(pods), false, perhaps);
        }
        self.tier
    }
}

/// What is asked once all tiers have passed a flow on: the profile of the namespace, which allows all unless it is
/// written otherwise, then that of the service account; what neither decides is denied.
pub(super) fn profiles<'p>(
    lowering: &mut Lowering<'p, '_>,
    profiles: &[(u32, &'p Profile)],
    direction: Direction,
) -> Vec<verdict::Tier> {
    let workloads = lowering.finder.endpoints.workloads.clone();
    let mut governed: Vec<(u32, Bits)> = Vec::new();
    let mut by_kind: [Writer; 2] = Default::default();
    let mut all = Bits::new();
    for (writer, prefix) in by_kind.iter_mut().zip(["kns.", "ksa."]) {
        for &(object, profile) in profiles.iter().filter(|(_, profile)| profile.name.starts_with(prefix)) {
            let mut pods = lowering.finder.endpoints.members(&profile.name) & &workloads;
            if prefix == "kns." {
                all |= &pods;
                governed.push((object, pods.clone()));
            } else {
                pods &= &all;
            }
            let rules = match direction {
                Direction::Ingress => &profile.ingress,
                Direction::Egress => &profile.egress,
            };
            if !pods.is_empty() {
                let runs = lowering.runs(None, rules);
                writer.policy(lowering, object, &Match::surely(pods), &Bits::new(), runs);
            }
        }
    }
    let mut last = Writer { denies: true, ..Writer::default() };
    for (object, pods) in governed {
        last.add(object, Match::surely(pods), true, Vec::new());
    }
    let tiers = by_kind.into_iter().chain([last]).map(|writer| writer.finish(lowering));
    tiers.filter(|tier| !tier.policies.is_empty()).collect()
}
