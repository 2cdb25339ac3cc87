//! Policies that are in the cluster already, of every format, as plain data with their API's defaults applied. Judges
//! nothing: what a policy lets through, and which of them are enforced, is for others to say.

use ipnet::IpNet;

use super::{NamespaceId, Origin, Protocol};
use crate::labels::{Labels, Requirement, Text};

mod calico;
mod cilium;
mod cluster;

pub use calico::{
    CalicoAction, CalicoEntity, CalicoPolicy, CalicoProtocol, CalicoRule, CalicoSelector, CalicoTier,
};
pub use cilium::{CiliumEntity, CiliumPart, CiliumPeer, CiliumRule};
pub use cluster::{ClusterAction, ClusterPeer, ClusterPolicy, ClusterRule, ClusterSubject, ClusterTier};

/// A policy that is in the cluster already.
#[derive(Clone, Debug)]
pub struct ExistingPolicy {
    /// `None` where it is an object of the whole cluster.
    pub namespace: Option<NamespaceId>,
    pub name: Text,
    pub kind: PolicyKind,
    /// Whether its label `app.kubernetes.io/managed-by` says `weir`.
    pub ours: bool,
    pub rules: PolicyRules,
    pub origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyKind {
    NetworkPolicy,
    CiliumNetworkPolicy,
    CiliumClusterwideNetworkPolicy,
    CalicoNetworkPolicy,
    CalicoGlobalNetworkPolicy,
    ClusterNetworkPolicy,
}

/// What a policy says, in the terms of its own format.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyRules {
    Kubernetes(PolicySpec),
    Cilium(Vec<CiliumRule>),
    Calico(CalicoPolicy),
    Cluster(ClusterPolicy),
    /// Why it could not be read. Formats that are still growing have fields that nobody knows yet.
    NotUnderstood(Text),
}

/// Addresses under a name, by which the policies of a format refer to them.
#[derive(Clone, Debug)]
pub struct AddressGroup {
    /// `None` where it is an object of the whole cluster.
    pub namespace: Option<NamespaceId>,
    pub name: Text,
    pub kind: GroupKind,
    pub labels: Labels,
    pub blocks: Vec<IpNet>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupKind {
    CiliumCidrGroup,
    CalicoNetworkSet,
    CalicoGlobalNetworkSet,
}

/// What a NetworkPolicy says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySpec {
    /// The pods of its namespace that it governs; no requirement means all of them. Sorted.
    pub pods: Vec<Requirement>,
    /// `None` where it does not govern this way. Without rules it closes it.
    pub ingress: Option<Vec<PolicyRule>>,
    pub egress: Option<Vec<PolicyRule>>,
}

/// Admits every one of its peers on every one of its ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRule {
    /// At least one; `None` is everyone.
    pub peers: Option<Vec<PolicyPeer>>,
    /// At least one; `None` is every port of every protocol.
    pub ports: Option<Vec<PolicyPort>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyPeer {
    /// At least one of the two is there.
    Pods {
        /// `None` is the policy's own namespace.
        namespaces: Option<Vec<Requirement>>,
        /// `None` is every pod of these namespaces.
        pods: Option<Vec<Requirement>>,
    },
    /// The holes lie strictly within.
    Block { cidr: IpNet, except: Vec<IpNet> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyPort {
    pub protocol: Protocol,
    pub number: PolicyPortNumber,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyPortNumber {
    /// 1 to 65535 where only the protocol is named.
    Range(u16, u16),
    /// A container port of the destination with this name.
    Name(Text),
}
