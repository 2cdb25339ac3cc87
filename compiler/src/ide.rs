//! What an editor asks of a program: every feature is a pure function, offsets in, plain data out. Files, processes and
//! the protocol are the server's.
//!
//! A [`Workspace`] is a program as it stands in the editor, against the clusters that it is for. A [`Desk`] is one of its
//! files, open; features are asked of it.

mod desk;
mod diagnose;
#[cfg(test)]
mod fixture;
mod flows;
mod near;
mod say;
pub mod symbol;
mod whole;
pub mod words;
mod workspace;
mod world;
pub mod yaml;

pub use desk::Desk;
pub use flows::{Found, Open, Peer, Peers, Way};
pub use whole::{Memory, Stopped, Whole};
pub use workspace::{Settings, Site, Workspace};
pub use world::World;

use crate::source::Place;

/// A change to one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub place: Place,
    pub text: String,
}
