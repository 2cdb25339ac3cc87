//! `weir explain`: the page of a code, which a lint's name finds as well.

use std::io::{self, Write};

use weir::Code;
use weir::diagnostic::printable;

use super::Outcome;
use super::args::ExplainArguments;

pub fn run(arguments: &ExplainArguments) -> Outcome {
    let text = match &arguments.code {
        None => Code::ALL.iter().map(|code| line(*code)).collect(),
        Some(name) => match Code::parse(name).or_else(|| Code::parse_lint(name)) {
            Some(code) => code.page().trim_end().to_owned() + "\n",
            None => {
                let _ = writeln!(
                    io::stderr().lock(),
                    "error: there is no code and no lint `{}`\nhelp: `weir explain` lists all of them",
                    printable(name)
                );
                return Outcome::Failed;
            }
        },
    };
    match io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => Outcome::Fine,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Outcome::Fine,
        Err(_) => Outcome::Failed,
    }
}

/// A line of the list, with the name by which a lint is configured.
fn line(code: Code) -> String {
    match code.lint() {
        Some((name, _)) => format!("{}  {} ({name})\n", code.name(), code.title()),
        None => format!("{}  {}\n", code.name(), code.title()),
    }
}
