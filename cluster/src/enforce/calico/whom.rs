//! Which points are at one end of a rule, and whom a policy governs: selectors within their scope, ranges of addresses,
//! and what is unknown of either. Nothing is worked out twice, and what is equal is one. Knows no ports and no order.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::rc::Rc;

use ipnet::IpNet;
use rustc_hash::{FxHashMap, FxHasher};

use super::endpoints::{Endpoints, Labels};
use super::entity::{Accounts, Whom};
use super::objects::Subject;
use super::rule::Family;
use super::selector::Selector;
use crate::enforce::points::{Block, Match, Points};
use crate::flow::{Bits, Point, Space};

/// What is at one end of a rule.
#[derive(Clone)]
pub(super) struct End {
    pub points: Rc<Match>,
    /// Of these the pods that are there for their labels: only they have named ports.
    pub endpoints: Rc<Match>,
}

/// Selectors and service accounts, within the namespace where that counts.
type Scoped<'p> = (Option<&'p str>, Option<&'p Selector>, Option<&'p Selector>, Option<&'p Accounts>);

pub(super) struct Finder<'p, 's> {
    space: &'s Space,
    points: &'p Points<'s>,
    pub endpoints: Endpoints<'p, 's>,
    pub everyone: Rc<Match>,
    families: [Rc<Match>; 2],
    /// Pods on the host's network whose address is not known: it lies where nodes are.
    unknown_hosts: Bits,
    /// Over endpoints, as the next; all others are over points.
    selectors: FxHashMap<(Labels, &'p Selector), Rc<Match>>,
    scoped: FxHashMap<Scoped<'p>, End>,
    not: FxHashMap<&'p Selector, Rc<Match>>,
    nets: FxHashMap<(Option<Family>, &'p [IpNet]), Rc<Match>>,
    ends: FxHashMap<(Option<&'p str>, &'p Whom), End>,
    weak: FxHashMap<*const Match, (Rc<Match>, Rc<Match>)>,
    shared: FxHashMap<u64, Vec<Rc<Match>>>,
}

impl<'p, 's> Finder<'p, 's> {
    pub(super) fn new(
        space: &'s Space,
        points: &'p Points<'s>,
        endpoints: Endpoints<'p, 's>,
    ) -> Finder<'p, 's> {
        let unknown = |index: &u32| match &space.points[*index as usize] {
            Point::Pod(pod) => pod.addresses.is_empty(),
            Point::Address(_) => false,
        };
        Finder {
            space,
            points,
            endpoints,
            everyone: Rc::new(Match::surely(points.everyone.clone())),
            families: [Family::V4, Family::V6].map(|family| Rc::new(of_family(space, family))),
            unknown_hosts: points.host_network.iter().filter(unknown).collect(),
            selectors: FxHashMap::default(),
            scoped: FxHashMap::default(),
            not: FxHashMap::default(),
            nets: FxHashMap::default(),
            ends: FxHashMap::default(),
            weak: FxHashMap::default(),
            shared: FxHashMap::default(),
        }
    }

    /// One for all that are equal.
    pub(super) fn share(&mut self, found: Match) -> Rc<Match> {
        let known = self.shared.entry(fingerprint(&found)).or_default();
        if let Some(same) = known.iter().find(|same| ***same == found) {
            return Rc::clone(same);
        }
        let found = Rc::new(found);
        known.push(Rc::clone(&found));
        found
    }

    /// The same, but none of it for certain.
    pub(super) fn weakened(&mut self, found: &Rc<Match>) -> Rc<Match> {
        if let Some((_, weak)) = self.weak.get(&Rc::as_ptr(found)) {
            return Rc::clone(weak);
        }
        let weak = self.share(Match { certain: Bits::new(), possible: found.possible.clone() });
        // The first keeps its address from being another's.
        self.weak.insert(Rc::as_ptr(found), (Rc::clone(found), Rc::clone(&weak)));
        weak
    }

    /// What both match, without a new set where one holds the other.
    pub(super) fn both(&mut self, one: &Rc<Match>, other: &Rc<Match>) -> Rc<Match> {
        if Rc::ptr_eq(one, other) || Rc::ptr_eq(other, &self.everyone) {
            return Rc::clone(one);
        }
        if Rc::ptr_eq(one, &self.everyone) {
            return Rc::clone(other);
        }
        self.share(one.and(other))
    }

    /// The points whose flows are of a family.
    pub(super) fn family(&mut self, family: Family) -> Rc<Match> {
        let found = Rc::clone(&self.families[usize::from(family == Family::V6)]);
        if *found == *self.everyone { Rc::clone(&self.everyone) } else { found }
    }

    /// The pods that a policy governs.
    pub(super) fn governed(&mut self, namespace: Option<&str>, subject: &'p Subject) -> Match {
        let mut found = match namespace {
            Some(namespace) => self.endpoints.in_namespace(namespace),
            None => Match::surely(self.endpoints.workloads.clone()),
        };
        let parts = [
            (Labels::Endpoint, &subject.selector),
            (Labels::Namespace, &subject.namespaces),
            (Labels::GovernedAccount, &subject.accounts),
        ];
        for (labels, selector) in parts {
            if let Some(selector) = selector {
                found = found.and(&self.satisfying(labels, selector));
            }
        }
        found.and(&Match::surely(self.endpoints.workloads.clone()))
    }

    /// Who is at an end of a rule of a policy in this namespace.
    pub(super) fn end(&mut self, namespace: Option<&'p str>, whom: &'p Whom) -> End {
        let everyone = Rc::clone(&self.everyone);
        if *whom == Whom::default() {
            let endpoints = self.share(Match::surely(self.endpoints.workloads.clone()));
            return End { points: everyone, endpoints };
        }
        let scope = namespace.filter(|_| whom.selects() && whom.namespaces.is_none());
        if let Some(known) = self.ends.get(&(scope, whom)) {
            return known.clone();
        }
        let mut end = if whom.selects() && (scope.is_some() || whom.selects_some()) {
            let scoped = (scope, whom.selector.as_ref(), whom.namespaces.as_ref(), whom.accounts.as_ref());
            self.scoped(scoped)
        } else {
            let endpoints = self.share(Match::surely(self.endpoints.workloads.clone()));
            End { points: Rc::clone(&everyone), endpoints }
        };
        let mut narrow = |finder: &mut Self, to: &Rc<Match>| {
            end = End { points: finder.both(&end.points, to), endpoints: finder.both(&end.endpoints, to) };
        };
        if !whom.nets.is_empty() {
            let within = self.within(family_of(&whom.nets), &whom.nets);
            narrow(self, &within);
        }
        if !whom.not_nets.is_empty() {
            let without = everyone.minus(&self.within(family_of(&whom.not_nets), &whom.not_nets));
            let without = self.share(without);
            narrow(self, &without);
        }
        if let Some(selector) = &whom.not_selector {
            let without = self.not_selected(selector);
            narrow(self, &without);
        }
        if whom.service.is_some() {
            // Where a service ends is not known.
            let somewhere = self.weakened(&everyone);
            narrow(self, &somewhere);
        }
        self.ends.insert((scope, whom), end.clone());
        end
    }

    fn satisfying(&mut self, labels: Labels, selector: &'p Selector) -> Rc<Match> {
        let endpoints = &self.endpoints;
        let found = self.selectors.entry((labels, selector));
        Rc::clone(found.or_insert_with(|| Rc::new(endpoints.satisfying(labels, selector))))
    }

    fn scoped(&mut self, key: Scoped<'p>) -> End {
        if let Some(known) = self.scoped.get(&key) {
            return known.clone();
        }
        let (namespace, selector, namespaces, accounts) = key;
        let mut parts: Vec<Rc<Match>> = Vec::new();
        parts.extend(namespace.map(|name| Rc::new(self.endpoints.in_namespace(name))));
        parts.extend(namespaces.map(|namespaces| self.satisfying(Labels::Namespace, namespaces)));
        parts.extend(selector.map(|selector| self.satisfying(Labels::Endpoint, selector)));
        if let Some(accounts) = accounts {
            if !accounts.names.is_empty() {
                parts.push(Rc::new(self.endpoints.running_as(&accounts.names)));
            }
            parts.extend(accounts.selector.as_ref().map(|labels| self.satisfying(Labels::Account, labels)));
        }
        let found = parts.into_iter().reduce(|one, other| Rc::new(one.and(&other))).unwrap_or_default();
        let end = self.on_points(&found);
        self.scoped.insert(key, end.clone());
        end
    }

    /// Endpoints as points: pods, and the addresses of sets.
    fn on_points(&mut self, found: &Match) -> End {
        let pods = &self.endpoints.workloads;
        let on_pods = Match { certain: &found.certain & pods, possible: &found.possible & pods };
        let sets: Vec<(u32, &'p [IpNet])> = self.endpoints.nets(&found.possible).collect();
        let mut all = on_pods.clone();
        for (set, nets) in sets {
            let within = self.within(None, nets);
            all.possible |= &within.possible;
            if found.certain.contains(set) {
                all.certain |= &within.certain;
            }
        }
        End { points: self.share(all), endpoints: self.share(on_pods) }
    }

    fn not_selected(&mut self, selector: &'p Selector) -> Rc<Match> {
        if let Some(known) = self.not.get(selector) {
            return Rc::clone(known);
        }
        let selected = self.satisfying(Labels::Endpoint, selector);
        let selected = self.on_points(&selected).points;
        let found = self.share(self.everyone.minus(&selected));
        self.not.insert(selector, Rc::clone(&found));
        found
    }

    /// The points in some of these ranges. Given a family, as far as flows of it go: a pod with addresses of both is in
    /// them if those of this family are.
    fn within(&mut self, family: Option<Family>, nets: &'p [IpNet]) -> Rc<Match> {
        if let Some(known) = self.nets.get(&(family, nets)) {
            return Rc::clone(known);
        }
        let mut found = Match::default();
        for &cidr in nets {
            let within = self.points.within(&Block { cidr, except: Vec::new() });
            found.join(&within.addresses);
            found.join(&within.pods);
            found.possible |= &self.unknown_hosts;
        }
        if let Some(family) = family {
            for index in &found.possible - &found.certain {
                let Point::Pod(pod) = &self.space.points[index as usize] else { continue };
                let mut own = pod.addresses.iter().filter(|address| family.has(address)).peekable();
                if own.peek().is_some() && own.all(|address| nets.iter().any(|net| net.contains(address))) {
                    found.certain.insert(index);
                }
            }
        }
        let found = self.share(found);
        self.nets.insert((family, nets), Rc::clone(&found));
        found
    }
}

/// The family of the ranges of a rule, which are all of one.
fn family_of(nets: &[IpNet]) -> Option<Family> {
    nets.first().map(Family::of)
}

/// The points that are of a family: surely those that have no address of the other. Where pods have addresses of both,
/// one whose address is not known may have either.
fn of_family(space: &Space, family: Family) -> Match {
    let pods = space.points.iter().filter_map(|point| match point {
        Point::Pod(pod) => Some(pod),
        Point::Address(_) => None,
    });
    let (mut own, mut other) = (false, false);
    let mut note = |address: &IpAddr| if family.has(address) { own = true } else { other = true };
    if space.pod_ranges.is_empty() {
        pods.flat_map(|pod| &pod.addresses).for_each(&mut note);
    } else {
        space.pod_ranges.iter().for_each(|range| note(&range.addr()));
    }
    let (unknown_certain, unknown_possible) = (own && !other, own || !other);
    let mut found = Match::default();
    for (index, point) in (0u32..).zip(&space.points) {
        let (certain, possible) = match point {
            Point::Address(range) => (family.has(&range.first), family.has(&range.first)),
            Point::Pod(pod) if pod.addresses.is_empty() => (unknown_certain, unknown_possible),
            Point::Pod(pod) => (
                pod.addresses.iter().all(|address| family.has(address)),
                pod.addresses.iter().any(|address| family.has(address)),
            ),
        };
        if certain {
            found.certain.insert(index);
        }
        if possible {
            found.possible.insert(index);
        }
    }
    found
}

/// Few numbers that tell most sets apart.
fn fingerprint(found: &Match) -> u64 {
    let mut hasher = FxHasher::default();
    for bits in [&found.certain, &found.possible] {
        let count = bits.len();
        (count, bits.min(), bits.max()).hash(&mut hasher);
        for part in 1..4 {
            bits.select((count * part / 4) as u32).hash(&mut hasher);
        }
    }
    hasher.finish()
}
