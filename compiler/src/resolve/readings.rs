//! What the words of one file were read as: each name with what it denotes, each set with its ends, each port with what
//! pods see. Kept while a file is resolved for an editor, and for nobody else.

use std::collections::BTreeSet;

use weir_cluster::inventory::NamespaceId;
use weir_grammar::Span;
use weir_grammar::ast;

use super::Resolver;
use super::names::Named;
use super::program::{Part, Port};
use crate::source::{FileId, Place};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meant {
    /// The name in the definition of a `let`.
    Let(Place),
    /// The name in the definition of a policy.
    Policy(Place),
    Thing(Named),
    Namespace(NamespaceId),
}

#[derive(Clone, Debug)]
pub struct Readings {
    file: FileId,
    /// Sorted by span; of a policy that is applied several times, each meaning once.
    pub names: Vec<(Span, Meant)>,
    /// Operands as a whole, by their places: of one that is read several times, the first.
    pub sets: Vec<(Span, Vec<Part>)>,
    /// Each port, with one of the parts that it is a port of, and what it means there.
    pub ports: Vec<(Span, Part, BTreeSet<Port>)>,
}

impl Readings {
    pub(super) fn of(file: FileId) -> Readings {
        Readings { file, names: Vec::new(), sets: Vec::new(), ports: Vec::new() }
    }

    /// Everything that a name at this span stands for.
    pub fn meant(&self, span: Span) -> impl Iterator<Item = Meant> {
        let first = self.names.partition_point(|(known, _)| *known < span);
        self.names[first..].iter().take_while(move |(known, _)| *known == span).map(|(_, meant)| *meant)
    }

    /// The set that is written at this span.
    pub fn set(&self, span: Span) -> Option<&[Part]> {
        let at = self.sets.binary_search_by_key(&span, |(known, _)| *known).ok()?;
        Some(&self.sets[at].1)
    }

    /// Of everything that a port at this span is a port of, what it means there.
    pub fn port(&self, span: Span) -> impl Iterator<Item = &(Span, Part, BTreeSet<Port>)> {
        let first = self.ports.partition_point(|(known, ..)| *known < span);
        self.ports[first..].iter().take_while(move |(known, ..)| *known == span)
    }

    pub(super) fn sort(&mut self) {
        self.names.sort_unstable();
        self.names.dedup();
        self.sets.sort_by_key(|(span, _)| *span);
        self.sets.dedup_by_key(|(span, _)| *span);
        self.ports.sort_by_key(|(span, part, _)| (*span, part.thing));
        self.ports.dedup_by_key(|(span, part, _)| (*span, part.thing));
    }
}

impl Resolver<'_> {
    fn readings_of(&mut self, file: FileId) -> Option<&mut Readings> {
        self.readings.as_mut().filter(|readings| readings.file == file)
    }

    pub(super) fn read_name(&mut self, place: Place, meant: Meant) {
        if let Some(readings) = self.readings_of(place.file) {
            readings.names.push((place.span, meant));
        }
    }

    pub(super) fn read_set(&mut self, file: FileId, operand: &ast::Operand, parts: &[Part]) {
        if let Some(readings) = self.readings_of(file) {
            readings.sets.push((operand.span, parts.to_vec()));
        }
    }

    pub(super) fn read_port(&mut self, place: Place, part: &Part, ports: &BTreeSet<Port>) {
        if let Some(readings) = self.readings_of(place.file) {
            readings.ports.push((place.span, part.clone(), ports.clone()));
        }
    }
}
