//! From paths to texts: programs and inventories, plain or compressed, from files, folders and standard input.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use weir::diagnostic::{Code, Diagnostic, InputPlace};
use weir::{Day, Inventory, Sources};
use weir_cluster::manifest::Reader;

use super::args::ProgramArguments;

const STDIN: &str = "-";
/// Folders below folders, so that links that lead back to themselves end.
const DEEPEST: usize = 64;

/// What a command reads. `Err`: why it could not be read.
pub struct Input {
    pub sources: Sources,
    pub inventory: Inventory,
}

pub fn read(arguments: &ProgramArguments) -> Result<Input, Vec<Diagnostic>> {
    let stdin = [&arguments.paths, &arguments.inventory].into_iter().flatten().filter(|path| is_stdin(path));
    if stdin.count() > 1 {
        return Err(vec![usage("standard input can be read once: as the program, or as the inventory")]);
    }
    let target = arguments.target.0;
    if !target.is_built() {
        let said = usage(format!("the target `{}` is not built yet", target.name()));
        return Err(vec![said.with_help("this version writes `networkpolicy`")]);
    }
    let sources = read_program(&arguments.paths)?;
    let inventory = read_inventory(arguments)?;
    Ok(Input { sources, inventory })
}

/// The system's day, in UTC.
pub fn today() -> Day {
    let date = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    Day { year: date.year(), month: date.month() as u8, day: date.day() as u8 }
}

pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

/// A failure that has no place in any text.
pub(super) fn usage(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::E0702, message)
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
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
            text[..1].to_lowercase() + &text[1..]
        }
    }
}

fn read_program(paths: &[PathBuf]) -> Result<Sources, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut files = BTreeSet::new();
    for path in paths {
        if is_stdin(path) {
            files.insert(path.clone());
            continue;
        }
        match files_below(path, &|name| name.ends_with(".weir")) {
            Ok(found) if found.is_empty() => {
                errors.push(usage(format!("there is no `.weir` file in `{}`", path.display())));
            }
            Ok(found) => files.extend(found),
            Err((path, error)) => errors.push(unreadable(&path, &error)),
        }
    }
    let root = common_folder(paths);
    let mut sources = Sources::with_prelude();
    for path in files {
        let bytes = if is_stdin(&path) { read_stdin() } else { fs::read(&path) };
        match bytes.map(String::from_utf8) {
            Ok(Ok(text)) => {
                let (name, shown) = match is_stdin(&path) {
                    true => ("<stdin>".to_owned(), "<stdin>".to_owned()),
                    false => (name_in(&root, &path), path.display().to_string()),
                };
                sources.add(name, shown, text);
            }
            Ok(Err(error)) => {
                errors.push(not_text(&path, error.as_bytes(), error.utf8_error().valid_up_to()))
            }
            Err(error) => errors.push(unreadable(&path, &error)),
        }
    }
    if errors.is_empty() { Ok(sources) } else { Err(errors) }
}

pub(super) fn not_text(path: &Path, bytes: &[u8], at: usize) -> Diagnostic {
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

/// The folder that holds every path given: names of files are relative to it, wherever the command is run.
fn common_folder(paths: &[PathBuf]) -> PathBuf {
    let folder = |path: &PathBuf| {
        let path = fs::canonicalize(path).ok()?;
        if path.is_dir() { Some(path) } else { path.parent().map(Path::to_path_buf) }
    };
    let mut folders = paths.iter().filter(|path| !is_stdin(path)).filter_map(folder);
    let first = folders.next().unwrap_or_default();
    folders.fold(first, |common, folder| {
        common.components().zip(folder.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
    })
}

fn name_in(root: &Path, path: &Path) -> String {
    let full = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let relative = full.strip_prefix(root).unwrap_or(&full);
    let parts = relative.components().filter_map(|component| match component {
        Component::Normal(part) => Some(part.to_string_lossy()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

fn read_inventory(arguments: &ProgramArguments) -> Result<Inventory, Vec<Diagnostic>> {
    let mut reader = Reader::new(&arguments.namespace);
    let mut errors = Vec::new();
    let mut files = BTreeSet::new();
    for path in &arguments.inventory {
        if is_stdin(path) {
            files.insert(path.clone());
            continue;
        }
        match files_below(path, &is_manifest) {
            Ok(found) if found.is_empty() => {
                errors.push(usage(format!("there is no manifest in `{}`", path.display())));
            }
            Ok(found) => files.extend(found),
            Err((path, error)) => errors.push(unreadable(&path, &error)),
        }
    }
    for path in files {
        let (bytes, shown) = match is_stdin(&path) {
            true => (read_stdin(), "<stdin>".to_owned()),
            false => (read_unpacked(&path), path.display().to_string()),
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
    reader.finish().map_err(|found| found.into_iter().map(malformed).collect())
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

fn is_manifest(name: &str) -> bool {
    let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    [".yaml", ".yml", ".json"].iter().any(|ending| plain.ends_with(ending))
}

pub(super) fn read_stdin() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_unpacked(path: &Path) -> io::Result<Vec<u8>> {
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

/// The path itself if it is a file; of a folder, the files below it that `wanted` admits. Hidden ones are left out.
pub(super) fn files_below(
    path: &Path,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut files = Vec::new();
    let failed = |path: &Path, error| (path.to_path_buf(), error);
    if !fs::metadata(path).map_err(|error| failed(path, error))?.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut folders = vec![(path.to_path_buf(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| failed(&folder, error))? {
            let entry = entry.map_err(|error| failed(&folder, error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let path = entry.path();
            let Ok(metadata) = fs::metadata(&path) else { continue }; // a link that leads nowhere
            if metadata.is_dir() && depth < DEEPEST {
                folders.push((path, depth + 1));
            } else if metadata.is_file() && wanted(&name) {
                files.push(path);
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}
