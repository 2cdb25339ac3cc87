//! Kubernetes' label selectors: how they are read.

use std::collections::{BTreeMap, BTreeSet};

use super::read::fields::{Decoder, Path};
use super::read::syntax;
use super::read::tree::{Node, Value};
use crate::labels::Text;

/// All requirements hold; an empty selector selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Selector {
    /// By key; each key may have several requirements. Sorted, so that equal selectors are equal.
    pub requirements: BTreeMap<Text, BTreeSet<Test>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Test {
    In(BTreeSet<Text>),
    NotIn(BTreeSet<Text>),
    Exists,
    DoesNotExist,
}

pub(super) fn selector(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Selector> {
    let entries = decoder.fields(node, path, &["matchLabels", "matchExpressions"])?;
    let mut selector = Selector::default();
    let mut require = |key: &str, test: Test| {
        selector.requirements.entry(Text::from(key)).or_default().insert(test);
    };
    if let Some(node) = entries.get("matchLabels") {
        let path = path.field("matchLabels");
        for (key, value, line) in decoder.map(node, path) {
            decoder.check(line, Path::Key(&path, key), syntax::check_label_key(key));
            decoder.check(line, Path::Key(&path, key), syntax::check_label_value(value));
            require(key, Test::In(BTreeSet::from([Text::from(value)])));
        }
    }
    if let Some(node) = entries.get("matchExpressions") {
        let path = path.field("matchExpressions");
        for (index, item) in decoder.list(node, path).iter().enumerate() {
            if let Some((key, test)) = expression(decoder, item, Path::Index(&path, index)) {
                require(key, test);
            }
        }
    }
    Some(selector)
}

fn expression<'n>(decoder: &mut Decoder, node: &'n Node<'n>, path: Path<'_>) -> Option<(&'n str, Test)> {
    let entries = decoder.fields(node, path, &["key", "operator", "values"])?;
    let key = decoder.required(&entries, node.line, path, "key");
    let key = key.and_then(|node| decoder.checked(node, path.field("key"), syntax::check_label_key));
    let values: BTreeSet<Text> = match entries.get("values") {
        None => BTreeSet::new(),
        Some(node) => {
            let path = path.field("values");
            let items = decoder.list(node, path).iter().enumerate();
            let mut value =
                |(index, item)| decoder.checked(item, Path::Index(&path, index), syntax::check_label_value);
            items.filter_map(|(index, item)| value((index, item.as_ref()))).map(Text::from).collect()
        }
    };
    let written =
        entries.get("values").is_some_and(|node| !matches!(&node.value, Value::List(v) if v.is_empty()));
    let operator_node = decoder.required(&entries, node.line, path, "operator")?;
    let operator = decoder.string(operator_node, path.field("operator"))?;
    let test = match operator {
        "In" => Test::In(values),
        "NotIn" => Test::NotIn(values),
        "Exists" => Test::Exists,
        "DoesNotExist" => Test::DoesNotExist,
        _ => {
            let message =
                format!("`{operator}` is no operator: `In`, `NotIn`, `Exists` and `DoesNotExist` are");
            decoder.error(operator_node.line, path.field("operator"), message);
            return None;
        }
    };
    let takes_values = matches!(test, Test::In(_) | Test::NotIn(_));
    if takes_values != written {
        let needs = if takes_values { "needs `values`" } else { "takes no `values`" };
        decoder.error(operator_node.line, path.field("values"), format!("the operator `{operator}` {needs}"));
    }
    Some((key?, test))
}
