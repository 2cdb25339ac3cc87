//! Calico's objects as plain structs. What is optional is absent where it is not written, and lists are never empty:
//! an empty list of Calico's sometimes means all and sometimes nothing.

use ipnet::IpNet;
use serde::{Serialize, Serializer};

use crate::target::non_empty::NonEmpty;
use crate::target::object::Metadata;

const VERSION: &str = "projectcalico.org/v3";

/// An object of any of its kinds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Calico {
    api_version: &'static str,
    pub kind: &'static str,
    pub metadata: Metadata,
    spec: Spec,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Spec {
    Tier(TierSpec),
    Policy(PolicySpec),
    Set(SetSpec),
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TierSpec {
    pub order: u32,
    pub default_action: Action,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PolicySpec {
    pub tier: &'static str,
    pub order: u32,
    /// Absent where the policy has a namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<String>,
    pub selector: String,
    pub types: NonEmpty<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<NonEmpty<Rule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress: Option<NonEmpty<Rule>>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct SetSpec {
    pub nets: NonEmpty<Net>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_version: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp: Option<Icmp>,
    #[serde(skip_serializing_if = "Entity::is_anything")]
    pub source: Entity,
    #[serde(skip_serializing_if = "Entity::is_anything")]
    pub destination: Entity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Action {
    Allow,
    Deny,
    Pass,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Icmp {
    #[serde(rename = "type")]
    pub kind: u8,
}

/// One end of a rule. Without any field it is every packet's.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entity {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nets: Option<NonEmpty<Net>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_nets: Option<NonEmpty<Net>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ports: Option<NonEmpty<PortText>>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum PortText {
    Number(u16),
    /// A range or a name.
    Text(String),
}

/// A range of addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Net(pub IpNet);

impl Serialize for Net {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Calico {
    pub(super) fn new(kind: &'static str, metadata: Metadata, spec: Spec) -> Calico {
        Calico { api_version: VERSION, kind, metadata, spec }
    }

    /// Whether others refer to it: it has to be there before them.
    pub fn goes_first(&self) -> bool {
        matches!(self.spec, Spec::Tier(_) | Spec::Set(_))
    }
}

impl Rule {
    /// For every packet.
    pub fn any(action: Action) -> Rule {
        Rule {
            action,
            ip_version: None,
            protocol: None,
            icmp: None,
            source: Entity::default(),
            destination: Entity::default(),
        }
    }

    /// How much of an object it is, in bytes of its text, rather more than less.
    pub fn size(&self) -> usize {
        const FRAME: usize = 160;
        FRAME + self.source.size() + self.destination.size()
    }
}

impl Entity {
    fn is_anything(&self) -> bool {
        let Entity { namespace_selector, selector, nets, not_nets, ports } = self;
        namespace_selector.is_none()
            && selector.is_none()
            && nets.is_none()
            && not_nets.is_none()
            && ports.is_none()
    }

    fn size(&self) -> usize {
        const NET: usize = 56;
        const PORT: usize = 24;
        let texts = [&self.namespace_selector, &self.selector];
        let nets = [&self.nets, &self.not_nets];
        texts.into_iter().flatten().map(String::len).sum::<usize>()
            + nets.into_iter().flatten().map(|nets| nets.len() * NET).sum::<usize>()
            + self.ports.as_ref().map_or(0, |ports| ports.len() * PORT)
    }
}
