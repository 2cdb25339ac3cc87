//! Objects that are too large for a cluster's store become several that say the same together. Rules add up, so each
//! takes a share of every rule's peers.

/// One of so many.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    pub at: usize,
    pub of: usize,
}

impl Share {
    /// The first keeps its name.
    pub fn name(self, whole: &str) -> String {
        match self.at {
            0 => whole.to_owned(),
            at => format!("{whole}{MARK}{}", at + 1),
        }
    }

    /// Its part of a list; nothing, of a list that is shorter than there are shares.
    pub fn of<T>(self, all: &[T]) -> &[T] {
        &all[all.len() * self.at / self.of..all.len() * (self.at + 1) / self.of]
    }

    /// Whether what cannot be divided is its own.
    pub fn takes(self, at: usize) -> bool {
        at % self.of == self.at
    }
}

/// Between an object's name and the number of its part. No workload's name becomes an object's that has it.
pub const MARK: &str = "-part-";
