//! What texts of manifests have to look like, and what they stand for: names, labels, addresses, protocols. Plain
//! functions of a text; knows no parser.

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;

use super::problem::Problem;
use crate::inventory::{Protocol, ServiceType};

/// What a text has to look like.
pub(super) trait Rule {
    fn check(text: &str) -> Result<(), Problem>;
}

pub(super) struct AnyText;

impl Rule for AnyText {
    fn check(_: &str) -> Result<(), Problem> {
        Ok(())
    }
}

/// The name of an object: a DNS-1123 subdomain.
pub(super) struct Subdomain;

impl Rule for Subdomain {
    fn check(text: &str) -> Result<(), Problem> {
        if is_subdomain(text) { Ok(()) } else { Err(bad_name(text, "253 characters, words joined by `.`")) }
    }
}

/// The name of a namespace: a DNS-1123 label.
pub(super) struct DnsLabel;

impl Rule for DnsLabel {
    fn check(text: &str) -> Result<(), Problem> {
        if is_dns_label(text) { Ok(()) } else { Err(bad_name(text, "63 characters")) }
    }
}

/// A `metadata.namespace`, where the empty text means that none is given.
pub(super) struct NamespaceOrNone;

impl Rule for NamespaceOrNone {
    fn check(text: &str) -> Result<(), Problem> {
        if text.is_empty() { Ok(()) } else { DnsLabel::check(text) }
    }
}

pub(super) struct LabelKey;

impl Rule for LabelKey {
    fn check(text: &str) -> Result<(), Problem> {
        let valid = match text.split_once('/') {
            Some((prefix, name)) => is_subdomain(prefix) && is_label_word(name),
            None => is_label_word(text),
        };
        if valid {
            return Ok(());
        }
        Err(Problem::new(format!("`{}` is not a valid label key", short(text)))
            .help("a key is at most 63 letters, digits, `-`, `_` and `.`, after an optional domain and `/`"))
    }
}

pub(super) struct LabelValue;

impl Rule for LabelValue {
    fn check(text: &str) -> Result<(), Problem> {
        if text.is_empty() || is_label_word(text) {
            return Ok(());
        }
        Err(Problem::new(format!("`{}` is not a valid label value", short(text))).help(
            "a value is at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
        ))
    }
}

/// The name of a container's port; the empty text means that it has none.
pub(super) struct PortName;

impl Rule for PortName {
    fn check(text: &str) -> Result<(), Problem> {
        let valid = text.is_empty()
            || text.len() <= 15
                && is_dns_label(text)
                && !text.contains("--")
                && text.bytes().any(|byte| byte.is_ascii_lowercase());
        if valid {
            return Ok(());
        }
        let help = if text.parse::<u16>().is_ok() {
            "a port number stands without quotes"
        } else {
            "a name is at most 15 lower-case letters, digits and single `-`, with a letter among them"
        };
        Err(Problem::new(format!("`{}` is not a valid port name", short(text))).help(help))
    }
}

fn bad_name(text: &str, length: &str) -> Problem {
    if text.is_empty() {
        return Problem::new("the name is empty");
    }
    Problem::new(format!("`{}` is not a valid name", short(text)))
        .help(format!("lower-case letters, digits and `-`, a letter or digit at both ends, at most {length}"))
}

/// The beginning of a text that may be very long.
pub(super) fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(60) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

fn is_dns_label(text: &str) -> bool {
    let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.iter().all(inner)
        && bytes[0] != b'-'
        && bytes[bytes.len() - 1] != b'-'
}

fn is_subdomain(text: &str) -> bool {
    // Each word of a subdomain is as a label, but for its length, which only the whole bounds.
    let word = |word: &str| {
        let bytes = word.as_bytes();
        bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
            && bytes.first().is_some_and(|byte| *byte != b'-')
            && bytes.last().is_some_and(|byte| *byte != b'-')
    };
    text.len() <= 253 && text.split('.').all(word)
}

fn is_label_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && bytes[0].is_ascii_alphanumeric()
        && bytes[bytes.len() - 1].is_ascii_alphanumeric()
}

/// A value that is written as text.
pub(super) trait FromText: Sized {
    fn from_text(text: &str) -> Result<Self, Problem>;
}

impl FromText for IpAddr {
    fn from_text(text: &str) -> Result<Self, Problem> {
        let address = text.parse::<IpAddr>();
        address
            .map(|address| address.to_canonical())
            .map_err(|_| Problem::new(format!("`{}` is not an IP address", short(text))))
    }
}

/// An address that may be left empty.
pub(super) struct MaybeAddress(pub(super) Option<IpAddr>);

impl FromText for MaybeAddress {
    fn from_text(text: &str) -> Result<Self, Problem> {
        match text {
            "" => Ok(MaybeAddress(None)),
            _ => IpAddr::from_text(text).map(|address| MaybeAddress(Some(address))),
        }
    }
}

/// What stands as `clusterIP`.
pub(super) enum ClusterIp {
    /// Empty: the API server will choose one.
    Open,
    /// `None`: a headless service.
    Headless,
    Address(IpAddr),
}

impl ClusterIp {
    pub(super) fn address(&self) -> Option<IpAddr> {
        match self {
            ClusterIp::Address(address) => Some(*address),
            ClusterIp::Open | ClusterIp::Headless => None,
        }
    }
}

impl FromText for ClusterIp {
    fn from_text(text: &str) -> Result<Self, Problem> {
        match text {
            "" => Ok(ClusterIp::Open),
            "None" => Ok(ClusterIp::Headless),
            _ => IpAddr::from_text(text).map(ClusterIp::Address),
        }
    }
}

/// A range of addresses, or none where the text is empty.
pub(super) struct MaybeRange(pub(super) Option<IpNet>);

impl FromText for MaybeRange {
    fn from_text(text: &str) -> Result<Self, Problem> {
        if text.is_empty() {
            return Ok(MaybeRange(None));
        }
        IpNet::from_text(text).map(|range| MaybeRange(Some(range)))
    }
}

impl FromText for IpNet {
    fn from_text(text: &str) -> Result<Self, Problem> {
        match text.parse::<IpNet>() {
            Ok(range) => Ok(range.trunc()),
            Err(_) => Err(Problem::new(format!("`{}` is not a range of IP addresses", short(text)))
                .help("a range is written as `10.244.0.0/24`")),
        }
    }
}

impl FromText for Protocol {
    fn from_text(text: &str) -> Result<Self, Problem> {
        match text {
            "TCP" | "" => Ok(Protocol::Tcp),
            "UDP" => Ok(Protocol::Udp),
            "SCTP" => Ok(Protocol::Sctp),
            _ => Err(Problem::new(format!("unknown protocol `{}`", short(text)))
                .help("write `TCP`, `UDP` or `SCTP`")),
        }
    }
}

impl FromText for ServiceType {
    fn from_text(text: &str) -> Result<Self, Problem> {
        match text {
            "ClusterIP" | "" => Ok(ServiceType::ClusterIp),
            "NodePort" => Ok(ServiceType::NodePort),
            "LoadBalancer" => Ok(ServiceType::LoadBalancer),
            "ExternalName" => Ok(ServiceType::ExternalName),
            _ => Err(Problem::new(format!("unknown service type `{}`", short(text)))
                .help("write `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`")),
        }
    }
}

/// The operator of a label selector's requirement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl FromText for Operator {
    fn from_text(text: &str) -> Result<Self, Problem> {
        match text {
            "In" => Ok(Operator::In),
            "NotIn" => Ok(Operator::NotIn),
            "Exists" => Ok(Operator::Exists),
            "DoesNotExist" => Ok(Operator::DoesNotExist),
            _ => Err(Problem::new(format!("unknown selector operator `{}`", short(text)))
                .help("write `In`, `NotIn`, `Exists` or `DoesNotExist`")),
        }
    }
}
