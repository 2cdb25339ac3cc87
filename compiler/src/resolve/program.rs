//! A program whose names are resolved: what sentences say, in terms of the cluster. Nothing unresolved fits in.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use weir_cluster::inventory::{NamespaceId, Protocol, ServiceId, WorkloadId};
use weir_cluster::labels::Text;
use weir_grammar::Span;
use weir_grammar::ast::{self, Day, PostureWord, Statement};
use weir_grammar::format;

use crate::address::AddressSet;
use crate::diagnostic::Diagnostic;
use crate::selector::PodSet;
use crate::source::{Place, Source};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SentenceId(pub u32);

#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Shared with whoever keeps those of one file.
    pub sentences: Vec<Arc<Sentence>>,
    /// Tests of the program's own files.
    pub tests: Vec<Test>,
    /// Sentences are missing that have errors: what is not guarded here may well be meant to be.
    pub incomplete: bool,
}

impl Program {
    pub fn get(&self, id: SentenceId) -> &Sentence {
        &self.sentences[id.0 as usize]
    }

    /// With what comes behind it.
    pub(super) fn join(&mut self, next: Program) {
        if self.sentences.is_empty() {
            self.sentences = next.sentences;
        } else {
            self.sentences.extend(next.sentences);
        }
        self.tests.extend(next.tests);
        self.incomplete |= next.incomplete;
    }

    pub fn iter(&self) -> impl Iterator<Item = (SentenceId, &Sentence)> {
        self.sentences.iter().enumerate().map(|(at, sentence)| (SentenceId(at as u32), &**sentence))
    }
}

#[derive(Clone, Debug)]
pub struct Sentence {
    pub place: Place,
    /// As objects name it.
    pub source: SourceText,
    /// Of the library: exempt from lints on grants.
    pub library: bool,
    pub has_reason: bool,
    pub origin: Arc<Origin>,
    pub kind: SentenceKind,
}

impl Sentence {
    /// With how the sentence came to be: where it was applied, for which namespace.
    pub fn explain(&self, diagnostic: Diagnostic) -> Diagnostic {
        self.origin.explain(diagnostic)
    }
}

/// A sentence's file and canonical text, with the blocks and applications it stands in: spelled when it is asked for.
#[derive(Clone, Debug)]
pub struct SourceText {
    /// The file where it stands, and where the outermost application of its policy does.
    pub(super) home: Arc<Source>,
    pub(super) named: Arc<Source>,
    pub(super) span: Span,
    pub(super) context: Option<Arc<Context>>,
    pub(super) text: OnceLock<Box<str>>,
}

/// One of the blocks and applications around a sentence.
#[derive(Debug)]
pub struct Context {
    pub(super) head: String,
    pub(super) around: Option<Arc<Context>>,
}

impl SourceText {
    pub fn as_str(&self) -> &str {
        self.text.get_or_init(|| self.spelled().into())
    }

    fn spelled(&self) -> String {
        let contexts: Vec<&Context> =
            std::iter::successors(self.context.as_deref(), |context| context.around.as_deref()).collect();
        let mut text = format!("{}: ", self.named.name);
        for context in contexts.iter().rev() {
            text += &context.head;
            text += " { ";
        }
        if let Some(sentence) = sentence_at(&self.home.parse.file.statements, self.span) {
            text += &format::sentence(sentence);
        }
        text += &" }".repeat(contexts.len());
        text
    }
}

fn sentence_at(statements: &[Statement], span: Span) -> Option<&ast::Sentence> {
    let at = statements.partition_point(|statement| statement.span().end < span.end);
    match statements.get(at)? {
        Statement::Sentence(sentence) => (sentence.span == span).then_some(sentence),
        around => sentence_at(around.body(), span),
    }
}

/// How a sentence came to be that does not stand for itself alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Where its policy is applied, and where the policy is applied that applies it.
    pub applied: Vec<Place>,
    /// The namespace that an `in each` block holds it for.
    pub namespace: Option<Text>,
}

impl Origin {
    pub fn explain(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        let primary = diagnostic.labels.first().map(|label| label.place);
        for place in &self.applied {
            let inside = primary.is_some_and(|primary| place.holds(primary));
            if !inside {
                diagnostic = diagnostic.at(*place, Diagnostic::APPLIED);
            }
        }
        if let Some(namespace) = &self.namespace {
            diagnostic.namespaces = vec![namespace.to_string()];
        }
        diagnostic
    }
}

#[derive(Clone, Debug)]
pub enum SentenceKind {
    Posture(Posture),
    Grant(Grant),
    Guardrail(Guardrail),
}

impl SentenceKind {
    /// What is said of flows between two sets, if that is what it says.
    pub fn reach(&self) -> Option<&Reach> {
        match self {
            SentenceKind::Posture(_) => None,
            SentenceKind::Grant(grant) => Some(&grant.reach),
            SentenceKind::Guardrail(guardrail) => Some(&guardrail.reach),
        }
    }
}

/// The parts of a posture that holds for each by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parts {
    /// One group, whatever it spans.
    Whole,
    /// One part a namespace.
    Namespaces,
    /// One part for each value of this namespace label.
    Label(Text),
}

#[derive(Clone, Debug)]
pub struct Posture {
    pub word: PostureWord,
    pub word_place: Place,
    pub subject_place: Place,
    pub parts: Parts,
    /// `even if absent`: it guards namespaces that it names before they exist.
    pub planned: bool,
    /// Written in parentheses: one group, whatever it spans.
    pub one_group: bool,
    pub ingress: bool,
    pub egress: bool,
    pub subject: PodSet,
    pub mentions: Mentions,
}

/// Flows from one set to another.
#[derive(Clone, Debug)]
pub struct Reach {
    pub subject: Vec<Part>,
    pub object: Vec<(Part, Ports)>,
    pub subject_place: Place,
    pub verb_place: Place,
    pub object_place: Place,
    pub has_ports: bool,
}

impl Reach {
    /// The parts of both ends.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.subject.iter().chain(self.object.iter().map(|(part, _)| part))
    }
}

#[derive(Clone, Debug)]
pub struct Grant {
    pub reach: Reach,
    pub exclusive: Exclusive,
    /// `even if absent`: what an `only` guards, it guards before it exists.
    pub planned: bool,
    /// The first day on which it no longer counts.
    pub until: Option<(Day, Place)>,
    pub narrowed: Option<Narrowed>,
    /// What the guarded end names outright.
    pub mentions: Mentions,
}

/// Whether a grant guards one of its ends, and admits nothing else there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusive {
    No,
    /// `only A may reach B`: nothing else enters B on these ports, and all of B is guarded for ingress.
    Object,
    /// `A may only reach B`: nothing else leaves A.
    Subject,
}

/// A grant of less than whole ports.
#[derive(Clone, Debug)]
pub enum Narrowed {
    /// Requests of HTTP, by method and path.
    Http { place: Place, requests: Vec<(String, String)> },
    /// ICMP echo.
    Ping { place: Place },
}

/// A promise about the whole program.
#[derive(Clone, Debug)]
pub struct Guardrail {
    pub reach: Reach,
    /// `must not reach`; else `must reach`.
    pub forbids: bool,
}

/// `test "…" { … }`
#[derive(Clone, Debug)]
pub struct Test {
    pub name: String,
    pub place: Place,
    pub assertions: Vec<Assertion>,
    /// Assertions are missing that have errors.
    pub incomplete: bool,
}

#[derive(Clone, Debug)]
pub struct Assertion {
    pub place: Place,
    pub reach: Reach,
    /// `reaches`; else `cannot reach`.
    pub reaches: bool,
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
    /// Of a `let … even if absent`: it stands for namespaces before they exist.
    pub planned: bool,
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

/// At least one port, sorted: an empty list in an object means all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SomePorts(Arc<[Port]>);

impl SomePorts {
    pub fn new(ports: BTreeSet<Port>) -> Option<SomePorts> {
        (!ports.is_empty()).then(|| SomePorts(ports.into_iter().collect()))
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
