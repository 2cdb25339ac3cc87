//! Verdicts that documents promise and other engines have given, each against the evaluator of its format: the files of
//! `tests/vectors`, whose README says what stands in them. Knows no format but theirs, and no verdict of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use weir_cluster::Inventory;
use weir_cluster::enforce::{self, Answer, Dialect, Policies, SideVerdict, Switches};
use weir_cluster::flow::Space;

use crate::harness;

mod flow;

use flow::Flow;

/// A vector with what failures call it.
struct Vector {
    name: String,
    value: Value,
}

fn folder() -> PathBuf {
    harness::root().join("tests/vectors")
}

fn schema() -> Value {
    serde_json::from_str(&harness::read(folder().join("schema.json"))).expect("the schema is JSON")
}

/// The files of vectors, by name.
fn files() -> Vec<(String, Value)> {
    let named = |path: PathBuf| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        (name.ends_with(".json") && name != "schema.json").then_some((name, path))
    };
    let read = |(name, path): (String, PathBuf)| {
        let value = serde_json::from_str(&harness::read(&path));
        (name.clone(), value.unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    harness::entries(folder()).into_iter().filter_map(named).map(read).collect()
}

fn vectors() -> Vec<Vector> {
    let of_file = |(file, value): (String, Value)| {
        let vectors = value["vectors"].as_array().cloned().unwrap_or_default();
        vectors
            .into_iter()
            .enumerate()
            .map(move |(index, value)| Vector { name: format!("{file}[{index}]"), value })
    };
    files().into_iter().flat_map(of_file).collect()
}

/// The manifests of a field: objects, a text in YAML, or the name of a file beside.
fn manifests(value: &Value) -> Result<String, String> {
    match value {
        Value::Array(items) => Ok(json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()),
        Value::String(text) if !text.contains('\n') && Path::new(text).extension().is_some() => {
            let path = folder().join(text);
            if !path.is_file() {
                return Err(format!("there is no file `{text}` beside"));
            }
            Ok(harness::read(path))
        }
        Value::String(text) => Ok(text.clone()),
        _ => Err("manifests are a list of objects, a text in YAML, or the name of a file".to_owned()),
    }
}

fn dialect(value: &Value) -> Result<Dialect, String> {
    match value.as_str() {
        Some("networkpolicy") => Ok(Dialect::NetworkPolicy),
        Some("cilium") => Ok(Dialect::Cilium),
        Some("calico") => Ok(Dialect::Calico),
        Some("clusternetworkpolicy") => Ok(Dialect::ClusterNetworkPolicy),
        _ => Err(format!("{value} is no dialect")),
    }
}

/// The options of a network plugin that a vector sets. No evaluator here has any yet.
fn switches(value: &Value) -> Result<Switches, String> {
    match value.as_object() {
        None => Ok(Switches::default()),
        Some(set) if set.is_empty() => Ok(Switches::default()),
        Some(_) => Err(format!("no evaluator has the switches {value}")),
    }
}

fn answer(value: &Value) -> Result<Answer, String> {
    match value.as_str() {
        Some("allowed") => Ok(Answer::Permitted),
        Some("denied") => Ok(Answer::Denied),
        Some("undefined") => Ok(Answer::Undefined),
        _ => Err(format!("{value} is no verdict")),
    }
}

fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::Permitted => "allowed",
        Answer::Denied => "denied",
        Answer::Undefined => "undefined",
    }
}

/// Who governs one end, and which rules decide.
fn told(side: &str, verdict: &SideVerdict, policies: &Policies) -> String {
    let name = |object: u32| policies.objects()[object as usize].to_string();
    let mut text = format!("  {side}: {}", word(verdict.answer));
    match verdict.governing.as_slice() {
        [] => text += ", governed by nothing",
        all => {
            let names: Vec<String> = all.iter().map(|&object| name(object)).collect();
            text += &format!(", governed by {}", names.join(", "));
        }
    }
    for rule in &verdict.matching {
        let sure = if rule.sure { "" } else { ", perhaps" };
        text += &format!("\n    {} {}: {:?}{sure}", name(rule.object), rule.path, rule.action);
    }
    text
}

fn run(vector: &Value) -> Result<(), String> {
    let expected = answer(&vector["expected"])?;
    let switches = switches(&vector["switches"])?;
    let inventory: Inventory =
        harness::inventory(&vec![("inventory".to_owned(), manifests(&vector["inventory"])?)])
            .map_err(|errors| format!("the inventory cannot be read: {}", errors.join("; ")))?;
    let policies = enforce::read(dialect(&vector["dialect"])?, "policies", &manifests(&vector["policies"])?)
        .map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            format!("the policies are not valid: {}", lines.join("; "))
        })?;
    let flow = Flow::parse(&vector["flow"], &inventory)?;
    let mut boundaries = policies.boundaries();
    boundaries.join(flow.boundaries());
    let space = Space::of(&inventory, flow.new_pods(), &boundaries.sorted())
        .map_err(|pattern| format!("the pattern `{}` is too complex", pattern.0))?;
    let enforced = policies.enforce(&space, &switches);
    for (source, destination, atom) in flow.among(&space, &inventory)? {
        let explained = policies.explain(&space, &switches, (source, destination, atom));
        let found = explained.egress.answer.min(explained.ingress.answer);
        let sets = (
            enforced.permitted.contains(source, destination, atom),
            enforced.undefined.contains(source, destination, atom),
        );
        if sets != (found == Answer::Permitted, found == Answer::Undefined) {
            return Err(format!("explained as {}, and enforced otherwise", word(found)));
        }
        if found != expected {
            let (egress, ingress) = (
                told("egress", &explained.egress, &policies),
                told("ingress", &explained.ingress, &policies),
            );
            let (expected, found) = (word(expected), word(found));
            return Err(format!("{expected} is expected, and found is {found}\n{egress}\n{ingress}"));
        }
    }
    Ok(())
}

#[test]
fn every_vector_holds() {
    let vectors = vectors();
    assert!(!vectors.is_empty(), "there are no vectors in {}", folder().display());
    let failures: Vec<String> = vectors
        .iter()
        .filter_map(|vector| {
            let message = run(&vector.value).err()?;
            let about = vector.value["about"].as_str().unwrap_or_default();
            Some(format!("{} ({about}): {message}", vector.name))
        })
        .collect();
    let (bad, all) = (failures.len(), vectors.len());
    assert!(failures.is_empty(), "{bad} of {all} vectors fail\n\n{}\n", failures.join("\n\n"));
}

#[test]
fn files_keep_to_the_schema() {
    let schema = schema();
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let mut found = Vec::new();
    for (name, value) in files() {
        found.extend(
            validator.iter_errors(&value).map(|error| format!("{name}{}: {error}", error.instance_path())),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What the schema refuses, so that it is one.
#[test]
fn the_schema_refuses_what_is_no_vector() {
    let validator = jsonschema::draft202012::new(&schema()).expect("a schema");
    let good = || {
        json!({"version": 1, "vectors": [{
            "about": "x", "dialect": "networkpolicy", "inventory": "town.yaml", "policies": [],
            "flow": {"from": "a/b", "to": "10.0.0.1", "protocol": "tcp", "port": 80},
            "expected": "allowed", "source": "x"
        }]})
    };
    assert!(validator.is_valid(&good()));
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut file = good();
        change(&mut file["vectors"][0]);
        assert!(!validator.is_valid(&file), "{file}");
    };
    for field in ["about", "dialect", "inventory", "policies", "flow", "expected", "source"] {
        refused(&|vector| _ = vector.as_object_mut().unwrap().remove(field));
    }
    refused(&|vector| vector["note"] = json!("x"));
    refused(&|vector| vector["dialect"] = json!("istio"));
    refused(&|vector| vector["expected"] = json!("maybe"));
    refused(&|vector| vector["flow"]["port"] = json!(0));
    refused(&|vector| vector["flow"]["port"] = json!("http"));
    refused(&|vector| _ = vector["flow"].as_object_mut().unwrap().remove("port"));
    refused(&|vector| vector["flow"]["icmp"] = json!({"type": 8}));
    refused(&|vector| vector["flow"]["from"] = json!({"labels": {}}));
    refused(&|vector| vector["flow"]["http"] = json!({"method": "GET"}));
    let mut newer = good();
    newer["version"] = json!(2);
    assert!(!validator.is_valid(&newer));
}

/// Two vectors that ask the same would say one thing twice.
#[test]
fn no_vector_stands_twice() {
    let mut seen = BTreeSet::new();
    for Vector { name, value } in vectors() {
        let parts = ["dialect", "inventory", "policies", "switches", "flow"].map(|field| &value[field]);
        assert!(seen.insert(format!("{parts:?}")), "{name} asks what another asks already");
    }
}
