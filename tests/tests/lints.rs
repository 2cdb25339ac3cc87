//! The levels of lints, comments that allow them, and the page that lists them. What each lint says is shown by the
//! carets of `cases/errors/lints*.weir`.

use weir::project::Level;
use weir::{Cluster, Code, Project, Severity, Target};

use crate::harness::{self, Built, Texts};

fn town() -> Texts {
    harness::texts(&[harness::cases().join("inventory.yaml")])
}

fn program(text: &str) -> Texts {
    vec![("program.weir".to_owned(), text.to_owned())]
}

/// A program in a project that sets these levels.
fn with(text: &str, levels: &[(Code, Level)]) -> Built {
    let project = project(levels);
    harness::build_in(&program(text), &town(), Target::NetworkPolicy, Some((&project, &project.clusters[0])))
}

fn project(levels: &[(Code, Level)]) -> Project {
    let lints = levels.iter().copied().collect();
    Project { lints, clusters: vec![Cluster::default()], ..Project::default() }
}

fn codes(text: &str, levels: &[(Code, Level)]) -> Vec<Code> {
    with(text, levels).codes()
}

const NO_PORT: &str = "namespace shop locked;\nshop/web may reach shop/api;\n";

#[test]
fn levels_are_the_projects_else_the_lints_own() {
    assert_eq!(codes(NO_PORT, &[]), [Code::W0102]);
    assert_eq!(codes(NO_PORT, &[(Code::W0102, Level::Warn)]), [Code::W0102]);
    assert_eq!(codes(NO_PORT, &[(Code::W0102, Level::Allow)]), []);
    let denied = with(NO_PORT, &[(Code::W0102, Level::Deny)]);
    assert_eq!(denied.diagnostics[0].severity, Severity::Error);
    assert!(denied.yaml.is_none(), "nothing is built");
}

#[test]
fn a_note_stays_a_note_and_may_be_denied() {
    let text = "namespace ops locked for ingress;\n";
    let severity = |levels: &[(Code, Level)]| with(text, levels).diagnostics[0].severity;
    assert_eq!(severity(&[(Code::W0113, Level::Warn)]), Severity::Note);
    assert_eq!(severity(&[(Code::W0113, Level::Deny)]), Severity::Error);
}

#[test]
fn a_denied_lint_mutes_no_other() {
    let text = "namespace shop locked;\nanywhere may reach shop/web;\n";
    let warned = codes(text, &[]);
    assert_eq!(warned, [Code::W0108, Code::W0102]);
    assert_eq!(codes(text, &[(Code::W0108, Level::Deny)]), warned);
}

#[test]
fn some_lints_are_off() {
    let text = "namespace shop locked;\nshop/web may reach shop/worker:8080;\n";
    assert_eq!(codes(text, &[]), []);
    assert_eq!(codes(text, &[(Code::W0127, Level::Warn)]), [Code::W0127]);
    let uncovered = with(text, &[(Code::W0124, Level::Warn)]);
    assert_eq!(uncovered.codes(), [Code::W0124]);
    assert_eq!(
        uncovered.diagnostics[0].notes,
        ["for ingress and egress: `data`, `default`, `ops`, `team-a` and `team-b`"]
    );
}

#[test]
fn every_namespace_is_covered_or_told() {
    let notes = |text: &str| {
        let built = with(text, &[(Code::W0124, Level::Warn), (Code::W0111, Level::Allow)]);
        let found = built.diagnostics.into_iter().find(|said| said.code == Code::W0124);
        found.map(|said| said.notes).unwrap_or_default()
    };
    let all = "each (anyone except kube-system) locked";
    assert_eq!(notes(&format!("{all};")), [""; 0]);
    assert_eq!(notes("anyone except (kube-system, ops) locked;"), [""; 0], "it is named");
    assert_eq!(notes("anyone except (kube-system, team-*/app) locked; team-*/app open;"), [""; 0]);
    assert_eq!(
        notes(&format!("{all} for ingress; anyone except (kube-system, shop/web) locked for egress;")),
        ["for egress: `shop`"],
        "one workload is left out"
    );
    assert_eq!(
        notes("anyone except (kube-system, namespaces[stage]) locked; namespace shop[app] locked;"),
        ["for ingress and egress: `shop`"],
        "a pod that comes tomorrow is open"
    );
}

#[test]
fn an_only_says_who_may_whoever_grants_it() {
    let text = "only shop/api, shop/worker may reach data/db:5432;\nshop/api may reach data/db:5432;\n";
    assert_eq!(codes(text, &[]), []);
}

#[test]
fn zero_trust_wants_every_namespace_covered() {
    let of = |levels: &[(Code, Level)]| {
        codes("use std.zero-trust;\nnamespace shop locked;\n", levels).contains(&Code::W0124)
    };
    assert!(of(&[]));
    assert!(!of(&[(Code::W0124, Level::Allow)]), "the project has the last word");
}

/// `NO_PORT`, with a comment above its grant.
fn allowed(comment: &str) -> String {
    NO_PORT.replace("shop/web", &format!("{comment}\nshop/web"))
}

#[test]
fn a_comment_allows_what_is_denied_and_no_error() {
    let text = allowed("# weir: allow(W0102) because \"any port\"");
    let built = with(&text, &[(Code::W0102, Level::Deny)]);
    assert_eq!(built.codes(), []);
    assert!(built.yaml.is_some());
    let wrong = text.replace("shop/api;", "shop/api:nothing;");
    assert_eq!(codes(&wrong, &[]), [Code::E0304]);
}

#[test]
fn line_ends_of_windows_change_nothing() {
    let text = allowed("# weir: allow(W0102) because \"any port\"").replace('\n', "\r\n");
    assert_eq!(codes(&text, &[]), []);
}

#[test]
fn an_allowance_of_nothing_is_told_unless_nobody_can_know() {
    let unused = allowed("# weir: allow(W0107) because \"replicas\"").replace("api;", "api:80;");
    assert_eq!(codes(&unused, &[]), [Code::W0126]);
    assert_eq!(codes(&unused, &[(Code::W0126, Level::Allow)]), []);
    assert_eq!(codes(&unused, &[(Code::W0107, Level::Allow)]), [], "the lint is off");
    let beside_an_error = format!("{unused}shop/web may reach shop/nobody:80;\n");
    assert_eq!(codes(&beside_an_error, &[]), [Code::E0201]);
    let exported = "# weir: allow(W0102) because \"any port\"\n\
                    export policy open(from, to) { from may reach to:80; }\n";
    assert_eq!(codes(exported, &[]), []);
}

#[test]
fn blocks_of_other_clusters_are_not_judged() {
    let cluster = |name: &str| Cluster { name: name.to_owned(), ..Cluster::default() };
    let project = Project { clusters: vec![cluster("east"), cluster("west")], ..Project::default() };
    let text = "namespace shop locked;\n\
                in cluster east {\n\
                # weir: allow(W0102) because \"nothing\"\n\
                shop/web may reach shop/api:80;\n\
                }\n";
    let codes = |at: usize| {
        let mut project = project.clone();
        project.clusters.swap(0, at);
        harness::build_in(
            &program(text),
            &town(),
            Target::NetworkPolicy,
            Some((&project, &project.clusters[0])),
        )
        .codes()
    };
    assert_eq!(codes(0), [Code::W0126]);
    assert_eq!(codes(1), []);
}

#[test]
fn many_sentences_between_the_same_two_are_told_apart() {
    let mut text = "namespace shop, namespace data locked;\n".to_owned();
    for port in 1..=600 {
        text += &format!("shop/web may reach shop/worker:{port};\n");
    }
    assert_eq!(codes(&text, &[]), []);
    text += "shop/web may reach shop/worker:600;\n";
    assert_eq!(codes(&text, &[]), [Code::W0117]);
}

/// `docs/lints.md` lists every lint with its name and level, and nothing else.
#[test]
fn the_table_of_lints_is_true() {
    let page = harness::read(harness::root().join("docs/lints.md"));
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| [W")).collect();
    let expected: Vec<String> = Code::ALL
        .iter()
        .filter_map(|code| {
            let (name, level) = code.lint()?;
            let level = match level {
                Level::Allow => "allow",
                Level::Warn => "warn",
                Level::Deny => "deny",
            };
            let code = code.name();
            Some(format!("| [{code}](errors/{code}.md) | `{name}` | {level} | "))
        })
        .collect();
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.into_iter().zip(expected) {
        assert!(row.starts_with(&expected), "{row}\nis not\n{expected}");
    }
}

/// Codes that begin with `W` are lints, those with `E` are not; names are used once.
#[test]
fn lints_have_names() {
    let mut names: Vec<&str> =
        Code::ALL.iter().filter_map(|code| code.lint()).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    let lints = Code::ALL.iter().filter(|code| code.name().starts_with('W'));
    assert!(lints.clone().all(|code| code.lint().is_some()));
    assert_eq!(names.len(), lints.count());
}
