//! What a symbolic set denotes today: sets of endpoint classes, through the inventory's indices.

use std::collections::BTreeSet;

use roaring::RoaringBitmap as Bits;
use weir_cluster::Inventory;
use weir_cluster::flow::PodPoint;
use weir_cluster::inventory::NamespaceId;
use weir_cluster::labels::{Labels, Text};

use super::{Conjunction, Constraint, Constraints, Key, PodSet, Values};
use crate::resolve::pattern;

impl PodSet {
    /// The endpoint classes that belong to it, those on the host network included.
    pub fn classes(&self, inventory: &Inventory) -> Bits {
        self.terms.iter().map(|term| term.classes(inventory)).fold(Bits::new(), |all, some| all | some)
    }

    /// Whether a pod, real or virtual, belongs to it.
    pub fn admits(&self, pod: &PodPoint) -> bool {
        self.terms.iter().any(|term| term.admits(pod))
    }
}

impl Conjunction {
    pub fn classes(&self, inventory: &Inventory) -> Bits {
        let mut classes = if self.namespaces.is_empty() {
            inventory.all_classes()
        } else {
            let mut classes = Bits::new();
            for namespace in self.namespaces.namespaces(inventory) {
                classes.insert_range(inventory.namespaces[namespace.index()].classes.clone());
            }
            classes
        };
        for (key, constraint) in self.pods.iter() {
            match key {
                Key::Label(label) => narrow(
                    &mut classes,
                    constraint,
                    || inventory.classes_having(label),
                    |value| inventory.classes_with(label, value),
                ),
                Key::ServiceAccount => {
                    let admitted = |class: &u32| {
                        constraint.admits(Some(&inventory.classes[*class as usize].service_account))
                    };
                    classes = classes.iter().filter(admitted).collect();
                }
                Key::NameMatches(_) => {}
            }
        }
        classes
    }

    pub fn admits(&self, pod: &PodPoint) -> bool {
        self.admits_namespace(&pod.namespace, &pod.namespace_labels) && self.admits_labels(pod)
    }

    /// Whether a namespace satisfies what is required of it.
    pub fn admits_namespace(&self, name: &str, labels: &Labels) -> bool {
        let own = |key: &Key| match key {
            Key::Label(label) => labels.get(label).map(|value| value.as_ref()),
            Key::NameMatches(pattern) => pattern::matches(pattern, name).then_some(""),
            Key::ServiceAccount => None,
        };
        self.namespaces.iter().all(|(key, constraint)| constraint.admits(own(key)))
    }

    /// Whether a pod satisfies what is required of itself, wherever it is.
    pub fn admits_labels(&self, pod: &PodPoint) -> bool {
        let own = |key: &Key| match key {
            Key::Label(label) => pod.labels.get(label).map(|value| value.as_ref()),
            Key::ServiceAccount => Some(pod.service_account.as_ref()),
            Key::NameMatches(_) => None,
        };
        self.pods.iter().all(|(key, constraint)| constraint.admits(own(key)))
    }
}

impl Constraints {
    /// The namespaces of today whose labels satisfy these constraints.
    pub fn namespaces(&self, inventory: &Inventory) -> Vec<NamespaceId> {
        if let Some(names) = self.names_only().and_then(Constraint::one_of) {
            return names.filter_map(|name| inventory.namespace(name)).collect();
        }
        let mut found = Bits::new();
        found.insert_range(0..inventory.namespaces.len() as u32);
        for (key, constraint) in self.iter() {
            match key {
                Key::Label(label) => narrow(
                    &mut found,
                    constraint,
                    || inventory.namespaces_having(label),
                    |value| inventory.namespaces_with(label, value),
                ),
                Key::NameMatches(pattern) => {
                    let admitted = |namespace: &u32| {
                        let name = &inventory.namespaces[*namespace as usize].name;
                        constraint.admits(pattern::matches(pattern, name).then_some(""))
                    };
                    found = found.iter().filter(admitted).collect();
                }
                Key::ServiceAccount => {}
            }
        }
        found.into_iter().map(NamespaceId).collect()
    }
}

/// Cuts rows down to those that satisfy a constraint of one label.
pub(crate) fn narrow<'b>(
    found: &mut Bits,
    constraint: &Constraint,
    having: impl Fn() -> &'b Bits,
    with: impl Fn(&str) -> &'b Bits,
) {
    /// So many are sooner looked up one by one than walked through beside the rows of a label.
    const FEW: u64 = 64;
    let union = |values: &BTreeSet<Text>| values.iter().fold(Bits::new(), |all, value| all | with(value));
    match (constraint.values(), constraint.may_be_absent()) {
        (Values::In(some), false) => match constraint.only() {
            Some(value) => {
                let rows = with(value);
                match found.len() <= FEW && found.len() < rows.len() {
                    true => *found = found.iter().filter(|row| rows.contains(*row)).collect(),
                    false => *found &= rows,
                }
            }
            None => *found &= union(some),
        },
        (Values::NotIn(some), true) => some.iter().for_each(|value| *found -= with(value)),
        (Values::NotIn(some), false) => *found &= having() - union(some),
        (Values::In(some), true) => *found -= having() - union(some),
    }
}
