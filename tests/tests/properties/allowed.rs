//! Which flows a program allows: the formula of the language's definition, for every pair of points by itself.

use weir_cluster::flow::{PodPoint, PortRange};

use super::oracle::{Meant, Part, Reading, World};
use super::program::*;

/// A source, a destination, a port atom.
pub type Flow = (usize, usize, usize);

/// Every flow, as one long list of answers.
pub struct Table {
    points: usize,
    atoms: usize,
    cells: Vec<bool>,
}

impl Table {
    pub fn new(points: usize, atoms: usize, value: bool) -> Table {
        Table { points, atoms, cells: vec![value; points * points * atoms] }
    }

    pub fn at(&mut self, source: usize, destination: usize, atom: usize) -> &mut bool {
        &mut self.cells[(source * self.points + destination) * self.atoms + atom]
    }

    pub fn is(&self, (source, destination, atom): Flow) -> bool {
        self.cells[(source * self.points + destination) * self.atoms + atom]
    }

    pub fn all(&self) -> impl Iterator<Item = Flow> {
        let (points, atoms) = (self.points, self.atoms);
        let set = self.cells.iter().enumerate().filter(|(_, cell)| **cell);
        set.map(move |(at, _)| (at / atoms / points, at / atoms % points, at % atoms))
    }
}

impl Sentence {
    /// What it guards: sets, the way, and the word of a posture.
    pub fn guards(&self) -> Option<(Vec<&Set>, Way, Option<Word>)> {
        match &self.kind {
            SentenceKind::Posture { subject, word, way, .. } => Some((vec![subject], *way, Some(*word))),
            SentenceKind::Grant(grant) => match grant.verb.closes()? {
                Way::Egress => Some((vec![&grant.from], Way::Egress, None)),
                way => Some((grant.to.iter().map(|(set, _)| set).collect(), way, None)),
            },
        }
    }
}

impl World<'_> {
    /// Every sentence as it holds: once for each namespace of `in each`.
    pub fn instances(&self) -> impl Iterator<Item = (&Sentence, Option<usize>)> {
        self.program
            .sentences
            .iter()
            .flat_map(|sentence| self.homes(sentence).into_iter().map(move |home| (sentence, home)))
    }

    /// The parts of what a sentence guards.
    pub fn kept(&self, sentence: &Sentence, home: Option<usize>) -> Vec<Part> {
        let sets = sentence.guards().map(|(sets, ..)| sets).unwrap_or_default();
        sets.into_iter().flat_map(|set| self.denote(set, home, sentence.absent.of_guard())).collect()
    }

    /// Who is guarded, for ingress and for egress.
    pub fn guarded(&self, way: Way) -> Vec<bool> {
        let mut guarded = vec![false; self.points.len()];
        for (sentence, home) in self.instances() {
            let Some((_, closed, word)) = sentence.guards() else { continue };
            if word == Some(Word::Open) || !closed.closes(way) {
                continue;
            }
            for part in self.kept(sentence, home) {
                for (at, member) in part.members.iter().enumerate() {
                    let lives =
                        |pod: &PodPoint| part.later || self.exists(pod) || self.reading == Reading::Meant;
                    guarded[at] |= *member && self.pod(at).is_some_and(lives);
                }
            }
        }
        guarded
    }

    /// The conflicts among postures that are errors: what is open is guarded, what is locked is isolated.
    pub fn conflicts(&self) -> Vec<&'static str> {
        let mut codes = Vec::new();
        let (ingress, egress) = (self.guarded(Way::Ingress), self.guarded(Way::Egress));
        let mut locked = vec![false; self.today];
        let mut isolated = vec![false; self.today];
        let mut open = false;
        for (sentence, home) in self.instances() {
            let Some((_, way, Some(word))) = sentence.guards() else { continue };
            for part in self.kept(sentence, home) {
                for at in (0..self.today).filter(|at| part.members[*at]) {
                    match word {
                        Word::Locked => locked[at] = true,
                        Word::Isolated => isolated[at] = true,
                        Word::Open => {
                            open |= way.closes(Way::Ingress) && ingress[at];
                            open |= way.closes(Way::Egress) && egress[at];
                        }
                    }
                }
            }
        }
        codes.extend(open.then_some("E0501"));
        codes.extend(locked.iter().zip(&isolated).any(|(a, b)| *a && *b).then_some("E0502"));
        codes
    }

    /// What is granted, by the sentences that are there today.
    pub fn granted(&self, atoms: &[PortRange], prelude: bool) -> Result<Table, ()> {
        let mut granted = Table::new(self.points.len(), atoms.len(), false);
        for (sentence, home) in self.instances() {
            self.grant(sentence, home, atoms, &mut granted)?;
        }
        if prelude {
            self.grant(&dns(), None, atoms, &mut granted)?;
        }
        Ok(granted)
    }

    /// allowed(f) = (the source is not egress-guarded or f is granted)
    ///          and (the destination is not ingress-guarded or f is granted)
    pub fn allowed(&self, atoms: &[PortRange], prelude: bool) -> Result<Table, ()> {
        let mut granted = self.granted(atoms, prelude)?;
        let (ingress, egress) = (self.guarded(Way::Ingress), self.guarded(Way::Egress));
        let mut allowed = Table::new(self.points.len(), atoms.len(), false);
        for (source, closed_out) in egress.iter().enumerate() {
            for (destination, closed_in) in ingress.iter().enumerate() {
                for atom in 0..atoms.len() {
                    let granted = *granted.at(source, destination, atom);
                    let leaves = !closed_out || granted;
                    let enters = !closed_in || granted;
                    *allowed.at(source, destination, atom) = leaves && enters;
                }
            }
        }
        Ok(allowed)
    }

    /// Whether something that is reached has no pods today: whether a port is exposed there is nobody's to say.
    pub fn has_empty_object(&self) -> bool {
        self.instances().any(|(sentence, home)| match &sentence.kind {
            SentenceKind::Grant(grant) => grant.to.iter().any(|(set, _)| {
                let parts = self.denote(set, home, sentence.absent);
                parts.iter().any(|part| self.is_empty(std::slice::from_ref(part)))
            }),
            SentenceKind::Posture { .. } => false,
        })
    }

    /// What one sentence grants in one namespace.
    pub fn grant(
        &self,
        sentence: &Sentence,
        home: Option<usize>,
        atoms: &[PortRange],
        granted: &mut Table,
    ) -> Result<(), ()> {
        match &sentence.kind {
            SentenceKind::Posture { each, subject, word: Word::Isolated, .. } => {
                self.inner(*each, subject, &self.kept(sentence, home), atoms.len(), granted);
            }
            SentenceKind::Posture { .. } => {}
            SentenceKind::Grant(grant) => {
                let sources = self.denote(&grant.from, home, sentence.absent);
                let is_source = |at: &usize| sources.iter().any(|part| part.members[*at]);
                let sources: Vec<usize> = (0..self.points.len()).filter(is_source).collect();
                self.reached(grant, sentence, home, atoms, &mut |destination, at| {
                    if grant.verb.grants() && !sentence.is_over() {
                        sources.iter().for_each(|source| *granted.at(*source, destination, at) = true);
                    }
                })?;
            }
        }
        Ok(())
    }

    /// The members of what is isolated, part by part.
    fn inner(&self, each: bool, subject: &Set, parts: &[Part], atoms: usize, granted: &mut Table) {
        // Only pods can be members of a posture: the caches that `dns` names are none.
        let is_member = |at: usize| self.pod(at).is_some() && parts.iter().any(|part| part.members[at]);
        let members: Vec<usize> = (0..self.points.len()).filter(|at| is_member(*at)).collect();
        let part = |at: usize| {
            let pod = self.pod(at)?;
            match subject {
                _ if !each => None,
                Set::Partition(label) => pod.namespace_labels.get(PARTITIONS[*label].1),
                _ => Some(&pod.namespace),
            }
        };
        for (a, b) in members.iter().flat_map(|a| members.iter().map(move |b| (*a, *b))) {
            if part(a) == part(b) {
                (0..atoms).for_each(|atom| *granted.at(a, b, atom) = true);
            }
        }
    }

    /// Every destination and port that a sentence speaks of.
    pub fn reached(
        &self,
        grant: &Grant,
        sentence: &Sentence,
        home: Option<usize>,
        atoms: &[PortRange],
        found: &mut dyn FnMut(usize, usize),
    ) -> Result<(), ()> {
        for (set, port) in &grant.to {
            let ports: Vec<&Port> = port.iter().chain(&grant.on).collect();
            let parts = self.denote(set, home, sentence.absent);
            for (part, meant) in self.with_ports(parts, &ports, sentence.absent)? {
                for destination in (0..self.points.len()).filter(|at| part.members[*at]) {
                    for (at, atom) in atoms.iter().enumerate() {
                        if meant.iter().any(|meant| self.covers(meant, destination, atom)) {
                            found(destination, at);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn covers(&self, meant: &Meant, destination: usize, atom: &PortRange) -> bool {
        match meant {
            Meant::Range(protocol, first, last) => {
                atom.protocol == (*protocol).into() && *first <= atom.first && atom.last <= *last
            }
            Meant::Named(protocol, name) => self.pod(destination).is_some_and(|pod| {
                pod.ports.iter().any(|port| {
                    port.name.as_deref() == Some(name)
                        && port.protocol == *protocol
                        && (atom.protocol, atom.first, atom.last)
                            == ((*protocol).into(), port.number, port.number)
                })
            }),
        }
    }
}

/// The prelude: `anyone may reach dns;`
fn dns() -> Sentence {
    let grant = Grant { verb: Verb::May, from: Set::Anyone, to: vec![(Set::Dns, None)], on: Vec::new() };
    Sentence::plain(SentenceKind::Grant(grant))
}
