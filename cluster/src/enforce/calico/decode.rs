//! The objects of the format: policies, staged ones, sets of addresses, tiers, profiles and host endpoints, as the API
//! server takes them. Rules are read elsewhere; what an object comes to is not here.

use std::net::IpAddr;

use ipnet::IpNet;

use super::fields::{Fields, choice, protocol};
use super::objects::{BUILT_IN, DEFAULT_TIER, NAMESPACE, Policy, Profile, Set, Subject, Tier};
use super::rule::{Rule, Setting, rule};
use crate::enforce::Place;
use crate::enforce::kubernetes;
use crate::enforce::read::fields::{Decoder, Path};
use crate::enforce::read::meta::Meta;
use crate::enforce::read::objects::Found;
use crate::enforce::read::syntax;
use crate::enforce::read::tree::{Node, Value};
use crate::labels::Text;

/// What an object turns out to be.
pub(super) enum Decoded {
    Policy(Policy),
    Set(Set),
    Tier(Tier),
    Profile(Profile),
    /// An interface of a node: its addresses with its labels.
    Host(Set),
    /// One that is observed only.
    Staged,
}

pub(super) fn object(decoder: &mut Decoder, found: &Found<'_, '_>) -> Option<(Meta, Decoded)> {
    let before = decoder.errors.len();
    let (meta, spec) = found.head(decoder, &[]);
    if spec.is_none() && found.kind.name != "Profile" {
        decoder.required(&found.entries, found.line, found.path, "spec");
        return None;
    }
    let (meta, path, place) = (meta?, found.path.field("spec"), found.place(decoder));
    let reading = Reading { meta: &meta, global: !found.kind.namespaced, place, path };
    let decoded = match (found.kind.name, spec) {
        ("Profile", None) => Some(reading.bare_profile()),
        (_, None) => None,
        ("NetworkPolicy" | "GlobalNetworkPolicy", Some(spec)) => reading.policy(decoder, spec, false),
        ("StagedNetworkPolicy" | "StagedGlobalNetworkPolicy", Some(spec)) => {
            reading.policy(decoder, spec, true).map(|_| Decoded::Staged)
        }
        ("StagedKubernetesNetworkPolicy", Some(spec)) => reading.staged_kubernetes(decoder, spec),
        ("NetworkSet" | "GlobalNetworkSet", Some(spec)) => reading.set(decoder, spec),
        ("Tier", Some(spec)) => reading.tier(decoder, spec),
        ("Profile", Some(spec)) => reading.profile(decoder, spec),
        (_, Some(spec)) => reading.host(decoder, spec),
    };
    decoded.filter(|_| decoder.errors.len() == before).map(|decoded| (meta, decoded))
}

/// An object whose spec is read.
struct Reading<'r> {
    meta: &'r Meta,
    /// Whether it lives in no namespace.
    global: bool,
    place: Place,
    path: Path<'r>,
}

const ACTIONS: [&str; 4] = ["Set", "Delete", "Learn", "Ignore"];

impl Reading<'_> {
    fn policy(&self, decoder: &mut Decoder, spec: &Node<'_>, staged: bool) -> Option<Decoded> {
        const OF_ALL: [&str; 8] = [
            "tier",
            "order",
            "selector",
            "serviceAccountSelector",
            "types",
            "ingress",
            "egress",
            "performanceHints",
        ];
        const OF_GLOBAL: [&str; 4] = ["namespaceSelector", "doNotTrack", "preDNAT", "applyOnForward"];
        let more: &[&str] = if self.global { &OF_GLOBAL } else { &[] };
        let of_staged: &[&str] = if staged { &["stagedAction"] } else { &[] };
        let entries = decoder.fields(spec, self.path, &[&OF_ALL, more, of_staged].concat())?;
        let fields = Fields { entries: &entries, path: self.path };
        self.policy_name(decoder, spec.line);
        if staged && self.deletes(decoder, fields, &["tier"]) {
            return Some(Decoded::Staged);
        }
        let tier = match fields.text(decoder, "tier") {
            "" => DEFAULT_TIER,
            name => name,
        };
        if let (Err(message), Some((node, path))) = (check_tier(tier), fields.get("tier")) {
            decoder.error(node.line, path, message);
        }
        fields.each(decoder, "performanceHints", |decoder, node, path| {
            choice(decoder, node, path, &["AssumeNeededOnEveryNode"]);
        });
        let subject = Subject {
            selector: fields.local_selector(decoder, "selector"),
            namespaces: fields.local_selector(decoder, "namespaceSelector"),
            accounts: fields.local_selector(decoder, "serviceAccountSelector"),
        };
        let order = fields.order(decoder, "order");
        let types = fields.choices(decoder, "types", &["Ingress", "Egress"]);
        let (ingress, egress) = (self.rules(decoder, fields, true), self.rules(decoder, fields, false));
        let of_hosts = self.of_hosts(decoder, fields, &types, &egress);
        // As the API server does where nothing is said.
        let governs = |name: &str| match types.as_slice() {
            [] if egress.is_empty() => name == "Ingress",
            [] => name == "Egress" || !ingress.is_empty(),
            types => types.contains(&name),
        };
        let (of_ingress, of_egress) = (governs("Ingress"), governs("Egress"));
        Some(Decoded::Policy(Policy {
            place: self.place.clone(),
            namespace: self.meta.namespace.clone(),
            name: self.meta.name.clone(),
            tier: Text::from(tier),
            order,
            subject,
            ingress: of_ingress.then_some(ingress),
            egress: of_egress.then_some(egress),
            of_hosts,
        }))
    }

    /// Policies are called by one label, or two with a dot between them.
    fn policy_name(&self, decoder: &mut Decoder, line: u32) {
        let name = &self.meta.name;
        let converted = !self.global && name.starts_with("knp.default.");
        if !converted && name.split('.').count() > 2 {
            let message =
                format!("`{name}` has more than one dot: the name of a policy is `name` or `tier.name`");
            let place = Place { line, ..self.place.clone() };
            decoder.errors.push(place.error("metadata.name", message));
        }
    }

    /// Whether a staged object deletes another: then it says nothing else.
    fn deletes(&self, decoder: &mut Decoder, fields: Fields<'_, '_>, besides: &[&str]) -> bool {
        let action =
            fields.get("stagedAction").and_then(|(node, path)| choice(decoder, node, path, &ACTIONS));
        if action != Some("Delete") {
            return false;
        }
        for (name, node) in &fields.entries.0 {
            let empty = match &node.value {
                Value::Scalar(_, text) => text.is_empty() || node.is_null(),
                Value::List(items) => items.is_empty(),
                Value::Map(pairs) => pairs.is_empty(),
            };
            if *name != "stagedAction" && !besides.contains(name) && !empty {
                let message = format!("`{name}` may not stand beside the `stagedAction` `Delete`");
                decoder.error(node.line, fields.path.field(name), message);
            }
        }
        true
    }

    fn rules(&self, decoder: &mut Decoder, fields: Fields<'_, '_>, ingress: bool) -> Vec<Rule> {
        let setting = Setting { ingress, namespaced: !self.global };
        let mut rules = Vec::new();
        fields.each(decoder, if ingress { "ingress" } else { "egress" }, |decoder, node, path| {
            rules.extend(rule(decoder, node, path, setting));
        });
        rules
    }

    fn of_hosts(
        &self,
        decoder: &mut Decoder,
        fields: Fields<'_, '_>,
        types: &[&str],
        egress: &[Rule],
    ) -> Option<&'static str> {
        let [untracked, before_nat, forwarded] =
            ["doNotTrack", "preDNAT", "applyOnForward"].map(|name| fields.flag(decoder, name));
        let mut error = |name: &'static str, message: &str| {
            if let Some((node, path)) = fields.get(name) {
                decoder.error(node.line, path, message);
            }
        };
        if untracked && before_nat {
            error("preDNAT", "`preDNAT` and `doNotTrack` may not both be true");
        }
        if before_nat && !egress.is_empty() {
            error("egress", "a policy with `preDNAT` has no egress rules");
        }
        if before_nat && types.contains(&"Egress") {
            error("types", "a policy with `preDNAT` has the type `Ingress` only");
        }
        let of_hosts = if untracked { Some("doNotTrack") } else { before_nat.then_some("preDNAT") };
        if let Some(name) = of_hosts.filter(|_| !forwarded) {
            error(name, &format!("`applyOnForward` has to be true where `{name}` is"));
        }
        of_hosts
    }

    fn staged_kubernetes(&self, decoder: &mut Decoder, spec: &Node<'_>) -> Option<Decoded> {
        let entries = decoder.entries(spec, self.path)?;
        let fields = Fields { entries: &entries, path: self.path };
        if !self.deletes(decoder, fields, &[]) {
            kubernetes::check_staged(decoder, spec, self.path);
        }
        Some(Decoded::Staged)
    }

    fn set(&self, decoder: &mut Decoder, spec: &Node<'_>) -> Option<Decoded> {
        let entries = decoder.fields(spec, self.path, &["nets"])?;
        let fields = Fields { entries: &entries, path: self.path };
        let nets = nets(decoder, fields, "nets");
        if self.meta.labels.iter().any(|(key, _)| key.as_ref() == NAMESPACE) {
            let message = format!("`{NAMESPACE}` is written by Calico alone: leave it out");
            decoder.errors.push(self.place.error(&format!("metadata.labels[{NAMESPACE}]"), message));
        }
        Some(Decoded::Set(self.labelled(nets)))
    }

    fn labelled(&self, nets: Vec<IpNet>) -> Set {
        let labels = self.meta.labels.iter().cloned().collect();
        Set { namespace: self.meta.namespace.clone(), labels, nets }
    }

    fn tier(&self, decoder: &mut Decoder, spec: &Node<'_>) -> Option<Decoded> {
        let entries = decoder.fields(spec, self.path, &["order", "defaultAction"])?;
        let fields = Fields { entries: &entries, path: self.path };
        let name = &self.meta.name;
        if let Err(message) = check_tier(name) {
            decoder.errors.push(self.place.error("metadata.name", message));
        }
        let mut order = fields.order(decoder, "order");
        let action = fields
            .get("defaultAction")
            .and_then(|(node, path)| choice(decoder, node, path, &["Pass", "Deny"]));
        let denies = action != Some("Pass");
        if let Some(&(_, of_name, denying)) = BUILT_IN.iter().find(|(known, ..)| *known == name.as_ref()) {
            let line = |name| fields.get(name).map_or(spec.line, |(node, _)| node.line);
            if order.is_some_and(|order| order != of_name) {
                let message = format!("the tier `{name}` has the order {of_name}");
                decoder.error(line("order"), self.path.field("order"), message);
            }
            if denies != denying {
                let needed = if denying { "Deny" } else { "Pass" };
                let message = format!("the tier `{name}` has the default action `{needed}`: write it");
                decoder.error(line("defaultAction"), self.path.field("defaultAction"), message);
            }
            order = Some(of_name);
        }
        Some(Decoded::Tier(Tier { name: name.clone(), order, denies }))
    }

    fn bare_profile(&self) -> Decoded {
        Decoded::Profile(Profile {
            place: self.place.clone(),
            name: self.meta.name.clone(),
            ingress: Vec::new(),
            egress: Vec::new(),
            labels: Vec::new(),
        })
    }

    fn profile(&self, decoder: &mut Decoder, spec: &Node<'_>) -> Option<Decoded> {
        let entries = decoder.fields(spec, self.path, &["ingress", "egress", "labelsToApply"])?;
        let fields = Fields { entries: &entries, path: self.path };
        let labels = match fields.get("labelsToApply") {
            Some((node, path)) => decoder.map(node, path),
            None => Vec::new(),
        };
        Some(Decoded::Profile(Profile {
            place: self.place.clone(),
            name: self.meta.name.clone(),
            ingress: self.rules(decoder, fields, true),
            egress: self.rules(decoder, fields, false),
            labels: labels.into_iter().map(|(key, value, _)| (Text::from(key), Text::from(value))).collect(),
        }))
    }

    fn host(&self, decoder: &mut Decoder, spec: &Node<'_>) -> Option<Decoded> {
        const FIELDS: [&str; 5] = ["node", "interfaceName", "expectedIPs", "profiles", "ports"];
        let entries = decoder.fields(spec, self.path, &FIELDS)?;
        let fields = Fields { entries: &entries, path: self.path };
        let empty = |node: &Node<'_>| match &node.value {
            Value::List(items) => items.is_empty(),
            _ => node.text() == Some(""),
        };
        let absent = |name| fields.get(name).is_none_or(|(node, _)| empty(node));
        if absent("node") {
            decoder.error(spec.line, self.path.field("node"), "a host endpoint has to name its `node`");
        }
        for name in ["node", "interfaceName"] {
            fields.text(decoder, name);
        }
        let mut nets = Vec::new();
        fields.each(decoder, "expectedIPs", |decoder, node, path| {
            let Some(text) = decoder.string(node, path) else { return };
            match text.parse::<IpAddr>() {
                Ok(address) => nets.push(IpNet::from(address)),
                Err(_) => decoder.error(node.line, path, format!("`{text}` is no address")),
            }
        });
        if absent("interfaceName") && absent("expectedIPs") {
            let message = "a host endpoint needs an `interfaceName` or `expectedIPs`";
            decoder.error(spec.line, self.path, message);
        }
        if let Some((node, path)) = fields.get("profiles") {
            decoder.strings(node, path);
        }
        fields.each(decoder, "ports", |decoder, node, path| {
            let Some(entries) = decoder.fields(node, path, &["name", "protocol", "port"]) else { return };
            if let Some(name) = decoder.required(&entries, node.line, path, "name") {
                decoder.checked(name, path.field("name"), syntax::check_port_name);
            }
            let carrier = decoder.required(&entries, node.line, path, "protocol");
            let carrier = carrier.and_then(|node| protocol(decoder, node, path.field("protocol")));
            if carrier.is_some_and(|protocol| !protocol.has_ports()) {
                decoder.error(node.line, path.field("protocol"), "ports are of `TCP`, `UDP` or `SCTP`");
            }
            let number = decoder.required(&entries, node.line, path, "port");
            let number = number.and_then(|node| decoder.integer(node, path.field("port")));
            if number.is_some_and(|number| !(1..=65535).contains(&number)) {
                decoder.error(node.line, path.field("port"), "a port is a number from 1 to 65535");
            }
        });
        Some(Decoded::Host(self.labelled(nets)))
    }
}

fn check_tier(name: &str) -> Result<(), String> {
    let fine = syntax::check_namespace(name).is_ok();
    fine.then_some(()).ok_or_else(|| {
        format!(
            "`{name}` is no name of a tier: at most 63 lower case letters, digits and `-`, with a letter or digit at both ends"
        )
    })
}

/// Addresses and ranges of either family, as a set has them: bits beyond a prefix do not count.
fn nets(decoder: &mut Decoder, fields: Fields<'_, '_>, name: &'static str) -> Vec<IpNet> {
    let mut found = Vec::new();
    fields.each(decoder, name, |decoder, node, path| {
        let Some(text) = decoder.string(node, path) else { return };
        let net = match text.parse::<IpAddr>() {
            Ok(address) => Ok(IpNet::from(address)),
            Err(_) => text.parse::<IpNet>().map(|net| net.trunc()),
        };
        match net {
            Ok(net) => found.push(net),
            Err(_) => decoder.error(node.line, path, format!("`{text}` is neither an address nor a CIDR")),
        }
    });
    found.sort_unstable();
    found.dedup();
    found
}
