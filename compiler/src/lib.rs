//! Weir: what may talk to what in a Kubernetes cluster, checked against what runs there, and written as the policy
//! objects that enforce it.
//!
//! Text becomes a relation, the relation becomes objects. This file is the whole of what others may use; nothing
//! here does IO.

pub mod address;
pub mod asked;
pub mod assertions;
mod check;
pub mod cni;
pub mod codes;
pub mod decide;
pub mod diagnostic;
pub mod diff;
pub mod drift;
pub mod emit;
pub mod facts;
pub mod ide;
pub mod junit;
mod lint;
pub mod meaning;
pub mod policies;
pub mod project;
pub mod reach;
mod relate;
pub mod relation;
pub mod resolve;
pub mod selector;
pub mod source;
pub mod spoken;
pub mod target;
mod threads;
mod uses;
pub mod verify;
pub mod view;
pub mod why;

pub use assertions::TestResult;
pub use codes::Code;
pub use diagnostic::{Diagnostic, Severity};
pub use emit::Document;
pub use facts::Facts;
pub use policies::Existing;
pub use project::{Cluster, Project};
pub use relation::Relation;
pub use resolve::names::nearest;
pub use source::Sources;
pub use target::Target;
pub use verify::Proof;
pub use view::View;
pub use weir_cluster::Inventory;
pub use weir_grammar::Span;
pub use weir_grammar::ast::Day;

use resolve::program::Program;

/// The label that says that an object is Weir's.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "weir");
/// The annotation that lists the sentences that an object comes from.
pub const SENTENCES: &str = "weir/sentences";

/// What a program is resolved, related and checked against.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub facts: &'a Facts<'a>,
    pub target: Target,
    pub options: target::Options,
    /// The day on which the program is looked at, in UTC.
    pub today: Day,
    /// The project, and which of its clusters this is.
    pub project: Option<(&'a Project, &'a Cluster)>,
}

impl<'a> Setting<'a> {
    /// A cluster of no project.
    pub fn new(facts: &'a Facts<'a>, target: Target, today: Day) -> Setting<'a> {
        Setting { facts, target, options: target::Options::default(), today, project: None }
    }
}

/// A program against one cluster and target.
pub struct Analysis {
    /// Sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    target: Target,
    options: target::Options,
    program: Program,
    meant: Relation,
    /// Bound to the target.
    relation: Relation,
}

/// The canonical form of a program's text; every comment stays. `None` if the text has errors of syntax.
pub fn format(text: &str) -> Option<String> {
    weir_grammar::format::file(text, &weir_grammar::parse(text))
}

/// What is wrong with the texts themselves, whatever they are about.
pub fn syntax_errors(sources: &Sources) -> Vec<Diagnostic> {
    sources.iter().flat_map(|(file, source)| diagnostic::syntax::diagnostics(file, source)).collect()
}

/// Resolves, relates and checks. Whatever is wrong is in the diagnostics, all of it.
pub fn analyze(sources: &Sources, setting: &Setting<'_>) -> Analysis {
    match judge(sources, setting, resolve::resolve(sources, setting), &|| false) {
        Ok(analysis) => analysis,
        Err(Stopped) => unreachable!("nobody stops it"),
    }
}

/// A work that was given up: its result would be of no use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// Judges a program that is resolved, unless somebody says on the way that it is of no use any more.
fn judge(
    sources: &Sources,
    setting: &Setting<'_>,
    (program, found): (Program, Vec<Diagnostic>),
    is_stopped: &(dyn Fn() -> bool + Sync),
) -> Result<Analysis, Stopped> {
    let Setting { facts, today, .. } = *setting;
    let go_on = || if is_stopped() { Err(Stopped) } else { Ok(()) };
    let levels = lint::Levels::of(sources, setting);
    let mut diagnostics = syntax_errors(sources);
    diagnostics.extend(found);
    go_on()?;
    let relation = relate::relate(&program, today);
    go_on()?;
    let (bound, found) = target::bind(relation.clone(), &program, facts, setting.target, &setting.options);
    diagnostics.extend(found);
    go_on()?;
    diagnostics.extend(check::check(&program, &relation, &bound, sources, setting, &levels));
    go_on()?;
    let diagnostics = lint::allow(diagnostics, sources, setting, &levels);
    let mut diagnostics = diagnostic::join_origins(diagnostics);
    diagnostic::mute_beside_errors(&mut diagnostics);
    lint::deny(&mut diagnostics, &levels);
    diagnostic::sort(&mut diagnostics);
    Ok(Analysis {
        diagnostics,
        target: setting.target,
        options: setting.options,
        program,
        meant: relation,
        relation: bound,
    })
}

impl Analysis {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// What the program means, as far as this target can hold it.
    pub fn relation(&self) -> &Relation {
        &self.relation
    }

    /// Judges the tests of the program. `None` for a program with errors: it means nothing yet.
    pub fn run_tests(&self, facts: &Facts<'_>) -> Option<Vec<TestResult>> {
        (!self.has_errors()).then(|| {
            let denials = target::Denials::of(self.target, &self.options, facts);
            assertions::judge(&self.program, &self.meant, denials, facts)
        })
    }

    /// Proves that policy objects, given as texts with their names, let flow what the program means and nothing else. `None`
    /// for a program with errors: it means nothing yet.
    pub fn verify(&self, facts: &Facts<'_>, texts: &[(&str, &str)]) -> Option<Proof> {
        (!self.has_errors()).then(|| verify::verify(&self.claim(facts), texts))
    }

    /// The same of policy objects that were read already.
    pub fn verify_policies(&self, facts: &Facts<'_>, existing: &Existing) -> Option<Proof> {
        (!self.has_errors()).then(|| verify::verify_policies(&self.claim(facts), existing.policies().clone()))
    }

    fn claim<'a>(&'a self, facts: &'a Facts<'a>) -> verify::Claim<'a> {
        verify::Claim {
            program: &self.program,
            meant: &self.meant,
            bound: &self.relation,
            target: self.target,
            options: &self.options,
            facts,
        }
    }

    /// The objects, sorted by namespace and name. `None` for a program with errors: nothing is half written.
    pub fn build(&self, facts: &Facts<'_>) -> Option<Vec<Document>> {
        if self.has_errors() {
            return None;
        }
        Some(emit::emit(&target::lower(self.target, &self.options, &self.relation, &self.program, facts)))
    }
}
