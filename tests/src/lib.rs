//! The generator of large clusters and programs: see `generate`.

pub mod generate;
