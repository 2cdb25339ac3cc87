//! Joins what was read into an [`Inventory`]: pods to the workloads that own them in the end, equal pods of a workload
//! to one class, endpoints to services. The result is sorted by names, whatever the order of the records.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use rustc_hash::FxHashMap;

use super::cni;
use super::policy::PolicyFacts;
use super::record::{EndpointsFacts, EndpointsKind, GroupFacts, Records, Seen, ServiceFacts, sorted};
use super::workload::{Controller, Owner, PodFacts};
use crate::inventory::{
    AddressGroup, CalicoTier, ClassId, Endpoint, EndpointClass, ExistingPolicy, GroupKind, Inventory,
    Namespace, NamespaceId, Node, Origin, PolicyKind, Protocol, Service, ServicePort, ServiceType,
    TargetPort, Workload, WorkloadId, WorkloadKind,
};
use crate::labels::{Labels, NAMESPACE_NAME, Requirement, Text};

type Controllers = FxHashMap<(Text, Text, WorkloadKind), Seen<Controller>>;

/// Namespace, name, kind: the order of workloads.
type WorkloadKey = (Text, Text, WorkloadKind);

pub(super) fn fold(mut records: Records) -> Inventory {
    let drafts = drafts(&mut records);
    add_api_server(&mut records);
    let (mut namespaces, ids) = namespaces(&mut records);
    let (workloads, classes) = workloads(drafts, &ids, &mut namespaces);
    let services = services(&mut records, &ids);
    let mut nodes: Vec<Node> = records
        .nodes
        .into_iter()
        .map(|(name, Seen { facts, .. })| Node {
            name,
            labels: facts.labels,
            addresses: facts.addresses,
            pod_ranges: facts.pod_ranges,
        })
        .collect();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    let policies = policies(records.policies, &ids);
    let address_groups = address_groups(records.groups, &ids);
    let mut tiers: Vec<CalicoTier> = records.tiers.into_values().map(|seen| seen.facts).collect();
    tiers.sort_by(|a, b| a.name.cmp(&b.name));
    let (cni, skipped) = (cni::evidence(records.sightings), records.skipped);
    Inventory {
        namespaces,
        workloads,
        services,
        classes,
        nodes,
        policies,
        address_groups,
        tiers,
        cni,
        skipped,
        ..Inventory::default()
    }
    .indexed()
}

fn policies(
    records: FxHashMap<(Option<Text>, Text, PolicyKind), Seen<PolicyFacts>>,
    ids: &FxHashMap<Text, NamespaceId>,
) -> Vec<ExistingPolicy> {
    let policies = records.into_iter().map(|((namespace, name, kind), seen)| ExistingPolicy {
        namespace: namespace.map(|namespace| ids[&namespace]),
        name,
        kind,
        ours: seen.facts.ours,
        rules: seen.facts.rules,
        origin: seen.origin,
    });
    let mut policies: Vec<ExistingPolicy> = policies.collect();
    policies.sort_by(|a, b| (a.namespace, &a.name, a.kind).cmp(&(b.namespace, &b.name, b.kind)));
    policies
}

fn address_groups(
    records: FxHashMap<(GroupKind, Option<Text>, Text), Seen<GroupFacts>>,
    ids: &FxHashMap<Text, NamespaceId>,
) -> Vec<AddressGroup> {
    let groups = records.into_iter().map(|((kind, namespace, name), seen)| AddressGroup {
        namespace: namespace.map(|namespace| ids[&namespace]),
        name,
        kind,
        labels: seen.facts.labels,
        blocks: seen.facts.blocks,
    });
    let mut groups: Vec<AddressGroup> = groups.collect();
    groups.sort_by(|a, b| (a.kind, a.namespace, &a.name).cmp(&(b.kind, b.namespace, &b.name)));
    groups
}

/// A workload while its pods are gathered.
struct Draft {
    /// Its own object was read, and says which labels its pods have.
    declared: bool,
    selector: Option<Vec<Requirement>>,
    /// The template's, or those that its pods share.
    labels: Vec<(Text, Text)>,
    origin: Origin,
    classes: BTreeMap<PodFacts, (u32, Vec<IpAddr>)>,
}

impl Draft {
    fn declared(controller: &Seen<Controller>) -> Self {
        let template = &controller.facts.template;
        Draft {
            declared: true,
            selector: controller.facts.selector.clone(),
            labels: template.labels.clone(),
            origin: controller.origin.clone(),
            classes: BTreeMap::from([(template.clone(), (0, Vec::new()))]),
        }
    }

    fn known_from_pods(facts: &PodFacts, origin: &Origin) -> Self {
        let labels = facts.labels.clone();
        Draft { declared: false, selector: None, labels, origin: origin.clone(), classes: BTreeMap::new() }
    }

    fn add(&mut self, facts: PodFacts, pods: u32, addresses: Vec<IpAddr>, origin: &Origin) {
        if !self.declared {
            self.labels.retain(|label| facts.labels.contains(label));
            if *origin < self.origin {
                self.origin = origin.clone();
            }
        }
        let (all_pods, all_addresses) = self.classes.entry(facts).or_default();
        *all_pods += pods;
        all_addresses.extend(addresses);
    }
}

/// All workloads, with the pods that are theirs in the end.
fn drafts(records: &mut Records) -> BTreeMap<WorkloadKey, Draft> {
    let controllers = &records.controllers;
    let mut drafts: BTreeMap<WorkloadKey, Draft> = BTreeMap::new();
    for (key, controller) in controllers {
        let facts = &controller.facts;
        // A ReplicaSet that nobody owns any more and that wants no pods is a leftover.
        let leftover = key.2 == WorkloadKind::ReplicaSet && !facts.wants_pods;
        if !folds_into_owner(&key.2, facts) && !leftover {
            drafts.insert(key.clone(), Draft::declared(controller));
        }
    }
    for ((namespace, name, kind), Seen { facts, origin }) in controllers {
        if folds_into_owner(kind, facts) && facts.wants_pods {
            let owner = Owner { kind: kind.clone(), name: name.clone() };
            let root = root(controllers, namespace, owner, None);
            let draft = draft_for(&mut drafts, controllers, root, &facts.template, origin);
            if !draft.declared {
                draft.add(facts.template.clone(), 0, Vec::new(), origin);
            }
        }
    }
    let mut addresses = records.pods.addresses_by_shape();
    for (shape, position) in std::mem::take(&mut records.pods.shapes) {
        let known_use = &records.pods.uses[position as usize];
        let root = root(controllers, &shape.namespace, shape.owner, shape.template_hash.as_deref());
        let draft = draft_for(&mut drafts, controllers, root, &shape.facts, &known_use.origin);
        let addresses = std::mem::take(&mut addresses[position as usize]);
        draft.add(shape.facts, known_use.pods, addresses, &known_use.origin);
    }
    drafts
}

fn draft_for<'d>(
    drafts: &'d mut BTreeMap<WorkloadKey, Draft>,
    controllers: &Controllers,
    key: WorkloadKey,
    facts: &PodFacts,
    origin: &Origin,
) -> &'d mut Draft {
    let declared = controllers.get(&key);
    drafts.entry(key).or_insert_with(|| match declared {
        Some(controller) => Draft::declared(controller),
        None => Draft::known_from_pods(facts, origin),
    })
}

/// Whether a controller is only a step between pods and what owns it.
fn folds_into_owner(kind: &WorkloadKind, facts: &Controller) -> bool {
    let step = match kind {
        WorkloadKind::ReplicaSet | WorkloadKind::Job => true,
        WorkloadKind::Other(kind) => kind.as_ref() == "ReplicationController",
        _ => false,
    };
    step && facts.owner.is_some()
}

/// The workload at the top of a chain of owners.
fn root(
    controllers: &Controllers,
    namespace: &Text,
    owner: Owner,
    template_hash: Option<&str>,
) -> WorkloadKey {
    let mut key = (namespace.clone(), owner.name, owner.kind);
    // A chain has three links; one that leads back to itself ends somewhere.
    for _ in 0..8 {
        match controllers.get(&key) {
            Some(Seen { facts, .. }) if folds_into_owner(&key.2, facts) => {
                if let Some(owner) = &facts.owner {
                    (key.1, key.2) = (owner.name.clone(), owner.kind.clone());
                }
            }
            Some(_) => break,
            None => return unread_owner(controllers, key, template_hash),
        }
    }
    key
}

/// The workload behind an owner that was not read itself: ReplicaSets are called after their Deployment and the
/// template's hash, Jobs after their CronJob and the minute.
fn unread_owner(controllers: &Controllers, key: WorkloadKey, template_hash: Option<&str>) -> WorkloadKey {
    let (namespace, name, kind) = key;
    let owner = match (&kind, template_hash) {
        (WorkloadKind::ReplicaSet, Some(hash)) => {
            let owner = name.strip_suffix(hash).and_then(|name| name.strip_suffix('-'));
            owner.filter(|owner| !owner.is_empty()).map(|owner| (owner, WorkloadKind::Deployment))
        }
        (WorkloadKind::Job, _) => {
            let cut =
                name.rsplit_once('-').filter(|(_, minute)| minute.bytes().all(|byte| byte.is_ascii_digit()));
            cut.map(|(owner, _)| (owner, WorkloadKind::CronJob)).filter(|(owner, kind)| {
                controllers.contains_key(&(namespace.clone(), Text::from(*owner), kind.clone()))
            })
        }
        _ => None,
    };
    match owner {
        Some((owner, kind)) => (namespace, owner.into(), kind),
        None => (namespace, name, kind),
    }
}

/// The namespaces in their order, and the id of each.
fn namespaces(records: &mut Records) -> (Vec<Namespace>, FxHashMap<Text, NamespaceId>) {
    let names: BTreeSet<Text> = records.mentioned.iter().chain(records.namespaces.keys()).cloned().collect();
    let mut ids = FxHashMap::default();
    let mut all = Vec::with_capacity(names.len());
    for name in names {
        let declared = records.namespaces.remove(&name);
        let (labels, origin) = match declared {
            Some(Seen { facts, origin }) => (facts, Some(origin)),
            None => (Labels::default(), None),
        };
        let own = (Text::from(NAMESPACE_NAME), name.clone());
        let labels = labels.iter().map(|(key, value)| (key.clone(), value.clone())).chain([own]).collect();
        ids.insert(name.clone(), NamespaceId(all.len() as u32));
        all.push(Namespace { name, labels, origin, classes: 0..0 });
    }
    (all, ids)
}

/// Workloads and classes in their order, each knowing the other, and the classes of each namespace.
fn workloads(
    drafts: BTreeMap<WorkloadKey, Draft>,
    ids: &FxHashMap<Text, NamespaceId>,
    namespaces: &mut [Namespace],
) -> (Vec<Workload>, Vec<EndpointClass>) {
    let mut workloads = Vec::with_capacity(drafts.len());
    let mut facts: Vec<(NamespaceId, PodFacts, WorkloadId, u32, Vec<IpAddr>)> = Vec::new();
    for ((namespace, name, kind), draft) in drafts {
        let (namespace, id) = (ids[&namespace], WorkloadId(workloads.len() as u32));
        workloads.push(Workload {
            namespace,
            name,
            kind,
            selector: draft.selector,
            labels: draft.labels.into_iter().collect(),
            classes: Vec::new(),
            host_network: draft.classes.keys().any(|facts| facts.host_network),
            origin: draft.origin,
        });
        let classes = draft.classes.into_iter();
        facts.extend(
            classes.map(|(facts, (pods, addresses))| (namespace, facts, id, pods, sorted(addresses))),
        );
    }
    facts.sort_unstable_by(|a, b| (a.0, &a.1, a.2).cmp(&(b.0, &b.1, b.2)));
    let mut classes = Vec::with_capacity(facts.len());
    for (namespace, facts, workload, pods, addresses) in facts {
        let id = classes.len() as u32;
        workloads[workload.index()].classes.push(ClassId(id));
        let range = &mut namespaces[namespace.index()].classes;
        *range = if range.end == 0 { id..id + 1 } else { range.start..id + 1 };
        classes.push(EndpointClass {
            namespace,
            workload,
            labels: facts.labels.into_iter().collect(),
            ports: facts.ports,
            host_network: facts.host_network,
            service_account: facts.service_account,
            pods,
            addresses,
            local_addresses: facts.local_addresses,
        });
    }
    (workloads, classes)
}

/// The service of the API server, where only its endpoints were read: every cluster has it, and what may reach the
/// API server has to be compiled to them.
fn add_api_server(records: &mut Records) {
    let name = (Text::from("default"), Text::from("kubernetes"));
    if records.services.contains_key(&name) {
        return;
    }
    let of_service = |(key, seen): &(&(Text, Text, EndpointsKind), &Seen<EndpointsFacts>)| {
        key.0 == name.0 && seen.facts.service.as_ref() == Some(&name.1)
    };
    let lists = records.endpoints.iter().filter(of_service);
    let endpoints = lists.clone().flat_map(|(_, seen)| &seen.facts.endpoints);
    let ports = endpoints.flat_map(|endpoint| &endpoint.ports);
    // The port that is called `https`, else the first.
    let port = ports.min_by_key(|(name, port, _)| (name.as_deref() != Some("https"), *port));
    let Some(&(_, port, protocol)) = port else { return };
    let Some(origin) = lists.map(|(_, seen)| &seen.origin).min().cloned() else { return };
    let port =
        ServicePort { name: Some("https".into()), port: 443, protocol, target: TargetPort::Number(port) };
    let facts = ServiceFacts {
        labels: Labels::default(),
        kind: ServiceType::ClusterIp,
        selector: None,
        ports: vec![port],
        addresses: Vec::new(),
        external_name: None,
        keeps_client_address: false,
        headless: false,
    };
    records.services.insert(name, Seen { facts, origin });
}

/// The ports of an endpoint: name, number, protocol.
type Ports = BTreeSet<(Option<Text>, u16, Protocol)>;

fn services(records: &mut Records, ids: &FxHashMap<Text, NamespaceId>) -> Vec<Service> {
    let mut endpoints: FxHashMap<(Text, Text), BTreeMap<IpAddr, Ports>> = FxHashMap::default();
    for ((namespace, _, _), Seen { facts, .. }) in std::mem::take(&mut records.endpoints) {
        let Some(service) = facts.service else { continue };
        let of_service = endpoints.entry((namespace, service)).or_default();
        for endpoint in facts.endpoints {
            of_service.entry(endpoint.address).or_default().extend(endpoint.ports);
        }
    }
    let mut services: Vec<Service> = Vec::with_capacity(records.services.len());
    for (key, Seen { facts, origin }) in std::mem::take(&mut records.services) {
        let endpoints = endpoints.remove(&key).unwrap_or_default();
        let (namespace, name) = key;
        services.push(Service {
            namespace: ids[&namespace],
            name,
            labels: facts.labels,
            kind: facts.kind,
            selector: facts.selector,
            ports: facts.ports,
            addresses: facts.addresses,
            external_name: facts.external_name,
            keeps_client_address: facts.keeps_client_address,
            headless: facts.headless,
            endpoints: endpoints
                .into_iter()
                .map(|(address, ports)| Endpoint { address, ports: ports.into_iter().collect() })
                .collect(),
            origin,
        });
    }
    services.sort_by(|a, b| (a.namespace, &a.name).cmp(&(b.namespace, &b.name)));
    services
}
