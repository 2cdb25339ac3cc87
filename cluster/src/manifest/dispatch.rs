//! From a document to its objects: finds out what kind each one is before the rest of it is read, walks lists item by
//! item without keeping them, and hands each object to the records. Serves every format; knows none.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{CowStrDeserializer, MapAccessDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::ManifestError;
use super::object;
use super::problem::{Problem, count_lines};
use super::record::{Records, endpoint_slice, endpoints, namespace, network_policy, node, service};
use super::scalar::{Key, Obj, Str, refuse_list};
use super::workload::{controller, cron_job, job, pod, replication_controller};
use crate::inventory::Origin;
use crate::labels::Text;

/// A document in some format, which can be read more than once.
pub(super) trait Source<'de> {
    type Error;

    fn run<S: DeserializeSeed<'de>>(&self, seed: S) -> Result<S::Value, Self::Error>;
}

/// The document that is being read.
pub(super) struct Document<'r> {
    pub(super) records: &'r mut Records,
    pub(super) file: Text,
    /// From 1.
    pub(super) number: u32,
    /// Where it begins in the file, from 1.
    pub(super) line: u32,
    /// Whether a document without a kind is kustomize's.
    pub(super) kustomization: bool,
    /// The text that the parser borrows from, and the line of its first byte.
    pub(super) text: &'r str,
    pub(super) text_line: u32,
    /// How far lines were counted: a byte of the text, and its line.
    cursor: (usize, u32),
    /// How deep in lists the object is.
    lists: u32,
    /// The item of the innermost list, from 1.
    item: u32,
    /// A field came before the kind: the document has to be read again, kinds first.
    kind_came_late: bool,
    skipped: BTreeMap<Text, usize>,
    errors: Vec<ManifestError>,
}

impl<'r> Document<'r> {
    pub(super) fn new(
        records: &'r mut Records,
        file: Text,
        number: u32,
        line: u32,
        text: (&'r str, u32),
    ) -> Self {
        Document {
            records,
            file,
            number,
            line,
            kustomization: false,
            text: text.0,
            text_line: text.1,
            cursor: (0, text.1),
            lists: 0,
            item: 0,
            kind_came_late: false,
            skipped: BTreeMap::new(),
            errors: Vec::new(),
        }
    }

    /// Reads all objects of the document. What they are wrong in goes to the records; what stops the parser is
    /// returned.
    pub(super) fn read<'de, S: Source<'de>>(mut self, source: &S) -> Result<(), Stopped<S::Error>> {
        let mut result = source.run(ObjectSeed { document: &mut self, known: Known::Nothing });
        if result.is_err() && self.kind_came_late {
            // Whatever was recorded on the way is met again, found equal, and changes nothing.
            (self.cursor, self.lists, self.item) = ((0, self.text_line), 0, 0);
            self.skipped.clear();
            self.errors.clear();
            result = source.run(HeaderSeed).and_then(|header| {
                source.run(ObjectSeed { document: &mut self, known: Known::Header(&header, None) })
            });
        }
        let item = if self.lists > 0 { self.item } else { 0 };
        self.records.errors.append(&mut self.errors);
        for (kind, count) in self.skipped {
            *self.records.skipped.entry(kind).or_default() += count;
        }
        result.map_err(|error| Stopped { error, item })
    }

    fn error(&mut self, line: u32, problem: Problem) {
        self.errors.push(ManifestError {
            file: self.file.clone(),
            document: self.number,
            line,
            column: 0,
            message: problem.message,
            help: problem.help,
        });
    }

    /// The line of a text that the parser borrowed from the document; the document's own for any other.
    fn line_of(&mut self, text: &str) -> u32 {
        let start = self.text.as_ptr() as usize;
        match (text.as_ptr() as usize).checked_sub(start) {
            Some(offset) if offset < self.text.len() && !text.is_empty() => {
                let (from, line) = if self.cursor.0 <= offset { self.cursor } else { (0, self.text_line) };
                let line = line + count_lines(&self.text.as_bytes()[from..offset]);
                self.cursor = (offset, line);
                line
            }
            _ => self.line,
        }
    }

    fn skip(&mut self, kind: &str) {
        match self.skipped.get_mut(kind) {
            Some(count) => *count += 1,
            None => drop(self.skipped.insert(kind.into(), 1)),
        }
    }
}

/// What stopped the parser, and in which item of a list (from 1; 0 outside of lists).
pub(super) struct Stopped<E> {
    pub(super) error: E,
    pub(super) item: u32,
}

/// Where an object stands, for the records to note and to complain about.
pub(super) struct Place<'d, 'r> {
    document: &'d mut Document<'r>,
    line: u32,
}

impl Place<'_, '_> {
    pub(super) fn records(&mut self) -> &mut Records {
        self.document.records
    }

    pub(super) fn origin(&self) -> Origin {
        Origin { file: self.document.file.clone(), document: self.document.number, line: self.line }
    }

    /// What is wrong with the object as a whole.
    pub(super) fn error(&mut self, problem: Problem) {
        self.document.error(self.line, problem);
    }

    /// What is wrong with a text that was read from it.
    pub(super) fn error_at(&mut self, text: &str, problem: Problem) {
        let line = self.document.line_of(text);
        self.document.error(line, problem);
    }
}

/// The two fields that say what an object is.
#[derive(Clone)]
struct Type<'a> {
    version: Cow<'a, str>,
    kind: Cow<'a, str>,
}

impl Type<'_> {
    fn group(&self) -> &str {
        self.version.split_once('/').map_or("", |(group, _)| group)
    }
}

/// The kinds of a document, read ahead of everything else.
#[derive(Default)]
struct Header<'a> {
    version: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    /// The first few of its other fields.
    keys: Vec<Cow<'a, str>>,
    items: Option<Vec<Header<'a>>>,
}

struct HeaderSeed;

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
        let mut header = Header::default();
        while let Some(Key(key)) = map.next_key()? {
            match key.as_ref() {
                "apiVersion" => header.version = map.next_value::<Option<Str<'de>>>()?.map(|text| text.0),
                "kind" => header.kind = map.next_value::<Option<Str<'de>>>()?.map(|text| text.0),
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

/// What is known of an object before it is read.
#[derive(Clone, Copy)]
enum Known<'h, 'de> {
    Nothing,
    /// The type that the items of this list have if they do not say another.
    Default(&'h Type<'de>),
    /// What reading the kinds ahead has shown, and that default.
    Header(&'h Header<'de>, Option<&'h Type<'de>>),
}

/// Reads one object, or a list with all its objects.
struct ObjectSeed<'d, 'r, 'h, 'de> {
    document: &'d mut Document<'r>,
    known: Known<'h, 'de>,
}

impl<'de> DeserializeSeed<'de> for ObjectSeed<'_, '_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ObjectSeed<'_, '_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `apiVersion` and `kind`")
    }

    /// An empty document, or a null item.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        refuse_list(seq, &self)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        match self.known {
            Known::Nothing => self.find_kind(None, map),
            Known::Default(default) => self.find_kind(Some(default), map),
            Known::Header(header, default) => self.follow(header, default, map),
        }
    }
}

impl<'de> ObjectSeed<'_, '_, '_, 'de> {
    /// Reads `apiVersion` and `kind` where they come first, as every tool writes them.
    fn find_kind<A: MapAccess<'de>>(self, default: Option<&Type<'de>>, mut map: A) -> Result<(), A::Error> {
        let document = self.document;
        let (mut version, mut kind, mut listed) = (None, None, false);
        let mut first = None;
        while let Some(Key(key)) = map.next_key()? {
            match key.as_ref() {
                "apiVersion" => version = map.next_value::<Option<Str<'de>>>()?.map(|text| text.0),
                "kind" => kind = map.next_value::<Option<Str<'de>>>()?.map(|text| text.0),
                // `kubectl get -o json` sorts the fields of its lists, but the items say what they are.
                "items" if kind.is_none() && default.is_none() && !listed => {
                    listed = true;
                    let items = ItemsSeed { document: &mut *document, known: ItemsKnown::Default(None) };
                    // What is no list of objects may be some other kind's field.
                    map.next_value_seed(items).inspect_err(|_| document.kind_came_late = true)?;
                }
                _ if listed => drop(map.next_value::<IgnoredAny>()?),
                _ if default.is_some() => {
                    first = Some(key);
                    break;
                }
                _ => {
                    document.kind_came_late = true;
                    return Err(A::Error::custom("the kind comes late"));
                }
            }
            if !listed && version.is_some() && kind.is_some() {
                break;
            }
        }
        let version = version.or(default.map(|default| default.version.clone()));
        let kind = kind.or(default.map(|default| default.kind.clone()));
        match (version, kind) {
            (Some(_), Some(_)) if listed => Ok(()),
            (Some(version), Some(kind)) => {
                dispatch(document, &Type { version, kind }, None, Replay { first, map })
            }
            _ => {
                document.kind_came_late = true;
                Err(A::Error::custom("the kind comes late"))
            }
        }
    }

    /// Reads an object whose kind was read ahead.
    fn follow<A: MapAccess<'de>>(
        self,
        header: &Header<'de>,
        default: Option<&Type<'de>>,
        map: A,
    ) -> Result<(), A::Error> {
        let document = self.document;
        let version = header.version.clone().or(default.map(|default| default.version.clone()));
        let kind = header.kind.clone().or(default.map(|default| default.kind.clone()));
        if let (Some(version), Some(kind)) = (&version, &kind)
            && !kind.is_empty()
        {
            let ty = Type { version: version.clone(), kind: kind.clone() };
            return dispatch(document, &ty, header.items.as_deref(), Replay { first: None, map });
        }
        if document.kustomization && document.lists == 0 {
            document.skip("Kustomization");
        } else {
            let keys: Vec<&str> = header.keys.iter().map(|key| key.as_ref()).collect();
            let line = match header.keys.first() {
                Some(key) if document.lists > 0 => document.line_of(key),
                _ => document.line,
            };
            document.error(line, without_kind(kind.as_deref(), &keys, document.lists > 0));
        }
        drain(map)
    }
}

/// The error for an object that does not say what it is.
fn without_kind(kind: Option<&str>, keys: &[&str], in_list: bool) -> Problem {
    if let Some(kind) = kind.filter(|kind| !kind.is_empty()) {
        return Problem::new(format!("a `{kind}` without `apiVersion`"));
    }
    let has = |key: &str| keys.contains(&key);
    let help = if in_list {
        "the items of a `List` say their own `apiVersion` and `kind`"
    } else if has("name")
        && has("version")
        && (has("dependencies") || has("appVersion") || has("description"))
    {
        "this looks like the `Chart.yaml` of a Helm chart; hand in what `helm template` prints"
    } else if has("services") && (has("volumes") || has("networks") || has("version")) {
        "this looks like a Compose file, not like a Kubernetes manifest"
    } else if has("metadata") || has("spec") {
        "every Kubernetes object says its `kind`"
    } else {
        "this looks like a values file; hand in manifests, as `helm template` prints them"
    };
    Problem::new("the document has no `kind`").help(help)
}

/// Passes over the rest of an object.
fn drain<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// An object's fields, the first of whose keys may have been read already.
struct Replay<'de, A> {
    first: Option<Cow<'de, str>>,
    map: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Replay<'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(Cow::Borrowed(key)) => {
                seed.deserialize(serde::de::value::BorrowedStrDeserializer::new(key)).map(Some)
            }
            Some(key) => seed.deserialize(CowStrDeserializer::new(key)).map(Some),
            None => self.map.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// Reads the rest of an object as what it is.
fn dispatch<'de, A: MapAccess<'de>>(
    document: &mut Document<'_>,
    ty: &Type<'de>,
    items: Option<&[Header<'de>]>,
    map: A,
) -> Result<(), A::Error> {
    /// Reads an object of a known shape and notes it.
    macro_rules! note {
        ($shape:ident, $note:ident $(, $more:expr)*) => {{
            let object = object::$shape::deserialize(MapAccessDeserializer::new(map))?;
            let name = object.metadata.as_ref().and_then(|Obj(metadata)| metadata.name.as_deref());
            let line = match name {
                _ if document.lists == 0 => document.line,
                Some(name) => document.line_of(name),
                None => document.line_of(&ty.kind),
            };
            $note(&mut Place { document, line }, object $(, $more)*);
            Ok(())
        }};
    }
    use crate::inventory::WorkloadKind as Workload;
    let group = ty.group();
    match (group, ty.kind.as_ref()) {
        ("", "Pod") => note!(Pod, pod),
        ("", "Namespace") => note!(Namespace, namespace),
        ("", "Service") => note!(Service, service),
        ("", "Endpoints") => note!(Endpoints, endpoints),
        ("", "Node") => note!(Node, node),
        ("", "ReplicationController") => note!(OldController, replication_controller),
        ("apps" | "extensions", "Deployment") => {
            note!(Controller, controller, Workload::Deployment, &ty.version)
        }
        ("apps", "StatefulSet") => note!(Controller, controller, Workload::StatefulSet, &ty.version),
        ("apps" | "extensions", "DaemonSet") => {
            note!(Controller, controller, Workload::DaemonSet, &ty.version)
        }
        ("apps" | "extensions", "ReplicaSet") => {
            note!(Controller, controller, Workload::ReplicaSet, &ty.version)
        }
        ("batch", "Job") => note!(Job, job),
        ("batch", "CronJob") => note!(CronJob, cron_job),
        ("discovery.k8s.io", "EndpointSlice") => note!(EndpointSlice, endpoint_slice),
        ("networking.k8s.io" | "extensions", "NetworkPolicy") => note!(Plain, network_policy),
        ("", "List") => list(document, ty, items, map),
        (_, kind) if kind.len() > 4 && kind.ends_with("List") => list(document, ty, items, map),
        ("kustomize.config.k8s.io", "Kustomization" | "Component") => {
            document.skip("Kustomization");
            drain(map)
        }
        (_, kind) => {
            if KINDS.contains(&kind) {
                document.skip(&format!("{kind}.{group}"));
            } else {
                document.skip(kind);
            }
            drain(map)
        }
    }
}

/// The kinds that are read, each of one group only; of another group they are counted with its name.
const KINDS: &[&str] = &[
    "Pod",
    "Namespace",
    "Service",
    "Endpoints",
    "Node",
    "ReplicationController",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "Job",
    "CronJob",
    "EndpointSlice",
    "NetworkPolicy",
];

/// Reads a list: `List`, or `PodList` and the like, whose items need not say what they are. An object that only is
/// called like one, and has no items, is counted as any other kind.
fn list<'de, A: MapAccess<'de>>(
    document: &mut Document<'_>,
    ty: &Type<'de>,
    headers: Option<&[Header<'de>]>,
    mut map: A,
) -> Result<(), A::Error> {
    let item_kind = ty.kind.strip_suffix("List").filter(|kind| !kind.is_empty());
    let item_type =
        item_kind.map(|kind| Type { version: ty.version.clone(), kind: Cow::Owned(kind.to_string()) });
    let mut listed = item_type.is_none();
    while let Some(Key(key)) = map.next_key()? {
        if key != "items" {
            map.next_value::<IgnoredAny>()?;
            continue;
        }
        listed = true;
        let known = match headers {
            Some(headers) => ItemsKnown::Headers(headers, item_type.as_ref()),
            None => ItemsKnown::Default(item_type.as_ref()),
        };
        map.next_value_seed(ItemsSeed { document, known })?;
    }
    if !listed {
        document.skip(&ty.kind);
    }
    Ok(())
}

/// How deep lists may stand in lists: that they do at all is rare.
const LISTS: u32 = 4;

enum ItemsKnown<'h, 'de> {
    Default(Option<&'h Type<'de>>),
    Headers(&'h [Header<'de>], Option<&'h Type<'de>>),
}

/// Reads the items of a list, one after the other.
struct ItemsSeed<'d, 'r, 'h, 'de> {
    document: &'d mut Document<'r>,
    known: ItemsKnown<'h, 'de>,
}

impl<'de> DeserializeSeed<'de> for ItemsSeed<'_, '_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ItemsSeed<'_, '_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let document = self.document;
        let outer = (document.lists, document.item);
        if document.lists == LISTS {
            return Err(Problem::new("lists are nested too deeply").into_serde());
        }
        document.lists += 1;
        for position in 0.. {
            document.item = position + 1;
            let known = match self.known {
                ItemsKnown::Default(None) => Known::Nothing,
                ItemsKnown::Default(Some(default)) => Known::Default(default),
                // Where the header is missing there is no item either.
                ItemsKnown::Headers(headers, default) => match headers.get(position as usize) {
                    Some(header) => Known::Header(header, default),
                    None => Known::Nothing,
                },
            };
            if seq.next_element_seed(ObjectSeed { document: &mut *document, known })?.is_none() {
                break;
            }
        }
        (document.lists, document.item) = outer;
        Ok(())
    }
}
