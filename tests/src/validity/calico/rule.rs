//! Rules of Calico's policies, and their two ends.

use ipnet::IpNet;

use super::super::place::Place;
use super::super::words;
use super::check_selector;

const MOST_NETS: usize = 256;
const MOST_PORTS: usize = 50;
const PROTOCOLS: [&str; 6] = ["TCP", "UDP", "ICMP", "ICMPv6", "SCTP", "UDPLite"];

pub fn check(rule: &Place, direction: &str, global: bool) {
    rule.only(&[
        "action",
        "ipVersion",
        "protocol",
        "notProtocol",
        "icmp",
        "notICMP",
        "source",
        "destination",
        "http",
        "metadata",
    ]);
    rule.required("action").iter().for_each(|action| _ = action.one_of(&["Allow", "Deny", "Log", "Pass"]));
    let version = rule.field("ipVersion").and_then(|version| version.integer());
    if let Some(version) = rule.field("ipVersion")
        && !matches!(version.value.as_i64(), Some(4 | 6))
    {
        version.says("an IP version is 4 or 6");
    }
    if let Some(http) = rule.field("http") {
        http.says("most data planes pass over `http`, and let the whole port through");
    }
    let protocol = rule.field("protocol").and_then(|protocol| name(&protocol));
    let not_protocol = rule.field("notProtocol").and_then(|protocol| name(&protocol));
    check_icmp(rule, protocol.as_deref(), not_protocol.as_deref(), version);
    if let Some(metadata) = rule.field("metadata") {
        metadata.only(&["annotations"]);
        let annotations = metadata.field("annotations");
        annotations.iter().flat_map(Place::entries).for_each(|(_, text)| _ = text.text());
    }
    let mut families = Vec::new();
    for end in ["source", "destination"] {
        let Some(place) = rule.field(end) else { continue };
        families.extend(check_end(&place, protocol.as_deref()));
        if let Some(services) = place.field("services") {
            check_services(&place, &services, global);
            if (direction, end) != ("ingress", "source") && (direction, end) != ("egress", "destination") {
                services.says("services stand at the far end of a rule alone");
            }
        }
    }
    if families.contains(&4) && families.contains(&6) {
        rule.says("both IPv4 and IPv6 blocks");
    }
    if version.is_some_and(|version| families.iter().any(|family| *family != version)) {
        rule.says("blocks of another version than `ipVersion`");
    }
}

/// What a protocol is called, the numbers of those that are told apart below among them.
fn name(protocol: &Place) -> Option<String> {
    let name = match protocol.value.as_i64() {
        Some(number) => {
            let names = [(1, "ICMP"), (6, "TCP"), (17, "UDP"), (58, "ICMPv6"), (132, "SCTP")];
            protocol.within(1, 255);
            names.iter().find(|(known, _)| *known == number).map_or("another", |(_, name)| name)
        }
        None => protocol.one_of(&PROTOCOLS)?,
    };
    Some(name.to_owned())
}

fn check_icmp(rule: &Place, protocol: Option<&str>, not_protocol: Option<&str>, version: Option<i64>) {
    for (name, its) in [("ICMP", 4), ("ICMPv6", 6)] {
        if protocol == Some(name) && version != Some(its) {
            rule.says(format!("`{name}` needs `ipVersion: {its}`"));
        }
        if not_protocol == Some(name) && version.is_some_and(|version| version != its) {
            rule.says(format!("`{name}` is not of this `ipVersion`"));
        }
    }
    for key in ["icmp", "notICMP"] {
        let Some(icmp) = rule.field(key) else { continue };
        icmp.only(&["type", "code"]);
        if !matches!(protocol, Some("ICMP" | "ICMPv6")) {
            icmp.says("the protocol has to be ICMP or ICMPv6");
        }
        icmp.required("type").iter().for_each(|number| _ = number.within(0, 254));
        icmp.field("code").iter().for_each(|number| _ = number.within(0, 255));
    }
}

/// Returns the families of its blocks.
fn check_end(end: &Place, protocol: Option<&str>) -> Vec<i64> {
    end.only(&[
        "nets",
        "notNets",
        "selector",
        "notSelector",
        "namespaceSelector",
        "serviceAccounts",
        "services",
        "ports",
        "notPorts",
    ]);
    if end.is_empty() {
        end.says("an end that is empty is any address");
    }
    for key in ["selector", "notSelector", "namespaceSelector"] {
        let Some(place) = end.field(key) else { continue };
        let Some(selector) = check_selector(&place, key == "namespaceSelector") else { continue };
        if selector.global && key != "namespaceSelector" {
            place.says("`global()` has its place in `namespaceSelector` alone");
        }
        if selector.global && place.value != "global()" {
            place.says("`global()` has to stand alone");
        }
    }
    if let Some(accounts) = end.field("serviceAccounts") {
        accounts.only(&["names", "selector"]);
        if accounts.is_empty() {
            accounts.says("service accounts need names or a selector");
        }
        let names = accounts.list("names");
        accounts.distinct(&names);
        for name in names {
            if name.text().is_some_and(|text| !words::is_subdomain(text) || text.len() >= 63) {
                name.says("pods have no label for this service account");
            }
        }
        accounts.field("selector").iter().for_each(|selector| _ = check_selector(selector, true));
    }
    for key in ["ports", "notPorts"] {
        let ports = end.list_up_to(key, MOST_PORTS);
        let numbered = ports.iter().filter(|port| check_port(port)).count();
        match protocol {
            None if numbered == 0 => {}
            Some("TCP" | "UDP" | "SCTP") => {}
            _ if ports.is_empty() => {}
            _ => end.field(key).iter().for_each(|ports| {
                ports.says("ports need a protocol that has them: TCP, UDP or SCTP");
            }),
        }
    }
    let mut families = Vec::new();
    for key in ["nets", "notNets"] {
        let nets = end.list_up_to(key, MOST_NETS);
        end.distinct(&nets);
        for net in nets {
            let Some(block) = words::cidr(&net) else { continue };
            families.push(if matches!(block, IpNet::V4(_)) { 4 } else { 6 });
            if key == "notNets" && block.prefix_len() == 0 {
                net.says("nothing is outside of this block");
            }
        }
    }
    families
}

/// Whether it is a number or a range.
fn check_port(port: &Place) -> bool {
    if port.value.is_number() {
        port.within(1, 65535);
        return true;
    }
    let Some(text) = port.text() else { return false };
    let number = |text: &str| text.parse::<u16>().ok().filter(|number| number.to_string() == text);
    if let Some((first, last)) = text.split_once(':') {
        match (number(first), number(last)) {
            (Some(first), Some(last)) if first >= 1 && first < last => {}
            _ => port.says(format!("`{text}` is no range of ports, `first:last`")),
        }
        return true;
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if !(1..=128).contains(&text.len()) || !text.bytes().all(is_name) {
        port.says(format!("`{text}` is no port"));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        port.says("a port that is a number is written as one");
        return true;
    }
    false
}

fn check_services(end: &Place, services: &Place, global: bool) {
    services.only(&["name", "namespace"]);
    if services.required("name").is_some_and(|name| name.text().is_none_or(|text| !words::is_dns_label(text)))
    {
        services.says("the name of a service is one label");
    }
    if global {
        services.required("namespace");
    }
    services.field("namespace").iter().for_each(|namespace| {
        if namespace.text().is_some_and(|text| !words::is_dns_label(text)) {
            namespace.says("a namespace is a DNS label of at most 63 characters");
        }
    });
    let beside = [
        "selector",
        "notSelector",
        "namespaceSelector",
        "serviceAccounts",
        "nets",
        "notNets",
        "ports",
        "notPorts",
    ];
    for key in beside.into_iter().filter(|key| end.has(key)) {
        services.says(format!("services beside `{key}`"));
    }
}
