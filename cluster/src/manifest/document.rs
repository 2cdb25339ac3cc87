//! The document that is being read: its text and place, what was found wrong in it, and how a place in it is told.
//! Knows no format, and of objects only that they have a line.

use std::collections::BTreeMap;

use serde::de::DeserializeSeed;

use super::ManifestError;
use super::dispatch::ObjectSeed;
use super::header::HeaderSeed;
use super::problem::{Problem, count_lines};
use super::record::Records;
use crate::inventory::Origin;
use crate::labels::Text;

/// A document in some format, which can be read more than once.
pub(super) trait Source<'de> {
    type Error;

    fn run<S: DeserializeSeed<'de>>(&self, seed: S) -> Result<S::Value, Self::Error>;
}

/// The document that is being read.
pub(super) struct Document<'r> {
    pub(super) records: &'r mut Records,
    pub(super) file: Text,
    /// From 1.
    pub(super) number: u32,
    /// Where it begins in the file, from 1.
    pub(super) line: u32,
    /// Whether a document without a kind is kustomize's.
    pub(super) kustomization: bool,
    /// The text that the parser borrows from, and the line of its first byte.
    pub(super) text: &'r str,
    pub(super) text_line: u32,
    /// How far lines were counted: a byte of the text, and its line.
    cursor: (usize, u32),
    /// How deep in lists the object is.
    pub(super) lists: u32,
    /// The item of the innermost list, from 1.
    pub(super) item: u32,
    /// A field came before the kind: the document has to be read again, kinds first.
    pub(super) kind_came_late: bool,
    skipped: BTreeMap<Text, usize>,
    errors: Vec<ManifestError>,
}

impl<'r> Document<'r> {
    pub(super) fn new(
        records: &'r mut Records,
        file: Text,
        number: u32,
        line: u32,
        text: (&'r str, u32),
    ) -> Self {
        Document {
            records,
            file,
            number,
            line,
            kustomization: false,
            text: text.0,
            text_line: text.1,
            cursor: (0, text.1),
            lists: 0,
            item: 0,
            kind_came_late: false,
            skipped: BTreeMap::new(),
            errors: Vec::new(),
        }
    }

    /// Reads all objects of the document. What they are wrong in goes to the records; what stops the parser is
    /// returned.
    pub(super) fn read<'de, S: Source<'de>>(mut self, source: &S) -> Result<(), Stopped<S::Error>> {
        let mut result = source.run(ObjectSeed::first(&mut self));
        if result.is_err() && self.kind_came_late {
            // Whatever was recorded on the way is met again, found equal, and changes nothing.
            (self.cursor, self.lists, self.item) = ((0, self.text_line), 0, 0);
            self.skipped.clear();
            self.errors.clear();
            result =
                source.run(HeaderSeed).and_then(|header| source.run(ObjectSeed::again(&mut self, &header)));
        }
        let item = if self.lists > 0 { self.item } else { 0 };
        self.close();
        result.map_err(|error| Stopped { error, item })
    }

    /// Hands over what was noted on the way. `false` if there was an error.
    pub(super) fn close(mut self) -> bool {
        let fine = self.errors.is_empty();
        self.records.errors.append(&mut self.errors);
        for (kind, count) in self.skipped {
            *self.records.skipped.entry(kind).or_default() += count;
        }
        fine
    }

    pub(super) fn error(&mut self, line: u32, problem: Problem) {
        self.errors.push(ManifestError {
            file: self.file.clone(),
            document: self.number,
            line,
            column: 0,
            message: problem.message,
            help: problem.help,
        });
    }

    /// The line of a text that the parser borrowed from the document; the document's own for any other.
    pub(super) fn line_of(&mut self, text: &str) -> u32 {
        let start = self.text.as_ptr() as usize;
        match (text.as_ptr() as usize).checked_sub(start) {
            Some(offset) if offset < self.text.len() && !text.is_empty() => {
                let (from, line) = if self.cursor.0 <= offset { self.cursor } else { (0, self.text_line) };
                let line = line + count_lines(&self.text.as_bytes()[from..offset]);
                self.cursor = (offset, line);
                line
            }
            _ => self.line,
        }
    }

    pub(super) fn skip(&mut self, kind: &str) {
        match self.skipped.get_mut(kind) {
            Some(count) => *count += 1,
            None => drop(self.skipped.insert(kind.into(), 1)),
        }
    }
}

/// What stopped the parser, and in which item of a list (from 1; 0 outside of lists).
pub(super) struct Stopped<E> {
    pub(super) error: E,
    pub(super) item: u32,
}

/// Where an object stands, for the records to note and to complain about.
pub(super) struct Place<'d, 'r> {
    pub(super) document: &'d mut Document<'r>,
    pub(super) line: u32,
}

impl Place<'_, '_> {
    pub(super) fn records(&mut self) -> &mut Records {
        self.document.records
    }

    pub(super) fn origin(&self) -> Origin {
        Origin { file: self.document.file.clone(), document: self.document.number, line: self.line }
    }

    /// What is wrong with the object as a whole.
    pub(super) fn error(&mut self, problem: Problem) {
        self.document.error(self.line, problem);
    }

    /// What is wrong with a text that was read from it.
    pub(super) fn error_at(&mut self, text: &str, problem: Problem) {
        let line = self.document.line_of(text);
        self.document.error(line, problem);
    }
}
