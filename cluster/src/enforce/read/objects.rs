//! The objects of a text: its documents, and the items of its lists. Knows no kind but lists.

use std::collections::BTreeMap;

use super::fields::{Decoder, Entries, Path};
use super::meta;
use super::tree::{self, Node};
use crate::enforce::{Place, PolicyError};
use crate::labels::Text;

/// A kind of object that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::enforce) struct Kind {
    pub api_version: &'static str,
    pub name: &'static str,
    /// Whether its objects live in a namespace.
    pub namespaced: bool,
}

/// An object of a known kind, not decoded yet.
pub(in crate::enforce) struct Found<'n, 'p> {
    pub kind: Kind,
    pub line: u32,
    pub entries: Entries<'n>,
    pub path: Path<'p>,
}

/// What stands among policies, where it may: objects that are none, by their kind, and policies of other formats, each with
/// its version and kind.
#[derive(Default)]
pub(in crate::enforce) struct Beside {
    pub passed: BTreeMap<Text, usize>,
    pub foreign: Vec<(String, String, PolicyError)>,
}

/// How a text is read.
pub(in crate::enforce) struct Manner<'m> {
    pub kinds: &'m [Kind],
    /// Where objects are that name no namespace.
    pub namespace: &'m Text,
    /// `None` where objects of other kinds are errors.
    pub beside: Option<&'m mut Beside>,
}

/// Hands each object of one of the kinds to `decode`, and gives back what is wrong with the text.
pub(in crate::enforce) fn objects(
    file: &str,
    text: &str,
    manner: &mut Manner<'_>,
    mut decode: impl FnMut(&mut Decoder, Found<'_, '_>),
) -> Vec<PolicyError> {
    let file = Text::from(file);
    let (documents, fault) = tree::documents(text);
    let mut decoder = Decoder::new(file.clone(), manner.namespace.clone());
    for document in documents {
        decoder.document = document.number;
        if !document.root.is_null() {
            object(&mut decoder, &document.root, Path::Root, None, manner, &mut decode);
        }
    }
    let mut errors = decoder.errors;
    if let Some(fault) = fault {
        let place = Place { file, document: fault.document, line: fault.line };
        errors.push(place.error("", format!("this is no YAML: {}", fault.message)));
    }
    errors
}

/// An object, or a list of them. An item of a typed list need not say what it is.
fn object(
    decoder: &mut Decoder,
    node: &Node<'_>,
    path: Path<'_>,
    item_of: Option<Kind>,
    manner: &mut Manner<'_>,
    decode: &mut impl FnMut(&mut Decoder, Found<'_, '_>),
) {
    let Some(entries) = decoder.entries(node, path) else { return };
    let mut said = |name: &'static str, default: Option<&'static str>| match entries.get(name) {
        Some(node) => decoder.string(node, path.field(name)),
        None if default.is_some() => default,
        None => {
            decoder.error(node.line, path.field(name), format!("an object has to say its `{name}`"));
            None
        }
    };
    let api_version = said("apiVersion", item_of.map(|kind| kind.api_version));
    let name = said("kind", item_of.map(|kind| kind.name));
    let (Some(api_version), Some(name)) = (api_version, name) else { return };
    let of_list = name.strip_suffix("List");
    let kinds = manner.kinds;
    // Kinds of several versions may have one name.
    let known =
        |name: &str| -> Vec<Kind> { kinds.iter().filter(|kind| kind.name == name).copied().collect() };
    let single = known(name);
    let several = if single.is_empty() { of_list.map(known).unwrap_or_default() } else { Vec::new() };
    let of_version = |known: &[Kind]| known.iter().find(|kind| kind.api_version == api_version).copied();
    match (of_version(&single), of_version(&several)) {
        _ if (api_version, name) == ("v1", "List") => list(decoder, &entries, path, None, manner, decode),
        (Some(kind), _) => decode(decoder, Found { kind, line: node.line, entries, path }),
        (None, Some(kind)) => list(decoder, &entries, path, Some(kind), manner, decode),
        (None, None)
            if let Some(beside) = manner.beside.as_deref_mut()
                && !is_other_version(api_version, single.iter().chain(&several)) =>
        {
            if of_list.unwrap_or(name).ends_with(POLICY) {
                let (file, document) = (decoder.file.clone(), decoder.document);
                let named = meta::name(&entries).map(|name| format!(" `{name}`")).unwrap_or_default();
                let message = format!("the {name}{named} is of `{api_version}`");
                let error = Place { file, document, line: node.line }.error("", message);
                beside.foreign.push((api_version.to_owned(), of_list.unwrap_or(name).to_owned(), error));
            } else {
                *beside.passed.entry(Text::from(name)).or_default() += 1;
            }
        }
        (None, None) if !single.is_empty() || !several.is_empty() => {
            let versions: Vec<String> =
                single.iter().chain(&several).map(|kind| format!("`{}`", kind.api_version)).collect();
            let message = format!(
                "`{api_version}` is not read: a {name} is {} here{}",
                versions.join(" or "),
                match api_version {
                    "extensions/v1beta1" => ", and no cluster since Kubernetes 1.16 takes it for another",
                    _ => "",
                }
            );
            decoder.error(node.line, path.field("apiVersion"), message);
        }
        (None, None) => {
            let mut names: Vec<&str> = Vec::new();
            for kind in kinds {
                if !names.contains(&kind.name) {
                    names.push(kind.name);
                }
            }
            let message =
                format!("`{name}` of `{api_version}` is no policy that is enforced here: {}", listed(&names));
            decoder.error(node.line, path.field("kind"), message);
        }
    }
}

/// How the kinds of all formats end that say what may flow; what they consist of besides is nothing without them.
const POLICY: &str = "NetworkPolicy";

/// Whether these are objects of a group that is read, in a version that is not.
fn is_other_version<'k>(api_version: &str, mut known: impl Iterator<Item = &'k Kind>) -> bool {
    let group = |version: &str| version.split('/').next().map(str::to_owned);
    api_version == "extensions/v1beta1"
        && known.any(|kind| kind.api_version.starts_with("networking.k8s.io/"))
        || known.any(|kind| group(kind.api_version) == group(api_version))
}

/// As in `A, B and C are`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("{one} is"),
        [firsts @ .., last] => format!("{} and {last} are", firsts.join(", ")),
    }
}

fn list(
    decoder: &mut Decoder,
    entries: &Entries<'_>,
    path: Path<'_>,
    item_of: Option<Kind>,
    manner: &mut Manner<'_>,
    decode: &mut impl FnMut(&mut Decoder, Found<'_, '_>),
) {
    decoder.known(entries, path, &["apiVersion", "kind", "metadata", "items"]);
    if let Some(metadata) = entries.get("metadata") {
        meta::list(decoder, metadata, path.field("metadata"));
    }
    if let Some(items) = entries.get("items") {
        let path = path.field("items");
        for (index, item) in decoder.list(items, path).iter().enumerate() {
            object(decoder, item, Path::Index(&path, index), item_of, manner, decode);
        }
    }
}

impl<'n> Found<'n, '_> {
    /// The object's metadata, and its `spec`; of its `status` nothing is read, since others write it.
    pub(in crate::enforce) fn head(
        &self,
        decoder: &mut Decoder,
        others: &[&str],
    ) -> (Option<meta::Meta>, Option<&'n Node<'n>>) {
        let Found { entries, path, .. } = self;
        decoder.known(
            entries,
            *path,
            &[&["apiVersion", "kind", "metadata", "spec", "status"], others].concat(),
        );
        let metadata = decoder.required(entries, self.line, *path, "metadata");
        let meta = metadata
            .and_then(|node| meta::object(decoder, node, path.field("metadata"), self.kind.namespaced));
        if let Some(status) = entries.get("status") {
            decoder.entries(status, path.field("status"));
        }
        (meta, entries.get("spec"))
    }

    pub(in crate::enforce) fn place(&self, decoder: &Decoder) -> Place {
        Place { file: decoder.file.clone(), document: decoder.document, line: self.line }
    }
}
