//! What holds for every action, wherever it is offered.

use std::sync::Arc;

use weir_grammar::Span;

use super::testing::{everywhere, rewrites_of};
use super::{ActionKind, actions, fix_all};
use crate::ide::fixture::{edited, fixture};
use crate::ide::words::words;
use crate::ide::{Desk, Site, World};
use crate::project::Cluster;
use crate::source::FileId;

/// Programs with something to do in them.
const PROGRAMS: &[&str] = &[
    "namespace shop, namespace data, namespace monitoring locked;
# who asks
shop/web, shop/api may reach data/db:5432; # orders
shop/web, shop/api may reach dns because \"names\";
in namespace shop {
    # inside
    web may reach api:80;
    web may reach api:http;
    prometheus may reach web, api if present;
}
monitoring/prometheus may reach shop/web, shop/api on 80;
monitoring may reach workload shop/api;
",
    "let front = shop/web;
let back = api; # unused
use std.kubernetes;
policy tenant(home, port: port) {
    home isolated;
    # any
    anyone except home may reach home:port;
}
apply tenant(shop, 80);
in each namespaces[kind=tenant] { pods may reach pods on 1-65535; }
front must not reach namespace data;
only api may reach data/db:5432;
web, prometheus may reach data/db;
test \"a\" { front reaches api; web may reach db:5432; }
",
    "anyone except (web, api), db locked;
webb may reach api:8000 until 2026-10-01;
web may reach anywhere; web may reach internet:https;
namespace shop[app=x] may reach 10.0.0.1/8:80 if absent;
// a comment
namespace shop, namespace data isolated;
web open;
db must reach web:80;
# weir: allow(W0102, W0107)
# weir: allow(W0101) because \"b\"
web may ping api:80;
web may reach web:80 because \"it is
",
];

#[test]
fn every_action_keeps_what_is_promised() {
    for program in PROGRAMS {
        let tried = everywhere(program);
        assert!(tried > 20, "{tried} of {program}");
    }
}

/// Rewrites are held against policies: there have to be some.
#[test]
fn the_first_program_is_built() {
    let errors = fixture(PROGRAMS[0]).whole.diagnostics.into_iter().filter(|said| said.is_error());
    assert_eq!(errors.collect::<Vec<_>>(), []);
}

#[test]
fn lines_end_as_they_did() {
    for program in PROGRAMS {
        let windows = program.replace('\n', "\r\n");
        let mut fixture = fixture("\n");
        fixture.workspace.edit(FileId(0), windows.clone());
        let desk = fixture.desk();
        for word in words(&desk.source().parse.file) {
            for action in actions(&desk, word.span) {
                let text = edited(&windows, &action.edits);
                assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{}", action.title);
            }
        }
    }
}

#[test]
fn nothing_fails_wherever_it_is_asked() {
    let odd = [
        "",
        "\n",
        "ä",
        "# ä$\r\n\"",
        "\u{feff}web",
        "web may reach",
        "in x {",
        "let a = ",
        "}",
        "allow(",
        "# weir: allow(W0101)",
        "web may reach api:",
        "policy p(",
        "web may reach (api, db",
        "web : 80 may reach api;",
        "web may ping api : 80 , db:80 on 80;",
        "use ;use std.prelude;use std.prelude;",
    ];
    for text in odd.iter().chain(PROGRAMS) {
        let mut fixture = fixture("\n");
        fixture.workspace.edit(FileId(0), (*text).to_owned());
        let step = 1 + text.len() / 60;
        let end = text.len() as u32;
        for at in (0..=end + 1).step_by(step) {
            for range in [(at, at), (0, at), (at, end), (end, at)] {
                let desk = fixture.desk();
                let found = actions(&desk, Span { start: range.0, end: range.1 });
                found.iter().for_each(|action| drop(edited(text, &action.edits)));
            }
        }
        fix_all(&fixture.desk());
    }
}

#[test]
fn without_an_inventory_the_text_is_enough() {
    let mut fixture = fixture("web may reach api:80\nweb, api$0 may reach (web, api)[a=b]:80;");
    let world = Arc::new(World::unknown(Cluster::default()));
    fixture.workspace.sites = vec![Site { world, ..fixture.workspace.sites[0].clone() }];
    let desk = Desk::new(&fixture.workspace, 0, fixture.file, None);
    let at = |at: u32| {
        let found = actions(&desk, Span { start: at, end: at });
        found.into_iter().map(|action| action.title).collect::<Vec<_>>()
    };
    assert_eq!(at(20), ["end the sentence", "say why, with `because`"]);
    assert_eq!(
        at(fixture.offset),
        ["say why, with `because`", "give it a name, in 2 places: `let web-and-api`"]
    );
}

#[test]
fn settings_are_mended_by_their_suggestions_alone() {
    let fixture =
        fixture("-- weir.toml --\n[project]\nprelude = yes\n-- main.weir --\nweb locked for ingress;");
    let desk = Desk::new(&fixture.workspace, 0, FileId(0), Some(&fixture.whole));
    let found = actions(&desk, Span { start: 0, end: 24 });
    assert!(found.iter().all(|action| action.kind == ActionKind::QuickFix), "{found:?}");
    assert!(found.iter().any(|action| action.title.contains("true")), "{found:?}");
}

#[test]
fn the_library_stays_as_it_is() {
    let fixture = fixture("namespace shop locked;");
    let library = fixture.workspace.sources.iter().find(|(_, source)| source.library).unwrap().0;
    let desk = Desk::new(&fixture.workspace, 0, library, Some(&fixture.whole));
    let end = desk.text().len() as u32;
    for at in 0..end {
        assert_eq!(actions(&desk, Span { start: at, end: at }), []);
    }
}

/// Names of one cluster may be others in the next.
#[test]
fn names_are_those_of_every_cluster() {
    let other = "apiVersion: v1\nkind: Namespace\nmetadata: { name: store }\n---\napiVersion: v1\nkind: Pod\nmetadata: { name: web, namespace: store, labels: { app: web } }\n";
    let mut reader = weir_cluster::manifest::Reader::new("default");
    reader.read("cluster.yaml", other.as_bytes()).unwrap();
    let world = Arc::new(World::of(reader.finish().unwrap(), Cluster::default()));
    let mut fixture = fixture("w$0eb locked for ingress;");
    let at = Span { start: fixture.offset, end: fixture.offset };
    let is_named =
        |desk: &Desk<'_>| actions(desk, at).iter().any(|action| action.title.contains("full name"));
    assert!(is_named(&fixture.desk()));
    let second = Site { world, ..fixture.workspace.sites[0].clone() };
    fixture.workspace.sites.push(second);
    assert!(!is_named(&fixture.desk()));
}

/// What an editor waits for: a long file, each line of which says what others say.
#[test]
fn a_long_file_is_no_long_wait() {
    let line = "shop/web, shop/api may reach data/db:5432;\n";
    let text = format!("namespace shop locked;\n{}", line.repeat(2000));
    let fixture = fixture(&text);
    let found = actions(&fixture.desk(), Span { start: 23, end: 23 });
    let named = found.iter().find(|action| action.kind == ActionKind::Extract).unwrap();
    assert_eq!(named.edits.len(), 2001);
}

#[test]
fn what_is_offered_for_nothing_is_nothing() {
    assert_eq!(rewrites_of("# com$0ment\nweb locked for ingress;", 0), Vec::<[String; 2]>::new());
}
