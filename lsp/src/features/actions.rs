//! Code actions: remedies, and other ways to write it.

use tower_lsp::ls_types::*;
use weir::ide::Desk;
use weir::ide::actions::{self, Action, ActionKind};

use super::navigation::workspace_edit;
use crate::convert::{Texts, diagnostics};

pub fn answer(
    desk: &Desk<'_>,
    texts: &Texts<'_>,
    range: Range,
    context: &CodeActionContext,
) -> CodeActionResponse {
    let wanted = |kind: &CodeActionKind| {
        context.only.as_ref().is_none_or(|only| {
            only.iter().any(|only| {
                kind == only
                    || kind.as_str().strip_prefix(only.as_str()).is_some_and(|rest| rest.starts_with('.'))
            })
        })
    };
    let mut found = actions::actions(desk, texts.lines(desk.file).span(range));
    if wanted(&kind(ActionKind::FixAll)) {
        found.extend(actions::fix_all(desk));
    }
    let shown = found.into_iter().filter(|action| wanted(&kind(action.kind)));
    shown.map(|action| CodeActionOrCommand::CodeAction(code_action(action, texts, context))).collect()
}

fn code_action(action: Action, texts: &Texts<'_>, context: &CodeActionContext) -> CodeAction {
    let diagnostics = action.fixes.map(|said| {
        let shown = diagnostics::shown(&said, texts);
        // The client's own, where it has it.
        let known =
            context.diagnostics.iter().find(|known| known.range == shown.range && known.code == shown.code);
        vec![known.cloned().unwrap_or(shown)]
    });
    CodeAction {
        title: action.title,
        kind: Some(kind(action.kind)),
        diagnostics,
        edit: Some(workspace_edit(action.edits, texts)),
        is_preferred: action.is_preferred.then_some(true),
        ..CodeAction::default()
    }
}

fn kind(kind: ActionKind) -> CodeActionKind {
    match kind {
        ActionKind::QuickFix => CodeActionKind::QUICKFIX,
        ActionKind::Rewrite => CodeActionKind::REFACTOR_REWRITE,
        ActionKind::Extract => CodeActionKind::REFACTOR_EXTRACT,
        ActionKind::FixAll => CodeActionKind::SOURCE_FIX_ALL,
    }
}
