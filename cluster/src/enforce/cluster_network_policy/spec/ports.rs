//! Which traffic a rule is about: `protocols` of v1alpha2, and `ports` of v1alpha1.

use super::list::{bounded, is_empty, one_of};
use super::{Format, Port};
use crate::enforce::read::fields::{Decoder, Entries, Path};
use crate::enforce::read::syntax;
use crate::enforce::read::tree::Node;
use crate::flow::{Carrier, PortRange};
use crate::labels::Text;

/// Those of a rule; none where it says nothing of them, which means all traffic.
pub(super) fn ports(decoder: &mut Decoder, format: &Format, rule: &Entries<'_>, path: Path<'_>) -> Vec<Port> {
    let Some(node) = rule.get(format.ports) else { return Vec::new() };
    let path = path.field(format.ports);
    let instead = if is_empty(node) {
        "leave the field out, and the rule is about all traffic"
    } else {
        "write a second rule for the others"
    };
    let items = bounded(decoder, node, path, 1..=format.most, instead);
    let mut found = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = Path::Index(&path, index);
        found.extend(match format.ports {
            "protocols" => protocol(decoder, item, path),
            _ => port(decoder, item, path),
        });
    }
    found
}

/// `tcp`, `udp` or `sctp` with its destination ports, or the name of a port.
fn protocol(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Port> {
    let names = ["tcp", "udp", "sctp", "destinationNamedPort"];
    let (name, node) = one_of(decoder, node, path, &names, "a protocol")?;
    let path = path.field(name);
    let carrier = match name {
        "tcp" => Carrier::Tcp,
        "udp" => Carrier::Udp,
        "sctp" => Carrier::Sctp,
        _ => return named(decoder, node, path),
    };
    let all = "the ports (all of them are `destinationPort: {range: {start: 1, end: 65535}}`)";
    let (name, node) = one_of(decoder, node, path, &["destinationPort"], all)?;
    let path = path.field(name);
    let (name, node) = one_of(decoder, node, path, &["number", "range"], "a port")?;
    let path = path.field(name);
    if name == "number" {
        let number = number(decoder, node, path)?;
        return Some(Port::Numbers(PortRange { protocol: carrier, first: number, last: number }));
    }
    let entries = decoder.fields(node, path, &["start", "end"])?;
    range(decoder, node, path, &entries, carrier)
}

/// `portNumber`, `portRange` or `namedPort`.
fn port(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Port> {
    let names = ["portNumber", "portRange", "namedPort"];
    let (name, node) = one_of(decoder, node, path, &names, "a port")?;
    let path = path.field(name);
    match name {
        "portNumber" => {
            let entries = decoder.fields(node, path, &["protocol", "port"])?;
            let carrier = carrier(decoder, &entries, path);
            let port = decoder.required(&entries, node.line, path, "port")?;
            let number = number(decoder, port, path.field("port"))?;
            Some(Port::Numbers(PortRange { protocol: carrier?, first: number, last: number }))
        }
        "portRange" => {
            let entries = decoder.fields(node, path, &["protocol", "start", "end"])?;
            let carrier = carrier(decoder, &entries, path);
            range(decoder, node, path, &entries, carrier?)
        }
        _ => named(decoder, node, path),
    }
}

/// TCP, if nothing is said.
fn carrier(decoder: &mut Decoder, entries: &Entries<'_>, path: Path<'_>) -> Option<Carrier> {
    let Some(node) = entries.get("protocol") else { return Some(Carrier::Tcp) };
    let path = path.field("protocol");
    match decoder.string(node, path)? {
        "TCP" => Some(Carrier::Tcp),
        "UDP" => Some(Carrier::Udp),
        "SCTP" => Some(Carrier::Sctp),
        other => {
            let message = format!("`{other}` is no protocol: `TCP`, `UDP` and `SCTP` are");
            decoder.error(node.line, path, message);
            None
        }
    }
}

/// A name that no container port can have would match nothing.
fn named(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Port> {
    decoder.checked(node, path, syntax::check_port_name).map(|name| Port::Name(Text::from(name)))
}

fn range(
    decoder: &mut Decoder,
    node: &Node<'_>,
    path: Path<'_>,
    entries: &Entries<'_>,
    protocol: Carrier,
) -> Option<Port> {
    let mut end = |name: &str| {
        let node = decoder.required(entries, node.line, path, name)?;
        number(decoder, node, path.field(name))
    };
    let (first, last) = (end("start"), end("end"));
    let (first, last) = (first?, last?);
    if first >= last {
        let message = if first == last {
            format!("`start` has to be less than `end`: one port, {first}, is written as a number")
        } else {
            format!("`start`, {first}, has to be less than `end`, {last}")
        };
        decoder.error(node.line, path, message);
        return None;
    }
    Some(Port::Numbers(PortRange { protocol, first, last }))
}

fn number(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<u16> {
    let number = decoder.integer(node, path)?;
    let valid = u16::try_from(number).ok().filter(|&number| number != 0);
    if valid.is_none() {
        decoder.error(node.line, path, format!("`{number}` is no port: 1 to 65535 are"));
    }
    valid
}
