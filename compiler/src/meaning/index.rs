//! The pods of a space that policies govern, by what a selector can ask of them.

use rustc_hash::FxHashMap;
use weir_cluster::flow::{Bits, Point, Space};
use weir_cluster::labels::{Labels, NAMESPACE_NAME, Text};

use crate::resolve::pattern;
use crate::selector::{Conjunction, Constraint, Constraints, Key, PodSet, narrow};

pub(super) struct Index<'s> {
    all: Bits,
    by_namespace: FxHashMap<&'s str, Bits>,
    namespace_labels: Postings<'s>,
    labels: Postings<'s>,
    service_accounts: FxHashMap<&'s str, Bits>,
}

#[derive(Default)]
struct Postings<'s> {
    by_key: FxHashMap<&'s str, Posting<'s>>,
    nobody: Bits,
}

#[derive(Default)]
struct Posting<'s> {
    any: Bits,
    values: FxHashMap<&'s str, Bits>,
}

impl<'s> Postings<'s> {
    fn insert(&mut self, labels: &'s Labels, at: u32) {
        for (key, value) in labels.iter() {
            let posting = self.by_key.entry(key).or_default();
            posting.any.insert(at);
            posting.values.entry(value).or_default().insert(at);
        }
    }

    fn narrow(&self, found: &mut Bits, key: &str, constraint: &Constraint) {
        let posting = self.by_key.get(key);
        narrow(
            found,
            constraint,
            || posting.map_or(&self.nobody, |posting| &posting.any),
            |value| posting.and_then(|posting| posting.values.get(value)).unwrap_or(&self.nobody),
        );
    }
}

impl<'s> Index<'s> {
    pub fn of(space: &'s Space) -> Index<'s> {
        let mut index = Index {
            all: Bits::new(),
            by_namespace: FxHashMap::default(),
            namespace_labels: Postings::default(),
            labels: Postings::default(),
            service_accounts: FxHashMap::default(),
        };
        for (at, point) in (0u32..).zip(&space.points) {
            let Point::Pod(pod) = point else { continue };
            if pod.host_network {
                continue;
            }
            index.all.insert(at);
            index.by_namespace.entry(&pod.namespace).or_default().insert(at);
            index.namespace_labels.insert(&pod.namespace_labels, at);
            index.labels.insert(&pod.labels, at);
            index.service_accounts.entry(&pod.service_account).or_default().insert(at);
        }
        index
    }

    /// The pods of a set.
    pub fn members(&self, pods: &PodSet) -> Bits {
        match pods.terms() {
            [term] => self.of_term(term),
            terms => terms.iter().fold(Bits::new(), |all, term| all | self.of_term(term)),
        }
    }

    fn of_term(&self, term: &Conjunction) -> Bits {
        let mut found = self.of_namespaces(&term.namespaces);
        for (key, constraint) in term.pods.iter() {
            match key {
                Key::Label(label) => self.labels.narrow(&mut found, label, constraint),
                Key::ServiceAccount => {
                    let admitted =
                        self.service_accounts.iter().filter(|(name, _)| constraint.admits(Some(name)));
                    found &= admitted.fold(Bits::new(), |all, (_, pods)| all | pods);
                }
                // Of a pod itself no name is asked.
                Key::NameMatches(_) if constraint.admits(None) => {}
                Key::NameMatches(_) => found.clear(),
            }
        }
        found
    }

    fn of_namespaces(&self, constraints: &Constraints) -> Bits {
        // Selectors mostly name their namespaces: only these are looked at then.
        let named = |names: &mut dyn Iterator<Item = &Text>| {
            let homes = names.filter_map(|name| self.by_namespace.get(name.as_ref()));
            homes.fold(Bits::new(), |all, pods| all | pods)
        };
        let names = constraints.names();
        let by_name = names.is_some();
        let mut found = match names {
            Some(mut names) => named(&mut names),
            None => self.all.clone(),
        };
        for (key, constraint) in constraints.iter() {
            match key {
                Key::Label(label) if by_name && label.as_ref() == NAMESPACE_NAME => {}
                Key::Label(label) => self.namespace_labels.narrow(&mut found, label, constraint),
                Key::NameMatches(matched) => {
                    let admitted = self
                        .by_namespace
                        .iter()
                        .filter(|(name, _)| constraint.admits(pattern::matches(matched, name).then_some("")));
                    found &= admitted.fold(Bits::new(), |all, (_, pods)| all | pods);
                }
                Key::ServiceAccount if constraint.admits(None) => {}
                Key::ServiceAccount => found.clear(),
            }
        }
        found
    }
}
