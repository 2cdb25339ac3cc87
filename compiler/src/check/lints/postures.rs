//! Postures that guard more or less than they seem to.

use std::collections::BTreeSet;

use weir_grammar::ast::PostureWord;

use super::View;
use crate::check::conflicts::{guard_place, workloads};
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::facts::{DNS_LABEL, Facts, SYSTEM_NAMESPACE};
use crate::relation::GrantKind;
use crate::resolve::program::{Parts, Posture};

/// A guarded pod needs names, and the inventory shows nobody who answers for them.
pub fn check_dns(view: &View<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let View { program, relation, facts, .. } = *view;
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

pub fn check(posture: &Posture, facts: &Facts<'_>, diagnostics: &mut Vec<Diagnostic>) {
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
