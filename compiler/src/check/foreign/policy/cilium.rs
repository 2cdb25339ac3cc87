//! CiliumNetworkPolicies and CiliumClusterwideNetworkPolicies: any rule that denies beats every one that allows. Their
//! selectors see more labels than those of pods, and not all of these; addresses are never about pods.

use weir_cluster::inventory::{
    AddressGroup, CiliumEntity, CiliumPart, CiliumPeer, CiliumRule, ExistingPolicy, GroupKind,
};
use weir_cluster::labels::{Labels, Requirement, Text, is_volatile};

use ipnet::IpNet;
use weir_grammar::ast::Direction;

use super::{Action, Blocks, Draft, Part, Peer, Pods, Reading, Rule, Who, own_namespace, these};
use crate::address::AddressSet;
use crate::resolve::program::{Ends, Ports};
use crate::selector::{Conjunction, Constraint, Constraints, Key, PodSet};

impl Reading<'_, '_> {
    pub(super) fn cilium(&self, rule: &CiliumRule, existing: &ExistingPolicy) -> Draft {
        let home = self.home(existing);
        let part = |direction, closes, allows: &[CiliumPart], denies: &[CiliumPart]| {
            let mut rules = Vec::new();
            for (action, parts) in [(Action::Allow, allows), (Action::Deny, denies)] {
                rules.extend(parts.iter().filter_map(|part| self.cilium_rule(part, action, direction, home)));
            }
            (closes || !rules.is_empty()).then_some(Part { closes, rules })
        };
        let parts = || rule.ingress.iter().chain(&rule.egress);
        let by_name = parts().flat_map(|part| part.peers.iter().flatten());
        let doubt = if parts().any(|part| part.narrowed) {
            "it admits some requests, not whole connections"
        } else if by_name.into_iter().any(|peer| matches!(peer, CiliumPeer::Host(_))) {
            "which addresses a host name has is not known here"
        } else {
            "part of it depends on what the inventory does not tell"
        };
        Draft {
            tier: self.world.cilium(false).tier,
            subject: select(&rule.endpoints, home, true),
            ingress: part(Direction::Ingress, rule.closes_ingress, &rule.ingress, &rule.ingress_deny),
            egress: part(Direction::Egress, rule.closes_egress, &rule.egress, &rule.egress_deny),
            doubt: Some(doubt),
        }
    }

    fn cilium_rule(
        &self,
        part: &CiliumPart,
        action: Action,
        direction: Direction,
        home: Option<&Text>,
    ) -> Option<Rule> {
        if part.peers.is_none() && part.ports.is_none() {
            return None;
        }
        let peers = part.peers.as_ref().map(|peers| {
            let all = peers.iter().flat_map(|peer| self.cilium_peer(peer, direction, home));
            Who::one_of(all.collect())
        });
        Some(Rule {
            rank: self.world.cilium(action == Action::Deny),
            action,
            own: Who::anybody(),
            peers: peers.unwrap_or_default(),
            ports: part.ports.as_ref().map_or(Some(Ports::All), |ports| these(ports))?,
            except_ports: None,
            surely: !part.narrowed,
        })
    }

    fn cilium_peer(&self, peer: &CiliumPeer, direction: Direction, home: Option<&Text>) -> Vec<Peer> {
        let anywhere = || AddressSet::all();
        match peer {
            CiliumPeer::Endpoints(selector) => {
                let mut peers = vec![Peer::pods(select(selector, home, false))];
                // A selector may name what is no pod.
                let reserved =
                    selector.iter().filter(|one| matches!(one, Requirement::In(..) | Requirement::Exists(_)));
                let named = reserved.filter_map(|one| entity(one.key().strip_prefix("reserved:")?));
                peers.extend(named.flat_map(|entity| entity_ends(entity, direction)));
                peers
            }
            CiliumPeer::Block { cidr, except } => vec![outside([*cidr], except)],
            CiliumPeer::Group { name, except } => {
                let group = self.cidr_groups().find(|group| group.name == *name);
                vec![group.map_or_else(
                    || Peer::perhaps(Ends::Outside(anywhere())),
                    |group| outside(group.blocks.iter().copied(), except),
                )]
            }
            CiliumPeer::Groups { selector, except } => {
                let groups = self.cidr_groups().filter(|group| holds(selector, &group.labels));
                vec![outside(groups.flat_map(|group| group.blocks.iter().copied()), except)]
            }
            CiliumPeer::Entity(entity) => entity_ends(*entity, direction),
            CiliumPeer::Nodes => vec![Peer::perhaps(Ends::Nodes)],
            CiliumPeer::Service { namespace, name } => {
                let service = self.service(namespace.as_ref().or(home), name);
                // A rule whose service is not found may be about everybody.
                vec![service.map_or_else(
                    || Peer::perhaps(Ends::Anywhere),
                    |service| self.behind(service, Blocks::Apart),
                )]
            }
            CiliumPeer::Services { namespace, selector } => {
                let homes = namespace.as_ref().map(|namespace| self.inventory.namespace(namespace));
                let services = self.inventory.services.iter().filter(|service| {
                    homes.is_none_or(|home| home == Some(service.namespace))
                        && holds(selector, &service.labels)
                });
                services.map(|service| self.behind(service, Blocks::Apart)).collect()
            }
            CiliumPeer::Host(_) | CiliumPeer::Cloud => vec![Peer::perhaps(Ends::Outside(anywhere()))],
        }
    }

    fn cidr_groups(&self) -> impl Iterator<Item = &AddressGroup> {
        self.inventory.address_groups.iter().filter(|group| group.kind == GroupKind::CiliumCidrGroup)
    }
}

fn outside(blocks: impl IntoIterator<Item = IpNet>, except: &[IpNet]) -> Peer {
    let holes: AddressSet = except.iter().copied().collect();
    Peer::of(Ends::Outside(blocks.into_iter().collect::<AddressSet>().minus(&holes)))
}

fn entity(name: &str) -> Option<CiliumEntity> {
    Some(match name {
        "world" => CiliumEntity::World,
        "world-ipv4" => CiliumEntity::WorldV4,
        "world-ipv6" => CiliumEntity::WorldV6,
        "host" => CiliumEntity::Host,
        "remote-node" => CiliumEntity::RemoteNode,
        "kube-apiserver" => CiliumEntity::ApiServer,
        _ => return None,
    })
}

/// Proxies, health checks and pods that Cilium does not know are no part of the universe.
fn entity_ends(entity: CiliumEntity, direction: Direction) -> Vec<Peer> {
    let family = |block: &str| block.parse::<IpNet>().into_iter().collect::<AddressSet>();
    match entity {
        CiliumEntity::All => vec![Peer::of(Ends::Anywhere)],
        CiliumEntity::World => vec![Peer::of(Ends::Outside(AddressSet::all()))],
        CiliumEntity::WorldV4 => vec![Peer::of(Ends::Outside(family("0.0.0.0/0")))],
        CiliumEntity::WorldV6 => vec![Peer::of(Ends::Outside(family("::/0")))],
        CiliumEntity::Cluster => {
            [Ends::Pods(PodSet::all()), Ends::Nodes, Ends::ApiServer].map(Peer::of).to_vec()
        }
        CiliumEntity::ClusterMesh => {
            [Ends::Pods(PodSet::all()), Ends::Nodes, Ends::ApiServer].map(Peer::perhaps).to_vec()
        }
        CiliumEntity::RemoteNode => vec![Peer::of(Ends::Nodes)],
        // A pod's own node gets in whatever is said; which of the nodes a pod leaves to is its own, nobody knows.
        CiliumEntity::Host if direction == Direction::Ingress => Vec::new(),
        CiliumEntity::Host => vec![Peer::perhaps(Ends::Nodes)],
        CiliumEntity::ApiServer => vec![Peer::of(Ends::ApiServer)],
        CiliumEntity::Ingress
        | CiliumEntity::Health
        | CiliumEntity::Init
        | CiliumEntity::Unmanaged
        | CiliumEntity::None => Vec::new(),
    }
}

/// Whether the labels of an object that is no pod satisfy a selector.
fn holds(selector: &[Requirement], labels: &Labels) -> bool {
    selector.iter().all(|one| {
        let (_, key) = source(one.key());
        constraint(one).admits(labels.get(key).map(|value| &**value))
    })
}

fn constraint(requirement: &Requirement) -> Constraint {
    match requirement {
        Requirement::In(_, values) => Constraint::within(values.iter().cloned()),
        Requirement::NotIn(_, values) => Constraint::outside(values.iter().cloned()),
        Requirement::Exists(_) => Constraint::exists(),
        Requirement::DoesNotExist(_) => Constraint::absent(),
    }
}

/// Where a label comes from, if that is said, and its key.
fn source(key: &str) -> (&str, &str) {
    key.split_once(':').unwrap_or(("any", key))
}

/// What a label of Cilium is about.
enum Slot {
    Namespace(Key),
    Pod(Key),
    /// Pods have none.
    Absent,
    Unknown,
}

const NAMESPACE: &str = "io.kubernetes.pod.namespace";
const NAMESPACE_LABELS: &str = "io.cilium.k8s.namespace.labels.";

fn slot(key: &str) -> Slot {
    let (source, key) = source(key);
    if !matches!(source, "k8s" | "any") {
        return Slot::Absent;
    }
    if key == NAMESPACE {
        return Slot::Namespace(Key::namespace_name());
    }
    if let Some(label) = key.strip_prefix(NAMESPACE_LABELS) {
        return Slot::Namespace(Key::Label(label.into()));
    }
    match key {
        "io.cilium.k8s.policy.serviceaccount" => Slot::Pod(Key::ServiceAccount),
        // One cluster is looked at, under a name that the inventory does not tell.
        "io.cilium.k8s.policy.cluster" => Slot::Unknown,
        _ if is_volatile(key) || is_ignored(key) => Slot::Unknown,
        _ => Slot::Pod(Key::Label(key.into())),
    }
}

/// Labels that are no part of an identity unless Cilium is told so.
fn is_ignored(key: &str) -> bool {
    const IGNORED: &[&str] = &[
        "io.kubernetes",
        "kubernetes.io",
        "k8s.io",
        "annotation",
        "etcd_node",
        "topology.kubernetes.io",
        "beta.kubernetes.io",
    ];
    IGNORED.iter().any(|prefix| key.starts_with(prefix))
}

/// The pods that a selector means: of a policy in a namespace, its subjects are that namespace's, and so are peers
/// unless they name one.
fn select(selector: &[Requirement], home: Option<&Text>, is_subject: bool) -> Pods {
    let names_namespace = selector.iter().any(|one| {
        let (_, key) = source(one.key());
        key == NAMESPACE || key.starts_with(NAMESPACE_LABELS)
    });
    let mut namespaces =
        home.filter(|_| is_subject || !names_namespace).and_then(own_namespace).unwrap_or_default();
    let (mut pods, mut sure) = (Constraints::default(), true);
    for one in selector {
        let required = constraint(one);
        let joined = match slot(one.key()) {
            // What a subject says of namespaces gives way to where the policy is.
            Slot::Namespace(key) if is_subject && home.is_some() && key == Key::namespace_name() => continue,
            Slot::Namespace(key) => namespaces.clone().with(key, required).map(|with| namespaces = with),
            Slot::Pod(key) => pods.clone().with(key, required).map(|with| pods = with),
            Slot::Absent => required.admits(None).then_some(()),
            Slot::Unknown => {
                sure = false;
                continue;
            }
        };
        if joined.is_none() {
            return Pods { surely: PodSet::none(), possibly: PodSet::none() };
        }
    }
    let possibly = PodSet::of(Conjunction { namespaces, pods });
    Pods { surely: if sure { possibly.clone() } else { PodSet::none() }, possibly }
}
