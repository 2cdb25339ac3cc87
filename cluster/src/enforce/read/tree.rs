//! YAML text as a tree that still knows how each scalar would be typed by kubectl: quoted ones are text, and what
//! plain ones are says `scalar`. Knows nothing of policies.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use serde_yaml::granit_parser::{Event, Options, Parser, ScalarStyle, Span, StrInput, Tag};

use super::scalar::{Scalar, type_of};

/// A text beyond this is refused unread.
pub(in crate::enforce) const MAX_BYTES: usize = 64 << 20;
/// How deep a node may lie, counted through aliases.
const MAX_DEPTH: u32 = 64;
/// How many nodes aliases may repeat in one document: enough for anything written by hand, too few for a bomb.
const MAX_REPEATED: u64 = 1 << 20;

#[derive(Debug)]
pub(in crate::enforce) struct Node<'t> {
    /// From 1.
    pub line: u32,
    pub value: Value<'t>,
    /// How many nodes this is, aliases written out, and how many levels.
    size: u64,
    depth: u32,
}

#[derive(Debug)]
pub(in crate::enforce) enum Value<'t> {
    Scalar(Scalar, Cow<'t, str>),
    List(Vec<Rc<Node<'t>>>),
    Map(Vec<(Rc<Node<'t>>, Rc<Node<'t>>)>),
}

pub(in crate::enforce) struct Document<'t> {
    /// From 1, empty ones counted.
    pub number: u32,
    pub root: Rc<Node<'t>>,
}

/// Where and why the text is no YAML; what comes after it is not read.
pub(in crate::enforce) struct SyntaxError {
    pub document: u32,
    pub line: u32,
    pub message: String,
}

/// The documents of a stream, up to the first fault.
pub(in crate::enforce) fn documents(text: &str) -> (Vec<Document<'_>>, Option<SyntaxError>) {
    let mut builder = Builder::default();
    let fault = builder.run(text).err();
    (builder.documents, fault)
}

/// A list or a map that is not closed yet.
struct Open<'t> {
    line: u32,
    anchor: usize,
    map: bool,
    /// For a map: key, value, key, value.
    nodes: Vec<Rc<Node<'t>>>,
}

#[derive(Default)]
struct Builder<'t> {
    documents: Vec<Document<'t>>,
    number: u32,
    open: Vec<Open<'t>>,
    anchors: HashMap<usize, Rc<Node<'t>>>,
    repeated: u64,
}

impl<'t> Builder<'t> {
    fn run(&mut self, text: &'t str) -> Result<(), SyntaxError> {
        if text.len() > MAX_BYTES {
            return Err(self.fault(1, format!("the text is larger than {} MiB", MAX_BYTES >> 20)));
        }
        let mut options = Options::default();
        options.set_emit_comments(false);
        options.block_nesting_limit = MAX_DEPTH as usize;
        options.flow_nesting_limit = MAX_DEPTH as usize;
        // Events of a parser on the whole text borrow from it.
        let parser: Parser<'t, StrInput<'t>> = Parser::new_from_str_with_options(text, options);
        for item in parser {
            let (event, span) =
                item.map_err(|error| self.fault(error.marker().line() as u32, error.info()))?;
            self.event(event, &span)?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'t>, span: &Span) -> Result<(), SyntaxError> {
        let line = span.start.line() as u32;
        match event {
            Event::DocumentStart(..) => {
                self.number += 1;
                self.anchors.clear();
                self.repeated = 0;
            }
            Event::Scalar(text, style, anchor, tag) => {
                let kind = self.scalar(&text, style, tag.as_deref(), line)?;
                let node = Node { line, value: Value::Scalar(kind, text), size: 1, depth: 1 };
                self.close(node, anchor)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.collection(tag.as_deref(), "seq", line)?;
                self.open.push(Open { line, anchor, map: false, nodes: Vec::new() });
            }
            Event::MappingStart(_, anchor, tag) => {
                self.collection(tag.as_deref(), "map", line)?;
                self.open.push(Open { line, anchor, map: true, nodes: Vec::new() });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop().expect("the parser closes what it opened");
                let size = open.nodes.iter().fold(1u64, |sum, node| sum.saturating_add(node.size));
                let depth = 1 + open.nodes.iter().map(|node| node.depth).max().unwrap_or(0);
                let value = if open.map { self.map(open.nodes)? } else { Value::List(open.nodes) };
                self.close(Node { line: open.line, value, size, depth }, open.anchor)?;
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err(self.fault(line, "an alias stands inside of what it names".to_owned()));
                };
                self.repeated = self.repeated.saturating_add(node.size);
                if self.repeated > MAX_REPEATED {
                    return Err(self.fault(line, "the aliases of this document repeat too much".to_owned()));
                }
                self.place(node, line)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, node: Node<'t>, anchor: usize) -> Result<(), SyntaxError> {
        let line = node.line;
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.place(node, line)
    }

    fn place(&mut self, node: Rc<Node<'t>>, line: u32) -> Result<(), SyntaxError> {
        if node.depth as usize + self.open.len() > MAX_DEPTH as usize {
            return Err(self.fault(line, format!("this is nested more than {MAX_DEPTH} levels deep")));
        }
        match self.open.last_mut() {
            Some(open) => open.nodes.push(node),
            None => self.documents.push(Document { number: self.number, root: node }),
        }
        Ok(())
    }

    /// Pairs of keys and values, with what `<<` merges. Keys that follow it win; of those before it go-yaml holds
    /// otherwise than YAML does, so they may not be in what is merged.
    fn map(&self, nodes: Vec<Rc<Node<'t>>>) -> Result<Value<'t>, SyntaxError> {
        let mut entries: Vec<(Rc<Node<'t>>, Rc<Node<'t>>)> = Vec::with_capacity(nodes.len() / 2);
        let mut merge: Option<(usize, Rc<Node<'t>>)> = None;
        let mut nodes = nodes.into_iter();
        while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
            match &key.value {
                Value::Scalar(Scalar::Merge, _) if merge.is_some() => {
                    return Err(self.fault(key.line, "`<<` stands here twice".to_owned()));
                }
                Value::Scalar(Scalar::Merge, _) => merge = Some((entries.len(), value)),
                _ => entries.push((key, value)),
            }
        }
        let Some((before, node)) = merge else { return Ok(Value::Map(entries)) };
        let mut written: HashMap<String, bool> = HashMap::new();
        for (index, (key, _)) in entries.iter().enumerate() {
            written.extend(key.text().map(|key| (key.to_owned(), index < before)));
        }
        let sources: &[Rc<Node<'t>>] = match &node.value {
            Value::List(items) => items,
            _ => std::slice::from_ref(&node),
        };
        for source in sources {
            let Value::Map(pairs) = &source.value else {
                return Err(self.fault(node.line, "`<<` takes a mapping, or a list of them".to_owned()));
            };
            for (key, value) in pairs {
                match key.text().and_then(|key| written.insert(key.to_owned(), false)) {
                    None => entries.push((Rc::clone(key), Rc::clone(value))),
                    Some(false) => {}
                    Some(true) => {
                        let key = key.text().unwrap_or_default();
                        let message = format!("`<<` has to stand before `{key}`, which it merges too");
                        return Err(self.fault(node.line, message));
                    }
                }
            }
        }
        Ok(Value::Map(entries))
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        line: u32,
    ) -> Result<Scalar, SyntaxError> {
        match tag {
            None if style == ScalarStyle::Plain => Ok(type_of(text)),
            None => Ok(Scalar::Text),
            Some(tag) if tag.is_yaml_core_schema_tag("str") || tag.parts() == ("", "!") => Ok(Scalar::Text),
            Some(tag) => {
                Err(self.fault(line, format!("the tag `{}` is not understood here", tag.original())))
            }
        }
    }

    fn collection(&self, tag: Option<&Tag>, own: &str, line: u32) -> Result<(), SyntaxError> {
        match tag {
            Some(tag) if !tag.is_yaml_core_schema_tag(own) && tag.parts() != ("", "!") => {
                Err(self.fault(line, format!("the tag `{}` is not understood here", tag.original())))
            }
            _ => Ok(()),
        }
    }

    fn fault(&self, line: u32, message: String) -> SyntaxError {
        SyntaxError { document: self.number.max(1), line, message }
    }
}

impl<'t> Node<'t> {
    pub(in crate::enforce) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(_, text) => Some(text),
            _ => None,
        }
    }

    pub(in crate::enforce) fn is_null(&self) -> bool {
        matches!(self.value, Value::Scalar(Scalar::Null, _))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        documents(text)
            .1
            .map(|fault| format!("{}:{}: {}", fault.document, fault.line, fault.message))
            .unwrap_or_default()
    }

    #[test]
    fn quotes_and_tags_make_text() {
        for text in ["'80'", "\"80\"", "!!str 80", "! 80", "|-\n  80", ">-\n  80"] {
            let (documents, fault) = documents(text);
            assert!(fault.is_none(), "{text}");
            assert!(
                matches!(&documents[0].root.value, Value::Scalar(Scalar::Text, t) if t == "80"),
                "{text}"
            );
        }
        assert!(fault("!!int '80'").contains("`!!int`"));
        assert!(fault("!mine {}").contains("`!mine`"));
    }

    #[test]
    fn documents_are_counted_from_one_empty_ones_too() {
        let (documents, fault) = documents("a: 1\n---\n---\nb: 2\n");
        assert!(fault.is_none());
        let numbers: Vec<_> = documents.iter().map(|d| (d.number, d.root.line)).collect();
        assert_eq!(numbers, [(1, 1), (2, 2), (3, 4)]);
        assert!(documents[1].root.is_null());
    }

    #[test]
    fn what_comes_before_a_fault_is_read() {
        let (documents, fault) = documents("a: 1\n---\nb: [\n---\nc: 3\n");
        assert_eq!(documents.len(), 1);
        assert_eq!(fault.map(|f| f.document), Some(2));
    }

    #[test]
    fn aliases_are_bounded() {
        assert_eq!(fault("a: &a [1]\nb: *a\n"), "");
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..9 {
            let item = format!("*a{}", i - 1);
            bomb.push_str(&format!("a{i}: &a{i} [{}]\n", vec![item; 10].join(", ")));
        }
        assert!(fault(&bomb).contains("repeat too much"));
        let mut chain = String::from("a0: &a0 [x]\n");
        (1..200).for_each(|i| chain.push_str(&format!("a{i}: &a{i} [*a{}]\n", i - 1)));
        assert!(fault(&chain).contains("nested"));
        assert!(fault("a: &a [*a]").contains("inside"));
        assert_ne!(fault(&"[".repeat(100_000)), "");
        assert_ne!(fault("a: *b"), "");
    }

    #[test]
    fn merge_keys_merge() {
        let (documents, none) = documents("x: &x {a: 1, b: 2}\ny: {<<: *x, a: 3}\nz: {<<: [*x, {c: 4}]}\n");
        assert!(none.is_none());
        let Value::Map(entries) = &documents[0].root.value else { panic!() };
        let keys = |i: usize| match &entries[i].1.value {
            Value::Map(pairs) => {
                pairs.iter().map(|(k, v)| (k.text().unwrap(), v.text().unwrap())).collect::<Vec<_>>()
            }
            _ => panic!(),
        };
        assert_eq!(keys(1), [("a", "3"), ("b", "2")]);
        assert_eq!(keys(2), [("a", "1"), ("b", "2"), ("c", "4")]);
        assert!(fault("a: {<<: 1}").contains("takes a mapping"));
        assert!(fault("a: &a {x: 1}\nb: {x: 2, <<: *a}").contains("before `x`"));
        assert!(fault("a: &a {x: 1}\nb: {<<: *a, <<: *a}").contains("twice"));
        assert_eq!(fault("a: &a {x: 1}\nb: {y: 2, <<: *a}"), "");
    }
}
