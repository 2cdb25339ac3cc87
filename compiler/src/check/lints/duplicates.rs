//! Sentences that say what another says already, and policies that are applied twice to the same. Meanings are
//! compared by hash, and not one by one.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use weir_cluster::labels::Text;
use weir_grammar::ast::{Day, PostureWord};

use super::{View, dates};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::program::{Ends, Exclusive, Narrowed, Parts, Ports, Reach, Sentence, SentenceKind};
use crate::selector::{Conjunction, PodSet};
use crate::source::Place;

/// What a sentence says, whatever its words.
#[derive(PartialEq, Eq, Hash)]
pub enum Meaning<'p> {
    Posture {
        word: u8,
        parts: Option<Option<&'p Text>>,
        planned: bool,
        ingress: bool,
        egress: bool,
        subject: &'p PodSet,
    },
    Grant {
        exclusive: u8,
        planned: bool,
        until: Option<Day>,
        /// Requests of HTTP; none of them for a ping.
        narrowed: Option<&'p [(String, String)]>,
        flows: Flows<'p>,
    },
    Guardrail {
        forbids: bool,
        flows: Flows<'p>,
    },
}

#[derive(PartialEq, Eq, Hash)]
pub struct Flows<'p> {
    from: Set<'p>,
    to: BTreeMap<&'p Ports, Set<'p>>,
}

/// The parts of a set, sorted and each once.
#[derive(Default, PartialEq, Eq, Hash)]
struct Set<'p> {
    pods: Vec<&'p Conjunction>,
    others: Vec<&'p Ends>,
}

impl<'p> Set<'p> {
    fn add(&mut self, ends: &'p Ends) {
        match ends {
            Ends::Pods(pods) => self.pods.extend(pods.terms()),
            other => self.others.push(other),
        }
    }

    fn sort(&mut self) {
        self.pods.sort_unstable();
        self.pods.dedup();
        self.others.sort_unstable();
        self.others.dedup();
    }
}

impl<'p> Meaning<'p> {
    pub fn of(sentence: &'p Sentence) -> Meaning<'p> {
        match &sentence.kind {
            SentenceKind::Posture(posture) => Meaning::Posture {
                word: match posture.word {
                    PostureWord::Isolated => 0,
                    PostureWord::Locked => 1,
                    PostureWord::Open => 2,
                },
                // What is not isolated has no members that reach each other.
                parts: match &posture.parts {
                    Parts::Namespaces if posture.word == PostureWord::Isolated => Some(None),
                    Parts::Label(key) if posture.word == PostureWord::Isolated => Some(Some(key)),
                    _ => None,
                },
                planned: posture.planned,
                ingress: posture.ingress,
                egress: posture.egress,
                subject: &posture.subject,
            },
            SentenceKind::Grant(grant) => Meaning::Grant {
                exclusive: match grant.exclusive {
                    Exclusive::No => 0,
                    Exclusive::Object => 1,
                    Exclusive::Subject => 2,
                },
                planned: grant.planned && grant.exclusive != Exclusive::No,
                until: grant.until.map(|(day, _)| day),
                narrowed: grant.narrowed.as_ref().map(|narrowed| match narrowed {
                    Narrowed::Http { requests, .. } => requests.as_slice(),
                    Narrowed::Ping { .. } => &[],
                }),
                flows: Flows::of(&grant.reach),
            },
            SentenceKind::Guardrail(guardrail) => {
                Meaning::Guardrail { forbids: guardrail.forbids, flows: Flows::of(&guardrail.reach) }
            }
        }
    }
}

impl Meaning<'_> {
    /// Whether it is about nobody.
    fn is_nothing(&self) -> bool {
        match self {
            Meaning::Posture { subject, .. } => subject.is_empty(),
            Meaning::Grant { flows, .. } | Meaning::Guardrail { flows, .. } => flows.is_empty(),
        }
    }
}

impl<'p> Flows<'p> {
    fn of(reach: &'p Reach) -> Flows<'p> {
        let mut from = Set::default();
        reach.subject.iter().for_each(|part| from.add(&part.ends));
        from.sort();
        let mut to: BTreeMap<&Ports, Set<'p>> = BTreeMap::new();
        for (part, ports) in &reach.object {
            to.entry(ports).or_default().add(&part.ends);
        }
        to.values_mut().for_each(Set::sort);
        Flows { from, to }
    }

    fn is_empty(&self) -> bool {
        let empty = |set: &Set<'_>| set.pods.is_empty() && set.others.is_empty();
        empty(&self.from) || self.to.values().all(empty)
    }
}

/// What is said at one place, once for each namespace of an `in each`.
struct Utterance<'p> {
    place: Place,
    applied: &'p [Place],
    meanings: Vec<u32>,
}

pub fn check(view: &View<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let utterances = utterances(view);
    applied_twice(view, &utterances, diagnostics);
    // What policies say comes first: of a sentence and a policy that say the same, the sentence is the one to drop.
    let mut owners: FxHashMap<u32, usize> = FxHashMap::default();
    for (at, one) in utterances.iter().enumerate().filter(|(_, one)| !one.applied.is_empty()) {
        one.meanings.iter().for_each(|meaning| {
            owners.entry(*meaning).or_insert(at);
        });
    }
    let mut plain: Vec<usize> =
        (0..utterances.len()).filter(|at| utterances[*at].applied.is_empty()).collect();
    plain.sort_by_key(|at| utterances[*at].place);
    for at in plain {
        let one = &utterances[at];
        let others: Option<Vec<usize>> =
            one.meanings.iter().map(|meaning| owners.get(meaning).copied()).collect();
        if let Some(first) = others.and_then(|others| others.into_iter().next()) {
            diagnostics.push(duplicate(one.place, &utterances[first]));
        }
        one.meanings.iter().for_each(|meaning| {
            owners.entry(*meaning).or_insert(at);
        });
    }
}

fn duplicate(place: Place, other: &Utterance<'_>) -> Diagnostic {
    let said = Diagnostic::warning(Code::W0117, "this sentence says nothing new")
        .at(place, "says the same as another")
        .at(other.place, "says it already");
    let said = other.applied.iter().fold(said, |said, place| said.at(*place, "by this application"));
    said.with_help("drop one of them")
}

fn utterances<'p>(view: &View<'p>) -> Vec<Utterance<'p>> {
    let mut meanings: FxHashMap<Meaning<'p>, u32> = FxHashMap::default();
    let mut known: FxHashMap<(Place, &'p [Place]), usize> = FxHashMap::default();
    let mut all: Vec<Utterance<'p>> = Vec::new();
    for (_, sentence) in view.program.iter() {
        let meaning = Meaning::of(sentence);
        if sentence.library || meaning.is_nothing() || has_ended(sentence, view.today) {
            continue;
        }
        let next = meanings.len() as u32;
        let meaning = *meanings.entry(meaning).or_insert(next);
        let (place, applied) = (sentence.place, sentence.origin.applied.as_slice());
        let at = *known.entry((place, applied)).or_insert(all.len());
        match all.get_mut(at) {
            Some(one) => one.meanings.push(meaning),
            None => all.push(Utterance { place, applied, meanings: vec![meaning] }),
        }
    }
    all
}

fn has_ended(sentence: &Sentence, today: Day) -> bool {
    matches!(&sentence.kind, SentenceKind::Grant(grant) if dates::has_ended(grant, today))
}

/// What an application of a policy comes to: each of its sentences, by which applications inside of it, and how often.
type Content<'u> = Vec<(Place, &'u [Place], &'u [u32])>;

/// Applications whose sentences all say the same as those of another one of the same policy.
fn applied_twice(view: &View<'_>, utterances: &[Utterance<'_>], diagnostics: &mut Vec<Diagnostic>) {
    // An application is known by its place, and by those of the applications around it.
    let mut contents: BTreeMap<(usize, &[Place]), Content<'_>> = BTreeMap::new();
    for one in utterances {
        for at in 0..one.applied.len() {
            let application = &one.applied[at..];
            let content = contents.entry((application.len(), application)).or_default();
            content.push((one.place, &one.applied[..at], &one.meanings));
        }
    }
    let mut first: FxHashMap<&Content<'_>, &[Place]> = FxHashMap::default();
    let mut told: FxHashSet<&[Place]> = FxHashSet::default();
    for ((_, application), content) in &contents {
        let other = *first.entry(content).or_insert(application);
        let inside = (1..application.len()).any(|at| told.contains(&application[at..]));
        if other[0] == application[0] || inside || view.sources.get(application[0].file).library {
            continue;
        }
        told.insert(application);
        let said = Diagnostic::warning(Code::W0117, "this application says nothing new")
            .at(application[0], "applies the policy to the same once more")
            .at(other[0], "says it already");
        let around = application[1..].iter();
        diagnostics.push(
            around
                .fold(said, |said, place| said.at(*place, Diagnostic::APPLIED))
                .with_help("drop one of them"),
        );
    }
}
