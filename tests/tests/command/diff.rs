//! `weir diff`: programs, policies and git revisions against each other, in every format.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::reach::CLUSTER;
use super::{code, err, out, weir};
use crate::harness;

const OLD: &str = "namespace data locked;\nshop/web may reach data/db:5432;\n";
const NEW: &str = "namespace data locked;\nshop/api may reach data/db:5432;\n";

/// A folder with the cluster and two programs.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("cluster.yaml", CLUSTER), ("old.weir", OLD), ("new.weir", NEW)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn diff(folder: &Path, words: &[&str]) -> std::process::Output {
    weir(folder, &[&["diff"], words, &["-i", "cluster.yaml"]].concat())
}

#[test]
fn flows_appear_and_vanish_with_their_lines() {
    let folder = folder();
    let shown = diff(folder.path(), &["old.weir", "new.weir"]);
    assert_eq!(code(&shown), 1, "{}", err(&shown));
    assert_eq!(
        out(&shown),
        "+ shop/api -> data/db on 5432/tcp
    now by new.weir:2: shop/api may reach data/db:5432
    before closed by old.weir:1: namespace data locked
- shop/web -> data/db on 5432/tcp
    before by old.weir:2: shop/web may reach data/db:5432
    now closed by new.weir:1: namespace data locked
"
    );
    let same = diff(folder.path(), &["old.weir", "old.weir"]);
    assert_eq!((code(&same), out(&same).as_str()), (0, ""));
    assert!(err(&same).contains("no flow appears or vanishes"));
}

#[test]
fn a_program_and_its_objects_do_not_differ() {
    let folder = folder();
    let built = weir(folder.path(), &["build", "old.weir", "-i", "cluster.yaml", "-o", "deploy"]);
    assert_eq!(code(&built), 0, "{}", err(&built));
    assert_eq!(code(&diff(folder.path(), &["old.weir", "deploy"])), 0);
    let shown = diff(folder.path(), &["deploy", "new.weir"]);
    assert_eq!(code(&shown), 1);
    let text = out(&shown);
    assert!(text.contains("before by deploy/data.yaml:"), "{text}");
    assert!(text.contains("NetworkPolicy data/weir-db by spec.ingress[0]"), "{text}");
}

#[test]
fn other_formats() {
    let folder = folder();
    let markdown = out(&diff(folder.path(), &["old.weir", "new.weir", "--format", "markdown"]));
    assert!(markdown.contains("**1** rows of flows appear, **1** vanish."), "{markdown}");
    assert!(markdown.contains("| `shop/api` | `data/db` | `5432/tcp` | now by"), "{markdown}");
    let shown = out(&diff(folder.path(), &["old.weir", "new.weir", "--format", "json"]));
    let value: Value = serde_json::from_str(&shown).unwrap();
    let schema: Value =
        serde_json::from_str(&harness::read(harness::root().join("docs/weir-diff.schema.json"))).unwrap();
    let found: Vec<String> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&value)
        .map(|error| error.to_string())
        .collect();
    assert!(found.is_empty(), "{found:?}\n{shown}");
    assert_eq!(value["appear"][0]["from"][0], "shop/api");
    assert_eq!(value["vanish"][0]["ports"][0]["first"], 5432);
}

/// Runs git with a name for the author, as commits need one.
fn git(folder: &Path, words: &[&str]) -> bool {
    let author =
        ["-c", "user.name=weir", "-c", "user.email=weir@example.org", "-c", "init.defaultBranch=main"];
    let run = Command::new("git").args(author).args(words).current_dir(folder).output();
    run.is_ok_and(|run| run.status.success())
}

#[test]
fn revisions() {
    let folder = folder();
    let root = folder.path();
    fs::write(
        root.join("weir.toml"),
        "[project]\nname = \"shop\"\n[clusters.main]\ninventory = [\"cluster.yaml\"]\n",
    )
    .unwrap();
    fs::remove_file(root.join("new.weir")).unwrap();
    if !git(root, &["init", "--quiet"]) {
        println!("skipped: there is no git");
        return;
    }
    assert!(git(root, &["add", "."]) && git(root, &["commit", "--quiet", "-m", "one"]));
    fs::write(root.join("old.weir"), NEW).unwrap();
    let shown = weir(root, &["diff", "HEAD"]);
    assert_eq!(code(&shown), 1, "{}", err(&shown));
    assert!(
        out(&shown).contains("before by HEAD:old.weir:2: shop/web may reach data/db:5432"),
        "{}",
        out(&shown)
    );
    assert!(out(&shown).contains("now by old.weir:2: shop/api may reach data/db:5432"), "{}", out(&shown));
    assert!(git(root, &["commit", "--quiet", "-am", "two"]));
    assert_eq!(code(&weir(root, &["diff", "HEAD"])), 0);
    assert_eq!(code(&weir(root, &["diff", "HEAD~1", "HEAD"])), 1);
    assert_eq!(code(&weir(root, &["diff", "HEAD~1:old.weir", "old.weir", "-i", "cluster.yaml"])), 1);

    fs::create_dir(root.join("main")).unwrap();
    let both = weir(root, &["diff", "main"]);
    assert_eq!(code(&both), 2);
    assert!(err(&both).contains("`main` is a path here, and a revision"), "{}", err(&both));
}

#[test]
fn workloads_of_one_side_are_told() {
    let folder = folder();
    let root = folder.path();
    for (name, cluster) in [("a", CLUSTER.to_owned()), ("b", CLUSTER.replace("name: api", "name: cart"))] {
        fs::create_dir(root.join(name)).unwrap();
        let settings = "[project]\nname = \"shop\"\n[clusters.main]\ninventory = [\"cluster.yaml\"]\n";
        for (file, text) in [("weir.toml", settings), ("cluster.yaml", &cluster), ("p.weir", OLD)] {
            fs::write(root.join(name).join(file), text).unwrap();
        }
    }
    let shown = weir(root, &["diff", "a", "b"]);
    assert!(out(&shown).contains("new: shop/cart"), "{}{}", out(&shown), err(&shown));
    assert!(out(&shown).contains("gone: shop/api"), "{}", out(&shown));
}

#[test]
fn what_cannot_be_compared() {
    let folder = folder();
    let lone = diff(folder.path(), &["old.weir"]);
    assert_eq!(code(&lone), 2);
    assert!(err(&lone).contains("there is nothing to compare it with"), "{}", err(&lone));
    let unknown = diff(folder.path(), &["nowhere", "old.weir"]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("`nowhere` is"), "{}", err(&unknown));
    fs::write(folder.path().join("wrong.weir"), "namespace nowhere locked;\n").unwrap();
    let wrong = diff(folder.path(), &["old.weir", "wrong.weir"]);
    assert_eq!(code(&wrong), 1);
    assert!(err(&wrong).contains("error[E0204]"), "{}", err(&wrong));
}
