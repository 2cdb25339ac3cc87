//! Diagnostics as JSON, schema version 1: `docs/json.md` describes it, `docs/diagnostics.schema.json` defines it.

use serde::Serialize;

use super::Diagnostic;
use super::position::{self, Positions};
use crate::assertions::TestResult;
use crate::source::{Place, Sources};

/// The version of the schema; it changes when a field changes its meaning or goes.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    diagnostics: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tests: Option<Vec<TestEntry<'a>>>,
}

#[derive(Serialize)]
struct TestEntry<'a> {
    name: &'a str,
    #[serde(flatten)]
    range: Range<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    cluster: &'a str,
    passed: bool,
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    labels: Vec<LabelEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<InputEntry<'a>>,
    notes: &'a [String],
    help: &'a [String],
    suggestions: Vec<SuggestionEntry<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    namespaces: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    clusters: &'a [String],
}

#[derive(Serialize)]
struct LabelEntry<'a> {
    #[serde(flatten)]
    range: Range<'a>,
    text: &'a str,
    primary: bool,
}

#[derive(Serialize)]
struct InputEntry<'a> {
    file: &'a str,
    document: u32,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct SuggestionEntry<'a> {
    message: &'a str,
    #[serde(flatten)]
    range: Range<'a>,
    replacement: &'a str,
}

#[derive(Serialize)]
struct Range<'a> {
    file: &'a str,
    start: Position,
    end: Position,
}

/// Line and column count from 1, columns in characters; offset in bytes from 0.
#[derive(Serialize)]
struct Position {
    line: usize,
    column: usize,
    offset: usize,
}

/// One line of JSON.
pub fn report(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    write(sources, diagnostics, None, &[])
}

/// The same of a command that changes files, with their paths.
pub fn report_with_changed(sources: &Sources, diagnostics: &[Diagnostic], changed: &[String]) -> String {
    write(sources, diagnostics, Some(changed), &[])
}

/// The same of tests, each with its cluster, or with nothing where there is but one.
pub fn report_with_tests(
    sources: &Sources,
    failures: &[Diagnostic],
    tests: &[(&str, &TestResult)],
) -> String {
    write(sources, failures, None, tests)
}

fn write<'t>(
    sources: &'t Sources,
    diagnostics: &'t [Diagnostic],
    changed: Option<&'t [String]>,
    tests: &[(&'t str, &'t TestResult)],
) -> String {
    let positions = Positions::new(sources);
    let entries = diagnostics.iter().map(|diagnostic| entry(&positions, diagnostic)).collect();
    let test = |(cluster, test): &(&'t str, &'t TestResult)| TestEntry {
        name: &test.name,
        range: range(&positions, test.place),
        cluster,
        passed: test.failures.is_empty(),
    };
    let tests = (!tests.is_empty()).then(|| tests.iter().map(test).collect());
    let report = Report { version: VERSION, diagnostics: entries, changed, tests };
    serde_json::to_string(&report).expect("plain data is always JSON") + "\n"
}

fn entry<'a>(positions: &Positions<'a>, diagnostic: &'a Diagnostic) -> Entry<'a> {
    Entry {
        code: diagnostic.code.name(),
        severity: diagnostic.severity.word(),
        message: &diagnostic.message,
        labels: diagnostic
            .labels
            .iter()
            .enumerate()
            .map(|(at, label)| LabelEntry {
                range: range(positions, label.place),
                text: &label.text,
                primary: at == 0,
            })
            .collect(),
        input: diagnostic.input.as_ref().map(|input| InputEntry {
            file: &input.file,
            document: input.document,
            line: input.line,
            column: input.column,
        }),
        notes: &diagnostic.notes,
        help: &diagnostic.help,
        suggestions: diagnostic
            .suggestions
            .iter()
            .map(|suggestion| SuggestionEntry {
                message: &suggestion.message,
                range: range(positions, suggestion.place),
                replacement: &suggestion.replacement,
            })
            .collect(),
        namespaces: &diagnostic.namespaces,
        clusters: &diagnostic.clusters,
    }
}

fn range<'a>(positions: &Positions<'a>, place: Place) -> Range<'a> {
    let (start, end) = positions.of(place);
    Range { file: positions.path(place), start: start.into(), end: end.into() }
}

impl From<position::Position> for Position {
    fn from(position: position::Position) -> Position {
        Position { line: position.line, column: position.column, offset: position.offset }
    }
}
