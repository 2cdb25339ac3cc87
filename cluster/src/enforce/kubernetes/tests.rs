//! Policies as text, and what they have to mean.

mod model;
mod reading;
mod verdicts;

use super::*;
use crate::enforce::selector::{Selector, Test};
use crate::enforce::{Dialect, Enforced, Policies, PolicyError, Switches, port_boundaries};
use crate::flow::{Carrier, Point, Space};
use std::collections::BTreeSet;

fn read(name: &str, text: &str) -> Result<Policies, Vec<PolicyError>> {
    crate::enforce::read(Dialect::NetworkPolicy, name, text)
}

/// A NetworkPolicy `p` of namespace `shop` with this spec, whose lines begin at the margin.
fn policy(spec: &str) -> String {
    named_policy("shop", "p", spec)
}

fn named_policy(namespace: &str, name: &str, spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n{spec}"
    )
}

/// The policies of a text that has to be right.
fn good(text: &str) -> Policies {
    match read("test.yaml", text) {
        Ok(policies) => policies,
        Err(errors) => panic!("{}\n{text}", shown(&errors)),
    }
}

fn shown(errors: &[PolicyError]) -> String {
    errors
        .iter()
        .map(|error| format!("{} {}: {}", error.line, error.path, error.message))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The errors of a text that has to be wrong.
fn bad(text: &str) -> Vec<PolicyError> {
    match read("test.yaml", text) {
        Ok(_) => panic!("this was accepted:\n{text}"),
        Err(errors) => errors,
    }
}

fn names(policies: &Policies) -> Vec<(&str, &str)> {
    policies.objects().iter().map(|one| (one.namespace.as_deref().unwrap_or(""), one.name.as_ref())).collect()
}
