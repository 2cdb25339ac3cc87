//! Words of the language, by place.

use super::*;

fn words(text: &str) -> Vec<String> {
    of_kind(text, CompletionKind::Keyword)
}

const VERBS: &[&str] = &[
    "may reach",
    "may only reach",
    "must not reach",
    "must reach",
    "may ping",
    "isolated",
    "locked",
    "open",
    "except",
    "in",
];

#[test]
fn behind_a_subject() {
    for text in ["web $0", "shop/web $0", "in namespace shop { web $0 }", "# é\r\nshop/web[app=web] $0"] {
        assert_eq!(labels(text), VERBS, "{text}");
    }
    assert_eq!(labels("web, api $0"), &VERBS[..8]);
    assert_eq!(labels("web except api $0"), &VERBS[..8]);
    assert_eq!(labels("web mu$0"), ["must not reach", "must reach"]);
    assert_eq!(labels("test \"x\" { web $0"), ["reaches", "cannot reach", "except", "in"]);
    assert_eq!(labels("only web $0"), ["may reach", "except", "in"]);
    assert_eq!(labels("each namespace isolated $0"), labels("web locked $0"));
    assert_eq!(labels("(web $0"), ["except", "in"]);
}

#[test]
fn within_a_verb() {
    assert_eq!(labels("web may $0"), ["reach", "only reach", "ping"]);
    assert_eq!(labels("web may only $0"), ["reach"]);
    assert_eq!(labels("web must $0"), ["reach", "not reach"]);
    assert_eq!(labels("web must not $0"), ["reach"]);
    assert_eq!(labels("test \"\" { web cannot $0"), ["reach"]);
    assert_eq!(applied("web may r$0", "reach"), "web may reach\n");
}

#[test]
fn behind_an_object() {
    let clauses = ["because", "if present", "even if absent", "until"];
    assert_eq!(
        labels("web may reach api $0")[..5],
        ["on", "because", "if present", "even if absent", "until"]
    );
    assert_eq!(labels("web may reach api:80 $0")[..2], ["over http", "because"]);
    assert_eq!(labels("web may reach api on 80 $0")[1..], clauses);
    assert_eq!(labels("web may reach api on 80, $0").first().map(String::as_str), Some("80"));
    assert_eq!(labels("web must not reach api $0")[..4], ["on", "because", "if present", "even if absent"]);
    assert_eq!(labels("web may reach api because \"x\" $0"), ["if present", "even if absent", "until"]);
    assert_eq!(labels("web may reach api if $0"), ["present"]);
    assert_eq!(labels("web may reach api even $0"), ["if absent"]);
    assert_eq!(labels("web may reach api if present until 2027-01-01 $0"), ["because"]);
    assert_eq!(labels("web may reach api until $0"), ["2026-12-01", "2027-01-30", "2027-11-01"]);
    assert_eq!(item("web may reach api u$0", "until").insert, "until ${1:2027-01-30}");
    assert_eq!(labels("test \"\" { web reaches api:80 $0")[..2], ["if present", "even if absent"]);
}

#[test]
fn behind_a_posture() {
    let all = ["for ingress", "for egress", "because", "if present", "even if absent"];
    assert_eq!(labels("web locked $0"), all);
    assert_eq!(labels("web locked for $0"), ["ingress", "egress"]);
    assert_eq!(labels("web locked for ingress $0"), all[2..]);
}

#[test]
fn requests() {
    assert_eq!(labels("web may reach api:80 over $0"), ["http"]);
    let methods = labels("web may reach api:80 over http $0");
    assert_eq!(methods[..3], ["GET", "HEAD", "POST"]);
    assert_eq!(item("web may reach api:80 over http GET \"/\", P$0", "PUT").insert, "PUT \"${1:/}\"");
    assert_eq!(labels("web may reach api:80 over http GET $0"), [""; 0]);
    let detail = |target| {
        let fixture = fixture_for("web may reach api:80 ov$0", target);
        offered(&fixture).items.remove(0).detail.unwrap()
    };
    assert_eq!(detail(Target::Cilium), "narrow to requests");
    assert_eq!(detail(Target::Calico), "narrow to requests (Cilium alone)");
}

#[test]
fn statements_begin_where_they_may_stand() {
    let words = |text: &str| of_kind(text, CompletionKind::Snippet);
    let top = [
        "let",
        "use",
        "in namespace",
        "in each",
        "policy",
        "apply",
        "test",
        "export let",
        "export policy",
        "only",
        "each",
    ];
    for text in ["$0", "web locked;$0", "web locked;\n$0\nweb may", "in namespace shop { } $0"] {
        assert_eq!(words(text), top, "{text}");
    }
    assert_eq!(
        words("in namespace shop {\n    $0\n}"),
        ["let", "apply", "test", "export let", "only", "each"]
    );
    assert_eq!(words("policy p(a) { $0"), ["in namespace", "in each", "apply", "only", "each"]);
    assert_eq!(words("in each team-* { $0 }"), ["apply", "only", "each"]);
    assert_eq!(words("test \"x\" { $0 }"), ["in namespace", "in each"]);
    assert!(
        words("-- weir.toml --\n[clusters.eu]\ninventory = [\"i\"]\n-- main.weir --\n$0")
            .contains(&"in cluster".to_owned())
    );
    assert_eq!(item("po$0", "policy").insert, "policy ${1:name}(${2:pods}) {\n    $0\n}");
    assert_eq!(labels("export $0"), ["let", "policy"]);
    // Words that are there already are not written again.
    assert_eq!(item("po$0 p(a) {", "policy").insert, "policy");
    assert_eq!(item("in na$0 shop {", "namespace").insert, "namespace");
    assert_eq!(item("web locked bec$0 \"x\";", "because").insert, "because");
    assert_eq!(item("web locked bec$0", "because").insert, "because \"${1:why}\"");
}

#[test]
fn a_missing_semicolon_ends_nothing() {
    assert_eq!(labels("web locked\nshop/web may $0"), ["reach", "only reach", "ping"]);
    assert_eq!(labels("web may reach api\nin namespace shop { web $0"), VERBS);
}

#[test]
fn blocks() {
    assert_eq!(labels("in $0"), ["namespace", "each", "cluster", "clusters"]);
    assert_eq!(item("in n$0", "namespace").insert, "namespace ${1:name} {\n    $0\n}");
    let namespaces = ["data", "kube-system", "monitoring", "shop"];
    assert_eq!(labels("in namespace $0"), namespaces);
    assert_eq!(labels("in each namespaces[kind=tenant] $0"), ["except", "in"]);
    assert_eq!(labels("in each $0")[..2], ["namespace", "namespaces"]);
    let project = "-- weir.toml --\n[clusters.prod-eu]\ninventory = [\"i\"]\nlabels = { env = \"prod\" }\n[clusters.prod-us]\ninventory = [\"j\"]\nlabels = { env = \"prod\" }\n-- main.weir --\n";
    let at = |text: &str| rows(&format!("{project}{text}"));
    let row = |label: &str, detail: &str| (label.to_owned(), detail.to_owned());
    assert_eq!(at("in cluster $0"), [row("prod-eu", "env=prod"), row("prod-us", "env=prod")]);
    assert_eq!(at("in clusters[$0"), [row("env", "2 clusters")]);
    assert_eq!(at("in clusters[env=$0"), [row("prod", "2 clusters")]);
}

#[test]
fn kinds_of_parameters() {
    assert_eq!(words("policy p(a: $0"), ["set", "pods", "namespace", "addresses", "partition", "port"]);
    assert_eq!(words("policy p(a, b: po$0")[..2], ["pods", "port"]);
    assert_eq!(labels("policy $0"), [""; 0]);
    assert_eq!(labels("policy p($0"), [""; 0]);
}

#[test]
fn comments_and_texts_are_left_alone() {
    for text in [
        "# we$0",
        "web locked; # web $0",
        "web may reach api because \"$0",
        "web may reach api because \"w$0\";",
    ] {
        assert_eq!(labels(text), [""; 0], "{text}");
    }
}

#[test]
fn lints_in_comments() {
    assert_eq!(labels("# weir: $0"), ["allow"]);
    assert_eq!(item("# weir: al$0", "allow").insert, "allow(${1:lint}) because \"${2:why}\"");
    let row = |label: &str, detail: &str| (label.to_owned(), detail.to_owned());
    assert_eq!(rows("# weir: allow(W0102$0)"), [row("W0102", "a grant without ports")]);
    assert_eq!(rows("# weir: allow(grant-w$0)"), [row("grant-without-port", "W0102: a grant without ports")]);
    assert_eq!(labels("# weir: allow(W0102, grant-w$0"), [""; 0]);
    // What is told of the file comes first.
    assert_eq!(labels("# weir: allow($0)\nweb may reach db;\nweb, db locked;")[0], "grant-without-port");
    assert_eq!(labels("# weir: allow(W0102) $0"), ["because"]);
    assert_eq!(labels("# weir: nonsense $0"), [""; 0]);
}

#[test]
fn a_blank_asks_for_little() {
    let behind = |text: &str, trigger| {
        let fixture = fixture(text);
        completion_behind(&fixture.desk(), fixture.offset, trigger).items.len()
    };
    assert_eq!(behind("web locked;\n $0", ' '), 0);
    assert_eq!(behind("web $0", ' '), VERBS.len());
    assert!(behind("web may reach $0", ' ') > 5);
    assert_eq!(behind("a, $0 b", ' '), labels("a, $0 b").len());
}
