//! Diagnostics as a Code Quality report of GitLab: what merge requests show beside the changed lines.

use serde::Serialize;

use super::fingerprint::Fingerprints;
use super::position::Positions;
use super::words::{self, Spot};
use super::{Diagnostic, Severity, artifact};
use crate::source::Sources;

#[derive(Serialize)]
struct Entry {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    positions: Range,
}

#[derive(Serialize)]
struct Range {
    begin: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: usize,
    column: usize,
}

/// A list on one line; `[]` where nothing was found.
pub fn report(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    let positions = Positions::new(sources);
    let mut fingerprints = Fingerprints::default();
    let entry = |diagnostic: &Diagnostic| Entry {
        // GitLab shows it in one line.
        description: words::lines_with_places(&positions, diagnostic).join("; "),
        check_name: diagnostic.code.name(),
        fingerprint: fingerprints.of(&positions, diagnostic),
        severity: match diagnostic.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        location: location(words::spot(&positions, diagnostic)),
    };
    let entries: Vec<Entry> = diagnostics.iter().map(entry).collect();
    serde_json::to_string(&entries).expect("plain data is always JSON") + "\n"
}

/// GitLab takes no finding without a path and a line: what is not known is the root, and the first of them.
fn location(spot: Option<Spot<'_>>) -> Location {
    let path = match &spot {
        Some(spot) => artifact::file(spot.path).unwrap_or_else(|| spot.path.to_owned()),
        None => ".".to_owned(),
    };
    let start = spot.as_ref().and_then(|spot| spot.start).unwrap_or((1, None));
    let (line, column) = (start.0, start.1.unwrap_or(1));
    let end = spot.and_then(|spot| spot.end).unwrap_or((line, column));
    Location {
        path,
        positions: Range { begin: Position { line, column }, end: Position { line: end.0, column: end.1 } },
    }
}
