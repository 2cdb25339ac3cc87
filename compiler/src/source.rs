//! The texts of a program: its files and the library's, each with its tree.

use weir_grammar::ast::Statement;
use weir_grammar::{Parse, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A stretch of text in one file of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub file: FileId,
    pub span: Span,
}

impl Place {
    pub fn holds(self, other: Place) -> bool {
        self.file == other.file && self.span.start <= other.span.start && other.span.end <= self.span.end
    }
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

/// The library: module and text. The first is part of every program, the others of those that use them.
const LIBRARY: &[(&str, &str)] = &[("std.prelude", include_str!("../../stdlib/prelude.weir"))];

impl Source {
    /// The module that a file is: its path with dots. `None` for what cannot be used by name.
    pub fn module(&self) -> Option<String> {
        Some(self.name.strip_suffix(".weir")?.replace('/', "."))
    }
}

impl Sources {
    pub fn new() -> Sources {
        Sources::default()
    }

    /// Sources that begin with the prelude.
    pub fn with_prelude() -> Sources {
        let mut sources = Sources::new();
        sources.add_prelude();
        sources
    }

    pub fn add_prelude(&mut self) {
        self.push_library("std.prelude");
    }

    /// Adds a text that diagnostics point into and that is no Weir, such as `weir.toml`: it says no sentence.
    pub fn add_settings(
        &mut self,
        name: impl Into<String>,
        path: impl Into<String>,
        text: impl Into<String>,
    ) -> FileId {
        let (name, path, text) = (name.into(), path.into(), text.into());
        self.keep(Source { name, path, text, library: false, parse: Parse::default() })
    }

    /// The modules of the library.
    pub fn library_modules() -> impl Iterator<Item = &'static str> {
        LIBRARY.iter().map(|(module, _)| *module)
    }

    /// The text of a module of the library.
    pub fn library_text(module: &str) -> Option<&'static str> {
        LIBRARY.iter().find(|(name, _)| *name == module).map(|(_, text)| *text)
    }

    /// A module as messages name it.
    pub fn spoken_module(&self, file: FileId) -> String {
        let source = self.get(file);
        source.module().unwrap_or_else(|| source.path.clone())
    }

    fn push_library(&mut self, module: &str) {
        let name = module.replace('.', "/") + ".weir";
        let Some(text) = Sources::library_text(module) else { return };
        if self.files.iter().all(|file| !file.library || file.name != name) {
            let path = format!("<{name}>");
            self.push(name, path, text.to_owned(), true);
        }
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
        let used: Vec<String> = (parse.file.statements.iter())
            .filter_map(|statement| match statement {
                Statement::Use(tree) if tree.module.text.starts_with("std.") => {
                    Some(tree.module.text.clone())
                }
                _ => None,
            })
            .collect();
        let file = self.keep(Source { name, path, text, library, parse });
        used.iter().for_each(|module| self.push_library(module));
        file
    }

    fn keep(&mut self, source: Source) -> FileId {
        self.files.push(source);
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
