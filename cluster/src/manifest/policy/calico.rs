//! Calico's NetworkPolicies and GlobalNetworkPolicies, Tiers and network sets, as `projectcalico.org/v3` has them and as
//! they are stored (`crd.projectcalico.org/v1`). With the API server's defaults: without types a policy governs the
//! ways that it has rules for, and ingress if it has none.

use ipnet::IpNet;
use serde_json::Value;

use super::selector;
use super::tree::{
    PROTOCOLS, Parse, block, each, fields, flag, number, port_number, ports, range, text, texts, unknown,
    wrong,
};
use crate::inventory::{
    CalicoAction, CalicoEntity, CalicoPolicy, CalicoProtocol, CalicoRule, CalicoSelector, CalicoTier,
    PolicyPort, PolicyPortNumber, Protocol,
};
use crate::labels::Text;
use crate::manifest::record::Records;
use crate::manifest::rules::short;

/// `None` for a policy that is about nodes' own interfaces alone.
pub(super) fn policy(records: &mut Records, spec: Option<&Value>) -> Parse<Option<CalicoPolicy>> {
    let mut policy = CalicoPolicy {
        tier: records.text("default"),
        order: None,
        selector: CalicoSelector::All,
        namespaces: None,
        service_accounts: None,
        ingress: None,
        egress: None,
    };
    let (mut types, mut of_nodes) = (Vec::new(), false);
    for (field, value) in spec.into_iter().map(fields).collect::<Parse<Vec<_>>>()?.into_iter().flatten() {
        match field {
            "tier" => {
                let tier = text(value)?;
                policy.tier = records.text(if tier.is_empty() { "default" } else { tier });
            }
            "order" => policy.order = Some(number(value)?),
            "selector" => policy.selector = parsed(records, value)?,
            "namespaceSelector" => policy.namespaces = given(records, value)?,
            "serviceAccountSelector" => policy.service_accounts = given(records, value)?,
            "types" => types = each(value, |value| text(value).map(str::to_owned))?,
            "ingress" => policy.ingress = Some(rules(records, value)?),
            "egress" => policy.egress = Some(rules(records, value)?),
            "doNotTrack" | "preDNAT" => of_nodes |= flag(value)?,
            "applyOnForward" | "performanceHints" => {}
            field => return unknown(field),
        }
    }
    if let Some(other) = types.iter().find(|name| !matches!(name.as_str(), "Ingress" | "Egress")) {
        return wrong(format!("unknown policy type `{}`", short(other)));
    }
    let has_rules = |rules: &Option<Vec<CalicoRule>>| rules.as_ref().is_some_and(|rules| !rules.is_empty());
    let (into, out) = (has_rules(&policy.ingress), has_rules(&policy.egress));
    let governs = |name: &str, by_default: bool| match types.as_slice() {
        [] => by_default,
        types => types.iter().any(|own| own == name),
    };
    policy.ingress = governs("Ingress", into || !out).then(|| policy.ingress.unwrap_or_default());
    policy.egress = governs("Egress", out).then(|| policy.egress.unwrap_or_default());
    Ok((!of_nodes).then_some(policy))
}

fn parsed(records: &mut Records, value: &Value) -> Parse<CalicoSelector> {
    selector::parse(records, text(value)?)
}

/// The empty text is as good as none.
fn given(records: &mut Records, value: &Value) -> Parse<Option<CalicoSelector>> {
    match text(value)? {
        "" => Ok(None),
        text => selector::parse(records, text).map(Some),
    }
}

/// Rules that only write a log decide nothing.
fn rules(records: &mut Records, value: &Value) -> Parse<Vec<CalicoRule>> {
    Ok(each(value, |value| rule(records, value))?.into_iter().flatten().collect())
}

fn rule(records: &mut Records, value: &Value) -> Parse<Option<CalicoRule>> {
    let (mut action, mut logs) = (None, false);
    let (mut ip_version, mut protocol, mut not_protocol, mut narrowed) = (None, None, None, false);
    let (mut source, mut destination) = (CalicoEntity::default(), CalicoEntity::default());
    let (mut source_value, mut destination_value) = (None, None);
    for (field, value) in fields(value)? {
        match field {
            "action" => match text(value)? {
                "Allow" | "allow" => action = Some(CalicoAction::Allow),
                "Deny" | "deny" => action = Some(CalicoAction::Deny),
                "Pass" | "pass" | "next-tier" => action = Some(CalicoAction::Pass),
                "Log" | "log" => logs = true,
                other => return wrong(format!("unknown action `{}`", short(other))),
            },
            "ipVersion" => {
                ip_version = match value.as_u64() {
                    Some(4) => Some(4),
                    Some(6) => Some(6),
                    _ => return wrong("an IP version is 4 or 6"),
                };
            }
            "protocol" => protocol = Some(protocol_of(value)?),
            "notProtocol" => not_protocol = Some(protocol_of(value)?),
            "http" => narrowed = true,
            "icmp" | "notICMP" | "metadata" => {}
            "source" => source_value = Some(value),
            "destination" => destination_value = Some(value),
            field => return unknown(field),
        }
    }
    let protocols = match protocol {
        Some(CalicoProtocol::Ports(protocol)) => vec![protocol],
        Some(CalicoProtocol::Other) => Vec::new(),
        None => PROTOCOLS.to_vec(),
    };
    for (entity, value) in [(&mut source, source_value), (&mut destination, destination_value)] {
        if let Some(value) = value {
            *entity = entity_of(records, value, &protocols)?;
        }
    }
    match action {
        Some(action) => {
            Ok(Some(CalicoRule { action, ip_version, protocol, not_protocol, source, destination, narrowed }))
        }
        None if logs => Ok(None),
        None => wrong("`action` is missing"),
    }
}

fn protocol_of(value: &Value) -> Parse<CalicoProtocol> {
    let name = match value {
        Value::Number(number) => number.to_string(),
        _ => text(value)?.to_owned(),
    };
    Ok(match name.to_ascii_lowercase().as_str() {
        "tcp" | "6" => CalicoProtocol::Ports(Protocol::Tcp),
        "udp" | "17" => CalicoProtocol::Ports(Protocol::Udp),
        "sctp" | "132" => CalicoProtocol::Ports(Protocol::Sctp),
        "icmp" | "icmpv6" | "udplite" => CalicoProtocol::Other,
        other if other.parse::<u8>().is_ok() => CalicoProtocol::Other,
        other => return wrong(format!("unknown protocol `{}`", short(other))),
    })
}

fn entity_of(records: &mut Records, value: &Value, protocols: &[Protocol]) -> Parse<CalicoEntity> {
    let mut entity = CalicoEntity::default();
    for (field, value) in fields(value)? {
        match field {
            "nets" => entity.nets = Some(each(value, block)?).filter(|nets| !nets.is_empty()),
            "notNets" => entity.not_nets = each(value, block)?,
            "selector" => entity.selector = given(records, value)?,
            "notSelector" => entity.not_selector = given(records, value)?,
            "namespaceSelector" => entity.namespaces = given(records, value)?,
            "serviceAccounts" => {
                for (field, value) in fields(value)? {
                    match field {
                        "names" => entity.service_accounts = texts(records, value)?,
                        "selector" => entity.service_account_selector = given(records, value)?,
                        field => return unknown(field),
                    }
                }
            }
            "services" => entity.service = Some(service_of(records, value)?),
            "ports" => {
                let ports = ports_of(records, value, protocols)?;
                entity.ports = (!value.as_array().is_some_and(Vec::is_empty)).then_some(ports);
            }
            "notPorts" => entity.not_ports = ports_of(records, value, protocols)?,
            field => return unknown(field),
        }
    }
    Ok(entity)
}

fn service_of(records: &mut Records, value: &Value) -> Parse<(Option<Text>, Text)> {
    let (mut namespace, mut name) = (None, None);
    for (field, value) in fields(value)? {
        match field {
            "name" => name = Some(records.text(text(value)?)),
            "namespace" => namespace = Some(records.text(text(value)?)).filter(|name| !name.is_empty()),
            field => return unknown(field),
        }
    }
    name.map_or_else(|| wrong("a service has no `name`"), |name| Ok((namespace, name)))
}

/// `80`, `"8000:8010"` or the name of a container's port.
fn ports_of(records: &mut Records, value: &Value, protocols: &[Protocol]) -> Parse<Vec<PolicyPort>> {
    let mut all = Vec::new();
    for value in super::tree::items(value)? {
        let number = match value {
            Value::Number(_) => port_number(value).map(|port| PolicyPortNumber::Range(port, port))?,
            _ => {
                let text = text(value)?;
                let (first, last) = text.split_once(':').unwrap_or((text, text));
                match (first.parse::<u16>(), last.parse::<u16>()) {
                    // Port 0 is on no flow.
                    (Ok(first), Ok(last)) => range(first.max(1), last)?,
                    _ if text.contains(':') => {
                        return wrong(format!("`{}` is no range of ports", short(text)));
                    }
                    _ => PolicyPortNumber::Name(records.text(text)),
                }
            }
        };
        all.extend(ports(protocols, number));
    }
    Ok(all)
}

pub(super) fn tier(name: Text, spec: Option<&Value>) -> Parse<CalicoTier> {
    let mut tier = CalicoTier { name, order: None, passes: false };
    for (field, value) in spec.into_iter().map(fields).collect::<Parse<Vec<_>>>()?.into_iter().flatten() {
        match field {
            "order" => tier.order = Some(number(value)?),
            "defaultAction" => tier.passes = text(value)? == "Pass",
            field => return unknown(field),
        }
    }
    Ok(tier)
}

/// The addresses of a network set.
pub(super) fn network_set(spec: Option<&Value>) -> Parse<Vec<IpNet>> {
    let nets = spec.and_then(|spec| spec.get("nets")).filter(|nets| !nets.is_null());
    nets.map_or_else(|| Ok(Vec::new()), |nets| each(nets, block))
}
