//! The words of the API: names, labels, ports, addresses. Knows no kind of object.

use ipnet::IpNet;

use super::place::Place;

fn is_made_of(text: &str, inner: impl Fn(u8) -> bool, edge: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(&first), Some(&last)) => edge(first) && edge(last) && bytes.iter().all(|&byte| inner(byte)),
        _ => false,
    }
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// `[a-z0-9]([-a-z0-9]*[a-z0-9])?`, of any length.
pub fn is_dns_part(text: &str) -> bool {
    is_made_of(text, |byte| is_lower(byte) || byte == b'-', is_lower)
}

pub fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_dns_part(text)
}

pub fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_part)
}

fn is_label_word(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.len() <= 63 && is_made_of(text, inner, |byte| byte.is_ascii_alphanumeric())
}

pub fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_label_word(text)
}

pub fn is_label_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_label_word(name),
        None => is_label_word(text),
    }
}

/// The name of a port, as IANA has it.
pub fn is_port_name(text: &str) -> bool {
    text.len() <= 15
        && is_dns_part(text)
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && !text.contains("--")
}

/// A block of addresses in the one form that no reader refuses: with its length, without bits beyond it.
pub fn cidr(place: &Place) -> Option<IpNet> {
    let text = place.text()?;
    let Ok(block) = text.parse::<IpNet>() else {
        place.says(format!("`{text}` is no CIDR"));
        return None;
    };
    let mapped = matches!(block, IpNet::V6(block) if block.addr().to_ipv4_mapped().is_some());
    if mapped || block.trunc().to_string() != text {
        place.says(format!("`{text}` is not the canonical form of a CIDR"));
    }
    Some(block.trunc())
}

/// Exceptions lie within a block, and leave something of it.
pub fn exceptions(block: Option<IpNet>, exceptions: &[Place]) {
    for place in exceptions {
        let Some((block, except)) = block.zip(cidr(place)) else { continue };
        if !block.contains(&except) || block == except {
            place.says(format!("`{except}` is not strictly within `{block}`"));
        }
    }
}
