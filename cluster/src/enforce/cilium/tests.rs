//! Policies as text, and what they have to mean.

mod model;
mod reading;
mod verdicts;

use super::*;
use crate::enforce::{Dialect, Enforced, Policies, PolicyError, port_boundaries};
use crate::flow::{
    AddressKind, AddressPoint, Carrier, HttpRequest, Payload, PodPoint, Point, PortAtoms, PortRange, Space,
};
use crate::inventory::{ContainerPort, Protocol};
use crate::labels::{Labels, NAMESPACE_NAME};

fn read(text: &str) -> Result<Policies, Vec<PolicyError>> {
    crate::enforce::read(Dialect::Cilium, "test.yaml", text)
}

/// An object of this kind with this spec, whose lines begin at the margin.
fn object(kind: &str, name: &str, spec: &str) -> String {
    let (namespace, name) = name.split_once('/').map_or((None, name), |(space, name)| (Some(space), name));
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    let namespace = namespace.map(|namespace| format!(", namespace: {namespace}")).unwrap_or_default();
    let version = if kind == "NetworkPolicy" { "networking.k8s.io/v1" } else { "cilium.io/v2" };
    format!("---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}{namespace}}}\nspec:\n{spec}")
}

/// A policy `p` of namespace `shop`.
fn policy(spec: &str) -> String {
    object("CiliumNetworkPolicy", "shop/p", spec)
}

fn clusterwide(spec: &str) -> String {
    object("CiliumClusterwideNetworkPolicy", "c", spec)
}

/// The policies of a text that has to be right.
#[track_caller]
fn good(text: &str) -> Policies {
    match read(text) {
        Ok(policies) => policies,
        Err(errors) => panic!("{}\n{text}", shown(&errors)),
    }
}

fn shown(errors: &[PolicyError]) -> String {
    let lines = errors.iter().map(|error| format!("{} {}: {}", error.line, error.path, error.message));
    lines.collect::<Vec<_>>().join("\n")
}

fn labels(text: &str) -> Labels {
    let pairs = text.split(',').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap()).map(|(k, v)| (Text::from(k), Text::from(v))).collect()
}

/// `namespace/name`, labels, ports as `name:number/TCP`, addresses.
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
        service_account: Text::from(if name == "job" { "batch" } else { "default" }),
        addresses: addresses.split(',').filter(|a| !a.is_empty()).map(|a| a.parse().unwrap()).collect(),
    };
    (id.to_owned(), Point::Pod(point))
}

fn address(id: &str, range: &str, kind: AddressKind) -> (String, Point) {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let mut point = AddressPoint::new(first.parse().unwrap(), last.parse().unwrap(), kind);
    point.api_server = id.ends_with("api");
    point.host = id.strip_prefix("name:").map(Text::from);
    (id.to_owned(), Point::Address(point))
}

/// One small cluster.
fn points() -> (Vec<String>, Vec<Point>) {
    [
        pod("shop/web", "app=web,pod-template-hash=1", "http:8080/TCP,dns:53/UDP", "10.0.0.1"),
        pod("shop/db", "app=db,tier=data", "http:5432/TCP", "10.0.0.2,fd00::2"),
        pod("shop/job", "", "", ""),
        pod("data/web", "app=web", "http:9090/TCP", "10.1.0.1"),
        pod("data/job", "app=job", "", "10.1.0.2"),
        pod("kube-system/dns", "k8s-app=dns", "dns:53/UDP,dns-tcp:53/TCP", "10.1.0.3"),
        pod("data/host", "app=web", "http:8080/TCP", "172.18.0.2"),
        address("low", "0.0.0.0-9.255.255.255", AddressKind::Outside),
        address("doc", "192.0.2.0-192.0.2.255", AddressKind::Outside),
        address("hole", "192.0.2.16-192.0.2.31", AddressKind::Outside),
        address("v6", "2001:db8::-2001:db8::ffff", AddressKind::Outside),
        address("api", "203.0.113.9", AddressKind::Outside),
        address("name:api.example.com", "198.51.100.1", AddressKind::Outside),
        address("name:www.example.org", "198.51.100.1", AddressKind::Outside),
        address("node", "172.18.0.3", AddressKind::Node),
        address("node-api", "172.18.0.4", AddressKind::Node),
        address("local", "169.254.20.10", AddressKind::Local),
    ]
    .into_iter()
    .unzip()
}

fn request(method: &str, path: &str, host: &str, headers: &str) -> Payload {
    Payload::Http(HttpRequest {
        method: Text::from(method),
        path: Text::from(path),
        host: Text::from(host),
        headers: labels(headers).iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
    })
}

/// What is said in the tests, by what they call it.
fn payloads() -> Vec<(&'static str, Payload)> {
    vec![
        ("get", request("GET", "/", "a.b", "")),
        ("admin", request("GET", "/admin", "a.b", "")),
        ("post", request("POST", "/", "a.b", "")),
        ("other-host", request("GET", "/", "c.d", "")),
        ("header", request("GET", "/x", "a.b", "x-key=1")),
        ("other-header", request("GET", "/x", "a.b", "x-key=2")),
        ("?api", Payload::DnsQuery(Text::from("api.example.com"))),
        ("?www", Payload::DnsQuery(Text::from("www.example.org"))),
        ("@api", Payload::ServerName(Text::from("api.example.com"))),
        ("@www", Payload::ServerName(Text::from("www.example.org"))),
    ]
}

/// Cut at what the policies say, with all payloads on the ports of their protocols.
fn space(points: Vec<Point>, policies: &Policies) -> Space {
    let tcp = |port| PortRange { protocol: Carrier::Tcp, first: port, last: port };
    let udp = |port| PortRange { protocol: Carrier::Udp, first: port, last: port };
    let mut cuts = policies.boundaries().ports;
    cuts.extend(port_boundaries(&points));
    cuts.extend(crate::flow::BEYOND_PORTS);
    cuts.extend([tcp(80), tcp(443), udp(80)]);
    let mut said = Vec::new();
    for (name, payload) in payloads() {
        let ranges = match name.chars().next() {
            Some('?') => vec![tcp(53), udp(53)],
            Some('@') => vec![tcp(443)],
            _ => vec![tcp(80), tcp(8080), tcp(9090), tcp(443)],
        };
        said.extend(ranges.into_iter().map(|range| (range, payload.clone())));
    }
    let mut space = Space::new(points, []);
    space.ports = PortAtoms::with_payloads(cuts, &said);
    space
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
    enforced: Enforced,
}

#[track_caller]
fn cluster(text: &str) -> Cluster {
    cluster_with(text, Switches::default())
}

#[track_caller]
fn cluster_with(text: &str, switches: Switches) -> Cluster {
    let policies = good(text);
    let (names, points) = points();
    let space = space(points, &policies);
    let switches = crate::enforce::Switches { cilium: switches, ..Default::default() };
    let enforced = policies.enforce(&space, &switches);
    assert!(enforced.permitted.intersect(&enforced.undefined).is_empty());
    Cluster { names, space, enforced }
}

impl Cluster {
    /// Ports as `80`, `53/UDP`, `8/ICMP`, `128/ICMPv6` and `47/IP`, with what is said behind a space.
    fn verdict(&self, source: &str, destination: &str, port: &str) -> Verdict {
        let point =
            |name: &str| self.names.iter().position(|n| n == name).unwrap_or_else(|| panic!("{name}"));
        let (port, said) = port.split_once(' ').map_or((port, None), |(port, said)| (port, Some(said)));
        let (number, protocol) = port.split_once('/').unwrap_or((port, "TCP"));
        let number: u16 = number.parse().unwrap();
        let (carrier, number) = match protocol {
            "TCP" => (Carrier::Tcp, number),
            "UDP" => (Carrier::Udp, number),
            "SCTP" => (Carrier::Sctp, number),
            "ICMP" => (Carrier::Icmp, number << 8),
            "ICMPv6" => (Carrier::Icmpv6, number << 8),
            _ => (Carrier::Other, number),
        };
        let payload = said.map(|said| {
            payloads().into_iter().find(|(name, _)| *name == said).unwrap_or_else(|| panic!("{said}")).1
        });
        let holds = |&atom: &usize| {
            let range = self.space.ports.atom(atom);
            range.protocol == carrier
                && (range.first..=range.last).contains(&number)
                && self.space.ports.payload(atom) == payload.as_ref()
        };
        let atom = (0..self.space.ports.len()).find(holds).unwrap_or_else(|| panic!("no atom {port}"));
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
