//! A Kubernetes cluster as it is, and what its CNI lets flow.
//!
//! `manifest` reads objects into an [`Inventory`]; `enforce` reads policy objects and says which [`flow::Flows`]
//! they let through. Nothing here knows the Weir language, and nothing here does IO.

pub mod enforce;
pub mod flow;
pub mod inventory;
pub mod labels;
pub mod manifest;

pub use inventory::Inventory;
