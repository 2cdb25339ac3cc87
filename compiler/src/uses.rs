//! Which names a statement uses, and as what: enough to know what nothing uses and what kind a parameter has. Looks at
//! the tree alone.

use std::collections::BTreeSet;

use weir_grammar::Span;
use weir_grammar::ast::*;

/// As what a name is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'a> {
    Set,
    /// A set that has to be pods: it is guarded, or narrowed by labels.
    Pods,
    /// Behind `namespace`, or before a `/`.
    Namespace,
    Port,
    /// A policy that is applied.
    Policy,
    /// The argument of that number of this policy.
    Argument(&'a Name, usize),
}

/// The names that a file uses, for whoever asks again and again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uses {
    /// As anything but a port.
    pub names: BTreeSet<Box<str>>,
    /// Policies that it applies.
    pub policies: BTreeSet<Box<str>>,
    /// Whether sentences are all there is in it: nothing is named, imported or asserted, and there are no blocks.
    pub plain: bool,
}

impl Uses {
    pub fn of(file: &File) -> Uses {
        let mut uses = Uses { plain: file.statements.iter().all(is_plain), ..Uses::default() };
        of_statements(&file.statements, &mut |name, _, role| {
            if role == Role::Policy && !uses.policies.contains(name) {
                uses.policies.insert(name.into());
            }
            if role != Role::Port && !uses.names.contains(name) {
                uses.names.insert(name.into());
            }
        });
        uses
    }
}

fn is_plain(statement: &Statement) -> bool {
    match statement {
        Statement::Error(_) => true,
        Statement::Sentence(sentence) => match &sentence.kind {
            SentenceKind::Posture(_) => true,
            SentenceKind::Reach(reach) => !matches!(reach.verb, Verb::Reaches | Verb::Cannot),
        },
        _ => false,
    }
}

pub type Visit<'v, 'a> = &'v mut dyn FnMut(&'a str, Span, Role<'a>);

pub fn of_statements<'a>(statements: &'a [Statement], visit: Visit<'_, 'a>) {
    statements.iter().for_each(|statement| of_statement(statement, visit));
}

fn of_statement<'a>(statement: &'a Statement, visit: Visit<'_, 'a>) {
    match statement {
        Statement::Let(Let { value: LetValue::Set(set), .. }) => of_set(set, Role::Set, visit),
        Statement::Let(_) | Statement::Use(_) | Statement::Error(_) => {}
        Statement::Block(block) => {
            match &block.head {
                BlockHead::Namespace(name) => visit(&name.text, name.span, Role::Namespace),
                BlockHead::Each(_, subject) => of_subject(subject, Role::Set, visit),
                BlockHead::Cluster(_) | BlockHead::Clusters(_) => {}
            }
            of_statements(&block.body, visit);
        }
        Statement::Policy(policy) => {
            // What a parameter is called is no use of anything else.
            let is_param = |name: &str| policy.params.iter().any(|param| param.name.text == name);
            of_statements(&policy.body, &mut |name, span, role| {
                if !is_param(name) {
                    visit(name, span, role);
                }
            });
        }
        Statement::Apply(apply) => {
            visit(&apply.name.text, apply.name.span, Role::Policy);
            for (at, arg) in apply.args.iter().enumerate() {
                match arg {
                    Argument::Set(set) => match bare(set) {
                        Some(name) => visit(&name.text, name.span, Role::Argument(&apply.name, at)),
                        None => of_set(set, Role::Set, visit),
                    },
                    Argument::Port(port) => of_port(port, visit),
                }
            }
        }
        Statement::Test(test) => of_statements(&test.body, visit),
        Statement::Sentence(sentence) => match &sentence.kind {
            SentenceKind::Posture(posture) => {
                let role = if posture.each.is_some() { Role::Set } else { Role::Pods };
                of_subject(&posture.subject, role, visit);
            }
            SentenceKind::Reach(reach) => {
                let guarded = |is: bool| if is { Role::Pods } else { Role::Set };
                of_set(&reach.subject, guarded(reach.verb == Verb::MayOnly), visit);
                of_set(&reach.object, guarded(reach.verb == Verb::OnlyMay), visit);
                reach.on.iter().for_each(|port| of_port(port, visit));
            }
        },
    }
}

/// The name that a set is, if it is nothing else.
pub fn bare(set: &Set) -> Option<&Name> {
    match set.operands.as_slice() {
        [Operand { base: Base::Name(name), filters, port: None, .. }] if filters.is_empty() => Some(name),
        _ => None,
    }
}

fn of_subject<'a>(subject: &'a Subject, role: Role<'a>, visit: Visit<'_, 'a>) {
    if let Subject::Set(set) = subject {
        of_set(set, role, visit);
    }
}

fn of_set<'a>(set: &'a Set, role: Role<'a>, visit: Visit<'_, 'a>) {
    for operand in &set.operands {
        let role = if operand.filters.is_empty() { role } else { Role::Pods };
        match &operand.base {
            Base::Name(name) => visit(&name.text, name.span, role),
            Base::Namespace(name)
            | Base::Qualified { namespace: NamespaceName::Name(name), .. }
            | Base::Kinded { namespace: Some(NamespaceName::Name(name)), .. } => {
                visit(&name.text, name.span, Role::Namespace);
            }
            Base::Group(inner) => of_set(inner, role, visit),
            _ => {}
        }
        operand.port.iter().for_each(|port| of_port(port, visit));
    }
}

fn of_port<'a>(port: &'a Port, visit: Visit<'_, 'a>) {
    if let PortKind::Name(name) = &port.kind {
        visit(name, port.span, Role::Port);
    }
}
