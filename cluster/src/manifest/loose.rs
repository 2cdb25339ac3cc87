//! Reading of objects that are looked at and not judged: what is not as it should be is passed over, and never an error.
//! Serves what shows a network plugin; knows no kind of object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::scalar::Key;

/// Whatever stands somewhere. Scalars are their text; null, and what lies too deep, is nothing.
#[derive(Default)]
pub(super) enum Loose<'a> {
    #[default]
    Nothing,
    Text(Cow<'a, str>),
    List(Vec<Loose<'a>>),
    Object(Vec<(Cow<'a, str>, Loose<'a>)>),
}

impl<'a> Loose<'a> {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Loose::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list.
    pub(super) fn items(&self) -> &[Loose<'a>] {
        match self {
            Loose::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        match self {
            Loose::Object(fields) => fields.iter().find(|(key, _)| key == name)?.1.text(),
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Environments are lists of objects with texts in them.
        const DEPTH: u32 = 3;
        deserializer.deserialize_any(LooseVisitor { depth: DEPTH })
    }
}

#[derive(Clone, Copy)]
struct LooseVisitor {
    depth: u32,
}

impl<'de> DeserializeSeed<'de> for LooseVisitor {
    type Value = Loose<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Loose<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// The visits of scalars, as their text.
macro_rules! scalars {
    ($value:ty, $text:ident => $made:expr, $nothing:expr) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("anything")
        }

        fn visit_unit<E: Error>(self) -> Result<$value, E> {
            Ok($nothing)
        }

        fn visit_none<E: Error>(self) -> Result<$value, E> {
            Ok($nothing)
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<$value, E> {
            self.visit_string(value.to_string())
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<$value, E> {
            self.visit_string(value.to_string())
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<$value, E> {
            self.visit_string(value.to_string())
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<$value, E> {
            self.visit_string(value.to_string())
        }

        fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<$value, E> {
            let make = |$text: Cow<'de, str>| $made(self, $text);
            Ok(make(Cow::Borrowed(text)))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<$value, E> {
            self.visit_string(text.to_owned())
        }

        fn visit_string<E: Error>(self, text: String) -> Result<$value, E> {
            let make = |$text: Cow<'de, str>| $made(self, $text);
            Ok(make(Cow::Owned(text)))
        }
    };
}

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose<'de>;

    scalars!(Loose<'de>, text => |_, text| Loose::Text(text), Loose::Nothing);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose<'de>, A::Error> {
        let Some(depth) = self.depth.checked_sub(1) else {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Loose::Nothing);
        };
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(LooseVisitor { depth })? {
            items.push(item);
        }
        Ok(Loose::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose<'de>, A::Error> {
        let Some(depth) = self.depth.checked_sub(1) else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Loose::Nothing);
        };
        let mut fields = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            fields.push((key, map.next_value_seed(LooseVisitor { depth })?));
        }
        Ok(Loose::Object(fields))
    }
}

/// Texts that were picked out of an object, each with the path that it was wanted by.
pub(super) type Picked<'de> = Vec<(&'static Path, Cow<'de, str>)>;

/// Keys, from the object inwards.
pub(super) type Path = [&'static str];

/// Picks the texts at some paths out of an object. Nothing else of it is kept.
pub(super) fn pick<'de, A: MapAccess<'de>>(map: A, paths: &[&'static Path]) -> Result<Picked<'de>, A::Error> {
    let mut picked = Vec::new();
    let wanted = paths.iter().map(|path| (*path, 0)).collect();
    Picker { wanted, picked: &mut picked }.visit_map(map)?;
    Ok(picked)
}

struct Picker<'p, 'de> {
    /// Paths, and how many of their keys lie outside of here.
    wanted: Vec<(&'static Path, usize)>,
    picked: &'p mut Picked<'de>,
}

impl Picker<'_, '_> {
    fn take<'de>(picker: Picker<'_, 'de>, text: Cow<'de, str>) {
        let Picker { wanted, picked } = picker;
        picked.extend(
            wanted.iter().filter(|(path, at)| *at == path.len()).map(|(path, _)| (*path, text.clone())),
        );
    }
}

impl<'de> DeserializeSeed<'de> for Picker<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Picker<'_, 'de> {
    type Value = ();

    scalars!((), text => Picker::take, ());

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            let inner = self.wanted.iter().filter(|(path, at)| path.get(*at) == Some(&&*key));
            let wanted: Vec<_> = inner.map(|(path, at)| (*path, at + 1)).collect();
            if wanted.is_empty() {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(Picker { wanted, picked: &mut *self.picked })?;
            }
        }
        Ok(())
    }
}
