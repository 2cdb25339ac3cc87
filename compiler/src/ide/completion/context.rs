//! What is known around a cursor: the policy and the namespaces that it stands in, and what half-written sets denote.

use std::cell::OnceCell;

use roaring::RoaringBitmap as Bits;
use weir_cluster::Inventory;
use weir_cluster::inventory::NamespaceId;
use weir_grammar::Span;
use weir_grammar::ast::{self, SentenceKind, Statement, Subject};

use super::spot::{Head, Param, Spot};
use crate::Setting;
use crate::ide::Desk;
use crate::resolve::Probe;
use crate::resolve::program::Part;
use crate::source::FileId;

pub struct Context<'c, 'd> {
    pub desk: &'c Desk<'d>,
    pub spot: Spot<'c>,
    setting: &'c Setting<'c>,
    probe: OnceCell<Probe<'c>>,
    home: OnceCell<Option<Vec<NamespaceId>>>,
}

impl<'c, 'd> Context<'c, 'd> {
    pub fn of(desk: &'c Desk<'d>, setting: &'c Setting<'c>, spot: Spot<'c>) -> Context<'c, 'd> {
        Context { desk, spot, setting, probe: OnceCell::new(), home: OnceCell::new() }
    }

    pub fn inventory(&self) -> &'c Inventory {
        self.desk.site().world.inventory()
    }

    fn probe(&self) -> &Probe<'c> {
        let known = || self.desk.site().world.known();
        self.probe.get_or_init(|| Probe::of(&self.desk.workspace.sources, self.setting, known()))
    }

    /// What stands behind the word in its line, but for comments and closing braces.
    pub fn rest(&self) -> &'c str {
        let rest = self.desk.text().get(self.spot.word.end as usize..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default().trim();
        if line.starts_with(['#', '}']) { "" } else { line }
    }

    pub fn in_test(&self) -> bool {
        self.spot.heads.contains(&Head::Test)
    }

    /// The policy that the cursor is in, with its parameters.
    pub fn policy(&self) -> Option<(&'c str, &[Param<'c>])> {
        self.spot.heads.iter().rev().find_map(|head| match head {
            Head::Policy { name, params } => Some((*name, params.as_slice())),
            _ => None,
        })
    }

    /// The parameters of the policy around, each with its kind, as far as that is known.
    pub fn params(&self) -> Vec<(&'c str, Option<&'c str>)> {
        let Some((policy, params)) = self.policy() else { return Vec::new() };
        let inferred = match params.iter().all(|param| param.kind.is_some()) {
            true => Vec::new(),
            false => self.kinds(self.desk.file, policy),
        };
        let kind = |at: usize, param: &Param<'c>| param.kind.or(inferred.get(at).copied().flatten());
        params.iter().enumerate().map(|(at, param)| (param.name, kind(at, param))).collect()
    }

    pub fn kinds(&self, file: FileId, policy: &str) -> Vec<Option<&'static str>> {
        self.probe().kinds(file, policy)
    }

    /// The namespaces that bare names are looked up in; `None` in the whole cluster.
    pub fn home(&self) -> Option<&[NamespaceId]> {
        self.home.get_or_init(|| self.find_home()).as_deref()
    }

    fn find_home(&self) -> Option<Vec<NamespaceId>> {
        let inventory = self.inventory();
        self.spot.heads.iter().rev().find_map(|head| match head {
            Head::Namespace(name) => Some(inventory.namespace(name).into_iter().collect()),
            Head::Each(span) => Some(self.namespaces_of(*span)),
            _ => None,
        })
    }

    fn namespaces_of(&self, span: Span) -> Vec<NamespaceId> {
        let inventory = self.inventory();
        let text = self.desk.text().get(span.range()).unwrap_or_default();
        if text.trim() == "namespace" {
            return (0..inventory.namespaces.len() as u32).map(NamespaceId).collect();
        }
        let parts = self.read(span, false).map(|set| self.probe().parts(self.desk.file, &[None], &set));
        namespaces(&parts.unwrap_or_default(), inventory)
    }

    /// What a set denotes that is written there; with a bracket that is not closed yet.
    pub fn parts(&self, span: Span, is_open: bool) -> Vec<Part> {
        if !self.desk.is_known() {
            return Vec::new();
        }
        let Some(set) = self.read(span, is_open) else { return Vec::new() };
        if self.names_param(&set) {
            return Vec::new(); // it is what the policy is applied to
        }
        /// Of the namespaces of an `in each` block so many are asked.
        const MOST_ASKED: usize = 8;
        let homes: Vec<Option<NamespaceId>> = match self.home() {
            None | Some([]) => vec![None],
            Some(home) => home.iter().take(MOST_ASKED).copied().map(Some).collect(),
        };
        self.probe().parts(self.desk.file, &homes, &set)
    }

    /// The classes of pods that a set denotes; all of them for a parameter, which may be any.
    pub fn classes(&self, span: Span, is_open: bool) -> Bits {
        let inventory = self.inventory();
        if self.read(span, is_open).is_some_and(|set| self.names_param(&set)) {
            return inventory.all_classes();
        }
        let parts = self.parts(span, is_open);
        let pods = parts.iter().filter_map(|part| part.ends.pods());
        pods.fold(Bits::new(), |all, pods| all | pods.classes(inventory))
    }

    fn names_param(&self, set: &ast::Set) -> bool {
        let Some((_, params)) = self.policy() else { return false };
        set.operands.iter().any(|operand| match &operand.base {
            ast::Base::Name(name) | ast::Base::Namespace(name) => {
                params.iter().any(|param| param.name == name.text)
            }
            _ => false,
        })
    }

    /// The tree of a set, with the places of its words in the file.
    fn read(&self, span: Span, is_open: bool) -> Option<ast::Set> {
        let written = self.desk.text().get(span.range())?;
        let mut text = " ".repeat(span.start as usize);
        text += written;
        text += if is_open { "] locked;" } else { " locked;" };
        let parse = weir_grammar::parse(&text);
        match parse.file.statements.into_iter().next()? {
            Statement::Sentence(ast::Sentence { kind: SentenceKind::Posture(posture), .. }) => {
                match posture.subject {
                    Subject::Set(set) => Some(set),
                    Subject::EachNamespace(_) => None,
                }
            }
            _ => None,
        }
    }
}

/// The namespaces of today that sets speak of.
pub fn namespaces(parts: &[Part], inventory: &Inventory) -> Vec<NamespaceId> {
    let pods = parts.iter().filter_map(|part| part.ends.pods());
    let terms =
        pods.flat_map(|pods| pods.terms().iter().flat_map(|term| term.namespaces.namespaces(inventory)));
    let mut found: Vec<NamespaceId> = terms.collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The kinds of a policy's parameters, as far as its uses tell.
pub fn kinds_of(desk: &Desk<'_>, file: FileId, policy: &str) -> Vec<Option<&'static str>> {
    let setting = desk.setting();
    Probe::of(&desk.workspace.sources, &setting, desk.site().world.known()).kinds(file, policy)
}
