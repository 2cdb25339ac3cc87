//! Pods that tell selectors apart: for each selector one that it selects, and for each of its requirements one that fails
//! that requirement alone. A proof over today's pods would not see a requirement that is missing while they all meet it.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::selector::{Selector, Test};
use crate::flow::PodPoint;
use crate::inventory::Inventory;
use crate::labels::{Labels, NAMESPACE_NAME, Text};

/// Whom something selects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Probe {
    /// The one namespace of its pods; `None` where they are selected by labels.
    pub namespace: Option<Text>,
    /// Of their namespaces.
    pub namespace_labels: Selector,
    pub labels: Selector,
    pub service_account: Option<Text>,
}

/// A value that nobody asks for.
const OTHER: &str = "weir-other";

/// Pods of these probes that the inventory does not have.
pub(super) fn pods(probes: impl IntoIterator<Item = Probe>, inventory: &Inventory) -> Vec<PodPoint> {
    let mut seen: FxHashSet<(Text, Labels, Text)> = FxHashSet::default();
    for class in &inventory.classes {
        let namespace = inventory.namespaces[class.namespace.index()].name.clone();
        seen.insert((namespace, class.labels.clone(), class.service_account.clone()));
    }
    let mut homes = Homes { inventory, fresh: FxHashMap::default() };
    let mut done: FxHashSet<Probe> = FxHashSet::default();
    let mut found = Vec::new();
    for probe in probes {
        if !done.insert(probe.clone()) {
            continue;
        }
        let service_account = probe.service_account.clone().unwrap_or_else(|| Text::from("default"));
        let mut add = |(namespace, namespace_labels): (Text, Labels), labels: &Labels, account: &Text| {
            if seen.insert((namespace.clone(), labels.clone(), account.clone())) {
                found.push(PodPoint {
                    class: None,
                    namespace,
                    namespace_labels,
                    labels: labels.clone(),
                    ports: Vec::new(),
                    host_network: false,
                    service_account: account.clone(),
                    addresses: Vec::new(),
                });
            }
        };
        let Some(labels) = satisfying(&probe.labels) else { continue };
        let near = failing(&probe.labels);
        if let Some(home) = homes.home(&probe) {
            for labels in std::iter::once(&labels).chain(&near) {
                add(home.clone(), labels, &service_account);
            }
            if probe.service_account.is_some() {
                add(home, &labels, &Text::from("default"));
            }
        }
        if probe.namespace.is_none() {
            for namespace_labels in failing(&probe.namespace_labels) {
                if let Some(home) = homes.with(namespace_labels) {
                    add(home, &labels, &service_account);
                }
            }
        }
    }
    found
}

/// Namespaces in which probes live.
struct Homes<'i> {
    inventory: &'i Inventory,
    /// Names of namespaces that do not exist, by their labels.
    fresh: FxHashMap<Labels, Text>,
}

impl Homes<'_> {
    fn home(&mut self, probe: &Probe) -> Option<(Text, Labels)> {
        match &probe.namespace {
            Some(name) => self.with(Labels::from_iter([(Text::from(NAMESPACE_NAME), name.clone())])),
            None => self.with(satisfying(&probe.namespace_labels)?),
        }
    }

    /// A namespace with these labels and the one that the API server adds. `None` where one of that name has others.
    fn with(&mut self, labels: Labels) -> Option<(Text, Labels)> {
        if let Some(name) = labels.get(NAMESPACE_NAME).cloned() {
            let Some(id) = self.inventory.namespace(&name) else { return Some((name, labels)) };
            let known = &self.inventory.namespaces[id.index()];
            let same = labels.iter().all(|(key, value)| known.labels.get(key) == Some(value));
            return same.then(|| (name, known.labels.clone()));
        }
        let number = self.fresh.len();
        let fresh = || Text::from(format!("weir-probe-{number}"));
        let name = self.fresh.entry(labels.clone()).or_insert_with(fresh).clone();
        let own = (Text::from(NAMESPACE_NAME), name.clone());
        let all = labels.iter().map(|(key, value)| (key.clone(), value.clone())).chain([own]);
        Some((name, all.collect()))
    }
}

/// Labels that satisfy a selector; `None` if nothing does.
fn satisfying(selector: &Selector) -> Option<Labels> {
    let mut labels = Vec::new();
    for (key, tests) in &selector.requirements {
        labels.extend(value(tests)?.map(|value| (key.clone(), value)));
    }
    Some(labels.into_iter().collect())
}

/// A value that passes all tests of a key, or that the key is absent.
fn value(tests: &BTreeSet<Test>) -> Option<Option<Text>> {
    let passes = |value: Option<&Text>| {
        tests.iter().all(|test| match test {
            Test::In(values) => value.is_some_and(|value| values.contains(value)),
            Test::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Test::Exists => value.is_some(),
            Test::DoesNotExist => value.is_none(),
        })
    };
    let named = tests.iter().find_map(|test| match test {
        Test::In(values) => Some(values),
        _ => None,
    });
    if let Some(values) = named {
        return values.iter().find(|value| passes(Some(value))).map(|value| Some(value.clone()));
    }
    let other = Text::from(OTHER);
    match (passes(None), passes(Some(&other))) {
        (true, _) => Some(None),
        (false, true) => Some(Some(other)),
        (false, false) => None,
    }
}

/// For each key labels that satisfy all but its tests.
fn failing(selector: &Selector) -> Vec<Labels> {
    let mut found = Vec::new();
    for (key, tests) in &selector.requirements {
        let rest = selector.requirements.iter().filter(|(other, _)| *other != key);
        let rest: Option<Vec<(Text, Text)>> = rest
            .filter_map(|(key, tests)| match value(tests) {
                None => Some(None),
                Some(None) => None,
                Some(Some(value)) => Some(Some((key.clone(), value))),
            })
            .collect();
        let Some(rest) = rest else { continue };
        let against: Option<Text> = tests.iter().find_map(|test| match test {
            Test::NotIn(values) => values.first().cloned(),
            Test::DoesNotExist => Some(Text::from(OTHER)),
            Test::In(_) | Test::Exists => None,
        });
        let own = against.map(|value| (key.clone(), value));
        found.push(rest.into_iter().chain(own).collect());
    }
    found
}
