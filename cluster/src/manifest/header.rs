//! The kinds of a document's objects, read ahead of everything else: for documents in which fields stand before the
//! kind that says what they mean. Knows `apiVersion`, `kind` and `items`, and no kind of object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::dispatch::items_twice;
use super::scalar::{Key, Str};

/// The kinds of a document, read ahead of everything else.
#[derive(Default)]
pub(super) struct Header<'a> {
    pub(super) version: Option<Cow<'a, str>>,
    pub(super) kind: Option<Cow<'a, str>>,
    /// The first few of its other fields.
    pub(super) keys: Vec<Cow<'a, str>>,
    pub(super) items: Option<Vec<Header<'a>>>,
}

pub(super) struct HeaderSeed;

/// The visits of a value that holds no header: passed over, for whoever reads the object to complain about.
macro_rules! pass_over_scalars {
    () => {
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
}

impl<'de> DeserializeSeed<'de> for HeaderSeed {
    type Value = Header<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Header<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for HeaderSeed {
    type Value = Header<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header<'de>, A::Error> {
        let (mut header, mut listed) = (Header::default(), false);
        while let Some(Key(key)) = map.next_key()? {
            match key.as_ref() {
                "apiVersion" => header.version = map.next_value::<Option<Str<'de>>>()?.map(|text| text.0),
                "kind" => header.kind = map.next_value::<Option<Str<'de>>>()?.map(|text| text.0),
                "items" if std::mem::replace(&mut listed, true) => {
                    return Err(items_twice());
                }
                "items" => header.items = map.next_value_seed(HeadersSeed)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    if header.keys.len() < 16 {
                        header.keys.push(key);
                    }
                }
            }
        }
        Ok(header)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Header<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Header::default())
    }

    pass_over_scalars!();
}

/// The headers of a list's items; `None` where it is no list of objects.
struct HeadersSeed;

impl<'de> DeserializeSeed<'de> for HeadersSeed {
    type Value = Option<Vec<Header<'de>>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for HeadersSeed {
    type Value = Option<Vec<Header<'de>>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(header) = seq.next_element_seed(HeaderSeed)? {
            items.push(header);
        }
        Ok(Some(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        drain(map)?;
        Ok(None)
    }

    pass_over_scalars!();
}

/// Passes over the rest of an object.
pub(super) fn drain<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}
