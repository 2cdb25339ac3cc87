//! From the compiler's data to the protocol's. Each part of the protocol has a file of its own.

pub mod diagnostics;
pub mod range;

pub use range::Texts;
