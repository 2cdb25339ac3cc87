//! The policy formats that Weir writes, and the names by which the command line knows them.
//!
//! `bind` replaces what a format cannot select by, `draft` makes rules for guarded pods, `merge` makes them few, `names`
//! names the objects, and a folder a format spells them.

pub(crate) mod aws;
mod bind;
pub(crate) mod calico;
pub mod capability;
pub mod cilium;
pub mod cluster_network_policy;
mod deny;
mod describe;
mod draft;
pub mod kubernetes;
mod merge;
mod names;
mod non_empty;
mod object;
mod peer;
pub mod split;

use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::facts::Facts;
use crate::project::{Cluster, Project};
use crate::relation::Relation;
use crate::resolve::program::Program;
pub(crate) use bind::bind;
pub(crate) use deny::Denials;
use split::Share;

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

impl CalicoKind {
    pub const ALL: &[CalicoKind] = &[CalicoKind::Global, CalicoKind::Namespaced];

    pub fn name(self) -> &'static str {
        match self {
            CalicoKind::Global => "global",
            CalicoKind::Namespaced => "namespaced",
        }
    }

    pub fn parse(name: &str) -> Option<CalicoKind> {
        CalicoKind::ALL.iter().copied().find(|kind| kind.name() == name)
    }
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
        let calico = cluster.calico.or_else(|| project?.calico);
        let priorities = cluster.priorities.or_else(|| project?.priorities);
        Options {
            calico: calico.unwrap_or(default.calico),
            priorities: priorities.unwrap_or(default.priorities),
        }
    }
}

/// A policy object, ready to be written.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Object {
    NetworkPolicy(Box<kubernetes::NetworkPolicy>),
    Cilium(Box<cilium::objects::Policy>),
    Calico(Box<calico::Calico>),
    ClusterNetworkPolicy(Box<cluster_network_policy::ClusterNetworkPolicy>),
}

impl Object {
    pub fn kind(&self) -> &'static str {
        match self {
            Object::NetworkPolicy(_) => "NetworkPolicy",
            Object::Cilium(policy) => policy.kind,
            Object::Calico(object) => object.kind,
            Object::ClusterNetworkPolicy(policy) => policy.kind,
        }
    }

    /// One of several objects that say together what this one does; `None` of those that are cut to size when they are
    /// made.
    pub fn part(&self, share: Share) -> Option<Object> {
        match self {
            Object::NetworkPolicy(policy) => {
                Some(Object::NetworkPolicy(Box::new(kubernetes::part(policy, share))))
            }
            Object::Cilium(policy) => Some(Object::Cilium(Box::new(policy.part(share)))),
            Object::Calico(_) | Object::ClusterNetworkPolicy(_) => None,
        }
    }

    /// Empty for objects of the whole cluster.
    pub fn namespace(&self) -> &str {
        match self {
            Object::NetworkPolicy(policy) => policy.metadata.namespace.as_deref().unwrap_or_default(),
            Object::Cilium(policy) => policy.metadata.namespace.as_deref().unwrap_or_default(),
            Object::Calico(object) => object.metadata.namespace.as_deref().unwrap_or_default(),
            Object::ClusterNetworkPolicy(_) => "",
        }
    }

    /// The sentences that it comes from, as its annotation lists them; `None` of what others of its kind share.
    pub(crate) fn sentences(&self) -> Option<&str> {
        let annotations = match self {
            Object::NetworkPolicy(policy) => policy.metadata.annotations.as_ref()?,
            Object::Cilium(policy) => &policy.metadata.annotations,
            Object::Calico(object) => &object.metadata.annotations,
            Object::ClusterNetworkPolicy(policy) => &policy.metadata.annotations,
        };
        annotations.get(crate::SENTENCES).map(String::as_str)
    }

    pub fn name(&self) -> &str {
        match self {
            Object::NetworkPolicy(policy) => policy.metadata.name.as_deref().unwrap_or_default(),
            Object::Cilium(policy) => &policy.metadata.name,
            Object::Calico(object) => &object.metadata.name,
            Object::ClusterNetworkPolicy(policy) => &policy.metadata.name,
        }
    }

    /// Whether others of its namespace refer to it: where objects are applied one by one, it has to be there before.
    fn goes_first(&self) -> bool {
        match self {
            Object::NetworkPolicy(_) | Object::Cilium(_) | Object::ClusterNetworkPolicy(_) => false,
            Object::Calico(object) => object.goes_first(),
        }
    }
}

/// What of a relation does not fit into the objects of a target.
pub(crate) fn refused(
    target: Target,
    options: &Options,
    relation: &Relation,
    program: &Program,
    facts: &Facts<'_>,
) -> Vec<Diagnostic> {
    match target {
        Target::ClusterNetworkPolicy => cluster_network_policy::check(options, relation, program, facts),
        Target::Calico => calico::refused(options, relation, program, facts),
        Target::NetworkPolicy | Target::Cilium => Vec::new(),
    }
}

/// The objects of a relation that is bound to the target, sorted by namespace, kind and name; what others
/// refer to goes before them.
pub fn lower(
    target: Target,
    options: &Options,
    relation: &Relation,
    program: &Program,
    facts: &Facts<'_>,
) -> Vec<Object> {
    let mut objects = match target {
        Target::NetworkPolicy => kubernetes::lower(relation, program, facts),
        Target::Cilium => cilium::lower(options, relation, program, facts),
        Target::Calico => {
            let objects = calico::lower(options, relation, program, facts).into_iter();
            objects.map(|object| Object::Calico(Box::new(object))).collect()
        }
        Target::ClusterNetworkPolicy => cluster_network_policy::lower(options, relation, program, facts),
    };
    objects.sort_by(|a, b| {
        let key = |object: &Object| !object.goes_first();
        (a.namespace(), key(a), a.kind(), a.name()).cmp(&(b.namespace(), key(b), b.kind(), b.name()))
    });
    objects
}
