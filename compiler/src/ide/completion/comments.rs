//! Comments that are meant for Weir: `# weir: allow(…)`, with the lints that it may name.

use std::collections::BTreeSet;

use weir_grammar::Span;

use super::list::List;
use super::{Completion, CompletionKind, Completions};
use crate::codes::Code;
use crate::ide::Desk;

const TOLD: u8 = 0;
const NAMES: u8 = 1;
const CODES: u8 = 2;

/// In a comment that begins at `span`, up to the cursor.
pub fn completion(desk: &Desk<'_>, span: Span) -> Completions {
    let text = desk.text().get(span.range()).unwrap_or_default();
    let Some(rest) = text.strip_prefix('#') else { return Completions::default() };
    let Some(said) = rest.trim_start().strip_prefix("weir:") else { return Completions::default() };
    let typed = &text[text.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '-').len()..];
    let start = span.end as usize - typed.len();
    let after = desk.text().get(span.end as usize..).unwrap_or_default();
    let more = after.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
    let word = Span::new(start, if typed.is_empty() { start } else { span.end as usize + more });
    let mut list = List::of(typed, word);
    match said.trim_start().strip_prefix("allow").map(str::trim_start) {
        Some(list_of) if list_of.starts_with('(') && !list_of.contains(')') => {
            lints(desk, list_of, &mut list)
        }
        Some(behind) if behind.starts_with('(') && !behind.contains('"') => {
            let item = Completion::new(CompletionKind::Keyword, "because");
            list.add(0, item.snippet("because \"${1:why}\"").detail("why it may be").doc("word because"));
        }
        None if "allow".starts_with(said.trim()) => {
            let item = Completion::new(CompletionKind::Snippet, "allow").detail("allow a lint here");
            list.add(0, item.snippet("allow(${1:lint}) because \"${2:why}\"").doc("word weir"));
        }
        _ => {}
    }
    list.finish()
}

/// What is told of this file first.
fn lints(desk: &Desk<'_>, before: &str, list: &mut List<'_>) {
    let said = desk.whole.iter().flat_map(|whole| &whole.diagnostics);
    let here = said.filter(|said| said.labels.first().is_some_and(|label| label.place.file == desk.file));
    let told: BTreeSet<Code> = here.map(|said| said.code).collect();
    let named: Vec<&str> = before[1..].split(',').map(str::trim).collect();
    let named = named.split_last().map_or(&[][..], |(_, named)| named);
    for code in Code::ALL {
        let Some((name, _)) = code.lint() else { continue };
        if named.iter().any(|other| [name, code.name()].contains(other)) {
            continue;
        }
        let key = format!("lint {}", code.name());
        let item = Completion::new(CompletionKind::Lint, name);
        let rank = if told.contains(code) { TOLD } else { NAMES };
        list.add(rank, item.detail(format!("{}: {}", code.name(), code.title())).doc(&key));
        let item = Completion::new(CompletionKind::Lint, code.name());
        list.add(CODES, item.detail(code.title()).doc(key));
    }
}
