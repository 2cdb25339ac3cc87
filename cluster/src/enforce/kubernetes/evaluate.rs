//! The verdict, step by step as the API defines it:
//!
//! 1. a policy governs the pods of its own namespace that its `podSelector` selects, in the directions of its
//!    policy types;
//! 2. a pod that no policy governs in a direction permits everything there;
//! 3. a governed one permits what some rule of some governing policy permits, and nothing else.
//!
//! What the specification leaves open is possible and not certain: whether pods on the host's network are pods, whether
//! a block of addresses holds pods, and what has no ports where a rule names some.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{Number, Peer, Policy, Port, Rule};
use crate::enforce::cilium::identity_has;
use crate::enforce::points::{Match, Points};
use crate::enforce::selector::{Selector, Test};
use crate::enforce::verdict::{self, Action, Ports, RulePath, Tier};
use crate::flow::{Bits, PortRange, Space};
use crate::inventory::Protocol;
use crate::labels::Text;

#[derive(Clone, Copy, PartialEq)]
pub(in crate::enforce) enum Direction {
    Ingress,
    Egress,
}

/// Whose reading of the specification, where it leaves a choice.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::enforce) enum Reading {
    /// Whatever it leaves open stays so.
    Open,
    /// Calico's: blocks match pods by their addresses, what has no ports is governed like all else, and pods on the host's
    /// network are their nodes' addresses.
    Calico,
    /// Cilium's: blocks match what is outside of the cluster, nodes and pods only if they are told to, what has no ports is
    /// governed like all else, pods on the host's network are their nodes, and some labels are no part of a pod's identity.
    Cilium { nodes: bool, pods: bool },
}

/// The policies, each with the number of its object, as one tier.
pub(in crate::enforce) fn tier(
    policies: &[(u32, Policy)],
    space: &Space,
    points: &Points<'_>,
    reading: Reading,
    direction: Direction,
) -> Tier {
    let mut evaluator = Evaluator {
        space,
        points,
        reading,
        direction,
        all_ports: Rc::new(Match::surely(space.ports.all())),
        everyone: Rc::new(Match::surely(points.everyone.clone())),
        on_the_host: Rc::new(Match { certain: Bits::new(), possible: points.host_network.clone() }),
        beyond_ports: (reading == Reading::Open).then(|| beyond_ports(space)).flatten(),
        peer: FxHashMap::default(),
        peers: FxHashMap::default(),
        ports: FxHashMap::default(),
    };
    let mut tier = Tier::default();
    for (object, policy) in policies {
        let rules = match direction {
            Direction::Ingress => &policy.ingress,
            Direction::Egress => &policy.egress,
        };
        let Some(rules) = rules else { continue };
        let possible = pods(points, reading, points.in_namespace(&policy.namespace), &policy.subject);
        if possible.is_empty() {
            continue;
        }
        // Whether a pod on the host's network is governed at all is left open.
        let certain = &possible - &points.host_network;
        let possible = if reading == Reading::Open { possible } else { certain.clone() };
        tier.policies.push(verdict::Policy {
            object: *object,
            rank: 0,
            subjects: Rc::new(Match { certain, possible }),
            closes: true,
            rules: evaluator.rules(policy, rules),
        });
    }
    tier
}

struct Evaluator<'p, 's> {
    space: &'s Space,
    points: &'p Points<'s>,
    reading: Reading,
    direction: Direction,
    all_ports: Rc<Match>,
    everyone: Rc<Match>,
    on_the_host: Rc<Match>,
    /// What has no ports, if the space holds it and the specification says nothing of it.
    beyond_ports: Option<Rc<Match>>,
    /// What a peer matches, by the policy's namespace where that matters.
    peer: FxHashMap<(Option<&'p str>, &'p Peer), Rc<Match>>,
    /// What the peers of a rule match together.
    peers: FxHashMap<(Option<&'p str>, &'p [Peer]), Rc<Match>>,
    ports: FxHashMap<Vec<&'p Port>, Rc<Match>>,
}

impl<'p> Evaluator<'p, '_> {
    fn rules(&mut self, policy: &'p Policy, rules: &'p [Rule]) -> Vec<verdict::Rule> {
        let list = if self.direction == Direction::Ingress { "ingress" } else { "egress" };
        let mut written = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let path = RulePath { spec: None, list, index: index as u32 };
            let peers = self.peers(policy, &rule.peers);
            self.allow(path, peers, rule, &mut written);
        }
        let path = RulePath { spec: None, list, index: 0 };
        if self.reading == Reading::Open && !self.points.host_network.is_empty() {
            // As a peer it may be a pod like others, its node's address, or for ingress the pod's own node.
            let (peers, ports) = (Rc::clone(&self.on_the_host), Ports::These(Rc::clone(&self.all_ports)));
            written.push(verdict::Rule { path, action: Action::Allow, peers, ports });
        }
        if let Some(open) = &self.beyond_ports {
            let (peers, ports) = (Rc::clone(&self.everyone), Ports::These(Rc::clone(open)));
            written.push(verdict::Rule { path, action: Action::Allow, peers, ports });
        }
        written
    }

    fn allow(&mut self, path: RulePath, peers: Rc<Match>, rule: &'p Rule, written: &mut Vec<verdict::Rule>) {
        let mut allow = |peers: &Rc<Match>, ports: Ports| {
            written.push(verdict::Rule { path, action: Action::Allow, peers: Rc::clone(peers), ports });
        };
        if rule.ports.is_empty() {
            return allow(&peers, Ports::These(Rc::clone(&self.all_ports)));
        }
        let mut numeric = Vec::new();
        for port in &rule.ports {
            match &port.number {
                Number::Range(..) => numeric.push(port),
                Number::Name(name) if self.direction == Direction::Ingress => {
                    allow(
                        &peers,
                        Ports::Own { name: name.clone(), protocols: only(port.protocol), saying: None },
                    );
                }
                Number::Name(name) => {
                    for (number, peers) in self.declared(&peers, name, port.protocol) {
                        let (protocol, first) = (port.protocol.into(), number);
                        let atoms = self.space.ports.of(PortRange { protocol, first, last: first });
                        allow(&Rc::new(peers), Ports::These(Rc::new(Match::surely(atoms))));
                    }
                }
            }
        }
        if !numeric.is_empty() {
            let ports = self.numeric(numeric);
            allow(&peers, Ports::These(ports));
        }
    }

    fn numeric(&mut self, ports: Vec<&'p Port>) -> Rc<Match> {
        let space = self.space;
        let made = self.ports.entry(ports).or_insert_with_key(|ports| {
            let ranges = ports.iter().filter_map(|port| port.range());
            Rc::new(Match::surely(ranges.fold(Bits::new(), |all, range| all | space.ports.of(range))))
        });
        Rc::clone(made)
    }

    /// For each number that some of the peers declare under this name those that do.
    fn declared(&self, peers: &Match, name: &Text, protocol: Protocol) -> Vec<(u16, Match)> {
        let mut found = Vec::new();
        for (number, pods) in self.points.named_port(name, protocol) {
            // A pod that is taken for its node has no named ports.
            let certain = &(&peers.certain & pods) - &self.points.host_network;
            let possible = &peers.possible & pods;
            if !possible.is_empty() {
                found.push((number, Match { certain, possible }));
            }
        }
        found
    }

    fn peers(&mut self, policy: &'p Policy, peers: &'p [Peer]) -> Rc<Match> {
        if peers.is_empty() {
            return Rc::clone(&self.everyone);
        }
        let own = peers.iter().any(Peer::is_of_own_namespace).then_some(policy.namespace.as_ref());
        if let Some(known) = self.peers.get(&(own, peers)) {
            return Rc::clone(known);
        }
        let found = match peers {
            [peer] => self.peer(policy, peer),
            peers => {
                let mut found = Match::default();
                peers.iter().for_each(|peer| found.join(&self.peer(policy, peer)));
                Rc::new(found)
            }
        };
        self.peers.insert((own, peers), Rc::clone(&found));
        found
    }

    fn peer(&mut self, policy: &'p Policy, peer: &'p Peer) -> Rc<Match> {
        let own = peer.is_of_own_namespace().then_some(policy.namespace.as_ref());
        let (points, reading) = (self.points, self.reading);
        let found = self.peer.entry((own, peer)).or_insert_with(|| {
            Rc::new(match peer {
                Peer::Block(block) => {
                    let within = points.within(block);
                    let mut found = within.addresses;
                    match reading {
                        // Some plugins hold blocks to be about addresses outside of the cluster.
                        Reading::Open => found.possible |= within.pods.possible,
                        Reading::Calico => found.join(&within.pods),
                        Reading::Cilium { nodes, pods } => {
                            found = points.beyond_cluster(found, within.pods, (nodes, pods));
                        }
                    }
                    found
                }
                Peer::Pods { namespaces, pods } => {
                    let among = match namespaces {
                        Some(selector) => points.in_namespaces(selector),
                        None => points.in_namespace(&policy.namespace),
                    };
                    let possible = match pods {
                        Some(selector) => self::pods(points, reading, among, selector),
                        None => among,
                    };
                    let certain = &possible - &points.host_network;
                    let possible = if reading == Reading::Open { possible } else { certain.clone() };
                    Match { certain, possible }
                }
            })
        });
        Rc::clone(found)
    }
}

/// Of these pods those whose labels satisfy a selector.
fn pods(points: &Points<'_>, reading: Reading, among: Bits, selector: &Selector) -> Bits {
    let kept = |key: &Text| !matches!(reading, Reading::Cilium { .. }) || identity_has(key);
    if selector.requirements.keys().all(kept) {
        return points.labels.select(among, selector);
    }
    // Who has no such label is not selected by it, and not left out for it either.
    let needs = |test: &Test| matches!(test, Test::In(_) | Test::Exists);
    let (kept, gone): (Vec<_>, Vec<_>) = selector.requirements.iter().partition(|(key, _)| kept(key));
    if gone.iter().any(|(_, tests)| tests.iter().any(needs)) {
        return Bits::new();
    }
    let requirements = kept.into_iter().map(|(key, tests)| (key.clone(), tests.clone())).collect();
    points.labels.select(among, &Selector { requirements })
}

fn beyond_ports(space: &Space) -> Option<Rc<Match>> {
    let beyond = |at: &u32| space.ports.atom(*at as usize).protocol.protocol().is_none();
    let possible: Bits = (0..space.ports.len() as u32).filter(beyond).collect();
    (!possible.is_empty()).then(|| Rc::new(Match { certain: Bits::new(), possible }))
}

fn only(protocol: Protocol) -> &'static [Protocol] {
    match protocol {
        Protocol::Tcp => &[Protocol::Tcp],
        Protocol::Udp => &[Protocol::Udp],
        Protocol::Sctp => &[Protocol::Sctp],
    }
}

impl Peer {
    fn is_of_own_namespace(&self) -> bool {
        matches!(self, Peer::Pods { namespaces: None, .. })
    }
}
