//! Everything but pods.

use serde_json::{Value, json};

use super::super::shape::{Cluster, Kind, Namespace, Role, Service, Workload};
use super::{
    Track, node_address, node_name, owned_by, pod, pod_range, selector, step_name, template_hash,
    template_labels, tracks, uid,
};

const CREATED: &str = "2025-03-04T09:12:44Z";
const SYSTEM: &str = "kube-system";
const DNS: &str = "kube-dns";

pub(super) fn node(number: usize) -> Value {
    let (name, range) = (node_name(number), format!("{}.0/24", pod_range(number)));
    let zone = ["eu-central-1a", "eu-central-1b", "eu-central-1c"][number % 3];
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "annotations": { "node.alpha.kubernetes.io/ttl": "0" },
            "creationTimestamp": CREATED,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "topology.kubernetes.io/region": "eu-central-1",
                "topology.kubernetes.io/zone": zone,
            },
            "name": name,
            "uid": uid("Node", "", &name),
        },
        "spec": { "podCIDR": range, "podCIDRs": [range], "providerID": format!("example:///{zone}/i-{number:08x}") },
        "status": {
            "addresses": [
                { "address": node_address(number), "type": "InternalIP" },
                { "address": name, "type": "Hostname" },
            ],
            "allocatable": { "cpu": "15890m", "memory": "60948Mi", "pods": "110" },
            "capacity": { "cpu": "16", "memory": "64Gi", "pods": "110" },
            "conditions": [pod::condition("Ready", "KubeletReady")],
            "nodeInfo": {
                "architecture": "amd64",
                "containerRuntimeVersion": "containerd://2.1.1",
                "kernelVersion": "6.12.0",
                "kubeletVersion": "v1.34.1",
                "osImage": "Debian GNU/Linux 13 (trixie)",
            },
        },
    })
}

pub(super) fn namespace(namespace: &Namespace) -> Value {
    namespace_with(
        &namespace.name,
        json!({
            "kubernetes.io/metadata.name": namespace.name,
            "pod-security.kubernetes.io/enforce": match namespace.role {
                Role::Agents => "privileged",
                Role::Application | Role::Shared => "restricted",
            },
            "team": namespace.team,
        }),
    )
}

pub(super) fn system_namespace() -> Value {
    namespace_with(SYSTEM, json!({ "kubernetes.io/metadata.name": SYSTEM }))
}

fn namespace_with(name: &str, labels: Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "creationTimestamp": CREATED,
            "labels": labels,
            "name": name,
            "uid": uid("Namespace", "", name),
        },
        "spec": { "finalizers": ["kubernetes"] },
        "status": { "phase": "Active" },
    })
}

pub(super) fn service(cluster: &Cluster, workload: &Workload, service: &Service, number: usize) -> Value {
    let (namespace, name) = (cluster.home(workload).name.as_str(), workload.name.as_str());
    let address = match service.headless {
        true => "None".to_owned(),
        false => format!("10.{}.{}.{}", (number >> 16) & 63, (number >> 8) & 255, number & 255),
    };
    let port = workload.port.as_ref();
    let target = match port.map(|port| (port.name, port.number)) {
        Some((Some(name), _)) => json!(name),
        Some((None, number)) => json!(number),
        None => json!(service.port),
    };
    service_with(
        namespace,
        name,
        template_labels(cluster, workload, Track::Stable),
        json!({
            "clusterIP": address,
            "clusterIPs": [address],
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{
                "name": workload.tier.port_name,
                "port": service.port,
                "protocol": workload.tier.protocol,
                "targetPort": target,
            }],
            "selector": selector(workload),
            "sessionAffinity": "None",
            "type": "ClusterIP",
        }),
    )
}

pub(super) fn dns_service() -> Value {
    service_with(
        SYSTEM,
        DNS,
        json!({ "k8s-app": DNS, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" }),
        json!({
            "clusterIP": "10.63.255.10",
            "clusterIPs": ["10.63.255.10"],
            "ports": [
                { "name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53 },
                { "name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53 },
            ],
            "selector": { "k8s-app": DNS },
            "sessionAffinity": "None",
            "type": "ClusterIP",
        }),
    )
}

fn service_with(namespace: &str, name: &str, labels: Value, spec: Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "creationTimestamp": CREATED,
            "labels": labels,
            "name": name,
            "namespace": namespace,
            "uid": uid("Service", namespace, name),
        },
        "spec": spec,
        "status": { "loadBalancer": {} },
    })
}

pub(super) fn dns_deployment() -> Value {
    let labels = json!({ "k8s-app": DNS });
    object(
        "apps/v1",
        "Deployment",
        metadata("Deployment", SYSTEM, "coredns", labels.clone()),
        json!({
            "replicas": 2,
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [{
                    "args": ["-conf", "/etc/coredns/Corefile"],
                    "image": "registry.example/coredns:1.12.1",
                    "name": "coredns",
                    "ports": [
                        { "containerPort": 53, "name": "dns", "protocol": "UDP" },
                        { "containerPort": 53, "name": "dns-tcp", "protocol": "TCP" },
                        { "containerPort": 9153, "name": "metrics", "protocol": "TCP" },
                    ],
                }] },
            },
        }),
    )
}

/// What a user wrote: Deployment, StatefulSet, DaemonSet, CronJob.
pub(super) fn controller(cluster: &Cluster, workload: &Workload) -> Value {
    let namespace = cluster.home(workload).name.as_str();
    let labels = template_labels(cluster, workload, Track::Stable);
    let metadata = metadata(workload.kind.name(), namespace, &workload.name, labels.clone());
    let template = template(cluster, workload, Track::Stable, labels);
    let selector = json!({ "matchLabels": selector(workload) });
    let (version, spec) = match workload.kind {
        Kind::Deployment => (
            "apps/v1",
            json!({
                "progressDeadlineSeconds": 600,
                "replicas": workload.pods,
                "revisionHistoryLimit": 10,
                "selector": selector,
                "strategy": {
                    "rollingUpdate": { "maxSurge": "25%", "maxUnavailable": "25%" },
                    "type": "RollingUpdate",
                },
                "template": template,
            }),
        ),
        Kind::StatefulSet => (
            "apps/v1",
            json!({
                "podManagementPolicy": "OrderedReady",
                "replicas": workload.pods,
                "revisionHistoryLimit": 10,
                "selector": selector,
                "serviceName": workload.name,
                "template": template,
                "updateStrategy": { "rollingUpdate": { "partition": 0 }, "type": "RollingUpdate" },
            }),
        ),
        Kind::DaemonSet => {
            ("apps/v1", json!({ "revisionHistoryLimit": 10, "selector": selector, "template": template }))
        }
        Kind::CronJob => (
            "batch/v1",
            json!({
                "concurrencyPolicy": "Forbid",
                "jobTemplate": { "spec": { "backoffLimit": 3, "template": template } },
                "schedule": "*/20 * * * *",
            }),
        ),
    };
    object(version, workload.kind.name(), metadata, spec)
}

/// What controllers put between a workload and its pods.
pub(super) fn steps(cluster: &Cluster, workload: &Workload) -> Vec<Value> {
    let namespace = cluster.home(workload).name.as_str();
    let step = |track: Track| {
        let (version, kind) = match workload.kind {
            Kind::Deployment => ("apps/v1", "ReplicaSet"),
            Kind::CronJob => ("batch/v1", "Job"),
            Kind::StatefulSet | Kind::DaemonSet => return None,
        };
        let name = step_name(cluster, workload, track);
        let mut labels = template_labels(cluster, workload, track);
        let mut spec = json!({});
        if kind == "ReplicaSet" {
            let hash = template_hash(cluster, workload, track);
            let mut matched = selector(workload);
            matched["pod-template-hash"] = json!(hash);
            labels["pod-template-hash"] = json!(hash);
            let canaries = workload.canaries();
            spec["replicas"] = match track {
                Track::Stable => json!(workload.pods - canaries),
                Track::Canary => json!(canaries),
            };
            spec["selector"] = json!({ "matchLabels": matched });
        }
        let mut metadata = metadata(kind, namespace, &name, labels.clone());
        metadata["ownerReferences"] = owned_by(workload.kind.name(), namespace, &workload.name);
        spec["template"] = template(cluster, workload, track, labels);
        Some(object(version, kind, metadata, spec))
    };
    tracks(workload).filter_map(step).collect()
}

fn template(cluster: &Cluster, workload: &Workload, track: Track, labels: Value) -> Value {
    json!({ "metadata": { "labels": labels }, "spec": pod::spec(cluster, workload, track) })
}

fn metadata(kind: &str, namespace: &str, name: &str, labels: Value) -> Value {
    json!({
        "annotations": {
            "deployment.kubernetes.io/revision": "7",
            "meta.helm.sh/release-name": name,
            "meta.helm.sh/release-namespace": namespace,
        },
        "creationTimestamp": CREATED,
        "generation": 7,
        "labels": labels,
        "name": name,
        "namespace": namespace,
        "uid": uid(kind, namespace, name),
    })
}

fn object(version: &str, kind: &str, metadata: Value, spec: Value) -> Value {
    json!({ "apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec })
}
