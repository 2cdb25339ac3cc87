//! Statements that do nothing: they may go.

use weir_grammar::Span;
use weir_grammar::ast::*;

use super::Remedy;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::ide::Desk;
use crate::ide::actions::tree;
use crate::source::Place;

pub fn remedies(desk: &Desk<'_>, said: &Diagnostic, at: Span) -> Vec<Remedy> {
    let Some(statement) = tree::statement(desk.statements(), at) else { return Vec::new() };
    let drop = |what: &str| Remedy::new(format!("drop {what}"), tree::removal(desk, statement.span()));
    match (said.code, statement) {
        (Code::W0114, Statement::Let(tree)) => {
            vec![drop("the `let`"), export(desk, tree.span)]
        }
        (Code::W0114, Statement::Policy(tree)) => vec![drop("the policy"), export(desk, tree.span)],
        (Code::W0115, Statement::Use(_)) => vec![drop("the `use`").preferred()],
        (Code::W0107, Statement::Sentence(tree)) if !is_alone(tree) => Vec::new(),
        (Code::W0101 | Code::W0107 | Code::W0121, Statement::Sentence(_)) => vec![drop("the sentence")],
        (Code::W0117, Statement::Apply(_)) => vec![drop("the application")],
        (Code::W0117, Statement::Sentence(tree)) if tree.span == at => vec![drop("the sentence").preferred()],
        (Code::W0118, Statement::Sentence(tree)) if tree.span == at => vec![drop("the narrower sentence")],
        (Code::W0118, _) => within(desk, said).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn export(desk: &Desk<'_>, span: Span) -> Remedy {
    Remedy::new("let other files use it: `export`", vec![tree::insert(desk, span.start, "export ")])
}

/// Whether it speaks of one thing at each end.
fn is_alone(sentence: &Sentence) -> bool {
    match &sentence.kind {
        SentenceKind::Reach(reach) => reach.subject.operands.len() == 1 && reach.object.operands.len() == 1,
        SentenceKind::Posture(_) => false,
    }
}

/// Grants among the members of an isolation, as long as all of them are shown.
fn within(desk: &Desk<'_>, said: &Diagnostic) -> Option<Remedy> {
    let places: Vec<Place> = said.labels.iter().skip(1).map(|label| label.place).collect();
    let is_all = said.notes.is_empty() && !places.is_empty();
    let is_sentence = |place: &Place| {
        let sentence = tree::sentence(desk.statements(), place.span);
        place.file == desk.file && sentence.is_some_and(|sentence| sentence.span == place.span)
    };
    if !is_all || !places.iter().all(is_sentence) {
        return None;
    }
    let edits = places.iter().flat_map(|place| tree::removal(desk, place.span)).collect();
    Some(Remedy::new(if places.len() == 1 { "drop the grant" } else { "drop the grants" }, edits))
}

#[cfg(test)]
mod tests {
    use crate::codes::Code;
    use crate::ide::actions::testing::{fixes, preferred};

    fn dropped(text: &str, code: Code) -> String {
        let found = fixes(text, code);
        let found = found.into_iter().find(|[title, _]| title.starts_with("drop"));
        found.map(|[_, text]| text).unwrap()
    }

    #[test]
    fn what_nothing_uses_goes() {
        assert_eq!(
            dropped("let a$0 = web;\nweb locked for ingress;", Code::W0114),
            "web locked for ingress;"
        );
        assert_eq!(
            fixes("let a$0 = web;", Code::W0114).last().unwrap(),
            &["let other files use it: `export`", "export let a = web;"]
        );
        assert_eq!(
            dropped("policy p$0(a) {\n    a locked;\n}\n\nweb locked for ingress;", Code::W0114),
            "\nweb locked for ingress;"
        );
        assert_eq!(
            preferred("# head\nuse std.kuber$0netes;\nweb locked for ingress;", Code::W0115).unwrap(),
            "# head\nweb locked for ingress;"
        );
    }

    #[test]
    fn lines_go_with_what_stands_on_them() {
        let rest = "web locked for ingress;";
        for (text, expected) in [
            ("use std.kuber$0netes; # why\nweb locked for ingress;", "# why\nweb locked for ingress;"),
            ("use std.kuber$0netes; web locked for ingress;", rest),
            ("web locked for ingress; use std.kuber$0netes;", rest),
            ("web locked for ingress; use std.kuber$0netes; # why", "web locked for ingress; # why"),
            ("web locked for ingress;\nuse std.kuber$0netes;", rest),
            ("# weir: allow(W0101) because \"b\"\nuse std.kuber$0netes;\nweb locked for ingress;", rest),
        ] {
            assert_eq!(dropped(text, Code::W0115), expected);
        }
    }

    #[test]
    fn sentences_that_say_nothing_go() {
        assert_eq!(dropped("# a\nweb m$0ay reach api:80;\n# b", Code::W0101), "# a\n# b");
        let locked = "namespace shop locked;\n";
        let twice = format!("{locked}web may reach api:80;\n$0web may reach api:80;");
        assert_eq!(preferred(&twice, Code::W0117).unwrap(), format!("{locked}web may reach api:80;"));
        let narrow = format!("{locked}shop may reach api:80;\n$0web may reach api:80;");
        assert_eq!(dropped(&narrow, Code::W0118), format!("{locked}shop may reach api:80;"));
        let ended = format!("{locked}web may reach api:80 until 2026-1$00-01;");
        assert_eq!(dropped(&ended, Code::W0121), locked.trim_end());
        assert_eq!(dropped(&format!("{locked}web may reach we$0b:80;"), Code::W0107), locked.trim_end());
    }

    #[test]
    fn grants_within_an_isolation_go() {
        let text = "namespace shop isol$0ated;\nweb may reach api:80;\n# a\napi may reach web:80;";
        assert_eq!(dropped(text, Code::W0118), "namespace shop isolated;\n# a");
    }
}
