//! Policies and modules: what a file uses, what it could use, and the `use` that it would need for that.

use weir_grammar::Span;
use weir_grammar::ast::{Policy, Statement};
use weir_grammar::format::{after_slash, quoted};

use super::context::Context;
use super::list::{List, MOST};
use super::snippet;
use super::wanted::Slot;
use super::{Completion, CompletionKind, keywords, names, ports, things};
use crate::ide::{Desk, Edit, above};
use crate::source::{FileId, Source, Sources};

/// A module that a file does not use.
pub struct Unused<'d> {
    pub module: String,
    pub source: Text<'d>,
}

/// A file of the program, or one of the library that is not part of it yet.
pub enum Text<'d> {
    File(&'d Source),
    Library(Box<Source>),
}

impl Text<'_> {
    pub fn get(&self) -> &Source {
        match self {
            Text::File(source) => source,
            Text::Library(source) => source,
        }
    }

    pub fn statements(&self) -> &[Statement] {
        &self.get().parse.file.statements
    }
}

/// The files whose modules a file uses.
pub fn imports(desk: &Desk<'_>) -> Vec<FileId> {
    let mut found: Vec<FileId> =
        used(desk.statements()).filter_map(|name| desk.workspace.module(name)).collect();
    found.sort_unstable();
    found.dedup();
    found.retain(|file| *file != desk.file);
    found
}

/// The modules that statements use, by name.
fn used(statements: &[Statement]) -> impl Iterator<Item = &str> {
    statements.iter().filter_map(|statement| match statement {
        Statement::Use(tree) => Some(tree.module.text.as_str()),
        _ => None,
    })
}

/// The modules that a file could use: all that do not lead back to it.
pub fn unused<'d>(desk: &Desk<'d>) -> Vec<Unused<'d>> {
    let sources = &desk.workspace.sources;
    let imports = imports(desk);
    let leads_here = leading_to(desk);
    let mut found = Vec::new();
    for (file, source) in sources.iter() {
        let Some(module) = source.module() else { continue };
        let is_std = module.starts_with("std.") && !source.library;
        if file != desk.file
            && module != PRELUDE
            && !is_std
            && !imports.contains(&file)
            && !leads_here.contains(&file)
        {
            found.push(Unused { module, source: Text::File(source) });
        }
    }
    for module in Sources::library_modules().filter(|module| *module != PRELUDE) {
        let is_there =
            sources.iter().any(|(_, source)| source.library && source.module().as_deref() == Some(module));
        if let (false, Some(source)) = (is_there, library(module)) {
            found.push(Unused { module: module.to_owned(), source: Text::Library(Box::new(source)) });
        }
    }
    found
}

const PRELUDE: &str = "std.prelude";

/// A module of the library, read.
pub fn library(module: &str) -> Option<Source> {
    let name = module.replace('.', "/") + ".weir";
    Some(Source::of(name.clone(), name, Sources::library_text(module)?))
}

/// The files that use a desk's, in however many steps.
fn leading_to(desk: &Desk<'_>) -> Vec<FileId> {
    let own = desk.source().module();
    let mut names: Vec<String> = own.into_iter().collect();
    let mut found = Vec::new();
    while let Some(name) = names.pop() {
        for (file, source) in desk.workspace.sources.iter() {
            if !found.contains(&file) && used(&source.parse.file.statements).any(|used| used == name) {
                found.push(file);
                names.extend(source.module());
            }
        }
    }
    found
}

/// By which documentation finds a file again.
pub fn module_key(source: &Source) -> &str {
    &source.name
}

/// The edit that makes a file use a module: behind the last `use`, else at the top, below what its first comments say
/// of the file as a whole.
pub fn use_edit(desk: &Desk<'_>, module: &str) -> Edit {
    let text = desk.text();
    let written = match module.contains('.') {
        true => format!("use {module};"),
        false => format!("use {};", after_slash(module)),
    };
    let last = desk.statements().iter().rev().find_map(|statement| match statement {
        Statement::Use(tree) => Some(tree.span),
        _ => None,
    });
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if let Some(last) = last {
        let rest = text.get(last.end as usize..).unwrap_or_default().lines().next().unwrap_or_default();
        // A comment in its line is about it.
        let comment = if rest.trim_start().starts_with('#') { rest.len() } else { 0 };
        let at = last.end as usize + comment;
        return Edit { place: desk.place(Span::new(at, at)), text: format!("{newline}{written}") };
    }
    let at = below_first_comments(text);
    let blank = if text[at..].trim().is_empty() { "" } else { newline };
    Edit { place: desk.place(Span::new(at, at)), text: format!("{written}{newline}{blank}") }
}

/// Where a text goes on below the comments at its top that a blank line ends.
fn below_first_comments(text: &str) -> usize {
    let mut at = 0;
    let mut found = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        match line.trim() {
            "" => found = at,
            line if line.starts_with('#') => {}
            _ => return found,
        }
    }
    // Nothing but comments.
    if text.ends_with('\n') || text.is_empty() { text.len() } else { found }
}

/// Whether the comment above a definition says so.
pub fn is_deprecated(source: &Source, span: Span) -> bool {
    let comment = above::comment(source, span);
    comment.is_some_and(|text| text.lines().any(|line| line.to_ascii_lowercase().starts_with("deprecated")))
}

/// The policies of a list of statements.
fn of(statements: &[Statement]) -> impl Iterator<Item = &Policy> {
    statements.iter().filter_map(|statement| match statement {
        Statement::Policy(tree) => Some(tree),
        _ => None,
    })
}

/// The policy that a name means in a file.
pub fn find<'d>(desk: &Desk<'d>, name: &str) -> Option<(FileId, &'d Policy)> {
    let sources = &desk.workspace.sources;
    let named = |file: FileId| {
        let mut policies = of(&sources.get(file).parse.file.statements);
        policies.find(|policy| policy.name.text == name && (file == desk.file || policy.export.is_some()))
    };
    let files = std::iter::once(desk.file).chain(imports(desk));
    files.into_iter().find_map(|file| Some((file, named(file)?)))
}

pub fn policies(context: &Context<'_, '_>, list: &mut List<'_>) {
    let desk = context.desk;
    let around = context.policy().map(|(name, _)| name);
    let mut taken = Vec::new();
    for file in std::iter::once(desk.file).chain(imports(desk)) {
        let is_own = file == desk.file;
        let source = desk.workspace.sources.get(file);
        for policy in of(&source.parse.file.statements).filter(|policy| is_own || policy.export.is_some()) {
            taken.push(policy.name.text.as_str());
            // A policy does not apply itself.
            if !(is_own && around == Some(policy.name.text.as_str())) {
                list.add(u8::from(!is_own), item(context, source, policy));
            }
        }
    }
    for Unused { module, source } in unused(desk) {
        for policy in of(source.statements()).filter(|policy| policy.export.is_some()) {
            if !taken.contains(&policy.name.text.as_str()) {
                let item = item(context, source.get(), policy);
                let detail = format!("{} – use {module}", item.detail.clone().unwrap_or_default());
                list.add(2, item.detail(detail).with(use_edit(desk, &module)));
            }
        }
    }
}

fn item(context: &Context<'_, '_>, source: &Source, policy: &Policy) -> Completion {
    let name = after_slash(&policy.name.text);
    let params: Vec<&str> = policy.params.iter().map(|param| param.name.text.as_str()).collect();
    let item = Completion::new(CompletionKind::Policy, &name).filter(&policy.name.text);
    let item = match context.rest() {
        rest if rest.starts_with('(') => item.insert(name),
        "" => item.snippet(snippet::call(&name, params.iter().copied()) + ";$0"),
        _ => item.snippet(snippet::call(&name, params.iter().copied())),
    };
    item.detail(format!("({})", params.join(", ")))
        .doc(format!("policy {} {}", module_key(source), policy.name.text))
        .deprecated(is_deprecated(source, policy.span))
}

pub fn modules(context: &Context<'_, '_>, list: &mut List<'_>) {
    let mut found = unused(context.desk);
    found.retain(|unused| list.fit(&unused.module).is_some());
    if found.len() > MOST {
        found.sort_by_cached_key(|unused| (list.fit(&unused.module), unused.module.clone()));
        found.truncate(MOST);
        list.cut();
    }
    for Unused { module, source } in found {
        let written = if module.contains('.') { module.clone() } else { after_slash(&module) };
        let source = source.get();
        let is_library = Sources::library_text(&module).is_some();
        let item = Completion::new(CompletionKind::Module, written).filter(&module);
        let item = match is_library {
            true => item.detail("library"),
            false => item.detail(&source.name),
        };
        list.add(u8::from(is_library), item.doc(format!("module {}", source.name)));
    }
}

/// An argument of a policy, by the kind of its parameter.
pub fn argument(context: &Context<'_, '_>, policy: &str, index: usize, before: &[Span], list: &mut List<'_>) {
    let found = find(context.desk, policy);
    let kinds = found.map(|(file, tree)| context.kinds(file, &tree.name.text)).unwrap_or_default();
    match kinds.get(index).copied().flatten() {
        Some("port") => {
            let is_set = |(at, _): &(usize, &Span)| {
                !matches!(kinds.get(*at), Some(Some("port" | "namespace" | "partition")))
            };
            let sets: Vec<Span> = before.iter().enumerate().filter(is_set).map(|(_, span)| *span).collect();
            ports::ports(context, &sets, list);
        }
        Some("namespace") => things::namespaces(context, list),
        Some("partition") => {
            for (source, tree) in names::lets(context.desk) {
                names::add_partition(source, tree, list);
            }
        }
        _ => {
            keywords::kinds(Slot::Argument, list);
            names::operand(context, Slot::Argument, list);
        }
    }
    for (name, kind) in context.params() {
        if kind == Some("port") && matches!(kinds.get(index), None | Some(None | Some("port"))) {
            list.add(
                0,
                Completion::new(CompletionKind::Param, quoted(name)).filter(name).detail("parameter: port"),
            );
        }
    }
}
