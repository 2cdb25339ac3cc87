//! Random policies on random points, against a model that asks every rule about every single flow, in every world that
//! is possible: a node may be the pod's own or another, whoever has to prove who they are may fail to, and a default deny
//! without rules may count or not.

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

    fn some<T>(&mut self, least: usize, most: usize, mut make: impl FnMut(&mut Random) -> T) -> Vec<T> {
        let count = least + self.next(most - least + 1);
        (0..count).map(|_| make(self)).collect()
    }

    fn requirement(&mut self) -> Requirement {
        let key = self.pick(&[
            "app",
            "k8s:app",
            "tier",
            "reserved:app",
            "pod-template-hash",
            "io.kubernetes.pod.namespace",
            "k8s:io.cilium.k8s.namespace.labels.kind",
            "io.cilium.k8s.policy.serviceaccount",
            "reserved:world",
            "reserved:host",
            "reserved:remote-node",
        ]);
        let values = match key {
            "io.kubernetes.pod.namespace" => vec!["data", "shop"],
            "k8s:io.cilium.k8s.namespace.labels.kind" => vec!["front", "back"],
            "io.cilium.k8s.policy.serviceaccount" => vec!["batch", "default"],
            key if key.starts_with("reserved:") => vec![""],
            _ => vec!["web", "db", "1"],
        };
        let operator = self.pick(&["In", "In", "NotIn", "Exists", "DoesNotExist"]);
        let values = if operator.ends_with("In") { self.some(1, 2, |r| r.pick(&values)) } else { vec![] };
        Requirement { key, operator, values }
    }

    fn selector(&mut self) -> Vec<Requirement> {
        self.some(0, 2, Random::requirement)
    }

    fn rule(&mut self, ingress: bool, denies: bool) -> Rule {
        let peers = match self.next(if ingress || denies { 6 } else { 7 }) {
            0 => Peers::Absent,
            1 | 2 => Peers::Endpoints(self.some(0, 2, Random::selector)),
            3 | 4 => Peers::Entities(self.some(1, 2, |r| {
                r.pick(&["all", "world", "cluster", "host", "remote-node", "kube-apiserver", "init", "none"])
            })),
            5 => Peers::Blocks(self.some(1, 2, |r| {
                r.pick(&[
                    ("0.0.0.0/0", None),
                    ("192.0.2.0/24", Some("192.0.2.16/28")),
                    ("172.16.0.0/12", None),
                    ("::/0", None),
                ])
            })),
            _ => Peers::Names(self.some(1, 2, |r| r.pick(&["api.example.com", "www.example.org"]))),
        };
        let ports = match self.next(6) {
            0 | 1 => Ports::Absent,
            2 | 3 => Ports::Numbers(
                self.some(0, 2, |r| (r.pick(&["80", "0", "443", "http"]), r.pick(&["TCP", "UDP", "ANY"]))),
            ),
            4 => Ports::Icmp(self.pick(&[8, 0])),
            _ if denies => Ports::Icmp(8),
            _ if ingress || self.chance(2) => Ports::Http(
                self.pick(&["80", "http"]),
                self.some(1, 2, |r| {
                    (r.pick(&[None, Some("GET")]), r.pick(&[None, Some("/"), Some("/admin")]))
                }),
            ),
            _ => Ports::Dns(self.pick(&["*", "api.example.com"])),
        };
        Rule { peers, ports, proves: !denies && self.chance(8) }
    }

    fn spec(&mut self) -> Spec {
        let mut lists = [vec![], vec![], vec![], vec![]];
        for (at, list) in lists.iter_mut().enumerate() {
            if !self.chance(2) {
                *list = self.some(1, 2, |r| r.rule(at < 2, at % 2 == 1));
            }
        }
        if lists.iter().all(Vec::is_empty) {
            lists[0].push(self.rule(true, false));
        }
        Spec {
            namespace: self.pick(&[None, Some("shop"), Some("shop"), Some("data")]),
            subject: self.some(0, 1, |r| Requirement {
                key: r.pick(&["app", "any:tier"]),
                operator: r.pick(&["Exists", "DoesNotExist"]),
                values: vec![],
            }),
            lists,
            default_deny: [
                self.pick(&[None, None, Some(true), Some(false)]),
                self.pick(&[None, None, Some(false)]),
            ],
        }
    }

    fn kubernetes(&mut self) -> Kubernetes {
        Kubernetes {
            namespace: self.pick(&["shop", "data"]),
            from: self.pick(&["podSelector: {matchLabels: {app: web}}", "ipBlock: {cidr: 0.0.0.0/0}"]),
            port: self.pick(&[None, Some(80)]),
        }
    }

    fn pod(&mut self, number: usize) -> (String, Point) {
        let namespace = self.pick(&["shop", "data"]);
        let name = self.pick(&["a", "b", "job", "host"]);
        let labels = self.pick(&["", "app=web", "app=db,tier=1", "app=web,pod-template-hash=1"]);
        let ports = self.pick(&["", "http:8080/TCP", "http:80/TCP,x:80/UDP"]);
        let address = if name == "host" { "172.18.0.2".to_owned() } else { format!("10.0.0.{number}") };
        let (id, mut point) = pod(&format!("{namespace}/{name}"), labels, ports, &address);
        if let Point::Pod(pod) = &mut point {
            pod.host_network = name == "host";
        }
        (format!("{id}-{number}"), point)
    }
}

#[derive(Clone, Debug)]
struct Requirement {
    key: &'static str,
    operator: &'static str,
    values: Vec<&'static str>,
}

#[derive(Clone, Debug)]
struct Rule {
    peers: Peers,
    ports: Ports,
    /// Both ends have to prove who they are.
    proves: bool,
}

#[derive(Clone, Debug)]
enum Peers {
    Absent,
    Endpoints(Vec<Vec<Requirement>>),
    Entities(Vec<&'static str>),
    Blocks(Vec<(&'static str, Option<&'static str>)>),
    Names(Vec<&'static str>),
}

#[derive(Clone, Debug)]
enum Ports {
    Absent,
    Numbers(Vec<(&'static str, &'static str)>),
    Icmp(u8),
    Http(&'static str, Vec<(Option<&'static str>, Option<&'static str>)>),
    Dns(&'static str),
}

#[derive(Clone, Debug)]
struct Spec {
    namespace: Option<&'static str>,
    subject: Vec<Requirement>,
    /// ingress, ingressDeny, egress, egressDeny
    lists: [Vec<Rule>; 4],
    default_deny: [Option<bool>; 2],
}

/// A NetworkPolicy for ingress of a whole namespace.
#[derive(Clone, Debug)]
struct Kubernetes {
    namespace: &'static str,
    from: &'static str,
    port: Option<u16>,
}

fn selector_text(selector: &[Requirement]) -> String {
    let items = selector.iter().map(|one| {
        let values = match one.values.as_slice() {
            [] => String::new(),
            values => format!(", values: {values:?}"),
        };
        format!("{{key: '{}', operator: {}{values}}}", one.key, one.operator)
    });
    format!("{{matchExpressions: [{}]}}", items.collect::<Vec<_>>().join(", "))
}

fn listed<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", "))
}

fn rule_text(rule: &Rule, ingress: bool) -> String {
    let word = if ingress { "from" } else { "to" };
    let mut fields = Vec::new();
    match &rule.peers {
        Peers::Absent => {}
        Peers::Endpoints(all) => {
            fields.push(format!("{word}Endpoints: {}", listed(all, |one| selector_text(one))))
        }
        Peers::Entities(all) => {
            fields.push(format!("{word}Entities: {}", listed(all, |one| one.to_string())))
        }
        Peers::Blocks(all) => {
            let item = |(cidr, except): &(&str, Option<&str>)| match except {
                Some(except) => format!("{{cidr: '{cidr}', except: ['{except}']}}"),
                None => format!("{{cidr: '{cidr}'}}"),
            };
            fields.push(format!("{word}CIDRSet: {}", listed(all, item)));
        }
        Peers::Names(all) => {
            fields.push(format!("toFQDNs: {}", listed(all, |one| format!("{{matchName: {one}}}"))));
        }
    }
    match &rule.ports {
        Ports::Absent => {}
        Ports::Numbers(all) => {
            let item = |(port, protocol): &(&str, &str)| format!("{{port: '{port}', protocol: {protocol}}}");
            fields.push(format!("toPorts: [{{ports: {}}}]", listed(all, item)));
        }
        Ports::Icmp(kind) => fields.push(format!("icmps: [{{fields: [{{type: {kind}}}]}}]")),
        Ports::Http(port, rules) => {
            let item = |(method, path): &(Option<&str>, Option<&str>)| {
                let method = method.map(|method| format!("method: {method}"));
                let path = path.map(|path| format!("path: '{path}'"));
                format!("{{{}}}", method.into_iter().chain(path).collect::<Vec<_>>().join(", "))
            };
            let rules = listed(rules, item);
            fields.push(format!(
                "toPorts: [{{ports: [{{port: '{port}', protocol: TCP}}], rules: {{http: {rules}}}}}]"
            ));
        }
        Ports::Dns(pattern) => fields.push(format!(
            "toPorts: [{{ports: [{{port: '53'}}], rules: {{dns: [{{matchPattern: '{pattern}'}}]}}}}]"
        )),
    }
    if rule.proves {
        fields.push("authentication: {mode: required}".to_owned());
    }
    format!("{{{}}}", fields.join(", "))
}

fn spec_text(spec: &Spec, number: usize) -> String {
    let mut text = format!("endpointSelector: {}\n", selector_text(&spec.subject));
    let names = ["ingress", "ingressDeny", "egress", "egressDeny"];
    for ((name, list), at) in names.iter().zip(&spec.lists).zip(0..) {
        if !list.is_empty() {
            text += &format!("{name}: {}\n", listed(list, |rule| rule_text(rule, at < 2)));
        }
    }
    let asked = ["ingress", "egress"].iter().zip(spec.default_deny);
    let asked: Vec<String> = asked.filter_map(|(name, asked)| Some(format!("{name}: {}", asked?))).collect();
    text += &format!("enableDefaultDeny: {{{}}}\n", asked.join(", "));
    match spec.namespace {
        Some(namespace) => object("CiliumNetworkPolicy", &format!("{namespace}/p{number}"), &text),
        None => object("CiliumClusterwideNetworkPolicy", &format!("p{number}"), &text),
    }
}

fn kubernetes_text(policy: &Kubernetes, number: usize) -> String {
    let port = policy.port.map(|port| format!(", ports: [{{port: {port}}}]")).unwrap_or_default();
    let spec = format!("podSelector: {{}}\ningress: [{{from: [{{{}}}]{port}}}]", policy.from);
    object("NetworkPolicy", &format!("{}/k{number}", policy.namespace), &spec)
}

/// One way in which all that is open turns out.
#[derive(Clone, Copy)]
struct World {
    own_node: bool,
    proven: bool,
    heeded: bool,
}

/// All labels of a point's identity, as `source:key=value`.
fn identity(point: &Point, ingress: bool, world: World) -> Vec<(String, String)> {
    let reserved =
        |names: &[&str]| names.iter().map(|name| (format!("reserved:{name}"), String::new())).collect();
    let node = if world.own_node { "host" } else { "remote-node" };
    match point {
        Point::Pod(pod) if pod.host_network => reserved(&[node]),
        Point::Pod(pod) => {
            let mut all = vec![
                ("k8s:io.kubernetes.pod.namespace".to_owned(), pod.namespace.to_string()),
                ("k8s:io.cilium.k8s.policy.serviceaccount".to_owned(), pod.service_account.to_string()),
            ];
            for (key, value) in pod.namespace_labels.iter() {
                all.push((format!("k8s:io.cilium.k8s.namespace.labels.{key}"), value.to_string()));
            }
            let kept = pod.labels.iter().filter(|(key, _)| key.as_ref() != "pod-template-hash");
            all.extend(kept.map(|(key, value)| (format!("k8s:{key}"), value.to_string())));
            all
        }
        Point::Address(range) => {
            let own = match range.kind {
                AddressKind::Outside => "world",
                AddressKind::Local => "host",
                AddressKind::Node if ingress => "remote-node",
                AddressKind::Node => node,
            };
            let names = [own, "kube-apiserver"];
            reserved(if range.api_server { &names } else { &names[..1] })
        }
    }
}

fn selects(selector: &[Requirement], identity: &[(String, String)]) -> bool {
    selector.iter().all(|one| {
        let has = |wanted: Option<&str>| {
            identity.iter().any(|(key, value)| {
                let (_, bare) = key.split_once(':').unwrap();
                let key_matches = match one.key.strip_prefix("any:") {
                    Some(key) => key == bare,
                    None if one.key.contains(':') => one.key == key,
                    None => one.key == bare,
                };
                key_matches && wanted.is_none_or(|wanted| wanted == value)
            })
        };
        match one.operator {
            "In" => one.values.iter().any(|value| has(Some(value))),
            "NotIn" => !one.values.iter().any(|value| has(Some(value))),
            "Exists" => has(None),
            _ => !has(None),
        }
    })
}

fn is_outside(point: &Point) -> bool {
    matches!(point, Point::Address(range) if range.kind == AddressKind::Outside)
}

fn in_block(cidr: &str, except: Option<&str>, point: &Point) -> bool {
    let Point::Address(range) = point else { return false };
    let holds = |net: &str| net.parse::<ipnet::IpNet>().unwrap().contains(&range.first);
    is_outside(point) && holds(cidr) && !except.is_some_and(holds)
}

fn is_endpoint(point: &Point) -> bool {
    matches!(point, Point::Pod(pod) if !pod.host_network)
}

impl Spec {
    fn governs(&self, point: &Point, world: World) -> bool {
        let identity = identity(point, true, world);
        let namespaced = match (self.namespace, point) {
            (Some(namespace), Point::Pod(pod)) => pod.namespace.as_ref() == namespace,
            (None, _) => true,
            (Some(_), Point::Address(_)) => false,
        };
        is_endpoint(point) && namespaced && selects(&self.subject, &identity)
    }

    fn peer_matches(&self, rule: &Rule, peer: &Point, ingress: bool, world: World, learnt: bool) -> bool {
        let identity = identity(peer, ingress, world);
        let is = |name: &str| identity.iter().any(|(key, _)| key.strip_prefix("reserved:") == Some(name));
        match &rule.peers {
            Peers::Absent => !matches!(rule.ports, Ports::Absent),
            Peers::Endpoints(all) => all.iter().any(|selector| {
                let reserved = selector.iter().any(|one| one.key.starts_with("reserved:"));
                let named = selector.iter().any(|one| one.key.ends_with("io.kubernetes.pod.namespace"));
                let labelled = selector.iter().any(|one| one.key.contains("namespace.labels"));
                let scoped = match (self.namespace, peer) {
                    _ if reserved || named => true,
                    (Some(_), _) if labelled => true,
                    (Some(namespace), Point::Pod(pod)) => {
                        is_endpoint(peer) && pod.namespace.as_ref() == namespace
                    }
                    (None, Point::Pod(_)) => is_endpoint(peer),
                    (_, Point::Address(_)) => false,
                };
                scoped && selects(selector, &identity)
            }),
            Peers::Entities(all) => all.iter().any(|entity| match *entity {
                "all" => true,
                "cluster" => is_endpoint(peer) || is("host") || is("remote-node") || is("kube-apiserver"),
                name => is(name),
            }),
            Peers::Blocks(all) => all.iter().any(|(cidr, except)| in_block(cidr, *except, peer)),
            Peers::Names(all) => match peer {
                Point::Address(range) => {
                    learnt && range.host.as_ref().is_some_and(|host| all.contains(&host.as_ref()))
                }
                Point::Pod(_) => false,
            },
        }
    }
}

/// What a flow goes to: the range of its atom, what it says, and who declares the ports.
#[derive(Clone, Copy)]
struct Target<'a> {
    range: PortRange,
    payload: Option<&'a Payload>,
    declaring: &'a Point,
}

impl Target<'_> {
    fn is_port(&self, port: &str, protocol: &str) -> bool {
        let own = match self.range.protocol {
            Carrier::Tcp => "TCP",
            Carrier::Udp => "UDP",
            Carrier::Sctp => "SCTP",
            _ => return false,
        };
        if protocol != "ANY" && protocol != own {
            return false;
        }
        match (port, self.declaring) {
            ("0", _) => true,
            ("http", Point::Pod(pod)) if !pod.host_network => pod.ports.iter().any(|declared| {
                declared.name.as_deref() == Some("http")
                    && Carrier::from(declared.protocol) == self.range.protocol
                    && declared.number == self.range.first
            }),
            ("http", _) => false,
            (port, _) => port.parse() == Ok(self.range.first),
        }
    }

    fn matches(&self, ports: &Ports, observes: bool) -> bool {
        match ports {
            Ports::Absent => true,
            Ports::Numbers(all) => all.iter().any(|(port, protocol)| self.is_port(port, protocol)),
            Ports::Icmp(kind) => {
                self.range.protocol == Carrier::Icmp && self.range.first >> 8 == u16::from(*kind)
            }
            Ports::Http(port, rules) => {
                let said = rules.iter().any(|(method, path)| match self.payload {
                    Some(Payload::Http(request)) => {
                        method.is_none_or(|method| method == request.method.as_ref())
                            && path.is_none_or(|path| path == request.path.as_ref())
                    }
                    _ => false,
                });
                self.is_port(port, "TCP") && (said || observes)
            }
            Ports::Dns(pattern) => {
                let said = match self.payload {
                    Some(Payload::DnsQuery(name)) => *pattern == "*" || *pattern == name.as_ref(),
                    _ => false,
                };
                self.is_port("53", "ANY") && (said || observes)
            }
        }
    }
}

/// Whether this end permits the flow.
fn side(
    (specs, kubernetes): (&[Spec], &[Kubernetes]),
    ingress: bool,
    (subject, peer): (&Point, &Point),
    (range, payload): (PortRange, Option<&Payload>),
    world: World,
) -> bool {
    if !is_endpoint(subject) {
        return true;
    }
    let Point::Pod(pod) = subject else { return true };
    let target = Target { range, payload, declaring: if ingress { subject } else { peer } };
    let at = if ingress { 0 } else { 2 };
    let governing: Vec<&Spec> = specs.iter().filter(|spec| spec.governs(subject, world)).collect();
    let observes = |spec: &Spec, at: usize| spec.default_deny[at / 2] == Some(false);
    let learnt = governing.iter().any(|spec| {
        spec.lists[2].iter().any(|rule| match (&rule.ports, peer) {
            (Ports::Dns(pattern), Point::Address(range)) => {
                observes(spec, 2) || *pattern == "*" || range.host.as_deref() == Some(*pattern)
            }
            _ => false,
        })
    });
    let (mut closed, mut allowed) = (false, false);
    for spec in &governing {
        let matches = |rule: &&Rule| {
            spec.peer_matches(rule, peer, ingress, world, learnt)
                && target.matches(&rule.ports, observes(spec, at))
        };
        if spec.lists[at + 1].iter().any(|rule| matches(&rule)) {
            return false;
        }
        allowed |= spec.lists[at].iter().filter(matches).any(|rule| !rule.proves || world.proven);
        let written = !spec.lists[at].is_empty() || !spec.lists[at + 1].is_empty();
        closed |= match spec.default_deny[at / 2] {
            Some(true) => written || world.heeded,
            None => written,
            Some(false) => false,
        };
    }
    for policy in kubernetes.iter().filter(|policy| ingress && policy.namespace == pod.namespace.as_ref()) {
        closed = true;
        let from = match peer {
            Point::Pod(other) if policy.from.starts_with("pod") => {
                is_endpoint(peer)
                    && other.namespace == pod.namespace
                    && other.labels.get("app").is_some_and(|app| app.as_ref() == "web")
            }
            _ => policy.from.starts_with("ip") && in_block("0.0.0.0/0", None, peer),
        };
        let port = policy.port.is_none_or(|port| range.protocol == Carrier::Tcp && range.first == port);
        allowed |= from && port;
    }
    let own_node = identity(peer, ingress, world).iter().any(|(key, _)| key == "reserved:host");
    !closed || allowed || ingress && own_node
}

#[test]
fn verdicts_agree_with_the_model() {
    let mut random = Random(0xc111);
    let (mut permits, mut undefined, mut denies) = (0, 0, 0);
    for round in 0..300 {
        let (_, mut points): (Vec<String>, Vec<Point>) =
            (0..2 + random.next(4)).map(|number| random.pod(number)).unzip();
        for (id, range, kind) in [
            ("low", "0.0.0.0-9.255.255.255", AddressKind::Outside),
            ("doc", "192.0.2.0-192.0.2.15", AddressKind::Outside),
            ("hole", "192.0.2.16-192.0.2.31", AddressKind::Outside),
            ("v6", "2001:db8::-2001:db8::ffff", AddressKind::Outside),
            ("api", "172.20.0.9", AddressKind::Outside),
            ("name:api.example.com", "198.51.100.1", AddressKind::Outside),
            ("name:www.example.org", "198.51.100.1", AddressKind::Outside),
            ("node", "172.18.0.3", AddressKind::Node),
            ("node-api", "172.18.0.4", AddressKind::Node),
            ("local", "169.254.20.10", AddressKind::Local),
        ] {
            if !random.chance(3) {
                points.insert(random.next(points.len() + 1), address(id, range, kind).1);
            }
        }
        let specs = random.some(0, 4, Random::spec);
        let kubernetes = if random.chance(2) { random.some(1, 2, Random::kubernetes) } else { vec![] };
        let texts = specs.iter().enumerate().map(|(number, spec)| spec_text(spec, number));
        let others = kubernetes.iter().enumerate().map(|(number, one)| kubernetes_text(one, number));
        let text: String = texts.chain(others).collect();
        let policies = good(&text);
        let space = space(points, &policies);
        let enforced = policies.enforce(&space, &Default::default());
        let proves = specs.iter().flat_map(|spec| spec.lists.iter().flatten()).any(|rule| rule.proves);
        let asks = specs.iter().any(|spec| spec.default_deny.contains(&Some(true)));
        let worlds: Vec<World> = (0..8)
            .map(|bits| World { own_node: bits & 1 > 0, proven: bits & 2 > 0, heeded: bits & 4 > 0 })
            .filter(|world| (proves || world.proven) && (asks || world.heeded))
            .collect();
        for (s, source) in space.points.iter().enumerate() {
            for (d, destination) in space.points.iter().enumerate() {
                if matches!((source, destination), (Point::Address(_), Point::Address(_))) {
                    continue;
                }
                for atom in (0..space.ports.len()).filter(|_| random.chance(3)) {
                    let at = (space.ports.atom(atom), space.ports.payload(atom));
                    let sides = [(false, source, destination), (true, destination, source)];
                    let sides = sides.map(|(ingress, subject, peer)| {
                        let say =
                            |world: &World| side((&specs, &kubernetes), ingress, (subject, peer), at, *world);
                        (worlds.iter().all(say), worlds.iter().any(say))
                    });
                    let certain = sides.iter().all(|side| side.0);
                    let possible = sides.iter().all(|side| side.1);
                    let permitted = enforced.permitted.contains(s, d, atom);
                    let open = enforced.undefined.contains(s, d, atom);
                    let context = || format!("round {round}: {source:?} -> {destination:?} {at:?}\n{text}");
                    // Of what may be either node rules are asked one by one, so more stays open than has to.
                    let either = |point: &Point| match point {
                        Point::Pod(pod) => pod.host_network,
                        Point::Address(range) => range.kind == AddressKind::Node,
                    };
                    if either(source) || either(destination) {
                        assert!(!permitted || certain, "permitted: {}", context());
                        assert!(permitted || open || !possible, "denied: {}", context());
                    } else {
                        assert_eq!(permitted, certain, "permitted: {}", context());
                        assert_eq!(open, possible && !certain, "open: {}", context());
                    }
                    *(match (permitted, open) {
                        (true, _) => &mut permits,
                        (_, true) => &mut undefined,
                        _ => &mut denies,
                    }) += 1;
                }
            }
        }
    }
    // The model is asked about everything that may come out.
    assert!(permits > 10_000 && undefined > 1_000 && denies > 10_000, "{permits} {undefined} {denies}");
}
