//! Makes of a random program one that mostly compiles: ports are chosen among those that are exposed, and what the
//! language refuses is taken out. Wild programs get their ports, and keep their mistakes.

use weir_cluster::flow::{AddressKind, AddressPoint, Point};
use weir_cluster::inventory::Protocol;

use super::cluster::{self, Cluster, Map, PORT_NAMES, Requirement, VALUES, WORKLOADS};
use super::judge;
use super::oracle::{Reading, World};
use super::program::*;
use super::promises::Universe;

/// Addresses in and between all the ranges that programs name.
const SOME: [&str; 10] = [
    "203.0.113.7",
    "203.0.113.8",
    "8.8.8.8",
    "10.1.1.1",
    "10.244.9.9",
    "192.168.9.9",
    "10.97.0.1",
    "2001:db8::1",
    "2600::1",
    "fd00::1",
];

pub fn settle(program: &Program, cluster: &Cluster) -> Program {
    let mut points: Vec<Point> = cluster.today().into_iter().map(Point::Pod).collect();
    let today = points.len();
    points.extend(SOME.iter().map(|text| {
        let address = text.parse().unwrap();
        Point::Address(AddressPoint::new(address, address, AddressKind::Outside))
    }));
    // Who may come tomorrow: promises are kept for them, too.
    let none = Map::new();
    let homes = cluster.namespaces.iter().map(|(name, labels)| (name.as_str(), labels));
    points.extend(
        homes
            .chain([("new", &none)])
            .map(|(name, labels)| Point::Pod(cluster::pod(name, labels, &none, &[]))),
    );
    let mut settled = Program { sentences: Vec::new(), ..program.clone() };
    for at in 0..settled.lets.len() {
        settled.lets[at].set =
            nearby(&program.lets[at].set.without_lets_from(at), cluster, &[None], Ending::No);
        // Whether pods on the host's network count as present is left open.
        if cluster.workloads.iter().any(|workload| workload.host_network) {
            settled.lets[at].absent = Ending::No;
        }
        if !program.wild {
            let world = World { cluster, program: &settled, points: &points, today, reading: Reading::Bound };
            let Let { set, absent, .. } = &settled.lets[at];
            settled.lets[at].set = Settler { world: &world, homes: &[None], absent: *absent }.tame(set, true);
        }
    }
    for sentence in &program.sentences {
        let world = World { cluster, program: &settled, points: &points, today, reading: Reading::Bound };
        let sentence = self::sentence(&world, sentence, program.wild);
        if program.wild || fits(&world, &sentence) {
            settled.sentences.push(sentence);
        }
    }
    if !program.wild {
        keep_promises(&mut settled, cluster, &points, today);
    }
    settled
}

/// Makes most promises hold, but for the bold ones: of `only`, some take the grants out that break them; all others
/// are taken out themselves.
fn keep_promises(program: &mut Program, cluster: &Cluster, points: &[Point], today: usize) {
    let is_broken = |program: &Program, at: usize| {
        let world = World { cluster, program, points, today, reading: Reading::Bound };
        let atoms = judge::atoms(cluster, program, points);
        let universe = Universe { points: vec![true; points.len()], wide: true };
        world.broken(at, &atoms, &universe).is_ok_and(|broken| broken.is_some())
    };
    let verb = |sentence: &Sentence| match &sentence.kind {
        SentenceKind::Grant(grant) => Some(grant.verb),
        SentenceKind::Posture { .. } => None,
    };
    let mut at = 0;
    while at < program.sentences.len() {
        if program.sentences[at].bold || !is_broken(program, at) {
            at += 1;
            continue;
        }
        let exclusive = verb(&program.sentences[at]).is_some_and(|verb| verb.closes().is_some());
        let mut rest = program.clone();
        let mut place = at;
        let grants = (0..rest.sentences.len())
            .rev()
            .filter(|other| exclusive && at % 2 == 0 && verb(&program.sentences[*other]) == Some(Verb::May));
        for other in grants.collect::<Vec<_>>() {
            rest.sentences.remove(other);
            place -= usize::from(other < place);
            if !is_broken(&rest, place) {
                break;
            }
        }
        if exclusive && at % 2 == 0 && !is_broken(&rest, place) {
            *program = rest;
            at = place + 1;
        } else {
            program.sentences.remove(at);
        }
    }
}

/// A set whose bare names denote one thing in every namespace that they are looked up in, or nothing where that is
/// no mistake.
fn nearby(set: &Set, cluster: &Cluster, homes: &[Option<usize>], absent: Ending) -> Set {
    set.map(&|set| match set {
        Set::Near(name, how) => {
            let is_free = *how != Near::Bare || WORKLOADS[*name] != "web";
            let one = |home: &Option<usize>| match home.map(|home| cluster.near(home, *name, *how)).as_deref()
            {
                Some([_]) => true,
                Some([]) => absent == Ending::IfPresent,
                _ => false,
            };
            if is_free && homes.iter().all(one) { set.clone() } else { Set::Pods }
        }
        other => other.clone(),
    })
}

fn sentence(world: &World<'_>, sentence: &Sentence, wild: bool) -> Sentence {
    let mut settled = sentence.clone();
    let plain = matches!(&sentence.kind, SentenceKind::Grant(grant) if grant.verb == Verb::May);
    settled.until = sentence.until.filter(|_| plain);
    // Whether pods on the host's network count as present is left open.
    if sentence.absent == Ending::IfPresent
        && world.cluster.workloads.iter().any(|workload| workload.host_network)
    {
        settled.absent = Ending::No;
    }
    if let (false, Ending::EvenIfAbsent, SentenceKind::Posture { subject, .. }) =
        (wild, sentence.absent, &sentence.kind)
        && !subject.any(&|set| *set == Set::Later)
    {
        settled.absent = Ending::No;
    }
    let system = world.cluster.namespace("kube-system");
    let posture = matches!(sentence.kind, SentenceKind::Posture { .. });
    settled.block = block(world, sentence, posture.then_some(system).flatten());
    let guards = sentence.guards().map(|(sets, ..)| sets).unwrap_or_default();
    let of_the_cluster = |set: &Set| match set {
        Set::Anyone => !wild,
        Set::Partition(_) => true,
        _ => false,
    };
    if guards.iter().any(|set| set.any(&of_the_cluster)) {
        settled.block = Block::Top;
    }
    // The labels of a namespace that is yet to come are not known: a posture cannot ask for them.
    if let SentenceKind::Posture { subject, .. } = &mut settled.kind
        && subject.any(&|set| *set == Set::Later)
        && subject.any(&|set| matches!(set, Set::Namespaces(_) | Set::Pattern(_) | Set::Let(_)))
    {
        *subject = Set::Later;
    }
    let homes = world.homes(&settled);
    let settler = Settler { world, homes: &homes, absent: settled.absent };
    let near = |set: &mut Set| *set = nearby(set, world.cluster, &homes, settler.absent);
    match &mut settled.kind {
        SentenceKind::Posture { subject, .. } => near(subject),
        SentenceKind::Grant(grant) => {
            near(&mut grant.from);
            grant.to.iter_mut().for_each(|(set, _)| near(set));
        }
    }
    match &mut settled.kind {
        SentenceKind::Posture { each, subject, .. } if *each && *subject == Set::Anyone => {
            if let Some(system) = system {
                *subject = Set::Anyone.except(Set::Namespace(system));
            }
        }
        SentenceKind::Posture { each, subject, .. } if matches!(subject, Set::Partition(_)) => {
            if system.is_some() && *subject == Set::Partition(2) {
                *subject = Set::Partition(0);
            }
            if settler.is_empty(subject, Ending::No) {
                (*each, *subject) = (false, Set::Namespace(1));
            }
        }
        SentenceKind::Posture { each, subject, word, .. } if !wild => {
            *subject = settler.tame(subject, *word == Word::Isolated);
            *subject = settler.sparing_the_system(subject);
            if *each
                && !subject
                    .any(&|set| matches!(set, Set::Namespace(_) | Set::Namespaces(_) | Set::Pattern(_)))
            {
                *each = false;
            }
        }
        SentenceKind::Posture { .. } => {}
        SentenceKind::Grant(grant) => {
            if !wild {
                settler.grant(grant);
            }
            choose_ports(&settler, grant, wild);
        }
    }
    settled
}

/// The block, if what it names is there.
fn block(world: &World<'_>, sentence: &Sentence, system: Option<usize>) -> Block {
    let cluster = world.cluster;
    match &sentence.block {
        Block::Namespace(at) if *at >= cluster.namespaces.len() => Block::Top,
        Block::Each(group) => {
            let mut group = group.map(&|set| match cluster.group(set).as_slice() {
                [] => Set::Namespace(1),
                _ => set.clone(),
            });
            let homes = cluster.group(&group);
            if let Some(system) = system.filter(|system| homes.contains(system)) {
                group = group.except(Set::Namespace(system));
            }
            if cluster.group(&group).is_empty() { Block::Top } else { Block::Each(group) }
        }
        other => other.clone(),
    }
}

/// Makes sets tame where a sentence stands.
struct Settler<'w> {
    world: &'w World<'w>,
    homes: &'w [Option<usize>],
    absent: Ending,
}

impl Settler<'_> {
    /// Whether it is empty in any of the namespaces.
    fn is_empty(&self, set: &Set, absent: Ending) -> bool {
        self.homes.iter().any(|home| self.world.is_empty(&self.world.denote(set, *home, absent)))
    }

    fn members(&self, set: &Set) -> Vec<bool> {
        let parts: Vec<_> = self
            .homes
            .iter()
            .flat_map(|home| self.world.denote(set, *home, self.absent.of_guard()))
            .collect();
        (0..self.world.points.len()).map(|at| parts.iter().any(|part| part.members[at])).collect()
    }

    /// What is guarded, without the cluster's own services where it does not name them.
    fn sparing_the_system(&self, subject: &Set) -> Set {
        let Some(home) = self.world.cluster.namespace("kube-system") else { return subject.clone() };
        let members = self.members(subject);
        let system =
            |at: usize| self.world.pod(at).is_some_and(|pod| pod.namespace.as_ref() == "kube-system");
        let caught = (0..self.world.today).any(|at| members[at] && system(at));
        if caught && *subject != Set::Namespace(home) {
            subject.clone().except(Set::Namespace(home))
        } else {
            subject.clone()
        }
    }

    fn grant(&self, grant: &mut Grant) {
        grant.from = self.tame(&grant.from, true);
        grant.to.iter_mut().for_each(|(set, _)| *set = self.tame(set, true));
        if !grant.verb.grants() {
            // A pattern that is bound to today's namespaces keeps no promise.
            let lets = &self.world.program.lets;
            let is_pattern = |set: &Set| matches!(set, Set::Pattern(_));
            let bound = |set: &Set| match set {
                Set::Let(at) => lets[*at].set.any(&is_pattern),
                set => is_pattern(set),
            };
            let named = |set: &Set| if set.any(&bound) { Set::Namespace(2) } else { set.clone() };
            grant.from = named(&grant.from);
            grant.to.iter_mut().for_each(|(set, _)| *set = named(set));
        }
        let Some(way) = grant.verb.closes() else { return };
        // Only pods can be guarded, and what is absent has no selector to guard by.
        let fits = |set: &Set| {
            let members = self.members(set);
            let addresses = |at: usize| members[at] && self.world.pod(at).is_none();
            !set.any(&|set| *set == Set::Dns)
                && !(0..members.len()).any(addresses)
                && !self.is_empty(set, self.absent.of_guard())
        };
        let closed: Vec<&mut Set> = match way {
            Way::Egress => vec![&mut grant.from],
            _ => grant.to.iter_mut().map(|(set, _)| set).collect(),
        };
        if closed.iter().all(|set| fits(set) && fits(&self.sparing_the_system(set))) {
            closed.into_iter().for_each(|set| *set = self.sparing_the_system(set));
        } else {
            grant.verb = Verb::May;
        }
    }

    /// Without what the language refuses.
    fn tame(&self, set: &Set, grant: bool) -> Set {
        let absent = self.absent;
        let here = |set: &Set| self.tame(set, grant);
        let empty = |set: &Set| {
            absent != Ending::EvenIfAbsent && absent != Ending::IfPresent && self.is_empty(set, absent)
        };
        let plain = |set: Set| {
            // NetworkPolicy cannot say "no namespace of that pattern".
            let pattern = |set: &Set| matches!(set, Set::Pattern(_) | Set::Let(0 | 1));
            if set.any(&pattern) { Set::Namespace(0) } else { set }
        };
        let settled = match set {
            Set::Nodes if !self.world.cluster.nodes => Set::Internet,
            Set::Later if absent == Ending::No => Set::Namespace(0),
            Set::Ghost(at) if absent != Ending::IfPresent => Set::Namespace(*at),
            Set::Thing(..) | Set::Near(..) if self.is_empty(set, Ending::No) => {
                if absent == Ending::IfPresent && matches!(set, Set::Near(..)) {
                    set.clone()
                } else {
                    Set::Namespace(0)
                }
            }
            // Whoever uses a name for what may be absent says so again.
            Set::Let(2) if empty(set) => Set::Internet,
            Set::Let(_) if empty(set) => Set::Namespace(0),
            // An empty namespace, or one of pods on the host's network alone.
            Set::Pods if empty(set) => Set::Namespace(0),
            Set::Range(10) => Set::Range(1),
            Set::Namespaces(_) | Set::Pattern(_) if empty(set) => Set::Namespace(1),
            Set::With(inner, requirements) => {
                let inner = here(inner);
                let narrowed = inner.clone().with(requirements.clone());
                let dns = inner.any(&|set| matches!(set, Set::Dns));
                if dns || empty(&narrowed) || contradicts(&narrowed) { inner } else { narrowed }
            }
            Set::Except(left, right) => {
                // What is absent has no selector to be left out by.
                let right = right.map(&|set| match set {
                    Set::Ghost(at) => Set::Namespace(*at),
                    other => other.clone(),
                });
                let (left, right) = (here(left), here(&right));
                let rest = left.clone().except(if grant { plain(right) } else { right });
                if empty(&rest) { left } else { rest }
            }
            Set::In(left, right) => {
                let (left, right) = (here(left), here(right));
                let both = Set::In(Box::new(left.clone()), Box::new(right));
                if empty(&both) { left } else { both }
            }
            Set::Union(sets) => Set::Union(sets.iter().map(here).collect()),
            other => other.clone(),
        };
        match &settled {
            Set::Namespaces(requirements) if contradicts(&Set::Anyone.with(requirements.clone())) => {
                Set::Namespace(1)
            }
            _ => settled,
        }
    }
}

/// Requirements that no pod at all can meet.
fn contradicts(set: &Set) -> bool {
    let mut all: Vec<&Requirement> = Vec::new();
    let mut set = set;
    while let Set::With(inner, requirements) = set {
        all.extend(requirements);
        set = inner;
    }
    let met = |key: &str, value: Option<&str>| {
        let labels: Map = value.map(|value| (key.to_owned(), value.to_owned())).into_iter().collect();
        all.iter().filter(|requirement| requirement.key == key).all(|requirement| requirement.holds(&labels))
    };
    let values = || VALUES.iter().chain(&["another"]).map(|value| Some(*value)).chain([None]);
    !all.iter().all(|requirement| values().any(|value| met(&requirement.key, value)))
}

fn choose_ports(settler: &Settler<'_>, grant: &mut Grant, wild: bool) {
    let Settler { world, homes, absent } = *settler;
    let good = |set: &Set, port: &Port| {
        homes.iter().all(|home| {
            let parts = world.denote(set, *home, absent);
            world.with_ports(parts, &[port], absent).is_ok()
        })
    };
    let everything = written(world.cluster);
    let pick = |port: &Port, sets: &[&Set]| -> Option<Port> {
        let Port::Any(at) = port else { return None };
        // A few are drawn whether anything exposes them or not.
        let loose = wild || *at > 60;
        let fit: Vec<&Port> =
            everything.iter().filter(|port| loose || sets.iter().all(|set| good(set, port))).collect();
        (!fit.is_empty()).then(|| fit[at % fit.len()].clone())
    };
    let sets: Vec<Set> = grant.to.iter().map(|(set, _)| set.clone()).collect();
    let all: Vec<&Set> = sets.iter().collect();
    grant.on = grant.on.iter().filter_map(|port| pick(port, &all)).collect();
    grant.on.dedup();
    let v6 = |set: &Set| matches!(set, Set::Range(_) | Set::Let(2) | Set::Anywhere);
    let own: Vec<Option<Port>> = grant
        .to
        .iter()
        .map(|(set, port)| if set.any(&v6) { None } else { pick(port.as_ref()?, &[set]) })
        .collect();
    let every = own.iter().all(Option::is_some);
    grant.to.iter_mut().zip(own).for_each(|((_, port), own)| *port = own.filter(|_| every));
}

/// Every way to write a port of this cluster.
fn written(cluster: &Cluster) -> Vec<Port> {
    let inner =
        cluster.workloads.iter().flat_map(|w| w.ports.iter().map(|port| (port.number, port.protocol)));
    let outer = cluster.services.iter().flat_map(|s| s.ports.iter().map(|port| (port.number, port.protocol)));
    let mut ports = Vec::new();
    for (number, protocol) in inner.chain(outer) {
        ports.push(Port::Number(number, number, Some(protocol)));
        ports.push(Port::Number(number, number + 10, Some(protocol)));
        if protocol == Protocol::Tcp {
            ports.push(Port::Number(number, number, None));
            ports.push(Port::Number(number.saturating_sub(60).max(1), number, None));
        }
    }
    ports.extend(PORT_NAMES.iter().chain(&["front", "dns-tcp"]).map(|name| Port::Name((*name).to_owned())));
    ports.dedup();
    ports
}

/// Whether a sentence can stand beside those before it: nothing locked is isolated, nothing open is guarded.
fn fits(world: &World<'_>, sentence: &Sentence) -> bool {
    let members = |sentence: &Sentence| -> Vec<bool> {
        let homes = world.homes(sentence);
        let parts: Vec<_> = homes.into_iter().flat_map(|home| world.kept(sentence, home)).collect();
        (0..world.today).map(|at| parts.iter().any(|part| part.members[at])).collect()
    };
    let Some((_, _, word)) = sentence.guards() else { return true };
    let ours = members(sentence);
    world.program.sentences.iter().all(|other| {
        let Some((_, _, other_word)) = other.guards() else { return true };
        let meets = || members(other).iter().zip(&ours).any(|(a, b)| *a && *b);
        let apart = word == other_word
            || word != Some(Word::Open)
                && other_word != Some(Word::Open)
                && (word.is_none() || other_word.is_none());
        apart || !meets()
    })
}
