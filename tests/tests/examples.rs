//! Every example is built for every target, judged, and held against what stands beside it: the output (`expected.yaml`
//! for NetworkPolicy, `expected.TARGET.yaml` for the others) and, where Weir has something to say, the messages
//! (`said.txt`); where a target cannot say it, `said.TARGET.txt` tells why. An example is a program and its manifests,
//! or a project with several clusters. Its own tests hold.

use std::fs;
use std::path::Path;

use weir::Target;

use crate::harness::{self, Built, Texts};

/// What is written, if the target can say it.
fn judged(name: &str, built: &Built, target: Target) -> Option<String> {
    let yaml = built.yaml.clone();
    if target == Target::NetworkPolicy {
        harness::judge(built, &built.inventory).assert_equal(name, built);
    }
    if yaml.is_some() {
        built.assert_tests_pass(name);
    }
    let errors = built.codes().into_iter().filter(|code| code.name().starts_with('E'));
    let refused: Vec<_> = errors.filter(|code| !code.name().starts_with("E04")).collect();
    assert!(refused.is_empty(), "{name}, {}: {refused:?}\n{}", target.name(), built.rendered());
    yaml
}

/// What the command writes of a project to standard output, and what is said of its clusters.
fn of_project(name: &str, folder: &Path, program: &Texts, target: Target) -> (Option<String>, String) {
    let (_, parsed) = harness::settings("weir.toml", &harness::read(folder.join("weir.toml")));
    assert_eq!(parsed.diagnostics, []);
    let mut said = String::new();
    let clusters = parsed.project.clusters.iter().map(|cluster| {
        let manifests: Vec<_> = cluster.inventory.iter().map(|path| folder.join(path)).collect();
        let setting = Some((&parsed.project, cluster));
        let built = harness::build_in(program, &harness::texts(&manifests), target, setting);
        said += &built.rendered();
        Some(format!("# cluster: {}\n{}", cluster.name, judged(name, &built, target)?))
    });
    // All of them, or nothing is written.
    let clusters: Vec<Option<String>> = clusters.collect();
    let output = clusters.into_iter().collect::<Option<Vec<String>>>();
    (output.map(|output| output.join("---\n")), said)
}

#[test]
fn examples() {
    for folder in harness::entries(harness::root().join("examples")) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let program = harness::programs(&folder);
        for target in Target::ALL {
            let (output, messages) = if folder.join("weir.toml").exists() {
                of_project(&name, &folder, &program, *target)
            } else {
                let manifests = harness::texts(&harness::entries(folder.join("manifests")));
                let built = harness::build_in(&program, &manifests, *target, None);
                (judged(&name, &built, *target), built.rendered())
            };
            let of_target = match target {
                Target::NetworkPolicy => String::new(),
                other => format!(".{}", other.name()),
            };
            let expected = folder.join(format!("expected{of_target}.yaml"));
            let said = folder.join(format!("said{of_target}.txt"));
            match &output {
                Some(output) => assert_is(&expected, output),
                None => assert!(!expected.exists(), "{} is written no more", expected.display()),
            }
            let tells = output.is_none() || *target == Target::NetworkPolicy;
            if (tells && !messages.is_empty()) || said.exists() {
                assert_is(&said, &messages);
            }
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
