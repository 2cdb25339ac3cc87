//! Calico's policies: tier by tier, policy by policy, rule by rule; the first that applies decides. Each end of a rule is
//! what all of its fields have in common, and network sets are met by their labels as pods are.

use weir_cluster::inventory::{
    AddressGroup, CalicoAction, CalicoEntity, CalicoPolicy, CalicoProtocol, CalicoRule, CalicoSelector,
    ExistingPolicy, GroupKind, Protocol,
};
use weir_cluster::labels::Text;
use weir_grammar::ast::Direction;

use super::selector::{Scope, Terms, holds, terms};
use super::{Action, Blocks, Draft, Part, Peer, Rank, Reading, Rule, Who, ports_of, these};
use crate::address::AddressSet;
use crate::resolve::program::{Port, Ports, SomePorts};

impl Reading<'_, '_> {
    pub(super) fn calico(&self, policy: &CalicoPolicy, existing: &ExistingPolicy) -> Draft {
        let home = self.home(existing);
        let tier = self.world.tier(&policy.tier).unwrap_or(0);
        let known = self.world.knows(tier);
        let part = |rules: &Option<Vec<CalicoRule>>, direction| {
            let rank = |at| Rank {
                tier,
                order: policy.order.unwrap_or(f64::INFINITY),
                name: existing.name.clone(),
                at,
            };
            let rules = rules.as_ref()?.iter().enumerate();
            let rules = rules.filter_map(|(at, rule)| self.calico_rule(rule, rank(at), direction, home));
            Some(Part { closes: true, rules: rules.collect() })
        };
        let mut subject = terms(&policy.selector, Scope::Pods, self.inventory);
        for (selector, scope) in
            [(&policy.namespaces, Scope::Namespaces), (&policy.service_accounts, Scope::ServiceAccounts)]
        {
            if let Some(selector) = selector {
                subject = subject.and(&terms(selector, scope, self.inventory));
            }
        }
        if let Some(home) = home {
            subject = subject.and(&self.in_namespace(home));
        }
        let subject = subject.pods();
        let narrowed = policy.ingress.iter().chain(&policy.egress).flatten().any(|rule| rule.narrowed);
        Draft {
            tier,
            subject: if known { subject } else { subject.doubted() },
            ingress: part(&policy.ingress, Direction::Ingress),
            egress: part(&policy.egress, Direction::Egress),
            doubt: Some(match (known, narrowed) {
                (false, _) => "its tier is not in the inventory, so that nobody knows when it is asked",
                (true, true) => "some data planes look into HTTP, and some admit the whole port",
                (true, false) => "part of it depends on what the inventory does not tell",
            }),
        }
    }

    fn in_namespace(&self, home: &Text) -> Terms {
        let own = CalicoSelector::Is("projectcalico.org/name".into(), home.clone());
        terms(&own, Scope::Namespaces, self.inventory)
    }

    fn calico_rule(
        &self,
        rule: &CalicoRule,
        rank: Rank,
        direction: Direction,
        home: Option<&Text>,
    ) -> Option<Rule> {
        let action = match rule.action {
            CalicoAction::Allow => Action::Allow,
            CalicoAction::Deny => Action::Deny,
            CalicoAction::Pass => Action::Pass,
        };
        let (source, destination) =
            (self.calico_end(&rule.source, home), self.calico_end(&rule.destination, home));
        let (own, mut peers) = match direction {
            Direction::Ingress => (destination, source),
            Direction::Egress => (source, destination),
        };
        if let Some(version) = rule.ip_version {
            let other = if version == 4 { "::/0" } else { "0.0.0.0/0" };
            let other: AddressSet = other.parse::<ipnet::IpNet>().into_iter().collect();
            peers.none.push(vec![Peer::block(other, Blocks::Apart)]);
        }
        let behind = rule.destination.service.as_ref().and_then(|service| self.calico_service(service, home));
        let ports = match (&rule.destination.ports, rule.protocol) {
            (Some(ports), _) => these(ports)?,
            (None, Some(CalicoProtocol::Ports(protocol))) => whole(protocol),
            // On no port.
            (None, Some(CalicoProtocol::Other)) => return None,
            (None, None) => behind.map_or(Ports::All, ports_of),
        };
        let mut except = these(&rule.destination.not_ports);
        if let Some(CalicoProtocol::Ports(protocol)) = rule.not_protocol {
            except = Some(match except {
                Some(ports) => either(&ports, &whole(protocol)),
                None => whole(protocol),
            });
        }
        // Whence a connection comes is a port that flows do not tell.
        let from_ports = rule.source.ports.is_some() || !rule.source.not_ports.is_empty();
        Some(Rule {
            rank,
            action,
            own,
            peers,
            ports,
            except_ports: except,
            surely: !rule.narrowed && !from_ports,
        })
    }

    fn calico_service(
        &self,
        (namespace, name): &(Option<Text>, Text),
        home: Option<&Text>,
    ) -> Option<&weir_cluster::inventory::Service> {
        self.service(namespace.as_ref().or(home), name)
    }

    fn calico_end(&self, entity: &CalicoEntity, home: Option<&Text>) -> Who {
        let mut who = Who::anybody();
        let has_account = !entity.service_accounts.is_empty() || entity.service_account_selector.is_some();
        let positive = entity.selector.is_some() || entity.namespaces.is_some() || has_account;
        // In a namespace, to leave somebody out is to mean the others of that namespace.
        if positive || (home.is_some() && entity.not_selector.is_some()) {
            who.all.push(self.selected(entity, home));
        }
        if let Some(selector) = &entity.not_selector {
            let mut peers = vec![Peer::pods(terms(selector, Scope::Pods, self.inventory).pods())];
            peers.extend(self.sets(|set| self.holds(selector, set)));
            who.none.push(peers);
        }
        if let Some(nets) = &entity.nets {
            who.all.push(vec![Peer::block(nets.iter().copied().collect(), Blocks::Also)]);
        }
        if !entity.not_nets.is_empty() {
            who.none.push(vec![Peer::block(entity.not_nets.iter().copied().collect(), Blocks::Also)]);
        }
        if let Some(service) = &entity.service {
            let behind = self.calico_service(service, home);
            who.all.push(behind.map(|service| self.behind(service, Blocks::Also)).into_iter().collect());
        }
        who
    }

    /// Pods and network sets by their labels.
    fn selected(&self, entity: &CalicoEntity, home: Option<&Text>) -> Vec<Peer> {
        let everything = CalicoSelector::All;
        let selector = entity.selector.as_ref().unwrap_or(&everything);
        let mut pods = terms(selector, Scope::Pods, self.inventory);
        match (&entity.namespaces, home) {
            (Some(namespaces), _) => pods = pods.and(&terms(namespaces, Scope::Namespaces, self.inventory)),
            (None, Some(home)) => pods = pods.and(&self.in_namespace(home)),
            (None, None) => {}
        }
        let accounts = &entity.service_accounts;
        if !accounts.is_empty() {
            let named = CalicoSelector::In("projectcalico.org/name".into(), accounts.clone());
            pods = pods.and(&terms(&named, Scope::ServiceAccounts, self.inventory));
        }
        if let Some(selector) = &entity.service_account_selector {
            pods = pods.and(&terms(selector, Scope::ServiceAccounts, self.inventory));
        }
        let mut peers = vec![Peer::pods(pods.pods())];
        if accounts.is_empty() && entity.service_account_selector.is_none() {
            peers.extend(self.sets(|set| {
                let at_home = match (&entity.namespaces, home) {
                    (Some(CalicoSelector::All), _) => set.namespace.is_some(),
                    (Some(namespaces), _) => self.holds_namespace(namespaces, set),
                    (None, Some(home)) => self.home_of(set) == Some(home),
                    (None, None) => true,
                };
                at_home && self.holds(selector, set)
            }));
        }
        peers
    }

    fn sets(&self, fits: impl Fn(&AddressGroup) -> bool) -> Option<Peer> {
        let sets = self.inventory.address_groups.iter();
        let sets = sets.filter(|set| set.kind != GroupKind::CiliumCidrGroup && fits(set));
        let blocks: AddressSet = sets.flat_map(|set| set.blocks.iter().copied()).collect();
        (!blocks.is_empty()).then(|| Peer::block(blocks, Blocks::Also))
    }

    fn home_of(&self, set: &AddressGroup) -> Option<&Text> {
        set.namespace.map(|home| &self.inventory.namespaces[home.index()].name)
    }

    fn namespace_label(&self, set: &AddressGroup, key: &str) -> Option<&str> {
        let home = &self.inventory.namespaces[set.namespace?.index()];
        match key {
            "projectcalico.org/name" => Some(&home.name),
            key => home.labels.get(key).map(|value| &**value),
        }
    }

    fn holds(&self, selector: &CalicoSelector, set: &AddressGroup) -> bool {
        holds(selector, set.namespace.is_none(), &|key: &str| match key.strip_prefix("pcns.") {
            Some(key) => self.namespace_label(set, key),
            None if key == "projectcalico.org/namespace" => self.home_of(set).map(|home| &**home),
            None => set.labels.get(key).map(|value| &**value),
        })
    }

    fn holds_namespace(&self, selector: &CalicoSelector, set: &AddressGroup) -> bool {
        holds(selector, set.namespace.is_none(), &|key: &str| self.namespace_label(set, key))
    }
}

/// Every port of a protocol.
fn whole(protocol: Protocol) -> Ports {
    let all = Port::Range { protocol, first: 1, last: u16::MAX };
    SomePorts::new([all].into()).map_or(Ports::All, Ports::These)
}

fn either(one: &Ports, other: &Ports) -> Ports {
    match (one, other) {
        (Ports::These(one), Ports::These(other)) => {
            SomePorts::new(one.iter().chain(other.iter()).cloned().collect()).map_or(Ports::All, Ports::These)
        }
        _ => Ports::All,
    }
}
