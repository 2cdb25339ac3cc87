//! Places in the files of a program as the client names them.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use tower_lsp::ls_types::{Location, Range, TextEdit};
use weir::source::{FileId, Place};

use crate::program::Program;
use crate::text::{Encoding, Lines};

/// The texts of a program, with their lines, counted once for one answer.
pub struct Texts<'p> {
    pub program: &'p Program,
    pub encoding: Encoding,
    lines: RefCell<FxHashMap<FileId, Rc<Lines<'p>>>>,
}

impl<'p> Texts<'p> {
    pub fn of(program: &'p Program, encoding: Encoding) -> Texts<'p> {
        Texts { program, encoding, lines: RefCell::default() }
    }

    pub fn lines(&self, file: FileId) -> Rc<Lines<'p>> {
        let mut lines = self.lines.borrow_mut();
        let text = &self.program.workspace.sources.get(file).text;
        Rc::clone(lines.entry(file).or_insert_with(|| Rc::new(Lines::new(text, self.encoding))))
    }

    pub fn range(&self, place: Place) -> Range {
        self.lines(place.file).range(place.span)
    }

    pub fn location(&self, place: Place) -> Option<Location> {
        Some(Location { uri: self.program.uri(place.file)?, range: self.range(place) })
    }

    pub fn edit(&self, place: Place, text: String) -> TextEdit {
        TextEdit { range: self.range(place), new_text: text }
    }
}
