//! Few rules that permit exactly what many did: first every peer's ports are joined, then peers with the same ports.
//! Never a product: `a:1` and `b:2` stay two rules.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use weir_cluster::inventory::Protocol;
use weir_grammar::ast::Direction;

use super::draft::{Draft, Rule};
use super::peer::Peer;
use crate::relation::Narrowing;
use crate::resolve::program::{Port, Ports, SentenceId, SomePorts};

pub(super) struct Merged {
    pub directions: BTreeMap<Direction, Vec<MergedRule>>,
    pub sentences: BTreeSet<SentenceId>,
}

pub(super) struct MergedRule {
    pub peers: SomePeers,
    pub ports: Ports,
    pub narrowed: Option<Narrowing>,
}

/// Whom a rule admits: everyone, or at least one. An empty list in an object means everyone.
pub(super) enum SomePeers {
    Everyone,
    These(Peer, Vec<Peer>),
}

impl SomePeers {
    /// `None` of no peers at all: they make no rule.
    pub fn new(peers: Vec<Peer>) -> Option<SomePeers> {
        if peers.contains(&Peer::Anywhere) {
            return Some(SomePeers::Everyone);
        }
        let mut peers = peers.into_iter();
        Some(SomePeers::These(peers.next()?, peers.collect()))
    }
}

pub(super) fn merged(draft: Draft) -> Merged {
    let mut rules = draft.rules;
    let mut directions = draft.directions;
    directions.extend(rules.keys());
    let directions = directions
        .into_iter()
        .map(|direction| (direction, merged_rules(&rules.remove(&direction).unwrap_or_default())))
        .collect();
    Merged { directions, sentences: draft.sentences }
}

fn merged_rules(rules: &[Rule]) -> Vec<MergedRule> {
    let mut by_peer: BTreeMap<&Peer, Ports> = BTreeMap::new();
    let mut narrowed: BTreeMap<(&Ports, &Narrowing), BTreeSet<&Peer>> = BTreeMap::new();
    for rule in rules {
        if let Some(narrowing) = &rule.narrowed {
            narrowed.entry((&rule.ports, narrowing)).or_default().extend(rule.peers.iter());
            continue;
        }
        for peer in rule.peers.iter() {
            match by_peer.entry(peer) {
                Entry::Vacant(entry) => {
                    entry.insert(joined(&rule.ports, &rule.ports));
                }
                Entry::Occupied(mut entry) => {
                    let both = joined(entry.get(), &rule.ports);
                    entry.insert(both);
                }
            }
        }
    }
    let open = by_peer.get(&Peer::Anywhere).cloned();
    let mut by_ports: BTreeMap<Ports, Vec<Peer>> = BTreeMap::new();
    for (peer, ports) in by_peer {
        // What everyone may, nobody needs to be told again.
        let ports = match &open {
            Some(open) if *peer != Peer::Anywhere => beyond(ports, open),
            _ => Some(ports),
        };
        if let Some(ports) = ports {
            by_ports.entry(ports).or_default().push(peer.clone());
        }
    }
    let whole = by_ports.into_iter().map(|(ports, peers)| (ports, None, peers));
    let narrowed = narrowed.into_iter().map(|((ports, narrowing), peers)| {
        (ports.clone(), Some(narrowing.clone()), peers.into_iter().cloned().collect())
    });
    let rule = |(ports, narrowed, peers)| {
        Some(MergedRule { peers: SomePeers::new(widest(peers))?, ports, narrowed })
    };
    whole.chain(narrowed).filter_map(rule).collect()
}

/// The ports of both, in their normal form.
fn joined(ours: &Ports, theirs: &Ports) -> Ports {
    match (ours, theirs) {
        (Ports::All, _) | (_, Ports::All) => Ports::All,
        (Ports::These(some), Ports::These(others)) => {
            let both = SomePorts::new(normal(some.iter().chain(others.iter()).cloned()));
            both.map_or_else(|| ours.clone(), Ports::These)
        }
    }
}

/// Ranges that overlap become one; ranges that only touch stay as they were written.
fn normal(ports: impl Iterator<Item = Port>) -> BTreeSet<Port> {
    let mut ranges: BTreeMap<Protocol, Vec<(u16, u16)>> = BTreeMap::new();
    let mut all = BTreeSet::new();
    for port in ports {
        match port {
            Port::Range { protocol, first, last } => ranges.entry(protocol).or_default().push((first, last)),
            named => {
                all.insert(named);
            }
        }
    }
    for (protocol, mut ranges) in ranges {
        ranges.sort_unstable();
        let mut apart: Vec<(u16, u16)> = Vec::new();
        for (first, last) in ranges {
            match apart.last_mut() {
                Some(before) if first <= before.1 => before.1 = before.1.max(last),
                _ => apart.push((first, last)),
            }
        }
        all.extend(apart.into_iter().map(|(first, last)| Port::Range { protocol, first, last }));
    }
    all
}

/// The ports that `open` does not have already.
fn beyond(ports: Ports, open: &Ports) -> Option<Ports> {
    match (ports, open) {
        (_, Ports::All) => None,
        (Ports::All, _) => Some(Ports::All),
        (Ports::These(ports), Ports::These(open)) => {
            let is_new = |port: &&Port| !open.iter().any(|open| covers(open, port));
            SomePorts::new(ports.iter().filter(is_new).cloned().collect()).map(Ports::These)
        }
    }
}

fn covers(wide: &Port, port: &Port) -> bool {
    match (wide, port) {
        (Port::Range { protocol, first, last }, Port::Range { protocol: theirs, first: low, last: high }) => {
            protocol == theirs && first <= low && high <= last
        }
        _ => wide == port,
    }
}

/// Without peers that another of the same rule includes.
fn widest(peers: Vec<Peer>) -> Vec<Peer> {
    const MOST_COMPARED: usize = 256;
    if peers.len() > MOST_COMPARED {
        return peers;
    }
    let included = |peer: &Peer| {
        peers.iter().any(|other| match (peer, other) {
            (Peer::Pods(narrow), Peer::Pods(wide)) => peer != other && narrow.implies(wide),
            _ => false,
        })
    };
    peers.iter().filter(|peer| !included(peer)).cloned().collect()
}
