//! All tests of the house in one binary: cases, carets, error pages, the command, properties, the rules of the house.
#![allow(clippy::disallowed_methods, reason = "tests read cases and run the binary")]

mod beside;
mod calico;
mod carets;
mod cases;
mod cni;
mod command;
mod corpora;
mod docs;
mod examples;
mod format;
mod formats;
mod harness;
mod hostile;
mod lints;
mod objects;
mod pages;
mod projects;
mod properties;
mod settings;
mod table;
mod targets;
mod tidy;
mod traps;
mod validity;
mod vectors;
