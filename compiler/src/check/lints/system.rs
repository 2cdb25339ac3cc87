//! Guards of the system's own pods, where they are meant: what these pods need before they are closed. A guard that
//! catches them unnamed is an error, and `conflicts`' business.

use roaring::RoaringBitmap as Bits;

use super::View;
use crate::check::conflicts::workloads;
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::facts::SYSTEM_NAMESPACE;
use crate::relation::{GrantKind, Guard};
use crate::resolve::program::{Ends, Exclusive, SentenceKind};

pub fn check(view: &View<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let inventory = view.facts.inventory;
    let dns = match view.facts.dns.by_convention {
        true => Bits::new(),
        false => view.facts.governed(&view.facts.dns.pods),
    };
    let mut system = dns.clone();
    if let Some(home) = inventory.namespace(SYSTEM_NAMESPACE) {
        system.insert_range(inventory.namespaces[home.index()].classes.clone());
        system -= &view.facts.host_network;
    }
    for (guard, classes) in view.relation.guards.iter().zip(&view.guarded.by_guard) {
        let caught = classes & &system;
        if caught.is_empty() {
            continue;
        }
        let lacks = lacks(view, guard, &caught, &dns);
        if lacks.is_empty() {
            continue;
        }
        let sentence = view.program.get(guard.sentence);
        let place = match &sentence.kind {
            SentenceKind::Posture(posture) => posture.subject_place,
            SentenceKind::Grant(grant) if grant.exclusive == Exclusive::Subject => grant.reach.subject_place,
            SentenceKind::Grant(grant) => grant.reach.object_place,
            SentenceKind::Guardrail(_) => continue,
        };
        let mut said = Diagnostic::warning(Code::W0123, "this closes pods that the cluster itself relies on")
            .at(place, format!("catches {}", listed(&workloads(view.facts, &caught), "and")));
        for (note, help) in lacks {
            said = said.with_note(note).with_help(help);
        }
        diagnostics.push(sentence.explain(said));
    }
}

/// What the system's pods need behind this guard and are not granted: why, and the sentence.
fn lacks(view: &View<'_>, guard: &Guard, caught: &Bits, dns: &Bits) -> Vec<(&'static str, &'static str)> {
    let (answers, others) = (caught & dns, caught - dns);
    let from_control = |ends: &Ends| matches!(ends, Ends::ApiServer | Ends::Nodes | Ends::Anywhere);
    let control = |ends: &Ends| matches!(ends, Ends::ApiServer | Ends::Anywhere);
    let outside = |ends: &Ends| !matches!(ends, Ends::Pods(_) | Ends::ApiServer);
    let anybody = |ends: &Ends| matches!(ends, Ends::Pods(_) | Ends::Anywhere);
    let mut lacks = Vec::new();
    if guard.ingress && !answers.is_empty() && !granted(view, &answers, true, anybody) {
        lacks.push((
            "no pod of the cluster could resolve a name: nothing grants the DNS",
            "grant it: `anyone may reach dns`, as the prelude does",
        ));
    }
    if guard.ingress && !others.is_empty() && !granted(view, &others, true, from_control) {
        lacks.push((
            "the API server calls webhooks and aggregated APIs, such as the metrics server",
            "grant what is called: `apiserver, nodes may reach kube-system/NAME on PORT`",
        ));
    }
    if guard.egress && !granted(view, caught, false, control) {
        lacks.push((
            "controllers, and the DNS too, watch the API server",
            "grant it: `namespace kube-system may reach apiserver`",
        ));
    }
    if guard.egress && !answers.is_empty() && !granted(view, &answers, false, outside) {
        lacks.push((
            "the DNS asks other servers for names outside of the cluster",
            "grant the servers that it asks: `dns may reach ADDRESS on 53/udp, 53/tcp`",
        ));
    }
    lacks
}

/// Whether any of these pods is granted flows from, or to, such ends.
fn granted(view: &View<'_>, pods: &Bits, inward: bool, such: fn(&Ends) -> bool) -> bool {
    view.relation.grants.iter().any(|grant| {
        let (own, others) = if inward { (&grant.to, &grant.from) } else { (&grant.from, &grant.to) };
        let holds = |ends: &Ends| match ends {
            Ends::Pods(set) => !view.facts.ground(set).is_disjoint(pods),
            Ends::Anywhere => true,
            _ => false,
        };
        grant.kind != GrantKind::Inner && others.iter().any(such) && own.iter().any(holds)
    })
}
