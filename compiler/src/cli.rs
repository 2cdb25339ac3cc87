//! The command line: one file a command, and what they share.

mod args;
mod build;
mod check;
mod clusters;
mod completions;
mod diff;
mod drift;
mod explain;
mod files;
mod fmt;
mod input;
mod library;
mod man;
mod output;
mod policies;
mod project;
mod reach;
mod report;
mod revision;
mod test;
mod verify;
mod views;
mod why;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Done, nothing found.
    Fine,
    /// Errors in the program, warnings that are denied, files that are not formatted.
    Found,
    /// It could not run.
    Failed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(match outcome {
            Outcome::Fine => 0,
            Outcome::Found => 1,
            Outcome::Failed => 2,
        })
    }
}

pub fn run() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Build(arguments) => build::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Drift(arguments) => drift::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Reach(arguments) => reach::run(&arguments),
        Command::Why(arguments) => why::run(&arguments),
        Command::Fmt(arguments) => fmt::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Std(arguments) => library::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    };
    outcome.into()
}
