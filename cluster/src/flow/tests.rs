//! The algebra against a model that holds every flow by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::inventory::{EndpointClass, Inventory, Namespace, NamespaceId, Node, WorkloadId};
use crate::labels::NAMESPACE_NAME;

/// Deterministic, and good enough to shuffle small spaces.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below
    }

    fn bits(&mut self, len: usize) -> Bits {
        let density = self.next(5);
        (0..len as u32).filter(|_| self.next(4) < density).collect()
    }
}

type Model = BTreeSet<(usize, usize, usize)>;

fn text(s: &str) -> Text {
    Arc::from(s)
}

fn pod(name: &str) -> Point {
    Point::Pod(PodPoint {
        class: None,
        namespace: text(name),
        namespace_labels: Labels::default(),
        labels: Labels::default(),
        ports: Vec::new(),
        host_network: false,
        service_account: text("default"),
        addresses: Vec::new(),
    })
}

fn address(first: &str, last: &str, kind: AddressKind) -> AddressPoint {
    AddressPoint::new(first.parse().unwrap(), last.parse().unwrap(), kind)
}

fn tcp(first: u16, last: u16) -> PortRange {
    PortRange { protocol: Carrier::Tcp, first, last }
}

fn random_space(random: &mut Random) -> Space {
    let mut points: Vec<Point> = (0..1 + random.next(7)).map(|i| pod(&format!("pod-{i}"))).collect();
    for i in 0..random.next(4) {
        let ip = format!("192.0.2.{i}");
        points.insert(
            random.next(points.len() as u64 + 1) as usize,
            Point::Address(address(&ip, &ip, AddressKind::Outside)),
        );
    }
    let ports: Vec<PortRange> = (0..random.next(3)).map(|i| tcp(80 + i as u16, 80 + i as u16)).collect();
    Space::new(points, ports)
}

fn is_pod(space: &Space, point: usize) -> bool {
    matches!(space.points[point], Point::Pod(_))
}

fn model_of(space: &Space, holds: impl Fn(usize, usize, usize) -> bool) -> Model {
    let mut model = Model::new();
    for source in 0..space.points.len() {
        for destination in 0..space.points.len() {
            for atom in 0..space.ports.len() {
                if (is_pod(space, source) || is_pod(space, destination)) && holds(source, destination, atom) {
                    model.insert((source, destination, atom));
                }
            }
        }
    }
    model
}

/// Checks everything that can be asked of a set against the model.
fn assert_is(space: &Space, flows: &Flows, model: &Model) {
    assert_eq!(model_of(space, |s, d, p| flows.contains(s, d, p)), *model);
    assert_eq!(flows.is_empty(), model.is_empty());
    assert_eq!(flows.count(), model.len() as u64);
    assert_eq!(flows.witness(), model.first().copied());
    let mut boxed = Model::new();
    for FlowBox { sources, destinations, ports } in flows.boxes() {
        for source in &sources {
            for destination in &destinations {
                for atom in &ports {
                    assert!(
                        boxed.insert((source as usize, destination as usize, atom as usize)),
                        "boxes overlap"
                    );
                }
            }
        }
    }
    assert_eq!(boxed, *model);
    for slice in &flows.slices {
        let mut seen = Bits::new();
        for row in slice.iter() {
            assert!(!row.sources.is_empty() && !row.destinations.is_empty());
            assert!(seen.is_disjoint(&row.sources));
            seen |= &row.sources;
        }
        assert!(slice.is_sorted_by_key(|row| row.sources.min()));
    }
}

fn random_boxes(random: &mut Random, space: &Space) -> (Flows, Model) {
    let boxes: Vec<FlowBox> = (0..random.next(5))
        .map(|_| FlowBox {
            sources: random.bits(space.points.len()),
            destinations: random.bits(space.points.len()),
            ports: random.bits(space.ports.len()),
        })
        .collect();
    let model = model_of(space, |s, d, p| {
        boxes.iter().any(|b| {
            b.sources.contains(s as u32) && b.destinations.contains(d as u32) && b.ports.contains(p as u32)
        })
    });
    (Flows::from_boxes(space, &boxes), model)
}

#[test]
fn set_operations_agree_with_the_model() {
    let mut random = Random(0x5eed);
    for _ in 0..400 {
        let space = random_space(&mut random);
        let (a, in_a) = random_boxes(&mut random, &space);
        let (b, in_b) = random_boxes(&mut random, &space);
        assert_is(&space, &a, &in_a);
        assert_is(&space, &a.union(&b), &(&in_a | &in_b));
        assert_is(&space, &a.minus(&b), &(&in_a - &in_b));
        assert_is(&space, &a.intersect(&b), &(&in_a & &in_b));
        assert_eq!(a == b, in_a == in_b);
        assert_eq!(a.minus(&b).union(&a.intersect(&b)), a);
        assert_eq!(a.union(&b), b.union(&a));
        assert_eq!(Flows::from_boxes(&space, &a.boxes()), a);
        assert_is(&space, &a.minus(&a), &Model::new());
        assert_eq!(a.minus(&a), Flows::empty(&space));
    }
}

fn random_sides(random: &mut Random, space: &Space) -> Vec<Side> {
    let side = |random: &mut Random| {
        if random.next(3) == 0 {
            return Side::Open;
        }
        let permit = |random: &mut Random| Permit {
            peers: random.bits(space.points.len()),
            ports: random.bits(space.ports.len()),
        };
        Side::Closed((0..random.next(4)).map(|_| permit(random)).collect())
    };
    // Few distinct sides, so that points share them.
    let few: Vec<Side> = (0..3).map(|_| side(random)).collect();
    let choose = |random: &mut Random| {
        if random.next(3) == 0 { side(random) } else { few[random.next(3) as usize].clone() }
    };
    (0..space.points.len()).map(|i| if is_pod(space, i) { choose(random) } else { Side::Open }).collect()
}

fn permits(side: &Side, peer: usize, atom: usize) -> bool {
    match side {
        Side::Open => true,
        Side::Closed(permits) => {
            permits.iter().any(|p| p.peers.contains(peer as u32) && p.ports.contains(atom as u32))
        }
    }
}

#[test]
fn a_flow_needs_both_sides() {
    let mut random = Random(0xf10e5);
    for _ in 0..600 {
        let space = random_space(&mut random);
        let egress = random_sides(&mut random, &space);
        let ingress = random_sides(&mut random, &space);
        let flows = Flows::from_sides(&space, &egress, &ingress);
        let model = model_of(&space, |s, d, p| permits(&egress[s], d, p) && permits(&ingress[d], s, p));
        assert_is(&space, &flows, &model);
    }
}

#[test]
fn equal_sets_are_equal_however_they_were_made() {
    let space = Space::new(vec![pod("a"), pod("b"), pod("c")], [tcp(80, 80)]);
    let set = |members: &[u32]| members.iter().copied().collect::<Bits>();
    let one = |s: &[u32], d: &[u32]| FlowBox {
        sources: set(s),
        destinations: set(d),
        ports: space.ports.of(tcp(80, 80)),
    };
    let whole = Flows::from_boxes(&space, &[one(&[0, 1], &[1, 2])]);
    let parts = Flows::from_boxes(&space, &[one(&[0], &[1, 2]), one(&[1], &[2]), one(&[0, 1], &[1])]);
    assert_eq!(whole, parts);
    assert_eq!(whole.boxes(), parts.boxes());
    assert_eq!(whole.boxes().len(), 1);
}

#[test]
fn replicas_of_one_class_may_talk_and_addresses_do_not() {
    let outside = Point::Address(address("192.0.2.1", "192.0.2.1", AddressKind::Outside));
    let space = Space::new(vec![pod("a"), outside], []);
    let open = vec![Side::Open, Side::Open];
    let flows = Flows::from_sides(&space, &open, &open);
    assert!(flows.contains(0, 0, 0) && flows.contains(0, 1, 0) && flows.contains(1, 0, 0));
    assert!(!flows.contains(1, 1, 0));
}

#[test]
fn port_atoms_are_the_coarsest_partition() {
    let udp = PortRange { protocol: Carrier::Udp, first: 53, last: 53 };
    let ports = PortAtoms::new([tcp(80, 80), tcp(8000, 65535), tcp(1, 1023), udp]);
    let shown: Vec<_> = ports.iter().map(|a| (a.protocol, a.first, a.last)).collect();
    let (t, u, s) = (Carrier::Tcp, Carrier::Udp, Carrier::Sctp);
    assert_eq!(
        shown,
        [
            (t, 1, 79),
            (t, 80, 80),
            (t, 81, 1023),
            (t, 1024, 7999),
            (t, 8000, 65535),
            (u, 1, 52),
            (u, 53, 53),
            (u, 54, 65535),
            (s, 1, 65535)
        ]
    );
    assert_eq!(ports.len(), 9);
    assert_eq!(ports.of(tcp(80, 80)).iter().collect::<Vec<_>>(), [1]);
    assert_eq!(ports.of(tcp(1, 1023)).iter().collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(ports.of(tcp(1, 65535)).len(), 5);
    assert_eq!(ports.of(udp), Bits::from([6]));
    assert_eq!(ports.of(PortRange { protocol: s, first: 1, last: 65535 }), Bits::from([8]));
    assert_eq!(ports.all().len(), 9);
    // Where a range is no union of atoms, it is those within.
    assert_eq!(ports.of(tcp(80, 500)), Bits::from([1]));
    assert_eq!(ports.of(tcp(70, 1023)), Bits::from([1, 2]));
    assert_eq!(ports.atom(2), tcp(81, 1023));
}

fn class(addresses: &[&str], local: &[&str], host_network: bool) -> EndpointClass {
    EndpointClass {
        namespace: NamespaceId(0),
        workload: WorkloadId(0),
        labels: Labels::default(),
        ports: Vec::new(),
        host_network,
        service_account: text("default"),
        pods: 1,
        addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
        local_addresses: local.iter().map(|a| a.parse().unwrap()).collect(),
    }
}

fn inventory() -> Inventory {
    let labels = Labels::from_iter([(text(NAMESPACE_NAME), text("shop"))]);
    let namespace = Namespace { name: text("shop"), labels, origin: None, classes: 0..2 };
    let service = crate::inventory::Service {
        namespace: NamespaceId(0),
        name: text("dns"),
        labels: Labels::default(),
        kind: crate::inventory::ServiceType::ClusterIp,
        selector: None,
        ports: Vec::new(),
        addresses: vec!["10.96.0.10".parse().unwrap(), "10.96.0.1".parse().unwrap()],
        external_name: None,
        headless: false,
        keeps_client_address: false,
        endpoints: Vec::new(),
        origin: crate::inventory::Origin { file: text("x"), document: 1, line: 1 },
    };
    Inventory {
        namespaces: vec![namespace],
        classes: vec![class(&["10.0.0.7", "10.0.0.8"], &[], false), class(&[], &["10.96.0.10"], true)],
        nodes: vec![Node {
            name: text("n"),
            labels: Labels::default(),
            addresses: vec!["172.18.0.2".parse().unwrap(), "fd00::2".parse().unwrap()],
            pod_ranges: vec!["10.244.0.0/24".parse().unwrap()],
        }],
        services: vec![service],
        ..Inventory::default()
    }
}

#[test]
fn addresses_of_pods_and_services_are_no_points_of_their_own() {
    let inventory = inventory();
    let cuts = ["10.0.0.0/29".parse().unwrap(), "10.0.0.8/32".parse().unwrap()];
    let boundaries = Boundaries { cidrs: cuts.to_vec(), api_server: true, ..Boundaries::default() };
    let space = Space::of(&inventory, Space::newcomers(&inventory), &boundaries).unwrap();
    let (pods, addresses): (Vec<_>, Vec<_>) = space.points.iter().partition(|p| matches!(p, Point::Pod(_)));
    assert_eq!(pods.len(), 3, "one class, and a newcomer each in `shop` and a new namespace");
    let addresses: Vec<AddressPoint> = (addresses.into_iter())
        .map(|point| match point {
            Point::Address(address) => address.clone(),
            Point::Pod(_) => unreachable!(),
        })
        .collect();
    use AddressKind::{Local, Node, Outside};
    let nowhere = address("93.184.215.14", "93.184.215.14", Outside);
    assert_eq!(
        addresses,
        [
            address("0.0.0.0", "9.255.255.255", Outside),
            // 10.0.0.7 is a pod's, so is all of 10.0.0.8/32
            address("10.0.0.0", "10.0.0.6", Outside),
            address("10.0.0.9", "10.96.0.9", Outside),
            // The node-local DNS cache answers on a service's address.
            address("10.96.0.10", "10.96.0.10", Local),
            address("10.96.0.11", "10.243.255.255", Outside),
            address("10.244.1.0", "172.18.0.1", Outside),
            address("172.18.0.2", "172.18.0.2", Node),
            address("172.18.0.3", "255.255.255.255", Outside),
            address("::", "fd00::1", Outside),
            address("fd00::2", "fd00::2", Node),
            address("fd00::3", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Outside),
            // Nobody knows where the API server is.
            AddressPoint { api_server: true, ..nowhere },
        ]
    );
}

#[test]
fn the_newcomers_namespace_does_not_exist_yet() {
    let mut inventory = inventory();
    let names = |inventory: &Inventory| {
        Space::newcomers(inventory).iter().map(|n| n.namespace.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&inventory), ["shop", "weir-newcomer"]);
    let mut second = inventory.namespaces[0].clone();
    second.name = text("weir-newcomer");
    inventory.namespaces.push(second);
    assert_eq!(names(&inventory), ["shop", "weir-newcomer", "weir-newcomer-2"]);
    let fresh = Space::newcomers(&inventory).pop().unwrap();
    let labels: Vec<_> = fresh.namespace_labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(labels, ["kubernetes.io/metadata.name=weir-newcomer-2"]);
}

#[test]
fn ten_thousand_points_with_sides_of_their_own() {
    let points: Vec<Point> = (0..10_000).map(|i| pod(&format!("pod-{i}"))).collect();
    let ports: Vec<PortRange> = (0..20).map(|i| tcp(8000 + i, 8000 + i)).collect();
    let space = Space::new(points, ports);
    let team = |i: u32| Bits::from_iter(i / 100 * 100..i / 100 * 100 + 100);
    let side = |i: u32| {
        let own = Permit { peers: team(i), ports: space.ports.all() };
        let neighbour = (i * 7 + 1) % 10_000;
        let ports = space.ports.of(tcp(8000 + (i % 20) as u16, 8000 + (i % 20) as u16));
        Side::Closed(vec![own, Permit { peers: Bits::from([neighbour]), ports }])
    };
    let ingress: Vec<Side> = (0..10_000).map(side).collect();
    let open: Vec<Side> = (0..10_000).map(|i| if i % 2 == 0 { Side::Open } else { side(i) }).collect();
    let flows = Flows::from_sides(&space, &open, &ingress);
    let all_in_teams = 10_000 * 100 * space.ports.len() as u64;
    assert!(flows.count() >= all_in_teams);
    assert_eq!(flows.minus(&flows), Flows::empty(&space));
    assert_eq!(flows.union(&flows.minus(&Flows::empty(&space))), flows);
}
