//! Random policies on random points, against a model that follows every single flow through the tiers and keeps all the
//! outcomes that are open.

use std::collections::BTreeSet;

use super::*;
use crate::enforce::selector::Test;
use crate::flow::{AddressKind, AddressPoint, BEYOND_PORTS, PodPoint};
use crate::inventory::ContainerPort;
use crate::labels::Labels;

struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % below as u64) as usize
    }

    fn chance(&mut self, of: usize) -> bool {
        self.next(of) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.next(from.len())].clone()
    }

    fn some<T>(&mut self, least: usize, most: usize, mut make: impl FnMut(&mut Random) -> T) -> Vec<T> {
        let count = least + self.next(most - least + 1);
        (0..count).map(|_| make(self)).collect()
    }

    fn text(&mut self, from: &[&str]) -> Text {
        Text::from(self.pick(from))
    }

    fn labels(&mut self) -> Labels {
        self.some(0, 2, |r| (r.text(&["a", "b"]), r.text(&["1", "2"]))).into_iter().collect()
    }

    fn selector(&mut self) -> Selector {
        let mut selector = Selector::default();
        for _ in 0..self.next(3) {
            let test = match self.next(4) {
                0 => Test::In(BTreeSet::from([self.text(&["1", "2"]), self.text(&["1", "3"])])),
                1 => Test::NotIn(BTreeSet::from([self.text(&["1", "2"])])),
                2 => Test::Exists,
                _ => Test::DoesNotExist,
            };
            selector.requirements.entry(self.text(&["a", "b"])).or_default().insert(test);
        }
        selector
    }

    fn pods(&mut self) -> Pods {
        let pods = if self.chance(2) { Selector::default() } else { self.selector() };
        Pods { namespaces: self.selector(), pods }
    }

    fn network(&mut self) -> IpNet {
        let all =
            ["0.0.0.0/0", "::/0", "10.0.0.0/8", "10.0.0.0/30", "192.0.2.0/24", "192.0.2.0/25", "fd00::/8"];
        self.pick(&all).parse().unwrap()
    }

    fn rule(&mut self, ingress: bool) -> Rule {
        let action = self.pick(&[Action::Allow, Action::Deny, Action::Deny, Action::Pass]);
        let peers = self.some(1, 2, |r| match r.next(if ingress { 1 } else { 5 }) {
            0 | 1 => Peer::Pods(r.pods()),
            2 if r.chance(2) => {
                Peer::Networks(["0.0.0.0/0", "::/0"].map(|net| net.parse().unwrap()).to_vec())
            }
            2 => Peer::Networks(r.some(1, 3, Random::network)),
            3 => Peer::Nodes(if r.chance(2) { Selector::default() } else { r.selector() }),
            _ => Peer::Domains(r.some(1, 2, |r| Domain::parse(r.pick(&["x.y", "*.x.y", "z.y"])).unwrap())),
        });
        let ports = self.some(0, 2, |r| match r.next(4) {
            0 => Port::Name(r.text(&["http", "dns"])),
            1 => Port::Numbers(PortRange { protocol: Carrier::Udp, first: 1, last: 65535 }),
            _ => Port::Numbers(PortRange { protocol: Carrier::Tcp, first: 80, last: r.pick(&[80, 81]) }),
        });
        Rule { action, peers, ports }
    }

    fn policy(&mut self) -> Policy {
        let stage = self.pick(&[Stage::Admin, Stage::Admin, Stage::Baseline]);
        Policy {
            stage,
            priority: (stage == Stage::Admin || !self.chance(6)).then(|| self.next(3) as u32),
            subject: self.pods(),
            ingress: self.some(0, 3, |r| r.rule(true)),
            egress: self.some(0, 3, |r| r.rule(false)),
        }
    }

    fn pod(&mut self) -> Point {
        let namespace = self.text(&["x", "y", "z"]);
        let namespace_labels = match namespace.as_ref() {
            "x" => vec![("a", "1")],
            "y" => vec![("a", "2"), ("b", "1")],
            _ => vec![],
        };
        let mut ports = self.some(0, 2, |r| ContainerPort {
            name: Some(r.text(&["http", "dns"])),
            number: r.pick(&[80, 81, 8080]),
            protocol: r.pick(&[Protocol::Tcp, Protocol::Udp]),
        });
        ports.sort();
        let homes = ["10.0.0.1", "10.0.0.2", "10.9.9.9", "fd00::1", "203.0.113.1"];
        let mut addresses = self.some(0, 2, |r| r.pick(&homes).parse().unwrap());
        addresses.sort();
        addresses.dedup();
        Point::Pod(PodPoint {
            class: None,
            namespace,
            namespace_labels: namespace_labels
                .into_iter()
                .map(|(k, v)| (Text::from(k), Text::from(v)))
                .collect(),
            labels: self.labels(),
            ports,
            host_network: self.chance(6),
            service_account: Text::from("default"),
            addresses,
        })
    }

    fn kubernetes(&mut self) -> Kubernetes {
        let (ingress, egress) = self.pick(&[(true, false), (false, true), (true, true)]);
        Kubernetes {
            namespace: self.text(&["x", "y"]),
            subject: self.chance(2).then(|| self.text(&["1", "2"])),
            ingress,
            egress,
            rules: self.some(0, 2, |r| {
                (r.chance(2).then(|| r.text(&["1", "2"])), if r.chance(2) { Some(80) } else { None })
            }),
        }
    }
}

/// A NetworkPolicy whose rules hold in its directions; each permits pods of any namespace whose label `a` has a value, or
/// everyone, on a port of TCP or on all.
struct Kubernetes {
    namespace: Text,
    subject: Option<Text>,
    ingress: bool,
    egress: bool,
    rules: Vec<(Option<Text>, Option<u16>)>,
}

impl Kubernetes {
    fn text(&self, number: usize) -> String {
        let selector = |value: &Option<Text>| match value {
            Some(value) => format!("{{matchLabels: {{a: '{value}'}}}}"),
            None => "{}".to_owned(),
        };
        let rules = |peers: &str| {
            let rules: Vec<String> = (self.rules.iter())
                .map(|(from, port)| {
                    let from = match from {
                        Some(_) => format!("[{{namespaceSelector: {{}}, podSelector: {}}}]", selector(from)),
                        None => "[]".to_owned(),
                    };
                    let ports = port.map_or("[]".to_owned(), |port| format!("[{{port: {port}}}]"));
                    format!("{{{peers}: {from}, ports: {ports}}}")
                })
                .collect();
            format!("[{}]", rules.join(", "))
        };
        let types = match (self.ingress, self.egress) {
            (true, true) => "Ingress, Egress",
            (true, false) => "Ingress",
            _ => "Egress",
        };
        let mut spec = format!("podSelector: {}\npolicyTypes: [{types}]\n", selector(&self.subject));
        if self.ingress {
            spec += &format!("ingress: {}\n", rules("from"));
        }
        if self.egress {
            spec += &format!("egress: {}\n", rules("to"));
        }
        kubernetes_policy(&format!("k{number}"), &spec)
            .replace("namespace: shop", &format!("namespace: '{}'", self.namespace))
    }

    fn governs(&self, ingress: bool, pod: &PodPoint) -> bool {
        (if ingress { self.ingress } else { self.egress })
            && pod.namespace == self.namespace
            && self.subject.as_ref().is_none_or(|value| pod.labels.get("a") == Some(value))
    }
}

/// How surely something matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sure {
    No,
    Maybe,
    Yes,
}

fn sure(yes: bool) -> Sure {
    if yes { Sure::Yes } else { Sure::No }
}

/// What may become of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Allow,
    Deny,
    Pass,
    /// Not decided.
    On,
}

type Fates = BTreeSet<Fate>;

fn labels_match(selector: &Selector, labels: &Labels) -> bool {
    let tests = selector.requirements.iter().flat_map(|(key, tests)| tests.iter().map(move |t| (key, t)));
    tests.into_iter().all(|(key, test)| match (test, labels.get(key)) {
        (Test::In(values), value) => value.is_some_and(|value| values.contains(value)),
        (Test::NotIn(values), value) => !value.is_some_and(|value| values.contains(value)),
        (Test::Exists, value) => value.is_some(),
        (Test::DoesNotExist, value) => value.is_none(),
    })
}

fn is_one_of(pods: &Pods, pod: &PodPoint) -> bool {
    !pod.host_network
        && labels_match(&pods.namespaces, &pod.namespace_labels)
        && labels_match(&pods.pods, &pod.labels)
}

fn within(networks: &[IpNet], point: &Point) -> Sure {
    let holds = |address: &std::net::IpAddr| networks.iter().any(|net| net.contains(address));
    let known = match point {
        Point::Address(range) => return sure(holds(&range.first)),
        Point::Pod(pod) => &pod.addresses,
    };
    if known.is_empty() {
        let all = |zero: &str| networks.contains(&zero.parse().unwrap());
        let private = |net: &IpNet| !net.to_string().starts_with("192.0.2.");
        return match (all("0.0.0.0/0") && all("::/0"), networks.iter().any(private)) {
            (true, _) => Sure::Yes,
            (false, true) => Sure::Maybe,
            (false, false) => Sure::No,
        };
    }
    match (known.iter().all(holds), known.iter().any(holds)) {
        (true, _) => Sure::Yes,
        (false, true) => Sure::Maybe,
        (false, false) => Sure::No,
    }
}

fn peers_match(peers: &[Peer], point: &Point) -> Sure {
    let networks: Vec<IpNet> = peers
        .iter()
        .flat_map(|peer| match peer {
            Peer::Networks(networks) => networks.clone(),
            _ => vec![],
        })
        .collect();
    let others = peers.iter().map(|peer| match (peer, point) {
        (Peer::Pods(pods), Point::Pod(pod)) => sure(is_one_of(pods, pod)),
        (Peer::Nodes(selector), point) => {
            let node = match point {
                Point::Pod(pod) => pod.host_network,
                Point::Address(range) => range.kind == AddressKind::Node,
            };
            match (node, selector.requirements.is_empty()) {
                (false, _) => Sure::No,
                (true, true) => Sure::Yes,
                (true, false) => Sure::Maybe,
            }
        }
        (Peer::Domains(domains), Point::Address(range)) => {
            sure(range.host.as_ref().is_some_and(|host| domains.iter().any(|domain| domain.holds(host))))
        }
        _ => Sure::No,
    });
    others.max().unwrap_or(Sure::No).max(within(&networks, point))
}

fn ports_match(ports: &[Port], destination: &Point, atom: PortRange) -> bool {
    ports.is_empty()
        || ports.iter().any(|port| match (port, destination) {
            (Port::Numbers(range), _) => {
                range.protocol == atom.protocol && range.first <= atom.first && atom.last <= range.last
            }
            (Port::Name(_), Point::Address(_)) => false,
            (Port::Name(name), Point::Pod(pod)) => pod.ports.iter().any(|port| {
                port.name.as_ref() == Some(name)
                    && Carrier::from(port.protocol) == atom.protocol
                    && port.number == atom.first
            }),
        })
}

struct Model<'m> {
    policies: &'m [Policy],
    kubernetes: &'m [Kubernetes],
    /// Whether some rule passes that perhaps matches, and perhaps not.
    passes: bool,
}

impl Model<'_> {
    /// What may become of a flow in one tier: of the policies of one priority any that matches may decide.
    fn stage(
        &mut self,
        stage: Stage,
        ingress: bool,
        pod: &PodPoint,
        peer: &Point,
        ports: &dyn Fn(&Rule) -> bool,
    ) -> Fates {
        let here: Vec<&Policy> = self.policies.iter().filter(|policy| policy.stage == stage).collect();
        let ordered = here.iter().all(|policy| policy.priority.is_some());
        let priority = |policy: &Policy| if ordered { policy.priority } else { None };
        let priorities: BTreeSet<Option<u32>> = here.iter().map(|policy| priority(policy)).collect();
        let mut fates = Fates::new();
        for asked in priorities {
            let mut on = true;
            for policy in
                here.iter().filter(|policy| priority(policy) == asked && is_one_of(&policy.subject, pod))
            {
                let mut reached = true;
                for rule in if ingress { &policy.ingress } else { &policy.egress } {
                    let found = if ports(rule) { peers_match(&rule.peers, peer) } else { Sure::No };
                    if reached && found != Sure::No {
                        self.passes |= rule.action == Action::Pass && found == Sure::Maybe;
                        fates.insert(match rule.action {
                            Action::Allow => Fate::Allow,
                            Action::Deny => Fate::Deny,
                            Action::Pass => Fate::Pass,
                        });
                        reached = found != Sure::Yes;
                    }
                }
                on &= reached;
            }
            if !on {
                return fates;
            }
        }
        fates.insert(Fate::On);
        fates
    }

    /// NetworkPolicies leave open what they say of pods on the host's network, and of what has no ports.
    fn kubernetes(&self, ingress: bool, pod: &PodPoint, peer: &Point, atom: PortRange) -> Fates {
        let governing: Vec<&Kubernetes> =
            self.kubernetes.iter().filter(|policy| policy.governs(ingress, pod)).collect();
        if governing.is_empty() {
            return Fates::from([Fate::On]);
        }
        let tcp_80 = PortRange { protocol: Carrier::Tcp, first: 80, last: 80 };
        let rules = governing.iter().flat_map(|policy| &policy.rules);
        let found = rules.map(|(from, port)| {
            if port.is_some() && atom != tcp_80 {
                return Sure::No;
            }
            match (from, peer) {
                (None, _) => Sure::Yes,
                (Some(_), Point::Address(_)) => Sure::No,
                (Some(value), Point::Pod(pod)) => match pod.labels.get("a") == Some(value) {
                    true if pod.host_network => Sure::Maybe,
                    yes => sure(yes),
                },
            }
        });
        let mut found = found.max().unwrap_or(Sure::No);
        if matches!(peer, Point::Pod(pod) if pod.host_network) || atom.protocol.protocol().is_none() {
            found = found.max(Sure::Maybe);
        }
        let mut fates = match found {
            Sure::Yes => Fates::from([Fate::Allow]),
            Sure::Maybe => Fates::from([Fate::Allow, Fate::Deny]),
            Sure::No => Fates::from([Fate::Deny]),
        };
        if pod.host_network {
            fates.insert(Fate::On);
        }
        fates
    }

    /// Whether a side may permit, and whether it may deny.
    fn side(&mut self, ingress: bool, source: &Point, destination: &Point, atom: PortRange) -> (bool, bool) {
        let (subject, peer) = if ingress { (destination, source) } else { (source, destination) };
        let Point::Pod(pod) = subject else { return (true, false) };
        let ports = |rule: &Rule| ports_match(&rule.ports, destination, atom);
        let mut fates = self.stage(Stage::Admin, ingress, pod, peer, &ports);
        if fates.remove(&Fate::Pass) | fates.remove(&Fate::On) {
            fates.extend(self.kubernetes(ingress, pod, peer, atom));
            if fates.remove(&Fate::On) {
                fates.extend(self.stage(Stage::Baseline, ingress, pod, peer, &ports));
            }
        }
        (fates.iter().any(|fate| *fate != Fate::Deny), fates.contains(&Fate::Deny))
    }
}

fn address(first: &str, last: &str, kind: AddressKind, host: Option<&str>) -> Point {
    let range = AddressPoint::new(first.parse().unwrap(), last.parse().unwrap(), kind);
    Point::Address(AddressPoint { host: host.map(Text::from), ..range })
}

#[test]
fn verdicts_agree_with_the_model() {
    let mut random = Random(0xc1a55);
    let (mut permits, mut undefined, mut denies, mut cautious) = (0, 0, 0, 0);
    for _ in 0..600 {
        let mut points = random.some(2, 6, Random::pod);
        points.extend([
            address("9.0.0.0", "9.0.0.9", AddressKind::Outside, None),
            address("192.0.2.0", "192.0.2.127", AddressKind::Outside, None),
            address("192.0.2.128", "192.0.2.255", AddressKind::Outside, None),
            address("2001:db8::", "2001:db8::9", AddressKind::Outside, None),
            address("172.18.0.3", "172.18.0.3", AddressKind::Node, None),
            address("198.51.100.7", "198.51.100.7", AddressKind::Outside, Some("x.y")),
            address("198.51.100.7", "198.51.100.7", AddressKind::Outside, Some("w.x.y")),
        ]);
        let list = random.some(0, 4, Random::policy);
        let kubernetes = random.some(0, 2, Random::kubernetes);
        let text: String = kubernetes.iter().enumerate().map(|(number, one)| one.text(number)).collect();
        let mut policies = good(&text);
        policies.cluster.policies = (kubernetes.len() as u32..).zip(list.clone()).collect();
        let mut ports = policies.boundaries().ports;
        ports.extend(port_boundaries(&points));
        ports.push(PortRange { protocol: Carrier::Tcp, first: 80, last: 80 });
        ports.push(BEYOND_PORTS[0]);
        let space = Space::new(points, ports);
        let enforced = policies.enforce(&space, &Switches::default());
        for (s, source) in space.points.iter().enumerate() {
            for (d, destination) in space.points.iter().enumerate() {
                if matches!((source, destination), (Point::Address(_), Point::Address(_))) {
                    continue;
                }
                for (p, atom) in space.ports.iter().enumerate() {
                    let mut model = Model { policies: &list, kubernetes: &kubernetes, passes: false };
                    let egress = model.side(false, source, destination, atom);
                    let ingress = model.side(true, source, destination, atom);
                    let possible = egress.0 && ingress.0;
                    let certain = !egress.1 && !ingress.1;
                    let permitted = enforced.permitted.contains(s, d, p);
                    let open = enforced.undefined.contains(s, d, p);
                    let context = || format!("{source:?} -> {destination:?} {atom:?}\n{list:#?}\n{text}");
                    assert_eq!(permitted || open, possible, "possible: {}", context());
                    // What is perhaps passed on is left open, even if it is permitted either way.
                    assert!(
                        permitted == certain || (certain && model.passes),
                        "permitted {permitted}: {egress:?} {ingress:?} {}",
                        context()
                    );
                    cautious += usize::from(permitted != certain);
                    *(if permitted {
                        &mut permits
                    } else if open {
                        &mut undefined
                    } else {
                        &mut denies
                    }) += 1;
                }
            }
        }
    }
    // The model is asked about everything that may come out.
    assert!(permits > 1000 && undefined > 1000 && denies > 1000, "{permits} {undefined} {denies}");
    assert!(cautious * 20 < undefined, "{cautious} of {undefined}");
}
