//! Points of a space, and what flows between them carry, in the user's words.

use weir_cluster::flow::{Bits, Carrier, Flows, Payload, Point, PortRange, Space};
use weir_cluster::inventory::ContainerPort;

use crate::facts::Facts;
use crate::resolve::names::{self, Named};

/// Words for one space.
#[derive(Clone, Copy)]
pub struct Spoken<'a> {
    pub facts: &'a Facts<'a>,
    pub space: &'a Space,
}

impl Spoken<'_> {
    /// A point as it would be written, in backticks; one that is not there is described.
    pub fn point(&self, at: usize) -> String {
        match &self.space.points[at] {
            Point::Address(address) => match (&address.host, address.api_server) {
                (Some(host), _) => format!("`{host}`"),
                (None, true) => "the API server".to_owned(),
                (None, false) => format!("`{}`", address.first),
            },
            Point::Pod(pod) => match pod.class {
                Some(class) => {
                    let inventory = self.facts.inventory;
                    let workload = inventory.classes[class.index()].workload;
                    format!("`{}`", names::spelled(inventory, Named::Workload(workload), false))
                }
                None => crate::check::spoken_newcomer(pod, self.facts),
            },
        }
    }

    /// As in `on port 53/udp`.
    pub fn on(&self, atom: usize) -> String {
        let port = on(self.space.ports.atom(atom));
        match self.space.ports.payload(atom) {
            None => port,
            Some(Payload::Http(request)) => format!("{port}, for `{} {}`", request.method, request.path),
            Some(Payload::DnsQuery(name)) => format!("{port}, to ask for `{name}`"),
            Some(Payload::ServerName(name)) => format!("{port}, for the server name `{name}`"),
        }
    }

    /// The port to tell of a flow that is in this set on several: one that the destination declares; and whether it is on
    /// all of them.
    pub fn telling(&self, flows: &Flows, source: usize, destination: usize, first: usize) -> (usize, bool) {
        let atoms: Vec<usize> =
            (0..self.space.ports.len()).filter(|atom| flows.contains(source, destination, *atom)).collect();
        let all = atoms.len() == self.space.ports.len();
        let Point::Pod(pod) = &self.space.points[destination] else { return (first, all) };
        let is_declared = |atom: &&usize| {
            let range = self.space.ports.atom(**atom);
            let within = |port: &ContainerPort| {
                Carrier::from(port.protocol) == range.protocol
                    && (range.first..=range.last).contains(&port.number)
            };
            pod.ports.iter().any(within) && range.first == range.last
        };
        (*atoms.iter().find(is_declared).unwrap_or(&first), all)
    }
}

/// As in `on port 53/udp`.
pub fn on(range: PortRange) -> String {
    match range.protocol {
        Carrier::Tcp | Carrier::Udp | Carrier::Sctp => {
            let word = if range.first == range.last { "port" } else { "ports" };
            format!("on {word} {}", port(range))
        }
        Carrier::Icmp | Carrier::Icmpv6 | Carrier::Other => format!("by {}", port(range)),
    }
}

/// As a sentence takes it: `53/udp`, `8000-8010/tcp`; what has no ports by its name.
pub fn port(range: PortRange) -> String {
    let PortRange { protocol, first, last } = range;
    let numbers = if first == last { first.to_string() } else { format!("{first}-{last}") };
    let messages = |name: &str| match (first >> 8, first & 255, last) {
        (0, 0, u16::MAX) => name.to_owned(),
        (kind, 0, last) if last == kind << 8 | 255 => format!("{name} of type {kind}"),
        (kind, code, last) if last == first => format!("{name} of type {kind}, code {code}"),
        (kind, _, last) => format!("{name} of types {kind} to {}", last >> 8),
    };
    match protocol {
        Carrier::Tcp => format!("{numbers}/tcp"),
        Carrier::Udp => format!("{numbers}/udp"),
        Carrier::Sctp => format!("{numbers}/sctp"),
        Carrier::Icmp => messages("ICMP"),
        Carrier::Icmpv6 => messages("ICMPv6"),
        Carrier::Other if range == PortRange::all(Carrier::Other) => "other protocols".to_owned(),
        Carrier::Other => format!("the IP protocol {numbers}"),
    }
}

/// The first flow that is not from a pod to itself: that one is nobody's to close.
pub fn first_between_two(flows: &Flows, space: &Space) -> Option<(usize, usize, usize)> {
    let alone = |at: u32| match &space.points[at as usize] {
        Point::Pod(pod) => pod.class.is_none(),
        Point::Address(_) => false,
    };
    flows.boxes().iter().find_map(|one| {
        let atom = one.ports.min()?;
        one.sources.iter().find_map(|source| {
            let others: Bits = if alone(source) {
                &one.destinations - &Bits::from_iter([source])
            } else {
                one.destinations.clone()
            };
            Some((source as usize, others.min()? as usize, atom as usize))
        })
    })
}
