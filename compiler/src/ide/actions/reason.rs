//! A sentence gets a reason, to be filled in.

use weir_grammar::Span;
use weir_grammar::ast::{SentenceKind, Verb};

use super::tree;
use super::{Action, ActionKind};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::ide::Desk;

/// For the sentence at a range; of a lint that asks for a reason it is the remedy.
pub fn actions(desk: &Desk<'_>, range: Span, said: &[Diagnostic]) -> Vec<Action> {
    let Some(sentence) = tree::sentence(desk.statements(), range) else { return Vec::new() };
    let asserts = matches!(&sentence.kind, SentenceKind::Reach(reach) if matches!(reach.verb, Verb::Reaches | Verb::Cannot));
    if sentence.clauses.because.is_some() || asserts {
        return Vec::new();
    }
    let edits = vec![tree::insert(desk, tree::end_of_words(sentence), " because \"why\"")];
    let title = "say why, with `because`";
    let lint = said.iter().find(|said| matches!(said.code, Code::W0108 | Code::W0120));
    match lint {
        Some(lint) => vec![Action::fix(title, edits, Some(lint))],
        None => vec![Action::new(ActionKind::Rewrite, title, edits)],
    }
}

#[cfg(test)]
mod tests {
    use crate::ide::actions::testing::{applied, titles};

    const WHY: &str = "say why, with `because`";

    #[test]
    fn a_reason_stands_behind_all_else() {
        for (text, expected) in [
            ("web m$0ay reach api:80;", "web may reach api:80 because \"why\";\n"),
            ("$0web locked for ingress ;", "web locked for ingress because \"why\" ;\n"),
            (
                "web m$0ay reach api on 80 until 2027-01-01 # day\n;",
                "web may reach api on 80 until 2027-01-01 because \"why\" # day\n;\n",
            ),
            (
                "namespace shop locked;\nin namespace shop { web may reach internet$0; }",
                "namespace shop locked;\nin namespace shop { web may reach internet because \"why\"; }\n",
            ),
        ] {
            assert_eq!(applied(text, WHY), expected);
        }
    }

    #[test]
    fn one_reason_is_enough() {
        for text in [
            "web m$0ay reach api:80 because \"it is so\";",
            "let a$0 = web;",
            "test \"a\" { web re$0aches api:80; }",
            "$0",
            "# no$0 sentence",
        ] {
            assert!(!titles(text).contains(&WHY.to_owned()), "{text}");
        }
    }
}
