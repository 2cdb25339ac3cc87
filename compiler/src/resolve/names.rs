//! From a name to the one thing it denotes: workloads, services and namespaces, with the nearest names where it
//! denotes none and every candidate where it denotes several.

use std::sync::OnceLock;

use weir_cluster::Inventory;
use weir_cluster::inventory::{NamespaceId, ServiceId, WorkloadId, WorkloadKind};
use weir_cluster::labels::Labels;
use weir_grammar::ast::KindWord;
use weir_grammar::format::{after_slash, quoted};

use crate::selector::{self, Conjunction, Constraint, Constraints, Key, PodSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    Workload(WorkloadId),
    Service(ServiceId),
    /// A workload and a service of one name that select the same pods.
    Both(WorkloadId, ServiceId),
    Namespace(NamespaceId),
}

/// The sets of pods that things are called by, made when they are first asked for, and one and the same from then on.
pub struct Things<'a> {
    inventory: &'a Inventory,
    namespaces: Vec<OnceLock<PodSet>>,
    workloads: Vec<OnceLock<Option<PodSet>>>,
    services: Vec<OnceLock<Option<PodSet>>>,
    /// Of each service, whether the one workload of its name selects the same pods.
    twins: Vec<OnceLock<bool>>,
}

impl<'a> Things<'a> {
    pub fn of(inventory: &'a Inventory) -> Things<'a> {
        Things {
            inventory,
            namespaces: vec![OnceLock::new(); inventory.namespaces.len()],
            workloads: vec![OnceLock::new(); inventory.workloads.len()],
            services: vec![OnceLock::new(); inventory.services.len()],
            twins: vec![OnceLock::new(); inventory.services.len()],
        }
    }

    pub fn namespace_pods(&self, id: NamespaceId) -> &PodSet {
        let name = &self.inventory.namespaces[id.index()].name;
        self.namespaces[id.index()].get_or_init(|| PodSet::namespace(name))
    }

    pub fn workload_pods(&self, id: WorkloadId) -> Option<&PodSet> {
        self.workloads[id.index()].get_or_init(|| workload_pods(self.inventory, id)).as_ref()
    }

    pub fn service_pods(&self, id: ServiceId) -> Option<&PodSet> {
        self.services[id.index()].get_or_init(|| service_pods(self.inventory, id)).as_ref()
    }

    /// Whether a service and the only workload of its name and namespace select the same pods.
    fn are_twins(&self, workload: WorkloadId, service: ServiceId) -> bool {
        let same = || match (self.workload_pods(workload), self.service_pods(service)) {
            (Some(workload), Some(service)) => {
                workload == service || workload.classes(self.inventory) == service.classes(self.inventory)
            }
            _ => false,
        };
        *self.twins[service.index()].get_or_init(same)
    }
}

/// Everything of that name in one namespace that `kind` admits.
pub fn in_namespace(
    things: &Things<'_>,
    namespace: NamespaceId,
    name: &str,
    kind: Option<KindWord>,
) -> Vec<Named> {
    let inventory = things.inventory;
    let workloads: Vec<WorkloadId> = inventory
        .workloads_in(namespace, name)
        .iter()
        .copied()
        .filter(|workload| admits(kind, &inventory.workloads[workload.index()].kind))
        .collect();
    let service = match kind {
        None | Some(KindWord::Service) => inventory.service_in(namespace, name),
        _ => None,
    };
    if let ([workload], Some(service)) = (workloads.as_slice(), service)
        && things.are_twins(*workload, service)
    {
        return vec![Named::Both(*workload, service)];
    }
    workloads.into_iter().map(Named::Workload).chain(service.map(Named::Service)).collect()
}

/// Everything of that name in the cluster.
pub fn anywhere(things: &Things<'_>, name: &str, kind: Option<KindWord>) -> Vec<Named> {
    let inventory = things.inventory;
    let mut homes: Vec<NamespaceId> = inventory
        .workloads_named(name)
        .iter()
        .map(|workload| inventory.workloads[workload.index()].namespace)
        .chain(
            inventory
                .services_named(name)
                .iter()
                .map(|service| inventory.services[service.index()].namespace),
        )
        .collect();
    homes.sort_unstable();
    homes.dedup();
    let mut found: Vec<Named> =
        homes.into_iter().flat_map(|home| in_namespace(things, home, name, kind)).collect();
    if kind.is_none() {
        found.extend(inventory.namespace(name).map(Named::Namespace));
    }
    found
}

fn admits(word: Option<KindWord>, kind: &WorkloadKind) -> bool {
    match word {
        None | Some(KindWord::Workload) => true,
        Some(KindWord::Deployment) => *kind == WorkloadKind::Deployment,
        Some(KindWord::StatefulSet) => *kind == WorkloadKind::StatefulSet,
        Some(KindWord::DaemonSet) => *kind == WorkloadKind::DaemonSet,
        Some(KindWord::Job) => *kind == WorkloadKind::Job,
        Some(KindWord::CronJob) => *kind == WorkloadKind::CronJob,
        Some(KindWord::Pod) => *kind == WorkloadKind::Pod,
        Some(KindWord::Service | KindWord::ServiceAccount) => false,
    }
}

fn in_this(inventory: &Inventory, namespace: NamespaceId, pods: Constraints) -> PodSet {
    let name = inventory.namespaces[namespace.index()].name.clone();
    PodSet::of(Conjunction {
        namespaces: Constraints::one(Key::namespace_name(), Constraint::is(name)),
        pods,
    })
}

/// The pods that a workload's selector, or else its labels, select; `None` where it has neither.
pub fn workload_pods(inventory: &Inventory, id: WorkloadId) -> Option<PodSet> {
    let workload = &inventory.workloads[id.index()];
    let pods = match &workload.selector {
        Some(requirements) => selector::constraints(requirements)?,
        None => selector::equalities(workload.labels.iter()),
    };
    (!pods.is_empty()).then(|| in_this(inventory, workload.namespace, pods))
}

/// The pods that a service selects; `None` for one without selector.
pub fn service_pods(inventory: &Inventory, id: ServiceId) -> Option<PodSet> {
    let service = &inventory.services[id.index()];
    let selector: &Labels = service.selector.as_ref()?;
    Some(in_this(inventory, service.namespace, selector::equalities(selector.iter())))
}

/// A thing spelled so that it can mean nothing else. Of several things in one namespace, with their kinds.
pub fn spelled(inventory: &Inventory, named: Named, with_kind: bool) -> String {
    let qualified = |namespace: NamespaceId, name: &str, bare: bool| {
        let namespace = &inventory.namespaces[namespace.index()].name;
        let namespace = if bare { quoted(namespace) } else { after_slash(namespace) };
        format!("{namespace}/{}", after_slash(name))
    };
    match named {
        Named::Workload(id) | Named::Both(id, _) => {
            let workload = &inventory.workloads[id.index()];
            let twins = inventory.workloads_in(workload.namespace, &workload.name).len() > 1;
            match (with_kind, kind_word(&workload.kind)) {
                (true, Some(word)) if twins => {
                    format!("{word} {}", qualified(workload.namespace, &workload.name, false))
                }
                (true, _) => format!("workload {}", qualified(workload.namespace, &workload.name, false)),
                (false, _) => qualified(workload.namespace, &workload.name, true),
            }
        }
        Named::Service(id) => {
            let service = &inventory.services[id.index()];
            match with_kind {
                true => format!("service {}", qualified(service.namespace, &service.name, false)),
                false => qualified(service.namespace, &service.name, true),
            }
        }
        Named::Namespace(id) => format!("namespace {}", after_slash(&inventory.namespaces[id.index()].name)),
    }
}

pub(crate) fn kind_word(kind: &WorkloadKind) -> Option<&'static str> {
    Some(match kind {
        WorkloadKind::Deployment => KindWord::Deployment.word(),
        WorkloadKind::StatefulSet => KindWord::StatefulSet.word(),
        WorkloadKind::DaemonSet => KindWord::DaemonSet.word(),
        WorkloadKind::Job => KindWord::Job.word(),
        WorkloadKind::CronJob => KindWord::CronJob.word(),
        WorkloadKind::Pod => KindWord::Pod.word(),
        WorkloadKind::ReplicaSet | WorkloadKind::Other(_) => return None,
    })
}

/// Every candidate, spelled as it would be written out: with its kind where its namespace has two of the name.
pub fn candidates(inventory: &Inventory, found: &[Named]) -> Vec<String> {
    let home = |named: &Named| match named {
        Named::Workload(id) | Named::Both(id, _) => Some(inventory.workloads[id.index()].namespace),
        Named::Service(id) => Some(inventory.services[id.index()].namespace),
        Named::Namespace(_) => None,
    };
    let crowded = |named: &Named| found.iter().filter(|other| home(other) == home(named)).count() > 1;
    found.iter().map(|named| spelled(inventory, *named, crowded(named))).collect()
}

/// The names nearest to a misspelt one, best first, at most three.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let most = (wrong.chars().count() / 3).max(1);
    let letters = Letters::of(wrong);
    let mut near: Vec<(usize, &str)> = names
        .into_iter()
        .filter(|name| name.len().abs_diff(wrong.len()) <= most || name.starts_with(wrong))
        // Of thousands of names few share enough letters to be worth a closer look.
        .filter(|name| letters.apart(&Letters::of(name)) <= most || name.starts_with(wrong))
        .map(|name| (distance(wrong, name), name))
        .filter(|(distance, _)| *distance <= most)
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

/// How often letters occur in a name, some of them counted as one.
struct Letters([u8; 32]);

impl Letters {
    fn of(name: &str) -> Letters {
        let mut counts = [0_u8; 32];
        for c in name.chars() {
            let count = &mut counts[(c as u32 % 32) as usize];
            *count = count.saturating_add(1);
        }
        Letters(counts)
    }

    /// At least so many edits are between two names: each takes a letter, adds one, or puts one in the place of another.
    fn apart(&self, other: &Letters) -> usize {
        let pairs = self.0.iter().zip(&other.0);
        let (more, less) = pairs.fold((0_usize, 0_usize), |(more, less), (own, theirs)| {
            (more + usize::from(own.saturating_sub(*theirs)), less + usize::from(theirs.saturating_sub(*own)))
        });
        more.max(less)
    }
}

/// Edits between two names; a name that only goes on (`cart` for `cartservice`) is near as well.
fn distance(wrong: &str, name: &str) -> usize {
    let edits = strsim::damerau_levenshtein(wrong, name);
    let continued = wrong.len() >= 3 && name.starts_with(wrong);
    if continued { edits.min(1) } else { edits }
}
