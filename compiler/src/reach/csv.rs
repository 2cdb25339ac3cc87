//! Flows as CSV (RFC 4180), a line a pair of ends, for spreadsheets and `join`.

use std::io::{self, Write};

use super::{Layer, Reached};

/// The line above all others.
pub const HEADER: &str = "cluster,from,to,ports,verdict\n";

pub fn write(reached: &Reached, cluster: &str, out: &mut dyn Write) -> io::Result<()> {
    lines(reached, &reached.permitted, cluster, "allowed", out)?;
    lines(reached, &reached.undefined, cluster, "undefined", out)
}

fn lines(
    reached: &Reached,
    layer: &Layer,
    cluster: &str,
    verdict: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let cluster = field(cluster);
    reached.each_pair(layer, |from, to, ports| {
        let ports = field(&ports.words.join(" + "));
        writeln!(out, "{cluster},{},{},{ports},{verdict}", field(from), field(to))
    })
}

fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
