//! `must reach`: every such flow has to be allowed. Judged on the flows of today, and then on the selectors.

use weir_cluster::flow::{Flows, Point, Space};

use super::region::Region;
use super::{Prover, universe};
use crate::check::conflicts::guard_place;
use crate::diagnostic::{Code, Diagnostic};
use crate::meaning::{self, Meaning};
use crate::relation::Within;
use crate::resolve::program::{Ports, Reach, SentenceId, SentenceKind};
use crate::spoken::{self, first_between_two};

impl Prover<'_> {
    pub(super) fn check_required(&mut self) {
        let program = self.program;
        let required: Vec<(SentenceId, &Reach)> = program
            .iter()
            .filter_map(|(id, sentence)| match &sentence.kind {
                SentenceKind::Guardrail(guardrail) if !guardrail.forbids => Some((id, &guardrail.reach)),
                _ => None,
            })
            .collect();
        // A grant that could not be read may well open it.
        if required.is_empty() || program.incomplete {
            return;
        }
        let reaches = || required.iter().map(|(_, reach)| *reach);
        let space = meaning::space(self.meant, reaches(), self.universe.newcomers.clone(), self.facts);
        // Some requests of a port are not the port.
        let mut whole = self.meant.clone();
        whole.grants.retain(|grant| grant.narrowed.is_none());
        let flows = meaning::flows(&whole, self.facts, &space);
        for (id, reach) in required {
            if !self.check_today(id, reach, &space, &flows) {
                self.check_tomorrow(id, reach);
            }
        }
    }

    /// Whether some flow of today is closed, which is told.
    fn check_today(&mut self, id: SentenceId, reach: &Reach, space: &Space, flows: &Flows) -> bool {
        let required = Flows::from_boxes(space, &Meaning::new(self.facts, space).boxes(reach));
        let missing = required.minus(flows);
        let Some((source, destination, atom)) = first_between_two(&missing, space) else {
            return false;
        };
        let (from, to) = (&space.points[source], &space.points[destination]);
        let port = space.ports.atom(atom);
        let closing = self.meant.guards.iter().find(|guard| {
            let closes =
                |point: &Point, way: bool| matches!(point, Point::Pod(pod) if way && guard.pods.admits(pod));
            closes(from, guard.egress) || closes(to, guard.ingress)
        });
        let spoken = |point: &Point| self.spoken(point);
        let note = format!("for one, {} does not reach {} {}", spoken(from), spoken(to), spoken::on(port));
        let mut said = Diagnostic::error(Code::E0507, "what must be reached is closed")
            .at(reach.verb_place, "has to be open");
        if let Some(guard) = closing {
            said = said.at(guard_place(self.program, guard.sentence), "closed here");
        }
        let said = said.with_note(note).with_help("grant it: `… may reach …` with the same ends and ports");
        self.report(id, said);
        true
    }

    fn spoken(&self, point: &Point) -> String {
        match point {
            Point::Pod(pod) => match pod.class {
                Some(class) => self.universe.spoken(class.0),
                None => universe::newcomer(pod, self.facts),
            },
            Point::Address(address) => format!("`{}`", address.first),
        }
    }

    /// What is open today stays open if one grant covers it whole, or nothing can ever guard it.
    fn check_tomorrow(&mut self, id: SentenceId, reach: &Reach) {
        let from = self.region(&reach.subject);
        for (ports, to) in self.objects(&reach.object) {
            let Some(newcomer) = self.uncovered(&from, &to, ports) else { continue };
            let message = "this is open today, and no grant covers all of it";
            let help = "grant it to the whole set that the sentence names, by the same labels";
            return self.holds_today(id, message, &newcomer, None, help);
        }
    }

    /// A newcomer whose flows nothing grants for sure.
    fn uncovered(&self, from: &Region, to: &Region, ports: &Ports) -> Option<String> {
        let meets = |region: &Region, guarded: &Region| !self.regions.and(region, guarded).pods.is_empty();
        if !meets(from, &self.guarded.egress) && !meets(to, &self.guarded.ingress) {
            return None;
        }
        // Of all grants that hold for every destination and port: who is left over as a source?
        let mut left = from.clone();
        for grant in &self.meant.grants {
            let whole = grant.within == Within::Everywhere
                && grant.narrowed.is_none()
                && super::ports::minus(ports, &grant.ports).is_none()
                && self.regions.minus(to, &self.regions.of(&grant.to)).is_empty();
            if whole {
                left = self.regions.minus(&left, &self.regions.of(&grant.from));
            }
        }
        if left.is_empty() {
            return None;
        }
        match left.pods.terms().first().or(to.pods.terms().first()) {
            Some(term) => Some(universe::newcomer(&universe::example(term, self.facts), self.facts)),
            None => Some(left.spoken()),
        }
    }
}
