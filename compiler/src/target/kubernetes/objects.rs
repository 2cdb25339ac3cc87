//! Merged rules in Kubernetes' own types. What has a default is written out all the same: `policyTypes`, protocols,
//! and the namespace of every peer.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use weir_cluster::inventory::Protocol;
use weir_grammar::ast::Direction;

use crate::resolve::program::{Port, Ports, Program};
use crate::selector::{Constraints, Key, Values};
use crate::target::describe;
use crate::target::draft::Subject;
use crate::target::merge::{Merged, MergedRule, SomePeers};
use crate::target::peer::Peer;
use crate::target::split::Share;

pub(super) fn policy(name: String, subject: Subject, merged: Merged, program: &Program) -> NetworkPolicy {
    let mut ingress = None;
    let mut egress = None;
    let mut policy_types = Vec::new();
    for (direction, rules) in merged.directions {
        match direction {
            Direction::Ingress => {
                policy_types.push("Ingress".to_owned());
                ingress = Some(rules.into_iter().map(ingress_rule).collect::<Vec<_>>());
            }
            Direction::Egress => {
                policy_types.push("Egress".to_owned());
                egress = Some(rules.into_iter().map(egress_rule).collect::<Vec<_>>());
            }
        }
    }
    NetworkPolicy {
        metadata: ObjectMeta {
            name: Some(name),
            namespace: subject.home.namespace().map(ToString::to_string),
            labels: Some(describe::labels()),
            annotations: Some(describe::annotations(&merged.sentences, program)),
            ..ObjectMeta::default()
        },
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(selector(&subject.pods)),
            // No rule at all and an absent list mean the same beside written `policyTypes`.
            ingress: ingress.filter(|rules| !rules.is_empty()),
            egress: egress.filter(|rules| !rules.is_empty()),
            policy_types: Some(policy_types),
        }),
    }
}

/// One of several policies that permit together what this one does.
pub fn part(policy: &NetworkPolicy, share: Share) -> NetworkPolicy {
    let mut part = policy.clone();
    part.metadata.name = part.metadata.name.map(|name| share.name(&name));
    let Some(spec) = &mut part.spec else { return part };
    let peers = |peers: Option<Vec<NetworkPolicyPeer>>, at: usize| match peers {
        Some(some) if some.len() > 1 => {
            Some(share.of(&some).to_vec()).filter(|some| !some.is_empty()).map(Some)
        }
        other => share.takes(at).then_some(other),
    };
    let ingress = spec.ingress.take().map(|rules| {
        let own = rules.into_iter().enumerate();
        own.filter_map(|(at, rule)| Some(NetworkPolicyIngressRule { from: peers(rule.from, at)?, ..rule }))
            .collect::<Vec<_>>()
    });
    let egress = spec.egress.take().map(|rules| {
        let own = rules.into_iter().enumerate();
        own.filter_map(|(at, rule)| Some(NetworkPolicyEgressRule { to: peers(rule.to, at)?, ..rule }))
            .collect::<Vec<_>>()
    });
    spec.ingress = ingress.filter(|rules| !rules.is_empty());
    spec.egress = egress.filter(|rules| !rules.is_empty());
    part
}

fn ingress_rule(rule: MergedRule) -> NetworkPolicyIngressRule {
    NetworkPolicyIngressRule { from: peers(&rule.peers), ports: ports(&rule.ports) }
}

fn egress_rule(rule: MergedRule) -> NetworkPolicyEgressRule {
    NetworkPolicyEgressRule { to: peers(&rule.peers), ports: ports(&rule.ports) }
}

/// `None` is everyone.
fn peers(peers: &SomePeers) -> Option<Vec<NetworkPolicyPeer>> {
    match peers {
        SomePeers::Everyone => None,
        SomePeers::These(first, rest) => Some(std::iter::once(first).chain(rest).filter_map(peer).collect()),
    }
}

fn peer(peer: &Peer) -> Option<NetworkPolicyPeer> {
    match peer {
        // Nodes and API server are their addresses here, and host names are refused.
        Peer::Anywhere | Peer::Nodes | Peer::OwnNode | Peer::ApiServer | Peer::Host(_) => None,
        Peer::Pods(pods) => Some(NetworkPolicyPeer {
            namespace_selector: Some(selector(&pods.namespaces)),
            pod_selector: Some(selector(&pods.pods)),
            ip_block: None,
        }),
        Peer::Block(block) => Some(NetworkPolicyPeer {
            ip_block: Some(IPBlock {
                cidr: block.cidr.to_string(),
                except: (!block.except.is_empty())
                    .then(|| block.except.iter().map(ToString::to_string).collect()),
            }),
            ..NetworkPolicyPeer::default()
        }),
    }
}

/// `None`, that is every port of every protocol, for all ports.
fn ports(ports: &Ports) -> Option<Vec<NetworkPolicyPort>> {
    match ports {
        Ports::All => None,
        Ports::These(ports) => Some(ports.iter().map(port).collect()),
    }
}

fn port(port: &Port) -> NetworkPolicyPort {
    match port {
        Port::Range { protocol, first, last } => NetworkPolicyPort {
            protocol: Some(protocol_name(*protocol)),
            port: Some(IntOrString::Int(i32::from(*first))),
            end_port: (first != last).then(|| i32::from(*last)),
        },
        Port::Named { protocol, name } => NetworkPolicyPort {
            protocol: Some(protocol_name(*protocol)),
            port: Some(IntOrString::String(name.to_string())),
            end_port: None,
        },
    }
}

fn protocol_name(protocol: Protocol) -> String {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
    .to_owned()
}

/// Single values as `matchLabels`, all else as `matchExpressions`; `{}` selects everything.
fn selector(constraints: &Constraints) -> LabelSelector {
    let mut labels = BTreeMap::new();
    let mut expressions = Vec::new();
    for (key, constraint) in constraints.iter() {
        let Key::Label(key) = key else { continue };
        let key = key.to_string();
        let mut expression = |operator: &str, values: Option<&BTreeSet<_>>| {
            expressions.push(LabelSelectorRequirement {
                key: key.clone(),
                operator: operator.to_owned(),
                values: values.map(|values: &BTreeSet<weir_cluster::labels::Text>| {
                    values.iter().map(ToString::to_string).collect()
                }),
            });
        };
        match (constraint.values(), constraint.may_be_absent()) {
            (Values::In(values), false) => match constraint.only() {
                Some(value) => {
                    labels.insert(key, value.to_string());
                }
                None => expression("In", Some(values)),
            },
            (Values::In(_), true) => expression("DoesNotExist", None),
            (Values::NotIn(values), true) => expression("NotIn", Some(values)),
            (Values::NotIn(values), false) => {
                expression("Exists", None);
                if !values.is_empty() {
                    expression("NotIn", Some(values));
                }
            }
        }
    }
    LabelSelector {
        match_labels: (!labels.is_empty()).then_some(labels),
        match_expressions: (!expressions.is_empty()).then_some(expressions),
    }
}
