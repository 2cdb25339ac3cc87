//! The policy formats that Weir writes, and the names by which the command line knows them.
//!
//! `bind` replaces what a format cannot select by, `draft` makes rules for guarded pods, `merge` makes them few, `names`
//! names the objects, and a folder a format spells them.

mod bind;
pub mod capability;
pub mod cluster_network_policy;
mod deny;
mod describe;
mod draft;
pub mod kubernetes;
mod merge;
mod names;
mod object;
mod peer;

use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::facts::Facts;
use crate::project::{Cluster, Project};
use crate::relation::Relation;
use crate::resolve::program::Program;
pub(crate) use bind::bind;
pub(crate) use deny::Denials;

/// A policy format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    NetworkPolicy,
    Cilium,
    Calico,
    ClusterNetworkPolicy,
}

impl Target {
    pub const ALL: &[Target] =
        &[Target::NetworkPolicy, Target::Cilium, Target::Calico, Target::ClusterNetworkPolicy];

    pub fn name(self) -> &'static str {
        match self {
            Target::NetworkPolicy => "networkpolicy",
            Target::Cilium => "cilium",
            Target::Calico => "calico",
            Target::ClusterNetworkPolicy => "clusternetworkpolicy",
        }
    }

    /// What its guards and grants are written as, by its own name.
    pub fn format(self) -> &'static str {
        match self {
            Target::NetworkPolicy | Target::ClusterNetworkPolicy => "NetworkPolicy",
            Target::Cilium => "Cilium",
            Target::Calico => "Calico",
        }
    }

    pub fn parse(name: &str) -> Option<Target> {
        Target::ALL.iter().copied().find(|target| target.name() == name)
    }
}

/// How a target is written, where there is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    pub calico: CalicoKind,
    /// The first and the last priority that ClusterNetworkPolicies may take.
    pub priorities: (u16, u16),
}

/// Which objects are written for Calico.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CalicoKind {
    /// GlobalNetworkPolicies, in a tier of their own.
    #[default]
    Global,
    /// NetworkPolicies, in the tier that every cluster has, for those who may not write global ones.
    Namespaced,
}

impl Default for Options {
    fn default() -> Options {
        Options { calico: CalicoKind::default(), priorities: (100, 899) }
    }
}

impl Options {
    /// What a project says for one of its clusters.
    pub fn of(project: Option<&Project>, cluster: &Cluster) -> Options {
        let default = Options::default();
        let told = cluster.priorities.or_else(|| project?.priorities);
        Options { priorities: told.unwrap_or(default.priorities), ..default }
    }
}

/// A policy object, ready to be written.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Object {
    NetworkPolicy(kubernetes::NetworkPolicy),
    ClusterNetworkPolicy(cluster_network_policy::ClusterNetworkPolicy),
}

impl Object {
    pub fn kind(&self) -> &'static str {
        match self {
            Object::NetworkPolicy(_) => "NetworkPolicy",
            Object::ClusterNetworkPolicy(policy) => policy.kind,
        }
    }

    /// Empty for objects of the whole cluster.
    pub fn namespace(&self) -> &str {
        match self {
            Object::NetworkPolicy(policy) => policy.metadata.namespace.as_deref().unwrap_or_default(),
            Object::ClusterNetworkPolicy(_) => "",
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Object::NetworkPolicy(policy) => policy.metadata.name.as_deref().unwrap_or_default(),
            Object::ClusterNetworkPolicy(policy) => &policy.metadata.name,
        }
    }
}

/// What of a relation does not fit into the objects of a target.
pub(crate) fn check(
    target: Target,
    options: &Options,
    relation: &Relation,
    program: &Program,
    facts: &Facts<'_>,
) -> Vec<Diagnostic> {
    match target {
        Target::ClusterNetworkPolicy => cluster_network_policy::check(options, relation, program, facts),
        Target::NetworkPolicy | Target::Cilium | Target::Calico => Vec::new(),
    }
}

/// The objects of a relation that is bound to the target, sorted by namespace, kind and name.
pub fn lower(
    target: Target,
    options: &Options,
    relation: &Relation,
    program: &Program,
    facts: &Facts<'_>,
) -> Vec<Object> {
    let mut objects = match target {
        Target::NetworkPolicy => kubernetes::lower(relation, program, facts),
        Target::ClusterNetworkPolicy => cluster_network_policy::lower(options, relation, program, facts),
        Target::Cilium | Target::Calico => Vec::new(),
    };
    objects.sort_by(|a, b| (a.namespace(), a.kind(), a.name()).cmp(&(b.namespace(), b.kind(), b.name())));
    objects
}
