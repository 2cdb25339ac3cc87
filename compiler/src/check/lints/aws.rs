//! Where AWS's network plugin does otherwise than one expects: services whose address it does not admit, and pods that
//! start before their policies are there.

use std::collections::BTreeSet;

use roaring::RoaringBitmap as Bits;
use rustc_hash::FxHashMap;
use weir_cluster::inventory::{ServiceId, TargetPort};

use super::View;
use crate::check::cni::from;
use crate::cni::{Mode, Plugin};
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::facts::Facts;
use crate::resolve::names::{self, Named};
use crate::resolve::program::{Ends, Port, Ports, Reach, Thing};
use crate::target::aws::admits_service;

/// Whom AWS's plugin keeps from services although it admits them to the pods behind. Empty on other plugins.
#[derive(Default)]
pub struct Services {
    by_class: FxHashMap<u32, Vec<ServiceId>>,
}

impl Services {
    pub fn of(facts: &Facts<'_>) -> Services {
        let mut by_class: FxHashMap<u32, Vec<ServiceId>> = FxHashMap::default();
        if facts.cni.is(Plugin::AwsVpcCni) {
            for id in (0..facts.inventory.services.len()).map(|at| ServiceId(at as u32)) {
                let Some(pods) = names::service_pods(facts.inventory, id) else { continue };
                for class in &pods.classes(facts.inventory) {
                    by_class.entry(class).or_default().push(id);
                }
            }
        }
        Services { by_class }
    }

    /// A peer that is named by labels which a service before it does not select by.
    pub fn check(&self, view: &View<'_>, grant: &Reach, diagnostics: &mut Vec<Diagnostic>) {
        if self.by_class.is_empty() || !leaves_guarded(view, grant) {
            return;
        }
        let inventory = view.facts.inventory;
        for (part, ports) in &grant.object {
            // What is named as a service is admitted as one.
            let (Thing::Workload(_) | Thing::Pods, Ends::Pods(pods)) = (part.thing, &part.ends) else {
                continue;
            };
            if pods.terms().iter().any(|term| term.pods.is_empty()) {
                continue; // it asks for no label: every service has what it asks for
            }
            let behind = view.facts.ground(pods);
            let services: BTreeSet<ServiceId> =
                behind.iter().filter_map(|class| self.by_class.get(&class)).flatten().copied().collect();
            let kept_out = |id: &ServiceId| {
                let service = &inventory.services[id.index()];
                let leads_there = service.ports.iter().any(|port| match port.target {
                    TargetPort::Number(number) => is_granted(ports, number),
                    TargetPort::Name(_) => true,
                });
                let admitted = pods.terms().iter().map(|term| admits_service(term, service, view.facts));
                leads_there && admitted.clone().all(|admitted| admitted == Some(false))
            };
            let services = services.into_iter().filter(kept_out);
            let words: Vec<String> =
                services.map(|id| names::spelled(inventory, Named::Service(id), true)).collect();
            let Some(first) = words.first() else { continue };
            diagnostics.push(
                Diagnostic::warning(Code::W0132, "pods are admitted here, and the service before them is not")
                    .at(part.place, format!("clients that go through {} are cut off", listed(&words, "or")))
                    .with_note(
                        "`aws-vpc-cni` admits the address of a service where the labels that it selects by have all that the peer asks for",
                    )
                    .with_help(format!("name the service: `{first}`")),
            );
        }
    }
}

/// Whether egress rules are made of a grant.
fn leaves_guarded(view: &View<'_>, grant: &Reach) -> bool {
    grant.subject.iter().any(|part| match &part.ends {
        Ends::Pods(pods) => !view.facts.ground(pods).is_disjoint(&view.guarded.egress),
        Ends::Anywhere => view.guarded.egress != Bits::new(),
        _ => false,
    })
}

fn is_granted(ports: &Ports, number: u16) -> bool {
    let Ports::These(ports) = ports else { return true };
    ports.iter().any(|port| match port {
        Port::Range { first, last, .. } => (*first..=*last).contains(&number),
        Port::Named { .. } => true,
    })
}

/// Told once a cluster: whoever starts a pod has what it may reach until its policies are there.
pub fn check_start(view: &View<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let cni = &view.facts.cni;
    let Some(plugin) = cni.plugin().filter(|plugin| plugin.value == Plugin::AwsVpcCni) else { return };
    if cni.mode() == Mode::Strict || view.relation.guards.is_empty() {
        return;
    }
    let message = "until its policies are there, a new pod may talk to everyone";
    let source = cni.mode_source().unwrap_or(&plugin.source);
    diagnostics.push(
        from(Diagnostic::note(Code::W0133, message), source, "in standard mode, which is its default")
            .with_help(
                "set `NETWORK_POLICY_ENFORCING_MODE` of `aws-node` to `strict`: new pods then begin closed",
            )
            .with_help(
                "if it is strict, write `mode = \"strict\"` where `weir.toml` tells of the network plugin",
            ),
    );
}
