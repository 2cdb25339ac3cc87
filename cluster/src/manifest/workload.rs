//! What is kept of pods and of the controllers that own them. A pod costs one look-up of its shape and a few bytes:
//! whom a shape belongs to in the end is found in `fold`, when every controller is known.

use std::hash::BuildHasher;
use std::net::IpAddr;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::cni;
use super::document::Place;
use super::object::{self, OwnerReference, PodSpec, Template};
use super::problem::Problem;
use super::record::{Records, contradiction, keep, named, placed, sorted};
use super::rules::Operator;
use super::scalar::{LabelMap, Obj};
use crate::inventory::{ContainerPort, Origin, Protocol, WorkloadKind};
use crate::labels::{Requirement, Text, is_volatile};

/// By what policies tell pods of one namespace apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PodFacts {
    /// Sorted, volatile ones left out.
    pub(super) labels: Vec<(Text, Text)>,
    pub(super) ports: Vec<ContainerPort>,
    pub(super) host_network: bool,
    pub(super) service_account: Text,
    pub(super) local_addresses: Vec<IpAddr>,
}

/// The controller of a pod, ReplicaSet or Job, as its owner references name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Owner {
    pub(super) kind: WorkloadKind,
    pub(super) name: Text,
}

#[derive(PartialEq, Eq)]
pub(super) struct Controller {
    pub(super) owner: Option<Owner>,
    pub(super) selector: Option<Vec<Requirement>>,
    pub(super) template: PodFacts,
    /// False where `replicas` is 0.
    pub(super) wants_pods: bool,
}

/// What pods of one owner have in common; there are few for many pods.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub(super) namespace: Text,
    pub(super) owner: Owner,
    /// The `pod-template-hash` of pods that a ReplicaSet owns.
    pub(super) template_hash: Option<Text>,
    pub(super) facts: PodFacts,
}

pub(super) struct ShapeUse {
    pub(super) pods: u32,
    /// The first in the order of places.
    pub(super) origin: Origin,
}

impl ShapeUse {
    fn meet_at(&mut self, origin: &Origin) {
        if *origin < self.origin {
            self.origin = origin.clone();
        }
    }
}

/// All pods that were read.
#[derive(Default)]
pub(super) struct Pods {
    pub(super) shapes: FxHashMap<Shape, u32>,
    pub(super) uses: Vec<ShapeUse>,
    by_name: FxHashMap<u64, u32>,
    /// The names of all pods in one piece, `namespace/name`.
    names: String,
    entries: Vec<Entry>,
    addresses: Vec<IpAddr>,
}

struct Entry {
    name: (usize, u32),
    /// [`FINISHED`] for a pod that runs no longer.
    shape: u32,
    addresses: (usize, u32),
    origin: Origin,
}

const FINISHED: u32 = u32::MAX;

impl Pods {
    /// Notes a pod, without a shape if it runs no longer; returns where it was read before, if it was another one then.
    fn keep(
        &mut self,
        name: &str,
        shape: Option<Shape>,
        addresses: &[IpAddr],
        origin: Origin,
    ) -> Option<Origin> {
        let shape = shape.map_or(FINISHED, |shape| self.position(shape, &origin));
        self.keep_of_shape(name, shape, addresses, origin)
    }

    fn keep_of_shape(
        &mut self,
        name: &str,
        shape: u32,
        addresses: &[IpAddr],
        origin: Origin,
    ) -> Option<Origin> {
        let mut hash = FxBuildHasher.hash_one(name);
        // Two names with one hash lie beside each other.
        while let Some(&position) = self.by_name.get(&hash) {
            let entry = &self.entries[position as usize];
            if self.name(entry) == name {
                if entry.shape != shape || self.addresses_of(entry) != addresses {
                    return Some(entry.origin.clone());
                }
                if let Some(known_use) = self.uses.get_mut(shape as usize) {
                    known_use.meet_at(&origin);
                }
                let known = &mut self.entries[position as usize].origin;
                if origin < *known {
                    *known = origin;
                }
                return None;
            }
            hash = hash.wrapping_add(1);
        }
        self.by_name.insert(hash, self.entries.len() as u32);
        if let Some(known_use) = self.uses.get_mut(shape as usize) {
            known_use.pods += 1;
            known_use.meet_at(&origin);
        }
        self.entries.push(Entry {
            name: (self.names.len(), name.len() as u32),
            shape,
            addresses: (self.addresses.len(), addresses.len() as u32),
            origin,
        });
        self.names.push_str(name);
        self.addresses.extend_from_slice(addresses);
        None
    }

    /// The position of a shape among `uses`; of a new one, with no pods yet.
    fn position(&mut self, shape: Shape, origin: &Origin) -> u32 {
        if let Some(known) = self.shapes.get(&shape) {
            return *known;
        }
        let new = self.uses.len() as u32;
        self.uses.push(ShapeUse { pods: 0, origin: origin.clone() });
        self.shapes.insert(shape, new);
        new
    }

    /// Takes over pods that were read elsewhere. `false` if one of them was read here too, and is another one.
    pub(super) fn absorb(&mut self, other: Pods) -> bool {
        if self.entries.is_empty() {
            *self = other;
            return true;
        }
        let mut positions = vec![FINISHED; other.uses.len()];
        for (shape, position) in other.shapes {
            let position = position as usize;
            positions[position] = self.position(shape, &other.uses[position].origin);
        }
        other.entries.into_iter().all(|entry| {
            let name = &other.names[entry.name.0..entry.name.0 + entry.name.1 as usize];
            let addresses =
                &other.addresses[entry.addresses.0..entry.addresses.0 + entry.addresses.1 as usize];
            let shape = positions.get(entry.shape as usize).copied().unwrap_or(FINISHED);
            self.keep_of_shape(name, shape, addresses, entry.origin).is_none()
        })
    }

    fn name(&self, entry: &Entry) -> &str {
        &self.names[entry.name.0..entry.name.0 + entry.name.1 as usize]
    }

    fn addresses_of(&self, entry: &Entry) -> &[IpAddr] {
        &self.addresses[entry.addresses.0..entry.addresses.0 + entry.addresses.1 as usize]
    }

    /// The addresses of the pods of each shape, in the order of `uses`.
    pub(super) fn addresses_by_shape(&self) -> Vec<Vec<IpAddr>> {
        let mut all = vec![Vec::new(); self.uses.len()];
        for entry in self.entries.iter().filter(|entry| entry.shape != FINISHED) {
            all[entry.shape as usize].extend_from_slice(self.addresses_of(entry));
        }
        all
    }
}

pub(super) fn pod(place: &mut Place<'_, '_>, object: object::Pod<'_>) {
    // The name of a pod is not interned: there is one for each.
    let Some((metadata, name)) = named(place, "Pod", &object.metadata) else { return };
    let records = place.records();
    let namespace = records.namespace(metadata.namespace.as_deref());
    let full_name = format!("{namespace}/{name}");
    let status = object.status.map(|Obj(status)| status).unwrap_or_default();
    if status.phase.is_some_and(|phase| matches!(&*phase, "Succeeded" | "Failed")) {
        let origin = place.origin();
        if let Some(earlier) = place.records().pods.keep(&full_name, None, &[], origin) {
            contradiction(place, "Pod", &full_name, &earlier);
        }
        return;
    }
    let facts = pod_facts(records, metadata.labels.as_ref(), object.spec.as_ref());
    let mut addresses: Vec<IpAddr> = status.pod_ip.and_then(|address| address.0.0).into_iter().collect();
    let more = status.pod_ips.into_iter().flatten();
    addresses.extend(more.filter_map(|Obj(address)| address.ip.and_then(|address| address.0.0)));
    let addresses = if facts.host_network { Vec::new() } else { sorted(addresses) };
    let owner = owner(records, metadata.owner_references.as_deref());
    let replica_set = owner.as_ref().is_some_and(|owner| owner.kind == WorkloadKind::ReplicaSet);
    let shape = Shape {
        namespace,
        template_hash: metadata
            .labels
            .iter()
            .flat_map(|labels| &labels.0)
            .find(|(key, _)| replica_set && key == "pod-template-hash")
            .map(|(_, hash)| records.text(hash)),
        owner: match owner {
            Some(owner) => owner,
            None => Owner { kind: WorkloadKind::Pod, name: name.into() },
        },
        facts,
    };
    let origin = place.origin();
    if let Some(earlier) = place.records().pods.keep(&full_name, Some(shape), &addresses, origin) {
        contradiction(place, "Pod", &full_name, &earlier);
    }
}

/// A DaemonSet is a workload like others, and may be what makes the cluster's network.
pub(super) fn daemon_set(place: &mut Place<'_, '_>, object: object::DaemonSet<'_>, version: &str) {
    cni::agent(place, &object);
    controller(place, object, WorkloadKind::DaemonSet, version);
}

pub(super) fn controller<T: Default>(
    place: &mut Place<'_, '_>,
    object: object::Controller<'_, T>,
    kind: WorkloadKind,
    version: &str,
) {
    let word = format!("{kind:?}");
    let Some((namespace, name, metadata)) = placed(place, &word, &object.metadata) else { return };
    let (selector, template, replicas) = match &object.spec {
        Some(Obj(spec)) => (spec.selector.as_ref(), spec.template.as_ref(), spec.replicas.as_ref()),
        None => (None, None, None),
    };
    let Some(template) = template else {
        let problem = Problem::new(format!("the `{word}` `{namespace}/{name}` has no `spec.template`"));
        return place.error(problem.help("if this is a patch, hand in what `kustomize build` prints"));
    };
    let records = place.records();
    let facts = template_facts(records, template);
    let selector = match selector {
        Some(Obj(selector)) => requirements(records, selector),
        // The API groups before `apps/v1` took the template's labels.
        None if version != "apps/v1" => facts
            .labels
            .iter()
            .map(|(key, value)| Requirement::In(key.clone(), vec![value.clone()]))
            .collect(),
        None => {
            let problem = Problem::new(format!("the `{word}` `{namespace}/{name}` has no `spec.selector`"));
            return place.error(problem.help("`apps/v1` demands one; if this is a patch, build it first"));
        }
    };
    if selector.is_empty() {
        let problem = Problem::new(format!("the selector of the `{word}` `{namespace}/{name}` is empty"));
        return place
            .error(problem.help("an empty selector would take every pod of the namespace for its own"));
    }
    if !selector.iter().all(|requirement| holds(requirement, &facts.labels)) {
        let problem =
            format!("the selector of the `{word}` `{namespace}/{name}` does not match its template");
        return place.error(
            Problem::new(problem).help("`spec.template.metadata.labels` must satisfy `spec.selector`"),
        );
    }
    let facts = Controller {
        owner: owner(records, metadata.owner_references.as_deref()),
        selector: Some(selector),
        template: facts,
        wants_pods: replicas.is_none_or(|replicas| replicas.0 != 0),
    };
    let full_name = format!("{namespace}/{name}");
    keep!(place, controllers, (namespace, name, kind), facts, &word, full_name);
}

pub(super) fn replication_controller(place: &mut Place<'_, '_>, object: object::OldController<'_>) {
    let word = "ReplicationController";
    let Some((namespace, name, metadata)) = placed(place, word, &object.metadata) else { return };
    let Some(Obj(spec)) = &object.spec else {
        return place.error(Problem::new(format!("the `{word}` `{namespace}/{name}` has no `spec`")));
    };
    let Some(template) = &spec.template else {
        return place
            .error(Problem::new(format!("the `{word}` `{namespace}/{name}` has no `spec.template`")));
    };
    let records = place.records();
    let template = template_facts(records, template);
    let labels = match &spec.selector {
        Some(selector) if !selector.0.is_empty() => {
            selector.0.iter().map(|(key, value)| (records.text(key), records.text(value))).collect()
        }
        _ => template.labels.clone(),
    };
    let selector = labels.into_iter().map(|(key, value)| Requirement::In(key, vec![value])).collect();
    let facts = Controller {
        owner: owner(records, metadata.owner_references.as_deref()),
        selector: Some(selector),
        template,
        wants_pods: spec.replicas.as_ref().is_none_or(|replicas| replicas.0 != 0),
    };
    let full_name = format!("{namespace}/{name}");
    let kind = WorkloadKind::Other(place.records().text(word));
    keep!(place, controllers, (namespace, name, kind), facts, word, full_name);
}

pub(super) fn job(place: &mut Place<'_, '_>, object: object::Job<'_>) {
    let template = object.spec.as_ref().and_then(|Obj(spec)| spec.template.as_ref());
    job_like(place, WorkloadKind::Job, &object.metadata, template, "spec.template");
}

pub(super) fn cron_job(place: &mut Place<'_, '_>, object: object::CronJob<'_>) {
    let job = object.spec.as_ref().and_then(|Obj(spec)| spec.job_template.as_ref());
    let job = job.and_then(|Obj(job)| job.spec.as_ref());
    let template = job.and_then(|Obj(spec)| spec.template.as_ref());
    job_like(place, WorkloadKind::CronJob, &object.metadata, template, "spec.jobTemplate.spec.template");
}

/// A controller that is known by its template's labels alone.
fn job_like(
    place: &mut Place<'_, '_>,
    kind: WorkloadKind,
    metadata: &Option<Obj<object::Metadata<'_>>>,
    template: Option<&Obj<Template<'_>>>,
    field: &str,
) {
    let word = format!("{kind:?}");
    let Some((namespace, name, metadata)) = placed(place, &word, metadata) else { return };
    let Some(template) = template else {
        return place.error(Problem::new(format!("the `{word}` `{namespace}/{name}` has no `{field}`")));
    };
    let records = place.records();
    let facts = Controller {
        owner: owner(records, metadata.owner_references.as_deref()),
        selector: None,
        template: template_facts(records, template),
        wants_pods: true,
    };
    let full_name = format!("{namespace}/{name}");
    keep!(place, controllers, (namespace, name, kind), facts, &word, full_name);
}

fn template_facts<T: Default>(records: &mut Records, Obj(template): &Obj<Template<'_, T>>) -> PodFacts {
    let labels = template.metadata.as_ref().and_then(|Obj(metadata)| metadata.labels.as_ref());
    pod_facts(records, labels, template.spec.as_ref())
}

fn pod_facts<T: Default>(
    records: &mut Records,
    labels: Option<&LabelMap<'_>>,
    spec: Option<&Obj<PodSpec<'_, T>>>,
) -> PodFacts {
    let labels = labels.iter().flat_map(|labels| &labels.0).filter(|(key, _)| !is_volatile(key));
    let labels = labels.map(|(key, value)| (records.text(key), records.text(value))).collect();
    let none = PodSpec::default();
    let spec = spec.map_or(&none, |Obj(spec)| spec);
    let account = [&spec.service_account_name, &spec.service_account];
    let account = account.into_iter().flatten().find(|account| !account.is_empty());
    let (mut ports, mut local_addresses) = (Vec::new(), Vec::new());
    let keeps_running = |container: &object::Container<'_, T>| {
        container.restart_policy.as_deref().is_some_and(|policy| policy == "Always")
    };
    let sidecars = spec.init_containers.iter().flatten().filter(|Obj(container)| keeps_running(container));
    for Obj(container) in spec.containers.iter().flatten().chain(sidecars) {
        ports.extend(container.ports.iter().flatten().map(|Obj(port)| ContainerPort {
            name: port.name.as_ref().filter(|name| !name.is_empty()).map(|name| records.text(name)),
            number: port.container_port.0,
            protocol: port.protocol.as_ref().map_or(Protocol::Tcp, |protocol| protocol.0),
        }));
        let words = container.command.iter().chain(&container.args).flatten().map(|word| &**word);
        add_local_addresses(&mut local_addresses, words);
    }
    PodFacts {
        labels,
        ports: sorted(ports),
        host_network: spec.host_network.as_ref().is_some_and(|flag| flag.0),
        service_account: records.text(account.map_or("default", |account| account)),
        local_addresses: sorted(local_addresses),
    }
}

/// The addresses after `-localip`, as the node-local DNS cache is told them. What is no address (the placeholders of
/// its manifest, say) is passed over: a command line has no schema.
fn add_local_addresses<'a>(addresses: &mut Vec<IpAddr>, words: impl Iterator<Item = &'a str>) {
    let mut follows = false;
    for word in words {
        let option =
            word.strip_prefix("--").or(word.strip_prefix('-')).and_then(|word| word.strip_prefix("localip"));
        let list = match option {
            Some("") => {
                follows = true;
                continue;
            }
            Some(value) => value.strip_prefix('='),
            None => Some(word).filter(|_| follows),
        };
        follows = false;
        let list = list.into_iter().flat_map(|list| list.split(','));
        addresses.extend(list.filter_map(|address| address.trim().parse::<IpAddr>().ok()));
    }
}

/// The controller among the owners. A node owns the pods that its kubelet runs by itself; it is none.
fn owner(records: &mut Records, references: Option<&[Obj<OwnerReference<'_>>]>) -> Option<Owner> {
    let references = references?;
    let controller =
        references.iter().find(|Obj(owner)| owner.controller.as_ref().is_some_and(|flag| flag.0));
    let Obj(owner) = match (controller, references) {
        (Some(controller), _) => controller,
        (None, [only]) => only,
        _ => return None,
    };
    let version = owner.api_version.as_deref();
    let group = version.map(|version| version.split_once('/').map_or("", |(group, _)| group));
    let is = |groups: &[&str]| group.is_none_or(|group| groups.contains(&group));
    let kind = match &*owner.kind {
        "Node" if is(&[""]) => return None,
        "Deployment" if is(&["apps", "extensions"]) => WorkloadKind::Deployment,
        "ReplicaSet" if is(&["apps", "extensions"]) => WorkloadKind::ReplicaSet,
        "DaemonSet" if is(&["apps", "extensions"]) => WorkloadKind::DaemonSet,
        "StatefulSet" if is(&["apps"]) => WorkloadKind::StatefulSet,
        "Job" if is(&["batch"]) => WorkloadKind::Job,
        "CronJob" if is(&["batch"]) => WorkloadKind::CronJob,
        other => WorkloadKind::Other(records.text(other)),
    };
    Some(Owner { kind, name: records.text(&owner.name) })
}

/// A selector as a list of requirements, sorted.
pub(super) fn requirements(records: &mut Records, selector: &object::Selector<'_>) -> Vec<Requirement> {
    let mut all = Vec::new();
    for (key, value) in selector.match_labels.iter().flat_map(|labels| &labels.0) {
        all.push(Requirement::In(records.text(key), vec![records.text(value)]));
    }
    for expression in selector.match_expressions.iter().flatten() {
        let key = records.text(&expression.key);
        let values = sorted(expression.values.iter().map(|value| records.text(value)).collect());
        all.push(match expression.operator {
            Operator::In => Requirement::In(key, values),
            Operator::NotIn => Requirement::NotIn(key, values),
            Operator::Exists => Requirement::Exists(key),
            Operator::DoesNotExist => Requirement::DoesNotExist(key),
        });
    }
    sorted(all)
}

/// Whether a template's labels satisfy a requirement. Volatile labels are not among them and count as satisfied.
fn holds(requirement: &Requirement, labels: &[(Text, Text)]) -> bool {
    let key = requirement.key();
    let value = labels.iter().find(|(other, _)| other == key).map(|(_, value)| value);
    is_volatile(key)
        || match requirement {
            Requirement::In(_, values) => value.is_some_and(|value| values.contains(value)),
            Requirement::NotIn(_, values) => value.is_none_or(|value| !values.contains(value)),
            Requirement::Exists(_) => value.is_some(),
            Requirement::DoesNotExist(_) => value.is_none(),
        }
}
