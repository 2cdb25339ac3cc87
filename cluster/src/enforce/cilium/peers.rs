//! The peers of a rule as they are written: one kind of them in a rule, and what their absence means. Knows no points.

use std::net::IpAddr;

use ipnet::IpNet;

use super::decode::{Direction, each, object_name};
use super::names;
use super::rules::{Entity, Groups, Peer, Peers};
use super::selector::{self, Scope};
use crate::enforce::points::Block;
use crate::enforce::read::fields::{Decoder, Entries, Path};
use crate::enforce::read::tree::Node;
use crate::enforce::selector::selector as plain_selector;
use crate::labels::Text;

const FROM: [&str; 6] =
    ["fromEndpoints", "fromCIDR", "fromCIDRSet", "fromEntities", "fromNodes", "fromGroups"];
const TO: [&str; 8] =
    ["toEndpoints", "toCIDR", "toCIDRSet", "toEntities", "toNodes", "toGroups", "toServices", "toFQDNs"];

/// The fields that peers of a rule stand in.
pub(super) fn fields(direction: Direction) -> &'static [&'static str] {
    match direction {
        Direction { ingress: true, .. } => &FROM,
        Direction { denies: true, .. } => &TO[..7],
        Direction { .. } => &TO,
    }
}

pub(super) fn peers(
    decoder: &mut Decoder,
    entries: &Entries<'_>,
    path: Path<'_>,
    direction: Direction,
    scope: Scope<'_>,
    has_ports: bool,
) -> Peers {
    let mut found: Vec<Peer> = Vec::new();
    let mut hosts: Vec<Text> = Vec::new();
    let mut used: Option<&str> = None;
    let mut selects_nothing = false;
    for &field in fields(direction) {
        let Some(node) = entries.get(field) else { continue };
        let here = path.field(field);
        if decoder.list(node, here).is_empty() {
            // Of the others an empty list is as if it were absent.
            selects_nothing |= !matches!(field, "toFQDNs" | "toGroups" | "fromGroups" | "toServices");
            continue;
        }
        if let Some(other) = used {
            let message = format!("`{field}` may not stand beside `{other}`: write two rules");
            decoder.error(node.line, here, message);
            continue;
        }
        used = Some(field);
        let kind = field.strip_prefix("from").or_else(|| field.strip_prefix("to")).unwrap_or(field);
        if kind == "FQDNs" {
            hosts = each(decoder, node, here, host);
            continue;
        }
        found = each(decoder, node, here, |decoder, node, path| match kind {
            "Endpoints" => selector::selector(decoder, node, path, scope).map(Peer::Endpoints),
            "CIDR" => prefix(decoder, node, path).map(|cidr| Peer::Block(Block { cidr, except: Vec::new() })),
            "CIDRSet" => set(decoder, node, path),
            "Entities" => entity(decoder, node, path),
            "Nodes" => selector::selector(decoder, node, path, Scope::Nodes).map(|_| Peer::Nodes),
            "Groups" => cloud(decoder, node, path),
            _ => service(decoder, node, path),
        });
    }
    if selects_nothing {
        return Peers::Nobody;
    }
    match (used, has_ports) {
        (Some("toFQDNs"), _) => Peers::Names(hosts),
        (Some(_), _) => Peers::These(found),
        (None, true) => Peers::Anyone,
        (None, false) => Peers::Nobody,
    }
}

pub(super) fn prefix(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<IpNet> {
    let text = decoder.string(node, path)?;
    parse(text).map_err(|message| decoder.error(node.line, path, message)).ok()
}

/// Bits beyond the prefix are dropped, as Cilium does.
fn parse(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Err(format!("`{address}` has no prefix length: write `{}`", IpNet::from(address)));
    }
    let net: IpNet = text
        .parse()
        .map_err(|_| format!("`{text}` is no CIDR: write one as `192.0.2.0/24` or `2001:db8::/32`"))?;
    if matches!(net.addr(), IpAddr::V6(address) if address.to_ipv4_mapped().is_some()) {
        return Err(format!("`{text}` is an IPv4 prefix in IPv6 form: write it as IPv4"));
    }
    Ok(net.trunc())
}

fn set(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Peer> {
    const KINDS: [&str; 3] = ["cidr", "cidrGroupRef", "cidrGroupSelector"];
    let entries = decoder.fields(node, path, &["cidr", "cidrGroupRef", "cidrGroupSelector", "except"])?;
    let given: Vec<&str> = KINDS.into_iter().filter(|kind| entries.get(kind).is_some()).collect();
    if given.len() != 1 {
        let message = "there has to be one of `cidr`, `cidrGroupRef` and `cidrGroupSelector`";
        decoder.error(node.line, path, message);
        return None;
    }
    let cidr = match entries.get("cidr") {
        Some(node) => Some(prefix(decoder, node, path.field("cidr"))?),
        None => None,
    };
    let mut except = match entries.get("except") {
        None => Vec::new(),
        Some(node) => each(decoder, node, path.field("except"), |decoder, node, path| {
            let part = prefix(decoder, node, path)?;
            if let Some(cidr) = cidr.filter(|cidr| !cidr.contains(&part.addr())) {
                let message = format!("`{part}` does not lie within `cidr`, `{cidr}`: leave it out");
                decoder.error(node.line, path, message);
            }
            Some(part)
        }),
    };
    except.sort_unstable();
    if let Some(cidr) = cidr {
        return Some(Peer::Block(Block { cidr, except }));
    }
    let groups = match (entries.get("cidrGroupRef"), entries.get("cidrGroupSelector")) {
        (Some(node), _) => Groups::Named(object_name(decoder, node, path.field("cidrGroupRef"))?),
        (None, node) => Groups::Labelled(plain_selector(decoder, node?, path.field("cidrGroupSelector"))?),
    };
    Some(Peer::Groups { groups, except })
}

fn entity(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Peer> {
    let entity = match decoder.string(node, path)? {
        "all" => Entity::All,
        "none" => Entity::None,
        "world" => Entity::World,
        "world-ipv4" => Entity::WorldIpv4,
        "world-ipv6" => Entity::WorldIpv6,
        "cluster" | "cluster-mesh" => Entity::Cluster,
        "host" => Entity::Host,
        "remote-node" => Entity::RemoteNode,
        "kube-apiserver" => Entity::ApiServer,
        "init" | "ingress" | "health" | "unmanaged" => Entity::Unseen,
        other => {
            let message = format!(
                "`{other}` is no entity: `all`, `world`, `cluster`, `cluster-mesh`, `host`, `remote-node`, `kube-apiserver`, `ingress`, `health`, `init`, `unmanaged` and `none` are"
            );
            decoder.error(node.line, path, message);
            return None;
        }
    };
    Some(Peer::Entity(entity))
}

fn cloud(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Peer> {
    let entries = decoder.fields(node, path, &["aws"])?;
    if let Some(node) = entries.get("aws") {
        let path = path.field("aws");
        let entries =
            decoder.fields(node, path, &["labels", "region", "securityGroupsIds", "securityGroupsNames"])?;
        entries.get("labels").map(|node| decoder.map(node, path.field("labels")));
        entries.get("region").and_then(|node| decoder.string(node, path.field("region")));
        for name in ["securityGroupsIds", "securityGroupsNames"] {
            entries.get(name).map(|node| decoder.strings(node, path.field(name)));
        }
    }
    Some(Peer::Cloud)
}

fn service(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Peer> {
    let entries = decoder.fields(node, path, &["k8sService", "k8sServiceSelector"])?;
    if let Some(node) = entries.get("k8sService") {
        let path = path.field("k8sService");
        let entries = decoder.fields(node, path, &["serviceName", "namespace"])?;
        for name in ["serviceName", "namespace"] {
            entries.get(name).and_then(|node| decoder.string(node, path.field(name)));
        }
    }
    if let Some(node) = entries.get("k8sServiceSelector") {
        let path = path.field("k8sServiceSelector");
        let entries = decoder.fields(node, path, &["selector", "namespace"])?;
        let selector = decoder.required(&entries, node.line, path, "selector");
        selector.and_then(|node| selector::selector(decoder, node, path.field("selector"), Scope::Nodes));
        entries.get("namespace").and_then(|node| decoder.string(node, path.field("namespace")));
    }
    Some(Peer::Services)
}

/// A name, or a pattern of names.
pub(super) fn host(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Text> {
    let entries = decoder.fields(node, path, &["matchName", "matchPattern"])?;
    let (name, pattern) = (entries.get("matchName"), entries.get("matchPattern"));
    let (field, node) = match (name, pattern) {
        (Some(node), None) => ("matchName", node),
        (None, Some(node)) => ("matchPattern", node),
        _ => {
            let message = "there has to be one of `matchName` and `matchPattern`";
            decoder.error(node.line, path, message);
            return None;
        }
    };
    let text = decoder.string(node, path.field(field))?;
    let read = if name.is_some() { names::name(text) } else { names::pattern(text) };
    read.map_err(|message| decoder.error(node.line, path.field(field), message)).ok()
}
