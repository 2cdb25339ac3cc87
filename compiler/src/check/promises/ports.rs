//! Ports that two sentences speak of: whether they meet, and what one has beyond the other.

use std::collections::BTreeSet;

use roaring::RoaringBitmap as Bits;
use weir_cluster::Inventory;
use weir_cluster::inventory::{ContainerPort, Protocol};
use weir_cluster::labels::Text;

use crate::resolve::program::{Port, Ports, SomePorts};

/// When two sets of ports have one in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meet {
    Never,
    /// Names of ports meet numbers that no pod gives them today.
    Later,
    Today,
}

/// `classes`: the destinations, which say what number a named port has.
pub(super) fn meet(a: &Ports, b: &Ports, classes: &Bits, inventory: &Inventory) -> Meet {
    let (Ports::These(a), Ports::These(b)) = (a, b) else { return Meet::Today };
    let pairs = a.iter().flat_map(|ours| b.iter().map(move |theirs| (ours, theirs)));
    pairs.map(|(ours, theirs)| one(ours, theirs, classes, inventory)).max().unwrap_or(Meet::Never)
}

fn one(a: &Port, b: &Port, classes: &Bits, inventory: &Inventory) -> Meet {
    match (a, b) {
        (Port::Range { protocol, first, last }, Port::Range { protocol: other, first: low, last: high }) => {
            if protocol == other && first <= high && low <= last {
                Meet::Today
            } else {
                Meet::Never
            }
        }
        (Port::Named { protocol, name }, Port::Range { protocol: other, first, last })
        | (Port::Range { protocol: other, first, last }, Port::Named { protocol, name }) => {
            if protocol != other {
                return Meet::Never;
            }
            let hit = |number: u16| (*first..=*last).contains(&number);
            if numbers(*protocol, name, classes, inventory).into_iter().any(hit) {
                Meet::Today
            } else {
                Meet::Later
            }
        }
        (Port::Named { protocol, name }, Port::Named { protocol: other, name: theirs }) => {
            if protocol != other {
                return Meet::Never;
            }
            if name == theirs {
                return Meet::Today;
            }
            let ours = numbers(*protocol, name, classes, inventory);
            let shared = !ours.is_disjoint(&numbers(*protocol, theirs, classes, inventory));
            if shared { Meet::Today } else { Meet::Never }
        }
    }
}

fn numbers(protocol: Protocol, name: &Text, classes: &Bits, inventory: &Inventory) -> BTreeSet<u16> {
    let named = |port: &&ContainerPort| port.protocol == protocol && port.name.as_ref() == Some(name);
    let classes = classes.iter().filter_map(|class| inventory.classes.get(class as usize));
    classes.flat_map(|class| class.ports.iter().filter(named)).map(|port| port.number).collect()
}

/// The ports of `ours` that `theirs` has not; `None` where it has them all.
pub(super) fn minus(ours: &Ports, theirs: &Ports) -> Option<Ports> {
    match (ours, theirs) {
        (_, Ports::All) => None,
        (Ports::All, Ports::These(_)) => Some(Ports::All),
        (Ports::These(ours), Ports::These(theirs)) => {
            let mut rest = BTreeSet::new();
            for port in ours.iter() {
                match port {
                    Port::Named { .. } if theirs.iter().any(|other| other == port) => {}
                    Port::Named { .. } => {
                        rest.insert(port.clone());
                    }
                    Port::Range { protocol, first, last } => {
                        let pieces = beyond(*protocol, *first, *last, theirs);
                        let range = |(first, last)| Port::Range { protocol: *protocol, first, last };
                        rest.extend(pieces.into_iter().map(range));
                    }
                }
            }
            SomePorts::new(rest).map(Ports::These)
        }
    }
}

fn beyond(protocol: Protocol, first: u16, last: u16, theirs: &SomePorts) -> Vec<(u16, u16)> {
    let mut holes: Vec<(u16, u16)> = theirs
        .iter()
        .filter_map(|port| match port {
            Port::Range { protocol: other, first, last } if *other == protocol => Some((*first, *last)),
            _ => None,
        })
        .collect();
    holes.sort_unstable();
    let mut pieces = Vec::new();
    let mut at = u32::from(first);
    for (low, high) in holes {
        if u32::from(low) > at && at <= u32::from(last) {
            pieces.push((at as u16, (low - 1).min(last)));
        }
        at = at.max(u32::from(high) + 1);
    }
    if at <= u32::from(last) {
        pieces.push((at as u16, last));
    }
    pieces
}
