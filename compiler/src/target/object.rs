//! What the objects of all formats have in common, in plain structs: metadata and label selectors.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use weir_cluster::labels::Text;

use super::describe;
use crate::resolve::program::{Program, SentenceId};
use crate::selector::{Constraint, Values};

#[derive(Clone, Debug, Serialize)]
pub struct Metadata {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    pub labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Metadata {
    pub fn new(
        name: String,
        namespace: Option<&Text>,
        sentences: &BTreeSet<SentenceId>,
        program: &Program,
    ) -> Metadata {
        Metadata {
            name,
            namespace: namespace.map(ToString::to_string),
            labels: describe::labels(),
            annotations: describe::annotations(sentences, program),
        }
    }
}

/// `{}` selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelector {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Requirement {
    pub key: String,
    pub operator: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

impl LabelSelector {
    /// Adds what is required of a key: single values as `matchLabels`, all else as `matchExpressions`.
    pub fn require(&mut self, key: String, constraint: &Constraint) {
        match (constraint.values(), constraint.may_be_absent()) {
            (Values::In(values), false) => match constraint.only() {
                Some(value) => drop(self.match_labels.insert(key, value.to_string())),
                None => self.expression(key, "In", Some(values)),
            },
            (Values::In(_), true) => self.expression(key, "DoesNotExist", None),
            (Values::NotIn(values), true) => self.expression(key, "NotIn", Some(values)),
            (Values::NotIn(values), false) => {
                self.expression(key.clone(), "Exists", None);
                if !values.is_empty() {
                    self.expression(key, "NotIn", Some(values));
                }
            }
        }
    }

    pub fn exists(&mut self, key: String) {
        self.expression(key, "Exists", None);
    }

    fn expression(&mut self, key: String, operator: &'static str, values: Option<&BTreeSet<Text>>) {
        let values = values.into_iter().flatten().map(ToString::to_string).collect();
        self.match_expressions.push(Requirement { key, operator, values });
    }
}
