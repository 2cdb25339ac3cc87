//! Large JSON lists in parts. Each thread takes the next few megabytes of the text, up to where an item begins, and
//! reads them into records of its own; in the end the records are joined. So the text is never in memory as a whole,
//! and it is folded, on every core, while the rest of it is still coming in.
//!
//! Where an item begins is guessed, and every guess is proved: text that begins with an item and holds nothing but
//! whole items ends where the next one begins. Whatever is not as expected, an error above all, makes the input
//! irregular. Then it is read again as a whole by the code that knows how to complain: nothing is reported here.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde::de::{DeserializeSeed, IgnoredAny};

use super::dispatch::{ObjectSeed, Type};
use super::document::Document;
use super::problem::count_lines;
use super::record::Records;
use super::scalar::Str;
use crate::labels::Text;

/// Fits into the caches that are nearest to a core.
pub(super) const PART: usize = 1 << 20;

/// More threads would wait for the bytes.
const MOST_THREADS: usize = 8;

/// How an input is divided; tests divide small ones.
#[derive(Clone, Copy)]
pub(super) struct Division {
    /// How many bytes are read at a time. What is not larger than two parts is not divided.
    pub(super) part: usize,
    pub(super) threads: usize,
}

impl Division {
    pub(super) fn of_this_machine() -> Division {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        Division { part: PART, threads: cores.min(MOST_THREADS) }
    }
}

/// A list whose beginning was read.
pub(super) struct List<'t> {
    /// The text up to the `[` behind `"items"`, which is part of it.
    head: &'t str,
    /// The type of items that do not say one, where the head tells.
    item_type: Option<Type<'t>>,
    /// What the first item begins with.
    beginning: [&'t [u8]; 2],
}

/// The fields of a list beside its items. That one of them is there twice is refused here, and judged elsewhere.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Around<'a> {
    #[serde(borrow)]
    api_version: Option<Str<'a>>,
    #[serde(borrow)]
    kind: Option<Str<'a>>,
    #[serde(rename = "items")]
    _items: IgnoredAny,
}

impl<'t> List<'t> {
    /// The list that an input is, as far as the beginning of its text can tell.
    pub(super) fn begins(text: &'t [u8]) -> Option<List<'t>> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let length = head(text)?;
        let head = std::str::from_utf8(&text[..length]).ok()?;
        let around = format!("{head}]}}");
        let around: Around<'_> = serde_json::from_str(&around).ok()?;
        let item_type = match (around.api_version, around.kind) {
            (Some(version), Some(kind)) => {
                Type { version: version.0.into_owned().into(), kind: kind.0.into_owned().into() }.of_items()
            }
            _ => None,
        };
        Some(List { head, item_type, beginning: beginning(text[length..].trim_ascii_start())? })
    }

    /// The part of the text that stands behind the head.
    pub(super) fn items_of<'b>(&self, text: &'b [u8]) -> &'b [u8] {
        let mark = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        &text[mark + self.head.len()..]
    }

    /// Reads the items and what stands behind them. `false` for an irregular input, of which nothing is kept.
    pub(super) fn read<R: Read + Send>(
        &self,
        records: &mut Records,
        file: &str,
        items: R,
        division: Division,
    ) -> io::Result<bool> {
        let line = 1 + count_lines(self.head.as_bytes());
        let feed = Feed { input: items, rest: Vec::new(), part: division.part, line, ended: false };
        let shared = Shared { feed: Mutex::new(feed), irregular: AtomicBool::new(false) };
        let namespace = records.default_namespace.clone();
        let work = || -> io::Result<(Records, Option<String>)> {
            // Names of its own: what two threads count references to, they take from each other all the time.
            let mut own = Records::new(&namespace);
            let end = self.work(&mut own, &file.into(), &shared)?;
            Ok((own, end))
        };
        let done: Vec<_> = std::thread::scope(|scope| {
            let others: Vec<_> = (1..division.threads).map(|_| scope.spawn(work)).collect();
            let own = work();
            let others = others
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            std::iter::once(own).chain(others).collect()
        });
        let mut whole: Option<Records> = None;
        let mut end = None;
        for worked in done {
            let (found, its_end) = worked?;
            end = end.or(its_end);
            let joined = match &mut whole {
                Some(whole) => whole.absorb(found),
                None => {
                    whole = Some(found);
                    true
                }
            };
            if !joined {
                return Ok(false);
            }
        }
        let regular = !shared.irregular.into_inner() && end.is_some_and(|end| self.ends(&end));
        Ok(regular && whole.is_some_and(|whole| records.absorb(whole)))
    }

    /// Whether what stands around the items makes a list of the whole.
    fn ends(&self, end: &str) -> bool {
        let around = format!("{}{end}", self.head);
        let Ok(around) = serde_json::from_str::<Around<'_>>(&around) else { return false };
        let (Some(version), Some(kind)) = (around.api_version, around.kind) else { return false };
        Type { version: version.0, kind: kind.0 }.is_list()
    }

    /// Reads parts until there are no more; returns what stands behind the last item to whoever came upon it.
    fn work<R: Read>(
        &self,
        records: &mut Records,
        file: &Text,
        shared: &Shared<R>,
    ) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        let mut end = None;
        while !shared.irregular.load(Ordering::Relaxed) {
            let next = {
                let mut feed = shared.feed.lock().unwrap_or_else(PoisonError::into_inner);
                feed.next(&mut bytes, self.beginning)
            };
            let part = next.inspect_err(|_| shared.irregular.store(true, Ordering::Relaxed))?;
            let Some(Part { line, last }) = part else { break };
            match self.read_part(records, file, &bytes, line) {
                Some("") if !last => {}
                Some(rest) if last && rest.starts_with(']') => end = Some(rest.to_owned()),
                _ => shared.irregular.store(true, Ordering::Relaxed),
            }
        }
        Ok(end)
    }

    /// Reads items, each with the comma behind it; returns what follows the last of them.
    fn read_part<'b>(
        &self,
        records: &mut Records,
        file: &Text,
        bytes: &'b [u8],
        line: u32,
    ) -> Option<&'b str> {
        let text = std::str::from_utf8(bytes).ok()?;
        let begin = self.head.len() - self.head.trim_start().len();
        let begin_line = 1 + count_lines(&self.head.as_bytes()[..begin]);
        let mut document = Document::new(records, file.clone(), 1, begin_line, (text, line));
        document.lists = 1;
        let mut rest = text.trim_ascii_start();
        loop {
            let mut deserializer = serde_json::Deserializer::from_str(rest);
            let item = ObjectSeed::item(&mut document, self.item_type.as_ref());
            item.deserialize(&mut deserializer).ok()?;
            let end = deserializer.into_iter::<IgnoredAny>().byte_offset();
            rest = rest[end..].trim_ascii_start();
            match rest.strip_prefix(',') {
                Some(more) => rest = more.trim_ascii_start(),
                None => break,
            }
            if rest.is_empty() {
                break;
            }
        }
        document.close().then_some(rest)
    }
}

/// What the threads share.
struct Shared<R> {
    feed: Mutex<Feed<R>>,
    irregular: AtomicBool,
}

/// Hands out the text in parts.
struct Feed<R> {
    input: R,
    /// What was read already of the next part.
    rest: Vec<u8>,
    /// How many bytes are read at a time.
    part: usize,
    /// On which the next part begins.
    line: u32,
    ended: bool,
}

struct Part {
    line: u32,
    /// Nothing follows.
    last: bool,
}

impl<R: Read> Feed<R> {
    /// Puts the next part into `bytes`. All but the last end with the comma before an item.
    fn next(&mut self, bytes: &mut Vec<u8>, beginning: [&[u8]; 2]) -> io::Result<Option<Part>> {
        bytes.clear();
        if self.ended {
            return Ok(None);
        }
        bytes.append(&mut self.rest);
        let mut wanted = self.part;
        loop {
            let before = bytes.len();
            bytes.reserve(wanted);
            self.input.by_ref().take(wanted as u64).read_to_end(bytes)?;
            if bytes.len() - before < wanted {
                self.ended = true;
                break;
            }
            if let Some(at) = last_item(bytes, before, beginning) {
                self.rest.extend_from_slice(&bytes[at..]);
                bytes.truncate(at);
                break;
            }
            // An item that is larger than a part. Twice as much each time: what was searched is searched no more, and
            // what is copied stays in proportion.
            wanted = bytes.len();
        }
        let line = self.line;
        self.line += count_lines(bytes);
        Ok(Some(Part { line, last: self.ended }))
    }
}

/// Where, from a byte on, the last item begins, by all appearances.
fn last_item(text: &[u8], from: usize, wanted: [&[u8]; 2]) -> Option<usize> {
    let starts = memchr::memrchr_iter(b'{', &text[from..]).map(|at| from + at);
    let mut items = starts.filter(|at| text[..*at].trim_ascii_end().ends_with(b","));
    items.find(|at| beginning(&text[*at..]) == Some(wanted))
}

/// How an item begins: its first key, and the one after that or, if an object stands there, the first one in it.
fn beginning(item: &[u8]) -> Option<[&[u8]; 2]> {
    let (first, value) = key(item.strip_prefix(b"{")?)?;
    let after = match value.split_first()? {
        (b'"', text) => text[string_end(text)? + 1..].trim_ascii_start().strip_prefix(b",")?,
        (b'{', fields) => fields,
        _ => return None,
    };
    Some([first, key(after)?.0])
}

/// A key at the beginning of a text, and what stands behind its colon.
fn key(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start().strip_prefix(b"\"")?;
    let end = string_end(text)?;
    let value = text[end + 1..].trim_ascii_start().strip_prefix(b":")?;
    Some((&text[..end], value.trim_ascii_start()))
}

/// Where the quote stands that ends a string.
fn string_end(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|byte| match byte {
        _ if escaped => {
            escaped = false;
            false
        }
        b'\\' => {
            escaped = true;
            false
        }
        byte => *byte == b'"',
    })
}

/// The length of the text up to the `[` behind the key `"items"` of the outermost object, if it is JSON so far.
fn head(text: &[u8]) -> Option<usize> {
    let (mut depth, mut at, mut word) = (0u32, 0, &b""[..]);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                let string = &text[at + 1..];
                let end = string_end(string)?;
                // Before a bracket no other string can stand at this depth than its key.
                if depth == 1 {
                    word = &string[..end];
                }
                at += 1 + end;
            }
            b'[' if depth == 1 && word == b"items" => return Some(at + 1),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at += 1;
    }
    None
}
