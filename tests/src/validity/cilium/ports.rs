//! Ports of Cilium's rules, what is said of the traffic on them, and ICMP.

use regex::Regex;

use super::super::place::Place;
use super::super::words;
use super::{Way, names};

const MOST: usize = 40;

/// One item of `toPorts`.
pub fn check(item: &Place, way: Way) {
    item.only(&["ports", "rules", "serverNames"]);
    item.required("ports");
    let ports = item.list_up_to("ports", MOST);
    let ports: Vec<Port> = ports.iter().map(check_port).collect();
    if let Some(rules) = item.field("rules") {
        match (way.denies, way.on_nodes) {
            (true, _) => rules.says("a deny is of whole ports"),
            (_, true) => rules.says("policies of nodes know no rules of this kind"),
            _ => check_rules(&rules, &ports, way),
        }
    }
    if let Some(names) = item.field("serverNames") {
        if item.has("rules") {
            names.says("server names beside rules need TLS to be terminated");
        }
        if way.denies {
            names.says("a deny is of whole ports");
        }
        for name in item.list("serverNames") {
            if name.text().is_some_and(|text| text.is_empty() || text.len() > 255) {
                name.says("this is no name of a server");
            }
        }
    }
}

struct Port<'o> {
    place: Place<'o>,
    text: &'o str,
    /// Nothing where it is a name.
    number: Option<u16>,
    end: Option<i64>,
    protocol: &'o str,
}

fn check_port<'o>(port: &Place<'o>) -> Port<'o> {
    port.only(&["port", "endPort", "protocol"]);
    let text = port.required("port").and_then(|number| number.text()).unwrap_or_default();
    // Cilium reads `010` as eight.
    let number = text.parse::<u16>().ok().filter(|number| number.to_string() == text);
    if number.is_none() && !words::is_port_name(text) {
        port.says(format!("`{text}` is neither a port nor the name of one"));
    }
    let protocol = port.required("protocol").and_then(|one| one.one_of(&["TCP", "UDP", "SCTP", "ANY"]));
    let end = port.field("endPort").and_then(|end| end.within(1, 65535));
    if let Some(end) = end {
        match number {
            None => port.says("`endPort` beside a port with a name is passed over"),
            Some(0) => port.says("port 0 is all ports, and begins no range"),
            Some(first) if end <= i64::from(first) => {
                port.says("`endPort` is not beyond `port`, and is passed over");
            }
            _ => {}
        }
    }
    Port { place: port.clone(), text, number, end, protocol: protocol.unwrap_or_default() }
}

fn check_rules(rules: &Place, ports: &[Port], way: Way) {
    rules.only(&["http", "dns"]);
    let Some((kind, list)) = rules.exactly_one(&["http", "dns"]) else { return };
    for port in ports {
        let says = |rule: &str| port.place.says(rule);
        let holds_53 = port
            .number
            .is_some_and(|first| (i64::from(first)..=port.end.unwrap_or(i64::from(first))).contains(&53));
        match (kind, port.protocol) {
            _ if port.number == Some(0) => says("rules of the seventh layer need a port other than 0"),
            ("http", protocol) if protocol != "TCP" => says("HTTP is of TCP alone"),
            ("http", _) if holds_53 => says("HTTP and DNS on one port make the pod's policy fail"),
            ("dns", "SCTP") => says("DNS is not of SCTP"),
            ("dns", _) if port.text != "53" => says("DNS is of port 53 alone"),
            ("dns", _) if port.end.is_some() => says("DNS is of no range"),
            _ => {}
        }
    }
    if kind == "dns" && way.ingress {
        list.says("DNS rules are of egress alone");
    }
    for item in rules.list(kind) {
        match kind {
            "dns" => names::check(&item),
            _ => check_http(&item),
        }
    }
}

fn check_http(item: &Place) {
    item.only(&["method", "path", "host", "headers", "headerMatches"]);
    for key in ["method", "path", "host"] {
        let Some(place) = item.field(key) else { continue };
        let Some(text) = place.text() else { continue };
        if text.is_empty() {
            place.says("what is empty is passed over, and lets everything through");
        }
        if let Err(error) = Regex::new(text) {
            let reason = error.to_string();
            place.says(format!("`{text}` is no pattern: {}", reason.lines().last().unwrap_or_default()));
        }
    }
    for header in item.list("headers") {
        if header.text().is_some_and(|text| text.trim().is_empty()) {
            header.says("a header has a name");
        }
    }
    for header in item.list("headerMatches") {
        header.only(&["name", "value", "mismatch"]);
        if header.required("name").is_some_and(|name| name.is_empty()) {
            header.says("a header has a name");
        }
        let mismatch = header.field("mismatch");
        mismatch.iter().for_each(|one| _ = one.one_of(&["LOG", "ADD", "DELETE", "REPLACE"]));
    }
}

/// One item of `icmps`.
pub fn check_icmp(item: &Place) {
    item.only(&["fields"]);
    item.required("fields");
    for field in item.list_up_to("fields", MOST) {
        field.only(&["family", "type"]);
        field.required("family").iter().for_each(|family| _ = family.one_of(&["IPv4", "IPv6"]));
        // Its releases differ in the names that they know.
        field.required("type").iter().for_each(|number| _ = number.within(0, 255));
    }
}
