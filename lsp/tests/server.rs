//! The real binary, spoken to as an editor does: over its pipes and over a socket.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "it starts processes and makes scratch folders"
)]

mod lifetime;
mod projects;
mod scratch;
mod transcripts;
