//! What AWS's network plugin needs of NetworkPolicies. It compares packets before a service's address becomes a pod's,
//! and admits the address only where the service's own selector, taken as labels, satisfies the peer's selector.

use std::borrow::Cow;

use weir_cluster::inventory::{Service, ServiceType};

use crate::cni::Plugin;
use crate::facts::Facts;
use crate::relation::Grant;
use crate::resolve::names;
use crate::resolve::program::{Ends, Program, SentenceKind, Thing};
use crate::selector::{Conjunction, Key, PodSet};

/// Whom the egress rules of a grant name. Where a thing is a workload and the service before it, the service's selector
/// stands for both: it selects the same pods, and the service's address with them.
pub fn egress_peers<'g>(grant: &'g Grant, program: &Program, facts: &Facts<'_>) -> Cow<'g, [Ends]> {
    if !facts.cni.is(Plugin::AwsVpcCni) {
        return Cow::Borrowed(&grant.to);
    }
    let SentenceKind::Grant(written) = &program.get(grant.sentence).kind else {
        return Cow::Borrowed(&grant.to);
    };
    let twins: Vec<(&PodSet, PodSet)> = written
        .reach
        .object
        .iter()
        .filter_map(|(part, _)| match (part.thing, &part.ends) {
            (Thing::Both(_, service), Ends::Pods(workload)) => {
                Some((workload, names::service_pods(facts.inventory, service)?))
            }
            _ => None,
        })
        .collect();
    if twins.is_empty() {
        return Cow::Borrowed(&grant.to);
    }
    let service_of = |term: &Conjunction| {
        let twin = twins.iter().find(|(workload, _)| workload.terms().contains(term));
        twin.map_or_else(|| PodSet::of(term.clone()), |(_, service)| service.clone())
    };
    let named = grant.to.iter().map(|ends| match ends {
        Ends::Pods(pods) => Ends::Pods(PodSet::union(pods.terms().iter().map(service_of))),
        other => other.clone(),
    });
    Cow::Owned(named.collect())
}

/// Whether the plugin admits the address of a service where pods are admitted that a term selects. `None` where that is
/// no question: the service has no address of its own.
pub fn admits_service(term: &Conjunction, service: &Service, facts: &Facts<'_>) -> Option<bool> {
    let selector = service.selector.as_ref()?;
    if service.headless || service.kind == ServiceType::ExternalName {
        return None;
    }
    let home = &facts.inventory.namespaces[service.namespace.index()];
    let admits = |(key, constraint): (&Key, &crate::selector::Constraint)| match key {
        Key::Label(key) => constraint.admits(selector.get(key).map(|value| value.as_ref())),
        // Bound to labels, which nobody knows here.
        Key::ServiceAccount | Key::NameMatches(_) => true,
    };
    Some(term.admits_namespace(&home.name, &home.labels) && term.pods.iter().all(admits))
}
