//! What is read of each kind.

use super::*;
use crate::inventory::ServiceType;

#[test]
fn a_deployment_is_a_workload_with_the_class_of_its_template() {
    let inventory = read(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 3
  selector:
    matchLabels: {app: web}
    matchExpressions:
    - {key: tier, operator: In, values: [front, back, front]}
    - {key: legacy, operator: DoesNotExist}
    - {key: app, operator: Exists}
    - {key: track, operator: NotIn, values: [canary]}
  template:
    metadata:
      labels: {app: web, tier: front, pod-template-hash: abc}
    spec:
      serviceAccountName: web
      initContainers:
      - name: migrate
        ports: [{containerPort: 1}]
      - name: mesh
        restartPolicy: Always
        ports: [{containerPort: 15090, name: metrics}]
      containers:
      - name: web
        ports:
        - {containerPort: 8080, name: http, protocol: TCP}
        - {containerPort: 8080, name: http}
        - {containerPort: 53, protocol: UDP}
      - name: side
",
    );
    assert_eq!(workloads(&inventory), ["shop/web Deployment"]);
    assert_eq!(classes(&inventory), ["web {app=web tier=front} 53/udp http=8080 metrics=15090 as web x0"]);
    assert_eq!(
        selector(&inventory.workloads[0].selector),
        ["app in (web)", "tier in (back, front)", "track notin (canary)", "app", "!legacy"]
    );
    assert_eq!(labels(&inventory.workloads[0].labels), "{app=web tier=front}");
    assert_eq!(inventory.workloads[0].origin.line, 1);
    assert!(!inventory.workloads[0].host_network);
}

#[test]
fn every_controller_of_apps_is_a_workload() {
    for kind in ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"] {
        assert_eq!(workloads(&read(&controller(kind, "a"))), [format!("default/a {kind}")]);
    }
}

#[test]
fn jobs_and_cron_jobs_are_known_by_their_template() {
    let template = "template: {metadata: {labels: {app: a, controller-uid: x}}}";
    let job = format!(
        "{{apiVersion: batch/v1, kind: Job, metadata: {{name: a}}, spec: {{{template}, selector: \
            {{matchLabels: {{controller-uid: x}}}}}}}}"
    );
    let cron = format!(
        "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: b}}, spec: {{jobTemplate: {{spec: \
            {{{template}}}}}}}}}"
    );
    let inventory = read_all(&[&job, &cron]);
    assert_eq!(workloads(&inventory), ["default/a Job", "default/b CronJob"]);
    assert_eq!(classes(&inventory), ["a {app=a} x0", "b {app=a} x0"]);
    assert!(inventory.workloads.iter().all(|workload| workload.selector.is_none()));
}

#[test]
fn a_replication_controller_has_plain_labels_as_its_selector() {
    let inventory = read(
        "{apiVersion: v1, kind: ReplicationController, metadata: {name: a}, spec: {selector: {app: a}, \
            template: {metadata: {labels: {app: a}}}}}",
    );
    assert_eq!(workloads(&inventory), [r#"default/a Other("ReplicationController")"#]);
    assert_eq!(selector(&inventory.workloads[0].selector), ["app in (a)"]);
}

#[test]
fn the_old_groups_take_the_selector_from_the_template() {
    let inventory = read(
        "{apiVersion: extensions/v1beta1, kind: Deployment, metadata: {name: a}, spec: {template: \
            {metadata: {labels: {app: a}}}}}",
    );
    assert_eq!(selector(&inventory.workloads[0].selector), ["app in (a)"]);
}

#[test]
fn host_network_and_the_older_spelling_of_the_account() {
    let inventory = read(&pod(
        "a",
        "",
        "",
        ", spec: {hostNetwork: true, serviceAccount: old}, status: {podIP: 10.0.0.1}",
    ));
    assert_eq!(classes(&inventory), ["a {} host as old x1"]);
    assert!(inventory.workloads[0].host_network);
}

#[test]
fn the_node_local_cache_says_where_it_listens() {
    let inventory = read_all(&[
        &pod(
            "a",
            "",
            "",
            ", spec: {containers: [{args: ['-localip', '169.254.20.10,10.96.0.10', '-conf', /x]}]}",
        ),
        &pod("b", "", "", ", spec: {containers: [{command: [cache, '--localip=fd00::1, 169.254.20.10']}]}"),
        &pod(
            "c",
            "",
            "",
            ", spec: {containers: [{args: ['-localip', '__PILLAR__LOCAL__DNS__', '10.0.0.1']}]}",
        ),
    ]);
    assert_eq!(
        classes(&inventory),
        [
            "c {} x1",
            "a {} x1 local 10.96.0.10 local 169.254.20.10",
            "b {} x1 local 169.254.20.10 local fd00::1"
        ]
    );
}

#[test]
fn a_declared_namespace_keeps_its_labels_and_every_one_its_name() {
    let inventory = read_all(&[
        "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a, \
            kubernetes.io/metadata.name: lie}}}",
        "{apiVersion: v1, kind: Service, metadata: {name: s, namespace: other}}",
        &controller("Deployment", "web"),
    ]);
    let shown: Vec<String> =
        inventory.namespaces.iter().map(|n| format!("{} {}", n.name, labels(&n.labels))).collect();
    assert_eq!(
        shown,
        [
            "default {kubernetes.io/metadata.name=default}",
            "other {kubernetes.io/metadata.name=other}",
            "shop {kubernetes.io/metadata.name=shop team=a}"
        ]
    );
    let declared: Vec<bool> = inventory.namespaces.iter().map(|n| n.origin.is_some()).collect();
    assert_eq!(declared, [false, false, true]);
    assert_eq!(inventory.namespaces[0].classes, 0..1);
    assert!(inventory.namespaces[1].classes.is_empty());
}

#[test]
fn the_default_namespace_is_the_readers() {
    let mut reader = Reader::new("mine");
    reader.read("x", b"{apiVersion: v1, kind: Service, metadata: {name: a, namespace: ''}}").unwrap();
    assert_eq!(services(&reader.finish().unwrap()), ["mine/a ClusterIp"]);
}

#[test]
fn the_ports_of_a_service() {
    let inventory = read(
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {selector: {app: a}, ports: [{port: \
            80, targetPort: http, name: web}, {port: 53, protocol: UDP, name: dns}, {port: 443, \
            targetPort: 8443, name: tls}, {port: 9, targetPort: 0, name: z}]}}",
    );
    assert_eq!(
        services(&inventory),
        ["default/a ClusterIp {app=a} dns=53/udp->53 tls=443->8443 web=80->http z=9->9"]
    );
}

#[test]
fn the_addresses_of_a_service() {
    let inventory = read(
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer, \
            externalTrafficPolicy: Local, clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, 'fd00::1'], \
            externalIPs: [192.0.2.1]}, status: {loadBalancer: {ingress: [{ip: 203.0.113.1}, {hostname: \
            x.example}]}}}",
    );
    assert_eq!(services(&inventory), ["default/a LoadBalancer 10.0.0.1 192.0.2.1 203.0.113.1 fd00::1"]);
    assert!(inventory.services[0].keeps_client_address);
}

#[test]
fn headless_selectorless_and_external_services() {
    let inventory = read_all(&[
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: None, selector: {}}}",
        "{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {type: ExternalName, externalName: \
            db.example}}",
    ]);
    assert_eq!(services(&inventory), ["default/a ClusterIp", "default/b ExternalName"]);
    assert_eq!((inventory.services[0].headless, inventory.services[1].headless), (true, false));
    assert_eq!(inventory.services[0].selector, None);
    assert_eq!(inventory.services[1].kind, ServiceType::ExternalName);
    assert_eq!(inventory.services[1].external_name.as_deref(), Some("db.example"));
}

const SLICE: &str = "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: db-1, \
    labels: {kubernetes.io/service-name: db}}, addressType: IPv4, endpoints: [{addresses: [10.1.0.2, \
    10.1.0.1]}], ports: [{name: '', port: 5432, protocol: TCP}]}";

#[test]
fn endpoints_join_their_service_once() {
    let inventory = read_all(&[
        "{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {ports: [{port: 5432}]}}",
        SLICE,
        "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: db-2, labels: \
            {kubernetes.io/service-name: db}}, addressType: FQDN, endpoints: [{addresses: [db.example]}]}",
        "{apiVersion: v1, kind: Endpoints, metadata: {name: db}, subsets: [{addresses: [{ip: 10.1.0.1}], \
            notReadyAddresses: [{ip: 10.1.0.3}], ports: [{port: 5432}, {name: m, port: 9000}]}]}",
    ]);
    assert_eq!(
        services(&inventory),
        ["default/db ClusterIp 5432->5432 [10.1.0.1:5432,9000] [10.1.0.2:5432] [10.1.0.3:5432,9000]"]
    );
}

#[test]
fn endpoints_of_an_unknown_service_make_none() {
    assert_eq!(services(&read(SLICE)), Vec::<String>::new());
}

#[test]
fn the_api_server_is_known_by_its_endpoints() {
    let endpoints = "{apiVersion: v1, kind: Endpoints, metadata: {name: kubernetes}, subsets: \
        [{addresses: [{ip: 172.18.0.2}], ports: [{name: metrics, port: 80}, {name: https, port: 6443}]}]}";
    let inventory = read(endpoints);
    assert_eq!(services(&inventory), ["default/kubernetes ClusterIp https=443->6443 [172.18.0.2:6443,80]"]);
    assert_eq!(inventory.services[0].selector, None);
    let declared = "{apiVersion: v1, kind: Service, metadata: {name: kubernetes}, spec: {ports: [{port: \
        443, targetPort: 1}]}}";
    assert_eq!(
        services(&read_all(&[endpoints, declared])),
        ["default/kubernetes ClusterIp 443->1 [172.18.0.2:6443,80]"]
    );
}

#[test]
fn a_node_has_addresses_and_ranges() {
    let inventory = read(
        "{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {zone: a}}, spec: {podCIDR: \
            10.244.1.0/24, podCIDRs: [10.244.1.7/24, 'fd00:1::/64']}, status: {addresses: [{type: \
            Hostname, address: n1}, {type: InternalIP, address: 172.18.0.3}, {type: ExternalIP, address: \
            203.0.113.9}]}}",
    );
    let node = &inventory.nodes[0];
    assert_eq!(labels(&node.labels), "{zone=a}");
    assert_eq!(format!("{:?}", node.addresses), "[172.18.0.3, 203.0.113.9]");
    assert_eq!(format!("{:?}", node.pod_ranges), "[10.244.1.0/24, fd00:1::/64]");
    assert!(inventory.namespaces.is_empty());
}

#[test]
fn a_network_policy_is_known_to_be_there() {
    let inventory = read_all(&[
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: b, namespace: shop}, \
            spec: {podSelector: {}}}",
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a, namespace: shop, \
            labels: {app.kubernetes.io/managed-by: weir}}}",
    ]);
    let shown: Vec<String> =
        inventory.policies.iter().map(|policy| format!("{} {}", policy.name, policy.ours)).collect();
    assert_eq!(shown, ["a true", "b false"]);
    assert_eq!(&*inventory.policies[0].origin.file, "1");
}

#[test]
fn other_kinds_are_passed_over_and_counted() {
    let inventory = read(&stream(&[
        "{apiVersion: v1, kind: ConfigMap, data: {a: '{{ not read }}'}}\n",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: Not_A_Name}}\n",
        "{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: a}, spec: {ports: none}}\n",
        "{apiVersion: security.antrea.io/v1, kind: NetworkPolicy, metadata: {name: a}}\n",
        "{apiVersion: projectcalico.org/v3, kind: StagedNetworkPolicy, metadata: {name: a}}\n",
        "{apiVersion: x/v1, kind: AllowList, spec: {}}\n",
    ]));
    assert_eq!(
        skipped(&inventory),
        [
            "AllowList 1",
            "ConfigMap 2",
            "NetworkPolicy.security.antrea.io 1",
            "Service.serving.knative.dev 1",
            "StagedNetworkPolicy 1"
        ]
    );
    assert!(inventory.services.is_empty() && inventory.policies.is_empty());
}

#[test]
fn null_is_absent() {
    let inventory = read(
        "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: null, labels: null, ownerReferences: \
            null}, spec: {containers: null, hostNetwork: null}, status: null}",
    );
    assert_eq!(classes(&inventory), ["a {} x1"]);
    let inventory = read("{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app: }}}");
    assert_eq!(classes(&inventory), ["a {app=} x1"]);
}
