//! Random programs as plain data. Indices are taken modulo what the cluster has, so that every draw means something.

use proptest::prelude::*;
use weir_cluster::inventory::Protocol;

use super::cluster::{Map, NAMESPACE_KEYS, POD_KEYS, Requirement, Test, VALUES, labels};

#[derive(Clone, Debug)]
pub struct Program {
    pub lets: Vec<(String, Set)>,
    pub sentences: Vec<Sentence>,
    /// Drawn as it comes, with all its mistakes.
    pub wild: bool,
}

#[derive(Clone, Debug)]
pub struct Sentence {
    /// The namespace of its block, if it stands in one.
    pub block: Option<usize>,
    pub kind: SentenceKind,
    pub absent: Ending,
    pub because: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    No,
    IfPresent,
    EvenIfAbsent,
    /// `if present` on a posture: never drawn, but how its subject is read. A guard written by labels holds although
    /// nothing matches yet.
    Kept,
}

impl Ending {
    pub fn of_posture(self) -> Ending {
        if self == Ending::IfPresent { Ending::Kept } else { self }
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

#[derive(Clone, Debug)]
pub struct Grant {
    pub from: Set,
    /// Either every object has its own port, or none has.
    pub to: Vec<(Set, Option<Port>)>,
    pub on: Vec<Port>,
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
    With(Box<Set>, Vec<Requirement>),
    Union(Vec<Set>),
    Except(Box<Set>, Box<Set>),
    In(Box<Set>, Box<Set>),
}

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
        self.sentences.iter().any(|sentence| match &sentence.kind {
            SentenceKind::Posture { subject, .. } => excepts(subject),
            SentenceKind::Grant(grant) => {
                excepts(&grant.from) || grant.to.iter().any(|(set, _)| excepts(set))
            }
        })
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

    /// The same set without names of `let`s.
    pub fn without_lets(&self) -> Set {
        let boxed = |set: &Set| Box::new(set.without_lets());
        match self {
            Set::Let(2) => Set::Internet,
            Set::Let(at) => Set::Thing(*at, 1),
            Set::With(inner, requirements) => Set::With(boxed(inner), requirements.clone()),
            Set::Except(left, right) => Set::Except(boxed(left), boxed(right)),
            Set::In(left, right) => Set::In(boxed(left), boxed(right)),
            Set::Union(sets) => Set::Union(sets.iter().map(Set::without_lets).collect()),
            other => other.clone(),
        }
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
    (anything(), objects, on, any::<bool>())
        .prop_map(|(from, to, on, own)| {
            let own = own && on.is_empty();
            let to = to.into_iter().map(|(set, port)| (set, own.then_some(port))).collect();
            Grant { from, to, on }
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
    ];
    (subject, word, way)
        .prop_map(|((each, subject), word, way)| SentenceKind::Posture { each, subject, word, way })
        .boxed()
}

fn sentence(kind: BoxedStrategy<SentenceKind>) -> BoxedStrategy<Sentence> {
    let absent = prop_oneof![
        8 => Just(Ending::No),
        1 => Just(Ending::IfPresent),
        1 => Just(Ending::EvenIfAbsent),
    ];
    (0..16usize, kind, absent, 0..16usize)
        .prop_map(|(block, kind, absent, because)| Sentence {
            block: (block > 10).then(|| block - 11),
            kind,
            absent,
            because: (because > 11).then(|| because - 12),
        })
        .boxed()
}

prop_compose! {
    pub fn program()(
        first in pods(), second in pods(), third in addresses(),
        postures in prop::collection::vec(sentence(posture()), 1..4),
        grants in prop::collection::vec(sentence(grant().prop_map(SentenceKind::Grant).boxed()), 0..6),
        wild in 0..16usize,
    ) -> Program {
        let names = ["group", "web", "office"];
        let lets = names.iter().zip([first, second, third]);
        Program {
            lets: lets.map(|(name, set)| ((*name).to_owned(), set)).collect(),
            sentences: postures.into_iter().chain(grants).collect(),
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
