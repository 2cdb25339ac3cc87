//! Ends of flows as one set with an algebra: pods by their selectors, addresses by their ranges, the rest by name.

use std::collections::BTreeSet;

use crate::address::AddressSet;
use crate::facts::Facts;
use crate::resolve::pattern;
use crate::resolve::program::Ends;
use crate::selector::{Conjunction, Constraint, Key, PodSet};
use weir_cluster::labels::Text;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Region {
    pub pods: PodSet,
    /// Of these addresses those that belong to nothing in the cluster.
    pub outside: AddressSet,
    /// Addresses of nodes, of the API server, of caches.
    held: AddressSet,
    /// Nodes and API server also where the inventory tells no addresses of theirs.
    nodes: bool,
    api_server: bool,
    hosts: BTreeSet<String>,
}

/// Makes regions over one cluster.
pub(super) struct Regions<'a> {
    facts: &'a Facts<'a>,
    /// Addresses that are some pod's, node's or service's, caches of the DNS among them.
    own: AddressSet,
    api_server: AddressSet,
    nodes: AddressSet,
}

impl<'a> Regions<'a> {
    pub fn over(facts: &'a Facts<'a>) -> Regions<'a> {
        Regions {
            facts,
            own: facts.own_addresses().union(&facts.dns.caches),
            api_server: facts.api_server_addresses().into_iter().collect(),
            nodes: facts.node_addresses(),
        }
    }

    pub fn of<'e>(&self, ends: impl IntoIterator<Item = &'e Ends>) -> Region {
        let mut region = Region::default();
        let mut pods = Vec::new();
        for ends in ends {
            match ends {
                Ends::Pods(some) => pods.push(some.clone()),
                Ends::Outside(some) => region.outside = region.outside.union(some),
                Ends::Exactly(some) => {
                    region.outside = region.outside.union(&some.minus(&self.own));
                    region.held = region.held.union(&some.and(&self.own));
                }
                Ends::Nodes => {
                    region.nodes = true;
                    region.held = region.held.union(&self.nodes);
                }
                Ends::ApiServer => {
                    region.api_server = true;
                    region.held = region.held.union(&self.api_server);
                }
                Ends::Host(host) => {
                    region.hosts.insert(host.clone());
                }
                Ends::Anywhere => {
                    pods.push(PodSet::all());
                    region.outside = AddressSet::all();
                    region.nodes = true;
                    region.api_server = true;
                    let held = self.nodes.union(&self.api_server).union(&self.facts.dns.caches);
                    region.held = region.held.union(&held);
                }
            }
        }
        region.pods = PodSet::union(pods);
        region
    }

    /// What both have. Sets of pods that would need too many selectors count as met: nothing is proved of them.
    pub fn and(&self, a: &Region, b: &Region) -> Region {
        let overlaps = |host: &&String| b.hosts.iter().any(|theirs| hosts_meet(host, theirs));
        Region {
            pods: possible(a.pods.and(&b.pods).unwrap_or_else(|_| a.pods.clone())),
            outside: a.outside.and(&b.outside).minus(&self.own),
            held: a.held.and(&b.held),
            nodes: a.nodes && b.nodes,
            api_server: a.api_server && b.api_server,
            hosts: a.hosts.iter().filter(overlaps).cloned().collect(),
        }
    }

    /// Its parts, each of one kind that a target may be able to deny.
    pub fn kinds(&self, region: &Region) -> Vec<(Ends, Region)> {
        let mut kinds = Vec::new();
        let mut part = |ends: Ends, part: Region| {
            if !part.is_empty() {
                kinds.push((ends, part));
            }
        };
        part(Ends::Pods(region.pods.clone()), Region::of_pods(region.pods.clone()));
        let outside = Region { outside: region.outside.clone(), ..Region::default() };
        part(Ends::Outside(region.outside.clone()), outside);
        for host in &region.hosts {
            let hosts = BTreeSet::from([host.clone()]);
            part(Ends::Host(host.clone()), Region { hosts, ..Region::default() });
        }
        let of_system = Region {
            held: region.held.clone(),
            nodes: region.nodes,
            api_server: region.api_server,
            ..Region::default()
        };
        // Where everything is meant the API server is on a node, or outside.
        if region.nodes && region.outside == AddressSet::all() {
            part(Ends::Nodes, of_system);
            return kinds;
        }
        let mut held = region.held.clone();
        if region.nodes {
            let nodes = Region { held: held.and(&self.nodes), nodes: true, ..Region::default() };
            held = held.minus(&self.nodes);
            part(Ends::Nodes, nodes);
        }
        if region.api_server {
            let of_it = region.held.and(&self.api_server);
            held = held.minus(&self.api_server);
            part(Ends::ApiServer, Region { held: of_it, api_server: true, ..Region::default() });
        }
        part(Ends::Exactly(held.clone()), Region { held, ..Region::default() });
        kinds
    }

    /// What `b` has not. Where the algebra gives up, nothing is taken away.
    pub fn minus(&self, a: &Region, b: &Region) -> Region {
        let covered = |host: &&String| b.hosts.iter().any(|theirs| host_covers(theirs, host));
        Region {
            pods: possible(a.pods.minus(&b.pods).unwrap_or_else(|_| a.pods.clone())),
            outside: a.outside.minus(&b.outside).minus(&self.own),
            held: a.held.minus(&b.held),
            nodes: a.nodes && !b.nodes,
            api_server: a.api_server && !b.api_server,
            hosts: a.hosts.iter().filter(|host| !covered(host)).cloned().collect(),
        }
    }
}

/// Without parts that ask for a name that their own pattern does not match: names of namespaces never change.
fn possible(pods: PodSet) -> PodSet {
    let has_pattern =
        |term: &Conjunction| term.namespaces.iter().any(|(key, _)| matches!(key, Key::NameMatches(_)));
    if !pods.terms().iter().any(has_pattern) {
        return pods;
    }
    let settled = |term: &Conjunction| -> Option<Conjunction> {
        let Some(names) = term.namespaces.names().filter(|_| has_pattern(term)) else {
            return Some(term.clone());
        };
        let fits = |name: &&Text| {
            term.namespaces.iter().all(|(key, constraint)| match key {
                Key::NameMatches(pattern) => constraint.admits(pattern::matches(pattern, name).then_some("")),
                _ => true,
            })
        };
        let names = Constraint::within(names.filter(fits).cloned());
        let namespaces = term.namespaces.clone().with(Key::namespace_name(), names)?;
        Some(Conjunction { namespaces, pods: term.pods.clone() })
    };
    pods.terms().iter().filter_map(settled).collect()
}

impl Region {
    pub fn of_pods(pods: PodSet) -> Region {
        Region { pods, ..Region::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.pods.is_empty() && self.has_pods_alone()
    }

    /// Whether there is nothing in it but pods.
    pub fn has_pods_alone(&self) -> bool {
        self.outside.is_empty()
            && self.held.is_empty()
            && !self.nodes
            && !self.api_server
            && self.hosts.is_empty()
    }

    /// A host name of one that may have an address of the other, and whether it has one for sure: every name has its
    /// addresses somewhere in the internet.
    pub fn name_among<'r>(&'r self, other: &'r Region) -> Option<(&'r str, bool)> {
        let named = |names: &'r Region, addresses: &'r Region| {
            let host = names.hosts.first().filter(|_| !addresses.outside.is_empty())?;
            Some((host.as_str(), addresses.outside.is_whole_internet()))
        };
        named(self, other).or_else(|| named(other, self))
    }

    /// What is in it besides pods, in the user's words.
    pub fn spoken(&self) -> String {
        if let Some(host) = self.hosts.first() {
            return format!("`{host}`");
        }
        if self.nodes {
            return "`nodes`".to_owned();
        }
        if self.api_server {
            return "`apiserver`".to_owned();
        }
        let blocks = if self.outside.is_empty() { self.held.blocks() } else { self.outside.blocks() };
        match blocks.first().map(|block| block.cidr) {
            None => "nothing".to_owned(),
            Some(all) if all.prefix_len() == 0 => "an address outside of the cluster".to_owned(),
            Some(one) if one.prefix_len() == one.max_prefix_len() => format!("`{}`", one.addr()),
            Some(range) => format!("an address of `{range}`"),
        }
    }
}

/// Whether every name that `narrow` stands for is one of `wide`'s.
fn host_covers(wide: &str, narrow: &str) -> bool {
    match wide.strip_prefix('*') {
        Some(suffix) => narrow.trim_start_matches('*').ends_with(suffix),
        None => wide == narrow,
    }
}

fn hosts_meet(a: &str, b: &str) -> bool {
    host_covers(a, b) || host_covers(b, a)
}
