//! ObjectMeta and ListMeta: read in full, so that a misspelt field is found; only name, namespace and labels are kept.

use super::fields::{Decoder, Entries, Path};
use super::scalar::Scalar;
use super::syntax;
use super::tree::{Node, Value};
use crate::labels::Text;

/// All annotations of an object together, in bytes.
const MAX_ANNOTATIONS: usize = 256 << 10;

pub(in crate::enforce) struct Meta {
    /// That of the reader where a namespaced object says none; `None` for others.
    pub namespace: Option<Text>,
    pub name: Text,
    pub labels: Vec<(Text, Text)>,
}

pub(in crate::enforce) fn object(
    decoder: &mut Decoder,
    node: &Node<'_>,
    path: Path<'_>,
    namespaced: bool,
) -> Option<Meta> {
    const STRINGS: [&str; 4] = ["generateName", "selfLink", "uid", "resourceVersion"];
    const INTEGERS: [&str; 2] = ["generation", "deletionGracePeriodSeconds"];
    const TIMES: [&str; 2] = ["creationTimestamp", "deletionTimestamp"];
    const OTHERS: [&str; 7] =
        ["name", "namespace", "labels", "annotations", "finalizers", "ownerReferences", "managedFields"];
    let entries = decoder.entries(node, path)?;
    decoder.known(&entries, path, &[&OTHERS[..], &STRINGS, &INTEGERS, &TIMES].concat());
    for name in STRINGS {
        entries.get(name).and_then(|node| decoder.string(node, path.field(name)));
    }
    for name in INTEGERS {
        entries.get(name).and_then(|node| decoder.integer(node, path.field(name)));
    }
    for name in TIMES {
        entries.get(name).inspect(|node| time(decoder, node, path.field(name)));
    }
    let mut labels = Vec::new();
    if let Some(node) = entries.get("labels") {
        let path = path.field("labels");
        for (key, value, line) in decoder.map(node, path) {
            decoder.check(line, Path::Key(&path, key), syntax::check_label_key(key));
            decoder.check(line, Path::Key(&path, key), syntax::check_label_value(value));
            labels.push((Text::from(key), Text::from(value)));
        }
    }
    if let Some(node) = entries.get("annotations") {
        let path = path.field("annotations");
        let annotations = decoder.map(node, path);
        for &(key, _, line) in &annotations {
            decoder.check(line, Path::Key(&path, key), syntax::check_label_key(&key.to_ascii_lowercase()));
        }
        if annotations.iter().map(|(key, value, _)| key.len() + value.len()).sum::<usize>() > MAX_ANNOTATIONS
        {
            decoder.error(node.line, path, "the annotations of an object have at most 256 KiB together");
        }
    }
    if let Some(node) = entries.get("finalizers") {
        decoder.strings(node, path.field("finalizers"));
    }
    if let Some(node) = entries.get("ownerReferences") {
        let path = path.field("ownerReferences");
        for (index, item) in decoder.list(node, path).iter().enumerate() {
            owner(decoder, item, Path::Index(&path, index));
        }
    }
    if let Some(node) = entries.get("managedFields") {
        let path = path.field("managedFields");
        for (index, item) in decoder.list(node, path).iter().enumerate() {
            managed(decoder, item, Path::Index(&path, index));
        }
    }
    let namespace = match entries.get("namespace") {
        None => Some(namespaced.then(|| decoder.namespace.clone())),
        Some(node) if !namespaced => {
            decoder.error(node.line, path.field("namespace"), "objects of this kind live in no namespace");
            None
        }
        Some(node) => decoder
            .checked(node, path.field("namespace"), syntax::check_namespace)
            .map(|name| Some(Text::from(name))),
    };
    let name = decoder.required(&entries, node.line, path, "name")?;
    let name = decoder.checked(name, path.field("name"), syntax::check_subdomain)?;
    Some(Meta { namespace: namespace?, name: Text::from(name), labels })
}

/// The name of an object of any kind, as far as it has one.
pub(in crate::enforce) fn name<'n>(entries: &Entries<'n>) -> Option<&'n str> {
    let Value::Map(metadata) = &entries.get("metadata")?.value else { return None };
    let is_name = |key: &Node<'_>| matches!(&key.value, Value::Scalar(_, text) if text == "name");
    match &metadata.iter().find(|(key, _)| is_name(key))?.1.value {
        Value::Scalar(_, text) => Some(text),
        _ => None,
    }
}

pub(in crate::enforce) fn list(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) {
    const STRINGS: [&str; 3] = ["selfLink", "resourceVersion", "continue"];
    let Some(entries) = decoder.entries(node, path) else { return };
    decoder.known(&entries, path, &[&STRINGS[..], &["remainingItemCount"]].concat());
    for name in STRINGS {
        entries.get(name).and_then(|node| decoder.string(node, path.field(name)));
    }
    entries
        .get("remainingItemCount")
        .and_then(|node| decoder.integer(node, path.field("remainingItemCount")));
}

fn owner(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) {
    const STRINGS: [&str; 4] = ["apiVersion", "kind", "name", "uid"];
    const BOOLEANS: [&str; 2] = ["controller", "blockOwnerDeletion"];
    let Some(entries) = decoder.entries(node, path) else { return };
    decoder.known(&entries, path, &[&STRINGS[..], &BOOLEANS].concat());
    for name in STRINGS {
        decoder
            .required(&entries, node.line, path, name)
            .and_then(|node| decoder.string(node, path.field(name)));
    }
    for name in BOOLEANS {
        entries.get(name).inspect(|node| decoder.boolean(node, path.field(name)));
    }
}

fn managed(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) {
    const STRINGS: [&str; 5] = ["manager", "operation", "apiVersion", "fieldsType", "subresource"];
    let Some(entries) = decoder.entries(node, path) else { return };
    decoder.known(&entries, path, &[&STRINGS[..], &["time", "fieldsV1"]].concat());
    for name in STRINGS {
        entries.get(name).and_then(|node| decoder.string(node, path.field(name)));
    }
    entries.get("time").inspect(|node| time(decoder, node, path.field("time")));
    if let Some(node) = entries.get("fieldsV1") {
        decoder.entries(node, path.field("fieldsV1"));
    }
}

/// Here a date need not be quoted: kubectl hands it on as text.
fn time(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) {
    if !matches!(node.value, Value::Scalar(Scalar::Timestamp, _)) {
        decoder.string(node, path);
    }
}
