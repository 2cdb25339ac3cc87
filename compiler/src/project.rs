//! A project: what `weir.toml` says of its clusters, its target and its lints, as plain data. [`parse`] reads it; the
//! file itself and the folders that it names are the command's.

mod cni;
mod keys;
mod parse;
mod syntax;
mod values;

pub use cni::{CniTable, Stated};
pub use keys::{Key, TABLES, Table};
pub use parse::{ClusterPlaces, Parsed, parse};

use std::collections::BTreeMap;

use ipnet::IpNet;

use crate::codes::Code;
use crate::target::{CalicoKind, Target};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    pub name: Option<String>,
    /// Whether the prelude is part of the program.
    pub prelude: bool,
    /// Of clusters that name none.
    pub target: Option<Target>,
    /// The first and the last priority of ClusterNetworkPolicies, of clusters that say none.
    pub priorities: Option<(u16, u16)>,
    /// Of clusters that name none.
    pub calico: Option<CalicoKind>,
    /// Sorted by name.
    pub clusters: Vec<Cluster>,
    /// Levels that differ from the lints' own.
    pub lints: BTreeMap<Code, Level>,
}

impl Default for Project {
    fn default() -> Project {
        Project {
            name: None,
            prelude: true,
            target: None,
            priorities: None,
            calico: None,
            clusters: Vec::new(),
            lints: BTreeMap::new(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    pub name: String,
    /// Files and folders, relative to the project.
    pub inventory: Vec<String>,
    pub target: Option<Target>,
    pub priorities: Option<(u16, u16)>,
    /// Which objects are written for Calico.
    pub calico: Option<CalicoKind>,
    /// What `in clusters[env=prod]` selects by.
    pub labels: BTreeMap<String, String>,
    /// Ranges that pods get their addresses from, beside those that the inventory tells.
    pub pods: Vec<IpNet>,
    /// Ranges that services get theirs from.
    pub services: Vec<IpNet>,
    /// What is told of its network plugin.
    pub cni: CniTable,
}

/// How much a lint matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It is not told.
    Allow,
    Warn,
    /// It is an error.
    Deny,
}

impl Level {
    pub fn parse(word: &str) -> Option<Level> {
        match word {
            "allow" => Some(Level::Allow),
            "warn" => Some(Level::Warn),
            "deny" => Some(Level::Deny),
            _ => None,
        }
    }
}
