//! Cilium's label selectors: how they are read, which namespace they are scoped to, and what a key means. Knows no
//! points.

use std::collections::{BTreeMap, BTreeSet};

use crate::enforce::probe::Probe;
use crate::enforce::read::fields::{Decoder, Path};
use crate::enforce::read::syntax;
use crate::enforce::read::tree::{Node, Value};
use crate::enforce::selector::{self, Test};
use crate::labels::{NAMESPACE_NAME, Text};

const NAMESPACE: &str = "io.kubernetes.pod.namespace";
const NAMESPACE_LABELS: &str = "io.cilium.k8s.namespace.labels.";
const SERVICE_ACCOUNT: &str = "io.cilium.k8s.policy.serviceaccount";
const CLUSTER: &str = "io.cilium.k8s.policy.cluster";

/// Beginnings of the keys that are no part of an identity unless an agent is told otherwise.
const IGNORED: [&str; 14] = [
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

/// Whether a label of a pod is part of its identity.
pub(in crate::enforce) fn identity_has(key: &str) -> bool {
    key.starts_with(NAMESPACE)
        || !IGNORED.iter().any(|ignored| key.starts_with(ignored)) && !key.contains("beta.kubernetes.io")
}

/// All requirements hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Selector {
    /// Sorted, so that equal selectors are equal.
    pub requirements: BTreeMap<Key, BTreeSet<Test>>,
}

/// The key of a label with who gave it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub source: Source,
    pub name: Text,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Source {
    /// Whoever did.
    Any,
    Kubernetes,
    /// Cilium, for what is no pod.
    Reserved,
    Other(Text),
}

/// What a label of Kubernetes tells of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact<'k> {
    Namespace,
    NamespaceLabel(&'k str),
    ServiceAccount,
    Cluster,
    Label(&'k str),
    /// No pod's identity has this label.
    Nothing,
}

impl Key {
    fn parse(text: &str) -> Key {
        let (source, name) = match text.split_once(':') {
            Some(("any", name)) => (Source::Any, name),
            Some(("k8s", name)) => (Source::Kubernetes, name),
            Some(("reserved", name)) => (Source::Reserved, name),
            Some((other, name)) => (Source::Other(Text::from(other)), name),
            None => match text.strip_prefix("reserved.").or_else(|| text.strip_prefix('$')) {
                Some(name) => (Source::Reserved, name),
                None => (Source::Any, text),
            },
        };
        Key { source, name: Text::from(name) }
    }

    fn check(&self, text: &str) -> Result<(), String> {
        if self.name.is_empty() {
            return Err(format!("`{text}` has no key behind its source: write it as in `k8s:app`"));
        }
        match self.source {
            Source::Any | Source::Kubernetes => syntax::check_label_key(&self.name),
            Source::Reserved | Source::Other(_) => Ok(()),
        }
    }

    /// Whether it may be a label that Kubernetes gave.
    pub(super) fn is_kubernetes(&self) -> bool {
        matches!(self.source, Source::Any | Source::Kubernetes)
    }

    pub(super) fn fact(&self) -> Fact<'_> {
        match self.name.as_ref() {
            _ if !self.is_kubernetes() => Fact::Nothing,
            NAMESPACE => Fact::Namespace,
            SERVICE_ACCOUNT => Fact::ServiceAccount,
            CLUSTER => Fact::Cluster,
            name => match name.strip_prefix(NAMESPACE_LABELS) {
                Some(key) => Fact::NamespaceLabel(key),
                None if identity_has(name) => Fact::Label(name),
                None => Fact::Nothing,
            },
        }
    }
}

/// Whose selector is read: that decides which pods it is about when it does not say so itself.
#[derive(Clone, Copy)]
pub(super) enum Scope<'n> {
    /// Of the subjects of a policy of this namespace, or of the whole cluster.
    Subject(Option<&'n Text>),
    /// Of peers, in a policy of this namespace or of the whole cluster. The latter's peers need not be in a namespace where
    /// its subjects are pods that have no identity yet.
    Peer(Option<&'n Text>, bool),
    /// Of nodes.
    Nodes,
}

/// A selector as it is written, which is scoped only once it is known as a whole.
pub(super) fn selector(
    decoder: &mut Decoder,
    node: &Node<'_>,
    path: Path<'_>,
    scope: Scope<'_>,
) -> Option<Selector> {
    let entries = decoder.fields(node, path, &["matchLabels", "matchExpressions"])?;
    let mut selector = Selector::default();
    let own_namespace = Key { source: Source::Kubernetes, name: Text::from(NAMESPACE) };
    if let Some(node) = entries.get("matchLabels") {
        let path = path.field("matchLabels");
        for (text, value, line) in decoder.map(node, path) {
            let key = Key::parse(text);
            decoder.check(line, Path::Key(&path, text), key.check(text));
            decoder.check(line, Path::Key(&path, text), syntax::check_label_value(value));
            if key == own_namespace && matches!(scope, Scope::Subject(Some(_))) {
                continue; // whatever it says, the policy's own namespace stands there
            }
            selector.require(key, Test::In(BTreeSet::from([Text::from(value)])));
        }
    }
    if let Some(node) = entries.get("matchExpressions") {
        let path = path.field("matchExpressions");
        for (index, item) in decoder.list(node, path).iter().enumerate() {
            if let Some((key, test)) = expression(decoder, item, Path::Index(&path, index)) {
                selector.require(key, test);
            }
        }
    }
    let named = |name: &Text| Test::In(BTreeSet::from([name.clone()]));
    match scope {
        Scope::Subject(Some(name)) => selector.require(own_namespace, named(name)),
        Scope::Peer(..) if selector.has(|key| key.source == Source::Reserved) => {}
        Scope::Peer(..) if selector.has(|key| key.fact() == Fact::Namespace) => {}
        Scope::Peer(None, false) => selector.require(own_namespace, Test::Exists),
        Scope::Peer(Some(name), _) if !selector.has(|key| matches!(key.fact(), Fact::NamespaceLabel(_))) => {
            selector.require(own_namespace, named(name));
        }
        Scope::Subject(None) | Scope::Peer(..) | Scope::Nodes => {}
    }
    Some(selector)
}

fn expression(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<(Key, Test)> {
    let entries = decoder.fields(node, path, &["key", "operator", "values"])?;
    let text = decoder.required(&entries, node.line, path, "key");
    let key = text.and_then(|node| decoder.string(node, path.field("key"))).map(|text| {
        let key = Key::parse(text);
        decoder.check(node.line, path.field("key"), key.check(text));
        key
    });
    let values: BTreeSet<Text> = match entries.get("values") {
        None => BTreeSet::new(),
        Some(node) => decoder.strings(node, path.field("values")).into_iter().map(Text::from).collect(),
    };
    let written =
        entries.get("values").is_some_and(|node| !matches!(&node.value, Value::List(v) if v.is_empty()));
    let operator_node = decoder.required(&entries, node.line, path, "operator")?;
    let operator = decoder.string(operator_node, path.field("operator"))?;
    let test = match operator {
        "In" => Test::In(values),
        "NotIn" => Test::NotIn(values),
        "Exists" => Test::Exists,
        "DoesNotExist" => Test::DoesNotExist,
        _ => {
            let message =
                format!("`{operator}` is no operator: `In`, `NotIn`, `Exists` and `DoesNotExist` are");
            decoder.error(operator_node.line, path.field("operator"), message);
            return None;
        }
    };
    let takes_values = matches!(test, Test::In(_) | Test::NotIn(_));
    if takes_values != written {
        let needs = if takes_values { "needs `values`" } else { "takes no `values`" };
        decoder.error(operator_node.line, path.field("values"), format!("the operator `{operator}` {needs}"));
    }
    Some((key?, test))
}

impl Selector {
    fn require(&mut self, key: Key, test: Test) {
        self.requirements.entry(key).or_default().insert(test);
    }

    fn has(&self, wanted: impl Fn(&Key) -> bool) -> bool {
        self.requirements.keys().any(wanted)
    }

    /// Whether it is about pods that have no identity yet.
    pub(super) fn is_of_init(&self) -> bool {
        self.has(|key| key.source == Source::Reserved && key.name.as_ref() == "init")
    }

    /// Whom it selects, as far as probes can be that: one for each service account that it names.
    pub(super) fn probes(&self) -> Vec<Probe> {
        let mut probe = Probe::default();
        let mut accounts: BTreeSet<Text> = BTreeSet::new();
        for (key, tests) in &self.requirements {
            let add = |to: &mut selector::Selector, key: &str| {
                to.requirements.entry(Text::from(key)).or_default().extend(tests.iter().cloned());
            };
            match key.fact() {
                Fact::Namespace => {
                    for test in tests {
                        match test {
                            Test::In(values) if values.len() == 1 => {
                                probe.namespace = values.first().cloned();
                            }
                            Test::Exists | Test::DoesNotExist => {}
                            test => {
                                let all = &mut probe.namespace_labels.requirements;
                                all.entry(Text::from(NAMESPACE_NAME)).or_default().insert(test.clone());
                            }
                        }
                    }
                }
                Fact::NamespaceLabel(name) => add(&mut probe.namespace_labels, name),
                Fact::Label(name) => add(&mut probe.labels, name),
                Fact::ServiceAccount => {
                    let named = tests.iter().filter_map(|test| match test {
                        Test::In(values) => Some(values),
                        _ => None,
                    });
                    accounts.extend(named.flatten().cloned());
                }
                Fact::Cluster | Fact::Nothing => {}
            }
        }
        if accounts.is_empty() {
            return vec![probe];
        }
        let with = |account| Probe { service_account: Some(account), ..probe.clone() };
        accounts.into_iter().map(with).collect()
    }
}
