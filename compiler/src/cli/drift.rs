//! `weir drift`: the program against a dump of the cluster, or against the cluster itself by `kubectl get`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use weir::diagnostic::Diagnostic;
use weir::diff::{self, Side};
use weir::{Facts, Setting, Target, View, analyze, drift};

use super::args::{DriftArguments, DriftFormat, InputArguments, SharedArguments};
use super::files::{self, is_stdin, reason, usage};
use super::input::{self, Failure, Job};
use super::report::{self, Report};
use super::{Outcome, policies, views};

pub fn run(arguments: &DriftArguments) -> Outcome {
    let json = arguments.format == DriftFormat::Json;
    let said = views::report_arguments(json, arguments.color);
    let report = Report::beside_files(&said, true);
    match look(arguments, &report) {
        Ok(outcome) => outcome,
        Err(failure) => report.failed_in(&failure.sources, &failure.diagnostics),
    }
}

fn look(arguments: &DriftArguments, report: &Report<'_>) -> Result<Outcome, Failure> {
    let scratch = tempfile::Builder::new().prefix("weir-").tempdir().map_err(|error| {
        usage(format!("cannot write to the folder for scratch files: {}", reason(&error)))
    })?;
    // Of a project its own says what is written for it, and so what has to be asked.
    let of_project = || input::read_clusters(&arguments.input).ok()?.jobs.first().map(|job| job.target);
    let target = arguments.input.target.map(|target| target.0).or_else(of_project);
    let dumps = dumps(arguments, &scratch, target)?;
    // The dump is the inventory: it is the cluster as it is.
    let inventory = [&dumps[..], &arguments.input.inventory].concat();
    let shared = SharedArguments { inventory, ..arguments.input.shared.clone() };
    let input = input::read(&InputArguments { paths: arguments.input.paths.clone(), shared })?;
    let failure = |diagnostics| Failure { sources: input.sources().clone(), diagnostics };
    let [job]: &[Job; 1] = input.jobs.as_slice().try_into().map_err(|_| {
        let said = usage("a dump is that of one cluster, and the project has several");
        failure(vec![said.with_help("name the cluster with `-c`")])
    })?;
    let existing =
        policies::existing(&dumps, job.target, &arguments.input.namespace, false).map_err(failure)?;
    let objects = objects(&dumps).map_err(|said| failure(vec![*said]))?;
    let mut inventory = input.inventory(job).map_err(failure)?;
    // What policies do that are there is told as flows; they are no part of the program.
    inventory.policies.clear();
    let facts = Facts::of_cluster(&inventory, &job.cluster);
    let project = input.project.as_ref().map(|project| (project, &job.cluster));
    let Job { target, options, .. } = *job;
    let setting = Setting { facts: &facts, target, options, today: input.today, project };
    let analysis = analyze(input.sources(), &setting);
    let Some(documents) = analysis.build(&facts) else {
        let errors: Vec<Diagnostic> =
            analysis.diagnostics.iter().filter(|said| said.is_error()).cloned().collect();
        let _ = report.diagnostics(input.sources(), &errors);
        return Ok(Outcome::Found);
    };
    let kept = format!("{}/", scratch.path().display());
    let side = |view, root| Side { view, sources: input.sources(), root };
    let program = side(View::Program { analysis: &analysis, facts: &facts }, ("./", ""));
    let cluster = side(View::Objects { policies: existing.policies(), facts: &facts }, (kept.as_str(), ""));
    let flows = diff::diff(program, cluster)?;
    let drift = drift::drift(&documents, &objects, target, flows);
    let text = match arguments.format {
        DriftFormat::Human => drift::human(&drift),
        DriftFormat::Json => drift::json(&drift, &job.cluster.name),
    };
    let mut out = io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        return Ok(Outcome::Failed);
    }
    report.say(&report::inventory("", &inventory));
    if drift.is_none() {
        report.say("no drift");
        return Ok(Outcome::Fine);
    }
    Ok(Outcome::Found)
}

/// The files of a dump; what comes from elsewhere is kept in the scratch folder, as it is read twice.
fn dumps(
    arguments: &DriftArguments,
    scratch: &TempDir,
    target: Option<Target>,
) -> Result<Vec<PathBuf>, Failure> {
    let keep = |name: &str, bytes: &[u8]| -> Result<PathBuf, Failure> {
        let path = scratch.path().join(name);
        fs::write(&path, bytes).map_err(|error| files::unreadable(&path, &error))?;
        Ok(path)
    };
    if arguments.live {
        let target = target.unwrap_or(Target::NetworkPolicy);
        return Ok(vec![keep("cluster.json", &live(arguments, target)?)?]);
    }
    if arguments.dump.is_empty() {
        let said = usage("there is no cluster to look at").with_help(
            "give a dump, `--dump cluster.json`, or ask the cluster itself by `kubectl` with `--live`",
        );
        return Err(said.into());
    }
    let mut found = Vec::new();
    for path in &arguments.dump {
        if is_stdin(path) {
            let bytes = files::read_stdin().map_err(|error| files::unreadable(path, &error))?;
            let is_json = bytes.trim_ascii_start().starts_with(b"{");
            found.push(keep(if is_json { "stdin.json" } else { "stdin.yaml" }, &bytes)?);
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}

/// What the cluster says of itself. Nothing but `get` is asked.
fn live(arguments: &DriftArguments, target: Target) -> Result<Vec<u8>, Failure> {
    let mut command = Command::new("kubectl");
    command.args(["get", &drift::resources(target).join(","), "--all-namespaces", "--output", "json"]);
    if let Some(context) = &arguments.context {
        command.arg(format!("--context={context}"));
    }
    if let Some(file) = &arguments.kubeconfig {
        command.arg(format!("--kubeconfig={}", file.display()));
    }
    let output = command.stdin(Stdio::null()).output().map_err(|error| {
        usage(format!("cannot run `kubectl`: {}", reason(&error)))
            .with_help("install it, or dump the cluster elsewhere and give `--dump`")
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let mut said = usage("`kubectl get` failed");
    let told = String::from_utf8_lossy(&output.stderr);
    for line in told.lines().filter(|line| !line.trim().is_empty()).take(4) {
        said = said.with_note(weir::diagnostic::printable(line.trim()));
    }
    Err(said.with_help("docs/drift.md has the role that it needs").into())
}

fn objects(dumps: &[PathBuf]) -> Result<Vec<serde_json::Value>, Box<Diagnostic>> {
    let mut texts = Vec::new();
    for path in dumps {
        let named = files::below(path, &files::is_manifest, &|_| true)
            .map_err(|(path, error)| Box::new(files::unreadable(&path, &error)))?;
        for path in named {
            let bytes =
                files::read_unpacked(&path).map_err(|error| Box::new(files::unreadable(&path, &error)))?;
            texts.push((path, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    let shown = |path: &Path| path.display().to_string();
    let named: Vec<(String, &str)> = texts.iter().map(|(path, text)| (shown(path), text.as_str())).collect();
    let texts: Vec<(&str, &str)> = named.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    drift::objects(&texts).map_err(|said| Box::new(usage(said)))
}
