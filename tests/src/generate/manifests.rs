//! A made-up cluster as `kubectl get … -o json` dumps it: lists of objects with all that the API server and the
//! controllers fill in, since reading past it is most of a reader's work.

mod objects;
mod pod;

use std::io::{self, Write};

use serde_json::{Value, json};

use super::random::digest;
use super::shape::{Cluster, Kind, Workload};

/// Writes one file, and tells how many objects there are in it.
type WriteFile = fn(&Cluster, &mut dyn Write) -> io::Result<usize>;

pub(super) const FILES: [(&str, WriteFile); 4] = [
    ("inventory/nodes.json", write_nodes),
    ("inventory/pods.json", write_pods),
    ("inventory/services.json", write_services),
    ("inventory/workloads.json", write_workloads),
];

fn write_nodes(cluster: &Cluster, out: &mut dyn Write) -> io::Result<usize> {
    write_list(out, (0..cluster.nodes).map(objects::node))
}

fn write_pods(cluster: &Cluster, out: &mut dyn Write) -> io::Result<usize> {
    let mut first = 0;
    let pods = cluster.workloads.iter().flat_map(|workload| {
        let start = first;
        first += workload.pods;
        (0..workload.pods).map(move |number| pod::pod(cluster, workload, number, start + number))
    });
    write_list(out, pods)
}

fn write_services(cluster: &Cluster, out: &mut dyn Write) -> io::Result<usize> {
    let services = cluster.workloads.iter().enumerate().filter_map(|(number, workload)| {
        Some(objects::service(cluster, workload, workload.service.as_ref()?, number))
    });
    write_list(out, std::iter::once(objects::dns_service()).chain(services))
}

fn write_workloads(cluster: &Cluster, out: &mut dyn Write) -> io::Result<usize> {
    let namespaces = cluster.namespaces.iter().map(objects::namespace);
    let of_workload = |workload| {
        let controller = objects::controller(cluster, workload);
        std::iter::once(controller).chain(objects::steps(cluster, workload))
    };
    let system = [objects::system_namespace(), objects::dns_deployment()];
    let workloads = cluster.workloads.iter().flat_map(of_workload);
    write_list(out, system.into_iter().chain(namespaces).chain(workloads))
}

/// A `List`, an item a line.
fn write_list(mut out: &mut dyn Write, items: impl Iterator<Item = Value>) -> io::Result<usize> {
    let mut count = 0;
    write!(out, r#"{{"apiVersion":"v1","items":["#)?;
    for item in items {
        out.write_all(if count == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut out, &item)?;
        count += 1;
    }
    writeln!(out, "\n],\"kind\":\"List\",\"metadata\":{{\"resourceVersion\":\"\"}}}}")?;
    Ok(count)
}

/// The two versions of a workload's pods while a rollout is under way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Track {
    Stable,
    Canary,
}

impl Track {
    fn version(self) -> &'static str {
        match self {
            Track::Stable => "1.14.2",
            Track::Canary => "1.15.0-rc.1",
        }
    }
}

fn tracks(workload: &Workload) -> impl Iterator<Item = Track> {
    [Track::Stable, Track::Canary].into_iter().take(if workload.canary { 2 } else { 1 })
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Deployment => "Deployment",
            Kind::StatefulSet => "StatefulSet",
            Kind::DaemonSet => "DaemonSet",
            Kind::CronJob => "CronJob",
        }
    }
}

/// The labels that selectors use.
fn selector(workload: &Workload) -> Value {
    json!({ "app.kubernetes.io/instance": workload.name, "app.kubernetes.io/name": workload.tier.name })
}

/// The labels of a pod template; what controllers add to them is a pod's own.
fn template_labels(cluster: &Cluster, workload: &Workload, track: Track) -> Value {
    let team = &cluster.home(workload).team;
    let mut labels = json!({
        "app.kubernetes.io/component": workload.tier.name,
        "app.kubernetes.io/instance": workload.name,
        "app.kubernetes.io/managed-by": "Helm",
        "app.kubernetes.io/name": workload.tier.name,
        "app.kubernetes.io/part-of": format!("{team}-suite"),
        "app.kubernetes.io/version": track.version(),
        "team": team,
    });
    if workload.scraped {
        labels["scrape"] = json!("yes");
    }
    labels
}

/// As the API server would draw it.
fn uid(kind: &str, namespace: &str, name: &str) -> String {
    let (high, low) = (digest(&[kind, namespace, name]), digest(&[name, namespace, kind]));
    let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0xfff);
    format!("{a:08x}-{b:04x}-4{c:03x}-a{:03x}-{:012x}", low >> 52, low & 0xffff_ffff_ffff)
}

/// Letters and digits as Kubernetes draws them for suffixes.
fn suffix(mut digest: u64, length: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut letter = || {
        let at = digest % LETTERS.len() as u64;
        digest /= LETTERS.len() as u64;
        char::from(LETTERS[at as usize])
    };
    (0..length).map(|_| letter()).collect()
}

fn template_hash(cluster: &Cluster, workload: &Workload, track: Track) -> String {
    suffix(digest(&[&cluster.home(workload).name, &workload.name, track.version()]), 10)
}

/// Between a workload and its pods: a ReplicaSet, a Job.
fn step_name(cluster: &Cluster, workload: &Workload, track: Track) -> String {
    match workload.kind {
        Kind::Deployment => format!("{}-{}", workload.name, template_hash(cluster, workload, track)),
        Kind::CronJob => format!("{}-29104320", workload.name),
        Kind::StatefulSet | Kind::DaemonSet => workload.name.clone(),
    }
}

/// A reference to what made an object.
fn owned_by(kind: &str, namespace: &str, name: &str) -> Value {
    let version = if matches!(kind, "Job" | "CronJob") { "batch/v1" } else { "apps/v1" };
    json!([{
        "apiVersion": version,
        "blockOwnerDeletion": true,
        "controller": true,
        "kind": kind,
        "name": name,
        "uid": uid(kind, namespace, name),
    }])
}

fn node_name(node: usize) -> String {
    format!("node-{node:05}.eu-central-1.example.internal")
}

fn node_address(node: usize) -> String {
    format!("172.{}.{}.{}", 16 + (node >> 16), (node >> 8) & 255, node & 255)
}

/// The first three numbers of the range that a node's pods have their addresses from.
fn pod_range(node: usize) -> String {
    format!("10.{}.{}", 64 + (node >> 8), node & 255)
}
