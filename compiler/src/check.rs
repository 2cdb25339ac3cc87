//! What a program says against itself and against the target: conflicts are errors, doubts are lints.

mod conflicts;
mod lints;
mod promises;
mod target;

use roaring::RoaringBitmap as Bits;

use crate::diagnostic::Diagnostic;
use crate::facts::Facts;
use crate::relation::Relation;
use crate::resolve::program::Program;
use crate::target::Target;
pub(crate) use conflicts::guard_place;
pub(crate) use promises::spoken_newcomer;

/// Checks a program: `meant` is its relation, `relation` the same, bound to the target.
pub fn check(
    program: &Program,
    meant: &Relation,
    relation: &Relation,
    facts: &Facts<'_>,
    target: Target,
) -> Vec<Diagnostic> {
    let guarded = Guarded::of(relation, facts);
    let mut diagnostics = target::check_hosts(program, target);
    diagnostics.extend(target::check_narrowed(program, target));
    diagnostics.extend(promises::check(program, meant, relation, facts));
    diagnostics.extend(conflicts::check(program, relation, &guarded, facts));
    diagnostics.extend(lints::check(program, relation, &guarded, facts));
    diagnostics
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
