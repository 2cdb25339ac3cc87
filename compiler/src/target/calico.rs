//! Calico (projectcalico.org/v3): from a bound relation to policies in a tier of their own.
//!
//! In the tier, what is denied comes first, then what is granted, then what closes guarded pods; the first rule that
//! fits a packet decides. So a grant to guarded pods is final, and the cluster's own NetworkPolicies, which come in a
//! later tier, neither widen nor narrow what the program says. Pods that it does not guard fall through to them.

mod addresses;
mod names;
mod objects;
mod refuse;
mod rules;
mod selectors;

use std::collections::BTreeMap;

use weir_grammar::ast::Direction;

use self::addresses::Sets;
use self::names::PolicyNames;
pub use self::objects::Calico;
use self::objects::{Action, PolicySpec, Rule, Spec, TierSpec};
use super::draft::{self, Draft, Drafts, Home, Reach, Subject};
use super::merge::{self, Merged};
use super::non_empty::NonEmpty;
use super::object::Metadata;
use super::peer::Peers;
use super::{CalicoKind, Options, Target, deny, describe};
use crate::diagnostic::Diagnostic;
use crate::facts::Facts;
use crate::relation::Relation;
use crate::resolve::program::Program;
use crate::selector::{Conjunction, Constraint, Constraints, Key};

/// After the tier of Kubernetes' administrators (1000), before the one of everybody's policies (1000000).
pub(crate) const TIER: (&str, u32) = ("weir", 500_000);
/// The most rules of one direction in one object, by its schema.
const MOST_RULES: usize = 1024;
/// The most bytes of one object: `kubectl apply` keeps a copy of it in an annotation of 256 KiB.
const MOST_BYTES: usize = 160 * 1024;

/// Which objects there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// GlobalNetworkPolicies in a tier of their own.
    Tiered,
    /// GlobalNetworkPolicies in the tier that every cluster has.
    Untiered,
    /// NetworkPolicies in the tier that every cluster has.
    Namespaced,
}

impl Form {
    fn of(options: &Options, facts: &Facts<'_>) -> Form {
        match options.calico {
            CalicoKind::Namespaced => Form::Namespaced,
            CalicoKind::Global if facts.cni.tiers() => Form::Tiered,
            CalicoKind::Global => Form::Untiered,
        }
    }

    fn tier(self) -> &'static str {
        match self {
            Form::Tiered => TIER.0,
            Form::Untiered | Form::Namespaced => "default",
        }
    }

    fn reach(self) -> Reach {
        match self {
            Form::Tiered | Form::Untiered => Reach::Cluster,
            Form::Namespaced => Reach::Namespace,
        }
    }
}

/// The tier in which Weir's policies stand, and the order at which the last of them decides.
pub(crate) fn place(options: &Options, facts: &Facts<'_>) -> (&'static str, u32) {
    let form = Form::of(options, facts);
    (form.tier(), Band::Guard.order(form))
}

/// Whether promises can be kept by rules that deny. In the tier that every cluster has they cannot: a policy that selects
/// a pod there closes it.
pub(super) fn denies(options: &Options, facts: &Facts<'_>) -> bool {
    Form::of(options, facts) == Form::Tiered
}

/// What this target has no selector for.
pub(super) fn refused(
    options: &Options,
    relation: &Relation,
    program: &Program,
    facts: &Facts<'_>,
) -> Vec<Diagnostic> {
    refuse::refused(Form::of(options, facts), relation, program, facts)
}

/// In which order policies are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Band {
    Deny,
    Allow,
    Guard,
    Pass,
}

impl Band {
    fn word(self) -> &'static str {
        match self {
            Band::Deny => "deny",
            Band::Allow => "allow",
            Band::Guard => "guard",
            Band::Pass => "pass",
        }
    }

    fn action(self) -> Action {
        match self {
            Band::Allow => Action::Allow,
            Band::Deny | Band::Guard => Action::Deny,
            Band::Pass => Action::Pass,
        }
    }

    /// Distinct, and in the tier of everybody before the NetworkPolicies of Kubernetes (1000).
    fn order(self, form: Form) -> u32 {
        let within = match self {
            Band::Deny => 100,
            Band::Allow => 200,
            Band::Guard => 300,
            Band::Pass => 400,
        };
        match form {
            Form::Tiered => within,
            Form::Untiered | Form::Namespaced => 500 + within,
        }
    }
}

pub(super) fn lower(
    options: &Options,
    relation: &Relation,
    program: &Program,
    facts: &Facts<'_>,
) -> Vec<Calico> {
    let form = Form::of(options, facts);
    let peers = Peers { facts, entities: false, ranges_hold_cluster: true, program: None };
    let (guards, grants) = draft::apart(relation, facts, &peers, form.reach());
    let denials = match form {
        Form::Tiered => deny::drafts(relation, Target::Calico, options, &peers, form.reach()),
        Form::Untiered | Form::Namespaced => Drafts::new(),
    };
    let denies = !denials.is_empty();
    let mut subjects: BTreeMap<Subject, Vec<(Band, Draft)>> = BTreeMap::new();
    for (band, drafts) in [(Band::Deny, denials), (Band::Allow, grants), (Band::Guard, guards)] {
        for (subject, draft) in drafts {
            subjects.entry(subject).or_default().push((band, draft));
        }
    }
    let mut names = PolicyNames::of(form, facts.inventory, subjects.keys());
    let mut writer = Writer { form, program, sets: Sets::new(form != Form::Namespaced), objects: Vec::new() };
    for (subject, drafts) in subjects {
        let stem = names.stem(&subject);
        for (band, draft) in drafts {
            writer.policies(&subject, band, &stem, merge::merged(draft));
        }
    }
    if denies {
        writer.pass();
    }
    let Writer { mut objects, sets, .. } = writer;
    objects.extend(sets.into_objects());
    if form == Form::Tiered && !objects.is_empty() {
        objects.push(tier());
    }
    objects
}

fn tier() -> Calico {
    let (name, order) = TIER;
    Calico::new(
        "Tier",
        unexplained(name.to_owned()),
        Spec::Tier(TierSpec { order, default_action: Action::Pass }),
    )
}

/// Of an object that is about no sentence in particular.
fn unexplained(name: String) -> Metadata {
    Metadata { name, namespace: None, labels: describe::labels(), annotations: BTreeMap::new() }
}

struct Writer<'a> {
    form: Form,
    program: &'a Program,
    sets: Sets,
    objects: Vec<Calico>,
}

/// The rules of one object, either way.
type Part = BTreeMap<Direction, Vec<Rule>>;

impl Writer<'_> {
    /// The policies of one band that are about these pods: mostly one.
    fn policies(&mut self, subject: &Subject, band: Band, stem: &str, merged: Merged) {
        let mut rules = Part::new();
        for (direction, written) in &merged.directions {
            let own = match band {
                Band::Guard => vec![Rule::any(band.action())],
                _ => rules::rules(written, *direction, band.action(), &mut self.sets),
            };
            rules.insert(*direction, own);
        }
        // Sets that no selector selects are refused before.
        let selected = selectors::of(&conjunction(self.form, subject)).unwrap_or_default();
        let parts = parts(rules);
        let mut at = 0;
        for selectors in &selected {
            for part in &parts {
                let name = names::policy(self.form, band, stem, at);
                at += 1;
                let namespace = match self.form {
                    Form::Namespaced => subject.home.namespace(),
                    Form::Tiered | Form::Untiered => None,
                };
                let metadata = Metadata::new(name, namespace, &merged.sentences, self.program);
                let homes = Some(selectors.namespaces.clone());
                self.policy(metadata, band, homes, selectors.pods.clone(), part.clone());
            }
        }
    }

    /// Without it, versions that know no default action of tiers would close what is denied something.
    fn pass(&mut self) {
        let everything = |direction| (direction, vec![Rule::any(Action::Pass)]);
        let rules = [Direction::Ingress, Direction::Egress].into_iter().map(everything).collect();
        let Some([all]) = selectors::of(&Conjunction::default()).and_then(|all| <[_; 1]>::try_from(all).ok())
        else {
            return;
        };
        let metadata = unexplained(format!("{}.{}", TIER.0, Band::Pass.word()));
        self.policy(metadata, Band::Pass, Some(all.namespaces), all.pods, rules);
    }

    fn policy(
        &mut self,
        metadata: Metadata,
        band: Band,
        namespaces: Option<String>,
        selector: String,
        mut rules: Part,
    ) {
        let mut of = |direction| rules.remove(&direction).and_then(NonEmpty::new);
        let (ingress, egress) = (of(Direction::Ingress), of(Direction::Egress));
        let types = [ingress.as_ref().map(|_| "Ingress"), egress.as_ref().map(|_| "Egress")];
        let Some(types) = NonEmpty::new(types.into_iter().flatten().collect()) else { return };
        let (kind, namespace_selector) = match self.form {
            Form::Namespaced => ("NetworkPolicy", None),
            Form::Tiered | Form::Untiered => ("GlobalNetworkPolicy", namespaces),
        };
        let spec = PolicySpec {
            tier: self.form.tier(),
            order: band.order(self.form),
            namespace_selector,
            selector,
            types,
            ingress,
            egress,
        };
        self.objects.push(Calico::new(kind, metadata, Spec::Policy(spec)));
    }
}

/// The pods of a subject; within an object's own namespace nothing is said of it.
fn conjunction(form: Form, subject: &Subject) -> Conjunction {
    let namespaces = match (form, &subject.home) {
        (Form::Namespaced, _) => Constraints::default(),
        (_, Home::Cluster(required)) => required.clone(),
        (_, Home::Namespace(name, required)) => {
            let named = Constraint::is(name.clone());
            required.clone().with(Key::namespace_name(), named).unwrap_or_default()
        }
    };
    Conjunction { namespaces, pods: subject.pods.clone() }
}

/// Rules in as many objects as they need: mostly one. The order of rules of one band means nothing.
fn parts(rules: Part) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let (mut part, mut bytes) = (Part::new(), 0);
    for (direction, rules) in rules {
        for rule in rules {
            let size = rule.size();
            let full = part.get(&direction).is_some_and(|rules| rules.len() >= MOST_RULES);
            if full || bytes + size > MOST_BYTES {
                parts.push(std::mem::take(&mut part));
                bytes = 0;
            }
            bytes += size;
            part.entry(direction).or_default().push(rule);
        }
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_bounded() {
        let many = |count| vec![Rule::any(Action::Allow); count];
        let rules = Part::from([(Direction::Ingress, many(1500)), (Direction::Egress, many(10))]);
        let parts = parts(rules);
        let count = |direction| parts.iter().map(move |part| part.get(&direction).map_or(0, Vec::len));
        assert_eq!(count(Direction::Ingress).sum::<usize>(), 1500);
        assert_eq!(count(Direction::Egress).sum::<usize>(), 10);
        assert!(count(Direction::Ingress).all(|count| count <= MOST_RULES));
        assert!(
            parts.iter().all(|part| part.values().flatten().map(Rule::size).sum::<usize>() <= MOST_BYTES)
        );
    }

    #[test]
    fn bands_are_in_order() {
        for form in [Form::Tiered, Form::Untiered, Form::Namespaced] {
            let orders = [Band::Deny, Band::Allow, Band::Guard, Band::Pass].map(|band| band.order(form));
            assert!(orders.is_sorted_by(|a, b| a < b) && orders[3] < 1000);
        }
    }
}
