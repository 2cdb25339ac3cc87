//! Names to ids: from the trees of all files to a [`Program`] over one cluster. Every sentence that resolves is in
//! it; every error is reported. Guards, targets and conflicts are not known here.

mod blocks;
mod labels;
mod lets;
mod lookup;
mod modules;
pub mod names;
mod params;
pub mod pattern;
mod policies;
mod ports;
mod postures;
pub mod program;
mod reach;
mod sets;
mod things;
mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use weir_cluster::inventory::{NamespaceId, ServiceId, WorkloadId};
use weir_grammar::ast::Absent;

use crate::Setting;
use crate::diagnostic::Diagnostic;
use crate::facts::Facts;
use crate::source::{FileId, Place, Sources};
use program::{Origin, Program};

/// Resolves every file against one cluster.
pub fn resolve(sources: &Sources, setting: &Setting<'_>) -> (Program, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let modules = modules::Modules::of(sources, &mut diagnostics);
    let params = params::Params::of(sources, &modules, &mut diagnostics);
    let mut resolver = Resolver {
        things: names::Things::of(setting.facts.inventory),
        checked_workloads: BTreeSet::new(),
        checked_services: BTreeSet::new(),
        setting,
        facts: setting.facts,
        sources,
        ports: ports::PortIndex::of(setting.facts.inventory),
        modules,
        params,
        lets: BTreeMap::new(),
        let_depth: 0,
        frames: Vec::new(),
        expanded: 0,
        origin: Arc::default(),
        context: Vec::new(),
        diagnostics,
        told_workloads: BTreeSet::new(),
        told_services: BTreeSet::new(),
    };
    let mut program = Program::default();
    for (file, source) in sources.iter() {
        resolver.collect_lets(file, None, &source.parse.file.statements);
    }
    for (file, source) in sources.iter() {
        let scope = Scope::of(file);
        resolver.statements(&source.parse.file.statements, scope, &mut program);
        if !source.library {
            resolver.unused_lets_resolve(file);
            resolver.unapplied_policies_resolve(file);
        }
    }
    if resolver.expanded > policies::MOST_EXPANDED {
        program.sentences.clear(); // what is cut short is not judged
    }
    (program, resolver.diagnostics)
}

/// `None`: its errors are reported.
type Resolved<T> = Option<T>;

/// Where a name stands: what it may mean depends on nothing else.
#[derive(Clone, Copy)]
struct Scope {
    file: FileId,
    /// Of the enclosing `in namespace` block, or of this round of an `in each` block.
    namespace: Option<NamespaceId>,
    /// The sentence's `if present` or `even if absent`.
    absent: Option<Absent>,
    /// Of a guarded end: selectors that match nothing today guard tomorrow's pods.
    guards: bool,
    /// Behind `except`, in a sentence that ends in `if present`.
    excepted: bool,
    /// Of a guardrail: `anywhere except S` is a set there.
    forbids: bool,
    /// The application of the policy that it stands in.
    frame: Option<policies::FrameId>,
}

impl Scope {
    fn of(file: FileId) -> Scope {
        Scope {
            file,
            namespace: None,
            absent: None,
            guards: false,
            excepted: false,
            forbids: false,
            frame: None,
        }
    }

    fn place(&self, span: weir_grammar::Span) -> Place {
        Place { file: self.file, span }
    }
}

struct Resolver<'a> {
    setting: &'a Setting<'a>,
    facts: &'a Facts<'a>,
    sources: &'a Sources,
    ports: ports::PortIndex,
    modules: modules::Modules<'a>,
    params: params::Params<'a>,
    lets: BTreeMap<FileId, BTreeMap<&'a str, lets::Let<'a>>>,
    /// How many `let`s lead to the one that is being resolved.
    let_depth: usize,
    /// Every application of a policy.
    frames: Vec<policies::Frame<'a>>,
    /// How many sentences, applications and rounds policies and `in each` blocks have come to.
    expanded: usize,
    /// How the sentence came to be that is being resolved.
    origin: Arc<Origin>,
    /// The blocks and applications around it, as objects name them.
    context: Vec<String>,
    diagnostics: Vec<Diagnostic>,
    things: names::Things<'a>,
    /// Of which it is known what else their selectors match.
    checked_workloads: BTreeSet<WorkloadId>,
    checked_services: BTreeSet<ServiceId>,
    /// Lints on a workload or service are told once.
    told_workloads: BTreeSet<WorkloadId>,
    told_services: BTreeSet<ServiceId>,
}

impl Resolver<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(self.origin.explain(diagnostic));
    }

    /// Whether a syntax error lies inside: what is meant is not known, and its words are not judged.
    fn is_broken(&self, place: Place) -> bool {
        let errors = &self.sources.get(place.file).parse.errors;
        let first = errors.partition_point(|error| error.span.start < place.span.start);
        errors[first..].iter().take_while(|error| error.span.start < place.span.end).next().is_some()
    }
}
