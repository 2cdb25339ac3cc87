//! One program that the server keeps: its texts as the editor has them, what was said of them, and where its files are.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHashMap;
use tower_lsp::ls_types::Uri;
use weir::ide::{Desk, Examined, FilePart, Whole, Workspace};
use weir::source::FileId;
use weir::{Diagnostic, Span};

use crate::load::Broken;

pub struct Program {
    pub workspace: Workspace,
    /// Of the program's own files, by their ids.
    uris: Vec<Uri>,
    files: FxHashMap<Uri, FileId>,
    pub whole: Option<Arc<Whole>>,
    /// Counts its changes: what was found of an older state is of no use.
    pub generation: Arc<AtomicU64>,
    /// What the words of files tell that were edited, as they are now.
    own: FxHashMap<FileId, Vec<Diagnostic>>,
    /// Of files that were edited since they were judged: what they mean together with others, judged of an older text and
    /// moved along with it.
    beyond: FxHashMap<FileId, Vec<Diagnostic>>,
    /// Files as they were resolved, in their clusters: good until something changes.
    parts: RefCell<FxHashMap<(FileId, usize), Arc<FilePart>>>,
    /// What is wrong with inventories, by cluster. Those that could be read last stay in use.
    pub broken: Vec<Broken>,
    /// What was published last, by file: a digest.
    pub published: BTreeMap<Uri, u64>,
    /// Whether its inventories are being read for the first time.
    pub is_loading: bool,
}

impl Program {
    pub fn new(workspace: Workspace, uris: Vec<Uri>) -> Program {
        let files = uris.iter().enumerate().map(|(at, uri)| (uri.clone(), FileId(at as u32))).collect();
        Program {
            workspace,
            uris,
            files,
            whole: None,
            generation: Arc::default(),
            own: FxHashMap::default(),
            beyond: FxHashMap::default(),
            parts: RefCell::default(),
            broken: Vec::new(),
            published: BTreeMap::new(),
            is_loading: true,
        }
    }

    /// The same program with other files: what was published stays known.
    pub fn succeed(&mut self, other: Program) {
        let old = std::mem::replace(self, other);
        self.published = old.published;
        self.generation = old.generation;
        self.broken = old.broken;
        self.is_loading = old.is_loading;
        self.touch();
    }

    pub fn file(&self, uri: &Uri) -> Option<FileId> {
        self.files.get(uri).copied()
    }

    /// Where a file is: the library's are documents that the server makes.
    pub fn uri(&self, file: FileId) -> Option<Uri> {
        match self.uris.get(file.0 as usize) {
            Some(uri) => Some(uri.clone()),
            None => format!("weir:/{}", self.workspace.sources.get(file).name).parse().ok(),
        }
    }

    /// A file to ask things of.
    pub fn desk(&self, file: FileId, site: usize) -> Desk<'_> {
        let known = self.parts.borrow().get(&(file, site)).cloned();
        Desk::new(&self.workspace, site, file, self.whole.as_deref()).with(known)
    }

    /// Keeps what was found for the next question.
    pub fn keep(&self, desk: &Desk<'_>) {
        if let Some(part) = desk.resolved() {
            self.parts.borrow_mut().insert((desk.file, desk.site), Arc::clone(part));
        }
    }

    pub fn own_files(&self) -> impl Iterator<Item = FileId> {
        (0..self.uris.len()).map(|at| FileId(at as u32))
    }

    /// Something changed: what is being found is of no use any more.
    pub fn touch(&mut self) -> u64 {
        self.parts.get_mut().clear();
        self.generation.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Another text for a file, which is one of the program's own.
    pub fn edit(&mut self, file: FileId, text: String) {
        let before = &self.workspace.sources.get(file).text;
        if *before == text {
            return;
        }
        let change = Change::between(before, &text);
        let mut beyond = match (self.beyond.remove(&file), &self.whole) {
            (Some(beyond), _) => beyond,
            (None, None) => Vec::new(),
            (None, Some(whole)) => match self.own.get(&file) {
                Some(own) => whole.beyond(file, own),
                None => whole.beyond(file, &self.workspace.file_diagnostics(file)),
            },
        };
        beyond.retain_mut(|said| {
            said.labels
                .iter_mut()
                .all(|label| label.place.file != file || change.moves(&mut label.place.span))
        });
        beyond.iter_mut().for_each(|said| said.suggestions.clear());
        self.touch();
        self.workspace.edit(file, text);
        let Examined { diagnostics, parts } = self.workspace.examine(file);
        self.own.insert(file, diagnostics);
        let parts = parts.into_iter().enumerate();
        self.parts.get_mut().extend(parts.filter_map(|(site, part)| Some(((file, site), part?))));
        self.beyond.insert(file, beyond);
    }

    /// A verdict on the program as it is now.
    pub fn judged(&mut self, whole: Arc<Whole>) {
        self.beyond.clear();
        self.whole = Some(whole);
    }

    /// Another world: what words were held against is no more.
    pub fn forget_verdicts(&mut self) {
        self.own.clear();
        self.beyond.clear();
        self.whole = None;
        self.touch();
    }

    /// Everything that there is to say of a file.
    pub fn said(&self, file: FileId) -> Cow<'_, [Diagnostic]> {
        match (self.beyond.get(&file), &self.whole) {
            (Some(beyond), _) => {
                let own = self.own.get(&file).into_iter().flatten();
                let mut said: Vec<Diagnostic> = own.chain(beyond).cloned().collect();
                weir::diagnostic::sort(&mut said);
                Cow::Owned(said)
            }
            (None, Some(whole)) => Cow::Borrowed(whole.of(file)),
            (None, None) => Cow::Owned(self.workspace.file_diagnostics(file)),
        }
    }

    /// Files of which something was published and that are no more.
    pub fn forgotten(&mut self, is_known: &dyn Fn(&Uri) -> bool) -> Vec<Uri> {
        let gone: Vec<Uri> = self.published.keys().filter(|uri| !is_known(uri)).cloned().collect();
        for uri in &gone {
            self.published.remove(uri);
        }
        gone
    }

    /// Which inventory stays in use beside a manifest that cannot be read.
    pub fn stays(&self) -> Option<String> {
        let known = self.workspace.sites.iter().find(|site| site.world.is_known)?;
        let workloads = known.world.inventory().workloads.len();
        Some(format!("the inventory that could be read last stays in use, with {workloads} workloads"))
    }

    /// The manifests that could not be read.
    pub fn broken_files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.broken.iter().map(|broken| broken.file.clone()).collect();
        files.sort_unstable();
        files.dedup();
        files
    }
}

/// What is between the beginning and the end that two texts share.
#[derive(Debug, PartialEq)]
struct Change {
    start: u32,
    /// In the first text, and in the second.
    ends: (u32, u32),
}

impl Change {
    fn between(before: &str, after: &str) -> Change {
        let (a, b) = (before.as_bytes(), after.as_bytes());
        let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let rest = a[start..].iter().rev().zip(b[start..].iter().rev());
        let same = rest.take_while(|(a, b)| a == b).count();
        Change { start: start as u32, ends: ((a.len() - same) as u32, (b.len() - same) as u32) }
    }

    /// Moves a span along; `false` for one that the change touches.
    fn moves(&self, span: &mut Span) -> bool {
        if span.end < self.start {
            return true;
        }
        if span.start < self.ends.0 {
            return false;
        }
        let along = |at: u32| at - self.ends.0 + self.ends.1;
        *span = Span { start: along(span.start), end: along(span.end) };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(before: &str, after: &str, word: &str) -> Option<String> {
        let start = before.find(word).unwrap();
        let mut span = Span::new(start, start + word.len());
        Change::between(before, after).moves(&mut span).then(|| after[span.range()].to_owned())
    }

    #[test]
    fn spans_move_along() {
        let text = "web may reach db; api may reach db;";
        for after in [
            "web may reach db:80; api may reach db;",
            "w may reach db; api may reach db;",
            "api may reach db;",
        ] {
            assert_eq!(moved(text, after, "api").as_deref(), Some("api"), "{after}");
        }
        assert_eq!(moved(text, "web may reach db; api may rea db;", "web").as_deref(), Some("web"));
        assert_eq!(moved(text, "web may reach db; ap may reach db;", "api"), None);
        assert_eq!(moved(text, "", "api"), None);
    }
}
