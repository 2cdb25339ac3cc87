//! Diagnostics as workflow commands of GitHub Actions: the runner reads them from the log and shows them beside the
//! lines of a pull request.

use std::fmt::Write;

use super::position::Positions;
use super::words::{self, Spot};
use super::{Diagnostic, Severity, artifact};
use crate::source::Sources;

/// One command a line; nothing where nothing was found.
pub fn report(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    let positions = Positions::new(sources);
    let mut out = String::new();
    for diagnostic in diagnostics {
        let command = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let mut lines = words::lines_with_places(&positions, diagnostic);
        let mut properties = Vec::new();
        if let Some(spot) = words::spot(&positions, diagnostic) {
            match artifact::file(spot.path) {
                Some(file) => properties = place(&file, &spot),
                // The runner knows only files; standard input and the library are told in words.
                None => lines[0] = format!("{}: {}", spot.shown(), lines[0]),
            }
        }
        properties.push(("title", format!("{} {}", diagnostic.code.name(), diagnostic.code.title())));
        let properties: Vec<String> =
            properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
        let _ = writeln!(out, "::{command} {}::{}", properties.join(","), data(&lines.join("\n")));
    }
    out
}

fn place(file: &str, spot: &Spot<'_>) -> Vec<(&'static str, String)> {
    let mut properties = vec![("file", file.to_owned())];
    let Some((line, column)) = spot.start else { return properties };
    properties.push(("line", line.to_string()));
    properties.extend(spot.end.map(|(end, _)| ("endLine", end.to_string())));
    // Columns of a place that spans several lines are refused by the runner.
    if spot.end.is_none_or(|(end, _)| end == line) {
        properties.extend(column.map(|column| ("col", column.to_string())));
        properties.extend(spot.end.map(|(_, end)| ("endColumn", end.to_string())));
    }
    properties
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
