//! `weir verify`: whether policy objects, wherever they come from, enforce exactly what the program means.

use weir::Proof;
use weir::diagnostic::merge::merge;

use super::args::VerifyArguments;
use super::policies::{self, Text};
use super::report::Report;
use super::{Outcome, clusters, input};

pub fn run(arguments: &VerifyArguments) -> Outcome {
    let report = Report::to_stdout(&arguments.program);
    let texts = match policies::read(&arguments.policies.policies) {
        Ok(texts) => texts,
        Err(errors) => return report.failed(&errors),
    };
    let input = match input::read(&arguments.program) {
        // Never taken apart: the process ends with the command.
        Ok(input) => std::mem::ManuallyDrop::new(input),
        Err(failure) => return report.failed_in(&failure.sources, &failure.diagnostics),
    };
    if input.jobs.len() > 1 {
        let said = super::files::usage("the objects of one cluster are held against the program at a time")
            .with_help("name the cluster with `-c`");
        return report.failed_in(input.sources(), &[said]);
    }
    let texts: Vec<(&str, &str)> = texts.iter().map(Text::parts).collect();
    let run = match clusters::each(&input, |analysis, facts| analysis.verify(facts, &texts)) {
        Ok(run) => run,
        Err(errors) => return report.failed_in(input.sources(), &errors),
    };
    let mut run = run;
    let proofs: Vec<(String, Proof)> = run
        .clusters
        .iter_mut()
        .filter_map(|cluster| Some((cluster.name.clone(), cluster.result.take()?)))
        .collect();
    let said = proofs.iter().map(|(name, proof)| (name.clone(), proof.diagnostics.clone()));
    run.diagnostics.retain(|diagnostic| proofs.is_empty() || diagnostic.is_error());
    run.diagnostics.extend(merge(said.collect()));
    if report.diagnostics(input.sources(), &run.diagnostics).is_err() {
        return Outcome::Failed;
    }
    for cluster in &run.clusters {
        report.say(&cluster.inventory);
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
