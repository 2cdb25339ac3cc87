//! The points of today on which policies of others are judged: pods that run, newcomers, addresses. What their peers
//! denote on them. Passes no judgement.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::rc::Rc;

use roaring::RoaringBitmap as Bits;
use weir_cluster::flow::{Point, Space};
use weir_cluster::labels::Text;

use super::denials::Denied;
use super::policy::{Blocks, Foreign, Peer, Who};
use crate::address::AddressSet;
use crate::check::promises::universe::{self, Universe};
use crate::facts::Facts;
use crate::meaning::{self, Meaning};
use crate::relation::{Grant, Relation};
use crate::resolve::program::{Ends, Ports, Program, Reach};
use crate::selector::Conjunction;

pub(super) struct Ground<'a> {
    pub space: &'a Space,
    pub meaning: Meaning<'a>,
    /// Every point, and those that are no newcomers.
    pub everyone: Bits,
    pub real: Bits,
    facts: &'a Facts<'a>,
    universe: Universe<'a>,
    /// Known addresses of pods, sorted.
    addresses: Vec<(IpAddr, u32)>,
    without_address: Bits,
    pod_ranges: AddressSet,
    /// Selectors of namespaces and blocks of addresses are the same in many policies.
    known: RefCell<HashMap<(Ends, Blocks), Rc<Peers>>>,
}

/// Points that surely belong to an end of a rule, and those that may.
#[derive(Clone)]
pub(super) struct Peers {
    pub surely: Bits,
    pub possibly: Bits,
}

/// What of a program has to do with the policies of others: sentences and grants with an end in one of their namespaces.
/// All other flows pass or do not pass, whatever others wrote.
pub(super) struct Near {
    /// `None` where policies of others may be about pods of any namespace.
    homes: Option<BTreeSet<Text>>,
}

impl Near {
    pub fn new(foreign: &[Foreign<'_>]) -> Near {
        let terms = foreign.iter().flat_map(|policy| policy.subject.possibly.terms());
        let names = terms.map(|term| term.namespaces.names().map(|names| names.cloned().collect()));
        let names: Option<Vec<Vec<Text>>> = names.collect();
        Near { homes: names.map(|names| names.into_iter().flatten().collect()) }
    }

    /// Whether some of these ends may be there.
    pub fn may_hold<'e>(&self, ends: impl IntoIterator<Item = &'e Ends>) -> bool {
        let Some(homes) = &self.homes else { return true };
        let term = |term: &Conjunction| match term.namespaces.names() {
            Some(mut names) => names.any(|name| homes.contains(name)),
            None => true,
        };
        ends.into_iter().any(|ends| match ends {
            Ends::Pods(pods) => pods.terms().iter().any(term),
            Ends::Anywhere => true,
            _ => false,
        })
    }

    pub fn grants<'g>(&self, relation: &'g Relation) -> Vec<&'g Grant> {
        let near = |grant: &&Grant| self.may_hold(grant.from.iter().chain(&grant.to));
        relation.grants.iter().map(|grant| &**grant).filter(near).collect()
    }

    fn reaches<'p>(&self, program: &'p Program) -> impl Iterator<Item = &'p Reach> {
        let reaches = program.sentences.iter().filter_map(|sentence| sentence.kind.reach());
        reaches.filter(|reach| self.may_hold(reach.parts().map(|part| &part.ends)))
    }
}

/// With a pod for each selector, of the program and of others, that nothing matches.
pub(super) fn universe<'a>(
    program: &Program,
    relation: &Relation,
    foreign: &[Foreign<'_>],
    facts: &'a Facts<'a>,
) -> Universe<'a> {
    // One set is named over and over again.
    let mut known = BTreeSet::new();
    let reaches = program.sentences.iter().filter_map(|sentence| sentence.kind.reach());
    let parts = reaches.flat_map(|reach| reach.parts().filter_map(|part| part.ends.pods()));
    let parts = parts.filter(|pods| known.insert(pods.identity()));
    let guarded = relation.guards.iter().map(|guard| &guard.pods);
    Universe::new(facts, parts.chain(guarded).chain(foreign.iter().flat_map(Foreign::sets)))
}

/// The space in which the policies, and what is near them, can be told apart.
pub(super) fn space(
    program: &Program,
    (grants, denials): (&[&Grant], &[Denied]),
    near: &Near,
    foreign: &[Foreign<'_>],
    universe: &Universe<'_>,
    facts: &Facts<'_>,
) -> Space {
    let (mut ends, mut ports): (Vec<&Ends>, Vec<&Ports>) = (Vec::new(), Vec::new());
    for grant in grants {
        ends.extend(grant.from.iter().chain(&grant.to));
        ports.push(&grant.ports);
    }
    for denied in denials {
        ends.extend([&denied.from, &denied.to]);
        ports.push(&denied.ports);
    }
    for reach in near.reaches(program) {
        ends.extend(reach.parts().map(|part| &part.ends));
        ports.extend(reach.object.iter().map(|(_, ports)| ports));
    }
    ends.extend(foreign.iter().flat_map(Foreign::ends));
    ports.extend(foreign.iter().flat_map(Foreign::ports));
    meaning::space_of(ends, ports, universe.newcomers.clone(), facts)
}

impl<'a> Ground<'a> {
    pub fn new(space: &'a Space, universe: Universe<'a>, facts: &'a Facts<'a>) -> Ground<'a> {
        let (mut real, mut without_address, mut addresses) = (Bits::new(), Bits::new(), Vec::new());
        for (at, point) in (0u32..).zip(&space.points) {
            let Point::Pod(pod) = point else {
                real.insert(at);
                continue;
            };
            if pod.class.is_some() {
                real.insert(at);
            }
            if pod.addresses.is_empty() {
                without_address.insert(at);
            }
            addresses.extend(pod.addresses.iter().map(|address| (*address, at)));
        }
        addresses.sort_unstable();
        Ground {
            space,
            meaning: Meaning::new(facts, space),
            everyone: (0..space.points.len() as u32).collect(),
            real,
            facts,
            universe,
            addresses,
            without_address,
            pod_ranges: facts.pod_ranges(),
            known: RefCell::default(),
        }
    }

    /// Who an end of a rule is. Whether a block of addresses is about pods is each network plugin's own choice.
    pub fn who(&self, who: &Who) -> Peers {
        let mut peers = Peers { surely: self.everyone.clone(), possibly: self.everyone.clone() };
        for union in &who.all {
            let one = self.union(union);
            peers.surely &= one.surely;
            peers.possibly &= one.possibly;
        }
        for union in &who.none {
            let one = self.union(union);
            peers.surely -= one.possibly;
            peers.possibly -= one.surely;
        }
        peers
    }

    fn union(&self, union: &[Peer]) -> Peers {
        let mut peers = Peers { surely: Bits::new(), possibly: Bits::new() };
        for peer in union {
            if let Some(surely) = &peer.surely {
                peers.surely |= &self.known(surely, peer.blocks).surely;
            }
            peers.possibly |= &self.known(&peer.possibly, peer.blocks).possibly;
        }
        peers
    }

    fn known(&self, ends: &Ends, blocks: Blocks) -> Rc<Peers> {
        let key = (ends.clone(), blocks);
        if let Some(known) = self.known.borrow().get(&key) {
            return Rc::clone(known);
        }
        let mut surely = self.meaning.members(std::slice::from_ref(ends));
        let mut possibly = surely.clone();
        if let (Ends::Exactly(block), Blocks::Perhaps | Blocks::Also) = (ends, blocks) {
            let pods = self.pods_at(block);
            if blocks == Blocks::Also {
                surely |= self.pods_within(block, &pods);
            }
            possibly |= pods;
        }
        let found = Rc::new(Peers { surely, possibly });
        self.known.borrow_mut().insert(key, Rc::clone(&found));
        found
    }

    /// Destinations with the ports that are meant of them, but for exceptions.
    pub fn by_ports(&self, to: &Bits, ports: &Ports, except: Option<&Ports>) -> Vec<(Bits, Bits)> {
        let mut all = self.meaning.by_ports(to, ports);
        let Some(except) = except else { return all };
        for (pods, numbers) in self.meaning.by_ports(to, except) {
            let parts = all.into_iter().flat_map(|(to, ports)| {
                let within = (&to & &pods, &ports - &numbers);
                [(to - &pods, ports), within]
            });
            all = parts.filter(|(to, ports)| !to.is_empty() && !ports.is_empty()).collect();
        }
        all
    }

    /// Of these pods those all of whose addresses are in these ranges.
    fn pods_within(&self, set: &AddressSet, pods: &Bits) -> Bits {
        let any = !self.pod_ranges.is_empty() && self.pod_ranges.minus(set).is_empty();
        let within = |point: &u32| match &self.space.points[*point as usize] {
            Point::Pod(pod) if pod.addresses.is_empty() => any,
            Point::Pod(pod) => pod.addresses.iter().all(|address| set.contains(*address)),
            Point::Address(_) => true,
        };
        pods.iter().filter(within).collect()
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

    /// A virtual pod is one pod; a class may be many.
    pub fn is_alone(&self, point: u32) -> bool {
        matches!(&self.space.points[point as usize], Point::Pod(pod) if pod.class.is_none())
    }

    /// A point in the user's words.
    pub fn spoken(&self, point: usize) -> String {
        match &self.space.points[point] {
            Point::Pod(pod) => match pod.class {
                Some(class) => self.universe.spoken(class.0),
                None => universe::newcomer(pod, self.facts),
            },
            Point::Address(address) => {
                let range = AddressSet::between(address.first, address.last).blocks();
                match range.as_slice() {
                    [block] if block.except.is_empty() && address.first != address.last => {
                        format!("`{}`", block.cidr)
                    }
                    _ => format!("`{}`", address.first),
                }
            }
        }
    }
}
