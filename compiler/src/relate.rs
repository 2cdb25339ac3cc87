//! From resolved sentences to the relation that they mean together.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use weir_grammar::ast::{Day, PostureWord};

use crate::address::AddressSet;
use crate::relation::{Denial, Grant, GrantKind, Guard, Narrowing, Relation, Within};
use crate::resolve::program::{
    self, Ends, Exclusive, Narrowed, Parts, Ports, Program, SentenceId, SentenceKind,
};
use crate::selector::PodSet;
use crate::threads;

/// What a program means on a day: a grant that has ended is none.
pub fn relate(program: &Program, today: Day) -> Relation {
    let parts = threads::stretches(program.sentences.len(), |range| relate_some(program, range, today));
    let mut parts = parts.into_iter();
    let mut relation = parts.next().unwrap_or_default();
    for part in parts {
        relation.guards.extend(part.guards);
        relation.grants.extend(part.grants);
    }
    relation
}

fn relate_some(program: &Program, range: Range<usize>, today: Day) -> Relation {
    let mut relation = Relation::default();
    for at in range {
        let id = SentenceId(at as u32);
        let sentence = program.get(id);
        match &sentence.kind {
            SentenceKind::Posture(posture) => relate_posture(posture, id, &mut relation),
            SentenceKind::Grant(grant) => {
                let kind = if sentence.library { GrantKind::Library } else { GrantKind::Written };
                relate_exclusive(grant, id, &mut relation);
                if grant.until.is_none_or(|(day, _)| today < day) {
                    relate_grant(grant, kind, id, &mut relation);
                }
            }
            // A promise permits nothing: it is proved, and where a target can deny, denied.
            SentenceKind::Guardrail(guardrail) => {
                if guardrail.forbids {
                    relate_denial(&guardrail.reach, id, &mut relation);
                }
            }
        }
    }
    relation
}

fn relate_posture(posture: &program::Posture, sentence: SentenceId, relation: &mut Relation) {
    if posture.word == PostureWord::Open || posture.subject.is_empty() {
        return;
    }
    relation.guards.push(Guard {
        pods: posture.subject.clone(),
        ingress: posture.ingress,
        egress: posture.egress,
        sentence,
    });
    if posture.word == PostureWord::Isolated {
        let members = vec![Ends::Pods(posture.subject.clone())];
        let within = match &posture.parts {
            Parts::Whole => Within::Everywhere,
            Parts::Namespaces => Within::SameNamespace,
            Parts::Label(key) => Within::SameValue(key.clone()),
        };
        relation.grants.push(Arc::new(Grant {
            from: members.clone(),
            to: members,
            ports: Ports::All,
            narrowed: None,
            within,
            kind: GrantKind::Inner,
            sentence,
        }));
    }
}

/// The end that `only` closes but for its own grant.
fn relate_exclusive(grant: &program::Grant, sentence: SentenceId, relation: &mut Relation) {
    let pods = |parts: Vec<&program::Part>| {
        PodSet::union(parts.into_iter().filter_map(|part| part.ends.pods().cloned()))
    };
    let (ingress, pods) = match grant.exclusive {
        Exclusive::No => return,
        Exclusive::Object => (true, pods(grant.reach.object.iter().map(|(part, _)| part).collect())),
        Exclusive::Subject => (false, pods(grant.reach.subject.iter().collect())),
    };
    if !pods.is_empty() {
        relation.guards.push(Guard { pods, ingress, egress: !ingress, sentence });
    }
}

fn relate_grant(grant: &program::Grant, kind: GrantKind, sentence: SentenceId, relation: &mut Relation) {
    let narrowed = grant.narrowed.as_ref().map(|narrowed| match narrowed {
        Narrowed::Http { requests, .. } => Narrowing::Http(requests.as_slice().into()),
        Narrowed::Ping { .. } => Narrowing::Ping,
    });
    for (from, to, ports) in flows(&grant.reach) {
        relation.grants.push(Arc::new(Grant {
            from,
            to,
            ports: ports.clone(),
            narrowed: narrowed.clone(),
            within: Within::Everywhere,
            kind,
            sentence,
        }));
    }
}

fn relate_denial(reach: &program::Reach, sentence: SentenceId, relation: &mut Relation) {
    for (from, to, ports) in flows(reach) {
        relation.denials.push(Denial { from, to, ports: ports.clone(), sentence });
    }
}

/// What a sentence speaks of: the objects that have the same ports together. An empty end makes no flow.
fn flows(reach: &program::Reach) -> Vec<(Vec<Ends>, Vec<Ends>, &Ports)> {
    let from = joined(reach.subject.iter().map(|part| &part.ends));
    let mut by_ports: BTreeMap<&Ports, Vec<&Ends>> = BTreeMap::new();
    for (part, ports) in &reach.object {
        by_ports.entry(ports).or_default().push(&part.ends);
    }
    let some = by_ports.into_iter().map(|(ports, ends)| (from.clone(), joined(ends.into_iter()), ports));
    some.filter(|(from, to, _)| !from.is_empty() && !to.is_empty()).collect()
}

/// One entry a kind, empty ones left out.
pub fn joined<'e>(ends: impl Iterator<Item = &'e Ends>) -> Vec<Ends> {
    let mut pods = Vec::new();
    let mut outside = AddressSet::default();
    let mut exactly = AddressSet::default();
    let mut others = Vec::new();
    for end in ends {
        match end {
            Ends::Pods(some) => pods.push(some.clone()),
            Ends::Outside(some) => outside = outside.union(some),
            Ends::Exactly(some) => exactly = exactly.union(some),
            other => others.push(other.clone()),
        }
    }
    let pods = PodSet::union(pods);
    let mut all = Vec::new();
    if !pods.is_empty() {
        all.push(Ends::Pods(pods));
    }
    if !outside.is_empty() {
        all.push(Ends::Outside(outside));
    }
    if !exactly.is_empty() {
        all.push(Ends::Exactly(exactly));
    }
    others.sort_unstable();
    others.dedup();
    all.extend(others);
    all.shrink_to_fit(); // there is one of them at each end of each grant
    all
}
