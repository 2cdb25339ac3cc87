//! Texts that nobody writes by hand: each is read or refused, with a place, in few words, and soon. Sizes are told
//! apart from what they were made of by orders of magnitude, not by a clock.

use std::fs;
use std::process::Command;

use weir_tests::entry;

use crate::command::{binary, code, err, out, weir, with_input};

const MEGABYTE: usize = 1_000_000;

/// What each is, and what it says.
fn programs() -> Vec<(&'static str, String)> {
    let lets = |order: &dyn Fn(usize) -> String| (0..5000).map(order).collect::<String>() + "a0 locked;\n";
    vec![
        ("a megabyte of brackets", "(".repeat(MEGABYTE)),
        ("a megabyte of closing brackets", ")".repeat(MEGABYTE)),
        ("a megabyte of braces", "{".repeat(MEGABYTE)),
        ("a megabyte of quotes", "\"".repeat(MEGABYTE)),
        ("a megabyte of commas", ",".repeat(MEGABYTE)),
        ("many semicolons", ";".repeat(100_000)),
        ("a megabyte of words", "a ".repeat(MEGABYTE / 2)),
        ("many sentences that are none", "a;".repeat(100_000)),
        ("a megabyte of signs", "@\n".repeat(MEGABYTE / 2)),
        ("a megabyte of NULs", "\0".repeat(MEGABYTE)),
        ("a megabyte of comment, and a word", format!("#{}\nx", "-".repeat(MEGABYTE))),
        (
            "a megabyte of reason, and a word",
            format!("namespace shop locked because \"{}\"; x", "x".repeat(MEGABYTE)),
        ),
        ("a name of 100,000 characters", format!("{} locked;", "a".repeat(100_000))),
        ("a name in quotes of 100,000 characters", format!("shop/\"{}\" locked;", "A".repeat(100_000))),
        ("a label of 100,000 characters", format!("namespaces[a={}] locked;", "b".repeat(100_000))),
        ("a port beyond all ports", "internet may reach shop/web:99999999999;".to_owned()),
        ("a port of 100,000 digits", format!("internet may reach shop/web on {};", "9".repeat(100_000))),
        ("blocks 10,000 deep", "in namespace shop { ".repeat(10_000)),
        ("closed blocks 10,000 deep", "in namespace shop { ".repeat(10_000) + &"}".repeat(10_000)),
        ("brackets 10,000 deep", "(".repeat(10_000) + "shop/web" + &")".repeat(10_000) + " locked;"),
        ("a chain of `except`", "anyone except ".repeat(10_000) + "anyone locked;"),
        ("a NUL", "namespace\0shop locked;".to_owned()),
        ("names that lead down", lets(&|at| format!("let a{at} = a{};\n", at + 1))),
        (
            "names that lead up",
            "let a0 = nothing;\n".to_owned() + &lets(&|at| format!("let a{} = a{at};\n", at + 1)),
        ),
        ("policies in policies", "policy p(a) { ".repeat(5000)),
        ("sentences without an end", "namespace shop locked\n".repeat(5000)),
        ("directions and marks", "\u{feff}\u{202e}\u{2066}shop\u{200b} locked;\u{1b}[2J".to_owned()),
    ]
}

#[test]
fn hostile_programs_are_refused_in_few_words() {
    for (what, text) in programs() {
        println!("{what}");
        entry::parse(text.as_bytes());
    }
}

const PODS: &str = "apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { containers: [{ name: web, ports: [{ containerPort: 80 }] }] }
";

#[test]
fn the_command_refuses_them_with_a_place() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pods.yaml"), PODS).unwrap();
    for (what, text) in programs() {
        fs::write(folder.path().join("x.weir"), &text).unwrap();
        let run = weir(folder.path(), &["build", "x.weir", "-i", "pods.yaml"]);
        assert_eq!((code(&run), out(&run).as_str()), (1, ""), "{what}");
        let said = err(&run);
        assert!(said.contains("error[E"), "{what}: {}", &said[..said.len().min(200)]);
        assert!(said.contains("x.weir:"), "{what} is told with a place");
        assert!(said.len() < MEGABYTE && !said.contains("panicked"), "{what}: {} bytes", said.len());
        assert!(!said.contains(['\0', '\u{1b}', '\u{202e}']), "{what}: {said}");
    }
}

#[test]
fn what_is_no_text_cannot_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pods.yaml"), PODS).unwrap();
    let mut latin = b"namespace shop locked;\n# gr".to_vec();
    latin.extend(b"\xfcn\n".repeat(100_000));
    for (bytes, place) in [(latin.as_slice(), "2:5"), (b"\xff\xfen\0a\0", "1:1"), (b"\xed\xa0\x80", "1:1")] {
        fs::write(folder.path().join("x.weir"), bytes).unwrap();
        let run = weir(folder.path(), &["check", "x.weir", "-i", "pods.yaml"]);
        assert_eq!(code(&run), 2);
        assert!(out(&run).contains(&format!("in x.weir:{place}")), "{}", out(&run));
    }
}

/// Other inputs of the command, with the same expectations.
#[test]
fn hostile_inventories_and_settings_cannot_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.weir"), "namespace shop locked;\n").unwrap();
    let manifests: &[(&str, Vec<u8>)] = &[
        ("brackets", vec![b'['; MEGABYTE]),
        ("braces", b"{\"a\":".repeat(MEGABYTE / 5)),
        ("an open text", [b"kind: \"".to_vec(), vec![b'x'; MEGABYTE]].concat()),
        ("no UTF-8", [PODS.as_bytes(), b"---\nkind: \xff\n"].concat()),
        ("a NUL", [PODS.as_bytes(), b"---\nkind: Pod\0\n"].concat()),
        ("a port beyond all ports", PODS.replace("80", "99999999999").into_bytes()),
        ("a name of 100,000 characters", PODS.replace("web", &"w".repeat(100_000)).into_bytes()),
        (
            "aliases that unfold",
            (0..40).fold(b"a0: &a0 [x]\n".to_vec(), |mut text, at| {
                text.extend(format!("a{}: &a{} [*a{at}, *a{at}, *a{at}]\n", at + 1, at + 1).bytes());
                text
            }),
        ),
    ];
    for (what, bytes) in manifests {
        entry::manifest(bytes);
        fs::write(folder.path().join("pods.yaml"), bytes).unwrap();
        let run = weir(folder.path(), &["build", "x.weir", "-i", "pods.yaml"]);
        assert_eq!((code(&run), out(&run).as_str()), (2, ""), "{what}: {}", err(&run));
        let said = err(&run);
        assert!(said.contains("E0801") && said.contains("in pods.yaml"), "{what}: {said}");
        assert!(said.len() < 10_000, "{what}: {} bytes", said.len());
    }
    let settings: &[(&str, Vec<u8>)] = &[
        ("brackets", vec![b'['; MEGABYTE]),
        ("lists in lists", [b"a = ".to_vec(), vec![b'['; MEGABYTE]].concat()),
        ("tables in tables", [b"a = ".to_vec(), b"{a=".repeat(MEGABYTE / 3)].concat()),
        ("dots", [b"a.".repeat(MEGABYTE / 2), b"a = 1".to_vec()].concat()),
        (
            "a name of 100,000 characters",
            [b"[clusters.".to_vec(), vec![b'x'; 100_000], b"]".to_vec()].concat(),
        ),
        ("no UTF-8", b"[project]\nname = '\xff'\n".to_vec()),
        ("a NUL", b"[project]\nname = 'a\0b'\n".to_vec()),
    ];
    for (what, bytes) in settings {
        entry::weir_toml(bytes);
        fs::write(folder.path().join("weir.toml"), bytes).unwrap();
        let run = weir(folder.path(), &["build"]);
        assert_eq!((code(&run), out(&run).as_str()), (2, ""), "{what}: {}", err(&run));
        let said = err(&run);
        assert!(said.contains("E070") && said.contains("weir.toml:"), "{what}: {said}");
        assert!(said.len() < 10_000, "{what}: {} bytes", said.len());
    }
}

#[test]
fn standard_input_is_no_exception() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pods.yaml"), PODS).unwrap();
    let run = with_input(folder.path(), &["check", "-", "-i", "pods.yaml"], &"(".repeat(MEGABYTE));
    assert_eq!(code(&run), 1);
    assert!(out(&run).contains("<stdin>:1:65"), "{}", out(&run));
}

/// A text of a megabyte is read in a few hundred: what is kept of it is in proportion.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_in_proportion() {
    const KILOBYTES: usize = 500_000;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pods.yaml"), PODS).unwrap();
    for (what, text) in programs().into_iter().filter(|(_, text)| text.len() >= MEGABYTE) {
        fs::write(folder.path().join("x.weir"), &text).unwrap();
        let command = format!("ulimit -v {KILOBYTES}; exec {} check x.weir -i pods.yaml", binary().display());
        let run = Command::new("sh").args(["-c", &command]).current_dir(folder.path()).output().unwrap();
        assert_eq!(run.status.code(), Some(1), "{what}: {}", err(&run));
    }
}
