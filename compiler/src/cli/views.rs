//! Whom `weir reach` and `weir why` ask: a program in each of its clusters, or policy objects in one.

use std::io;

use weir::diagnostic::Diagnostic;
use weir::{Facts, Sources, View};

use super::args::{Color, Format, ReportArguments, ViewArguments};
use super::files::{is_stdin, usage};
use super::input::{self, Failure, Input, Job};
use super::report::Report;
use super::{Outcome, clusters, policies, report};

/// One cluster, and who is asked there.
pub struct Asked<'a> {
    pub sources: &'a Sources,
    pub view: View<'a>,
    /// Empty where it has no name.
    pub cluster: &'a str,
    /// Whether others are asked, too.
    pub among_others: bool,
}

/// Why an answer was not written.
pub enum Stopped {
    /// The question is wrong.
    Wrong(Box<Diagnostic>),
    /// Nobody reads on.
    Closed,
}

impl From<io::Error> for Stopped {
    fn from(_: io::Error) -> Stopped {
        Stopped::Closed
    }
}

impl From<Box<Diagnostic>> for Stopped {
    fn from(said: Box<Diagnostic>) -> Stopped {
        Stopped::Wrong(said)
    }
}

/// How diagnostics are written beside an answer.
pub fn report_arguments(json: bool, color: Color) -> ReportArguments {
    ReportArguments { format: if json { Format::Json } else { Format::Human }, color }
}

/// Asks in each cluster, one after the other: answers are written as they are found.
pub fn each(
    arguments: &ViewArguments,
    report: &Report<'_>,
    tell: &dyn Fn(&Asked<'_>) -> Result<(), Stopped>,
) -> Outcome {
    let asked = match arguments.policies.as_slice() {
        [] => of_program(arguments, report, tell),
        _ => of_policies(arguments, report, tell),
    };
    match asked {
        Ok(outcome) => outcome,
        Err(failure) => report.failed_in(&failure.sources, &failure.diagnostics),
    }
}

fn of_program(
    arguments: &ViewArguments,
    report: &Report<'_>,
    tell: &dyn Fn(&Asked<'_>) -> Result<(), Stopped>,
) -> Result<Outcome, Failure> {
    // Never taken apart: the process ends with the command.
    let input = std::mem::ManuallyDrop::new(input::read(&arguments.input)?);
    let mut outcome = Outcome::Fine;
    for job in &input.jobs {
        let told = clusters::alone(&input, job, |analysis, facts| {
            let cluster = job.cluster.name.as_str();
            let among_others = input.jobs.len() > 1;
            let view = View::Program { analysis, facts };
            (!analysis.has_errors())
                .then(|| tell(&Asked { sources: input.sources(), view, cluster, among_others }))
        });
        let (diagnostics, line, told) = told.map_err(|errors| failure(&input, errors))?;
        match told {
            Some(Ok(())) => report.say(&line),
            Some(Err(Stopped::Closed)) => return Ok(Outcome::Failed),
            Some(Err(Stopped::Wrong(said))) => return Err(failure(&input, vec![*said])),
            None => {
                let errors: Vec<Diagnostic> = diagnostics.into_iter().filter(Diagnostic::is_error).collect();
                let _ = report.diagnostics(input.sources(), &errors);
                report.say(&format!(
                    "what a program with errors lets flow nobody knows: {}",
                    Report::count(&errors).unwrap_or_default()
                ));
                outcome = Outcome::Found;
            }
        }
    }
    Ok(outcome)
}

fn failure(input: &Input, diagnostics: Vec<Diagnostic>) -> Failure {
    Failure { sources: input.sources().clone(), diagnostics }
}

fn of_policies(
    arguments: &ViewArguments,
    report: &Report<'_>,
    tell: &dyn Fn(&Asked<'_>) -> Result<(), Stopped>,
) -> Result<Outcome, Failure> {
    let input = input::read_clusters(&arguments.input)?;
    let [job]: &[Job; 1] = input.jobs.as_slice().try_into().map_err(|_| {
        let said = usage("these policies are those of one cluster, and the project has several");
        failure(&input, vec![said.with_help("name the cluster with `-c`")])
    })?;
    let beside = arguments.input.inventory.iter().any(|path| is_stdin(path));
    let existing = policies::existing(&arguments.policies, job.target, &arguments.input.namespace, beside)
        .map_err(|errors| failure(&input, errors))?;
    let inventory = input.inventory(job).map_err(|errors| failure(&input, errors))?;
    let facts = Facts::of_cluster(&inventory, &job.cluster);
    let warnings = existing.warnings(&facts);
    if !warnings.is_empty() && report.diagnostics(input.sources(), &warnings).is_err() {
        return Ok(Outcome::Failed);
    }
    let view = View::Objects { policies: existing.policies(), facts: &facts };
    let cluster = job.cluster.name.as_str();
    let asked = Asked { sources: input.sources(), view, cluster, among_others: false };
    match tell(&asked) {
        Ok(()) => {}
        Err(Stopped::Closed) => return Ok(Outcome::Failed),
        Err(Stopped::Wrong(said)) => return Err(failure(&input, vec![*said])),
    }
    report.say(&report::inventory("", &inventory));
    report.say(&existing.line());
    Ok(Outcome::Fine)
}
