//! Two objects field by field: what Weir writes, and what a cluster has of it. What servers add is no difference.

use serde_json::{Map, Value};

use super::Field;

/// The fields in which an object is not what it should be, in their order.
pub(super) fn fields(should: &Value, is: &Value) -> Vec<Field> {
    let mut found = Vec::new();
    for part in ["labels", "annotations"] {
        let Some(written) = should["metadata"][part].as_object() else { continue };
        for (key, value) in written {
            let own = is["metadata"][part].get(key);
            if own != Some(value) {
                let path = format!("metadata.{part}[{key}]");
                found.push(Field { path, is: own.cloned(), should: Some(value.clone()) });
            }
        }
    }
    compare("spec".to_owned(), should.get("spec"), is.get("spec"), &mut found);
    found
}

fn compare(path: String, should: Option<&Value>, is: Option<&Value>, found: &mut Vec<Field>) {
    match (should, is) {
        (Some(Value::Object(should)), Some(Value::Object(is))) => maps(&path, should, is, found),
        (Some(Value::Array(should)), Some(Value::Array(is))) if should.len() == is.len() => {
            for (at, (should, is)) in should.iter().zip(is).enumerate() {
                compare(format!("{path}[{at}]"), Some(should), Some(is), found);
            }
        }
        (Some(Value::Array(should)), Some(Value::Array(is))) => lists(&path, should, is, found),
        (should, is) if should == is || says_nothing(should) && says_nothing(is) => {}
        (should, is) => found.push(Field { path, is: is.cloned(), should: should.cloned() }),
    }
}

fn maps(path: &str, should: &Map<String, Value>, is: &Map<String, Value>, found: &mut Vec<Field>) {
    for (key, value) in should {
        compare(format!("{path}.{key}"), Some(value), is.get(key), found);
    }
    for (key, value) in is.iter().filter(|(key, _)| !should.contains_key(*key)) {
        // What servers write out is empty: all that has a default stands in what Weir writes.
        let is_empty = value.as_object().is_some_and(Map::is_empty);
        if !is_empty {
            compare(format!("{path}.{key}"), None, Some(value), found);
        }
    }
}

/// Lists of other lengths: what one has and the other has not.
fn lists(path: &str, should: &[Value], is: &[Value], found: &mut Vec<Field>) {
    for (at, value) in should.iter().enumerate().filter(|(_, value)| !is.contains(value)) {
        found.push(Field { path: format!("{path}[{at}]"), is: None, should: Some(value.clone()) });
    }
    for (at, value) in is.iter().enumerate().filter(|(_, value)| !should.contains(value)) {
        found.push(Field { path: format!("{path}[{at}]"), is: Some(value.clone()), should: None });
    }
}

/// An empty list where there should be none changes what a policy means; an absent one and null are the same.
fn says_nothing(value: Option<&Value>) -> bool {
    matches!(value, None | Some(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_servers_add_is_no_difference() {
        let should =
            json!({"metadata": {"name": "p", "labels": {"a": "b"}}, "spec": {"ports": [{"port": 80}]}});
        let is = json!({
            "metadata": {"name": "p", "uid": "1", "labels": {"a": "b", "c": "d"}},
            "spec": {"ports": [{"port": 80, "source": {}}]},
            "status": {},
        });
        assert_eq!(fields(&should, &is), []);
    }

    #[test]
    fn edits_are_told_by_their_path() {
        let should = json!({"spec": {"ports": [{"port": 80}], "from": [1, 2]}});
        let is = json!({"spec": {"ports": [{"port": 81}], "from": [1, 2, 3], "more": []}});
        let told: Vec<String> = fields(&should, &is).into_iter().map(|field| field.path).collect();
        assert_eq!(told, ["spec.from[2]", "spec.ports[0].port", "spec.more"]);
    }
}
