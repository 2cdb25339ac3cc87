//! From a word to where it is defined, used, or may be renamed.

use std::collections::HashMap;
use std::path::Path;

use tower_lsp::ls_types::*;
use weir::ide::definition::{self, Target};
use weir::ide::{Desk, Edit, highlight, links, references, rename};

use crate::convert::Texts;
use crate::text::Lines;

/// Where the word at a position is defined; what the inventory has, in its manifest.
pub fn definition(desk: &Desk<'_>, texts: &Texts<'_>, position: Position) -> Vec<LocationLink> {
    let found = definition::definition(desk, texts.lines(desk.file).offset(position));
    let links = found.into_iter().filter_map(|found| {
        let origin = texts.range(desk.place(found.from));
        let Location { uri, range } = location(&found.to, texts)?;
        Some(LocationLink {
            origin_selection_range: Some(origin),
            target_uri: uri,
            target_range: range,
            target_selection_range: range,
        })
    });
    links.collect()
}

/// Where something stands: an object of the inventory in its manifest, which is searched for it.
fn location(to: &Target, texts: &Texts<'_>) -> Option<Location> {
    let (file, line, kind, namespace, name) = match to {
        Target::Text(place) => return texts.location(*place),
        Target::Manifest { file, line, kind, namespace, name, .. } => (file, *line, kind, namespace, name),
    };
    let path = Path::new(file);
    let text = match weir_files::is_plain(path) {
        true => std::fs::read_to_string(path).ok(),
        false => None, // no editor shows what is packed
    };
    let found = text.and_then(|text| {
        let span = definition::locate(&text, kind, namespace.as_deref(), name)?;
        Some(Lines::new(&text, texts.encoding).range(span))
    });
    Some(Location { uri: Uri::from_file_path(path)?, range: found.unwrap_or_else(|| at_line(line)) })
}

/// The beginning of a line that counts from 1; 0 is not known.
pub fn at_line(line: u32) -> Range {
    let at = Position::new(line.saturating_sub(1), 0);
    Range::new(at, at)
}

pub fn references(
    desk: &Desk<'_>,
    texts: &Texts<'_>,
    position: Position,
    declaration: bool,
) -> Vec<Location> {
    let offset = texts.lines(desk.file).offset(position);
    let found = references::references(desk, offset, declaration);
    found.into_iter().filter_map(|place| texts.location(place)).collect()
}

pub fn highlights(desk: &Desk<'_>, texts: &Texts<'_>, position: Position) -> Vec<DocumentHighlight> {
    let found = highlight::highlights(desk, texts.lines(desk.file).offset(position));
    let shown = found.into_iter().map(|found| DocumentHighlight {
        range: texts.range(desk.place(found.span)),
        kind: Some(match found.kind {
            highlight::Kind::Read => DocumentHighlightKind::READ,
            highlight::Kind::Write => DocumentHighlightKind::WRITE,
        }),
    });
    shown.collect()
}

/// `Err` in the user's words: why it cannot be renamed.
pub fn prepare_rename(
    desk: &Desk<'_>,
    texts: &Texts<'_>,
    position: Position,
) -> Result<PrepareRenameResponse, String> {
    let (span, placeholder) = rename::prepare(desk, texts.lines(desk.file).offset(position))?;
    Ok(PrepareRenameResponse::RangeWithPlaceholder { range: texts.range(desk.place(span)), placeholder })
}

pub fn rename(
    desk: &Desk<'_>,
    texts: &Texts<'_>,
    position: Position,
    name: &str,
) -> Result<WorkspaceEdit, String> {
    Ok(workspace_edit(rename::rename(desk, texts.lines(desk.file).offset(position), name)?, texts))
}

pub fn workspace_edit(edits: Vec<Edit>, texts: &Texts<'_>) -> WorkspaceEdit {
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for Edit { place, text } in edits {
        if let Some(uri) = texts.program.uri(place.file) {
            changes.entry(uri).or_default().push(texts.edit(place, text));
        }
    }
    WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
}

pub fn links(desk: &Desk<'_>, texts: &Texts<'_>) -> Vec<DocumentLink> {
    let shown = links::links(desk).into_iter().filter_map(|link| {
        let target = match link.to {
            links::LinkTarget::File(file) => texts.program.uri(file)?,
            links::LinkTarget::Page(code) => format!("weir:/errors/{}.md", code.name()).parse().ok()?,
            links::LinkTarget::Url(url) => url.parse().ok()?,
        };
        Some(DocumentLink {
            range: texts.range(desk.place(link.span)),
            target: Some(target),
            tooltip: Some(link.tooltip),
            data: None,
        })
    });
    shown.collect()
}
