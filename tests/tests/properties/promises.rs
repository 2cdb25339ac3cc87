//! What a program promises of itself: guardrails, `only` and `may only`, judged by flows over the language's universe.

use weir_cluster::flow::{Point, PortRange};

use super::allowed::{Flow, Table};
use super::cluster::DNS_CACHE;
use super::oracle::{Reading, World};
use super::program::*;

/// What the compiler says "holds today" of, although a grant meets it: it does not look at the ports of an inner grant
/// of a partition.
pub fn is_overlooked(program: &Program, sentence: &Sentence) -> bool {
    let isolated = |one: &Sentence| {
        let SentenceKind::Posture { subject, word, .. } = &one.kind else { return false };
        *word == Word::Isolated && matches!(subject, Set::Partition(_))
    };
    let closes = matches!(&sentence.kind, SentenceKind::Grant(grant) if grant.verb == Verb::MayOnly);
    closes && program.sentences.iter().any(isolated)
}

/// Whether `anywhere` leaves the node-local DNS caches out. The language says no; the compiler does so for now.
const CACHES_ARE_FORGOTTEN: bool = false;

/// What promises are proved over.
pub struct Universe {
    pub points: Vec<bool>,
    /// Whether all counts that may count: that pods of one class reach each other, for nobody knows how many there
    /// are; flows that no pod has an end of; and with `if present`, what matches nothing today.
    pub wide: bool,
}

impl World<'_> {
    /// Whether a flow is of a proof.
    fn counts(&self, (source, destination, _): Flow, universe: &Universe) -> bool {
        let is_cache =
            |point: &Point| matches!(point, Point::Address(range) if range.first.to_string() == DNS_CACHE);
        let between = || {
            source != destination
                && (self.pod(source).is_some() || self.pod(destination).is_some())
                && !(CACHES_ARE_FORGOTTEN && is_cache(&self.points[destination]))
        };
        universe.points[source] && universe.points[destination] && (universe.wide || between())
    }

    /// What breaks the promise of a sentence in a universe.
    pub fn broken(&self, at: usize, atoms: &[PortRange], universe: &Universe) -> Result<Option<Flow>, ()> {
        World { reading: Reading::Meant, ..*self }.broken_as_meant(at, atoms, universe)
    }

    fn broken_as_meant(
        &self,
        at: usize,
        atoms: &[PortRange],
        universe: &Universe,
    ) -> Result<Option<Flow>, ()> {
        let sentence = &self.program.sentences[at];
        let SentenceKind::Grant(grant) = &sentence.kind else { return Ok(None) };
        let counts = |flow: &Flow| self.counts(*flow, universe);
        match grant.verb {
            Verb::May => Ok(None),
            Verb::MustNot | Verb::Must => {
                let allowed = self.allowed(atoms, true)?;
                for home in self.homes(sentence) {
                    let region = self.region(grant, sentence, home, atoms, universe.wide)?;
                    let wrong = |flow: &Flow| allowed.is(*flow) == (grant.verb == Verb::MustNot);
                    if let Some(flow) = region.all().filter(counts).find(wrong) {
                        return Ok(Some(flow));
                    }
                }
                Ok(None)
            }
            Verb::OnlyMay | Verb::MayOnly => {
                for home in self.homes(sentence) {
                    let region = self.region(grant, sentence, home, atoms, universe.wide)?;
                    let mut own = Table::new(self.points.len(), atoms.len(), false);
                    self.grant(sentence, home, atoms, &mut own)?;
                    let mut others = Table::new(self.points.len(), atoms.len(), false);
                    for (other, there) in self.instances() {
                        if !std::ptr::eq(other, sentence) || there != home {
                            self.grant(other, there, atoms, &mut others)?;
                        }
                    }
                    let met = |flow: &Flow| others.is(*flow) && !own.is(*flow);
                    if let Some(flow) = region.all().filter(counts).find(met) {
                        return Ok(Some(flow));
                    }
                }
                Ok(None)
            }
        }
    }

    /// The flows that a sentence speaks of; of `only` and `may only`, all into or out of what they close.
    fn region(
        &self,
        grant: &Grant,
        sentence: &Sentence,
        home: Option<usize>,
        atoms: &[PortRange],
        wide: bool,
    ) -> Result<Table, ()> {
        let kept = Sentence { absent: sentence.absent.of_guard(), ..sentence.clone() };
        let sentence = if wide { &kept } else { sentence };
        let points = 0..self.points.len();
        let mut region = Table::new(points.len(), atoms.len(), false);
        let parts = self.denote(&grant.from, home, sentence.absent);
        let is_source =
            |at: &usize| grant.verb == Verb::OnlyMay || parts.iter().any(|part| part.members[*at]);
        let sources: Vec<usize> = points.clone().filter(is_source).collect();
        let mut found = |destination: usize, atom: usize| {
            sources.iter().for_each(|source| *region.at(*source, destination, atom) = true);
        };
        if grant.verb == Verb::MayOnly {
            for destination in points {
                (0..atoms.len()).for_each(|atom| found(destination, atom));
            }
        } else {
            self.reached(grant, sentence, home, atoms, &mut found)?;
        }
        Ok(region)
    }
}
