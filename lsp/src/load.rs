//! Reads what a program is made of: its files, its `weir.toml`, the inventories of its clusters.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use tower_lsp::ls_types::Uri;
use weir::diagnostic::Code;
use weir::ide::{Site, Workspace, World};
use weir::source::Source;
use weir::target::Options;
use weir::{Cluster, Day, Diagnostic, Target};
use weir_cluster::manifest::{ManifestError, Reader};
use weir_files::{
    SETTINGS, below, is_manifest, is_plain, is_program, is_same_project, name_of, read_unpacked,
};

use crate::root::Root;

/// The files of a program. Texts that the editor has open stand in for those on disk.
pub struct Files {
    pub settings: Option<Source>,
    pub sources: Vec<Arc<Source>>,
    /// Of the settings, then of each source.
    pub uris: Vec<Uri>,
}

/// Texts of the editor, by path.
pub type Open = BTreeMap<PathBuf, String>;

/// Reads the files of a program. What cannot be read is left out: the editor shows that better.
pub fn files(root: &Root, open: &Open) -> Files {
    let text = |path: &Path| open.get(path).cloned().or_else(|| fs::read_to_string(path).ok());
    match root {
        Root::Project(folder) => {
            let path = folder.join(SETTINGS);
            let settings = text(&path).unwrap_or_default();
            let settings = Source::settings(SETTINGS, path.display().to_string(), settings);
            let mut paths = below(folder, &is_program, &is_same_project).unwrap_or_default();
            // What is not saved yet is part of the program too.
            let unsaved = open.keys().filter(|path| {
                Root::of(path).as_ref() == Some(root)
                    && path.extension().is_some_and(|ending| ending == "weir")
            });
            paths.extend(unsaved.cloned());
            paths.sort_unstable();
            paths.dedup();
            let found = paths.into_iter().filter_map(|path| {
                let text = text(&path)?;
                Some((name_of(path.strip_prefix(folder).unwrap_or(&path)), path, text))
            });
            let found: Vec<_> = found.collect();
            let mut uris: Vec<Uri> = Uri::from_file_path(&path).into_iter().collect();
            uris.extend(found.iter().filter_map(|(_, path, _)| Uri::from_file_path(path)));
            let texts = found
                .into_iter()
                .map(|(name, path, text)| (name, path.display().to_string(), text))
                .collect();
            Files { settings: Some(settings), sources: Source::all(texts), uris }
        }
        Root::File(path) => {
            let folder = path.parent().unwrap_or(Path::new(""));
            let mut files = Files { settings: None, sources: Vec::new(), uris: Vec::new() };
            let mut waiting = vec![path.clone()];
            let mut seen = Vec::new();
            while let Some(path) = waiting.pop() {
                let Some(text) = text(&path).filter(|_| !seen.contains(&path)) else { continue };
                let name = name_of(path.strip_prefix(folder).unwrap_or(&path));
                let source = Source::of(name, path.display().to_string(), text);
                let modules = source.modules().filter(|module| !module.starts_with("std."));
                waiting.extend(modules.map(|module| folder.join(module.replace('.', "/") + ".weir")));
                files.uris.extend(Uri::from_file_path(&path));
                files.sources.push(Arc::new(source));
                seen.push(path);
            }
            files
        }
        Root::Unsaved(uri) => {
            let source = Source::of("untitled.weir", uri.as_str(), "");
            Files { settings: None, sources: vec![Arc::new(source)], uris: vec![uri.clone()] }
        }
    }
}

/// One cluster that has to be read: what is told of it, and where its manifests are.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub cluster: Cluster,
    pub target: Target,
    pub options: Options,
    pub inventory: Vec<PathBuf>,
}

/// The clusters that a program is for: those of its project, or the one that the editor's settings tell.
pub fn jobs(workspace: &Workspace, root: &Root, given: &[PathBuf], target: Option<Target>) -> Vec<Job> {
    let of_project = workspace.project().zip(root.folder()).map(|(project, folder)| {
        let jobs = project.clusters.iter().map(|cluster| Job {
            cluster: cluster.clone(),
            target: cluster.target.or(project.target).unwrap_or(Target::NetworkPolicy),
            options: Options::of(Some(project), cluster),
            inventory: cluster.inventory.iter().map(|path| folder.join(path)).collect(),
        });
        let target = project.target;
        (jobs.collect::<Vec<_>>(), target)
    });
    match of_project {
        Some((jobs, _)) if !jobs.is_empty() => jobs,
        of_project => {
            let told = of_project.and_then(|(_, target)| target);
            vec![Job {
                cluster: Cluster::default(),
                target: told.or(target).unwrap_or(Target::NetworkPolicy),
                options: Options::default(),
                inventory: given.to_vec(),
            }]
        }
    }
}

/// What is wrong with an inventory: the file that it is in.
#[derive(Clone, Debug)]
pub struct Broken {
    pub file: PathBuf,
    pub said: Diagnostic,
    /// From 1; 0 where it is not known.
    pub line: u32,
    pub column: u32,
}

/// Reads a cluster, or says what is wrong with its manifests.
pub fn world(job: &Job, namespace: &str) -> Result<World, Vec<Broken>> {
    if job.inventory.is_empty() {
        return Ok(World::unknown(job.cluster.clone()));
    }
    let mut reader = Reader::new(namespace);
    let mut broken = Vec::new();
    let mut found = Vec::new();
    for path in &job.inventory {
        match below(path, &is_manifest, &|_| true) {
            Ok(files) if files.is_empty() => {
                broken.push(unreadable(path, format!("there is no manifest in `{}`", path.display())));
            }
            Ok(files) => found.extend(files),
            Err((path, error)) => {
                let reason = weir_files::reason(&error);
                broken.push(unreadable(&path, format!("cannot read `{}`: {reason}", path.display())));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    for path in found {
        let shown = path.display().to_string();
        let read = match is_plain(&path) {
            true => reader.read_from(&shown, || fs::File::open(&path)),
            false => read_unpacked(&path).map(|bytes| reader.read(&shown, &bytes)),
        };
        match read {
            Ok(Ok(())) => {}
            Ok(Err(errors)) => broken.extend(errors.into_iter().map(malformed)),
            Err(error) => {
                let reason = weir_files::reason(&error);
                broken.push(unreadable(&path, format!("cannot read `{shown}`: {reason}")));
            }
        }
    }
    if !broken.is_empty() {
        return Err(broken);
    }
    match reader.finish() {
        Ok(inventory) => Ok(World::of(inventory, job.cluster.clone())),
        Err(errors) => Err(errors.into_iter().map(malformed).collect()),
    }
}

/// Reads several clusters at once.
pub fn worlds(jobs: &[Job], namespace: &str) -> Vec<Result<World, Vec<Broken>>> {
    thread::scope(|scope| {
        let read = |job| scope.spawn(move || world(job, namespace));
        let threads: Vec<_> = jobs.iter().map(read).collect();
        let joined = threads.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| {
                Err(vec![unreadable(
                    Path::new(""),
                    "the inventory could not be read: a fault of Weir's".to_owned(),
                )])
            })
        });
        joined.collect()
    })
}

/// The sites of a program, in the order of its clusters.
pub fn site(job: &Job, world: Arc<World>) -> Site {
    Site { world, target: job.target, options: job.options }
}

fn unreadable(path: &Path, message: String) -> Broken {
    Broken { file: path.to_path_buf(), said: Diagnostic::error(Code::E0702, message), line: 0, column: 0 }
}

fn malformed(error: ManifestError) -> Broken {
    let mut said = Diagnostic::error(Code::E0801, error.message);
    said.help.extend(error.help);
    Broken { file: PathBuf::from(&*error.file), said, line: error.line, column: error.column }
}

/// The system's day, in UTC.
pub fn today() -> Day {
    let date = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    Day { year: date.year(), month: date.month() as u8, day: date.day() as u8 }
}
