//! Calico's NetworkPolicies, GlobalNetworkPolicies and Tiers as plain data, with the selector language as a tree.

use ipnet::IpNet;

use super::{PolicyPort, Protocol};
use crate::labels::Text;

#[derive(Clone, Debug, PartialEq)]
pub struct CalicoTier {
    pub name: Text,
    /// `None` comes last.
    pub order: Option<f64>,
    /// What nothing in it decides goes on to the next tier, and is not denied.
    pub passes: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CalicoPolicy {
    pub tier: Text,
    /// `None` comes last.
    pub order: Option<f64>,
    /// Of the pods that it governs.
    pub selector: CalicoSelector,
    /// Of their namespaces; a NetworkPolicy governs its own.
    pub namespaces: Option<CalicoSelector>,
    pub service_accounts: Option<CalicoSelector>,
    /// `None` where it does not govern this way.
    pub ingress: Option<Vec<CalicoRule>>,
    pub egress: Option<Vec<CalicoRule>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CalicoRule {
    pub action: CalicoAction,
    pub ip_version: Option<u8>,
    pub protocol: Option<CalicoProtocol>,
    pub not_protocol: Option<CalicoProtocol>,
    pub source: CalicoEntity,
    pub destination: CalicoEntity,
    /// It looks into requests of HTTP, or is about some kinds of ICMP.
    pub narrowed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalicoAction {
    Allow,
    Deny,
    Pass,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalicoProtocol {
    Ports(Protocol),
    /// ICMP and others that have no ports.
    Other,
}

/// One end of a rule: all that is given has to hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CalicoEntity {
    /// At least one, where given.
    pub nets: Option<Vec<IpNet>>,
    pub not_nets: Vec<IpNet>,
    pub selector: Option<CalicoSelector>,
    pub not_selector: Option<CalicoSelector>,
    pub namespaces: Option<CalicoSelector>,
    /// One of these, where any is named.
    pub service_accounts: Vec<Text>,
    pub service_account_selector: Option<CalicoSelector>,
    /// A service by namespace (without one: the policy's own) and name.
    pub service: Option<(Option<Text>, Text)>,
    /// At least one, where given.
    pub ports: Option<Vec<PolicyPort>>,
    pub not_ports: Vec<PolicyPort>,
}

/// Calico's selector language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalicoSelector {
    All,
    /// What is in no namespace.
    Global,
    Has(Text),
    /// The label is there with this value; negated it may be absent.
    Is(Text, Text),
    In(Text, Vec<Text>),
    Contains(Text, Text),
    StartsWith(Text, Text),
    EndsWith(Text, Text),
    Not(Box<CalicoSelector>),
    And(Vec<CalicoSelector>),
    Or(Vec<CalicoSelector>),
}
