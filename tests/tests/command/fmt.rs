//! `weir fmt`: what it writes, what it leaves alone, and how it says so.

use std::fs;

use tempfile::TempDir;

use super::{code, err, out, tree, weir, with_input};
use crate::harness;

const WILD: &str = "web   isolated;# behind\n\n\n\nweb may\n  reach db:5432;";
const CALM: &str = "web isolated; # behind\n\nweb may reach db:5432;\n";
const BROKEN: &str = "web   isolated;\nweb may reach;\n";

/// A folder with a file that is formatted and one that is not.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("calm.weir"), CALM).unwrap();
    fs::write(folder.path().join("sub/wild.weir"), WILD).unwrap();
    fs::write(folder.path().join("notes.txt"), WILD).unwrap();
    folder
}

#[test]
fn files_are_rewritten_in_place_and_only_where_they_change() {
    let folder = folder();
    let calm = folder.path().join("calm.weir");
    let before = fs::metadata(&calm).unwrap().modified().unwrap();
    let run = weir(folder.path(), &["fmt", "."]);
    assert_eq!((code(&run), out(&run).as_str()), (0, ""), "{}", err(&run));
    assert_eq!(err(&run), "formatted: 1 of 2 files changed\n");
    assert_eq!(harness::read(folder.path().join("sub/wild.weir")), CALM);
    assert_eq!(harness::read(folder.path().join("notes.txt")), WILD);
    assert_eq!(fs::metadata(&calm).unwrap().modified().unwrap(), before);
    assert_eq!(tree(folder.path()).len(), 3, "nothing is left behind");
    let again = weir(folder.path(), &["fmt", "calm.weir", "sub"]);
    assert_eq!((code(&again), err(&again).as_str()), (0, "formatted: 0 of 2 files changed\n"));
}

#[test]
fn check_lists_and_writes_nothing() {
    let folder = folder();
    let before = tree(folder.path());
    let run = weir(folder.path(), &["fmt", "--check", "."]);
    assert_eq!((code(&run), out(&run).as_str()), (1, "./sub/wild.weir\n"));
    assert_eq!(err(&run), "checked: 1 of 2 files would change\n");
    let run = weir(folder.path(), &["fmt", "--diff", "sub/wild.weir"]);
    assert_eq!(code(&run), 1);
    let expected = "--- sub/wild.weir\n+++ sub/wild.weir\n@@ -1,6 +1,3 @@\n-web   isolated;# behind\n";
    assert!(out(&run).starts_with(expected), "{}", out(&run));
    assert!(out(&run).contains("\n+web may reach db:5432;\n"), "{}", out(&run));
    assert_eq!(tree(folder.path()), before);
    let run = weir(folder.path(), &["fmt", "--check", "--diff", "calm.weir"]);
    assert_eq!((code(&run), out(&run).as_str()), (0, ""));
}

#[test]
fn a_file_with_errors_is_left_alone() {
    let folder = folder();
    fs::write(folder.path().join("broken.weir"), BROKEN).unwrap();
    let run = weir(folder.path(), &["fmt", "."]);
    assert_eq!((code(&run), out(&run).as_str()), (1, ""));
    assert!(err(&run).contains("error[E0101]") && err(&run).contains("./broken.weir:2:14"), "{}", err(&run));
    assert!(
        err(&run).ends_with("formatted: 1 of 3 files changed; 1 with errors is left alone\n"),
        "{}",
        err(&run)
    );
    assert_eq!(harness::read(folder.path().join("broken.weir")), BROKEN);
    assert_eq!(harness::read(folder.path().join("sub/wild.weir")), CALM);
    let run = weir(folder.path(), &["fmt", "--check", "."]);
    assert_eq!((code(&run), out(&run).as_str()), (1, ""));
}

#[test]
fn standard_input_goes_to_standard_output() {
    let folder = folder();
    let run = with_input(folder.path(), &["fmt", "-"], WILD);
    assert_eq!((code(&run), out(&run).as_str(), err(&run).as_str()), (0, CALM, ""));
    let run = with_input(folder.path(), &["fmt", "-"], CALM);
    assert_eq!((code(&run), out(&run).as_str(), err(&run).as_str()), (0, CALM, ""));
    let run = with_input(folder.path(), &["fmt", "-"], BROKEN);
    assert_eq!((code(&run), out(&run).as_str()), (1, ""));
    assert!(err(&run).contains("<stdin>:2:14"), "{}", err(&run));
    let run = with_input(folder.path(), &["fmt", "--check", "-"], WILD);
    assert_eq!((code(&run), out(&run).as_str()), (1, "<stdin>\n"));
}

#[test]
fn json_is_one_documented_object() {
    let folder = folder();
    fs::write(folder.path().join("broken.weir"), BROKEN).unwrap();
    for arguments in
        [["fmt", ".", "--format", "json", "--check"], ["fmt", "--format", "json", "--color=never", "."]]
    {
        let run = weir(folder.path(), &arguments);
        assert_eq!((code(&run), err(&run).as_str()), (1, ""));
        let report: serde_json::Value = serde_json::from_str(&out(&run)).unwrap();
        assert_eq!(report["version"], 1);
        assert_eq!(report["diagnostics"][0]["code"], "E0101");
        assert_eq!(report["changed"], serde_json::json!(["./sub/wild.weir"]));
    }
}

#[test]
fn what_cannot_run_is_two_and_changes_nothing() {
    let folder = folder();
    fs::write(folder.path().join("sub/bytes.weir"), b"web isolated;\n\xff").unwrap();
    let before = tree(folder.path());
    let cases: &[&[&str]] = &[
        &["fmt"],
        &["fmt", "."],
        &["fmt", "-", "calm.weir"],
        &["fmt", "nowhere.weir", "sub/wild.weir"],
        &["fmt", "--check", "sub"],
    ];
    for arguments in cases {
        let run = weir(folder.path(), arguments);
        assert_eq!((code(&run), out(&run).as_str()), (2, ""), "{arguments:?}: {}", err(&run));
        assert!(!err(&run).is_empty(), "{arguments:?} says why");
    }
    assert_eq!(tree(folder.path()), before);
    fs::create_dir(folder.path().join("empty")).unwrap();
    let run = weir(folder.path(), &["fmt", "empty"]);
    assert_eq!(code(&run), 2);
    assert!(err(&run).contains("there is no `.weir` file in `empty`"), "{}", err(&run));
}

#[cfg(unix)]
#[test]
fn rights_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder();
    let wild = folder.path().join("sub/wild.weir");
    fs::set_permissions(&wild, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("sub/wild.weir", folder.path().join("link.weir")).unwrap();
    let run = weir(folder.path(), &["fmt", "link.weir"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    assert!(fs::symlink_metadata(folder.path().join("link.weir")).unwrap().is_symlink());
    assert_eq!(harness::read(&wild), CALM);
    assert_eq!(fs::metadata(&wild).unwrap().permissions().mode() & 0o777, 0o640);
}

/// Where the file system has no room, the file stays as it was, and nothing stands beside it.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_changes_nothing() {
    let folder = folder();
    let before = tree(folder.path());
    let command = format!("ulimit -f 0; trap '' XFSZ; exec {} fmt .", super::binary().display());
    let run =
        std::process::Command::new("sh").args(["-c", &command]).current_dir(folder.path()).output().unwrap();
    assert_eq!(run.status.code(), Some(2), "{}", err(&run));
    assert!(err(&run).contains("cannot write `./sub/wild.weir`"), "{}", err(&run));
    assert_eq!(tree(folder.path()), before);
}

#[test]
fn a_difference_shows_no_control_characters() {
    let folder = folder();
    let text = "web  isolated; # \u{1b}[31m red\u{7}\n\tweb may reach db;\n";
    fs::write(folder.path().join("evil.weir"), text).unwrap();
    let run = weir(folder.path(), &["fmt", "--diff", "evil.weir"]);
    assert!(out(&run).contains("-\tweb may reach db;\n"), "{}", out(&run));
    assert!(!out(&run).contains('\u{1b}') && !out(&run).contains('\u{7}'), "{}", out(&run));
    // What is written keeps every comment as it is.
    weir(folder.path(), &["fmt", "evil.weir"]);
    let done = "web isolated; # \u{1b}[31m red\u{7}\nweb may reach db;\n";
    assert_eq!(harness::read(folder.path().join("evil.weir")), done);
}
