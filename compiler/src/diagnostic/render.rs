//! Diagnostics for a terminal. The only module that knows codespan.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use codespan_reporting::diagnostic as codespan;
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::termcolor::{Ansi, NoColor, WriteColor};
use codespan_reporting::term::{Config, emit_to_write_style};

use super::position::Positions;
use super::{Diagnostic, Severity, cut, is_hostile, printable, words};
use crate::source::{FileId, Place, Sources};
use crate::threads;

/// What answers a question and is nothing to look up: the same without its code.
pub fn answer(sources: &Sources, said: &Diagnostic, color: bool) -> String {
    let (files, positions) = (Texts::new(sources), Positions::new(sources));
    let shown = codespan::Diagnostic { code: None, ..convert(said, &positions) };
    let config = Config { tab_width: 4, ..Config::default() };
    let mut out = Vec::new();
    let _ = match color {
        true => emit_to_write_style(&mut Ansi::new(&mut out), &config, &files, &shown),
        false => emit_to_write_style(&mut NoColor::new(&mut out), &config, &files, &shown),
    };
    String::from_utf8(out).unwrap_or_default()
}

/// All of them, each followed by an empty line.
pub fn render(sources: &Sources, diagnostics: &[Diagnostic], color: bool) -> String {
    let files = Texts::new(sources);
    let positions = Positions::new(sources);
    let parts = threads::stretches(diagnostics.len(), |range| {
        let mut out = Vec::new();
        if color {
            write(&mut Ansi::new(&mut out), &files, &positions, &diagnostics[range]);
        } else {
            write(&mut NoColor::new(&mut out), &files, &positions, &diagnostics[range]);
        }
        String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    });
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |all, part| all + &part)
}

fn write(out: &mut dyn WriteColor, files: &Texts<'_>, positions: &Positions<'_>, diagnostics: &[Diagnostic]) {
    let config = Config { tab_width: 4, ..Config::default() };
    for diagnostic in diagnostics {
        let _ = emit_to_write_style(out, &config, files, &convert(diagnostic, positions));
    }
}

/// Lines longer than this are not shown: a position has to do.
const LONGEST_LINE: usize = 400;

/// What is longer was no message before a name of a hundred thousand characters came into it.
const LONGEST_TEXT: usize = 1000;

fn told(text: &str) -> String {
    cut(&printable(text), LONGEST_TEXT)
}

/// Whether the lines of a place are fit to be shown.
fn is_shown(place: Place, positions: &Positions<'_>) -> bool {
    let (start, end) = positions.of(place);
    (start.line..=end.line).all(|line| positions.line_length(place, line) <= LONGEST_LINE)
}

fn convert(diagnostic: &Diagnostic, positions: &Positions<'_>) -> codespan::Diagnostic<FileId> {
    let severity = match diagnostic.severity {
        Severity::Error => codespan::Severity::Error,
        Severity::Warning => codespan::Severity::Warning,
        Severity::Note => codespan::Severity::Note,
    };
    let (shown, too_long): (Vec<_>, Vec<_>) =
        diagnostic.labels.iter().enumerate().partition(|(_, label)| is_shown(label.place, positions));
    let labels = shown.into_iter().map(|(at, label)| {
        let style = if at == 0 { codespan::LabelStyle::Primary } else { codespan::LabelStyle::Secondary };
        codespan::Label::new(style, label.place.file, label.place.span.range())
            .with_message(told(&label.text))
    });
    let mut notes = Vec::new();
    for (_, label) in too_long {
        let (start, _) = positions.of(label.place);
        let (path, text) = (printable(positions.path(label.place)), told(&label.text));
        notes.push(format!("at {path}:{}:{}: {text}", start.line, start.column));
    }
    if let Some(input) = &diagnostic.input {
        let mut position = printable(&input.file);
        if input.line > 0 {
            position += &format!(":{}", input.line);
            if input.column > 0 {
                position += &format!(":{}", input.column);
            }
        }
        if input.document > 0 {
            position += &format!(" (document {})", input.document);
        }
        notes.push(format!("in {position}"));
    }
    notes.extend(words::occurrence(diagnostic));
    notes.extend(diagnostic.notes.iter().map(|note| told(note)));
    notes.extend(diagnostic.help.iter().map(|help| format!("help: {}", told(help))));
    codespan::Diagnostic::new(severity)
        .with_code(diagnostic.code.name())
        .with_message(told(&diagnostic.message))
        .with_labels(labels.collect())
        .with_notes(notes.into_iter().map(|note| wrap(&note)).collect())
}

/// Notes are broken at 78 columns: codespan prints them as they are.
fn wrap(note: &str) -> String {
    let mut out = String::new();
    for (at, line) in note.lines().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let mut width = 0;
        for word in line.split(' ') {
            let length = word.chars().count();
            if width > 0 && width + 1 + length > 74 {
                out.push('\n');
                width = 0;
            } else if width > 0 {
                out.push(' ');
                width += 1;
            }
            out.push_str(word);
            width += length;
        }
    }
    out
}

/// The texts as codespan reads them. Control characters are replaced byte for byte, so that spans stay true.
struct Texts<'a> {
    sources: &'a Sources,
    /// Of each file, made when it is first shown: of many files few are.
    files: Vec<OnceLock<(Cow<'a, str>, Vec<usize>)>>,
}

impl<'a> Texts<'a> {
    fn new(sources: &'a Sources) -> Self {
        Texts { sources, files: sources.iter().map(|_| OnceLock::new()).collect() }
    }

    fn file(&self, id: FileId) -> Result<&(Cow<'a, str>, Vec<usize>), Error> {
        let file = self.files.get(id.0 as usize).ok_or(Error::FileMissing)?;
        Ok(file.get_or_init(|| {
            let text = mask(&self.sources.get(id).text);
            let starts = codespan_reporting::files::line_starts(&text).collect();
            (text, starts)
        }))
    }
}

fn mask(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t' | b'\r')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\n' | '\t' | '\r') || !is_hostile(c) {
            out.push(c);
        } else {
            out.extend(std::iter::repeat_n('?', c.len_utf8()));
        }
    }
    Cow::Owned(out)
}

impl<'f> Files<'f> for Texts<'_> {
    type FileId = FileId;
    type Name = String;
    type Source = &'f str;

    fn name(&'f self, id: FileId) -> Result<String, Error> {
        Ok(printable(&self.sources.get(id).path))
    }

    fn source(&'f self, id: FileId) -> Result<&'f str, Error> {
        Ok(&self.file(id)?.0)
    }

    fn line_index(&'f self, id: FileId, byte: usize) -> Result<usize, Error> {
        let starts = &self.file(id)?.1;
        Ok(starts.partition_point(|start| *start <= byte).saturating_sub(1))
    }

    fn line_range(&'f self, id: FileId, line: usize) -> Result<Range<usize>, Error> {
        let (text, starts) = self.file(id)?;
        let start = *starts
            .get(line)
            .ok_or(Error::LineTooLarge { given: line, max: starts.len().saturating_sub(1) })?;
        Ok(start..starts.get(line + 1).copied().unwrap_or(text.len()))
    }
}
