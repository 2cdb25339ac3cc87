//! The generator of large clusters and programs. The tests of the house are in `tests/`, not here.

use weir::Day;

pub mod generate;

/// The day on which tests look at programs.
pub const TODAY: Day = Day { year: 2026, month: 1, day: 1 };
