//! Draws that depend on nothing but the seed.

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub(super) struct Random(u64);

impl Random {
    /// One stream of draws for each use, so that a change to one leaves the others alone.
    pub fn new(seed: u64, stream: u64) -> Random {
        Random(mixed(seed ^ mixed(stream)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// Less than `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    pub fn pick<'t, T>(&mut self, some: &'t [T]) -> &'t T {
        &some[self.below(some.len())]
    }

    pub fn shuffle<T>(&mut self, some: &mut [T]) {
        for at in (1..some.len()).rev() {
            some.swap(at, self.below(at + 1));
        }
    }
}

fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A number for a text: what stands for it where Kubernetes would draw one.
pub(super) fn digest(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    mixed(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    }))
}

/// Divides `total` among `count` by Zipf's law with the exponent 3/4: the first gets the most, everyone at least
/// `least`. Square roots are exact everywhere, powers are not.
pub(super) fn shares(total: usize, count: usize, least: usize) -> Vec<usize> {
    let weight = |rank: usize| {
        let root = (rank as f64 + 1.0).sqrt();
        1.0 / (root * root.sqrt())
    };
    let all: f64 = (0..count).map(weight).sum();
    let rest = total.saturating_sub(least * count);
    let mut shares: Vec<usize> =
        (0..count).map(|rank| least + (rest as f64 * weight(rank) / all) as usize).collect();
    let given: usize = shares.iter().sum();
    // Rounding down left less than one each.
    for share in shares.iter_mut().take(total.saturating_sub(given)) {
        *share += 1;
    }
    shares
}
