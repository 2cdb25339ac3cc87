//! Parameters of policies: what kind each has follows from its uses, or from what is written behind it. Trees alone.

use std::collections::BTreeMap;

use weir_grammar::Span;
use weir_grammar::ast;

use super::modules::{Found, Modules};
use super::names;
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::source::{FileId, Place, Sources};
use crate::uses::{self, Role};

/// What a parameter stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParamKind {
    /// Not used, or only handed on to where it is not used.
    Free,
    Set,
    Pods,
    Namespace,
    Addresses,
    Partition,
    Port,
}

impl ParamKind {
    const WRITTEN: &[(&str, ParamKind)] = &[
        ("set", ParamKind::Set),
        ("pods", ParamKind::Pods),
        ("namespace", ParamKind::Namespace),
        ("addresses", ParamKind::Addresses),
        ("partition", ParamKind::Partition),
        ("port", ParamKind::Port),
    ];

    /// As it is written behind a parameter; nothing where any kind will do.
    pub fn word(self) -> Option<&'static str> {
        let (word, _) = ParamKind::WRITTEN.iter().find(|(_, kind)| *kind == self)?;
        Some(word)
    }

    /// In the user's words, with an article.
    pub fn spoken(self) -> &'static str {
        match self {
            ParamKind::Free => "anything",
            ParamKind::Set => "a set",
            ParamKind::Pods => "pods",
            ParamKind::Namespace => "a namespace",
            ParamKind::Addresses => "addresses",
            ParamKind::Partition => "a partition",
            ParamKind::Port => "a port",
        }
    }

    /// What fits both uses.
    fn and(self, other: ParamKind) -> Option<ParamKind> {
        use ParamKind::*;
        match (self, other) {
            (a, b) if a == b => Some(a),
            (Free, kind) | (kind, Free) => Some(kind),
            (Set, kind @ (Pods | Namespace | Addresses | Partition))
            | (kind @ (Pods | Namespace | Addresses | Partition), Set) => Some(kind),
            (Pods, Namespace) | (Namespace, Pods) => Some(Namespace), // a namespace is its pods as well
            _ => None,
        }
    }
}

/// The kinds of every policy's parameters, by the policy's file and name.
#[derive(Default)]
pub(super) struct Params<'a> {
    kinds: BTreeMap<FileId, BTreeMap<&'a str, Vec<ParamKind>>>,
    /// Policies that apply themselves, in however many steps.
    circular: Vec<(FileId, &'a str)>,
    /// Policies with a parameter that nothing fits.
    contradictory: Vec<(FileId, &'a str)>,
}

impl<'a> Params<'a> {
    pub fn of(sources: &'a Sources, modules: &Modules<'a>, diagnostics: &mut Vec<Diagnostic>) -> Params<'a> {
        let mut params = Params::default();
        let mut inference =
            Inference { sources, modules, params: &mut params, open: Vec::new(), diagnostics };
        let policies: Vec<_> = modules.policies().collect();
        for (file, policy) in policies {
            inference.infer(file, policy);
        }
        params
    }

    pub fn kinds(&self, file: FileId, policy: &str) -> &[ParamKind] {
        self.kinds.get(&file).and_then(|of_file| of_file.get(policy)).map_or(&[], Vec::as_slice)
    }

    pub fn is_circular(&self, file: FileId, policy: &str) -> bool {
        self.circular.contains(&(file, policy))
    }

    pub fn is_contradictory(&self, file: FileId, policy: &str) -> bool {
        self.contradictory.contains(&(file, policy))
    }
}

struct Inference<'i, 'a> {
    sources: &'a Sources,
    modules: &'i Modules<'a>,
    params: &'i mut Params<'a>,
    /// The policies that are being looked at, each applied by the one before.
    open: Vec<(FileId, &'a ast::Policy)>,
    diagnostics: &'i mut Vec<Diagnostic>,
}

/// How deep policies may apply each other.
pub(super) const DEEPEST: usize = 64;

impl<'a> Inference<'_, 'a> {
    fn infer(&mut self, file: FileId, policy: &'a ast::Policy) {
        let name = policy.name.text.as_str();
        let known = self.params.kinds.get(&file).is_some_and(|of_file| of_file.contains_key(name));
        if known || self.open.len() > DEEPEST {
            return;
        }
        self.open.push((file, policy));
        let mut found: Vec<(ParamKind, Option<Span>)> =
            policy.params.iter().map(|param| (self.written(file, param), None)).collect();
        self.check_names(file, policy);
        let mut uses = Vec::new();
        uses::of_statements(&policy.body, &mut |name, span, role| uses.push((name, span, role)));
        for (name, span, role) in uses {
            if role == Role::Policy {
                self.follow(file, name, span);
                continue;
            }
            let Some(at) = policy.params.iter().position(|param| param.name.text == name) else { continue };
            let kind = match role {
                Role::Set | Role::Policy => ParamKind::Set,
                Role::Pods => ParamKind::Pods,
                Role::Namespace => ParamKind::Namespace,
                Role::Port => ParamKind::Port,
                Role::Argument(callee, index) => self.kind_of(file, callee, index),
            };
            let (known, before) = found[at];
            match known.and(kind) {
                Some(kind) => found[at] = (kind, before.or(Some(span))),
                None => {
                    self.params.contradictory.push((file, policy.name.text.as_str()));
                    self.report_two_kinds(file, &policy.params[at], (known, before), (kind, span));
                }
            }
        }
        self.open.pop();
        let kinds = found.into_iter().map(|(kind, _)| kind).collect();
        self.params.kinds.entry(file).or_default().insert(name, kinds);
    }

    /// The kind that the parameter of another policy has.
    fn kind_of(&mut self, file: FileId, callee: &ast::Name, index: usize) -> ParamKind {
        let Found::Policy(home, policy) = self.modules.policy(self.sources, file, &callee.text) else {
            return ParamKind::Free;
        };
        self.infer(home, policy);
        self.params.kinds(home, &callee.text).get(index).copied().unwrap_or(ParamKind::Free)
    }

    fn follow(&mut self, file: FileId, name: &str, span: Span) {
        let Found::Policy(home, callee) = self.modules.policy(self.sources, file, name) else { return };
        let key = (home, callee.name.text.as_str());
        let Some(from) =
            self.open.iter().position(|(home, policy)| (*home, policy.name.text.as_str()) == key)
        else {
            return self.infer(home, callee);
        };
        let circle: Vec<(FileId, &'a str)> =
            self.open[from..].iter().map(|(file, policy)| (*file, policy.name.text.as_str())).collect();
        if self.params.is_circular(key.0, key.1) {
            return;
        }
        let names: Vec<&str> = circle.iter().map(|(_, name)| *name).collect();
        let message = match names.as_slice() {
            [one] => format!("policy `{one}` applies itself"),
            several => format!("policies {} apply each other in a circle", listed(several, "and")),
        };
        self.diagnostics.push(
            Diagnostic::error(Code::E0215, message)
                .at(Place { file, span }, "leads back to where it began")
                .at(Place { file: home, span: callee.name.span }, "begins here")
                .with_help("say what it comes to: a policy ends"),
        );
        self.params.circular.extend(circle);
    }

    fn written(&mut self, file: FileId, param: &ast::Param) -> ParamKind {
        let Some(kind) = &param.kind else { return ParamKind::Free };
        if let Some((_, found)) = ParamKind::WRITTEN.iter().find(|(word, _)| *word == kind.text) {
            return *found;
        }
        let words: Vec<&str> = ParamKind::WRITTEN.iter().map(|(word, _)| *word).collect();
        let place = Place { file, span: kind.span };
        let near = names::nearest(&kind.text, words.iter().copied());
        let said = Diagnostic::error(Code::E0319, format!("`{}` is no kind of a parameter", kind.text))
            .at(place, format!("the kinds are {}", listed(&words, "and")));
        self.diagnostics
            .push(near.into_iter().fold(said, |said, near| said.suggest(format!("`{near}`"), place, near)));
        ParamKind::Free
    }

    fn check_names(&mut self, file: FileId, policy: &ast::Policy) {
        for (at, param) in policy.params.iter().enumerate() {
            let first = policy.params[..at].iter().find(|other| other.name.text == param.name.text);
            if let Some(first) = first {
                self.diagnostics.push(
                    Diagnostic::error(Code::E0206, format!("parameter `{}` stands twice", param.name.text))
                        .at(Place { file, span: param.name.span }, "the second one")
                        .at(Place { file, span: first.name.span }, "the first one")
                        .with_help("rename one of them"),
                );
            }
        }
    }

    fn report_two_kinds(
        &mut self,
        file: FileId,
        param: &ast::Param,
        (known, before): (ParamKind, Option<Span>),
        (kind, span): (ParamKind, Span),
    ) {
        let before = before.unwrap_or(param.kind.as_ref().map_or(param.name.span, |kind| kind.span));
        let (name, one, other) = (&param.name.text, known.spoken(), kind.spoken());
        let message = format!("parameter `{name}` stands for {one}, and for {other}");
        self.diagnostics.push(
            Diagnostic::error(Code::E0319, message)
                .at(Place { file, span }, format!("{} here", kind.spoken()))
                .at(Place { file, span: before }, format!("{} here", known.spoken()))
                .with_help("give the policy two parameters, or this one another name"),
        );
    }
}
