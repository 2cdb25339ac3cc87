//! Clusters as manifests and programs as text, each as a person would write them.

use std::fmt::Write;

use weir_cluster::inventory::Protocol;

use super::cluster::{Cluster, Kind, Map, Requirement, Target, Test, WORKLOADS, Workload};
use super::oracle::Thing;
use super::program::*;

/// Words that are names only in quotes.
const RESERVED: [&str; 12] =
    ["open", "locked", "isolated", "each", "in", "on", "pod", "job", "dns", "nodes", "internet", "pods"];

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn map(labels: &Map) -> String {
    let pairs: Vec<String> =
        labels.iter().map(|(key, value)| format!("{}: {}", json(key), json(value))).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

/// One YAML document an object.
pub fn manifests(cluster: &Cluster) -> Vec<String> {
    let mut documents = Vec::new();
    for (at, (name, labels)) in cluster.namespaces.iter().enumerate() {
        // A namespace that other objects mention is there, too.
        if labels.is_empty() && cluster.workloads.iter().any(|workload| workload.namespace == at) {
            continue;
        }
        documents.push(format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {}, labels: {}}}\n",
            json(name),
            map(labels)
        ));
    }
    for workload in &cluster.workloads {
        documents.extend(self::workload(cluster, workload));
    }
    for service in &cluster.services {
        let mut text = format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {}, namespace: {}}}\nspec:\n  selector: {}\n",
            json(&service.name),
            json(&cluster.namespaces[service.namespace].0),
            map(&service.selector)
        );
        if let Some(address) = &service.address {
            let _ = writeln!(text, "  clusterIP: {address}");
        }
        text += "  ports:\n";
        for port in &service.ports {
            let _ = write!(text, "  - {{port: {}, protocol: {}", port.number, protocol(port.protocol));
            if let Some(name) = &port.name {
                let _ = write!(text, ", name: {}", json(name));
            }
            let _ = match &port.target {
                Target::Same => writeln!(text, "}}"),
                Target::Number(number) => writeln!(text, ", targetPort: {number}}}"),
                Target::Name(name) => writeln!(text, ", targetPort: {}}}", json(name)),
            };
        }
        documents.push(text);
    }
    for (at, address) in cluster.node_addresses().iter().enumerate() {
        documents.push(format!(
            "apiVersion: v1\nkind: Node\nmetadata: {{name: node-{at}}}\nspec: {{podCIDR: 10.244.{at}.0/24, podCIDRs: [10.244.{at}.0/24, \"fd00:10:244:{at}::/64\"]}}\nstatus: {{addresses: [{{type: InternalIP, address: {address}}}]}}\n"
        ));
    }
    documents
}

fn template(workload: &Workload, labels: &Map, indent: &str) -> String {
    let mut text = format!("{indent}metadata: {{labels: {}}}\n{indent}spec:\n", map(labels));
    text += &spec(workload, &format!("{indent}  "));
    text
}

fn spec(workload: &Workload, indent: &str) -> String {
    let mut text = String::new();
    if workload.host_network {
        let _ = writeln!(text, "{indent}hostNetwork: true");
    }
    let _ = writeln!(text, "{indent}containers:\n{indent}- name: main\n{indent}  image: x");
    if !workload.arguments.is_empty() {
        let _ = writeln!(text, "{indent}  args: [{}]", workload.arguments.join(", "));
    }
    if !workload.ports.is_empty() {
        let _ = writeln!(text, "{indent}  ports:");
    }
    for port in &workload.ports {
        let name = port.name.as_ref().map(|name| format!(", name: {}", json(name))).unwrap_or_default();
        let _ = writeln!(
            text,
            "{indent}  - {{containerPort: {}, protocol: {}{name}}}",
            port.number,
            protocol(port.protocol)
        );
    }
    text
}

fn workload(cluster: &Cluster, workload: &Workload) -> Vec<String> {
    let namespace = json(&cluster.namespaces[workload.namespace].0);
    let name = json(&workload.name);
    let head = |version: &str, kind: &str, name: &str, rest: &str| {
        format!(
            "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}{rest}}}\n"
        )
    };
    let owner = |kind: &str, name: &str| {
        format!(
            ", ownerReferences: [{{apiVersion: apps/v1, kind: {kind}, name: {name}, uid: x, controller: true}}]"
        )
    };
    let selector: Vec<String> = workload
        .selector
        .iter()
        .map(|requirement| {
            let (operator, values) = match &requirement.test {
                Test::In(values) => ("In", Some(values)),
                Test::NotIn(values) => ("NotIn", Some(values)),
                Test::Exists => ("Exists", None),
                Test::Absent => ("DoesNotExist", None),
            };
            let values =
                values.map(|values| values.iter().map(|value| json(value)).collect::<Vec<_>>().join(", "));
            let values = values.map(|values| format!(", values: [{values}]")).unwrap_or_default();
            format!("{{key: {}, operator: {operator}{values}}}", json(&requirement.key))
        })
        .collect();
    let controller = |kind: &str| {
        let mut text = head("apps/v1", kind, &name, "");
        let _ =
            writeln!(text, "spec:\n  selector: {{matchExpressions: [{}]}}\n  template:", selector.join(", "));
        text + &template(workload, &workload.labels, "    ")
    };
    let mut documents = Vec::new();
    match workload.kind {
        Kind::Deployment => documents.push(controller("Deployment")),
        Kind::StatefulSet => documents.push(controller("StatefulSet")),
        Kind::DaemonSet => documents.push(controller("DaemonSet")),
        Kind::CronJob => {
            let text = head("batch/v1", "CronJob", &name, "");
            let text = text + "spec:\n  schedule: '0 0 * * *'\n  jobTemplate:\n    spec:\n      template:\n";
            documents.push(text + &template(workload, &workload.labels, "        "));
        }
        Kind::Pod => {}
    }
    for (at, (address, extra)) in workload.pods.iter().enumerate() {
        let mut labels = workload.labels.clone();
        labels.extend(extra.clone());
        let set = json(&format!("{}-{}", workload.name, if extra.is_empty() { "5d4f" } else { "6e5a" }));
        let (volatile, owned) = match workload.kind {
            Kind::Deployment => {
                let owned = owner("Deployment", &name);
                let mut text = head("apps/v1", "ReplicaSet", &set, &owned);
                let _ = writeln!(
                    text,
                    "spec:\n  replicas: 1\n  selector: {{matchLabels: {}}}\n  template:",
                    map(&labels)
                );
                text += &template(workload, &labels, "    ");
                if !documents.contains(&text) {
                    documents.push(text);
                }
                ("pod-template-hash", owner("ReplicaSet", &set))
            }
            Kind::StatefulSet => ("statefulset.kubernetes.io/pod-name", owner("StatefulSet", &name)),
            _ => ("controller-revision-hash", owner("DaemonSet", &name)),
        };
        let bare = workload.kind == Kind::Pod;
        let pod = if bare { name.clone() } else { json(&format!("{}-x{at}", workload.name)) };
        if !bare {
            labels.insert(volatile.to_owned(), format!("v{at}"));
        }
        let rest = format!(", labels: {}{}", map(&labels), if bare { String::new() } else { owned });
        let text = head("v1", "Pod", &pod, &rest) + "spec:\n" + &spec(workload, "  ");
        documents.push(format!(
            "{text}status: {{phase: Running, podIP: {address}, podIPs: [{{ip: {address}}}]}}\n"
        ));
    }
    documents
}

/// A program's text: one statement an entry, so that they can be shuffled.
pub fn statements(program: &Program, cluster: &Cluster) -> Vec<String> {
    let mut all = lets(program, cluster);
    all.extend(program.sentences.iter().map(|sentence| statement(program, cluster, sentence)));
    all
}

/// The statements that give names.
pub fn lets(program: &Program, cluster: &Cluster) -> Vec<String> {
    let top = Printer { program, cluster, block: &Block::Top };
    let lets = program.lets.iter().map(|one| {
        let Let { name, set, absent } = one;
        format!("let {name} = {}{};", top.set(set), ending(*absent))
    });
    let partitions =
        PARTITIONS.iter().map(|(word, key)| format!("let {word} = namespaces by {};", name(key, true)));
    lets.chain(partitions).collect()
}

pub fn statement(program: &Program, cluster: &Cluster, sentence: &Sentence) -> String {
    let text = Printer { program, cluster, block: &sentence.block }.sentence(sentence);
    in_block(program, cluster, &sentence.block, &text)
}

/// A statement where it stands.
pub fn in_block(program: &Program, cluster: &Cluster, block: &Block, statement: &str) -> String {
    let printer = Printer { program, cluster, block };
    match block {
        Block::Top => statement.to_owned(),
        Block::Namespace(at) => {
            format!("in namespace {} {{\n    {statement}\n}}", printer.namespace(*at, true))
        }
        Block::Each(group) => format!("in each {} {{\n    {statement}\n}}", printer.group(group)),
    }
}

/// What a policy is applied to.
#[derive(Clone, Debug)]
pub enum Argument {
    Set(Set),
    Port(Port),
}

/// An argument where the policy is applied; a union has parentheses.
pub fn argument(program: &Program, cluster: &Cluster, block: &Block, argument: &Argument) -> String {
    let printer = Printer { program, cluster, block };
    match argument {
        Argument::Set(set @ Set::Union(_)) => printer.operand(set),
        Argument::Set(set) => printer.set(set),
        Argument::Port(one) => port(one, false),
    }
}

fn ending(absent: Ending) -> &'static str {
    ["", " if present", " even if absent"][absent as usize]
}

struct Printer<'a> {
    program: &'a Program,
    cluster: &'a Cluster,
    block: &'a Block,
}

pub fn name(text: &str, any_word: bool) -> String {
    let bare = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && (any_word || !RESERVED.contains(&text));
    if bare { text.to_owned() } else { format!("\"{text}\"") }
}

impl Printer<'_> {
    fn sentence(&self, sentence: &Sentence) -> String {
        let mut text = match &sentence.kind {
            SentenceKind::Posture { each, subject, word, way } => {
                let subject = if *each { format!("each {}", self.group(subject)) } else { self.set(subject) };
                let word = ["isolated", "locked", "open"][*word as usize];
                let way = ["", " for ingress", " for egress"][*way as usize];
                format!("{subject} {word}{way}")
            }
            SentenceKind::Grant(grant) => {
                let objects = grant.to.iter().map(|(set, port)| match port {
                    Some(port) => format!("{}:{}", self.operand(set), self::port(port, true)),
                    None => self.operand(set),
                });
                let objects = objects.collect::<Vec<_>>().join(", ");
                let (only, verb) = match grant.verb {
                    Verb::May => ("", "may reach"),
                    Verb::OnlyMay => ("only ", "may reach"),
                    Verb::MayOnly => ("", "may only reach"),
                    Verb::MustNot => ("", "must not reach"),
                    Verb::Must => ("", "must reach"),
                };
                let mut text = format!("{only}{} {verb} {objects}", self.set(&grant.from));
                if !grant.on.is_empty() {
                    let ports: Vec<String> = grant.on.iter().map(|one| port(one, false)).collect();
                    let _ = write!(text, " on {}", ports.join(", "));
                }
                text
            }
        };
        text += ending(sentence.absent);
        if let Some(day) = sentence.until {
            let _ = write!(text, " until {}", DAYS[day].0);
        }
        if let Some(reason) = sentence.because {
            let _ = write!(text, " because \"{}\"", REASONS[reason]);
        }
        text + ";"
    }

    /// What stands behind `each`.
    fn group(&self, set: &Set) -> String {
        if *set == Set::Anyone { "namespace".to_owned() } else { self.set(set) }
    }

    fn set(&self, set: &Set) -> String {
        match set {
            Set::Union(sets) => sets.iter().map(|set| self.operand(set)).collect::<Vec<_>>().join(", "),
            Set::Except(left, right) => format!("{} except {}", self.operand(left), self.operand(right)),
            Set::In(left, right) => format!("{} in {}", self.operand(left), self.operand(right)),
            other => self.operand(other),
        }
    }

    fn operand(&self, set: &Set) -> String {
        match set {
            Set::Union(_) | Set::Except(..) | Set::In(..) => format!("({})", self.set(set)),
            Set::With(inner, requirements) => format!("{}{}", self.operand(inner), filter(requirements)),
            Set::Thing(at, way) => self.thing(*at, *way),
            Set::Near(at, how) => {
                let kind = ["", "workload ", "service "][*how as usize];
                format!("{kind}{}", name(WORKLOADS[*at], *how != Near::Bare))
            }
            Set::Ghost(at) => format!("{}/ghost", self.namespace(*at, false)),
            Set::Namespace(at) => format!("namespace {}", self.namespace(*at, true)),
            Set::Later => format!("namespace {LATER}"),
            Set::Pattern(at) => PATTERNS[*at].to_owned(),
            Set::Namespaces(requirements) => format!("namespaces{}", filter(requirements)),
            Set::Anyone => "anyone".to_owned(),
            Set::Pods => "pods".to_owned(),
            Set::Dns => "dns".to_owned(),
            Set::Nodes => "nodes".to_owned(),
            Set::Internet => "internet".to_owned(),
            Set::Anywhere => "anywhere".to_owned(),
            Set::Range(at) => RANGES[*at].to_owned(),
            Set::Let(at) => self.program.lets[*at].name.to_owned(),
            Set::Partition(at) => PARTITIONS[*at].0.to_owned(),
            Set::Param(name) => name.clone(),
        }
    }

    fn namespace(&self, at: usize, any_word: bool) -> String {
        name(&self.cluster.namespaces[at % self.cluster.namespaces.len()].0, any_word)
    }

    fn thing(&self, at: usize, way: usize) -> String {
        let cluster = self.cluster;
        let things = cluster.things();
        let thing = things[at % things.len()];
        let (home, own) = match thing {
            Thing::Workload(at) | Thing::Both(at, _) => {
                (cluster.workloads[at].namespace, &cluster.workloads[at].name)
            }
            Thing::Service(at) => (cluster.services[at].namespace, &cluster.services[at].name),
            _ => unreachable!("no thing of the inventory"),
        };
        let named = |thing: &Thing| match thing {
            Thing::Workload(at) => (cluster.workloads[*at].namespace, &cluster.workloads[*at].name),
            Thing::Service(at) => (cluster.services[*at].namespace, &cluster.services[*at].name),
            _ => (usize::MAX, own),
        };
        let twins = |thing: &Thing| named(thing) == (home, own);
        let alone =
            matches!(thing, Thing::Both(..)) || things.iter().filter(|thing| twins(thing)).count() == 1;
        // A bare name is looked up in the block, or in the whole cluster; a `let` of the name comes first.
        let homes: std::collections::BTreeSet<usize> =
            things.iter().map(named).filter(|(_, name)| *name == own).map(|(home, _)| home).collect();
        let homes = homes.into_iter().filter(|home| *home != usize::MAX).count();
        let inside =
            matches!(self.block, Block::Namespace(block) if block % cluster.namespaces.len() == home);
        let near = match self.block {
            Block::Top => homes == 1 && cluster.namespace(own).is_none(),
            _ => inside,
        };
        let free = !self.program.lets.iter().any(|one| one.name == own);
        let kind = match thing {
            Thing::Workload(at) => match (cluster.workloads[at].kind, way) {
                (Kind::Deployment, 2 | 3) => "deployment ",
                (Kind::StatefulSet, 2 | 3) => "statefulset ",
                (Kind::DaemonSet, 2 | 3) => "daemonset ",
                (Kind::CronJob, 2 | 3) => "cronjob ",
                (Kind::Pod, 2 | 3) => "pod ",
                _ => "workload ",
            },
            Thing::Service(_) => "service ",
            _ => "",
        };
        match way {
            0 | 2 if alone && near && free => name(own, false),
            0 | 1 if alone => format!("{}/{}", self.namespace(home, false), name(own, true)),
            _ if kind.is_empty() => format!("{}/{}", self.namespace(home, false), name(own, true)),
            _ if inside => format!("{kind}{}", name(own, true)),
            _ => format!("{kind}{}/{}", self.namespace(home, true), name(own, true)),
        }
    }
}

fn filter(requirements: &[Requirement]) -> String {
    let texts: Vec<String> = requirements
        .iter()
        .map(|Requirement { key, test }| match test {
            Test::In(values) if values.len() == 1 => format!("{key}={}", values[0]),
            Test::NotIn(values) if values.len() == 1 => format!("{key} != {}", values[0]),
            Test::In(values) => format!("{key} in ({})", values.join(", ")),
            Test::NotIn(values) => format!("{key} notin ({})", values.join(",")),
            Test::Exists => key.clone(),
            Test::Absent => format!("!{key}"),
        })
        .collect();
    format!("[{}]", texts.join(", "))
}

/// Behind `:` every word is a name.
fn port(port: &Port, any_word: bool) -> String {
    match port {
        Port::Any(_) => unreachable!("chosen before"),
        Port::Name(text) => name(text, any_word),
        Port::Number(first, last, under) => {
            let under = under.map(|under| format!("/{}", protocol(under).to_lowercase())).unwrap_or_default();
            if first == last { format!("{first}{under}") } else { format!("{first}-{last}{under}") }
        }
    }
}
