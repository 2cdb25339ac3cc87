//! Things of the inventory by their names: bare where that is enough, else with their namespace, else with their kind.

use std::collections::BTreeSet;

use weir_cluster::Inventory;
use weir_cluster::inventory::{NamespaceId, WorkloadKind};
use weir_grammar::ast::KindWord;
use weir_grammar::format::{after_slash, quoted};

use super::context::Context;
use super::list::{Fit, List, fit};
use super::{Completion, CompletionKind};
use crate::resolve::names::{self, Named, Things};
use crate::resolve::pattern;

/// Ranks of names, behind what the program itself calls so.
pub const OWN: u8 = 2;
const OTHER: u8 = 3;
const NAMESPACES: u8 = 4;

/// A name in a namespace, by how well it goes with what is typed.
type Candidate<'c> = (Fit, u8, &'c str, NamespaceId);

/// Workloads and services, where any set may stand. `taken` are names that mean something else.
pub fn things(context: &Context<'_, '_>, taken: &BTreeSet<&str>, list: &mut List<'_>) {
    if let Some((home, _)) = list.typed.split_once('/') {
        return within(context, home, None, list);
    }
    let inventory = context.inventory();
    for (_, rank, name, namespace) in candidates(context, list, |_| true) {
        let is_own = context.home().is_some_and(|home| home.contains(&namespace));
        let is_bare = match context.home() {
            Some(_) => is_own,
            None => names::anywhere(known(context), name, None).len() == 1,
        };
        let is_bare = is_bare && !taken.contains(name);
        let found = names::in_namespace(known(context), namespace, name, None);
        let is_one = found.len() == 1;
        for named in found {
            let label = match (is_one, is_bare) {
                (true, true) => quoted(name),
                (true, false) => names::spelled(inventory, named, false),
                (false, true) if is_own => with_kind(inventory, named, &after_slash(name)),
                (false, _) => names::spelled(inventory, named, true),
            };
            let filter = if is_bare { name.to_owned() } else { qualified(inventory, namespace, name) };
            list.add(rank, item(inventory, named, label, !is_own).filter(filter));
        }
    }
}

/// Everything of a namespace, behind its `/`.
fn within(context: &Context<'_, '_>, home: &str, kind: Option<KindWord>, list: &mut List<'_>) {
    let inventory = context.inventory();
    let is_pattern = home.contains('*');
    let matches = |at: &usize| match is_pattern {
        true => pattern::matches(home, &inventory.namespaces[*at].name),
        false => *inventory.namespaces[*at].name == *home,
    };
    let homes = (0..inventory.namespaces.len()).filter(matches).map(|at| NamespaceId(at as u32));
    let mut found: Vec<(Fit, &str, NamespaceId)> = Vec::new();
    let prefix = home.len() + 1;
    let typed = list.typed.get(prefix..).unwrap_or_default();
    for home in homes {
        let fits = |name: &'_ str| fit(typed, name);
        found.extend(names_of(inventory, home).filter_map(|name| Some((fits(name)?, name, home))));
    }
    found.sort_unstable();
    found.dedup_by(|next, first| next.1 == first.1);
    for (_, name, namespace) in list.first(found) {
        let things = names::in_namespace(known(context), namespace, name, kind);
        let several = things.len() > 1;
        for named in things {
            let written = format!("{home}/{}", after_slash(name));
            let label = match several {
                false => written,
                true if kind.is_none() && !is_pattern => with_kind(inventory, named, &written),
                true => continue,
            };
            list.add(OWN, item(inventory, named, label, false).filter(format!("{home}/{name}")));
        }
    }
}

/// Behind `workload`, `service` and their like.
pub fn of_kind(context: &Context<'_, '_>, kind: KindWord, list: &mut List<'_>) {
    if kind == KindWord::ServiceAccount {
        return service_accounts(context, list);
    }
    if let Some((home, _)) = list.typed.split_once('/') {
        return within(context, home, Some(kind), list);
    }
    let inventory = context.inventory();
    let found = |namespace, name: &str| names::in_namespace(known(context), namespace, name, Some(kind));
    let all = candidates(context, list, |(name, namespace)| !found(namespace, name).is_empty());
    for (_, rank, name, namespace) in all {
        let of_kind = found(namespace, name);
        let [named] = of_kind.as_slice() else { continue };
        let is_bare = match context.home() {
            Some(home) => home.contains(&namespace),
            None => names::anywhere(known(context), name, Some(kind)).len() == 1,
        };
        let label = match is_bare {
            true => after_slash(name),
            false => format!("{}/{}", after_slash(name_of(inventory, namespace)), after_slash(name)),
        };
        let filter = if is_bare { name.to_owned() } else { qualified(inventory, namespace, name) };
        list.add(rank, item(inventory, *named, label, is_bare && rank == OTHER).filter(filter));
    }
}

fn service_accounts(context: &Context<'_, '_>, list: &mut List<'_>) {
    let inventory = context.inventory();
    let home = context.home();
    let mut found: Vec<Candidate<'_>> = Vec::new();
    for class in &inventory.classes {
        let name = &*class.service_account;
        let full = qualified(inventory, class.namespace, name);
        let rank = match home {
            Some(home) if home.contains(&class.namespace) => OWN,
            _ => OTHER,
        };
        if let Some(fit) = list.fit(name).or_else(|| list.fit(&full)) {
            found.push((fit, rank, name, class.namespace));
        }
    }
    found.sort_unstable();
    found.dedup();
    for (_, rank, name, namespace) in list.first(found) {
        let full = qualified(inventory, namespace, name);
        let is_bare = rank == OWN && !list.typed.contains('/');
        let written = match is_bare {
            true => after_slash(name),
            false => format!("{}/{}", after_slash(name_of(inventory, namespace)), after_slash(name)),
        };
        let filter = if is_bare { name.to_owned() } else { full };
        let item = Completion::new(CompletionKind::ServiceAccount, written).filter(filter);
        list.add(rank, item.detail("service account"));
    }
}

/// Names of namespaces, where nothing else may stand.
pub fn namespaces(context: &Context<'_, '_>, list: &mut List<'_>) {
    for (name, kind) in context.params() {
        if matches!(kind, None | Some("namespace")) {
            let item = Completion::new(CompletionKind::Param, after_slash(name));
            list.add(0, item.filter(name).detail("parameter: namespace"));
        }
    }
    for name in fitting_namespaces(context, list) {
        let item = Completion::new(CompletionKind::Namespace, after_slash(name)).filter(name);
        list.add(NAMESPACES, item.detail("namespace").doc(format!("namespace {name}")));
    }
}

/// Namespaces where any set may stand: all of their pods, and the way to their workloads.
pub fn namespaces_as_sets(context: &Context<'_, '_>, list: &mut List<'_>) {
    for name in fitting_namespaces(context, list) {
        let written = format!("namespace {}", after_slash(name));
        let key = format!("namespace {name}");
        let item = Completion::new(CompletionKind::Namespace, written).filter(name);
        list.add(NAMESPACES, item.detail("all of its pods").doc(&key).sort(name));
        if !list.typed.is_empty() {
            let item = Completion::new(CompletionKind::Namespace, format!("{}/", quoted(name)));
            let item = item.filter(name).sort(format!("{name}/"));
            list.add(NAMESPACES, item.detail("one of its workloads").doc(key));
        }
    }
}

fn fitting_namespaces<'c>(context: &Context<'c, '_>, list: &mut List<'_>) -> Vec<&'c str> {
    let all = context.inventory().namespaces.iter();
    let fits = all.filter_map(|namespace| Some((list.fit(&namespace.name)?, &*namespace.name)));
    let fits = fits.collect();
    list.first(fits).into_iter().map(|(_, name)| name).collect()
}

/// The names that go with what is typed, the best of them.
fn candidates<'c>(
    context: &Context<'c, '_>,
    list: &mut List<'_>,
    admits: impl Fn((&str, NamespaceId)) -> bool,
) -> Vec<Candidate<'c>> {
    let inventory = context.inventory();
    let mut found: Vec<Candidate<'c>> = Vec::new();
    for namespace in (0..inventory.namespaces.len() as u32).map(NamespaceId) {
        let is_own = context.home().is_none_or(|home| home.contains(&namespace));
        let rank = if is_own { OWN } else { OTHER };
        // Of another namespace, a name is told with it.
        let by_home = if is_own { None } else { list.fit(name_of(inventory, namespace)) };
        let mut last = None;
        for name in names_of(inventory, namespace) {
            if last.replace(name) != Some(name)
                && let Some(fit) = list.fit(name).into_iter().chain(by_home).min()
                && admits((name, namespace))
            {
                found.push((fit, rank, name, namespace));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    list.first(found)
}

fn names_of(inventory: &Inventory, namespace: NamespaceId) -> impl Iterator<Item = &str> {
    let rows = |range: std::ops::Range<u32>| range.start as usize..range.end as usize;
    let workloads = inventory.workloads.get(rows(inventory.workloads_of(namespace))).unwrap_or_default();
    let services = inventory.services.get(rows(inventory.services_of(namespace))).unwrap_or_default();
    let workloads = workloads.iter().map(|workload| &*workload.name);
    workloads.chain(services.iter().map(|service| &*service.name))
}

fn known<'c>(context: &Context<'c, '_>) -> &'c Things<'c> {
    &context.desk.site().world.known().things
}

fn name_of(inventory: &Inventory, namespace: NamespaceId) -> &str {
    &inventory.namespaces[namespace.index()].name
}

fn qualified(inventory: &Inventory, namespace: NamespaceId, name: &str) -> String {
    format!("{}/{name}", name_of(inventory, namespace))
}

/// A name behind the word for what it is.
fn with_kind(inventory: &Inventory, named: Named, name: &str) -> String {
    let spelled = names::spelled(inventory, named, true);
    let kind = spelled.split(' ').next().unwrap_or_default();
    format!("{kind} {name}")
}

fn item(inventory: &Inventory, named: Named, label: String, tells_home: bool) -> Completion {
    let (kind, what, home, name) = match named {
        Named::Workload(id) | Named::Both(id, _) => {
            let workload = &inventory.workloads[id.index()];
            let service = if matches!(named, Named::Both(..)) { " and service" } else { "" };
            let what = format!("{}{service}", spoken(&workload.kind));
            (CompletionKind::Workload, what, workload.namespace, &workload.name)
        }
        Named::Service(id) => {
            let service = &inventory.services[id.index()];
            (CompletionKind::Service, "service".to_owned(), service.namespace, &service.name)
        }
        Named::Namespace(id) => {
            let name = &inventory.namespaces[id.index()].name;
            (CompletionKind::Namespace, "namespace".to_owned(), id, name)
        }
    };
    let home = name_of(inventory, home);
    let detail = if tells_home { format!("{what} in {home}") } else { what };
    Completion::new(kind, label).detail(detail).doc(format!("thing {home}/{name}"))
}

/// A kind of workload in the user's words.
pub fn spoken(kind: &WorkloadKind) -> String {
    match kind {
        WorkloadKind::ReplicaSet => "replicaset".to_owned(),
        WorkloadKind::Other(name) => name.to_string(),
        kind => names::kind_word(kind).unwrap_or("workload").to_owned(),
    }
}
