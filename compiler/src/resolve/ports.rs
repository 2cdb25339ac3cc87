//! Ports: from what is written behind a name to what pods see. A service's port becomes the pod port it leads to; a
//! port that nothing exposes is an error that lists what is exposed.

mod said;
mod well_known;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use roaring::RoaringBitmap as Bits;
use weir_cluster::Inventory;
use weir_cluster::inventory::{Protocol, Service, ServiceId, ServicePort, TargetPort};
use weir_cluster::labels::Text;
use weir_grammar::ast::{self, Absent, PortKind};
use weir_grammar::format;

use super::program::{Ends, Part, Port, Ports, SomePorts, Thing};
use super::{Resolver, Scope};
use crate::diagnostic::{Code, Diagnostic};
use said::word;
pub(crate) use well_known::{WELL_KNOWN, iana};

/// Which classes declare which container ports.
#[derive(Default)]
pub(super) struct PortIndex {
    numbers: BTreeMap<(Protocol, u16), Bits>,
    names: BTreeMap<Text, BTreeMap<(Protocol, u16), Bits>>,
    /// Classes that declare any port.
    declaring: Bits,
    /// What pods declare, and what services expose and lead to, whoever they are.
    exposed: BTreeSet<(Protocol, u16)>,
}

impl PortIndex {
    pub(super) fn of(inventory: &Inventory) -> PortIndex {
        let mut index = PortIndex::default();
        for (at, class) in inventory.classes.iter().enumerate() {
            for port in &class.ports {
                let key = (port.protocol, port.number);
                index.numbers.entry(key).or_default().insert(at as u32);
                if let Some(name) = &port.name {
                    index.names.entry(name.clone()).or_default().entry(key).or_default().insert(at as u32);
                }
                index.declaring.insert(at as u32);
            }
        }
        for service in &inventory.services {
            for port in &service.ports {
                index.exposed.insert((port.protocol, port.port));
                if let TargetPort::Number(number) = port.target {
                    index.exposed.insert((port.protocol, number));
                }
            }
            let endpoints = service.endpoints.iter().flat_map(|endpoint| &endpoint.ports);
            index.exposed.extend(endpoints.map(|(_, number, protocol)| (*protocol, *number)));
        }
        index.exposed.extend(index.numbers.keys());
        index
    }

    /// Whether anything in the cluster has a port of these.
    fn is_exposed(&self, protocol: Protocol, first: u16, last: u16) -> bool {
        self.exposed.range((protocol, first)..=(protocol, last)).next().is_some()
    }
}

/// So few classes are sooner asked for their ports than looked up by them.
const FEW: u64 = 8;

/// Why a port is none of a thing's.
enum Miss {
    NotExposed,
    /// Exposed, but only under this protocol.
    Under(Protocol),
    /// Of a service and of its workload it means different things.
    TwoThings {
        service: BTreeSet<Port>,
        workload: BTreeSet<Port>,
    },
    /// The service leads to a container port of this name, which no pod has.
    Target(Text),
    NoServiceName,
}

type Lookup = Result<BTreeSet<Port>, Miss>;

/// A port as it is written, checked.
enum Wanted<'p> {
    Number { first: u16, last: u16, protocol: Option<Protocol> },
    Name(&'p str),
}

impl Resolver<'_> {
    /// Each part with the ports that these mean of it. `None`: errors are reported.
    pub(super) fn with_ports(
        &mut self,
        parts: Vec<Part>,
        ports: &[&ast::Port],
        scope: Scope,
    ) -> Option<Vec<(Part, Ports)>> {
        if ports.is_empty() {
            let own = |part: Part| {
                let ports = match self.own_ports(&part) {
                    Some(ports) => Ports::These(SomePorts::new(ports)?),
                    None => Ports::All,
                };
                Some((part, ports))
            };
            return Some(parts.into_iter().filter_map(own).collect());
        }
        let mut found: Vec<BTreeSet<Port>> = vec![BTreeSet::new(); parts.len()];
        let mut fine = true;
        for port in ports {
            let Some(wanted) = self.wanted(port, scope) else {
                fine = false;
                continue;
            };
            let lookups: Vec<Lookup> = parts.iter().map(|part| self.lookup(part, &wanted)).collect();
            // The grant is the whole product, if any member has the port.
            let exposed = lookups.iter().any(Result::is_ok) || scope.absent == Some(Absent::EvenIfAbsent);
            let protocols = protocols(&lookups);
            let mut told = false;
            for (at, lookup) in lookups.into_iter().enumerate() {
                match lookup {
                    Ok(ports) => {
                        self.read_port(scope.place(port.span), &parts[at], &ports);
                        found[at].extend(ports);
                    }
                    // What a service's port leads to is not known before it has it.
                    Err(Miss::NotExposed | Miss::Under(_))
                        if exposed && !matches!(parts[at].thing, Thing::Service(_)) =>
                    {
                        found[at].extend(undeclared(&wanted, &protocols));
                    }
                    Err(miss) if !told => {
                        told = true;
                        fine = false;
                        self.report_miss(&parts[at], port, &wanted, miss, scope);
                    }
                    Err(_) => {}
                }
            }
            if !told && scope.absent != Some(Absent::EvenIfAbsent) {
                self.check_both_protocols(&parts, port, &wanted, scope);
            }
        }
        if !fine {
            return None;
        }
        let with = |(part, ports): (Part, BTreeSet<Port>)| Some((part, Ports::These(SomePorts::new(ports)?)));
        Some(parts.into_iter().zip(found).filter_map(with).collect())
    }

    fn wanted<'p>(&mut self, port: &'p ast::Port, scope: Scope) -> Option<Wanted<'p>> {
        match &port.kind {
            PortKind::Error => None,
            PortKind::Name(name) if !is_port_name(name) => {
                let place = scope.place(port.span);
                self.report(
                    Diagnostic::error(Code::E0111, format!("`{name}` is no name of a port"))
                        .at(place, "at most 15 lower-case letters, digits and single dashes, with a letter"),
                );
                None
            }
            PortKind::Name(name) => Some(Wanted::Name(name)),
            PortKind::Number { first, last, protocol } => {
                if first > last {
                    let place = scope.place(port.span);
                    let turned = PortKind::Number { first: *last, last: *first, protocol: *protocol };
                    let turned = format::port(&ast::Port { span: port.span, kind: turned });
                    self.report(
                        Diagnostic::error(
                            Code::E0307,
                            format!("the range `{}` runs backwards", format::port(port)),
                        )
                        .at(place, "its first port is the larger one")
                        .with_help(format!("write `{turned}`"))
                        .suggest("turn it around", place, turned),
                    );
                    return None;
                }
                Some(Wanted::Number { first: *first, last: *last, protocol: protocol.map(cluster_protocol) })
            }
        }
    }

    /// The ports of a thing that has its own: DNS, the API server.
    fn own_ports(&self, part: &Part) -> Option<BTreeSet<Port>> {
        match part.thing {
            Thing::Dns(service) => {
                let protocols = [Protocol::Tcp, Protocol::Udp];
                let dns = |protocol| Wanted::Number { first: 53, last: 53, protocol: Some(protocol) };
                let mut ports = BTreeSet::new();
                if let Some(service) = service {
                    for protocol in protocols {
                        let found = self.service_ports(service, &part.ends, &dns(protocol));
                        ports.extend(found.unwrap_or_default());
                    }
                }
                if ports.is_empty() {
                    ports.extend(protocols.into_iter().flat_map(|protocol| literal(&dns(protocol))));
                }
                Some(ports)
            }
            Thing::ApiServer => Some(self.api_server_ports()),
            _ => None,
        }
    }

    pub(super) fn api_server_ports(&self) -> BTreeSet<Port> {
        let Some(service) = self.facts.api_server() else { return BTreeSet::new() };
        let endpoints = &self.facts.inventory.services[service.index()].endpoints;
        endpoints
            .iter()
            .flat_map(|endpoint| &endpoint.ports)
            .map(|(_, number, protocol)| Port::Range { protocol: *protocol, first: *number, last: *number })
            .collect()
    }

    fn lookup(&self, part: &Part, wanted: &Wanted<'_>) -> Lookup {
        match part.thing {
            Thing::Unchecked => match wanted {
                Wanted::Number { .. } => Ok(literal(wanted)),
                Wanted::Name(name) => iana(name).ok_or(Miss::NoServiceName),
            },
            Thing::Pods | Thing::Workload(_) => self.container_ports(&part.ends, wanted),
            Thing::Service(service) => self.service_ports(service, &part.ends, wanted),
            Thing::Both(_, service) => {
                let of_service = self.service_ports(service, &part.ends, wanted);
                let of_workload = self.declared_ports(&part.ends, wanted);
                match (of_service, of_workload) {
                    (Ok(service), Ok(workload)) if service != workload => {
                        Err(Miss::TwoThings { service, workload })
                    }
                    (Ok(ports), _) | (Err(_), Ok(ports)) => Ok(ports),
                    (Err(Miss::NotExposed), Err(miss)) => Err(miss),
                    (Err(miss), Err(_)) => Err(miss),
                }
            }
            Thing::Dns(None) => match wanted {
                Wanted::Number { .. } => Ok(literal(wanted)),
                Wanted::Name(_) => self.declared_ports(&part.ends, wanted),
            },
            Thing::Dns(Some(service)) => {
                let of_service = self.service_ports(service, &part.ends, wanted);
                of_service.or_else(|miss| self.declared_ports(&part.ends, wanted).map_err(|_| miss))
            }
            Thing::ApiServer => {
                let own = self.api_server_ports();
                match wanted {
                    Wanted::Number { first: 443, last: 443, protocol: None | Some(Protocol::Tcp) } => Ok(own),
                    Wanted::Name("https") => Ok(own),
                    Wanted::Number { .. } if literal(wanted).is_subset(&own) => Ok(literal(wanted)),
                    _ => Err(Miss::NotExposed),
                }
            }
        }
    }

    fn classes(&self, ends: &Ends) -> Arc<Bits> {
        ends.pods().map(|pods| self.facts.ground(pods)).unwrap_or_default()
    }

    /// The container ports that are meant. Where none of the pods declares any port, nothing can be checked.
    fn container_ports(&self, ends: &Ends, wanted: &Wanted<'_>) -> Lookup {
        let declared = self.declared_ports(ends, wanted);
        let is_unknown = || self.classes(ends).is_disjoint(&self.ports.declaring);
        match (&declared, wanted) {
            (Err(_), Wanted::Number { .. }) if is_unknown() => Ok(literal(wanted)),
            _ => declared,
        }
    }

    /// The container ports that are meant, where some pod declares them.
    fn declared_ports(&self, ends: &Ends, wanted: &Wanted<'_>) -> Lookup {
        let classes = &*self.classes(ends);
        match wanted {
            Wanted::Number { first, last, protocol } => {
                let exposed = |protocol: Protocol| {
                    if classes.len() <= FEW {
                        return classes.iter().any(|class| {
                            let ports = &self.facts.inventory.classes[class as usize].ports;
                            let in_range = |number: u16| (*first..=*last).contains(&number);
                            ports.iter().any(|port| port.protocol == protocol && in_range(port.number))
                        });
                    }
                    let range = self.ports.numbers.range((protocol, *first)..=(protocol, *last));
                    range.into_iter().any(|(_, bits)| !bits.is_disjoint(classes))
                };
                let wanted_protocol = protocol.unwrap_or(Protocol::Tcp);
                if exposed(wanted_protocol) {
                    return Ok(literal(wanted));
                }
                let others = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
                match others.into_iter().find(|other| *other != wanted_protocol && exposed(*other)) {
                    Some(other) => Err(Miss::Under(other)),
                    None => Err(Miss::NotExposed),
                }
            }
            Wanted::Name(name) => {
                let found = self.named_ports(classes, name, None);
                if found.is_empty() { Err(Miss::NotExposed) } else { Ok(found) }
            }
        }
    }

    /// A named container port: a number where all pods of the set agree, the name where they differ.
    fn named_ports(&self, classes: &Bits, name: &str, protocol: Option<Protocol>) -> BTreeSet<Port> {
        let Some(declared) = self.ports.names.get(name) else { return BTreeSet::new() };
        let mut by_protocol: BTreeMap<Protocol, Vec<(u16, Bits)>> = BTreeMap::new();
        for ((under, number), bits) in declared {
            let members = bits & classes;
            if !members.is_empty() && protocol.is_none_or(|wanted| wanted == *under) {
                by_protocol.entry(*under).or_default().push((*number, members));
            }
        }
        let port = |(protocol, numbers): (Protocol, Vec<(u16, Bits)>)| match numbers.as_slice() {
            [(number, members)] if members == classes => {
                Port::Range { protocol, first: *number, last: *number }
            }
            _ => Port::Named { protocol, name: name.into() },
        };
        by_protocol.into_iter().map(port).collect()
    }

    /// The pod ports behind a service's ports.
    fn service_ports(&self, id: ServiceId, ends: &Ends, wanted: &Wanted<'_>) -> Lookup {
        let service = &self.facts.inventory.services[id.index()];
        let matching = |port: &&ServicePort| match wanted {
            Wanted::Number { first, last, protocol } => {
                (*first..=*last).contains(&port.port) && port.protocol == protocol.unwrap_or(Protocol::Tcp)
            }
            Wanted::Name(name) => port.name.as_deref() == Some(*name),
        };
        if service.headless && matches!(wanted, Wanted::Number { .. }) {
            return self.headless_ports(service, ends, wanted);
        }
        let mut found = BTreeSet::new();
        let mut missing = None;
        for port in service.ports.iter().filter(matching) {
            match self.target_ports(service, port, ends) {
                Ok(ports) => found.extend(ports),
                Err(miss) => missing = Some(miss),
            }
        }
        if let Some(miss) = missing {
            return Err(miss);
        }
        if !found.is_empty() {
            return Ok(found);
        }
        let under = |port: &ServicePort| match wanted {
            Wanted::Number { first, last, .. } if (*first..=*last).contains(&port.port) => {
                Some(port.protocol)
            }
            _ => None,
        };
        Err(service.ports.iter().find_map(under).map_or(Miss::NotExposed, Miss::Under))
    }

    /// A headless service hands out its pods' addresses: what is dialled is the pods' port.
    fn headless_ports(&self, service: &Service, ends: &Ends, wanted: &Wanted<'_>) -> Lookup {
        let targets: BTreeSet<Port> = service
            .ports
            .iter()
            .filter_map(|port| self.target_ports(service, port, ends).ok())
            .flatten()
            .collect();
        if literal(wanted).is_subset(&targets) {
            Ok(literal(wanted))
        } else {
            self.declared_ports(ends, wanted)
        }
    }

    fn target_ports(&self, service: &Service, port: &ServicePort, ends: &Ends) -> Lookup {
        if service.selector.is_none() {
            let named = service.endpoints.iter().flat_map(|endpoint| &endpoint.ports).filter(
                |(name, _, protocol)| *protocol == port.protocol && name.as_ref() == port.name.as_ref(),
            );
            let found: BTreeSet<Port> = named
                .map(|(_, number, protocol)| Port::Range {
                    protocol: *protocol,
                    first: *number,
                    last: *number,
                })
                .collect();
            if !found.is_empty() {
                return Ok(found);
            }
        }
        match &port.target {
            TargetPort::Number(number) => {
                Ok([Port::Range { protocol: port.protocol, first: *number, last: *number }].into())
            }
            TargetPort::Name(name) => {
                let found = self.named_ports(&self.classes(ends), name, Some(port.protocol));
                if found.is_empty() { Err(Miss::Target(name.clone())) } else { Ok(found) }
            }
        }
    }

    /// Lints a bare number that is exposed under TCP, which it means, and under another protocol too.
    fn check_both_protocols(&mut self, parts: &[Part], port: &ast::Port, wanted: &Wanted<'_>, scope: Scope) {
        let Wanted::Number { first, last, protocol: None } = *wanted else { return };
        for other in [Protocol::Udp, Protocol::Sctp] {
            let also = Wanted::Number { first, last, protocol: Some(other) };
            let anywhere = self.ports.is_exposed(other, first, last);
            let exposed = |part: &Part| {
                part.thing != Thing::Unchecked
                    && (anywhere || matches!(part.thing, Thing::Dns(_) | Thing::ApiServer))
                    && !matches!(part.ends, Ends::Exactly(_))
                    && match part.thing {
                        Thing::Pods | Thing::Workload(_) => self.declared_ports(&part.ends, &also).is_ok(),
                        _ => self.lookup(part, &also).is_ok(),
                    }
            };
            if parts.iter().any(exposed) {
                let written = format::port(port);
                let message = format!("`{written}` means TCP, and is exposed under {} too", word(other));
                self.report(
                    Diagnostic::warning(Code::W0106, message)
                        .at(scope.place(port.span), "grants TCP alone")
                        .with_help(format!(
                            "write `{written}/tcp` if TCP alone is meant, or `on {written}/tcp, {written}/{}` for both",
                            word(other).to_lowercase()
                        )),
                );
                return;
            }
        }
    }
}

fn literal(wanted: &Wanted<'_>) -> BTreeSet<Port> {
    match *wanted {
        Wanted::Number { first, last, protocol } => {
            [Port::Range { protocol: protocol.unwrap_or(Protocol::Tcp), first, last }].into()
        }
        Wanted::Name(_) => BTreeSet::new(),
    }
}

/// The protocols that were found for a port's name; TCP where none was.
fn protocols(lookups: &[Lookup]) -> BTreeSet<Protocol> {
    let found: BTreeSet<Protocol> = lookups
        .iter()
        .flatten()
        .flatten()
        .map(|port| match port {
            Port::Range { protocol, .. } | Port::Named { protocol, .. } => *protocol,
        })
        .collect();
    if found.is_empty() { [Protocol::Tcp].into() } else { found }
}

/// A port of pods that do not declare it: as it is written.
fn undeclared(wanted: &Wanted<'_>, protocols: &BTreeSet<Protocol>) -> BTreeSet<Port> {
    match *wanted {
        Wanted::Number { .. } => literal(wanted),
        Wanted::Name(name) => {
            protocols.iter().map(|protocol| Port::Named { protocol: *protocol, name: name.into() }).collect()
        }
    }
}

/// What Kubernetes takes for the name of a port (IANA_SVC_NAME of RFC 6335).
fn is_port_name(name: &str) -> bool {
    (1..=15).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && name.bytes().any(|b| b.is_ascii_lowercase())
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

fn cluster_protocol(protocol: ast::Protocol) -> Protocol {
    match protocol {
        ast::Protocol::Tcp => Protocol::Tcp,
        ast::Protocol::Udp => Protocol::Udp,
        ast::Protocol::Sctp => Protocol::Sctp,
    }
}
