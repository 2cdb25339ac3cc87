//! Which grants may have something to do with a region, without comparing it with all of them: by the names of the
//! namespaces that their selectors ask for, where they ask for names.

use std::collections::HashMap;
use std::sync::Arc;

use weir_cluster::labels::Text;

use super::region::Region;
use crate::relation::Grant;
use crate::resolve::program::Ends;
use crate::selector::PodSet;

/// One end of all grants.
pub(super) struct Candidates {
    by_namespace: HashMap<Text, Vec<u32>>,
    /// Grants whose selectors ask for no names, and with what.
    unnamed: Vec<u32>,
    /// Grants with an end that is no pod.
    others: Vec<u32>,
    pods: Vec<u32>,
}

impl Candidates {
    pub fn of(grants: &[Arc<Grant>], end: fn(&Grant) -> &[Ends]) -> Candidates {
        let mut all = Candidates {
            by_namespace: HashMap::new(),
            unnamed: Vec::new(),
            others: Vec::new(),
            pods: Vec::new(),
        };
        for (at, grant) in grants.iter().enumerate() {
            let at = at as u32;
            for ends in end(grant) {
                let Ends::Pods(pods) = ends else {
                    all.others.push(at);
                    if *ends == Ends::Anywhere {
                        all.unnamed.push(at);
                        all.pods.push(at);
                    }
                    continue;
                };
                all.pods.push(at);
                match names(pods) {
                    Some(names) => {
                        for name in names {
                            let list = all.by_namespace.entry(name.clone()).or_default();
                            if list.last() != Some(&at) {
                                list.push(at);
                            }
                        }
                    }
                    None => all.unnamed.push(at),
                }
            }
        }
        all
    }

    /// The numbers of the grants whose end may meet the region, sorted.
    pub fn near(&self, region: &Region) -> Vec<u32> {
        let mut near = Vec::new();
        if !region.has_pods_alone() {
            near.extend(&self.others);
        }
        if !region.pods.is_empty() {
            match names(&region.pods) {
                Some(names) => {
                    near.extend(&self.unnamed);
                    near.extend(names.into_iter().filter_map(|name| self.by_namespace.get(name)).flatten());
                }
                None => near.extend(&self.pods),
            }
        }
        near.sort_unstable();
        near.dedup();
        near
    }
}

/// The names of all namespaces that a set can have pods in, where its selectors tell.
fn names(pods: &PodSet) -> Option<Vec<&Text>> {
    let of_terms: Option<Vec<_>> = pods.terms().iter().map(|term| term.namespaces.names()).collect();
    Some(of_terms?.into_iter().flatten().collect())
}
