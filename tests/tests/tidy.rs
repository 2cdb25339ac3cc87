//! The rules of the house that no compiler checks: who may know whom, how long a file may be, how it opens.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use weir::Code;

use crate::harness;

/// Every Rust file of a folder, relative to the root, with its text.
fn sources(folders: &[&str]) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| harness::root().join(folder)).collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(harness::entries(path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(harness::root()).unwrap().display().to_string();
            files.push((name, harness::read(&path)));
        }
    }
    files.sort();
    files
}

fn all() -> Vec<(String, String)> {
    sources(&[
        "grammar",
        "cluster",
        "compiler",
        "files",
        "lsp",
        "tests",
        "fuzz/fuzz_targets",
        "editors/tree-sitter-weir",
    ])
}

fn is_test(name: &str) -> bool {
    name.starts_with("tests/") || name.contains("/tests/") || name.ends_with("/tests.rs")
}

fn none(offenders: Vec<String>) {
    assert!(offenders.is_empty(), "\n{}", offenders.join("\n"));
}

/// Lines of code that mention a word, comments left out.
fn mentions(text: &str, word: &str) -> bool {
    text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word))
}

/// Every door for hostile bytes has its fuzz target, and the other way round.
#[test]
fn every_door_is_knocked_at() {
    let doors = harness::read(harness::root().join("tests/src/entry.rs"));
    let doors: BTreeSet<&str> = doors
        .lines()
        .filter_map(|line| line.strip_prefix("pub fn ")?.strip_suffix("(bytes: &[u8]) {"))
        .collect();
    let manifest = harness::read(harness::root().join("fuzz/Cargo.toml"));
    let targets = harness::entries(harness::root().join("fuzz/fuzz_targets"));
    let names: Vec<String> =
        targets.iter().map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(doors, names.iter().map(String::as_str).collect());
    let knocked = harness::read(harness::root().join("tests/tests/properties/entry.rs"));
    let forgotten = names.iter().filter(|name| {
        !manifest.contains(&format!("name = \"{name}\"")) || !knocked.contains(&format!("entry::{name}"))
    });
    none(forgotten.map(|name| format!("`{name}` is in no manifest or no property")).collect());
}

#[test]
fn files_are_ideas() {
    let long = all().into_iter().filter(|(name, text)| !is_test(name) && text.lines().count() > 800);
    none(
        long.map(|(name, text)| format!("{name} has {} lines: more than one idea", text.lines().count()))
            .collect(),
    );
}

#[test]
fn files_say_what_they_do() {
    let silent = all().into_iter().filter(|(_, text)| !text.starts_with("//!"));
    none(silent.map(|(name, _)| format!("{name} does not open with `//!`")).collect());
}

#[test]
fn nothing_is_left_for_later() {
    const LATER: &[&str] = &[
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("db", "g!("),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("TO", "DO"),
    ];
    let mut found = Vec::new();
    for (name, text) in all() {
        found.extend(
            LATER.iter().filter(|word| text.contains(*word)).map(|word| format!("{name} has `{word}`")),
        );
        let ignored = text.lines().filter(|line| line.trim() == concat!("#[ig", "nore]"));
        found.extend(ignored.map(|_| format!("{name} ignores a test without a reason")));
    }
    none(found);
}

/// Who may name which crate or module.
#[test]
fn layers() {
    let rules: &[(&str, &[&str], &[&str])] = &[
        // folder, words that it may not name, files that are excepted
        ("grammar/src", &["weir_cluster", "weir::", "codespan", "k8s_openapi"], &[]),
        ("cluster/src", &["weir_grammar", "weir::", "codespan", "k8s_openapi"], &[]),
        ("cluster/src/enforce", &["crate::manifest", ".classes_with(", ".classes_having("], &[]),
        ("compiler/src", &["codespan_reporting"], &["compiler/src/diagnostic/render.rs"]),
        ("compiler/src", &["serde_yaml"], &["compiler/src/emit.rs"]),
        ("compiler/src", &["toml::"], &["compiler/src/project/parse.rs", "compiler/src/project/syntax.rs"]),
        ("compiler/src/project", &["crate::facts", "crate::relation", "weir_cluster"], &[]),
        (
            "compiler/src",
            &["clap"],
            &[
                "compiler/src/cli.rs",
                "compiler/src/cli/args.rs",
                "compiler/src/cli/completions.rs",
                "compiler/src/cli/man.rs",
            ],
        ),
        ("compiler/src", &["quick_xml"], &["compiler/src/junit.rs"]),
        ("compiler/src", &["percent_encoding"], &["compiler/src/diagnostic/artifact.rs"]),
        ("compiler/src/junit.rs", &["crate::"], &[]),
        (
            "compiler/src",
            &["k8s_openapi"],
            &["compiler/src/target/kubernetes.rs", "compiler/src/target/kubernetes/objects.rs"],
        ),
        (
            "compiler/src",
            &["weir_cluster::enforce"],
            // What holds objects against programs, and nothing that makes them.
            &["compiler/src/verify.rs", "compiler/src/view.rs", "compiler/src/policies.rs"],
        ),
        ("compiler/src/cli", &["crate::resolve", "crate::relation", "weir_grammar"], &[]),
        ("compiler/src", &["tower_lsp", "ls_types"], &[]),
        ("compiler/src/ide", &["std::fs", "std::io", "crate::cli"], &[]),
        ("lsp/src", &["clap", "codespan", "weir_grammar", "serde_yaml"], &[]),
        ("files/src", &["weir::", "weir_grammar", "weir_cluster"], &[]),
        ("compiler/src/target", &["diagnostic::render", "crate::emit"], &[]),
        ("compiler/src/resolve", &["crate::target", "crate::relation", "crate::check", "crate::emit"], &[]),
    ];
    let mut found = Vec::new();
    for (folder, words, excepted) in rules {
        for (name, text) in sources(&[folder]) {
            if is_test(&name) || excepted.contains(&name.as_str()) {
                continue;
            }
            let named = words.iter().filter(|word| mentions(&text, word));
            found.extend(named.map(|word| format!("{name} names `{word}`")));
        }
    }
    none(found);
}

#[test]
fn crates_stand_where_they_belong() {
    let rules: &[(&str, &[&str])] = &[
        ("grammar", &["weir-cluster", "weir.workspace"]),
        ("cluster", &["weir-grammar", "weir.workspace"]),
        ("compiler", &["weir-tests"]),
    ];
    let mut found = Vec::new();
    for (folder, forbidden) in rules {
        let manifest = harness::read(harness::root().join(folder).join("Cargo.toml"));
        let named = forbidden.iter().filter(|word| manifest.contains(*word));
        found.extend(named.map(|word| format!("{folder}/Cargo.toml names `{word}`")));
    }
    none(found);
}

/// Policies are judged by who knows no more than their bytes.
#[test]
fn validity_shares_nothing() {
    let files = sources(&["tests/src/validity"]).into_iter().filter(|(_, text)| {
        ["weir::", "weir_cluster", "weir_grammar", "k8s_openapi"].iter().any(|word| mentions(text, word))
    });
    none(files.map(|(name, _)| format!("{name} names a crate of Weir's")).collect());
}

/// The libraries are handed texts: what reads and writes is the binary.
#[test]
fn libraries_do_no_io() {
    const IO: &[&str] =
        &["std::fs", "std::env", "std::net::Tcp", "std::process", "Instant::now", "SystemTime"];
    let mut found = Vec::new();
    for (name, text) in sources(&["grammar/src", "cluster/src", "compiler/src"]) {
        if name.starts_with("compiler/src/cli") || name == "compiler/src/main.rs" || is_test(&name) {
            continue;
        }
        found.extend(
            IO.iter().filter(|word| mentions(&text, word)).map(|word| format!("{name} names `{word}`")),
        );
    }
    none(found);
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = harness::read(harness::root().join("Cargo.toml"));
    let table = manifest.split("[workspace.dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let mut found = Vec::new();
    let mut explained = false;
    for line in table.lines() {
        match line {
            line if line.starts_with('#') => explained = true,
            "" => explained = false,
            line if line.starts_with("weir") => {}
            line if !explained => found.push(format!("no reason for `{line}`")),
            _ => {}
        }
    }
    none(found);
}

/// Every code is raised somewhere, and expected by a case or a page.
#[test]
fn every_code_is_used() {
    let compiler: String = sources(&["compiler/src"])
        .into_iter()
        .filter(|(name, _)| !name.ends_with("codes.rs"))
        .map(|(_, text)| text)
        .collect();
    let unused = Code::ALL.iter().filter(|code| !compiler.contains(&format!("Code::{}", code.name())));
    none(unused.map(|code| format!("`{}` is never raised", code.name())).collect());
}

#[test]
fn no_snapshot_waits_for_review_or_belongs_to_nothing() {
    let mut found = Vec::new();
    let mut waiting = vec![harness::cases()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(harness::entries(path));
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".snap.new") {
            found.push(format!("{} waits for review", path.display()));
        }
        let folder = path.parent().unwrap();
        let of_files = folder.ends_with("errors") || folder.ends_with("format");
        let orphan = match name.strip_suffix(".snap") {
            Some(case) if of_files => {
                !["weir", "toml"].iter().any(|kind| folder.join(format!("{case}.{kind}")).exists())
            }
            Some(_) => {
                !harness::entries(folder).iter().any(|file| file.extension().is_some_and(|e| e == "weir"))
            }
            None => false,
        };
        if orphan {
            found.push(format!("{} belongs to no case", path.display()));
        }
    }
    none(found);
}

/// `ARCHITECTURE.md` names every module at the top of a crate.
#[test]
fn the_plan_is_true() {
    let plan = harness::read(harness::root().join("ARCHITECTURE.md"));
    let mut found = Vec::new();
    for crate_folder in ["grammar/src", "cluster/src", "compiler/src", "lsp/src"] {
        let mut modules = BTreeSet::new();
        for path in harness::entries(harness::root().join(crate_folder)) {
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            if !matches!(stem.as_str(), "lib" | "main") {
                modules.insert(stem);
            }
        }
        let missing = modules.iter().filter(|module| !plan.contains(&format!("`{module}`")));
        found.extend(
            missing.map(|module| format!("ARCHITECTURE.md does not name `{module}` of {crate_folder}")),
        );
    }
    none(found);
    assert!(Path::new(&harness::root().join("LICENSE")).exists());
}
