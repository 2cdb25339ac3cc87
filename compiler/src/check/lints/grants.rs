//! Grants that open more than was meant, or nothing at all.

use std::collections::BTreeSet;

use roaring::RoaringBitmap as Bits;

use super::View;
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::facts::Facts;
use crate::relation::GrantKind;
use crate::resolve::program::{Ends, Grant, Part, Ports, Reach, Sentence, SentenceId, Thing};
use crate::threads;

/// Grants none of whose ends is guarded. Nobody knows of ends that are empty today: they are not judged.
pub struct Idle(Vec<bool>);

impl Idle {
    pub fn of(view: &View<'_>) -> Idle {
        let View { program, relation, guarded, facts, .. } = *view;
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
        let judged = threads::stretches(relation.grants.len(), |range| {
            let written = relation.grants[range].iter().filter(|grant| grant.kind == GrantKind::Written);
            let busy = written.map(|grant| {
                let busy = meets(&grant.from, &guarded.egress) || meets(&grant.to, &guarded.ingress);
                (grant.sentence, busy)
            });
            busy.collect::<Vec<_>>()
        });
        let mut idle = vec![false; program.sentences.len()];
        let judged = judged.concat();
        judged.iter().for_each(|(sentence, _)| idle[sentence.0 as usize] = true);
        let busy = judged.iter().filter(|(_, busy)| *busy);
        busy.for_each(|(sentence, _)| idle[sentence.0 as usize] = false);
        Idle(idle)
    }

    pub fn is(&self, sentence: SentenceId) -> bool {
        self.0[sentence.0 as usize]
    }
}

pub fn idle_grant(sentence: &Sentence, grant: &Reach) -> Diagnostic {
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

pub fn check(view: &View<'_>, sentence: &Sentence, grant: &Grant, diagnostics: &mut Vec<Diagnostic>) {
    let reach = &grant.reach;
    if grants_everything(grant) {
        // It says more than that a port is missing, or that `anywhere` is wide.
        diagnostics.push(everything(sentence));
        return;
    }
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
    if !sentence.has_reason {
        check_internet(view, reach, diagnostics);
    }
    if !reach.has_ports && grant.narrowed.is_none() {
        check_ports_missing(reach, view.facts, diagnostics);
    }
    if reach.has_ports && view.levels.is_on(Code::W0127) {
        check_undeclared(view, reach, diagnostics);
    }
    check_itself(reach, diagnostics);
}

/// Whether every pod may reach every pod on every port: beside it, no posture closes anything between pods.
pub fn grants_everything(grant: &Grant) -> bool {
    let everyone = |ends: &Ends| match ends {
        Ends::Anywhere => true,
        Ends::Pods(pods) => pods.is_all(),
        _ => false,
    };
    let all_ports = |(part, ports): &(Part, Ports)| *ports == Ports::All && everyone(&part.ends);
    grant.narrowed.is_none()
        && grant.reach.subject.iter().any(|part| everyone(&part.ends))
        && grant.reach.object.iter().any(all_ports)
}

fn everything(sentence: &Sentence) -> Diagnostic {
    Diagnostic::warning(Code::W0119, "every pod may reach every pod, on every port")
        .at(sentence.place, "beside it, no posture closes anything between pods")
        .with_note("other grants between pods add nothing to it")
        .with_help(
            "grant what is needed, such as `shop/web may reach shop/api:80`, or drop the postures as well",
        )
}

/// Data may leave to whoever listens anywhere. What comes in from the internet is another matter: services face it.
fn check_internet(view: &View<'_>, reach: &Reach, diagnostics: &mut Vec<Diagnostic>) {
    let whole = |part: &&Part| matches!(&part.ends, Ends::Outside(set) if set.is_whole_internet());
    let mut parts = reach.object.iter().map(|(part, _)| part);
    let Some(part) = parts.find(whole) else { return };
    let text = view.sources.text(part.place);
    diagnostics.push(
        Diagnostic::warning(Code::W0120, format!("`{text}` is every address of the world"))
            .at(part.place, "data may leave to any of them")
            .with_help("name the ranges that are meant, or say why with `because`"),
    );
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

/// Ports of pods that declare none: nobody can tell whether anything listens there.
fn check_undeclared(view: &View<'_>, reach: &Reach, diagnostics: &mut Vec<Diagnostic>) {
    let inventory = view.facts.inventory;
    for (part, ports) in &reach.object {
        let (Thing::Pods | Thing::Workload(_), Ends::Pods(pods), Ports::These(_)) =
            (part.thing, &part.ends, ports)
        else {
            continue;
        };
        let classes = view.facts.governed(pods);
        let silent = |class: u32| inventory.classes[class as usize].ports.is_empty();
        if classes.is_empty() || !classes.iter().all(silent) {
            continue;
        }
        let text = view.sources.text(part.place);
        diagnostics.push(
            Diagnostic::warning(
                Code::W0127,
                format!("`{text}` declares no port, so this one is not checked"),
            )
            .at(part.place, "nobody can tell whether it listens there")
            .with_help("declare the port in its manifest, as `containerPort`"),
        );
    }
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
