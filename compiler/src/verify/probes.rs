//! Pods that a program's selectors can be told by: one for each that nothing matches today, and for whatever a selector
//! leaves out one that it leaves out for that alone. What it asks for is told by the probes of the objects.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use weir_cluster::flow::PodPoint;
use weir_cluster::labels::{Labels, NAMESPACE_NAME, Text};

use crate::check::example;
use crate::facts::Facts;
use crate::relation::Relation;
use crate::resolve::program::Ends;
use crate::selector::{Conjunction, Constraint, Key, PodSet, Values};

/// A value that nobody asks for.
const OTHER: &str = "weir-other";
/// Of so many values that are left out each has a pod.
const MOST: usize = 8;
/// So many pods stand for where guards and grants meet.
const MOST_MET: usize = 1 << 14;

pub(super) fn of(relations: [&Relation; 2], facts: &Facts<'_>) -> Vec<PodPoint> {
    let mut asked: FxHashSet<usize> = FxHashSet::default();
    let (mut unmatched, mut leaving_out) = (BTreeSet::new(), BTreeSet::new());
    for relation in relations {
        let grants = relation.grants.iter().flat_map(|grant| grant.from.iter().chain(&grant.to));
        let denials = relation.denials.iter().flat_map(|denial| denial.from.iter().chain(&denial.to));
        let guarded = relation.guards.iter().map(|guard| &guard.pods);
        for pods in guarded.chain(grants.chain(denials).filter_map(Ends::pods)) {
            if !asked.insert(pods.identity()) {
                continue;
            }
            for term in pods.terms() {
                if term.classes(facts.inventory).is_empty() {
                    unmatched.insert(term);
                }
                let mut all = term.namespaces.iter().chain(term.pods.iter());
                if all.any(|(_, constraint)| constraint.may_be_absent()) {
                    leaving_out.insert(term);
                }
            }
        }
    }
    let mut found: Vec<PodPoint> = unmatched.into_iter().map(|term| example(term, facts)).collect();
    leaving_out.iter().for_each(|term| left_out(term, facts, &mut found));
    found.extend(at_guards(relations, &leaving_out, facts));
    // A namespace that is there is labelled as it is: what another labelling asks for comes with the next build.
    let inventory = facts.inventory;
    found.retain(|pod| {
        let home = inventory.namespace(&pod.namespace);
        home.is_none_or(|home| inventory.namespaces[home.index()].labels == pod.namespace_labels)
    });
    found
}

/// Rules stand where a guard meets an end of a grant: pods that are in the one, and that the other leaves out.
fn at_guards(
    relations: [&Relation; 2],
    leaving_out: &BTreeSet<&Conjunction>,
    facts: &Facts<'_>,
) -> Vec<PodPoint> {
    let leaving_out: Vec<&&Conjunction> = leaving_out.iter().filter(|term| leaves_out_labels(term)).collect();
    if leaving_out.is_empty() {
        return Vec::new();
    }
    let mut guards = BTreeSet::new();
    let mut ends = BTreeSet::new();
    for relation in relations {
        guards.extend(relation.guards.iter().flat_map(|guard| guard.pods.terms()));
        let grants = relation.grants.iter().flat_map(|grant| grant.from.iter().chain(&grant.to));
        ends.extend(grants.filter_map(Ends::pods).flat_map(PodSet::terms));
    }
    let (guards, ends) = (Terms::of(guards), Terms::of(ends));
    let mut found = Vec::new();
    for term in leaving_out {
        for other in guards.meeting(term).chain(ends.meeting(term)) {
            if found.len() >= MOST_MET {
                return found;
            }
            meet(term, other, facts, &mut found);
        }
    }
    found
}

fn leaves_out_labels(term: &Conjunction) -> bool {
    term.pods.iter().any(|(key, constraint)| matches!(key, Key::Label(_)) && constraint.may_be_absent())
}

/// Pods of both selectors, but for what the first leaves out.
fn meet(term: &Conjunction, other: &Conjunction, facts: &Facts<'_>, found: &mut Vec<PodPoint>) {
    let Some(namespaces) = term.namespaces.and(&other.namespaces) else { return };
    for (key, constraint) in term.pods.iter().filter(|(_, constraint)| constraint.may_be_absent()) {
        let Key::Label(label) = key else { continue };
        let Some(pods) = term.pods.without(key).and(&other.pods.without(key)) else { continue };
        let both = example(&Conjunction { namespaces: namespaces.clone(), pods }, facts);
        let admitted = |value: &Text| other.pods.get(key).is_none_or(|own| own.admits(Some(value)));
        for value in refused(constraint).iter().filter(|value| admitted(value)) {
            found.push(PodPoint { labels: with(&both.labels, label, value), ..both.clone() });
        }
    }
}

/// Selectors by the namespaces that they name.
struct Terms<'t> {
    by_name: BTreeMap<&'t Text, Vec<&'t Conjunction>>,
    anywhere: Vec<&'t Conjunction>,
}

impl<'t> Terms<'t> {
    fn of(terms: BTreeSet<&'t Conjunction>) -> Terms<'t> {
        let mut all = Terms { by_name: BTreeMap::new(), anywhere: Vec::new() };
        for term in terms {
            match term.namespaces.names() {
                Some(names) => names.for_each(|name| all.by_name.entry(name).or_default().push(term)),
                None => all.anywhere.push(term),
            }
        }
        all
    }

    /// Those that may have pods in common with another.
    fn meeting<'a>(&'a self, term: &'a Conjunction) -> impl Iterator<Item = &'t Conjunction> + 'a {
        let named: Option<Vec<&Text>> = term.namespaces.names().map(Iterator::collect);
        let near = self
            .by_name
            .iter()
            .filter(move |(name, _)| named.as_ref().is_none_or(|names| names.contains(name)));
        near.flat_map(|(_, terms)| terms).chain(&self.anywhere).copied()
    }
}

/// Pods that satisfy all but one of the requirements that leave something out.
fn left_out(term: &Conjunction, facts: &Facts<'_>, found: &mut Vec<PodPoint>) {
    let whole = example(term, facts);
    for (key, constraint) in term.pods.iter().filter(|(_, constraint)| constraint.may_be_absent()) {
        for value in refused(constraint) {
            match key {
                Key::Label(key) => {
                    found.push(PodPoint { labels: with(&whole.labels, key, &value), ..whole.clone() });
                }
                Key::ServiceAccount => found.push(PodPoint { service_account: value, ..whole.clone() }),
                Key::NameMatches(_) => {}
            }
        }
    }
    for (key, constraint) in term.namespaces.iter().filter(|(_, constraint)| constraint.may_be_absent()) {
        for value in refused(constraint) {
            let (namespace, namespace_labels) = match key {
                key if *key == Key::namespace_name() => home(&value, facts),
                Key::Label(key) => {
                    let name = Text::from(format!("weir-without-{}", found.len()));
                    let named = with(&whole.namespace_labels, NAMESPACE_NAME, &name);
                    (name, with(&named, key, &value))
                }
                Key::NameMatches(_) | Key::ServiceAccount => continue,
            };
            found.push(PodPoint { namespace, namespace_labels, ..whole.clone() });
        }
    }
}

/// Values that a constraint does not admit.
fn refused(constraint: &Constraint) -> Vec<Text> {
    match constraint.values() {
        Values::NotIn(values) => values.iter().take(MOST).cloned().collect(),
        Values::In(_) => vec![Text::from(OTHER)],
    }
}

fn home(name: &Text, facts: &Facts<'_>) -> (Text, Labels) {
    match facts.inventory.namespace(name) {
        Some(id) => (name.clone(), facts.inventory.namespaces[id.index()].labels.clone()),
        None => (name.clone(), Labels::from_iter([(Text::from(NAMESPACE_NAME), name.clone())])),
    }
}

fn with(labels: &Labels, key: &str, value: &Text) -> Labels {
    let others = labels.iter().filter(|(other, _)| other.as_ref() != key);
    let others = others.map(|(key, value)| (key.clone(), value.clone()));
    others.chain([(Text::from(key), value.clone())]).collect()
}
