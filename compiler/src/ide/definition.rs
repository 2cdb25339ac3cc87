//! Where a name is defined: in a text of the program, or in the manifest that an object of the cluster was read from.

mod locate;

use weir_cluster::Inventory;
use weir_cluster::inventory::{NamespaceId, Origin, ServiceId, WorkloadId, WorkloadKind};
use weir_grammar::Span;

use super::Desk;
use super::symbol::{Symbol, symbols_at};
use crate::resolve::names::Named;
use crate::source::{FileId, Place};

pub use locate::locate;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The name that was asked about.
    pub from: Span,
    pub to: Target,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Text(Place),
    /// An object of the inventory.
    Manifest {
        /// As the inventory names it.
        file: String,
        /// Which document of the file, from 1.
        document: u32,
        /// Where the document begins, from 1; 0 where the format tells none: [`locate`] finds the object then.
        line: u32,
        kind: String,
        namespace: Option<String>,
        name: String,
    },
}

/// Everything that the name at an offset leads to: a workload and a service of one name are two.
pub fn definition(desk: &Desk<'_>, offset: u32) -> Vec<Definition> {
    let Some((from, symbols)) = symbols_at(desk, offset) else { return Vec::new() };
    let mut targets: Vec<Target> = symbols.iter().flat_map(|symbol| targets(desk, symbol)).collect();
    targets.sort();
    targets.dedup();
    targets.into_iter().map(|to| Definition { from, to }).collect()
}

/// Where one symbol is defined.
pub(super) fn targets(desk: &Desk<'_>, symbol: &Symbol) -> Vec<Target> {
    let inventory = desk.facts().inventory;
    match symbol {
        Symbol::Let(place) | Symbol::Param(place) | Symbol::Policy(place) => vec![Target::Text(*place)],
        Symbol::Module(file) => vec![Target::Text(Place { file: *file, span: Span::default() })],
        Symbol::Thing(Named::Workload(id)) => vec![workload(inventory, *id)],
        Symbol::Thing(Named::Service(id)) => vec![service(inventory, *id)],
        Symbol::Thing(Named::Both(one, other)) => vec![workload(inventory, *one), service(inventory, *other)],
        Symbol::Thing(Named::Namespace(id)) | Symbol::Namespace(id) => {
            namespace(inventory, *id).into_iter().collect()
        }
        Symbol::Cluster(name) => cluster(desk, name).map(Target::Text).into_iter().collect(),
        Symbol::Label { .. } | Symbol::Builtin(_) | Symbol::ServiceAccount { .. } => Vec::new(),
    }
}

pub(super) fn workload(inventory: &Inventory, id: WorkloadId) -> Target {
    let workload = &inventory.workloads[id.index()];
    let home = &inventory.namespaces[workload.namespace.index()].name;
    manifest(&workload.origin, kind(&workload.kind), Some(home), &workload.name)
}

pub(super) fn service(inventory: &Inventory, id: ServiceId) -> Target {
    let service = &inventory.services[id.index()];
    let home = &inventory.namespaces[service.namespace.index()].name;
    manifest(&service.origin, "Service", Some(home), &service.name)
}

/// `None` for a namespace that other objects only mention.
pub(super) fn namespace(inventory: &Inventory, id: NamespaceId) -> Option<Target> {
    let namespace = &inventory.namespaces[id.index()];
    Some(manifest(namespace.origin.as_ref()?, "Namespace", None, &namespace.name))
}

fn manifest(origin: &Origin, kind: &str, namespace: Option<&str>, name: &str) -> Target {
    Target::Manifest {
        file: origin.file.to_string(),
        document: origin.document,
        line: origin.line,
        kind: kind.to_owned(),
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
    }
}

fn kind(kind: &WorkloadKind) -> &str {
    match kind {
        WorkloadKind::Deployment => "Deployment",
        WorkloadKind::StatefulSet => "StatefulSet",
        WorkloadKind::DaemonSet => "DaemonSet",
        WorkloadKind::ReplicaSet => "ReplicaSet",
        WorkloadKind::Job => "Job",
        WorkloadKind::CronJob => "CronJob",
        WorkloadKind::Pod => "Pod",
        WorkloadKind::Other(kind) => kind,
    }
}

/// The name of a cluster's table in `weir.toml`.
fn cluster(desk: &Desk<'_>, name: &str) -> Option<Place> {
    desk.workspace.settings.as_ref()?;
    let file = FileId(0);
    let parsed = crate::project::parse(file, &desk.workspace.sources.get(file).text);
    let at = parsed.project.clusters.iter().position(|cluster| cluster.name == name)?;
    parsed.clusters.get(at).map(|places| places.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    /// What the word at the cursor leads to: texts as `file:word`, manifests as `file#document kind namespace/name`.
    fn leads_to(text: &str) -> Vec<String> {
        let fixture = fixture(text);
        let desk = fixture.desk();
        let spoken = |definition: Definition| match definition.to {
            Target::Text(place) => {
                let source = desk.workspace.sources.get(place.file);
                format!("{}:{}", source.path, &source.text[place.span.range()])
            }
            Target::Manifest { file, document, line, kind, namespace, name } => {
                let home = namespace.map(|home| home + "/").unwrap_or_default();
                format!("{file}#{document}:{line} {kind} {home}{name}")
            }
        };
        definition(&desk, fixture.offset).into_iter().map(spoken).collect()
    }

    #[test]
    fn names_of_the_program_lead_to_where_they_are_defined() {
        assert_eq!(leads_to("let a = web;\na$0 may reach db;"), ["main.weir:a"]);
        assert_eq!(leads_to("let $0a = web;"), ["main.weir:a"]);
        assert_eq!(leads_to("policy p(a) { a may reach $0a; }\napply p(web);"), ["main.weir:a"]);
        assert_eq!(leads_to("policy p(a, b) { a may reach db:b$0; }\napply p(web, 5432);"), ["main.weir:b"]);
        assert_eq!(leads_to("policy p(a) { a locked; }\napply p$0(web);"), ["main.weir:p"]);
    }

    #[test]
    fn names_of_modules_lead_there() {
        let nets = "-- nets.weir --\nexport let office = 203.0.113.0/24;";
        assert_eq!(leads_to(&format!("use nets;\noff$0ice may reach db;\n{nets}")), ["nets.weir:office"]);
        assert_eq!(leads_to(&format!("use ne$0ts;\noffice may reach db;\n{nets}")), ["nets.weir:"]);
        assert_eq!(leads_to("use std.kuber$0netes;"), ["<std/kubernetes.weir>:"]);
        assert_eq!(
            leads_to("use std.kubernetes;\nanyone except system-name$0spaces locked;"),
            ["<std/kubernetes.weir>:system-namespaces"]
        );
        assert_eq!(leads_to("use no$0where;"), [""; 0]);
    }

    #[test]
    fn things_lead_to_their_manifests() {
        let both = ["cluster.yaml#4:18 Deployment shop/web", "cluster.yaml#5:32 Service shop/web"]
            .map(str::to_owned);
        assert_eq!(leads_to("w$0eb may reach db;"), both);
        assert_eq!(leads_to("shop/web$0 may reach db;"), both);
        assert_eq!(leads_to("service shop/$0web may reach db;"), both[1..]);
        assert_eq!(leads_to("deployment shop/$0web may reach db;"), both[..1]);
        assert_eq!(leads_to("shop$0/web may reach db;"), ["cluster.yaml#1:1 Namespace shop"]);
        assert_eq!(leads_to("namespace da$0ta locked;"), ["cluster.yaml#2:7 Namespace data"]);
        assert_eq!(leads_to("in namespace shop { we$0b locked; }"), both);
        assert_eq!(leads_to("let web = shop/web;\nwe$0b locked;"), ["main.weir:web"]);
    }

    #[test]
    fn clusters_lead_to_their_table() {
        let toml =
            "-- weir.toml --\n[clusters.eu]\ninventory = [\"a\"]\n[clusters.us]\ninventory = [\"b\"]\n";
        assert_eq!(
            leads_to(&format!("{toml}-- main.weir --\nin cluster u$0s {{ web locked; }}")),
            ["weir.toml:us"]
        );
    }

    #[test]
    fn what_names_nothing_leads_nowhere() {
        for text in
            ["$0", "# we$0b", "web may re$0ach db;", "nobody$0 may reach db;", "web may reach db:54$032;"]
        {
            assert_eq!(leads_to(text), [""; 0], "{text}");
        }
        assert_eq!(leads_to("web may reach db because \"we$0b\";"), [""; 0]);
        assert_eq!(leads_to("let a = web;\r\n# Ünïcödé\r\na$0 may reach"), [""; 0]);
    }
}
