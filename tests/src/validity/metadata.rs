//! What objects of all kinds have in common: their fields, names, labels and annotations. Knows no spec.

use super::place::Place;
use super::words;

/// What all annotations of an object may have together.
const MOST_ANNOTATED: usize = 256 << 10;

pub enum Scope {
    Namespaced,
    Cluster,
}

/// The metadata, with the name checked as nearly all kinds have it.
pub fn check<'o>(object: &Place<'o>, scope: Scope) -> Option<Place<'o>> {
    let metadata = object.required("metadata")?;
    metadata.only(&["name", "namespace", "labels", "annotations"]);
    if let Some(name) = metadata.required("name")
        && name.text().is_some_and(|text| !words::is_subdomain(text))
    {
        name.says("a name is a DNS subdomain of at most 253 characters");
    }
    match (scope, metadata.field("namespace")) {
        (Scope::Namespaced, None) => metadata.says("`namespace` is missing"),
        (Scope::Namespaced, Some(namespace)) => {
            if namespace.text().is_some_and(|text| !words::is_dns_label(text)) {
                namespace.says("a namespace is a DNS label of at most 63 characters");
            }
        }
        (Scope::Cluster, Some(namespace)) => namespace.says("this kind belongs to no namespace"),
        (Scope::Cluster, None) => {}
    }
    for (key, place) in metadata.field("labels").iter().flat_map(Place::entries) {
        if !words::is_label_key(key) {
            place.says(format!("`{key}` is no key of a label"));
        }
        if place.text().is_some_and(|text| !words::is_label_value(text)) {
            place.says("this is no value of a label");
        }
    }
    if let Some(annotations) = metadata.field("annotations") {
        let mut bytes = 0;
        for (key, place) in annotations.entries() {
            if !words::is_label_key(&key.to_lowercase()) {
                place.says(format!("`{key}` is no key of an annotation"));
            }
            bytes += key.len() + place.text().map_or(0, str::len);
        }
        if bytes > MOST_ANNOTATED {
            annotations.says(format!("{bytes} bytes of annotations, the most is {MOST_ANNOTATED}"));
        }
    }
    Some(metadata)
}
