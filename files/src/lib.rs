//! Files and folders as all of Weir's programs read them: which ones belong to a program or an inventory, what is packed,
//! what they are called. Knows nothing of what stands in them.
#![allow(clippy::disallowed_methods, reason = "it is for IO")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// The file that makes a folder a project.
pub const SETTINGS: &str = "weir.toml";

/// An operating system's words, as the rest of a message.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or(&text);
            let mut chars = text.chars();
            chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
        }
    }
}

/// Whether a file is part of a program.
pub fn is_program(name: &str) -> bool {
    name.ends_with(".weir")
}

/// Whether a file may be part of an inventory.
pub fn is_manifest(name: &str) -> bool {
    let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    [".yaml", ".yml", ".json"].iter().any(|ending| plain.ends_with(ending))
}

/// A folder below the program's own that is no other project.
pub fn is_same_project(folder: &Path) -> bool {
    !folder.join(SETTINGS).is_file()
}

/// Whether a file holds its text as it is.
pub fn is_plain(path: &Path) -> bool {
    let name = path.to_string_lossy();
    !name.ends_with(".gz") && !name.ends_with(".zst")
}

/// The bytes of a file, unpacked where its name says that it is packed.
pub fn read_unpacked(path: &Path) -> io::Result<Vec<u8>> {
    let name = path.to_string_lossy();
    let mut bytes = Vec::new();
    if name.ends_with(".gz") {
        flate2::read::MultiGzDecoder::new(fs::File::open(path)?).read_to_end(&mut bytes)?;
    } else if name.ends_with(".zst") {
        let packed = fs::read(path)?;
        let mut rest = packed.as_slice();
        while !rest.is_empty() {
            ruzstd::decoding::StreamingDecoder::new(&mut rest)
                .map_err(io::Error::other)?
                .read_to_end(&mut bytes)?;
        }
    } else {
        bytes = fs::read(path)?;
    }
    Ok(bytes)
}

/// The path itself if it is a file; of a folder, the files below it whose names `wanted` admits, in the folders that
/// `entered` admits. Hidden ones are left out, and links that lead back are followed once.
pub fn below(
    path: &Path,
    wanted: &dyn Fn(&str) -> bool,
    entered: &dyn Fn(&Path) -> bool,
) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let failed = |path: &Path, error| (path.to_path_buf(), error);
    if !fs::metadata(path).map_err(|error| failed(path, error))?.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    let (mut folders, mut linked) = (vec![path.to_path_buf()], BTreeSet::new());
    // A folder goes by its own name wherever it has one: links are followed last.
    while let Some(folder) = folders.pop().or_else(|| linked.pop_first()) {
        if !seen.insert(fs::canonicalize(&folder).map_err(|error| failed(&folder, error))?) {
            continue;
        }
        for entry in fs::read_dir(&folder).map_err(|error| failed(&folder, error))? {
            let entry = entry.map_err(|error| failed(&folder, error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let path = entry.path();
            let Ok(metadata) = fs::metadata(&path) else { continue }; // a link that leads nowhere
            if metadata.is_file() && wanted(&name) {
                files.push(path);
            } else if metadata.is_dir() && entered(&path) {
                match entry.file_type() {
                    Ok(kind) if kind.is_symlink() => drop(linked.insert(path)),
                    _ => folders.push(path),
                }
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// The name of a file relative to a canonical folder, with `/`, wherever the command is run.
pub fn name_in(folder: &Path, path: &Path) -> String {
    let full = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    name_of(full.strip_prefix(folder).unwrap_or(&full))
}

/// A path with `/`, without what leads nowhere.
pub fn name_of(path: &Path) -> String {
    let parts = path.components().filter_map(|component| match component {
        Component::Normal(part) => Some(part.to_string_lossy()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}
