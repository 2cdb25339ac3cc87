//! The canonical form in an editor: of a file, of what is selected, of what has just been written. Edits are as small as
//! lines allow, so that the cursor stays where it is.

#[cfg(test)]
mod tests;

use weir_grammar::Span;
use weir_grammar::ast::Statement;
use weir_grammar::format::{self, INDENT};

use super::lines::{self, Lines};
use super::{Desk, Edit};

/// The whole file, or the reason why it stays as it is.
pub fn document(desk: &Desk<'_>) -> Result<Vec<Edit>, String> {
    if !desk.is_program() {
        return Err("only programs of one's own are formatted".to_owned());
    }
    let parse = &desk.source().parse;
    let lines = Lines::of(desk.text());
    match format::file(desk.text(), parse) {
        Some(canonical) => Ok(changes(desk, Span::new(0, desk.text().len()), &lines.ended(canonical))),
        None => {
            let line = parse.errors.first().map_or(1, |error| lines.number(error.span.start));
            Err(format!("line {line} cannot be read: a file with errors of syntax is not formatted"))
        }
    }
}

/// The statements that a range touches, as far as they can be read. Of a block that is touched in part, the lines that
/// are.
pub fn range(desk: &Desk<'_>, range: Span) -> Vec<Edit> {
    let Some(touched) = touched(desk.statements(), range).filter(|_| desk.is_program()) else {
        return Vec::new();
    };
    let mut edits = Vec::new();
    body(desk, desk.statements(), None, touched, &mut edits);
    let line = Lines::of(desk.text()).start(touched.start);
    edits.retain(|edit| line <= edit.place.span.start && edit.place.span.end <= touched.end);
    edits
}

/// What a character that was typed just before an offset asks for: `;` and `}` end a statement, which gets its form; a
/// new line gets its indentation. No other line changes.
pub fn on_type(desk: &Desk<'_>, offset: u32, typed: char) -> Vec<Edit> {
    let text = desk.text();
    if !desk.is_program() || !text.is_char_boundary(offset as usize) {
        return Vec::new();
    }
    match typed {
        '\n' => indentation(desk, offset),
        ';' | '}' if text[..offset as usize].ends_with(typed) => ended(desk, offset),
        _ => Vec::new(),
    }
}

/// From the first word to the last of what a range touches: whole statements, but for blocks the one or other end of
/// which is not touched.
fn touched(statements: &[Statement], range: Span) -> Option<Span> {
    let meets = |span: Span| span.start <= range.end && range.start <= span.end;
    let parts = statements.iter().filter(|statement| meets(statement.span())).filter_map(|statement| {
        let (span, inside) = (statement.span(), statement.body());
        let (Some(first), Some(last)) = (inside.first(), inside.last()) else { return Some(span) };
        let head = Span { start: span.start, end: first.span().start.saturating_sub(1) };
        let foot = Span { start: last.span().end + 1, end: span.end };
        let inner = touched(inside, range);
        let met = [head, foot].into_iter().filter(|part| meets(*part)).chain(inner);
        met.reduce(Span::to)
    });
    parts.reduce(Span::to)
}

/// Formats the sound statements of a body that are touched, and what is sound inside of the others.
fn body(
    desk: &Desk<'_>,
    statements: &[Statement],
    around: Option<u32>,
    touched: Span,
    edits: &mut Vec<Edit>,
) {
    let parse = &desk.source().parse;
    let meets = |span: Span| span.start < touched.end && touched.start < span.end;
    let holds = |span: Span| span.start < touched.start && touched.end < span.end;
    let mut run: &[Statement] = &[];
    let first = statements.partition_point(|statement| statement.span().end <= touched.start);
    for (at, statement) in statements.iter().enumerate().skip(first) {
        if !meets(statement.span()) {
            break;
        }
        let is_whole = format::is_sound(parse, statement)
            && !(holds(statement.span()) && is_in_body(statement, touched));
        if is_whole {
            run = &statements[at - run.len()..=at];
            continue;
        }
        self::run(desk, run, around, edits);
        run = &[];
        body(desk, statement.body(), Some(statement.span().start), touched, edits);
    }
    self::run(desk, run, around, edits);
}

fn is_in_body(statement: &Statement, touched: Span) -> bool {
    let (first, last) = (statement.body().first(), statement.body().last());
    first.is_some_and(|first| first.span().start <= touched.start)
        && last.is_some_and(|last| touched.end <= last.span().end)
}

/// Formats statements that follow each other; `around` is where the block begins that they stand in.
fn run(desk: &Desk<'_>, statements: &[Statement], around: Option<u32>, edits: &mut Vec<Edit>) {
    let (Some(first), Some(last)) = (statements.first(), statements.last()) else { return };
    let lines = Lines::of(desk.text());
    let indent = around.map_or(0, |around| lines.indent(around) + INDENT);
    let mut canonical = format::stretch(desk.text(), &desk.source().parse, statements, indent);
    let mut span = first.span().to(last.span());
    if lines.is_first(span.start) {
        span.start = lines.start(span.start);
        canonical.insert_str(0, &" ".repeat(indent));
    }
    edits.extend(changes(desk, span, &lines.ended(canonical)));
}

/// The statement that ends at an offset.
fn ended(desk: &Desk<'_>, offset: u32) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut statements = desk.statements();
    let mut around = None;
    loop {
        let at = statements.partition_point(|statement| statement.span().end < offset);
        let Some(statement) = statements.get(at).filter(|statement| statement.span().start < offset) else {
            return edits;
        };
        if statement.span().end > offset {
            around = Some(statement.span().start);
            statements = statement.body();
            continue;
        }
        if format::is_sound(&desk.source().parse, statement) {
            run(desk, std::slice::from_ref(statement), around, &mut edits);
        } else if desk.text()[..offset as usize].ends_with('}') {
            edits = indentation(desk, offset);
        }
        return edits;
    }
}

/// Sets how far the line at an offset is indented: by the braces that are open, and deeper amid a statement.
fn indentation(desk: &Desk<'_>, offset: u32) -> Vec<Edit> {
    let (text, lines) = (desk.text(), Lines::of(desk.text()));
    let start = lines.start(offset);
    let line = &text[start as usize..];
    let written = line.len() - line.trim_start_matches([' ', '\t']).len();
    let standing = lines.standing(start, &desk.source().parse.comments);
    let outer = standing.brace.map(|brace| lines.indent(brace));
    let columns = match line[written..].chars().next() {
        Some('}') => outer.unwrap_or(0),
        _ => outer.map_or(0, |outer| outer + INDENT) + if standing.is_amid { INDENT } else { 0 },
    };
    let indent = " ".repeat(columns);
    let place = desk.place(Span { start, end: start + written as u32 });
    if line[..written] == indent { Vec::new() } else { vec![Edit { place, text: indent }] }
}

/// The lines of a stretch of the file that change when another text stands there.
fn changes(desk: &Desk<'_>, span: Span, new: &str) -> Vec<Edit> {
    let old = &desk.text()[span.range()];
    let changes = lines::changes(old, new).into_iter();
    let place = |range: std::ops::Range<usize>| {
        let start = span.start as usize;
        desk.place(Span::new(start + range.start, start + range.end))
    };
    changes.map(|(range, text)| Edit { place: place(range), text: text.to_owned() }).collect()
}
