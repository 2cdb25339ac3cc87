//! `weir test`: the tests of the program, in every cluster that is asked for.

use std::collections::BTreeMap;

use weir::diagnostic::merge::merge;
use weir::diagnostic::position::Positions;
use weir::diagnostic::{Code, Diagnostic, json, printable, render};
use weir::junit::{self, Failure, TestCase, TestSuite};
use weir::{Sources, TestResult};

use super::args::{Format, TestArguments};
use super::report::Report;
use super::{Outcome, clusters, input};

pub fn run(arguments: &TestArguments) -> Outcome {
    let report = Report::to_stdout(&arguments.program);
    let input = match input::read(&arguments.program.input) {
        // Never taken apart: the process ends with the command.
        Ok(input) => std::mem::ManuallyDrop::new(input),
        Err(failure) => return report.failed_in(&failure.sources, &failure.diagnostics),
    };
    let run = match clusters::each(&input, |analysis, facts| analysis.run_tests(facts)) {
        Ok(run) => run,
        Err(errors) => return report.failed_in(input.sources(), &errors),
    };
    let mut tests: Vec<Test> = Vec::new();
    for cluster in &run.clusters {
        report.say(&cluster.inventory);
        // What a program means that has errors, nobody knows.
        let Some(results) = &cluster.result else {
            let errors: Vec<Diagnostic> =
                run.diagnostics.iter().filter(|said| said.is_error()).cloned().collect();
            if report.diagnostics(input.sources(), &errors).is_err() {
                return Outcome::Failed;
            }
            report.say(&format!("no test was run: {}", Report::count(&errors).unwrap_or_default()));
            return Outcome::Found;
        };
        let name = if run.clusters.len() > 1 { cluster.name.as_str() } else { "" };
        tests.extend(results.iter().map(|result| Test { cluster: name, result }));
    }
    if tests.is_empty() {
        let none = Diagnostic::error(Code::E0511, "no test was found").with_help(
            "write one: `test \"web keeps its orders\" { web reaches db:5432; web cannot reach internet; }`",
        );
        return match report.diagnostics(input.sources(), &[none]) {
            Ok(()) => Outcome::Found,
            Err(_) => Outcome::Failed,
        };
    }
    tell(&report, input.sources(), &tests)
}

/// A test in a cluster; in no cluster of a name where there is but one.
struct Test<'a> {
    cluster: &'a str,
    result: &'a TestResult,
}

impl Test<'_> {
    fn has_passed(&self) -> bool {
        self.result.failures.is_empty()
    }

    fn name(&self) -> String {
        let name = printable(&self.result.name);
        if self.cluster.is_empty() { name } else { format!("{name} ({})", self.cluster) }
    }
}

fn tell(report: &Report<'_>, sources: &Sources, tests: &[Test<'_>]) -> Outcome {
    let mut by_cluster: BTreeMap<&str, Vec<Diagnostic>> = BTreeMap::new();
    for test in tests {
        by_cluster.entry(test.cluster).or_default().extend(test.result.failures.iter().cloned());
    }
    let of_clusters = by_cluster.into_iter().map(|(name, said)| (name.to_owned(), said)).collect();
    let failures = merge(of_clusters);
    let told = match report.format() {
        Format::Human => {
            let lines: String = tests
                .iter()
                .map(|test| {
                    let path = printable(&sources.get(test.result.place.file).path);
                    let ended = if test.has_passed() { "ok" } else { "FAILED" };
                    format!("{path}: {} ... {ended}\n", test.name())
                })
                .collect();
            let shown = render::render(sources, &failures, report.has_color());
            let gap = if failures.is_empty() { "" } else { "\n" };
            report.put(&format!("{lines}{gap}{shown}"))
        }
        Format::Json => {
            let tests: Vec<(&str, &TestResult)> =
                tests.iter().map(|test| (test.cluster, test.result)).collect();
            report.put(&json::report_with_tests(sources, &failures, &tests))
        }
        Format::Junit => report.put(&junit::write("weir test", &suites(sources, tests))),
        Format::Sarif | Format::Github | Format::Gitlab => report.diagnostics(sources, &failures),
    };
    if told.is_err() {
        return Outcome::Failed;
    }
    let passed = tests.iter().filter(|test| test.has_passed()).count();
    let failed = tests.len() - passed;
    let word = if tests.len() == 1 { "test" } else { "tests" };
    report.say(&match failed {
        0 => format!("{} {word}: all passed", tests.len()),
        _ => format!("{} {word}: {passed} passed, {failed} failed", tests.len()),
    });
    if failed == 0 { Outcome::Fine } else { Outcome::Found }
}

/// A suite a file, in each cluster by itself.
fn suites(sources: &Sources, tests: &[Test<'_>]) -> Vec<TestSuite> {
    let positions = Positions::new(sources);
    let mut suites: Vec<TestSuite> = Vec::new();
    for test in tests {
        let source = sources.get(test.result.place.file);
        let name = match test.cluster {
            "" => source.path.clone(),
            cluster => format!("{} ({cluster})", source.path),
        };
        let failure = test.result.failures.first().map(|first| Failure {
            kind: first.code.name().to_owned(),
            message: first.message.clone(),
            text: render::render(sources, &test.result.failures, false),
        });
        let case = TestCase {
            class: name.clone(),
            file: Some(source.path.clone()),
            line: Some(positions.of(test.result.place).0.line),
            failure,
            ..TestCase::new(test.result.name.clone())
        };
        match suites.iter_mut().find(|suite| suite.name == name) {
            Some(suite) => suite.cases.push(case),
            None => suites.push(TestSuite { name, cases: vec![case] }),
        }
    }
    suites
}
