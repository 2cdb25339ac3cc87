//! A program whose names are resolved: what sentences say, in terms of the cluster. Nothing unresolved fits in.

use std::collections::BTreeSet;

use weir_cluster::inventory::{NamespaceId, Protocol, ServiceId, WorkloadId};
use weir_cluster::labels::Text;
use weir_grammar::ast::PostureWord;

use crate::address::AddressSet;
use crate::selector::PodSet;
use crate::source::Place;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SentenceId(pub u32);

#[derive(Clone, Debug, Default)]
pub struct Program {
    pub sentences: Vec<Sentence>,
    /// Sentences are missing that have errors: what is not guarded here may well be meant to be.
    pub incomplete: bool,
}

impl Program {
    pub fn get(&self, id: SentenceId) -> &Sentence {
        &self.sentences[id.0 as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = (SentenceId, &Sentence)> {
        self.sentences.iter().enumerate().map(|(at, sentence)| (SentenceId(at as u32), sentence))
    }
}

#[derive(Clone, Debug)]
pub struct Sentence {
    pub place: Place,
    /// File and canonical text, as objects name it.
    pub source: String,
    /// Of the library: exempt from lints on grants.
    pub library: bool,
    pub has_reason: bool,
    pub kind: SentenceKind,
}

#[derive(Clone, Debug)]
pub enum SentenceKind {
    Posture(Posture),
    Grant(Grant),
}

#[derive(Clone, Debug)]
pub struct Posture {
    pub word: PostureWord,
    pub word_place: Place,
    pub subject_place: Place,
    pub each: bool,
    /// `even if absent`: it guards namespaces that it names before they exist.
    pub planned: bool,
    /// Written in parentheses: one group, whatever it spans.
    pub one_group: bool,
    pub ingress: bool,
    pub egress: bool,
    pub subject: PodSet,
    pub mentions: Mentions,
}

#[derive(Clone, Debug)]
pub struct Grant {
    pub subject: Vec<Part>,
    pub object: Vec<(Part, Ports)>,
    pub object_place: Place,
    pub has_ports: bool,
}

/// What a set names outright, exceptions left out.
#[derive(Clone, Debug, Default)]
pub struct Mentions {
    pub namespaces: BTreeSet<NamespaceId>,
    pub workloads: Vec<(WorkloadId, Place)>,
    /// The pods of workloads, services and the DNS that are named.
    pub pods: Vec<PodSet>,
}

/// A set, as the things it was written of: ports mean something else of a service than of a workload.
#[derive(Clone, Debug, Default)]
pub struct Denotation {
    pub parts: Vec<Part>,
    pub mentions: Mentions,
}

#[derive(Clone, Debug)]
pub struct Part {
    pub place: Place,
    pub thing: Thing,
    pub ends: Ends,
}

/// On what ports of a set are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    Workload(WorkloadId),
    Service(ServiceId),
    /// A workload and a service of one name that select the same pods.
    Both(WorkloadId, ServiceId),
    Pods,
    /// The cluster's DNS: by one of its services, or by what answers without one.
    Dns(Option<ServiceId>),
    ApiServer,
    /// Nodes, addresses, host names, anywhere: any port.
    Unchecked,
}

/// One kind of end that flows have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ends {
    Pods(PodSet),
    /// Addresses in these ranges that belong to no pod, node or service.
    Outside(AddressSet),
    /// Exactly these addresses, whoever has them.
    Exactly(AddressSet),
    Nodes,
    ApiServer,
    Host(String),
    Anywhere,
}

impl Ends {
    /// The kind in the user's words.
    pub fn kind(&self) -> &'static str {
        match self {
            Ends::Pods(_) => "pods",
            Ends::Outside(_) | Ends::Exactly(_) => "addresses",
            Ends::Nodes => "nodes",
            Ends::ApiServer => "the API server",
            Ends::Host(_) => "host names",
            Ends::Anywhere => "everything",
        }
    }

    pub fn pods(&self) -> Option<&PodSet> {
        match self {
            Ends::Pods(pods) => Some(pods),
            _ => None,
        }
    }
}

/// Ports of a grant, as pods see them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ports {
    /// Every port of every protocol.
    All,
    These(SomePorts),
}

/// At least one port: an empty list in an object means all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SomePorts(BTreeSet<Port>);

impl SomePorts {
    pub fn new(ports: BTreeSet<Port>) -> Option<SomePorts> {
        (!ports.is_empty()).then_some(SomePorts(ports))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Port> {
        self.0.iter()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Port {
    Range {
        protocol: Protocol,
        first: u16,
        last: u16,
    },
    /// The container port of that name, on each pod by itself.
    Named {
        protocol: Protocol,
        name: Text,
    },
}
