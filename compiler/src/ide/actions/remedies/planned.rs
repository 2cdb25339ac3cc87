//! What is not in the cluster yet: the sentence ends in `if present`, or in `even if absent`.

use weir_grammar::Span;
use weir_grammar::ast::*;

use super::{Remedy, has_help};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::ide::Desk;
use crate::ide::actions::tree;
use crate::resolve::HELP_PLANNED;

const IF_PRESENT: &str = "if present";
const EVEN_IF_ABSENT: &str = "even if absent";

pub fn remedies(desk: &Desk<'_>, said: &Diagnostic, at: Span) -> Vec<Remedy> {
    let Some(statement) = tree::statement(desk.statements(), at) else { return Vec::new() };
    let (end, absent, is_plain) = match statement {
        Statement::Sentence(tree) => (tree::end_of_claim(tree), tree.clauses.absent, true),
        Statement::Let(Let { value: LetValue::Set(set), absent, .. }) => (set.span.end, *absent, false),
        _ => return Vec::new(),
    };
    if said.code == Code::E0209 {
        let Some((Absent::EvenIfAbsent, span)) = absent else { return Vec::new() };
        let is_possible = has_help(said, "end the sentence with `if present`");
        let edits = vec![tree::replace(desk, span, IF_PRESENT)];
        return Vec::from_iter(is_possible.then(|| Remedy::new("end it with `if present` instead", edits)));
    }
    if absent.is_some() {
        return Vec::new();
    }
    let is_namespace = || names_namespace(statement, at);
    let words: &[&str] = match said.code {
        Code::E0205 if said.help.iter().any(|help| help == HELP_PLANNED) => &[IF_PRESENT, EVEN_IF_ABSENT],
        Code::E0205 if has_help(said, "end this sentence with `if present`") => &[IF_PRESENT],
        Code::E0304 if has_help(said, "`even if absent`") => &[EVEN_IF_ABSENT],
        Code::E0201 => &[IF_PRESENT],
        // A namespace by itself is a selector; what is in one that is not there has none yet.
        Code::E0204 if is_namespace() => &[IF_PRESENT, EVEN_IF_ABSENT],
        Code::E0204 => &[IF_PRESENT],
        _ => &[],
    };
    let what = if is_plain { "sentence" } else { "`let`" };
    let remedy = |words: &&str| {
        let edit = tree::insert(desk, end, format!(" {words}"));
        Remedy::new(format!("end the {what} with `{words}`"), vec![edit])
    };
    words.iter().map(remedy).collect()
}

/// Whether the name at a place stands behind `namespace`.
fn names_namespace(statement: &Statement, at: Span) -> bool {
    let mut found = false;
    tree::each_set(statement, &mut |set, _| {
        let named = |operand: &Operand| matches!(&operand.base, Base::Namespace(name) if name.span == at);
        found |= set.operands.iter().any(named);
    });
    found
}

#[cfg(test)]
mod tests {
    use crate::codes::Code;
    use crate::ide::actions::testing::fixes;

    #[test]
    fn labels_that_nothing_has() {
        assert_eq!(
            fixes("namespace shop[app=$0mobile] may reach api:80 because \"b\";", Code::E0205),
            [
                [
                    "end the sentence with `if present`",
                    "namespace shop[app=mobile] may reach api:80 if present because \"b\";"
                ],
                [
                    "end the sentence with `even if absent`",
                    "namespace shop[app=mobile] may reach api:80 even if absent because \"b\";"
                ],
            ]
        );
        assert_eq!(fixes("let a = namespace shop[app=$0mobile];\na may reach api:80;", Code::E0205).len(), 2);
        // What contradicts itself matches nothing on any day.
        assert_eq!(
            fixes("namespace shop[app=web,$0app=api] may reach api:80;", Code::E0205),
            Vec::<[String; 2]>::new()
        );
    }

    #[test]
    fn names_that_are_not_there() {
        assert_eq!(
            fixes("mob$0ile may reach api on 80;", Code::E0201),
            [["end the sentence with `if present`", "mobile may reach api on 80 if present;"]]
        );
        assert_eq!(fixes("namespace plan$0ned locked for ingress;", Code::E0204).len(), 2);
        assert_eq!(fixes("plan$0ned/web may reach api:80;", Code::E0204).len(), 1);
        assert_eq!(
            fixes("mob$0ile may reach api:80 even if absent;", Code::E0209),
            [["end it with `if present` instead", "mobile may reach api:80 if present;"]]
        );
    }

    #[test]
    fn ports_that_are_not_there() {
        assert_eq!(
            fixes("web may reach api:80$000;", Code::E0304),
            [["end the sentence with `even if absent`", "web may reach api:8000 even if absent;"]]
        );
    }

    #[test]
    fn what_a_let_stands_for() {
        let text = "let a = mobile if present;\na$0 may reach api:80;";
        assert_eq!(
            fixes(text, Code::E0205),
            [[
                "end the sentence with `if present`",
                "let a = mobile if present;\na may reach api:80 if present;"
            ]]
        );
    }
}
