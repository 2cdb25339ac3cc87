//! Policies as text, and what they have to mean.

mod model;
mod reading;
mod verdicts;

use super::*;
use crate::enforce::{Dialect, Policies, Switches, port_boundaries};
use crate::flow::{Carrier, Point, Space};
use crate::inventory::Protocol;

fn read(text: &str) -> Result<Policies, Vec<PolicyError>> {
    crate::enforce::read(Dialect::ClusterNetworkPolicy, "test.yaml", text)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// A ClusterNetworkPolicy of this name with this spec, whose lines begin at the margin.
fn named_policy(name: &str, spec: &str) -> String {
    let (version, kind) = (CLUSTER.api_version, CLUSTER.name);
    format!("---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{}", indented(spec))
}

/// One of v1alpha1.
fn older_policy(kind: Kind, name: &str, spec: &str) -> String {
    let (version, kind) = (kind.api_version, kind.name);
    format!("---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{}", indented(spec))
}

/// A NetworkPolicy of namespace `shop`.
fn kubernetes_policy(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n{}",
        indented(spec)
    )
}

/// The policies of a text that has to be right.
fn good(text: &str) -> Policies {
    read(text).unwrap_or_else(|errors| panic!("{}\n{text}", shown(&errors)))
}

fn shown(errors: &[PolicyError]) -> String {
    let lines = errors.iter().map(|error| format!("{} {}: {}", error.line, error.path, error.message));
    lines.collect::<Vec<_>>().join("\n")
}
