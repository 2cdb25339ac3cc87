//! What is wrong with the text itself.

use weir_grammar::Span;

use super::{Remedy, word};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::ide::Desk;
use crate::ide::actions::tree;

pub fn remedies(desk: &Desk<'_>, said: &Diagnostic, at: Span) -> Vec<Remedy> {
    let found = word(desk, at);
    match said.code {
        Code::E0101 => unexpected(desk, said, at),
        // A bracket that closes nothing. Where one that is open should be closed, nobody knows.
        Code::E0103 if matches!(found, ")" | "]" | "}") => {
            vec![Remedy::new(format!("drop the `{found}`"), vec![tree::replace(desk, at, "")]).preferred()]
        }
        Code::E0104 => {
            let first = found.strip_suffix('-').filter(|first| first.parse::<u16>().is_ok());
            let range = first.map(|first| format!("{first}-65535"));
            let remedy = |range: String| {
                Remedy::new(format!("write the whole range, `{range}`"), vec![tree::replace(desk, at, range)])
            };
            range.map(remedy).into_iter().collect()
        }
        Code::E0105 => unclosed(desk, at).into_iter().collect(),
        Code::E0109 => repeated(desk, said, at),
        _ => Vec::new(),
    }
}

fn unexpected(desk: &Desk<'_>, said: &Diagnostic, at: Span) -> Vec<Remedy> {
    if !said.suggestions.is_empty() {
        return Vec::new();
    }
    let (before, behind) = desk.text().split_at(at.start as usize);
    let found = word(desk, at);
    if behind.starts_with("//") {
        let slashes = behind.len() - behind.trim_start_matches('/').len();
        let span = Span { start: at.start, end: at.start + slashes as u32 };
        let edit = tree::replace(desk, span, "#");
        return vec![Remedy::new("make it a comment: `#`", vec![edit]).preferred()];
    }
    if found == ";" && before.trim_end().ends_with('}') {
        return vec![Remedy::new("drop the `;`", vec![tree::replace(desk, at, "")]).preferred()];
    }
    if found == "absent" && before.trim_end().ends_with("if") {
        let even = before.trim_end().len() as u32 - 2;
        return vec![
            Remedy::new("write `even if absent`", vec![tree::insert(desk, even, "even ")]),
            Remedy::new("write `if present`", vec![tree::replace(desk, at, "present")]),
        ];
    }
    Vec::new()
}

/// A text ends with its line, before the `;` that ends the sentence.
fn unclosed(desk: &Desk<'_>, at: Span) -> Option<Remedy> {
    let text = word(desk, at).trim_end();
    // It may have been meant as a comment.
    if text.len() < 2 || text.contains('#') {
        return None;
    }
    let inside = text.trim_end_matches(';').trim_end();
    let end = at.start + inside.len() as u32;
    Some(Remedy::new("close the text: `\"`", vec![tree::insert(desk, end, "\"")]).preferred())
}

fn repeated(desk: &Desk<'_>, said: &Diagnostic, at: Span) -> Vec<Remedy> {
    let drop = |span: Span| Remedy::new(format!("drop `{}`", word(desk, span)), vec![tree::cut(desk, span)]);
    let contradict = said.message.contains("contradict");
    let first = said.labels.get(1).filter(|_| contradict).map(|label| label.place.span);
    let remedies = [Some(at), first].into_iter().flatten().map(drop);
    remedies.collect()
}

#[cfg(test)]
mod tests {
    use crate::codes::Code;
    use crate::ide::actions::testing::{fixes, preferred};

    #[test]
    fn words_that_do_not_fit() {
        let comment = preferred("$0// why\nweb may reach api:80;", Code::E0101);
        assert_eq!(comment.as_deref(), Some("# why\nweb may reach api:80;"));
        let semicolon = preferred("in namespace shop { web locked; };$0\n", Code::E0101);
        assert_eq!(semicolon.as_deref(), Some("in namespace shop { web locked; }"));
        assert_eq!(
            fixes("web may reach api:80 if abse$0nt;", Code::E0101),
            [
                ["write `even if absent`", "web may reach api:80 even if absent;"],
                ["write `if present`", "web may reach api:80 if present;"]
            ]
        );
    }

    #[test]
    fn brackets_that_close_nothing() {
        let dropped = preferred("web)$0 may reach api:80;", Code::E0103);
        assert_eq!(dropped.as_deref(), Some("web may reach api:80;"));
        assert_eq!(fixes("$0(web may reach api:80;", Code::E0103), Vec::<[String; 2]>::new());
    }

    #[test]
    fn texts_without_an_end() {
        for (text, expected) in [
            ("web locked because \"it is$0;", "web locked because \"it is\";"),
            ("web locked because \"it is$0\n;", "web locked because \"it is\"\n;"),
        ] {
            assert_eq!(preferred(text, Code::E0105).as_deref(), Some(expected));
        }
        assert_eq!(fixes("web locked because \"a; # b$0", Code::E0105), Vec::<[String; 2]>::new());
    }

    #[test]
    fn ranges_without_an_end() {
        let found = fixes("web may reach api:9000-$0;", Code::E0104);
        assert_eq!(found.first().unwrap()[1], "web may reach api:9000-65535;");
    }

    #[test]
    fn clauses_that_are_too_many() {
        assert_eq!(
            fixes("web may reach api:80 if present # a\n  if pre$0sent;", Code::E0109),
            [["drop `if present`", "web may reach api:80 if present # a\n  ;"]]
        );
        assert_eq!(
            fixes("web may reach api:80 if present even if abs$0ent;", Code::E0109),
            [
                ["drop `even if absent`", "web may reach api:80 if present;"],
                ["drop `if present`", "web may reach api:80 even if absent;"]
            ]
        );
    }
}
