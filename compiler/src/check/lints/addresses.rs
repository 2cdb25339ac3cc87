//! Addresses that are not whom they seem: ranges that pods may live in, clients that hide behind nodes.

use std::collections::BTreeSet;

use roaring::RoaringBitmap as Bits;
use weir_cluster::inventory::{ServiceId, ServiceType};

use crate::address::AddressSet;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::resolve::names;
use crate::resolve::program::{Ends, Part, Reach};
use crate::source::Place;

/// An address range that pods might live in, where the inventory does not tell where they do.
pub fn check(grant: &Reach, facts: &Facts<'_>, diagnostics: &mut Vec<Diagnostic>) {
    if facts.knows_pod_ranges() {
        return;
    }
    for part in grant.parts() {
        let Ends::Outside(set) = &part.ends else { continue };
        let blocks = set.and(&AddressSet::private()).blocks();
        if blocks.iter().all(|block| block.cidr.prefix_len() == block.cidr.max_prefix_len()) {
            continue;
        }
        diagnostics.push(
            Diagnostic::warning(Code::W0112, "the inventory does not tell where pods have their addresses")
                .at(part.place, "pods in this range would be meant too")
                .with_help("add the nodes to the inventory: `kubectl get nodes -o json`")
                .with_help("in a project, `pods` of the cluster in `weir.toml` tells it as well"),
        );
    }
}

/// Pods behind services that hide their clients: what comes in through a node has the node's address.
pub struct HiddenClients {
    services: Vec<(ServiceId, Bits)>,
    all: Bits,
}

impl HiddenClients {
    pub fn of(facts: &Facts<'_>) -> HiddenClients {
        let inventory = facts.inventory;
        let hides = |at: &usize| {
            let service = &inventory.services[*at];
            matches!(service.kind, ServiceType::NodePort | ServiceType::LoadBalancer)
                && !service.keeps_client_address
        };
        let services: Vec<(ServiceId, Bits)> = (0..inventory.services.len())
            .filter(hides)
            .map(|at| ServiceId(at as u32))
            .filter_map(|id| Some((id, names::service_pods(inventory, id)?.classes(inventory))))
            .collect();
        let all = services.iter().fold(Bits::new(), |all, (_, classes)| all | classes);
        HiddenClients { services, all }
    }

    pub fn check(&self, grant: &Reach, facts: &Facts<'_>, diagnostics: &mut Vec<Diagnostic>) {
        if grant.subject.iter().any(|part| matches!(part.ends, Ends::Nodes | Ends::Anywhere)) {
            return; // nodes are granted too, whomever they speak for
        }
        let from = |part: &&Part| matches!(part.ends, Ends::Outside(_));
        let Some(source) = grant.subject.iter().find(from) else { return };
        let mut told: BTreeSet<(ServiceId, Place)> = BTreeSet::new();
        for (part, _) in &grant.object {
            let Ends::Pods(pods) = &part.ends else { continue };
            let classes = pods.classes(facts.inventory);
            if classes.is_disjoint(&self.all) {
                continue;
            }
            let Some((id, _)) = self.services.iter().find(|(_, behind)| !behind.is_disjoint(&classes)) else {
                continue;
            };
            if !told.insert((*id, part.place)) {
                continue;
            }
            let service = names::spelled(facts.inventory, names::Named::Service(*id), false);
            diagnostics.push(
                Diagnostic::warning(Code::W0110, format!("service `{service}` hides its clients"))
                    .at(source.place, "pods behind it see a node's address, so this may admit nobody")
                    .at(part.place, "reached through that service")
                    .with_help("set `externalTrafficPolicy: Local` on the service, or grant `nodes` as well"),
            );
        }
    }
}
