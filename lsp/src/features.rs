//! The requests of editors, each answered from the compiler's `ide`: a file a group of them.

pub mod actions;
pub mod calls;
pub mod completion;
pub mod formatting;
pub mod hover;
pub mod lenses;
pub mod navigation;
pub mod structure;
