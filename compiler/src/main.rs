//! The command `weir`: reads files, calls the library, writes what it says.
#![allow(clippy::disallowed_methods, reason = "all IO of the compiler is here")]

mod cli;

use std::process::ExitCode;

/// Sets and sentences are many small pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
