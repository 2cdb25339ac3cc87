//! Which sentences decide a flow: those that guard its ends, and those that grant it.

use weir_cluster::flow::{Point, Space};

use crate::facts::Facts;
use crate::meaning::Meaning;
use crate::relation::Relation;
use crate::resolve::program::SentenceId;

/// What a relation has to say of one flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Guards of the source, for egress.
    pub leaving: Vec<SentenceId>,
    /// Guards of the destination, for ingress.
    pub entering: Vec<SentenceId>,
    pub grants: Vec<SentenceId>,
}

impl Decision {
    pub fn is_allowed(&self) -> bool {
        !self.grants.is_empty() || (self.leaving.is_empty() && self.entering.is_empty())
    }
}

/// Decides the flow from one point of a space to another, on one atom of its ports.
pub fn decide(
    relation: &Relation,
    facts: &Facts<'_>,
    space: &Space,
    (source, destination, atom): (usize, usize, usize),
) -> Decision {
    let meaning = Meaning::new(facts, space);
    let guarded = |at: usize, ingress: bool| -> Vec<SentenceId> {
        let Point::Pod(pod) = &space.points[at] else { return Vec::new() };
        let closes =
            relation.guards.iter().filter(|guard| if ingress { guard.ingress } else { guard.egress });
        closes
            .filter(|guard| !pod.host_network && guard.pods.admits(pod))
            .map(|guard| guard.sentence)
            .collect()
    };
    let grants = relation.grants.iter().filter(|grant| meaning.grants(grant, source, destination, atom));
    let mut decision = Decision {
        leaving: guarded(source, false),
        entering: guarded(destination, true),
        grants: grants.map(|grant| grant.sentence).collect(),
    };
    for list in [&mut decision.leaving, &mut decision.entering, &mut decision.grants] {
        list.sort_unstable();
        list.dedup();
    }
    decision
}
