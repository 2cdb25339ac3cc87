//! Doors for hostile bytes: each function takes them for one kind of input, and asserts what has to hold whatever they
//! say. The properties of `tests/` and the targets of `fuzz/` call the same functions; a panic is a find.
//!
//! What is no UTF-8 is refused before it gets here (the command's tests have it), so texts that are none are passed by.

use std::sync::OnceLock;

use weir::project::{self, Parsed};
use weir::{
    Analysis, Code, Diagnostic, Facts, Inventory, Setting, Sources, Target, analyze, diagnostic, emit,
};
use weir_cluster::enforce::{self, Dialect};
use weir_cluster::manifest::Reader;

use crate::TODAY;

/// The inventory of the cases: something that names can denote.
const TOWN: &str = include_str!("../cases/inventory.yaml");
/// A program that asks an inventory about most that it can hold.
const PROGRAM: &str = "namespace shop, namespace data locked;
shop/web may reach data/db:5432 if present;
anyone, nodes may reach namespaces[team=a][app=web] on 80 even if absent;
10.0.0.0/8, internet may reach shop/web if present;
";

/// A program of one file, held against a town.
pub fn parse(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parse = weir_grammar::parse(text);
    let mut all: Vec<(usize, usize)> = spans(&format!("{:?}", parse.file));
    all.extend(parse.errors.iter().map(|error| (error.span.start as usize, error.span.end as usize)));
    all.extend(parse.comments.iter().map(|one| (one.span.start as usize, one.span.end as usize)));
    for (start, end) in all {
        assert!(text.get(start..end).is_some(), "the span {start}..{end} is in the text");
    }
    assert!(parse.errors.is_sorted_by_key(|error| error.span), "errors are told in their order");
    static INVENTORY: OnceLock<Inventory> = OnceLock::new();
    let town = INVENTORY.get_or_init(|| {
        let mut reader = Reader::new("default");
        reader.read("town.yaml", TOWN.as_bytes()).expect("the town is read");
        reader.finish().expect("the town is whole")
    });
    let mut sources = Sources::with_prelude();
    sources.add("main.weir", "main.weir", text);
    let facts = Facts::of(town);
    let analysis = analyze(&sources, &Setting::new(&facts, Target::NetworkPolicy, TODAY));
    assert!(
        parse.errors.is_empty() || analysis.has_errors(),
        "what cannot be read is an error of the program"
    );
    built(&sources, &facts, &analysis);
}

/// A text to be formatted: what comes out says the same with the same comments, and is formatted already.
pub fn format(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parse = weir_grammar::parse(text);
    let formatted = weir_grammar::format::file(text, &parse);
    assert_eq!(
        formatted.is_some(),
        parse.errors.is_empty(),
        "what can be read is formatted, and nothing else"
    );
    let Some(formatted) = formatted else { return };
    let again = weir_grammar::parse(&formatted);
    assert!(again.errors.is_empty(), "{formatted}\nis not read again: {:?}", again.errors);
    let says = |parse: &weir_grammar::Parse| without_spans(&format!("{:?}", parse.file));
    assert_eq!(says(&parse), says(&again), "{formatted}\nsays something else");
    let comments = |parse: &weir_grammar::Parse| -> Vec<String> {
        parse.comments.iter().map(|comment| comment.text.clone()).collect()
    };
    assert_eq!(comments(&parse), comments(&again), "{formatted}\nhas other comments");
    assert_eq!(weir_grammar::format::file(&formatted, &again), Some(formatted), "it is formatted once");
}

/// Manifests of a cluster, and a program that is held against them; then the same bytes as policies.
pub fn manifest(bytes: &[u8]) {
    let mut reader = Reader::new("default");
    let read = reader.read("x.yaml", bytes);
    if let Err(errors) = &read {
        assert!(errors.iter().all(|error| !error.message.is_empty() && &*error.file == "x.yaml"));
    }
    let finished = reader.finish();
    assert_eq!(read.is_ok(), finished.is_ok(), "an error is told when it is found, and not forgotten");
    if let Ok(inventory) = finished {
        let mut sources = Sources::with_prelude();
        sources.add("main.weir", "main.weir", PROGRAM);
        let facts = Facts::of(&inventory);
        let analysis = analyze(&sources, &Setting::new(&facts, Target::NetworkPolicy, TODAY));
        built(&sources, &facts, &analysis);
    }
    for dialect in [Dialect::NetworkPolicy, Dialect::ClusterNetworkPolicy] {
        let _ = enforce::read(dialect, "x.yaml", &String::from_utf8_lossy(bytes));
    }
}

/// The settings of a project.
pub fn weir_toml(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut sources = Sources::new();
    let file = sources.add_settings("weir.toml", "weir.toml", text);
    let Parsed { project, diagnostics, clusters, .. } = project::parse(file, text);
    for said in &diagnostics {
        assert!(said.code == Code::E0703 && said.is_error(), "{said:?}");
        assert!(!said.labels.is_empty(), "{said:?} has a place");
    }
    shown(&sources, &diagnostics);
    assert_eq!(project.clusters.len(), clusters.len());
    assert!(project.clusters.is_sorted_by_key(|cluster| &cluster.name));
    if diagnostics.is_empty() {
        for (cluster, places) in project.clusters.iter().zip(&clusters) {
            assert_eq!(cluster.inventory.len(), places.inventory.len());
            let name = &cluster.name;
            assert!(
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
                "{name}"
            );
            assert!(cluster.pods.iter().chain(&cluster.services).all(|range| range.trunc() == *range));
        }
    }
}

/// A program is built or has errors, never both, and what is built is valid.
fn built(sources: &Sources, facts: &Facts<'_>, analysis: &Analysis) {
    shown(sources, &analysis.diagnostics);
    match analysis.build(facts) {
        None => assert!(analysis.has_errors(), "nothing is built, and nothing says why"),
        Some(documents) => {
            assert!(!analysis.has_errors());
            let text = emit::stream(&documents);
            if let Err(errors) = enforce::read(Dialect::NetworkPolicy, "built.yaml", &text) {
                panic!("what was written is not read again: {errors:?}\n{text}");
            }
        }
    }
}

/// Diagnostics point into their texts, and every format can show them.
fn shown(sources: &Sources, diagnostics: &[Diagnostic]) {
    for said in diagnostics {
        assert!(!said.message.is_empty());
        let labels = said.labels.iter().map(|label| label.place);
        for place in labels.chain(said.suggestions.iter().map(|suggestion| suggestion.place)) {
            let text = &sources.get(place.file).text;
            assert!(text.get(place.span.range()).is_some(), "{said:?} points out of its text");
        }
    }
    let told = diagnostic::render::render(sources, diagnostics, false);
    assert!(!told.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')), "{told:?}");
    assert!(told.len() <= 20_000 * (diagnostics.len() + 1), "{} bytes for {}", told.len(), diagnostics.len());
    let json: serde_json::Value =
        serde_json::from_str(&diagnostic::json::report(sources, diagnostics)).expect("JSON is JSON");
    assert_eq!(json["diagnostics"].as_array().map(Vec::len), Some(diagnostics.len()));
    let _ = diagnostic::sarif::report(sources, diagnostics, true);
    let _ = diagnostic::github::report(sources, diagnostics);
    let _ = diagnostic::gitlab::report(sources, diagnostics);
    let _ = diagnostic::junit::report(sources, diagnostics, weir::Severity::Error);
}

/// Every span of a tree, as its `Debug` text tells them.
pub fn spans(told: &str) -> Vec<(usize, usize)> {
    let numbers = |text: &str| -> Option<(usize, usize)> {
        let (start, rest) = text.strip_prefix("start: ")?.split_once(", end: ")?;
        Some((start.parse().ok()?, rest.parse().ok()?))
    };
    told.split("Span { ").skip(1).filter_map(|rest| numbers(rest.split_once(" }")?.0)).collect()
}

/// A tree's `Debug` text without its spans.
pub fn without_spans(told: &str) -> String {
    let mut parts = told.split("Span { ");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once(" }").map_or("", |(_, rest)| rest));
    }
    text
}
