//! Every place of the program that speaks of what a name stands for.

use memchr::memmem;
use weir_grammar::Span;
use weir_grammar::ast::{Name, NamespaceName};

use super::Desk;
use super::definition::{Target, targets};
use super::symbol::{Symbol, of_tree, symbols, symbols_at};
use super::words::{Role, Word, words};
use crate::resolve::names::Named;
use crate::source::{FileId, Place};

/// Sorted by place. A name that stands for several things has the places of each of them.
pub fn references(desk: &Desk<'_>, offset: u32, with_definition: bool) -> Vec<Place> {
    let Some((_, wanted)) = symbols_at(desk, offset) else { return Vec::new() };
    let mut found = of_symbols(desk, &wanted, with_definition);
    if with_definition {
        let elsewhere = |symbol: &&Symbol| matches!(symbol, Symbol::Module(_) | Symbol::Cluster(_));
        let defined = wanted.iter().filter(elsewhere).flat_map(|symbol| targets(desk, symbol));
        found.extend(defined.filter_map(|target| match target {
            Target::Text(place) => Some(place),
            Target::Manifest { .. } => None,
        }));
    }
    found.sort();
    found.dedup();
    found
}

fn of_symbols(desk: &Desk<'_>, wanted: &[Symbol], with_definition: bool) -> Vec<Place> {
    let wanted: Vec<Symbol> = wanted.iter().flat_map(parts).collect();
    let mut names: Vec<String> = wanted.iter().filter_map(|symbol| name(desk, symbol)).collect();
    names.sort();
    names.dedup();
    let files = files_that_name(desk, &wanted, &names);
    // What trees alone tell needs no cluster, and so no file resolved.
    let by_trees = !wanted.iter().any(|symbol| matches!(symbol, Symbol::Thing(_) | Symbol::Namespace(_)));
    let mut desks: Vec<Desk<'_>> = files.iter().map(|file| desk.beside(*file)).collect();
    if !by_trees {
        desks.retain(|desk| may_mean(desk, &wanted, &names));
        let files: Vec<FileId> = desks.iter().map(|desk| desk.file).collect();
        desks = desk.beside_each(&files);
    }
    let mut found = Vec::new();
    for desk in &desks {
        for word in words(&desk.source().parse.file) {
            let is_definition = is_definition(&word);
            if (is_definition && !with_definition) || !names.iter().any(|name| name == text(desk, word.span))
            {
                continue;
            }
            let meant = if by_trees { of_tree(desk, &word) } else { symbols(desk, &word) };
            if meant.iter().flat_map(parts).any(|symbol| wanted.iter().any(|wanted| same(wanted, &symbol))) {
                found.push(desk.place(word.span));
            }
        }
    }
    found
}

/// Whether a file has a word of these names that may mean one of the things: not where it says that it stands in another
/// namespace. Resolving files that have none would cost the most.
fn may_mean(desk: &Desk<'_>, wanted: &[Symbol], names: &[String]) -> bool {
    let inventory = desk.facts().inventory;
    let mut homes = Vec::new();
    for symbol in wanted {
        let home = match symbol {
            Symbol::Thing(Named::Workload(id) | Named::Both(id, _)) => {
                inventory.workloads[id.index()].namespace
            }
            Symbol::Thing(Named::Service(id)) => inventory.services[id.index()].namespace,
            Symbol::Thing(Named::Namespace(id)) | Symbol::Namespace(id) => *id,
            _ => continue,
        };
        homes.push(inventory.namespaces[home.index()].name.as_ref());
    }
    let is_named = |word: &Word<'_>| names.iter().any(|name| name == text(desk, word.span));
    let is_param = |word: &Word<'_>, name: &Name| {
        word.policy.is_some_and(|policy| policy.params.iter().any(|param| param.name.text == name.text))
    };
    words(&desk.source().parse.file).iter().filter(|word| is_named(word)).any(|word| {
        let said = match word.role {
            Role::Thing { namespace: Some(NamespaceName::Name(name)), .. } => Some(name),
            Role::Thing { namespace: Some(NamespaceName::Pattern(_)), .. } | Role::Namespace(_) => None,
            Role::Thing { namespace: None, .. } => word.namespace,
            // An argument may be a namespace's name.
            Role::Bare(_) if word.argument.is_none() => word.namespace,
            Role::Bare(_) => None,
            _ => return false,
        };
        said.is_none_or(|name| homes.contains(&name.text.as_str()) || is_param(word, name))
    })
}

/// A workload and a service in one are each of them.
pub(super) fn parts(symbol: &Symbol) -> Vec<Symbol> {
    match symbol {
        Symbol::Thing(Named::Both(workload, service)) => {
            vec![Symbol::Thing(Named::Workload(*workload)), Symbol::Thing(Named::Service(*service))]
        }
        other => vec![other.clone()],
    }
}

/// Whether two words speak of one thing. Where no namespace is said, any may be meant.
pub(super) fn same(one: &Symbol, other: &Symbol) -> bool {
    match (one, other) {
        (
            Symbol::ServiceAccount { namespace: home, name },
            Symbol::ServiceAccount { namespace: other_home, name: other_name },
        ) => name == other_name && (home == other_home || home.is_none() || other_home.is_none()),
        _ => one == other,
    }
}

pub(super) fn is_definition(word: &Word<'_>) -> bool {
    matches!(word.role, Role::LetDefinition(_) | Role::PolicyDefinition(_) | Role::ParamDefinition(..))
}

/// What a name says, without its quotes.
pub(super) fn text<'t>(desk: &Desk<'t>, span: Span) -> &'t str {
    desk.text().get(span.range()).unwrap_or_default().trim_matches('"')
}

/// As what it is written wherever it is meant.
fn name(desk: &Desk<'_>, symbol: &Symbol) -> Option<String> {
    let inventory = desk.facts().inventory;
    let sources = &desk.workspace.sources;
    Some(match symbol {
        Symbol::Let(place) | Symbol::Param(place) | Symbol::Policy(place) => {
            text(&desk.beside(place.file), place.span).to_owned()
        }
        Symbol::Module(file) => sources.get(*file).module()?,
        Symbol::Thing(Named::Workload(id) | Named::Both(id, _)) => {
            inventory.workloads[id.index()].name.to_string()
        }
        Symbol::Thing(Named::Service(id)) => inventory.services[id.index()].name.to_string(),
        Symbol::Thing(Named::Namespace(id)) | Symbol::Namespace(id) => {
            inventory.namespaces[id.index()].name.to_string()
        }
        Symbol::Label { value: Some(name), .. } | Symbol::Label { key: name, value: None, .. } => {
            name.clone()
        }
        Symbol::Builtin(builtin) => builtin.word().to_owned(),
        Symbol::ServiceAccount { name, .. } | Symbol::Cluster(name) => name.clone(),
    })
}

/// The files in whose text one of the names stands. The library counts where it is what is asked about.
fn files_that_name(desk: &Desk<'_>, wanted: &[Symbol], names: &[String]) -> Vec<FileId> {
    let sources = &desk.workspace.sources;
    let is_library = |file: FileId| sources.get(file).library;
    let library = is_library(desk.file)
        || wanted.iter().any(|symbol| match symbol {
            Symbol::Let(place) | Symbol::Policy(place) => is_library(place.file),
            _ => false,
        });
    let own = wanted.iter().all(|symbol| matches!(symbol, Symbol::Param(_)));
    let finders: Vec<_> = names.iter().map(memmem::Finder::new).collect();
    let named = |text: &str| finders.iter().any(|finder| finder.find(text.as_bytes()).is_some());
    let asked = sources.iter().filter(|(file, source)| {
        (*file == desk.file || !own) && (library || !source.library) && named(&source.text)
    });
    asked.map(|(file, _)| file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    /// The places as `file line:column`, and that every one of them has the same text.
    fn found(text: &str) -> Vec<String> {
        let fixture = fixture(text);
        let desk = fixture.desk();
        let spoken = |place: Place| {
            let source = desk.workspace.sources.get(place.file);
            let before = &source.text[..place.span.start as usize];
            let line = before.matches('\n').count() + 1;
            let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
            format!("{} {line}:{column}", source.name)
        };
        references(&desk, fixture.offset, true).into_iter().map(spoken).collect()
    }

    #[test]
    fn of_lets_in_every_file_that_sees_them() {
        let files = "-- nets.weir --\nexport let office$0 = 203.0.113.0/24;\nlet near = office;\n\
                     -- a.weir --\nuse nets;\noffice may reach db:5432;\n\
                     -- b.weir --\nlet office = web;\noffice may reach db:5432;\n\
                     -- c.weir --\nuse nets;\npolicy p(office, other) { office may reach other; }\napply p(web, office);";
        assert_eq!(found(files), ["nets.weir 1:12", "nets.weir 2:12", "a.weir 2:1", "c.weir 3:14"]);
    }

    #[test]
    fn the_definition_is_left_out_where_it_is_not_asked_for() {
        let fixture = fixture("let back = api;\nba$0ck may reach db;");
        let found = references(&fixture.desk(), fixture.offset, false);
        assert_eq!(found.iter().map(|place| place.span.start).collect::<Vec<_>>(), [16]);
    }

    #[test]
    fn of_parameters_within_their_policy() {
        let text = "policy p(a, b: namespace, c) {\n  a$0 may reach b/db:c;\n  in namespace b { a locked; }\n}\na locked;";
        assert_eq!(found(text), ["main.weir 1:10", "main.weir 2:3", "main.weir 3:20"]);
        let text = "policy p(a, b: namespace, c$0) {\n  a may reach b/db:c;\n}";
        assert_eq!(found(text), ["main.weir 1:27", "main.weir 2:20"]);
        let text = "policy p(a, b$0: namespace) {\n  a may reach b/db:80;\n  in namespace b { a locked; }\n}";
        assert_eq!(found(text), ["main.weir 1:13", "main.weir 2:15", "main.weir 3:16"]);
    }

    #[test]
    fn of_policies() {
        let files = "-- p.weir --\nexport policy tenant(a) { a locked; }\n\
                     -- a.weir --\nuse p;\napply ten$0ant(shop);\nin namespace data { apply tenant(db); }\n\
                     -- b.weir --\nlet tenant = web;\ntenant locked;";
        assert_eq!(found(files), ["p.weir 1:15", "a.weir 2:7", "a.weir 3:27"]);
    }

    #[test]
    fn of_modules() {
        let files = "-- common/nets.weir --\nexport let office = 203.0.113.0/24;\n-- a.weir --\nuse common.nets;\n-- b.weir --\nuse common.ne$0ts;";
        assert_eq!(found(files), ["common/nets.weir 1:1", "a.weir 1:5", "b.weir 1:5"]);
    }

    #[test]
    fn of_workloads_however_they_are_written() {
        let files = "-- a.weir --\nwe$0b may reach db:5432;\nshop/web locked;\nservice shop/web may reach db;\n\
                     in namespace shop { web may reach api; }\nshop/\"web\" open;\n\
                     -- b.weir --\ndeployment shop/web may reach db;\nmonitoring/prometheus may reach api:web;\nshop[app=web] locked;";
        assert_eq!(
            found(files),
            ["a.weir 1:1", "a.weir 2:6", "a.weir 3:14", "a.weir 4:21", "a.weir 5:6", "b.weir 1:17"]
        );
        let service = "service shop/we$0b may reach db;\ndeployment shop/web locked;\nweb locked;";
        assert_eq!(found(service), ["main.weir 1:14", "main.weir 3:1"]);
    }

    #[test]
    fn of_namespaces() {
        let files = "namespace sh$0op locked;\nshop/web may reach db;\nin namespace shop { web locked; }\nshop locked;\nin each sh* { web locked; }";
        assert_eq!(found(files), ["main.weir 1:11", "main.weir 2:1", "main.weir 3:14", "main.weir 4:1"]);
    }

    #[test]
    fn of_labels_service_accounts_and_clusters() {
        let labels = "anyone[app=w$0eb] locked;\nshop[app in (web, api), tier=web] locked;\nnamespaces[app=web] locked;";
        assert_eq!(found(labels), ["main.weir 1:12", "main.weir 2:14"]);
        let keys = "anyone[ap$0p=web] locked;\nshop[app, !app, tier=app] locked;";
        assert_eq!(found(keys), ["main.weir 1:8", "main.weir 2:6", "main.weir 2:12"]);
        let accounts = "serviceaccount shop/ap$0i may reach db;\nin namespace shop { serviceaccount api locked; }\nshop/api locked;";
        assert_eq!(found(accounts), ["main.weir 1:21", "main.weir 2:36"]);
        let clusters = "-- weir.toml --\n[clusters.eu]\ninventory = [\"a\"]\n-- main.weir --\nin cluster eu { web locked; }\nin cluster e$0u { api locked; }";
        assert_eq!(found(clusters), ["weir.toml 1:11", "main.weir 1:12", "main.weir 2:12"]);
    }

    #[test]
    fn what_each_cluster_names_for_itself() {
        let files = "-- weir.toml --\n[clusters.eu]\ninventory = [\"a\"]\n[clusters.us]\ninventory = [\"b\"]\n\
                     -- main.weir --\nin cluster eu { let edge = web; }\nin cluster us { let edge = api; }\ned$0ge locked;";
        assert_eq!(found(files), ["main.weir 1:21", "main.weir 2:21", "main.weir 3:1"]);
    }

    #[test]
    fn of_the_library() {
        let files = "use std.kubernetes;\nanyone except system-name$0spaces locked;";
        let all = found(files);
        assert!(all.contains(&"main.weir 2:15".to_owned()), "{all:?}");
        assert!(all.iter().any(|place| place.starts_with("std/kubernetes.weir")), "{all:?}");
        assert!(
            !found("internet may reach anyo$0ne;\nanyone locked;")
                .iter()
                .any(|place| place.starts_with("std"))
        );
    }

    #[test]
    fn of_nothing() {
        for text in ["$0", "# $0web", "web may $0reach db;", "no$0body locked;\nnobody open;", "$0\nlet a ="]
        {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
