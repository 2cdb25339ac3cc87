//! `projectcalico.org/v3`: policies, sets of addresses and tiers, by the rules of its CRDs' CEL, of its Go validator,
//! and of what its agent does with what both let pass.

use std::collections::{BTreeMap, BTreeSet};

use super::metadata::{self, Scope};
use super::place::Place;
use super::selector::{self, Selector};
use super::words;

mod rule;

const MOST_RULES: usize = 1024;
const MOST_SELECTOR: usize = 1024;

/// Tiers that Calico brings, with their order and default action.
const BUILT_IN: [(&str, f64, &str); 3] =
    [("default", 1e6, "Deny"), ("kube-admin", 1e3, "Pass"), ("kube-baseline", 1e7, "Pass")];

pub fn check_namespaced(object: &Place) {
    check_policy(object, false);
}

pub fn check_global(object: &Place) {
    check_policy(object, true);
}

fn check_policy(object: &Place, global: bool) {
    object.only(&["apiVersion", "kind", "metadata", "spec"]);
    let metadata = metadata::check(object, if global { Scope::Cluster } else { Scope::Namespaced });
    let Some(spec) = object.required("spec") else { return };
    let mut fields = vec![
        "tier",
        "order",
        "selector",
        "serviceAccountSelector",
        "types",
        "ingress",
        "egress",
        "performanceHints",
    ];
    if global {
        fields.extend(["namespaceSelector", "doNotTrack", "preDNAT", "applyOnForward"]);
        spec.required("namespaceSelector");
        check_flags(&spec);
    }
    spec.only(&fields);
    if let Some(name) = metadata.and_then(|metadata| metadata.field("name")) {
        check_name(&name, spec.required("tier").and_then(|tier| tier.text()).unwrap_or("default"));
    }
    spec.required("order").iter().for_each(|order| _ = order.number());
    for key in ["selector", "serviceAccountSelector", "namespaceSelector"] {
        if let Some(place) = spec.field(key)
            && check_selector(&place, key != "selector").is_some_and(|selector| selector.global)
        {
            place.says("`global()` has its place in the `namespaceSelector` of a rule's end alone");
        }
    }
    let types = spec.required("types").map(|_| spec.list("types")).unwrap_or_default();
    spec.distinct(&types);
    let types: Vec<&str> = types.iter().filter_map(|one| one.one_of(&["Ingress", "Egress"])).collect();
    for (direction, kind) in [("ingress", "Ingress"), ("egress", "Egress")] {
        let Some(rules) = spec.field(direction) else { continue };
        if !types.contains(&kind) {
            rules.says(format!("`types` leaves out `{kind}`, and with it these rules"));
        }
        let items = rules.items();
        if items.len() > MOST_RULES {
            rules.says(format!("{} entries, the most is {MOST_RULES}", items.len()));
        }
        items.iter().for_each(|rule| rule::check(rule, direction, global));
    }
}

/// Before 3.32 a policy of a tier bears its name.
fn check_name(name: &Place, tier: &str) {
    let Some(text) = name.text() else { return };
    let bare = match text.split_once('.') {
        None if tier == "default" => text,
        Some((prefix, bare)) if prefix == tier => bare,
        _ => return name.says(format!("a policy of the tier `{tier}` is called `{tier}.` and a name")),
    };
    if !words::is_dns_part(bare) {
        name.says("behind the tier stands a name without dots");
    }
}

fn check_flags(spec: &Place) {
    let flag = |key: &str| spec.field(key).and_then(|flag| flag.boolean()).unwrap_or(false);
    let (untracked, early, forwarded) = (flag("doNotTrack"), flag("preDNAT"), flag("applyOnForward"));
    if untracked && early {
        spec.says("`preDNAT` beside `doNotTrack`");
    }
    let types = spec.value["types"].as_array().is_some_and(|types| types.iter().any(|one| one == "Egress"));
    let rules = spec.value["egress"].as_array().is_some_and(|rules| !rules.is_empty());
    if early && (types || rules) {
        spec.says("`preDNAT` knows no egress");
    }
    if (untracked || early) && !forwarded {
        spec.says("`doNotTrack` and `preDNAT` need `applyOnForward`");
    }
}

/// `bare` where Calico puts a prefix before each label, so that one that has it names nothing.
fn check_selector(place: &Place, bare: bool) -> Option<Selector> {
    let text = place.text()?;
    if text.trim_matches([' ', '\t']).is_empty() {
        place.says("an empty selector is `all()`");
        return None;
    }
    if text.chars().count() > MOST_SELECTOR {
        place.says(format!("a selector of more than {MOST_SELECTOR} characters"));
        return None;
    }
    match selector::parse(text) {
        Err(message) => {
            place.says(format!("`{text}` is no selector: {message}"));
            None
        }
        Ok(selector) => {
            for label in selector.labels.iter().filter(|_| bare) {
                let prefixed = ["pcns.", "pcsa."].iter().any(|prefix| label.starts_with(prefix));
                if prefixed
                    || label == "projectcalico.org/namespace"
                    || label == "projectcalico.org/serviceaccount"
                {
                    place.says(format!("`{label}` is a label of pods, and this selects by other labels"));
                }
            }
            Some(selector)
        }
    }
}

pub fn check_namespaced_set(object: &Place) {
    check_set(object, Scope::Namespaced);
}

pub fn check_global_set(object: &Place) {
    check_set(object, Scope::Cluster);
}

fn check_set(object: &Place, scope: Scope) {
    object.only(&["apiVersion", "kind", "metadata", "spec"]);
    let metadata = metadata::check(object, scope);
    match metadata.as_ref().and_then(|metadata| metadata.field("labels")) {
        Some(labels) if !labels.is_empty() => {
            labels.field("projectcalico.org/namespace").iter().for_each(|label| {
                label.says("a set may not bear this label");
            });
        }
        _ => {
            metadata.iter().for_each(|metadata| metadata.says("a set without labels is selected by nothing"))
        }
    }
    let Some(spec) = object.required("spec") else { return };
    spec.only(&["nets"]);
    spec.required("nets");
    let nets = spec.list("nets");
    spec.distinct(&nets);
    nets.iter().for_each(|net| _ = words::cidr(net));
}

pub fn check_tier(object: &Place) {
    object.only(&["apiVersion", "kind", "metadata", "spec"]);
    let metadata = metadata::check(object, Scope::Cluster);
    let name = object.object.name.as_str();
    if !words::is_dns_label(name) {
        metadata.iter().for_each(|metadata| metadata.says("the name of a tier is one label"));
    }
    let Some(spec) = object.required("spec") else { return };
    spec.only(&["order", "defaultAction"]);
    let order = spec.required("order").and_then(|order| order.number());
    let action = spec.required("defaultAction").and_then(|action| action.one_of(&["Deny", "Pass"]));
    for (built_in, its_order, its_action) in BUILT_IN {
        if name == built_in && (order != Some(its_order) || action != Some(its_action)) {
            spec.says(format!("the tier `{name}` has the order {its_order} and `{its_action}`"));
        }
    }
    if ["adminnetworkpolicy", "baselineadminnetworkpolicy"].contains(&name) {
        metadata.iter().for_each(|metadata| metadata.says("a tier of this name is Calico's own"));
    }
}

/// Tiers are there, and what decides between two policies is not their names.
pub fn check_stream(objects: &[Place]) {
    let calico = || objects.iter().filter(|one| one.object.api_version == "projectcalico.org/v3");
    let mut tiers = BTreeSet::from(["default"]);
    let mut orders: BTreeMap<String, &str> = BTreeMap::new();
    for tier in calico().filter(|one| one.object.kind == "Tier") {
        tiers.insert(&tier.object.name);
        let order = tier.value["spec"]["order"].to_string();
        if let Some(other) = orders.insert(order, &tier.object.name) {
            tier.says(format!("the tier `{other}` has this order too"));
        }
    }
    // Of each tier and order: of each namespace and of all of them (as ""), what rules do.
    let mut actions: BTreeMap<(String, String), BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    let slot = |policy: &Place| {
        let spec = &policy.value["spec"];
        (spec["tier"].as_str().unwrap_or("default").to_owned(), spec["order"].to_string())
    };
    let policies = || calico().filter(|one| one.object.kind.ends_with("NetworkPolicy"));
    for policy in policies() {
        let (tier, order) = slot(policy);
        if !tiers.contains(tier.as_str()) {
            policy.says_at(".spec.tier", format!("no tier `{tier}` stands in the stream"));
        }
        let of_slot = actions.entry((tier, order)).or_default();
        let found = of_slot.entry(&policy.object.namespace).or_default();
        for rule in
            ["ingress", "egress"].iter().flat_map(|way| policy.value["spec"][*way].as_array()).flatten()
        {
            found.extend(rule["action"].as_str());
        }
    }
    let mut seen: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for policy in policies() {
        let slot = slot(policy);
        let of_slot = &actions[&slot];
        let of = |namespace: &str| of_slot.get(namespace).into_iter().flatten().copied();
        let namespace = policy.object.namespace.as_str();
        let before = seen.entry(slot).or_default();
        let overlaps = before.iter().any(|one| *one == namespace || one.is_empty() || namespace.is_empty());
        before.push(namespace);
        let all: BTreeSet<&str> = match namespace {
            "" => of_slot.values().flatten().copied().collect(),
            _ => of("").chain(of(namespace)).collect(),
        };
        if overlaps && all.len() > 1 {
            policy.says_at(".spec.order", "another policy of the tier has this order too, and other actions");
        }
    }
}
