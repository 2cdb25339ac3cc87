//! NetworkPolicies that are in the cluster already, as plain data with the API's defaults applied. Judges nothing: what
//! a policy lets through is for others to say.

use ipnet::IpNet;

use super::{NamespaceId, Origin, Protocol};
use crate::labels::{Requirement, Text};

/// A NetworkPolicy that is in the cluster already.
#[derive(Clone, Debug)]
pub struct ExistingPolicy {
    pub namespace: NamespaceId,
    pub name: Text,
    /// Whether its label `app.kubernetes.io/managed-by` says `weir`.
    pub ours: bool,
    pub spec: PolicySpec,
    pub origin: Origin,
}

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
