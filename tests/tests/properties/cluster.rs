//! A small cluster of its own making: plain data, drawn at random. Knows nothing of Weir but the points of a space.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;
use weir_cluster::flow::PodPoint;
use weir_cluster::inventory::{ContainerPort, Protocol};

pub type Map = BTreeMap<String, String>;

#[derive(Clone, Debug)]
pub struct Cluster {
    pub namespaces: Vec<(String, Map)>,
    pub workloads: Vec<Workload>,
    pub services: Vec<Service>,
    /// Whether the nodes are known, and with them the ranges that pods get their addresses from.
    pub nodes: bool,
}

#[derive(Clone, Debug)]
pub struct Workload {
    pub namespace: usize,
    pub name: String,
    pub kind: Kind,
    pub labels: Map,
    pub selector: Vec<Requirement>,
    pub ports: Vec<Port>,
    /// Running pods: their addresses, and labels beyond the template's.
    pub pods: Vec<(String, Map)>,
    pub host_network: bool,
    pub arguments: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Deployment,
    StatefulSet,
    DaemonSet,
    CronJob,
    Pod,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    pub name: Option<String>,
    pub number: u16,
    pub protocol: Protocol,
}

#[derive(Clone, Debug)]
pub struct Service {
    pub namespace: usize,
    pub name: String,
    pub selector: Map,
    pub address: Option<String>,
    pub ports: Vec<ServicePort>,
}

#[derive(Clone, Debug)]
pub struct ServicePort {
    pub name: Option<String>,
    pub number: u16,
    pub protocol: Protocol,
    pub target: Target,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Same,
    Number(u16),
    Name(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    pub key: String,
    pub test: Test,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

impl Requirement {
    pub fn holds(&self, labels: &Map) -> bool {
        let value = labels.get(&self.key);
        match &self.test {
            Test::In(values) => value.is_some_and(|value| values.contains(value)),
            Test::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Test::Exists => value.is_some(),
            Test::Absent => value.is_none(),
        }
    }
}

impl Workload {
    /// Whether a pod of its namespace with these labels is meant by its name.
    pub fn selects(&self, labels: &Map) -> bool {
        self.selector.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Service {
    pub fn selects(&self, labels: &Map) -> bool {
        self.selector.iter().all(|(key, value)| labels.get(key) == Some(value))
    }
}

impl Cluster {
    pub fn namespace(&self, name: &str) -> Option<usize> {
        self.namespaces.iter().position(|(known, _)| known == name)
    }

    /// Today's pods that policies govern: of each workload those of its template, and those whose labels differ from it.
    pub fn today(&self) -> Vec<PodPoint> {
        self.pods(|workload| !workload.host_network)
    }

    fn pods(&self, which: impl Fn(&Workload) -> bool) -> Vec<PodPoint> {
        let mut points = Vec::new();
        for workload in self.workloads.iter().filter(|workload| which(workload)) {
            let mut kinds: BTreeMap<Map, Vec<IpAddr>> =
                BTreeMap::from([(workload.labels.clone(), Vec::new())]);
            for (address, extra) in &workload.pods {
                let mut labels = workload.labels.clone();
                labels.extend(extra.clone());
                kinds.entry(labels).or_default().push(address.parse().unwrap());
            }
            let (namespace, namespace_labels) = &self.namespaces[workload.namespace];
            points.extend(kinds.into_iter().map(|(labels, addresses)| PodPoint {
                addresses,
                ..pod(namespace, namespace_labels, &labels, &workload.ports)
            }));
        }
        points
    }

    /// The service and the workload of one name that are one thing: today they select the same pods.
    pub fn is_one_thing(&self, workload: usize, service: usize) -> bool {
        let (workload, service) = (&self.workloads[workload], &self.services[service]);
        let home = &self.namespaces[workload.namespace].0;
        workload.namespace == service.namespace
            && workload.name == service.name
            && self.pods(|_| true).iter().filter(|pod| pod.namespace.as_ref() == home).all(|pod| {
                let labels = labels_of(pod);
                workload.selects(&labels) == service.selects(&labels)
            })
    }
}

pub fn pod(namespace: &str, namespace_labels: &Map, labels: &Map, ports: &[Port]) -> PodPoint {
    let shared = |labels: &Map| labels.iter().map(|(k, v)| (k.as_str().into(), v.as_str().into())).collect();
    let namespace_labels = with_name(namespace, namespace_labels);
    let port = |port: &Port| ContainerPort {
        name: port.name.as_deref().map(Into::into),
        number: port.number,
        protocol: port.protocol,
    };
    PodPoint {
        class: None,
        namespace: namespace.into(),
        namespace_labels: shared(&namespace_labels),
        labels: shared(labels),
        ports: ports.iter().map(port).collect(),
        host_network: false,
        service_account: "default".into(),
        addresses: Vec::new(),
    }
}

/// A namespace's labels with the one that the API server adds.
pub fn with_name(namespace: &str, labels: &Map) -> Map {
    let mut labels = labels.clone();
    labels.insert("kubernetes.io/metadata.name".to_owned(), namespace.to_owned());
    labels
}

pub fn labels_of(pod: &PodPoint) -> Map {
    pod.labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

const NAMESPACES: [&str; 4] = ["shop", "team-a", "team-b", "9lives"];
pub const WORKLOADS: [&str; 8] = ["web", "api", "db", "open", "3scale", "shop", "v1.web", "cache"];
pub const VALUES: [&str; 4] = ["web", "api", "1", "yes"];
const PORTS: [u16; 5] = [80, 8080, 9090, 53, 5432];
pub const PORT_NAMES: [&str; 3] = ["http", "metrics", "dns"];
pub const POD_KEYS: [&str; 3] = ["app", "tier", "app.kubernetes.io/name"];
pub const NAMESPACE_KEYS: [&str; 3] = ["team", "env", "kubernetes.io/metadata.name"];

pub fn labels(keys: &'static [&'static str]) -> BoxedStrategy<Map> {
    prop::collection::vec(0..5usize, keys.len())
        .prop_map(|values| {
            let pairs = keys.iter().zip(values).filter(|(_, value)| *value > 0);
            pairs.map(|(key, value)| ((*key).to_owned(), VALUES[value - 1].to_owned())).collect()
        })
        .boxed()
}

fn protocol() -> BoxedStrategy<Protocol> {
    prop_oneof![3 => Just(Protocol::Tcp), 1 => Just(Protocol::Udp)].boxed()
}

/// Container ports: no number twice under one protocol, no name twice.
pub fn ports() -> BoxedStrategy<Vec<Port>> {
    prop::collection::vec((0..PORTS.len(), 0..6usize, protocol()), 0..4)
        .prop_map(|drawn| {
            let mut ports: Vec<Port> = Vec::new();
            for (number, name, protocol) in drawn {
                let number = PORTS[number];
                let name = PORT_NAMES.get(name).map(|name| (*name).to_owned());
                let taken = |port: &Port| {
                    (port.number, port.protocol) == (number, protocol)
                        || (name.is_some() && port.name == name)
                };
                if !ports.iter().any(taken) {
                    ports.push(Port { name, number, protocol });
                }
            }
            ports
        })
        .boxed()
}

/// How a service stands to the workload it is drawn with.
type Front = (usize, Vec<(usize, usize)>, bool);

fn front() -> BoxedStrategy<Front> {
    (0..6usize, prop::collection::vec((0..PORTS.len(), 0..4usize), 1..3), any::<bool>()).boxed()
}

prop_compose! {
    fn workload()(
        namespace in 0..4usize, name in 0..WORKLOADS.len(), kind in 0..7usize, labels in labels(&POD_KEYS),
        narrow in 0..5usize, ports in ports(), pods in prop::collection::vec(0..4usize, 0..3),
        host in 0..24usize, front in front(),
    ) -> (Workload, Front) {
        let mut labels = labels;
        if labels.is_empty() {
            labels.insert("app".to_owned(), WORKLOADS[name].to_owned());
        }
        let kind = match kind {
            0..=2 => Kind::Deployment,
            3 => Kind::StatefulSet,
            4 => Kind::DaemonSet,
            5 => Kind::CronJob,
            _ => Kind::Pod,
        };
        let is = |(key, value): (&String, &String)| {
            Requirement { key: key.clone(), test: Test::In(vec![value.clone()]) }
        };
        let mut selector: Vec<Requirement> = labels.iter().map(is).collect();
        if !matches!(kind, Kind::CronJob | Kind::Pod) {
            let (key, value) = labels.iter().next().map(|(k, v)| (k.clone(), v.clone())).unwrap();
            match narrow {
                0 => selector.truncate(1),
                1 => selector = vec![Requirement { key, test: Test::In(vec![value, "other".to_owned()]) }],
                2 => {
                    selector = vec![
                        Requirement { key, test: Test::Exists },
                        Requirement { key: "track".to_owned(), test: Test::NotIn(vec!["none".to_owned()]) },
                    ];
                }
                _ => {}
            }
        }
        let old = |which: usize| match which {
            0 if matches!(kind, Kind::Deployment | Kind::StatefulSet) =>
                Map::from([("track".to_owned(), "old".to_owned())]),
            _ => Map::new(),
        };
        let mut pods: Vec<(String, Map)> = pods.into_iter().map(|which| (String::new(), old(which))).collect();
        match kind {
            Kind::CronJob => pods.clear(),
            Kind::Pod => pods = vec![(String::new(), Map::new())],
            _ => {}
        }
        let name = WORKLOADS[name].to_owned();
        (Workload { namespace, name, kind, labels, selector, ports, pods, host_network: host == 23, arguments: vec![] }, front)
    }
}

fn service(workload: &Workload, (how, ports, addressed): Front, number: usize) -> Option<Service> {
    let equal = workload.selector.iter().map(|requirement| match &requirement.test {
        Test::In(values) => (requirement.key.clone(), values[0].clone()),
        _ => (requirement.key.clone(), workload.labels[&requirement.key].clone()),
    });
    let (name, selector): (String, Map) = match how {
        1 | 4 => (workload.name.clone(), workload.labels.clone()),
        2 => (workload.name.clone(), equal.filter(|(key, _)| key != "track").take(1).collect()),
        3 => (
            format!("svc-{number}"),
            workload.labels.iter().take(1).map(|(k, v)| (k.clone(), v.clone())).collect(),
        ),
        _ => return None,
    };
    let mut taken = Vec::new();
    for (position, (port, target)) in ports.into_iter().enumerate() {
        let behind = workload.ports.get(position);
        let protocol = behind.map_or(Protocol::Tcp, |port| port.protocol);
        let target = match (target, behind) {
            (0, _) | (_, None) => Target::Same,
            (1, Some(Port { name: Some(name), .. })) => Target::Name(name.clone()),
            (_, Some(port)) => Target::Number(port.number),
        };
        let name = Some(["front", "http"][position].to_owned());
        let found = ServicePort { name, number: PORTS[port], protocol, target };
        if !taken.iter().any(|t: &ServicePort| (t.number, t.protocol) == (found.number, found.protocol)) {
            taken.push(found);
        }
    }
    let address = addressed.then(|| format!("10.96.0.{}", number + 1));
    Some(Service { namespace: workload.namespace, name, selector, address, ports: taken })
}

prop_compose! {
    pub fn cluster()(
        namespaces in prop::collection::vec(labels(&NAMESPACE_KEYS[..2]), 2..=4),
        workloads in prop::collection::vec(workload(), 3..=8),
        nodes in any::<bool>(), dns in 0..6usize, twins in any::<bool>(),
    ) -> Cluster {
        let namespaces = NAMESPACES.iter().map(|name| (*name).to_owned()).zip(namespaces).collect();
        let mut cluster = Cluster { namespaces, workloads: Vec::new(), services: Vec::new(), nodes };
        let mut workloads: Vec<(Workload, Front)> = workloads;
        if twins {
            // Every namespace has its own workload of one name, as tenants have.
            let (twin, front) = workloads[0].clone();
            workloads.extend((0..cluster.namespaces.len()).map(|namespace| {
                (Workload { namespace, ..twin.clone() }, front.clone())
            }));
        }
        for (mut workload, front) in workloads {
            workload.namespace %= cluster.namespaces.len();
            let same = |other: &Workload| (other.namespace, &other.name) == (workload.namespace, &workload.name);
            if cluster.workloads.iter().any(same) {
                continue;
            }
            cluster.services.extend(service(&workload, front, cluster.workloads.len()));
            cluster.workloads.push(workload);
        }
        if dns > 0 {
            add_dns(&mut cluster, dns);
        }
        for (at, workload) in cluster.workloads.iter_mut().enumerate() {
            for (pod, (address, _)) in workload.pods.iter_mut().enumerate() {
                *address = format!("10.244.{}.{}", pod % 2, 10 + at * 4 + pod);
            }
        }
        cluster
    }
}

/// Where the node-local DNS cache listens.
pub const DNS_CACHE: &str = "169.254.20.10";

fn add_dns(cluster: &mut Cluster, how: usize) {
    let namespace = cluster.namespaces.len();
    cluster.namespaces.push(("kube-system".to_owned(), Map::new()));
    let labels = Map::from([("k8s-app".to_owned(), "kube-dns".to_owned())]);
    let inner = if how == 1 { 5353 } else { 53 };
    let port = |name: &str, protocol| Port { name: Some(name.to_owned()), number: inner, protocol };
    cluster.workloads.push(Workload {
        namespace,
        name: "coredns".to_owned(),
        kind: Kind::Deployment,
        selector: vec![Requirement {
            key: "k8s-app".to_owned(),
            test: Test::In(vec!["kube-dns".to_owned()]),
        }],
        labels: labels.clone(),
        ports: vec![port("dns", Protocol::Udp), port("dns-tcp", Protocol::Tcp)],
        pods: vec![(String::new(), Map::new())],
        host_network: false,
        arguments: Vec::new(),
    });
    if how == 5 {
        let labels = Map::from([("k8s-app".to_owned(), "node-local-dns".to_owned())]);
        let is = |(key, value): (&String, &String)| Requirement {
            key: key.clone(),
            test: Test::In(vec![value.clone()]),
        };
        cluster.workloads.push(Workload {
            namespace,
            name: "node-local-dns".to_owned(),
            kind: Kind::DaemonSet,
            selector: labels.iter().map(is).collect(),
            labels,
            ports: Vec::new(),
            pods: Vec::new(),
            host_network: true,
            arguments: vec!["-localip".to_owned(), DNS_CACHE.to_owned()],
        });
    }
    let front = |name: &str, protocol| ServicePort {
        name: Some(name.to_owned()),
        number: 53,
        protocol,
        target: if how < 3 { Target::Name(name.to_owned()) } else { Target::Number(inner) },
    };
    cluster.services.push(Service {
        namespace,
        name: "kube-dns".to_owned(),
        selector: labels,
        address: Some("10.96.0.10".to_owned()),
        ports: vec![front("dns", Protocol::Udp), front("dns-tcp", Protocol::Tcp)],
    });
}
