//! `weir std`: the library in its own words, for everyone to read.

use std::io::{self, Write};

use weir::Sources;
use weir::diagnostic::{listed, printable};

use super::Outcome;
use super::args::StdArguments;

pub fn run(arguments: &StdArguments) -> Outcome {
    let text = match &arguments.module {
        None => list(),
        Some(name) => match text(name) {
            Some(text) => text.to_owned(),
            None => {
                let _ = io::stderr().lock().write_all(unknown(name).as_bytes());
                return Outcome::Failed;
            }
        },
    };
    match io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => Outcome::Fine,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Outcome::Fine,
        Err(_) => Outcome::Failed,
    }
}

/// A module by its name, with `std.` or without.
fn text(name: &str) -> Option<&'static str> {
    Sources::library_text(name).or_else(|| Sources::library_text(&format!("std.{name}")))
}

/// Every module with its first line, which says what it is for.
fn list() -> String {
    let width = Sources::library_modules().map(str::len).max().unwrap_or_default();
    let line = |module: &str| {
        let first = Sources::library_text(module).and_then(|text| text.lines().next()).unwrap_or_default();
        format!("{module:width$}  {}\n", first.trim_start_matches(['#', ' ']))
    };
    Sources::library_modules().map(line).collect()
}

fn unknown(name: &str) -> String {
    let near = weir::nearest(short(name), Sources::library_modules().map(short));
    let near: Vec<String> = near.iter().map(|name| format!("std.{name}")).collect();
    let help = match near.is_empty() {
        true => "`weir std` lists all of them".to_owned(),
        false => format!("did you mean {}?", listed(&near, "or")),
    };
    format!("error: the library has no module `{}`\nhelp: {help}\n", printable(name))
}

/// A module's name without what all of them have.
fn short(name: &str) -> &str {
    name.strip_prefix("std.").unwrap_or(name)
}
