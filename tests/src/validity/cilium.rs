//! `cilium.io/v2`: policies and groups of addresses, by the rules that Cilium's agent applies once the API server has
//! taken an object, and by what it reads otherwise than one would think.

use std::collections::BTreeMap;

use super::metadata::{self, Scope};
use super::place::Place;
use super::words;

mod names;
mod peers;
mod ports;
mod subject;

pub fn check_namespaced(object: &Place) {
    check_policy(object, Scope::Namespaced);
}

pub fn check_clusterwide(object: &Place) {
    check_policy(object, Scope::Cluster);
}

fn check_policy(object: &Place, scope: Scope) {
    object.only(&["apiVersion", "kind", "metadata", "spec", "specs"]);
    let clusterwide = matches!(scope, Scope::Cluster);
    metadata::check(object, scope);
    if !object.has("spec") && !object.has("specs") {
        object.says("`spec` or `specs` is missing");
    }
    rules(object).iter().for_each(|rule| check_rule(rule, clusterwide));
    object.list("specs");
}

/// What stands under `spec` and `specs`.
fn rules<'o>(object: &Place<'o>) -> Vec<Place<'o>> {
    let many = object.field("specs").filter(|specs| specs.value.is_array());
    let many = many.iter().flat_map(Place::items).collect::<Vec<_>>();
    object.field("spec").into_iter().chain(many).collect()
}

/// The way and whether it denies.
const SECTIONS: [(&str, bool, bool); 4] = [
    ("ingress", true, false),
    ("ingressDeny", true, true),
    ("egress", false, false),
    ("egressDeny", false, true),
];

fn check_rule(rule: &Place, clusterwide: bool) {
    rule.only(&[
        "endpointSelector",
        "nodeSelector",
        "ingress",
        "ingressDeny",
        "egress",
        "egressDeny",
        "enableDefaultDeny",
        "labels",
        "description",
        "log",
    ]);
    let on_nodes = match rule.exactly_one(&["endpointSelector", "nodeSelector"]) {
        Some(("nodeSelector", selector)) => {
            if !clusterwide {
                selector.says("nodes are subjects of clusterwide policies alone");
            }
            subject::check_nodes(&selector);
            true
        }
        Some((_, selector)) => {
            subject::check_subject(&selector, clusterwide);
            false
        }
        None => false,
    };
    if !SECTIONS.iter().any(|(section, ..)| rule.has(section)) {
        rule.says("one of ingress, ingressDeny, egress, egressDeny has to be given");
    }
    // A way that is left out depends on what else the rule says.
    if let Some(deny) = rule.required("enableDefaultDeny") {
        deny.only(&["ingress", "egress"]);
        for way in ["ingress", "egress"] {
            deny.required(way).iter().for_each(|flag| _ = flag.boolean());
        }
    }
    for (section, ingress, denies) in SECTIONS {
        for one in rule.list(section) {
            check_section(&one, Way { ingress, denies, on_nodes });
        }
    }
    rule.field("description").iter().for_each(|text| _ = text.text());
    if let Some(log) = rule.field("log") {
        log.only(&["value"]);
        if log.field("value").is_some_and(|value| {
            value.text().is_none_or(|text| text.chars().count() > 32 || text.chars().any(char::is_control))
        }) {
            log.says("`value` has at most 32 characters, all printable");
        }
    }
    for label in rule.list("labels") {
        label.only(&["key", "value", "source"]);
        label.required("key").iter().for_each(|key| _ = key.text());
    }
}

/// What a rule is part of.
#[derive(Clone, Copy)]
struct Way {
    ingress: bool,
    denies: bool,
    /// The subject is nodes.
    on_nodes: bool,
}

fn check_section(rule: &Place, way: Way) {
    let peers = peers::check(rule, way);
    let mut known = vec!["toPorts", "icmps"];
    known.extend(peers::kinds(way));
    if !way.denies {
        known.push("authentication");
    }
    rule.only(&known);
    let narrowed = rule.has("toPorts") || rule.has("icmps");
    if peers == 0 && narrowed {
        rule.says("ports without a peer are open to the whole world; `all` has to be written");
    }
    if peers == 0 && !narrowed && !rule.is_empty() {
        rule.says("a rule needs a peer");
    }
    if rule.is_empty() && way.denies {
        rule.says("a deny needs a peer");
    }
    if rule.has("toPorts") && rule.has("icmps") {
        rule.says("`icmps` beside `toPorts`");
    }
    for ports in rule.list("toPorts") {
        ports::check(&ports, way);
    }
    for icmp in rule.list("icmps") {
        ports::check_icmp(&icmp);
    }
    if let Some(authentication) = rule.field("authentication") {
        authentication.only(&["mode"]);
        let mode = authentication.required("mode");
        mode.iter().for_each(|mode| _ = mode.one_of(&["disabled", "required", "test-always-fail"]));
    }
}

pub fn check_group(object: &Place) {
    object.only(&["apiVersion", "kind", "metadata", "spec"]);
    metadata::check(object, Scope::Cluster);
    let Some(spec) = object.required("spec") else { return };
    spec.only(&["externalCIDRs"]);
    spec.required("externalCIDRs");
    let blocks = spec.list("externalCIDRs");
    spec.distinct(&blocks);
    blocks.iter().for_each(|block| _ = words::cidr(block));
}

/// Groups that are named are there, and addresses of names are learnt from answers that the same pods get.
pub fn check_stream(objects: &[Place]) {
    let cilium = || objects.iter().filter(|one| one.object.api_version == "cilium.io/v2");
    let is_group =
        |name: &str| cilium().any(|one| one.object.kind == "CiliumCIDRGroup" && one.object.name == name);
    let mut learnt: BTreeMap<String, Vec<names::Question>> = BTreeMap::new();
    let mut wanted = Vec::new();
    for object in cilium().filter(|one| one.object.kind != "CiliumCIDRGroup") {
        for rule in rules(object) {
            for (section, ..) in SECTIONS {
                let Some(section) = rule.field(section).filter(|section| section.value.is_array()) else {
                    continue;
                };
                for one in section.items() {
                    for group in peers::groups(&one) {
                        if group.value.as_str().is_some_and(|name| !is_group(name)) {
                            group.says("no CiliumCIDRGroup of this name stands in the stream");
                        }
                    }
                }
            }
            let subject = format!("{} {}", object.object.namespace, rule.value["endpointSelector"]);
            let egress = rule.field("egress").filter(|egress| egress.value.is_array());
            for one in egress.iter().flat_map(Place::items) {
                learnt.entry(subject.clone()).or_default().extend(names::questions(&one));
                let fqdns = one.field("toFQDNs").filter(|fqdns| fqdns.value.is_array());
                wanted.extend(fqdns.iter().flat_map(Place::items).map(|fqdn| (subject.clone(), fqdn)));
            }
        }
    }
    for (subject, fqdn) in wanted {
        let learnt = learnt.get(&subject).map_or(&[][..], Vec::as_slice);
        for protocol in ["UDP", "TCP"] {
            if !learnt.iter().any(|question| question.covers(protocol, &fqdn)) {
                fqdn.says(format!("no DNS rule of the same pods lets them ask for this over {protocol}"));
            }
        }
    }
}
