//! The documentation of items, made when one of them is looked at.

mod words;

use std::fmt::Write;

use weir_cluster::Inventory;
use weir_cluster::inventory::{NamespaceId, Protocol, TargetPort, Workload};
use weir_grammar::ast::{LetValue, Statement};
use weir_grammar::format;

use super::policies::library;
use super::things::spoken;
use crate::codes::Code;
use crate::ide::{Desk, above, signature};
use crate::source::{FileId, Source};
use words::{STATEMENTS, WORDS};

/// The documentation of the item with this key, as Markdown.
pub fn documentation(desk: &Desk<'_>, key: &str) -> Option<String> {
    let (sort, rest) = key.split_once(' ')?;
    match sort {
        "let" => with_source(desk, rest, |_, source, name| of_let(source, name)),
        "policy" => with_source(desk, rest, |file, source, name| of_policy(desk, file, source, name)),
        "module" => of_module(desk, rest),
        "thing" => of_thing(desk.site().world.inventory(), rest),
        "namespace" => of_namespace(desk.site().world.inventory(), rest),
        "lint" => Code::parse(rest).map(|code| code.page().to_owned()),
        "word" => WORDS
            .iter()
            .find(|(words, ..)| words.contains(&rest))
            .map(|(_, text, example)| shown(text, example)),
        "statement" => {
            let word = rest.trim_start_matches("in ").trim_start_matches("export ");
            STATEMENTS
                .iter()
                .find(|(known, ..)| *known == word)
                .map(|(_, text, example)| shown(text, example))
        }
        _ => None,
    }
}

fn shown(text: &str, example: &str) -> String {
    format!("{text}\n\n```weir\n{example}\n```")
}

/// Finds the file of a key and the name behind it.
fn with_source(
    desk: &Desk<'_>,
    key: &str,
    tell: impl Fn(Option<FileId>, &Source, &str) -> Option<String>,
) -> Option<String> {
    let (file, name) = key.rsplit_once(' ')?;
    if let Some((id, source)) = desk.workspace.sources.iter().find(|(_, source)| source.name == file) {
        return tell(Some(id), source, name);
    }
    let module = file.strip_suffix(".weir")?.replace('/', ".");
    tell(None, &library(&module)?, name)
}

fn of_let(source: &Source, name: &str) -> Option<String> {
    fn find<'s>(statements: &'s [Statement], name: &str) -> Option<&'s weir_grammar::ast::Let> {
        statements.iter().find_map(|statement| match statement {
            Statement::Let(tree) => (tree.name.text == name).then_some(tree),
            Statement::Block(block) => find(&block.body, name),
            _ => None,
        })
    }
    let tree = find(&source.parse.file.statements, name)?;
    let value = match &tree.value {
        LetValue::Set(set) => format::set(set),
        LetValue::Partition(partition) => format!("namespaces by {}", partition.key.text),
    };
    let mut text = format!("```weir\nlet {} = {value};\n```", format::quoted(name));
    if let Some(comment) = above::comment(source, tree.span) {
        let _ = write!(text, "\n\n{comment}");
    }
    Some(text)
}

fn of_policy(desk: &Desk<'_>, file: Option<FileId>, source: &Source, name: &str) -> Option<String> {
    let policy = source.parse.file.statements.iter().find_map(|statement| match statement {
        Statement::Policy(tree) => (tree.name.text == name).then_some(tree),
        _ => None,
    })?;
    let kinds = file.map(|file| signature::kinds(desk, file, name)).unwrap_or_default();
    let (label, _) = signature::label(policy, &kinds);
    let mut text = format!("```weir\npolicy {label}\n```");
    if let Some(comment) = above::comment(source, policy.span) {
        let _ = write!(text, "\n\n{comment}");
    }
    Some(text)
}

fn of_module(desk: &Desk<'_>, name: &str) -> Option<String> {
    if let Some((_, source)) = desk.workspace.sources.iter().find(|(_, source)| source.name == name) {
        return Some(described(source));
    }
    let source = library(&name.strip_suffix(".weir")?.replace('/', "."))?;
    Some(described(&source))
}

/// What the top of a file says, and what it exports.
fn described(source: &Source) -> String {
    let mut text = above::of_file(source).unwrap_or_default();
    let names: Vec<String> = source
        .parse
        .file
        .statements
        .iter()
        .filter_map(|statement| match statement {
            Statement::Let(tree) if tree.export.is_some() => Some(format!("`{}`", tree.name.text)),
            Statement::Policy(tree) if tree.export.is_some() => Some(format!("`{}(…)`", tree.name.text)),
            _ => None,
        })
        .collect();
    if !text.is_empty() {
        text += "\n\n";
    }
    match names.is_empty() {
        true => text += "It exports nothing.",
        false => {
            let _ = write!(text, "It exports {}.", names.join(", "));
        }
    }
    text
}

fn of_namespace(inventory: &Inventory, name: &str) -> Option<String> {
    let id = inventory.namespace(name)?;
    let namespace = inventory.namespaces.get(id.index())?;
    let mut text = format!("namespace `{name}`");
    let own = namespace.labels.iter().filter(|(key, _)| &***key != weir_cluster::labels::NAMESPACE_NAME);
    labels(&mut text, own);
    let count = |range: std::ops::Range<u32>| range.len();
    let (workloads, services) = (count(inventory.workloads_of(id)), count(inventory.services_of(id)));
    let _ = write!(text, "\n\nworkloads: {workloads}, services: {services}");
    Some(text)
}

fn labels<'l>(
    text: &mut String,
    labels: impl Iterator<Item = (&'l weir_cluster::labels::Text, &'l weir_cluster::labels::Text)>,
) {
    let labels: Vec<String> = labels.map(|(key, value)| format!("`{key}={value}`")).collect();
    if !labels.is_empty() {
        let _ = write!(text, "\n\nlabels: {}", labels.join(", "));
    }
}

fn of_thing(inventory: &Inventory, name: &str) -> Option<String> {
    let (home, own) = name.split_once('/')?;
    let home = inventory.namespace(home)?;
    let mut texts: Vec<String> = inventory
        .workloads_in(home, own)
        .iter()
        .filter_map(|id| inventory.workloads.get(id.index()))
        .map(|workload| of_workload(inventory, workload, name))
        .collect();
    texts.extend(of_service(inventory, home, own, name));
    (!texts.is_empty()).then(|| texts.join("\n\n---\n\n"))
}

fn of_workload(inventory: &Inventory, workload: &Workload, name: &str) -> String {
    let mut text = format!("{} `{name}`", spoken(&workload.kind));
    if workload.host_network {
        text += ", on the host network";
    }
    labels(&mut text, workload.labels.iter());
    let classes = workload.classes.iter().filter_map(|class| inventory.classes.get(class.index()));
    let mut ports: Vec<_> = classes.flat_map(|class| &class.ports).collect();
    ports.sort_unstable_by_key(|port| (port.number, port.protocol));
    ports.dedup();
    let ports: Vec<String> = ports
        .into_iter()
        .map(|port| {
            let name = port.name.iter().map(|name| format!(" {name}")).collect::<String>();
            format!("`{}{}{name}`", port.number, suffix(port.protocol))
        })
        .collect();
    if !ports.is_empty() {
        let _ = write!(text, "\n\ncontainer ports: {}", ports.join(", "));
    }
    text
}

fn of_service(inventory: &Inventory, home: NamespaceId, own: &str, name: &str) -> Option<String> {
    let service = inventory.services.get(inventory.service_in(home, own)?.index())?;
    let mut text = format!("service `{name}`");
    if service.headless {
        text += ", headless";
    }
    let ports: Vec<String> = service
        .ports
        .iter()
        .map(|port| {
            let name = port.name.iter().map(|name| format!(" {name}")).collect::<String>();
            let target = match &port.target {
                TargetPort::Number(number) if *number == port.port => String::new(),
                TargetPort::Number(number) => format!(" → {number}"),
                TargetPort::Name(name) => format!(" → {name}"),
            };
            format!("`{}{}{name}{target}`", port.port, suffix(port.protocol))
        })
        .collect();
    if !ports.is_empty() {
        let _ = write!(text, "\n\nports: {}", ports.join(", "));
    }
    Some(text)
}

fn suffix(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "",
        Protocol::Udp => "/udp",
        Protocol::Sctp => "/sctp",
    }
}
