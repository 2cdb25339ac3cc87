//! The ports of a rule as they are written, ICMP among them, and what a connection to them goes through. What may be said
//! on them is read next door; knows no points.

use super::decode::{Direction, each, object_name};
use super::rules::{Port, PortRule, Saying};
use super::{names, requests};
use crate::enforce::read::fields::{Decoder, Entries, Path};
use crate::enforce::read::scalar::Scalar;
use crate::enforce::read::syntax;
use crate::enforce::read::tree::{Node, Value};
use crate::flow::Carrier;
use crate::inventory::Protocol;
use crate::labels::Text;

/// How many ports, or types of ICMP messages, stand in one list.
const MOST: usize = 40;

/// Message types of ICMP by their names.
const ICMP: [(&str, u8); 14] = [
    ("EchoReply", 0),
    ("DestinationUnreachable", 3),
    ("Redirect", 5),
    ("Echo", 8),
    ("EchoRequest", 8),
    ("RouterAdvertisement", 9),
    ("RouterSelection", 10),
    ("TimeExceeded", 11),
    ("ParameterProblem", 12),
    ("Timestamp", 13),
    ("TimestampReply", 14),
    ("Photuris", 40),
    ("ExtendedEchoRequest", 42),
    ("ExtendedEcho Reply", 43),
];
const ICMPV6: [(&str, u8); 25] = [
    ("DestinationUnreachable", 1),
    ("PacketTooBig", 2),
    ("TimeExceeded", 3),
    ("ParameterProblem", 4),
    ("EchoRequest", 128),
    ("EchoReply", 129),
    ("MulticastListenerQuery", 130),
    ("MulticastListenerReport", 131),
    ("MulticastListenerDone", 132),
    ("RouterSolicitation", 133),
    ("RouterAdvertisement", 134),
    ("NeighborSolicitation", 135),
    ("NeighborAdvertisement", 136),
    ("RedirectMessage", 137),
    ("RouterRenumbering", 138),
    ("ICMPNodeInformationQuery", 139),
    ("ICMPNodeInformationResponse", 140),
    ("InverseNeighborDiscoverySolicitation", 141),
    ("InverseNeighborDiscoveryAdvertisement", 142),
    ("HomeAgentAddressDiscoveryRequest", 144),
    ("HomeAgentAddressDiscoveryReply", 145),
    ("MobilePrefixSolicitation", 146),
    ("MobilePrefixAdvertisement", 147),
    ("DuplicateAddressRequestCodeSuffix", 157),
    ("DuplicateAddressConfirmationCodeSuffix", 158),
];

/// Protocols without ports.
const CARRIED: [(&str, u8); 7] =
    [("VRRP", 112), ("IGMP", 2), ("GRE", 47), ("IPIP", 4), ("IPV6", 41), ("ESP", 50), ("AH", 51)];

/// `None` where neither is given: then everything is meant, ports or not.
pub(super) fn ports(
    decoder: &mut Decoder,
    entries: &Entries<'_>,
    path: Path<'_>,
    direction: Direction,
) -> Option<Vec<PortRule>> {
    let mut filled = |name: &'static str| {
        entries.get(name).filter(|node| !decoder.list(node, path.field(name)).is_empty())
    };
    let (ports, icmps) = (filled("toPorts"), filled("icmps"));
    if let (Some(_), Some(node)) = (ports, icmps) {
        let message = "`icmps` may not stand beside `toPorts`: write two rules";
        decoder.error(node.line, path.field("icmps"), message);
    }
    match (ports, icmps) {
        (Some(node), _) => {
            let read = |decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>| {
                port_rule(decoder, node, path, direction)
            };
            Some(each(decoder, node, path.field("toPorts"), read))
        }
        (None, Some(node)) => Some(each(decoder, node, path.field("icmps"), icmp_rule)),
        (None, None) => None,
    }
}

fn icmp_rule(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<PortRule> {
    let entries = decoder.fields(node, path, &["fields"])?;
    let mut ports = Vec::new();
    if let Some(node) = entries.get("fields") {
        let path = path.field("fields");
        ports = each(decoder, node, path, icmp_field);
        if decoder.list(node, path).len() > MOST {
            decoder.error(node.line, path, format!("there are at most {MOST} types: write two items"));
        }
    }
    Some(PortRule { ports, saying: Saying::Anything, server_names: Vec::new() })
}

fn icmp_field(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Port> {
    let entries = decoder.fields(node, path, &["family", "type"])?;
    let carrier = match entries.get("family") {
        None => Carrier::Icmp,
        Some(node) => match decoder.string(node, path.field("family"))? {
            "IPv4" => Carrier::Icmp,
            "IPv6" => Carrier::Icmpv6,
            other => {
                let message = format!("`{other}` is no family: `IPv4` and `IPv6` are");
                decoder.error(node.line, path.field("family"), message);
                return None;
            }
        },
    };
    let node = decoder.required(&entries, node.line, path, "type")?;
    let path = path.field("type");
    let kind = match &node.value {
        Value::Scalar(Scalar::Text, text) => {
            let names: &[(&str, u8)] = if carrier == Carrier::Icmp { &ICMP } else { &ICMPV6 };
            let named = names.iter().find(|(name, _)| name == text).map(|(_, kind)| *kind);
            named.or_else(|| text.parse().ok()).or_else(|| {
                let message = format!(
                    "`{text}` is no type of messages of this family: write a number up to 255, or a name as `EchoRequest`"
                );
                decoder.error(node.line, path, message);
                None
            })
        }
        _ => {
            let number = decoder.integer(node, path)?;
            let kind = u8::try_from(number).ok();
            if kind.is_none() {
                decoder.error(node.line, path, format!("`{number}` is no type of messages: 0 to 255 are"));
            }
            kind
        }
    };
    Some(Port::Icmp { carrier, kind: kind? })
}

fn port_rule(
    decoder: &mut Decoder,
    node: &Node<'_>,
    path: Path<'_>,
    direction: Direction,
) -> Option<PortRule> {
    let names: &[&str] = if direction.denies {
        &["ports"]
    } else {
        &["ports", "rules", "serverNames", "listener", "terminatingTLS", "originatingTLS"]
    };
    let entries = decoder.fields(node, path, names)?;
    let mut written = Vec::new();
    if let Some(node) = entries.get("ports") {
        let path = path.field("ports");
        if decoder.list(node, path).len() > MOST {
            decoder.error(node.line, path, format!("there are at most {MOST} ports: write two items"));
        }
        written = each(decoder, node, path, port);
    }
    let rules = entries.get("rules");
    let saying = match rules {
        None => Saying::Anything,
        Some(node) => requests::said(decoder, node, path.field("rules"), &written, direction)?,
    };
    let mut server_names = Vec::new();
    if let Some(list) = entries.get("serverNames") {
        let path = path.field("serverNames");
        if decoder.list(list, path).is_empty() {
            decoder.error(list.line, path, "an empty list allows no server name: leave it out, or name one");
        }
        server_names = each(decoder, list, path, |decoder, node, path| {
            let text = decoder.string(node, path)?;
            names::pattern(text).map_err(|message| decoder.error(node.line, path, message)).ok()
        });
        if rules.is_some() && entries.get("terminatingTLS").is_none() {
            let message =
                "`serverNames` may not stand beside `rules` without `terminatingTLS`: write two rules";
            decoder.error(list.line, path, message);
        }
    }
    if let Some(node) = entries.get("listener") {
        listener(decoder, node, path.field("listener"));
        let beside = match (direction.ingress, rules) {
            (true, _) => Some("a listener may not stand in a rule of ingress"),
            (false, Some(_)) => Some("a listener may not stand beside `rules`: write two rules"),
            (false, None) => None,
        };
        if let Some(message) = beside {
            decoder.error(node.line, path.field("listener"), message);
        }
    }
    for name in ["terminatingTLS", "originatingTLS"] {
        entries.get(name).and_then(|node| tls(decoder, node, path.field(name)));
    }
    Some(PortRule { ports: written.into_iter().map(|(port, _)| port).collect(), saying, server_names })
}

/// A port, and its protocol as it is written.
fn port(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<(Port, Written)> {
    let entries = decoder.fields(node, path, &["port", "endPort", "protocol"])?;
    let protocol = match entries.get("protocol") {
        None => "ANY",
        Some(node) => decoder.string(node, path.field("protocol"))?,
    };
    let end = match entries.get("endPort") {
        None => 0,
        Some(node) => {
            let number = decoder.integer(node, path.field("endPort"))?;
            let Ok(number) = u16::try_from(number) else {
                let message = format!("`{number}` is no port: 1 to 65535 are");
                decoder.error(node.line, path.field("endPort"), message);
                return None;
            };
            number
        }
    };
    let text = match entries.get("port") {
        None => "",
        Some(node) => decoder.string(node, path.field("port"))?,
    };
    let line = entries.get("port").map_or(node.line, |node| node.line);
    if let Some((_, number)) = CARRIED.iter().find(|(name, _)| *name == protocol) {
        if !matches!(text, "" | "0") {
            let message = format!("`{protocol}` has no ports: leave `port` out, or write `\"0\"`");
            decoder.error(line, path.field("port"), message);
        }
        return Some((Port::Carried(*number), Written { tcp: false, zero: false, range: false, line }));
    }
    let protocols: &'static [Protocol] = match protocol {
        "ANY" => &[Protocol::Tcp, Protocol::Udp, Protocol::Sctp],
        "TCP" => &[Protocol::Tcp],
        "UDP" => &[Protocol::Udp],
        "SCTP" => &[Protocol::Sctp],
        other => {
            let message = format!(
                "`{other}` is no protocol: `TCP`, `UDP`, `SCTP`, `ANY`, `VRRP`, `IGMP`, `GRE`, `IPIP`, `IPV6`, `ESP` and `AH` are"
            );
            decoder.error(node.line, path.field("protocol"), message);
            return None;
        }
    };
    let tcp = protocol == "TCP";
    if text.is_empty() {
        let message = "a port has to be given: write `\"0\"` for all of them";
        decoder.error(line, path.field("port"), message);
        return None;
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        let name = text.to_ascii_lowercase();
        if let Err(message) = syntax::check_port_name(&name) {
            decoder.error(line, path.field("port"), message);
            return None;
        }
        // An end beside a name is not heeded.
        let name = Text::from(name);
        return Some((Port::Name { protocols, name }, Written { tcp, zero: false, range: false, line }));
    }
    let octal = text.len() > 1 && text.starts_with('0');
    let Some(first) = text.parse::<u16>().ok().filter(|_| !octal) else {
        let message = if octal {
            format!("`{text}` is taken for an octal number: write it without the leading zero")
        } else {
            format!("`{text}` is no port: 0 to 65535 are, and 0 is all of them")
        };
        decoder.error(line, path.field("port"), message);
        return None;
    };
    let written = Written { tcp, zero: first == 0, range: end > first, line };
    let (first, last) = match first {
        0 => (1, u16::MAX),
        // An end that is not beyond the port is not heeded.
        first => (first, end.max(first)),
    };
    Some((Port::Range { protocols, first, last }, written))
}

/// What of a port's writing decides which rules may stand beside it.
pub(super) struct Written {
    pub tcp: bool,
    /// The port is `"0"`.
    pub zero: bool,
    pub range: bool,
    pub line: u32,
}

fn listener(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<()> {
    let entries = decoder.fields(node, path, &["envoyConfig", "name", "priority"])?;
    let name = decoder.required(&entries, node.line, path, "name");
    name.and_then(|node| decoder.string(node, path.field("name")));
    if let Some(node) = entries.get("priority") {
        let number = decoder.integer(node, path.field("priority"))?;
        if !(1..=100).contains(&number) {
            let message = format!("`{number}` is no priority: 1 to 100 are");
            decoder.error(node.line, path.field("priority"), message);
        }
    }
    let config = decoder.required(&entries, node.line, path, "envoyConfig")?;
    let path = path.field("envoyConfig");
    let entries = decoder.fields(config, path, &["kind", "name"])?;
    let name = decoder.required(&entries, config.line, path, "name")?;
    decoder.string(name, path.field("name"))?;
    let kind = entries.get("kind")?;
    let text = decoder.string(kind, path.field("kind"))?;
    if !matches!(text, "CiliumEnvoyConfig" | "CiliumClusterwideEnvoyConfig") {
        let message =
            format!("`{text}` holds no listeners: a CiliumEnvoyConfig or CiliumClusterwideEnvoyConfig does");
        decoder.error(kind.line, path.field("kind"), message);
    }
    Some(())
}

fn tls(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<()> {
    const STRINGS: [&str; 3] = ["certificate", "privateKey", "trustedCA"];
    let entries = decoder.fields(node, path, &[&STRINGS[..], &["secret"]].concat())?;
    for name in STRINGS {
        entries.get(name).and_then(|node| decoder.string(node, path.field(name)));
    }
    let node = decoder.required(&entries, node.line, path, "secret")?;
    secret(decoder, node, path.field("secret"))
}

pub(super) fn secret(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<()> {
    let entries = decoder.fields(node, path, &["name", "namespace"])?;
    let name = decoder.required(&entries, node.line, path, "name")?;
    object_name(decoder, name, path.field("name"))?;
    entries.get("namespace").and_then(|node| decoder.string(node, path.field("namespace")));
    Some(())
}
