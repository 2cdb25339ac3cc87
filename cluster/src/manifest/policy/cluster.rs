//! ClusterNetworkPolicies: tiers, priorities, and rules in their order.

use serde_json::Value;

use super::tree::{
    PROTOCOLS, Parse, block, each, fields, port_number, ports, range, selector, text, unknown, wrong,
};
use crate::inventory::{
    ClusterAction, ClusterPeer, ClusterPolicy, ClusterRule, ClusterSubject, ClusterTier, PolicyPort,
    PolicyPortNumber, Protocol,
};
use crate::manifest::record::Records;
use crate::manifest::rules::short;

pub(super) fn policy(records: &mut Records, spec: Option<&Value>) -> Parse<ClusterPolicy> {
    let Some(spec) = spec else { return wrong("`spec` is missing") };
    let (mut tier, mut priority, mut who) = (None, None, None);
    let (mut ingress, mut egress) = (Vec::new(), Vec::new());
    for (field, value) in fields(spec)? {
        match field {
            "tier" => {
                tier = Some(match text(value)? {
                    "Admin" => ClusterTier::Admin,
                    "Baseline" => ClusterTier::Baseline,
                    other => return wrong(format!("unknown tier `{}`", short(other))),
                });
            }
            "priority" => {
                let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
                priority = Some(number.map_or_else(|| wrong("the priority is no number"), Ok)?);
            }
            "subject" => who = Some(subject(records, value)?),
            "ingress" => ingress = each(value, |value| rule(records, value, "from"))?,
            "egress" => egress = each(value, |value| rule(records, value, "to"))?,
            field => return unknown(field),
        }
    }
    match (tier, priority, who) {
        (Some(tier), Some(priority), Some(subject)) => {
            Ok(ClusterPolicy { tier, priority, subject, ingress, egress })
        }
        _ => wrong("one of `tier`, `priority` and `subject` is missing"),
    }
}

fn subject(records: &mut Records, value: &Value) -> Parse<ClusterSubject> {
    let mut found = None;
    for (field, value) in fields(value)? {
        found = Some(match pods(records, field, value)? {
            Some(_) if found.is_some() => return wrong("`namespaces` and `pods` stand side by side"),
            Some(pods) => pods,
            None => return unknown(field),
        });
    }
    found.map_or_else(|| wrong("it has neither `namespaces` nor `pods`"), Ok)
}

fn pods(records: &mut Records, field: &str, value: &Value) -> Parse<Option<ClusterSubject>> {
    match field {
        "namespaces" => Ok(Some(ClusterSubject { namespaces: selector(records, value)?, pods: Vec::new() })),
        "pods" => {
            let mut both = ClusterSubject { namespaces: Vec::new(), pods: Vec::new() };
            for (field, value) in fields(value)? {
                match field {
                    "namespaceSelector" => both.namespaces = selector(records, value)?,
                    "podSelector" => both.pods = selector(records, value)?,
                    field => return unknown(field),
                }
            }
            Ok(Some(both))
        }
        _ => Ok(None),
    }
}

fn rule(records: &mut Records, value: &Value, side: &str) -> Parse<ClusterRule> {
    let (mut action, mut peers, mut ports) = (None, Vec::new(), None);
    for (field, value) in fields(value)? {
        match field {
            "name" => {}
            "action" => {
                action = Some(match text(value)? {
                    "Accept" => ClusterAction::Accept,
                    "Deny" => ClusterAction::Deny,
                    "Pass" => ClusterAction::Pass,
                    other => return wrong(format!("unknown action `{}`", short(other))),
                });
            }
            "protocols" => ports = Some(each(value, |value| protocol(records, value))?.concat()),
            field if field == side => peers = each(value, |value| peer(records, value))?.concat(),
            field => return unknown(field),
        }
    }
    match action {
        Some(action) => Ok(ClusterRule { action, peers, ports }),
        None => wrong("`action` is missing"),
    }
}

fn peer(records: &mut Records, value: &Value) -> Parse<Vec<ClusterPeer>> {
    let mut found = Vec::new();
    for (field, value) in fields(value)? {
        match field {
            "networks" => found.extend(each(value, |value| block(value).map(ClusterPeer::Block))?),
            "nodes" => found.push(ClusterPeer::Nodes),
            "domainNames" => {
                found.extend(each(value, |value| Ok(ClusterPeer::Host(records.text(text(value)?))))?);
            }
            _ => match pods(records, field, value)? {
                Some(pods) => found.push(ClusterPeer::Pods(pods)),
                None => return unknown(field),
            },
        }
    }
    if found.is_empty() { wrong("a peer names nobody") } else { Ok(found) }
}

fn protocol(records: &mut Records, value: &Value) -> Parse<Vec<PolicyPort>> {
    let mut all = Vec::new();
    for (field, value) in fields(value)? {
        let protocol = match field {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "sctp" => Protocol::Sctp,
            "destinationNamedPort" => {
                all.extend(ports(&PROTOCOLS, PolicyPortNumber::Name(records.text(text(value)?))));
                continue;
            }
            field => return unknown(field),
        };
        let mut number = PolicyPortNumber::Range(1, u16::MAX);
        for (field, value) in fields(value)? {
            match field {
                "destinationPort" => number = destination(value)?,
                field => return unknown(field),
            }
        }
        all.extend(ports(&[protocol], number));
    }
    Ok(all)
}

fn destination(value: &Value) -> Parse<PolicyPortNumber> {
    let mut number = None;
    for (field, value) in fields(value)? {
        number = Some(match field {
            "number" => port_number(value).map(|number| PolicyPortNumber::Range(number, number))?,
            "range" => {
                let end = |field| value.get(field).map_or_else(|| wrong("a range has two ends"), port_number);
                range(end("start")?, end("end")?)?
            }
            field => return unknown(field),
        });
    }
    number.map_or_else(|| wrong("a port has neither `number` nor `range`"), Ok)
}
