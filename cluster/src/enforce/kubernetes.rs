//! networking.k8s.io/v1 NetworkPolicy: reads policy objects as kubectl and the API server would, and says which
//! flows they let through. Written from the Kubernetes API's own definition; knows nothing of how Weir writes
//! policies.
//!
//! Outside of every verdict, on neither side: a pod to itself, a pod's own node to it, replies, and protocols other
//! than TCP, UDP and SCTP.

use super::Place;
use super::points::Block;
use super::probe::Probe;
use super::read::fields::{Decoder, Path};
use super::read::objects::{Found, Kind};
use super::read::tree::Node;
use super::selector::Selector;
use crate::flow::{Boundaries, PortRange};
use crate::inventory::Protocol;
use crate::labels::Text;

mod evaluate;
mod spec;
#[cfg(test)]
mod tests;

pub(super) use evaluate::{Direction, Reading, tier};
use spec::Form;

pub(super) const NETWORK_POLICY: Kind =
    Kind { api_version: "networking.k8s.io/v1", name: "NetworkPolicy", namespaced: true };

/// A policy, with every check of the API server: fields nobody knows, scalars of another type, and values that are not
/// allowed are errors, each with its place.
pub(super) fn decode(decoder: &mut Decoder, found: &Found<'_, '_>) -> Option<Policy> {
    let before = decoder.errors.len();
    let (meta, spec) = found.head(decoder, &[]);
    if spec.is_none() {
        decoder.required(&found.entries, found.line, found.path, "spec");
    }
    let spec = spec.and_then(|node| spec::spec(decoder, node, found.path.field("spec"), Form::Enforced));
    let (meta, spec) = (meta?, spec?);
    (decoder.errors.len() == before).then_some(Policy {
        place: found.place(decoder),
        namespace: meta.namespace?,
        name: meta.name,
        subject: spec.subject,
        ingress: spec.ingress,
        egress: spec.egress,
    })
}

/// Checks the spec of a policy that Calico stages: it has a `stagedAction` too, and need not select pods.
pub(super) fn check_staged(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) {
    spec::spec(decoder, node, path, Form::Staged);
}

/// Whom the policies and their peers select.
pub(super) fn probes<'p>(policies: impl IntoIterator<Item = &'p Policy>) -> Vec<Probe> {
    let mut probes = Vec::new();
    for policy in policies {
        let own = || Probe { namespace: Some(policy.namespace.clone()), ..Probe::default() };
        probes.push(Probe { labels: policy.subject.clone(), ..own() });
        let rules = [&policy.ingress, &policy.egress].into_iter().flatten().flatten();
        for peer in rules.flat_map(|rule| &rule.peers) {
            let Peer::Pods { namespaces, pods } = peer else { continue };
            let labels = pods.clone().unwrap_or_default();
            probes.push(match namespaces {
                Some(namespaces) => {
                    Probe { namespace_labels: namespaces.clone(), labels, ..Probe::default() }
                }
                None => Probe { labels, ..own() },
            });
        }
    }
    probes
}

/// Every prefix and every numeric port that occurs.
pub(super) fn boundaries<'p>(policies: impl IntoIterator<Item = &'p Policy>) -> Boundaries {
    let mut found = Boundaries::default();
    let rules = policies.into_iter().flat_map(|policy| [&policy.ingress, &policy.egress]).flatten().flatten();
    for rule in rules {
        for peer in &rule.peers {
            if let Peer::Block(block) = peer {
                found.cidrs.push(block.cidr);
                found.cidrs.extend(&block.except);
            }
        }
        found.ports.extend(rule.ports.iter().filter_map(Port::range));
    }
    found.sorted()
}

/// One policy, valid and with all defaults applied.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub place: Place,
    pub namespace: Text,
    pub name: Text,
    subject: Selector,
    /// `None` where the policy does not govern ingress; no rules at all where it permits none.
    ingress: Option<Vec<Rule>>,
    egress: Option<Vec<Rule>>,
}

/// Permits every one of its peers on every one of its ports.
#[derive(Clone, Debug)]
struct Rule {
    /// None of them means everyone: `from` or `to` is absent or empty.
    peers: Vec<Peer>,
    /// None of them means every port and protocol.
    ports: Vec<Port>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Peer {
    /// Pods of the policy's namespace, or of the namespaces selected; all of them, or those selected.
    Pods {
        namespaces: Option<Selector>,
        pods: Option<Selector>,
    },
    Block(Block),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Port {
    protocol: Protocol,
    number: Number,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Number {
    Range(u16, u16),
    /// A container port of the destination pod with this name and the same protocol.
    Name(Text),
}

impl Port {
    fn range(&self) -> Option<PortRange> {
        match self.number {
            Number::Range(first, last) => Some(PortRange { protocol: self.protocol.into(), first, last }),
            Number::Name(_) => None,
        }
    }
}
