//! Policies as templates: applied where a sentence says so, with parameters that stand for what was handed over. Free
//! names mean what they mean where the policy stands.

use std::sync::Arc;

use weir_grammar::ast::{self, Argument, Base, PortKind};
use weir_grammar::format;

use super::modules::Found;
use super::names;
use super::params::{DEEPEST, ParamKind};
use super::program::{Ends, Origin, Program};
use super::readings::Meant;
use super::{Resolver, Scope};
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::source::{FileId, Place};
use crate::uses::{self, Role};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameId(usize);

/// One application of a policy.
pub(super) struct Frame<'a> {
    policy: &'a ast::Policy,
    args: &'a [Argument],
    /// Where the arguments stand.
    caller: Scope,
    depth: usize,
}

/// How many sentences, applications and rounds policies and `in each` blocks may come to.
pub(super) const MOST_EXPANDED: usize = 200_000;

impl<'a> Resolver<'a> {
    /// What was handed over for a parameter, and where it stands; `None` for a name that is no parameter here.
    pub(super) fn argument(&self, scope: Scope, name: &str) -> Option<(&'a Argument, Scope)> {
        let frame = &self.frames[scope.frame?.0];
        let at = frame.policy.params.iter().position(|param| param.name.text == name)?;
        let caller = Scope {
            absent: scope.absent,
            guards: scope.guards,
            excepted: scope.excepted,
            forbids: scope.forbids,
            ..frame.caller
        };
        Some((frame.args.get(at)?, caller))
    }

    /// The name that stands where one of a namespace does: what was handed over, if it is a parameter.
    pub(super) fn namespace_argument(
        &mut self,
        name: &ast::Name,
        scope: Scope,
    ) -> Option<(ast::Name, Scope)> {
        let mut found = (name.clone(), scope);
        while let Some((argument, caller)) = self.argument(found.1, &found.0.text) {
            let inner = match argument {
                Argument::Set(set) => match set.operands.as_slice() {
                    [
                        ast::Operand {
                            base: Base::Name(name) | Base::Namespace(name),
                            filters,
                            port: None,
                            ..
                        },
                    ] if filters.is_empty() => Some(name.clone()),
                    _ => None,
                },
                Argument::Port(_) => None,
            };
            let Some(inner) = inner else {
                self.report_kind(argument, caller, &found.0.text, ParamKind::Namespace, None);
                return None;
            };
            found = (inner, caller);
        }
        Some(found)
    }

    /// A port as it is meant: what was handed over, if it is a parameter. `None`: reported.
    pub(super) fn port_argument(&mut self, port: &ast::Port, scope: Scope) -> Option<ast::Port> {
        let (mut kind, mut scope) = (port.kind.clone(), scope);
        while let PortKind::Name(name) = &kind {
            let Some((argument, caller)) = self.argument(scope, name) else { break };
            kind = match argument {
                Argument::Port(port) => port.kind.clone(),
                Argument::Set(set) => match uses::bare(set) {
                    Some(name) => PortKind::Name(name.text.clone()),
                    None => {
                        let name = name.clone();
                        self.report_kind(argument, caller, &name, ParamKind::Port, None);
                        return None;
                    }
                },
            };
            scope = caller;
        }
        Some(ast::Port { span: port.span, kind })
    }

    pub(super) fn apply(&mut self, tree: &'a ast::Apply, scope: Scope, program: &mut Program) {
        if !self.apply_policy(tree, scope, program) {
            program.incomplete = true;
        }
    }

    fn apply_policy(&mut self, tree: &'a ast::Apply, scope: Scope, program: &mut Program) -> bool {
        let place = scope.place(tree.name.span);
        let name = tree.name.text.as_str();
        let (home, policy) = match self.modules.policy(self.sources, scope.file, name) {
            Found::Policy(home, policy) => (home, policy),
            Found::Several(from) => {
                let message = format!("policy `{name}` comes from {} places", from.len());
                self.report(
                    Diagnostic::error(Code::E0211, message)
                        .at(place, format!("brought by {}", listed(&from, "and")))
                        .with_help("rename one of them, or drop one `use`"),
                );
                return false;
            }
            // What could not be read may well be it.
            Found::Nothing if self.has_unreadable_statements(scope.file) => return false,
            Found::Nothing => {
                let known = self.modules.policy_names(scope.file);
                let near = names::nearest(name, known.iter().copied());
                let said = Diagnostic::error(Code::E0214, format!("there is no policy `{name}`"))
                    .at(place, "neither in this file nor in a module that it uses");
                let said = if near.is_empty() {
                    said.with_help(
                        "define it with `policy NAME(…) { … }`, or `use` the module that exports it",
                    )
                } else {
                    said.with_help(format!("did you mean {}?", listed(&near, "or")))
                };
                let said = near.into_iter().fold(said, |said, near| {
                    said.suggest(format!("`{near}`"), place, format::after_slash(&near))
                });
                self.report(said);
                return false;
            }
        };
        let defined = Place { file: home, span: policy.name.span };
        self.read_name(place, Meant::Policy(defined));
        if self.params.is_circular(home, name) {
            return false; // reported where it is defined
        }
        if tree.args.len() != policy.params.len() {
            let params: Vec<&str> = policy.params.iter().map(|param| param.name.text.as_str()).collect();
            let takes = match params.len() {
                0 => "takes no arguments".to_owned(),
                1 => format!("takes one argument, {}", listed(&params, "and")),
                count => format!("takes {count} arguments, {}", listed(&params, "and")),
            };
            let given = tree.args.len();
            self.report(
                Diagnostic::error(Code::E0216, format!("policy `{name}` {takes}"))
                    .at(place, format!("{given} {} given", if given == 1 { "is" } else { "are" }))
                    .at(defined, "defined here")
                    .with_help("a union as one argument stands in parentheses: `(web, api)`"),
            );
            return false;
        }
        let depth = scope.frame.map_or(0, |frame| self.frames[frame.0].depth + 1);
        if depth >= DEEPEST {
            self.report(
                Diagnostic::error(Code::E0218, format!("policies apply each other more than {DEEPEST} deep"))
                    .at(place, "one too many")
                    .with_help("say what it comes to in fewer steps"),
            );
            return false;
        }
        if !self.has_room(place) || !self.check_arguments(tree, home, policy, scope) {
            return false;
        }
        if self.params.is_contradictory(home, name) {
            return false; // so is this
        }
        let frame = FrameId(self.frames.len());
        self.frames.push(Frame { policy, args: &tree.args, caller: scope, depth });
        let mut applied = vec![scope.place(tree.span)];
        applied.extend(self.origin.applied.iter().copied());
        let inner = Arc::new(Origin { applied, namespace: self.origin.namespace.clone() });
        let outer = std::mem::replace(&mut self.origin, inner);
        let around = self.enter(format::apply(tree));
        self.statements(&policy.body, Scope { frame: Some(frame), ..Scope::of(home) }, program);
        self.context = around;
        self.origin = outer;
        true
    }

    /// Whether each argument is of its parameter's kind, as far as its words tell.
    fn check_arguments(
        &mut self,
        tree: &'a ast::Apply,
        home: FileId,
        policy: &ast::Policy,
        scope: Scope,
    ) -> bool {
        let kinds = self.params.kinds(home, &policy.name.text).to_vec();
        let mut fine = true;
        for ((argument, param), kind) in tree.args.iter().zip(&policy.params).zip(kinds) {
            let defined = Place { file: home, span: param.name.span };
            let fits = match (argument, kind) {
                (_, ParamKind::Free) => true,
                (Argument::Port(port), ParamKind::Port) => port.kind != PortKind::Error,
                (Argument::Port(_), _) => false,
                (Argument::Set(set), ParamKind::Port) => uses::bare(set).is_some(),
                (Argument::Set(set), ParamKind::Namespace) => matches!(
                    set.operands.as_slice(),
                    [ast::Operand { base: Base::Name(_) | Base::Namespace(_), filters, port: None, .. }]
                        if filters.is_empty()
                ),
                (Argument::Set(set), ParamKind::Partition) => match uses::bare(set) {
                    Some(name) => match self.partition(scope, name) {
                        Some(found) => found.is_some(),
                        None => return false,
                    },
                    None => false,
                },
                (Argument::Set(set), ParamKind::Pods | ParamKind::Addresses) => {
                    let said = self.diagnostics.len();
                    let lenient = Scope { absent: Some(ast::Absent::IfPresent), guards: true, ..scope };
                    let is_partition = match uses::bare(set) {
                        Some(name) => matches!(self.partition(scope, name), Some(Some(_))),
                        None => false,
                    };
                    let found = if is_partition { None } else { self.set_without_ports(set, lenient) };
                    self.diagnostics.truncate(said); // told where the policy uses it
                    found.is_none_or(|found| {
                        found.parts.iter().all(|part| match (&part.ends, kind) {
                            (Ends::Pods(_), ParamKind::Pods) => true,
                            (Ends::Outside(_) | Ends::Exactly(_), ParamKind::Addresses) => true,
                            (Ends::Exactly(_) | Ends::Nodes, ParamKind::Pods) => {
                                matches!(part.thing, super::program::Thing::Dns(_))
                            }
                            _ => false,
                        })
                    })
                }
                (Argument::Set(_), ParamKind::Set) => true,
            };
            if !fits {
                fine = false;
                self.report_kind(argument, scope, &param.name.text, kind, Some(defined));
            }
        }
        fine
    }

    pub(super) fn report_kind(
        &mut self,
        argument: &Argument,
        scope: Scope,
        param: &str,
        kind: ParamKind,
        defined: Option<Place>,
    ) {
        let place = scope.place(argument.span());
        let text = self.sources.text(place).to_owned();
        let said =
            Diagnostic::error(Code::E0320, format!("parameter `{param}` stands for {}", kind.spoken()))
                .at(place, format!("`{text}` does not fit"));
        let said = match defined {
            Some(defined) => said.at(defined, "the parameter"),
            None => said,
        };
        self.report(match kind {
            ParamKind::Port => said.with_help("hand over a port such as `5432`, `53/udp` or `http`"),
            ParamKind::Namespace => said.with_help("hand over the name of one namespace"),
            ParamKind::Partition => said.with_help("hand over a `let` such as `namespaces by team`"),
            ParamKind::Addresses => said.with_help("hand over ranges such as `203.0.113.0/24`"),
            _ => said.with_help("hand over workloads, namespaces or labels"),
        });
    }

    /// A policy that nothing applies is still checked, as far as it does not depend on its parameters.
    pub(super) fn unapplied_policies_resolve(&mut self, file: FileId) {
        let policies: Vec<&'a ast::Policy> = self.modules.unapplied(file).collect();
        for policy in policies {
            let is_param = |name: &str| policy.params.iter().any(|param| param.name.text == name);
            let mut free = Vec::new();
            uses::of_statements(&policy.body, &mut |name, span, role| {
                if !is_param(name) {
                    free.push((name, span, role));
                }
            });
            // What some sentence says to be a plan is not told from what is none.
            let absent = plans(&policy.body).then_some(ast::Absent::IfPresent);
            let scope = Scope { absent, ..Scope::of(file) };
            for (text, span, role) in free {
                let name = ast::Name { span, text: text.to_owned() };
                match role {
                    Role::Set | Role::Pods => {
                        self.name(&name, scope);
                    }
                    Role::Policy => {
                        if matches!(self.modules.policy(self.sources, file, text), Found::Nothing) {
                            self.report(
                                Diagnostic::error(Code::E0214, format!("there is no policy `{text}`")).at(
                                    scope.place(span),
                                    "neither in this file nor in a module that it uses",
                                ),
                            );
                        }
                    }
                    Role::Namespace | Role::Port | Role::Argument(..) => {}
                }
            }
        }
    }

    fn has_unreadable_statements(&self, file: FileId) -> bool {
        let is_error = |statement: &ast::Statement| matches!(statement, ast::Statement::Error(_));
        self.sources.get(file).parse.file.statements.iter().any(is_error)
    }

    /// Whether the program still has room for one statement more; if not, it is told, once.
    pub(super) fn has_room(&mut self, place: Place) -> bool {
        let before = self.expanded;
        self.expanded = self.expanded.saturating_add(1);
        if self.expanded <= MOST_EXPANDED {
            return true;
        }
        if before <= MOST_EXPANDED {
            self.report(
                Diagnostic::error(
                    Code::E0218,
                    format!(
                        "policies and blocks come to more than {MOST_EXPANDED} sentences and applications"
                    ),
                )
                .at(place, "one too many")
                .with_help("say it of sets instead of one by one"),
            );
        }
        false
    }
}

fn plans(statements: &[ast::Statement]) -> bool {
    statements.iter().any(|statement| match statement {
        ast::Statement::Sentence(sentence) => sentence.clauses.absent.is_some(),
        other => plans(other.body()),
    })
}
