//! Equal sets get one number. Knows nothing of what the sets hold.

use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHasher};

use super::Bits;

/// Numbers distinct sets from 0 upwards, in the order in which they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Interner {
    sets: Vec<Bits>,
    by_hash: FxHashMap<u64, Vec<u32>>,
}

impl Interner {
    pub(super) fn id(&mut self, set: &Bits) -> u32 {
        let known = self.by_hash.entry(fingerprint(set)).or_default();
        if let Some(&id) = known.iter().find(|&&id| self.sets[id as usize] == *set) {
            return id;
        }
        let id = self.sets.len() as u32;
        known.push(id);
        self.sets.push(set.clone());
        id
    }

    pub(super) fn get(&self, id: u32) -> &Bits {
        &self.sets[id as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.sets.len()
    }

    pub(super) fn into_sets(self) -> Vec<Bits> {
        self.sets
    }
}

/// Depends on the members only, not on how the bitmap stores them.
pub(super) fn fingerprint(set: &Bits) -> u64 {
    let mut hasher = FxHasher::default();
    let mut buffer = [0; 256];
    let mut members = set.iter();
    loop {
        match members.next_many(&mut buffer) {
            [] => return hasher.finish(),
            some => some.iter().for_each(|&member| hasher.write_u32(member)),
        }
    }
}
