//! Sets of endpoints: their algebra, and the forms that need no look into the inventory's names.

use std::collections::BTreeSet;

use weir_cluster::inventory::AddressOwner;
use weir_grammar::ast::{Absent, Argument, Base, Builtin, KindWord, Name, Operand, Set, SetOp};
use weir_grammar::format;

use super::labels::HELP_PLANNED;
use super::names::{self, Named};
use super::params::ParamKind;
use super::program::{Denotation, Ends, Mentions, Part, Thing};
use super::{Resolved, Resolver, Scope};
use crate::address::AddressSet;
use crate::diagnostic::{Code, Diagnostic, shortened};
use crate::selector::{Conjunction, Constraint, Constraints, Key, PodSet};
use crate::source::Place;

impl Resolver<'_> {
    /// A set where ports have no place: a subject, a `let`.
    pub(super) fn set_without_ports(&mut self, set: &Set, scope: Scope) -> Resolved<Denotation> {
        let mut fine = true;
        for operand in &set.operands {
            if let Some(port) = &operand.port {
                fine = false;
                let place = scope.place(port.span);
                self.report(
                    Diagnostic::error(Code::E0303, "a port stands behind what is reached, not here")
                        .at(place, "a port of a source means nothing to a policy")
                        .with_help("write ports behind the set after `may reach`"),
                );
            }
        }
        let denotation = self.set(set, scope)?;
        fine.then_some(denotation)
    }

    /// What a set denotes, whatever ports it is written with.
    pub(super) fn set(&mut self, set: &Set, scope: Scope) -> Resolved<Denotation> {
        match (set.op, set.operands.as_slice()) {
            (SetOp::Mixed, _) => None,
            (SetOp::Except, [left, right]) => self.except(set, left, right, scope),
            (SetOp::In, [left, right]) => self.both(set, left, right, scope),
            (_, [one]) => self.operand(one, scope),
            (_, operands) => {
                let all: Vec<_> = operands.iter().map(|operand| self.operand(operand, scope)).collect();
                let mut joined = Denotation::default();
                for denotation in all {
                    joined.join(denotation?);
                }
                Some(joined)
            }
        }
    }

    pub(super) fn except(
        &mut self,
        set: &Set,
        left: &Operand,
        right: &Operand,
        scope: Scope,
    ) -> Resolved<Denotation> {
        let whole = self.whole(set, scope);
        if scope.forbids && self.is_anywhere(left, scope) {
            let exact = Scope { absent: scope.absent.map(|_| Absent::EvenIfAbsent), ..scope };
            let right = self.operand(right, exact)?;
            return self.anywhere_except(right, set, whole, scope);
        }
        let (left, right) = self.same_kind(set, left, right, scope)?;
        let (planned, mentions) = (left.planned, left.mentions);
        let pods = PodSet::union(right.parts.iter().filter_map(|part| part.ends.pods().cloned()));
        let addresses = right.parts.iter().fold(AddressSet::default(), |all, part| match &part.ends {
            Ends::Outside(some) | Ends::Exactly(some) => all.union(some),
            _ => all,
        });
        let mut parts = Vec::new();
        for part in left.parts {
            let ends = match part.ends {
                Ends::Pods(ours) => Ends::Pods(self.bounded(ours.minus(&pods), set, scope)?),
                Ends::Outside(ours) => Ends::Outside(ours.minus(&addresses)),
                Ends::Exactly(ours) => Ends::Exactly(ours.minus(&addresses)),
                other => other,
            };
            parts.push(Part { ends, place: whole, ..part });
        }
        let is_nothing = |part: &Part| match &part.ends {
            Ends::Pods(pods) => pods.is_empty(),
            Ends::Outside(addresses) | Ends::Exactly(addresses) => addresses.is_empty(),
            _ => false,
        };
        if !parts.is_empty() && parts.iter().all(is_nothing) && scope.absent.is_none() {
            self.report(
                Diagnostic::error(Code::E0205, format!("`{}` leaves nothing", shortened(&format::set(set))))
                    .at(whole, "all of it is excepted"),
            );
            return None;
        }
        parts.retain(|part| !is_nothing(part));
        Some(Denotation { parts, planned, mentions })
    }

    /// Whether it is everything, by the word itself or by a name for it.
    fn is_anywhere(&mut self, operand: &Operand, scope: Scope) -> bool {
        let said = self.diagnostics.len();
        let found = self.operand(operand, scope);
        self.diagnostics.truncate(said); // told when it is resolved as what it is
        found.is_some_and(|found| found.parts.iter().any(|part| part.ends == Ends::Anywhere))
    }

    /// Of a guardrail: every pod, node and address but these.
    fn anywhere_except(
        &mut self,
        right: Denotation,
        set: &Set,
        place: Place,
        scope: Scope,
    ) -> Resolved<Denotation> {
        let ends = || right.parts.iter().map(|part| &part.ends);
        if ends().any(|ends| *ends == Ends::Anywhere) {
            self.report(
                Diagnostic::error(Code::E0205, format!("`{}` leaves nothing", shortened(&format::set(set))))
                    .at(place, "all of it is excepted"),
            );
            return None;
        }
        let pods = PodSet::union(ends().filter_map(|ends| ends.pods().cloned()));
        let addresses = ends().fold(AddressSet::default(), |all, ends| match ends {
            Ends::Outside(some) | Ends::Exactly(some) => all.union(some),
            _ => all,
        });
        let mut rest = vec![
            Ends::Pods(self.bounded(PodSet::all().minus(&pods), set, scope)?),
            Ends::Outside(AddressSet::all().minus(&addresses)),
        ];
        rest.extend([Ends::Nodes, Ends::ApiServer].into_iter().filter(|one| ends().all(|ends| ends != one)));
        // Caches answer on addresses of their own, which belong to their nodes.
        let caches = self.facts.dns.caches.minus(&addresses);
        if !caches.is_empty() {
            rest.push(Ends::Exactly(caches));
        }
        let part = |ends| Part { place, thing: Thing::Unchecked, ends };
        Some(Denotation { parts: rest.into_iter().map(part).collect(), ..Denotation::default() })
    }

    pub(super) fn both(
        &mut self,
        set: &Set,
        left: &Operand,
        right: &Operand,
        scope: Scope,
    ) -> Resolved<Denotation> {
        let (left, right) = self.same_kind(set, left, right, scope)?;
        let planned = left.planned || right.planned;
        let mut mentions = left.mentions;
        mentions.join(right.mentions);
        let whole = self.whole(set, scope);
        // A part that is empty today is kept: its selectors cover tomorrow.
        let mut parts = Vec::new();
        let mut is_anything = false;
        for part in &left.parts {
            for other in &right.parts {
                let ends = match (&part.ends, &other.ends) {
                    (Ends::Pods(a), Ends::Pods(b)) => Ends::Pods(self.bounded(a.and(b), set, scope)?),
                    (Ends::Outside(a), Ends::Outside(b)) => Ends::Outside(a.and(b)),
                    (Ends::Exactly(a), Ends::Exactly(b) | Ends::Outside(b))
                    | (Ends::Outside(b), Ends::Exactly(a)) => Ends::Exactly(a.and(b)),
                    _ => continue,
                };
                let (today, ever) = match &ends {
                    Ends::Pods(pods) => (!pods.classes(self.facts.inventory).is_empty(), !pods.is_empty()),
                    Ends::Outside(addresses) | Ends::Exactly(addresses) => {
                        (!addresses.is_empty(), !addresses.is_empty())
                    }
                    _ => (true, true),
                };
                is_anything |= today;
                if ever {
                    parts.push(Part { ends, place: whole, ..part.clone() });
                }
            }
        }
        if !is_anything && scope.absent == Some(Absent::IfPresent) && !scope.guards {
            parts.clear();
        }
        if !is_anything && scope.absent.is_none() && !left.parts.is_empty() && !right.parts.is_empty() {
            let place = scope.place(set.span);
            self.report(
                Diagnostic::error(Code::E0205, format!("`{}` is nothing today", format::set(set)))
                    .at(place, "the two have nothing in common")
                    .with_help(HELP_PLANNED),
            );
            return None;
        }
        Some(Denotation { parts, planned, mentions })
    }

    pub(super) fn bounded<E>(
        &mut self,
        result: Result<PodSet, E>,
        set: &Set,
        scope: Scope,
    ) -> Resolved<PodSet> {
        if let Ok(pods) = result {
            return Some(pods);
        }
        let message =
            format!("`{}` needs more than {} selectors", shortened(&format::set(set)), PodSet::MOST);
        self.report(
            Diagnostic::error(Code::E0316, message)
                .at(scope.place(set.span), "too many exceptions that cross each other")
                .with_help("give the pods that are meant a label of their own, and select by it"),
        );
        None
    }

    /// Both sides of an `except` or `in`, which have to be of one kind.
    pub(super) fn same_kind(
        &mut self,
        set: &Set,
        left: &Operand,
        right: &Operand,
        scope: Scope,
    ) -> Resolved<(Denotation, Denotation)> {
        let (left_place, right_place) = (scope.place(left.span), scope.place(right.span));
        // What is left out has to keep its selector: dropped, it would be let in tomorrow.
        let exact = match (set.op, scope.absent) {
            (SetOp::Except, Some(Absent::IfPresent)) => {
                Scope { absent: Some(Absent::EvenIfAbsent), excepted: true, guards: true, ..scope }
            }
            (SetOp::Except, _) => Scope { guards: true, ..scope },
            _ => scope,
        };
        let (left, right) = (self.operand(left, scope), self.operand(right, exact));
        let (left, right) = (left?, right?);
        // `dns` brings the addresses of node-local caches along; in algebra it stands for its pods.
        let kinds = |denotation: &Denotation| {
            let mut kinds: Vec<&str> = denotation
                .parts
                .iter()
                .filter(|part| !(matches!(part.thing, Thing::Dns(_)) && part.ends.pods().is_none()))
                .map(|part| part.ends.kind())
                .collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds
        };
        let (ours, theirs) = (kinds(&left), kinds(&right));
        let allowed = |kinds: &[&str]| matches!(kinds, [] | ["pods"] | ["addresses"]);
        if allowed(&ours) && allowed(&theirs) && (ours == theirs || ours.is_empty() || theirs.is_empty()) {
            return Some((left, right));
        }
        let word = if set.op == SetOp::Except { "except" } else { "in" };
        let message = format!("`{word}` needs pods on both sides, or addresses on both");
        self.report(
            Diagnostic::error(Code::E0308, message)
                .at(right_place, format!("these are {}", spoken(&theirs)))
                .at(left_place, format!("these are {}", spoken(&ours))),
        );
        None
    }

    pub(super) fn operand(&mut self, operand: &Operand, scope: Scope) -> Resolved<Denotation> {
        let mut denotation = self.base(&operand.base, operand, scope)?;
        for filter in &operand.filters {
            denotation = self.filtered(denotation, filter, operand, scope)?;
        }
        if !operand.filters.is_empty() {
            let whole = self.place_without_port(operand, scope);
            denotation.parts.iter_mut().for_each(|part| part.place = whole);
        }
        self.read_set(scope.file, operand, &denotation.parts);
        Some(denotation)
    }

    pub(super) fn base(&mut self, base: &Base, operand: &Operand, scope: Scope) -> Resolved<Denotation> {
        let mut place = self.place_without_port(operand, scope);
        if let Some(filter) = operand.filters.first() {
            place.span.end = filter.span.start;
        }
        match base {
            Base::Group(set) => self.set_without_ports(set, scope),
            Base::Name(name) => self.name(name, scope),
            Base::Qualified { namespace, name } => self.qualified(namespace, name, None, scope, place),
            Base::Kinded { kind: KindWord::ServiceAccount, namespace, name } => {
                self.service_account(namespace.as_ref(), name, scope, place)
            }
            Base::Kinded { kind, namespace: Some(namespace), name } => {
                self.qualified(namespace, name, Some(*kind), scope, place)
            }
            Base::Kinded { kind, namespace: None, name } => self.bare(name, Some(*kind), scope, place),
            Base::Namespace(name) => self.namespace(name, scope, place),
            Base::Pattern(pattern) => {
                self.matching_namespaces(pattern, scope)?;
                let matches =
                    Constraints::one(Key::NameMatches(pattern.text.as_str().into()), Constraint::exists());
                let conjunction = Conjunction { namespaces: matches, pods: Constraints::default() };
                Some(Denotation::pods(place, PodSet::of(conjunction)))
            }
            Base::Namespaces(filter) => self.namespaces(filter, scope, place),
            Base::Builtin(builtin) => self.builtin(*builtin, scope, place),
            Base::Address(address) => {
                let net = ipnet::IpNet::new_assert(address.address, address.prefix);
                if address.is_single() {
                    self.outside_address(address.address, place)?;
                }
                let addresses = [net].into_iter().collect();
                Some(Denotation::one(place, Thing::Unchecked, Ends::Outside(addresses)))
            }
            Base::Host(host) => Some(Denotation::one(place, Thing::Unchecked, Ends::Host(host.clone()))),
        }
    }

    /// Where a set stands, without the port behind it.
    fn whole(&self, set: &Set, scope: Scope) -> Place {
        let mut place = scope.place(set.span);
        if let Some(last) = set.operands.last() {
            place.span.end = self.place_without_port(last, scope).span.end;
        }
        place
    }

    /// Where an operand stands, without its port.
    fn place_without_port(&self, operand: &Operand, scope: Scope) -> Place {
        let mut place = scope.place(operand.span);
        if let Some(port) = &operand.port {
            let before = place.span.start..port.span.start;
            let text = &self.sources.get(scope.file).text[before.start as usize..before.end as usize];
            let text = text.trim_end().trim_end_matches(':').trim_end();
            place.span.end = place.span.start + text.len() as u32;
        }
        place
    }

    /// A single address that is something in the cluster is written by that thing's name.
    pub(super) fn outside_address(&mut self, address: std::net::IpAddr, place: Place) -> Resolved<()> {
        let inventory = self.facts.inventory;
        let (what, instead) = match inventory.address_owner(address) {
            None if self.facts.api_server_addresses().contains(&address) => {
                ("the API server".to_owned(), Some("apiserver".to_owned()))
            }
            None if self.facts.dns.caches.contains(address) => {
                ("the node-local cache of the DNS".to_owned(), Some("dns".to_owned()))
            }
            None if self.facts.own_addresses().contains(address) => {
                ("the range that pods have their addresses from".to_owned(), None)
            }
            None => return Some(()),
            Some(AddressOwner::Pod(class)) => {
                let workload = inventory.classes[class.index()].workload;
                let name = names::spelled(inventory, Named::Workload(workload), false);
                (format!("a pod of `{name}`"), Some(name))
            }
            Some(AddressOwner::Service(service)) => {
                let name = names::spelled(inventory, Named::Service(service), false);
                (format!("the service `{name}`"), Some(name))
            }
            Some(AddressOwner::Node(node)) => {
                (format!("the node `{}`", inventory.nodes[node].name), Some("nodes".to_owned()))
            }
        };
        let mut said = Diagnostic::error(Code::E0311, format!("`{address}` belongs to {what}"))
            .at(place, "policies see what is behind it, and that changes");
        if let Some(instead) = instead {
            said = said.with_help(format!("write `{instead}`")).suggest("write its name", place, instead);
        }
        self.report(said);
        None
    }

    pub(super) fn builtin(&mut self, builtin: Builtin, scope: Scope, place: Place) -> Resolved<Denotation> {
        let unchecked = |ends| Some(Denotation::one(place, Thing::Unchecked, ends));
        match builtin {
            Builtin::Anyone => Some(Denotation::pods(place, PodSet::all())),
            Builtin::Pods => match scope.namespace {
                None => Some(Denotation::pods(place, PodSet::all())),
                Some(namespace) => {
                    let pods = self.things.namespace_pods(namespace).clone();
                    let mut denotation = Denotation::pods(place, pods);
                    denotation.mentions.namespaces.insert(namespace);
                    Some(denotation)
                }
            },
            Builtin::Internet => unchecked(Ends::Outside(AddressSet::internet())),
            Builtin::Anywhere => unchecked(Ends::Anywhere),
            Builtin::Nodes => {
                if self.facts.node_addresses().is_empty() {
                    return self.unknown_fact("nodes", "Node objects", place);
                }
                unchecked(Ends::Nodes)
            }
            Builtin::ApiServer => {
                if self.facts.api_server_addresses().is_empty() || self.api_server_ports().is_empty() {
                    let what = "the EndpointSlice or Endpoints of the service `default/kubernetes`, with their ports";
                    return self.unknown_fact("apiserver", what, place);
                }
                Some(Denotation::one(place, Thing::ApiServer, Ends::ApiServer))
            }
            Builtin::Dns => Some(self.dns(place)),
        }
    }

    /// Each service of the DNS with its own pods and ports, and the caches.
    fn dns(&self, place: Place) -> Denotation {
        let dns = &self.facts.dns;
        let mut denotation = Denotation::default();
        let services = dns
            .services
            .iter()
            .filter_map(|service| Some((Some(*service), self.things.service_pods(*service)?.clone())));
        let mut answering: Vec<_> = services.collect();
        if answering.is_empty() {
            answering.push((None, dns.pods.clone()));
        }
        for (service, pods) in answering {
            let classes = pods.classes(self.facts.inventory);
            let on_hosts = !classes.is_empty() && classes.is_subset(&self.facts.host_network);
            let ends = if on_hosts && !self.facts.node_addresses().is_empty() {
                Ends::Nodes // what answers has its node's address
            } else {
                Ends::Pods(pods)
            };
            denotation.parts.push(Part { place, thing: Thing::Dns(service), ends });
        }
        if !dns.caches.is_empty() {
            let ends = Ends::Exactly(dns.caches.clone());
            denotation.parts.push(Part { place, thing: Thing::Dns(None), ends });
        }
        denotation.mentions.pods.push(dns.pods.clone());
        denotation
    }

    pub(super) fn unknown_fact(&mut self, word: &str, objects: &str, place: Place) -> Resolved<Denotation> {
        self.report(
            Diagnostic::error(Code::E0210, format!("the inventory does not tell the addresses of `{word}`"))
                .at(place, "needs addresses on this target")
                .with_help(format!("add {objects} to the inventory: `kubectl get … -o json`")),
        );
        None
    }

    pub(super) fn name(&mut self, name: &Name, scope: Scope) -> Resolved<Denotation> {
        let value = match self.argument(scope, &name.text) {
            Some((Argument::Set(set), caller)) => Some(self.set_without_ports(set, caller)),
            Some((argument, caller)) => {
                self.report_kind(argument, caller, &name.text, ParamKind::Set, Some(scope.place(name.span)));
                return None;
            }
            None => self.let_value(scope, name),
        };
        match value {
            Some(value) => value.map(|mut denotation| {
                for part in &mut denotation.parts {
                    part.place = scope.place(name.span);
                }
                denotation
            }),
            None => self.bare(name, None, scope, scope.place(name.span)),
        }
    }
}

impl Denotation {
    pub(super) fn one(place: Place, thing: Thing, ends: Ends) -> Denotation {
        Denotation { parts: vec![Part { place, thing, ends }], ..Denotation::default() }
    }

    pub(super) fn pods(place: Place, pods: PodSet) -> Denotation {
        Denotation::one(place, Thing::Pods, Ends::Pods(pods))
    }

    /// Without what is in it twice: a `let` of `let`s stays as small as what it names.
    pub(super) fn dedup(&mut self) {
        let mut seen = BTreeSet::new();
        self.parts.retain(|part| seen.insert((part.thing, part.ends.clone())));
        self.mentions.workloads.sort_unstable();
        self.mentions.workloads.dedup();
        self.mentions.pods.sort_unstable();
        self.mentions.pods.dedup();
    }

    pub(super) fn join(&mut self, other: Denotation) {
        append(&mut self.parts, other.parts);
        self.planned |= other.planned;
        self.mentions.join(other.mentions);
    }
}

impl Mentions {
    pub(super) fn join(&mut self, other: Mentions) {
        self.namespaces.extend(other.namespaces);
        append(&mut self.workloads, other.workloads);
        append(&mut self.pods, other.pods);
    }
}

fn append<T>(all: &mut Vec<T>, more: Vec<T>) {
    match all.is_empty() {
        true => *all = more,
        false => all.extend(more),
    }
}

fn spoken(kinds: &[&str]) -> String {
    if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(" and ") }
}
