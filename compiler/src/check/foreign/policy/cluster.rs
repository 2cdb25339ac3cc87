//! ClusterNetworkPolicies: they close nothing by themselves, and are asked before and after NetworkPolicies.

use weir_cluster::inventory::{ClusterAction, ClusterPeer, ClusterPolicy, ClusterRule, ClusterSubject};
use weir_cluster::labels::Text;

use super::{Action, Blocks, Draft, Part, Peer, Plugin, Pods, Rank, Reading, Rule, Who, these};
use crate::address::AddressSet;
use crate::resolve::program::{Ends, Ports};
use crate::selector;

impl Reading<'_, '_> {
    pub(super) fn cluster(&self, policy: &ClusterPolicy, name: &Text) -> Draft {
        let tier = self.world.cluster(policy.tier);
        let part = |rules: &[ClusterRule]| {
            let rank = |at| Rank { tier, order: f64::from(policy.priority), name: name.clone(), at };
            let rules = rules.iter().enumerate().filter_map(|(at, rule)| self.cluster_rule(rule, rank(at)));
            Part { closes: false, rules: rules.collect() }
        };
        let subject = pods(&policy.subject);
        // Cilium enforces them where a switch is on.
        let doubted = self.world.plugin == Plugin::Cilium;
        Draft {
            tier,
            subject: if doubted { subject.doubted() } else { subject },
            ingress: Some(part(&policy.ingress)),
            egress: Some(part(&policy.egress)),
            doubt: doubted.then_some("Cilium enforces ClusterNetworkPolicies only where it is told to"),
        }
    }

    fn cluster_rule(&self, rule: &ClusterRule, rank: Rank) -> Option<Rule> {
        let action = match rule.action {
            ClusterAction::Accept => Action::Allow,
            ClusterAction::Deny => Action::Deny,
            ClusterAction::Pass => Action::Pass,
        };
        let peer = |peer: &ClusterPeer| match peer {
            ClusterPeer::Pods(subject) => Peer::pods(pods(subject)),
            ClusterPeer::Block(block) => {
                let block = AddressSet::from_iter([*block]);
                match self.world.plugin {
                    Plugin::Cilium => Peer::of(Ends::Outside(block)),
                    Plugin::Unknown | Plugin::Calico => Peer::block(block, Blocks::Also),
                }
            }
            // Which nodes, and whether at all, is each plugin's own choice.
            ClusterPeer::Nodes => Peer::perhaps(Ends::Nodes),
            ClusterPeer::Host(_) => Peer::perhaps(Ends::Outside(AddressSet::all())),
        };
        Some(Rule {
            rank,
            action,
            own: Who::anybody(),
            peers: Who::one_of(rule.peers.iter().map(peer).collect()),
            ports: rule.ports.as_ref().map_or(Some(Ports::All), |ports| these(ports))?,
            except_ports: None,
            surely: true,
        })
    }
}

fn pods(subject: &ClusterSubject) -> Pods {
    Pods::of(selector::constraints(&subject.namespaces), &subject.pods)
}
