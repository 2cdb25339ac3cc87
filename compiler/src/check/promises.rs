//! Promises: `must not reach`, `must reach`, `only` and `may only`, proved over the universe of today, newcomers
//! included. What holds today only is a warning, with the newcomer that would break it.

mod candidates;
mod exclusive;
mod forbidden;
mod ports;
mod region;
mod required;
pub(super) mod universe;

use std::collections::BTreeSet;

use roaring::RoaringBitmap as Bits;
use weir_cluster::labels::{Labels, Text};

use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::relation::{Grant, GrantKind, Guard, Narrowing, Relation, Within};
use crate::resolve::program::{Exclusive, Part, Ports, Program, Sentence, SentenceId, SentenceKind};
use crate::selector::{Conjunction, PodSet};
use crate::target::Denials;
use candidates::Candidates;
use region::{Region, Regions};
use universe::Universe;
pub(crate) use universe::{example, newcomer as spoken_newcomer};

/// `meant` is the relation as it is written; `bound` what of it the target holds for namespaces to come.
pub(super) fn check(
    program: &Program,
    meant: &Relation,
    bound: &Relation,
    denials: Denials<'_>,
    facts: &Facts<'_>,
) -> Vec<Diagnostic> {
    let promises = |sentence: &Sentence| match &sentence.kind {
        SentenceKind::Guardrail(_) => true,
        SentenceKind::Grant(grant) => grant.exclusive != Exclusive::No,
        SentenceKind::Posture(_) => false,
    };
    if !program.iter().any(|(_, sentence)| promises(sentence)) {
        return Vec::new();
    }
    let mut prover = Prover::new(program, meant, bound, denials, facts);
    for (id, sentence) in program.iter() {
        match &sentence.kind {
            SentenceKind::Guardrail(guardrail) if guardrail.forbids => {
                prover.check_forbidden(id, &guardrail.reach)
            }
            SentenceKind::Grant(grant) if grant.exclusive == Exclusive::Object => {
                prover.check_only(id, &grant.reach)
            }
            SentenceKind::Grant(grant) if grant.exclusive == Exclusive::Subject => {
                prover.check_may_only(id, &grant.reach);
            }
            _ => {}
        }
    }
    prover.check_required();
    prover.diagnostics
}

/// How surely two sets meet.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Meeting {
    /// Members of the universe of today do: a source and a destination, in the user's words.
    Today(String, String),
    /// Nobody of today; these could, in the user's words.
    Later(String),
}

/// Everything that some guard closes.
struct Guarded {
    ingress: Region,
    egress: Region,
}

impl Guarded {
    fn of(relation: &Relation) -> Guarded {
        let all = |closes: fn(&Guard) -> bool| {
            let guards = relation.guards.iter().filter(|guard| closes(guard));
            Region::of_pods(PodSet::union(guards.map(|guard| guard.pods.clone())))
        };
        Guarded { ingress: all(|guard| guard.ingress), egress: all(|guard| guard.egress) }
    }
}

struct Prover<'a> {
    program: &'a Program,
    meant: &'a Relation,
    facts: &'a Facts<'a>,
    /// What the target can deny.
    denials: Denials<'a>,
    regions: Regions<'a>,
    /// As it is written, and as far as the target holds it for what comes later.
    guarded: Guarded,
    guarded_by_target: Guarded,
    /// Sentences that exclude each other and are told.
    told: BTreeSet<(SentenceId, SentenceId)>,
    universe: Universe<'a>,
    by_source: Candidates,
    by_destination: Candidates,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Prover<'a> {
    fn new(
        program: &'a Program,
        meant: &'a Relation,
        bound: &'a Relation,
        denials: Denials<'a>,
        facts: &'a Facts<'a>,
    ) -> Prover<'a> {
        // The sets as they are written: what the algebra splits them into is nobody's selector.
        let reaches = program.sentences.iter().filter_map(|sentence| sentence.kind.reach());
        let parts = reaches.flat_map(|reach| reach.parts().filter_map(|part| part.ends.pods()));
        let guarded = meant.guards.iter().map(|guard| &guard.pods);
        Prover {
            program,
            meant,
            denials,
            guarded: Guarded::of(meant),
            guarded_by_target: Guarded::of(bound),
            told: BTreeSet::new(),
            facts,
            regions: Regions::over(facts),
            universe: Universe::new(facts, parts.chain(guarded)),
            by_source: Candidates::of(&meant.grants, |grant| &grant.from),
            by_destination: Candidates::of(&meant.grants, |grant| &grant.to),
            diagnostics: Vec::new(),
        }
    }

    fn report(&mut self, id: SentenceId, diagnostic: Diagnostic) {
        self.diagnostics.push(self.program.get(id).explain(diagnostic));
    }

    fn region<'p>(&self, parts: impl IntoIterator<Item = &'p Part>) -> Region {
        self.regions.of(parts.into_iter().map(|part| &part.ends))
    }

    /// The objects of a sentence, those with the same ports together.
    fn objects<'p>(&self, objects: &'p [(Part, Ports)]) -> Vec<(&'p Ports, Region)> {
        let mut groups: Vec<(&Ports, Vec<&Part>)> = Vec::new();
        for (part, ports) in objects {
            match groups.iter_mut().find(|(known, _)| *known == ports) {
                Some((_, parts)) => parts.push(part),
                None => groups.push((ports, vec![part])),
            }
        }
        groups.into_iter().map(|(ports, parts)| (ports, self.region(parts))).collect()
    }

    /// Whether flows from one region to another can be at all, under a grant that holds within parts.
    fn meeting(&self, from: &Region, to: &Region, within: &Within) -> Option<Meeting> {
        if from.is_empty() || to.is_empty() || (from.pods.is_empty() && to.pods.is_empty()) {
            return None;
        }
        let (sources, destinations) = (self.universe.bits(&from.pods), self.universe.bits(&to.pods));
        let part = |id: u32| {
            let (name, labels): (&Text, &Labels) = self.universe.home(id);
            match within {
                Within::Everywhere => None,
                Within::SameNamespace => Some(name.clone()),
                Within::SameValue(key) => labels.get(key).cloned(),
            }
        };
        let pair = match within {
            Within::Everywhere => sources.min().zip(destinations.min()),
            _ => sources.iter().find_map(|source| {
                let home = part(source)?;
                let near = |destination: &u32| part(*destination).as_ref() == Some(&home);
                Some((source, destinations.iter().find(near)?))
            }),
        };
        if let Some((source, destination)) = pair {
            return Some(Meeting::Today(self.universe.spoken(source), self.universe.spoken(destination)));
        }
        if *within == Within::Everywhere {
            match (sources.min(), to.has_pods_alone(), destinations.min(), from.has_pods_alone()) {
                (Some(source), false, _, _) => {
                    return Some(Meeting::Today(self.universe.spoken(source), to.spoken()));
                }
                (_, _, Some(destination), false) => {
                    return Some(Meeting::Today(from.spoken(), self.universe.spoken(destination)));
                }
                _ => {}
            }
        }
        self.later(from, to, within, sources.is_empty())
    }

    /// Pods of tomorrow that would make two sets meet.
    fn later(&self, from: &Region, to: &Region, within: &Within, source: bool) -> Option<Meeting> {
        let joint = |a: &Conjunction, b: &Conjunction| match within {
            Within::Everywhere => Some(a.clone()),
            Within::SameNamespace => {
                Some(Conjunction { namespaces: a.namespaces.and(&b.namespaces)?, pods: a.pods.clone() })
            }
            Within::SameValue(key) => {
                let key = crate::selector::Key::Label(key.clone());
                let (ours, theirs) = (a.namespaces.get(&key), b.namespaces.get(&key));
                let shared = ours.zip(theirs).is_none_or(|(ours, theirs)| ours.and(theirs).is_satisfiable());
                shared.then(|| a.clone())
            }
        };
        let (near, far) = if source { (from, to) } else { (to, from) };
        let (term, other) = match near.pods.terms() {
            [] => (far.pods.terms().first().cloned()?, None),
            terms if far.pods.is_empty() => (terms.first().cloned()?, None),
            terms => {
                let pairs = terms.iter().flat_map(|a| far.pods.terms().iter().map(move |b| (a, b)));
                pairs.into_iter().find_map(|(a, b)| Some((joint(a, b)?, Some(b))))?
            }
        };
        let mut newcomer = example(&term, self.facts);
        // Its namespace would have to be of the other's part.
        if let (Within::SameValue(key), Some(other)) = (within, other)
            && let Some(value) = example(other, self.facts).namespace_labels.get(key)
        {
            let rest = newcomer.namespace_labels.iter().filter(|(label, _)| *label != key);
            let rest = rest.map(|(label, value)| (label.clone(), value.clone()));
            newcomer.namespace_labels = rest.chain([(key.clone(), value.clone())]).collect();
        }
        Some(Meeting::Later(universe::newcomer(&newcomer, self.facts)))
    }

    /// A grant's part of the flows between two regions, if there is any.
    fn granted(&self, grant: &Grant, from: &Region, to: &Region, ports: &Ports) -> Option<Meeting> {
        let to = self.regions.and(&self.regions.of(&grant.to), to);
        if to.is_empty() {
            return None;
        }
        let from = self.regions.and(&self.regions.of(&grant.from), from);
        if from.is_empty() {
            return None;
        }
        let destinations: Bits = self.universe.bits(&to.pods);
        let meet = match grant.narrowed {
            // A ping is on no port: who speaks of some ports does not speak of it.
            Some(Narrowing::Ping) if *ports != Ports::All => ports::Meet::Never,
            _ => ports::meet(&grant.ports, ports, &destinations, self.facts.inventory),
        };
        let sure = match meet {
            ports::Meet::Never => return None,
            ports::Meet::Later => false,
            ports::Meet::Today => true,
        };
        let meeting = self.meeting(&from, &to, &grant.within)?;
        Some(match meeting {
            Meeting::Today(source, destination) if !sure => {
                Meeting::Later(format!("another number for a named port between {source} and {destination}"))
            }
            meeting => meeting,
        })
    }

    /// Where a grant stands, and what it says there.
    fn grant_place(&self, grant: &Grant) -> (crate::source::Place, &'static str) {
        let sentence = self.program.get(grant.sentence);
        let label = match grant.kind {
            GrantKind::Inner => "grants it among its members",
            GrantKind::Library => "the prelude grants it",
            GrantKind::Written => "grants it",
        };
        (sentence.place, label)
    }

    fn holds_today(
        &mut self,
        id: SentenceId,
        message: &str,
        newcomer: &str,
        grant: Option<&Grant>,
        help: &str,
    ) {
        let place = match self.program.get(id).kind.reach() {
            Some(reach) => reach.verb_place,
            None => return,
        };
        let mut said = Diagnostic::warning(Code::W0128, message.to_owned()).at(place, "holds today");
        if let Some(grant) = grant {
            let (place, _) = self.grant_place(grant);
            said = said.at(place, "would grant it then");
        }
        let said = said.with_note(format!("{newcomer} would break it"));
        self.report(id, if help.is_empty() { said } else { said.with_help(help) });
    }
}
