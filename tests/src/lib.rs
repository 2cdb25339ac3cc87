//! The generator of large clusters and programs. The tests of the house are in `tests/`, not here.

pub mod generate;
