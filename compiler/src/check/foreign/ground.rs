//! The points of today on which policies of others are judged: pods that run, newcomers, addresses. What sets denote on
//! them, found through the inventory's indices. Passes no judgement.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use roaring::RoaringBitmap as Bits;
use weir_cluster::flow::{FlowBox, Point, PortRange, Space};
use weir_cluster::inventory::{NamespaceId, Protocol};
use weir_cluster::labels::Text;

use super::policy::{Foreign, Rule};
use crate::address::AddressSet;
use crate::check::promises::universe::Universe;
use crate::facts::Facts;
use crate::meaning::{self, Meaning};
use crate::relation::{Grant, Relation, Within};
use crate::resolve::program::{Ends, Port, Ports, Program, Reach};
use crate::selector::PodSet;

pub(super) struct Ground<'a> {
    pub space: Space,
    /// Every point, and those that are no newcomers.
    pub everyone: Bits,
    pub real: Bits,
    facts: &'a Facts<'a>,
    universe: Universe<'a>,
    /// The point of each member of the universe; none for those on the host network.
    point_of: Vec<Option<u32>>,
    /// The member of the universe that a point is; points behind are addresses.
    members: Vec<u32>,
    /// By name and protocol: the pods that have a number for it.
    named_ports: HashMap<(Text, Protocol), BTreeMap<u16, Bits>>,
    /// Known addresses of pods, sorted.
    addresses: Vec<(IpAddr, u32)>,
    /// Pods whose addresses are not known, and where they are taken to be.
    without_address: Bits,
    pod_ranges: AddressSet,
    known: RefCell<HashMap<Ends, Bits>>,
}

/// Points that policies surely speak of, and those that they may speak of.
pub(super) struct Peers {
    pub surely: Bits,
    pub possibly: Bits,
}

impl<'a> Ground<'a> {
    pub fn new(
        program: &Program,
        relation: &Relation,
        foreign: &[Foreign<'_>],
        facts: &'a Facts<'a>,
    ) -> Ground<'a> {
        let (mut ends, mut ports): (Vec<&Ends>, Vec<&Ports>) = (Vec::new(), Vec::new());
        for grant in &relation.grants {
            ends.extend(grant.from.iter().chain(&grant.to));
            ports.push(&grant.ports);
        }
        for reach in program.sentences.iter().filter_map(|sentence| sentence.kind.reach()) {
            ends.extend(reach.parts().map(|part| &part.ends));
            ports.extend(reach.object.iter().map(|(_, ports)| ports));
        }
        let terms = ends.iter().filter_map(|ends| ends.pods()).flat_map(PodSet::terms);
        let guarded = relation.guards.iter().flat_map(|guard| guard.pods.terms());
        let universe =
            Universe::new(facts, terms.chain(guarded).chain(foreign.iter().flat_map(Foreign::terms)));
        ends.extend(foreign.iter().flat_map(Foreign::ends));
        ports.extend(foreign.iter().flat_map(Foreign::ports));
        let space = meaning::space_of(ends, ports, universe.newcomers.clone(), facts);
        Ground::over(space, universe, facts)
    }

    fn over(space: Space, universe: Universe<'a>, facts: &'a Facts<'a>) -> Ground<'a> {
        let inventory = facts.inventory;
        let classes = inventory.classes.len() as u32;
        let mut members: Vec<u32> =
            (0..classes).filter(|class| !facts.host_network.contains(*class)).collect();
        members.extend(classes..classes + universe.newcomers.len() as u32);
        let mut point_of = vec![None; inventory.classes.len() + universe.newcomers.len()];
        for (point, member) in members.iter().enumerate() {
            point_of[*member as usize] = Some(point as u32);
        }
        let mut ground = Ground {
            everyone: (0..space.points.len() as u32).collect(),
            real: Bits::new(),
            facts,
            universe,
            point_of,
            members,
            named_ports: HashMap::new(),
            addresses: Vec::new(),
            without_address: Bits::new(),
            pod_ranges: match space.pod_ranges.as_slice() {
                [] => AddressSet::private(),
                known => known.iter().copied().collect(),
            },
            known: RefCell::default(),
            space,
        };
        for (at, point) in (0u32..).zip(&ground.space.points) {
            let Point::Pod(pod) = point else {
                ground.real.insert(at);
                continue;
            };
            if pod.class.is_some() {
                ground.real.insert(at);
            }
            for port in &pod.ports {
                if let Some(name) = &port.name {
                    let numbers = ground.named_ports.entry((name.clone(), port.protocol)).or_default();
                    numbers.entry(port.number).or_default().insert(at);
                }
            }
            if pod.addresses.is_empty() {
                ground.without_address.insert(at);
            }
            ground.addresses.extend(pod.addresses.iter().map(|address| (*address, at)));
        }
        ground.addresses.sort_unstable();
        ground
    }

    pub fn pods(&self, pods: &PodSet) -> Bits {
        let members = self.universe.bits(pods);
        members.iter().filter_map(|member| self.point_of[member as usize]).collect()
    }

    pub fn ends<'e>(&self, ends: impl IntoIterator<Item = &'e Ends>) -> Bits {
        let mut all = Bits::new();
        for ends in ends {
            let known = self.known.borrow().get(ends).cloned();
            all |= known.unwrap_or_else(|| {
                let found = self.find(ends);
                self.known.borrow_mut().insert(ends.clone(), found.clone());
                found
            });
        }
        all
    }

    fn find(&self, ends: &Ends) -> Bits {
        match ends {
            Ends::Pods(pods) => self.pods(pods),
            Ends::Anywhere => self.everyone.clone(),
            others => {
                let meaning = Meaning::new(self.facts, &self.space);
                let addresses = (0u32..).zip(&self.space.points).skip(self.members.len());
                addresses.filter(|(_, point)| meaning.admits(others, point)).map(|(at, _)| at).collect()
            }
        }
    }

    /// Whom a rule of others admits. Whether a block of addresses is about pods is each network plugin's own choice.
    pub fn peers(&self, rule: &Rule) -> Peers {
        let mut peers = Peers { surely: Bits::new(), possibly: Bits::new() };
        for peer in &rule.peers {
            peers.surely |= self.ends(&peer.surely);
            peers.possibly |= self.ends([&peer.possibly]);
            if let Ends::Exactly(block) = &peer.possibly {
                peers.possibly |= self.pods_at(block);
            }
        }
        peers
    }

    /// The pods that have, or may have, an address in these ranges.
    fn pods_at(&self, set: &AddressSet) -> Bits {
        let mut found = Bits::new();
        for block in set.blocks() {
            let (first, last) = (block.cidr.network(), block.cidr.broadcast());
            let start = self.addresses.partition_point(|(address, _)| *address < first);
            let within = self.addresses[start..].iter().take_while(|(address, _)| *address <= last);
            found.extend(within.filter(|(address, _)| set.contains(*address)).map(|(_, point)| *point));
        }
        if !set.and(&self.pod_ranges).is_empty() {
            found |= &self.without_address;
        }
        found
    }

    /// Destinations with the ports that are meant of them: a named port is another number on each pod.
    pub fn by_ports(&self, to: &Bits, ports: &Ports) -> Vec<(Bits, Bits)> {
        let Ports::These(ports) = ports else { return vec![(to.clone(), self.space.ports.all())] };
        let range = |protocol, first, last| self.space.ports.of(PortRange { protocol, first, last });
        let (mut numbers, mut pairs) = (Bits::new(), Vec::new());
        for port in ports.iter() {
            match port {
                Port::Range { protocol, first, last } => numbers |= range(*protocol, *first, *last),
                Port::Named { protocol, name } => {
                    let named = self.named_ports.get(&(name.clone(), *protocol));
                    for (number, pods) in named.into_iter().flatten() {
                        pairs.push((pods & to, range(*protocol, *number, *number)));
                    }
                }
            }
        }
        pairs.push((to.clone(), numbers));
        pairs.retain(|(to, ports)| !to.is_empty() && !ports.is_empty());
        pairs
    }

    /// The flows that a sentence speaks of.
    pub fn boxes_of(&self, reach: &Reach) -> Vec<FlowBox> {
        let sources = self.ends(reach.subject.iter().map(|part| &part.ends));
        self.boxes_into(&sources, reach)
    }

    /// Those that go from these sources to its objects.
    pub fn boxes_into(&self, sources: &Bits, reach: &Reach) -> Vec<FlowBox> {
        let pairs =
            reach.object.iter().flat_map(|(part, ports)| self.by_ports(&self.ends([&part.ends]), ports));
        pairs.map(|(destinations, ports)| FlowBox { sources: sources.clone(), destinations, ports }).collect()
    }

    /// The flows that a grant permits.
    pub fn boxes_of_grant(&self, grant: &Grant) -> Vec<FlowBox> {
        let (from, to) = (self.ends(&grant.from), self.ends(&grant.to));
        let parts = match &grant.within {
            Within::Everywhere => vec![(from, to)],
            within => {
                let mut to = self.parts(&to, within);
                let from = self.parts(&from, within).into_iter();
                from.filter_map(|(part, from)| Some((from, to.remove(&part)?))).collect()
            }
        };
        let boxes = parts.into_iter().flat_map(|(sources, to)| {
            let pairs = self.by_ports(&to, &grant.ports).into_iter();
            pairs.map(move |(destinations, ports)| FlowBox { sources: sources.clone(), destinations, ports })
        });
        boxes.filter(|flows| !flows.sources.is_empty()).collect()
    }

    /// Pods by the part that they belong to; those that belong to none are left out.
    fn parts(&self, pods: &Bits, within: &Within) -> BTreeMap<Text, Bits> {
        let mut parts: BTreeMap<Text, Bits> = BTreeMap::new();
        for point in pods {
            let Some(member) = self.members.get(point as usize) else { continue };
            let (name, labels) = self.universe.home(*member);
            let part = match within {
                Within::SameValue(key) => labels.get(key),
                Within::Everywhere | Within::SameNamespace => Some(name),
            };
            if let Some(part) = part {
                parts.entry(part.clone()).or_default().insert(point);
            }
        }
        parts
    }

    /// The namespace of a pod, if it exists.
    pub fn namespace(&self, point: u32) -> Option<NamespaceId> {
        let (name, _) = self.universe.home(*self.members.get(point as usize)?);
        self.facts.inventory.namespace(name)
    }

    /// A virtual pod is one pod; a class may be many.
    pub fn is_alone(&self, point: u32) -> bool {
        matches!(&self.space.points[point as usize], Point::Pod(pod) if pod.class.is_none())
    }

    /// A point in the user's words.
    pub fn spoken(&self, point: usize) -> String {
        match (&self.space.points[point], self.members.get(point)) {
            (Point::Address(address), _) => {
                let block = AddressSet::between(address.first, address.last).blocks();
                match block.as_slice() {
                    [block] if block.except.is_empty() && address.first != address.last => {
                        format!("`{}`", block.cidr)
                    }
                    _ => format!("`{}`", address.first),
                }
            }
            (Point::Pod(_), Some(member)) => self.universe.spoken(*member),
            (Point::Pod(_), None) => "a pod".to_owned(),
        }
    }
}
