//! Things of the cluster and of a program in few words, for whatever an editor shows: counts, ports, ends, places.

use std::collections::BTreeMap;

use roaring::RoaringBitmap as Bits;
use weir_cluster::Inventory;
use weir_cluster::inventory::{Protocol, WorkloadId};

use super::{Open, Peer, Workspace};
use crate::address::AddressSet;
use crate::facts::Facts;
use crate::relation::Narrowing;
use crate::resolve::names::{self, Named};
use crate::resolve::program::{Ends, Port, Ports};
use crate::source::Place;

/// Of so many ranges of addresses each is told.
const RANGES: usize = 3;

/// `1 pod`, `3 pods`
pub(super) fn count(number: u64, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// The workloads of classes, in the order of the inventory.
pub(super) fn workloads(classes: &Bits, inventory: &Inventory) -> Vec<WorkloadId> {
    let of = |class: u32| inventory.classes.get(class as usize).map(|class| class.workload);
    let mut found: Vec<WorkloadId> = classes.iter().filter_map(of).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// How many pods run today; where manifests alone are known, how many workloads there are.
pub(super) fn crowd(classes: &Bits, inventory: &Inventory) -> String {
    let pods = |class: u32| inventory.classes.get(class as usize).map_or(0, |class| u64::from(class.pods));
    match (classes.iter().map(pods).sum(), workloads(classes, inventory).len()) {
        (0, 0) => "nothing today".to_owned(),
        (0, some) => count(some as u64, "workload"),
        (pods, _) => count(pods, "pod"),
    }
}

pub(super) fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

/// `TCP 80, 8000-8010; UDP 53`
pub(super) fn some_ports<'p>(ports: impl Iterator<Item = &'p Port>) -> String {
    let mut by_protocol: BTreeMap<Protocol, Vec<String>> = BTreeMap::new();
    for port in ports {
        let (under, word) = match port {
            Port::Range { protocol, first, last } if first == last => (protocol, first.to_string()),
            Port::Range { protocol, first, last } => (protocol, format!("{first}-{last}")),
            Port::Named { protocol, name } => (protocol, name.to_string()),
        };
        by_protocol.entry(*under).or_default().push(word);
    }
    let each = by_protocol.iter().map(|(under, words)| format!("{} {}", protocol(*under), words.join(", ")));
    each.collect::<Vec<_>>().join("; ")
}

/// What a sentence opens: ports, and what alone is said on them.
pub(super) fn opened(ports: &Ports, narrowed: Option<&Narrowing>) -> String {
    let ports = match (ports, narrowed) {
        (_, Some(Narrowing::Ping)) => return "ping".to_owned(),
        (Ports::All, _) => "every port".to_owned(),
        (Ports::These(ports), _) => some_ports(ports.iter()),
    };
    match narrowed {
        Some(Narrowing::Http(requests)) => {
            let words: Vec<String> =
                requests.iter().map(|(method, path)| format!("{method} {path}")).collect();
            format!("{ports} over HTTP {}", words.join(", "))
        }
        _ => ports,
    }
}

/// What several sentences open together.
pub(super) fn all_opened(open: &[Open]) -> String {
    let mut words: Vec<String> = Vec::new();
    for open in open {
        let word = opened(&open.ports, open.narrowed.as_ref());
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join("; ")
}

pub(super) fn peer(peer: &Peer, facts: &Facts<'_>) -> String {
    match peer {
        Peer::Workload(id) => names::spelled(facts.inventory, Named::Workload(*id), false),
        Peer::Other(other) => ends(other, facts),
    }
}

/// Ends as a sentence would name them, as far as there is a word.
pub(super) fn ends(ends: &Ends, facts: &Facts<'_>) -> String {
    match ends {
        Ends::Pods(pods) => crowd(&facts.ground(pods), facts.inventory),
        Ends::Outside(set) if set.is_whole_internet() => "internet".to_owned(),
        Ends::Outside(set) | Ends::Exactly(set) => addresses(set),
        Ends::Nodes => "nodes".to_owned(),
        Ends::ApiServer => "apiserver".to_owned(),
        Ends::Host(host) => host.clone(),
        Ends::Anywhere => "anywhere".to_owned(),
    }
}

fn addresses(set: &AddressSet) -> String {
    let networks = set.networks();
    let single = |net: &ipnet::IpNet| net.prefix_len() == net.max_prefix_len();
    let word = |net: &ipnet::IpNet| if single(net) { net.addr().to_string() } else { net.to_string() };
    let mut words: Vec<String> = networks.iter().take(RANGES).map(word).collect();
    if networks.len() > RANGES {
        words.push(format!("{} more", networks.len() - RANGES));
    }
    words.join(", ")
}

/// `shop.weir:3`
pub(super) fn place(workspace: &Workspace, place: Place) -> String {
    let source = workspace.sources.get(place.file);
    let before = source.text.as_bytes().iter().take(place.span.start as usize);
    format!("{}:{}", source.name, before.filter(|byte| **byte == b'\n').count() + 1)
}

/// `a`, `a and b`, `a, b and 3 more`
pub(super) fn capped(words: &[String], most: usize) -> String {
    match words.len().checked_sub(most) {
        None | Some(0) => words.join(", "),
        Some(more) => format!("{} and {more} more", words[..most].join(", ")),
    }
}

/// `"x"` as code of Markdown, whatever it holds.
pub(super) fn code(text: &str) -> String {
    match text.contains('`') {
        true => format!("`` {text} ``"),
        false => format!("`{text}`"),
    }
}
