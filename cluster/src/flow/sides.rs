//! From what each point permits on its own side to the flows that both sides permit.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHasher};

use super::intern::{Interner, fingerprint};
use super::{Bits, Flows, Row, Slice, Space, rows};

/// What one end of a flow has to say about it.
#[derive(Clone, Debug, PartialEq)]
pub enum Side {
    /// Nothing governs this end: everything is permitted.
    Open,
    /// Only these are permitted; none of them means that nothing is.
    Closed(Vec<Permit>),
}

/// Every one of these peers on every one of these ports.
#[derive(Clone, Debug, PartialEq)]
pub struct Permit {
    /// Over [`Space::points`].
    pub peers: Bits,
    /// Over the atoms of [`Space::ports`].
    pub ports: Bits,
}

/// One side for each point of a space, where many points share one, and many sides share their sets.
#[derive(Clone, Debug)]
pub struct Sides {
    sets: Interner,
    /// [`Sides::OPEN`] stands for the open side and is empty here.
    distinct: Vec<Vec<SetPermit>>,
    known: FxHashMap<Vec<SetPermit>, SideId>,
    /// For each point.
    of: Vec<SideId>,
}

/// A set of peers or of ports that one [`Sides`] knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetId(u32);

/// A side that one [`Sides`] knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SideId(u32);

/// A [`Permit`] by the sets it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetPermit {
    pub peers: SetId,
    pub ports: SetId,
}

impl Sides {
    pub const OPEN: SideId = SideId(0);

    /// Every point is open at first.
    pub fn open(points: usize) -> Sides {
        let sets = Interner::default();
        Sides { sets, distinct: vec![Vec::new()], known: FxHashMap::default(), of: vec![Sides::OPEN; points] }
    }

    pub fn new(sides: &[Side]) -> Sides {
        let mut table = Sides::open(sides.len());
        for (point, side) in sides.iter().enumerate() {
            if let Side::Closed(permits) = side {
                let permits = (permits.iter())
                    .map(|permit| SetPermit {
                        peers: table.set(&permit.peers),
                        ports: table.set(&permit.ports),
                    })
                    .collect();
                table.of[point] = table.closed(permits);
            }
        }
        table
    }

    pub fn set(&mut self, set: &Bits) -> SetId {
        SetId(self.sets.id(set))
    }

    pub fn get(&self, set: SetId) -> &Bits {
        self.sets.get(set.0)
    }

    /// The side that permits these and nothing else.
    pub fn closed(&mut self, mut permits: Vec<SetPermit>) -> SideId {
        permits.sort_unstable();
        permits.dedup();
        if let Some(&side) = self.known.get(&permits) {
            return side;
        }
        let side = SideId(self.distinct.len() as u32);
        self.distinct.push(permits.clone());
        self.known.insert(permits, side);
        side
    }

    pub fn assign(&mut self, point: usize, side: SideId) {
        self.of[point] = side;
    }

    /// Whether every point permits the same here and there. If so the flows are the same; if not, the other end may still
    /// close what differs.
    pub fn agree(&self, other: &Sides, space: &Space) -> bool {
        let mut known: FxHashMap<(SideId, SideId), bool> = FxHashMap::default();
        self.of.len() == other.of.len()
            && self.of.iter().zip(&other.of).all(|(&ours, &theirs)| {
                *known.entry((ours, theirs)).or_insert_with(|| {
                    ours == Sides::OPEN && theirs == Sides::OPEN
                        || self.permitted(ours, space) == other.permitted(theirs, space)
                })
            })
    }

    /// Whom a side permits: for each first atom of a class that it does not tell apart all atoms of that, and the peers.
    fn permitted(&self, side: SideId, space: &Space) -> BTreeMap<u32, (Vec<u32>, Bits)> {
        if side == Sides::OPEN {
            return BTreeMap::from([(0, ((0..space.ports.len() as u32).collect(), space.everyone.clone()))]);
        }
        let mut lists: Vec<Vec<u32>> = vec![Vec::new(); space.ports.len()];
        for permit in &self.distinct[side.0 as usize] {
            let ports = self.sets.get(permit.ports.0);
            ports.iter().for_each(|atom| lists[atom as usize].push(permit.peers.0));
        }
        let mut classes: FxHashMap<Vec<u32>, Vec<u32>> = FxHashMap::default();
        for (atom, mut list) in (0u32..).zip(lists) {
            if !list.is_empty() {
                list.sort_unstable();
                list.dedup();
                classes.entry(list).or_default().push(atom);
            }
        }
        // Different lists of sets may come to the same peers.
        let mut by_peers = Interner::default();
        let mut atoms: Vec<Vec<u32>> = Vec::new();
        for (list, own) in classes {
            let mut peers = Bits::new();
            list.iter().for_each(|&set| peers |= self.sets.get(set));
            if peers.is_empty() {
                continue;
            }
            let class = by_peers.id(&peers) as usize;
            match atoms.get_mut(class) {
                Some(known) => known.extend(own),
                None => atoms.push(own),
            }
        }
        let classes = atoms.into_iter().zip(by_peers.into_sets());
        classes
            .map(|(mut atoms, peers)| {
                atoms.sort_unstable();
                (atoms[0], (atoms, peers))
            })
            .collect()
    }

    /// The sets of ports that some side tells apart.
    fn port_sets(&self) -> Vec<u32> {
        let mut sets: Vec<u32> = self.distinct.iter().flatten().map(|permit| permit.ports.0).collect();
        sets.sort_unstable();
        sets.dedup();
        sets
    }

    /// Points whose side permits the same peers on one port atom.
    fn groups(&self, space: &Space, atom: u32) -> Vec<Group> {
        let mut holds = vec![false; self.sets.len()];
        for set in self.port_sets() {
            holds[set as usize] = self.sets.get(set).contains(atom);
        }
        // Sides with the same sets of peers first: that needs no look into the sets.
        let mut union_of: FxHashMap<Vec<u32>, u32> = FxHashMap::default();
        let mut unions = Interner::default();
        let mut union_of_side = vec![unions.id(&space.everyone)];
        for permits in &self.distinct[1..] {
            let permits = permits.iter().filter(|permit| holds[permit.ports.0 as usize]);
            let mut peers: Vec<u32> = permits.map(|permit| permit.peers.0).collect();
            peers.sort_unstable();
            peers.dedup();
            let union = union_of.entry(peers).or_insert_with_key(|peers| {
                let mut union = Bits::new();
                peers.iter().for_each(|&set| union |= self.sets.get(set));
                unions.id(&union)
            });
            union_of_side.push(*union);
        }
        let mut members = vec![Bits::new(); unions.len()];
        for (point, side) in self.of.iter().enumerate() {
            members[union_of_side[side.0 as usize] as usize].insert(point as u32);
        }
        let groups =
            members.into_iter().zip(unions.into_sets()).map(|(members, peers)| Group { members, peers });
        groups.filter(|group| !group.members.is_empty()).collect()
    }
}

impl Flows {
    /// The flows that both ends permit: the source's egress side the destination, and the destination's ingress
    /// side the source. One side per point of the space; an address should be [`Side::Open`] both ways.
    pub fn from_sides(space: &Space, egress: &[Side], ingress: &[Side]) -> Flows {
        Flows::from_grouped(space, &Sides::new(egress), &Sides::new(ingress))
    }

    /// [`Flows::from_sides`] where equal sides are grouped already.
    pub fn from_grouped(space: &Space, egress: &Sides, ingress: &Sides) -> Flows {
        assert_eq!(egress.of.len(), space.points.len(), "one side a point");
        assert_eq!(ingress.of.len(), space.points.len(), "one side a point");
        let port_sets = [egress, ingress].into_iter().flat_map(|sides| {
            let sets = sides.port_sets().into_iter();
            sets.map(|set| sides.sets.get(set))
        });
        let of_atom = lists(space.ports.len(), port_sets);
        Flows { slices: slices(&of_atom, |atom, _| both_permit(space, egress, ingress, atom)) }
    }
}

/// For each member of `0..len` the numbers of the sets that hold it.
pub(super) fn lists<'a>(len: usize, sets: impl Iterator<Item = &'a Bits>) -> Vec<Vec<u32>> {
    let mut lists = vec![Vec::new(); len];
    for (number, set) in sets.enumerate() {
        set.iter().for_each(|member| lists[member as usize].push(number as u32));
    }
    lists
}

/// One slice per port atom, made once for all atoms with the same list.
pub(super) fn slices(of_atom: &[Vec<u32>], mut make: impl FnMut(u32, &[u32]) -> Slice) -> Vec<Slice> {
    let mut done: FxHashMap<&[u32], Slice> = FxHashMap::default();
    let mut by_hash: FxHashMap<u64, Vec<Slice>> = FxHashMap::default();
    (of_atom.iter().enumerate())
        .map(|(atom, list)| {
            let slice = done.entry(list).or_insert_with(|| {
                let made = make(atom as u32, list);
                let known = by_hash.entry(slice_fingerprint(&made)).or_default();
                if let Some(same) = known.iter().find(|slice| **slice == made) {
                    return same.clone();
                }
                known.push(made.clone());
                made
            });
            Arc::clone(slice)
        })
        .collect()
}

fn slice_fingerprint(slice: &[Row]) -> u64 {
    let mut hasher = FxHasher::default();
    for row in slice {
        hasher.write_u64(fingerprint(&row.sources));
        hasher.write_u64(fingerprint(&row.destinations));
    }
    hasher.finish()
}

/// Points that permit the same peers on one port atom.
struct Group {
    members: Bits,
    peers: Bits,
}

/// Which destination groups admit a source: those of `admitting`, and all of the broad ones but `refusing`.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Admission {
    admitting: Vec<u32>,
    refusing: Vec<u32>,
}

fn both_permit(space: &Space, egress: &Sides, ingress: &Sides, atom: u32) -> Slice {
    let source_groups = egress.groups(space, atom);
    let destination_groups = ingress.groups(space, atom);

    // A destination group that admits most points is noted where it refuses, so that lists stay short.
    let mut broad = Bits::new();
    let mut admission = vec![Admission::default(); space.points.len()];
    for (number, group) in destination_groups.iter().enumerate() {
        if group.peers.len() * 2 > space.everyone.len() {
            broad |= &group.members;
            let refused = &space.everyone - &group.peers;
            refused.iter().for_each(|source| admission[source as usize].refusing.push(number as u32));
        } else {
            group.peers.iter().for_each(|source| admission[source as usize].admitting.push(number as u32));
        }
    }

    let mut alike: FxHashMap<(usize, bool, &Admission), Bits> = FxHashMap::default();
    for (number, group) in source_groups.iter().enumerate().filter(|(_, group)| !group.peers.is_empty()) {
        for source in &group.members {
            let key = (number, space.pods.contains(source), &admission[source as usize]);
            alike.entry(key).or_default().insert(source);
        }
    }

    let mut admitted_by: FxHashMap<&Admission, Bits> = FxHashMap::default();
    rows(alike.into_iter().map(|((number, pod, admission), sources)| {
        let admitted = admitted_by.entry(admission).or_insert_with(|| {
            let mut admitted = broad.clone();
            admission.refusing.iter().for_each(|&g| admitted -= &destination_groups[g as usize].members);
            admission.admitting.iter().for_each(|&g| admitted |= &destination_groups[g as usize].members);
            admitted
        });
        let mut destinations = &*admitted & &source_groups[number].peers;
        if !pod {
            destinations &= &space.pods;
        }
        (sources, destinations)
    }))
}
