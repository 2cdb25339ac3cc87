//! An object as it was read, and a place in it: what the checkers walk over, and where they say what is wrong. Knows no
//! kind of object.

use std::cell::RefCell;

use serde_json::Value;

use super::Violation;

pub struct Object {
    pub api_version: String,
    pub kind: String,
    pub namespace: String,
    pub name: String,
    value: Value,
}

impl Object {
    pub fn new(value: Value) -> Object {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &value["metadata"];
        Object {
            api_version: text(&value["apiVersion"]),
            kind: text(&value["kind"]),
            namespace: text(&metadata["namespace"]),
            name: text(&metadata["name"]),
            value,
        }
    }

    /// What the API server tells objects apart by.
    pub fn identity(&self) -> (&str, &str, &str, &str) {
        let group = self.api_version.split('/').next().unwrap_or_default();
        (group, &self.kind, &self.namespace, &self.name)
    }
}

#[derive(Clone)]
pub struct Place<'o> {
    pub object: &'o Object,
    pub value: &'o Value,
    path: String,
    found: &'o RefCell<Vec<Violation>>,
}

impl<'o> Place<'o> {
    pub fn root(object: &'o Object, found: &'o RefCell<Vec<Violation>>) -> Place<'o> {
        Place { object, value: &object.value, path: String::new(), found }
    }

    /// Reports that a rule is broken here.
    pub fn says(&self, rule: impl Into<String>) {
        self.says_at("", rule);
    }

    /// The same, of a place whose steps from here on are known as text.
    pub fn says_at(&self, below: &str, rule: impl Into<String>) {
        let path = format!("{}{below}", self.path);
        self.found.borrow_mut().push(Violation {
            kind: self.object.kind.clone(),
            namespace: self.object.namespace.clone(),
            name: if self.object.name.is_empty() { "?".to_owned() } else { self.object.name.clone() },
            path: path.strip_prefix('.').map(str::to_owned).unwrap_or(path),
            rule: rule.into(),
        });
    }

    fn step(&self, step: String, value: &'o Value) -> Place<'o> {
        Place { object: self.object, value, path: format!("{}{step}", self.path), found: self.found }
    }

    fn below(&self, key: &str, value: &'o Value) -> Place<'o> {
        self.step(step(key), value)
    }

    pub fn field(&self, key: &str) -> Option<Place<'o>> {
        self.value.get(key).map(|value| self.below(key, value))
    }

    pub fn has(&self, key: &str) -> bool {
        self.value.get(key).is_some()
    }

    /// A field that has to be written.
    pub fn required(&self, key: &str) -> Option<Place<'o>> {
        let field = self.field(key);
        if field.is_none() {
            self.says(format!("`{key}` is missing"));
        }
        field
    }

    /// A map with no other fields than these.
    pub fn only(&self, keys: &[&str]) {
        if !self.value.is_object() {
            self.says("this has to be a map");
        }
        for (key, place) in self.entries() {
            if !keys.contains(&key) {
                place.says("a field that is unknown here");
            }
        }
    }

    pub fn entries(&self) -> Vec<(&'o str, Place<'o>)> {
        let map = self.value.as_object();
        map.into_iter().flatten().map(|(key, value)| (key.as_str(), self.below(key, value))).collect()
    }

    pub fn is_empty(&self) -> bool {
        match self.value {
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            Value::String(text) => text.is_empty(),
            _ => false,
        }
    }

    pub fn items(&self) -> Vec<Place<'o>> {
        let Value::Array(items) = self.value else {
            self.says("this has to be a list");
            return Vec::new();
        };
        items.iter().enumerate().map(|(at, value)| self.step(format!("[{at}]"), value)).collect()
    }

    /// The items of a list that may be absent, but not empty: an empty one is read as none here, as all there.
    pub fn list(&self, key: &str) -> Vec<Place<'o>> {
        let Some(list) = self.field(key) else { return Vec::new() };
        if list.is_empty() {
            list.says("a list that is empty");
        }
        list.items()
    }

    pub fn list_up_to(&self, key: &str, most: usize) -> Vec<Place<'o>> {
        let items = self.list(key);
        if items.len() > most {
            let list = self.field(key);
            list.iter().for_each(|list| list.says(format!("{} entries, the most is {most}", items.len())));
        }
        items
    }

    pub fn text(&self) -> Option<&'o str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.says("this has to be text");
        }
        text
    }

    pub fn integer(&self) -> Option<i64> {
        let number = self.value.as_i64();
        if number.is_none() {
            self.says("this has to be a whole number");
        }
        number
    }

    pub fn number(&self) -> Option<f64> {
        let number = self.value.as_f64();
        if number.is_none() {
            self.says("this has to be a number");
        }
        number
    }

    pub fn boolean(&self) -> Option<bool> {
        let flag = self.value.as_bool();
        if flag.is_none() {
            self.says("this has to be `true` or `false`");
        }
        flag
    }

    pub fn within(&self, least: i64, most: i64) -> Option<i64> {
        let number = self.integer()?;
        if !(least..=most).contains(&number) {
            self.says(format!("{number} is not within {least} and {most}"));
        }
        Some(number)
    }

    pub fn one_of(&self, words: &[&str]) -> Option<&'o str> {
        let text = self.text()?;
        if !words.contains(&text) {
            self.says(format!("`{text}` is none of {}", words.join(", ")));
        }
        Some(text)
    }

    /// Which of these fields are there; other than exactly one is a violation.
    pub fn exactly_one(&self, keys: &[&'static str]) -> Option<(&'static str, Place<'o>)> {
        let mut there = keys.iter().filter_map(|key| Some((*key, self.field(key)?)));
        let first = there.next();
        if first.is_none() || there.next().is_some() {
            self.says(format!("exactly one of {} has to be given", keys.join(", ")));
        }
        first
    }

    /// No two items are the same.
    pub fn distinct(&self, items: &[Place]) {
        for (at, item) in items.iter().enumerate() {
            if items[..at].iter().any(|other| other.value == item.value) {
                item.says("this stands in the list already");
            }
        }
    }
}

/// A key as a step of a path.
pub fn step(key: &str) -> String {
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if plain && !key.is_empty() { format!(".{key}") } else { format!("[{key:?}]") }
}
