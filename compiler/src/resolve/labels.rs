//! Brackets: requirements on labels, and the nearest labels where nothing has them.

use weir_cluster::labels::{Text, is_volatile};
use weir_grammar::ast::{Absent, Filter, Name, Operand, Set, SetOp, Test};
use weir_grammar::format;

use super::names;
use super::program::{Denotation, Ends, Part, Thing};
use super::{Resolved, Resolver, Scope};
use crate::diagnostic::{Code, Diagnostic, listed, shortened};
use crate::selector::{Conjunction, Constraint, Constraints, Key, PodSet};

pub(crate) const HELP_PLANNED: &str = "if that is planned, end the sentence with `if present` (nothing yet) or `even if absent` (compile it anyway)";

impl Resolver<'_> {
    /// The pods of a set whose labels match.
    pub(super) fn filtered(
        &mut self,
        denotation: Denotation,
        filter: &Filter,
        operand: &Operand,
        scope: Scope,
    ) -> Resolved<Denotation> {
        let constraints = self.constraints(filter, scope)?;
        let narrowing = PodSet::of(Conjunction { namespaces: Constraints::default(), pods: constraints });
        let inventory = self.facts.inventory;
        let mut parts = Vec::new();
        let (mut had_pods, mut matched) = (false, false);
        for part in denotation.parts {
            let Ends::Pods(pods) = &part.ends else {
                if let Thing::Dns(_) = part.thing {
                    continue;
                }
                let message = format!("`{}` has no pod labels", format::base(&operand.base));
                self.report(Diagnostic::error(Code::E0313, message).at(
                    scope.place(filter.span),
                    format!("selects pods, and these are {}", part.ends.kind()),
                ));
                return None;
            };
            let narrowed = match pods.and(&narrowing) {
                Ok(narrowed) => narrowed,
                too_many => self.bounded(too_many, &one_operand(operand), scope)?,
            };
            matched |= !narrowed.classes(inventory).is_empty();
            had_pods |= !matched && !pods.classes(inventory).is_empty();
            // A part that is empty today is kept: its selectors cover tomorrow.
            if !narrowed.is_empty() {
                parts.push(Part { ends: Ends::Pods(narrowed), ..part });
            }
        }
        if !matched && scope.absent == Some(Absent::IfPresent) && !scope.guards {
            parts.clear();
        }
        if !matched && scope.absent.is_none() {
            let keys: Vec<&Text> = inventory.label_keys().collect();
            let values = |key: &str| inventory.label_values(key).cloned().collect::<Vec<_>>();
            let base = format::base(&operand.base);
            let message = if had_pods {
                format!("no pod of `{}` has these labels", shortened(&base))
            } else {
                format!("`{}` has no pods", shortened(&base))
            };
            let said =
                Diagnostic::error(Code::E0205, message).at(scope.place(filter.span), "matches nothing");
            let said = nearest_labels(said, filter, &keys, values, scope);
            self.report(said.with_help(HELP_PLANNED));
            return None;
        }
        Some(Denotation { parts, planned: denotation.planned, mentions: denotation.mentions })
    }

    pub(super) fn constraints(&mut self, filter: &Filter, scope: Scope) -> Resolved<Constraints> {
        let mut constraints = Some(Constraints::default());
        let mut fine = true;
        for requirement in &filter.requirements {
            let key: Text = requirement.key.text.as_str().into();
            if is_volatile(&key) {
                fine = false;
                self.report(
                    Diagnostic::error(Code::E0208, format!("`{key}` changes with every rollout or pod"))
                        .at(scope.place(requirement.key.span), "written by a controller")
                        .with_help("select by a label of your own, or by the workload's name"),
                );
            }
            constraints =
                constraints.and_then(|all| all.with(Key::Label(key), constraint(&requirement.test)));
        }
        if constraints.is_none() {
            self.report(
                Diagnostic::error(Code::E0205, "no labels can satisfy all of these requirements")
                    .at(scope.place(filter.span), "contradicts itself"),
            );
        }
        constraints.filter(|_| fine)
    }
}

fn constraint(test: &Test) -> Constraint {
    let texts =
        |names: &[Name]| -> Vec<Text> { names.iter().map(|name| name.text.as_str().into()).collect() };
    match test {
        Test::In(values) => Constraint::within(texts(values)),
        Test::NotIn(values) => Constraint::outside(texts(values)),
        Test::Exists => Constraint::exists(),
        Test::DoesNotExist => Constraint::absent(),
    }
}

/// What brackets require, unjudged; `None` if nothing can satisfy it.
pub(super) fn plain_constraints(filter: &Filter) -> Option<Constraints> {
    filter.requirements.iter().try_fold(Constraints::default(), |all, requirement| {
        all.with(Key::Label(requirement.key.text.as_str().into()), constraint(&requirement.test))
    })
}

fn one_operand(operand: &Operand) -> Set {
    Set { span: operand.span, op: SetOp::Union, operands: vec![operand.clone()] }
}

/// The label that was probably meant: the nearest key, or the nearest value of the key.
pub(super) fn nearest_labels(
    said: Diagnostic,
    filter: &Filter,
    keys: &[&Text],
    values: impl Fn(&str) -> Vec<Text>,
    scope: Scope,
) -> Diagnostic {
    let mut said = said;
    for requirement in &filter.requirements {
        let Test::In(wanted) = &requirement.test else { continue };
        let key = requirement.key.text.as_str();
        if !keys.iter().any(|known| known.as_ref() == key) {
            let near = names::nearest(key, keys.iter().map(|key| key.as_ref()));
            said = said.with_note(format!("no label is called `{key}`"));
            if !near.is_empty() {
                said = said.with_help(format!("did you mean {}?", listed(&near, "or")));
            }
            for near in near {
                said = said.suggest(format!("`{near}`"), scope.place(requirement.key.span), near);
            }
            continue;
        }
        let known = values(key);
        for value in wanted.iter().filter(|value| !known.iter().any(|known| known.as_ref() == value.text)) {
            let near = names::nearest(&value.text, known.iter().map(|known| known.as_ref()));
            let shown: Vec<&str> = known.iter().map(|known| known.as_ref()).collect();
            said = said.with_note(format!("the values of `{key}` are {}", listed(&shown, "and")));
            if !near.is_empty() {
                said = said.with_help(format!("did you mean {}?", listed(&near, "or")));
            }
            for near in near {
                said = said.suggest(format!("`{near}`"), scope.place(value.span), near);
            }
        }
    }
    said
}
