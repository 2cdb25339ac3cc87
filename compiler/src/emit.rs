//! Objects as YAML. The only module that writes it.

use crate::target::Object;

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

pub fn emit(objects: &[Object]) -> Vec<Document> {
    let document = |object: &Object| Document {
        kind: object.kind(),
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
        text: serde_yaml::to_string(object).expect("plain data is always YAML"),
    };
    objects.iter().map(document).collect()
}

/// Documents as one stream.
pub fn stream<'d>(documents: impl IntoIterator<Item = &'d Document>) -> String {
    let texts: Vec<&str> = documents.into_iter().map(|document| document.text.as_str()).collect();
    texts.join("---\n")
}
