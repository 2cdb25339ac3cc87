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
    Use(Use),
    Block(Block),
    Policy(Policy),
    Apply(Apply),
    Test(TestBlock),
    Sentence(Sentence),
    /// A statement that could not be read; its error is reported.
    Error(Span),
}

impl Statement {
    pub fn span(&self) -> Span {
        match self {
            Statement::Let(tree) => tree.span,
            Statement::Use(tree) => tree.span,
            Statement::Block(tree) => tree.span,
            Statement::Policy(tree) => tree.span,
            Statement::Apply(tree) => tree.span,
            Statement::Test(tree) => tree.span,
            Statement::Sentence(tree) => tree.span,
            Statement::Error(span) => *span,
        }
    }

    /// The statements inside of it.
    pub fn body(&self) -> &[Statement] {
        match self {
            Statement::Block(tree) => &tree.body,
            Statement::Policy(tree) => &tree.body,
            Statement::Test(tree) => &tree.body,
            _ => &[],
        }
    }
}

/// `let office = 203.0.113.0/24;`, `export let team = namespaces by team;`
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    pub span: Span,
    /// The word `export`.
    pub export: Option<Span>,
    pub name: Name,
    pub value: LetValue,
    pub absent: Option<(Absent, Span)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum LetValue {
    Set(Set),
    Partition(Partition),
}

impl LetValue {
    pub fn span(&self) -> Span {
        match self {
            LetValue::Set(set) => set.span,
            LetValue::Partition(partition) => partition.span,
        }
    }
}

/// `namespaces by team`: one part for each value of a namespace label.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    pub span: Span,
    pub key: Name,
}

/// `use common.nets;` The name is the path with its dots.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    pub span: Span,
    pub module: Name,
}

/// `in namespace shop { … }` and its like.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub span: Span,
    pub head: BlockHead,
    pub body: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum BlockHead {
    /// `in namespace shop`
    Namespace(Name),
    /// `in each namespaces[kind=tenant]`, with the word `each`
    Each(Span, Subject),
    /// `in cluster prod-eu`
    Cluster(Name),
    /// `in clusters[env=prod]`
    Clusters(Filter),
}

/// `policy three-tier(front, back, port) { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub span: Span,
    /// The word `export`.
    pub export: Option<Span>,
    pub name: Name,
    pub params: Vec<Param>,
    pub body: Vec<Statement>,
}

/// `front`, `port: port`
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub name: Name,
    pub kind: Option<Name>,
}

/// `apply three-tier(web, api, 5432);`
#[derive(Clone, Debug, PartialEq)]
pub struct Apply {
    pub span: Span,
    pub name: Name,
    pub args: Vec<Argument>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// A set that is no bare union. A single name may be a port's.
    Set(Set),
    Port(Port),
}

impl Argument {
    pub fn span(&self) -> Span {
        match self {
            Argument::Set(set) => set.span,
            Argument::Port(port) => port.span,
        }
    }
}

/// `test "checkout works" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct TestBlock {
    pub span: Span,
    pub name: Name,
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
    Reach(Reach),
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

/// What is said of flows from one set to another: `A may reach B:P;`, `A must not reach B on P, P;`
#[derive(Clone, Debug, PartialEq)]
pub struct Reach {
    pub verb: Verb,
    /// From its first word to its last, but for the `only` that begins a sentence.
    pub verb_span: Span,
    pub subject: Set,
    pub object: Set,
    /// Ports after `on`, for all objects; empty without `on`.
    pub on: Vec<Port>,
    pub over: Option<Over>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `A may reach B`
    May,
    /// `only A may reach B`
    OnlyMay,
    /// `A may only reach B`
    MayOnly,
    /// `A may ping B`
    MayPing,
    /// `A must not reach B`
    MustNot,
    /// `A must reach B`
    Must,
    /// `A reaches B`, of a test
    Reaches,
    /// `A cannot reach B`, of a test
    Cannot,
}

impl Verb {
    /// As it is written between subject and object.
    pub fn words(self) -> &'static str {
        match self {
            Verb::May | Verb::OnlyMay => "may reach",
            Verb::MayOnly => "may only reach",
            Verb::MayPing => "may ping",
            Verb::MustNot => "must not reach",
            Verb::Must => "must reach",
            Verb::Reaches => "reaches",
            Verb::Cannot => "cannot reach",
        }
    }
}

/// `over http GET "/v1/*", POST "/v1/orders"`
#[derive(Clone, Debug, PartialEq)]
pub struct Over {
    pub span: Span,
    pub requests: Vec<HttpRequest>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct HttpRequest {
    pub span: Span,
    pub method: String,
    /// `*` is any run of characters but `?`.
    pub path: Name,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clauses {
    pub because: Option<Name>,
    pub absent: Option<(Absent, Span)>,
    pub until: Option<(Day, Span)>,
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    pub year: i16,
    pub month: u8,
    pub day: u8,
}

impl Day {
    /// `2027-01-31`, and nothing else.
    pub fn parse(text: &str) -> Option<Day> {
        let as_written = text.len() == 10 && text.as_bytes()[4] == b'-';
        let date = text.parse::<jiff::civil::Date>().ok().filter(|_| as_written)?;
        Some(Day { year: date.year(), month: date.month() as u8, day: date.day() as u8 })
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
