//! `weir check`: the program against the inventories and the targets; no objects.

use super::args::CheckArguments;
use super::report::Report;
use super::{Outcome, clusters, input};

pub fn run(arguments: &CheckArguments) -> Outcome {
    let report = Report::to_stdout(&arguments.program);
    let input = match input::read(&arguments.program.input) {
        // Never taken apart: the process ends with the command.
        Ok(input) => std::mem::ManuallyDrop::new(input),
        Err(failure) => return report.failed_in(&failure.sources, &failure.diagnostics),
    };
    let run = match clusters::each(&input, |_, _| ()) {
        Ok(run) => run,
        Err(errors) => return report.failed_in(input.sources(), &errors),
    };
    if report.diagnostics(input.sources(), &run.diagnostics).is_err() {
        return Outcome::Failed;
    }
    for cluster in &run.clusters {
        report.say(&cluster.inventory);
    }
    report.say(&match Report::count(&run.diagnostics) {
        Some(count) => format!("checked: {count}"),
        None => "checked: nothing found".to_owned(),
    });
    report.outcome(&run.diagnostics)
}
