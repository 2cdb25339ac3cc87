//! The README and the pages of `docs/` are run: their programs are built, their commands and outputs are true.

use std::collections::BTreeSet;
use std::path::PathBuf;

use weir::{Code, Target};

use crate::harness::{self, Built, Texts};

/// The README and every page below `docs/`, but for those of the codes, which `pages` runs.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![harness::root().join("README.md")];
    let mut waiting = vec![harness::root().join("docs")];
    while let Some(path) = waiting.pop() {
        if path.is_dir() && !path.ends_with("errors") {
            waiting.extend(harness::entries(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    pages
}

fn shop() -> Texts {
    harness::texts(&harness::entries(harness::root().join("examples/online-shop/manifests")))
}

/// A `weir` block is a program against the online shop, or against the `yaml inventory` block that precedes it; it has
/// no errors, and its tests hold. `weir more` goes on with the program before it. Blocks such as `weir nets.weir` before
/// it are files of the same program. `weir cilium` is checked for that target; `weir E0504` has errors of that code alone,
/// `weir wrong` has any error or a test that fails; nothing goes on with these. A `yaml output` block behind a program is
/// part of what it builds, a `text output` block of what is said of it, its tests included.
#[test]
fn blocks_run() {
    let mut wrong = Vec::new();
    let mut programs = 0;
    for path in pages() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut inventory = shop();
        let mut files: Texts = Vec::new();
        let mut program = String::new();
        let (mut output, mut said) = (String::new(), String::new());
        for block in harness::blocks(&harness::read(&path)) {
            let (language, rest) = block.language.split_once(' ').unwrap_or((&block.language, ""));
            match (language, rest) {
                ("yaml", "inventory") => inventory = vec![("page.yaml".to_owned(), block.text)],
                ("weir", file) if file.ends_with(".weir") => files.push((file.to_owned(), block.text)),
                ("weir", rest) => {
                    programs += 1;
                    let words: Vec<&str> = rest.split_whitespace().collect();
                    let target = words.iter().find_map(|word| Target::parse(word));
                    let errors = words.iter().find_map(|word| Code::parse(word));
                    let known = |word: &&str| {
                        ["more", "wrong"].contains(word)
                            || Target::parse(word).is_some()
                            || Code::parse(word).is_some()
                    };
                    assert!(words.iter().all(known), "{name}: `{rest}`");
                    let whole = match words.contains(&"more") {
                        true => format!("{program}\n{}", block.text),
                        false => block.text.clone(),
                    };
                    files.push(("shop.weir".to_owned(), whole.clone()));
                    let built = run(&std::mem::take(&mut files), &inventory, target);
                    let failures = built.failures();
                    let found: BTreeSet<Code> = (built.diagnostics.iter())
                        .filter(|diagnostic| diagnostic.is_error())
                        .chain(&failures)
                        .map(|diagnostic| diagnostic.code)
                        .collect();
                    said = built.said();
                    let as_told = match words.contains(&"wrong") {
                        true => !found.is_empty(),
                        false => found == errors.into_iter().collect(),
                    };
                    if !as_told {
                        wrong.push(format!("{name}: `{rest}`:\n{whole}\n{found:?}\n{said}"));
                    }
                    if built.yaml.is_some() {
                        // Of other formats nobody says yet what they let flow.
                        if target.is_none_or(|target| target == Target::NetworkPolicy) {
                            harness::judge(&built, &built.inventory).assert_equal(&name, &built);
                        }
                    }
                    if found.is_empty() {
                        program = whole;
                    }
                    output = built.yaml.unwrap_or_default();
                }
                ("yaml", "output") if !output.contains(&block.text) => {
                    wrong.push(format!("{name}: not in what is built:\n{}\n{output}", block.text));
                }
                ("text", "output" | "said") if !said.contains(&block.text) => {
                    wrong.push(format!("{name}: not in what is said:\n{}\n{said}", block.text));
                }
                _ => {}
            }
        }
        assert!(files.is_empty(), "{name}: files without a program behind them");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(programs > 5, "programs are found: {programs}");
}

fn run(program: &Texts, inventory: &Texts, target: Option<Target>) -> Built {
    let project = harness::named_clusters(program);
    harness::build_in(
        program,
        inventory,
        target.unwrap_or(Target::NetworkPolicy),
        project.as_ref().map(|project| (project, &project.clusters[0])),
    )
}

/// The commands that the README promises are those that the pipeline runs.
#[test]
fn the_readme_and_the_pipeline_run_the_same_tests() {
    let readme = harness::read(harness::root().join("README.md"));
    let pipeline = harness::read(harness::root().join(".ci/run"));
    for command in ["cargo test --workspace", "cargo run --release -- build examples/online-shop"] {
        assert!(readme.contains(command), "README.md: `{command}`");
        assert!(pipeline.contains(command), ".ci/run: `{command}`");
    }
}

/// Links between pages lead somewhere.
#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    for path in pages() {
        let text = harness::read(&path);
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap_or_default();
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            if !path.parent().unwrap().join(target).exists() {
                wrong.push(format!("{}: `{target}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
