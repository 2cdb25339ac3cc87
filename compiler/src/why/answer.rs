//! Answers for people: a verdict as a diagnostic that points at the sentences, or names the objects.

use super::{Answers, Told};
use crate::Analysis;
use crate::check::guard_place;
use crate::diagnostic::{Code, Diagnostic};
use crate::view::{Action, Answer, Cause, Object, Side, View};

/// The verdict as one word.
pub fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::Permitted => "allowed",
        Answer::Denied => "denied",
        Answer::Undefined => "left open",
    }
}

/// One diagnostic for each verdict. They have no code to look up: they are answers.
pub fn diagnostics(answers: &Answers, view: &View<'_>) -> Vec<Diagnostic> {
    answers
        .told
        .iter()
        .map(|told| {
            let said = match view {
                View::Program { analysis, .. } => of_program(told, analysis, message(told, answers)),
                View::Objects { .. } => of_objects(told, message(told, answers)),
            };
            answers.notes.iter().fold(said, |said, note| said.with_note(note))
        })
        .collect()
}

/// Beyond so many ranges it is what the other verdicts leave.
const MOST_RANGES: usize = 4;

/// Whether the ports of a verdict are all but those of the others of the same pods.
fn is_rest(told: &Told, answers: &Answers) -> bool {
    let is_long = |one: &Told| one.ports.words.len() > MOST_RANGES;
    let ends = |one: &Told| [one.from.clone(), one.to.clone()];
    let pods = |one: &Told| [one.from_pods.clone(), one.to_pods.clone()];
    let mut beside = answers.told.iter().filter(|one| ends(one) == ends(told) && pods(one) == pods(told));
    answers.every_port
        && is_long(told)
        && beside.clone().count() > 1
        && beside.all(|one| std::ptr::eq(one, told) || !is_long(one))
}

fn message(told: &Told, answers: &Answers) -> String {
    let end = |name: &str, pods: &Option<String>| match pods {
        Some(pods) => format!("`{name}` (pods {pods})"),
        None => format!("`{name}`"),
    };
    let on = match told.ports.words.as_slice() {
        [all] if all == "all" => "on every port".to_owned(),
        pings if pings.iter().all(|word| word.starts_with("ping")) => "by ping".to_owned(),
        _ if is_rest(told, answers) => "on all other ports".to_owned(),
        words => format!("on {}", words.join(", ")),
    };
    let (from, to) = (end(&told.from, &told.from_pods), end(&told.to, &told.to_pods));
    format!("{from} -> {to} {on}: {}", word(told.verdict.answer))
}

fn of_program(told: &Told, analysis: &Analysis, message: String) -> Diagnostic {
    let program = &analysis.program;
    let (leaving, entering) = (&told.verdict.leaving, &told.verdict.entering);
    let mut said = Diagnostic::note(Code::E0704, message);
    let mut add = |place, text: &str| {
        if !said.labels.iter().any(|label| label.place == place) {
            said = std::mem::replace(&mut said, Diagnostic::note(Code::E0704, "")).at(place, text);
        }
    };
    let decides = |wanted: Action| {
        let deciding = leaving.deciding.iter().chain(&entering.deciding);
        deciding.filter(move |(action, _)| *action == wanted).filter_map(|(_, cause)| match cause {
            Cause::Sentence(id) => Some(*id),
            _ => None,
        })
    };
    for id in decides(Action::Deny) {
        add(program.get(id).place, "denies it");
    }
    for id in decides(Action::Allow) {
        add(program.get(id).place, "grants it");
    }
    let closes = |side: &Side| -> Vec<_> {
        side.closing
            .iter()
            .filter_map(|cause| if let Cause::Sentence(id) = cause { Some(*id) } else { None })
            .collect()
    };
    let (out, into) = (closes(leaving), closes(entering));
    for id in &out {
        let both = "closes what leaves the source, and what enters the destination";
        let text = if into.contains(id) { both } else { "closes what leaves the source" };
        add(guard_place(program, *id), text);
    }
    for id in into.iter().filter(|id| !out.contains(id)) {
        add(guard_place(program, *id), "closes what enters the destination");
    }
    if out.is_empty() && into.is_empty() && told.denying().next().is_none() {
        said = said.with_note("no sentence closes either end, so everything may pass");
    } else if told.verdict.answer == Answer::Denied {
        for note in refusing(told) {
            said = said.with_note(note);
        }
    }
    if told.denying().next().is_some() {
        return said.with_help("a promise has no exceptions beside it: write one into it with `except`");
    }
    match &told.sentence {
        Some(sentence) => said.with_help(format!("to allow it, write `{sentence}`")),
        None => said,
    }
}

/// Which ends refuse.
fn refusing(told: &Told) -> Vec<String> {
    let refuses = |side: &Side| side.answer == Answer::Denied;
    match (refuses(&told.verdict.leaving), refuses(&told.verdict.entering)) {
        (true, true) => {
            vec![format!("both ends refuse it, `{}` to send and `{}` to take it", told.from, told.to)]
        }
        (true, false) => vec![format!("`{}` alone refuses it: what leaves it is closed", told.from)],
        (false, true) => vec![format!("`{}` alone refuses it: what enters it is closed", told.to)],
        (false, false) => Vec::new(),
    }
}

fn of_objects(told: &Told, message: String) -> Diagnostic {
    let mut said = Diagnostic::note(Code::E0704, message);
    let sides = [
        (&told.verdict.leaving, told.from_is_pods, "leaving", &told.from),
        (&told.verdict.entering, told.to_is_pods, "entering", &told.to),
    ];
    for (side, _, way, end) in sides.iter().filter(|(_, is_pods, ..)| *is_pods) {
        for line in lines(side) {
            said = said.with_note(format!("{way} `{end}`: {line}"));
        }
    }
    if told.verdict.answer == Answer::Denied {
        for note in refusing(told) {
            said = said.with_note(note);
        }
        if told.denying().next().is_none() {
            for (side, _, way, end) in sides.iter().filter(|(side, ..)| side.answer == Answer::Denied) {
                let list = if *way == "leaving" { "egress" } else { "ingress" };
                if let Some(Cause::Object(object)) = side.closing.first() {
                    said = said.with_help(format!(
                        "to allow it, add a rule to `spec.{list}` of {object}, or of another policy that selects `{end}`"
                    ));
                }
            }
        }
    }
    if told.verdict.answer == Answer::Undefined {
        said = said.with_note("the format leaves it open: network plugins differ");
    }
    said
}

/// What one end has to say.
fn lines(side: &Side) -> Vec<String> {
    let mut lines = Vec::new();
    for (action, cause) in &side.deciding {
        let verb = match action {
            Action::Allow => "allowed",
            Action::Deny => "denied",
            Action::Pass => "passed on",
        };
        match cause {
            Cause::Rule(object, path) => lines.push(format!("{verb} by `{path}` of {}", at(object))),
            Cause::Object(object) => lines.push(format!("{verb} by {}", at(object))),
            Cause::Sentence(_) => {}
        }
    }
    if lines.is_empty() {
        for cause in &side.closing {
            if let Cause::Object(object) = cause {
                lines.push(match side.answer {
                    Answer::Denied => format!("closed by {}, and no rule allows it", at(object)),
                    _ => format!("governed by {}", at(object)),
                });
            }
        }
    }
    if lines.is_empty() {
        lines.push("no policy governs it".to_owned());
    }
    lines
}

fn at(object: &Object) -> String {
    format!("{object} ({}:{})", object.place.file, object.place.line)
}
