//! Kubernetes' label selectors, as the API server checks them. What keys mean to whom is not known here.

use super::place::Place;
use super::words;

/// One condition; what stands under `matchLabels` is `In` one value.
pub struct Requirement<'o> {
    pub place: Place<'o>,
    pub key: &'o str,
    pub operator: &'o str,
    pub values: Vec<&'o str>,
}

impl Requirement<'_> {
    /// Whether only what has the key passes.
    pub fn is_positive(&self) -> bool {
        matches!(self.operator, "In" | "Exists")
    }
}

/// The conditions of a selector; whatever is wrong with them but their keys is said.
pub fn requirements<'o>(selector: &Place<'o>) -> Vec<Requirement<'o>> {
    selector.only(&["matchLabels", "matchExpressions"]);
    let mut requirements = Vec::new();
    for (key, place) in selector.field("matchLabels").iter().flat_map(Place::entries) {
        let values = value(&place).into_iter().collect();
        requirements.push(Requirement { place, key, operator: "In", values });
    }
    for place in selector.field("matchExpressions").iter().flat_map(Place::items) {
        place.only(&["key", "operator", "values"]);
        let key = place.required("key").and_then(|key| key.text());
        let operator = place.required("operator");
        let operator =
            operator.and_then(|operator| operator.one_of(&["In", "NotIn", "Exists", "DoesNotExist"]));
        let written = place.field("values").map(|values| values.items()).unwrap_or_default();
        let values: Vec<&str> = written.iter().filter_map(value).collect();
        match operator {
            Some("In" | "NotIn") if values.is_empty() => place.says("this operator needs values"),
            Some("Exists" | "DoesNotExist") if place.has("values") => {
                place.says("this operator takes no values");
            }
            _ => {}
        }
        if let Some((key, operator)) = key.zip(operator) {
            requirements.push(Requirement { place, key, operator, values });
        }
    }
    requirements
}

fn value<'o>(place: &Place<'o>) -> Option<&'o str> {
    let text = place.text()?;
    if !words::is_label_value(text) {
        place.says(format!("`{text}` is no value of a label"));
    }
    Some(text)
}

/// A selector whose keys are labels as they are.
pub fn check(selector: &Place) {
    for requirement in requirements(selector) {
        if !words::is_label_key(requirement.key) {
            requirement.place.says(format!("`{}` is no key of a label", requirement.key));
        }
    }
}
