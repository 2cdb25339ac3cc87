//! Namespaces that no posture covers: a pod that comes there tomorrow would be open. Off, unless a program uses
//! `std.zero-trust`.

use std::collections::BTreeSet;

use roaring::RoaringBitmap as Bits;
use weir_cluster::labels::Text;
use weir_grammar::ast::PostureWord;

use super::View;
use crate::check::conflicts::guard_place;
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::lint::zero_trust;
use crate::relation::Guard;
use crate::resolve::program::{Posture, SentenceKind};
use crate::selector::{Key, PodSet, Values};
use crate::source::Place;

/// Namespaces of Kubernetes' own: to close them is a risk of its own, and `each (anyone except kube-system)` leaves
/// them out on good advice.
const SYSTEM: &[&str] = &["kube-system", "kube-public", "kube-node-lease"];

pub fn check(view: &View<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let ingress = uncovered(view, |guard| guard.ingress, |posture| posture.ingress);
    let egress = uncovered(view, |guard| guard.egress, |posture| posture.egress);
    let all = &ingress | &egress;
    if all.is_empty() {
        return;
    }
    let message = match all.len() {
        1 => "one namespace is not covered by any posture".to_owned(),
        count => format!("{count} namespaces are not covered by any posture"),
    };
    let both = &ingress & &egress;
    let mut said = Diagnostic::warning(Code::W0124, message);
    if let Some(place) = place(view) {
        said = said.at(place, "some or all of their pods stay open");
    }
    for (open, way) in [
        (&both, "for ingress and egress"),
        (&(ingress - &both), "for ingress"),
        (&(egress - &both), "for egress"),
    ] {
        let names: Vec<&str> =
            open.iter().map(|at| view.facts.inventory.namespaces[at as usize].name.as_ref()).collect();
        if !names.is_empty() {
            said = said.with_note(format!("{way}: {}", listed(&names, "and")));
        }
    }
    diagnostics.push(said.with_help(
        "guard them: `each (anyone except kube-system) locked`; or say with `open` that they are meant to be open",
    ));
}

/// Where a program says that it wants every namespace covered, else where it first guards.
fn place(view: &View<'_>) -> Option<Place> {
    let guard = || {
        let places = view.relation.guards.iter().map(|guard| guard_place(view.program, guard.sentence));
        places.filter(|place| !view.sources.get(place.file).library).min()
    };
    zero_trust(view.sources).or_else(guard)
}

/// The namespaces where a pod without labels would be open, or a pod of today is, and nobody says that it is meant.
fn uncovered(view: &View<'_>, closes: fn(&Guard) -> bool, opens: fn(&Posture) -> bool) -> Bits {
    let inventory = view.facts.inventory;
    let (mut whole, mut guarded) = (Bits::new(), Bits::new());
    let guards = view.relation.guards.iter().zip(&view.guarded.by_guard);
    for (guard, classes) in guards.filter(|(guard, _)| closes(guard)) {
        guarded |= classes;
        whole |= namespaces(view, &guard.pods);
    }
    for (_, sentence) in view.program.iter() {
        if let SentenceKind::Posture(posture) = &sentence.kind
            && posture.word == PostureWord::Open
            && opens(posture)
        {
            guarded |= view.facts.governed(&posture.subject);
            whole |= namespaces(view, &posture.subject);
        }
    }
    let mut open: Bits = (0..inventory.namespaces.len() as u32).collect();
    open -= whole;
    let unguarded = inventory.all_classes() - &view.facts.host_network - guarded;
    open.extend(unguarded.iter().map(|class| inventory.classes[class as usize].namespace.0));
    let left_out = left_out(view);
    let is_meant = |at: &u32| {
        let name = &inventory.namespaces[*at as usize].name;
        SYSTEM.contains(&name.as_ref()) || left_out.contains(name)
    };
    open.iter().filter(|at| !is_meant(at)).collect()
}

/// The namespaces that some posture leaves out by name: `anyone except (kube-system, ops) locked`.
fn left_out<'a>(view: &View<'a>) -> BTreeSet<&'a Text> {
    let mut all = BTreeSet::new();
    for (_, sentence) in view.program.iter() {
        let SentenceKind::Posture(Posture { subject, .. }) = &sentence.kind else { continue };
        // Of what only some pods are left out, the others are a part by themselves.
        let named: BTreeSet<&Text> =
            subject.terms().iter().filter_map(|term| term.namespaces.names()).flatten().collect();
        let constraints =
            subject.terms().iter().filter_map(|term| term.namespaces.get(&Key::namespace_name()));
        for constraint in constraints.filter(|constraint| constraint.may_be_absent()) {
            if let Values::NotIn(names) = constraint.values() {
                all.extend(names.iter().filter(|name| !named.contains(name)));
            }
        }
    }
    all
}

/// The namespaces of which a set has even the pods without labels.
fn namespaces(view: &View<'_>, pods: &PodSet) -> Bits {
    let unlabelled = pods.terms().iter().filter(|term| {
        let mut labels = term.pods.iter();
        labels.all(|(_, constraint)| constraint.may_be_absent())
    });
    unlabelled.flat_map(|term| term.namespaces.namespaces(view.facts.inventory)).map(|id| id.0).collect()
}
