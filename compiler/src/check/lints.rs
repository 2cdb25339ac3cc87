//! Sentences that are legal, and probably not what was meant. Each lint has a level; those that are off and cost
//! something are not computed. What a level makes of a lint, and which comments allow one, is `lint`'s business.

mod addresses;
mod aws;
mod boundary;
mod coverage;
mod dates;
mod duplicates;
mod grants;
mod postures;
mod shadowed;
mod system;
mod wider;

use weir_grammar::ast::Day;

use super::Guarded;
use crate::Setting;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::lint::Levels;
use crate::relation::Relation;
use crate::resolve::program::{Program, SentenceKind};
use crate::source::Sources;

/// What lints look at.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub program: &'a Program,
    /// Bound to the target.
    pub relation: &'a Relation,
    pub guarded: &'a Guarded,
    pub sources: &'a Sources,
    pub facts: &'a Facts<'a>,
    pub today: Day,
    pub levels: &'a Levels,
}

impl<'a> View<'a> {
    pub fn new(
        program: &'a Program,
        relation: &'a Relation,
        guarded: &'a Guarded,
        sources: &'a Sources,
        setting: &Setting<'a>,
        levels: &'a Levels,
    ) -> View<'a> {
        let Setting { facts, today, .. } = *setting;
        View { program, relation, guarded, sources, facts, today, levels }
    }
}

pub(super) fn check(view: &View<'_>) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let behind = addresses::HiddenClients::of(view.facts);
    let services = aws::Services::of(view.facts);
    let idle = grants::idle(view);
    postures::check_dns(view, &mut diagnostics);
    for (id, sentence) in view.program.iter() {
        let mut said = Vec::new();
        match &sentence.kind {
            SentenceKind::Posture(posture) => postures::check(posture, view.facts, &mut said),
            // What has ended counts for nothing: it is told, and its words are not judged.
            SentenceKind::Grant(grant)
                if !sentence.library && !dates::check(grant, view.today, &mut said) =>
            {
                if idle.contains(&id) && !view.program.incomplete {
                    said.push(grants::idle_grant(sentence, &grant.reach));
                }
                grants::check(view, sentence, grant, &mut said);
                addresses::check(&grant.reach, view.facts, &mut said);
                behind.check(&grant.reach, view.facts, &mut said);
                services.check(view, &grant.reach, &mut said);
            }
            SentenceKind::Grant(_) | SentenceKind::Guardrail(_) => {}
        }
        diagnostics.extend(said.into_iter().map(|said| sentence.explain(said)));
    }
    let is_on = |code: Code| view.levels.is_on(code);
    // What sentences say together is told once all of them can be read.
    let whole = !view.program.incomplete;
    if whole && is_on(Code::W0117) {
        duplicates::check(view, &mut diagnostics);
    }
    if whole && is_on(Code::W0118) {
        shadowed::check(view, &idle, &mut diagnostics);
    }
    aws::check_start(view, &mut diagnostics);
    if is_on(Code::W0123) {
        system::check(view, &mut diagnostics);
    }
    if whole && is_on(Code::W0124) {
        coverage::check(view, &mut diagnostics);
    }
    if is_on(Code::W0125) {
        boundary::check(view, &mut diagnostics);
    }
    diagnostics
}
