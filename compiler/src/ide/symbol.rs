//! What a word stands for: the one thing that definition, references, rename, hover and colours speak of.

use weir_grammar::Span;
use weir_grammar::ast::{Builtin, KindWord, Name, NamespaceName, PortKind};

use super::Desk;
use super::words::{Labels, Role, Word, word_at};
use crate::resolve::names::{self, Named};
use crate::resolve::readings::Meant;
use crate::source::{FileId, Place};
use weir_cluster::inventory::NamespaceId;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Symbol {
    /// The name in the definition of a `let`.
    Let(Place),
    /// The name of a parameter, where its policy is defined.
    Param(Place),
    /// The name in the definition of a policy.
    Policy(Place),
    Module(FileId),
    Thing(Named),
    Namespace(NamespaceId),
    /// Of pods or of namespaces; the value of a single one where the word is a value.
    Label {
        of_namespaces: bool,
        key: String,
        value: Option<String>,
    },
    Builtin(Builtin),
    ServiceAccount {
        namespace: Option<String>,
        name: String,
    },
    /// Of the project.
    Cluster(String),
}

/// The word at an offset, with everything that it stands for: a name before `/` or behind a pattern, or in a policy that
/// is applied several times, may stand for several.
pub fn symbols_at(desk: &Desk<'_>, offset: u32) -> Option<(Span, Vec<Symbol>)> {
    let word = word_at(&desk.source().parse.file, offset)?;
    let symbols = symbols(desk, &word);
    (!symbols.is_empty()).then_some((word.span, symbols))
}

/// What a word of the file stands for; nothing for what could not be resolved, and for what names nothing.
pub fn symbols(desk: &Desk<'_>, word: &Word<'_>) -> Vec<Symbol> {
    match of_tree(desk, word) {
        found if !found.is_empty() => found,
        _ => of_inventory(desk, word),
    }
}

/// What follows from the trees alone, whatever the cluster.
pub(super) fn of_tree(desk: &Desk<'_>, word: &Word<'_>) -> Vec<Symbol> {
    match word.role {
        Role::LetDefinition(tree) => vec![Symbol::Let(desk.place(tree.name.span))],
        Role::PolicyDefinition(tree) => vec![Symbol::Policy(desk.place(tree.name.span))],
        Role::ParamDefinition(_, param) => vec![Symbol::Param(desk.place(param.name.span))],
        Role::Bare(name) => match param(desk, word, &name.text) {
            Some(param) => vec![param],
            None => bare_let(desk, word),
        },
        Role::Namespace(name) => param(desk, word, &name.text).into_iter().collect(),
        Role::Thing { kind: Some(KindWord::ServiceAccount), namespace, name } => {
            let home = namespace.map(|home| match home {
                NamespaceName::Name(home) | NamespaceName::Pattern(home) => home.text.clone(),
            });
            let namespace = home.or_else(|| word.namespace.map(|home| home.text.clone()));
            vec![Symbol::ServiceAccount { namespace, name: name.text.clone() }]
        }
        Role::Policy(tree) => {
            let policies = desk.scope().policies(&tree.name.text);
            policies.map(|(file, tree)| Symbol::Policy(Place { file, span: tree.name.span })).collect()
        }
        Role::Module(name) => desk.workspace.module(&name.text).map(Symbol::Module).into_iter().collect(),
        Role::LabelKey { of, key } => label(of, &key.text, None).into_iter().collect(),
        Role::LabelValue { of, key, value } => label(of, &key.text, Some(&value.text)).into_iter().collect(),
        Role::Builtin(builtin) => vec![Symbol::Builtin(builtin)],
        Role::Cluster(name) => vec![Symbol::Cluster(name.text.clone())],
        Role::Port(port) => match &port.kind {
            PortKind::Name(name) => param(desk, word, name).into_iter().collect(),
            _ => Vec::new(),
        },
        Role::Thing { .. }
        | Role::ParamKind(_)
        | Role::TestName(_)
        | Role::Pattern(_)
        | Role::Address(_)
        | Role::Host(_)
        | Role::HttpMethod(_)
        | Role::HttpPath(_)
        | Role::Reason(_)
        | Role::Until(_) => Vec::new(),
    }
}

/// What a name was read as in this cluster. What is applied in other files alone is not resolved in its own: there names
/// are looked up by themselves.
fn of_inventory(desk: &Desk<'_>, word: &Word<'_>) -> Vec<Symbol> {
    let (Role::Bare(name) | Role::Namespace(name) | Role::Thing { name, .. }) = word.role else {
        return Vec::new();
    };
    let read: Vec<Symbol> = desk.readings().meant(name.span).map(Symbol::from).collect();
    match read.is_empty() && word.policy.is_some() {
        true => looked_up(desk, word).into_iter().collect(),
        false => read,
    }
}

fn param(desk: &Desk<'_>, word: &Word<'_>, name: &str) -> Option<Symbol> {
    let param = word.policy?.params.iter().find(|param| param.name.text == name)?;
    Some(Symbol::Param(desk.place(param.name.span)))
}

/// The `let`s that a bare name means: more than one where clusters have one of the name each, or modules bring several.
fn bare_let(desk: &Desk<'_>, word: &Word<'_>) -> Vec<Symbol> {
    let Role::Bare(name) = word.role else { return Vec::new() };
    if word.argument.is_some_and(|(apply, at)| !desk.scope().takes_sets(apply, at)) {
        return Vec::new();
    }
    let lets = desk.scope().lets(&name.text);
    lets.map(|(file, tree)| Symbol::Let(Place { file, span: tree.name.span })).collect()
}

/// The one thing of the inventory that a name in a policy means; `None` where that depends on who applies it.
fn looked_up(desk: &Desk<'_>, word: &Word<'_>) -> Option<Symbol> {
    let things = desk.site().world.known().things();
    let home = |name: &Name| match param(desk, word, &name.text) {
        Some(_) => None,
        None => desk.facts().inventory.namespace(&name.text),
    };
    let (kind, namespace, name) = match word.role {
        Role::Namespace(name) => return home(name).map(Symbol::Namespace),
        Role::Thing { namespace: Some(NamespaceName::Pattern(_)), .. } => return None,
        Role::Thing { kind, namespace: Some(NamespaceName::Name(namespace)), name } => {
            (kind, Some(namespace), name)
        }
        _ if word.in_each => return None,
        Role::Thing { kind, namespace: None, name } => (kind, word.namespace, name),
        Role::Bare(name) => (None, word.namespace, name),
        _ => return None,
    };
    let found = match namespace {
        Some(namespace) => names::in_namespace(things, home(namespace)?, &name.text, kind),
        None => names::anywhere(things, &name.text, kind),
    };
    match found.as_slice() {
        [one] => Some(Meant::Thing(*one).into()),
        _ => None,
    }
}

fn label(of: Labels, key: &str, value: Option<&str>) -> Option<Symbol> {
    let of_namespaces = match of {
        Labels::Pods => false,
        Labels::Namespaces => true,
        Labels::Clusters => return None,
    };
    Some(Symbol::Label { of_namespaces, key: key.to_owned(), value: value.map(str::to_owned) })
}

impl From<Meant> for Symbol {
    fn from(meant: Meant) -> Symbol {
        match meant {
            Meant::Let(place) => Symbol::Let(place),
            Meant::Policy(place) => Symbol::Policy(place),
            Meant::Thing(Named::Namespace(id)) | Meant::Namespace(id) => Symbol::Namespace(id),
            Meant::Thing(named) => Symbol::Thing(named),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    /// What the word at the cursor stands for, and its text.
    fn meant(text: &str) -> (String, Vec<Symbol>) {
        let fixture = fixture(text);
        let desk = fixture.desk();
        let (span, symbols) = symbols_at(&desk, fixture.offset).unwrap();
        (desk.text()[span.range()].to_owned(), symbols)
    }

    #[test]
    fn names_are_what_they_were_read_as() {
        for text in ["we$0b may reach db;", "web$0 may reach db;", "shop/$0web may reach db;"] {
            let (word, symbols) = meant(text);
            assert_eq!(word, "web");
            assert!(matches!(symbols.as_slice(), [Symbol::Thing(Named::Both(..))]), "{symbols:?}");
        }
        assert!(matches!(meant("s$0hop/web may reach db;").1.as_slice(), [Symbol::Namespace(_)]));
        assert!(matches!(meant("in namespace sh$0op { web locked; }").1.as_slice(), [Symbol::Namespace(_)]));
        assert!(matches!(meant("let a = web;\na$0 may reach db;").1.as_slice(), [Symbol::Let(_)]));
        assert!(matches!(
            meant("policy p(a) { $0a may reach db; }\napply p(web);").1.as_slice(),
            [Symbol::Param(_)]
        ));
        assert!(matches!(
            meant("policy p(a) { a may reach db; }\napply $0p(web);").1.as_slice(),
            [Symbol::Policy(_)]
        ));
        assert!(matches!(meant("use std.kubern$0etes;").1.as_slice(), [Symbol::Module(_)]));
        let label = Symbol::Label { of_namespaces: true, key: "team".into(), value: Some("web".into()) };
        assert_eq!(meant("namespaces[team=w$0eb] may reach db;").1, [label]);
    }

    #[test]
    fn policies_that_only_other_files_apply_are_read_too() {
        let used = "-- main.weir --\nuse p;\napply watch(data);";
        for policy in [
            "export policy watch(home) { monitoring/prom$0etheus may reach home; }",
            "export policy watch(home) { prom$0etheus may reach home; }",
            "export policy watch(home) { in namespace monitoring { prom$0etheus may reach home; } }",
        ] {
            let (_, symbols) = meant(&format!("-- p.weir --\n{policy}\n{used}"));
            assert!(matches!(symbols.as_slice(), [Symbol::Thing(_)]), "{policy}: {symbols:?}");
        }
        let each = "export policy watch(home) { in each namespace { w$0eb may reach home; } }";
        let fixture = fixture(&format!("-- p.weir --\n{each}\n{used}"));
        assert_eq!(symbols_at(&fixture.desk(), fixture.offset), None);
    }

    #[test]
    fn a_let_of_another_file_is_found_there() {
        let (_, symbols) = meant(
            "use nets;\n$0office may reach db:5432;\n-- nets.weir --\nexport let office = 203.0.113.0/24;",
        );
        let [Symbol::Let(place)] = symbols.as_slice() else { panic!("{symbols:?}") };
        assert_eq!(place.file, FileId(1));
    }
}
