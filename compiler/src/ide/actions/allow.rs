//! A lint is allowed where it is told, with a reason: a comment above the statement.

use super::tree;
use super::{Action, ActionKind};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::ide::Desk;
use crate::ide::lines::Lines;

pub fn action(desk: &Desk<'_>, said: &Diagnostic) -> Option<Action> {
    let (name, _) = said.code.lint().filter(|_| said.code != Code::W0126)?;
    let place = said.labels.first()?.place;
    let statement = tree::statement(desk.statements(), place.span)?.span();
    let lines = Lines::of(desk.text());
    let indent = " ".repeat(lines.indent(statement.start));
    let comment = format!("# weir: allow({}) because \"why\"", said.code.name());
    let edit = match lines.is_first(statement.start) {
        true => {
            let line = lines.start(statement.start);
            tree::insert(desk, line, lines.ended(format!("{indent}{comment}\n")))
        }
        // What it shares its line with stays on a line of its own.
        false => tree::insert(desk, statement.start, lines.ended(format!("\n{indent}{comment}\n{indent}"))),
    };
    let title = format!("allow `{name}` here, with a reason");
    Some(Action { kind: ActionKind::QuickFix, ..Action::fix(title, vec![edit], Some(said)) })
}

#[cfg(test)]
mod tests {
    use crate::codes::Code;
    use crate::ide::actions::testing::{applied, titles};

    const LOCKED: &str = "namespace shop, namespace data locked;\n";

    #[test]
    fn a_comment_allows_it() {
        let allow = "allow `grant-without-port` here, with a reason";
        assert_eq!(
            applied(&format!("{LOCKED}web may reach a$0pi;"), allow),
            format!("{LOCKED}# weir: allow(W0102) because \"why\"\nweb may reach api;\n")
        );
        assert_eq!(
            applied(&format!("{LOCKED}in namespace shop {{\n    # why\n    web may reach a$0pi;\n}}"), allow),
            format!(
                "{LOCKED}in namespace shop {{\n    # why\n    # weir: allow(W0102) because \"why\"\n    web may reach api;\n}}\n"
            )
        );
        assert_eq!(
            applied(&format!("{LOCKED}in namespace shop {{ web may reach a$0pi; }}"), allow),
            format!(
                "{LOCKED}in namespace shop {{ \n# weir: allow(W0102) because \"why\"\nweb may reach api; }}\n"
            )
        );
    }

    #[test]
    fn errors_are_not_allowed() {
        let titles = titles("we$0bb may reach api:80;");
        assert!(titles.iter().all(|title| !title.starts_with("allow")), "{titles:?}");
        assert_eq!(Code::E0201.lint(), None);
    }
}
