//! `indents.scm` against `weir fmt`: what is formatted stands as deep as an editor would put it.

use std::collections::BTreeSet;

use tree_sitter::Node;

use crate::outline::children;
use crate::queries::{Captured, captured, query};
use crate::texts;
use crate::verdict::Readers;

const WIDTH: usize = 4;

#[test]
fn lines_stand_as_they_are_formatted() {
    let mut readers = Readers::new();
    let query = query("indents");
    let (mut lines, mut wrong) = (0, Vec::new());
    for text in texts::all() {
        let Some(formatted) = weir_grammar::format::file(&text.text, &weir_grammar::parse(&text.text)) else {
            continue;
        };
        let read = readers.read(&formatted);
        if has_comments_inside(read.tree.root_node()) {
            continue;
        }
        let captured = captured(&query, &read.tree, &formatted);
        let mut from = 0;
        for (number, line) in formatted.split_inclusive('\n').enumerate() {
            let code = from + line.len() - line.trim_start().len();
            if !line.trim().is_empty() {
                let first = read.tree.root_node().descendant_for_byte_range(code, code + 1).unwrap();
                let depth = depth(first, number, &captured);
                lines += 1;
                if depth * WIDTH != code - from {
                    wrong.push(format!("{}:{}: {depth} deep: {line}", text.name, number + 1));
                }
            }
            from += line.len();
        }
    }
    println!("{lines} lines");
    wrong.truncate(20);
    assert!(wrong.is_empty() && lines > 1000, "\n{}", wrong.concat());
}

/// Around a comment inside a statement lines stay as they were written.
fn has_comments_inside(node: Node<'_>) -> bool {
    children(node).into_iter().any(|child| {
        let may_hold_it = ["source_file", "body"].contains(&node.kind());
        (child.kind() == "comment" && !may_hold_it) || has_comments_inside(child)
    })
}

/// Helix' rule: one for each line on which something that indents has begun, less one for what closes it.
fn depth(first: Node<'_>, line: usize, captured: &Captured) -> usize {
    let is = |node: Node<'_>, name: &str| {
        captured.get(&(node.start_byte(), node.end_byte())).is_some_and(|names| names.contains(name))
    };
    let mut begun = BTreeSet::new();
    let mut node = first;
    while let Some(parent) = node.parent() {
        if is(parent, "indent") && parent.start_position().row < line {
            begun.insert(parent.start_position().row);
        }
        node = parent;
    }
    begun.len() - usize::from(is(first, "outdent"))
}
