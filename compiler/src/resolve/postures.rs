//! Postures: which sets can be guarded, and what a posture says once its words are known.

use weir_grammar::ast::{self, Absent, Base, Builtin, Operand, Set, SetOp, Subject};

use weir_cluster::labels::Text;

use super::labels::HELP_PLANNED;
use super::names::{self, Named};
use super::program::{Denotation, Ends, Mentions, Part, Parts, Posture, Thing};
use super::{Resolved, Resolver, Scope};
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::selector::{Conjunction, Constraint, Constraints, Key, PodSet};
use crate::source::Place;
use crate::uses;

impl Resolver<'_> {
    pub(super) fn posture(&mut self, posture: &ast::Posture, scope: Scope) -> Option<Posture> {
        let scope = Scope { guards: true, ..scope };
        let mut parts = if posture.each.is_some() { Parts::Namespaces } else { Parts::Whole };
        let (subject, span) = match &posture.subject {
            Subject::EachNamespace(span) => {
                let place = scope.place(*span);
                let part = Part { place, thing: Thing::Pods, ends: Ends::Pods(PodSet::all()) };
                (Denotation { parts: vec![part], ..Denotation::default() }, *span)
            }
            Subject::Set(set) => {
                if !self.check_no_anyone(set, scope) {
                    return None;
                }
                let partition = match (posture.each, uses::bare(set)) {
                    (Some(_), Some(name)) => self.partition(scope, name)?,
                    _ => None,
                };
                match partition {
                    Some(key) => {
                        let pods = self.parts_by(&key, scope.place(set.span), scope)?;
                        parts = Parts::Label(key);
                        (Denotation::pods(scope.place(set.span), pods), set.span)
                    }
                    None => (self.set_without_ports(set, scope)?, set.span),
                }
            }
        };
        let place = scope.place(span);
        let mut fine = true;
        let mut pods = Vec::new();
        for part in &subject.parts {
            match &part.ends {
                Ends::Pods(some) => pods.push(some.clone()),
                Ends::Exactly(_) | Ends::Nodes if matches!(part.thing, Thing::Dns(_)) => {}
                other => {
                    fine = false;
                    self.report_no_pods(part, other);
                }
            }
        }
        fine &= self.check_host_network(&subject.mentions);
        for part in subject.parts.iter().filter(|part| matches!(part.thing, Thing::Service(_))) {
            fine &= self.check_any_governed(part);
        }
        self.check_all_catches(subject.parts.iter());
        let subject_pods = PodSet::union(pods);
        if posture.each.is_some() && subject_pods.terms().iter().any(|term| !term.pods.is_empty()) {
            fine = false;
            self.report(
                Diagnostic::error(Code::E0309, "`each` needs a group of namespaces")
                    .at(place, "these are single pods")
                    .with_help("write `each namespace`, `each namespaces[key=value]` or `each team-*`"),
            );
        }
        if scope.absent == Some(Absent::EvenIfAbsent) && self.guards_nothing(&subject_pods) {
            fine = false;
            self.report(
                Diagnostic::error(Code::E0314, "this posture would guard nothing")
                    .at(place, "no namespace for it exists")
                    .with_help("name the namespace that is to come: `namespace NAME locked even if absent`"),
            );
        }
        let direction = posture.direction.map(|(direction, _)| direction);
        fine.then(|| Posture {
            word: posture.word,
            word_place: scope.place(posture.word_span),
            subject_place: place,
            parts,
            planned: subject.planned || scope.absent == Some(Absent::EvenIfAbsent),
            one_group: matches!(&posture.subject, Subject::Set(set) if is_group(set)),
            ingress: direction != Some(ast::Direction::Egress),
            egress: direction != Some(ast::Direction::Ingress),
            subject: subject_pods,
            mentions: subject.mentions,
        })
    }

    /// Inside a block `anyone` would guard the pods of other namespaces.
    pub(super) fn check_no_anyone(&mut self, set: &Set, scope: Scope) -> bool {
        let Some(anyone) = built_in(set, Builtin::Anyone).filter(|_| scope.namespace.is_some()) else {
            return true;
        };
        let place = scope.place(anyone.span);
        self.report(
            Diagnostic::error(Code::E0312, "`anyone` is every pod of the cluster, inside a block too")
                .at(place, "guards pods of other namespaces")
                .with_help("write `pods` for the pods of this namespace")
                .suggest("the pods of this namespace", place, "pods"),
        );
        false
    }

    /// The pods of every part of a partition; namespaces without its label are told.
    fn parts_by(&mut self, key: &Text, place: Place, scope: Scope) -> Resolved<PodSet> {
        let inventory = self.facts.inventory;
        let having = inventory.namespaces_having(key);
        if having.is_empty() && scope.absent.is_none() {
            let known: Vec<&str> = inventory.namespace_label_keys().map(AsRef::as_ref).collect();
            let near = names::nearest(key, known);
            let said = Diagnostic::error(Code::E0205, format!("no namespace has the label `{key}`"))
                .at(place, "a partition without parts");
            self.report(match near.is_empty() {
                true => said.with_help(HELP_PLANNED),
                false => said.with_help(format!("did you mean {}?", listed(&near, "or"))),
            });
            return None;
        }
        let without: Vec<&str> = (0u32..)
            .zip(&inventory.namespaces)
            .filter(|(at, _)| !having.contains(*at))
            .map(|(_, namespace)| namespace.name.as_ref())
            .collect();
        if !without.is_empty() {
            let count = without.len();
            let message = match count {
                1 => format!("one namespace has no label `{key}`"),
                _ => format!("{count} namespaces have no label `{key}`"),
            };
            self.report(
                Diagnostic::warning(Code::W0116, message)
                    .at(place, "belong to no part, and stay as they are")
                    .with_note(format!("without it: {}", listed(&without, "and"))),
            );
        }
        let namespaces = Constraints::one(Key::Label(key.clone()), Constraint::exists());
        Some(PodSet::of(Conjunction { namespaces, pods: Constraints::default() }))
    }

    pub(super) fn guards_nothing(&self, pods: &PodSet) -> bool {
        pods.terms().iter().all(|term| {
            let named = term.namespaces.names_only().and_then(Constraint::one_of).is_some();
            !named && term.namespaces.namespaces(self.facts.inventory).is_empty()
        })
    }

    pub(super) fn report_no_pods(&mut self, part: &Part, ends: &Ends) {
        if let Thing::Service(_) = part.thing {
            let text = self.sources.text(part.place);
            self.report(
                Diagnostic::error(Code::E0317, format!("`{text}` has no pods to guard"))
                    .at(part.place, "a service without a selector"),
            );
            return;
        }
        self.report(
            Diagnostic::error(Code::E0301, "only pods can be guarded")
                .at(part.place, these_are(ends))
                .with_help("to close the way to it, guard the egress of the pods: `namespace shop locked for egress`"),
        );
    }

    /// A workload on the host network has the node's address: policies neither guard it nor see it as a pod.
    pub(super) fn check_host_network(&mut self, mentions: &Mentions) -> bool {
        let inventory = self.facts.inventory;
        let mut fine = true;
        for &(workload, place) in &mentions.workloads {
            let found = &inventory.workloads[workload.index()];
            let is_governed = || found.classes.iter().any(|class| !self.facts.host_network.contains(class.0));
            if !found.host_network || is_governed() {
                continue;
            }
            fine = false;
            let name = names::spelled(inventory, Named::Workload(workload), false);
            self.report(
                Diagnostic::error(Code::E0310, format!("`{name}` runs on the host network"))
                    .at(place, "has its node's address, and no policy tells it from its node")
                    .with_help("write `nodes` if its nodes are meant; its own traffic cannot be closed"),
            );
        }
        fine
    }

    /// A set by label or namespace leaves pods on the host network out; one that is nothing else grants nothing.
    pub(super) fn check_any_governed(&mut self, part: &Part) -> bool {
        let (Thing::Pods | Thing::Service(_), Ends::Pods(pods)) = (part.thing, &part.ends) else {
            return self.check_any_outside(part);
        };
        if !self.facts.ground(pods).is_empty() || pods.classes(self.facts.inventory).is_empty() {
            return true;
        }
        self.report(
            Diagnostic::error(Code::E0310, "all of these pods run on the host network")
                .at(part.place, "they have their nodes' addresses, and no policy tells them from their nodes")
                .with_help("write `nodes` if their nodes are meant; their own traffic cannot be closed"),
        );
        false
    }

    /// A range of nothing but the cluster's own addresses is written by the names of what has them.
    pub(super) fn check_any_outside(&mut self, part: &Part) -> bool {
        let Ends::Outside(addresses) = &part.ends else { return true };
        if addresses.is_empty() || !addresses.minus(self.facts.own_addresses()).is_empty() {
            return true;
        }
        let text = self.sources.text(part.place);
        self.report(
            Diagnostic::error(Code::E0311, format!("every address of `{text}` is the cluster's own"))
                .at(part.place, "pods, nodes and services are no outside")
                .with_help("write what has these addresses: a workload, a namespace, `nodes`, `dns`"),
        );
        false
    }
}

/// Whether a set is one pair of parentheses.
fn is_group(set: &Set) -> bool {
    matches!(set.operands.as_slice(), [Operand { base: Base::Group(_), .. }])
}

fn these_are(ends: &Ends) -> String {
    match ends {
        Ends::ApiServer => "this is the API server".to_owned(),
        Ends::Anywhere => "this is every pod, node and address".to_owned(),
        other => format!("these are {}", other.kind()),
    }
}

/// Where a set is made of a built-in word; the right side of `except` does not count, and `in` narrows it.
fn built_in(set: &Set, word: Builtin) -> Option<&Operand> {
    let left = match set.op {
        SetOp::In => return None,
        SetOp::Except => &set.operands[..1],
        SetOp::Union | SetOp::Mixed => &set.operands[..],
    };
    left.iter().find_map(|operand| match &operand.base {
        Base::Builtin(found) if *found == word => Some(operand),
        Base::Group(inner) => built_in(inner, word),
        _ => None,
    })
}
