//! The statement that an offset is in, and what the program has of it.

use std::sync::Arc;

use weir_grammar::Span;
use weir_grammar::ast::Statement;

use super::Desk;
use crate::resolve::program::Sentence;

/// The innermost statement that an offset is in, or just behind.
pub(super) fn statement_at(statements: &[Statement], offset: u32) -> Option<&Statement> {
    let inside = |statement: &&Statement| {
        let span = statement.span();
        span.start <= offset && offset < span.end
    };
    let behind = |statement: &&Statement| statement.span().end == offset;
    let found = statements.iter().find(inside).or_else(|| statements.iter().find(behind))?;
    Some(statement_at(found.body(), offset).unwrap_or(found))
}

/// What the file's program has of a sentence: several, where it stands in a policy or in an `in each` block.
pub(super) fn sentences_at<'d>(desk: &'d Desk<'_>, span: Span) -> impl Iterator<Item = &'d Arc<Sentence>> {
    let place = desk.place(span);
    desk.part().program.sentences.iter().filter(move |sentence| sentence.place == place)
}
