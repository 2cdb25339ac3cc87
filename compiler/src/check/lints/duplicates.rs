//! Sentences that say what another says already, and policies that are applied twice to the same. Meanings have
//! numbers, and are not compared one by one.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use weir_cluster::labels::Text;
use weir_grammar::ast::{Day, PostureWord};

use super::atoms::{END, Outlines};
use super::{View, dates};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::program::{Exclusive, Narrowed, Parts, Program, Sentence, SentenceId, SentenceKind};
use crate::source::Place;

/// What sentences say, whatever their words: by number, the same for what says the same.
pub struct Meanings {
    of: Vec<Meaning>,
    count: usize,
}

#[derive(Clone, Copy)]
struct Meaning {
    number: u32,
    /// It is about nobody.
    is_nothing: bool,
}

impl Meanings {
    pub fn of(program: &Program, outlines: &Outlines<'_>) -> Meanings {
        let mut known: FxHashMap<Box<[u32]>, u32> = FxHashMap::default();
        known.reserve(program.sentences.len());
        let mut words = Words::default();
        let of = program.iter().map(|(id, sentence)| {
            let is_nothing = words.spell(sentence, outlines.from(id), outlines.to(id));
            let number = match known.get(words.words.as_slice()) {
                Some(number) => *number,
                None => {
                    let number = known.len() as u32;
                    known.insert(words.words.as_slice().into(), number);
                    number
                }
            };
            Meaning { number, is_nothing }
        });
        let of = of.collect();
        Meanings { of, count: known.len() }
    }

    pub fn are_same(&self, a: SentenceId, b: SentenceId) -> bool {
        self.get(a).number == self.get(b).number
    }

    fn get(&self, id: SentenceId) -> Meaning {
        self.of[id.0 as usize]
    }
}

/// A meaning, spelled so that two are the same if their words are.
#[derive(Default)]
struct Words<'p> {
    words: Vec<u32>,
    atoms: Vec<u32>,
    pairs: Vec<(u32, u32)>,
    keys: FxHashMap<&'p Text, u32>,
    /// Requests of HTTP; none of them for a ping.
    requests: FxHashMap<&'p [(String, String)], u32>,
}

impl<'p> Words<'p> {
    /// Whether it is about nobody.
    fn spell(&mut self, sentence: &'p Sentence, from: &[u32], to: &[(u32, u32)]) -> bool {
        self.words.clear();
        match &sentence.kind {
            SentenceKind::Posture(posture) => {
                let word = match posture.word {
                    PostureWord::Isolated => 0,
                    PostureWord::Locked => 1,
                    PostureWord::Open => 2,
                };
                // What is not isolated has no members that reach each other.
                let parts = match &posture.parts {
                    Parts::Namespaces if posture.word == PostureWord::Isolated => 1,
                    Parts::Label(key) if posture.word == PostureWord::Isolated => {
                        2 + number(&mut self.keys, key)
                    }
                    _ => 0,
                };
                let flags = [posture.planned, posture.ingress, posture.egress].map(u32::from);
                self.words.extend([0, word, parts]);
                self.words.extend(flags);
                self.words.extend_from_slice(from); // in the order of the set, which is its own
                return from.is_empty();
            }
            SentenceKind::Grant(grant) => {
                let exclusive = match grant.exclusive {
                    Exclusive::No => 0,
                    Exclusive::Object => 1,
                    Exclusive::Subject => 2,
                };
                let narrowed = grant.narrowed.as_ref().map(|narrowed| match narrowed {
                    Narrowed::Http { requests, .. } => requests.as_slice(),
                    Narrowed::Ping { .. } => &[],
                });
                let narrowed = narrowed.map_or(0, |requests| 1 + number(&mut self.requests, requests));
                let planned = u32::from(grant.planned && grant.exclusive != Exclusive::No);
                let until = grant.until.map_or([0; 3], |(day, _)| {
                    [u32::from(day.year.cast_unsigned()), day.month.into(), day.day.into()]
                });
                self.words.extend([1, exclusive, planned, narrowed]);
                self.words.extend(until);
            }
            SentenceKind::Guardrail(guardrail) => {
                self.words.extend([2, u32::from(guardrail.forbids)]);
            }
        }
        self.atoms.clear();
        self.atoms.extend_from_slice(from);
        self.atoms.sort_unstable();
        self.atoms.dedup();
        self.words.extend_from_slice(&self.atoms);
        self.words.push(END);
        // The end of each object is the last of its ports' pairs, once.
        self.pairs.clear();
        self.pairs.extend_from_slice(to);
        self.pairs.sort_unstable();
        self.pairs.dedup();
        let mut inside = false;
        for (ports, atom) in &self.pairs {
            if !inside {
                self.words.push(*ports);
            }
            self.words.push(*atom);
            inside = *atom != END;
        }
        from.is_empty() || to.iter().all(|(_, atom)| *atom == END)
    }
}

/// A number for each key, given as they come.
fn number<K: Eq + std::hash::Hash>(known: &mut FxHashMap<K, u32>, key: K) -> u32 {
    let next = known.len() as u32;
    *known.entry(key).or_insert(next)
}

/// What is said at one place, once for each namespace of an `in each`.
struct Utterance<'p> {
    place: Place,
    applied: &'p [Place],
    meanings: Vec<u32>,
}

pub fn check(view: &View<'_>, meanings: &Meanings, diagnostics: &mut Vec<Diagnostic>) {
    let utterances = utterances(view, meanings);
    applied_twice(view, &utterances, diagnostics);
    // What policies say comes first: of a sentence and a policy that say the same, the sentence is the one to drop.
    let mut owners: Vec<Option<usize>> = vec![None; meanings.count];
    for (at, one) in utterances.iter().enumerate().filter(|(_, one)| !one.applied.is_empty()) {
        one.meanings.iter().for_each(|meaning| {
            owners[*meaning as usize].get_or_insert(at);
        });
    }
    let mut plain: Vec<usize> =
        (0..utterances.len()).filter(|at| utterances[*at].applied.is_empty()).collect();
    plain.sort_by_key(|at| utterances[*at].place);
    for at in plain {
        let one = &utterances[at];
        let is_said = one.meanings.iter().all(|meaning| owners[*meaning as usize].is_some());
        if let Some(first) =
            one.meanings.first().and_then(|meaning| owners[*meaning as usize]).filter(|_| is_said)
        {
            diagnostics.push(duplicate(one.place, &utterances[first]));
        }
        one.meanings.iter().for_each(|meaning| {
            owners[*meaning as usize].get_or_insert(at);
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

fn utterances<'p>(view: &View<'p>, meanings: &Meanings) -> Vec<Utterance<'p>> {
    let mut known: FxHashMap<(Place, &'p [Place]), usize> = FxHashMap::default();
    known.reserve(view.program.sentences.len());
    let mut all: Vec<Utterance<'p>> = Vec::new();
    for (id, sentence) in view.program.iter() {
        let Meaning { number, is_nothing } = meanings.get(id);
        if sentence.library || is_nothing || has_ended(sentence, view.today) {
            continue;
        }
        let (place, applied) = (sentence.place, sentence.origin.applied.as_slice());
        let at = *known.entry((place, applied)).or_insert(all.len());
        match all.get_mut(at) {
            Some(one) => one.meanings.push(number),
            None => all.push(Utterance { place, applied, meanings: vec![number] }),
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
