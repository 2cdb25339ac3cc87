//! One word or clause of a sentence too many, or one that is another's.

use weir_grammar::Span;
use weir_grammar::ast::*;

use super::{Remedy, has_help, word};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::ide::Desk;
use crate::ide::actions::tree;

pub fn remedies(desk: &Desk<'_>, said: &Diagnostic, at: Span) -> Vec<Remedy> {
    let Some(sentence) = tree::sentence(desk.statements(), at) else { return Vec::new() };
    match (said.code, &sentence.kind) {
        (Code::E0116, SentenceKind::Reach(reach)) => verb(desk, reach).into_iter().collect(),
        (Code::E0117, _) => {
            vec![Remedy::new(format!("drop `{}`", word(desk, at)), vec![tree::cut(desk, at)]).preferred()]
        }
        (Code::E0303, _) => port(desk, at).into_iter().collect(),
        (Code::E0321, _) if has_help(said, "drop it") => {
            vec![Remedy::new("drop the requests", vec![tree::cut(desk, at)]).preferred()]
        }
        (Code::E0323, SentenceKind::Reach(reach)) => pinged(desk, reach),
        (Code::E0507, SentenceKind::Reach(reach)) => granted(desk, sentence, reach).into_iter().collect(),
        (Code::E0318, SentenceKind::Posture(posture)) => {
            let is_subject = posture.each.is_none() && subject(posture) == Some(at);
            let each = || Remedy::new("write `each` before it", vec![tree::insert(desk, at.start, "each ")]);
            Vec::from_iter(is_subject.then(each).map(Remedy::preferred))
        }
        (Code::W0105, SentenceKind::Posture(posture)) => together(desk, posture),
        (Code::W0108, _) if word(desk, at) == "anywhere" => {
            let instead = [("anyone", "every pod"), ("internet", "what is outside of the cluster")];
            let remedy = |(text, what): (&str, &str)| {
                Remedy::new(format!("write `{text}`: {what}"), vec![tree::replace(desk, at, text)])
            };
            instead.map(remedy).into()
        }
        _ => Vec::new(),
    }
}

fn subject(posture: &Posture) -> Option<Span> {
    match &posture.subject {
        Subject::Set(set) => Some(set.span),
        Subject::EachNamespace(_) => None,
    }
}

/// A test asserts; anything else grants or promises.
fn verb(desk: &Desk<'_>, reach: &Reach) -> Option<Remedy> {
    let verb = match reach.verb {
        Verb::Reaches => Verb::May,
        Verb::Cannot => Verb::MustNot,
        Verb::May | Verb::Must => Verb::Reaches,
        Verb::MustNot => Verb::Cannot,
        Verb::OnlyMay | Verb::MayOnly | Verb::MayPing => return None,
    };
    let edit = tree::replace(desk, reach.verb_span, verb.words());
    Some(Remedy::new(format!("write `{}`", verb.words()), vec![edit]))
}

/// Takes out the port behind a set, with its `:`.
fn port(desk: &Desk<'_>, at: Span) -> Option<Remedy> {
    let before = desk.text().get(..at.start as usize)?.trim_end();
    let colon = before.strip_suffix(':')?.len() as u32;
    let edit = tree::cut(desk, Span { start: colon, end: at.end });
    Some(Remedy::new("drop the port", vec![edit]).preferred())
}

fn pinged(desk: &Desk<'_>, reach: &Reach) -> Vec<Remedy> {
    let mut ports: Vec<Span> = reach
        .object
        .operands
        .iter()
        .filter_map(|operand| operand.port.as_ref())
        .map(|port| port.span)
        .collect();
    let on = reach.on.last().map(|last| Span { start: reach.object.span.end, end: last.span.end });
    let is_plain = on.is_none_or(|on| !tree::has_comment(desk, on));
    let mut remedies = Vec::new();
    let edits: Option<Vec<_>> = ports.drain(..).map(|span| port(desk, span)).collect();
    if let Some(edits) = edits.filter(|_| is_plain) {
        let mut edits: Vec<_> = edits.into_iter().flat_map(|remedy| remedy.edits).collect();
        edits.extend(on.map(|on| tree::replace(desk, on, "")));
        remedies.push(Remedy::new("drop the ports: a ping has none", edits));
    }
    let edit = tree::replace(desk, reach.verb_span, "may reach");
    remedies.push(Remedy::new("write `may reach`", vec![edit]));
    remedies
}

/// What must be reached is granted, in the same words, on the line below.
fn granted(desk: &Desk<'_>, sentence: &Sentence, reach: &Reach) -> Option<Remedy> {
    let end = tree::end_of_claim(sentence);
    let span = Span { start: sentence.span.start, end };
    if reach.verb != Verb::Must || tree::has_comment(desk, span) {
        return None;
    }
    let (before, behind) =
        (Span { start: span.start, end: reach.verb_span.start }, Span { start: reach.verb_span.end, end });
    let lines = crate::ide::lines::Lines::of(desk.text());
    let indent = " ".repeat(lines.indent(span.start));
    let text = format!("{indent}{}may reach{};\n", word(desk, before), word(desk, behind));
    let edit = match lines.is_first(span.start) {
        true => tree::insert(desk, lines.start(span.start), lines.ended(text)),
        false => tree::insert(desk, span.start, format!("{} ", text.trim())),
    };
    Some(Remedy::new("grant it", vec![edit]))
}

/// One group for each of its namespaces, or one of all of them.
fn together(desk: &Desk<'_>, posture: &Posture) -> Vec<Remedy> {
    let Subject::Set(set) = &posture.subject else { return Vec::new() };
    let each = tree::insert(desk, set.span.start, "each ");
    let around = vec![tree::insert(desk, set.span.start, "("), tree::insert(desk, set.span.end, ")")];
    vec![
        Remedy::new("isolate each of the namespaces by itself: `each`", vec![each]),
        Remedy::new("isolate them as one group: parentheses", around),
    ]
}

#[cfg(test)]
mod tests {
    use crate::codes::Code;
    use crate::ide::actions::testing::fixes;

    #[test]
    fn verbs_stand_where_they_mean_something() {
        for (text, expected) in [
            ("web rea$0ches api:80;", "web may reach api:80;"),
            ("web can$0not reach db;", "web must not reach db;"),
            ("test \"a\" { web m$0ay reach api:80; }", "test \"a\" { web reaches api:80; }"),
            ("test \"a\" { web m$0ust not reach db; }", "test \"a\" { web cannot reach db; }"),
        ] {
            assert_eq!(fixes(text, Code::E0116)[0][1], expected);
        }
        assert_eq!(
            fixes("test \"a\" { web m$0ay only reach api:80; }", Code::E0116),
            Vec::<[String; 2]>::new()
        );
    }

    #[test]
    fn what_is_too_much_is_dropped() {
        assert_eq!(
            fixes("web locked for egress until 2027-$001-01 because \"a\";", Code::E0117),
            [["drop `until 2027-01-01`", "web locked for egress because \"a\";"]]
        );
        assert_eq!(
            fixes("web:8$00 may reach api:80;", Code::E0303),
            [["drop the port", "web may reach api:80;"]]
        );
        assert_eq!(
            fixes("web must not reach db:5432 ov$0er http GET \"/\";", Code::E0321),
            [["drop the requests", "web must not reach db:5432;"]]
        );
        assert_eq!(
            fixes("web may ping api:8$00, db:5432;", Code::E0323),
            [
                ["drop the ports: a ping has none", "web may ping api, db;"],
                ["write `may reach`", "web may reach api:80, db:5432;"]
            ]
        );
        assert_eq!(fixes("web may ping api on 8$00;", Code::E0323)[0][1], "web may ping api;");
    }

    #[test]
    fn partitions_need_each() {
        assert_eq!(
            fixes("let team = namespaces by team;\ntea$0m isolated;", Code::E0318),
            [["write `each` before it", "let team = namespaces by team;\neach team isolated;"]]
        );
    }

    #[test]
    fn groups_say_what_they_are() {
        assert_eq!(
            fixes("namespace shop, names$0pace data isolated;", Code::W0105),
            [
                [
                    "isolate each of the namespaces by itself: `each`",
                    "each namespace shop, namespace data isolated;"
                ],
                ["isolate them as one group: parentheses", "(namespace shop, namespace data) isolated;"]
            ]
        );
    }

    #[test]
    fn anywhere_may_be_less() {
        let locked = "namespace shop locked;\n";
        let found = fixes(&format!("{locked}web may reach any$0where on 443;"), Code::W0108);
        let found: Vec<&str> = found.iter().map(|[_, text]| text.strip_prefix(locked).unwrap()).collect();
        assert_eq!(
            found,
            [
                "web may reach anyone on 443;",
                "web may reach internet on 443;",
                "web may reach anywhere on 443 because \"why\";"
            ]
        );
    }

    #[test]
    fn what_must_be_reached_is_granted() {
        let text = "namespace shop, namespace data locked;\nin namespace shop {\n    web must rea$0ch data/db:5432 because \"a\";\n}";
        assert_eq!(
            fixes(text, Code::E0507),
            [[
                "grant it",
                "namespace shop, namespace data locked;\nin namespace shop {\n    web may reach data/db:5432;\n    web must reach data/db:5432 because \"a\";\n}"
            ]]
        );
    }
}
