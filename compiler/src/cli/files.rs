//! Files and folders: what is read from them, and how messages speak of them.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use weir::diagnostic::{Code, Diagnostic, InputPlace};

/// The file that makes a folder a project.
pub const SETTINGS: &str = "weir.toml";
const STDIN: &str = "-";

pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

/// A failure that has no place in any text.
pub fn usage(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::E0702, message)
}

pub fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    usage(format!("cannot read `{}`: {}", path.display(), reason(error)))
}

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

pub fn read_stdin() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file's or standard input's text; what is not UTF-8 is told with its place.
pub fn read_text(path: &Path) -> Result<String, Box<Diagnostic>> {
    let bytes = if is_stdin(path) { read_stdin() } else { fs::read(path) };
    match bytes.map(String::from_utf8) {
        Ok(Ok(text)) => Ok(text),
        Ok(Err(error)) => Err(not_text(path, error.as_bytes(), error.utf8_error().valid_up_to()).into()),
        Err(error) => Err(unreadable(path, &error).into()),
    }
}

pub fn not_text(path: &Path, bytes: &[u8], at: usize) -> Diagnostic {
    let before = &bytes[..at];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = at - before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1) + 1;
    let message = format!("`{}` is no text in UTF-8", path.display());
    let mut said = Diagnostic::error(Code::E0701, message);
    said.input = Some(InputPlace {
        file: path.display().to_string(),
        document: 0,
        line: line as u32,
        column: column as u32,
    });
    said.with_help("save it as UTF-8")
}

/// Whether a file holds its text as it is.
pub fn is_plain(path: &Path) -> bool {
    let name = path.to_string_lossy();
    !is_stdin(path) && !name.ends_with(".gz") && !name.ends_with(".zst")
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
