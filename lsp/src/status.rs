//! What the editor's status bar shows: `weir/status`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::notification::Notification;

use crate::hub::{Hub, State};
use crate::root::Root;

pub enum Status {}

impl Notification for Status {
    type Params = StatusParams;
    const METHOD: &'static str = "weir/status";
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusParams {
    /// `loading`, `ready`, or `degraded` where something cannot be read.
    pub state: String,
    pub message: String,
    pub cluster: Option<String>,
    pub target: String,
    pub workloads: usize,
}

/// Tells how it stands with a program.
pub fn tell(hub: &Arc<Hub>, root: &Root) {
    let Some(status) = hub.state().status(root) else { return };
    let client = hub.client.clone();
    hub.runtime.spawn(async move { client.send_notification::<Status>(status).await });
}

impl State {
    fn status(&self, root: &Root) -> Option<StatusParams> {
        let program = self.programs.get(root)?;
        let site = program.workspace.sites.get(self.site(program))?;
        let workloads = site.world.inventory().workloads.len();
        let (state, message) = match (program.is_loading, program.broken.first(), site.world.is_known) {
            (true, _, _) => ("loading", "reading the inventory".to_owned()),
            (false, Some(broken), _) => {
                ("degraded", format!("{}: {}", broken.file.display(), broken.said.message))
            }
            (false, None, false) => ("degraded", "no inventory: names are not checked".to_owned()),
            (false, None, true) => ("ready", format!("{workloads} workloads")),
        };
        let name = &site.world.cluster.name;
        Some(StatusParams {
            state: state.to_owned(),
            message,
            cluster: (!name.is_empty()).then(|| name.clone()),
            target: self.target.unwrap_or(site.target).name().to_owned(),
            workloads,
        })
    }
}
