//! Objects in a folder: written whole or not at all. Files are made in a staging folder beside their places and
//! renamed into them; a file that Weir did not write is never touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use weir::{Document, Project, emit};

use super::args::Layout;
use super::files::reason;

/// The first line of every file of Weir's: by it, and by nothing else, they are known again.
const MARK: &str = "# Written by Weir: change the program and build again, not this file.\n";
const STAGING: &str = ".weir-staging";
const LOCK: &str = "lock";
const KUSTOMIZATION: &str = "kustomization.yaml";
/// How often a run that comes just as another one ends looks again.
const TRIES: usize = 8;

/// Texts by path relative to the folder.
type Files = BTreeMap<PathBuf, String>;

/// What a folder is to hold.
pub struct Output {
    files: Files,
    clusters: Option<Clusters>,
}

/// Of a project with clusters, which have a folder each.
struct Clusters {
    /// What stands in quotes in the second line of a list of resources, where the project has a name.
    project: Option<String>,
    all: BTreeSet<String>,
    /// Those that are built now; the output of the others stays as it is.
    built: BTreeSet<String>,
}

impl Output {
    /// The objects of each cluster, by its name; one that has none has no folder of its own.
    pub fn of(built: &[(String, Vec<Document>)], layout: Layout, project: Option<&Project>) -> Output {
        let named = built.iter().map(|(name, _)| name.clone()).filter(|name| !name.is_empty());
        let clusters =
            project.filter(|_| built.iter().any(|(name, _)| !name.is_empty())).map(|project| Clusters {
                project: project.name.clone(),
                all: project.clusters.iter().map(|cluster| cluster.name.clone()).collect(),
                built: named.collect(),
            });
        let mut files = Files::new();
        for (name, documents) in built {
            let head = clusters.as_ref().map(|clusters| clusters.head(name)).unwrap_or_default();
            let of_cluster = self::files(documents, layout, &head);
            files.extend(of_cluster.into_iter().map(|(path, text)| (Path::new(name).join(path), text)));
        }
        Output { files, clusters }
    }
}

impl Clusters {
    /// The line that says whose folder it is: without it, a folder is the output of another build.
    fn head(&self, name: &str) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match &self.project {
            Some(project) => format!("# The cluster {} of the project {}.\n", quoted(name), quoted(project)),
            None => format!("# The cluster {}.\n", quoted(name)),
        }
    }
}

fn files(documents: &[Document], layout: Layout, head: &str) -> Files {
    let mut by_path: BTreeMap<PathBuf, Vec<&Document>> = BTreeMap::new();
    for document in documents {
        by_path.entry(path_of(document, layout)).or_default().push(document);
    }
    let mut resources = String::new();
    for path in by_path.keys() {
        resources += &format!("  - {}\n", path.display());
    }
    if resources.is_empty() {
        resources += "  []\n";
    }
    let mut files: Files = by_path
        .into_iter()
        .map(|(path, documents)| (path, format!("{MARK}{}", emit::stream(documents))))
        .collect();
    let kustomization = format!(
        "{MARK}{head}apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n{resources}"
    );
    files.insert(PathBuf::from(KUSTOMIZATION), kustomization);
    files
}

/// Names come from the cluster: what is no DNS name would be no file name either, and is never joined to a path.
fn path_of(document: &Document, layout: Layout) -> PathBuf {
    let safe = |name: &str| {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
        assert!(
            name.bytes().all(allowed) && !name.starts_with('.') && !name.is_empty(),
            "names of objects are DNS names"
        );
        name.to_owned()
    };
    let namespace = match document.namespace.as_str() {
        "" => "_cluster".to_owned(),
        // No namespace is called so, and `kustomization.yaml` is taken.
        "kustomization" => "_kustomization".to_owned(),
        name => safe(name),
    };
    match layout {
        Layout::Namespace => PathBuf::from(format!("{namespace}.yaml")),
        Layout::Cluster => PathBuf::from("policies.yaml"),
        Layout::Object => Path::new(&namespace).join(format!("{}.yaml", safe(&document.name))),
    }
}

/// Makes the folder hold these files, of all that Weir ever wrote there. Says what changed, or why nothing did.
pub fn write(folder: &Path, output: &Output) -> Result<String, String> {
    let existed = folder.exists();
    let result = write_into(folder, output);
    if result.is_err() && !existed {
        let _ = fs::remove_dir(folder); // only if it is empty still
    }
    result
}

fn write_into(folder: &Path, output: &Output) -> Result<String, String> {
    let files = &output.files;
    let failed =
        |path: &Path, error: io::Error| format!("cannot write `{}`: {}", path.display(), reason(&error));
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let staging = Staging::open(folder)?;
    let mut changed = Vec::new();
    for (path, text) in files {
        let target = folder.join(path);
        check_folder(folder, path)?;
        match state(&target) {
            Ok(State::Ours(old)) if old == *text => {}
            Ok(State::Ours(_) | State::Absent) => changed.push((path, text)),
            Ok(State::Foreign) => {
                return Err(format!(
                    "`{}` is in the way, and Weir did not write it; move it or choose another folder",
                    target.display()
                ));
            }
            Err(error) => return Err(failed(&target, error)),
        }
    }
    let stale = stale(folder, output).map_err(|error| failed(folder, error))?;
    for (at, (path, text)) in changed.iter().enumerate() {
        staging.stage(at, text).map_err(|error| failed(&folder.join(path), error))?;
    }
    for (at, (path, _)) in changed.iter().enumerate() {
        let target = folder.join(path);
        let moved = target.parent().map_or(Ok(()), fs::create_dir_all);
        moved.and_then(|()| fs::rename(staging.path(at), &target)).map_err(|error| failed(&target, error))?;
    }
    for path in &stale {
        fs::remove_file(path).map_err(|error| failed(path, error))?;
        for parent in path.ancestors().skip(1).take_while(|parent| *parent != folder) {
            let _ = fs::remove_dir(parent); // stays if anything is left in it
        }
    }
    let number = |count: usize| if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
    let mut said = format!("{} ({} written", number(files.len()), changed.len());
    if !stale.is_empty() {
        said += &format!(", {} removed", stale.len());
    }
    Ok(said + ")")
}

/// A link in the place of a folder would lead out of it.
fn check_folder(folder: &Path, path: &Path) -> Result<(), String> {
    for parent in path.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty()) {
        let parent = folder.join(parent);
        if fs::symlink_metadata(&parent).is_ok_and(|metadata| !metadata.is_dir()) {
            return Err(format!("`{}` is in the way: a folder is needed there", parent.display()));
        }
    }
    Ok(())
}

enum State {
    Absent,
    Ours(String),
    Foreign,
}

fn state(path: &Path) -> io::Result<State> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::Absent),
        Err(error) => return Err(error),
    };
    if !metadata.is_file() || !has_mark(path)? {
        return Ok(State::Foreign);
    }
    Ok(String::from_utf8(fs::read(path)?).map_or(State::Foreign, State::Ours))
}

fn has_mark(path: &Path) -> io::Result<bool> {
    let mut start = Vec::with_capacity(MARK.len());
    File::open(path)?.take(MARK.len() as u64).read_to_end(&mut start)?;
    Ok(start == MARK.as_bytes())
}

/// Files of earlier runs that this one does not write: in the folder, in those of the clusters that are built, and in
/// those of clusters that the project has no longer.
fn stale(folder: &Path, output: &Output) -> io::Result<Vec<PathBuf>> {
    let current: BTreeSet<PathBuf> = output.files.keys().map(|path| folder.join(path)).collect();
    let Some(clusters) = &output.clusters else { return stale_in(folder, &current, &BTreeSet::new()) };
    let mut stale = stale_in(folder, &current, &clusters.all)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if !entry.file_type()?.is_dir() {
            continue;
        }
        if clusters.built.contains(&name) {
            stale.extend(stale_in(&path, &current, &BTreeSet::new())?);
        } else if !clusters.all.contains(&name) && is_ours(&path.join(KUSTOMIZATION), &clusters.head(&name))?
        {
            // By its list it is known to be a cluster's: that goes last, so that a killed run can be completed.
            let mut gone = stale_in(&path, &current, &BTreeSet::new())?;
            gone.sort_by_key(|file| *file == path.join(KUSTOMIZATION));
            stale.extend(gone);
        }
    }
    Ok(stale)
}

/// In a folder and one level below it, but for the folders of these names.
fn stale_in(
    folder: &Path,
    current: &BTreeSet<PathBuf>,
    others: &BTreeSet<String>,
) -> io::Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), true)];
    while let Some((folder, top)) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            let name = entry.file_name();
            if kind.is_dir() && top && name != STAGING && !others.contains(&*name.to_string_lossy()) {
                // A folder with a list of its own is the output of another build.
                if !path.join(KUSTOMIZATION).exists() {
                    folders.push((path, false));
                }
            } else if kind.is_file()
                && path.extension().is_some_and(|extension| extension == "yaml")
                && !current.contains(&path)
                && has_mark(&path).unwrap_or(false)
            {
                stale.push(path);
            }
        }
    }
    stale.sort_unstable();
    Ok(stale)
}

/// Whether a file begins as the list of resources of that cluster does.
fn is_ours(path: &Path, head: &str) -> io::Result<bool> {
    match state(path)? {
        State::Ours(text) => Ok(text[MARK.len()..].starts_with(head)),
        State::Foreign | State::Absent => Ok(false),
    }
}

/// The folder in which files are made; it goes when it is dropped.
struct Staging {
    folder: PathBuf,
    /// Held while it is in use: a second run waits for nobody, it says so.
    _lock: File,
}

impl Staging {
    fn open(folder: &Path) -> Result<Staging, String> {
        let path = folder.join(STAGING);
        let failed = |error: io::Error| format!("cannot write to `{}`: {}", folder.display(), reason(&error));
        // The run before takes the folder away with its lock: whoever waited for it begins anew.
        for _ in 0..TRIES {
            fs::create_dir_all(&path).map_err(failed)?;
            for (path, wanted) in [(path.clone(), true), (path.join(LOCK), false)] {
                match fs::symlink_metadata(&path) {
                    Ok(found) if found.is_dir() != wanted || found.is_symlink() => {
                        return Err(format!("`{}` is in the way, and Weir did not write it", path.display()));
                    }
                    _ => {}
                }
            }
            let lock = match File::create(path.join(LOCK)) {
                Ok(lock) => lock,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(error)),
            };
            if lock.try_lock().is_err() {
                return Err(format!("another run of Weir writes to `{}`", folder.display()));
            }
            if path.join(LOCK).exists() {
                let staging = Staging { folder: path, _lock: lock };
                staging.clear();
                return Ok(staging);
            }
        }
        Err(format!("other runs of Weir write to `{}`", folder.display()))
    }

    /// Removes what was staged, now or by a run that was killed; foreign files stay.
    fn clear(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let ours = entry.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit());
            if ours {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn path(&self, at: usize) -> PathBuf {
        self.folder.join(at.to_string())
    }

    fn stage(&self, at: usize, text: &str) -> io::Result<()> {
        File::create_new(self.path(at))?.write_all(text.as_bytes())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        self.clear();
        let _ = fs::remove_file(self.folder.join(LOCK));
        let _ = fs::remove_dir(&self.folder); // stays if anything foreign is in it
    }
}
