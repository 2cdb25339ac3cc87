//! Names to ids: from the trees of all files to a [`Program`] over one cluster. Every sentence that resolves is in
//! it; every error is reported. Guards, targets and conflicts are not known here.

mod labels;
mod lookup;
pub mod names;
pub mod pattern;
mod ports;
pub mod program;
mod sentences;
mod sets;
mod things;

use std::collections::{BTreeMap, BTreeSet};

use weir_cluster::inventory::{NamespaceId, ServiceId, WorkloadId};
use weir_grammar::ast::{self, Absent, Statement};

use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::source::{FileId, Place, Sources};
use program::{Denotation, Program};

/// Resolves every file against one cluster.
pub fn resolve(sources: &Sources, facts: &Facts<'_>) -> (Program, Vec<Diagnostic>) {
    let mut resolver = Resolver {
        facts,
        sources,
        ports: ports::PortIndex::of(facts.inventory),
        lets: BTreeMap::new(),
        let_depth: 0,
        diagnostics: Vec::new(),
        told_workloads: BTreeSet::new(),
        told_services: BTreeSet::new(),
    };
    let mut program = Program::default();
    for (file, source) in sources.iter() {
        resolver.collect_lets(file, None, &source.parse.file.statements);
    }
    for (file, source) in sources.iter() {
        let scope = Scope { file, namespace: None, absent: None, guards: false, excepted: false };
        resolver.statements(&source.parse.file.statements, scope, &mut program);
        resolver.unused_lets_resolve(file);
    }
    (program, resolver.diagnostics)
}

/// How long a chain of `let`s may be: each is resolved inside of the one before.
const DEEPEST_LET: usize = 128;

/// `None`: its errors are reported.
type Resolved<T> = Option<T>;

/// Where a name stands: what it may mean depends on nothing else.
#[derive(Clone, Copy)]
struct Scope {
    file: FileId,
    /// Of the enclosing `in namespace` block.
    namespace: Option<NamespaceId>,
    /// The sentence's `if present` or `even if absent`.
    absent: Option<Absent>,
    /// Of a posture: selectors that match nothing today guard tomorrow's pods.
    guards: bool,
    /// Behind `except`, in a sentence that ends in `if present`.
    excepted: bool,
}

impl Scope {
    fn place(&self, span: weir_grammar::Span) -> Place {
        Place { file: self.file, span }
    }
}

struct Let<'a> {
    tree: &'a ast::Let,
    /// Of the block that it stands in: its names resolve there.
    namespace: Option<NamespaceId>,
    value: Value,
}

enum Value {
    Waiting,
    Resolving,
    /// `None` where its errors are reported.
    Done(Option<Denotation>),
}

struct Resolver<'a> {
    facts: &'a Facts<'a>,
    sources: &'a Sources,
    ports: ports::PortIndex,
    lets: BTreeMap<FileId, BTreeMap<&'a str, Let<'a>>>,
    /// How many `let`s lead to the one that is being resolved.
    let_depth: usize,
    diagnostics: Vec<Diagnostic>,
    /// Lints on a workload or service are told once.
    told_workloads: BTreeSet<WorkloadId>,
    told_services: BTreeSet<ServiceId>,
}

impl<'a> Resolver<'a> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Whether a syntax error lies inside: what is meant is not known, and its words are not judged.
    fn is_broken(&self, place: Place) -> bool {
        let errors = &self.sources.get(place.file).parse.errors;
        let first = errors.partition_point(|error| error.span.start < place.span.start);
        errors[first..].iter().take_while(|error| error.span.start < place.span.end).next().is_some()
    }

    fn collect_lets(&mut self, file: FileId, namespace: Option<NamespaceId>, statements: &'a [Statement]) {
        for statement in statements {
            match statement {
                Statement::Let(tree) => {
                    let place = Place { file, span: tree.name.span };
                    let name = tree.name.text.as_str();
                    if let Some(first) = self.lets.get(&file).and_then(|own| own.get(name)) {
                        let first = Place { file, span: first.tree.name.span };
                        let message = format!("`{name}` is defined twice in this file");
                        self.report(
                            Diagnostic::error(Code::E0206, message)
                                .at(place, "the second one")
                                .at(first, "the first one")
                                .with_help("rename one of them: nothing redefines a `let`"),
                        );
                    } else {
                        let own = self.lets.entry(file).or_default();
                        own.insert(name, Let { tree, namespace, value: Value::Waiting });
                    }
                }
                Statement::Block(ast::Block { head: ast::BlockHead::Namespace(name), body, .. }) => {
                    let inner = self.facts.inventory.namespace(&name.text).or(namespace);
                    self.collect_lets(file, inner, body);
                }
                _ => {}
            }
        }
    }

    /// The set that a `let` of this file names; `None` if there is no such `let`.
    fn let_value(&mut self, scope: Scope, name: &ast::Name) -> Option<Option<Denotation>> {
        let found = self.lets.get(&scope.file)?.get(name.text.as_str())?;
        let (tree, namespace) = (found.tree, found.namespace);
        match &found.value {
            Value::Done(value) => return Some(value.clone()),
            Value::Waiting => {}
            Value::Resolving => {
                let message = format!("`{}` is defined by itself", name.text);
                self.report(
                    Diagnostic::error(Code::E0207, message)
                        .at(scope.place(name.span), "leads back to its own definition")
                        .at(scope.place(tree.name.span), "defined here"),
                );
                return Some(None);
            }
        }
        self.set_value(scope.file, tree, Value::Resolving);
        // A `let` is one thing wherever it is used: no other block and no clause of a sentence reaches into it.
        let own = Scope { file: scope.file, namespace, absent: None, guards: false, excepted: false };
        if self.let_depth >= DEEPEST_LET {
            self.report(
                Diagnostic::error(
                    Code::E0108,
                    format!("`let`s lead to each other more than {DEEPEST_LET} deep"),
                )
                .at(scope.place(name.span), "one too many")
                .with_help("define it by what it comes to"),
            );
            self.set_value(scope.file, tree, Value::Done(None));
            return Some(None);
        }
        self.let_depth += 1;
        let broken = self.is_broken(scope.place(tree.value.span()));
        let mut value = match &tree.value {
            ast::LetValue::Set(set) if !broken => self.set_without_ports(set, own),
            _ => None,
        };
        self.let_depth -= 1;
        if let Some(denotation) = &mut value {
            denotation.dedup();
        }
        self.set_value(scope.file, tree, Value::Done(value.clone()));
        Some(value)
    }

    fn set_value(&mut self, file: FileId, tree: &ast::Let, value: Value) {
        let own = self.lets.get_mut(&file);
        if let Some(entry) = own.and_then(|own| own.get_mut(tree.name.text.as_str())) {
            entry.value = value;
        }
    }

    /// A `let` that nothing uses is still checked.
    fn unused_lets_resolve(&mut self, file: FileId) {
        let waiting: Vec<&'a ast::Let> = self
            .lets
            .get(&file)
            .into_iter()
            .flat_map(BTreeMap::values)
            .filter(|entry| matches!(entry.value, Value::Waiting))
            .map(|entry| entry.tree)
            .collect();
        for tree in waiting {
            self.let_value(
                Scope { file, namespace: None, absent: None, guards: false, excepted: false },
                &tree.name,
            );
        }
    }
}
