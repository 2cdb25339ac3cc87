//! What is told where no sentence could be read: words of the language, and names, by the text alone.

use weir_grammar::Span;
use weir_grammar::token::Token;

use super::words::{around, at, of};
use super::{Hover, SEVERAL, names, things};
use crate::ide::Desk;
use crate::ide::completion::spot::{self, Head, Inside};
use crate::resolve::names as found;
use crate::source::Place;

pub(super) fn hover(desk: &Desk<'_>, offset: u32) -> Option<Hover> {
    let text = desk.text();
    let (own, token) = token_at(text, offset)?;
    if let Some((span, words)) = word(text, own, token, offset)
        && let Some(markdown) = of(words, desk)
    {
        return Some(Hover { span, markdown });
    }
    let Token::Name(name) = token else { return None };
    let before = text.get(..own.start as usize)?;
    if before.ends_with('/') {
        return of_thing(desk, own, before);
    }
    if before.ends_with(':') {
        return None; // the name of a port
    }
    let lets = desk.scope().lets(name).map(|(file, tree)| Place { file, span: tree.name.span });
    let mut told: Vec<String> = lets.take(SEVERAL).filter_map(|place| names::of_let(desk, place)).collect();
    if told.is_empty() {
        let policies = desk.scope().policies(name);
        let places = policies.map(|(file, tree)| Place { file, span: tree.name.span });
        told = places.take(SEVERAL).filter_map(|place| names::of_policy(desk, place)).collect();
    }
    let behind = text.get(own.end as usize..)?;
    if told.is_empty() && desk.is_known() {
        let inventory = desk.facts().inventory;
        let is_namespace = behind.starts_with('/') || before.trim_end().ends_with("namespace");
        let things = desk.site().world.known().things();
        told = match is_namespace {
            true => {
                inventory.namespace(name).and_then(|id| things::of_namespace(desk, id)).into_iter().collect()
            }
            false => {
                let named = match home(text, offset) {
                    Some(home) => {
                        let home = inventory.namespace(home)?;
                        found::in_namespace(things, home, name, None)
                    }
                    None => found::anywhere(things, name, None),
                };
                named.into_iter().take(SEVERAL).filter_map(|named| things::of(desk, named)).collect()
            }
        };
    }
    (!told.is_empty()).then(|| Hover { span: own, markdown: told.join("\n\n---\n\n") })
}

/// `shop/web`, at its second half.
fn of_thing(desk: &Desk<'_>, own: Span, before: &str) -> Option<Hover> {
    if !desk.is_known() {
        return None;
    }
    let home = before.strip_suffix('/')?;
    let home = desk.text().get(around(desk.text(), home.len() as u32)?.range())?;
    let home = desk.facts().inventory.namespace(home)?;
    let things = desk.site().world.known().things();
    let name = desk.text().get(own.range())?;
    let named = found::in_namespace(things, home, name, None).into_iter();
    let told: Vec<String> = named.filter_map(|named| things::of(desk, named)).collect();
    (!told.is_empty()).then(|| Hover { span: own, markdown: told.join("\n\n---\n\n") })
}

/// The token that an offset is in, or just behind, as the grammar reads it: behind `/`, `namespace` and their like, and in
/// brackets, words of the language are names.
fn token_at(text: &str, offset: u32) -> Option<(Span, Token<'_>)> {
    let (start, cursor) = (spot::statement(text, offset), spot::floor(text, offset));
    let behind = text.get(cursor..)?;
    let end = cursor + behind.find([';', '{', '}', '\n']).unwrap_or(behind.len());
    let tokens = weir_grammar::tokens(text.get(start..end)?).into_iter();
    let placed =
        |(span, token): (Span, _)| (Span::new(span.start as usize + start, span.end as usize + start), token);
    let mut near = None;
    for (span, token) in tokens.map(placed) {
        if span.start <= offset && offset < span.end {
            return Some((span, token));
        }
        if span.end == offset {
            near = Some((span, token));
        }
    }
    near
}

/// The words of the language that a token is one of. Some are names wherever they stand alone: `ingress`, `present`.
fn word(text: &str, own: Span, token: Token<'_>, offset: u32) -> Option<(Span, &'static str)> {
    match token {
        Token::LabelIn => Some((own, "in (")),
        Token::LabelNotIn => Some((own, "notin")),
        Token::Name(_) => at(text, offset).filter(|(span, _)| *span != own),
        token => token.keyword().and_then(|_| at(text, offset)),
    }
}

/// The namespace of the block around an offset.
fn home(text: &str, offset: u32) -> Option<&str> {
    let Inside::Code(spot) = spot::inside(text, offset) else { return None };
    spot.heads.into_iter().rev().find_map(|head| match head {
        Head::Namespace(home) => Some(home),
        _ => None,
    })
}
