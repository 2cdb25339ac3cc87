//! `weir verify`: whether policy objects, wherever they come from, enforce exactly what the program means.

use weir::diagnostic::merge::merge;
use weir::{Proof, Target};

use super::args::VerifyArguments;
use super::files::is_stdin;
use super::report::Report;
use super::{Outcome, clusters, input, policies};

pub fn run(arguments: &VerifyArguments) -> Outcome {
    let report = Report::to_stdout(&arguments.program);
    let input = match input::read(&arguments.program.input) {
        // Never taken apart: the process ends with the command.
        Ok(input) => std::mem::ManuallyDrop::new(input),
        Err(failure) => return report.failed_in(&failure.sources, &failure.diagnostics),
    };
    if input.jobs.len() > 1 {
        let said = super::files::usage("the objects of one cluster are held against the program at a time")
            .with_help("name the cluster with `-c`");
        return report.failed_in(input.sources(), &[said]);
    }
    let target = input.jobs.first().map_or(Target::NetworkPolicy, |job| job.target);
    let program = &arguments.program.input;
    let beside = program.paths.iter().chain(&program.inventory).any(|path| is_stdin(path));
    let paths = &arguments.policies.policies;
    let existing = match policies::existing(paths, target, &program.namespace, beside) {
        Ok(existing) => existing,
        Err(errors) => return report.failed_in(input.sources(), &errors),
    };
    let run = match clusters::each(&input, |analysis, facts| {
        (analysis.verify_policies(facts, &existing), existing.warnings(facts))
    }) {
        Ok(run) => run,
        Err(errors) => return report.failed_in(input.sources(), &errors),
    };
    let mut run = run;
    let proofs: Vec<(String, Proof)> = run
        .clusters
        .iter_mut()
        .filter_map(|cluster| Some((cluster.name.clone(), cluster.result.0.take()?)))
        .collect();
    let said = proofs.iter().map(|(name, proof)| (name.clone(), proof.diagnostics.clone()));
    run.diagnostics.retain(|diagnostic| proofs.is_empty() || diagnostic.is_error());
    run.diagnostics.extend(merge(said.collect()));
    if !proofs.is_empty() {
        run.diagnostics.extend(run.clusters.iter().flat_map(|cluster| cluster.result.1.iter().cloned()));
    }
    if report.diagnostics(input.sources(), &run.diagnostics).is_err() {
        return Outcome::Failed;
    }
    for cluster in &run.clusters {
        report.say(&cluster.inventory);
        report.say(&existing.line());
    }
    for (_, proof) in proofs.iter().filter(|(_, proof)| proof.holds()) {
        report.say(&format!(
            "verified: {} let flow exactly what the program means, over {} endpoints and {} kinds of traffic",
            super::build::number(proof.objects),
            proof.points,
            proof.atoms
        ));
    }
    report.outcome(&run.diagnostics)
}
