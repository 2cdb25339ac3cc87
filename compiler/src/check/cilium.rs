//! What Cilium alone would silently not do: labels that are no part of an endpoint's identity, host names that nobody
//! asks the DNS for, sources that it sees as something else. Whether its objects look right is not known here.

mod identity;
mod names;
mod policy_map;

use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::relation::Relation;
use crate::resolve::program::{Ends, Part, Port, Ports, Program, Sentence, SentenceKind, Thing};
use crate::selector::{Key, PodSet};
use crate::source::Place;

use super::Guarded;

/// `relation`: bound to the target.
pub(super) fn check(
    program: &Program,
    relation: &Relation,
    guarded: &Guarded,
    facts: &Facts<'_>,
) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for (_, sentence) in program.iter() {
        let mut said = Vec::new();
        match &sentence.kind {
            SentenceKind::Posture(posture) => {
                check_labels(&posture.subject, posture.subject_place, &mut said);
            }
            SentenceKind::Grant(grant) => {
                grant.reach.parts().for_each(|part| check_part(part, &mut said));
                check_api_server(sentence, &mut said);
                check_names_of_ports(&grant.reach.object, guarded, facts, &mut said);
            }
            SentenceKind::Guardrail(guardrail) => {
                guardrail.reach.parts().for_each(|part| check_part(part, &mut said));
            }
        }
        diagnostics.extend(said.into_iter().map(|said| sentence.explain(said)));
    }
    diagnostics.extend(names::check(program, relation, guarded, facts));
    // What a sentence with errors would add is not known.
    if !program.incomplete {
        diagnostics.extend(policy_map::check(program, relation, guarded, facts));
    }
    diagnostics
}

fn check_part(part: &Part, diagnostics: &mut Vec<Diagnostic>) {
    if let Ends::Pods(pods) = &part.ends {
        check_labels(pods, part.place, diagnostics);
    }
}

/// Labels of pods that are no part of their identities select nothing.
fn check_labels(pods: &PodSet, place: Place, diagnostics: &mut Vec<Diagnostic>) {
    let mut of_pods = pods.terms().iter().flat_map(|term| term.pods.iter()).map(|(key, _)| key);
    let mut of_namespaces = pods.terms().iter().flat_map(|term| term.namespaces.iter()).map(|(key, _)| key);
    let said = if let Some(label) = of_pods.find_map(|key| label_that(key, identity::is_ignored)) {
        Diagnostic::error(Code::E0406, format!("Cilium does not see the label `{label}` of pods"))
            .at(place, "selects by it")
            .with_note("it is no part of an endpoint's identity, unless Cilium's option `labels` adds it")
            .with_help("select by another label, such as `app`")
    } else if let Some(label) = of_namespaces.find_map(|key| label_that(key, identity::is_too_long)) {
        Diagnostic::error(Code::E0406, format!("Cilium refuses the label `{label}` of namespaces"))
            .at(place, "selects by it")
            .with_note("before 1.20 it takes no such label of more than 28 characters without a `/`")
            .with_help("select by a shorter one, or by the names of the namespaces")
    } else {
        return;
    };
    diagnostics.push(said);
}

fn label_that(key: &Key, fits: fn(&str) -> bool) -> Option<&str> {
    match key {
        Key::Label(label) => Some(label.as_ref()).filter(|label| fits(label)),
        _ => None,
    }
}

/// Where the API server is somebody else's, its calls come through a tunnel, and from a node.
fn check_api_server(sentence: &Sentence, diagnostics: &mut Vec<Diagnostic>) {
    let SentenceKind::Grant(grant) = &sentence.kind else { return };
    let Some(part) = grant.reach.subject.iter().find(|part| part.ends == Ends::ApiServer) else { return };
    if sentence.library || grant.reach.subject.iter().any(|part| part.ends == Ends::Nodes) {
        return;
    }
    diagnostics.push(
        Diagnostic::note(Code::W0136, "calls of a managed API server come from a node, and not from it")
            .at(part.place, "Cilium sees `kube-apiserver` where the API server's own address calls")
            .with_help("where the provider runs the API server (AKS, GKE), write `apiserver, nodes`"),
    );
}

/// A name with several numbers among the peers: Cilium before 1.17 leaves such a rule out.
fn check_names_of_ports(
    objects: &[(Part, Ports)],
    guarded: &Guarded,
    facts: &Facts<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if guarded.egress.is_empty() {
        return;
    }
    for (part, ports) in objects {
        let (Ends::Pods(pods), Ports::These(ports)) = (&part.ends, ports) else { continue };
        if matches!(part.thing, Thing::Dns(_)) {
            continue;
        }
        let named = ports.iter().find_map(|port| match port {
            Port::Named { name, .. } => Some(name),
            Port::Range { .. } => None,
        });
        let Some(name) = named else { continue };
        let classes = facts.ground(pods);
        let mut numbers: Vec<u16> = classes
            .iter()
            .flat_map(|class| &facts.inventory.classes[class as usize].ports)
            .filter(|port| port.name.as_ref() == Some(name))
            .map(|port| port.number)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.len() < 2 {
            continue;
        }
        let listed: Vec<String> = numbers.iter().map(u16::to_string).collect();
        let listed = crate::diagnostic::listed(&listed.iter().collect::<Vec<_>>(), "and");
        diagnostics.push(
            Diagnostic::warning(Code::W0135, format!("the port name `{name}` stands for {listed} here"))
                .at(part.place, "older versions of Cilium leave out an egress rule with such a name")
                .with_help("write a sentence for each of the workloads, or give the ports one number"),
        );
    }
}
