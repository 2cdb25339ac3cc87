//! NetworkPolicies: their shape, and what is kept of them. A field that is passed over here would change what a policy
//! is taken to admit: other than elsewhere, one that is not known is refused, as kubectl and the API server do. The
//! formats of network plugins, a module each, still grow: `custom` keeps what is not understood as just that.

mod calico;
mod cilium;
mod cluster;
pub(super) mod custom;
mod selector;
mod tree;

use ipnet::IpNet;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny};

use super::document::Place;
use super::object::{Expression, List, Metadata, Selector};
use super::problem::Problem;
use super::record::{Records, keep, placed};
use super::rules::{FromText, short};
use super::scalar::{LabelMap, NumberOrName, Obj, Parsed, Port};
use super::workload::requirements;
use crate::inventory::{
    PolicyKind, PolicyPeer, PolicyPort, PolicyPortNumber, PolicyRule, PolicyRules, PolicySpec, Protocol,
    TargetPort,
};
use crate::labels::Requirement;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NetworkPolicy<'a> {
    /// Read already.
    #[serde(rename = "apiVersion")]
    _api_version: Option<IgnoredAny>,
    #[serde(rename = "kind")]
    _kind: Option<IgnoredAny>,
    #[serde(borrow)]
    pub(super) metadata: Option<Obj<Metadata<'a>>>,
    #[serde(borrow)]
    spec: Option<Obj<Spec<'a>>>,
    /// That of Kubernetes 1.24 to 1.27 says nothing about flows.
    #[serde(rename = "status")]
    _status: Option<IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Spec<'a> {
    #[serde(borrow)]
    pod_selector: Option<Obj<StrictSelector<'a>>>,
    policy_types: List<Parsed<PolicyType>>,
    #[serde(borrow)]
    ingress: List<Obj<Ingress<'a>>>,
    #[serde(borrow)]
    egress: List<Obj<Egress<'a>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ingress<'a> {
    #[serde(borrow)]
    from: List<Peer<'a>>,
    ports: List<RulePort>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Egress<'a> {
    #[serde(borrow)]
    to: List<Peer<'a>>,
    ports: List<RulePort>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StrictSelector<'a> {
    #[serde(borrow)]
    match_labels: Option<LabelMap<'a>>,
    #[serde(borrow)]
    match_expressions: List<Expression<'a>>,
}

enum Peer<'a> {
    Pods { namespaces: Option<Obj<StrictSelector<'a>>>, pods: Option<Obj<StrictSelector<'a>>> },
    Block { cidr: IpNet, except: Vec<IpNet> },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawPeer<'a> {
    #[serde(borrow)]
    pod_selector: Option<Obj<StrictSelector<'a>>>,
    #[serde(borrow)]
    namespace_selector: Option<Obj<StrictSelector<'a>>>,
    ip_block: Option<Obj<RawBlock>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBlock {
    cidr: Parsed<IpNet>,
    except: List<Parsed<IpNet>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Peer<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Obj(raw) = Obj::<RawPeer<'a>>::deserialize(deserializer)?;
        let Some(Obj(block)) = raw.ip_block else {
            if raw.pod_selector.is_none() && raw.namespace_selector.is_none() {
                let problem = Problem::new("this peer names nobody");
                return Err(D::Error::custom(problem.help(
                    "write a `podSelector`, a `namespaceSelector` or an `ipBlock`; `{}` as a selector is all of them",
                )));
            }
            return Ok(Peer::Pods { namespaces: raw.namespace_selector, pods: raw.pod_selector });
        };
        if raw.pod_selector.is_some() || raw.namespace_selector.is_some() {
            let problem = Problem::new("an `ipBlock` stands beside a selector in one peer");
            return Err(D::Error::custom(problem.help("write two peers")));
        }
        let cidr = block.cidr.0.trunc();
        let except: Vec<IpNet> = block.except.into_iter().flatten().map(|hole| hole.0.trunc()).collect();
        let within = |hole: &&IpNet| cidr.contains(*hole) && hole.prefix_len() > cidr.prefix_len();
        match except.iter().find(|hole| !within(hole)) {
            Some(hole) => {
                Err(D::Error::custom(Problem::new(format!("the exception `{hole}` is no part of `{cidr}`"))))
            }
            None => Ok(Peer::Block { cidr, except }),
        }
    }
}

struct RulePort(PolicyPort);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawPort {
    protocol: Option<Parsed<Protocol>>,
    port: Option<NumberOrName>,
    end_port: Option<Port>,
}

impl<'de> Deserialize<'de> for RulePort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Obj(raw) = Obj::<RawPort>::deserialize(deserializer)?;
        let protocol = raw.protocol.map_or(Protocol::Tcp, |protocol| protocol.0);
        let number = match (raw.port.map(|port| port.0), raw.end_port) {
            (None, None) => PolicyPortNumber::Range(1, u16::MAX),
            (Some(TargetPort::Name(name)), None) => PolicyPortNumber::Name(name),
            (Some(TargetPort::Number(first)), end) => {
                let last = end.map_or(first, |end| end.0);
                if last < first {
                    let problem = Problem::new(format!("the ports {first} to {last} run backwards"));
                    return Err(D::Error::custom(problem));
                }
                PolicyPortNumber::Range(first, last)
            }
            (None | Some(TargetPort::Name(_)), Some(_)) => {
                let problem = Problem::new("an `endPort` stands without a `port` that is a number");
                return Err(D::Error::custom(problem));
            }
        };
        Ok(RulePort(PolicyPort { protocol, number }))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PolicyType {
    Ingress,
    Egress,
}

impl FromText for PolicyType {
    fn from_text(text: &str) -> Result<Self, Problem> {
        match text {
            "Ingress" => Ok(PolicyType::Ingress),
            "Egress" => Ok(PolicyType::Egress),
            _ => Err(Problem::new(format!("unknown policy type `{}`", short(text)))
                .help("write `Ingress` or `Egress`")),
        }
    }
}

/// What is kept of a policy.
#[derive(PartialEq)]
pub(super) struct PolicyFacts {
    /// Whether Weir wrote it.
    pub(super) ours: bool,
    pub(super) rules: PolicyRules,
}

fn is_ours<'l>(mut labels: impl Iterator<Item = (&'l str, &'l str)>) -> bool {
    labels.any(|(key, value)| key == "app.kubernetes.io/managed-by" && value == "weir")
}

pub(super) fn network_policy(place: &mut Place<'_, '_>, object: NetworkPolicy<'_>) {
    let Some((namespace, name, metadata)) = placed(place, "NetworkPolicy", &object.metadata) else { return };
    let labels = metadata.labels.iter().flat_map(|labels| &labels.0);
    let ours = is_ours(labels.map(|(key, value)| (&**key, &**value)));
    let spec = object.spec.map(|Obj(spec)| spec).unwrap_or_default();
    let facts = PolicyFacts { ours, rules: PolicyRules::Kubernetes(policy_spec(place.records(), spec)) };
    let full_name = format!("{namespace}/{name}");
    let key = (Some(namespace), name, PolicyKind::NetworkPolicy);
    keep!(place, policies, key, facts, "NetworkPolicy", full_name);
}

/// With the defaults of the API server: without types a policy governs ingress, and egress if it has rules for it.
fn policy_spec(records: &mut Records, spec: Spec<'_>) -> PolicySpec {
    let types: Vec<PolicyType> = spec.policy_types.into_iter().flatten().map(|named| named.0).collect();
    let ingress = spec.ingress.into_iter().flatten();
    let ingress: Vec<PolicyRule> =
        ingress.map(|Obj(rule)| policy_rule(records, rule.from, rule.ports)).collect();
    let egress = spec.egress.into_iter().flatten();
    let egress: Vec<PolicyRule> = egress.map(|Obj(rule)| policy_rule(records, rule.to, rule.ports)).collect();
    let governs_ingress = types.is_empty() || types.contains(&PolicyType::Ingress);
    let governs_egress = types.contains(&PolicyType::Egress) || (types.is_empty() && !egress.is_empty());
    PolicySpec {
        pods: spec.pod_selector.map(|pods| requirements_of(records, pods)).unwrap_or_default(),
        ingress: governs_ingress.then_some(ingress),
        egress: governs_egress.then_some(egress),
    }
}

/// An empty list of peers or ports says as little as one that is absent.
fn policy_rule(records: &mut Records, peers: List<Peer<'_>>, ports: List<RulePort>) -> PolicyRule {
    let peers = peers.filter(|peers| !peers.is_empty()).map(|peers| {
        let peer = |peer| match peer {
            Peer::Block { cidr, except } => PolicyPeer::Block { cidr, except },
            Peer::Pods { namespaces, pods } => PolicyPeer::Pods {
                namespaces: namespaces.map(|namespaces| requirements_of(records, namespaces)),
                pods: pods.map(|pods| requirements_of(records, pods)),
            },
        };
        peers.into_iter().map(peer).collect()
    });
    let ports = ports.filter(|ports| !ports.is_empty());
    let ports = ports.map(|ports| ports.into_iter().map(|RulePort(port)| port).collect());
    PolicyRule { peers, ports }
}

fn requirements_of(records: &mut Records, Obj(strict): Obj<StrictSelector<'_>>) -> Vec<Requirement> {
    let StrictSelector { match_labels, match_expressions } = strict;
    requirements(records, &Selector { match_labels, match_expressions })
}
