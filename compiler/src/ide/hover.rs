//! What is told of the word under the mouse: what it means today in this cluster, what a sentence opens, what a word of
//! the language says. What cannot be read as a sentence is told of by its words.

mod labels;
mod names;
mod ports;
mod sentence;
#[cfg(test)]
mod tests;
mod text;
mod things;
mod words;

use weir_grammar::Span;
use weir_grammar::ast::{Builtin, Statement};

use super::Desk;
use super::statement::statement_at;
use super::symbol::{Symbol, symbols};
use super::words::{Role, Word, word_at};
use crate::codes::Code;

pub use words::REFERENCE;

/// What is told, and of which stretch of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    pub span: Span,
    pub markdown: String,
}

/// Of a name that stands for several things, so many are told.
const SEVERAL: usize = 4;

/// What the word at an offset means. `None` where nothing is to be told of it.
pub fn hover(desk: &Desk<'_>, offset: u32) -> Option<Hover> {
    if desk.is_settings() {
        return None;
    }
    let comments = &desk.source().parse.comments;
    if let Some(comment) = comments.iter().find(|one| one.span.start <= offset && offset <= one.span.end) {
        return of_comment(desk, comment.span, offset);
    }
    if let Some(word) = word_at(&desk.source().parse.file, offset)
        && let Some(markdown) = of_word(desk, &word)
    {
        return Some(Hover { span: word.span, markdown });
    }
    if let Some(Statement::Sentence(tree)) = statement_at(desk.statements(), offset)
        && let Some((span, markdown)) = sentence::hover(desk, tree, offset)
    {
        return Some(Hover { span, markdown });
    }
    text::hover(desk, offset)
}

fn of_word(desk: &Desk<'_>, word: &Word<'_>) -> Option<String> {
    match word.role {
        Role::LabelKey { of, key } => return labels::of_key(desk, of, &key.text),
        Role::LabelValue { of, key, value } => return labels::of_value(desk, of, &key.text, &value.text),
        Role::Thing { kind: Some(weir_grammar::ast::KindWord::ServiceAccount), .. } => {}
        Role::Pattern(pattern) => return labels::of_pattern(desk, &pattern.text),
        Role::Address(address) => return Some(labels::of_address(desk, address)),
        Role::Host(host) => return Some(labels::of_host(desk, host)),
        Role::Port(port) => {
            if let Some(markdown) = ports::of_port(desk, port) {
                return Some(markdown);
            }
        }
        Role::ParamKind(kind) => return names::of_param_kind(&kind.text),
        Role::Cluster(name) => return names::of_cluster(desk, &name.text),
        Role::HttpMethod(_) | Role::HttpPath(_) => return words::of("over http", desk),
        Role::Until(day) => return Some(sentence::of_until(desk, day)),
        Role::Reason(_) => return words::of("because", desk),
        Role::TestName(_) => return words::of("test", desk),
        _ => {}
    }
    let mut told = Vec::new();
    let found = symbols(desk, word);
    for symbol in found.iter().take(SEVERAL) {
        told.extend(of_symbol(desk, word, symbol));
    }
    if let Some(more) = found.len().checked_sub(SEVERAL).filter(|more| *more > 0) {
        told.push(format!("and {more} more"));
    }
    (!told.is_empty()).then(|| told.join("\n\n---\n\n"))
}

fn of_symbol(desk: &Desk<'_>, word: &Word<'_>, symbol: &Symbol) -> Option<String> {
    match symbol {
        Symbol::Let(place) => names::of_let(desk, *place),
        Symbol::Param(place) => names::of_param(desk, word.policy, *place),
        Symbol::Policy(place) => names::of_policy(desk, *place),
        Symbol::Module(file) => names::of_module(desk, *file),
        Symbol::Thing(named) => things::of(desk, *named),
        Symbol::Namespace(id) => things::of_namespace(desk, *id),
        Symbol::Builtin(builtin) => {
            let text = words::of(builtin.word(), desk)?;
            let today = match word_set(desk, word).or_else(|| of_cluster(desk, *builtin)) {
                Some(today) => format!("\n\ntoday: {today}"),
                None => String::new(),
            };
            Some(text + &today)
        }
        Symbol::ServiceAccount { namespace, name } => labels::of_account(desk, namespace.as_deref(), name),
        Symbol::Label { .. } | Symbol::Cluster(_) => None,
    }
}

/// What the operand at a word denotes today, where that is pods.
fn word_set(desk: &Desk<'_>, word: &Word<'_>) -> Option<String> {
    let sets = &desk.readings().sets;
    let (_, parts) = sets.iter().find(|(span, _)| span.start == word.span.start)?;
    let asked = super::peers::Asked::of_parts(word.span, parts, desk.facts());
    (!asked.classes.is_empty()).then(|| super::say::crowd(&asked.classes, desk.facts().inventory))
}

/// What the cluster has of what is no pod.
fn of_cluster(desk: &Desk<'_>, builtin: Builtin) -> Option<String> {
    const MOST: usize = 4;
    let facts = desk.facts();
    match builtin {
        _ if !desk.is_known() => None,
        Builtin::Nodes => match facts.inventory.nodes.len() {
            0 => Some("the inventory shows none".to_owned()),
            some => Some(super::say::count(some as u64, "node")),
        },
        Builtin::ApiServer => {
            let addresses = facts.api_server_addresses();
            let words: Vec<String> =
                addresses.iter().map(|address| super::say::code(&address.to_string())).collect();
            match words.is_empty() {
                true => Some("the inventory does not show its addresses".to_owned()),
                false => Some(super::say::capped(&words, MOST)),
            }
        }
        _ => None,
    }
}

/// Of a comment that allows lints: what the lint under the mouse looks for.
fn of_comment(desk: &Desk<'_>, comment: Span, offset: u32) -> Option<Hover> {
    let line = desk.text().get(comment.range())?;
    line.strip_prefix('#')?.trim_start().strip_prefix("weir:")?;
    let span = words::around(desk.text(), offset)?;
    let name = desk.text().get(span.range())?;
    let Some(code) = Code::parse_lint(name) else {
        return matches!(name, "weir" | "allow")
            .then(|| words::of("weir", desk))
            .flatten()
            .map(|markdown| Hover { span, markdown });
    };
    let lint = code.lint().map(|(name, _)| format!(" (`{name}`)")).unwrap_or_default();
    let paragraph = code.page().split("\n\n").nth(1).unwrap_or_default().trim();
    let markdown = format!(
        "**{}**{lint}: {}\n\n{paragraph}\n\n[more](weir:/errors/{}.md)",
        code.name(),
        code.title(),
        code.name()
    );
    Some(Hover { span, markdown })
}
