//! The universe of today (section 1 of the language): pods that run, and those that may come without any label of
//! their own: an unlabelled one in each namespace, one in a namespace that does not exist yet, and one for each
//! selector that nothing matches.

use std::collections::BTreeSet;

use roaring::RoaringBitmap as Bits;
use weir_cluster::flow::{PodPoint, Space};
use weir_cluster::inventory::ClassId;
use weir_cluster::labels::{Labels, NAMESPACE_NAME, Text};

use crate::diagnostic::listed;
use crate::facts::Facts;
use crate::resolve::names::{self, Named};
use crate::selector::{Conjunction, Constraint, Key, PodSet, Values};

pub(in crate::check) struct Universe<'a> {
    facts: &'a Facts<'a>,
    /// Behind the classes: their ids go on from there.
    pub newcomers: Vec<PodPoint>,
}

impl<'a> Universe<'a> {
    /// With a pod for each of these sets that nothing matches.
    pub fn new<'t>(facts: &'a Facts<'a>, sets: impl Iterator<Item = &'t PodSet>) -> Universe<'a> {
        let mut newcomers = Space::newcomers(facts.inventory);
        let distinct: BTreeSet<&PodSet> = sets.collect();
        let unmatched = distinct.into_iter().filter(|pods| pods.classes(facts.inventory).is_empty());
        let terms = unmatched.filter_map(|pods| pods.terms().first());
        newcomers.extend(terms.map(|term| example(term, facts)));
        Universe { facts, newcomers }
    }

    /// The pods of today that belong to a set; those on the host network are out of every policy's reach.
    pub fn bits(&self, pods: &PodSet) -> Bits {
        let mut bits = self.facts.governed(pods);
        if pods.is_empty() {
            return bits;
        }
        let first = self.facts.inventory.classes.len() as u32;
        let admitted = (first..).zip(&self.newcomers).filter(|(_, pod)| pods.admits(pod)).map(|(id, _)| id);
        bits.extend(admitted);
        bits
    }

    /// The namespace of a pod, and its labels.
    pub fn home(&self, id: u32) -> (&Text, &Labels) {
        let inventory = self.facts.inventory;
        match inventory.classes.get(id as usize) {
            Some(class) => {
                let home = &inventory.namespaces[class.namespace.index()];
                (&home.name, &home.labels)
            }
            None => {
                let pod = &self.newcomers[id as usize - inventory.classes.len()];
                (&pod.namespace, &pod.namespace_labels)
            }
        }
    }

    /// A pod in the user's words.
    pub fn spoken(&self, id: u32) -> String {
        let inventory = self.facts.inventory;
        match inventory.classes.get(id as usize) {
            Some(_) => {
                let workload = inventory.classes[ClassId(id).index()].workload;
                format!("`{}`", names::spelled(inventory, Named::Workload(workload), false))
            }
            None => newcomer(&self.newcomers[id as usize - inventory.classes.len()], self.facts),
        }
    }
}

/// A pod that is not there, in the user's words.
pub(crate) fn newcomer(pod: &PodPoint, facts: &Facts<'_>) -> String {
    let labels: Vec<String> = pod.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mut said = match labels.len() {
        0 => "a pod without labels".to_owned(),
        1 => format!("a pod with the label {}", listed(&labels, "and")),
        _ => format!("a pod with the labels {}", listed(&labels, "and")),
    };
    if pod.service_account.as_ref() != "default" {
        said += &format!(" and the service account `{}`", pod.service_account);
    }
    let known = facts.inventory.namespace(&pod.namespace);
    let known = known.map(|home| &facts.inventory.namespaces[home.index()].labels);
    let new = |(key, value): (&Text, &Text)| {
        let is_new =
            key.as_ref() != NAMESPACE_NAME && known.is_none_or(|labels| labels.get(key) != Some(value));
        is_new.then(|| format!("{key}={value}"))
    };
    let home: Vec<String> = pod.namespace_labels.iter().filter_map(new).collect();
    if known.is_some() {
        said += &format!(" in namespace `{}`", pod.namespace);
        return if home.is_empty() {
            said
        } else {
            said + &format!(", once that is labelled {}", listed(&home, "and"))
        };
    }
    said + &match home.len() {
        0 => " in a namespace that does not exist yet".to_owned(),
        _ => format!(" in a new namespace with {}", listed(&home, "and")),
    }
}

/// A pod that satisfies a selector, with no more labels than it asks for, in a namespace of today if one will do.
pub(crate) fn example(term: &Conjunction, facts: &Facts<'_>) -> PodPoint {
    let inventory = facts.inventory;
    let mut labels = Vec::new();
    let mut service_account = Text::from("default");
    for (key, constraint) in term.pods.iter() {
        match key {
            Key::Label(label) => labels.extend(value(constraint).map(|value| (label.clone(), value))),
            Key::ServiceAccount => service_account = value(constraint).unwrap_or(service_account),
            Key::NameMatches(_) => {}
        }
    }
    let (namespace, namespace_labels) = match term.namespaces.namespaces(inventory).first() {
        Some(home) => {
            let home = &inventory.namespaces[home.index()];
            (home.name.clone(), home.labels.clone())
        }
        None => new_namespace(term, facts),
    };
    PodPoint {
        class: None,
        namespace,
        namespace_labels,
        labels: labels.into_iter().collect(),
        ports: Vec::new(),
        host_network: false,
        service_account,
        addresses: Vec::new(),
    }
}

/// A namespace of today with other labels, if the selector names one; else a new one.
fn new_namespace(term: &Conjunction, facts: &Facts<'_>) -> (Text, Labels) {
    let mut name = Text::from("weir-newcomer");
    let known =
        term.namespaces.names().and_then(|mut names| names.find_map(|name| facts.inventory.namespace(name)));
    let required = |key: &Text| term.namespaces.get(&Key::Label(key.clone()));
    // What has to change changes, and nothing else.
    let mut labels: Vec<(Text, Text)> = match known {
        Some(home) => {
            let home = &facts.inventory.namespaces[home.index()];
            name = home.name.clone();
            let stays = |(key, value): &(&Text, &Text)| {
                required(key).is_none_or(|constraint| constraint.admits(Some(value)))
            };
            let kept = home.labels.iter().filter(stays);
            kept.map(|(key, value)| (key.clone(), value.clone())).collect()
        }
        None => Vec::new(),
    };
    let has = |labels: &[(Text, Text)], key: &Text| labels.iter().any(|(known, _)| known == key);
    for (key, constraint) in term.namespaces.iter() {
        match key {
            Key::Label(label) if label.as_ref() == NAMESPACE_NAME => {
                if known.is_none() {
                    name = value(constraint).unwrap_or(name);
                }
            }
            Key::Label(label) if has(&labels, label) => {}
            Key::Label(label) => labels.extend(value(constraint).map(|value| (label.clone(), value))),
            Key::NameMatches(pattern) if !constraint.may_be_absent() => {
                name = pattern.replace('*', "x").into()
            }
            Key::NameMatches(_) | Key::ServiceAccount => {}
        }
    }
    labels.push((NAMESPACE_NAME.into(), name.clone()));
    (name, labels.into_iter().collect())
}

/// A value that satisfies a constraint; none where the label may be absent.
fn value(constraint: &Constraint) -> Option<Text> {
    if constraint.may_be_absent() {
        return None;
    }
    match constraint.values() {
        Values::In(values) => values.first().cloned(),
        Values::NotIn(values) => {
            let candidates =
                (0..).map(|number| if number == 0 { "any".to_owned() } else { format!("any-{number}") });
            candidates.map(Text::from).find(|candidate| !values.contains(candidate))
        }
    }
}
