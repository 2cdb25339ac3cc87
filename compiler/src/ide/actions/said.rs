//! What is said of a place of a file now. A verdict on the whole program may be of an older text: of what it says only
//! that holds whose words are still there, all of them.

use weir_grammar::Span;

use crate::diagnostic::Diagnostic;
use crate::ide::{Desk, Whole};
use crate::source::{FileId, Place};

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
    let is_same =
        |file| shifted(desk, whole, Place { file, span: Span::default() }).is_some_and(|(_, same)| same);
    // What follows from the words of the file alone is said anew; what is old of it holds no more.
    let is_new = !is_same(desk.file);
    let by_words = |said: &Diagnostic| said.code.name() < "E04";
    let whole = whole.of(desk.file).filter(|said| !(is_new && by_words(said)));
    let rest: Vec<Diagnostic> = whole.filter_map(|said| moved(desk, said)).collect();
    let own = said.len();
    for one in rest {
        if !said[..own].contains(&one) {
            said.push(one);
        }
    }
    said
}

/// A diagnostic of the last verdict with its places in the texts of now.
fn moved(desk: &Desk<'_>, said: &Diagnostic) -> Option<Diagnostic> {
    let whole = desk.whole?;
    let to = |place: Place| shifted(desk, whole, place).map(|(place, _)| place);
    let mut said = said.clone();
    for label in &mut said.labels {
        label.place = to(label.place)?;
    }
    for suggestion in &mut said.suggestions {
        suggestion.place = to(suggestion.place)?;
    }
    Some(said)
}

/// Where the words of an old place stand now, and whether the whole file is as it was.
fn shifted(desk: &Desk<'_>, whole: &Whole, place: Place) -> Option<(Place, bool)> {
    let Place { file, span } = place;
    let find = |file: FileId| Some((whole.sources.find(file)?, desk.workspace.sources.find(file)?));
    let (old, new) = find(file).filter(|(old, new)| old.name == new.name)?;
    if std::ptr::eq(old, new) || old.text == new.text {
        return Some((place, true));
    }
    let (old, new) = (old.text.as_bytes(), new.text.as_bytes());
    let before = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    // What touches a change may have grown by it.
    if (span.end as usize) < before {
        return Some((place, false));
    }
    let behind =
        old[before..].iter().rev().zip(new[before..].iter().rev()).take_while(|(a, b)| a == b).count();
    if span.start as usize <= old.len() - behind {
        return None;
    }
    // It lies behind the change, so that it is at least as far from the beginning as the texts differ.
    let to = |at: u32| (at as usize + new.len()).saturating_sub(old.len()) as u32;
    let span = Span { start: to(span.start), end: to(span.end) };
    Some((Place { file, span }, false))
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
