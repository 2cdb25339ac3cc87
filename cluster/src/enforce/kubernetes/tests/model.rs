//! Random policies on random points, against a model that asks every policy about every single flow.

use super::*;
use crate::flow::{AddressKind, AddressPoint, PodPoint};
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

    fn some<T>(&mut self, most: usize, mut make: impl FnMut(&mut Random) -> T) -> Vec<T> {
        let count = self.next(most + 1);
        (0..count).map(|_| make(self)).collect()
    }

    fn text(&mut self, from: &[&str]) -> Text {
        Text::from(self.pick(from))
    }

    fn labels(&mut self) -> Labels {
        let pairs = self.some(2, |r| (r.text(&["a", "b"]), r.text(&["1", "2"])));
        pairs.into_iter().collect()
    }

    fn selector(&mut self) -> Selector {
        let mut selector = Selector::default();
        for _ in 0..self.next(3) {
            let values = |r: &mut Random| BTreeSet::from([r.text(&["1", "2"]), r.text(&["1", "3"])]);
            let test = match self.next(4) {
                0 => Test::In(values(self)),
                1 => Test::NotIn(values(self)),
                2 => Test::Exists,
                _ => Test::DoesNotExist,
            };
            selector.requirements.entry(self.text(&["a", "b", "c"])).or_default().insert(test);
        }
        selector
    }

    fn protocol(&mut self) -> Protocol {
        self.pick(&[Protocol::Tcp, Protocol::Tcp, Protocol::Udp])
    }

    fn peer(&mut self) -> Peer {
        match self.next(4) {
            0 => Peer::Pods { namespaces: None, pods: Some(self.selector()) },
            1 => Peer::Pods { namespaces: Some(self.selector()), pods: None },
            2 => Peer::Pods { namespaces: Some(self.selector()), pods: Some(self.selector()) },
            _ => {
                let net = |text: &str| text.parse().unwrap();
                let (cidr, except) = self.pick(&[
                    ("0.0.0.0/0", vec![]),
                    ("10.0.0.0/8", vec!["10.0.0.0/31"]),
                    ("10.0.0.0/30", vec![]),
                    ("192.0.2.0/24", vec!["192.0.2.0/25"]),
                    ("0.0.0.0/0", vec!["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"]),
                ]);
                Peer::Block(Block { cidr: net(cidr), except: except.into_iter().map(net).collect() })
            }
        }
    }

    fn port(&mut self) -> Port {
        let number = match self.next(4) {
            0 => Number::Range(1, 65535),
            1 => Number::Range(80, 81),
            2 => Number::Name(self.text(&["http", "dns"])),
            _ => Number::Range(80, 80),
        };
        Port { protocol: self.protocol(), number }
    }

    fn rules(&mut self) -> Option<Vec<Rule>> {
        if self.chance(3) {
            return None;
        }
        Some(self.some(2, |r| Rule { peers: r.some(2, Random::peer), ports: r.some(2, Random::port) }))
    }

    fn policy(&mut self, number: usize) -> Policy {
        Policy {
            place: Place { file: Text::from("random"), document: 1, line: 1 },
            namespace: self.text(&["x", "y"]),
            name: Text::from(format!("p{number}")),
            subject: self.selector(),
            ingress: self.rules(),
            egress: self.rules(),
        }
    }

    fn pod(&mut self) -> Point {
        let namespace = self.text(&["x", "y", "z"]);
        let namespace_labels = match namespace.as_ref() {
            "x" => [(Text::from("a"), Text::from("1"))].into_iter().collect(),
            "y" => {
                [(Text::from("a"), Text::from("2")), (Text::from("b"), Text::from("1"))].into_iter().collect()
            }
            _ => Labels::default(),
        };
        let mut ports = self.some(2, |r| ContainerPort {
            name: Some(r.text(&["http", "dns"])),
            number: r.pick(&[80, 81, 8080]),
            protocol: r.protocol(),
        });
        ports.sort();
        Point::Pod(PodPoint {
            class: None,
            namespace,
            namespace_labels,
            labels: self.labels(),
            ports,
            host_network: self.chance(6),
            service_account: Text::from("default"),
            addresses: self
                .some(2, |r| r.pick(&["10.0.0.1", "10.0.0.2", "10.9.9.9", "203.0.113.1"]).parse().unwrap()),
        })
    }
}

/// Certainly, and possibly.
type Answer = (bool, bool);

fn any(answers: impl Iterator<Item = Answer>) -> Answer {
    answers.fold((false, false), |(certain, possible), answer| (certain || answer.0, possible || answer.1))
}

fn labels_match(selector: &Selector, labels: &Labels) -> bool {
    selector.requirements.iter().flat_map(|(key, tests)| tests.iter().map(move |test| (key, test))).all(
        |(key, test)| match (test, labels.get(key)) {
            (Test::In(values), Some(value)) => values.contains(value),
            (Test::NotIn(values), Some(value)) => !values.contains(value),
            (Test::Exists, value) => value.is_some(),
            (Test::DoesNotExist, value) => value.is_none(),
            (Test::In(_), None) => false,
            (Test::NotIn(_), None) => true,
        },
    )
}

fn peer_matches(policy: &Policy, peer: &Peer, point: &Point) -> Answer {
    match (peer, point) {
        (Peer::Pods { .. }, Point::Address(_)) => (false, false),
        (Peer::Pods { namespaces, pods }, Point::Pod(pod)) => {
            let namespace = match namespaces {
                Some(selector) => labels_match(selector, &pod.namespace_labels),
                None => pod.namespace == policy.namespace,
            };
            let found = namespace && pods.as_ref().is_none_or(|selector| labels_match(selector, &pod.labels));
            (found && !pod.host_network, found)
        }
        (Peer::Block(block), Point::Address(range)) => {
            let found = block.cidr.contains(&range.first)
                && !block.except.iter().any(|net| net.contains(&range.first));
            (found, found)
        }
        (Peer::Block(block), Point::Pod(pod)) => {
            let within = |ip| block.cidr.contains(ip) && !block.except.iter().any(|net| net.contains(ip));
            // Of the blocks here only these two hold no private address.
            let unknown = block.except.len() != 4 && block.cidr.addr().to_string() != "192.0.2.0";
            (false, if pod.addresses.is_empty() { unknown } else { pod.addresses.iter().any(within) })
        }
    }
}

fn port_matches(port: &Port, destination: &Point, protocol: Protocol, number: u16) -> bool {
    port.protocol == protocol
        && match (&port.number, destination) {
            (Number::Range(first, last), _) => (*first..=*last).contains(&number),
            (Number::Name(_), Point::Address(_)) => false,
            (Number::Name(name), Point::Pod(pod)) => (pod.ports.iter())
                .any(|p| p.name.as_ref() == Some(name) && p.protocol == protocol && p.number == number),
        }
}

fn side(
    policies: &[Policy],
    ingress: bool,
    source: &Point,
    destination: &Point,
    port: (Protocol, u16),
) -> Answer {
    let (subject, peer) = if ingress { (destination, source) } else { (source, destination) };
    let Point::Pod(pod) = subject else { return (true, true) };
    let governing: Vec<(&Policy, &Vec<Rule>)> = (policies.iter())
        .filter(|policy| policy.namespace == pod.namespace && labels_match(&policy.subject, &pod.labels))
        .filter_map(|policy| Some((policy, if ingress { &policy.ingress } else { &policy.egress }.as_ref()?)))
        .collect();
    if governing.is_empty() {
        return (true, true);
    }
    let rules = governing.iter().flat_map(|(policy, rules)| rules.iter().map(move |rule| (*policy, rule)));
    let peer_on_host = matches!(peer, Point::Pod(pod) if pod.host_network);
    let mut answer = any(rules.map(|(policy, rule)| {
        let peers = match rule.peers.as_slice() {
            [] => (true, true),
            peers => any(peers.iter().map(|p| peer_matches(policy, p, peer))),
        };
        let ports = match rule.ports.as_slice() {
            [] => (true, true),
            ports => any(ports.iter().map(|p| {
                let found = port_matches(p, destination, port.0, port.1);
                let by_name = matches!(p.number, Number::Name(_));
                (found && !(by_name && !ingress && peer_on_host), found)
            })),
        };
        (peers.0 && ports.0, peers.1 && ports.1)
    }));
    answer.1 |= peer_on_host || pod.host_network;
    answer
}

#[test]
fn verdicts_agree_with_the_model() {
    let mut random = Random(0xc1a55);
    let (mut permits, mut undefined, mut denies) = (0, 0, 0);
    for _ in 0..400 {
        let mut points: Vec<Point> = (0..2 + random.next(6)).map(|_| random.pod()).collect();
        let kinds = [AddressKind::Outside, AddressKind::Node];
        for (first, last) in
            [("9.0.0.0", "9.0.0.9"), ("192.0.2.0", "192.0.2.127"), ("192.0.2.128", "192.0.2.255")]
        {
            let kind = random.pick(&kinds);
            let point = AddressPoint::new(first.parse().unwrap(), last.parse().unwrap(), kind);
            points.insert(random.next(points.len() + 1), Point::Address(point));
        }
        let count = random.next(6);
        let list: Vec<Policy> = (0..count).map(|number| random.policy(number)).collect();
        let mut policies = Policies::none(Dialect::NetworkPolicy);
        policies.kubernetes = (0u32..).zip(list.clone()).collect();
        let mut ports = policies.boundaries().ports;
        ports.extend(port_boundaries(&points));
        let space = Space::new(points, ports);
        let enforced = policies.enforce(&space, &Switches::default());
        for (s, source) in space.points.iter().enumerate() {
            for (d, destination) in space.points.iter().enumerate() {
                if matches!((source, destination), (Point::Address(_), Point::Address(_))) {
                    continue;
                }
                for (p, atom) in space.ports.iter().enumerate() {
                    let port = (atom.protocol.protocol().unwrap(), atom.first);
                    let egress = side(&list, false, source, destination, port);
                    let ingress = side(&list, true, source, destination, port);
                    let certain = egress.0 && ingress.0;
                    let possible = egress.1 && ingress.1;
                    let context = || format!("{source:?} -> {destination:?} {port:?}\n{:#?}", list);
                    assert_eq!(enforced.permitted.contains(s, d, p), certain, "permitted: {}", context());
                    assert_eq!(enforced.undefined.contains(s, d, p), possible && !certain, "{}", context());
                    *(if certain {
                        &mut permits
                    } else if possible {
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
}
