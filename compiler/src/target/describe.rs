//! What objects say of themselves: that they are Weir's, and which sentences they come from.

use std::collections::{BTreeMap, BTreeSet};

use crate::resolve::program::{Program, SentenceId};
use crate::{MANAGED_BY, SENTENCES};

/// `kubectl apply` keeps a copy of the object in an annotation, and all annotations together have 256 KiB.
const LONGEST_ANNOTATION: usize = 8 * 1024;

pub(super) fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned())])
}

/// The sentences that an object comes from, sorted; a list too long ends in a count.
pub(super) fn annotations(ids: &BTreeSet<SentenceId>, program: &Program) -> BTreeMap<String, String> {
    let lines: BTreeSet<&str> = ids.iter().map(|id| program.get(*id).source.as_str()).collect();
    let total = lines.len();
    let mut text = String::new();
    for (at, line) in lines.into_iter().enumerate() {
        if text.len() + line.len() > LONGEST_ANNOTATION {
            text += &format!("and {} more\n", total - at);
            break;
        }
        text += line;
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    BTreeMap::from([(SENTENCES.to_owned(), text)])
}
