//! Namespaces that are let in, or out, by a label that their owners may be able to set. Names of namespaces cannot be
//! changed; every other label can.

use std::collections::BTreeMap;

use weir_cluster::labels::{NAMESPACE_NAME, Text};

use super::View;
use super::dates::has_ended;
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::program::{Exclusive, Grant, Posture, Sentence, SentenceKind};
use crate::selector::{Key, PodSet};
use crate::source::Place;

/// What a label does for a namespace that gets it, or loses it.
#[derive(Clone, Copy)]
enum Way {
    /// Into the sources of a grant.
    In,
    /// Out of a guard: whatever a guard asks for can be lost, but that is told of its being bound to today.
    Out,
}

/// Tells of each label once, where it is first relied upon.
pub fn check(view: &View<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<&Text, (Place, Way, &Sentence)> = BTreeMap::new();
    for (_, sentence) in view.program.iter().filter(|(_, sentence)| !sentence.library) {
        let mut found = |key, place, way| {
            let known = first.entry(key).or_insert((place, way, sentence));
            if place < known.0 {
                *known = (place, way, sentence);
            }
        };
        match &sentence.kind {
            SentenceKind::Posture(Posture { subject, subject_place, .. }) => {
                labels_out(subject, &mut |key| found(key, *subject_place, Way::Out));
            }
            SentenceKind::Grant(grant) if !has_ended(grant, view.today) => {
                of_grant(grant, &mut found);
            }
            SentenceKind::Grant(_) | SentenceKind::Guardrail(_) => {}
        }
    }
    diagnostics.extend(first.into_iter().map(|(key, (place, way, sentence))| {
        let (message, help) = match way {
            Way::In => (
                format!("whoever may set the label `{key}` of a namespace lets its pods in"),
                "name the namespaces, or make sure that only those who may grant this can label them",
            ),
            Way::Out => (
                format!("whoever may set the label `{key}` of a namespace takes it out of this guard"),
                "name the namespaces, or make sure that only those who may open them can label them",
            ),
        };
        sentence.explain(
            Diagnostic::note(Code::W0125, message)
                .at(place, "the boundary is as firm as the right to label namespaces")
                .with_help(help),
        )
    }));
}

fn of_grant<'p>(grant: &'p Grant, found: &mut dyn FnMut(&'p Text, Place, Way)) {
    match grant.exclusive {
        Exclusive::Subject => {
            for part in &grant.reach.subject {
                part.ends.pods().into_iter().for_each(|pods| {
                    labels_out(pods, &mut |key| found(key, part.place, Way::Out));
                });
            }
        }
        Exclusive::No | Exclusive::Object => {
            for part in &grant.reach.subject {
                part.ends.pods().into_iter().for_each(|pods| {
                    labels(pods, false, &mut |key| found(key, part.place, Way::In));
                });
            }
        }
    }
    if grant.exclusive == Exclusive::Object {
        for (part, _) in &grant.reach.object {
            part.ends.pods().into_iter().for_each(|pods| {
                labels_out(pods, &mut |key| found(key, part.place, Way::Out));
            });
        }
    }
}

/// Labels that take a namespace out of the set once it has them.
fn labels_out<'p>(pods: &'p PodSet, found: &mut dyn FnMut(&'p Text)) {
    labels(pods, true, found);
}

/// The labels by which namespaces are chosen, where they are not named as well: then a label only narrows.
fn labels<'p>(pods: &'p PodSet, only_negative: bool, found: &mut dyn FnMut(&'p Text)) {
    for term in pods.terms().iter().filter(|term| term.namespaces.names().is_none()) {
        for (key, constraint) in term.namespaces.iter() {
            if let Key::Label(key) = key
                && key.as_ref() != NAMESPACE_NAME
                && (!only_negative || constraint.may_be_absent())
            {
                found(key);
            }
        }
    }
}
