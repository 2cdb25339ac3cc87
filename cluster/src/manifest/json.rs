//! JSON: one value or several, one after the other. Knows how `serde_json` reports a place, and nothing of objects.

use std::cell::Cell;

use serde::de::{DeserializeSeed, IgnoredAny};
use serde_json::error::Category;

use super::document::{Document, Source, Stopped};
use super::problem::{Problem, count_lines, field_at, line_start};
use super::{Input, yaml};

/// Whether a text that begins like this is JSON rather than a YAML flow mapping or a template.
pub(super) fn is_json(text: &str) -> bool {
    let mut bytes = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    match bytes.next() {
        Some(b'{') => matches!(bytes.next(), Some(b'"' | b'}') | None),
        Some(b'[') => true,
        _ => false,
    }
}

/// One value at the beginning of a text.
struct Value<'de> {
    text: &'de str,
    /// Where it ended.
    end: Cell<usize>,
}

impl<'de> Source<'de> for Value<'de> {
    type Error = serde_json::Error;

    fn run<S: DeserializeSeed<'de>>(&self, seed: S) -> Result<S::Value, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(self.text);
        let value = seed.deserialize(&mut deserializer)?;
        self.end.set(deserializer.into_iter::<IgnoredAny>().byte_offset());
        Ok(value)
    }
}

/// Reads all values of a text that begins on `line`, the next of which is the document with this number; returns the
/// number of the document after them.
pub(super) fn read(input: &mut Input<'_>, mut text: &str, mut line: u32, mut number: u32) -> u32 {
    loop {
        let begin = text.len() - text.trim_start().len();
        line += count_lines(&text.as_bytes()[..begin]);
        text = &text[begin..];
        if text.is_empty() {
            return number;
        }
        if text.starts_with("---") {
            return yaml::read(input, text, line, number);
        }
        let value = Value { text, end: Cell::new(0) };
        let document = Document::new(input.records, input.file.clone(), number, line, (text, line));
        if let Err(Stopped { error, item }) = document.read(&value) {
            let (at, column) = (error.line() as u32, error.column() as u32);
            let mut problem = describe(text, &error);
            if item > 0 {
                problem.message = format!("{} (item {item} of the list)", problem.message);
            }
            input.error(number, line + at.saturating_sub(1), column, problem);
            // What is only not as it should be ends somewhere all the same.
            if error.classify() != Category::Data
                || value.run(std::marker::PhantomData::<IgnoredAny>).is_err()
            {
                return number + 1;
            }
        }
        let end = value.end.get();
        line += count_lines(&text.as_bytes()[..end]);
        text = &text[end..];
        number += 1;
    }
}

fn describe(text: &str, error: &serde_json::Error) -> Problem {
    let words = error.to_string();
    let words = words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words);
    match error.classify() {
        Category::Data => {
            let at = line_start(text, error.line()) + error.column();
            Problem::from_parser(words).of_field(field_at(text, at))
        }
        Category::Eof => Problem::new("the JSON ends too early").help("was the file cut off?"),
        _ => {
            let problem = Problem::from_parser(words);
            if problem == Problem::too_deep() {
                return problem;
            }
            Problem { message: format!("not valid JSON: {}", problem.message), help: problem.help }
        }
    }
}
