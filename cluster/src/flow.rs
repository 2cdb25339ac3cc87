//! Flows as plain sets: who may open a connection to whom, on which ports. Algebra only: no provenance, no
//! rendering, no knowledge of any policy format.
//!
//! A [`Space`] fixes the points and the port atoms; [`Flows`] over one space are sets that can be joined, cut and
//! compared. Nothing loops over pairs of points: equal points are grouped, and rows are bitmaps.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::inventory::{ClassId, ContainerPort, Protocol};
use crate::labels::{Labels, Text};

mod intern;
mod payload;
mod sides;
mod space;
#[cfg(test)]
mod tests;

use intern::Interner;
pub(crate) use payload::Pattern;
pub use payload::{Filter, HttpRequest, Payload, TooComplex};
pub use sides::{Permit, SetId, SetPermit, Side, SideId, Sides};
pub use space::{PortAtoms, Space};

/// The addresses, ports, names and payloads at which a space has to be cut, so that every policy, or every sentence of a
/// program, treats a point and an atom alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boundaries {
    pub cidrs: Vec<IpNet>,
    pub ports: Vec<PortRange>,
    /// Host names, as patterns that match all of a name in lower case.
    pub hosts: Vec<Text>,
    /// What is asked of payloads, and on which ports.
    pub filters: Vec<(PortRange, Filter)>,
    /// Whether the API server is asked for by a word of its own, wherever it is.
    pub api_server: bool,
}

impl Boundaries {
    /// Those of both.
    pub fn join(&mut self, other: Boundaries) {
        self.cidrs.extend(other.cidrs);
        self.ports.extend(other.ports);
        self.hosts.extend(other.hosts);
        self.filters.extend(other.filters);
        self.api_server |= other.api_server;
    }

    /// Sorted, without repetition.
    pub fn sorted(mut self) -> Boundaries {
        self.cidrs.sort_unstable();
        self.cidrs.dedup();
        self.ports.sort_unstable();
        self.ports.dedup();
        self.hosts.sort_unstable();
        self.hosts.dedup();
        self.filters.sort_unstable();
        self.filters.dedup();
        self
    }
}

/// A set of indices: of points, or of port atoms.
pub type Bits = roaring::RoaringBitmap;

/// Pods that no policy can tell apart, as a source and destination of flows. `class` is `None` for a virtual pod:
/// a newcomer, or one that satisfies a selector that nothing matches today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodPoint {
    pub class: Option<ClassId>,
    pub namespace: Text,
    pub namespace_labels: Labels,
    pub labels: Labels,
    pub ports: Vec<ContainerPort>,
    pub host_network: bool,
    pub service_account: Text,
    /// Sorted; empty where none is known.
    pub addresses: Vec<IpAddr>,
}

/// Whose an address is that belongs to no pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// Belongs to nothing in the cluster.
    Outside,
    /// A node's. As a source of flows to a pod it is another node than the pod's own.
    Node,
    /// One that every node answers on by itself (the node-local DNS cache): always the pod's own node's.
    Local,
}

/// A range of addresses that nothing in the space's policies or program tells apart. Single addresses of pods and
/// services may lie between its ends and are not its own; `first` and `last` always are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPoint {
    pub first: IpAddr,
    pub last: IpAddr,
    pub kind: AddressKind,
    /// Whether the Kubernetes API server answers there.
    pub api_server: bool,
    /// The host name by which it is reached, in lower case: then it is one address, and stands for that name.
    pub host: Option<Text>,
}

impl AddressPoint {
    /// Addresses without a name, and not the API server's.
    pub fn new(first: IpAddr, last: IpAddr, kind: AddressKind) -> AddressPoint {
        AddressPoint { first, last, kind, api_server: false, host: None }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Point {
    Pod(PodPoint),
    Address(AddressPoint),
}

/// What a packet is carried by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carrier {
    Tcp,
    Udp,
    Sctp,
    /// Of IPv4.
    Icmp,
    Icmpv6,
    /// Every other protocol of IP.
    Other,
}

impl From<Protocol> for Carrier {
    fn from(protocol: Protocol) -> Carrier {
        match protocol {
            Protocol::Tcp => Carrier::Tcp,
            Protocol::Udp => Carrier::Udp,
            Protocol::Sctp => Carrier::Sctp,
        }
    }
}

impl Carrier {
    /// The protocol, of those that have ports.
    pub fn protocol(self) -> Option<Protocol> {
        match self {
            Carrier::Tcp => Some(Protocol::Tcp),
            Carrier::Udp => Some(Protocol::Udp),
            Carrier::Sctp => Some(Protocol::Sctp),
            Carrier::Icmp | Carrier::Icmpv6 | Carrier::Other => None,
        }
    }
}

/// Destination ports `first..=last` of TCP, UDP or SCTP, where 1..=65535 are all of them. Of ICMP messages, by 256 times
/// their type plus their code, and of the other protocols their numbers in IP's header: both begin at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    pub protocol: Carrier,
    pub first: u16,
    pub last: u16,
}

impl PortRange {
    /// All that there is of a carrier.
    pub fn all(protocol: Carrier) -> PortRange {
        let (first, last) = match protocol {
            Carrier::Tcp | Carrier::Udp | Carrier::Sctp => (1, u16::MAX),
            Carrier::Icmp | Carrier::Icmpv6 => (0, u16::MAX),
            Carrier::Other => (0, 255),
        };
        PortRange { protocol, first, last }
    }

    /// ICMP messages of one type, whatever their code.
    pub fn icmp(protocol: Carrier, kind: u8) -> PortRange {
        let first = u16::from(kind) << 8;
        PortRange { protocol, first, last: first | 255 }
    }
}

/// What has no ports: a space holds it if it is cut at these.
pub const BEYOND_PORTS: [PortRange; 3] = [
    PortRange { protocol: Carrier::Icmp, first: 0, last: u16::MAX },
    PortRange { protocol: Carrier::Icmpv6, first: 0, last: u16::MAX },
    PortRange { protocol: Carrier::Other, first: 0, last: 255 },
];

/// Sources that reach exactly the same destinations on some port.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    sources: Bits,
    destinations: Bits,
}

/// The flows on one port atom: no source in two rows, no two rows with equal destinations, no empty row, sorted by
/// first source. Equal sets therefore have equal rows. Port atoms with the same flows may share one slice.
type Slice = Arc<[Row]>;

/// A set of flows over one [`Space`]. Flows between two addresses are in no such set: nothing governs them.
/// Sets of different spaces must not be mixed.
#[derive(Clone, Debug)]
pub struct Flows {
    /// One slice per port atom.
    slices: Vec<Slice>,
}

/// Every source to every destination on every port atom.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowBox {
    pub sources: Bits,
    pub destinations: Bits,
    pub ports: Bits,
}

impl PartialEq for Flows {
    fn eq(&self, other: &Flows) -> bool {
        self.slices.len() == other.slices.len()
            && self.slices.iter().zip(&other.slices).all(|(a, b)| Arc::ptr_eq(a, b) || a == b)
    }
}

impl Flows {
    pub fn empty(space: &Space) -> Flows {
        let none: Slice = Arc::from([]);
        Flows { slices: vec![none; space.ports.len()] }
    }

    /// The union of boxes. What they hold between two addresses is left out.
    pub fn from_boxes(space: &Space, boxes: &[FlowBox]) -> Flows {
        let of_atom = sides::lists(space.ports.len(), boxes.iter().map(|b| &b.ports));
        let slices = sides::slices(&of_atom, |_, listed| {
            let chosen: Vec<&FlowBox> = listed.iter().map(|&i| &boxes[i as usize]).collect();
            let of_source = sides::lists(space.points.len(), chosen.iter().map(|b| &b.sources));
            let mut groups: FxHashMap<(bool, &[u32]), Bits> = FxHashMap::default();
            for (source, list) in of_source.iter().enumerate() {
                if !list.is_empty() {
                    let key = (space.pods.contains(source as u32), list.as_slice());
                    groups.entry(key).or_default().insert(source as u32);
                }
            }
            rows(groups.into_iter().map(|((pod, list), sources)| {
                let mut destinations = Bits::new();
                list.iter().for_each(|&i| destinations |= &chosen[i as usize].destinations);
                if !pod {
                    destinations &= &space.pods;
                }
                (sources, destinations)
            }))
        });
        Flows { slices }
    }

    pub fn union(&self, other: &Flows) -> Flows {
        self.combine(other, |a, b| a | b)
    }

    /// What is in `self` and not in `other`.
    pub fn minus(&self, other: &Flows) -> Flows {
        self.combine(other, |a, b| a - b)
    }

    pub fn intersect(&self, other: &Flows) -> Flows {
        self.combine(other, |a, b| a & b)
    }

    pub fn is_empty(&self) -> bool {
        self.slices.iter().all(|slice| slice.is_empty())
    }

    /// How many (source, destination, port atom) there are.
    pub fn count(&self) -> u64 {
        let rows = self.slices.iter().flat_map(|slice| slice.iter());
        rows.map(|row| row.sources.len() * row.destinations.len()).sum()
    }

    pub fn contains(&self, source: usize, destination: usize, atom: usize) -> bool {
        let row = self.slices[atom].iter().find(|row| row.sources.contains(source as u32));
        row.is_some_and(|row| row.destinations.contains(destination as u32))
    }

    /// The least (source, destination, port atom) of the set.
    pub fn witness(&self) -> Option<(usize, usize, usize)> {
        let firsts = self.slices.iter().enumerate().filter_map(|(atom, slice)| {
            let row = slice.first()?;
            Some((row.sources.min()? as usize, row.destinations.min()? as usize, atom))
        });
        firsts.min()
    }

    /// The set as disjoint boxes, few of them: port atoms with the same sources and destinations stand together.
    /// Sorted by first source, first destination, first port.
    pub fn boxes(&self) -> Vec<FlowBox> {
        let mut sets = Interner::default();
        let mut ports: FxHashMap<(u32, u32), Bits> = FxHashMap::default();
        let mut known: FxHashMap<*const Row, Vec<(u32, u32)>> = FxHashMap::default();
        for (atom, slice) in self.slices.iter().enumerate() {
            let pairs = known.entry(slice.as_ptr()).or_insert_with(|| {
                slice.iter().map(|row| (sets.id(&row.sources), sets.id(&row.destinations))).collect()
            });
            for &pair in pairs.iter() {
                ports.entry(pair).or_default().insert(atom as u32);
            }
        }
        let mut boxes: Vec<FlowBox> = (ports.into_iter())
            .map(|((sources, destinations), ports)| FlowBox {
                sources: sets.get(sources).clone(),
                destinations: sets.get(destinations).clone(),
                ports,
            })
            .collect();
        // On one port atom no source is in two boxes, so these three tell all boxes apart.
        boxes.sort_by_key(|b| (b.sources.min(), b.destinations.min(), b.ports.min()));
        boxes
    }

    fn combine(&self, other: &Flows, op: fn(&Bits, &Bits) -> Bits) -> Flows {
        assert_eq!(self.slices.len(), other.slices.len(), "flows of different spaces");
        let mut done: FxHashMap<(*const Row, *const Row), Slice> = FxHashMap::default();
        let slices = (self.slices.iter().zip(&other.slices))
            .map(|(a, b)| {
                // Every empty slice has the same dangling pointer or one of its own: both are fine as a key.
                done.entry((a.as_ptr(), b.as_ptr())).or_insert_with(|| combine_slices(a, b, op)).clone()
            })
            .collect();
        Flows { slices }
    }
}

fn combine_slices(a: &Slice, b: &Slice, op: fn(&Bits, &Bits) -> Bits) -> Slice {
    const NONE: u32 = u32::MAX;
    let last =
        |slice: &Slice| slice.iter().filter_map(|row| row.sources.max()).max().map_or(0, |max| max + 1);
    let mut owners = vec![(NONE, NONE); last(a).max(last(b)) as usize];
    for (index, row) in a.iter().enumerate() {
        row.sources.iter().for_each(|source| owners[source as usize].0 = index as u32);
    }
    for (index, row) in b.iter().enumerate() {
        row.sources.iter().for_each(|source| owners[source as usize].1 = index as u32);
    }
    let mut groups: FxHashMap<(u32, u32), Bits> = FxHashMap::default();
    for (source, &owner) in owners.iter().enumerate() {
        if owner != (NONE, NONE) {
            groups.entry(owner).or_default().insert(source as u32);
        }
    }
    let nothing = Bits::new();
    rows(groups.into_iter().map(|((ia, ib), sources)| {
        let left = a.get(ia as usize).map_or(&nothing, |row| &row.destinations);
        let right = b.get(ib as usize).map_or(&nothing, |row| &row.destinations);
        (sources, op(left, right))
    }))
}

/// The canonical rows of these pairs, whose sources must be disjoint.
fn rows(pairs: impl IntoIterator<Item = (Bits, Bits)>) -> Slice {
    let mut sets = Interner::default();
    let mut sources_of: Vec<Bits> = Vec::new();
    for (sources, destinations) in pairs {
        if sources.is_empty() || destinations.is_empty() {
            continue;
        }
        let id = sets.id(&destinations) as usize;
        if id == sources_of.len() {
            sources_of.push(sources);
        } else {
            sources_of[id] |= sources;
        }
    }
    let mut rows: Vec<Row> = (sources_of.into_iter().zip(sets.into_sets()))
        .map(|(sources, destinations)| Row { sources, destinations })
        .collect();
    rows.sort_by_key(|row| row.sources.min());
    Arc::from(rows)
}
