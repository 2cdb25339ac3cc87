//! What sets and ports come to, beside them: `→ 3 pods`, and the pod port that a service's port leads to.

use std::collections::BTreeSet;

use weir_grammar::Span;
use weir_grammar::ast::{Base, LetValue, Operand, SentenceKind, Set, Statement, Subject};

use super::Desk;
use super::peers::{Asked, port_spoken};
use crate::resolve::names::{self, Named};
use crate::resolve::program::{Port, Thing};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Behind what it is about.
    pub offset: u32,
    pub label: String,
    pub tooltip: Option<String>,
    pub kind: HintKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintKind {
    Pods,
    Port,
}

/// The hints of the statements that a range touches, in the order of the text.
pub fn hints(desk: &Desk<'_>, range: Span) -> Vec<Hint> {
    if !desk.is_known() || desk.is_settings() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut sets = Vec::new();
    collect(desk.statements(), range, &mut sets);
    for set in sets {
        found.extend(
            set.operands.iter().filter(|operand| is_worth(operand)).filter_map(|operand| pods(desk, operand)),
        );
    }
    let touched = |span: &Span| span.start <= range.end && range.start <= span.end;
    found.extend(ports(desk).into_iter().filter(|(span, _)| touched(span)).map(|(_, hint)| hint));
    found.sort_by_key(|hint| hint.offset);
    found.dedup();
    found
}

/// The sets of statements: of what is asserted in tests too.
fn collect<'t>(statements: &'t [Statement], range: Span, sets: &mut Vec<&'t Set>) {
    for statement in statements {
        let span = statement.span();
        if span.start > range.end || span.end < range.start {
            continue;
        }
        match statement {
            Statement::Let(tree) => {
                if let LetValue::Set(set) = &tree.value {
                    sets.push(set);
                }
            }
            Statement::Sentence(sentence) => match &sentence.kind {
                SentenceKind::Posture(posture) => {
                    if let Subject::Set(set) = &posture.subject {
                        sets.push(set);
                    }
                }
                SentenceKind::Reach(reach) => sets.extend([&reach.subject, &reach.object]),
            },
            // Of a policy every application means something else.
            Statement::Policy(_) => {}
            other => collect(other.body(), range, sets),
        }
    }
}

/// A workload by its name says enough; what is selected does not.
fn is_worth(operand: &Operand) -> bool {
    !operand.filters.is_empty()
        || matches!(
            operand.base,
            Base::Pattern(_) | Base::Namespaces(_) | Base::Namespace(_) | Base::Group(_) | Base::Name(_)
        )
}

fn pods(desk: &Desk<'_>, operand: &Operand) -> Option<Hint> {
    let parts = desk.readings().set(operand.span)?;
    if let ([part], Base::Name(_)) = (parts, &operand.base)
        && !matches!(part.thing, Thing::Pods)
    {
        return None; // a workload or service by its name
    }
    let asked = Asked::of_parts(operand.span, parts, desk.facts());
    if parts.iter().all(|part| part.ends.pods().is_none()) {
        return None;
    }
    let inventory = desk.facts().inventory;
    let count: u32 = asked.classes.iter().map(|class| inventory.classes[class as usize].pods).sum();
    let workloads = asked.workloads(desk.facts());
    let label = match (count, workloads.len()) {
        (1, _) => "→ 1 pod".to_owned(),
        (0, 1) => "→ 1 workload".to_owned(),
        (0, workloads) => format!("→ {workloads} workloads"),
        (pods, _) => format!("→ {pods} pods"),
    };
    const MOST: usize = 12;
    let mut names: Vec<String> = workloads
        .iter()
        .take(MOST)
        .map(|id| names::spelled(inventory, Named::Workload(*id), false))
        .collect();
    if workloads.len() > MOST {
        names.push(format!("and {} more", workloads.len() - MOST));
    }
    let behind = operand.port.as_ref().map_or(operand.span.end, |port| {
        let before =
            desk.text().get(operand.span.start as usize..port.span.start as usize).unwrap_or_default();
        operand.span.start + before.trim_end().trim_end_matches(':').trim_end().len() as u32
    });
    let tooltip = (!names.is_empty()).then(|| names.join(", "));
    Some(Hint { offset: behind, label, tooltip, kind: HintKind::Pods })
}

/// Service ports that lead to pod ports of another number.
fn ports(desk: &Desk<'_>) -> Vec<(Span, Hint)> {
    let read = &desk.readings().ports;
    let mut found = Vec::new();
    for group in read.chunk_by(|(one, ..), (other, ..)| one == other) {
        let Some((span, ..)) = group.first() else { continue };
        let Some(written) = desk.text().get(span.range()) else { continue };
        let mut leads: BTreeSet<String> = BTreeSet::new();
        let mut services: BTreeSet<String> = BTreeSet::new();
        for (_, part, ports) in group {
            let (Thing::Service(id) | Thing::Both(_, id)) = part.thing else { continue };
            for port in ports {
                let shown = match port {
                    Port::Range { first, last, .. } if first == last => first.to_string(),
                    Port::Named { name, .. } => name.to_string(),
                    other => port_spoken(other),
                };
                if shown != written {
                    leads.insert(shown);
                    services.insert(names::spelled(desk.facts().inventory, Named::Service(id), false));
                }
            }
        }
        if leads.is_empty() {
            continue;
        }
        let leads: Vec<String> = leads.into_iter().collect();
        let services: Vec<String> = services.into_iter().collect();
        let tooltip = format!(
            "`{written}` is a port of the service `{}`: its pods listen there",
            services.join("`, `")
        );
        let label = format!("→ {}", leads.join(", "));
        found.push((*span, Hint { offset: span.end, label, tooltip: Some(tooltip), kind: HintKind::Port }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    /// The text with its hints in it.
    fn shown(text: &str) -> String {
        let fixture = fixture(text);
        let desk = fixture.desk();
        let all = Span { start: 0, end: desk.text().len() as u32 };
        let mut shown = desk.text().to_owned();
        for hint in hints(&desk, all).iter().rev() {
            shown.insert_str(hint.offset as usize, &format!("‹{}›", hint.label));
        }
        shown.trim_end().to_owned()
    }

    #[test]
    fn sets_are_counted_and_ports_lead_on() {
        assert_eq!(
            shown(
                "let front = anyone[tier=front];\nnamespace shop isolated;\napi may reach web:80, api:80;\n"
            ),
            "let front = anyone[tier=front]‹→ 1 workload›;\nnamespace shop‹→ 2 workloads› isolated;\napi may reach web:80‹→ 8080›, api:80‹→ 3000›;"
        );
    }

    #[test]
    fn what_says_enough_has_none() {
        assert_eq!(shown("web may reach db:5432;"), "web may reach db:5432;");
        assert_eq!(shown("anyone locked;"), "anyone locked;");
        assert_eq!(shown("web may rea"), "web may rea");
    }

    #[test]
    fn only_what_is_asked_for_is_told() {
        let fixture = fixture("namespace shop isolated;\nnamespace data isolated;\n");
        assert_eq!(hints(&fixture.desk(), Span { start: 0, end: 5 }).len(), 1);
    }
}
