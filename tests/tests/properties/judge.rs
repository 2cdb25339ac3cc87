//! The output against the oracle, on today's pods, pods that may come, and addresses.

use std::collections::BTreeSet;
use std::fmt::Write;

use ipnet::IpNet;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use weir::{Document, Inventory};

use weir_cluster::enforce::{self, Dialect, Policies, Switches};
use weir_cluster::flow::{Boundaries, Carrier, PodPoint, Point, PortRange, Space};
use weir_cluster::inventory::Protocol;

use super::Built;
use super::allowed::Table;
use super::cluster::{self, Cluster};
use super::oracle::{self, Reading, World};
use super::print;
use super::program::{self, Ending, Newcomer, Port, Program, SentenceKind};
use super::promises::{self, Universe};
use super::{virtual_pods, written};

/// Pods that may come tomorrow.
fn tomorrow(cluster: &Cluster, inventory: &Inventory, drawn: &[Newcomer]) -> Vec<PodPoint> {
    let mut pods = Space::newcomers(inventory);
    let none = cluster::Map::new();
    for newcomer in drawn {
        let nowhere = ["team-new", program::LATER, "kube-system"].map(str::to_owned);
        let known = cluster.namespaces.get(newcomer.namespace);
        let fresh = &nowhere[newcomer.namespace % 3];
        let (name, labels) = match known.or_else(|| cluster.namespaces.iter().find(|(name, _)| name == fresh))
        {
            Some((name, labels)) => (name, labels),
            // What labels it will have nobody knows: its name alone is granted anything.
            None if fresh == program::LATER => (fresh, &none),
            None => (fresh, &newcomer.namespace_labels),
        };
        pods.push(cluster::pod(name, labels, &newcomer.labels, &newcomer.ports));
    }
    // Twins of today's pods in every namespace: a selector must not reach beyond its own.
    for (at, workload) in cluster.workloads.iter().enumerate() {
        let (name, labels) = &cluster.namespaces[(workload.namespace + at) % cluster.namespaces.len()];
        pods.push(cluster::pod(name, labels, &workload.labels, &[]));
    }
    pods
}

/// Ports and addresses at which the program tells flows apart.
fn cuts(program: &Program) -> (Vec<IpNet>, Vec<PortRange>) {
    let special = oracle::NOT_INTERNET.iter().chain(&program::RANGES).chain([&oracle::INTERNET_V6]);
    let cidrs = special.map(|text| oracle::range(text)).collect();
    let grants = program.sentences.iter().filter_map(|sentence| match &sentence.kind {
        SentenceKind::Grant(grant) => Some(grant),
        SentenceKind::Posture { .. } => None,
    });
    let ports =
        grants.flat_map(|grant| grant.to.iter().filter_map(|(_, port)| port.as_ref()).chain(&grant.on));
    let ports = ports.filter_map(|port| match port {
        Port::Number(first, last, protocol) => {
            Some(PortRange { protocol: protocol.unwrap_or(Protocol::Tcp).into(), first: *first, last: *last })
        }
        _ => None,
    });
    (cidrs, ports.collect())
}

/// Every port number of the cluster: where a service's port leads.
fn cluster_ports(cluster: &Cluster) -> Vec<PortRange> {
    let mut numbers = vec![53, 80];
    for port in cluster.services.iter().flat_map(|service| &service.ports) {
        numbers.push(port.number);
        if let cluster::Target::Number(number) = port.target {
            numbers.push(number);
        }
    }
    let both = |number: u16| {
        [Carrier::Tcp, Carrier::Udp].map(|protocol| PortRange { protocol, first: number, last: number })
    };
    numbers.into_iter().flat_map(both).collect()
}

/// The ports at which a program, over some points, tells flows apart.
pub fn atoms(cluster: &Cluster, program: &Program, points: &[Point]) -> Vec<PortRange> {
    let mut ports = cuts(program).1;
    ports.extend(enforce::port_boundaries(points));
    ports.extend(cluster_ports(cluster));
    Space::new(points.to_vec(), ports).ports.iter().collect()
}

pub fn space(
    cluster: &Cluster,
    inventory: &Inventory,
    program: &Program,
    newcomers: &[Newcomer],
    policies: &Policies,
) -> (Space, usize) {
    let mut pods = cluster.today();
    let today = pods.len();
    pods.extend(tomorrow(cluster, inventory, newcomers));
    for (at, pod) in pods.iter_mut().enumerate().filter(|(_, pod)| cluster.nodes && pod.addresses.is_empty())
    {
        pod.addresses = vec![format!("10.244.1.{}", 100 + at).parse().unwrap()];
    }
    let mut points: Vec<Point> = pods.into_iter().map(Point::Pod).collect();
    let (mut cidrs, mut ports) = cuts(program);
    let boundaries = policies.boundaries();
    cidrs.extend(boundaries.cidrs);
    ports.extend(boundaries.ports);
    ports.extend(enforce::port_boundaries(&points));
    ports.extend(cluster_ports(cluster));
    let addresses =
        Space::of(inventory, Vec::new(), &Boundaries { cidrs, ..Boundaries::default() }).unwrap().points;
    points.extend(addresses.into_iter().filter(|point| matches!(point, Point::Address(_))));
    (Space::new(points, ports), today)
}

/// The points over which promises are proved: today's pods, a pod without labels in every namespace and in one that
/// does not exist, addresses.
fn universe(cluster: &Cluster, space: &Space, today: usize) -> Vec<bool> {
    let is = |(at, point): (usize, &Point)| match point {
        Point::Pod(pod) => {
            let named = pod.namespace_labels.len() == 1 || cluster.namespace(&pod.namespace).is_some();
            at < today || pod.labels.is_empty() && pod.ports.is_empty() && named
        }
        Point::Address(_) => true,
    };
    space.points.iter().enumerate().map(is).collect()
}

pub fn read(documents: &[Document]) -> Result<Policies, TestCaseError> {
    let text = written(documents);
    enforce::read(Dialect::NetworkPolicy, "weir.yaml", &text)
        .map_err(|errors| TestCaseError::fail(format!("the output is no policy: {errors:?}\n{text}")))
}

pub fn show_point(point: &Point) -> String {
    match point {
        Point::Pod(pod) => {
            let labels: Vec<String> =
                pod.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("pod of {} {:?} {:?}", pod.namespace, labels, pod.ports)
        }
        Point::Address(range) => format!("{}-{} ({:?})", range.first, range.last, range.kind),
    }
}

/// Enforced flows against meant ones; the witness is the first difference.
pub fn judge(
    cluster: &Cluster,
    inventory: &Inventory,
    program: &Program,
    newcomers: &[Newcomer],
    built: &Built,
) -> Result<(), TestCaseError> {
    let policies = read(&built.documents)?;
    let (space, today) = space(cluster, inventory, program, newcomers, &policies);
    let world = World { cluster, program, points: &space.points, today, reading: Reading::Bound };
    let atoms: Vec<PortRange> = space.ports.iter().collect();
    let Ok(mut meant) = world.allowed(&atoms, true) else {
        if world.has_empty_object() {
            return Ok(()); // whether ports are asked of what has no pods is not for the language to say
        }
        return Err(TestCaseError::fail(
            "the program should have been an error: a port is not exposed, or means two things",
        ));
    };
    prop_assert!(
        world.conflicts().is_empty(),
        "the program should have been an error: {:?}",
        world.conflicts()
    );
    let universe = Universe { points: universe(cluster, &space, today), wide: false };
    let tomorrow = Universe { points: vec![true; space.points.len()], wide: false };
    let mut start = print::lets(program, cluster).iter().map(|one| one.len() + 1).sum();
    for (at, sentence) in program.sentences.iter().enumerate() {
        let statement = print::statement(program, cluster, sentence);
        let place = start..start + statement.len();
        start = place.end + 1;
        if promises::is_overlooked(program, sentence) {
            continue;
        }
        let holds_today = built.holds_today.iter().any(|found| place.contains(found));
        for (universe, should) in [(&universe, "an error"), (&tomorrow, "said to hold today")] {
            let broken = world.broken(at, &atoms, universe).ok().flatten();
            if let Some((source, destination, atom)) = broken.filter(|_| should == "an error" || !holds_today)
            {
                return Err(TestCaseError::fail(format!(
                    "this should have been {should}: {statement}\n{} -> {} on {:?}",
                    show_point(&space.points[source]),
                    show_point(&space.points[destination]),
                    atoms[atom]
                )));
            }
        }
    }
    let enforced = policies.enforce(&space, &Switches::default());
    prop_assert!(!cluster.nodes || enforced.undefined.is_empty(), "undefined flows: {:?}", {
        let (source, destination, atom) = enforced.undefined.witness().unwrap();
        (show_point(&space.points[source]), show_point(&space.points[destination]), atoms[atom])
    });
    let mut permitted = Table::new(space.points.len(), atoms.len(), false);
    let mut open = Table::new(space.points.len(), atoms.len(), false);
    for (table, flows) in [(&mut permitted, &enforced.permitted), (&mut open, &enforced.undefined)] {
        for one in flows.boxes() {
            for source in &one.sources {
                for destination in &one.destinations {
                    for atom in &one.ports {
                        *table.at(source as usize, destination as usize, atom as usize) = true;
                    }
                }
            }
        }
    }
    for (from, source) in space.points.iter().enumerate() {
        for (to, destination) in space.points.iter().enumerate() {
            if matches!((source, destination), (Point::Address(_), Point::Address(_))) {
                continue;
            }
            for (at, atom) in atoms.iter().enumerate() {
                let (is, should) = (*permitted.at(from, to, at), *meant.at(from, to, at));
                if is != should && !*open.at(from, to, at) {
                    let mut told =
                        format!("{} -> {} on {atom:?}: ", show_point(source), show_point(destination));
                    let _ = write!(
                        told,
                        "enforced {is}, meant {should}; today's points: {}",
                        from < today && to < today
                    );
                    return Err(TestCaseError::fail(told));
                }
            }
        }
    }
    Ok(())
}

fn names_an_absent_port(sentence: &program::Sentence) -> bool {
    let is_name = |port: &&Port| matches!(port, Port::Name(_));
    sentence.absent == Ending::EvenIfAbsent && sentence.ports().iter().any(is_name)
}

/// The errors of promises that are broken.
const PROMISES: [&str; 4] = ["E0504", "E0505", "E0506", "E0507"];

/// Errors that the oracle can judge have their reason.
pub fn justified(
    cluster: &Cluster,
    inventory: &Inventory,
    program: &Program,
    newcomers: &[Newcomer],
    codes: &BTreeSet<&'static str>,
) -> Result<(), TestCaseError> {
    let (space, today) =
        space(cluster, inventory, program, newcomers, &Policies::none(Dialect::NetworkPolicy));
    let space = match codes.iter().any(|code| PROMISES.contains(code)) {
        true => {
            let virtual_pods = virtual_pods::virtual_pods(cluster, program).into_iter().map(Point::Pod);
            let points: Vec<Point> = space.points.into_iter().chain(virtual_pods).collect();
            let ports = space.ports.iter().chain(enforce::port_boundaries(&points)).collect::<Vec<_>>();
            Space::new(points, ports)
        }
        false => space,
    };
    let world = World { cluster, program, points: &space.points, today, reading: Reading::Bound };
    let conflicts = world.conflicts();
    for code in codes {
        let found = match *code {
            "E0501" | "E0502" => conflicts.contains(code),
            "E0314" => program.sentences.iter().any(|one| one.absent == Ending::EvenIfAbsent),
            // For labels that a pod may have tomorrow alone it would be a lint; but one virtual pod for every selector
            // that nothing matches today is of the universe.
            // A sentence with an error is left out, and others may have counted on it.
            code if PROMISES.contains(&code) && codes.iter().any(|code| !PROMISES.contains(code)) => true,
            // The compiler takes a name that no pod declares for a port that is there.
            code if PROMISES.contains(&code) && program.sentences.iter().any(names_an_absent_port) => true,
            code if PROMISES.contains(&code) => {
                let all = Universe { points: vec![true; space.points.len()], wide: true };
                let atoms: Vec<PortRange> = space.ports.iter().collect();
                (0..program.sentences.len()).any(|at| !matches!(world.broken(at, &atoms, &all), Ok(None)))
            }
            "E0304" | "E0305" | "E0306" => {
                let promised = |one: &program::Sentence| {
                    matches!(&one.kind, SentenceKind::Grant(grant) if !grant.verb.grants())
                        && one.absent == Ending::IfPresent
                };
                world.allowed(&[], true).is_err()
                    || world.has_empty_object()
                    // Of a promise the compiler keeps what matches nothing today.
                    || program.sentences.iter().any(promised)
            }
            // An exception may leave nothing, or name what is absent and has no selector to keep.
            "E0205" | "E0209" if program.has_exceptions() => true,
            // A tame program has no other errors than those of the host's network, which settling passes over.
            _ => program.wild || cluster.workloads.iter().any(|workload| workload.host_network),
        };
        prop_assert!(found, "the error {code} has no reason");
    }
    Ok(())
}
