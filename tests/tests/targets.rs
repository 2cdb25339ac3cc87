//! The table of what targets can say: every cell is built, and the pages show what it says. `WEIR_BLESS=1` writes them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use weir::diagnostic::listed;
use weir::target::capability::{Cell, ROWS, Row};
use weir::{Code, Target};

use crate::harness::{self, Built, Texts};

/// What examples are built against: all that they name is in it.
const CLUSTER: &str = include_str!("../cases/targets.yaml");

/// What an example needs beside the sentences that show it: a grant changes nothing where nobody is guarded.
fn program(row: &Row) -> String {
    let closes = ["isolated", "locked", "must not", "only"].iter().any(|word| row.example.contains(word));
    let posture = if closes { "" } else { "namespace shop locked;\n" };
    format!("{posture}{}\n", row.example)
}

/// A cluster whose network plugin can do all that is a matter of a switch.
const SWITCHED_ON: &str = "[clusters.on.cni]\nname = \"cilium\"\nversion = \"1.18.2\"\nsctp = true\n";

fn build(row: &Row, target: Target, settings: &str) -> Built {
    let program: Texts = vec![("row.weir".to_owned(), program(row))];
    let manifests: Texts = vec![("targets.yaml".to_owned(), CLUSTER.to_owned())];
    harness::build_project(settings, &program, &manifests, Some(target))
}

impl Built {
    fn errors(&self) -> Vec<Code> {
        self.diagnostics.iter().filter(|said| said.is_error()).map(|said| said.code).collect()
    }
}

/// What is wrong with one cell: it has to be what is built.
fn fault(row: &Row, target: Target) -> Option<String> {
    let built = build(row, target, "");
    let errors = built.errors();
    let bound = built.codes().contains(&Code::W0111);
    // What is proved and needs no object has none.
    let empty = built.yaml.as_deref() == Some("");
    match row.cell(target) {
        Cell::No(no) if errors == [no.code] => {
            let said = built.rendered().split_whitespace().collect::<Vec<_>>().join(" ");
            let told = |words: &str| said.replace(" │ ", " ").contains(words);
            (!told(&no.why[..20.min(no.why.len())]) && no.code != Code::E0505)
                .then(|| format!("the reason is not told\n{}", built.rendered()))
        }
        Cell::No(no) => Some(format!("yields {errors:?} and not {}\n{}", no.code.name(), built.rendered())),
        Cell::Switch if errors != [Code::E0408] => Some(format!("needs no switch\n{}", built.rendered())),
        Cell::Switch => {
            let on = build(row, target, SWITCHED_ON);
            (on.yaml.as_deref().is_none_or(str::is_empty)).then(|| on.rendered())
        }
        Cell::Yes | Cell::Today if !errors.is_empty() => Some(built.rendered()),
        Cell::Yes | Cell::Today if empty => Some("nothing is built".to_owned()),
        Cell::Yes if bound => Some(format!("is bound to today\n{}", built.rendered())),
        Cell::Yes | Cell::Today => None,
    }
}

#[test]
fn every_cell_is_what_is_built() {
    let mut wrong = Vec::new();
    for row in ROWS {
        for target in Target::ALL {
            if let Some(fault) = fault(row, *target) {
                wrong.push(format!("{}, {}: {fault}", row.title, target.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rows_are_of_one_feature_each() {
    for (at, row) in ROWS.iter().enumerate() {
        let twin = ROWS[..at].iter().find(|other| {
            other.feature == row.feature || other.title == row.title || other.example == row.example
        });
        assert!(twin.is_none(), "`{}` stands twice", row.title);
    }
}

/// A page with a part that is written by this test: between two comments of its name.
fn hold(page: &str, name: &str, wanted: &str) {
    let path = harness::root().join(page);
    let text = harness::read(&path);
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->\n"));
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{page} has no `{begin}`"));
    let (found, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{page} has no `{end}`"));
    if std::env::var_os("WEIR_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{begin}{wanted}{end}{after}")).unwrap();
    } else {
        assert_eq!(found, wanted, "{page}: with WEIR_BLESS=1 it is written anew");
    }
}

#[test]
fn the_page_of_the_targets_has_the_table() {
    let mut notes: Vec<(&str, &str)> = Vec::new();
    let mut table = "| | networkpolicy | cilium | calico | clusternetworkpolicy | for example |\n".to_owned();
    table += "|---|---|---|---|---|---|\n";
    for row in ROWS {
        write!(table, "| {} |", row.title).unwrap();
        for target in Target::ALL {
            let cell = match row.cell(*target) {
                Cell::Yes => "yes".to_owned(),
                Cell::Today => "today".to_owned(),
                Cell::Switch => "switch".to_owned(),
                Cell::No(no) => {
                    let note = (no.code.name(), no.why);
                    let at = notes.iter().position(|known| *known == note).unwrap_or_else(|| {
                        notes.push(note);
                        notes.len() - 1
                    });
                    format!("no ({})", at + 1)
                }
            };
            write!(table, " {cell} |").unwrap();
        }
        writeln!(table, " `{}` |", row.example.replace('|', "\\|")).unwrap();
    }
    table.push('\n');
    for (at, (code, why)) in notes.iter().enumerate() {
        writeln!(table, "{}. {why} ([{code}](errors/{code}.md))", at + 1).unwrap();
    }
    hold("docs/targets.md", "table", &table);
}

/// The paragraph of a page that begins so.
const TARGETS: &str = "Targets that can:";

#[test]
fn pages_name_the_targets_that_can() {
    let mut rows: BTreeMap<Code, Vec<&Row>> = BTreeMap::new();
    for row in ROWS {
        for target in Target::ALL {
            if let Cell::No(no) = row.cell(*target)
                && no.code != Code::E0505
            {
                let known = rows.entry(no.code).or_default();
                if !known.iter().any(|other| other.feature == row.feature) {
                    known.push(row);
                }
            }
        }
    }
    let mut wrong = Vec::new();
    for (code, rows) in rows {
        let path = harness::root().join(format!("docs/errors/{}.md", code.name()));
        let page = harness::read(&path);
        let names = |row: &Row| {
            let names: Vec<&str> = row.able().into_iter().map(Target::name).collect();
            if names.is_empty() { "none".to_owned() } else { listed(&names, "and") }
        };
        let wanted = match rows.as_slice() {
            [row] => format!("{TARGETS} {}.", names(row)),
            rows => {
                let lines: Vec<String> =
                    rows.iter().map(|row| format!("- {}: {}", row.title, names(row))).collect();
                format!("{TARGETS}\n{}", lines.join("\n"))
            }
        };
        let Some(start) = page.find(TARGETS) else {
            wrong.push(format!("{}: no `{TARGETS}`", code.name()));
            continue;
        };
        let end = page[start..].find("\n\n").map_or(page.len(), |at| start + at);
        if page[start..end] == wanted {
            continue;
        }
        if std::env::var_os("WEIR_BLESS").is_some() {
            std::fs::write(&path, format!("{}{wanted}{}", &page[..start], &page[end..])).unwrap();
        } else {
            wrong.push(format!("{}: with WEIR_BLESS=1 it says\n{wanted}", code.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A name has its addresses somewhere in the internet, and nobody knows where: what is granted by one word may be
/// forbidden by the other.
#[test]
fn a_name_may_be_any_address() {
    let cases = [
        ("api.stripe.com", "internet:443 because \"wide\"", Some(Code::E0504)),
        ("internet", "api.stripe.com:443", Some(Code::E0504)),
        ("api.stripe.com", "203.0.113.0/24:443", Some(Code::W0128)),
        // Cilium denies the address, whatever its name is.
        ("169.254.169.254", "api.stripe.com:443", None),
    ];
    for (forbidden, granted, expected) in cases {
        let program = format!(
            "namespace shop locked;\nshop/web must not reach {forbidden};\nshop/web may reach {granted};\n"
        );
        let program: Texts = vec![("names.weir".to_owned(), program)];
        let manifests: Texts = vec![("targets.yaml".to_owned(), CLUSTER.to_owned())];
        let built = harness::build_project("", &program, &manifests, Some(Target::Cilium));
        let told: Vec<Code> =
            built.codes().into_iter().filter(|code| matches!(code, Code::E0504 | Code::W0128)).collect();
        assert_eq!(told, Vec::from_iter(expected), "{forbidden}, {granted}\n{}", built.rendered());
    }
}
