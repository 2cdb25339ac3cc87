//! The grammar for editors against the compiler's, on everything that is written in Weir here.
#![allow(clippy::disallowed_methods, reason = "tests read files")]

mod agrees;
mod indents;
mod mutated;
mod outline;
mod queries;
mod texts;
mod verdict;
