//! The evaluation step by step, on one small cluster.

use super::*;
use crate::flow::{AddressKind, AddressPoint, PodPoint};
use crate::inventory::ContainerPort;
use crate::labels::{Labels, NAMESPACE_NAME};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Permit,
    Deny,
    Undefined,
}
use Verdict::{Deny, Permit, Undefined};

fn labels(text: &str) -> Labels {
    let pairs = text.split(',').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap()).map(|(k, v)| (Text::from(k), Text::from(v))).collect()
}

/// `namespace/name`, labels, ports as `name:number/TCP`, addresses.
fn pod(id: &str, pod_labels: &str, ports: &str, addresses: &str) -> (String, Point) {
    let (namespace, _) = id.split_once('/').unwrap();
    let kind = if namespace == "shop" { "front" } else { "back" };
    let ports = ports.split(',').filter(|port| !port.is_empty()).map(|port| {
        let (name, rest) = port.split_once(':').unwrap();
        let (number, protocol) = rest.split_once('/').unwrap();
        let protocol = if protocol == "TCP" { Protocol::Tcp } else { Protocol::Udp };
        ContainerPort { name: Some(Text::from(name)), number: number.parse().unwrap(), protocol }
    });
    let point = PodPoint {
        class: None,
        namespace: Text::from(namespace),
        namespace_labels: labels(&format!("{NAMESPACE_NAME}={namespace},kind={kind}")),
        labels: labels(pod_labels),
        ports: ports.collect(),
        host_network: id.ends_with("host"),
        service_account: Text::from("default"),
        addresses: addresses.split(',').filter(|a| !a.is_empty()).map(|a| a.parse().unwrap()).collect(),
    };
    (id.to_owned(), Point::Pod(point))
}

fn address(id: &str, first: &str, last: &str, kind: AddressKind) -> (String, Point) {
    let point = AddressPoint::new(first.parse().unwrap(), last.parse().unwrap(), kind);
    (id.to_owned(), Point::Address(point))
}

struct Cluster {
    names: Vec<String>,
    space: Space,
    enforced: Enforced,
}

/// The cluster under these policies.
fn cluster(policies: &str) -> Cluster {
    let policies = good(policies);
    let (names, points): (Vec<String>, Vec<Point>) = [
        pod("shop/web", "app=web", "http:8080/TCP,dns:53/UDP", "10.0.0.1"),
        pod("shop/db", "app=db,tier=data", "http:5432/TCP,dns:5353/TCP", "10.0.0.2,fd00::2"),
        pod("shop/new", "", "", ""),
        pod("data/web", "app=web", "http:9090/TCP", "10.1.0.1"),
        pod("data/db", "app=db", "", ""),
        pod("data/host", "app=host", "http:8080/TCP", "172.18.0.2"),
        address("low", "0.0.0.0", "9.255.255.255", AddressKind::Outside),
        address("ten", "10.0.0.0", "10.255.255.255", AddressKind::Outside),
        address("node", "172.18.0.3", "172.18.0.3", AddressKind::Node),
        address("doc", "192.0.2.0", "192.0.2.255", AddressKind::Outside),
        address("doc-hole", "192.0.2.16", "192.0.2.31", AddressKind::Outside),
        address("v6", "2001:db8::", "2001:db8::ffff", AddressKind::Outside),
    ]
    .into_iter()
    .unzip();
    let tcp = |port| PortRange { protocol: Carrier::Tcp, first: port, last: port };
    let mut ports = port_boundaries(&points);
    ports.extend([tcp(80), tcp(443)]);
    ports.extend(policies.boundaries().ports);
    let space = Space::new(points, ports);
    let enforced = policies.enforce(&space, &Switches::default());
    assert!(enforced.permitted.intersect(&enforced.undefined).is_empty());
    Cluster { names, space, enforced }
}

impl Cluster {
    fn verdict(&self, source: &str, destination: &str, port: &str) -> Verdict {
        let point =
            |name: &str| self.names.iter().position(|n| n == name).unwrap_or_else(|| panic!("{name}"));
        let (number, protocol) = port.split_once('/').unwrap_or((port, "TCP"));
        let number: u16 = number.parse().unwrap();
        let protocol = match protocol {
            "TCP" => Carrier::Tcp,
            "UDP" => Carrier::Udp,
            _ => Carrier::Sctp,
        };
        let holds = |atom: PortRange| atom.protocol == protocol && (atom.first..=atom.last).contains(&number);
        let atom = self.space.ports.iter().position(holds).expect("every port is in an atom");
        let (source, destination) = (point(source), point(destination));
        let permitted = self.enforced.permitted.contains(source, destination, atom);
        match self.enforced.undefined.contains(source, destination, atom) {
            true => Undefined,
            false if permitted => Permit,
            false => Deny,
        }
    }

    #[track_caller]
    fn assert(&self, flows: &[(&str, &str, &str, Verdict)]) {
        for &(source, destination, port, expected) in flows {
            let found = self.verdict(source, destination, port);
            assert_eq!(found, expected, "{source} -> {destination}:{port}");
        }
    }
}

/// Ingress of every pod of `shop` under one rule, by source: each source with its verdict on 80/TCP to `shop/db`.
#[track_caller]
fn assert_ingress(rule: &str, expected: &[(&str, Verdict)]) {
    let cluster = cluster(&policy(&format!("podSelector: {{}}\npolicyTypes: [Ingress]\ningress:\n- {rule}")));
    for &(source, verdict) in expected {
        assert_eq!(cluster.verdict(source, "shop/db", "80"), verdict, "{source} under {rule}");
    }
}

const NO_ONE: &str = "podSelector: {}\npolicyTypes: [Ingress, Egress]";

#[test]
fn without_policies_everything_is_permitted() {
    let cluster = cluster("");
    cluster.assert(&[
        ("shop/web", "data/db", "80", Permit),
        ("shop/web", "shop/web", "80", Permit),
        ("doc", "data/db", "443", Permit),
        ("data/db", "v6", "443", Permit),
        ("data/host", "shop/db", "53/UDP", Permit),
    ]);
    assert!(cluster.enforced.undefined.is_empty());
}

#[test]
fn a_policy_governs_the_pods_it_selects_in_its_own_namespace() {
    let cluster = cluster(&policy("podSelector: {matchLabels: {app: web}}\npolicyTypes: [Ingress]"));
    cluster.assert(&[
        ("shop/db", "shop/web", "80", Deny),
        ("doc", "shop/web", "80", Deny),
        ("node", "shop/web", "80", Deny),
        ("shop/web", "shop/web", "80", Deny),
        // Another pod, another namespace, another direction.
        ("shop/web", "shop/db", "80", Permit),
        ("shop/web", "data/web", "80", Permit),
        ("shop/web", "doc", "80", Permit),
    ]);
}

#[test]
fn a_policy_of_a_namespace_without_pods_selects_nothing() {
    let cluster = cluster(&named_policy("nowhere", "p", NO_ONE));
    assert_eq!(cluster.enforced.permitted, self::cluster("").enforced.permitted);
}

#[test]
fn each_direction_by_itself() {
    let (ingress, egress) = ("policyTypes: [Ingress]", "policyTypes: [Egress]");
    for (types, to_shop, from_shop) in [(ingress, Deny, Permit), (egress, Permit, Deny)] {
        cluster(&policy(&format!("podSelector: {{}}\n{types}"))).assert(&[
            ("data/db", "shop/web", "80", to_shop),
            ("doc", "shop/web", "80", to_shop),
            ("shop/web", "data/db", "80", from_shop),
            ("shop/web", "doc", "80", from_shop),
            ("shop/web", "shop/db", "80", Deny),
            ("data/db", "data/web", "80", Permit),
        ]);
    }
}

#[test]
fn both_sides_have_to_permit() {
    let out = named_policy(
        "shop",
        "out",
        "podSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{namespaceSelector: {}}]}]",
    );
    let closed = named_policy("data", "in", "podSelector: {matchLabels: {app: db}}");
    cluster(&format!("{out}---\n{closed}")).assert(&[
        ("shop/web", "data/web", "80", Permit),
        ("shop/web", "data/db", "80", Deny),
        ("shop/web", "doc", "80", Deny),
        ("doc", "data/web", "80", Permit),
    ]);
}

#[test]
fn policies_and_rules_add_up() {
    let first = named_policy("shop", "a", "podSelector: {}\ningress: [{ports: [{port: 80}]}]");
    let second =
        named_policy("shop", "b", "podSelector: {matchLabels: {app: db}}\ningress: [{ports: [{port: 443}]}]");
    let flows = [
        ("doc", "shop/web", "80", Permit),
        ("doc", "shop/web", "443", Deny),
        ("doc", "shop/db", "80", Permit),
        ("doc", "shop/db", "443", Permit),
        ("doc", "shop/db", "5432", Deny),
    ];
    cluster(&format!("{first}---\n{second}")).assert(&flows);
    cluster(&format!("{second}---\n{first}")).assert(&flows);
    // A rule never mixes the peers of one with the ports of another.
    let rules = "podSelector: {}\ningress:\n- {from: [{podSelector: {}}], ports: [{port: 80}]}\n- {from: [{ipBlock: {cidr: 192.0.2.0/28}}, {namespaceSelector: {matchLabels: {kind: back}}}], ports: [{port: 443}]}";
    cluster(&policy(rules)).assert(&[
        ("shop/web", "shop/db", "80", Permit),
        ("shop/web", "shop/db", "443", Deny),
        ("data/web", "shop/db", "80", Deny),
        ("data/web", "shop/db", "443", Permit),
    ]);
}

#[test]
fn rules_absent_empty_and_empty_rule() {
    for (rules, verdict) in
        [("", Deny), ("\ningress: []", Deny), ("\ningress: null", Deny), ("\ningress: [{}]", Permit)]
    {
        let cluster = cluster(&policy(&format!("podSelector: {{}}\npolicyTypes: [Ingress]{rules}")));
        cluster.assert(&[
            ("data/db", "shop/web", "80", verdict),
            ("doc", "shop/web", "53/UDP", verdict),
            ("node", "shop/web", "443", verdict),
        ]);
    }
    for (rules, verdict) in [("", Deny), ("\negress: []", Deny), ("\negress: [{}]", Permit)] {
        let cluster = cluster(&policy(&format!("podSelector: {{}}\npolicyTypes: [Egress]{rules}")));
        cluster.assert(&[("shop/web", "doc", "80", verdict), ("shop/web", "data/db", "53/UDP", verdict)]);
    }
}

#[test]
fn peers_absent_empty_and_given() {
    for from in ["{}", "{from: []}", "{from: null}"] {
        let all = ["shop/web", "shop/new", "data/db", "data/host", "low", "node", "v6"];
        assert_ingress(from, &all.map(|source| (source, Permit)));
    }
    assert_ingress("{from: [{podSelector: {}}]}", &[("shop/web", Permit), ("data/web", Deny), ("doc", Deny)]);
    for to in ["{}", "{to: []}", "{to: null}"] {
        cluster(&policy(&format!("podSelector: {{}}\npolicyTypes: [Egress]\negress: [{to}]"))).assert(&[
            ("shop/web", "doc", "80", Permit),
            ("shop/web", "data/db", "53/UDP", Permit),
            ("shop/web", "v6", "80", Permit),
        ]);
    }
    let to = "podSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{podSelector: {}}]}]";
    cluster(&policy(to)).assert(&[("shop/web", "shop/db", "80", Permit), ("shop/web", "doc", "80", Deny)]);
}

#[test]
fn ports_absent_empty_and_given() {
    for ports in ["{}", "{ports: []}", "{ports: null}"] {
        cluster(&policy(&format!("podSelector: {{}}\ningress: [{ports}]"))).assert(&[
            ("doc", "shop/web", "80", Permit),
            ("doc", "shop/web", "53/UDP", Permit),
            ("doc", "shop/web", "1/SCTP", Permit),
        ]);
    }
    cluster(&policy("podSelector: {}\ningress: [{ports: [{}]}]")).assert(&[
        ("doc", "shop/web", "80", Permit),
        ("doc", "shop/web", "443", Permit),
        ("doc", "shop/web", "53/UDP", Deny),
    ]);
    cluster(&policy("podSelector: {}\ningress: [{ports: [{protocol: UDP}]}]"))
        .assert(&[("doc", "shop/web", "80", Deny), ("doc", "shop/web", "53/UDP", Permit)]);
    let some = "podSelector: {}\ningress: [{ports: [{port: 80}, {port: 53, protocol: UDP}, {port: 440, endPort: 443}]}]";
    cluster(&policy(some)).assert(&[
        ("doc", "shop/web", "80", Permit),
        ("doc", "shop/web", "443", Permit),
        ("doc", "shop/web", "440", Permit),
        ("doc", "shop/web", "439", Deny),
        ("doc", "shop/web", "53/UDP", Permit),
        ("doc", "shop/web", "5432", Deny),
        ("doc", "shop/web", "80/UDP", Deny),
        ("doc", "shop/web", "80/SCTP", Deny),
    ]);
}

#[test]
fn selectors_and_namespaces() {
    let (web, back) =
        ("podSelector: {matchLabels: {app: web}}", "namespaceSelector: {matchLabels: {kind: back}}");
    assert_ingress(
        &format!("{{from: [{{{web}}}]}}"),
        &[("shop/web", Permit), ("shop/new", Deny), ("data/web", Deny), ("doc", Deny)],
    );
    assert_ingress(
        &format!("{{from: [{{{back}}}]}}"),
        &[("shop/web", Deny), ("data/web", Permit), ("data/db", Permit), ("doc", Deny)],
    );
    // One item is a conjunction, two items are a union.
    assert_ingress(
        &format!("{{from: [{{{back}, {web}}}]}}"),
        &[("shop/web", Deny), ("data/web", Permit), ("data/db", Deny)],
    );
    assert_ingress(
        &format!("{{from: [{{{back}}}, {{{web}}}]}}"),
        &[("shop/web", Permit), ("data/web", Permit), ("data/db", Permit), ("shop/new", Deny)],
    );
    assert_ingress(
        "{from: [{namespaceSelector: {}}]}",
        &[("shop/web", Permit), ("data/db", Permit), ("doc", Deny), ("node", Deny)],
    );
    assert_ingress(
        "{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}]}",
        &[("shop/web", Permit), ("data/web", Permit), ("data/db", Deny)],
    );
    let by_name = "{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: data}}}]}";
    assert_ingress(by_name, &[("data/web", Permit), ("shop/web", Deny)]);
}

#[test]
fn a_pod_selector_alone_is_about_the_policys_own_namespace() {
    let spec = "podSelector: {}\npolicyTypes: [Ingress]\ningress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]";
    // The same words in two namespaces, alone and beside another peer.
    for spec in [spec.to_owned(), spec.replace("from: [", "from: [{ipBlock: {cidr: 192.0.2.0/24}}, ")] {
        let both = [named_policy("shop", "p", &spec), named_policy("data", "p", &spec)].join("---\n");
        cluster(&both).assert(&[
            ("shop/web", "shop/db", "80", Permit),
            ("data/web", "data/db", "80", Permit),
            ("shop/web", "data/db", "80", Deny),
            ("data/web", "shop/db", "80", Deny),
        ]);
    }
}

#[test]
fn operators() {
    let expressions: [(&str, [Verdict; 3]); 9] = [
        // shop/web: app=web; shop/db: app=db, tier=data; shop/new: none
        ("{key: app, operator: In, values: [web, db]}", [Permit, Permit, Deny]),
        ("{key: app, operator: In, values: [db]}", [Deny, Permit, Deny]),
        ("{key: app, operator: NotIn, values: [db]}", [Permit, Deny, Permit]),
        ("{key: app, operator: Exists}", [Permit, Permit, Deny]),
        ("{key: tier, operator: Exists}", [Deny, Permit, Deny]),
        ("{key: tier, operator: DoesNotExist}", [Permit, Deny, Permit]),
        ("{key: other, operator: DoesNotExist}", [Permit, Permit, Permit]),
        ("{key: app, operator: In, values: [db]}, {key: tier, operator: DoesNotExist}", [Deny, Deny, Deny]),
        ("{key: app, operator: Exists}, {key: app, operator: NotIn, values: [web]}", [Deny, Permit, Deny]),
    ];
    for (expression, expected) in expressions {
        let rule = format!("{{from: [{{podSelector: {{matchExpressions: [{expression}]}}}}]}}");
        let sources = ["shop/web", "shop/db", "shop/new"];
        let expected: Vec<_> = sources.into_iter().zip(expected).collect();
        assert_ingress(&rule, &expected);
        // The same as a subject: what is selected is closed.
        let subject = format!("podSelector: {{matchExpressions: [{expression}]}}\npolicyTypes: [Ingress]");
        let cluster = cluster(&policy(&subject));
        for (pod, verdict) in expected {
            let closed = if verdict == Permit { Deny } else { Permit };
            cluster.assert(&[("doc", pod, "80", closed)]);
        }
    }
    for (kind, verdict) in [("In", Deny), ("NotIn", Permit)] {
        let selector = format!("{{matchExpressions: [{{key: kind, operator: {kind}, values: [front]}}]}}");
        assert_ingress(&format!("{{from: [{{namespaceSelector: {selector}}}]}}"), &[("data/db", verdict)]);
    }
}

#[test]
fn address_blocks_and_addresses() {
    assert_ingress(
        "{from: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.16/28]}}]}",
        // `doc` is cut by the exception here, so that only part of it surely matches.
        &[("doc-hole", Deny), ("low", Deny), ("ten", Deny), ("v6", Deny), ("node", Deny), ("doc", Undefined)],
    );
    assert_ingress("{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}", &[("doc", Permit), ("doc-hole", Permit)]);
    assert_ingress("{from: [{ipBlock: {cidr: 172.18.0.3/32}}]}", &[("node", Permit), ("doc", Deny)]);
    let all = "{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}";
    assert_ingress(all, &[("low", Permit), ("ten", Permit), ("node", Permit), ("v6", Deny)]);
    assert_ingress("{from: [{ipBlock: {cidr: '::/0'}}]}", &[("low", Deny), ("v6", Permit)]);
    // Where the space is not cut at a block, what is on both sides of its edge is left open.
    assert_ingress("{from: [{ipBlock: {cidr: 192.0.2.128/25}}]}", &[("doc", Undefined), ("doc-hole", Deny)]);
    // An exception denies nothing that another peer or rule admits.
    assert_ingress(
        "{from: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.16/28]}}, {ipBlock: {cidr: 192.0.2.16/28}}]}",
        &[("doc-hole", Permit)],
    );
    let out = "podSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{ipBlock: {cidr: 192.0.2.0/24}}]}]";
    cluster(&policy(out)).assert(&[("shop/web", "doc", "80", Permit), ("shop/web", "low", "80", Deny)]);
}

#[test]
fn address_blocks_and_pods_are_left_open() {
    // Known addresses: shop/web 10.0.0.1, data/web 10.1.0.1; not known: shop/new, data/db.
    assert_ingress(
        "{from: [{ipBlock: {cidr: 10.0.0.0/16}}]}",
        &[("shop/web", Undefined), ("data/web", Deny), ("shop/new", Undefined), ("data/db", Undefined)],
    );
    assert_ingress(
        "{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/24]}}]}",
        &[("shop/web", Deny), ("data/web", Undefined), ("shop/new", Undefined)],
    );
    assert_ingress("{from: [{ipBlock: {cidr: 'fd00::/8'}}]}", &[("shop/db", Undefined), ("shop/web", Deny)]);
    assert_ingress(
        "{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}",
        &[("shop/web", Deny), ("shop/new", Deny), ("data/db", Deny)],
    );
    let public = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10";
    assert_ingress(
        &format!("{{from: [{{ipBlock: {{cidr: 0.0.0.0/0, except: [{public}]}}}}]}}"),
        &[("shop/web", Deny), ("shop/new", Deny), ("low", Permit), ("ten", Deny)],
    );
    // A selector that admits the pod settles it.
    assert_ingress(
        "{from: [{ipBlock: {cidr: 10.0.0.0/8}}, {podSelector: {}}]}",
        &[("shop/web", Permit), ("data/web", Undefined)],
    );
    // The other side may settle it too.
    let open =
        named_policy("shop", "a", "podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]");
    let closed = named_policy("data", "b", NO_ONE);
    cluster(&format!("{open}---\n{closed}")).assert(&[("data/web", "shop/db", "80", Deny)]);
    let out = "podSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 80}]}]";
    cluster(&policy(out)).assert(&[
        ("shop/web", "data/db", "80", Undefined),
        ("shop/web", "data/web", "80", Undefined),
        ("shop/web", "data/web", "443", Deny),
    ]);
}

#[test]
fn named_ports_are_those_of_the_destination() {
    let ingress = "podSelector: {}\ningress: [{ports: [{port: http}, {port: dns, protocol: UDP}]}]";
    cluster(&policy(ingress)).assert(&[
        ("doc", "shop/web", "8080", Permit),
        ("doc", "shop/web", "5432", Deny),
        ("doc", "shop/web", "53/UDP", Permit),
        ("doc", "shop/db", "5432", Permit),
        ("doc", "shop/db", "8080", Deny),
        // Its `dns` is TCP.
        ("doc", "shop/db", "5353", Deny),
        ("doc", "shop/db", "53/UDP", Deny),
        ("doc", "shop/new", "8080", Deny),
    ]);
    let egress =
        "podSelector: {}\npolicyTypes: [Egress]\negress: [{ports: [{port: http}]}, {ports: [{port: 443}]}]";
    cluster(&policy(egress)).assert(&[
        ("shop/web", "shop/db", "5432", Permit),
        ("shop/web", "shop/db", "8080", Deny),
        ("shop/web", "data/web", "9090", Permit),
        ("shop/web", "data/web", "8080", Deny),
        ("shop/web", "shop/web", "8080", Permit),
        ("shop/web", "doc", "8080", Deny),
        ("shop/web", "doc", "443", Permit),
        ("shop/web", "data/db", "9090", Deny),
        ("shop/web", "data/host", "8080", Undefined),
    ]);
    let to = "podSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{podSelector: {}}], ports: [{port: http}, {port: 443}]}]";
    cluster(&policy(to)).assert(&[
        ("shop/web", "shop/db", "5432", Permit),
        ("shop/web", "shop/db", "443", Permit),
        ("shop/web", "data/web", "9090", Deny),
        ("shop/web", "data/web", "443", Deny),
    ]);
}

#[test]
fn host_network_pods_are_left_open() {
    let selected = "{from: [{namespaceSelector: {}}]}";
    assert_ingress(selected, &[("data/host", Undefined), ("data/web", Permit)]);
    assert_ingress("{from: [{podSelector: {}}]}", &[("data/host", Undefined)]);
    assert_ingress("{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}", &[("data/host", Undefined)]);
    // Whoever everyone is, it is one of them.
    assert_ingress("{}", &[("data/host", Permit)]);
    let shop = named_policy("shop", "a", NO_ONE);
    cluster(&shop).assert(&[
        ("data/host", "shop/web", "80", Undefined),
        ("shop/web", "data/host", "80", Undefined),
        ("data/host", "data/web", "80", Permit),
    ]);
    // As a subject: a plugin may or may not see it.
    cluster(&named_policy("data", "b", "podSelector: {}\ningress: [{ports: [{port: 80}]}]")).assert(&[
        ("doc", "data/host", "80", Permit),
        ("doc", "data/host", "443", Undefined),
        ("data/host", "doc", "443", Permit),
        ("doc", "data/web", "443", Deny),
    ]);
}

#[test]
fn replicas_of_one_class_are_not_the_pod_itself() {
    let closed = cluster(&policy(NO_ONE));
    closed.assert(&[("shop/web", "shop/web", "8080", Deny), ("data/web", "data/web", "80", Permit)]);
    let inner = format!(
        "{NO_ONE}\ningress: [{{from: [{{podSelector: {{}}}}]}}]\negress: [{{to: [{{podSelector: {{}}}}]}}]"
    );
    cluster(&policy(&inner))
        .assert(&[("shop/web", "shop/web", "8080", Permit), ("shop/web", "doc", "80", Deny)]);
}
