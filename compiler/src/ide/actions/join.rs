//! Two grants beside each other that differ in their objects or ports alone become one.

use weir_grammar::Span;
use weir_grammar::ast::*;
use weir_grammar::format;

use super::tree;
use super::{Action, ActionKind};
use crate::ide::Desk;

pub fn actions(desk: &Desk<'_>, range: Span) -> Vec<Action> {
    let Some(own) = tree::sentence(desk.statements(), range) else { return Vec::new() };
    let body = tree::body_of(desk.statements(), range);
    let at = body.partition_point(|statement| statement.span().start < own.span.start);
    let before = at.checked_sub(1).and_then(|at| Some((body.get(at)?, body.get(at + 1)?)));
    let behind = body.get(at).zip(body.get(at + 1));
    let pairs = [(behind, "join it with the next grant"), (before, "join it with the grant above")];
    let joined = pairs.into_iter().filter_map(|(pair, title)| {
        let edits = joined(desk, pair?)?;
        Some(Action::new(ActionKind::Rewrite, title, edits))
    });
    joined.collect()
}

/// The edits that make one sentence of two.
fn joined(desk: &Desk<'_>, (first, second): (&Statement, &Statement)) -> Option<Vec<crate::ide::Edit>> {
    let (Statement::Sentence(first), Statement::Sentence(second)) = (first, second) else { return None };
    let (SentenceKind::Reach(one), SentenceKind::Reach(two)) = (&first.kind, &second.kind) else {
        return None;
    };
    let plain =
        |reach: &Reach| reach.verb == Verb::May && reach.over.is_none() && reach.object.op == SetOp::Union;
    if !plain(one)
        || !plain(two)
        || format::set(&one.subject) != format::set(&two.subject)
        || clauses(&first.clauses) != clauses(&second.clauses)
        || tree::has_comment(desk, first.span.to(second.span))
        || is_broken(desk, first.span.to(second.span))
    {
        return None;
    }
    let claim = Span { start: one.object.span.start, end: tree::end_of_claim(first) };
    let text = same_object(one, two).or_else(|| objects(one, two))?;
    let mut edits = vec![tree::replace(desk, claim, text)];
    edits.extend(tree::removal(desk, second.span));
    Some(edits)
}

fn is_broken(desk: &Desk<'_>, span: Span) -> bool {
    desk.source()
        .parse
        .errors
        .iter()
        .any(|error| error.span.start <= span.end && span.start <= error.span.end)
}

fn clauses(clauses: &Clauses) -> (Option<&str>, Option<Absent>, Option<Day>) {
    let Clauses { because, absent, until } = clauses;
    (
        because.as_ref().map(|reason| reason.text.as_str()),
        absent.map(|(absent, _)| absent),
        until.map(|(day, _)| day),
    )
}

/// `A may reach B:80` and `A may reach B:443` as `B on 80, 443`.
fn same_object(one: &Reach, two: &Reach) -> Option<String> {
    let ([first], [second]) = (one.object.operands.as_slice(), two.object.operands.as_slice()) else {
        return None;
    };
    let without = |operand: &Operand| format::operand(&Operand { port: None, ..operand.clone() });
    let (ports, others) = (ports(one, first), ports(two, second));
    if without(first) != without(second) || ports.is_empty() || others.is_empty() {
        return None;
    }
    let mut all = ports;
    others.into_iter().for_each(|port| {
        if !all.contains(&port) {
            all.push(port);
        }
    });
    Some(format!("{} on {}", without(first), all.join(", ")))
}

fn ports(reach: &Reach, operand: &Operand) -> Vec<String> {
    let written = |port: &Port| match &port.kind {
        PortKind::Name(name) => format::quoted(name),
        _ => format::port(port),
    };
    operand.port.iter().chain(&reach.on).map(written).collect()
}

/// `A may reach B:80` and `A may reach C:443` as `B:80, C:443`.
fn objects(one: &Reach, two: &Reach) -> Option<String> {
    let on = |reach: &Reach| reach.on.iter().map(format::port).collect::<Vec<_>>();
    let has_ports = |reach: &Reach| reach.object.operands.iter().any(|operand| operand.port.is_some());
    let own = |operand: &Operand| matches!(operand.base, Base::Builtin(Builtin::Dns | Builtin::ApiServer));
    let is_own = |reach: &Reach| reach.object.operands.iter().any(own);
    // `on` would give what has ports of its own others.
    if on(one) != on(two) || has_ports(one) != has_ports(two) || is_own(one) || is_own(two) {
        return None;
    }
    let text = format!("{}, {}", format::set(&one.object), format::set(&two.object));
    let ports: Vec<String> = one
        .on
        .iter()
        .map(|port| match &port.kind {
            PortKind::Name(name) => format::quoted(name),
            _ => format::port(port),
        })
        .collect();
    Some(if ports.is_empty() { text } else { format!("{text} on {}", ports.join(", ")) })
}

#[cfg(test)]
mod tests {
    use crate::ide::actions::testing::{applied, titles};

    const NEXT: &str = "join it with the next grant";
    const ABOVE: &str = "join it with the grant above";
    const LOCKED: &str = "namespace shop, namespace data locked;\n";

    fn joined(text: &str, title: &str) -> String {
        applied(&format!("{LOCKED}{text}"), title).strip_prefix(LOCKED).unwrap().to_owned()
    }

    #[test]
    fn ports_of_one_object_are_joined() {
        let text = "web may re$0ach workload api:3000;\nweb may reach workload api:metrics;\n";
        assert_eq!(joined(text, NEXT), "web may reach workload api on 3000, metrics;\n");
        let text = "web may reach workload api:3000 because \"a\";\nweb may reach workload api on $09090, 3000 because \"a\";\n# end\n";
        assert_eq!(joined(text, ABOVE), "web may reach workload api on 3000, 9090 because \"a\";\n# end\n");
    }

    #[test]
    fn objects_of_one_subject_are_joined() {
        let text = "in namespace shop {\n    web may re$0ach api:80;\n    web may reach data/db:5432;\n}\n";
        assert_eq!(joined(text, NEXT), "in namespace shop {\n    web may reach api:80, data/db:5432;\n}\n");
        let text = "prometheus may re$0ach web on 80;\nprometheus may reach api on 80;\n";
        assert_eq!(joined(text, NEXT), "prometheus may reach web, api on 80;\n");
    }

    #[test]
    fn others_stay_apart() {
        for text in [
            "web may re$0ach api:80;\napi may reach db:5432;",
            "web may re$0ach api:80;\nweb may reach db:5432 because \"a\";",
            "web may re$0ach api:80; # why\nweb may reach db:5432;",
            "web may re$0ach api:80;\nweb may reach db on 5432;",
            "web may re$0ach api:80;\nonly web may reach db:5432;",
            "web may re$0ach api:80;\nweb may reach dns;",
            "web may re$0ach api:80;",
        ] {
            assert!(titles(text).iter().all(|title| !title.starts_with("join")), "{text}");
        }
    }
}
