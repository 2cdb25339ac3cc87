//! How diagnostics come out: to which stream, in which format, in colour or not.

use std::io::{self, IsTerminal, Write};

use weir::diagnostic::{self, Diagnostic, Severity};
use weir::{Inventory, Sources};

use super::Outcome;
use super::args::{Color, Deny, Format, ProgramArguments, ReportArguments};

pub struct Report<'a> {
    arguments: &'a ReportArguments,
    deny: Option<Deny>,
    /// `build` and `fmt` write their results to standard output and their diagnostics beside them.
    to_stderr: bool,
}

impl<'a> Report<'a> {
    pub fn to_stderr(arguments: &'a ProgramArguments) -> Report<'a> {
        Report { arguments: &arguments.report, deny: arguments.deny, to_stderr: true }
    }

    pub fn to_stdout(arguments: &'a ProgramArguments) -> Report<'a> {
        Report { arguments: &arguments.report, deny: arguments.deny, to_stderr: false }
    }

    /// Of a command that looks at files, and not at a program.
    pub fn beside_files(arguments: &'a ReportArguments, to_stderr: bool) -> Report<'a> {
        Report { arguments, deny: None, to_stderr }
    }

    /// Writes them, also where there are none: an empty report is one for all formats but those of lines.
    pub fn diagnostics(&self, sources: &Sources, diagnostics: &[Diagnostic]) -> io::Result<()> {
        self.write(sources, diagnostics, true)
    }

    /// `ran` is whether the command could run at all.
    fn write(&self, sources: &Sources, diagnostics: &[Diagnostic], ran: bool) -> io::Result<()> {
        let text = match self.arguments.format {
            Format::Json => diagnostic::json::report(sources, diagnostics),
            Format::Sarif => diagnostic::sarif::report(sources, diagnostics, ran),
            Format::Github => diagnostic::github::report(sources, diagnostics),
            Format::Gitlab => diagnostic::gitlab::report(sources, diagnostics),
            Format::Junit => diagnostic::junit::report(sources, diagnostics, self.denied()),
            Format::Human => diagnostic::render::render(sources, diagnostics, self.has_color()),
        };
        self.put(&text)
    }

    /// The same, and in JSON the paths of files that are changed.
    pub fn changes(
        &self,
        sources: &Sources,
        diagnostics: &[Diagnostic],
        changed: &[String],
    ) -> io::Result<()> {
        match self.arguments.format {
            Format::Json => self.put(&diagnostic::json::report_with_changed(sources, diagnostics, changed)),
            _ => self.diagnostics(sources, diagnostics),
        }
    }

    pub fn put(&self, text: &str) -> io::Result<()> {
        if self.to_stderr {
            io::stderr().lock().write_all(text.as_bytes())
        } else {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()
        }
    }

    pub fn has_color(&self) -> bool {
        has_color(self.arguments.color, self.to_stderr)
    }

    pub fn format(&self) -> Format {
        self.arguments.format
    }

    /// A line for people, beside the result.
    pub fn say(&self, line: &str) {
        if self.arguments.format == Format::Human {
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
    }

    /// Why a command could not run.
    pub fn failed(&self, errors: &[Diagnostic]) -> Outcome {
        self.failed_in(&Sources::new(), errors)
    }

    /// The same, where the errors may point into the texts that were read.
    pub fn failed_in(&self, sources: &Sources, errors: &[Diagnostic]) -> Outcome {
        let _ = self.write(sources, errors, false);
        Outcome::Failed
    }

    /// The least severity that makes the command fail.
    fn denied(&self) -> Severity {
        match self.deny {
            Some(Deny::Warnings) => Severity::Warning,
            None => Severity::Error,
        }
    }

    pub fn outcome(&self, diagnostics: &[Diagnostic]) -> Outcome {
        if diagnostics.iter().any(|diagnostic| diagnostic.severity >= self.denied()) {
            Outcome::Found
        } else {
            Outcome::Fine
        }
    }

    /// `2 errors and 1 warning`; `None` where there are neither.
    pub fn count(diagnostics: &[Diagnostic]) -> Option<String> {
        let of = |severity: Severity| {
            let count = diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
            match count {
                0 => None,
                1 => Some(format!("1 {}", severity.word())),
                _ => Some(format!("{count} {}s", severity.word())),
            }
        };
        let counts: Vec<String> =
            [of(Severity::Error), of(Severity::Warning)].into_iter().flatten().collect();
        (!counts.is_empty()).then(|| counts.join(" and "))
    }
}

/// Whether a stream is written in colours.
pub fn has_color(color: Color, to_stderr: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let terminal = if to_stderr { io::stderr().is_terminal() } else { io::stdout().is_terminal() };
            terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    }
}

/// What was read of a cluster, in one line, with what was passed over. The name is that of one cluster among others.
pub fn inventory(cluster: &str, inventory: &Inventory) -> String {
    let number =
        |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let of = if cluster.is_empty() { String::new() } else { format!(" of `{cluster}`") };
    let mut line = format!(
        "inventory{of}: {}, {}, {}",
        number(inventory.namespaces.len(), "namespace", "namespaces"),
        number(inventory.workloads.len(), "workload", "workloads"),
        number(inventory.services.len(), "service", "services"),
    );
    if !inventory.skipped.is_empty() {
        const SHOWN: usize = 6;
        let mut kinds: Vec<(&str, usize)> =
            inventory.skipped.iter().map(|(kind, count)| (kind.as_ref(), *count)).collect();
        kinds.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
        let more = kinds.len().saturating_sub(SHOWN);
        let shown: Vec<String> = kinds
            .iter()
            .take(SHOWN)
            .map(|(kind, count)| format!("{count} {}", diagnostic::printable(kind)))
            .collect();
        line += &format!("; passed over {}", shown.join(", "));
        if more > 0 {
            line += &format!(" and {more} more kinds");
        }
    }
    line
}
