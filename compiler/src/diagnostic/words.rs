//! A diagnostic in plain lines, for formats that have one field for all that is said.

use super::position::Positions;
use super::{Diagnostic, listed, printable};

/// The message, what stands at the culprit, why, and what to do.
pub fn lines(diagnostic: &Diagnostic) -> Vec<String> {
    let mut lines = vec![printable(&diagnostic.message)];
    lines.extend(diagnostic.labels.first().map(|label| printable(&label.text)));
    lines.extend(rest(diagnostic));
    lines
}

/// The same with the places that it collides with, for formats that know but one place.
pub fn lines_with_places(positions: &Positions<'_>, diagnostic: &Diagnostic) -> Vec<String> {
    let mut lines = vec![printable(&diagnostic.message)];
    for (at, label) in diagnostic.labels.iter().enumerate() {
        let text = printable(&label.text);
        lines.push(match at {
            0 => text,
            _ => {
                let (start, _) = positions.of(label.place);
                let path = printable(positions.path(label.place));
                format!("{path}:{}:{}: {text}", start.line, start.column)
            }
        });
    }
    lines.extend(rest(diagnostic));
    lines
}

fn rest(diagnostic: &Diagnostic) -> impl Iterator<Item = String> + '_ {
    let document = diagnostic.input.as_ref().map(|input| input.document).filter(|document| *document > 0);
    let document = document.map(|document| format!("in document {document}"));
    let notes = diagnostic.notes.iter().map(|note| printable(note));
    let help = diagnostic.help.iter().map(|help| format!("help: {}", printable(help)));
    document
        .into_iter()
        .chain(occurrence(diagnostic))
        .chain(notes)
        .chain(help)
        .filter(|line| !line.is_empty())
}

/// Where it holds: of the namespaces that a block speaks of, and of the clusters of the project.
pub fn occurrence(diagnostic: &Diagnostic) -> impl Iterator<Item = String> + '_ {
    let lists = [("namespace", &diagnostic.namespaces), ("cluster", &diagnostic.clusters)];
    lists.into_iter().filter(|(_, names)| !names.is_empty()).map(|(word, names)| {
        let plural = if names.len() == 1 { "" } else { "s" };
        format!("in {word}{plural} {}", printable(&listed(names, "and")))
    })
}

/// Where a diagnostic stands, for formats that know one place: the culprit, or a place in another input.
pub struct Spot<'a> {
    pub path: &'a str,
    /// Line and column in characters of the beginning and of the end, which is exclusive. Lines count from 1, and
    /// what is not known is absent.
    pub start: Option<(usize, Option<usize>)>,
    pub end: Option<(usize, usize)>,
}

pub fn spot<'a>(positions: &Positions<'a>, diagnostic: &'a Diagnostic) -> Option<Spot<'a>> {
    if let Some(label) = diagnostic.labels.first() {
        let (start, end) = positions.of(label.place);
        return Some(Spot {
            path: positions.path(label.place),
            start: Some((start.line, Some(start.column))),
            end: Some((end.line, end.column)),
        });
    }
    let input = diagnostic.input.as_ref()?;
    let column = (input.column > 0).then_some(input.column as usize);
    let start = (input.line > 0).then_some((input.line as usize, column));
    Some(Spot { path: &input.file, start, end: None })
}

impl Spot<'_> {
    /// `shop.weir:2:29`
    pub fn shown(&self) -> String {
        let path = printable(self.path);
        match self.start {
            Some((line, Some(column))) => format!("{path}:{line}:{column}"),
            Some((line, None)) => format!("{path}:{line}"),
            None => path,
        }
    }
}
