//! `# weir: allow(W0102) because "…"`: which comments say so, and the statement that each is about.

mod read;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use weir_grammar::Span;
use weir_grammar::ast::{BlockHead, Statement};

use super::Levels;
use crate::codes::Code;
use crate::diagnostic::{Diagnostic, listed};
use crate::project::Cluster;
use crate::resolve::names;
use crate::source::{FileId, Place, Source, Sources};
use read::Comment;

/// The lints that a comment names, each with its place: by name or code, and whether or not there are such lints.
pub(super) fn named(text: &str, span: Span) -> Vec<(&str, Span)> {
    match read::comment(text, span) {
        Some(Comment::Allow { names, .. }) => names,
        Some(Comment::Unreadable) | None => Vec::new(),
    }
}

/// What a comment allows, and where.
struct Allow {
    /// The statement that it is about.
    covers: Span,
    lints: Vec<Named>,
    /// Whether it is told when it allows nothing.
    judged: bool,
}

struct Named {
    code: Code,
    place: Place,
    used: bool,
}

/// A comment that is meant for Weir, for whoever changes it.
pub(crate) struct Allowance {
    pub comment: Span,
    /// The lints that it names.
    pub names: Vec<Span>,
    pub has_reason: bool,
    /// The statement that it is about.
    pub about: Option<Span>,
}

/// Those of a file that can be read.
pub(crate) fn allowances(source: &Source) -> Vec<Allowance> {
    let statements = &source.parse.file.statements;
    let comments = source.parse.comments.iter().filter_map(|comment| {
        let Comment::Allow { names, has_reason } = read::comment(&comment.text, comment.span)? else {
            return None;
        };
        let about = target(statements, comment.span, &source.text).map(Statement::span);
        let names = names.iter().map(|(_, span)| *span).collect();
        Some(Allowance { comment: comment.span, names, has_reason, about })
    });
    comments.collect()
}

/// Of every file those that allow something, by the statements that they are about.
pub(super) struct Allows {
    files: BTreeMap<FileId, Vec<Allow>>,
    /// Of each the next one around it. Statements lie within each other or apart.
    around: BTreeMap<FileId, Vec<Option<usize>>>,
}

impl Allows {
    /// Reads the comments of a program; `cluster` is the one that is looked at.
    pub fn of(sources: &Sources, cluster: Option<&Cluster>) -> (Allows, Vec<Diagnostic>) {
        let mut files: BTreeMap<FileId, Vec<Allow>> = BTreeMap::new();
        let mut malformed = Vec::new();
        for (file, source) in sources.iter() {
            for comment in &source.parse.comments {
                let Some(read) = read::comment(&comment.text, comment.span) else { continue };
                let place = Place { file, span: comment.span };
                match allow(&read, place, source, cluster, &mut malformed) {
                    Some(allow) => files.entry(file).or_default().push(allow),
                    None => continue,
                }
            }
        }
        let mut around = BTreeMap::new();
        for (file, allows) in &mut files {
            allows.sort_by_key(|allow| (allow.covers.start, Reverse(allow.covers.end)));
            around.insert(*file, enclosing(allows));
        }
        (Allows { files, around }, malformed)
    }

    /// Whether a lint is allowed where it is told, or where the policy is applied that it is told in.
    pub fn allow(&mut self, diagnostic: &Diagnostic) -> bool {
        let applied = |label: &&crate::diagnostic::Label| label.text == Diagnostic::APPLIED;
        let places = diagnostic.labels.first().into_iter().chain(diagnostic.labels.iter().filter(applied));
        places.map(|label| label.place).any(|place| self.allow_at(diagnostic.code, place))
    }

    /// The innermost comment that allows it counts as used.
    fn allow_at(&mut self, code: Code, place: Place) -> bool {
        let (Some(allows), Some(around)) = (self.files.get_mut(&place.file), self.around.get(&place.file))
        else {
            return false;
        };
        let mut at = allows.partition_point(|allow| allow.covers.start <= place.span.start).checked_sub(1);
        while let Some(here) = at {
            let allow = &mut allows[here];
            if place.span.end <= allow.covers.end
                && let Some(named) = allow.lints.iter_mut().find(|named| named.code == code)
            {
                named.used = true;
                return true;
            }
            at = around[here];
        }
        false
    }

    /// What is allowed and does not come up. Of a lint that is off nobody knows.
    pub fn unused(&self, levels: &Levels) -> Vec<Diagnostic> {
        let judged = self.files.values().flatten().filter(|allow| allow.judged);
        let named = judged.flat_map(|allow| &allow.lints).filter(|named| !named.used);
        named
            .filter(|named| named.code != Code::W0126 && levels.is_on(named.code))
            .map(|named| {
                Diagnostic::warning(Code::W0126, "there is nothing to allow here")
                    .at(named.place, "this lint has nothing to say of it")
                    .with_help("drop it")
            })
            .collect()
    }
}

fn enclosing(allows: &[Allow]) -> Vec<Option<usize>> {
    let mut open: Vec<usize> = Vec::new();
    let mut around = Vec::with_capacity(allows.len());
    for (at, allow) in allows.iter().enumerate() {
        while open.last().is_some_and(|last| allows[*last].covers.end < allow.covers.end) {
            open.pop();
        }
        around.push(open.last().copied());
        open.push(at);
    }
    around
}

/// What a comment comes to. What is wrong with it is told; without a reason it allows nothing.
fn allow(
    read: &Comment<'_>,
    place: Place,
    source: &Source,
    cluster: Option<&Cluster>,
    malformed: &mut Vec<Diagnostic>,
) -> Option<Allow> {
    const FORM: &str = "`# weir: allow(W0102) because \"why it is right here\"`";
    let mut tell = |message: &str, place: Place, label: &str, help: String| {
        let said = Diagnostic::warning(Code::W0126, message).at(place, label);
        malformed.push(if help.is_empty() { said } else { said.with_help(help) });
    };
    let (names, has_reason) = match read {
        Comment::Unreadable => {
            tell("this comment allows nothing", place, "not understood", format!("write {FORM}"));
            return None;
        }
        Comment::Allow { names, has_reason } => (names, *has_reason),
    };
    let mut lints: Vec<Named> = Vec::new();
    for (name, span) in names {
        let place = Place { file: place.file, span: *span };
        match Code::parse_lint(name) {
            Some(code) => {
                if lints.iter().all(|named| named.code != code) {
                    lints.push(Named { code, place, used: false });
                }
            }
            None if Code::parse(name).is_some() => {
                let help = "mend what it says; only lints, whose codes begin with `W`, can be allowed";
                tell(
                    &format!("`{name}` is an error, and no lint"),
                    place,
                    "cannot be allowed",
                    help.to_owned(),
                );
            }
            None => {
                let known = Code::ALL.iter().filter_map(|code| code.lint()).map(|(name, _)| name);
                let near = names::nearest(name, known);
                let help = match near.is_empty() {
                    true => "`weir explain` lists all lints, by code and by name".to_owned(),
                    false => format!("did you mean {}?", listed(&near, "or")),
                };
                tell(&format!("there is no lint `{name}`"), place, "allows nothing", help);
            }
        }
    }
    if !has_reason {
        let help = format!("say why: {FORM}");
        tell("without a reason nothing is allowed", place, "no `because \"…\"`", help);
        return None;
    }
    let Some(target) = target(&source.parse.file.statements, place.span, &source.text) else {
        let help = "write it above the sentence, or behind it on the same line".to_owned();
        tell("this comment belongs to no sentence", place, "nothing stands below it", help);
        return None;
    };
    let judged = !source.library && is_judged(&source.parse.file.statements, target.span(), cluster);
    (!lints.is_empty()).then(|| Allow { covers: target.span(), lints, judged })
}

/// The statement that a comment is about: behind it on the same line, the one that ends or begins there; on a line of
/// its own, the next one below; inside of a sentence, that sentence.
fn target<'a>(statements: &'a [Statement], comment: Span, text: &str) -> Option<&'a Statement> {
    let line_start = text[..comment.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let trails = !text[line_start..comment.start as usize].trim().is_empty();
    let next = statements.partition_point(|statement| statement.span().end <= comment.start);
    let at_or_after = statements.get(next);
    if let Some(around) = at_or_after.filter(|statement| statement.span().start < comment.start) {
        let before = &text[around.span().start as usize..comment.start as usize];
        let in_head = around.body().is_empty() || !before.contains('{');
        let inside = if in_head { None } else { target(around.body(), comment, text) };
        return inside.or_else(|| (in_head || trails).then_some(around));
    }
    if trails {
        let before = &statements[..next];
        return before.last().filter(|statement| statement.span().end as usize > line_start);
    }
    at_or_after
}

/// Whether all that is said in a statement is looked at: not what holds for other clusters, and not the policies that
/// are there for others to apply.
fn is_judged(statements: &[Statement], target: Span, cluster: Option<&Cluster>) -> bool {
    let next = statements.partition_point(|statement| statement.span().end <= target.start);
    let Some(statement) = statements.get(next) else { return true };
    let here = match statement {
        Statement::Policy(policy) => policy.export.is_none(),
        Statement::Block(block) => match &block.head {
            BlockHead::Cluster(name) => cluster.is_some_and(|cluster| cluster.name == name.text),
            BlockHead::Clusters(_) => false,
            BlockHead::Namespace(_) | BlockHead::Each(..) => true,
        },
        _ => true,
    };
    here && (statement.span() == target || is_judged(statement.body(), target, cluster))
}
