//! What Calico has no selector for: sets that leave out so much that a selector would be too long, and service accounts
//! whose names are too long for its label.

use std::collections::BTreeMap;

use super::selectors::{self, fit_together, shortest, surely_short};
use super::{Form, conjunction};
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::relation::Relation;
use crate::resolve::program::{Ends, Program, SentenceId};
use crate::selector::{Conjunction, Key, Values};
use crate::target::draft;
use crate::target::peer::{Peer, Peers};

/// Service accounts whose names are longer have no label.
const LONGEST_ACCOUNT: usize = 62;

/// As long as the selector of a part of the cluster may be: a label and its value.
const PART: Lengths = (400, 0);

/// Lengths of selectors: of namespaces, of pods.
type Lengths = (usize, usize);

pub(super) fn refused(
    form: Form,
    relation: &Relation,
    program: &Program,
    facts: &Facts<'_>,
) -> Vec<Diagnostic> {
    let mut refused: BTreeMap<SentenceId, Diagnostic> = BTreeMap::new();
    let (mut of_guards, mut of_ends): (Lengths, Lengths) = ((0, 0), (0, 0));
    let mut look = |term: &Conjunction, sentence: SentenceId, longest: &mut Lengths| {
        let surely = surely_short(term);
        let lengths = surely.unwrap_or_else(|| shortest(term));
        *longest = (longest.0.max(lengths.0), longest.1.max(lengths.1));
        let said = match long_account(term) {
            Some(account) => account_without_label(account),
            None if surely.is_none() && selectors::of(term).is_none() => {
                too_long("what is left out cannot be taken apart")
            }
            None => return,
        };
        let place = program.get(sentence).place;
        refused.entry(sentence).or_insert_with(|| said.at(place, "in this sentence"));
    };
    for guard in &relation.guards {
        guard.pods.terms().iter().for_each(|term| look(term, guard.sentence, &mut of_guards));
    }
    let of_grants = relation.grants.iter().map(|grant| (&grant.from, &grant.to, grant.sentence));
    let of_denials = relation.denials.iter().map(|denial| (&denial.from, &denial.to, denial.sentence));
    for (from, to, sentence) in of_grants.chain(of_denials) {
        for pods in from.iter().chain(to).filter_map(Ends::pods) {
            pods.terms().iter().for_each(|term| look(term, sentence, &mut of_ends));
        }
    }
    if refused.is_empty() && !(fit_together(of_guards, of_ends) && fit_together(PART, of_ends)) {
        together(form, relation, facts, &mut |sentence| {
            let said = too_long("what this sentence and a guard leave out cannot be taken apart");
            refused
                .entry(sentence)
                .or_insert_with(|| said.at(program.get(sentence).place, "in this sentence"));
        });
    }
    refused.into_iter().map(|(sentence, said)| program.get(sentence).explain(said)).collect()
}

/// The sentences of rules that have no selectors though their sentences have: looked for only where there may be any.
fn together(form: Form, relation: &Relation, facts: &Facts<'_>, refuse: &mut dyn FnMut(SentenceId)) {
    let peers = Peers { facts, entities: false, ranges_hold_cluster: true, program: None };
    let (_, grants) = draft::apart(relation, facts, &peers, form.reach());
    for (subject, draft) in &grants {
        let has = |peer: &Peer| match peer {
            Peer::Pods(set) => selectors::of(set).is_some(),
            _ => true,
        };
        let mut peers = draft.rules.values().flatten().flat_map(|rule| rule.peers.iter());
        if selectors::of(&conjunction(form, subject)).is_none() || !peers.all(has) {
            draft.sentences.iter().for_each(|sentence| refuse(*sentence));
        }
    }
}

fn long_account(term: &Conjunction) -> Option<&str> {
    let (Values::In(names) | Values::NotIn(names)) = term.pods.get(&Key::ServiceAccount)?.values();
    names.iter().map(AsRef::as_ref).find(|name: &&str| name.len() > LONGEST_ACCOUNT)
}

fn account_without_label(account: &str) -> Diagnostic {
    let message = format!("Calico has no label for the service account `{account}`");
    Diagnostic::error(Code::E0403, message)
        .with_note("it has one for names of 62 characters and fewer")
        .with_help("select the pods that run as it by a label of their own")
}

fn too_long(what: &str) -> Diagnostic {
    Diagnostic::error(Code::E0410, "Calico has no selector of this length")
        .with_note(format!("a selector has 1024 characters at most, and {what}"))
        .with_help(
            "leave out namespaces by a label that they share, such as `namespaces[team=x]`, or fewer of them",
        )
}
