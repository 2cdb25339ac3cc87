//! What a program says against itself, against the target and against policies that others wrote: conflicts are errors,
//! doubts are lints.

mod cilium;
mod cni;
mod conflicts;
mod foreign;
mod lints;
mod promises;
mod target;

use roaring::RoaringBitmap as Bits;

use crate::Setting;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::lint::Levels;
use crate::relation::Relation;
use crate::resolve::program::Program;
use crate::source::Sources;
use crate::target::{Denials, Target};
pub(crate) use conflicts::guard_place;
use lints::View;
pub(crate) use promises::{example, spoken_newcomer};

/// Checks a program: `meant` is its relation, `relation` the same, bound to the target.
pub fn check(
    program: &Program,
    meant: &Relation,
    relation: &Relation,
    sources: &Sources,
    setting: &Setting<'_>,
    levels: &Levels,
) -> Vec<Diagnostic> {
    let Setting { facts, target, options, .. } = *setting;
    let guarded = Guarded::of(relation, facts);
    let denials = Denials::of(target, &options, facts);
    let mut diagnostics = target::check(program, target, facts);
    diagnostics.extend(crate::target::refused(target, &options, relation, program, facts));
    diagnostics.extend(cni::check(program, setting));
    if target == Target::Cilium {
        diagnostics.extend(cilium::check(program, relation, &guarded, facts));
    }
    diagnostics.extend(promises::check(program, meant, relation, denials, facts));
    let of_others = foreign::check(program, relation, setting);
    diagnostics.extend(conflicts::check(program, relation, &guarded, facts));
    let mut lints = lints::check(&View::new(program, relation, &guarded, sources, setting, levels));
    // "These flows are open anyway" is not true where others close them.
    lints.retain(|lint| lint.code != Code::W0101 || !of_others.iter().any(|closed| is_within(closed, lint)));
    diagnostics.extend(lints);
    diagnostics.extend(of_others);
    diagnostics
}

/// What of some sentences a target cannot say, whatever else the program says. `relation` is bound to the target.
pub(crate) fn of_target(program: &Program, relation: &Relation, setting: &Setting<'_>) -> Vec<Diagnostic> {
    let Setting { facts, target, options, .. } = *setting;
    let mut diagnostics = target::check(program, target, facts);
    diagnostics.extend(crate::target::refused(target, &options, relation, program, facts));
    diagnostics
}

/// Whether one is about a part of what the other is about.
fn is_within(part: &Diagnostic, whole: &Diagnostic) -> bool {
    let place = |diagnostic: &Diagnostic| diagnostic.labels.first().map(|label| label.place);
    place(whole).zip(place(part)).is_some_and(|(whole, part)| whole.holds(part))
}

/// The classes that are closed each way today.
struct Guarded {
    ingress: Bits,
    egress: Bits,
    /// Of each guard, in the relation's order.
    by_guard: Vec<Bits>,
}

impl Guarded {
    fn of(relation: &Relation, facts: &Facts<'_>) -> Guarded {
        let by_guard: Vec<Bits> = relation.guards.iter().map(|guard| facts.governed(&guard.pods)).collect();
        let all = |closes: fn(&crate::relation::Guard) -> bool| {
            let some = relation.guards.iter().zip(&by_guard).filter(|(guard, _)| closes(guard));
            some.fold(Bits::new(), |all, (_, bits)| all | bits)
        };
        Guarded { ingress: all(|guard| guard.ingress), egress: all(|guard| guard.egress), by_guard }
    }
}
