//! What is promised never to flow, as rules that deny it, for formats that can. A rule stands at the destination where
//! that is a pod, else at the source. Whatever a format cannot deny makes no rule here: a guard has to close it, and
//! `check` says so.

use std::rc::Rc;

use weir_grammar::ast::Direction;

use super::bind::Selects;
use super::capability::{Cell, Feature};
use super::draft::{Drafts, Reach, Rule, subjects};
use super::peer::Peers;
use super::{Options, Target, calico};
use crate::address::AddressSet;
use crate::facts::Facts;
use crate::relation::Relation;
use crate::resolve::program::Ends;
use crate::selector::PodSet;

/// The parts of the ends of a promise that a target can deny.
#[derive(Clone, Copy)]
pub(crate) struct Denials<'a> {
    target: Target,
    options: Options,
    facts: &'a Facts<'a>,
}

impl<'a> Denials<'a> {
    pub fn of(target: Target, options: &Options, facts: &'a Facts<'a>) -> Denials<'a> {
        Denials { target, options: *options, facts }
    }

    /// Whether there is anything that the target denies.
    pub fn has_any(self) -> bool {
        self.has_denials() && matches!(Feature::DenyPods.cell(self.target), Cell::Yes)
    }

    /// Whether the objects that are asked for can deny at all.
    fn has_denials(self) -> bool {
        self.target != Target::Calico || calico::denies(&self.options, self.facts)
    }

    /// Whether flows between ends of these kinds can be denied. Ends that are several kinds at once, such as
    /// `anywhere`, are to be taken apart before.
    pub fn can(self, from: &Ends, to: &Ends) -> bool {
        let feature = match (from, to) {
            (Ends::Pods(_), Ends::Pods(_)) => Feature::DenyPods,
            (Ends::Outside(_), Ends::Pods(_)) => Feature::DenyFromAddresses,
            (Ends::Pods(_), Ends::Outside(_)) => Feature::DenyToAddresses,
            (Ends::Nodes, Ends::Pods(_)) => Feature::DenyFromNodes,
            _ => return false,
        };
        let cell = feature.cell(self.target);
        self.has_denials()
            && matches!(cell, Cell::Yes)
            && self.selects(from)
            && self.selects(to)
            && self.spares_pods(from, to)
    }

    /// What is bound to today's inventory would let tomorrow's pods pass.
    fn selects(self, ends: &Ends) -> bool {
        let selects = Selects::of(self.target, &self.options);
        ends.pods().is_none_or(|pods| pods.terms().iter().all(|term| selects.says(term)))
    }

    /// A range that holds pods' addresses too would cut them, unless it is known which these are.
    fn spares_pods(self, from: &Ends, to: &Ends) -> bool {
        if self.target == Target::Cilium || self.facts.knows_pod_ranges() {
            return true;
        }
        let holds_pods =
            |ends: &Ends| matches!(ends, Ends::Outside(set) if !set.and(&self.facts.pod_ranges()).is_empty());
        !holds_pods(from) && !holds_pods(to)
    }
}

/// Ends of one kind each: what `anywhere` means is spelled out.
fn apart(ends: &[Ends]) -> Vec<Ends> {
    let mut all = Vec::new();
    for ends in ends {
        match ends {
            Ends::Anywhere => all.extend([
                Ends::Pods(PodSet::all()),
                Ends::Outside(AddressSet::all()),
                Ends::Nodes,
                Ends::ApiServer,
            ]),
            other => all.push(other.clone()),
        }
    }
    all
}

/// The rules that deny, by the pods that they are about. No pod is closed by them.
pub(super) fn drafts(
    relation: &Relation,
    target: Target,
    options: &Options,
    peers: &Peers<'_>,
    reach: Reach,
) -> Drafts {
    let facts = peers.facts;
    let denials = Denials::of(target, options, facts);
    let mut drafts = Drafts::new();
    for denial in &relation.denials {
        let (from, to) = (apart(&denial.from), apart(&denial.to));
        for destination in &to {
            for source in from.iter().filter(|source| denials.can(source, destination)) {
                let (own, far, direction) = match (source, destination) {
                    (far, Ends::Pods(own)) => (own, far, Direction::Ingress),
                    (Ends::Pods(own), far) => (own, far, Direction::Egress),
                    _ => continue,
                };
                let peers = Rc::new(peers.of(std::slice::from_ref(far), direction, None));
                if peers.is_empty() {
                    continue;
                }
                let rule = Rule { peers, ports: denial.ports.clone(), narrowed: None };
                for term in own.terms() {
                    for subject in subjects(term, facts, reach) {
                        let draft = drafts.entry(subject).or_default();
                        draft.directions.insert(direction);
                        draft.rules.entry(direction).or_default().push(rule.clone());
                        draft.sentences.insert(denial.sentence);
                    }
                }
            }
        }
    }
    drafts
}
