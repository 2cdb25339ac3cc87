//! A rule of a policy or a profile, with every check of what may stand together in one. What it matches is not here.

use std::net::IpAddr;

use ipnet::IpNet;

use super::entity::{Entity, entity};
use super::fields::{Fields, Port, Protocol, choice, protocol};
use crate::enforce::read::fields::{Decoder, Path};
use crate::enforce::read::tree::{Node, Value};
use crate::flow::{Boundaries, Carrier, PortRange};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub action: Action,
    pub family: Option<Family>,
    pub protocol: Option<Protocol>,
    pub not_protocol: Option<Protocol>,
    pub icmp: Option<Icmp>,
    pub not_icmp: Option<Icmp>,
    pub source: Entity,
    pub destination: Entity,
    /// Whether something is asked of HTTP requests.
    pub http: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Allow,
    Deny,
    /// To the next tier.
    Pass,
    /// Decides nothing.
    Log,
}

/// Of the addresses between which a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub(super) fn of(net: &IpNet) -> Family {
        if net.addr().is_ipv4() { Family::V4 } else { Family::V6 }
    }

    pub(super) fn has(self, address: &IpAddr) -> bool {
        address.is_ipv4() == (self == Family::V4)
    }

    /// The carrier that only the other family has.
    pub(super) fn foreign(self) -> Carrier {
        match self {
            Family::V4 => Carrier::Icmpv6,
            Family::V6 => Carrier::Icmp,
        }
    }
}

/// Messages of one type, and of one code where it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Icmp {
    pub kind: u8,
    pub code: Option<u8>,
}

impl Icmp {
    pub(super) fn range(self, protocol: Carrier) -> PortRange {
        match self.code {
            None => PortRange::icmp(protocol, self.kind),
            Some(code) => {
                let first = u16::from(self.kind) << 8 | u16::from(code);
                PortRange { protocol, first, last: first }
            }
        }
    }
}

/// Where a rule stands.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    pub ingress: bool,
    /// Whether services without a namespace are in the policy's.
    pub namespaced: bool,
}

pub(super) fn rule(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>, setting: Setting) -> Option<Rule> {
    const FIELDS: [&str; 10] = [
        "action",
        "ipVersion",
        "protocol",
        "notProtocol",
        "icmp",
        "notICMP",
        "source",
        "destination",
        "http",
        "metadata",
    ];
    let before = decoder.errors.len();
    let entries = decoder.fields(node, path, &FIELDS)?;
    let fields = Fields { entries: &entries, path };
    let action = decoder.required(&entries, node.line, path, "action").and_then(|node| {
        choice(decoder, node, path.field("action"), &["Allow", "Deny", "Pass", "Log"]).map(
            |name| match name {
                "Allow" => Action::Allow,
                "Deny" => Action::Deny,
                "Pass" => Action::Pass,
                _ => Action::Log,
            },
        )
    });
    let mut named = |name| fields.get(name).and_then(|(node, path)| protocol(decoder, node, path));
    let (positive, negative) = (named("protocol"), named("notProtocol"));
    let mut ends = |name| {
        let found = fields.get(name).map(|(node, path)| entity(decoder, node, path));
        found.unwrap_or_else(|| Some(Entity::default()))
    };
    let (source, destination) = (ends("source"), ends("destination"));
    let rule = Rule {
        action: action.unwrap_or(Action::Deny),
        family: family(decoder, fields),
        protocol: positive,
        not_protocol: negative,
        icmp: icmp(decoder, fields, "icmp"),
        not_icmp: icmp(decoder, fields, "notICMP"),
        source: source?,
        destination: destination?,
        http: http(decoder, fields),
    };
    metadata(decoder, fields);
    if decoder.errors.len() == before {
        let check = Check { fields, line: node.line, setting, rule: &rule };
        check.protocols(decoder);
        check.families(decoder);
        check.ports(decoder);
        check.services(decoder);
        check.http(decoder);
    }
    (decoder.errors.len() == before).then_some(rule)
}

fn family(decoder: &mut Decoder, fields: Fields<'_, '_>) -> Option<Family> {
    let (node, path) = fields.get("ipVersion")?;
    match decoder.integer(node, path)? {
        4 => Some(Family::V4),
        6 => Some(Family::V6),
        other => {
            decoder.error(node.line, path, format!("`{other}` is no version of IP: write `4` or `6`"));
            None
        }
    }
}

/// `None` too where nothing is asked.
fn icmp(decoder: &mut Decoder, fields: Fields<'_, '_>, name: &'static str) -> Option<Icmp> {
    let (node, path) = fields.get(name)?;
    let entries = decoder.fields(node, path, &["type", "code"])?;
    let mut number = |name: &str, most: u8| -> Option<u8> {
        let node = entries.get(name)?;
        let number = decoder.integer(node, path.field(name))?;
        let found = u8::try_from(number).ok().filter(|number| *number <= most);
        if found.is_none() {
            decoder.error(node.line, path.field(name), format!("`{number}` is not between 0 and {most}"));
        }
        found
    };
    let (kind, code) = (number("type", 254), number("code", 255));
    if let Some(code) = entries.get("code").filter(|_| entries.get("type").is_none()) {
        decoder.error(code.line, path.field("code"), "a code needs a `type` beside it");
    }
    Some(Icmp { kind: kind?, code })
}

/// Whether it asks anything.
fn http(decoder: &mut Decoder, fields: Fields<'_, '_>) -> bool {
    let Some((node, path)) = fields.get("http") else { return false };
    let Some(entries) = decoder.fields(node, path, &["methods", "paths"]) else { return false };
    let fields = Fields { entries: &entries, path };
    let mut asks = !fields.distinct(decoder, "methods").is_empty();
    fields.each(decoder, "paths", |decoder, node, path| {
        asks = true;
        let Some(entries) = decoder.fields(node, path, &["exact", "prefix"]) else { return };
        let fields = Fields { entries: &entries, path };
        let given = ["exact", "prefix"].map(|name| (name, fields.text(decoder, name)));
        match given.map(|(_, text)| !text.is_empty()) {
            [true, true] => {
                decoder.error(node.line, path, "a path has `exact` or `prefix`, not both: write two paths")
            }
            [false, false] => decoder.error(node.line, path, "a path needs `exact` or `prefix`"),
            _ => {}
        }
        for (name, text) in given.into_iter().filter(|(_, text)| !text.is_empty()) {
            if !text.starts_with('/') || text.contains(['?', '#', ' ']) {
                let message =
                    format!("`{text}` is no path: one begins with `/` and has no `?`, `#` or blank");
                decoder.error(node.line, path.field(name), message);
            }
        }
    });
    asks
}

fn metadata(decoder: &mut Decoder, fields: Fields<'_, '_>) {
    let Some((node, path)) = fields.get("metadata") else { return };
    let Some(entries) = decoder.fields(node, path, &["annotations"]) else { return };
    if let Some(node) = entries.get("annotations") {
        decoder.map(node, path.field("annotations"));
    }
}

/// What may stand together in a rule.
struct Check<'c, 'n> {
    fields: Fields<'c, 'n>,
    line: u32,
    setting: Setting,
    rule: &'c Rule,
}

impl Check<'_, '_> {
    fn error(&self, decoder: &mut Decoder, names: &[&str], message: impl Into<String>) {
        let outer = self.fields.entries.get(names[0]);
        let inner = outer.zip(names.get(1)).and_then(|(node, name)| match &node.value {
            Value::Map(pairs) => pairs.iter().find(|(key, _)| key.text() == Some(*name)),
            _ => None,
        });
        let line = inner.map(|(_, node)| node.line).or(outer.map(|node| node.line)).unwrap_or(self.line);
        let first = self.fields.path.field(names[0]);
        match names.get(1) {
            Some(second) => decoder.error(line, first.field(second), message),
            None => decoder.error(line, first, message),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.fields.entries.get(name).is_some()
    }

    fn protocols(&self, decoder: &mut Decoder) {
        let rule = self.rule;
        let messages = [Some(Protocol::ICMP), Some(Protocol::ICMPV6)];
        if self.has("icmp") && !messages.contains(&rule.protocol) {
            self.error(decoder, &["icmp"], "`icmp` needs the `protocol` `ICMP` or `ICMPv6`");
        }
        for (name, protocol) in [("protocol", rule.protocol), ("notProtocol", rule.not_protocol)] {
            match (protocol, rule.family) {
                (Some(Protocol::ICMP), Some(Family::V6)) => {
                    self.error(decoder, &[name], "`ICMP` is IPv4's: write `ICMPv6`, or the `ipVersion` 4");
                }
                (Some(Protocol::ICMPV6), Some(Family::V4)) => {
                    self.error(decoder, &[name], "`ICMPv6` is IPv6's: write `ICMP`, or the `ipVersion` 6");
                }
                _ => {}
            }
        }
    }

    fn families(&self, decoder: &mut Decoder) {
        let mut seen = self.rule.family;
        for (end, entity) in [("source", &self.rule.source), ("destination", &self.rule.destination)] {
            for (name, nets) in [("nets", &entity.whom.nets), ("notNets", &entity.whom.not_nets)] {
                let foreign = nets.iter().find(|net| Family::of(net) != *seen.get_or_insert(Family::of(net)));
                if let Some(net) = foreign {
                    let message = match self.rule.family {
                        Some(_) => {
                            format!("`{net}` is not of the rule's `ipVersion`: write a rule for each version")
                        }
                        None => format!(
                            "`{net}` is of another version of IP than a range before it: write a rule for each version"
                        ),
                    };
                    self.error(decoder, &[end, name], message);
                }
            }
        }
    }

    fn ports(&self, decoder: &mut Decoder) {
        for (end, entity) in [("source", &self.rule.source), ("destination", &self.rule.destination)] {
            for (name, ports) in [("ports", &entity.ports), ("notPorts", &entity.not_ports)] {
                let fine = match self.rule.protocol {
                    Some(protocol) => ports.is_empty() || protocol.has_ports(),
                    None => ports.iter().all(|port| matches!(port, Port::Name(_))),
                };
                if !fine {
                    self.error(
                        decoder,
                        &[end, name],
                        "ports need the `protocol` `TCP`, `UDP` or `SCTP` in the rule",
                    );
                }
            }
        }
    }

    fn services(&self, decoder: &mut Decoder) {
        let Setting { ingress, namespaced } = self.setting;
        for (end, entity) in [("source", &self.rule.source), ("destination", &self.rule.destination)] {
            let Some(service) = &entity.whom.service else { continue };
            if ingress != (end == "source") {
                let message = if ingress {
                    "an ingress rule has `services` in its `source` only"
                } else {
                    "an egress rule has `services` in its `destination` only"
                };
                self.error(decoder, &[end, "services"], message);
            }
            if !namespaced && service.namespace.is_none() {
                self.error(
                    decoder,
                    &[end, "services"],
                    "the `namespace` of the service has to be given here",
                );
            }
            for (name, ports) in [("ports", &entity.ports), ("notPorts", &entity.not_ports)] {
                if end == "destination" && !ports.is_empty() {
                    let message =
                        format!("`{name}` may not stand beside `services`: a service has its own ports");
                    self.error(decoder, &[end, name], message);
                }
            }
        }
    }

    fn http(&self, decoder: &mut Decoder) {
        if !self.has("http") {
            return;
        }
        if self.rule.action != Action::Allow {
            self.error(decoder, &["http"], "`http` may stand in a rule with the `action` `Allow` only");
        }
        if !self.setting.ingress {
            self.error(decoder, &["http"], "`http` may not stand in an egress rule");
        }
        if self.rule.protocol.is_some_and(|protocol| protocol != Protocol::TCP) {
            self.error(decoder, &["http"], "`http` needs the `protocol` `TCP`, or none");
        }
    }
}

impl Rule {
    /// The family that it is about: the one it names, or that of its ranges, for rules are enforced in each family by
    /// themselves and not at all where none of their ranges belongs.
    pub(super) fn families(&self) -> Option<Family> {
        let ends = [&self.source.whom, &self.destination.whom];
        let nets = ends.into_iter().flat_map(|whom| whom.nets.iter().chain(&whom.not_nets));
        self.family.or(nets.map(Family::of).next())
    }

    /// The carriers of the messages that it asks for or leaves out.
    pub(super) fn icmp_carriers(&self) -> impl Iterator<Item = Carrier> {
        let family = self.families();
        let protocol = self.protocol.map(Protocol::carrier);
        [Carrier::Icmp, Carrier::Icmpv6].into_iter().filter(move |carrier| {
            protocol.is_none_or(|protocol| protocol == *carrier)
                && family.is_none_or(|family| family.foreign() != *carrier)
        })
    }

    /// The ranges of a protocol, or of all of it.
    pub(super) fn range(protocol: Protocol) -> PortRange {
        match protocol.carrier() {
            Carrier::Other => {
                let first = u16::from(protocol.0);
                PortRange { protocol: Carrier::Other, first, last: first }
            }
            carrier => PortRange::all(carrier),
        }
    }

    /// Where spaces have to be cut for it.
    pub(super) fn boundaries(&self, found: &mut Boundaries) {
        for entity in [&self.source, &self.destination] {
            found.cidrs.extend(entity.whom.nets.iter().chain(&entity.whom.not_nets));
        }
        found.ports.extend([self.protocol, self.not_protocol].into_iter().flatten().map(Rule::range));
        for icmp in [self.icmp, self.not_icmp].into_iter().flatten() {
            found.ports.extend(self.icmp_carriers().map(|carrier| icmp.range(carrier)));
        }
        if let Some(protocol) = self.protocol.map(Protocol::carrier) {
            for port in self.destination.ports.iter().chain(&self.destination.not_ports) {
                if let Port::Range(first, last) = *port {
                    found.ports.push(PortRange { protocol, first, last });
                }
            }
        }
    }
}
