//! Whom a rule admits or denies, as formats can say it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use weir_grammar::ast::Direction;

use super::aws;
use crate::address::{AddressSet, Block};
use crate::facts::Facts;
use crate::relation::Grant;
use crate::resolve::program::{Ends, Program};
use crate::selector::{Conjunction, PodSet};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peer {
    /// No restriction at all.
    Anywhere,
    Pods(Conjunction),
    Block(Block),
    /// The nodes, by the format's own word: as a source other nodes than the pod's own.
    Nodes,
    /// The pod's own node, by the format's own word.
    OwnNode,
    /// The API server, by the format's own word.
    ApiServer,
    /// A host name, or `*.` and a name.
    Host(String),
}

/// How ends become peers.
pub(super) struct Peers<'a> {
    pub facts: &'a Facts<'a>,
    /// Whether the format has words for nodes and the API server; else they are their addresses of today.
    pub entities: bool,
    /// Whether an address range of the format holds the cluster's own addresses too, which are cut out then.
    pub ranges_hold_cluster: bool,
    /// The program, where the network plugin asks for more than the pods that are meant.
    pub program: Option<&'a Program>,
}

impl Peers<'_> {
    /// What a grant's sources may reach.
    pub fn destinations<'g>(&self, grant: &'g Grant) -> Cow<'g, [Ends]> {
        match self.program {
            Some(program) => aws::egress_peers(grant, program, self.facts),
            None => Cow::Borrowed(&grant.to),
        }
    }

    /// The ends of one side, within a part of the cluster if only that is meant.
    pub fn of(&self, ends: &[Ends], direction: Direction, only_in: Option<&PodSet>) -> Vec<Peer> {
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
                Ends::Outside(set) if self.ranges_hold_cluster => {
                    peers.extend(blocks(&set.minus(self.facts.own_addresses())));
                }
                Ends::Outside(set) => peers.extend(blocks(set)),
                Ends::Exactly(set) => self.exactly(set, direction, &mut peers),
                Ends::Nodes if self.entities => {
                    peers.insert(Peer::Nodes);
                }
                Ends::Nodes => peers.extend(blocks(&self.facts.node_addresses())),
                Ends::ApiServer if self.entities => {
                    peers.insert(Peer::ApiServer);
                }
                Ends::ApiServer => peers.extend(blocks(&self.api_server())),
                Ends::Host(host) => {
                    peers.insert(Peer::Host(host.clone()));
                }
            }
        }
        peers.into_iter().collect()
    }

    /// Addresses that somebody of the cluster may have. Where ranges hold nothing of the cluster, a node-local cache
    /// of the DNS is reached as what it is: a process of the pod's own node.
    fn exactly(&self, set: &AddressSet, direction: Direction, peers: &mut BTreeSet<Peer>) {
        peers.extend(blocks(set));
        let caches = set.and(&self.facts.dns.caches);
        if self.entities && direction == Direction::Egress && !caches.is_empty() {
            peers.insert(Peer::OwnNode);
        }
    }

    fn api_server(&self) -> AddressSet {
        self.facts.api_server_addresses().into_iter().collect()
    }
}

fn blocks(set: &AddressSet) -> impl Iterator<Item = Peer> {
    set.blocks().into_iter().map(Peer::Block)
}
