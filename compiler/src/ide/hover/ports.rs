//! A port: what pods see of it behind the service.

use std::collections::BTreeSet;

use weir_cluster::inventory::{ServiceId, ServicePort};
use weir_grammar::ast::{self, PortKind};
use weir_grammar::format;

use super::things::service_port;
use crate::ide::Desk;
use crate::ide::peers::port_spoken;
use crate::ide::say::code;
use crate::resolve::names::{self, Named};
use crate::resolve::program::{Part, Thing};

/// Of a port of several things, so many are told.
const MOST: usize = 5;

pub(super) fn of_port(desk: &Desk<'_>, port: &ast::Port) -> Option<String> {
    let written = format::port(port);
    let readings = desk.readings().port(port.span);
    let mut lines: BTreeSet<String> = BTreeSet::new();
    for (_, part, ports) in readings {
        let ports: Vec<String> = ports.iter().map(|port| code(&port_spoken(port))).collect();
        let behind = service(part).and_then(|id| of_service(desk, id, port));
        let of = match behind {
            Some(behind) => format!("{behind}, "),
            None => String::new(),
        };
        let pods = if ports.len() == 1 { "pod port" } else { "pod ports" };
        let pods = if part.thing == Thing::Unchecked { "port" } else { pods };
        lines.insert(format!("{}: {of}{pods} {}", thing(desk, part), ports.join(", ")));
    }
    if lines.is_empty() {
        return None;
    }
    let more = lines.len().saturating_sub(MOST);
    let mut text = format!("port {}\n", code(&written));
    lines.iter().take(MOST).for_each(|line| text += &format!("\n- {line}"));
    if more > 0 {
        text += &format!("\n- and of {more} more");
    }
    Some(text)
}

fn service(part: &Part) -> Option<ServiceId> {
    match part.thing {
        Thing::Service(id) | Thing::Both(_, id) | Thing::Dns(Some(id)) => Some(id),
        _ => None,
    }
}

fn thing(desk: &Desk<'_>, part: &Part) -> String {
    let inventory = desk.facts().inventory;
    let named = match part.thing {
        Thing::Workload(id) => Named::Workload(id),
        Thing::Service(id) | Thing::Both(_, id) => Named::Service(id),
        _ => return code(&crate::diagnostic::shortened(desk.workspace.sources.text(part.place))),
    };
    code(&names::spelled(inventory, named, false))
}

/// The service's own port that is meant.
fn of_service(desk: &Desk<'_>, id: ServiceId, port: &ast::Port) -> Option<String> {
    let inventory = desk.facts().inventory;
    let service = inventory.services.get(id.index())?;
    let is_meant = |own: &&ServicePort| match &port.kind {
        PortKind::Number { first, last, .. } => (*first..=*last).contains(&own.port),
        PortKind::Name(name) => own.name.as_deref() == Some(name),
        PortKind::Error => false,
    };
    let own = service.ports.iter().find(is_meant)?;
    let classes = names::service_pods(inventory, id).map(|pods| pods.classes(inventory)).unwrap_or_default();
    Some(format!("service port {}", service_port(desk, service, own, &classes)))
}
