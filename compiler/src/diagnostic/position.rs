//! Where a byte stands in its text: line and columns, found by an index that is made once a file. Looking one up costs
//! a binary search, however long the file or the line is. Knows nothing of formats.

use std::sync::OnceLock;

use crate::source::{Place, Sources};

/// Lines and columns count from 1, the offset in bytes from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    /// In characters.
    pub column: usize,
    /// In units of UTF-16, as editors and SARIF count.
    pub utf16: usize,
    pub offset: usize,
}

/// The lines of a text and its characters of several bytes.
#[derive(Clone, Debug)]
pub struct LineIndex {
    /// Where each line begins.
    lines: Vec<u32>,
    wide: Vec<Wide>,
}

/// A character of several bytes: where it ends, and by how much the columns lag behind the bytes from there on.
#[derive(Clone, Copy, Debug)]
struct Wide {
    end: u32,
    chars: u32,
    utf16: u32,
}

impl LineIndex {
    /// A byte order mark at the beginning is in no column: editors do not show it as a character either.
    pub fn new(text: &str) -> LineIndex {
        let mut lines = vec![0];
        let mut wide = Vec::new();
        let (mut chars, mut utf16) = (0, 0);
        for (at, c) in text.char_indices() {
            let bytes = c.len_utf8() as u32;
            let end = at as u32 + bytes;
            if c == '\n' {
                lines.push(end);
            } else if bytes > 1 {
                let mark = at == 0 && c == '\u{feff}';
                chars += if mark { bytes } else { bytes - 1 };
                utf16 += if mark { bytes } else { bytes - c.len_utf16() as u32 };
                wide.push(Wide { end, chars, utf16 });
            }
        }
        LineIndex { lines, wide }
    }

    pub fn position(&self, offset: u32) -> Position {
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines[line - 1];
        let (before, here) = (self.lag(start), self.lag(offset));
        Position {
            line,
            column: (offset - start - (here.chars - before.chars)) as usize + 1,
            utf16: (offset - start - (here.utf16 - before.utf16)) as usize + 1,
            offset: offset as usize,
        }
    }

    /// The bytes of a line, counted from 1; its end is the beginning of the next one.
    pub fn line(&self, line: usize, text: &str) -> std::ops::Range<usize> {
        let end = self.lines.get(line).map_or(text.len(), |next| *next as usize);
        self.lines[line - 1] as usize..end
    }

    fn lag(&self, offset: u32) -> Wide {
        let passed = self.wide.partition_point(|wide| wide.end <= offset);
        match passed.checked_sub(1) {
            Some(last) => self.wide[last],
            None => Wide { end: 0, chars: 0, utf16: 0 },
        }
    }
}

/// The texts of a program with their indices; a file that nothing is said of is not indexed.
pub struct Positions<'a> {
    pub sources: &'a Sources,
    files: Vec<OnceLock<LineIndex>>,
}

impl<'a> Positions<'a> {
    pub fn new(sources: &'a Sources) -> Positions<'a> {
        Positions { sources, files: sources.iter().map(|_| OnceLock::new()).collect() }
    }

    fn index(&self, place: Place) -> &LineIndex {
        self.files[place.file.0 as usize].get_or_init(|| LineIndex::new(&self.sources.get(place.file).text))
    }

    /// Where a place begins and ends; the end is exclusive.
    pub fn of(&self, place: Place) -> (Position, Position) {
        let index = self.index(place);
        (index.position(place.span.start), index.position(place.span.end))
    }

    /// The path under which the text of a place was read.
    pub fn path(&self, place: Place) -> &'a str {
        &self.sources.get(place.file).path
    }

    /// The bytes of one line of a place's text, with its end.
    pub fn line_length(&self, place: Place, line: usize) -> usize {
        self.index(place).line(line, &self.sources.get(place.file).text).len()
    }

    /// The line in which a place begins, without what surrounds it.
    pub fn line(&self, place: Place) -> &'a str {
        let text = &self.sources.get(place.file).text;
        let index = self.index(place);
        text[index.line(index.position(place.span.start).line, text)].trim()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the index says is what counting says, at every character of texts with all widths and line ends.
    #[test]
    fn counting_agrees() {
        for text in ["", "a", "\n", "a\r\nbä\n\n€x𝄞y\n", "𝄞𝄞\nä", "\u{feff}aä\nb"] {
            let index = LineIndex::new(text);
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            for offset in ends {
                let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
                let column = text[start..offset].trim_start_matches('\u{feff}');
                let expected = Position {
                    line: text[..offset].matches('\n').count() + 1,
                    column: column.chars().count() + 1,
                    utf16: column.encode_utf16().count() + 1,
                    offset,
                };
                assert_eq!(index.position(offset as u32), expected, "{text:?} at {offset}");
            }
        }
    }
}
