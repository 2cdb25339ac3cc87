//! Words of the language: what they say, with an example, and where the reference tells more.

use weir_grammar::Span;

use crate::ide::Desk;
use crate::ide::completion::documentation;

/// The reference that hovers lead to as `weir:/docs/language.md`.
pub const REFERENCE: &str = include_str!("../../../../docs/language.md");

/// Words as they are written, the key of their documentation, and the section of the reference. Longer ones first.
const WORDS: &[(&str, &str, &str)] = &[
    ("may only reach", "word may only reach", "only"),
    ("must not reach", "word must not reach", "guardrails"),
    ("even if absent", "word even if absent", "clauses"),
    ("may reach", "word may reach", "grants"),
    ("may ping", "word may ping", "pings"),
    ("must reach", "word must reach", "guardrails"),
    ("cannot reach", "word cannot reach", "tests"),
    ("if present", "word if present", "clauses"),
    ("if absent", "word if absent", "clauses"),
    ("for ingress", "word for ingress", "postures"),
    ("for egress", "word for egress", "postures"),
    ("over http", "word over http", "http"),
    ("namespaces by", "word by", "partitions"),
    ("in namespace", "statement namespace", "blocks"),
    ("in each", "statement each", "blocks"),
    ("in clusters", "statement clusters", "blocks"),
    ("in cluster", "statement cluster", "blocks"),
    ("export", "statement let", "modules"),
    ("let", "statement let", "names-of-your-own"),
    ("use", "statement use", "modules"),
    ("policy", "statement policy", "policies"),
    ("apply", "statement apply", "policies"),
    ("test", "statement test", "tests"),
    ("each", "statement each", "postures"),
    ("only", "statement only", "only"),
    ("isolated", "word isolated", "postures"),
    ("locked", "word locked", "postures"),
    ("open", "word open", "postures"),
    ("ingress", "word ingress", "postures"),
    ("egress", "word egress", "postures"),
    ("reaches", "word reaches", "tests"),
    ("cannot", "word cannot reach", "tests"),
    ("may", "word may reach", "grants"),
    ("must", "word must reach", "guardrails"),
    ("not", "word not reach", "guardrails"),
    ("reach", "word reach", "grants"),
    ("ping", "word ping", "pings"),
    ("on", "word on", "ports"),
    ("because", "word because", "clauses"),
    ("until", "word until", "clauses"),
    ("except", "word except", "sets"),
    ("in (", "word in (", "sets"),
    ("notin", "word notin", "sets"),
    ("in", "word in", "sets"),
    ("by", "word by", "partitions"),
    ("anyone", "word anyone", "sets"),
    ("pods", "word pods", "sets"),
    ("nodes", "word nodes", "sets"),
    ("apiserver", "word apiserver", "sets"),
    ("dns", "word dns", "sets"),
    ("internet", "word internet", "sets"),
    ("anywhere", "word anywhere", "sets"),
    ("namespaces", "word namespaces", "sets"),
    ("namespace", "word namespace", "sets"),
    ("workload", "word workload", "sets"),
    ("service", "word service", "sets"),
    ("deployment", "word deployment", "sets"),
    ("statefulset", "word statefulset", "sets"),
    ("daemonset", "word daemonset", "sets"),
    ("job", "word job", "sets"),
    ("cronjob", "word cronjob", "sets"),
    ("pod", "word pod", "sets"),
    ("serviceaccount", "word serviceaccount", "sets"),
    ("weir", "word weir", "clauses"),
];

/// What a word, or several that belong together, says.
pub(super) fn of(words: &str, desk: &Desk<'_>) -> Option<String> {
    let (_, key, section) = WORDS.iter().find(|(known, ..)| *known == words)?;
    let more = match words {
        "weir" => String::new(), // told with the lints
        _ => format!("\n\n[more](weir:/docs/language.md#{section})"),
    };
    Some(documentation(desk, key)? + &more)
}

/// The words of the language at an offset, as many as belong together.
pub(super) fn at(text: &str, offset: u32) -> Option<(Span, &'static str)> {
    let own = around(text, offset)?;
    let fits = |(words, ..): &&(&'static str, &str, &str)| {
        let parts: Vec<&str> = words.split(' ').collect();
        (0..parts.len()).find_map(|before| phrase(text, own, &parts, before)).map(|span| (span, *words))
    };
    WORDS.iter().find_map(|row| fits(&row))
}

/// Where words stand one behind the other, of which one is at a span.
fn phrase(text: &str, own: Span, parts: &[&str], before: usize) -> Option<Span> {
    if text.get(own.range())? != parts[before] {
        return None;
    }
    let mut start = own.start;
    for part in parts[..before].iter().rev() {
        let left = text.get(..start as usize)?.trim_end();
        let word = around(text, left.len() as u32)?;
        if text.get(word.range())? != *part || word.end as usize != left.len() {
            return None;
        }
        start = word.start;
    }
    let mut end = own.end;
    for part in &parts[before + 1..] {
        let right = text.get(end as usize..)?;
        let at = end as usize + right.len() - right.trim_start().len();
        let word = around(text, at as u32)?;
        if text.get(word.range())? != *part || word.start as usize != at {
            return None;
        }
        end = word.end;
    }
    Some(Span { start, end })
}

/// The run of letters, digits and `-` that an offset is in, or just behind.
pub(super) fn around(text: &str, offset: u32) -> Option<Span> {
    let at = offset as usize;
    let is_part = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let (before, behind) = (text.get(..at)?, text.get(at..)?);
    let start = at - before.chars().rev().take_while(is_part).count();
    let end = at + behind.chars().take_while(is_part).count();
    (start < end).then(|| Span::new(start, end))
}

#[cfg(test)]
pub(super) fn sections() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|(_, _, section)| *section)
}

#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|(words, ..)| *words)
}
