//! What the inventory shows of the cluster's network plugin: which of its objects were read, and what they say, as plain
//! data. What follows from it for policies is for others to judge.

use std::fmt;

use super::Origin;
use crate::labels::Text;

/// A network plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plugin {
    Cilium,
    /// Google's build of Cilium.
    GkeDataplaneV2,
    Calico,
    /// Flannel's network with Calico's policies.
    Canal,
    Antrea,
    OvnKubernetes,
    AzureNpm,
    KubeNetworkPolicies,
    WeaveNet,
    KubeRouter,
    AwsVpcCni,
    Kindnet,
    Flannel,
    /// One that Weir knows nothing of.
    Other,
}

impl Plugin {
    /// Where several are in a cluster, the earlier ones enforce policies for the later ones.
    pub const ALL: &[Plugin] = &[
        Plugin::Cilium,
        Plugin::GkeDataplaneV2,
        Plugin::Calico,
        Plugin::Canal,
        Plugin::Antrea,
        Plugin::OvnKubernetes,
        Plugin::AzureNpm,
        Plugin::KubeNetworkPolicies,
        Plugin::WeaveNet,
        Plugin::KubeRouter,
        Plugin::AwsVpcCni,
        Plugin::Kindnet,
        Plugin::Flannel,
        Plugin::Other,
    ];

    /// In lower case, with `-` between words.
    pub fn name(self) -> &'static str {
        match self {
            Plugin::Cilium => "cilium",
            Plugin::GkeDataplaneV2 => "gke-dataplane-v2",
            Plugin::Calico => "calico",
            Plugin::Canal => "canal",
            Plugin::Antrea => "antrea",
            Plugin::OvnKubernetes => "ovn-kubernetes",
            Plugin::AzureNpm => "azure-npm",
            Plugin::KubeNetworkPolicies => "kube-network-policies",
            Plugin::WeaveNet => "weave-net",
            Plugin::KubeRouter => "kube-router",
            Plugin::AwsVpcCni => "aws-vpc-cni",
            Plugin::Kindnet => "kindnet",
            Plugin::Flannel => "flannel",
            Plugin::Other => "other",
        }
    }

    pub fn parse(name: &str) -> Option<Plugin> {
        Plugin::ALL.iter().copied().find(|plugin| plugin.name() == name)
    }
}

impl fmt::Display for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Every object that shows something of a network plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Sorted.
    pub sightings: Vec<Sighting>,
}

/// One object of a network plugin. Those that say more of what runs come first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    pub kind: SightingKind,
    pub plugin: Plugin,
    /// Empty for what is in no namespace.
    pub namespace: Text,
    pub name: Text,
    /// As the object spells it, without `v`.
    pub version: Option<Text>,
    /// The settings that change what policies mean, by the plugin's own names, sorted.
    pub settings: Vec<(Text, Text)>,
    pub origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SightingKind {
    /// What runs on every node.
    DaemonSet,
    /// Of the operator that installs Calico.
    Installation,
    ConfigMap,
    /// A node on which a plugin left its annotations.
    Node,
}

impl SightingKind {
    /// As Kubernetes calls it.
    pub fn name(self) -> &'static str {
        match self {
            SightingKind::DaemonSet => "DaemonSet",
            SightingKind::Installation => "Installation",
            SightingKind::ConfigMap => "ConfigMap",
            SightingKind::Node => "Node",
        }
    }
}

impl Sighting {
    /// Whether both say the same, wherever they were read.
    pub(crate) fn tells_as(&self, other: &Sighting) -> bool {
        let told = |one: &Sighting| (one.kind, one.plugin, one.name.clone(), one.namespace.clone());
        told(self) == told(other) && self.version == other.version && self.settings == other.settings
    }

    pub fn setting(&self, key: &str) -> Option<&str> {
        let at = self.settings.binary_search_by(|(known, _)| known.as_ref().cmp(key)).ok()?;
        Some(&self.settings[at].1)
    }
}
