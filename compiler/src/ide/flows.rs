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
    grant: Arc<Grant>,
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
        let opening = |grant: &Arc<Grant>| Opening {
            from: ends(&grant.from),
            to: ends(&grant.to),
            grant: Arc::clone(grant),
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

    /// Every end of a grant that is no pod.
    pub fn others(&self) -> impl Iterator<Item = &program::Ends> {
        let ends = self.grants.iter().flat_map(|opening| opening.from.iter().chain(&opening.to));
        ends.filter_map(|ends| match ends {
            Ends::Other(ends) => Some(ends),
            Ends::Pods(_) => None,
        })
    }

    /// Who is at the other end of the flows of what is no pod.
    pub fn of_other(&self, other: &program::Ends, way: Way, facts: &Facts<'_>) -> Found {
        let mut found = Found::default();
        for opening in &self.grants {
            let (near, far) = match way {
                Way::Incoming => (&opening.to, &opening.from),
                Way::Outgoing => (&opening.from, &opening.to),
            };
            if near.iter().any(|ends| matches!(ends, Ends::Other(ends) if ends == other)) {
                opening.add(far, None, facts, &mut found);
            }
        }
        found.dedup()
    }

    /// Who is at the other end of the flows of some classes.
    pub fn of_classes(&self, classes: &Bits, way: Way, facts: &Facts<'_>) -> Found {
        let governed = classes - &facts.host_network;
        let mut found = Found { unguarded: !governed.is_subset(self.closed(way)), ..Found::default() };
        for opening in &self.grants {
            let (near, far) = match way {
                Way::Incoming => (&opening.to, &opening.from),
                Way::Outgoing => (&opening.from, &opening.to),
            };
            let mut met = Bits::new();
            for ends in near {
                match ends {
                    Ends::Pods(bits) if bits.is_disjoint(&governed) => {}
                    Ends::Pods(bits) => met |= &**bits & &governed,
                    Ends::Other(program::Ends::Anywhere) => met |= &governed,
                    Ends::Other(_) => {}
                }
            }
            if met.is_empty() {
                continue;
            }
            opening.add(far, Some(&met), facts, &mut found);
        }
        found.dedup()
    }
}

impl Opening {
    /// Adds everyone at the far end, of those in the same part as one at the near one.
    fn add(&self, far: &[Ends], met: Option<&Bits>, facts: &Facts<'_>, found: &mut Found) {
        let open = || Open {
            ports: self.grant.ports.clone(),
            narrowed: self.grant.narrowed.clone(),
            sentence: Arc::clone(&self.sentence),
        };
        let mut add = |peer: Peer| found.peers.entry(peer).or_default().push(open());
        let is_within = |class: &u32| met.is_none_or(|met| is_within(&self.grant.within, *class, met, facts));
        for ends in far {
            match ends {
                Ends::Other(ends) => add(Peer::Other(ends.clone())),
                Ends::Pods(bits) => {
                    let mut last = None;
                    for class in bits.iter().filter(is_within) {
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
