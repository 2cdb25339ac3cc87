//! The verdict, step by step as the API defines it:
//!
//! 1. policies of the Admin tier that select the pod are asked by priority, each its rules in order; the first that
//!    matches accepts, denies, or passes on what is left to step 2;
//! 2. if some NetworkPolicy governs the pod, it has the last word;
//! 3. policies of the Baseline tier are asked like those of the Admin tier;
//! 4. what nothing decides is permitted: no policy here isolates a pod by being there.
//!
//! A rule matches if one of its peers does and one of its ports; without ports it is about all traffic. Pods on the host's
//! network are neither subjects nor peers that are pods: they are addresses of nodes. What the specification leaves
//! open is possible and not certain: the order of policies of one priority, addresses that are not known, and which of the
//! nodes have some label.

use std::rc::Rc;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use super::{Domain, Peer, Pods, Policy, Port, Rule, Stage};
use crate::enforce::kubernetes::Direction;
use crate::enforce::points::{Block, Match, Points};
use crate::enforce::selector::Selector;
use crate::enforce::verdict::{self, Ports, RulePath, Tier};
use crate::flow::{AddressKind, Bits, Point, PortRange, Space};
use crate::inventory::Protocol;
use crate::labels::Text;

const PROTOCOLS: &[Protocol] = &[Protocol::Tcp, Protocol::Udp, Protocol::Sctp];

/// The tiers before and after NetworkPolicy.
pub(super) fn tiers(
    policies: &[(u32, Policy)],
    space: &Space,
    points: &Points<'_>,
    direction: Direction,
) -> [Tier; 2] {
    let mut evaluator = Evaluator::new(space, points, direction);
    [Stage::Admin, Stage::Baseline].map(|stage| {
        let here = policies.iter().filter(|(_, policy)| policy.stage == stage);
        // Nobody says when a policy without a priority is asked among others that have one.
        let ordered = here.clone().all(|(_, policy)| policy.priority.is_some());
        let mut tier = Tier::default();
        for (object, policy) in here {
            let rules = match direction {
                Direction::Ingress => &policy.ingress,
                Direction::Egress => &policy.egress,
            };
            let subjects = evaluator.pods(&policy.subject);
            if rules.is_empty() || subjects.possible.is_empty() {
                continue;
            }
            let rank = policy.priority.filter(|_| ordered).unwrap_or(0);
            let rules = evaluator.rules(rules);
            tier.policies.push(verdict::Policy { object: *object, rank, subjects, closes: false, rules });
        }
        tier.policies.sort_by_key(|policy| policy.rank);
        tier
    })
}

struct Evaluator<'p, 's> {
    space: &'s Space,
    points: &'p Points<'s>,
    direction: Direction,
    all_ports: Rc<Match>,
    /// Pods of unknown address.
    unknown: Bits,
    /// What has the address of a node: addresses, and pods on the host's network.
    nodes: Bits,
    /// The points that are reached by a name.
    hosts: Vec<(u32, &'s Text)>,
    pods: FxHashMap<&'p Pods, Rc<Match>>,
    /// What the peers of a rule match together.
    peers: FxHashMap<&'p [Peer], Rc<Match>>,
    ports: FxHashMap<Vec<PortRange>, Rc<Match>>,
}

impl<'p, 's> Evaluator<'p, 's> {
    fn new(space: &'s Space, points: &'p Points<'s>, direction: Direction) -> Evaluator<'p, 's> {
        let (mut unknown, mut nodes, mut hosts) = (Bits::new(), points.host_network.clone(), Vec::new());
        for (number, point) in (0u32..).zip(&space.points) {
            match point {
                Point::Pod(pod) if pod.addresses.is_empty() => _ = unknown.insert(number),
                Point::Pod(_) => {}
                Point::Address(address) => {
                    if address.kind == AddressKind::Node {
                        nodes.insert(number);
                    }
                    hosts.extend(address.host.as_ref().map(|host| (number, host)));
                }
            }
        }
        Evaluator {
            space,
            points,
            direction,
            all_ports: Rc::new(Match::surely(space.ports.all())),
            unknown,
            nodes,
            hosts,
            pods: FxHashMap::default(),
            peers: FxHashMap::default(),
            ports: FxHashMap::default(),
        }
    }

    fn rules(&mut self, rules: &'p [Rule]) -> Vec<verdict::Rule> {
        let list = if self.direction == Direction::Ingress { "ingress" } else { "egress" };
        let mut written = Vec::new();
        for (index, rule) in (0u32..).zip(rules) {
            let path = RulePath { spec: None, list, index };
            let peers = self.peers(&rule.peers);
            for (peers, ports) in self.traffic(peers, rule) {
                written.push(verdict::Rule { path, action: rule.action, peers, ports });
            }
        }
        written
    }

    /// What a rule is about: of which peers which ports.
    fn traffic(&mut self, peers: Rc<Match>, rule: &'p Rule) -> Vec<(Rc<Match>, Ports)> {
        if rule.ports.is_empty() {
            return vec![(peers, Ports::These(Rc::clone(&self.all_ports)))];
        }
        let mut found = Vec::new();
        let mut numbers = Vec::new();
        for port in &rule.ports {
            match port {
                Port::Numbers(range) => numbers.push(*range),
                Port::Name(name) if self.direction == Direction::Ingress => {
                    let ports = Ports::Own { name: name.clone(), protocols: PROTOCOLS, saying: None };
                    found.push((Rc::clone(&peers), ports));
                }
                Port::Name(name) => self.declared(&peers, name, &mut found),
            }
        }
        if !numbers.is_empty() {
            found.push((peers, Ports::These(self.numbers(numbers))));
        }
        found
    }

    /// For each port that some of the peers declare under this name those that do.
    fn declared(&mut self, peers: &Match, name: &Text, found: &mut Vec<(Rc<Match>, Ports)>) {
        for &protocol in PROTOCOLS {
            for (first, pods) in self.points.named_port(name, protocol) {
                let declaring = Match { certain: &peers.certain & pods, possible: &peers.possible & pods };
                if !declaring.possible.is_empty() {
                    let range = PortRange { protocol: protocol.into(), first, last: first };
                    found.push((Rc::new(declaring), Ports::These(self.numbers(vec![range]))));
                }
            }
        }
    }

    fn numbers(&mut self, mut ranges: Vec<PortRange>) -> Rc<Match> {
        ranges.sort_unstable();
        ranges.dedup();
        let space = self.space;
        let made = self.ports.entry(ranges).or_insert_with_key(|ranges| {
            Rc::new(Match::surely(ranges.iter().fold(Bits::new(), |all, range| all | space.ports.of(*range))))
        });
        Rc::clone(made)
    }

    fn peers(&mut self, peers: &'p [Peer]) -> Rc<Match> {
        if let [Peer::Pods(pods)] = peers {
            return self.pods(pods);
        }
        if let Some(known) = self.peers.get(peers) {
            return Rc::clone(known);
        }
        let mut found = Match::default();
        let mut networks: Vec<IpNet> = Vec::new();
        for peer in peers {
            match peer {
                Peer::Pods(pods) => found.join(&self.pods(pods)),
                Peer::Networks(nets) => networks.extend(nets),
                Peer::Nodes(selector) => found.join(&self.nodes(selector)),
                Peer::Domains(domains) => found.join(&self.named(domains)),
            }
        }
        found.join(&self.within(networks));
        let found = Rc::new(found);
        self.peers.insert(peers, Rc::clone(&found));
        found
    }

    fn pods(&mut self, pods: &'p Pods) -> Rc<Match> {
        let points = self.points;
        let found = self.pods.entry(pods).or_insert_with(|| {
            let among = points.in_namespaces(&pods.namespaces) - &points.host_network;
            Rc::new(Match::surely(points.labels.select(among, &pods.pods)))
        });
        Rc::clone(found)
    }

    /// What has its address in one of these networks. A pod does surely if all of its addresses are in some of them.
    fn within(&self, networks: Vec<IpNet>) -> Match {
        let networks = IpNet::aggregate(&networks);
        let mut found = Match::default();
        for &cidr in &networks {
            let within = self.points.within(&Block { cidr, except: Vec::new() });
            found.join(&within.addresses);
            found.join(&within.pods);
        }
        // Both families as a whole are wherever a pod may live.
        if networks.iter().filter(|net| net.prefix_len() == 0).count() == 2 {
            found.certain |= &found.possible & &self.unknown;
        }
        for point in &(&found.possible - &found.certain) - &self.unknown {
            if let Point::Pod(pod) = &self.space.points[point as usize]
                && pod.addresses.iter().all(|address| networks.iter().any(|net| net.contains(address)))
            {
                found.certain.insert(point);
            }
        }
        found
    }

    /// Nodes by their labels, which nothing here knows.
    fn nodes(&self, selector: &Selector) -> Match {
        let possible = self.nodes.clone();
        let certain = if selector.requirements.is_empty() { possible.clone() } else { Bits::new() };
        Match { certain, possible }
    }

    fn named(&self, domains: &[Domain]) -> Match {
        let named = |host: &str| domains.iter().any(|domain| domain.holds(host));
        Match::surely(self.hosts.iter().filter(|(_, host)| named(host)).map(|(number, _)| *number).collect())
    }
}
