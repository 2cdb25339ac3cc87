//! Binds to today's inventory what a format has no selector for: patterns of namespace names, service accounts, and
//! postures over namespaces that do not exist yet. Every binding is reported; one that would fail open is an error.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use weir_cluster::labels::Text;

use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::relation::{self, Guard, Relation, Within};
use crate::resolve::program::{Ends, Exclusive, Grant, Guardrail, Part, Program, SentenceId, SentenceKind};
use crate::resolve::{names, pattern};
use crate::selector::{self, Conjunction, Constraint, Constraints, Key, PodSet};
use crate::source::Place;
use crate::target::capability::Feature;
use crate::target::{CalicoKind, Options, Target};

/// The same relation with selectors that the target has. Most of it stays what it is, and is not copied: it is the
/// largest thing that there is.
pub(crate) fn bind(
    relation: Relation,
    program: &Program,
    facts: &Facts<'_>,
    target: Target,
    options: &Options,
) -> (Relation, Vec<Diagnostic>) {
    let selects = Selects::of(target, options);
    let mut binder =
        Binder { facts, program, target, selects, told: BTreeMap::new(), diagnostics: Vec::new() };
    let guards = relation.guards.into_iter().map(|guard| binder.guard(guard)).collect();
    let grants = relation.grants.into_iter().map(|grant| binder.grant(grant)).collect();
    binder.report_bindings();
    (Relation { guards, grants, denials: relation.denials }, binder.diagnostics)
}

/// What a format selects by, beside labels and names of namespaces.
#[derive(Clone, Copy)]
pub(super) struct Selects {
    /// Its objects may be about pods of every namespace, tomorrow's included.
    pub new_namespaces: bool,
    pub patterns: bool,
    pub accounts: bool,
}

impl Selects {
    pub fn of(target: Target, options: &Options) -> Selects {
        match target {
            Target::NetworkPolicy | Target::ClusterNetworkPolicy => {
                Selects { new_namespaces: false, patterns: false, accounts: false }
            }
            Target::Cilium => Selects { new_namespaces: true, patterns: false, accounts: true },
            Target::Calico => {
                let new_namespaces = options.calico == CalicoKind::Global;
                Selects { new_namespaces, patterns: true, accounts: true }
            }
        }
    }

    /// Whether it has a selector for each of these requirements.
    pub fn says(self, term: &Conjunction) -> bool {
        term.namespaces.iter().chain(term.pods.iter()).all(|(key, _)| match key {
            Key::Label(_) => true,
            Key::ServiceAccount => self.accounts,
            Key::NameMatches(_) => self.patterns,
        })
    }
}

/// What was bound for a sentence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Bound {
    Pattern(Text),
    ServiceAccount,
    FutureNamespaces,
    /// The members of each part reach each other, and those of parts to come do not yet.
    FutureParts,
}

struct Binder<'a> {
    facts: &'a Facts<'a>,
    program: &'a Program,
    target: Target,
    selects: Selects,
    told: BTreeMap<SentenceId, BTreeSet<Bound>>,
    diagnostics: Vec<Diagnostic>,
}

impl Binder<'_> {
    fn told(&mut self, sentence: SentenceId, bound: Bound) {
        self.told.entry(sentence).or_default().insert(bound);
    }

    /// Whether a set is written with what the format has no selector for.
    fn is_special(&self, pods: &PodSet) -> bool {
        pods.terms().iter().any(|term| !self.selects.says(term))
    }

    /// NetworkPolicies live in namespaces: a guard over namespaces by label covers those that exist.
    fn guard(&mut self, guard: Guard) -> Guard {
        if self.selects.new_namespaces && !self.is_special(&guard.pods) {
            return guard;
        }
        let planned = match &self.program.get(guard.sentence).kind {
            SentenceKind::Posture(posture) => posture.planned,
            SentenceKind::Grant(grant) => grant.planned,
            SentenceKind::Guardrail(_) => false,
        };
        let mut terms = Vec::new();
        for term in guard.pods.terms() {
            let names: Vec<Text> = match term.namespaces.names_only().and_then(Constraint::one_of) {
                // A namespace that does not exist is guarded if it is planned, and not where the algebra of
                // `anyone except dns` happens to name it.
                Some(names) => {
                    let exists = |name: &&Text| self.facts.inventory.namespace(name).is_some();
                    names.filter(|name| planned || exists(name)).cloned().collect()
                }
                None if self.selects.new_namespaces && self.selects.says(term) => {
                    terms.push(term.clone());
                    continue;
                }
                None => {
                    self.told(guard.sentence, Bound::FutureNamespaces);
                    let today = term.namespaces.namespaces(self.facts.inventory);
                    let name = |id: &weir_cluster::inventory::NamespaceId| {
                        self.facts.inventory.namespaces[id.index()].name.clone()
                    };
                    today.iter().map(name).collect()
                }
            };
            if names.is_empty() {
                continue;
            }
            let namespaces = Constraints::one(Key::namespace_name(), Constraint::within(names));
            let bound = Conjunction { namespaces, pods: term.pods.clone() };
            terms.extend(self.without_accounts(bound, guard.sentence));
        }
        Guard { pods: terms.into_iter().collect(), ..guard }
    }

    fn grant(&mut self, mut shared: Arc<relation::Grant>) -> Arc<relation::Grant> {
        let grant = &*shared;
        if self.selects.new_namespaces && grant.within != Within::Everywhere {
            let terms = || grant.from.iter().filter_map(Ends::pods).flat_map(PodSet::terms);
            if terms().any(|term| term.namespaces.names().is_none()) {
                self.told(grant.sentence, Bound::FutureParts);
            }
        }
        let changes = |ends: &Ends| ends.pods().is_some_and(|pods| pods.is_empty() || self.is_special(pods));
        if !grant.from.iter().chain(&grant.to).any(changes) {
            return shared;
        }
        let grant = Arc::make_mut(&mut shared);
        for side in [&mut grant.from, &mut grant.to] {
            for ends in side.iter_mut() {
                if let Ends::Pods(pods) = ends
                    && self.is_special(pods)
                {
                    *pods = self.pods(pods, grant.sentence);
                }
            }
            side.retain(|ends| !ends.pods().is_some_and(PodSet::is_empty));
        }
        shared
    }

    fn pods(&mut self, pods: &PodSet, sentence: SentenceId) -> PodSet {
        let mut terms = Vec::new();
        for term in pods.terms() {
            if let Some(named) = self.without_patterns(term, sentence) {
                terms.extend(self.without_accounts(named, sentence));
            }
        }
        terms.into_iter().collect()
    }

    /// Patterns become the names that match today: fewer tomorrow than were meant, never more.
    fn without_patterns(&mut self, term: &Conjunction, sentence: SentenceId) -> Option<Conjunction> {
        if self.selects.patterns {
            return Some(term.clone());
        }
        let patterns: Vec<(Text, bool)> = term
            .namespaces
            .iter()
            .filter_map(|(key, constraint)| match key {
                Key::NameMatches(pattern) => Some((pattern.clone(), !constraint.may_be_absent())),
                _ => None,
            })
            .collect();
        if patterns.is_empty() {
            return Some(term.clone());
        }
        let today = term.namespaces.namespaces(self.facts.inventory);
        let mut namespaces = term.namespaces.clone();
        for (pattern, positive) in &patterns {
            namespaces = namespaces.without(&Key::NameMatches(pattern.clone()));
            if *positive {
                self.told(sentence, Bound::Pattern(pattern.clone()));
            }
        }
        if let Some(names) = term.namespaces.names() {
            // Of names that are written out a pattern holds or not, today and tomorrow.
            let fits = |name: &&Text| {
                patterns.iter().all(|(pattern, positive)| pattern::matches(pattern, name) == *positive)
            };
            let fitting = Constraint::within(names.filter(fits).cloned());
            let namespaces = namespaces.with(Key::namespace_name(), fitting)?;
            return Some(Conjunction { namespaces, pods: term.pods.clone() });
        }
        if !patterns.iter().any(|(_, positive)| *positive) {
            let (pattern, _) = &patterns[0];
            let format = self.target.format();
            let message = format!("{format} has no selector for \"not `{pattern}`\"");
            self.refuse(Feature::ExceptPatterns, sentence, message);
            return None;
        }
        let names = today.iter().map(|id| self.facts.inventory.namespaces[id.index()].name.clone());
        let named = Constraint::within(names);
        // Labels that were required beside the pattern stay required.
        let namespaces = namespaces.with(Key::namespace_name(), named)?;
        Some(Conjunction { namespaces, pods: term.pods.clone() })
    }

    /// A service account becomes the labels of the workloads that run as it, if no other pod has these.
    fn without_accounts(&mut self, term: Conjunction, sentence: SentenceId) -> Vec<Conjunction> {
        let account = term.pods.get(&Key::ServiceAccount);
        let Some(account) = account.filter(|_| !self.selects.accounts) else { return vec![term] };
        let inventory = self.facts.inventory;
        if account.may_be_absent() || account.one_of().is_none() {
            let message = "NetworkPolicy cannot leave out a service account";
            self.refuse(Feature::ExceptServiceAccounts, sentence, message);
            return Vec::new();
        }
        let meant = term.classes(inventory);
        let open = Conjunction {
            namespaces: term.namespaces.clone(),
            pods: term.pods.without(&Key::ServiceAccount),
        };
        let mut bound: BTreeSet<Conjunction> = BTreeSet::new();
        for class in &meant {
            let class = &inventory.classes[class as usize];
            let narrowed = |pods: PodSet| pods.and(&PodSet::of(open.clone())).ok();
            let workload = names::workload_pods(inventory, class.workload).and_then(narrowed);
            let own = PodSet::of(Conjunction {
                namespaces: Constraints::one(
                    Key::namespace_name(),
                    Constraint::is(inventory.namespaces[class.namespace.index()].name.clone()),
                ),
                pods: selector::equalities(class.labels.iter()),
            });
            let exact = |pods: &PodSet| pods.classes(inventory).is_subset(&meant);
            match [workload, narrowed(own)].into_iter().flatten().find(exact) {
                Some(pods) => bound.extend(pods.terms().iter().cloned()),
                None => {
                    let account = &class.service_account;
                    let message =
                        format!("no labels tell the pods of service account `{account}` from others");
                    self.refuse(Feature::SameLabels, sentence, message);
                    return Vec::new();
                }
            }
        }
        self.told(sentence, Bound::ServiceAccount);
        bound.into_iter().collect()
    }

    /// What the format has no selector for, nor has NetworkPolicy.
    fn refuse(&mut self, feature: Feature, sentence: SentenceId, message: impl Into<String>) {
        let Some(no) = feature.no(self.target).or_else(|| feature.no(Target::NetworkPolicy)) else { return };
        self.diagnostics.push(
            Diagnostic::error(no.code, message)
                .at(self.place(sentence), no.why)
                .with_note(feature.who_can(self.target))
                .with_help(no.instead),
        );
    }

    fn place(&self, sentence: SentenceId) -> Place {
        let sentence = self.program.get(sentence);
        match &sentence.kind {
            SentenceKind::Posture(posture) => posture.subject_place,
            SentenceKind::Grant(grant) if grant.exclusive != Exclusive::No => match grant.exclusive {
                Exclusive::Subject => grant.reach.subject_place,
                _ => grant.reach.object_place,
            },
            SentenceKind::Grant(Grant { reach, .. }) | SentenceKind::Guardrail(Guardrail { reach, .. }) => {
                let special = |part: &&Part| part.ends.pods().is_some_and(|pods| self.is_special(pods));
                reach.parts().find(special).map_or(sentence.place, |part| part.place)
            }
        }
    }

    fn report_bindings(&mut self) {
        for (sentence, bound) in std::mem::take(&mut self.told) {
            let place = self.place(sentence);
            let guards = |kind: &SentenceKind| match kind {
                SentenceKind::Posture(_) => true,
                SentenceKind::Grant(grant) => grant.exclusive != Exclusive::No,
                SentenceKind::Guardrail(_) => false,
            };
            let posture = guards(&self.program.get(sentence).kind);
            for bound in bound {
                let what = match (&bound, posture) {
                    (Bound::FutureNamespaces, true) => "the namespaces of today are guarded",
                    (Bound::FutureNamespaces, false) => continue,
                    (Bound::FutureParts, _) => "members of today's namespaces reach each other",
                    (Bound::Pattern(_), _) => "a pattern stands for the namespaces of today",
                    (Bound::ServiceAccount, true) => "the pods of today that run as it are guarded",
                    (Bound::ServiceAccount, false) => {
                        "a service account stands for the labels of its pods of today"
                    }
                };
                let why = match bound {
                    Bound::ServiceAccount => "NetworkPolicy selects by labels alone".to_owned(),
                    _ if self.selects.new_namespaces => {
                        format!("{} has no selector for names by pattern", self.target.format())
                    }
                    _ => "NetworkPolicy lives in namespaces that exist".to_owned(),
                };
                let said = if posture && bound != Bound::FutureParts {
                    Diagnostic::warning(Code::W0111, format!("{what}, and later ones with the next build"))
                        .at(place, why)
                } else {
                    Diagnostic::note(Code::W0111, format!("{what}, and later ones with the next build"))
                        .at(place, "bound to today's inventory")
                };
                self.diagnostics.push(self.program.get(sentence).explain(said));
            }
        }
    }
}
