//! `policy.networking.k8s.io/v1alpha2` ClusterNetworkPolicy, as the standard channel has it.

use std::collections::BTreeMap;

use super::labels;
use super::metadata::{self, Scope};
use super::place::Place;
use super::words;

/// The longest list of anything.
const MOST: usize = 25;

pub fn check(object: &Place) {
    object.only(&["apiVersion", "kind", "metadata", "spec"]);
    metadata::check(object, Scope::Cluster);
    let Some(spec) = object.required("spec") else { return };
    spec.only(&["tier", "priority", "subject", "ingress", "egress"]);
    spec.required("tier").iter().for_each(|tier| _ = tier.one_of(&["Admin", "Baseline"]));
    spec.required("priority").iter().for_each(|priority| _ = priority.within(0, 1000));
    spec.required("subject").iter().for_each(|subject| check_pods(subject, &["namespaces", "pods"]));
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.list_up_to(direction, MOST) {
            check_rule(&rule, peers);
        }
    }
    if !spec.has("ingress") && !spec.has("egress") {
        spec.says("a policy without rules does nothing");
    }
}

fn check_rule(rule: &Place, peers: &str) {
    rule.only(&["name", "action", peers, "protocols"]);
    if let Some(name) = rule.field("name")
        && name.text().is_some_and(|text| text.chars().count() > 100)
    {
        name.says("more than 100 characters");
    }
    rule.required("action").iter().for_each(|action| _ = action.one_of(&["Accept", "Deny", "Pass"]));
    rule.required(peers);
    let kinds: &[&str] =
        if peers == "to" { &["namespaces", "pods", "networks"] } else { &["namespaces", "pods"] };
    let mut networks = false;
    for peer in rule.list_up_to(peers, MOST) {
        match () {
            () if peer.has("nodes") || peer.has("domainNames") => {
                peer.says("this peer is not of the standard channel");
            }
            () if peer.has("networks") && peers == "from" => {
                peer.says("what comes in can only be told apart by pods");
            }
            () => check_pods(&peer, kinds),
        }
        if !peer.has("networks") {
            continue;
        }
        networks = true;
        let blocks = peer.list_up_to("networks", MOST);
        peer.distinct(&blocks);
        for block in blocks {
            words::cidr(&block);
            if block.value.as_str().is_some_and(|text| text.len() > 43) {
                block.says("more than 43 characters");
            }
        }
    }
    for protocol in rule.list_up_to("protocols", MOST) {
        check_protocol(&protocol, networks);
    }
}

/// A subject, or a peer that may be pods.
fn check_pods(place: &Place, kinds: &[&str]) {
    place.only(kinds);
    if place.value.as_object().is_none_or(|fields| fields.len() != 1) {
        place.says(format!("exactly one of {} has to be given", kinds.join(", ")));
    }
    place.field("namespaces").iter().for_each(labels::check);
    if let Some(pods) = place.field("pods") {
        pods.only(&["namespaceSelector", "podSelector"]);
        // Both, though the one for namespaces may be left out: what is meant then differs from NetworkPolicy.
        for selector in ["namespaceSelector", "podSelector"] {
            pods.required(selector).iter().for_each(labels::check);
        }
    }
}

fn check_protocol(protocol: &Place, networks: bool) {
    protocol.only(&["tcp", "udp", "sctp", "destinationNamedPort"]);
    let Some((kind, place)) = protocol.exactly_one(&["tcp", "udp", "sctp", "destinationNamedPort"]) else {
        return;
    };
    if kind == "destinationNamedPort" {
        if networks {
            place.says("networks have no ports with names");
        }
        if place.text().is_some_and(|name| !words::is_port_name(name)) {
            place.says("this is no name of a port");
        }
        return;
    }
    place.only(&["destinationPort"]);
    let Some(port) = place.required("destinationPort") else { return };
    port.only(&["number", "range"]);
    match port.exactly_one(&["number", "range"]) {
        Some(("number", number)) => _ = number.within(1, 65535),
        Some((_, range)) => {
            range.only(&["start", "end"]);
            let start = range.required("start").and_then(|start| start.within(1, 65535));
            let end = range.required("end").and_then(|end| end.within(1, 65535));
            if start.zip(end).is_some_and(|(start, end)| start >= end) {
                range.says("`start` has to be less than `end`");
            }
        }
        None => {}
    }
}

/// Between policies of equal priority nobody knows which comes first.
pub fn check_stream(objects: &[Place]) {
    let mut taken: BTreeMap<(&str, i64), &str> = BTreeMap::new();
    for object in objects.iter().filter(|one| one.object.kind == "ClusterNetworkPolicy") {
        let Some(spec) = object.field("spec") else { continue };
        let tier = spec.value["tier"].as_str().unwrap_or_default();
        let Some((priority, place)) = spec.value["priority"].as_i64().zip(spec.field("priority")) else {
            continue;
        };
        if let Some(other) = taken.insert((tier, priority), &object.object.name) {
            place.says(format!("`{other}` of the same tier has this priority too"));
        }
    }
}
