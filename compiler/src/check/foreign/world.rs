//! Who enforces what others wrote, and in which order policies are asked: tiers, one after the other, with a place for
//! Weir's own objects. A cluster may leave it open which network plugin it has: then there are several worlds.

use std::cmp::Ordering;

use weir_cluster::Inventory;
use weir_cluster::inventory::{ClusterTier, GroupKind, PolicyKind, PolicyRules};
use weir_cluster::labels::Text;

use crate::target::{Target, calico};
use crate::{Setting, cni};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plugin {
    /// NetworkPolicies and ClusterNetworkPolicies, as their pages say.
    Unknown,
    Cilium,
    Calico,
}

pub(super) struct World {
    pub plugin: Plugin,
    pub tiers: Vec<Tier>,
    /// Where Weir's guards and grants stand.
    pub own: Rank,
    /// Whether what they do not grant is denied there, and not only at the end of the tier.
    pub own_decides: bool,
    /// Where it denies what is promised never to flow.
    pub denials: Rank,
}

pub(super) struct Tier {
    name: Text,
    /// What nothing in it decides goes on, even for pods that policies of this tier govern.
    pub passes: bool,
    /// Whether its place among the others is known.
    known: bool,
}

impl Tier {
    fn new(name: impl Into<Text>, passes: bool) -> Tier {
        Tier { name: name.into(), passes, known: true }
    }
}

/// Where a rule is asked: its tier, then by number, name and place in its policy. Rules of one rank are asked together.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(super) struct Rank {
    pub tier: usize,
    pub order: f64,
    pub name: Text,
    pub at: usize,
}

impl World {
    /// Those that are possible with what is known of the cluster.
    pub fn all(setting: &Setting<'_>) -> Vec<World> {
        let inventory = setting.facts.inventory;
        let seen = |plugin| has_objects_of(plugin, inventory);
        let plugins = match setting.target {
            Target::Cilium => vec![Plugin::Cilium],
            Target::Calico => vec![Plugin::Calico],
            _ if setting.facts.cni.is(cni::Plugin::Cilium) => vec![Plugin::Cilium],
            _ if setting.facts.cni.is(cni::Plugin::Calico) || setting.facts.cni.is(cni::Plugin::Canal) => {
                vec![Plugin::Calico]
            }
            Target::NetworkPolicy | Target::ClusterNetworkPolicy => {
                let mut plugins = vec![Plugin::Cilium, Plugin::Calico];
                plugins.retain(|plugin| seen(*plugin));
                if plugins.is_empty() { vec![Plugin::Unknown] } else { plugins }
            }
        };
        plugins.into_iter().map(|plugin| World::new(plugin, setting)).collect()
    }

    fn new(plugin: Plugin, setting: &Setting<'_>) -> World {
        let tiers = match plugin {
            Plugin::Unknown | Plugin::Cilium => {
                vec![Tier::new("Admin", true), Tier::new("", false), Tier::new("Baseline", true)]
            }
            Plugin::Calico => calico_tiers(setting),
        };
        let own_decides = setting.target == Target::Calico;
        let mut world = World { plugin, tiers, own: Rank::first(1), own_decides, denials: Rank::first(1) };
        if plugin == Plugin::Calico {
            world.own = match setting.target {
                Target::Calico => {
                    let (tier, order) = calico::place(&setting.options, setting.facts);
                    Rank { order: f64::from(order), ..Rank::first(world.tier(tier).unwrap_or(0)) }
                }
                _ => world.kubernetes(),
            };
        } else if plugin == Plugin::Cilium {
            world.own = world.cilium(false);
        }
        world.denials = match setting.target {
            Target::Cilium => world.cilium(true),
            // Before its own grants, which stand at place 1 there.
            Target::Calico => world.own.clone(),
            Target::NetworkPolicy | Target::ClusterNetworkPolicy => {
                let tier = world.cluster(ClusterTier::Admin);
                Rank { order: f64::from(setting.options.priorities.1), ..Rank::first(tier) }
            }
        };
        if setting.target == Target::Calico {
            world.own.at = world.own.at.saturating_add(1);
            world.denials.at = world.own.at - 1;
        }
        world
    }

    /// The place of a tier of Calico, if it is known.
    pub fn tier(&self, name: &str) -> Option<usize> {
        self.tiers.iter().position(|tier| &*tier.name == name)
    }

    /// Whether it is known when this tier is asked.
    pub fn knows(&self, tier: usize) -> bool {
        self.tiers[tier].known
    }

    /// Where ClusterNetworkPolicies stand.
    pub fn cluster(&self, tier: ClusterTier) -> usize {
        let name = match (self.plugin, tier) {
            (Plugin::Calico, ClusterTier::Admin) => "kube-admin",
            (Plugin::Calico, ClusterTier::Baseline) => "kube-baseline",
            (_, ClusterTier::Admin) => "Admin",
            (_, ClusterTier::Baseline) => "Baseline",
        };
        self.tier(name).unwrap_or(0)
    }

    /// Where NetworkPolicies of Kubernetes stand.
    pub fn kubernetes(&self) -> Rank {
        match self.plugin {
            Plugin::Unknown => Rank::first(1),
            Plugin::Cilium => self.cilium(false),
            Plugin::Calico => {
                let tier = self.tier("default").unwrap_or(0);
                Rank { tier, order: 1000.0, name: "knp.default".into(), at: 0 }
            }
        }
    }

    /// Where Cilium's rules stand: any that denies beats every one that allows.
    pub fn cilium(&self, denies: bool) -> Rank {
        Rank { order: if denies { 0.0 } else { 1.0 }, ..Rank::first(1) }
    }
}

impl Rank {
    /// No order is a NaN.
    pub fn compare(&self, other: &Rank) -> Ordering {
        self.partial_cmp(other).unwrap_or(Ordering::Equal)
    }

    pub fn first(tier: usize) -> Rank {
        Rank { tier, order: 0.0, name: "".into(), at: 0 }
    }
}

/// Whether there are objects that only this plugin has: nobody else would keep them.
fn has_objects_of(plugin: Plugin, inventory: &Inventory) -> bool {
    let kinds: &[PolicyKind] = match plugin {
        Plugin::Unknown => &[],
        Plugin::Cilium => &[PolicyKind::CiliumNetworkPolicy, PolicyKind::CiliumClusterwideNetworkPolicy],
        Plugin::Calico => &[PolicyKind::CalicoNetworkPolicy, PolicyKind::CalicoGlobalNetworkPolicy],
    };
    let of_cilium = |kind: GroupKind| kind == GroupKind::CiliumCidrGroup;
    inventory.policies.iter().any(|policy| kinds.contains(&policy.kind))
        || inventory.address_groups.iter().any(|group| of_cilium(group.kind) == (plugin == Plugin::Cilium))
        || (plugin == Plugin::Calico && !inventory.tiers.is_empty())
}

/// In their order, with those that every cluster has.
fn calico_tiers(setting: &Setting<'_>) -> Vec<Tier> {
    let (weir, order) = calico::TIER;
    let built_in = [
        ("kube-admin", 1_000.0, true),
        (weir, f64::from(order), false),
        ("default", 1_000_000.0, false),
        ("kube-baseline", 10_000_000.0, true),
    ];
    let ours = setting.target == Target::Calico && calico::place(&setting.options, setting.facts).0 == weir;
    let built_in = built_in.into_iter().filter(|(name, ..)| ours || *name != weir);
    let mut tiers: Vec<(f64, Tier)> =
        built_in.map(|(name, order, passes)| (order, Tier::new(name, passes))).collect();
    for tier in &setting.facts.inventory.tiers {
        if !tiers.iter().any(|(_, known)| known.name == tier.name) {
            let order = tier.order.unwrap_or(f64::INFINITY);
            tiers.push((order, Tier::new(tier.name.clone(), tier.passes)));
        }
    }
    // One that was not read is taken to be asked before all others.
    for policy in &setting.facts.inventory.policies {
        if let PolicyRules::Calico(policy) = &policy.rules
            && !tiers.iter().any(|(_, known)| known.name == policy.tier)
        {
            tiers.push((f64::NEG_INFINITY, Tier { known: false, ..Tier::new(policy.tier.clone(), false) }));
        }
    }
    tiers.sort_by(|(a, first), (b, second)| a.total_cmp(b).then_with(|| first.name.cmp(&second.name)));
    tiers.into_iter().map(|(_, tier)| tier).collect()
}
