//! Writes a large made-up cluster and a program about it: `generate --out DIR`, then
//! `weir build DIR/program -i DIR/inventory -o …`.
#![allow(clippy::disallowed_methods, reason = "it writes files")]

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use weir_tests::generate::{Size, generate};

#[derive(Parser)]
#[command(about = "Writes a made-up cluster and a program about it")]
struct Arguments {
    /// The folder to write `inventory/` and `program/` to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[arg(long, default_value_t = 1_000)]
    namespaces: usize,
    #[arg(long, default_value_t = 10_000)]
    workloads: usize,
    #[arg(long, default_value_t = 100_000)]
    pods: usize,
    #[arg(long, default_value_t = 10_000)]
    sentences: usize,
    /// Over how many files the sentences are spread [default: one for every 100]
    #[arg(long)]
    files: Option<usize>,
    /// How many sentences are about labelled pods of every namespace
    #[arg(long, default_value_t = 10)]
    everywhere: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let Arguments { out, namespaces, workloads, pods, sentences, files, everywhere, seed } =
        Arguments::parse();
    let files = files.unwrap_or(sentences.div_ceil(100).max(1));
    let size = Size { namespaces, workloads, pods, sentences, files, everywhere, seed };
    if let Err(least) = size.check() {
        eprintln!("cannot make that up: {least}");
        return ExitCode::from(2);
    }
    let create = |path: &str| -> io::Result<BufWriter<File>> {
        let path = out.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(BufWriter::with_capacity(1 << 20, File::create(path)?))
    };
    match generate(&size, create) {
        Ok(totals) => {
            print!("{totals}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot write to {}: {error}", out.display());
            ExitCode::FAILURE
        }
    }
}
