//! What the cluster's network plugin does not enforce, or is not set up for: a policy that nobody reads closes nothing.

use weir_cluster::inventory::{Origin, Protocol};

use crate::Setting;
use crate::cni::{Cni, Enforced, Source, Switch};
use crate::diagnostic::{Code, Diagnostic, InputPlace, listed, printable, shortened};
use crate::resolve::program::{Ends, Grant, Narrowed, Port, Ports, Program, SentenceKind};
use crate::source::Place;
use crate::target::Target;

pub(super) fn check(program: &Program, setting: &Setting<'_>) -> Vec<Diagnostic> {
    let Setting { facts, target, .. } = *setting;
    let mut diagnostics = disagreements(&facts.cni);
    match facts.cni.enforces(target) {
        Enforced::No(why) => diagnostics.extend(not_enforced(setting, &why)),
        Enforced::Yes | Enforced::Unknown => check_needs(program, setting, &mut diagnostics),
    }
    diagnostics
}

/// The table of `weir.toml` that tells of this cluster's plugin.
fn table(setting: &Setting<'_>) -> String {
    let name = setting.project.map(|(_, cluster)| cluster.name.as_str()).filter(|name| !name.is_empty());
    format!("`[clusters.{}.cni]` in `weir.toml`", name.unwrap_or("NAME"))
}

/// One a cluster: no sentence is to blame.
fn not_enforced(setting: &Setting<'_>, why: &str) -> Option<Diagnostic> {
    let cni = &setting.facts.cni;
    let plugin = cni.plugin()?;
    let (target, name) = (setting.target.name(), plugin.value.name());
    let message = format!("`{name}`, the cluster's network plugin, does not enforce the target `{target}`");
    let said = from(Diagnostic::error(Code::E0407, message), &plugin.source, "the network plugin");
    let enforced: Vec<&str> = cni.enforced().into_iter().map(Target::name).collect();
    let said = said.with_note(why.to_owned());
    let said = match enforced.first() {
        Some(first) => said
            .with_note(format!("of the targets it enforces {}", listed(&enforced, "and")))
            .with_help(format!("build for `{first}` instead: `-t {first}`")),
        None => said.with_help(
            "policies need a plugin that enforces them, such as `calico`, or `kube-network-policies` beside this one",
        ),
    };
    Some(said.with_help(format!("if the cluster is set up otherwise, say so below {}", table(setting))))
}

/// With the line of `weir.toml`, or the object, that tells a fact.
pub(super) fn from(said: Diagnostic, source: &Source, label: &str) -> Diagnostic {
    match source {
        Source::File(place) => said.at(*place, label),
        Source::Object(shown) => {
            let note = format!("{} shows it", printable(&shown.what));
            Diagnostic { input: Some(input(&shown.origin)), ..said.with_note(note) }
        }
    }
}

pub(super) fn input(origin: &Origin) -> InputPlace {
    let Origin { file, document, line } = origin;
    InputPlace { file: file.to_string(), document: *document, line: *line, column: 0 }
}

/// What `weir.toml` says and the inventory shows otherwise. The file is believed.
fn disagreements(cni: &Cni) -> Vec<Diagnostic> {
    let tell = |one: &crate::cni::Disagreement| {
        let (said, found) = (shortened(&printable(&one.said)), shortened(&printable(&one.found)));
        let message = format!("`{}` is `{said}` here, and `{found}` in the inventory", one.key);
        let origin = &one.shown.origin;
        let at = if origin.line > 0 { format!(":{}", origin.line) } else { String::new() };
        Diagnostic::warning(Code::W0134, message)
            .at(one.place, "this is believed")
            .with_note(format!(
                "{} shows the other, in `{}{at}`",
                printable(&one.shown.what),
                printable(&origin.file)
            ))
            .with_help("drop the line to go by the inventory, or bring the inventory up to date")
    };
    cni.disagreements.iter().map(tell).collect()
}

/// What a sentence may need of a plugin that is set up for it.
struct Need {
    target: Target,
    /// Where a sentence needs it.
    needs: fn(&SentenceKind) -> Option<Place>,
    lacks: fn(&Cni) -> Option<Lack>,
    label: &'static str,
    help: &'static str,
}

/// What a plugin lacks, and who tells; `None` where that is its default.
struct Lack<'a> {
    message: &'static str,
    note: &'static str,
    source: Option<&'a Source>,
}

const NEEDS: &[Need] = &[
    Need {
        target: Target::Cilium,
        needs: sctp,
        lacks: |cni| {
            (!cni.sctp()).then(|| Lack {
                message: "SCTP is not switched on in `cilium`",
                note: "Cilium tells no ports of SCTP unless `enable-sctp` is `true`: the rule would admit nothing",
                source: cni.switch(Switch::Sctp).map(|told| &told.source),
            })
        },
        label: "a port of SCTP",
        help: "switch it on in the cluster, and let the inventory show the ConfigMap `cilium-config` or write `sctp = true`",
    },
    Need {
        target: Target::Cilium,
        needs: ping,
        lacks: |cni| {
            (!cni.icmp()).then(|| Lack {
                message: "rules on ICMP are switched off in `cilium`",
                note: "with `enable-icmp-rules` off, Cilium passes them over: the ping would stay closed",
                source: cni.switch(Switch::Icmp).map(|told| &told.source),
            })
        },
        label: "a ping is ICMP",
        help: "switch them on in the cluster and write `icmp = true`, or grant a port to probe: `may reach … on 80`",
    },
    Need {
        target: Target::Cilium,
        needs: http,
        lacks: no_proxy,
        label: "only a proxy tells one request from another",
        help: "grant the whole port: drop `over http …`",
    },
    Need {
        target: Target::Cilium,
        needs: host,
        lacks: no_proxy,
        label: "the addresses of a name are learnt by the proxy",
        help: "grant the addresses that the host has, such as `203.0.113.0/24:443`",
    },
];

fn no_proxy(cni: &Cni) -> Option<Lack<'_>> {
    if cni.l7_proxy() {
        return None;
    }
    let off = cni.switch(Switch::L7Proxy).filter(|told| !told.value);
    Some(match off {
        Some(told) => Lack {
            message: "the proxy of `cilium` for HTTP and DNS is switched off",
            note: "with `enable-l7-proxy` off, Cilium refuses policies with such rules",
            source: Some(&told.source),
        },
        None => Lack {
            message: "`cilium` is chained onto the network plugin of AWS",
            note: "there some traffic passes the proxy for HTTP and DNS by",
            source: cni.chaining_source(),
        },
    })
}

fn check_needs(program: &Program, setting: &Setting<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let cni = &setting.facts.cni;
    let lacking = NEEDS.iter().filter(|need| need.target == setting.target);
    let lacking: Vec<(&Need, Lack<'_>)> =
        lacking.filter_map(|need| Some((need, (need.lacks)(cni)?))).collect();
    for (_, sentence) in program.iter() {
        for (need, lack) in &lacking {
            let Some(place) = (need.needs)(&sentence.kind) else { continue };
            let said =
                Diagnostic::error(Code::E0408, lack.message).at(place, need.label).with_note(lack.note);
            let said = match lack.source {
                Some(Source::File(place)) => said.at(*place, "told here"),
                Some(Source::Object(shown)) => said.with_note(format!("{} shows it", printable(&shown.what))),
                None => said,
            };
            let said = said
                .with_help(need.help)
                .with_help(format!("facts of the network plugin stand below {}", table(setting)));
            diagnostics.push(sentence.explain(said));
        }
    }
}

fn sctp(kind: &SentenceKind) -> Option<Place> {
    let is_sctp = |port: &Port| match port {
        Port::Range { protocol, .. } | Port::Named { protocol, .. } => *protocol == Protocol::Sctp,
    };
    let has = |ports: &Ports| matches!(ports, Ports::These(ports) if ports.iter().any(is_sctp));
    kind.reach()?.object.iter().find(|(_, ports)| has(ports)).map(|(part, _)| part.place)
}

fn ping(kind: &SentenceKind) -> Option<Place> {
    match kind {
        SentenceKind::Grant(Grant { narrowed: Some(Narrowed::Ping { place }), .. }) => Some(*place),
        _ => None,
    }
}

fn http(kind: &SentenceKind) -> Option<Place> {
    match kind {
        SentenceKind::Grant(Grant { narrowed: Some(Narrowed::Http { place, .. }), .. }) => Some(*place),
        _ => None,
    }
}

fn host(kind: &SentenceKind) -> Option<Place> {
    let object = &kind.reach()?.object;
    object.iter().find(|(part, _)| matches!(part.ends, Ends::Host(_))).map(|(part, _)| part.place)
}
