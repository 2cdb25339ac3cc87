//! What words would mean that are still being written: for whoever completes them. Nothing is reported.

use weir_cluster::inventory::NamespaceId;
use weir_grammar::ast::{Absent, Set};

use super::parts::Grounds;
use super::program::Part;
use super::{Known, Resolver, Scope, Shared};
use crate::Setting;
use crate::source::{FileId, Sources};

/// A program as it is asked about half-written words.
pub struct Probe<'a> {
    shared: Shared<'a>,
}

impl<'a> Probe<'a> {
    pub fn of(sources: &'a Sources, setting: &'a Setting<'a>, known: &'a Known<'a>) -> Probe<'a> {
        let (shared, _) = Shared::of(sources, setting, known);
        Probe { shared }
    }

    /// What a set would denote if it stood there in a file, in blocks of these namespaces or in none. What is unknown is
    /// nobody.
    pub fn parts(&self, file: FileId, namespaces: &[Option<NamespaceId>], set: &Set) -> Vec<Part> {
        let grounds = Grounds::of(file, &self.shared);
        let mut own = Resolver::with_lets(&self.shared).alone(&grounds.files);
        let mut parts = Vec::new();
        for namespace in namespaces {
            let scope = Scope { namespace: *namespace, absent: Some(Absent::IfPresent), ..Scope::of(file) };
            parts.extend(own.set(set, scope).into_iter().flat_map(|denotation| denotation.parts));
        }
        parts
    }

    /// The kinds of a policy's parameters, as far as its uses tell.
    pub fn kinds(&self, file: FileId, policy: &str) -> Vec<Option<&'static str>> {
        self.shared.params.kinds(file, policy).iter().map(|kind| kind.word()).collect()
    }
}
