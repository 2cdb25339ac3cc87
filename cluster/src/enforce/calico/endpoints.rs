//! The labels that selectors see: those of pods as Calico makes endpoints of them, with what they inherit from their
//! namespace and service account, and those of sets of addresses. Answers which of them satisfy a selector, by posting
//! lists and never by going through all of them. Knows no rules and no policies.

use std::collections::BTreeSet;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use super::objects::{NAMESPACE, Profile, Set};
use super::selector::{Selector, Test};
use crate::enforce::points::{Match, Points, Postings};
use crate::flow::{Bits, Point, Space};
use crate::labels::{NAMESPACE_NAME, Text};

const ORCHESTRATOR: &str = "projectcalico.org/orchestrator";
const SERVICE_ACCOUNT: &str = "projectcalico.org/serviceaccount";
const OF_NAMESPACE: &str = "pcns.";
const OF_ACCOUNT: &str = "pcsa.";
const NAME: &str = "projectcalico.org/name";
/// From this length on the name of a service account becomes no label.
const LONG_NAME: usize = 63;

/// Whose labels a selector is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Labels {
    Endpoint,
    Namespace,
    Account,
    /// Of the accounts that a policy governs, where `all()` wants one.
    GovernedAccount,
}

/// Pods by their numbers as points, and behind them the sets.
pub(super) struct Endpoints<'e, 's> {
    points: &'e Points<'s>,
    pub workloads: Bits,
    everyone: Bits,
    /// The number of the first set.
    first_set: u32,
    /// The addresses of each set.
    nets: Vec<&'e [IpNet]>,
    own: Posted,
    inherited: Posted,
    /// Pods of whose service accounts the labels are not known, and sets of whose namespaces.
    of_unknown_account: Bits,
    of_unknown_namespace: Bits,
}

impl<'e, 's> Endpoints<'e, 's> {
    pub(super) fn new(
        space: &'s Space,
        points: &'e Points<'s>,
        sets: impl Iterator<Item = &'e Set>,
        profiles: impl Iterator<Item = &'e Profile>,
    ) -> Endpoints<'e, 's> {
        let workloads = &points.pods - &points.host_network;
        let first_set = space.points.len() as u32;
        let mut endpoints = Endpoints {
            points,
            everyone: workloads.clone(),
            of_unknown_account: workloads.clone(),
            workloads,
            first_set,
            nets: Vec::new(),
            own: Posted::default(),
            inherited: Posted::default(),
            of_unknown_namespace: Bits::new(),
        };
        let mut namespaces: FxHashMap<&Text, Bits> = FxHashMap::default();
        let mut accounts: FxHashMap<&Text, Bits> = FxHashMap::default();
        for index in &endpoints.workloads {
            if let Point::Pod(pod) = &space.points[index as usize] {
                namespaces.entry(&pod.namespace).or_default().insert(index);
                accounts.entry(&pod.service_account).or_default().insert(index);
            }
        }
        endpoints.own.add(ORCHESTRATOR, &Text::from("k8s"), &endpoints.workloads);
        for (name, pods) in namespaces {
            endpoints.own.add(NAMESPACE, name, &pods);
            endpoints.inherited.add(&format!("{OF_NAMESPACE}{NAME}"), name, &pods);
        }
        for (name, pods) in accounts {
            if !name.is_empty() && name.len() < LONG_NAME {
                endpoints.own.add(SERVICE_ACCOUNT, name, &pods);
                endpoints.inherited.add(&format!("{OF_ACCOUNT}{NAME}"), name, &pods);
            }
        }
        for set in sets {
            endpoints.add(space, set);
        }
        for profile in profiles {
            endpoints.apply(profile);
        }
        endpoints
    }

    fn add(&mut self, space: &Space, set: &'e Set) {
        let number = self.first_set + self.nets.len() as u32;
        let single = Bits::from_iter([number]);
        self.everyone.insert(number);
        self.nets.push(&set.nets);
        for (key, value) in set.labels.iter() {
            self.own.add(key, value, &single);
        }
        let Some(namespace) = &set.namespace else { return };
        self.own.add(NAMESPACE, namespace, &single);
        let mut inherit =
            |key: &str, value: &Text| self.inherited.add(&format!("{OF_NAMESPACE}{key}"), value, &single);
        inherit(NAME, namespace);
        let home = self.points.in_namespace(namespace).min().map(|index| &space.points[index as usize]);
        match home {
            Some(Point::Pod(pod)) => pod.namespace_labels.iter().for_each(|(key, value)| inherit(key, value)),
            _ => {
                inherit(NAMESPACE_NAME, namespace);
                self.of_unknown_namespace.insert(number);
            }
        }
    }

    /// What a profile gives to those who have it.
    fn apply(&mut self, profile: &Profile) {
        let members = self.members(&profile.name);
        if profile.name.starts_with("ksa.") {
            self.of_unknown_account -= &members;
        }
        for (key, value) in &profile.labels {
            self.inherited.add(key, value, &members);
        }
    }

    /// The pods and sets that have a profile of this name.
    pub(super) fn members(&self, profile: &str) -> Bits {
        if let Some(namespace) = profile.strip_prefix("kns.") {
            return self.own.with(NAMESPACE, namespace).clone();
        }
        match profile.strip_prefix("ksa.").and_then(|rest| rest.split_once('.')) {
            Some((namespace, account)) => {
                let running = &self.points.running_as(account) & &self.workloads;
                running & self.own.with(NAMESPACE, namespace)
            }
            None => Bits::new(),
        }
    }

    /// The pods of a namespace, and its sets.
    pub(super) fn in_namespace(&self, namespace: &str) -> Match {
        Match::surely(self.own.with(NAMESPACE, namespace).clone())
    }

    /// Those that run as an account of one of these names.
    pub(super) fn running_as(&self, names: &BTreeSet<Text>) -> Match {
        self.holding(SERVICE_ACCOUNT, Asked::In(names))
    }

    /// The addresses of the sets among these.
    pub(super) fn nets<'a>(
        &'a self,
        of: &Bits,
    ) -> impl Iterator<Item = (u32, &'e [IpNet])> + use<'a, 'e, 's> {
        let sets: Vec<u32> = of.range(self.first_set..).collect();
        sets.into_iter().map(|set| (set, self.nets[(set - self.first_set) as usize]))
    }

    /// Which satisfy a selector.
    pub(super) fn satisfying(&self, labels: Labels, selector: &Selector) -> Match {
        let of_label = |key: &str, asked: Asked<'_>| match labels {
            Labels::Endpoint => self.holding(key, asked),
            Labels::Namespace => self.holding(&format!("{OF_NAMESPACE}{key}"), asked),
            Labels::Account | Labels::GovernedAccount => self.holding(&format!("{OF_ACCOUNT}{key}"), asked),
        };
        match selector {
            Selector::All => match labels {
                Labels::Namespace => self.holding(NAMESPACE, Asked::Any),
                Labels::GovernedAccount => self.holding(SERVICE_ACCOUNT, Asked::Any),
                Labels::Endpoint | Labels::Account => self.all(),
            },
            Selector::Global => match labels {
                Labels::Namespace => self.all().minus(&self.holding(NAMESPACE, Asked::Any)),
                _ => self.all(),
            },
            Selector::Has(key) => of_label(key, Asked::Any),
            Selector::Label(key, test) => match test {
                Test::In(values) => of_label(key, Asked::In(values)),
                Test::NotIn(values) => self.all().minus(&of_label(key, Asked::In(values))),
                Test::Contains(part) => of_label(key, Asked::Like(&|value| value.contains(part.as_ref()))),
                Test::StartsWith(part) => {
                    of_label(key, Asked::Like(&|value| value.starts_with(part.as_ref())))
                }
                Test::EndsWith(part) => of_label(key, Asked::Like(&|value| value.ends_with(part.as_ref()))),
            },
            Selector::Not(inner) => self.all().minus(&self.satisfying(labels, inner)),
            Selector::And(parts) => {
                let mut found = self.all();
                for part in parts {
                    if found.possible.is_empty() {
                        break;
                    }
                    found = found.and(&self.satisfying(labels, part));
                }
                found
            }
            Selector::Or(parts) => {
                let mut found = Match::default();
                parts.iter().for_each(|part| found.join(&self.satisfying(labels, part)));
                found
            }
        }
    }

    fn all(&self) -> Match {
        Match::surely(self.everyone.clone())
    }

    /// Which have a label with a value that is asked for. Own labels hide inherited ones.
    fn holding(&self, key: &str, asked: Asked<'_>) -> Match {
        let of_calico = matches!(key, NAMESPACE | ORCHESTRATOR | SERVICE_ACCOUNT);
        let mut found = find(&self.own, key, asked);
        if !of_calico {
            found |= self.workload(find(&self.points.labels, key, asked));
        }
        let mut inherited = find(&self.inherited, key, asked);
        let mut unknown = Bits::new();
        if let Some(key) = key.strip_prefix(OF_NAMESPACE) {
            inherited |= self.workload(find(&self.points.namespace_labels, key, asked));
            unknown = self.of_unknown_namespace.clone();
        }
        if key.strip_prefix(OF_ACCOUNT).is_some_and(|key| key != NAME) {
            unknown = self.of_unknown_account.clone();
        }
        if inherited.is_empty() && unknown.is_empty() {
            return Match::surely(found);
        }
        let hidden = self.own.having(key) | self.points.labels.having(key);
        unknown -= self.inherited.having(key);
        found |= inherited - &hidden;
        let possible = &found | (unknown - hidden);
        Match { certain: found, possible }
    }

    fn workload(&self, pods: Bits) -> Bits {
        if self.points.host_network.is_empty() { pods } else { pods - &self.points.host_network }
    }
}

/// What is asked of the value of a label.
#[derive(Clone, Copy)]
enum Asked<'a> {
    Any,
    In(&'a BTreeSet<Text>),
    Like(&'a dyn Fn(&str) -> bool),
}

fn find(among: &impl Lookup, key: &str, asked: Asked<'_>) -> Bits {
    let mut found = Bits::new();
    match asked {
        Asked::Any => found |= among.having(key),
        Asked::In(values) => values.iter().for_each(|value| found |= among.with(key, value)),
        Asked::Like(fits) => among.each(key, &mut |value, holders| {
            if fits(value) {
                found |= holders;
            }
        }),
    }
    found
}

/// Who has which labels.
trait Lookup {
    fn having(&self, key: &str) -> &Bits;
    fn with(&self, key: &str, value: &str) -> &Bits;
    fn each(&self, key: &str, visit: &mut dyn FnMut(&str, &Bits));
}

impl Lookup for Postings<'_> {
    fn having(&self, key: &str) -> &Bits {
        Postings::having(self, key)
    }

    fn with(&self, key: &str, value: &str) -> &Bits {
        Postings::with(self, key, value)
    }

    fn each(&self, key: &str, visit: &mut dyn FnMut(&str, &Bits)) {
        self.values(key).for_each(|(value, holders)| visit(value, holders));
    }
}

/// Labels that stand on no pod of the space itself.
#[derive(Default)]
struct Posted {
    by_key: FxHashMap<String, ByValue>,
    nobody: Bits,
}

#[derive(Default)]
struct ByValue {
    any: Bits,
    values: FxHashMap<Text, Bits>,
}

impl Posted {
    fn add(&mut self, key: &str, value: &Text, holders: &Bits) {
        let by_value = self.by_key.entry(key.to_owned()).or_default();
        by_value.any |= holders;
        *by_value.values.entry(value.clone()).or_default() |= holders;
    }
}

impl Lookup for Posted {
    fn having(&self, key: &str) -> &Bits {
        self.by_key.get(key).map_or(&self.nobody, |by_value| &by_value.any)
    }

    fn with(&self, key: &str, value: &str) -> &Bits {
        self.by_key.get(key).and_then(|by_value| by_value.values.get(value)).unwrap_or(&self.nobody)
    }

    fn each(&self, key: &str, visit: &mut dyn FnMut(&str, &Bits)) {
        let values = self.by_key.get(key).map(|by_value| &by_value.values);
        values.into_iter().flatten().for_each(|(value, holders)| visit(value, holders));
    }
}
