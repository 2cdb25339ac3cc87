//! What a sentence does: the flows that it opens, whether its ends are guarded, and the objects that it becomes.

use std::fmt::Write;
use std::sync::Arc;

use roaring::RoaringBitmap as Bits;
use weir_grammar::Span;
use weir_grammar::ast::{
    Day, Direction, PostureWord, Sentence as Tree, SentenceKind as Kind, Statement, Verb,
};

use super::words;
use crate::emit;
use crate::ide::peers::{Asked, opened};
use crate::ide::say;
use crate::ide::statement::{sentences_at, statement_at};
use crate::ide::yaml::statement_compiled;
use crate::ide::{Desk, Way};
use crate::relation::Narrowing;
use crate::resolve::program::{Ends, Grant, Narrowed, Posture, Reach, Sentence, SentenceKind};

/// More lines of YAML are cut off.
const LINES: usize = 60;
/// So many objects are looked at.
const OBJECTS: usize = 8;

/// Of the words that say what the sentence does; of no other.
pub(super) fn hover(desk: &Desk<'_>, tree: &Tree, offset: u32) -> Option<(Span, String)> {
    let (span, word) = says(tree, offset)?;
    let mut text = String::new();
    let own: Vec<&Arc<Sentence>> = sentences_at(desk, tree.span).collect();
    if desk.is_known() {
        for line in effect(desk, &own) {
            let _ = write!(text, "{line}\n\n");
        }
    }
    if let Some(reason) = &tree.clauses.because {
        let _ = write!(text, "because: {}\n\n", reason.text);
    }
    text += &words::of(word, desk)?;
    let is_asserted =
        matches!(&tree.kind, Kind::Reach(reach) if matches!(reach.verb, Verb::Reaches | Verb::Cannot));
    if !is_asserted && let Some(yaml) = yaml(desk, tree) {
        let _ = write!(text, "\n\n---\n\n{yaml}");
    }
    Some((span, text))
}

/// The words at an offset, and what they are called.
fn says(tree: &Tree, offset: u32) -> Option<(Span, &'static str)> {
    let holds = |span: &Span| span.start <= offset && offset <= span.end;
    match &tree.kind {
        Kind::Posture(posture) => {
            let word = match posture.word {
                PostureWord::Isolated => "isolated",
                PostureWord::Locked => "locked",
                PostureWord::Open => "open",
            };
            let direction = posture.direction.as_ref().map(|(way, span)| match way {
                Direction::Ingress => (*span, "for ingress"),
                Direction::Egress => (*span, "for egress"),
            });
            let all = std::iter::once((posture.word_span, word)).chain(direction);
            all.into_iter().find(|(span, _)| holds(span))
        }
        Kind::Reach(reach) => {
            let only = Span { start: tree.span.start, end: tree.span.start + 4 };
            match reach.verb {
                Verb::OnlyMay if holds(&only) => Some((only, "only")),
                verb => holds(&reach.verb_span).then(|| (reach.verb_span, verb.words())),
            }
        }
    }
}

/// What it does, a paragraph a fact.
fn effect(desk: &Desk<'_>, own: &[&Arc<Sentence>]) -> Vec<String> {
    let mut lines = Vec::new();
    let Some(first) = own.first() else { return lines };
    if own.len() > 1 {
        lines.push(format!(
            "holds {} times: in each namespace or application by itself; of the first:",
            own.len()
        ));
    }
    match &first.kind {
        SentenceKind::Posture(posture) => of_posture(desk, posture, &mut lines),
        SentenceKind::Grant(grant) => of_grant(desk, grant, &mut lines),
        SentenceKind::Guardrail(guardrail) => {
            let verb = if guardrail.forbids { "forbids" } else { "promises" };
            lines.push(format!("{verb} {}", flows(desk, &guardrail.reach, None)));
        }
    }
    lines
}

fn of_posture(desk: &Desk<'_>, posture: &Posture, lines: &mut Vec<String>) {
    let facts = desk.facts();
    let classes = facts.ground(&posture.subject);
    let pods = say::crowd(&classes, facts.inventory);
    lines.push(match (posture.word, posture.ingress, posture.egress) {
        (PostureWord::Open, ..) => format!("keeps {pods} unguarded"),
        (_, true, true) => format!("guards {pods} both ways"),
        (_, true, false) => format!("guards {pods} for ingress"),
        (_, false, _) => format!("guards {pods} for egress"),
    });
}

fn side<'e>(ends: impl Iterator<Item = &'e Ends>, desk: &Desk<'_>) -> (Bits, String) {
    let asked = Asked::of_ends(Span::default(), ends, desk.facts());
    let mut words = Vec::new();
    if !asked.classes.is_empty() || asked.others.is_empty() {
        words.push(say::crowd(&asked.classes, desk.facts().inventory));
    }
    words.extend(asked.others.iter().map(crate::ide::peers::ends_spoken));
    (asked.classes, words.join(", "))
}

/// `3 pods → 2 pods on 8080/tcp`
fn flows(desk: &Desk<'_>, reach: &Reach, narrowed: Option<&Narrowed>) -> String {
    let (_, from) = side(reach.subject.iter().map(|part| &part.ends), desk);
    let (_, to) = side(reach.object.iter().map(|(part, _)| &part.ends), desk);
    let narrowed = narrowed.map(|narrowed| match narrowed {
        Narrowed::Http { requests, .. } => Narrowing::Http(requests.as_slice().into()),
        Narrowed::Ping { .. } => Narrowing::Ping,
    });
    let mut words: Vec<String> = Vec::new();
    for (_, ports) in &reach.object {
        let word = opened(ports, narrowed.as_ref());
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let by = if matches!(narrowed, Some(Narrowing::Ping)) { "by" } else { "on" };
    format!("{from} → {to} {by} {}", say::capped(&words, 8))
}

fn of_grant(desk: &Desk<'_>, grant: &Grant, lines: &mut Vec<String>) {
    lines.push(format!("opens {}", flows(desk, &grant.reach, grant.narrowed.as_ref())));
    let facts = desk.facts();
    let (from, _) = side(grant.reach.subject.iter().map(|part| &part.ends), desk);
    let (to, _) = side(grant.reach.object.iter().map(|(part, _)| &part.ends), desk);
    if let Some(peers) = desk.peers() {
        let open = |classes: &Bits, way: Way| (classes - &facts.host_network).is_disjoint(peers.closed(way));
        let partly = |classes: &Bits, way: Way| !open(classes, way) && !classes.is_subset(peers.closed(way));
        let (source, destination) = (open(&from, Way::Outgoing), open(&to, Way::Incoming));
        lines.extend(match (source, destination) {
            (true, true) => Some("Neither end is guarded: these flows are open anyway.".to_owned()),
            (true, false) if !from.is_empty() => Some(
                "The source is not guarded for egress: it makes rules at the destination alone.".to_owned(),
            ),
            (false, true) if !to.is_empty() => Some(
                "The destination is not guarded for ingress: it makes rules at the source alone.".to_owned(),
            ),
            _ => None,
        });
        if partly(&from, Way::Outgoing) {
            lines.push(
                "Some of the sources are not guarded for egress: nothing closes what leaves them.".to_owned(),
            );
        }
        if partly(&to, Way::Incoming) {
            lines.push(
                "Some of the destinations are not guarded for ingress: nothing closes what enters them."
                    .to_owned(),
            );
        }
    }
    if let Some((day, _)) = grant.until {
        lines.push(ends_on(desk, day));
    }
}

fn ends_on(desk: &Desk<'_>, day: Day) -> String {
    match day <= desk.workspace.today {
        true => format!("It ended on {day}: it opens nothing any more."),
        false => format!("It holds until the day before {day}."),
    }
}

/// Of the day behind `until`.
pub(super) fn of_until(desk: &Desk<'_>, day: Day) -> String {
    let about = words::of("until", desk).unwrap_or_default();
    format!("{}\n\n{about}", ends_on(desk, day))
}

/// The objects that it becomes, as far as they fit.
fn yaml(desk: &Desk<'_>, tree: &Tree) -> Option<String> {
    let statement: &Statement = statement_at(desk.statements(), tree.span.start)?;
    let compiled = statement_compiled(desk, statement, None, OBJECTS)?;
    let mut text = String::new();
    for note in &compiled.notes {
        let _ = write!(text, "{note}\n\n");
    }
    if compiled.documents.is_empty() {
        return (!text.is_empty()).then(|| text.trim_end().to_owned());
    }
    let all = emit::stream(&compiled.documents);
    let lines = all.lines().count();
    let shown: Vec<&str> = all.lines().take(LINES).collect();
    let _ = write!(text, "```yaml\n{}\n```", shown.join("\n"));
    if lines > LINES || compiled.more > 0 {
        let _ = write!(text, "\n\nThe rest of its objects is cut off here.");
    }
    Some(text)
}
