//! What the compiler needs to know of a cluster beyond its lists: where DNS and the API server are, which pods
//! policies cannot govern, which addresses are the cluster's own.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ipnet::IpNet;
use roaring::RoaringBitmap as Bits;
use rustc_hash::FxHashMap;
use weir_cluster::Inventory;
use weir_cluster::inventory::{EndpointClass, NamespaceId, ServiceId};
use weir_cluster::labels::{Labels, Text};

use crate::address::AddressSet;
use crate::cni::Cni;
use crate::project::Cluster;
use crate::selector::{self, Conjunction, Constraint, Constraints, Key, PodSet};

/// Where system pods live that a posture must not cut by accident.
pub const SYSTEM_NAMESPACE: &str = "kube-system";
/// The label that DNS pods and services of Kubernetes have carried since kube-dns.
pub const DNS_LABEL: (&str, &str) = ("k8s-app", "kube-dns");
/// Where DNS is looked for: whoever may write these namespaces owns the cluster anyway. A label alone, which any
/// tenant can set, makes nobody the cluster's DNS.
const DNS_NAMESPACES: &[&str] = &[SYSTEM_NAMESPACE, "openshift-dns"];
const DNS_CACHE_LABEL: &str = "node-local-dns";
/// Where the node-local cache listens unless its arguments say otherwise.
const DNS_CACHE_ADDRESS: &str = "169.254.20.10";

/// What sets denote, by their identity.
type Grounds = FxHashMap<usize, (PodSet, Arc<Bits>)>;

/// So that threads do not wait for each other.
const SHARDS: usize = 64;

pub struct Facts<'a> {
    pub inventory: &'a Inventory,
    /// Classes that no policy can govern.
    pub host_network: Bits,
    pub dns: Dns,
    /// The network plugin, and its switches.
    pub cni: Cni,
    /// Ranges of pods and of services that a project tells.
    told: Told,
    own: OnceLock<AddressSet>,
    /// What sets denote that are asked for again and again, with the sets, so that no other takes their place.
    ground: [Mutex<Grounds>; SHARDS],
}

#[derive(Default)]
struct Told {
    pods: AddressSet,
    services: AddressSet,
}

/// The cluster's DNS.
pub struct Dns {
    /// Its services; empty where the inventory shows none.
    pub services: Vec<ServiceId>,
    /// Its pods, by the services' selectors or by the conventional label.
    pub pods: PodSet,
    /// Addresses of node-local caches.
    pub caches: AddressSet,
    /// Whether neither service nor pods were found.
    pub by_convention: bool,
}

impl<'a> Facts<'a> {
    pub fn of(inventory: &'a Inventory) -> Facts<'a> {
        Facts::of_cluster(inventory, &Cluster::default())
    }

    /// With what a project tells of the cluster, beside what the inventory shows.
    pub fn of_cluster(inventory: &'a Inventory, cluster: &Cluster) -> Facts<'a> {
        let all = |ranges: &[IpNet]| ranges.iter().copied().collect();
        let told = Told { pods: all(&cluster.pods), services: all(&cluster.services) };
        let host = |(at, class): (usize, &EndpointClass)| class.host_network.then_some(at as u32);
        Facts {
            inventory,
            host_network: inventory.classes.iter().enumerate().filter_map(host).collect(),
            dns: dns(inventory),
            cni: Cni::of(&inventory.cni, &cluster.cni),
            told,
            own: OnceLock::new(),
            ground: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// The classes of a set that policies can govern.
    pub fn governed(&self, pods: &PodSet) -> Bits {
        pods.classes(self.inventory) - &self.host_network
    }

    /// The same, kept for the next time: for sets that things of the inventory are called by.
    pub fn ground(&self, pods: &PodSet) -> Arc<Bits> {
        let key = pods.identity();
        let shard = &self.ground[key / 64 % SHARDS];
        let known = || shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = known().get(&key) {
            return Arc::clone(known);
        }
        let governed = Arc::new(self.governed(pods));
        known().insert(key, (pods.clone(), Arc::clone(&governed)));
        governed
    }

    /// Drops what is kept of sets that nobody else has any more: those of programs that are gone.
    pub fn forget_unused(&self) {
        for shard in &self.ground {
            shard.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (pods, _)| pods.is_shared());
        }
    }

    /// Addresses of pods, nodes, services and the API server, and the ranges that pods and services get theirs from.
    pub fn own_addresses(&self) -> &AddressSet {
        self.own.get_or_init(|| {
            let inventory = self.inventory;
            let ranges: AddressSet =
                inventory.nodes.iter().flat_map(|node| node.pod_ranges.iter().copied()).collect();
            let single: AddressSet = inventory
                .classes
                .iter()
                .flat_map(|class| class.addresses.iter().chain(&class.local_addresses))
                .chain(inventory.nodes.iter().flat_map(|node| &node.addresses))
                .chain(inventory.services.iter().flat_map(|service| &service.addresses))
                .copied()
                .chain(self.api_server_addresses())
                .collect();
            ranges.union(&single).union(&self.told.pods).union(&self.told.services)
        })
    }

    /// Whether the project or the inventory tells where pods get their addresses from.
    pub fn knows_pod_ranges(&self) -> bool {
        !self.told.pods.is_empty() || self.inventory.nodes.iter().any(|node| !node.pod_ranges.is_empty())
    }

    /// Where pods may have their addresses: private ranges, where nobody tells.
    pub fn pod_ranges(&self) -> AddressSet {
        if !self.knows_pod_ranges() {
            return AddressSet::private();
        }
        let ranges = self.inventory.nodes.iter().flat_map(|node| node.pod_ranges.iter().copied());
        ranges.collect::<AddressSet>().union(&self.told.pods)
    }

    pub fn node_addresses(&self) -> AddressSet {
        self.inventory.nodes.iter().flat_map(|node| node.addresses.iter().copied()).collect()
    }

    /// The service `default/kubernetes`.
    pub fn api_server(&self) -> Option<ServiceId> {
        let default = self.inventory.namespace("default")?;
        self.inventory.service_in(default, "kubernetes")
    }

    pub fn api_server_addresses(&self) -> Vec<IpAddr> {
        let Some(service) = self.api_server() else { return Vec::new() };
        self.inventory.services[service.index()].endpoints.iter().map(|endpoint| endpoint.address).collect()
    }

    pub fn namespace_name(&self, namespace: NamespaceId) -> &str {
        &self.inventory.namespaces[namespace.index()].name
    }
}

fn dns(inventory: &Inventory) -> Dns {
    let services: Vec<ServiceId> = (0..inventory.services.len())
        .map(|at| ServiceId(at as u32))
        .filter(|service| is_dns(inventory, *service))
        .collect();
    let selected = services.iter().filter_map(|service| {
        let service = &inventory.services[service.index()];
        Some(labelled(&inventory.namespaces[service.namespace.index()].name, service.selector.as_ref()?))
    });
    let mut pods = PodSet::union(selected);
    let by_label: Labels = [(DNS_LABEL.0.into(), DNS_LABEL.1.into())].into_iter().collect();
    let by_convention = if pods.is_empty() {
        let homes: Vec<NamespaceId> = inventory
            .classes_with(DNS_LABEL.0, DNS_LABEL.1)
            .iter()
            .map(|class| inventory.classes[class as usize].namespace)
            .filter(|home| is_dns_namespace(inventory, *home))
            .collect();
        let names = homes.iter().map(|home| &inventory.namespaces[home.index()].name);
        pods = PodSet::union(names.map(|name| labelled(name, &by_label)));
        if homes.is_empty() {
            pods = labelled(&SYSTEM_NAMESPACE.into(), &by_label);
        }
        homes.is_empty()
    } else {
        false
    };
    let caches = caches(inventory, &services);
    Dns { services, pods, caches, by_convention }
}

/// kube-dns and CoreDNS go by one name; OpenShift has its own.
fn is_dns(inventory: &Inventory, service: ServiceId) -> bool {
    let service = &inventory.services[service.index()];
    let namespace = inventory.namespaces[service.namespace.index()].name.as_ref();
    let named = matches!(
        (namespace, service.name.as_ref()),
        (SYSTEM_NAMESPACE, "kube-dns") | ("openshift-dns", "dns-default")
    );
    let labelled = service.labels.get(DNS_LABEL.0).is_some_and(|value| value.as_ref() == DNS_LABEL.1);
    (named || labelled) && DNS_NAMESPACES.contains(&namespace) && service.selector.is_some()
}

fn is_dns_namespace(inventory: &Inventory, namespace: NamespaceId) -> bool {
    DNS_NAMESPACES.contains(&inventory.namespaces[namespace.index()].name.as_ref())
}

fn labelled(namespace: &Text, labels: &Labels) -> PodSet {
    PodSet::of(Conjunction {
        namespaces: Constraints::one(Key::namespace_name(), Constraint::is(namespace.clone())),
        pods: selector::equalities(labels.iter()),
    })
}

/// A cache listens on link-local addresses of its node, and on the service's own where it stands in for it.
fn caches(inventory: &Inventory, services: &[ServiceId]) -> AddressSet {
    let classes: Vec<&EndpointClass> = inventory
        .classes_with(DNS_LABEL.0, DNS_CACHE_LABEL)
        .iter()
        .map(|class| &inventory.classes[class as usize])
        .filter(|class| class.host_network && is_dns_namespace(inventory, class.namespace))
        .collect();
    let of_service = |address: &IpAddr| {
        services.iter().any(|service| inventory.services[service.index()].addresses.contains(address))
    };
    let plausible = |address: &IpAddr| {
        let link_local = match address {
            IpAddr::V4(address) => address.is_link_local(),
            IpAddr::V6(address) => address.is_unicast_link_local() || address.is_unique_local(),
        };
        link_local || of_service(address)
    };
    let told: AddressSet =
        classes.iter().flat_map(|class| class.local_addresses.iter().copied()).filter(plausible).collect();
    if told.is_empty() && !classes.is_empty() {
        return DNS_CACHE_ADDRESS.parse::<IpAddr>().into_iter().collect();
    }
    told
}
