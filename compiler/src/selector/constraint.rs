//! What is required of the value of one label.

use std::collections::BTreeSet;

use weir_cluster::labels::Text;

/// Either the label may be absent, or its value has to be among `values`; both together cover Kubernetes' four
/// operators and what their intersections come to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Constraint {
    may_be_absent: bool,
    values: Values,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Values {
    In(BTreeSet<Text>),
    NotIn(BTreeSet<Text>),
}

impl Constraint {
    pub fn is(value: Text) -> Constraint {
        Constraint::within([value])
    }

    pub fn within(values: impl IntoIterator<Item = Text>) -> Constraint {
        Constraint { may_be_absent: false, values: Values::In(values.into_iter().collect()) }
    }

    pub fn outside(values: impl IntoIterator<Item = Text>) -> Constraint {
        Constraint { may_be_absent: true, values: Values::NotIn(values.into_iter().collect()) }
    }

    pub fn exists() -> Constraint {
        Constraint { may_be_absent: false, values: Values::NotIn(BTreeSet::new()) }
    }

    pub fn absent() -> Constraint {
        Constraint { may_be_absent: true, values: Values::In(BTreeSet::new()) }
    }

    pub fn values(&self) -> &Values {
        &self.values
    }

    pub fn may_be_absent(&self) -> bool {
        self.may_be_absent
    }

    /// Whether a label satisfies it; `None` is an absent one.
    pub fn admits(&self, value: Option<&str>) -> bool {
        match (value, &self.values) {
            (None, _) => self.may_be_absent,
            (Some(value), Values::In(values)) => values.contains(value),
            (Some(value), Values::NotIn(values)) => !values.contains(value),
        }
    }

    /// The values, where it is "one of these".
    pub fn one_of(&self) -> Option<impl Iterator<Item = &Text>> {
        match (&self.values, self.may_be_absent) {
            (Values::In(values), false) => Some(values.iter()),
            _ => None,
        }
    }

    /// The value, where only one will do.
    pub fn only(&self) -> Option<&Text> {
        let mut values = self.one_of()?;
        values.next().filter(|_| values.next().is_none())
    }

    pub fn is_satisfiable(&self) -> bool {
        self.may_be_absent || !matches!(&self.values, Values::In(values) if values.is_empty())
    }

    pub fn is_trivial(&self) -> bool {
        self.may_be_absent && matches!(&self.values, Values::NotIn(values) if values.is_empty())
    }

    pub fn and(&self, other: &Constraint) -> Constraint {
        use Values::{In, NotIn};
        let values = match (&self.values, &other.values) {
            (In(a), In(b)) => In(a.intersection(b).cloned().collect()),
            (In(a), NotIn(b)) | (NotIn(b), In(a)) => In(a.difference(b).cloned().collect()),
            (NotIn(a), NotIn(b)) => NotIn(a.union(b).cloned().collect()),
        };
        Constraint { may_be_absent: self.may_be_absent && other.may_be_absent, values }
    }

    /// What does not satisfy it, as constraints of which one has to hold.
    pub fn not(&self) -> Vec<Constraint> {
        let present = match &self.values {
            Values::In(values) => Constraint { may_be_absent: false, values: Values::NotIn(values.clone()) },
            Values::NotIn(values) => Constraint { may_be_absent: false, values: Values::In(values.clone()) },
        };
        if self.may_be_absent {
            return if present.is_satisfiable() { vec![present] } else { Vec::new() };
        }
        match present.values {
            Values::NotIn(values) => vec![Constraint { may_be_absent: true, values: Values::NotIn(values) }],
            Values::In(values) if values.is_empty() => vec![Constraint::absent()],
            Values::In(values) => vec![Constraint::absent(), Constraint::within(values)],
        }
    }

    /// Whether whatever satisfies this one satisfies the other.
    pub fn implies(&self, other: &Constraint) -> bool {
        use Values::{In, NotIn};
        let values = match (&self.values, &other.values) {
            (In(a), In(b)) => a.is_subset(b),
            (In(a), NotIn(b)) => a.is_disjoint(b),
            (NotIn(a), NotIn(b)) => a.is_superset(b),
            (NotIn(_), In(_)) => false,
        };
        values && (other.may_be_absent || !self.may_be_absent)
    }
}
