//! `weir completions`: what a shell has to know to complete the command line.

use std::io::{self, Write};

use clap::CommandFactory;

use super::Outcome;
use super::args::{Arguments, CompletionsArguments};

pub fn run(arguments: &CompletionsArguments) -> Outcome {
    // Into memory first: the generator panics where a stream is closed.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "weir", &mut script);
    let mut out = io::stdout().lock();
    match out.write_all(&script).and_then(|()| out.flush()) {
        Ok(()) => Outcome::Fine,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Outcome::Fine,
        Err(_) => Outcome::Failed,
    }
}
