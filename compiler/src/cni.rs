//! The cluster's network plugin (CNI), and those of its switches that change what policies mean: from `weir.toml`, else
//! from what the inventory shows. A fact that nobody tells is not guessed: each question says what it answers then.

mod enforce;
mod told;
mod version;

use std::collections::BTreeMap;
use std::fmt;

pub use enforce::Enforced;
pub use told::{Disagreement, Shown, Source, Told};
pub use version::Version;
pub use weir_cluster::inventory::cni::Plugin;

/// What is known of the network plugin. Made by [`Cni::of`].
#[derive(Clone, Debug, Default)]
pub struct Cni {
    plugin: Option<Told<Plugin>>,
    version: Option<Told<Version>>,
    cidr_match: Option<Told<CidrMatch>>,
    chaining: Option<Told<String>>,
    mode: Option<Told<Mode>>,
    cluster_name: Option<Told<String>>,
    switches: BTreeMap<Switch, Told<bool>>,
    /// Where `weir.toml` and the inventory tell different things; the file is believed.
    pub disagreements: Vec<Disagreement>,
}

/// Whose addresses Cilium compares with the ranges of a policy, beside those of the world outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CidrMatch {
    pub nodes: bool,
    pub pods: bool,
}

/// What AWS's plugin lets a new pod do before its policies are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything.
    Standard,
    /// Nothing.
    Strict,
}

impl fmt::Display for CidrMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.nodes, self.pods) {
            (true, true) => "nodes, pods",
            (true, false) => "nodes",
            (false, true) => "pods",
            (false, false) => "none",
        })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Mode {
    pub const ALL: &[Mode] = &[Mode::Standard, Mode::Strict];

    pub fn name(self) -> &'static str {
        match self {
            Mode::Standard => "standard",
            Mode::Strict => "strict",
        }
    }

    pub fn parse(name: &str) -> Option<Mode> {
        Mode::ALL.iter().copied().find(|mode| mode.name() == name)
    }
}

/// A switch that is on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Switch {
    AllowLocalhost,
    ClusterNetworkPolicy,
    Enforcement,
    HostFirewall,
    Icmp,
    L7Proxy,
    Mesh,
    NetworkPolicy,
    PolicyDefaultLocalCluster,
    Sctp,
    Tiers,
}

impl Switch {
    pub const ALL: &[Switch] = &[
        Switch::AllowLocalhost,
        Switch::ClusterNetworkPolicy,
        Switch::Enforcement,
        Switch::HostFirewall,
        Switch::Icmp,
        Switch::L7Proxy,
        Switch::Mesh,
        Switch::NetworkPolicy,
        Switch::PolicyDefaultLocalCluster,
        Switch::Sctp,
        Switch::Tiers,
    ];

    /// Its key in `weir.toml`.
    pub fn key(self) -> &'static str {
        match self {
            Switch::AllowLocalhost => "allow-localhost",
            Switch::ClusterNetworkPolicy => "cluster-network-policy",
            Switch::Enforcement => "enforcement",
            Switch::HostFirewall => "host-firewall",
            Switch::Icmp => "icmp",
            Switch::L7Proxy => "l7-proxy",
            Switch::Mesh => "mesh",
            Switch::NetworkPolicy => "network-policy",
            Switch::PolicyDefaultLocalCluster => "policy-default-local-cluster",
            Switch::Sctp => "sctp",
            Switch::Tiers => "tiers",
        }
    }

    pub fn parse(key: &str) -> Option<Switch> {
        Switch::ALL.iter().copied().find(|switch| switch.key() == key)
    }
}

impl Cni {
    /// Which plugin it is, and who says so.
    pub fn plugin(&self) -> Option<&Told<Plugin>> {
        self.plugin.as_ref()
    }

    /// Whether it is known to be this one.
    pub fn is(&self, plugin: Plugin) -> bool {
        self.plugin.as_ref().is_some_and(|told| told.value == plugin)
    }

    pub fn version(&self) -> Option<&Told<Version>> {
        self.version.as_ref()
    }

    /// Whether the version is known, and this one or a later one. Ask this before something is written that an older
    /// plugin would misread: where nobody tells the version, the answer is no.
    pub fn is_at_least(&self, major: u32, minor: u32) -> bool {
        self.version.as_ref().is_some_and(|told| told.value.is_at_least(major, minor))
    }

    /// Whether the version is known, and older than this one. Ask this before something is refused: where nobody tells
    /// the version, the answer is no.
    pub fn is_older_than(&self, major: u32, minor: u32) -> bool {
        self.version.as_ref().is_some_and(|told| !told.value.is_at_least(major, minor))
    }

    /// A switch, if anybody tells how it stands.
    pub fn switch(&self, switch: Switch) -> Option<&Told<bool>> {
        self.switches.get(&switch)
    }

    fn is_on(&self, switch: Switch, otherwise: bool) -> bool {
        self.switches.get(&switch).map_or(otherwise, |told| told.value)
    }

    /// Whether ranges of addresses in Cilium's policies match nodes: not unless it is told, as Cilium has it. What
    /// grants nodes names them besides, and what must not reach nodes does not rely on ranges.
    pub fn cidrs_match_nodes(&self) -> bool {
        self.cidr_match.as_ref().is_some_and(|told| told.value.nodes)
    }

    /// The same of pods.
    pub fn cidrs_match_pods(&self) -> bool {
        self.cidr_match.as_ref().is_some_and(|told| told.value.pods)
    }

    /// Whether they may match nodes or pods: where nobody tells, they may.
    pub fn cidrs_may_match_cluster(&self) -> bool {
        self.cidr_match.as_ref().is_none_or(|told| told.value.nodes || told.value.pods)
    }

    /// Whether Cilium tells ports of SCTP: not unless it is told, as Cilium has it.
    pub fn sctp(&self) -> bool {
        self.is_on(Switch::Sctp, false)
    }

    /// Whether Cilium takes rules on ICMP: unless it is told otherwise.
    pub fn icmp(&self) -> bool {
        self.is_on(Switch::Icmp, true)
    }

    /// Whether Cilium looks into HTTP and DNS: unless it is told otherwise, or chained onto AWS's plugin, where some
    /// traffic passes its proxy by.
    pub fn l7_proxy(&self) -> bool {
        self.is_on(Switch::L7Proxy, true) && self.chaining() != Some(AWS_CHAINING)
    }

    /// Whether Cilium holds policies on nodes: not unless it is told.
    pub fn host_firewall(&self) -> bool {
        self.is_on(Switch::HostFirewall, false)
    }

    /// Whether Cilium lets a node reach its own pods whatever policies say: unless it is told otherwise.
    pub fn admits_own_node(&self) -> bool {
        self.is_on(Switch::AllowLocalhost, true)
    }

    /// The plugin that Cilium is chained onto, if it is.
    pub fn chaining(&self) -> Option<&str> {
        self.chaining.as_ref().map(|told| told.value.as_str()).filter(|mode| *mode != "none")
    }

    /// Who tells what it is chained onto.
    pub fn chaining_source(&self) -> Option<&Source> {
        self.chaining.as_ref().map(|told| &told.source)
    }

    /// Who tells what AWS's plugin lets new pods do.
    pub fn mode_source(&self) -> Option<&Source> {
        self.mode.as_ref().map(|told| &told.source)
    }

    /// What AWS's plugin lets new pods do; `Standard`, which is its default, unless it is told otherwise.
    pub fn mode(&self) -> Mode {
        self.mode.as_ref().map_or(Mode::Standard, |told| told.value)
    }

    /// Whether Calico has tiers that say what becomes of a flow that none of their rules decides: since 3.29, and where
    /// nobody tells the version.
    pub fn tiers(&self) -> bool {
        self.is_on(Switch::Tiers, !self.is_older_than(3, 29))
    }

    /// The name of this cluster among those that Cilium joins to a mesh, where selectors match pods of all of them. The
    /// label that keeps a selector to this cluster has this value. `None` where no mesh is told of, or its selectors
    /// keep to their own cluster.
    pub fn mesh_name(&self) -> Option<&str> {
        let name = self.cluster_name.as_ref()?;
        let joined = self.is_on(Switch::Mesh, matches!(name.source, Source::File(_)));
        let local = self.is_on(Switch::PolicyDefaultLocalCluster, false);
        (joined && !local).then_some(name.value.as_str())
    }

    /// Whether ClusterNetworkPolicies are switched on, where that is a switch: not unless it is told.
    pub fn cluster_network_policy(&self) -> bool {
        self.is_on(Switch::ClusterNetworkPolicy, false)
    }
}

/// What Cilium calls the mode in which AWS's plugin makes the network.
const AWS_CHAINING: &str = "aws-cni";
