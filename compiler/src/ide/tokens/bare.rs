//! What words are by themselves: by their spelling, and by the word before them.

use weir_grammar::Span;
use weir_grammar::token::Token as Word;

use super::{Modifiers, Token, TokenKind};
use crate::ide::Desk;

/// Every token and comment of a text that has a colour, sorted.
pub(super) fn tokens(desk: &Desk<'_>) -> Vec<Token> {
    let text = desk.text();
    let words: Vec<(Span, Word<'_>)> = weir_grammar::tokens(text);
    let mut found = Vec::new();
    for (at, (span, word)) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| words.get(at)).map(|(_, word)| *word);
        let behind = words.get(at + 1).map(|(_, word)| *word);
        if let Some(token) = token(desk, text, *span, *word, before, behind) {
            found.push(token);
        }
    }
    for comment in &desk.source().parse.comments {
        let span = Span { start: comment.span.start, end: comment.span.start + comment.text.len() as u32 };
        found.push(Token { span, kind: TokenKind::Comment, modifiers: Modifiers::default() });
    }
    found.sort_by_key(|token| token.span);
    found
}

fn token(
    desk: &Desk<'_>,
    text: &str,
    span: Span,
    word: Word<'_>,
    before: Option<Word<'_>>,
    behind: Option<Word<'_>>,
) -> Option<Token> {
    use TokenKind::*;
    let plain = |kind| Some(Token { span, kind, modifiers: Modifiers::default() });
    match word {
        Word::Anyone
        | Word::Pods
        | Word::Nodes
        | Word::ApiServer
        | Word::Dns
        | Word::Internet
        | Word::Anywhere => Some(Token {
            span,
            kind: Macro,
            modifiers: Modifiers { default_library: true, ..Modifiers::default() },
        }),
        Word::Semicolon
        | Word::Comma
        | Word::Colon
        | Word::Slash
        | Word::OpenParen
        | Word::CloseParen
        | Word::OpenBrace
        | Word::CloseBrace
        | Word::OpenBracket
        | Word::CloseBracket => None,
        Word::Equals | Word::NotEquals | Word::Bang => plain(Operator),
        Word::LabelIn | Word::LabelNotIn | Word::Method(_) => plain(Keyword),
        Word::Integer(_) | Word::Range(_) | Word::Date(_) | Word::Ipv4(_) | Word::Ipv6(_) => plain(Number),
        Word::Pattern(_) => plain(Namespace),
        Word::Host(_) if before == Some(Word::Use) => plain(Type),
        Word::Host(_) => plain(String),
        Word::Label(_) => match before {
            Some(Word::Equals | Word::NotEquals | Word::OpenParen) => plain(EnumMember),
            _ => plain(Property),
        },
        Word::Name(name) if is_word(name, before) => plain(Keyword),
        Word::Text(_) if matches!(before, Some(Word::Because | Word::Test | Word::Method(_))) => {
            plain(String)
        }
        Word::Name(name) => plain(name_kind(desk, name, before, behind)),
        Word::Text(quoted) => plain(name_kind(desk, quoted.trim_matches('"'), before, behind)),
        // A text that is not closed yet; all else that is no word has no colour.
        Word::Bad => {
            let own = text.get(span.range())?.trim_end();
            let own = own.strip_suffix(';').unwrap_or(own);
            let span = Span { end: span.start + own.len() as u32, ..span };
            own.starts_with('"').then_some(Token { span, kind: String, modifiers: Modifiers::default() })
        }
        Word::Comment(_) | Word::OpenText | Word::Odd(_) => None,
        other => other.keyword().and_then(|_| plain(Keyword)),
    }
}

/// Words that the language has in one place alone.
fn is_word(name: &str, before: Option<Word<'_>>) -> bool {
    matches!(
        (name, before),
        ("http", Some(Word::Over))
            | ("ping", Some(Word::May))
            | ("ingress" | "egress", Some(Word::For))
            | ("present" | "absent", Some(Word::If))
            | ("by", Some(Word::Namespaces))
    )
}

/// What a name is where nothing else is known of it.
fn name_kind(desk: &Desk<'_>, name: &str, before: Option<Word<'_>>, behind: Option<Word<'_>>) -> TokenKind {
    use TokenKind::*;
    match (before, behind) {
        (Some(Word::Let), _) => Variable,
        (Some(Word::Policy | Word::Apply), _) => Function,
        (Some(Word::Use), _) => Type,
        (Some(Word::Namespace | Word::Cluster), _) => Namespace,
        (Some(Word::Colon | Word::On), _) => Number,
        (Some(Word::Slash), _) => Class,
        (_, Some(Word::Slash)) => Namespace,
        _ if desk.scope().lets(name).next().is_some() => Variable,
        _ => Class,
    }
}
