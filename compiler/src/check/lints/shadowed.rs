//! Sentences that add nothing to a single wider one. Grants of the library count for nothing here: who says outright
//! that `web` may reach the DNS says no more than the prelude, and may have a reason.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use weir_grammar::ast::PostureWord;

use super::dates::has_ended;
use super::grants::{Idle, grants_everything};
use super::wider::{self, Anchors, Index};
use super::{Told, View};
use crate::check::conflicts::guard_place;
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::program::{
    Exclusive, Grant, Narrowed, Posture, Program, Sentence, SentenceId, SentenceKind,
};
use crate::source::Place;
use crate::threads;

/// What is said of one place of the program: it may be there many times, for several namespaces or applications of a
/// policy, and is superfluous only if it is so in each of them.
struct Said {
    first: SentenceId,
    all: usize,
    shadowed: usize,
    by: Option<SentenceId>,
}

pub fn check(view: &View<'_>, told: &Told<'_>, idle: &Idle, diagnostics: &mut Vec<Diagnostic>) {
    let anchors = Anchors::of(&told.outlines.atoms);
    let shadows = Shadows::of(view, told, &anchors);
    let sentences = &view.program.sentences;
    // What a policy of the library says is nothing that its users could drop.
    let own = |sentence: &Sentence| !view.sources.get(sentence.place.file).library;
    let found = threads::stretches(sentences.len(), |range| {
        let ids = range.map(|at| SentenceId(at as u32)).filter(|id| own(view.program.get(*id)));
        let by = ids.map(|id| match &view.program.get(id).kind {
            SentenceKind::Grant(grant) if !idle.is(id) => (id, shadows.of_grant(id, grant)),
            SentenceKind::Posture(posture) => (id, shadows.of_posture(id, posture)),
            SentenceKind::Grant(_) | SentenceKind::Guardrail(_) => (id, None),
        });
        by.collect::<Vec<_>>()
    });
    let mut places: FxHashMap<Place, Said> = FxHashMap::default();
    places.reserve(sentences.len());
    for (id, by) in found.into_iter().flatten() {
        let place = view.program.get(id).place;
        let said = places.entry(place).or_insert(Said { first: id, all: 0, shadowed: 0, by: None });
        said.all += 1;
        said.shadowed += usize::from(by.is_some());
        said.by = said.by.or(by);
    }
    let mut isolations: BTreeMap<SentenceId, Vec<Place>> = BTreeMap::new();
    for (place, said) in places {
        let Some(by) = said.by.filter(|_| said.all == said.shadowed) else { continue };
        match (&view.program.get(said.first).kind, &view.program.get(by).kind) {
            (SentenceKind::Grant(_), SentenceKind::Posture(_)) => {
                isolations.entry(by).or_default().push(place);
            }
            _ => diagnostics.push(shadowed(view.program, said.first, by)),
        }
    }
    for (isolation, mut grants) in isolations {
        grants.sort_unstable();
        diagnostics.push(within_isolation(view.program, isolation, &grants));
    }
}

fn shadowed(program: &Program, narrow: SentenceId, wide: SentenceId) -> Diagnostic {
    let (place, other) = (program.get(narrow).place, program.get(wide).place);
    match &program.get(narrow).kind {
        // To guard twice does no harm, and stays when the other one goes.
        SentenceKind::Posture(_) => Diagnostic::note(Code::W0118, "this posture adds nothing to a wider one")
            .at(place, "guards pods that are guarded already")
            .at(other, "guards all of them, the same way")
            .with_help("drop the narrower one, or leave its pods out of the wider one with `except`"),
        SentenceKind::Grant(_) | SentenceKind::Guardrail(_) => {
            Diagnostic::warning(Code::W0118, "this grant adds nothing to a wider one")
                .at(place, "every flow of it is granted already")
                .at(other, "grants all of it")
                .with_help("drop the narrower one, or narrow the wider one if it grants too much")
        }
    }
}

/// Who writes grants among the members of an isolation has mistaken its word, and not each of the grants.
fn within_isolation(program: &Program, isolation: SentenceId, grants: &[Place]) -> Diagnostic {
    const SHOWN: usize = 3;
    let message = match grants.len() {
        1 => "a grant adds nothing to this isolation".to_owned(),
        count => format!("{count} grants add nothing to this isolation"),
    };
    let said = Diagnostic::warning(Code::W0118, message)
        .at(guard_place(program, isolation), "all members reach each other, on every port");
    let shown = grants.iter().take(SHOWN);
    let said = shown.fold(said, |said, place| said.at(*place, "open already"));
    let said = match grants.len().checked_sub(SHOWN) {
        None | Some(0) => said,
        Some(more) => said.with_note(format!("and {more} more")),
    };
    said.with_help("drop the grants, or write `locked` if only what is granted shall be open")
}

/// The sentences that may make others superfluous.
struct Shadows<'i, 'p> {
    program: &'p Program,
    view: View<'p>,
    told: &'i Told<'p>,
    grants: Index<'i>,
    postures: Index<'i>,
}

impl<'i, 'p> Shadows<'i, 'p> {
    fn of(view: &View<'p>, told: &'i Told<'p>, anchors: &'i Anchors) -> Shadows<'i, 'p> {
        let program = view.program;
        let (mut grants, mut postures) = (Index::new(anchors), Index::new(anchors));
        for (id, sentence) in program.iter().filter(|(_, sentence)| !sentence.library) {
            let from = told.outlines.from(id);
            match &sentence.kind {
                SentenceKind::Posture(posture) => {
                    postures.file(id, from.iter().copied(), &[]);
                    if posture.word == PostureWord::Isolated {
                        grants.file(id, from.iter().copied(), from);
                    }
                }
                // An `only` says who may, whoever grants it. Beside a grant of everything all others are superfluous:
                // that is told of it, once.
                SentenceKind::Grant(grant)
                    if grant.exclusive == Exclusive::No
                        && grant.narrowed.is_none()
                        && !has_ended(grant, view.today)
                        && !grants_everything(grant) =>
                {
                    grants.file(id, told.outlines.objects(id), from);
                }
                SentenceKind::Grant(_) | SentenceKind::Guardrail(_) => {}
            }
        }
        Shadows { program, view: *view, told, grants: grants.sorted(), postures: postures.sorted() }
    }

    fn of_grant(&self, id: SentenceId, grant: &'p Grant) -> Option<SentenceId> {
        // An `only` guards as well, and what says how to ping says nothing of ports.
        if grant.exclusive != Exclusive::No
            || matches!(grant.narrowed, Some(Narrowed::Ping { .. }))
            || has_ended(grant, self.view.today)
        {
            return None;
        }
        let (first_to, first_from) =
            (self.told.outlines.objects(id).next()?, self.told.outlines.from(id).first()?);
        self.grants.find(first_to, Some(*first_from), |other| {
            let wide = self.program.get(other);
            match &wide.kind {
                SentenceKind::Posture(wide) => wider::holds_inside(wide, &grant.reach),
                SentenceKind::Grant(wide) => {
                    self.may_shadow(other, id)
                        && outlasts(wide, grant)
                        && wider::holds(&wide.reach, &grant.reach)
                        && (!(grant.narrowed.is_none()
                            && outlasts(grant, wide)
                            && wider::holds(&grant.reach, &wide.reach))
                            || self.is_second(other, id))
                }
                SentenceKind::Guardrail(_) => false,
            }
        })
    }

    fn of_posture(&self, id: SentenceId, posture: &'p Posture) -> Option<SentenceId> {
        let first = self.told.outlines.from(id).first()?;
        self.postures.find(*first, None, |other| {
            let SentenceKind::Posture(wide) = &self.program.get(other).kind else { return false };
            self.may_shadow(other, id)
                && wider::guards(wide, posture)
                && (!wider::guards(posture, wide) || self.is_second(other, id))
        })
    }

    /// What stands at one place is one sentence, however often it holds.
    fn may_shadow(&self, other: SentenceId, id: SentenceId) -> bool {
        self.program.get(other).place != self.program.get(id).place
    }

    /// Of two that say the same in other words the second is told. In the same words, they are duplicates.
    fn is_second(&self, first: SentenceId, second: SentenceId) -> bool {
        self.program.get(first).place < self.program.get(second).place
            && !self.told.meanings.are_same(first, second)
    }
}

/// Whether a grant counts at least as long as another.
fn outlasts(wide: &Grant, narrow: &Grant) -> bool {
    match (wide.until, narrow.until) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some((wide, _)), Some((narrow, _))) => wide >= narrow,
    }
}
