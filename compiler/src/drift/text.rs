//! A drift for a terminal, and as JSON, which `docs/drift.md` describes.

use std::fmt::Write;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Drift, Field, Plugin};
use crate::diagnostic::printable;
use crate::diff;

/// The version of the JSON; it changes when a field changes its meaning or goes.
const VERSION: u32 = 1;
/// How many fields of an object are told, and how much of a value.
const FIELDS: usize = 8;
const VALUE: usize = 60;

pub fn human(drift: &Drift) -> String {
    let mut out = String::new();
    for (word, objects) in
        [("missing", &drift.missing), ("left over", &drift.left_over), ("of others", &drift.foreign)]
    {
        for object in objects {
            let _ = writeln!(out, "{word}: {}", printable(object));
        }
    }
    for changed in &drift.changed {
        let _ = writeln!(out, "changed: {}", printable(&changed.object));
        for field in changed.fields.iter().take(FIELDS) {
            let Field { path, is, should } = field;
            let _ = writeln!(out, "    {}: is {}, should be {}", printable(path), told(is), told(should));
        }
        if changed.fields.len() > FIELDS {
            let _ = writeln!(out, "    and {} more", changed.fields.len() - FIELDS);
        }
    }
    if !drift.flows.is_empty() {
        out.push_str("flows that are open (+) or closed (-) against the program:\n");
        out.push_str(&diff::human(&drift.flows, ""));
    }
    let _ = match &drift.plugin {
        Plugin::NotKnown => writeln!(out, "network plugin: not known, as there is no DaemonSet of one"),
        Plugin::Missing => writeln!(out, "network plugin: gone: nothing enforces these policies"),
        Plugin::Ready { name, pods } => writeln!(out, "network plugin: {name}, {pods} of {pods} ready"),
        Plugin::NotReady { name, ready, wanted } => {
            writeln!(out, "network plugin: {name} is not ready: {ready} of {wanted} pods")
        }
    };
    out
}

fn told(value: &Option<Value>) -> String {
    let Some(value) = value else { return "absent".to_owned() };
    let text = printable(&value.to_string());
    if text.chars().count() <= VALUE {
        return text;
    }
    text.chars().take(VALUE).chain("…".chars()).collect()
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    cluster: &'a str,
    missing: &'a [String],
    changed: Vec<Value>,
    #[serde(rename = "leftOver")]
    left_over: &'a [String],
    foreign: &'a [String],
    opened: Value,
    closed: Value,
    plugin: Value,
}

pub fn json(drift: &Drift, cluster: &str) -> String {
    let field = |field: &Field| json!({"path": field.path, "is": field.is, "should": field.should});
    let changed = drift.changed.iter().map(|changed| {
        json!({"object": changed.object, "fields": changed.fields.iter().map(field).collect::<Vec<_>>()})
    });
    let mut flows: Value = serde_json::from_str(&diff::json(&drift.flows, cluster)).unwrap_or_default();
    let report = Report {
        version: VERSION,
        cluster,
        missing: &drift.missing,
        changed: changed.collect(),
        left_over: &drift.left_over,
        foreign: &drift.foreign,
        opened: flows["appear"].take(),
        closed: flows["vanish"].take(),
        plugin: match &drift.plugin {
            Plugin::NotKnown => json!({"state": "unknown"}),
            Plugin::Missing => json!({"state": "missing"}),
            Plugin::Ready { name, pods } => {
                json!({"state": "ready", "name": name, "ready": pods, "wanted": pods})
            }
            Plugin::NotReady { name, ready, wanted } => {
                json!({"state": "not ready", "name": name, "ready": ready, "wanted": wanted})
            }
        },
    };
    serde_json::to_string(&report).unwrap_or_default() + "\n"
}
