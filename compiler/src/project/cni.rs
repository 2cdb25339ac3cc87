//! `[clusters.x.cni]` of `weir.toml`, as plain data: each fact with the place where it is told.

use std::collections::BTreeMap;

use crate::cni::{CidrMatch, Mode, Plugin, Switch, Version};
use crate::source::Place;

/// What a project tells of a cluster's network plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CniTable {
    pub name: Option<Stated<Plugin>>,
    pub version: Option<Stated<Version>>,
    pub cidr_match: Option<Stated<CidrMatch>>,
    pub chaining: Option<Stated<String>>,
    pub mode: Option<Stated<Mode>>,
    pub cluster_name: Option<Stated<String>>,
    pub switches: BTreeMap<Switch, Stated<bool>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated<T> {
    pub value: T,
    pub place: Place,
}
