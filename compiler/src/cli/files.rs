//! Files and standard input as a command reads them, and how messages speak of them.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use weir::diagnostic::{Code, Diagnostic, InputPlace};
pub use weir_files::{
    SETTINGS, below, is_manifest, is_program, is_same_project, name_in, name_of, read_unpacked, reason,
};

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

/// Whether a file holds its text as it is, and can be read from its beginning.
pub fn is_plain(path: &Path) -> bool {
    !is_stdin(path) && weir_files::is_plain(path)
}
