//! The comments of a file that are still to be written, in the order in which they stand.

use crate::Parse;
use crate::token::Comment;

pub struct Comments<'a> {
    rest: &'a [Comment],
}

impl<'a> Comments<'a> {
    pub fn of(parse: &'a Parse) -> Comments<'a> {
        Comments { rest: &parse.comments }
    }

    pub fn any_before(&self, end: u32) -> bool {
        self.rest.first().is_some_and(|comment| comment.span.start < end)
    }

    /// Those that begin before `end`; each is handed out once.
    pub fn take_before(&mut self, end: u32) -> &'a [Comment] {
        // Mostly there is none: that costs no search of all that follow.
        let count = self.rest.iter().take_while(|comment| comment.span.start < end).count();
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        taken
    }
}
