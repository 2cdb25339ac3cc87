//! The policy formats that Weir writes: one file a target, and the names by which the command line knows them.

pub mod aws;
pub mod kubernetes;

/// A policy format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    NetworkPolicy,
    Cilium,
    Calico,
    ClusterNetworkPolicy,
}

impl Target {
    pub const ALL: &[Target] =
        &[Target::NetworkPolicy, Target::Cilium, Target::Calico, Target::ClusterNetworkPolicy];

    pub fn name(self) -> &'static str {
        match self {
            Target::NetworkPolicy => "networkpolicy",
            Target::Cilium => "cilium",
            Target::Calico => "calico",
            Target::ClusterNetworkPolicy => "clusternetworkpolicy",
        }
    }

    pub fn parse(name: &str) -> Option<Target> {
        Target::ALL.iter().copied().find(|target| target.name() == name)
    }

    /// Whether this version of Weir writes it.
    pub fn is_built(self) -> bool {
        self == Target::NetworkPolicy
    }
}
