//! Calico's policies, sets and tiers that are valid, and those that are not.

use super::{Bad, object};

const VERSION: &str = "projectcalico.org/v3";

fn tier(name: &str, order: &str, action: &str) -> String {
    let spec = format!("spec:\n  order: {order}\n  defaultAction: {action}");
    object(VERSION, "Tier", &format!("{{name: {name}}}"), &spec)
}

/// A policy of all pods with rules, and its tier.
fn global(rules: &str) -> String {
    let spec = format!(
        "spec:\n  tier: weir\n  order: 1\n  namespaceSelector: all()\n  types: [Ingress, Egress]\n{rules}"
    );
    format!(
        "{}---\n{}",
        tier("weir", "5", "Pass"),
        object(VERSION, "GlobalNetworkPolicy", "{name: weir.a}", &spec)
    )
}

fn namespaced(name: &str, fields: &str) -> String {
    let spec = format!("spec:\n  order: 1\n  types: [Ingress]\n  {fields}");
    object(VERSION, "NetworkPolicy", &format!("{{name: {name}, namespace: shop}}"), &spec)
}

fn rule(rule: &str) -> String {
    global(&format!("  egress: [{{action: Allow, {rule}}}]"))
}

fn to(end: &str) -> String {
    rule(&format!("destination: {{{end}}}"))
}

fn set(metadata: &str, nets: &str) -> String {
    object(VERSION, "GlobalNetworkSet", metadata, &format!("spec:\n  nets: [{nets}]"))
}

fn many(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(", ")
}

pub fn good() -> Vec<String> {
    vec![
        global("  ingress: [{action: Allow}, {action: Log}, {action: Deny}]\n  selector: app == 'web'"),
        global("  doNotTrack: true\n  applyOnForward: true"),
        rule("protocol: ICMP, ipVersion: 4, icmp: {type: 8, code: 0}, metadata: {annotations: {a: b}}"),
        rule("protocol: 58, ipVersion: 6, notICMP: {type: 128}"),
        to("nets: [10.0.0.0/8], notNets: [10.1.0.0/16], selector: all(), notSelector: has(a)"),
        to("namespaceSelector: global(), selector: a == 'b'"),
        to("services: {name: a, namespace: b}"),
        to("serviceAccounts: {names: [a.b], selector: c == 'd'}"),
        rule("protocol: TCP, destination: {ports: [80, \"81:90\", http], notPorts: [85]}"),
        rule("ipVersion: 6, destination: {nets: [\"fd00::/8\"]}"),
        to("ports: [http]"),
        namespaced("a", "tier: default"),
        namespaced("default.a", "tier: default\n  selector: all()\n  serviceAccountSelector: team == 'a'"),
        // Of one order: neighbours that only allow, and a namespace of its own that denies.
        namespaced("a", "tier: default\n  ingress: [{action: Allow}]\n---")
            + &namespaced("b", "tier: default\n  ingress: [{action: Allow}]\n---")
            + &namespaced("a", "tier: default\n  ingress: [{action: Deny}]").replace("shop", "data"),
        tier("default", "1000000", "Deny"),
        set("{name: a.b, labels: {c: d}}", "10.0.0.0/8, \"fd00::/8\", 10.1.1.1/32"),
        set("{name: a, namespace: b, labels: {c: d}}", "10.0.0.0/8")
            .replace("GlobalNetworkSet", "NetworkSet"),
    ]
}

pub fn bad() -> Vec<Bad> {
    let plain = global("");
    let weir = format!("{}---\n", tier("weir", "5", "Pass"));
    vec![
        (plain.replace("  namespaceSelector: all()\n", ""), "spec: `namespaceSelector` is missing"),
        (plain.replace("  types: [Ingress, Egress]\n", ""), "spec: `types` is missing"),
        (plain.replace("  order: 1\n", ""), "spec: `order` is missing"),
        (plain.replace("order: 1\n", "order: last\n"), "spec.order: this has to be a number"),
        (plain.replace("[Ingress, Egress]", "[]"), "spec.types: a list that is empty"),
        (
            plain.replace("[Ingress, Egress]", "[Ingress, Ingress]"),
            "spec.types[1]: this stands in the list already",
        ),
        (
            plain.replace("[Ingress, Egress]", "[Ingress]") + "  egress: []\n",
            "spec.egress: `types` leaves out `Egress`, and with it these rules",
        ),
        (
            plain.replace("weir.a", "a"),
            "metadata.name: a policy of the tier `weir` is called `weir.` and a name",
        ),
        (
            plain.replace("weir.a", "other.a"),
            "metadata.name: a policy of the tier `weir` is called `weir.` and a name",
        ),
        (plain.replace("weir.a", "weir.a.b"), "metadata.name: behind the tier stands a name without dots"),
        (
            plain.replace("  tier: weir\n", ""),
            "metadata.name: a policy of the tier `default` is called `default.` and a name\nspec: `tier` is missing",
        ),
        (plain.split_once("---\n").unwrap().1.to_owned(), "spec.tier: no tier `weir` stands in the stream"),
        (
            plain.replace("tier: weir", "tier: weir\n  stagedAction: Set"),
            "spec.stagedAction: a field that is unknown here",
        ),
        (global("  selector: \"\""), "spec.selector: an empty selector is `all()`"),
        (
            global("  selector: global()"),
            "spec.selector: `global()` has its place in the `namespaceSelector` of a rule's end alone",
        ),
        (
            plain.replace("namespaceSelector: all()", "namespaceSelector: global()"),
            "spec.namespaceSelector: `global()` has its place in the `namespaceSelector` of a rule's end alone",
        ),
        (
            global("  selector: app = 'web'"),
            "spec.selector: `app = 'web'` is no selector: no relation stands before `= 'web'`",
        ),
        (global("  selector: (all()"), "spec.selector: `(all()` is no selector: `)` is missing before ``"),
        (
            global(&format!("  selector: has({})", "a".repeat(1020))),
            "spec.selector: a selector of more than 1024 characters",
        ),
        (
            plain.replace("namespaceSelector: all()", "namespaceSelector: has(pcns.a)"),
            "spec.namespaceSelector: `pcns.a` is a label of pods, and this selects by other labels",
        ),
        (
            plain
                .replace("namespaceSelector: all()", "namespaceSelector: projectcalico.org/namespace == 'a'"),
            "spec.namespaceSelector: `projectcalico.org/namespace` is a label of pods, and this selects by other labels",
        ),
        (
            global("  preDNAT: true\n  doNotTrack: true\n  applyOnForward: true")
                .replace("[Ingress, Egress]", "[Ingress]"),
            "spec: `preDNAT` beside `doNotTrack`",
        ),
        (global("  preDNAT: true\n  applyOnForward: true"), "spec: `preDNAT` knows no egress"),
        (global("  doNotTrack: true"), "spec: `doNotTrack` and `preDNAT` need `applyOnForward`"),
        (global("  doNotTrack: maybe"), "spec.doNotTrack: this has to be `true` or `false`"),
        (
            namespaced("a", "tier: default\n  namespaceSelector: all()"),
            "spec.namespaceSelector: a field that is unknown here",
        ),
        (
            format!(
                "{weir}{}",
                namespaced("weir.a", "tier: weir\n  ingress: [{action: Allow}]\n---")
                    + &namespaced("weir.b", "tier: weir\n  ingress: [{action: Deny}]")
            ),
            "spec.order: another policy of the tier has this order too, and other actions",
        ),
        (
            global("  ingress: [{action: Deny}]\n---")
                + &namespaced("weir.b", "tier: weir\n  ingress: [{action: Allow}]"),
            "spec.order: another policy of the tier has this order too, and other actions",
        ),
        (tier("weir", "high", "Pass"), "spec.order: this has to be a number"),
        (tier("weir", "5", "Allow"), "spec.defaultAction: `Allow` is none of Deny, Pass"),
        (tier("weir", "5", "Pass").replace("  order: 5\n", ""), "spec: `order` is missing"),
        (tier("a.b", "5", "Pass"), "metadata: the name of a tier is one label"),
        (tier("default", "5", "Deny"), "spec: the tier `default` has the order 1000000 and `Deny`"),
        (tier("kube-admin", "1000", "Deny"), "spec: the tier `kube-admin` has the order 1000 and `Pass`"),
        (tier("adminnetworkpolicy", "5", "Pass"), "metadata: a tier of this name is Calico's own"),
        (format!("{weir}{}", tier("other", "5", "Pass")), ": the tier `weir` has this order too"),
        (set("{name: a}", "10.0.0.0/8"), "metadata: a set without labels is selected by nothing"),
        (
            set("{name: a, labels: {projectcalico.org/namespace: b}}", "10.0.0.0/8"),
            "metadata.labels[\"projectcalico.org/namespace\"]: a set may not bear this label",
        ),
        (set("{name: a, labels: {b: c}}", ""), "spec.nets: a list that is empty"),
        (
            set("{name: a, labels: {b: c}}", "10.0.0.0/8, 10.0.0.0/8"),
            "spec.nets[1]: this stands in the list already",
        ),
        (
            set("{name: a, labels: {b: c}}", "10.0.0.1/8"),
            "spec.nets[0]: `10.0.0.1/8` is not the canonical form of a CIDR",
        ),
    ]
}

pub fn bad_rules() -> Vec<Bad> {
    vec![
        (global("  egress: [{}]"), "spec.egress[0]: `action` is missing"),
        (
            global("  egress: [{action: allow}]"),
            "spec.egress[0].action: `allow` is none of Allow, Deny, Log, Pass",
        ),
        (
            global(&format!("  egress: [{}]", many(1025, |_| "{action: Allow}".to_owned()))),
            "spec.egress: 1025 entries, the most is 1024",
        ),
        (rule("ipVersion: 5"), "spec.egress[0].ipVersion: an IP version is 4 or 6"),
        (
            rule("http: {methods: [GET]}"),
            "spec.egress[0].http: most data planes pass over `http`, and let the whole port through",
        ),
        (
            rule("protocol: GRE"),
            "spec.egress[0].protocol: `GRE` is none of TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite",
        ),
        (rule("protocol: 256"), "spec.egress[0].protocol: 256 is not within 1 and 255"),
        (rule("protocol: ICMP"), "spec.egress[0]: `ICMP` needs `ipVersion: 4`"),
        (rule("protocol: ICMPv6, ipVersion: 4"), "spec.egress[0]: `ICMPv6` needs `ipVersion: 6`"),
        (rule("notProtocol: ICMPv6, ipVersion: 4"), "spec.egress[0]: `ICMPv6` is not of this `ipVersion`"),
        (
            rule("protocol: TCP, icmp: {type: 8}"),
            "spec.egress[0].icmp: the protocol has to be ICMP or ICMPv6",
        ),
        (rule("protocol: ICMP, ipVersion: 4, icmp: {code: 8}"), "spec.egress[0].icmp: `type` is missing"),
        (
            rule("protocol: ICMP, ipVersion: 4, icmp: {type: 255}"),
            "spec.egress[0].icmp.type: 255 is not within 0 and 254",
        ),
        (
            rule("protocol: ICMP, ipVersion: 4, icmp: {type: 8, code: 256}"),
            "spec.egress[0].icmp.code: 256 is not within 0 and 255",
        ),
        (to(""), "spec.egress[0].destination: an end that is empty is any address"),
        (to("nets: []"), "spec.egress[0].destination.nets: a list that is empty"),
        (to("nets: [10.0.0.1]"), "spec.egress[0].destination.nets[0]: `10.0.0.1` is no CIDR"),
        (
            to("nets: [10.0.0.0/8, 10.0.0.0/8]"),
            "spec.egress[0].destination.nets[1]: this stands in the list already",
        ),
        (
            to(&format!("nets: [{}]", many(257, |at| format!("10.{}.{}.0/24", at / 256, at % 256)))),
            "spec.egress[0].destination.nets: 257 entries, the most is 256",
        ),
        (
            rule("source: {nets: [10.0.0.0/8]}, destination: {notNets: [\"fd00::/8\"]}"),
            "spec.egress[0]: both IPv4 and IPv6 blocks",
        ),
        (
            rule("ipVersion: 6, destination: {nets: [10.0.0.0/8]}"),
            "spec.egress[0]: blocks of another version than `ipVersion`",
        ),
        (
            to("notNets: [0.0.0.0/0]"),
            "spec.egress[0].destination.notNets[0]: nothing is outside of this block",
        ),
        (
            to("selector: global()"),
            "spec.egress[0].destination.selector: `global()` has its place in `namespaceSelector` alone",
        ),
        (
            to("namespaceSelector: global() || all()"),
            "spec.egress[0].destination.namespaceSelector: `global()` has to stand alone",
        ),
        (
            to("namespaceSelector: projectcalico.org/namespace == 'a'"),
            "spec.egress[0].destination.namespaceSelector: `projectcalico.org/namespace` is a label of pods, and this selects by other labels",
        ),
        (
            to("serviceAccounts: {}"),
            "spec.egress[0].destination.serviceAccounts: service accounts need names or a selector",
        ),
        (
            to(&format!("serviceAccounts: {{names: [{}]}}", "a".repeat(63))),
            "spec.egress[0].destination.serviceAccounts.names[0]: pods have no label for this service account",
        ),
        (
            to("ports: [80]"),
            "spec.egress[0].destination.ports: ports need a protocol that has them: TCP, UDP or SCTP",
        ),
        (
            rule("protocol: UDPLite, destination: {ports: [http]}"),
            "spec.egress[0].destination.ports: ports need a protocol that has them: TCP, UDP or SCTP",
        ),
        (
            rule("protocol: TCP, destination: {ports: []}"),
            "spec.egress[0].destination.ports: a list that is empty",
        ),
        (
            rule(&format!(
                "protocol: TCP, destination: {{ports: [{}]}}",
                many(51, |at| (at + 1).to_string())
            )),
            "spec.egress[0].destination.ports: 51 entries, the most is 50",
        ),
        (
            rule("protocol: TCP, destination: {ports: [0]}"),
            "spec.egress[0].destination.ports[0]: 0 is not within 1 and 65535",
        ),
        (
            rule("protocol: TCP, destination: {ports: [\"90:80\"]}"),
            "spec.egress[0].destination.ports[0]: `90:80` is no range of ports, `first:last`",
        ),
        (
            rule("protocol: TCP, destination: {ports: [\"80\"]}"),
            "spec.egress[0].destination.ports[0]: a port that is a number is written as one",
        ),
        (
            rule("protocol: TCP, destination: {ports: [a b]}"),
            "spec.egress[0].destination.ports[0]: `a b` is no port",
        ),
        (to("services: {name: a}"), "spec.egress[0].destination.services: `namespace` is missing"),
        (to("services: {namespace: a}"), "spec.egress[0].destination.services: `name` is missing"),
        (
            to("services: {name: A, namespace: a}"),
            "spec.egress[0].destination.services: the name of a service is one label",
        ),
        (
            to("services: {name: a, namespace: a.b}"),
            "spec.egress[0].destination.services.namespace: a namespace is a DNS label of at most 63 characters",
        ),
        (
            to("services: {name: a, namespace: b}, selector: all()"),
            "spec.egress[0].destination.services: services beside `selector`",
        ),
        (
            to("services: {name: a, namespace: b}, ports: [http]"),
            "spec.egress[0].destination.services: services beside `ports`",
        ),
        (
            rule("source: {services: {name: a, namespace: b}}"),
            "spec.egress[0].source.services: services stand at the far end of a rule alone",
        ),
        (
            rule("metadata: {annotations: {a: 1}}"),
            "spec.egress[0].metadata.annotations.a: this has to be text",
        ),
    ]
}
