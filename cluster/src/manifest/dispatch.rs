//! From a document to its objects: finds out what kind each one is before the rest of it is read, walks lists item by
//! item without keeping them, and hands each object to the records. Serves every format; knows none.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, CowStrDeserializer, MapAccessDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::cni;
use super::document::{Document, Place};
use super::header::{Header, drain};
use super::object;
use super::policy::custom::{address_group, policy, tier};
use super::policy::network_policy;
use super::problem::Problem;
use super::record::{endpoint_slice, endpoints, namespace, node, service};
use super::scalar::{Key, Obj, Str, refuse_list};
use super::workload::{controller, cron_job, daemon_set, job, pod, replication_controller};
use crate::inventory::{GroupKind, PolicyKind, WorkloadKind as Workload};

/// The two fields that say what an object is.
#[derive(Clone)]
pub(super) struct Type<'a> {
    pub(super) version: Cow<'a, str>,
    pub(super) kind: Cow<'a, str>,
}

impl<'a> Type<'a> {
    fn group(&self) -> &str {
        self.version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Whether it is `List`, or `PodList` and the like.
    pub(super) fn is_list(&self) -> bool {
        match self.kind.as_ref() {
            "List" => self.group().is_empty(),
            kind => kind.ends_with("List"),
        }
    }

    /// The type that the items of a list have where they do not say one; none of a plain `List`.
    pub(super) fn of_items(&self) -> Option<Type<'a>> {
        let kind = self.kind.strip_suffix("List").filter(|kind| !kind.is_empty())?;
        Some(Type { version: self.version.clone(), kind: Cow::Owned(kind.to_string()) })
    }
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
pub(super) struct ObjectSeed<'d, 'r, 'h, 'de> {
    document: &'d mut Document<'r>,
    known: Known<'h, 'de>,
}

impl<'d, 'r, 'h, 'de> ObjectSeed<'d, 'r, 'h, 'de> {
    /// Reads the object that a document is. Fails, and notes it there, where fields come before the kind.
    pub(super) fn first(document: &'d mut Document<'r>) -> Self {
        ObjectSeed { document, known: Known::Nothing }
    }

    /// Reads it again, its kinds being known.
    pub(super) fn again(document: &'d mut Document<'r>, header: &'h Header<'de>) -> Self {
        ObjectSeed { document, known: Known::Header(header, None) }
    }

    /// Reads an item of a list that is read item by item, given the type that they have if they do not say one. Fails
    /// where fields come before the kind.
    pub(super) fn item(document: &'d mut Document<'r>, default: Option<&'h Type<'de>>) -> Self {
        ObjectSeed { document, known: default.map_or(Known::Nothing, Known::Default) }
    }
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
                "items" if listed => return Err(items_twice()),
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

/// An object's fields, the first of whose keys may have been read already.
struct Replay<'de, A> {
    first: Option<Cow<'de, str>>,
    map: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Replay<'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(Cow::Borrowed(key)) => seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some),
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
            let object = <object::$shape<'_>>::deserialize(MapAccessDeserializer::new(map))?;
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
    macro_rules! custom {
        ($kind:ident) => {
            note!(CustomPolicy, policy, PolicyKind::$kind, &ty.kind)
        };
    }
    macro_rules! group {
        ($kind:ident) => {
            note!(CustomPolicy, address_group, GroupKind::$kind, &ty.kind)
        };
    }
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
            note!(DaemonSet, daemon_set, &ty.version)
        }
        ("apps" | "extensions", "ReplicaSet") => {
            note!(Controller, controller, Workload::ReplicaSet, &ty.version)
        }
        ("batch", "Job") => note!(Job, job),
        ("batch", "CronJob") => note!(CronJob, cron_job),
        ("discovery.k8s.io", "EndpointSlice") => note!(EndpointSlice, endpoint_slice),
        ("networking.k8s.io" | "extensions", "NetworkPolicy") => note!(NetworkPolicy, network_policy),
        ("", "ConfigMap") => cni::config_map(document, map),
        ("operator.tigera.io", "Installation") => cni::installation(document, map),
        ("cilium.io", "CiliumNetworkPolicy") => custom!(CiliumNetworkPolicy),
        ("cilium.io", "CiliumClusterwideNetworkPolicy") => custom!(CiliumClusterwideNetworkPolicy),
        ("cilium.io", "CiliumCIDRGroup") => group!(CiliumCidrGroup),
        (CALICO | CALICO_STORED, "NetworkPolicy") => custom!(CalicoNetworkPolicy),
        (CALICO | CALICO_STORED, "GlobalNetworkPolicy") => custom!(CalicoGlobalNetworkPolicy),
        (CALICO | CALICO_STORED, "NetworkSet") => group!(CalicoNetworkSet),
        (CALICO | CALICO_STORED, "GlobalNetworkSet") => group!(CalicoGlobalNetworkSet),
        (CALICO | CALICO_STORED, "Tier") => note!(CustomPolicy, tier),
        ("policy.networking.k8s.io", "ClusterNetworkPolicy") => custom!(ClusterNetworkPolicy),
        _ if ty.is_list() => list(document, ty, items, map),
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

/// Calico's objects as its API has them, and as they are stored.
const CALICO: &str = "projectcalico.org";
const CALICO_STORED: &str = "crd.projectcalico.org";

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
    let item_type = ty.of_items();
    let mut read = false;
    while let Some(Key(key)) = map.next_key()? {
        if key != "items" {
            map.next_value::<IgnoredAny>()?;
            continue;
        }
        if std::mem::replace(&mut read, true) {
            return Err(items_twice());
        }
        let known = match headers {
            Some(headers) => ItemsKnown::Headers(headers, item_type.as_ref()),
            None => ItemsKnown::Default(item_type.as_ref()),
        };
        map.next_value_seed(ItemsSeed { document, known })?;
    }
    if !read && item_type.is_some() {
        document.skip(&ty.kind);
    }
    Ok(())
}

pub(super) fn items_twice<E: Error>() -> E {
    Problem::new("`items` is there twice").into_serde()
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
