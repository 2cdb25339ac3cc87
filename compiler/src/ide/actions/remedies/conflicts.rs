//! Sentences that contradict each other: one leaves out, with `except`, what the other speaks of, or it goes.

use weir_grammar::Span;
use weir_grammar::ast::*;
use weir_grammar::format;

use super::{Remedy, has_help, word};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::facts::SYSTEM_NAMESPACE;
use crate::ide::actions::tree;
use crate::ide::lines::Lines;
use crate::ide::{Desk, Edit};

pub fn remedies(desk: &Desk<'_>, said: &Diagnostic, at: Span) -> Vec<Remedy> {
    let own = tree::sentence(desk.statements(), at);
    let other =
        said.labels.get(1).filter(|label| label.place.file == desk.file).map(|label| label.place.span);
    let other = other.and_then(|span| tree::sentence(desk.statements(), span));
    let mut remedies = Vec::new();
    match (said.code, own, other) {
        (Code::E0501, Some(open), guard) => {
            let left_out = guard.and_then(|guard| without(desk, guard, open));
            remedies.extend(left_out.map(|edits| Remedy::new("leave it out of the guard: `except`", edits)));
            remedies.push(Remedy::new("drop the `open`", tree::removal(desk, open.span)));
        }
        (Code::E0502, Some(locked), Some(isolated)) => {
            let left_out = without(desk, isolated, locked);
            let title = "leave it out of the isolated set: `except`";
            remedies.extend(left_out.map(|edits| Remedy::new(title, edits)));
        }
        (Code::E0503, Some(guard), _) => remedies.extend(without_system(desk, said, guard)),
        (Code::E0504 | Code::E0506, Some(promise), Some(grant)) if is_grant(grant) => {
            if said.code == Code::E0504 && is_pods(desk, grant) && is_pods(desk, promise) {
                let left_out = without(desk, grant, promise);
                let title = "leave it out of the grant: `except`";
                remedies.extend(left_out.map(|edits| Remedy::new(title, edits)));
            }
            if said.code == Code::E0506 {
                let edits = admitted(desk, promise, grant);
                remedies.extend(edits.map(|edits| Remedy::new("name it here too", edits)));
            }
            remedies.push(Remedy::new("drop the grant", tree::removal(desk, grant.span)));
        }
        (Code::E0505, Some(promise), _) => remedies.extend(guards(desk, promise)),
        _ => {}
    }
    remedies
}

fn is_grant(sentence: &Sentence) -> bool {
    matches!(&sentence.kind, SentenceKind::Reach(reach) if reach.verb == Verb::May)
}

fn subject(sentence: &Sentence) -> Option<&Set> {
    match &sentence.kind {
        SentenceKind::Posture(Posture { subject: Subject::Set(set), each: None, .. }) => Some(set),
        SentenceKind::Reach(reach) => Some(&reach.subject),
        SentenceKind::Posture(_) => None,
    }
}

fn is_pods(desk: &Desk<'_>, sentence: &Sentence) -> bool {
    subject(sentence).is_some_and(|set| set.operands.iter().all(|operand| are_pods(desk, operand)))
}

fn are_pods(desk: &Desk<'_>, operand: &Operand) -> bool {
    let parts = desk.readings().set(operand.span);
    parts.is_some_and(|parts| parts.iter().all(|part| part.ends.pods().is_some()))
}

/// The subject of a sentence without that of another, which stands beside it: there its words mean the same.
fn without(desk: &Desk<'_>, sentence: &Sentence, other: &Sentence) -> Option<Vec<Edit>> {
    let (set, left_out) = (subject(sentence)?, subject(other)?);
    if !are_beside(desk, sentence, other)
        || !leaves_some(desk, set, left_out)
        || tree::has_comment(desk, left_out.span)
    {
        return None;
    }
    let text = word(desk, left_out.span);
    Some(excepting(desk, set, &grouped(left_out, text)))
}

fn are_beside(desk: &Desk<'_>, one: &Sentence, other: &Sentence) -> bool {
    let body = |span: Span| tree::body_of(desk.statements(), span).as_ptr();
    body(one.span) == body(other.span) && one.span != other.span
}

/// An `only` with the subject of a grant beside it.
fn admitted(desk: &Desk<'_>, only: &Sentence, grant: &Sentence) -> Option<Vec<Edit>> {
    let SentenceKind::Reach(Reach { verb: Verb::OnlyMay, subject: set, .. }) = &only.kind else {
        return None;
    };
    let others = subject(grant)?;
    if !are_beside(desk, only, grant) || tree::has_comment(desk, others.span) {
        return None;
    }
    let text = match others.op {
        SetOp::Union => word(desk, others.span).to_owned(),
        _ => format!("({})", word(desk, others.span)),
    };
    let (start, end) = (set.span.start, set.span.end);
    Some(match set.op {
        SetOp::Union => vec![tree::insert(desk, end, format!(", {text}"))],
        _ => vec![tree::insert(desk, start, "("), tree::insert(desk, end, format!("), {text}"))],
    })
}

/// What closes a way that must not be: a posture on either end, above the sentence.
fn guards(desk: &Desk<'_>, promise: &Sentence) -> Vec<Remedy> {
    let SentenceKind::Reach(reach) = &promise.kind else { return Vec::new() };
    let lines = Lines::of(desk.text());
    let start = promise.span.start;
    let ends = [
        (&reach.subject, "egress", "close the egress of what must not reach it"),
        (&reach.object, "ingress", "close the ingress of what must not be reached"),
    ];
    let guard = |(set, way, title): (&Set, &str, &str)| {
        let operands = set.operands.iter().map(|operand| Operand { port: None, ..operand.clone() });
        let set = Set { operands: operands.collect(), ..set.clone() };
        let is_pods = set.operands.iter().all(|operand| are_pods(desk, operand));
        let text = format!("{} locked for {way};", format::set(&set));
        let edit = match lines.is_first(start) {
            true => {
                let indent = " ".repeat(lines.indent(start));
                tree::insert(desk, lines.start(start), lines.ended(format!("{indent}{text}\n")))
            }
            false => tree::insert(desk, start, text + " "),
        };
        is_pods.then(|| Remedy::new(title, vec![edit]))
    };
    ends.into_iter().filter_map(guard).collect()
}

/// Whether something of a set is in no part of another, today.
fn leaves_some(desk: &Desk<'_>, set: &Set, left_out: &Set) -> bool {
    let inventory = desk.facts().inventory;
    let classes = |set: &Set| {
        let parts = set.operands.iter().filter_map(|operand| desk.readings().set(operand.span)).flatten();
        parts
            .filter_map(|part| part.ends.pods())
            .fold(roaring::RoaringBitmap::new(), |all, pods| all | pods.classes(inventory))
    };
    // Of `except` and `in` the first operand says how much there is at most.
    !classes(set).is_subset(&classes(left_out))
}

fn grouped(set: &Set, text: &str) -> String {
    if set.operands.len() > 1 { format!("({text})") } else { text.to_owned() }
}

fn excepting(desk: &Desk<'_>, set: &Set, left_out: &str) -> Vec<Edit> {
    let (start, end) = (set.span.start, set.span.end);
    match set.operands.len() {
        1 => vec![tree::insert(desk, end, format!(" except {left_out}"))],
        _ => vec![tree::insert(desk, start, "("), tree::insert(desk, end, format!(") except {left_out}"))],
    }
}

/// A posture without the namespace of the system, where that is all that it should not close.
fn without_system(desk: &Desk<'_>, said: &Diagnostic, guard: &Sentence) -> Option<Remedy> {
    let SentenceKind::Posture(posture) = &guard.kind else { return None };
    let only = format!("leave `{SYSTEM_NAMESPACE}` out with");
    if !has_help(said, &only) {
        return None;
    }
    let system = format!("namespace {SYSTEM_NAMESPACE}");
    let edits = match (&posture.subject, posture.each) {
        (Subject::EachNamespace(span), _) => {
            vec![tree::replace(desk, *span, format!("(anyone except {system})"))]
        }
        (Subject::Set(set), None) => excepting(desk, set, &system),
        (Subject::Set(set), Some(_)) => {
            let behind = tree::insert(desk, set.span.end, format!(" except {system})"));
            vec![tree::insert(desk, set.span.start, "("), behind]
                .into_iter()
                .filter(|_| set.operands.len() == 1)
                .collect()
        }
    };
    Some(Remedy::new(format!("leave `{SYSTEM_NAMESPACE}` out: `except`"), edits).preferred())
}

#[cfg(test)]
mod tests {
    use crate::codes::Code;
    use crate::ide::actions::testing::{fixes, preferred};

    #[test]
    fn what_is_open_is_left_out_of_the_guard() {
        assert_eq!(
            fixes("namespace shop locked;\n# why\nweb op$0en;", Code::E0501),
            [
                [
                    "leave it out of the guard: `except`",
                    "namespace shop except web locked;\n# why\nweb open;"
                ],
                ["drop the `open`", "namespace shop locked;\n# why"]
            ]
        );
        let union = "namespace shop, namespace data locked;\nweb, api op$0en;";
        assert_eq!(
            fixes(union, Code::E0501)[0][1],
            "(namespace shop, namespace data) except (web, api) locked;\nweb, api open;"
        );
        // Nothing would be left.
        assert_eq!(fixes("web locked;\nnamespace shop op$0en;", Code::E0501).len(), 1);
        // There its words may mean something else.
        assert_eq!(fixes("in namespace shop { pods locked; }\nweb op$0en;", Code::E0501).len(), 1);
    }

    #[test]
    fn what_is_locked_is_left_out_of_the_isolation() {
        assert_eq!(
            fixes("namespace shop isolated;\nweb loc$0ked;", Code::E0502),
            [[
                "leave it out of the isolated set: `except`",
                "namespace shop except web isolated;\nweb locked;"
            ]]
        );
    }

    #[test]
    fn the_system_is_left_out() {
        for (text, expected) in [
            ("anyo$0ne locked;", "anyone except namespace kube-system locked;"),
            ("each name$0space locked;", "each (anyone except namespace kube-system) locked;"),
        ] {
            assert_eq!(preferred(text, Code::E0503).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_grant_of_what_must_not_be_goes_or_leaves_it_out() {
        let text =
            "namespace shop, namespace data locked;\nshop may reach db:5432;\nweb must not rea$0ch db;";
        assert_eq!(
            fixes(text, Code::E0504),
            [
                [
                    "leave it out of the grant: `except`",
                    "namespace shop, namespace data locked;\nshop except web may reach db:5432;\nweb must not reach db;"
                ],
                ["drop the grant", "namespace shop, namespace data locked;\nweb must not reach db;"]
            ]
        );
    }

    #[test]
    fn a_grant_beside_an_only_goes() {
        let text = "only web may rea$0ch db:5432;\nprometheus may reach db:5432;";
        assert_eq!(
            fixes(text, Code::E0506),
            [
                [
                    "name it here too",
                    "only web, prometheus may reach db:5432;\nprometheus may reach db:5432;"
                ],
                ["drop the grant", "only web may reach db:5432;"]
            ]
        );
    }

    #[test]
    fn a_way_that_nothing_closes_is_closed() {
        assert_eq!(
            fixes("# why\nweb must not rea$0ch data/db:5432;", Code::E0505),
            [
                [
                    "close the egress of what must not reach it",
                    "# why\nweb locked for egress;\nweb must not reach data/db:5432;"
                ],
                [
                    "close the ingress of what must not be reached",
                    "# why\ndata/db locked for ingress;\nweb must not reach data/db:5432;"
                ]
            ]
        );
        assert_eq!(fixes("web must not rea$0ch internet;", Code::E0505).len(), 1);
    }
}
