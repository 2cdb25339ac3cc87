//! `only` and `may only`: what else would enter, or leave, by another grant.

use std::collections::{BTreeMap, BTreeSet};

use super::region::Region;
use super::{Meeting, Prover, ports};
use crate::diagnostic::{Code, Diagnostic};
use crate::relation::{Grant, GrantKind};
use crate::resolve::program::{Ports, Reach, SentenceId};

/// Of several, one that is so today.
fn surest(meetings: impl Iterator<Item = Meeting>) -> Option<Meeting> {
    let mut later = None;
    for meeting in meetings {
        match meeting {
            Meeting::Today(..) => return Some(meeting),
            Meeting::Later(_) => later = later.or(Some(meeting)),
        }
    }
    later
}

impl Prover<'_> {
    /// Flows into the object on its ports, from anybody else.
    pub(super) fn check_only(&mut self, id: SentenceId, reach: &Reach) {
        let own = self.region(&reach.subject);
        let mut found: BTreeMap<SentenceId, (usize, Meeting)> = BTreeMap::new();
        for (ports, to) in self.objects(&reach.object) {
            for at in self.by_destination.near(&to) {
                let grant = &self.meant.grants[at as usize];
                if !self.is_another(grant, id) {
                    continue;
                }
                let others = self.regions.minus(&self.regions.of(&grant.from), &own);
                if others.is_empty() {
                    continue;
                }
                let Some(meeting) = self.granted(grant, &others, &to, ports) else { continue };
                match found.get(&grant.sentence) {
                    Some((_, Meeting::Today(..))) => {}
                    _ => drop(found.insert(grant.sentence, (at as usize, meeting))),
                }
            }
        }
        for (at, meeting) in found.into_values() {
            self.report_beside(id, reach, &self.meant.grants[at], meeting, "only these may reach it");
        }
    }

    /// Flows out of the subject, to anything else.
    pub(super) fn check_may_only(&mut self, id: SentenceId, reach: &Reach) {
        let from = self.region(&reach.subject);
        let own = self.objects(&reach.object);
        let mut told = BTreeSet::new();
        for at in self.by_source.near(&from) {
            let grant = &self.meant.grants[at as usize];
            if !self.is_another(grant, id) || told.contains(&grant.sentence) {
                continue;
            }
            if self.regions.and(&self.regions.of(&grant.from), &from).is_empty() {
                continue;
            }
            // What is left of the grant when everything is taken away that this sentence grants itself.
            let mut left: Vec<(Region, Ports)> = vec![(self.regions.of(&grant.to), grant.ports.clone())];
            for (own_ports, own_region) in &own {
                let mut next = Vec::new();
                for (region, some) in left {
                    let elsewhere = self.regions.minus(&region, own_region);
                    if !elsewhere.is_empty() {
                        next.push((elsewhere, some.clone()));
                    }
                    let shared = self.regions.and(&region, own_region);
                    if let (false, Some(beyond)) = (shared.is_empty(), ports::minus(&some, own_ports)) {
                        next.push((shared, beyond));
                    }
                }
                left = next;
            }
            let found = left.iter().filter_map(|(region, some)| self.granted(grant, &from, region, some));
            let Some(meeting) = surest(found) else { continue };
            told.insert(grant.sentence);
            self.report_beside(id, reach, grant, meeting, "may reach only this");
        }
    }

    /// The prelude's grants do not count.
    fn is_another(&self, grant: &Grant, id: SentenceId) -> bool {
        grant.sentence != id && grant.kind != GrantKind::Library
    }

    fn report_beside(&mut self, id: SentenceId, reach: &Reach, grant: &Grant, meeting: Meeting, label: &str) {
        match meeting {
            Meeting::Today(source, destination) => {
                // Of two that exclude each other one tells it.
                if self.told.contains(&(grant.sentence, id)) {
                    return;
                }
                self.told.insert((id, grant.sentence));
                let (place, granted) = self.grant_place(grant);
                self.report(
                    id,
                    Diagnostic::error(Code::E0506, "another sentence grants what this one denies")
                        .at(reach.verb_place, label)
                        .at(place, granted)
                        .with_note(format!("for one, {source} may reach {destination}"))
                        .with_help(
                            "name it in this sentence too, or leave it out of the other with `except`",
                        ),
                );
            }
            Meeting::Later(newcomer) => {
                let message = "nothing else is granted today, and labels of tomorrow could change that";
                let help = "leave the one out of the other with `except`, or select by namespace names";
                self.holds_today(id, message, &newcomer, Some(grant), help);
            }
        }
    }
}
