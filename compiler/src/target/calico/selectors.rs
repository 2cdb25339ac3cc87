//! Sets of pods in Calico's selector language: one selector of namespaces and one of pods. A list that makes a selector
//! too long is taken apart into several; what cannot be taken apart has no selector.
//!
//! Texts are written between single quotes, and there is no escaping: names and labels of Kubernetes hold no quotes.

use std::collections::BTreeSet;

use weir_cluster::labels::Text;

use crate::resolve::pattern;
use crate::selector::{Conjunction, Constraint, Constraints, Key, Values};

/// The most characters of one selector, by the schema of its objects.
const LONGEST: usize = 1024;
/// The label that every pod has and nothing else: host endpoints and network sets are never meant.
const IS_POD: &str = "projectcalico.org/orchestrator == 'k8s'";
/// What Calico knows a namespace's name by.
const NAME: &str = "projectcalico.org/name";
const ACCOUNT: &str = "projectcalico.org/serviceaccount";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selectors {
    pub namespaces: String,
    pub pods: String,
}

/// Selectors that together select these pods and no others; `None` where one would be too long.
pub(super) fn of(set: &Conjunction) -> Option<Vec<Selectors>> {
    let one = Selectors { namespaces: namespaces(&set.namespaces), pods: pods(&set.pods) };
    let (long_home, long_pods) = (one.namespaces.len() > LONGEST, one.pods.len() > LONGEST);
    if !long_home && !long_pods {
        return Some(vec![one]);
    }
    let constraints = if long_home { &set.namespaces } else { &set.pods };
    let mut all = Vec::new();
    for half in halves(constraints)? {
        let part = match long_home {
            true => Conjunction { namespaces: half, pods: set.pods.clone() },
            false => Conjunction { namespaces: set.namespaces.clone(), pods: half },
        };
        all.extend(of(&part)?);
    }
    Some(all)
}

/// How long its selectors are at least, however they are taken apart: the one of namespaces, the one of pods.
pub(super) fn shortest(set: &Conjunction) -> (usize, usize) {
    let single = |constraints: &Constraints| {
        constraints.iter().fold(Constraints::default(), |single, (key, constraint)| {
            let longest = constraint.one_of().and_then(|values| values.max_by_key(|value| value.len()));
            let constraint =
                longest.map_or_else(|| constraint.clone(), |value| Constraint::is(value.clone()));
            single.clone().with(key.clone(), constraint).unwrap_or(single)
        })
    };
    (namespaces(&single(&set.namespaces)).len(), pods(&single(&set.pods)).len())
}

/// How long its selectors are at most, where that is so short that they fit whatever they meet: cheaper than to spell them.
pub(super) fn surely_short(set: &Conjunction) -> Option<(usize, usize)> {
    const SHORT: usize = 450;
    const OPERATORS: usize = 32;
    let at_most = |constraints: &Constraints| {
        constraints.iter().try_fold(IS_POD.len(), |sum, (key, constraint)| {
            let key = match key {
                Key::Label(key) => key.len().max(NAME.len()),
                Key::ServiceAccount => ACCOUNT.len(),
                Key::NameMatches(_) => return None,
            };
            let (Values::In(values) | Values::NotIn(values)) = constraint.values();
            let listed: usize = values.iter().map(|value| value.len() + "'', ".len()).sum();
            Some(sum + 2 * key + OPERATORS + listed)
        })
    };
    let lengths = (at_most(&set.namespaces)?, at_most(&set.pods)?);
    (lengths.0.max(lengths.1) <= SHORT).then_some(lengths)
}

/// Whether two sets intersect in something that has selectors, judging by how short either's can be.
pub(super) fn fit_together(one: (usize, usize), other: (usize, usize)) -> bool {
    const AND: usize = " && ".len();
    one.0 + AND + other.0 <= LONGEST && one.1 + AND + other.1 <= LONGEST
}

/// With each half of the longest list.
fn halves(constraints: &Constraints) -> Option<[Constraints; 2]> {
    let lists = constraints.iter().filter_map(|(key, constraint)| {
        let values: Vec<&Text> = constraint.one_of()?.collect();
        let length: usize = values.iter().map(|value| value.len() + "'', ".len()).sum();
        (values.len() > 1).then_some((length, key, values))
    });
    let (_, key, values) = lists.max_by_key(|(length, ..)| *length)?;
    let (low, high) = values.split_at(values.len() / 2);
    let with = |values: &[&Text]| {
        let some = Constraint::within(values.iter().map(|value| (*value).clone()));
        constraints.without(key).with(key.clone(), some)
    };
    Some([with(low)?, with(high)?])
}

fn namespaces(constraints: &Constraints) -> String {
    let constraints = &settled(constraints);
    let terms: Vec<String> =
        constraints.iter().filter_map(|(key, constraint)| term(key, constraint)).collect();
    if terms.is_empty() { "all()".to_owned() } else { terms.join(" && ") }
}

fn pods(constraints: &Constraints) -> String {
    let terms = constraints.iter().filter_map(|(key, constraint)| term(key, constraint));
    std::iter::once(IS_POD.to_owned()).chain(terms).collect::<Vec<_>>().join(" && ")
}

/// Of names that are written out a pattern holds or not, today and tomorrow: nobody needs to ask again.
fn settled(constraints: &Constraints) -> Constraints {
    let Some(names) = constraints.names() else { return constraints.clone() };
    let is_pattern = |key: &Key| matches!(key, Key::NameMatches(_));
    let fits = |name: &&Text| {
        constraints.iter().all(|(key, constraint)| match key {
            Key::NameMatches(pattern) => constraint.admits(pattern::matches(pattern, name).then_some("")),
            _ => true,
        })
    };
    let fitting = Constraint::within(names.filter(fits).cloned());
    let patterns: Vec<&Key> = constraints.iter().map(|(key, _)| key).filter(|key| is_pattern(key)).collect();
    let rest = patterns.iter().fold(constraints.clone(), |rest, key| rest.without(key));
    rest.with(Key::namespace_name(), fitting).unwrap_or_else(|| constraints.clone())
}

/// `None` of what holds for all.
fn term(key: &Key, constraint: &Constraint) -> Option<String> {
    match key {
        key if *key == Key::namespace_name() => always_there(NAME, constraint),
        Key::ServiceAccount => always_there(ACCOUNT, constraint),
        Key::Label(key) => Some(labelled(key, constraint)),
        Key::NameMatches(pattern) => {
            // `*` is every name.
            let matches = matches(pattern).map_or("all()".to_owned(), |matches| matches.join(" && "));
            match (constraint.admits(Some("")), constraint.admits(None)) {
                (true, true) => None,
                (true, false) if matches == "all()" => None,
                (true, false) => Some(matches),
                (false, _) => Some(format!("!({matches})")),
            }
        }
    }
}

/// Of a label that nothing lacks: `has` would ask for nothing, and of a service account with a long name for too much.
fn always_there(key: &str, constraint: &Constraint) -> Option<String> {
    match constraint.values() {
        Values::In(values) => Some(within(key, values)),
        Values::NotIn(values) if values.is_empty() => None,
        Values::NotIn(values) => Some(outside(key, values)),
    }
}

/// A label that is absent satisfies `!=` and `not in`, as Kubernetes' `NotIn`.
fn labelled(key: &str, constraint: &Constraint) -> String {
    match (constraint.values(), constraint.may_be_absent()) {
        (Values::In(values), false) => within(key, values),
        (Values::In(values), true) if values.is_empty() => format!("!has({key})"),
        (Values::In(values), true) => format!("(!has({key}) || {})", within(key, values)),
        (Values::NotIn(values), true) => outside(key, values),
        (Values::NotIn(values), false) if values.is_empty() => format!("has({key})"),
        (Values::NotIn(values), false) => format!("has({key}) && {}", outside(key, values)),
    }
}

fn within(key: &str, values: &BTreeSet<Text>) -> String {
    let mut values = values.iter();
    match (values.next(), values.len()) {
        (Some(only), 0) => format!("{key} == '{only}'"),
        (first, _) => format!("{key} in {}", list(first.into_iter().chain(values))),
    }
}

fn outside(key: &str, values: &BTreeSet<Text>) -> String {
    let mut values = values.iter();
    match (values.next(), values.len()) {
        (Some(only), 0) => format!("{key} != '{only}'"),
        (first, _) => format!("{key} not in {}", list(first.into_iter().chain(values))),
    }
}

fn list<'v>(values: impl Iterator<Item = &'v Text>) -> String {
    let quoted: Vec<String> = values.map(|value| format!("'{value}'")).collect();
    format!("{{{}}}", quoted.join(", "))
}

/// That a namespace's name matches a pattern, as terms that all have to hold; `None` where every name does.
fn matches(pattern: &str) -> Option<Vec<String>> {
    let Some((start, end)) = pattern.split_once('*') else {
        return Some(vec![format!("{NAME} == '{pattern}'")]);
    };
    let mut terms = Vec::new();
    if !start.is_empty() {
        terms.push(format!("{NAME} starts with '{start}'"));
    }
    if !end.is_empty() {
        terms.push(format!("{NAME} ends with '{end}'"));
    }
    let shorter = overlaps(start, end);
    if !shorter.is_empty() {
        terms.push(outside(NAME, &shorter));
    }
    (!terms.is_empty()).then_some(terms)
}

/// The texts that begin with one and end with the other and are shorter than both together: of `ab` and `ba`, `aba`.
fn overlaps(start: &str, end: &str) -> BTreeSet<Text> {
    let shared = |length: &usize| {
        let (head, tail) = (end.get(..*length), start.get(start.len() - length..));
        head.is_some() && head == tail
    };
    let lengths = 1..=start.len().min(end.len());
    lengths.filter(shared).map(|length| Text::from(format!("{start}{}", &end[length..]))).collect()
}

#[cfg(test)]
mod tests;
