//! The README and the pages of `docs/` are run: their programs are built, their commands and outputs are true.

use std::collections::BTreeSet;
use std::path::PathBuf;

use weir::{Code, Target};

use crate::harness::{self, Built, Texts};

fn pages() -> Vec<PathBuf> {
    let docs = harness::entries(harness::root().join("docs"));
    let mut pages: Vec<PathBuf> =
        docs.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect();
    pages.push(harness::root().join("README.md"));
    pages
}

fn shop() -> Texts {
    harness::texts(&harness::entries(harness::root().join("examples/online-shop/manifests")))
}

/// A `weir` block is a program against the online shop, or against the `yaml inventory` block that precedes it; it has
/// no errors, and its tests hold. Blocks such as `weir nets.weir` before it are files of the same program. `weir cilium`
/// is checked for that target; `weir E0504` has errors of that code alone. A `yaml output` block behind it is part of
/// what it builds, a `text output` block of what is said of it, its tests included.
#[test]
fn blocks_run() {
    let mut wrong = Vec::new();
    let mut programs = 0;
    for path in pages() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut inventory = shop();
        let mut files: Texts = Vec::new();
        let mut output = (String::new(), String::new());
        for block in harness::blocks(&harness::read(&path)) {
            let (language, rest) = block.language.split_once(' ').unwrap_or((&block.language, ""));
            match (language, rest) {
                ("yaml", "inventory") => inventory = vec![("page.yaml".to_owned(), block.text)],
                ("weir", file) if file.ends_with(".weir") => files.push((file.to_owned(), block.text)),
                ("weir", rest) => {
                    programs += 1;
                    let target = Target::parse(rest);
                    let errors = Code::parse(rest);
                    assert!(target.is_some() || errors.is_some() || rest.is_empty(), "{name}: `{rest}`");
                    files.push(("shop.weir".to_owned(), block.text.clone()));
                    let built = run(&std::mem::take(&mut files), &inventory, target);
                    let found: BTreeSet<Code> = (built.diagnostics.iter())
                        .filter(|diagnostic| diagnostic.is_error())
                        .chain(&built.failures)
                        .map(|diagnostic| diagnostic.code)
                        .collect();
                    if found != errors.into_iter().collect() {
                        wrong.push(format!("{name}:\n{}\n{found:?}\n{}", block.text, built.rendered()));
                    }
                    if built.yaml.is_some() {
                        harness::judge(&built, &built.inventory).assert_equal(&name, &built);
                    }
                    let failed = weir::diagnostic::render::render(&built.sources, &built.failures, false);
                    output = (built.yaml.clone().unwrap_or_default(), built.rendered() + &failed);
                }
                ("yaml", "output") if !output.0.contains(&block.text) => {
                    wrong.push(format!("{name}: not in what is built:\n{}\n{}", block.text, output.0));
                }
                ("text", "output") if !output.1.contains(&block.text) => {
                    wrong.push(format!("{name}: not in what is said:\n{}\n{}", block.text, output.1));
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
    harness::build_in(program, inventory, target.unwrap_or(Target::NetworkPolicy), project.as_ref())
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
