//! The README and the pages of `docs/` are run: their programs are built, their commands and outputs are true.

use std::path::PathBuf;

use crate::harness::{self, Texts};

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

/// The fenced blocks of a page: language and text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.trim().to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, text)), None) => *text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    blocks
}

fn shop() -> Texts {
    harness::texts(&harness::entries(harness::root().join("examples/online-shop/manifests")))
}

/// A `weir` block is a program against the online shop, or against the `yaml` block that precedes it and is marked
/// `yaml inventory`; it has no errors, and its tests hold. `weir more` goes on with the program before it. `weir wrong`
/// and `weir more wrong` have errors, or a test that fails, and nothing goes on with them. Behind a program, a `yaml output` block is part
/// of what it builds, and a `text said` block part of what is said of it.
#[test]
fn blocks_run() {
    let mut wrong = Vec::new();
    let mut programs = 0;
    for path in pages() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut inventory = shop();
        let mut program = String::new();
        let (mut output, mut said) = (None, String::new());
        for (language, text) in blocks(&harness::read(&path)) {
            match language.as_str() {
                "yaml inventory" => inventory = vec![("page.yaml".to_owned(), text)],
                "weir" | "weir more" | "weir wrong" | "weir more wrong" => {
                    programs += 1;
                    let goes_on = language.contains("more");
                    let whole = if goes_on { format!("{program}\n{text}") } else { text };
                    let built = harness::build(&vec![("shop.weir".to_owned(), whole.clone())], &inventory);
                    let failures = built.failures();
                    let is_wrong = built.yaml.is_none() || !failures.is_empty();
                    said = built.rendered() + &failures;
                    if is_wrong != language.ends_with("wrong") {
                        wrong.push(format!("{name}: `{language}`:\n{whole}\n{said}"));
                    } else if !is_wrong {
                        harness::judge(&built, &built.inventory).assert_equal(&name, &built);
                        program = whole;
                    }
                    output = built.yaml;
                }
                "text said" if !said.contains(text.as_str()) => {
                    wrong.push(format!("{name}: not what is said:\n{text}\n{said}"));
                }
                "yaml output" if !output.as_deref().is_some_and(|output| output.contains(text.as_str())) => {
                    let output = output.clone().unwrap_or_default();
                    wrong.push(format!("{name}: not in what is built:\n{text}\n{output}"));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(programs > 5, "programs are found: {programs}");
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
