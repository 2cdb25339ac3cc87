//! Whether policy text is what its API server and its agents accept: against the published schemas, where they are at
//! hand, and against the rules that no schema holds. It reads bytes, and knows nothing of Weir: neither how policies are
//! written nor what they mean. It is stricter than the servers are: what they take and then ignore, or read as its
//! opposite, is a violation too.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

mod calico;
mod cilium;
mod cluster_network_policy;
mod document;
mod kubernetes;
mod labels;
mod metadata;
mod place;
mod schema;
mod selector;
mod words;

use place::{Object, Place};
pub use schema::Schemas;

/// What the API server stores of an object at the most; etcd takes a little more.
const MOST_BYTES: usize = 1 << 20;

/// One rule that one object breaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    pub kind: String,
    /// Empty for what belongs to no namespace.
    pub namespace: String,
    /// Of a text that is no object, where it stands.
    pub name: String,
    /// As in `spec.egress[2].toPorts[0].ports`; empty for the object itself.
    pub path: String,
    pub rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { kind, namespace, name, path, rule } = self;
        for (text, end) in [(kind, " "), (namespace, "/")] {
            if !text.is_empty() {
                write!(f, "{text}{end}")?;
            }
        }
        write!(f, "{name}: ")?;
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        f.write_str(rule)
    }
}

/// All that is wrong with a stream of documents.
pub fn check(yaml: &str, schemas: Option<&Schemas>) -> Vec<Violation> {
    let stream = document::read(yaml);
    let found = RefCell::new(Vec::new());
    for fault in stream.faults {
        let name = format!("document {}, line {}", fault.document, fault.line);
        found.borrow_mut().push(Violation {
            kind: String::new(),
            namespace: String::new(),
            name,
            path: String::new(),
            rule: fault.message,
        });
    }
    let objects: Vec<Object> = stream.documents.into_iter().map(Object::new).collect();
    let places: Vec<Place> = objects.iter().map(|object| Place::root(object, &found)).collect();
    let mut names = BTreeSet::new();
    for place in &places {
        if place.object.kind == "Kustomization" {
            continue;
        }
        no_nulls(place);
        check_object(place, schemas);
        if !names.insert(place.object.identity()) {
            place.says("an object of this kind and name stands in the stream already");
        }
    }
    cilium::check_stream(&places);
    calico::check_stream(&places);
    cluster_network_policy::check_stream(&places);
    drop(places);
    let mut found = found.into_inner();
    found.sort();
    found.dedup();
    found
}

fn check_object(place: &Place, schemas: Option<&Schemas>) {
    let object = place.object;
    let check: fn(&Place) = match (object.api_version.as_str(), object.kind.as_str()) {
        ("networking.k8s.io/v1", "NetworkPolicy") => kubernetes::check,
        ("cilium.io/v2", "CiliumNetworkPolicy") => cilium::check_namespaced,
        ("cilium.io/v2", "CiliumClusterwideNetworkPolicy") => cilium::check_clusterwide,
        ("cilium.io/v2", "CiliumCIDRGroup") => cilium::check_group,
        ("projectcalico.org/v3", "NetworkPolicy") => calico::check_namespaced,
        ("projectcalico.org/v3", "GlobalNetworkPolicy") => calico::check_global,
        ("projectcalico.org/v3", "NetworkSet") => calico::check_namespaced_set,
        ("projectcalico.org/v3", "GlobalNetworkSet") => calico::check_global_set,
        ("projectcalico.org/v3", "Tier") => calico::check_tier,
        ("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy") => cluster_network_policy::check,
        (version, kind) => {
            return place.says(format!("`{kind}` of `{version}` is no policy that is known here"));
        }
    };
    let bytes = place.value.to_string().len();
    if bytes >= MOST_BYTES {
        place.says(format!("the object has {bytes} bytes, more than 1 MiB"));
    }
    check(place);
    if let Some(schemas) = schemas {
        schemas.check(place);
    }
}

/// A field without a value is absent to some readers and an error to others.
fn no_nulls(place: &Place) {
    match place.value {
        Value::Null => place.says("nothing stands here"),
        Value::Array(_) => place.items().iter().for_each(no_nulls),
        Value::Object(_) => place.entries().iter().for_each(|(_, place)| no_nulls(place)),
        _ => {}
    }
}
