//! Labels and label selectors as plain data. Matching is not here: the compiler and `enforce` each match with
//! code of their own, so that neither can repeat the other's mistake.

use std::sync::Arc;

/// A string that many objects share.
pub type Text = Arc<str>;

/// The label that the API server puts on every namespace: its name, which nobody can change.
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Labels that controllers write and that change with every rollout or pod: no endpoint class, and no selector
/// of a program, may depend on them.
const VOLATILE: &[&str] = &[
    "pod-template-hash",
    "pod-template-generation",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
];

/// Whether a controller writes this label anew for each pod or rollout.
pub fn is_volatile(key: &str) -> bool {
    VOLATILE.contains(&key)
}

/// A set of labels, sorted by key; equal sets compare equal and hash alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(Arc<[(Text, Text)]>);

impl Labels {
    /// The value of a label, if it is there.
    pub fn get(&self, key: &str) -> Option<&Text> {
        self.0.binary_search_by(|(k, _)| k.as_ref().cmp(key)).ok().map(|i| &self.0[i].1)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Text)> {
        self.0.iter().map(|(k, v)| (k, v))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl Default for Labels {
    fn default() -> Self {
        Labels(Arc::from([]))
    }
}

impl FromIterator<(Text, Text)> for Labels {
    /// Of two pairs with one key the last one stays.
    fn from_iter<I: IntoIterator<Item = (Text, Text)>>(pairs: I) -> Self {
        let map: std::collections::BTreeMap<Text, Text> = pairs.into_iter().collect();
        Labels(map.into_iter().collect())
    }
}

/// One requirement of a Kubernetes label selector.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requirement {
    /// The label is there with one of these values.
    In(Text, Vec<Text>),
    /// The label is absent, or has none of these values.
    NotIn(Text, Vec<Text>),
    Exists(Text),
    DoesNotExist(Text),
}

impl Requirement {
    pub fn key(&self) -> &Text {
        match self {
            Requirement::In(key, _)
            | Requirement::NotIn(key, _)
            | Requirement::Exists(key)
            | Requirement::DoesNotExist(key) => key,
        }
    }
}
