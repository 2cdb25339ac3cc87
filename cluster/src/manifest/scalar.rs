//! The scalars of manifests, typed as the API server types them: text is never a number, a number never text. What
//! is wrong with one is said while it is read, so that the parser can tell where it stands. Knows no kind of object.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, Expected, MapAccess, SeqAccess, Unexpected, Visitor,
};

use super::problem::Problem;
use super::rules::{AnyText, FromText, LabelKey, LabelValue, PortName, Rule};
use crate::inventory::TargetPort;

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

/// A whole number.
pub(super) struct Number(pub(super) i64);

/// A port number, 1 to 65535.
pub(super) struct Port(pub(super) u16);

/// The `targetPort` of a service: `None` where it is 0 or empty, which the API server takes for absent.
pub(super) struct Target(pub(super) Option<TargetPort>);

/// The `port` of a policy's rule, which means the same as a `targetPort` but has no way to say "absent".
pub(super) struct NumberOrName(pub(super) TargetPort);

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
    (
        $visitor:ident, $value:ty, $expected:literal, $number:ident => $from_number:expr
        $(, $text:ident => $from_text:expr)?
    ) => {
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
numeric!(NumberOrNameVisitor, NumberOrName, "a port number or name", number => {
    port(number).map(|port| NumberOrName(TargetPort::Number(port)))
}, text => {
    if text.is_empty() {
        return Err(Problem::new("the name of the port is empty").into_serde());
    }
    PortName::check(text).map_err(Problem::into_serde)?;
    Ok(NumberOrName(TargetPort::Name(text.into())))
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
