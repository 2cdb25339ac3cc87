//! ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2) in plain structs: what the format takes one of, these have
//! one of, and no list is empty.

use serde::Serialize;
use weir_cluster::inventory::Protocol;

use crate::resolve::program::{Port, Ports};
use crate::selector::{Conjunction, Constraints, Key};
use crate::target::object::{LabelSelector, Metadata};

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterNetworkPolicy {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub metadata: Metadata,
    pub spec: Spec,
}

#[derive(Clone, Serialize)]
pub struct Spec {
    pub tier: &'static str,
    pub priority: u16,
    pub subject: Pods,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ingress: Vec<IngressRule>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub egress: Vec<EgressRule>,
}

#[derive(Clone, Serialize)]
pub struct IngressRule {
    pub action: &'static str,
    pub from: Vec<Peer>,
    /// All traffic where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocols: Option<Vec<PortOf>>,
}

#[derive(Clone, Serialize)]
pub struct EgressRule {
    pub action: &'static str,
    pub to: Vec<Peer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocols: Option<Vec<PortOf>>,
}

#[derive(Clone, Serialize)]
#[serde(untagged)]
pub enum Peer {
    Pods(Pods),
    Networks { networks: Vec<String> },
}

/// Every pod of the namespaces, or some.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub enum Pods {
    Namespaces { namespaces: LabelSelector },
    Pods { pods: SomePods },
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SomePods {
    pub namespace_selector: LabelSelector,
    pub pod_selector: LabelSelector,
}

#[derive(Clone, Serialize)]
#[serde(untagged)]
pub enum PortOf {
    Tcp {
        tcp: Transport,
    },
    Udp {
        udp: Transport,
    },
    Sctp {
        sctp: Transport,
    },
    Named {
        #[serde(rename = "destinationNamedPort")]
        name: String,
    },
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Transport {
    pub destination_port: Numbers,
}

#[derive(Clone, Serialize)]
#[serde(untagged)]
pub enum Numbers {
    One { number: u16 },
    Range { range: Range },
}

/// `start` is less than `end`.
#[derive(Clone, Serialize)]
pub struct Range {
    pub start: u16,
    pub end: u16,
}

impl Pods {
    pub fn new(pods: &Conjunction) -> Pods {
        let namespaces = selector(&pods.namespaces);
        if pods.pods.is_empty() {
            return Pods::Namespaces { namespaces };
        }
        Pods::Pods { pods: SomePods { namespace_selector: namespaces, pod_selector: selector(&pods.pods) } }
    }
}

/// What it cannot select by was refused before.
fn selector(constraints: &Constraints) -> LabelSelector {
    let mut selector = LabelSelector::default();
    for (key, constraint) in constraints.iter() {
        debug_assert!(matches!(key, Key::Label(_)), "only labels are denied");
        if let Key::Label(key) = key {
            selector.require(key.to_string(), constraint);
        }
    }
    selector
}

/// `None` is all traffic.
pub(super) fn protocols(ports: &Ports) -> Option<Vec<PortOf>> {
    let Ports::These(ports) = ports else { return None };
    let mut all: Vec<PortOf> = Vec::new();
    for port in ports.iter() {
        all.push(match port {
            Port::Range { protocol, first, last } => {
                let destination_port = match first == last {
                    true => Numbers::One { number: *first },
                    false => Numbers::Range { range: Range { start: *first, end: *last } },
                };
                let transport = Transport { destination_port };
                match protocol {
                    Protocol::Tcp => PortOf::Tcp { tcp: transport },
                    Protocol::Udp => PortOf::Udp { udp: transport },
                    Protocol::Sctp => PortOf::Sctp { sctp: transport },
                }
            }
            Port::Named { name, .. } => {
                let is_it =
                    |known: &PortOf| matches!(known, PortOf::Named { name: other } if **other == **name);
                if all.iter().any(is_it) {
                    continue; // of another protocol, and a name stands for all of them
                }
                PortOf::Named { name: name.to_string() }
            }
        });
    }
    Some(all)
}
