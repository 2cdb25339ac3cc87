//! What is wrong with one file, as far as its own words tell: said while it is being written. What sentences mean
//! together is judged of the whole program, in [`super::Whole`].

use std::sync::Arc;

use super::Workspace;
use crate::codes::Code;
use crate::diagnostic::{self, Diagnostic, merge::merge};
use crate::lint;
use crate::resolve::FilePart;
use crate::source::FileId;

impl Workspace {
    /// Of the words of one file, in each of the clusters that it is for. Sorted by place.
    pub fn file_diagnostics(&self, file: FileId) -> Vec<Diagnostic> {
        self.examine(file).diagnostics
    }

    /// The same, with the file as it was resolved in each of them.
    pub fn examine(&self, file: FileId) -> Examined {
        if let Some(settings) = self.settings.as_ref().filter(|_| file == FileId(0)) {
            return Examined { diagnostics: settings.diagnostics.clone(), parts: Vec::new() };
        }
        let mut parts = Vec::new();
        let mut of_site = |site: usize| {
            let world = &self.sites[site].world;
            let mut said = diagnostic::syntax::diagnostics(file, self.sources.get(file));
            if world.is_known {
                let setting = self.setting(site);
                let levels = lint::Levels::of(&self.sources, &setting);
                let part = FilePart::of(&self.sources, file, &setting, world.known());
                said.extend(part.diagnostics.iter().cloned());
                parts.resize(site, None);
                parts.push(Some(Arc::new(part)));
                said = diagnostic::join_origins(lint::allow_some(said, &self.sources, &setting, &levels));
                diagnostic::mute_beside_errors(&mut said);
                lint::deny(&mut said, &levels);
            }
            diagnostic::sort(&mut said);
            (world.cluster.name.clone(), said)
        };
        let diagnostics = merge((0..self.sites.len()).map(&mut of_site).collect());
        Examined { diagnostics, parts }
    }
}

/// One file, looked at by itself.
pub struct Examined {
    pub diagnostics: Vec<Diagnostic>,
    /// By cluster; without an inventory nothing is resolved.
    pub parts: Vec<Option<Arc<FilePart>>>,
}

/// How an editor may show what is told, beside its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// It does nothing, and may go.
    Unused,
    /// It has ended.
    Expired,
}

pub fn tag(code: Code) -> Option<Tag> {
    match code {
        Code::W0114 | Code::W0115 | Code::W0117 | Code::W0118 | Code::W0126 => Some(Tag::Unused),
        Code::W0121 => Some(Tag::Expired),
        _ => None,
    }
}
