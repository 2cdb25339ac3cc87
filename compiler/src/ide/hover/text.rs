//! What is told where no sentence could be read: words of the language, and names, by the text alone.

use weir_grammar::Span;

use super::words::{around, at, of};
use super::{Hover, SEVERAL, names, things};
use crate::ide::Desk;
use crate::resolve::names as found;
use crate::source::Place;

pub(super) fn hover(desk: &Desk<'_>, offset: u32) -> Option<Hover> {
    let text = desk.text();
    if is_quoted(text, offset) {
        return None;
    }
    let own = around(text, offset)?;
    let before = text.get(..own.start as usize)?;
    // Behind these every word is a name.
    if before.ends_with('/') {
        return of_thing(desk, own, before);
    }
    if !before.ends_with(':')
        && let Some((span, words)) = at(text, offset)
        && let Some(markdown) = of(words, desk)
    {
        return Some(Hover { span, markdown });
    }
    let name = text.get(own.range())?;
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
                let named = found::anywhere(things, name, None).into_iter();
                named.take(SEVERAL).filter_map(|named| things::of(desk, named)).collect()
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

/// Whether an offset is in a text: behind an odd number of quotes of its line.
fn is_quoted(text: &str, offset: u32) -> bool {
    let before = text.get(..offset as usize).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.matches('"').count() % 2 == 1
}
