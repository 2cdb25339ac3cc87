//! One cluster's namespaces, workloads, services and nodes, folded into endpoint classes: plain data with indices
//! over labels. Everything is sorted by name, so that the order in which manifests were read leaves no trace.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;

use crate::labels::{Labels, Requirement, Text};

pub mod cni;
mod index;
mod policies;

pub use index::AddressOwner;
pub use policies::{
    AddressGroup, CalicoAction, CalicoEntity, CalicoPolicy, CalicoProtocol, CalicoRule, CalicoSelector,
    CalicoTier, CiliumEntity, CiliumPart, CiliumPeer, CiliumRule, ClusterAction, ClusterPeer, ClusterPolicy,
    ClusterRule, ClusterSubject, ClusterTier, ExistingPolicy, GroupKind, PolicyKind, PolicyPeer, PolicyPort,
    PolicyPortNumber, PolicyRule, PolicyRules, PolicySpec,
};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);
        impl $name {
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}
id!(/// Index into [`Inventory::namespaces`].
    NamespaceId);
id!(/// Index into [`Inventory::workloads`].
    WorkloadId);
id!(/// Index into [`Inventory::services`].
    ServiceId);
id!(/// Index into [`Inventory::classes`].
    ClassId);

/// Where an object was read: the name of the input, the position of the document in it (from 1), and the line on
/// which the document begins (from 1; 0 where the format gives none, as in a large JSON list).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    pub file: Text,
    pub document: u32,
    pub line: u32,
}

#[derive(Clone, Debug)]
pub struct Namespace {
    pub name: Text,
    /// With `kubernetes.io/metadata.name`, always.
    pub labels: Labels,
    /// Where its Namespace object was read; `None` for a namespace that other objects only mention.
    pub origin: Option<Origin>,
    /// Its endpoint classes, contiguous.
    pub classes: Range<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkloadKind {
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    Job,
    CronJob,
    Pod,
    /// A controller of another kind that owns pods or ReplicaSets (`Rollout`, …).
    Other(Text),
}

/// What owns pods, at the top of the chain of owners.
#[derive(Clone, Debug)]
pub struct Workload {
    pub namespace: NamespaceId,
    pub name: Text,
    pub kind: WorkloadKind,
    /// The controller's own selector. `None` for Jobs, CronJobs, bare pods, and controllers known only from the
    /// pods that name them: these are selected by [`Workload::labels`].
    pub selector: Option<Vec<Requirement>>,
    /// The labels that all its pods share, volatile ones left out.
    pub labels: Labels,
    /// Its endpoint classes: of its template and of its running pods. Sorted.
    pub classes: Vec<ClassId>,
    pub host_network: bool,
    pub origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    Tcp,
    Udp,
    Sctp,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerPort {
    pub name: Option<Text>,
    pub number: u16,
    pub protocol: Protocol,
}

/// Pods that no policy can tell apart: same namespace, labels (but for volatile ones), ports, host network and
/// service account.
#[derive(Clone, Debug)]
pub struct EndpointClass {
    pub namespace: NamespaceId,
    pub workload: WorkloadId,
    pub labels: Labels,
    /// Sorted, without repetition; of all containers, init containers that keep running included.
    pub ports: Vec<ContainerPort>,
    pub host_network: bool,
    /// `default` where the pod names none.
    pub service_account: Text,
    /// Running pods that were read; 0 for a class known from a template alone.
    pub pods: u32,
    /// Their addresses, sorted; empty where none is known.
    pub addresses: Vec<IpAddr>,
    /// Addresses that its containers are told to listen on by `-localip` (the node-local DNS cache). Sorted.
    pub local_addresses: Vec<IpAddr>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetPort {
    Number(u16),
    Name(Text),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServicePort {
    pub name: Option<Text>,
    pub port: u16,
    pub protocol: Protocol,
    /// Defaults to `port`.
    pub target: TargetPort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceType {
    ClusterIp,
    NodePort,
    LoadBalancer,
    ExternalName,
}

/// An address behind a service, from its EndpointSlices or Endpoints.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    pub address: IpAddr,
    /// (name, number, protocol) of each port.
    pub ports: Vec<(Option<Text>, u16, Protocol)>,
}

#[derive(Clone, Debug)]
pub struct Service {
    pub namespace: NamespaceId,
    pub name: Text,
    pub labels: Labels,
    pub kind: ServiceType,
    /// `None` for a service without selector.
    pub selector: Option<Labels>,
    pub ports: Vec<ServicePort>,
    /// `ClusterIP`s, external and load balancer addresses. Empty for headless ones.
    pub addresses: Vec<IpAddr>,
    pub external_name: Option<Text>,
    /// `externalTrafficPolicy: Local`: the pod sees the client's address.
    pub keeps_client_address: bool,
    /// `clusterIP: None`: its name leads to the pods themselves, and what is dialled is the pod port.
    pub headless: bool,
    /// What its EndpointSlices and Endpoints list, sorted and without repetition.
    pub endpoints: Vec<Endpoint>,
    pub origin: Origin,
}

#[derive(Clone, Debug)]
pub struct Node {
    pub name: Text,
    pub labels: Labels,
    pub addresses: Vec<IpAddr>,
    pub pod_ranges: Vec<IpNet>,
}

/// One cluster. Made by `manifest::Reader::finish`.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Sorted by name.
    pub namespaces: Vec<Namespace>,
    /// Sorted by namespace, name, kind.
    pub workloads: Vec<Workload>,
    /// Sorted by namespace, name.
    pub services: Vec<Service>,
    /// Sorted by namespace, labels, ports, …; those of one namespace are neighbours.
    pub classes: Vec<EndpointClass>,
    /// Sorted by name.
    pub nodes: Vec<Node>,
    /// Those of the whole cluster first; sorted by namespace, name, kind.
    pub policies: Vec<ExistingPolicy>,
    /// What shows the cluster's network plugin.
    pub cni: cni::Evidence,
    /// Sorted by kind, namespace, name.
    pub address_groups: Vec<AddressGroup>,
    /// Calico's, sorted by name.
    pub tiers: Vec<CalicoTier>,
    /// How many objects of other kinds were passed over, by kind.
    pub skipped: BTreeMap<Text, usize>,
    /// Posting lists over labels, and names; see `inventory/index.rs` for the questions it answers.
    pub(crate) index: index::Index,
}
