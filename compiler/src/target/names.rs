//! Names of objects: readable, unique in their namespace, and a function of the pods they are about alone, so that
//! another sentence renames nothing. Always DNS-1123 subdomains, never a path.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sha2::{Digest, Sha256};
use weir_cluster::Inventory;
use weir_cluster::labels::{NAMESPACE_NAME, Text};

use super::draft::{Home, Subject};
use super::split;
use crate::resolve::names::workload_pods;
use crate::selector::{Constraint, Constraints, Key, Values};

pub(super) const PREFIX: &str = "weir-";
const DENYING: &str = "weir-deny-";
/// What is about no pods in particular.
const ALL_PODS: &str = "all-pods";
/// Hexadecimal digits of the digest that makes a name unique.
const DIGEST: usize = 8;
/// The longest readable part of a digested name.
const READABLE: usize = 48;
/// The longest name: below the 253 characters of a DNS-1123 subdomain, so that it is a file's name with room to spare.
const LONGEST: usize = 200;

pub(super) struct Names {
    by_selector: HashMap<(Text, Constraints), Text>,
    taken: BTreeMap<Text, BTreeSet<String>>,
    prefix: &'static str,
}

impl Names {
    /// Pods that a workload selects go by its name, unless two workloads of the namespace share it.
    pub fn of<'s>(inventory: &Inventory, subjects: impl Iterator<Item = &'s Subject>) -> Names {
        let homes: BTreeSet<&Text> = subjects.filter_map(|subject| subject.home.namespace()).collect();
        let mut by_selector: HashMap<(Text, Constraints), Text> = HashMap::new();
        for (at, workload) in inventory.workloads.iter().enumerate() {
            let namespace = &inventory.namespaces[workload.namespace.index()].name;
            let alone = inventory.workloads_in(workload.namespace, &workload.name).len() == 1;
            if !alone || !homes.contains(namespace) || !is_plain(&workload.name) {
                continue;
            }
            let id = weir_cluster::inventory::WorkloadId(at as u32);
            if let Some(pods) = workload_pods(inventory, id)
                && let [term] = pods.terms()
            {
                // Workloads come sorted: of two with one selector the first gives the name.
                let key = (namespace.clone(), term.pods.clone());
                by_selector.entry(key).or_insert_with(|| workload.name.clone());
            }
        }
        Names { by_selector, taken: BTreeMap::new(), prefix: PREFIX }
    }

    /// Names of objects that deny. No other begins like them.
    pub fn denying<'s>(inventory: &Inventory, subjects: impl Iterator<Item = &'s Subject>) -> Names {
        Names { prefix: DENYING, ..Names::of(inventory, subjects) }
    }

    /// What an object is called, unique in its namespace, or in the cluster.
    pub fn take(&mut self, subject: &Subject) -> String {
        let (namespace, required) = match &subject.home {
            Home::Namespace(name, required) => (name.clone(), required),
            Home::Cluster(required) => (Text::from(""), required),
        };
        let workload = self.by_selector.get(&(namespace.clone(), subject.pods.clone()));
        let plain = match workload {
            _ if !required.is_empty() => None,
            _ if subject.pods.is_empty() => Some(ALL_PODS.to_owned()),
            Some(name) => Some(name.to_string()).filter(|name| name != ALL_PODS),
            None => None,
        };
        let prefix = self.prefix;
        let digest = || digest(required, &subject.pods);
        let mut name = match plain {
            Some(name) => format!("{prefix}{name}"),
            None => format!("{prefix}{}{}", readable(required, &subject.pods), &digest()[..DIGEST]),
        };
        // Two selectors of one digest: as good as never, and still two names.
        let taken = self.taken.entry(namespace).or_default();
        while !taken.insert(name.clone()) {
            name = format!("{prefix}{}", &digest()[..DIGEST * 4]);
        }
        name
    }
}

/// A workload's name that is valid in full and cannot be mistaken for one that ends in a digest.
fn is_plain(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let ends_in_digest =
        name.len() >= DIGEST && name.bytes().rev().take(DIGEST).all(|b| b.is_ascii_hexdigit());
    let denies = format!("{PREFIX}{name}").starts_with(DENYING);
    !denies
        && !name.contains(split::MARK)
        && name.len() + DENYING.len() <= LONGEST
        && name.split('.').all(part)
        && !ends_in_digest
}

/// The selector in letters that a name may have, with a dash behind; empty where nothing readable is left.
fn readable(namespaces: &Constraints, pods: &Constraints) -> String {
    let mut text = String::new();
    for (key, constraint) in namespaces.iter().chain(pods.iter()) {
        match key {
            Key::Label(key) if key.as_ref() == NAMESPACE_NAME => text.push_str("namespace"),
            Key::Label(key) => text.push_str(key.rsplit('/').next().unwrap_or(key)),
            Key::ServiceAccount => text.push_str("account"),
            Key::NameMatches(pattern) => text.push_str(pattern),
        }
        text.push('-');
        text.push_str(&value(constraint));
        text.push('-');
    }
    let mut slug = String::new();
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= READABLE {
            break;
        }
    }
    let slug = slug.trim_matches('-');
    if slug.is_empty() { String::new() } else { format!("{slug}-") }
}

fn value(constraint: &Constraint) -> String {
    let list = |values: &BTreeSet<Text>| values.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("-");
    match (constraint.values(), constraint.may_be_absent()) {
        (Values::In(values), false) => list(values),
        (Values::In(_), true) => "absent".to_owned(),
        (Values::NotIn(values), false) if values.is_empty() => "present".to_owned(),
        (Values::NotIn(values), _) => format!("not-{}", list(values)),
    }
}

/// Of a canonical spelling of the selector: the same in every run and release.
fn digest(namespaces: &Constraints, pods: &Constraints) -> String {
    let mut hash = Sha256::new();
    for (where_, constraints) in [("namespace ", namespaces), ("", pods)] {
        for (key, constraint) in constraints.iter() {
            let key = match key {
                Key::Label(key) => key.to_string(),
                Key::ServiceAccount => "(account)".to_owned(),
                Key::NameMatches(pattern) => format!("(name {pattern})"),
            };
            let (word, values) = match constraint.values() {
                Values::In(values) => ("in", values),
                Values::NotIn(values) => ("notin", values),
            };
            let presence = if constraint.may_be_absent() { "?" } else { "" };
            hash.update(format!("{where_}{key}{presence} {word}"));
            for value in values {
                hash.update(format!(" {value}"));
            }
            hash.update("\n");
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
