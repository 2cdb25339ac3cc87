//! The protocol's door: what comes in is handed on, and what was found goes out.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::*;
use tower_lsp::{Client, LanguageServer};
use weir::Target;
use weir_files::{SETTINGS, is_manifest, is_program};

use crate::capabilities;
use crate::convert::Texts;
use crate::features::{actions, calls, completion, formatting, hover, lenses, navigation, structure};
use crate::hub::{Hub, Wake, guarded};
use crate::pages::{Page, PageParams};
use crate::root::{self, Root};
use crate::settings::EditorSettings;
use crate::text::Encoding;

pub struct Backend {
    hub: Arc<Hub>,
}

#[derive(Debug, Deserialize)]
pub struct ChooseParams {
    pub cluster: Option<String>,
    pub target: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct ClustersParams {
    pub uri: Option<Uri>,
}

impl Backend {
    pub fn new(client: Client, runtime: Handle) -> Backend {
        Backend { hub: Hub::new(client, runtime) }
    }

    /// The text of a document that the server makes.
    pub async fn virtual_document(&self, params: PageParams) -> Result<Page> {
        let whole = self.hub.state().whole_page(&params.uri);
        if let Some(whole) = whole {
            let made = self.hub.runtime.spawn_blocking(move || guarded(|| whole.text())).await;
            return Ok(Page { text: made.map_err(|_| Error::internal_error())?? });
        }
        let page = {
            let mut state = self.hub.state();
            state.pages_shown(&params.uri);
            guarded(|| state.page(&params.uri))?
        };
        page.map(|text| Page { text }).map_err(Error::invalid_params)
    }

    /// The clusters that may be chosen, and what is.
    pub async fn clusters(&self, params: ClustersParams) -> Result<Value> {
        let state = self.hub.state();
        let program = match &params.uri {
            Some(uri) => state.find(uri).map(|(program, _)| program),
            None => None,
        };
        let program = program.or_else(|| state.programs.values().next());
        let sites = program.map(|program| program.workspace.sites.as_slice()).unwrap_or_default();
        let site = program.and_then(|program| sites.get(state.site(program)));
        let named = sites.iter().filter(|site| !site.world.cluster.name.is_empty());
        let clusters: Vec<Value> = named
            .map(|site| json!({ "name": site.world.cluster.name, "target": site.target.name() }))
            .collect();
        let name = site.map(|site| site.world.cluster.name.as_str()).filter(|name| !name.is_empty());
        let target = state.target.or(site.map(|site| site.target)).unwrap_or(Target::NetworkPolicy);
        let targets: Vec<&str> = Target::ALL.iter().map(|target| target.name()).collect();
        Ok(
            json!({ "clusters": clusters, "chosen": { "cluster": name, "target": target.name() }, "targets": targets }),
        )
    }

    /// Chooses what names are looked up in, and what YAML is shown for.
    pub async fn choose(&self, params: ChooseParams) -> Result<()> {
        let target = match params.target.as_deref().map(|name| (name, Target::parse(name))) {
            Some((name, None)) => return Err(Error::invalid_params(format!("there is no target `{name}`"))),
            Some((_, target)) => target,
            None => None,
        };
        let roots: Vec<Root> = {
            let mut state = self.hub.state();
            state.cluster = params.cluster;
            state.target = target;
            state.roots().cloned().collect()
        };
        roots.iter().for_each(|root| crate::status::tell(&self.hub, root));
        self.hub.refresh();
        Ok(())
    }

    /// Asks the client for its settings.
    async fn configure(&self) {
        let asked = ConfigurationItem { scope_uri: None, section: Some("weir".to_owned()) };
        if let Ok(mut answers) = self.hub.client.configuration(vec![asked]).await
            && let Some(answer) = answers.pop()
        {
            self.take_settings(&answer).await;
        }
    }

    async fn take_settings(&self, value: &Value) {
        match EditorSettings::parse(value) {
            Ok(settings) => {
                let mut state = self.hub.state();
                if state.settings != settings {
                    state.settings = settings;
                    state.wake_all(Wake::Files);
                    state.wake_all(Wake::Inventory);
                }
            }
            Err(reason) => self.hub.client.show_message(MessageType::WARNING, reason).await,
        }
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let offered =
            params.capabilities.general.as_ref().and_then(|general| general.position_encodings.as_deref());
        let encoding = Encoding::negotiate(offered);
        let can = capabilities::of_client(&params.capabilities);
        let settings = params.initialization_options.as_ref().map(EditorSettings::parse);
        #[allow(deprecated, reason = "older clients name one folder so")]
        let folders: Vec<Uri> = match params.workspace_folders {
            Some(folders) => folders.into_iter().map(|folder| folder.uri).collect(),
            None => params.root_uri.into_iter().collect(),
        };
        let wrong = {
            let mut state = self.hub.state();
            state.encoding = encoding;
            state.can = can;
            state.folders = folders.iter().filter_map(root::path).collect();
            match settings {
                Some(Ok(settings)) => {
                    state.settings = settings;
                    None
                }
                Some(Err(reason)) => Some(reason),
                None => None,
            }
        };
        if let Some(reason) = wrong {
            self.hub.client.show_message(MessageType::WARNING, reason).await;
        }
        Ok(InitializeResult {
            capabilities: capabilities::of_server(encoding, can),
            server_info: Some(ServerInfo {
                name: "weir-lsp".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
            offset_encoding: None,
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        let (can, folders) = {
            let state = self.hub.state();
            (state.can, state.folders.clone())
        };
        if can.has_configuration {
            self.configure().await;
        }
        if can.watches_files {
            // Without it, files are read again when they are opened or saved.
            let _ = self.hub.client.register_capability(vec![capabilities::watched()]).await;
        }
        self.hub.look_for_projects(folders);
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let TextDocumentItem { uri, version, text, .. } = params.text_document;
        let (root, news) = {
            let mut state = self.hub.state();
            let Some(root) = state.opened(uri.clone(), version, text) else { return };
            let is_new = state.programs.get(&root).is_some_and(|program| program.file(&uri).is_none());
            if is_new {
                state.wake(&root, Wake::Files);
            }
            let news = state.news(&root, Some(&uri));
            state.wake(&root, Wake::Texts);
            (root, news)
        };
        self.hub.open(&root);
        self.hub.publish(news).await;
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let VersionedTextDocumentIdentifier { uri, version } = params.text_document;
        let news = {
            let mut state = self.hub.state();
            let (root, news) = state.changed(&uri, version, params.content_changes);
            if let Some(root) = root {
                let settings = root::path(&uri).is_some_and(|path| path.ends_with(SETTINGS));
                state.wake(&root, if settings { Wake::Files } else { Wake::Texts });
            }
            news
        };
        self.hub.publish(news).await;
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        // Who cannot watch files tells at least of those that it saves.
        let uri = params.text_document.uri;
        let state = self.hub.state();
        if !state.can.watches_files
            && let Some(document) = state.documents.get(&uri)
            && root::path(&uri).is_some_and(|path| path.ends_with(SETTINGS))
        {
            state.wake(&document.root, Wake::Files);
        }
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        let uri = params.text_document.uri;
        let on_disk = root::path(&uri).and_then(|path| std::fs::read_to_string(path).ok());
        let is_gone = on_disk.is_none();
        let news = {
            let mut state = self.hub.state();
            match state.closed(&uri, on_disk) {
                Some(root @ Root::Project(_)) => {
                    state.wake(&root, if is_gone { Wake::Files } else { Wake::Texts });
                    state.news(&root, Some(&uri))
                }
                Some(root) => state.close(&root),
                None => Vec::new(),
            }
        };
        self.hub.publish(news).await;
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        if self.hub.state().can.has_configuration {
            self.configure().await;
        } else {
            self.take_settings(&params.settings).await;
        }
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let paths = |folders: Vec<WorkspaceFolder>| -> Vec<_> {
            folders.iter().filter_map(|folder| root::path(&folder.uri)).collect()
        };
        let (added, removed) = (paths(params.event.added), paths(params.event.removed));
        let gone = {
            let mut state = self.hub.state();
            state.folders.retain(|folder| !removed.contains(folder));
            state.folders.extend(added.iter().cloned());
            let left: Vec<Root> = state
                .roots()
                .filter(|root| {
                    let inside =
                        root.folder().is_some_and(|own| removed.iter().any(|folder| own.starts_with(folder)));
                    inside && state.open_in(root).is_empty()
                })
                .cloned()
                .collect();
            left.iter().flat_map(|root| state.close(root)).collect()
        };
        self.hub.publish(gone).await;
        self.hub.look_for_projects(added);
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        let mut new_projects = Vec::new();
        {
            let state = self.hub.state();
            for change in params.changes {
                let Some(path) = root::path(&change.uri) else { continue };
                let name =
                    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                if name == SETTINGS {
                    state.wake_all(Wake::Files);
                    new_projects.extend(path.parent().map(std::path::Path::to_path_buf));
                } else if is_program(&name) {
                    // What is open is told of by the editor itself.
                    if !state.documents.contains_key(&change.uri)
                        && let Some(root) = Root::of(&path)
                    {
                        state.wake(&root, Wake::Files);
                    }
                } else if is_manifest(&name) {
                    for root in state.roots() {
                        if state.reads(root, &path) {
                            state.wake(root, Wake::Inventory);
                        }
                    }
                }
            }
        }
        self.hub.look_for_projects(new_projects);
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        Ok(self.hub.state().pulled(&params.text_document.uri, params.previous_result_id.as_deref()))
    }

    async fn workspace_diagnostic(
        &self,
        params: WorkspaceDiagnosticParams,
    ) -> Result<WorkspaceDiagnosticReportResult> {
        Ok(self.hub.state().pulled_all(params.previous_result_ids))
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        let TextDocumentPositionParams { text_document: TextDocumentIdentifier { uri }, position } =
            params.text_document_position;
        let trigger = params.context.and_then(|context| context.trigger_character);
        let snippets = self.hub.state().can.snippets;
        let found = self.hub.ask(&uri, |desk, texts| {
            completion::answer(desk, texts, &uri, position, trigger.as_deref(), snippets)
        })?;
        Ok(found.map(CompletionResponse::List))
    }

    async fn completion_resolve(&self, item: CompletionItem) -> Result<CompletionItem> {
        let Some(home) = completion::home(&item) else { return Ok(item) };
        let resolved = self.hub.ask(&home, |desk, _| completion::resolve(desk, item.clone()))?;
        Ok(resolved.unwrap_or(item))
    }

    async fn signature_help(&self, params: SignatureHelpParams) -> Result<Option<SignatureHelp>> {
        let TextDocumentPositionParams { text_document: TextDocumentIdentifier { uri }, position } =
            params.text_document_position_params;
        Ok(self.hub.ask(&uri, |desk, texts| completion::signature(desk, texts, position))?.flatten())
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let TextDocumentPositionParams { text_document: TextDocumentIdentifier { uri }, position } =
            params.text_document_position_params;
        Ok(self.hub.ask(&uri, |desk, texts| hover::answer(desk, texts, position))?.flatten())
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        let wanted = self.hub.state().settings.inlay_hints.clone();
        let uri = params.text_document.uri;
        self.hub.ask(&uri, |desk, texts| hover::hints(desk, texts, params.range, &wanted))
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        let TextDocumentPositionParams { text_document: TextDocumentIdentifier { uri }, position } =
            params.text_document_position_params;
        let links = self.hub.state().can.links;
        let found = self.hub.ask(&uri, |desk, texts| navigation::definition(desk, texts, position))?;
        Ok(found.map(|found| match links {
            true => GotoDefinitionResponse::Link(found),
            false => GotoDefinitionResponse::Array(
                found
                    .into_iter()
                    .map(|link| Location { uri: link.target_uri, range: link.target_range })
                    .collect(),
            ),
        }))
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        let TextDocumentPositionParams { text_document: TextDocumentIdentifier { uri }, position } =
            params.text_document_position;
        let declaration = params.context.include_declaration;
        self.hub.ask(&uri, |desk, texts| navigation::references(desk, texts, position, declaration))
    }

    async fn document_highlight(
        &self,
        params: DocumentHighlightParams,
    ) -> Result<Option<Vec<DocumentHighlight>>> {
        let TextDocumentPositionParams { text_document: TextDocumentIdentifier { uri }, position } =
            params.text_document_position_params;
        self.hub.ask(&uri, |desk, texts| navigation::highlights(desk, texts, position))
    }

    async fn prepare_rename(
        &self,
        params: TextDocumentPositionParams,
    ) -> Result<Option<PrepareRenameResponse>> {
        let (uri, position) = (params.text_document.uri, params.position);
        let found = self.hub.ask(&uri, |desk, texts| navigation::prepare_rename(desk, texts, position))?;
        found.transpose().map_err(refused)
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        let TextDocumentPositionParams { text_document: TextDocumentIdentifier { uri }, position } =
            params.text_document_position;
        let found =
            self.hub.ask(&uri, |desk, texts| navigation::rename(desk, texts, position, &params.new_name))?;
        found.transpose().map_err(refused)
    }

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        let found = self.hub.ask(&params.text_document.uri, structure::document_symbols)?;
        Ok(found.map(DocumentSymbolResponse::Nested))
    }

    async fn symbol(&self, params: WorkspaceSymbolParams) -> Result<Option<WorkspaceSymbolResponse>> {
        let state = self.hub.state();
        let mut found = Vec::new();
        for program in state.programs.values() {
            let texts = Texts::of(program, state.encoding);
            found.extend(structure::workspace_symbols(&texts, state.site(program), &params.query));
        }
        Ok(Some(WorkspaceSymbolResponse::Nested(found)))
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        self.hub.ask(&params.text_document.uri, navigation::links)
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        self.hub.ask(&params.text_document.uri, structure::folds)
    }

    async fn selection_range(&self, params: SelectionRangeParams) -> Result<Option<Vec<SelectionRange>>> {
        let uri = params.text_document.uri;
        self.hub.ask(&uri, |desk, texts| structure::selections(desk, texts, &params.positions))
    }

    async fn semantic_tokens_full(
        &self,
        params: SemanticTokensParams,
    ) -> Result<Option<SemanticTokensResult>> {
        let uri = params.text_document.uri;
        let Some(data) = self.hub.ask(&uri, |desk, texts| structure::semantic_tokens(desk, texts, None))?
        else {
            return Ok(None);
        };
        let result_id = Some(self.hub.state().keep_tokens(&uri, &data));
        Ok(Some(SemanticTokens { result_id, data }.into()))
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: SemanticTokensDeltaParams,
    ) -> Result<Option<SemanticTokensFullDeltaResult>> {
        let uri = params.text_document.uri;
        let Some(data) = self.hub.ask(&uri, |desk, texts| structure::semantic_tokens(desk, texts, None))?
        else {
            return Ok(None);
        };
        let mut state = self.hub.state();
        let before = state.kept_tokens(&uri, &params.previous_result_id);
        let edits = before.map(|before| structure::token_edits(&before, &data));
        let result_id = Some(state.keep_tokens(&uri, &data));
        Ok(Some(match edits {
            Some(edits) => SemanticTokensDelta { result_id, edits }.into(),
            None => SemanticTokens { result_id, data }.into(),
        }))
    }

    async fn semantic_tokens_range(
        &self,
        params: SemanticTokensRangeParams,
    ) -> Result<Option<SemanticTokensRangeResult>> {
        let uri = params.text_document.uri;
        let found =
            self.hub.ask(&uri, |desk, texts| structure::semantic_tokens(desk, texts, Some(params.range)))?;
        Ok(found.map(|data| SemanticTokens { result_id: None, data }.into()))
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        match self.hub.ask(&params.text_document.uri, formatting::document)? {
            Some(Err(reason)) => {
                self.hub.client.show_message(MessageType::WARNING, reason).await;
                Ok(None)
            }
            found => Ok(found.and_then(std::result::Result::ok)),
        }
    }

    async fn range_formatting(&self, params: DocumentRangeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        let uri = params.text_document.uri;
        self.hub.ask(&uri, |desk, texts| formatting::range(desk, texts, params.range))
    }

    async fn on_type_formatting(
        &self,
        params: DocumentOnTypeFormattingParams,
    ) -> Result<Option<Vec<TextEdit>>> {
        let TextDocumentPositionParams { text_document: TextDocumentIdentifier { uri }, position } =
            params.text_document_position;
        self.hub.ask(&uri, |desk, texts| formatting::on_type(desk, texts, position, &params.ch))
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let uri = params.text_document.uri;
        self.hub.ask(&uri, |desk, texts| actions::answer(desk, texts, params.range, &params.context))
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        if !self.hub.state().settings.code_lens {
            return Ok(None);
        }
        let uri = params.text_document.uri;
        self.hub.ask(&uri, |desk, texts| lenses::answer(desk, texts, &uri))
    }

    async fn code_lens_resolve(&self, lens: CodeLens) -> Result<CodeLens> {
        let Some(home) = lenses::home(&lens) else { return Ok(lens) };
        let resolved = self.hub.ask(&home, |desk, texts| lenses::resolve(desk, texts, lens.clone()))?;
        Ok(resolved.unwrap_or(lens))
    }

    async fn prepare_call_hierarchy(
        &self,
        params: CallHierarchyPrepareParams,
    ) -> Result<Option<Vec<CallHierarchyItem>>> {
        let TextDocumentPositionParams { text_document: TextDocumentIdentifier { uri }, position } =
            params.text_document_position_params;
        self.hub.ask(&uri, |desk, texts| calls::prepare(desk, texts, &uri, position))
    }

    async fn incoming_calls(
        &self,
        params: CallHierarchyIncomingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyIncomingCall>>> {
        let Some(home) = calls::home(&params.item) else { return Ok(None) };
        self.hub.ask(&home, |desk, texts| calls::incoming(desk, texts, &params.item))
    }

    async fn outgoing_calls(
        &self,
        params: CallHierarchyOutgoingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyOutgoingCall>>> {
        let Some(home) = calls::home(&params.item) else { return Ok(None) };
        self.hub.ask(&home, |desk, texts| calls::outgoing(desk, texts, &params.item))
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        let argument = params.arguments.into_iter().next().unwrap_or_default();
        let page = self.hub.state().page_of_command(&params.command, &argument).map_err(refused)?;
        if self.hub.state().can.shows_documents {
            let shown = ShowDocumentParams {
                uri: page.clone(),
                external: Some(false),
                take_focus: Some(true),
                selection: None,
            };
            // Whoever asked gets the name of the document in any case. Its answer comes behind ours.
            let client = self.hub.client.clone();
            self.hub.runtime.spawn(async move { client.show_document(shown).await });
        }
        Ok(Some(json!({ "uri": page })))
    }
}

/// What cannot be done, in the user's words.
fn refused(reason: String) -> Error {
    let mut error = Error::invalid_params(reason);
    error.code = tower_lsp::jsonrpc::ErrorCode::ServerError(-32803); // RequestFailed, of LSP 3.17
    error
}
