//! Every code has a page, and the page's example yields exactly that code; what the page offers instead yields no
//! error and not that code. Examples are programs against `examples/online-shop`, or against the page's own YAML; a
//! `toml` block is the `weir.toml` of the project, by itself or beside a program.
//!
//! The `weir` blocks below one heading are one program: ```` ```weir nets.weir ```` is a file of that name, and
//! ```` ```weir cilium ```` is checked for that target. Where clusters are named there are `prod-eu` and `staging`.
//! Tests of the program are run, and objects in a ```` ```yaml policies ```` block are held against it.

use std::path::PathBuf;

use weir::{Code, Sources, Target};

use crate::harness::{self, Texts};

/// Codes whose cause is no text: the command's tests have them.
const WITHOUT_EXAMPLE: &[Code] =
    &[Code::E0511, Code::E0701, Code::E0702, Code::E0704, Code::E0705, Code::E0802];

/// What else an example has to yield: a partition is bound to today on every target that selects by label, and what a range
/// leaves open is what its lint says.
const BESIDE: &[(Code, Code)] = &[(Code::W0116, Code::W0111), (Code::E0604, Code::W0112)];

fn pages() -> PathBuf {
    harness::root().join("docs/errors")
}

/// The blocks below a heading: the program, and the manifests if it brings its own.
#[derive(Default)]
struct Example {
    program: Texts,
    manifests: Option<Texts>,
    target: Option<Target>,
    /// The `weir.toml` of the project.
    settings: Option<String>,
    /// Objects that are held against the program, in place of those that it makes.
    policies: Option<String>,
}

impl Example {
    fn is_empty(&self) -> bool {
        self.program.is_empty() && self.settings.is_none()
    }
}

fn example(page: &str, title: &str) -> Example {
    let mut example = Example::default();
    for block in harness::blocks(page).into_iter().filter(|block| block.heading == title) {
        let (language, rest) = block.language.split_once(' ').unwrap_or((&block.language, ""));
        match language {
            "weir" => {
                example.target = example.target.or(Target::parse(rest));
                let name = if rest.ends_with(".weir") { rest } else { "page.weir" };
                example.program.push((name.to_owned(), block.text));
            }
            "toml" => example.settings = Some(block.text),
            "yaml" if rest == "policies" => example.policies = Some(block.text),
            "yaml" => example.manifests = Some(vec![("page.yaml".to_owned(), block.text)]),
            _ => {}
        }
    }
    example
}

fn shop() -> Texts {
    harness::texts(&harness::entries(harness::root().join("examples/online-shop/manifests")))
}

fn codes(example: &Example, manifests: &Texts) -> Vec<Code> {
    if let (Some(text), true) = (&example.settings, example.program.is_empty()) {
        return codes_of_settings(text);
    }
    if harness::inventory(manifests).is_err() {
        return vec![Code::E0801];
    }
    let built = match &example.settings {
        Some(settings) => harness::build_project(settings, &example.program, manifests, example.target),
        None => {
            let project = harness::named_clusters(&example.program);
            let target = example.target.unwrap_or(Target::NetworkPolicy);
            let cluster = project.as_ref().map(|project| (project, &project.clusters[0]));
            harness::build_in(&example.program, manifests, target, cluster)
        }
    };
    let mut codes = built.codes();
    codes.extend(built.failures().iter().map(|failure| failure.code));
    if let Some(policies) = &example.policies {
        codes.extend(built.verify(policies).diagnostics.iter().map(|found| found.code));
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn codes_of_settings(text: &str) -> Vec<Code> {
    let mut sources = Sources::new();
    let file = sources.add_settings("weir.toml", "weir.toml", text);
    let mut codes: Vec<Code> =
        weir::project::parse(file, text).diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    codes.dedup();
    codes
}

#[test]
fn examples_yield_their_code() {
    let shop = shop();
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let name = code.name();
        let page = harness::read(pages().join(format!("{name}.md")));
        let title = format!("# {name}: {}\n", code.title());
        if !page.starts_with(&title) {
            wrong.push(format!("{name}: the page does not begin with `{}`", title.trim_end()));
        }
        if WITHOUT_EXAMPLE.contains(code) {
            continue;
        }
        let (bad, good) = (example(&page, "Example"), example(&page, "Instead"));
        if bad.is_empty() || good.is_empty() {
            wrong.push(format!("{name}: no `weir` block under `## Example`, or none under `## Instead`"));
            continue;
        }
        let manifests = bad.manifests.as_ref().unwrap_or(&shop);
        let mut found = codes(&bad, manifests);
        found.retain(|found| !BESIDE.contains(&(*code, *found)));
        if found != [*code] {
            wrong.push(format!("{name}: the example yields {found:?}"));
        }
        // An inventory of its own serves both blocks, unless the second has one.
        let shared = if *code == Code::E0801 { &shop } else { manifests };
        let found = codes(&good, good.manifests.as_ref().unwrap_or(shared));
        if found.iter().any(|found| found == code || found.name().starts_with('E')) {
            wrong.push(format!("{name}: what stands under `Instead` yields {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_has_a_code() {
    for path in harness::entries(pages()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let code = name.strip_suffix(".md").expect("pages are Markdown");
        assert!(
            name == "README.md" || Code::parse(code).is_some(),
            "`docs/errors/{name}` is the page of no code"
        );
    }
}

#[test]
fn the_index_lists_every_code() {
    let index = harness::read(pages().join("README.md"));
    let line = |code: &Code| format!("- [{0}]({0}.md): {1}\n", code.name(), code.title());
    let missing: Vec<String> = Code::ALL.iter().map(line).filter(|line| !index.contains(line)).collect();
    assert!(missing.is_empty(), "docs/errors/README.md lacks\n{}", missing.concat());
}
