//! `must not reach`: nothing may grant such a flow, and something has to close its way.

use roaring::RoaringBitmap as Bits;

use super::ports::{Meet, meet};
use super::region::Region;
use super::{Guarded, Meeting, Prover};
use crate::diagnostic::{Code, Diagnostic};
use crate::relation::{Grant, GrantKind, Narrowing, Within};
use crate::resolve::program::{Ends, Ports, Reach, SentenceId};
use crate::target::capability::Feature;

impl Prover<'_> {
    pub(super) fn check_forbidden(&mut self, id: SentenceId, reach: &Reach) {
        let from = self.region(&reach.subject);
        for (ports, to) in self.objects(&reach.object) {
            if from.pods.is_empty() && to.pods.is_empty() {
                if !from.is_empty() && !to.is_empty() {
                    self.report_ungoverned(id, reach);
                }
                continue;
            }
            self.check_no_grant(id, reach, &from, &to, ports);
            // A posture that could not be read may well close it.
            if !self.program.incomplete {
                self.check_kept(id, reach, &from, &to, ports);
            }
        }
    }

    fn report_ungoverned(&mut self, id: SentenceId, reach: &Reach) {
        self.report(
            id,
            Diagnostic::error(Code::E0505, "no policy stands between these: neither end is a pod")
                .at(reach.verb_place, "cannot be kept")
                .with_help("policies guard pods; close such a way in the network itself"),
        );
    }

    fn check_no_grant(&mut self, id: SentenceId, reach: &Reach, from: &Region, to: &Region, ports: &Ports) {
        let (near_from, near_to) = (self.by_source.near(from), self.by_destination.near(to));
        let candidates = if near_from.len() < near_to.len() { near_from } else { near_to };
        let mut told = Vec::new();
        for at in candidates {
            let grant = &self.meant.grants[at as usize];
            if told.contains(&grant.sentence) {
                continue;
            }
            let meeting = self.granted(grant, from, to, ports);
            let Some(meeting) = meeting.or_else(|| self.by_name(grant, from, to, ports)) else { continue };
            told.push(grant.sentence);
            match meeting {
                Meeting::Today(source, destination) => {
                    let (place, label) = self.grant_place(grant);
                    let help = match grant.kind {
                        GrantKind::Library => {
                            "without the prelude (`prelude = false` in `weir.toml`) the program grants DNS itself"
                        }
                        _ => "there is no precedence: leave the flow out of one of them with `except`",
                    };
                    self.report(
                        id,
                        Diagnostic::error(Code::E0504, "a grant permits what must not be")
                            .at(reach.verb_place, "forbidden here")
                            .at(place, label)
                            .with_note(format!("for one, {source} may reach {destination}"))
                            .with_help(help),
                    );
                }
                Meeting::Later(_) if self.is_denied(from, to, ports) => {}
                Meeting::Later(newcomer) => {
                    let message = "nothing breaks this today, and labels of tomorrow could";
                    let help = "leave the one out of the other with `except`, or select by namespace names";
                    self.holds_today(id, message, &newcomer, Some(grant), help);
                }
            }
        }
    }

    /// A grant of addresses where a name is forbidden, or of a name where addresses are.
    fn by_name(&self, grant: &Grant, from: &Region, to: &Region, ports: &Ports) -> Option<Meeting> {
        let granted = self.regions.of(&grant.to);
        let (host, sure) = granted.name_among(to)?;
        let from = self.regions.and(&self.regions.of(&grant.from), from);
        let source = self.universe.bits(&from.pods).min()?;
        if grant.narrowed == Some(Narrowing::Ping) && *ports != Ports::All
            || meet(&grant.ports, ports, &Bits::new(), self.facts.inventory) == Meet::Never
        {
            return None;
        }
        Some(match sure {
            true => Meeting::Today(self.universe.spoken(source), format!("`{host}`")),
            false => Meeting::Later(format!("an address of `{host}` among these")),
        })
    }

    /// Whether the target denies every such flow, whoever grants it.
    fn is_denied(&self, from: &Region, to: &Region, ports: &Ports) -> bool {
        let destinations = self.regions.kinds(to);
        let kept = |from: &Ends| destinations.iter().all(|(to, _)| self.denials.can(from, to, ports));
        self.regions.kinds(from).iter().all(|(from, _)| kept(from))
    }

    /// What the target cannot deny has to be closed by a guard. The worst of what is open is told, once.
    fn check_kept(&mut self, id: SentenceId, reach: &Reach, from: &Region, to: &Region, ports: &Ports) {
        let destinations = self.regions.kinds(to);
        let told = self.diagnostics.len();
        for (source, from) in self.regions.kinds(from) {
            for (destination, to) in &destinations {
                if from.pods.is_empty() && to.pods.is_empty() {
                    continue; // no policy stands between these
                }
                if matches!(destination, Ends::Host(_))
                    && Feature::HostNames.no(self.denials.target()).is_some()
                {
                    continue; // told already
                }
                let Some(missing) = self.denials.missing(&source, destination, ports) else { continue };
                let before = self.diagnostics.len();
                self.check_closed(id, reach, &from, to, missing);
                if self.diagnostics[before..].iter().any(Diagnostic::is_error) {
                    self.diagnostics.drain(told..before);
                    return;
                }
                self.diagnostics.truncate(before.max(told + 1));
            }
        }
    }

    /// What no grant permits is still open where neither end is guarded.
    fn check_closed(&mut self, id: SentenceId, reach: &Reach, from: &Region, to: &Region, missing: Feature) {
        let open = |guarded: &Guarded| {
            let sources = self.regions.minus(from, &guarded.egress);
            let destinations = self.regions.minus(to, &guarded.ingress);
            self.meeting(&sources, &destinations, &Within::Everywhere)
        };
        match (open(&self.guarded), open(&self.guarded_by_target)) {
            (Some(Meeting::Today(source, destination)), _) => {
                let example = format!("for one, {source} reaches {destination}");
                let said = self.unkept(reach, from, to, missing);
                let who = format!("{} deny it", missing.who_can(self.denials.target()));
                self.report(id, said.with_note(example).with_note(who));
            }
            (Some(Meeting::Later(newcomer)), _) | (None, Some(Meeting::Later(newcomer))) => {
                let message = "guards keep this today, and no selector of theirs covers all of it";
                let help = "guard the whole set that the sentence names, by the same labels or by namespace";
                self.holds_today(id, message, &newcomer, None, help);
            }
            // Of namespaces to come this target guards none before the next build.
            (None, Some(Meeting::Today(source, destination))) => {
                let message = "this target keeps it for the namespaces of today";
                let newcomer = if source.contains("does not exist yet") || source.contains("new namespace") {
                    source
                } else {
                    destination
                };
                self.holds_today(id, message, &newcomer, None, "build again when namespaces are added");
            }
            (None, None) => {}
        }
    }

    /// A way that neither a guard nor the target closes.
    fn unkept(&self, reach: &Reach, from: &Region, to: &Region, missing: Feature) -> Diagnostic {
        let target = self.denials.target();
        if let Some(no) = missing.no(target).filter(|_| self.denials.has_any()) {
            let message =
                format!("the target `{}` cannot deny this, and neither end is guarded", target.name());
            return Diagnostic::error(no.code, message).at(reach.verb_place, no.why).with_help(no.instead);
        }
        let source = (!from.pods.is_empty()).then_some("`… locked for egress` on what must not reach");
        let destination =
            (!to.pods.is_empty()).then_some("`… locked for ingress` on what must not be reached");
        let help: Vec<&str> = [source, destination].into_iter().flatten().collect();
        Diagnostic::error(Code::E0505, "nothing closes this way: neither end is guarded")
            .at(reach.verb_place, "not kept")
            .with_help(format!("add a posture: {}", help.join(", or ")))
    }
}
