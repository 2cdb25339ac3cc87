//! Objects as YAML, and back as trees. The only module that knows how it is written.

use crate::target::Object;
use crate::target::split::Share;

/// One object as text, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub kind: &'static str,
    /// Empty for objects of the whole cluster.
    pub namespace: String,
    pub name: String,
    /// YAML, without document marks, with a line break at its end.
    pub text: String,
}

/// The most bytes of one object. A cluster's store takes 1.5 MiB, and `kubectl apply` keeps a copy in an annotation, of
/// which there may be 256 KiB.
const LARGEST: usize = 1 << 18;

/// Each object as a document; one that is too large as several.
pub fn emit(objects: &[Object]) -> Vec<Document> {
    objects.iter().flat_map(|object| within(object, LARGEST)).collect()
}

fn within(object: &Object, largest: usize) -> Vec<Document> {
    let whole = document(object);
    if whole.text.len() < largest {
        return vec![whole];
    }
    let mut of = whole.text.len() / largest + 1;
    loop {
        let parts: Option<Vec<Document>> =
            (0..of).map(|at| Some(document(&object.part(Share { at, of })?))).collect();
        let Some(parts) = parts else { return vec![whole] };
        // What one peer alone says cannot be divided.
        if parts.iter().all(|part| part.text.len() < largest) || of > whole.text.lines().count() {
            return parts;
        }
        of *= 2;
    }
}

fn document(object: &Object) -> Document {
    Document {
        kind: object.kind(),
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
        text: serde_yaml::to_string(object).expect("plain data is always YAML"),
    }
}

/// The documents of a text as trees. An error says what is wrong with it.
pub fn trees(text: &str) -> Result<Vec<serde_json::Value>, String> {
    let trees: Vec<serde_json::Value> = serde_yaml::from_multiple(text).map_err(|error| error.to_string())?;
    Ok(trees.into_iter().filter(|tree| !tree.is_null()).collect())
}

/// Documents as one stream.
pub fn stream<'d>(documents: impl IntoIterator<Item = &'d Document>) -> String {
    let texts: Vec<&str> = documents.into_iter().map(|document| document.text.as_str()).collect();
    texts.join("---\n")
}
