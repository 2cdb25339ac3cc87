//! A program against what a cluster has: objects that are missing, edited, left over or of others, the flows that this
//! opens and closes, and whether the network plugin is there. Trees of objects come in, plain data goes out.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::diff::Difference;
use crate::target::Target;
use crate::{Document, MANAGED_BY, emit};

mod compare;
mod plugin;
mod text;

pub use plugin::Plugin;
pub use text::{human, json};

/// What a cluster has that the program does not ask for, and the other way round.
#[derive(Clone, Debug, Default)]
pub struct Drift {
    /// Objects that the program makes and the cluster lacks.
    pub missing: Vec<String>,
    pub changed: Vec<Changed>,
    /// Weir's objects that the program makes no more.
    pub left_over: Vec<String>,
    /// Policies that Weir did not write.
    pub foreign: Vec<String>,
    /// Flows that are open and should not be appear; those that are closed vanish.
    pub flows: Difference,
    pub plugin: Plugin,
}

/// An object whose fields are not those that Weir writes.
#[derive(Clone, Debug)]
pub struct Changed {
    pub object: String,
    pub fields: Vec<Field>,
}

/// What one field is and should be; nothing where it is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub path: String,
    pub is: Option<Value>,
    pub should: Option<Value>,
}

impl Drift {
    /// Whether the cluster does what the program says. Policies of others are a drift by their flows alone.
    pub fn is_none(&self) -> bool {
        self.missing.is_empty()
            && self.changed.is_empty()
            && self.left_over.is_empty()
            && self.flows.is_empty()
            && self.plugin.is_fine()
    }
}

/// What is asked of a cluster for a target's sake: resources as `kubectl get` takes them.
pub fn resources(target: Target) -> Vec<&'static str> {
    let mut all = vec![
        "namespaces",
        "nodes",
        "pods",
        "deployments.apps",
        "replicasets.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "jobs.batch",
        "cronjobs.batch",
        "services",
        "endpointslices.discovery.k8s.io",
        "networkpolicies.networking.k8s.io",
    ];
    all.extend(match target {
        Target::NetworkPolicy => &[][..],
        Target::Cilium => &[
            "ciliumnetworkpolicies.cilium.io",
            "ciliumclusterwidenetworkpolicies.cilium.io",
            "ciliumcidrgroups.cilium.io",
        ],
        Target::Calico => &[
            "networkpolicies.crd.projectcalico.org",
            "globalnetworkpolicies.crd.projectcalico.org",
            "networksets.crd.projectcalico.org",
            "globalnetworksets.crd.projectcalico.org",
            "tiers.crd.projectcalico.org",
        ],
        Target::ClusterNetworkPolicy => &["clusternetworkpolicies.policy.networking.k8s.io"],
    });
    all
}

/// Kinds of policies and what belongs to them, by the group of their API.
const POLICIES: &[(&str, &str)] = &[
    ("networking.k8s.io", "NetworkPolicy"),
    ("cilium.io", "CiliumNetworkPolicy"),
    ("cilium.io", "CiliumClusterwideNetworkPolicy"),
    ("projectcalico.org", "NetworkPolicy"),
    ("projectcalico.org", "GlobalNetworkPolicy"),
    ("projectcalico.org", "NetworkSet"),
    ("projectcalico.org", "GlobalNetworkSet"),
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
];

/// Group, kind, namespace and name.
type Key = (String, String, String, String);

/// Compares what is written for a program with the objects of a dump.
pub fn drift(documents: &[Document], dump: &[Value], target: Target, flows: Difference) -> Drift {
    let should: BTreeMap<Key, Value> = documents
        .iter()
        .flat_map(|document| emit::trees(&document.text).unwrap_or_default())
        .filter_map(|tree| Some((key(&tree)?, tree)))
        .collect();
    let is: BTreeMap<Key, &Value> = dump.iter().filter_map(|tree| Some((key(tree)?, tree))).collect();
    let mut drift = Drift { flows, plugin: plugin::of(dump, target), ..Drift::default() };
    for (key, tree) in &should {
        match is.get(key) {
            None => drift.missing.push(name(key)),
            Some(found) => {
                let fields = compare::fields(tree, found);
                if !fields.is_empty() {
                    drift.changed.push(Changed { object: name(key), fields });
                }
            }
        }
    }
    for (key, tree) in is.iter().filter(|(key, _)| !should.contains_key(*key)) {
        let (label, value) = MANAGED_BY;
        let is_policy = POLICIES.contains(&(key.0.as_str(), key.1.as_str()));
        if tree["metadata"]["labels"][label] == value {
            drift.left_over.push(name(key));
        } else if is_policy {
            drift.foreign.push(name(key));
        }
    }
    drift
}

fn key(tree: &Value) -> Option<Key> {
    let group = tree["apiVersion"].as_str()?.split_once('/').map_or("", |(group, _)| group);
    // How Calico keeps what it is given.
    let group = group.strip_prefix("crd.").unwrap_or(group).to_owned();
    let of = |field: &str| tree["metadata"][field].as_str().unwrap_or_default().to_owned();
    Some((group, tree["kind"].as_str()?.to_owned(), of("namespace"), of("name")))
}

fn name((_, kind, namespace, name): &Key) -> String {
    if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") }
}

/// The objects of texts, those of lists by themselves. An error says which text, and why.
pub fn objects(texts: &[(&str, &str)]) -> Result<Vec<Value>, String> {
    let mut found = Vec::new();
    for (name, text) in texts {
        let trees = match text.trim_start().starts_with('{') {
            true => serde_json::from_str(text).map(|tree| vec![tree]).map_err(|error| error.to_string()),
            false => emit::trees(text),
        };
        for tree in trees.map_err(|error| format!("`{name}` is no dump: {error}"))? {
            match tree {
                Value::Object(mut list) if list.get("items").is_some_and(Value::is_array) => {
                    if let Some(Value::Array(items)) = list.remove("items") {
                        found.extend(items);
                    }
                }
                other => found.push(other),
            }
        }
    }
    Ok(found)
}
