//! Every text in Weir that the repository has: files, blocks of its pages, and the cases of `test/corpus`.

use std::path::{Path, PathBuf};

pub struct Text {
    /// Where it stands, for messages.
    pub name: String,
    pub text: String,
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

pub fn all() -> Vec<Text> {
    let mut texts = Vec::new();
    for path in files(&["tests/cases", "examples", "stdlib", "editors"], "weir") {
        texts.push(Text { name: name(&path), text: read(&path) });
    }
    for path in files(&["docs", "README.md"], "md") {
        for (number, text) in blocks(&read(&path)).into_iter().enumerate() {
            texts.push(Text { name: format!("{}, block {}", name(&path), number + 1), text });
        }
    }
    for path in files(&["editors/tree-sitter-weir/test/corpus"], "txt") {
        for (title, text) in cases(&read(&path)) {
            texts.push(Text { name: format!("{}, {title}", name(&path)), text });
        }
    }
    texts
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(places: &[&str], extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting: Vec<PathBuf> = places.iter().map(|place| root().join(place)).collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The blocks that are marked as Weir, whatever stands behind that word.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some((language.split(' ').next() == Some("weir"), String::new()));
            }
            (None, None) => {}
            (Some(_), Some(_)) => {
                let (is_weir, text) = open.take().unwrap();
                blocks.extend(is_weir.then_some(text));
            }
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    blocks
}

/// The cases of a file that `tree-sitter test` reads, without their trees: titles stand between lines of `=`.
fn cases(file: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = file.split(&format!("{}\n", "=".repeat(80))).skip(1).collect();
    let case = |pair: &[&str]| {
        let text = pair[1].split(&"-".repeat(80)).next().unwrap();
        (pair[0].lines().next().unwrap().to_owned(), text.to_owned())
    };
    parts.chunks_exact(2).map(case).collect()
}
