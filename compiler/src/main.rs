//! The command `weir`: reads files, calls the library, writes what it says.
#![allow(clippy::disallowed_methods, reason = "all IO of the compiler is here")]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
