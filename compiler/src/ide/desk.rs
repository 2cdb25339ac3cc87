//! One file of a program, open in an editor, against one of its clusters: what every feature is asked of.

use std::cell::OnceCell;

use weir_grammar::Span;
use weir_grammar::ast::Statement;

use super::scope::Scope;
use super::{Peers, Site, Whole, Workspace};
use crate::Setting;
use crate::facts::Facts;
use crate::resolve::FilePart;
use crate::resolve::readings::Readings;
use crate::source::{FileId, Place, Source};

pub struct Desk<'a> {
    pub workspace: &'a Workspace,
    /// Which of its clusters names are looked up in.
    pub site: usize,
    pub file: FileId,
    /// The latest verdict on the whole program; of texts that may be older by an edit.
    pub whole: Option<&'a Whole>,
    part: OnceCell<FilePart>,
    scope: OnceCell<Scope<'a>>,
}

impl<'a> Desk<'a> {
    pub fn new(workspace: &'a Workspace, site: usize, file: FileId, whole: Option<&'a Whole>) -> Desk<'a> {
        Desk { workspace, site, file, whole, part: OnceCell::new(), scope: OnceCell::new() }
    }

    /// Another file of the same program.
    pub fn beside(&self, file: FileId) -> Desk<'a> {
        Desk::new(self.workspace, self.site, file, self.whole)
    }

    /// Several files of the same program, resolved together: that is faster than one by one.
    pub fn beside_each(&self, files: &[FileId]) -> Vec<Desk<'a>> {
        let (workspace, known) = (self.workspace, self.site().world.known());
        let parts = FilePart::of_each(&workspace.sources, files, &self.setting(), known);
        let desk = |(file, part): (&FileId, FilePart)| {
            let desk = self.beside(*file);
            let _ = desk.part.set(part);
            desk
        };
        files.iter().zip(parts).map(desk).collect()
    }

    pub fn source(&self) -> &'a Source {
        self.workspace.sources.get(self.file)
    }

    pub fn text(&self) -> &'a str {
        &self.source().text
    }

    pub fn statements(&self) -> &'a [Statement] {
        &self.source().parse.file.statements
    }

    /// Whether it is the project's `weir.toml`, which has no sentences.
    pub fn is_settings(&self) -> bool {
        self.workspace.settings.is_some() && self.file == FileId(0)
    }

    /// Whether it is a program that may be changed: no `weir.toml`, and not of the library.
    pub fn is_program(&self) -> bool {
        !(self.is_settings() || self.source().library)
    }

    pub fn place(&self, span: Span) -> Place {
        Place { file: self.file, span }
    }

    /// The names that it sees, whatever the cluster.
    pub fn scope(&self) -> &Scope<'a> {
        self.scope.get_or_init(|| Scope::of(self.workspace, self.file))
    }

    pub fn site(&self) -> &'a Site {
        &self.workspace.sites[self.site]
    }

    /// Whether there is an inventory to look things up in.
    pub fn is_known(&self) -> bool {
        self.site().world.is_known
    }

    pub fn facts(&self) -> &'a Facts<'a> {
        self.site().world.facts()
    }

    pub fn setting(&self) -> Setting<'a> {
        self.workspace.setting(self.site)
    }

    /// The file, resolved as its text is now.
    pub(crate) fn part(&self) -> &FilePart {
        self.part.get_or_init(|| {
            let (workspace, world) = (self.workspace, &self.site().world);
            FilePart::of(&workspace.sources, self.file, &workspace.setting(self.site), world.known())
        })
    }

    /// What its words are read as.
    pub fn readings(&self) -> &Readings {
        &self.part().readings
    }

    /// Who reaches whom in this cluster, once that is known.
    pub fn peers(&self) -> Option<&'a Peers> {
        self.whole?.peers.get(self.site).map(|peers| &**peers)
    }
}
