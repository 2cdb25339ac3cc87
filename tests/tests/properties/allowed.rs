//! Which flows a program allows: the formula of the language's definition, for every pair of points by itself.

use weir_cluster::flow::PortRange;

use super::oracle::{Meant, World};
use super::program::*;

/// Every (source, destination, port atom), as one long list of answers.
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
}

impl World<'_> {
    /// Who is guarded, for ingress and for egress.
    pub fn guarded(&self, way: Way) -> Vec<bool> {
        let mut guarded = vec![false; self.points.len()];
        for sentence in &self.program.sentences {
            let SentenceKind::Posture { subject, word, way: closed, .. } = &sentence.kind else { continue };
            if *word == Word::Open || !closed.closes(way) {
                continue;
            }
            for part in self.denote(subject, sentence.block, sentence.absent.of_posture()) {
                for (at, member) in part.members.iter().enumerate() {
                    // A NetworkPolicy lives in a namespace that exists, or that is named.
                    guarded[at] |= *member && self.pod(at).is_some_and(|pod| part.later || self.exists(pod));
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
        for sentence in &self.program.sentences {
            let SentenceKind::Posture { subject, word, way, .. } = &sentence.kind else { continue };
            for part in self.denote(subject, sentence.block, sentence.absent.of_posture()) {
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

    /// allowed(f) = (the source is not egress-guarded or f is granted)
    ///          and (the destination is not ingress-guarded or f is granted)
    pub fn allowed(&self, atoms: &[PortRange], prelude: bool) -> Result<Table, ()> {
        let points = self.points.len();
        let mut granted = Table::new(points, atoms.len(), false);
        for sentence in &self.program.sentences {
            match &sentence.kind {
                SentenceKind::Posture { each, subject, word: Word::Isolated, .. } => {
                    let parts = self.denote(subject, sentence.block, sentence.absent.of_posture());
                    // Only pods can be members of a posture: the caches that `dns` names are none.
                    let is_member =
                        |at: usize| self.pod(at).is_some() && parts.iter().any(|part| part.members[at]);
                    let members: Vec<usize> = (0..points).filter(|at| is_member(*at)).collect();
                    let home = |at: usize| self.pod(at).map(|pod| &pod.namespace);
                    for (a, b) in members.iter().flat_map(|a| members.iter().map(move |b| (*a, *b))) {
                        if !each || home(a) == home(b) {
                            (0..atoms.len()).for_each(|atom| *granted.at(a, b, atom) = true);
                        }
                    }
                }
                SentenceKind::Posture { .. } => {}
                SentenceKind::Grant(grant) => self.grant(grant, sentence, atoms, &mut granted)?,
            }
        }
        if prelude {
            let sentence =
                Sentence { block: None, kind: SentenceKind::Grant(dns()), absent: Ending::No, because: None };
            self.grant(&dns(), &sentence, atoms, &mut granted)?;
        }
        let (ingress, egress) = (self.guarded(Way::Ingress), self.guarded(Way::Egress));
        let mut allowed = Table::new(points, atoms.len(), false);
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
        self.program.sentences.iter().any(|sentence| match &sentence.kind {
            SentenceKind::Grant(grant) => grant.to.iter().any(|(set, _)| {
                let parts = self.denote(set, sentence.block, sentence.absent);
                parts.iter().any(|part| self.is_empty(std::slice::from_ref(part)))
            }),
            SentenceKind::Posture { .. } => false,
        })
    }

    fn grant(
        &self,
        grant: &Grant,
        sentence: &Sentence,
        atoms: &[PortRange],
        granted: &mut Table,
    ) -> Result<(), ()> {
        let sources = self.denote(&grant.from, sentence.block, sentence.absent);
        let is_source = |at: usize| sources.iter().any(|part| part.members[at]);
        let sources: Vec<usize> = (0..self.points.len()).filter(|at| is_source(*at)).collect();
        for (set, port) in &grant.to {
            let ports: Vec<&Port> = port.iter().chain(&grant.on).collect();
            let parts = self.denote(set, sentence.block, sentence.absent);
            for (part, meant) in self.with_ports(parts, &ports, sentence.absent)? {
                for destination in (0..self.points.len()).filter(|at| part.members[*at]) {
                    for (at, atom) in atoms.iter().enumerate() {
                        if meant.iter().any(|meant| self.covers(meant, destination, atom)) {
                            sources.iter().for_each(|source| *granted.at(*source, destination, at) = true);
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
                atom.protocol == *protocol && *first <= atom.first && atom.last <= *last
            }
            Meant::Named(protocol, name) => self.pod(destination).is_some_and(|pod| {
                pod.ports.iter().any(|port| {
                    port.name.as_deref() == Some(name)
                        && port.protocol == *protocol
                        && (atom.protocol, atom.first, atom.last) == (*protocol, port.number, port.number)
                })
            }),
        }
    }
}

/// The prelude: `anyone may reach dns;`
fn dns() -> Grant {
    Grant { from: Set::Anyone, to: vec![(Set::Dns, None)], on: Vec::new() }
}
