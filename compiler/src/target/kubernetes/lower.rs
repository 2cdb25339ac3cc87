//! From guards and grants to rules on pods. A rule is made for the intersection of a grant's end with a guard, never
//! for the end alone: an egress rule on an unguarded pod would lock it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use weir_cluster::labels::Text;
use weir_grammar::ast::Direction;

use super::{NetworkPolicy, merge, names, objects};
use crate::address::{AddressSet, Block};
use crate::facts::Facts;
use crate::relation::{Grant, Relation, Within};
use crate::resolve::program::{Ends, Ports, Program, SentenceId};
use crate::selector::{Conjunction, Constraint, Constraints, Key, PodSet};
use crate::target::aws;

/// The pods of one namespace that one object is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject {
    pub namespace: Text,
    pub pods: Constraints,
}

/// One object in the making.
#[derive(Default)]
pub(super) struct Draft {
    /// The directions that it closes but for its rules.
    pub directions: BTreeSet<Direction>,
    pub rules: BTreeMap<Direction, Vec<Rule>>,
    pub sentences: BTreeSet<SentenceId>,
}

#[derive(Clone)]
pub(super) struct Rule {
    pub peers: Rc<Vec<Peer>>,
    pub ports: Ports,
}

/// Whom a rule admits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peer {
    /// No restriction at all.
    Anywhere,
    Pods(Conjunction),
    Block(Block),
}

/// The objects of a bound relation, sorted by namespace and name.
pub fn lower(relation: &Relation, program: &Program, facts: &Facts<'_>) -> Vec<NetworkPolicy> {
    let guards = guards(relation);
    let absent = guards.keys().filter(|name| facts.inventory.namespace(name).is_none()).cloned().collect();
    let mut lowering = Lowering { facts, program, guards, absent, drafts: BTreeMap::new() };
    for (namespace, guards) in &lowering.guards {
        for (direction, guards) in guards {
            for (pods, sentences) in guards {
                let subject = Subject { namespace: namespace.clone(), pods: pods.clone() };
                let draft = lowering.drafts.entry(subject).or_default();
                draft.directions.insert(*direction);
                draft.sentences.extend(sentences);
            }
        }
    }
    for grant in &relation.grants {
        lowering.grant(grant, Direction::Egress);
        lowering.grant(grant, Direction::Ingress);
    }
    let mut names = names::Names::of(facts.inventory, lowering.drafts.keys());
    let mut policies: Vec<NetworkPolicy> = lowering
        .drafts
        .into_iter()
        .map(|(subject, draft)| {
            let name = names.take(&subject);
            objects::policy(name, subject, merge::merged(draft), program)
        })
        .collect();
    policies.sort_by(|a, b| {
        let (a, b) = (&a.metadata, &b.metadata);
        (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name))
    });
    policies
}

/// By namespace and direction: the pods that are closed, with the sentences that close them.
type Guards = BTreeMap<Text, BTreeMap<Direction, Vec<(Constraints, BTreeSet<SentenceId>)>>>;

fn guards(relation: &Relation) -> Guards {
    let mut written: BTreeMap<Text, BTreeMap<Direction, BTreeSet<(Constraints, SentenceId)>>> =
        BTreeMap::new();
    for guard in &relation.guards {
        for term in guard.pods.terms() {
            for name in term.namespaces.names().into_iter().flatten() {
                let home = written.entry(name.clone()).or_default();
                for (direction, closed) in
                    [(Direction::Ingress, guard.ingress), (Direction::Egress, guard.egress)]
                {
                    if closed {
                        home.entry(direction).or_default().insert((term.pods.clone(), guard.sentence));
                    }
                }
            }
        }
    }
    let widest_of = |(direction, written)| (direction, widest(&written));
    written.into_iter().map(|(name, home)| (name, home.into_iter().map(widest_of).collect())).collect()
}

/// The guards that no other implies, each with the sentences of all that it makes superfluous.
fn widest(written: &BTreeSet<(Constraints, SentenceId)>) -> Vec<(Constraints, BTreeSet<SentenceId>)> {
    let distinct: BTreeSet<&Constraints> = written.iter().map(|(pods, _)| pods).collect();
    let is_widest =
        |pods: &&&Constraints| !distinct.iter().any(|other| other != *pods && pods.implies(other));
    let with_sentences = |pods: &&Constraints| {
        let implied = written.iter().filter(|(narrower, _)| narrower.implies(pods));
        ((*pods).clone(), implied.map(|(_, sentence)| *sentence).collect())
    };
    distinct.iter().filter(is_widest).map(with_sentences).collect()
}

struct Lowering<'a> {
    facts: &'a Facts<'a>,
    program: &'a Program,
    guards: Guards,
    /// Namespaces that guards name before they exist: they have no labels but their names.
    absent: Vec<Text>,
    drafts: BTreeMap<Subject, Draft>,
}

impl Lowering<'_> {
    fn grant(&mut self, grant: &Grant, direction: Direction) {
        let (own, far) = match direction {
            Direction::Egress => (&grant.from, aws::egress_peers(grant, self.program, self.facts)),
            Direction::Ingress => (&grant.to, Cow::Borrowed(grant.from.as_slice())),
        };
        let far = far.as_ref();
        let everywhere = match grant.within {
            Within::Everywhere => Some(Rc::new(self.peers(far, None))),
            Within::SameNamespace | Within::SameValue(_) => None,
        };
        for ends in own {
            let all;
            let pods = match ends {
                Ends::Pods(pods) => pods,
                Ends::Anywhere => {
                    all = PodSet::all();
                    &all
                }
                _ => continue,
            };
            for term in pods.terms() {
                for (namespace, subjects) in self.guarded(term, direction) {
                    let peers = match &everywhere {
                        Some(peers) => Rc::clone(peers),
                        None => match self.part_of(&namespace, &grant.within) {
                            Some(part) => Rc::new(self.peers(far, Some(&part))),
                            None => continue,
                        },
                    };
                    if peers.is_empty() {
                        continue;
                    }
                    for pods in subjects {
                        let subject = Subject { namespace: namespace.clone(), pods };
                        let draft = self.drafts.entry(subject).or_default();
                        draft.directions.insert(direction);
                        draft.sentences.insert(grant.sentence);
                        let rule = Rule { peers: Rc::clone(&peers), ports: grant.ports.clone() };
                        draft.rules.entry(direction).or_default().push(rule);
                    }
                }
            }
        }
    }

    /// The intersections of one part of a grant's end with the guards of that direction.
    fn guarded(&self, term: &Conjunction, direction: Direction) -> Vec<(Text, Vec<Constraints>)> {
        let pinned: Option<Vec<Text>> =
            term.namespaces.names_only().and_then(Constraint::one_of).map(|names| names.cloned().collect());
        let names = pinned.unwrap_or_else(|| {
            let mut names: Vec<Text> = term
                .namespaces
                .namespaces(self.facts.inventory)
                .iter()
                .map(|id| self.facts.inventory.namespaces[id.index()].name.clone())
                .collect();
            names.extend(self.absent.iter().filter(|name| admits_absent(term, name)).cloned());
            names
        });
        let subjects = |name: Text| {
            let guards = self.guards.get(&name)?.get(&direction)?;
            let mut subjects: Vec<Constraints> =
                guards.iter().filter_map(|(guard, _)| term.pods.and(guard)).collect();
            subjects.sort_unstable();
            subjects.dedup();
            let all = subjects.clone();
            subjects.retain(|subject| !all.iter().any(|other| other != subject && subject.implies(other)));
            (!subjects.is_empty()).then_some((name, subjects))
        };
        names.into_iter().filter_map(subjects).collect()
    }

    /// The namespaces of the part that this one belongs to; `None` for one that belongs to none.
    fn part_of(&self, namespace: &Text, within: &Within) -> Option<PodSet> {
        match within {
            Within::SameValue(key) => {
                let inventory = self.facts.inventory;
                let home = &inventory.namespaces[inventory.namespace(namespace)?.index()];
                let value = Constraint::is(home.labels.get(key)?.clone());
                let namespaces = Constraints::one(Key::Label(key.clone()), value);
                Some(PodSet::of(Conjunction { namespaces, pods: Constraints::default() }))
            }
            _ => Some(PodSet::namespace(namespace)),
        }
    }

    fn peers(&self, ends: &[Ends], only_in: Option<&PodSet>) -> Vec<Peer> {
        let mut peers = BTreeSet::new();
        for ends in ends {
            match ends {
                Ends::Anywhere => {
                    peers.insert(Peer::Anywhere);
                }
                Ends::Pods(pods) => {
                    for term in pods.terms() {
                        let term = match only_in {
                            Some(near) => near.terms().iter().find_map(|near| term.and(near)),
                            None => Some(term.clone()),
                        };
                        peers.extend(term.map(Peer::Pods));
                    }
                }
                Ends::Outside(set) => peers.extend(blocks(&set.minus(self.facts.own_addresses()))),
                Ends::Exactly(set) => peers.extend(blocks(set)),
                Ends::Nodes => peers.extend(blocks(&self.facts.node_addresses())),
                Ends::ApiServer => {
                    peers.extend(blocks(&self.facts.api_server_addresses().into_iter().collect()));
                }
                Ends::Host(_) => {} // refused before lowering
            }
        }
        peers.into_iter().collect()
    }
}

fn blocks(set: &AddressSet) -> impl Iterator<Item = Peer> {
    set.blocks().into_iter().map(Peer::Block)
}

/// Whether a namespace that does not exist yet would satisfy the requirements on namespaces.
fn admits_absent(term: &Conjunction, name: &Text) -> bool {
    let name_key = Key::namespace_name();
    let label = |key: &Key| (*key == name_key).then_some(name.as_ref());
    term.namespaces.iter().all(|(key, constraint)| constraint.admits(label(key)))
}
