//! Every example is built, judged, and held against the output that stands beside it: a program and its manifests, or
//! a project with several clusters.

use std::fs;
use std::path::Path;

use crate::harness::{self, Built, Texts};

fn judged(built: &Built) -> &str {
    assert!(built.diagnostics.is_empty(), "{}", built.rendered());
    harness::judge(built, &built.inventory).assert_equal("example", built);
    built.yaml()
}

/// What the command writes of a project to standard output.
fn of_project(folder: &Path, program: &Texts) -> String {
    let (_, parsed) = harness::settings("weir.toml", &harness::read(folder.join("weir.toml")));
    assert_eq!(parsed.diagnostics, []);
    let clusters = parsed.project.clusters.iter().map(|cluster| {
        let manifests: Vec<_> = cluster.inventory.iter().map(|path| folder.join(path)).collect();
        let built = harness::build_in(program, &harness::texts(&manifests), Some((&parsed.project, cluster)));
        format!("# cluster: {}\n{}", cluster.name, judged(&built))
    });
    clusters.collect::<Vec<_>>().join("---\n")
}

#[test]
fn examples() {
    for folder in harness::entries(harness::root().join("examples")) {
        let files = harness::entries(&folder);
        let programs: Vec<_> =
            files.into_iter().filter(|path| path.extension().is_some_and(|e| e == "weir")).collect();
        let program: Texts = harness::texts(&programs);
        let output = if folder.join("weir.toml").exists() {
            of_project(&folder, &program)
        } else {
            let manifests = harness::texts(&harness::entries(folder.join("manifests")));
            judged(&harness::build(&program, &manifests)).to_owned()
        };
        let expected = folder.join("expected.yaml");
        if std::env::var_os("WEIR_BLESS").is_some() {
            fs::write(&expected, &output).unwrap();
        }
        assert!(
            harness::read(&expected) == output,
            "{} is not what is built; with WEIR_BLESS=1 it is written anew",
            expected.display()
        );
    }
}
