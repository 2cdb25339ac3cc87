//! Random policies on random points, against a model that asks every rule about every single flow.

use std::fmt::Write;
use std::net::IpAddr;

use ipnet::IpNet;

use super::*;

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
}

/// Selectors with what they ask of the labels of one endpoint.
type Asks = fn(&dyn Fn(&str) -> Option<String>) -> bool;
const SELECTORS: [(&str, Asks); 7] = [
    ("a == '1'", |l| l("a").as_deref() == Some("1")),
    ("a != '1'", |l| l("a").as_deref() != Some("1")),
    ("has(b)", |l| l("b").is_some()),
    ("!has(b) && a in {'1', '2'}", |l| l("b").is_none() && matches!(l("a").as_deref(), Some("1" | "2"))),
    ("a == '2' || b starts with '1'", |l| {
        l("a").as_deref() == Some("2") || l("b").is_some_and(|b| b.starts_with('1'))
    }),
    ("all()", |_| true),
    ("a not in {'2', '3'}", |l| !matches!(l("a").as_deref(), Some("2" | "3"))),
];
const NETS: [&str; 5] = ["10.0.0.0/8", "10.0.0.0/30", "10.0.0.1/32", "192.0.2.0/24", "0.0.0.0/0"];

#[derive(Clone, Debug, Default)]
struct End {
    selector: Option<usize>,
    not_selector: Option<usize>,
    namespaces: Option<usize>,
    account: Option<&'static str>,
    nets: Option<&'static str>,
    not_nets: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Rule {
    action: &'static str,
    /// Each with the number of the protocol, and of `proto:port`.
    protocol: Option<&'static str>,
    source: End,
    destination: End,
    ports: Option<&'static str>,
    not_ports: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Policy {
    name: String,
    namespace: Option<&'static str>,
    kubernetes: bool,
    tier: &'static str,
    order: Option<i32>,
    selector: usize,
    namespaces: Option<usize>,
    ingress: Option<Vec<Rule>>,
    egress: Option<Vec<Rule>>,
}

#[derive(Clone, Debug)]
struct Set {
    namespace: Option<&'static str>,
    a: &'static str,
    net: &'static str,
}

const TIERS: [(&str, Option<i32>, &str); 3] =
    [("one", Some(5), "Pass"), ("two", Some(5), "Deny"), ("last", None, "Deny")];

impl Random {
    fn end(&mut self) -> End {
        let selector = |r: &mut Random| r.chance(3).then(|| r.next(SELECTORS.len()));
        let mut end = End {
            selector: selector(self),
            namespaces: self.chance(5).then(|| self.next(SELECTORS.len())),
            account: self.chance(9).then(|| self.pick(&["x", "w"])),
            not_selector: self.chance(6).then(|| self.next(SELECTORS.len())),
            ..End::default()
        };
        end.nets = self.chance(5).then(|| self.pick(&NETS));
        end.not_nets = self.chance(6).then(|| self.pick(&NETS[..4]));
        end
    }

    fn rule(&mut self, ingress: bool) -> Rule {
        let own = if self.chance(4) { self.end() } else { End::default() };
        let peer = self.end();
        let protocol = self.chance(2).then(|| self.pick(&["TCP", "UDP"]));
        let ports = |r: &mut Random| {
            (protocol.is_some() && r.chance(2))
                .then(|| r.pick(&["80", "'80:81'", "http", "'http', 90", "dns"]))
        };
        Rule {
            action: self.pick(&["Allow", "Allow", "Deny", "Pass", "Log"]),
            protocol,
            ports: ports(self),
            not_ports: if self.chance(3) { ports(self) } else { None },
            source: if ingress { peer.clone() } else { own.clone() },
            destination: if ingress { own } else { peer },
        }
    }

    fn rules(&mut self, ingress: bool) -> Option<Vec<Rule>> {
        let count = self.next(4);
        (!self.chance(3)).then(|| (0..count).map(|_| self.rule(ingress)).collect())
    }

    fn policy(&mut self, number: usize) -> Policy {
        let mut policy = Policy {
            name: format!("{}{number}", self.pick(&["a", "z", "knp.default.p", "m-"])),
            namespace: self.chance(2).then(|| self.pick(&["x", "w"])),
            kubernetes: self.chance(4),
            tier: self.pick(&["default", "default", "one", "two", "last", "nowhere"]),
            order: self.pick(&[None, Some(1000), Some(1), Some(2), Some(-3)]),
            selector: self.next(SELECTORS.len()),
            namespaces: self.chance(2).then(|| self.next(SELECTORS.len())),
            ingress: self.rules(true),
            egress: self.rules(false),
        };
        if policy.ingress.is_none() && policy.egress.is_none() {
            policy.ingress = Some(Vec::new());
        }
        if policy.kubernetes {
            policy.namespace = Some(self.pick(&["x", "w"]));
            policy.name = format!("p{number}");
            policy.tier = "default";
            policy.order = Some(1000);
            // One of the selectors that both languages have.
            policy.selector = self.pick(&[0, 2, 5]);
            for rules in [&mut policy.ingress, &mut policy.egress].into_iter().flatten() {
                for rule in rules {
                    let port = rule.protocol.and(Some("80"));
                    *rule = Rule { action: "Allow", ports: port, not_ports: None, ..rule.clone() };
                    let nets = rule.source.nets.or(rule.destination.nets);
                    (rule.source, rule.destination) = (End::default(), End { nets, ..End::default() });
                }
            }
        }
        if policy.name.starts_with("knp") && policy.namespace.is_none() {
            policy.name = format!("b{number}");
        }
        policy
    }

    fn pod(&mut self) -> Point {
        let namespace = self.pick(&["x", "w"]);
        let mut pod_labels = Vec::new();
        for key in ["a", "b"] {
            if !self.chance(3) {
                pod_labels.push((Text::from(key), Text::from(self.pick(&["1", "2", "3"]))));
            }
        }
        let mut ports = Vec::new();
        for name in ["http", "dns"] {
            if self.chance(2) {
                let protocol = self.pick(&[Protocol::Tcp, Protocol::Tcp, Protocol::Udp]);
                ports.push(ContainerPort {
                    name: Some(Text::from(name)),
                    number: self.pick(&[80, 90]),
                    protocol,
                });
            }
        }
        Point::Pod(PodPoint {
            class: None,
            namespace: Text::from(namespace),
            namespace_labels: labels(if namespace == "x" { "a=1" } else { "a=2,b=1" }),
            labels: pod_labels.into_iter().collect(),
            ports,
            host_network: self.chance(8),
            service_account: Text::from(self.pick(&["x", "w"])),
            addresses: vec![
                self.pick(&["10.0.0.1", "10.0.0.2", "10.9.9.9", "203.0.113.1"]).parse::<IpAddr>().unwrap(),
            ],
        })
    }
}

fn written(policy: &Policy) -> String {
    let mut spec = String::new();
    let end = |end: &End| {
        let mut parts = Vec::new();
        let mut add =
            |name: &str, value: Option<String>| parts.extend(value.map(|value| format!("{name}: {value}")));
        let text = |index: usize| format!("{:?}", SELECTORS[index].0);
        add("selector", end.selector.map(text));
        add("notSelector", end.not_selector.map(text));
        add("namespaceSelector", end.namespaces.map(text));
        add("serviceAccounts", end.account.map(|name| format!("{{names: [{name}]}}")));
        add("nets", end.nets.map(|net| format!("[{net}]")));
        add("notNets", end.not_nets.map(|net| format!("[{net}]")));
        parts
    };
    let mut types = Vec::new();
    for (name, rules) in [("Ingress", &policy.ingress), ("Egress", &policy.egress)] {
        let Some(rules) = rules else { continue };
        types.push(name);
        writeln!(spec, "{}:", name.to_lowercase()).unwrap();
        for rule in rules {
            if policy.kubernetes {
                let side = if name == "Ingress" { "from" } else { "to" };
                let peers = rule.destination.nets.map(|net| format!("[{{ipBlock: {{cidr: {net}}}}}]"));
                let ports = rule.protocol.map(|p| format!("[{{protocol: {p}, port: 80}}]"));
                writeln!(
                    spec,
                    "- {{{side}: {}, ports: {}}}",
                    peers.unwrap_or("[]".into()),
                    ports.unwrap_or("[]".into())
                )
                .unwrap();
                continue;
            }
            let mut destination = end(&rule.destination);
            destination.extend(rule.ports.map(|ports| format!("ports: [{ports}]")));
            destination.extend(rule.not_ports.map(|ports| format!("notPorts: [{ports}]")));
            let protocol = rule.protocol.map(|p| format!("protocol: {p}, ")).unwrap_or_default();
            writeln!(
                spec,
                "- {{action: {}, {protocol}source: {{{}}}, destination: {{{}}}}}",
                rule.action,
                end(&rule.source).join(", "),
                destination.join(", ")
            )
            .unwrap();
        }
        if rules.is_empty() {
            spec.push_str("  []\n");
        }
    }
    let types = types.join(", ");
    if policy.kubernetes {
        let selector = ["{matchLabels: {a: '1'}}", "", "{matchExpressions: [{key: b, operator: Exists}]}"];
        let selector = selector.get(policy.selector).unwrap_or(&"{}");
        writeln!(spec, "policyTypes: [{types}]\npodSelector: {selector}").unwrap();
        return object(&format!("Kubernetes {}/{}", policy.namespace.unwrap(), policy.name), &spec);
    }
    writeln!(spec, "types: [{types}]\ntier: {}\nselector: {:?}", policy.tier, SELECTORS[policy.selector].0)
        .unwrap();
    if let Some(order) = policy.order {
        writeln!(spec, "order: {order}").unwrap();
    }
    match policy.namespace {
        Some(namespace) => object(&format!("NetworkPolicy {namespace}/{}", policy.name), &spec),
        None => {
            if let Some(namespaces) = policy.namespaces {
                writeln!(spec, "namespaceSelector: {:?}", SELECTORS[namespaces].0).unwrap();
            }
            object(&format!("GlobalNetworkPolicy {}", policy.name), &spec)
        }
    }
}

/// What is asked of labels, a namespace and a service account.
type Found<'f> = dyn Fn(&dyn Fn(&str) -> Option<String>, Option<&str>, Option<&str>) -> bool + 'f;

struct World<'w> {
    policies: &'w [Policy],
    sets: &'w [Set],
}

fn label_of(pod: &PodPoint, key: &str) -> Option<String> {
    pod.labels.get(key).map(|value| value.to_string())
}

fn of_address(point: &Point) -> IpAddr {
    match point {
        Point::Pod(pod) => pod.addresses[0],
        Point::Address(range) => range.first,
    }
}

fn within(point: &Point, net: &str) -> bool {
    net.parse::<IpNet>().unwrap().contains(&of_address(point))
}

fn of_namespace(namespace: &str, key: &str) -> Option<String> {
    let found = match (namespace, key) {
        ("x", "a") | ("w", "b") => "1",
        ("w", "a") => "2",
        _ => return None,
    };
    Some(found.to_owned())
}

impl World<'_> {
    /// Whether an endpoint or set is selected.
    fn selected(
        &self,
        own: Option<&str>,
        end: &End,
        labels: &dyn Fn(&str) -> Option<String>,
        namespace: Option<&str>,
        account: Option<&str>,
    ) -> bool {
        let of_namespace = |key: &str| namespace.and_then(|namespace| of_namespace(namespace, key));
        let namespaces = match (end.namespaces, own) {
            (Some(index), _) if SELECTORS[index].0 == "all()" => namespace.is_some(),
            (Some(index), _) => SELECTORS[index].1(&of_namespace),
            (None, Some(own)) => namespace == Some(own),
            (None, None) => true,
        };
        namespaces
            && end.selector.is_none_or(|index| SELECTORS[index].1(labels))
            && end.account.is_none_or(|name| account == Some(name))
    }

    /// Whether a selection holds of the address of a point.
    fn found(&self, point: &Point, of: &Found<'_>) -> bool {
        let workload = match point {
            Point::Pod(pod) if !pod.host_network => {
                of(&|key| label_of(pod, key), Some(&pod.namespace), Some(&pod.service_account))
            }
            _ => false,
        };
        workload
            || self.sets.iter().any(|set| {
                let labels = |key: &str| (key == "a").then(|| set.a.to_owned());
                within(point, set.net) && of(&labels, set.namespace, None)
            })
    }

    fn end_matches(&self, own: Option<&str>, end: &End, point: &Point) -> bool {
        let End { selector, not_selector, namespaces, account, nets, not_nets } = end;
        let positive = selector.is_some() || namespaces.is_some() || account.is_some();
        if (positive || (own.is_some() && not_selector.is_some()))
            && !self.found(point, &|labels, namespace, account| {
                self.selected(own, end, labels, namespace, account)
            })
        {
            return false;
        }
        if let Some(index) = not_selector
            && self.found(point, &|labels, _, _| SELECTORS[*index].1(labels))
        {
            return false;
        }
        nets.is_none_or(|net| within(point, net)) && !not_nets.is_some_and(|net| within(point, net))
    }

    /// Whether one of the ports in a list is that of a flow; names count where the destination's labels are selected.
    fn port_matches(
        &self,
        list: &str,
        own: Option<&str>,
        end: Option<&End>,
        to: &Point,
        port: PortRange,
    ) -> bool {
        list.split(", ").any(|item| match item.trim_matches('\'') {
            "80" => port.first == 80,
            "90" => port.first == 90,
            "80:81" => (80..=81).contains(&port.first),
            name => match to {
                Point::Pod(pod) if !pod.host_network => {
                    let selected = end.is_none_or(|end| {
                        let restricted = end.selector.is_some()
                            || end.namespaces.is_some()
                            || end.account.is_some()
                            || (own.is_some() && end.not_selector.is_some());
                        let labels = |key: &str| label_of(pod, key);
                        !restricted
                            || self.selected(
                                own,
                                end,
                                &labels,
                                Some(&pod.namespace),
                                Some(&pod.service_account),
                            )
                    });
                    selected
                        && pod.ports.iter().any(|p| {
                            p.name.as_deref() == Some(name)
                                && Carrier::from(p.protocol) == port.protocol
                                && p.number == port.first
                        })
                }
                _ => false,
            },
        })
    }

    fn rule_matches(
        &self,
        policy: &Policy,
        rule: &Rule,
        from: &Point,
        to: &Point,
        port: PortRange,
        ingress: bool,
    ) -> bool {
        let own = policy.namespace;
        let protocol = rule.protocol.is_none_or(|name| {
            (name == "TCP") == (port.protocol == Carrier::Tcp) && port.protocol != Carrier::Sctp
        });
        if policy.kubernetes {
            let peer = if ingress { from } else { to };
            return protocol
                && rule.destination.nets.is_none_or(|net| within(peer, net))
                && (rule.protocol.is_none() || port.first == 80);
        }
        let named_end = (!ingress).then_some(&rule.destination);
        protocol
            && self.end_matches(own, &rule.source, from)
            && self.end_matches(own, &rule.destination, to)
            && rule.ports.is_none_or(|ports| self.port_matches(ports, own, named_end, to, port))
            && !rule.not_ports.is_some_and(|ports| self.port_matches(ports, own, None, to, port))
    }

    fn governs(&self, policy: &Policy, pod: &PodPoint) -> bool {
        SELECTORS[policy.selector].1(&|key| label_of(pod, key))
            && match policy.namespace {
                Some(namespace) => pod.namespace.as_ref() == namespace,
                None => policy
                    .namespaces
                    .is_none_or(|index| SELECTORS[index].1(&|key| of_namespace(&pod.namespace, key))),
            }
    }

    fn side(&self, from: &Point, to: &Point, port: PortRange, ingress: bool) -> bool {
        let Point::Pod(pod) = (if ingress { to } else { from }) else { return true };
        if pod.host_network {
            return true;
        }
        // By order, then by name, then those without an order.
        for (tier, denies) in [("one", false), ("two", true), ("default", true), ("last", true)] {
            let mut here: Vec<(f64, String, &Policy)> = Vec::new();
            for policy in self.policies {
                let rules = if ingress { &policy.ingress } else { &policy.egress };
                if policy.tier == tier && rules.is_some() && self.governs(policy, pod) {
                    let name = if policy.kubernetes {
                        format!("knp.default.{}", policy.name)
                    } else {
                        policy.name.clone()
                    };
                    let kind =
                        if policy.namespace.is_some() { "NetworkPolicy" } else { "GlobalNetworkPolicy" };
                    let name = format!("{name}/{}/{kind}", policy.namespace.unwrap_or(""));
                    here.push((policy.order.map_or(f64::INFINITY, f64::from), name, policy));
                }
            }
            if here.is_empty() {
                continue;
            }
            here.sort_by(|a, b| a.partial_cmp(&(b.0, b.1.clone(), b.2)).unwrap_or(std::cmp::Ordering::Equal));
            let mut decided = None;
            'tier: for (.., policy) in &here {
                let rules = if ingress { &policy.ingress } else { &policy.egress };
                for rule in rules.as_ref().unwrap() {
                    if rule.action != "Log" && self.rule_matches(policy, rule, from, to, port, ingress) {
                        decided = Some(rule.action);
                        break 'tier;
                    }
                }
            }
            match decided {
                Some("Allow") => return true,
                Some("Deny") => return false,
                Some(_) => {}
                None if denies => return false,
                None => {}
            }
        }
        true
    }
}

impl PartialEq for Policy {
    fn eq(&self, other: &Policy) -> bool {
        self.name == other.name
    }
}

impl PartialOrd for Policy {
    fn partial_cmp(&self, other: &Policy) -> Option<std::cmp::Ordering> {
        self.name.partial_cmp(&other.name)
    }
}

#[test]
fn verdicts_agree_with_the_model() {
    let mut random = Random(0xca11c0);
    let (mut permits, mut denies) = (0u32, 0u32);
    for round in 0..500 {
        let mut points: Vec<Point> = (0..2 + random.next(5)).map(|_| random.pod()).collect();
        for (first, last) in [("9.0.0.0", "9.0.0.9"), ("192.0.2.0", "192.0.2.255")] {
            let point =
                AddressPoint::new(first.parse().unwrap(), last.parse().unwrap(), AddressKind::Outside);
            points.insert(random.next(points.len() + 1), Point::Address(point));
        }
        let count = random.next(7);
        let policies: Vec<Policy> = (0..count).map(|number| random.policy(number)).collect();
        let sets: Vec<Set> = (0..random.next(3))
            .map(|_| Set {
                namespace: random.chance(2).then(|| random.pick(&["x", "w"])),
                a: random.pick(&["1", "2", "3"]),
                net: random.pick(&NETS),
            })
            .collect();
        let mut text: String = policies.iter().map(written).collect();
        for (name, order, action) in TIERS {
            let order = order.map(|order| format!("order: {order}\n")).unwrap_or_default();
            text += &object(&format!("Tier {name}"), &format!("{order}defaultAction: {action}"));
        }
        for (number, Set { namespace, a, net }) in sets.iter().enumerate() {
            let head = match namespace {
                Some(namespace) => format!("NetworkSet {namespace}/s{number}"),
                None => format!("GlobalNetworkSet s{number}"),
            };
            text += &set(&head, &format!("a: '{a}'"), net);
        }
        let read = good(&text);
        let mut ports = read.boundaries().ports;
        ports.extend(port_boundaries(&points));
        let space = Space::new(points, ports);
        let enforced = read.enforce(&space, &Switches::default());
        assert!(enforced.undefined.is_empty(), "{text}");
        let world = World { policies: &policies, sets: &sets };
        for (s, from) in space.points.iter().enumerate() {
            for (d, to) in space.points.iter().enumerate() {
                if matches!((from, to), (Point::Address(_), Point::Address(_))) {
                    continue;
                }
                for (p, port) in space.ports.iter().enumerate() {
                    let expected = world.side(from, to, port, false) && world.side(from, to, port, true);
                    let found = enforced.permitted.contains(s, d, p);
                    assert_eq!(found, expected, "round {round}: {from:?} -> {to:?} {port:?}\n{text}");
                    *(if expected { &mut permits } else { &mut denies }) += 1;
                }
            }
        }
    }
    // The model is asked about everything that may come out.
    assert!(permits > 5000 && denies > 5000, "{permits} {denies}");
}
