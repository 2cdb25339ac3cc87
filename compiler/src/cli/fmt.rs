//! `weir fmt`: programs in their one canonical form. A file with errors of syntax is left alone, one that is formatted
//! is not touched, and any other is replaced whole or not at all.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use weir::Sources;
use weir::diagnostic::{Code, Diagnostic, printable};

use super::args::{FmtArguments, Format};
use super::files::{self, is_stdin, unreadable, usage};
use super::report::Report;
use super::{Outcome, project};

pub fn run(arguments: &FmtArguments) -> Outcome {
    let only_looks = arguments.check || arguments.diff;
    let from_stdin = arguments.paths.iter().any(|path| is_stdin(path));
    // A text that is formatted has standard output for itself, and so has a list for people.
    let to_stderr = from_stdin && !only_looks || arguments.report.format == Format::Human;
    let report = Report::beside_files(&arguments.report, to_stderr);
    let texts = match from_stdin {
        true if arguments.paths.len() > 1 => {
            Err(vec![usage("standard input is formatted by itself, without other paths")])
        }
        true => read(Path::new("<stdin>"), files::read_stdin()).map(|text| vec![text]),
        false => programs(&arguments.paths).and_then(read_all),
    };
    let texts = match texts {
        Ok(texts) => texts,
        Err(errors) => return report.failed(&errors),
    };
    if only_looks {
        check(arguments, &report, &texts)
    } else if from_stdin {
        filter(&report, &texts)
    } else {
        rewrite(&report, &texts)
    }
}

/// The files that are meant: those of the paths, or of the project that is here or above.
fn programs(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
    let project = project::find(paths).map_err(|failure| failure.diagnostics)?;
    let folder = project.map(|file| match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    });
    let paths = match &folder {
        Some(folder) => std::slice::from_ref(folder),
        None => paths,
    };
    let mut errors = Vec::new();
    let mut found = BTreeSet::new();
    for path in paths {
        match files::below(path, &files::is_program, &files::is_same_project) {
            Ok(files) if files.is_empty() => {
                errors.push(usage(format!("there is no `.weir` file in `{}`", path.display())));
            }
            Ok(files) => found.extend(files),
            Err((path, error)) => errors.push(unreadable(&path, &error)),
        }
    }
    if errors.is_empty() { Ok(found.into_iter().collect()) } else { Err(errors) }
}

/// A file as it is, and as it would be formatted.
struct Text {
    path: PathBuf,
    old: String,
    /// `None`: it has errors of syntax.
    new: Option<String>,
}

impl Text {
    fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// Its canonical form, if it has another one now.
    fn change(&self) -> Option<&str> {
        self.new.as_deref().filter(|new| *new != self.old)
    }
}

fn read(path: &Path, bytes: io::Result<Vec<u8>>) -> Result<Text, Vec<Diagnostic>> {
    let bytes = bytes.map_err(|error| vec![unreadable(path, &error)])?;
    let old = String::from_utf8(bytes).map_err(|error| {
        let end = error.utf8_error().valid_up_to();
        vec![files::not_text(path, error.as_bytes(), end)]
    })?;
    let new = weir::format(&old);
    Ok(Text { path: path.to_owned(), old, new })
}

/// On all cores. The order of the paths is kept.
fn read_all(paths: Vec<PathBuf>) -> Result<Vec<Text>, Vec<Diagnostic>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut texts = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = paths.get(at) else { return texts };
            texts.push((at, read(path, fs::read(path))));
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from).min(paths.len());
    let mut texts: Vec<(usize, Result<Text, Vec<Diagnostic>>)> = thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut texts = work();
        texts.extend(others.into_iter().flat_map(|other| other.join().expect("no worker panics")));
        texts
    });
    texts.sort_unstable_by_key(|(at, _)| *at);
    let (mut read, mut errors) = (Vec::with_capacity(texts.len()), Vec::new());
    for (_, text) in texts {
        match text {
            Ok(text) => read.push(text),
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() { Ok(read) } else { Err(errors) }
}

/// The texts with errors of syntax, and the errors.
fn broken(texts: &[Text]) -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::new();
    for text in texts.iter().filter(|text| text.new.is_none()) {
        sources.add(text.shown(), text.shown(), text.old.clone());
    }
    let errors = weir::syntax_errors(&sources);
    (sources, errors)
}

/// `3 of 12 files would change; 1 with errors is left alone`
fn summary(texts: &[Text], changed: usize, verb: &str) -> String {
    let files = if texts.len() == 1 { "file" } else { "files" };
    let said = format!("{changed} of {} {files} {verb}", texts.len());
    match texts.iter().filter(|text| text.new.is_none()).count() {
        0 => said,
        1 => said + "; 1 with errors is left alone",
        broken => said + &format!("; {broken} with errors are left alone"),
    }
}

fn check(arguments: &FmtArguments, report: &Report<'_>, texts: &[Text]) -> Outcome {
    let (sources, errors) = broken(texts);
    let changes: Vec<(&Text, &str)> = texts.iter().filter_map(|text| Some((text, text.change()?))).collect();
    let paths: Vec<String> = changes.iter().map(|(text, _)| text.shown()).collect();
    if report.changes(&sources, &errors, &paths).is_err() {
        return Outcome::Failed;
    }
    if arguments.report.format == Format::Human {
        let told: String = match arguments.diff {
            true => changes.iter().map(|(text, new)| diff(text, new)).collect(),
            false => paths.iter().map(|path| printable(path) + "\n").collect(),
        };
        if let Err(outcome) = write_out(report, &told) {
            return outcome;
        }
    }
    report.say(&format!("checked: {}", summary(texts, changes.len(), "would change")));
    if changes.is_empty() && errors.is_empty() { Outcome::Fine } else { Outcome::Found }
}

/// In the format of `diff -u`.
fn diff(text: &Text, new: &str) -> String {
    let path = printable(&text.shown());
    let diff = similar::TextDiff::from_lines(text.old.as_str(), new);
    let diff = diff.unified_diff().header(&path, &path).to_string();
    // Tabs may stay: they only move what is behind them.
    let line = |line: &str| line.split('\t').map(printable).collect::<Vec<_>>().join("\t") + "\n";
    diff.split_terminator('\n').map(line).collect()
}

fn rewrite(report: &Report<'_>, texts: &[Text]) -> Outcome {
    let (sources, mut errors) = broken(texts);
    let has_broken = !errors.is_empty();
    let (mut changed, mut failed) = (Vec::new(), false);
    for (text, new) in texts.iter().filter_map(|text| Some((text, text.change()?))) {
        match replace(&text.path, new) {
            Ok(()) => changed.push(text.shown()),
            Err(error) => {
                failed = true;
                let message = format!("cannot write `{}`: {}", text.shown(), files::reason(&error));
                errors.push(Diagnostic::error(Code::E0702, message));
            }
        }
    }
    if report.changes(&sources, &errors, &changed).is_err() || failed {
        return Outcome::Failed;
    }
    report.say(&format!("formatted: {}", summary(texts, changed.len(), "changed")));
    if has_broken { Outcome::Found } else { Outcome::Fine }
}

/// Puts another text in the place of a file, by way of a file beside it: nobody ever sees half of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // Not a link is replaced, but what it leads to.
    let path = fs::canonicalize(path)?;
    // A rename needs no right to the file itself; this asks for it.
    let old = OpenOptions::new().write(true).open(&path)?.metadata()?;
    let (temporary, mut file) = create_beside(&path)?;
    let written = (|| {
        file.write_all(text.as_bytes())?;
        give_to_owner(&file, &old);
        file.set_permissions(old.permissions())?;
        fs::rename(&temporary, &path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Run as root, as in a container, it leaves files to those whose they are. For anybody else they are the same.
#[cfg(unix)]
fn give_to_owner(file: &File, old: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let _ = fchown(file, Some(old.uid()), Some(old.gid()));
}

#[cfg(not(unix))]
fn give_to_owner(_: &File, _: &fs::Metadata) {}

/// A new file in the same folder, hidden, so that nothing takes it for a program.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut at = 0;
    loop {
        let temporary = path.with_file_name(format!(".{name}.{}-{at}", std::process::id()));
        match File::create_new(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => at += 1,
            Err(error) => return Err(error),
        }
    }
}

/// From standard input to standard output, as editors call it. Of a text with errors nothing is written.
fn filter(report: &Report<'_>, texts: &[Text]) -> Outcome {
    let (sources, errors) = broken(texts);
    if !errors.is_empty() {
        return match report.diagnostics(&sources, &errors) {
            Ok(()) => Outcome::Found,
            Err(_) => Outcome::Failed,
        };
    }
    let text: String = texts.iter().filter_map(|text| text.new.as_deref()).collect();
    match write_out(report, &text) {
        Ok(()) => Outcome::Fine,
        Err(outcome) => outcome,
    }
}

/// A reader who has gone away is no failure.
fn write_out(report: &Report<'_>, text: &str) -> Result<(), Outcome> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let message = format!("cannot write: {}", files::reason(&error));
            Err(report.failed(&[Diagnostic::error(Code::E0702, message)]))
        }
        _ => Ok(()),
    }
}
