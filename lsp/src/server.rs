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
use crate::hub::{Hub, Wake};
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
        match self.hub.state().page(&params.uri) {
            Ok(text) => Ok(Page { text }),
            Err(reason) => Err(Error::invalid_params(reason)),
        }
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
}
