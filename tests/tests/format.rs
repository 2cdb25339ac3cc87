//! The formatter on files made to show its rules, with what it makes of them beside them, and on files made to break it.

use crate::harness;
use crate::properties::format::formatted;

fn check(text: &str) -> String {
    match formatted(text) {
        Ok(done) => done,
        Err(error) => {
            let start: String = text.chars().take(2000).collect();
            panic!("{start}\n{error}")
        }
    }
}

#[test]
fn files_take_their_canonical_form() {
    let folder = harness::cases().join("format");
    let cases: Vec<_> = harness::entries(&folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "weir"))
        .collect();
    assert!(!cases.is_empty(), "cases are found");
    for path in cases {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        settings.bind(|| insta::assert_snapshot!(name, check(&harness::read(&path))));
    }
}

/// Whatever is shipped in Weir is formatted.
#[test]
fn library_and_examples_are_formatted() {
    let mut waiting = vec![harness::root().join("stdlib"), harness::root().join("examples")];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(harness::entries(path));
        } else if path.extension().is_some_and(|extension| extension == "weir") {
            let text = harness::read(&path);
            assert_eq!(check(&text), text, "{}", path.display());
        }
    }
}

#[test]
fn little_is_enough() {
    for (text, expected) in [
        ("", ""),
        ("\u{feff}", ""),
        (" \r\n\t\n", ""),
        ("# only a comment", "# only a comment\n"),
        ("\n\n# one\n\n\n# two\n\n", "# one\n\n# two\n"),
        ("web isolated;", "web isolated;\n"),
        ("\u{feff}web\r\nisolated;\r\n# end\r\n", "web isolated;\n# end\n"),
        ("web isolated # why\n;", "web isolated # why\n    ;\n"),
        ("web isolated # why\n; # behind", "web isolated # why\n    ; # behind\n"),
        ("web isolated;# behind\n# below", "web isolated; # behind\n# below\n"),
        ("test \"\" {}", "test \"\" {}\n"),
        ("test \"\" {\n\n}\n", "test \"\" {}\n"),
    ] {
        assert_eq!(check(text), expected);
    }
}

#[test]
fn a_text_with_errors_has_no_canonical_form() {
    for text in
        ["web isolated", "web may;", "a, b except c isolated;", "in namespace shop { a locked; # c\n", "\"a"]
    {
        let parse = weir_grammar::parse(text);
        assert_eq!(weir_grammar::format::file(text, &parse), None, "{text}");
    }
}

#[test]
fn nothing_is_nested_too_deep() {
    let blocks = |most: usize| {
        let open = "in namespace shop { # open\n".repeat(most);
        open + "web may reach db, cache, api because \"a reason\";" + &"} # closed\n".repeat(most)
    };
    let brackets = |most: usize, comment: &str| {
        let open = format!("(shop/web, {comment}").repeat(most);
        format!("{open}shop/api{} may reach db;", ")".repeat(most))
    };
    check(&blocks(64));
    check(&brackets(64, ""));
    check(&brackets(64, "# why\n"));
    let wide = vec!["shop/some-workload"; 500].join(", ");
    check(&format!("{} isolated;", format!("({wide}, ").repeat(64) + "a" + &")".repeat(64)));
}

#[test]
fn nothing_is_too_long() {
    let many =
        |separator: &str| (0..10_000).map(|at| format!("ns-{at}/web")).collect::<Vec<_>>().join(separator);
    for separator in [", ", ", # why\n", "# why\n, "] {
        check(&format!("let all = {};", many(separator)));
        check(&format!("{} may reach {};", many(separator), many(separator)));
    }
    let done = check(&format!("let all = {};", many(",")));
    assert_eq!(done.lines().count(), 10_001);
    check(&format!("web[app in ({})] isolated;", many(", ").replace('/', "-")));
    check(&format!("apply a({});", many(", ")));
    check(&"web isolated;".repeat(20_000));
    check(&format!("web{} isolated;", "\n".repeat(1 << 20)));
}

#[test]
fn a_megabyte_of_comments_stays() {
    let one = format!("# {}\n", "x".repeat(1 << 20));
    check(&one);
    check(&format!("web isolated {one};"));
    let many = "# a comment\n".repeat(90_000);
    check(&many);
    check(&format!("in namespace shop {{ {many} web isolated; {many} }} {many}"));
    check(&format!("web {many} isolated {many};"));
}
