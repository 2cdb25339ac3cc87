//! Policies of others beside a program: what Weir says of its promises is what the evaluator finds when it is handed the
//! objects of both.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use weir::{Code, Facts, Inventory, Target, spoken};
use weir_cluster::enforce::{self, Dialect, Policies, Switches};
use weir_cluster::flow::{Carrier, FlowBox, Flows, PodPoint, Point, PortRange, Space};

use super::cluster::{self, Cluster};
use super::{check, inventory, print, sources, written};

/// `namespace N`, or of these the pods with a label.
#[derive(Clone, Debug)]
struct Set {
    namespace: usize,
    app: Option<usize>,
}

/// From, to, and TCP ports.
#[derive(Clone, Debug)]
struct Reach(Set, Set, Option<(u16, u16)>);

#[derive(Clone, Debug)]
struct Drawn {
    /// Namespace, word, ways.
    postures: Vec<(usize, &'static str, &'static str)>,
    grants: Vec<Reach>,
    verb: &'static str,
    promise: Reach,
    /// The specs of policies, with the namespaces that they are in.
    foreign: Vec<(usize, String)>,
}

const MUST_NOT: &str = "must not reach";
const MUST: &str = "must reach";
const ONLY: &str = "only";
const MAY_ONLY: &str = "may only reach";

fn set() -> BoxedStrategy<Set> {
    (0..4usize, prop::option::of(0..2usize)).prop_map(|(namespace, app)| Set { namespace, app }).boxed()
}

fn reach() -> BoxedStrategy<Reach> {
    let ports = prop::option::of(prop_oneof![Just((80, 80)), Just((1, 9000)), Just((53, 5432))]);
    (set(), set(), ports).prop_map(|(from, to, ports)| Reach(from, to, ports)).boxed()
}

fn selector(keys: &'static [&'static str]) -> BoxedStrategy<String> {
    let key = (0..keys.len()).prop_map(move |key| keys[key]);
    let value = (0..2usize).prop_map(|value| cluster::VALUES[value]);
    (key, value, 0..6usize)
        .prop_map(|(key, value, how)| match how {
            0 | 1 => "{}".to_owned(),
            2 | 3 => format!("{{matchLabels: {{{key}: {value}}}}}"),
            4 => format!("{{matchExpressions: [{{key: {key}, operator: NotIn, values: [{value}]}}]}}"),
            _ => format!("{{matchExpressions: [{{key: {key}, operator: Exists}}]}}"),
        })
        .boxed()
}

fn rule(peers: &'static str) -> BoxedStrategy<String> {
    let pods = selector(&cluster::POD_KEYS[..1]);
    let namespaces = selector(&cluster::NAMESPACE_KEYS[..1]);
    let peer = (pods, namespaces, 0..6usize).prop_map(|(pods, namespaces, how)| match how {
        0 | 1 => format!("podSelector: {pods}"),
        2 => format!("namespaceSelector: {namespaces}"),
        3 | 4 => format!("podSelector: {pods}, namespaceSelector: {namespaces}"),
        _ => "ipBlock: {cidr: 0.0.0.0/0, except: [10.244.0.0/24]}".to_owned(),
    });
    let port = prop_oneof![
        Just("{port: 80}"),
        Just("{port: 53, endPort: 8080}"),
        Just("{port: http}"),
        Just("{protocol: UDP}")
    ];
    (prop::collection::vec(peer, 0..3), prop::collection::vec(port, 0..2))
        .prop_map(move |(all, ports)| {
            let all: Vec<String> = all.iter().map(|peer| format!("{{{peer}}}")).collect();
            format!("{{{peers}: [{}], ports: [{}]}}", all.join(", "), ports.join(", "))
        })
        .boxed()
}

fn foreign() -> BoxedStrategy<String> {
    let (ingress, egress) =
        (prop::collection::vec(rule("from"), 0..3), prop::collection::vec(rule("to"), 0..3));
    (selector(&cluster::POD_KEYS[..1]), ingress, egress, 0..4usize)
        .prop_map(|(pods, ingress, egress, types)| {
            let types = ["", "Ingress", "Egress", "Ingress, Egress"][types];
            format!(
                "{{podSelector: {pods}, policyTypes: [{types}], ingress: [{}], egress: [{}]}}",
                ingress.join(", "),
                egress.join(", ")
            )
        })
        .boxed()
}

fn drawn() -> BoxedStrategy<Drawn> {
    let word = prop_oneof![Just("locked"), Just("isolated")];
    let ways = prop_oneof![Just(""), Just(" for ingress"), Just(" for egress")];
    let verb = prop_oneof![3 => Just(MUST_NOT), 3 => Just(MUST), 2 => Just(ONLY), 1 => Just(MAY_ONLY)];
    let postures = prop::collection::vec((0..4usize, word, ways), 0..4);
    let foreign = prop::collection::vec((0..4usize, foreign()), 1..4);
    (postures, prop::collection::vec(reach(), 0..4), verb, reach(), foreign)
        .prop_map(|(postures, grants, verb, promise, foreign)| Drawn {
            postures,
            grants,
            verb,
            promise,
            foreign,
        })
        .boxed()
}

impl Set {
    fn text(&self, cluster: &Cluster) -> String {
        let (name, _) = &cluster.namespaces[self.namespace % cluster.namespaces.len()];
        let app = self.app.map(|app| format!("[app={}]", cluster::VALUES[app])).unwrap_or_default();
        format!("namespace {}{app}", print::name(name, true))
    }

    fn holds(&self, cluster: &Cluster, pod: &PodPoint) -> bool {
        let (name, _) = &cluster.namespaces[self.namespace % cluster.namespaces.len()];
        let app = pod.labels.get("app").map(|value| value.as_ref());
        pod.namespace.as_ref() == name && self.app.is_none_or(|own| app == Some(cluster::VALUES[own]))
    }

    fn points(&self, cluster: &Cluster, space: &Space) -> weir_cluster::flow::Bits {
        let holds = |point: &Point| matches!(point, Point::Pod(pod) if self.holds(cluster, pod));
        (0u32..).zip(&space.points).filter(|(_, point)| holds(point)).map(|(at, _)| at).collect()
    }
}

impl Reach {
    fn text(&self, verb: &str, cluster: &Cluster) -> String {
        let Reach(from, to, ports) = self;
        let (before, verb) = if verb == ONLY { ("only ", "may reach") } else { ("", verb) };
        let ports = match ports {
            None => String::new(),
            Some((first, last)) if first == last => format!(" on {first}"),
            Some((first, last)) => format!(" on {first}-{last}"),
        };
        let (from, to) = (from.text(cluster), to.text(cluster));
        format!("{before}{from} {verb} {to}{ports} even if absent;")
    }

    fn flows(&self, cluster: &Cluster, space: &Space) -> FlowBox {
        let Reach(from, to, ports) = self;
        let range =
            |(first, last): (u16, u16)| space.ports.of(PortRange { protocol: Carrier::Tcp, first, last });
        FlowBox {
            sources: from.points(cluster, space),
            destinations: to.points(cluster, space),
            ports: ports.map_or_else(|| space.ports.all(), range),
        }
    }
}

impl Drawn {
    fn program(&self, cluster: &Cluster) -> String {
        let mut text = String::new();
        for (namespace, word, ways) in &self.postures {
            let (name, _) = &cluster.namespaces[namespace % cluster.namespaces.len()];
            text += &format!("namespace {} {word}{ways};\n", print::name(name, true));
        }
        for grant in &self.grants {
            text += &format!("{}\n", grant.text("may reach", cluster));
        }
        text + &self.promise.text(self.verb, cluster) + "\n"
    }

    fn policies(&self, cluster: &Cluster) -> Vec<String> {
        let policies = self.foreign.iter().enumerate().map(|(number, (namespace, spec))| {
            let (name, _) = &cluster.namespaces[namespace % cluster.namespaces.len()];
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p{number}, \
                 namespace: \"{name}\"}}\nspec: {spec}\n"
            )
        });
        policies.collect()
    }

    /// What the promise forbids, or demands.
    fn promised(&self, cluster: &Cluster, space: &Space) -> Flows {
        let own = self.promise.flows(cluster, space);
        let everyone: weir_cluster::flow::Bits = (0..space.points.len() as u32).collect();
        match self.verb {
            ONLY => Flows::from_boxes(space, &[FlowBox { sources: everyone - &own.sources, ..own }]),
            MAY_ONLY => {
                let (sources, ports) = (own.sources.clone(), space.ports.all());
                let all = FlowBox { sources, destinations: everyone, ports };
                Flows::from_boxes(space, &[all]).minus(&Flows::from_boxes(space, &[own]))
            }
            _ => Flows::from_boxes(space, &[own]),
        }
    }
}

/// Pods that satisfy whatever the drawn selectors ask for.
fn imaginable(cluster: &Cluster) -> Vec<PodPoint> {
    let mut homes = cluster.namespaces.clone();
    for value in [None, Some("web"), Some("api"), Some("any")] {
        let labels = value.map(|value| ("team".to_owned(), value.to_owned()));
        homes.push(("weir-newcomer".to_owned(), labels.into_iter().collect()));
    }
    let mut pods = Vec::new();
    for (name, labels) in &homes {
        for value in [None, Some("web"), Some("api"), Some("any")] {
            let own = value.map(|value| ("app".to_owned(), value.to_owned()));
            pods.push(cluster::pod(name, labels, &own.into_iter().collect(), &[]));
        }
    }
    pods
}

/// What Weir's objects let pass alone; and what they do with those of others: surely, and in some network plugin.
struct Passing {
    own: Flows,
    surely: Flows,
    possibly: Flows,
}

fn passing(own: &Policies, all: &Policies, space: &Space) -> Result<Passing, TestCaseError> {
    let alone = own.enforce(space, &Switches::default());
    prop_assert!(alone.undefined.is_empty(), "Weir's own objects leave something open");
    let both = all.enforce(space, &Switches::default());
    let possibly = both.permitted.union(&both.undefined);
    Ok(Passing { own: alone.permitted, surely: both.permitted, possibly })
}

fn space(inventory: &Inventory, newcomers: Vec<PodPoint>, policies: &Policies) -> Space {
    let mut boundaries = policies.boundaries();
    let cuts = [(80, 80), (1, 9000), (53, 5432)];
    boundaries.ports.extend(cuts.map(|(first, last)| PortRange { protocol: Carrier::Tcp, first, last }));
    Space::of(inventory, newcomers, &boundaries).expect("no payloads")
}

fn said(inventory: &Inventory, text: &str) -> (Vec<Code>, Option<String>, String) {
    let facts = Facts::of(inventory);
    let sources = sources(&[("main.weir", text.to_owned())]);
    let analysis =
        weir::analyze(&sources, &weir::Setting::new(&facts, Target::NetworkPolicy, weir_tests::TODAY));
    let codes = analysis.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    let yaml = analysis.build(&facts).map(|documents| written(&documents));
    (codes, yaml, weir::diagnostic::render::render(&sources, &analysis.diagnostics, false))
}

/// Without what nothing may close: a pod to itself.
fn exists(flows: &Flows, space: &Space) -> bool {
    spoken::first_between_two(flows, space).is_some()
}

#[test]
fn what_others_wrote_is_judged_as_it_is_enforced() {
    let counts: RefCell<BTreeMap<&'static str, u32>> = RefCell::default();
    let count = |what| *counts.borrow_mut().entry(what).or_default() += 1;
    check(
        300,
        (cluster::cluster(), drawn()),
        |(cluster, drawn)| {
            format!(
                "--- manifests\n{}\n--- program\n{}",
                [print::manifests(cluster), drawn.policies(cluster)].concat().join("---\n"),
                drawn.program(cluster)
            )
        },
        |(cluster, drawn)| {
            // Whether policies govern pods on the host network is left open.
            let mut cluster = cluster.clone();
            cluster.workloads.retain(|workload| !workload.host_network);
            let (cluster, text) = (&cluster, drawn.program(&cluster));
            let manifests = print::manifests(cluster);
            let plain = inventory(&manifests);
            let (codes, Some(own), _) = said(&plain, &text) else {
                count("errors of its own");
                return Ok(());
            };
            prop_assert!(!codes.iter().any(|code| of_others(*code)), "nobody else wrote anything");
            let others = drawn.policies(cluster);
            let beside = inventory(&[manifests, others.clone()].concat());
            let (codes, _, rendered) = said(&beside, &text);
            let own = enforce::read(Dialect::NetworkPolicy, "own", &own).expect("Weir's output is valid");
            let mut all = own.clone();
            let read = enforce::read(Dialect::NetworkPolicy, "others", &others.join("---\n"));
            all.extend(read.expect("what is drawn is valid")).expect("names differ");

            let near = space(&beside, Space::newcomers(&beside), &all);
            let mut newcomers = Space::newcomers(&beside);
            newcomers.extend(imaginable(cluster));
            let far = space(&beside, newcomers, &all);
            let (today, ever) = (passing(&own, &all, &near)?, passing(&own, &all, &far)?);

            let opened = codes.contains(&Code::E0509);
            let closed = codes.contains(&Code::E0510);
            let broken = |passing: &Passing, space: &Space| {
                let promised = drawn.promised(cluster, space);
                exists(
                    &match drawn.verb {
                        MUST => promised.intersect(&passing.own).minus(&passing.surely),
                        _ => promised.intersect(&passing.possibly).minus(&passing.own),
                    },
                    space,
                )
            };
            let told = if drawn.verb == MUST { closed } else { opened };
            prop_assert!(told || !broken(&today, &near), "a broken promise is not told\n{rendered}");
            prop_assert!(!told || broken(&ever, &far), "a kept promise is told as broken\n{rendered}");
            prop_assert!(!(if drawn.verb == MUST { opened } else { closed }), "{rendered}");

            let widened = exists(&today.possibly.minus(&today.own), &near);
            let quiet = !opened && !codes.contains(&Code::W0129);
            prop_assert!(!(quiet && widened), "others open something, and nothing is said\n{rendered}");

            // Lints of a sentence are not told beside its errors.
            let mut granted: Vec<FlowBox> =
                drawn.grants.iter().map(|grant| grant.flows(cluster, &near)).collect();
            if matches!(drawn.verb, ONLY | MAY_ONLY) {
                granted.push(drawn.promise.flows(cluster, &near));
            }
            for (namespace, word, _) in &drawn.postures {
                let set = Set { namespace: *namespace, app: None };
                if *word == "isolated" {
                    granted.push(Reach(set.clone(), set, None).flows(cluster, &near));
                }
            }
            let is_real = |point: &Point| !matches!(point, Point::Pod(pod) if pod.class.is_none());
            let real: weir_cluster::flow::Bits =
                (0u32..).zip(&near.points).filter(|(_, point)| is_real(point)).map(|(at, _)| at).collect();
            for flows in &mut granted {
                flows.sources &= &real;
                flows.destinations &= &real;
            }
            let stopped = Flows::from_boxes(&near, &granted).intersect(&today.own).minus(&today.surely);
            prop_assert!(
                opened || codes.contains(&Code::W0130) == exists(&stopped, &near),
                "what is granted and closed by others is told\n{rendered}"
            );
            for (what, is) in [("opened", opened), ("closed", closed), ("quiet", quiet), ("widened", widened)]
            {
                if is {
                    count(what);
                }
            }
            Ok(())
        },
    );
    println!("{:?}", counts.borrow());
    for what in ["opened", "closed", "quiet", "widened"] {
        assert!(counts.borrow().get(what).is_some_and(|count| *count > 5), "{what}: {counts:?}");
    }
}

fn of_others(code: Code) -> bool {
    matches!(code, Code::E0509 | Code::E0510 | Code::W0129 | Code::W0130)
}
