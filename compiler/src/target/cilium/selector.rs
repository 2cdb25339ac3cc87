//! Sets of pods as Cilium selects endpoints: every label is prefixed by where it comes from, and a peer always says
//! something of its namespace. What says nothing of it means the policy's own namespace in one kind of object, and in
//! the other, as a negation does, what is no pod at all.

use crate::selector::{Conjunction, Constraint, Constraints, Key};
use crate::target::draft::{Home, Subject};
use crate::target::object::LabelSelector;

/// The name of an endpoint's namespace.
const NAMESPACE: &str = "k8s:io.kubernetes.pod.namespace";
const NAMESPACE_LABELS: &str = "k8s:io.cilium.k8s.namespace.labels.";
const CLUSTER: &str = "k8s:io.cilium.k8s.policy.cluster";
const SERVICE_ACCOUNT: &str = "k8s:io.cilium.k8s.policy.serviceaccount";

/// The endpoints that a policy is about. In an object of a namespace that namespace is meant without being said.
pub fn of_subject(subject: &Subject) -> LabelSelector {
    let mut selector = LabelSelector::default();
    match &subject.home {
        Home::Namespace(_, required) => require_namespaces(&mut selector, required),
        Home::Cluster(required) => require_home(&mut selector, required),
    }
    require_pods(&mut selector, &subject.pods);
    selector
}

/// Pods that a rule is about; of this cluster alone, where it is one of a mesh.
pub fn of_peer(pods: &Conjunction, cluster: Option<&str>) -> LabelSelector {
    let mut selector = LabelSelector::default();
    if let Some(cluster) = cluster {
        selector.require(CLUSTER.to_owned(), &Constraint::is(cluster.into()));
    }
    require_home(&mut selector, &pods.namespaces);
    require_pods(&mut selector, &pods.pods);
    selector
}

/// Requirements on namespaces, and that there is one: `world`, nodes and Cilium's own endpoints have none.
fn require_home(selector: &mut LabelSelector, namespaces: &Constraints) {
    if namespaces.names().is_none() {
        selector.exists(NAMESPACE.to_owned());
    }
    require_namespaces(selector, namespaces);
}

fn require_namespaces(selector: &mut LabelSelector, namespaces: &Constraints) {
    for (key, constraint) in namespaces.iter() {
        // Patterns are bound to names before.
        let Key::Label(label) = key else { continue };
        match *key == Key::namespace_name() {
            true => selector.require(NAMESPACE.to_owned(), constraint),
            false => selector.require(format!("{NAMESPACE_LABELS}{label}"), constraint),
        }
    }
}

fn require_pods(selector: &mut LabelSelector, pods: &Constraints) {
    for (key, constraint) in pods.iter() {
        match key {
            Key::Label(label) => selector.require(format!("k8s:{label}"), constraint),
            Key::ServiceAccount => selector.require(SERVICE_ACCOUNT.to_owned(), constraint),
            Key::NameMatches(_) => {}
        }
    }
}
