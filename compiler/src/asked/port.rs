//! The ports of a question: what is asked for, and which numbers of each destination that is. Service ports become those of
//! the pods behind, as the kernel does it before policies are asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use weir_cluster::Inventory;
use weir_cluster::flow::{Carrier, Point, PortRange};
use weir_cluster::inventory::{ContainerPort, EndpointClass, Protocol, ServiceId, ServicePort, TargetPort};

use super::{Asked, asked_wrong};
use crate::diagnostic::{Diagnostic, listed, printable};
use crate::facts::Facts;
use crate::meaning::PINGS;
use crate::resolve::program::Port;

/// What is asked for, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedPort {
    Numbers { first: u16, last: u16, protocol: Option<Protocol> },
    Name { name: String, protocol: Option<Protocol> },
    Ping,
}

/// Ports of destinations.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Of every destination.
    fixed: Vec<PortRange>,
    /// Names of the pods' own ports.
    named: Vec<(String, Option<Protocol>)>,
    /// What a service made of them.
    pub notes: Vec<String>,
}

pub fn parse(text: &str) -> Result<AskedPort, Box<Diagnostic>> {
    let text = text.trim();
    let text = text.strip_prefix("ports ").or_else(|| text.strip_prefix("port ")).unwrap_or(text).trim();
    if text == "ping" {
        return Ok(AskedPort::Ping);
    }
    let wrong = || {
        let message = format!("`{}` is no port", printable(text));
        let help = "a port is written `5432`, `53/udp`, `8000-8010`, by its name as in `http`, or `ping`";
        Box::new(asked_wrong(message).with_help(help))
    };
    let (port, protocol) = match text.split_once('/') {
        None => (text, None),
        Some((port, protocol)) => {
            let protocol = match protocol.to_ascii_lowercase().as_str() {
                "tcp" => Protocol::Tcp,
                "udp" => Protocol::Udp,
                "sctp" => Protocol::Sctp,
                _ => return Err(wrong()),
            };
            (port, Some(protocol))
        }
    };
    let (first, last) = port.split_once('-').unwrap_or((port, port));
    if let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) {
        if first == 0 || last < first {
            return Err(wrong());
        }
        return Ok(AskedPort::Numbers { first, last, protocol });
    }
    let is_name = !port.is_empty()
        && port.len() <= 63
        && port.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && port.bytes().any(|byte| byte.is_ascii_lowercase());
    if is_name { Ok(AskedPort::Name { name: port.to_owned(), protocol }) } else { Err(wrong()) }
}

/// As a sentence takes it.
impl fmt::Display for AskedPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self {
            AskedPort::Numbers { first, last, protocol } => {
                write!(f, "{first}")?;
                if last != first {
                    write!(f, "-{last}")?;
                }
                protocol
            }
            AskedPort::Name { name, protocol } => {
                f.write_str(name)?;
                protocol
            }
            AskedPort::Ping => return f.write_str("ping"),
        };
        match protocol {
            None | Some(Protocol::Tcp) => Ok(()),
            Some(Protocol::Udp) => f.write_str("/udp"),
            Some(Protocol::Sctp) => f.write_str("/sctp"),
        }
    }
}

impl AskedPort {
    /// What this is of a destination.
    pub fn resolve(&self, to: &Asked, facts: &Facts<'_>) -> Result<Resolved, Box<Diagnostic>> {
        let mut found = Resolved { fixed: Vec::new(), named: Vec::new(), notes: Vec::new() };
        let service = match to {
            Asked::Pods(pods) => pods.service,
            _ => None,
        };
        let is_workload = !matches!(to, Asked::Pods(pods) if !pods.is_workload);
        match self {
            AskedPort::Ping => found.fixed.extend(PINGS),
            AskedPort::Numbers { first, last, protocol } => {
                let own = PortRange {
                    protocol: protocol.unwrap_or(Protocol::Tcp).into(),
                    first: *first,
                    last: *last,
                };
                let port = service.filter(|_| first == last).and_then(|service| {
                    let ports = &facts.inventory.services[service.index()].ports;
                    let of = |wanted: Protocol| {
                        ports.iter().find(|port| port.port == *first && port.protocol == wanted)
                    };
                    match protocol {
                        Some(protocol) => of(*protocol),
                        None => of(Protocol::Tcp).or_else(|| ports.iter().find(|port| port.port == *first)),
                    }
                });
                match (service, port) {
                    (Some(service), Some(port)) => {
                        found.through(service, port, facts.inventory);
                        if is_workload
                            && declares(to, own, facts.inventory)
                            && found.numbers(to, facts.inventory) != BTreeSet::from([own])
                        {
                            return Err(ambiguous(to, *first, facts));
                        }
                    }
                    (Some(service), None) if !is_workload => return Err(no_port(service, self, facts)),
                    _ => found.fixed.push(own),
                }
            }
            AskedPort::Name { name, protocol } => {
                let matches = |port: &&ServicePort| {
                    port.name.as_deref() == Some(name) && protocol.is_none_or(|one| one == port.protocol)
                };
                let port = service
                    .and_then(|service| facts.inventory.services[service.index()].ports.iter().find(matches));
                match (service, port, to) {
                    (Some(service), Some(port), _) => found.through(service, port, facts.inventory),
                    (Some(service), None, _) if !is_workload => return Err(no_port(service, self, facts)),
                    (_, _, Asked::Pods(_) | Asked::Namespace(_)) => {
                        let names = names(to, facts);
                        if !names.contains_key(name.as_str()) {
                            let message = format!("`{}` has no port called `{name}`", to.spelled(facts));
                            let said = asked_wrong(message);
                            let known: Vec<&str> = names.into_keys().collect();
                            return Err(match known.as_slice() {
                                [] => said.with_help("none of its ports has a name: ask for the number"),
                                known => said.with_help(format!("its ports are {}", listed(known, "and"))),
                            }
                            .into());
                        }
                        found.named.push((name.clone(), *protocol));
                    }
                    _ => match crate::resolve::ports::iana(name) {
                        Some(ports) => found.fixed.extend(ports.iter().filter_map(|port| match port {
                            Port::Range { protocol: carried, first, last }
                                if protocol.is_none_or(|one| one == *carried) =>
                            {
                                Some(PortRange { protocol: (*carried).into(), first: *first, last: *last })
                            }
                            _ => None,
                        })),
                        None => {
                            let message = format!("no well-known port is called `{name}`");
                            return Err(asked_wrong(message).with_help("ask for its number").into());
                        }
                    },
                }
            }
        }
        Ok(found)
    }
}

impl Resolved {
    /// The pods' port behind a service's.
    fn through(&mut self, service: ServiceId, port: &ServicePort, inventory: &Inventory) {
        let service = &inventory.services[service.index()];
        let namespace = &inventory.namespaces[service.namespace.index()].name;
        let spoken = format!("port {} of the service `{namespace}/{}`", port.port, service.name);
        match &port.target {
            _ if service.headless => {
                let (protocol, number) = (port.protocol.into(), port.port);
                self.fixed.push(PortRange { protocol, first: number, last: number });
                self.notes.push(format!("{spoken}, which is headless, is the same port of its pods"));
            }
            TargetPort::Number(number) => {
                self.fixed.push(PortRange { protocol: port.protocol.into(), first: *number, last: *number });
                if *number != port.port {
                    self.notes.push(format!("{spoken} is port {number} of its pods, which policies see"));
                }
            }
            TargetPort::Name(name) => {
                self.named.push((name.to_string(), Some(port.protocol)));
                self.notes.push(format!("{spoken} is the port `{name}` of its pods, which policies see"));
            }
        }
    }

    /// Where a space has to be cut.
    pub fn cuts(&self) -> impl Iterator<Item = PortRange> {
        self.fixed.iter().copied()
    }

    /// Of pods with these ports of their own.
    fn among(&self, ports: &[ContainerPort]) -> Vec<PortRange> {
        let mut ranges = self.fixed.clone();
        for (name, protocol) in &self.named {
            let is = |port: &&ContainerPort| {
                port.name.as_deref() == Some(name) && protocol.is_none_or(|one| one == port.protocol)
            };
            ranges.extend(ports.iter().filter(is).map(|port| PortRange {
                protocol: port.protocol.into(),
                first: port.number,
                last: port.number,
            }));
        }
        ranges
    }

    /// Of all pods of a destination.
    fn numbers(&self, to: &Asked, inventory: &Inventory) -> BTreeSet<PortRange> {
        classes(to, inventory).into_iter().flat_map(|class| self.among(&class.ports)).collect()
    }

    /// The ports of one destination.
    pub fn of(&self, point: &Point) -> Vec<PortRange> {
        let mut ranges = match point {
            Point::Pod(pod) => self.among(&pod.ports),
            Point::Address(_) => self.fixed.clone(),
        };
        ranges.retain(|range| range.protocol.protocol().is_some() || self.is_family(*range, point));
        ranges
    }

    /// Messages go between addresses of their own family.
    fn is_family(&self, range: PortRange, point: &Point) -> bool {
        match point {
            Point::Pod(_) => true,
            Point::Address(address) => address.first.is_ipv6() == (range.protocol == Carrier::Icmpv6),
        }
    }
}

fn classes<'i>(to: &Asked, inventory: &'i Inventory) -> Vec<&'i EndpointClass> {
    match to {
        Asked::Pods(pods) => pods.classes.iter().map(|at| &inventory.classes[at as usize]).collect(),
        Asked::Namespace(id) => inventory.classes.iter().filter(|class| class.namespace == *id).collect(),
        _ => Vec::new(),
    }
}

fn declares(to: &Asked, range: PortRange, inventory: &Inventory) -> bool {
    classes(to, inventory).into_iter().flat_map(|class| &class.ports).any(|port| {
        Carrier::from(port.protocol) == range.protocol && (range.first..=range.last).contains(&port.number)
    })
}

/// The names of a destination's ports, each with their numbers.
fn names<'i>(to: &Asked, facts: &Facts<'i>) -> BTreeMap<&'i str, BTreeSet<u16>> {
    let mut names: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
    for port in classes(to, facts.inventory).into_iter().flat_map(|class| &class.ports) {
        if let Some(name) = &port.name {
            names.entry(name).or_default().insert(port.number);
        }
    }
    names
}

fn ambiguous(to: &Asked, number: u16, facts: &Facts<'_>) -> Box<Diagnostic> {
    let name = to.spelled(facts);
    let message = format!("`{name}:{number}` may be two ports: the service's, or the pods' own");
    let help = format!("ask for `service {name}:{number}` or `workload {name}:{number}`");
    asked_wrong(message).with_help(help).into()
}

fn no_port(service: ServiceId, asked: &AskedPort, facts: &Facts<'_>) -> Box<Diagnostic> {
    let service = &facts.inventory.services[service.index()];
    let namespace = facts.namespace_name(service.namespace);
    let port = match asked {
        AskedPort::Numbers { first, .. } => first.to_string(),
        AskedPort::Name { name, .. } => name.clone(),
        AskedPort::Ping => "ping".to_owned(),
    };
    let said = asked_wrong(format!("the service `{namespace}/{}` has no port `{port}`", service.name));
    let known: Vec<String> = service
        .ports
        .iter()
        .map(|port| match &port.name {
            Some(name) => format!("{} ({name})", port.port),
            None => port.port.to_string(),
        })
        .collect();
    said.with_help(format!("its ports are {}", listed(&known, "and"))).into()
}
