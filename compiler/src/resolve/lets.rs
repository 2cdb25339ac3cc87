//! `let`s: collected before anything is resolved, resolved where they are first used, found in their own file and in
//! the modules that it uses.

use std::collections::BTreeMap;

use weir_cluster::inventory::NamespaceId;
use weir_cluster::labels::Text;
use weir_grammar::ast::{self, Absent, BlockHead, LetValue, Statement};

use super::program::{Denotation, Part};
use super::readings::Meant;
use super::{Resolved, Resolver, Scope};
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::source::{FileId, Place};

/// How long a chain of `let`s may be: each is resolved inside of the one before.
const DEEPEST_LET: usize = 128;

#[derive(Clone)]
pub(super) struct Let<'a> {
    pub tree: &'a ast::Let,
    /// Of the block that it stands in: its names resolve there.
    namespace: Option<NamespaceId>,
    value: Value,
}

#[derive(Clone)]
enum Value {
    Waiting,
    Resolving,
    /// `None` where its errors are reported.
    Done(Option<Denotation>),
}

impl<'a> Resolver<'a> {
    pub(super) fn collect_lets(
        &mut self,
        file: FileId,
        namespace: Option<NamespaceId>,
        statements: &'a [Statement],
    ) {
        for statement in statements {
            match statement {
                Statement::Let(tree) => self.collect_let(file, namespace, tree),
                Statement::Block(block) => match &block.head {
                    BlockHead::Namespace(name) => {
                        let inner = self.facts.inventory.namespace(&name.text).or(namespace);
                        self.collect_lets(file, inner, &block.body);
                    }
                    // What another cluster means by a name is nothing to this one.
                    BlockHead::Cluster(_) | BlockHead::Clusters(_) => {
                        if self.is_here(&block.head) {
                            self.collect_lets(file, namespace, &block.body);
                        }
                    }
                    BlockHead::Each(..) => {}
                },
                _ => {}
            }
        }
    }

    fn collect_let(&mut self, file: FileId, namespace: Option<NamespaceId>, tree: &'a ast::Let) {
        let place = Place { file, span: tree.name.span };
        let name = tree.name.text.as_str();
        if let Some(first) = self.lets.get(&file).and_then(|own| own.get(name)) {
            let first = Place { file, span: first.tree.name.span };
            let message = format!("`{name}` is defined twice in this file");
            self.report(
                Diagnostic::error(Code::E0206, message)
                    .at(place, "the second one")
                    .at(first, "the first one")
                    .with_help("rename one of them: nothing redefines a `let`"),
            );
            return;
        }
        let own = self.lets.entry(file).or_default();
        own.insert(name, Let { tree, namespace, value: Value::Waiting });
    }

    /// Where the `let` of this name stands that a file sees; several where modules bring the same name.
    fn homes_of_let(&self, file: FileId, name: &str) -> Vec<FileId> {
        let own = self.lets.get(&file).is_some_and(|lets| lets.contains_key(name)).then_some(file);
        let exported = |other: &FileId| {
            let found = self.lets.get(other).and_then(|lets| lets.get(name));
            *other != file && found.is_some_and(|found| found.tree.export.is_some())
        };
        own.into_iter().chain(self.modules.imports(file).filter(exported)).collect()
    }

    /// The names of all `let`s that a file sees.
    pub(super) fn names_of_lets(&self, file: FileId) -> Vec<String> {
        let of = |file: FileId, all: bool| {
            let lets = self.lets.get(&file).into_iter().flat_map(|lets| lets.iter());
            lets.filter(move |(_, found)| all || found.tree.export.is_some())
                .map(|(name, _)| (*name).to_owned())
        };
        of(file, true).chain(self.modules.imports(file).flat_map(|other| of(other, false))).collect()
    }

    /// The file and tree of the `let` that a name means; `Err` where that is an error, which is reported.
    fn find_let(&mut self, scope: Scope, name: &ast::Name) -> Result<Option<(FileId, &'a ast::Let)>, ()> {
        let homes = self.homes_of_let(scope.file, &name.text);
        match homes.as_slice() {
            [] => Ok(None),
            [home] => {
                let found = self.lets.get(home).and_then(|lets| lets.get(name.text.as_str()));
                let found = found.map(|found| (*home, found.tree));
                if let Some((file, tree)) = found {
                    let defined = Place { file, span: tree.name.span };
                    self.read_name(scope.place(name.span), Meant::Let(defined));
                }
                Ok(found)
            }
            several => {
                let from: Vec<String> =
                    several.iter().map(|file| self.sources.spoken_module(*file)).collect();
                let message = format!("`{}` comes from {} places", name.text, several.len());
                self.report(
                    Diagnostic::error(Code::E0211, message)
                        .at(scope.place(name.span), format!("brought by {}", listed(&from, "and")))
                        .with_help("rename one of them, or drop one `use`"),
                );
                Err(())
            }
        }
    }

    /// The namespace label that a partition goes by, if the name is a partition's.
    pub(super) fn partition(&mut self, scope: Scope, name: &ast::Name) -> Resolved<Option<Text>> {
        if let Some((argument, caller)) = self.argument(scope, &name.text) {
            return match argument {
                ast::Argument::Set(set) => match crate::uses::bare(set) {
                    Some(name) => self.partition(caller, name),
                    None => Some(None),
                },
                ast::Argument::Port(_) => Some(None),
            };
        }
        match self.find_let(scope, name) {
            Err(()) => None,
            Ok(Some((_, ast::Let { value: LetValue::Partition(partition), .. }))) => {
                Some(Some(partition.key.text.as_str().into()))
            }
            Ok(_) => Some(None),
        }
    }

    /// The set that a `let` names; `None` if there is no such `let`.
    pub(super) fn let_value(&mut self, scope: Scope, name: &ast::Name) -> Option<Option<Denotation>> {
        let (home, tree) = match self.find_let(scope, name) {
            Err(()) => return Some(None),
            Ok(None) => return None,
            Ok(Some(found)) => found,
        };
        let found = self.lets.get(&home)?.get(name.text.as_str())?;
        let namespace = found.namespace;
        match &found.value {
            Value::Done(value) => return Some(self.present(value.clone(), tree, name, scope)),
            Value::Waiting => {}
            Value::Resolving => {
                let message = format!("`{}` is defined by itself", name.text);
                self.report(
                    Diagnostic::error(Code::E0207, message)
                        .at(scope.place(name.span), "leads back to its own definition")
                        .at(Place { file: home, span: tree.name.span }, "defined here"),
                );
                return Some(None);
            }
        }
        self.set_value(home, tree, Value::Resolving);
        if self.let_depth >= DEEPEST_LET {
            self.report(
                Diagnostic::error(
                    Code::E0108,
                    format!("`let`s lead to each other more than {DEEPEST_LET} deep"),
                )
                .at(scope.place(name.span), "one too many")
                .with_help("define it by what it comes to"),
            );
            self.set_value(home, tree, Value::Done(None));
            return Some(None);
        }
        // A `let` is one thing wherever it is used: no other block, application or clause reaches into it.
        let absent = tree.absent.map(|(absent, _)| absent);
        // Selectors stay, whatever matches them today: a guard and an exception need them. Who grants drops them.
        let own = Scope { namespace, absent, guards: true, ..Scope::of(home) };
        let outer = std::mem::take(&mut self.origin);
        self.let_depth += 1;
        let broken = self.is_broken(own.place(tree.value.span()));
        let mut value = match &tree.value {
            _ if broken => None,
            LetValue::Set(set) => self.set_without_ports(set, own),
            LetValue::Partition(partition) => {
                self.let_depth -= 1;
                self.origin = outer;
                self.set_value(home, tree, Value::Waiting);
                self.report_partition(
                    scope.place(name.span),
                    Place { file: home, span: partition.span },
                    partition,
                );
                return Some(None);
            }
        };
        self.let_depth -= 1;
        self.origin = outer;
        if let Some(denotation) = &mut value {
            denotation.planned |= absent == Some(Absent::EvenIfAbsent);
            denotation.dedup();
        }
        self.set_value(home, tree, Value::Done(value.clone()));
        Some(self.present(value, tree, name, scope))
    }

    /// A `let` that may be absent, and is: whoever uses it has to say so too, or would grant nothing unknowingly.
    fn present(
        &mut self,
        value: Option<Denotation>,
        tree: &ast::Let,
        name: &ast::Name,
        scope: Scope,
    ) -> Option<Denotation> {
        let mut denotation = value?;
        if !matches!(tree.absent, Some((Absent::IfPresent, _))) {
            return Some(denotation);
        }
        let inventory = self.facts.inventory;
        let is_present =
            |part: &Part| part.ends.pods().is_none_or(|pods| !pods.classes(inventory).is_empty());
        let is_absent = !denotation.parts.iter().any(is_present);
        if !scope.guards {
            denotation.parts.retain(is_present);
        }
        if is_absent && scope.absent.is_none() {
            self.report(
                Diagnostic::error(Code::E0205, format!("nothing of `{}` is in this cluster", name.text))
                    .at(scope.place(name.span), "stands for nothing today")
                    .with_help("if that may be, end this sentence with `if present`"),
            );
            return None;
        }
        Some(denotation)
    }

    fn report_partition(&mut self, place: Place, defined: Place, partition: &ast::Partition) {
        let (text, key) = (self.sources.text(place), &partition.key.text);
        self.report(
            Diagnostic::error(Code::E0318, "a partition is many sets, and none of them alone")
                .at(place, "stands for every one of its parts")
                .at(defined, "a partition")
                .with_help(format!(
                    "one part is written `namespaces[{key}=…]`, and all of them together `namespaces[{key}]`"
                ))
                .with_help(format!("a posture takes each part by itself: `each {text} isolated`")),
        );
    }

    /// Whether a `let` of this name could not be read, or stands where none may: that is told already.
    pub(super) fn is_lost_let(&self, file: FileId, name: &str) -> bool {
        if self.modules.is_misplaced(file, name) {
            return true;
        }
        std::iter::once(file).chain(self.modules.imports(file)).any(|file| {
            let source = self.sources.get(file);
            source.parse.file.statements.iter().any(|statement| match statement {
                Statement::Error(span) => {
                    let mut words =
                        source.text[span.range()].split_whitespace().skip_while(|word| *word != "let");
                    words.nth(1) == Some(name)
                }
                _ => false,
            })
        })
    }

    /// Takes over what is known of `let`s that nothing has asked for here.
    pub(super) fn know_lets(&mut self, known: BTreeMap<FileId, BTreeMap<&'a str, Let<'a>>>) {
        for (file, lets) in known {
            let Some(own) = self.lets.get_mut(&file) else { continue };
            for (name, other) in lets {
                if let (Value::Done(_), Some(entry)) = (&other.value, own.get_mut(name))
                    && matches!(entry.value, Value::Waiting)
                {
                    entry.value = other.value;
                }
            }
        }
    }

    fn set_value(&mut self, file: FileId, tree: &ast::Let, value: Value) {
        let own = self.lets.get_mut(&file);
        if let Some(entry) = own.and_then(|own| own.get_mut(tree.name.text.as_str())) {
            entry.value = value;
        }
    }

    /// A `let` that nothing uses is still checked.
    pub(super) fn unused_lets_resolve(&mut self, file: FileId) {
        let own = self.lets.get(&file).into_iter().flat_map(|own| own.values());
        let waiting: Vec<&'a ast::Let> = own
            .filter(|entry| matches!((&entry.value, &entry.tree.value), (Value::Waiting, LetValue::Set(_))))
            .map(|entry| entry.tree)
            .collect();
        for tree in waiting {
            let absent = tree.absent.map(|(absent, _)| absent);
            self.let_value(Scope { absent, ..Scope::of(file) }, &tree.name);
        }
    }
}
