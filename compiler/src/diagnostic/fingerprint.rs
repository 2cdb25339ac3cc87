//! A name for a diagnostic that stays when lines are moved: by it, other programs know an old finding from a new one.

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::Diagnostic;
use super::position::Positions;

/// Gives them out in the order of a report, so that equal findings are told apart by their rank.
#[derive(Default)]
pub struct Fingerprints {
    seen: FxHashMap<[u8; 32], u32>,
}

impl Fingerprints {
    /// SHA-256 in hexadecimal of the code, the file within its project, the text at the culprit and its rank among
    /// those where all of this is equal. No position is part of it, and no wording where there is a text.
    pub fn of(&mut self, positions: &Positions<'_>, diagnostic: &Diagnostic) -> String {
        let (file, text) = match (diagnostic.labels.first(), &diagnostic.input) {
            (Some(label), _) => {
                let source = positions.sources.get(label.place.file);
                let text = &source.text[label.place.span.range()];
                // Where something is missing there is no text: the line has to do.
                (source.name.as_str(), if text.is_empty() { positions.line(label.place) } else { text })
            }
            (None, Some(input)) => (input.file.as_str(), diagnostic.message.as_str()),
            (None, None) => ("", diagnostic.message.as_str()),
        };
        let mut hash = Sha256::new();
        for part in [diagnostic.code.name(), file, text] {
            // With its length, so that no two lists of parts are one text.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let rank = self.seen.entry(hash.clone().finalize().into()).or_default();
        hash.update(rank.to_le_bytes());
        *rank += 1;
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
