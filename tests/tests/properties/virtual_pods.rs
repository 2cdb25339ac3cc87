//! Pods that are not there: for every selector that nothing matches today, some that it would match.

use std::collections::BTreeSet;

use weir_cluster::flow::{PodPoint, Point};
use weir_cluster::inventory::Protocol;

use super::cluster::{self, Cluster, Map, PORT_NAMES, Port, Requirement, Test, VALUES};
use super::oracle::{Reading, Thing, World};
use super::program::{Ending, LATER, Program, Set};

/// Whether the conjunctions that an exception is split into count as selectors, each by itself. The language knows
/// selectors as they are written; the compiler counts these for now.
const SPLINTERS: bool = true;

/// How many pods stand for one selector in one namespace.
const MOST: usize = 3;

/// Pods for selectors that nothing matches today, in namespaces of today, whose labels may be others then, and in new
/// ones.
pub fn virtual_pods(cluster: &Cluster, program: &Program) -> Vec<PodPoint> {
    let points: Vec<Point> = cluster.today().into_iter().map(Point::Pod).collect();
    let world = World { cluster, program, points: &points, today: points.len(), reading: Reading::Bound };
    let mut pods: Vec<PodPoint> = Vec::new();
    // They expose whatever a program may name.
    let names = PORT_NAMES.into_iter().chain(["front", "dns-tcp"]).enumerate();
    let ports: Vec<Port> = names
        .flat_map(|(at, name)| {
            let port =
                move |protocol| Port { name: Some(name.to_owned()), number: 7000 + at as u16, protocol };
            [Protocol::Tcp, Protocol::Udp].map(port)
        })
        .collect();
    // The prelude is of the program, too.
    let sets = world
        .instances()
        .flat_map(|(one, home)| one.sets().into_iter().map(move |set| (home, set, one.absent.of_guard())));
    for (home, set, absent) in sets.chain([(None, &Set::Dns, Ending::Kept)]) {
        let (mut of_pods, mut of_namespaces) = (Vec::new(), Vec::new());
        world.mentioned(set, home, &mut of_pods, &mut of_namespaces);
        for wanted in world.wanted(set, home) {
            let splinters = SPLINTERS && wanted.set.any(&|set| matches!(set, Set::Except(..)));
            if !splinters && !world.is_empty(&world.denote(&wanted.set, home, absent)) {
                continue;
            }
            let mut candidates = Vec::new();
            let all_labels = variants(&satisfied(&wanted.of_pods), &of_pods);
            for (namespace, labels) in world.homes_of_tomorrow() {
                let mut labels = labels.clone();
                labels.extend(satisfied(&wanted.of_namespaces));
                for of_namespace in variants(&labels, &of_namespaces) {
                    let pod = |labels: &Map| cluster::pod(&namespace, &of_namespace, labels, &ports);
                    candidates.extend(all_labels.iter().map(|labels| Point::Pod(pod(labels))));
                }
            }
            let then = World { points: &candidates, today: 0, ..world };
            let mut found = Vec::new();
            let parts = then.denote(&wanted.set, home, absent);
            for (at, _) in
                candidates.iter().enumerate().filter(|(at, _)| parts.iter().any(|part| part.members[*at]))
            {
                let Some(pod) = then.pod(at) else { continue };
                if found.iter().filter(|one: &&PodPoint| one.namespace == pod.namespace).count() < MOST {
                    found.push(pod.clone());
                }
            }
            found.retain(|pod| !pods.contains(pod));
            pods.append(&mut found);
        }
    }
    pods
}

/// Labels, and the same with one of them another or gone.
fn variants(labels: &Map, mentioned: &[Requirement]) -> Vec<Map> {
    let mut all = vec![labels.clone()];
    for one in mentioned {
        let listed = match &one.test {
            Test::In(values) | Test::NotIn(values) => values.clone(),
            Test::Exists | Test::Absent => Vec::new(),
        };
        for value in listed.into_iter().chain(["any".to_owned()]).map(Some).chain([None]) {
            let mut other = labels.clone();
            match value {
                Some(value) => drop(other.insert(one.key.clone(), value)),
                None => drop(other.remove(&one.key)),
            }
            if !all.contains(&other) {
                all.push(other);
            }
        }
    }
    all
}

/// One selector, with what it asks of labels.
struct Wanted {
    set: Set,
    of_pods: Vec<Requirement>,
    of_namespaces: Vec<Requirement>,
}

impl World<'_> {
    fn homes_of_tomorrow(&self) -> Vec<(String, Map)> {
        let mut homes = self.cluster.namespaces.clone();
        homes.extend([LATER, "virtual"].map(|name| (name.to_owned(), Map::new())));
        if self.cluster.namespace("kube-system").is_none() {
            homes.push(("kube-system".to_owned(), Map::new()));
        }
        homes
    }

    /// All that a set says of labels, of what it leaves out, too.
    fn mentioned(
        &self,
        set: &Set,
        home: Option<usize>,
        of_pods: &mut Vec<Requirement>,
        of_namespaces: &mut Vec<Requirement>,
    ) {
        match set {
            Set::Let(at) => self.mentioned(&self.program.lets[*at].set, None, of_pods, of_namespaces),
            Set::Except(..) | Set::In(..) | Set::Union(_) | Set::With(..) => {
                if let Set::With(_, requirements) = set {
                    of_pods.extend(requirements.clone());
                }
                set.children().into_iter().for_each(|set| self.mentioned(set, home, of_pods, of_namespaces));
            }
            leaf => {
                for wanted in self.wanted(leaf, home) {
                    of_pods.extend(wanted.of_pods);
                    of_namespaces.extend(wanted.of_namespaces);
                }
            }
        }
    }

    /// The selectors of a set: a union has several. What is left out asks for nothing.
    fn wanted(&self, set: &Set, home: Option<usize>) -> Vec<Wanted> {
        let of_labels = |labels: &Map| {
            let is = |(key, value): (&String, &String)| Requirement {
                key: key.clone(),
                test: Test::In(vec![value.clone()]),
            };
            labels.iter().map(is).collect::<Vec<_>>()
        };
        let one = |of_pods: Vec<Requirement>, of_namespaces: Vec<Requirement>| {
            vec![Wanted { set: set.clone(), of_pods, of_namespaces }]
        };
        let of_thing = |thing: Option<&Thing>| match thing {
            Some(Thing::Workload(at) | Thing::Both(at, _)) => self.cluster.workloads[*at].selector.clone(),
            Some(Thing::Service(at)) => of_labels(&self.cluster.services[*at].selector),
            _ => Vec::new(),
        };
        match set {
            Set::Union(sets) => sets.iter().flat_map(|set| self.wanted(set, home)).collect(),
            Set::Let(at) => self.wanted(&self.program.lets[*at].set, None),
            Set::Except(left, right) => {
                let mut all = self.wanted(left, home);
                all.iter_mut().for_each(|one| one.set = one.set.clone().except((**right).clone()));
                all
            }
            Set::With(inner, requirements) => {
                let mut all = self.wanted(inner, home);
                for one in &mut all {
                    one.set = one.set.clone().with(requirements.clone());
                    one.of_pods.extend(requirements.clone());
                }
                all
            }
            Set::In(left, right) => {
                let (left, right) = (self.wanted(left, home), self.wanted(right, home));
                let both = |a: &Wanted, b: &Wanted| Wanted {
                    set: Set::In(Box::new(a.set.clone()), Box::new(b.set.clone())),
                    of_pods: [a.of_pods.clone(), b.of_pods.clone()].concat(),
                    of_namespaces: [a.of_namespaces.clone(), b.of_namespaces.clone()].concat(),
                };
                left.iter().flat_map(|a| right.iter().map(move |b| both(a, b))).collect()
            }
            Set::Namespaces(requirements) => one(Vec::new(), requirements.clone()),
            Set::Dns => {
                one(of_labels(&Map::from([("k8s-app".to_owned(), "kube-dns".to_owned())])), Vec::new())
            }
            Set::Thing(at, _) => {
                let things = self.cluster.things();
                one(of_thing(things.get(at % things.len())), Vec::new())
            }
            Set::Near(name, how) => {
                let things = home.map(|home| self.cluster.near(home, *name, *how)).unwrap_or_default();
                one(of_thing(things.first()), Vec::new())
            }
            _ => one(Vec::new(), Vec::new()),
        }
    }
}

/// Labels that meet all of these.
fn satisfied(requirements: &[Requirement]) -> Map {
    let mut labels = Map::new();
    let keys: BTreeSet<&String> = requirements.iter().map(|one| &one.key).collect();
    for key in keys {
        let ours = || requirements.iter().filter(|one| one.key == *key);
        let listed = ours().flat_map(|one| match &one.test {
            Test::In(values) => values.clone(),
            _ => Vec::new(),
        });
        let others = VALUES.iter().chain(&["any"]).map(|value| (*value).to_owned());
        let fits = |value: &Option<String>| {
            let with: Map = value.iter().map(|value| (key.clone(), value.clone())).collect();
            ours().all(|one| one.holds(&with))
        };
        if let Some(Some(value)) = [None].into_iter().chain(listed.chain(others).map(Some)).find(fits) {
            labels.insert(key.clone(), value);
        }
    }
    labels
}
