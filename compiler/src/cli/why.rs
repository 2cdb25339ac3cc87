//! `weir why`: the verdict of one flow, and what decides it.
use super::Outcome;
use super::args::WhyArguments;
pub fn run(_arguments: &WhyArguments) -> Outcome { Outcome::Failed }
