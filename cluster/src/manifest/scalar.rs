//! The scalars of manifests, typed as the API server types them: text is never a number, a number never text. What
//! is wrong with one is said while it is read, so that the parser can tell where it stands. Knows no kind of object.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, Expected, MapAccess, SeqAccess, Unexpected, Visitor,
};

use super::problem::Problem;
use crate::inventory::{Protocol, ServiceType, TargetPort};

/// What a text has to look like.
pub(super) trait Rule {
    fn check(text: &str) -> Result<(), Problem>;
}

/// Text that is borrowed from the input where it stands there as it is, and that keeps to a rule.
pub(super) struct Checked<'a, R>(pub(super) Cow<'a, str>, PhantomData<R>);

impl<R> std::ops::Deref for Checked<'_, R> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Any text.
pub(super) type Str<'a> = Checked<'a, AnyText>;

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

struct CheckedVisitor<R>(PhantomData<R>);

impl<'de, R: Rule> Visitor<'de> for CheckedVisitor<R> {
    type Value = Checked<'de, R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        R::check(text).map_err(Problem::into_serde)?;
        Ok(Checked(Cow::Borrowed(text), PhantomData))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.visit_string(text.to_string())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        R::check(&text).map_err(Problem::into_serde)?;
        Ok(Checked(Cow::Owned(text), PhantomData))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Err(unquoted(&format!("what is read as `{value}`")))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Err(unquoted("a number"))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Err(unquoted("a number"))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(unquoted("a number"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        refuse_list(seq, &self)
    }
}

/// The error for what is no text unless it is quoted. How it was written (`y`, `1.10`) is lost by now.
fn unquoted<E: Error>(found: &str) -> E {
    Problem::new(format!("expected text, found {found}")).help("put it in quotes").into_serde()
}

impl<'de: 'a, 'a, R: Rule> Deserialize<'de> for Checked<'a, R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CheckedVisitor(PhantomData))
    }
}

/// The error for a list where something else has to stand, placed at the list's first element: the YAML reader has
/// no place for the list itself.
pub(super) fn refuse_list<'de, A: SeqAccess<'de>, T>(
    mut seq: A,
    expected: &dyn Expected,
) -> Result<T, A::Error> {
    seq.next_element_seed(Refuse(expected))?;
    Err(A::Error::invalid_type(Unexpected::Seq, expected))
}

struct Refuse<'a>(&'a dyn Expected);

impl<'de> DeserializeSeed<'de> for Refuse<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Err(D::Error::invalid_type(Unexpected::Seq, self.0))
    }
}

/// A key of an object: whatever stands there, as text.
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(CheckedVisitor::<AnyText>(PhantomData)).map(|text| Key(text.0))
    }
}

/// An object. Lists, which derived code would take for one field by field, are refused.
pub(super) struct Obj<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Obj<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjVisitor(PhantomData))
    }
}

struct ObjVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjVisitor<T> {
    type Value = Obj<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Obj)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        refuse_list(seq, &self)
    }
}

/// Labels as they stand in the input, sorted by key.
pub(super) struct LabelMap<'a>(pub(super) Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'de: 'a, 'a> Deserialize<'de> for LabelMap<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LabelMapVisitor)
    }
}

struct LabelMapVisitor;

impl<'de> Visitor<'de> for LabelMapVisitor {
    type Value = LabelMap<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut labels: Vec<(Cow<'de, str>, Cow<'de, str>)> = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            let position = labels.binary_search_by(|(other, _)| other.cmp(&key));
            let value = map.next_value_seed(LabelValueOf { key: &key, again: position.is_ok() })?;
            labels.insert(position.unwrap_or_else(|at| at), (key, value));
        }
        Ok(LabelMap(labels))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        refuse_list(seq, &self)
    }
}

/// Reads a label's value, and complains about its key too: only values have a place in both parsers.
struct LabelValueOf<'k> {
    key: &'k str,
    again: bool,
}

impl<'de> DeserializeSeed<'de> for LabelValueOf<'_> {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> LabelValueOf<'_> {
    fn check<E: Error>(&self, value: Cow<'de, str>) -> Result<Cow<'de, str>, E> {
        LabelKey::check(self.key).map_err(Problem::into_serde)?;
        if self.again {
            return Err(Problem::new(format!("the label `{}` is there twice", self.key)).into_serde());
        }
        LabelValue::check(&value).map_err(Problem::into_serde)?;
        Ok(value)
    }
}

impl<'de> Visitor<'de> for LabelValueOf<'_> {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        self.check(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.check(Cow::Owned(text.to_string()))
    }

    /// The API server reads null as the empty text.
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        self.check(Cow::Borrowed(""))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Err(unquoted(&format!("what is read as `{value}`")))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Err(unquoted("a number"))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Err(unquoted("a number"))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(unquoted("a number"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        refuse_list(seq, &self)
    }
}

/// A value that is written as text.
pub(super) trait FromText: Sized {
    fn from_text(text: &str) -> Result<Self, Problem>;
}

pub(super) struct Parsed<T>(pub(super) T);

struct ParsedVisitor<T>(PhantomData<T>);

impl<'de, T: FromText> Visitor<'de> for ParsedVisitor<T> {
    type Value = Parsed<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        T::from_text(text).map(Parsed).map_err(Problem::into_serde)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        refuse_list(seq, &self)
    }
}

impl<'de, T: FromText> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ParsedVisitor(PhantomData))
    }
}

impl FromText for IpAddr {
    fn from_text(text: &str) -> Result<Self, Problem> {
        let address = text.parse::<IpAddr>();
        address
            .map(|address| address.to_canonical())
            .map_err(|_| Problem::new(format!("`{}` is not an IP address", short(text))))
    }
}

/// An address that may be left empty, or be `None` as in `clusterIP: None`.
pub(super) struct MaybeAddress(pub(super) Option<IpAddr>);

impl FromText for MaybeAddress {
    fn from_text(text: &str) -> Result<Self, Problem> {
        match text {
            "" | "None" => Ok(MaybeAddress(None)),
            _ => IpAddr::from_text(text).map(|address| MaybeAddress(Some(address))),
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
        match text.parse::<IpNet>() {
            Ok(range) => Ok(MaybeRange(Some(range.trunc()))),
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

/// A whole number.
pub(super) struct Number(pub(super) i64);

/// A port number, 1 to 65535.
pub(super) struct Port(pub(super) u16);

/// The `targetPort` of a service: `None` where it is 0 or empty, which the API server takes for absent.
pub(super) struct Target(pub(super) Option<TargetPort>);

/// `true` or `false`.
pub(super) struct Flag(pub(super) bool);

fn port<E: Error>(number: i64) -> Result<u16, E> {
    u16::try_from(number)
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(|| Problem::new(format!("port {number} is not between 1 and 65535")).into_serde())
}

/// A visitor for one of the types above that takes whole numbers.
macro_rules! numeric {
    ($visitor:ident, $value:ty, $expected:literal, $number:ident => $from_number:expr $(, $text:ident => $from_text:expr)?) => {
        struct $visitor;

        impl<'de> Visitor<'de> for $visitor {
            type Value = $value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($expected)
            }

            fn visit_i64<E: Error>(self, $number: i64) -> Result<$value, E> {
                $from_number
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<$value, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }

            $(fn visit_str<E: Error>(self, $text: &str) -> Result<$value, E> {
                $from_text
            })?

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<$value, A::Error> {
                refuse_list(seq, &self)
            }
        }

        impl<'de> Deserialize<'de> for $value {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($visitor)
            }
        }
    };
}

numeric!(NumberVisitor, Number, "a number", number => Ok(Number(number)));
numeric!(PortVisitor, Port, "a port number", number => port(number).map(Port));
numeric!(TargetVisitor, Target, "a port number or name", number => match number {
    0 => Ok(Target(None)),
    _ => port(number).map(|port| Target(Some(TargetPort::Number(port)))),
}, text => {
    if text.is_empty() {
        return Ok(Target(None));
    }
    PortName::check(text).map_err(Problem::into_serde)?;
    Ok(Target(Some(TargetPort::Name(text.into()))))
});

struct FlagVisitor;

impl<'de> Visitor<'de> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`true` or `false`")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Flag, E> {
        Ok(Flag(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Flag, A::Error> {
        refuse_list(seq, &self)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlagVisitor)
    }
}
