//! What can be written where the cursor is: names, labels, ports and words of the language, by their place in the
//! statement, what is nearest first.

mod comments;
mod context;
mod docs;
mod keywords;
mod labels;
mod list;
mod names;
mod policies;
mod ports;
mod snippet;
pub(super) mod spot;
mod things;
pub(super) mod wanted;

#[cfg(test)]
mod tests;

use weir_grammar::Span;

use super::{Desk, Edit};
use context::Context;
pub(super) use context::kinds_of;
pub use docs::documentation;
pub(super) use keywords::param_kind;
use list::List;
pub(super) use policies::find as policy_named;
pub(super) use spot::name_of;
use spot::{Inside, Spot};
use wanted::{Slot, Wanted};

/// By which [`documentation`] makes the text of an item.
pub type DocKey = String;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// What fits best first.
    pub items: Vec<Completion>,
    /// There would be more than are listed: another letter may bring them.
    pub is_incomplete: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub label: String,
    pub kind: CompletionKind,
    /// In a few words what it is.
    pub detail: Option<String>,
    /// The word that it takes the place of.
    pub replace: Span,
    pub insert: String,
    /// Whether `insert` is in LSP's syntax of snippets: `${1:…}`.
    pub is_snippet: bool,
    /// What the typed word is held against.
    pub filter: String,
    /// By which items are to be sorted.
    pub sort: String,
    /// What else it needs: a `use …;`.
    pub more: Vec<Edit>,
    pub is_deprecated: bool,
    pub doc: Option<DocKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    Namespace,
    Workload,
    Service,
    ServiceAccount,
    Let,
    Param,
    Policy,
    Module,
    LabelKey,
    LabelValue,
    Port,
    PortName,
    Keyword,
    Builtin,
    Snippet,
    Cluster,
    Lint,
    HttpMethod,
}

/// The characters on which completion begins by itself, beside letters.
pub const TRIGGERS: &[char] = &['/', ':', '[', '=', '(', ',', ' ', '!'];

/// What can be written at an offset.
pub fn completion(desk: &Desk<'_>, offset: u32) -> Completions {
    if desk.is_settings() {
        return Completions::default();
    }
    match spot::inside(desk.text(), offset) {
        Inside::Code(spot) => in_code(desk, spot),
        Inside::Comment(span) => comments::completion(desk, span),
        Inside::Text => Completions::default(),
    }
}

/// The same just behind one of [`TRIGGERS`], which was typed. Blanks at the beginning of a statement indent it, and ask for
/// nothing.
pub fn completion_behind(desk: &Desk<'_>, offset: u32, trigger: char) -> Completions {
    if trigger == ' '
        && let Inside::Code(spot) = spot::inside(desk.text(), offset)
        && wanted_at(desk, &spot) == Wanted::Statement
    {
        return Completions::default();
    }
    completion(desk, offset)
}

fn wanted_at(desk: &Desk<'_>, spot: &Spot<'_>) -> Wanted {
    let before = desk.text().get(spot.statement as usize..spot.word.start as usize).unwrap_or_default();
    wanted::wanted(before, spot.statement, spot.heads.contains(&spot::Head::Test))
}

fn in_code(desk: &Desk<'_>, spot: Spot<'_>) -> Completions {
    let wanted = wanted_at(desk, &spot);
    let mut list = List::of(spot.typed, spot.word);
    let setting = desk.setting();
    let context = Context::of(desk, &setting, spot);
    match &wanted {
        Wanted::Nothing => {}
        Wanted::Statement => {
            keywords::statements(&context, &mut list);
            keywords::kinds(Slot::Subject, &mut list);
            names::operand(&context, Slot::Subject, &mut list);
        }
        Wanted::Words(words) => keywords::words(&context, words, &mut list),
        Wanted::Operand(slot) => {
            keywords::kinds(*slot, &mut list);
            names::operand(&context, *slot, &mut list);
        }
        Wanted::Namespace => things::namespaces(&context, &mut list),
        Wanted::Thing(kind) => things::of_kind(&context, *kind, &mut list),
        Wanted::Cluster => names::clusters(&context, &mut list),
        Wanted::Module => policies::modules(&context, &mut list),
        Wanted::Policy => policies::policies(&context, &mut list),
        Wanted::ParamKind => keywords::param_kinds(&mut list),
        Wanted::Argument { policy, index, before } => {
            policies::argument(&context, policy, *index, before, &mut list);
        }
        Wanted::Port(of) => ports::ports(&context, &[*of], &mut list),
        Wanted::Protocol => keywords::plain(&["tcp", "udp", "sctp"], &mut list),
        Wanted::Label(label) => labels::labels(&context, label, &mut list),
        Wanted::PartitionKey => labels::partition_keys(&context, &mut list),
        Wanted::Method => keywords::methods(&mut list),
        Wanted::Day => keywords::days(&context, &mut list),
    }
    list.finish()
}

/// Where the statement begins that an offset is in, and the offset, held against the text; `None` in comments.
pub(super) fn statement_at(text: &str, offset: u32) -> Option<(usize, usize)> {
    match spot::inside(text, offset) {
        Inside::Comment(_) => None,
        _ => Some((spot::statement(text, offset), spot::floor(text, offset))),
    }
}
