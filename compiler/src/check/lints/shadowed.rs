//! Sentences that add nothing to a single wider one. Grants of the library count for nothing here: who says outright
//! that `web` may reach the DNS says no more than the prelude, and may have a reason.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use weir_grammar::ast::PostureWord;

use super::View;
use super::dates::has_ended;
use super::duplicates::Meaning;
use super::grants::grants_everything;
use super::wider::{self, Atom, Index, atoms};
use crate::check::conflicts::guard_place;
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::program::{
    Exclusive, Grant, Narrowed, Posture, Program, Sentence, SentenceId, SentenceKind,
};
use crate::source::Place;

/// What is said of one place of the program: it may be there many times, for several namespaces or applications of a
/// policy, and is superfluous only if it is so in each of them.
struct Said {
    first: SentenceId,
    all: usize,
    shadowed: usize,
    by: Option<SentenceId>,
}

pub fn check(view: &View<'_>, idle: &BTreeSet<SentenceId>, diagnostics: &mut Vec<Diagnostic>) {
    let shadows = Shadows::of(view);
    let mut places: FxHashMap<Place, Said> = FxHashMap::default();
    // What a policy of the library says is nothing that its users could drop.
    let own = |sentence: &Sentence| !view.sources.get(sentence.place.file).library;
    for (id, sentence) in view.program.iter().filter(|(_, sentence)| own(sentence)) {
        let by = match &sentence.kind {
            SentenceKind::Grant(grant) if !idle.contains(&id) => shadows.of_grant(id, grant),
            SentenceKind::Posture(posture) => shadows.of_posture(id, posture),
            SentenceKind::Grant(_) | SentenceKind::Guardrail(_) => None,
        };
        let said = places.entry(sentence.place).or_insert(Said { first: id, all: 0, shadowed: 0, by: None });
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
struct Shadows<'p> {
    program: &'p Program,
    view: View<'p>,
    grants: Index<'p>,
    postures: Index<'p>,
}

impl<'p> Shadows<'p> {
    fn of(view: &View<'p>) -> Shadows<'p> {
        let program = view.program;
        let (grants, postures) = (Index::default(), Index::default());
        let mut shadows = Shadows { program, view: *view, grants, postures };
        for (id, sentence) in program.iter().filter(|(_, sentence)| !sentence.library) {
            match &sentence.kind {
                SentenceKind::Posture(posture) => {
                    let atoms: Vec<Atom<'p>> = posture.subject.terms().iter().map(Atom::Pods).collect();
                    shadows.postures.file(id, &atoms, &[]);
                    if posture.word == PostureWord::Isolated {
                        shadows.grants.file(id, &atoms, &atoms);
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
                    let (to, from) = ends(grant);
                    shadows.grants.file(id, &to, &from);
                }
                SentenceKind::Grant(_) | SentenceKind::Guardrail(_) => {}
            }
        }
        shadows
    }

    fn of_grant(&self, id: SentenceId, grant: &'p Grant) -> Option<SentenceId> {
        // An `only` guards as well, and what says how to ping says nothing of ports.
        if grant.exclusive != Exclusive::No
            || matches!(grant.narrowed, Some(Narrowed::Ping { .. }))
            || has_ended(grant, self.view.today)
        {
            return None;
        }
        let (to, from) = ends(grant);
        let (first_to, first_from) = (to.first()?, from.first()?);
        self.grants.find(*first_to, Some(*first_from), |other| {
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
        let first = posture.subject.terms().first()?;
        self.postures.find(Atom::Pods(first), None, |other| {
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
        let (first, second) = (self.program.get(first), self.program.get(second));
        first.place < second.place && Meaning::of(first) != Meaning::of(second)
    }
}

fn ends(grant: &Grant) -> (Vec<Atom<'_>>, Vec<Atom<'_>>) {
    let reach = &grant.reach;
    (
        atoms(reach.object.iter().map(|(part, _)| &part.ends)).collect(),
        atoms(reach.subject.iter().map(|part| &part.ends)).collect(),
    )
}

/// Whether a grant counts at least as long as another.
fn outlasts(wide: &Grant, narrow: &Grant) -> bool {
    match (wide.until, narrow.until) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some((wide, _)), Some((narrow, _))) => wide >= narrow,
    }
}
