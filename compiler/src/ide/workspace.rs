//! A program as it stands in an editor: its texts, its settings, and the clusters that it is for. Cloning it costs little;
//! a clone is how it stood then.

use std::sync::Arc;

use weir_grammar::ast::Day;

use super::World;
use crate::project::Project;
use crate::source::{FileId, Source, Sources};
use crate::target::{Options, Target};
use crate::{Diagnostic, Setting};

/// What a `weir.toml` says, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub project: Project,
    /// They point into the first file of the sources.
    pub diagnostics: Vec<Diagnostic>,
}

/// One cluster that a program is for, and what is written for it.
#[derive(Clone)]
pub struct Site {
    pub world: Arc<World>,
    pub target: Target,
    pub options: Options,
}

#[derive(Clone)]
pub struct Workspace {
    /// The `weir.toml` first, where there is one, then the program's own files, then what they use of the library.
    pub sources: Sources,
    own: Vec<Arc<Source>>,
    /// `None` for files without a `weir.toml`.
    pub settings: Option<Arc<Settings>>,
    /// At least one.
    pub sites: Vec<Site>,
    pub today: Day,
}

impl Workspace {
    /// A program of these files, in their order. `settings` is the text of its `weir.toml`, with its name and path.
    pub fn new(settings: Option<Source>, files: Vec<Arc<Source>>, sites: Vec<Site>, today: Day) -> Workspace {
        let mut own = Vec::new();
        let settings = settings.map(|source| {
            let parsed = crate::project::parse(FileId(0), &source.text);
            own.push(Arc::new(source));
            Arc::new(Settings { project: parsed.project, diagnostics: parsed.diagnostics })
        });
        let prelude = settings.as_ref().is_none_or(|settings| settings.project.prelude);
        own.extend(files);
        let sources = Sources::of(own.clone(), prelude, &Sources::new());
        Workspace { sources, own, settings, sites, today }
    }

    /// The file with this name within the program.
    pub fn file(&self, name: &str) -> Option<FileId> {
        let mut own = self.sources.iter().filter(|(_, source)| !source.library);
        own.find(|(_, source)| source.name == name).map(|(file, _)| file)
    }

    /// The file that a module is.
    pub fn module(&self, name: &str) -> Option<FileId> {
        let named = |library: bool| {
            let mut files = self.sources.iter().filter(move |(_, source)| source.library == library);
            files.find(|(_, source)| is_module(&source.name, name)).map(|(file, _)| file)
        };
        named(true).or_else(|| named(false))
    }

    /// Puts another text in the place of a file's: one of the program's own.
    pub fn edit(&mut self, file: FileId, text: String) {
        let Some(old) = self.own.get_mut(file.0 as usize) else { return };
        if file.0 == 0 && self.settings.is_some() {
            return; // other settings are another workspace
        }
        *old = Arc::new(Source::of(old.name.clone(), old.path.clone(), text));
        let prelude = self.project().is_none_or(|project| project.prelude);
        self.sources = Sources::of(self.own.clone(), prelude, &self.sources);
    }

    pub fn project(&self) -> Option<&Project> {
        self.settings.as_deref().map(|settings| &settings.project)
    }

    /// What the program is held against in one of its clusters.
    pub fn setting(&self, site: usize) -> Setting<'_> {
        let Site { world, target, options } = &self.sites[site];
        let project = self.project().filter(|project| !project.clusters.is_empty());
        Setting {
            facts: world.facts(),
            target: *target,
            options: *options,
            today: self.today,
            project: project.map(|project| (project, &world.cluster)),
        }
    }

    /// Whether any of its clusters has an inventory.
    pub fn is_known(&self) -> bool {
        self.sites.iter().any(|site| site.world.is_known)
    }
}

/// Whether the file of this name is that module.
fn is_module(file: &str, module: &str) -> bool {
    let path = file.strip_suffix(".weir").filter(|path| path.len() == module.len());
    let same = |(own, other): (u8, u8)| if own == b'/' { other == b'.' } else { own == other };
    path.is_some_and(|path| path.bytes().zip(module.bytes()).all(same))
}
