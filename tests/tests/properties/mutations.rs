//! What is written is damaged at random, and every damage has to be noticed: that changes some flow, or is no policy any
//! more. Whether it changes one is judged by evaluating both texts on a space that is cut for both, and not by the proof.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ipnet::IpNet;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Map, Value};
use weir::{Analysis, Facts, Inventory, Target};
use weir_cluster::enforce::{self, Dialect, Enforced, Policies, Switches};
use weir_cluster::flow::{AddressKind, Bits, FlowBox, Flows, Point, Space};

use super::{check, cluster, inventory, print, program, settle, show, sources, written};

/// One damage to the objects of a stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Damage {
    kind: &'static str,
    object: usize,
    /// The way into the object.
    path: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(String),
    Item(usize),
}

/// Lists of rules, by their keys.
const RULES: [&str; 4] = ["ingress", "egress", "ingressDeny", "egressDeny"];
/// Lists of peers that have more than one way to be said.
const PEERS: [&str; 7] =
    ["from", "to", "fromEndpoints", "toEndpoints", "toCIDRSet", "fromCIDRSet", "toEntities"];

/// Every damage that can be done to these objects.
fn damages(objects: &[Value]) -> Vec<Damage> {
    let mut found = Vec::new();
    for (object, value) in objects.iter().enumerate() {
        let mut add = |kind, path: &[Step]| found.push(Damage { kind, object, path: path.to_vec() });
        add("an object is deleted", &[]);
        let Some(spec) = value.get("spec") else { continue };
        let mut path = vec![Step::Key("spec".to_owned())];
        if spec.get("ingress").is_some() || spec.get("egress").is_some() {
            add("ingress and egress are swapped", &path);
        }
        walk(spec, &mut path, &mut add);
    }
    found
}

fn walk(value: &Value, path: &mut Vec<Step>, add: &mut impl FnMut(&'static str, &[Step])) {
    let key = path.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Item(_) => None,
    });
    let key = key.unwrap_or_default().to_owned();
    match value {
        Value::Object(entries) => {
            for (name, entry) in entries {
                path.push(Step::Key(name.clone()));
                match (key.as_str(), name.as_str()) {
                    ("matchLabels", _) => add("a label is dropped", path),
                    (_, "ports" | "toPorts" | "protocols") => add("ports are dropped", path),
                    (_, "except" | "notNets") => add("exceptions are dropped", path),
                    (_, "namespaceSelector" | "podSelector") if key != "spec" => {
                        add("a selector is dropped", path);
                    }
                    (_, "port" | "number" | "endPort") => add("a port is another", path),
                    (_, "action") => add("an action is another", path),
                    (_, "order" | "priority") => add("an order is another", path),
                    (_, "selector") => add("a term is dropped", path),
                    ("enableDefaultDeny", _) => add("a default is another", path),
                    _ => {}
                }
                walk(entry, path, add);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push(Step::Item(at));
                match key.as_str() {
                    list if RULES.contains(&list) => add("a rule is dropped", path),
                    list if PEERS.contains(&list) => add("a peer is dropped", path),
                    "matchExpressions" => add("a requirement is dropped", path),
                    "policyTypes" | "types" => add("a direction is dropped", path),
                    "values" => add("a value is dropped", path),
                    "ports" => add("a port is dropped", path),
                    _ => {}
                }
                if item.as_str().is_some_and(|text| text.parse::<IpNet>().is_ok()) {
                    add("a range is wider", path);
                }
                walk(item, path, add);
                path.pop();
            }
        }
        Value::String(text) if text.parse::<IpNet>().is_ok() => add("a range is wider", path),
        _ => {}
    }
}

/// The objects with a damage done.
fn damaged(objects: &[Value], damage: &Damage) -> Vec<Value> {
    let mut objects = objects.to_vec();
    if damage.path.is_empty() {
        objects.remove(damage.object);
        return objects;
    }
    let (last, way) = damage.path.split_last().expect("a way");
    let mut place = &mut objects[damage.object];
    for step in way {
        place = match step {
            Step::Key(key) => &mut place[key.as_str()],
            Step::Item(at) => &mut place[*at],
        };
    }
    let removes = damage.kind.ends_with("dropped") && damage.kind != "a term is dropped";
    match (last, place) {
        (Step::Key(key), Value::Object(entries)) if removes => _ = entries.remove(key),
        (Step::Item(at), Value::Array(items)) if removes => _ = items.remove(*at),
        (Step::Key(key), Value::Object(entries)) => change(damage.kind, &mut entries[key]),
        (Step::Item(at), Value::Array(items)) => change(damage.kind, &mut items[*at]),
        _ => unreachable!("the way leads somewhere"),
    }
    objects
}

fn change(kind: &str, value: &mut Value) {
    *value = match (kind, value.take()) {
        ("ingress and egress are swapped", Value::Object(spec)) => Value::Object(swapped(spec)),
        ("a range is wider", Value::String(text)) => {
            let net: IpNet = text.parse().expect("a range");
            let wider = net.supernet().unwrap_or(net);
            Value::String(wider.to_string())
        }
        (_, Value::String(text)) if kind == "a port is another" => match text.parse::<u16>() {
            Ok(number) => Value::String((number ^ 1).to_string()),
            Err(_) => Value::String("other".to_owned()),
        },
        ("a port is another", Value::Number(number)) => Value::from(number.as_u64().unwrap_or(1) ^ 1),
        ("an action is another", Value::String(text)) => Value::String(match text.as_str() {
            "Allow" | "Accept" => "Deny".to_owned(),
            "Deny" | "Pass" => "Allow".to_owned(),
            other => other.to_owned(),
        }),
        ("an order is another", Value::Number(_)) => Value::from(7),
        ("a default is another", Value::Bool(on)) => Value::Bool(!on),
        ("a term is dropped", Value::String(text)) => {
            let terms: Vec<&str> = text.split(" && ").collect();
            Value::String(terms[..terms.len() - 1].join(" && "))
        }
        (_, other) => other,
    };
}

/// What comes in as what goes out, and the other way round.
fn swapped(spec: Map<String, Value>) -> Map<String, Value> {
    let other = |key: &str| match key {
        "ingress" => "egress".to_owned(),
        "egress" => "ingress".to_owned(),
        "ingressDeny" => "egressDeny".to_owned(),
        "egressDeny" => "ingressDeny".to_owned(),
        key => key.to_owned(),
    };
    let turned = |rules: Value| match rules {
        Value::Array(rules) => Value::Array(
            rules
                .into_iter()
                .map(|rule| match rule {
                    Value::Object(entries) => Value::Object(
                        entries.into_iter().map(|(key, value)| (turned_key(&key), value)).collect(),
                    ),
                    other => other,
                })
                .collect(),
        ),
        other => other,
    };
    spec.into_iter()
        .map(|(key, value)| match RULES.contains(&key.as_str()) {
            true => (other(&key), turned(value)),
            false => (key, value),
        })
        .collect()
}

fn turned_key(key: &str) -> String {
    match (key, key.strip_prefix("from"), key.strip_prefix("to")) {
        ("toPorts", ..) => key.to_owned(),
        (_, Some(rest), _) => format!("to{rest}"),
        (_, _, Some(rest)) => format!("from{rest}"),
        _ => key.to_owned(),
    }
}

fn stream(objects: &[Value]) -> String {
    let texts: Vec<String> = objects.iter().map(|object| format!("{object}\n")).collect();
    texts.join("---\n")
}

/// Scalars that are text only because they are quoted, each laid bare by itself.
fn bared(yaml: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (start, _) in yaml.match_indices(": \"") {
        let from = start + 3;
        let Some(length) = yaml[from..].find('"') else { continue };
        let text = &yaml[from..from + length];
        let typed =
            text.parse::<f64>().is_ok() || ["yes", "no", "on", "off", "true", "false"].contains(&text);
        if typed {
            found.push(format!("{}{text}{}", &yaml[..from - 1], &yaml[from + length + 1..]));
        }
    }
    found
}

/// Whether two sets of policies let something else flow, on a space that is cut for both.
fn differ(dialect: Dialect, inventory: &Inventory, whole: &Policies, other: &Policies) -> bool {
    let mut boundaries = whole.boundaries();
    boundaries.join(other.boundaries());
    let mut newcomers = Space::newcomers(inventory);
    newcomers.extend(whole.probes(inventory));
    newcomers.extend(other.probes(inventory));
    let space = Space::of(inventory, newcomers, &boundaries.sorted()).expect("patterns are simple");
    let [before, after] = [whole, other].map(|policies| policies.enforce(&space, &Switches::default()));
    let asked = asked(dialect, &space);
    let left = |a: &Enforced, b: &Enforced| {
        let only = a.permitted.minus(&b.permitted).minus(&b.undefined).intersect(&asked);
        weir::spoken::first_between_two(&only, &space).is_some()
    };
    left(&before, &after) || left(&after, &before)
}

/// Flows that sentences speak of: of what nodes say by themselves, and of ports on which there is more to ask, others judge.
fn asked(_: Dialect, space: &Space) -> Flows {
    let is_asked = |(at, point): (u32, &Point)| match point {
        Point::Address(address) if address.kind != AddressKind::Outside => None,
        _ => Some(at),
    };
    let points: Bits = (0u32..).zip(&space.points).filter_map(is_asked).collect();
    let special = |at: usize| {
        let atom = space.ports.atom(at);
        (0..space.ports.len())
            .any(|other| space.ports.atom(other) == atom && space.ports.payload(other).is_some())
    };
    let ports: Bits = (0..space.ports.len()).filter(|at| !special(*at)).map(|at| at as u32).collect();
    Flows::from_boxes(space, &[FlowBox { sources: points.clone(), destinations: points, ports }])
}

fn dialect(target: Target) -> Dialect {
    match target {
        Target::NetworkPolicy => Dialect::NetworkPolicy,
        Target::Cilium => Dialect::Cilium,
        Target::Calico => Dialect::Calico,
        Target::ClusterNetworkPolicy => Dialect::ClusterNetworkPolicy,
    }
}

/// What became of the damages of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    unreadable: u32,
    caught: u32,
    idle: u32,
}

fn is_caught(analysis: &Analysis, facts: &Facts<'_>, text: &str) -> bool {
    analysis.verify(facts, &[("damaged.yaml", text)]).is_some_and(|proof| !proof.holds())
}

#[test]
fn every_damage_is_noticed() {
    let tallies: RefCell<BTreeMap<&'static str, Tally>> = RefCell::default();
    check(
        150,
        (cluster::cluster(), program::program(), prop::collection::vec(any::<u32>(), 4)),
        |(cluster, program, drawn)| {
            format!("{}\n{drawn:?}", show(cluster, &settle::settle(program, cluster)))
        },
        |(cluster, program, drawn)| {
            let program = settle::settle(program, cluster);
            let inventory = inventory(&print::manifests(cluster));
            let text = print::statements(&program, cluster).join("\n") + "\n";
            for target in Target::ALL {
                let facts = Facts::of(&inventory);
                let setting = weir::Setting::new(&facts, *target, weir_tests::TODAY);
                let analysis = weir::analyze(&sources(&[("main.weir", text.clone())]), &setting);
                let Some(documents) = analysis.build(&facts) else { continue };
                let yaml = written(&documents);
                let objects: Vec<Value> = (documents.iter())
                    .map(|document| serde_yaml::from_str(&document.text).expect("Weir writes YAML"))
                    .collect();
                let dialect = dialect(*target);
                let whole = enforce::read(dialect, "built.yaml", &yaml).expect("Weir writes policies");
                let damages = damages(&objects);
                let mut texts: Vec<(&'static str, String, String)> = drawn
                    .iter()
                    .filter(|_| !damages.is_empty())
                    .map(|drawn| {
                        let damage = &damages[*drawn as usize % damages.len()];
                        (damage.kind, format!("{damage:?}"), stream(&damaged(&objects, damage)))
                    })
                    .collect();
                let bare = bared(&yaml);
                if let Some(text) = bare.get(drawn[0] as usize % bare.len().max(1)) {
                    texts.push(("a scalar is laid bare", String::new(), text.clone()));
                }
                for (kind, told, damaged) in texts {
                    let mut tallies = tallies.borrow_mut();
                    let tally = tallies.entry(kind).or_default();
                    let caught = is_caught(&analysis, &facts, &damaged);
                    match enforce::read(dialect, "damaged.yaml", &damaged) {
                        Err(_) => {
                            prop_assert!(
                                caught,
                                "{}: {told} is no policy, and goes through\n{damaged}",
                                target.name()
                            );
                            tally.unreadable += 1;
                        }
                        Ok(_) if kind == "a scalar is laid bare" => {
                            return Err(TestCaseError::fail(format!(
                                "bare scalars are read as text\n{damaged}"
                            )));
                        }
                        Ok(other) if differ(dialect, &inventory, &whole, &other) => {
                            prop_assert!(
                                caught,
                                "{}: {told} changes flows, and goes through\n{yaml}\n{damaged}",
                                target.name()
                            );
                            tally.caught += 1;
                        }
                        Ok(_) => tally.idle += 1,
                    }
                }
            }
            Ok(())
        },
    );
    let tallies = tallies.borrow();
    let (mut done, mut caught) = (0, 0);
    for (kind, tally) in tallies.iter() {
        done += tally.unreadable + tally.caught;
        caught += tally.unreadable + tally.caught;
        println!(
            "{kind}: {} changed flows, {} were no policies, {} changed nothing",
            tally.caught, tally.unreadable, tally.idle
        );
    }
    println!("caught: {caught} of {done} ({} %)", 100 * caught / done.max(1));
    assert!(tallies.values().filter(|tally| tally.caught + tally.unreadable > 0).count() > 12, "{tallies:?}");
}
