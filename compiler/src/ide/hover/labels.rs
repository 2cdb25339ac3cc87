//! What selects by more than a name: labels, patterns, service accounts, addresses, host names.

use roaring::RoaringBitmap as Bits;
use weir_cluster::Inventory;
use weir_cluster::inventory::AddressOwner;
use weir_cluster::labels::Text;
use weir_grammar::ast::Address;
use weir_grammar::format;

use crate::address::AddressSet;
use crate::ide::Desk;
use crate::ide::say::{self, code};
use crate::ide::words::Labels;
use crate::resolve::names::{self, Named};
use crate::resolve::pattern;
use crate::target::capability::Feature;

/// So many values are told, the commonest.
const VALUES: usize = 5;
const NAMES: usize = 8;

pub(super) fn of_key(desk: &Desk<'_>, of: Labels, key: &str) -> Option<String> {
    if !desk.is_known() {
        return None;
    }
    let inventory = desk.facts().inventory;
    let title = |what: &str| format!("{}: label of {what}", code(key));
    let (title, have, mut values): (String, String, Vec<(u64, &Text)>) = match of {
        Labels::Clusters => return None,
        Labels::Pods => {
            let have = say::crowd(inventory.classes_having(key), inventory);
            let values = inventory.label_values(key);
            let counted = values.map(|value| (inventory.classes_with(key, value).len(), value)).collect();
            (title("pods"), have, counted)
        }
        Labels::Namespaces => {
            let have = namespaces(inventory.namespaces_having(key));
            let values = inventory.namespace_label_values(key);
            let counted = values.map(|value| (inventory.namespaces_with(key, value).len(), value)).collect();
            (title("namespaces"), have, counted)
        }
    };
    values.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let word = |(_, value): &(u64, &Text)| {
        let count = match of {
            Labels::Namespaces => namespaces(inventory.namespaces_with(key, value)),
            _ => say::crowd(inventory.classes_with(key, value), inventory),
        };
        format!("{} ({count})", code(value))
    };
    let some: Vec<String> = values.iter().take(VALUES).map(word).collect();
    let more = match values.len().saturating_sub(VALUES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let values =
        if some.is_empty() { String::new() } else { format!("\n- values: {}{more}", some.join(", ")) };
    Some(format!("{title}\n\n- {have}{values}"))
}

fn namespaces(found: &Bits) -> String {
    match found.len() {
        0 => "nothing today".to_owned(),
        some => say::count(some, "namespace"),
    }
}

pub(super) fn of_value(desk: &Desk<'_>, of: Labels, key: &str, value: &str) -> Option<String> {
    if !desk.is_known() {
        return None;
    }
    let inventory = desk.facts().inventory;
    let label = code(&format!("{key}={value}"));
    match of {
        Labels::Clusters => None,
        Labels::Pods => {
            let found = inventory.classes_with(key, value);
            let spelled: Vec<String> = say::workloads(found, inventory)
                .into_iter()
                .map(|id| code(&names::spelled(inventory, Named::Workload(id), false)))
                .collect();
            Some(listed(format!("{label}: {}", say::crowd(found, inventory)), &spelled))
        }
        Labels::Namespaces => {
            let found = inventory.namespaces_with(key, value);
            Some(listed(format!("{label}: {}", namespaces(found)), &named(found.iter(), inventory)))
        }
    }
}

fn named(ids: impl Iterator<Item = u32>, inventory: &Inventory) -> Vec<String> {
    ids.filter_map(|id| inventory.namespaces.get(id as usize)).map(|one| code(&one.name)).collect()
}

fn listed(title: String, names: &[String]) -> String {
    match names {
        [] => title,
        names => format!("{title}\n\n{}", say::capped(names, NAMES)),
    }
}

pub(super) fn of_pattern(desk: &Desk<'_>, text: &str) -> Option<String> {
    if !desk.is_known() {
        return None;
    }
    let inventory = desk.facts().inventory;
    let ids: Bits = (0u32..)
        .zip(&inventory.namespaces)
        .filter(|(_, one)| pattern::matches(text, &one.name))
        .map(|(at, _)| at)
        .collect();
    let title = format!("{}: {}", code(text), namespaces(&ids));
    Some(listed(title, &named(ids.iter(), inventory)))
}

pub(super) fn of_account(desk: &Desk<'_>, home: Option<&str>, name: &str) -> Option<String> {
    if !desk.is_known() {
        return None;
    }
    let inventory = desk.facts().inventory;
    let home = home.filter(|home| !home.contains('*')).and_then(|home| inventory.namespace(home));
    let runs_as = |(_, class): &(u32, &weir_cluster::inventory::EndpointClass)| {
        class.service_account.as_ref() == name && home.is_none_or(|home| home == class.namespace)
    };
    let found: Bits = (0u32..).zip(&inventory.classes).filter(runs_as).map(|(at, _)| at).collect();
    let spelled: Vec<String> = say::workloads(&found, inventory)
        .into_iter()
        .map(|id| code(&names::spelled(inventory, Named::Workload(id), false)))
        .collect();
    let title = format!("{}: service account, {}", code(name), say::crowd(&found, inventory));
    Some(listed(title, &spelled))
}

pub(super) fn of_address(desk: &Desk<'_>, address: Address) -> String {
    let net = ipnet::IpNet::new_assert(address.address, address.prefix);
    let set = AddressSet::from_iter([net]);
    let bits = if address.address.is_ipv4() { 32 } else { 128 };
    let count = match bits - u32::from(address.prefix) {
        0 => "one address".to_owned(),
        free @ 1..64 => format!("{} addresses", 1u64 << free),
        free => format!("2^{free} addresses"),
    };
    let is_within = |whole: &AddressSet| set.minus(whole).is_empty();
    let kind = if is_within(&AddressSet::private()) {
        "private"
    } else if is_within(&AddressSet::internet()) {
        "of the internet"
    } else if set.and(&AddressSet::internet()).is_empty() {
        "neither private nor of the internet"
    } else {
        "partly of the internet"
    };
    let mut text = format!("{}: {count}, {kind}", code(&format::address(address)));
    if let Some(own) = own(desk, address, &set) {
        text += &format!("\n\n{own}");
    }
    text
}

/// What of it the cluster has.
fn own(desk: &Desk<'_>, address: Address, set: &AddressSet) -> Option<String> {
    let facts = desk.facts();
    let inventory = facts.inventory;
    let said = match inventory.address_owner(address.address).filter(|_| address.is_single()) {
        Some(AddressOwner::Pod(class)) => {
            let workload = inventory.classes.get(class.index())?.workload;
            format!(
                "belongs to a pod of {}",
                code(&names::spelled(inventory, Named::Workload(workload), false))
            )
        }
        Some(AddressOwner::Service(id)) => {
            format!("belongs to the service {}", code(&names::spelled(inventory, Named::Service(id), false)))
        }
        Some(AddressOwner::Node(at)) => {
            format!("belongs to the node {}", code(&inventory.nodes.get(at)?.name))
        }
        None if set.and(facts.own_addresses()).is_empty() => return None,
        None => "Some of them are the cluster's own: these are left out.".to_owned(),
    };
    Some(said)
}

pub(super) fn of_host(desk: &Desk<'_>, host: &str) -> String {
    let what = match host.strip_prefix("*.") {
        Some(rest) => format!("host names with one label or more in front of {}", code(rest)),
        None => "host name".to_owned(),
    };
    let target = desk.site().target;
    let can = match Feature::HostNames.no(target) {
        Some(_) => format!("The target `{}` cannot grant host names.", target.name()),
        None => "It can be a destination, and no source.".to_owned(),
    };
    format!("{}: {what}\n\n{can}", code(host))
}
