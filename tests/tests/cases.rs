//! Cases as folders: a program, an inventory (or the town's), and beside them what was emitted, what it lets flow and
//! what was said. Each judges its own output: the flows enforced are the flows meant, also on pods and namespaces that
//! come after the build (`later.yaml`), the program's own tests hold, and no shuffling changes a byte.
//!
//! A case whose program says `# target: calico`, or `# target: calico namespaced`, is built for these targets alone. What
//! is emitted is held against the formats' schemas and rules.

use std::path::{Path, PathBuf};

use weir::Target;
use weir::target::{CalicoKind, Options};
use weir_tests::validity::{self, Schemas};

use crate::harness::{self, Built, Texts};
use crate::table;

fn folders() -> Vec<PathBuf> {
    let areas = harness::entries(harness::cases()).into_iter().filter(|path| path.is_dir());
    let own = |path: &PathBuf| ["errors", "format", "others"].iter().any(|area| path.ends_with(area));
    let cases = areas.filter(|path| !own(path)).flat_map(harness::entries);
    cases.filter(|path| path.is_dir()).collect()
}

fn with_extension(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let fits = |path: &PathBuf| path.extension().is_some_and(|found| found == extension);
    harness::entries(folder).into_iter().filter(fits).collect()
}

fn manifests(folder: &Path) -> Texts {
    let own: Vec<PathBuf> =
        with_extension(folder, "yaml").into_iter().filter(|path| !path.ends_with("later.yaml")).collect();
    if own.is_empty() {
        harness::texts(&[harness::cases().join("inventory.yaml")])
    } else {
        harness::texts(&own)
    }
}

fn snapshot(folder: &Path, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Every module of the library has cases of its own, with tests in them.
#[test]
fn the_library_is_tested() {
    for module in weir::Sources::library_modules() {
        let area = harness::cases().join(module.replace('.', "-"));
        let tested = |folder: &PathBuf| harness::read(folder.join("program.weir")).contains("\ntest \"");
        assert!(area.is_dir() && harness::entries(&area).iter().all(tested), "{module} has cases with tests");
    }
}

#[test]
fn cases() {
    let folders = folders();
    assert!(folders.len() > 30, "cases are found");
    for folder in folders {
        let name = folder.strip_prefix(harness::cases()).unwrap().display().to_string();
        let program = harness::texts(&with_extension(&folder, "weir"));
        let manifests = manifests(&folder);
        let asked = targets(&program);
        for (file, target, options) in &asked {
            check_target(&name, &folder, file, &program, &manifests, (*target, *options));
        }
        if !asked.is_empty() {
            continue;
        }
        let built = harness::build(&program, &manifests);
        assert!(built.yaml.is_some(), "{name}:\n{}", built.rendered());
        snapshot(&folder, "k8s.yaml", built.yaml());
        if !built.diagnostics.is_empty() {
            snapshot(&folder, "said.txt", &built.rendered());
        }
        let judgement = harness::judge(&built, &built.inventory);
        judgement.assert_equal(&name, &built);
        built.assert_tests_pass(&name);
        assert!(judgement.undefined.is_empty(), "{name}: leaves flows to the network plugin's reading");
        let table = table::table(&built.inventory, &built.relation, &judgement.space, &judgement.permitted);
        snapshot(&folder, "flows.txt", &table);
        check_later(&name, &folder, &built, &manifests);
        let again = |program: &Texts, manifests: &Texts| harness::build(program, manifests);
        check_shuffled(&name, &built, &program, &manifests, again);
    }
}

/// The targets that a program names, each with what its files are called by.
fn targets(program: &Texts) -> Vec<(String, Target, Options)> {
    let lines = program.iter().flat_map(|(_, text)| text.lines());
    let target = |words: &str| {
        let mut words = words.split_whitespace();
        let target = words.next().and_then(Target::parse).expect("`# target:` and a target");
        let mut options = Options::default();
        if let Some(kind) = words.next() {
            options.calico = CalicoKind::parse(kind).expect("a kind of Calico's");
        }
        let file = match options.calico {
            CalicoKind::Global => target.name().to_owned(),
            CalicoKind::Namespaced => format!("{}-namespaced", target.name()),
        };
        (file, target, options)
    };
    lines.filter_map(|line| line.strip_prefix("# target: ")).map(target).collect()
}

fn check_target(
    name: &str,
    folder: &Path,
    file: &str,
    program: &Texts,
    manifests: &Texts,
    (target, options): (Target, Options),
) {
    let build =
        |program: &Texts, manifests: &Texts| harness::build_as(program, manifests, target, options, None);
    let built = build(program, manifests);
    assert!(built.yaml.is_some(), "{name}:\n{}", built.rendered());
    snapshot(folder, &format!("{file}.yaml"), built.yaml());
    if !built.diagnostics.is_empty() {
        snapshot(folder, &format!("{file}.said.txt"), &built.rendered());
    }
    let wrong = validity::check(built.yaml(), Schemas::of_environment());
    let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    assert!(wrong.is_empty(), "{name}, {file}:\n{}", wrong.join("\n"));
    built.assert_tests_pass(name);
    check_shuffled(name, &built, program, manifests, build);
}

fn check_later(name: &str, folder: &Path, built: &Built, manifests: &Texts) {
    let path = folder.join("later.yaml");
    if !path.exists() {
        return;
    }
    let mut later = manifests.clone();
    later.push(("later.yaml".to_owned(), harness::read(&path)));
    let later = harness::inventory(&later).unwrap();
    let judgement = harness::judge(built, &later);
    judgement.assert_equal(&format!("{name}, later"), built);
    let table = table::table(&later, &built.relation, &judgement.space, &judgement.permitted);
    snapshot(folder, "flows-later.txt", &table);
}

/// Statements and documents in reverse order make the same bytes.
fn check_shuffled(
    name: &str,
    built: &Built,
    program: &Texts,
    manifests: &Texts,
    build: impl Fn(&Texts, &Texts) -> Built,
) {
    let reversed_program: Texts = program
        .iter()
        .map(|(file, text)| {
            let parse = weir_grammar::parse(text);
            let spans = parse.file.statements.iter().map(weir_grammar::ast::Statement::span).rev();
            let text = spans.map(|span| text[span.range()].to_owned() + "\n# shuffled\n").collect();
            (file.clone(), text)
        })
        .collect();
    let reversed_manifests: Texts = manifests
        .iter()
        .rev()
        .map(|(file, text)| {
            let mut documents: Vec<&str> = text.split("\n---\n").collect();
            documents.reverse();
            (file.clone(), documents.join("\n---\n"))
        })
        .collect();
    let again = build(&reversed_program, &reversed_manifests);
    assert_eq!(again.yaml(), built.yaml(), "{name}: shuffling changes the output");
}
