//! What the objects of the format hold once they are read, and the tiers that are there without being written.

use ipnet::IpNet;

use super::rule::Rule;
use super::selector::Selector;
use crate::enforce::Place;
use crate::labels::{Labels, Text};

/// A policy that is enforced, with the defaults that the API server applies.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub place: Place,
    /// `None` for one of the whole cluster.
    pub namespace: Option<Text>,
    pub name: Text,
    pub tier: Text,
    /// `None` is the last.
    pub order: Option<f64>,
    pub subject: Subject,
    /// `None` where it does not govern ingress.
    pub ingress: Option<Vec<Rule>>,
    pub egress: Option<Vec<Rule>>,
    /// The field for the sake of which it concerns the hosts and no pod.
    pub of_hosts: Option<&'static str>,
}

/// Whom a policy governs: all that is given has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Subject {
    pub selector: Option<Selector>,
    /// Of a policy of the whole cluster.
    pub namespaces: Option<Selector>,
    pub accounts: Option<Selector>,
}

/// Addresses with labels, by which selectors find them.
#[derive(Clone, Debug)]
pub(super) struct Set {
    /// `None` for one of the whole cluster.
    pub namespace: Option<Text>,
    pub labels: Labels,
    pub nets: Vec<IpNet>,
}

#[derive(Clone, Debug)]
pub(super) struct Tier {
    pub name: Text,
    /// `None` is the last.
    pub order: Option<f64>,
    /// Whether it denies what its policies do not decide.
    pub denies: bool,
}

/// What endpoints get for the sake of their namespace or service account.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub place: Place,
    pub name: Text,
    pub ingress: Vec<Rule>,
    pub egress: Vec<Rule>,
    pub labels: Vec<(Text, Text)>,
}

/// The tier that policies stand in which name none.
pub(super) const DEFAULT_TIER: &str = "default";
/// Tiers that are there without being written, with their order and whether they deny. Only two of the last four exist in
/// one cluster, which depends on its version.
pub(super) const BUILT_IN: [(&str, f64, bool); 5] = [
    (DEFAULT_TIER, 1_000_000.0, true),
    ("kube-admin", 1_000.0, false),
    ("kube-baseline", 10_000_000.0, false),
    ("adminnetworkpolicy", 1_000.0, false),
    ("baselineadminnetworkpolicy", 10_000_000.0, false),
];
/// The label that tells the namespace of an endpoint.
pub(super) const NAMESPACE: &str = "projectcalico.org/namespace";
