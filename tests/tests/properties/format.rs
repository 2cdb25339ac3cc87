//! The formatter says the same with the same comments in the same places, whatever it is given, and says it once.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use weir_grammar::ast::Statement;
use weir_grammar::{Parse, format};

use super::syntax::{self, join};
use super::texts::without_spans;
use super::{build, check, cluster, inventory, print, program, settle, text, written};

/// Where a comment stands: how many statements and bodies have begun or ended before it, behind which character, and
/// whether on its line.
type Stand = (usize, Option<char>, bool);

fn stands(text: &str, parse: &Parse) -> Vec<Stand> {
    let mut stands = Vec::new();
    let (mut ends, mut last, mut quoted, mut at) = (0, None, false, 0);
    for comment in &parse.comments {
        let mut on_its_line = !stands.is_empty() || last.is_some();
        for c in text[at..comment.span.start as usize].chars() {
            quoted ^= c == '"';
            match c {
                '\n' => on_its_line = false,
                '\u{feff}' => {}
                c if c.is_whitespace() => {}
                c => {
                    ends += usize::from(!quoted && matches!(c, ';' | '{' | '}'));
                    (last, on_its_line) = (Some(c), true);
                }
            }
        }
        at = comment.span.end as usize;
        stands.push((ends, last, on_its_line));
    }
    stands
}

fn comments(parse: &Parse) -> Vec<&str> {
    parse.comments.iter().map(|comment| comment.text.as_str()).collect()
}

/// What holds of any text without errors of syntax. Gives back what was made of it.
pub fn formatted(text: &str) -> Result<String, TestCaseError> {
    let parse = weir_grammar::parse(text);
    prop_assert!(parse.errors.is_empty(), "{text}\nis not read: {:?}", parse.errors);
    let Some(done) = format::file(text, &parse) else {
        return Err(TestCaseError::fail("a text without errors is formatted"));
    };
    let again = weir_grammar::parse(&done);
    prop_assert!(again.errors.is_empty(), "{done}\nis not read again: {:?}", again.errors);
    prop_assert_eq!(
        without_spans(&format!("{:?}", parse.file)),
        without_spans(&format!("{:?}", again.file)),
        "{} says something else",
        &done
    );
    prop_assert_eq!(comments(&parse), comments(&again), "comments of\n{}", &done);
    prop_assert_eq!(stands(text, &parse), stands(&done, &again), "places of comments in\n{}", &done);
    let twice = format::file(&done, &again);
    prop_assert_eq!(twice.as_ref(), Some(&done), "formatted twice");
    laid_out(&done)?;
    Ok(done)
}

fn laid_out(text: &str) -> Result<(), TestCaseError> {
    prop_assert!(text.is_empty() || text.ends_with('\n'), "ends with a line end");
    prop_assert!(!text.starts_with('\n') && !text.ends_with("\n\n"), "begins or ends with an empty line");
    let mut before = "";
    for line in text.split('\n') {
        prop_assert_eq!(line.trim_end(), line, "space at the end of a line of\n{}", text);
        let lone = line.is_empty() && (before.is_empty() || before.ends_with('{'));
        prop_assert!(!lone || text.ends_with(before), "an empty line too many in\n{}", text);
        prop_assert!(!(line.trim() == "}" && before.is_empty()), "an empty line before a brace in\n{}", text);
        before = line;
    }
    Ok(())
}

/// Broken sentences are the canonical ones but for the breaks.
fn broken_at_spaces(text: &str) -> Result<(), TestCaseError> {
    let parse = weir_grammar::parse(text);
    let mut waiting: Vec<&Statement> = parse.file.statements.iter().collect();
    while let Some(statement) = waiting.pop() {
        if let Statement::Sentence(sentence) = statement {
            let lines: Vec<&str> = text[sentence.span.range()].split('\n').map(str::trim_start).collect();
            prop_assert_eq!(lines.join(" "), format::sentence(sentence) + ";");
        }
        waiting.extend(statement.body());
    }
    Ok(())
}

#[test]
fn any_statement_keeps_its_meaning_and_its_comments() {
    check(
        1500,
        (syntax::file(), syntax::spaces()),
        |(words, spaces)| join(words, spaces),
        |(words, spaces)| {
            let text = join(words, spaces);
            let done = formatted(&text)?;
            if !text.contains('#') {
                broken_at_spaces(&done)?;
            }
            Ok(())
        },
    );
}

/// A program with comments and line ends wherever it has space, and behind signs.
fn sprinkled(text: &str, spaces: &[String]) -> String {
    let mut spaces = spaces.iter().cycle();
    let (mut out, mut quoted) = (String::new(), false);
    for c in text.chars() {
        quoted ^= c == '"';
        match c {
            ' ' | '\n' if !quoted => out += &format!(" {}", spaces.next().unwrap()),
            ';' | ',' | '{' | '}' | '(' | ')' | '[' | ']' if !quoted => {
                out.push(c);
                out += spaces.next().unwrap();
            }
            c => out.push(c),
        }
    }
    out
}

#[test]
fn any_program_keeps_its_relation_and_its_comments() {
    let sprinkle = |(cluster, program, spaces): &(cluster::Cluster, program::Program, Vec<String>)| {
        let plain = text(&settle::settle(program, cluster), cluster);
        let sprinkled = sprinkled(&plain, spaces);
        (plain, sprinkled)
    };
    check(
        150,
        (cluster::cluster(), program::program(), syntax::spaces()),
        |drawn| sprinkle(drawn).1,
        |drawn| {
            let (plain, sprinkled) = sprinkle(drawn);
            let (first, second) = (formatted(&plain)?, formatted(&sprinkled)?);
            let inventory = inventory(&print::manifests(&drawn.0));
            let built = |text: &str| -> Result<_, TestCaseError> {
                let built = build(&inventory, text)?;
                Ok(built.map(|built| written(&built.documents)))
            };
            let expected = built(&plain)?;
            prop_assert_eq!(&built(&first)?, &expected);
            prop_assert_eq!(&built(&second)?, &expected);
            Ok(())
        },
    );
}
