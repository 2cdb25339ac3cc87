//! Workloads, services and namespaces: what they are today, what guards them, and who may reach them.

use std::collections::BTreeSet;

use roaring::RoaringBitmap as Bits;
use weir_cluster::inventory::{
    ContainerPort, NamespaceId, Origin, Protocol, Service, ServiceId, ServicePort, TargetPort, WorkloadId,
};
use weir_cluster::labels::{Labels, NAMESPACE_NAME, Requirement};

use crate::asked::kind_name;
use crate::ide::peers::{Asked, ports_spoken, spoken};
use crate::ide::say::{self, code};
use crate::ide::{Desk, Way};
use crate::resolve::names::{self, Named};
use crate::selector::PodSet;

/// So many peers, labels and ports are told one by one.
const MOST: usize = 8;
/// So many of the sentences that guard.
const GUARDS: usize = 3;

pub(super) fn of(desk: &Desk<'_>, named: Named) -> Option<String> {
    let inventory = desk.facts().inventory;
    let name = code(&names::spelled(inventory, named, false));
    let mut lines = Vec::new();
    let (what, classes) = match named {
        Named::Namespace(id) => return of_namespace(desk, id),
        Named::Workload(id) => (kind_name(inventory, id), workload(desk, id, &mut lines)?),
        Named::Service(id) => {
            let pods = names::service_pods(inventory, id);
            let classes = pods.map(|pods| pods.classes(inventory)).unwrap_or_default();
            service(desk, id, &classes, &mut lines)?;
            ("service".to_owned(), classes)
        }
        Named::Both(workload_id, service_id) => {
            let classes = workload(desk, workload_id, &mut lines)?;
            service(desk, service_id, &classes, &mut lines)?;
            (format!("{} and service", kind_name(inventory, workload_id)), classes)
        }
    };
    if !classes.is_empty() {
        guarded(desk, &classes, &mut lines);
        reached(desk, &classes, &mut lines);
    }
    let origin = match named {
        Named::Workload(id) | Named::Both(id, _) => &inventory.workloads.get(id.index())?.origin,
        Named::Service(id) => &inventory.services.get(id.index())?.origin,
        Named::Namespace(_) => return None,
    };
    lines.push(format!("read in {}", code(&manifest(origin))));
    let pods: u64 = classes
        .iter()
        .filter_map(|at| inventory.classes.get(at as usize))
        .map(|one| u64::from(one.pods))
        .sum();
    let pods = if pods == 0 { String::new() } else { format!(", {}", say::count(pods, "pod")) };
    Some(page(&format!("{name}: {what}{pods}"), &lines))
}

fn page(title: &str, lines: &[String]) -> String {
    let mut text = format!("{title}\n");
    lines.iter().for_each(|line| text += &format!("\n- {line}"));
    text
}

fn manifest(origin: &Origin) -> String {
    match origin.line {
        0 => origin.file.to_string(),
        line => format!("{}:{line}", origin.file),
    }
}

fn labels(labels: &Labels) -> Option<String> {
    let own = labels.iter().filter(|(key, _)| &***key != NAMESPACE_NAME);
    let words: Vec<String> = own.map(|(key, value)| format!("`{key}={value}`")).collect();
    (!words.is_empty()).then(|| format!("labels: {}", say::capped(&words, MOST)))
}

fn requirement(requirement: &Requirement) -> String {
    let list = |values: &[weir_cluster::labels::Text]| {
        values.iter().map(|value| value.as_ref()).collect::<Vec<&str>>().join(", ")
    };
    match requirement {
        Requirement::In(key, values) if values.len() == 1 => format!("`{key}={}`", list(values)),
        Requirement::In(key, values) => format!("`{key} in ({})`", list(values)),
        Requirement::NotIn(key, values) => format!("`{key} notin ({})`", list(values)),
        Requirement::Exists(key) => format!("`{key}`"),
        Requirement::DoesNotExist(key) => format!("`!{key}`"),
    }
}

/// With the classes of its pods.
fn workload(desk: &Desk<'_>, id: WorkloadId, lines: &mut Vec<String>) -> Option<Bits> {
    let inventory = desk.facts().inventory;
    let workload = inventory.workloads.get(id.index())?;
    lines.extend(labels(&workload.labels));
    if let Some(selector) = workload.selector.as_ref().filter(|selector| !selector.is_empty()) {
        let words: Vec<String> = selector.iter().map(requirement).collect();
        lines.push(format!("selector: {}", say::capped(&words, MOST)));
    }
    let classes: Bits = workload.classes.iter().map(|class| class.0).collect();
    let of_pods = || classes.iter().filter_map(|at| inventory.classes.get(at as usize));
    let ports: BTreeSet<&ContainerPort> = of_pods().flat_map(|class| &class.ports).collect();
    let mut ports: Vec<&ContainerPort> = ports.into_iter().collect();
    ports.sort_by_key(|port| (port.number, port.protocol));
    if !ports.is_empty() {
        let word = |port: &&ContainerPort| {
            let name = port.name.as_ref().map(|name| format!("{name} ")).unwrap_or_default();
            format!("`{name}{}`", number(port.number, port.protocol))
        };
        let words: Vec<String> = ports.iter().map(word).collect();
        lines.push(format!("ports of its pods: {}", say::capped(&words, MOST)));
    }
    let accounts: BTreeSet<&str> = of_pods()
        .map(|class| class.service_account.as_ref())
        .filter(|account| *account != "default")
        .collect();
    let accounts: Vec<String> = accounts.into_iter().map(code).collect();
    if !accounts.is_empty() {
        lines.push(format!("service account: {}", say::capped(&accounts, MOST)));
    }
    if workload.host_network {
        lines.push("on the host network: no policy governs its pods".to_owned());
    }
    Some(classes)
}

pub(super) fn number(number: u16, protocol: Protocol) -> String {
    let word = match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
    };
    format!("{number}/{word}")
}

fn service(desk: &Desk<'_>, id: ServiceId, classes: &Bits, lines: &mut Vec<String>) -> Option<()> {
    let service = desk.facts().inventory.services.get(id.index())?;
    if let Some(selector) = &service.selector {
        let words: Vec<String> = selector.iter().map(|(key, value)| format!("`{key}={value}`")).collect();
        let line = format!("selector: {}", say::capped(&words, MOST));
        if !words.is_empty() && !lines.contains(&line) {
            lines.push(line.replacen("selector", "selector of the service", 1));
        }
    }
    let words: Vec<String> =
        service.ports.iter().map(|port| service_port(desk, service, port, classes)).collect();
    if !words.is_empty() {
        lines.push(format!("service ports: {}", say::capped(&words, MOST)));
    }
    if let Some(host) = &service.external_name {
        lines.push(format!("stands for the host {}", code(host)));
    }
    if service.headless {
        lines.push("headless: its name leads to the pods themselves".to_owned());
    }
    Some(())
}

/// `http 80 → 8080/tcp`
pub(super) fn service_port(desk: &Desk<'_>, service: &Service, port: &ServicePort, classes: &Bits) -> String {
    let name = port.name.as_ref().map(|name| format!("{name} ")).unwrap_or_default();
    if service.headless {
        return format!("`{name}{}`", number(port.port, port.protocol));
    }
    let target = match &port.target {
        TargetPort::Number(target) => number(*target, port.protocol),
        TargetPort::Name(target) => {
            let inventory = desk.facts().inventory;
            let of_pods = classes.iter().filter_map(|at| inventory.classes.get(at as usize));
            let declared = of_pods.flat_map(|class| &class.ports);
            let own =
                declared.filter(|one| one.name.as_ref() == Some(target) && one.protocol == port.protocol);
            let numbers: BTreeSet<u16> = own.map(|port| port.number).collect();
            match (numbers.len(), numbers.first()) {
                (1, Some(only)) => number(*only, port.protocol),
                (0, _) => format!("{target}, which no pod declares"),
                _ => target.to_string(),
            }
        }
    };
    match target == number(port.port, port.protocol) {
        true => format!("`{name}{target}`"),
        false => format!("`{name}{} → {target}`", port.port),
    }
}

/// Which sentences guard pods, each way.
fn guarded(desk: &Desk<'_>, classes: &Bits, lines: &mut Vec<String>) {
    let Some(peers) = desk.peers() else { return };
    let facts = desk.facts();
    let governed = classes - &facts.host_network;
    if governed.is_empty() {
        return;
    }
    let mut words = Vec::new();
    for (way, word) in [(Way::Incoming, "ingress"), (Way::Outgoing, "egress")] {
        let closed = peers.closed(way);
        if governed.is_disjoint(closed) {
            words.push(format!("not guarded for {word}"));
            continue;
        }
        let mut places = Vec::new();
        for (guard, sentence) in peers.guards() {
            let closes = match way {
                Way::Incoming => guard.ingress,
                Way::Outgoing => guard.egress,
            };
            if closes && !facts.ground(&guard.pods).is_disjoint(&governed) {
                places.push(sentence.origin.applied.last().copied().unwrap_or(sentence.place));
            }
        }
        places.sort_unstable();
        places.dedup();
        let said: Vec<String> =
            places.iter().take(GUARDS).map(|place| code(&say::place(desk.workspace, *place))).collect();
        let more = places.len().saturating_sub(GUARDS);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let some = if governed.is_subset(closed) { "" } else { "some of them " };
        words.push(format!("{some}guarded for {word} by {}{more}", said.join(", ")));
    }
    match words.as_slice() {
        [first, second] if first.starts_with("not ") && second.starts_with("not ") => {
            lines.push("not guarded".to_owned());
        }
        [first, second] => match (first.split_once(" by "), second.split_once(" by ")) {
            (Some((_, a)), Some((some, b))) if a == b && some.starts_with("guarded") => {
                lines.push(format!("guarded both ways by {a}"));
            }
            _ => lines.push(format!("{first}, {second}")),
        },
        _ => {}
    }
}

/// Who is at the other end, in short.
fn reached(desk: &Desk<'_>, classes: &Bits, lines: &mut Vec<String>) {
    let asked = Asked { span: weir_grammar::Span::default(), classes: classes.clone(), others: Vec::new() };
    let governed = classes - &desk.facts().host_network;
    if governed.is_empty() {
        return;
    }
    for way in [Way::Incoming, Way::Outgoing] {
        let Some(found) = asked.peers(desk, way) else { return };
        let count = found.peers.len();
        let words: Vec<String> = found
            .peers
            .iter()
            .take(MOST)
            .map(|(peer, open)| format!("{} ({})", code(&spoken(peer, desk.facts())), ports_spoken(open)))
            .collect();
        let more = match count.saturating_sub(MOST) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let list = format!("{}{more}", words.join(", "));
        lines.push(match (way, found.unguarded, count) {
            (Way::Incoming, true, _) => "everyone may reach this".to_owned(),
            (Way::Outgoing, true, _) => "this may reach everyone".to_owned(),
            (Way::Incoming, false, 0) => "nobody may reach this".to_owned(),
            (Way::Outgoing, false, 0) => "this may reach nobody".to_owned(),
            (Way::Incoming, false, _) => format!("{count} may reach this: {list}"),
            (Way::Outgoing, false, _) => format!("this may reach {count}: {list}"),
        });
    }
}

pub(super) fn of_namespace(desk: &Desk<'_>, id: NamespaceId) -> Option<String> {
    let inventory = desk.facts().inventory;
    let namespace = inventory.namespaces.get(id.index())?;
    let mut lines: Vec<String> = labels(&namespace.labels).into_iter().collect();
    let workloads = say::count(inventory.workloads_of(id).len() as u64, "workload");
    let services = say::count(inventory.services_of(id).len() as u64, "service");
    let classes: Bits = PodSet::namespace(&namespace.name).classes(inventory);
    let pods: u64 = classes
        .iter()
        .filter_map(|at| inventory.classes.get(at as usize))
        .map(|one| u64::from(one.pods))
        .sum();
    let pods = if pods == 0 { String::new() } else { format!("{}, ", say::count(pods, "pod")) };
    lines.push(format!("{pods}{workloads}, {services}"));
    guarded(desk, &classes, &mut lines);
    if let Some(origin) = &namespace.origin {
        lines.push(format!("read in {}", code(&manifest(origin))));
    }
    Some(page(&format!("{}: namespace", code(&namespace.name)), &lines))
}
