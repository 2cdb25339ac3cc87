//! Which labels of pods are part of an endpoint's identity (Cilium's `pkg/labelsfilter`, the default filter).

/// Keys that begin like this are left out.
const IGNORED: &[&str] = &[
    "io.kubernetes",
    "kubernetes.io",
    "k8s.io",
    "pod-template-hash",
    "pod-template-generation",
    "controller-revision-hash",
    "controller-uid",
    "annotation",
    "etcd_node",
    "topology.kubernetes.io",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/controller-uid",
];

/// Keys with this anywhere in them are, too.
const IGNORED_WITHIN: &str = "beta.kubernetes.io";

pub fn is_ignored(label: &str) -> bool {
    label.contains(IGNORED_WITHIN) || IGNORED.iter().any(|start| label.starts_with(start))
}

/// Whether a label of namespaces is longer than Cilium's own prefix leaves room for in a name of 63 characters.
pub fn is_too_long(label: &str) -> bool {
    const ROOM: usize = 63 - "k8s.io.cilium.k8s.namespace.labels.".len();
    !label.contains('/') && label.len() > ROOM
}

#[cfg(test)]
mod tests {
    use super::{is_ignored, is_too_long};

    #[test]
    fn labels_of_namespaces_have_28_characters() {
        assert!(!is_too_long("abcdefghijklmnopqrstuvwxyz-0"));
        assert!(is_too_long("abcdefghijklmnopqrstuvwxyz-01"));
        assert!(!is_too_long("pod-security.kubernetes.io/enforce-version"));
    }

    #[test]
    fn own_labels_stay_and_those_of_kubernetes_go() {
        for label in ["app", "app.kubernetes.io/name", "k8s-app", "team", "my.io/annotation", "io.cilium/x"] {
            assert!(!is_ignored(label), "{label}");
        }
        for label in ["kubernetes.io/arch", "pod-template-hash", "apps.kubernetes.io/pod-index", "k8s.io/x"] {
            assert!(is_ignored(label), "{label}");
        }
        assert!(is_ignored("failure-domain.beta.kubernetes.io/zone"));
    }
}
