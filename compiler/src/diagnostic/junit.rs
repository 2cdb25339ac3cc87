//! Diagnostics as JUnit XML: a suite a file, a case a diagnostic. What makes the command fail is a failure, the rest is
//! the output of a case that passed; a file of which nothing is said has one case, which passed.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::position::Positions;
use super::{Diagnostic, Severity, artifact, words};
use crate::junit::{self, Failure, TestCase, TestSuite};
use crate::source::Sources;

/// The name of all suites together, and of the suite of what belongs to no file.
const NAME: &str = "weir";

/// `failing` is the least severity that makes the command fail.
pub fn report(sources: &Sources, diagnostics: &[Diagnostic], failing: Severity) -> String {
    let positions = Positions::new(sources);
    let name = |path: &str| artifact::file(path).unwrap_or_else(|| path.to_owned());
    let mut files: BTreeMap<String, Vec<TestCase>> = BTreeMap::new();
    let mut named: FxHashMap<(String, String), u32> = FxHashMap::default();
    for (_, source) in sources.iter().filter(|(_, source)| !source.library) {
        files.entry(name(&source.path)).or_default();
    }
    for diagnostic in diagnostics {
        let spot = words::spot(&positions, diagnostic);
        let suite = spot.as_ref().map_or_else(|| NAME.to_owned(), |spot| name(spot.path));
        let mut case = case(&positions, diagnostic, &suite, failing);
        // Consumers take two cases of one name for one.
        let count = named.entry((suite.clone(), case.name.clone())).or_default();
        *count += 1;
        if *count > 1 {
            case.name += &format!(" ({count})");
        }
        files.entry(suite).or_default().push(case);
    }
    if files.is_empty() {
        files.entry(NAME.to_owned()).or_default();
    }
    let suites: Vec<TestSuite> = files
        .into_iter()
        .map(|(name, mut cases)| {
            if cases.is_empty() {
                cases.push(TestCase { class: name.clone(), ..TestCase::new("nothing found") });
            }
            TestSuite { name, cases }
        })
        .collect();
    junit::write(NAME, &suites)
}

fn case(positions: &Positions<'_>, diagnostic: &Diagnostic, suite: &str, failing: Severity) -> TestCase {
    let spot = words::spot(positions, diagnostic);
    let start = spot.as_ref().and_then(|spot| spot.start);
    let lines = words::lines_with_places(positions, diagnostic);
    let code = diagnostic.code.name();
    let mut case = TestCase::new(match start {
        Some((line, Some(column))) => format!("{code} at {line}:{column}: {}", lines[0]),
        Some((line, None)) => format!("{code} at {line}: {}", lines[0]),
        None => format!("{code}: {}", lines[0]),
    });
    case.class = suite.to_owned();
    case.file = spot.as_ref().and_then(|spot| artifact::file(spot.path));
    case.line = start.map(|(line, _)| line);
    let shown = spot.map_or_else(String::new, |spot| format!("{}: ", spot.shown()));
    let text = format!("{shown}{}[{code}]: {}", diagnostic.severity.word(), lines.join("\n"));
    if diagnostic.severity >= failing {
        case.failure = Some(Failure { kind: code.to_owned(), message: lines[0].clone(), text });
    } else {
        case.output = text;
    }
    case
}
