//! One file of a program, open in an editor, against one of its clusters: what every feature is asked of.

use std::cell::OnceCell;
use std::sync::Arc;

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
    part: OnceCell<Arc<FilePart>>,
    scope: OnceCell<Scope<'a>>,
}

impl<'a> Desk<'a> {
    pub fn new(workspace: &'a Workspace, site: usize, file: FileId, whole: Option<&'a Whole>) -> Desk<'a> {
        Desk { workspace, site, file, whole, part: OnceCell::new(), scope: OnceCell::new() }
    }

    /// The same with the file resolved, as it was by [`Desk::resolved`] or [`Workspace::examine`] when it had this text and
    /// stood among these.
    pub fn with(self, part: Option<Arc<FilePart>>) -> Desk<'a> {
        if let Some(part) = part {
            let _ = self.part.set(part); // a new one has none
        }
        self
    }

    /// The file resolved, if anything asked for that.
    pub fn resolved(&self) -> Option<&Arc<FilePart>> {
        self.part.get()
    }

    /// Another file of the same program.
    pub fn beside(&self, file: FileId) -> Desk<'a> {
        Desk::new(self.workspace, self.site, file, self.whole)
    }

    /// Several files of the same program, resolved together: that is faster than one by one.
    pub fn beside_each(&self, files: &[FileId]) -> Vec<Desk<'a>> {
        let (workspace, known) = (self.workspace, self.site().world.known());
        let parts = FilePart::of_each(&workspace.sources, files, &self.setting(), known);
        let desk = |(file, part): (&FileId, FilePart)| self.beside(*file).with(Some(Arc::new(part)));
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
            let setting = workspace.setting(self.site);
            Arc::new(FilePart::of(&workspace.sources, self.file, &setting, world.known()))
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
