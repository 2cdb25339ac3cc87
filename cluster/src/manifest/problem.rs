//! What is wrong with a document, in words: how it travels through a parser's error, how the parsers' own words are
//! translated, and which field stands at a place of the text. Knows nothing of Kubernetes.

use std::fmt;

/// A message and, where there is one, its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// Stands before the message and before the help inside a parser's error, so that both are known again and apart.
const SEPARATOR: char = '\u{1f}';

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Problem { message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// As an error of the parser that is at work, which adds the place.
    pub(super) fn into_serde<E: serde::de::Error>(self) -> E {
        E::custom(self)
    }

    /// What a parser says, without the place that it appends: a problem that travelled through it, or its own words
    /// in those of this house.
    pub(super) fn from_parser(text: &str) -> Self {
        match text.strip_prefix(SEPARATOR).and_then(|ours| ours.rsplit_once(SEPARATOR)) {
            Some((message, "")) => Problem::new(message),
            Some((message, help)) => Problem::new(message).help(help),
            None => unknown_field(text).unwrap_or_else(|| Problem::new(translate(text))),
        }
    }

    pub(super) fn too_deep() -> Self {
        Problem::new("the document is nested too deeply")
    }

    /// With the name of the field in front, where the message says only what was expected.
    pub(super) fn of_field(mut self, field: Option<&str>) -> Self {
        if let Some(field) = field
            && self.message.starts_with("expected ")
        {
            self.message = format!("`{field}`: {}", self.message);
        }
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SEPARATOR}{}{SEPARATOR}{}", self.message, self.help.as_deref().unwrap_or_default())
    }
}

fn unknown_field(message: &str) -> Option<Problem> {
    let (field, known) = message.strip_prefix("unknown field ")?.split_once(", expected ")?;
    let known = known.trim_start_matches("one of ").replace(" or ", ", ");
    let known: Vec<String> = known.split(", ").map(|word| format!("`{}`", word.trim_matches('`'))).collect();
    Some(
        Problem::new(format!("there is no field {field} here"))
            .help(format!("known are {}", known.join(", "))),
    )
}

fn translate(message: &str) -> String {
    if let Some(types) = message.strip_prefix("invalid type: ").or(message.strip_prefix("invalid value: "))
        && let Some((found, expected)) = types.rsplit_once(", expected ")
    {
        return format!("expected {}, found {}", common_word(expected), common_word(found));
    }
    if message == "expected ident" {
        return "an unknown word".to_string();
    }
    if let Some(expected) = message.strip_prefix("expected ") {
        return format!("expected {}", common_word(expected));
    }
    if let Some(field) = message.strip_prefix("missing field ") {
        return format!("{field} is missing");
    }
    if let Some(field) = message.strip_prefix("duplicate field ") {
        return format!("{field} is there twice");
    }
    match message {
        "recursion limit exceeded" => Problem::too_deep().message,
        _ => in_backticks(message.strip_suffix('.').unwrap_or(message)),
    }
}

/// With each character that stands in quotes in backticks instead, as the other messages have it.
fn in_backticks(message: &str) -> String {
    let mut chars: Vec<char> = message.chars().collect();
    for at in 2..chars.len() {
        let (open, close) = (chars[at - 2], chars[at]);
        if matches!((open, close), ('\'', '\'') | ('"', '"') | ('`', '\'')) {
            (chars[at - 2], chars[at]) = ('`', '`');
        }
    }
    chars.into_iter().collect()
}

fn common_word(types: &str) -> String {
    let word = match types {
        "a sequence" | "sequence" | "sequence start" => "a list",
        "a map" | "map" | "mapping start" => "an object",
        "string scalar" => "text",
        "unit value" | "null" | "Option value" => "nothing",
        _ => {
            if let Some(text) = types.strip_prefix("string ") {
                return format!("the text `{}`", text.trim_matches('"'));
            }
            for number in ["integer ", "floating point ", "boolean "] {
                if let Some(value) = types.strip_prefix(number) {
                    return value.to_string();
                }
            }
            types
        }
    };
    word.to_string()
}

/// The byte at which a line (from 1) begins; the end of the text where it has fewer.
pub(super) fn line_start(text: &str, line: usize) -> usize {
    let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    match line {
        0 | 1 => 0,
        _ => newlines.map(|(at, _)| at + 1).nth(line - 2).unwrap_or(text.len()),
    }
}

/// The line (from 1) as it stands in the text.
pub(super) fn line_text(text: &str, line: usize) -> &str {
    text[line_start(text, line)..].split('\n').next().unwrap_or_default()
}

/// How many line ends there are. Counts in bytes, 255 at a time, and cannot overflow: so the compiler makes vectors
/// of it, and lines cost little even in large inputs.
pub(super) fn count_lines(bytes: &[u8]) -> u32 {
    memchr::memchr_iter(b'\n', bytes).count() as u32
}

/// The field that is meant at this byte: the one that stands there itself, or the one directly before the value that
/// begins (YAML) or ends (JSON) there.
pub(super) fn field_at(text: &str, at: usize) -> Option<&str> {
    let here = text.get(at..)?;
    let word = here.trim_start_matches(['"', '\'', '{']);
    let end = word.find(|c: char| c.is_whitespace() || matches!(c, ':' | '"' | '\'' | ',' | ']' | '}'));
    let (word, rest) = word.split_at(end.unwrap_or(word.len()));
    let rest = rest.trim_start_matches(['"', '\'']);
    if !word.is_empty()
        && (rest == ":" || rest.starts_with(": ") || rest.starts_with(":\n") || rest.starts_with(":\r"))
    {
        return Some(word);
    }
    let before = &text[..at];
    // A JSON parser stands behind the value, a YAML parser before it: step over one token, if there is one.
    let value = before.trim_end();
    let rest = match value.as_bytes().last()? {
        b':' => value,
        b']' | b'}' => value.strip_suffix("[]").or(value.strip_suffix("{}"))?,
        b'"' => &value[..value[..value.len() - 1].rfind('"')?],
        b'[' | b'{' | b'-' => &value[..value.len() - 1],
        _ => value.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-')),
    };
    let rest = rest.trim_end_matches(|c: char| c.is_whitespace() || c == '[' || c == '-');
    let key = rest.strip_suffix(':')?.trim_end().trim_end_matches(['"', '\'']);
    let key = key.rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '{' | ',')).next()?;
    Some(key).filter(|key| !key.is_empty() && key.len() <= 100)
}
