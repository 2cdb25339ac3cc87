//! Programs in stretches: what comes of them is what comes of one file after the other.

use weir_cluster::Inventory;
use weir_cluster::manifest::Reader;

use super::resolve_in;
use crate::{Day, Facts, Setting, Sources, Target};

fn shop() -> Inventory {
    let mut reader = Reader::new("shop");
    let pod = |name: &str, labels: &str| {
        format!("{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, labels: {{{labels}}}}}}}")
    };
    let service = |name: &str, rest: &str| {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: {name}}}, spec: {{ports: [{{port: 80}}]{rest}}}}}"
        )
    };
    for text in [
        pod("web", "app: web"),
        pod("web-canary", "app: web, track: canary"),
        pod("db", "app: db"),
        service("front", ", selector: {app: web}"),
        service("legacy", ""),
        "{apiVersion: v1, kind: Endpoints, metadata: {name: legacy}, subsets: [{addresses: [{ip: 192.0.2.7}], \
            ports: [{port: 80}]}]}"
            .to_owned(),
    ] {
        reader.read("x", text.as_bytes()).unwrap();
    }
    reader.finish().unwrap()
}

/// The files of a program, several times over, each time under other names.
fn sources(files: &[&str], times: usize) -> Sources {
    let mut sources = Sources::with_prelude();
    for at in 0..times {
        for (number, text) in files.iter().enumerate() {
            let name = format!("f{at}-{number}.weir");
            sources.add(name.clone(), name, text.replace("SELF", &format!("f{at}-{number}")));
        }
    }
    let shared = "export let all = web, db; export let lost = nowhere; export let round = round2; \
        export let round2 = round; export let old = legacy; export let gone = nothing if present; \
        export policy open(p, q) { p may reach q; namespace shop locked; }";
    sources.add("shared.weir", "shared.weir", shared);
    sources
}

#[test]
fn stretches_are_as_one() {
    let programs: &[&[&str]] = &[
        &["web may reach front:80;", "web-canary may reach legacy:80; anyone may reach front;"],
        &["use shared; all may reach db:80;", "web may reach db:80; web may reach web-canary:1;"],
        &["use shared; web may reach lost;", "use shared; lost may reach web;", "web may reach db;"],
        &["use shared; web may reach round;", "use shared; round2 may reach web;", "web may reach db;"],
        &["web may reach db;", "use shared; web may reach old;", "web may reach legacy;"],
        &["use shared; apply open(web, db);", "use shared; gone may reach web; apply open(lost, legacy);"],
        &["let x = y; let y = web; x may reach db;", "let unused = nobody; let a = b; let b = a;"],
        &["in each namespace { pods may reach legacy:80; pods locked; }", "in namespace shop { web open; }"],
        &["web may reach ;", "policy p(x) { x may reach nowhere; } web may reach db;", "apply q(web);"],
        &["test \"t\" { web reaches db:80; }", "anyone except lost may reach web; must not;"],
    ];
    let inventory = shop();
    let today = Day { year: 2027, month: 1, day: 1 };
    for files in programs {
        for times in [1, 2, 5] {
            let sources = sources(files, times);
            let resolved = |count: usize| {
                let facts = Facts::of(&inventory);
                let setting = Setting::new(&facts, Target::NetworkPolicy, today);
                let (program, diagnostics) = resolve_in(count, &sources, &setting);
                let texts: Vec<&str> = program.iter().map(|(_, sentence)| sentence.source.as_str()).collect();
                (format!("{texts:?} {program:?}"), diagnostics)
            };
            let alone = resolved(1);
            for count in 2..7 {
                assert!(resolved(count) == alone, "{files:?} in {count} stretches");
            }
        }
    }
}

/// The bound on what policies and blocks come to is one for the whole program.
#[test]
fn stretches_share_their_bound() {
    let each = "in each namespace { pods may reach pods; }".repeat(40_000);
    let files = [each.as_str(), &each, &each, "web may reach db;"];
    let sources = sources(&files, 1);
    let inventory = shop();
    let facts = Facts::of(&inventory);
    let setting = Setting::new(&facts, Target::NetworkPolicy, Day { year: 2027, month: 1, day: 1 });
    let resolved = |count: usize| {
        let (program, diagnostics) = resolve_in(count, &sources, &setting);
        (program.sentences.len(), program.incomplete, diagnostics)
    };
    let alone = resolved(1);
    assert_eq!(alone.0, 0);
    assert!(resolved(3) == alone);
}
