//! Ports behind `:` and `on`: what the things before them expose, by number and by name, and what that leads to.

use std::collections::{BTreeMap, BTreeSet};

use roaring::RoaringBitmap as Bits;
use weir_cluster::inventory::{Protocol, ServiceId, TargetPort};
use weir_grammar::Span;
use weir_grammar::format::after_slash;

use super::context::Context;
use super::list::List;
use super::{Completion, CompletionKind};
use crate::resolve::ports::WELL_KNOWN;
use crate::resolve::program::{Part, Thing};

const PARAMS: u8 = 0;
const NUMBERS: u8 = 1;
const NAMES: u8 = 2;

/// What is exposed, and what it leads to.
#[derive(Default)]
struct Exposed {
    numbers: BTreeMap<(u16, Protocol), Row>,
    names: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Default)]
struct Row {
    names: BTreeSet<String>,
    /// Of a service: the ports of its pods, where they are others.
    targets: BTreeSet<String>,
}

/// The ports of sets.
pub fn ports(context: &Context<'_, '_>, of: &[Span], list: &mut List<'_>) {
    for (name, kind) in context.params() {
        if matches!(kind, None | Some("port")) {
            let item = Completion::new(CompletionKind::Param, after_slash(name)).filter(name);
            list.add(PARAMS, item.detail("parameter: port"));
        }
    }
    let mut exposed = Exposed::default();
    for part in of.iter().flat_map(|span| context.parts(*span, false)) {
        exposed.add(context, &part);
    }
    exposed.list(list);
    protocols(list);
}

impl Exposed {
    fn add(&mut self, context: &Context<'_, '_>, part: &Part) {
        match part.thing {
            Thing::Service(id) => self.service(context, id, part),
            Thing::Both(_, id) => {
                self.service(context, id, part);
                self.containers(context, part);
            }
            Thing::Pods | Thing::Workload(_) => self.containers(context, part),
            Thing::Dns(_) => {
                for protocol in [Protocol::Udp, Protocol::Tcp] {
                    self.row(53, protocol);
                }
            }
            Thing::ApiServer => {
                self.row(443, Protocol::Tcp).names.insert("https".to_owned());
                self.name("https", "443".to_owned());
            }
            Thing::Unchecked => {
                for (name, number, protocols) in WELL_KNOWN {
                    let several = protocols.len() > 1;
                    let protocols = protocols.iter().map(|protocol| written(*number, *protocol, several));
                    self.name(name, protocols.collect::<Vec<_>>().join(", "));
                }
            }
        }
    }

    fn row(&mut self, number: u16, protocol: Protocol) -> &mut Row {
        self.numbers.entry((number, protocol)).or_default()
    }

    fn name(&mut self, name: &str, means: String) {
        self.names.entry(name.to_owned()).or_default().insert(means);
    }

    fn service(&mut self, context: &Context<'_, '_>, id: ServiceId, part: &Part) {
        let Some(service) = context.inventory().services.get(id.index()) else { return };
        let classes = classes(context, part);
        for port in &service.ports {
            let targets: BTreeSet<String> = match &port.target {
                TargetPort::Number(number) => [number.to_string()].into(),
                TargetPort::Name(name) => {
                    let found = numbers_of(context, &classes, name, port.protocol);
                    if found.is_empty() { [name.to_string()].into() } else { found }
                }
            };
            if let Some(name) = &port.name {
                let means = written(port.port, port.protocol, false);
                self.name(name, leading(means, port.port, &targets));
            }
            if service.headless {
                // Its name leads to the pods: their ports are dialled.
                let numbers = targets.iter().filter_map(|target| target.parse::<u16>().ok());
                for number in numbers {
                    self.row(number, port.protocol)
                        .names
                        .extend(port.name.iter().map(|name| name.to_string()));
                }
                continue;
            }
            let row = self.row(port.port, port.protocol);
            row.names.extend(port.name.iter().map(|name| name.to_string()));
            row.targets.extend(targets.into_iter().filter(|target| *target != port.port.to_string()));
        }
    }

    fn containers(&mut self, context: &Context<'_, '_>, part: &Part) {
        let classes = classes(context, part);
        for class in classes.iter().filter_map(|class| context.inventory().classes.get(class as usize)) {
            for port in &class.ports {
                let row = self.numbers.entry((port.number, port.protocol)).or_default();
                let Some(name) = &port.name else { continue };
                if !row.names.contains(&**name) {
                    row.names.insert(name.to_string());
                }
                let known = self.names.get(&**name);
                let means = written(port.number, port.protocol, false);
                let is_known = known.is_some_and(|known| {
                    // A service's port of that name leads there already.
                    known.contains(&means) || known.iter().any(|known| known.ends_with(&format!("→ {means}")))
                });
                if !is_known {
                    self.name(name, means);
                }
            }
        }
    }

    fn list(self, list: &mut List<'_>) {
        let others = |number: u16, protocol: Protocol| {
            let protocols = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
            let mut others = protocols.into_iter().filter(|other| *other != protocol);
            others.any(|other| self.numbers.contains_key(&(number, other)))
        };
        for ((number, protocol), row) in &self.numbers {
            let label = written(*number, *protocol, others(*number, *protocol));
            let mut detail: Vec<String> = Vec::new();
            if !row.targets.is_empty() {
                detail.push(format!("→ {}", joined(&row.targets)));
            }
            if !row.names.is_empty() {
                detail.push(joined(&row.names));
            }
            let item = Completion::new(CompletionKind::Port, label).sort(format!("{number:05}"));
            let detail = detail.join(" ");
            list.add(NUMBERS, if detail.is_empty() { item } else { item.detail(detail) });
        }
        for (name, means) in &self.names {
            let item = Completion::new(CompletionKind::PortName, after_slash(name)).filter(name);
            list.add(NAMES, item.detail(joined(means)));
        }
    }
}

/// A number that is not known is still of some protocol.
fn protocols(list: &mut List<'_>) {
    let Some((number, _)) = list.typed.split_once('/') else { return };
    if number.parse::<u16>().is_err() {
        return;
    }
    for (at, protocol) in ["tcp", "udp", "sctp"].into_iter().enumerate() {
        let item = Completion::new(CompletionKind::Port, format!("{number}/{protocol}"));
        list.add(NAMES + 1, item.sort(format!("{at:02}")));
    }
}

fn classes(context: &Context<'_, '_>, part: &Part) -> Bits {
    part.ends.pods().map(|pods| pods.classes(context.inventory())).unwrap_or_default()
}

/// The numbers that pods have for a name.
fn numbers_of(context: &Context<'_, '_>, classes: &Bits, name: &str, protocol: Protocol) -> BTreeSet<String> {
    let classes = classes.iter().filter_map(|class| context.inventory().classes.get(class as usize));
    let ports = classes.flat_map(|class| &class.ports);
    ports
        .filter(|port| port.protocol == protocol && port.name.as_deref() == Some(name))
        .map(|port| port.number.to_string())
        .collect()
}

/// As a sentence takes it: a bare number is TCP.
fn written(number: u16, protocol: Protocol, is_told: bool) -> String {
    match protocol {
        Protocol::Tcp if !is_told => number.to_string(),
        Protocol::Tcp => format!("{number}/tcp"),
        Protocol::Udp => format!("{number}/udp"),
        Protocol::Sctp => format!("{number}/sctp"),
    }
}

/// A port, with where it leads to if that is another number.
fn leading(written: String, number: u16, targets: &BTreeSet<String>) -> String {
    let number = number.to_string();
    let others: BTreeSet<String> = targets.iter().filter(|target| **target != number).cloned().collect();
    if others.is_empty() { written } else { format!("{written} → {}", joined(&others)) }
}

fn joined(texts: &BTreeSet<String>) -> String {
    texts.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
