//! What becomes of a lint: the project gives it a level, and comments of the program allow it somewhere. What lints
//! look for is not known here.

mod comments;

use std::collections::BTreeMap;

use weir_grammar::Span;
use weir_grammar::ast::Statement;

use crate::Setting;
use crate::codes::Code;
use crate::diagnostic::{Diagnostic, Severity};
use crate::project::Level;
use crate::source::{Place, Sources};
use comments::Allows;

pub(crate) use comments::{Allowance, allowances};

/// The level of each lint for one program.
pub(crate) struct Levels {
    /// Those that differ from the lint's own.
    set: BTreeMap<Code, Level>,
}

impl Levels {
    pub fn of(sources: &Sources, setting: &Setting<'_>) -> Levels {
        let mut set = BTreeMap::new();
        if zero_trust(sources).is_some() {
            set.insert(Code::W0124, Level::Warn);
        }
        set.extend(setting.project.iter().flat_map(|(project, _)| &project.lints));
        Levels { set }
    }

    /// `None` for an error: it has no level.
    fn level(&self, code: Code) -> Option<Level> {
        let (_, own) = code.lint()?;
        Some(self.set.get(&code).copied().unwrap_or(own))
    }

    /// Whether a lint is told at all. What is not need not be looked for.
    pub fn is_on(&self, code: Code) -> bool {
        self.level(code) != Some(Level::Allow)
    }
}

/// Where a program says that it follows the zero-trust module of the library: then every namespace is to be covered.
pub(crate) fn zero_trust(sources: &Sources) -> Option<Place> {
    sources.iter().filter(|(_, source)| !source.library).find_map(|(file, source)| {
        let statements = if source.uses().plain { &[] } else { source.parse.file.statements.as_slice() };
        statements.iter().find_map(|statement| match statement {
            Statement::Use(tree) if tree.module.text == "std.zero-trust" => {
                Some(Place { file, span: tree.module.span })
            }
            _ => None,
        })
    })
}

/// The lints that the text of a comment names, each with its place.
pub(crate) fn named_in(comment: &str, span: Span) -> Vec<(&str, Span)> {
    comments::named(comment, span)
}

/// Drops lints that are off, and those that a comment allows; tells of comments that allow nothing.
pub(crate) fn allow(
    mut diagnostics: Vec<Diagnostic>,
    sources: &Sources,
    setting: &Setting<'_>,
    levels: &Levels,
) -> Vec<Diagnostic> {
    diagnostics.retain(|diagnostic| levels.is_on(diagnostic.code));
    let cluster = setting.project.map(|(_, cluster)| cluster);
    let (mut allows, malformed) = Allows::of(sources, cluster);
    diagnostics.extend(malformed);
    diagnostics.retain(|diagnostic| diagnostic.code.lint().is_none() || !allows.allow(diagnostic));
    // Beside an error nobody knows what else there would be to say.
    if !diagnostics.iter().any(Diagnostic::is_error) {
        let mut unused = allows.unused(levels);
        unused.retain(|diagnostic| !allows.allow(diagnostic));
        diagnostics.extend(unused);
    }
    diagnostics.retain(|diagnostic| levels.is_on(diagnostic.code));
    diagnostics
}

/// The same of a part of the program, of which nobody knows what else there would be to allow.
pub(crate) fn allow_some(
    mut diagnostics: Vec<Diagnostic>,
    sources: &Sources,
    setting: &Setting<'_>,
    levels: &Levels,
) -> Vec<Diagnostic> {
    let cluster = setting.project.map(|(_, cluster)| cluster);
    let (mut allows, _) = Allows::of(sources, cluster);
    diagnostics.retain(|said| levels.is_on(said.code) && (said.code.lint().is_none() || !allows.allow(said)));
    diagnostics
}

/// Makes errors of lints that the project denies.
pub(crate) fn deny(diagnostics: &mut [Diagnostic], levels: &Levels) {
    for diagnostic in diagnostics {
        if levels.level(diagnostic.code) == Some(Level::Deny) {
            diagnostic.severity = Severity::Error;
        }
    }
}
