//! Makes of a random program one that mostly compiles: ports are chosen among those that are exposed, and what the
//! language refuses is taken out. Wild programs get their ports, and keep their mistakes.

use weir_cluster::flow::{AddressKind, AddressPoint, Point};
use weir_cluster::inventory::Protocol;

use super::cluster::{Cluster, Map, PORT_NAMES, Requirement, VALUES};
use super::oracle::World;
use super::program::*;

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
        Point::Address(AddressPoint { first: address, last: address, kind: AddressKind::Outside })
    }));
    let mut settled = Program { sentences: Vec::new(), ..program.clone() };
    for at in 0..settled.lets.len() {
        settled.lets[at].1 = program.lets[at].1.without_lets();
        if !program.wild {
            let world = World { cluster, program: &settled, points: &points, today };
            settled.lets[at].1 = tame(&world, &settled.lets[at].1, None, true, Ending::No);
        }
    }
    for sentence in &program.sentences {
        let world = World { cluster, program: &settled, points: &points, today };
        let sentence = self::sentence(&world, sentence, program.wild);
        if program.wild || fits(&world, &sentence) {
            settled.sentences.push(sentence);
        }
    }
    settled
}

fn sentence(world: &World<'_>, sentence: &Sentence, wild: bool) -> Sentence {
    let mut settled = sentence.clone();
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
    let absent = settled.absent;
    settled.block = sentence.block.filter(|at| *at < world.cluster.namespaces.len());
    if let (SentenceKind::Posture { subject, .. }, false) = (&sentence.kind, wild)
        && subject.any(&|set| *set == Set::Anyone)
    {
        settled.block = None;
    }
    // The labels of a namespace that is yet to come are not known: a posture cannot ask for them.
    if let SentenceKind::Posture { subject, .. } = &mut settled.kind
        && subject.any(&|set| *set == Set::Later)
        && subject.any(&|set| matches!(set, Set::Namespaces(_) | Set::Pattern(_) | Set::Let(_)))
    {
        *subject = Set::Later;
    }
    let block = settled.block;
    match &mut settled.kind {
        SentenceKind::Posture { each, subject, word, .. } if !wild => {
            *subject = tame(world, subject, block, *word == Word::Isolated, absent);
            let parts = world.denote(subject, block, absent.of_posture());
            let system = |at: &usize| match &world.points[*at] {
                Point::Pod(pod) => pod.namespace.as_ref() == "kube-system",
                Point::Address(_) => false,
            };
            let caught =
                (0..world.points.len()).filter(system).any(|at| parts.iter().any(|part| part.members[at]));
            let home = world.cluster.namespace("kube-system");
            if let Some(home) = home.filter(|home| caught && *subject != Set::Namespace(*home)) {
                *subject = subject.clone().except(Set::Namespace(home));
            }
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
                grant.from = tame(world, &grant.from, block, true, absent);
                grant.to.iter_mut().for_each(|(set, _)| *set = tame(world, set, block, true, absent));
            }
            choose_ports(world, grant, block, absent, wild);
        }
    }
    settled
}

/// Without what the language refuses.
fn tame(world: &World<'_>, set: &Set, block: Option<usize>, grant: bool, absent: Ending) -> Set {
    let here = |set: &Set| tame(world, set, block, grant, absent);
    let empty = |set: &Set| absent == Ending::No && world.is_empty(&world.denote(set, block, absent));
    let plain = |set: Set| {
        // NetworkPolicy cannot say "no namespace of that pattern".
        let pattern = |set: &Set| matches!(set, Set::Pattern(_) | Set::Let(0 | 1));
        if set.any(&pattern) { Set::Namespace(0) } else { set }
    };
    let settled = match set {
        Set::Nodes if !world.cluster.nodes => Set::Internet,
        Set::Later if absent == Ending::No => Set::Namespace(0),
        Set::Ghost(at) if absent != Ending::IfPresent => Set::Namespace(*at),
        Set::Thing(..) if world.is_empty(&world.denote(set, block, Ending::No)) => Set::Namespace(0),
        Set::Range(10) => Set::Range(1),
        Set::Namespaces(_) | Set::Pattern(_) if empty(set) => Set::Namespace(1),
        Set::With(inner, requirements) => {
            let inner = here(inner);
            let narrowed = inner.clone().with(requirements.clone());
            let dns = inner.any(&|set| matches!(set, Set::Dns));
            if dns || empty(&narrowed) || contradicts(&narrowed) { inner } else { narrowed }
        }
        Set::Except(left, right) => {
            let (left, right) = (here(left), here(right));
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

fn choose_ports(world: &World<'_>, grant: &mut Grant, block: Option<usize>, absent: Ending, wild: bool) {
    let one = Sentence { block, kind: SentenceKind::Grant(grant.clone()), absent, because: None };
    let good = |set: &Set, port: &Port| {
        let parts = world.denote(set, one.block, absent);
        world.with_ports(parts, &[port], absent).is_ok()
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
    let members = |sentence: &Sentence, subject: &Set| -> Vec<bool> {
        let parts = world.denote(subject, sentence.block, sentence.absent.of_posture());
        (0..world.points.len()).map(|at| parts.iter().any(|part| part.members[at])).collect()
    };
    let SentenceKind::Posture { subject, word, .. } = &sentence.kind else { return true };
    let ours = members(sentence, subject);
    world.program.sentences.iter().all(|other| {
        let SentenceKind::Posture { subject: theirs, word: other_word, .. } = &other.kind else {
            return true;
        };
        let meets = members(other, theirs).iter().zip(&ours).any(|(a, b)| *a && *b);
        word == other_word || !meets
    })
}
