//! Work on every core: a long list in stretches, or two things at once. What comes of it is the same on however many.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::thread::{self, ScopedJoinHandle};

/// As much as the main thread usually has: names lead to each other, and sets stand within sets.
const STACK: usize = 8 << 20;
/// Starting a thread costs about as much as looking at so many sentences.
const A_THREAD: usize = 500;

/// How many threads are worth while.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// The results for all stretches of a list, in its order.
pub fn stretches<T: Send>(length: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    in_stretches(cores().min(length / A_THREAD), length, work)
}

/// The same in so many stretches, and in one at least.
pub fn in_stretches<T: Send>(count: usize, length: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let count = count.max(1);
    let stretch = |at: usize| length * at / count..length * (at + 1) / count;
    let (work, stretch) = (&work, &stretch);
    thread::scope(|scope| {
        let spawn = |at: usize| {
            let thread = thread::Builder::new().stack_size(STACK);
            thread.spawn_scoped(scope, move || work(stretch(at))).ok()
        };
        let others: Vec<_> = (1..count).map(spawn).collect();
        let mut results = vec![work(stretch(0))];
        for (at, thread) in (1..).zip(others) {
            // Where no thread was to be had, this one does its work.
            results.push(thread.map_or_else(|| work(stretch(at)), joined));
        }
        results
    })
}

/// The results of two works, done at once if there is a second core.
pub fn both<A, B: Send>(here: impl FnOnce() -> A, there: impl Fn() -> B + Sync) -> (A, B) {
    let there = &there;
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        let thread = (cores() > 1).then(|| thread.spawn_scoped(scope, there).ok()).flatten();
        let result = here();
        (result, thread.map_or_else(there, joined))
    })
}

/// A panic goes on in the thread that waits.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_the_whole_list_in_its_order() {
        for length in [0, 1, 499, 500, 1000, 100_001] {
            let all: Vec<usize> = stretches(length, |range| range.collect::<Vec<_>>()).concat();
            assert_eq!(all, (0..length).collect::<Vec<_>>());
        }
    }

    #[test]
    fn both_are_done() {
        assert_eq!(both(|| 1, || 2), (1, 2));
    }
}
