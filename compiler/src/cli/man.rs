//! `weir man`: the manual, a page for `weir` and one for each of its commands.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use clap::CommandFactory;
use weir::diagnostic::printable;

use super::Outcome;
use super::args::{Arguments, ManArguments};
use super::files::reason;

/// The first line of every page, a comment: by it, and by nothing else, they are known again.
const MARK: &str = ".\\\" Written by `weir man`.\n";

pub fn run(arguments: &ManArguments) -> Outcome {
    let folder = &arguments.folder;
    let written = pages().map_err(|error| failure(folder, &error)).and_then(|pages| write(folder, &pages));
    let (outcome, line) = match written {
        Ok(line) => (Outcome::Fine, line),
        Err(message) => (Outcome::Failed, format!("error: {message}")),
    };
    let _ = writeln!(io::stderr().lock(), "{}", printable(&line));
    outcome
}

/// Texts by the names of their files.
fn pages() -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    // Gives the commands their full names, such as `weir-build`.
    command.build();
    let mut pages = BTreeMap::new();
    let mut waiting = vec![command];
    while let Some(command) = waiting.pop() {
        waiting.extend(command.get_subcommands().filter(|command| !command.is_hide_set()).cloned());
        let page =
            clap_mangen::Man::new(command).source(concat!("weir ", env!("CARGO_PKG_VERSION"))).manual("Weir");
        let mut text = MARK.as_bytes().to_vec();
        page.render(&mut text)?;
        pages.insert(page.get_filename(), text);
    }
    Ok(pages)
}

/// Says what was written, or why nothing was. What another program wrote stays, and is told before anything changes.
fn write(folder: &Path, pages: &BTreeMap<String, Vec<u8>>) -> Result<String, String> {
    fs::create_dir_all(folder).map_err(|error| failure(folder, &error))?;
    let mut changed = Vec::new();
    for (name, text) in pages {
        let path = folder.join(name);
        match is_ours(&path) {
            Ok(None) => changed.push((path, text)),
            Ok(Some(true)) if fs::read(&path).is_ok_and(|old| old == *text) => {}
            Ok(Some(true)) => changed.push((path, text)),
            Ok(Some(false)) => {
                return Err(format!("`{}` is in the way, and Weir did not write it", path.display()));
            }
            Err(error) => return Err(failure(&path, &error)),
        }
    }
    for (path, text) in &changed {
        // Renamed into place, so that no page is ever half written.
        let new = path.with_extension(format!("1.{}.new", std::process::id()));
        let moved = stage(&new, text).and_then(|()| fs::rename(&new, path));
        moved.map_err(|error| {
            let _ = fs::remove_file(&new);
            failure(path, &error)
        })?;
    }
    Ok(format!("{}: {} man pages ({} written)", folder.display(), pages.len(), changed.len()))
}

fn stage(path: &Path, text: &[u8]) -> io::Result<()> {
    File::create_new(path)?.write_all(text)
}

/// Whether a file is there, and whether it is a page of an earlier run. A link is not: it may lead anywhere.
fn is_ours(path: &Path) -> io::Result<Option<bool>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {
            let mut start = Vec::new();
            File::open(path)?.take(MARK.len() as u64).read_to_end(&mut start)?;
            Ok(Some(start == MARK.as_bytes()))
        }
        Ok(_) => Ok(Some(false)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn failure(path: &Path, error: &io::Error) -> String {
    format!("cannot write `{}`: {}", path.display(), reason(error))
}
