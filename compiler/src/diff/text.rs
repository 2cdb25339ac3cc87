//! A difference for a terminal, for a pull request, and as JSON, which `docs/diff.md` describes.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;

use super::{Change, Difference};
use crate::diagnostic::printable;

/// The version of the JSON; it changes when a field changes its meaning or goes.
const VERSION: u32 = 1;
/// Tables that are longer are folded in a pull request.
const LONG: usize = 12;

/// In lines of at most 80 columns, where words allow it.
pub fn human(difference: &Difference, cluster: &str) -> String {
    let mut out = String::new();
    if !cluster.is_empty() {
        let _ = writeln!(out, "cluster {}:", printable(cluster));
    }
    for (mark, changes) in [("+", &difference.appear), ("-", &difference.vanish)] {
        for change in changes {
            let line = format!(
                "{} -> {} on {}",
                change.flows.from.join(", "),
                change.flows.to.join(", "),
                change.flows.ports.join(", ")
            );
            let _ = writeln!(out, "{mark} {}", wrapped(&printable(&line), "    "));
            for (word, causes) in ends(mark, change) {
                for cause in causes {
                    let _ =
                        writeln!(out, "    {}", wrapped(&format!("{word} {}", printable(cause)), "      "));
                }
            }
        }
    }
    for (mark, names) in [("new", &difference.new_workloads), ("gone", &difference.old_workloads)] {
        if !names.is_empty() {
            let _ = writeln!(out, "{}", wrapped(&format!("{mark}: {}", printable(&names.join(", "))), "  "));
        }
    }
    out
}

/// Who lets a change through and who stops it, each with its word.
fn ends<'c>(mark: &str, change: &'c Change) -> [(&'static str, &'c [String]); 2] {
    match mark {
        "+" => [("now by", &change.by), ("before closed by", &change.against)],
        _ => [("before by", &change.by), ("now closed by", &change.against)],
    }
}

/// Broken between words; a word that is too long stays whole.
fn wrapped(text: &str, indent: &str) -> String {
    const WIDTH: usize = 76;
    let (mut out, mut column) = (String::new(), 0);
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(indent);
            column = indent.len();
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// A summary and two tables.
pub fn markdown(difference: &Difference, cluster: &str) -> String {
    let mut out = String::new();
    if !cluster.is_empty() {
        let _ = writeln!(out, "### {}\n", printable(cluster));
    }
    let (appear, vanish) = (difference.appear.len(), difference.vanish.len());
    if difference.is_empty() {
        let _ = writeln!(out, "No flow appears or vanishes.\n");
    } else {
        let _ = writeln!(out, "**{appear}** rows of flows appear, **{vanish}** vanish.\n");
    }
    for (title, mark, changes) in
        [("Flows that appear", "+", &difference.appear), ("Flows that vanish", "-", &difference.vanish)]
    {
        if changes.is_empty() {
            continue;
        }
        let folded = changes.len() > LONG;
        let _ = match folded {
            true => writeln!(out, "<details><summary>{title} ({})</summary>\n", changes.len()),
            false => writeln!(out, "#### {title}\n"),
        };
        let _ = writeln!(out, "| From | To | On | Why |\n|---|---|---|---|");
        for change in changes {
            let why: Vec<String> = ends(mark, change)
                .into_iter()
                .flat_map(|(word, causes)| causes.iter().map(move |cause| format!("{word} {}", code(cause))))
                .collect();
            let cell = |list: &[String]| list.iter().map(|one| code(one)).collect::<Vec<_>>().join(", ");
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                cell(&change.flows.from),
                cell(&change.flows.to),
                cell(&change.flows.ports),
                why.join("<br>")
            );
        }
        let _ = writeln!(out, "{}", if folded { "\n</details>\n" } else { "" });
    }
    for (title, names) in
        [("New workloads", &difference.new_workloads), ("Gone workloads", &difference.old_workloads)]
    {
        if !names.is_empty() {
            let names: Vec<String> = names.iter().map(|name| code(name)).collect();
            let _ = writeln!(out, "{title}: {}\n", names.join(", "));
        }
    }
    out
}

/// As code, in which only `|` and backticks mean something.
fn code(text: &str) -> String {
    format!("`{}`", printable(text).replace('`', "'").replace('|', "\\|"))
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    cluster: &'a str,
    appear: Vec<Row<'a>>,
    vanish: Vec<Row<'a>>,
    #[serde(rename = "newWorkloads")]
    new_workloads: &'a [String],
    #[serde(rename = "goneWorkloads")]
    gone_workloads: &'a [String],
}

#[derive(Serialize)]
struct Row<'a> {
    from: &'a [String],
    to: &'a [String],
    ports: Value,
    by: &'a [String],
    against: &'a [String],
}

fn rows(changes: &[Change]) -> Vec<Row<'_>> {
    fn row(change: &Change) -> Row<'_> {
        Row {
            from: &change.flows.sources,
            to: &change.flows.destinations,
            ports: serde_json::from_str(&change.flows.json).unwrap_or_default(),
            by: &change.by,
            against: &change.against,
        }
    }
    changes.iter().map(row).collect()
}

/// One object on one line.
pub fn json(difference: &Difference, cluster: &str) -> String {
    let report = Report {
        version: VERSION,
        cluster,
        appear: rows(&difference.appear),
        vanish: rows(&difference.vanish),
        new_workloads: &difference.new_workloads,
        gone_workloads: &difference.old_workloads,
    };
    serde_json::to_string(&report).unwrap_or_default() + "\n"
}
