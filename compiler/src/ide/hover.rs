//! What a word means today: what it stands for, what that is in the cluster, who reaches it; of a sentence what it opens,
//! and the YAML that it becomes.

mod name;
mod port;
mod sentence;
#[cfg(test)]
mod tests;

use weir_grammar::Span;
use weir_grammar::ast::KindWord;

use super::Desk;
use super::completion::documentation;
use super::symbol::symbols;
use super::words::{Role, Word, word_at};
use crate::codes::Code;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// What it is about.
    pub span: Span,
    pub markdown: String,
}

pub fn hover(desk: &Desk<'_>, offset: u32) -> Option<Hover> {
    if desk.is_settings() {
        return None;
    }
    let comments = &desk.source().parse.comments;
    if let Some(comment) =
        comments.iter().find(|comment| comment.span.start <= offset && offset < comment.span.end)
    {
        return of_comment(desk.text(), comment.span, offset);
    }
    if let Some(found) = sentence::hover(desk, offset) {
        return Some(found);
    }
    let word = word_at(&desk.source().parse.file, offset);
    if let Some(found) = word.and_then(|word| of_word(desk, &word)) {
        return Some(found);
    }
    of_keyword(desk, offset)
}

fn of_word(desk: &Desk<'_>, word: &Word<'_>) -> Option<Hover> {
    let told = |markdown: String| Some(Hover { span: word.span, markdown });
    match word.role {
        Role::Port(port) => {
            let of_port = port::of(desk, port);
            if let Some(markdown) = of_port {
                return told(markdown);
            }
        }
        Role::Address(address) => return told(name::of_address(desk, address)),
        Role::Host(host) => {
            return told(format!("host name `{host}`\n\nIt stands for addresses outside of the cluster."));
        }
        Role::Pattern(pattern) => return told(name::of_pattern(desk, &pattern.text)),
        _ => {}
    }
    let mut texts: Vec<String> = Vec::new();
    for symbol in symbols(desk, word) {
        let text = name::of(desk, &symbol, word.span);
        texts.extend(text.filter(|text| !texts.contains(text)));
    }
    match texts.is_empty() {
        true => None,
        false => told(texts.join("\n\n---\n\n")),
    }
}

/// A lint that a comment allows: its title, and what its page says first.
fn of_comment(text: &str, comment: Span, offset: u32) -> Option<Hover> {
    let inside = text.get(comment.range())?;
    let at = (offset - comment.start) as usize;
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric();
    let bytes = inside.as_bytes();
    let start = at - bytes[..at].iter().rev().take_while(|byte| is_part(byte)).count();
    let end = at + bytes[at..].iter().take_while(|byte| is_part(byte)).count();
    let code = Code::parse(inside.get(start..end)?)?;
    let begins = comment.start + start as u32;
    let span = Span { start: begins, end: begins + (end - start) as u32 };
    let first = code.page().split("\n\n").skip(1).find(|paragraph| !paragraph.starts_with('#'));
    let markdown = format!("{} · {}\n\n{}", code.name(), code.title(), first.unwrap_or_default().trim());
    Some(Hover { span, markdown })
}

/// A word of the language, by the text around the offset: half-written sentences have them too.
fn of_keyword(desk: &Desk<'_>, offset: u32) -> Option<Hover> {
    let words = weir_grammar::tokens(desk.text());
    let inside =
        |(span, _): &&(Span, weir_grammar::token::Token<'_>)| span.start <= offset && offset < span.end;
    let at = words.iter().position(|word| inside(&word))?;
    let (span, token) = &words[at];
    if matches!(token, weir_grammar::token::Token::Text(_)) {
        return None;
    }
    let text = desk.text().get(span.range())?;
    let kinds = [
        KindWord::Workload,
        KindWord::Deployment,
        KindWord::StatefulSet,
        KindWord::DaemonSet,
        KindWord::Job,
        KindWord::CronJob,
        KindWord::Pod,
    ];
    let markdown = match kinds.iter().any(|kind| kind.word() == text) {
        true => documentation(desk, "word workload"),
        // `if present` is two words and one phrase: the longest that is known is meant.
        false => (0..3).rev().find_map(|more| {
            let first = at.saturating_sub(more);
            (first..=at).find_map(|first| {
                let phrase: Vec<&str> = words
                    .get(first..=first + more)?
                    .iter()
                    .filter_map(|(span, _)| desk.text().get(span.range()))
                    .collect();
                documentation(desk, &format!("word {}", phrase.join(" ")))
            })
        }),
    };
    let markdown = markdown.or_else(|| documentation(desk, &format!("statement {text}")))?;
    Some(Hover { span: *span, markdown })
}
