//! The shapes that the schema asks for again and again: lists with bounds, sets without repetition, and mappings of
//! which exactly one field is set. Knows no field by name.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::rc::Rc;

use crate::enforce::read::fields::{Decoder, Path};
use crate::enforce::read::tree::{Node, Value};

pub(super) fn is_empty(node: &Node<'_>) -> bool {
    matches!(&node.value, Value::List(items) if items.is_empty())
}

/// As in `a, b and c`, each in backticks.
pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [firsts @ .., last] => format!("{} and {last}", firsts.join(", ")),
    }
}

/// A list of so many items; `instead` says what to write otherwise.
pub(super) fn bounded<'n>(
    decoder: &mut Decoder,
    node: &'n Node<'n>,
    path: Path<'_>,
    count: RangeInclusive<usize>,
    instead: &str,
) -> &'n [Rc<Node<'n>>] {
    let items = decoder.list(node, path);
    if is_empty(node) && !count.contains(&0) {
        decoder.error(node.line, path, format!("the list may not be empty: {instead}"));
    }
    if items.len() > *count.end() {
        let message = format!("{} stand here, and {} may: {instead}", items.len(), count.end());
        decoder.error(node.line, path, message);
    }
    items
}

/// A list of texts that says at least one thing, and nothing twice.
pub(super) fn values<T>(
    decoder: &mut Decoder,
    node: &Node<'_>,
    path: Path<'_>,
    most: usize,
    parse: fn(&str) -> Result<T, String>,
) -> Option<Vec<T>> {
    let instead = if is_empty(node) { "write one at least" } else { "write a second peer for the others" };
    let items = bounded(decoder, node, path, 1..=most, instead);
    let mut seen = HashSet::new();
    let mut values = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = Path::Index(&path, index);
        let Some(text) = decoder.string(item, path) else { continue };
        if !seen.insert(text) {
            decoder.error(item.line, path, format!("`{text}` stands here already: leave it out"));
        }
        match parse(text) {
            Ok(value) => values.push(value),
            Err(message) => decoder.error(item.line, path, message),
        }
    }
    (values.len() == items.len() && !values.is_empty()).then_some(values)
}

/// The one field of a mapping that is set.
pub(super) fn one_of<'n>(
    decoder: &mut Decoder,
    node: &'n Node<'n>,
    path: Path<'_>,
    names: &[&'static str],
    what: &str,
) -> Option<(&'static str, &'n Node<'n>)> {
    let before = decoder.errors.len();
    let entries = decoder.fields(node, path, names)?;
    let all_known = decoder.errors.len() == before;
    let set: Vec<(&'static str, &Node<'_>)> =
        names.iter().filter_map(|name| Some((*name, entries.get(name)?))).collect();
    match set.as_slice() {
        [one] => return Some(*one),
        [] if all_known => {
            let one = if names.len() > 1 { "one of " } else { "" };
            let message = format!("{what} is missing: write {one}{}", listed(names));
            decoder.error(node.line, path, message);
        }
        [] => {}
        several => {
            let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
            let message = format!("{} stand here together: write only one of them", listed(&names));
            decoder.error(node.line, path, message);
        }
    }
    None
}
