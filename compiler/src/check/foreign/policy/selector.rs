//! What Calico's selectors mean: sets of pods, exact but for what the inventory does not tell, and whether the labels of
//! a network set satisfy one.

use weir_cluster::Inventory;
use weir_cluster::inventory::CalicoSelector;
use weir_cluster::labels::{Text, is_volatile};

use super::Pods;
use crate::selector::{Conjunction, Constraint, Constraints, Key, PodSet};

/// Whose labels a selector speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Pods,
    Namespaces,
    ServiceAccounts,
}

enum Slot {
    Namespace(Key),
    Pod(Key),
    Constant(&'static str),
    Unknown,
}

fn slot(key: &str, scope: Scope) -> Slot {
    let namespace = |key: &str| match key {
        "projectcalico.org/name" => Slot::Namespace(Key::namespace_name()),
        key => Slot::Namespace(Key::Label(key.into())),
    };
    let account = |key: &str| match key {
        "projectcalico.org/name" => Slot::Pod(Key::ServiceAccount),
        _ => Slot::Unknown,
    };
    match (scope, key) {
        (Scope::Namespaces, key) => namespace(key),
        (Scope::ServiceAccounts, key) => account(key),
        (Scope::Pods, "projectcalico.org/namespace") => Slot::Namespace(Key::namespace_name()),
        (Scope::Pods, "projectcalico.org/orchestrator") => Slot::Constant("k8s"),
        (Scope::Pods, "projectcalico.org/serviceaccount") => Slot::Pod(Key::ServiceAccount),
        (Scope::Pods, key) => match (key.strip_prefix("pcns."), key.strip_prefix("pcsa.")) {
            (Some(key), _) => namespace(key),
            (_, Some(key)) => account(key),
            _ if is_volatile(key) => Slot::Unknown,
            _ => Slot::Pod(Key::Label(key.into())),
        },
    }
}

/// Unions of conjunctions: what surely satisfies a selector, and what may.
pub(super) struct Terms {
    surely: Vec<Conjunction>,
    possibly: Vec<Conjunction>,
}

impl Terms {
    fn sure(terms: Vec<Conjunction>) -> Terms {
        Terms { surely: terms.clone(), possibly: terms }
    }

    fn all() -> Terms {
        Terms::sure(vec![Conjunction::default()])
    }

    fn unknown() -> Terms {
        Terms { surely: Vec::new(), possibly: vec![Conjunction::default()] }
    }

    fn or(mut self, other: Terms) -> Terms {
        self.surely.extend(other.surely);
        self.possibly.extend(other.possibly);
        self
    }

    pub fn and(self, other: &Terms) -> Terms {
        let product = |ours: &[Conjunction], theirs: &[Conjunction]| {
            let pairs = ours.iter().flat_map(|own| theirs.iter().map(move |other| (own, other)));
            pairs.filter_map(|(own, other)| own.and(other)).collect::<Vec<_>>()
        };
        let most = |terms: &Terms| terms.surely.len().max(terms.possibly.len());
        if most(&self) * most(other) > PodSet::MOST {
            return Terms { surely: Vec::new(), possibly: self.possibly };
        }
        Terms {
            surely: product(&self.surely, &other.surely),
            possibly: product(&self.possibly, &other.possibly),
        }
    }

    pub fn pods(self) -> Pods {
        Pods {
            surely: self.surely.into_iter().collect::<PodSet>(),
            possibly: self.possibly.into_iter().collect::<PodSet>(),
        }
    }
}

pub(super) fn terms(selector: &CalicoSelector, scope: Scope, inventory: &Inventory) -> Terms {
    read(selector, false, scope, inventory)
}

fn read(selector: &CalicoSelector, negated: bool, scope: Scope, inventory: &Inventory) -> Terms {
    let part = |part: &CalicoSelector| read(part, negated, scope, inventory);
    let (key, constraint) = match selector {
        CalicoSelector::Not(inner) => return read(inner, !negated, scope, inventory),
        CalicoSelector::All | CalicoSelector::Global => {
            // Pods are in namespaces.
            let holds = (*selector == CalicoSelector::All) != negated;
            return if holds { Terms::all() } else { Terms::sure(Vec::new()) };
        }
        CalicoSelector::And(parts) | CalicoSelector::Or(parts) => {
            let is_union = matches!(selector, CalicoSelector::Or(_)) != negated;
            let first = if is_union { Terms::sure(Vec::new()) } else { Terms::all() };
            let join = |all: Terms, one: Terms| if is_union { all.or(one) } else { all.and(&one) };
            return parts.iter().map(part).fold(first, join);
        }
        CalicoSelector::Has(key) => (key, Constraint::exists()),
        CalicoSelector::Is(key, value) => (key, Constraint::is(value.clone())),
        CalicoSelector::In(key, values) => (key, Constraint::within(values.iter().cloned())),
        CalicoSelector::Contains(key, _)
        | CalicoSelector::StartsWith(key, _)
        | CalicoSelector::EndsWith(key, _) => {
            let values = values(&slot(key, scope), inventory).into_iter();
            (key, Constraint::within(values.filter(|value| part_of(selector, value))))
        }
    };
    let constraints = if negated { constraint.not() } else { vec![constraint] };
    let term = |constraint: Constraint| {
        let one = |key: &Key| Constraints::default().with(key.clone(), constraint.clone());
        match slot(key, scope) {
            Slot::Namespace(key) => {
                Some(Conjunction { namespaces: one(&key)?, pods: Constraints::default() })
            }
            Slot::Pod(key) => Some(Conjunction { namespaces: Constraints::default(), pods: one(&key)? }),
            Slot::Constant(value) => constraint.admits(Some(value)).then(Conjunction::default),
            Slot::Unknown => None,
        }
    };
    match slot(key, scope) {
        Slot::Unknown => Terms::unknown(),
        _ => Terms::sure(constraints.into_iter().filter_map(term).collect()),
    }
}

/// The values that a label has today.
fn values(slot: &Slot, inventory: &Inventory) -> Vec<Text> {
    let mut values: Vec<Text> = match slot {
        Slot::Namespace(Key::Label(key)) => {
            inventory.namespaces.iter().filter_map(|home| home.labels.get(key).cloned()).collect()
        }
        Slot::Pod(Key::Label(key)) => {
            inventory.classes.iter().filter_map(|class| class.labels.get(key).cloned()).collect()
        }
        Slot::Pod(Key::ServiceAccount) => {
            inventory.classes.iter().map(|class| class.service_account.clone()).collect()
        }
        Slot::Constant(value) => vec![Text::from(*value)],
        Slot::Namespace(_) | Slot::Pod(_) | Slot::Unknown => Vec::new(),
    };
    values.sort_unstable();
    values.dedup();
    values
}

fn part_of(selector: &CalicoSelector, value: &str) -> bool {
    match selector {
        CalicoSelector::Contains(_, part) => value.contains(&**part),
        CalicoSelector::StartsWith(_, part) => value.starts_with(&**part),
        CalicoSelector::EndsWith(_, part) => value.ends_with(&**part),
        _ => false,
    }
}

/// Whether labels satisfy a selector.
pub(super) fn holds<'l>(
    selector: &CalicoSelector,
    is_global: bool,
    label: &impl Fn(&str) -> Option<&'l str>,
) -> bool {
    match selector {
        CalicoSelector::All => true,
        CalicoSelector::Global => is_global,
        CalicoSelector::Has(key) => label(key).is_some(),
        CalicoSelector::Is(key, value) => label(key) == Some(&**value),
        CalicoSelector::In(key, values) => {
            label(key).is_some_and(|own| values.iter().any(|value| **value == *own))
        }
        CalicoSelector::Contains(key, _)
        | CalicoSelector::StartsWith(key, _)
        | CalicoSelector::EndsWith(key, _) => label(key).is_some_and(|own| part_of(selector, own)),
        CalicoSelector::Not(inner) => !holds(inner, is_global, label),
        CalicoSelector::And(parts) => parts.iter().all(|part| holds(part, is_global, label)),
        CalicoSelector::Or(parts) => parts.iter().any(|part| holds(part, is_global, label)),
    }
}
