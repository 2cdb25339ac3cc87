//! A sentence, asked for by its verb or the word of its posture: what it says, what it opens, what it becomes.

use std::fmt::Write;

use weir_grammar::Span;
use weir_grammar::ast::{self, SentenceKind, Statement};

use super::Hover;
use super::name::ends_counted;
use crate::ide::completion::documentation;
use crate::ide::peers::ports_words;
use crate::ide::{Desk, yaml};
use crate::resolve::program::{self, Ends};

/// The YAML is cut behind so many lines.
const LINES: usize = 60;

pub(super) fn hover(desk: &Desk<'_>, offset: u32) -> Option<Hover> {
    let sentence = around(desk.statements(), offset)?;
    let inside = |span: Span| span.start <= offset && offset < span.end;
    let (span, word) = match &sentence.kind {
        SentenceKind::Posture(posture) if inside(posture.word_span) => {
            (posture.word_span, desk.text().get(posture.word_span.range())?)
        }
        SentenceKind::Reach(reach) if inside(reach.verb_span) => (reach.verb_span, reach.verb.words()),
        _ => return None,
    };
    let mut text = documentation(desk, &format!("word {word}")).unwrap_or_default();
    if desk.is_known() {
        for line in means(desk, sentence) {
            let _ = write!(text, "\n\n{line}");
        }
        if let Some(yaml) = yaml::of_statement(desk, sentence.span.start, None) {
            text += &fenced(&yaml);
        }
    }
    Some(Hover { span, markdown: text })
}

fn around(statements: &[Statement], offset: u32) -> Option<&ast::Sentence> {
    let holds = |span: Span| span.start <= offset && offset < span.end;
    match statements.iter().find(|statement| holds(statement.span()))? {
        Statement::Sentence(sentence) => Some(sentence),
        other => around(other.body(), offset),
    }
}

/// What it opens or closes, in words. In a policy or an `in each` block it may be several things.
fn means(desk: &Desk<'_>, sentence: &ast::Sentence) -> Vec<String> {
    const MOST: usize = 4;
    let place = desk.place(sentence.span);
    let resolved = desk.part().program.sentences.iter().filter(|other| other.place == place);
    let mut lines: Vec<String> = Vec::new();
    for one in resolved {
        let line = match &one.kind {
            program::SentenceKind::Posture(posture) => {
                let pods = ends_counted(desk, &[&Ends::Pods(posture.subject.clone())]);
                let ways = match (posture.ingress, posture.egress) {
                    (true, true) => "both ways",
                    (true, false) => "for ingress",
                    (false, _) => "for egress",
                };
                match posture.word {
                    ast::PostureWord::Open => format!("leaves {pods} open"),
                    _ => format!("closes {pods} {ways}"),
                }
            }
            program::SentenceKind::Grant(grant) => format!("opens {}", flows(desk, &grant.reach)),
            program::SentenceKind::Guardrail(guardrail) => match guardrail.forbids {
                true => format!("promises that nothing flows: {}", flows(desk, &guardrail.reach)),
                false => format!("promises that these flow: {}", flows(desk, &guardrail.reach)),
            },
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let rest = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    if rest > 0 {
        lines.push(format!("and {rest} more, one for each time that it is applied"));
    }
    if let Some((day, _)) = sentence.clauses.until {
        lines.push(format!("until {day}"));
    }
    lines
}

fn flows(desk: &Desk<'_>, reach: &program::Reach) -> String {
    let from: Vec<&Ends> = reach.subject.iter().map(|part| &part.ends).collect();
    let to: Vec<&Ends> = reach.object.iter().map(|(part, _)| &part.ends).collect();
    let mut ports: Vec<String> = reach.object.iter().flat_map(|(_, ports)| ports_words(ports)).collect();
    ports.sort();
    ports.dedup();
    format!("{} → {} on {}", ends_counted(desk, &from), ends_counted(desk, &to), ports.join(", "))
}

fn fenced(yaml: &str) -> String {
    let lines: Vec<&str> = yaml.lines().collect();
    let shown = lines.get(..LINES).unwrap_or(&lines).join("\n");
    let rest = lines.len().saturating_sub(LINES);
    let cut = if rest > 0 { format!("\n# … and {rest} lines more") } else { String::new() };
    format!("\n\n```yaml\n{shown}{cut}\n```")
}
