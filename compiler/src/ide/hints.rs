//! What stands behind words without being written: how many pods a set has today, and the pod port behind a service's.

use std::collections::BTreeSet;

use weir_grammar::Span;
use weir_grammar::ast::{
    self, Argument, Base, BlockHead, Builtin, KindWord, LetValue, NamespaceName, Operand, PortKind,
    SentenceKind, Set, SetOp, Statement, Subject,
};

use super::peers::{Asked, port_spoken, value};
use super::statement::sentences_at;
use super::{Desk, say};
use crate::resolve::names::{self, Named};
use crate::resolve::program::{self, Ends, Port};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// It is shown before what stands here.
    pub offset: u32,
    pub label: String,
    pub tooltip: Option<String>,
    pub kind: HintKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintKind {
    /// Behind a set.
    Pods,
    /// Behind a port.
    Port,
}

/// Of the pods behind a set, so many workloads are named.
const NAMES: usize = 12;
/// More ports than these are not told.
const PORTS: usize = 3;

/// The hints of the statements within a range, in the order of the text. None inside of policies and of `in each` blocks:
/// there sets are others each time.
pub fn hints(desk: &Desk<'_>, range: Span) -> Vec<Hint> {
    if !desk.is_known() || desk.is_settings() {
        return Vec::new();
    }
    let mut hints = Hints { desk, found: Vec::new() };
    hints.statements(desk.statements(), range);
    hints.found.sort_by_key(|hint| hint.offset);
    hints.found
}

struct Hints<'d, 'a> {
    desk: &'d Desk<'a>,
    found: Vec<Hint>,
}

impl Hints<'_, '_> {
    fn statements(&mut self, statements: &[Statement], range: Span) {
        let first = statements.partition_point(|statement| statement.span().end < range.start);
        for statement in statements[first..].iter().take_while(|one| one.span().start <= range.end) {
            match statement {
                Statement::Let(tree) => {
                    if let LetValue::Set(set) = &tree.value
                        && !is_obvious(set)
                        && let Some(ends) = value(self.desk, set)
                    {
                        self.pods(end_of(self.desk, set), &ends);
                    }
                }
                Statement::Sentence(tree) => self.sentence(tree),
                Statement::Apply(tree) => {
                    for argument in &tree.args {
                        if let Argument::Set(set) = argument {
                            self.set(set);
                        }
                    }
                }
                Statement::Block(tree) => {
                    if let BlockHead::Each(_, Subject::Set(set)) = &tree.head {
                        self.set(set);
                    } else {
                        self.statements(&tree.body, range);
                    }
                }
                Statement::Test(tree) => self.statements(&tree.body, range),
                Statement::Policy(_) | Statement::Use(_) | Statement::Error(_) => {}
            }
        }
    }

    fn sentence(&mut self, tree: &ast::Sentence) {
        match &tree.kind {
            SentenceKind::Posture(posture) => {
                let end = match &posture.subject {
                    Subject::Set(set) if is_obvious(set) => return,
                    Subject::Set(set) => end_of(self.desk, set),
                    Subject::EachNamespace(span) => span.end,
                };
                let subject = sentences_at(self.desk, tree.span).find_map(|sentence| match &sentence.kind {
                    program::SentenceKind::Posture(posture) => Some(Ends::Pods(posture.subject.clone())),
                    _ => None,
                });
                if let Some(subject) = subject {
                    self.pods(end, &[subject]);
                }
            }
            SentenceKind::Reach(reach) => {
                self.set(&reach.subject);
                self.set(&reach.object);
                let own = reach.object.operands.iter().filter_map(|operand| operand.port.as_ref());
                own.chain(&reach.on).for_each(|port| self.port(port));
            }
        }
    }

    /// Of a list each member by itself.
    fn set(&mut self, set: &Set) {
        let desk = self.desk;
        match set.op {
            SetOp::Mixed => {}
            SetOp::Except | SetOp::In => {
                if let Some(ends) = value(desk, set) {
                    self.pods(end_of(desk, set), &ends);
                }
            }
            SetOp::Union => {
                for operand in set.operands.iter().filter(|operand| !is_plain(operand)) {
                    if let Some(parts) = desk.readings().set(operand.span) {
                        let ends: Vec<Ends> = parts.iter().map(|part| part.ends.clone()).collect();
                        self.pods(end_without_port(desk, operand), &ends);
                    }
                }
            }
        }
    }

    fn pods(&mut self, offset: u32, ends: &[Ends]) {
        let facts = self.desk.facts();
        if !ends.iter().any(|ends| ends.pods().is_some()) {
            return;
        }
        let asked = Asked::of_ends(Span::default(), ends.iter(), facts);
        let inventory = facts.inventory;
        let workloads = say::workloads(&asked.classes, inventory);
        let names: Vec<String> = workloads
            .iter()
            .take(NAMES)
            .map(|id| names::spelled(inventory, Named::Workload(*id), false))
            .collect();
        let more = workloads.len().saturating_sub(NAMES);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        self.found.push(Hint {
            offset,
            label: format!("→ {}", say::crowd(&asked.classes, inventory)),
            tooltip: (!names.is_empty()).then(|| names.join(", ") + &more),
            kind: HintKind::Pods,
        });
    }

    fn port(&mut self, port: &ast::Port) {
        let of_port = self.desk.readings().port(port.span);
        let meant: BTreeSet<&Port> = of_port.flat_map(|(_, _, ports)| ports).collect();
        let written = |meant: &&Port| match (&port.kind, meant) {
            (PortKind::Number { first, last, .. }, Port::Range { first: from, last: to, .. }) => {
                first == from && last == to
            }
            (PortKind::Name(name), Port::Named { name: meant, .. }) => **name == **meant,
            _ => false,
        };
        if meant.is_empty() || meant.len() > PORTS || meant.iter().all(written) {
            return;
        }
        let word = |port: &&Port| port_spoken(port).trim_end_matches("/tcp").to_owned();
        let words: BTreeSet<String> = meant.iter().map(word).collect();
        let words: Vec<String> = words.into_iter().collect();
        self.found.push(Hint {
            offset: port.span.end,
            label: format!("→ {}", words.join(", ")),
            tooltip: Some("the port that pods see, and that policies are written for".to_owned()),
            kind: HintKind::Port,
        });
    }
}

/// One thing by its name: nothing is to be told of it that its name does not.
fn is_obvious(set: &Set) -> bool {
    matches!(set.operands.as_slice(), [one] if is_plain(one))
}

/// Whether it names one thing, or what is no pod.
fn is_plain(operand: &Operand) -> bool {
    operand.filters.is_empty()
        && match &operand.base {
            Base::Name(_) | Base::Address(_) | Base::Host(_) => true,
            Base::Qualified { namespace, .. } => matches!(namespace, NamespaceName::Name(_)),
            Base::Kinded { kind: KindWord::ServiceAccount, .. } => false,
            Base::Kinded { namespace, .. } => !matches!(namespace, Some(NamespaceName::Pattern(_))),
            Base::Builtin(builtin) => !matches!(builtin, Builtin::Anyone | Builtin::Pods),
            Base::Namespace(_) | Base::Pattern(_) | Base::Namespaces(_) | Base::Group(_) => false,
        }
}

fn end_of(desk: &Desk<'_>, set: &Set) -> u32 {
    set.operands.last().map_or(set.span.end, |last| end_without_port(desk, last))
}

fn end_without_port(desk: &Desk<'_>, operand: &Operand) -> u32 {
    let Some(port) = &operand.port else { return operand.span.end };
    let before = desk.text().get(operand.span.start as usize..port.span.start as usize).unwrap_or_default();
    let bare = before.trim_end().trim_end_matches(':').trim_end();
    operand.span.start + bare.len() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    /// The text with its hints in it.
    fn shown(text: &str) -> String {
        let fixture = fixture(text);
        let desk = fixture.desk();
        let whole = Span::new(0, desk.text().len());
        let mut text = desk.text().to_owned();
        for hint in hints(&desk, whole).iter().rev() {
            text.insert_str(hint.offset as usize, &format!("‹{}›", hint.label.trim_start_matches("→ ")));
        }
        text.trim_end().to_owned()
    }

    #[test]
    fn sets_say_how_many() {
        for (text, expected) in [
            ("namespace shop locked;", "namespace shop‹2 workloads› locked;"),
            ("web, db locked;", "web, db‹2 workloads› locked;"),
            ("web locked;", "web locked;"),
            ("each namespace isolated;", "each namespace‹5 workloads› isolated;"),
            ("let back = web, api;", "let back = web, api‹2 workloads›;"),
            ("let office = 203.0.113.0/24;", "let office = 203.0.113.0/24;"),
            ("let other = namespace shop except web;", "let other = namespace shop except web‹1 workload›;"),
            (
                "namespace shop[tier=back], web may reach db:5432;",
                "namespace shop[tier=back]‹1 workload›, web may reach db:5432;",
            ),
            ("anyone except web may reach db;", "anyone except web‹4 workloads› may reach db;"),
            (
                "namespace shop[app=new] locked even if absent;",
                "namespace shop[app=new]‹nothing today› locked even if absent;",
            ),
            ("serviceaccount shop/api may reach db;", "serviceaccount shop/api‹1 workload› may reach db;"),
            ("in namespace shop { pods locked; }", "in namespace shop { pods‹2 workloads› locked; }"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn ports_say_what_pods_see() {
        for (text, expected) in [
            ("web may reach api:80;", "web may reach api:80‹3000›;"),
            ("web may reach db:5432;", "web may reach db:5432;"),
            ("web may reach db:postgres;", "web may reach db:postgres‹5432›;"),
            ("db may reach web, api on 80;", "db may reach web, api on 80‹3000, 8080›;"),
            ("web may reach namespace data:5432;", "web may reach namespace data‹1 workload›:5432;"),
            ("web may reach dns:53/udp;", "web may reach dns:53/udp;"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn running_pods_are_counted() {
        let cluster = "\n-- cluster.yaml --\napiVersion: v1\nkind: Pod\nmetadata: { name: a, namespace: x, labels: { app: a } }\n---\napiVersion: v1\nkind: Pod\nmetadata: { name: b, namespace: x, labels: { app: a } }";
        assert_eq!(shown(&format!("namespace x locked;{cluster}")), "namespace x‹2 pods› locked;");
    }

    #[test]
    fn templates_have_none() {
        assert_eq!(
            shown("policy p(a) { namespace shop may reach a:80; }\napply p(api);"),
            "policy p(a) { namespace shop may reach a:80; }\napply p(api);"
        );
        assert_eq!(
            shown("in each namespace shop, namespace data { pods locked; }"),
            "in each namespace shop‹2 workloads›, namespace data‹1 workload› { pods locked; }"
        );
    }

    #[test]
    fn only_the_range_counts() {
        let fixture =
            fixture("namespace shop locked;\nnamespace data locked;\nnamespace monitoring locked;\n");
        let found = hints(&fixture.desk(), Span::new(25, 30));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].offset, found[0].tooltip.as_deref()), (37, Some("data/db")));
    }

    #[test]
    fn there_may_be_nothing() {
        for text in
            ["", "# größer\r\n", "web may reach", "namespace nowhere locked;", "web may reach api:81;"]
        {
            assert_eq!(shown(text), text.trim_end().replace("\r\n", "\n"));
        }
    }
}
