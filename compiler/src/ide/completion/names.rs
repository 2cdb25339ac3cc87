//! Names where a set may stand: what the policy around calls its parameters, `let`s of this file and of others, things
//! of the cluster, and the words for what every cluster has.

use std::collections::BTreeSet;

use weir_grammar::ast::{BlockHead, Let, LetValue, Statement, Verb};
use weir_grammar::format;

use super::context::Context;
use super::list::List;
use super::policies::{Unused, is_deprecated, module_key, unused, use_edit};
use super::wanted::Slot;
use super::{Completion, CompletionKind, things};
use crate::diagnostic::shortened;
use crate::ide::Desk;
use crate::source::{FileId, Source};

const PARAMS: u8 = 0;
const LETS: u8 = 1;
const BUILTINS: u8 = 5;
const UNUSED: u8 = 8;

pub fn operand(context: &Context<'_, '_>, slot: Slot, list: &mut List<'_>) {
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for (name, kind) in context.params() {
        taken.insert(name);
        if fits(slot, kind) {
            let detail = kind.map_or("parameter".to_owned(), |kind| format!("parameter: {kind}"));
            let item = Completion::new(CompletionKind::Param, format::quoted(name)).filter(name);
            list.add(PARAMS, item.detail(detail));
        }
    }
    for (source, tree) in lets(context.desk) {
        taken.insert(&tree.name.text);
        if let Some(item) = let_item(source, tree, slot) {
            list.add(LETS, item);
        }
    }
    if slot == Slot::Each {
        things::namespaces(context, list);
    } else {
        things::things(context, &taken, list);
        if !list.typed.contains('/') {
            things::namespaces_as_sets(context, list);
            builtins(context, slot, list);
        }
    }
    if !list.typed.is_empty() && !list.typed.contains('/') {
        for Unused { module, source } in unused(context.desk) {
            for tree in exported(source.statements()).filter(|tree| !taken.contains(tree.name.text.as_str()))
            {
                if let Some(item) = let_item(source.get(), tree, slot) {
                    let detail = format!("use {module}");
                    list.add(UNUSED, item.detail(detail).with(use_edit(context.desk, &module)));
                }
            }
        }
    }
}

/// Whether a parameter of this kind may stand there.
fn fits(slot: Slot, kind: Option<&str>) -> bool {
    match kind {
        None => true,
        Some("port") => false,
        Some("partition") => matches!(slot, Slot::Each | Slot::Argument),
        Some("namespace") => true,
        Some(_) => slot != Slot::Each,
    }
}

fn let_item(source: &Source, tree: &Let, slot: Slot) -> Option<Completion> {
    let is_partition = matches!(tree.value, LetValue::Partition(_));
    let is_wanted = match slot {
        Slot::Each => is_partition,
        Slot::Argument => true,
        _ => !is_partition,
    };
    let name = &tree.name.text;
    let value = match &tree.value {
        LetValue::Set(set) => format::set(set),
        LetValue::Partition(partition) => format!("namespaces by {}", partition.key.text),
    };
    let item = Completion::new(CompletionKind::Let, format::quoted(name)).filter(name);
    let item = item.detail(shortened(&value)).doc(format!("let {} {name}", module_key(source)));
    is_wanted.then(|| item.deprecated(is_deprecated(source, tree.span)))
}

/// The `let`s that a file sees, each with where it stands.
pub fn lets<'d>(desk: &Desk<'d>) -> Vec<(&'d Source, &'d Let)> {
    let sources = &desk.workspace.sources;
    let own = |file: FileId| {
        let source = sources.get(file);
        all(&source.parse.file.statements).into_iter().map(move |tree| (source, tree))
    };
    let imported = super::policies::imports(desk).into_iter().flat_map(own);
    own(desk.file).chain(imported.filter(|(_, tree)| tree.export.is_some())).collect()
}

fn exported(statements: &[Statement]) -> impl Iterator<Item = &Let> {
    all(statements).into_iter().filter(|tree| tree.export.is_some())
}

/// Every `let` of a file, those in blocks too.
fn all(statements: &[Statement]) -> Vec<&Let> {
    let mut found = Vec::new();
    for statement in statements {
        match statement {
            Statement::Let(tree) => found.push(tree),
            Statement::Block(block) if !matches!(block.head, BlockHead::Each(..)) => {
                found.extend(all(&block.body));
            }
            _ => {}
        }
    }
    found
}

fn builtins(context: &Context<'_, '_>, slot: Slot, list: &mut List<'_>) {
    let in_block = context.home().is_some();
    for (word, detail) in BUILTIN_WORDS {
        // Only pods can be guarded, and `only` guards its object.
        let is_no_pod = matches!(*word, "nodes" | "apiserver" | "internet" | "anywhere");
        let fits = !(is_no_pod && slot == Slot::Object(Verb::OnlyMay));
        let rank = match (*word, in_block) {
            ("pods", true) => things::OWN,
            _ => BUILTINS,
        };
        if fits {
            let item = Completion::new(CompletionKind::Builtin, *word).detail(*detail);
            list.add(rank, item.doc(format!("word {word}")));
        }
    }
}

const BUILTIN_WORDS: &[(&str, &str)] = &[
    ("anyone", "every pod that policies can govern"),
    ("pods", "the pods of the block's namespace, else of the cluster"),
    ("nodes", "the cluster's nodes"),
    ("apiserver", "the cluster's API server"),
    ("dns", "the cluster's DNS"),
    ("internet", "every public address"),
    ("anywhere", "every pod, node and address"),
];

pub fn clusters(context: &Context<'_, '_>, list: &mut List<'_>) {
    let project = context.desk.workspace.project();
    for cluster in project.iter().flat_map(|project| &project.clusters) {
        let labels: Vec<String> =
            cluster.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let written = format::after_slash(&cluster.name);
        let item = Completion::new(CompletionKind::Cluster, written).filter(&cluster.name);
        list.add(0, item.detail(labels.join(", ")));
    }
}

/// A `let` where only a partition fits.
pub fn add_partition(source: &Source, tree: &Let, list: &mut List<'_>) {
    if let Some(item) = let_item(source, tree, Slot::Each) {
        list.add(LETS, item);
    }
}
