//! Says what is wrong with policy text, whoever wrote it: `valid FILE…`, or `-` for the standard input. With `WEIR_CRDS`
//! the published schemas are asked, too.
#![allow(clippy::disallowed_methods, reason = "it reads files")]

use std::fs;
use std::io;
use std::process::ExitCode;

use clap::Parser;
use weir_tests::validity::{self, Schemas};

#[derive(Parser)]
#[command(about = "Checks policies of all formats against their schemas and the rules behind them")]
struct Arguments {
    /// Files of policies, each a stream by itself; `-` is the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
}

fn main() -> ExitCode {
    let schemas = Schemas::of_environment();
    let mut wrong = false;
    for file in Arguments::parse().files {
        let text = match file.as_str() {
            "-" => io::read_to_string(io::stdin()),
            _ => fs::read_to_string(&file),
        };
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::from(2);
            }
        };
        for violation in validity::check(&text, schemas) {
            println!("{file}: {violation}");
            wrong = true;
        }
    }
    if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
