//! `weir check`: the program against the inventory and the target; no objects.

use weir::{Facts, Setting, analyze};

use super::Outcome;
use super::args::CheckArguments;
use super::input;
use super::report::{self, Report};

pub fn run(arguments: &CheckArguments) -> Outcome {
    let report = Report::to_stdout(&arguments.program);
    let input = match input::read(&arguments.program) {
        Ok(input) => input,
        Err(errors) => return report.failed(&errors),
    };
    let facts = Facts::of(&input.inventory);
    let analysis = analyze(&input.sources, &Setting::new(&facts, arguments.program.target.0, input::today()));
    if report.diagnostics(&input.sources, &analysis.diagnostics).is_err() {
        return Outcome::Failed;
    }
    report.say(&report::inventory(&input.inventory));
    report.say(&match Report::count(&analysis.diagnostics) {
        Some(count) => format!("checked: {count}"),
        None => "checked: nothing found".to_owned(),
    });
    report.outcome(&analysis.diagnostics)
}
