//! What an editor asks of a program: every feature is a pure function, offsets in, plain data out. Files, processes and
//! the protocol are the server's.
//!
//! A [`Workspace`] is a program as it stands in the editor, against the clusters that it is for. A [`Desk`] is one of its
//! files, open; features are asked of it.

mod above;
pub mod actions;
#[cfg(test)]
mod anywhere;
pub mod calls;
pub mod completion;
pub mod definition;
mod desk;
mod diagnose;
#[cfg(test)]
mod fixture;
mod flows;
pub mod folding;
pub mod formatting;
pub mod highlight;
pub mod hints;
pub mod hover;
pub mod lenses;
mod lines;
pub mod links;
pub mod peers;
pub mod reach_page;
pub mod references;
pub mod rename;
mod say;
pub mod scope;
pub mod selection;
pub mod signature;
mod statement;
pub mod symbol;
pub mod symbols;
pub mod tokens;
mod whole;
pub mod words;
mod workspace;
mod world;
pub mod yaml;

pub use desk::Desk;
pub use diagnose::{Examined, Tag, tag};
pub use flows::{Found, Open, Peer, Peers, Way};
pub use whole::{Memory, Stopped, Whole};
pub use workspace::{Settings, Site, Workspace};
pub use world::World;

pub use crate::resolve::FilePart;

use crate::source::Place;

/// A change to one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub place: Place,
    pub text: String,
}
