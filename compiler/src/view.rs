//! Whose flows are asked for: those that a program means, or those that policy objects let through. Both answer the same
//! questions on the same space.

pub use weir_cluster::enforce::{Action, Answer, Object, RulePath};
use weir_cluster::enforce::{Policies, SideVerdict};
use weir_cluster::flow::{BEYOND_PORTS, Boundaries, Flows, PodPoint, Point, Space};

use crate::Analysis;
use crate::decide::decide;
use crate::facts::Facts;
use crate::meaning;
use crate::resolve::program::SentenceId;
use crate::target::{Denials, Target};
use crate::verify::switches;

/// A program or policy objects, in one cluster.
#[derive(Clone, Copy)]
pub enum View<'a> {
    Program { analysis: &'a Analysis, facts: &'a Facts<'a> },
    Objects { policies: &'a Policies, facts: &'a Facts<'a> },
}

/// The flows of a view. Those that the format of the objects leaves open are in the second alone.
pub struct Seen {
    pub permitted: Flows,
    pub undefined: Flows,
}

/// What a view has to say of one flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub answer: Answer,
    pub leaving: Side,
    pub entering: Side,
}

/// What is said at one end of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    pub answer: Answer,
    /// Whoever closes this end; what nobody closes is open.
    pub closing: Vec<Cause>,
    /// Whoever decides about the flow, in the order in which they are asked.
    pub deciding: Vec<(Action, Cause)>,
}

/// What decides: a sentence of the program, or an object with one of its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    Sentence(SentenceId),
    Object(Object),
    Rule(Object, RulePath),
}

impl<'a> View<'a> {
    pub fn facts(&self) -> &'a Facts<'a> {
        match self {
            View::Program { facts, .. } | View::Objects { facts, .. } => facts,
        }
    }

    /// Where a space has to be cut so that this view treats its points and atoms alike.
    pub fn boundaries(&self) -> Boundaries {
        match self {
            View::Program { analysis, facts } => {
                let mut found = meaning::boundaries(&analysis.meant, facts);
                if analysis.target != Target::NetworkPolicy {
                    found.ports.extend(BEYOND_PORTS);
                }
                found
            }
            View::Objects { policies, .. } => policies.boundaries(),
        }
    }

    /// Pods that are not there today, and that this view may treat unlike those that are.
    pub fn newcomers(&self) -> Vec<PodPoint> {
        let inventory = self.facts().inventory;
        let mut newcomers = Space::newcomers(inventory);
        if let View::Objects { policies, .. } = self {
            newcomers.extend(policies.probes(inventory));
        }
        newcomers
    }

    /// What a program means for pods that come, and its target holds for those of today alone: it was said where it was bound.
    pub fn bound(&self, space: &Space) -> Flows {
        match self {
            View::Program { analysis, facts } => {
                let denials = Denials::of(analysis.target, &analysis.options, facts);
                let meant = meaning::allowed(&analysis.meant, denials, facts, space);
                let held = meaning::held(&analysis.relation, denials, facts, space);
                meant.minus(&held).union(&held.minus(&meant))
            }
            View::Objects { .. } => Flows::empty(space),
        }
    }

    pub fn flows(&self, space: &Space) -> Seen {
        match self {
            View::Program { analysis, facts } => {
                let denials = Denials::of(analysis.target, &analysis.options, facts);
                let permitted = meaning::allowed(&analysis.meant, denials, facts, space);
                Seen { permitted, undefined: Flows::empty(space) }
            }
            View::Objects { policies, facts } => {
                let enforced = policies.enforce(space, &switches(facts));
                Seen { permitted: enforced.permitted, undefined: enforced.undefined }
            }
        }
    }

    /// Why a flow passes or does not, by source, destination and port atom.
    pub fn verdict(&self, space: &Space, flow: (usize, usize, usize)) -> Verdict {
        match self {
            View::Program { analysis, facts } => {
                let decision = decide(&analysis.meant, facts, space, flow);
                let denials = Denials::of(analysis.target, &analysis.options, facts);
                let denied = meaning::denying(&analysis.meant, denials, facts, space, flow);
                let side = |guards: &[SentenceId]| {
                    let grants = decision.grants.iter().map(|id| (Action::Allow, Cause::Sentence(*id)));
                    let denied = denied.iter().map(|id| (Action::Deny, Cause::Sentence(*id)));
                    let answer = match (denied.len(), guards.is_empty(), decision.grants.is_empty()) {
                        (0, true, _) | (0, false, false) => Answer::Permitted,
                        _ => Answer::Denied,
                    };
                    Side {
                        answer,
                        closing: guards.iter().map(|id| Cause::Sentence(*id)).collect(),
                        deciding: denied.chain(grants).collect(),
                    }
                };
                let (leaving, entering) = (side(&decision.leaving), side(&decision.entering));
                Verdict { answer: leaving.answer.min(entering.answer), leaving, entering }
            }
            View::Objects { policies, facts } => {
                let explained = policies.explain(space, &switches(facts), flow);
                let objects = policies.objects();
                let side = |verdict: &SideVerdict| Side {
                    answer: verdict.answer,
                    closing: (verdict.governing.iter())
                        .map(|object| Cause::Object(objects[*object as usize].clone()))
                        .collect(),
                    deciding: (verdict.matching.iter())
                        .map(|rule| {
                            (rule.action, Cause::Rule(objects[rule.object as usize].clone(), rule.path))
                        })
                        .collect(),
                };
                let (leaving, entering) = (side(&explained.egress), side(&explained.ingress));
                let between_addresses =
                    [flow.0, flow.1].iter().all(|at| matches!(space.points[*at], Point::Address(_)));
                debug_assert!(!between_addresses, "nothing governs flows between addresses");
                Verdict { answer: leaving.answer.min(entering.answer), leaving, entering }
            }
        }
    }
}
