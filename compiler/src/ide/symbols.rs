//! The outline of a file, and names to jump to: those of the program and those of the cluster.

mod fuzzy;

use weir_cluster::Inventory;
use weir_cluster::inventory::{NamespaceId, ServiceId, WorkloadId};
use weir_grammar::ast::{BlockHead, LetValue, SentenceKind, Statement};
use weir_grammar::{Span, format};

use super::definition::{self, Target};
use super::{Desk, Workspace};
use crate::source::{FileId, Place};
use fuzzy::Query;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Let,
    Policy,
    Param,
    Block,
    Test,
    Sentence,
    Workload,
    Service,
    Namespace,
}

/// A statement of a file, with those inside of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentSymbol {
    pub name: String,
    /// What a `let` stands for, what a policy takes; else empty.
    pub detail: String,
    pub kind: Kind,
    pub span: Span,
    /// Within `span`: what is shown when it is gone to.
    pub name_span: Span,
    pub children: Vec<DocumentSymbol>,
}

/// Something to jump to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceSymbol {
    pub name: String,
    pub kind: Kind,
    pub to: Target,
    /// The file or the namespace that it is in.
    pub container: Option<String>,
}

/// So many symbols are found at most: the best.
pub const MOST: usize = 256;

/// The outline of a file.
pub fn document(desk: &Desk<'_>) -> Vec<DocumentSymbol> {
    desk.statements().iter().filter_map(outline).collect()
}

fn outline(statement: &Statement) -> Option<DocumentSymbol> {
    let inside = || statement.body().iter().filter_map(outline);
    let (name, detail, kind, name_span, children) = match statement {
        Statement::Use(_) | Statement::Error(_) => return None,
        Statement::Let(tree) => {
            let value = match &tree.value {
                LetValue::Set(set) => format::set(set),
                LetValue::Partition(partition) => format!("namespaces by {}", partition.key.text),
            };
            (named(&tree.name.text), shortened(value), Kind::Let, tree.name.span, Vec::new())
        }
        Statement::Policy(tree) => {
            let params = tree.params.iter().map(|param| DocumentSymbol {
                name: named(&param.name.text),
                detail: param.kind.as_ref().map(|kind| kind.text.clone()).unwrap_or_default(),
                kind: Kind::Param,
                span: param.name.span,
                name_span: param.name.span,
                children: Vec::new(),
            });
            let names: Vec<&str> = tree.params.iter().map(|param| param.name.text.as_str()).collect();
            let children = params.chain(inside()).collect();
            (
                named(&tree.name.text),
                format!("({})", names.join(", ")),
                Kind::Policy,
                tree.name.span,
                children,
            )
        }
        Statement::Block(tree) => {
            let span = match &tree.head {
                BlockHead::Namespace(name) | BlockHead::Cluster(name) => name.span,
                BlockHead::Each(each, _) => *each,
                BlockHead::Clusters(filter) => filter.span,
            };
            let name = format!("in {}", format::block_head(&tree.head));
            (shortened(name), String::new(), Kind::Block, span, inside().collect())
        }
        Statement::Test(tree) => {
            (named(&tree.name.text), String::new(), Kind::Test, tree.name.span, inside().collect())
        }
        Statement::Apply(tree) => {
            (shortened(format::apply(tree)), String::new(), Kind::Sentence, tree.name.span, Vec::new())
        }
        Statement::Sentence(tree) => {
            let span = match &tree.kind {
                SentenceKind::Posture(posture) => posture.word_span,
                SentenceKind::Reach(reach) => reach.verb_span,
            };
            (shortened(format::sentence(tree)), String::new(), Kind::Sentence, span, Vec::new())
        }
    };
    Some(DocumentSymbol { name, detail, kind, span: statement.span(), name_span, children })
}

/// Editors take no empty names.
fn named(name: &str) -> String {
    if name.is_empty() { "\"\"".to_owned() } else { name.to_owned() }
}

/// As much as an outline has room for.
fn shortened(text: String) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => text[..end].trim_end().to_owned() + "…",
        None => text,
    }
}

/// `let`s, policies and tests of all files, and workloads, services and namespaces of one cluster, whose names have the
/// letters of the query in their order; `shop/web` asks for the namespace too. Best first.
pub fn workspace(workspace: &Workspace, site: usize, query: &str) -> Vec<WorkspaceSymbol> {
    let Some(site) = workspace.sites.get(site) else { return Vec::new() };
    let inventory = site.world.inventory();
    let query = Query::of(query);
    let mut hits: Vec<(Option<&str>, Hit<'_>)> = Vec::new();
    for (file, source) in workspace.sources.iter().filter(|(_, source)| !source.library) {
        of_statements(file, &source.parse.file.statements, &mut |hit| hits.push((None, hit)));
    }
    let home = |id: NamespaceId| Some(inventory.namespaces[id.index()].name.as_ref());
    hits.extend((0..inventory.namespaces.len() as u32).map(|id| (None, Hit::Namespace(NamespaceId(id)))));
    let workloads = (0_u32..).zip(&inventory.workloads);
    hits.extend(workloads.map(|(id, workload)| (home(workload.namespace), Hit::Workload(WorkloadId(id)))));
    let services = (0_u32..).zip(&inventory.services);
    hits.extend(services.map(|(id, service)| (home(service.namespace), Hit::Service(ServiceId(id)))));
    let ranked =
        hits.into_iter().filter_map(|(home, hit)| Some((query.rank(home, hit.name(inventory))?, hit)));
    let mut found: Vec<_> = ranked.collect();
    found.sort_by(|(rank, hit), (other_rank, other)| {
        rank.cmp(other_rank).then_with(|| hit.name(inventory).cmp(other.name(inventory)))
    });
    found.into_iter().filter_map(|(_, hit)| hit.symbol(workspace, inventory)).take(MOST).collect()
}

/// Something that the query fits, as long as nobody knows whether it is among the best.
enum Hit<'t> {
    Text(Kind, &'t str, Place),
    Namespace(NamespaceId),
    Workload(WorkloadId),
    Service(ServiceId),
}

impl<'t> Hit<'t> {
    fn name<'n>(&self, inventory: &'n Inventory) -> &'n str
    where
        't: 'n,
    {
        match self {
            Hit::Text(_, name, _) => name,
            Hit::Namespace(id) => &inventory.namespaces[id.index()].name,
            Hit::Workload(id) => &inventory.workloads[id.index()].name,
            Hit::Service(id) => &inventory.services[id.index()].name,
        }
    }

    /// `None` for a namespace that no manifest has.
    fn symbol(&self, workspace: &Workspace, inventory: &Inventory) -> Option<WorkspaceSymbol> {
        let (kind, to) = match self {
            Hit::Text(kind, _, place) => (*kind, Target::Text(*place)),
            Hit::Namespace(id) => (Kind::Namespace, definition::namespace(inventory, *id)?),
            Hit::Workload(id) => (Kind::Workload, definition::workload(inventory, *id)),
            Hit::Service(id) => (Kind::Service, definition::service(inventory, *id)),
        };
        let container = match &to {
            Target::Text(place) => Some(workspace.sources.get(place.file).name.clone()),
            Target::Manifest { namespace, .. } => namespace.clone(),
        };
        Some(WorkspaceSymbol { name: named(self.name(inventory)), kind, to, container })
    }
}

fn of_statements<'t>(file: FileId, statements: &'t [Statement], add: &mut dyn FnMut(Hit<'t>)) {
    for statement in statements {
        let (kind, name) = match statement {
            Statement::Let(tree) => (Kind::Let, &tree.name),
            Statement::Policy(tree) => (Kind::Policy, &tree.name),
            Statement::Test(tree) => (Kind::Test, &tree.name),
            _ => {
                of_statements(file, statement.body(), add);
                continue;
            }
        };
        add(Hit::Text(kind, &name.text, Place { file, span: name.span }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    /// One line a symbol, indented as they nest.
    fn lines(symbols: &[DocumentSymbol], text: &str, depth: usize) -> String {
        let mut out = String::new();
        for symbol in symbols {
            let shown = &text[symbol.name_span.range()];
            assert!(symbol.span.start <= symbol.name_span.start && symbol.name_span.end <= symbol.span.end);
            out += &format!(
                "{}{:?} {} | {} | {shown}\n",
                "  ".repeat(depth),
                symbol.kind,
                symbol.name,
                symbol.detail
            );
            out += &lines(&symbol.children, text, depth + 1);
        }
        out
    }

    fn outlined(text: &str) -> String {
        let fixture = fixture(text);
        let desk = fixture.desk();
        lines(&document(&desk), desk.text(), 0)
    }

    #[test]
    fn the_outline_of_a_file() {
        let text = "use std.kubernetes;\nexport let back = shop/api,  shop/web;\nlet team = namespaces by team;\n\
                    policy p(a, port: port) { a may reach db : port; }\n\
                    in namespace shop { web locked; in cluster eu { apply p( api, 80 ); } }\n\
                    in each tenant-* { pods locked; }\nin clusters[env=prod] { web open; }\n\
                    test \"works\" { web reaches api:80; }\nweb may may;";
        let expected = "Let back | shop/api, shop/web | back\n\
                        Let team | namespaces by team | team\n\
                        Policy p | (a, port) | p\n\
                        \x20 Param a |  | a\n\
                        \x20 Param port | port | port\n\
                        \x20 Sentence a may reach db:port |  | may reach\n\
                        Block in namespace shop |  | shop\n\
                        \x20 Sentence web locked |  | locked\n\
                        \x20 Block in cluster eu |  | eu\n\
                        \x20   Sentence apply p(api, 80) |  | p\n\
                        Block in each tenant-* |  | each\n\
                        \x20 Sentence pods locked |  | locked\n\
                        Block in clusters[env=prod] |  | [env=prod]\n\
                        \x20 Sentence web open |  | open\n\
                        Test works |  | \"works\"\n\
                        \x20 Sentence web reaches api:80 |  | reaches\n";
        assert_eq!(outlined(text), expected);
    }

    #[test]
    fn long_sentences_are_shortened() {
        let text = format!("web may reach {} because \"ünïcödé\";", vec!["shop/api"; 20].join(", "));
        assert_eq!(
            outlined(&text),
            "Sentence web may reach shop/api, shop/api, shop/api, shop/api, shop/api, shop/api, shop/a… |  | may reach\n"
        );
        assert_eq!(outlined(""), "");
        assert_eq!(outlined("test \"\" { }"), "Test \"\" |  | \"\"\n");
    }

    fn found(text: &str, query: &str) -> Vec<String> {
        let fixture = fixture(text);
        let spoken = |symbol: WorkspaceSymbol| {
            format!("{:?} {} in {}", symbol.kind, symbol.name, symbol.container.unwrap_or_default())
        };
        workspace(&fixture.workspace, 0, query).into_iter().map(spoken).collect()
    }

    #[test]
    fn names_to_jump_to() {
        let text = "let web-clients = shop/api;\nin namespace shop { let webs = web; test \"the web\" { web reaches api:80; } }\n\
                    -- lib/p.weir --\npolicy wide-base(a) { a locked; }";
        assert_eq!(
            found(text, "web"),
            [
                "Workload web in shop",
                "Service web in shop",
                "Let webs in main.weir",
                "Let web-clients in main.weir",
                "Test the web in main.weir",
                "Policy wide-base in lib/p.weir",
            ]
        );
        assert_eq!(
            found(text, "WBS"),
            ["Let webs in main.weir", "Policy wide-base in lib/p.weir", "Let web-clients in main.weir"]
        );
        assert_eq!(found(text, "shop/w"), ["Workload web in shop", "Service web in shop"]);
        assert_eq!(found(text, "data"), ["Namespace data in "]);
        assert_eq!(found(text, "nothing-like-it"), [""; 0]);
        assert_eq!(found("", "").first().map(String::as_str), Some("Workload db in data"));
    }

    #[test]
    fn no_more_than_anybody_reads() {
        let text: String = (0..500).map(|at| format!("let a{at} = web;\n")).collect();
        assert_eq!(found(&text, "a").len(), MOST);
    }
}
