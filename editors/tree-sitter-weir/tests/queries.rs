//! The queries: that they are queries of this grammar, and that nothing in them is idle.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::{Query, QueryCursor, StreamingIterator, Tree};

use crate::mutated::tokens;
use crate::texts;
use crate::verdict::Readers;

const QUERIES: &[(&str, &str)] = &[
    ("highlights", tree_sitter_weir::HIGHLIGHTS_QUERY),
    ("locals", tree_sitter_weir::LOCALS_QUERY),
    ("folds", tree_sitter_weir::FOLDS_QUERY),
    ("indents", tree_sitter_weir::INDENTS_QUERY),
    ("textobjects", tree_sitter_weir::TEXTOBJECTS_QUERY),
    ("injections", tree_sitter_weir::INJECTIONS_QUERY),
];

/// The names under which places of a text are captured.
pub type Captured = BTreeMap<(usize, usize), BTreeSet<String>>;

pub fn query(name: &str) -> Query {
    let (_, text) = QUERIES.iter().find(|(known, _)| *known == name).unwrap();
    Query::new(&tree_sitter_weir::LANGUAGE.into(), text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub fn captured(query: &Query, tree: &Tree, text: &str) -> Captured {
    let mut captured = Captured::new();
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(query, tree.root_node(), text.as_bytes());
    while let Some(found) = matches.next() {
        for capture in found.captures() {
            let name = query.capture_names()[capture.index as usize].to_owned();
            captured.entry((capture.node.start_byte(), capture.node.end_byte())).or_default().insert(name);
        }
    }
    captured
}

#[test]
fn every_pattern_matches_something() {
    let mut readers = Readers::new();
    let texts = texts::all();
    for (name, _) in QUERIES {
        let query = query(name);
        let mut idle: BTreeSet<usize> = (0..query.pattern_count()).collect();
        let mut unused: BTreeSet<usize> = (0..query.capture_names().len()).collect();
        for text in &texts {
            let tree = readers.read(&text.text).tree;
            let mut cursor = QueryCursor::new();
            let mut matches = cursor.matches(&query, tree.root_node(), text.text.as_bytes());
            while let Some(found) = matches.next() {
                idle.remove(&found.pattern_index);
                found.captures().iter().for_each(|capture| {
                    unused.remove(&(capture.index as usize));
                });
            }
        }
        assert!(idle.is_empty() && unused.is_empty(), "{name}.scm: patterns {idle:?}, captures {unused:?}");
    }
}

/// So that the order of patterns does not matter, in which editors differ, and nothing is left plain.
#[test]
fn every_token_has_one_colour() {
    let mut readers = Readers::new();
    let query = query("highlights");
    let mut wrong = Vec::new();
    for text in texts::all() {
        let read = readers.read(&text.text);
        if !read.editor_accepts() {
            continue;
        }
        let captured = captured(&query, &read.tree, &text.text);
        for token in tokens(&read.tree) {
            let around =
                captured.iter().filter(|((start, end), _)| *start <= token.start && token.end <= *end);
            let names: Vec<&String> = around.flat_map(|(_, names)| names).collect();
            if names.len() != 1 {
                wrong.push(format!("{}: `{}` is {names:?}", text.name, &text.text[token]));
            }
        }
    }
    wrong.truncate(20);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// An example, with the colour of each word in front of it.
#[test]
fn colours_of_an_example() {
    let text = include_str!("example.weir");
    let read = Readers::new().read(text);
    assert!(read.compiler_accepts() && read.editor_accepts());
    let captured = captured(&query("highlights"), &read.tree, text);
    let mut shown = String::new();
    let mut done = 0;
    for ((start, end), names) in captured {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if !names.iter().all(|name| name.starts_with("punctuation")) {
            shown += &format!("{}‹{} {}›", &text[done..start], names.join(" "), &text[start..end]);
            done = end;
        }
    }
    insta::assert_snapshot!(shown + &text[done..]);
}
