//! What shows the cluster's network plugin, and what only looks like it.

use super::{errors_of, read, read_all, skipped};
use crate::inventory::Inventory;

/// Each sighting as `Kind namespace/name plugin version key=value …`.
fn seen(inventory: &Inventory) -> Vec<String> {
    let show = |one: &crate::inventory::cni::Sighting| {
        let home = if one.namespace.is_empty() { String::new() } else { format!("{}/", one.namespace) };
        let mut words = vec![format!("{} {home}{} {}", one.kind.name(), one.name, one.plugin)];
        words.extend(one.version.iter().map(|version| version.to_string()));
        words.extend(one.settings.iter().map(|(key, value)| format!("{key}={value}")));
        words.join(" ")
    };
    inventory.cni.sightings.iter().map(show).collect()
}

fn daemon_set(home: &str, name: &str, labels: &str, containers: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: {name}, namespace: {home}, labels: {{{labels}}}}}, \
         spec: {{selector: {{matchLabels: {{x: z}}}}, template: {{metadata: {{labels: {{x: z}}}}, spec: {{\
         hostNetwork: true, containers: [{containers}]}}}}}}}}\n"
    )
}

#[test]
fn agents_are_known_by_name_label_and_image() {
    for (home, name, labels, image, expected) in [
        ("kube-system", "cilium", "", "quay.io/cilium/cilium:v1.18.2@sha256:0ab1", "cilium 1.18.2"),
        ("cilium", "cilium", "", "localhost:5000/cilium/cilium", "cilium"),
        ("kube-system", "agent", "k8s-app: cilium", "mirror/x@sha256:0ab1", "cilium"),
        ("kube-system", "agent", "", "mirror.corp:5000/cilium/cilium:1.17.0-rc.1", "cilium 1.17.0-rc.1"),
        (
            "kube-system",
            "anetd",
            "k8s-app: cilium",
            "gke.gcr.io/cilium/cilium:v1.14.6",
            "gke-dataplane-v2 1.14.6",
        ),
        ("calico-system", "calico-node", "", "docker.io/calico/node:v3.32.0", "calico 3.32.0"),
        ("kube-system", "canal", "", "rancher/hardened-calico:v3.29.1-build2", "canal 3.29.1-build2"),
        ("kube-flannel", "kube-flannel-ds", "", "ghcr.io/flannel-io/flannel:v0.27.0", "flannel 0.27.0"),
        ("kube-system", "kube-flannel-ds-arm64", "app: flannel", "x", "flannel"),
        ("kube-system", "weave-net", "", "weaveworks/weave-kube:2.8.1", "weave-net 2.8.1"),
        ("kube-system", "kube-router", "", "cloudnativelabs/kube-router:latest", "kube-router"),
        ("kube-system", "antrea-agent", "", "antrea/antrea-agent-ubuntu:v2.4.0", "antrea 2.4.0"),
        ("openshift-ovn-kubernetes", "ovnkube-node", "", "quay.io/x@sha256:0ab1", "ovn-kubernetes"),
        (
            "kube-system",
            "kindnet",
            "",
            "docker.io/kindest/kindnetd:v20250512-df8de77b",
            "kindnet 20250512-df8de77b",
        ),
        ("kube-system", "azure-npm", "", "mcr.microsoft.com/azure-npm:v1.6.1", "azure-npm 1.6.1"),
        (
            "kube-system",
            "kube-network-policies",
            "",
            "registry.k8s.io/networking/kube-network-policies:v1.0.0",
            "kube-network-policies 1.0.0",
        ),
    ] {
        let container = format!("{{name: c, image: '{image}'}}");
        let inventory = read(&daemon_set(home, name, labels, &container));
        assert_eq!(seen(&inventory), [format!("DaemonSet {home}/{name} {expected}")], "{name} {image}");
    }
}

#[test]
fn tenants_make_no_network() {
    for (home, name, labels, image) in [
        ("shop", "cilium", "k8s-app: cilium", "quay.io/cilium/cilium:v1.18.2"),
        ("kube-flannel", "cilium", "", "x"),
        ("kube-system", "cilium-envoy", "k8s-app: cilium-envoy", "quay.io/cilium/cilium-envoy:v1.34.4"),
        ("kube-system", "node-exporter", "app: exporter", "prom/node-exporter:v1"),
        ("kube-system", "mycilium", "", "quay.io/mycilium/mycilium/x:1"),
    ] {
        let container = format!("{{name: c, image: '{image}'}}");
        assert_eq!(seen(&read(&daemon_set(home, name, labels, &container))), [""; 0], "{home}/{name}");
    }
    let config = "{apiVersion: v1, kind: ConfigMap, metadata: {name: cilium-config, namespace: shop}, data: {enable-sctp: 'true'}}\n";
    let inventory = read(config);
    assert_eq!(seen(&inventory), [""; 0]);
    assert_eq!(skipped(&inventory), ["ConfigMap 1"]);
}

#[test]
fn the_agent_of_aws_says_how_it_is_set_up() {
    let node = "{name: aws-node, image: 'x/amazon-k8s-cni:v1.20.1-eksbuild.3', env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}, {name: NETWORK_POLICY_ENFORCING_MODE, value: strict}]}";
    let agent = |args: &str| {
        format!(
            "{{name: aws-eks-nodeagent, image: 'x/amazon/aws-network-policy-agent:v1.2.0', args: [{args}]}}"
        )
    };
    let told = |containers: &str| seen(&read(&daemon_set("kube-system", "aws-node", "", containers)));
    assert_eq!(
        told(&format!("{node}, {}", agent("'--enable-ipv6=false', '--enable-network-policy=true'"))),
        [
            "DaemonSet kube-system/aws-node aws-vpc-cni 1.20.1-eksbuild.3 NETWORK_POLICY_ENFORCING_MODE=strict \
          aws-network-policy-agent=true enable-network-policy=true"
        ]
    );
    assert_eq!(
        told("{name: aws-node, image: 'x/amazon-k8s-cni:v1.12.0'}"),
        ["DaemonSet kube-system/aws-node aws-vpc-cni 1.12.0 aws-network-policy-agent=false"]
    );
    let config = "{apiVersion: v1, data: {enable-network-policy-controller: 'true', branch-eni-cooldown: '60'}, kind: ConfigMap, metadata: {name: amazon-vpc-cni, namespace: kube-system}}\n";
    assert_eq!(
        seen(&read(config)),
        ["ConfigMap kube-system/amazon-vpc-cni aws-vpc-cni enable-network-policy-controller=true"]
    );
}

/// In the order of `kubectl get`, in which the data stand before the name.
#[test]
fn of_config_maps_only_what_matters_is_kept() {
    let json = r#"{ "apiVersion": "v1", "kind": "List", "items": [
        { "apiVersion": "v1", "data": { "big": "xxxxxxxxxxxx", "enable-sctp": "true" }, "kind": "ConfigMap",
          "metadata": { "name": "other", "namespace": "kube-system" } },
        { "apiVersion": "v1", "data": { "enable-sctp": "true", "cluster-id": "7", "debug": "false",
          "policy-cidr-match-mode": "nodes" }, "kind": "ConfigMap",
          "metadata": { "name": "cilium-config", "namespace": "kube-system" } } ] }"#;
    let inventory = read(json);
    let expected = [
        "ConfigMap kube-system/cilium-config cilium cluster-id=7 enable-sctp=true policy-cidr-match-mode=nodes",
    ];
    assert_eq!(seen(&inventory), expected);
    assert_eq!(skipped(&inventory), ["ConfigMap 1"]);
    assert_eq!(inventory.cni.sightings[0].origin.line, 6);
    assert_eq!(seen(&read_all(&[json, json])), expected, "the same object twice");
}

#[test]
fn what_is_only_looked_at_is_no_error() {
    let texts = [
        "{apiVersion: v1, kind: ConfigMap, metadata: [1, 2], data: 7}\n",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: cilium-config, namespace: kube-system}, data: {enable-sctp: true, cluster-id: 7, enable-policy: [never]}}\n",
        "{apiVersion: operator.tigera.io/v1, kind: Installation, spec: {cni: Calico}}\n",
        "{apiVersion: operator.tigera.io/v1, kind: Installation, metadata: {name: default}, spec: {variant: Calico, cni: {type: AmazonVPC}}, status: {calicoVersion: v3.32.1}}\n",
        "{apiVersion: v1, kind: Node, metadata: {name: m, annotations: {projectcalico.org/IPv4IPIPTunnelAddr: here, x: {z: [1]}}}}\n",
        &daemon_set("kube-system", "aws-node", "", "{name: 1, image: [], env: {a: b}}, {image: 7, env: [1, {name: []}]}"),
    ]
    .map(str::to_owned);
    let text = texts.join("---\n");
    assert_eq!(errors_of(&[("x", text.as_bytes())]), [""; 0]);
    assert_eq!(
        seen(&read(&text)),
        [
            "DaemonSet kube-system/aws-node aws-vpc-cni aws-network-policy-agent=false",
            "Installation  calico",
            "Installation default calico 3.32.1 cni.type=AmazonVPC variant=Calico",
            "ConfigMap kube-system/cilium-config cilium cluster-id=7 enable-sctp=true",
        ]
    );
}

#[test]
fn calico_gives_nodes_addresses_of_its_own() {
    let node = |name: &str, more: &str| {
        format!(
            "{{apiVersion: v1, kind: Node, metadata: {{name: {name}, annotations: {{a: b{more}}}}}, \
             status: {{addresses: [{{type: InternalIP, address: 192.168.0.1}}]}}}}\n"
        )
    };
    let more =
        ", projectcalico.org/IPv4VXLANTunnelAddr: 10.244.9.0, projectcalico.org/IPv4IPIPTunnelAddr: ''";
    let inventory = read(&format!("{}---\n{}---\n{}", node("a", ""), node("b", more), node("c", more)));
    let addresses: Vec<Vec<String>> =
        inventory.nodes.iter().map(|node| node.addresses.iter().map(ToString::to_string).collect()).collect();
    assert_eq!(
        addresses,
        [vec!["192.168.0.1"], vec!["10.244.9.0", "192.168.0.1"], vec!["10.244.9.0", "192.168.0.1"]]
    );
    assert_eq!(seen(&inventory), ["Node b calico"], "one stands for all");
}
