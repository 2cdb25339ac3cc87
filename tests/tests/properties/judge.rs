//! The output against the oracle, on today's pods, pods that may come, and addresses.

use std::collections::BTreeSet;
use std::fmt::Write;

use ipnet::IpNet;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use weir::{Document, Inventory};
use weir_cluster::enforce::kubernetes;
use weir_cluster::flow::{PodPoint, Point, PortRange, Space};
use weir_cluster::inventory::Protocol;

use super::allowed::Table;
use super::cluster::{self, Cluster, Test};
use super::oracle::{self, World};
use super::print;
use super::program::{self, Ending, Newcomer, Port, Program, SentenceKind, Set};
use super::promises;

/// Pods for selectors that nothing matches today, in all namespaces that they could be in.
fn virtual_pods(cluster: &Cluster, program: &Program) -> Vec<PodPoint> {
    let points: Vec<Point> = cluster.today().into_iter().map(Point::Pod).collect();
    let world = World { cluster, program, points: &points, today: points.len() };
    let mut pods: Vec<PodPoint> = Vec::new();
    let no_labels = cluster::Map::new();
    for (sentence, home) in world.instances() {
        for set in sentence.sets() {
            if !world.is_empty(&world.denote(set, home, Ending::Kept)) {
                continue;
            }
            let (of_pods, of_namespaces) = satisfied(program, set);
            let mut homes: Vec<(&str, &cluster::Map)> =
                cluster.namespaces.iter().map(|(name, labels)| (name.as_str(), labels)).collect();
            homes.extend([(program::LATER, &no_labels), ("virtual", &of_namespaces)]);
            for (namespace, labels) in homes {
                let pod = cluster::pod(namespace, labels, &of_pods, &[]);
                if !pods.contains(&pod) {
                    pods.push(pod);
                }
            }
        }
    }
    pods
}

/// Labels of a pod and of its namespace that a set asks for.
fn satisfied(program: &Program, set: &Set) -> (cluster::Map, cluster::Map) {
    let (mut of_pods, mut of_namespaces) = (cluster::Map::new(), cluster::Map::new());
    let mut waiting = vec![set];
    while let Some(set) = waiting.pop() {
        let (labels, requirements) = match set {
            Set::With(_, requirements) => (&mut of_pods, requirements.as_slice()),
            Set::Namespaces(requirements) => (&mut of_namespaces, requirements.as_slice()),
            _ => (&mut of_pods, &[][..]),
        };
        for requirement in requirements {
            let value = match &requirement.test {
                Test::In(values) => values[0].clone(),
                Test::Exists => "any".to_owned(),
                Test::NotIn(_) | Test::Absent => continue,
            };
            labels.insert(requirement.key.clone(), value);
        }
        match set {
            Set::Let(at) => waiting.push(&program.lets[*at].set),
            // What is left out asks for nothing.
            Set::Except(left, _) => waiting.push(left),
            set => waiting.extend(set.children()),
        }
    }
    (of_pods, of_namespaces)
}

/// Pods that may come tomorrow.
fn tomorrow(
    cluster: &Cluster,
    inventory: &Inventory,
    program: &Program,
    drawn: &[Newcomer],
) -> Vec<PodPoint> {
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
    pods.extend(virtual_pods(cluster, program));
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
            Some(PortRange { protocol: protocol.unwrap_or(Protocol::Tcp), first: *first, last: *last })
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
        [Protocol::Tcp, Protocol::Udp].map(|protocol| PortRange { protocol, first: number, last: number })
    };
    numbers.into_iter().flat_map(both).collect()
}

/// The ports at which a program, over some points, tells flows apart.
pub fn atoms(cluster: &Cluster, program: &Program, points: &[Point]) -> Vec<PortRange> {
    let mut ports = cuts(program).1;
    ports.extend(kubernetes::port_boundaries(points));
    ports.extend(cluster_ports(cluster));
    Space::new(points.to_vec(), ports).ports.iter().collect()
}

pub fn space(
    cluster: &Cluster,
    inventory: &Inventory,
    program: &Program,
    newcomers: &[Newcomer],
    policies: &kubernetes::Policies,
) -> (Space, usize) {
    let mut pods = cluster.today();
    let today = pods.len();
    pods.extend(tomorrow(cluster, inventory, program, newcomers));
    for (at, pod) in pods.iter_mut().enumerate().filter(|(_, pod)| cluster.nodes && pod.addresses.is_empty())
    {
        pod.addresses = vec![format!("10.244.1.{}", 100 + at).parse().unwrap()];
    }
    let mut points: Vec<Point> = pods.into_iter().map(Point::Pod).collect();
    let (mut cidrs, mut ports) = cuts(program);
    let boundaries = policies.boundaries();
    cidrs.extend(boundaries.cidrs);
    ports.extend(boundaries.ports);
    ports.extend(kubernetes::port_boundaries(&points));
    ports.extend(cluster_ports(cluster));
    let addresses = Space::of(inventory, Vec::new(), &cidrs, &[]).points;
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

pub fn read(documents: &[Document]) -> Result<kubernetes::Policies, TestCaseError> {
    let text = weir::emit::stream(documents);
    kubernetes::read("weir.yaml", &text)
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
    documents: &[Document],
) -> Result<(), TestCaseError> {
    let policies = read(documents)?;
    let (space, today) = space(cluster, inventory, program, newcomers, &policies);
    let world = World { cluster, program, points: &space.points, today };
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
    let universe = universe(cluster, &space, today);
    for (at, sentence) in program.sentences.iter().enumerate() {
        if promises::is_overlooked(program, sentence) {
            continue;
        }
        if let Ok(Some((source, destination, atom))) = world.broken(at, &atoms, &universe) {
            return Err(TestCaseError::fail(format!(
                "this should have been an error: {}\n{} -> {} on {:?}",
                print::statement(program, cluster, sentence),
                show_point(&space.points[source]),
                show_point(&space.points[destination]),
                atoms[atom]
            )));
        }
    }
    let enforced = policies.enforce(&space);
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

/// Errors that the oracle can judge have their reason.
pub fn justified(
    cluster: &Cluster,
    inventory: &Inventory,
    program: &Program,
    newcomers: &[Newcomer],
    codes: &BTreeSet<&'static str>,
) -> Result<(), TestCaseError> {
    let (space, today) = space(cluster, inventory, program, newcomers, &kubernetes::Policies::default());
    let world = World { cluster, program, points: &space.points, today };
    let conflicts = world.conflicts();
    for code in codes {
        let found = match *code {
            "E0501" | "E0502" => conflicts.contains(code),
            "E0314" => program.sentences.iter().any(|one| one.absent == Ending::EvenIfAbsent),
            // For labels that a pod may have tomorrow alone it would be a lint; but one virtual pod for every selector
            // that nothing matches today is of the universe.
            // The compiler counts the splinters of an exception as selectors, too.
            "E0506" if program.has_exceptions() => true,
            "E0506" => {
                let (all, atoms) = (vec![true; space.points.len()], space.ports.iter().collect::<Vec<_>>());
                (0..program.sentences.len()).any(|at| !matches!(world.broken(at, &atoms, &all), Ok(None)))
            }
            "E0304" | "E0305" | "E0306" => world.allowed(&[], true).is_err() || world.has_empty_object(),
            // An exception may leave nothing, or name what is absent and has no selector to keep.
            "E0205" | "E0209" if program.has_exceptions() => true,
            // A tame program has no other errors than those of the host's network, which settling passes over.
            _ => program.wild || cluster.workloads.iter().any(|workload| workload.host_network),
        };
        prop_assert!(found, "the error {code} has no reason");
    }
    Ok(())
}
