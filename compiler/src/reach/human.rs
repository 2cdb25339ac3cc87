//! Flows as a table for a terminal of 80 columns. Lists are broken between their entries.

use std::io::{self, Write};

use super::Reached;
use super::rows::rows;
use super::words::phrases;
use crate::diagnostic::printable;

/// How wide a table may be.
const WIDTH: usize = 80;
/// Between columns.
const GAP: usize = 2;
const HEADS: [&str; 3] = ["FROM", "TO", "ON"];
/// No column is narrower, if it has more to say.
const LEAST: usize = 16;

/// The three cells of a row, each a list.
pub(super) type Cells = [Vec<String>; 3];

pub(super) fn cells(reached: &Reached) -> (Vec<Cells>, bool) {
    let mut undefined = false;
    let mut cells: Vec<Cells> = rows(reached)
        .iter()
        .map(|row| {
            let mut ports = row.ports.words.clone();
            if row.undefined {
                undefined = true;
                ports.iter_mut().for_each(|port| port.push_str(" ?"));
            }
            [phrases(reached, &row.sources, true), phrases(reached, &row.destinations, false), ports]
        })
        .collect();
    cells.sort();
    (cells, undefined)
}

/// What `?` behind ports means.
pub(super) const LEGEND: &str = "? the format leaves it open: network plugins differ";

pub fn write(reached: &Reached, cluster: &str, out: &mut dyn Write) -> io::Result<()> {
    if !cluster.is_empty() {
        writeln!(out, "cluster {}:", printable(cluster))?;
    }
    let (cells, undefined) = cells(reached);
    if cells.is_empty() {
        return writeln!(out, "nothing reaches anything of what is asked for");
    }
    let widths = widths(&cells);
    line(&HEADS.map(str::to_owned), &widths, out)?;
    for row in &cells {
        let columns = [0, 1, 2].map(|at| broken(&row[at], widths[at]));
        let height = columns.iter().map(Vec::len).max().unwrap_or_default();
        for at in 0..height {
            line(
                &[0, 1, 2].map(|column| columns[column].get(at).cloned().unwrap_or_default()),
                &widths,
                out,
            )?;
        }
    }
    if undefined {
        writeln!(out, "\n{LEGEND}")?;
    }
    Ok(())
}

fn line(cells: &[String; 3], widths: &[usize; 3], out: &mut dyn Write) -> io::Result<()> {
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        text.push_str(cell);
        text.extend(std::iter::repeat_n(' ', (width + GAP).saturating_sub(cell.chars().count())));
    }
    writeln!(out, "{}", text.trim_end())
}

fn joined(list: &[String]) -> usize {
    list.iter().map(|entry| entry.chars().count() + 2).sum::<usize>().saturating_sub(2)
}

/// As wide as their contents, if that fits; else the widest give way.
fn widths(cells: &[Cells]) -> [usize; 3] {
    let mut widths = [0, 1, 2].map(|at| {
        let longest = cells.iter().map(|row| joined(&row[at])).max().unwrap_or_default();
        longest.max(HEADS[at].len())
    });
    // What no list can be broken below.
    let entries = |at: usize| cells.iter().flat_map(move |row| &row[at]);
    let needed = [0, 1, 2]
        .map(|at| entries(at).map(|entry| entry.chars().count() + 1).max().unwrap_or_default().max(LEAST));
    let room = WIDTH - 2 * GAP;
    while widths.iter().sum::<usize>() > room {
        let over = widths.iter().sum::<usize>() - room;
        let by_width = |at: &usize| widths[*at];
        let roomy = (0..3).filter(|at| widths[*at] > needed[*at]).max_by_key(by_width);
        let Some(at) = roomy.or_else(|| (0..3).max_by_key(by_width)) else { break };
        let least = if roomy.is_some() { needed[at] } else { LEAST };
        widths[at] = (widths[at] - over.min(1)).max(least.min(widths[at]));
    }
    widths
}

/// The lines of a list; what is longer than a line is broken at its spaces, else behind a joint of
/// the name, else where the line ends.
fn broken(list: &[String], width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let last = list.len().saturating_sub(1);
    for (at, entry) in list.iter().enumerate() {
        let comma = if at < last { "," } else { "" };
        for word in format!("{}{comma}", printable(entry)).split(' ') {
            let mut rest: Vec<char> = word.chars().collect();
            let used = lines.last().map_or(0, |line| line.chars().count());
            if used > 0 && used + 1 + rest.len() > width {
                lines.push(String::new());
            } else if used > 0 {
                lines.iter_mut().last().into_iter().for_each(|line| line.push(' '));
            }
            while rest.len() > width {
                let joint = rest[..width].iter().rposition(|c| "/-.".contains(*c));
                let tail = rest.split_off(joint.filter(|at| at * 2 > width).map_or(width, |at| at + 1));
                lines.iter_mut().last().into_iter().for_each(|line| line.extend(&rest));
                lines.push(String::new());
                rest = tail;
            }
            lines.iter_mut().last().into_iter().for_each(|line| line.extend(&rest));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_broken_at_spaces_and_words_where_they_must() {
        let list = ["aaa".to_owned(), "bbb".to_owned(), "cccccccccc".to_owned()];
        assert_eq!(broken(&list, 8), ["aaa,", "bbb,", "cccccccc", "cc"].map(str::to_owned)[..].to_vec());
        assert_eq!(broken(&list, 9), ["aaa, bbb,", "ccccccccc", "c"]);
    }

    #[test]
    fn tables_fit() {
        let long = |count: usize| vec!["x".repeat(30); count];
        let cells: Vec<Cells> = vec![[long(9), long(2), vec!["1/tcp".to_owned(); 40]]];
        let widths = widths(&cells);
        assert!(widths.iter().sum::<usize>() + 2 * GAP <= WIDTH, "{widths:?}");
        assert!(widths.iter().all(|width| *width >= LEAST), "{widths:?}");
    }
}
