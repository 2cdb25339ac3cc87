//! CiliumNetworkPolicies and CiliumClusterwideNetworkPolicies: the rules of `spec` and `specs`. A field that is absent
//! and a list that is empty say different things, and not the same ones everywhere; what Cilium's agent refuses governs
//! nothing and is not understood here either.

use ipnet::IpNet;
use serde_json::Value;

use super::tree::{
    PROTOCOLS, Parse, block, each, fields, flag, items, ports, range, selector, text, unknown, wrong,
};
use crate::inventory::{
    CiliumEntity, CiliumPart, CiliumPeer, CiliumRule, PolicyPort, PolicyPortNumber, Protocol,
};
use crate::manifest::record::Records;
use crate::manifest::rules::short;

/// The rules about pods.
pub(super) fn rules(
    records: &mut Records,
    spec: Option<&Value>,
    specs: Option<&Value>,
) -> Parse<Vec<CiliumRule>> {
    let mut rules = Vec::new();
    let specs = specs.map(items).transpose()?.unwrap_or_default();
    if spec.is_none() && specs.is_empty() {
        return wrong("it has neither `spec` nor `specs`");
    }
    for spec in spec.into_iter().chain(specs) {
        rules.extend(rule(records, spec)?);
    }
    Ok(rules)
}

/// None for a rule about nodes.
fn rule(records: &mut Records, spec: &Value) -> Parse<Option<CiliumRule>> {
    let mut rule = CiliumRule::default();
    let (mut endpoints, mut nodes) = (None, false);
    let mut closes = (None, None);
    for (field, value) in fields(spec)? {
        match field {
            "endpointSelector" => endpoints = Some(selector(records, value)?),
            "nodeSelector" => nodes = true,
            "ingress" => rule.ingress = parts(records, value, "from")?,
            "ingressDeny" => rule.ingress_deny = parts(records, value, "from")?,
            "egress" => rule.egress = parts(records, value, "to")?,
            "egressDeny" => rule.egress_deny = parts(records, value, "to")?,
            "enableDefaultDeny" => {
                for (field, value) in fields(value)? {
                    match field {
                        "ingress" => closes.0 = Some(flag(value)?),
                        "egress" => closes.1 = Some(flag(value)?),
                        field => return unknown(field),
                    }
                }
            }
            "labels" | "description" | "log" => {}
            field => return unknown(field),
        }
    }
    rule.closes_ingress = closes.0.unwrap_or(!rule.ingress.is_empty() || !rule.ingress_deny.is_empty());
    rule.closes_egress = closes.1.unwrap_or(!rule.egress.is_empty() || !rule.egress_deny.is_empty());
    match (endpoints, nodes) {
        (Some(_), true) => wrong("`endpointSelector` and `nodeSelector` stand in one rule"),
        (None, false) => wrong("a rule has neither `endpointSelector` nor `nodeSelector`"),
        (None, true) => Ok(None),
        (Some(endpoints), false) => {
            rule.endpoints = endpoints;
            Ok(Some(rule))
        }
    }
}

/// `side`: `from` or `to`, before the kinds of peers.
fn parts(records: &mut Records, value: &Value, side: &str) -> Parse<Vec<CiliumPart>> {
    each(value, |value| part(records, value, side))
}

fn part(records: &mut Records, value: &Value, side: &str) -> Parse<CiliumPart> {
    let mut part = CiliumPart { peers: None, ports: None, narrowed: false };
    let mut kind: Option<&str> = None;
    for (field, value) in fields(value)? {
        let peers = match field {
            "toPorts" => {
                ports_of(records, value, &mut part)?;
                continue;
            }
            // ICMP is on no port.
            "icmps" => {
                if !items(value)?.is_empty() {
                    part.ports.get_or_insert_default();
                }
                continue;
            }
            "authentication" => {
                let mode = value.get("mode").map(text).transpose()?;
                part.narrowed |= !matches!(mode, None | Some("" | "disabled"));
                continue;
            }
            _ => match field.strip_prefix(side) {
                // Of host names and of clouds, none is as good as not asked for.
                Some("FQDNs" | "Groups") if items(value)?.is_empty() => continue,
                Some(kind) => peers(records, kind, value)?,
                None => return unknown(field),
            },
        };
        let Some(peers) = peers else { return unknown(field) };
        if let Some(other) = kind {
            return wrong(format!("`{other}` and `{field}` stand in one rule, which Cilium refuses"));
        }
        kind = Some(field);
        part.peers = Some(peers);
    }
    Ok(part)
}

fn peers(records: &mut Records, kind: &str, value: &Value) -> Parse<Option<Vec<CiliumPeer>>> {
    Ok(Some(match kind {
        "Endpoints" => each(value, |value| Ok(CiliumPeer::Endpoints(selector(records, value)?)))?,
        "CIDR" => each(value, |value| Ok(CiliumPeer::Block { cidr: block(value)?, except: Vec::new() }))?,
        "CIDRSet" => each(value, |value| cidr_set(records, value))?,
        "Entities" => each(value, |value| entity(text(value)?).map(CiliumPeer::Entity))?,
        "Nodes" => each(value, |_| Ok(CiliumPeer::Nodes))?,
        "Services" => each(value, |value| service(records, value))?,
        "FQDNs" => each(value, |value| host(records, value))?,
        "Groups" => each(value, |_| Ok(CiliumPeer::Cloud))?,
        _ => return Ok(None),
    }))
}

fn cidr_set(records: &mut Records, value: &Value) -> Parse<CiliumPeer> {
    let (mut found, mut except) = (Vec::new(), Vec::new());
    for (field, value) in fields(value)? {
        match field {
            "cidr" => found.push(CiliumPeer::Block { cidr: block(value)?, except: Vec::new() }),
            "cidrGroupRef" => {
                found.push(CiliumPeer::Group { name: records.text(text(value)?), except: Vec::new() });
            }
            "cidrGroupSelector" => {
                found.push(CiliumPeer::Groups { selector: selector(records, value)?, except: Vec::new() });
            }
            "except" => except = each(value, block)?,
            field => return unknown(field),
        }
    }
    let [one] = found.as_slice() else {
        return wrong("a set of addresses has to have one of `cidr`, `cidrGroupRef`, `cidrGroupSelector`");
    };
    let mut one = one.clone();
    let holes: &mut Vec<IpNet> = match &mut one {
        CiliumPeer::Block { except, .. }
        | CiliumPeer::Group { except, .. }
        | CiliumPeer::Groups { except, .. } => except,
        _ => return Ok(one),
    };
    *holes = except;
    Ok(one)
}

fn entity(name: &str) -> Parse<CiliumEntity> {
    Ok(match name {
        "all" => CiliumEntity::All,
        "world" => CiliumEntity::World,
        "world-ipv4" => CiliumEntity::WorldV4,
        "world-ipv6" => CiliumEntity::WorldV6,
        "cluster" => CiliumEntity::Cluster,
        "cluster-mesh" => CiliumEntity::ClusterMesh,
        "host" => CiliumEntity::Host,
        "remote-node" => CiliumEntity::RemoteNode,
        "kube-apiserver" => CiliumEntity::ApiServer,
        "ingress" => CiliumEntity::Ingress,
        "health" => CiliumEntity::Health,
        "init" => CiliumEntity::Init,
        "unmanaged" => CiliumEntity::Unmanaged,
        "none" => CiliumEntity::None,
        other => return wrong(format!("unknown entity `{}`", short(other))),
    })
}

fn service(records: &mut Records, value: &Value) -> Parse<CiliumPeer> {
    let (mut namespace, mut name, mut labels) = (None, None, None);
    for (field, value) in fields(value)? {
        if !matches!(field, "k8sService" | "k8sServiceSelector") {
            return unknown(field);
        }
        for (field, value) in fields(value)? {
            match field {
                "namespace" => namespace = Some(records.text(text(value)?)),
                "serviceName" => name = Some(records.text(text(value)?)),
                "selector" => labels = Some(selector(records, value)?),
                field => return unknown(field),
            }
        }
    }
    match (name, labels) {
        (Some(name), None) => Ok(CiliumPeer::Service { namespace, name }),
        (None, Some(selector)) => Ok(CiliumPeer::Services { namespace, selector }),
        _ => wrong("a service has to have one of `k8sService`, `k8sServiceSelector`"),
    }
}

fn host(records: &mut Records, value: &Value) -> Parse<CiliumPeer> {
    let mut host = None;
    for (field, value) in fields(value)? {
        match field {
            "matchName" | "matchPattern" => host = Some(records.text(text(value)?)),
            field => return unknown(field),
        }
    }
    host.map_or_else(
        || wrong("a host name has neither `matchName` nor `matchPattern`"),
        |host| Ok(CiliumPeer::Host(host)),
    )
}

fn ports_of(records: &mut Records, value: &Value, part: &mut CiliumPart) -> Parse<()> {
    for value in items(value)? {
        // An item without ports matches nothing.
        let all = part.ports.get_or_insert_default();
        for (field, value) in fields(value)? {
            match field {
                "ports" => {
                    for port in items(value)? {
                        all.extend(port_of(records, port)?);
                    }
                }
                "rules" => {
                    for (_, rules) in fields(value)? {
                        part.narrowed |= rules.as_array().is_none_or(|rules| !rules.is_empty());
                    }
                }
                "serverNames" => part.narrowed |= !items(value)?.is_empty(),
                "listener" => part.narrowed = true,
                "terminatingTLS" | "originatingTLS" => {}
                field => return unknown(field),
            }
        }
    }
    Ok(())
}

fn port_of(records: &mut Records, value: &Value) -> Parse<Vec<PolicyPort>> {
    let (mut number, mut end, mut protocols) = (None, None, &PROTOCOLS[..]);
    for (field, value) in fields(value)? {
        match field {
            "port" => number = Some(text(value)?),
            "endPort" => end = value.as_u64().and_then(|end| u16::try_from(end).ok()),
            "protocol" => {
                protocols = match text(value)? {
                    "" | "ANY" => &PROTOCOLS,
                    "TCP" => &[Protocol::Tcp],
                    "UDP" => &[Protocol::Udp],
                    "SCTP" => &[Protocol::Sctp],
                    // They have no ports.
                    "ICMP" | "ICMPV6" | "ICMPv6" | "VRRP" | "IGMP" | "GRE" | "IPIP" | "IPV6" | "ESP"
                    | "AH" => &[],
                    other => return wrong(format!("unknown protocol `{}`", short(other))),
                };
            }
            field => return unknown(field),
        }
    }
    let number = match number.unwrap_or_default() {
        "" | "0" => PolicyPortNumber::Range(1, u16::MAX),
        name => match name.parse::<u16>() {
            // An end that is not behind the start counts for nothing.
            Ok(first) => range(first, end.unwrap_or(first).max(first))?,
            Err(_) if name.bytes().all(|byte| byte.is_ascii_digit()) => {
                return wrong(format!("`{}` is no port", short(name)));
            }
            Err(_) => PolicyPortNumber::Name(records.text(name)),
        },
    };
    Ok(ports(protocols, number).collect())
}

/// The addresses of a CiliumCIDRGroup.
pub(super) fn cidr_group(spec: Option<&Value>) -> Parse<Vec<IpNet>> {
    let blocks = spec.and_then(|spec| spec.get("externalCIDRs")).filter(|blocks| !blocks.is_null());
    blocks.map_or_else(|| Ok(Vec::new()), |blocks| each(blocks, block))
}
