//! Random programs as plain data. Indices are taken modulo what the cluster has, so that every draw means something.

use proptest::prelude::*;
use weir_cluster::inventory::Protocol;

use super::cluster::{Map, NAMESPACE_KEYS, POD_KEYS, Requirement, Test, VALUES, WORKLOADS, labels};

#[derive(Clone, Debug)]
pub struct Program {
    pub lets: Vec<Let>,
    pub sentences: Vec<Sentence>,
    /// Drawn as it comes, with all its mistakes.
    pub wild: bool,
}

#[derive(Clone, Debug)]
pub struct Let {
    pub name: &'static str,
    pub set: Set,
    pub absent: Ending,
}

#[derive(Clone, Debug)]
pub struct Sentence {
    pub block: Block,
    pub kind: SentenceKind,
    pub absent: Ending,
    pub because: Option<usize>,
    /// A day of [`DAYS`].
    pub until: Option<usize>,
    /// Kept although it is a promise that the program breaks.
    pub bold: bool,
}

/// Where a sentence stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Top,
    Namespace(usize),
    /// In each namespace of a group by itself; `anyone` is all of them.
    Each(Set),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    No,
    IfPresent,
    EvenIfAbsent,
    /// How what is guarded is read: never drawn. A guard written by labels holds although nothing matches yet.
    Kept,
    /// How what stands behind `except` is read: never drawn. It stays left out, whatever is there.
    Left,
}

impl Ending {
    /// How a sentence with this ending reads what it guards.
    pub fn of_guard(self) -> Ending {
        if self == Ending::EvenIfAbsent { self } else { Ending::Kept }
    }
}

#[derive(Clone, Debug)]
pub enum SentenceKind {
    Posture { each: bool, subject: Set, word: Word, way: Way },
    Grant(Grant),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Word {
    Isolated,
    Locked,
    Open,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    Both,
    Ingress,
    Egress,
}

impl Way {
    pub fn closes(self, way: Way) -> bool {
        self == Way::Both || self == way
    }
}

/// What is said of flows: a grant, or a promise.
#[derive(Clone, Debug)]
pub struct Grant {
    pub verb: Verb,
    pub from: Set,
    /// Either every object has its own port, or none has.
    pub to: Vec<(Set, Option<Port>)>,
    pub on: Vec<Port>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verb {
    May,
    OnlyMay,
    MayOnly,
    MustNot,
    Must,
}

impl Verb {
    /// The way that the sentence closes one of its ends.
    pub fn closes(self) -> Option<Way> {
        match self {
            Verb::OnlyMay => Some(Way::Ingress),
            Verb::MayOnly => Some(Way::Egress),
            Verb::May | Verb::MustNot | Verb::Must => None,
        }
    }

    pub fn grants(self) -> bool {
        matches!(self, Verb::May | Verb::OnlyMay | Verb::MayOnly)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Port {
    /// Not yet chosen among those that are exposed.
    Any(usize),
    Number(u16, u16, Option<Protocol>),
    Name(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Set {
    /// A workload, a service, or both in one: see `Cluster::things`; the second number is the way to write it.
    Thing(usize, usize),
    /// The workload or service of this name in whatever namespace the block is about; how it is written.
    Near(usize, Near),
    /// A workload that is not there.
    Ghost(usize),
    Namespace(usize),
    /// A namespace that is not there yet.
    Later,
    Pattern(usize),
    Namespaces(Vec<Requirement>),
    Anyone,
    Pods,
    Dns,
    Nodes,
    Internet,
    Anywhere,
    Range(usize),
    Let(usize),
    /// Namespaces by a label: no set, but `each` takes it.
    Partition(usize),
    /// A parameter of the policy that it stands in.
    Param(String),
    With(Box<Set>, Vec<Requirement>),
    Union(Vec<Set>),
    Except(Box<Set>, Box<Set>),
    In(Box<Set>, Box<Set>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Near {
    Bare,
    Workload,
    Service,
}

/// Names of partitions, and the labels that they go by.
pub const PARTITIONS: [(&str, &str); 3] =
    [("squad", "team"), ("stage", "env"), ("everywhere", "kubernetes.io/metadata.name")];
/// Days around the one on which tests look at programs, and whether a grant until then still counts.
pub const DAYS: [(&str, bool); 6] = [
    ("2025-06-30", false),
    ("2025-12-31", false),
    ("2026-01-01", false),
    ("2026-01-02", true),
    ("2026-01-31", true),
    ("2027-01-01", true),
];

pub const LATER: &str = "later";
pub const PATTERNS: [&str; 4] = ["team-*", "*", "*-a", "9*"];
/// The last ones are the cluster's own in part or in full.
pub const RANGES: [&str; 11] = [
    "fd00::/8",
    "203.0.113.0/24",
    "203.0.113.7",
    "2001:db8::/32",
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/8",
    "10.244.0.0/16",
    "192.168.0.0/16",
    "10.96.0.0/12",
    "192.168.7.1",
];
pub const REASONS: [&str; 4] = ["PAY-1: orders", "yes", "#: {not yaml} - 'x'", "bücher · \\n"];

impl Program {
    pub fn has_exceptions(&self) -> bool {
        let excepts = |set: &Set| set.any(&|set| matches!(set, Set::Except(..)));
        self.lets.iter().any(|one| excepts(&one.set))
            || self.sentences.iter().any(|sentence| sentence.sets().into_iter().any(excepts))
    }
}

impl Sentence {
    /// Without block or ending.
    pub fn plain(kind: SentenceKind) -> Sentence {
        Sentence { block: Block::Top, kind, absent: Ending::No, because: None, until: None, bold: false }
    }

    pub fn sets(&self) -> Vec<&Set> {
        match &self.kind {
            SentenceKind::Posture { subject, .. } => vec![subject],
            SentenceKind::Grant(grant) => {
                std::iter::once(&grant.from).chain(grant.to.iter().map(|(set, _)| set)).collect()
            }
        }
    }

    pub fn ports(&self) -> Vec<&Port> {
        match &self.kind {
            SentenceKind::Posture { .. } => Vec::new(),
            SentenceKind::Grant(grant) => {
                grant.to.iter().filter_map(|(_, port)| port.as_ref()).chain(&grant.on).collect()
            }
        }
    }

    /// Whether it has ended on the day of the tests.
    pub fn is_over(&self) -> bool {
        self.until.is_some_and(|day| !DAYS[day].1)
    }
}

impl Set {
    pub fn with(self, requirements: Vec<Requirement>) -> Set {
        Set::With(Box::new(self), requirements)
    }

    pub fn except(self, other: Set) -> Set {
        Set::Except(Box::new(self), Box::new(other))
    }

    pub fn children(&self) -> Vec<&Set> {
        match self {
            Set::With(inner, _) => vec![inner],
            Set::Except(left, right) | Set::In(left, right) => vec![left, right],
            Set::Union(sets) => sets.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The same set with other leaves.
    pub fn map(&self, leaf: &dyn Fn(&Set) -> Set) -> Set {
        let boxed = |set: &Set| Box::new(set.map(leaf));
        match self {
            Set::With(inner, requirements) => Set::With(boxed(inner), requirements.clone()),
            Set::Except(left, right) => Set::Except(boxed(left), boxed(right)),
            Set::In(left, right) => Set::In(boxed(left), boxed(right)),
            Set::Union(sets) => Set::Union(sets.iter().map(|set| set.map(leaf)).collect()),
            other => leaf(other),
        }
    }

    /// The same set with names of earlier `let`s alone: no circles.
    pub fn without_lets_from(&self, first: usize) -> Set {
        self.map(&|set| match set {
            Set::Let(2) if first <= 2 => Set::Internet,
            Set::Let(at) if *at >= first => Set::Thing(*at, 1),
            other => other.clone(),
        })
    }

    pub fn any(&self, test: &dyn Fn(&Set) -> bool) -> bool {
        test(self) || self.children().into_iter().any(|child| child.any(test))
    }
}

fn requirement(keys: &'static [&'static str], values: &'static [&'static str]) -> BoxedStrategy<Requirement> {
    (0..keys.len(), 0..6usize, prop::collection::vec(0..values.len(), 1..3))
        .prop_map(move |(key, test, drawn)| {
            let values: Vec<String> = drawn.iter().map(|value| values[*value].to_owned()).collect();
            let test = match test {
                0 | 1 => Test::In(values),
                2 | 3 => Test::NotIn(values),
                4 => Test::Exists,
                _ => Test::Absent,
            };
            Requirement { key: keys[key].to_owned(), test }
        })
        .boxed()
}

fn on_pods() -> BoxedStrategy<Vec<Requirement>> {
    prop::collection::vec(requirement(&POD_KEYS, &VALUES), 1..3).boxed()
}

fn on_namespaces() -> BoxedStrategy<Vec<Requirement>> {
    prop_oneof![
        4 => prop::collection::vec(requirement(&NAMESPACE_KEYS[..2], &VALUES), 1..3),
        1 => prop::collection::vec(requirement(&NAMESPACE_KEYS[2..], &["shop", "team-a", "team-b"]), 1..2),
    ]
    .boxed()
}

/// Whole namespaces.
fn group() -> BoxedStrategy<Set> {
    let one = || {
        prop_oneof![
            4 => (0..5usize).prop_map(Set::Namespace),
            3 => on_namespaces().prop_map(Set::Namespaces),
            1 => (0..PATTERNS.len()).prop_map(Set::Pattern),
            1 => Just(Set::Later),
        ]
    };
    prop_oneof![
        5 => one(),
        1 => (one(), one()).prop_map(|(a, b)| a.except(b)),
        1 => prop::collection::vec(one(), 2..3).prop_map(Set::Union),
    ]
    .boxed()
}

fn atom() -> BoxedStrategy<Set> {
    prop_oneof![
        6 => (0..32usize, 0..4usize).prop_map(|(thing, way)| Set::Thing(thing, way)),
        2 => (0..WORKLOADS.len(), 0..4usize).prop_map(|(name, way)| {
            Set::Near(name, [Near::Bare, Near::Bare, Near::Workload, Near::Service][way])
        }),
        1 => (0..4usize).prop_map(Set::Ghost),
        4 => group(),
        1 => Just(Set::Anyone),
        1 => Just(Set::Pods),
        1 => (0..2usize).prop_map(Set::Let),
        1 => Just(Set::Dns),
    ]
    .boxed()
}

/// An atom, or its pods with some labels.
fn operand() -> BoxedStrategy<Set> {
    prop_oneof![
        3 => atom(),
        2 => (atom(), on_pods()).prop_map(|(set, requirements)| set.with(requirements)),
    ]
    .boxed()
}

fn simple() -> BoxedStrategy<Set> {
    prop_oneof![
        6 => operand(),
        2 => (operand(), operand()).prop_map(|(a, b)| a.except(b)),
        1 => (operand(), operand()).prop_map(|(a, b)| Set::In(Box::new(a), Box::new(b))),
        1 => prop::collection::vec(operand(), 2..4).prop_map(Set::Union),
    ]
    .boxed()
}

pub fn pods() -> BoxedStrategy<Set> {
    prop_oneof![
        8 => simple(),
        1 => (simple(), simple()).prop_map(|(a, b)| a.except(b)),
        1 => (simple(), simple()).prop_map(|(a, b)| Set::In(Box::new(a), Box::new(b))),
        1 => (simple(), on_pods()).prop_map(|(set, requirements)| set.with(requirements)),
    ]
    .boxed()
}

fn addresses() -> BoxedStrategy<Set> {
    let one = || prop_oneof![2 => Just(Set::Internet), 6 => (0..RANGES.len()).prop_map(Set::Range), 1 => Just(Set::Let(2))];
    prop_oneof![
        3 => one(),
        1 => (one(), one()).prop_map(|(a, b)| a.except(b)),
        1 => (one(), one()).prop_map(|(a, b)| Set::In(Box::new(a), Box::new(b))),
    ]
    .boxed()
}

fn anything() -> BoxedStrategy<Set> {
    prop_oneof![
        10 => pods(),
        2 => addresses(),
        1 => Just(Set::Nodes),
        1 => Just(Set::Anywhere),
        1 => (pods(), addresses()).prop_map(|(a, b)| Set::Union(vec![a, b])),
    ]
    .boxed()
}

fn port() -> BoxedStrategy<Port> {
    (0..64usize).prop_map(Port::Any).boxed()
}

fn grant() -> BoxedStrategy<Grant> {
    let on = prop::collection::vec(port(), 0..3);
    let objects = prop::collection::vec((anything(), port()), 1..3);
    let verb = prop_oneof![5 => Just(Verb::May), 1 => Just(Verb::OnlyMay), 1 => Just(Verb::MayOnly)];
    (verb, anything(), objects, on, any::<bool>())
        .prop_map(|(verb, from, to, on, own)| {
            let own = own && on.is_empty();
            let to = to.into_iter().map(|(set, port)| (set, own.then_some(port))).collect();
            Grant { verb, from, to, on }
        })
        .boxed()
}

/// Promises of the whole program; these alone know everything but some pods.
fn guardrail() -> BoxedStrategy<Grant> {
    let verb = prop_oneof![3 => Just(Verb::MustNot), 2 => Just(Verb::Must)];
    let but = prop::option::weighted(0.1, pods());
    (grant(), verb, but.clone(), but)
        .prop_map(|(mut grant, verb, from, to)| {
            grant.verb = verb;
            let but = |set: Set| Set::Anywhere.except(set);
            grant.from = from.map_or(grant.from, but);
            grant.to[0].0 = to.map_or(grant.to[0].0.clone(), but);
            grant
        })
        .boxed()
}

fn posture() -> BoxedStrategy<SentenceKind> {
    let word = prop_oneof![5 => Just(Word::Locked), 4 => Just(Word::Isolated), 1 => Just(Word::Open)];
    let way = prop_oneof![3 => Just(Way::Both), 1 => Just(Way::Ingress), 1 => Just(Way::Egress)];
    let subject = prop_oneof![
        4 => group().prop_map(|set| (false, set)),
        3 => pods().prop_map(|set| (false, set)),
        2 => group().prop_map(|set| (true, set)),
        1 => Just((true, Set::Anyone)),
        2 => (0..PARTITIONS.len()).prop_map(|at| (true, Set::Partition(at))),
    ];
    (subject, word, way)
        .prop_map(|((each, subject), word, way)| SentenceKind::Posture { each, subject, word, way })
        .boxed()
}

fn block() -> BoxedStrategy<Block> {
    prop_oneof![
        9 => Just(Block::Top),
        4 => (0..5usize).prop_map(Block::Namespace),
        3 => prop_oneof![5 => group(), 1 => Just(Set::Anyone)].prop_map(Block::Each),
    ]
    .boxed()
}

fn sentence(kind: BoxedStrategy<SentenceKind>) -> BoxedStrategy<Sentence> {
    let absent = prop_oneof![
        8 => Just(Ending::No),
        1 => Just(Ending::IfPresent),
        1 => Just(Ending::EvenIfAbsent),
    ];
    let until = prop::option::weighted(0.2, 0..DAYS.len());
    (block(), kind, absent, 0..16usize, until, 0..24usize)
        .prop_map(|(block, kind, absent, because, until, bold)| Sentence {
            block,
            kind,
            absent,
            because: (because > 11).then(|| because - 12),
            until,
            bold: bold == 0,
        })
        .boxed()
}

prop_compose! {
    pub fn program()(
        first in pods(), second in pods(), third in addresses(),
        postures in prop::collection::vec(sentence(posture()), 1..4),
        grants in prop::collection::vec(sentence(grant().prop_map(SentenceKind::Grant).boxed()), 0..6),
        guardrails in prop::collection::vec(sentence(guardrail().prop_map(SentenceKind::Grant).boxed()), 0..5),
        wild in 0..16usize, absent in prop::collection::vec(0..4usize, 3),
    ) -> Program {
        let sets = ["group", "web", "office"].into_iter().zip([first, second, third]);
        let ending = |which: usize| if which == 3 { Ending::IfPresent } else { Ending::No };
        let lets = sets.zip(absent).map(|((name, set), absent)| Let { name, set, absent: ending(absent) });
        Program {
            lets: lets.collect(),
            sentences: postures.into_iter().chain(grants).chain(guardrails).collect(),
            wild: wild == 15,
        }
    }
}

/// Pods that may come: a namespace (or a new one, with labels of its own), labels, ports.
#[derive(Clone, Debug)]
pub struct Newcomer {
    pub namespace: usize,
    pub namespace_labels: Map,
    pub labels: Map,
    pub ports: Vec<super::cluster::Port>,
}

pub fn newcomers() -> BoxedStrategy<Vec<Newcomer>> {
    let one = (0..8usize, labels(&NAMESPACE_KEYS[..2]), labels(&POD_KEYS), super::cluster::ports());
    prop::collection::vec(
        one.prop_map(|(namespace, namespace_labels, labels, ports)| Newcomer {
            namespace,
            namespace_labels,
            labels,
            ports,
        }),
        2..10,
    )
    .boxed()
}
