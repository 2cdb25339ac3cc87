//! From guards and grants to rules on pods, whatever the format. A rule is made for the intersection of a grant's end
//! with a guard, never for the end alone: an egress rule on an unguarded pod would lock it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use weir_cluster::labels::Text;
use weir_grammar::ast::Direction;

use super::peer::{Peer, Peers};
use crate::facts::Facts;
use crate::relation::{Grant, Narrowing, Relation, Within};
use crate::resolve::pattern;
use crate::resolve::program::{Ends, Ports, SentenceId};
use crate::selector::{Conjunction, Constraint, Constraints, Key, PodSet};

/// The pods that one object is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject {
    pub home: Home,
    pub pods: Constraints,
}

/// Where they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Home {
    /// In this namespace, as long as it satisfies the rest, which is mostly nothing.
    Namespace(Text, Constraints),
    /// In every namespace that satisfies this, tomorrow's included.
    Cluster(Constraints),
}

impl Home {
    pub fn namespace(&self) -> Option<&Text> {
        match self {
            Home::Namespace(name, _) => Some(name),
            Home::Cluster(_) => None,
        }
    }
}

/// What objects of a format may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Pods of one namespace, by pod labels: what is said of more is spelled out for the namespaces of today.
    Namespace,
    /// Pods of all namespaces.
    Cluster,
}

/// One object in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    /// The directions that it closes but for its rules.
    pub directions: BTreeSet<Direction>,
    pub rules: BTreeMap<Direction, Vec<Rule>>,
    pub sentences: BTreeSet<SentenceId>,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub peers: Rc<Vec<Peer>>,
    pub ports: Ports,
    pub narrowed: Option<Narrowing>,
}

pub(super) type Drafts = BTreeMap<Subject, Draft>;

/// A guard on pods of one direction, with the sentences that say so.
type Guard = (Conjunction, BTreeSet<SentenceId>);

/// What closes and what opens pods, by the pods.
pub(super) fn drafts(relation: &Relation, facts: &Facts<'_>, peers: &Peers<'_>, reach: Reach) -> Drafts {
    let mut drafting = Drafting::new(relation, facts, peers, reach);
    drafting.guards();
    drafting.grants(relation);
    drafting.drafts
}

/// The same where a format has objects for either: what closes pods, and what opens them.
pub(super) fn apart(
    relation: &Relation,
    facts: &Facts<'_>,
    peers: &Peers<'_>,
    reach: Reach,
) -> (Drafts, Drafts) {
    let mut drafting = Drafting::new(relation, facts, peers, reach);
    drafting.guards();
    let guards = std::mem::take(&mut drafting.drafts);
    drafting.grants(relation);
    (guards, drafting.drafts)
}

/// The guards that no other implies.
struct Guards {
    /// On pods of namespaces that they name.
    named: BTreeMap<Text, BTreeMap<Direction, Vec<Guard>>>,
    /// On pods of namespaces that they do not name.
    wide: BTreeMap<Direction, Vec<Guard>>,
    /// Namespaces that guards name before they exist: they have no labels but their names.
    absent: Vec<Text>,
}

impl Guards {
    fn of(relation: &Relation, facts: &Facts<'_>, reach: Reach) -> Guards {
        type Written = BTreeSet<(Conjunction, SentenceId)>;
        let mut named: BTreeMap<Text, BTreeMap<Direction, Written>> = BTreeMap::new();
        let mut wide: BTreeMap<Direction, Written> = BTreeMap::new();
        for guard in &relation.guards {
            let directions = [(Direction::Ingress, guard.ingress), (Direction::Egress, guard.egress)];
            let closed: Vec<Direction> =
                directions.into_iter().filter_map(|(way, closed)| closed.then_some(way)).collect();
            for term in guard.pods.terms() {
                let Some(names) = term.namespaces.names() else {
                    debug_assert_ne!(reach, Reach::Namespace, "bound to names");
                    for way in &closed {
                        wide.entry(*way).or_default().insert((term.clone(), guard.sentence));
                    }
                    continue;
                };
                for name in names {
                    let Some(one) = at(term, name) else { continue };
                    let home = named.entry(name.clone()).or_default();
                    for way in &closed {
                        home.entry(*way).or_default().insert((one.clone(), guard.sentence));
                    }
                }
            }
        }
        let wide: BTreeMap<Direction, Vec<Guard>> =
            wide.into_iter().map(|(way, written)| (way, widest(&written, &[]))).collect();
        let of_name = |(name, home): (Text, BTreeMap<Direction, Written>)| {
            let widest_of = |(way, written): (Direction, Written)| {
                let beyond = wide.get(&way).map_or(&[][..], Vec::as_slice);
                (way, widest(&written, beyond))
            };
            (name, home.into_iter().map(widest_of).collect())
        };
        let named: BTreeMap<Text, _> = named.into_iter().map(of_name).collect();
        let absent = named.keys().filter(|name| facts.inventory.namespace(name).is_none()).cloned().collect();
        Guards { named, wide, absent }
    }

    fn at(&self, name: &Text, direction: Direction) -> &[Guard] {
        self.named.get(name).and_then(|home| home.get(&direction)).map_or(&[], Vec::as_slice)
    }

    fn wide(&self, direction: Direction) -> &[Guard] {
        self.wide.get(&direction).map_or(&[], Vec::as_slice)
    }
}

/// The same pods in one namespace of those that are named; `None` if a pattern excludes it.
fn at(term: &Conjunction, name: &Text) -> Option<Conjunction> {
    let mut namespaces = Constraints::one(Key::namespace_name(), Constraint::is(name.clone()));
    for (key, constraint) in term.namespaces.iter() {
        match key {
            _ if *key == Key::namespace_name() => {}
            // A name matches a pattern today and tomorrow, or never.
            Key::NameMatches(pattern) => {
                if !constraint.admits(pattern::matches(pattern, name).then_some("")) {
                    return None;
                }
            }
            key => namespaces = namespaces.with(key.clone(), constraint.clone())?,
        }
    }
    Some(Conjunction { namespaces, pods: term.pods.clone() })
}

/// The guards that neither another nor one of `beyond` implies, each with the sentences of all that it makes
/// superfluous.
fn widest(written: &BTreeSet<(Conjunction, SentenceId)>, beyond: &[Guard]) -> Vec<Guard> {
    let distinct: BTreeSet<&Conjunction> = written.iter().map(|(pods, _)| pods).collect();
    let is_widest = |pods: &&&Conjunction| {
        !distinct.iter().any(|other| other != *pods && pods.implies(other))
            && !beyond.iter().any(|(other, _)| pods.implies(other))
    };
    let with_sentences = |pods: &&Conjunction| {
        let implied = written.iter().filter(|(narrower, _)| narrower.implies(pods));
        ((*pods).clone(), implied.map(|(_, sentence)| *sentence).collect())
    };
    distinct.iter().filter(is_widest).map(with_sentences).collect()
}

struct Drafting<'a> {
    facts: &'a Facts<'a>,
    peers: &'a Peers<'a>,
    reach: Reach,
    guards: Guards,
    drafts: Drafts,
}

impl<'a> Drafting<'a> {
    fn new(relation: &Relation, facts: &'a Facts<'a>, peers: &'a Peers<'a>, reach: Reach) -> Drafting<'a> {
        let guards = Guards::of(relation, facts, reach);
        Drafting { facts, peers, reach, guards, drafts: BTreeMap::new() }
    }

    fn grants(&mut self, relation: &Relation) {
        for grant in &relation.grants {
            self.grant(grant, Direction::Egress);
            self.grant(grant, Direction::Ingress);
        }
    }

    fn guards(&mut self) {
        let named = self.guards.named.values().flatten();
        for (direction, guards) in named.chain(&self.guards.wide) {
            for (pods, sentences) in guards {
                for subject in subjects(pods, self.facts, self.reach) {
                    let draft = self.drafts.entry(subject).or_default();
                    draft.directions.insert(*direction);
                    draft.sentences.extend(sentences);
                }
            }
        }
    }

    fn grant(&mut self, grant: &Grant, direction: Direction) {
        let (own, far) = match direction {
            Direction::Egress => (&grant.from, self.peers.destinations(grant)),
            Direction::Ingress => (&grant.to, Cow::Borrowed(grant.from.as_slice())),
        };
        let far = far.as_ref();
        let everywhere = match grant.within {
            Within::Everywhere => Some(Rc::new(self.peers.of(far, direction, None))),
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
                for subject in self.guarded(term, direction) {
                    match &everywhere {
                        Some(peers) => self.rule(subject, direction, peers, grant),
                        None => {
                            for (subject, part) in self.parts(&subject, &grant.within) {
                                let peers = Rc::new(self.peers.of(far, direction, Some(&part)));
                                self.rule(subject, direction, &peers, grant);
                            }
                        }
                    }
                }
            }
        }
    }

    fn rule(&mut self, subject: Subject, direction: Direction, peers: &Rc<Vec<Peer>>, grant: &Grant) {
        if peers.is_empty() {
            return;
        }
        let draft = self.drafts.entry(subject).or_default();
        draft.directions.insert(direction);
        draft.sentences.insert(grant.sentence);
        let (ports, narrowed) = (grant.ports.clone(), grant.narrowed.clone());
        draft.rules.entry(direction).or_default().push(Rule { peers: Rc::clone(peers), ports, narrowed });
    }

    /// The intersections of one part of a grant's end with the guards of that direction.
    fn guarded(&self, term: &Conjunction, direction: Direction) -> Vec<Subject> {
        let mut found = Vec::new();
        let pinned: Option<Vec<&Text>> = match self.reach {
            Reach::Namespace => {
                term.namespaces.names_only().and_then(Constraint::one_of).map(Iterator::collect)
            }
            Reach::Cluster => term.namespaces.names().map(Iterator::collect),
        };
        let names: Vec<&Text> = pinned.clone().unwrap_or_else(|| self.homes(term));
        for name in names {
            let guards = self.guards.at(name, direction);
            let own = match (guards, self.reach) {
                ([], _) => None,
                // What the namespaces of today are labelled is looked at, and not written.
                (_, Reach::Namespace) => Some(Conjunction {
                    namespaces: Constraints::one(Key::namespace_name(), Constraint::is(name.clone())),
                    pods: term.pods.clone(),
                }),
                (_, Reach::Cluster) => match pinned {
                    Some(_) => at(term, name),
                    None => term.and(&named(name)).and_then(|term| at(&term, name)),
                },
            };
            found.extend(own.iter().flat_map(|own| guards.iter().filter_map(|(guard, _)| own.and(guard))));
        }
        found.extend(self.guards.wide(direction).iter().filter_map(|(guard, _)| term.and(guard)));
        if found.len() > 1 {
            found.sort_unstable();
            found.dedup();
            found = widest_of(found);
        }
        let subjects = found.iter().flat_map(|pods| subjects(pods, self.facts, self.reach));
        subjects.filter(|subject| self.is_today(subject)).collect()
    }

    /// Whether a namespace that is named has the labels that are required of it. What it is labelled later comes with
    /// the next build.
    fn is_today(&self, subject: &Subject) -> bool {
        let Home::Namespace(name, required) = &subject.home else { return true };
        if required.is_empty() {
            return true;
        }
        let inventory = self.facts.inventory;
        let home = Conjunction { namespaces: required.clone(), pods: Constraints::default() };
        let labels = inventory.namespace(name).map(|id| &inventory.namespaces[id.index()].labels);
        labels.is_none_or(|labels| home.admits_namespace(name, labels))
    }

    /// The namespaces of today, and those that guards name before they exist, in which a set that names none has pods.
    /// What may be labelled so tomorrow comes with the next build: each of a thousand guards for each of such sets would
    /// be a million rules.
    fn homes(&self, term: &Conjunction) -> Vec<&Text> {
        let inventory = self.facts.inventory;
        let today = term.namespaces.namespaces(inventory);
        let mut names: Vec<&Text> = today.iter().map(|id| &inventory.namespaces[id.index()].name).collect();
        names.extend(self.guards.absent.iter().filter(|name| admits_absent(term, name)));
        names
    }

    /// The parts of a subject within which a grant holds, each with all of its part. Of namespaces that belong to none,
    /// or that come later and would be a part of their own, nothing is granted.
    fn parts(&self, subject: &Subject, within: &Within) -> Vec<(Subject, PodSet)> {
        let inventory = self.facts.inventory;
        let all_of =
            |namespaces: Constraints| PodSet::of(Conjunction { namespaces, pods: Constraints::default() });
        match (&subject.home, within) {
            (_, Within::Everywhere) => vec![(subject.clone(), PodSet::all())],
            (Home::Namespace(name, _), Within::SameNamespace) => {
                vec![(subject.clone(), PodSet::namespace(name))]
            }
            (Home::Namespace(name, _), Within::SameValue(key)) => {
                let value = inventory
                    .namespace(name)
                    .and_then(|id| inventory.namespaces[id.index()].labels.get(key).cloned());
                let part = |value| all_of(Constraints::one(Key::Label(key.clone()), Constraint::is(value)));
                value.into_iter().map(|value| (subject.clone(), part(value))).collect()
            }
            (Home::Cluster(homes), Within::SameNamespace) => {
                let today = homes.namespaces(inventory);
                let names = today.iter().map(|id| inventory.namespaces[id.index()].name.clone());
                let wide = Conjunction { namespaces: homes.clone(), pods: subject.pods.clone() };
                let own = |name: Text| {
                    // Whatever else makes them guarded stays required: a grant never guards.
                    let required = at(&wide, &name)?.namespaces.without(&Key::namespace_name());
                    let home = Home::Namespace(name.clone(), required);
                    Some((Subject { home, pods: subject.pods.clone() }, PodSet::namespace(&name)))
                };
                names.filter_map(own).collect()
            }
            (Home::Cluster(homes), Within::SameValue(key)) => {
                let today = homes.namespaces(inventory);
                let labels = today.iter().map(|id| &inventory.namespaces[id.index()].labels);
                let values: BTreeSet<&Text> = labels.filter_map(|labels| labels.get(key)).collect();
                let own = |value: &Text| {
                    let only = Constraint::is(value.clone());
                    let part = Constraints::one(Key::Label(key.clone()), only);
                    let home = Home::Cluster(homes.and(&part)?);
                    Some((Subject { home, pods: subject.pods.clone() }, all_of(part)))
                };
                values.into_iter().filter_map(own).collect()
            }
        }
    }
}

fn named(name: &Text) -> Conjunction {
    let namespaces = Constraints::one(Key::namespace_name(), Constraint::is(name.clone()));
    Conjunction { namespaces, pods: Constraints::default() }
}

fn widest_of(all: Vec<Conjunction>) -> Vec<Conjunction> {
    let is_widest = |one: &&Conjunction| !all.iter().any(|other| other != *one && one.implies(other));
    all.iter().filter(is_widest).cloned().collect()
}

/// The objects that are about these pods: one for each namespace that is named, else one for the cluster.
pub(super) fn subjects(pods: &Conjunction, facts: &Facts<'_>, reach: Reach) -> Vec<Subject> {
    let Some(names) = pods.namespaces.names() else {
        let home = Home::Cluster(pods.namespaces.clone());
        return vec![Subject { home, pods: pods.pods.clone() }];
    };
    let subject = |name: &Text| {
        let namespaces = at(pods, name)?.namespaces;
        // An object can only be put into a namespace that exists.
        let home = match reach {
            Reach::Cluster if facts.inventory.namespace(name).is_none() => Home::Cluster(namespaces),
            _ => Home::Namespace(name.clone(), namespaces.without(&Key::namespace_name())),
        };
        Some(Subject { home, pods: pods.pods.clone() })
    };
    names.filter_map(subject).collect()
}

/// Whether a namespace that does not exist yet would satisfy the requirements on namespaces.
fn admits_absent(term: &Conjunction, name: &Text) -> bool {
    let name_key = Key::namespace_name();
    let label = |key: &Key| match key {
        Key::NameMatches(pattern) => pattern::matches(pattern, name).then_some(""),
        key => (*key == name_key).then_some(name.as_ref()),
    };
    term.namespaces.iter().all(|(key, constraint)| constraint.admits(label(key)))
}
