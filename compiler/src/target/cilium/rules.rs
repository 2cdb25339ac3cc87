//! Rules of Cilium: one kind of peers each, at most forty ports each.

use weir_cluster::inventory::Protocol;
use weir_grammar::ast::Direction;

use super::objects::{Cidr, Http, Icmp, IcmpField, Name, Peers, Port, PortRule, Requests, Rule};
use super::{http, selector};
use crate::relation::Narrowing;
use crate::resolve::program::{self, Ports};
use crate::target::merge::{MergedRule, SomePeers};
use crate::target::non_empty::NonEmpty;
use crate::target::peer::Peer;

/// More ports than this Cilium refuses.
const MOST_PORTS: usize = 40;

/// How peers are spelled in one cluster.
#[derive(Clone, Copy)]
pub struct Spelling<'a> {
    /// The name of this cluster, where selectors would match pods of others too.
    pub cluster: Option<&'a str>,
}

impl Spelling<'_> {
    /// The rules of one direction that permit, or deny, what these say.
    pub fn rules(self, merged: &[MergedRule], direction: Direction) -> Vec<Rule> {
        let mut all = Vec::new();
        for rule in merged {
            let traffic = traffic(&rule.ports, rule.narrowed.as_ref());
            for peers in self.peers(&rule.peers, direction) {
                all.extend(
                    traffic.iter().map(|traffic| Rule { peers: Some(peers.clone()), ..traffic.clone() }),
                );
            }
        }
        all.sort_unstable();
        all
    }

    /// The peers of a rule by kind.
    pub fn peers(self, peers: &SomePeers, direction: Direction) -> Vec<Peers> {
        let SomePeers::These(first, rest) = peers else { return vec![entities(vec!["all"], direction)] };
        let (mut endpoints, mut words, mut blocks, mut names) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for peer in std::iter::once(first).chain(rest) {
            match peer {
                Peer::Anywhere => words.push("all"),
                Peer::Pods(pods) => endpoints.push(selector::of_peer(pods, self.cluster)),
                Peer::Block(block) => blocks.push(Cidr {
                    cidr: block.cidr.to_string(),
                    except: NonEmpty::new(block.except.iter().map(ToString::to_string).collect()),
                }),
                // From its own node a pod is always reached.
                Peer::Nodes if direction == Direction::Ingress => words.push("remote-node"),
                Peer::Nodes => words.extend(["host", "remote-node"]),
                Peer::OwnNode => words.push("host"),
                Peer::ApiServer => words.push("kube-apiserver"),
                Peer::Host(host) => names.extend(host_names(host)),
            }
        }
        let mut all = Vec::new();
        endpoints.sort_unstable();
        all.extend(NonEmpty::new(endpoints).map(|endpoints| match direction {
            Direction::Ingress => Peers::FromEndpoints(endpoints),
            Direction::Egress => Peers::ToEndpoints(endpoints),
        }));
        words.sort_unstable();
        words.dedup();
        if !words.is_empty() {
            all.push(entities(words, direction));
        }
        all.extend(NonEmpty::new(blocks).map(|blocks| match direction {
            Direction::Ingress => Peers::FromCidrSet(blocks),
            Direction::Egress => Peers::ToCidrSet(blocks),
        }));
        all.extend(NonEmpty::new(names).map(Peers::ToFqdns));
        all
    }
}

/// What a rule says of ports, in as many rules as it takes.
fn traffic(ports: &Ports, narrowed: Option<&Narrowing>) -> Vec<Rule> {
    if narrowed == Some(&Narrowing::Ping) {
        return vec![Rule { icmps: Some(NonEmpty::of(echo())), ..Rule::default() }];
    }
    let Ports::These(ports) = ports else { return vec![Rule::default()] };
    let requests = match narrowed {
        Some(Narrowing::Http(requests)) => {
            let mut requests: Vec<Http> =
                requests.iter().map(|(method, path)| http::request(method, path)).collect();
            requests.sort_unstable();
            requests.dedup();
            NonEmpty::new(requests).map(Requests::Http)
        }
        _ => None,
    };
    let Some(ports) = NonEmpty::new(ports.iter().map(port).collect()) else { return Vec::new() };
    let rule = |ports| Rule {
        to_ports: Some(NonEmpty::of(PortRule { ports, rules: requests.clone() })),
        ..Rule::default()
    };
    ports.chunks(MOST_PORTS).map(rule).collect()
}

/// ICMP echo request, of both families.
fn echo() -> Icmp {
    let field = |family, kind| IcmpField { family, kind };
    let mut fields = vec![field("IPv4", 8)];
    fields.push(field("IPv6", 128));
    Icmp { fields: NonEmpty::new(fields).expect("two fields") }
}

fn port(port: &program::Port) -> Port {
    match port {
        program::Port::Range { protocol, first, last } => Port {
            port: first.to_string(),
            end_port: (first != last).then_some(*last),
            protocol: protocol_name(*protocol),
        },
        program::Port::Named { protocol, name } => {
            Port { port: name.to_string(), end_port: None, protocol: protocol_name(*protocol) }
        }
    }
}

fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

fn entities(words: Vec<&'static str>, direction: Direction) -> Peers {
    let words = NonEmpty::new(words).expect("some entity");
    match direction {
        Direction::Ingress => Peers::FromEntities(words),
        Direction::Egress => Peers::ToEntities(words),
    }
}

/// `*.x` is one label or more: `**.` says so to newer versions, and older ones are told of one label at least.
fn host_names(host: &str) -> Vec<Name> {
    match host.strip_prefix("*.") {
        None => vec![Name::Exactly(host.to_owned())],
        Some(domain) => {
            vec![Name::Pattern(format!("*.{domain}")), Name::Pattern(format!("**.{domain}"))]
        }
    }
}

/// How names are learnt: what the DNS answers passes the proxy, whatever is asked.
pub fn learning_names(dns: Peers) -> Rule {
    let port = |protocol| Port { port: "53".to_owned(), end_port: None, protocol };
    let ports = NonEmpty::new(vec![port("UDP"), port("TCP")]).expect("two ports");
    let every = NonEmpty::of(Name::Pattern("*".to_owned()));
    let to_ports = NonEmpty::of(PortRule { ports, rules: Some(Requests::Dns(every)) });
    Rule { peers: Some(dns), to_ports: Some(to_ports), icmps: None }
}
