//! One command over all clusters that it is asked for: several at a time, each from its own inventory, with one report.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use weir::diagnostic::Diagnostic;
use weir::diagnostic::merge::merge;
use weir::{Analysis, Facts, Setting, analyze};

use super::input::{Input, Job};
use super::report;

/// As much as the main thread usually has.
const STACK: usize = 8 << 20;

/// What was found in the clusters, and what was made of each.
pub struct Run<T> {
    /// What holds in several clusters is said once.
    pub diagnostics: Vec<Diagnostic>,
    /// In the order of the jobs.
    pub clusters: Vec<Done<T>>,
}

pub struct Done<T> {
    /// Empty where the cluster has no name.
    pub name: String,
    /// What was read, in one line.
    pub inventory: String,
    pub result: T,
}

/// Analyses every cluster and does the work on each. An inventory is held only while its cluster is worked on, so
/// there are never more of them than threads. `Err`: what could not be read.
pub fn each<T: Send + Sync>(
    input: &Input,
    work: impl Fn(&Analysis, &Facts<'_>) -> T + Sync,
) -> Result<Run<T>, Vec<Diagnostic>> {
    let slots: Vec<OnceLock<Outcome<T>>> = input.jobs.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let serve = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let (Some(job), Some(slot)) = (input.jobs.get(at), slots.get(at)) else { break };
            let _ = slot.set(one(input, job, &work));
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(input.jobs.len());
    thread::scope(|scope| {
        for _ in 1..threads {
            // Where no thread is to be had, this one does all the work.
            let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, serve);
        }
        serve();
    });
    let (mut said, mut failed, mut clusters) = (Vec::new(), Vec::new(), Vec::new());
    for (job, slot) in input.jobs.iter().zip(slots) {
        let name = job.cluster.name.clone();
        match slot.into_inner().expect("every job was served") {
            Ok((diagnostics, inventory, result)) => {
                failed.push((name.clone(), Vec::new()));
                said.push((name.clone(), diagnostics));
                clusters.push(Done { name, inventory, result });
            }
            Err(errors) => failed.push((name, errors)),
        }
    }
    if clusters.len() < input.jobs.len() {
        return Err(merge(failed));
    }
    Ok(Run { diagnostics: merge(said), clusters })
}

/// One cluster by itself: what is said of the program, the inventory in one line, and what was made of both.
pub fn alone<T>(input: &Input, job: &Job, work: impl Fn(&Analysis, &Facts<'_>) -> T) -> Outcome<T> {
    one(input, job, &work)
}

pub type Outcome<T> = Result<(Vec<Diagnostic>, String, T), Vec<Diagnostic>>;

fn one<T>(input: &Input, job: &Job, work: &impl Fn(&Analysis, &Facts<'_>) -> T) -> Outcome<T> {
    let inventory = input.inventory(job)?;
    let cluster = &job.cluster;
    let facts = Facts::of_cluster(&inventory, cluster);
    let project = input.project.as_ref().map(|project| (project, cluster));
    let setting =
        Setting { facts: &facts, target: job.target, options: job.options, today: input.today, project };
    let mut analysis = analyze(input.sources(), &setting);
    let result = work(&analysis, &facts);
    let name = if input.jobs.len() > 1 { cluster.name.as_str() } else { "" };
    let line = report::inventory(name, &inventory);
    let diagnostics = std::mem::take(&mut analysis.diagnostics);
    if input.jobs.len() == 1 {
        // The process is about to end: taking a hundred thousand sentences apart is work for nobody.
        std::mem::forget((analysis, facts));
        std::mem::forget(inventory);
    }
    Ok((diagnostics, line, result))
}
