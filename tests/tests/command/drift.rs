//! `weir drift`: a program against a dump of the cluster, and against the cluster itself by a stand-in for `kubectl`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use weir::{Target, drift};

use super::reach::CLUSTER;
use super::{code, err, out, weir};
use crate::harness;

const PROGRAM: &str = "namespace data locked for ingress;\nshop/web may reach data/db:5432;\n";

/// A DaemonSet of a network plugin, with so many ready pods of three.
fn plugin(name: &str, ready: u32) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{ name: {name}, namespace: kube-system }}
spec:
  selector: {{ matchLabels: {{ k8s-app: {name} }} }}
  template: {{ metadata: {{ labels: {{ k8s-app: {name} }} }}, spec: {{ hostNetwork: true, containers: [{{ name: main }}] }} }}
status: {{ desiredNumberScheduled: 3, numberReady: {ready} }}
"
    )
}

/// A folder with a program, and a dump of the cluster with these objects beside what Weir writes, after a change to that.
fn folder(change: impl Fn(String) -> String, others: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p.weir"), PROGRAM).unwrap();
    fs::write(folder.path().join("cluster.yaml"), CLUSTER).unwrap();
    let built = weir(folder.path(), &["build", "p.weir", "-i", "cluster.yaml"]);
    assert_eq!(code(&built), 0, "{}", err(&built));
    let dump = format!("{CLUSTER}---\n{}{others}", change(out(&built)));
    fs::write(folder.path().join("dump.yaml"), dump).unwrap();
    folder
}

fn look(folder: &Path) -> Output {
    weir(folder, &["drift", "p.weir", "--dump", "dump.yaml"])
}

#[test]
fn a_cluster_that_is_as_it_should_be() {
    let folder = folder(|yaml| yaml, &plugin("cilium", 3));
    let shown = look(folder.path());
    assert_eq!(
        (code(&shown), out(&shown).as_str()),
        (0, "network plugin: cilium, 3 of 3 ready\n"),
        "{}",
        err(&shown)
    );
    assert!(err(&shown).contains("no drift"));
}

#[test]
fn objects_that_are_edited_are_told_with_the_flows_that_this_opens() {
    let folder = folder(|yaml| yaml.replacen("port: 5432", "port: 5433", 1), &plugin("cilium", 3));
    let shown = look(folder.path());
    assert_eq!(code(&shown), 1, "{}", err(&shown));
    let text = out(&shown);
    for told in [
        "changed: NetworkPolicy data/weir-db\n",
        "    spec.ingress[0].ports[0].port: is 5433, should be 5432\n",
        "+ shop/web -> data/db on 5433/tcp\n",
        "- shop/web -> data/db on 5432/tcp\n",
        "now by dump.yaml:",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
}

#[test]
fn objects_that_are_missing_left_over_or_of_others() {
    let others = "---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: mine, namespace: shop }
spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{}] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: weir-old, namespace: shop, labels: { app.kubernetes.io/managed-by: weir } }
spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{}] }
";
    let without = |yaml: String| {
        let kept: Vec<&str> =
            yaml.split("---\n").filter(|one| !one.contains("name: weir-all-pods")).collect();
        kept.join("---\n")
    };
    let folder = folder(without, others);
    let shown = look(folder.path());
    assert_eq!(code(&shown), 1);
    let text = out(&shown);
    for told in [
        "missing: NetworkPolicy data/weir-all-pods\n",
        "left over: NetworkPolicy shop/weir-old\n",
        "of others: NetworkPolicy shop/mine\n",
        "network plugin: not known",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
}

#[test]
fn the_network_plugin() {
    for (others, exit, told) in [
        (plugin("cilium", 1), 1, "network plugin: cilium is not ready: 1 of 3 pods"),
        (plugin("fluent-bit", 3), 1, "network plugin: gone"),
        (plugin("aws-node", 3) + &plugin("cilium", 0), 1, "network plugin: cilium is not ready: 0 of 3 pods"),
        (
            plugin("cilium", 3).replace("namespace: kube-system", "namespace: tenant"),
            1,
            "network plugin: gone",
        ),
        (plugin("calico-node", 3), 0, "network plugin: calico-node, 3 of 3 ready"),
    ] {
        let folder = folder(|yaml| yaml, &others);
        let shown = look(folder.path());
        assert_eq!(code(&shown), exit, "{}", out(&shown));
        assert!(out(&shown).contains(told), "{}", out(&shown));
    }
}

/// A policy that opens nothing of today may open pods that come.
#[test]
fn pods_that_come_are_asked_too() {
    let others = "---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: later, namespace: data }
spec: { podSelector: { matchLabels: { app: future } }, policyTypes: [Ingress], ingress: [{}] }
";
    let folder = folder(|yaml| yaml, others);
    let shown = look(folder.path());
    assert_eq!(code(&shown), 1, "{}", out(&shown));
    assert!(out(&shown).contains("now by dump.yaml:"), "{}", out(&shown));
}

/// A policy of others that breaks a promise is a drift, and hides no other.
#[test]
fn what_breaks_a_promise_is_told_as_flows() {
    let others = "---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: open, namespace: data }
spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{}] }
";
    let folder = folder(|yaml| yaml, others);
    fs::write(folder.path().join("p.weir"), format!("{PROGRAM}shop/api must not reach data/db;\n")).unwrap();
    let shown = look(folder.path());
    assert_eq!(code(&shown), 1, "{}", err(&shown));
    assert!(out(&shown).contains("of others: NetworkPolicy data/open"), "{}{}", out(&shown), err(&shown));
}

#[test]
fn json() {
    let folder = folder(|yaml| yaml.replacen("port: 5432", "port: 5433", 1), &plugin("cilium", 2));
    let shown = weir(folder.path(), &["drift", "p.weir", "--dump", "dump.yaml", "--format", "json"]);
    let value: Value = serde_json::from_str(&out(&shown)).unwrap();
    let schema: Value =
        serde_json::from_str(&harness::read(harness::root().join("docs/weir-drift.schema.json"))).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&value), "{value:#}");
    assert_eq!(value["changed"][0]["fields"][0]["should"], 5432);
    assert_eq!(value["opened"][0]["ports"][0]["first"], 5433);
    assert_eq!(value["plugin"]["ready"], 2);
}

/// A folder with a program that is called as `kubectl` is, and writes down what it is asked.
#[cfg(unix)]
fn stand_in(script: &str) -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubectl");
    fs::write(&path, format!("#!/bin/sh\necho \"$@\" >> asked.txt\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[cfg(unix)]
fn live(folder: &Path, kubectl: &Path, words: &[&str]) -> Output {
    let path = format!("{}:{}", kubectl.display(), std::env::var("PATH").unwrap_or_default());
    Command::new(super::binary())
        .args([&["drift", "p.weir", "--live"], words].concat())
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .unwrap()
}

#[test]
#[cfg(unix)]
fn the_cluster_itself_is_asked_by_get_alone() {
    let folder = folder(|yaml| yaml, &plugin("cilium", 3));
    let trees = weir::emit::trees(&harness::read(folder.path().join("dump.yaml"))).unwrap();
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": trees});
    fs::write(folder.path().join("list.json"), list.to_string()).unwrap();
    let kubectl = stand_in("cat list.json");
    let shown = live(folder.path(), kubectl.path(), &["--context", "prod"]);
    assert_eq!(code(&shown), 0, "{}{}", out(&shown), err(&shown));
    let asked = harness::read(folder.path().join("asked.txt"));
    assert_eq!(asked.lines().count(), 1, "{asked}");
    assert!(asked.starts_with("get namespaces,nodes,pods,"), "{asked}");
    assert!(asked.contains("--all-namespaces --output json --context=prod"), "{asked}");
}

#[test]
#[cfg(unix)]
fn a_cluster_that_does_not_answer() {
    let folder = folder(|yaml| yaml, "");
    let kubectl = stand_in("echo 'error: You must be logged in to the server (Unauthorized)' >&2\nexit 1");
    let shown = live(folder.path(), kubectl.path(), &[]);
    assert_eq!(code(&shown), 2);
    assert!(err(&shown).contains("You must be logged in to the server"), "{}", err(&shown));
    let none = weir(folder.path(), &["drift", "p.weir"]);
    assert_eq!(code(&none), 2);
    assert!(err(&none).contains("there is no cluster to look at"), "{}", err(&none));
}

/// The role on the page is what is asked of a cluster, and no more.
#[test]
fn the_role_of_the_page_is_the_smallest() {
    let page = harness::read(harness::root().join("docs/drift.md"));
    let role = harness::blocks(&page)
        .into_iter()
        .find(|block| block.text.contains("kind: ClusterRole\n"))
        .expect("the page has the role");
    let tree = weir::emit::trees(&role.text).unwrap().remove(0);
    let mut granted: Vec<String> = Vec::new();
    for rule in tree["rules"].as_array().unwrap() {
        assert_eq!(rule["verbs"], serde_json::json!(["get", "list"]));
        let group = rule["apiGroups"][0].as_str().unwrap();
        for resource in rule["resources"].as_array().unwrap() {
            let resource = resource.as_str().unwrap();
            granted.push(if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") });
        }
    }
    let mut asked: Vec<String> =
        Target::ALL.iter().flat_map(|target| drift::resources(*target)).map(str::to_owned).collect();
    asked.sort();
    asked.dedup();
    granted.sort();
    assert_eq!(granted, asked);
}
