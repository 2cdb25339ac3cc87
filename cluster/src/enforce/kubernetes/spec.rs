//! The spec of a NetworkPolicy: selectors, rules, peers and ports, with the defaults that the API server applies.

use super::{Number, Peer, Port, Rule};
use crate::enforce::points::Block;
use crate::enforce::read::fields::{Decoder, Path};
use crate::enforce::read::scalar::Scalar;
use crate::enforce::read::syntax;
use crate::enforce::read::tree::{Node, Value};
use crate::enforce::selector::{Selector, selector};
use crate::inventory::Protocol;
use crate::labels::Text;

pub(super) struct Spec {
    pub subject: Selector,
    pub ingress: Option<Vec<Rule>>,
    pub egress: Option<Vec<Rule>>,
}

/// Where a spec stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Form {
    Enforced,
    /// In a policy that is observed only.
    Staged,
}

pub(super) fn spec(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>, form: Form) -> Option<Spec> {
    let of_staged: &[&str] = if form == Form::Staged { &["stagedAction"] } else { &[] };
    let known = [&["podSelector", "policyTypes", "ingress", "egress"], of_staged].concat();
    let entries = decoder.fields(node, path, &known)?;
    let subject = match form {
        Form::Enforced => decoder.required(&entries, node.line, path, "podSelector"),
        Form::Staged => entries.get("podSelector"),
    };
    let subject = subject.and_then(|node| selector(decoder, node, path.field("podSelector")));
    let mut rules = |name: &str, peers: &str| match entries.get(name) {
        None => Vec::new(),
        Some(node) => {
            let path = path.field(name);
            let items = decoder.list(node, path).iter().enumerate();
            items.filter_map(|(index, item)| rule(decoder, item, Path::Index(&path, index), peers)).collect()
        }
    };
    let (ingress, egress): (Vec<Rule>, Vec<Rule>) = (rules("ingress", "from"), rules("egress", "to"));
    let (mut governs_ingress, mut governs_egress) = (false, false);
    if let Some(node) = entries.get("policyTypes") {
        let path = path.field("policyTypes");
        let types = decoder.list(node, path);
        if types.len() > 2 {
            decoder.error(node.line, path, "there are at most two policy types");
        }
        for (index, item) in types.iter().enumerate() {
            let path = Path::Index(&path, index);
            match decoder.string(item, path) {
                Some("Ingress") => governs_ingress = true,
                Some("Egress") => governs_egress = true,
                Some(other) => {
                    let message = format!("`{other}` is no policy type: `Ingress` and `Egress` are");
                    decoder.error(item.line, path, message);
                }
                None => {}
            }
        }
    }
    if !governs_ingress && !governs_egress {
        governs_ingress = true;
        governs_egress = !egress.is_empty();
    }
    Some(Spec {
        subject: subject?,
        ingress: governs_ingress.then_some(ingress),
        egress: governs_egress.then_some(egress),
    })
}

fn rule(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>, peers: &str) -> Option<Rule> {
    let entries = decoder.fields(node, path, &[peers, "ports"])?;
    let mut rule = Rule { peers: Vec::new(), ports: Vec::new() };
    if let Some(node) = entries.get(peers) {
        let path = path.field(peers);
        for (index, item) in decoder.list(node, path).iter().enumerate() {
            rule.peers.extend(peer(decoder, item, Path::Index(&path, index)));
        }
    }
    if let Some(node) = entries.get("ports") {
        let path = path.field("ports");
        for (index, item) in decoder.list(node, path).iter().enumerate() {
            rule.ports.extend(port(decoder, item, Path::Index(&path, index)));
        }
    }
    Some(rule)
}

fn peer(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Peer> {
    let entries = decoder.fields(node, path, &["podSelector", "namespaceSelector", "ipBlock"])?;
    let pods = entries.get("podSelector");
    let namespaces = entries.get("namespaceSelector");
    let ip_block = entries.get("ipBlock");
    if pods.is_none() && namespaces.is_none() && ip_block.is_none() {
        let message = "a peer has to be specified: `podSelector`, `namespaceSelector` or `ipBlock`";
        decoder.error(node.line, path, message);
        return None;
    }
    if ip_block.is_some() && (pods.is_some() || namespaces.is_some()) {
        decoder.error(node.line, path, "`ipBlock` may not stand beside another peer: write two peers");
    }
    let pods = pods.map(|node| selector(decoder, node, path.field("podSelector")));
    let namespaces = namespaces.map(|node| selector(decoder, node, path.field("namespaceSelector")));
    if let Some(node) = ip_block {
        return block(decoder, node, path.field("ipBlock")).map(Peer::Block);
    }
    // A selector that is there and cannot be read is an error already; it must not become an absent one.
    let pods = match pods {
        Some(selector) => Some(selector?),
        None => None,
    };
    let namespaces = match namespaces {
        Some(selector) => Some(selector?),
        None => None,
    };
    Some(Peer::Pods { namespaces, pods })
}

fn block(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Block> {
    let entries = decoder.fields(node, path, &["cidr", "except"])?;
    let mut cidr = |node: &Node<'_>, path: Path<'_>| {
        let text = decoder.string(node, path)?;
        syntax::parse_cidr(text).map_err(|message| decoder.error(node.line, path, message)).ok()
    };
    let whole = entries.get("cidr").map(|node| cidr(node, path.field("cidr")));
    let mut except = Vec::new();
    if let Some(node) = entries.get("except") {
        let path = path.field("except");
        for (index, item) in decoder.list(node, path).iter().enumerate() {
            let path = Path::Index(&path, index);
            let text = decoder.string(item, path);
            let part = text.and_then(|text| match syntax::parse_cidr(text) {
                Ok(net) => Some(net),
                Err(message) => {
                    decoder.error(item.line, path, message);
                    None
                }
            });
            if let (Some(part), Some(Some(whole))) = (part, whole) {
                if !whole.contains(&part) || part.prefix_len() <= whole.prefix_len() {
                    let message = format!("`{part}` has to lie within `cidr`, `{whole}`, and be smaller");
                    decoder.error(item.line, path, message);
                }
                except.push(part);
            }
        }
    }
    if whole.is_none() {
        decoder.error(node.line, path.field("cidr"), "`cidr` is missing");
    }
    except.sort_unstable();
    Some(Block { cidr: whole??, except })
}

fn port(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Port> {
    let entries = decoder.fields(node, path, &["protocol", "port", "endPort"])?;
    let protocol = match entries.get("protocol") {
        None => Some(Protocol::Tcp),
        Some(node) => match decoder.string(node, path.field("protocol")) {
            Some("TCP") => Some(Protocol::Tcp),
            Some("UDP") => Some(Protocol::Udp),
            Some("SCTP") => Some(Protocol::Sctp),
            Some(other) => {
                let message = format!("`{other}` is no protocol: `TCP`, `UDP` and `SCTP` are");
                decoder.error(node.line, path.field("protocol"), message);
                None
            }
            None => None,
        },
    };
    let end = entries.get("endPort");
    let number = match entries.get("port") {
        None => {
            if let Some(end) = end {
                decoder.error(end.line, path.field("endPort"), "`endPort` may not stand without `port`");
            }
            Some(Number::Range(1, u16::MAX))
        }
        Some(node) => match &node.value {
            Value::Scalar(Scalar::Text, name) => {
                if let Some(end) = end {
                    let message = "`endPort` may not stand beside a `port` that is a name";
                    decoder.error(end.line, path.field("endPort"), message);
                }
                decoder.check(node.line, path.field("port"), syntax::check_port_name(name));
                Some(Number::Name(Text::from(name.as_ref())))
            }
            _ => range(decoder, node, end, path),
        },
    };
    Some(Port { protocol: protocol?, number: number? })
}

fn range(decoder: &mut Decoder, node: &Node<'_>, end: Option<&Node<'_>>, path: Path<'_>) -> Option<Number> {
    let mut number = |node: &Node<'_>, name: &str| -> Option<u16> {
        let number = decoder.integer(node, path.field(name))?;
        let valid = u16::try_from(number).ok().filter(|&number| number != 0);
        if valid.is_none() {
            decoder.error(node.line, path.field(name), format!("`{number}` is no port: 1 to 65535 are"));
        }
        valid
    };
    let first = number(node, "port");
    let last = match end {
        None => first,
        Some(end) => number(end, "endPort"),
    };
    let (first, last) = (first?, last?);
    if let Some(end) = end
        && last < first
    {
        let message = format!("`{last}` is less than `port`, {first}");
        decoder.error(end.line, path.field("endPort"), message);
        return None;
    }
    Some(Number::Range(first, last))
}
