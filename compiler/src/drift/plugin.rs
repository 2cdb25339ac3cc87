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

/// DaemonSets of agents, with the namespaces that they live in: elsewhere anybody may call a set so.
const CILIUM: &[(&str, &[&str])] =
    &[("cilium", &["kube-system", "cilium", "cilium-system"]), ("anetd", &["kube-system"])];
const CALICO: &[(&str, &[&str])] = &[
    ("calico-node", &["kube-system", "calico-system"]),
    ("canal", &["kube-system"]),
    ("rke2-canal", &["kube-system"]),
];
/// Of others that enforce NetworkPolicies.
const OTHERS: &[(&str, &[&str])] = &[
    ("aws-node", &["kube-system"]),
    ("antrea-agent", &["kube-system"]),
    ("kube-router", &["kube-system"]),
    ("weave-net", &["kube-system"]),
    ("ovnkube-node", &["openshift-ovn-kubernetes", "ovn-kubernetes"]),
    ("kindnet", &["kube-system"]),
    ("kube-network-policies", &["kube-system"]),
    ("terway-eniip", &["kube-system"]),
    ("azure-npm", &["kube-system"]),
];

pub(super) fn of(dump: &[Value], target: Target) -> Plugin {
    let sets: Vec<&Value> = dump.iter().filter(|tree| tree["kind"] == "DaemonSet").collect();
    if sets.is_empty() {
        return Plugin::NotKnown;
    }
    let agents = match target {
        Target::Cilium => CILIUM.to_vec(),
        Target::Calico => CALICO.to_vec(),
        Target::NetworkPolicy | Target::ClusterNetworkPolicy => [CILIUM, CALICO, OTHERS].concat(),
    };
    let is_agent = |tree: &&&Value| {
        let of = |field: &str| tree["metadata"][field].as_str().unwrap_or_default();
        agents.iter().any(|(name, homes)| *name == of("name") && homes.contains(&of("namespace")))
    };
    // Where there are several, such as a plugin for addresses and one for policies, the one that is not ready is told.
    let found: Vec<Plugin> = sets.iter().filter(is_agent).map(|set| state(set)).collect();
    let not_ready = found.iter().find(|plugin| !plugin.is_fine());
    not_ready.or(found.first()).cloned().unwrap_or(Plugin::Missing)
}

fn state(set: &Value) -> Plugin {
    let name = set["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let count = |field: &str| set["status"][field].as_u64();
    match (count("desiredNumberScheduled"), count("numberReady")) {
        (Some(wanted), ready) if ready.unwrap_or(0) < wanted || wanted == 0 => {
            Plugin::NotReady { name, ready: ready.unwrap_or(0), wanted }
        }
        (Some(pods), _) => Plugin::Ready { name, pods },
        // A manifest, and no dump: it says nothing of pods.
        (None, _) => Plugin::NotKnown,
    }
}
