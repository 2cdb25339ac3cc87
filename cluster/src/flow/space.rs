//! The space that flows live in: points, and destination ports cut into atoms. Knows no policy format; whoever
//! makes a space names the addresses and ports at which it has to be cut.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::{AddressKind, AddressPoint, Bits, PodPoint, Point, PortRange};
use crate::inventory::{Inventory, Protocol};
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
    /// are no points: pods are points already, and behind a service are pods.
    pub fn of(inventory: &Inventory, newcomers: Vec<PodPoint>, cuts: &[IpNet], ports: &[PortRange]) -> Space {
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
        points.extend(address_points(inventory, cuts).into_iter().map(Point::Address));
        let pod_ranges = inventory.nodes.iter().flat_map(|node| node.pod_ranges.iter().copied()).collect();
        Space { pod_ranges, ..Space::new(points, ports.iter().copied()) }
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

/// Destination ports 1..=65535 of TCP, UDP and SCTP, cut into the fewest ranges that tell apart what was asked
/// for. ICMP and other protocols are outside of the space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortAtoms {
    /// Sorted by protocol, then by number.
    atoms: Vec<PortRange>,
}

impl PortAtoms {
    pub fn new(boundaries: impl IntoIterator<Item = PortRange>) -> PortAtoms {
        const PROTOCOLS: [Protocol; 3] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
        let mut starts: BTreeSet<(Protocol, u16)> = PROTOCOLS.into_iter().map(|p| (p, 1)).collect();
        for PortRange { protocol, first, last } in boundaries {
            starts.insert((protocol, first.max(1)));
            if let Some(next) = last.checked_add(1) {
                starts.insert((protocol, next));
            }
        }
        let starts: Vec<_> = starts.into_iter().collect();
        let atoms = (0..starts.len()).map(|i| {
            let (protocol, first) = starts[i];
            let next = starts.get(i + 1).filter(|next| next.0 == protocol);
            PortRange { protocol, first, last: next.map_or(u16::MAX, |next| next.1 - 1) }
        });
        PortAtoms { atoms: atoms.collect() }
    }

    pub fn len(&self) -> usize {
        self.atoms.len()
    }

    /// Never: there are always the three protocols.
    pub fn is_empty(&self) -> bool {
        self.atoms.is_empty()
    }

    pub fn all(&self) -> Bits {
        (0..self.atoms.len() as u32).collect()
    }

    /// The atoms that lie within a range: the range itself, if it was one of the boundaries or a union of them.
    pub fn of(&self, range: PortRange) -> Bits {
        let first = self.atoms.partition_point(|a| (a.protocol, a.first) < (range.protocol, range.first));
        let within =
            self.atoms[first..].iter().take_while(|a| (a.protocol, a.last) <= (range.protocol, range.last));
        (first as u32..(first + within.count()) as u32).collect()
    }

    pub fn atom(&self, index: usize) -> PortRange {
        self.atoms[index]
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = PortRange> {
        self.atoms.iter().copied()
    }
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
    /// Single addresses that are another point's or none's.
    left_out: BTreeSet<u128>,
}

impl Family {
    fn new(last: u128) -> Family {
        let (cuts, pod_ranges) = (Vec::new(), Vec::new());
        Family { last, cuts, pod_ranges, nodes: BTreeSet::new(), left_out: BTreeSet::new() }
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
                points.push(AddressPoint {
                    first: address(first),
                    last: address(last),
                    kind: AddressKind::Node,
                });
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
                let kind = AddressKind::Outside;
                points.push(AddressPoint { first: address(first), last: address(last), kind });
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
            of(address.is_ipv6(), &|family| _ = family.nodes.insert(number(address)));
        }
    }
    for &address in inventory.services.iter().flat_map(|service| &service.addresses) {
        of(address.is_ipv6(), &|family| _ = family.left_out.insert(number(address)));
    }

    let mut points = v4.points(|number| IpAddr::V4(Ipv4Addr::from(number as u32)));
    points.extend(v6.points(|number| IpAddr::V6(Ipv6Addr::from(number))));
    points
}
