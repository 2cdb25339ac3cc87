//! The network plugin: what is told of it, by the file and by the inventory, and what follows for a program.

use weir::cni::Plugin;
use weir::{Code, Facts, Target};

use crate::harness::{self, Built, Texts};

fn agent(home: &str, name: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: DaemonSet
metadata: {{ name: {name}, namespace: {home} }}
spec:
  selector: {{ matchLabels: {{ app: {name} }} }}
  template:
    metadata: {{ labels: {{ app: {name} }} }}
    spec: {{ hostNetwork: true, containers: [{{ name: c, image: '{image}' }}] }}
"
    )
}

fn cilium(data: &str) -> String {
    let agent = agent("kube-system", "cilium", "quay.io/cilium/cilium:v1.18.2");
    format!(
        "{agent}---
apiVersion: v1
kind: ConfigMap
metadata: {{ name: cilium-config, namespace: kube-system }}
data: {{ {data} }}
"
    )
}

fn town(more: &str) -> Texts {
    let town = harness::texts(&[harness::cases().join("inventory.yaml")]);
    town.into_iter().chain([("network.yaml".to_owned(), more.to_owned())]).collect()
}

fn build(settings: &str, network: &str, program: &str, target: Target) -> Built {
    let program = vec![("shop.weir".to_owned(), program.to_owned())];
    harness::build_project(settings, &program, &town(network), Some(target))
}

#[track_caller]
fn assert_said(built: &Built, code: Code, words: &[&str]) {
    let said = built.rendered();
    assert!(built.codes().contains(&code), "no {}:\n{said}", code.name());
    for word in words {
        assert!(said.contains(word), "`{word}` is not in:\n{said}");
    }
}

const LOCKED: &str = "namespace shop locked;\n";

#[test]
fn what_a_plugin_does_not_enforce_is_refused_once() {
    let flannel = agent("kube-flannel", "kube-flannel-ds", "ghcr.io/flannel-io/flannel:v0.27.0");
    let built = build("[clusters.a]\n", &flannel, LOCKED, Target::NetworkPolicy);
    assert_eq!(built.codes(), [Code::E0407]);
    let shown = "the DaemonSet `kube-flannel/kube-flannel-ds` shows it";
    assert_said(
        &built,
        Code::E0407,
        &["in network.yaml:1", shown, "`[clusters.a.cni]`", "no policies at all"],
    );
    let told = "[clusters.a.cni]\nname = 'flannel'\n";
    assert_said(
        &build(told, "", LOCKED, Target::NetworkPolicy),
        Code::E0407,
        &["weir.toml:2:8", "the network plugin", "kube-network-policies"],
    );
    let other = build("[clusters.a.cni]\nname = 'calico'\n", "", LOCKED, Target::Cilium);
    assert_said(&other, Code::E0407, &["enforces `networkpolicy` and `calico`", "-t networkpolicy"]);
    for (settings, network) in [
        ("[clusters.a]\n", String::new()),
        ("[clusters.a]\n", agent("tools", "kube-flannel-ds", "flannel:v1")),
        (
            "[clusters.a]\n",
            flannel.clone() + "---\n" + &agent("kube-system", "calico-node", "calico/node:v3.32.1"),
        ),
        ("[clusters.a.cni]\nname = 'other'\n", String::new()),
    ] {
        assert_eq!(
            build(settings, &network, LOCKED, Target::NetworkPolicy).codes(),
            [],
            "{settings}{network}"
        );
    }
}

#[test]
fn policies_that_are_switched_off_close_nothing() {
    for (data, target, why) in [
        ("enable-policy: never", Target::Cilium, "told not to enforce policies"),
        ("policy-audit-mode: 'true'", Target::NetworkPolicy, "told not to enforce policies"),
        ("enable-k8s-networkpolicy: 'false'", Target::NetworkPolicy, "leave NetworkPolicies alone"),
    ] {
        assert_said(&build("[clusters.a]\n", &cilium(data), LOCKED, target), Code::E0407, &[why]);
    }
    let off = agent("kube-system", "aws-node", "amazon-k8s-cni:v1.12.0");
    let agent = ["its network policy agent is switched off"];
    assert_said(&build("[clusters.a]\n", &off, LOCKED, Target::NetworkPolicy), Code::E0407, &agent);
    let on = "[clusters.a.cni]\nnetwork-policy = true\nmode = 'strict'\n";
    assert_eq!(build(on, &off, LOCKED, Target::NetworkPolicy).codes(), [Code::W0134], "the file is believed");
}

#[test]
fn what_a_plugin_is_not_set_up_for_is_refused() {
    let sctp = "namespace shop locked;\nshop/web may reach shop/api:9/sctp even if absent;\n";
    let ping = "namespace shop locked;\nshop/web may ping shop/api;\n";
    let host = "namespace shop locked;\nshop/web may reach example.org:443;\n";
    let http =
        "namespace shop locked;\nshop/web may reach shop/api:8080 over http GET \"/x\" even if absent;\n";
    let none = "[clusters.a]\n";
    for (settings, data, program, refused) in [
        (none, "a: b", sctp, true),
        (none, "enable-sctp: 'true'", sctp, false),
        ("[clusters.a.cni]\nsctp = true\n", "a: b", sctp, false),
        (none, "a: b", ping, false),
        (none, "enable-icmp-rules: 'false'", ping, true),
        (none, "a: b", host, false),
        (none, "enable-l7-proxy: 'false'", host, true),
        (none, "enable-l7-proxy: 'false'", http, true),
        (none, "cni-chaining-mode: none", http, false),
        (none, "cni-chaining-mode: aws-cni", http, true),
        ("[clusters.a.cni]\nchaining = 'none'\n", "a: b", http, false),
        ("[clusters.a.cni]\nl7-proxy = false\n", "a: b", http, true),
    ] {
        let built = build(settings, &cilium(data), program, Target::Cilium);
        let found = built.codes().contains(&Code::E0408);
        assert_eq!(found, refused, "{settings}{data}: {program}{}", built.rendered());
        let others = build(settings, &cilium(data), program, Target::NetworkPolicy);
        assert!(!others.codes().contains(&Code::E0408), "{}", others.rendered());
    }
    let off = build("[clusters.a.cni]\nsctp = false\n", "", sctp, Target::Cilium);
    assert_said(&off, Code::E0408, &["shop.weir:2:20", "told here", "weir.toml:2:8", "`sctp = true`"]);
}

#[test]
fn the_file_is_believed_and_both_are_shown() {
    let settings = "[clusters.a.cni]\nname = 'cilium'\nversion = '1.17'\nsctp = true\nl7-proxy = true\n";
    let network = cilium("enable-sctp: 'false', enable-l7-proxy: 'true'");
    let built = build(settings, &network, LOCKED, Target::NetworkPolicy);
    assert_eq!(built.codes(), [Code::W0134, Code::W0134]);
    let version =
        ["`version` is `1.17` here, and `1.18.2` in the inventory", "the DaemonSet `kube-system/cilium`"];
    assert_said(&built, Code::W0134, &version);
    let sctp = ["`sctp` is `true` here, and `false` in the inventory", "in `network.yaml:"];
    assert_said(&built, Code::W0134, &sctp);
    for agrees in
        ["name = 'cilium'", "version = '1.18'", "version = 'v1.18.2'", "sctp = false", "icmp = true"]
    {
        let settings = format!("[clusters.a.cni]\n{agrees}\n");
        assert_eq!(build(&settings, &network, LOCKED, Target::NetworkPolicy).codes(), [], "{agrees}");
    }
}

/// What lowering asks, of a cluster that shows everything.
#[test]
fn facts_are_read_from_the_inventory() {
    let data = "policy-cidr-match-mode: nodes, enable-sctp: 'true', cluster-name: eu, cluster-id: '7', allow-localhost: policy";
    let inventory = harness::inventory(&town(&cilium(data))).unwrap();
    let facts = Facts::of(&inventory);
    let cni = &facts.cni;
    assert!(cni.is(Plugin::Cilium) && cni.is_at_least(1, 18) && !cni.is_at_least(1, 19));
    assert!(cni.is_older_than(1, 19) && !cni.is_older_than(1, 18));
    assert!(cni.cidrs_match_nodes() && !cni.cidrs_match_pods());
    assert!(cni.sctp() && cni.icmp() && cni.l7_proxy() && !cni.host_firewall() && !cni.admits_own_node());
    assert_eq!(cni.mesh_name(), Some("eu"));
    let alone = harness::inventory(&town(&cilium("cluster-name: default, cluster-id: '0'"))).unwrap();
    assert_eq!(Facts::of(&alone).cni.mesh_name(), None);
    let nothing = harness::inventory(&town("")).unwrap();
    let facts = Facts::of(&nothing);
    let cni = &facts.cni;
    assert!(cni.plugin().is_none() && !cni.is_at_least(0, 0) && !cni.is_older_than(99, 0));
    assert!(!cni.sctp() && cni.icmp() && cni.l7_proxy() && cni.tiers() && !cni.cidrs_match_nodes());
}

/// Google's Cilium keeps the name of its ConfigMap, and Flannel with Calico's policies is Canal.
#[test]
fn the_plugin_is_the_one_that_enforces_policies() {
    let plugin = |network: &str| {
        let inventory = harness::inventory(&town(network)).unwrap();
        Facts::of(&inventory).cni.plugin().map(|told| told.value)
    };
    let two = |a: &str, b: &str| plugin(&format!("{a}---\n{b}"));
    let aws = agent("kube-system", "aws-node", "amazon-k8s-cni:v1.20.1");
    let calico = agent("kube-system", "calico-node", "calico/node:v3.32.1");
    let flannel = agent("kube-flannel", "kube-flannel-ds", "flannel:v1");
    let config =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: cilium-config, namespace: kube-system }\n";
    assert_eq!(two(&aws, &cilium("cni-chaining-mode: aws-cni")), Some(Plugin::Cilium));
    assert_eq!(two(&calico, &aws), Some(Plugin::Calico));
    assert_eq!(two(&flannel, &calico), Some(Plugin::Canal));
    assert_eq!(two(&agent("kube-system", "anetd", "x:v1"), config), Some(Plugin::GkeDataplaneV2));
    assert_eq!(plugin(config), Some(Plugin::Cilium));
    assert_eq!(plugin(""), None);
}

/// Traffic of other nodes comes from the addresses that Calico gave them.
#[test]
fn nodes_are_reached_from_by_all_their_addresses() {
    let node = "apiVersion: v1
kind: Node
metadata: { name: a, annotations: { projectcalico.org/IPv4VXLANTunnelAddr: 10.244.1.0 } }
status: { addresses: [{ type: InternalIP, address: 192.168.1.10 }] }
";
    let program = "namespace shop locked for ingress;\nnodes may reach shop/web:80 even if absent;\n";
    let built = build("[clusters.a]\n", node, program, Target::NetworkPolicy);
    for block in ["cidr: 10.244.1.0/32", "cidr: 192.168.1.10/32"] {
        assert!(built.yaml().contains(block), "{}", built.yaml());
    }
}
