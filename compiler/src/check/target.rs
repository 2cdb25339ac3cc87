//! What a target cannot say, by name: refused, never approximated.

use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::program::{Ends, Program, SentenceKind};
use crate::target::Target;

pub(super) fn check_hosts(program: &Program, target: Target) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    if target == Target::Cilium {
        return diagnostics;
    }
    for (_, sentence) in program.iter() {
        let SentenceKind::Grant(grant) = &sentence.kind else { continue };
        for (part, _) in &grant.object {
            let Ends::Host(host) = &part.ends else { continue };
            let message = format!("the target `{}` cannot grant the host name `{host}`", target.name());
            diagnostics.push(
                Diagnostic::error(Code::E0401, message)
                    .at(part.place, "its policies know addresses and labels, and no names")
                    .with_note(format!("`{}` can", Target::Cilium.name()))
                    .with_help(
                        "on this target grant the addresses that the host has, such as `203.0.113.0/24:443`",
                    ),
            );
        }
    }
    diagnostics
}
