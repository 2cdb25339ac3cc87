//! Ends of flows as somebody who asks names them: workloads, services, namespaces, addresses, host names. Finds what of a
//! space they are; knows nothing of programs and policies.

use std::net::IpAddr;

use ipnet::IpNet;
use weir_cluster::Inventory;
use weir_cluster::flow::{AddressKind, Bits, Boundaries, Point, Space};
use weir_cluster::inventory::{AddressOwner, NamespaceId, ServiceId, WorkloadId, WorkloadKind};

use crate::address::AddressSet;
use crate::diagnostic::{Code, Diagnostic, listed, printable};
use crate::facts::Facts;
use crate::meaning;
use crate::resolve::names::{self, Named, Things};
use weir_grammar::ast::KindWord;

pub mod port;

/// One end of a flow.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Pods of a workload, a service, or both.
    Pods(Pods),
    Namespace(NamespaceId),
    Addresses(Vec<IpNet>),
    /// In lower case.
    Host(String),
    Nodes,
    ApiServer,
}

#[derive(Clone, Debug)]
pub struct Pods {
    /// As a sentence would name them.
    pub spelled: String,
    /// Classes of the inventory that policies can govern.
    pub classes: Bits,
    pub service: Option<ServiceId>,
    /// Whether a port may be one of the pods' own.
    pub is_workload: bool,
}

/// Words that may stand before a name.
const KINDS: [KindWord; 8] = [
    KindWord::Workload,
    KindWord::Service,
    KindWord::Deployment,
    KindWord::StatefulSet,
    KindWord::DaemonSet,
    KindWord::Job,
    KindWord::CronJob,
    KindWord::Pod,
];

/// Finds what somebody means, or says what may be meant.
pub fn parse(text: &str, facts: &Facts<'_>) -> Result<Asked, Box<Diagnostic>> {
    let text = text.trim();
    match text {
        "nodes" => return Ok(Asked::Nodes),
        "apiserver" => return Ok(Asked::ApiServer),
        "internet" => return Ok(Asked::Addresses(AddressSet::internet().networks())),
        _ => {}
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return of_address(address, facts);
    }
    if let Ok(net) = text.parse::<IpNet>() {
        return Ok(Asked::Addresses(vec![net.trunc()]));
    }
    let (word, name) = text.split_once(' ').map_or((None, text), |(word, name)| (Some(word), name.trim()));
    let kind = match word {
        None => None,
        Some("namespace") => {
            let found = facts.inventory.namespace(&unquoted(name));
            return found.map(Asked::Namespace).ok_or_else(|| unknown(name, facts));
        }
        Some(word) => match KINDS.into_iter().find(|kind| kind.word() == word) {
            Some(kind) => Some(kind),
            None => return Err(unknown(text, facts)),
        },
    };
    let (found, kind) = find(name, kind, facts);
    match found.as_slice() {
        [] if is_host(name) && kind.is_none() => Ok(Asked::Host(name.to_ascii_lowercase())),
        [] => Err(unknown(name, facts)),
        [one] => of_thing(*one, name, facts),
        several => {
            let candidates = names::candidates(facts.inventory, several);
            let message = format!("`{}` may be several things", printable(name));
            Err(asked_wrong(message).with_help(format!("ask for {}", listed(&candidates, "or"))).into())
        }
    }
}

/// Everything of a name: `web`, `shop/web`, `shop/deployment/web`.
fn find(name: &str, kind: Option<KindWord>, facts: &Facts<'_>) -> (Vec<Named>, Option<KindWord>) {
    let things = Things::of(facts.inventory);
    let parts: Vec<String> = name.split('/').map(unquoted).collect();
    let within = |namespace: &str, name: &str, kind| {
        let home = facts.inventory.namespace(namespace);
        home.map_or_else(Vec::new, |home| names::in_namespace(&things, home, name, kind))
    };
    match parts.as_slice() {
        [name] => (names::anywhere(&things, name, kind), kind),
        [namespace, name] => (within(namespace, name, kind), kind),
        [namespace, word, name] => {
            let of_kind = |named: &Named| match named {
                Named::Workload(id) | Named::Both(id, _) => kind_name(facts.inventory, *id) == *word,
                _ => false,
            };
            let workloads = within(namespace, name, Some(KindWord::Workload));
            (workloads.into_iter().filter(of_kind).collect(), Some(KindWord::Workload))
        }
        _ => (Vec::new(), kind),
    }
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).to_owned()
}

fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

fn of_address(address: IpAddr, facts: &Facts<'_>) -> Result<Asked, Box<Diagnostic>> {
    match facts.inventory.address_owner(address) {
        Some(AddressOwner::Pod(class)) if !facts.host_network.contains(class.0) => {
            let workload = facts.inventory.classes[class.index()].workload;
            Ok(Asked::Pods(Pods {
                spelled: names::spelled(facts.inventory, Named::Workload(workload), false),
                classes: Bits::from_iter([class.0]),
                service: None,
                is_workload: true,
            }))
        }
        Some(AddressOwner::Service(service)) => {
            of_thing(Named::Service(service), &address.to_string(), facts)
        }
        _ => Ok(Asked::Addresses(vec![IpNet::from(address)])),
    }
}

fn of_thing(named: Named, asked: &str, facts: &Facts<'_>) -> Result<Asked, Box<Diagnostic>> {
    let inventory = facts.inventory;
    let (classes, service, is_workload): (Bits, _, _) = match named {
        Named::Namespace(id) => return Ok(Asked::Namespace(id)),
        Named::Workload(id) => (classes(inventory, id), None, true),
        Named::Both(id, service) => (classes(inventory, id), Some(service), true),
        Named::Service(id) => {
            if facts.api_server() == Some(id) {
                return Ok(Asked::ApiServer);
            }
            let Some(pods) = names::service_pods(inventory, id) else {
                let message = format!("the service `{}` has no pods of its own", printable(asked));
                let said = asked_wrong(message);
                return Err(match &inventory.services[id.index()].external_name {
                    Some(host) => said.with_help(format!("ask for the host name it stands for, `{host}`")),
                    None => said.with_help("ask for the addresses behind it"),
                }
                .into());
            };
            (pods.classes(inventory), Some(id), false)
        }
    };
    let spelled = names::spelled(inventory, named, false);
    let governed = &classes - &facts.host_network;
    if governed.is_empty() {
        return Err(match classes.is_empty() {
            true => asked_wrong(format!("`{spelled}` has no pods, today or by a template"))
                .with_help("give the inventory of what it selects"),
            false => asked_wrong(format!(
                "`{spelled}` runs on the network of its nodes, where no policy governs it"
            ))
            .with_help("ask for `nodes`: that is what policies see of it"),
        }
        .into());
    }
    Ok(Asked::Pods(Pods { spelled, classes: governed, service, is_workload }))
}

fn classes(inventory: &Inventory, id: WorkloadId) -> Bits {
    inventory.workloads[id.index()].classes.iter().map(|class| class.0).collect()
}

/// A question that cannot be answered.
pub(crate) fn asked_wrong(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::E0704, message)
}

fn unknown(name: &str, facts: &Facts<'_>) -> Box<Diagnostic> {
    let inventory = facts.inventory;
    let said = asked_wrong(format!("nothing of the inventory is called `{}`", printable(name)));
    let mut names: Vec<String> = inventory.namespaces.iter().map(|one| one.name.to_string()).collect();
    let qualified = |namespace: NamespaceId, name: &str| {
        format!("{}/{name}", inventory.namespaces[namespace.index()].name)
    };
    let things = inventory.workloads.iter().map(|one| (one.namespace, &one.name));
    for (namespace, thing) in things.chain(inventory.services.iter().map(|one| (one.namespace, &one.name))) {
        names.push(qualified(namespace, thing));
        if !name.contains('/') {
            names.push(thing.to_string());
        }
    }
    names.sort_unstable();
    names.dedup();
    let near = names::nearest(name, names.iter().map(String::as_str));
    match near.as_slice() {
        [] => said.with_help(
            "a workload or service is written `shop/web`, a namespace `shop`; others are addresses, host names, `nodes`, `internet` and `apiserver`",
        ),
        near => said.with_help(format!("did you mean {}?", listed(near, "or"))),
    }
    .into()
}

/// The kind of a workload as part of its name: `deployment`.
pub(crate) fn kind_name(inventory: &Inventory, id: WorkloadId) -> String {
    match &inventory.workloads[id.index()].kind {
        WorkloadKind::Deployment => "deployment".to_owned(),
        WorkloadKind::StatefulSet => "statefulset".to_owned(),
        WorkloadKind::DaemonSet => "daemonset".to_owned(),
        WorkloadKind::ReplicaSet => "replicaset".to_owned(),
        WorkloadKind::Job => "job".to_owned(),
        WorkloadKind::CronJob => "cronjob".to_owned(),
        WorkloadKind::Pod => "pod".to_owned(),
        WorkloadKind::Other(kind) => kind.to_ascii_lowercase(),
    }
}

impl Asked {
    /// Where a space has to be cut so that this end is points of it.
    pub fn cut(&self, boundaries: &mut Boundaries) {
        match self {
            Asked::Addresses(nets) => boundaries.cidrs.extend(nets),
            Asked::Host(host) => boundaries.hosts.push(meaning::host_pattern(host)),
            Asked::Pods(_) | Asked::Namespace(_) | Asked::Nodes | Asked::ApiServer => {}
        }
    }

    pub fn points(&self, space: &Space, facts: &Facts<'_>) -> Bits {
        let holds = |point: &Point| match (self, point) {
            (Asked::Pods(pods), Point::Pod(pod)) => {
                pod.class.is_some_and(|class| pods.classes.contains(class.0))
            }
            (Asked::Namespace(id), Point::Pod(pod)) => *pod.namespace == *facts.namespace_name(*id),
            (Asked::Addresses(nets), Point::Address(address)) => {
                address.host.is_none()
                    && !is_unknown_server(point, facts)
                    && nets.iter().any(|net| net.contains(&address.first))
            }
            (Asked::Host(host), Point::Address(address)) => {
                address.host.as_ref().is_some_and(|known| **known == **host)
            }
            (Asked::Nodes, Point::Address(address)) => address.kind == AddressKind::Node,
            (Asked::ApiServer, Point::Address(address)) => address.api_server,
            _ => false,
        };
        (0u32..).zip(&space.points).filter(|(_, point)| holds(point)).map(|(at, _)| at).collect()
    }

    /// As a sentence would name it.
    pub fn spelled(&self, facts: &Facts<'_>) -> String {
        match self {
            Asked::Pods(pods) => pods.spelled.clone(),
            Asked::Namespace(id) => names::spelled(facts.inventory, Named::Namespace(*id), false),
            Asked::Addresses(nets) if *nets == AddressSet::internet().networks() => "internet".to_owned(),
            Asked::Addresses(nets) => {
                let single = |net: &IpNet| net.prefix_len() == net.max_prefix_len();
                let word = |net: &IpNet| if single(net) { net.addr().to_string() } else { net.to_string() };
                nets.iter().map(word).collect::<Vec<_>>().join(", ")
            }
            Asked::Host(host) => host.clone(),
            Asked::Nodes => "nodes".to_owned(),
            Asked::ApiServer => "apiserver".to_owned(),
        }
    }
}

/// Whether a point is the API server whose address nobody knows.
pub(crate) fn is_unknown_server(point: &Point, facts: &Facts<'_>) -> bool {
    matches!(point, Point::Address(address) if address.api_server && address.host.is_none())
        && facts.api_server_addresses().is_empty()
}
