//! Which program a file belongs to: the project whose `weir.toml` is beside or above it, else itself alone.

use std::path::{Path, PathBuf};

use tower_lsp::ls_types::Uri;
use weir_files::SETTINGS;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// The folder of a `weir.toml`.
    Project(PathBuf),
    /// A file of no project, with the files that it uses.
    File(PathBuf),
    /// A text that was never saved.
    Unsaved(Uri),
}

impl Root {
    pub fn of_uri(uri: &Uri) -> Option<Root> {
        match uri.scheme().as_str() {
            "file" => Root::of(&path(uri)?),
            "untitled" => Some(Root::Unsaved(uri.clone())),
            _ => None,
        }
    }

    pub fn of(path: &Path) -> Option<Root> {
        match project_above(path) {
            Some(folder) => Some(Root::Project(folder)),
            None => Some(Root::File(path.to_path_buf())),
        }
    }

    pub fn folder(&self) -> Option<&Path> {
        match self {
            Root::Project(folder) => Some(folder),
            Root::File(path) => path.parent(),
            Root::Unsaved(_) => None,
        }
    }
}

fn project_above(path: &Path) -> Option<PathBuf> {
    let mut folders = path.ancestors().skip(1);
    folders.find(|folder| folder.join(SETTINGS).is_file()).map(Path::to_path_buf)
}

/// The path of a file's URI.
pub fn path(uri: &Uri) -> Option<PathBuf> {
    (uri.scheme().as_str() == "file").then(|| uri.to_file_path().map(|path| path.into_owned())).flatten()
}
