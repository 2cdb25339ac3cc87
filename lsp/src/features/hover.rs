//! What a word means today, and what is shown beside words without being asked.

use tower_lsp::ls_types::*;
use weir::ide::hints::HintKind;
use weir::ide::{Desk, hints, hover};

use crate::convert::Texts;
use crate::settings::HintSettings;

pub fn answer(desk: &Desk<'_>, texts: &Texts<'_>, position: Position) -> Option<Hover> {
    let found = hover::hover(desk, texts.lines(desk.file).offset(position))?;
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: found.markdown }),
        range: Some(texts.range(desk.place(found.span))),
    })
}

pub fn hints(desk: &Desk<'_>, texts: &Texts<'_>, range: Range, wanted: &HintSettings) -> Vec<InlayHint> {
    let lines = texts.lines(desk.file);
    let found = hints::hints(desk, lines.span(range)).into_iter().filter(|hint| match hint.kind {
        HintKind::Pods => wanted.pods,
        HintKind::Port => wanted.ports,
    });
    let shown = found.map(|hint| InlayHint {
        position: lines.position(hint.offset),
        label: InlayHintLabel::String(hint.label),
        kind: None,
        text_edits: None,
        tooltip: hint.tooltip.map(InlayHintTooltip::String),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    });
    shown.collect()
}
