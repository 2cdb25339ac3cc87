//! `networking.k8s.io/v1` NetworkPolicy, by the rules of the API server's validation.

use super::labels;
use super::metadata::{self, Scope};
use super::place::Place;
use super::words;

pub fn check(object: &Place) {
    object.only(&["apiVersion", "kind", "metadata", "spec"]);
    metadata::check(object, Scope::Namespaced);
    let Some(spec) = object.required("spec") else { return };
    spec.only(&["podSelector", "policyTypes", "ingress", "egress"]);
    spec.required("podSelector").iter().for_each(labels::check);
    let types = spec.required("policyTypes");
    let types = types.map(|_| spec.list_up_to("policyTypes", 2)).unwrap_or_default();
    spec.distinct(&types);
    let types: Vec<&str> = types.iter().filter_map(|one| one.one_of(&["Ingress", "Egress"])).collect();
    for (direction, kind, peers) in [("ingress", "Ingress", "from"), ("egress", "Egress", "to")] {
        let Some(rules) = spec.field(direction) else { continue };
        if !types.contains(&kind) {
            rules.says(format!("`policyTypes` leaves out `{kind}`, and with it these rules"));
        }
        for rule in rules.items() {
            rule.only(&[peers, "ports"]);
            rule.list(peers).iter().for_each(check_peer);
            rule.list("ports").iter().for_each(check_port);
        }
    }
}

fn check_peer(peer: &Place) {
    peer.only(&["podSelector", "namespaceSelector", "ipBlock"]);
    if peer.is_empty() {
        peer.says("a peer has to be given");
    }
    if let Some(block) = peer.field("ipBlock") {
        if peer.has("podSelector") || peer.has("namespaceSelector") {
            peer.says("`ipBlock` beside another peer");
        }
        block.only(&["cidr", "except"]);
        let cidr = block.required("cidr").and_then(|cidr| words::cidr(&cidr));
        words::exceptions(cidr, &block.list("except"));
    }
    for selector in ["podSelector", "namespaceSelector"] {
        peer.field(selector).iter().for_each(labels::check);
    }
}

fn check_port(port: &Place) {
    port.only(&["protocol", "port", "endPort"]);
    port.required("protocol").iter().for_each(|one| _ = one.one_of(&["TCP", "UDP", "SCTP"]));
    let number = port.field("port").and_then(|place| match place.value.as_str() {
        Some(name) => {
            if !words::is_port_name(name) {
                place.says(format!("`{name}` is no name of a port"));
            }
            None
        }
        None => place.within(1, 65535),
    });
    let Some(end) = port.field("endPort") else { return };
    match (number, end.within(1, 65535)) {
        (None, _) => end.says("`endPort` needs a port that is a number"),
        (Some(first), Some(last)) if last < first => end.says("`endPort` lies before `port`"),
        _ => {}
    }
}
