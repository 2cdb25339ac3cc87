//! What is said of a port that is none: where it is wrong, what is exposed, what to write instead.

use std::collections::BTreeSet;

use weir_cluster::inventory::{Protocol, TargetPort};
use weir_grammar::ast::{self, PortKind};
use weir_grammar::format;

use super::{Miss, Wanted};
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::resolve::names::{self, Named};
use crate::resolve::program::{Part, Port, Thing};
use crate::resolve::{Resolver, Scope};

impl Resolver<'_> {
    pub(super) fn report_miss(
        &mut self,
        part: &Part,
        port: &ast::Port,
        wanted: &Wanted<'_>,
        miss: Miss,
        scope: Scope,
    ) {
        let place = scope.place(port.span);
        let written = format::port(port);
        let thing = self.sources.text(part.place).to_owned();
        let said = match miss {
            Miss::NoServiceName => {
                Diagnostic::error(Code::E0304, format!("`{written}` is no well-known port name"))
                    .at(place, "addresses and host names declare no ports")
                    .with_help("write its number; names such as `https` or `ssh` are IANA's")
            }
            Miss::Target(name) => {
                let message =
                    format!("port `{written}` of `{thing}` leads to `{name}`, which no pod declares");
                Diagnostic::error(Code::E0304, message).at(place, format!("target port `{name}`")).with_help(
                    format!("name a container port `{name}` in its pods, or give the service a number"),
                )
            }
            Miss::Under(protocol) => {
                let word = word(protocol);
                let fixed = match wanted {
                    Wanted::Number { first, last, .. } => format::port(&ast::Port {
                        span: port.span,
                        kind: PortKind::Number {
                            first: *first,
                            last: *last,
                            protocol: Some(ast_protocol(protocol)),
                        },
                    }),
                    Wanted::Name(name) => (*name).to_owned(),
                };
                let (message, label) = match wanted {
                    Wanted::Number { protocol: Some(other), .. } => (
                        format!("`{thing}` does not expose `{written}`"),
                        format!("exposed under {word}, not under {}", self::word(*other)),
                    ),
                    _ => (
                        format!("`{thing}` exposes `{written}` under {word} only"),
                        "a bare number means TCP".to_owned(),
                    ),
                };
                Diagnostic::error(Code::E0305, message)
                    .at(place, label)
                    .with_help(format!("write `{fixed}`"))
                    .suggest(format!("grant {word}"), place, fixed)
            }
            Miss::TwoThings { service, workload } => {
                let (Thing::Both(id, service_id), inventory) = (part.thing, self.facts.inventory) else {
                    return;
                };
                let as_service = names::spelled(inventory, Named::Service(service_id), true);
                let as_workload = names::spelled(inventory, Named::Workload(id), true);
                let message = format!("`{written}` means two things of `{thing}`");
                Diagnostic::error(Code::E0306, message)
                    .at(
                        place,
                        format!(
                            "of the service it is pod port {}, of the workload it is container port {}",
                            shown(&service),
                            shown(&workload)
                        ),
                    )
                    .with_help(format!("write `{as_service}` or `{as_workload}`"))
                    .suggest("the service's port", part.place, as_service)
                    .suggest("the container's port", part.place, as_workload)
            }
            Miss::NotExposed => {
                let exposed = self.exposed(part);
                let near = match wanted {
                    Wanted::Name(name) => names::nearest(name, exposed.iter().map(|(name, _)| name.as_str())),
                    Wanted::Number { .. } => Vec::new(),
                };
                let shown: Vec<&str> = exposed.iter().map(|(_, shown)| shown.as_str()).collect();
                let mut said =
                    Diagnostic::error(Code::E0304, format!("`{thing}` does not expose `{written}`"))
                        .at(place, "not among its ports");
                said = if shown.is_empty() {
                    said.with_note(format!("`{thing}` declares no ports"))
                } else {
                    said.with_note(format!("`{thing}` exposes {}", several(&shown)))
                };
                if !near.is_empty() {
                    said = said.with_help(format!("did you mean {}?", listed(&near, "or")));
                }
                for near in near {
                    said = said.suggest(format!("`{near}`"), place, near);
                }
                match part.thing {
                    Thing::Service(_) => said.with_help("where a service's port leads is known once it has the port; or grant the workload's own port"),
                    _ => said.with_help("if it is planned, end the sentence with `even if absent`"),
                }
            }
        };
        self.report(said);
    }

    /// What a thing exposes: how it would be written, and in words.
    fn exposed(&self, part: &Part) -> Vec<(String, String)> {
        let inventory = self.facts.inventory;
        let mut exposed = Vec::new();
        let services = match part.thing {
            Thing::Service(id) | Thing::Both(_, id) => vec![id],
            Thing::Dns(service) => service.into_iter().collect(),
            _ => Vec::new(),
        };
        for id in services {
            let service = &inventory.services[id.index()];
            for port in &service.ports {
                let target = match &port.target {
                    TargetPort::Number(number) if *number == port.port => "as a service".to_owned(),
                    TargetPort::Number(number) => format!("as a service, for pod port {number}"),
                    TargetPort::Name(name) => format!("as a service, for pod port {name}"),
                };
                let (written, said) = written(port.name.as_deref(), port.port, port.protocol);
                exposed.push((written, format!("{said} {target}")));
            }
        }
        let mut containers = BTreeSet::new();
        if !matches!(part.thing, Thing::Service(_)) {
            for class in self.classes(&part.ends).iter() {
                for port in &inventory.classes[class as usize].ports {
                    containers.insert(written(port.name.as_deref(), port.number, port.protocol));
                }
            }
        }
        let told: BTreeSet<String> = exposed.iter().map(|(written, _)| written.clone()).collect();
        exposed.extend(containers.into_iter().filter(|(written, _)| !told.contains(written)));
        if part.thing == Thing::ApiServer {
            exposed.push(("443".to_owned(), "`443`".to_owned()));
        }
        exposed
    }
}

/// `http`, and "`8080` (`http`)".
fn written(name: Option<&str>, number: u16, protocol: Protocol) -> (String, String) {
    let number = match protocol {
        Protocol::Tcp => number.to_string(),
        other => format!("{number}/{}", word(other).to_lowercase()),
    };
    match name {
        Some(name) => (name.to_owned(), format!("`{number}` (`{name}`)")),
        None => (number.clone(), format!("`{number}`")),
    }
}

fn several(shown: &[&str]) -> String {
    const MOST: usize = 12;
    match shown {
        [init @ .., last] if !init.is_empty() && shown.len() <= MOST => {
            format!("{} and {last}", init.join(", "))
        }
        _ if shown.len() > MOST => format!("{} and {} more", shown[..MOST].join(", "), shown.len() - MOST),
        _ => shown.join(""),
    }
}

fn shown(ports: &BTreeSet<Port>) -> String {
    let one = |port: &Port| match port {
        Port::Range { first, last, .. } if first == last => first.to_string(),
        Port::Range { first, last, .. } => format!("{first}-{last}"),
        Port::Named { name, .. } => name.to_string(),
    };
    ports.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn ast_protocol(protocol: Protocol) -> ast::Protocol {
    match protocol {
        Protocol::Tcp => ast::Protocol::Tcp,
        Protocol::Udp => ast::Protocol::Udp,
        Protocol::Sctp => ast::Protocol::Sctp,
    }
}

pub(super) fn word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}
