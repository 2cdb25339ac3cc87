//! A port: of a service the pod port that it leads to, and who declares it.

use std::collections::BTreeSet;

use weir_grammar::ast;

use crate::ide::Desk;
use crate::ide::peers::port_spoken;
use crate::resolve::names::{self, Named};
use crate::resolve::program::{Part, Thing};

pub(super) fn of(desk: &Desk<'_>, port: &ast::Port) -> Option<String> {
    let inventory = desk.facts().inventory;
    let mut lines = BTreeSet::new();
    let read = desk.readings().ports.iter().filter(|(span, ..)| *span == port.span);
    let written = weir_grammar::format::port(port);
    for (_, part, ports) in read {
        let pods: Vec<String> = ports.iter().map(port_spoken).collect();
        let line = match service(part) {
            Some(service) => {
                let name = names::spelled(inventory, Named::Service(service), false);
                format!("service port `{written}` of `{name}` → pod port `{}`", pods.join("`, `"))
            }
            None => {
                let who = match part.thing {
                    Thing::Workload(id) => {
                        format!(" of `{}`", names::spelled(inventory, Named::Workload(id), false))
                    }
                    _ => String::new(),
                };
                format!("port `{}`{who}", pods.join("`, `"))
            }
        };
        lines.insert(line);
    }
    let declared: BTreeSet<String> = desk
        .readings()
        .ports
        .iter()
        .filter(|(span, ..)| *span == port.span)
        .filter_map(|(_, part, ports)| Some((part.ends.pods()?, ports)))
        .flat_map(|(pods, ports)| {
            let classes = desk.facts().ground(pods);
            let declares = move |class: &u32| {
                let own = &inventory.classes[*class as usize].ports;
                own.iter().any(|own| ports.iter().any(|port| port_is(port, own)))
            };
            let found: Vec<_> = classes.iter().filter(declares).take(8).collect();
            found.into_iter().map(|class| {
                names::spelled(inventory, Named::Workload(inventory.classes[class as usize].workload), false)
            })
        })
        .collect();
    if !declared.is_empty() {
        let declared: Vec<String> = declared.into_iter().take(8).collect();
        lines.insert(format!("~declared by `{}`", declared.join("`, `")));
    }
    let lines: Vec<String> = lines.into_iter().map(|line| line.trim_start_matches('~').to_owned()).collect();
    (!lines.is_empty()).then(|| lines.join("\n\n"))
}

fn service(part: &Part) -> Option<weir_cluster::inventory::ServiceId> {
    match part.thing {
        Thing::Service(id) | Thing::Both(_, id) | Thing::Dns(Some(id)) => Some(id),
        _ => None,
    }
}

fn port_is(port: &crate::resolve::program::Port, own: &weir_cluster::inventory::ContainerPort) -> bool {
    match port {
        crate::resolve::program::Port::Range { protocol, first, last } => {
            *protocol == own.protocol && (*first..=*last).contains(&own.number)
        }
        crate::resolve::program::Port::Named { protocol, name } => {
            *protocol == own.protocol && own.name.as_ref() == Some(name)
        }
    }
}
