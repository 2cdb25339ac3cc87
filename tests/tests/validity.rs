//! The checker of validity itself: it takes good objects of every kind, and each of its rules finds the object that
//! breaks it, and nothing beside.

use regex::Regex;
use weir_tests::validity::{self, Schemas};

use crate::harness;

mod calico;
mod cilium;
mod cluster_network_policy;
mod kubernetes;
mod streams;

/// A stream, and what is said of it: `path: rule`, one a line.
type Bad = (String, &'static str);

/// One object, with what stands behind its metadata.
fn object(version: &str, kind: &str, metadata: &str, rest: &str) -> String {
    format!("apiVersion: {version}\nkind: {kind}\nmetadata: {metadata}\n{rest}\n")
}

fn bad() -> Vec<Bad> {
    [
        streams::bad(),
        kubernetes::bad(),
        cilium::bad(),
        cilium::bad_peers(),
        cilium::bad_ports(),
        calico::bad(),
        calico::bad_rules(),
        cluster_network_policy::bad(),
    ]
    .concat()
}

#[test]
fn good_objects_are_valid() {
    let good =
        [kubernetes::good(), cilium::good(), calico::good(), cluster_network_policy::good(), streams::good()];
    for stream in good.concat() {
        let found = validity::check(&stream, Schemas::of_environment());
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(found.is_empty(), "{}\n{stream}", found.join("\n"));
    }
}

#[test]
fn bad_objects_are_found() {
    let mut differ = String::new();
    for (stream, expected) in bad() {
        let found = validity::check(&stream, None);
        let found: Vec<String> = found.iter().map(|one| format!("{}: {}", one.path, one.rule)).collect();
        if found.join("\n") != expected {
            let stream: String = stream.chars().take(2000).collect();
            differ += &format!("--- {stream}\nis said:\n{}\ninstead of:\n{expected}\n", found.join("\n"));
        }
    }
    assert!(differ.is_empty(), "{differ}");
}

/// What is said anywhere in the checker is said of one of the bad objects.
#[test]
fn every_rule_is_broken_once() {
    let said = Regex::new(r#"says(?:_at)?\((?:[^";]*?)"((?:[^"\\]|\\.)*)""#).unwrap();
    let hole = Regex::new(r"\\\{[^}]*\\\}").unwrap();
    let told: Vec<&str> = bad().iter().flat_map(|(_, expected)| expected.lines()).collect();
    let mut waiting = vec![harness::root().join("tests/src/validity")];
    let (mut rules, mut unbroken) = (0, Vec::new());
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(harness::entries(&path));
            continue;
        }
        if path.ends_with("schema.rs") {
            continue;
        }
        for found in said.captures_iter(&harness::read(&path)) {
            let rule = found[1].replace("\\\"", "\"");
            if rule.is_empty() || rule.starts_with('.') {
                continue;
            }
            rules += 1;
            let rule = hole.replace_all(&regex::escape(&rule), ".*").into_owned();
            let pattern = Regex::new(&format!(": {rule}$")).unwrap();
            if !told.iter().any(|line| pattern.is_match(line)) {
                unbroken.push(format!("{}: {}", path.display(), &found[1]));
            }
        }
    }
    assert!(rules > 100, "rules are found: {rules}");
    assert!(unbroken.is_empty(), "no bad object breaks\n{}", unbroken.join("\n"));
}

/// The schemas find what is mistyped, also where no checker looks.
#[test]
fn schemas_take_no_unknown_fields() {
    let Some(schemas) = Schemas::of_environment() else { return };
    for (stream, kind) in [
        (kubernetes::good(), "NetworkPolicy"),
        (cilium::good(), "CiliumNetworkPolicy"),
        (calico::good(), "GlobalNetworkPolicy"),
        (cluster_network_policy::good(), "ClusterNetworkPolicy"),
    ] {
        let stream = stream.join("---\n");
        for (right, wrong) in [("spec:", "spec:\n  mistyped: 1"), ("metadata: {", "metadata: {mistyped: 1, ")]
        {
            let found = validity::check(&stream.replace(right, wrong), Some(schemas));
            let said = |one: &validity::Violation| {
                one.kind == kind && one.rule.contains("'mistyped'") && one.rule.contains("(schema of ")
            };
            assert!(found.iter().any(said), "{kind}: {found:?}");
        }
    }
}
