//! Sets of addresses of both families: exact algebra on ranges, and the shortest list of `cidr` with `except`
//! that says the same.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net, Ipv6Subnets};

/// Disjoint ranges, sorted and apart from each other, of each family. IPv4 stands in the low 32 bits.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressSet {
    v4: Vec<(u128, u128)>,
    v6: Vec<(u128, u128)>,
}

/// A range with holes, as an `ipBlock` says it. The holes lie strictly inside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    pub cidr: IpNet,
    pub except: Vec<IpNet>,
}

/// What the word `internet` leaves out of IPv4: "this network", private, shared, loopback, link-local, multicast and
/// reserved ranges (IANA's registry of special-purpose addresses).
const NOT_INTERNET: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
];

/// Of IPv6 only global unicast is assigned; all else is reserved, unique-local, link-local or multicast.
const INTERNET_V6: &[&str] = &["2000::/3"];

/// Ranges that clusters take their pods' and nodes' addresses from.
const PRIVATE: &[&str] = &["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

fn parsed(ranges: &[&str]) -> AddressSet {
    ranges.iter().map(|range| range.parse::<IpNet>().expect("a range of this file")).collect()
}

impl FromIterator<IpNet> for AddressSet {
    fn from_iter<I: IntoIterator<Item = IpNet>>(nets: I) -> AddressSet {
        let mut set = AddressSet::default();
        for net in nets {
            match net {
                IpNet::V4(net) => {
                    set.v4.push((net.network().to_bits().into(), net.broadcast().to_bits().into()));
                }
                IpNet::V6(net) => set.v6.push((net.network().to_bits(), net.broadcast().to_bits())),
            }
        }
        AddressSet { v4: joined(set.v4), v6: joined(set.v6) }
    }
}

impl FromIterator<IpAddr> for AddressSet {
    fn from_iter<I: IntoIterator<Item = IpAddr>>(addresses: I) -> AddressSet {
        addresses.into_iter().map(IpNet::from).collect()
    }
}

impl From<&Block> for AddressSet {
    fn from(block: &Block) -> AddressSet {
        AddressSet::from_iter([block.cidr]).minus(&block.except.iter().copied().collect())
    }
}

impl AddressSet {
    pub fn all() -> AddressSet {
        AddressSet { v4: vec![(0, u32::MAX.into())], v6: vec![(0, u128::MAX)] }
    }

    /// The addresses from one to another of its family.
    pub fn between(first: IpAddr, last: IpAddr) -> AddressSet {
        match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                AddressSet { v4: vec![(first.to_bits().into(), last.to_bits().into())], v6: Vec::new() }
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                AddressSet { v4: Vec::new(), v6: vec![(first.to_bits(), last.to_bits())] }
            }
            _ => AddressSet::default(),
        }
    }

    /// What the word `internet` denotes.
    pub fn internet() -> AddressSet {
        let v4 = AddressSet { v6: Vec::new(), ..AddressSet::all() };
        v4.minus(&parsed(NOT_INTERNET)).union(&parsed(INTERNET_V6))
    }

    /// Whether all that the word `internet` denotes is in it, of each family that it has addresses of.
    pub fn is_whole_internet(&self) -> bool {
        let missing = AddressSet::internet().minus(self);
        let whole = |own: &[_], missing: &[_]| own.is_empty() || missing.is_empty();
        !self.is_empty() && whole(&self.v4, &missing.v4) && whole(&self.v6, &missing.v6)
    }

    /// Where the addresses of pods are where no fact tells them.
    pub fn private() -> AddressSet {
        parsed(PRIVATE)
    }

    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    pub fn union(&self, other: &AddressSet) -> AddressSet {
        let join = |a: &[(u128, u128)], b: &[(u128, u128)]| joined([a, b].concat());
        AddressSet { v4: join(&self.v4, &other.v4), v6: join(&self.v6, &other.v6) }
    }

    pub fn and(&self, other: &AddressSet) -> AddressSet {
        AddressSet { v4: intersection(&self.v4, &other.v4), v6: intersection(&self.v6, &other.v6) }
    }

    pub fn minus(&self, other: &AddressSet) -> AddressSet {
        AddressSet { v4: difference(&self.v4, &other.v4), v6: difference(&self.v6, &other.v6) }
    }

    /// First and last of each stretch, IPv4 first.
    pub fn ranges(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> + '_ {
        let v4 = |bits: u128| IpAddr::V4(Ipv4Addr::from_bits(bits as u32));
        let v6 = |bits: u128| IpAddr::V6(Ipv6Addr::from_bits(bits));
        let low = self.v4.iter().map(move |&(first, last)| (v4(first), v4(last)));
        low.chain(self.v6.iter().map(move |&(first, last)| (v6(first), v6(last))))
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let (ranges, bits) = match address {
            IpAddr::V4(address) => (&self.v4, u128::from(address.to_bits())),
            IpAddr::V6(address) => (&self.v6, address.to_bits()),
        };
        let at = ranges.partition_point(|(_, last)| *last < bits);
        ranges.get(at).is_some_and(|(first, _)| *first <= bits)
    }

    /// The shortest list of networks without holes, IPv4 first.
    pub fn networks(&self) -> Vec<IpNet> {
        let v4 = self.v4.iter().flat_map(|(first, last)| {
            let (first, last) = (Ipv4Addr::from_bits(*first as u32), Ipv4Addr::from_bits(*last as u32));
            Ipv4Subnets::new(first, last, 0).map(IpNet::from)
        });
        let v6 = self.v6.iter().flat_map(|(first, last)| {
            let (first, last) = (Ipv6Addr::from_bits(*first), Ipv6Addr::from_bits(*last));
            Ipv6Subnets::new(first, last, 0).map(IpNet::from)
        });
        v4.chain(v6).collect()
    }

    /// The shortest list of blocks: a hole costs as much as a block.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        if !self.v4.is_empty() {
            cover(&self.v4, 0, 32, 32).into_blocks(&|at, prefix| v4(at, prefix), &mut blocks);
        }
        if !self.v6.is_empty() {
            cover(&self.v6, 0, 128, 128).into_blocks(&|at, prefix| v6(at, prefix), &mut blocks);
        }
        blocks
    }
}

fn v4(at: u128, prefix: u8) -> IpNet {
    Ipv4Net::new_assert(Ipv4Addr::from_bits(at as u32), prefix).into()
}

fn v6(at: u128, prefix: u8) -> IpNet {
    Ipv6Net::new_assert(Ipv6Addr::from_bits(at), prefix).into()
}

/// Sorts ranges and joins those that touch.
fn joined(mut ranges: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
    ranges.sort_unstable();
    let mut out: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match out.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            _ => out.push((first, last)),
        }
    }
    out
}

/// The part of sorted ranges that can meet `first..=last`.
fn near(ranges: &[(u128, u128)], first: u128, last: u128) -> &[(u128, u128)] {
    let start = ranges.partition_point(|range| range.1 < first);
    let count = ranges[start..].partition_point(|range| range.0 <= last);
    &ranges[start..start + count]
}

fn intersection(a: &[(u128, u128)], b: &[(u128, u128)]) -> Vec<(u128, u128)> {
    let meet = |(first, last): &(u128, u128)| {
        near(b, *first, *last)
            .iter()
            .map(|other| (other.0.max(*first), other.1.min(*last)))
            .collect::<Vec<_>>()
    };
    a.iter().flat_map(meet).collect()
}

fn difference(a: &[(u128, u128)], b: &[(u128, u128)]) -> Vec<(u128, u128)> {
    let mut out = Vec::new();
    for &(first, last) in a {
        let mut from = Some(first);
        for hole in near(b, first, last) {
            let Some(at) = from else { break };
            if hole.0 > at {
                out.push((at, hole.0 - 1));
            }
            from = if hole.1 >= last { None } else { Some(hole.1 + 1) };
        }
        if let Some(at) = from {
            out.push((at, last));
        }
    }
    out
}

/// How a subtree of the address space is said with the fewest entries.
enum Cover {
    Nothing,
    /// One block over the whole subtree, with holes.
    Block {
        at: u128,
        prefix: u8,
        holes: Vec<(u128, u8)>,
    },
    Parts(Box<Cover>, Box<Cover>),
}

impl Cover {
    fn cost(&self) -> usize {
        match self {
            Cover::Nothing => 0,
            Cover::Block { holes, .. } => 1 + holes.len(),
            Cover::Parts(low, high) => low.cost() + high.cost(),
        }
    }

    fn into_blocks(self, net: &dyn Fn(u128, u8) -> IpNet, out: &mut Vec<Block>) {
        match self {
            Cover::Nothing => {}
            Cover::Block { at, prefix, holes } => {
                let except = holes.into_iter().map(|(at, prefix)| net(at, prefix)).collect();
                out.push(Block { cidr: net(at, prefix), except });
            }
            Cover::Parts(low, high) => {
                low.into_blocks(net, out);
                high.into_blocks(net, out);
            }
        }
    }
}

/// Covers the part of `ranges` inside the prefix of length `bits - free` at `at`. As deep as there are bits.
fn cover(ranges: &[(u128, u128)], at: u128, free: u8, bits: u8) -> Cover {
    let size_minus_one = if free == 128 { u128::MAX } else { (1u128 << free) - 1 };
    let last = at + size_minus_one;
    let inside = near(ranges, at, last);
    let prefix = bits - free;
    match inside {
        [] => return Cover::Nothing,
        [(first, end)] if *first <= at && *end >= last => {
            return Cover::Block { at, prefix, holes: Vec::new() };
        }
        _ => {}
    }
    let middle = at + (1u128 << (free - 1));
    let low = cover(inside, at, free - 1, bits);
    let high = cover(inside, middle, free - 1, bits);
    let parts = low.cost() + high.cost();
    let mut holes = Vec::new();
    let within = holes_into(inside, at, free, bits, parts, &mut holes);
    if within && holes.len() < parts && parts > 1 {
        return Cover::Block { at, prefix, holes };
    }
    match (low, high) {
        (Cover::Nothing, one) | (one, Cover::Nothing) => one,
        (low, high) => Cover::Parts(Box::new(low), Box::new(high)),
    }
}

/// The prefixes of the subtree that `ranges` leave out; `false` as soon as there are `most` of them.
fn holes_into(
    ranges: &[(u128, u128)],
    at: u128,
    free: u8,
    bits: u8,
    most: usize,
    holes: &mut Vec<(u128, u8)>,
) -> bool {
    let size_minus_one = if free == 128 { u128::MAX } else { (1u128 << free) - 1 };
    let inside = near(ranges, at, at + size_minus_one);
    match inside {
        [] => {
            holes.push((at, bits - free));
            return holes.len() < most;
        }
        [(first, last)] if *first <= at && *last >= at + size_minus_one => return true,
        _ => {}
    }
    let middle = at + (1u128 << (free - 1));
    holes_into(inside, at, free - 1, bits, most, holes)
        && holes_into(inside, middle, free - 1, bits, most, holes)
}

#[cfg(test)]
mod tests;
