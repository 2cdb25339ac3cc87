//! What is offered at a cursor.

use super::*;
use crate::ide::fixture::{Fixture, fixture, fixture_for};
use crate::target::Target;

fn offered(fixture: &Fixture) -> Completions {
    completion(&fixture.desk(), fixture.offset)
}

/// Label and detail of every item.
fn rows(text: &str) -> Vec<(String, String)> {
    let found = offered(&fixture(text));
    found.items.into_iter().map(|item| (item.label, item.detail.unwrap_or_default())).collect()
}

fn labels(text: &str) -> Vec<String> {
    rows(text).into_iter().map(|(label, _)| label).collect()
}

/// The labels of one kind.
fn of_kind(text: &str, kind: CompletionKind) -> Vec<String> {
    let found = offered(&fixture(text));
    found.items.into_iter().filter(|item| item.kind == kind).map(|item| item.label).collect()
}

fn item(text: &str, label: &str) -> Completion {
    let found = offered(&fixture(text));
    let labels: Vec<String> = found.items.iter().map(|item| item.label.clone()).collect();
    let item = found.items.into_iter().find(|item| item.label == label);
    item.unwrap_or_else(|| panic!("`{label}` is not among {labels:?}"))
}

/// The text with an item put in.
fn applied(text: &str, label: &str) -> String {
    let fixture = fixture(text);
    let found = offered(&fixture).items.into_iter().find(|item| item.label == label).unwrap();
    let mut text = fixture.desk().text().to_owned();
    let mut edits: Vec<(Span, String)> =
        found.more.into_iter().map(|edit| (edit.place.span, edit.text)).collect();
    edits.push((found.replace, found.insert));
    edits.sort();
    for (span, with) in edits.into_iter().rev() {
        text.replace_range(span.range(), &with);
    }
    text
}

mod names;
mod places;
mod robust;
mod values;
