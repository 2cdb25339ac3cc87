//! Completion and the help beside an `apply`.

use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::*;
use weir::ide::completion::{self, CompletionKind};
use weir::ide::{Desk, signature};

use crate::convert::Texts;

/// What an item brings along, so that its documentation can be made when it is looked at.
#[derive(Debug, Serialize, Deserialize)]
struct Resolvable {
    uri: Uri,
    key: String,
}

pub fn answer(
    desk: &Desk<'_>,
    texts: &Texts<'_>,
    uri: &Uri,
    position: Position,
    trigger: Option<&str>,
    snippets: bool,
) -> CompletionList {
    let offset = texts.lines(desk.file).offset(position);
    let found = match trigger.and_then(|typed| typed.chars().next()) {
        Some(trigger) => completion::completion_behind(desk, offset, trigger),
        None => completion::completion(desk, offset),
    };
    let items = found.items.into_iter().filter(|item| snippets || !item.is_snippet).map(|item| {
        let place = desk.place(item.replace);
        let more: Vec<TextEdit> =
            item.more.into_iter().map(|edit| texts.edit(edit.place, edit.text)).collect();
        let data =
            item.doc.and_then(|doc| serde_json::to_value(Resolvable { uri: uri.clone(), key: doc }).ok());
        CompletionItem {
            label: item.label,
            kind: Some(kind(item.kind)),
            detail: item.detail,
            sort_text: Some(item.sort),
            filter_text: Some(item.filter),
            insert_text_format: item.is_snippet.then_some(InsertTextFormat::SNIPPET),
            text_edit: Some(CompletionTextEdit::Edit(texts.edit(place, item.insert))),
            additional_text_edits: (!more.is_empty()).then_some(more),
            tags: item.is_deprecated.then(|| vec![CompletionItemTag::DEPRECATED]),
            data,
            ..CompletionItem::default()
        }
    });
    CompletionList { is_incomplete: found.is_incomplete, items: items.collect() }
}

/// The document that an item was offered in.
pub fn home(item: &CompletionItem) -> Option<Uri> {
    let resolvable: Resolvable = serde_json::from_value(item.data.clone()?).ok()?;
    Some(resolvable.uri)
}

/// The item with its documentation.
pub fn resolve(desk: &Desk<'_>, mut item: CompletionItem) -> CompletionItem {
    let resolvable: Option<Resolvable> = item.data.clone().and_then(|data| serde_json::from_value(data).ok());
    item.documentation = resolvable
        .and_then(|resolvable| completion::documentation(desk, &resolvable.key))
        .map(|value| Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value }));
    item
}

fn kind(kind: CompletionKind) -> CompletionItemKind {
    match kind {
        CompletionKind::Namespace => CompletionItemKind::FOLDER,
        CompletionKind::Workload | CompletionKind::ServiceAccount => CompletionItemKind::CLASS,
        CompletionKind::Service => CompletionItemKind::INTERFACE,
        CompletionKind::Let | CompletionKind::Param => CompletionItemKind::VARIABLE,
        CompletionKind::Policy => CompletionItemKind::FUNCTION,
        CompletionKind::Module => CompletionItemKind::MODULE,
        CompletionKind::LabelKey => CompletionItemKind::PROPERTY,
        CompletionKind::LabelValue => CompletionItemKind::VALUE,
        CompletionKind::Port | CompletionKind::PortName => CompletionItemKind::CONSTANT,
        CompletionKind::Keyword | CompletionKind::HttpMethod => CompletionItemKind::KEYWORD,
        CompletionKind::Builtin => CompletionItemKind::ENUM_MEMBER,
        CompletionKind::Snippet => CompletionItemKind::SNIPPET,
        CompletionKind::Cluster => CompletionItemKind::UNIT,
        CompletionKind::Lint => CompletionItemKind::REFERENCE,
    }
}

pub fn signature(desk: &Desk<'_>, texts: &Texts<'_>, position: Position) -> Option<SignatureHelp> {
    let found = signature::signature(desk, texts.lines(desk.file).offset(position))?;
    let markdown = |value| Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value });
    let wide = |at: u32| found.label.get(..at as usize).unwrap_or_default().encode_utf16().count() as u32;
    let parameters = found.params.iter().map(|param| ParameterInformation {
        label: ParameterLabel::LabelOffsets([wide(param.start), wide(param.end)]),
        documentation: param.documentation.clone().map(markdown),
    });
    let active = found.active.map(|active| active as u32);
    let information = SignatureInformation {
        label: found.label.clone(),
        documentation: found.documentation.clone().map(markdown),
        parameters: Some(parameters.collect()),
        active_parameter: active,
    };
    Some(SignatureHelp { signatures: vec![information], active_signature: Some(0), active_parameter: active })
}
