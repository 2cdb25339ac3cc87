//! The texts of a program: its files and the library's, each with its tree.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use weir_grammar::ast::Statement;
use weir_grammar::{Parse, Span};

use crate::uses::Uses;

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
    uses: OnceLock<Uses>,
}

impl Source {
    /// A file of a program, read.
    pub fn of(name: impl Into<String>, path: impl Into<String>, text: impl Into<String>) -> Source {
        Source::parsed(name.into(), path.into(), text.into(), false)
    }

    /// Many files of a program, given as to [`Source::of`]: read on every core.
    pub fn all(files: Vec<(String, String, String)>) -> Vec<Arc<Source>> {
        /// Starting a thread costs about as much as parsing one of them.
        const A_THREAD: usize = 16;
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let threads = cores.min(files.len() / A_THREAD);
        let waiting = Mutex::new(files.into_iter().enumerate());
        let work = || {
            let mut parsed = Vec::new();
            loop {
                let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((at, (name, path, text))) = next else { return parsed };
                parsed.push((at, Source::parsed(name, path, text, false)));
            }
        };
        let mut parsed = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut parsed = work();
            for thread in others {
                parsed.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            parsed
        });
        parsed.sort_unstable_by_key(|(at, _)| *at);
        parsed.into_iter().map(|(_, source)| Arc::new(source)).collect()
    }

    /// A text that diagnostics point into and that is no Weir.
    pub fn settings(name: impl Into<String>, path: impl Into<String>, text: impl Into<String>) -> Source {
        let (name, path, text) = (name.into(), path.into(), text.into());
        Source { name, path, text, library: false, parse: Parse::default(), uses: OnceLock::new() }
    }

    fn parsed(name: String, path: String, text: String, library: bool) -> Source {
        let parse = weir_grammar::parse(&text);
        Source { name, path, text, library, parse, uses: OnceLock::new() }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Arc<Source>>,
}

/// The library: module and text. The first is part of every program, the others of those that use them.
const LIBRARY: &[(&str, &str)] = &[
    ("std.prelude", include_str!("../../stdlib/prelude.weir")),
    ("std.kubernetes", include_str!("../../stdlib/kubernetes.weir")),
    ("std.zero-trust", include_str!("../../stdlib/zero-trust.weir")),
    ("std.observability", include_str!("../../stdlib/observability.weir")),
    ("std.ingress", include_str!("../../stdlib/ingress.weir")),
];

impl Source {
    /// The names that it uses.
    pub fn uses(&self) -> &Uses {
        self.uses.get_or_init(|| Uses::of(&self.parse.file))
    }

    /// The modules that it uses.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        let statements = if self.uses().plain { &[] } else { self.parse.file.statements.as_slice() };
        statements.iter().filter_map(|statement| match statement {
            Statement::Use(tree) => Some(tree.module.text.as_str()),
            _ => None,
        })
    }

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
        self.keep(Source::settings(name, path, text))
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

    /// Adds many files in their order, given as to [`Sources::add`].
    pub fn add_all(&mut self, files: Vec<(String, String, String)>) {
        let first = self.files.len();
        self.files.extend(Source::all(files));
        (first..self.files.len()).for_each(|file| self.push_used(file));
    }

    /// Adds the modules of the library that a file uses.
    fn push_used(&mut self, file: usize) {
        let used: Vec<String> = used_modules(&self.files[file]).map(str::to_owned).collect();
        used.iter().for_each(|module| self.push_library(module));
    }

    fn push(&mut self, name: String, path: String, text: String, library: bool) -> FileId {
        let file = self.keep(Source::parsed(name, path, text, library));
        self.push_used(file.0 as usize);
        file
    }

    fn keep(&mut self, source: Source) -> FileId {
        self.files.push(Arc::new(source));
        FileId(self.files.len() as u32 - 1)
    }

    /// The files of a program, read already, and behind them what they use of the library: the prelude, then the others
    /// in the order in which they are used. What `known` has of it is not read again.
    pub fn of(files: Vec<Arc<Source>>, prelude: bool, known: &Sources) -> Sources {
        let mut sources = Sources { files };
        let mut waiting: VecDeque<String> = prelude.then(|| "std.prelude".to_owned()).into_iter().collect();
        waiting.extend(sources.files.iter().flat_map(|source| used_modules(source)).map(str::to_owned));
        while let Some(module) = waiting.pop_front() {
            let name = module.replace('.', "/") + ".weir";
            let same = |source: &&Arc<Source>| source.library && source.name == name;
            if sources.files.iter().any(|source| same(&source)) {
                continue;
            }
            match known.files.iter().find(same) {
                Some(source) => {
                    sources.files.push(Arc::clone(source));
                    waiting.extend(used_modules(source).map(str::to_owned));
                }
                None => sources.push_library(&module),
            }
        }
        sources
    }

    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// The same, where it may be of other sources.
    pub fn find(&self, id: FileId) -> Option<&Source> {
        self.files.get(id.0 as usize).map(|source| &**source)
    }

    /// The same, for whoever outlives the sources.
    pub fn shared(&self, id: FileId) -> Arc<Source> {
        Arc::clone(&self.files[id.0 as usize])
    }

    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.files.iter().enumerate().map(|(at, source)| (FileId(at as u32), &**source))
    }

    pub fn text(&self, place: Place) -> &str {
        &self.get(place.file).text[place.span.range()]
    }
}

/// The modules of the library that a file uses.
fn used_modules(source: &Source) -> impl Iterator<Item = &str> {
    source.modules().filter(|module| module.starts_with("std."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_are_as_if_they_came_one_by_one() {
        let text = |at: usize| "pods locked; nonsense;".repeat(at % 7) + &format!("# {at}");
        let file = |at: usize| (at.to_string(), format!("./{at}"), text(at));
        for count in [0, 1, 40, 500] {
            let (mut alone, mut together) = (Sources::with_prelude(), Sources::with_prelude());
            for (name, path, text) in (0..count).map(file) {
                alone.add(name, path, text);
            }
            together.add_all((0..count).map(file).collect());
            assert_eq!(format!("{together:?}"), format!("{alone:?}"));
        }
    }
}
