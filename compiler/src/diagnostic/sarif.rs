//! Diagnostics as SARIF 2.1.0, the format of code scanning: one run, whose rules are all codes with their pages.

mod model;

use std::collections::BTreeMap;

use super::fingerprint::Fingerprints;
use super::position::Positions;
use super::{Code, Diagnostic, InputPlace, Label, Suggestion, artifact, printable, words};
use crate::project::Level;
use crate::source::{Place, Sources};
use model::{
    Artifact, Change, Configuration, Content, Driver, Entry, Fix, Help, Invocation, Location, Log, Physical,
    Region, Replacement, Rule, Run, Text, Tool,
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Columns are counted so, as editors do.
const COLUMNS: &str = "utf16CodeUnits";
/// What relative paths are relative to; its usual name.
const ROOT: &str = "%SRCROOT%";
/// The kind of fingerprint and its version: another way to make it gets another number.
const FINGERPRINT: &str = "weir/v1";

/// One line of JSON. `ran` is whether the command could run: where it could not, nothing found means nothing.
pub fn report(sources: &Sources, diagnostics: &[Diagnostic], ran: bool) -> String {
    let positions = Positions::new(sources);
    let mut fingerprints = Fingerprints::default();
    let entry = |diagnostic| entry(&positions, diagnostic, fingerprints.of(&positions, diagnostic));
    let results = diagnostics.iter().map(entry).collect();
    let driver = Driver {
        name: "weir",
        semantic_version: env!("CARGO_PKG_VERSION"),
        rules: Code::ALL.iter().map(|code| rule(*code)).collect(),
    };
    let run = Run {
        tool: Tool { driver },
        invocations: [Invocation { execution_successful: ran }],
        column_kind: COLUMNS,
        results,
    };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    serde_json::to_string(&log).expect("plain data is always JSON") + "\n"
}

fn rule(code: Code) -> Rule {
    let page = code.page();
    // Between the heading and the example it is told what the code means.
    let said = page.split("\n## ").next().unwrap_or(page).split_once('\n').map_or("", |(_, said)| said);
    let paragraphs: Vec<String> =
        said.trim().split("\n\n").map(|lines| lines.lines().collect::<Vec<_>>().join(" ")).collect();
    let (enabled, level) = match code.lint() {
        None | Some((_, Level::Deny)) => (true, "error"),
        Some((_, Level::Warn)) => (true, "warning"),
        Some((_, Level::Allow)) => (false, "warning"),
    };
    Rule {
        id: code.name(),
        name: rule_name(code),
        short_description: Text { text: code.title().to_owned() },
        full_description: Text { text: paragraphs[0].clone() },
        help: Help { text: paragraphs.join("\n\n"), markdown: page },
        default_configuration: Configuration { enabled, level },
    }
}

/// `IdleGrant`: the lint's name, or the title without its article.
pub fn rule_name(code: Code) -> String {
    let title = code.title().replace(';', "semicolon").replace('\'', "");
    let name = code.lint().map_or(title.as_str(), |(name, _)| name);
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.enumerate().filter(|(at, word)| *at > 0 || !matches!(*word, "a" | "an" | "the"));
    words.map(|(_, word)| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

fn entry<'a>(positions: &Positions<'_>, diagnostic: &'a Diagnostic, fingerprint: String) -> Entry<'a> {
    let code = diagnostic.code;
    let mut places: Vec<Location> =
        diagnostic.labels.iter().map(|label| location(positions, label)).collect();
    places.extend(diagnostic.input.as_ref().map(input));
    let related_locations = places.split_off(places.len().min(1));
    let related = related_locations.into_iter().enumerate();
    let mut fixes: Vec<Fix<'a>> = Vec::new();
    for suggestion in &diagnostic.suggestions {
        let fix = fix(positions, suggestion);
        // The schema wants them to differ.
        if !fixes.contains(&fix) {
            fixes.push(fix);
        }
    }
    Entry {
        rule_id: code.name(),
        rule_index: code as usize,
        level: diagnostic.severity.word(),
        message: Text { text: words::lines(diagnostic).join("\n") },
        locations: places.into_iter().map(|place| Location { message: None, ..place }).collect(),
        related_locations: related.map(|(at, place)| Location { id: Some(at + 1), ..place }).collect(),
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, fingerprint)]),
        fixes,
    }
}

fn location(positions: &Positions<'_>, label: &Label) -> Location {
    let text = printable(&label.text);
    Location {
        id: None,
        physical_location: Physical {
            artifact_location: artifact(positions.path(label.place)),
            region: Some(region(positions, label.place)),
        },
        message: (!text.is_empty()).then_some(Text { text }),
    }
}

fn input(input: &InputPlace) -> Location {
    let column = (input.column > 0).then_some(input.column as usize);
    let region =
        Region { start_line: input.line as usize, start_column: column, end_line: None, end_column: None };
    Location {
        id: None,
        physical_location: Physical {
            artifact_location: artifact(&input.file),
            region: (input.line > 0).then_some(region),
        },
        message: None,
    }
}

fn artifact(path: &str) -> Artifact {
    let (uri, relative) = artifact::uri(path);
    Artifact { uri, uri_base_id: relative.then_some(ROOT) }
}

fn region(positions: &Positions<'_>, place: Place) -> Region {
    let (start, end) = positions.of(place);
    Region {
        start_line: start.line,
        start_column: Some(start.utf16),
        end_line: Some(end.line),
        end_column: Some(end.utf16),
    }
}

fn fix<'a>(positions: &Positions<'_>, suggestion: &'a Suggestion) -> Fix<'a> {
    let replacement = Replacement {
        deleted_region: region(positions, suggestion.place),
        inserted_content: Content { text: &suggestion.replacement },
    };
    let change =
        Change { artifact_location: artifact(positions.path(suggestion.place)), replacements: [replacement] };
    Fix { description: Text { text: printable(&suggestion.message) }, artifact_changes: [change] }
}
