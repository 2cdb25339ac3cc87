//! Projects as the command sees them: which files are the program, which clusters are looked at, what is written.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::command::{code, err, out, tree, weir, with_input};
use crate::harness;

const SETTINGS: &str = r#"[project]
name = "acme"

[clusters.prod-eu]
inventory = ["inventory/eu/"]

[clusters.prod-us]
inventory = ["inventory/us.yaml"]

[clusters.test]
inventory = ["inventory/eu/"]
"#;

/// One pod a namespace and the cluster's DNS; the database listens on this port.
fn pods(port: u16) -> String {
    format!(
        "apiVersion: v1
kind: Pod
metadata: {{ name: web, namespace: shop, labels: {{ app: web }} }}
spec: {{ containers: [{{ name: web, ports: [{{ containerPort: 8080 }}] }}] }}
---
apiVersion: v1
kind: Pod
metadata: {{ name: db, namespace: data, labels: {{ app: db }} }}
spec: {{ containers: [{{ name: db, ports: [{{ containerPort: {port}, name: pg }}] }}] }}
---
apiVersion: v1
kind: Service
metadata: {{ name: kube-dns, namespace: kube-system }}
spec: {{ selector: {{ k8s-app: kube-dns }}, ports: [{{ port: 53, protocol: UDP }}] }}
"
    )
}

fn write(folder: &TempDir, name: &str, text: impl AsRef<[u8]>) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Three clusters: two alike, and one whose database listens elsewhere.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "weir.toml", SETTINGS);
    write(&folder, "inventory/eu/pods.yaml", pods(5432));
    write(&folder, "inventory/us.yaml", pods(5433));
    write(&folder, "guards.weir", "namespace shop, namespace data locked;\n");
    write(&folder, "shop/web.weir", "shop/web may reach data/db:pg;\n");
    folder
}

fn names(folder: impl AsRef<Path>) -> Vec<String> {
    let names = harness::entries(folder).into_iter();
    names.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[track_caller]
fn assert_fails(run: &Output, exit: i32, words: &[&str]) {
    let said = out(run) + &err(run);
    assert_eq!(code(run), exit, "{said}");
    for word in words {
        assert!(said.contains(word), "`{word}` is not in:\n{said}");
    }
}

#[test]
fn a_project_is_found_here_and_above() {
    let project = project();
    let here = weir(project.path(), &["build"]);
    assert_eq!(code(&here), 0, "{}", err(&here));
    for (folder, arguments) in [
        ("shop", ["build"].as_slice()),
        ("inventory/eu", &["build"]),
        ("shop", &["build", ".."]),
        ("shop", &["build", "../weir.toml"]),
        (".", &["build", "weir.toml"]),
        (".", &["build", "."]),
    ] {
        let run = weir(&project.path().join(folder), arguments);
        assert_eq!((code(&run), out(&run)), (0, out(&here)), "{folder} {arguments:?}: {}", err(&run));
    }
    let whole = project.path().display().to_string();
    assert_eq!(out(&weir(Path::new("/"), &["build", &whole])), out(&here));
    assert!(!out(&here).contains(&whole), "objects do not tell where they were built");
}

#[test]
fn messages_name_files_as_seen_from_here() {
    let project = project();
    write(&project, "shop/web.weir", "shop/wbe locked;\n");
    assert_fails(&weir(project.path(), &["check"]), 1, &["┌─ shop/web.weir:1:6"]);
    assert_fails(&weir(&project.path().join("shop"), &["check"]), 1, &["┌─ ../shop/web.weir:1:6"]);
    write(&project, "weir.toml", "[project]\nnam = 'x'\n");
    assert_fails(&weir(&project.path().join("shop"), &["check"]), 2, &["┌─ ../weir.toml:2:1", "E0703"]);
}

/// The files of the program are those below the folder: not hidden ones, and not those of a project within it.
#[test]
fn the_program_is_what_lies_below() {
    let project = project();
    let before = out(&weir(project.path(), &["build"]));
    write(&project, ".hidden/x.weir", "nonsense");
    write(&project, ".x.weir", "nonsense");
    write(&project, "vendor/other/weir.toml", "");
    write(&project, "vendor/other/deep/x.weir", "nonsense");
    write(&project, "notes.txt", "nonsense");
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", project.path().join("shop/back")).unwrap();
    let run = weir(project.path(), &["build"]);
    assert_eq!(out(&run), before, "{}", err(&run));
    write(&project, "vendor/x.weir", "nonsense");
    assert_fails(&weir(project.path(), &["build"]), 1, &["vendor/x.weir"]);
}

#[test]
fn files_named_outright_are_no_project() {
    let project = project();
    assert_fails(&weir(project.path(), &["check", "guards.weir"]), 2, &["inventory is missing", "`-i PATH`"]);
    let run = weir(project.path(), &["check", "guards.weir", "-i", "inventory/us.yaml"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    let chosen = weir(project.path(), &["check", "guards.weir", "-i", "inventory/us.yaml", "-c", "test"]);
    assert_fails(&chosen, 2, &["no project"]);
    let run = weir(project.path(), &["check", "shop", "-i", "inventory/us.yaml"]);
    assert_eq!(code(&run), 0, "a folder without weir.toml: {}", err(&run));
    for arguments in
        [["check", ".", "guards.weir"], ["check", "guards.weir", "weir.toml"], ["check", ".", "."]]
    {
        assert_fails(&weir(project.path(), &arguments), 2, &["stands alone"]);
    }
}

#[test]
fn without_a_project_the_way_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    assert_fails(
        &weir(folder.path(), &["check"]),
        2,
        &["no `weir.toml` here or above", "weir check shop.weir"],
    );
    write(&folder, "weir.toml", "");
    assert_fails(&weir(folder.path(), &["check"]), 2, &["no cluster", "[clusters.prod]", "`-i PATH`"]);
    write(&folder, "weir.toml", "[clusters.prod]\ninventory = ['pods.yaml']\n");
    assert_fails(&weir(folder.path(), &["check"]), 2, &["no `.weir` file in the project's folder"]);
    write(&folder, "x.weir", "namespace shop locked;");
    assert_fails(&weir(folder.path(), &["check"]), 2, &["`pods.yaml`: it does not exist", "weir.toml:2:14"]);
    write(&folder, "weir.toml", "[clusters.prod]\n");
    assert_fails(&weir(folder.path(), &["check"]), 2, &["has no inventory", "weir.toml:1:11", "`-i PATH`"]);
    write(&folder, "empty/.keep", "");
    write(&folder, "weir.toml", "[clusters.prod]\ninventory = ['empty']\n");
    assert_fails(&weir(folder.path(), &["check"]), 2, &["no manifest in `empty`", "weir.toml:2:14"]);
}

#[test]
fn clusters_are_chosen_by_name() {
    let project = project();
    let lines = |arguments: &[&str]| {
        let run = weir(project.path(), arguments);
        assert_eq!(code(&run), 0, "{}", err(&run));
        err(&run).lines().filter(|line| line.starts_with("inventory")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines(&["check"]).len(), 3);
    let both = lines(&["check", "-c", "prod-*"]);
    assert!(both.len() == 2 && both[0].contains("`prod-eu`") && both[1].contains("`prod-us`"), "{both:?}");
    assert_eq!(lines(&["check", "-c", "test", "-c", "*-us", "-c", "t*"]).len(), 2);
    assert_eq!(lines(&["check", "--cluster", "test"]).len(), 1);
    let unknown = weir(project.path(), &["check", "-c", "prod-asia", "-c", "x*", "-c", "test"]);
    assert_fails(&unknown, 2, &["no cluster `prod-asia`", "matches `x*`", "`prod-eu`, `prod-us` and `test`"]);
}

#[test]
fn an_inventory_can_be_given_in_place_of_one() {
    let project = project();
    write(&project, "other.yaml", pods(7));
    let several = weir(project.path(), &["check", "-i", "other.yaml"]);
    assert_fails(&several, 2, &["inventory of one cluster", "`prod-eu`, `prod-us` or `test`"]);
    let run = weir(project.path(), &["build", "-c", "test", "-i", "other.yaml"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    assert!(out(&run).contains("port: 7\n"), "{}", out(&run));
    let piped = with_input(project.path(), &["build", "-c", "test", "-i", "-"], &pods(7));
    assert_eq!(out(&piped), out(&run));
    // A path of the command line is one from here; those of weir.toml are relative to its folder.
    let below = weir(&project.path().join("shop"), &["build", "-c", "test", "-i", "../other.yaml"]);
    assert_eq!(out(&below), out(&run));
    // A project may leave its cluster to the command line altogether.
    write(&project, "weir.toml", "");
    assert_eq!(out(&weir(project.path(), &["build", "-i", "other.yaml"])), out(&run));
    assert_eq!(code(&weir(project.path(), &["build", "-i", "other.yaml", "-o", "out"])), 0);
    write(&project, "x.weir", "in cluster prod { }");
    assert_fails(&weir(project.path(), &["check", "-i", "other.yaml"]), 1, &["the project names no cluster"]);
    assert_eq!(names(project.path().join("out")), ["data.yaml", "kustomization.yaml", "shop.yaml"]);
}

#[test]
fn an_error_says_where_it_occurs_once() {
    let project = project();
    let program = "shop/web may reach data/db:5433;\nnobody locked;\n";
    write(&project, "shop/web.weir", program);
    let run = weir(project.path(), &["check"]);
    let said = out(&run);
    assert_eq!(code(&run), 1);
    assert_eq!(said.matches("error[E0304]").count(), 1, "{said}");
    assert!(said.contains("= in clusters `prod-eu` and `test`"), "{said}");
    let everywhere = said.split("error[E0201]").nth(1).expect("nobody is known nowhere");
    assert!(!everywhere.contains("in cluster"), "{said}");
    let one = out(&weir(project.path(), &["check", "-c", "test"]));
    assert!(one.contains("E0304") && !one.contains("in cluster"), "{one}");
    let json = out(&weir(project.path(), &["check", "--format", "json"]));
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["diagnostics"][0]["clusters"], serde_json::json!(["prod-eu", "test"]));
    assert!(report["diagnostics"][1].get("clusters").is_none());
}

#[test]
fn settings_that_cannot_be_read_are_told_at_their_place() {
    let project = project();
    write(&project, "weir.toml", "[clusters.a]\ninventori = []\ntarget = 'cilum'\n[lint]\n");
    let run = weir(project.path(), &["build"]);
    assert_fails(&run, 2, &["weir.toml:2:1", "weir.toml:3:10", "weir.toml:4:2", "did you mean `cilium`?"]);
    assert_eq!(err(&run).matches("E0703").count(), 3);
    assert_eq!(out(&run), "");
    let json: Value =
        serde_json::from_str(&out(&weir(project.path(), &["check", "--format", "json"]))).unwrap();
    assert_eq!(json["diagnostics"][0]["labels"][0]["file"], "weir.toml");
    write(&project, "weir.toml", b"[project]\nname = '\xff'\n");
    assert_fails(&weir(project.path(), &["build"]), 2, &["E0701", "in weir.toml:2:9"]);
}

#[test]
fn a_malformed_inventory_stops_all_and_names_its_clusters() {
    let project = project();
    write(&project, "inventory/eu/pods.yaml", "kind: Pod\nmetadata: [");
    let run = weir(project.path(), &["build", "-o", "out"]);
    assert_fails(&run, 2, &["E0801", "inventory/eu/pods.yaml", "in clusters `prod-eu` and `test`"]);
    assert_eq!(err(&run).matches("E0801").count(), 1);
    assert!(!project.path().join("out").exists());
}

#[test]
fn the_prelude_can_be_left_out() {
    let project = project();
    write(
        &project,
        "weir.toml",
        "[project]\nprelude = false\n[clusters.test]\ninventory = ['inventory/eu']\n",
    );
    let without = out(&weir(project.path(), &["build"]));
    write(&project, "weir.toml", "[clusters.test]\ninventory = ['inventory/eu']\n");
    let with = out(&weir(project.path(), &["build"]));
    assert!(!without.contains("port: 53") && with.contains("port: 53"));
}

/// What weir.toml tells of a cluster's addresses is cut out of ranges, as what the inventory tells.
#[test]
fn ranges_of_a_cluster_are_its_own() {
    let project = project();
    write(&project, "shop/web.weir", "10.0.0.0/8 may reach shop/web:8080;\n");
    let settings = "[clusters.test]\ninventory = ['inventory/eu']\n";
    write(&project, "weir.toml", settings);
    let unknown = weir(project.path(), &["build"]);
    assert!(err(&unknown).contains("W0112"), "{}", err(&unknown));
    write(&project, "weir.toml", format!("{settings}pods = ['10.4.0.0/14']\nservices = ['10.96.0.0/12']\n"));
    let known = weir(project.path(), &["build"]);
    assert_eq!(code(&known), 0);
    assert!(!err(&known).contains("W0112"), "{}", err(&known));
    assert!(
        out(&known).contains("- 10.4.0.0/14") && out(&known).contains("- 10.96.0.0/12"),
        "{}",
        out(&known)
    );
}

#[test]
fn several_clusters_are_one_stream() {
    let project = project();
    let all = out(&weir(project.path(), &["build"]));
    let heads: Vec<&str> = all.lines().filter(|line| line.starts_with("# cluster: ")).collect();
    assert_eq!(heads, ["# cluster: prod-eu", "# cluster: prod-us", "# cluster: test"]);
    let one = out(&weir(project.path(), &["build", "-c", "prod-us"]));
    assert!(!one.contains('#'));
    let parts: Vec<String> = ["prod-eu", "prod-us", "test"]
        .map(|name| format!("# cluster: {name}\n{}", out(&weir(project.path(), &["build", "-c", name]))))
        .into();
    assert_eq!(all, parts.join("---\n"));
    for _ in 0..5 {
        assert_eq!(out(&weir(project.path(), &["build"])), all, "threads do not show");
    }
}

#[test]
fn each_cluster_has_a_folder() {
    let project = project();
    let build = |arguments: &[&str]| {
        let run = weir(project.path(), &[["build", "-o", "out"].as_slice(), arguments].concat());
        assert_eq!((code(&run), out(&run).as_str()), (0, ""), "{}", err(&run));
        err(&run)
    };
    let folder = project.path().join("out");
    assert!(build(&[]).contains("out: 12 objects in 9 files (9 written)"));
    assert_eq!(names(&folder), ["prod-eu", "prod-us", "test"]);
    for name in ["prod-eu", "prod-us", "test"] {
        assert_eq!(names(folder.join(name)), ["data.yaml", "kustomization.yaml", "shop.yaml"]);
        let list = harness::read(folder.join(name).join("kustomization.yaml"));
        assert!(list.ends_with("resources:\n  - data.yaml\n  - shop.yaml\n"), "{list}");
    }
    assert!(harness::read(folder.join("prod-us/data.yaml")).contains("port: 5433"));
    assert!(build(&[]).contains("(0 written)"));
    build(&["--layout", "object"]);
    assert_eq!(names(folder.join("test")), ["data", "kustomization.yaml", "shop"]);
    build(&["--layout", "cluster"]);
    assert_eq!(names(folder.join("test")), ["kustomization.yaml", "policies.yaml"]);
    assert_eq!(names(&folder), ["prod-eu", "prod-us", "test"]);
    build(&[]);
    // Of one cluster alone the others are left as they are.
    write(&project, "guards.weir", "namespace data locked;\n");
    let before = tree(&folder.join("prod-eu"));
    build(&["-c", "test"]);
    assert_eq!(tree(&folder.join("prod-eu")), before);
    assert_eq!(names(folder.join("test")), ["data.yaml", "kustomization.yaml"]);
}

#[test]
fn an_error_in_one_cluster_writes_nothing_for_any() {
    let project = project();
    write(&project, "shop/web.weir", "shop/web may reach data/db:5433;\n");
    let run = weir(project.path(), &["build", "-o", "out"]);
    assert_fails(&run, 1, &["in clusters `prod-eu` and `test`", "nothing written"]);
    assert!(!project.path().join("out").exists());
    assert_eq!(out(&weir(project.path(), &["build"])), "");
    let run = weir(project.path(), &["build", "-o", "out", "-c", "prod-us"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    let before = tree(&project.path().join("out"));
    assert_eq!(code(&weir(project.path(), &["build", "-o", "out"])), 1);
    assert_eq!(tree(&project.path().join("out")), before);
}

#[test]
fn a_foreign_file_for_one_cluster_writes_nothing_for_any() {
    let project = project();
    write(&project, "out/test/shop.yaml", "kind: Mine\n");
    assert_fails(&weir(project.path(), &["build", "-o", "out"]), 2, &["out/test/shop.yaml", "in the way"]);
    assert_eq!(tree(&project.path().join("out")).len(), 1);
}

#[test]
fn a_cluster_that_left_is_cleared_away() {
    let project = project();
    for layout in ["namespace", "cluster", "object"] {
        write(&project, "weir.toml", SETTINGS);
        let build = || weir(project.path(), &["build", "-o", "out", "--layout", layout]);
        assert_eq!(code(&build()), 0);
        let folder = project.path().join("out");
        write(&project, "out/test/mine.yaml", "kind: Mine\n");
        write(&project, "weir.toml", SETTINGS.split("\n[clusters.prod-us]").next().unwrap());
        let run = build();
        assert_eq!(code(&run), 0, "{}", err(&run));
        assert!(err(&run).contains(" removed)"), "{}", err(&run));
        assert_eq!(names(&folder), ["prod-eu", "test"]);
        assert_eq!(names(folder.join("test")), ["mine.yaml"], "what Weir did not write stays");
        fs::remove_dir_all(folder).unwrap();
    }
}

/// Only what says that it is a cluster's folder of this project is one.
#[test]
fn other_folders_are_left_alone() {
    let project = project();
    let folder = project.path().join("out");
    assert_eq!(code(&weir(project.path(), &["build", "-o", "out"])), 0);
    // The output of another build, of another project, and a copy under another name.
    assert_eq!(
        code(&weir(project.path(), &["build", "guards.weir", "-i", "inventory/us.yaml", "-o", "out/own"])),
        0
    );
    write(&project, "weir.toml", SETTINGS.replace("acme", "other").replace("prod-eu", "far"));
    let run = weir(project.path(), &["build", "-o", "out", "-c", "far"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    write(&project, "weir.toml", SETTINGS);
    for file in names(folder.join("prod-eu")) {
        let text = harness::read(folder.join("prod-eu").join(&file));
        write(&project, &format!("out/backup/{file}"), text);
    }
    assert_eq!(names(&folder), ["backup", "far", "own", "prod-eu", "prod-us", "test"]);
    let before = tree(&folder);
    let run = weir(project.path(), &["build", "-o", "out"]);
    assert_eq!((code(&run), tree(&folder)), (0, before), "{}", err(&run));
}

/// What a program without a project wrote into the folder is not what the project writes: it goes.
#[test]
fn a_folder_turns_into_that_of_a_project() {
    let project = project();
    let folder = project.path().join("out");
    let files = ["build", "guards.weir", "-i", "inventory/us.yaml", "-o", "out"];
    assert_eq!(code(&weir(project.path(), &files)), 0);
    assert_eq!(code(&weir(project.path(), &["build", "-o", "out"])), 0);
    assert_eq!(names(&folder), ["prod-eu", "prod-us", "test"]);
}

#[cfg(unix)]
#[test]
fn links_for_a_cluster_are_not_followed() {
    let project = project();
    let away = tempfile::tempdir().unwrap();
    fs::create_dir(project.path().join("out")).unwrap();
    std::os::unix::fs::symlink(away.path(), project.path().join("out/test")).unwrap();
    for layout in ["namespace", "object"] {
        let run = weir(project.path(), &["build", "-o", "out", "--layout", layout]);
        assert_fails(&run, 2, &["out/test", "a folder is needed there"]);
    }
    assert_eq!(names(away.path()), [""; 0]);
    assert_eq!(names(project.path().join("out")), ["test"]);
}

#[test]
fn the_day_is_an_input() {
    let project = project();
    let run = weir(project.path(), &["check", "--today", "2027-01-31"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    for wrong in ["2027-02-30", "tomorrow", "2027-1-1", "20270131", ""] {
        let run = weir(project.path(), &["check", "--today", wrong]);
        assert_fails(&run, 2, &["--today", "2027-01-31"]);
    }
}

/// The example is what its page says: the command writes what the library builds, cluster by cluster.
#[test]
fn the_example_is_a_project() {
    let folder = harness::root().join("examples/two-regions");
    let run = weir(&folder, &["build", "--deny", "warnings"]);
    assert_eq!((code(&run), out(&run)), (0, harness::read(folder.join("expected.yaml"))), "{}", err(&run));
}

#[test]
fn sentences_hold_in_the_clusters_that_they_name() {
    let project = project();
    write(&project, "weir.toml", SETTINGS.replace("us.yaml\"]", "us.yaml\"]\nlabels = { env = \"prod\" }"));
    write(
        &project,
        "shop/web.weir",
        "in cluster prod-us { shop/web may reach data/db:5433; }\nin clusters[env=prod] { nodes may reach shop/web:8080; }\n",
    );
    let run = weir(project.path(), &["build", "-o", "out", "--layout", "cluster"]);
    assert_fails(&run, 1, &["E0210", "= in cluster `prod-us`"]);
    write(&project, "shop/web.weir", "in cluster prod-us { shop/web may reach data/db:5433; }\n");
    let run = weir(project.path(), &["build", "-o", "out", "--layout", "cluster"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    for (name, holds) in [("prod-eu", false), ("prod-us", true), ("test", false)] {
        let policies = harness::read(project.path().join("out").join(name).join("policies.yaml"));
        assert_eq!(policies.contains("port: 5433"), holds, "{name}");
    }
    write(&project, "shop/web.weir", "in cluster prod-su { shop/web locked; }\n");
    let run = weir(project.path(), &["check"]);
    assert_fails(&run, 1, &["E0217", "`prod-su`", "did you mean", "`prod-us`"]);
    assert!(!out(&run).contains("in clusters `"), "{}", out(&run));
}

#[test]
fn many_clusters_are_looked_at_with_few_threads() {
    let project = project();
    let clusters = (0..40).map(|at| format!("[clusters.c{at:02}]\ninventory = ['inventory/eu']\n"));
    write(&project, "weir.toml", clusters.collect::<String>());
    write(&project, "shop/web.weir", "shop/web may reach data/db:1;\n");
    let run = weir(project.path(), &["check"]);
    assert_eq!(out(&run).matches("E0304").count(), 1, "{}", out(&run));
    assert_eq!(err(&run).lines().filter(|line| line.starts_with("inventory of")).count(), 40);
}
