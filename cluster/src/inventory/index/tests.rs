//! What the index answers.

use super::AddressOwner;
use crate::inventory::{Inventory, NamespaceId, ServiceId, WorkloadId};
use crate::manifest::Reader;

fn shop() -> Inventory {
    let mut reader = Reader::new("shop");
    for text in [
        "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}",
        "{apiVersion: v1, kind: Namespace, metadata: {name: empty, labels: {team: b}}}",
        "{apiVersion: v1, kind: Pod, metadata: {name: web, labels: {app: web, tier: front}}, status: \
            {podIP: 10.0.0.1}}",
        "{apiVersion: v1, kind: Pod, metadata: {name: db, labels: {app: db}}, status: {podIP: 'fd00::1'}}",
        "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: other, labels: {app: web}}, status: \
            {podIP: 10.0.0.2}}",
        "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}, spec: {selector: {matchLabels: \
            {app: x}}, template: {metadata: {labels: {app: x}}}}}",
        "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: 10.9.0.1}}",
        "{apiVersion: v1, kind: Service, metadata: {name: db}}",
        "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: other}}",
        "{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDR: 10.0.0.0/8}, status: \
            {addresses: [{type: InternalIP, address: 172.16.0.1}]}}",
    ] {
        reader.read("x", text.as_bytes()).unwrap();
    }
    reader.finish().unwrap()
}

fn rows(set: &roaring::RoaringBitmap) -> Vec<u32> {
    set.iter().collect()
}

#[test]
fn pod_labels() {
    let shop = shop();
    let names = |rows: Vec<u32>| {
        let class = |row: u32| &shop.classes[row as usize];
        let name = |row: u32| {
            let namespace = &shop.namespaces[class(row).namespace.index()].name;
            format!("{namespace}/{}", shop.workloads[class(row).workload.index()].name)
        };
        rows.into_iter().map(name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(rows(shop.classes_with("app", "web"))), "other/web shop/web");
    assert_eq!(names(rows(shop.classes_having("tier"))), "shop/web");
    assert_eq!(shop.all_classes().len(), 4);
    assert!(shop.classes_with("app", "none").is_empty());
    assert!(shop.classes_with("none", "web").is_empty());
    assert!(shop.classes_having("none").is_empty());
    assert_eq!(shop.label_keys().map(|key| key.as_ref()).collect::<Vec<_>>(), ["app", "tier"]);
    assert_eq!(shop.label_values("app").map(|value| value.as_ref()).collect::<Vec<_>>(), ["db", "web", "x"]);
    assert_eq!(shop.label_values("none").count(), 0);
}

#[test]
fn namespaces() {
    let shop = shop();
    assert_eq!(shop.namespace("shop"), Some(NamespaceId(2)));
    assert_eq!(shop.namespace("nope"), None);
    assert_eq!(rows(shop.namespaces_with("team", "a")), [2]);
    assert_eq!(rows(shop.namespaces_having("team")), [0, 2]);
    assert_eq!(shop.namespaces_having("kubernetes.io/metadata.name").len(), 3);
    assert_eq!(
        shop.namespace_label_keys().map(|key| key.as_ref()).collect::<Vec<_>>(),
        ["kubernetes.io/metadata.name", "team"]
    );
    assert_eq!(
        shop.namespace_label_values("team").map(|value| value.as_ref()).collect::<Vec<_>>(),
        ["a", "b"]
    );
}

#[test]
fn names() {
    let shop = shop();
    let here = shop.namespace("shop").unwrap();
    let (empty, other) = (shop.namespace("empty").unwrap(), shop.namespace("other").unwrap());
    assert_eq!(shop.workloads_named("web"), [WorkloadId(0), WorkloadId(2), WorkloadId(3)]);
    assert_eq!(shop.workloads_in(here, "web"), [WorkloadId(2), WorkloadId(3)]);
    assert_eq!(shop.workloads_in(other, "web"), [WorkloadId(0)]);
    assert!(shop.workloads_in(empty, "web").is_empty() && shop.workloads_named("we").is_empty());
    assert_eq!((shop.workloads_of(here), shop.workloads_of(empty)), (1..4, 0..0));
    assert_eq!(shop.services_named("web"), [ServiceId(0), ServiceId(2)]);
    assert_eq!(shop.service_in(here, "web"), Some(ServiceId(2)));
    assert_eq!(shop.service_in(other, "db"), None);
    assert_eq!((shop.services_of(other), shop.services_of(here)), (0..1, 1..3));
}

#[test]
fn addresses() {
    let shop = shop();
    let owner = |address: &str| shop.address_owner(address.parse().unwrap());
    let pod = |name: &str| {
        let id = shop.workloads.iter().position(|w| w.name.as_ref() == name && w.namespace == NamespaceId(2));
        Some(AddressOwner::Pod(shop.workloads[id.unwrap()].classes[0]))
    };
    assert_eq!((owner("fd00::1"), owner("10.0.0.1").is_some()), (pod("db"), true));
    assert_eq!(owner("172.16.0.1"), Some(AddressOwner::Node(0)));
    assert_eq!(owner("10.9.0.1"), Some(AddressOwner::Service(ServiceId(2))));
    assert_eq!(owner("10.0.0.3"), None);
    let all: Vec<String> = shop.own_addresses().map(|(address, _)| address.to_string()).collect();
    assert_eq!(all, ["10.0.0.1", "10.0.0.2", "10.9.0.1", "172.16.0.1", "fd00::1"]);
}

#[test]
fn an_empty_inventory_answers_too() {
    let empty = Inventory::default();
    assert!(empty.classes_having("app").is_empty() && empty.all_classes().is_empty());
    assert_eq!((empty.workloads_of(NamespaceId(0)), empty.service_in(NamespaceId(3), "a")), (0..0, None));
    assert!(empty.workloads_named("a").is_empty() && empty.workloads_in(NamespaceId(0), "a").is_empty());
    assert_eq!(empty.own_addresses().len(), 0);
}
