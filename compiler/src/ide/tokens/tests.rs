//! Colours of whole and half sentences, one line a token.

use super::*;
use crate::ide::fixture::{Fixture, fixture};

/// `word Kind`, with a letter for each modifier.
fn shown(fixture: &Fixture) -> Vec<String> {
    let desk = fixture.desk();
    let tokens = tokens(&desk);
    for pair in tokens.windows(2) {
        assert!(pair[0].span.end <= pair[1].span.start, "{pair:?}");
    }
    let line = |token: &Token| {
        let text = &desk.text()[token.span.range()];
        assert!(!text.contains(['\n', '\r']) && !text.is_empty(), "{text:?}");
        let Modifiers { declaration, definition, default_library, deprecated } = token.modifiers;
        let letters = [(declaration, 'd'), (definition, 'D'), (default_library, 'L'), (deprecated, 'x')];
        let letters: String = letters.iter().filter(|(is, _)| *is).map(|(_, letter)| *letter).collect();
        format!("{text} {:?}{}", token.kind, if letters.is_empty() { letters } else { format!(" {letters}") })
    };
    tokens.iter().map(line).collect()
}

fn of(text: &str) -> Vec<String> {
    shown(&fixture(text))
}

#[test]
fn a_sentence() {
    assert_eq!(
        of("shop/web, api may reach data/db:5432 because \"so\" until 2027-01-31; # why"),
        [
            "shop Namespace",
            "web Class",
            "api Class",
            "may Keyword",
            "reach Keyword",
            "data Namespace",
            "db Class",
            "5432 Number",
            "because Keyword",
            "\"so\" String",
            "until Keyword",
            "2027-01-31 Number",
            "# why Comment",
        ]
    );
    assert_eq!(
        of("internet may reach namespace shop on 53/udp, http;"),
        [
            "internet Macro L",
            "may Keyword",
            "reach Keyword",
            "namespace Keyword",
            "shop Namespace",
            "on Keyword",
            "53/udp Number",
            "http Number"
        ]
    );
    assert_eq!(
        of("shop[app=web, tier in (a, b), !c] locked for ingress if present;"),
        [
            "shop Namespace",
            "app Property",
            "= Operator",
            "web EnumMember",
            "tier Property",
            "in Keyword",
            "a EnumMember",
            "b EnumMember",
            "! Operator",
            "c Property",
            "locked Keyword",
            "for Keyword",
            "ingress Keyword",
            "if Keyword",
            "present Keyword",
        ]
    );
}

#[test]
fn names_are_what_they_stand_for() {
    assert_eq!(
        of(
            "use std.kubernetes;\nlet back = 203.0.113.7;\nback, system-namespaces may ping web;\nin cluster eu { team-* locked; }"
        ),
        [
            "use Keyword",
            "std.kubernetes Type L",
            "let Keyword",
            "back Variable dD",
            "= Operator",
            "203.0.113.7 Number",
            "back Variable",
            "system-namespaces Variable L",
            "may Keyword",
            "ping Keyword",
            "web Class",
            "in Keyword",
            "cluster Keyword",
            "eu Namespace",
            "team-* Namespace",
            "locked Keyword",
        ]
    );
    assert_eq!(
        of("policy p(a, q: port) { a may reach db:q; }\napply p(web, 5432);"),
        [
            "policy Keyword",
            "p Function dD",
            "a Parameter dD",
            "q Parameter dD",
            "port Keyword",
            "a Parameter",
            "may Keyword",
            "reach Keyword",
            "db Class",
            "q Parameter",
            "apply Keyword",
            "p Function",
            "web Class",
            "5432 Number",
        ]
    );
    assert_eq!(
        of("let team = namespaces by app.kubernetes.io/part-of;\neach team isolated;"),
        [
            "let Keyword",
            "team Variable dD",
            "= Operator",
            "namespaces Keyword",
            "by Keyword",
            "app.kubernetes.io/part-of Property",
            "each Keyword",
            "team Variable",
            "isolated Keyword",
        ]
    );
}

#[test]
fn requests_and_hosts() {
    assert_eq!(
        of("web may reach api:80 over http GET \"/v1/*\", POST \"/v2\";\nweb may reach *.stripe.com:https;")
            [4..],
        [
            "80 Number",
            "over Keyword",
            "http Keyword",
            "GET Keyword",
            "\"/v1/*\" String",
            "POST Keyword",
            "\"/v2\" String",
            "web Class",
            "may Keyword",
            "reach Keyword",
            "*.stripe.com String",
            "https Number",
        ]
    );
}

#[test]
fn what_is_over_is_struck_out() {
    let text = "web may reach api:80 until 2026-11-01;\napi may reach db until 2026-11-02; # later";
    assert_eq!(
        of(text),
        [
            "web Class x",
            "may Keyword x",
            "reach Keyword x",
            "api Class x",
            "80 Number x",
            "until Keyword x",
            "2026-11-01 Number x",
            "api Class",
            "may Keyword",
            "reach Keyword",
            "db Class",
            "until Keyword",
            "2026-11-02 Number",
            "# later Comment",
        ]
    );
}

#[test]
fn half_a_sentence_keeps_its_colours() {
    assert_eq!(
        of("let back = api;\nback, shop/web may may db:http namespace data;\napply p(;\nuse common.nets"),
        [
            "let Keyword",
            "back Variable dD",
            "= Operator",
            "api Class",
            "back Variable",
            "shop Namespace",
            "web Class",
            "may Keyword",
            "may Keyword",
            "db Class",
            "http Number",
            "namespace Keyword",
            "data Namespace",
            "apply Keyword",
            "p Function",
            "use Keyword",
            "common.nets Type",
        ]
    );
    assert_eq!(
        of("web may reach api because \"not yet;\n# Ünïcödé"),
        [
            "web Class",
            "may Keyword",
            "reach Keyword",
            "api Class",
            "because Keyword",
            "\"not yet String",
            "# Ünïcödé Comment",
        ]
    );
    assert_eq!(of("shop[app=we"), ["shop Class", "app Property", "= Operator", "we EnumMember"]);
}

#[test]
fn line_ends_of_windows() {
    let mut fixture = fixture("web");
    let file = fixture.file;
    fixture.workspace.edit(file, "# one\r\nweb locked;\r\ntest \"a\" {\r\n}\r\n".to_owned());
    assert_eq!(
        shown(&fixture),
        ["# one Comment", "web Class", "locked Keyword", "test Keyword", "\"a\" String"]
    );
}

#[test]
fn a_range_has_what_meets_it() {
    let fixture = fixture("web locked;\napi open;\ndb locked;");
    let desk = fixture.desk();
    let all = tokens(&desk);
    let within: Vec<Token> = in_range(&desk, Span::new(13, 18));
    assert_eq!(within, all[2..4]);
    assert_eq!(in_range(&desk, Span::new(0, 0)), []);
    assert_eq!(of(""), [""; 0]);
}
