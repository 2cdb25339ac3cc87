//! Remedies for what carries no suggestion of its own and has a clear one. Which they are is known by the code; where the
//! words are, by the tree.

mod comments;
mod conflicts;
mod drop;
mod planned;
mod sentence;
mod text;

use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::ide::{Desk, Edit};
use weir_grammar::Span;

pub struct Remedy {
    pub title: String,
    pub edits: Vec<Edit>,
    pub is_preferred: bool,
}

impl Remedy {
    fn new(title: impl Into<String>, edits: Vec<Edit>) -> Remedy {
        Remedy { title: title.into(), edits, is_preferred: false }
    }

    fn preferred(self) -> Remedy {
        Remedy { is_preferred: true, ..self }
    }
}

/// The remedies for a diagnostic of the file.
pub fn remedies(desk: &Desk<'_>, said: &Diagnostic) -> Vec<Remedy> {
    let Some(at) = said.labels.first().map(|label| label.place.span) else { return Vec::new() };
    match said.code {
        Code::E0101 | Code::E0103 | Code::E0104 | Code::E0105 | Code::E0109 => text::remedies(desk, said, at),
        Code::E0201 | Code::E0204 | Code::E0205 | Code::E0209 | Code::E0304 => {
            planned::remedies(desk, said, at)
        }
        Code::E0116
        | Code::E0117
        | Code::E0303
        | Code::E0318
        | Code::E0321
        | Code::E0323
        | Code::E0507
        | Code::W0105
        | Code::W0108 => sentence::remedies(desk, said, at),
        Code::E0501 | Code::E0502 | Code::E0503 | Code::E0504 | Code::E0505 | Code::E0506 => {
            conflicts::remedies(desk, said, at)
        }
        Code::W0101 | Code::W0107 | Code::W0114 | Code::W0115 | Code::W0117 | Code::W0118 | Code::W0121 => {
            drop::remedies(desk, said, at)
        }
        Code::W0126 => comments::remedies(desk, at),
        _ => Vec::new(),
    }
}

fn has_help(said: &Diagnostic, words: &str) -> bool {
    said.help.iter().any(|help| help.contains(words))
}

fn word<'a>(desk: &Desk<'a>, span: Span) -> &'a str {
    desk.text().get(span.range()).unwrap_or_default()
}
