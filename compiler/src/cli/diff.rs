//! `weir diff`: the flows that appear and vanish between programs, folders of policies and git revisions.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use weir::diagnostic::Diagnostic;
use weir::diff::{self, Difference, Side};
use weir::{Facts, Sources, View};

use super::args::{DiffArguments, DiffFormat, InputArguments, SharedArguments};
use super::files::{self, SETTINGS, is_program, usage};
use super::input::{self, Failure, Input, Job};
use super::report::Report;
use super::revision::{self, Revision};
use super::views;
use super::{Outcome, clusters, policies, project};

/// What is compared.
enum Named {
    Program(PathBuf),
    Policies(PathBuf),
    Revision(Revision),
    /// The project whose `weir.toml` is here or above.
    Here,
}

impl Named {
    /// A path or a revision; what could be both is an error.
    fn of(text: &str) -> Result<Named, Box<Diagnostic>> {
        let path = Path::new(text);
        if !path.exists() {
            return revision::read(text).map(Named::Revision);
        }
        let spelled = text.starts_with("./") || text.starts_with('/') || text.contains('/');
        if !spelled && revision::is_one(text) {
            let said = usage(format!("`{text}` is a path here, and a revision"));
            return Err(Box::new(
                said.with_help(format!("write `./{text}` for the path, `{text}:` for the revision")),
            ));
        }
        Ok(Named::at(path.to_path_buf()))
    }

    fn at(path: PathBuf) -> Named {
        if is_of_program(&path) { Named::Program(path) } else { Named::Policies(path) }
    }

    /// The path, and whether a program is there.
    fn place(&self) -> (Option<PathBuf>, bool) {
        match self {
            Named::Program(path) => (Some(path.clone()), true),
            Named::Policies(path) => (Some(path.clone()), false),
            Named::Revision(revision) => {
                let path = revision.path();
                let is_program = is_of_program(&path);
                (Some(path), is_program)
            }
            Named::Here => (None, true),
        }
    }
}

fn is_of_program(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if path.is_file() {
        return name == SETTINGS || is_program(&name);
    }
    let found = files::below(path, &|name| name == SETTINGS || is_program(name), &|_| true);
    found.is_ok_and(|files| !files.is_empty())
}

pub fn run(arguments: &DiffArguments) -> Outcome {
    let said = views::report_arguments(arguments.format == DiffFormat::Json, arguments.color);
    let report = Report::beside_files(&said, true);
    match compare(arguments, &report) {
        Ok(outcome) => outcome,
        Err(failure) => report.failed_in(&failure.sources, &failure.diagnostics),
    }
}

/// One side, read but for its inventories.
struct Read {
    input: Input,
    /// The folder of policies, if it is no program.
    policies: Option<PathBuf>,
    root: (String, String),
}

fn read(arguments: &SharedArguments, named: &Named) -> Result<Read, Failure> {
    let (path, is_program) = named.place();
    let root = match named {
        Named::Revision(revision) => revision.root(),
        _ => ("./".to_owned(), String::new()),
    };
    let own = |paths: Vec<PathBuf>| InputArguments { paths, shared: arguments.clone() };
    match is_program {
        true => Ok(Read { input: input::read(&own(path.into_iter().collect()))?, policies: None, root }),
        false => Ok(Read { input: input::read_clusters(&own(Vec::new()))?, policies: path, root }),
    }
}

fn compare(arguments: &DiffArguments, report: &Report<'_>) -> Result<Outcome, Failure> {
    let old = Named::of(&arguments.old)?;
    let new = match &arguments.new {
        Some(text) => Named::of(text)?,
        None if matches!(old, Named::Revision(_)) => match project::find(&[]) {
            Ok(_) => Named::Here,
            Err(_) => Named::at(PathBuf::from(".")),
        },
        None => {
            let said = usage("there is nothing to compare it with");
            return Err(said.with_help("name two, or one revision: `weir diff HEAD~1`").into());
        }
    };
    let (old, new) = (read(&arguments.input, &old)?, read(&arguments.input, &new)?);
    let mut outcome = Outcome::Fine;
    let several = new.input.jobs.len() > 1;
    for job in &new.input.jobs {
        let name = job.cluster.name.as_str();
        let before = old.input.jobs.iter().find(|other| other.cluster.name == name);
        // What is no project has one cluster without a name.
        let before = before.or_else(|| old.input.jobs.first().filter(|_| old.input.jobs.len() == 1));
        let Some(before) = before else {
            report.say(&format!("cluster `{name}` is new, and compared with nothing"));
            outcome = Outcome::Found;
            continue;
        };
        let mut found: Option<Result<Difference, Box<Diagnostic>>> = None;
        let asked = with(&old, before, report, &arguments.input.namespace, &mut |old| {
            with(&new, job, report, &arguments.input.namespace, &mut |new| {
                found = Some(diff::diff(old, new));
                Ok(Outcome::Fine)
            })
        })?;
        match found {
            Some(Ok(difference)) => {
                let name = if several || arguments.format == DiffFormat::Json { name } else { "" };
                if tell(arguments.format, &difference, name).is_err() {
                    return Ok(Outcome::Failed);
                }
                if !difference.is_empty() {
                    outcome = Outcome::Found;
                } else if name.is_empty() {
                    report.say("no flow appears or vanishes");
                } else {
                    report.say(&format!("`{name}`: no flow appears or vanishes"));
                }
            }
            Some(Err(said)) => return Err((*said).into()),
            None => return Ok(asked),
        }
    }
    for before in &old.input.jobs {
        let name = &before.cluster.name;
        if several && !new.input.jobs.iter().any(|job| job.cluster.name == *name) {
            report.say(&format!("cluster `{name}` is gone"));
            outcome = Outcome::Found;
        }
    }
    Ok(outcome)
}

fn tell(format: DiffFormat, difference: &Difference, cluster: &str) -> io::Result<()> {
    let text = match format {
        DiffFormat::Human => diff::human(difference, cluster),
        DiffFormat::Markdown => diff::markdown(difference, cluster),
        DiffFormat::Json => diff::json(difference, cluster),
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Looks at one cluster of a side. A program with errors is told, and asked nothing.
fn with(
    side: &Read,
    job: &Job,
    report: &Report<'_>,
    namespace: &str,
    look: &mut dyn FnMut(Side<'_>) -> Result<Outcome, Failure>,
) -> Result<Outcome, Failure> {
    let sources: &Sources = side.input.sources();
    let root = (side.root.0.as_str(), side.root.1.as_str());
    let failure = |diagnostics| Failure { sources: sources.clone(), diagnostics };
    if let Some(path) = &side.policies {
        let existing =
            policies::existing(std::slice::from_ref(path), job.target, namespace, false).map_err(failure)?;
        let inventory = side.input.inventory(job).map_err(failure)?;
        let facts = Facts::of_cluster(&inventory, &job.cluster);
        let _ = report.diagnostics(sources, &existing.warnings(&facts));
        return look(Side {
            view: View::Objects { policies: existing.policies(), facts: &facts },
            sources,
            root,
        });
    }
    let look = std::cell::RefCell::new(look);
    let (diagnostics, _, looked) = clusters::alone(&side.input, job, |analysis, facts| {
        let look = &mut *look.borrow_mut();
        (!analysis.has_errors())
            .then(|| look(Side { view: View::Program { analysis, facts }, sources, root }))
    })
    .map_err(failure)?;
    looked.unwrap_or_else(|| {
        let errors: Vec<Diagnostic> = diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        let _ = report.diagnostics(sources, &errors);
        report.say("what a program with errors lets flow nobody knows");
        Ok(Outcome::Found)
    })
}
