//! `weir build`: check, compile, verify, write. On any error in any cluster nothing is written, neither to the folder nor to
//! standard output.

use std::io::{self, Write};

use weir::diagnostic::merge::merge;
use weir::diagnostic::{Code, Diagnostic};
use weir::{Document, emit};

use super::args::BuildArguments;
use super::clusters::Done;
use super::report::Report;
use super::{Outcome, clusters, files, input, output};

pub fn run(arguments: &BuildArguments) -> Outcome {
    let report = Report::to_stderr(&arguments.program);
    let input = match input::read(&arguments.program.input) {
        // Never taken apart: the process ends with the command.
        Ok(input) => std::mem::ManuallyDrop::new(input),
        Err(failure) => return report.failed_in(&failure.sources, &failure.diagnostics),
    };
    let run = match clusters::each(&input, |analysis, facts| {
        let built = analysis.build(facts)?;
        let texts: Vec<(&str, &str)> =
            built.iter().map(|document| (document.name.as_str(), document.text.as_str())).collect();
        let proof = analysis.verify(facts, &texts)?;
        Some((built, proof))
    }) {
        Ok(run) => run,
        Err(errors) => return report.failed_in(input.sources(), &errors),
    };
    let mut run = run;
    let proved = run.clusters.iter().filter_map(|cluster| {
        let (_, proof) = cluster.result.as_ref()?;
        Some((cluster.name.clone(), proof.diagnostics.clone()))
    });
    run.diagnostics.extend(merge(proved.collect()));
    if report.diagnostics(input.sources(), &run.diagnostics).is_err() {
        return Outcome::Failed;
    }
    for cluster in &run.clusters {
        report.say(&cluster.inventory);
    }
    let unproved =
        run.clusters.iter().any(|cluster| cluster.result.as_ref().is_some_and(|(_, p)| !p.holds()));
    let built: Option<Vec<(String, Vec<Document>)>> =
        run.clusters.into_iter().map(|Done { name, result, .. }| Some((name, result?.0))).collect();
    let built = match built {
        Some(built) if report.outcome(&run.diagnostics) == Outcome::Fine => built,
        _ => {
            let count = Report::count(&run.diagnostics);
            report.say(&format!("nothing written: {}", count.unwrap_or_default()));
            if unproved {
                report.say("what Weir would have written is not what the program means: that is Weir's fault, please report it");
            }
            return Outcome::Found;
        }
    };
    if arguments.output.as_os_str() == "-" {
        let mut out = io::stdout().lock();
        return match out.write_all(stream(&built).as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Outcome::Fine,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Outcome::Fine,
            Err(error) => failed(&report, format!("cannot write: {}", files::reason(&error))),
        };
    }
    let objects = built.iter().map(|(_, documents)| documents.len()).sum();
    let output = output::Output::of(&built, arguments.layout, input.project.as_ref());
    match output::write(&arguments.output, &output) {
        Ok(written) => {
            report.say(&format!("{}: {} in {written}", arguments.output.display(), number(objects)));
            Outcome::Fine
        }
        Err(message) => failed(&report, message),
    }
}

/// One stream, in the order of the clusters; of several each begins with a comment.
fn stream(built: &[(String, Vec<Document>)]) -> String {
    let texts: Vec<String> = built
        .iter()
        .filter(|(_, documents)| !documents.is_empty())
        .map(|(name, documents)| {
            let head = if built.len() > 1 { format!("# cluster: {name}\n") } else { String::new() };
            head + &emit::stream(documents)
        })
        .collect();
    texts.join("---\n")
}

pub fn number(objects: usize) -> String {
    if objects == 1 { "1 object".to_owned() } else { format!("{objects} objects") }
}

fn failed(report: &Report<'_>, message: String) -> Outcome {
    report.failed(&[Diagnostic::error(Code::E0702, message)])
}
