//! Manifests in, inventories or errors out. Here is what all tests share; each file below is about one thing.

use super::Reader;
use crate::inventory::{EndpointClass, Inventory, Protocol, TargetPort};
use crate::labels::{Labels, Requirement};

mod cni;
mod errors;
mod formats;
mod hostile;
mod objects;
mod owners;
mod parts;
mod plugins;
mod policies;

/// The inventory of one input, whose name says nothing about its format.
fn read(text: &str) -> Inventory {
    read_all(&[text])
}

/// The inventory of several inputs, named `0`, `1`, ….
fn read_all(texts: &[&str]) -> Inventory {
    let mut reader = Reader::new("default");
    for (name, text) in texts.iter().enumerate() {
        let _ = reader.read(&name.to_string(), text.as_bytes());
    }
    match reader.finish() {
        Ok(inventory) => inventory,
        Err(errors) => panic!("{errors:#?}"),
    }
}

/// Every error of an input, as `file:document:line: message (help)`.
fn errors_of(inputs: &[(&str, &[u8])]) -> Vec<String> {
    let mut reader = Reader::new("default");
    for (file, bytes) in inputs {
        let _ = reader.read(file, bytes);
    }
    let errors = reader.finish().err().unwrap_or_default();
    let show = |error: super::ManifestError| {
        let help = error.help.map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{}:{}:{}: {}{help}", error.file, error.document, error.line, error.message)
    };
    errors.into_iter().map(show).collect()
}

/// The one error of an input, as `document:line: message`, without its help.
fn error(text: &str) -> String {
    error_of_bytes(text.as_bytes())
}

fn error_of_bytes(bytes: &[u8]) -> String {
    let mut reader = Reader::new("default");
    let errors = reader.read("x", bytes).expect_err("this input has an error");
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!(reader.finish().expect_err("errors stay"), errors);
    format!("{}:{}: {}", errors[0].document, errors[0].line, errors[0].message)
}

/// Each workload as `namespace/name Kind`.
fn workloads(inventory: &Inventory) -> Vec<String> {
    let show = |workload: &crate::inventory::Workload| {
        let namespace = &inventory.namespaces[workload.namespace.index()].name;
        format!("{namespace}/{} {:?}", workload.name, workload.kind)
    };
    inventory.workloads.iter().map(show).collect()
}

/// Each class as `workload {labels} ports xPODS addresses`.
fn classes(inventory: &Inventory) -> Vec<String> {
    inventory.classes.iter().map(|class| class_text(inventory, class)).collect()
}

fn class_text(inventory: &Inventory, class: &EndpointClass) -> String {
    let workload = &inventory.workloads[class.workload.index()];
    assert_eq!(workload.namespace, class.namespace);
    let mut words = vec![workload.name.to_string(), labels(&class.labels)];
    words.extend(class.ports.iter().map(|port| {
        let name = port.name.as_ref().map(|name| format!("{name}=")).unwrap_or_default();
        format!("{name}{}{}", port.number, protocol(port.protocol))
    }));
    if class.host_network {
        words.push("host".into());
    }
    if class.service_account.as_ref() != "default" {
        words.push(format!("as {}", class.service_account));
    }
    words.push(format!("x{}", class.pods));
    words.extend(class.addresses.iter().map(|address| address.to_string()));
    words.extend(class.local_addresses.iter().map(|address| format!("local {address}")));
    words.join(" ")
}

fn labels(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("{{{}}}", pairs.join(" "))
}

fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "",
        Protocol::Udp => "/udp",
        Protocol::Sctp => "/sctp",
    }
}

/// Each requirement as Kubernetes writes it in one line.
fn selector(selector: &Option<Vec<Requirement>>) -> Vec<String> {
    let show = |requirement: &Requirement| match requirement {
        Requirement::In(key, values) => format!("{key} in ({})", values.join(", ")),
        Requirement::NotIn(key, values) => format!("{key} notin ({})", values.join(", ")),
        Requirement::Exists(key) => key.to_string(),
        Requirement::DoesNotExist(key) => format!("!{key}"),
    };
    selector.iter().flatten().map(show).collect()
}

/// Each service as `namespace/name type ports -> targets`.
fn services(inventory: &Inventory) -> Vec<String> {
    let show = |service: &crate::inventory::Service| {
        let namespace = &inventory.namespaces[service.namespace.index()].name;
        let mut words = vec![format!("{namespace}/{}", service.name), format!("{:?}", service.kind)];
        words.extend(service.selector.iter().map(labels));
        words.extend(service.ports.iter().map(|port| {
            let name = port.name.as_ref().map(|name| format!("{name}=")).unwrap_or_default();
            let target = match &port.target {
                TargetPort::Number(number) => number.to_string(),
                TargetPort::Name(name) => name.to_string(),
            };
            format!("{name}{}{}->{target}", port.port, protocol(port.protocol))
        }));
        words.extend(service.addresses.iter().map(|address| address.to_string()));
        words.extend(service.endpoints.iter().map(|endpoint| {
            let ports = endpoint.ports.iter().map(|(_, number, _)| number.to_string()).collect::<Vec<_>>();
            format!("[{}:{}]", endpoint.address, ports.join(","))
        }));
        words.join(" ")
    };
    inventory.services.iter().map(show).collect()
}

/// The kinds that were passed over, as `Kind 2`.
fn skipped(inventory: &Inventory) -> Vec<String> {
    inventory.skipped.iter().map(|(kind, count)| format!("{kind} {count}")).collect()
}

/// A controller of `apps/v1` whose pods carry `app: NAME`, on one line.
fn controller(kind: &str, name: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: {name}}}, spec: {{selector: {{matchLabels: \
         {{app: {name}}}}}, template: {{metadata: {{labels: {{app: {name}}}}}}}}}}}\n"
    )
}

/// A pod on one line; `owner` is `Kind/name`, `more` stands behind its metadata.
fn pod(name: &str, labels: &str, owner: &str, more: &str) -> String {
    let owners = match owner.split_once('/') {
        Some((kind, owner)) => {
            let version = match kind {
                "Job" | "CronJob" => "batch/v1",
                "Node" | "ReplicationController" => "v1",
                "Rollout" => "argoproj.io/v1alpha1",
                _ => "apps/v1",
            };
            format!("[{{apiVersion: {version}, kind: {kind}, name: {owner}, controller: true}}]")
        }
        None => "[]".to_string(),
    };
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, labels: {{{labels}}}, ownerReferences: \
            {owners}}}\
         {more}}}\n"
    )
}

/// One stream of several documents.
fn stream(documents: &[&str]) -> String {
    documents.join("---\n")
}
