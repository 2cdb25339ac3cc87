//! Every example is built, judged, and held against what stands beside it: the output (`expected.yaml`) and, where
//! Weir has something to say, the messages (`said.txt`). It is a program and its manifests, or a project with several
//! clusters. Its own tests hold.

use std::fs;
use std::path::Path;

use weir::Target;

use crate::harness::{self, Built, Texts};

fn judged<'b>(name: &str, built: &'b Built) -> &'b str {
    harness::judge(built, &built.inventory).assert_equal(name, built);
    built.assert_tests_pass(name);
    built.yaml()
}

/// What the command writes of a project to standard output, and what is said of its clusters.
fn of_project(name: &str, folder: &Path, program: &Texts) -> (String, String) {
    let (_, parsed) = harness::settings("weir.toml", &harness::read(folder.join("weir.toml")));
    assert_eq!(parsed.diagnostics, []);
    let mut said = String::new();
    let clusters = parsed.project.clusters.iter().map(|cluster| {
        let manifests: Vec<_> = cluster.inventory.iter().map(|path| folder.join(path)).collect();
        let setting = Some((&parsed.project, cluster));
        let built = harness::build_in(program, &harness::texts(&manifests), Target::NetworkPolicy, setting);
        said += &built.rendered();
        format!("# cluster: {}\n{}", cluster.name, judged(name, &built))
    });
    let output = clusters.collect::<Vec<_>>().join("---\n");
    (output, said)
}

#[test]
fn examples() {
    for folder in harness::entries(harness::root().join("examples")) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let program = harness::programs(&folder);
        let (output, messages) = if folder.join("weir.toml").exists() {
            of_project(&name, &folder, &program)
        } else {
            let manifests = harness::texts(&harness::entries(folder.join("manifests")));
            let built = harness::build(&program, &manifests);
            (judged(&name, &built).to_owned(), built.rendered())
        };
        assert_is(&folder.join("expected.yaml"), &output);
        let said = folder.join("said.txt");
        if !messages.is_empty() || said.exists() {
            assert_is(&said, &messages);
        }
    }
}

fn assert_is(path: &Path, text: &str) {
    if std::env::var_os("WEIR_BLESS").is_some() {
        fs::write(path, text).unwrap();
    }
    let is = path.exists() && harness::read(path) == text;
    assert!(is, "{} is another; with WEIR_BLESS=1 it is written anew\n{text}", path.display());
}
