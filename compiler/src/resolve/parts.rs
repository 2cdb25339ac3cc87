//! A program resolved file by file, and kept so: an edit costs the files whose words it may give another meaning. For
//! whoever looks at one program again and again.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::program::{Program, Sentence, Test};
use super::readings::Readings;
use super::{Known, Once, Resolver, Said, Shared, policies, resolve};
use crate::Setting;
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Source, Sources};
use crate::threads;

/// What is kept of a program in one cluster. It is good for one inventory and one setting; files may come, go and change.
#[derive(Default)]
pub struct Parts {
    files: Vec<Option<Kept>>,
}

struct Kept {
    grounds: Grounds,
    sentences: Vec<Arc<Sentence>>,
    tests: Vec<Test>,
    incomplete: bool,
    said: Vec<Said>,
    told: BTreeSet<Once>,
    expanded: usize,
}

/// What the meaning of a file's words depends on.
#[derive(Clone)]
pub(super) struct Grounds {
    /// The file, and those that it uses, in however many steps.
    pub(super) files: Vec<(FileId, Arc<Source>)>,
    /// Its policies that nothing applies: what is applied is not looked at by itself.
    unapplied: Vec<String>,
}

impl Grounds {
    pub(super) fn of(file: FileId, shared: &Shared<'_>) -> Grounds {
        let mut files = vec![file];
        let mut next = 0;
        while let Some(at) = files.get(next).copied() {
            next += 1;
            let more: Vec<FileId> =
                shared.modules.imports(at).filter(|other| !files.contains(other)).collect();
            files.extend(more);
        }
        let unapplied = shared.modules.unapplied(file).map(|policy| policy.name.text.clone()).collect();
        Grounds {
            files: files.into_iter().map(|file| (file, shared.sources.shared(file))).collect(),
            unapplied,
        }
    }

    fn are(&self, others: &Grounds) -> bool {
        self.unapplied == others.unapplied
            && self.files.len() == others.files.len()
            && self.files.iter().zip(&others.files).all(|(own, other)| {
                let ((file, text), (as_file, as_text)) = (own, other);
                file == as_file && Arc::ptr_eq(text, as_text)
            })
    }
}

impl Parts {
    /// The whole program, of which only those files are resolved anew that may mean something else than before.
    pub fn resolve(
        &mut self,
        sources: &Sources,
        setting: &Setting<'_>,
        known: &Known<'_>,
    ) -> (Program, Vec<Diagnostic>) {
        let (shared, mut diagnostics) = Shared::of(sources, setting, known);
        let resolver = Resolver::with_lets(&shared);
        let mut stale = Vec::new();
        self.files.resize_with(sources.iter().count(), || None);
        for ((file, _), kept) in sources.iter().zip(&mut self.files) {
            let grounds = Grounds::of(file, &shared);
            if kept.as_ref().is_none_or(|kept| !kept.grounds.are(&grounds)) {
                *kept = None;
                stale.push((file, grounds));
            }
        }
        const A_THREAD: usize = 16;
        let count = threads::cores().min(stale.len() / A_THREAD);
        let fresh = threads::in_stretches(count, stale.len(), |range| {
            let each = stale[range].iter().map(|(file, grounds)| keep(&resolver, *file, grounds));
            each.collect::<Vec<_>>()
        });
        for ((file, _), kept) in stale.iter().zip(fresh.into_iter().flatten()) {
            self.files[file.0 as usize] = Some(kept);
        }
        let expanded =
            self.files.iter().flatten().fold(0_usize, |all, kept| all.saturating_add(kept.expanded));
        if expanded > policies::MOST_EXPANDED {
            return resolve(sources, setting); // which tells where that is
        }
        let mut program = Program::default();
        let mut told: BTreeSet<Once> = BTreeSet::new();
        let all = resolver.diagnostics.into_iter().map(|said| said.diagnostic);
        diagnostics.extend(all);
        for kept in self.files.iter().flatten() {
            program.sentences.extend(kept.sentences.iter().cloned());
            program.tests.extend(kept.tests.iter().cloned());
            program.incomplete |= kept.incomplete;
            let known = |said: &&Said| said.once.is_some_and(|once| told.contains(&once));
            diagnostics
                .extend(kept.said.iter().filter(|said| !known(said)).map(|said| said.diagnostic.clone()));
            told.extend(&kept.told);
        }
        (program, diagnostics)
    }
}

fn keep(resolver: &Resolver<'_>, file: FileId, grounds: &Grounds) -> Kept {
    let mut own = resolver.alone(&grounds.files);
    let mut program = Program::default();
    own.files(file.0 as usize..file.0 as usize + 1, &mut program);
    Kept {
        grounds: grounds.clone(),
        sentences: program.sentences,
        tests: program.tests,
        incomplete: program.incomplete,
        said: own.diagnostics,
        told: own.told,
        expanded: own.expanded,
    }
}

impl<'a> Resolver<'a> {
    /// One that has resolved nothing yet, and knows the `let`s of these files.
    pub(super) fn alone(&self, files: &[(FileId, Arc<Source>)]) -> Resolver<'a> {
        let own = |(file, _): &(FileId, Arc<Source>)| Some((*file, self.lets.get(file)?.clone()));
        Resolver { lets: files.iter().filter_map(own).collect(), ..Resolver::new(self.shared) }
    }
}

/// One file by itself.
pub struct FilePart {
    pub program: Program,
    /// Of the file alone, those of its modules and parameters too.
    pub diagnostics: Vec<Diagnostic>,
    pub readings: Readings,
}

impl FilePart {
    /// Resolves one file of a program, with what its words were read as.
    pub fn of(sources: &Sources, file: FileId, setting: &Setting<'_>, known: &Known<'_>) -> FilePart {
        let (shared, diagnostics) = Shared::of(sources, setting, known);
        FilePart::with(&Resolver::with_lets(&shared), file, &diagnostics)
    }

    /// The same of several files, in their order: what is the whole program's is made once.
    pub fn of_each(
        sources: &Sources,
        files: &[FileId],
        setting: &Setting<'_>,
        known: &Known<'_>,
    ) -> Vec<FilePart> {
        const A_THREAD: usize = 16;
        let (shared, diagnostics) = Shared::of(sources, setting, known);
        let resolver = Resolver::with_lets(&shared);
        let count = threads::cores().min(files.len() / A_THREAD);
        let parts = threads::in_stretches(count, files.len(), |range| {
            let each = files[range].iter().map(|file| FilePart::with(&resolver, *file, &diagnostics));
            each.collect::<Vec<_>>()
        });
        parts.into_iter().flatten().collect()
    }

    /// `said` is of all files.
    fn with(resolver: &Resolver<'_>, file: FileId, said: &[Diagnostic]) -> FilePart {
        let grounds = Grounds::of(file, resolver.shared);
        let mut own = resolver.alone(&grounds.files);
        own.readings = Some(Readings::of(file));
        let mut program = Program::default();
        own.files(file.0 as usize..file.0 as usize + 1, &mut program);
        let mut readings = own.readings.take().unwrap_or_else(|| Readings::of(file));
        readings.sort();
        let lets = resolver.diagnostics.iter().chain(&own.diagnostics).map(|said| &said.diagnostic);
        let here = |said: &&Diagnostic| said.labels.first().is_some_and(|label| label.place.file == file);
        let diagnostics = said.iter().chain(lets).filter(here).cloned().collect();
        FilePart { program, diagnostics, readings }
    }
}
