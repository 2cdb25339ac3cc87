//! Every feature at every place of texts that somebody is still typing: none of them may panic, with an inventory or
//! without one.

use std::sync::Arc;

use weir_grammar::Span;

use super::fixture::fixture;
use super::*;
use crate::Cluster;

const PROGRAM: &str = r#"use std.kubernetes; # weir: allow(W0115) because "https://example.com/ä"
export let back = shop/api, "3scale" if present;
let team = namespaces by team;
policy three-tier(front, home: namespace, port: port) {
    front may reach home/db:port until 2026-01-01 because "so, ünï https://b.example";
    in namespace home { pods may reach internet on 443, 53/udp; }
}
in each namespaces[team in (web, storage), !old] { pods locked for ingress; }
in clusters[env=prod] { let edge = 203.0.113.0/24 except 203.0.113.7; }
apply three-tier((back, web), data, postgres);
anyone except (system-namespaces, shop[app=web]) must not reach 2001:db8::/32 on 80;
shop/web may reach api:80 over http GET "/v1/*", POST "/v2";
each team isolated;
test "it works" { service shop/web reaches deployment api:80; *.stripe.com cannot reach db; }
serviceaccount shop/api may ping team-*; # the end
"#;

fn ask(desk: &Desk<'_>, offset: u32) {
    definition::definition(desk, offset);
    references::references(desk, offset, true);
    highlight::highlights(desk, offset);
    if let Some(told) = hover::hover(desk, offset) {
        assert!(desk.text().get(told.span.range()).is_some_and(|word| !word.is_empty()), "{told:?}");
        assert!(!told.markdown.trim().is_empty(), "{told:?}");
    }
    let spans = selection::selection(desk, offset);
    assert_eq!(spans.last(), Some(&Span::new(0, desk.text().len())));
    if let Ok((span, _)) = rename::prepare(desk, offset) {
        assert!(desk.text().get(span.range()).is_some());
        for name in ["other", "web", "A \"", "öä"] {
            let _ = rename::rename(desk, offset, name);
        }
    }
}

fn look(desk: &Desk<'_>) {
    let text = desk.text();
    for token in tokens::tokens(desk) {
        assert!(text.get(token.span.range()).is_some_and(|text| !text.contains(['\n', '\r'])), "{token:?}");
    }
    for link in links::links(desk) {
        assert!(text.get(link.span.range()).is_some(), "{link:?}");
    }
    for fold in folding::folds(desk) {
        assert!(fold.first < fold.last && (fold.last as usize) < text.lines().count(), "{fold:?}");
    }
    for hint in hints::hints(desk, Span::new(0, text.len())) {
        assert!(text.is_char_boundary(hint.offset as usize), "{hint:?}");
    }
    symbols::document(desk);
}

fn everywhere(is_known: bool, step: usize, text_of: impl Fn(usize) -> Option<String>) {
    let mut fixture = fixture("");
    if !is_known {
        fixture.workspace.sites[0].world = Arc::new(World::unknown(Cluster::default()));
    }
    for end in (0..=PROGRAM.len()).filter(|end| PROGRAM.is_char_boundary(*end)) {
        let Some(text) = text_of(end) else { continue };
        fixture.workspace.edit(fixture.file, text);
        let desk = Desk::new(&fixture.workspace, 0, fixture.file, None);
        look(&desk);
        let last = desk.text().len() as u32;
        let near = (end as u32).saturating_sub(3)..=(end as u32 + 3);
        near.chain((end as u32 % step as u32..=last + 2).step_by(step)).for_each(|offset| ask(&desk, offset));
    }
}

#[test]
fn every_beginning_of_a_program() {
    everywhere(true, 400, |end| Some(PROGRAM[..end].to_owned()));
}

#[test]
fn every_character_left_out() {
    everywhere(true, 400, |end| {
        let mut behind = PROGRAM[end..].chars();
        behind.next()?;
        Some(PROGRAM[..end].to_owned() + behind.as_str())
    });
}

#[test]
fn without_an_inventory_and_with_line_ends_of_windows() {
    everywhere(false, 400, |end| (end % 7 == 0).then(|| PROGRAM[..end].replace('\n', "\r\n")));
}

#[test]
fn every_offset_of_the_program() {
    everywhere(true, 1, |end| (end == PROGRAM.len()).then(|| PROGRAM.to_owned()));
}
