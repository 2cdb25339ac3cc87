//! What is kept of each object while inputs are read: facts, interned, with the place they came from. The same object
//! may be met twice, if both times it says the same. Nothing is joined here; `fold` does that when all is read.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::{FxHashMap, FxHashSet};

use super::ManifestError;
use super::cni;
use super::document::Place;
use super::object::{self, EndpointPort};
use super::policy::PolicyFacts;
use super::problem::Problem;
use super::rules::{ClusterIp, FromText, Rule};
use super::scalar::{LabelMap, Obj};
use super::workload::{Controller, Pods};
use crate::inventory::cni::Sighting;
use crate::inventory::{
    CalicoTier, Endpoint, GroupKind, Origin, PolicyKind, Protocol, ServicePort, ServiceType, TargetPort,
    WorkloadKind,
};
use crate::labels::{Labels, Text};

/// Everything that was read.
pub(super) struct Records {
    pub(super) default_namespace: Text,
    texts: FxHashSet<Text>,
    /// Namespaces that objects are in, whether or not they are declared.
    pub(super) mentioned: FxHashSet<Text>,
    pub(super) namespaces: FxHashMap<Text, Seen<Labels>>,
    pub(super) controllers: FxHashMap<(Text, Text, WorkloadKind), Seen<Controller>>,
    pub(super) pods: Pods,
    pub(super) services: FxHashMap<(Text, Text), Seen<ServiceFacts>>,
    pub(super) endpoints: FxHashMap<(Text, Text, EndpointsKind), Seen<EndpointsFacts>>,
    pub(super) nodes: FxHashMap<Text, Seen<NodeFacts>>,
    /// By namespace, name and kind.
    pub(super) policies: FxHashMap<(Option<Text>, Text, PolicyKind), Seen<PolicyFacts>>,
    pub(super) groups: FxHashMap<(GroupKind, Option<Text>, Text), Seen<GroupFacts>>,
    pub(super) tiers: FxHashMap<Text, Seen<CalicoTier>>,
    /// What shows a network plugin, as it was met.
    pub(super) sightings: Vec<Sighting>,
    pub(super) skipped: BTreeMap<Text, usize>,
    pub(super) errors: Vec<ManifestError>,
}

/// Facts, and the first place (in the order of places) where they were read.
pub(super) struct Seen<T> {
    pub(super) facts: T,
    pub(super) origin: Origin,
}

#[derive(PartialEq, Eq)]
pub(super) struct ServiceFacts {
    pub(super) labels: Labels,
    pub(super) kind: ServiceType,
    pub(super) selector: Option<Labels>,
    pub(super) ports: Vec<ServicePort>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) external_name: Option<Text>,
    pub(super) keeps_client_address: bool,
    pub(super) headless: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum EndpointsKind {
    Endpoints,
    EndpointSlice,
}

#[derive(PartialEq, Eq)]
pub(super) struct EndpointsFacts {
    /// The service it belongs to; `None` for a slice that names none.
    pub(super) service: Option<Text>,
    pub(super) endpoints: Vec<Endpoint>,
}

#[derive(PartialEq, Eq)]
pub(super) struct NodeFacts {
    pub(super) labels: Labels,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) pod_ranges: Vec<IpNet>,
}

/// Of a group of addresses that policies refer to.
#[derive(PartialEq, Eq)]
pub(super) struct GroupFacts {
    pub(super) labels: Labels,
    pub(super) blocks: Vec<IpNet>,
}

impl Records {
    pub(super) fn new(default_namespace: &str) -> Self {
        Records {
            default_namespace: default_namespace.into(),
            texts: FxHashSet::default(),
            mentioned: FxHashSet::default(),
            namespaces: FxHashMap::default(),
            controllers: FxHashMap::default(),
            pods: Pods::default(),
            services: FxHashMap::default(),
            endpoints: FxHashMap::default(),
            nodes: FxHashMap::default(),
            policies: FxHashMap::default(),
            sightings: Vec::new(),
            groups: FxHashMap::default(),
            tiers: FxHashMap::default(),
            skipped: BTreeMap::new(),
            errors: Vec::new(),
        }
    }

    /// The one copy of a text.
    pub(super) fn text(&mut self, text: &str) -> Text {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let new = Text::from(text);
        self.texts.insert(new.clone());
        new
    }

    pub(super) fn labels(&mut self, labels: Option<&LabelMap<'_>>) -> Labels {
        let pairs = labels.map_or(&[][..], |labels| &labels.0);
        pairs.iter().map(|(key, value)| (self.text(key), self.text(value))).collect()
    }

    /// The namespace an object is in, which thereby exists.
    pub(super) fn namespace(&mut self, given: Option<&str>) -> Text {
        let namespace = match given {
            Some(given) if !given.is_empty() => self.text(given),
            _ => self.default_namespace.clone(),
        };
        if !self.mentioned.contains(&namespace) {
            self.mentioned.insert(namespace.clone());
        }
        namespace
    }

    /// Takes over what was read elsewhere, without an error, as if it had been read here. `false` if the two contradict
    /// each other; to read the same again will then find out where.
    pub(super) fn absorb(&mut self, other: Records) -> bool {
        let agreed = absorb_table(&mut self.namespaces, other.namespaces)
            && absorb_table(&mut self.controllers, other.controllers)
            && self.pods.absorb(other.pods)
            && absorb_table(&mut self.services, other.services)
            && absorb_table(&mut self.endpoints, other.endpoints)
            && absorb_table(&mut self.nodes, other.nodes)
            && absorb_table(&mut self.policies, other.policies)
            && absorb_table(&mut self.groups, other.groups)
            && absorb_table(&mut self.tiers, other.tiers);
        if !agreed {
            return false;
        }
        self.mentioned.extend(other.mentioned);
        self.sightings.extend(other.sightings);
        // Counted once: nothing may fail any more.
        for (kind, count) in other.skipped {
            *self.skipped.entry(kind).or_default() += count;
        }
        true
    }
}

/// See [`Records::absorb`].
fn absorb_table<K: Eq + Hash, T: PartialEq>(
    table: &mut FxHashMap<K, Seen<T>>,
    other: FxHashMap<K, Seen<T>>,
) -> bool {
    if table.is_empty() {
        *table = other;
        return true;
    }
    other.into_iter().all(|(key, seen)| match table.entry(key) {
        Entry::Vacant(entry) => {
            entry.insert(seen);
            true
        }
        Entry::Occupied(mut entry) if entry.get().facts == seen.facts => {
            let known = entry.get_mut();
            known.origin = seen.origin.min(known.origin.clone());
            true
        }
        Entry::Occupied(_) => false,
    })
}

/// The metadata with the name that they must have; else the error is noted.
pub(super) fn named<'o, 'a, R: Rule, T>(
    place: &mut Place<'_, '_>,
    kind: &str,
    metadata: &'o Option<Obj<object::Metadata<'a, R, T>>>,
) -> Option<(&'o object::Metadata<'a, R, T>, &'o str)> {
    if let Some(Obj(metadata)) = metadata {
        if let Some(name) = &metadata.name {
            return Some((metadata, name));
        }
        if metadata.generate_name.is_some() {
            let problem = Problem::new(format!("this `{kind}` has a `generateName`, but no `metadata.name`"));
            place.error(problem.help("give it a name: the cluster makes one up only when it is created"));
            return None;
        }
    }
    place.error(Problem::new(format!("this `{kind}` has no `metadata.name`")));
    None
}

/// The same for an object that is in a namespace: namespace, name and labels.
pub(super) fn placed<'o, 'a>(
    place: &mut Place<'_, '_>,
    kind: &str,
    metadata: &'o Option<Obj<object::Metadata<'a>>>,
) -> Option<(Text, Text, &'o object::Metadata<'a>)> {
    let (metadata, name) = named(place, kind, metadata)?;
    let records = place.records();
    let namespace = records.namespace(metadata.namespace.as_deref());
    Some((namespace, records.text(name), metadata))
}

/// Notes facts under a key, or that they contradict what was read before.
macro_rules! keep {
    ($place:ident, $table:ident, $key:expr, $facts:expr, $kind:expr, $name:expr) => {{
        let (key, facts, origin) = ($key, $facts, $place.origin());
        match $place.records().$table.entry(key) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(crate::manifest::record::Seen { facts, origin });
            }
            std::collections::hash_map::Entry::Occupied(mut entry) if entry.get().facts == facts => {
                let seen = entry.get_mut();
                seen.origin = origin.min(seen.origin.clone());
            }
            std::collections::hash_map::Entry::Occupied(entry) => {
                let earlier = entry.get().origin.clone();
                crate::manifest::record::contradiction($place, $kind, &$name, &earlier);
            }
        }
    }};
}
pub(super) use keep;

/// Notes that an object was read twice with different content.
pub(super) fn contradiction(place: &mut Place<'_, '_>, kind: &str, name: &str, earlier: &Origin) {
    let at = format!("`{}`, document {}, line {}", earlier.file, earlier.document, earlier.line);
    let problem = Problem::new(format!("the `{kind}` `{name}` is defined twice, differently: first in {at}"));
    place.error(problem.help("an inventory is one state of one cluster: leave one of the two out"));
}

pub(super) fn namespace(place: &mut Place<'_, '_>, object: object::Namespace<'_>) {
    let Some((metadata, name)) = named(place, "Namespace", &object.metadata) else { return };
    let records = place.records();
    let (name, labels) = (records.text(name), records.labels(metadata.labels.as_ref()));
    keep!(place, namespaces, name.clone(), labels, "Namespace", name);
}

pub(super) fn service(place: &mut Place<'_, '_>, object: object::Service<'_>) {
    let Some((namespace, name, metadata)) = placed(place, "Service", &object.metadata) else { return };
    let records = place.records();
    let spec = object.spec.map(|Obj(spec)| spec).unwrap_or_default();
    let cluster_ips: Vec<ClusterIp> = spec
        .cluster_ip
        .into_iter()
        .chain(spec.cluster_ips.into_iter().flatten())
        .map(|address| address.0)
        .collect();
    let headless = cluster_ips.iter().any(|address| matches!(address, ClusterIp::Headless));
    let mut addresses: Vec<IpAddr> = cluster_ips.iter().filter_map(ClusterIp::address).collect();
    addresses.extend(spec.external_ips.into_iter().flatten().map(|address| address.0));
    let balancer = object.status.and_then(|Obj(status)| status.load_balancer);
    let ingress = balancer.and_then(|Obj(balancer)| balancer.ingress).into_iter().flatten();
    addresses.extend(ingress.filter_map(|Obj(ingress)| ingress.ip.and_then(|address| address.0.0)));
    let ports = spec.ports.into_iter().flatten().map(|Obj(port)| ServicePort {
        name: port.name.filter(|name| !name.is_empty()).map(|name| records.text(&name)),
        port: port.port.0,
        protocol: port.protocol.map_or(Protocol::Tcp, |protocol| protocol.0),
        target: port.target_port.and_then(|target| target.0).unwrap_or(TargetPort::Number(port.port.0)),
    });
    let facts = ServiceFacts {
        ports: sorted(ports.collect()),
        labels: records.labels(metadata.labels.as_ref()),
        kind: spec.kind.map_or(ServiceType::ClusterIp, |kind| kind.0),
        selector: spec
            .selector
            .filter(|selector| !selector.0.is_empty())
            .map(|selector| records.labels(Some(&selector))),
        addresses: sorted(addresses),
        external_name: spec.external_name.filter(|name| !name.is_empty()).map(|name| records.text(&name)),
        keeps_client_address: spec.external_traffic_policy.is_some_and(|policy| &*policy == "Local"),
        headless,
    };
    let full_name = format!("{namespace}/{name}");
    keep!(place, services, (namespace, name), facts, "Service", full_name);
}

pub(super) fn endpoint_slice(place: &mut Place<'_, '_>, object: object::EndpointSlice<'_>) {
    let Some((namespace, name, metadata)) = placed(place, "EndpointSlice", &object.metadata) else { return };
    let mut labels = metadata.labels.iter().flat_map(|labels| &labels.0);
    let service = labels.find(|(key, _)| key == "kubernetes.io/service-name");
    let service = service.map(|(_, value)| place.records().text(value));
    let ports = endpoint_ports(place.records(), object.ports);
    let mut endpoints = Vec::new();
    // The addresses of an `FQDN` slice are host names.
    if object.address_type.is_none_or(|kind| &*kind != "FQDN") {
        for text in
            object.endpoints.iter().flatten().flat_map(|Obj(endpoint)| endpoint.addresses.iter().flatten())
        {
            match IpAddr::from_text(text) {
                Ok(address) => endpoints.push(Endpoint { address, ports: ports.clone() }),
                Err(problem) => place.error_at(text, problem),
            }
        }
    }
    let facts = EndpointsFacts { service, endpoints: sorted(endpoints) };
    let full_name = format!("{namespace}/{name}");
    let key = (namespace, name, EndpointsKind::EndpointSlice);
    keep!(place, endpoints, key, facts, "EndpointSlice", full_name);
}

pub(super) fn endpoints(place: &mut Place<'_, '_>, object: object::Endpoints<'_>) {
    let Some((namespace, name, _)) = placed(place, "Endpoints", &object.metadata) else { return };
    let mut endpoints = Vec::new();
    for Obj(subset) in object.subsets.into_iter().flatten() {
        let ports = endpoint_ports(place.records(), subset.ports);
        let addresses = subset.addresses.into_iter().chain(subset.not_ready_addresses).flatten();
        endpoints
            .extend(addresses.map(|Obj(address)| Endpoint { address: address.ip.0, ports: ports.clone() }));
    }
    let facts = EndpointsFacts { service: Some(name.clone()), endpoints: sorted(endpoints) };
    let full_name = format!("{namespace}/{name}");
    keep!(place, endpoints, (namespace, name, EndpointsKind::Endpoints), facts, "Endpoints", full_name);
}

fn endpoint_ports(
    records: &mut Records,
    ports: object::List<Obj<EndpointPort<'_>>>,
) -> Vec<(Option<Text>, u16, Protocol)> {
    let ports = ports.into_iter().flatten().filter_map(|Obj(port)| {
        let name = port.name.filter(|name| !name.is_empty()).map(|name| records.text(&name));
        Some((name, port.port?.0, port.protocol.map_or(Protocol::Tcp, |protocol| protocol.0)))
    });
    sorted(ports.collect())
}

pub(super) fn node(place: &mut Place<'_, '_>, object: object::Node<'_>) {
    let Some((metadata, name)) = named(place, "Node", &object.metadata) else { return };
    let name = place.records().text(name);
    let labels = place.records().labels(metadata.labels.as_ref());
    let mut addresses = Vec::new();
    for Obj(address) in object.status.into_iter().flat_map(|Obj(status)| status.addresses).flatten() {
        if !matches!(&*address.kind, "InternalIP" | "ExternalIP") {
            continue;
        }
        match IpAddr::from_text(&address.address) {
            Ok(address) => addresses.push(address),
            Err(problem) => place.error_at(&address.address, problem),
        }
    }
    if let Some(annotations) = &metadata.annotations {
        addresses.extend(cni::node(place, &name, annotations));
    }
    let mut pod_ranges = Vec::new();
    if let Some(Obj(spec)) = object.spec {
        pod_ranges.extend(spec.pod_cidr.and_then(|range| range.0.0));
        pod_ranges.extend(spec.pod_cidrs.into_iter().flatten().filter_map(|range| range.0.0));
    }
    let facts = NodeFacts { labels, addresses: sorted(addresses), pod_ranges: sorted(pod_ranges) };
    keep!(place, nodes, name.clone(), facts, "Node", name);
}

/// Sorted and without repetition.
pub(super) fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items
}
