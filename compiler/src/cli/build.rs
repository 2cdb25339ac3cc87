//! `weir build`: check, compile, write. On any error nothing is written, neither to the folder nor to standard
//! output.

use std::io::{self, Write};

use weir::diagnostic::{Code, Diagnostic};
use weir::{Facts, Setting, analyze, emit};

use super::args::BuildArguments;
use super::report::{self, Report};
use super::{Outcome, input, output};

pub fn run(arguments: &BuildArguments) -> Outcome {
    let report = Report::to_stderr(&arguments.program);
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
    let count = Report::count(&analysis.diagnostics);
    let outcome = report.outcome(&analysis.diagnostics);
    let documents = match analysis.build(&facts) {
        Some(documents) if outcome == Outcome::Fine => documents,
        _ => {
            report.say(&format!("nothing written: {}", count.unwrap_or_default()));
            return Outcome::Found;
        }
    };
    if arguments.output.as_os_str() == "-" {
        let text = emit::stream(&documents);
        let mut out = io::stdout().lock();
        return match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Outcome::Fine,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Outcome::Fine,
            Err(error) => failed(&report, format!("cannot write: {}", input::reason(&error))),
        };
    }
    let files = output::files(&documents, arguments.layout);
    match output::write(&arguments.output, &files) {
        Ok(written) => {
            report.say(&format!("{}: {} in {written}", arguments.output.display(), objects(documents.len())));
            Outcome::Fine
        }
        Err(message) => failed(&report, message),
    }
}

fn objects(count: usize) -> String {
    if count == 1 { "1 object".to_owned() } else { format!("{count} objects") }
}

fn failed(report: &Report<'_>, message: String) -> Outcome {
    report.failed(&[Diagnostic::error(Code::E0702, message)])
}
