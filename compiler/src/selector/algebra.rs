//! Union, intersection and difference of sets of pods. Exact, or refused: never an approximation.

use std::collections::{BTreeMap, BTreeSet};

use weir_cluster::labels::Text;

use super::{Conjunction, Constraint, Constraints, Key, PodSet, TooManyParts};

impl Constraints {
    /// With one more requirement; `None` if nothing can satisfy them all.
    pub fn with(mut self, key: Key, constraint: Constraint) -> Option<Constraints> {
        let joined = match self.get(&key) {
            Some(old) => old.and(&constraint),
            None => constraint,
        };
        if !joined.is_satisfiable() {
            return None;
        }
        match (self.find(&key), joined.is_trivial()) {
            (Ok(at), true) => drop(self.0.remove(at)),
            (Ok(at), false) => self.0[at].1 = joined,
            (Err(_), true) => {}
            (Err(at), false) => {
                self.0.reserve_exact(1);
                self.0.insert(at, (key, joined));
            }
        }
        Some(self)
    }

    pub fn and(&self, other: &Constraints) -> Option<Constraints> {
        let (base, extra) = if self.0.len() >= other.0.len() { (self, other) } else { (other, self) };
        extra
            .0
            .iter()
            .try_fold(base.clone(), |joined, (key, constraint)| joined.with(key.clone(), constraint.clone()))
    }

    /// Without what is required of this key.
    pub fn without(&self, key: &Key) -> Constraints {
        let mut rest = self.clone();
        if let Ok(at) = rest.find(key) {
            rest.0.remove(at);
        }
        rest
    }

    pub fn implies(&self, other: &Constraints) -> bool {
        other.0.iter().all(|(key, theirs)| self.get(key).is_some_and(|ours| ours.implies(theirs)))
    }

    /// Requirements of which one has to be unmet for these not to hold.
    fn negated(&self) -> impl Iterator<Item = (Key, Constraint)> {
        self.0
            .iter()
            .flat_map(|(key, constraint)| constraint.not().into_iter().map(|negated| (key.clone(), negated)))
    }
}

impl Conjunction {
    pub fn and(&self, other: &Conjunction) -> Option<Conjunction> {
        Some(Conjunction {
            namespaces: self.namespaces.and(&other.namespaces)?,
            pods: self.pods.and(&other.pods)?,
        })
    }

    pub fn implies(&self, other: &Conjunction) -> bool {
        self.namespaces.implies(&other.namespaces) && self.pods.implies(&other.pods)
    }

    fn with_namespaces(&self, key: Key, constraint: Constraint) -> Option<Conjunction> {
        let namespaces = self.namespaces.clone().with(key, constraint)?;
        Some(Conjunction { namespaces, pods: self.pods.clone() })
    }

    fn with_pods(&self, key: Key, constraint: Constraint) -> Option<Conjunction> {
        let pods = self.pods.clone().with(key, constraint)?;
        Some(Conjunction { namespaces: self.namespaces.clone(), pods })
    }

    fn minus(&self, other: &Conjunction) -> Vec<Conjunction> {
        if self.and(other).is_none() {
            return vec![self.clone()];
        }
        let outside = other.namespaces.negated().filter_map(|(key, not)| self.with_namespaces(key, not));
        let inside = other.pods.negated().filter_map(|(key, not)| self.with_pods(key, not));
        outside.chain(inside).collect()
    }
}

impl FromIterator<Conjunction> for PodSet {
    fn from_iter<I: IntoIterator<Item = Conjunction>>(terms: I) -> PodSet {
        normal(terms.into_iter().collect())
    }
}

impl PodSet {
    pub fn union(sets: impl IntoIterator<Item = PodSet>) -> PodSet {
        let mut sets: Vec<PodSet> = sets.into_iter().collect();
        match sets.len() {
            1 => sets.remove(0),
            _ => normal(sets.iter().flat_map(|set| set.terms.iter().cloned()).collect()),
        }
    }

    pub fn and(&self, other: &PodSet) -> Result<PodSet, TooManyParts> {
        let mut terms = Vec::new();
        for ours in self.terms.iter() {
            terms.extend(other.terms.iter().filter_map(|theirs| ours.and(theirs)));
            terms = bounded(terms)?;
        }
        Ok(normal(terms))
    }

    /// Exceptions are grouped by namespace name first: `anyone except (a/x, b/y)` stays three parts instead of a
    /// product.
    pub fn minus(&self, other: &PodSet) -> Result<PodSet, TooManyParts> {
        let mut by_name: BTreeMap<&Text, Vec<&Constraints>> = BTreeMap::new();
        let mut elsewhere = Vec::new();
        for term in other.terms.iter() {
            match term.namespaces.names_only().and_then(Constraint::one_of) {
                Some(names) => names.for_each(|name| by_name.entry(name).or_default().push(&term.pods)),
                None => elsewhere.push(term),
            }
        }
        let mut terms = Vec::new();
        for ours in self.terms.iter() {
            terms.extend(minus_by_name(ours, &by_name)?);
            terms = bounded(terms)?;
        }
        for theirs in elsewhere {
            terms = bounded(terms.iter().flat_map(|ours| ours.minus(theirs)).collect())?;
        }
        Ok(normal(terms))
    }
}

fn minus_by_name(
    ours: &Conjunction,
    by_name: &BTreeMap<&Text, Vec<&Constraints>>,
) -> Result<Vec<Conjunction>, TooManyParts> {
    let touched = |name: &&&Text| {
        let named = Constraint::is((**name).clone());
        ours.namespaces.get(&Key::namespace_name()).is_none_or(|own| own.and(&named).is_satisfiable())
    };
    let names: Vec<&&Text> = by_name.keys().filter(touched).collect();
    let outside = Constraint::outside(names.iter().map(|name| (**name).clone()));
    let mut terms: Vec<Conjunction> =
        ours.with_namespaces(Key::namespace_name(), outside).into_iter().collect();
    // Namespaces whose exceptions leave the same pods share their parts.
    let mut left: BTreeMap<Vec<Constraints>, BTreeSet<Text>> = BTreeMap::new();
    for name in names {
        let mut remaining = vec![ours.clone()];
        for pods in &by_name[name] {
            let exception = Conjunction { namespaces: Constraints::default(), pods: (*pods).clone() };
            remaining = bounded(remaining.iter().flat_map(|term| term.minus(&exception)).collect())?;
        }
        let pods = remaining.into_iter().map(|term| term.pods).collect::<Vec<_>>();
        if !pods.is_empty() {
            left.entry(pods).or_default().insert((*name).clone());
        }
    }
    for (pods, names) in left {
        let named = Constraint::within(names);
        let Some(namespaces) = ours.namespaces.clone().with(Key::namespace_name(), named) else { continue };
        terms.extend(pods.into_iter().map(|pods| Conjunction { namespaces: namespaces.clone(), pods }));
    }
    Ok(terms)
}

fn bounded(terms: Vec<Conjunction>) -> Result<Vec<Conjunction>, TooManyParts> {
    if terms.len() <= PodSet::MOST {
        return Ok(terms);
    }
    let terms = in_order(terms);
    if terms.len() <= PodSet::MOST { Ok(terms) } else { Err(TooManyParts) }
}

fn normal(terms: Vec<Conjunction>) -> PodSet {
    PodSet { terms: in_order(terms).into() }
}

/// Sorted, without repetition, and without what another part implies. Beyond a few hundred parts (long unions of
/// names, which imply nothing of each other) the last is left out.
fn in_order(mut terms: Vec<Conjunction>) -> Vec<Conjunction> {
    const MOST_COMPARED: usize = 512;
    terms.sort_unstable();
    terms.dedup();
    if terms.len() <= MOST_COMPARED && terms.len() > 1 {
        let implied =
            |at: usize| terms.iter().enumerate().any(|(other, term)| other != at && terms[at].implies(term));
        let keep: Vec<bool> = (0..terms.len()).map(|at| !implied(at)).collect();
        let mut keep = keep.into_iter();
        terms.retain(|_| keep.next().unwrap_or(true));
    }
    terms
}
