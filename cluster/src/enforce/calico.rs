//! projectcalico.org/v3.

use super::kubernetes::{self, Direction};
use super::points::Points;
use super::probe::Probe;
use super::read::fields::Decoder;
use super::read::objects::{Found, Kind};
use super::verdict::Tier;
use super::{Object, PolicyError};
use crate::flow::{Boundaries, Space};

pub(super) const KINDS: &[Kind] = &[];

/// What changes how these policies are enforced, with the defaults of a usual cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switches {}

/// The objects of the format, each with its number.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects {}

impl Objects {
    /// Reads an object of one of [`KINDS`], which will have this number. `None` if something is wrong with it.
    pub(super) fn decode(
        &mut self,
        _decoder: &mut Decoder,
        _found: &Found<'_, '_>,
        _number: u32,
    ) -> Option<Object> {
        None
    }

    /// Adds others, whose numbers are so much higher now.
    pub(super) fn extend(&mut self, _other: Objects, _by: u32) {}

    pub(super) fn boundaries(&self) -> Boundaries {
        Boundaries::default()
    }

    pub(super) fn probes(&self) -> Vec<Probe> {
        Vec::new()
    }

    /// What of these objects nothing enforces.
    pub(super) fn ignored(&self) -> Vec<PolicyError> {
        Vec::new()
    }

    /// The policies of one direction, those of Kubernetes among them.
    pub(super) fn tiers(
        &self,
        _kubernetes: &[(u32, kubernetes::Policy)],
        _space: &Space,
        _points: &Points<'_>,
        _switches: &Switches,
        _direction: Direction,
    ) -> Vec<Tier> {
        Vec::new()
    }
}
