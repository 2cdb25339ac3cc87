//! Flows as a table of Markdown, for a pull request.

use std::io::{self, Write};

use super::Reached;
use super::human::{LEGEND, cells};
use crate::diagnostic::printable;

pub fn write(reached: &Reached, cluster: &str, out: &mut dyn Write) -> io::Result<()> {
    if !cluster.is_empty() {
        writeln!(out, "### {}\n", printable(cluster))?;
    }
    let (cells, undefined) = cells(reached);
    if cells.is_empty() {
        return writeln!(out, "Nothing reaches anything of what is asked for.\n");
    }
    writeln!(out, "| From | To | On |\n|---|---|---|")?;
    for [from, to, ports] in &cells {
        writeln!(out, "| {} | {} | {} |", cell(from), cell(to), cell(ports))?;
    }
    if undefined {
        writeln!(out, "\n`?` {}", LEGEND.trim_start_matches("? "))?;
    }
    writeln!(out)
}

/// Every entry as code, in which only `|` and backticks mean something.
fn cell(list: &[String]) -> String {
    let entry = |entry: &String| format!("`{}`", printable(entry).replace('`', "'").replace('|', "\\|"));
    list.iter().map(entry).collect::<Vec<_>>().join(", ")
}
