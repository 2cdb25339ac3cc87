//! Sentences that are legal, and probably not what was meant.

use std::collections::BTreeSet;

use roaring::RoaringBitmap as Bits;
use weir_cluster::inventory::{ServiceId, ServiceType};
use weir_grammar::ast::PostureWord;

use super::Guarded;
use super::conflicts::{guard_place, workloads};
use crate::address::AddressSet;
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::facts::{DNS_LABEL, Facts, SYSTEM_NAMESPACE};
use crate::relation::{GrantKind, Relation};
use crate::resolve::names;
use crate::resolve::program::{
    Ends, Grant, Part, Parts, Posture, Program, Reach, Sentence, SentenceId, SentenceKind, Thing,
};
use crate::source::Place;

pub(super) fn check(
    program: &Program,
    relation: &Relation,
    guarded: &Guarded,
    facts: &Facts<'_>,
) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let behind = HiddenClients::of(facts);
    let idle = idle(relation, guarded, facts);
    check_dns(program, relation, facts, &mut diagnostics);
    for (id, sentence) in program.iter() {
        let mut said = Vec::new();
        match &sentence.kind {
            SentenceKind::Posture(posture) => check_posture(posture, facts, &mut said),
            SentenceKind::Grant(grant) if !sentence.library => {
                if idle.contains(&id) && !program.incomplete {
                    said.push(idle_grant(sentence, &grant.reach));
                }
                check_grant(sentence, grant, facts, &mut said);
                behind.check(&grant.reach, facts, &mut said);
            }
            SentenceKind::Grant(_) | SentenceKind::Guardrail(_) => {}
        }
        diagnostics.extend(said.into_iter().map(|said| sentence.explain(said)));
    }
    diagnostics
}

/// A guarded pod needs names, and the inventory shows nobody who answers for them.
fn check_dns(program: &Program, relation: &Relation, facts: &Facts<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let closed = relation.guards.iter().find(|guard| guard.egress);
    let granted = relation.grants.iter().any(|grant| grant.kind == GrantKind::Library);
    let Some(guard) = closed.filter(|_| facts.dns.by_convention && granted) else { return };
    let (key, value) = DNS_LABEL;
    diagnostics.push(
        Diagnostic::warning(Code::W0104, "the inventory shows no cluster DNS")
            .at(guard_place(program, guard.sentence), "closes egress, and pods without DNS are broken pods")
            .with_note(format!(
                "granted by convention: pods with `{key}={value}` in `{SYSTEM_NAMESPACE}`, port 53 of UDP and TCP"
            ))
            .with_help(format!(
                "add the cluster's DNS to the inventory: `kubectl get service,deployment,daemonset -n {SYSTEM_NAMESPACE} -o json`"
            )),
    );
}

fn check_posture(posture: &Posture, facts: &Facts<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let classes = posture.subject.classes(facts.inventory);
    let hosts = &classes & &facts.host_network;
    if !hosts.is_empty() && posture.word != PostureWord::Open {
        diagnostics.push(
            Diagnostic::note(Code::W0113, "pods on the host network are left out of this posture")
                .at(posture.subject_place, format!("but for {}", listed(&workloads(facts, &hosts), "and"))),
        );
    }
    let homes: BTreeSet<_> =
        classes.iter().map(|class| facts.inventory.classes[class as usize].namespace).collect();
    if posture.word == PostureWord::Isolated
        && posture.parts == Parts::Whole
        && !posture.one_group
        && homes.len() > 1
    {
        let message =
            format!("one isolation over {} namespaces: their pods all reach each other", homes.len());
        diagnostics.push(
            Diagnostic::warning(Code::W0105, message)
                .at(posture.subject_place, "spans several namespaces")
                .with_help("write `each` before the set to isolate every namespace by itself, or parentheses around it if one group is meant"),
        );
    }
}

/// Grants none of whose ends is guarded. Nobody knows of ends that are empty today: they are not judged.
fn idle(relation: &Relation, guarded: &Guarded, facts: &Facts<'_>) -> BTreeSet<SentenceId> {
    let mut idle = BTreeSet::new();
    let mut busy = BTreeSet::new();
    for grant in relation.grants.iter().filter(|grant| grant.kind == GrantKind::Written) {
        let meets = |ends: &[Ends], guarded: &Bits| {
            ends.iter().any(|ends| match ends {
                Ends::Anywhere => !guarded.is_empty(),
                Ends::Pods(pods) => {
                    let classes = facts.ground(pods);
                    classes.is_empty() || !classes.is_disjoint(guarded)
                }
                _ => false,
            })
        };
        if meets(&grant.from, &guarded.egress) || meets(&grant.to, &guarded.ingress) {
            busy.insert(grant.sentence);
        } else {
            idle.insert(grant.sentence);
        }
    }
    idle.retain(|sentence| !busy.contains(sentence));
    idle
}

fn idle_grant(sentence: &Sentence, grant: &Reach) -> Diagnostic {
    let pods = grant.object.iter().any(|(part, _)| matches!(part.ends, Ends::Pods(_)));
    let help = if pods {
        "guard what is reached, such as `namespace NAME locked;`, or drop the sentence"
    } else {
        "guard the egress of what reaches it, such as `namespace NAME locked for egress;`, or drop the sentence"
    };
    Diagnostic::warning(Code::W0101, "this grant changes nothing: neither end is guarded")
        .at(sentence.place, "these flows are open anyway")
        .with_help(help)
}

fn check_grant(sentence: &Sentence, grant: &Grant, facts: &Facts<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let reach = &grant.reach;
    let anywhere = reach.parts().find(|part| part.ends == Ends::Anywhere);
    if let Some(part) = anywhere.filter(|_| !sentence.has_reason) {
        diagnostics.push(
            Diagnostic::warning(Code::W0108, "`anywhere` is every pod, node and address")
                .at(part.place, "no restriction at all")
                .with_help(
                    "write `anyone` for pods or `internet` for what is outside, or say why with `because`",
                ),
        );
    }
    if !reach.has_ports && grant.narrowed.is_none() {
        check_ports_missing(reach, facts, diagnostics);
    }
    check_itself(reach, diagnostics);
    check_addresses(reach, facts, diagnostics);
}

fn check_ports_missing(grant: &Reach, facts: &Facts<'_>, diagnostics: &mut Vec<Diagnostic>) {
    const SHOWN: usize = 4;
    let inventory = facts.inventory;
    let mut declared = BTreeSet::new();
    for (part, _) in &grant.object {
        let Ends::Pods(pods) = &part.ends else { continue };
        if matches!(part.thing, Thing::Dns(_) | Thing::ApiServer) {
            continue;
        }
        if let Thing::Service(id) | Thing::Both(_, id) = part.thing {
            let ports = &inventory.services[id.index()].ports;
            declared.extend(ports.iter().take(SHOWN).map(|port| port.port.to_string()));
            continue;
        }
        let classes = pods.classes(inventory);
        let ports = classes.iter().flat_map(|class| &inventory.classes[class as usize].ports);
        declared.extend(ports.take(SHOWN).map(|port| port.number.to_string()));
    }
    if declared.is_empty() {
        return;
    }
    let shown: Vec<&String> = declared.iter().take(SHOWN).collect();
    diagnostics.push(
        Diagnostic::warning(Code::W0102, "a grant without ports opens every port of every protocol")
            .at(grant.object_place, format!("exposes {}", listed(&shown, "and")))
            .with_help(format!("name the ports that are meant: `… on {}`", shown[0])),
    );
}

fn check_itself(grant: &Reach, diagnostics: &mut Vec<Diagnostic>) {
    let single = |part: &&Part| matches!(part.thing, Thing::Workload(_) | Thing::Both(..));
    for subject in grant.subject.iter().filter(single) {
        let same = |(part, _): &&(Part, _)| part.ends == subject.ends && single(&part);
        if let Some((object, _)) = grant.object.iter().find(same) {
            diagnostics.push(
                Diagnostic::warning(Code::W0107, "this lets the pods of one workload reach each other")
                    .at(object.place, "the same workload")
                    .with_help("a pod always reaches itself; drop this if that is all that was meant"),
            );
        }
    }
}

/// An address range that pods might live in, where the inventory does not tell where they do.
fn check_addresses(grant: &Reach, facts: &Facts<'_>, diagnostics: &mut Vec<Diagnostic>) {
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
struct HiddenClients {
    services: Vec<(ServiceId, Bits)>,
    all: Bits,
}

impl HiddenClients {
    fn of(facts: &Facts<'_>) -> HiddenClients {
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

    fn check(&self, grant: &Reach, facts: &Facts<'_>, diagnostics: &mut Vec<Diagnostic>) {
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
