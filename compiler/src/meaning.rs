//! The flows that a relation permits, on a given space of endpoints and ports. What enforced flows are held against.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use weir_cluster::flow::{
    AddressKind, AddressPoint, Bits, Boundaries, Carrier, FlowBox, Flows, Payload, PodPoint, Point,
    PortRange, SetPermit, Sides, Space,
};
use weir_cluster::inventory::Protocol;
use weir_cluster::labels::Text;

use crate::address::AddressSet;
use crate::facts::Facts;
use crate::relation::{Grant, Narrowing, Relation, Within};
use crate::resolve::program::{Ends, Part, Port, Ports, Reach, SentenceId};
use crate::selector::PodSet;
use crate::target::{Denials, Target};

mod index;
mod requests;

use index::Index;

/// What a relation permits: every flow that no guard stops, and every granted one.
pub fn flows(relation: &Relation, facts: &Facts<'_>, space: &Space) -> Flows {
    permitted(relation, &Meaning::new(facts, space))
}

/// What each end permits, egress and ingress, as a target takes the words. `None` where promises are denied as well.
pub(crate) fn sides(
    relation: &Relation,
    denials: Denials<'_>,
    facts: &Facts<'_>,
    space: &Space,
) -> Option<[Sides; 2]> {
    let meaning = Meaning::new(facts, space).on(denials.target());
    let denies = denied(relation, denials, &meaning).any(|(_, boxes)| !boxes.is_empty());
    (!denies).then(|| closing(relation, &meaning).map(Closing::sides))
}

fn permitted(relation: &Relation, meaning: &Meaning<'_>) -> Flows {
    let [egress, ingress] = closing(relation, meaning).map(Closing::sides);
    Flows::from_grouped(meaning.space, &egress, &ingress)
}

fn closing(relation: &Relation, meaning: &Meaning<'_>) -> [Closing; 2] {
    let space = meaning.space;
    let (mut egress, mut ingress) = (Closing::new(space), Closing::new(space));
    for guard in &relation.guards {
        let pods = meaning.pods(&guard.pods);
        for (closes, side) in [(guard.egress, &mut egress), (guard.ingress, &mut ingress)] {
            if closes {
                side.close(&pods);
            }
        }
    }
    for grant in &relation.grants {
        for flows in meaning.granted(grant) {
            egress.permit(&flows.sources, &flows.destinations, &flows.ports);
            ingress.permit(&flows.destinations, &flows.sources, &flows.ports);
        }
    }
    [egress, ingress]
}

/// The same, less what a target denies.
pub(crate) fn allowed(relation: &Relation, denials: Denials<'_>, facts: &Facts<'_>, space: &Space) -> Flows {
    less_denied(relation, denials, &Meaning::new(facts, space).on(denials.target()))
}

/// What a bound relation permits, less what a target denies: what holds within parts holds in namespaces of today.
pub(crate) fn held(relation: &Relation, denials: Denials<'_>, facts: &Facts<'_>, space: &Space) -> Flows {
    less_denied(
        relation,
        denials,
        &Meaning { parts_of_today: true, ..Meaning::new(facts, space).on(denials.target()) },
    )
}

fn less_denied(relation: &Relation, denials: Denials<'_>, meaning: &Meaning<'_>) -> Flows {
    let flows = permitted(relation, meaning);
    let denied: Vec<FlowBox> = denied(relation, denials, meaning).flat_map(|(_, boxes)| boxes).collect();
    if denied.is_empty() { flows } else { flows.minus(&Flows::from_boxes(meaning.space, &denied)) }
}

/// The sentences by which a target denies one flow.
pub(crate) fn denying(
    relation: &Relation,
    denials: Denials<'_>,
    facts: &Facts<'_>,
    space: &Space,
    (source, destination, atom): (usize, usize, usize),
) -> Vec<SentenceId> {
    let holds = |one: &FlowBox| {
        one.sources.contains(source as u32)
            && one.destinations.contains(destination as u32)
            && one.ports.contains(atom as u32)
    };
    let meaning = Meaning::new(facts, space).on(denials.target());
    let mut found: Vec<SentenceId> = denied(relation, denials, &meaning)
        .filter(|(_, boxes)| boxes.iter().any(holds))
        .map(|(sentence, _)| sentence)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// What of each promise a target denies.
fn denied<'a>(
    relation: &'a Relation,
    denials: Denials<'a>,
    meaning: &'a Meaning<'a>,
) -> impl Iterator<Item = (SentenceId, Vec<FlowBox>)> + 'a {
    relation.denials.iter().map(move |denial| {
        let mut boxes = Vec::new();
        for from in denials.apart(&denial.from) {
            for to in denials.apart(&denial.to) {
                if denials.can(&from, &to, &denial.ports) {
                    boxes.extend(meaning.between(&from, &to, &denial.ports));
                }
            }
        }
        (denial.sentence, boxes)
    })
}

/// What of one direction is closed, and what of that is granted.
struct Closing {
    sides: Sides,
    /// For each point that is closed what it permits.
    closed: Vec<Option<Vec<SetPermit>>>,
}

impl Closing {
    fn new(space: &Space) -> Closing {
        Closing { sides: Sides::open(space.points.len()), closed: vec![None; space.points.len()] }
    }

    fn close(&mut self, points: &Bits) {
        for at in points {
            self.closed[at as usize].get_or_insert_default();
        }
    }

    fn permit(&mut self, ends: &Bits, peers: &Bits, ports: &Bits) {
        if peers.is_empty() || ports.is_empty() {
            return;
        }
        let permit = SetPermit { peers: self.sides.set(peers), ports: self.sides.set(ports) };
        for at in ends {
            if let Some(permits) = &mut self.closed[at as usize] {
                permits.push(permit);
            }
        }
    }

    fn sides(self) -> Sides {
        let mut sides = self.sides;
        for (at, permits) in self.closed.into_iter().enumerate() {
            if let Some(permits) = permits {
                let side = sides.closed(permits);
                sides.assign(at, side);
            }
        }
        sides
    }
}

/// Where a space has to be cut for the relation's sake.
pub fn boundaries(relation: &Relation, facts: &Facts<'_>) -> Boundaries {
    let mut found = Boundaries::default();
    for grant in &relation.grants {
        grant.from.iter().chain(&grant.to).for_each(|ends| cut(ends, &mut found));
        let ranges = port_cuts(&grant.ports);
        match &grant.narrowed {
            None => found.ports.extend(ranges),
            Some(Narrowing::Ping) => found.ports.extend(PINGS),
            Some(Narrowing::Http(requests)) => {
                for range in http_ranges(&grant.ports, ranges) {
                    found.ports.push(range);
                    found.filters.extend(requests.iter().map(|one| (range, requests::filter(one))));
                }
            }
        }
    }
    for denial in &relation.denials {
        denial.from.iter().chain(&denial.to).for_each(|ends| cut(ends, &mut found));
        found.ports.extend(port_cuts(&denial.ports));
    }
    found.cidrs.extend(facts.api_server_addresses().into_iter().map(ipnet::IpNet::from));
    found.sorted()
}

/// Echo requests.
pub(crate) const PINGS: [PortRange; 2] = [
    PortRange { protocol: Carrier::Icmp, first: 8 << 8, last: 8 << 8 | 255 },
    PortRange { protocol: Carrier::Icmpv6, first: 128 << 8, last: 128 << 8 | 255 },
];

/// A host name as boundaries take it.
pub(crate) fn host_pattern(host: &str) -> Text {
    requests::host(host)
}

/// On which ports requests are looked at: a name may stand for any number.
fn http_ranges(ports: &Ports, ranges: Vec<PortRange>) -> Vec<PortRange> {
    let named = |port: &Port| matches!(port, Port::Named { .. });
    let anywhere = match ports {
        Ports::All => true,
        Ports::These(ports) => ports.iter().any(named),
    };
    if anywhere { vec![PortRange::all(Carrier::Tcp)] } else { ranges }
}

/// The space in which a relation and these sentences can be told apart.
pub fn space<'r>(
    relation: &'r Relation,
    reaches: impl Iterator<Item = &'r Reach>,
    newcomers: Vec<PodPoint>,
    facts: &Facts<'_>,
) -> Space {
    let mut found = boundaries(relation, facts);
    for reach in reaches {
        reach.parts().for_each(|part| cut(&part.ends, &mut found));
        found.ports.extend(reach.object.iter().flat_map(|(_, ports)| port_cuts(ports)));
    }
    Space::of(facts.inventory, newcomers.clone(), &found).unwrap_or_else(|_| {
        let plain = Boundaries { filters: Vec::new(), hosts: Vec::new(), ..found };
        Space::of(facts.inventory, newcomers, &plain).expect("nothing is asked of payloads")
    })
}

/// The space in which these ends and ports can be told apart.
pub(crate) fn space_of<'e>(
    ends: impl IntoIterator<Item = &'e Ends>,
    ports: impl IntoIterator<Item = &'e Ports>,
    newcomers: Vec<PodPoint>,
    facts: &Facts<'_>,
) -> Space {
    let mut found = Boundaries::default();
    ends.into_iter().for_each(|ends| cut(ends, &mut found));
    (found.hosts, found.api_server) = (Vec::new(), false);
    found.cidrs.extend(facts.api_server_addresses().into_iter().map(ipnet::IpNet::from));
    found.ports = ports.into_iter().flat_map(port_cuts).collect();
    Space::of(facts.inventory, newcomers, &found).expect("nothing is asked of payloads")
}

fn cut(ends: &Ends, boundaries: &mut Boundaries) {
    match ends {
        Ends::Outside(set) | Ends::Exactly(set) => {
            let blocks = set.blocks().into_iter();
            boundaries.cidrs.extend(blocks.flat_map(|block| std::iter::once(block.cidr).chain(block.except)));
        }
        Ends::Host(pattern) => boundaries.hosts.push(requests::host(pattern)),
        Ends::ApiServer => boundaries.api_server = true,
        _ => {}
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

/// What sets denote on a space.
pub struct Meaning<'a> {
    facts: &'a Facts<'a>,
    space: &'a Space,
    index: Index<'a>,
    /// Points that are addresses, by their first one.
    addresses: Vec<(IpAddr, u32)>,
    /// Those that belong to nothing in the cluster.
    outside: Bits,
    nodes: AddressSet,
    /// Whether nodes are all that they answer on, and not their own addresses alone.
    nodes_are_hosts: bool,
    /// Whether parts are those of namespaces that are there.
    parts_of_today: bool,
    /// What sets of pods denote that were asked for, with the sets, so that no other takes their place.
    known: RefCell<FxHashMap<usize, (PodSet, Rc<Bits>)>>,
    known_addresses: RefCell<FxHashMap<Ends, Rc<Bits>>>,
}

impl<'a> Meaning<'a> {
    pub fn new(facts: &'a Facts<'a>, space: &'a Space) -> Meaning<'a> {
        let address = |(at, point): (u32, &'a Point)| match point {
            Point::Address(address) => Some((at, address)),
            Point::Pod(_) => None,
        };
        let addresses = || (0u32..).zip(&space.points).filter_map(address);
        let is_outside = |(at, address): (u32, &AddressPoint)| {
            let own = address.kind != AddressKind::Outside || facts.own_addresses().contains(address.first);
            (!own).then_some(at)
        };
        let outside = addresses().filter_map(is_outside).collect();
        let mut addresses: Vec<(IpAddr, u32)> =
            addresses().map(|(at, address)| (address.first, at)).collect();
        addresses.sort_unstable();
        let nodes = facts.node_addresses();
        Meaning {
            facts,
            space,
            index: Index::of(space),
            addresses,
            outside,
            nodes,
            nodes_are_hosts: false,
            parts_of_today: false,
            known: RefCell::default(),
            known_addresses: RefCell::default(),
        }
    }

    /// As a target takes its words: Cilium has one for a pod's own node with all that answers there.
    fn on(self, target: Target) -> Meaning<'a> {
        Meaning { nodes_are_hosts: target == Target::Cilium, ..self }
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

    /// Every flow from one kind of end to another, on these ports.
    pub(crate) fn between(&self, from: &Ends, to: &Ends, ports: &Ports) -> Vec<FlowBox> {
        let sources = self.members(std::slice::from_ref(from));
        let destinations = self.members(std::slice::from_ref(to));
        let pairs = self.by_ports(&destinations, ports).into_iter();
        pairs.map(|(destinations, ports)| FlowBox { sources: sources.clone(), destinations, ports }).collect()
    }

    /// Whether a grant permits one flow.
    pub fn grants(&self, grant: &Grant, source: usize, destination: usize, atom: usize) -> bool {
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
        near && self.reached(&one, grant).iter().any(|(_, atoms)| atoms.contains(atom as u32))
    }

    /// Every flow that a grant permits.
    pub(crate) fn granted(&self, grant: &Grant) -> Vec<FlowBox> {
        let (from, to) = (self.members(&grant.from), self.members(&grant.to));
        let mut boxes = Vec::new();
        for (destinations, ports) in self.reached(&to, grant) {
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

    /// Destinations with the atoms that a grant permits of them.
    fn reached(&self, to: &Bits, grant: &Grant) -> Vec<(Bits, Bits)> {
        let atoms = &self.space.ports;
        match &grant.narrowed {
            None => self.by_ports(to, &grant.ports),
            Some(Narrowing::Ping) => {
                let pings = PINGS.into_iter().fold(Bits::new(), |all, range| all | atoms.of(range));
                vec![(to.clone(), pings)]
            }
            Some(Narrowing::Http(requests)) => {
                let asked = atoms.saying(PortRange::all(Carrier::Tcp), |payload| match payload {
                    Payload::Http(request) => requests.iter().any(|one| requests::holds(one, request)),
                    Payload::DnsQuery(_) | Payload::ServerName(_) => false,
                });
                let on = self.by_ports(to, &grant.ports).into_iter();
                on.map(|(to, ports)| (to, ports & &asked)).filter(|(_, ports)| !ports.is_empty()).collect()
            }
        }
    }

    /// The part that a pod belongs to.
    fn part(&self, at: usize, within: &Within) -> Option<&Text> {
        match (&self.space.points[at], within) {
            (Point::Pod(pod), _) if self.parts_of_today && !self.is_of_today(pod) => None,
            (Point::Pod(pod), Within::SameValue(key)) => pod.namespace_labels.get(key),
            (Point::Pod(pod), _) => Some(&pod.namespace),
            (Point::Address(_), _) => None,
        }
    }

    /// Whether its namespace is there, labelled as it is.
    fn is_of_today(&self, pod: &PodPoint) -> bool {
        let inventory = self.facts.inventory;
        let home = inventory.namespace(&pod.namespace);
        home.is_some_and(|home| inventory.namespaces[home.index()].labels == pod.namespace_labels)
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
                other => members |= &*self.addresses(other),
            }
        }
        members
    }

    pub(crate) fn pods(&self, pods: &PodSet) -> Rc<Bits> {
        if let Some((_, known)) = self.known.borrow().get(&pods.identity()) {
            return Rc::clone(known);
        }
        let found = Rc::new(self.index.members(pods));
        self.known.borrow_mut().insert(pods.identity(), (pods.clone(), Rc::clone(&found)));
        found
    }

    fn addresses(&self, ends: &Ends) -> Rc<Bits> {
        if let Some(known) = self.known_addresses.borrow().get(ends) {
            return Rc::clone(known);
        }
        let admitted = |at: &u32| self.admits(ends, &self.space.points[*at as usize]);
        let found: Rc<Bits> = Rc::new(match ends {
            Ends::Outside(set) => self.within(set) & &self.outside,
            Ends::Exactly(set) => self.within(set),
            _ => self.addresses.iter().map(|(_, at)| *at).filter(admitted).collect(),
        });
        self.known_addresses.borrow_mut().insert(ends.clone(), Rc::clone(&found));
        found
    }

    /// The points whose addresses are in a set.
    fn within(&self, set: &AddressSet) -> Bits {
        let mut found = Bits::new();
        for (first, last) in set.ranges() {
            let from = self.addresses.partition_point(|(address, _)| *address < first);
            let inside = self.addresses[from..].iter().take_while(|(address, _)| *address <= last);
            found.extend(inside.map(|(_, at)| *at));
        }
        found
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
            (Ends::Nodes, Point::Address(address)) => {
                inside(&self.nodes, address) || self.nodes_are_hosts && address.kind == AddressKind::Local
            }
            (Ends::ApiServer, Point::Address(address)) => address.api_server,
            (Ends::Host(pattern), Point::Address(address)) => {
                address.host.as_ref().is_some_and(|host| requests::is_host(pattern, host))
            }
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
