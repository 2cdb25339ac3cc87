//! What Weir says of a program, as plain data: the terminal, JSON and the editor all show the same diagnostic.
//! A message is in lower case, has no full stop, and puts the user's words in backticks; the remedy is in `help`.

mod artifact;
mod fingerprint;
pub mod github;
pub mod gitlab;
pub mod json;
pub mod junit;
pub mod merge;
pub mod position;
pub mod render;
pub mod sarif;
pub mod syntax;
mod words;

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

pub use crate::codes::Code;
use crate::source::Place;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    pub message: String,
    /// The first is the culprit; others show what it collides with.
    pub labels: Vec<Label>,
    /// Where in the inventory or another input that is no Weir text.
    pub input: Option<InputPlace>,
    pub notes: Vec<String>,
    pub help: Vec<String>,
    pub suggestions: Vec<Suggestion>,
    /// Of an `in each` block: in which of its namespaces. Sorted; empty elsewhere.
    pub namespaces: Vec<String>,
    /// The clusters of the project that it holds in, sorted; empty where it holds in every one that was looked at.
    pub clusters: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    pub place: Place,
    pub text: String,
}

/// A position in an input that is not part of the program. Lines and columns count from 1; 0 is unknown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputPlace {
    pub file: String,
    pub document: u32,
    pub line: u32,
    pub column: u32,
}

/// An edit that would remedy it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Suggestion {
    pub message: String,
    pub place: Place,
    pub replacement: String,
}

impl Diagnostic {
    /// The label on the sentence that applies the policy in which something is wrong.
    pub const APPLIED: &str = "applied here";

    pub fn new(code: Code, severity: Severity, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity,
            message: message.into(),
            labels: Vec::new(),
            input: None,
            notes: Vec::new(),
            help: Vec::new(),
            suggestions: Vec::new(),
            namespaces: Vec::new(),
            clusters: Vec::new(),
        }
    }

    pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, Severity::Error, message)
    }

    pub fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, Severity::Warning, message)
    }

    pub fn note(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, Severity::Note, message)
    }

    /// The first label is the culprit's.
    pub fn at(mut self, place: Place, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { place, text: text.into() });
        self
    }

    pub fn with_note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    pub fn with_help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help.push(help.into());
        self
    }

    pub fn suggest(
        mut self,
        message: impl Into<String>,
        place: Place,
        replacement: impl Into<String>,
    ) -> Diagnostic {
        self.suggestions.push(Suggestion { message: message.into(), place, replacement: replacement.into() });
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The order of a report: by place in the program, errors before lints of the same place, without repetition.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    let key = |d: &Diagnostic| {
        let place = d.labels.first().map(|label| label.place);
        (place.is_some(), place, Reverse(d.severity), d.code, d.input.clone(), d.message.clone())
    };
    diagnostics.sort_by_cached_key(key);
    diagnostics.dedup();
}

/// Tells once what is wrong for several namespaces of an `in each`, or wherever a policy is applied.
pub fn join_origins(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    const MOST_APPLICATIONS: usize = 4;
    let mut joined: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    let mut known: HashMap<(Code, String, Vec<Label>), usize> = HashMap::new();
    for diagnostic in diagnostics {
        let is_application = |label: &&Label| label.text == Diagnostic::APPLIED;
        if diagnostic.namespaces.is_empty() && !diagnostic.labels.iter().any(|label| is_application(&label)) {
            joined.push(diagnostic);
            continue;
        }
        let own = diagnostic.labels.iter().filter(|label| !is_application(label)).cloned().collect();
        let key = (diagnostic.code, diagnostic.message.clone(), own);
        match known.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(joined.len());
                joined.push(diagnostic);
            }
            Entry::Occupied(entry) => {
                let first = &mut joined[*entry.get()];
                first.namespaces.extend(diagnostic.namespaces);
                first.namespaces.sort_unstable();
                first.namespaces.dedup();
                for label in diagnostic.labels.iter().filter(is_application) {
                    let told = first.labels.iter().filter(is_application).count();
                    if told < MOST_APPLICATIONS && !first.labels.contains(label) {
                        first.labels.push(label.clone());
                    }
                }
            }
        }
    }
    joined
}

/// Drops lints of what is an error already: they judge a sentence that will be written anew.
pub fn mute_beside_errors(diagnostics: &mut Vec<Diagnostic>) {
    let place = |diagnostic: &Diagnostic| diagnostic.labels.first().map(|label| label.place);
    let errors: BTreeSet<Place> =
        diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).filter_map(place).collect();
    diagnostics.retain(|diagnostic| {
        diagnostic.is_error() || place(diagnostic).is_none_or(|place| !errors.contains(&place))
    });
}

/// Text from a cluster or a file, fit for a terminal: no control characters and no marks that reorder text.
pub fn printable(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    text.chars().map(|c| if is_hostile(c) { '\u{fffd}' } else { c }).collect()
}

fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `a`, `b` and `c`, for messages; cut short behind eight.
pub fn listed<T: AsRef<str>>(words: &[T], last: &str) -> String {
    const MOST: usize = 8;
    let quoted: Vec<String> = words.iter().take(MOST).map(|word| format!("`{}`", word.as_ref())).collect();
    if words.len() > MOST {
        return format!("{} and {} more", quoted.join(", "), words.len() - MOST);
    }
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., end] => format!("{} {last} {end}", init.join(", ")),
    }
}

/// Long words are cut: a message is for reading.
pub fn shortened(text: &str) -> String {
    const MOST: usize = 120;
    cut(text, MOST)
}

/// At most so many characters of a text.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
