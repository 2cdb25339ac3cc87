//! What is promised never to flow, as rules that deny it, for formats that can. A rule stands at the destination where
//! that is a pod, else at the source. Whatever a format cannot deny makes no rule here: a guard has to close it, and
//! `check` says so.

use std::collections::BTreeSet;
use std::rc::Rc;

use weir_cluster::inventory::{ContainerPort, Protocol};
use weir_cluster::labels::Text;
use weir_grammar::ast::Direction;

use super::capability::{Cell, Feature};
use super::draft::{Drafts, Home, Reach, Rule, Subject, subjects};
use super::peer::Peers;
use super::{Options, Target, calico};
use crate::address::AddressSet;
use crate::facts::Facts;
use crate::relation::Relation;
use crate::resolve::program::{Ends, Port, Ports};
use crate::selector::{Conjunction, Key, PodSet};

/// What a target can deny of what is promised never to flow.
#[derive(Clone, Copy)]
pub(crate) struct Denials<'a> {
    target: Target,
    options: Options,
    facts: &'a Facts<'a>,
}

impl<'a> Denials<'a> {
    pub fn of(target: Target, options: &Options, facts: &'a Facts<'a>) -> Denials<'a> {
        Denials { target, options: *options, facts }
    }

    pub fn target(self) -> Target {
        self.target
    }

    /// Whether there is anything that the target denies.
    pub fn has_any(self) -> bool {
        self.has_denials() && matches!(Feature::DenyPods.cell(self.target), Cell::Yes)
    }

    /// Whether the objects that are asked for can deny at all.
    fn has_denials(self) -> bool {
        self.target != Target::Calico || calico::denies(&self.options, self.facts)
    }

    /// Whether these flows can be denied. Ends that are several kinds at once, such as `anywhere`, are to be taken apart
    /// before.
    pub fn can(self, from: &Ends, to: &Ends, ports: &Ports) -> bool {
        self.missing(from, to, ports).is_none()
    }

    /// What the target would need to deny these flows, and has not.
    pub fn missing(self, from: &Ends, to: &Ends, ports: &Ports) -> Option<Feature> {
        // Where Cilium compares ranges with pods too, they may hold some there as well.
        let spares =
            |feature: &Feature| *feature != Feature::DenyUnknownRanges || !self.facts.cni.cidrs_match_pods();
        let has = |feature: &Feature| {
            self.has_denials() && matches!(feature.cell(self.target), Cell::Yes) && spares(feature)
        };
        let needed = self.needed(from, to, ports);
        needed.into_iter().find(|feature| !has(feature))
    }

    fn needed(self, from: &Ends, to: &Ends, ports: &Ports) -> Vec<Feature> {
        let mut needed = vec![match (from, to) {
            (Ends::Pods(_), Ends::Pods(_)) => Feature::DenyPods,
            (Ends::Outside(_), Ends::Pods(_)) => Feature::DenyFromAddresses,
            (Ends::Nodes, Ends::Pods(_)) => Feature::DenyFromNodes,
            (Ends::ApiServer, Ends::Pods(_)) => Feature::DenyFromApiServer,
            (Ends::Pods(_), Ends::Outside(_)) => Feature::DenyToAddresses,
            (Ends::Pods(_), Ends::Nodes) => Feature::DenyToNodes,
            (Ends::Pods(_), Ends::ApiServer) => Feature::DenyToApiServer,
            (Ends::Pods(_), Ends::Host(_)) => Feature::DenyHostNames,
            _ => Feature::DenyOwnAddresses,
        }];
        let keys = [from, to].into_iter().filter_map(Ends::pods).flat_map(PodSet::terms);
        for (key, _) in keys.flat_map(|term| term.namespaces.iter().chain(term.pods.iter())) {
            match key {
                Key::Label(_) => {}
                Key::NameMatches(_) => needed.push(Feature::DenyNamePatterns),
                Key::ServiceAccount => needed.push(Feature::DenyServiceAccounts),
            }
        }
        if self.may_hold_pods(from) || self.may_hold_pods(to) {
            needed.push(Feature::DenyUnknownRanges);
        }
        if to.pods().is_some_and(|pods| self.has_other_protocols(pods, ports)) {
            needed.push(Feature::DenyPortNames);
        }
        needed
    }

    /// Whether a range may hold addresses of pods, and nobody tells which these are.
    fn may_hold_pods(self, ends: &Ends) -> bool {
        let Ends::Outside(set) = ends else { return false };
        !self.facts.knows_pod_ranges() && !set.and(&self.facts.pod_ranges()).is_empty()
    }

    /// Whether pods have one of the names for a port of a protocol that is not meant.
    fn has_other_protocols(self, pods: &PodSet, ports: &Ports) -> bool {
        let Ports::These(ports) = ports else { return false };
        let named: BTreeSet<(&Text, Protocol)> = (ports.iter())
            .filter_map(|port| match port {
                Port::Named { protocol, name } => Some((name, *protocol)),
                Port::Range { .. } => None,
            })
            .collect();
        let is_other = |port: &ContainerPort| {
            let Some(name) = &port.name else { return false };
            named.iter().any(|(other, _)| *other == name) && !named.contains(&(name, port.protocol))
        };
        let classes = &self.facts.inventory.classes;
        !named.is_empty()
            && self
                .facts
                .governed(pods)
                .iter()
                .any(|class| classes[class as usize].ports.iter().any(is_other))
    }

    /// Ends of one kind each: what `anywhere` means is spelled out, and of addresses those that the cluster has are apart.
    pub fn apart(self, ends: &[Ends]) -> Vec<Ends> {
        let mut all = Vec::new();
        for ends in ends {
            match ends {
                Ends::Anywhere => all.extend([
                    Ends::Pods(PodSet::all()),
                    Ends::Outside(AddressSet::all()),
                    Ends::Nodes,
                    Ends::ApiServer,
                ]),
                Ends::Exactly(set) => {
                    let own = self.facts.own_addresses().union(&self.facts.dns.caches);
                    all.extend([Ends::Outside(set.minus(&own)), Ends::Exactly(set.and(&own))]);
                }
                other => all.push(other.clone()),
            }
        }
        all
    }
}

/// The pods that one object is about. ClusterNetworkPolicies are about pods wherever these are, and their number is
/// bounded: of several namespaces that are named together each has one in the other formats alone.
fn subjects_of(term: &Conjunction, target: Target, facts: &Facts<'_>, reach: Reach) -> Vec<Subject> {
    match target {
        Target::ClusterNetworkPolicy => {
            vec![Subject { home: Home::Cluster(term.namespaces.clone()), pods: term.pods.clone() }]
        }
        _ => subjects(term, facts, reach),
    }
}

/// The rules that deny, by the pods that they are about. No pod is closed by them.
pub(super) fn drafts(
    relation: &Relation,
    target: Target,
    options: &Options,
    peers: &Peers<'_>,
    reach: Reach,
) -> Drafts {
    let facts = peers.facts;
    let denials = Denials::of(target, options, facts);
    let mut drafts = Drafts::new();
    for denial in &relation.denials {
        let (from, to) = (denials.apart(&denial.from), denials.apart(&denial.to));
        for destination in &to {
            for source in from.iter().filter(|source| denials.can(source, destination, &denial.ports)) {
                let (own, far, direction) = match (source, destination) {
                    (far, Ends::Pods(own)) => (own, far, Direction::Ingress),
                    (Ends::Pods(own), far) => (own, far, Direction::Egress),
                    _ => continue,
                };
                let peers = Rc::new(peers.of(std::slice::from_ref(far), direction, None));
                if peers.is_empty() {
                    continue;
                }
                let rule = Rule { peers, ports: denial.ports.clone(), narrowed: None };
                for term in own.terms() {
                    for subject in subjects_of(term, target, facts, reach) {
                        let draft = drafts.entry(subject).or_default();
                        draft.directions.insert(direction);
                        draft.rules.entry(direction).or_default().push(rule.clone());
                        draft.sentences.insert(denial.sentence);
                    }
                }
            }
        }
    }
    drafts
}
