//! Documents as the editor has them: opened, changed a piece at a time, closed.

use tower_lsp::ls_types::{TextDocumentContentChangeEvent, Uri};

use crate::hub::{Document, State};
use crate::publish::Publication;
use crate::root::Root;
use crate::text::{Encoding, Lines};

impl State {
    /// A document was opened. Gives its root: the program that it belongs to may have to be read.
    pub fn opened(&mut self, uri: Uri, version: i32, text: String) -> Option<Root> {
        let root = Root::of_uri(&uri)?;
        if let Some(program) = self.programs.get_mut(&root)
            && let Some(file) = program.file(&uri)
        {
            program.edit(file, text.clone());
        }
        self.documents.insert(uri, Document { root: root.clone(), version, text });
        Some(root)
    }

    /// A document was changed. Gives what is to be published of it at once.
    pub fn changed(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
    ) -> (Option<Root>, Vec<Publication>) {
        let encoding = self.encoding;
        let Some(document) = self.documents.get_mut(uri) else { return (None, Vec::new()) };
        document.version = version;
        for change in changes {
            apply(&mut document.text, change, encoding);
        }
        let (root, text) = (document.root.clone(), document.text.clone());
        let Some(program) = self.programs.get_mut(&root) else { return (Some(root), Vec::new()) };
        let Some(file) = program.file(uri) else { return (Some(root), Vec::new()) };
        program.edit(file, text);
        let news = self.news(&root, Some(uri));
        (Some(root), news)
    }

    /// A document was closed: what is on disk counts again. Gives its root.
    pub fn closed(&mut self, uri: &Uri, on_disk: Option<String>) -> Option<Root> {
        let document = self.documents.remove(uri)?;
        self.tokens.remove(uri);
        if let (Some(program), Some(text)) = (self.programs.get_mut(&document.root), on_disk)
            && let Some(file) = program.file(uri)
        {
            program.edit(file, text);
        }
        Some(document.root)
    }
}

fn apply(text: &mut String, change: TextDocumentContentChangeEvent, encoding: Encoding) {
    match change.range {
        None => *text = change.text,
        Some(range) => {
            let span = Lines::new(text, encoding).span(range);
            text.replace_range(span.range(), &change.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower_lsp::ls_types::{Position, Range};

    #[test]
    fn changes_are_applied_one_after_the_other() {
        let mut text = "web may reach db;\n".to_owned();
        let at = |line, start, end, text: &str| TextDocumentContentChangeEvent {
            range: Some(Range::new(Position::new(line, start), Position::new(line, end))),
            range_length: None,
            text: text.to_owned(),
        };
        apply(&mut text, at(0, 16, 16, ":5432"), Encoding::Utf16);
        apply(&mut text, at(0, 0, 3, "api"), Encoding::Utf16);
        assert_eq!(text, "api may reach db:5432;\n");
        apply(&mut text, at(7, 0, 0, "# ö"), Encoding::Utf8);
        assert_eq!(text, "api may reach db:5432;\n# ö");
    }
}
