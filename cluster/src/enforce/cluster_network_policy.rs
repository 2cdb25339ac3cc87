//! policy.networking.k8s.io: ClusterNetworkPolicy of v1alpha2, and its forerunners AdminNetworkPolicy and
//! BaselineAdminNetworkPolicy of v1alpha1, which are read as the same thing. Written from the API's own definition;
//! knows nothing of how Weir writes policies.
//!
//! Outside of every verdict, on neither side: a pod to itself, replies, and ICMP that belongs to a connection.

use super::kubernetes::{self, Direction, Reading};
use super::points::Points;
use super::probe::Probe;
use super::read::fields::Decoder;
use super::read::objects::{Found, Kind};
use super::selector::Selector;
use super::verdict::{Action, Tier};
use super::{Object, PolicyError};
use crate::flow::{Boundaries, PortRange, Space};
use crate::labels::Text;

mod domain;
mod evaluate;
mod spec;
#[cfg(test)]
mod tests;

use domain::Domain;
use ipnet::IpNet;

const CLUSTER: Kind = Kind {
    api_version: "policy.networking.k8s.io/v1alpha2",
    name: "ClusterNetworkPolicy",
    namespaced: false,
};
const ADMIN: Kind =
    Kind { api_version: "policy.networking.k8s.io/v1alpha1", name: "AdminNetworkPolicy", namespaced: false };
const BASELINE: Kind = Kind {
    api_version: "policy.networking.k8s.io/v1alpha1",
    name: "BaselineAdminNetworkPolicy",
    namespaced: false,
};

pub(super) const KINDS: &[Kind] = &[CLUSTER, ADMIN, BASELINE];

/// The one name of a BaselineAdminNetworkPolicy.
const ONLY_NAME: &str = "default";

/// What changes how these policies are enforced, with the defaults of a usual cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switches {}

/// The objects of the format, each with its number.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects {
    policies: Vec<(u32, Policy)>,
}

impl Objects {
    /// Reads an object of one of [`KINDS`], which will have this number. `None` if something is wrong with it.
    pub(super) fn decode(
        &mut self,
        decoder: &mut Decoder,
        found: &Found<'_, '_>,
        number: u32,
    ) -> Option<Object> {
        let before = decoder.errors.len();
        let (meta, spec) = found.head(decoder, &[]);
        if spec.is_none() {
            decoder.required(&found.entries, found.line, found.path, "spec");
        }
        let policy = spec.and_then(|node| spec::spec(decoder, found.kind, node, found.path.field("spec")));
        let meta = meta?;
        if found.kind == BASELINE && meta.name.as_ref() != ONLY_NAME {
            let message = format!(
                "the one BaselineAdminNetworkPolicy of a cluster is called `{ONLY_NAME}`, and not `{}`",
                meta.name
            );
            let line = found.entries.get("metadata").map_or(found.line, |node| node.line);
            decoder.error(line, found.path.field("metadata").field("name"), message);
        }
        let policy = policy.filter(|_| decoder.errors.len() == before)?;
        self.policies.push((number, policy));
        let place = found.place(decoder);
        Some(Object { kind: found.kind.name, namespace: None, name: meta.name, place })
    }

    /// Adds others, whose numbers are so much higher now.
    pub(super) fn extend(&mut self, other: Objects, by: u32) {
        self.policies.extend(other.policies.into_iter().map(|(number, policy)| (by + number, policy)));
    }

    /// Every network, every numeric port and every host name that occurs.
    pub(super) fn boundaries(&self) -> Boundaries {
        let mut found = Boundaries::default();
        for rule in self.rules() {
            for peer in &rule.peers {
                match peer {
                    Peer::Networks(networks) => found.cidrs.extend(networks),
                    Peer::Domains(domains) => found.hosts.extend(domains.iter().map(Domain::pattern)),
                    Peer::Pods(_) | Peer::Nodes(_) => {}
                }
            }
            found.ports.extend(rule.ports.iter().filter_map(|port| match port {
                Port::Numbers(range) => Some(*range),
                Port::Name(_) => None,
            }));
        }
        found.sorted()
    }

    /// Whom the policies and their peers select.
    pub(super) fn probes(&self) -> Vec<Probe> {
        let peers = self.rules().flat_map(|rule| &rule.peers).filter_map(|peer| match peer {
            Peer::Pods(pods) => Some(pods),
            Peer::Networks(_) | Peer::Nodes(_) | Peer::Domains(_) => None,
        });
        let subjects = self.policies.iter().map(|(_, policy)| &policy.subject);
        let probe = |pods: &Pods| Probe {
            namespace_labels: pods.namespaces.clone(),
            labels: pods.pods.clone(),
            ..Probe::default()
        };
        subjects.chain(peers).map(probe).collect()
    }

    /// Nothing: what cannot be enforced is refused as it is read.
    pub(super) fn ignored(&self) -> Vec<PolicyError> {
        Vec::new()
    }

    /// The policies of one direction, those of Kubernetes among them.
    pub(super) fn tiers(
        &self,
        kubernetes: &[(u32, kubernetes::Policy)],
        space: &Space,
        points: &Points<'_>,
        _switches: &Switches,
        direction: Direction,
    ) -> Vec<Tier> {
        let [admin, baseline] = evaluate::tiers(&self.policies, space, points, direction);
        vec![admin, kubernetes::tier(kubernetes, space, points, Reading::Open, direction), baseline]
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.policies.iter().flat_map(|(_, policy)| policy.ingress.iter().chain(&policy.egress))
    }
}

/// One policy, valid.
#[derive(Clone, Debug)]
struct Policy {
    stage: Stage,
    /// Lower ones are asked first; `None` for the one policy of its tier that has none.
    priority: Option<u32>,
    subject: Pods,
    /// In the order in which they are asked.
    ingress: Vec<Rule>,
    egress: Vec<Rule>,
}

/// Before NetworkPolicy, or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Admin,
    Baseline,
}

#[derive(Clone, Debug)]
struct Rule {
    action: Action,
    /// Any of these; there is always one.
    peers: Vec<Peer>,
    /// Any of these; none of them means all traffic, whether it has ports or not.
    ports: Vec<Port>,
}

/// Pods of namespaces, never those on the host's network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pods {
    namespaces: Selector,
    pods: Selector,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Peer {
    Pods(Pods),
    /// Destination addresses, of pods too.
    Networks(Vec<IpNet>),
    /// The addresses of nodes with these labels.
    Nodes(Selector),
    Domains(Vec<Domain>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Port {
    Numbers(PortRange),
    /// A container port of the destination pod with this name, of whatever protocol it declares.
    Name(Text),
}
