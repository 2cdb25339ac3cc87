//! The flows that a relation permits, on a given space of endpoints and ports. What enforced flows are held against.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use weir_cluster::flow::{
    AddressKind, AddressPoint, Bits, Boundaries, FlowBox, Flows, Permit, PodPoint, Point, PortRange, Side,
    Space,
};
use weir_cluster::inventory::Protocol;
use weir_cluster::labels::{Labels, Text};

use crate::address::AddressSet;
use crate::facts::Facts;
use crate::relation::{Grant, Narrowing, Relation, Within};
use crate::resolve::program::{Ends, Part, Port, Ports, Reach};
use crate::selector::PodSet;

/// What a relation permits: every flow that no guard stops, and every granted one.
pub fn flows(relation: &Relation, facts: &Facts<'_>, space: &Space) -> Flows {
    let meaning = Meaning::new(facts, space);
    let mut egress: Vec<Side> = vec![Side::Open; space.points.len()];
    let mut ingress = egress.clone();
    for guard in &relation.guards {
        for at in meaning.pods(&guard.pods).iter() {
            for (closes, sides) in [(guard.egress, &mut egress), (guard.ingress, &mut ingress)] {
                let side = &mut sides[at as usize];
                if closes && *side == Side::Open {
                    *side = Side::Closed(Vec::new());
                }
            }
        }
    }
    for grant in &relation.grants {
        meaning.permit(grant, &mut egress, &mut ingress);
    }
    Flows::from_sides(space, &egress, &ingress)
}

/// The ports at which the space has to be cut for the relation's sake.
pub fn port_boundaries(relation: &Relation) -> Vec<PortRange> {
    relation.grants.iter().flat_map(|grant| port_cuts(&grant.ports)).collect()
}

/// The address ranges at which the space has to be cut for the relation's sake.
pub fn address_boundaries(relation: &Relation, facts: &Facts<'_>) -> Vec<ipnet::IpNet> {
    let ends = relation.grants.iter().flat_map(|grant| grant.from.iter().chain(&grant.to));
    let mut cuts: Vec<ipnet::IpNet> = ends.flat_map(address_cuts).collect();
    cuts.extend(facts.api_server_addresses().into_iter().map(ipnet::IpNet::from));
    cuts
}

/// The space in which a relation and these sentences can be told apart.
pub fn space<'r>(
    relation: &'r Relation,
    reaches: impl Iterator<Item = &'r Reach>,
    newcomers: Vec<PodPoint>,
    facts: &Facts<'_>,
) -> Space {
    let (mut ends, mut ports): (Vec<&Ends>, Vec<&Ports>) = (Vec::new(), Vec::new());
    for grant in &relation.grants {
        ends.extend(grant.from.iter().chain(&grant.to));
        ports.push(&grant.ports);
    }
    for reach in reaches {
        ends.extend(reach.parts().map(|part| &part.ends));
        ports.extend(reach.object.iter().map(|(_, ports)| ports));
    }
    space_of(ends, ports, newcomers, facts)
}

/// The space in which these ends and ports can be told apart.
pub(crate) fn space_of<'e>(
    ends: impl IntoIterator<Item = &'e Ends>,
    ports: impl IntoIterator<Item = &'e Ports>,
    newcomers: Vec<PodPoint>,
    facts: &Facts<'_>,
) -> Space {
    let mut cidrs: Vec<ipnet::IpNet> = ends.into_iter().flat_map(address_cuts).collect();
    cidrs.extend(facts.api_server_addresses().into_iter().map(ipnet::IpNet::from));
    let ports: Vec<PortRange> = ports.into_iter().flat_map(port_cuts).collect();
    let boundaries = Boundaries { cidrs, ports, ..Boundaries::default() };
    Space::of(facts.inventory, newcomers, &boundaries).expect("nothing is asked of payloads")
}

fn address_cuts(ends: &Ends) -> Vec<ipnet::IpNet> {
    match ends {
        Ends::Outside(set) | Ends::Exactly(set) => set
            .blocks()
            .into_iter()
            .flat_map(|block| std::iter::once(block.cidr).chain(block.except))
            .collect(),
        _ => Vec::new(),
    }
}

fn port_cuts(ports: &Ports) -> Vec<PortRange> {
    let Ports::These(ports) = ports else { return Vec::new() };
    let range = |port: &Port| match port {
        Port::Range { protocol, first, last } => {
            Some(PortRange { protocol: (*protocol).into(), first: *first, last: *last })
        }
        Port::Named { .. } => None,
    };
    ports.iter().filter_map(range).collect()
}

/// The first flow that is not from a pod to itself: that one is nobody's to close.
pub fn first_between_two(flows: &Flows, space: &Space) -> Option<(usize, usize, usize)> {
    let alone = |at: u32| match &space.points[at as usize] {
        Point::Pod(pod) => pod.class.is_none(),
        Point::Address(_) => false,
    };
    flows.boxes().iter().find_map(|one: &FlowBox| {
        let atom = one.ports.min()?;
        one.sources.iter().find_map(|source| {
            let others: Bits = if alone(source) {
                &one.destinations - &Bits::from_iter([source])
            } else {
                one.destinations.clone()
            };
            Some((source as usize, others.min()? as usize, atom as usize))
        })
    })
}

/// What sets denote on a space.
pub struct Meaning<'a> {
    facts: &'a Facts<'a>,
    space: &'a Space,
    /// The pods that policies govern, by name and labels of their namespaces.
    by_namespace: BTreeMap<&'a Text, BTreeMap<&'a Labels, Vec<u32>>>,
    addresses: Vec<u32>,
    nodes: AddressSet,
    api_server: Vec<IpAddr>,
    /// What sets of pods denote that were asked for, with the sets, so that no other takes their place.
    known: RefCell<FxHashMap<usize, (PodSet, Rc<Bits>)>>,
}

impl<'a> Meaning<'a> {
    pub fn new(facts: &'a Facts<'a>, space: &'a Space) -> Meaning<'a> {
        let mut by_namespace: BTreeMap<&Text, BTreeMap<&Labels, Vec<u32>>> = BTreeMap::new();
        let mut addresses = Vec::new();
        for (at, point) in (0u32..).zip(&space.points) {
            match point {
                Point::Pod(pod) if pod.host_network => {}
                Point::Pod(pod) => {
                    let homes = by_namespace.entry(&pod.namespace).or_default();
                    homes.entry(&pod.namespace_labels).or_default().push(at);
                }
                Point::Address(_) => addresses.push(at),
            }
        }
        let (nodes, api_server) = (facts.node_addresses(), facts.api_server_addresses());
        Meaning { facts, space, by_namespace, addresses, nodes, api_server, known: RefCell::default() }
    }

    /// Every flow that a sentence speaks of.
    pub fn boxes(&self, reach: &Reach) -> Vec<FlowBox> {
        let subject: Vec<Ends> = reach.subject.iter().map(|part| part.ends.clone()).collect();
        let sources = self.members(&subject);
        let of_object = |(part, ports): &(Part, Ports)| {
            let destinations = self.members(std::slice::from_ref(&part.ends));
            self.by_ports(&destinations, ports)
        };
        let flows = reach.object.iter().flat_map(of_object);
        flows.map(|(destinations, ports)| FlowBox { sources: sources.clone(), destinations, ports }).collect()
    }

    /// Whether a grant permits one flow. A connection that carries some requests of HTTP is one.
    pub fn grants(&self, grant: &Grant, source: usize, destination: usize, atom: usize) -> bool {
        if grant.narrowed == Some(Narrowing::Ping) {
            return false; // it is on no port
        }
        let within =
            |ends: &[Ends], at: usize| ends.iter().any(|ends| self.admits(ends, &self.space.points[at]));
        if !within(&grant.from, source) || !within(&grant.to, destination) {
            return false;
        }
        let one = Bits::from_iter([destination as u32]);
        let near = match &grant.within {
            Within::Everywhere => true,
            within => {
                let part = self.part(source, within);
                part.is_some() && part == self.part(destination, within)
            }
        };
        near && self.by_ports(&one, &grant.ports).iter().any(|(_, atoms)| atoms.contains(atom as u32))
    }

    fn permit(&self, grant: &Grant, egress: &mut [Side], ingress: &mut [Side]) {
        for flows in self.granted(grant) {
            open(egress, &flows.sources, &flows.destinations, &flows.ports);
            open(ingress, &flows.destinations, &flows.sources, &flows.ports);
        }
    }

    /// Every flow that a grant permits on ports.
    pub(crate) fn granted(&self, grant: &Grant) -> Vec<FlowBox> {
        if grant.narrowed == Some(Narrowing::Ping) {
            return Vec::new();
        }
        let (from, to) = (self.members(&grant.from), self.members(&grant.to));
        let mut boxes = Vec::new();
        for (destinations, ports) in self.by_ports(&to, &grant.ports) {
            if grant.within == Within::Everywhere {
                boxes.push(FlowBox { sources: from.clone(), destinations, ports });
                continue;
            }
            let mut destinations = self.parted(&destinations, &grant.within);
            for (part, sources) in self.parted(&from, &grant.within) {
                let Some(destinations) = destinations.remove(part) else { continue };
                boxes.push(FlowBox { sources, destinations, ports: ports.clone() });
            }
        }
        boxes
    }

    /// The part that a pod belongs to.
    fn part(&self, at: usize, within: &Within) -> Option<&Text> {
        match (&self.space.points[at], within) {
            (Point::Pod(pod), Within::SameValue(key)) => pod.namespace_labels.get(key),
            (Point::Pod(pod), _) => Some(&pod.namespace),
            (Point::Address(_), _) => None,
        }
    }

    fn parted(&self, members: &Bits, within: &Within) -> BTreeMap<&Text, Bits> {
        let mut parts: BTreeMap<&Text, Bits> = BTreeMap::new();
        for at in members {
            if let Some(part) = self.part(at as usize, within) {
                parts.entry(part).or_default().insert(at);
            }
        }
        parts
    }

    pub(crate) fn members(&self, ends: &[Ends]) -> Bits {
        let mut members = Bits::new();
        for ends in ends {
            match ends {
                Ends::Anywhere => members |= (0..self.space.points.len() as u32).collect::<Bits>(),
                Ends::Pods(pods) => members |= &*self.pods(pods),
                other => {
                    let admitted = |at: &&u32| self.admits(other, &self.space.points[**at as usize]);
                    members.extend(self.addresses.iter().filter(admitted).copied());
                }
            }
        }
        members
    }

    pub(crate) fn pods(&self, pods: &PodSet) -> Rc<Bits> {
        if let Some((_, known)) = self.known.borrow().get(&pods.identity()) {
            return Rc::clone(known);
        }
        let found = Rc::new(self.find(pods));
        self.known.borrow_mut().insert(pods.identity(), (pods.clone(), Rc::clone(&found)));
        found
    }

    /// Selectors mostly name their namespaces: only these are looked at then.
    fn find(&self, pods: &PodSet) -> Bits {
        let mut members = Bits::new();
        for term in pods.terms() {
            let mut add = |name: &Text, homes: &BTreeMap<&Labels, Vec<u32>>| {
                let admitted = homes.iter().filter(|(labels, _)| term.admits_namespace(name, labels));
                for (_, pods) in admitted {
                    let own = pods.iter().filter(|at| match &self.space.points[**at as usize] {
                        Point::Pod(pod) => term.admits_labels(pod),
                        Point::Address(_) => false,
                    });
                    members.extend(own);
                }
            };
            match term.namespaces.names() {
                Some(names) => {
                    let homes = names.filter_map(|name| Some((name, self.by_namespace.get(name)?)));
                    homes.for_each(|(name, homes)| add(name, homes));
                }
                None => self.by_namespace.iter().for_each(|(name, homes)| add(name, homes)),
            }
        }
        members
    }

    fn admits(&self, ends: &Ends, point: &Point) -> bool {
        let inside = |set: &AddressSet, address: &AddressPoint| set.contains(address.first);
        match (ends, point) {
            (Ends::Anywhere, _) => true,
            (Ends::Pods(pods), Point::Pod(pod)) => !pod.host_network && pods.admits(pod),
            (Ends::Outside(set), Point::Address(address)) => {
                address.kind == AddressKind::Outside
                    && inside(set, address)
                    && !self.facts.own_addresses().contains(address.first)
            }
            (Ends::Exactly(set), Point::Address(address)) => inside(set, address),
            (Ends::Nodes, Point::Address(address)) => inside(&self.nodes, address),
            (Ends::ApiServer, Point::Address(address)) => self.api_server.contains(&address.first),
            _ => false,
        }
    }

    /// Destinations with the port atoms that are meant of them: named ports differ from pod to pod.
    pub(crate) fn by_ports(&self, to: &Bits, ports: &Ports) -> Vec<(Bits, Bits)> {
        let atoms = &self.space.ports;
        let Ports::These(ports) = ports else { return vec![(to.clone(), atoms.all())] };
        let range = |protocol: Protocol, first: u16, last: u16| {
            atoms.of(PortRange { protocol: protocol.into(), first, last })
        };
        let (mut numbers, mut pairs) = (Bits::new(), Vec::new());
        for port in ports.iter() {
            match port {
                Port::Range { protocol, first, last } => numbers |= range(*protocol, *first, *last),
                Port::Named { protocol, name } => {
                    let mut by_number: BTreeMap<u16, Bits> = BTreeMap::new();
                    for at in to {
                        let Point::Pod(pod) = &self.space.points[at as usize] else { continue };
                        let named = |port: &&weir_cluster::inventory::ContainerPort| {
                            port.name.as_ref() == Some(name) && port.protocol == *protocol
                        };
                        for port in pod.ports.iter().filter(named) {
                            by_number.entry(port.number).or_default().insert(at);
                        }
                    }
                    let declared = by_number.into_iter();
                    pairs.extend(declared.map(|(number, pods)| (pods, range(*protocol, number, number))));
                }
            }
        }
        if !numbers.is_empty() {
            pairs.push((to.clone(), numbers));
        }
        pairs
    }
}

fn open(sides: &mut [Side], ends: &Bits, peers: &Bits, ports: &Bits) {
    if peers.is_empty() || ports.is_empty() {
        return;
    }
    for at in ends {
        if let Side::Closed(permits) = &mut sides[at as usize] {
            permits.push(Permit { peers: peers.clone(), ports: ports.clone() });
        }
    }
}
