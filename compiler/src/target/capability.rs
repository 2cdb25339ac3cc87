//! What each target can say: one row a feature of the language, one column a target. The type check, the pages of the
//! errors and the table of the targets come from it.

use super::Target;

/// Something that a sentence may ask of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    Posture,
    NewNamespaces,
    Grant,
    PortRanges,
    NamedPorts,
    Sctp,
    Addresses,
    Nodes,
    ApiServer,
    HostNames,
    Http,
    Ping,
    ServiceAccounts,
    NamePatterns,
    ExceptPatterns,
    DenyPods,
    DenyToAddresses,
    DenyFromAddresses,
    DenyFromNodes,
    DenyToNodes,
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

/// Why a target cannot say something, and the nearest sentence that it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct No {
    pub why: &'static str,
    pub instead: &'static str,
}

const fn no(why: &'static str, instead: &'static str) -> Cell {
    Cell::No(No { why, instead })
}

/// One row: how the feature is called, a sentence that needs it, and the cells in the order of [`Target::ALL`].
pub struct Row {
    pub feature: Feature,
    pub title: &'static str,
    pub example: &'static str,
    cells: [Cell; 4],
}

use Cell::{Switch, Today, Yes};

const NO_DENY: Cell =
    no("NetworkPolicy adds up: nothing in it denies", "guard one of the ends: `… locked for ingress`");
const NODES_CHANGE: Cell = no(
    "nodes are their addresses of today there, and a node that comes later would pass",
    "guard the pods: `… locked`",
);
const NO_NAMES: Cell = no(
    "its policies know addresses and labels, and no names",
    "on this target grant the addresses that the host has, such as `203.0.113.0/24:443`",
);
const NO_HTTP: Cell =
    no("its policies end at the port", "on this target grant the whole port: drop `over http …`");
const NO_ICMP: Cell = no(
    "whether a ping passes is the network plugin's own choice",
    "drop the sentence, or grant a port to probe: `may reach … on 80`",
);

pub const ROWS: &[Row] = &[
    row(Feature::Posture, "postures", "namespace shop isolated;", [Yes, Yes, Yes, Yes]),
    row(
        Feature::NewNamespaces,
        "postures on namespaces to come",
        "anyone except kube-system locked for ingress;",
        [Today, Yes, Yes, Today],
    ),
    row(Feature::Grant, "grants between pods", "shop/web may reach shop/db:5432;", [Yes, Yes, Yes, Yes]),
    row(
        Feature::PortRanges,
        "ranges of ports",
        "shop/web may reach shop/db on 8000-8010;",
        [Yes, Yes, Yes, Yes],
    ),
    row(Feature::NamedPorts, "names of ports", "shop/web may reach shop/db:postgres;", [Yes, Yes, Yes, Yes]),
    row(Feature::Sctp, "SCTP", "shop/web may reach shop/db:7000/sctp;", [Yes, Switch, Yes, Yes]),
    row(
        Feature::Addresses,
        "addresses and `internet`",
        "shop/web may reach internet:443;",
        [Yes, Yes, Yes, Yes],
    ),
    row(Feature::Nodes, "nodes", "nodes may reach shop/web:80;", [Today, Yes, Today, Today]),
    row(Feature::ApiServer, "the API server", "shop/web may reach apiserver;", [Today, Yes, Today, Today]),
    row(
        Feature::HostNames,
        "host names",
        "shop/web may reach api.stripe.com:443;",
        [NO_NAMES, Yes, NO_NAMES, NO_NAMES],
    ),
    row(
        Feature::Http,
        "requests of HTTP",
        "shop/web may reach shop/api:80 over http GET \"/v1/*\";",
        [
            NO_HTTP,
            Yes,
            no(
                "its usual data planes ignore the requests and open the whole port",
                "on this target grant the whole port: drop `over http …`",
            ),
            NO_HTTP,
        ],
    ),
    row(Feature::Ping, "ping", "shop/web may ping shop/db;", [NO_ICMP, Yes, Yes, NO_ICMP]),
    row(
        Feature::ServiceAccounts,
        "service accounts",
        "serviceaccount shop/web may reach shop/db:5432;",
        [Today, Yes, Yes, Today],
    ),
    row(
        Feature::NamePatterns,
        "namespaces by pattern",
        "team-* may reach shop/web:80;",
        [Today, Today, Yes, Today],
    ),
    row(
        Feature::ExceptPatterns,
        "all namespaces but a pattern",
        "(anyone except team-*) may reach shop/web:80;",
        [
            no(
                "its selectors have no patterns, and a namespace that comes later and matches would be admitted",
                "except namespaces by name or by label, such as `namespaces[team=x]`",
            ),
            no(
                "its selectors have no patterns, and a namespace that comes later and matches would be admitted",
                "except namespaces by name or by label, such as `namespaces[team=x]`",
            ),
            Yes,
            no(
                "its selectors have no patterns, and a namespace that comes later and matches would be admitted",
                "except namespaces by name or by label, such as `namespaces[team=x]`",
            ),
        ],
    ),
    row(
        Feature::DenyPods,
        "`must not` between unguarded pods",
        "shop/web must not reach shop/db;",
        [NO_DENY, Yes, Yes, Yes],
    ),
    row(
        Feature::DenyToAddresses,
        "`must not` from unguarded pods to addresses",
        "shop/web must not reach internet;",
        [NO_DENY, Yes, Yes, Yes],
    ),
    row(
        Feature::DenyFromAddresses,
        "`must not` from addresses to unguarded pods",
        "internet must not reach shop/db;",
        [
            NO_DENY,
            Yes,
            Yes,
            no("its ingress peers are pods alone", "guard what must not be reached: `… locked for ingress`"),
        ],
    ),
    row(
        Feature::DenyFromNodes,
        "`must not` from nodes to unguarded pods",
        "nodes must not reach shop/db;",
        [
            NO_DENY,
            Yes,
            NODES_CHANGE,
            no("its ingress peers are pods alone", "guard what must not be reached: `… locked for ingress`"),
        ],
    ),
    row(
        Feature::DenyToNodes,
        "`must not` from unguarded pods to nodes",
        "shop/web must not reach nodes;",
        [
            NO_DENY,
            no(
                "a pod's own node is `host` there, and a deny of `host` cuts probes",
                "guard what must not reach them: `… locked for egress`",
            ),
            NODES_CHANGE,
            NODES_CHANGE,
        ],
    ),
    row(
        Feature::DenyHostNames,
        "`must not` to host names",
        "shop/web must not reach api.stripe.com;",
        [
            NO_DENY,
            no("no format denies names", "guard what must not reach them: `… locked for egress`"),
            no("no format denies names", "guard what must not reach them: `… locked for egress`"),
            no("no format denies names", "guard what must not reach them: `… locked for egress`"),
        ],
    ),
];

const fn row(feature: Feature, title: &'static str, example: &'static str, cells: [Cell; 4]) -> Row {
    Row { feature, title, example, cells }
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
}
