//! `weir.toml`: what is read of it, and that its JSON Schema says the same as the parser, key by key.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir::cni::{Mode, Plugin, Switch};
use weir::project::{self, Level, Parsed};
use weir::{Code, Target};

use crate::harness;

fn read(text: &str) -> Parsed {
    harness::settings("weir.toml", text).1
}

fn schema() -> Value {
    serde_json::from_str(&harness::read(harness::root().join("docs/weir.schema.json"))).unwrap()
}

/// TOML as JSON; `None` for what is no TOML.
fn as_json(text: &str) -> Option<Value> {
    serde_json::to_value(toml::from_str::<toml::Table>(text).ok()?).ok()
}

const WHOLE: &str = r#"
[project]
name = "acme"
prelude = false

[defaults]
target = "cilium"
priorities = [0, 99]

[clusters.prod-eu]
inventory = ["inventory/prod-eu/", "../shared.yaml"]
target = "networkpolicy"
priorities = [500, 1000]
labels = { env = "prod", "acme.com/region" = "eu", empty = "" }
pods = ["10.0.0.0/14", "fd00::/48"]
services = ["10.96.0.0/12"]

[clusters.prod-eu.cni]
name = "cilium"
version = "1.18.2"
policy-cidr-match-mode = ["nodes"]
sctp = true
l7-proxy = false

[clusters.dev]
inventory = ["dev.json"]

[lints]
grant-without-port = "deny"
W0101 = "allow"
"#;

#[test]
fn everything_is_read() {
    let parsed = read(WHOLE);
    assert_eq!(parsed.diagnostics, []);
    let project = parsed.project;
    assert_eq!((project.name.as_deref(), project.prelude), (Some("acme"), false));
    assert_eq!(project.target, Some(Target::Cilium));
    assert_eq!(project.lints[&Code::W0102], Level::Deny);
    assert_eq!(project.lints[&Code::W0101], Level::Allow);
    let names: Vec<&str> = project.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    assert_eq!(names, ["dev", "prod-eu"], "sorted, in whatever order they stand");
    let prod = &project.clusters[1];
    assert_eq!(prod.inventory, ["inventory/prod-eu/", "../shared.yaml"]);
    assert_eq!(prod.target, Some(Target::NetworkPolicy));
    assert_eq!(prod.labels["acme.com/region"], "eu");
    assert_eq!((prod.pods.len(), prod.services.len()), (2, 1));
    assert_eq!(project.priorities, Some((0, 99)));
    assert_eq!((project.clusters[0].priorities, prod.priorities), (None, Some((500, 1000))));
    let cni = &prod.cni;
    assert_eq!(cni.name.as_ref().map(|told| told.value), Some(Plugin::Cilium));
    assert_eq!(cni.version.as_ref().map(|told| told.value.to_string()).as_deref(), Some("1.18.2"));
    assert_eq!(cni.cidr_match.as_ref().map(|told| (told.value.nodes, told.value.pods)), Some((true, false)));
    let switches: Vec<_> = cni.switches.iter().map(|(switch, told)| (switch.key(), told.value)).collect();
    assert_eq!(switches, [("l7-proxy", false), ("sctp", true)]);
    assert_eq!((project.clusters[0].target, &project.clusters[0].cni), (None, &project::CniTable::default()));
    assert_eq!(parsed.clusters[1].inventory.len(), 2);
}

#[test]
fn nothing_is_a_project_too() {
    for text in ["", "\n# nothing\n", "\u{feff}", "[project]\n[clusters]\n[lints]\r\n"] {
        let parsed = read(text);
        assert_eq!((parsed.diagnostics, parsed.project), (Vec::new(), weir::Project::default()), "{text:?}");
    }
}

#[test]
fn ways_to_write_a_table_are_one() {
    let header = "[clusters.a]\ntarget = 'calico'\n[clusters.a.labels]\nenv = 'prod'\n";
    let inline = "clusters = { a = { target = 'calico', labels = { env = 'prod' } } }\n";
    let dotted = "clusters.a.target = 'calico'\nclusters.a.labels.env = 'prod'\n";
    for text in [inline, dotted] {
        assert_eq!(read(text).project, read(header).project);
        assert_eq!(read(text).diagnostics, []);
    }
}

/// Texts that are no `weir.toml` at all are told in a few words, at a place, and soon.
#[test]
fn garbage_is_told_shortly() {
    let mut garbage: Vec<String> =
        ["[", "]", "{", "(", "a = [", "a = {b=", "a.", "[a]\n", "a\n", "\"", "\0", "é=", "="]
            .iter()
            .map(|piece| piece.repeat(100_000))
            .collect();
    garbage.push(format!("a = {}", "[".repeat(100_000)));
    garbage.push(format!("a = {}", "{a=".repeat(100_000)));
    garbage.push(format!("{} = 1", vec!["a"; 100_000].join(".")));
    garbage.push(format!("[clusters.{}]\n", "x".repeat(1_000_000)));
    garbage.push(format!("{} = 1\n", "x".repeat(1_000_000)));
    garbage.push(format!("[clusters.a]\npods = [{}]\n", "\"10.0.0.1/8\",".repeat(1_000)));
    let mut state = 1u64;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from((state >> 33) as u8 & 0x7f)
    });
    garbage.push(noise.take(1_000_000).collect());
    for text in garbage {
        let (sources, parsed) = harness::settings("weir.toml", &text);
        let start: String = text.chars().take(40).collect();
        assert!(!parsed.diagnostics.is_empty(), "{start}");
        assert!(parsed.diagnostics.iter().all(|said| !said.labels.is_empty()), "{start}");
        let told = weir::diagnostic::render::render(&sources, &parsed.diagnostics, false);
        assert!(told.len() < 20_000 + 20 * text.len(), "{start}: {} bytes", told.len());
    }
}

/// The keys that the schema has at a path such as `clusters.*`.
fn keys_of(schema: &Value, path: &str) -> BTreeSet<String> {
    let mut place = schema;
    for step in path.split('.').filter(|step| !step.is_empty()) {
        place = if step == "*" { &place["additionalProperties"] } else { &place["properties"][step] };
        if let Some(name) = place["$ref"].as_str() {
            place = schema.pointer(name.strip_prefix('#').unwrap()).unwrap();
        }
    }
    assert_eq!(place["additionalProperties"], json!(false), "`{path}` admits no other key");
    place["properties"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn schema_and_parser_know_the_same_keys() {
    let schema = schema();
    for table in project::TABLES {
        let known: BTreeSet<String> = table.keys.iter().map(|key| key.name.to_owned()).collect();
        assert_eq!(keys_of(&schema, table.path), known, "`{}`", table.path);
    }
    let targets: Vec<&str> = Target::ALL.iter().map(|target| target.name()).collect();
    assert_eq!(schema["$defs"]["target"]["enum"], json!(targets));
    let cni = &schema["$defs"]["cni"]["properties"];
    let plugins: Vec<&str> = Plugin::ALL.iter().map(|plugin| plugin.name()).collect();
    assert_eq!(cni["name"]["enum"], json!(plugins));
    assert!(
        Mode::ALL.iter().all(|mode| cni["mode"]["enum"].as_array().unwrap().contains(&json!(mode.name())))
    );
    assert!(Switch::ALL.iter().all(|switch| cni[switch.key()]["type"] == json!("boolean")));
    let levels = schema["$defs"]["level"]["enum"].as_array().unwrap();
    assert!(levels.iter().all(|level| Level::parse(level.as_str().unwrap()).is_some()) && levels.len() == 3);
}

/// The end of the schema: every lint by its name, then by its code.
fn lints() -> String {
    let entry = |key: &str, description: String| {
        let description = json!(description);
        format!(
            "        \"{key}\": {{\n          \"description\": {description},\n          \"$ref\": \"#/$defs/level\"\n        }}"
        )
    };
    let all = || Code::ALL.iter().filter_map(|code| Some((code, code.lint()?.0)));
    let capital = |title: &str| title[..1].to_uppercase() + &title[1..];
    let names =
        all().map(|(code, name)| entry(name, format!("{} ({}).", capital(code.title()), code.name())));
    let codes = all().map(|(code, name)| {
        entry(code.name(), format!("{}: another word for `{name}`.", capital(code.title())))
    });
    let entries: Vec<String> = names.chain(codes).collect();
    format!("{}\n      }}\n    }}\n  }}\n}}\n", entries.join(",\n"))
}

#[test]
fn the_schema_knows_every_lint() {
    const BEFORE: &str = "    \"lints\": {\n      \"type\": \"object\",\n      \"additionalProperties\": false,\n      \"properties\": {\n";
    let path = harness::root().join("docs/weir.schema.json");
    let text = harness::read(&path);
    let (before, found) = text.split_once(BEFORE).expect("the lints are the last of the definitions");
    if std::env::var_os("WEIR_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{BEFORE}{}", lints())).unwrap();
    } else {
        assert_eq!(found, lints(), "with WEIR_BLESS=1 it is written anew");
    }
}

/// Every table and key has a description: editors show it.
#[test]
fn the_schema_explains_itself() {
    fn look(value: &Value, path: &str, silent: &mut Vec<String>) {
        for (name, inner) in value["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            if inner["description"].as_str().is_none() && inner["$ref"].as_str().is_none() {
                silent.push(path.clone());
            }
            look(inner, &path, silent);
        }
    }
    let schema = schema();
    let mut silent = Vec::new();
    look(&schema, "", &mut silent);
    look(&schema["$defs"]["cluster"], "cluster", &mut silent);
    look(&schema["$defs"]["cni"], "cni", &mut silent);
    assert!(silent.is_empty(), "{silent:?}");
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
}

/// The examples by which messages explain a key are themselves right.
#[test]
fn examples_of_keys_are_read() {
    for table in project::TABLES {
        for key in table.keys {
            let text = match table.path {
                "" => format!("{}\n", key.example),
                path => format!("[{}]\n{}\n", path.replace('*', "prod-eu"), key.example),
            };
            assert_eq!(read(&text).diagnostics, [], "{text}");
            assert!(text.contains(key.name), "{text}");
        }
    }
}

/// One opinion on what is right: the schema's and the parser's.
#[test]
fn schema_and_parser_agree() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let mut texts: Vec<String> = vec![WHOLE.to_owned(), String::new()];
    for (table, key, values) in [
        ("project", "name", vec!["''", "'a'", "1"]),
        ("project", "prelude", vec!["true", "false", "'no'", "[]"]),
        ("defaults", "target", vec!["'calico'", "'Calico'", "''", "1"]),
        (
            "defaults",
            "priorities",
            vec![
                "[0, 1000]",
                "[7, 7]",
                "[0, 1001]",
                "[-1, 5]",
                "[1]",
                "[1, 2, 3]",
                "['1', 2]",
                "[1.5, 2]",
                "7",
            ],
        ),
        ("clusters.a", "priorities", vec!["[0x10, 0o77]", "[]"]),
        ("defaults", "calico-kind", vec!["'global'", "'namespaced'", "'Global'", "''", "1"]),
        ("clusters.a", "calico-kind", vec!["'namespaced'", "'x'"]),
        ("clusters.a", "target", vec!["'clusternetworkpolicy'", "'x'"]),
        ("clusters.a", "inventory", vec!["[]", "['x']", "'x'", "['']", "['-']", "[1]", "['/x', '../y']"]),
        (
            "clusters.a",
            "pods",
            vec!["[]", "['10.0.0.0/8']", "['fd00::/48']", "['10.0.0.1']", "['x/8']", "'10.0.0.0/8'"],
        ),
        ("clusters.a", "services", vec!["['10.0.0.0/8']", "['10.0.0.0']", "[{}]"]),
        (
            "clusters.a",
            "labels",
            vec![
                "{}",
                "{a = 'b'}",
                "{a = ''}",
                "{'a/b' = 'c'}",
                "{'A/b' = 'c'}",
                "{'' = 'x'}",
                "{'a b' = 'x'}",
                "{a = 1}",
                "{a = '-x'}",
                "{'x/y/z' = 'a'}",
                "{'/y' = 'a'}",
                "'a'",
            ],
        ),
        ("clusters.a", "cni", vec!["{}", "{name = 'cilium'}", "{nam = 'cilium'}", "'cilium'", "[]"]),
        ("clusters.a.cni", "name", vec!["'other'", "'Cilium'", "''", "1"]),
        (
            "clusters.a.cni",
            "version",
            vec!["'1.18'", "'v1.18.2-rc.1'", "'latest'", "''", "'1.'", "'1.2.3.x'", "1.18", "'1234567890'"],
        ),
        (
            "clusters.a.cni",
            "policy-cidr-match-mode",
            vec!["[]", "['pods', 'nodes']", "'nodes'", "['all']", "[1]"],
        ),
        ("clusters.a.cni", "chaining", vec!["'aws-cni'", "'none'", "'aws'"]),
        ("clusters.a.cni", "mode", vec!["'strict'", "'lax'", "true"]),
        ("clusters.a.cni", "cluster-name", vec!["'prod-eu'", "''", "'-x'", "7"]),
        ("clusters.a.cni", "sctp", vec!["true", "'true'", "1"]),
        ("clusters.a.cni", "tier", vec!["true"]),
        ("clusters", "b", vec!["{}", "1", "[]"]),
        ("clusters", "'B'", vec!["{}"]),
        ("clusters", "'b.c'", vec!["{}"]),
        ("clusters", "b-", vec!["{}"]),
        ("clusters", "''", vec!["{}"]),
        ("lints", "idle-grant", vec!["'allow'", "'warn'", "'deny'", "'off'", "true"]),
        ("lints", "W0113", vec!["'allow'"]),
        ("lints", "w0113", vec!["'allow'"]),
        ("lints", "E0201", vec!["'allow'"]),
        ("nonsense", "a", vec!["1"]),
    ] {
        texts.extend(values.iter().map(|value| format!("[{table}]\n{key} = {value}\n")));
    }
    for length in [62, 63, 64] {
        let name = "x".repeat(length);
        texts.push(format!("[clusters.{name}]\n"));
        texts.push(format!("[clusters.a]\nlabels = {{ {name} = 'a' }}\n"));
        texts.push(format!("[clusters.a]\nlabels = {{ a = '{name}' }}\n"));
    }
    for text in texts {
        let by_parser = read(&text).diagnostics;
        let by_schema = validator.is_valid(&as_json(&text).unwrap_or_else(|| panic!("no TOML: {text}")));
        assert_eq!(by_schema, by_parser.is_empty(), "{text}{by_parser:#?}");
    }
}

/// Every `weir.toml` beside the code, and every one in the pages that is no example of a mistake.
#[test]
fn projects_of_the_house_are_valid() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let mut found: Vec<(String, String)> = Vec::new();
    let mut waiting = vec![harness::root().join("examples"), harness::cases(), harness::root().join("docs")];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(harness::entries(path));
        } else if path.ends_with("weir.toml") {
            found.push((path.display().to_string(), harness::read(&path)));
        } else if path.extension().is_some_and(|extension| extension == "md")
            && !path.ends_with("errors/E0703.md")
        {
            let page = harness::read(&path);
            let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```"));
            found.extend(blocks.map(|(text, _)| (path.display().to_string(), text.to_owned())));
        }
    }
    assert!(!found.is_empty());
    for (path, text) in found {
        assert_eq!(read(&text).diagnostics, [], "{path}");
        assert!(validator.is_valid(&as_json(&text).unwrap()), "{path}");
    }
}
