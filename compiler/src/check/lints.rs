//! Sentences that are legal, and probably not what was meant. Each lint has a level; those that are off and cost
//! something are not computed. What a level makes of a lint, and which comments allow one, is `lint`'s business.

mod addresses;
mod atoms;
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
use crate::resolve::program::{Program, SentenceId, SentenceKind};
use crate::source::Sources;
use crate::threads;
use atoms::Outlines;
use duplicates::Meanings;
use grants::Idle;

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

/// What sentences say, made for the lints that compare them.
struct Told<'p> {
    outlines: Outlines<'p>,
    meanings: Meanings,
}

pub(super) fn check(view: &View<'_>) -> Vec<Diagnostic> {
    let is_on = |code: Code| view.levels.is_on(code);
    // What sentences say together is told once all of them can be read.
    let whole = !view.program.incomplete;
    let compared = whole && (is_on(Code::W0117) || is_on(Code::W0118));
    let (idle, told) = threads::both(
        || Idle::of(view),
        || {
            compared.then(|| {
                let outlines = Outlines::of(view.program);
                let meanings = Meanings::of(view.program, &outlines);
                Told { outlines, meanings }
            })
        },
    );
    let mut diagnostics = Vec::new();
    postures::check_dns(view, &mut diagnostics);
    let behind = addresses::HiddenClients::of(view.facts);
    let services = aws::Services::of(view.facts);
    diagnostics.extend(each(view, &idle, &behind, &services));
    let duplicates = || {
        let mut found = Vec::new();
        if let Some(told) = told.as_ref().filter(|_| is_on(Code::W0117)) {
            duplicates::check(view, &told.meanings, &mut found);
        }
        found
    };
    let shadowed = || {
        let mut found = Vec::new();
        if let Some(told) = told.as_ref().filter(|_| is_on(Code::W0118)) {
            shadowed::check(view, told, &idle, &mut found);
        }
        found
    };
    let (shadowed, duplicates) = threads::both(shadowed, duplicates);
    diagnostics.extend(duplicates);
    diagnostics.extend(shadowed);
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

/// What is said of each sentence by itself.
fn each(
    view: &View<'_>,
    idle: &Idle,
    behind: &addresses::HiddenClients,
    services: &aws::Services,
) -> Vec<Diagnostic> {
    let found = threads::stretches(view.program.sentences.len(), |range| {
        let mut diagnostics = Vec::new();
        for at in range {
            let id = SentenceId(at as u32);
            let sentence = view.program.get(id);
            let mut said = Vec::new();
            match &sentence.kind {
                SentenceKind::Posture(posture) => postures::check(posture, view.facts, &mut said),
                // What has ended counts for nothing: it is told, and its words are not judged.
                SentenceKind::Grant(grant)
                    if !sentence.library && !dates::check(grant, view.today, &mut said) =>
                {
                    if idle.is(id) && !view.program.incomplete {
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
        diagnostics
    });
    found.into_iter().flatten().collect()
}
