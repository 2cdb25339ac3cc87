//! The words of a comment that is meant for Weir.

use weir_grammar::Span;

pub(super) enum Comment<'t> {
    Allow {
        /// The lints, by name or code, each with its place.
        names: Vec<(&'t str, Span)>,
        /// `because "…"`
        has_reason: bool,
    },
    Unreadable,
}

/// What a comment says to Weir; `None` for one that is for people alone. The text begins with its `#`.
pub(super) fn comment(text: &str, span: Span) -> Option<Comment<'_>> {
    let rest = text.strip_prefix('#')?.trim_start().strip_prefix("weir:")?;
    Some(allowance(rest, text, span).unwrap_or(Comment::Unreadable))
}

fn allowance<'t>(rest: &'t str, text: &'t str, span: Span) -> Option<Comment<'t>> {
    let rest = rest.trim_start().strip_prefix("allow")?.trim_start().strip_prefix('(')?;
    let (list, rest) = rest.split_once(')')?;
    let from = text.len() - rest.len() - 1 - list.len();
    let mut names = Vec::new();
    let mut at = from;
    for item in list.split(',') {
        let name = item.trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return None;
        }
        let start = span.start as usize + at + (item.len() - item.trim_start().len());
        names.push((name, Span::new(start, start + name.len())));
        at += item.len() + 1;
    }
    let rest = rest.trim();
    if rest.is_empty() {
        return Some(Comment::Allow { names, has_reason: false });
    }
    let reason = rest.strip_prefix("because")?.trim_start().strip_prefix('"')?.strip_suffix('"')?;
    Some(Comment::Allow { names, has_reason: !reason.trim().is_empty() })
}
