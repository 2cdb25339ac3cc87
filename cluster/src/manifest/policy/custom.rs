//! Objects of the policy formats that network plugins bring: their shape, and what is kept of each. One that is not
//! understood is kept as such.

use serde::Deserialize;
use serde_json::Value;

use super::tree::Parse;
use super::{PolicyFacts, calico, cilium, cluster, is_ours};
use crate::inventory::{GroupKind, PolicyKind, PolicyRules};
use crate::labels::{Labels, Text};
use crate::manifest::document::Place;
use crate::manifest::object::Metadata;
use crate::manifest::problem::Problem;
use crate::manifest::record::{GroupFacts, Records, keep, named};
use crate::manifest::rules::Subdomain;
use crate::manifest::scalar::{Obj, Str};

type Named<'a> = Metadata<'a, Subdomain, Obj<Annotations<'a>>>;

#[derive(Deserialize)]
pub(in crate::manifest) struct Annotations<'a> {
    /// Where Calico keeps the labels of what it stores.
    #[serde(borrow, rename = "projectcalico.org/metadata")]
    calico: Option<Str<'a>>,
}

#[derive(Deserialize)]
pub(in crate::manifest) struct CustomPolicy<'a> {
    #[serde(borrow)]
    pub(in crate::manifest) metadata: Option<Obj<Named<'a>>>,
    spec: Option<Value>,
    /// Cilium's alone.
    specs: Option<Value>,
}

/// Calico stores an object's labels in an annotation.
fn labels(records: &mut Records, metadata: &Named<'_>) -> Labels {
    let own = records.labels(metadata.labels.as_ref());
    let stored = metadata.annotations.as_ref().and_then(|annotations| annotations.0.calico.as_deref());
    let stored = stored.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let Some(Value::Object(stored)) = stored.as_ref().and_then(|stored| stored.get("labels")) else {
        return own;
    };
    let stored = stored.iter().filter_map(|(key, value)| Some((key, value.as_str()?)));
    let stored: Vec<(Text, Text)> =
        stored.map(|(key, value)| (records.text(key), records.text(value))).collect();
    let own = own.iter().map(|(key, value)| (key.clone(), value.clone()));
    own.chain(stored).collect()
}

pub(in crate::manifest) fn policy(
    place: &mut Place<'_, '_>,
    object: CustomPolicy<'_>,
    kind: PolicyKind,
    word: &str,
) {
    let Some((metadata, name)) = named(place, word, &object.metadata) else { return };
    let is_calico = matches!(kind, PolicyKind::CalicoNetworkPolicy | PolicyKind::CalicoGlobalNetworkPolicy);
    if is_calico && name.starts_with("knp.default.") {
        // Calico's view of a NetworkPolicy of Kubernetes, which is read as what it is.
        return place.document.skip(&format!("{word} (of a Kubernetes NetworkPolicy)"));
    }
    let records = place.records();
    let namespaced = matches!(kind, PolicyKind::CiliumNetworkPolicy | PolicyKind::CalicoNetworkPolicy);
    let namespace = namespaced.then(|| records.namespace(metadata.namespace.as_deref()));
    let ours = is_ours(labels(records, metadata).iter().map(|(key, value)| (&**key, &**value)));
    let spec = object.spec.as_ref().filter(|spec| !spec.is_null());
    let rules = match kind {
        PolicyKind::CiliumNetworkPolicy | PolicyKind::CiliumClusterwideNetworkPolicy => {
            let specs = object.specs.as_ref().filter(|specs| !specs.is_null());
            cilium::rules(records, spec, specs).map(PolicyRules::Cilium)
        }
        PolicyKind::CalicoNetworkPolicy | PolicyKind::CalicoGlobalNetworkPolicy => {
            match calico::policy(records, spec) {
                Ok(None) => return,
                Ok(Some(policy)) => Ok(PolicyRules::Calico(policy)),
                Err(problem) => Err(problem),
            }
        }
        PolicyKind::ClusterNetworkPolicy => cluster::policy(records, spec).map(PolicyRules::Cluster),
        PolicyKind::NetworkPolicy => return,
    };
    let rules = understood(rules);
    // In the tier that every cluster has, a policy is stored under a longer name.
    let plain = match &rules {
        PolicyRules::Calico(policy) if &*policy.tier == "default" => {
            name.strip_prefix("default.").unwrap_or(name)
        }
        _ => name,
    };
    let records = place.records();
    let name = records.text(plain);
    let spoken = match &namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_string(),
    };
    keep!(place, policies, (namespace, name, kind), PolicyFacts { ours, rules }, word, spoken);
}

fn understood(rules: Parse<PolicyRules>) -> PolicyRules {
    rules.unwrap_or_else(|Problem { message, .. }| PolicyRules::NotUnderstood(message.into()))
}

/// Without its order a tier has no place: other than a policy it has to be understood.
pub(in crate::manifest) fn tier(place: &mut Place<'_, '_>, object: CustomPolicy<'_>) {
    let Some((_, name)) = named(place, "Tier", &object.metadata) else { return };
    let name = place.records().text(name);
    match calico::tier(name.clone(), object.spec.as_ref()) {
        Ok(facts) => keep!(place, tiers, name.clone(), facts, "Tier", name),
        Err(problem) => place.error(problem),
    }
}

pub(in crate::manifest) fn address_group(
    place: &mut Place<'_, '_>,
    object: CustomPolicy<'_>,
    kind: GroupKind,
    word: &str,
) {
    let Some((metadata, name)) = named(place, word, &object.metadata) else { return };
    let records = place.records();
    let in_namespace = kind == GroupKind::CalicoNetworkSet;
    let namespace = in_namespace.then(|| records.namespace(metadata.namespace.as_deref()));
    let (name, labels) = (records.text(name), labels(records, metadata));
    let blocks = match kind {
        GroupKind::CiliumCidrGroup => cilium::cidr_group(object.spec.as_ref()),
        GroupKind::CalicoNetworkSet | GroupKind::CalicoGlobalNetworkSet => {
            calico::network_set(object.spec.as_ref())
        }
    };
    match blocks {
        Ok(blocks) => {
            let facts = GroupFacts { labels, blocks };
            keep!(place, groups, (kind, namespace, name.clone()), facts, word, name);
        }
        Err(problem) => place.error(problem),
    }
}
