//! What the server knows: the documents that the editor has open, the programs that they belong to, what was chosen. Shared
//! by those who answer and those who read and judge beside them.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tower_lsp::Client;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::Uri;
use weir::Target;
use weir::ide::{Desk, World};
use weir_files::SETTINGS;

use crate::convert::Texts;
use crate::keeper::Keeper;
pub use crate::keeper::Wake;
use crate::load::{self, Broken, Files, Job};
use crate::pages::{PageChanged, PageParams};
use crate::program::Program;
use crate::publish::Publication;
use crate::root::{self, Root};
use crate::settings::EditorSettings;
use crate::text::Encoding;

pub struct Hub {
    pub client: Client,
    pub runtime: Handle,
    state: Mutex<State>,
}

#[derive(Default)]
pub struct State {
    pub encoding: Encoding,
    pub can: Abilities,
    pub settings: EditorSettings,
    /// The first folder of the editor's: paths in its settings are relative to it.
    pub folders: Vec<PathBuf>,
    pub documents: BTreeMap<Uri, Document>,
    pub programs: BTreeMap<Root, Program>,
    keepers: BTreeMap<Root, Keeper>,
    /// What the user chose for this session.
    pub cluster: Option<String>,
    pub target: Option<Target>,
    /// Pages that were asked for and may change: the latest of them.
    pages: VecDeque<Uri>,
    /// Semantic tokens as they were sent last, for the next difference.
    pub tokens: BTreeMap<Uri, (u64, Vec<tower_lsp::ls_types::SemanticToken>)>,
}

/// What the client can do beyond the minimum.
#[derive(Clone, Copy, Debug, Default)]
pub struct Abilities {
    pub pulls_diagnostics: bool,
    pub refreshes_diagnostics: bool,
    pub refreshes_hints: bool,
    pub refreshes_lenses: bool,
    pub refreshes_tokens: bool,
    pub shows_progress: bool,
    pub shows_documents: bool,
    pub watches_files: bool,
    pub has_configuration: bool,
    pub snippets: bool,
    /// Links of definitions, with the word that they come from.
    pub links: bool,
}

/// A text that the editor has open.
pub struct Document {
    pub root: Root,
    pub version: i32,
    pub text: String,
}

impl Hub {
    pub fn new(client: Client, runtime: Handle) -> Arc<Hub> {
        Arc::new(Hub { client, runtime, state: Mutex::default() })
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks something of an open document, or of a file of a program that is open. A fault of ours is an error of this answer
    /// alone.
    pub fn ask<T>(&self, uri: &Uri, question: impl FnOnce(&Desk<'_>, &Texts<'_>) -> T) -> Result<Option<T>> {
        let state = self.state();
        let Some((program, file)) = state.find(uri) else { return Ok(None) };
        let desk = program.desk(file, state.site(program));
        let texts = Texts::of(program, state.encoding);
        let answer = guarded(|| question(&desk, &texts))?;
        program.keep(&desk);
        Ok(Some(answer))
    }

    /// Sends what is to be published.
    pub async fn publish(&self, publications: Vec<Publication>) {
        for Publication { uri, shown, version } in publications {
            self.client.publish_diagnostics(uri, shown, version).await;
        }
    }

    /// Opens the program of a root, if it is not open yet, and has it read.
    pub fn open(self: &Arc<Hub>, root: &Root) {
        let mut state = self.state();
        if !state.keepers.contains_key(root) {
            let keeper = Keeper::start(root.clone(), Arc::downgrade(self));
            state.keepers.insert(root.clone(), keeper);
        }
    }
}

impl Hub {
    /// Opens the projects in folders of the editor's: whatever is wrong in them is told, open or not.
    pub fn look_for_projects(self: &Arc<Hub>, folders: Vec<PathBuf>) {
        let hub = Arc::clone(self);
        self.runtime.spawn_blocking(move || {
            for folder in folders {
                let wanted = |name: &str| name == SETTINGS;
                let entered = |folder: &Path| {
                    let name = folder.file_name().unwrap_or_default();
                    !["node_modules", "target", "vendor"].iter().any(|other| name == *other)
                };
                let found = weir_files::below(&folder, &wanted, &entered).unwrap_or_default();
                for settings in found {
                    if let Some(folder) = settings.parent() {
                        hub.open(&Root::Project(folder.to_path_buf()));
                    }
                }
            }
            hub.settle();
        });
    }

    /// Documents may belong to another program than before: a `weir.toml` came or went.
    fn settle(self: &Arc<Hub>) {
        let (moved, gone) = {
            let mut state = self.state();
            let mut moved = Vec::new();
            let mut left = Vec::new();
            for (uri, document) in &mut state.documents {
                if let Some(root) = Root::of_uri(uri).filter(|root| *root != document.root) {
                    left.push(std::mem::replace(&mut document.root, root.clone()));
                    moved.push(root);
                }
            }
            let empty: Vec<Root> = state
                .keepers
                .keys()
                .filter(|root| match root {
                    Root::Project(folder) => !folder.join(SETTINGS).is_file(),
                    other => left.contains(other),
                })
                .cloned()
                .collect();
            let gone: Vec<Publication> = empty.iter().flat_map(|root| state.close(root)).collect();
            moved.iter().for_each(|root| state.wake(root, Wake::Files));
            (moved, gone)
        };
        moved.iter().for_each(|root| self.open(root));
        let hub = Arc::clone(self);
        self.runtime.spawn(async move { hub.publish(gone).await });
    }

    /// What the client shows of programs is out of date: it may ask again.
    pub fn refresh(self: &Arc<Hub>) {
        let hub = Arc::clone(self);
        self.runtime.spawn(async move {
            let (can, pages) = {
                let state = hub.state();
                (state.can, state.pages.clone())
            };
            for uri in pages {
                hub.client.send_notification::<PageChanged>(PageParams { uri }).await;
            }
            // Whether the client does so is its own affair.
            if can.refreshes_lenses {
                let _ = hub.client.code_lens_refresh().await;
            }
            if can.refreshes_hints {
                let _ = hub.client.inlay_hint_refresh().await;
            }
            if can.refreshes_tokens {
                let _ = hub.client.semantic_tokens_refresh().await;
            }
            if can.pulls_diagnostics && can.refreshes_diagnostics {
                let _ = hub.client.workspace_diagnostic_refresh().await;
            }
        });
    }
}

/// Runs what must not end the server.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
        let mut error = Error::internal_error();
        error.message = format!("a fault of Weir's: {words}").into();
        error
    })
}

impl State {
    pub fn find(&self, uri: &Uri) -> Option<(&Program, weir::source::FileId)> {
        let root = match self.documents.get(uri) {
            Some(document) => document.root.clone(),
            None => Root::of_uri(uri)?,
        };
        let program = self.programs.get(&root)?;
        Some((program, program.file(uri)?))
    }

    /// Which cluster of a program is chosen.
    pub fn site(&self, program: &Program) -> usize {
        let wanted = self.cluster.as_ref().or(self.settings.cluster.as_ref());
        let named =
            |name: &String| program.workspace.sites.iter().position(|site| site.world.cluster.name == *name);
        wanted.and_then(named).unwrap_or(0)
    }

    /// Manifests that the settings name for files of no project.
    pub fn inventory(&self) -> Vec<PathBuf> {
        let folder = self.folders.first().cloned().unwrap_or_default();
        self.settings.inventory.iter().map(|path| folder.join(path)).collect()
    }

    /// The texts that the editor has open.
    pub fn open_texts(&self) -> load::Open {
        let texts = self.documents.iter();
        texts.filter_map(|(uri, document)| Some((root::path(uri)?, document.text.clone()))).collect()
    }

    /// Whether a program's inventories have a file.
    pub fn reads(&self, root: &Root, path: &Path) -> bool {
        let Some(program) = self.programs.get(root) else { return false };
        let jobs = load::jobs(&program.workspace, root, &self.inventory(), self.settings.target());
        jobs.iter().flat_map(|job| &job.inventory).any(|own| {
            path.starts_with(own) || std::fs::canonicalize(own).is_ok_and(|own| path.starts_with(own))
        })
    }

    /// Whoever keeps a program looks again.
    pub fn wake(&self, root: &Root, what: Wake) {
        if let Some(keeper) = self.keepers.get(root) {
            keeper.wake(what);
        }
    }

    pub fn wake_all(&self, what: Wake) {
        self.keepers.values().for_each(|keeper| keeper.wake(what));
    }

    pub fn roots(&self) -> impl Iterator<Item = &Root> {
        self.keepers.keys()
    }

    /// Ends the keeping of a program. What is published of it is taken back.
    pub fn close(&mut self, root: &Root) -> Vec<Publication> {
        self.keepers.remove(root);
        let Some(mut program) = self.programs.remove(root) else { return Vec::new() };
        let gone = program.forgotten(&|_| false);
        gone.into_iter().map(|uri| Publication { uri, shown: Vec::new(), version: None }).collect()
    }

    /// Takes the files of a program that were read. The worlds of its clusters come later, but for those that are known.
    pub fn install(&mut self, root: &Root, files: Files) {
        let Files { settings, sources, uris } = files;
        let mut workspace = weir::ide::Workspace::new(settings, sources, Vec::new(), load::today());
        let jobs = load::jobs(&workspace, root, &self.inventory(), self.settings.target());
        let old = self.programs.get(root).map(|program| program.workspace.sites.clone()).unwrap_or_default();
        workspace.sites = jobs
            .iter()
            .map(|job| match old.iter().find(|site| site.world.cluster == job.cluster) {
                Some(site) => load::site(job, Arc::clone(&site.world)),
                None => load::site(job, Arc::new(World::unknown(job.cluster.clone()))),
            })
            .collect();
        let mut program = Program::new(workspace, uris);
        for (uri, document) in self.documents.iter().filter(|(_, document)| document.root == *root) {
            if let Some(file) = program.file(uri) {
                program.edit(file, document.text.clone());
            }
        }
        match self.programs.get_mut(root) {
            Some(known) => known.succeed(program),
            None => drop(self.programs.insert(root.clone(), program)),
        }
    }

    /// Takes the clusters of a program that were read; of one that could not be, the last that could stays.
    pub fn install_worlds(
        &mut self,
        root: &Root,
        jobs: &[Job],
        read: Vec<std::result::Result<World, Vec<Broken>>>,
    ) {
        let Some(program) = self.programs.get_mut(root) else { return };
        program.is_loading = false;
        program.broken.clear();
        let sites = &mut program.workspace.sites;
        for (at, (job, read)) in jobs.iter().zip(read).enumerate() {
            let world = match read {
                Ok(world) => Arc::new(world),
                Err(broken) => {
                    program.broken.extend(broken);
                    match sites.get(at).filter(|site| site.world.cluster == job.cluster) {
                        Some(site) => Arc::clone(&site.world),
                        None => Arc::new(World::unknown(job.cluster.clone())),
                    }
                }
            };
            let site = load::site(job, world);
            match sites.get_mut(at) {
                Some(old) => *old = site,
                None => sites.push(site),
            }
        }
        sites.truncate(jobs.len());
        program.forget_verdicts();
    }

    /// The documents of a program that are open.
    pub fn open_in(&self, root: &Root) -> Vec<Uri> {
        let open = self.documents.iter().filter(|(_, document)| document.root == *root);
        open.map(|(uri, _)| uri.clone()).collect()
    }

    /// The manifests of a program that could not be read.
    pub fn broken_in(&self, root: &Root) -> Vec<Uri> {
        let files = self.programs.get(root).map(Program::broken_files).unwrap_or_default();
        files.iter().filter_map(Uri::from_file_path).collect()
    }

    /// A page is shown: it is told of when it changes.
    pub fn pages_shown(&mut self, uri: &Uri) {
        const MOST: usize = 16;
        let changes = ["/yaml/", "/reach/"].iter().any(|kind| uri.path().as_str().starts_with(kind));
        if changes && !self.pages.contains(uri) {
            self.pages.push_back(uri.clone());
            if self.pages.len() > MOST {
                self.pages.pop_front();
            }
        }
    }

    /// Keeps the tokens of a document as they are sent, and names them.
    pub fn keep_tokens(&mut self, uri: &Uri, tokens: &[tower_lsp::ls_types::SemanticToken]) -> String {
        let number = self.tokens.get(uri).map_or(0, |(number, _)| *number) + 1;
        self.tokens.insert(uri.clone(), (number, tokens.to_vec()));
        number.to_string()
    }

    /// The tokens that were sent under a name, if they are the last.
    pub fn kept_tokens(&self, uri: &Uri, name: &str) -> Option<Vec<tower_lsp::ls_types::SemanticToken>> {
        let (number, tokens) = self.tokens.get(uri)?;
        (number.to_string() == name).then(|| tokens.clone())
    }
}
