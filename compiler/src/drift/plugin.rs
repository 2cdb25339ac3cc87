//! Whether the network plugin that enforces policies is there and ready, by its DaemonSet.

use serde_json::Value;

use crate::target::Target;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Plugin {
    /// The dump holds no DaemonSets.
    #[default]
    NotKnown,
    /// None of the DaemonSets is that of a plugin that enforces the target.
    Missing,
    Ready {
        name: String,
        pods: u64,
    },
    NotReady {
        name: String,
        ready: u64,
        wanted: u64,
    },
}

impl Plugin {
    pub fn is_fine(&self) -> bool {
        matches!(self, Plugin::NotKnown | Plugin::Ready { .. })
    }
}

const CILIUM: &[&str] = &["cilium", "anetd"];
const CALICO: &[&str] = &["calico-node", "canal"];
/// Of others that enforce NetworkPolicies.
const OTHERS: &[&str] = &[
    "aws-node",
    "antrea-agent",
    "kube-router",
    "weave-net",
    "ovnkube-node",
    "kindnet",
    "terway-eniip",
    "azure-npm",
];

pub(super) fn of(dump: &[Value], target: Target) -> Plugin {
    let mut sets = dump.iter().filter(|tree| tree["kind"] == "DaemonSet").peekable();
    if sets.peek().is_none() {
        return Plugin::NotKnown;
    }
    let wanted: Vec<&str> = match target {
        Target::Cilium => CILIUM.to_vec(),
        Target::Calico => CALICO.to_vec(),
        Target::NetworkPolicy | Target::ClusterNetworkPolicy => [CILIUM, CALICO, OTHERS].concat(),
    };
    let is_plugin =
        |tree: &&Value| tree["metadata"]["name"].as_str().is_some_and(|name| wanted.contains(&name));
    let Some(found) = sets.find(is_plugin) else { return Plugin::Missing };
    let name = found["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let count = |field: &str| found["status"][field].as_u64();
    match (count("desiredNumberScheduled"), count("numberReady")) {
        (Some(wanted), ready) if ready.unwrap_or(0) < wanted || wanted == 0 => {
            Plugin::NotReady { name, ready: ready.unwrap_or(0), wanted }
        }
        (Some(pods), _) => Plugin::Ready { name, pods },
        // A manifest, and no dump: it says nothing of pods.
        (None, _) => Plugin::NotKnown,
    }
}
