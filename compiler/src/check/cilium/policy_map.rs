//! How many entries the policy map of an endpoint needs: one for each identity and port that its rules name. A map that
//! overflows drops traffic. An estimate: what several sentences grant alike is counted for each of them.

use roaring::RoaringBitmap as Bits;

use crate::check::Guarded;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::relation::{Grant, Narrowing, Relation};
use crate::resolve::program::{Ends, Port, Ports, Program, SentenceId};

/// The entries of one endpoint's map unless Cilium's option `bpf-policy-map-max` says otherwise.
const ENTRIES: u32 = 16_384;
/// Where it is time to say so.
const NEAR: u32 = ENTRIES / 5 * 4;
/// Addresses that one host name may come to mean.
const ADDRESSES_OF_A_NAME: u32 = 50;

pub fn check(
    program: &Program,
    relation: &Relation,
    guarded: &Guarded,
    facts: &Facts<'_>,
) -> Vec<Diagnostic> {
    let Some((class, entries)) = fullest(relation, guarded, facts) else { return Vec::new() };
    let inventory = facts.inventory;
    let workload = inventory.classes[class as usize].workload;
    let name =
        crate::resolve::names::spelled(inventory, crate::resolve::names::Named::Workload(workload), false);
    let widest = widest(class, relation, guarded, facts);
    let message =
        format!("`{name}` needs some {entries} entries of Cilium's policy map, which has {ENTRIES}");
    let mut said = Diagnostic::warning(Code::W0131, message);
    for (at, (sentence, cost)) in widest.into_iter().enumerate() {
        let label = format!("{cost} of them");
        said = said.at(program.get(sentence).place, if at == 0 { label } else { format!("and {label}") });
    }
    vec![said.with_note("beyond that, packets are dropped").with_help(
        "grant to fewer sets, by a label that they share, or on fewer ports; or raise `bpf-policy-map-max`",
    )]
}

/// The class whose map is the fullest, if that is near the limit.
fn fullest(relation: &Relation, guarded: &Guarded, facts: &Facts<'_>) -> Option<(u32, u32)> {
    let mut entries = vec![0u32; facts.inventory.classes.len()];
    for grant in &relation.grants {
        for (near, cost) in costs(grant, guarded, facts) {
            for class in &near {
                let sum = &mut entries[class as usize];
                *sum = sum.saturating_add(cost);
            }
        }
    }
    let (class, most) = (0..).zip(entries).max_by_key(|(class, sum)| (*sum, std::cmp::Reverse(*class)))?;
    (most >= NEAR).then_some((class, most))
}

/// The sentences that fill the map of a class, the greatest first.
fn widest(class: u32, relation: &Relation, guarded: &Guarded, facts: &Facts<'_>) -> Vec<(SentenceId, u32)> {
    const SHOWN: usize = 3;
    let mut all: Vec<(SentenceId, u32)> = Vec::new();
    for grant in &relation.grants {
        let cost = costs(grant, guarded, facts)
            .into_iter()
            .filter(|(near, _)| near.contains(class))
            .map(|(_, cost)| cost)
            .fold(0, u32::saturating_add);
        if cost > 0 {
            all.push((grant.sentence, cost));
        }
    }
    all.sort_by_key(|(sentence, cost)| (std::cmp::Reverse(*cost), *sentence));
    all.dedup_by_key(|(sentence, _)| *sentence);
    all.truncate(SHOWN);
    all
}

/// The endpoints that a grant makes rules for, and what these cost each of them.
fn costs(grant: &Grant, guarded: &Guarded, facts: &Facts<'_>) -> Vec<(Bits, u32)> {
    let ports = if grant.narrowed == Some(Narrowing::Ping) { 2 } else { entries_of(&grant.ports) };
    let side = |near: &[Ends], far: &[Ends], guarded: &Bits| {
        let near = near.iter().fold(Bits::new(), |all, ends| match ends {
            Ends::Pods(pods) => all | (&*facts.ground(pods) & guarded),
            Ends::Anywhere => all | guarded,
            _ => all,
        });
        let cost = if near.is_empty() { 0 } else { identities(far, facts).saturating_mul(ports) };
        (near, cost)
    };
    let sides =
        [side(&grant.from, &grant.to, &guarded.egress), side(&grant.to, &grant.from, &guarded.ingress)];
    sides.into_iter().filter(|(_, cost)| *cost > 0).collect()
}

/// Pods of one class have one identity; every range and every hole in one has its own.
fn identities(far: &[Ends], facts: &Facts<'_>) -> u32 {
    let count = far.iter().map(|ends| match ends {
        Ends::Anywhere => 1,
        Ends::Pods(pods) => facts.ground(pods).len() as u32,
        Ends::Outside(set) | Ends::Exactly(set) => {
            set.blocks().iter().map(|block| 1 + block.except.len() as u32).sum()
        }
        Ends::Nodes | Ends::ApiServer => 2,
        Ends::Host(_) => ADDRESSES_OF_A_NAME,
    });
    count.fold(0, u32::saturating_add)
}

fn entries_of(ports: &Ports) -> u32 {
    let Ports::These(ports) = ports else { return 1 };
    let one = |port: &Port| match port {
        Port::Named { .. } => 1,
        Port::Range { first, last, .. } => prefixes(u32::from(*first), u32::from(*last)),
    };
    ports.iter().map(one).sum()
}

/// How many prefixes cover a range of ports.
fn prefixes(mut first: u32, last: u32) -> u32 {
    let mut count = 0;
    while first <= last {
        let mut size = if first == 0 { 1 << 16 } else { 1 << first.trailing_zeros() };
        while first + size - 1 > last {
            size /= 2;
        }
        first += size;
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::prefixes;

    #[test]
    fn ranges_are_covered_by_prefixes() {
        assert_eq!(prefixes(80, 80), 1);
        assert_eq!(prefixes(8000, 8015), 1);
        assert_eq!(prefixes(0, 65535), 1);
        assert_eq!(prefixes(1, 65535), 16);
        assert_eq!(prefixes(8000, 8010), 3);
    }
}
