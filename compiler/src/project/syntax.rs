//! What is no TOML, in the words of this house. The parser goes on behind an error; what merely follows from one is
//! left out.

use std::ops::Range;

use toml::de::Error;
use weir_grammar::Span;

use crate::diagnostic::{Code, Diagnostic, printable, shortened};
use crate::source::{FileId, Place};

/// More than these are counted, not told: the text is no `weir.toml` at all.
const MOST: usize = 20;

/// What is told of a text that is no TOML, and up to where its values are what their author meant.
pub(super) struct Broken {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) sound: usize,
}

pub(super) fn broken(file: FileId, text: &str, errors: &[Error]) -> Broken {
    let mut faults: Vec<Fault> = errors.iter().map(|error| Fault::of(text, error)).collect();
    faults.sort_by_key(|fault| (fault.range.start, fault.range.end));
    // Behind a list that is never closed, the rest of the file is read as its items.
    if faults.iter().any(|fault| fault.kind == Kind::Unclosed)
        && let Some(first) = faults.iter().position(|fault| fault.in_list())
    {
        faults.truncate(first + 1);
    }
    // Values are read whatever stands there twice; behind any other error they may be others than were meant.
    let first = faults.iter().find(|fault| fault.kind != Kind::Twice);
    let sound = first.map_or(text.len(), |fault| line_start(text, fault.range.start));
    let mut line = None;
    faults.retain(|fault| line.replace(line_start(text, fault.range.start)) != line);
    let more = faults.len().saturating_sub(MOST);
    let mut diagnostics: Vec<Diagnostic> =
        faults.iter().take(MOST).map(|fault| fault.diagnostic(file, text)).collect();
    if let (1.., Some(last)) = (more, diagnostics.last_mut()) {
        last.notes.push(format!("{more} more lines are no TOML either"));
    }
    Broken { diagnostics, sound }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Twice,
    NoTable,
    TooDeep,
    NoKey,
    MissingKey,
    MissingEquals,
    NoValue,
    Number,
    Boolean,
    UnclosedText,
    BadText,
    Escape,
    UnclosedHead,
    /// A list or an inline table that goes on to the end of the file.
    Unclosed,
    /// What stands in a list where `,` or its end should.
    NoComma,
    ManyCommas,
    LineGoesOn,
    CarriageReturn,
    Control,
    Other,
}

struct Fault {
    kind: Kind,
    range: Range<usize>,
    /// What the parser expected, in its words.
    expected: Option<String>,
}

impl Fault {
    fn of(text: &str, error: &Error) -> Fault {
        let (said, expected) = match error.message().split_once(", expected ") {
            Some((said, expected)) => (said, Some(expected.to_owned())),
            None => (error.message(), None),
        };
        let kind = match said {
            "duplicate key" => Kind::Twice,
            "unclosed table" | "unclosed array table" => Kind::UnclosedHead,
            "unclosed array" | "unclosed inline table" => Kind::Unclosed,
            "invalid unquoted key" | "invalid key-value pair" | "missing table open" => Kind::NoKey,
            "unquoted keys cannot be empty" | "missing key for inline table element" => Kind::MissingKey,
            "key with no value" | "missing value for key" | "missing assignment between key-value pairs" => {
                Kind::MissingEquals
            }
            "string values must be quoted"
            | "missing value"
            | "missing array opening"
            | "missing inline table opening" => Kind::NoValue,
            "invalid boolean" => Kind::Boolean,
            "missing comma between array elements"
            | "missing comma between key-value pairs"
            | "unexpected `=` in array"
            | "extra assignment between key-value pairs" => Kind::NoComma,
            "extra comma in array" | "extra comma in inline table" => Kind::ManyCommas,
            "unexpected key or value" | "unexpected content" | "extra `=`" => Kind::LineGoesOn,
            "missing escaped value" | "too few unicode value digits" | "invalid value" => Kind::Escape,
            "carriage return must be followed by newline" => Kind::CarriageReturn,
            "invalid comment character" => Kind::Control,
            said if said.starts_with("cannot extend value") => Kind::NoTable,
            said if said.contains("recurs") => Kind::TooDeep,
            said if said.starts_with("invalid ") && said.ends_with(" string") => {
                let closing = expected.as_deref().is_some_and(|expected| matches!(expected, "`\"`" | "`'`"));
                if closing { Kind::UnclosedText } else { Kind::BadText }
            }
            said if ["number", "float", "integer", "date", "time", "zero", "sign", "digits", "radix"]
                .iter()
                .any(|word| said.contains(word)) =>
            {
                Kind::Number
            }
            _ => Kind::Other,
        };
        let range = error.span().unwrap_or_default();
        let start = text.floor_char_boundary(range.start.min(text.len()));
        let range = start..text.ceil_char_boundary(range.end.min(text.len()).max(start));
        let range = match kind {
            Kind::Number => whole_word(text, range),
            Kind::Escape => from_backslash(text, range),
            _ => at_word(text, range),
        };
        Fault { kind, range, expected }
    }

    fn in_list(&self) -> bool {
        matches!(self.kind, Kind::NoComma | Kind::Unclosed)
    }

    fn diagnostic(&self, file: FileId, text: &str) -> Diagnostic {
        let place = Place { file, span: Span::new(self.range.start, self.range.end) };
        let raw = &text[self.range.clone()];
        let word = shortened(&printable(raw));
        let said = |message: String, label: &str| Diagnostic::error(Code::E0703, message).at(place, label);
        // Where nothing stands, something is missing.
        let unfit = |label: &str| match raw.is_empty() {
            true => said("the line ends too early".to_owned(), label),
            false => said(format!("`{word}` does not fit here"), label),
        };
        match self.kind {
            Kind::Twice => said(format!("`{word}` stands twice"), "the second one")
                .with_help("keep one of the two, with all that belongs to it"),
            Kind::NoTable => said(format!("`{word}` is a value, and no table"), "has no keys of its own"),
            Kind::TooDeep => said("brackets or keys are nested too deeply".to_owned(), "one too many"),
            Kind::NoKey if matches!(raw, "]" | "}") => unfit("nothing opens it"),
            Kind::NoKey => {
                let said = said(
                    format!("`{word}` is no key"),
                    "a bare key has letters, digits, `-` and `_`; others stand in quotes",
                );
                if raw.starts_with("//") { said.with_help("comments begin with `#`") } else { said }
            }
            Kind::MissingKey => said("a key is missing".to_owned(), "expected a key here"),
            Kind::MissingEquals => said("a key without its value".to_owned(), "expected `=` and a value")
                .with_help("a line is `key = value`, or `[table]`"),
            Kind::NoValue if raw.is_empty() => said("a value is missing".to_owned(), "expected a value here"),
            Kind::NoValue => {
                let said = said(format!("`{word}` is no value"), "a text stands in quotes");
                match raw {
                    "yes" | "on" => said.with_help("write `true`").suggest("write `true`", place, "true"),
                    "no" | "off" => said.with_help("write `false`").suggest("write `false`", place, "false"),
                    _ if raw.chars().any(|c| c.is_control() || matches!(c, '"' | '\\' | '[' | ']')) => said,
                    _ => said.with_help(format!("write `\"{word}\"`")).suggest(
                        "put it in quotes",
                        place,
                        format!("\"{raw}\""),
                    ),
                }
            }
            Kind::Number => {
                let said = said(format!("`{word}` is no value"), "a text stands in quotes");
                said.with_help(format!("write `\"{word}\"`")).suggest(
                    "put it in quotes",
                    place,
                    format!("\"{raw}\""),
                )
            }
            Kind::Boolean => {
                let lower = raw.to_ascii_lowercase();
                said(format!("`{word}` is no value"), "`true` and `false` are in lower case")
                    .with_help(format!("write `{}`", shortened(&printable(&lower))))
                    .suggest("write it in lower case", place, lower)
            }
            Kind::UnclosedText => {
                said("this text is never closed".to_owned(), "its closing quote is missing on this line")
            }
            Kind::BadText => said("a character that no text may hold".to_owned(), "a control character")
                .with_help("write it as an escape, such as `\\u001b`"),
            Kind::Escape => said("`\\` begins no escape here".to_owned(), "not understood").with_help(
                "a `\\` is written `\\\\`, and is itself between single quotes: `'inventory\\prod'`",
            ),
            Kind::UnclosedHead => said("`[` is never closed".to_owned(), "its `]` is missing here")
                .with_help("a name with other characters than letters, digits, `-` and `_` stands in quotes"),
            Kind::Unclosed => said("a bracket is never closed".to_owned(), "its partner is missing here"),
            Kind::NoComma => unfit("expected `,` or the closing bracket"),
            Kind::ManyCommas => said("a `,` too many".to_owned(), "nothing stands before it"),
            Kind::LineGoesOn => unfit("the line should end here"),
            Kind::CarriageReturn => {
                said("a carriage return without a line break".to_owned(), "this line ends by it alone")
            }
            Kind::Control => said("a control character in a comment".to_owned(), "remove it"),
            Kind::Other => match &self.expected {
                Some(expected) if expected != "nothing" => unfit(&format!("expected {expected}")),
                _ => unfit("not understood"),
            },
        }
    }
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '=' | ']' | '}' | '#' | '"' | '\'')
}

/// A place without width, widened to the word that stands there.
fn at_word(text: &str, range: Range<usize>) -> Range<usize> {
    if !range.is_empty() {
        return range;
    }
    let rest = &text[range.start..];
    if let Some(quote @ ('"' | '\'')) = rest.chars().next() {
        let line = rest.lines().next().unwrap_or_default();
        let length = line[1..].find(quote).map_or(1, |at| at + 2);
        return range.start..range.start + length;
    }
    let first = rest.chars().next().filter(|c| !c.is_whitespace()).map_or(0, char::len_utf8);
    let length = rest.find(ends_word).unwrap_or(rest.len()).max(first);
    range.start..range.start + length
}

/// The parser points at the part of a number that is wrong.
fn whole_word(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text[..range.start]
        .rfind(ends_word)
        .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    let end = text[range.start..].find(ends_word).map_or(text.len(), |at| range.start + at);
    start..end.max(start)
}

/// The parser points behind the `\` of what is no escape.
fn from_backslash(text: &str, range: Range<usize>) -> Range<usize> {
    let line = line_start(text, range.start);
    let start = text[line..range.start].rfind('\\').map_or(range.start, |at| line + at);
    let end =
        text[range.start..].chars().next().filter(|c| *c != '\n' && *c != '"').map_or(0, char::len_utf8);
    start..range.start + end
}
