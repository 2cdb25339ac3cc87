//! Ports for a sentence that names none: those that its objects expose.

use std::collections::BTreeSet;

use weir_cluster::inventory::Protocol;
use weir_grammar::Span;
use weir_grammar::ast::*;

use super::{Action, tree};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::ide::Desk;
use crate::resolve::program::{Part, Thing};

/// How many ports are offered one by one.
const SHOWN: usize = 8;

/// A port as it is dialled.
type Dialled = (u16, Protocol);

pub fn actions(desk: &Desk<'_>, range: Span, said: &[Diagnostic]) -> Vec<Action> {
    let Some(sentence) = tree::sentence(desk.statements(), range) else { return Vec::new() };
    let SentenceKind::Reach(reach) = &sentence.kind else { return Vec::new() };
    let grants = matches!(reach.verb, Verb::May | Verb::OnlyMay | Verb::MayOnly | Verb::Must | Verb::Reaches);
    let set = &reach.object;
    let has_ports = set.operands.iter().any(|operand| operand.port.is_some()) || !reach.on.is_empty();
    if !grants || has_ports || set.op == SetOp::Mixed {
        return Vec::new();
    }
    let asked = said.iter().find(|said| matches!(said.code, Code::W0102 | Code::E0322));
    let mut actions = Vec::new();
    let mut add = |title: String, edits| actions.push(Action::fix(title, edits, asked));
    match (set.op, set.operands.as_slice()) {
        (SetOp::Union, [one]) => {
            let ports = exposed(desk, one).unwrap_or_default();
            for port in ports.iter().take(SHOWN) {
                let edit = tree::insert(desk, one.span.end, format!(":{}", written(*port)));
                add(format!("grant port {} alone", written(*port)), vec![edit]);
            }
            if (2..=SHOWN).contains(&ports.len()) {
                let all: Vec<String> = ports.iter().map(|port| written(*port)).collect();
                let edit = tree::insert(desk, set.span.end, format!(" on {}", all.join(", ")));
                add(format!("grant all ports that it declares: {}", all.join(", ")), vec![edit]);
            }
        }
        (SetOp::Union, operands) => {
            let (own, others): (Vec<&Operand>, Vec<&Operand>) =
                operands.iter().partition(|operand| has_own_ports(operand));
            let exposed: Vec<(&Operand, Option<BTreeSet<Dialled>>)> =
                others.into_iter().map(|operand| (operand, exposed(desk, operand))).collect();
            let sets: Vec<&BTreeSet<Dialled>> =
                exposed.iter().filter_map(|(_, ports)| ports.as_ref()).collect();
            let common = sets.split_first().map(|(first, rest)| {
                let in_all = |port: &&Dialled| rest.iter().all(|ports| ports.contains(*port));
                first.iter().filter(in_all).copied().collect::<BTreeSet<_>>()
            });
            for port in common.iter().flatten().take(SHOWN).filter(|_| own.is_empty()) {
                let edit = tree::insert(desk, set.span.end, format!(" on {}", written(*port)));
                add(format!("grant port {} alone", written(*port)), vec![edit]);
            }
            let single = |(operand, ports): &(&Operand, Option<BTreeSet<Dialled>>)| {
                let ports = ports.as_ref().filter(|ports| ports.len() == 1)?;
                let port = ports.first()?;
                Some(tree::insert(desk, operand.span.end, format!(":{}", written(*port))))
            };
            let each: Option<Vec<_>> = exposed.iter().map(single).collect();
            let differ = common.as_ref().is_none_or(BTreeSet::is_empty) || !own.is_empty();
            if let Some(edits) = each.filter(|edits| !edits.is_empty() && differ) {
                add("grant to each the port that it declares".to_owned(), edits);
            }
        }
        (_, operands) => {
            let ports = operands.first().and_then(|first| exposed(desk, first)).unwrap_or_default();
            for port in ports.iter().take(SHOWN) {
                let edit = tree::insert(desk, set.span.end, format!(" on {}", written(*port)));
                add(format!("grant port {} alone", written(*port)), vec![edit]);
            }
        }
    }
    if let [only] = actions.as_mut_slice() {
        only.is_preferred = asked.is_some();
    }
    actions
}

/// What needs no ports beside others that have some.
fn has_own_ports(operand: &Operand) -> bool {
    matches!(operand.base, Base::Builtin(Builtin::Dns | Builtin::ApiServer))
}

fn written((number, protocol): Dialled) -> String {
    match protocol {
        Protocol::Tcp => number.to_string(),
        Protocol::Udp => format!("{number}/udp"),
        Protocol::Sctp => format!("{number}/sctp"),
    }
}

/// The ports that are dialled at an operand; `None` where any may be.
fn exposed(desk: &Desk<'_>, operand: &Operand) -> Option<BTreeSet<Dialled>> {
    let inventory = desk.facts().inventory;
    let mut found = BTreeSet::new();
    let mut is_known = false;
    for part in desk.readings().set(operand.span)? {
        let Part { thing, ends, .. } = part;
        if let Thing::Service(id) | Thing::Both(_, id) = thing
            && let service = &inventory.services[id.index()]
            && !service.headless
        {
            is_known = true;
            found.extend(service.ports.iter().map(|port| (port.port, port.protocol)));
        } else if let (Thing::Workload(_) | Thing::Pods | Thing::Service(_) | Thing::Both(..), Some(pods)) =
            (thing, ends.pods())
        {
            is_known = true;
            let classes = pods.classes(inventory);
            let ports = classes.iter().flat_map(|class| &inventory.classes[class as usize].ports);
            found.extend(ports.take(1024).map(|port| (port.number, port.protocol)));
        }
    }
    is_known.then_some(found)
}

#[cfg(test)]
mod tests {
    use crate::codes::Code;
    use crate::ide::actions::testing::fixes;

    /// The program, behind a posture that closes everything.
    fn granted(text: &str) -> Vec<String> {
        let locked = "namespace shop, namespace data, namespace monitoring locked;\n";
        let text = format!("{locked}{text}");
        let found = fixes(&text, Code::W0102).into_iter();
        let found = found.filter(|[title, _]| title.starts_with("grant"));
        found.map(|[_, text]| text.trim_end().strip_prefix(locked).unwrap().to_owned()).collect()
    }

    #[test]
    fn one_port_is_the_port() {
        assert_eq!(granted("web may reach a$0pi;"), ["web may reach api:80;"]);
        assert_eq!(granted("web may reach namespace dat$0a;"), ["web may reach namespace data:5432;"]);
        assert_eq!(granted("web may reach d$0b because \"a\";"), ["web may reach db:5432 because \"a\";"]);
    }

    #[test]
    fn of_several_ports_there_is_one_or_all() {
        assert_eq!(
            granted("web may reach workload a$0pi;"),
            [
                "web may reach workload api:3000;",
                "web may reach workload api:9090;",
                "web may reach workload api on 3000, 9090;"
            ]
        );
        assert_eq!(
            granted("monitoring may reach pods[app=api]$0;").first().unwrap(),
            "monitoring may reach pods[app=api]:3000;"
        );
    }

    #[test]
    fn of_several_objects_each_has_its_own() {
        assert_eq!(granted("prometheus may reach web, $0api;"), ["prometheus may reach web, api on 80;"]);
        assert_eq!(granted("prometheus may reach web, $0db;"), ["prometheus may reach web:80, db:5432;"]);
        assert_eq!(granted("prometheus may reach dns, $0db;"), ["prometheus may reach dns, db:5432;"]);
        assert_eq!(
            granted("prometheus may reach namespace shop except$0 web;").first().unwrap(),
            "prometheus may reach namespace shop except web on 3000;"
        );
    }

    #[test]
    fn assertions_need_ports() {
        let text = "test \"a\" { web reaches a$0pi; }";
        assert_eq!(fixes(text, Code::E0322), [["grant port 80 alone", "test \"a\" { web reaches api:80; }"]]);
    }
}
