//! Programs before and after: what they mean is the same.

use super::*;
use crate::analyze;
use crate::ide::fixture::{Fixture, fixture};

/// What a program means and what is said of it, with `old` called `new`, and no places.
fn meaning(fixture: &Fixture, old: &str, new: &str) -> String {
    let workspace = &fixture.workspace;
    let analysis = analyze(&workspace.sources, &workspace.setting(0));
    let grants: Vec<_> =
        analysis.meant.grants.iter().map(|grant| (&grant.from, &grant.to, &grant.ports)).collect();
    let guards: Vec<_> =
        analysis.meant.guards.iter().map(|guard| (&guard.pods, guard.ingress, guard.egress)).collect();
    let whole = workspace.judge(&mut crate::ide::Memory::default(), &|| false).unwrap();
    let said: Vec<String> = whole
        .diagnostics
        .iter()
        .map(|said| format!("{} {} {}", said.code.name(), said.message, said.labels.len()))
        .map(|said| said.replace(&format!("`{old}`"), &format!("`{new}`")))
        .collect();
    format!("{grants:#?}\n{guards:#?}\n{said:#?}")
}

/// The files after the name at the cursor is changed, held to mean the same.
fn renamed(text: &str, new: &str) -> Result<String, String> {
    let mut fixture = fixture(text);
    let (span, old) = prepare(&fixture.desk(), fixture.offset)?;
    assert!(span.start <= fixture.offset && fixture.offset <= span.end);
    let mut edits = rename(&fixture.desk(), fixture.offset, new)?;
    let before = meaning(&fixture, &old, new.trim_matches('"'));
    edits.sort_by_key(|edit| edit.place);
    for edit in edits.iter().rev() {
        let mut text = fixture.workspace.sources.get(edit.place.file).text.clone();
        text.replace_range(edit.place.span.range(), &edit.text);
        fixture.workspace.edit(edit.place.file, text);
    }
    let after = meaning(&fixture, &old, new.trim_matches('"'));
    assert_eq!(before, after);
    let own = fixture.workspace.sources.iter().filter(|(_, source)| !source.library);
    let texts: Vec<String> = own.map(|(_, source)| source.text.clone()).collect();
    Ok(texts.join("--\n"))
}

#[test]
fn lets_in_all_files_that_see_them() {
    let files = "-- nets.weir --\nexport let office = 203.0.113.0/24;\nlet near = office except 203.0.113.7;\n\
                 -- a.weir --\nuse nets;\noff$0ice may reach data/db:5432;\nnamespace data locked;\n\
                 -- b.weir --\nlet office = web;\noffice may reach data/db:5432;\n";
    let expected = "export let hq = 203.0.113.0/24;\nlet near = hq except 203.0.113.7;\n--\n\
                    use nets;\nhq may reach data/db:5432;\nnamespace data locked;\n--\n\
                    let office = web;\noffice may reach data/db:5432;\n";
    assert_eq!(renamed(files, "hq").unwrap(), expected);
}

#[test]
fn names_are_quoted_where_they_have_to_be() {
    let text = "let ba$0ck = api;\nnamespace shop, namespace data locked;\nback may reach db:5432;";
    let expected = "let \"3rd\" = api;\nnamespace shop, namespace data locked;\n\"3rd\" may reach db:5432;\n";
    assert_eq!(renamed(text, "3rd").unwrap(), expected);
    assert_eq!(renamed(text, "\"3rd\"").unwrap(), expected);
    let text = "let \"3rd\" = api;\n\"3r$0d\" locked;";
    assert_eq!(renamed(text, "back").unwrap(), "let back = api;\nback locked;\n");
}

#[test]
fn parameters_wherever_they_stand() {
    let text = "let home = api;\npolicy tenant(ho$0me: namespace, others, port) {\n    namespace home locked;\n    \
                in namespace home { pods may reach others:port; }\n    others may reach home/db on port;\n}\n\
                home locked;\napply tenant(data, shop/api, 5432);";
    let expected = "let home = api;\npolicy tenant(space: namespace, others, port) {\n    namespace space locked;\n    \
                    in namespace space { pods may reach others:port; }\n    others may reach space/db on port;\n}\n\
                    home locked;\napply tenant(data, shop/api, 5432);\n";
    assert_eq!(renamed(text, "space").unwrap(), expected);
    let renamed =
        renamed(&text.replace("ho$0me", "home").replace("others:port", "others:po$0rt"), "p").unwrap();
    assert!(
        renamed.contains("others, p)") && renamed.contains("others:p;") && renamed.contains("on p;"),
        "{renamed}"
    );
}

#[test]
fn policies_and_who_applies_them() {
    let files = "-- p.weir --\nexport policy te$0nant(a) { a locked; }\napply tenant(shop);\n\
                 -- a.weir --\nuse p;\nin namespace data { apply tenant(db); }\n";
    let expected = "export policy guarded(a) { a locked; }\napply guarded(shop);\n--\n\
                    use p;\nin namespace data { apply guarded(db); }\n";
    assert_eq!(renamed(files, "guarded").unwrap(), expected);
}

#[test]
fn names_of_ports_and_namespaces_stay() {
    let text = "let h$0ttp = api;\npolicy p(a, q) { a may reach db:q; }\nnamespace shop, namespace data locked;\n\
                apply p(http, http);\nshop/web may reach api:http;";
    let renamed = renamed(text, "back").unwrap();
    assert!(renamed.contains("apply p(back, http);\nshop/web may reach api:http;"), "{renamed}");
}

#[test]
fn what_each_cluster_names_for_itself_is_renamed_together() {
    let files = "-- weir.toml --\n[clusters.eu]\ninventory = [\"a\"]\n[clusters.us]\ninventory = [\"b\"]\n\
                 -- main.weir --\nin cluster eu { let ed$0ge = web; }\nin cluster us { let edge = api; }\nedge locked;";
    let renamed = renamed(files, "front").unwrap();
    assert!(
        renamed.ends_with("{ let front = web; }\nin cluster us { let front = api; }\nfront locked;\n"),
        "{renamed}"
    );
}

/// Every word of a program in turn: those that are names of its own are renamed everywhere.
#[test]
fn every_name_from_everywhere() {
    let program = "-- nets.weir --\nuse edge;\nexport let office = 203.0.113.0/24;\n\
                   export policy tenant(home: namespace, others, port) {\n    namespace home locked;\n    \
                   in namespace home { pods may reach (others except office):port; }\n    apply watched(home/db, port);\n}\n\
                   policy watched(pods-of, number) { monitoring/prometheus may reach pods-of on number, 9000-9100; }\n\
                   -- edge.weir --\nexport let \"3rd\" = 198.51.100.0/24, 192.0.2.7;\n\
                   in namespace shop { export let back = api, web if present; }\n\
                   -- main.weir --\nuse nets;\nuse edge;\nlet team = namespaces by team;\neach team isolated;\n\
                   let all = office, \"3rd\";\napply tenant(data, (back, all), 5432);\n\
                   in namespace shop {\n    web, all may reach api:http because \"back and office\";\n    \
                   test \"office\" { back reaches data/db:5432; }\n}\n\
                   back[app=api] must not reach office;\n";
    let mut asked = 0;
    for at in 0..program.len() {
        let text = format!("{}$0{}", &program[..at], &program[at..]);
        let in_heading = program[..at].rsplit('\n').next().is_some_and(|line| line.starts_with('-'));
        let is_letter = |c: char| c.is_alphanumeric() || c == '-' || c == '"';
        let within_word = program[..at].ends_with(is_letter);
        if in_heading
            || within_word
            || !program[at..].starts_with(is_letter)
            || program[at..].starts_with("--")
        {
            continue;
        }
        asked += usize::from(renamed(&text, "another").is_ok());
    }
    assert_eq!(asked, 32);
}

#[test]
fn the_same_name_changes_nothing() {
    let fixture = fixture("let ba$0ck = api;\nback locked;");
    assert_eq!(rename(&fixture.desk(), fixture.offset, "back"), Ok(Vec::new()));
}

#[track_caller]
fn refused(text: &str, new: &str, why: &str) {
    assert_eq!(renamed(text, new).unwrap_err(), why);
}

#[test]
fn what_is_no_name_of_the_program() {
    let cases = [
        (
            "w$0eb locked;",
            "`web` is a workload of the cluster: rename it in its manifest, then write its new name here",
        ),
        (
            "namespace sh$0op locked;",
            "`shop` is a namespace of the cluster: rename it in its manifest, then write its new name here",
        ),
        ("inter$0net may reach web;", "`internet` is a word of the language"),
        ("anyone[ap$0p=web] locked;", "labels are the cluster's: change them in the manifests"),
        (
            "use std.kuber$0netes;",
            "a module is called after its file: rename the file, and write its new name in every `use`",
        ),
        (
            "use std.kubernetes;\nanyone except system-names$0paces locked;",
            "`system-namespaces` is part of Weir's library: define a `let` or a policy of your own that uses it",
        ),
        ("no$0body locked;", "`nobody` is defined nowhere in the program"),
        (
            "web may reach db:54$032;",
            "only `let`s, parameters and policies are renamed: change this where it stands",
        ),
        ("web may re$0ach db;", "there is no name here"),
        ("$0", "there is no name here"),
        ("policy p(a) { let b$0 = a; b locked; }", "no `let` may stand here: move it out of the block first"),
    ];
    for (text, why) in cases {
        refused(text, "new", why);
    }
}

#[test]
fn names_that_cannot_be_given() {
    let text = "let ba$0ck = api;\nback locked;";
    refused(text, "", "a name has at least one character");
    refused(text, "\"\"", "a name has at least one character");
    refused(text, "a\"b", "a name has no quotes and no line breaks in it");
    refused(text, "a\nb", "a name has no quotes and no line breaks in it");
    refused(text, "pods", "`pods` is a word of the language: choose another name");
}

#[test]
fn names_that_are_taken() {
    refused("let a$0 = api;\nlet b = web;", "b", "there is a `let` called `b` already: `main.weir`, line 2");
    refused(
        "let a$0 = api;\npolicy b(x) { x locked; }",
        "b",
        "there is a policy called `b` already: `main.weir`, line 2",
    );
    refused(
        "policy p(a$0, b) { a may reach b; }",
        "b",
        "the policy has a parameter `b` already: `main.weir`, line 1",
    );
    refused(
        "-- nets.weir --\nexport let off$0ice = 203.0.113.0/24;\n-- a.weir --\nuse nets;\nlet hq = web;\noffice may reach hq;",
        "hq",
        "there is a `let` called `hq` already: `a.weir`, line 2",
    );
}

#[test]
fn meanings_that_would_be_lost() {
    refused(
        "let a$0 = api;\na locked;\nweb locked;",
        "web",
        "`web` has a meaning here that it would lose: `main.weir`, line 3",
    );
    refused(
        "let a$0 = api;\npolicy p(b) { a may reach b; }",
        "b",
        "in policy `p` the name `b` is a parameter: `main.weir`, line 2",
    );
    refused(
        "policy p(a$0) {\n    a may reach web;\n}",
        "web",
        "`web` has a meaning here that it would lose: `main.weir`, line 2",
    );
    refused(
        "policy p(a$0) {\n    a may reach web:http;\n}",
        "http",
        "`http` has a meaning here that it would lose: `main.weir`, line 2",
    );
    refused(
        "policy p$0(a) { a locked; }\napply q(web);",
        "q",
        "`q` has a meaning here that it would lose: `main.weir`, line 2",
    );
    assert!(renamed("let a$0 = api;\na locked;\nshop/web locked;", "web").is_ok());
}

#[test]
fn what_is_not_clear_is_not_renamed() {
    refused(
        "let a$0 = api;\na may may;",
        "b",
        "a statement that cannot be read may use `a`: `main.weir`, line 2",
    );
    refused(
        "-- a.weir --\nexport let x$0 = api;\n-- b.weir --\nexport let x = web;\n-- c.weir --\nuse a;\nuse b;\nx locked;",
        "y",
        "`x` comes from several modules: `c.weir`, line 3",
    );
    refused("policy p(a$0, a) { a locked; }", "b", "parameter `a` stands twice: mend that first");
}
