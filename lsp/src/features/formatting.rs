//! Formatting: of a document, of a range, of what has just been typed.

use tower_lsp::ls_types::{Position, Range, TextEdit};
use weir::ide::{Desk, Edit, formatting};

use crate::convert::Texts;

/// `Err` in the user's words: a text with errors is not formatted.
pub fn document(desk: &Desk<'_>, texts: &Texts<'_>) -> Result<Vec<TextEdit>, String> {
    Ok(edits(formatting::document(desk)?, texts))
}

pub fn range(desk: &Desk<'_>, texts: &Texts<'_>, range: Range) -> Vec<TextEdit> {
    edits(formatting::range(desk, texts.lines(desk.file).span(range)), texts)
}

pub fn on_type(desk: &Desk<'_>, texts: &Texts<'_>, position: Position, typed: &str) -> Vec<TextEdit> {
    let Some(typed) = typed.chars().next() else { return Vec::new() };
    edits(formatting::on_type(desk, texts.lines(desk.file).offset(position), typed), texts)
}

fn edits(edits: Vec<Edit>, texts: &Texts<'_>) -> Vec<TextEdit> {
    edits.into_iter().map(|edit| texts.edit(edit.place, edit.text)).collect()
}
