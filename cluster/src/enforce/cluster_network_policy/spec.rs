//! The spec of a policy: its tier, its subject and its rules, with every check of the API server. The kinds differ in
//! words and numbers only; those stand in `Format`.

use ipnet::IpNet;

use super::{ADMIN, BASELINE, Domain, Peer, Pods, Policy, Port, Rule, Stage};
use crate::enforce::read::fields::{Decoder, Path};
use crate::enforce::read::objects::Kind;
use crate::enforce::read::syntax;
use crate::enforce::read::tree::Node;
use crate::enforce::selector::selector;
use crate::enforce::verdict::Action;
use list::{bounded, one_of};

mod list;
mod ports;

/// What a kind calls things, and how many of them it takes.
struct Format {
    fields: &'static [&'static str],
    /// `None` where `tier` says it.
    stage: Option<Stage>,
    actions: &'static [(&'static str, Action)],
    /// The most rules, peers and ports.
    most: usize,
    /// Whether a peer that is pods has to say of which namespaces.
    needs_namespaces: bool,
    destinations: &'static [&'static str],
    ports: &'static str,
}

/// The most networks, or host names, of a peer.
const MOST_VALUES: usize = 25;
const MOST_PRIORITY: i64 = 1000;
const MOST_NAME: usize = 100;
/// The longest text of a network.
const MOST_CIDR: usize = 43;

const DESTINATIONS: [&str; 5] = ["namespaces", "pods", "nodes", "networks", "domainNames"];

impl Format {
    fn of(kind: Kind) -> Format {
        if kind == ADMIN {
            return Format {
                fields: &["priority", "subject", "ingress", "egress"],
                stage: Some(Stage::Admin),
                actions: &[("Allow", Action::Allow), ("Deny", Action::Deny), ("Pass", Action::Pass)],
                most: 100,
                needs_namespaces: true,
                destinations: &DESTINATIONS,
                ports: "ports",
            };
        }
        if kind == BASELINE {
            return Format {
                fields: &["subject", "ingress", "egress"],
                stage: Some(Stage::Baseline),
                actions: &[("Allow", Action::Allow), ("Deny", Action::Deny)],
                most: 100,
                needs_namespaces: true,
                destinations: &DESTINATIONS[..4],
                ports: "ports",
            };
        }
        Format {
            fields: &["tier", "priority", "subject", "ingress", "egress"],
            stage: None,
            actions: &[("Accept", Action::Allow), ("Deny", Action::Deny), ("Pass", Action::Pass)],
            most: 25,
            needs_namespaces: false,
            destinations: &DESTINATIONS,
            ports: "protocols",
        }
    }

    fn accepts(&self) -> &'static str {
        self.actions[0].0
    }
}

pub(super) fn spec(decoder: &mut Decoder, kind: Kind, node: &Node<'_>, path: Path<'_>) -> Option<Policy> {
    let format = Format::of(kind);
    let entries = decoder.fields(node, path, format.fields)?;
    let stage = match format.stage {
        Some(stage) => Some(stage),
        None => decoder
            .required(&entries, node.line, path, "tier")
            .and_then(|node| stage(decoder, node, path.field("tier"))),
    };
    let priority = format.fields.contains(&"priority").then(|| {
        let node = decoder.required(&entries, node.line, path, "priority")?;
        priority(decoder, node, path.field("priority"))
    });
    let subject = decoder.required(&entries, node.line, path, "subject");
    let subject = subject.and_then(|node| {
        let path = path.field("subject");
        let (name, node) = one_of(decoder, node, path, &["namespaces", "pods"], "a subject")?;
        pods(decoder, &format, node, path.field(name), name)
    });
    let mut rules = |name, peers, kinds| {
        let path = path.field(name);
        let items = entries.get(name).map_or(&[][..], |node| {
            bounded(decoder, node, path, 0..=format.most, "move the others to a policy of the next priority")
        });
        let mut rules = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            rules.extend(rule(decoder, &format, item, Path::Index(&path, index), (peers, kinds)));
        }
        rules
    };
    let ingress = rules("ingress", "from", &["namespaces", "pods"]);
    let egress = rules("egress", "to", format.destinations);
    let priority = match priority {
        None => None,
        Some(said) => Some(said?),
    };
    Some(Policy { stage: stage?, priority, subject: subject?, ingress, egress })
}

fn stage(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Stage> {
    match decoder.string(node, path)? {
        "Admin" => Some(Stage::Admin),
        "Baseline" => Some(Stage::Baseline),
        other => {
            let message = format!("`{other}` is no tier of these policies: `Admin` and `Baseline` are");
            decoder.error(node.line, path, message);
            None
        }
    }
}

fn priority(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<u32> {
    let number = decoder.integer(node, path)?;
    if !(0..=MOST_PRIORITY).contains(&number) {
        decoder.error(node.line, path, format!("`{number}` is no priority: 0 to {MOST_PRIORITY} are"));
        return None;
    }
    Some(number as u32)
}

fn rule(
    decoder: &mut Decoder,
    format: &Format,
    node: &Node<'_>,
    path: Path<'_>,
    (peers, kinds): (&str, &[&'static str]),
) -> Option<Rule> {
    let entries = decoder.fields(node, path, &["name", "action", peers, format.ports])?;
    if let Some(node) = entries.get("name") {
        let path = path.field("name");
        if decoder.string(node, path).is_some_and(|name| name.chars().count() > MOST_NAME) {
            let message = format!("the name of a rule has at most {MOST_NAME} characters");
            decoder.error(node.line, path, message);
        }
    }
    let action = decoder
        .required(&entries, node.line, path, "action")
        .and_then(|node| action(decoder, format, node, path.field("action")));
    let ports = ports::ports(decoder, format, &entries, path);
    let listed = decoder.required(&entries, node.line, path, peers)?;
    let peers_path = path.field(peers);
    let instead = match (list::is_empty(listed), peers) {
        (false, _) => "write a second rule for the others",
        (true, "from") => "every pod is `namespaces: {}`",
        (true, _) => "everything is `networks: [0.0.0.0/0, ::/0]`",
    };
    let items = bounded(decoder, listed, peers_path, 1..=format.most, instead);
    let mut found = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        found.extend(peer(decoder, format, item, Path::Index(&peers_path, index), kinds, action));
    }
    // What is not a pod has no named ports.
    let named = ports.iter().find_map(|port| match port {
        Port::Name(name) => Some(name),
        Port::Numbers(_) => None,
    });
    if let Some(name) = named.filter(|_| found.iter().any(|peer| !matches!(peer, Peer::Pods(_)))) {
        let line = entries.get(format.ports).map_or(node.line, |node| node.line);
        let message = format!(
            "`{name}` is the name of a pod's port: beside `networks`, `nodes` and `domainNames` write its number"
        );
        decoder.error(line, path.field(format.ports), message);
    }
    Some(Rule { action: action?, peers: found, ports })
}

fn action(decoder: &mut Decoder, format: &Format, node: &Node<'_>, path: Path<'_>) -> Option<Action> {
    let text = decoder.string(node, path)?;
    let found = format.actions.iter().find(|(name, _)| *name == text).map(|(_, action)| *action);
    if found.is_none() {
        let names: Vec<&str> = format.actions.iter().map(|(name, _)| *name).collect();
        decoder.error(node.line, path, format!("`{text}` is no action: {} are", list::listed(&names)));
    }
    found
}

fn peer(
    decoder: &mut Decoder,
    format: &Format,
    node: &Node<'_>,
    path: Path<'_>,
    kinds: &[&'static str],
    action: Option<Action>,
) -> Option<Peer> {
    let (name, node) = one_of(decoder, node, path, kinds, "a peer")?;
    let path = path.field(name);
    match name {
        "networks" => list::values(decoder, node, path, MOST_VALUES, network).map(Peer::Networks),
        "nodes" => selector(decoder, node, path).map(Peer::Nodes),
        "domainNames" => {
            if action.is_some_and(|action| action != Action::Allow) {
                let message = format!(
                    "host names may be accepted only: write `action: {}`, and a `Deny` of all networks behind it",
                    format.accepts()
                );
                decoder.error(node.line, path, message);
            }
            list::values(decoder, node, path, MOST_VALUES, Domain::parse).map(Peer::Domains)
        }
        _ => pods(decoder, format, node, path, name).map(Peer::Pods),
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    if text.len() > MOST_CIDR {
        return Err(format!("`{text}` is no CIDR: one has at most {MOST_CIDR} characters"));
    }
    syntax::parse_cidr(text)
}

/// `namespaces`, which is a selector, or `pods`, which is two.
fn pods(decoder: &mut Decoder, format: &Format, node: &Node<'_>, path: Path<'_>, name: &str) -> Option<Pods> {
    if name == "namespaces" {
        return Some(Pods { namespaces: selector(decoder, node, path)?, pods: Default::default() });
    }
    let entries = decoder.fields(node, path, &["namespaceSelector", "podSelector"])?;
    if format.needs_namespaces {
        decoder.required(&entries, node.line, path, "namespaceSelector")?;
    }
    // A selector that is there and cannot be read is an error already; it must not become an absent one.
    let namespaces = match entries.get("namespaceSelector") {
        Some(node) => selector(decoder, node, path.field("namespaceSelector")),
        None => Some(Default::default()),
    };
    let pods = decoder
        .required(&entries, node.line, path, "podSelector")
        .and_then(|node| selector(decoder, node, path.field("podSelector")));
    Some(Pods { namespaces: namespaces?, pods: pods? })
}
