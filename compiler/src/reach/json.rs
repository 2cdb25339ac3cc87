//! Flows as JSON, one object a cluster on one line, written as they are found: `docs/reach.md` describes it,
//! `docs/weir-reach.schema.json` defines it.

use std::io::{self, Write};

use super::{Layer, Reached};

/// The version of the schema; it changes when a field changes its meaning or goes.
const VERSION: u32 = 1;

pub fn write(reached: &Reached, cluster: &str, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{{\"version\":{VERSION},\"cluster\":{},\"flows\":", text(cluster))?;
    flows(reached, &reached.permitted, out)?;
    if reached.has_undefined() {
        out.write_all(b",\"undefined\":")?;
        flows(reached, &reached.undefined, out)?;
    }
    out.write_all(b"}\n")
}

fn flows(reached: &Reached, layer: &Layer, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"[")?;
    let mut first = true;
    reached.each_pair(layer, |from, to, ports| {
        let comma = if std::mem::take(&mut first) { "" } else { "," };
        write!(out, "{comma}{{\"from\":{},\"to\":{},\"ports\":{}}}", text(from), text(to), ports.json)
    })?;
    out.write_all(b"]")
}

fn text(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
