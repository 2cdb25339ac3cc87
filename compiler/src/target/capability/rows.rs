//! The table itself. A cell is `no` only where the format has no such thing, or where what it has would fail open.

use super::Cell::{self, Switch, Today, Yes};
use super::{Feature, No, Row};
use crate::diagnostic::Code;

const fn no(code: Code, why: &'static str, instead: &'static str) -> Cell {
    Cell::No(No { code, why, instead })
}

const fn row(feature: Feature, title: &'static str, example: &'static str, cells: [Cell; 4]) -> Row {
    Row { feature, title, example, cells }
}

const INGRESS: &str = "close the pods instead: `… locked for ingress` on what must not be reached";
const EGRESS: &str = "close the pods instead: `… locked for egress` on what must not reach them";
const EITHER: &str = "close one of the ends: `… locked for ingress` on what must not be reached, or `… locked for egress` on what must not reach it";

const NO_DENY: Cell = no(Code::E0505, "NetworkPolicies add up, and nothing in them denies", EITHER);
const NO_NAMES: Cell = no(
    Code::E0401,
    "its policies know addresses and labels, and no names",
    "on this target say the addresses that the host has, such as `203.0.113.0/24:443`",
);
const NO_HTTP: Cell = no(
    Code::E0404,
    "its policies end at the port",
    "on this target grant the whole port: drop `over http …`",
);
const NO_ICMP: Cell = no(
    Code::E0405,
    "whether a ping passes is the network plugin's own choice",
    "drop the sentence, or grant a port to probe: `may reach … on 80`",
);
const NO_ACCOUNT: Cell = no(
    Code::E0403,
    "NetworkPolicy selects by labels alone",
    "give the pods that run as it a label of their own",
);
const NO_ACCOUNT_OUT: Cell = no(
    Code::E0402,
    "a pod that comes later and runs as it would be admitted",
    "except the workloads by name or by label",
);
const NO_PATTERN_OUT: Cell = no(
    Code::E0402,
    "a namespace that comes later and matches would be admitted",
    "except namespaces by name or by label, such as `namespaces[team=x]`",
);
const NO_DENIED_ACCOUNT: Cell = no(
    Code::E0409,
    "it cannot select by service account, and a pod that comes later and runs as it would not be denied",
    "name the workloads, or their labels; or close one of the ends with `… locked`",
);
const NO_DENIED_PATTERN: Cell = no(
    Code::E0409,
    "it has no selector for names by pattern, and a namespace that comes later and matches would not be denied",
    "name namespaces by label, such as `namespaces[team=x]`; or close one of the ends with `… locked`",
);
const NO_FROM_OUTSIDE: Cell = no(Code::E0409, "whom it denies to enter a pod are other pods alone", INGRESS);
const NO_RANGES: Cell = no(
    Code::E0409,
    "the range may hold pods of the cluster, and neither inventory nor `weir.toml` tells where these have their addresses",
    "say it in `weir.toml`: `pods = [\"10.0.0.0/14\"]` below the cluster; or close the pods with `… locked for egress`",
);
const NO_NODES_IN: Cell = no(
    Code::E0409,
    "there nodes are their addresses of today, and one that comes later would not be denied",
    INGRESS,
);
const NO_NODES_OUT: Cell = no(
    Code::E0409,
    "there nodes are their addresses of today, and one that comes later would not be denied",
    EGRESS,
);
const NO_API_OUT: Cell = no(
    Code::E0409,
    "there the API server is its addresses of today, and one that it has later would not be denied",
    EGRESS,
);
const NO_OWN: Cell = no(
    Code::E0409,
    "the address is the cluster's own, and nobody knows whose it is tomorrow",
    "name the workload or the nodes that have it; or close the pods with `… locked for egress`",
);

pub const ROWS: &[Row] = &[
    row(Feature::Isolated, "`isolated`", "namespace shop isolated;", [Yes, Yes, Yes, Yes]),
    row(Feature::Locked, "`locked`", "namespace shop locked;", [Yes, Yes, Yes, Yes]),
    row(
        Feature::OneWay,
        "`for ingress`, `for egress`",
        "namespace shop locked for ingress;",
        [Yes, Yes, Yes, Yes],
    ),
    row(
        Feature::EachIsolated,
        "`each … isolated`",
        "each namespaces[kind=tenant] isolated;",
        [Today, Today, Today, Today],
    ),
    row(
        Feature::Partitions,
        "partitions",
        "let team = namespaces by team; each team isolated;",
        [Today, Today, Today, Today],
    ),
    row(
        Feature::NewNamespaces,
        "postures on namespaces to come",
        "anyone except kube-system locked for ingress;",
        [Today, Yes, Yes, Today],
    ),
    row(Feature::Grant, "grants between pods", "shop/web may reach shop/db:5432;", [Yes, Yes, Yes, Yes]),
    row(
        Feature::Labels,
        "sets by labels, with exceptions",
        "namespaces[kind=tenant] except team-red may reach shop/web:80;",
        [Yes, Yes, Yes, Yes],
    ),
    row(Feature::Only, "`only … may reach`", "only shop/api may reach shop/db:5432;", [Yes, Yes, Yes, Yes]),
    row(Feature::MayOnly, "`may only reach`", "shop/web may only reach shop/api:8080;", [Yes, Yes, Yes, Yes]),
    row(
        Feature::Anywhere,
        "`anywhere`",
        "anywhere may reach shop/web:80 because \"the front door\";",
        [Yes, Yes, Yes, Yes],
    ),
    row(Feature::Internet, "`internet`", "shop/web may reach internet:443;", [Yes, Yes, Yes, Yes]),
    row(
        Feature::Addresses,
        "ranges of addresses, with exceptions",
        "shop/web may reach 203.0.113.0/24 except 203.0.113.7:443;",
        [Yes, Yes, Yes, Yes],
    ),
    row(
        Feature::OwnAddresses,
        "services without a selector, before nodes or pods",
        "shop/web may reach shop/legacy:3306;",
        [
            Today,
            no(
                Code::E0414,
                "there a range of addresses matches what is outside of the cluster alone",
                "say whose address it is: `nodes`, `apiserver`, or the workload that listens there",
            ),
            Today,
            Today,
        ],
    ),
    row(Feature::Nodes, "nodes", "nodes may reach shop/web:80;", [Today, Yes, Today, Today]),
    row(Feature::ApiServer, "the API server", "shop/web may reach apiserver;", [Today, Yes, Today, Today]),
    row(Feature::Dns, "`dns`", "shop/web may reach dns;", [Yes, Yes, Yes, Yes]),
    row(
        Feature::PortRanges,
        "ranges of ports",
        "shop/web may reach shop/db on 8000-8010;",
        [Yes, Yes, Yes, Yes],
    ),
    row(Feature::NamedPorts, "names of ports", "shop/web may reach shop/db:postgres;", [Yes, Yes, Yes, Yes]),
    row(Feature::Protocols, "TCP and UDP", "shop/web may reach shop/db:514/udp;", [Yes, Yes, Yes, Yes]),
    row(Feature::Sctp, "SCTP", "shop/web may reach shop/db:7000/sctp;", [Yes, Switch, Yes, Yes]),
    row(
        Feature::HostNames,
        "host names",
        "shop/web may reach api.stripe.com:443;",
        [NO_NAMES, Yes, NO_NAMES, NO_NAMES],
    ),
    row(
        Feature::Http,
        "requests of HTTP",
        "shop/web may reach shop/api:8080 over http GET \"/v1/*\";",
        [
            NO_HTTP,
            Yes,
            no(
                Code::E0404,
                "its usual data planes do not look into requests, and would open the whole port",
                "on this target grant the whole port: drop `over http …`",
            ),
            NO_HTTP,
        ],
    ),
    row(Feature::Ping, "pings", "shop/web may ping shop/db;", [NO_ICMP, Yes, Yes, NO_ICMP]),
    row(Feature::Until, "`until`", "shop/web may reach shop/db:5432 until 2027-06-30;", [Yes, Yes, Yes, Yes]),
    row(
        Feature::ServiceAccounts,
        "service accounts",
        "serviceaccount shop/web may reach shop/db:5432;",
        [Today, Yes, Yes, Today],
    ),
    row(
        Feature::SameLabels,
        "service accounts that no label tells apart",
        "serviceaccount ops/reader may reach shop/db:5432;",
        [NO_ACCOUNT, Yes, Yes, NO_ACCOUNT],
    ),
    row(
        Feature::ExceptServiceAccounts,
        "all but a service account",
        "anyone except serviceaccount shop/web may reach shop/db:5432;",
        [NO_ACCOUNT_OUT, Yes, Yes, NO_ACCOUNT_OUT],
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
        "anyone except team-* may reach shop/web:80;",
        [NO_PATTERN_OUT, NO_PATTERN_OUT, Yes, NO_PATTERN_OUT],
    ),
    row(
        Feature::MustReach,
        "`must reach`",
        "shop/web may reach shop/db:5432; shop/web must reach shop/db:5432;",
        [Yes, Yes, Yes, Yes],
    ),
    row(
        Feature::MustNotGuarded,
        "`must not` where a posture closes an end",
        "namespace shop locked; ops/prometheus must not reach shop/db;",
        [Yes, Yes, Yes, Yes],
    ),
    row(
        Feature::DenyPods,
        "`must not` between pods",
        "shop/web must not reach shop/db;",
        [NO_DENY, Yes, Yes, Yes],
    ),
    row(
        Feature::DenyServiceAccounts,
        "`must not` by service account",
        "serviceaccount shop/web must not reach shop/db;",
        [NO_DENY, Yes, Yes, NO_DENIED_ACCOUNT],
    ),
    row(
        Feature::DenyNamePatterns,
        "`must not` by pattern",
        "team-* must not reach shop/db;",
        [NO_DENY, NO_DENIED_PATTERN, Yes, NO_DENIED_PATTERN],
    ),
    row(
        Feature::DenyPortNames,
        "`must not` to a name that ports of two protocols have",
        "shop/web must not reach data/stores:9000;",
        [
            NO_DENY,
            Yes,
            Yes,
            no(
                Code::E0409,
                "there the name of a port stands for ports of every protocol, and these pods have one of another",
                "say the numbers of the ports; or close one of the ends with `… locked`",
            ),
        ],
    ),
    row(
        Feature::DenyToAddresses,
        "`must not` from pods to addresses",
        "shop/web must not reach internet;",
        [NO_DENY, Yes, Yes, Yes],
    ),
    row(
        Feature::DenyFromAddresses,
        "`must not` from addresses to pods",
        "internet must not reach shop/db;",
        [NO_DENY, Yes, Yes, NO_FROM_OUTSIDE],
    ),
    row(
        Feature::DenyUnknownRanges,
        "`must not` to a range that may hold pods",
        "shop/web must not reach 10.0.0.0/8;",
        [NO_DENY, Yes, NO_RANGES, NO_RANGES],
    ),
    row(
        Feature::DenyFromNodes,
        "`must not` from nodes to pods",
        "nodes must not reach shop/db;",
        [NO_DENY, Yes, NO_NODES_IN, NO_FROM_OUTSIDE],
    ),
    row(
        Feature::DenyToNodes,
        "`must not` from pods to nodes",
        "shop/web must not reach nodes;",
        [
            NO_DENY,
            no(
                Code::E0409,
                "there a pod's own node is one word with all that runs on it, such as a cache of the DNS, and nothing that is denied can be granted again",
                EGRESS,
            ),
            NO_NODES_OUT,
            NO_NODES_OUT,
        ],
    ),
    row(
        Feature::DenyFromApiServer,
        "`must not` from the API server to pods",
        "apiserver must not reach shop/db;",
        [
            NO_DENY,
            no(
                Code::E0409,
                "there the API server's own node is one with it, and the probes of its pods would be cut",
                INGRESS,
            ),
            no(
                Code::E0409,
                "there the API server is its addresses of today, and one that it has later would not be denied",
                INGRESS,
            ),
            NO_FROM_OUTSIDE,
        ],
    ),
    row(
        Feature::DenyToApiServer,
        "`must not` from pods to the API server",
        "shop/web must not reach apiserver;",
        [NO_DENY, Yes, NO_API_OUT, NO_API_OUT],
    ),
    row(
        Feature::DenyOwnAddresses,
        "`must not` to addresses that the cluster has itself",
        "shop/web must not reach shop/legacy;",
        [NO_DENY, NO_OWN, NO_OWN, NO_OWN],
    ),
    row(
        Feature::DenyHostNames,
        "`must not` to host names",
        "shop/web must not reach api.stripe.com;",
        [
            NO_NAMES,
            no(Code::E0409, "no format denies names: an address that has one may have others", EGRESS),
            NO_NAMES,
            NO_NAMES,
        ],
    ),
];
