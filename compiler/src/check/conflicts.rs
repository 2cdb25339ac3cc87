//! Sentences that contradict each other: both are shown.

use roaring::RoaringBitmap as Bits;
use weir_cluster::inventory::ClassId;
use weir_grammar::ast::PostureWord;

use super::Guarded;
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::facts::{Facts, SYSTEM_NAMESPACE};
use crate::relation::Relation;
use crate::resolve::names::{self, Named};
use crate::resolve::program::{Exclusive, Mentions, Parts, Posture, Program, SentenceId, SentenceKind};
use crate::selector::PodSet;
use crate::source::Place;

pub(super) fn check(
    program: &Program,
    relation: &Relation,
    guarded: &Guarded,
    facts: &Facts<'_>,
) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    check_open(program, relation, guarded, facts, &mut diagnostics);
    check_locked(program, relation, guarded, facts, &mut diagnostics);
    check_system(program, relation, guarded, facts, &mut diagnostics);
    diagnostics
}

fn postures(program: &Program) -> impl Iterator<Item = (SentenceId, &Posture)> {
    program.iter().filter_map(|(id, sentence)| match &sentence.kind {
        SentenceKind::Posture(posture) => Some((id, posture)),
        SentenceKind::Grant(_) | SentenceKind::Guardrail(_) => None,
    })
}

fn posture(program: &Program, id: SentenceId) -> Option<&Posture> {
    match &program.get(id).kind {
        SentenceKind::Posture(posture) => Some(posture),
        SentenceKind::Grant(_) | SentenceKind::Guardrail(_) => None,
    }
}

/// Nothing may guard what is said to be open.
fn check_open(
    program: &Program,
    relation: &Relation,
    guarded: &Guarded,
    facts: &Facts<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (id, open) in postures(program).filter(|(_, posture)| posture.word == PostureWord::Open) {
        let pods = facts.governed(&open.subject);
        let closed = match (open.ingress, open.egress) {
            (true, true) => &guarded.ingress | &guarded.egress,
            (true, false) => guarded.ingress.clone(),
            _ => guarded.egress.clone(),
        };
        if pods.is_disjoint(&closed) {
            continue;
        }
        let found = relation.guards.iter().zip(&guarded.by_guard).find(|(guard, classes)| {
            ((guard.ingress && open.ingress) || (guard.egress && open.egress)) && !classes.is_disjoint(&pods)
        });
        let Some((guard, classes)) = found else { continue };
        let caught = workloads(facts, &(classes & &pods));
        diagnostics.push(
            program.get(id).explain(
                Diagnostic::error(Code::E0501, format!("{} said to be open, and guarded", is(&caught)))
                    .at(open.word_place, "open")
                    .at(guard_place(program, guard.sentence), "guarded here")
                    .with_help("leave it out of the guard with `except`, or drop the `open`"),
            ),
        );
    }
}

/// Nothing is granted to what is locked, not by the inner grant of `isolated` either.
fn check_locked(
    program: &Program,
    relation: &Relation,
    guarded: &Guarded,
    facts: &Facts<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let of = |word: PostureWord| {
        let some = relation.guards.iter().zip(&guarded.by_guard).filter_map(move |(guard, classes)| {
            let posture = posture(program, guard.sentence)?;
            (posture.word == word).then_some((posture, classes, guard.sentence))
        });
        some.collect::<Vec<_>>()
    };
    let (locked, isolated) = (of(PostureWord::Locked), of(PostureWord::Isolated));
    let all = |postures: &[(&Posture, &Bits, SentenceId)]| {
        postures.iter().fold(Bits::new(), |all, (_, classes, _)| all | *classes)
    };
    let both = all(&locked) & all(&isolated);
    if both.is_empty() {
        return;
    }
    for (lock, closed, id) in locked.iter().filter(|(_, classes, _)| !classes.is_disjoint(&both)) {
        for (isolation, free, _) in isolated.iter().filter(|(_, classes, _)| !classes.is_disjoint(closed)) {
            let caught = workloads(facts, &(*closed & *free));
            diagnostics.push(
                program.get(*id).explain(
                    Diagnostic::error(Code::E0502, format!("{} both locked and isolated", is(&caught)))
                        .at(lock.word_place, "nothing may reach it but what is granted")
                        .at(isolation.word_place, "all its members may reach it")
                        .with_help(format!(
                            "leave it out of the isolated set: `… except {} isolated`",
                            caught.first().map_or("…", String::as_str)
                        )),
                ),
            );
        }
    }
}

/// A posture that cuts DNS or the system's pods has to name them.
fn check_system(
    program: &Program,
    relation: &Relation,
    guarded: &Guarded,
    facts: &Facts<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let inventory = facts.inventory;
    let system = inventory.namespace(SYSTEM_NAMESPACE);
    let mut system_pods = Bits::new();
    if let Some(system) = system {
        system_pods.insert_range(inventory.namespaces[system.index()].classes.clone());
    }
    let dns = if facts.dns.by_convention { Bits::new() } else { facts.governed(&facts.dns.pods) };
    system_pods -= &facts.host_network;
    for (id, sentence) in program.iter() {
        let Some((mentions, place)) = guarded_end(&sentence.kind) else { continue };
        let mut named = Bits::new();
        for pods in &mentions.pods {
            named |= pods.classes(inventory);
        }
        for namespace in &mentions.namespaces {
            named.insert_range(inventory.namespaces[namespace.index()].classes.clone());
        }
        let guards = relation.guards.iter().zip(&guarded.by_guard).filter(|(guard, _)| guard.sentence == id);
        let pods = guards.fold(Bits::new(), |all, (_, classes)| all | classes) - named;
        let (caught_dns, caught_system) = (&pods & &dns, &pods & &system_pods);
        let (what, classes) = if !caught_dns.is_empty() {
            ("the cluster's DNS", caught_dns)
        } else if !caught_system.is_empty() {
            ("the system's own pods", caught_system)
        } else {
            continue;
        };
        let mut homes: Vec<&str> = classes
            .iter()
            .map(|class| facts.namespace_name(inventory.classes[class as usize].namespace))
            .collect();
        homes.dedup();
        diagnostics.push(
            sentence.explain(
                Diagnostic::error(Code::E0503, format!("this sentence closes {what}"))
                    .at(place, format!("catches {}", listed(&workloads(facts, &classes), "and")))
                    .with_help(format!(
                        "leave {} out with `{}`, or name it if it is meant",
                        listed(&homes, "and"),
                        without(&sentence.kind, homes.first().copied().unwrap_or(SYSTEM_NAMESPACE)),
                    )),
            ),
        );
    }
}

/// What a guarding sentence names of the end that it guards, and where that stands.
fn guarded_end(kind: &SentenceKind) -> Option<(&Mentions, Place)> {
    match kind {
        SentenceKind::Posture(posture) if posture.word == PostureWord::Open => None,
        SentenceKind::Posture(posture) => Some((&posture.mentions, posture.subject_place)),
        SentenceKind::Grant(grant) => match grant.exclusive {
            Exclusive::No => None,
            Exclusive::Object => Some((&grant.mentions, grant.reach.object_place)),
            Exclusive::Subject => Some((&grant.mentions, grant.reach.subject_place)),
        },
        SentenceKind::Guardrail(_) => None,
    }
}

/// How a namespace is left out of what a sentence guards.
fn without(kind: &SentenceKind, namespace: &str) -> String {
    let SentenceKind::Posture(posture) = kind else { return format!("except {namespace}") };
    let word = if posture.word == PostureWord::Locked { "locked" } else { "isolated" };
    match (posture.subject == PodSet::all(), &posture.parts) {
        (true, Parts::Namespaces) => format!("each (anyone except {namespace}) {word}"),
        (true, Parts::Whole) => format!("anyone except {namespace} {word}"),
        _ => format!("except {namespace}"),
    }
}

/// The words that guard.
pub(crate) fn guard_place(program: &Program, id: SentenceId) -> Place {
    let sentence = program.get(id);
    match &sentence.kind {
        SentenceKind::Posture(posture) => posture.word_place,
        SentenceKind::Grant(grant) => grant.reach.verb_place,
        SentenceKind::Guardrail(_) => sentence.place,
    }
}

fn is(caught: &[String]) -> String {
    let verb = if caught.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", listed(caught, "and"))
}

/// The workloads of these classes, by name.
pub(super) fn workloads(facts: &Facts<'_>, classes: &Bits) -> Vec<String> {
    let inventory = facts.inventory;
    let mut found: Vec<_> =
        classes.iter().map(|class| inventory.classes[ClassId(class).index()].workload).collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|id| names::spelled(inventory, Named::Workload(id), false)).collect()
}
