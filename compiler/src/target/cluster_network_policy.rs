//! ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2): what is promised never to flow is denied in its Admin tier,
//! above whatever owners of namespaces write. It isolates nobody: postures and grants are NetworkPolicies beside it.

mod objects;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

pub use objects::ClusterNetworkPolicy;
use objects::{EgressRule, IngressRule, Peer, Pods, PortOf, Spec, protocols};
use serde::Serialize;
use weir_grammar::ast::Direction;

use super::draft::{Home, Reach, Subject};
use super::merge::{Merged, MergedRule, SomePeers, merged};
use super::object::Metadata;
use super::peer::{self, Peers};
use super::{Object, Options, Target, deny, kubernetes, names, split};
use crate::address::AddressSet;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::relation::Relation;
use crate::resolve::program::{Program, SentenceId};
use crate::selector::{Conjunction, Constraint, Key};

/// The longest list of rules, of peers, of networks and of protocols.
const MOST: usize = 25;
/// About as many bytes as the rules of one direction take: `kubectl apply` keeps a copy of an object in an annotation of
/// 256 KiB.
const MOST_BYTES: usize = 64 * 1024;
/// The numbers that a priority may be.
pub const PRIORITIES: (u16, u16) = (0, 1000);

pub(super) fn lower(
    options: &Options,
    relation: &Relation,
    program: &Program,
    facts: &Facts<'_>,
) -> Vec<Object> {
    let mut objects = kubernetes::lower(relation, program, facts);
    let (first, last) = options.priorities;
    for (at, policy) in policies(relation, facts).into_iter().enumerate() {
        // Where they do not suffice, nothing is built.
        let priority = u16::try_from(at).map_or(last, |at| first.saturating_add(at).min(last));
        objects.push(Object::ClusterNetworkPolicy(Box::new(ClusterNetworkPolicy {
            api_version: "policy.networking.k8s.io/v1alpha2",
            kind: "ClusterNetworkPolicy",
            metadata: Metadata::new(policy.name, None, &policy.sentences, program),
            spec: Spec {
                tier: "Admin",
                priority,
                subject: policy.subject,
                ingress: policy.ingress,
                egress: policy.egress,
            },
        })));
    }
    objects
}

/// That every policy has a priority of its own: the order of two with the same is undefined.
pub(super) fn check(
    options: &Options,
    relation: &Relation,
    program: &Program,
    facts: &Facts<'_>,
) -> Vec<Diagnostic> {
    let (first, last) = options.priorities;
    let room = usize::from(last.saturating_sub(first)) + 1;
    if relation.denials.is_empty() {
        return Vec::new();
    }
    let policies = policies(relation, facts);
    let needed = policies.len();
    if needed <= room {
        return Vec::new();
    }
    let mut counts = BTreeMap::<SentenceId, usize>::new();
    for sentence in policies.iter().flat_map(|policy| &policy.sentences) {
        *counts.entry(*sentence).or_default() += 1;
    }
    let most = counts.iter().max_by_key(|(id, count)| (**count, Reverse(**id)));
    let Some((id, count)) = most else { return Vec::new() };
    let sentence = program.get(*id);
    let place = sentence.kind.reach().map_or(sentence.place, |reach| reach.verb_place);
    let message = format!("{needed} ClusterNetworkPolicies would be needed, and they have {room} priorities");
    let said = Diagnostic::error(Code::E0413, message)
        .at(place, format!("this sentence has a part in {count} of them"))
        .with_note(format!("each that denies has a priority of its own, here one of {first} to {last}"));
    let said = match widened(first, needed) {
        Some((first, last)) => said.with_help(format!(
            "give them more in `weir.toml`, below `[defaults]` or the cluster: `priorities = [{first}, {last}]`"
        )),
        None => said.with_help(format!("there are no more than {}", PRIORITIES.1 - PRIORITIES.0 + 1)),
    };
    vec![sentence.explain(said.with_help(
        "one policy is needed for each set of pods that is denied something: \
         select many at once, such as by a label of their namespaces",
    ))]
}

/// A range with room for so many, from the same number on if that is possible.
fn widened(first: u16, needed: usize) -> Option<(u16, u16)> {
    let beyond = u16::try_from(needed.checked_sub(1)?).ok()?;
    let first = first.min(PRIORITIES.1.checked_sub(beyond)?);
    Some((first, first + beyond))
}

/// One policy before it has its priority.
struct Policy {
    name: String,
    subject: Pods,
    ingress: Vec<IngressRule>,
    egress: Vec<EgressRule>,
    sentences: BTreeSet<SentenceId>,
}

/// All of them, sorted by name. The rules of one subject are together, as far as a policy holds them.
fn policies(relation: &Relation, facts: &Facts<'_>) -> Vec<Policy> {
    let peers = Peers { facts, entities: false, ranges_hold_cluster: true, program: None };
    let drafts =
        deny::drafts(relation, Target::ClusterNetworkPolicy, &Options::default(), &peers, Reach::Cluster);
    let mut names = names::Names::denying(facts.inventory, drafts.keys());
    let mut policies = Vec::new();
    for (subject, draft) in drafts {
        let name = names.take(&subject);
        let (mut ingress, mut egress) = (Vec::new(), Vec::new());
        let Merged { directions, sentences } = merged(draft);
        for (direction, rules) in directions {
            for (peers, protocols) in rules.iter().flat_map(rules_of) {
                match direction {
                    Direction::Ingress => {
                        ingress.push(IngressRule { action: "Deny", from: peers, protocols })
                    }
                    Direction::Egress => egress.push(EgressRule { action: "Deny", to: peers, protocols }),
                }
            }
        }
        let Some(pods) = selected(subject) else { continue };
        let pods = Pods::new(&pods);
        let (mut ingress, mut egress) = (packed(ingress).into_iter(), packed(egress).into_iter());
        for part in 1.. {
            let (ingress, egress) = (ingress.next().unwrap_or_default(), egress.next().unwrap_or_default());
            if ingress.is_empty() && egress.is_empty() {
                break;
            }
            policies.push(Policy {
                name: if part == 1 { name.clone() } else { format!("{name}{}{part}", split::MARK) },
                subject: pods.clone(),
                ingress,
                egress,
                sentences: sentences.clone(),
            });
        }
    }
    policies.sort_by(|a, b| a.name.cmp(&b.name));
    policies
}

/// Rules in as few lists as a policy of each may hold.
fn packed<Rule: Serialize>(rules: Vec<Rule>) -> Vec<Vec<Rule>> {
    let mut lists: Vec<Vec<Rule>> = Vec::new();
    let mut filled = 0;
    for rule in rules {
        let bytes = serde_json::to_string(&rule).map_or(0, |text| text.len());
        match lists.last_mut() {
            Some(list) if list.len() < MOST && filled + bytes <= MOST_BYTES => {
                filled += bytes;
                list.push(rule);
            }
            _ => {
                filled = bytes;
                lists.push(vec![rule]);
            }
        }
    }
    lists
}

/// `None` of pods that cannot be.
fn selected(subject: Subject) -> Option<Conjunction> {
    let namespaces = match subject.home {
        Home::Cluster(namespaces) => namespaces,
        Home::Namespace(name, required) => required.with(Key::namespace_name(), Constraint::is(name))?,
    };
    Some(Conjunction { namespaces, pods: subject.pods })
}

/// One rule in as many as its lists need: each list of peers with each list of ports.
fn rules_of(rule: &MergedRule) -> Vec<(Vec<Peer>, Option<Vec<PortOf>>)> {
    let peers = peers(&rule.peers);
    let ports: Vec<Option<Vec<PortOf>>> = match protocols(&rule.ports) {
        None => vec![None],
        Some(all) => all.chunks(MOST).map(|some| Some(some.to_vec())).collect(),
    };
    let with_ports = |peers: &[Peer]| {
        let peers = peers.to_vec();
        ports.iter().map(move |ports| (peers.clone(), ports.clone())).collect::<Vec<_>>()
    };
    peers.chunks(MOST).flat_map(with_ports).collect()
}

fn peers(peers: &SomePeers) -> Vec<Peer> {
    let mut all = Vec::new();
    let mut networks = AddressSet::default();
    let mut add = |peer: &peer::Peer| match peer {
        peer::Peer::Pods(pods) => all.push(Peer::Pods(Pods::new(pods))),
        peer::Peer::Block(block) => networks = networks.union(&AddressSet::from(block)),
        // What `anywhere` means is spelled out before, and what else there is was refused.
        peer::Peer::Anywhere
        | peer::Peer::Nodes
        | peer::Peer::OwnNode
        | peer::Peer::ApiServer
        | peer::Peer::Host(_) => debug_assert!(false, "{peer:?} is not denied"),
    };
    match peers {
        SomePeers::Everyone => add(&peer::Peer::Anywhere),
        SomePeers::These(first, rest) => std::iter::once(first).chain(rest).for_each(add),
    }
    let networks: Vec<String> = networks.networks().iter().map(ToString::to_string).collect();
    all.extend(networks.chunks(MOST).map(|some| Peer::Networks { networks: some.to_vec() }));
    all
}
