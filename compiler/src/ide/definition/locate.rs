//! An object inside the text of a manifest, found without reading the rest: dumps have hundreds of megabytes. Every
//! `name` of that value is looked at where it stands, in YAML's blocks or between braces, and only as far as the object
//! around it goes. Keys come in any order.

use memchr::memmem;
use weir_grammar::Span;

/// The value of `metadata.name` of an object. `namespace` is none for objects of the cluster. An object that leaves its
/// kind to a typed list, or its namespace to the default, is found where no other says both.
pub fn locate(text: &str, kind: &str, namespace: Option<&str>, name: &str) -> Option<Span> {
    if name.is_empty() {
        return None;
    }
    let mut second = None;
    for at in memmem::find_iter(text.as_bytes(), name) {
        let Some(found) = name_at(text, at, at + name.len()) else { continue };
        let says = |said: Option<&str>, wanted: Option<&str>| match (said, wanted) {
            (Some(said), Some(wanted)) => (said == wanted).then_some(true),
            (None, Some(_)) => Some(false),
            (_, None) => Some(true),
        };
        let (Some(of_kind), Some(of_namespace)) =
            (says(found.kind, Some(kind)), says(found.namespace, namespace))
        else {
            continue;
        };
        let span = Span::new(at, at + name.len());
        if of_kind && of_namespace {
            return Some(span);
        }
        second.get_or_insert(span);
    }
    second
}

/// What an object says beside its name.
#[derive(Default)]
struct Object<'t> {
    kind: Option<&'t str>,
    namespace: Option<&'t str>,
}

/// The object whose `metadata.name` stands at this place; `None` if something else does.
fn name_at(text: &str, start: usize, end: usize) -> Option<Object<'_>> {
    let bytes = text.as_bytes();
    let quote = bytes[..start].last().copied().filter(|byte| matches!(byte, b'"' | b'\''));
    let behind = bytes.get(end).copied();
    let ends = match quote {
        Some(quote) => behind == Some(quote),
        None => behind.is_none_or(|byte| b" \t\r\n,}]#".contains(&byte)),
    };
    let before = text[..start - usize::from(quote.is_some())].trim_end_matches([' ', '\t']);
    let (key, word) = key_before(before, "name").filter(|_| ends)?;
    // Words at the beginning of a line are YAML's blocks, all others stand between braces.
    match line_of(text, key, &[' ', '\t']) {
        Some(line) if !word.starts_with('"') => in_block(text, line, key - line),
        _ if text[..key].trim_end().ends_with(['{', ',']) => in_braces(text, key),
        _ => None,
    }
}

/// Where a key stands that a text ends with, its `:` behind it, and how it is written.
fn key_before<'t>(text: &'t str, key: &str) -> Option<(usize, &'t str)> {
    let text = text.strip_suffix(':')?.trim_end_matches([' ', '\t']);
    let bare = text.strip_suffix('"').unwrap_or(text);
    let quoted = bare.len() < text.len();
    let rest = bare.strip_suffix(key)?;
    let rest = if quoted { rest.strip_suffix('"')? } else { rest };
    let stands_alone = rest.bytes().last().is_none_or(|byte| b" \t\r\n,{".contains(&byte));
    stands_alone.then(|| (rest.len(), &text[rest.len()..]))
}

/// Where the line of a key begins, if nothing but these stands before it. A dump may be one line of hundreds of megabytes.
fn line_of(text: &str, key: usize, before: &[char]) -> Option<usize> {
    let head = text[..key].trim_end_matches(before);
    (head.is_empty() || head.ends_with('\n')).then_some(head.len())
}

fn line_start(bytes: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |at| at + 1)
}

/// A key in a block: `metadata` is the line above it that is indented less, and the object all around that.
fn in_block(text: &str, line: usize, indent: usize) -> Option<Object<'_>> {
    let parent = lines_above(text, line).find(|above| above.is_key_left_of(indent))?;
    if parent.key() != Some("metadata") || parent.rest() != Some("") {
        return None;
    }
    let mut object = Object { namespace: sibling(text, line, indent, "namespace"), ..Object::default() };
    object.kind = sibling(text, parent.start, parent.indent(), "kind");
    // Within another object: what a template says of its pods.
    if object.kind.is_none() && sibling(text, parent.start, parent.indent(), "spec").is_some() {
        let around = lines_above(text, parent.start).find(|above| above.is_key_left_of(parent.indent()));
        let around = around.and_then(|line| line.key());
        return matches!(around, None | Some("items")).then_some(object);
    }
    Some(object)
}

/// The object around a key between braces.
fn in_braces(text: &str, key: usize) -> Option<Object<'_>> {
    let open = open_brace(text.as_bytes(), key)?;
    let before = text[..open].trim_end();
    let (metadata, word) = key_before(before, "metadata")?;
    let namespace = member(text, open, "namespace");
    if let Some(line) = line_of(text, metadata, &['-', ' ']).filter(|_| !word.starts_with('"')) {
        // `metadata: { name: web }` in a block.
        return Some(Object { kind: sibling(text, line, metadata - line, "kind"), namespace });
    }
    let outer = open_brace(text.as_bytes(), metadata)?;
    let around = text[..outer].trim_end();
    let is_object = around.is_empty() || around.ends_with(['[', ',', '-', '}']) || around.ends_with("items:");
    is_object.then(|| Object { kind: member(text, outer, "kind"), namespace })
}

/// A line of a block.
#[derive(Clone, Copy)]
struct Line<'t> {
    start: usize,
    text: &'t str,
}

impl<'t> Line<'t> {
    /// Where its key stands: `-` opens a list's item, and what follows is within it.
    fn indent(self) -> usize {
        self.text.len() - self.text.trim_start_matches([' ', '-']).len()
    }

    fn is_blank(self) -> bool {
        matches!(self.text.trim_start().bytes().next(), None | Some(b'#'))
    }

    fn is_separator(self) -> bool {
        self.text.starts_with("---") || self.text.starts_with("...")
    }

    fn opens_item(self) -> bool {
        self.text.trim_start().starts_with("- ")
    }

    fn key(self) -> Option<&'t str> {
        let (key, _) = self.text.trim_start_matches([' ', '-']).split_once(':')?;
        Some(key.trim_end().trim_matches(['"', '\'']))
    }

    /// What stands behind its key.
    fn rest(self) -> Option<&'t str> {
        let (_, rest) = self.text.split_once(':')?;
        let rest = rest.split(" #").next().unwrap_or(rest).trim();
        Some(rest.trim_matches(['"', '\'']))
    }

    fn is_key_left_of(self, indent: usize) -> bool {
        !self.is_blank() && self.indent() < indent
    }
}

fn lines_above(text: &str, line: usize) -> impl Iterator<Item = Line<'_>> {
    let mut end = line;
    std::iter::from_fn(move || {
        let last = end.checked_sub(1)?;
        let start = line_start(text.as_bytes(), last);
        end = start;
        Some(Line { start, text: &text[start..last] })
    })
    .take_while(|line| !line.is_separator())
}

/// The lines from this one on.
fn lines_below(text: &str, line: usize) -> impl Iterator<Item = Line<'_>> {
    let mut next = Some(line);
    std::iter::from_fn(move || {
        let start = next?;
        let end = memchr::memchr(b'\n', &text.as_bytes()[start..]).map(|at| start + at);
        next = end.map(|end| end + 1);
        Some(Line { start, text: &text[start..end.unwrap_or(text.len())] })
    })
    .take_while(|line| !line.is_separator())
}

/// The value of a key of the same mapping as the key on this line.
fn sibling<'t>(text: &'t str, line: usize, indent: usize, key: &str) -> Option<&'t str> {
    let is_it = |line: &Line<'t>| !line.is_blank() && line.indent() == indent && line.key() == Some(key);
    let own = lines_below(text, line).next()?;
    let mut opened = own.opens_item();
    let above = lines_above(text, line).take_while(|line| {
        let goes_on = !opened && (line.is_blank() || line.indent() >= indent);
        opened |= line.indent() == indent && line.opens_item();
        goes_on
    });
    let inside = |line: &Line<'t>| {
        line.is_blank() || (line.indent() >= indent && !(line.indent() == indent && line.opens_item()))
    };
    let below = lines_below(text, line).skip(1).take_while(inside);
    above.chain(below).find(is_it)?.rest()
}

/// Larger than any object that an API server keeps.
const LARGEST: usize = 4 << 20;

/// The brace that is open at a place.
fn open_brace(bytes: &[u8], from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = from;
    while let Some(last) = at.checked_sub(1).filter(|last| from - last < LARGEST) {
        at = last;
        match bytes[at] {
            quote @ (b'"' | b'\'') => at = opening_quote(bytes, at, quote)?,
            b'}' | b']' => depth += 1,
            b'{' | b'[' if depth > 0 => depth -= 1,
            b'{' => return Some(at),
            b'[' => return None,
            _ => {}
        }
    }
    None
}

fn opening_quote(bytes: &[u8], closing: usize, quote: u8) -> Option<usize> {
    let mut end = closing;
    loop {
        let at = memchr::memrchr(quote, &bytes[..end])?;
        let escapes = bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        if quote == b'\'' || escapes % 2 == 0 {
            return Some(at);
        }
        end = at;
    }
}

/// The value of a key between this brace and its partner, if it is a word.
fn member<'t>(text: &'t str, open: usize, key: &str) -> Option<&'t str> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = open;
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return None,
            b'}' | b']' => depth -= 1,
            byte if depth == 1 && !b" \t\r\n,:".contains(&byte) => {
                let end = word_end(bytes, at);
                let rest = text[end..].trim_start();
                if word(&text[at..end]) == key && rest.starts_with(':') {
                    let value = rest[1..].trim_start();
                    return Some(word(&value[..word_end(value.as_bytes(), 0)]));
                }
                at = end;
                continue;
            }
            b'"' | b'\'' => {
                at = word_end(bytes, at);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

fn word(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}

/// Where a word ends, in quotes or bare; behind its first byte in any case.
fn word_end(bytes: &[u8], start: usize) -> usize {
    let Some(first) = bytes.get(start).copied() else { return start };
    let mut at = start + 1;
    if matches!(first, b'"' | b'\'') {
        while let Some(found) = memchr::memchr(first, bytes.get(at..).unwrap_or_default()) {
            at += found;
            let escapes = bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
            at += 1;
            if first == b'\'' || escapes % 2 == 0 {
                return at;
            }
        }
        return bytes.len();
    }
    while bytes.get(at).is_some_and(|byte| !b" \t\r\n,:{}[]\"".contains(byte)) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests;
