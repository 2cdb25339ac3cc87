//! The one canonical form of a text. Here are the words of a sentence, on one line: what objects name as their source.
//! [`file()`] lays out a whole file and keeps its comments.

mod comments;
mod file;
mod layout;
mod statement;

use std::fmt::Write;

use logos::Logos;

use crate::ast::*;
use crate::token::{KEYWORDS, Token};

pub use file::{INDENT, file, is_sound, stretch};

/// A sentence with its clauses and without its `;`.
pub fn sentence(sentence: &Sentence) -> String {
    let mut text = match &sentence.kind {
        SentenceKind::Posture(posture) => self::posture(posture),
        SentenceKind::Reach(reach) => self::reach(reach),
    };
    if let Some((absent, _)) = sentence.clauses.absent {
        text += self::absent(absent);
    }
    if let Some((day, _)) = &sentence.clauses.until {
        let _ = write!(text, " until {day}");
    }
    if let Some(because) = &sentence.clauses.because {
        let _ = write!(text, " because \"{}\"", because.text);
    }
    text
}

fn absent(absent: Absent) -> &'static str {
    match absent {
        Absent::IfPresent => " if present",
        Absent::EvenIfAbsent => " even if absent",
    }
}

fn posture(posture: &Posture) -> String {
    let mut text = match posture.each {
        Some(_) => each(&posture.subject),
        None => subject(&posture.subject),
    };
    text += match posture.word {
        PostureWord::Isolated => " isolated",
        PostureWord::Locked => " locked",
        PostureWord::Open => " open",
    };
    match posture.direction {
        Some((Direction::Ingress, _)) => text += " for ingress",
        Some((Direction::Egress, _)) => text += " for egress",
        None => {}
    }
    text
}

pub fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Set(subject) => set(subject),
        Subject::EachNamespace(_) => "namespace".to_owned(),
    }
}

/// Behind `each namespace` stands a posture or a body: there a word of the language is a name in quotes alone.
fn each(subject: &Subject) -> String {
    let text = self::subject(subject);
    if let Subject::Set(set) = subject
        && let Some(Operand { base: Base::Namespace(name), .. }) = set.operands.first()
        && KEYWORDS.contains(&name.text.as_str())
    {
        let rest = &text["namespace ".len() + name.text.len()..];
        return format!("each namespace {}{rest}", quoted(&name.text));
    }
    format!("each {text}")
}

fn reach(reach: &Reach) -> String {
    let only = if reach.verb == Verb::OnlyMay { "only " } else { "" };
    let mut text = format!("{only}{} {} {}", set(&reach.subject), reach.verb.words(), set(&reach.object));
    for (at, port) in reach.on.iter().enumerate() {
        text += if at == 0 { " on " } else { ", " };
        text += &match &port.kind {
            PortKind::Name(name) => quoted(name),
            _ => self::port(port),
        };
    }
    for (at, request) in reach.over.iter().flat_map(|over| &over.requests).enumerate() {
        text += if at == 0 { " over http " } else { ", " };
        let _ = write!(text, "{} \"{}\"", request.method, request.path.text);
    }
    text
}

/// `apply three-tier(web, api, 5432)`
pub fn apply(apply: &Apply) -> String {
    let argument = |argument: &Argument| match argument {
        Argument::Set(set) => self::set(set),
        Argument::Port(port) => self::port(port),
    };
    let args: Vec<String> = apply.args.iter().map(argument).collect();
    format!("apply {}({})", after_slash(&apply.name.text), args.join(", "))
}

/// What stands behind `in`.
pub fn block_head(head: &BlockHead) -> String {
    match head {
        BlockHead::Namespace(name) => format!("namespace {}", after_slash(&name.text)),
        BlockHead::Each(_, subject) => each(subject),
        BlockHead::Cluster(name) => format!("cluster {}", after_slash(&name.text)),
        BlockHead::Clusters(filter) => format!("clusters{}", self::filter(filter)),
    }
}

pub fn set(set: &Set) -> String {
    let separator = match set.op {
        SetOp::Union | SetOp::Mixed => ", ",
        SetOp::Except => " except ",
        SetOp::In => " in ",
    };
    set.operands.iter().map(operand).collect::<Vec<_>>().join(separator)
}

pub fn operand(operand: &Operand) -> String {
    let mut text = base(&operand.base);
    for filter in &operand.filters {
        text += &self::filter(filter);
    }
    if let Some(port) = &operand.port {
        if ends_in_ipv6(operand) {
            text.push(' ');
        }
        let _ = write!(text, ":{}", self::port(port));
    }
    text
}

/// A port right behind such an address would be its last group.
fn ends_in_ipv6(operand: &Operand) -> bool {
    matches!(&operand.base, Base::Address(address) if address.is_single() && address.address.is_ipv6())
        && operand.filters.is_empty()
}

fn argument(argument: &Argument) -> String {
    match argument {
        Argument::Set(set) => self::set(set),
        Argument::Port(port) => self::port(port),
    }
}

/// The path of a module, its dots bare where they can be.
fn module(path: &str) -> String {
    if is_host(path) { path.to_owned() } else { after_slash(path) }
}

/// The label of a partition: `team`, `app.kubernetes.io/part-of`
pub fn partition_key(key: &str) -> String {
    match key.split_once('/') {
        Some((prefix, name)) if is_host(prefix) => format!("{prefix}/{}", after_slash(name)),
        Some((prefix, name)) => format!("{}/{}", quoted(prefix), after_slash(name)),
        None => quoted(key),
    }
}

pub fn base(base: &Base) -> String {
    match base {
        Base::Name(name) => quoted(&name.text),
        Base::Qualified { namespace, name } => {
            format!("{}/{}", in_namespace(namespace), after_slash(&name.text))
        }
        Base::Kinded { kind, namespace: None, name } => {
            format!("{} {}", kind.word(), after_slash(&name.text))
        }
        Base::Kinded { kind, namespace: Some(namespace), name } => {
            format!("{} {}/{}", kind.word(), after_kind(namespace), after_slash(&name.text))
        }
        Base::Namespace(name) => format!("namespace {}", after_slash(&name.text)),
        Base::Pattern(pattern) => pattern.text.clone(),
        Base::Namespaces(filter) => format!("namespaces{}", self::filter(filter)),
        Base::Builtin(builtin) => builtin.word().to_owned(),
        Base::Address(address) => self::address(*address),
        Base::Host(host) => host.clone(),
        Base::Group(set) => format!("({})", self::set(set)),
    }
}

fn in_namespace(namespace: &NamespaceName) -> String {
    match namespace {
        NamespaceName::Name(name) => quoted(&name.text),
        NamespaceName::Pattern(pattern) => pattern.text.clone(),
    }
}

fn after_kind(namespace: &NamespaceName) -> String {
    match namespace {
        NamespaceName::Name(name) => after_slash(&name.text),
        NamespaceName::Pattern(pattern) => pattern.text.clone(),
    }
}

pub fn address(address: Address) -> String {
    if address.is_single() {
        address.address.to_string()
    } else {
        format!("{}/{}", address.address, address.prefix)
    }
}

fn filter(filter: &Filter) -> String {
    let requirements: Vec<String> = filter.requirements.iter().map(requirement).collect();
    format!("[{}]", requirements.join(", "))
}

fn requirement(requirement: &Requirement) -> String {
    let key = &requirement.key.text;
    let list = |values: &[Name]| values.iter().map(|v| label_value(&v.text)).collect::<Vec<_>>().join(", ");
    match &requirement.test {
        Test::In(values) if values.len() == 1 => format!("{key}={}", label_value(&values[0].text)),
        Test::NotIn(values) if values.len() == 1 => format!("{key}!={}", label_value(&values[0].text)),
        Test::In(values) => format!("{key} in ({})", list(values)),
        Test::NotIn(values) => format!("{key} notin ({})", list(values)),
        Test::Exists => key.clone(),
        Test::DoesNotExist => format!("!{key}"),
    }
}

fn label_value(value: &str) -> String {
    if value.is_empty() || matches!(value, "in" | "notin") {
        format!("\"{value}\"")
    } else {
        value.to_owned()
    }
}

/// A port as it stands behind `:`, where words of the language are names.
pub fn port(port: &Port) -> String {
    match &port.kind {
        PortKind::Number { first, last, protocol } => {
            let mut text = first.to_string();
            if first != last {
                let _ = write!(text, "-{last}");
            }
            if let Some(protocol) = protocol {
                let _ = write!(text, "/{}", protocol.word());
            }
            text
        }
        PortKind::Name(name) => after_slash(name),
        PortKind::Error => "?".to_owned(),
    }
}

/// A name as it is written: bare where it can be, else in quotes.
pub fn quoted(name: &str) -> String {
    if is_bare(name) && !KEYWORDS.contains(&name) { name.to_owned() } else { format!("\"{name}\"") }
}

/// A name behind `/`, a port's `:` or a word such as `workload`, where words of the language are names.
pub fn after_slash(name: &str) -> String {
    if is_bare(name) { name.to_owned() } else { format!("\"{name}\"") }
}

fn is_bare(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether it is read as a host name where it stands bare.
fn is_host(text: &str) -> bool {
    let mut lexer = Token::lexer(text);
    matches!(lexer.next(), Some(Ok(Token::Host(word))) if word.len() == text.len())
}
