//! The space that flows live in: points, and destination ports cut into atoms. Knows no policy format; whoever
//! makes a space names the addresses and ports at which it has to be cut.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::payload::{self, Payload, TooComplex};
use super::{AddressKind, AddressPoint, Bits, Boundaries, Carrier, PodPoint, Point, PortRange};
use crate::inventory::Inventory;
use crate::labels::{Labels, NAMESPACE_NAME, Text};

/// The points that flows go between, and the ports they go to.
#[derive(Clone, Debug)]
pub struct Space {
    pub points: Vec<Point>,
    pub ports: PortAtoms,
    /// Where pods have their addresses; empty where that is not known.
    pub pod_ranges: Vec<IpNet>,
    /// All points, and those of them that are pods.
    pub(super) everyone: Bits,
    pub(super) pods: Bits,
}

impl Space {
    /// Ports are cut at both ends of every one of `boundaries`.
    pub fn new(points: Vec<Point>, boundaries: impl IntoIterator<Item = PortRange>) -> Space {
        let everyone = (0..points.len() as u32).collect();
        let pods =
            (0u32..).zip(&points).filter(|(_, p)| matches!(p, Point::Pod(_))).map(|(i, _)| i).collect();
        Space { points, ports: PortAtoms::new(boundaries), pod_ranges: Vec::new(), everyone, pods }
    }

    /// A point for each endpoint class that is not on the host's network, the newcomers, and the addresses of both
    /// families, cut at every one of `cuts` and at whatever the inventory knows. Addresses of pods and services
    /// are no points: pods are points already, and behind a service are pods. A host name is reached at an address of the
    /// internet that nothing is said of, where there is one; so is an API server that is asked for and whose
    /// address is not known. Ports are cut
    /// where a pod has a name for one, too.
    pub fn of(
        inventory: &Inventory,
        newcomers: Vec<PodPoint>,
        boundaries: &Boundaries,
    ) -> Result<Space, TooComplex> {
        let classes = inventory.classes.iter().enumerate().filter(|(_, class)| !class.host_network);
        let pods = classes.map(|(index, class)| {
            let namespace = &inventory.namespaces[class.namespace.index()];
            PodPoint {
                class: Some(crate::inventory::ClassId(index as u32)),
                namespace: namespace.name.clone(),
                namespace_labels: namespace.labels.clone(),
                labels: class.labels.clone(),
                ports: class.ports.clone(),
                host_network: false,
                service_account: class.service_account.clone(),
                addresses: class.addresses.clone(),
            }
        });
        let mut points: Vec<Point> = pods.chain(newcomers).map(Point::Pod).collect();
        let mut addresses = address_points(inventory, &boundaries.cidrs);
        let home = generic(&addresses);
        let servers = api_server(inventory);
        for point in &mut addresses {
            point.api_server = point.first == point.last && servers.contains(&point.first);
        }
        let hosts = payload::hosts(&boundaries.hosts)?.into_iter().map(Some);
        let nowhere = boundaries.api_server && servers.is_empty();
        for host in hosts.chain(nowhere.then_some(None)) {
            let api_server = host.is_none();
            addresses.push(AddressPoint {
                host,
                api_server,
                ..AddressPoint::new(home, home, AddressKind::Outside)
            });
        }
        points.extend(addresses.into_iter().map(Point::Address));
        let pod_ranges = inventory.nodes.iter().flat_map(|node| node.pod_ranges.iter().copied()).collect();
        let payloads = payload::payloads(&boundaries.filters)?;
        // A named port is a number on each pod.
        let named: BTreeSet<PortRange> = points.iter().flat_map(named_ports).collect();
        let cuts = boundaries.ports.iter().copied().chain(named);
        let ports = PortAtoms::with_payloads(cuts, &payloads);
        Ok(Space { pod_ranges, ports, ..Space::new(points, []) })
    }

    /// For each namespace a pod without labels, and one in a namespace that does not exist yet.
    pub fn newcomers(inventory: &Inventory) -> Vec<PodPoint> {
        let taken = |name: &str| inventory.namespaces.iter().any(|namespace| namespace.name.as_ref() == name);
        let mut fresh = "weir-newcomer".to_owned();
        for number in 2.. {
            if !taken(&fresh) {
                break;
            }
            fresh = format!("weir-newcomer-{number}");
        }
        let fresh = Text::from(fresh);
        let fresh_labels = Labels::from_iter([(Text::from(NAMESPACE_NAME), fresh.clone())]);
        let namespaces = inventory.namespaces.iter().map(|n| (n.name.clone(), n.labels.clone()));
        let newcomer = |(namespace, namespace_labels)| PodPoint {
            class: None,
            namespace,
            namespace_labels,
            labels: Labels::default(),
            ports: Vec::new(),
            host_network: false,
            service_account: Text::from("default"),
            addresses: Vec::new(),
        };
        namespaces.chain([(fresh, fresh_labels)]).map(newcomer).collect()
    }
}

/// Destination ports 1..=65535 of TCP, UDP and SCTP, cut into the fewest ranges that tell apart what was asked for, and
/// of what has no ports the carriers that were asked for. An atom is a range, with one payload or with none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortAtoms {
    /// Sorted by protocol, then by number, then by payload; what has none comes first.
    atoms: Vec<(PortRange, Option<u32>)>,
    /// Sorted.
    payloads: Vec<Payload>,
}

impl PortAtoms {
    pub fn new(boundaries: impl IntoIterator<Item = PortRange>) -> PortAtoms {
        PortAtoms::with_payloads(boundaries, &[])
    }

    /// Ports on which some payload counts have an atom for each of them, and one for all else that is said there.
    pub fn with_payloads(
        boundaries: impl IntoIterator<Item = PortRange>,
        payloads: &[(PortRange, Payload)],
    ) -> PortAtoms {
        let boundaries = boundaries.into_iter().chain(payloads.iter().map(|(range, _)| *range));
        let ranges = ranges(boundaries);
        let kinds: BTreeSet<&Payload> = payloads.iter().map(|(_, payload)| payload).collect();
        let kinds: Vec<&Payload> = kinds.into_iter().collect();
        let mut atoms = Vec::with_capacity(ranges.len());
        for atom in ranges {
            atoms.push((atom, None));
            let holds = |range: &PortRange| {
                range.protocol == atom.protocol && range.first <= atom.first && atom.last <= range.last
            };
            let here: BTreeSet<&Payload> =
                payloads.iter().filter(|(range, _)| holds(range)).map(|(_, payload)| payload).collect();
            let number = |payload| kinds.binary_search(&payload).ok().map(|at| at as u32);
            atoms.extend(here.into_iter().map(|payload| (atom, number(payload))));
        }
        PortAtoms { atoms, payloads: kinds.into_iter().cloned().collect() }
    }

    pub fn len(&self) -> usize {
        self.atoms.len()
    }

    /// Never: there are always the three protocols that have ports.
    pub fn is_empty(&self) -> bool {
        self.atoms.is_empty()
    }

    pub fn all(&self) -> Bits {
        (0..self.atoms.len() as u32).collect()
    }

    /// The atoms that lie within a range, whatever is said on them: the range itself, if it was one of the boundaries or
    /// a union of them.
    pub fn of(&self, range: PortRange) -> Bits {
        let first =
            self.atoms.partition_point(|(a, _)| (a.protocol, a.first) < (range.protocol, range.first));
        let within = self.atoms[first..]
            .iter()
            .take_while(|(a, _)| (a.protocol, a.last) <= (range.protocol, range.last));
        (first as u32..(first + within.count()) as u32).collect()
    }

    /// Of the atoms within a range those that say one of these things.
    pub fn saying(&self, range: PortRange, wanted: impl Fn(&Payload) -> bool) -> Bits {
        self.of(range).iter().filter(|&at| self.payload(at as usize).is_some_and(&wanted)).collect()
    }

    pub fn atom(&self, index: usize) -> PortRange {
        self.atoms[index].0
    }

    /// What is said on an atom; `None` for all that nobody asks for.
    pub fn payload(&self, index: usize) -> Option<&Payload> {
        self.atoms[index].1.map(|payload| &self.payloads[payload as usize])
    }

    /// The ranges of the atoms; one comes again for each payload on it.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = PortRange> {
        self.atoms.iter().map(|(range, _)| *range)
    }
}

/// The fewest ranges that tell all of these apart.
fn ranges(boundaries: impl IntoIterator<Item = PortRange>) -> Vec<PortRange> {
    const WITH_PORTS: [Carrier; 3] = [Carrier::Tcp, Carrier::Udp, Carrier::Sctp];
    let mut starts: BTreeSet<(Carrier, u16)> = WITH_PORTS.into_iter().map(|carrier| (carrier, 1)).collect();
    for PortRange { protocol, first, last } in boundaries {
        let all = PortRange::all(protocol);
        starts.insert((protocol, all.first));
        starts.insert((protocol, first.max(all.first)));
        if let Some(next) = last.checked_add(1).filter(|next| *next <= all.last) {
            starts.insert((protocol, next));
        }
    }
    let starts: Vec<_> = starts.into_iter().collect();
    let atoms = (0..starts.len()).map(|i| {
        let (protocol, first) = starts[i];
        let next = starts.get(i + 1).filter(|next| next.0 == protocol);
        let last = next.map_or(PortRange::all(protocol).last, |next| next.1 - 1);
        PortRange { protocol, first, last }
    });
    atoms.collect()
}

/// The ports that a pod has a name for.
fn named_ports(point: &Point) -> impl Iterator<Item = PortRange> {
    let ports = match point {
        Point::Pod(pod) => pod.ports.as_slice(),
        Point::Address(_) => &[],
    };
    let named = ports.iter().filter(|port| port.name.is_some() && port.number != 0);
    named.map(|port| PortRange { protocol: port.protocol.into(), first: port.number, last: port.number })
}

/// Where the API server answers, as far as the inventory tells.
fn api_server(inventory: &Inventory) -> Vec<IpAddr> {
    let home = inventory.namespace("default");
    let service = home.and_then(|namespace| inventory.service_in(namespace, "kubernetes"));
    let endpoints = service.map(|service| &inventory.services[service.index()].endpoints);
    endpoints.into_iter().flatten().map(|endpoint| endpoint.address).collect()
}

/// Addresses of the internet, far from each other.
const PUBLIC: [Ipv4Addr; 6] = [
    Ipv4Addr::new(93, 184, 215, 14),
    Ipv4Addr::new(151, 101, 1, 69),
    Ipv4Addr::new(208, 80, 154, 224),
    Ipv4Addr::new(1, 1, 1, 1),
    Ipv4Addr::new(52, 94, 236, 248),
    Ipv4Addr::new(185, 199, 108, 153),
];

/// One of them in the widest stretch: whoever asks for addresses at all asks for others.
fn generic(addresses: &[AddressPoint]) -> IpAddr {
    let width = |address: &Ipv4Addr| {
        let within = |point: &&AddressPoint| match (point.first, point.last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                point.kind == AddressKind::Outside && first <= *address && *address <= last
            }
            _ => false,
        };
        addresses.iter().find(within).map(|point| match (point.first, point.last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => u32::from(last) - u32::from(first),
            _ => 0,
        })
    };
    let widest = PUBLIC.iter().rev().max_by_key(|address| width(address));
    IpAddr::V4(*widest.unwrap_or(&PUBLIC[0]))
}

/// The addresses of one family as numbers.
struct Family {
    last: u128,
    /// First and last of every range at which to cut, those of pods included.
    cuts: Vec<(u128, u128)>,
    /// Ranges that pods get their addresses from.
    pod_ranges: Vec<(u128, u128)>,
    /// Addresses that nodes answer on.
    nodes: BTreeSet<u128>,
    /// Of these the ones that every node answers on by itself.
    local: BTreeSet<u128>,
    /// Single addresses that are another point's or none's.
    left_out: BTreeSet<u128>,
}

impl Family {
    fn new(last: u128) -> Family {
        let (cuts, pod_ranges) = (Vec::new(), Vec::new());
        Family {
            last,
            cuts,
            pod_ranges,
            nodes: BTreeSet::new(),
            local: BTreeSet::new(),
            left_out: BTreeSet::new(),
        }
    }

    fn points(mut self, address: fn(u128) -> IpAddr) -> Vec<AddressPoint> {
        let mut starts = BTreeSet::from([0]);
        let singles = self.nodes.iter().map(|&node| (node, node));
        for (first, last) in self.cuts.iter().chain(&self.pod_ranges).copied().chain(singles) {
            starts.insert(first);
            if last < self.last {
                starts.insert(last + 1);
            }
        }
        // How far the pod ranges reach that begin at or before some address.
        self.pod_ranges.sort_unstable();
        let mut ranges = self.pod_ranges.iter().peekable();
        let mut reach: Option<u128> = None;

        let mut points = Vec::new();
        let mut starts = starts.into_iter().peekable();
        while let Some(mut first) = starts.next() {
            let mut last = starts.peek().map_or(self.last, |next| next - 1);
            while let Some(&&(_, end)) = ranges.peek().filter(|range| range.0 <= first) {
                reach = reach.max(Some(end));
                ranges.next();
            }
            if self.nodes.contains(&first) {
                let kind = if self.local.contains(&first) { AddressKind::Local } else { AddressKind::Node };
                points.push(AddressPoint::new(address(first), address(last), kind));
                continue;
            }
            if reach.is_some_and(|reach| first <= reach) {
                continue;
            }
            while first < last && self.left_out.contains(&first) {
                first += 1;
            }
            while first < last && self.left_out.contains(&last) {
                last -= 1;
            }
            if !self.left_out.contains(&first) {
                points.push(AddressPoint::new(address(first), address(last), AddressKind::Outside));
            }
        }
        points
    }
}

fn address_points(inventory: &Inventory, cuts: &[IpNet]) -> Vec<AddressPoint> {
    let mut v4 = Family::new(u128::from(u32::MAX));
    let mut v6 = Family::new(u128::MAX);
    let number = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    let ends = |net: &IpNet| (number(net.network()), number(net.broadcast()));
    let mut of = |v6_wanted: bool, add: &dyn Fn(&mut Family)| add(if v6_wanted { &mut v6 } else { &mut v4 });

    for address in api_server(inventory) {
        of(address.is_ipv6(), &|family| family.cuts.push((number(address), number(address))));
    }
    for net in cuts {
        of(net.addr().is_ipv6(), &|family| family.cuts.push(ends(net)));
    }
    for node in &inventory.nodes {
        for net in &node.pod_ranges {
            of(net.addr().is_ipv6(), &|family| family.pod_ranges.push(ends(net)));
        }
        for &address in &node.addresses {
            of(address.is_ipv6(), &|family| _ = family.nodes.insert(number(address)));
        }
    }
    for class in &inventory.classes {
        // A pod on the host's network has its node's address.
        for &address in &class.addresses {
            of(address.is_ipv6(), &|family| {
                let set = if class.host_network { &mut family.nodes } else { &mut family.left_out };
                set.insert(number(address));
            });
        }
        for &address in &class.local_addresses {
            of(address.is_ipv6(), &|family| {
                family.nodes.insert(number(address));
                family.local.insert(number(address));
            });
        }
    }
    for &address in inventory.services.iter().flat_map(|service| &service.addresses) {
        of(address.is_ipv6(), &|family| _ = family.left_out.insert(number(address)));
    }

    let mut points = v4.points(|number| IpAddr::V4(Ipv4Addr::from(number as u32)));
    points.extend(v6.points(|number| IpAddr::V6(Ipv6Addr::from(number))));
    points
}
