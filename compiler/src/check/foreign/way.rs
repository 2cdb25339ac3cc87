//! What each end of a flow has to say about it, one way: by Weir's own guards and grants, and with what others wrote
//! beside them. NetworkPolicies add up: a pod that any of them guards permits what some rule of any of them admits.

use std::cell::OnceCell;
use std::rc::Rc;

use roaring::RoaringBitmap as Bits;
use weir_cluster::flow::{FlowBox, Flows, SetPermit, Sides, Space};
use weir_grammar::ast::Direction;

use super::ground::Ground;
use super::policy::{Foreign, Rule};
use crate::relation::{Guard, Relation};

pub(super) struct Way {
    pub direction: Direction,
    /// The pods that Weir guards: of each guard of the relation, and all together.
    pub by_guard: Vec<Rc<Bits>>,
    pub guarded: Bits,
    /// Of them those for which others may admit something.
    pub widened: Bits,
    /// The pods that others may guard, and Weir does not.
    pub closed: Bits,
    /// The pods that each policy may guard.
    pub subjects: Vec<Bits>,
    pub entries: Vec<Entry>,
    /// For each point: what Weir's own objects permit, with all that others may admit, with what they surely admit.
    pub own: Sides,
    pub possibly: Sides,
    pub surely: Sides,
    /// For each point the numbers of the granted flows that end there.
    own_of: Vec<Vec<u32>>,
    own_flows: OnceCell<Flows>,
    sure_flows: OnceCell<Flows>,
}

/// Part of a rule of others: these pods, and the peers on ports that it admits for them.
pub(super) struct Entry {
    /// The number of its policy.
    pub policy: usize,
    pub subjects: Bits,
    pub peers: Bits,
    pub ports: Bits,
    sure_subjects: Bits,
    sure_peers: Bits,
}

impl Way {
    /// `granted`: the flows of all grants.
    pub fn new(
        direction: Direction,
        relation: &Relation,
        granted: &[FlowBox],
        foreign: &[Foreign<'_>],
        ground: &Ground<'_>,
    ) -> Way {
        let closes = |guard: &Guard| match direction {
            Direction::Ingress => guard.ingress,
            Direction::Egress => guard.egress,
        };
        let pods =
            |guard: &Guard| if closes(guard) { ground.meaning.pods(&guard.pods) } else { Rc::default() };
        let by_guard: Vec<Rc<Bits>> = relation.guards.iter().map(pods).collect();
        let guarded = by_guard.iter().fold(Bits::new(), |all, some| all | &**some);
        let open = Sides::open(ground.space.points.len());
        let mut way = Way {
            direction,
            by_guard,
            guarded,
            widened: Bits::new(),
            closed: Bits::new(),
            subjects: vec![Bits::new(); foreign.len()],
            entries: Vec::new(),
            own: open.clone(),
            possibly: open.clone(),
            surely: open,
            own_of: vec![Vec::new(); ground.space.points.len()],
            own_flows: OnceCell::new(),
            sure_flows: OnceCell::new(),
        };
        let permits = way.add_own(granted);
        way.add_others(&permits, foreign, ground);
        way
    }

    /// The end that this way is about, and the other one.
    pub fn ends<T>(&self, source: T, destination: T) -> (T, T) {
        match self.direction {
            Direction::Ingress => (destination, source),
            Direction::Egress => (source, destination),
        }
    }

    /// The flows between some points and their peers.
    pub fn flows(&self, points: &Bits, peers: &Bits, ports: &Bits) -> FlowBox {
        // Swapping the ends twice changes nothing.
        let (destinations, sources) = match self.direction {
            Direction::Ingress => (points, peers),
            Direction::Egress => (peers, points),
        };
        FlowBox { sources: sources.clone(), destinations: destinations.clone(), ports: ports.clone() }
    }

    /// The granted flows that end at a point, by their numbers.
    pub fn own_of(&self, point: u32) -> &[u32] {
        &self.own_of[point as usize]
    }

    /// A grant is emitted for what Weir guards, and never guards by itself.
    fn add_own(&mut self, granted: &[FlowBox]) -> Vec<SetPermit> {
        let mut permits = Vec::with_capacity(granted.len());
        for (number, flows) in (0u32..).zip(granted) {
            let (points, peers) = self.ends(&flows.sources, &flows.destinations);
            let permit = SetPermit { peers: self.own.set(peers), ports: self.own.set(&flows.ports) };
            permits.push(permit);
            for point in &(points & &self.guarded) {
                self.own_of[point as usize].push(number);
            }
        }
        for point in &self.guarded {
            let own = self.own_of[point as usize].iter().map(|number| permits[*number as usize]);
            let side = self.own.closed(own.collect());
            self.own.assign(point as usize, side);
        }
        permits
    }

    fn add_others(&mut self, own: &[SetPermit], foreign: &[Foreign<'_>], ground: &Ground<'_>) {
        let mut surely_guarded = Bits::new();
        for (number, policy) in foreign.iter().enumerate() {
            let rules = match self.direction {
                Direction::Ingress => &policy.ingress,
                Direction::Egress => &policy.egress,
            };
            let Some(rules) = rules else { continue };
            let subjects = ground.meaning.pods(&policy.subject.possibly);
            let sure_subjects = ground.meaning.pods(&policy.subject.surely);
            surely_guarded |= &*sure_subjects;
            for rule in rules {
                self.add_rule(number, rule, &subjects, &sure_subjects, ground);
            }
            self.subjects[number] = Bits::clone(&subjects);
        }
        let touched = self.subjects.iter().fold(Bits::new(), |all, some| all | some);
        let admitted = self.entries.iter().fold(Bits::new(), |all, entry| all | &entry.subjects);
        self.closed = &touched - &self.guarded;
        self.widened = admitted & &self.guarded;

        // The numbers of Weir's own sets stay true in copies.
        self.possibly = self.own.clone();
        self.surely = self.own.clone();
        let (mut possible, mut sure) = (Vec::new(), Vec::new());
        let mut entries_of: Vec<Vec<usize>> = vec![Vec::new(); ground.space.points.len()];
        for (number, entry) in self.entries.iter().enumerate() {
            let permit = |sides: &mut Sides, peers: &Bits| SetPermit {
                peers: sides.set(peers),
                ports: sides.set(&entry.ports),
            };
            possible.push(permit(&mut self.possibly, &entry.peers));
            sure.push(permit(&mut self.surely, &entry.sure_peers));
            entry.subjects.iter().for_each(|point| entries_of[point as usize].push(number));
        }
        for point in &touched {
            let entries = &entries_of[point as usize];
            let own = self.own_of[point as usize].iter().map(|number| own[*number as usize]);
            if self.guarded.contains(point) || surely_guarded.contains(point) {
                let all = own.clone().chain(entries.iter().map(|entry| possible[*entry]));
                let side = self.possibly.closed(all.collect());
                self.possibly.assign(point as usize, side);
            }
            let surely = entries.iter().filter(|entry| self.entries[**entry].sure_subjects.contains(point));
            let side = self.surely.closed(own.chain(surely.map(|entry| sure[*entry])).collect());
            self.surely.assign(point as usize, side);
        }
    }

    fn add_rule(
        &mut self,
        policy: usize,
        rule: &Rule,
        subjects: &Bits,
        sure_subjects: &Bits,
        ground: &Ground<'_>,
    ) {
        let peers = ground.peers(rule);
        let destinations = match self.direction {
            Direction::Ingress => subjects,
            Direction::Egress => &peers.possibly,
        };
        for (destinations, ports) in ground.meaning.by_ports(destinations, &rule.ports) {
            let (subjects, peers, sure_peers) = match self.direction {
                Direction::Ingress => (destinations, peers.possibly.clone(), peers.surely.clone()),
                Direction::Egress => {
                    let sure = &destinations & &peers.surely;
                    (subjects.clone(), destinations, sure)
                }
            };
            if !subjects.is_empty() && !peers.is_empty() {
                let sure_subjects = &subjects & sure_subjects;
                self.entries.push(Entry { policy, subjects, peers, ports, sure_subjects, sure_peers });
            }
        }
    }

    /// The flows that this way permits by Weir's own objects, whatever the other end says.
    pub fn own_flows(&self, space: &Space) -> &Flows {
        self.own_flows.get_or_init(|| self.alone(&self.own, space))
    }

    /// Those that it surely permits with what others wrote.
    pub fn sure_flows(&self, space: &Space) -> &Flows {
        self.sure_flows.get_or_init(|| self.alone(&self.surely, space))
    }

    fn alone(&self, sides: &Sides, space: &Space) -> Flows {
        let open = Sides::open(space.points.len());
        match self.direction {
            Direction::Ingress => Flows::from_grouped(space, &open, sides),
            Direction::Egress => Flows::from_grouped(space, sides, &open),
        }
    }
}
