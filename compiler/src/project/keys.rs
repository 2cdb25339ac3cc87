//! The tables and keys of `weir.toml`: one list, by which it is read, and to which its JSON Schema is held.

/// A table of `weir.toml` whose keys are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// `project`; `clusters.*` for every table below `clusters`; empty for the file itself.
    pub path: &'static str,
    pub keys: &'static [Key],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub name: &'static str,
    /// How it is written, for messages.
    pub example: &'static str,
}

const fn key(name: &'static str, example: &'static str) -> Key {
    Key { name, example }
}

pub(super) const ROOT: Table = Table {
    path: "",
    keys: &[
        key("project", "[project]"),
        key("defaults", "[defaults]"),
        key("clusters", "[clusters.prod-eu]"),
        key("lints", "[lints]"),
    ],
};

pub(super) const PROJECT: Table =
    Table { path: "project", keys: &[key("name", "name = \"acme\""), key("prelude", "prelude = false")] };

pub(super) const DEFAULTS: Table = Table {
    path: "defaults",
    keys: &[
        key("target", "target = \"networkpolicy\""),
        key("calico-kind", "calico-kind = \"namespaced\""),
        key("priorities", "priorities = [100, 899]"),
    ],
};

pub(super) const CLUSTER: Table = Table {
    path: "clusters.*",
    keys: &[
        key("inventory", "inventory = [\"inventory/prod-eu/\"]"),
        key("target", "target = \"networkpolicy\""),
        key("calico-kind", "calico-kind = \"namespaced\""),
        key("priorities", "priorities = [100, 899]"),
        key("labels", "labels = { env = \"prod\" }"),
        key("pods", "pods = [\"10.0.0.0/14\"]"),
        key("services", "services = [\"10.96.0.0/12\"]"),
        key("cni", "[clusters.prod-eu.cni]"),
    ],
};

/// Facts first, then the switches that are on or off.
pub(super) const CNI: Table = Table {
    path: "clusters.*.cni",
    keys: &[
        key("name", "name = \"cilium\""),
        key("version", "version = \"1.18.2\""),
        key("policy-cidr-match-mode", "policy-cidr-match-mode = [\"nodes\"]"),
        key("chaining", "chaining = \"aws-cni\""),
        key("mode", "mode = \"strict\""),
        key("cluster-name", "cluster-name = \"prod-eu\""),
        key("allow-localhost", "allow-localhost = true"),
        key("cluster-network-policy", "cluster-network-policy = true"),
        key("enforcement", "enforcement = true"),
        key("host-firewall", "host-firewall = true"),
        key("icmp", "icmp = true"),
        key("l7-proxy", "l7-proxy = true"),
        key("mesh", "mesh = true"),
        key("network-policy", "network-policy = true"),
        key("policy-default-local-cluster", "policy-default-local-cluster = true"),
        key("sctp", "sctp = true"),
        key("tiers", "tiers = true"),
    ],
};

/// Every table with fixed keys. The keys of `clusters`, of `labels` and of `lints` are names.
pub const TABLES: &[Table] = &[ROOT, PROJECT, DEFAULTS, CLUSTER, CNI];

impl Table {
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}
