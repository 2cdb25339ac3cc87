//! ClusterNetworkPolicies (`policy.networking.k8s.io`) as plain data.

use ipnet::IpNet;

use super::PolicyPort;
use crate::labels::{Requirement, Text};

#[derive(Clone, Debug, PartialEq)]
pub struct ClusterPolicy {
    pub tier: ClusterTier,
    /// The least comes first.
    pub priority: u16,
    pub subject: ClusterSubject,
    /// In their order.
    pub ingress: Vec<ClusterRule>,
    pub egress: Vec<ClusterRule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClusterTier {
    /// Before NetworkPolicies.
    Admin,
    /// After them.
    Baseline,
}

/// Pods by the labels of their namespaces and by their own.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterSubject {
    pub namespaces: Vec<Requirement>,
    pub pods: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ClusterRule {
    pub action: ClusterAction,
    pub peers: Vec<ClusterPeer>,
    /// `None` is every port of every protocol.
    pub ports: Option<Vec<PolicyPort>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterAction {
    Accept,
    Deny,
    Pass,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ClusterPeer {
    Pods(ClusterSubject),
    Block(IpNet),
    /// By their labels.
    Nodes,
    Host(Text),
}
