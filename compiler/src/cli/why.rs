//! `weir why`: the verdict of one flow, and what decides it.

use std::io::{self, Write};

use weir::diagnostic::render;
use weir::why::{answer, json, parse, why};

use super::Outcome;
use super::args::{Color, WhyArguments, WhyFormat};
use super::report::{Report, has_color};
use super::views::{self, Asked, Stopped};

pub fn run(arguments: &WhyArguments) -> Outcome {
    let said = views::report_arguments(arguments.format == WhyFormat::Json, arguments.view.color);
    let report = Report::beside_files(&said, true);
    views::each(&arguments.view, &report, &|asked| tell(arguments, arguments.view.color, asked))
}

fn tell(arguments: &WhyArguments, color: Color, asked: &Asked<'_>) -> Result<(), Stopped> {
    let question = parse(&arguments.flow, asked.view.facts())?;
    let answers = why(&asked.view, &question)?;
    let mut out = io::stdout().lock();
    match arguments.format {
        WhyFormat::Json => {
            out.write_all(json::write(&answers, &asked.view, asked.sources, asked.cluster).as_bytes())?;
        }
        WhyFormat::Human => {
            if asked.among_others {
                writeln!(out, "cluster {}:", asked.cluster)?;
            }
            for said in answer::diagnostics(&answers, &asked.view) {
                out.write_all(render::answer(asked.sources, &said, has_color(color, false)).as_bytes())?;
            }
        }
    }
    Ok(out.flush()?)
}
