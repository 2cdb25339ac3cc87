//! Merged rules in Calico's form: one end, one protocol and one family a rule. An end that is anyone is not written.

use std::collections::{BTreeMap, BTreeSet};

use weir_cluster::inventory::Protocol;
use weir_cluster::labels::Text;
use weir_grammar::ast::Direction;

use super::addresses::Sets;
use super::objects::{Action, Entity, Icmp, PortText, Rule};
use super::selectors;
use crate::address::Block;
use crate::relation::Narrowing;
use crate::resolve::program::{Port, Ports};
use crate::selector::{Conjunction, Constraint, Constraints, Key};
use crate::target::merge::{MergedRule, SomePeers};
use crate::target::non_empty::NonEmpty;
use crate::target::peer::Peer;

/// The most ports of one rule, by the schema of its objects.
const MOST_PORTS: usize = 50;
/// Echo requests of both families.
const PINGS: [(u8, &str, u8); 2] = [(4, "ICMP", 8), (6, "ICMPv6", 128)];

pub(super) fn rules(
    merged: &[MergedRule],
    direction: Direction,
    action: Action,
    sets: &mut Sets,
) -> Vec<Rule> {
    let mut all = Vec::new();
    for rule in merged {
        let whats = match rule.narrowed {
            Some(Narrowing::Ping) => pings(),
            // Requests of HTTP are refused before: this target would open the whole port.
            Some(Narrowing::Http(_)) => continue,
            None => whats(&rule.ports),
        };
        for (family, far) in entities(&rule.peers, sets) {
            for what in &whats {
                if family.is_some() && what.family.is_some() && family != what.family {
                    continue;
                }
                let mut far = far.clone();
                let (source, destination) = match direction {
                    Direction::Ingress => (far, Entity { ports: what.ports.clone(), ..Entity::default() }),
                    Direction::Egress => {
                        far.ports.clone_from(&what.ports);
                        (Entity::default(), far)
                    }
                };
                all.push(Rule {
                    action,
                    ip_version: family.or(what.family),
                    protocol: what.protocol,
                    icmp: what.icmp,
                    source,
                    destination,
                });
            }
        }
    }
    all
}

/// What one rule is about, whoever is at its ends.
struct What {
    family: Option<u8>,
    protocol: Option<&'static str>,
    icmp: Option<Icmp>,
    ports: Option<NonEmpty<PortText>>,
}

fn pings() -> Vec<What> {
    let ping = |(family, protocol, kind)| What {
        family: Some(family),
        protocol: Some(protocol),
        icmp: Some(Icmp { kind }),
        ports: None,
    };
    PINGS.into_iter().map(ping).collect()
}

/// All ports are every protocol: none is written.
fn whats(ports: &Ports) -> Vec<What> {
    let Ports::These(ports) = ports else {
        return vec![What { family: None, protocol: None, icmp: None, ports: None }];
    };
    let mut by_protocol: BTreeMap<Protocol, Vec<PortText>> = BTreeMap::new();
    for port in ports.iter() {
        match port {
            Port::Range { protocol, first, last } => {
                by_protocol.entry(*protocol).or_default().extend(range(*first, *last));
            }
            Port::Named { protocol, name } => {
                by_protocol.entry(*protocol).or_default().push(PortText::Text(name.to_string()));
            }
        }
    }
    let mut all = Vec::new();
    for (protocol, ports) in by_protocol {
        for some in ports.chunks(MOST_PORTS) {
            let protocol = Some(protocol_name(protocol));
            all.push(What { family: None, protocol, icmp: None, ports: NonEmpty::new(some.to_vec()) });
        }
    }
    all
}

/// YAML of old reads `20:21` as a number to the base of sixty: such ranges are written out.
fn range(first: u16, last: u16) -> Vec<PortText> {
    const SIXTY: u16 = 60;
    match first == last || last < SIXTY {
        true => (first..=last).map(PortText::Number).collect(),
        false => vec![PortText::Text(format!("{first}:{last}"))],
    }
}

fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

/// The far ends of rules that are about these peers, with their family where they have only one.
fn entities(peers: &SomePeers, sets: &mut Sets) -> Vec<(Option<u8>, Entity)> {
    let SomePeers::These(first, rest) = peers else { return vec![(None, Entity::default())] };
    let mut pods: Vec<&Conjunction> = Vec::new();
    let mut blocks: Vec<&Block> = Vec::new();
    for peer in std::iter::once(first).chain(rest) {
        match peer {
            Peer::Pods(set) => pods.push(set),
            Peer::Block(block) => blocks.push(block),
            // Nodes and API server are their addresses here, and host names are refused.
            Peer::Anywhere | Peer::Nodes | Peer::OwnNode | Peer::ApiServer | Peer::Host(_) => {}
        }
    }
    let mut all = Vec::new();
    for set in joined(&pods) {
        for selectors in selectors::of(&set).unwrap_or_default() {
            let entity = Entity {
                namespace_selector: Some(selectors.namespaces),
                selector: Some(selectors.pods),
                ..Entity::default()
            };
            all.push((None, entity));
        }
    }
    all.extend(sets.entities(&blocks));
    all
}

/// The same pods in fewer sets: those that differ in the values of one label alone become one with all of these values.
fn joined(sets: &[&Conjunction]) -> Vec<Conjunction> {
    let mut all: Vec<Conjunction> = sets.iter().map(|set| (*set).clone()).collect();
    if all.len() < 2 {
        return all;
    }
    let keys: BTreeSet<Key> =
        all.iter().flat_map(|set| set.pods.iter().map(|(key, _)| key.clone())).collect();
    for key in &keys {
        all = joined_by(all, key, |set| &mut set.pods);
    }
    joined_by(all, &Key::namespace_name(), |set| &mut set.namespaces)
}

fn joined_by(
    sets: Vec<Conjunction>,
    key: &Key,
    part: fn(&mut Conjunction) -> &mut Constraints,
) -> Vec<Conjunction> {
    let mut apart = Vec::new();
    let mut by_rest: BTreeMap<Conjunction, BTreeSet<Text>> = BTreeMap::new();
    for mut set in sets {
        let own = part(&mut set);
        let values: Option<Vec<Text>> =
            own.get(key).and_then(Constraint::one_of).map(|values| values.cloned().collect());
        match values {
            Some(values) => {
                *own = own.without(key);
                by_rest.entry(set).or_default().extend(values);
            }
            None => apart.push(set),
        }
    }
    for (mut set, values) in by_rest {
        let own = part(&mut set);
        if let Some(whole) = own.clone().with(key.clone(), Constraint::within(values)) {
            *own = whole;
            apart.push(set);
        }
    }
    apart.sort_unstable();
    apart
}
