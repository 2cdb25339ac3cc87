//! The texts of a program: its files and the library's, each with its tree.

use weir_grammar::{Parse, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A stretch of text in one file of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub file: FileId,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Source {
    /// As objects name it: relative to the project, with `/`.
    pub name: String,
    /// As messages name it: where it was read.
    pub path: String,
    pub text: String,
    /// Part of Weir's own library: its grants are exempt from some checks.
    pub library: bool,
    pub parse: Parse,
}

#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

/// The grants that are part of every program.
const PRELUDE: (&str, &str) = ("std/prelude.weir", include_str!("../../stdlib/prelude.weir"));

impl Sources {
    pub fn new() -> Sources {
        Sources::default()
    }

    /// Sources that begin with the prelude.
    pub fn with_prelude() -> Sources {
        let mut sources = Sources::new();
        sources.push(PRELUDE.0.to_owned(), format!("<{}>", PRELUDE.0), PRELUDE.1.to_owned(), true);
        sources
    }

    /// Adds a file of the program: its name within the project, where it was read, and what it says.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        path: impl Into<String>,
        text: impl Into<String>,
    ) -> FileId {
        self.push(name.into(), path.into(), text.into(), false)
    }

    fn push(&mut self, name: String, path: String, text: String, library: bool) -> FileId {
        let parse = weir_grammar::parse(&text);
        self.files.push(Source { name, path, text, library, parse });
        FileId(self.files.len() as u32 - 1)
    }

    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.files.iter().enumerate().map(|(at, source)| (FileId(at as u32), source))
    }

    pub fn text(&self, place: Place) -> &str {
        &self.get(place.file).text[place.span.range()]
    }
}
