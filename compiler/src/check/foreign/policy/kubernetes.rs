//! NetworkPolicies: they admit, and close what none of them admits.

use weir_cluster::inventory::{PolicyPeer, PolicyRule, PolicySpec};
use weir_cluster::labels::Text;

use super::{Action, Blocks, Draft, Part, Peer, Plugin, Pods, Reading, Rule, Who, own_namespace, these};
use crate::address::AddressSet;
use crate::resolve::program::{Ends, Ports};
use crate::selector;

impl Reading<'_, '_> {
    pub(super) fn kubernetes(&self, spec: &PolicySpec, home: Option<&Text>) -> Draft {
        let part = |rules: &Option<Vec<PolicyRule>>| {
            let rules = rules.as_ref()?.iter().filter_map(|rule| self.kubernetes_rule(rule, home));
            Some(Part { closes: true, rules: rules.collect() })
        };
        Draft {
            tier: self.world.kubernetes().tier,
            subject: Pods::of(home.and_then(own_namespace), &spec.pods),
            ingress: part(&spec.ingress),
            egress: part(&spec.egress),
            doubt: None,
        }
    }

    fn kubernetes_rule(&self, rule: &PolicyRule, home: Option<&Text>) -> Option<Rule> {
        let peers = rule
            .peers
            .as_ref()
            .map(|peers| Who::one_of(peers.iter().map(|peer| self.kubernetes_peer(peer, home)).collect()));
        Some(Rule {
            rank: self.world.kubernetes(),
            action: Action::Allow,
            own: Who::anybody(),
            peers: peers.unwrap_or_default(),
            ports: rule.ports.as_ref().map_or(Some(Ports::All), |ports| these(ports))?,
            except_ports: None,
            surely: true,
        })
    }

    fn kubernetes_peer(&self, peer: &PolicyPeer, home: Option<&Text>) -> Peer {
        match peer {
            PolicyPeer::Block { cidr, except } => {
                let holes: AddressSet = except.iter().copied().collect();
                let block = AddressSet::from_iter([*cidr]).minus(&holes);
                match self.world.plugin {
                    Plugin::Unknown => Peer::block(block, Blocks::Perhaps),
                    Plugin::Cilium => Peer::of(Ends::Outside(block)),
                    Plugin::Calico => Peer::block(block, Blocks::Also),
                }
            }
            PolicyPeer::Pods { namespaces, pods } => {
                let homes = match namespaces {
                    Some(namespaces) => selector::constraints(namespaces),
                    None => home.and_then(own_namespace),
                };
                Peer::pods(Pods::of(homes, pods.as_deref().unwrap_or_default()))
            }
        }
    }
}
