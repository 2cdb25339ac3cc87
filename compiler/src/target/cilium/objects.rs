//! Cilium's policies as plain structs (cilium.io/v2): what of them Weir writes. One rule has one kind of peers, and no
//! list is ever empty.

use serde::Serialize;

use crate::target::non_empty::NonEmpty;
use crate::target::object::{LabelSelector, Metadata};
use crate::target::split::Share;

pub const NAMESPACED: &str = "CiliumNetworkPolicy";
pub const CLUSTERWIDE: &str = "CiliumClusterwideNetworkPolicy";

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub metadata: Metadata,
    pub spec: Spec,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    pub endpoint_selector: LabelSelector,
    pub enable_default_deny: DefaultDeny,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<NonEmpty<Rule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress: Option<NonEmpty<Rule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress_deny: Option<NonEmpty<Rule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress_deny: Option<NonEmpty<Rule>>,
}

impl Policy {
    /// One of several policies that say together what this one does.
    pub fn part(&self, share: Share) -> Policy {
        let mut part = self.clone();
        part.metadata.name = share.name(&part.metadata.name);
        let spec = &mut part.spec;
        // A direction that is closed stays closed in each of them.
        spec.ingress = spec.ingress.take().map(|rules| some_or_nobody(&rules, share));
        spec.egress = spec.egress.take().map(|rules| some_or_nobody(&rules, share));
        spec.ingress_deny = spec.ingress_deny.take().and_then(|rules| some(&rules, share));
        spec.egress_deny = spec.egress_deny.take().and_then(|rules| some(&rules, share));
        part
    }
}

fn some_or_nobody(rules: &NonEmpty<Rule>, share: Share) -> NonEmpty<Rule> {
    some(rules, share).unwrap_or_else(|| NonEmpty::of(Rule::default()))
}

fn some(rules: &NonEmpty<Rule>, share: Share) -> Option<NonEmpty<Rule>> {
    let own = rules.iter().enumerate().filter_map(|(at, rule)| {
        let peers = match &rule.peers {
            Some(peers) if peers.len() > 1 => Some(peers.part(share)?),
            other => share.takes(at).then(|| other.clone())?,
        };
        Some(Rule { peers, ..rule.clone() })
    });
    NonEmpty::new(own.collect())
}

/// Which directions the policy closes but for its rules. What is left out depends on the rules.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DefaultDeny {
    pub ingress: bool,
    pub egress: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Nobody, where it is absent and there are no ports either.
    #[serde(flatten)]
    pub peers: Option<Peers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_ports: Option<NonEmpty<PortRule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmps: Option<NonEmpty<Icmp>>,
}

/// The one kind of peers that a rule may have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Peers {
    #[serde(rename = "fromEndpoints")]
    FromEndpoints(NonEmpty<LabelSelector>),
    #[serde(rename = "fromEntities")]
    FromEntities(NonEmpty<&'static str>),
    #[serde(rename = "fromCIDRSet")]
    FromCidrSet(NonEmpty<Cidr>),
    #[serde(rename = "toEndpoints")]
    ToEndpoints(NonEmpty<LabelSelector>),
    #[serde(rename = "toEntities")]
    ToEntities(NonEmpty<&'static str>),
    #[serde(rename = "toCIDRSet")]
    ToCidrSet(NonEmpty<Cidr>),
    #[serde(rename = "toFQDNs")]
    ToFqdns(NonEmpty<Name>),
}

impl Peers {
    pub(crate) fn len(&self) -> usize {
        match self {
            Peers::FromEndpoints(some) | Peers::ToEndpoints(some) => some.len(),
            Peers::FromEntities(some) | Peers::ToEntities(some) => some.len(),
            Peers::FromCidrSet(some) | Peers::ToCidrSet(some) => some.len(),
            Peers::ToFqdns(some) => some.len(),
        }
    }

    fn part(&self, share: Share) -> Option<Peers> {
        Some(match self {
            Peers::FromEndpoints(some) => Peers::FromEndpoints(some.part(share)?),
            Peers::FromEntities(some) => Peers::FromEntities(some.part(share)?),
            Peers::FromCidrSet(some) => Peers::FromCidrSet(some.part(share)?),
            Peers::ToEndpoints(some) => Peers::ToEndpoints(some.part(share)?),
            Peers::ToEntities(some) => Peers::ToEntities(some.part(share)?),
            Peers::ToCidrSet(some) => Peers::ToCidrSet(some.part(share)?),
            Peers::ToFqdns(some) => Peers::ToFqdns(some.part(share)?),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cidr {
    pub cidr: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub except: Option<NonEmpty<String>>,
}

/// A host name, or names by pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Name {
    #[serde(rename = "matchName")]
    Exactly(String),
    #[serde(rename = "matchPattern")]
    Pattern(String),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PortRule {
    pub ports: NonEmpty<Port>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Requests>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Port {
    /// A number or a name.
    pub port: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_port: Option<u16>,
    pub protocol: &'static str,
}

/// What of a port the proxy lets pass.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Requests {
    Http(NonEmpty<Http>),
    Dns(NonEmpty<Name>),
}

/// Both are regular expressions that have to match in full.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Http {
    pub method: String,
    pub path: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Icmp {
    pub fields: NonEmpty<IcmpField>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct IcmpField {
    pub family: &'static str,
    #[serde(rename = "type")]
    pub kind: u8,
}
