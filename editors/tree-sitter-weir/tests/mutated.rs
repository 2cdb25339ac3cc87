//! The two grammars accept and refuse the same broken texts: what is written here, with one token that is gone, stands
//! twice, changes places with the next, is another one, or that nothing parts from the next.

use std::collections::BTreeSet;
use std::ops::Range;

use tree_sitter::Tree;
use weir_grammar::token::KEYWORDS;

use crate::outline::children;
use crate::texts;
use crate::verdict::Readers;

/// One token of every kind, and every word that is one in places.
const TOKENS: &[&str] = &[
    "name",
    "\"text\"",
    "7",
    "80-90",
    "2027-01-31",
    "GET",
    "10.0.0.0/8",
    "::1",
    "a.example",
    "*.example",
    "a-*",
    "*",
    ";",
    ",",
    ":",
    "/",
    "=",
    "==",
    "!=",
    "!",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "Odd",
    "8a",
    "a_b",
    "?",
    "ingress",
    "egress",
    "http",
    "ping",
    "present",
    "absent",
    "by",
    "tcp",
    "udp",
    "notin",
    "\"ping\"",
    "\"present\"",
    "\"absent\"",
    "\"by\"",
    "\"ingress\"",
    "\"http\"",
];

#[test]
fn without_a_token() {
    hold(|text, at, _| vec![replaced(text, at.clone(), "")]);
}

#[test]
fn with_a_token_twice() {
    hold(|text, at, _| {
        let token = &text[at.clone()];
        vec![replaced(text, at.clone(), &format!("{token} {token}"))]
    });
}

/// But for a `*` behind a keyword: `reach*.example` is one word for the compiler, and two for an editor.
#[test]
fn with_nothing_between_tokens() {
    let runs_into_star = |text: &str, at: &Range<usize>, next: &Range<usize>| {
        text[next.start..].starts_with('*') && KEYWORDS.contains(&&text[at.clone()])
    };
    hold(|text, at, next| match next {
        Some(next) if at.end < next.start && !runs_into_star(text, at, next) => {
            vec![replaced(text, at.end..next.start, "")]
        }
        _ => Vec::new(),
    });
}

#[test]
fn with_tokens_that_change_places() {
    hold(|text, at, next| match next {
        Some(next) => {
            let swapped = format!("{} {}", &text[next.clone()], &text[at.clone()]);
            vec![replaced(text, at.start..next.end, &swapped)]
        }
        None => Vec::new(),
    });
}

/// One of all that there are at each place: there are many places of a kind.
#[test]
fn with_another_token() {
    let tokens: Vec<&str> = KEYWORDS.iter().chain(TOKENS).copied().collect();
    hold(|text, at, _| vec![replaced(text, at.clone(), tokens[at.start % tokens.len()])]);
}

fn replaced(text: &str, range: Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..range.start], &text[range.end..])
}

/// Changes every text at each of its tokens, and holds the grammars against each other.
fn hold(change: impl Fn(&str, &Range<usize>, Option<&Range<usize>>) -> Vec<String>) {
    let mut readers = Readers::new();
    let (mut tried, mut accepted, mut disputes) = (0, 0, Vec::new());
    for text in texts::all() {
        let read = readers.read(&text.text);
        if !read.editor_accepts() || read.too_deep() {
            continue;
        }
        let tokens = tokens(&read.tree);
        for (number, token) in tokens.iter().enumerate() {
            for changed in change(&text.text, token, tokens.get(number + 1)) {
                let read = readers.read(&changed);
                tried += 1;
                accepted += usize::from(read.compiler_accepts());
                if let Some(dispute) = read.dispute() {
                    let line = text.text[..token.start].lines().count();
                    disputes.push(format!("{}:{line}: {dispute}\n{changed}", text.name));
                }
            }
        }
    }
    println!("{tried} texts, of which {accepted} are accepted; {} disputes", disputes.len());
    disputes.truncate(10);
    assert!(disputes.is_empty(), "\n{}", disputes.join("\n"));
    assert!(tried > 1000, "texts were passed over");
}

/// Where the tokens of a text are, comments left out.
pub fn tokens(tree: &Tree) -> Vec<Range<usize>> {
    let mut tokens = BTreeSet::new();
    let mut waiting = vec![tree.root_node()];
    while let Some(node) = waiting.pop() {
        match node.child_count() {
            0 if !node.is_extra() => {
                tokens.insert((node.start_byte(), node.end_byte()));
            }
            _ => waiting.extend(children(node)),
        }
    }
    tokens.into_iter().map(|(start, end)| start..end).collect()
}
