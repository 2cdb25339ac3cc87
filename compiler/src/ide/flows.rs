//! Who reaches whom, kept so that one pod's peers are found at once: of every grant the classes at its ends, and which
//! classes are closed.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use roaring::RoaringBitmap as Bits;
use weir_cluster::inventory::{ClassId, NamespaceId, WorkloadId};

use crate::Analysis;
use crate::facts::Facts;
use crate::relation::{Grant, Guard, Narrowing, Within};
use crate::resolve::program::{self, Ends, Ports, Sentence};

/// What a program means in one cluster, as classes of today.
#[derive(Default)]
pub struct Peers {
    grants: Vec<Opening>,
    /// Closed classes.
    ingress: Bits,
    egress: Bits,
    /// Everything that closes, with the sentence that says so.
    guards: Vec<(Guard, Arc<Sentence>)>,
    /// Where grants are found by their ends, made when they are first asked for.
    to: OnceLock<Index>,
    from: OnceLock<Index>,
}

/// Grants by the classes at one of their ends.
struct Index {
    /// Where the grants of each class begin, and behind the last one their end.
    begins: Vec<u32>,
    grants: Vec<u32>,
    /// Those whose end is so large, or no pods at all, that they are looked at one by one.
    wide: Vec<u32>,
}

impl Index {
    /// A grant to more classes than these is not listed at each of them.
    const WIDE: u64 = 64;

    fn of<'g>(ends: impl Iterator<Item = (&'g Bits, &'g [Ends])> + Clone, classes: usize) -> Index {
        let is_wide = |bits: &Bits, ends: &[Ends]| bits.len() > Index::WIDE || ends.contains(&Ends::Anywhere);
        let mut begins = vec![0_u32; classes + 1];
        for (bits, _) in ends.clone().filter(|(bits, ends)| !is_wide(bits, ends)) {
            bits.iter().for_each(|class| begins[class as usize] += 1);
        }
        let mut all = 0;
        for begin in &mut begins {
            all += *begin;
            *begin = all;
        }
        let (mut grants, mut wide) = (vec![0; all as usize], Vec::new());
        for (at, (bits, ends)) in (0_u32..).zip(ends) {
            if is_wide(bits, ends) {
                wide.push(at);
                continue;
            }
            for class in bits {
                let end = &mut begins[class as usize];
                *end -= 1;
                grants[*end as usize] = at;
            }
        }
        Index { begins, grants, wide }
    }

    /// The grants that may have one of these classes at the end, each once.
    fn of_classes(&self, classes: &Bits) -> Bits {
        let mut found: Bits = self.wide.iter().copied().collect();
        for class in classes {
            let bounds = self.begins.get(class as usize).zip(self.begins.get(class as usize + 1));
            if let Some((begin, end)) = bounds {
                found.extend(&self.grants[*begin as usize..*end as usize]);
            }
        }
        found
    }
}

/// A grant, with the classes of pods at its ends.
struct Opening {
    from: Arc<Bits>,
    to: Arc<Bits>,
    grant: Arc<Grant>,
    sentence: Arc<Sentence>,
}

/// Which way flows go, seen from the pods that are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Who may reach them.
    Incoming,
    /// What they may reach.
    Outgoing,
}

/// The other ends of flows.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Whether some of the pods are closed by nothing that way: then whoever is not closed at the other end may, too.
    pub unguarded: bool,
    /// What grants open, by the other end.
    pub peers: BTreeMap<Peer, Vec<Open>>,
}

/// Who is at the other end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    Workload(WorkloadId),
    Other(Ends),
}

/// What a sentence opens.
#[derive(Clone, Debug)]
pub struct Open {
    pub ports: Ports,
    pub narrowed: Option<Narrowing>,
    pub sentence: Arc<Sentence>,
}

impl Peers {
    pub(super) fn of(analysis: &Analysis, facts: &Facts<'_>) -> Peers {
        let program = &analysis.program;
        let sentence = |id: program::SentenceId| Arc::clone(&program.sentences[id.0 as usize]);
        let nobody = Arc::new(Bits::new());
        // Pods of an end are one set: `relate` joins them.
        let classes = |ends: &[Ends]| {
            let mut sets = ends.iter().filter_map(Ends::pods).map(|pods| facts.ground(pods));
            let first = sets.next().unwrap_or_else(|| Arc::clone(&nobody));
            sets.fold(first, |all, more| Arc::new(&*all | &*more))
        };
        let mut peers = Peers::default();
        for guard in &analysis.meant.guards {
            let classes = facts.ground(&guard.pods);
            if guard.ingress {
                peers.ingress |= &*classes;
            }
            if guard.egress {
                peers.egress |= &*classes;
            }
            peers.guards.push((guard.clone(), sentence(guard.sentence)));
        }
        let opening = |grant: &Arc<Grant>| Opening {
            from: classes(&grant.from),
            to: classes(&grant.to),
            grant: Arc::clone(grant),
            sentence: sentence(grant.sentence),
        };
        peers.grants = analysis.meant.grants.iter().map(opening).collect();
        peers
    }

    fn index(&self, way: Way, facts: &Facts<'_>) -> &Index {
        let classes = facts.inventory.classes.len();
        match way {
            Way::Incoming => self.to.get_or_init(|| {
                Index::of(self.grants.iter().map(|one| (&*one.to, one.grant.to.as_slice())), classes)
            }),
            Way::Outgoing => self.from.get_or_init(|| {
                Index::of(self.grants.iter().map(|one| (&*one.from, one.grant.from.as_slice())), classes)
            }),
        }
    }

    /// The guards of a program, each with its sentence.
    pub fn guards(&self) -> &[(Guard, Arc<Sentence>)] {
        &self.guards
    }

    /// The classes that something closes one way.
    pub fn closed(&self, way: Way) -> &Bits {
        match way {
            Way::Incoming => &self.ingress,
            Way::Outgoing => &self.egress,
        }
    }

    /// Every end of a grant that is no pod.
    pub fn others(&self) -> impl Iterator<Item = &Ends> {
        let ends = self.grants.iter().flat_map(|opening| opening.grant.from.iter().chain(&opening.grant.to));
        ends.filter(|ends| ends.pods().is_none())
    }

    /// Who is at the other end of the flows of what is no pod.
    pub fn of_other(&self, other: &Ends, way: Way, facts: &Facts<'_>) -> Found {
        let mut found = Found::default();
        for opening in &self.grants {
            let near = match way {
                Way::Incoming => &opening.grant.to,
                Way::Outgoing => &opening.grant.from,
            };
            if near.contains(other) {
                opening.add(way, None, facts, &mut found);
            }
        }
        found.dedup()
    }

    /// Who is at the other end of the flows of some classes.
    pub fn of_classes(&self, classes: &Bits, way: Way, facts: &Facts<'_>) -> Found {
        let governed = classes - &facts.host_network;
        let mut found = Found { unguarded: !governed.is_subset(self.closed(way)), ..Found::default() };
        for at in self.index(way, facts).of_classes(&governed) {
            let opening = &self.grants[at as usize];
            let (near, ends) = match way {
                Way::Incoming => (&opening.to, &opening.grant.to),
                Way::Outgoing => (&opening.from, &opening.grant.from),
            };
            let met = match ends.contains(&Ends::Anywhere) {
                true => governed.clone(),
                false if near.is_disjoint(&governed) => continue,
                false => &**near & &governed,
            };
            if !met.is_empty() {
                opening.add(way, Some(&met), facts, &mut found);
            }
        }
        found.dedup()
    }
}

impl Opening {
    /// Adds everyone at the far end, of those in the same part as one at the near one.
    fn add(&self, way: Way, met: Option<&Bits>, facts: &Facts<'_>, found: &mut Found) {
        let (far, ends) = match way {
            Way::Incoming => (&self.from, &self.grant.from),
            Way::Outgoing => (&self.to, &self.grant.to),
        };
        let mut add = |peer: Peer| {
            let open = Open {
                ports: self.grant.ports.clone(),
                narrowed: self.grant.narrowed.clone(),
                sentence: Arc::clone(&self.sentence),
            };
            found.peers.entry(peer).or_default().push(open);
        };
        ends.iter().filter(|ends| ends.pods().is_none()).for_each(|ends| add(Peer::Other(ends.clone())));
        let is_within = |class: &u32| met.is_none_or(|met| is_within(&self.grant.within, *class, met, facts));
        let mut last = None;
        for class in far.iter().filter(is_within) {
            let workload = facts.inventory.classes[class as usize].workload;
            if last != Some(workload) {
                last = Some(workload);
                add(Peer::Workload(workload));
            }
        }
    }
}

impl Found {
    /// What is said twice of one peer counts once.
    fn dedup(mut self) -> Found {
        for open in self.peers.values_mut() {
            let key = |open: &Open| (open.sentence.place, open.ports.clone(), open.narrowed.clone());
            open.sort_by_cached_key(key);
            open.dedup_by_key(|open| key(open));
        }
        self
    }
}

/// Whether a class is in the same part as one of those that it is granted to.
fn is_within(within: &Within, class: u32, met: &Bits, facts: &Facts<'_>) -> bool {
    let inventory = facts.inventory;
    let home = |class: u32| inventory.classes[ClassId(class).index()].namespace;
    let value = |home: NamespaceId, key: &str| inventory.namespaces[home.index()].labels.get(key).cloned();
    match within {
        Within::Everywhere => true,
        Within::SameNamespace => met.iter().any(|other| home(other) == home(class)),
        Within::SameValue(key) => {
            let own = value(home(class), key);
            own.is_some() && met.iter().any(|other| value(home(other), key) == own)
        }
    }
}
