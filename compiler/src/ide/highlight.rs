//! The words of a file that speak of what the word at the cursor stands for. Where nothing is known of it, those that are
//! written the same in the same role: half a program, or one without an inventory, is shown too.

use std::mem::discriminant;

use weir_grammar::Span;

use super::Desk;
use super::references::{is_definition, parts, same, text};
use super::symbol::symbols;
use super::words::{word_at, words};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Read,
    /// Where it is defined.
    Write,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Highlight {
    pub span: Span,
    pub kind: Kind,
}

/// Sorted by place.
pub fn highlights(desk: &Desk<'_>, offset: u32) -> Vec<Highlight> {
    let file = &desk.source().parse.file;
    let Some(asked) = word_at(file, offset) else { return Vec::new() };
    let wanted: Vec<_> = symbols(desk, &asked).iter().flat_map(parts).collect();
    let name = text(desk, asked.span);
    let is_meant = |word: &super::words::Word<'_>| {
        if text(desk, word.span) != name {
            return false;
        }
        let meant = symbols(desk, word);
        match wanted.is_empty() {
            true => meant.is_empty() && discriminant(&word.role) == discriminant(&asked.role),
            false => {
                meant.iter().flat_map(parts).any(|symbol| wanted.iter().any(|other| same(other, &symbol)))
            }
        }
    };
    let kind = |word: &_| if is_definition(word) { Kind::Write } else { Kind::Read };
    let found = words(file).into_iter().filter(is_meant);
    found.map(|word| Highlight { span: word.span, kind: kind(&word) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    /// Line, column and kind of each.
    fn found(text: &str) -> Vec<String> {
        let fixture = fixture(text);
        let desk = fixture.desk();
        let spoken = |found: Highlight| {
            let before = &desk.text()[..found.span.start as usize];
            let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
            format!("{}:{column} {:?}", before.matches('\n').count() + 1, found.kind)
        };
        highlights(&desk, fixture.offset).into_iter().map(spoken).collect()
    }

    #[test]
    fn definitions_are_written_and_uses_are_read() {
        let text = "let back = api;\nback may reach db;\npolicy p(back) { back locked; }\nb$0ack open;";
        assert_eq!(found(text), ["1:5 Write", "2:1 Read", "4:1 Read"]);
        assert_eq!(found("policy p(a) { $0a locked; }\na open;"), ["1:10 Write", "1:15 Read"]);
    }

    #[test]
    fn things_in_every_spelling() {
        assert_eq!(found("w$0eb locked;\nshop/web open;\nshop[app=web] open;"), ["1:1 Read", "2:6 Read"]);
    }

    #[test]
    fn of_what_is_not_known_what_is_written_the_same() {
        assert_eq!(found("shop/n$0ew locked;\nshop/new open;\nnew open;"), ["1:6 Read", "2:6 Read"]);
        assert_eq!(found("web may reach db:54$032;\napi may reach db:5432;"), ["1:18 Read", "2:18 Read"]);
        let alone = "-- cluster.yaml --\n-- main.weir --\nshop/w$0eb locked;\nshop/web may";
        assert_eq!(found(alone), ["1:6 Read"]);
    }

    #[test]
    fn nothing_at_nothing() {
        for text in ["$0", "web $0 locked;", "# we$0b"] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
