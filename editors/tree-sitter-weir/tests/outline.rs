//! What a text consists of, and where: the same list from either tree.

use tree_sitter::{Node, Tree};
use weir_grammar::Span;
use weir_grammar::ast::*;

/// Kind, start and end of everything that both trees have, from the outside to the inside.
pub type Outline = Vec<(&'static str, usize, usize)>;

pub fn of_compiler(file: &File) -> Outline {
    let mut outline = Ast::default();
    outline.statements(&file.statements);
    sorted(outline.found)
}

pub fn of_editor(tree: &Tree) -> Outline {
    let mut found = Vec::new();
    let mut waiting = vec![tree.root_node()];
    while let Some(node) = waiting.pop() {
        if let Some(kind) = kind_of(node) {
            found.push((kind, node.start_byte(), node.end_byte()));
        }
        waiting.extend(children(node));
    }
    sorted(found)
}

pub fn children<'tree>(node: Node<'tree>) -> Vec<Node<'tree>> {
    node.children(&mut node.walk()).collect()
}

/// What a node is compared as. An operand is what its base is, since bases have no span in the compiler's tree.
fn kind_of(node: Node<'_>) -> Option<&'static str> {
    let known = |kinds: &[&'static str], kind: &str| kinds.iter().copied().find(|known| *known == kind);
    match node.kind() {
        "operand" => match node.child_by_field_name("base")?.kind() {
            "quoted_name" => Some("name"),
            // `namespace team-*` is `team-*` to the compiler.
            "namespace" if node.child(0)?.child_by_field_name("name")?.kind() == "pattern" => Some("pattern"),
            base => known(BASES, base),
        },
        kind if node.is_named() => known(KINDS, kind),
        _ => None,
    }
}

pub const SENTENCES: &[&str] = &["posture", "grant", "only", "guardrail", "assertion"];

#[rustfmt::skip]
const KINDS: &[&str] = &[
    "let", "use", "in_block", "policy", "apply", "test",
    "posture", "grant", "only", "guardrail", "assertion",
    "partition", "parameter", "over", "http_request",
    "union", "difference", "intersection", "selector", "requirement", "port",
];

#[rustfmt::skip]
const BASES: &[&str] = &[
    "name", "qualified", "kinded", "namespace", "pattern", "namespaces", "builtin", "address", "host", "group",
];

fn sorted(mut outline: Outline) -> Outline {
    outline.sort_by_key(|(kind, start, end)| (*start, usize::MAX - end, *kind));
    outline
}

#[derive(Default)]
struct Ast {
    found: Outline,
}

impl Ast {
    fn push(&mut self, kind: &'static str, span: Span) {
        self.found.push((kind, span.start as usize, span.end as usize));
    }

    fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            self.statement(statement);
            self.statements(statement.body());
        }
    }

    fn statement(&mut self, statement: &Statement) {
        let kind = match statement {
            Statement::Let(tree) => {
                match &tree.value {
                    LetValue::Set(set) => self.set(set),
                    LetValue::Partition(partition) => self.push("partition", partition.span),
                }
                "let"
            }
            Statement::Use(_) => "use",
            Statement::Block(tree) => {
                match &tree.head {
                    BlockHead::Each(_, subject) => self.subject(subject),
                    BlockHead::Clusters(filter) => self.filter(filter),
                    BlockHead::Namespace(_) | BlockHead::Cluster(_) => {}
                }
                "in_block"
            }
            Statement::Policy(tree) => {
                for param in &tree.params {
                    let end = param.kind.as_ref().unwrap_or(&param.name).span;
                    self.push("parameter", Span { start: param.name.span.start, end: end.end });
                }
                "policy"
            }
            Statement::Apply(tree) => {
                for argument in &tree.args {
                    match argument {
                        Argument::Set(set) => self.set(set),
                        Argument::Port(port) => self.port(port),
                    }
                }
                "apply"
            }
            Statement::Test(_) => "test",
            Statement::Sentence(tree) => match &tree.kind {
                SentenceKind::Posture(posture) => {
                    self.subject(&posture.subject);
                    "posture"
                }
                SentenceKind::Reach(reach) => self.reach(reach),
            },
            Statement::Error(_) => "error",
        };
        self.push(kind, statement.span());
    }

    fn reach(&mut self, reach: &Reach) -> &'static str {
        self.set(&reach.subject);
        self.set(&reach.object);
        reach.on.iter().for_each(|port| self.port(port));
        if let Some(over) = &reach.over {
            self.push("over", over.span);
            over.requests.iter().for_each(|request| self.push("http_request", request.span));
        }
        match reach.verb {
            Verb::May | Verb::MayPing => "grant",
            Verb::OnlyMay | Verb::MayOnly => "only",
            Verb::MustNot | Verb::Must => "guardrail",
            Verb::Reaches | Verb::Cannot => "assertion",
        }
    }

    fn subject(&mut self, subject: &Subject) {
        if let Subject::Set(set) = subject {
            self.set(set);
        }
    }

    fn set(&mut self, set: &Set) {
        match set.op {
            SetOp::Union if set.operands.len() == 1 => {}
            SetOp::Union => self.push("union", set.span),
            SetOp::Except => self.push("difference", set.span),
            SetOp::In => self.push("intersection", set.span),
            SetOp::Mixed => self.push("mixed", set.span),
        }
        set.operands.iter().for_each(|operand| self.operand(operand));
    }

    fn operand(&mut self, operand: &Operand) {
        operand.filters.iter().for_each(|filter| self.filter(filter));
        operand.port.iter().for_each(|port| self.port(port));
        let kind = match &operand.base {
            Base::Name(_) => "name",
            Base::Qualified { .. } => "qualified",
            Base::Kinded { .. } => "kinded",
            Base::Namespace(_) => "namespace",
            Base::Pattern(_) => "pattern",
            Base::Namespaces(filter) => {
                self.filter(filter);
                "namespaces"
            }
            Base::Builtin(_) => "builtin",
            Base::Address(_) => "address",
            Base::Host(_) => "host",
            Base::Group(set) => {
                self.set(set);
                "group"
            }
        };
        self.push(kind, operand.span);
    }

    fn filter(&mut self, filter: &Filter) {
        self.push("selector", filter.span);
        filter.requirements.iter().for_each(|requirement| self.push("requirement", requirement.span));
    }

    fn port(&mut self, port: &Port) {
        self.push("port", port.span);
    }
}
