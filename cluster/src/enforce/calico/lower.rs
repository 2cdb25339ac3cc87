//! From a rule of Calico's to rules of the engine: which peers on which port atoms, and which of the pods that are
//! governed it is about at all. Knows no order and no tiers.
//!
//! What a flow here does not have, and a rule may ask for, makes the rule possible and not certain: ports at the source,
//! the endpoints of services, and what HTTP requests say, into which packet filters do not look.

use std::collections::BTreeMap;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::entity::Entity;
use super::fields::{Port, Protocol};
use super::rule::{Action, Family, Icmp, Rule};
use super::whom::{End, Finder};
use crate::enforce::kubernetes::Direction;
use crate::enforce::points::{Match, Points};
use crate::enforce::verdict::{self, Ports, RulePath};
use crate::flow::{Bits, Carrier, PortRange, Space};
use crate::inventory::Protocol as WithPorts;
use crate::labels::Text;

/// Rules that are about the same ones of the governed pods.
pub(super) struct Run {
    /// `None` for all of them.
    pub own: Option<Rc<Match>>,
    pub rules: Vec<verdict::Rule>,
}

pub(super) struct Lowering<'p, 's> {
    pub finder: Finder<'p, 's>,
    space: &'s Space,
    points: &'p Points<'s>,
    direction: Direction,
    pub all_ports: Rc<Match>,
    atoms: FxHashMap<Asked<'p>, Atoms>,
    shared_atoms: FxHashMap<Vec<u32>, Rc<Match>>,
}

/// What a rule asks of the port atom of a flow, but for names of ports.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Asked<'p> {
    protocol: Option<Protocol>,
    not_protocol: Option<Protocol>,
    icmp: Option<Icmp>,
    not_icmp: Option<Icmp>,
    family: Option<Family>,
    /// Whether only what has ports counts.
    with_ports: bool,
    /// Numbers and ranges; where there is none, every port is meant.
    ports: &'p [Port],
    not_ports: &'p [Port],
}

/// The atoms that are asked for: those that exist in one family alone, and all others.
#[derive(Clone)]
struct Atoms {
    of_one_family: Rc<Match>,
    others: Rc<Match>,
}

/// A part of what a rule matches.
struct Piece {
    /// The governed pods that it is about, `None` for all.
    own: Option<Bits>,
    peers: Rc<Match>,
    ports: Ports,
}

/// Pods that declare the ports which a rule leaves out by name, with these ports.
struct Declaring {
    pods: Bits,
    ports: Match,
}

impl<'p, 's> Lowering<'p, 's> {
    pub(super) fn new(
        finder: Finder<'p, 's>,
        space: &'s Space,
        points: &'p Points<'s>,
        direction: Direction,
    ) -> Lowering<'p, 's> {
        let all_ports = Rc::new(Match::surely(space.ports.all()));
        let shared_atoms =
            FxHashMap::from_iter([(space.ports.all().iter().collect(), Rc::clone(&all_ports))]);
        Lowering { finder, space, points, direction, all_ports, atoms: FxHashMap::default(), shared_atoms }
    }

    pub(super) fn list(&self) -> &'static str {
        if self.direction == Direction::Ingress { "ingress" } else { "egress" }
    }

    /// The rules of a policy in this namespace, in their order.
    pub(super) fn runs(&mut self, namespace: Option<&'p str>, rules: &'p [Rule]) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let action = match rule.action {
                Action::Allow => verdict::Action::Allow,
                Action::Deny => verdict::Action::Deny,
                Action::Pass => verdict::Action::Pass,
                Action::Log => continue,
            };
            let path = RulePath { spec: None, list: self.list(), index: index as u32 };
            let (own, _) = self.ends(rule);
            let own = self.finder.end(namespace, &own.whom).points;
            for Piece { own: some, peers, ports } in self.pieces(namespace, rule) {
                let own = match some {
                    Some(pods) => {
                        let pods = self.finder.share(Match::surely(pods));
                        self.finder.both(&own, &pods)
                    }
                    None => Rc::clone(&own),
                };
                let own = (!Rc::ptr_eq(&own, &self.finder.everyone)).then_some(own);
                let rule = verdict::Rule { path, action, peers, ports };
                match runs.last_mut() {
                    Some(run) if same(&run.own, &own) => run.rules.push(rule),
                    _ => runs.push(Run { own, rules: vec![rule] }),
                }
            }
        }
        runs
    }

    /// The governed end of a rule, and the other one.
    fn ends(&self, rule: &'p Rule) -> (&'p Entity, &'p Entity) {
        match self.direction {
            Direction::Ingress => (&rule.destination, &rule.source),
            Direction::Egress => (&rule.source, &rule.destination),
        }
    }

    fn pieces(&mut self, namespace: Option<&'p str>, rule: &'p Rule) -> Vec<Piece> {
        let (own, peer) = self.ends(rule);
        let mut end = self.finder.end(namespace, &peer.whom);
        let unknown = !rule.source.ports.is_empty()
            || !rule.source.not_ports.is_empty()
            || own.whom.service.is_some()
            || peer.whom.service.is_some()
            || rule.http;
        if unknown {
            end = End {
                points: self.finder.weakened(&end.points),
                endpoints: self.finder.weakened(&end.endpoints),
            };
        }
        let family = rule.families();
        let narrowed = match family {
            Some(family) => {
                let family = self.finder.family(family);
                End {
                    points: self.finder.both(&end.points, &family),
                    endpoints: self.finder.both(&end.endpoints, &family),
                }
            }
            None => end.clone(),
        };
        let asked = |ports: &'p [Port]| Asked {
            protocol: rule.protocol,
            not_protocol: rule.not_protocol,
            icmp: rule.icmp,
            not_icmp: rule.not_icmp,
            family,
            with_ports: !rule.source.ports.is_empty() || rule.destination.whom.service.is_some(),
            ports,
            not_ports: &rule.destination.not_ports,
        };
        let named = |ports: &'p [Port]| {
            ports.iter().filter_map(|port| match port {
                Port::Name(name) => Some(name),
                Port::Range(..) => None,
            })
        };
        let destination = &rule.destination;
        let mut pieces = Vec::new();
        if destination.ports.is_empty()
            || destination.ports.iter().any(|port| matches!(port, Port::Range(..)))
        {
            let atoms = self.atoms(asked(&destination.ports));
            for (peers, ports) in [(&end.points, atoms.of_one_family), (&narrowed.points, atoms.others)] {
                if !ports.possible.is_empty() {
                    pieces.push(Piece { own: None, peers: Rc::clone(peers), ports: Ports::These(ports) });
                }
            }
        }
        let others = self.atoms(asked(&[])).others;
        for name in named(&destination.ports) {
            self.by_name(rule, name, &narrowed, &others, &mut pieces);
        }
        let left_out: Vec<&Text> = named(&destination.not_ports).collect();
        if left_out.is_empty() {
            return pieces;
        }
        let declaring = self.declaring(rule, &left_out);
        pieces.into_iter().flat_map(|piece| self.without(piece, &declaring)).collect()
    }

    /// A port by its name: of the governed pod for ingress, and of the peer for egress.
    fn by_name(
        &mut self,
        rule: &'p Rule,
        name: &'p Text,
        end: &End,
        among: &Rc<Match>,
        pieces: &mut Vec<Piece>,
    ) {
        for (protocols, sure) in name_protocols(rule) {
            if self.direction == Direction::Ingress {
                let peers = if sure { Rc::clone(&end.points) } else { self.finder.weakened(&end.points) };
                let ports = Ports::Own { name: name.clone(), protocols, saying: Some(Rc::clone(among)) };
                pieces.push(Piece { own: None, peers, ports });
                continue;
            }
            let end = if sure { Rc::clone(&end.endpoints) } else { self.finder.weakened(&end.endpoints) };
            for &protocol in protocols {
                let points = self.points;
                for (first, pods) in points.named_port(name, protocol) {
                    let range = PortRange { protocol: protocol.into(), first, last: first };
                    let atoms = &self.space.ports.of(range) & &among.possible;
                    let pods = self.finder.share(Match::surely(pods.clone()));
                    let peers = self.finder.both(&end, &pods);
                    if !peers.possible.is_empty() && !atoms.is_empty() {
                        let ports = Ports::These(self.shared(atoms));
                        pieces.push(Piece { own: None, peers, ports });
                    }
                }
            }
        }
    }

    /// The pods that declare ports of these names, those with the same ports together.
    fn declaring(&self, rule: &Rule, names: &[&Text]) -> Vec<Declaring> {
        let mut of_pod: BTreeMap<u32, Vec<(u32, bool)>> = BTreeMap::new();
        for name in names {
            for (protocols, sure) in name_protocols(rule) {
                for &protocol in protocols {
                    for (first, pods) in self.points.named_port(name, protocol) {
                        let atoms =
                            self.space.ports.of(PortRange { protocol: protocol.into(), first, last: first });
                        for pod in &(pods - &self.points.host_network) {
                            of_pod.entry(pod).or_default().extend(atoms.iter().map(|atom| (atom, sure)));
                        }
                    }
                }
            }
        }
        let mut groups: BTreeMap<Vec<(u32, bool)>, Bits> = BTreeMap::new();
        for (pod, mut atoms) in of_pod {
            atoms.sort_unstable();
            groups.entry(atoms).or_default().insert(pod);
        }
        let group = |(atoms, pods): (Vec<(u32, bool)>, Bits)| {
            let certain = atoms.iter().filter(|(_, sure)| *sure).map(|(atom, _)| *atom).collect();
            let ports = Match { certain, possible: atoms.iter().map(|(atom, _)| *atom).collect() };
            Declaring { pods, ports }
        };
        groups.into_iter().map(group).collect()
    }

    /// A piece without the ports that are left out by name.
    fn without(&mut self, piece: Piece, declaring: &[Declaring]) -> Vec<Piece> {
        let nobody = Declaring { pods: Bits::new(), ports: Match::default() };
        let mut rest = self.points.everyone.clone();
        declaring.iter().for_each(|group| rest -= &group.pods);
        let groups = declaring.iter().map(|group| (group, group.pods.clone())).chain([(&nobody, rest)]);
        let mut found = Vec::new();
        for (group, pods) in groups {
            let ports = match &piece.ports {
                Ports::These(ports) => Ports::These(Rc::new(ports.minus(&group.ports))),
                Ports::Own { name, protocols, saying } => {
                    let saying = saying.as_ref().unwrap_or(&self.all_ports).minus(&group.ports);
                    Ports::Own { name: name.clone(), protocols, saying: Some(Rc::new(saying)) }
                }
            };
            if self.direction == Direction::Ingress {
                found.push(Piece { own: Some(pods), peers: Rc::clone(&piece.peers), ports });
            } else {
                let pods = self.finder.share(Match::surely(pods));
                found.push(Piece { own: None, peers: self.finder.both(&piece.peers, &pods), ports });
            }
        }
        found
    }

    fn atoms(&mut self, asked: Asked<'p>) -> Atoms {
        if let Some(known) = self.atoms.get(&asked) {
            return known.clone();
        }
        let ports = &self.space.ports;
        let mut found = match asked.protocol {
            Some(protocol) => ports.of(Rule::range(protocol)),
            None => ports.all(),
        };
        if let Some(protocol) = asked.not_protocol {
            found -= ports.of(Rule::range(protocol));
        }
        let both = [Carrier::Icmp, Carrier::Icmpv6];
        if let Some(icmp) = asked.icmp {
            let messages = both.map(|carrier| ports.of(icmp.range(carrier)));
            found &= messages.into_iter().fold(Bits::new(), |all, one| all | one);
        }
        if let Some(icmp) = asked.not_icmp {
            both.into_iter().for_each(|carrier| found -= ports.of(icmp.range(carrier)));
        }
        if let Some(family) = asked.family {
            found -= ports.of(PortRange::all(family.foreign()));
        }
        if asked.with_ports {
            let carriers = [Carrier::Tcp, Carrier::Udp, Carrier::Sctp];
            let all = carriers.map(|carrier| ports.of(PortRange::all(carrier)));
            found &= all.into_iter().fold(Bits::new(), |all, one| all | one);
        }
        if let Some(protocol) = asked.protocol.map(Protocol::carrier) {
            let of = |listed: &[Port]| {
                let mut atoms = Bits::new();
                for port in listed {
                    if let Port::Range(first, last) = *port {
                        atoms |= ports.of(PortRange { protocol, first, last });
                    }
                }
                atoms
            };
            if !asked.ports.is_empty() {
                found &= of(asked.ports);
            }
            found -= of(asked.not_ports);
        }
        let mut alone = Bits::new();
        if asked.family.is_some() {
            both.into_iter().for_each(|carrier| alone |= ports.of(PortRange::all(carrier)));
            alone &= &found;
        }
        found -= &alone;
        let atoms = Atoms { of_one_family: self.shared(alone), others: self.shared(found) };
        self.atoms.insert(asked, atoms.clone());
        atoms
    }

    fn shared(&mut self, atoms: Bits) -> Rc<Match> {
        let known = self.shared_atoms.entry(atoms.iter().collect());
        Rc::clone(known.or_insert_with(|| Rc::new(Match::surely(atoms))))
    }
}

fn same(one: &Option<Rc<Match>>, other: &Option<Rc<Match>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Rc::ptr_eq(one, other),
        _ => false,
    }
}

/// The protocols of which a rule means a port that it names, and whether it surely does: without a protocol of its own,
/// packet filters take the name for one of TCP.
fn name_protocols(rule: &Rule) -> Vec<(&'static [WithPorts], bool)> {
    let of = |carrier: Carrier| -> Option<&'static [WithPorts]> {
        Some(match carrier.protocol()? {
            WithPorts::Tcp => &[WithPorts::Tcp],
            WithPorts::Udp => &[WithPorts::Udp],
            WithPorts::Sctp => &[WithPorts::Sctp],
        })
    };
    let all = match rule.protocol {
        Some(protocol) => vec![(protocol.carrier(), true)],
        None => vec![(Carrier::Tcp, true), (Carrier::Udp, false), (Carrier::Sctp, false)],
    };
    let left_out = rule.not_protocol.map(Protocol::carrier);
    let meant = all.into_iter().filter(|(carrier, _)| Some(*carrier) != left_out);
    meant.filter_map(|(carrier, sure)| of(carrier).map(|protocols| (protocols, sure))).collect()
}
