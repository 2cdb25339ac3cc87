//! Actions for tests, held to what all of them promise: what was read is read afterwards, comments stay, a quick fix ends
//! what it fixes, and anything else leaves the policies as they were.

use super::{Action, ActionKind, actions, fix_all};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::ide::fixture::{Fixture, edited, fixture};
use crate::ide::{Desk, Memory, Workspace};
use weir_grammar::Span;

/// Everything that is offered at the cursor. Each is tried.
fn offered(text: &str) -> (Fixture, Vec<Action>) {
    let fixture = fixture(text);
    let found = actions(&fixture.desk(), Span { start: fixture.offset, end: fixture.offset });
    found.iter().for_each(|action| try_out(&fixture, action));
    (fixture, found)
}

pub fn titles(text: &str) -> Vec<String> {
    offered(text).1.into_iter().map(|action| action.title).collect()
}

/// The text after the action of this title.
pub fn applied(text: &str, title: &str) -> String {
    let (fixture, found) = offered(text);
    let titles: Vec<&str> = found.iter().map(|action| action.title.as_str()).collect();
    let action = found.iter().find(|action| action.title == title);
    edited(fixture.desk().text(), &action.unwrap_or_else(|| panic!("{titles:?}")).edits)
}

/// What remedies a code at the cursor, without the comment that allows a lint: titles, and texts without the last line end.
pub fn fixes(text: &str, code: Code) -> Vec<[String; 2]> {
    let (fixture, found) = offered(text);
    let found = found.iter().filter(|action| action.fixes.as_ref().is_some_and(|said| said.code == code));
    let found = found.filter(|action| !action.title.ends_with("with a reason"));
    found.map(|action| [action.title.clone(), after(&fixture, action)]).collect()
}

/// The only one of them that is preferred.
pub fn preferred(text: &str, code: Code) -> Option<String> {
    let (fixture, found) = offered(text);
    let is =
        |action: &&Action| action.is_preferred && action.fixes.as_ref().is_some_and(|said| said.code == code);
    let found: Vec<&Action> = found.iter().filter(is).collect();
    assert!(found.len() < 2, "{found:?}");
    found.first().map(|action| after(&fixture, action))
}

/// What says the same in other words, or with a name.
pub fn rewrites(text: &str) -> Vec<[String; 2]> {
    let (fixture, found) = offered(text);
    let found = found.iter().filter(|action| action.kind != ActionKind::QuickFix);
    found.map(|action| [action.title.clone(), after(&fixture, action)]).collect()
}

pub fn all_fixed(text: &str) -> Option<String> {
    let fixture = fixture(text);
    let action = fix_all(&fixture.desk())?;
    assert_eq!(action.kind, ActionKind::FixAll);
    Some(edited(fixture.desk().text(), &action.edits))
}

/// The same at a range that is selected: from `$0` over so many bytes.
pub fn rewrites_of(text: &str, bytes: u32) -> Vec<[String; 2]> {
    let fixture = fixture(text);
    let span = Span { start: fixture.offset, end: fixture.offset + bytes };
    let found = actions(&fixture.desk(), span);
    found.iter().for_each(|action| try_out(&fixture, action));
    let found = found.iter().filter(|action| action.kind != ActionKind::QuickFix);
    found.map(|action| [action.title.clone(), after(&fixture, action)]).collect()
}

fn after(fixture: &Fixture, action: &Action) -> String {
    edited(fixture.desk().text(), &action.edits).trim_end().to_owned()
}

fn try_out(fixture: &Fixture, action: &Action) {
    let desk = fixture.desk();
    let text = edited(desk.text(), &action.edits);
    let mut workspace = fixture.workspace.clone();
    workspace.edit(fixture.file, text.clone());
    let (old, new) = (&desk.source().parse, &workspace.sources.get(fixture.file).parse);
    let shown = format!("{}:\n{text}", action.title);
    assert!(new.errors.len() <= old.errors.len(), "{shown}\n{:?}", new.errors);
    for comment in old.comments.iter().filter(|comment| !comment.text.contains("weir:")) {
        // What stands in a statement that goes, goes with it.
        let is_inside = |edit: &crate::ide::Edit| {
            let span = edit.place.span;
            span.start < comment.span.start && comment.span.end < span.end
        };
        let stays = new.comments.iter().any(|other| other.text == comment.text);
        assert!(stays || action.edits.iter().any(is_inside), "{shown}\nloses {}", comment.text);
    }
    match &action.fixes {
        Some(said) => {
            let count = |said_all: Vec<Diagnostic>| {
                said_all
                    .iter()
                    .filter(|other| (other.code, &other.message) == (said.code, &said.message))
                    .count()
            };
            let before = count(all_said(&fixture.workspace, fixture));
            let now = count(all_said(&workspace, fixture));
            assert!(now < before, "{shown}\nstill says {} {}", said.code.name(), said.message);
        }
        None if matches!(action.kind, ActionKind::Rewrite | ActionKind::Extract) => {
            assert_eq!(policies(&workspace), policies(&fixture.workspace), "{shown}");
        }
        None => {}
    }
}

fn all_said(workspace: &Workspace, fixture: &Fixture) -> Vec<Diagnostic> {
    let whole = workspace.judge(&mut Memory::default(), &|| false).unwrap();
    super::said::of_file(&Desk::new(workspace, 0, fixture.file, Some(&whole)))
}

/// The objects, without the annotation that lists the sentences; what is wrong is no object.
fn policies(workspace: &Workspace) -> Option<String> {
    let setting = workspace.setting(0);
    let documents = crate::analyze(&workspace.sources, &setting).build(setting.facts)?;
    let mut text = String::new();
    for document in documents {
        let mut in_sentences = None;
        for line in document.text.lines() {
            let indent = line.len() - line.trim_start().len();
            if line.trim_start().starts_with("weir/sentences:") {
                in_sentences = Some(indent);
            } else if in_sentences.is_none_or(|annotation| indent <= annotation) {
                in_sentences = None;
                text += line;
                text.push('\n');
            }
        }
    }
    Some(text)
}

/// Tries out everything that is offered at any word, and tells how much that was.
pub fn everywhere(text: &str) -> usize {
    let fixture = fixture(text);
    let desk = fixture.desk();
    let said = super::said::of_file(&desk).into_iter().map(|said| said.labels[0].place.span);
    let words = crate::ide::words::words(&desk.source().parse.file);
    let mut known: Vec<Action> = Vec::new();
    for span in words.iter().map(|word| word.span).chain(said) {
        for action in actions(&desk, span) {
            if !known.contains(&action) {
                try_out(&fixture, &action);
                known.push(action);
            }
        }
    }
    known.len()
}
