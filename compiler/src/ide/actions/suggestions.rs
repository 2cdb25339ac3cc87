//! What diagnostics suggest themselves: one by one, and of a whole file at once.

use super::{Action, ActionKind, said};
use crate::diagnostic::{Diagnostic, Suggestion, printable};
use crate::ide::{Desk, Edit};
use crate::source::FileId;

/// Each suggestion as an action; one that stands alone is preferred.
pub fn of(desk: &Desk<'_>, said: &Diagnostic) -> Vec<Action> {
    let own: Vec<&Suggestion> =
        said.suggestions.iter().filter(|suggestion| is_own(desk, suggestion.place.file)).collect();
    let is_preferred = own.len() == 1;
    let action = |suggestion: &&Suggestion| Action {
        is_preferred,
        ..Action::fix(title(suggestion), vec![edit(suggestion)], Some(said))
    };
    own.iter().map(action).collect()
}

/// Everything in the file that has one remedy, and no other. Where two overlap, the first is taken.
pub fn fix_all(desk: &Desk<'_>) -> Option<Action> {
    let mut edits: Vec<Edit> = said::of_file(desk)
        .iter()
        .filter_map(|said| match said.suggestions.as_slice() {
            [only] if only.place.file == desk.file && is_own(desk, desk.file) => Some(edit(only)),
            _ => None,
        })
        .collect();
    edits.sort_by_key(|edit| edit.place.span);
    edits.dedup();
    let mut end = None;
    edits.retain(|edit| {
        let span = edit.place.span;
        let is_apart =
            end.is_none_or(|end| end <= span.start && !(end == span.start && span.start == span.end));
        if is_apart {
            end = Some(span.end);
        }
        is_apart
    });
    let title = "mend everything that has one remedy";
    (!edits.is_empty()).then(|| Action::new(ActionKind::FixAll, title, edits))
}

/// Nobody edits the library.
fn is_own(desk: &Desk<'_>, file: FileId) -> bool {
    desk.workspace.sources.find(file).is_some_and(|source| !source.library)
}

fn edit(suggestion: &Suggestion) -> Edit {
    Edit { place: suggestion.place, text: suggestion.replacement.clone() }
}

/// A message that is nothing but the words to write says so.
fn title(suggestion: &Suggestion) -> String {
    let message = printable(&suggestion.message);
    match message.starts_with('`') {
        true => format!("write {message}"),
        false => message,
    }
}

#[cfg(test)]
mod tests {
    use crate::codes::Code;
    use crate::ide::actions::testing::{all_fixed, fixes};

    #[test]
    fn suggestions_are_actions() {
        assert_eq!(
            fixes("w$0ebb may reach api:80;", Code::E0201),
            [
                ["write `web`", "web may reach api:80;"],
                ["end the sentence with `if present`", "webb may reach api:80 if present;"]
            ]
        );
        let ambiguous = fixes("web except api$0 , db may reach api:80;", Code::E0106);
        assert_eq!(ambiguous.len(), 2, "{ambiguous:?}");
        assert_eq!(
            fixes("$0Web may reach api:80;", Code::E0104),
            [["write it in lower case", "web may reach api:80;"]]
        );
        assert_eq!(
            fixes("web may reach api:80$0\napi may reach db:5432;", Code::E0102),
            [["end the sentence", "web may reach api:80;\napi may reach db:5432;"]]
        );
        assert_eq!(fixes("let o$0n = web;", Code::E0107), [["put it in quotes", "let \"on\" = web;"]]);
    }

    #[test]
    fn all_that_has_one_remedy_is_mended_at_once() {
        assert_eq!(
            all_fixed("webb may reach api:80\nweb locked;\nWeb locked;\nweb may reach 10.0.0.1/8:80;\n# end"),
            Some(
                "web may reach api:80;\nweb locked;\nweb locked;\nweb may reach 10.0.0.1/8:80;\n# end\n"
                    .to_owned()
            )
        );
        assert_eq!(all_fixed("web may reach api:80;\n"), None);
        assert_eq!(all_fixed("\n"), None);
    }
}
