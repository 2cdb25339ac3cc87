use super::*;
use crate::ide::fixture::fixture;

fn shown(text: &str) -> String {
    let fixture = fixture(text);
    hover(&fixture.desk(), fixture.offset).map(|found| found.markdown).unwrap_or_default()
}

fn has(text: &str, parts: &[&str]) {
    let shown = shown(text);
    for part in parts {
        assert!(shown.contains(part), "`{part}` is not in\n{shown}");
    }
}

#[test]
fn a_workload_is_told_as_it_is_today() {
    has(
        "web locked;\nw$0eb may reach db:5432;\napi may reach web:80;\n",
        &[
            "`shop/web`",
            "`80 http → http`",
            "`8080 http`",
            "service account: `default`",
            "guarded by `main.weir: web locked`",
            "1 may reach this: `shop/api (8080/tcp)`",
            "this may reach",
            "defined in cluster.yaml:",
        ],
    );
    has("w$0eb may reach db:5432;", &["not guarded for ingress: everyone may reach this"]);
}

#[test]
fn other_names_are_told() {
    has("namespace sh$0op locked;", &["namespace `shop`", "`team=web`", "workloads: 2", "guarded by"]);
    has("let f$0ront = web;\nfront may reach db;", &["let front = web;", "today:", "`shop/web`"]);
    has("let front = web;\n$0front may reach db;", &["let front = web;", "today:"]);
    has("policy p(a) { a may reach db:5432; }\napply $0p(web);", &["policy p(a"]);
    has("policy p(a) { $0a may reach db:5432; }\napply p(web);", &["parameter `a`"]);
    has("use std.kuber$0netes;", &["It exports"]);
    has(
        "namespaces[te$0am=web] locked;",
        &["label `team`", "namespaces that have it today: 2", "`storage`, `web`"],
    );
    has("anyone[app=w$0eb] may reach db;", &["label `app=web`"]);
    has("d$0b-*/db locked;", &["none matches today"]);
    has("10.0.0.$00/8 may reach web:8080;", &["16777216 addresses", "private"]);
}

#[test]
fn ports_lead_to_pods() {
    has(
        "api may reach web:8$00;",
        &["service port `80` of `shop/web` → pod port `8080/tcp`", "declared by `shop/web`"],
    );
    has("web may reach db:postg$0res;", &["5432/tcp"]);
}

#[test]
fn sentences_say_what_they_open() {
    has(
        "db locked;\nweb may re$0ach db:5432;\n",
        &["A grant", "opens 1 workload → 1 workload on 5432/tcp", "```yaml", "kind: NetworkPolicy"],
    );
    has("db lo$0cked for ingress;", &["Guards both ways", "closes 1 workload for ingress"]);
}

#[test]
fn words_and_comments_are_told() {
    has("an$0yone locked;", &["Every pod"]);
    has("web may reach db:5432 beca$0use \"it is\";", &["annotation"]);
    has("# weir: allow(W01$002) because \"x\"\nweb may reach db;", &["W0102 · a grant without ports"]);
    assert_eq!(shown("# web$0 is here\nweb may reach db;"), "");
}

#[test]
fn half_written_text_is_told_of() {
    has("web may rea$0ch", &["A grant"]);
    assert_eq!(shown("$0"), "");
    for at in 0.."web may reach db:80 ö".len() {
        let fixture = fixture("web may reach db:80 ö");
        let _ = hover(&fixture.desk(), at as u32);
    }
}
