//! cilium.io/v2 CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy and CiliumCIDRGroup: reads them with the checks that
//! Cilium makes, and says which flows they and NetworkPolicies beside them let through. Written from Cilium's own
//! definitions; knows nothing of how Weir writes policies.
//!
//! Rules for nodes (the host firewall) are read and govern nothing here: no node is a point with sides.

use super::kubernetes::{self, Direction};
use super::points::Points;
use super::probe::Probe;
use super::read::fields::Decoder;
use super::read::objects::{Found, Kind};
use super::verdict::Tier;
use super::{Object, PolicyError};
use crate::flow::{Boundaries, Space};
use crate::labels::Text;

mod decode;
mod evaluate;
mod identities;
mod names;
mod peers;
mod ports;
mod requests;
mod rules;
mod saying;
mod selector;
#[cfg(test)]
mod tests;

use rules::{Entity, Group, Groups, Peer, Peers, Policy, Port, Saying, Subject};
pub(super) use selector::identity_has;

const GROUP: &str = "CiliumCIDRGroup";

pub(super) const KINDS: &[Kind] = &[
    Kind { api_version: "cilium.io/v2", name: "CiliumNetworkPolicy", namespaced: true },
    Kind { api_version: "cilium.io/v2", name: "CiliumClusterwideNetworkPolicy", namespaced: false },
    Kind { api_version: "cilium.io/v2", name: GROUP, namespaced: false },
    Kind { api_version: "cilium.io/v2alpha1", name: GROUP, namespaced: false },
];

/// What changes how these policies are enforced, with the defaults of a usual cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switches {
    pub enforcement: Enforcement,
    /// Whether blocks of addresses are about nodes, too (`policy-cidr-match-mode`).
    pub cidrs_match_nodes: bool,
    /// Whether they are about pods, too.
    pub cidrs_match_pods: bool,
    /// Whether a pod's own node always gets in (`allow-localhost`).
    pub allow_localhost: bool,
    /// Whether rules on SCTP are heeded (`enable-sctp`). What they say is left open where they are not.
    pub sctp: bool,
    /// As for SCTP (`enable-icmp-rules`).
    pub icmp_rules: bool,
    /// As for SCTP, of protocols without ports (`enable-extended-ip-protocols`).
    pub extended_protocols: bool,
    /// What the cluster is called; where that is not known, whom a selector of clusters selects is left open.
    pub cluster: Option<Text>,
}

/// Whom agents enforce policies on (`policy-enforcement-mode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enforcement {
    Never,
    /// Whom some policy governs.
    #[default]
    Default,
    /// Every pod: without a policy it neither sends nor gets anything.
    Always,
}

impl Default for Switches {
    fn default() -> Switches {
        Switches {
            enforcement: Enforcement::Default,
            cidrs_match_nodes: false,
            cidrs_match_pods: false,
            allow_localhost: true,
            sctp: true,
            icmp_rules: true,
            extended_protocols: false,
            cluster: None,
        }
    }
}

/// The objects of the format, each with its number.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects {
    policies: Vec<(u32, Policy)>,
    groups: Vec<(u32, Group)>,
}

impl Objects {
    /// Reads an object of one of [`KINDS`], which will have this number. `None` if something is wrong with it.
    pub(super) fn decode(
        &mut self,
        decoder: &mut Decoder,
        found: &Found<'_, '_>,
        number: u32,
    ) -> Option<Object> {
        let place = found.place(decoder);
        let kind = found.kind.name;
        if kind == GROUP {
            let group = decode::group(decoder, found)?;
            let name = group.name.clone();
            self.groups.push((number, group));
            return Some(Object { kind, namespace: None, name, place });
        }
        let (namespace, name, policy) = decode::policy(decoder, found)?;
        self.policies.push((number, policy));
        Some(Object { kind, namespace, name, place })
    }

    /// Adds others, whose numbers are so much higher now.
    pub(super) fn extend(&mut self, other: Objects, by: u32) {
        self.policies.extend(other.policies.into_iter().map(|(number, policy)| (by + number, policy)));
        self.groups.extend(other.groups.into_iter().map(|(number, group)| (by + number, group)));
    }

    fn rules(&self) -> impl Iterator<Item = &rules::Rule> {
        let specs = self.policies.iter().flat_map(|(_, policy)| &policy.specs);
        specs.flat_map(|spec| spec.rules().map(|(_, _, rule)| rule))
    }

    /// Every prefix, number, name and pattern that occurs.
    pub(super) fn boundaries(&self) -> Boundaries {
        let mut found = Boundaries::default();
        found.cidrs.extend(self.groups.iter().flat_map(|(_, group)| &group.cidrs));
        for rule in self.rules() {
            match &rule.peers {
                Peers::Anyone | Peers::Nobody => {}
                Peers::Names(names) => found.hosts.extend(names.iter().cloned()),
                Peers::These(peers) => {
                    for peer in peers {
                        match peer {
                            Peer::Block(block) => {
                                found.cidrs.push(block.cidr);
                                found.cidrs.extend(&block.except);
                            }
                            Peer::Groups { except, .. } => found.cidrs.extend(except),
                            Peer::Entity(Entity::ApiServer) => found.api_server = true,
                            _ => {}
                        }
                    }
                }
            }
            for ports in &rule.ports {
                found.ports.extend(ports.ports.iter().flat_map(Port::ranges));
                saying::filters(ports, &mut found.filters);
            }
        }
        found.sorted()
    }

    pub(super) fn probes(&self) -> Vec<Probe> {
        let mut found = Vec::new();
        for spec in self.policies.iter().flat_map(|(_, policy)| &policy.specs) {
            if let Subject::Pods(selector) = &spec.subject {
                found.extend(selector.probes());
            }
            for (_, _, rule) in spec.rules() {
                let Peers::These(peers) = &rule.peers else { continue };
                for peer in peers {
                    if let Peer::Endpoints(selector) = peer {
                        found.extend(selector.probes());
                    }
                }
            }
        }
        found
    }

    /// What of these objects nothing enforces here.
    pub(super) fn ignored(&self) -> Vec<PolicyError> {
        let mut found = Vec::new();
        for (_, policy) in &self.policies {
            for spec in &policy.specs {
                let at = match spec.number {
                    Some(number) => format!("specs[{number}]"),
                    None => "spec".to_owned(),
                };
                let mut add = |line: u32, path: String, message: &str| {
                    let place = super::Place { line, ..policy.place.clone() };
                    found.push(place.error(&path, message.to_owned()));
                };
                if let Subject::Nodes = spec.subject {
                    let message = "rules for nodes are the host firewall's, and govern no pod";
                    add(spec.line, format!("{at}.nodeSelector"), message);
                    continue;
                }
                for (list, index, rule) in spec.rules() {
                    let mut add = |field: &str, message: &str| {
                        add(rule.line, format!("{at}.{list}[{index}].{field}"), message);
                    };
                    let peers: &[Peer] = match &rule.peers {
                        Peers::These(peers) => peers,
                        _ => &[],
                    };
                    let prefix = if list.starts_with("ingress") { "from" } else { "to" };
                    match peers.first() {
                        Some(Peer::Services) => add(
                            "toServices",
                            "what is behind a service is not known here: whatever this rule matches is left open",
                        ),
                        Some(Peer::Cloud) => add(
                            &format!("{prefix}Groups"),
                            "what a cloud knows is not known here: whatever this rule matches is left open",
                        ),
                        Some(Peer::Nodes) => add(
                            &format!("{prefix}Nodes"),
                            "labels of nodes are not known here, and count only with `enable-node-selector-labels`: whatever this rule matches is left open",
                        ),
                        _ => {}
                    }
                    let missing = peers.iter().find_map(|peer| match peer {
                        Peer::Groups { groups: Groups::Named(name), .. } => {
                            (!self.groups.iter().any(|(_, group)| group.name == *name)).then_some(name)
                        }
                        _ => None,
                    });
                    if let Some(name) = missing {
                        let message = format!("there is no CiliumCIDRGroup `{name}`: this matches nothing");
                        add(&format!("{prefix}CIDRSet"), &message);
                    }
                    if rule.ports.iter().any(|ports| ports.saying == Saying::Unknown) {
                        let message = "rules of this protocol are not understood here: whatever they match is left open";
                        add("toPorts", message);
                    }
                }
            }
        }
        found
    }

    /// The policies of one direction, those of Kubernetes among them.
    pub(super) fn tiers(
        &self,
        kubernetes: &[(u32, kubernetes::Policy)],
        space: &Space,
        points: &Points<'_>,
        switches: &Switches,
        direction: Direction,
    ) -> Vec<Tier> {
        vec![evaluate::tier(self, kubernetes, space, points, switches, direction)]
    }
}
