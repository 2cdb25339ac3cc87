//! Who reaches whom, kept so that one pod's peers are found at once: of every grant the classes at its ends, and which
//! classes are closed.

use std::collections::BTreeMap;
use std::sync::Arc;

use roaring::RoaringBitmap as Bits;
use weir_cluster::inventory::{ClassId, NamespaceId, WorkloadId};

use crate::Analysis;
use crate::facts::Facts;
use crate::relation::{Grant, Guard, Narrowing, Within};
use crate::resolve::program::{self, Ports, Sentence};

/// What a program means in one cluster, as classes of today.
#[derive(Default)]
pub struct Peers {
    grants: Vec<Opening>,
    /// Closed classes.
    ingress: Bits,
    egress: Bits,
    /// Everything that closes, with the sentence that says so.
    guards: Vec<(Guard, Arc<Sentence>)>,
}

/// A grant.
struct Opening {
    from: Vec<Ends>,
    to: Vec<Ends>,
    ports: Ports,
    narrowed: Option<Narrowing>,
    within: Within,
    sentence: Arc<Sentence>,
}

/// An end of flows: pods by their classes, all else as it is.
#[derive(Clone, Debug)]
pub enum Ends {
    Pods(Arc<Bits>),
    Other(program::Ends),
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
    Other(program::Ends),
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
        let ends = |ends: &[program::Ends]| ends.iter().map(|ends| grounded(ends, facts)).collect();
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
        let opening = |grant: &Grant| Opening {
            from: ends(&grant.from),
            to: ends(&grant.to),
            ports: grant.ports.clone(),
            narrowed: grant.narrowed.clone(),
            within: grant.within.clone(),
            sentence: sentence(grant.sentence),
        };
        peers.grants = analysis.meant.grants.iter().map(opening).collect();
        peers
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

    /// Who is at the other end of the flows of some classes.
    pub fn of_classes(&self, classes: &Bits, way: Way, facts: &Facts<'_>) -> Found {
        let governed = classes - &facts.host_network;
        let found = Found { unguarded: !governed.is_subset(self.closed(way)), ..Found::default() };
        self.collect(found, way, facts, |ends, met| match ends {
            Ends::Pods(bits) if bits.is_disjoint(&governed) => false,
            Ends::Pods(bits) => {
                *met |= &**bits & &governed;
                true
            }
            Ends::Other(program::Ends::Anywhere) => {
                *met |= &governed;
                !governed.is_empty()
            }
            Ends::Other(_) => false,
        })
    }

    /// Who is at the other end of the flows of what is no pod: nothing guards it.
    pub fn of_ends(&self, wanted: &program::Ends, way: Way, facts: &Facts<'_>) -> Found {
        self.collect(Found { unguarded: true, ..Found::default() }, way, facts, |ends, _| {
            use program::Ends::{Anywhere, Exactly, Outside};
            let Ends::Other(ends) = ends else { return false };
            match (ends, wanted) {
                (Anywhere, _) | (_, Anywhere) => true,
                (Outside(some) | Exactly(some), Outside(other) | Exactly(other)) => {
                    !some.and(other).is_empty()
                }
                _ => ends == wanted,
            }
        })
    }

    /// The other ends of the grants whose near end is met; `meets` also tells by which classes.
    fn collect(
        &self,
        mut found: Found,
        way: Way,
        facts: &Facts<'_>,
        meets: impl Fn(&Ends, &mut Bits) -> bool,
    ) -> Found {
        for grant in &self.grants {
            let (near, far) = match way {
                Way::Incoming => (&grant.to, &grant.from),
                Way::Outgoing => (&grant.from, &grant.to),
            };
            let mut met = Bits::new();
            let mut is_met = false;
            for ends in near {
                is_met |= meets(ends, &mut met);
            }
            if !is_met {
                continue;
            }
            let open = || Open {
                ports: grant.ports.clone(),
                narrowed: grant.narrowed.clone(),
                sentence: Arc::clone(&grant.sentence),
            };
            let mut add = |peer: Peer| found.peers.entry(peer).or_default().push(open());
            for ends in far {
                match ends {
                    Ends::Other(ends) => add(Peer::Other(ends.clone())),
                    Ends::Pods(bits) => {
                        let mut last = None;
                        for class in bits.iter().filter(|class| is_within(&grant.within, *class, &met, facts))
                        {
                            let workload = facts.inventory.classes[class as usize].workload;
                            if last != Some(workload) {
                                last = Some(workload);
                                add(Peer::Workload(workload));
                            }
                        }
                    }
                }
            }
        }
        for open in found.peers.values_mut() {
            let key = |open: &Open| (open.sentence.place, open.ports.clone(), open.narrowed.clone());
            open.sort_by_cached_key(key);
            open.dedup_by_key(|open| key(open));
        }
        found
    }
}

fn grounded(ends: &program::Ends, facts: &Facts<'_>) -> Ends {
    match ends.pods() {
        Some(pods) => Ends::Pods(facts.ground(pods)),
        None => Ends::Other(ends.clone()),
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
