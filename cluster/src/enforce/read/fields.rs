//! Typed steps through a tree: mappings with known fields, lists, text, numbers, booleans. Every step notes what is
//! wrong and goes on, so that one reading tells of every mistake. Knows no field by name.

use std::collections::HashSet;
use std::fmt;
use std::rc::Rc;

use super::scalar::Scalar;
use super::tree::{Node, Value};
use crate::enforce::{Place, PolicyError};
use crate::labels::Text;

/// The way from the root of a document to a field.
#[derive(Clone, Copy)]
pub(in crate::enforce) enum Path<'p> {
    Root,
    Field(&'p Path<'p>, &'p str),
    /// An entry of a free map, as of labels.
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    pub(in crate::enforce) fn field(&'p self, name: &'p str) -> Path<'p> {
        Path::Field(self, name)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => f.write_str(name),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Key(parent, key) => write!(f, "{parent}[{key}]"),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// The entries of a mapping, no key twice.
pub(in crate::enforce) struct Entries<'n>(pub Vec<(&'n str, &'n Node<'n>)>);

impl<'n> Entries<'n> {
    /// A field that is null is absent, as it is for the API server.
    pub(in crate::enforce) fn get(&self, name: &str) -> Option<&'n Node<'n>> {
        self.0.iter().find(|(key, node)| *key == name && !node.is_null()).map(|(_, node)| *node)
    }
}

pub(in crate::enforce) struct Decoder {
    pub file: Text,
    pub document: u32,
    /// Where objects are that name no namespace.
    pub namespace: Text,
    pub errors: Vec<PolicyError>,
}

impl Decoder {
    pub(in crate::enforce) fn new(file: Text, namespace: Text) -> Decoder {
        Decoder { file, document: 0, namespace, errors: Vec::new() }
    }

    pub(in crate::enforce) fn error(&mut self, line: u32, path: Path<'_>, message: impl Into<String>) {
        let place = Place { file: self.file.clone(), document: self.document, line };
        self.errors.push(place.error(&path.to_string(), message.into()));
    }

    /// Notes what a check found.
    pub(in crate::enforce) fn check(&mut self, line: u32, path: Path<'_>, result: Result<(), String>) {
        if let Err(message) = result {
            self.error(line, path, message);
        }
    }

    fn wrong(&mut self, node: &Node<'_>, path: Path<'_>, needed: &str) {
        let message = match &node.value {
            Value::Map(_) => format!("a mapping stands where {needed} is needed"),
            Value::List(_) => format!("a list stands where {needed} is needed"),
            Value::Scalar(Scalar::Null, _) => format!("nothing stands where {needed} is needed"),
            Value::Scalar(Scalar::Text, text) => format!("`{text}` is text, and {needed} is needed"),
            Value::Scalar(kind, text) if needed == TEXT => {
                format!("`{text}` is {} unless it is quoted, and {needed} is needed", kind.noun())
            }
            Value::Scalar(kind, text) => format!("`{text}` is {}, and {needed} is needed", kind.noun()),
        };
        self.error(node.line, path, message);
    }

    pub(in crate::enforce) fn entries<'n>(
        &mut self,
        node: &'n Node<'n>,
        path: Path<'_>,
    ) -> Option<Entries<'n>> {
        let Value::Map(pairs) = &node.value else {
            self.wrong(node, path, "a mapping");
            return None;
        };
        let mut seen = HashSet::new();
        let mut entries = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let Value::Scalar(Scalar::Text, name) = &key.value else {
                match key.text() {
                    Some(name) => self.wrong(key, Path::Key(&path, name), TEXT),
                    None => self.wrong(key, path, "a key of text"),
                }
                continue;
            };
            if seen.insert(name.as_ref()) {
                entries.push((name.as_ref(), value.as_ref()));
            } else {
                self.error(key.line, Path::Key(&path, name), format!("the key `{name}` stands here twice"));
            }
        }
        Some(Entries(entries))
    }

    /// No field but these.
    pub(in crate::enforce) fn known(&mut self, entries: &Entries<'_>, path: Path<'_>, names: &[&str]) {
        for (name, node) in entries.0.iter().filter(|(name, _)| !names.contains(name)) {
            let known: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let message = if known.is_empty() {
                format!("unknown field `{name}`: this has to be empty")
            } else {
                format!("unknown field `{name}`: here may stand {}", known.join(", "))
            };
            self.error(node.line, path.field(name), message);
        }
    }

    /// A mapping with no fields but these.
    pub(in crate::enforce) fn fields<'n>(
        &mut self,
        node: &'n Node<'n>,
        path: Path<'_>,
        names: &[&str],
    ) -> Option<Entries<'n>> {
        let entries = self.entries(node, path)?;
        self.known(&entries, path, names);
        Some(entries)
    }

    pub(in crate::enforce) fn required<'n>(
        &mut self,
        entries: &Entries<'n>,
        line: u32,
        path: Path<'_>,
        name: &str,
    ) -> Option<&'n Node<'n>> {
        let found = entries.get(name);
        if found.is_none() {
            self.error(line, path.field(name), format!("`{name}` is missing"));
        }
        found
    }

    pub(in crate::enforce) fn list<'n>(&mut self, node: &'n Node<'n>, path: Path<'_>) -> &'n [Rc<Node<'n>>] {
        match &node.value {
            Value::List(items) => items,
            _ => {
                self.wrong(node, path, "a list");
                &[]
            }
        }
    }

    pub(in crate::enforce) fn string<'n>(&mut self, node: &'n Node<'n>, path: Path<'_>) -> Option<&'n str> {
        match &node.value {
            Value::Scalar(Scalar::Text, text) => Some(text),
            _ => {
                self.wrong(node, path, TEXT);
                None
            }
        }
    }

    /// Text that passes a check.
    pub(in crate::enforce) fn checked<'n>(
        &mut self,
        node: &'n Node<'n>,
        path: Path<'_>,
        check: fn(&str) -> Result<(), String>,
    ) -> Option<&'n str> {
        let text = self.string(node, path)?;
        let result = check(text);
        let fine = result.is_ok();
        self.check(node.line, path, result);
        fine.then_some(text)
    }

    pub(in crate::enforce) fn strings<'n>(&mut self, node: &'n Node<'n>, path: Path<'_>) -> Vec<&'n str> {
        let items = self.list(node, path).iter().enumerate();
        items.filter_map(|(index, item)| self.string(item, Path::Index(&path, index))).collect()
    }

    pub(in crate::enforce) fn integer(&mut self, node: &Node<'_>, path: Path<'_>) -> Option<i64> {
        match &node.value {
            Value::Scalar(Scalar::Number(Some(number)), _) => Some(*number),
            _ => {
                self.wrong(node, path, "a whole number");
                None
            }
        }
    }

    pub(in crate::enforce) fn boolean(&mut self, node: &Node<'_>, path: Path<'_>) {
        if !matches!(node.value, Value::Scalar(Scalar::Bool(_), _)) {
            self.wrong(node, path, "a boolean");
        }
    }

    /// A map of text to text.
    pub(in crate::enforce) fn map<'n>(
        &mut self,
        node: &'n Node<'n>,
        path: Path<'_>,
    ) -> Vec<(&'n str, &'n str, u32)> {
        let Some(entries) = self.entries(node, path) else { return Vec::new() };
        let entry = |(key, node): (&'n str, &'n Node<'n>)| {
            self.string(node, Path::Key(&path, key)).map(|value| (key, value, node.line))
        };
        entries.0.into_iter().filter_map(entry).collect()
    }
}

const TEXT: &str = "text";
