//! Words of the language, each with what it is for.

use weir_grammar::ast::Day;

use super::context::Context;
use super::list::List;
use super::spot::Head;
use super::wanted::Slot;
use super::{Completion, CompletionKind};
use crate::target::Target;

const NEAR: u8 = 0;
const KINDS: u8 = 6;
const FAR: u8 = 7;

/// What a word does, and how it goes on. In the order in which they are offered.
const WORDS: &[(&str, &str, &str)] = &[
    ("may reach", "grant", "may reach "),
    ("may only reach", "guard what leaves, and grant only this", "may only reach "),
    ("must not reach", "promise that nothing passes", "must not reach "),
    ("must reach", "promise that all of it passes", "must reach "),
    ("may ping", "grant ICMP echo", "may ping "),
    ("reaches", "every flow passes", "reaches "),
    ("cannot reach", "no flow passes", "cannot reach "),
    ("reach", "grant", "reach "),
    ("only reach", "guard what leaves, and grant only this", "only reach "),
    ("not reach", "promise that nothing passes", "not reach "),
    ("ping", "grant ICMP echo", "ping "),
    ("isolated", "closed to others, open among themselves", "isolated"),
    ("locked", "closed both ways, but for grants", "locked"),
    ("open", "meant to be unguarded", "open"),
    ("for ingress", "guard what enters alone", "for ingress"),
    ("for egress", "guard what leaves alone", "for egress"),
    ("ingress", "guard what enters alone", "ingress"),
    ("egress", "guard what leaves alone", "egress"),
    ("on", "ports, of all objects", "on "),
    ("over http", "narrow to requests", "over http ${1|GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS|} \"${2:/}\""),
    ("http", "narrow to requests", "http ${1|GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS|} \"${2:/}\""),
    ("because", "why, kept in the objects", "because \"${1:why}\""),
    ("if present", "what matches nothing is nobody", "if present"),
    ("present", "what matches nothing is nobody", "present"),
    ("even if absent", "compile it although nothing matches", "even if absent"),
    ("if absent", "compile it although nothing matches", "if absent"),
    ("absent", "compile it although nothing matches", "absent"),
    ("until", "the first day on which it no longer counts", ""),
    ("except", "without these", "except "),
    ("in", "those of these, too", "in "),
    ("notin", "none of these values", "notin ($1)$0"),
    ("by", "a part for each value of a namespace label", "by "),
    ("let", "name a set", "let ${1:name} = $0;"),
    ("policy", "a template", "policy ${1:name}(${2:pods}) {\n    $0\n}"),
    ("namespace", "names are looked up there", "namespace ${1:name} {\n    $0\n}"),
    ("each", "once for each of these namespaces", "each ${1:namespace} {\n    $0\n}"),
    ("cluster", "in this cluster alone", "cluster ${1:name} {\n    $0\n}"),
    ("clusters", "in clusters with these labels", "clusters[${1:env}=${2:prod}] {\n    $0\n}"),
];

/// Words where nothing else fits.
pub fn words(context: &Context<'_, '_>, words: &[&'static str], list: &mut List<'_>) {
    let rest = context.rest();
    for (at, word) in words.iter().enumerate() {
        let Some((_, detail, insert)) = WORDS.iter().find(|(known, ..)| known == word) else { continue };
        let item = Completion::new(CompletionKind::Keyword, *word).sort(format!("{at:02}"));
        let item = match *word {
            "until" => item.snippet(format!("until ${{1:{}}}", days_from(context.desk.workspace.today, 90))),
            "in" if words.contains(&"notin") => item.snippet("in ($1)$0"),
            "because" if rest.starts_with('"') => item,
            "let" | "policy" | "namespace" | "each" | "cluster" | "clusters" if !rest.is_empty() => item,
            _ if insert.contains('$') => item.snippet(*insert),
            _ => item.insert(insert.trim_end()),
        };
        let detail = match needs(word, context.desk.site().target) {
            Some(needs) => format!("{detail} ({needs})"),
            None => (*detail).to_owned(),
        };
        let is_block = matches!(*word, "namespace" | "each" | "cluster" | "clusters" | "let" | "policy");
        let key = if is_block { format!("statement {word}") } else { format!("word {word}") };
        // What joins sets comes behind what goes on with the sentence.
        let rank = if matches!(*word, "except" | "in") && words.len() > 2 { FAR } else { NEAR };
        list.add(rank, item.detail(detail).doc(key));
    }
}

/// The targets that a word needs where this one does not do.
fn needs(word: &str, target: Target) -> Option<&'static str> {
    match word {
        "over http" | "http" if target != Target::Cilium => Some("Cilium alone"),
        "may ping" | "ping" if !matches!(target, Target::Cilium | Target::Calico) => {
            Some("Cilium and Calico alone")
        }
        _ => None,
    }
}

/// A statement's first words, with what they need around them.
const STATEMENTS: &[(&str, &str, &str)] = &[
    ("let", "name a set", "let ${1:name} = $0;"),
    ("use", "names of another module", "use ${1:module};$0"),
    ("in namespace", "names are looked up there", "in namespace ${1:name} {\n    $0\n}"),
    ("in each", "once for each of these namespaces", "in each ${1:namespace} {\n    $0\n}"),
    ("in cluster", "in this cluster alone", "in cluster ${1:name} {\n    $0\n}"),
    ("in clusters", "in clusters with these labels", "in clusters[${1:env}=${2:prod}] {\n    $0\n}"),
    ("policy", "a template", "policy ${1:name}(${2:pods}) {\n    $0\n}"),
    ("apply", "the sentences of a policy", "apply ${1:policy}($2);$0"),
    ("test", "what has to hold, and makes no policy", "test \"${1:name}\" {\n    $0\n}"),
    ("export let", "a set that other files may use", "export let ${1:name} = $0;"),
    (
        "export policy",
        "a policy that other files may apply",
        "export policy ${1:name}(${2:pods}) {\n    $0\n}",
    ),
    ("only", "nobody else may", "only ${1:these} may reach ${2:this};$0"),
    ("each", "a posture for each namespace by itself", "each ${1:namespace} ${2|isolated,locked|};$0"),
];

/// What may begin a statement where the cursor is.
pub fn statements(context: &Context<'_, '_>, list: &mut List<'_>) {
    let heads = &context.spot.heads;
    let has = |wanted: fn(&Head<'_>) -> bool| heads.iter().any(wanted);
    let in_policy = has(|head| matches!(head, Head::Policy { .. }));
    let in_each = has(|head| matches!(head, Head::Each(_)));
    let in_namespace = has(|head| matches!(head, Head::Namespace(_)));
    let in_test = context.in_test();
    let by_itself = !in_policy && !in_each && !in_test;
    let has_clusters = context.desk.workspace.project().is_some_and(|project| !project.clusters.is_empty());
    for (at, (word, detail, snippet)) in STATEMENTS.iter().enumerate() {
        let fits = match *word {
            "use" | "policy" | "export policy" => heads.is_empty(),
            "let" | "export let" | "test" => by_itself,
            "in namespace" => !in_each && !in_namespace,
            "in each" => !in_each && !in_namespace,
            "in cluster" | "in clusters" => has_clusters,
            _ => !in_test,
        };
        if fits {
            let item = Completion::new(CompletionKind::Snippet, *word).sort(format!("{at:02}"));
            // Before words that are there already, the snippet's own are too many.
            let item = if context.rest().is_empty() { item.snippet(*snippet) } else { item };
            list.add(NEAR, item.detail(*detail).doc(format!("statement {word}")));
        }
    }
}

/// Words that begin a set.
const SETS: &[(&str, &str)] = &[
    ("namespace", "all pods of a namespace"),
    ("namespaces", "the pods of namespaces with these labels"),
    ("workload", "a workload, said outright"),
    ("service", "a service, said outright"),
    ("deployment", "a deployment"),
    ("statefulset", "a statefulset"),
    ("daemonset", "a daemonset"),
    ("job", "a job"),
    ("cronjob", "a cronjob"),
    ("pod", "a pod by itself"),
    ("serviceaccount", "the pods that run as it"),
];

/// The words by which sets are told by kind.
pub fn kinds(slot: Slot, list: &mut List<'_>) {
    for (at, (word, detail)) in SETS.iter().enumerate() {
        if slot == Slot::Each && at > 1 {
            break;
        }
        let item = Completion::new(CompletionKind::Keyword, *word).sort(format!("{at:02}"));
        let item = match (*word, slot) {
            ("namespaces", _) => item.snippet("namespaces[$1]$0"),
            ("namespace", Slot::Each) => item.detail("every namespace"),
            _ => item,
        };
        let item = if item.detail.is_none() { item.detail(*detail) } else { item };
        list.add(if slot == Slot::Each { NEAR } else { KINDS }, item.doc(format!("word {word}")));
    }
    if slot == Slot::Let {
        let item = Completion::new(CompletionKind::Keyword, "namespaces by");
        let item = item.snippet("namespaces by ${1:label}").detail("a part for each value of a label");
        list.add(KINDS, item.sort("02").doc("word by"));
    }
}

const PARAM_KINDS: &[(&str, &str)] = &[
    ("set", "anything that a grant may speak of"),
    ("pods", "workloads, services, namespaces, labels"),
    ("namespace", "the name of one namespace"),
    ("addresses", "ranges, `internet`"),
    ("partition", "a `let` that is a partition"),
    ("port", "`5432`, `8000-8010`, `53/udp`, `https`"),
];

/// What a kind of parameter takes.
pub fn param_kind(word: &str) -> Option<&'static str> {
    PARAM_KINDS.iter().find(|(known, _)| *known == word).map(|(_, meant)| *meant)
}

pub fn param_kinds(list: &mut List<'_>) {
    for (at, (word, detail)) in PARAM_KINDS.iter().enumerate() {
        let item = Completion::new(CompletionKind::Keyword, *word).sort(format!("{at:02}"));
        list.add(0, item.detail(*detail));
    }
}

pub fn plain(words: &[&str], list: &mut List<'_>) {
    for (at, word) in words.iter().enumerate() {
        list.add(0, Completion::new(CompletionKind::Keyword, *word).sort(format!("{at:02}")));
    }
}

pub fn methods(list: &mut List<'_>) {
    const METHODS: &[&str] =
        &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
    for (at, method) in METHODS.iter().enumerate() {
        let item = Completion::new(CompletionKind::HttpMethod, *method).sort(format!("{at:02}"));
        list.add(0, item.snippet(format!("{method} \"${{1:/}}\"")));
    }
}

/// Days on which a grant may end.
pub fn days(context: &Context<'_, '_>, list: &mut List<'_>) {
    let today = context.desk.workspace.today;
    for (days, spoken) in [(30, "in 30 days"), (90, "in 90 days"), (365, "in a year")] {
        let item = Completion::new(CompletionKind::Snippet, days_from(today, days).to_string());
        list.add(0, item.detail(spoken));
    }
}

fn days_from(today: Day, days: i64) -> Day {
    let later = || {
        let today = jiff::civil::Date::new(today.year, today.month as i8, today.day as i8).ok()?;
        let day = today.checked_add(jiff::Span::new().days(days)).ok()?;
        Some(Day { year: day.year(), month: day.month() as u8, day: day.day() as u8 })
    };
    later().unwrap_or(today)
}
