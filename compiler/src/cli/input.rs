//! What a command works on: a program, and the clusters that it is held against. Of a project both are what its
//! `weir.toml` says, and what the command line says in its place.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use weir::diagnostic::{Code, Diagnostic, InputPlace};
use weir::source::Place;
use weir::target::Options;
use weir::{Cluster, Day, Inventory, Project, Sources, Target};
use weir_cluster::manifest::Reader;

use super::args::InputArguments;
use super::files::{self, is_stdin, unreadable, usage};
use super::project;

pub struct Input {
    /// Parsed when they are first asked for: one core has time for it while an inventory is folded.
    sources: OnceLock<Sources>,
    unparsed: Mutex<Unparsed>,
    /// `None` for files without a `weir.toml`.
    pub project: Option<Project>,
    /// At least one.
    pub jobs: Vec<Job>,
    pub today: Day,
    /// The namespace of manifests that name none.
    namespace: String,
}

/// Texts of a program, as [`Sources::add_all`] takes them, and what stands before them.
#[derive(Default)]
struct Unparsed {
    sources: Sources,
    texts: Vec<Text>,
}

/// A file's name in the project, where it was read, and what it says.
pub type Text = (String, String, String);

/// One cluster, and what is written for it.
pub struct Job {
    /// Without a name where the command line alone tells of it.
    pub cluster: Cluster,
    pub target: Target,
    pub options: Options,
    pub inventory: Vec<InventoryPath>,
}

pub struct InventoryPath {
    pub path: PathBuf,
    /// Where `weir.toml` names it.
    pub place: Option<Place>,
}

/// Why a command cannot run. The sources are those that the diagnostics point into.
pub struct Failure {
    pub sources: Sources,
    pub diagnostics: Vec<Diagnostic>,
}

impl From<Box<Diagnostic>> for Failure {
    fn from(diagnostic: Box<Diagnostic>) -> Failure {
        Failure::from(*diagnostic)
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Failure {
        Failure { sources: Sources::new(), diagnostics: vec![diagnostic] }
    }
}

/// Reads the program, and the project where there is one; inventories are read when their turn comes.
pub fn read(arguments: &InputArguments) -> Result<Input, Failure> {
    let stdin = [&arguments.paths, &arguments.inventory].into_iter().flatten().filter(|path| is_stdin(path));
    if stdin.count() > 1 {
        return Err(usage("standard input can be read once: as the program, or as the inventory").into());
    }
    match project::find(&arguments.paths)? {
        Some(file) => project::read(arguments, &file),
        None => read_files(arguments),
    }
}

/// The clusters alone, for whoever asks no program. A project is not looked for where the command line names the
/// inventory and no cluster.
pub fn read_clusters(arguments: &InputArguments) -> Result<Input, Failure> {
    if arguments.paths.is_empty() && !arguments.inventory.is_empty() && arguments.cluster.is_empty() {
        return Ok(Input::new(arguments, Sources::new(), None, vec![job(arguments)]));
    }
    match project::find(&arguments.paths) {
        Ok(Some(file)) => project::read_clusters(arguments, &file),
        Ok(None) => {
            let said = usage("a program and `--policies` are two questions");
            Err(said.with_help("ask one of them; `weir verify` holds one against the other").into())
        }
        Err(_) if arguments.paths.is_empty() => Err(missing_inventory().into()),
        Err(failure) => Err(failure),
    }
}

fn missing_inventory() -> Diagnostic {
    let help = "`-i PATH` names the cluster's manifests; a project, which is a folder with a `weir.toml`, has its own";
    usage("the inventory is missing").with_help(help)
}

/// The cluster that the command line alone tells of.
fn job(arguments: &InputArguments) -> Job {
    let target = arguments.target.map_or(Target::NetworkPolicy, |target| target.0);
    let calico = arguments.calico_kind.map(|kind| kind.0).unwrap_or_default();
    let options = Options { calico, ..Options::default() };
    Job { cluster: Cluster::default(), target, options, inventory: given(&arguments.inventory) }
}

/// A program of files alone.
fn read_files(arguments: &InputArguments) -> Result<Input, Failure> {
    if !arguments.cluster.is_empty() {
        let said = usage("there are no clusters to choose from: these files are no project");
        return Err(said.with_help("a project is a folder with a `weir.toml`; leave `-c` out").into());
    }
    if arguments.inventory.is_empty() {
        return Err(missing_inventory().into());
    }
    let mut input = Input::new(arguments, Sources::with_prelude(), None, vec![job(arguments)]);
    let errors = input.add(read_texts(&arguments.paths));
    input.or_failure(errors)
}

/// The inventory of the command line.
pub fn given(paths: &[PathBuf]) -> Vec<InventoryPath> {
    paths.iter().map(|path| InventoryPath { path: path.clone(), place: None }).collect()
}

impl Input {
    pub fn new(
        arguments: &InputArguments,
        sources: Sources,
        project: Option<Project>,
        jobs: Vec<Job>,
    ) -> Input {
        let today = arguments.today.unwrap_or_else(today);
        let unparsed = Mutex::new(Unparsed { sources, texts: Vec::new() });
        let namespace = arguments.namespace.clone();
        Input { sources: OnceLock::new(), unparsed, project, jobs, today, namespace }
    }

    /// Adds the texts of the program. What is left are the errors.
    pub fn add(&mut self, (texts, errors): (Vec<Text>, Vec<Diagnostic>)) -> Vec<Diagnostic> {
        self.unparsed.get_mut().unwrap_or_else(PoisonError::into_inner).texts.extend(texts);
        errors
    }

    pub fn sources(&self) -> &Sources {
        self.sources.get_or_init(|| {
            let unparsed = &mut *self.unparsed.lock().unwrap_or_else(PoisonError::into_inner);
            let Unparsed { mut sources, texts } = std::mem::take(unparsed);
            sources.add_all(texts);
            sources
        })
    }

    pub fn or_failure(self, errors: Vec<Diagnostic>) -> Result<Input, Failure> {
        if errors.is_empty() {
            return Ok(self);
        }
        self.sources();
        Err(Failure { sources: self.sources.into_inner().unwrap_or_default(), diagnostics: errors })
    }

    /// The inventory of one cluster, read as a whole or not at all.
    pub fn inventory(&self, job: &Job) -> Result<Inventory, Vec<Diagnostic>> {
        let mut reader = Reader::new(&self.namespace);
        let mut errors = Vec::new();
        let mut found: BTreeSet<PathBuf> = BTreeSet::new();
        for InventoryPath { path, place } in &job.inventory {
            let said = match files::below(path, &files::is_manifest, &|_| true) {
                _ if is_stdin(path) => {
                    found.insert(path.clone());
                    continue;
                }
                Ok(files) if files.is_empty() => {
                    usage(format!("there is no manifest in `{}`", path.display()))
                }
                Ok(files) => {
                    found.extend(files);
                    continue;
                }
                Err((path, error)) => unreadable(&path, &error),
            };
            errors.push(place.iter().fold(said, |said, place| said.at(*place, "the inventory")));
        }
        for path in found {
            if files::is_plain(&path) {
                // A large one is never held as a whole.
                match reader.read_from(&path.display().to_string(), || std::fs::File::open(&path)) {
                    Ok(Ok(())) => {}
                    Ok(Err(found)) => errors.extend(found.into_iter().map(malformed)),
                    Err(error) => errors.push(unreadable(&path, &error)),
                }
                continue;
            }
            let (bytes, shown) = match is_stdin(&path) {
                true => (files::read_stdin(), "<stdin>".to_owned()),
                false => (files::read_unpacked(&path), path.display().to_string()),
            };
            match bytes {
                Ok(bytes) => {
                    if let Err(found) = reader.read(&shown, &bytes) {
                        errors.extend(found.into_iter().map(malformed));
                    }
                }
                Err(error) => errors.push(unreadable(&path, &error)),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let inventory = thread::scope(|scope| {
            // Where no thread is to be had, the program is parsed when it is asked for.
            let _ = thread::Builder::new().spawn_scoped(scope, || {
                self.sources();
            });
            reader.finish()
        });
        inventory.map_err(|found| found.into_iter().map(malformed).collect())
    }
}

/// The system's day, in UTC.
fn today() -> Day {
    let date = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    Day { year: date.year(), month: date.month() as u8, day: date.day() as u8 }
}

fn read_texts(paths: &[PathBuf]) -> (Vec<Text>, Vec<Diagnostic>) {
    let mut errors = Vec::new();
    let mut found = BTreeSet::new();
    for path in paths {
        if is_stdin(path) {
            found.insert(path.clone());
            continue;
        }
        match files::below(path, &files::is_program, &files::is_same_project) {
            Ok(files) if files.is_empty() => {
                errors.push(usage(format!("there is no `.weir` file in `{}`", path.display())));
            }
            Ok(files) => found.extend(files),
            Err((path, error)) => errors.push(unreadable(&path, &error)),
        }
    }
    let root = common_folder(paths);
    let mut texts = Vec::new();
    for path in found {
        match files::read_text(&path) {
            Ok(text) => {
                let (name, shown) = match is_stdin(&path) {
                    true => ("<stdin>".to_owned(), "<stdin>".to_owned()),
                    false => (files::name_in(&root, &path), path.display().to_string()),
                };
                texts.push((name, shown, text));
            }
            Err(said) => errors.push(*said),
        }
    }
    (texts, errors)
}

/// The folder that holds every path given: names of files are relative to it, wherever the command is run.
fn common_folder(paths: &[PathBuf]) -> PathBuf {
    let folder = |path: &PathBuf| {
        let path = std::fs::canonicalize(path).ok()?;
        if path.is_dir() { Some(path) } else { path.parent().map(Path::to_path_buf) }
    };
    let mut folders = paths.iter().filter(|path| !is_stdin(path)).filter_map(folder);
    let first = folders.next().unwrap_or_default();
    folders.fold(first, |common, folder| {
        common.components().zip(folder.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
    })
}

fn malformed(error: weir_cluster::manifest::ManifestError) -> Diagnostic {
    let mut said = Diagnostic::error(Code::E0801, error.message);
    said.input = Some(InputPlace {
        file: error.file.to_string(),
        document: error.document,
        line: error.line,
        column: error.column,
    });
    said.help.extend(error.help);
    said
}
