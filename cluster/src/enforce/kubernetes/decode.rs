//! From the tree of a YAML text to policies, with every check of the API server: fields nobody knows, scalars of
//! another type, and values that are not allowed are errors, each with its place. Gives no verdicts.

use super::tree::{self, Node};
use super::{Place, Policy, PolicyError};
use crate::labels::Text;

mod fields;
mod meta;
mod spec;

use fields::{Decoder, Entries, Path};

const NETWORK_POLICY: &str = "NetworkPolicy";
const API_VERSION: &str = "networking.k8s.io/v1";

/// The policies of a text that could be read, and what is wrong with it.
pub(super) fn policies(file: &str, text: &str) -> (Vec<Policy>, Vec<PolicyError>) {
    let file = Text::from(file);
    let (documents, fault) = tree::documents(text);
    let mut decoder = Decoder::new(file.clone());
    let mut policies = Vec::new();
    for document in documents {
        decoder.document = document.number;
        if !document.root.is_null() {
            object(&mut decoder, &document.root, Path::Root, false, &mut policies);
        }
    }
    let mut errors = decoder.errors;
    if let Some(fault) = fault {
        let place = Place { file, document: fault.document, line: fault.line };
        errors.push(place.error("", format!("this is no YAML: {}", fault.message)));
    }
    (policies, errors)
}

/// A policy, or a list of objects. An item of a NetworkPolicyList need not say that it is a NetworkPolicy.
fn object(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>, item: bool, policies: &mut Vec<Policy>) {
    let Some(entries) = decoder.entries(node, path) else { return };
    let mut said = |name: &'static str, default: &'static str| match entries.get(name) {
        Some(node) => decoder.string(node, path.field(name)),
        None if item => Some(default),
        None => {
            decoder.error(node.line, path.field(name), format!("an object has to say its `{name}`"));
            None
        }
    };
    let (api_version, kind) = (said("apiVersion", API_VERSION), said("kind", NETWORK_POLICY));
    let (Some(api_version), Some(kind)) = (api_version, kind) else { return };
    match (api_version, kind) {
        (API_VERSION, NETWORK_POLICY) => policies.extend(policy(decoder, node.line, &entries, path)),
        ("v1", "List") => list(decoder, &entries, path, false, policies),
        (API_VERSION, "NetworkPolicyList") => list(decoder, &entries, path, true, policies),
        (_, NETWORK_POLICY | "NetworkPolicyList") => {
            let message = format!("`{api_version}` is not read: a {kind} of Kubernetes is `{API_VERSION}`");
            decoder.error(node.line, path.field("apiVersion"), message);
        }
        _ => {
            let message = format!("`{kind}` of `{api_version}` is no NetworkPolicy");
            decoder.error(node.line, path.field("kind"), message);
        }
    }
}

fn list(
    decoder: &mut Decoder,
    entries: &Entries<'_>,
    path: Path<'_>,
    typed: bool,
    policies: &mut Vec<Policy>,
) {
    decoder.known(entries, path, &["apiVersion", "kind", "metadata", "items"]);
    if let Some(metadata) = entries.get("metadata") {
        meta::list(decoder, metadata, path.field("metadata"));
    }
    if let Some(items) = entries.get("items") {
        let path = path.field("items");
        for (index, item) in decoder.list(items, path).iter().enumerate() {
            object(decoder, item, Path::Index(&path, index), typed, policies);
        }
    }
}

fn policy(decoder: &mut Decoder, line: u32, entries: &Entries<'_>, path: Path<'_>) -> Option<Policy> {
    let before = decoder.errors.len();
    decoder.known(entries, path, &["apiVersion", "kind", "metadata", "spec", "status"]);
    let metadata = decoder.required(entries, line, path, "metadata");
    let meta = metadata.and_then(|node| meta::object(decoder, node, path.field("metadata")));
    let spec = decoder.required(entries, line, path, "spec");
    let spec = spec.and_then(|node| spec::spec(decoder, node, path.field("spec")));
    if let Some(status) = entries.get("status") {
        let path = path.field("status");
        if let Some(entries) = decoder.entries(status, path) {
            decoder.known(&entries, path, &[]);
        }
    }
    let place = Place { file: decoder.file.clone(), document: decoder.document, line };
    let (meta, spec) = (meta?, spec?);
    (decoder.errors.len() == before).then_some(Policy {
        place,
        namespace: meta.namespace,
        name: meta.name,
        subject: spec.subject,
        ingress: spec.ingress,
        egress: spec.egress,
    })
}
