//! How long each stage takes on what `generate` wrote, and how long the commands take as a whole: `bench DIR`. A
//! table, not a test.
#![allow(clippy::disallowed_methods, reason = "it reads files and the clock")]

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use weir::{Facts, Severity, Sources, Target};
use weir_cluster::manifest::Reader;

#[derive(Parser)]
#[command(about = "Prints how long each stage of a build takes, and each command")]
struct Arguments {
    /// The folder with `inventory/` and `program/`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// How often each is run
    #[arg(long, default_value_t = 3)]
    times: usize,
    /// Stop after the check: no objects
    #[arg(long)]
    no_build: bool,
}

/// What a row is about, and how long it took each time.
struct Row {
    what: &'static str,
    took: Vec<Duration>,
}

impl Row {
    fn print(mut self) {
        self.took.sort_unstable();
        let shown = |took: Duration| took.as_secs_f64() * 1e3;
        let (Some(best), Some(median)) = (self.took.first(), self.took.get(self.took.len() / 2)) else {
            return;
        };
        println!("{:<22}{:>10.1}{:>10.1}", self.what, shown(*best), shown(*median));
    }
}

const STAGES: [&str; 6] =
    ["read inventory", "fold inventory", "parse", "resolve and check", "lower and emit", "verify"];

/// One run: how long each stage took, and what came of it.
struct Run {
    stages: [Duration; STAGES.len()],
    outcome: String,
}

fn main() -> ExitCode {
    match bench(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: &Arguments) -> io::Result<()> {
    let times = arguments.times.max(1);
    let mut runs = Vec::new();
    let mut peak = None;
    for _ in 0..times {
        runs.push(run(arguments)?);
        // Of the first run: what an allocator keeps for the next one is none of a build's.
        peak = peak.or_else(peak_memory);
    }
    println!("{:<22}{:>10}{:>10}", "milliseconds", "best", "median");
    let stages = if arguments.no_build { STAGES.len() - 1 } else { STAGES.len() };
    for (at, what) in STAGES.into_iter().enumerate().take(stages) {
        Row { what, took: runs.iter().map(|run| run.stages[at]).collect() }.print();
    }
    Row { what: "total", took: runs.iter().map(|run| run.stages.iter().sum()).collect() }.print();
    command(arguments, "weir check", &["check", "program", "-i", "inventory"], times)?;
    command(arguments, "weir fmt --check", &["fmt", "--check", "program"], times)?;
    if let Some(peak) = peak {
        println!("peak memory {:.1} MiB", peak as f64 / 1024.0);
    }
    println!("{}", runs.last().map_or("", |run| &run.outcome));
    Ok(())
}

fn run(arguments: &Arguments) -> io::Result<Run> {
    let mut stages = [Duration::ZERO; STAGES.len()];
    let [read, fold, parse, check, emit, verify] = &mut stages;

    let mut reader = Reader::new("default");
    for path in files(&arguments.folder.join("inventory"))? {
        let read_file = || reader.read_from(&path.display().to_string(), || File::open(&path));
        timed(read, read_file)?.map_err(|found| refused(&found))?;
    }
    let inventory = timed(fold, || reader.finish()).map_err(|found| refused(&found))?;

    let mut texts = Vec::new();
    for path in files(&arguments.folder.join("program"))? {
        let name = path.display().to_string();
        texts.push((name.clone(), name, fs::read_to_string(&path)?));
    }
    let mut sources = Sources::with_prelude();
    timed(parse, || sources.add_all(texts));

    let (facts, analysis) = timed(check, || {
        let facts = Facts::of(&inventory);
        let analysis =
            weir::analyze(&sources, &weir::Setting::new(&facts, Target::NetworkPolicy, weir_tests::TODAY));
        (facts, analysis)
    });
    let build = || if arguments.no_build { None } else { analysis.build(&facts) };
    let documents = timed(emit, build).unwrap_or_default();
    let written: Vec<(&str, &str)> =
        documents.iter().map(|document| (document.name.as_str(), document.text.as_str())).collect();
    let proof = timed(verify, || analysis.verify(&facts, &written).unwrap_or_default());

    let count = |severity| analysis.diagnostics.iter().filter(|said| said.severity == severity).count();
    let mut outcome = format!(
        "{} classes, {} errors, {} warnings",
        inventory.classes.len(),
        count(Severity::Error),
        count(Severity::Warning),
    );
    if !arguments.no_build {
        let bytes: usize = documents.iter().map(|document| document.text.len()).sum();
        outcome += &format!(", {} objects, {:.1} MB", documents.len(), bytes as f64 / 1e6);
        outcome += if proof.holds() { ", proved" } else { ", NOT proved" };
    }
    Ok(Run { stages, outcome })
}

fn timed<T>(stage: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    *stage += start.elapsed();
    result
}

/// Runs `weir` as its users do, in the folder: what it takes from its start to its end. It stands beside this program
/// if it was built in the same way.
fn command(arguments: &Arguments, what: &'static str, words: &[&str], times: usize) -> io::Result<()> {
    let weir = std::env::current_exe()?.with_file_name(format!("weir{}", std::env::consts::EXE_SUFFIX));
    let start = |words: &[&str]| {
        let mut command = Command::new(&weir);
        command.args(words).current_dir(&arguments.folder);
        command.stdout(Stdio::null()).stderr(Stdio::null()).status()
    };
    if !weir.exists() {
        println!("{what:<22} skipped: there is no {}", weir.display());
        return Ok(());
    }
    if !start(&[words[0], "--help"])?.success() {
        println!("{what:<22} skipped: this `weir` has no such command");
        return Ok(());
    }
    let mut took = Vec::new();
    for _ in 0..times {
        let mut once = Duration::ZERO;
        let status = timed(&mut once, || start(words))?;
        // 1 is that something was found.
        if !matches!(status.code(), Some(0 | 1)) {
            println!("{what:<22} failed: {status}");
            return Ok(());
        }
        took.push(once);
    }
    Row { what, took }.print();
    Ok(())
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let named = |error| io::Error::other(format!("{}: {error}", folder.display()));
    let entries = fs::read_dir(folder).map_err(named)?;
    let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
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
