//! Cilium's selectors: keys with their sources, labels that no identity bears, and whose pods are meant.

use super::super::labels::{self, Requirement};
use super::super::place::Place;
use super::super::words;

const NAMESPACE: &str = "io.kubernetes.pod.namespace";
const NAMESPACE_LABELS: &str = "io.cilium.k8s.namespace.labels.";

const SOURCES: [&str; 7] = ["k8s", "reserved", "any", "cidr", "cidrgroup", "node", "fqdn"];

/// Keys that begin like this are no labels of identities, so that nothing is selected by them.
const IGNORED: [&str; 13] = [
    "io.kubernetes",
    "kubernetes.io",
    "k8s.io",
    "pod-template-hash",
    "pod-template-generation",
    "controller-revision-hash",
    "controller-uid",
    "annotation",
    "etcd_node",
    "topology.kubernetes.io",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/",
];

/// Of the labels of jobs, these.
const OF_JOBS: [&str; 2] = ["job-completion-index", "controller-uid"];

fn is_ignored(key: &str) -> bool {
    if key == NAMESPACE || key.starts_with("io.cilium.k8s.") {
        return false;
    }
    if let Some(name) = key.strip_prefix("batch.kubernetes.io/") {
        return OF_JOBS.iter().any(|one| name.starts_with(one));
    }
    key.contains("beta.kubernetes.io") || IGNORED.iter().any(|prefix| key.starts_with(prefix))
}

/// The source of a key, `any` where none is written, and the key.
fn split(key: &str) -> (&str, &str) {
    key.split_once(':').unwrap_or(("any", key))
}

/// A selector of pods, with its keys checked.
fn requirements<'o>(selector: &Place<'o>) -> Vec<Requirement<'o>> {
    let requirements = labels::requirements(selector);
    for one in &requirements {
        let (source, key) = split(one.key);
        if !SOURCES.contains(&source) {
            one.place.says(format!("`{source}` is no source of labels"));
        }
        // Until 1.20 Cilium checks keys with their source in front.
        if !words::is_label_key(key) || !words::is_label_key(&format!("{source}.{key}")) {
            one.place.says(format!("`{}` is no key of a label", one.key));
        }
        if ["k8s", "any"].contains(&source) && is_ignored(key) {
            one.place.says(format!("no identity bears the label `{key}`, so that nothing is selected"));
        }
    }
    requirements
}

/// Pods whose traffic a rule is about.
pub fn check_subject(selector: &Place, clusterwide: bool) {
    let requirements = requirements(selector);
    let of_pods = |one: &Requirement| {
        let (source, key) = split(one.key);
        ["k8s", "any"].contains(&source) && (key == NAMESPACE || key.starts_with(NAMESPACE_LABELS))
    };
    if clusterwide {
        // Without it Cilium's own endpoints are subjects, too.
        if !requirements.iter().any(|one| of_pods(one) && one.is_positive()) {
            selector
                .says(format!("`k8s:{NAMESPACE}` has to exist, or another condition on the namespace hold"));
        }
        return;
    }
    for one in requirements.iter().filter(|one| split(one.key).1 == NAMESPACE) {
        if one.operator != "In" || one.values != [selector.object.namespace.as_str()] {
            one.place.says("Cilium writes the policy's own namespace over this");
        }
    }
}

/// Pods at the other end.
pub fn check_peer(selector: &Place) {
    requirements(selector);
}

/// Labels of nodes, or of groups.
pub fn check_nodes(selector: &Place) {
    labels::check(selector);
}
