//! What the server can do, and what the client can.

use tower_lsp::ls_types::*;

use crate::hub::Abilities;
use crate::text::Encoding;

pub fn of_client(client: &ClientCapabilities) -> Abilities {
    let workspace = client.workspace.as_ref();
    let text = client.text_document.as_ref();
    let window = client.window.as_ref();
    let refreshes = |support: Option<bool>| support.unwrap_or(false);
    Abilities {
        pulls_diagnostics: text.is_some_and(|text| text.diagnostic.is_some()),
        refreshes_diagnostics: refreshes(
            workspace.and_then(|all| all.diagnostics.as_ref()).and_then(|one| one.refresh_support),
        ),
        refreshes_hints: refreshes(
            workspace.and_then(|all| all.inlay_hint.as_ref()).and_then(|one| one.refresh_support),
        ),
        refreshes_lenses: refreshes(
            workspace.and_then(|all| all.code_lens.as_ref()).and_then(|one| one.refresh_support),
        ),
        refreshes_tokens: refreshes(
            workspace.and_then(|all| all.semantic_tokens.as_ref()).and_then(|one| one.refresh_support),
        ),
        shows_progress: refreshes(window.and_then(|all| all.work_done_progress)),
        shows_documents: window.and_then(|all| all.show_document.as_ref()).is_some_and(|one| one.support),
        watches_files: refreshes(
            workspace
                .and_then(|all| all.did_change_watched_files.as_ref())
                .and_then(|one| one.dynamic_registration),
        ),
        has_configuration: refreshes(workspace.and_then(|all| all.configuration)),
        snippets: refreshes(
            text.and_then(|text| text.completion.as_ref())
                .and_then(|one| one.completion_item.as_ref())
                .and_then(|item| item.snippet_support),
        ),
    }
}

pub fn of_server(encoding: Encoding, can: Abilities) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::Supported(true)),
            ..TextDocumentSyncOptions::default()
        })),
        diagnostic_provider: can.pulls_diagnostics.then(|| {
            DiagnosticServerCapabilities::Options(DiagnosticOptions {
                identifier: Some("weir".to_owned()),
                inter_file_dependencies: true,
                workspace_diagnostics: true,
                ..DiagnosticOptions::default()
            })
        }),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: None,
        }),
        ..ServerCapabilities::default()
    }
}

/// What is asked to be watched: programs, their settings, and whatever an inventory may be made of.
pub fn watched() -> Registration {
    const GLOBS: &[&str] =
        &["**/*.weir", "**/weir.toml", "**/*.{yaml,yml,json}", "**/*.{yaml,yml,json}.{gz,zst}"];
    let watchers = GLOBS
        .iter()
        .map(|glob| FileSystemWatcher { glob_pattern: GlobPattern::String((*glob).to_owned()), kind: None })
        .collect();
    Registration {
        id: "weir/watched".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: serde_json::to_value(DidChangeWatchedFilesRegistrationOptions { watchers }).ok(),
    }
}
