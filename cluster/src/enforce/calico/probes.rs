//! Whom the selectors of policies select, as far as it can be told by simple tests of labels that all have to hold: what
//! stands beside `||`, or under `!`, or asks for a part of a value, is left out.

use std::collections::BTreeSet;

use super::entity::{Accounts, Whom};
use super::objects::{NAMESPACE, Policy, Subject};
use super::rule::Rule;
use super::selector::{Selector, Test};
use crate::enforce::probe::Probe;
use crate::enforce::selector::{Selector as Simple, Test as SimpleTest};
use crate::labels::Text;

const NAME: &str = "projectcalico.org/name";

pub(super) fn of_policy(policy: &Policy, found: &mut Vec<Probe>) {
    let home = || Probe { namespace: policy.namespace.clone(), ..Probe::default() };
    let Subject { selector, namespaces, accounts } = &policy.subject;
    let mut probe = home();
    add(&mut probe, Of::Namespace, namespaces.as_ref());
    add(&mut probe, Of::Account, accounts.as_ref());
    add(&mut probe, Of::Pod, selector.as_ref());
    found.push(probe);
    for rule in [&policy.ingress, &policy.egress].into_iter().flatten().flatten() {
        of_rule(rule, home, found);
    }
}

pub(super) fn of_rule(rule: &Rule, home: impl Fn() -> Probe, found: &mut Vec<Probe>) {
    for whom in [&rule.source.whom, &rule.destination.whom] {
        let Whom { selector, not_selector, namespaces, accounts, .. } = whom;
        if selector.is_some() || namespaces.is_some() || accounts.is_some() {
            let mut probe = if namespaces.is_some() { Probe::default() } else { home() };
            add(&mut probe, Of::Namespace, namespaces.as_ref());
            add(&mut probe, Of::Pod, selector.as_ref());
            if let Some(Accounts { names, selector }) = accounts {
                probe.service_account = names.first().cloned();
                add(&mut probe, Of::Account, selector.as_ref());
            }
            found.push(probe);
        }
        if not_selector.is_some() {
            let mut probe = home();
            add(&mut probe, Of::Pod, not_selector.as_ref());
            found.push(probe);
        }
    }
}

/// Whose labels a selector is about.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    Pod,
    Namespace,
    Account,
}

fn add(probe: &mut Probe, of: Of, selector: Option<&Selector>) {
    match selector {
        None | Some(Selector::All | Selector::Global | Selector::Or(_)) => {}
        Some(Selector::And(parts)) => parts.iter().for_each(|part| add(probe, of, Some(part))),
        Some(Selector::Has(key)) => require(probe, of, key, SimpleTest::Exists),
        Some(Selector::Label(key, Test::In(values))) => {
            require(probe, of, key, SimpleTest::In(values.clone()))
        }
        Some(Selector::Label(key, Test::NotIn(values))) => {
            require(probe, of, key, SimpleTest::NotIn(values.clone()));
        }
        Some(Selector::Label(..)) => {}
        Some(Selector::Not(inner)) => match inner.as_ref() {
            Selector::Has(key) => require(probe, of, key, SimpleTest::DoesNotExist),
            Selector::Label(key, Test::In(values)) => {
                require(probe, of, key, SimpleTest::NotIn(values.clone()))
            }
            Selector::Label(key, Test::NotIn(values)) => {
                require(probe, of, key, SimpleTest::In(values.clone()))
            }
            _ => {}
        },
    }
}

fn require(probe: &mut Probe, of: Of, key: &Text, test: SimpleTest) {
    let first = |values: &BTreeSet<Text>| values.first().cloned();
    let (of, key) = match (of, key.split_once('.')) {
        (Of::Pod, Some(("pcns", key))) => (Of::Namespace, key),
        (Of::Pod, Some(("pcsa", key))) => (Of::Account, key),
        _ => (of, key.as_ref()),
    };
    let labels: &mut Simple = match (of, key) {
        (Of::Namespace, NAME) | (Of::Pod, NAMESPACE) => {
            if let SimpleTest::In(values) = &test {
                probe.namespace = probe.namespace.take().or(first(values));
            }
            return;
        }
        (Of::Account, NAME) | (Of::Pod, "projectcalico.org/serviceaccount") => {
            if let SimpleTest::In(values) = &test {
                probe.service_account = first(values);
            }
            return;
        }
        (Of::Account, _) | (Of::Pod, "projectcalico.org/orchestrator") => return,
        (Of::Namespace, _) => &mut probe.namespace_labels,
        (Of::Pod, _) => &mut probe.labels,
    };
    labels.requirements.entry(Text::from(key)).or_default().insert(test);
}
