//! The ends of flows that people have names for: workloads, the nodes, the API server, ranges of addresses that are treated
//! alike, host names. Knows flows only as far as they tell addresses apart.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use weir_cluster::flow::{AddressKind, Bits, FlowBox, PodPoint, Point, Space};
use weir_cluster::inventory::WorkloadId;

use crate::address::AddressSet;
use crate::asked;
use crate::facts::Facts;

#[derive(Clone, Debug)]
pub struct End {
    pub kind: Kind,
    /// How a program reads it. A range has several, if it takes several blocks to say.
    pub names: Vec<String>,
    pub points: Bits,
    /// Of addresses, whether they are of IPv6.
    pub family: Option<bool>,
    /// Whether anybody knows which packets come from there: not of host names, nor of an API server without an address.
    pub sends: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Workload(WorkloadId),
    /// A pod that is not there today.
    Newcomer,
    Nodes,
    /// Some of the nodes, where they are not alike.
    Node,
    ApiServer,
    Addresses,
    Host,
}

impl End {
    pub fn is_pods(&self) -> bool {
        matches!(self.kind, Kind::Workload(_) | Kind::Newcomer)
    }

    pub fn is_address(&self) -> bool {
        !self.is_pods()
    }
}

/// What tells an address from others: its family, whether it is in what is asked for, and the boxes that it is in.
type Looks = (Kind, bool, [bool; 2], [u64; 4]);

/// Every point of a space, in the order of kinds and names.
pub fn of(facts: &Facts<'_>, space: &Space, layers: [&[FlowBox]; 2], focus: [Option<&Bits>; 2]) -> Vec<End> {
    let looks = looks(space, layers);
    let mut workloads: BTreeMap<WorkloadId, Bits> = BTreeMap::new();
    let mut others: BTreeMap<Looks, Bits> = BTreeMap::new();
    let mut ends = Vec::new();
    for (at, point) in (0u32..).zip(&space.points) {
        let one = |kind, names| End { kind, names, points: Bits::from_iter([at]), family: None, sends: true };
        match point {
            Point::Pod(pod) => match pod.class {
                Some(class) => {
                    let workload = facts.inventory.classes[class.index()].workload;
                    workloads.entry(workload).or_default().insert(at);
                }
                None => ends.push(one(Kind::Newcomer, vec![newcomer(pod)])),
            },
            Point::Address(address) => {
                let is_v6 = address.first.is_ipv6();
                if let Some(host) = &address.host {
                    let end = one(Kind::Host, vec![host.to_string()]);
                    ends.push(End { family: Some(is_v6), sends: false, ..end });
                    continue;
                }
                let kind = match (address.api_server, address.kind) {
                    (true, _) => Kind::ApiServer,
                    (false, AddressKind::Node) => Kind::Nodes,
                    (false, AddressKind::Local) => Kind::Node,
                    (false, AddressKind::Outside) => Kind::Addresses,
                };
                let within = focus.map(|focus| focus.is_some_and(|focus| focus.contains(at)));
                let looks = if kind == Kind::ApiServer { [0; 4] } else { looks[at as usize] };
                others.entry((kind, is_v6, within, looks)).or_default().insert(at);
            }
        }
    }
    let count = |kind: Kind| others.keys().filter(|looks| looks.0 == kind).count();
    let (alike, servers) = (count(Kind::Nodes) == 1, count(Kind::ApiServer) == 1);
    for ((kind, is_v6, ..), points) in others {
        let set = addresses(&points, space, kind == Kind::Addresses);
        let blocks = || set.networks().iter().map(ToString::to_string).collect();
        let (kind, names) = match kind {
            Kind::Nodes if alike => (kind, vec!["nodes".to_owned()]),
            Kind::Nodes | Kind::Node => (Kind::Node, blocks()),
            Kind::ApiServer if servers => (kind, vec!["apiserver".to_owned()]),
            kind => (kind, blocks()),
        };
        let sends = kind != Kind::ApiServer || !facts.api_server_addresses().is_empty();
        ends.push(End { kind, names, points, family: Some(is_v6), sends });
    }
    for (workload, points) in workloads {
        let names = vec![workload_name(facts, workload)];
        ends.push(End { kind: Kind::Workload(workload), names, points, family: None, sends: true });
    }
    ends.sort_by(|a, b| (&a.kind, &a.names).cmp(&(&b.kind, &b.names)));
    ends
}

/// `shop/web`, and `shop/deployment/web` where another kind has the name, too.
fn workload_name(facts: &Facts<'_>, id: WorkloadId) -> String {
    let inventory = facts.inventory;
    let workload = &inventory.workloads[id.index()];
    let (namespace, name) = (facts.namespace_name(workload.namespace), &workload.name);
    match inventory.workloads_in(workload.namespace, name).len() {
        0 | 1 => format!("{namespace}/{name}"),
        _ => format!("{namespace}/{}/{name}", asked::kind_name(inventory, id)),
    }
}

/// `shop/new[app=web]`: a pod of a namespace with these labels.
fn newcomer(pod: &PodPoint) -> String {
    let labels: Vec<String> = pod.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("{}/new[{}]", pod.namespace, labels.join(","))
}

/// Of each point, a sum over the boxes that it is a source and a destination of. Points with equal sums are alike.
fn looks(space: &Space, layers: [&[FlowBox]; 2]) -> Vec<[u64; 4]> {
    let mut sums = vec![[0u64; 4]; space.points.len()];
    for (at, one) in (1u64..).zip(layers.into_iter().flatten()) {
        let (high, low) = (mixed(at), mixed(at ^ 0x5851_f42d_4c95_7f2d));
        for (points, column) in [(&one.sources, 0), (&one.destinations, 2)] {
            for point in points {
                let sum = &mut sums[point as usize];
                sum[column] = sum[column].wrapping_add(high);
                sum[column + 1] = sum[column + 1].wrapping_add(low);
            }
        }
    }
    sums
}

/// A number whose bits all depend on all bits of another.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The addresses of points. What lies between two neighbours belongs to pods, nodes and services, and is no point of its
/// own: a range may span it.
pub fn addresses(points: &Bits, space: &Space, spans: bool) -> AddressSet {
    let mut all: Vec<(IpAddr, IpAddr, bool)> = Vec::new();
    for (at, point) in (0u32..).zip(&space.points) {
        let Point::Address(address) = point else { continue };
        if address.host.is_none() && (points.contains(at) || is_range(point)) {
            all.push((address.first, address.last, points.contains(at)));
        }
    }
    all.sort_unstable();
    let mut set = AddressSet::default();
    let mut before: Option<(IpAddr, bool)> = None;
    for (first, last, is_in) in all {
        let start = match before {
            Some((end, true)) if spans && is_in && end.is_ipv4() == first.is_ipv4() => next(end),
            _ => first,
        };
        if is_in {
            set = set.union(&AddressSet::between(start.min(first), last));
        }
        before = Some((last, is_in));
    }
    set
}

fn is_range(point: &Point) -> bool {
    matches!(point, Point::Address(address) if address.kind == AddressKind::Outside && !address.api_server)
}

fn next(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits().saturating_add(1))),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits().saturating_add(1))),
    }
}
