//! Policies as text, and what they have to mean.

mod model;
mod reading;
mod selectors;
mod verdicts;

use crate::enforce::{Dialect, Enforced, Policies, PolicyError, Switches, port_boundaries};
use crate::flow::{AddressKind, AddressPoint, Carrier, PodPoint, Point, PortRange, Space};
use crate::inventory::{ContainerPort, Protocol};
use crate::labels::{Labels, NAMESPACE_NAME, Text};

fn read(text: &str) -> Result<Policies, Vec<PolicyError>> {
    crate::enforce::read(Dialect::Calico, "test.yaml", text)
}

/// The policies of a text that has to be right.
#[track_caller]
fn good(text: &str) -> Policies {
    match read(text) {
        Ok(policies) => policies,
        Err(errors) => panic!("{}\n{text}", shown(&errors)),
    }
}

/// The errors of a text that has to be wrong.
#[track_caller]
fn bad(text: &str) -> Vec<PolicyError> {
    match read(text) {
        Ok(_) => panic!("this was accepted:\n{text}"),
        Err(errors) => errors,
    }
}

fn shown(errors: &[PolicyError]) -> String {
    errors
        .iter()
        .map(|error| format!("{} {}: {}", error.line, error.path, error.message))
        .collect::<Vec<_>>()
        .join("\n")
}

/// An object `kind name`, or `kind namespace/name`, whose spec's lines begin at the margin.
fn object(head: &str, spec: &str) -> String {
    let (kind, name) = head.split_once(' ').unwrap();
    let metadata = match name.split_once('/') {
        Some((namespace, name)) => format!("{{name: {name}, namespace: {namespace}}}"),
        None => format!("{{name: {name}}}"),
    };
    let version = if kind == "Kubernetes" { "networking.k8s.io/v1" } else { "projectcalico.org/v3" };
    let kind = if kind == "Kubernetes" { "NetworkPolicy" } else { kind };
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!("---\napiVersion: {version}\nkind: {kind}\nmetadata: {metadata}\nspec:\n{spec}")
}

/// A set of addresses with these labels.
fn set(head: &str, labels: &str, nets: &str) -> String {
    object(head, &format!("nets: [{nets}]")).replacen("name:", &format!("labels: {{{labels}}}, name:"), 1)
}

fn labels(text: &str) -> Labels {
    let pairs = text.split(',').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap()).map(|(k, v)| (Text::from(k), Text::from(v))).collect()
}

/// `namespace/name`, labels, ports as `name:number/TCP`, addresses. It runs as the account of its name.
fn pod(id: &str, pod_labels: &str, ports: &str, addresses: &str) -> (String, Point) {
    let (namespace, name) = id.split_once('/').unwrap();
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
        host_network: name == "host",
        service_account: Text::from(name),
        addresses: addresses.split(',').filter(|a| !a.is_empty()).map(|a| a.parse().unwrap()).collect(),
    };
    (id.to_owned(), Point::Pod(point))
}

fn address(id: &str, first: &str, last: &str, kind: AddressKind) -> (String, Point) {
    let point = AddressPoint::new(first.parse().unwrap(), last.parse().unwrap(), kind);
    (id.to_owned(), Point::Address(point))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Permit,
    Deny,
    Undefined,
}
use Verdict::{Deny, Permit, Undefined};

struct Cluster {
    names: Vec<String>,
    space: Space,
    policies: Policies,
    enforced: Enforced,
}

/// The cluster under these policies.
#[track_caller]
fn cluster(policies: &str) -> Cluster {
    let policies = good(policies);
    let (names, points): (Vec<String>, Vec<Point>) = [
        pod("shop/web", "app=web", "http:8080/TCP,dns:53/UDP", "10.0.0.1"),
        pod("shop/db", "app=db,tier=data", "http:5432/TCP", "10.0.0.2,fd00::2"),
        pod("shop/new", "", "", ""),
        pod("data/web", "app=web", "http:9090/TCP,dns:53/UDP", "10.1.0.1"),
        pod("data/db", "app=db", "", "10.1.0.2"),
        pod("data/host", "app=web", "http:8080/TCP", "172.18.0.2"),
        address("low", "0.0.0.0", "9.255.255.255", AddressKind::Outside),
        address("node", "172.18.0.3", "172.18.0.3", AddressKind::Node),
        address("doc", "192.0.2.0", "192.0.2.255", AddressKind::Outside),
        address("v6", "2001:db8::", "2001:db8::ffff", AddressKind::Outside),
    ]
    .into_iter()
    .unzip();
    let tcp = |port| PortRange { protocol: Carrier::Tcp, first: port, last: port };
    let mut ports = port_boundaries(&points);
    ports.extend([
        tcp(80),
        tcp(443),
        PortRange::icmp(Carrier::Icmp, 8),
        PortRange::icmp(Carrier::Icmpv6, 128),
    ]);
    ports.push(PortRange { protocol: Carrier::Other, first: 47, last: 47 });
    ports.extend(policies.boundaries().ports);
    let space = Space::new(points, ports);
    let enforced = policies.enforce(&space, &Switches::default());
    assert!(enforced.permitted.intersect(&enforced.undefined).is_empty());
    Cluster { names, space, policies, enforced }
}

impl Cluster {
    fn at(&self, source: &str, destination: &str, port: &str) -> (usize, usize, usize) {
        let point =
            |name: &str| self.names.iter().position(|n| n == name).unwrap_or_else(|| panic!("{name}"));
        let (number, protocol) = port.split_once('/').unwrap_or((port, "TCP"));
        let number: u16 = number.parse().unwrap();
        let protocol = match protocol {
            "TCP" => Carrier::Tcp,
            "UDP" => Carrier::Udp,
            "SCTP" => Carrier::Sctp,
            "ICMP" => Carrier::Icmp,
            "ICMPv6" => Carrier::Icmpv6,
            _ => Carrier::Other,
        };
        let holds = |atom: PortRange| atom.protocol == protocol && (atom.first..=atom.last).contains(&number);
        let atom = self.space.ports.iter().position(holds).expect("every port is in an atom");
        (point(source), point(destination), atom)
    }

    fn verdict(&self, source: &str, destination: &str, port: &str) -> Verdict {
        let (source, destination, atom) = self.at(source, destination, port);
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

    /// Those that reach a pod on a port, surely.
    fn sources(&self, destination: &str, port: &str) -> Vec<&str> {
        let names = self.names.iter().map(String::as_str);
        names.filter(|source| self.verdict(source, destination, port) == Permit).collect()
    }

    fn unsure_sources(&self, destination: &str, port: &str) -> Vec<&str> {
        let names = self.names.iter().map(String::as_str);
        names.filter(|source| self.verdict(source, destination, port) == Undefined).collect()
    }
}
