//! A program judged as a whole, and what is kept of it: what there is to say, who reaches whom, and of each cluster the
//! files that were resolved.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::{Peers, Workspace};
pub use crate::Stopped;
use crate::diagnostic::{Diagnostic, merge::merge};
use crate::resolve::Parts;
use crate::source::{FileId, Sources};
use crate::{diagnostic, judge, syntax_errors};

/// The verdict on a program.
#[derive(Clone, Default)]
pub struct Whole {
    /// Of all files and clusters, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// Of each cluster.
    pub peers: Vec<Arc<Peers>>,
    /// The texts that were judged: places are theirs.
    pub sources: Sources,
}

/// What is kept from one judgement to the next, so that an edit costs what it changes.
#[derive(Default)]
pub struct Memory {
    of_sites: Vec<Parts>,
}

impl Workspace {
    /// Judges the program in each of its clusters. `is_stopped` is asked on the way, again and again: what is stopped leaves
    /// the memory as good as it was.
    pub fn judge(
        &self,
        memory: &mut Memory,
        is_stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<Whole, Stopped> {
        let mut whole = Whole { sources: self.sources.clone(), ..Whole::default() };
        let mut said = Vec::new();
        memory.of_sites.resize_with(self.sites.len(), Parts::default);
        for (at, (site, parts)) in self.sites.iter().zip(&mut memory.of_sites).enumerate() {
            let name = site.world.cluster.name.clone();
            if !site.world.is_known {
                let mut found = syntax_errors(&self.sources);
                diagnostic::sort(&mut found);
                said.push((name, found));
                whole.peers.push(Arc::default());
                continue;
            }
            let setting = self.setting(at);
            let resolved = parts.resolve(&self.sources, &setting, site.world.known());
            let mut analysis = judge(&self.sources, &setting, resolved, is_stopped)?;
            said.push((name, std::mem::take(&mut analysis.diagnostics)));
            whole.peers.push(Arc::new(Peers::of(&analysis, site.world.facts())));
            drop(analysis);
            site.world.facts().forget_unused();
        }
        whole.diagnostics = self.settings.iter().flat_map(|settings| settings.diagnostics.clone()).collect();
        whole.diagnostics.extend(merge(said));
        Ok(whole)
    }
}

impl Whole {
    /// What is said of a file beyond what its own words tell: the rest follows at once from every edit.
    pub fn beyond(&self, file: FileId, own: &[Diagnostic]) -> Vec<Diagnostic> {
        let own: FxHashSet<&Diagnostic> = own.iter().collect();
        self.of(file).iter().filter(|said| !own.contains(said)).cloned().collect()
    }

    /// What is said of a file.
    pub fn of(&self, file: FileId) -> &[Diagnostic] {
        let place = |said: &Diagnostic| said.labels.first().map(|label| label.place.file);
        let first = self.diagnostics.partition_point(|said| place(said) < Some(file));
        let end = self.diagnostics.partition_point(|said| place(said) <= Some(file));
        &self.diagnostics[first..end]
    }
}
