//! What an editor offers to do about a place: what remedies a diagnostic, what says the same in other words, what gives a
//! set a name. An action is a list of edits; none of them is made here.

mod allow;
mod extract;
mod join;
mod names;
mod ports;
mod reason;
mod remedies;
mod said;
mod suggestions;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tree;

use weir_grammar::Span;

use super::{Desk, Edit};
use crate::diagnostic::Diagnostic;

pub use suggestions::fix_all;

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub title: String,
    pub kind: ActionKind,
    /// None of them overlap.
    pub edits: Vec<Edit>,
    /// What it remedies.
    pub fixes: Option<Diagnostic>,
    /// Whether it is what would be done without a second thought.
    pub is_preferred: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    QuickFix,
    /// The same in other words.
    Rewrite,
    /// A part gets a name.
    Extract,
    /// All of a file at once: of the kind `source`.
    FixAll,
}

/// What can be done at a range, remedies first.
pub fn actions(desk: &Desk<'_>, range: Span) -> Vec<Action> {
    let in_text = |at: u32| desk.text().is_char_boundary(at as usize);
    if range.start > range.end || !in_text(range.start) || !in_text(range.end) {
        return Vec::new();
    }
    let said = said::at(desk, range);
    let mut actions = Vec::new();
    for said in &said {
        let suggested = suggestions::of(desk, said);
        let is_alone = suggested.is_empty();
        actions.extend(suggested);
        if desk.is_program() {
            let remedies = remedies::remedies(desk, said).into_iter();
            actions.extend(remedies.map(|remedy| Action {
                is_preferred: is_alone && remedy.is_preferred,
                ..Action::fix(remedy.title, remedy.edits, Some(said))
            }));
        }
    }
    if desk.is_program() {
        actions.extend(ports::actions(desk, range, &said));
        actions.extend(names::actions(desk, range));
        actions.extend(reason::actions(desk, range, &said));
        actions.extend(join::actions(desk, range));
        actions.extend(extract::actions(desk, range));
        actions.extend(said.iter().filter_map(|said| allow::action(desk, said)));
    }
    let mut known: Vec<(String, Vec<Edit>)> = Vec::new();
    actions.retain(|action| {
        let own = (action.title.clone(), action.edits.clone());
        let is_new = !action.edits.is_empty() && !known.contains(&own);
        known.push(own);
        is_new
    });
    actions
}

impl Action {
    fn new(kind: ActionKind, title: impl Into<String>, edits: Vec<Edit>) -> Action {
        Action { title: title.into(), kind, edits, fixes: None, is_preferred: false }
    }

    fn fix(title: impl Into<String>, edits: Vec<Edit>, fixes: Option<&Diagnostic>) -> Action {
        Action { fixes: fixes.cloned(), ..Action::new(ActionKind::QuickFix, title, edits) }
    }
}
