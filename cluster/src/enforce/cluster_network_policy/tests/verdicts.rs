//! The evaluation step by step, on one small cluster.

use super::*;
use crate::enforce::{Answer, Explanation};
use crate::flow::{AddressKind, AddressPoint, BEYOND_PORTS, PodPoint};
use crate::inventory::ContainerPort;
use crate::labels::{Labels, NAMESPACE_NAME};
use Answer::{Denied, Permitted, Undefined};

fn labels(text: &str) -> Labels {
    let pairs = text.split(',').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap()).map(|(k, v)| (Text::from(k), Text::from(v))).collect()
}

/// `namespace/name`, labels, ports as `name:number/TCP`, addresses.
fn pod(id: &str, pod_labels: &str, ports: &str, addresses: &str) -> (String, Point) {
    let (namespace, _) = id.split_once('/').unwrap();
    let ports = ports.split(',').filter(|port| !port.is_empty()).map(|port| {
        let (name, rest) = port.split_once(':').unwrap();
        let (number, protocol) = rest.split_once('/').unwrap();
        let protocol = if protocol == "TCP" { Protocol::Tcp } else { Protocol::Udp };
        ContainerPort { name: Some(Text::from(name)), number: number.parse().unwrap(), protocol }
    });
    let point = PodPoint {
        class: None,
        namespace: Text::from(namespace),
        namespace_labels: labels(&format!("{NAMESPACE_NAME}={namespace}")),
        labels: labels(pod_labels),
        ports: ports.collect(),
        host_network: id.ends_with("host"),
        service_account: Text::from("default"),
        addresses: addresses.split(',').filter(|a| !a.is_empty()).map(|a| a.parse().unwrap()).collect(),
    };
    (id.to_owned(), Point::Pod(point))
}

fn address(id: &str, ends: (&str, &str), kind: AddressKind) -> (String, Point) {
    let point = AddressPoint::new(ends.0.parse().unwrap(), ends.1.parse().unwrap(), kind);
    (id.to_owned(), Point::Address(point))
}

fn host(name: &str) -> (String, Point) {
    let home = "198.51.100.7".parse().unwrap();
    let host = Some(Text::from(name));
    (
        name.to_owned(),
        Point::Address(AddressPoint { host, ..AddressPoint::new(home, home, AddressKind::Outside) }),
    )
}

struct Cluster {
    names: Vec<String>,
    policies: Policies,
    space: Space,
}

/// The cluster under these policies.
fn cluster(policies: &str) -> Cluster {
    let policies = good(policies);
    let (names, points): (Vec<String>, Vec<Point>) = [
        pod("shop/web", "app=web", "http:8080/TCP,dns:53/UDP", "10.0.0.1"),
        pod("shop/db", "app=db", "http:5432/TCP,dns:53/TCP", "10.0.0.2,fd00::2"),
        pod("shop/new", "", "", ""),
        pod("data/web", "app=web", "http:9090/TCP", "10.1.0.1"),
        pod("data/host", "app=web", "http:8080/TCP", "172.18.0.2"),
        address("node", ("172.18.0.3", "172.18.0.3"), AddressKind::Node),
        address("cache", ("169.254.20.10", "169.254.20.10"), AddressKind::Local),
        address("doc", ("192.0.2.0", "192.0.2.255"), AddressKind::Outside),
        address("v6", ("2001:db8::", "2001:db8::ffff"), AddressKind::Outside),
        host("example.com"),
        host("www.example.com"),
        host("a.b.example.com"),
    ]
    .into_iter()
    .unzip();
    let mut ports = port_boundaries(&points);
    ports.extend([80, 443].map(|port| PortRange { protocol: Carrier::Tcp, first: port, last: port }));
    ports.extend(BEYOND_PORTS);
    ports.extend(policies.boundaries().ports);
    let space = Space::new(points, ports);
    Cluster { names, policies, space }
}

impl Cluster {
    /// The flow, and the atom of a port, which is one of TCP, `53/UDP` and the like, `icmp` or `other`.
    fn flow(&self, source: &str, destination: &str, port: &str) -> (usize, usize, usize) {
        let point =
            |name: &str| self.names.iter().position(|n| n == name).unwrap_or_else(|| panic!("{name}"));
        let (number, carrier) = match port {
            "icmp" => ("2048", Carrier::Icmp),
            "other" => ("47", Carrier::Other),
            port => match port.split_once('/') {
                Some((number, "UDP")) => (number, Carrier::Udp),
                Some((number, _)) => (number, Carrier::Sctp),
                None => (port, Carrier::Tcp),
            },
        };
        let number: u16 = number.parse().unwrap();
        let holds = |atom: PortRange| atom.protocol == carrier && (atom.first..=atom.last).contains(&number);
        let atom = self.space.ports.iter().position(holds).expect("every port is in an atom");
        (point(source), point(destination), atom)
    }

    fn explain(&self, source: &str, destination: &str, port: &str) -> Explanation {
        let flow = self.flow(source, destination, port);
        self.policies.explain(&self.space, &Switches::default(), flow)
    }

    #[track_caller]
    fn assert(&self, flows: &[(&str, &str, &str, Answer)]) {
        let enforced = self.policies.enforce(&self.space, &Switches::default());
        for &(source, destination, port, expected) in flows {
            let (s, d, p) = self.flow(source, destination, port);
            let found = match (enforced.permitted.contains(s, d, p), enforced.undefined.contains(s, d, p)) {
                (true, _) => Permitted,
                (false, true) => Undefined,
                (false, false) => Denied,
            };
            assert_eq!(found, expected, "{source} -> {destination}:{port}");
            let Explanation { egress, ingress } = self.explain(source, destination, port);
            assert_eq!(
                egress.answer.min(ingress.answer),
                expected,
                "explained: {source} -> {destination}:{port}"
            );
        }
    }
}

/// A policy of this tier and priority for every pod of `shop`.
fn shop(name: &str, tier: &str, priority: u32, rules: &str) -> String {
    let subject = format!("namespaces: {{matchLabels: {{{NAMESPACE_NAME}: shop}}}}");
    named_policy(name, &format!("tier: {tier}\npriority: {priority}\nsubject: {{{subject}}}\n{rules}"))
}

/// One rule of ingress on `shop`, or of its egress.
fn ingress(name: &str, tier: &str, priority: u32, action: &str, rest: &str) -> String {
    shop(name, tier, priority, &format!("ingress: [{{action: {action}, {rest}}}]"))
}

fn egress(name: &str, tier: &str, priority: u32, action: &str, rest: &str) -> String {
    shop(name, tier, priority, &format!("egress: [{{action: {action}, {rest}}}]"))
}

const ANY_POD: &str = "from: [{namespaces: {}}]";
const WEB: &str = "from: [{pods: {podSelector: {matchLabels: {app: web}}}}]";
const ANYWHERE: &str = "to: [{networks: [0.0.0.0/0, '::/0']}]";

#[test]
fn nothing_is_isolated_by_a_policy_that_is_there() {
    cluster(&shop("p", "Admin", 1, "")).assert(&[
        ("data/web", "shop/web", "80", Permitted),
        ("shop/web", "doc", "80", Permitted),
        ("doc", "shop/web", "80", Permitted),
    ]);
    cluster(&ingress("p", "Admin", 1, "Accept", WEB)).assert(&[
        ("data/web", "shop/db", "80", Permitted),
        ("shop/new", "shop/db", "80", Permitted),
        ("doc", "shop/db", "80", Permitted),
    ]);
}

#[test]
fn a_subject_is_the_pods_of_namespaces_or_some_of_them() {
    let all = named_policy(
        "p",
        &format!(
            "tier: Admin\npriority: 1\nsubject: {{pods: {{podSelector: {{matchLabels: {{app: web}}}}}}}}\ningress: [{{action: Deny, {ANY_POD}}}]"
        ),
    );
    cluster(&all).assert(&[
        ("shop/new", "shop/web", "80", Denied),
        ("shop/new", "data/web", "80", Denied),
        ("shop/new", "shop/db", "80", Permitted),
        // Not a subject: on the host's network.
        ("shop/new", "data/host", "80", Permitted),
    ]);
    cluster(&ingress("p", "Admin", 1, "Deny", ANY_POD)).assert(&[
        ("data/web", "shop/new", "80", Denied),
        ("data/web", "shop/db", "80", Denied),
        ("shop/web", "data/web", "80", Permitted),
    ]);
}

#[test]
fn rules_are_asked_in_order() {
    let deny_then_accept = format!("ingress: [{{action: Deny, {WEB}}}, {{action: Accept, {ANY_POD}}}]");
    let accept_then_deny = format!("ingress: [{{action: Accept, {WEB}}}, {{action: Deny, {ANY_POD}}}]");
    cluster(&shop("p", "Admin", 1, &deny_then_accept))
        .assert(&[("data/web", "shop/db", "80", Denied), ("shop/new", "shop/db", "80", Permitted)]);
    cluster(&shop("p", "Admin", 1, &accept_then_deny))
        .assert(&[("data/web", "shop/db", "80", Permitted), ("shop/new", "shop/db", "80", Denied)]);
}

#[test]
fn policies_are_asked_by_priority() {
    let policies = |accept, deny| {
        cluster(&format!(
            "{}{}",
            ingress("accept", "Admin", accept, "Accept", WEB),
            ingress("deny", "Admin", deny, "Deny", ANY_POD)
        ))
    };
    policies(0, 1000)
        .assert(&[("data/web", "shop/db", "80", Permitted), ("shop/new", "shop/db", "80", Denied)]);
    policies(11, 10).assert(&[("data/web", "shop/db", "80", Denied), ("shop/new", "shop/db", "80", Denied)]);
    // One priority: only where both match do they disagree.
    policies(5, 5).assert(&[
        ("data/web", "shop/db", "80", Undefined),
        ("shop/new", "shop/db", "80", Denied),
        ("doc", "shop/db", "80", Permitted),
    ]);
    // Nor does it help that one of them is about everything.
    let accept = egress("accept", "Admin", 5, "Accept", "to: [{namespaces: {}}]");
    let deny = egress("deny", "Admin", 5, "Deny", ANYWHERE);
    for policies in [format!("{accept}{deny}"), format!("{deny}{accept}")] {
        cluster(&policies).assert(&[
            ("shop/db", "data/web", "80", Undefined),
            ("shop/db", "data/host", "80", Denied),
            ("shop/db", "doc", "80", Denied),
        ]);
    }
}

#[test]
fn priorities_of_disjoint_subjects_do_not_meet() {
    let of = |namespace: &str, action: &str| {
        named_policy(
            namespace,
            &format!(
                "tier: Admin\npriority: 1\nsubject: {{namespaces: {{matchLabels: {{{NAMESPACE_NAME}: {namespace}}}}}}}\ningress: [{{action: {action}, {ANY_POD}}}]"
            ),
        )
    };
    cluster(&format!("{}{}", of("shop", "Deny"), of("data", "Accept")))
        .assert(&[("data/web", "shop/db", "80", Denied), ("shop/db", "data/web", "80", Permitted)]);
}

#[test]
fn kubernetes_policies_have_the_last_word_but_for_the_admin_tier() {
    let only_web = kubernetes_policy(
        "k",
        "podSelector: {}\npolicyTypes: [Ingress]\ningress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]",
    );
    // What the admin tier does not decide is theirs.
    cluster(&format!("{}{only_web}", shop("p", "Admin", 1, ""))).assert(&[
        ("shop/web", "shop/db", "80", Permitted),
        ("data/web", "shop/db", "80", Denied),
        ("doc", "shop/db", "80", Denied),
        ("shop/db", "doc", "80", Permitted),
    ]);
    // An accept is final, and so is a deny.
    let accept = ingress("p", "Admin", 1, "Accept", "from: [{namespaces: {}}]");
    cluster(&format!("{accept}{only_web}"))
        .assert(&[("data/web", "shop/db", "80", Permitted), ("doc", "shop/db", "80", Denied)]);
    let deny = ingress("p", "Admin", 1, "Deny", WEB);
    cluster(&format!("{deny}{only_web}")).assert(&[("shop/web", "shop/db", "80", Denied)]);
    // The baseline is not asked about pods that they govern, in that direction.
    let baseline = shop(
        "b",
        "Baseline",
        0,
        &format!("ingress: [{{action: Accept, {ANY_POD}}}]\negress: [{{action: Deny, {ANYWHERE}}}]"),
    );
    cluster(&format!("{baseline}{only_web}"))
        .assert(&[("data/web", "shop/db", "80", Denied), ("shop/db", "doc", "80", Denied)]);
}

#[test]
fn a_pass_leaves_the_tier() {
    let pass =
        shop("pass", "Admin", 1, &format!("ingress: [{{action: Pass, {WEB}}}, {{action: Deny, {ANY_POD}}}]"));
    let accept = ingress("accept", "Admin", 2, "Accept", ANY_POD);
    let only_new = kubernetes_policy(
        "k",
        "podSelector: {matchLabels: {app: db}}\npolicyTypes: [Ingress]\ningress: [{from: [{podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}]}]",
    );
    cluster(&format!("{pass}{accept}{only_new}")).assert(&[
        // Passed on, past the next policy, to the one of Kubernetes, or to nothing.
        ("shop/web", "shop/db", "80", Denied),
        ("data/web", "shop/web", "80", Permitted),
        ("shop/new", "shop/db", "80", Denied),
    ]);
    let baseline = ingress("b", "Baseline", 0, "Deny", ANY_POD);
    cluster(&format!("{pass}{baseline}")).assert(&[("shop/web", "shop/db", "80", Denied)]);
    let free =
        shop("b", "Baseline", 0, &format!("ingress: [{{action: Pass, {WEB}}}, {{action: Deny, {ANY_POD}}}]"));
    let later = ingress("c", "Baseline", 1, "Deny", ANY_POD);
    cluster(&format!("{free}{later}"))
        .assert(&[("shop/web", "shop/db", "80", Permitted), ("shop/new", "shop/db", "80", Denied)]);
}

#[test]
fn tiers_are_no_priorities() {
    let admin = ingress("a", "Admin", 1000, "Accept", WEB);
    let baseline = ingress("b", "Baseline", 0, "Deny", ANY_POD);
    cluster(&format!("{baseline}{admin}")).assert(&[
        ("data/web", "shop/db", "80", Permitted),
        ("shop/new", "shop/db", "80", Denied),
        ("doc", "shop/db", "80", Permitted),
    ]);
}

#[test]
fn peers_that_are_pods_are_never_on_the_hosts_network() {
    cluster(&ingress("p", "Admin", 1, "Deny", ANY_POD)).assert(&[
        ("data/web", "shop/db", "80", Denied),
        ("data/host", "shop/db", "80", Permitted),
        ("node", "shop/db", "80", Permitted),
        ("doc", "shop/db", "80", Permitted),
    ]);
    cluster(&ingress("p", "Admin", 1, "Deny", WEB)).assert(&[
        ("shop/web", "shop/db", "80", Denied),
        ("data/web", "shop/db", "80", Denied),
        ("data/host", "shop/db", "80", Permitted),
        ("shop/new", "shop/db", "80", Permitted),
    ]);
    let of_data = format!(
        "from: [{{pods: {{namespaceSelector: {{matchLabels: {{{NAMESPACE_NAME}: data}}}}, podSelector: {{}}}}}}, {{pods: {{podSelector: {{matchLabels: {{app: db}}}}}}}}]"
    );
    cluster(&ingress("p", "Admin", 1, "Deny", &of_data)).assert(&[
        ("data/web", "shop/db", "80", Denied),
        ("shop/db", "shop/web", "80", Denied),
        ("shop/web", "shop/db", "80", Permitted),
    ]);
}

#[test]
fn networks_are_destinations_whatever_they_are() {
    let to = |networks: &str| {
        cluster(&egress("p", "Admin", 1, "Deny", &format!("to: [{{networks: [{networks}]}}]")))
    };
    to("10.0.0.0/8").assert(&[
        ("shop/web", "data/web", "80", Denied),
        // One of its addresses is elsewhere; of the other nothing is known.
        ("shop/web", "shop/db", "80", Undefined),
        ("shop/web", "shop/new", "80", Undefined),
        ("shop/web", "data/host", "80", Permitted),
        ("shop/web", "doc", "80", Permitted),
        ("data/web", "shop/web", "80", Permitted),
    ]);
    to("10.0.0.0/8, 'fd00::/8'").assert(&[("shop/web", "shop/db", "80", Denied)]);
    to("0.0.0.0/0").assert(&[
        ("shop/web", "data/web", "80", Denied),
        ("shop/web", "data/host", "80", Denied),
        ("shop/web", "node", "80", Denied),
        ("shop/web", "example.com", "80", Denied),
        ("shop/web", "shop/new", "80", Undefined),
        ("shop/web", "v6", "80", Permitted),
    ]);
    // Every address there is, in as many pieces as you like.
    to("0.0.0.0/1, 128.0.0.0/1, '::/0'").assert(&[
        ("shop/web", "shop/new", "80", Denied),
        ("shop/web", "shop/db", "80", Denied),
        ("shop/web", "v6", "80", Denied),
    ]);
    to("192.0.2.0/24")
        .assert(&[("shop/web", "shop/new", "80", Permitted), ("shop/web", "doc", "80", Denied)]);
    // The families may stand in two peers.
    cluster(&egress("p", "Admin", 1, "Deny", "to: [{networks: [10.0.0.0/8]}, {networks: ['fd00::/8']}]"))
        .assert(&[("shop/web", "shop/db", "80", Denied)]);
}

#[test]
fn nodes_by_label_are_not_known() {
    let to = |nodes: &str| cluster(&egress("p", "Admin", 1, "Deny", &format!("to: [{{nodes: {nodes}}}]")));
    to("{}").assert(&[
        ("shop/web", "node", "80", Denied),
        ("shop/web", "data/host", "80", Denied),
        ("shop/web", "data/web", "80", Permitted),
        ("shop/web", "cache", "80", Permitted),
        ("shop/web", "doc", "80", Permitted),
    ]);
    to("{matchLabels: {a: b}}").assert(&[
        ("shop/web", "node", "80", Undefined),
        ("shop/web", "data/host", "80", Undefined),
        ("shop/web", "doc", "80", Permitted),
    ]);
}

#[test]
fn host_names_are_those_or_what_is_below_them() {
    let with = |names: &str| {
        let rules = format!(
            "egress: [{{action: Accept, to: [{{domainNames: [{names}]}}]}}, {{action: Deny, {ANYWHERE}}}]"
        );
        cluster(&shop("p", "Admin", 1, &rules))
    };
    with("example.com").assert(&[
        ("shop/web", "example.com", "443", Permitted),
        ("shop/web", "www.example.com", "443", Denied),
        ("shop/web", "doc", "443", Denied),
        ("shop/web", "data/web", "443", Denied),
    ]);
    with("'*.Example.com'").assert(&[
        ("shop/web", "example.com", "443", Denied),
        ("shop/web", "www.example.com", "443", Permitted),
        ("shop/web", "a.b.example.com", "443", Permitted),
    ]);
}

#[test]
fn ports_by_number() {
    let protocols = "protocols: [{tcp: {destinationPort: {number: 80}}}, {udp: {destinationPort: {range: {start: 50, end: 60}}}}]";
    cluster(&ingress("p", "Admin", 1, "Deny", &format!("{ANY_POD}, {protocols}"))).assert(&[
        ("data/web", "shop/db", "80", Denied),
        ("data/web", "shop/db", "443", Permitted),
        ("data/web", "shop/db", "80/UDP", Permitted),
        ("data/web", "shop/db", "49/UDP", Permitted),
        ("data/web", "shop/db", "50/UDP", Denied),
        ("data/web", "shop/db", "60/UDP", Denied),
        ("data/web", "shop/db", "61/UDP", Permitted),
        ("data/web", "shop/db", "80/SCTP", Permitted),
        ("data/web", "shop/db", "icmp", Permitted),
    ]);
    let all = "protocols: [{tcp: {destinationPort: {range: {start: 1, end: 65535}}}}]";
    cluster(&ingress("p", "Admin", 1, "Deny", &format!("{ANY_POD}, {all}"))).assert(&[
        ("data/web", "shop/db", "1", Denied),
        ("data/web", "shop/db", "65535", Denied),
        ("data/web", "shop/db", "53/UDP", Permitted),
    ]);
}

#[test]
fn without_protocols_all_traffic_is_meant() {
    cluster(&ingress("p", "Admin", 1, "Deny", ANY_POD)).assert(&[
        ("data/web", "shop/db", "80/UDP", Denied),
        ("data/web", "shop/db", "80/SCTP", Denied),
        ("data/web", "shop/db", "icmp", Denied),
        ("data/web", "shop/db", "other", Denied),
        ("doc", "shop/db", "icmp", Permitted),
    ]);
}

#[test]
fn a_named_port_is_the_destinations() {
    let http = "protocols: [{destinationNamedPort: http}]";
    cluster(&ingress("p", "Admin", 1, "Deny", &format!("{ANY_POD}, {http}"))).assert(&[
        ("data/web", "shop/web", "8080", Denied),
        ("data/web", "shop/web", "5432", Permitted),
        ("data/web", "shop/db", "5432", Denied),
        ("data/web", "shop/db", "8080", Permitted),
        ("data/web", "shop/new", "8080", Permitted),
    ]);
    cluster(&egress("p", "Admin", 1, "Deny", &format!("to: [{{namespaces: {{}}}}], {http}"))).assert(&[
        ("shop/new", "shop/web", "8080", Denied),
        ("shop/new", "shop/db", "5432", Denied),
        ("shop/new", "shop/db", "8080", Permitted),
        ("shop/new", "data/web", "9090", Denied),
        ("shop/new", "data/host", "8080", Permitted),
        ("shop/new", "doc", "8080", Permitted),
    ]);
    // Of whatever protocol the pod declares.
    let dns = "protocols: [{destinationNamedPort: dns}]";
    cluster(&ingress("p", "Admin", 1, "Deny", &format!("{ANY_POD}, {dns}"))).assert(&[
        ("data/web", "shop/web", "53/UDP", Denied),
        ("data/web", "shop/web", "53", Permitted),
        ("data/web", "shop/db", "53", Denied),
        ("data/web", "shop/db", "53/UDP", Permitted),
    ]);
}

#[test]
fn both_ends_have_to_permit() {
    let policies = egress("out", "Admin", 1, "Accept", "to: [{namespaces: {}}]")
        + &ingress("in", "Admin", 1, "Deny", ANY_POD);
    cluster(&policies).assert(&[
        ("shop/web", "shop/db", "80", Denied),
        ("shop/web", "data/web", "80", Permitted),
        ("data/web", "shop/web", "80", Denied),
    ]);
}

#[test]
fn older_policies() {
    let admin = older_policy(
        ADMIN,
        "a",
        "priority: 3\nsubject: {namespaces: {}}\ningress: [{action: Allow, from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}], ports: [{portNumber: {port: 80}}]}]",
    );
    let baseline = older_policy(
        BASELINE,
        "default",
        "subject: {namespaces: {}}\ningress: [{action: Deny, from: [{namespaces: {}}]}]",
    );
    let flows = [
        ("data/web", "shop/db", "80", Permitted),
        ("data/web", "shop/db", "443", Denied),
        ("shop/new", "shop/db", "80", Denied),
    ];
    cluster(&format!("{admin}{baseline}")).assert(&flows);
    // Nobody says which is asked first: this one, or its successor of the same tier.
    let other = ingress("b", "Baseline", 9, "Accept", WEB);
    cluster(&format!("{baseline}{other}"))
        .assert(&[("data/web", "shop/db", "80", Undefined), ("shop/new", "shop/db", "80", Denied)]);
}

#[test]
fn every_rule_that_decides_is_told() {
    let policies = shop(
        "a",
        "Admin",
        1,
        &format!(
            "ingress: [{{action: Accept, from: [{{namespaces: {{matchLabels: {{is: none}}}}}}]}}, {{action: Pass, {WEB}}}]"
        ),
    ) + &ingress("b", "Admin", 2, "Deny", ANY_POD)
        + &ingress("c", "Baseline", 0, "Deny", WEB);
    let cluster = cluster(&policies);
    let side = cluster.explain("data/web", "shop/db", "80").ingress;
    assert_eq!((side.answer, side.governing.as_slice()), (Denied, &[0, 1, 2][..]));
    let told: Vec<(u32, String, Action, bool)> =
        side.matching.iter().map(|m| (m.object, m.path.to_string(), m.action, m.sure)).collect();
    let (pass, deny) = ("spec.ingress[1]".to_owned(), "spec.ingress[0]".to_owned());
    assert_eq!(told, [(0, pass, Action::Pass, true), (2, deny, Action::Deny, true)]);
}

#[test]
fn probes_are_whom_the_selectors_ask_for() {
    let inventory = crate::Inventory::default();
    let policies = good(&ingress("p", "Admin", 1, "Deny", WEB));
    let probes = policies.probes(&inventory);
    let of = |namespace: &str| probes.iter().filter(|pod| pod.namespace.as_ref() == namespace).count();
    assert!(of("shop") > 0, "{probes:?}");
    assert!(probes.iter().any(|pod| pod.labels.get("app").is_some_and(|app| app.as_ref() == "web")));
    assert!(probes.iter().any(|pod| pod.labels.is_empty()));
}
