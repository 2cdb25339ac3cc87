//! Judges the tests of a program: every assertion on the flows that the program means, newcomers included.

use weir_cluster::flow::{Flows, Space};

use crate::check::guard_place;
use crate::decide::decide;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::meaning::{self, Meaning};
use crate::relation::Relation;
use crate::resolve::program::{Assertion, Program, Test};
use crate::source::Place;
use crate::spoken::{self, Spoken};
use crate::target::Denials;

/// How one test ended.
#[derive(Clone, Debug)]
pub struct TestResult {
    pub name: String,
    pub place: Place,
    /// One for each assertion that does not hold; empty for a test that passed.
    pub failures: Vec<Diagnostic>,
}

/// Judges every test, in the order of their places.
pub(crate) fn judge(
    program: &Program,
    relation: &Relation,
    denials: Denials<'_>,
    facts: &Facts<'_>,
) -> Vec<TestResult> {
    let assertions = || program.tests.iter().flat_map(|test| &test.assertions);
    let newcomers = Space::newcomers(facts.inventory);
    let space = meaning::space(relation, assertions().map(|one| &one.reach), newcomers, facts);
    let flows = meaning::allowed(relation, denials, facts, &space);
    let judge = Judge { program, relation, facts, space: &space, flows: &flows };
    let mut results: Vec<TestResult> = program.tests.iter().map(|test| judge.test(test)).collect();
    results.sort_by_key(|result| result.place);
    results
}

struct Judge<'a> {
    program: &'a Program,
    relation: &'a Relation,
    facts: &'a Facts<'a>,
    space: &'a Space,
    flows: &'a Flows,
}

impl Judge<'_> {
    fn test(&self, test: &Test) -> TestResult {
        let failures = test.assertions.iter().filter_map(|one| self.assertion(one)).collect();
        TestResult { name: test.name.clone(), place: test.place, failures }
    }

    /// Why an assertion does not hold, by its first flow.
    fn assertion(&self, assertion: &Assertion) -> Option<Diagnostic> {
        let named =
            Flows::from_boxes(self.space, &Meaning::new(self.facts, self.space).boxes(&assertion.reach));
        let wrong = match assertion.reaches {
            true => named.minus(self.flows),
            false => named.intersect(self.flows),
        };
        let words = Spoken { facts: self.facts, space: self.space };
        let (source, destination, first) = spoken::first_between_two(&wrong, self.space)?;
        let (atom, all) = words.telling(&wrong, source, destination, first);
        let flow = (source, destination, atom);
        let decision = decide(self.relation, self.facts, self.space, flow);
        let (from, to) = (words.point(source), words.point(destination));
        let port = if all { "on every port".to_owned() } else { words.on(atom) };
        let verb = assertion.reach.verb_place;
        let message = match assertion.reaches {
            true => format!("{from} does not reach {to} {port}"),
            false => format!("{from} reaches {to} {port}"),
        };
        let mut said = Diagnostic::error(Code::E0508, message).at(verb, "asserted here");
        if assertion.reaches {
            let (leaving, entering) = (&decision.leaving, &decision.entering);
            for guard in leaving {
                let label = match entering.contains(guard) {
                    true => "closes what leaves the source, and what enters the destination",
                    false => "closes what leaves the source",
                };
                said = said.at(guard_place(self.program, *guard), label);
            }
            for guard in entering.iter().filter(|guard| !leaving.contains(guard)) {
                said = said.at(guard_place(self.program, *guard), "closes what enters the destination");
            }
            // Names stand in backticks; newcomers are described, and no sentence can be made of that.
            let name = |spoken: &str| Some(spoken.strip_prefix('`')?.strip_suffix('`')?.to_owned());
            return Some(match (name(&from), name(&to)) {
                (Some(from), Some(to)) => said.with_help(format!(
                    "a sentence such as `{from} may reach {to} on {}` would open it",
                    spoken::port(self.space.ports.atom(atom))
                )),
                _ => said.with_help("grant it to sets that such pods belong to, as namespaces do"),
            });
        }
        for grant in &decision.grants {
            said = said.at(self.program.get(*grant).place, "grants it");
        }
        if decision.grants.is_empty() {
            said = said
                .with_note("nothing guards either end, so everything may pass")
                .with_help("guard one of them: `… locked for egress`, or `… locked for ingress`");
        }
        Some(said)
    }
}
