//! networking.k8s.io/v1 NetworkPolicy: reads policy objects as kubectl and the API server would, and says which
//! flows they let through. Written from the Kubernetes API's own definition; knows nothing of how Weir writes
//! policies.
//!
//! Outside of every verdict, on neither side: a pod to itself, a pod's own node to it, replies, and protocols other
//! than TCP, UDP and SCTP.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::flow::{Flows, Point, PortRange, Space};
use crate::inventory::Protocol;
use crate::labels::Text;

mod decode;
mod evaluate;
mod points;
mod scalar;
mod syntax;
#[cfg(test)]
mod tests;
mod tree;

/// What is wrong with a policy file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyError {
    pub file: Text,
    /// From 1.
    pub document: u32,
    /// From 1.
    pub line: u32,
    /// The field, as in `spec.ingress[0].from`; empty for the document itself.
    pub path: String,
    pub message: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for PolicyError {}

/// The policies of a cluster, all of them valid, no two with the same namespace and name.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    policies: Vec<Policy>,
    by_name: FxHashMap<(Text, Text), usize>,
}

/// The addresses and ports at which a space has to be cut, so that every policy treats an atom alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boundaries {
    /// Sorted, without repetition.
    pub cidrs: Vec<IpNet>,
    /// Sorted, without repetition.
    pub ports: Vec<PortRange>,
}

/// What policies let through. The two sets are disjoint; what is in neither is certainly denied.
#[derive(Clone, Debug, PartialEq)]
pub struct Enforced {
    /// Permitted in every cluster that keeps to the specification.
    pub permitted: Flows,
    /// The specification leaves these open: one network plugin lets them through, another does not.
    pub undefined: Flows,
}

/// Reads a stream of documents: NetworkPolicies, and lists of them. `name` is what errors call the text.
pub fn read(name: &str, text: &str) -> Result<Policies, Vec<PolicyError>> {
    let (read, mut errors) = decode::policies(name, text);
    let mut policies = Policies::default();
    if let Err(twice) = policies.add(read) {
        errors.extend(twice);
    }
    if errors.is_empty() {
        return Ok(policies);
    }
    errors.sort();
    Err(errors)
}

/// Every declared container port: a named port may resolve to it.
pub fn port_boundaries(points: &[Point]) -> Vec<PortRange> {
    let pods = points.iter().filter_map(|point| match point {
        Point::Pod(pod) => Some(pod),
        Point::Address(_) => None,
    });
    let ports = pods.flat_map(|pod| &pod.ports).filter(|port| port.number != 0);
    let ranges: BTreeSet<PortRange> = (ports)
        .map(|port| PortRange { protocol: port.protocol, first: port.number, last: port.number })
        .collect();
    ranges.into_iter().collect()
}

impl Policies {
    /// Adds what another text held. If both hold a policy of one name it is an error, and nothing is added.
    pub fn extend(&mut self, other: Policies) -> Result<(), Vec<PolicyError>> {
        self.add(other.policies)
    }

    fn add(&mut self, policies: Vec<Policy>) -> Result<(), Vec<PolicyError>> {
        let mut fresh: FxHashMap<(Text, Text), usize> = FxHashMap::default();
        let mut errors = Vec::new();
        for (index, policy) in policies.iter().enumerate() {
            let key = (policy.namespace.clone(), policy.name.clone());
            let known = self.by_name.get(&key).map(|&first| &self.policies[first]);
            match known.or_else(|| fresh.get(&key).map(|&first| &policies[first])) {
                Some(first) => errors.push(policy.place.error(
                    "metadata.name",
                    format!(
                        "the policy `{}` of namespace `{}` stands at {}:{} already",
                        policy.name, policy.namespace, first.place.file, first.place.line
                    ),
                )),
                None => _ = fresh.insert(key, index),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let before = self.policies.len();
        self.by_name.extend(fresh.into_iter().map(|(key, index)| (key, before + index)));
        self.policies.extend(policies);
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.policies.len()
    }

    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// Namespace and name of each policy, in the order in which they were read.
    pub fn names(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.policies.iter().map(|policy| (policy.namespace.as_ref(), policy.name.as_ref()))
    }

    /// Every prefix and every numeric port that occurs.
    pub fn boundaries(&self) -> Boundaries {
        let mut cidrs = BTreeSet::new();
        let mut ports = BTreeSet::new();
        let rules =
            self.policies.iter().flat_map(|policy| [&policy.ingress, &policy.egress]).flatten().flatten();
        for rule in rules {
            for peer in &rule.peers {
                if let Peer::Block(block) = peer {
                    cidrs.insert(block.cidr);
                    cidrs.extend(block.except.iter().copied());
                }
            }
            ports.extend(rule.ports.iter().filter_map(Port::range));
        }
        Boundaries { cidrs: cidrs.into_iter().collect(), ports: ports.into_iter().collect() }
    }

    /// What these policies let through, and nothing but these. The space has to be cut at [`Policies::boundaries`]
    /// and at [`port_boundaries`].
    pub fn enforce(&self, space: &Space) -> Enforced {
        evaluate::enforce(&self.policies, space)
    }
}

/// Where a policy stands.
#[derive(Clone, Debug)]
struct Place {
    file: Text,
    document: u32,
    line: u32,
}

impl Place {
    fn error(&self, path: &str, message: String) -> PolicyError {
        let Place { file, document, line } = self.clone();
        PolicyError { file, document, line, path: path.to_owned(), message }
    }
}

/// One policy, valid and with all defaults applied.
#[derive(Clone, Debug)]
struct Policy {
    place: Place,
    namespace: Text,
    name: Text,
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

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Block {
    cidr: IpNet,
    /// Sorted.
    except: Vec<IpNet>,
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
            Number::Range(first, last) => Some(PortRange { protocol: self.protocol, first, last }),
            Number::Name(_) => None,
        }
    }
}

/// All requirements hold; an empty selector selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Selector {
    /// By key; each key may have several requirements. Sorted, so that equal selectors are equal.
    requirements: BTreeMap<Text, BTreeSet<Test>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Test {
    In(BTreeSet<Text>),
    NotIn(BTreeSet<Text>),
    Exists,
    DoesNotExist,
}
