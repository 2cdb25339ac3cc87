//! The command as a process: streams, exit codes, and what happens to a folder.

mod diff;
mod drift;
mod fmt;
mod reach;
mod why;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::harness;

/// The binary, built once a run: it belongs to another crate, so Cargo does not name it here.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
        let status = Command::new(cargo)
            .args(["build", "--quiet", "-p", "weir", "--bin", "weir"])
            .current_dir(harness::root())
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the binary builds");
        // target/debug/deps/weir-… is this test.
        let here = std::env::current_exe().expect("a test has a path");
        let binary = here.parent().and_then(Path::parent).expect("a target folder").join("weir");
        assert!(binary.exists(), "{} is there", binary.display());
        binary
    })
}

pub fn weir(folder: &Path, arguments: &[&str]) -> Output {
    with_input(folder, arguments, "")
}

pub fn with_input(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(binary())
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().expect("no signal ended it")
}

const PODS: &str = "apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: web, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: db, namespace: data, labels: { app: db } }
spec: { containers: [{ name: db, ports: [{ containerPort: 5432 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: kube-dns, namespace: kube-system }
spec: { selector: { k8s-app: kube-dns }, ports: [{ port: 53, protocol: UDP }] }
";
const PROGRAM: &str = "namespace shop, namespace data locked;\nshop/web may reach data/db:5432;\n";

/// A folder with a program and an inventory.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop.weir"), PROGRAM).unwrap();
    fs::write(folder.path().join("pods.yaml"), PODS).unwrap();
    folder
}

/// Every file below a folder with its text.
pub fn tree(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for path in harness::entries(folder) {
        if path.is_dir() {
            files.extend(tree(&path));
        } else {
            files.push((path.display().to_string(), fs::read_to_string(&path).unwrap_or_default()));
        }
    }
    files
}

#[test]
fn build_writes_objects_to_stdout_and_the_rest_to_stderr() {
    let project = project();
    let run = weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    assert_eq!(out(&run).matches("kind: NetworkPolicy").count(), 4);
    assert!(err(&run).contains("inventory: "));
}

#[test]
fn errors_write_not_one_byte_to_stdout() {
    let project = project();
    fs::write(
        project.path().join("shop.weir"),
        "namespace shop locked;\nshop/web may reach data/dbb:5432;\n",
    )
    .unwrap();
    for format in ["human", "json"] {
        let run = weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml", "--format", format]);
        assert_eq!(code(&run), 1);
        assert_eq!(out(&run), "");
        assert!(err(&run).contains("E0201"));
    }
}

#[test]
fn check_says_what_it_found_on_stdout() {
    let project = project();
    let fine = weir(project.path(), &["check", "shop.weir", "-i", "pods.yaml"]);
    assert_eq!((code(&fine), out(&fine).as_str()), (0, ""));
    fs::write(project.path().join("shop.weir"), "shop/web may reach data/db:5432;\n").unwrap();
    let warned = weir(project.path(), &["check", "shop.weir", "-i", "pods.yaml"]);
    assert_eq!(code(&warned), 0);
    assert!(out(&warned).contains("warning[W0101]"));
    let denied = weir(project.path(), &["check", "shop.weir", "-i", "pods.yaml", "--deny", "warnings"]);
    assert_eq!(code(&denied), 1);
}

#[test]
fn json_is_one_documented_object() {
    let project = project();
    fs::write(project.path().join("shop.weir"), "shop/web may reach data/dbb:5432;\n").unwrap();
    let run = weir(project.path(), &["check", "shop.weir", "-i", "pods.yaml", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&out(&run)).unwrap();
    assert_eq!(report["version"], 1);
    let first = &report["diagnostics"][0];
    assert_eq!(first["code"], "E0201");
    assert_eq!(first["severity"], "error");
    assert_eq!(first["labels"][0]["file"], "shop.weir");
    assert_eq!(first["labels"][0]["start"]["line"], 1);
    assert_eq!(first["labels"][0]["start"]["column"], 25);
    assert_eq!(first["suggestions"][0]["replacement"], "db");
}

#[test]
fn what_cannot_run_is_two() {
    let project = project();
    let cases: &[&[&str]] = &[
        &["build"],
        &["build", "shop.weir"],
        &["build", "nowhere.weir", "-i", "pods.yaml"],
        &["build", "shop.weir", "-i", "nowhere/"],
        &["build", "shop.weir", "-i", "pods.yaml", "-t", "nonsense"],
        &["build", "-", "-i", "-"],
        &["explain", "E9999"],
    ];
    for arguments in cases {
        let run = weir(project.path(), arguments);
        assert_eq!((code(&run), out(&run).as_str()), (2, ""), "{arguments:?}: {}", err(&run));
        assert!(!err(&run).is_empty(), "{arguments:?} says why");
    }
}

#[test]
fn a_malformed_manifest_names_file_document_and_line() {
    let project = project();
    let broken =
        format!("{PODS}---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports: 80\n");
    fs::write(project.path().join("pods.yaml"), broken).unwrap();
    let run = weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml"]);
    assert_eq!((code(&run), out(&run).as_str()), (2, ""));
    assert!(err(&run).contains("E0801"), "{}", err(&run));
    assert!(err(&run).contains("in pods.yaml:21"), "{}", err(&run));
    assert!(err(&run).contains("(document 4)"), "{}", err(&run));
}

#[test]
fn a_program_that_is_no_text_says_where() {
    let project = project();
    fs::write(project.path().join("shop.weir"), b"namespace shop locked;\n\xff\xfe").unwrap();
    let run = weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml"]);
    assert_eq!(code(&run), 2);
    assert!(err(&run).contains("E0701") && err(&run).contains("shop.weir:2:1"), "{}", err(&run));
}

#[test]
fn program_and_inventory_come_from_stdin() {
    let project = project();
    let from_files = weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml"]);
    let inventory = with_input(project.path(), &["build", "shop.weir", "-i", "-"], PODS);
    assert_eq!(out(&inventory), out(&from_files));
    let program = with_input(project.path(), &["build", "-", "-i", "pods.yaml"], PROGRAM);
    assert_eq!(code(&program), 0);
    assert_eq!(out(&program).replace("<stdin>", "shop.weir"), out(&from_files));
}

#[test]
fn compressed_inventories_are_read() {
    let project = project();
    let expected = out(&weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml"]));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(PODS.as_bytes()).unwrap();
    fs::write(project.path().join("pods.yaml.gz"), packed.finish().unwrap()).unwrap();
    // A Zstandard frame with one raw block, made by hand: magic, header (single segment, 4-byte size), block.
    let bytes = PODS.as_bytes();
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    frame.extend((bytes.len() as u32).to_le_bytes());
    frame.extend(&(((bytes.len() as u32) << 3) | 1).to_le_bytes()[..3]);
    frame.extend(bytes);
    fs::write(project.path().join("pods.yaml.zst"), frame).unwrap();
    for name in ["pods.yaml.gz", "pods.yaml.zst"] {
        let run = weir(project.path(), &["build", "shop.weir", "-i", name]);
        assert_eq!(out(&run), expected, "{name}: {}", err(&run));
    }
}

#[test]
fn the_folder_of_the_run_leaves_no_trace() {
    let project = project();
    let here = out(&weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml"]));
    let above = project.path().parent().unwrap();
    let name = project.path().file_name().unwrap().to_string_lossy().into_owned();
    let program = format!("{name}/shop.weir");
    let inventory = format!("./{name}/../{name}/pods.yaml");
    assert_eq!(out(&weir(above, &["build", &program, "-i", &inventory])), here);
}

#[test]
fn a_folder_holds_one_file_a_namespace() {
    let project = project();
    let run = weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml", "-o", "out"]);
    assert_eq!((code(&run), out(&run).as_str()), (0, ""), "{}", err(&run));
    let files: Vec<String> = harness::entries(project.path().join("out"))
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(files, ["data.yaml", "kustomization.yaml", "shop.yaml"]);
    let kustomization = harness::read(project.path().join("out/kustomization.yaml"));
    assert!(kustomization.ends_with("resources:\n  - data.yaml\n  - shop.yaml\n"));
}

#[test]
fn layouts_hold_the_same_objects() {
    let project = project();
    let mut all = Vec::new();
    for layout in ["namespace", "cluster", "object"] {
        let run = weir(
            project.path(),
            &["build", "shop.weir", "-i", "pods.yaml", "-o", layout, "--layout", layout],
        );
        assert_eq!(code(&run), 0, "{}", err(&run));
        let text: String = tree(&project.path().join(layout)).into_iter().map(|(_, text)| text).collect();
        let mut lines: Vec<String> = text.lines().filter(|l| l.contains("weir-")).map(String::from).collect();
        lines.retain(|line| line.contains("name:"));
        lines.sort();
        all.push(lines);
    }
    assert_eq!(all[0].len(), 4);
    assert!(all.iter().all(|lines| *lines == all[0]));
}

#[test]
fn what_is_no_longer_produced_goes_and_foreign_files_stay() {
    let project = project();
    let build = |program: &str| {
        fs::write(project.path().join("shop.weir"), program).unwrap();
        weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml", "-o", "out"])
    };
    build(PROGRAM);
    let out = project.path().join("out");
    fs::write(out.join("mine.yaml"), "kind: Mine\n").unwrap();
    let before = fs::metadata(out.join("shop.yaml")).unwrap().modified().unwrap();
    let run =
        build("namespace shop, namespace data locked;\nshop/web may reach data/db:5432;\n# a comment\n");
    assert!(err(&run).contains("0 written"), "{}", err(&run));
    assert_eq!(fs::metadata(out.join("shop.yaml")).unwrap().modified().unwrap(), before);
    build("namespace shop locked;\n");
    assert!(!out.join("data.yaml").exists());
    assert_eq!(harness::read(out.join("mine.yaml")), "kind: Mine\n");
}

#[test]
fn a_foreign_file_in_the_way_is_an_error_and_nothing_changes() {
    let project = project();
    let out = project.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("shop.yaml"), "kind: Mine\n").unwrap();
    let run = weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml", "-o", "out"]);
    assert_eq!(code(&run), 2);
    assert!(err(&run).contains("in the way"), "{}", err(&run));
    assert_eq!(tree(&out).len(), 1);
}

#[test]
fn errors_leave_the_folder_as_it_was() {
    let project = project();
    weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml", "-o", "out"]);
    let before = tree(&project.path().join("out"));
    fs::write(project.path().join("shop.weir"), "namespace shop locked;\nnobody may reach shop/web;\n")
        .unwrap();
    let run = weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml", "-o", "out"]);
    assert_eq!(code(&run), 1);
    assert_eq!(tree(&project.path().join("out")), before);
    let run = weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml", "-o", "new"]);
    assert_eq!(code(&run), 1);
    assert!(!project.path().join("new").exists());
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_out_of_the_folder() {
    let project = project();
    let out = project.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(project.path().join("victim"), "precious\n").unwrap();
    std::os::unix::fs::symlink(project.path().join("victim"), out.join("shop.yaml")).unwrap();
    let run = weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml", "-o", "out"]);
    assert_eq!(code(&run), 2, "{}", err(&run));
    assert_eq!(harness::read(project.path().join("victim")), "precious\n");
}

#[test]
fn what_a_killed_run_has_left_is_cleaned_up() {
    let project = project();
    let staging = project.path().join("out/.weir-staging");
    fs::create_dir_all(&staging).unwrap();
    fs::write(staging.join("0"), "half a fi").unwrap();
    let run = weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml", "-o", "out"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    assert!(!staging.exists());
}

#[test]
fn a_second_run_at_the_same_time_is_told() {
    let project = project();
    let staging = project.path().join("out/.weir-staging");
    fs::create_dir_all(&staging).unwrap();
    let lock = fs::File::create(staging.join("lock")).unwrap();
    lock.lock().unwrap();
    let run = weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml", "-o", "out"]);
    assert_eq!(code(&run), 2);
    assert!(err(&run).contains("another run"), "{}", err(&run));
}

/// Where the file system has no room, the folder stays as it was.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_changes_nothing() {
    let project = project();
    weir(project.path(), &["build", "shop.weir", "-i", "pods.yaml", "-o", "out"]);
    let before = tree(&project.path().join("out"));
    fs::write(project.path().join("shop.weir"), "namespace shop isolated;\n").unwrap();
    // No file may grow beyond one block: the kernel refuses as a full disk does.
    let command =
        format!("ulimit -f 0; trap '' XFSZ; exec {} build shop.weir -i pods.yaml -o out", binary().display());
    let run = Command::new("sh").args(["-c", &command]).current_dir(project.path()).output().unwrap();
    assert_eq!(run.status.code(), Some(2), "{}", err(&run));
    assert!(err(&run).contains("cannot write"), "{}", err(&run));
    assert_eq!(tree(&project.path().join("out")), before);
}

#[test]
fn std_prints_the_library() {
    let folder = tempfile::tempdir().unwrap();
    let list = weir(folder.path(), &["std"]);
    assert_eq!(code(&list), 0);
    assert!(out(&list).contains("std.zero-trust     What the NSA/CISA"), "{}", out(&list));
    for name in ["std.ingress", "ingress"] {
        let run = weir(folder.path(), &["std", name]);
        assert_eq!(out(&run), harness::read(harness::root().join("stdlib/ingress.weir")));
    }
    let run = weir(folder.path(), &["std", "zero-trost"]);
    assert_eq!(code(&run), 2);
    assert_eq!(
        err(&run),
        "error: the library has no module `zero-trost`\nhelp: did you mean `std.zero-trust`?\n"
    );
}

#[test]
fn explain_prints_the_page_of_a_code() {
    let folder = tempfile::tempdir().unwrap();
    let run = weir(folder.path(), &["explain", "e0201"]);
    assert_eq!(code(&run), 0);
    assert_eq!(out(&run).trim_end(), weir::Code::E0201.page().trim_end());
    let list = weir(folder.path(), &["explain"]);
    assert_eq!(out(&list).lines().count(), weir::Code::ALL.len());
    assert!(out(&list).contains("E0201  an unknown name\n"));
    assert!(out(&list).contains("W0101  a grant that changes nothing (idle-grant)\n"));
    let lint = weir(folder.path(), &["explain", "idle-grant"]);
    assert_eq!(out(&lint), out(&weir(folder.path(), &["explain", "W0101"])));
    assert_eq!(code(&lint), 0);
}

const FORMATS: &[&str] = &["human", "json", "sarif", "github", "gitlab", "junit"];

/// Errors, and why a command could not run, are told in every format, by `build` on standard error.
#[test]
fn every_format_tells_what_was_found_and_what_failed() {
    let project = project();
    fs::write(project.path().join("bad.weir"), "shop/web may reach data/dbb:5432;\n").unwrap();
    for format in FORMATS {
        for (program, told, ended) in [("bad.weir", "E0201", 1), ("nowhere.weir", "E0702", 2)] {
            let arguments = |command| [command, program, "-i", "pods.yaml", "--format", format];
            let check = weir(project.path(), &arguments("check"));
            assert_eq!(code(&check), ended, "{format}: {}", err(&check));
            assert!(out(&check).contains(told), "{format}: {}", out(&check));
            let build = weir(project.path(), &arguments("build"));
            assert_eq!((code(&build), out(&build).as_str()), (ended, ""), "{format}");
            assert!(err(&build).contains(told), "{format}: {}", err(&build));
            if *format != "human" {
                assert_eq!(err(&build), out(&check), "{format}: nothing beside the report");
                assert_eq!(err(&check), "", "{format}");
            }
        }
    }
}

#[test]
fn formats_say_that_nothing_was_found() {
    let project = project();
    let said = |format| {
        let run = weir(project.path(), &["check", "shop.weir", "-i", "pods.yaml", "--format", format]);
        assert_eq!((code(&run), err(&run).as_str()), (0, ""), "{format}");
        out(&run)
    };
    assert_eq!(said("json"), "{\"version\":1,\"diagnostics\":[]}\n");
    assert_eq!(said("github"), "");
    assert_eq!(said("gitlab"), "[]\n");
    let log: serde_json::Value = serde_json::from_str(&said("sarif")).unwrap();
    assert_eq!(log["runs"][0]["results"], serde_json::json!([]));
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], true);
    assert!(said("junit").contains("<testcase name=\"nothing found\" classname=\"shop.weir\"/>"));
}

/// What makes the command fail is what JUnit shows as failed.
#[test]
fn denied_warnings_are_failures_of_junit() {
    let project = project();
    fs::write(project.path().join("shop.weir"), "shop/web may reach data/db:5432;\n").unwrap();
    let arguments = ["check", "shop.weir", "-i", "pods.yaml", "--format", "junit"];
    let run = weir(project.path(), &arguments);
    assert!(out(&run).contains("failures=\"0\"") && out(&run).contains("W0101"), "{}", out(&run));
    let denied = weir(project.path(), &[&arguments[..], &["--deny", "warnings"]].concat());
    assert_eq!(code(&denied), 1);
    assert!(out(&denied).contains("failures=\"1\""), "{}", out(&denied));
}

#[test]
fn completions_for_every_shell() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = weir(folder.path(), &["completions", shell]);
        assert_eq!((code(&run), err(&run).as_str()), (0, ""), "{shell}");
        for word in ["build", "explain", "inventory"] {
            assert!(out(&run).contains(word), "{shell}: {word}");
        }
        fs::write(folder.path().join(shell), out(&run)).unwrap();
    }
    assert_eq!(code(&weir(folder.path(), &["completions", "cmd"])), 2);
    // Where there is a bash, it takes the script.
    if let Ok(run) = Command::new("bash").arg("-n").arg(folder.path().join("bash")).output() {
        assert!(run.status.success(), "{}", err(&run));
    }
}

#[test]
fn man_pages_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let run = weir(folder.path(), &["man", "share/man1"]);
    assert_eq!((code(&run), out(&run).as_str()), (0, ""), "{}", err(&run));
    let pages = tree(&folder.path().join("share/man1"));
    for name in ["weir.1", "weir-build.1", "weir-check.1", "weir-explain.1", "weir-man.1"] {
        assert!(pages.iter().any(|(path, _)| path.ends_with(name)), "{name}");
    }
    assert!(pages.iter().all(|(path, text)| path.ends_with(".1") && text.contains("\n.TH weir")));
    assert!(err(&run).contains(&format!("{0} man pages ({0} written)", pages.len())), "{}", err(&run));
    let again = weir(folder.path(), &["man", "share/man1"]);
    assert!(err(&again).contains("(0 written)"), "{}", err(&again));
}

#[test]
fn man_pages_of_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    weir(folder.path(), &["man", "."]);
    let ours = harness::read(folder.path().join("weir.1"));
    fs::write(folder.path().join("weir.1"), format!("{ours}.\\\" an older one\n")).unwrap();
    fs::write(folder.path().join("weir-build.1"), ".TH weir-build 1\n").unwrap();
    let run = weir(folder.path(), &["man", "."]);
    assert_eq!(code(&run), 2);
    assert!(err(&run).contains("error: `./weir-build.1` is in the way"), "{}", err(&run));
    assert_eq!(harness::read(folder.path().join("weir-build.1")), ".TH weir-build 1\n");
    assert_ne!(harness::read(folder.path().join("weir.1")), ours, "nothing changes");
    fs::remove_file(folder.path().join("weir-build.1")).unwrap();
    let run = weir(folder.path(), &["man", "."]);
    assert!(err(&run).contains("(2 written)"), "{}", err(&run));
    assert_eq!(harness::read(folder.path().join("weir.1")), ours);
}

#[test]
fn cluster_text_is_stripped_of_control_characters() {
    let project = project();
    fs::write(
        project.path().join("evil.json"),
        r#"{"apiVersion":"v1","kind":"\u001b[31mEvil\u0007","metadata":{"name":"x"}}"#,
    )
    .unwrap();
    let run = weir(project.path(), &["check", "shop.weir", "-i", "pods.yaml", "-i", "evil.json"]);
    assert!(!err(&run).contains('\u{1b}') && !out(&run).contains('\u{1b}'), "{}", err(&run));
    fs::write(project.path().join("shop.weir"), "\u{1b}[31m locked;\u{7}\n").unwrap();
    let run = weir(project.path(), &["check", "shop.weir", "-i", "pods.yaml"]);
    assert!(!out(&run).contains('\u{1b}') && !out(&run).contains('\u{7}'), "{}", out(&run));
}

#[test]
fn lines_too_long_are_not_shown() {
    let project = project();
    let program = format!("namespace shop locked; {} nobody may reach shop/web;\n", " ".repeat(100_000));
    fs::write(project.path().join("shop.weir"), program).unwrap();
    let run = weir(project.path(), &["check", "shop.weir", "-i", "pods.yaml"]);
    assert!(out(&run).len() < 1000, "{}", out(&run).len());
    assert!(out(&run).contains("at shop.weir:1:100025: not in the inventory"), "{}", out(&run));
}

/// A comment or a text of a megabyte takes no stack.
#[test]
fn long_comments_and_texts_are_read() {
    let project = project();
    let long = "wörd 𝄞 ".repeat(100_000);
    let program = format!("# {long}\nnamespace shop locked because \"{long}\";\n");
    fs::write(project.path().join("shop.weir"), program).unwrap();
    let run = weir(project.path(), &["check", "shop.weir", "-i", "pods.yaml"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
}

#[test]
fn colours_are_a_choice() {
    let project = project();
    fs::write(project.path().join("shop.weir"), "nobody locked;\n").unwrap();
    let always = weir(project.path(), &["check", "shop.weir", "-i", "pods.yaml", "--color", "always"]);
    assert!(out(&always).contains('\u{1b}'));
    let auto = weir(project.path(), &["check", "shop.weir", "-i", "pods.yaml"]);
    assert!(!out(&auto).contains('\u{1b}'));
}
