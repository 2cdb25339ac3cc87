//! Sets of pods as Kubernetes can say them: unions of conjunctions of requirements on namespace and pod labels.
//! The algebra is exact; what it denotes today is `ground`'s business, and no target is known here.

mod algebra;
mod constraint;
mod ground;

use std::sync::Arc;

use weir_cluster::labels::{NAMESPACE_NAME, Requirement, Text};

pub use constraint::{Constraint, Values};
pub(crate) use ground::narrow;

/// What a requirement is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    Label(Text),
    /// The name of the service account that a pod runs as. No label: targets that cannot select by it are told.
    ServiceAccount,
    /// Of a namespace: "present" where its name matches the pattern. No label either.
    NameMatches(Text),
}

impl Key {
    pub fn namespace_name() -> Key {
        Key::Label(NAMESPACE_NAME.into())
    }
}

/// Requirements that all have to hold, at most one constraint a key; keys without one are free. Sorted: there are one or
/// two, in tens of thousands of sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Constraints(Vec<(Key, Constraint)>);

/// Pods whose labels satisfy `pods`, in namespaces whose labels satisfy `namespaces`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conjunction {
    pub namespaces: Constraints,
    pub pods: Constraints,
}

/// A union of conjunctions, sorted, none of them implied by another. Empty: no pod at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodSet {
    /// Shared: a set that is named is meant over and over again.
    terms: Arc<[Conjunction]>,
}

/// An `except` or `in` needs more conjunctions than [`PodSet::MOST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyParts;

impl Constraints {
    pub fn one(key: Key, constraint: Constraint) -> Constraints {
        Constraints::default().with(key, constraint).unwrap_or_default()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Constraint)> {
        self.0.iter().map(|(key, constraint)| (key, constraint))
    }

    pub fn get(&self, key: &Key) -> Option<&Constraint> {
        let at = self.find(key).ok()?;
        self.0.get(at).map(|(_, constraint)| constraint)
    }

    /// Where a key is, or would be.
    fn find(&self, key: &Key) -> Result<usize, usize> {
        self.0.binary_search_by(|(own, _)| own.cmp(key))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Namespaces by name, if that is all that is required.
    pub fn names_only(&self) -> Option<&Constraint> {
        match self.0.len() {
            1 => self.get(&Key::namespace_name()),
            _ => None,
        }
    }

    /// The names, where the requirement on namespaces is that they have one of these.
    pub fn names(&self) -> Option<impl Iterator<Item = &Text>> {
        self.get(&Key::namespace_name()).and_then(Constraint::one_of)
    }
}

impl PodSet {
    /// The most conjunctions that an `except` or `in` may come to.
    pub const MOST: usize = 256;

    pub fn none() -> PodSet {
        PodSet::default()
    }

    /// Every pod of the cluster.
    pub fn all() -> PodSet {
        PodSet { terms: Arc::from([Conjunction::default()]) }
    }

    pub fn of(conjunction: Conjunction) -> PodSet {
        PodSet { terms: Arc::from([conjunction]) }
    }

    /// Every pod of the namespace of that name.
    pub fn namespace(name: &Text) -> PodSet {
        PodSet::of(Conjunction {
            namespaces: Constraints::one(Key::namespace_name(), Constraint::is(name.clone())),
            pods: Constraints::default(),
        })
    }

    pub fn terms(&self) -> &[Conjunction] {
        &self.terms
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether it is every pod of the cluster, by what it says.
    pub fn is_all(&self) -> bool {
        matches!(&*self.terms, [term] if term.namespaces.is_empty() && term.pods.is_empty())
    }

    /// Whether both are one and the same set, not only equal.
    pub fn is(&self, other: &PodSet) -> bool {
        Arc::ptr_eq(&self.terms, &other.terms)
    }

    /// The same for every copy of one set, as long as one of them lives.
    pub fn identity(&self) -> usize {
        self.terms.as_ptr().addr()
    }

    /// Whether there is another copy of it.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.terms) > 1
    }
}

/// The constraints of a Kubernetes selector; `None` if nothing can satisfy it.
pub fn constraints<'a>(requirements: impl IntoIterator<Item = &'a Requirement>) -> Option<Constraints> {
    requirements.into_iter().try_fold(Constraints::default(), |constraints, requirement| {
        let constraint = match requirement {
            Requirement::In(_, values) => Constraint::within(values.iter().cloned()),
            Requirement::NotIn(_, values) => Constraint::outside(values.iter().cloned()),
            Requirement::Exists(_) => Constraint::exists(),
            Requirement::DoesNotExist(_) => Constraint::absent(),
        };
        constraints.with(Key::Label(requirement.key().clone()), constraint)
    })
}

/// The constraints of `key = value` pairs.
pub fn equalities<'a>(pairs: impl IntoIterator<Item = (&'a Text, &'a Text)>) -> Constraints {
    Constraints(
        pairs
            .into_iter()
            .map(|(key, value)| (Key::Label(key.clone()), Constraint::is(value.clone())))
            .collect(),
    )
}

#[cfg(test)]
mod tests;
