//! All tests of the house in one binary: cases, error pages, the command, properties, and the rules of the house.
#![allow(clippy::disallowed_methods, reason = "tests read cases and run the binary")]

mod pages;
mod properties;
