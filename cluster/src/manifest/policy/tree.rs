//! Walks the specs of policies whose formats still grow. What is wrong in one is told by name and does not stop the
//! reading: the object is kept as one that is not understood. Null is the same as absent.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use crate::inventory::{PolicyPort, PolicyPortNumber, Protocol};
use crate::labels::{Requirement, Text};
use crate::manifest::problem::Problem;
use crate::manifest::record::{Records, sorted};
use crate::manifest::rules::short;

pub(super) type Parse<T> = Result<T, Problem>;

pub(super) fn wrong<T>(message: impl Into<String>) -> Parse<T> {
    Err(Problem::new(message))
}

/// The fields of an object that are not null.
pub(super) fn fields(value: &Value) -> Parse<impl Iterator<Item = (&str, &Value)>> {
    let Value::Object(fields) = value else { return expected("an object", value) };
    Ok(fields.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.as_str(), value)))
}

pub(super) fn unknown<T>(field: &str) -> Parse<T> {
    wrong(format!("there is no field `{}` here", short(field)))
}

fn expected<T>(what: &str, found: &Value) -> Parse<T> {
    let found = match found {
        Value::Null => "nothing".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) => format!("the text `{}`", short(text)),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
    };
    wrong(format!("expected {what}, found {found}"))
}

pub(super) fn items(value: &Value) -> Parse<&[Value]> {
    match value {
        Value::Array(items) => Ok(items),
        _ => expected("a list", value),
    }
}

/// Each item of a list.
pub(super) fn each<T>(value: &Value, read: impl FnMut(&Value) -> Parse<T>) -> Parse<Vec<T>> {
    items(value)?.iter().map(read).collect()
}

pub(super) fn text(value: &Value) -> Parse<&str> {
    match value {
        Value::String(text) => Ok(text),
        _ => expected("text", value),
    }
}

pub(super) fn texts(records: &mut Records, value: &Value) -> Parse<Vec<Text>> {
    each(value, |item| text(item).map(|item| records.text(item)))
}

pub(super) fn flag(value: &Value) -> Parse<bool> {
    value.as_bool().map_or_else(|| expected("`true` or `false`", value), Ok)
}

pub(super) fn number(value: &Value) -> Parse<f64> {
    value.as_f64().map_or_else(|| expected("a number", value), Ok)
}

pub(super) fn port_number(value: &Value) -> Parse<u16> {
    let number = value.as_u64().and_then(|number| u16::try_from(number).ok()).filter(|number| *number > 0);
    number.map_or_else(|| expected("a port number", value), Ok)
}

/// A range of addresses, or a single one.
pub(super) fn block(value: &Value) -> Parse<IpNet> {
    let text = text(value)?;
    let block = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    match block {
        Ok(block) => Ok(block.trunc()),
        Err(_) => wrong(format!("`{}` is not a range of IP addresses", short(text))),
    }
}

/// A Kubernetes selector, whose keys may be of a plugin's own kind.
pub(super) fn selector(records: &mut Records, value: &Value) -> Parse<Vec<Requirement>> {
    let mut all = Vec::new();
    for (field, value) in fields(value)? {
        match field {
            "matchLabels" => {
                for (key, value) in fields(value)? {
                    all.push(Requirement::In(records.text(key), vec![records.text(text(value)?)]));
                }
            }
            "matchExpressions" => {
                for expression in items(value)? {
                    all.push(expression_of(records, expression)?);
                }
            }
            field => return unknown(field),
        }
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

fn expression_of(records: &mut Records, value: &Value) -> Parse<Requirement> {
    let (mut key, mut operator, mut values) = (None, None, Vec::new());
    for (field, value) in fields(value)? {
        match field {
            "key" => key = Some(records.text(text(value)?)),
            "operator" => operator = Some(text(value)?),
            "values" => values = texts(records, value)?,
            field => return unknown(field),
        }
    }
    let Some(key) = key else { return wrong("`key` is missing") };
    let values = sorted(values);
    match operator {
        Some("In" | "NotIn") if values.is_empty() => {
            wrong(format!("the requirement on `{key}` lists no values"))
        }
        Some("In") => Ok(Requirement::In(key, values)),
        Some("NotIn") => Ok(Requirement::NotIn(key, values)),
        Some("Exists") => Ok(Requirement::Exists(key)),
        Some("DoesNotExist") => Ok(Requirement::DoesNotExist(key)),
        Some(other) => wrong(format!("unknown selector operator `{}`", short(other))),
        None => wrong("`operator` is missing"),
    }
}

pub(super) const PROTOCOLS: [Protocol; 3] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];

/// These numbers under each of these protocols.
pub(super) fn ports(protocols: &[Protocol], number: PolicyPortNumber) -> impl Iterator<Item = PolicyPort> {
    protocols.iter().map(move |protocol| PolicyPort { protocol: *protocol, number: number.clone() })
}

pub(super) fn range(first: u16, last: u16) -> Parse<PolicyPortNumber> {
    if last < first {
        return wrong(format!("the ports {first} to {last} run backwards"));
    }
    Ok(PolicyPortNumber::Range(first, last))
}
