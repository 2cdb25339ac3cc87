//! Lists that have something in them: an empty one means everybody in one format, nobody in the next, and everybody
//! again where a writer drops it.

use serde::Serialize;

use super::split::Share;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct NonEmpty<T>(Vec<T>);

impl<T> NonEmpty<T> {
    pub fn new(items: Vec<T>) -> Option<NonEmpty<T>> {
        (!items.is_empty()).then_some(NonEmpty(items))
    }

    pub fn of(item: T) -> NonEmpty<T> {
        NonEmpty(vec![item])
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }

    /// Its share of the items, if there are as many.
    pub fn part(&self, share: Share) -> Option<NonEmpty<T>>
    where
        T: Clone,
    {
        NonEmpty::new(share.of(&self.0).to_vec())
    }

    /// The same items, in lists of at most that many.
    pub fn chunks(&self, most: usize) -> impl Iterator<Item = NonEmpty<T>>
    where
        T: Clone,
    {
        self.0.chunks(most).map(|chunk| NonEmpty(chunk.to_vec()))
    }
}
