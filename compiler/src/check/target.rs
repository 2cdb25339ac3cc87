//! What a target cannot say, by name: refused, never approximated.

use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::program::{Ends, Grant, Narrowed, Program, SentenceKind};
use crate::target::Target;

pub(super) fn check_hosts(program: &Program, target: Target) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    if target == Target::Cilium {
        return diagnostics;
    }
    for (_, sentence) in program.iter() {
        let Some(reach) = sentence.kind.reach() else { continue };
        for (part, _) in &reach.object {
            let Ends::Host(host) = &part.ends else { continue };
            let message = format!("the target `{}` cannot grant the host name `{host}`", target.name());
            diagnostics.push(
                sentence.explain(
                    Diagnostic::error(Code::E0401, message)
                        .at(part.place, "its policies know addresses and labels, and no names")
                        .with_note(format!("`{}` can", Target::Cilium.name()))
                        .with_help(
                            "on this target grant the addresses that the host has, such as `203.0.113.0/24:443`",
                        ),
                ),
            );
        }
    }
    diagnostics
}

/// Grants of less than a port: requests of HTTP, a ping.
pub(super) fn check_narrowed(program: &Program, target: Target) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for (_, sentence) in program.iter() {
        let SentenceKind::Grant(Grant { narrowed: Some(narrowed), .. }) = &sentence.kind else { continue };
        let said = match narrowed {
            Narrowed::Http { place, .. } if target != Target::Cilium => {
                let message =
                    format!("the target `{}` cannot tell one HTTP request from another", target.name());
                Diagnostic::error(Code::E0404, message)
                    .at(*place, "its policies end at the port")
                    .with_note(format!("`{}` can", Target::Cilium.name()))
                    .with_help("on this target grant the whole port: drop `over http …`")
            }
            Narrowed::Ping { place } if !matches!(target, Target::Cilium | Target::Calico) => {
                let message = format!("the target `{}` does not govern ICMP", target.name());
                Diagnostic::error(Code::E0405, message)
                    .at(*place, "whether a ping passes is the network plugin's own choice")
                    .with_note(format!("`{}` and `{}` can", Target::Cilium.name(), Target::Calico.name()))
                    .with_help("drop the sentence, or grant a port to probe: `may reach … on 80`")
            }
            Narrowed::Http { .. } | Narrowed::Ping { .. } => continue,
        };
        diagnostics.push(sentence.explain(said));
    }
    diagnostics
}
