//! The typed tree of a file. Every node has its span; what could not be read is a node of its own
//! ([`Statement::Error`], [`SetOp::Mixed`]). Chains are lists, and depth is bounded, so that no walk overflows.

use std::net::IpAddr;

use crate::span::Span;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    pub statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    Let(Let),
    Block(Block),
    Sentence(Sentence),
    /// A statement that could not be read; its error is reported.
    Error(Span),
}

/// `let office = 203.0.113.0/24;`
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    pub span: Span,
    pub name: Name,
    pub value: Set,
}

/// `in namespace shop { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub span: Span,
    pub namespace: Name,
    pub body: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    pub span: Span,
    pub kind: SentenceKind,
    pub clauses: Clauses,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SentenceKind {
    Posture(Posture),
    Grant(Grant),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Posture {
    /// The word `each`, where the posture holds for every part by itself.
    pub each: Option<Span>,
    pub subject: Subject,
    pub word: PostureWord,
    pub word_span: Span,
    pub direction: Option<(Direction, Span)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    Set(Set),
    /// `each namespace`
    EachNamespace(Span),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostureWord {
    Isolated,
    Locked,
    Open,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    Ingress,
    Egress,
}

/// `A may reach B:P;`, `A may reach B on P, P;`
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    pub subject: Set,
    pub object: Set,
    /// Ports after `on`, for all objects; empty without `on`.
    pub on: Vec<Port>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clauses {
    pub because: Option<Name>,
    pub absent: Option<(Absent, Span)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// `if present`: what matches nothing is the empty set.
    IfPresent,
    /// `even if absent`: compiled although nothing matches.
    EvenIfAbsent,
}

/// A set of endpoints: operands joined by one operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    pub span: Span,
    pub op: SetOp,
    /// At least one; exactly two for [`SetOp::Except`] and [`SetOp::In`].
    pub operands: Vec<Operand>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOp {
    /// `A, B`, and a single operand.
    Union,
    Except,
    In,
    /// Several operators without parentheses; its error is reported.
    Mixed,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    pub span: Span,
    pub base: Base,
    /// Label requirements in brackets, in the order written.
    pub filters: Vec<Filter>,
    /// `:5432`. Of an `except` or `in`, the last operand's port is the whole set's.
    pub port: Option<Port>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Base {
    /// `web`
    Name(Name),
    /// `shop/web`, `team-*/web`
    Qualified {
        namespace: NamespaceName,
        name: Name,
    },
    /// `workload shop/web`, `service web`, `statefulset data/db`, `serviceaccount shop/web`
    Kinded {
        kind: KindWord,
        namespace: Option<NamespaceName>,
        name: Name,
    },
    /// `namespace shop`
    Namespace(Name),
    /// `team-*`
    Pattern(Name),
    /// `namespaces[team=payments]`
    Namespaces(Filter),
    Builtin(Builtin),
    Address(Address),
    /// `api.stripe.com`, `*.stripe.com`
    Host(String),
    Group(Box<Set>),
}

/// The namespace before a `/`.
#[derive(Clone, Debug, PartialEq)]
pub enum NamespaceName {
    Name(Name),
    Pattern(Name),
}

impl NamespaceName {
    pub fn span(&self) -> Span {
        match self {
            NamespaceName::Name(name) | NamespaceName::Pattern(name) => name.span,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindWord {
    Workload,
    Service,
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    Pod,
    ServiceAccount,
}

impl KindWord {
    pub fn word(self) -> &'static str {
        match self {
            KindWord::Workload => "workload",
            KindWord::Service => "service",
            KindWord::Deployment => "deployment",
            KindWord::StatefulSet => "statefulset",
            KindWord::DaemonSet => "daemonset",
            KindWord::Job => "job",
            KindWord::CronJob => "cronjob",
            KindWord::Pod => "pod",
            KindWord::ServiceAccount => "serviceaccount",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    Anyone,
    Pods,
    Nodes,
    ApiServer,
    Dns,
    Internet,
    Anywhere,
}

impl Builtin {
    pub fn word(self) -> &'static str {
        match self {
            Builtin::Anyone => "anyone",
            Builtin::Pods => "pods",
            Builtin::Nodes => "nodes",
            Builtin::ApiServer => "apiserver",
            Builtin::Dns => "dns",
            Builtin::Internet => "internet",
            Builtin::Anywhere => "anywhere",
        }
    }
}

/// `10.0.0.0/8`, or a single address (a prefix of full length). No bits are set behind the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    pub address: IpAddr,
    pub prefix: u8,
}

impl Address {
    pub fn is_single(self) -> bool {
        self.prefix == if self.address.is_ipv4() { 32 } else { 128 }
    }
}

/// Label requirements in one pair of brackets, all of which have to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    pub span: Span,
    pub requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    pub span: Span,
    pub key: Name,
    pub test: Test,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// `app=web`, `tier in (api, edge)`
    In(Vec<Name>),
    /// `app!=web`, `tier notin (api, edge)`
    NotIn(Vec<Name>),
    Exists,
    DoesNotExist,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    pub span: Span,
    pub kind: PortKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PortKind {
    /// `80`, `8000-8010`, `53/udp`. A range may run backwards: that is judged later.
    Number {
        first: u16,
        last: u16,
        protocol: Option<Protocol>,
    },
    Name(String),
    /// A port that is none; its error is reported.
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Tcp,
    Udp,
    Sctp,
}

impl Protocol {
    pub fn word(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
        }
    }
}

/// A name or text as it means, without quotes; the span holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub span: Span,
    pub text: String,
}
