//! Fields that Calico's kinds share: choices, booleans, orders, protocols, ports and selectors. Each notes what is wrong.

use super::selector::{self, Selector};
use crate::enforce::read::fields::{Decoder, Entries, Path};
use crate::enforce::read::scalar::Scalar;
use crate::enforce::read::tree::{Node, Value};
use crate::flow::Carrier;
use crate::labels::Text;

/// The fields of a mapping that is being read.
#[derive(Clone, Copy)]
pub(super) struct Fields<'f, 'n> {
    pub entries: &'f Entries<'n>,
    pub path: Path<'f>,
}

impl<'f, 'n> Fields<'f, 'n> {
    pub(super) fn get(&self, name: &'f str) -> Option<(&'n Node<'n>, Path<'_>)> {
        self.entries.get(name).map(|node| (node, self.path.field(name)))
    }

    /// Each item of a list, with its path.
    pub(super) fn each(
        &self,
        decoder: &mut Decoder,
        name: &'f str,
        mut read: impl FnMut(&mut Decoder, &'n Node<'n>, Path<'_>),
    ) {
        let Some((node, path)) = self.get(name) else { return };
        for (index, item) in decoder.list(node, path).iter().enumerate() {
            read(decoder, item, Path::Index(&path, index));
        }
    }

    pub(super) fn flag(&self, decoder: &mut Decoder, name: &'f str) -> bool {
        let Some((node, path)) = self.get(name) else { return false };
        decoder.boolean(node, path);
        matches!(node.value, Value::Scalar(Scalar::Bool(true), _))
    }

    /// Text that is empty where it is absent.
    pub(super) fn text(&self, decoder: &mut Decoder, name: &'f str) -> &'n str {
        self.get(name).and_then(|(node, path)| decoder.string(node, path)).unwrap_or_default()
    }

    /// The number by which something is sorted, which need not be a whole one.
    pub(super) fn order(&self, decoder: &mut Decoder, name: &'f str) -> Option<f64> {
        let (node, path) = self.get(name)?;
        let found = match &node.value {
            Value::Scalar(Scalar::Number(Some(number)), _) => Some(*number as f64),
            Value::Scalar(Scalar::Number(None), text) => {
                text.replace('_', "").parse().ok().filter(|number: &f64| number.is_finite())
            }
            _ => None,
        };
        if found.is_none() {
            decoder.error(node.line, path, "a number is needed");
        }
        found
    }

    /// A selector; an empty text is none.
    pub(super) fn selector(&self, decoder: &mut Decoder, name: &'f str) -> Option<Selector> {
        let (node, path) = self.get(name)?;
        let text = decoder.string(node, path)?;
        if text.is_empty() {
            return None;
        }
        match selector::parse(text) {
            Ok(found) => Some(found),
            Err(error) => {
                let message = format!("column {} of the selector: {}", error.column, error.message);
                decoder.error(node.line, path, message);
                None
            }
        }
    }

    /// A selector in which `global()` has no place.
    pub(super) fn local_selector(&self, decoder: &mut Decoder, name: &'f str) -> Option<Selector> {
        let found = self.selector(decoder, name)?;
        if found.is_global_anywhere()
            && let Some((node, path)) = self.get(name)
        {
            let message =
                "`global()` has a meaning in the `namespaceSelector` of a rule's source or destination only";
            decoder.error(node.line, path, message);
        }
        Some(found)
    }

    /// Different ones of these names.
    pub(super) fn choices(
        &self,
        decoder: &mut Decoder,
        name: &'f str,
        names: &[&'static str],
    ) -> Vec<&'static str> {
        let mut found: Vec<&'static str> = Vec::new();
        self.each(decoder, name, |decoder, node, path| {
            let Some(chosen) = choice(decoder, node, path, names) else { return };
            if found.contains(&chosen) {
                decoder.error(node.line, path, format!("`{chosen}` stands here twice"));
            }
            found.push(chosen);
        });
        found
    }

    /// Text of which one stands at most once in the list.
    pub(super) fn distinct(&self, decoder: &mut Decoder, name: &'f str) -> Vec<&'n str> {
        let mut found: Vec<&'n str> = Vec::new();
        self.each(decoder, name, |decoder, node, path| {
            let Some(text) = decoder.string(node, path) else { return };
            if found.contains(&text) {
                decoder.error(node.line, path, format!("`{text}` stands here twice"));
            }
            found.push(text);
        });
        found
    }
}

/// As in "`A`, `B` and `C`".
fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [firsts @ .., last] if !firsts.is_empty() => format!("{} and {last}", firsts.join(", ")),
        other => other.concat(),
    }
}

pub(super) fn choice(
    decoder: &mut Decoder,
    node: &Node<'_>,
    path: Path<'_>,
    names: &[&'static str],
) -> Option<&'static str> {
    let text = decoder.string(node, path)?;
    let found = names.iter().find(|name| **name == text).copied();
    if found.is_none() {
        let near = names.iter().find(|name| name.eq_ignore_ascii_case(text));
        let message = match near {
            Some(near) => format!("`{text}` has to be written `{near}`"),
            None => format!("`{text}` is none of {}", listed(names)),
        };
        decoder.error(node.line, path, message);
    }
    found
}

/// The number of a protocol in IP's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Protocol(pub u8);

impl Protocol {
    pub(super) const TCP: Protocol = Protocol(6);
    pub(super) const ICMP: Protocol = Protocol(1);
    pub(super) const ICMPV6: Protocol = Protocol(58);
    const NAMES: [(&'static str, Protocol); 6] = [
        ("TCP", Protocol::TCP),
        ("UDP", Protocol(17)),
        ("ICMP", Protocol::ICMP),
        ("ICMPv6", Protocol::ICMPV6),
        ("SCTP", Protocol(132)),
        ("UDPLite", Protocol(136)),
    ];

    pub(super) fn carrier(self) -> Carrier {
        match self.0 {
            1 => Carrier::Icmp,
            6 => Carrier::Tcp,
            17 => Carrier::Udp,
            58 => Carrier::Icmpv6,
            132 => Carrier::Sctp,
            _ => Carrier::Other,
        }
    }

    /// Whether rules about it may name ports.
    pub(super) fn has_ports(self) -> bool {
        self.carrier().protocol().is_some()
    }
}

/// A protocol by its name, or by its number.
pub(super) fn protocol(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Protocol> {
    let number = match &node.value {
        Value::Scalar(Scalar::Number(Some(number)), _) => Some(*number),
        _ => {
            let text = decoder.string(node, path)?;
            match Protocol::NAMES.iter().find(|(name, _)| *name == text) {
                Some((_, protocol)) => return Some(*protocol),
                None => text.parse().ok(),
            }
        }
    };
    let found = number.and_then(|number| u8::try_from(number).ok()).filter(|number| *number != 0);
    if found.is_none() {
        let names = Protocol::NAMES.map(|(name, _)| name);
        let written = match &node.value {
            Value::Scalar(_, text) => text.as_ref(),
            _ => "",
        };
        let message = match names.iter().find(|name| name.eq_ignore_ascii_case(written)) {
            Some(name) => format!("`{written}` has to be written `{name}`"),
            None => format!("`{written}` is no protocol: {} and the numbers 1 to 255 are", listed(&names)),
        };
        decoder.error(node.line, path, message);
    }
    found.map(Protocol)
}

/// A port of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Port {
    Range(u16, u16),
    /// A port that the endpoint declares by this name.
    Name(Text),
}

/// A number, a range as text with a colon, or a name.
pub(super) fn port(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Port> {
    if let Value::Scalar(Scalar::Number(Some(value)), _) = &node.value {
        return single(decoder, node, path, &value.to_string());
    }
    let text = decoder.string(node, path)?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(text) {
        return single(decoder, node, path, text);
    }
    if let Some((first, last)) = text.split_once(':')
        && digits(first)
        && digits(last)
    {
        let range = (first.parse::<u16>(), last.parse::<u16>());
        return match range {
            (Ok(first), Ok(last)) if 0 < first && first <= last => Some(Port::Range(first, last)),
            (Ok(first), Ok(last)) if 0 < last && last < first => {
                decoder.error(
                    node.line,
                    path,
                    format!("`{text}` ends before it begins: write `{last}:{first}`"),
                );
                None
            }
            _ => {
                decoder.error(
                    node.line,
                    path,
                    format!("`{text}` is no range of ports: 1 to 65535 are ports"),
                );
                None
            }
        };
    }
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if text.is_empty() || text.len() > 128 || !text.bytes().all(in_name) {
        let message = format!(
            "`{text}` is neither a port, nor a range such as `8080:8090`, nor a name of at most 128 letters, digits, `_`, `.` and `-`"
        );
        decoder.error(node.line, path, message);
        return None;
    }
    Some(Port::Name(Text::from(text)))
}

fn single(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>, text: &str) -> Option<Port> {
    let found = text.parse::<u16>().ok().filter(|number| *number != 0);
    if found.is_none() {
        decoder.error(node.line, path, format!("`{text}` is no port: 1 to 65535 are"));
    }
    found.map(|port| Port::Range(port, port))
}
