//! Judges the tests of a program: every assertion on the flows that the program means, newcomers included.

use weir_cluster::flow::{Carrier, Flows, Point, PortRange, Space};
use weir_cluster::inventory::ContainerPort;

use crate::check::guard_place;
use crate::decide::decide;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::meaning::{self, Meaning};
use crate::relation::Relation;
use crate::resolve::names::{self, Named};
use crate::resolve::program::{Assertion, Program, Test};
use crate::source::Place;

/// How one test ended.
#[derive(Clone, Debug)]
pub struct TestResult {
    pub name: String,
    pub place: Place,
    /// One for each assertion that does not hold; empty for a test that passed.
    pub failures: Vec<Diagnostic>,
}

/// Judges every test, in the order of their places.
pub fn judge(program: &Program, relation: &Relation, facts: &Facts<'_>) -> Vec<TestResult> {
    let assertions = || program.tests.iter().flat_map(|test| &test.assertions);
    let newcomers = Space::newcomers(facts.inventory);
    let space = meaning::space(relation, assertions().map(|one| &one.reach), newcomers, facts);
    let flows = meaning::flows(relation, facts, &space);
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
        let (source, destination, first) = meaning::first_between_two(&wrong, self.space)?;
        let (atom, all) = self.telling(&wrong, source, destination, first);
        let flow = (source, destination, atom);
        let decision = decide(self.relation, self.facts, self.space, flow);
        let (from, to) = (self.spoken(source), self.spoken(destination));
        let port = if all { "every port".to_owned() } else { port_text(self.space.ports.atom(atom)) };
        let verb = assertion.reach.verb_place;
        let message = match assertion.reaches {
            true => format!("{from} does not reach {to} on {port}"),
            false => format!("{from} reaches {to} on {port}"),
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
                    written(self.space.ports.atom(atom))
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

    /// The port to tell of a flow that is wrong on several: one that the destination declares; and whether it is wrong
    /// on all of them.
    fn telling(&self, wrong: &Flows, source: usize, destination: usize, first: usize) -> (usize, bool) {
        let is_wrong = |atom: &usize| wrong.contains(source, destination, *atom);
        let atoms: Vec<usize> = (0..self.space.ports.len()).filter(is_wrong).collect();
        let Point::Pod(pod) = &self.space.points[destination] else {
            return (first, atoms.len() == self.space.ports.len());
        };
        let is_declared = |atom: &&usize| {
            let range = self.space.ports.atom(**atom);
            let within = |port: &ContainerPort| {
                Carrier::from(port.protocol) == range.protocol
                    && (range.first..=range.last).contains(&port.number)
            };
            pod.ports.iter().any(within) && range.first == range.last
        };
        (*atoms.iter().find(is_declared).unwrap_or(&first), atoms.len() == self.space.ports.len())
    }

    fn spoken(&self, at: usize) -> String {
        match &self.space.points[at] {
            Point::Address(address) => format!("`{}`", address.first),
            Point::Pod(pod) => match pod.class {
                Some(class) => {
                    let inventory = self.facts.inventory;
                    let workload = inventory.classes[class.index()].workload;
                    format!("`{}`", names::spelled(inventory, Named::Workload(workload), false))
                }
                None => crate::check::spoken_newcomer(pod, self.facts),
            },
        }
    }
}

/// `port 53/udp`, in a message.
pub fn port_text(port: PortRange) -> String {
    let word = if port.first == port.last { "port" } else { "ports" };
    format!("{word} {}", written(port))
}

fn written(port: PortRange) -> String {
    let protocol = match port.protocol {
        Carrier::Tcp => "tcp",
        Carrier::Udp => "udp",
        Carrier::Sctp => "sctp",
        Carrier::Icmp => "icmp",
        Carrier::Icmpv6 => "icmpv6",
        Carrier::Other => "other",
    };
    match port.first == port.last {
        true => format!("{}/{protocol}", port.first),
        false => format!("{}-{}/{protocol}", port.first, port.last),
    }
}
