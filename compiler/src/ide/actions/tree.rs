//! Where something stands in a file: the statements around it, what its last word is, and how it is taken out.

use weir_grammar::Span;
use weir_grammar::ast::*;

use crate::ide::lines::Lines;
use crate::ide::{Desk, Edit};
use crate::lint;

/// The statements that hold a span, from the outermost to the innermost.
pub fn path(statements: &[Statement], span: Span) -> Vec<&Statement> {
    let mut path = Vec::new();
    let mut body = statements;
    loop {
        let first = body.partition_point(|statement| statement.span().end < span.end);
        let holds =
            |statement: &&Statement| statement.span().start <= span.start && span.end <= statement.span().end;
        let Some(statement) = body[first..].iter().take(2).rfind(holds) else { return path };
        path.push(statement);
        body = statement.body();
    }
}

/// The innermost statement that holds a span.
pub fn statement(statements: &[Statement], span: Span) -> Option<&Statement> {
    path(statements, span).pop()
}

/// The sentence that holds a span.
pub fn sentence(statements: &[Statement], span: Span) -> Option<&Sentence> {
    match statement(statements, span)? {
        Statement::Sentence(sentence) => Some(sentence),
        _ => None,
    }
}

/// The statements beside a statement, itself among them.
pub fn body_of(statements: &[Statement], span: Span) -> &[Statement] {
    let path = path(statements, span);
    match path.len().checked_sub(2).and_then(|at| path.get(at)) {
        Some(around) => around.body(),
        None => statements,
    }
}

/// Where the words of a sentence end that stand before its clauses.
pub fn end_of_claim(sentence: &Sentence) -> u32 {
    match &sentence.kind {
        SentenceKind::Posture(posture) => {
            posture.direction.map_or(posture.word_span.end, |(_, span)| span.end.max(posture.word_span.end))
        }
        SentenceKind::Reach(reach) => {
            let on = reach.on.last().map(|port| port.span.end);
            let over = reach.over.as_ref().map(|over| over.span.end);
            [on, over].into_iter().flatten().fold(reach.object.span.end, u32::max)
        }
    }
}

/// Where its last word ends, the `;` aside.
pub fn end_of_words(sentence: &Sentence) -> u32 {
    let Clauses { because, absent, until } = &sentence.clauses;
    let because = because.as_ref().map(|reason| reason.span.end);
    let ends = [because, absent.map(|(_, span)| span.end), until.map(|(_, span)| span.end)];
    ends.into_iter().flatten().fold(end_of_claim(sentence), u32::max)
}

pub fn replace(desk: &Desk<'_>, span: Span, text: impl Into<String>) -> Edit {
    Edit { place: desk.place(span), text: text.into() }
}

pub fn insert(desk: &Desk<'_>, at: u32, text: impl Into<String>) -> Edit {
    replace(desk, Span { start: at, end: at }, text)
}

/// Takes words out of a statement, with the space before them, unless a comment stands there: what follows would become
/// part of it.
pub fn cut(desk: &Desk<'_>, span: Span) -> Edit {
    let before = desk.text()[..span.start as usize].trim_end().len() as u32;
    let in_comment = comment_at(desk, before).is_some();
    let start = if in_comment { span.start } else { before };
    replace(desk, Span { start, ..span }, "")
}

/// The comment that an offset is in, or just behind.
pub fn comment_at(desk: &Desk<'_>, offset: u32) -> Option<Span> {
    let comments = &desk.source().parse.comments;
    let at = comments.partition_point(|comment| comment.span.start < offset).checked_sub(1)?;
    Some(comments[at].span).filter(|span| offset <= span.end)
}

/// Whether a stretch of the text has a comment in it.
pub fn has_comment(desk: &Desk<'_>, span: Span) -> bool {
    let comments = &desk.source().parse.comments;
    let first = comments.partition_point(|comment| comment.span.start < span.start);
    comments.get(first).is_some_and(|comment| comment.span.start < span.end)
}

/// Takes a statement out, with its line, and with the comments that allow lints in it alone: they would be about the next.
/// Comments for people stay.
pub fn removal(desk: &Desk<'_>, statement: Span) -> Vec<Edit> {
    let mut edits = vec![line_out(desk, statement)];
    for allowance in lint::allowances(desk.source()) {
        let is_inside = statement.start <= allowance.comment.start && allowance.comment.end <= statement.end;
        if allowance.about == Some(statement) && !is_inside {
            edits.push(line_out(desk, allowance.comment));
        }
    }
    edits.sort_by_key(|edit| edit.place.span);
    // One behind the statement on its line: the space between them goes once.
    let mut end = 0;
    for edit in &mut edits {
        let span = &mut edit.place.span;
        span.start = span.start.max(end);
        span.end = span.end.max(span.start);
        end = span.end;
    }
    edits
}

/// Takes out a stretch of text with its whole lines, where nothing else stands on them; else with the space behind it.
pub fn line_out(desk: &Desk<'_>, span: Span) -> Edit {
    let (text, lines) = (desk.text(), Lines::of(desk.text()));
    let rest = &text[span.end as usize..];
    let space = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
    let behind = &rest[space..];
    if !lines.is_first(span.start) {
        let before = text[..span.start as usize].trim_end_matches([' ', '\t']).len() as u32;
        let is_last = behind.is_empty() || behind.starts_with('\n');
        let start = if is_last { before } else { span.start };
        let end = if is_last { span.end } else { span.end + space as u32 };
        return replace(desk, Span { start, end }, "");
    }
    let start = lines.start(span.start);
    match behind.chars().next() {
        None => {
            // The last line of all: the one above ends the file.
            replace(desk, Span::new(start as usize, text.len()), "")
        }
        Some('\n') => replace(desk, Span::new(start as usize, span.end as usize + space + 1), ""),
        Some(_) => replace(desk, Span::new(span.start as usize, span.end as usize + space), ""),
    }
}

/// The sets of one statement, not of its body: each with where it stands.
pub fn each_set<'t>(statement: &'t Statement, visit: &mut dyn FnMut(&'t Set, Stands<'t>)) {
    match statement {
        Statement::Let(Let { value: LetValue::Set(set), .. }) => of_set(set, Stands::Value, visit),
        Statement::Block(Block { head: BlockHead::Each(_, Subject::Set(set)), .. }) => {
            of_set(set, Stands::Parts, visit);
        }
        Statement::Apply(tree) => {
            for argument in &tree.args {
                if let Argument::Set(set) = argument {
                    of_set(set, Stands::Argument, visit);
                }
            }
        }
        Statement::Sentence(Sentence { kind, .. }) => match kind {
            SentenceKind::Posture(Posture { each, subject: Subject::Set(set), .. }) => {
                of_set(set, if each.is_some() { Stands::Parts } else { Stands::Sentence }, visit);
            }
            SentenceKind::Posture(_) => {}
            SentenceKind::Reach(reach) => {
                of_set(&reach.subject, Stands::Sentence, visit);
                of_set(&reach.object, Stands::Sentence, visit);
            }
        },
        _ => {}
    }
}

/// Where a set stands.
#[derive(Clone, Copy)]
pub enum Stands<'t> {
    /// As the subject or object of a sentence.
    Sentence,
    /// Behind `each`.
    Parts,
    /// As what a `let` stands for.
    Value,
    Argument,
    /// In the parentheses of this operand.
    Group(&'t Operand),
}

fn of_set<'t>(set: &'t Set, stands: Stands<'t>, visit: &mut dyn FnMut(&'t Set, Stands<'t>)) {
    visit(set, stands);
    for operand in &set.operands {
        if let Base::Group(inner) = &operand.base {
            of_set(inner, Stands::Group(operand), visit);
        }
    }
}
