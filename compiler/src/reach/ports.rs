//! Ports of a flow as few ranges, with what is said on them. Knows nothing of who sends it.

use serde::Serialize;
use weir_cluster::flow::{Bits, Carrier, Payload, PortRange, Space};

use super::ends::End;

/// What can be sent from one end to another.
#[derive(Clone, Debug)]
pub struct PortSet {
    pub items: Vec<Item>,
    /// As in `443/tcp`, one for each item.
    pub words: Vec<String>,
    /// A JSON list.
    pub json: String,
}

/// A range, and of what is said there these things alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    pub protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<u16>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<u16>,
    /// Of several types in a row.
    #[serde(rename = "lastType", skip_serializing_if = "Option::is_none")]
    pub last_kind: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<Request>,
    #[serde(rename = "dnsNames", skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
    #[serde(rename = "serverNames", skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<String>,
    /// Whether what nobody names is let through there, too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub otherwise: bool,
}

/// One of the requests that are let through; others that the same rule admits look like it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Request {
    pub method: String,
    pub path: String,
}

/// Whether ends are addresses of IPv4 or IPv6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Families {
    v4: bool,
    v6: bool,
}

impl Families {
    pub fn of(from: &End, to: &End) -> Families {
        let is = |v6: bool| from.family == Some(v6) || to.family == Some(v6);
        Families { v4: is(false), v6: is(true) }
    }
}

/// Atoms on which no packet can be, or nobody asks: messages of one family of addresses for the other, and what is no
/// question where questions of the DNS are looked at.
pub struct Unasked {
    icmp: Bits,
    icmpv6: Bits,
    plain: Bits,
}

impl Unasked {
    pub fn of(space: &Space) -> Unasked {
        let ports = &space.ports;
        let asks = |atom: &usize| matches!(ports.payload(*atom), Some(Payload::DnsQuery(_)));
        let asked: Vec<PortRange> = (0..ports.len()).filter(asks).map(|atom| ports.atom(atom)).collect();
        let is_plain = |atom: &u32| {
            ports.payload(*atom as usize).is_none() && asked.contains(&ports.atom(*atom as usize))
        };
        Unasked {
            icmp: ports.of(PortRange::all(Carrier::Icmp)),
            icmpv6: ports.of(PortRange::all(Carrier::Icmpv6)),
            plain: (0..ports.len() as u32).filter(is_plain).collect(),
        }
    }

    pub fn between(&self, families: Families) -> Bits {
        let mut atoms = self.plain.clone();
        if families.v4 {
            atoms |= &self.icmpv6;
        }
        if families.v6 {
            atoms |= &self.icmp;
        }
        atoms
    }
}

impl PortSet {
    /// `None` if there is nothing in it that can be sent.
    pub fn of(space: &Space, atoms: &Bits, unasked: &Unasked, families: Families) -> Option<PortSet> {
        let unasked = unasked.between(families);
        if (atoms - &unasked).is_empty() {
            return None;
        }
        let all = space.ports.all();
        let items = match (atoms | &unasked) == all {
            true => vec![Item::whole("*")],
            false => items(space, atoms, &unasked),
        };
        let words = items.iter().map(words).collect();
        let json = serde_json::to_string(&items).unwrap_or_default();
        Some(PortSet { items, words, json })
    }
}

/// The ranges of atoms, neighbours with the same things said on them together.
fn items(space: &Space, atoms: &Bits, unasked: &Bits) -> Vec<Item> {
    let ports = &space.ports;
    let mut ranges: Vec<(PortRange, Vec<&Payload>, bool)> = Vec::new();
    let mut at = 0;
    while at < ports.len() {
        let range = ports.atom(at);
        let end = (at..ports.len()).find(|other| ports.atom(*other) != range).unwrap_or(ports.len());
        let here: Vec<usize> = (at..end).filter(|atom| !unasked.contains(*atom as u32)).collect();
        let open: Vec<usize> = here.iter().copied().filter(|atom| atoms.contains(*atom as u32)).collect();
        at = end;
        if open.is_empty() {
            continue;
        }
        let (said, otherwise) = match open.len() == here.len() {
            true => (Vec::new(), false),
            false => (
                open.iter().filter_map(|atom| ports.payload(*atom)).collect(),
                open.iter().any(|atom| ports.payload(*atom).is_none()),
            ),
        };
        match ranges.last_mut() {
            Some((before, things, other))
                if before.protocol == range.protocol
                    && before.last.checked_add(1) == Some(range.first)
                    && *things == said
                    && *other == otherwise =>
            {
                before.last = range.last;
            }
            _ => ranges.push((range, said, otherwise)),
        }
    }
    ranges
        .into_iter()
        .flat_map(|(range, said, otherwise)| {
            plain(range).into_iter().map(move |item| with(item, &said, otherwise))
        })
        .collect()
}

impl Item {
    fn whole(protocol: &'static str) -> Item {
        Item {
            protocol,
            first: None,
            last: None,
            kind: None,
            last_kind: None,
            code: None,
            http: Vec::new(),
            questions: Vec::new(),
            servers: Vec::new(),
            otherwise: false,
        }
    }
}

/// A range as it is told: of ports with both of its ends, of messages by type and code.
fn plain(range: PortRange) -> Vec<Item> {
    let PortRange { protocol, first, last } = range;
    let whole = |name| Item::whole(name);
    let ports = |name| vec![Item { first: Some(first), last: Some(last), ..whole(name) }];
    match protocol {
        Carrier::Tcp => ports("TCP"),
        Carrier::Udp => ports("UDP"),
        Carrier::Sctp => ports("SCTP"),
        Carrier::Icmp => messages("ICMP", first, last),
        Carrier::Icmpv6 => messages("ICMPv6", first, last),
        Carrier::Other if range == PortRange::all(Carrier::Other) => vec![whole("OTHER")],
        Carrier::Other => ports("OTHER"),
    }
}

fn messages(name: &'static str, first: u16, last: u16) -> Vec<Item> {
    if (first, last) == (0, u16::MAX) {
        return vec![Item::whole(name)];
    }
    let mut items: Vec<Item> = Vec::new();
    for kind in first >> 8..=last >> 8 {
        let of_kind = Item { kind: Some(kind), ..Item::whole(name) };
        let (least, most) = (first.max(kind << 8), last.min(kind << 8 | 255));
        if (least, most) == (kind << 8, kind << 8 | 255) {
            match items.last_mut() {
                Some(Item { kind: Some(before), last_kind, code: None, .. })
                    if last_kind.unwrap_or(*before) + 1 == kind =>
                {
                    *last_kind = Some(kind);
                }
                _ => items.push(of_kind),
            }
        } else {
            items.extend((least..=most).map(|code| Item { code: Some(code & 255), ..of_kind.clone() }));
        }
    }
    items
}

fn with(mut item: Item, said: &[&Payload], otherwise: bool) -> Item {
    for payload in said {
        match payload {
            Payload::Http(request) => {
                let (method, path) = (request.method.to_string(), request.path.to_string());
                item.http.push(Request { method, path });
            }
            Payload::DnsQuery(name) => item.questions.push(name.to_string()),
            Payload::ServerName(name) => item.servers.push(name.to_string()),
        }
    }
    item.http.sort_unstable();
    item.http.dedup();
    item.otherwise = otherwise;
    item
}

fn words(item: &Item) -> String {
    let protocol = item.protocol.to_ascii_lowercase();
    let mut words = match (item.first, item.last, item.kind, item.code) {
        (Some(1), Some(u16::MAX), ..) => format!("all {protocol}"),
        (Some(first), Some(last), ..) if item.protocol == "OTHER" => match first == last {
            true => format!("IP protocol {first}"),
            false => format!("IP protocols {first}-{last}"),
        },
        (Some(first), Some(last), ..) if first == last => format!("{first}/{protocol}"),
        (Some(first), Some(last), ..) => format!("{first}-{last}/{protocol}"),
        (_, _, Some(kind), _) if item.last_kind.is_some() => {
            format!("{} types {kind}-{}", item.protocol, item.last_kind.unwrap_or(kind))
        }
        (_, _, Some(8), None) if item.protocol == "ICMP" => "ping".to_owned(),
        (_, _, Some(128), None) if item.protocol == "ICMPv6" => "ping (v6)".to_owned(),
        (_, _, Some(kind), None) => format!("{} type {kind}", item.protocol),
        (_, _, Some(kind), Some(code)) => format!("{} type {kind} code {code}", item.protocol),
        _ if item.protocol == "*" => "all".to_owned(),
        _ if item.protocol == "OTHER" => "other protocols".to_owned(),
        _ => format!("all {}", item.protocol),
    };
    let requests = item.http.iter().map(|one| format!("{} {}", one.method, one.path));
    let names = item.questions.iter().chain(&item.servers).cloned();
    let said: Vec<String> =
        requests.chain(names).chain(item.otherwise.then(|| "all else".to_owned())).collect();
    if !said.is_empty() {
        words += &format!(" ({})", said.join("; "));
    }
    words
}
