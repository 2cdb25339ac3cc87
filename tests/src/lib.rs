//! The generator of large clusters and programs, and the doors for hostile bytes. The tests of the house are in
//! `tests/`, not here.

use weir::Day;

pub mod entry;
pub mod generate;

/// The day on which tests look at programs.
pub const TODAY: Day = Day { year: 2026, month: 1, day: 1 };
