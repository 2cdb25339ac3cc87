//! Policies of others in the compiler's own terms, the same for every format: sets of pods by labels, ends and ports,
//! and where each rule is asked. What the inventory does not tell apart, and what network plugins may read either way,
//! is kept as two sets: what surely belongs to it, and what may. Knows no cluster of today but for its values of labels.

mod calico;
mod cilium;
mod cluster;
mod kubernetes;
mod selector;

use std::collections::BTreeSet;

use weir_cluster::Inventory;
use weir_cluster::inventory::{
    ExistingPolicy, PolicyKind, PolicyPort, PolicyPortNumber, PolicyRules, Service, TargetPort,
};
use weir_cluster::labels::{Requirement, Text, is_volatile};

use super::world::{Plugin, Rank, World};
use crate::address::AddressSet;
use crate::resolve::program::{Ends, Port, Ports, SomePorts};
use crate::selector::{self as sets, Conjunction, Constraint, Constraints, Key, PodSet};

/// A policy in one world, or one of its rules where these select their own pods.
pub(super) struct Foreign<'a> {
    pub existing: &'a ExistingPolicy,
    /// Which of the inventory's policies it is.
    pub object: usize,
    /// Its kind, and `namespace/name`.
    pub kind: &'static str,
    pub name: String,
    pub world: usize,
    pub tier: usize,
    pub subject: Pods,
    pub ingress: Option<Part>,
    pub egress: Option<Part>,
    /// Why it may not do what it seems to; `None` where network plugins read blocks of addresses either way.
    pub doubt: Option<&'static str>,
}

/// What it says about one way.
pub(super) struct Part {
    /// Whether its tier has to admit what is to reach its pods.
    pub closes: bool,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Allow,
    Deny,
    /// On to the next tier.
    Pass,
}

pub(super) struct Rule {
    pub rank: Rank,
    pub action: Action,
    /// Which of the subject's pods it is about.
    pub own: Who,
    pub peers: Who,
    pub ports: Ports,
    pub except_ports: Option<Ports>,
    /// Whether it does that to whole connections.
    pub surely: bool,
}

/// Whoever is in one of each of these unions, and in none of those.
#[derive(Clone, Default)]
pub(super) struct Who {
    pub all: Vec<Vec<Peer>>,
    pub none: Vec<Vec<Peer>>,
}

/// Labels that controllers write differ between pods of one class: whether such a requirement holds, nobody knows.
pub(super) struct Pods {
    pub surely: PodSet,
    pub possibly: PodSet,
}

#[derive(Clone)]
pub(super) struct Peer {
    /// Nobody where it is not sure of any.
    pub surely: Option<Ends>,
    pub possibly: Ends,
    /// Whether addresses are about pods too.
    pub blocks: Blocks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Blocks {
    Apart,
    Perhaps,
    Also,
}

/// What the policies of a world are read with.
pub(super) struct Reading<'a, 'w> {
    pub inventory: &'a Inventory,
    pub world: &'w World,
}

impl<'a> Foreign<'a> {
    /// The policies of an inventory that are not Weir's own, as a world enforces them.
    pub fn all(inventory: &'a Inventory, number: usize, world: &World) -> Vec<Foreign<'a>> {
        let reading = Reading { inventory, world };
        let mut all = Vec::new();
        for (object, existing) in inventory.policies.iter().enumerate().filter(|(_, policy)| !policy.ours) {
            let drafts = match (&existing.rules, world.plugin) {
                (PolicyRules::Kubernetes(spec), _) => vec![reading.kubernetes(spec, reading.home(existing))],
                (PolicyRules::Cilium(rules), Plugin::Cilium) => {
                    rules.iter().map(|rule| reading.cilium(rule, existing)).collect()
                }
                (PolicyRules::Calico(policy), Plugin::Calico) => vec![reading.calico(policy, existing)],
                (PolicyRules::Cluster(policy), _) => vec![reading.cluster(policy, &existing.name)],
                _ => Vec::new(),
            };
            for Draft { tier, subject, ingress, egress, doubt } in drafts {
                all.push(Foreign {
                    existing,
                    object,
                    kind: kind(existing.kind),
                    name: name(existing, inventory),
                    world: number,
                    tier,
                    subject,
                    ingress,
                    egress,
                    doubt,
                });
            }
        }
        all
    }

    /// In the user's words.
    pub fn spoken(&self) -> String {
        format!("a {} of others, `{}`,", self.kind, self.name)
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.ingress.iter().chain(&self.egress).flat_map(|part| &part.rules)
    }

    /// All that it selects pods by.
    pub fn sets(&self) -> impl Iterator<Item = &PodSet> {
        self.ends().filter_map(Ends::pods).chain([&self.subject.possibly])
    }

    pub fn ends(&self) -> impl Iterator<Item = &Ends> {
        let whos = self.rules().flat_map(|rule| [&rule.own, &rule.peers]);
        whos.flat_map(|who| who.all.iter().chain(&who.none).flatten().map(|peer| &peer.possibly))
    }

    pub fn ports(&self) -> impl Iterator<Item = &Ports> {
        self.rules().flat_map(|rule| [&rule.ports].into_iter().chain(&rule.except_ports))
    }
}

/// What a format makes of a policy.
struct Draft {
    tier: usize,
    subject: Pods,
    ingress: Option<Part>,
    egress: Option<Part>,
    doubt: Option<&'static str>,
}

/// A kind in the user's words.
pub(super) fn kind(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::NetworkPolicy => "NetworkPolicy",
        PolicyKind::CiliumNetworkPolicy => "CiliumNetworkPolicy",
        PolicyKind::CiliumClusterwideNetworkPolicy => "CiliumClusterwideNetworkPolicy",
        PolicyKind::CalicoNetworkPolicy => "Calico NetworkPolicy",
        PolicyKind::CalicoGlobalNetworkPolicy => "Calico GlobalNetworkPolicy",
        PolicyKind::ClusterNetworkPolicy => "ClusterNetworkPolicy",
    }
}

pub(super) fn name(existing: &ExistingPolicy, inventory: &Inventory) -> String {
    match existing.namespace {
        Some(home) => format!("{}/{}", inventory.namespaces[home.index()].name, existing.name),
        None => existing.name.to_string(),
    }
}

impl Who {
    pub fn anybody() -> Who {
        Who::default()
    }

    pub fn one_of(peers: Vec<Peer>) -> Who {
        Who { all: vec![peers], none: Vec::new() }
    }
}

impl Peer {
    pub fn of(ends: Ends) -> Peer {
        Peer { surely: Some(ends.clone()), possibly: ends, blocks: Blocks::Apart }
    }

    /// Whoever it is, it may be these and nobody else.
    pub fn perhaps(ends: Ends) -> Peer {
        Peer { surely: None, possibly: ends, blocks: Blocks::Apart }
    }

    pub fn pods(Pods { surely, possibly }: Pods) -> Peer {
        let surely = (!surely.is_empty()).then_some(Ends::Pods(surely));
        Peer { surely, possibly: Ends::Pods(possibly), blocks: Blocks::Apart }
    }

    pub fn block(set: AddressSet, blocks: Blocks) -> Peer {
        Peer { blocks, ..Peer::of(Ends::Exactly(set)) }
    }
}

impl Pods {
    /// Without constraints: of no namespace, since nothing satisfies what is asked of it.
    fn of(namespaces: Option<Constraints>, pods: &[Requirement]) -> Pods {
        let set = |pods: Option<Constraints>| match (namespaces.clone(), pods) {
            (Some(namespaces), Some(pods)) => PodSet::of(Conjunction { namespaces, pods }),
            _ => PodSet::none(),
        };
        let lasting: Vec<&Requirement> = pods.iter().filter(|one| !is_volatile(one.key())).collect();
        let all = lasting.len() == pods.len();
        let possibly = set(sets::constraints(lasting));
        Pods { surely: if all { possibly.clone() } else { PodSet::none() }, possibly }
    }

    fn doubted(self) -> Pods {
        Pods { surely: PodSet::none(), possibly: self.possibly }
    }
}

impl<'a> Reading<'a, '_> {
    fn home(&self, existing: &ExistingPolicy) -> Option<&'a Text> {
        existing.namespace.map(|home| &self.inventory.namespaces[home.index()].name)
    }

    fn service(&self, namespace: Option<&Text>, name: &Text) -> Option<&'a Service> {
        let home = self.inventory.namespace(namespace?)?;
        self.inventory.services.iter().find(|service| service.namespace == home && service.name == *name)
    }

    /// Whoever is behind a service.
    fn behind(&self, service: &Service, blocks: Blocks) -> Peer {
        let home = &self.inventory.namespaces[service.namespace.index()].name;
        match &service.selector {
            Some(selector) => Peer::pods({
                let pods = sets::equalities(selector.iter());
                let namespaces = own_namespace(home).unwrap_or_default();
                let set = PodSet::of(Conjunction { namespaces, pods });
                Pods { surely: set.clone(), possibly: set }
            }),
            None if &**home == "default" && &*service.name == "kubernetes" => Peer::of(Ends::ApiServer),
            None => {
                let addresses = service.endpoints.iter().map(|endpoint| ipnet::IpNet::from(endpoint.address));
                Peer::block(addresses.collect(), blocks)
            }
        }
    }
}

/// The ports on which pods answer for a service.
fn ports_of(service: &Service) -> Ports {
    let port = |port: &weir_cluster::inventory::ServicePort| match &port.target {
        TargetPort::Number(number) => Port::Range { protocol: port.protocol, first: *number, last: *number },
        TargetPort::Name(name) => Port::Named { protocol: port.protocol, name: name.clone() },
    };
    let ports: BTreeSet<Port> = match &service.selector {
        Some(_) => service.ports.iter().map(port).collect(),
        None => {
            let ports = service.endpoints.iter().flat_map(|endpoint| &endpoint.ports);
            ports
                .map(|(_, number, protocol)| Port::Range {
                    protocol: *protocol,
                    first: *number,
                    last: *number,
                })
                .collect()
        }
    };
    SomePorts::new(ports).map_or(Ports::All, Ports::These)
}

fn own_namespace(home: &Text) -> Option<Constraints> {
    Some(Constraints::one(Key::namespace_name(), Constraint::is(home.clone())))
}

/// `None` where there is no port at all: then there is no flow either.
fn these(ports: &[PolicyPort]) -> Option<Ports> {
    let port = |port: &PolicyPort| match &port.number {
        PolicyPortNumber::Range(first, last) => {
            Port::Range { protocol: port.protocol, first: *first, last: *last }
        }
        PolicyPortNumber::Name(name) => Port::Named { protocol: port.protocol, name: name.clone() },
    };
    let ports: BTreeSet<Port> = ports.iter().map(port).collect();
    SomePorts::new(ports).map(Ports::These)
}
