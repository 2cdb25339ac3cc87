//! YAML streams: splits them into documents, so that each is numbered and placed exactly and is forgotten before the
//! next one is read, and bounds what a document can make the parser do. The one module of `manifest` that knows the
//! YAML library; knows nothing of objects.

use serde::de::DeserializeSeed;
use serde_yaml::budget::BudgetBreach;
use serde_yaml::{DuplicateKeyPolicy, Error, NonFiniteFloatPolicy, Options};

use super::document::{Document, Source, Stopped};
use super::problem::{Problem, count_lines, field_at, line_start, line_text};
use super::{Input, json};

/// How deep the collections of a document may be nested. CustomResourceDefinitions, which are read to be passed over,
/// go to some fifty.
const DEPTH: usize = 128;

/// How much an alias may repeat, over a whole document.
const REPEATED_EVENTS: usize = 100_000;

/// A document of a stream, or what stands between two.
struct Part<'a> {
    text: &'a str,
    /// The line of its first byte, and the bytes before it on that line.
    line: u32,
    indent: u32,
}

/// Cuts a stream at its `---` and `...` lines.
fn split(stream: &str, first_line: u32) -> impl Iterator<Item = Part<'_>> {
    let mut rest = Some(Part { text: stream, line: first_line, indent: 0 });
    std::iter::from_fn(move || {
        let whole = rest.take()?;
        let mut offset = 0;
        let mut line = whole.line;
        // A part may begin behind a marker, in the middle of a line, where no other marker can be.
        let mut at_line_start = whole.indent == 0;
        while offset < whole.text.len() {
            let here = &whole.text[offset..];
            if at_line_start && is_marker(here) {
                rest = Some(Part { text: &here[3..], line, indent: 3 });
                return Some(Part { text: &whole.text[..offset], ..whole });
            }
            at_line_start = true;
            line += 1;
            match here.find('\n') {
                Some(end) => offset += end + 1,
                None => break,
            }
        }
        Some(whole)
    })
}

fn is_marker(text: &str) -> bool {
    (text.starts_with("---") || text.starts_with("..."))
        && text.as_bytes().get(3).is_none_or(|byte| byte.is_ascii_whitespace())
}

/// Where the content of a part begins; `None` for comments, directives and blank lines alone.
fn content(part: &Part<'_>) -> Option<usize> {
    let mut offset = 0;
    for line in part.text.split_inclusive('\n') {
        let blank = line.trim_start().is_empty() || line.trim_start().starts_with('#');
        if !blank && !line.starts_with('%') {
            return Some(offset);
        }
        offset += line.len();
    }
    None
}

/// A document with its lines as they stand in the stream.
struct Yaml<'de>(&'de str);

impl<'de> Source<'de> for Yaml<'de> {
    type Error = Error;

    fn run<S: DeserializeSeed<'de>>(&self, seed: S) -> Result<S::Value, Error> {
        let run = |deserializer: serde_yaml::Deserializer<'de, '_>| seed.deserialize(deserializer);
        serde_yaml::with_deserializer_from_str_with_options(self.0, options(), run)
    }
}

fn options() -> Options {
    // A document has no more nodes than bytes, and it is in memory already: only what can make more of it than there
    // is needs a limit of its own.
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_events: usize::MAX,
            max_nodes: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
            max_depth: DEPTH,
            flow_nesting_limit: DEPTH,
            max_recorded_anchor_events: REPEATED_EVENTS,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: REPEATED_EVENTS,
        },
        // As in JSON: what is passed over may be there twice, what is read may not.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        ignore_binary_tag_for_string: true,
        with_snippet: false,
        emit_comments: false,
    }
}

/// Reads a stream that begins on `line`, the next document of which has this number; returns the number of the
/// document after them.
pub(super) fn read(input: &mut Input<'_>, stream: &str, line: u32, mut number: u32) -> u32 {
    for part in split(stream, line) {
        let Some(begin) = content(&part) else { continue };
        if json::is_json(part.text) {
            number = json::read(input, part.text, part.line, number);
            continue;
        }
        let begin_line = part.line + count_lines(&part.text.as_bytes()[..begin]);
        let source = (part.text, part.line);
        let mut document = Document::new(input.records, input.file.clone(), number, begin_line, source);
        document.kustomization = input.kustomization;
        let errors = document.records.errors.len();
        let stopped = document.read(&Yaml(part.text)).err();
        let found = &mut input.records.errors[errors..];
        for error in found.iter_mut() {
            if let Some(template) = template_on(&part, error.line) {
                (error.message, error.help) = (template.message, template.help);
            }
        }
        if let Some(stopped) = stopped {
            report(input, &part, begin_line, number, stopped);
        }
        number += 1;
    }
    number
}

fn report(input: &mut Input<'_>, part: &Part<'_>, begin_line: u32, number: u32, stopped: Stopped<Error>) {
    let Stopped { error, item } = stopped;
    let place = error.location().filter(|place| place.line() > 0);
    let (mut problem, is_syntax) = describe(&error);
    let Some(place) = place else {
        return input.error(number, begin_line, 0, problem);
    };
    let (line_here, column) = (place.line() as usize, place.column() as usize);
    let line = part.line + line_here as u32 - 1;
    let indent = if line_here == 1 { part.indent } else { 0 };
    if let Some(template) = template_on(part, line) {
        return input.error(number, line, column as u32 + indent, template);
    }
    if is_syntax && let Some(line) = first_template(part) {
        let template = template_on(part, line).unwrap_or(problem);
        return input.error(number, line, 0, template);
    }
    let text = line_text(part.text, line_here);
    let bytes = text.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
    problem = problem.of_field(field_at(part.text, line_start(part.text, line_here) + bytes));
    if item > 0 {
        problem.message = format!("{} (item {item} of the list)", problem.message);
    }
    input.error(number, line, column as u32 + indent, problem);
}

/// What the library found, and whether the text is not even YAML.
fn describe(error: &Error) -> (Problem, bool) {
    let words = error.without_snippet().to_string();
    let words = words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words);
    match error.without_snippet() {
        Error::AliasError { error, .. } => describe(error),
        Error::Message { msg, .. } => (Problem::from_parser(msg), false),
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => (Problem::too_deep(), false),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            (Problem::new("the aliases of the document repeat too much"), false)
        }
        Error::NullIntoString { .. } => (Problem::new("a key is empty"), false),
        Error::MultipleDocuments { .. } => (Problem::new("a second document begins without `---`"), true),
        Error::MergeValueNotMapOrSeqOfMaps { .. } => {
            (Problem::new("`<<` takes an object, or a list of objects"), false)
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            (Problem::new("an alias leads back to what it stands in"), false)
        }
        Error::ExternalMessage { .. } | Error::Eof { .. } | Error::UnknownAnchor { .. } => {
            let problem = Problem::from_parser(words);
            if problem == Problem::too_deep() {
                return (problem, false);
            }
            (Problem { message: format!("not valid YAML: {}", problem.message), help: problem.help }, true)
        }
        _ => (Problem::from_parser(words), false),
    }
}

/// The error for a line of the stream with a template's braces on it.
fn template_on(part: &Part<'_>, line: u32) -> Option<Problem> {
    let text = line_text(part.text, (line.checked_sub(part.line)? + 1) as usize);
    if !text.contains("{{") {
        return None;
    }
    let shown = super::rules::short(text.trim());
    Some(
        Problem::new(format!("an unrendered template: `{shown}`"))
            .help("hand in what `helm template` prints, not the chart's templates"),
    )
}

/// The first line that looks like one of a template outside of any text.
fn first_template(part: &Part<'_>) -> Option<u32> {
    let is_template = |line: &str| {
        let line = line.trim_start();
        line.starts_with("{{") || line.contains(": {{") || line.starts_with("- {{")
    };
    part.text.lines().position(is_template).map(|position| part.line + position as u32)
}
