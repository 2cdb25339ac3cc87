//! What sets and ports mean, straight from the language's definition: plain loops over points, no algebra of
//! selectors. Shares no code with the compiler.

use std::net::IpAddr;

use ipnet::IpNet;
use weir_cluster::flow::{PodPoint, Point};
use weir_cluster::inventory::Protocol;

use super::cluster::{self, Cluster, Target, WORKLOADS, labels_of};
use super::program::*;

/// Whether a `let` with `if present` drops what matches nothing also where it is guarded or left out. The language
/// says no; the compiler does so for now.
const LETS_FORGET: bool = true;

/// How far a program is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// As it is written.
    Meant,
    /// As NetworkPolicy holds it: a policy lives in a namespace that exists, or that is named; patterns stand for the
    /// namespaces of today.
    Bound,
}

#[derive(Clone, Copy)]
pub struct World<'a> {
    pub cluster: &'a Cluster,
    pub program: &'a Program,
    pub points: &'a [Point],
    /// The first so many points are today's pods.
    pub today: usize,
    pub reading: Reading,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Thing {
    Workload(usize),
    Service(usize),
    Both(usize, usize),
    Dns,
    /// The addresses of node-local DNS caches.
    Cache,
    Pods,
    Addresses,
}

/// Points that were named by one word, with what this word says of their ports.
#[derive(Clone)]
pub struct Part {
    pub thing: Thing,
    pub members: Vec<bool>,
    /// It names a namespace that is yet to come.
    pub later: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meant {
    Range(Protocol, u16, u16),
    /// Whatever each pod declares under this name.
    Named(Protocol, String),
}

/// The ranges that `internet` leaves out: private, shared, loopback, link-local, multicast and reserved ones.
pub const NOT_INTERNET: [&str; 8] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
];
/// What is assigned of IPv6.
pub const INTERNET_V6: &str = "2000::/3";

impl Cluster {
    /// What a name in full can stand for.
    pub fn things(&self) -> Vec<Thing> {
        let mut things: Vec<Thing> = (0..self.workloads.len()).map(Thing::Workload).collect();
        for at in 0..self.services.len() {
            things.push(Thing::Service(at));
            let one = (0..self.workloads.len()).find(|workload| self.is_one_thing(*workload, at));
            things.extend(one.map(|workload| Thing::Both(workload, at)));
        }
        things
    }

    /// What a name can stand for in a namespace.
    pub fn near(&self, home: usize, name: usize, how: Near) -> Vec<Thing> {
        let named = |namespace: usize, own: &str| namespace == home && own == WORKLOADS[name];
        let mut workloads: Vec<Thing> = (0..self.workloads.len())
            .filter(|at| named(self.workloads[*at].namespace, &self.workloads[*at].name))
            .map(Thing::Workload)
            .collect();
        let mut services: Vec<Thing> = (0..self.services.len())
            .filter(|at| named(self.services[*at].namespace, &self.services[*at].name))
            .map(Thing::Service)
            .collect();
        match (how, workloads.as_slice(), services.as_slice()) {
            (Near::Workload, ..) => workloads,
            (Near::Service, ..) => services,
            (Near::Bare, [Thing::Workload(workload)], [Thing::Service(service)])
                if self.is_one_thing(*workload, *service) =>
            {
                vec![Thing::Both(*workload, *service)]
            }
            (Near::Bare, ..) => {
                workloads.append(&mut services);
                workloads
            }
        }
    }

    /// The namespaces of today that a group names.
    pub fn group(&self, set: &Set) -> Vec<usize> {
        let names =
            |test: &dyn Fn(usize) -> bool| (0..self.namespaces.len()).filter(|at| test(*at)).collect();
        match set {
            Set::Anyone => names(&|_| true),
            Set::Namespace(one) => vec![one % self.namespaces.len()],
            Set::Pattern(at) => {
                let (start, end) = PATTERNS[*at].split_once('*').unwrap();
                names(&|at| self.namespaces[at].0.starts_with(start) && self.namespaces[at].0.ends_with(end))
            }
            Set::Namespaces(requirements) => names(&|at| {
                let (name, labels) = &self.namespaces[at];
                let labels = cluster::with_name(name, labels);
                requirements.iter().all(|requirement| requirement.holds(&labels))
            }),
            Set::Union(sets) => {
                let all: Vec<usize> = sets.iter().flat_map(|set| self.group(set)).collect();
                names(&|at| all.contains(&at))
            }
            Set::Except(left, right) => {
                let out = self.group(right);
                self.group(left).into_iter().filter(|at| !out.contains(at)).collect()
            }
            _ => Vec::new(),
        }
    }

    pub fn dns_service(&self) -> Option<usize> {
        self.services.iter().position(|service| service.name == "kube-dns")
    }

    pub fn has_dns_cache(&self) -> bool {
        self.workloads.iter().any(|workload| workload.name == "node-local-dns")
    }

    pub fn node_addresses(&self) -> Vec<&'static str> {
        if self.nodes { vec!["192.168.7.1", "192.168.7.2"] } else { Vec::new() }
    }
}

pub fn range(text: &str) -> IpNet {
    text.parse().unwrap_or_else(|_| text.parse::<IpAddr>().unwrap().into())
}

impl World<'_> {
    pub fn pod(&self, at: usize) -> Option<&PodPoint> {
        match &self.points[at] {
            Point::Pod(pod) => Some(pod),
            Point::Address(_) => None,
        }
    }

    pub fn exists(&self, pod: &PodPoint) -> bool {
        self.cluster.namespace(&pod.namespace).is_some()
    }

    /// The namespaces that a sentence's names are looked up in, one time for each. `None`: the whole cluster.
    pub fn homes(&self, sentence: &Sentence) -> Vec<Option<usize>> {
        match &sentence.block {
            Block::Top => vec![None],
            Block::Namespace(at) => vec![Some(at % self.cluster.namespaces.len())],
            Block::Each(group) => self.cluster.group(group).into_iter().map(Some).collect(),
        }
    }

    fn part(&self, thing: Thing, test: impl Fn(&PodPoint) -> bool) -> Vec<Part> {
        let members = (0..self.points.len()).map(|at| self.pod(at).is_some_and(&test)).collect();
        vec![Part { thing, members, later: false }]
    }

    fn outside(&self, test: impl Fn(IpAddr) -> bool) -> Vec<Part> {
        let mut own = self.cluster.node_addresses();
        own.extend(self.cluster.has_dns_cache().then_some(cluster::DNS_CACHE));
        let is_in = |point: &Point| match point {
            Point::Pod(_) => false,
            Point::Address(range) => {
                assert_eq!(test(range.first), test(range.last), "{range:?} is not cut finely enough");
                !own.contains(&range.first.to_string().as_str()) && test(range.first)
            }
        };
        vec![Part { thing: Thing::Addresses, members: self.points.iter().map(is_in).collect(), later: false }]
    }

    fn thing(&self, thing: Thing) -> Vec<Part> {
        let home = |namespace: usize| self.cluster.namespaces[namespace].0.as_str();
        match thing {
            Thing::Workload(at) | Thing::Both(at, _) => {
                let workload = &self.cluster.workloads[at];
                let home = home(workload.namespace);
                self.part(thing, |pod| pod.namespace.as_ref() == home && workload.selects(&labels_of(pod)))
            }
            Thing::Service(at) => {
                let service = &self.cluster.services[at];
                let home = home(service.namespace);
                self.part(thing, |pod| pod.namespace.as_ref() == home && service.selects(&labels_of(pod)))
            }
            Thing::Dns => self.part(thing, |pod| {
                let label = pod.labels.get("k8s-app").is_some_and(|value| value.as_ref() == "kube-dns");
                pod.namespace.as_ref() == "kube-system" && label
            }),
            Thing::Pods | Thing::Addresses | Thing::Cache => unreachable!("these are no names"),
        }
    }

    pub fn is_empty(&self, parts: &[Part]) -> bool {
        let lives = |part: &Part| match part.thing {
            Thing::Addresses | Thing::Cache => part.members.contains(&true),
            _ => part.members[..self.today].contains(&true),
        };
        !parts.iter().any(lives)
    }

    /// What a set denotes, in a block, with a clause.
    pub fn denote(&self, set: &Set, block: Option<usize>, absent: Ending) -> Vec<Part> {
        let cluster = self.cluster;
        let here = |set: &Set| self.denote(set, block, absent);
        let union = |parts: &[Part]| -> Vec<bool> {
            (0..self.points.len()).map(|at| parts.iter().any(|part| part.members[at])).collect()
        };
        let parts = match set {
            Set::Thing(at, _) => {
                let things = cluster.things();
                self.thing(things[at % things.len()])
            }
            Set::Near(name, how) => match block.map(|home| cluster.near(home, *name, *how)).as_deref() {
                Some([thing]) => self.thing(*thing),
                _ => Vec::new(),
            },
            // Policies are judged by what they expand to.
            Set::Ghost(_) | Set::Param(_) => Vec::new(),
            Set::Namespace(at) => {
                let name = cluster.namespaces[at % cluster.namespaces.len()].0.as_str();
                self.part(Thing::Pods, |pod| pod.namespace.as_ref() == name)
            }
            Set::Later if matches!(absent, Ending::IfPresent | Ending::Kept) => Vec::new(),
            Set::Later => {
                let mut parts = self.part(Thing::Pods, |pod| pod.namespace.as_ref() == LATER);
                parts[0].later = true;
                parts
            }
            Set::Pattern(at) => {
                let (start, end) = PATTERNS[*at].split_once('*').unwrap();
                let matches = |name: &str| name.starts_with(start) && name.ends_with(end);
                self.part(Thing::Pods, |pod| {
                    (self.exists(pod) || self.reading == Reading::Meant) && matches(&pod.namespace)
                })
            }
            Set::Namespaces(requirements) => self.part(Thing::Pods, |pod| {
                let labels = pod.namespace_labels.iter();
                let labels = labels.map(|(key, value)| (key.to_string(), value.to_string())).collect();
                requirements.iter().all(|requirement| requirement.holds(&labels))
            }),
            Set::Anyone => self.part(Thing::Pods, |_| true),
            Set::Pods => match block {
                Some(at) => here(&Set::Namespace(at)),
                None => here(&Set::Anyone),
            },
            Set::Dns => {
                let mut parts = self.thing(Thing::Dns);
                if cluster.has_dns_cache() {
                    let is = |point: &Point| match point {
                        Point::Pod(_) => false,
                        Point::Address(range) => range.first.to_string() == cluster::DNS_CACHE,
                    };
                    let members = self.points.iter().map(is).collect();
                    parts.push(Part { thing: Thing::Cache, members, later: false });
                }
                parts
            }
            Set::Nodes => {
                let nodes = cluster.node_addresses();
                let is_node = |point: &Point| match point {
                    Point::Pod(_) => false,
                    Point::Address(range) => nodes.contains(&range.first.to_string().as_str()),
                };
                let members = self.points.iter().map(is_node).collect();
                vec![Part { thing: Thing::Addresses, members, later: false }]
            }
            Set::Anywhere => {
                vec![Part { thing: Thing::Addresses, members: vec![true; self.points.len()], later: false }]
            }
            Set::Internet => self.outside(|address| match address {
                IpAddr::V4(_) => !NOT_INTERNET.iter().any(|text| range(text).contains(&address)),
                IpAddr::V6(_) => range(INTERNET_V6).contains(&address),
            }),
            Set::Range(at) => self.outside(|address| range(RANGES[*at]).contains(&address)),
            // One thing wherever it is used: no block and no clause reaches into it. But what is guarded is never
            // dropped, nor what is left out.
            Set::Let(at) => {
                let Let { set, absent: own, .. } = &self.program.lets[*at];
                let own = match (own, absent) {
                    (Ending::IfPresent, Ending::Kept | Ending::Left) if !LETS_FORGET => absent,
                    _ => *own,
                };
                self.denote(set, None, own)
            }
            Set::Partition(at) => {
                self.part(Thing::Pods, |pod| pod.namespace_labels.get(PARTITIONS[*at].1).is_some())
            }
            Set::With(inner, requirements) => {
                let mut parts = here(inner);
                for part in &mut parts {
                    for (at, member) in part.members.iter_mut().enumerate() {
                        let holds = |pod: &PodPoint| {
                            let labels = labels_of(pod);
                            requirements.iter().all(|requirement| requirement.holds(&labels))
                        };
                        *member &= self.pod(at).is_some_and(holds);
                    }
                }
                parts
            }
            Set::Union(sets) => sets.iter().flat_map(here).collect(),
            Set::Except(left, right) => {
                let out = union(&self.denote(right, block, Ending::Left));
                let mut parts = here(left);
                for part in &mut parts {
                    part.members.iter_mut().zip(&out).for_each(|(member, out)| *member &= !out);
                }
                parts
            }
            Set::In(left, right) => {
                let (left, right) = (here(left), here(right));
                let both = |a: &Part, b: &Part| Part {
                    thing: a.thing,
                    members: a.members.iter().zip(&b.members).map(|(a, b)| *a && *b).collect(),
                    later: a.later || b.later,
                };
                let pairs = left.iter().flat_map(|a| right.iter().map(move |b| (a, b)));
                let of_one_kind =
                    |(a, b): &(&Part, &Part)| (a.thing == Thing::Cache) == (b.thing == Thing::Cache);
                pairs.filter(of_one_kind).map(|(a, b)| both(a, b)).collect()
            }
        };
        let nothing = match set {
            Set::Namespaces(requirements) => !cluster.namespaces.iter().any(|(name, labels)| {
                let labels = cluster::with_name(name, labels);
                requirements.iter().all(|requirement| requirement.holds(&labels))
            }),
            Set::With(..) | Set::In(..) | Set::Thing(..) => self.is_empty(&parts),
            _ => false,
        };
        if absent == Ending::IfPresent && nothing { Vec::new() } else { parts }
    }

    /// What container ports of this name mean of a set: a number where all its pods agree.
    fn named(&self, part: &Part, name: &str, only: Option<Protocol>) -> Vec<Meant> {
        let pods: Vec<&PodPoint> =
            (0..self.today).filter(|at| part.members[*at]).filter_map(|at| self.pod(at)).collect();
        let number = |pod: &PodPoint, protocol| {
            let is = |port: &&weir_cluster::inventory::ContainerPort| {
                port.protocol == protocol && port.name.as_deref() == Some(name)
            };
            pod.ports.iter().find(is).map(|port| port.number)
        };
        let mut meant = Vec::new();
        for protocol in
            [Protocol::Tcp, Protocol::Udp].into_iter().filter(|p| only.is_none_or(|only| only == *p))
        {
            let numbers: Vec<Option<u16>> = pods.iter().map(|pod| number(pod, protocol)).collect();
            match numbers.iter().flatten().next() {
                None => {}
                Some(first) if numbers.iter().all(|number| *number == Some(*first)) => {
                    meant.push(Meant::Range(protocol, *first, *first));
                }
                Some(_) => meant.push(Meant::Named(protocol, name.to_owned())),
            }
        }
        meant
    }

    fn container(&self, part: &Part, port: &Port) -> Option<Vec<Meant>> {
        let meant = match port {
            Port::Number(first, last, protocol) => {
                let protocol = protocol.unwrap_or(Protocol::Tcp);
                let pods = (0..self.today).filter(|at| part.members[*at]).filter_map(|at| self.pod(at));
                let exposed = pods
                    .flat_map(|pod| &pod.ports)
                    .any(|port| port.protocol == protocol && (*first..=*last).contains(&port.number));
                exposed.then_some(Meant::Range(protocol, *first, *last)).into_iter().collect()
            }
            Port::Name(name) => self.named(part, name, None),
            Port::Any(_) => Vec::new(),
        };
        (!meant.is_empty()).then_some(meant)
    }

    fn service(&self, part: &Part, service: usize, port: &Port) -> Option<Vec<Meant>> {
        let mut meant = Vec::new();
        for front in &self.cluster.services[service].ports {
            let is_meant = match port {
                Port::Number(first, last, protocol) => {
                    (*first..=*last).contains(&front.number)
                        && front.protocol == protocol.unwrap_or(Protocol::Tcp)
                }
                Port::Name(name) => front.name.as_ref() == Some(name),
                Port::Any(_) => false,
            };
            match &front.target {
                _ if !is_meant => {}
                Target::Same => meant.push(Meant::Range(front.protocol, front.number, front.number)),
                Target::Number(number) => meant.push(Meant::Range(front.protocol, *number, *number)),
                Target::Name(name) => meant.extend(self.named(part, name, Some(front.protocol))),
            }
        }
        (!meant.is_empty()).then_some(meant)
    }

    /// What a port means of one part. `None`: it does not expose it. `Err`: it means two things.
    fn port(&self, part: &Part, port: &Port) -> Result<Option<Vec<Meant>>, ()> {
        let silent = !(0..self.today)
            .any(|at| part.members[at] && self.pod(at).is_some_and(|pod| !pod.ports.is_empty()));
        Ok(match part.thing {
            Thing::Pods | Thing::Workload(_) if silent && matches!(port, Port::Number(..)) => literal(port),
            Thing::Pods | Thing::Workload(_) => self.container(part, port),
            Thing::Service(at) => self.service(part, at, port),
            Thing::Both(_, at) => match (self.service(part, at, port), self.container(part, port)) {
                (Some(mut a), Some(mut b)) => {
                    a.sort();
                    b.sort();
                    if a != b {
                        return Err(());
                    }
                    Some(a)
                }
                (a, b) => a.or(b),
            },
            Thing::Dns => match self.cluster.dns_service() {
                Some(at) => self.service(part, at, port).or_else(|| self.container(part, port)),
                None => literal(port),
            },
            Thing::Cache => literal(port),
            Thing::Addresses => match port {
                Port::Name(name) if name == "http" => Some(vec![Meant::Range(Protocol::Tcp, 80, 80)]),
                port => literal(port),
            },
        })
    }

    /// Each part with its ports: the grant is the whole product, where any member exposes the port. `Err` is an
    /// error of the program.
    pub fn with_ports(
        &self,
        parts: Vec<Part>,
        ports: &[&Port],
        absent: Ending,
    ) -> Result<Vec<(Part, Vec<Meant>)>, ()> {
        let everything = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp].map(|p| Meant::Range(p, 1, u16::MAX));
        let mut all = Vec::new();
        for part in &parts {
            let mut meant = Vec::new();
            if ports.is_empty() {
                meant = everything.to_vec();
                if matches!(part.thing, Thing::Dns | Thing::Cache) {
                    let dns = |protocol| Port::Number(53, 53, Some(protocol));
                    let both = [dns(Protocol::Tcp), dns(Protocol::Udp)];
                    meant =
                        both.iter().flat_map(|port| self.port(part, port).ok().flatten()).flatten().collect();
                    if meant.is_empty() {
                        meant = both.iter().filter_map(literal).flatten().collect();
                    }
                }
            }
            for port in ports {
                match self.port(part, port)? {
                    Some(found) => meant.extend(found),
                    // What a service's port leads to is not known before it has it, nor an address's own name.
                    None if matches!(part.thing, Thing::Service(_) | Thing::Addresses) => return Err(()),
                    None if absent == Ending::EvenIfAbsent || self.exposed(&parts, port) => {
                        meant.extend(self.undeclared(&parts, port));
                    }
                    None => return Err(()),
                }
            }
            all.push((part.clone(), meant));
        }
        Ok(all)
    }

    /// A port of pods that do not declare it: as it is written; a name under the protocols of those that do.
    fn undeclared(&self, parts: &[Part], port: &Port) -> Vec<Meant> {
        let Port::Name(name) = port else { return literal(port).unwrap_or_default() };
        let found = parts.iter().filter_map(|part| self.port(part, port).ok().flatten()).flatten();
        let protocol = |meant: Meant| match meant {
            Meant::Range(protocol, ..) | Meant::Named(protocol, _) => protocol,
        };
        let mut protocols: Vec<Protocol> = found.map(protocol).collect();
        if protocols.is_empty() {
            protocols.push(Protocol::Tcp);
        }
        protocols.into_iter().map(|protocol| Meant::Named(protocol, name.clone())).collect()
    }

    fn exposed(&self, parts: &[Part], port: &Port) -> bool {
        parts.iter().any(|part| self.port(part, port).ok().flatten().is_some())
    }
}

fn literal(port: &Port) -> Option<Vec<Meant>> {
    match port {
        Port::Number(first, last, protocol) => {
            Some(vec![Meant::Range(protocol.unwrap_or(Protocol::Tcp), *first, *last)])
        }
        _ => None,
    }
}
