//! Offsets in a text and positions as the client counts them.

use line_index::{LineCol, LineIndex, TextSize, WideEncoding, WideLineCol};
use tower_lsp::ls_types::{Position, PositionEncodingKind, Range};
use weir::Span;

/// In what columns are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    #[default]
    Utf16,
}

impl Encoding {
    /// The one that costs nothing, if the client can count so.
    pub fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Encoding {
        match offered.is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8)) {
            true => Encoding::Utf8,
            false => Encoding::Utf16,
        }
    }

    pub fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }
    }
}

/// The lines of one text.
pub struct Lines<'t> {
    text: &'t str,
    index: LineIndex,
    encoding: Encoding,
}

impl<'t> Lines<'t> {
    pub fn new(text: &'t str, encoding: Encoding) -> Lines<'t> {
        Lines { text, index: LineIndex::new(text), encoding }
    }

    /// Of a byte; what lies behind the end is the end, and within a character its beginning.
    pub fn position(&self, offset: u32) -> Position {
        let mut at = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let Some(found) = self.index.try_line_col(TextSize::from(at as u32)) else {
            return Position::default();
        };
        let column = match self.encoding {
            Encoding::Utf8 => found.col,
            Encoding::Utf16 => {
                self.index.to_wide(WideEncoding::Utf16, found).map_or(found.col, |wide| wide.col)
            }
        };
        Position::new(found.line, column)
    }

    pub fn range(&self, span: Span) -> Range {
        Range::new(self.position(span.start), self.position(span.end))
    }

    /// Of a position; behind the end of a line it is that end, behind the last line the text's.
    pub fn offset(&self, position: Position) -> u32 {
        let end = self.text.len() as u32;
        let Some(line) = self.index.line(position.line) else { return end };
        let (start, behind) = (u32::from(line.start()), u32::from(line.end()));
        let content = self.text[start as usize..behind as usize].trim_end_matches(['\n', '\r']);
        let last = start + content.len() as u32;
        let column = match self.encoding {
            Encoding::Utf8 => position.character,
            Encoding::Utf16 => {
                let wide = WideLineCol { line: position.line, col: position.character };
                match self.index.to_utf8(WideEncoding::Utf16, wide) {
                    Some(LineCol { col, .. }) => col,
                    None => return last,
                }
            }
        };
        let mut at = start.saturating_add(column).min(last);
        while !self.text.is_char_boundary(at as usize) {
            at -= 1;
        }
        at
    }

    pub fn span(&self, range: Range) -> Span {
        let (start, end) = (self.offset(range.start), self.offset(range.end));
        Span { start, end: end.max(start) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_lead_back() {
        let text = "a\n# ö 🦀 x\r\nlast";
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            let lines = Lines::new(text, encoding);
            for (at, _) in text.char_indices().filter(|(_, c)| !"\r\n".contains(*c)) {
                let position = lines.position(at as u32);
                assert_eq!(lines.offset(position), at as u32, "{encoding:?} {position:?}");
            }
        }
        let crab = text.find('x').unwrap() as u32;
        assert_eq!(Lines::new(text, Encoding::Utf16).position(crab), Position::new(1, 7));
        assert_eq!(Lines::new(text, Encoding::Utf8).position(crab), Position::new(1, 10));
    }

    #[test]
    fn what_lies_outside_is_the_end() {
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            let lines = Lines::new("ab\ncd", encoding);
            assert_eq!(lines.offset(Position::new(0, 99)), 2);
            assert_eq!(lines.offset(Position::new(9, 0)), 5);
            assert_eq!(lines.position(99), Position::new(1, 2));
            assert_eq!(Lines::new("", encoding).offset(Position::new(0, 1)), 0);
        }
    }
}
