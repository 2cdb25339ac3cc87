//! Calico's selectors: expressions over the labels of an endpoint. How they are read, and what they say as text does.
//! Which endpoints satisfy one is not here.

use std::collections::BTreeSet;

use crate::labels::Text;

mod parse;
mod token;

pub(super) use parse::parse;

/// What an endpoint has to satisfy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Selector {
    /// `all()`, and the empty selector.
    All,
    /// `global()`.
    Global,
    Has(Text),
    Label(Text, Test),
    Not(Box<Selector>),
    /// At least two, as in the next.
    And(Vec<Selector>),
    Or(Vec<Selector>),
}

/// What is asked of the value of a label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Test {
    /// `==` is this of one value.
    In(BTreeSet<Text>),
    /// Holds where the label is absent, too; `!=` is this of one value.
    NotIn(BTreeSet<Text>),
    Contains(Text),
    StartsWith(Text),
    EndsWith(Text),
}

impl Selector {
    /// Whether `global()` stands in it.
    pub(super) fn is_global_anywhere(&self) -> bool {
        match self {
            Selector::Global => true,
            Selector::All | Selector::Has(_) | Selector::Label(..) => false,
            Selector::Not(inner) => inner.is_global_anywhere(),
            Selector::And(parts) | Selector::Or(parts) => parts.iter().any(Selector::is_global_anywhere),
        }
    }
}

/// What is wrong with a selector, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    /// In characters, from 1.
    pub column: usize,
    pub message: String,
}
