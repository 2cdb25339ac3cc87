//! `weir reach`: who reaches whom, on what.

use std::io::{self, BufWriter, Write};

use weir::asked;
use weir::reach::{Scope, csv, human, json, markdown, reach};

use super::Outcome;
use super::args::{ReachArguments, ReachFormat};
use super::report::Report;
use super::views::{self, Asked, Stopped};

pub fn run(arguments: &ReachArguments) -> Outcome {
    let said = views::report_arguments(arguments.format == ReachFormat::Json, arguments.view.color);
    let report = Report::beside_files(&said, true);
    if arguments.format == ReachFormat::Csv && io::stdout().write_all(csv::HEADER.as_bytes()).is_err() {
        return Outcome::Failed;
    }
    views::each(&arguments.view, &report, &|asked| tell(arguments, asked))
}

fn tell(arguments: &ReachArguments, asked: &Asked<'_>) -> Result<(), Stopped> {
    let facts = asked.view.facts();
    let end = |text: &Option<String>| text.as_ref().map(|text| asked::parse(text, facts)).transpose();
    let (from, to) = (end(&arguments.from)?, end(&arguments.to)?);
    let scope = Scope { from: from.as_ref(), to: to.as_ref(), newcomers: arguments.newcomers };
    let reached = reach(&asked.view, scope)?;
    let heading = if asked.among_others { asked.cluster } else { "" };
    let mut out = BufWriter::new(io::stdout().lock());
    match arguments.format {
        ReachFormat::Human => human::write(&reached, heading, &mut out)?,
        ReachFormat::Json => json::write(&reached, asked.cluster, &mut out)?,
        ReachFormat::Csv => csv::write(&reached, asked.cluster, &mut out)?,
        ReachFormat::Markdown => markdown::write(&reached, heading, &mut out)?,
    }
    Ok(out.flush()?)
}
