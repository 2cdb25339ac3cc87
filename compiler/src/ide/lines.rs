//! The lines of a text: where they begin, how far they are indented, how they end, and which of them two texts differ in.

use std::ops::Range;

use similar::{DiffOp, TextDiff};
use weir_grammar::format::INDENT;
use weir_grammar::token::Comment;

pub struct Lines<'t> {
    text: &'t str,
}

/// What is open where a line begins.
pub struct Standing {
    /// The innermost `{`.
    pub brace: Option<u32>,
    /// Whether a statement has begun, and has not ended.
    pub is_amid: bool,
}

impl<'t> Lines<'t> {
    pub fn of(text: &'t str) -> Lines<'t> {
        Lines { text }
    }

    /// Where the line of an offset begins.
    pub fn start(&self, offset: u32) -> u32 {
        self.text[..offset as usize].rfind('\n').map_or(0, |at| at as u32 + 1)
    }

    /// From 1.
    pub fn number(&self, offset: u32) -> usize {
        1 + self.text[..offset as usize].matches('\n').count()
    }

    /// Whether nothing but space stands before an offset on its line.
    pub fn is_first(&self, offset: u32) -> bool {
        self.text[self.start(offset) as usize..offset as usize].trim().is_empty()
    }

    /// How many columns the line of an offset is indented by.
    pub fn indent(&self, offset: u32) -> usize {
        let space = self.text[self.start(offset) as usize..].chars();
        let columns = space.map_while(|c| match c {
            ' ' => Some(1),
            '\t' => Some(INDENT),
            _ => None,
        });
        columns.sum()
    }

    /// A canonical text, with lines that end as the first line of this one does.
    pub fn ended(&self, canonical: String) -> String {
        let first = self.text.find('\n').map(|at| &self.text[..at]);
        match first.is_some_and(|line| line.ends_with('\r')) {
            true => canonical.replace('\n', "\r\n"),
            false => canonical,
        }
    }

    /// What is open at an offset. Comments and texts open nothing.
    pub fn standing(&self, offset: u32, comments: &[Comment]) -> Standing {
        let mut open = Vec::new();
        let mut is_amid = false;
        let mut at = 0;
        let before = &self.text[..offset as usize];
        while let Some(c) = before[at..].chars().next() {
            let next = at + c.len_utf8();
            match c {
                '#' => {
                    let comment = comments.binary_search_by_key(&(at as u32), |comment| comment.span.start);
                    let end = comment.map_or(next, |found| comments[found].span.end as usize);
                    at = end.clamp(next, before.len());
                    continue;
                }
                '"' => {
                    let line = before[next..].find('\n').unwrap_or(before.len() - next);
                    let end = before[next..next + line].find('"').map_or(line, |end| end + 1);
                    at = next + end;
                    is_amid = true;
                    continue;
                }
                '{' => open.push(at as u32),
                '}' => {
                    open.pop();
                }
                _ => {}
            }
            is_amid = match c {
                '{' | '}' | ';' => false,
                _ => is_amid || !(c.is_whitespace() || c == '\u{feff}'),
            };
            at = next;
        }
        Standing { brace: open.pop(), is_amid }
    }
}

/// What has to be put where, so that the one text becomes the other: by lines, and of each no more than differs.
pub fn changes<'n>(old: &str, new: &'n str) -> Vec<(Range<usize>, &'n str)> {
    if old == new {
        return Vec::new();
    }
    let of = |text| str::split_inclusive(text, '\n').collect::<Vec<&str>>();
    let (old_lines, new_lines) = (of(old), of(new));
    let diff = TextDiff::from_slices(&old_lines, &new_lines);
    let (old_starts, new_starts) = (starts(&old_lines), starts(&new_lines));
    let mut changes = Vec::new();
    let mut add = |olds: Range<usize>, news: Range<usize>| {
        let olds = old_starts[olds.start]..old_starts[olds.end];
        let news = &new[new_starts[news.start]..new_starts[news.end]];
        if &old[olds.clone()] == news {
            return;
        }
        let before = common(&old[olds.clone()], news);
        let behind = common_end(&old[olds.start + before..olds.end], &news[before..]);
        changes.push((olds.start + before..olds.end - behind, &news[before..news.len() - behind]));
    };
    for op in diff.ops() {
        let (olds, news) = (op.old_range(), op.new_range());
        match op {
            DiffOp::Equal { .. } => {}
            // As many lines as before: each of them becomes its counterpart.
            DiffOp::Replace { .. } if olds.len() == news.len() => {
                olds.zip(news).for_each(|(old, new)| add(old..old + 1, new..new + 1));
            }
            _ => add(olds, news),
        }
    }
    changes
}

/// Where each line begins, and where the last one ends.
fn starts(lines: &[&str]) -> Vec<usize> {
    let ends = lines.iter().scan(0, |at, line| {
        *at += line.len();
        Some(*at)
    });
    std::iter::once(0).chain(ends).collect()
}

/// How many bytes two texts have in common at their beginnings.
fn common(a: &str, b: &str) -> usize {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b);
    same.map(|(c, _)| c.len_utf8()).sum()
}

/// The same at their ends.
fn common_end(a: &str, b: &str) -> usize {
    let same = a.chars().rev().zip(b.chars().rev()).take_while(|(a, b)| a == b);
    same.map(|(c, _)| c.len_utf8()).sum()
}
