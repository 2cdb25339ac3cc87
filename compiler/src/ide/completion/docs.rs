//! The documentation of items, made when one of them is looked at.

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

/// Words, what they say, and an example.
const WORDS: &[(&[&str], &str, &str)] = &[
    (
        &["may reach", "reach"],
        "A grant: every source may reach every destination. It never guards.",
        "shop/web may reach shop/api:80;",
    ),
    (
        &["may only reach", "only reach"],
        "Guards the subject for egress and grants the flow; any other grant out of it is an error.",
        "shop/worker may only reach data/orders:5432;",
    ),
    (
        &["must not reach", "not reach"],
        "A guardrail: no such flow is permitted by the whole program. It grants and guards nothing.",
        "shop/web must not reach namespace data;",
    ),
    (
        &["must reach"],
        "A guardrail: every one of these flows is permitted by the whole program.",
        "shop/api must reach data/orders:5432;",
    ),
    (&["may ping", "ping"], "Grants ICMP echo. It has no ports.", "ops/prometheus may ping namespace shop;"),
    (
        &["reaches"],
        "Of a test: every source reaches every destination on every port named.",
        "shop/api reaches data/orders:5432;",
    ),
    (
        &["cannot reach"],
        "Of a test: no flow passes at all; with ports, none on these.",
        "shop/web cannot reach data/orders;",
    ),
    (
        &["isolated"],
        "Guards both ways, and lets the members reach each other freely.",
        "namespace data isolated;",
    ),
    (
        &["locked"],
        "Guards both ways and grants nothing: the pods do not reach each other either. DNS still works.",
        "namespace shop locked;",
    ),
    (
        &["open"],
        "Says that pods are meant to be unguarded. It is an error if anything guards them.",
        "namespace ops open;",
    ),
    (&["for ingress", "ingress"], "Guards what enters alone.", "namespace data locked for ingress;"),
    (&["for egress", "egress"], "Guards what leaves alone.", "namespace shop locked for egress;"),
    (
        &["on"],
        "Several ports, or ranges, of all objects.",
        "ops/prometheus may reach shop/web, shop/api on metrics, 9000-9100;",
    ),
    (
        &["over http", "http"],
        "Narrows a grant to these requests. `*` is any run of characters but `?`; the query is not matched.",
        "shop/web may reach shop/api:80 over http GET \"/v1/*\";",
    ),
    (
        &["because"],
        "The reason, kept in the annotations of the objects.",
        "shop/web may reach shop/api:80 because \"WEB-12: catalogue\";",
    ),
    (
        &["if present", "present"],
        "What matches nothing is nobody; the rest of the sentence holds. A guard is never dropped.",
        "shop/web, shop/mobile may reach shop/checkout:8443 if present;",
    ),
    (
        &["even if absent", "if absent", "absent"],
        "Compiled although nothing matches today, and for ports that nobody declares.",
        "namespace shop[app=reports] may reach shop/api:80 even if absent;",
    ),
    (
        &["until"],
        "The first day, in UTC, on which the grant no longer counts.",
        "shop/worker may reach shop/api:80 until 2027-01-31;",
    ),
    (
        &["except"],
        "Those of the first set that are not in the second.",
        "anyone except back may reach shop/api:80;",
    ),
    (
        &["in"],
        "Those of the first set that are in the second, too.",
        "namespaces[team=platform] in anyone[app=backup] may reach data/orders:5432;",
    ),
    (
        &["notin"],
        "The label has none of these values, or is not there.",
        "namespace shop[tier notin (front, edge)] locked;",
    ),
    (
        &["by"],
        "A partition: one part for each value of a namespace label. It stands behind `each`.",
        "let team = namespaces by team;\neach team isolated;",
    ),
    (&["anyone"], "Every pod that policies can govern.", "anyone except kube-system locked for ingress;"),
    (
        &["pods"],
        "The pods of the enclosing block's namespace, else of the cluster.",
        "in namespace shop {\n    pods locked;\n}",
    ),
    (&["nodes"], "The cluster's nodes.", "nodes may reach shop/web:8080;"),
    (&["apiserver"], "The cluster's API server.", "ops/backup may reach apiserver;"),
    (&["dns"], "The cluster's DNS, with port 53 unless others are named.", "namespace shop may reach dns;"),
    (
        &["internet"],
        "Every address that is not private, shared, loopback, link-local, multicast or reserved, nor the cluster's.",
        "internet may reach shop/web:80;",
    ),
    (
        &["anywhere"],
        "Every pod, node and address.",
        "shop/web must not reach anywhere except (shop/api, dns);",
    ),
    (&["namespace"], "All pods of a namespace.", "namespace shop locked;"),
    (
        &["namespaces"],
        "The pods of the namespaces with these labels.",
        "namespaces[team=platform] may reach shop/api:80;",
    ),
    (
        &["workload", "service", "deployment", "statefulset", "daemonset", "job", "cronjob", "pod"],
        "A thing by its name and kind, where the name alone could be several.",
        "statefulset data/orders locked;",
    ),
    (
        &["serviceaccount"],
        "The pods that run as this service account.",
        "serviceaccount shop/api may reach data/orders:5432;",
    ),
    (
        &["weir"],
        "Allows a lint for one statement: the one behind the comment in its line, or the next one.",
        "# weir: allow(grant-without-port) because \"any port\"\nshop/web may reach shop/api;",
    ),
];

const STATEMENTS: &[(&str, &str, &str)] = &[
    (
        "let",
        "Names a set: the thing itself, with its ports. The whole file sees it; with `export`, files that `use` this one.",
        "let back = shop/api, shop/worker;",
    ),
    (
        "use",
        "Brings the names that a module exports. It stands at the top of a file, outside of blocks.",
        "use common.nets;",
    ),
    (
        "namespace",
        "Bare names are looked up in that namespace, and `pods` are its pods.",
        "in namespace shop {\n    pods locked;\n    web may reach api:80;\n}",
    ),
    (
        "each",
        "For each of the namespaces by itself, with its own names.",
        "each namespaces[team=platform] isolated;\nin each team-* {\n    web may reach db:5432;\n}",
    ),
    (
        "cluster",
        "Holds in that cluster of the project alone.",
        "in cluster prod-eu {\n    internet may reach shop/web:80;\n}",
    ),
    (
        "clusters",
        "Holds in those clusters of the project that have these labels.",
        "in clusters[env=staging] {\n    203.0.113.0/24 may reach shop/web:80;\n}",
    ),
    (
        "policy",
        "A template. `apply` writes its sentences down with the arguments in the places of the parameters.",
        "policy reached(back, port) {\n    shop/web may reach back:port;\n}",
    ),
    ("apply", "Writes down the sentences of a policy.", "apply reached(shop/api, 80);"),
    (
        "test",
        "Says what has to hold. It is checked, and it is part of no output.",
        "test \"orders\" {\n    shop/api reaches data/orders:5432;\n    shop/web cannot reach data/orders;\n}",
    ),
    (
        "only",
        "Guards the object for ingress, on every port, and grants the flow. Another grant of it is an error.",
        "only shop/api may reach data/orders:5432;",
    ),
];
