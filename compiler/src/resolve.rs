//! Names to ids: from the trees of all files to a [`Program`] over one cluster. Every sentence that resolves is in
//! it; every error is reported. Guards, targets and conflicts are not known here.

mod blocks;
mod labels;
mod lets;
mod lookup;
mod modules;
pub mod names;
mod params;
mod parts;
pub mod pattern;
mod policies;
pub(crate) mod ports;
mod postures;
mod probe;
pub mod program;
mod reach;
pub mod readings;
mod sets;
mod things;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use weir_cluster::Inventory;
use weir_cluster::inventory::{NamespaceId, ServiceId, WorkloadId};
use weir_grammar::ast::Absent;

use crate::Setting;
use crate::diagnostic::Diagnostic;
use crate::facts::Facts;
use crate::source::{FileId, Place, Sources};
use crate::threads;
use program::{Context, Origin, Program};
use readings::Readings;

pub(crate) use labels::HELP_PLANNED;
pub use parts::{FilePart, Parts};
pub(crate) use probe::Probe;

/// What names of a cluster lead to: made once, for any number of programs.
pub struct Known<'a> {
    pub(crate) things: names::Things<'a>,
    ports: ports::PortIndex,
}

impl<'a> Known<'a> {
    pub fn of(inventory: &'a Inventory) -> Known<'a> {
        Known { things: names::Things::of(inventory), ports: ports::PortIndex::of(inventory) }
    }

    /// What names are looked up among.
    pub fn things(&self) -> &names::Things<'a> {
        &self.things
    }
}

/// Resolves every file against one cluster, in stretches of the program at once. What comes of it is what comes of
/// one file after the other.
pub fn resolve(sources: &Sources, setting: &Setting<'_>) -> (Program, Vec<Diagnostic>) {
    let bytes: usize = sources.iter().map(|(_, source)| source.text.len()).sum();
    resolve_in(threads::cores().min(bytes / A_STRETCH), sources, setting)
}

/// So many bytes of text are worth a thread.
const A_STRETCH: usize = 1 << 15;

/// The same, in so many stretches.
fn resolve_in(count: usize, sources: &Sources, setting: &Setting<'_>) -> (Program, Vec<Diagnostic>) {
    let known = Known::of(setting.facts.inventory);
    let (shared, mut diagnostics) = Shared::of(sources, setting, &known);
    let mut resolver = Resolver::with_lets(&shared);
    // A file belongs to the stretch in which its text begins.
    let mut begins = Vec::new();
    let mut bytes = 0;
    for (_, source) in sources.iter() {
        begins.push(bytes);
        bytes += source.text.len();
    }
    let beside = threads::in_stretches(count, bytes + 1, |stretch| {
        let first = begins.partition_point(|begin| *begin < stretch.start);
        let end = begins.partition_point(|begin| *begin < stretch.end);
        let (mut own, mut program) = (resolver.beside(), Program::default());
        own.files(first..end, &mut program);
        (own, program, first..end)
    });
    let mut program = Program::default();
    for (at, (own, part, files)) in beside.into_iter().enumerate() {
        match resolver.join(own, at == 0) {
            Ok(()) => program.join(part),
            Err(()) => resolver.files(files, &mut program),
        }
    }
    if resolver.expanded > policies::MOST_EXPANDED {
        program.sentences.clear(); // what is cut short is not judged
    }
    diagnostics.extend(resolver.diagnostics.into_iter().map(|said| said.diagnostic));
    (program, diagnostics)
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

/// What resolvers of several stretches have in common.
struct Shared<'a> {
    setting: &'a Setting<'a>,
    facts: &'a Facts<'a>,
    sources: &'a Sources,
    known: &'a Known<'a>,
    modules: modules::Modules<'a>,
    params: params::Params<'a>,
}

impl<'a> Shared<'a> {
    /// With what is wrong with modules and parameters.
    fn of(
        sources: &'a Sources,
        setting: &'a Setting<'a>,
        known: &'a Known<'a>,
    ) -> (Shared<'a>, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let modules = modules::Modules::of(sources, &mut diagnostics);
        let params = params::Params::of(sources, &modules, &mut diagnostics);
        (Shared { setting, facts: setting.facts, sources, known, modules, params }, diagnostics)
    }
}

struct Resolver<'a> {
    shared: &'a Shared<'a>,
    setting: &'a Setting<'a>,
    facts: &'a Facts<'a>,
    sources: &'a Sources,
    things: &'a names::Things<'a>,
    ports: &'a ports::PortIndex,
    modules: &'a modules::Modules<'a>,
    params: &'a params::Params<'a>,
    lets: BTreeMap<FileId, BTreeMap<&'a str, lets::Let<'a>>>,
    /// How many `let`s lead to the one that is being resolved.
    let_depth: usize,
    /// Something was said of a `let`: it is told where it is first used, and that may be in an earlier stretch.
    let_told: bool,
    /// Every application of a policy.
    frames: Vec<policies::Frame<'a>>,
    /// How many sentences, applications and rounds policies and `in each` blocks have come to.
    expanded: usize,
    /// How the sentence came to be that is being resolved.
    origin: Arc<Origin>,
    /// The blocks and applications around it, as objects name them.
    context: Option<Arc<Context>>,
    diagnostics: Vec<Said>,
    /// Of which it is known what else their selectors match.
    checked_workloads: Vec<bool>,
    checked_services: Vec<bool>,
    /// Lints on a workload or service are told once.
    told: BTreeSet<Once>,
    /// What words are read as, for whoever asks.
    readings: Option<Readings>,
}

/// What is told once, where it is first met.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Once {
    Workload(WorkloadId),
    Service(ServiceId),
}

#[derive(Clone)]
struct Said {
    diagnostic: Diagnostic,
    once: Option<Once>,
}

impl<'a> Resolver<'a> {
    fn new(shared: &'a Shared<'a>) -> Resolver<'a> {
        let Shared { setting, facts, sources, known, modules, params } = shared;
        let Known { things, ports } = known;
        Resolver {
            shared,
            setting,
            facts,
            sources,
            things,
            ports,
            modules,
            params,
            lets: BTreeMap::new(),
            let_depth: 0,
            let_told: false,
            frames: Vec::new(),
            expanded: 0,
            origin: Arc::default(),
            context: None,
            diagnostics: Vec::new(),
            checked_workloads: vec![false; facts.inventory.workloads.len()],
            checked_services: vec![false; facts.inventory.services.len()],
            told: BTreeSet::new(),
            readings: None,
        }
    }

    /// One that knows where every `let` stands.
    fn with_lets(shared: &'a Shared<'a>) -> Resolver<'a> {
        let mut resolver = Resolver::new(shared);
        for (file, source) in shared.sources.iter().filter(|(_, source)| !source.uses().plain) {
            resolver.collect_lets(file, None, &source.parse.file.statements);
        }
        resolver
    }

    /// One that has resolved nothing yet, for another stretch.
    fn beside(&self) -> Resolver<'a> {
        Resolver { lets: self.lets.clone(), ..Resolver::new(self.shared) }
    }

    fn files(&mut self, files: Range<usize>, program: &mut Program) {
        for (file, source) in self.sources.iter().skip(files.start).take(files.len()) {
            self.statements(&source.parse.file.statements, Scope::of(file), program);
            if !source.library {
                self.unused_lets_resolve(file);
                self.unapplied_policies_resolve(file);
            }
        }
    }

    /// As if the next stretch had been resolved here. `Err`: here it would have gone another way.
    fn join(&mut self, next: Resolver<'a>, is_first: bool) -> Result<(), ()> {
        let expanded = self.expanded.saturating_add(next.expanded);
        if !is_first && (next.let_told || expanded > policies::MOST_EXPANDED) {
            return Err(());
        }
        self.expanded = expanded;
        let known = |said: &Said| said.once.is_some_and(|once| self.told.contains(&once));
        self.diagnostics.extend(next.diagnostics.into_iter().filter(|said| !known(said)));
        self.told.extend(next.told);
        let either = |(own, next): (&mut bool, bool)| *own |= next;
        self.checked_workloads.iter_mut().zip(next.checked_workloads).for_each(either);
        self.checked_services.iter_mut().zip(next.checked_services).for_each(either);
        self.know_lets(next.lets);
        Ok(())
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.let_told |= self.let_depth > 0;
        self.diagnostics.push(Said { diagnostic: self.origin.explain(diagnostic), once: None });
    }

    /// What [`Resolver::told`] holds already is not told once more.
    fn report_once(&mut self, once: Once, diagnostic: Diagnostic) {
        self.report(diagnostic);
        if let Some(said) = self.diagnostics.last_mut() {
            said.once = Some(once);
        }
    }

    /// Whether a syntax error lies inside: what is meant is not known, and its words are not judged.
    fn is_broken(&self, place: Place) -> bool {
        let errors = &self.sources.get(place.file).parse.errors;
        let first = errors.partition_point(|error| error.span.start < place.span.start);
        errors[first..].iter().take_while(|error| error.span.start < place.span.end).next().is_some()
    }
}

#[cfg(test)]
mod tests;
