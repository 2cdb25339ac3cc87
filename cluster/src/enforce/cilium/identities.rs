//! The identities of points, as Cilium tells them apart: endpoints by their labels, nodes, and the world. Selects points,
//! and says nothing of what is allowed them.
//!
//! Of an address of a node, and of a pod on the host's network, it may be open whether it is the pod's own node (`host`) or
//! another (`remote-node`). So whatever depends on that is found twice, and what both find is sure.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::Switches;
use super::rules::{Entity, Group, Groups, Peer};
use super::selector::{Fact, Key, Selector, Source};
use crate::enforce::kubernetes::Direction;
use crate::enforce::points::{Block, Match, Points};
use crate::enforce::selector::{self, Test};
use crate::flow::{AddressKind, Bits, Pattern, Point, Space};
use crate::labels::{Labels, Text};

/// Whether a node of which that is open is the pod's own.
#[derive(Clone, Copy, PartialEq)]
enum Home {
    Own,
    Other,
}

pub(super) struct Identities<'p, 's> {
    pub points: &'p Points<'s>,
    switches: &'p Switches,
    groups: &'p [(u32, Group)],
    pub everyone: Rc<Match>,
    /// Pods that Cilium gives an identity of their own.
    pub endpoints: Bits,
    world: [Bits; 2],
    api_server: Bits,
    /// Surely the pod's own node.
    own_node: Bits,
    /// Surely another node.
    other_nodes: Bits,
    /// Nodes of which it is open.
    nodes: Bits,
    /// Outside addresses that are reached by a name.
    named: Vec<(&'s str, u32)>,
    selected: FxHashMap<&'p Selector, Twice>,
    known: FxHashMap<&'p Peer, Twice>,
    together: FxHashMap<&'p [Peer], Rc<Match>>,
    reached: FxHashMap<&'p Text, Bits>,
}

/// What is found if the nodes of which it is open are the pod's own, and if they are others, where that differs.
#[derive(Clone)]
struct Twice {
    own: Rc<Match>,
    other: Option<Rc<Match>>,
}

impl Twice {
    fn once(found: Match) -> Twice {
        Twice { own: Rc::new(found), other: None }
    }

    fn other(&self) -> &Match {
        self.other.as_ref().unwrap_or(&self.own)
    }

    fn settled(&self) -> Match {
        match &self.other {
            None => (*self.own).clone(),
            Some(other) => Match {
                certain: &self.own.certain & &other.certain,
                possible: &self.own.possible | &other.possible,
            },
        }
    }
}

impl<'p, 's> Identities<'p, 's> {
    pub(super) fn new(
        space: &'s Space,
        points: &'p Points<'s>,
        (switches, groups): (&'p Switches, &'p [(u32, Group)]),
        direction: Direction,
    ) -> Identities<'p, 's> {
        let mut identities = Identities {
            points,
            switches,
            groups,
            everyone: Rc::new(Match::surely(points.everyone.clone())),
            endpoints: &points.pods - &points.host_network,
            world: [Bits::new(), Bits::new()],
            api_server: Bits::new(),
            own_node: Bits::new(),
            other_nodes: Bits::new(),
            // A pod on the host's network sends with its node's address, or gets what is sent there.
            nodes: points.host_network.clone(),
            named: Vec::new(),
            selected: FxHashMap::default(),
            known: FxHashMap::default(),
            together: FxHashMap::default(),
            reached: FxHashMap::default(),
        };
        for (index, point) in (0u32..).zip(&space.points) {
            let Point::Address(range) = point else { continue };
            match range.kind {
                AddressKind::Outside => {
                    identities.world[usize::from(range.first.is_ipv6())].insert(index);
                    identities.named.extend(range.host.as_deref().map(|host| (host, index)));
                }
                AddressKind::Local => _ = identities.own_node.insert(index),
                AddressKind::Node if direction == Direction::Ingress => {
                    identities.other_nodes.insert(index);
                }
                AddressKind::Node => _ = identities.nodes.insert(index),
            }
            if range.api_server {
                identities.api_server.insert(index);
            }
        }
        identities
    }

    /// The pods that a policy is about.
    pub(super) fn subjects(&mut self, selector: &'p Selector) -> Match {
        let Twice { own: found, .. } = self.select(selector);
        Match { certain: &found.certain & &self.endpoints, possible: &found.possible & &self.endpoints }
    }

    pub(super) fn peers(&mut self, peers: &'p [Peer]) -> Rc<Match> {
        if let Some(known) = self.together.get(peers) {
            return Rc::clone(known);
        }
        let all: Vec<Twice> = peers.iter().map(|peer| self.peer(peer)).collect();
        let found = match all.as_slice() {
            [Twice { own, other: None }] => Rc::clone(own),
            all => {
                let differ = all.iter().any(|one| one.other.is_some());
                let join = |of: &dyn Fn(&Twice) -> Match| {
                    let mut joined = Match::default();
                    all.iter().for_each(|one| joined.join(&of(one)));
                    Rc::new(joined)
                };
                let own = join(&|one| (*one.own).clone());
                let other = differ.then(|| join(&|one| one.other().clone()));
                Rc::new(Twice { own, other }.settled())
            }
        };
        self.together.insert(peers, Rc::clone(&found));
        found
    }

    /// What is on the pod's own node.
    pub(super) fn host(&self) -> Match {
        Match { certain: self.own_node.clone(), possible: self.of_host(Home::Own) }
    }

    /// Outside addresses with their names.
    pub(super) fn named(&self) -> &[(&'s str, u32)] {
        &self.named
    }

    /// Outside addresses with a name of this pattern. Of a pattern that is too complex nothing comes: no space has a point
    /// for it.
    pub(super) fn reached(&mut self, pattern: &'p Text) -> &Bits {
        let named = &self.named;
        self.reached.entry(pattern).or_insert_with(|| match Pattern::new(pattern) {
            Ok(pattern) => {
                let matched = named.iter().filter(|(host, _)| pattern.matches(host));
                matched.map(|(_, point)| *point).collect()
            }
            Err(_) => Bits::new(),
        })
    }

    fn of_host(&self, home: Home) -> Bits {
        match home {
            Home::Own => &self.own_node | &self.nodes,
            Home::Other => self.own_node.clone(),
        }
    }

    fn of_other_nodes(&self, home: Home) -> Bits {
        match home {
            Home::Own => self.other_nodes.clone(),
            Home::Other => &self.other_nodes | &self.nodes,
        }
    }

    fn all_nodes(&self) -> Bits {
        &(&self.own_node | &self.other_nodes) | &self.nodes
    }

    fn peer(&mut self, peer: &'p Peer) -> Twice {
        if let Some(known) = self.known.get(peer) {
            return known.clone();
        }
        let found = match peer {
            Peer::Endpoints(selector) => return self.select(selector),
            Peer::Entity(entity) => self.entity(*entity),
            Peer::Block(block) => Twice::once(self.block(block)),
            Peer::Groups { groups, except } => {
                let mut found = Match::default();
                let these = self.groups.iter().filter(|(_, group)| groups.have(group));
                for cidr in these.flat_map(|(_, group)| &group.cidrs) {
                    found.join(&self.block(&Block { cidr: *cidr, except: except.clone() }));
                }
                Twice::once(found)
            }
            // By labels of nodes, which are not known here.
            Peer::Nodes => {
                let possible = self.of_other_nodes(Home::Other);
                Twice::once(Match { certain: Bits::new(), possible })
            }
            // Until a service is found its rule may be about anything.
            Peer::Services => {
                let possible = self.everyone.possible.clone();
                Twice::once(Match { certain: Bits::new(), possible })
            }
            Peer::Cloud => {
                let possible = &self.world[0] | &self.world[1];
                Twice::once(Match { certain: Bits::new(), possible })
            }
        };
        self.known.insert(peer, found.clone());
        found
    }

    fn block(&self, block: &Block) -> Match {
        let within = self.points.within(block);
        let Switches { cidrs_match_nodes, cidrs_match_pods, .. } = *self.switches;
        self.points.beyond_cluster(within.addresses, within.pods, (cidrs_match_nodes, cidrs_match_pods))
    }

    fn by_home(&self, find: impl Fn(Home) -> Bits) -> Twice {
        let own = Rc::new(Match::surely(find(Home::Own)));
        let other = (!self.nodes.is_empty()).then(|| Rc::new(Match::surely(find(Home::Other))));
        Twice { own, other }
    }

    fn entity(&self, entity: Entity) -> Twice {
        let perhaps =
            |possible: &Bits| Twice::once(Match { certain: Bits::new(), possible: possible.clone() });
        match entity {
            Entity::All => Twice { own: Rc::clone(&self.everyone), other: None },
            Entity::None | Entity::Unseen => Twice::once(Match::default()),
            Entity::World => Twice::once(Match::surely(&self.world[0] | &self.world[1])),
            // Where there is but one family its addresses are `world` and nothing more.
            Entity::WorldIpv4 => perhaps(&self.world[0]),
            Entity::WorldIpv6 => perhaps(&self.world[1]),
            Entity::Cluster => {
                let nodes = &self.all_nodes() | &self.api_server;
                Twice::once(Match::surely(&nodes | &self.endpoints))
            }
            Entity::Host => self.by_home(|home| self.of_host(home)),
            Entity::RemoteNode => self.by_home(|home| self.of_other_nodes(home)),
            Entity::ApiServer => Twice::once(Match::surely(self.api_server.clone())),
        }
    }

    fn select(&mut self, selector: &'p Selector) -> Twice {
        if let Some(known) = self.selected.get(selector) {
            return known.clone();
        }
        let own = Rc::new(self.selected_at(selector, Home::Own));
        let reserved = |key: &Key| matches!(key.source, Source::Any | Source::Reserved);
        let differs = !self.nodes.is_empty() && selector.requirements.keys().any(reserved);
        let other = differs.then(|| Rc::new(self.selected_at(selector, Home::Other)));
        let found = Twice { own, other };
        self.selected.insert(selector, found.clone());
        found
    }

    fn selected_at(&self, selector: &Selector, home: Home) -> Match {
        let mut found = (*self.everyone).clone();
        // What says the namespace leaves the fewest.
        let (mut tests, others): (Vec<_>, Vec<_>) =
            selector.requirements.iter().partition(|(key, _)| key.fact() == Fact::Namespace);
        tests.extend(others);
        for (key, tests) in tests {
            for test in tests {
                found = match test {
                    Test::Exists => found.and(&self.having(key, None, home)),
                    Test::DoesNotExist => found.minus(&self.having(key, None, home)),
                    Test::In(values) => found.and(&self.having_one(key, values.iter(), home)),
                    Test::NotIn(values) => found.minus(&self.having_one(key, values.iter(), home)),
                };
            }
        }
        found
    }

    fn having_one<'v>(&self, key: &Key, values: impl Iterator<Item = &'v Text>, home: Home) -> Match {
        let mut found = Match::default();
        values.for_each(|value| found.join(&self.having(key, Some(value), home)));
        found
    }

    /// Whose identity has a label, with this value or with any.
    fn having(&self, key: &Key, value: Option<&str>, home: Home) -> Match {
        let reserved = || Match::surely(self.reserved(&key.name, value, home));
        match &key.source {
            Source::Kubernetes => self.endpoints_having(key, value),
            Source::Any => {
                let mut found = self.endpoints_having(key, value);
                found.join(&reserved());
                found
            }
            Source::Reserved => reserved(),
            Source::Other(source) => {
                // Labels that come of policies, of names and of nodes: none of them is known here.
                let possible = match source.as_ref() {
                    "cidr" | "cidrgroup" | "fqdn" => &self.world[0] | &self.world[1],
                    "node" => self.all_nodes(),
                    _ => Bits::new(),
                };
                Match { certain: Bits::new(), possible }
            }
        }
    }

    fn endpoints_having(&self, key: &Key, value: Option<&str>) -> Match {
        let all = || self.endpoints.clone();
        let found = match (key.fact(), value) {
            (Fact::Namespace, Some(name)) => self.points.in_namespace(name),
            (Fact::ServiceAccount, Some(name)) => self.points.running_as(name),
            (Fact::Namespace | Fact::ServiceAccount | Fact::Cluster, None) => all(),
            (Fact::Cluster, Some(name)) => match &self.switches.cluster {
                Some(own) if own.as_ref() == name => all(),
                Some(_) => Bits::new(),
                None => return Match { certain: Bits::new(), possible: all() },
            },
            (Fact::NamespaceLabel(key), None) => self.points.namespace_labels.having(key).clone(),
            (Fact::NamespaceLabel(key), Some(value)) => self.points.namespace_labels.with(key, value).clone(),
            (Fact::Label(key), None) => self.points.labels.having(key).clone(),
            (Fact::Label(key), Some(value)) => self.points.labels.with(key, value).clone(),
            (Fact::Nothing, _) => Bits::new(),
        };
        Match::surely(if self.points.host_network.is_empty() { found } else { found & &self.endpoints })
    }

    /// Whom Cilium gives a label of its own; all of them have an empty value.
    fn reserved(&self, name: &str, value: Option<&str>, home: Home) -> Bits {
        match name {
            _ if value.is_some_and(|value| !value.is_empty()) => Bits::new(),
            "host" => self.of_host(home),
            "remote-node" => self.of_other_nodes(home),
            "kube-apiserver" => self.api_server.clone(),
            "world" => &self.world[0] | &self.world[1],
            _ => Bits::new(),
        }
    }
}

impl Groups {
    fn have(&self, group: &Group) -> bool {
        match self {
            Groups::Named(name) => group.name == *name,
            Groups::Labelled(selector) => is_selected(selector, &group.labels),
        }
    }
}

fn is_selected(selector: &selector::Selector, labels: &Labels) -> bool {
    selector.requirements.iter().all(|(key, tests)| {
        let value = labels.get(key);
        tests.iter().all(|test| match test {
            Test::Exists => value.is_some(),
            Test::DoesNotExist => value.is_none(),
            Test::In(values) => value.is_some_and(|value| values.contains(value)),
            Test::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
        })
    })
}
