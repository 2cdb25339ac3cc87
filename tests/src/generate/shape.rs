//! What there is in a made-up cluster: namespaces of very different sizes, their workloads and services. Plain data;
//! how it is written is for `manifests` and `program`.

use std::ops::Range;

use super::random::{Random, shares};

/// How much there is to be.
#[derive(Clone, Debug)]
pub struct Size {
    /// Beside `kube-system`.
    pub namespaces: usize,
    pub workloads: usize,
    pub pods: usize,
    pub sentences: usize,
    /// Over how many files they are spread.
    pub files: usize,
    /// How many of the sentences about labels are about the pods of every namespace. NetworkPolicy needs an object
    /// in each guarded namespace for one, so a thousand of them are another benchmark.
    pub everywhere: usize,
    pub seed: u64,
}

impl Size {
    /// What the generator cannot make.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.namespaces < 4 {
            return Err("at least 4 namespaces");
        }
        if self.workloads < LEAST_WORKLOADS * self.namespaces {
            return Err("at least 2 workloads a namespace");
        }
        if self.pods < self.workloads {
            return Err("at least one pod a workload");
        }
        if !(1..=self.sentences.max(1)).contains(&self.files) {
            return Err("at least one file, and a sentence in each");
        }
        if self.pods.div_ceil(PODS_A_NODE) > MOST_NODES {
            return Err("at most 2,000,000 pods");
        }
        Ok(())
    }
}

const LEAST_WORKLOADS: usize = 2;
pub(super) const PODS_A_NODE: usize = 50;
/// Each has a /24 of 10.64.0.0 and up.
const MOST_NODES: usize = 40_000;

pub(super) struct Cluster {
    pub namespaces: Vec<Namespace>,
    /// Those of a namespace stand together.
    pub workloads: Vec<Workload>,
    pub nodes: usize,
}

pub(super) struct Namespace {
    pub name: String,
    pub team: String,
    pub role: Role,
    /// Of the cluster's workloads.
    pub workloads: Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Application,
    /// Its services are for everyone.
    Shared,
    /// Its pods run on the host network: no sentence names them.
    Agents,
}

pub(super) struct Workload {
    pub namespace: usize,
    pub name: String,
    pub kind: Kind,
    pub tier: &'static Tier,
    pub pods: usize,
    /// The container port; none for jobs.
    pub port: Option<Port>,
    /// Exposes `metrics` as well.
    pub scraped: bool,
    /// Some of its pods are of a newer version.
    pub canary: bool,
    pub service: Option<Service>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Deployment,
    StatefulSet,
    DaemonSet,
    CronJob,
}

/// What a workload is for, with the port that it usually has.
pub(super) struct Tier {
    pub name: &'static str,
    pub port: u16,
    pub port_name: &'static str,
    pub service_port: u16,
    pub protocol: &'static str,
    /// In a hundred.
    share: usize,
}

pub(super) struct Port {
    pub number: u16,
    /// Of a tenth or so of the workloads. Newer versions have another number under the same name.
    pub name: Option<&'static str>,
}

pub(super) struct Service {
    pub port: u16,
    pub headless: bool,
}

/// The port `metrics`.
pub(super) const METRICS: u16 = 9090;

pub(super) const TIERS: &[Tier] = &[
    tier("web", 8080, "http", 80, "TCP", 20),
    tier("api", 8443, "grpc", 443, "TCP", 30),
    tier("worker", 7000, "work", 7100, "TCP", 20),
    tier("cache", 6379, "redis", 6400, "TCP", 8),
    tier("store", 5432, "postgres", 5500, "TCP", 8),
    tier("queue", 5672, "amqp", 5700, "TCP", 5),
    tier("stats", 8125, "statsd", 8200, "UDP", 9),
];

const fn tier(
    name: &'static str,
    port: u16,
    port_name: &'static str,
    service_port: u16,
    protocol: &'static str,
    share: usize,
) -> Tier {
    Tier { name, port, port_name, service_port, protocol, share }
}

const TEAMS: &[&str] = &["payments", "orders", "search", "catalog", "media", "growth", "risk", "supply"];
const NOUNS: &[&str] =
    &["invoice", "basket", "ledger", "profile", "offer", "review", "shipment", "stock", "session", "report"];

impl Cluster {
    pub fn of(size: &Size) -> Cluster {
        let random = &mut Random::new(size.seed, 1);
        let mut namespaces = namespaces(size, random);
        let mut pods = shares(size.pods, size.workloads, 1);
        random.shuffle(&mut pods);
        let mut workloads = Vec::with_capacity(size.workloads);
        for (home, namespace) in namespaces.iter_mut().enumerate() {
            for at in namespace.workloads.clone() {
                let number = at - namespace.workloads.start;
                workloads.push(workload(home, namespace.role, number, pods[at], random));
            }
        }
        Cluster { namespaces, workloads, nodes: size.pods.div_ceil(PODS_A_NODE) }
    }

    pub fn home(&self, workload: &Workload) -> &Namespace {
        &self.namespaces[workload.namespace]
    }

    pub fn on_host_network(&self, workload: &Workload) -> bool {
        self.home(workload).role == Role::Agents
    }
}

impl Workload {
    /// How many of its pods are of the newer version: they come last.
    pub fn canaries(&self) -> usize {
        if self.canary { (self.pods / 10).max(1).min(self.pods - 1) } else { 0 }
    }
}

fn namespaces(size: &Size, random: &mut Random) -> Vec<Namespace> {
    let mut sizes = shares(size.workloads, size.namespaces, LEAST_WORKLOADS);
    let mut roles = vec![Role::Application; size.namespaces];
    // Two in a hundred workloads are agents: whole namespaces, the largest that fit.
    let mut agents = size.workloads / 50;
    for (role, workloads) in roles.iter_mut().zip(&sizes) {
        if *workloads <= agents {
            *role = Role::Agents;
            agents -= workloads;
        }
    }
    // Shared services live in namespaces of moderate size.
    let applications = roles.iter_mut().filter(|role| **role == Role::Application);
    let shared = (size.namespaces / 100).max(1);
    applications.skip(size.namespaces / 8).take(shared).for_each(|role| *role = Role::Shared);

    let mut order: Vec<usize> = (0..size.namespaces).collect();
    random.shuffle(&mut order);
    let teams = (size.namespaces / 25).max(2);
    let mut start = 0;
    let namespace = |(number, rank): (usize, usize)| {
        let workloads = start..start + std::mem::take(&mut sizes[rank]);
        start = workloads.end;
        let team = random.below(teams);
        let word = TEAMS[team % TEAMS.len()];
        let role = roles[rank];
        let name = match role {
            Role::Application => format!("{word}-{}-{number}", random.pick(NOUNS)),
            Role::Shared => format!("platform-{number}"),
            Role::Agents => format!("node-agents-{number}"),
        };
        Namespace { name, team: format!("{word}-{team}"), role, workloads }
    };
    order.into_iter().enumerate().map(namespace).collect()
}

fn workload(namespace: usize, role: Role, number: usize, pods: usize, random: &mut Random) -> Workload {
    let tier = drawn_tier(random);
    let kind = match (role, random.below(100)) {
        (Role::Agents, _) => Kind::DaemonSet,
        // The first of every namespace has a port, and so has whatever is shared.
        (Role::Application, 0..5) if number > 0 => Kind::CronJob,
        (Role::Application, 5..10) => Kind::DaemonSet,
        (Role::Application, 10..20) => Kind::StatefulSet,
        _ => Kind::Deployment,
    };
    let job = kind == Kind::CronJob;
    let named = random.percent(15);
    let port = Port { number: tier.port + random.below(5) as u16, name: named.then_some(tier.port_name) };
    let headless = kind == Kind::StatefulSet;
    // Half of the services have the port of their pods; a headless one always has.
    let service_port = if headless || random.percent(50) { port.number } else { tier.service_port };
    let serves = !job && role != Role::Agents && (role == Role::Shared || random.percent(80));
    Workload {
        namespace,
        name: format!("{}-{}-{number}", random.pick(NOUNS), tier.name),
        kind,
        tier,
        pods,
        port: (!job).then_some(port),
        scraped: !job && random.percent(30),
        canary: !job && pods > 1 && random.percent(3),
        service: serves.then_some(Service { port: service_port, headless }),
    }
}

fn drawn_tier(random: &mut Random) -> &'static Tier {
    let mut left = random.below(100);
    for tier in TIERS {
        if left < tier.share {
            return tier;
        }
        left -= tier.share;
    }
    &TIERS[0]
}
