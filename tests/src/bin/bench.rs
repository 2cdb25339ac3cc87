//! How long each stage takes on what `generate` wrote: `bench DIR`. A table, not a test.
#![allow(clippy::disallowed_methods, reason = "it reads files and the clock")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use weir::{Facts, Severity, Sources, Target};
use weir_cluster::manifest::Reader;

#[derive(Parser)]
#[command(about = "Prints how long each stage of a build takes")]
struct Arguments {
    /// The folder with `inventory/` and `program/`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// How often; of each stage the best is shown
    #[arg(long, default_value_t = 3)]
    times: usize,
}

const STAGES: [&str; 5] = ["read bytes", "fold inventory", "parse", "resolve and check", "lower and emit"];

/// One run: how long each stage took, and what came of it.
struct Run {
    stages: [Duration; STAGES.len()],
    outcome: String,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut best = [Duration::MAX; STAGES.len()];
    let mut total = Duration::MAX;
    let mut outcome = String::new();
    let mut peak = None;
    for _ in 0..arguments.times.max(1) {
        let run = match run(&arguments.folder) {
            Ok(run) => run,
            Err(error) => {
                eprintln!("{}: {error}", arguments.folder.display());
                return ExitCode::FAILURE;
            }
        };
        best.iter_mut().zip(&run.stages).for_each(|(best, took)| *best = (*best).min(*took));
        total = total.min(run.stages.iter().sum());
        outcome = run.outcome;
        // Of the first run: what an allocator keeps for the next one is none of a build's.
        peak = peak.or_else(peak_memory);
    }
    for (stage, took) in STAGES.iter().zip(best).chain([(&"total", total)]) {
        println!("{stage:<18}{:>10.1} ms", took.as_secs_f64() * 1e3);
    }
    if let Some(peak) = peak {
        println!("{:<18}{:>10.1} MiB", "peak memory", peak as f64 / 1024.0);
    }
    println!("{outcome}");
    ExitCode::SUCCESS
}

fn run(folder: &Path) -> io::Result<Run> {
    let mut stages = [Duration::ZERO; STAGES.len()];
    let [read, fold, parse, check, emit] = &mut stages;

    let mut reader = Reader::new("default");
    for path in files(&folder.join("inventory"))? {
        let bytes = timed(read, || fs::read(&path))?;
        timed(fold, || reader.read(&path.display().to_string(), &bytes)).map_err(|found| refused(&found))?;
    }
    let inventory = timed(fold, || reader.finish()).map_err(|found| refused(&found))?;

    let mut sources = Sources::with_prelude();
    for path in files(&folder.join("program"))? {
        let text = timed(read, || fs::read_to_string(&path))?;
        let name = path.display().to_string();
        timed(parse, || sources.add(name.clone(), name, text));
    }

    let (facts, analysis) = timed(check, || {
        let facts = Facts::of(&inventory);
        let analysis =
            weir::analyze(&sources, &weir::Setting::new(&facts, Target::NetworkPolicy, weir_tests::TODAY));
        (facts, analysis)
    });
    let documents = timed(emit, || analysis.build(&facts)).unwrap_or_default();

    let count = |severity| analysis.diagnostics.iter().filter(|said| said.severity == severity).count();
    let outcome = format!(
        "{} classes, {} errors, {} warnings, {} objects, {:.1} MB",
        inventory.classes.len(),
        count(Severity::Error),
        count(Severity::Warning),
        documents.len(),
        documents.iter().map(|document| document.text.len()).sum::<usize>() as f64 / 1e6,
    );
    Ok(Run { stages, outcome })
}

fn timed<T>(stage: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    *stage += start.elapsed();
    result
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    files.sort_unstable();
    Ok(files)
}

fn refused(found: &[weir_cluster::manifest::ManifestError]) -> io::Error {
    io::Error::other(found.first().map_or_else(String::new, |error| error.message.clone()))
}

/// The most memory that the process ever had, in KiB, where Linux tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
