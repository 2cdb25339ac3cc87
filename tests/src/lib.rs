//! The generator of large clusters and programs, the doors for hostile bytes, and whether policies are valid. The tests of the house are in
//! `tests/`, not here.

use weir::Day;

pub mod editor;
pub mod entry;
pub mod generate;
pub mod validity;

/// The day on which tests look at programs.
pub const TODAY: Day = Day { year: 2026, month: 1, day: 1 };
