//! Pods, with all that a template, the controllers and the kubelet put into them.

use serde_json::{Value, json};

use super::super::random::digest;
use super::super::shape::{Cluster, Kind, METRICS, PODS_A_NODE, Workload};
use super::{
    Track, node_address, node_name, owned_by, pod_range, step_name, suffix, template_hash, template_labels,
    uid,
};

const STARTED: &str = "2025-05-19T06:40:02Z";
/// Newer versions have another number behind the name of their port.
const MOVED: u16 = 10;

/// A pod by its number among those of its workload, and of the cluster.
pub(super) fn pod(cluster: &Cluster, workload: &Workload, number: usize, of_all: usize) -> Value {
    let namespace = cluster.home(workload).name.as_str();
    let track = if number + workload.canaries() >= workload.pods { Track::Canary } else { Track::Stable };
    let step = step_name(cluster, workload, track);
    let hash = template_hash(cluster, workload, track);
    let drawn = digest(&[namespace, &step, &number.to_string()]);
    let name = match workload.kind {
        Kind::StatefulSet => format!("{}-{number}", workload.name),
        // With the number in it, so that two are never alike.
        _ => format!("{step}-{}{}", suffix(drawn, 3), suffix_of(number)),
    };
    let mut labels = template_labels(cluster, workload, track);
    let owner = match workload.kind {
        Kind::Deployment => {
            labels["pod-template-hash"] = json!(hash);
            "ReplicaSet"
        }
        Kind::StatefulSet => {
            labels["apps.kubernetes.io/pod-index"] = json!(number.to_string());
            labels["controller-revision-hash"] = json!(format!("{}-{hash}", workload.name));
            labels["statefulset.kubernetes.io/pod-name"] = json!(name);
            "StatefulSet"
        }
        Kind::DaemonSet => {
            labels["controller-revision-hash"] = json!(hash);
            labels["pod-template-generation"] = json!("7");
            "DaemonSet"
        }
        Kind::CronJob => {
            labels["batch.kubernetes.io/controller-uid"] = json!(uid("Job", namespace, &step));
            labels["batch.kubernetes.io/job-name"] = json!(step);
            "Job"
        }
    };
    let node = of_all / PODS_A_NODE;
    let mut spec = spec(cluster, workload, track);
    spec["nodeName"] = json!(node_name(node));
    spec["tolerations"] = json!([toleration("not-ready"), toleration("unreachable")]);
    let finished = workload.kind == Kind::CronJob && number > 0;
    let address = match cluster.on_host_network(workload) {
        true => node_address(node),
        false => format!("{}.{}", pod_range(node), 2 + of_all % PODS_A_NODE),
    };
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "annotations": {
                "checksum/config": format!("{:016x}{drawn:016x}{:016x}", drawn.rotate_left(17), !drawn),
                "kubectl.kubernetes.io/default-container": workload.tier.name,
            },
            "creationTimestamp": STARTED,
            "generateName": format!("{step}-"),
            "labels": labels,
            "name": name,
            "namespace": namespace,
            "ownerReferences": owned_by(owner, namespace, &step),
            "resourceVersion": (481_516_234 + of_all * 7).to_string(),
            "uid": uid("Pod", namespace, &name),
        },
        "spec": spec,
        "status": status(workload, &address, node, drawn, finished),
    })
}

/// Letters and digits that are a number.
fn suffix_of(number: usize) -> String {
    suffix(number as u64, 4)
}

/// The specification in a template, as the API server completes it.
pub(super) fn spec(cluster: &Cluster, workload: &Workload, track: Track) -> Value {
    let (tier, namespace) = (workload.tier, cluster.home(workload).name.as_str());
    let image = image(workload, track);
    let port = workload.port.as_ref().map(|port| match (port.name, track) {
        (Some(_), Track::Canary) => (port.number + MOVED, port.name),
        _ => (port.number, port.name),
    });
    let mut container = json!({
        "args": ["--config=/etc/service/config.yaml", "--log-format=json"],
        "env": [
            { "name": "POD_IP", "valueFrom": field("status.podIP") },
            { "name": "SERVICE_NAME", "value": workload.name },
            { "name": "SERVICE_TEAM", "value": cluster.home(workload).team },
            {
                "name": "DATABASE_PASSWORD",
                "valueFrom": { "secretKeyRef": { "key": "password", "name": format!("{}-secrets", workload.name) } },
            },
        ],
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "name": tier.name,
        "resources": {
            "limits": { "cpu": "1", "memory": "512Mi" },
            "requests": { "cpu": "250m", "memory": "256Mi" },
        },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
            "runAsNonRoot": true,
        },
        "volumeMounts": [
            { "mountPath": "/etc/service", "name": "config", "readOnly": true },
            {
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                "name": "kube-api-access",
                "readOnly": true,
            },
        ],
    });
    if let Some((number, name)) = port {
        let mut port = json!({ "containerPort": number, "protocol": tier.protocol });
        if let Some(name) = name {
            port["name"] = json!(name);
        }
        let metrics = json!({ "containerPort": METRICS, "name": "metrics", "protocol": "TCP" });
        container["livenessProbe"] = probe("/healthz", number, 10);
        container["readinessProbe"] = probe("/readyz", number, 5);
        container["ports"] = if workload.scraped { json!([port, metrics]) } else { json!([port]) };
    }
    let mut spec = json!({
        "containers": [container],
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": true,
        "preemptionPolicy": "PreemptLowerPriority",
        "priority": 0,
        "restartPolicy": if workload.kind == Kind::CronJob { "OnFailure" } else { "Always" },
        "schedulerName": "default-scheduler",
        "securityContext": { "fsGroup": 65532, "runAsUser": 65532, "seccompProfile": { "type": "RuntimeDefault" } },
        "serviceAccount": workload.name,
        "serviceAccountName": workload.name,
        "terminationGracePeriodSeconds": 30,
        "volumes": [
            { "configMap": { "defaultMode": 420, "name": format!("{}-config", workload.name) }, "name": "config" },
            {
                "name": "kube-api-access",
                "projected": {
                    "defaultMode": 420,
                    "sources": [
                        { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
                        { "configMap": {
                            "items": [{ "key": "ca.crt", "path": "ca.crt" }],
                            "name": "kube-root-ca.crt",
                        } },
                    ],
                },
            },
        ],
    });
    if cluster.on_host_network(workload) {
        spec["hostNetwork"] = json!(true);
        spec["nodeSelector"] = json!({ "agents.example/group": namespace });
    }
    spec
}

fn status(workload: &Workload, address: &str, node: usize, drawn: u64, finished: bool) -> Value {
    let reason = if finished { "PodCompleted" } else { "" };
    let state = match finished {
        true => json!({ "terminated": { "exitCode": 0, "finishedAt": STARTED, "reason": "Completed" } }),
        false => json!({ "running": { "startedAt": STARTED } }),
    };
    let host = node_address(node);
    let image = image(workload, Track::Stable);
    json!({
        "conditions": [
            condition("PodReadyToStartContainers", ""),
            condition("Initialized", reason),
            condition("Ready", reason),
            condition("ContainersReady", reason),
            condition("PodScheduled", ""),
        ],
        "containerStatuses": [{
            "containerID": format!("containerd://{drawn:016x}{:016x}", !drawn),
            "image": image,
            "imageID": format!("{image}@sha256:{:016x}{:016x}", digest(&[&image]), digest(&["", &image])),
            "name": workload.tier.name,
            "ready": !finished,
            "restartCount": drawn % 3,
            "started": !finished,
            "state": state,
        }],
        "hostIP": host,
        "phase": if finished { "Succeeded" } else { "Running" },
        "podIP": address,
        "podIPs": [{ "ip": address }],
        "qosClass": "Burstable",
        "startTime": STARTED,
    })
}

pub(super) fn condition(kind: &str, reason: &str) -> Value {
    let mut condition = json!({
        "lastTransitionTime": STARTED,
        "status": "True",
        "type": kind,
    });
    if !reason.is_empty() {
        condition["reason"] = json!(reason);
    }
    condition
}

fn image(workload: &Workload, track: Track) -> String {
    format!("registry.example/{}/{}:{}", workload.tier.name, workload.name, track.version())
}

fn probe(path: &str, port: u16, period: u32) -> Value {
    json!({
        "failureThreshold": 3,
        "httpGet": { "path": path, "port": port, "scheme": "HTTP" },
        "periodSeconds": period,
        "successThreshold": 1,
        "timeoutSeconds": 1,
    })
}

fn field(path: &str) -> Value {
    json!({ "fieldRef": field_ref(path) })
}

fn field_ref(path: &str) -> Value {
    json!({ "apiVersion": "v1", "fieldPath": path })
}

fn toleration(condition: &str) -> Value {
    json!({
        "effect": "NoExecute",
        "key": format!("node.kubernetes.io/{condition}"),
        "operator": "Exists",
        "tolerationSeconds": 300,
    })
}
