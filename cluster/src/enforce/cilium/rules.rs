//! What Cilium's policies are once they are read: valid, scoped to their namespaces, with defaults applied. Knows neither
//! how they are written nor whom they select.

use ipnet::IpNet;

use super::selector::Selector;
use crate::enforce::points::Block;
use crate::enforce::{Place, selector};
use crate::flow::{Carrier, PortRange};
use crate::inventory::Protocol;
use crate::labels::{Labels, Text};

/// A CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub place: Place,
    pub specs: Vec<Spec>,
}

/// A CiliumCIDRGroup.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub name: Text,
    pub labels: Labels,
    pub cidrs: Vec<IpNet>,
}

/// What a policy says of one set of subjects.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    /// Its place in `specs`, if it stands there.
    pub number: Option<u32>,
    pub line: u32,
    pub subject: Subject,
    pub ingress: Side,
    pub egress: Side,
}

#[derive(Clone, Debug)]
pub(super) enum Subject {
    Pods(Selector),
    /// For the host firewall.
    Nodes,
}

/// The rules of one direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    pub allow: Vec<Rule>,
    pub deny: Vec<Rule>,
    pub default_deny: DefaultDeny,
}

/// Whether what no rule allows is denied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum DefaultDeny {
    Yes,
    #[default]
    No,
    /// It is asked for where there is no rule that it could belong to: whether it is heeded is said nowhere.
    Open,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub line: u32,
    pub peers: Peers,
    /// None of them means everything, ports or not.
    pub ports: Vec<PortRule>,
    pub authentication: Authentication,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Authentication {
    None,
    /// Both ends have to prove who they are, and may fail to.
    Required,
    AlwaysFails,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Peers {
    Anyone,
    Nobody,
    These(Vec<Peer>),
    /// Outside addresses by names, as patterns of all of a name in lower case.
    Names(Vec<Text>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Peer {
    Endpoints(Selector),
    Entity(Entity),
    Block(Block),
    Groups {
        groups: Groups,
        except: Vec<IpNet>,
    },
    /// Nodes by their labels.
    Nodes,
    /// Whatever is behind some service.
    Services,
    /// Addresses that a cloud knows.
    Cloud,
}

/// Which of the groups of prefixes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Groups {
    Named(Text),
    Labelled(selector::Selector),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Entity {
    All,
    None,
    World,
    WorldIpv4,
    WorldIpv6,
    Cluster,
    Host,
    RemoteNode,
    ApiServer,
    /// Of what there are no points: Cilium's own endpoints, and pods that it does not know or does not know yet.
    Unseen,
}

/// Some ports, and what has to be said on them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PortRule {
    pub ports: Vec<Port>,
    pub saying: Saying,
    /// Patterns of server names; none of them means that none is asked for.
    pub server_names: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Port {
    Range {
        protocols: &'static [Protocol],
        first: u16,
        last: u16,
    },
    Name {
        protocols: &'static [Protocol],
        name: Text,
    },
    /// ICMP messages of a type.
    Icmp {
        carrier: Carrier,
        kind: u8,
    },
    /// A protocol without ports, by its number.
    Carried(u8),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Saying {
    Anything,
    /// One of these.
    Http(Vec<HttpRule>),
    /// Questions for names of these patterns.
    Dns(Vec<Text>),
    /// In a protocol that is not understood here.
    Unknown,
}

/// What is absent asks nothing. Patterns match all of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct HttpRule {
    pub method: Option<Text>,
    pub path: Option<Text>,
    pub host: Option<Text>,
    /// Names in lower case, with a value or any.
    pub headers: Vec<(Text, Option<Text>)>,
    /// Whether a header has to have a value that only a secret tells.
    pub secret: bool,
}

impl Spec {
    /// Every rule with the list it stands in, as `ingressDeny`.
    pub(super) fn rules(&self) -> impl Iterator<Item = (&'static str, usize, &Rule)> {
        let lists = [
            ("ingress", &self.ingress.allow),
            ("ingressDeny", &self.ingress.deny),
            ("egress", &self.egress.allow),
            ("egressDeny", &self.egress.deny),
        ];
        lists
            .into_iter()
            .flat_map(|(list, rules)| rules.iter().enumerate().map(move |(index, rule)| (list, index, rule)))
    }
}

impl Side {
    pub(super) fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }
}

impl Port {
    /// The ranges of what can be told by number.
    pub(super) fn ranges(&self) -> Vec<PortRange> {
        match self {
            &Port::Range { protocols, first, last } => {
                let range = |&protocol: &Protocol| PortRange { protocol: protocol.into(), first, last };
                protocols.iter().map(range).collect()
            }
            Port::Name { .. } => Vec::new(),
            &Port::Icmp { carrier, kind } => vec![PortRange::icmp(carrier, kind)],
            &Port::Carried(number) => {
                let first = u16::from(number);
                vec![PortRange { protocol: Carrier::Other, first, last: first }]
            }
        }
    }
}
