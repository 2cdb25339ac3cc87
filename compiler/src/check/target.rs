//! What a target cannot say, by name: refused, never approximated. The reasons are the table's.

use crate::diagnostic::Diagnostic;
use crate::facts::Facts;
use crate::resolve::program::{Ends, Grant, Narrowed, Program, SentenceKind};
use crate::target::Target;
use crate::target::capability::Feature;

pub(super) fn check(program: &Program, target: Target, facts: &Facts<'_>) -> Vec<Diagnostic> {
    let mut diagnostics = check_hosts(program, target);
    diagnostics.extend(check_own_addresses(program, target, facts));
    diagnostics.extend(check_narrowed(program, target));
    diagnostics
}

fn check_hosts(program: &Program, target: Target) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let Some(no) = Feature::HostNames.no(target) else { return diagnostics };
    for (_, sentence) in program.iter() {
        let Some(reach) = sentence.kind.reach() else { continue };
        let (does, feature) = match &sentence.kind {
            SentenceKind::Guardrail(guardrail) if guardrail.forbids => ("deny", Feature::DenyHostNames),
            SentenceKind::Guardrail(_) => ("promise", Feature::HostNames),
            SentenceKind::Grant(_) | SentenceKind::Posture(_) => ("grant", Feature::HostNames),
        };
        for (part, _) in &reach.object {
            let Ends::Host(host) = &part.ends else { continue };
            let message = format!("the target `{}` cannot {does} the host name `{host}`", target.name());
            diagnostics.push(
                sentence.explain(
                    Diagnostic::error(no.code, message)
                        .at(part.place, no.why)
                        .with_note(feature.who_can(target))
                        .with_help(no.instead),
                ),
            );
        }
    }
    diagnostics
}

/// Addresses behind a service without a selector that somebody of the cluster has: a rule on them would match nobody.
fn check_own_addresses(program: &Program, target: Target, facts: &Facts<'_>) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let Some(no) = Feature::OwnAddresses.no(target) else { return diagnostics };
    for (_, sentence) in program.iter() {
        let SentenceKind::Grant(grant) = &sentence.kind else { continue };
        for (part, _) in &grant.reach.object {
            let Ends::Exactly(set) = &part.ends else { continue };
            // Caches of the DNS have a word of their own.
            let mut unmatched = set.and(facts.own_addresses()).minus(&facts.dns.caches);
            if facts.cni.cidrs_match_nodes() {
                unmatched = unmatched.minus(&facts.node_addresses());
            }
            let Some(block) = unmatched.blocks().into_iter().next() else { continue };
            let message = format!(
                "the target `{}` cannot grant `{}`, an address of the cluster",
                target.name(),
                block.cidr.addr()
            );
            diagnostics.push(
                sentence.explain(
                    Diagnostic::error(no.code, message)
                        .at(part.place, no.why)
                        .with_note(Feature::OwnAddresses.who_can(target))
                        .with_help(no.instead),
                ),
            );
        }
    }
    diagnostics
}

/// Grants of less than a port: requests of HTTP, a ping.
fn check_narrowed(program: &Program, target: Target) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for (_, sentence) in program.iter() {
        let SentenceKind::Grant(Grant { narrowed: Some(narrowed), .. }) = &sentence.kind else { continue };
        let (feature, place, cannot) = match narrowed {
            Narrowed::Http { place, .. } => {
                (Feature::Http, place, "cannot tell one HTTP request from another")
            }
            Narrowed::Ping { place } => (Feature::Ping, place, "does not govern ICMP"),
        };
        let Some(no) = feature.no(target) else { continue };
        let said = Diagnostic::error(no.code, format!("the target `{}` {cannot}", target.name()))
            .at(*place, no.why)
            .with_note(feature.who_can(target))
            .with_help(no.instead);
        diagnostics.push(sentence.explain(said));
    }
    diagnostics
}
