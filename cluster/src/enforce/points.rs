//! The points of a space by what a policy can ask of them: namespace, labels, service account, addresses, named ports.
//! Gives no verdicts, and knows no format.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use super::selector::{Selector, Test};
use crate::flow::{AddressKind, Bits, Point, Space};
use crate::inventory::Protocol;
use crate::labels::Labels;

/// Where a pod is taken to live whose address is not known, if the space does not tell: the private, shared and
/// unique local ranges.
const PRIVATE: [&str; 5] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];

pub(super) struct Points<'s> {
    pub everyone: Bits,
    pub pods: Bits,
    /// Pods on the host's network.
    pub host_network: Bits,
    /// Addresses of nodes.
    pub nodes: Bits,
    /// By the pods' own labels.
    pub labels: Postings<'s>,
    /// By the labels of their namespaces.
    pub namespace_labels: Postings<'s>,
    by_namespace: FxHashMap<&'s str, Bits>,
    by_service_account: FxHashMap<&'s str, Bits>,
    named_ports: FxHashMap<(&'s str, Protocol), BTreeMap<u16, Bits>>,
    /// Ranges that are points of their own, by family.
    ranges: [Vec<Range>; 2],
    /// Addresses of pods with their points, by family, sorted.
    addresses: [Vec<(u128, u32)>; 2],
    /// How many addresses the pods have that have more than one.
    several: FxHashMap<u32, usize>,
    /// Pods without a known address, and where they are taken to live.
    unknown: Bits,
    homes: Vec<IpNet>,
}

/// Which pods have a label.
#[derive(Default)]
pub(super) struct Postings<'s> {
    by_key: FxHashMap<&'s str, ByValue<'s>>,
    nobody: Bits,
}

#[derive(Default)]
struct ByValue<'s> {
    any: Bits,
    values: FxHashMap<&'s str, Bits>,
}

impl<'s> Postings<'s> {
    fn insert(&mut self, labels: &'s Labels, point: u32) {
        for (key, value) in labels.iter() {
            let by_value = self.by_key.entry(key).or_default();
            by_value.any.insert(point);
            by_value.values.entry(value).or_default().insert(point);
        }
    }

    /// Pods that have the label, whatever its value.
    pub(super) fn having(&self, key: &str) -> &Bits {
        self.by_key.get(key).map_or(&self.nobody, |by_value| &by_value.any)
    }

    /// Pods that have the label with this value.
    pub(super) fn with(&self, key: &str, value: &str) -> &Bits {
        self.by_key.get(key).and_then(|by_value| by_value.values.get(value)).unwrap_or(&self.nobody)
    }

    /// The values of a label, with the pods that have them.
    pub(super) fn values(&self, key: &str) -> impl Iterator<Item = (&'s str, &Bits)> {
        let values = self.by_key.get(key).map(|by_value| &by_value.values);
        values.into_iter().flatten().map(|(value, pods)| (*value, pods))
    }

    /// Of these pods those whose labels satisfy a selector.
    pub(super) fn select(&self, among: Bits, selector: &Selector) -> Bits {
        let mut found = among;
        for (key, tests) in &selector.requirements {
            for test in tests {
                match test {
                    Test::Exists => found &= self.having(key),
                    Test::DoesNotExist => found -= self.having(key),
                    Test::In(values) => {
                        let mut matching = Bits::new();
                        values.iter().for_each(|value| matching |= self.with(key, value));
                        found &= matching;
                    }
                    Test::NotIn(values) => values.iter().for_each(|value| found -= self.with(key, value)),
                }
            }
        }
        found
    }
}

struct Range {
    first: u128,
    last: u128,
    /// The greatest `last` up to here, so that a search can begin at the first range that may reach an address.
    reach: u128,
    point: u32,
}

/// A range of addresses, with exceptions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Block {
    pub cidr: IpNet,
    /// Sorted.
    pub except: Vec<IpNet>,
}

/// Points that something matches: surely, and perhaps, which what is sure is too.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Match {
    pub certain: Bits,
    pub possible: Bits,
}

impl Match {
    pub(super) fn surely(points: Bits) -> Match {
        Match { certain: points.clone(), possible: points }
    }

    pub(super) fn is_sure(&self) -> bool {
        self.certain == self.possible
    }

    /// What either matches.
    pub(super) fn join(&mut self, other: &Match) {
        self.certain |= &other.certain;
        self.possible |= &other.possible;
    }

    /// What both match.
    pub(super) fn and(&self, other: &Match) -> Match {
        Match { certain: &self.certain & &other.certain, possible: &self.possible & &other.possible }
    }

    /// What the other does not match.
    pub(super) fn minus(&self, other: &Match) -> Match {
        Match { certain: &self.certain - &other.possible, possible: &self.possible - &other.certain }
    }
}

/// What a range of addresses matches.
pub(super) struct Within {
    /// Of the points that are addresses: surely what lies in it as a whole.
    pub addresses: Match,
    /// Of the pods: surely those all of whose addresses are known and lie in it.
    pub pods: Match,
}

impl<'s> Points<'s> {
    pub(super) fn new(space: &'s Space) -> Points<'s> {
        let mut points = Points {
            everyone: (0..space.points.len() as u32).collect(),
            pods: Bits::new(),
            host_network: Bits::new(),
            nodes: Bits::new(),
            labels: Postings::default(),
            namespace_labels: Postings::default(),
            by_namespace: FxHashMap::default(),
            by_service_account: FxHashMap::default(),
            named_ports: FxHashMap::default(),
            ranges: [Vec::new(), Vec::new()],
            addresses: [Vec::new(), Vec::new()],
            several: FxHashMap::default(),
            unknown: Bits::new(),
            homes: homes(&space.pod_ranges),
        };
        for (index, point) in (0u32..).zip(&space.points) {
            let pod = match point {
                Point::Pod(pod) => pod,
                Point::Address(range) => {
                    if range.kind != AddressKind::Outside {
                        points.nodes.insert(index);
                    }
                    let (family, first) = number(range.first);
                    let (_, last) = number(range.last);
                    points.ranges[family].push(Range { first, last, reach: last, point: index });
                    continue;
                }
            };
            points.pods.insert(index);
            points.by_namespace.entry(&pod.namespace).or_default().insert(index);
            points.by_service_account.entry(&pod.service_account).or_default().insert(index);
            points.namespace_labels.insert(&pod.namespace_labels, index);
            points.labels.insert(&pod.labels, index);
            for port in &pod.ports {
                if let Some(name) = &port.name {
                    let numbers = points.named_ports.entry((name, port.protocol)).or_default();
                    numbers.entry(port.number).or_default().insert(index);
                }
            }
            if pod.host_network {
                points.host_network.insert(index);
            }
            match pod.addresses.len() {
                0 => _ = points.unknown.insert(index),
                1 => {}
                several => _ = points.several.insert(index, several),
            }
            for &address in &pod.addresses {
                let (family, address) = number(address);
                points.addresses[family].push((address, index));
            }
        }
        for ranges in &mut points.ranges {
            ranges.sort_unstable_by_key(|range| (range.first, range.last, range.point));
            let mut reach = 0;
            for range in ranges {
                reach = range.last.max(reach);
                range.reach = reach;
            }
        }
        points.addresses.iter_mut().for_each(|addresses| addresses.sort_unstable());
        points
    }

    pub(super) fn in_namespace(&self, name: &str) -> Bits {
        self.by_namespace.get(name).cloned().unwrap_or_default()
    }

    /// The pods of the namespaces that a selector selects.
    pub(super) fn in_namespaces(&self, selector: &Selector) -> Bits {
        self.namespace_labels.select(self.pods.clone(), selector)
    }

    /// The pods that run as a service account of this name, of whatever namespace.
    pub(super) fn running_as(&self, service_account: &str) -> Bits {
        self.by_service_account.get(service_account).cloned().unwrap_or_default()
    }

    /// The pods that declare a port of this name, by its number.
    pub(super) fn named_port<'a>(
        &'a self,
        name: &'a str,
        protocol: Protocol,
    ) -> impl Iterator<Item = (u16, &'a Bits)> {
        let numbers = self.named_ports.get(&(name, protocol));
        numbers.into_iter().flatten().map(|(&number, points)| (number, points))
    }

    /// What a block matches.
    pub(super) fn within(&self, block: &Block) -> Within {
        let (family, first, last) = ends(&block.cidr);
        let holes: Vec<(u128, u128)> = block.except.iter().map(|net| (ends(net).1, ends(net).2)).collect();
        let mut found = Within { addresses: Match::default(), pods: Match::default() };

        let ranges = &self.ranges[family];
        let from = ranges.partition_point(|range| range.reach < first);
        for range in ranges[from..].iter().take_while(|range| range.first <= last) {
            let meets = |&(a, b): &(u128, u128)| a <= range.last && range.first <= b;
            let holds = |&(a, b): &(u128, u128)| a <= range.first && range.last <= b;
            if meets(&(first, last)) && !holes.iter().any(holds) {
                found.addresses.possible.insert(range.point);
                if holds(&(first, last)) && !holes.iter().any(meets) {
                    found.addresses.certain.insert(range.point);
                }
            }
        }

        let addresses = &self.addresses[family];
        let from = addresses.partition_point(|&(address, _)| address < first);
        let mut missing: FxHashMap<u32, usize> = FxHashMap::default();
        for &(address, point) in addresses[from..].iter().take_while(|&&(address, _)| address <= last) {
            if !holes.iter().any(|&(a, b)| a <= address && address <= b) {
                found.pods.possible.insert(point);
                match self.several.get(&point) {
                    None => _ = found.pods.certain.insert(point),
                    Some(&all) => {
                        let missing = missing.entry(point).or_insert(all);
                        *missing -= 1;
                        if *missing == 0 {
                            found.pods.certain.insert(point);
                        }
                    }
                }
            }
        }
        if may_hold_pods(block, &self.homes) {
            found.pods.possible |= &self.unknown;
        }
        found
    }
}

impl Points<'_> {
    /// Of the addresses and pods within a block those outside of the cluster, and nodes and pods where they count too.
    pub(super) fn beyond_cluster(
        &self,
        addresses: Match,
        pods: Match,
        (nodes_count, pods_count): (bool, bool),
    ) -> Match {
        let only = |of: Match, on: &Bits| Match { certain: of.certain & on, possible: of.possible & on };
        let without =
            |of: &Match, on: &Bits| Match { certain: &of.certain - on, possible: &of.possible - on };
        let mut found = if nodes_count { addresses } else { without(&addresses, &self.nodes) };
        if pods_count {
            found.join(&without(&pods, &self.host_network));
        }
        if nodes_count {
            found.join(&only(pods, &self.host_network));
        }
        found
    }
}

fn homes(known: &[IpNet]) -> Vec<IpNet> {
    match known {
        [] => PRIVATE.iter().map(|range| range.parse().expect("a prefix")).collect(),
        known => known.to_vec(),
    }
}

/// Whether some address of these ranges is in a block.
fn may_hold_pods(block: &Block, homes: &[IpNet]) -> bool {
    let (family, first, last) = ends(&block.cidr);
    let mut holes: Vec<(u128, u128)> = block.except.iter().map(|net| (ends(net).1, ends(net).2)).collect();
    holes.sort_unstable();
    homes.iter().any(|range| {
        let (its_family, its_first, its_last) = ends(range);
        let (mut next, last) = (first.max(its_first), last.min(its_last));
        if its_family != family || next > last {
            return false;
        }
        for &(a, b) in &holes {
            if a > next {
                break;
            }
            if b >= last {
                return false;
            }
            next = next.max(b + 1);
        }
        true
    })
}

/// The family, and the address as a number.
fn number(address: IpAddr) -> (usize, u128) {
    match address {
        IpAddr::V4(address) => (0, u128::from(u32::from(address))),
        IpAddr::V6(address) => (1, u128::from(address)),
    }
}

fn ends(net: &IpNet) -> (usize, u128, u128) {
    let (family, first) = number(net.network());
    (family, first, number(net.broadcast()).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_of_unknown_address_live_in_private_ranges() {
        let holds = |cidr: &str, except: &[&str]| {
            let except = except.iter().map(|net| net.parse().unwrap()).collect();
            may_hold_pods(&Block { cidr: cidr.parse().unwrap(), except }, &homes(&[]))
        };
        assert!(holds("0.0.0.0/0", &[]));
        assert!(holds("10.1.2.3/32", &[]));
        assert!(holds("100.64.0.0/16", &[]));
        assert!(holds("::/0", &[]));
        assert!(holds("fd00::/8", &[]));
        assert!(!holds("8.8.8.0/24", &[]));
        assert!(!holds("2001:db8::/32", &[]));
        let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];
        assert!(!holds("0.0.0.0/0", &private));
        assert!(holds("0.0.0.0/0", &private[1..]));
        assert!(holds("0.0.0.0/0", &private[..3]));
        assert!(!holds("10.0.0.0/8", &["10.0.0.0/9", "10.128.0.0/9"]));
        assert!(holds("10.0.0.0/8", &["10.0.0.0/9", "10.128.0.0/10"]));
        assert!(holds("10.0.0.0/8", &["10.0.0.0/10", "10.128.0.0/9"]));
        assert!(!holds("::/0", &["fc00::/7"]));
    }
}
