//! ClusterNetworkPolicies that are valid, and those that are not.

use super::{Bad, object};

fn named(name: &str, spec: &str) -> String {
    let version = "policy.networking.k8s.io/v1alpha2";
    object(version, "ClusterNetworkPolicy", &format!("{{name: {name}}}"), &format!("spec:\n{spec}"))
}

fn policy(rules: &str) -> String {
    named("a", &format!("  tier: Admin\n  priority: 7\n  subject: {{namespaces: {{}}}}\n  {rules}"))
}

fn ingress(peer: &str) -> String {
    policy(&format!("ingress: [{{action: Deny, from: [{peer}]}}]"))
}

fn egress(peer: &str, protocols: &str) -> String {
    policy(&format!("egress: [{{action: Deny, to: [{peer}], protocols: [{protocols}]}}]"))
}

fn protocol(protocol: &str) -> String {
    egress("{namespaces: {}}", protocol)
}

fn many(text: &str, count: usize) -> String {
    vec![text; count].join(", ")
}

pub fn good() -> Vec<String> {
    let pods = "{pods: {namespaceSelector: {matchLabels: {a: b}}, podSelector: {}}}";
    vec![
        ingress(&many(pods, 25)),
        egress("{networks: [10.0.0.0/8, \"fd00::/8\"]}", "{tcp: {destinationPort: {number: 80}}}"),
        protocol("{destinationNamedPort: http}, {udp: {destinationPort: {range: {start: 1, end: 65535}}}}"),
        named(
            "a",
            "  tier: Admin\n  priority: 7\n  subject: {namespaces: {}}\n  ingress: [{action: Pass, from: [{namespaces: {}}]}]\n---",
        ) + &named(
            "b",
            "  tier: Baseline\n  priority: 7\n  subject: {namespaces: {}}\n  ingress: [{action: Pass, from: [{namespaces: {}}]}]",
        ),
    ]
}

pub fn bad() -> Vec<Bad> {
    let plain = ingress("{namespaces: {}}");
    let many_networks: Vec<String> = (0..26).map(|at| format!("10.{at}.0.0/16")).collect();
    vec![
        (plain.replace("tier: Admin", "tier: Top"), "spec.tier: `Top` is none of Admin, Baseline"),
        (plain.replace("  tier: Admin\n", ""), "spec: `tier` is missing"),
        (plain.replace("priority: 7", "priority: 1001"), "spec.priority: 1001 is not within 0 and 1000"),
        (plain.replace("  priority: 7\n", ""), "spec: `priority` is missing"),
        (
            plain.replace("{name: a}", "{name: a, namespace: b}"),
            "metadata.namespace: this kind belongs to no namespace",
        ),
        (plain.replace("  subject: {namespaces: {}}\n", ""), "spec: `subject` is missing"),
        (
            plain.replace("subject: {namespaces: {}}", "subject: {}"),
            "spec.subject: exactly one of namespaces, pods has to be given",
        ),
        (
            plain.replace("subject: {namespaces: {}}", "subject: {pods: {namespaceSelector: {}}}"),
            "spec.subject.pods: `podSelector` is missing",
        ),
        (
            plain.replace("action: Deny", "action: Allow"),
            "spec.ingress[0].action: `Allow` is none of Accept, Deny, Pass",
        ),
        (
            plain.replace("action: Deny", &format!("action: Deny, name: {}", "a".repeat(101))),
            "spec.ingress[0].name: more than 100 characters",
        ),
        (policy("ingress: []"), "spec.ingress: a list that is empty"),
        (
            named("a", "  tier: Admin\n  priority: 7\n  subject: {namespaces: {}}"),
            "spec: a policy without rules does nothing",
        ),
        (
            policy(&format!("ingress: [{}]", many("{action: Deny, from: [{namespaces: {}}]}", 26))),
            "spec.ingress: 26 entries, the most is 25",
        ),
        (policy("ingress: [{action: Deny}]"), "spec.ingress[0]: `from` is missing"),
        (ingress(""), "spec.ingress[0].from: a list that is empty"),
        (ingress(&many("{namespaces: {}}", 26)), "spec.ingress[0].from: 26 entries, the most is 25"),
        (ingress("{}"), "spec.ingress[0].from[0]: exactly one of namespaces, pods has to be given"),
        (
            ingress("{networks: [10.0.0.0/8]}"),
            "spec.ingress[0].from[0]: what comes in can only be told apart by pods",
        ),
        (
            ingress("{pods: {podSelector: {}}}"),
            "spec.ingress[0].from[0].pods: `namespaceSelector` is missing",
        ),
        (
            egress("{domainNames: [a.b]}", "{tcp: {destinationPort: {number: 80}}}"),
            "spec.egress[0].to[0]: this peer is not of the standard channel",
        ),
        (
            egress("{nodes: {}}", "{tcp: {destinationPort: {number: 80}}}"),
            "spec.egress[0].to[0]: this peer is not of the standard channel",
        ),
        (
            egress("{networks: [10.0.0.0/8, 10.0.0.0/8]}", "{tcp: {destinationPort: {number: 80}}}"),
            "spec.egress[0].to[0].networks[1]: this stands in the list already",
        ),
        (
            egress("{networks: []}", "{tcp: {destinationPort: {number: 80}}}"),
            "spec.egress[0].to[0].networks: a list that is empty",
        ),
        (
            egress(
                &format!("{{networks: [{}]}}", many_networks.join(", ")),
                "{tcp: {destinationPort: {number: 80}}}",
            ),
            "spec.egress[0].to[0].networks: 26 entries, the most is 25",
        ),
        (
            egress("{networks: [10.0.0.1/8]}", "{tcp: {destinationPort: {number: 80}}}"),
            "spec.egress[0].to[0].networks[0]: `10.0.0.1/8` is not the canonical form of a CIDR",
        ),
        (
            egress(
                "{networks: [\"0000:0000:0000:0000:0000:0000:0000:0000:0000/128\"]}",
                "{tcp: {destinationPort: {number: 80}}}",
            ),
            "spec.egress[0].to[0].networks[0]: `0000:0000:0000:0000:0000:0000:0000:0000:0000/128` is no CIDR\nspec.egress[0].to[0].networks[0]: more than 43 characters",
        ),
        (
            egress("{networks: [10.0.0.0/8]}", "{destinationNamedPort: http}"),
            "spec.egress[0].protocols[0].destinationNamedPort: networks have no ports with names",
        ),
        (protocol(""), "spec.egress[0].protocols: a list that is empty"),
        (
            protocol(&many("{destinationNamedPort: http}", 26)),
            "spec.egress[0].protocols: 26 entries, the most is 25",
        ),
        (
            protocol("{}"),
            "spec.egress[0].protocols[0]: exactly one of tcp, udp, sctp, destinationNamedPort has to be given",
        ),
        (protocol("{tcp: {}}"), "spec.egress[0].protocols[0].tcp: `destinationPort` is missing"),
        (
            protocol("{tcp: {destinationPort: {}}}"),
            "spec.egress[0].protocols[0].tcp.destinationPort: exactly one of number, range has to be given",
        ),
        (
            protocol("{tcp: {destinationPort: {number: 0}}}"),
            "spec.egress[0].protocols[0].tcp.destinationPort.number: 0 is not within 1 and 65535",
        ),
        (
            protocol("{tcp: {destinationPort: {range: {start: 80, end: 80}}}}"),
            "spec.egress[0].protocols[0].tcp.destinationPort.range: `start` has to be less than `end`",
        ),
        (
            protocol("{destinationNamedPort: Http}"),
            "spec.egress[0].protocols[0].destinationNamedPort: this is no name of a port",
        ),
        (
            format!("{plain}---\n{}", plain.replace("name: a", "name: b")),
            "spec.priority: `a` of the same tier has this priority too",
        ),
    ]
}
