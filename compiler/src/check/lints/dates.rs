//! Grants with an end: those that have ended, and those that will soon.

use jiff::civil::Date;
use weir_grammar::ast::Day;

use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::program::Grant;

/// How many days before its end a grant is told of.
const SOON: i32 = 30;

/// Whether a grant counts for nothing any more.
pub fn has_ended(grant: &Grant, today: Day) -> bool {
    grant.until.is_some_and(|(day, _)| day <= today)
}

/// Tells of a grant whose day has come, or comes soon. `true`: it has ended.
pub fn check(grant: &Grant, today: Day, diagnostics: &mut Vec<Diagnostic>) -> bool {
    let Some((day, place)) = grant.until else { return false };
    if has_ended(grant, today) {
        diagnostics.push(
            Diagnostic::warning(Code::W0121, format!("this grant ended on {day}"))
                .at(place, "counts for nothing from that day on")
                .with_help("drop the sentence, or give it a later day"),
        );
        return true;
    }
    if let Some(left) = days_between(today, day).filter(|left| *left <= SOON) {
        let days = if left == 1 { "day" } else { "days" };
        diagnostics.push(
            Diagnostic::warning(Code::W0122, format!("this grant ends in {left} {days}"))
                .at(place, "the first day on which it no longer counts")
                .with_help("give it a later day if it is still needed"),
        );
    }
    false
}

fn days_between(from: Day, to: Day) -> Option<i32> {
    let date = |day: Day| Date::new(day.year, day.month as i8, day.day as i8).ok();
    Some(date(from)?.until(date(to)?).ok()?.get_days())
}
