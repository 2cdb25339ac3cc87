//! Large clusters, and programs about them: what benchmarks run on.
//!
//! `random` draws, `shape` decides what there is, `manifests` writes it as `kubectl get … -o json` would, `program`
//! writes sentences that are true of it. One seed gives the same bytes everywhere: no clock, no hash of the platform,
//! no arithmetic that machines differ in. Pods are written as they are made up, so a million of them need no memory.
//!
//! Nothing here knows the compiler: a generator that shares code with what it tests agrees with its mistakes.

mod manifests;
mod program;
mod random;
mod shape;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, Write};

pub use shape::Size;

/// How much was written of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub files: usize,
    pub items: usize,
    pub bytes: u64,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub objects: Written,
    pub sentences: Written,
}

/// Writes `inventory/*.json` and `program/*.weir`; `create` opens a file by its path.
pub fn generate<W: Write>(size: &Size, mut create: impl FnMut(&str) -> io::Result<W>) -> io::Result<Totals> {
    let cluster = shape::Cluster::of(size);
    let mut totals = Totals::default();
    let mut file = |path: &str| create(path).map(|out| Counted { out, bytes: 0 });
    for (path, write) in manifests::FILES {
        let mut out = file(path)?;
        let items = write(&cluster, &mut out)?;
        out.flush()?;
        totals.objects.add(items, out.bytes);
    }
    for (number, sentences) in program::Files::of(&cluster, size).enumerate() {
        let mut out = file(&format!("program/sentences-{number:04}.weir"))?;
        writeln!(out, "# Made up: {} sentences about a cluster that does not exist.\n", sentences.len())?;
        for sentence in &sentences {
            writeln!(out, "{sentence}")?;
        }
        out.flush()?;
        totals.sentences.add(sentences.len(), out.bytes);
    }
    Ok(totals)
}

impl Written {
    fn add(&mut self, items: usize, bytes: u64) {
        *self = Written { files: self.files + 1, items: self.items + items, bytes: self.bytes + bytes };
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (folder, what, written) in
            [("inventory", "objects", self.objects), ("program", "sentences", self.sentences)]
        {
            let Written { files, items, bytes } = written;
            let megabytes = bytes as f64 / 1e6;
            writeln!(f, "{folder}: {items} {what} in {files} files, {megabytes:.1} MB")?;
        }
        Ok(())
    }
}

/// Counts what goes through it.
struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
