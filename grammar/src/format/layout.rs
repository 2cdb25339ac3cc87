//! One statement, or the head of a block, on its lines. What does not fit on one is broken at its joints: first before
//! `because`, then before the other clauses, beside the verb, at operators and commas, the outer ones first. A comment
//! between two words is a break that stands fast.

use std::ops::Range;

use crate::lexer;
use crate::token::{Comment, Token};

/// Columns of a line.
const WIDTH: usize = 100;
/// What is left to a statement however deep its block is.
const LEAST: usize = 40;
/// Columns by which a broken statement goes on.
const DEEPER: usize = 4;

/// Appends a statement that is canonical but for its lines to a line that begins at column `indent`.
pub fn canonical(out: &mut String, code: &str, indent: usize) {
    // Bytes are at least as many as characters, and need no counting.
    if code.len() <= columns(indent) || code.chars().count() <= columns(indent) {
        out.push_str(code);
    } else {
        as_written(out, code, indent);
    }
}

/// The same for any statement: its words and comments stay, the space between them is set.
pub fn as_written(out: &mut String, code: &str, indent: usize) {
    let lexed = lexer::lex(code);
    let lines = Lines { code, words: words(code, &lexed), comments: &lexed.comments };
    lines.write(out, 0..lines.words.len(), indent, false);
}

/// From `indent` to the end of the line.
fn columns(indent: usize) -> usize {
    WIDTH.saturating_sub(indent).max(LEAST)
}

/// The rank of a joint: where a statement has to be broken, it is broken at all joints of the lowest rank.
type Rank = u8;
/// Before the `;` or `{`, where a comment stands there.
const END: Rank = 0;
const BECAUSE: Rank = 1;
const CLAUSE: Rank = 2;
/// Before the verb, where the subject is too long to stand with it.
const VERB: Rank = 3;
/// Between the verb and its objects.
const OBJECT: Rank = 4;
/// In no brackets; by two more in each pair, so that the outer ones go first.
const OPERATOR: Rank = 5;
const COMMA: Rank = 6;
/// Where nobody would break but for a comment.
const COMMENT: Rank = Rank::MAX;

struct Word<'a> {
    text: &'a str,
    /// Where it stands in the text.
    start: usize,
    /// Whether a space parts it from the word before, where both are on one line.
    spaced: bool,
    /// Of the joint before it.
    joint: Option<Rank>,
    /// All comments that stand before it.
    comments: usize,
    /// The column of its end, were everything on one line.
    end: usize,
}

fn words<'a>(code: &'a str, lexed: &lexer::Lexed<'a>) -> Vec<Word<'a>> {
    // The lexer closes the body of a head: what it supplies is empty, and no word of the text.
    let supplied = lexed.tokens.iter().rev().take_while(|(start, _, end)| start == end).count();
    let tokens = &lexed.tokens[..lexed.tokens.len() - supplied];
    let is_policy = tokens.iter().take(2).any(|(_, token, _)| *token == Token::Policy);
    let (mut depth, mut in_labels) = (0, false);
    let (mut comments, mut column) = (0, 0);
    let mut words = Vec::with_capacity(tokens.len());
    for (at, &(start, token, end)) in tokens.iter().enumerate() {
        let text = &code[start..end];
        let before = |back: usize| Some(tokens[at.checked_sub(back)?].1);
        let around = Around { before: before(1), second: before(2), third: before(3), in_labels, is_policy };
        let first = comments;
        while lexed.comments.get(comments).is_some_and(|comment| (comment.span.start as usize) < start) {
            comments += 1;
        }
        let (spaced, mut joint) = (around.is_spaced(token), around.joint(token, depth));
        if comments > first {
            joint = joint.or(Some(if at + 1 == tokens.len() { END } else { COMMENT }));
        }
        column += usize::from(spaced) + text.chars().count();
        words.push(Word { text, start, spaced, joint, comments, end: column });
        match token {
            Token::OpenParen => depth += 1,
            Token::CloseParen => depth -= 1,
            Token::OpenBracket => (depth, in_labels) = (depth + 1, true),
            Token::CloseBracket => (depth, in_labels) = (depth - 1, false),
            _ => {}
        }
    }
    words
}

/// What stands before a token.
struct Around<'a> {
    before: Option<Token<'a>>,
    second: Option<Token<'a>>,
    third: Option<Token<'a>>,
    /// Inside of square brackets.
    in_labels: bool,
    /// In the head of a policy.
    is_policy: bool,
}

/// Behind the name that follows stands a list in parentheses.
fn takes_list(token: Token<'_>) -> bool {
    matches!(token, Token::Policy | Token::Apply)
}

impl Around<'_> {
    fn is_spaced(&self, token: Token<'_>) -> bool {
        use Token::*;
        let Some(before) = self.before else { return false };
        match (before, token) {
            (_, Semicolon | Comma | CloseParen | OpenBracket | CloseBracket | Slash | NotEquals) => false,
            (OpenParen | OpenBracket | Slash | Bang | NotEquals, _) => false,
            (Equals, _) | (_, Equals) => !self.in_labels,
            // A port right behind an IPv6 address would be its last group.
            (Ipv6(address), Colon) => !address.contains('/'),
            (_, Colon) => false,
            (Colon, _) => self.is_policy,
            (_, OpenParen) => !self.second.is_some_and(takes_list),
            _ => true,
        }
    }

    fn joint(&self, token: Token<'_>, depth: Rank) -> Option<Rank> {
        use Token::*;
        match (self.before?, token) {
            (_, Because) => Some(BECAUSE),
            (Even, If) => None,
            (_, On | Over | If | Even | Until) => Some(CLAUSE),
            (Equals, _) if !self.in_labels => Some(CLAUSE),
            (_, May | Must | Reaches | Cannot | Isolated | Locked | Open) => Some(VERB),
            (Reach | Reaches, _) => Some(OBJECT),
            (Name(_) | Text(_), _) if self.second == Some(May) => Some(OBJECT),
            (_, Except | In) => Some(OPERATOR + 2 * depth),
            (Comma, _) => Some(COMMA + 2 * depth),
            (OpenParen, _) if self.third.is_some_and(takes_list) => Some(COMMA + 2 * depth),
            _ => None,
        }
    }
}

struct Lines<'a> {
    code: &'a str,
    words: Vec<Word<'a>>,
    comments: &'a [Comment],
}

impl Lines<'_> {
    /// Writes a range of words to a line that begins at column `indent`. What is `listed` stands there by itself, and
    /// goes on at the same column; anything else goes on deeper.
    fn write(&self, out: &mut String, range: Range<usize>, indent: usize, listed: bool) {
        let Some(rank) = self.rank(&range, indent) else { return self.write_line(out, range) };
        let deeper = if listed { indent } else { indent + DEEPER };
        let mut start = range.start;
        let ends = self.joints(&range).filter(|(other, _)| *other == rank).map(|(_, at)| at);
        for end in ends.chain([range.end]) {
            // A body's `{` stands above its `}`.
            let is_brace = rank == END && self.words[start].text == "{";
            let column = if start == range.start || is_brace { indent } else { deeper };
            if start > range.start {
                self.break_line(out, start, column);
            }
            let listed = start > range.start && (rank == OBJECT || self.words[start - 1].text == "=");
            self.write(out, start..end, column, listed);
            start = end;
        }
    }

    /// At which joints a range is broken on a line that begins at column `indent`, if it has to be and can be.
    fn rank(&self, range: &Range<usize>, indent: usize) -> Option<Rank> {
        if self.fits(range, columns(indent)) {
            return None;
        }
        let lowest = self.joints(range).map(|(rank, _)| rank).min()?;
        let object = self.joints(range).find(|(rank, _)| *rank == OBJECT);
        match object {
            Some((_, at)) if lowest == VERB && self.fits(&(range.start..at), columns(indent)) => Some(OBJECT),
            _ => Some(lowest),
        }
    }

    fn joints(&self, range: &Range<usize>) -> impl Iterator<Item = (Rank, usize)> {
        (range.start + 1..range.end).filter_map(|at| Some((self.words[at].joint?, at)))
    }

    fn fits(&self, range: &Range<usize>, columns: usize) -> bool {
        let (first, last) = (&self.words[range.start], &self.words[range.end - 1]);
        let before = first.end - first.text.chars().count();
        first.comments == last.comments && last.end - before <= columns
    }

    fn write_line(&self, out: &mut String, range: Range<usize>) {
        for at in range.clone() {
            let word = &self.words[at];
            if word.spaced && at > range.start {
                out.push(' ');
            }
            out.push_str(word.text);
        }
    }

    /// Ends the line before a word, with the comments that stand there.
    fn break_line(&self, out: &mut String, at: usize, column: usize) {
        let before = &self.words[at - 1];
        let mut end = before.start + before.text.len();
        let new_line = |out: &mut String| {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', column));
        };
        for comment in &self.comments[before.comments..self.words[at].comments] {
            if self.code[end..comment.span.start as usize].contains('\n') {
                new_line(out);
            } else {
                out.push(' ');
            }
            out.push_str(&comment.text);
            end = comment.span.end as usize;
        }
        new_line(out);
    }
}
