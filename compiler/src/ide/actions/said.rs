//! What is said of a place of a file now. A verdict on the whole program may be of an older text: of what it says only
//! that holds whose words are still there, all of them.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;
use weir_grammar::Span;

use crate::diagnostic::Diagnostic;
use crate::ide::{Desk, Whole};
use crate::source::FileId;

/// Diagnostics whose first place touches a range.
pub fn at(desk: &Desk<'_>, range: Span) -> Vec<Diagnostic> {
    let mut said = of_file(desk);
    said.retain(|said| {
        let place = said.labels.first().map(|label| label.place);
        place.is_some_and(|place| {
            place.file == desk.file && place.span.start <= range.end && range.start <= place.span.end
        })
    });
    said
}

/// All that is said of the file.
pub fn of_file(desk: &Desk<'_>) -> Vec<Diagnostic> {
    let mut said = desk.workspace.file_diagnostics(desk.file);
    let Some(whole) = desk.whole else { return said };
    let mut shifts = Shifts { desk, whole, known: BTreeMap::new() };
    // What follows from the words of the file alone is said anew; what is old of it holds no more.
    let is_new = !matches!(shifts.of(desk.file), Some(Shift::Same));
    let by_words = |said: &Diagnostic| said.code.name() < "E04";
    let whole = whole.of(desk.file).iter().filter(|said| !(is_new && by_words(said)));
    let rest: Vec<Diagnostic> = whole.filter_map(|said| shifts.moved(said)).collect();
    let own: FxHashSet<&Diagnostic> = said.iter().collect();
    let rest: Vec<Diagnostic> = rest.into_iter().filter(|one| !own.contains(one)).collect();
    said.extend(rest);
    said
}

/// How places of the last verdict lie in the texts of now.
struct Shifts<'s, 'd> {
    desk: &'s Desk<'d>,
    whole: &'s Whole,
    known: BTreeMap<FileId, Option<Shift>>,
}

#[derive(Clone, Copy)]
enum Shift {
    Same,
    /// How many bytes are the same at the beginning and at the end, and how long the old text and the new one are.
    Around {
        before: usize,
        behind: usize,
        old: usize,
        new: usize,
    },
}

impl Shifts<'_, '_> {
    /// `None` for what is another file now.
    fn of(&mut self, file: FileId) -> Option<Shift> {
        let Shifts { desk, whole, .. } = *self;
        *self.known.entry(file).or_insert_with(|| {
            let (old, new) = (whole.sources.find(file)?, desk.workspace.sources.find(file)?);
            (old.name == new.name).then(|| Shift::of(&old.text, &new.text))
        })
    }

    /// A diagnostic with its places in the texts of now.
    fn moved(&mut self, said: &Diagnostic) -> Option<Diagnostic> {
        let mut said = said.clone();
        for label in &mut said.labels {
            label.place.span = self.of(label.place.file)?.moved(label.place.span)?;
        }
        for suggestion in &mut said.suggestions {
            suggestion.place.span = self.of(suggestion.place.file)?.moved(suggestion.place.span)?;
        }
        Some(said)
    }
}

impl Shift {
    fn of(old: &str, new: &str) -> Shift {
        if old == new {
            return Shift::Same;
        }
        let (a, b) = (old.as_bytes(), new.as_bytes());
        let before = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let ends = a[before..].iter().rev().zip(b[before..].iter().rev());
        let behind = ends.take_while(|(a, b)| a == b).count();
        Shift::Around { before, behind, old: a.len(), new: b.len() }
    }

    /// What touches a change may have grown by it, and stands nowhere.
    fn moved(self, span: Span) -> Option<Span> {
        let Shift::Around { before, behind, old, new } = self else { return Some(span) };
        if (span.end as usize) < before {
            return Some(span);
        }
        // It lies behind the change, so that it is at least as far from the beginning as the texts differ.
        let to = |at: u32| (at as usize + new).saturating_sub(old) as u32;
        let is_behind = span.start as usize > old - behind;
        is_behind.then(|| Span { start: to(span.start), end: to(span.end) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Code;
    use crate::ide::fixture::fixture;

    /// The codes that are told of a text after an edit, with the words that they are told at.
    fn told(old: &str, new: &str) -> Vec<(Code, String)> {
        let mut fixture = fixture(old);
        fixture.workspace.edit(FileId(0), new.to_owned());
        let desk = fixture.desk();
        let said = of_file(&desk);
        said.iter()
            .map(|said| (said.code, desk.text()[said.labels[0].place.span.range()].to_owned()))
            .collect()
    }

    #[test]
    fn what_still_stands_moves_with_its_words() {
        let old = "namespace shop, namespace data locked;\nweb may reach api;\nweb may reach db:5432;\n";
        assert_eq!(told(old, old), [(Code::W0102, "api".to_owned())]);
        assert_eq!(told(old, &format!("# ä\n{old}")), [(Code::W0102, "api".to_owned())]);
        assert_eq!(told(old, &old.replace("5432", "postgres")), [(Code::W0102, "api".to_owned())]);
        // Where the words themselves are touched, it is open what holds.
        assert_eq!(told(old, &old.replace("api;", "api:80;")), []);
        assert_eq!(told(old, &old.replace("api", "web")), []);
        assert_eq!(told(old, ""), []);
    }

    #[test]
    fn what_has_two_places_needs_both() {
        let old = "namespace shop, namespace data locked;\nweb may reach db:5432;\nweb may reach db:5432;\n";
        assert_eq!(told(old, old).len(), 1);
        let first_gone = old.replacen("web may reach db:5432;\n", "", 1);
        assert_eq!(told(old, &first_gone), []);
    }

    #[test]
    fn words_are_judged_as_they_are_now() {
        let old = "nothing locked;\nweb locked;\n";
        let new = "let nothing = api;\nnothing locked;\nweb locked;\n";
        assert_eq!(told(old, new), []);
    }
}
