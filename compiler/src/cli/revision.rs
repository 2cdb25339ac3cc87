//! What a git revision holds: the programs, settings and manifests of a tree, written to a scratch folder. Reads alone are
//! asked of `git`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use weir::diagnostic::Diagnostic;

use super::files::{SETTINGS, is_manifest, is_program, reason, usage};

/// A tree in a scratch folder, which goes with it.
pub struct Revision {
    folder: TempDir,
    /// Where in the tree the command runs, or what `REV:path` names.
    within: PathBuf,
    /// What its paths are told with, as in `HEAD~1:`.
    name: String,
}

impl Revision {
    /// What it is about: a project around the place of the command, or that place.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.within)
    }

    /// What its files' paths begin with, and what people call that.
    pub fn root(&self) -> (String, String) {
        (format!("{}/", self.folder.path().display()), format!("{}:", self.name))
    }
}

/// The nearest folder of a project in a tree, or the place itself.
fn project(tree: &Path, within: PathBuf) -> PathBuf {
    let mut near = within.ancestors().filter(|folder| tree.join(folder).join(SETTINGS).is_file());
    near.next().map_or(within.clone(), Path::to_path_buf)
}

/// Whether a text names a revision of the repository here.
pub fn is_one(text: &str) -> bool {
    let name = text.split(':').next().unwrap_or_default();
    !name.is_empty() && !name.starts_with('-') && commit(name).is_ok()
}

fn commit(name: &str) -> Result<String, String> {
    git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")])
}

/// The tree of `REV` or `REV:path`.
pub fn read(text: &str) -> Result<Revision, Box<Diagnostic>> {
    let (name, path) = text.split_once(':').map_or((text, None), |(name, path)| (name, Some(path)));
    let commit = commit(name).map_err(|said| unknown(name, &said))?;
    let prefix = git(&["rev-parse", "--show-prefix"]).map_err(|said| unknown(name, &said))?;
    let listed = git(&["ls-tree", "-r", "-z", "--full-tree", "--name-only", &commit])
        .map_err(|said| unknown(name, &said))?;
    let wanted: Vec<&str> = listed.split('\0').filter(|path| is_wanted(path)).collect();
    let folder = tempfile::Builder::new().prefix("weir-").tempdir().map_err(|error| scratch(&error))?;
    write(&commit, &wanted, folder.path())?;
    let within = match path {
        Some(path) => PathBuf::from(path),
        None => project(folder.path(), PathBuf::from(prefix.trim_end())),
    };
    let revision = Revision { folder, within, name: name.to_owned() };
    if !revision.path().exists() {
        let said = usage(format!("`{name}` has no `{}`", revision.within.display()));
        return Err(Box::new(said.with_help("paths are those of the repository, from its top")));
    }
    Ok(revision)
}

fn is_wanted(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    // Nothing is ever written outside of the scratch folder.
    let inside = !path.starts_with('/') && path.split('/').all(|part| part != "..");
    inside && (name == SETTINGS || is_program(name) || is_manifest(name))
}

/// All files at once, by one `git cat-file`.
fn write(commit: &str, paths: &[&str], folder: &Path) -> Result<(), Box<Diagnostic>> {
    let failed = |error: &io::Error| Box::new(usage(format!("cannot read `{commit}`: {}", reason(error))));
    let mut child = Command::new("git")
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&error))?;
    let (Some(mut asks), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Box::new(usage("git does not answer")));
    };
    let mut answers = io::BufReader::new(answers);
    for path in paths.iter().filter(|path| !path.contains('\n')) {
        writeln!(asks, "{commit}:{path}").and_then(|()| asks.flush()).map_err(|error| failed(&error))?;
        let bytes = answer(&mut answers).map_err(|error| failed(&error))?;
        let target = folder.join(path);
        let parent = target.parent().map_or(Ok(()), std::fs::create_dir_all);
        parent.and_then(|()| std::fs::write(&target, bytes)).map_err(|error| scratch(&error))?;
    }
    drop(asks);
    child.wait().map_err(|error| failed(&error)).map(|_| ())
}

/// `<id> blob <size>`, the bytes, and the end of a line.
fn answer(answers: &mut impl io::BufRead) -> io::Result<Vec<u8>> {
    let mut head = String::new();
    answers.read_line(&mut head)?;
    let size = head.trim_end().rsplit(' ').next().and_then(|size| size.parse::<usize>().ok());
    let size = size.ok_or_else(|| io::Error::other("git tells no size"))?;
    let mut bytes = vec![0; size];
    answers.read_exact(&mut bytes)?;
    answers.read_exact(&mut [0])?;
    Ok(bytes)
}

fn git(words: &[&str]) -> Result<String, String> {
    let output = Command::new("git").args(words).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot run `git`: {}", reason(&error)))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

fn unknown(name: &str, said: &str) -> Box<Diagnostic> {
    let said = match said {
        "" => usage(format!("`{name}` is neither a path here nor a revision of this repository")),
        other => usage(format!("`{name}` is no path here, and no revision: {other}")),
    };
    Box::new(said.with_help("name a file, a folder, or a revision such as `HEAD~1` or `main:policies/`"))
}

fn scratch(error: &io::Error) -> Box<Diagnostic> {
    Box::new(usage(format!("cannot write to the folder for scratch files: {}", reason(error))))
}
