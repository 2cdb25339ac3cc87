//! What each target can say: one row a feature of the language, one column a target. The type check, the pages of the
//! errors and the table of the targets come from it, and a test builds every cell.

mod rows;

use super::Target;
use crate::diagnostic::{Code, listed};
pub use rows::ROWS;

/// Something that a sentence may ask of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    Isolated,
    Locked,
    OneWay,
    EachIsolated,
    Partitions,
    NewNamespaces,
    Grant,
    Labels,
    Only,
    MayOnly,
    Anywhere,
    Internet,
    Addresses,
    OwnAddresses,
    Nodes,
    ApiServer,
    Dns,
    PortRanges,
    NamedPorts,
    Protocols,
    Sctp,
    HostNames,
    Http,
    Ping,
    Until,
    ServiceAccounts,
    SameLabels,
    ExceptServiceAccounts,
    NamePatterns,
    ExceptPatterns,
    MustReach,
    MustNotGuarded,
    DenyPods,
    DenyServiceAccounts,
    DenyNamePatterns,
    DenyPortNames,
    DenyToAddresses,
    DenyFromAddresses,
    DenyUnknownRanges,
    DenyFromNodes,
    DenyToNodes,
    DenyFromApiServer,
    DenyToApiServer,
    DenyOwnAddresses,
    DenyHostNames,
}

/// What a target makes of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Exactly what was said, tomorrow too.
    Yes,
    /// For what is there today; the rest is told, and comes with the next build.
    Today,
    /// Where a switch of the network plugin is on.
    Switch,
    No(No),
}

/// The error that a sentence gets which a target cannot say: why not, and the nearest sentence that it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct No {
    pub code: Code,
    pub why: &'static str,
    pub instead: &'static str,
}

/// One row: how the feature is called, sentences that need it, and the cells in the order of [`Target::ALL`].
pub struct Row {
    pub feature: Feature,
    pub title: &'static str,
    pub example: &'static str,
    cells: [Cell; 4],
}

impl Row {
    pub fn cell(&self, target: Target) -> Cell {
        let at = Target::ALL.iter().position(|other| *other == target);
        self.cells[at.expect("a column a target")]
    }

    /// The targets that can say it, always or where a switch is on.
    pub fn able(&self) -> Vec<Target> {
        let able = |target: &Target| !matches!(self.cell(*target), Cell::No(_));
        Target::ALL.iter().copied().filter(able).collect()
    }
}

impl Feature {
    pub fn row(self) -> &'static Row {
        ROWS.iter().find(|row| row.feature == self).expect("a row a feature")
    }

    pub fn cell(self, target: Target) -> Cell {
        self.row().cell(target)
    }

    /// Why the target cannot say it.
    pub fn no(self, target: Target) -> Option<No> {
        match self.cell(target) {
            Cell::No(no) => Some(no),
            Cell::Yes | Cell::Today | Cell::Switch => None,
        }
    }

    /// "`cilium` and `calico` can": the note of an error on a target that cannot.
    pub fn who_can(self, but: Target) -> String {
        let others = self.row().able().into_iter().filter(|target| *target != but);
        let names: Vec<&str> = others.map(Target::name).collect();
        match names.as_slice() {
            [] => "no target can".to_owned(),
            names => format!("{} can", listed(names, "and")),
        }
    }
}
