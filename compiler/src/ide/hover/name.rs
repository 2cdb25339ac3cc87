//! A name: what it stands for, and what that is in the cluster today.

use std::collections::BTreeMap;
use std::fmt::Write;

use roaring::RoaringBitmap as Bits;
use weir_cluster::inventory::Origin;
use weir_grammar::Span;
use weir_grammar::ast::Address;

use crate::address::AddressSet;
use crate::ide::completion::documentation;
use crate::ide::peers::{Asked, ports_spoken, spoken};
use crate::ide::symbol::Symbol;
use crate::ide::{Desk, Way};
use crate::resolve::names::{self, Named};
use crate::resolve::pattern;
use crate::resolve::program::Ends;
use crate::source::Place;

/// So many are named; more are counted.
const MOST: usize = 8;

pub(super) fn of(desk: &Desk<'_>, symbol: &Symbol, at: Span) -> Option<String> {
    let inventory = desk.facts().inventory;
    let source = |place: &Place| desk.workspace.sources.get(place.file);
    match symbol {
        Symbol::Let(place) => {
            let source = source(place);
            let mut text = documentation(desk, &format!("let {} {}", source.name, word(source, *place)))?;
            text += &of_set(desk, place, at);
            Some(text)
        }
        Symbol::Policy(place) => {
            let source = source(place);
            documentation(desk, &format!("policy {} {}", source.name, word(source, *place)))
        }
        Symbol::Param(place) => {
            let name = word(source(place), *place);
            Some(format!(
                "parameter `{name}`\n\nIt stands for what is handed over where the policy is applied."
            ))
        }
        Symbol::Module(file) => {
            documentation(desk, &format!("module {}", desk.workspace.sources.get(*file).name))
        }
        Symbol::Thing(named) => Some(of_thing(desk, *named)),
        Symbol::Namespace(id) => {
            let namespace = inventory.namespaces.get(id.index())?;
            let mut text = documentation(desk, &format!("namespace {}", namespace.name))?;
            let classes: Bits = namespace.classes.clone().collect();
            let _ = write!(text, ", pods: {}", pods(desk, &classes));
            text += &guards(desk, &classes);
            text += &defined(namespace.origin.as_ref());
            Some(text)
        }
        Symbol::Label { of_namespaces, key, value } => {
            Some(of_label(desk, *of_namespaces, key, value.as_deref()))
        }
        Symbol::Builtin(builtin) => documentation(desk, &format!("word {}", builtin.word())),
        Symbol::ServiceAccount { namespace, name } => {
            let home = namespace.as_deref().and_then(|home| inventory.namespace(home));
            let runs = inventory.classes.iter().filter(|class| {
                class.service_account.as_ref() == name && home.is_none_or(|home| class.namespace == home)
            });
            let count: u32 = runs.clone().map(|class| class.pods).sum();
            let mut workloads: Vec<_> = runs.map(|class| class.workload).collect();
            workloads.sort_unstable();
            workloads.dedup();
            Some(format!("service account `{name}`\n\nworkloads: {}, pods: {count}", workloads.len()))
        }
        Symbol::Cluster(name) => {
            let cluster = desk.workspace.project()?.clusters.iter().find(|cluster| cluster.name == *name)?;
            let mut text = format!("cluster `{name}` of `weir.toml`");
            if let Some(target) = cluster.target {
                let _ = write!(text, "\n\ntarget: {}", target.name());
            }
            for (key, value) in &cluster.labels {
                let _ = write!(text, "\n\nlabel `{key}={value}`");
            }
            Some(text)
        }
    }
}

fn word(source: &crate::source::Source, place: Place) -> String {
    source.text.get(place.span.range()).unwrap_or_default().trim_matches('"').to_owned()
}

/// What a `let` denotes today, where it is used or defined.
fn of_set(desk: &Desk<'_>, place: &Place, at: Span) -> String {
    let used = desk.readings().set(at).map(|parts| Asked::of_parts(at, parts, desk.facts()));
    let defined =
        || (place.file == desk.file).then(|| crate::ide::peers::asked_at(desk, place.span.start)).flatten();
    match used.or_else(defined) {
        Some(asked) if !asked.classes.is_empty() => {
            let workloads: Vec<String> = asked
                .workloads(desk.facts())
                .into_iter()
                .map(|id| names::spelled(desk.facts().inventory, Named::Workload(id), false))
                .collect();
            format!("\n\ntoday: {}, of {}", pods_counted(pods(desk, &asked.classes)), listed(&workloads))
        }
        _ => String::new(),
    }
}

fn of_thing(desk: &Desk<'_>, named: Named) -> String {
    let inventory = desk.facts().inventory;
    let (workload, service) = match named {
        Named::Workload(id) => (Some(id), None),
        Named::Service(id) => (None, Some(id)),
        Named::Both(workload, service) => (Some(workload), Some(service)),
        Named::Namespace(_) => (None, None),
    };
    let name = names::spelled(inventory, named, false);
    let mut text = documentation(desk, &format!("thing {}", name.replace('"', ""))).unwrap_or(name);
    let classes: Bits = match (workload, service) {
        (Some(id), _) => inventory.workloads[id.index()].classes.iter().map(|class| class.0).collect(),
        (None, Some(id)) => {
            let selected = names::service_pods(inventory, id);
            selected.map(|pods| desk.facts().governed(&pods)).unwrap_or_default()
        }
        (None, None) => Bits::new(),
    };
    if let Some(id) = workload {
        let workload = &inventory.workloads[id.index()];
        let account = workload.classes.first().map(|class| &inventory.classes[class.index()].service_account);
        let _ = write!(text, "\n\npods: {}", pods(desk, &classes));
        if let Some(account) = account {
            let _ = write!(text, ", service account: `{account}`");
        }
    }
    text += &guards(desk, &classes);
    for (way, before, nobody) in [
        (Way::Incoming, "may reach this", "nobody may reach this"),
        (Way::Outgoing, "this may reach", "this may reach nobody"),
    ] {
        let asked = Asked { span: Span::default(), classes: classes.clone(), others: Vec::new() };
        let Some(found) = asked.peers(desk, way) else { continue };
        let peers: Vec<String> = found
            .peers
            .iter()
            .take(MOST + 1)
            .map(|(peer, open)| format!("{} ({})", spoken(peer, desk.facts()), ports_spoken(open)))
            .collect();
        let line = match (found.unguarded, peers.is_empty(), way) {
            (true, ..) if !classes.is_empty() => match way {
                Way::Incoming => "not guarded for ingress: everyone may reach this".to_owned(),
                Way::Outgoing => "not guarded for egress: this may reach everyone".to_owned(),
            },
            (_, true, _) => nobody.to_owned(),
            (_, false, Way::Incoming) => {
                format!("{} {before}: {}", found.peers.len(), cut(&peers, found.peers.len()))
            }
            (_, false, Way::Outgoing) => {
                format!("{before} {}: {}", found.peers.len(), cut(&peers, found.peers.len()))
            }
        };
        let _ = write!(text, "\n\n{line}");
    }
    let origin = workload.map(|id| &inventory.workloads[id.index()].origin);
    text += &defined(origin.or_else(|| service.map(|id| &inventory.services[id.index()].origin)));
    text
}

fn cut(words: &[String], all: usize) -> String {
    let shown = words.iter().take(MOST).map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    if all > MOST { format!("{shown} and {} more", all - MOST) } else { shown }
}

fn listed(names: &[String]) -> String {
    cut(names, names.len())
}

fn pods(desk: &Desk<'_>, classes: &Bits) -> u32 {
    classes.iter().map(|class| desk.facts().inventory.classes[class as usize].pods).sum()
}

fn pods_counted(pods: u32) -> String {
    match pods {
        0 => "no running pods that are known".to_owned(),
        1 => "1 pod".to_owned(),
        more => format!("{more} pods"),
    }
}

/// The sentences that close any of them.
fn guards(desk: &Desk<'_>, classes: &Bits) -> String {
    let Some(peers) = desk.peers() else { return String::new() };
    let mut closing: Vec<String> = peers
        .guards()
        .iter()
        .filter(|(guard, _)| !desk.facts().ground(&guard.pods).is_disjoint(classes))
        .map(|(_, sentence)| sentence.source.as_str().to_owned())
        .collect();
    closing.sort();
    closing.dedup();
    if closing.is_empty() { String::new() } else { format!("\n\nguarded by {}", listed(&closing)) }
}

fn defined(origin: Option<&Origin>) -> String {
    match origin {
        Some(Origin { file, line: 0, .. }) => format!("\n\ndefined in {file}"),
        Some(Origin { file, line, .. }) => format!("\n\ndefined in {file}:{line}"),
        None => String::new(),
    }
}

fn of_label(desk: &Desk<'_>, of_namespaces: bool, key: &str, value: Option<&str>) -> String {
    let inventory = desk.facts().inventory;
    let (count, what) = match (of_namespaces, value) {
        (false, None) => (pods(desk, inventory.classes_having(key)), "pods"),
        (false, Some(value)) => (pods(desk, inventory.classes_with(key, value)), "pods"),
        (true, None) => (inventory.namespaces_having(key).len() as u32, "namespaces"),
        (true, Some(value)) => (inventory.namespaces_with(key, value).len() as u32, "namespaces"),
    };
    let shown = match value {
        Some(value) => format!("{key}={value}"),
        None => key.to_owned(),
    };
    let mut text = format!("label `{shown}`\n\n{what} that have it today: {count}");
    if value.is_none() {
        let mut values: BTreeMap<std::cmp::Reverse<u64>, Vec<String>> = BTreeMap::new();
        let known: Vec<_> = match of_namespaces {
            true => inventory.namespace_label_values(key).cloned().collect(),
            false => inventory.label_values(key).cloned().collect(),
        };
        for value in &known {
            let count = match of_namespaces {
                true => inventory.namespaces_with(key, value).len(),
                false => inventory.classes_with(key, value).len(),
            };
            values.entry(std::cmp::Reverse(count)).or_default().push(value.to_string());
        }
        let values: Vec<String> = values.into_values().flatten().take(MOST + 1).collect();
        if !values.is_empty() {
            let _ = write!(text, "\n\nits values: {}", cut(&values, known.len()));
        }
    }
    text
}

pub(super) fn of_pattern(desk: &Desk<'_>, written: &str) -> String {
    let inventory = desk.facts().inventory;
    let matching: Vec<String> = inventory
        .namespaces
        .iter()
        .filter(|namespace| pattern::matches(written, &namespace.name))
        .map(|namespace| namespace.name.to_string())
        .collect();
    match matching.is_empty() {
        true => format!("namespaces `{written}`\n\nnone matches today"),
        false => format!("namespaces `{written}`\n\n{} today: {}", matching.len(), listed(&matching)),
    }
}

pub(super) fn of_address(desk: &Desk<'_>, address: Address) -> String {
    let net = ipnet::IpNet::new_assert(address.address, address.prefix);
    let set: AddressSet = [net].into_iter().collect();
    let family = if address.address.is_ipv4() { "IPv4" } else { "IPv6" };
    let bits = if address.address.is_ipv4() { 32 } else { 128 } - u32::from(address.prefix);
    let count = match bits {
        0 => "one address".to_owned(),
        1..=63 => format!("{} addresses", 1_u64 << bits),
        more => format!("2^{more} addresses"),
    };
    let mut text = format!("`{net}`\n\n{family}, {count}");
    if !set.and(&AddressSet::private()).is_empty() {
        text += ", of private ranges";
    }
    if desk.is_known() && !set.and(desk.facts().own_addresses()).is_empty() {
        text += "\n\nThe cluster's own addresses in it are left out: policies name what has them.";
    }
    text
}

/// In a few words what an end is, for sentences.
pub(super) fn ends_counted(desk: &Desk<'_>, ends: &[&Ends]) -> String {
    let mut classes = Bits::new();
    let mut others = Vec::new();
    for end in ends {
        match end {
            Ends::Pods(set) => classes |= &*desk.facts().ground(set),
            other => others.push(crate::ide::peers::ends_spoken(other)),
        }
    }
    let mut words = Vec::new();
    if !classes.is_empty() || others.is_empty() {
        words.push(match pods(desk, &classes) {
            0 => match workloads(desk, &classes) {
                1 => "1 workload".to_owned(),
                more => format!("{more} workloads"),
            },
            count => pods_counted(count),
        });
    }
    others.dedup();
    words.extend(others);
    words.join(" and ")
}

fn workloads(desk: &Desk<'_>, classes: &Bits) -> usize {
    let mut all: Vec<_> =
        classes.iter().map(|class| desk.facts().inventory.classes[class as usize].workload).collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}
