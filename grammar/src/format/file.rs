//! A whole file: one statement a line, four spaces a block, at most one empty line between statements. Comments are put
//! back by where they stood: behind what they stood behind, or on a line of their own above what they stood above.

use super::comments::Comments;
use super::{layout, statement};
use crate::ast::*;
use crate::lexer;
use crate::token::Token;
use crate::{Parse, Span};

/// Columns a block.
pub const INDENT: usize = 4;

/// The canonical form of a file; `None` if it has errors: what cannot be read cannot be written.
///
/// It says the same, with the same comments in the same places, and is its own canonical form.
pub fn file(text: &str, parse: &Parse) -> Option<String> {
    if !parse.errors.is_empty() {
        return None;
    }
    let mut printer = Printer {
        text,
        comments: Comments::of(parse),
        out: String::with_capacity(text.len() + text.len() / 8),
        done: 0,
        indent: 0,
        fresh: true,
    };
    printer.body(&parse.file.statements, text.len() as u32);
    if !printer.out.is_empty() {
        printer.out.push('\n');
    }
    Some(printer.out)
}

/// Whether nothing is wrong with the text of a statement, whatever stands around it.
pub fn is_sound(parse: &Parse, statement: &Statement) -> bool {
    let span = statement.span();
    let is_inside = |error: &Span| match error.start == error.end {
        true => span.start <= error.start && error.start <= span.end,
        false => error.start < span.end && span.start < error.end,
    };
    let first = parse.errors.partition_point(|error| error.span.start < span.start);
    // An error may begin before the statement and reach into it; few do, and they begin just before it.
    let around = parse.errors[..first].iter().rev().take(1).chain(&parse.errors[first..]);
    !matches!(statement, Statement::Error(_))
        && !around.take_while(|error| error.span.start <= span.end).any(|error| is_inside(&error.span))
}

/// Statements of one body that follow each other, each of them sound, as they stand in the canonical form of a file: from
/// the first word to the last, on lines that are indented by so many columns but for the first.
pub fn stretch(text: &str, parse: &Parse, statements: &[Statement], indent: usize) -> String {
    let (Some(first), Some(last)) = (statements.first(), statements.last()) else { return String::new() };
    let (start, end) = (first.span().start, last.span().end);
    let mut comments = Comments::of(parse);
    comments.take_before(start);
    let mut printer = Printer { text, comments, out: String::new(), done: start, indent, fresh: true };
    printer.body(statements, end);
    printer.out
}

/// A line is ended when the next one begins, so that a comment can still join it.
struct Printer<'a> {
    text: &'a str,
    comments: Comments<'a>,
    out: String,
    /// How far the text has been written: the end of a token or a comment.
    done: u32,
    indent: usize,
    /// Whether the file or the body has only begun: no empty line stands there.
    fresh: bool,
}

impl Printer<'_> {
    /// Statements, and all comments up to `end`, where the body is closed or the file ends.
    fn body(&mut self, statements: &[Statement], end: u32) {
        for statement in statements {
            let span = statement.span();
            self.comments(span.start);
            self.begin_line(span.start);
            match statement {
                Statement::Block(_) | Statement::Policy(_) | Statement::Test(_) => self.block(statement),
                _ => self.words(span, statement),
            }
            self.done = span.end;
        }
        self.comments(end);
    }

    fn block(&mut self, statement: &Statement) {
        let (span, body) = (statement.span(), statement.body());
        let first = body.first().map_or(span.end, |statement| statement.span().start);
        // Only a comment asks where exactly the head ends.
        self.done = if self.comments.any_before(first) { self.end_of_head(span.start, first) } else { first };
        self.words(Span { start: span.start, end: self.done }, statement);
        let close = span.end - 1;
        let empty = body.is_empty() && !self.comments.any_before(close);
        if !empty {
            self.indent += INDENT;
            self.fresh = true;
            self.body(body, close);
            self.fresh = false;
            self.indent -= INDENT;
            self.new_line();
        }
        self.out.push('}');
    }

    /// Just behind the `{` of a block that begins at `start` and whose body goes on at `first`.
    fn end_of_head(&self, start: u32, first: u32) -> u32 {
        let lexed = lexer::lex(&self.text[start as usize..first as usize]);
        let brace = lexed.tokens.iter().find(|(_, token, _)| *token == Token::OpenBrace);
        brace.map_or(first, |(_, _, end)| start + *end as u32)
    }

    /// What stands before the `;` or with the `{`. With a comment amid them the words stay as they were written:
    /// only so is it certain between which of them it stood.
    fn words(&mut self, span: Span, statement: &Statement) {
        if self.comments.any_before(span.end) || matches!(statement, Statement::Error(_)) {
            self.comments.take_before(span.end);
            layout::as_written(&mut self.out, &self.text[span.range()], self.indent);
        } else {
            layout::canonical(&mut self.out, &statement::line(statement), self.indent);
        }
    }

    fn comments(&mut self, end: u32) {
        for comment in self.comments.take_before(end) {
            let start = comment.span.start;
            if self.out.is_empty() || self.text[self.done as usize..start as usize].contains('\n') {
                self.begin_line(start);
            } else {
                self.out.push(' ');
            }
            self.out.push_str(&comment.text);
            self.done = comment.span.end;
        }
    }

    /// Begins the line of what stands at `start`; between the last thing written and it there is only space.
    fn begin_line(&mut self, start: u32) {
        if !self.out.is_empty() {
            let space = &self.text[self.done as usize..start as usize];
            if !self.fresh && space.bytes().filter(|byte| *byte == b'\n').nth(1).is_some() {
                self.out.push('\n');
            }
            self.new_line();
        }
        self.fresh = false;
    }

    fn new_line(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', self.indent));
    }
}
