//! What is wrong with one file, as far as its own words tell: said while it is being written. What sentences mean
//! together is judged of the whole program, in [`super::Whole`].

use super::Workspace;
use crate::codes::Code;
use crate::diagnostic::{self, Diagnostic, merge::merge};
use crate::lint;
use crate::resolve::FilePart;
use crate::source::FileId;

impl Workspace {
    /// Of the words of one file, in each of the clusters that it is for. Sorted by place.
    pub fn file_diagnostics(&self, file: FileId) -> Vec<Diagnostic> {
        if let Some(settings) = self.settings.as_ref().filter(|_| file == FileId(0)) {
            return settings.diagnostics.clone();
        }
        let of_site = |site: usize| {
            let world = &self.sites[site].world;
            let mut said = diagnostic::syntax::diagnostics(file, self.sources.get(file));
            if world.is_known {
                let setting = self.setting(site);
                let levels = lint::Levels::of(&self.sources, &setting);
                said.extend(FilePart::of(&self.sources, file, &setting, world.known()).diagnostics);
                said = diagnostic::join_origins(lint::allow_some(said, &self.sources, &setting, &levels));
                diagnostic::mute_beside_errors(&mut said);
                lint::deny(&mut said, &levels);
            }
            diagnostic::sort(&mut said);
            (world.cluster.name.clone(), said)
        };
        merge((0..self.sites.len()).map(of_site).collect())
    }
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
