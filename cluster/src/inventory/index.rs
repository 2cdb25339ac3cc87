//! The questions an inventory answers quickly: posting lists over labels, names, addresses. It holds ids only, is
//! made once from the sorted tables, and must not know how they were read nor what a selector means.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;

use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use super::{ClassId, Inventory, NamespaceId, ServiceId, WorkloadId};
use crate::labels::{Labels, Text};

#[cfg(test)]
mod tests;

/// To whom an address of the cluster belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressOwner {
    /// A pod of this class.
    Pod(ClassId),
    /// A node, by its position in [`Inventory::nodes`].
    Node(usize),
    /// The cluster, external or load balancer address of a service.
    Service(ServiceId),
}

/// What [`Inventory`] looks things up in. Empty until [`Inventory::indexed`] has filled it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// Every name of a program begins with one.
    by_name: FxHashMap<Text, NamespaceId>,
    /// What is called by a name in each namespace.
    named: Vec<FxHashMap<Text, Namesakes>>,
    classes: Postings,
    namespaces: Postings,
    /// Every workload in the order of its table: slices of it are the workloads of one namespace and name.
    workloads: Vec<WorkloadId>,
    /// Sorted by name, then id.
    workload_names: Vec<WorkloadId>,
    service_names: Vec<ServiceId>,
    /// Where each namespace's workloads (services) begin; one more entry than namespaces.
    workload_starts: Vec<u32>,
    service_starts: Vec<u32>,
    /// Sorted by address, then owner.
    addresses: Vec<(IpAddr, Holder)>,
}

/// The workloads of one name in one namespace, as a range of [`Index::workloads`], and the service.
#[derive(Clone, Debug, Default)]
struct Namesakes {
    workloads: Range<u32>,
    service: Option<ServiceId>,
}

/// An [`AddressOwner`] in eight bytes: there is one for each pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Holder {
    Pod(u32),
    Node(u32),
    Service(u32),
}

impl From<Holder> for AddressOwner {
    fn from(holder: Holder) -> Self {
        match holder {
            Holder::Pod(id) => AddressOwner::Pod(ClassId(id)),
            Holder::Node(position) => AddressOwner::Node(position as usize),
            Holder::Service(id) => AddressOwner::Service(ServiceId(id)),
        }
    }
}

/// For each label, which rows of a table carry it.
#[derive(Clone, Debug, Default)]
struct Postings {
    keys: BTreeMap<Text, Posting>,
    /// What a label that nobody carries is answered with.
    nobody: RoaringBitmap,
}

#[derive(Clone, Debug, Default)]
struct Posting {
    any: RoaringBitmap,
    values: BTreeMap<Text, RoaringBitmap>,
}

impl Postings {
    fn build<'a>(rows: impl Iterator<Item = &'a Labels>) -> Self {
        let mut postings = Postings::default();
        for (row, labels) in rows.enumerate() {
            for (key, value) in labels.iter() {
                let posting = match postings.keys.get_mut(key) {
                    Some(posting) => posting,
                    None => postings.keys.entry(key.clone()).or_default(),
                };
                posting.any.insert(row as u32);
                match posting.values.get_mut(value) {
                    Some(rows) => rows.insert(row as u32),
                    None => posting.values.entry(value.clone()).or_default().insert(row as u32),
                };
            }
        }
        postings
    }

    fn having(&self, key: &str) -> &RoaringBitmap {
        self.keys.get(key).map_or(&self.nobody, |posting| &posting.any)
    }

    fn with(&self, key: &str, value: &str) -> &RoaringBitmap {
        self.keys.get(key).and_then(|posting| posting.values.get(value)).unwrap_or(&self.nobody)
    }

    fn values(&self, key: &str) -> impl Iterator<Item = &Text> {
        self.keys.get(key).into_iter().flat_map(|posting| posting.values.keys())
    }
}

impl Index {
    fn build(inventory: &Inventory) -> Self {
        let workloads = (0..inventory.workloads.len() as u32).map(WorkloadId);
        let mut workload_names: Vec<WorkloadId> = workloads.clone().collect();
        workload_names.sort_by_key(|id| (&inventory.workloads[id.index()].name, *id));
        let mut service_names: Vec<ServiceId> = (0..inventory.services.len() as u32).map(ServiceId).collect();
        service_names.sort_by_key(|id| (&inventory.services[id.index()].name, *id));
        let namespaces = inventory.namespaces.len();
        let names = (0u32..).zip(&inventory.namespaces);
        Index {
            by_name: names.map(|(at, namespace)| (namespace.name.clone(), NamespaceId(at))).collect(),
            named: namesakes(inventory),
            classes: Postings::build(inventory.classes.iter().map(|class| &class.labels)),
            namespaces: Postings::build(inventory.namespaces.iter().map(|namespace| &namespace.labels)),
            workloads: workloads.collect(),
            workload_names,
            service_names,
            workload_starts: starts(namespaces, inventory.workloads.iter().map(|w| w.namespace)),
            service_starts: starts(namespaces, inventory.services.iter().map(|s| s.namespace)),
            addresses: addresses(inventory),
        }
    }
}

fn namesakes(inventory: &Inventory) -> Vec<FxHashMap<Text, Namesakes>> {
    let mut named = vec![FxHashMap::<Text, Namesakes>::default(); inventory.namespaces.len()];
    for (at, workload) in (0u32..).zip(&inventory.workloads) {
        let found = named[workload.namespace.index()].entry(workload.name.clone()).or_default();
        if found.workloads.is_empty() {
            found.workloads = at..at;
        }
        found.workloads.end = at + 1;
    }
    for (at, service) in (0u32..).zip(&inventory.services) {
        let found = named[service.namespace.index()].entry(service.name.clone()).or_default();
        found.service.get_or_insert(ServiceId(at));
    }
    named
}

/// Where the rows of each namespace begin, for rows sorted by namespace.
fn starts(namespaces: usize, rows: impl Iterator<Item = NamespaceId>) -> Vec<u32> {
    let mut starts = vec![0; namespaces + 1];
    for namespace in rows {
        starts[namespace.index() + 1] += 1;
    }
    for next in 1..starts.len() {
        starts[next] += starts[next - 1];
    }
    starts
}

fn addresses(inventory: &Inventory) -> Vec<(IpAddr, Holder)> {
    let mut all = Vec::new();
    for (id, class) in inventory.classes.iter().enumerate() {
        all.extend(class.addresses.iter().map(|address| (*address, Holder::Pod(id as u32))));
    }
    for (position, node) in inventory.nodes.iter().enumerate() {
        all.extend(node.addresses.iter().map(|address| (*address, Holder::Node(position as u32))));
    }
    for (id, service) in inventory.services.iter().enumerate() {
        all.extend(service.addresses.iter().map(|address| (*address, Holder::Service(id as u32))));
    }
    all.sort_unstable();
    all.dedup();
    all.shrink_to_fit();
    all
}

/// The rows of one namespace.
fn range(starts: &[u32], namespace: NamespaceId) -> Range<u32> {
    match starts.get(namespace.index()..namespace.index() + 2) {
        Some(&[start, end]) => start..end,
        _ => 0..0,
    }
}

/// The part of `ids`, sorted by name, whose rows are called `name`.
fn named<'a, Id>(ids: &'a [Id], name: &str, name_of: impl Fn(&Id) -> &'a Text) -> &'a [Id] {
    let start = ids.partition_point(|id| name_of(id).as_ref() < name);
    let length = ids[start..].partition_point(|id| name_of(id).as_ref() == name);
    &ids[start..start + length]
}

impl Inventory {
    /// The same inventory, its index made anew. Whoever fills or changes the tables by hand calls this before asking
    /// any of the questions below.
    pub fn indexed(mut self) -> Self {
        self.index = Index::build(&self);
        self
    }

    /// The namespace of this name.
    pub fn namespace(&self, name: &str) -> Option<NamespaceId> {
        self.index.by_name.get(name).copied()
    }

    /// The classes whose pods carry the label `key` with this value.
    pub fn classes_with(&self, key: &str, value: &str) -> &RoaringBitmap {
        self.index.classes.with(key, value)
    }

    /// The classes whose pods carry the label `key`, whatever its value.
    pub fn classes_having(&self, key: &str) -> &RoaringBitmap {
        self.index.classes.having(key)
    }

    /// The namespaces that carry the label `key` with this value.
    pub fn namespaces_with(&self, key: &str, value: &str) -> &RoaringBitmap {
        self.index.namespaces.with(key, value)
    }

    /// The namespaces that carry the label `key`, whatever its value.
    pub fn namespaces_having(&self, key: &str) -> &RoaringBitmap {
        self.index.namespaces.having(key)
    }

    /// Every class.
    pub fn all_classes(&self) -> RoaringBitmap {
        RoaringBitmap::from_iter(0..self.classes.len() as u32)
    }

    /// The workloads of this name in all namespaces, those of one namespace beside each other.
    pub fn workloads_named(&self, name: &str) -> &[WorkloadId] {
        named(&self.index.workload_names, name, |id| &self.workloads[id.index()].name)
    }

    /// The workloads of this name in one namespace: more than one where two kinds share the name.
    pub fn workloads_in(&self, namespace: NamespaceId, name: &str) -> &[WorkloadId] {
        let Some(found) = self.namesakes(namespace, name) else { return &[] };
        &self.index.workloads[found.workloads.start as usize..found.workloads.end as usize]
    }

    fn namesakes(&self, namespace: NamespaceId, name: &str) -> Option<&Namesakes> {
        self.index.named.get(namespace.index())?.get(name)
    }

    /// The workloads of one namespace, as ids without their wrapper.
    pub fn workloads_of(&self, namespace: NamespaceId) -> Range<u32> {
        range(&self.index.workload_starts, namespace)
    }

    /// The services of this name in all namespaces.
    pub fn services_named(&self, name: &str) -> &[ServiceId] {
        named(&self.index.service_names, name, |id| &self.services[id.index()].name)
    }

    /// The service of this name in one namespace.
    pub fn service_in(&self, namespace: NamespaceId, name: &str) -> Option<ServiceId> {
        self.namesakes(namespace, name)?.service
    }

    /// The services of one namespace, as ids without their wrapper.
    pub fn services_of(&self, namespace: NamespaceId) -> Range<u32> {
        range(&self.index.service_starts, namespace)
    }

    /// The keys of all pod labels, sorted.
    pub fn label_keys(&self) -> impl Iterator<Item = &Text> {
        self.index.classes.keys.keys()
    }

    /// The values that pods have for a label, sorted.
    pub fn label_values(&self, key: &str) -> impl Iterator<Item = &Text> {
        self.index.classes.values(key)
    }

    /// The keys of all namespace labels, sorted.
    pub fn namespace_label_keys(&self) -> impl Iterator<Item = &Text> {
        self.index.namespaces.keys.keys()
    }

    /// The values that namespaces have for a label, sorted.
    pub fn namespace_label_values(&self, key: &str) -> impl Iterator<Item = &Text> {
        self.index.namespaces.values(key)
    }

    /// Whose address this is. A pod comes before a node, a node before a service; the ranges that nodes hand out to
    /// pods do not count.
    pub fn address_owner(&self, address: IpAddr) -> Option<AddressOwner> {
        let addresses = &self.index.addresses;
        let position = addresses.partition_point(|(other, _)| *other < address);
        addresses.get(position).filter(|(other, _)| *other == address).map(|(_, holder)| (*holder).into())
    }

    /// All addresses of pods, nodes and services, sorted (IPv4 first). An address that two of them share comes twice.
    pub fn own_addresses(&self) -> impl ExactSizeIterator<Item = (IpAddr, AddressOwner)> {
        self.index.addresses.iter().map(|(address, holder)| (*address, (*holder).into()))
    }
}
