//! Policies and groups of prefixes as they are written: their specs, and every check that Cilium makes when it takes one.
//! Peers and ports are read next door; knows no points.

use super::rules::{Authentication, DefaultDeny, Group, Policy, Rule, Side, Spec, Subject};
use super::selector::{self, Scope};
use super::{peers, ports};
use crate::enforce::read::fields::{Decoder, Entries, Path};
use crate::enforce::read::meta::Meta;
use crate::enforce::read::objects::Found;
use crate::enforce::read::scalar::Scalar;
use crate::enforce::read::syntax;
use crate::enforce::read::tree::{Node, Value};
use crate::labels::Text;

/// The items of a list, each read.
pub(super) fn each<T>(
    decoder: &mut Decoder,
    node: &Node<'_>,
    path: Path<'_>,
    mut read: impl FnMut(&mut Decoder, &Node<'_>, Path<'_>) -> Option<T>,
) -> Vec<T> {
    let items = decoder.list(node, path).iter().enumerate();
    items.filter_map(|(index, item)| read(decoder, item, Path::Index(&path, index))).collect()
}

fn boolean(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<bool> {
    decoder.boolean(node, path);
    match node.value {
        Value::Scalar(Scalar::Bool(value), _) => Some(value),
        _ => None,
    }
}

pub(super) fn group(decoder: &mut Decoder, found: &Found<'_, '_>) -> Option<Group> {
    let before = decoder.errors.len();
    let (meta, spec) = found.head(decoder, &[]);
    let path = found.path.field("spec");
    if spec.is_none() {
        decoder.required(&found.entries, found.line, found.path, "spec");
    }
    let entries = spec.and_then(|node| decoder.fields(node, path, &["externalCIDRs"]));
    let list = match (&entries, spec) {
        (Some(entries), Some(spec)) => decoder.required(entries, spec.line, path, "externalCIDRs"),
        _ => None,
    };
    let cidrs = list.map(|node| each(decoder, node, path.field("externalCIDRs"), peers::prefix))?;
    let Meta { name, labels, .. } = meta?;
    let labels = labels.into_iter().collect();
    (decoder.errors.len() == before).then_some(Group { name, labels, cidrs })
}

/// The policy, with the namespace and the name of the object.
pub(super) fn policy(decoder: &mut Decoder, found: &Found<'_, '_>) -> Option<(Option<Text>, Text, Policy)> {
    let before = decoder.errors.len();
    let (meta, spec) = found.head(decoder, &["specs"]);
    let namespace = meta.as_ref().and_then(|meta| meta.namespace.as_ref());
    let specs = found.entries.get("specs");
    if spec.is_none() && specs.is_none() {
        let message = "a policy has to say something: `spec`, or a list of them in `specs`";
        decoder.error(found.line, found.path.field("spec"), message);
    }
    let mut read = Vec::new();
    let clusterwide = !found.kind.namespaced;
    let of = Of { namespace, clusterwide };
    if let Some(node) = spec {
        read.extend(of.spec(decoder, node, found.path.field("spec"), None));
    }
    if let Some(node) = specs {
        let path = found.path.field("specs");
        for (index, item) in decoder.list(node, path).iter().enumerate() {
            read.extend(of.spec(decoder, item, Path::Index(&path, index), Some(index as u32)));
        }
    }
    let policy = Policy { place: found.place(decoder), specs: read };
    let Meta { namespace, name, .. } = meta?;
    (decoder.errors.len() == before).then_some((namespace, name, policy))
}

/// Whose spec is read.
struct Of<'n> {
    namespace: Option<&'n Text>,
    clusterwide: bool,
}

/// Two lists of rules, each with the words for its direction.
const SIDES: [[&str; 2]; 2] = [["ingress", "ingressDeny"], ["egress", "egressDeny"]];

impl Of<'_> {
    fn spec(
        &self,
        decoder: &mut Decoder,
        node: &Node<'_>,
        path: Path<'_>,
        number: Option<u32>,
    ) -> Option<Spec> {
        let entries = decoder.fields(
            node,
            path,
            &[
                "endpointSelector",
                "nodeSelector",
                "ingress",
                "ingressDeny",
                "egress",
                "egressDeny",
                "enableDefaultDeny",
                "labels",
                "description",
                "log",
            ],
        )?;
        remarks(decoder, &entries, path);
        let subject = self.subject(decoder, node, &entries, path);
        let of_init = matches!(&subject, Some(Subject::Pods(selector)) if selector.is_of_init());
        let scope = Scope::Peer(self.namespace, of_init);
        let asked = default_deny(decoder, &entries, path);
        let mut sides = [Side::default(), Side::default()];
        for ((names, side), asked) in SIDES.iter().zip(&mut sides).zip(asked) {
            let mut list = |name: &'static str| match entries.get(name) {
                None => Vec::new(),
                Some(node) => each(decoder, node, path.field(name), |decoder, node, path| {
                    rule(decoder, node, path, Direction::of(name), scope)
                }),
            };
            (side.allow, side.deny) = (list(names[0]), list(names[1]));
            let written = names.iter().any(|name| entries.get(name).is_some_and(is_filled));
            side.default_deny = match (written, asked) {
                (true, Some(false)) | (false, None | Some(false)) => DefaultDeny::No,
                (true, _) => DefaultDeny::Yes,
                (false, Some(true)) => DefaultDeny::Open,
            };
        }
        let [ingress, egress] = sides;
        if !SIDES.as_flattened().iter().any(|name| entries.get(name).is_some_and(is_filled)) {
            let message = "there has to be a rule in `ingress`, `ingressDeny`, `egress` or `egressDeny`: to deny everything write `ingress: [{}]`";
            decoder.error(node.line, path, message);
        }
        let subject = subject?;
        if let Subject::Nodes = subject {
            for (index, rule) in ingress.allow.iter().enumerate() {
                if rule.ports.iter().any(|ports| ports.saying != super::rules::Saying::Anything) {
                    let list = path.field("ingress");
                    let path = Path::Index(&list, index);
                    let message =
                        "what is said on ports cannot be asked of traffic to nodes: leave `rules` out";
                    decoder.error(rule.line, path.field("toPorts"), message);
                }
            }
        }
        Some(Spec { number, line: node.line, subject, ingress, egress })
    }

    fn subject(
        &self,
        decoder: &mut Decoder,
        node: &Node<'_>,
        entries: &Entries<'_>,
        path: Path<'_>,
    ) -> Option<Subject> {
        match (entries.get("endpointSelector"), entries.get("nodeSelector")) {
            (None, None) => {
                let message = if self.clusterwide {
                    "`endpointSelector` or `nodeSelector` is missing: `{}` selects everything"
                } else {
                    "`endpointSelector` is missing: `{}` selects every pod of the namespace"
                };
                decoder.error(node.line, path.field("endpointSelector"), message);
                None
            }
            (Some(_), Some(node)) => {
                let message = "`nodeSelector` may not stand beside `endpointSelector`: write two specs";
                decoder.error(node.line, path.field("nodeSelector"), message);
                None
            }
            (None, Some(node)) => {
                let path = path.field("nodeSelector");
                if !self.clusterwide {
                    let message =
                        "nodes are in no namespace: write a CiliumClusterwideNetworkPolicy to select them";
                    decoder.error(node.line, path, message);
                }
                selector::selector(decoder, node, path, Scope::Nodes).map(|_| Subject::Nodes)
            }
            (Some(node), None) => {
                let scope = Scope::Subject(self.namespace);
                selector::selector(decoder, node, path.field("endpointSelector"), scope).map(Subject::Pods)
            }
        }
    }
}

fn is_filled(node: &Node<'_>) -> bool {
    !matches!(&node.value, Value::List(items) if items.is_empty())
}

/// What changes no verdict, but has to be right.
fn remarks(decoder: &mut Decoder, entries: &Entries<'_>, path: Path<'_>) {
    if let Some(node) = entries.get("description") {
        decoder.string(node, path.field("description"));
    }
    if let Some(node) = entries.get("labels") {
        each(decoder, node, path.field("labels"), |decoder, node, path| {
            let entries = decoder.fields(node, path, &["key", "value", "source"])?;
            decoder.required(&entries, node.line, path, "key");
            for name in ["key", "value", "source"] {
                entries.get(name).and_then(|node| decoder.string(node, path.field(name)));
            }
            Some(())
        });
    }
    if let Some(node) = entries.get("log") {
        let path = path.field("log");
        let entries = decoder.fields(node, path, &["value"]);
        let value = entries.as_ref().and_then(|entries| entries.get("value"));
        value.and_then(|node| {
            decoder.checked(node, path.field("value"), |text| {
                if text.chars().count() > 32 || text.chars().any(char::is_control) {
                    return Err("what is logged has at most 32 characters, all of them printable".to_owned());
                }
                Ok(())
            })
        });
    }
}

/// What is asked for, of ingress and of egress.
fn default_deny(decoder: &mut Decoder, entries: &Entries<'_>, path: Path<'_>) -> [Option<bool>; 2] {
    let Some(node) = entries.get("enableDefaultDeny") else { return [None, None] };
    let path = path.field("enableDefaultDeny");
    let Some(entries) = decoder.fields(node, path, &["ingress", "egress"]) else { return [None, None] };
    ["ingress", "egress"]
        .map(|name| entries.get(name).and_then(|node| boolean(decoder, node, path.field(name))))
}

/// What may stand in a rule depends on which list it is in.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Direction {
    pub ingress: bool,
    pub denies: bool,
}

impl Direction {
    fn of(list: &str) -> Direction {
        Direction { ingress: list.starts_with("ingress"), denies: list.ends_with("Deny") }
    }
}

fn rule(
    decoder: &mut Decoder,
    node: &Node<'_>,
    path: Path<'_>,
    direction: Direction,
    scope: Scope<'_>,
) -> Option<Rule> {
    let entries = decoder.entries(node, path)?;
    let own: &[&str] =
        if direction.denies { &["toPorts", "icmps"] } else { &["toPorts", "icmps", "authentication"] };
    let requires = if direction.ingress { "fromRequires" } else { "toRequires" };
    decoder.known(&entries, path, &[peers::fields(direction), own, &[requires]].concat());
    if let Some(node) = entries.get(requires).filter(|node| is_filled(node)) {
        let message = format!(
            "`{requires}` is no longer read by Cilium: add what it requires to the selectors beside it"
        );
        decoder.error(node.line, path.field(requires), message);
    }
    let authentication = match entries.get("authentication") {
        None => Some(Authentication::None),
        Some(node) => authentication(decoder, node, path.field("authentication")),
    };
    let before = decoder.errors.len();
    let ports = ports::ports(decoder, &entries, path, direction);
    let peers = peers::peers(decoder, &entries, path, direction, scope, ports.is_some());
    if decoder.errors.len() > before {
        return None;
    }
    Some(Rule { line: node.line, peers, ports: ports.unwrap_or_default(), authentication: authentication? })
}

fn authentication(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Authentication> {
    let entries = decoder.fields(node, path, &["mode"])?;
    let mode = decoder.required(&entries, node.line, path, "mode")?;
    match decoder.string(mode, path.field("mode"))? {
        "disabled" => Some(Authentication::None),
        "required" => Some(Authentication::Required),
        "test-always-fail" => Some(Authentication::AlwaysFails),
        other => {
            let message = format!(
                "`{other}` is no mode of authentication: `disabled`, `required` and `test-always-fail` are"
            );
            decoder.error(mode.line, path.field("mode"), message);
            None
        }
    }
}

/// A reference to another object by its name.
pub(super) fn object_name(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Text> {
    decoder.checked(node, path, syntax::check_subdomain).map(Text::from)
}
