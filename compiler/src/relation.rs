//! What a program means: guards and grants between symbolic sets, each with the sentence it comes from. No order,
//! no target, no text.

use std::sync::Arc;

use crate::resolve::program::{Ends, Ports, SentenceId};
use crate::selector::PodSet;
use weir_cluster::labels::Text;

#[derive(Clone, Debug, Default)]
pub struct Relation {
    pub guards: Vec<Guard>,
    /// Shared with what a target makes of them, which is mostly the same.
    pub grants: Vec<Arc<Grant>>,
    /// What is promised never to flow. It closes nothing by itself: targets that can deny, deny it.
    pub denials: Vec<Denial>,
}

/// These pods are closed, one way or both, but for what is granted.
#[derive(Clone, Debug)]
pub struct Guard {
    pub pods: PodSet,
    pub ingress: bool,
    pub egress: bool,
    pub sentence: SentenceId,
}

/// Flows from one set to another are permitted, on both of their ends. A grant never guards.
#[derive(Clone, Debug)]
pub struct Grant {
    pub from: Vec<Ends>,
    pub to: Vec<Ends>,
    pub ports: Ports,
    /// Less than whole ports.
    pub narrowed: Option<Narrowing>,
    pub within: Within,
    pub kind: GrantKind,
    pub sentence: SentenceId,
}

/// Flows from one set to another that a `must not` forbids.
#[derive(Clone, Debug)]
pub struct Denial {
    pub from: Vec<Ends>,
    pub to: Vec<Ends>,
    pub ports: Ports,
    pub sentence: SentenceId,
}

/// What of its ports a grant permits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Narrowing {
    /// These requests of HTTP alone: method and path.
    Http(Arc<[(String, String)]>),
    /// ICMP echo, and no port at all.
    Ping,
}

/// Between which members of both sets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Within {
    Everywhere,
    /// Only pods of one and the same namespace.
    SameNamespace,
    /// Only pods of namespaces that have the same value for this label.
    SameValue(Text),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantKind {
    Written,
    /// What `isolated` grants among its members.
    Inner,
    /// Of the library.
    Library,
}
