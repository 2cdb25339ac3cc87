//! What is told without being asked: the diagnostics of files and manifests, where they are news.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;
use tower_lsp::ls_types::{Diagnostic as Shown, Uri};
use weir::Diagnostic;

use crate::convert::{Texts, diagnostics};
use crate::hub::State;
use crate::load::Broken;
use crate::program::Program;
use crate::root::Root;

/// What is published next.
pub struct Publication {
    pub uri: Uri,
    pub shown: Vec<Shown>,
    pub version: Option<i32>,
}

/// Whom there is something to say of.
enum Topic<'p> {
    File(Cow<'p, [Diagnostic]>),
    Manifest(Vec<&'p Broken>),
}

impl State {
    /// What there is to publish of one file, or of all files of a program, if it is news.
    pub fn news(&mut self, root: &Root, only: Option<&Uri>) -> Vec<Publication> {
        let Some(program) = self.programs.get(root).filter(|_| !self.can.pulls_diagnostics) else {
            return Vec::new();
        };
        let mut topics: Vec<(Uri, u64, Topic<'_>)> = Vec::new();
        let wanted = |uri: &Uri| only.is_none_or(|only| only == uri);
        for file in program.own_files() {
            let Some(uri) = program.uri(file).filter(wanted) else { continue };
            let said = program.said(file);
            let text = (!said.is_empty()).then(|| program.workspace.sources.get(file).text.as_str());
            let key = FxBuildHasher.hash_one((&said, text, self.remark(program, &uri)));
            topics.push((uri, key, Topic::File(said)));
        }
        for path in program.broken_files() {
            let Some(uri) = Uri::from_file_path(&path).filter(wanted) else { continue };
            let broken: Vec<&Broken> = program.broken.iter().filter(|broken| broken.file == path).collect();
            let words: Vec<&Diagnostic> = broken.iter().map(|broken| &broken.said).collect();
            let key = FxBuildHasher.hash_one((words, program.stays()));
            topics.push((uri, key, Topic::Manifest(broken)));
        }
        let texts = Texts::of(program, self.encoding);
        let is_news = |(uri, key, _): &&(Uri, u64, Topic<'_>)| program.published.get(uri) != Some(key);
        let mut publications: Vec<Publication> = topics
            .iter()
            .filter(is_news)
            .map(|(uri, _, topic)| Publication {
                uri: uri.clone(),
                shown: match topic {
                    Topic::File(said) => self.shown(program, uri, said, &texts),
                    Topic::Manifest(broken) => broken
                        .iter()
                        .map(|broken| diagnostics::of_manifest(broken, program.stays().as_deref()))
                        .collect(),
                },
                version: self.documents.get(uri).map(|document| document.version),
            })
            .collect();
        let keys: Vec<(Uri, u64)> = topics.into_iter().map(|(uri, key, _)| (uri, key)).collect();
        let Some(program) = self.programs.get_mut(root) else { return publications };
        if only.is_none() {
            let known: BTreeSet<&Uri> = keys.iter().map(|(uri, _)| uri).collect();
            let gone = program.forgotten(&|uri| known.contains(uri));
            publications.extend(gone.into_iter().map(|uri| Publication {
                uri,
                shown: Vec::new(),
                version: None,
            }));
        }
        program.published.extend(keys);
        publications
    }

    /// Everything that there is to say of a file, as the client shows it.
    pub fn shown(&self, program: &Program, uri: &Uri, said: &[Diagnostic], texts: &Texts<'_>) -> Vec<Shown> {
        let mut shown: Vec<Shown> = said.iter().map(|said| diagnostics::shown(said, texts)).collect();
        shown.extend(self.remark(program, uri).map(diagnostics::remark));
        shown
    }

    /// What it costs that there is no inventory, told in files that are open.
    fn remark(&self, program: &Program, uri: &Uri) -> Option<String> {
        if program.workspace.is_known() || program.is_loading || !self.documents.contains_key(uri) {
            return None;
        }
        let what =
            "there is no inventory: names, labels and ports are not checked, and nothing is known of pods";
        let help = match (program.broken.is_empty(), program.workspace.settings.is_some()) {
            (false, _) => "the cluster's manifests cannot be read",
            (true, true) => {
                "write `inventory = [\"manifests/\"]` in a table `[clusters.NAME]` of `weir.toml`"
            }
            (true, false) => {
                "name manifests in the setting `weir.inventory`, or put a `weir.toml` beside this file, with `inventory = [\"manifests/\"]` in a table `[clusters.NAME]`"
            }
        };
        Some(format!("{what}\nhelp: {help}"))
    }
}
