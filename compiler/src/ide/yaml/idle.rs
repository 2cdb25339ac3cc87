//! Why sentences make no object, and what would have to be written.

use std::sync::Arc;

use weir_grammar::ast::{Day, PostureWord};

use crate::diagnostic::shortened;
use crate::ide::Desk;
use crate::resolve::program::{Grant, Part, Sentence, SentenceKind};

/// One line for each kind of reason.
pub(super) fn why(desk: &Desk<'_>, sentences: &[Arc<Sentence>], today: Day) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for sentence in sentences {
        let line = match &sentence.kind {
            SentenceKind::Posture(posture) if posture.word == PostureWord::Open => {
                "`open` guards nothing, and makes no object.".to_owned()
            }
            SentenceKind::Posture(_) => "There are no pods to guard: it makes no object.".to_owned(),
            SentenceKind::Guardrail(guardrail) if guardrail.forbids => {
                "This promise is proved. Here no rule is written that denies it: a posture has to close one end."
                    .to_owned()
            }
            SentenceKind::Guardrail(_) => "This promise is proved, and makes no object.".to_owned(),
            SentenceKind::Grant(grant) => of_grant(desk, grant, today),
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.truncate(3);
    lines
}

fn of_grant(desk: &Desk<'_>, grant: &Grant, today: Day) -> String {
    if let Some((day, _)) = grant.until.filter(|(day, _)| *day <= today) {
        return format!("This grant ended on {day}: it makes no rule.");
    }
    let words = |part: &Part| shortened(desk.workspace.sources.text(part.place));
    let pods = |part: &&Part| part.ends.pods().is_some();
    let would = |part: &Part, way: &str| {
        format!(
            "Nothing guards an end of this grant: it makes no rule. `{} locked for {way};` would make it one.",
            words(part)
        )
    };
    if let Some(part) = grant.reach.object.iter().map(|(part, _)| part).find(pods) {
        return would(part, "ingress");
    }
    match grant.reach.subject.iter().find(pods) {
        Some(part) => would(part, "egress"),
        None => {
            "Neither end of this grant is pods, and policies govern pods alone: it makes no rule.".to_owned()
        }
    }
}
