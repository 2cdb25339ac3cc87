//! Names of the program's own: `let`s, policies, their parameters, modules, clusters.

use weir_grammar::ast::{Policy, Statement};

use crate::ide::completion::{documentation, param_kind};
use crate::ide::peers::{asked_at, ends_spoken};
use crate::ide::say::{self, code};
use crate::ide::{Desk, signature};
use crate::source::{FileId, Place};

pub(super) fn of_let(desk: &Desk<'_>, place: Place) -> Option<String> {
    let sources = &desk.workspace.sources;
    let source = sources.get(place.file);
    let name = source.text.get(place.span.range())?.trim_matches('"');
    let mut text = documentation(desk, &format!("let {} {name}", source.name))?;
    let beside;
    let home = match place.file == desk.file {
        true => desk,
        false => {
            beside = desk.beside(place.file);
            &beside
        }
    };
    if desk.is_known()
        && let Some(asked) = asked_at(home, place.span.start)
    {
        let mut words = Vec::new();
        if !asked.classes.is_empty() || asked.others.is_empty() {
            words.push(say::crowd(&asked.classes, desk.facts().inventory));
        }
        words.extend(asked.others.iter().map(ends_spoken));
        text += &format!("\n\ntoday: {}", words.join(", "));
    }
    if place.file != desk.file {
        text += &format!("\n\nof {}", code(&say::place(desk.workspace, place)));
    }
    Some(text)
}

fn policy_at<'d>(desk: &Desk<'d>, place: Place) -> Option<&'d Policy> {
    let statements = &desk.workspace.sources.get(place.file).parse.file.statements;
    statements.iter().find_map(|statement| match statement {
        Statement::Policy(tree) if tree.name.span == place.span => Some(tree),
        _ => None,
    })
}

pub(super) fn of_policy(desk: &Desk<'_>, place: Place) -> Option<String> {
    let tree = policy_at(desk, place)?;
    let source = desk.workspace.sources.get(place.file);
    let text = documentation(desk, &format!("policy {} {}", source.name, tree.name.text))?;
    let sentences = say::count(sentences(&tree.body), "sentence");
    let home = match place.file == desk.file {
        true => String::new(),
        false => format!(", of {}", code(&say::place(desk.workspace, place))),
    };
    Some(format!("{text}\n\n{sentences}{home}"))
}

fn sentences(statements: &[Statement]) -> u64 {
    let of = |statement: &Statement| match statement {
        Statement::Sentence(_) => 1,
        other => sentences(other.body()),
    };
    statements.iter().map(of).sum()
}

/// A parameter, of the policy that it is used in.
pub(super) fn of_param(desk: &Desk<'_>, policy: Option<&Policy>, place: Place) -> Option<String> {
    let policy = policy.or_else(|| {
        let own = desk.statements().iter().filter_map(|statement| match statement {
            Statement::Policy(tree) => Some(tree),
            _ => None,
        });
        own.into_iter().find(|tree| tree.params.iter().any(|param| param.name.span == place.span))
    })?;
    let at = policy.params.iter().position(|param| param.name.span == place.span)?;
    let kinds = signature::kinds(desk, place.file, &policy.name.text);
    let name = code(&policy.params[at].name.text);
    let of = format!("{name}: parameter of {}", code(&policy.name.text));
    Some(match kinds.get(at).copied().flatten() {
        Some(kind) => {
            let takes = param_kind(kind).map(|takes| format!(", {takes}")).unwrap_or_default();
            format!("{of}\n\n`{kind}`{takes}")
        }
        None => format!("{of}\n\nany kind: nothing in it tells"),
    })
}

pub(super) fn of_param_kind(kind: &str) -> Option<String> {
    Some(format!("`{kind}`: {}", param_kind(kind)?))
}

pub(super) fn of_module(desk: &Desk<'_>, file: FileId) -> Option<String> {
    let source = desk.workspace.sources.get(file);
    let module = source.module()?;
    let text = documentation(desk, &format!("module {}", source.name))?;
    Some(format!("module {}\n\n{text}", code(&module)))
}

pub(super) fn of_cluster(desk: &Desk<'_>, name: &str) -> Option<String> {
    let cluster = desk.workspace.project()?.clusters.iter().find(|cluster| cluster.name == name)?;
    let mut text = format!("{}: cluster of the project", code(name));
    let labels: Vec<String> = cluster.labels.iter().map(|(key, value)| format!("`{key}={value}`")).collect();
    if !labels.is_empty() {
        text += &format!("\n\n- labels: {}", labels.join(", "));
    }
    if let Some(site) = desk.workspace.sites.iter().find(|site| site.world.cluster.name == name) {
        let inventory = site.world.inventory();
        let target = site.target.name();
        text += &format!("\n- target: `{target}`");
        if site.world.is_known {
            let namespaces = say::count(inventory.namespaces.len() as u64, "namespace");
            let workloads = say::count(inventory.workloads.len() as u64, "workload");
            text += &format!("\n- {namespaces}, {workloads}");
        }
    }
    Some(text)
}
