//! What each end of a flow has to say about it, one way: by Weir's own guards, grants and denials, and with what others
//! wrote beside them, in every world that there may be.

use std::cell::OnceCell;
use std::rc::Rc;

use roaring::RoaringBitmap as Bits;
use rustc_hash::FxHashMap;
use weir_cluster::flow::{FlowBox, Flows, SetPermit, Sides, Space};
use weir_grammar::ast::Direction;

use super::ground::Ground;
use super::plan::{Cause, Marks, Outcome, Own, Plan};
use super::policy::Foreign;
use super::region::Region;
use super::world::World;
use crate::relation::{Guard, Relation};

pub(super) struct Way {
    pub direction: Direction,
    /// The pods that Weir guards: of each guard of the relation, and all together.
    pub by_guard: Vec<Rc<Bits>>,
    pub guarded: Bits,
    /// The pods for which others may admit what Weir does not.
    pub widened: Bits,
    /// The pods for which others may close what Weir leaves open.
    pub closed: Bits,
    /// What others may admit, by policy.
    pub beyond: Vec<Beyond>,
    /// For each point: what Weir's own objects permit, and with those of others: what may pass, and what surely does.
    pub own: Sides,
    pub possibly: Sides,
    pub surely: Sides,
    plans: Vec<Plan>,
    granted: Ending,
    denied: Ending,
    own_flows: OnceCell<Flows>,
    sure_flows: OnceCell<Flows>,
}

/// Pods that are alike, with peers and ports that a policy may admit for them and Weir does not.
pub(super) struct Beyond {
    pub policy: usize,
    pub points: Bits,
    pub rows: Vec<(Bits, Bits)>,
}

/// Flows of Weir's own, as peers and ports, and for each point the numbers of those that end there.
struct Ending {
    flows: Vec<(Bits, Bits)>,
    of: Vec<Vec<u32>>,
}

/// What Weir says of a point, by the numbers of flows.
#[derive(PartialEq, Eq, Hash)]
struct OwnKey<'k> {
    guarded: bool,
    granted: &'k [u32],
    denied: &'k [u32],
}

/// The flows that Weir's objects permit, and those that they deny at one end.
pub(super) struct OwnFlows<'f> {
    pub granted: &'f [FlowBox],
    pub denied: &'f [FlowBox],
}

impl Way {
    pub fn new(
        direction: Direction,
        relation: &Relation,
        flows: &OwnFlows<'_>,
        foreign: &[Foreign<'_>],
        worlds: &[World],
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
            // A grant is emitted for what Weir guards, and never guards by itself.
            granted: Ending::new(direction, flows.granted, Some(&guarded), ground),
            denied: Ending::new(direction, flows.denied, None, ground),
            by_guard,
            guarded,
            widened: Bits::new(),
            closed: Bits::new(),
            beyond: Vec::new(),
            own: open.clone(),
            possibly: open.clone(),
            surely: open,
            plans: (0..worlds.len()).map(|world| Plan::new(direction, world, foreign, ground)).collect(),
            own_flows: OnceCell::new(),
            sure_flows: OnceCell::new(),
        };
        way.add_own();
        way.add_others(worlds, ground);
        way
    }

    /// The end that this way is about, and the other one.
    pub fn ends<T>(&self, source: T, destination: T) -> (T, T) {
        ends(self.direction, source, destination)
    }

    /// The flows between some points and their peers.
    pub fn flows(&self, points: &Bits, peers: &Bits, ports: &Bits) -> FlowBox {
        // Swapping the ends twice changes nothing.
        let (destinations, sources) = self.ends(peers, points);
        FlowBox { sources: sources.clone(), destinations: destinations.clone(), ports: ports.clone() }
    }

    fn own_of(&self, point: u32) -> OwnKey<'_> {
        OwnKey {
            guarded: self.guarded.contains(point),
            granted: &self.granted.of[point as usize],
            denied: &self.denied.of[point as usize],
        }
    }

    fn regions(&self, key: &OwnKey<'_>, all: &Region) -> Own {
        let (granted, denied) = (self.granted.region(key.granted), self.denied.region(key.denied));
        let open = if key.guarded { granted.clone() } else { all.clone() }.minus(&denied);
        Own { guarded: key.guarded, granted, denied, open }
    }

    fn add_own(&mut self) {
        let mut permits = Vec::with_capacity(self.granted.flows.len());
        for (peers, ports) in &self.granted.flows {
            permits.push(SetPermit { peers: self.own.set(peers), ports: self.own.set(ports) });
        }
        for point in &self.guarded {
            let own = self.granted.of[point as usize].iter().map(|number| permits[*number as usize]);
            let side = self.own.closed(own.collect());
            self.own.assign(point as usize, side);
        }
    }

    /// Asks everybody about the points for which others wrote something, or Weir denies something.
    fn add_others(&mut self, worlds: &[World], ground: &Ground<'_>) {
        let all = Region::of(&ground.everyone, &ground.space.ports.all());
        let nothing = Marks::default();
        let mut touched: Bits = self.plans.iter().flat_map(|plan| plan.of.keys().copied()).collect();
        touched
            .extend((0u32..).zip(&self.denied.of).filter(|(_, denied)| !denied.is_empty()).map(|(at, _)| at));
        // Points of which everybody says the same.
        let mut alike: FxHashMap<(OwnKey<'_>, Vec<&Marks>), Bits> = FxHashMap::default();
        for point in &touched {
            let marks = self.plans.iter().map(|plan| plan.of.get(&point).unwrap_or(&nothing)).collect();
            alike.entry((self.own_of(point), marks)).or_default().insert(point);
        }
        let mut alike: Vec<_> = alike.into_iter().collect();
        alike.sort_by_key(|(_, points)| points.min());
        let mut known: FxHashMap<OwnKey<'_>, Rc<Own>> = FxHashMap::default();
        let (mut beyond, mut closed, mut sides) = (Vec::new(), Bits::new(), Vec::new());
        for ((key, marks), points) in alike {
            let denies = !key.denied.is_empty();
            let own = match known.get(&key) {
                Some(own) => Rc::clone(own),
                None => {
                    let own = Rc::new(self.regions(&key, &all));
                    known.insert(key, Rc::clone(&own));
                    own
                }
            };
            let mut outcome = Outcome::default();
            for ((world, plan), marks) in worlds.iter().zip(&self.plans).zip(marks) {
                plan.ask(world, &own, marks, &all, &mut outcome);
            }
            if !outcome.deny.and(&own.open).is_empty() {
                closed |= &points;
            }
            sides.push((
                points.clone(),
                denies.then(|| own.open.clone()),
                outcome.permit.clone(),
                all.clone().minus(&outcome.deny),
            ));
            beyond.extend(beyond_of(outcome, &points));
        }
        drop(known);
        for (points, own, ..) in &mut sides {
            if let Some(own) = own.take() {
                assign(&mut self.own, points, own);
            }
        }
        (self.possibly, self.surely) = (self.own.clone(), self.own.clone());
        for (points, _, possibly, surely) in sides {
            assign(&mut self.possibly, &points, possibly);
            assign(&mut self.surely, &points, surely);
        }
        self.widened = beyond.iter().fold(Bits::new(), |all, one: &Beyond| all | &one.points);
        (self.beyond, self.closed) = (beyond, closed);
    }

    /// Why a flow may not pass at this end, which Weir's own objects permit.
    pub fn cause(
        &self,
        worlds: &[World],
        (source, destination, atom): (usize, usize, usize),
    ) -> Option<Cause> {
        let (point, peer) = self.ends(source as u32, destination as u32);
        let own = Own { guarded: self.guarded.contains(point), ..Own::default() };
        let mut plans = worlds.iter().zip(&self.plans);
        plans.find_map(|(world, plan)| plan.cause(world, &own, (point, peer, atom as u32)))
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

impl Ending {
    fn new(direction: Direction, flows: &[FlowBox], among: Option<&Bits>, ground: &Ground<'_>) -> Ending {
        let mut of = vec![Vec::new(); ground.space.points.len()];
        let mut all = Vec::with_capacity(flows.len());
        for (number, flows) in (0u32..).zip(flows) {
            let (points, peers) = ends(direction, &flows.sources, &flows.destinations);
            match among {
                Some(among) => (points & among).iter().for_each(|point| of[point as usize].push(number)),
                None => points.iter().for_each(|point| of[point as usize].push(number)),
            }
            all.push((peers.clone(), flows.ports.clone()));
        }
        Ending { flows: all, of }
    }

    fn region(&self, numbers: &[u32]) -> Region {
        let mut region = Region::default();
        for number in numbers {
            let (peers, ports) = &self.flows[*number as usize];
            region.add(peers, ports);
        }
        region
    }
}

fn ends<T>(direction: Direction, source: T, destination: T) -> (T, T) {
    match direction {
        Direction::Ingress => (destination, source),
        Direction::Egress => (source, destination),
    }
}

fn assign(sides: &mut Sides, points: &Bits, region: Region) {
    let rows = region.rows();
    let permits =
        rows.iter().map(|(peers, ports)| SetPermit { peers: sides.set(peers), ports: sides.set(ports) });
    let permits = permits.collect();
    let side = sides.closed(permits);
    points.iter().for_each(|point| sides.assign(point as usize, side));
}

/// What each policy may let pass in the end. To pass something on opens what nobody else allows.
fn beyond_of(outcome: Outcome, points: &Bits) -> Vec<Beyond> {
    let Outcome { permit, allowed, passed, .. } = outcome;
    let mut by_others = Region::default();
    allowed.iter().for_each(|(_, region)| by_others.join(region));
    let passed = passed.into_iter().map(|(policy, region)| (policy, region.and(&permit).minus(&by_others)));
    let all = allowed.into_iter().chain(passed.collect::<Vec<_>>());
    let found = all.filter(|(_, region)| !region.is_empty());
    found.map(|(policy, region)| Beyond { policy, points: points.clone(), rows: region.rows() }).collect()
}
