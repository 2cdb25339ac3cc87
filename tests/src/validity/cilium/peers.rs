//! The other end of Cilium's rules: of one kind each, and written out.

use super::super::place::Place;
use super::super::words;
use super::{Way, names, subject};

/// What a peer may be written as, on ingress and on egress; host names come on top.
const KINDS: [(&str, &str); 8] = [
    ("fromEndpoints", "toEndpoints"),
    ("fromCIDR", "toCIDR"),
    ("fromCIDRSet", "toCIDRSet"),
    ("fromEntities", "toEntities"),
    ("fromNodes", "toNodes"),
    ("fromGroups", "toGroups"),
    ("fromRequires", "toRequires"),
    ("", "toServices"),
];

const ENTITIES: [&str; 9] =
    ["all", "host", "init", "ingress", "unmanaged", "remote-node", "health", "none", "kube-apiserver"];

fn kind(pair: &(&'static str, &'static str), way: Way) -> &'static str {
    if way.ingress { pair.0 } else { pair.1 }
}

pub fn kinds(way: Way) -> Vec<&'static str> {
    let mut kinds: Vec<&str> =
        KINDS.iter().map(|pair| kind(pair, way)).filter(|kind| !kind.is_empty()).collect();
    if !way.ingress && !way.denies {
        kinds.push("toFQDNs");
    }
    kinds
}

/// Checks the peers of a rule, and says how many kinds there are.
pub fn check(rule: &Place, way: Way) -> usize {
    let written: Vec<&str> = kinds(way).into_iter().filter(|kind| rule.has(kind)).collect();
    if let [first, second, ..] = written[..] {
        rule.says(format!("`{first}` beside `{second}`: one kind of peer a rule"));
    }
    for kind in &written {
        let peers = rule.list(kind);
        match kind.trim_start_matches("from").trim_start_matches("to") {
            "Endpoints" => peers.iter().for_each(subject::check_peer),
            "CIDR" => peers.iter().for_each(|peer| _ = words::cidr(peer)),
            "CIDRSet" => peers.iter().for_each(check_block),
            "Entities" => peers.iter().for_each(|peer| check_entity(peer, way)),
            "FQDNs" => peers.iter().for_each(names::check),
            "Services" => {
                says(rule, kind, "a service that is not found opens its ports to every destination")
            }
            "Nodes" => says(rule, kind, "Cilium refuses it unless `enable-node-selector-labels` is set"),
            "Groups" => says(rule, kind, "groups belong to one cloud, and an empty one is any peer"),
            _ => says(rule, kind, "Cilium has dropped this field"),
        }
    }
    written.len()
}

fn says(rule: &Place, kind: &str, why: &str) {
    rule.field(kind).iter().for_each(|place| place.says(why));
}

fn check_block(block: &Place) {
    block.only(&["cidr", "cidrGroupRef", "cidrGroupSelector", "except"]);
    let cidr = match block.exactly_one(&["cidr", "cidrGroupRef", "cidrGroupSelector"]) {
        Some(("cidr", cidr)) => words::cidr(&cidr),
        Some(("cidrGroupRef", group)) => {
            if group.text().is_some_and(|text| !words::is_subdomain(text)) {
                group.says("this is no name of an object");
            }
            None
        }
        Some((_, selector)) => {
            subject::check_nodes(&selector);
            None
        }
        None => None,
    };
    let exceptions = block.list("except");
    match cidr {
        Some(_) => words::exceptions(cidr, &exceptions),
        None => exceptions.iter().for_each(|except| _ = words::cidr(except)),
    }
}

fn check_entity(entity: &Place, way: Way) {
    match entity.text() {
        Some("world") => entity.says("`world` is wider than the internet"),
        Some("cluster") => entity.says("`cluster` is wider than the pods of the cluster"),
        Some("host") if way.denies => entity.says("a deny of the host cuts probes"),
        Some("all") if way.denies && way.ingress => {
            entity.says("a deny of all takes the host in, and cuts probes")
        }
        Some(text) if !ENTITIES.contains(&text) => entity.says(format!("`{text}` is no entity")),
        _ => {}
    }
}

/// The groups that a rule names.
pub fn groups<'o>(rule: &Place<'o>) -> Vec<Place<'o>> {
    let sets = ["fromCIDRSet", "toCIDRSet"].iter().filter_map(|kind| rule.field(kind));
    let sets = sets.filter(|set| set.value.is_array());
    sets.flat_map(|set| set.items()).filter_map(|block| block.field("cidrGroupRef")).collect()
}
