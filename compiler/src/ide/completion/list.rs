//! Items as they are gathered: held against the typed word, best first, and not more than anybody reads.

use weir_grammar::Span;

use super::{Completion, CompletionKind, Completions};
use crate::ide::Edit;

/// So many names of one sort are listed.
pub const MOST: usize = 200;

pub struct List<'t> {
    pub typed: &'t str,
    word: Span,
    items: Vec<(Fit, u8, Completion)>,
    is_cut: bool,
}

/// How well a word goes with what is typed of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    Begins,
    Holds,
    /// Its letters are there in their order, from where a part of the word begins.
    Scattered,
}

pub fn fit(typed: &str, word: &str) -> Option<Fit> {
    let (typed, word) = (typed.as_bytes(), word.as_bytes());
    if word.len() >= typed.len() && word[..typed.len()].eq_ignore_ascii_case(typed) {
        return Some(Fit::Begins);
    }
    if word.windows(typed.len().max(1)).any(|part| part.eq_ignore_ascii_case(typed)) {
        return Some(Fit::Holds);
    }
    let begins = |at: usize| at.checked_sub(1).is_none_or(|before| !word[before].is_ascii_alphanumeric());
    let first = (0..word.len()).find(|at| begins(*at) && word[*at].eq_ignore_ascii_case(&typed[0]))?;
    let mut rest = word[first..].iter();
    let all = typed.iter().all(|wanted| rest.any(|byte| byte.eq_ignore_ascii_case(wanted)));
    all.then_some(Fit::Scattered)
}

impl<'t> List<'t> {
    pub fn of(typed: &'t str, word: Span) -> List<'t> {
        List { typed, word, items: Vec::new(), is_cut: false }
    }

    pub fn fit(&self, word: &str) -> Option<Fit> {
        fit(self.typed, word)
    }

    /// Adds an item, if it goes with what is typed. The lower its rank, the nearer it is.
    pub fn add(&mut self, rank: u8, mut item: Completion) {
        if let Some(fit) = self.fit(&item.filter) {
            item.replace = self.word;
            self.items.push((fit, rank, item));
        }
    }

    /// Says that there would be more.
    pub fn cut(&mut self) {
        self.is_cut = true;
    }

    /// Sorts candidates and keeps the first of them, before items are made of them.
    pub fn first<T: Ord>(&mut self, mut candidates: Vec<T>) -> Vec<T> {
        if candidates.len() > MOST {
            candidates.select_nth_unstable(MOST);
            candidates.truncate(MOST);
            self.cut();
        }
        candidates.sort_unstable();
        candidates
    }

    pub fn finish(mut self) -> Completions {
        self.items.sort_by(|(fit, rank, item), (other_fit, other_rank, other)| {
            (fit, rank).cmp(&(other_fit, other_rank)).then_with(|| item.sort.cmp(&other.sort))
        });
        let mut items: Vec<Completion> = self.items.into_iter().map(|(_, _, item)| item).collect();
        let mut seen = std::collections::BTreeSet::new();
        items.retain(|item| seen.insert((item.label.clone(), item.insert.clone())));
        for (at, item) in items.iter_mut().enumerate() {
            item.sort = format!("{at:04}");
        }
        Completions { items, is_incomplete: self.is_cut }
    }
}

impl Completion {
    pub fn new(kind: CompletionKind, label: impl Into<String>) -> Completion {
        let label = label.into();
        Completion {
            kind,
            detail: None,
            replace: Span::default(),
            insert: label.clone(),
            is_snippet: false,
            filter: label.clone(),
            sort: label.clone(),
            more: Vec::new(),
            is_deprecated: false,
            doc: None,
            label,
        }
    }

    pub fn detail(self, detail: impl Into<String>) -> Completion {
        Completion { detail: Some(detail.into()), ..self }
    }

    pub fn insert(self, insert: impl Into<String>) -> Completion {
        Completion { insert: insert.into(), ..self }
    }

    pub fn snippet(self, snippet: impl Into<String>) -> Completion {
        Completion { insert: snippet.into(), is_snippet: true, ..self }
    }

    pub fn filter(self, filter: impl Into<String>) -> Completion {
        Completion { filter: filter.into(), ..self }
    }

    /// Among items of its rank it stands as if it were called so.
    pub fn sort(self, sort: impl Into<String>) -> Completion {
        Completion { sort: sort.into(), ..self }
    }

    pub fn doc(self, doc: impl Into<String>) -> Completion {
        Completion { doc: Some(doc.into()), ..self }
    }

    pub fn with(mut self, edit: Edit) -> Completion {
        self.more.push(edit);
        self
    }

    pub fn deprecated(self, is_deprecated: bool) -> Completion {
        Completion { is_deprecated, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fit() {
        assert_eq!(fit("", ""), Some(Fit::Begins));
        assert_eq!(fit("We", "web"), Some(Fit::Begins));
        assert_eq!(fit("eb", "web"), Some(Fit::Holds));
        assert_eq!(fit("mn", "kubernetes.io/metadata.name"), Some(Fit::Scattered));
        assert_eq!(fit("team", "kubernetes.io/metadata.name"), None);
        assert_eq!(fit("é", "web"), None);
        assert_eq!(fit("web", "we"), None);
    }
}
