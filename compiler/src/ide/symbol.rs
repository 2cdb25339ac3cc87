//! What a word stands for: the one thing that definition, references, rename, hover and colours speak of.

use weir_grammar::Span;
use weir_grammar::ast::{Builtin, KindWord, Name, NamespaceName};

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
    let read = |span: Span| desk.readings().meant(span).map(Symbol::from).collect::<Vec<_>>();
    match word.role {
        Role::LetDefinition(tree) => vec![Symbol::Let(desk.place(tree.name.span))],
        Role::PolicyDefinition(tree) => vec![Symbol::Policy(desk.place(tree.name.span))],
        Role::ParamDefinition(_, param) => vec![Symbol::Param(desk.place(param.name.span))],
        Role::Bare(name) | Role::Namespace(name) => match param(desk, word, &name.text) {
            Some(param) => vec![param],
            None => match bare_let(desk, word) {
                lets if !lets.is_empty() => lets,
                _ => read_or_found(desk, word, read(name.span)),
            },
        },
        Role::Thing { kind: Some(KindWord::ServiceAccount), namespace, name } => {
            let home = namespace.map(|home| match home {
                NamespaceName::Name(home) | NamespaceName::Pattern(home) => home.text.clone(),
            });
            let namespace = home.or_else(|| word.namespace.map(|home| home.text.clone()));
            vec![Symbol::ServiceAccount { namespace, name: name.text.clone() }]
        }
        Role::Thing { name, .. } => read_or_found(desk, word, read(name.span)),
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
            weir_grammar::ast::PortKind::Name(name) => param(desk, word, name).into_iter().collect(),
            _ => Vec::new(),
        },
        Role::ParamKind(_)
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

/// What is applied in other files alone is not resolved in its own: there names are looked up by themselves.
fn read_or_found(desk: &Desk<'_>, word: &Word<'_>, read: Vec<Symbol>) -> Vec<Symbol> {
    if !read.is_empty() || word.policy.is_none() {
        return read;
    }
    let things = desk.site().world.known().things();
    let inventory = desk.facts().inventory;
    let home = |name: &Name| match param(desk, word, &name.text) {
        Some(_) => None,
        None => inventory.namespace(&name.text),
    };
    let found = match (word.role, word.namespace) {
        (Role::Namespace(name), _) => return home(name).map(Symbol::Namespace).into_iter().collect(),
        (Role::Thing { kind, namespace: Some(NamespaceName::Name(namespace)), name }, _) => {
            home(namespace).map(|home| names::in_namespace(things, home, &name.text, kind))
        }
        (Role::Bare(_) | Role::Thing { namespace: None, .. }, _) if word.in_each => None,
        (Role::Bare(name), Some(block)) => {
            home(block).map(|home| names::in_namespace(things, home, &name.text, None))
        }
        (Role::Thing { kind, namespace: None, name }, Some(block)) => {
            home(block).map(|home| names::in_namespace(things, home, &name.text, kind))
        }
        (Role::Bare(name), None) => Some(names::anywhere(things, &name.text, None)),
        (Role::Thing { kind, namespace: None, name }, None) => {
            Some(names::anywhere(things, &name.text, kind))
        }
        _ => None,
    };
    match found.as_deref() {
        Some([one]) => vec![Meant::Thing(*one).into()],
        _ => Vec::new(),
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
    fn a_let_of_another_file_is_found_there() {
        let (_, symbols) = meant(
            "use nets;\n$0office may reach db:5432;\n-- nets.weir --\nexport let office = 203.0.113.0/24;",
        );
        let [Symbol::Let(place)] = symbols.as_slice() else { panic!("{symbols:?}") };
        assert_eq!(place.file, FileId(1));
    }
}
