//! What the server can do, and what the client can.

use tower_lsp::ls_types::*;

use weir::ide::completion;

use crate::features::{lenses, structure};
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
        links: refreshes(text.and_then(|text| text.definition.as_ref()).and_then(|one| one.link_support)),
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
        completion_provider: Some(CompletionOptions {
            resolve_provider: Some(true),
            trigger_characters: Some(completion::TRIGGERS.iter().map(ToString::to_string).collect()),
            ..CompletionOptions::default()
        }),
        signature_help_provider: Some(SignatureHelpOptions {
            trigger_characters: Some(vec!["(".to_owned(), ",".to_owned()]),
            ..SignatureHelpOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        inlay_hint_provider: Some(OneOf::Left(true)),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        document_highlight_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        })),
        document_symbol_provider: Some(OneOf::Left(true)),
        workspace_symbol_provider: Some(OneOf::Left(true)),
        document_link_provider: Some(DocumentLinkOptions {
            resolve_provider: Some(false),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        }),
        folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
        selection_range_provider: Some(SelectionRangeProviderCapability::Simple(true)),
        semantic_tokens_provider: Some(
            SemanticTokensOptions {
                legend: SemanticTokensLegend {
                    token_types: structure::TOKEN_TYPES.iter().map(|(_, name)| name.clone()).collect(),
                    token_modifiers: structure::TOKEN_MODIFIERS.to_vec(),
                },
                full: Some(SemanticTokensFullOptions::Delta { delta: Some(true) }),
                range: Some(true),
                ..SemanticTokensOptions::default()
            }
            .into(),
        ),
        document_formatting_provider: Some(OneOf::Left(true)),
        document_range_formatting_provider: Some(OneOf::Left(true)),
        document_on_type_formatting_provider: Some(DocumentOnTypeFormattingOptions {
            first_trigger_character: ";".to_owned(),
            more_trigger_character: Some(vec!["}".to_owned(), "\n".to_owned()]),
        }),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![
                CodeActionKind::QUICKFIX,
                CodeActionKind::REFACTOR_REWRITE,
                CodeActionKind::REFACTOR_EXTRACT,
                CodeActionKind::SOURCE_FIX_ALL,
            ]),
            ..CodeActionOptions::default()
        })),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(true) }),
        call_hierarchy_provider: Some(CallHierarchyServerCapability::Simple(true)),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: vec![lenses::SHOW_YAML.to_owned(), lenses::SHOW_REACH.to_owned()],
            ..ExecuteCommandOptions::default()
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
