//! Answers as JSON, one object a cluster on one line: `docs/reach.md` describes it, `docs/weir-why.schema.json` defines it.

use super::answer::word;
use super::{Answers, Told};
use crate::check::guard_place;
use crate::diagnostic::position::Positions;
use crate::reach::ports::Item;
use crate::source::{Place, Sources};
use crate::view::{Action, Cause, Object, Side, View};
use serde::Serialize;

const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    cluster: &'a str,
    verdicts: Vec<Entry<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    from: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_pods: Option<&'a str>,
    to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_pods: Option<&'a str>,
    ports: &'a [Item],
    verdict: &'static str,
    leaving: End,
    entering: End,
    /// What would allow it.
    #[serde(skip_serializing_if = "Option::is_none")]
    sentence: Option<&'a str>,
}

/// What is said at one end.
#[derive(Serialize)]
struct End {
    verdict: &'static str,
    closing: Vec<Decider>,
    deciding: Vec<Decider>,
}

#[derive(Serialize)]
struct Decider {
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    file: String,
    line: usize,
    /// Of a program.
    #[serde(skip_serializing_if = "Option::is_none")]
    sentence: Option<String>,
    /// Of policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
}

/// One line.
pub fn write(answers: &Answers, view: &View<'_>, sources: &Sources, cluster: &str) -> String {
    let positions = Positions::new(sources);
    let words = Words { view, sources, positions: &positions };
    let entry = |told| words.entry(told);
    let report = Report {
        version: VERSION,
        cluster,
        verdicts: answers.told.iter().map(entry).collect(),
        notes: &answers.notes,
    };
    serde_json::to_string(&report).unwrap_or_default() + "\n"
}

struct Words<'a> {
    view: &'a View<'a>,
    sources: &'a Sources,
    positions: &'a Positions<'a>,
}

impl Words<'_> {
    fn entry<'t>(&self, told: &'t Told) -> Entry<'t> {
        Entry {
            from: &told.from,
            from_pods: told.from_pods.as_deref(),
            to: &told.to,
            to_pods: told.to_pods.as_deref(),
            ports: &told.ports.items,
            verdict: verdict(word(told.verdict.answer)),
            leaving: self.end(&told.verdict.leaving),
            entering: self.end(&told.verdict.entering),
            sentence: told.sentence.as_deref().filter(|_| matches!(self.view, View::Program { .. })),
        }
    }

    fn end(&self, side: &Side) -> End {
        let deciding = side.deciding.iter().filter_map(|(action, cause)| {
            let action = match action {
                Action::Allow => "allow",
                Action::Deny => "deny",
                Action::Pass => "pass",
            };
            self.decider(Some(action), cause)
        });
        End {
            verdict: verdict(word(side.answer)),
            closing: side.closing.iter().filter_map(|cause| self.decider(None, cause)).collect(),
            deciding: deciding.collect(),
        }
    }

    fn decider(&self, action: Option<&'static str>, cause: &Cause) -> Option<Decider> {
        let of_object = |object: &Object, rule| Decider {
            action,
            file: object.place.file.to_string(),
            line: object.place.line as usize,
            sentence: None,
            object: Some(object.to_string()),
            rule,
        };
        Some(match (cause, self.view) {
            (Cause::Object(object), _) => of_object(object, None),
            (Cause::Rule(object, path), _) => of_object(object, Some(path.to_string())),
            (Cause::Sentence(id), View::Program { analysis, .. }) => {
                let sentence = analysis.program.get(*id).place;
                let place = if action.is_none() { guard_place(&analysis.program, *id) } else { sentence };
                Decider {
                    action,
                    file: self.positions.path(place).to_owned(),
                    line: self.positions.of(place).0.line,
                    sentence: Some(self.text(sentence)),
                    object: None,
                    rule: None,
                }
            }
            (Cause::Sentence(_), View::Objects { .. }) => return None,
        })
    }

    fn text(&self, place: Place) -> String {
        let text = &self.sources.get(place.file).text;
        let written = text.get(place.span.range()).unwrap_or_default();
        written.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// As programs read it.
fn verdict(word: &'static str) -> &'static str {
    if word == "left open" { "undefined" } else { word }
}
