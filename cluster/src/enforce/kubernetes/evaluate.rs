//! The verdict, step by step as the API defines it:
//!
//! 1. a policy governs the pods of its own namespace that its `podSelector` selects, in the directions of its
//!    policy types;
//! 2. a pod that no policy governs in a direction permits everything there;
//! 3. a governed one permits what some rule of some governing policy permits, and nothing else;
//! 4. a flow is let through if the source's egress and the destination's ingress permit it; an address governs
//!    nothing.
//!
//! It is computed twice: with what surely matches, and with what may match in some network plugin. The difference
//! is what the specification leaves open. Points with the same governing policies share one side.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::points::{Match, Points};
use super::{Enforced, Number, Peer, Policy, Rule};
use crate::flow::{Bits, Flows, Point, PortRange, SetId, SetPermit, SideId, Sides, Space};
use crate::inventory::{ContainerPort, Protocol};

pub(super) fn enforce(policies: &[Policy], space: &Space) -> Enforced {
    let mut evaluator = Evaluator::new(policies, space);
    let egress = evaluator.sides(Direction::Egress);
    let ingress = evaluator.sides(Direction::Ingress);
    let permitted = Flows::from_grouped(space, &egress.certain, &ingress.certain);
    let undefined = if evaluator.open {
        Flows::from_grouped(space, &egress.possible, &ingress.possible).minus(&permitted)
    } else {
        Flows::empty(space)
    };
    Enforced { permitted, undefined }
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Ingress,
    Egress,
}

/// One direction's sides: with sure matches only, and with possible ones.
struct Verdicts<'p> {
    certain: Sides,
    possible: Sides,
    /// What the peers of a rule match, by the policy's namespace where that matters.
    peers: FxHashMap<(Option<&'p str>, &'p [Peer]), Peers>,
    /// What they match where a named port resolves to some number.
    declared: FxHashMap<(Peers, &'p str, Protocol), Vec<Permits>>,
}

/// A [`Match`], in both of a [`Verdicts`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Peers {
    certain: SetId,
    possible: SetId,
}

/// Peers on ports, in both of a [`Verdicts`].
#[derive(Clone, Copy)]
struct Permits {
    certain: SetPermit,
    possible: SetPermit,
}

/// A policy's rules of one direction over the points of the space.
#[derive(Default)]
struct Compiled<'p> {
    permits: Vec<Permits>,
    /// Ports of ingress rules that each governed pod resolves by itself, and the rule's peers.
    own: Vec<(&'p str, Protocol, Peers)>,
}

struct Evaluator<'p> {
    policies: &'p [Policy],
    space: &'p Space,
    points: Points<'p>,
    /// What a peer matches, by the policy's namespace where that matters.
    matches: FxHashMap<(Option<&'p str>, &'p Peer), Rc<Match>>,
    /// Whether something is left open: a match that is possible and not certain.
    open: bool,
}

impl<'p> Evaluator<'p> {
    fn new(policies: &'p [Policy], space: &'p Space) -> Evaluator<'p> {
        let points = Points::new(space);
        let open = !points.host_network.is_empty();
        Evaluator { policies, space, points, matches: FxHashMap::default(), open }
    }

    fn sides(&mut self, direction: Direction) -> Verdicts<'p> {
        let open = Sides::open(self.space.points.len());
        let (peers, declared) = (FxHashMap::default(), FxHashMap::default());
        let mut verdicts = Verdicts { certain: open.clone(), possible: open, peers, declared };
        let mut compiled: Vec<Compiled<'p>> = Vec::new();
        let mut governing: Vec<Vec<u32>> = vec![Vec::new(); self.space.points.len()];
        for policy in self.policies {
            let rules = match direction {
                Direction::Ingress => &policy.ingress,
                Direction::Egress => &policy.egress,
            };
            let Some(rules) = rules else { continue };
            let subjects =
                self.points.with_labels(self.points.in_namespace(&policy.namespace), &policy.subject);
            if subjects.is_empty() {
                continue;
            }
            subjects.iter().for_each(|point| governing[point as usize].push(compiled.len() as u32));
            let mut all = Compiled::default();
            rules.iter().for_each(|rule| self.compile(policy, rule, direction, &mut verdicts, &mut all));
            compiled.push(all);
        }

        let mut known = FxHashMap::default();
        for (point, policies) in governing.iter().enumerate().filter(|(_, policies)| !policies.is_empty()) {
            let Point::Pod(pod) = &self.space.points[point] else { continue };
            // Where no rule names a port of the pod's own, its ports make no difference.
            let named = policies.iter().any(|&policy| !compiled[policy as usize].own.is_empty());
            let own_ports: &[ContainerPort] = if named { &pod.ports } else { &[] };
            let key = (policies.as_slice(), own_ports, pod.host_network);
            let (sure, may) = *known.entry(key).or_insert_with(|| {
                let policies = policies.iter().map(|&policy| &compiled[policy as usize]);
                self.side(policies, own_ports, pod.host_network, &mut verdicts)
            });
            verdicts.certain.assign(point, sure);
            verdicts.possible.assign(point, may);
        }
        verdicts
    }

    /// What a governed pod permits: surely, and possibly.
    fn side<'c>(
        &self,
        policies: impl Iterator<Item = &'c Compiled<'p>>,
        own_ports: &[ContainerPort],
        host_network: bool,
        verdicts: &mut Verdicts<'_>,
    ) -> (SideId, SideId)
    where
        'p: 'c,
    {
        let (mut certain, mut possible) = (Vec::new(), Vec::new());
        let mut permit = |permits: Permits| {
            certain.push(permits.certain);
            possible.push(permits.possible);
        };
        for policy in policies {
            policy.permits.iter().copied().for_each(&mut permit);
            for (name, protocol, peers) in &policy.own {
                let named =
                    |port: &&ContainerPort| port.protocol == *protocol && port.name.as_deref() == Some(name);
                for port in own_ports.iter().filter(named) {
                    permit(verdicts.permits(*peers, &self.port(*protocol, port.number)));
                }
            }
        }
        let certain = verdicts.certain.closed(certain);
        // Whether a pod on the host's network is governed at all is left open.
        if host_network {
            return (certain, Sides::OPEN);
        }
        // As a peer it may be a pod like others, its node's address, or for ingress the pod's own node.
        if !self.points.host_network.is_empty() {
            let peers = verdicts.possible.set(&self.points.host_network);
            possible.push(SetPermit { peers, ports: verdicts.possible.set(&self.space.ports.all()) });
        }
        (certain, verdicts.possible.closed(possible))
    }

    fn compile(
        &mut self,
        policy: &'p Policy,
        rule: &'p Rule,
        direction: Direction,
        verdicts: &mut Verdicts<'p>,
        compiled: &mut Compiled<'p>,
    ) {
        let peers = self.peers(policy, &rule.peers, verdicts);
        if rule.ports.is_empty() {
            compiled.permits.push(verdicts.permits(peers, &self.space.ports.all()));
            return;
        }
        let mut numeric = Bits::new();
        for port in &rule.ports {
            match &port.number {
                Number::Range(first, last) => {
                    let range = PortRange { protocol: port.protocol, first: *first, last: *last };
                    numeric |= self.space.ports.of(range);
                }
                Number::Name(name) if direction == Direction::Ingress => {
                    compiled.own.push((name, port.protocol, peers));
                }
                Number::Name(name) => {
                    let key = (peers, name.as_ref(), port.protocol);
                    if !verdicts.declared.contains_key(&key) {
                        let found = self.declared(peers, name, port.protocol, verdicts);
                        verdicts.declared.insert(key, found);
                    }
                    compiled.permits.extend(&verdicts.declared[&key]);
                }
            }
        }
        if !numeric.is_empty() {
            compiled.permits.push(verdicts.permits(peers, &numeric));
        }
    }

    /// For each number that some of the peers declare under this name those that do.
    fn declared(
        &self,
        peers: Peers,
        name: &str,
        protocol: Protocol,
        verdicts: &mut Verdicts<'_>,
    ) -> Vec<Permits> {
        let mut found = Vec::new();
        for (number, pods) in self.points.named_port(name, protocol) {
            // A pod that is taken for its node has no named ports.
            let certain = &(verdicts.certain.get(peers.certain) & pods) - &self.points.host_network;
            let possible = verdicts.possible.get(peers.possible) & pods;
            if !possible.is_empty() {
                let declaring = verdicts.set(&Match { certain, possible });
                found.push(verdicts.permits(declaring, &self.port(protocol, number)));
            }
        }
        found
    }

    fn port(&self, protocol: Protocol, number: u16) -> Bits {
        self.space.ports.of(PortRange { protocol, first: number, last: number })
    }

    fn peers(&mut self, policy: &'p Policy, peers: &'p [Peer], verdicts: &mut Verdicts<'p>) -> Peers {
        let own = peers.iter().any(Peer::is_of_own_namespace).then_some(policy.namespace.as_ref());
        if let Some(&known) = verdicts.peers.get(&(own, peers)) {
            return known;
        }
        let mut found = Match::default();
        for peer in peers {
            let one = self.peer(policy, peer);
            found.certain |= &one.certain;
            found.possible |= &one.possible;
        }
        if peers.is_empty() {
            found = Match { certain: self.points.everyone.clone(), possible: self.points.everyone.clone() };
        }
        self.open |= found.certain != found.possible;
        let found = verdicts.set(&found);
        verdicts.peers.insert((own, peers), found);
        found
    }

    fn peer(&mut self, policy: &'p Policy, peer: &'p Peer) -> Rc<Match> {
        let own = peer.is_of_own_namespace().then_some(policy.namespace.as_ref());
        let points = &self.points;
        let found = self.matches.entry((own, peer)).or_insert_with(|| {
            Rc::new(match peer {
                Peer::Block(block) => points.in_block(block),
                Peer::Pods { namespaces, pods } => {
                    let among = match namespaces {
                        Some(selector) => points.in_namespaces(selector),
                        None => points.in_namespace(&policy.namespace),
                    };
                    let possible = match pods {
                        Some(selector) => points.with_labels(among, selector),
                        None => among,
                    };
                    Match { certain: &possible - &points.host_network, possible }
                }
            })
        });
        Rc::clone(found)
    }
}

impl Verdicts<'_> {
    fn set(&mut self, peers: &Match) -> Peers {
        Peers { certain: self.certain.set(&peers.certain), possible: self.possible.set(&peers.possible) }
    }

    fn permits(&mut self, peers: Peers, ports: &Bits) -> Permits {
        Permits {
            certain: SetPermit { peers: peers.certain, ports: self.certain.set(ports) },
            possible: SetPermit { peers: peers.possible, ports: self.possible.set(ports) },
        }
    }
}

impl Peer {
    fn is_of_own_namespace(&self) -> bool {
        matches!(self, Peer::Pods { namespaces: None, .. })
    }
}
