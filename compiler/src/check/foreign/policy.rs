//! Policies of others in the compiler's own terms: sets of pods by labels, ends and ports. What the inventory does not
//! tell apart, and what network plugins may read either way, is kept as two sets: what surely belongs to it, and what
//! may. Knows no cluster of today.

use std::collections::BTreeSet;

use weir_cluster::inventory::{
    ExistingPolicy, Inventory, PolicyPeer, PolicyPort, PolicyPortNumber, PolicyRule,
};
use weir_cluster::labels::{Requirement, Text, is_volatile};

use crate::address::AddressSet;
use crate::resolve::program::{Ends, Port, Ports, SomePorts};
use crate::selector::{self, Conjunction, Constraint, Constraints, Key, PodSet};

pub(super) struct Foreign<'a> {
    pub existing: &'a ExistingPolicy,
    /// `namespace/name`
    pub name: String,
    pub subject: Pods,
    pub ingress: Option<Vec<Rule>>,
    pub egress: Option<Vec<Rule>>,
}

/// Labels that controllers write differ between pods of one class: whether such a requirement holds, nobody knows.
pub(super) struct Pods {
    pub surely: PodSet,
    pub possibly: PodSet,
}

pub(super) struct Rule {
    pub peers: Vec<Peer>,
    pub ports: Ports,
}

pub(super) struct Peer {
    /// Nobody where it is not sure of any.
    pub surely: Option<Ends>,
    pub possibly: Ends,
}

impl<'a> Foreign<'a> {
    /// The policies of an inventory that are not Weir's own.
    pub fn all(inventory: &'a Inventory) -> Vec<Foreign<'a>> {
        let others = inventory.policies.iter().filter(|policy| !policy.ours);
        others.map(|policy| Foreign::of(policy, inventory)).collect()
    }

    fn of(existing: &'a ExistingPolicy, inventory: &Inventory) -> Foreign<'a> {
        let home = &inventory.namespaces[existing.namespace.index()].name;
        let rules = |rules: &Option<Vec<PolicyRule>>| {
            rules.as_ref().map(|rules| rules.iter().map(|rule| Rule::of(rule, home)).collect())
        };
        Foreign {
            existing,
            name: format!("{home}/{}", existing.name),
            subject: Pods::of(own_namespace(home), &existing.spec.pods),
            ingress: rules(&existing.spec.ingress),
            egress: rules(&existing.spec.egress),
        }
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.ingress.iter().chain(&self.egress).flatten()
    }

    /// All that it selects pods by.
    pub fn sets(&self) -> impl Iterator<Item = &PodSet> {
        self.ends().filter_map(Ends::pods).chain([&self.subject.possibly])
    }

    pub fn ends(&self) -> impl Iterator<Item = &Ends> {
        self.rules().flat_map(|rule| rule.peers.iter().map(|peer| &peer.possibly))
    }

    pub fn ports(&self) -> impl Iterator<Item = &Ports> {
        self.rules().map(|rule| &rule.ports)
    }
}

impl Rule {
    fn of(rule: &PolicyRule, home: &Text) -> Rule {
        let everyone = || vec![Peer { surely: Some(Ends::Anywhere), possibly: Ends::Anywhere }];
        Rule {
            peers: rule
                .peers
                .as_ref()
                .map_or_else(everyone, |peers| peers.iter().map(|peer| Peer::of(peer, home)).collect()),
            ports: rule.ports.as_ref().map_or(Ports::All, |ports| these(ports)),
        }
    }
}

impl Peer {
    fn of(peer: &PolicyPeer, home: &Text) -> Peer {
        match peer {
            PolicyPeer::Block { cidr, except } => {
                let holes: AddressSet = except.iter().copied().collect();
                let block = Ends::Exactly(AddressSet::from_iter([*cidr]).minus(&holes));
                Peer { surely: Some(block.clone()), possibly: block }
            }
            PolicyPeer::Pods { namespaces, pods } => {
                let homes = match namespaces {
                    Some(namespaces) => selector::constraints(namespaces),
                    None => own_namespace(home),
                };
                let Pods { surely, possibly } = Pods::of(homes, pods.as_deref().unwrap_or_default());
                let surely = (!surely.is_empty()).then_some(Ends::Pods(surely));
                Peer { surely, possibly: Ends::Pods(possibly) }
            }
        }
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
        let possibly = set(selector::constraints(lasting));
        Pods { surely: if all { possibly.clone() } else { PodSet::none() }, possibly }
    }
}

fn own_namespace(home: &Text) -> Option<Constraints> {
    Some(Constraints::one(Key::namespace_name(), Constraint::is(home.clone())))
}

fn these(ports: &[PolicyPort]) -> Ports {
    let port = |port: &PolicyPort| match &port.number {
        PolicyPortNumber::Range(first, last) => {
            Port::Range { protocol: port.protocol, first: *first, last: *last }
        }
        PolicyPortNumber::Name(name) => Port::Named { protocol: port.protocol, name: name.clone() },
    };
    let ports: BTreeSet<Port> = ports.iter().map(port).collect();
    SomePorts::new(ports).map_or(Ports::All, Ports::These)
}
