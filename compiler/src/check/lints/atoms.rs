//! What sentences are made of, by number: the smallest parts of sets, and ports. Equal ones have one number, so that
//! sentences are compared without a second look at their labels.

use std::collections::hash_map::Entry;
use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::resolve::program::{Ends, Ports, Program, SentenceId, SentenceKind};
use crate::selector::{Conjunction, PodSet};

/// A set's smallest parts, each of which has to lie within another set.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Atom<'p> {
    Pods(&'p Conjunction),
    Other(&'p Ends),
}

pub fn atoms<'p>(ends: impl IntoIterator<Item = &'p Ends>) -> impl Iterator<Item = Atom<'p>> {
    ends.into_iter().flat_map(|ends| {
        let pods = ends.pods().map(PodSet::terms).unwrap_or_default();
        let other = ends.pods().is_none().then_some(Atom::Other(ends));
        pods.iter().map(Atom::Pods).chain(other)
    })
}

/// Stands behind the atoms of each object of a sentence, also where it has none.
pub const END: u32 = u32::MAX;

/// The sentences of a program as numbers.
pub struct Outlines<'p> {
    /// By number.
    pub atoms: Vec<Atom<'p>>,
    from: Vec<u32>,
    to: Vec<(u32, u32)>,
    /// Where those of each sentence stand.
    of: Vec<(Range<u32>, Range<u32>)>,
}

impl<'p> Outlines<'p> {
    pub fn of(program: &'p Program) -> Outlines<'p> {
        let mut numbers = Numbers::default();
        let mut ports: FxHashMap<&'p Ports, u32> = FxHashMap::default();
        let (mut from, mut to) = (Vec::new(), Vec::new());
        let mut of = Vec::with_capacity(program.sentences.len());
        for sentence in &program.sentences {
            let (first_from, first_to) = (from.len() as u32, to.len() as u32);
            if let SentenceKind::Posture(posture) = &sentence.kind {
                from.extend_from_slice(numbers.of_pods(&posture.subject));
            }
            if let Some(reach) = sentence.kind.reach() {
                for part in &reach.subject {
                    from.extend_from_slice(numbers.of_ends(&part.ends));
                }
                for (part, some) in &reach.object {
                    let next = ports.len() as u32;
                    let port = *ports.entry(some).or_insert(next);
                    to.extend(numbers.of_ends(&part.ends).iter().map(|atom| (port, *atom)));
                    to.push((port, END));
                }
            }
            of.push((first_from..from.len() as u32, first_to..to.len() as u32));
        }
        Outlines { atoms: numbers.all, from, to, of }
    }

    /// The atoms of a sentence's subject, as they are written.
    pub fn from(&self, id: SentenceId) -> &[u32] {
        let range = &self.of[id.0 as usize].0;
        &self.from[range.start as usize..range.end as usize]
    }

    /// The atoms of its objects, each behind the number of its ports, with an [`END`] behind each object.
    pub fn to(&self, id: SentenceId) -> &[(u32, u32)] {
        let range = &self.of[id.0 as usize].1;
        &self.to[range.start as usize..range.end as usize]
    }

    /// The same without ports.
    pub fn objects(&self, id: SentenceId) -> impl Iterator<Item = u32> {
        self.to(id).iter().map(|(_, atom)| *atom).filter(|atom| *atom != END)
    }
}

#[derive(Default)]
struct Numbers<'p> {
    numbers: FxHashMap<Atom<'p>, u32>,
    all: Vec<Atom<'p>>,
    /// Where the atoms of a set stand in `lists`: one and the same set is meant over and over again.
    sets: FxHashMap<usize, Range<usize>>,
    lists: Vec<u32>,
    /// Of what is no set of pods.
    single: [u32; 1],
}

impl<'p> Numbers<'p> {
    fn of_ends(&mut self, ends: &'p Ends) -> &[u32] {
        match ends {
            Ends::Pods(pods) => self.of_pods(pods),
            other => {
                self.single = [self.number(Atom::Other(other))];
                &self.single
            }
        }
    }

    fn of_pods(&mut self, pods: &'p PodSet) -> &[u32] {
        if let Some(known) = self.sets.get(&pods.identity()) {
            return &self.lists[known.clone()];
        }
        let start = self.lists.len();
        for term in pods.terms() {
            let number = self.number(Atom::Pods(term));
            self.lists.push(number);
        }
        self.sets.insert(pods.identity(), start..self.lists.len());
        &self.lists[start..]
    }

    fn number(&mut self, atom: Atom<'p>) -> u32 {
        match self.numbers.entry(atom) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(entry) => {
                let number = self.all.len() as u32;
                self.all.push(atom);
                *entry.insert(number)
            }
        }
    }
}
