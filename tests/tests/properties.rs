//! Properties: random clusters and programs, built by Weir and judged by an independent reading of the language.
//!
//! `WEIR_CASES` sets how many cases a property draws, `WEIR_SEED` where it begins. A failure prints both.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use weir::{Analysis, Code, Document, Facts, Inventory, Sources, Target};
use weir_cluster::manifest::Reader;

mod allowed;
mod cluster;
mod editor;
mod entry;
mod factor;
mod foreign;
pub mod format;
mod invariants;
mod judge;
mod mutations;
mod oracle;
mod print;
mod program;
mod promises;
mod settle;
mod syntax;
mod targets;
mod texts;
mod virtual_pods;

use crate::harness::violations;
use cluster::Cluster;
use judge::{judge, justified};
use program::Program;

/// Errors that a drawn program may have. Any other, above all one of syntax, is a failure.
const FORESEEN: &[&str] = &[
    "E0201", "E0204", "E0205", "E0209", "E0210", "E0301", "E0304", "E0305", "E0306", "E0308", "E0309",
    "E0310", "E0311", "E0312", "E0314", "E0402", "E0501", "E0502", "E0503", "E0504", "E0505", "E0506",
    "E0507",
];

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// Runs a property on `cases` drawn values and shrinks what fails.
fn check<S: Strategy>(
    cases: u64,
    strategy: S,
    show: impl Fn(&S::Value) -> String,
    property: impl Fn(&S::Value) -> Result<(), TestCaseError>,
) where
    S::Value: Clone,
{
    let seed = number("WEIR_SEED", 1);
    let cases = number("WEIR_CASES", cases) as u32;
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 3000,
        max_shrink_time: 60_000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let outcome = TestRunner::new_with_rng(config, rng).run(&strategy, |value| property(&value));
    if let Err(error) = outcome {
        let told = match error {
            TestError::Fail(reason, value) => format!("{}\n{reason}", show(&value)),
            other => other.to_string(),
        };
        panic!("{told}\nrepeat with WEIR_SEED={seed} WEIR_CASES={cases}");
    }
}

fn inventory(documents: &[String]) -> Inventory {
    let mut reader = Reader::new("default");
    let _ = reader.read("cluster.yaml", documents.join("---\n").as_bytes());
    reader.finish().unwrap_or_else(|errors| {
        panic!("the manifests are not read: {errors:#?}\n{}", documents.join("---\n"))
    })
}

fn sources(files: &[(&str, String)]) -> Sources {
    let mut sources = Sources::with_prelude();
    for (name, text) in files {
        sources.add(*name, *name, text.clone());
    }
    sources
}

fn error_codes(analysis: &Analysis) -> Vec<(&'static str, String)> {
    let errors = analysis.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    errors.map(|error| (error.code.name(), error.message.clone())).collect()
}

/// What Weir makes of a program that compiles.
struct Built {
    documents: Vec<Document>,
    /// Where it says of a promise that it holds today, as offsets into the text.
    holds_today: Vec<usize>,
}

/// What Weir makes of a program. `Err` with foreseen errors; any other is a failure.
fn build(inventory: &Inventory, text: &str) -> Result<Result<Built, BTreeSet<&'static str>>, TestCaseError> {
    let facts = Facts::of(inventory);
    let analysis = weir::analyze(
        &sources(&[("main.weir", text.to_owned())]),
        &weir::Setting::new(&facts, Target::NetworkPolicy, weir_tests::TODAY),
    );
    let errors = error_codes(&analysis);
    for (code, message) in &errors {
        prop_assert!(FORESEEN.contains(code), "an unforeseen error: {code} {message}");
    }
    match analysis.build(&facts) {
        Some(documents) => {
            let today = analysis.diagnostics.iter().filter(|one| one.code == Code::W0128);
            let holds_today = today.map(|one| one.labels[0].place.span.start as usize).collect();
            Ok(Ok(Built { documents, holds_today }))
        }
        None => Ok(Err(errors.into_iter().map(|(code, _)| code).collect())),
    }
}

/// The stream that Weir writes, valid whatever it means.
fn written(documents: &[Document]) -> String {
    let text = weir::emit::stream(documents);
    assert_eq!(violations(&text), "", "the output is not valid\n{text}");
    text
}

fn text(program: &Program, cluster: &Cluster) -> String {
    print::statements(program, cluster).join("\n") + "\n"
}

fn show(cluster: &Cluster, program: &Program) -> String {
    let documents = print::manifests(cluster);
    let text = text(program, cluster);
    let inventory = inventory(&documents);
    let facts = Facts::of(&inventory);
    let analysis = weir::analyze(
        &sources(&[("main.weir", text.clone())]),
        &weir::Setting::new(&facts, Target::NetworkPolicy, weir_tests::TODAY),
    );
    let output = analysis.build(&facts).map(|documents| weir::emit::stream(&documents));
    format!(
        "--- manifests\n{}--- program\n{text}--- output\n{}--- errors {:?}\n",
        documents.join("---\n"),
        output.unwrap_or_default(),
        error_codes(&analysis)
    )
}

#[test]
fn what_is_enforced_is_what_is_meant() {
    let (built, drawn) = (Cell::new(0u32), Cell::new(0u32));
    let held: RefCell<BTreeMap<String, u32>> = RefCell::default();
    let failed: RefCell<BTreeMap<&'static str, u32>> = RefCell::default();
    check(
        400,
        (cluster::cluster(), program::program(), program::newcomers()),
        |(cluster, program, _)| show(cluster, &settle::settle(program, cluster)),
        |(cluster, program, newcomers)| {
            let program = settle::settle(program, cluster);
            let inventory = inventory(&print::manifests(cluster));
            drawn.set(drawn.get() + 1);
            match build(&inventory, &text(&program, cluster))? {
                Err(codes) => {
                    justified(cluster, &inventory, &program, newcomers, &codes)?;
                    for code in codes {
                        *failed.borrow_mut().entry(code).or_default() += 1;
                    }
                    Ok(())
                }
                Ok(found) => {
                    built.set(built.get() + 1);
                    for sentence in &program.sentences {
                        if let program::SentenceKind::Grant(grant) = &sentence.kind {
                            *held.borrow_mut().entry(format!("{:?}", grant.verb)).or_default() += 1;
                        }
                    }
                    judge(cluster, &inventory, &program, newcomers, &found)
                }
            }
        },
    );
    println!("{} of {} programs compile; errors {:?}", built.get(), drawn.get(), failed.borrow());
    println!("they hold {:?}", held.borrow());
    assert!(
        built.get() * 10 >= drawn.get() * 6,
        "{} of {} programs compile; errors {failed:?}",
        built.get(),
        drawn.get()
    );
}
