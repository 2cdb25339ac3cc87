//! Whose pods are whose, what makes a class, and that order leaves no trace.

use super::*;

/// A ReplicaSet on one line, owned by `owner` (`Kind/name`, or nobody).
fn replica_set(name: &str, owner: &str, replicas: u32) -> String {
    let owners = match owner.split_once('/') {
        Some((kind, owner)) => {
            format!("[{{apiVersion: apps/v1, kind: {kind}, name: {owner}, controller: true}}]")
        }
        None => "[]".to_string(),
    };
    format!(
        "{{apiVersion: apps/v1, kind: ReplicaSet, metadata: {{name: {name}, ownerReferences: {owners}}}, \
            spec: {{replicas: {replicas}, selector: {{matchLabels: {{app: web, pod-template-hash: f5}}}}, \
            template: {{metadata: {{labels: {{app: web, pod-template-hash: f5}}}}}}}}}}\n"
    )
}

fn job(name: &str, owner: &str) -> String {
    let owners = match owner.split_once('/') {
        Some((kind, owner)) => format!("[{{apiVersion: batch/v1, kind: {kind}, name: {owner}}}]"),
        None => "[]".to_string(),
    };
    format!(
        "{{apiVersion: batch/v1, kind: Job, metadata: {{name: {name}, ownerReferences: {owners}}}, spec: \
            {{template: {{metadata: {{labels: {{app: job}}}}}}}}}}\n"
    )
}

fn running(address: &str) -> String {
    format!(", status: {{phase: Running, podIP: {address}, podIPs: [{{ip: {address}}}]}}")
}

#[test]
fn pods_fold_through_their_replica_set() {
    let inventory = read_all(&[
        &pod("web-f5-a", "app: web, pod-template-hash: f5", "ReplicaSet/web-f5", &running("10.0.0.2")),
        &pod("web-f5-b", "app: web, pod-template-hash: f5", "ReplicaSet/web-f5", &running("10.0.0.1")),
        &replica_set("web-f5", "Deployment/web", 2),
        &replica_set("web-e4", "Deployment/web", 0),
        &controller("Deployment", "web"),
    ]);
    assert_eq!(workloads(&inventory), ["default/web Deployment"]);
    assert_eq!(classes(&inventory), ["web {app=web} x2 10.0.0.1 10.0.0.2"]);
}

#[test]
fn the_name_of_an_absent_replica_set_tells_its_deployment() {
    let inventory = read_all(&[
        &pod("web-f5-a", "app: web, pod-template-hash: f5, v: a", "ReplicaSet/web-f5", ""),
        &pod("web-e4-a", "app: web, pod-template-hash: e4, v: b", "ReplicaSet/web-e4", ""),
        &pod("odd-a", "app: odd", "ReplicaSet/odd-f5", ""),
        &pod("odd-b", "app: odd, pod-template-hash: other", "ReplicaSet/odd-f5", ""),
    ]);
    assert_eq!(workloads(&inventory), ["default/odd-f5 ReplicaSet", "default/web Deployment"]);
    assert_eq!(classes(&inventory), ["odd-f5 {app=odd} x2", "web {app=web v=a} x1", "web {app=web v=b} x1"]);
    let web = &inventory.workloads[1];
    assert_eq!(labels(&web.labels), "{app=web}");
    assert_eq!((&web.selector, &*web.origin.file), (&None, "0"));
}

#[test]
fn an_owned_replica_set_makes_its_owner_known() {
    let inventory = read(&replica_set("web-f5", "Deployment/web", 1));
    assert_eq!(workloads(&inventory), ["default/web Deployment"]);
    assert_eq!(classes(&inventory), ["web {app=web} x0"]);
    assert_eq!(inventory.workloads[0].selector, None);
    assert!(read(&replica_set("web-f5", "Deployment/web", 0)).workloads.is_empty());
    assert_eq!(workloads(&read(&replica_set("r-f5", "Rollout/r", 1))), [r#"default/r Other("Rollout")"#]);
}

#[test]
fn a_replica_set_of_its_own_is_a_workload_while_it_wants_or_has_pods() {
    assert_eq!(workloads(&read(&replica_set("a", "", 1))), ["default/a ReplicaSet"]);
    assert!(read(&replica_set("a", "", 0)).workloads.is_empty());
    let inventory = read_all(&[&replica_set("a", "", 0), &pod("a-1", "app: web", "ReplicaSet/a", "")]);
    assert_eq!(workloads(&inventory), ["default/a ReplicaSet"]);
    assert_eq!(classes(&inventory), ["a {app=web} x1"]);
}

#[test]
fn pods_fold_through_their_job() {
    let cron = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly}, spec: {jobTemplate: \
        {spec: {template: {metadata: {labels: {app: job}}}}}}}";
    let first = pod("nightly-1-a", "app: job, job-name: nightly-1", "Job/nightly-1", "");
    let second = pod("nightly-2-a", "app: job, job-name: nightly-2", "Job/nightly-2", "");
    let inventory = read_all(&[&first, &job("nightly-1", "CronJob/nightly"), cron, &second]);
    assert_eq!(workloads(&inventory), ["default/nightly CronJob"]);
    assert_eq!(classes(&inventory), ["nightly {app=job} x2"]);
    assert_eq!(workloads(&read(&first)), ["default/nightly-1 Job"]);
    assert_eq!(workloads(&read(&job("nightly-1", "CronJob/nightly"))), ["default/nightly CronJob"]);
}

#[test]
fn pods_of_other_controllers() {
    let inventory = read_all(&[
        &pod("a", "", "StatefulSet/db", ""),
        &pod("b", "", "DaemonSet/agent", ""),
        &pod("c", "", "Rollout/web", ""),
        &pod("d", "", "Node/n1", ""),
        &pod("e", "", "", ""),
        &pod("f", "", "ReplicationController/old", ""),
    ]);
    assert_eq!(
        workloads(&inventory),
        [
            "default/agent DaemonSet",
            "default/d Pod",
            "default/db StatefulSet",
            "default/e Pod",
            r#"default/old Other("ReplicationController")"#,
            r#"default/web Other("Rollout")"#
        ]
    );
}

#[test]
fn of_several_owners_the_controller_counts() {
    let owners = |list: &str| {
        let pod = format!("{{apiVersion: v1, kind: Pod, metadata: {{name: a, ownerReferences: [{list}]}}}}");
        workloads(&read(&pod)).join(" ")
    };
    let db = "{apiVersion: apps/v1, kind: StatefulSet, name: db}";
    let web = "{apiVersion: x/v1, kind: Web, name: web, controller: false}";
    assert_eq!(owners(db), "default/db StatefulSet");
    assert_eq!(owners(&format!("{db}, {web}")), "default/a Pod");
    assert_eq!(
        owners(&format!("{web}, {}", db.replace('}', ", controller: true}"))),
        "default/db StatefulSet"
    );
    assert_eq!(owners("{apiVersion: batch.volcano.sh/v1, kind: Job, name: j}"), r#"default/j Other("Job")"#);
}

#[test]
fn owners_that_lead_back_to_themselves_end() {
    let inventory = read_all(&[&replica_set("a", "ReplicaSet/b", 1), &replica_set("b", "ReplicaSet/a", 1)]);
    assert!(inventory.workloads.len() <= 2);
}

#[test]
fn finished_pods_are_dropped_and_jobs_stay() {
    for phase in ["Succeeded", "Failed"] {
        let status = format!(", status: {{phase: {phase}, podIP: 10.0.0.1}}");
        let inventory = read_all(&[&pod("j-1", "app: job", "Job/j", &status), &job("j", "")]);
        assert_eq!(classes(&inventory), ["j {app=job} x0"]);
        assert!(inventory.address_owner("10.0.0.1".parse().unwrap()).is_none());
        assert!(read(&pod("j-1", "app: job", "Job/j", &status)).workloads.is_empty());
    }
}

#[test]
fn what_policies_can_tell_apart_is_a_class_of_its_own() {
    let web = |name: &str, labels: &str, more: &str| {
        pod(name, &format!("app: web, {labels}"), "StatefulSet/web", more)
    };
    let inventory = read_all(&[
        &web("a", "statefulset.kubernetes.io/pod-name: a", ""),
        &web("b", "apps.kubernetes.io/pod-index: '1'", ""),
        &web("c", "track: canary", ""),
        &web("d", "", ", spec: {containers: [{ports: [{containerPort: 80}]}]}"),
        &web("e", "", ", spec: {serviceAccountName: e}"),
        &web("f", "", ", spec: {hostNetwork: true}"),
        &controller("StatefulSet", "web"),
    ]);
    assert_eq!(
        classes(&inventory),
        [
            "web {app=web} x2",
            "web {app=web} as e x1",
            "web {app=web} host x1",
            "web {app=web} 80 x1",
            "web {app=web track=canary} x1"
        ]
    );
    assert_eq!(inventory.workloads.len(), 1);
    assert!(inventory.workloads[0].host_network);
    assert_eq!(inventory.workloads[0].classes.len(), 5);
    assert_eq!(inventory.namespaces[0].classes, 0..5);
}

#[test]
fn workloads_of_one_name_stay_apart() {
    let inventory = read_all(&[
        &controller("Deployment", "web"),
        &controller("StatefulSet", "web"),
        &pod("web", "app: web", "", ""),
    ]);
    assert_eq!(
        workloads(&inventory),
        ["default/web Deployment", "default/web StatefulSet", "default/web Pod"]
    );
    assert_eq!(inventory.classes.len(), 3);
}

#[test]
fn the_same_object_twice_is_one() {
    let pod = pod("a", "app: a, pod-template-hash: x", "", &running("10.0.0.1"));
    let again = pod.replace("pod-template-hash: x", "pod-template-hash: z");
    let service = "{apiVersion: v1, kind: Service, metadata: {name: s}}";
    let inventory = read_all(&[
        &pod,
        service,
        &controller("Deployment", "d"),
        &again,
        &controller("Deployment", "d"),
        service,
    ]);
    assert_eq!(classes(&inventory), ["a {app=a} x1 10.0.0.1", "d {app=d} x0"]);
    assert_eq!(inventory.services.len(), 1);
}

/// One of everything, in documents that depend on each other.
fn everything() -> Vec<String> {
    let mut all = vec![
        replica_set("web-f5", "Deployment/web", 2),
        replica_set("api-f5", "Deployment/api", 2),
        controller("Deployment", "web"),
        controller("StatefulSet", "db"),
        job("nightly-1", "CronJob/nightly"),
        "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}".into(),
        "{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, \
            address: 10.9.0.1}]}}"
            .into(),
        "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {ports: [{port: \
            1}, {port: 2}]}}"
            .into(),
        "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: 10.8.0.1}}".into(),
        "{apiVersion: v1, kind: Endpoints, metadata: {name: kubernetes}, subsets: [{addresses: [{ip: \
            10.9.0.2}], ports: [{port: 6443}]}]}"
            .into(),
        "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: k, labels: \
            {kubernetes.io/service-name: kubernetes}}, endpoints: [{addresses: [10.9.0.1]}], ports: \
            [{port: 6443, name: https}]}"
            .into(),
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}}".into(),
        "{apiVersion: v1, kind: Secret}".into(),
        pod("static", "", "Node/n1", ""),
    ];
    for number in 0..4 {
        let labels = format!("app: web, pod-template-hash: f5, n: n{}", number % 2);
        all.push(pod(
            &format!("web-f5-{number}"),
            &labels,
            "ReplicaSet/web-f5",
            &running(&format!("10.0.0.{number}")),
        ));
        all.push(pod(&format!("far-e4-{number}"), &labels, "ReplicaSet/far-f5", ""));
        all.push(pod(&format!("n-{number}"), "app: job", "Job/nightly-1", ""));
    }
    all
}

#[test]
fn order_leaves_no_trace() {
    let documents = everything();
    let read_in = |order: &[usize]| {
        let mut reader = Reader::new("default");
        for position in order {
            reader.read(&position.to_string(), documents[*position].as_bytes()).unwrap();
        }
        format!("{:#?}", reader.finish().unwrap())
    };
    let mut order: Vec<usize> = (0..documents.len()).collect();
    let expected = read_in(&order);
    let mut state = 1u64;
    for _ in 0..50 {
        for position in (1..order.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(position, (state >> 33) as usize % (position + 1));
        }
        assert!(read_in(&order) == expected, "{order:?}");
    }
}
