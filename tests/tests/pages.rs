//! Every code has a page, and the page's example yields exactly that code; what the page offers instead yields no
//! error and not that code. Examples are programs against `examples/online-shop`, or against the page's own YAML; a
//! `toml` block in place of a program is the `weir.toml` of a project.

use std::fs;
use std::path::{Path, PathBuf};

use weir::{Code, Facts, Inventory, Sources, Target};
use weir_cluster::manifest::Reader;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Codes whose cause is no text: the command's tests have them.
const WITHOUT_EXAMPLE: &[Code] = &[Code::E0701, Code::E0702];

/// The fenced blocks of a page: language, heading above it, text.
fn blocks(page: &str) -> Vec<(String, String, String)> {
    let mut blocks = Vec::new();
    let (mut heading, mut open): (String, Option<(String, String)>) = (String::new(), None);
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.trim().to_owned(), String::new())),
            (Some(_), Some(_)) => {
                let (language, text) = open.take().unwrap();
                blocks.push((language, heading.clone(), text));
            }
            (Some((_, text)), None) => *text += &format!("{line}\n"),
            (None, None) => {
                if let Some(title) = line.strip_prefix("## ") {
                    heading = title.to_owned();
                }
            }
        }
    }
    blocks
}

fn shop() -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("examples/online-shop/manifests"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn inventory(files: &[(String, String)]) -> Result<Inventory, Vec<Code>> {
    let mut reader = Reader::new("default");
    for (name, text) in files {
        reader.read(name, text.as_bytes()).map_err(|errors| vec![Code::E0801; errors.len()])?;
    }
    reader.finish().map_err(|errors| vec![Code::E0801; errors.len()])
}

fn codes(program: &str, manifests: &[(String, String)]) -> Vec<Code> {
    let inventory = match inventory(manifests) {
        Ok(inventory) => inventory,
        Err(codes) => return codes,
    };
    let mut sources = Sources::with_prelude();
    sources.add("page.weir", "page.weir", program);
    let analysis = weir::analyze(
        &sources,
        &weir::Setting::new(&Facts::of(&inventory), Target::NetworkPolicy, weir_tests::TODAY),
    );
    analysis.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

fn codes_of_settings(text: &str) -> Vec<Code> {
    let mut sources = Sources::new();
    let file = sources.add_settings("weir.toml", "weir.toml", text);
    weir::project::parse(file, text).diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn examples_yield_their_code() {
    let shop = shop();
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let page = code.page();
        if !page.starts_with(&format!("# {}: {}\n", code.name(), code.title())) {
            wrong.push(format!(
                "{}: the page does not begin with `# {}: {}`",
                code.name(),
                code.name(),
                code.title()
            ));
        }
        if WITHOUT_EXAMPLE.contains(code) {
            continue;
        }
        let blocks = blocks(page);
        let under = |title: &str, language: &str| {
            blocks.iter().find(|(l, h, _)| l == language && h == title).map(|(_, _, text)| text.clone())
        };
        let manifests = |title: &str| match under(title, "yaml") {
            Some(yaml) => vec![("page.yaml".to_owned(), yaml)],
            None => shop.clone(),
        };
        let yielded = |title: &str, manifests: &[(String, String)]| {
            let program = under(title, "weir").map(|program| codes(&program, manifests));
            program.or_else(|| under(title, "toml").map(|text| codes_of_settings(&text)))
        };
        let Some(mut found) = yielded("Example", &manifests("Example")) else {
            wrong.push(format!("{}: the page has no `weir` block under `## Example`", code.name()));
            continue;
        };
        found.dedup();
        if found != [*code] {
            wrong.push(format!("{}: the example yields {found:?}", code.name()));
        }
        // An inventory of its own serves both blocks, unless the second has one.
        let own = if under("Instead", "yaml").is_some() || code.name() == "E0801" {
            manifests("Instead")
        } else {
            manifests("Example")
        };
        match yielded("Instead", &own) {
            None => wrong.push(format!("{}: the page has no `weir` block under `## Instead`", code.name())),
            Some(found) => {
                if found.iter().any(|found| found == code || found.name().starts_with('E')) {
                    wrong.push(format!("{}: what stands under `Instead` yields {found:?}", code.name()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_has_a_code() {
    for entry in fs::read_dir(root().join("docs/errors")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let code = name.strip_suffix(".md").expect("pages are Markdown");
        assert!(
            name == "README.md" || Code::parse(code).is_some(),
            "`docs/errors/{name}` is the page of no code"
        );
    }
}
