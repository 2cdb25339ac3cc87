//! What one thing of the inventory denotes: a workload, a service, a service account.

use weir_cluster::inventory::{NamespaceId, ServiceId, ServiceType};
use weir_grammar::ast::{Absent, Builtin, Name, NamespaceName};
use weir_grammar::format;

use super::labels::HELP_PLANNED;
use super::lookup::with_nearest;
use super::names::{self, Named};
use super::program::{Denotation, Ends, Part, Thing};
use super::{Once, Resolved, Resolver, Scope};
use crate::address::AddressSet;
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::selector::{Conjunction, Constraint, Constraints, Key, PodSet};
use crate::source::Place;

impl Resolver<'_> {
    pub(super) fn service_account(
        &mut self,
        namespace: Option<&NamespaceName>,
        name: &Name,
        scope: Scope,
        place: Place,
    ) -> Resolved<Denotation> {
        let inventory = self.facts.inventory;
        let inside: Option<Vec<NamespaceId>> = match namespace {
            Some(NamespaceName::Name(home)) => {
                let (home, from) = self.namespace_argument(home, scope)?;
                Some(match inventory.namespace(&home.text) {
                    Some(home) => vec![home],
                    None if scope.absent == Some(Absent::IfPresent) => Vec::new(),
                    None => return self.unknown_namespace(&home, from),
                })
            }
            Some(NamespaceName::Pattern(pattern)) => Some(self.matching_namespaces(pattern, scope)?),
            None => scope.namespace.map(|home| vec![home]),
        };
        let runs_as = |class: &&weir_cluster::inventory::EndpointClass| {
            class.service_account.as_ref() == name.text
                && inside.as_ref().is_none_or(|homes| homes.contains(&class.namespace))
        };
        let mut homes: Vec<NamespaceId> =
            inventory.classes.iter().filter(runs_as).map(|class| class.namespace).collect();
        homes.sort_unstable();
        homes.dedup();
        if homes.is_empty() {
            if scope.absent == Some(Absent::IfPresent) {
                return Some(Denotation::default());
            }
            let accounts: Vec<&str> =
                inventory.classes.iter().map(|class| class.service_account.as_ref()).collect();
            let near = names::nearest(&name.text, accounts);
            let said =
                Diagnostic::error(Code::E0201, format!("no pod runs as service account `{}`", name.text))
                    .at(scope.place(name.span), "not in the inventory");
            self.report(with_nearest(said, &near, scope.place(name.span)));
            return None;
        }
        let is_pattern = matches!(namespace, Some(NamespaceName::Pattern(_)));
        if homes.len() > 1 && !is_pattern {
            let candidates: Vec<String> = homes
                .iter()
                .map(|home| {
                    let home = format::after_slash(self.facts.namespace_name(*home));
                    format!("serviceaccount {home}/{}", format::after_slash(&name.text))
                })
                .collect();
            let message = format!("service account `{}` is in {} namespaces", name.text, candidates.len());
            self.report(
                Diagnostic::error(Code::E0202, message)
                    .at(place, format!("could be {}", listed(&candidates, "or")))
                    .with_help("write the one that is meant in full"),
            );
            return None;
        }
        let pods = Constraints::one(Key::ServiceAccount, Constraint::is(name.text.as_str().into()));
        let terms = homes.into_iter().map(|home| Conjunction {
            namespaces: Constraints::one(
                Key::namespace_name(),
                Constraint::is(inventory.namespaces[home.index()].name.clone()),
            ),
            pods: pods.clone(),
        });
        Some(Denotation::pods(place, terms.collect()))
    }

    /// What one named thing denotes.
    pub(super) fn named(&mut self, named: Named, scope: Scope, place: Place) -> Resolved<Denotation> {
        let inventory = self.facts.inventory;
        match named {
            Named::Namespace(id) => {
                let mut denotation = Denotation::pods(place, self.things.namespace_pods(id).clone());
                denotation.mentions.namespaces.insert(id);
                Some(denotation)
            }
            Named::Workload(id) | Named::Both(id, _) => {
                let Some(pods) = self.things.workload_pods(id).cloned() else {
                    let spelled = names::spelled(inventory, named, false);
                    self.report(
                        Diagnostic::error(Code::E0315, format!("the pods of `{spelled}` have no labels"))
                            .at(place, "nothing that a policy could select")
                            .with_help("give its pod template a label"),
                    );
                    return None;
                };
                let thing = match named {
                    Named::Both(workload, service) => Thing::Both(workload, service),
                    _ => Thing::Workload(id),
                };
                let mut denotation = Denotation::one(place, thing, Ends::Pods(pods.clone()));
                denotation.mentions.workloads.push((id, place));
                denotation.mentions.pods.push(pods);
                Some(denotation)
            }
            Named::Service(id) => self.service(id, scope, place),
        }
    }

    pub(super) fn service(&mut self, id: ServiceId, scope: Scope, place: Place) -> Resolved<Denotation> {
        let inventory = self.facts.inventory;
        let service = &inventory.services[id.index()];
        let spelled = names::spelled(inventory, Named::Service(id), false);
        if service.kind == ServiceType::ExternalName {
            let Some(host) = &service.external_name else {
                self.report(
                    Diagnostic::error(
                        Code::E0317,
                        format!("service `{spelled}` has neither pods nor a host name"),
                    )
                    .at(place, "leads nowhere"),
                );
                return None;
            };
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            return Some(Denotation::one(place, Thing::Unchecked, Ends::Host(host)));
        }
        if Some(id) == self.facts.api_server() && service.selector.is_none() {
            return self.builtin(Builtin::ApiServer, scope, place);
        }
        if let Some(pods) = self.things.service_pods(id).cloned() {
            let is_empty =
                |pods: &PodSet| self.facts.ground(pods).is_empty() && pods.classes(inventory).is_empty();
            if is_empty(&pods) && scope.absent != Some(Absent::EvenIfAbsent) {
                if scope.absent == Some(Absent::IfPresent) {
                    return Some(Denotation::default());
                }
                self.report(
                    Diagnostic::error(Code::E0205, format!("service `{spelled}` selects no pods"))
                        .at(place, "its selector matches nothing in the inventory")
                        .with_help(HELP_PLANNED),
                );
                return None;
            }
            let mut denotation = Denotation::one(place, Thing::Service(id), Ends::Pods(pods.clone()));
            denotation.mentions.pods.push(pods);
            return Some(denotation);
        }
        let addresses: AddressSet = service.endpoints.iter().map(|endpoint| endpoint.address).collect();
        if addresses.is_empty() {
            self.report(
                Diagnostic::error(
                    Code::E0317,
                    format!("service `{spelled}` has no selector, and no endpoints"),
                )
                .at(place, "leads nowhere")
                .with_help("add its EndpointSlices to the inventory"),
            );
            return None;
        }
        if self.told.insert(Once::Service(id)) {
            self.report_once(
                Once::Service(id),
                Diagnostic::warning(Code::W0109, format!("service `{spelled}` has no selector"))
                    .at(place, "stands for the addresses of its endpoints today")
                    .with_help("build again when its endpoints change"),
            );
        }
        Some(Denotation::one(place, Thing::Service(id), Ends::Exactly(addresses)))
    }

    /// Warns of workloads whose pods are meant, and whose selectors match others too.
    pub(super) fn check_all_catches<'p>(&mut self, parts: impl Iterator<Item = &'p Part>) {
        for part in parts {
            if let (Thing::Workload(id) | Thing::Both(id, _), Ends::Pods(pods)) = (part.thing, &part.ends) {
                self.check_catches(id, pods, part.place);
            }
            if let (Thing::Service(id), Ends::Pods(pods)) = (part.thing, &part.ends) {
                self.check_service_catches(id, pods, part.place);
            }
        }
    }

    /// Notes, once a service, whose pods are behind it where these are several workloads'.
    fn check_service_catches(&mut self, id: ServiceId, pods: &PodSet, place: Place) {
        let whole = self.things.service_pods(id).is_some_and(|whole| whole.is(pods));
        if whole && std::mem::replace(&mut self.checked_services[id.index()], true) {
            return;
        }
        let inventory = self.facts.inventory;
        let mut behind: Vec<String> = pods
            .classes(inventory)
            .iter()
            .map(|class| inventory.classes[class as usize].workload)
            .map(|workload| names::spelled(inventory, Named::Workload(workload), true))
            .collect();
        behind.sort_unstable();
        behind.dedup();
        if behind.len() < 2 || !self.told.insert(Once::Service(id)) {
            return;
        }
        let spelled = names::spelled(inventory, Named::Service(id), false);
        let message = format!("service `{spelled}` has the pods of {} workloads", behind.len());
        self.report_once(
            Once::Service(id),
            Diagnostic::note(Code::W0103, message)
                .at(place, format!("stands for {}", listed(&behind, "and"))),
        );
    }

    /// Warns, once a workload, where what is left of its selector also matches pods of others.
    pub(super) fn check_catches(
        &mut self,
        id: weir_cluster::inventory::WorkloadId,
        pods: &PodSet,
        place: Place,
    ) {
        let whole = self.things.workload_pods(id).is_some_and(|whole| whole.is(pods));
        if whole && std::mem::replace(&mut self.checked_workloads[id.index()], true) {
            return; // as it was judged when it was first named
        }
        let inventory = self.facts.inventory;
        let own: roaring::RoaringBitmap =
            inventory.workloads[id.index()].classes.iter().map(|class| class.0).collect();
        let others = pods.classes(inventory) - own;
        if others.is_empty() || !self.told.insert(Once::Workload(id)) {
            return;
        }
        let mut caught: Vec<String> = others
            .iter()
            .map(|class| inventory.classes[class as usize].workload)
            .map(|workload| names::spelled(inventory, Named::Workload(workload), true))
            .collect();
        caught.sort_unstable();
        caught.dedup();
        let spelled = names::spelled(inventory, Named::Workload(id), false);
        let count = if caught.len() == 1 { "another workload" } else { "other workloads" };
        self.report_once(
            Once::Workload(id),
            Diagnostic::warning(Code::W0103, format!("the selector of `{spelled}` also matches {count}"))
                .at(place, format!("also stands for {}", listed(&caught, "and")))
                .with_help(format!("add a label that tells them apart: `{spelled}[label=value]`")),
        );
    }
}
