//! The points of a space by what a policy can ask of them: namespace, labels, addresses, named ports. Matches labels
//! with its own code; gives no verdicts.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use super::{Block, Selector, Test};
use crate::flow::{Bits, Point, Space};
use crate::inventory::Protocol;
use crate::labels::Labels;

/// Where a pod is taken to live whose address is not known, if the space does not tell: the private, shared and
/// unique local ranges.
const PRIVATE: [&str; 5] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];

pub(super) struct Points<'s> {
    pub everyone: Bits,
    /// Pods on the host's network: selectors and address blocks may or may not match them.
    pub host_network: Bits,
    by_namespace: FxHashMap<&'s str, Bits>,
    /// The distinct namespaces, by name and labels.
    namespaces: Vec<(&'s Labels, Bits)>,
    by_label: FxHashMap<&'s str, ByValue<'s>>,
    named_ports: FxHashMap<(&'s str, Protocol), BTreeMap<u16, Bits>>,
    /// Ranges that are points of their own, by family.
    ranges: [Vec<Range>; 2],
    /// Addresses of pods with their points, by family, sorted.
    addresses: [Vec<(u128, u32)>; 2],
    /// Pods without a known address, and where they are taken to live.
    unknown: Bits,
    homes: Vec<IpNet>,
}

#[derive(Default)]
struct ByValue<'s> {
    any: Bits,
    values: FxHashMap<&'s str, Bits>,
}

struct Range {
    first: u128,
    last: u128,
    /// The greatest `last` up to here, so that a search can begin at the first range that may reach an address.
    reach: u128,
    point: u32,
}

/// Points that a peer matches: surely, and in some network plugin at least.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Match {
    pub certain: Bits,
    pub possible: Bits,
}

impl<'s> Points<'s> {
    pub(super) fn new(space: &'s Space) -> Points<'s> {
        let mut points = Points {
            everyone: (0..space.points.len() as u32).collect(),
            host_network: Bits::new(),
            by_namespace: FxHashMap::default(),
            namespaces: Vec::new(),
            by_label: FxHashMap::default(),
            named_ports: FxHashMap::default(),
            ranges: [Vec::new(), Vec::new()],
            addresses: [Vec::new(), Vec::new()],
            unknown: Bits::new(),
            homes: homes(&space.pod_ranges),
        };
        let mut known: FxHashMap<(&str, &Labels), usize> = FxHashMap::default();
        for (index, point) in (0u32..).zip(&space.points) {
            let pod = match point {
                Point::Pod(pod) => pod,
                Point::Address(range) => {
                    let (family, first) = number(range.first);
                    let (_, last) = number(range.last);
                    points.ranges[family].push(Range { first, last, reach: last, point: index });
                    continue;
                }
            };
            points.by_namespace.entry(&pod.namespace).or_default().insert(index);
            let namespace = *known.entry((&pod.namespace, &pod.namespace_labels)).or_insert_with(|| {
                points.namespaces.push((&pod.namespace_labels, Bits::new()));
                points.namespaces.len() - 1
            });
            points.namespaces[namespace].1.insert(index);
            for (key, value) in pod.labels.iter() {
                let by_value = points.by_label.entry(key).or_default();
                by_value.any.insert(index);
                by_value.values.entry(value).or_default().insert(index);
            }
            for port in &pod.ports {
                if let Some(name) = &port.name {
                    let numbers = points.named_ports.entry((name, port.protocol)).or_default();
                    numbers.entry(port.number).or_default().insert(index);
                }
            }
            if pod.host_network {
                points.host_network.insert(index);
            }
            if pod.addresses.is_empty() {
                points.unknown.insert(index);
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

    pub(super) fn in_namespaces(&self, selector: &Selector) -> Bits {
        let mut found = Bits::new();
        for (labels, points) in &self.namespaces {
            if selects(selector, labels) {
                found |= points;
            }
        }
        found
    }

    /// Of these points those whose labels satisfy a selector.
    pub(super) fn with_labels(&self, among: Bits, selector: &Selector) -> Bits {
        let mut found = among;
        let none = Bits::new();
        for (key, tests) in &selector.requirements {
            let by_value = self.by_label.get(key.as_ref());
            let any = by_value.map_or(&none, |by_value| &by_value.any);
            let of = |value: &str| by_value.and_then(|by_value| by_value.values.get(value));
            for test in tests {
                match test {
                    Test::Exists => found &= any,
                    Test::DoesNotExist => found -= any,
                    Test::In(values) => {
                        let mut matching = Bits::new();
                        values.iter().filter_map(|value| of(value)).for_each(|points| matching |= points);
                        found &= matching;
                    }
                    Test::NotIn(values) => {
                        values.iter().filter_map(|value| of(value)).for_each(|points| found -= points);
                    }
                }
            }
        }
        found
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

    /// A block surely matches the addresses within it. Pods it never surely matches, because some plugins hold
    /// blocks to be about addresses outside of the cluster; and it may match those whose address is within it, or
    /// not known.
    pub(super) fn in_block(&self, block: &Block) -> Match {
        let (family, first, last) = ends(&block.cidr);
        let holes: Vec<(u128, u128)> = block.except.iter().map(|net| (ends(net).1, ends(net).2)).collect();
        let mut found = Match::default();

        let ranges = &self.ranges[family];
        let from = ranges.partition_point(|range| range.reach < first);
        for range in ranges[from..].iter().take_while(|range| range.first <= last) {
            let meets = |&(a, b): &(u128, u128)| a <= range.last && range.first <= b;
            let holds = |&(a, b): &(u128, u128)| a <= range.first && range.last <= b;
            if meets(&(first, last)) && !holes.iter().any(holds) {
                found.possible.insert(range.point);
                if holds(&(first, last)) && !holes.iter().any(meets) {
                    found.certain.insert(range.point);
                }
            }
        }

        let addresses = &self.addresses[family];
        let from = addresses.partition_point(|&(address, _)| address < first);
        for &(address, point) in addresses[from..].iter().take_while(|&&(address, _)| address <= last) {
            if !holes.iter().any(|&(a, b)| a <= address && address <= b) {
                found.possible.insert(point);
            }
        }
        if may_hold_pods(block, &self.homes) {
            found.possible |= &self.unknown;
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

fn selects(selector: &Selector, labels: &Labels) -> bool {
    selector.requirements.iter().all(|(key, tests)| {
        let value = labels.get(key);
        tests.iter().all(|test| match test {
            Test::In(values) => value.is_some_and(|value| values.contains(value)),
            Test::NotIn(values) => !value.is_some_and(|value| values.contains(value)),
            Test::Exists => value.is_some(),
            Test::DoesNotExist => value.is_none(),
        })
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
