//! A name is written in full, or as short as it can be where it stands.

use std::collections::BTreeSet;

use weir_cluster::inventory::NamespaceId;
use weir_grammar::Span;
use weir_grammar::ast::*;
use weir_grammar::format::{after_slash, quoted};

use super::tree::{self, Stands};
use super::{Action, ActionKind};
use crate::ide::Desk;
use crate::resolve::names::{self, Named};
use crate::resolve::readings::Meant;

pub fn actions(desk: &Desk<'_>, range: Span) -> Vec<Action> {
    let path = tree::path(desk.statements(), range);
    let Some(statement) = path.last() else { return Vec::new() };
    let Some(written) = written(statement, range) else { return Vec::new() };
    if !desk.is_known() {
        return Vec::new();
    }
    // A program for several clusters may mean another thing in each of them.
    let sites = (0..desk.workspace.sites.len()).filter(|site| desk.workspace.sites[*site].world.is_known);
    let spelled = |site: usize| {
        let other = Desk::new(desk.workspace, site, desk.file, None);
        spelled(if site == desk.site { desk } else { &other }, &path, &written)
    };
    let all: BTreeSet<Option<String>> = sites.map(spelled).collect();
    let [Some(text)] = all.iter().collect::<Vec<_>>()[..] else { return Vec::new() };
    if desk.text()[written.span.range()] == **text {
        return Vec::new();
    }
    let title = match written.is_short {
        true => format!("write its full name, `{text}`"),
        false => format!("write it short, `{text}`"),
    };
    vec![Action::new(ActionKind::Rewrite, title, vec![tree::replace(desk, written.span, text.clone())])]
}

/// A thing or namespace as it is written.
struct Written<'t> {
    span: Span,
    name: &'t Name,
    kind: Option<KindWord>,
    is_short: bool,
}

/// The name at a range that stands for a set of its own.
fn written(statement: &Statement, range: Span) -> Option<Written<'_>> {
    let mut found = None;
    tree::each_set(statement, &mut |set, stands| {
        if matches!(stands, Stands::Argument | Stands::Parts) {
            return;
        }
        for operand in &set.operands {
            let (name, kind, is_short) = match &operand.base {
                Base::Name(name) => (name, None, true),
                Base::Qualified { namespace: NamespaceName::Name(_), name } => (name, None, false),
                Base::Kinded { kind: KindWord::ServiceAccount, .. } => continue,
                Base::Kinded { kind, namespace: None, name } => (name, Some(*kind), true),
                Base::Kinded { kind, namespace: Some(NamespaceName::Name(_)), name } => {
                    (name, Some(*kind), false)
                }
                Base::Namespace(name) => (name, None, false),
                _ => continue,
            };
            let span = Span { start: operand.span.start, end: name.span.end };
            if span.start <= range.start && range.end <= span.end {
                found = Some(Written { span, name, kind, is_short });
            }
        }
    });
    // An argument may be asked for as a name of its kind.
    found.filter(|_| !matches!(statement, Statement::Apply(_)))
}

/// The other way to write it in one cluster.
fn spelled(desk: &Desk<'_>, path: &[&Statement], written: &Written<'_>) -> Option<String> {
    if policy(path).is_some_and(|policy| has_param(policy, &written.name.text)) {
        return None;
    }
    let meant: Vec<Meant> = desk.readings().meant(written.name.span).collect();
    let named = match meant[..] {
        [Meant::Thing(named)] => named,
        [Meant::Namespace(id)] => Named::Namespace(id),
        _ => return None,
    };
    if written.is_short { Some(full(desk, named)) } else { short(desk, path, written, named) }
}

fn full(desk: &Desk<'_>, named: Named) -> String {
    let inventory = desk.facts().inventory;
    let things = desk.site().world.known().things();
    let is_alone = match named {
        Named::Workload(id) | Named::Both(id, _) => {
            let workload = &inventory.workloads[id.index()];
            names::in_namespace(things, workload.namespace, &workload.name, None) == [named]
        }
        Named::Service(id) => {
            let service = &inventory.services[id.index()];
            names::in_namespace(things, service.namespace, &service.name, None) == [named]
        }
        Named::Namespace(_) => true,
    };
    names::spelled(inventory, named, !is_alone)
}

fn short(desk: &Desk<'_>, path: &[&Statement], written: &Written<'_>, named: Named) -> Option<String> {
    let name = written.name.text.as_str();
    let things = desk.site().world.known().things();
    let home = home(desk, path)?;
    let found = |kind| match home {
        Home::Cluster => names::anywhere(things, name, kind),
        Home::Namespace(id) => names::in_namespace(things, id, name, kind),
    };
    if found(None) == [named] && !visible(desk).contains(name) {
        return Some(quoted(name));
    }
    let kind = written.kind?;
    (found(Some(kind)) == [named]).then(|| format!("{} {}", kind.word(), after_slash(name)))
}

/// Where bare names are looked up.
enum Home {
    Cluster,
    Namespace(NamespaceId),
}

/// `None` where it is several namespaces.
fn home(desk: &Desk<'_>, path: &[&Statement]) -> Option<Home> {
    let heads = path.iter().rev().filter_map(|statement| match statement {
        Statement::Block(block) => Some(&block.head),
        _ => None,
    });
    for head in heads {
        match head {
            BlockHead::Each(..) => return None,
            BlockHead::Namespace(name) => {
                if policy(path).is_some_and(|policy| has_param(policy, &name.text)) {
                    return None;
                }
                return match desk.readings().meant(name.span).collect::<Vec<_>>()[..] {
                    [Meant::Namespace(id)] => Some(Home::Namespace(id)),
                    _ => None,
                };
            }
            BlockHead::Cluster(_) | BlockHead::Clusters(_) => {}
        }
    }
    Some(Home::Cluster)
}

fn policy<'t>(path: &[&'t Statement]) -> Option<&'t Policy> {
    path.iter().find_map(|statement| match statement {
        Statement::Policy(policy) => Some(policy),
        _ => None,
    })
}

fn has_param(policy: &Policy, name: &str) -> bool {
    policy.params.iter().any(|param| param.name.text == name)
}

/// The names of `let`s that a bare name may stand for in the file.
pub fn visible<'a>(desk: &Desk<'a>) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    lets(desk.statements(), false, &mut names);
    for statement in desk.statements() {
        if let Statement::Use(tree) = statement
            && let Some(module) = desk.workspace.module(&tree.module.text)
        {
            lets(desk.beside(module).statements(), true, &mut names);
        }
    }
    names
}

fn lets<'a>(statements: &'a [Statement], exported: bool, names: &mut BTreeSet<&'a str>) {
    for statement in statements {
        match statement {
            Statement::Let(tree) if tree.export.is_some() || !exported => {
                names.insert(&tree.name.text);
            }
            Statement::Block(block) => lets(&block.body, exported, names),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ide::actions::testing::rewrites;

    /// What the names at the cursor may be written as instead.
    fn others(text: &str) -> Vec<String> {
        let titles = rewrites(text).into_iter().map(|[title, _]| title);
        let named = titles.filter(|title| title.contains("full name") || title.contains("short"));
        named.map(|title| title.split('`').nth(1).unwrap().to_owned()).collect()
    }

    #[test]
    fn a_short_name_is_written_in_full() {
        assert_eq!(others("we$0b may reach api:80;"), ["shop/web"]);
        assert_eq!(others("web may reach api$0:80;"), ["shop/api"]);
        assert_eq!(others("sh$0op locked;"), ["namespace shop"]);
        assert_eq!(others("in namespace shop { we$0b locked; }"), ["shop/web"]);
        assert_eq!(others("let a = $0web;"), ["shop/web"]);
        // Of a workload alone, its kind is needed: the service of its name is another thing.
        assert_eq!(others("workload we$0b may reach api:80;"), ["workload shop/web"]);
        assert_eq!(others("serv$0ice web may reach api:80;"), ["service shop/web"]);
    }

    #[test]
    fn a_full_name_is_written_short() {
        assert_eq!(others("shop/we$0b may reach api:80;"), ["web"]);
        assert_eq!(others("sh$0op/web may reach api:80;"), ["web"]);
        assert_eq!(others("workload shop/we$0b may reach api:80;"), ["workload web"]);
        assert_eq!(others("namespace sh$0op locked;"), ["shop"]);
        assert_eq!(others("in namespace shop { shop/we$0b locked; }"), ["web"]);
    }

    #[test]
    fn a_short_name_has_to_mean_the_same() {
        // There it would be another namespace's.
        assert_eq!(others("in namespace data { shop/we$0b may reach db:5432; }"), Vec::<String>::new());
        assert_eq!(others("in each namespace { shop/we$0b may reach db:5432; }"), Vec::<String>::new());
        // Taken by a `let`, by one of a module, by a parameter.
        assert_eq!(others("let web = api;\nshop/we$0b may reach web:80;"), Vec::<String>::new());
        assert_eq!(
            others("use a;\nshop/we$0b may reach data/db:5432;\n-- a.weir --\nexport let web = shop/api;"),
            Vec::<String>::new()
        );
        assert_eq!(
            others("policy p(web) { shop/we$0b may reach web:80; }\napply p(api);"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_is_no_thing_has_one_spelling() {
        for text in [
            "any$0one may reach api:80;",
            "let a = web;\n$0a may reach api:80;",
            "policy p(a) { $0a may reach api:80; }\napply p(we$0b);",
            "nothi$0ng may reach api:80;",
            "team-$0* locked if present;",
            "serviceaccount shop/a$0pi may reach db:5432;",
        ] {
            assert_eq!(
                others(&text.replacen("$0", "", text.matches("$0").count() - 1)),
                Vec::<String>::new()
            );
        }
    }
}
