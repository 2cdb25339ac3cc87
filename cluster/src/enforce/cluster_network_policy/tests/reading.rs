//! What is accepted, and what is refused with which words at which field.

use super::*;
use crate::enforce::selector::Test;

/// The text has exactly one fault, at this field, and its message has these words.
#[track_caller]
fn assert_fault(text: &str, path: &str, words: &str) {
    let Err(errors) = read(text) else { panic!("this was accepted:\n{text}") };
    assert_eq!(errors.len(), 1, "{}\n{text}", shown(&errors));
    let error = &errors[0];
    assert_eq!(error.path, path, "{}\n{text}", shown(&errors));
    assert!(error.message.contains(words), "{}\n{text}", shown(&errors));
    assert!(!error.message.ends_with('.') && !error.message.starts_with(char::is_uppercase));
}

const HEAD: &str = "tier: Admin\npriority: 1\nsubject: {namespaces: {}}\n";

#[track_caller]
fn assert_spec_fault(spec: &str, path: &str, words: &str) {
    assert_fault(&named_policy("p", spec), &format!("spec{path}"), words);
}

#[track_caller]
fn assert_rest_fault(rest: &str, path: &str, words: &str) {
    assert_spec_fault(&format!("{HEAD}{rest}"), path, words);
}

/// One rule that accepts, with this destination.
#[track_caller]
fn assert_peer_fault(peer: &str, path: &str, words: &str) {
    let rest = format!("egress: [{{action: Accept, to: [{peer}]}}]");
    assert_rest_fault(&rest, &format!(".egress[0].to[0]{path}"), words);
}

#[track_caller]
fn assert_protocol_fault(protocol: &str, path: &str, words: &str) {
    let rest = format!("ingress: [{{action: Deny, from: [{{namespaces: {{}}}}], protocols: [{protocol}]}}]");
    assert_rest_fault(&rest, &format!(".ingress[0].protocols[0]{path}"), words);
}

#[track_caller]
fn assert_older_fault(kind: Kind, rest: &str, path: &str, words: &str) {
    let priority = if kind == ADMIN { "priority: 1\n" } else { "" };
    let text = older_policy(kind, "default", &format!("{priority}subject: {{namespaces: {{}}}}\n{rest}"));
    assert_fault(&text, path, words);
}

fn times(count: usize, item: &str) -> String {
    vec![item; count].join(", ")
}

#[test]
fn a_full_policy() {
    let policies = good(&named_policy(
        "all.of-it",
        "tier: Baseline
priority: 1000
subject:
  pods:
    namespaceSelector: {matchLabels: {a: b}}
    podSelector: {matchExpressions: [{key: c, operator: In, values: [d, e]}]}
ingress:
- name: in
  action: Pass
  from:
  - namespaces: {}
  - pods: {podSelector: {}}
  protocols:
  - tcp: {destinationPort: {number: 80}}
  - udp: {destinationPort: {range: {start: 1, end: 65535}}}
  - sctp: {destinationPort: {number: 65535}}
  - destinationNamedPort: http
- {action: Deny, from: [{namespaces: {matchExpressions: [{key: a, operator: Exists}]}}]}
egress:
- action: Accept
  to:
  - networks: [10.0.0.0/8, 'fd00::/8']
  - nodes: {}
  - domainNames: [example.com, '*.Example.com.']",
    ));
    assert_eq!(policies.objects()[0].to_string(), "ClusterNetworkPolicy all.of-it");
    let [(0, policy)] = policies.cluster.policies.as_slice() else { panic!() };
    assert_eq!((policy.stage, policy.priority), (Stage::Baseline, Some(1000)));
    assert_eq!(policy.subject.namespaces.requirements.len(), 1);
    assert!(
        matches!(policy.subject.pods.requirements["c"].first(), Some(Test::In(values)) if values.len() == 2)
    );
    let [first, second] = policy.ingress.as_slice() else { panic!() };
    assert_eq!((first.action, first.peers.len(), first.ports.len()), (Action::Pass, 2, 4));
    assert_eq!((second.action, second.ports.len()), (Action::Deny, 0));
    assert_eq!(first.ports[3], Port::Name(Text::from("http")));
    assert_eq!(policy.egress[0].peers.len(), 3);
    let boundaries = policies.boundaries();
    assert_eq!((boundaries.cidrs.len(), boundaries.ports.len()), (2, 3));
    let hosts: Vec<&str> = boundaries.hosts.iter().map(AsRef::as_ref).collect();
    assert_eq!(hosts, [r"([a-z0-9_-]+\.)+example\.com", r"example\.com"]);
}

#[test]
fn older_policies_are_the_same_thing() {
    let admin = older_policy(
        ADMIN,
        "one",
        "priority: 7
subject: {pods: {namespaceSelector: {}, podSelector: {}}}
ingress:
- action: Pass
  from: [{pods: {namespaceSelector: {}, podSelector: {}}}]
  ports: [{portNumber: {port: 80}}, {portRange: {protocol: UDP, start: 1, end: 9}}, {namedPort: http}]
egress:
- {action: Allow, to: [{nodes: {}}, {networks: [10.0.0.0/8]}, {domainNames: [a.b]}], ports: [{portNumber: {protocol: SCTP, port: 1}}]}",
    );
    let baseline = older_policy(
        BASELINE,
        "default",
        "subject: {namespaces: {}}\negress: [{action: Deny, to: [{nodes: {}}, {networks: [0.0.0.0/0]}]}]",
    );
    let policies = good(&format!("{admin}{baseline}"));
    let [(0, admin), (1, baseline)] = policies.cluster.policies.as_slice() else { panic!() };
    assert_eq!((admin.stage, admin.priority), (Stage::Admin, Some(7)));
    assert_eq!((baseline.stage, baseline.priority), (Stage::Baseline, None));
    let tcp = |first, last| Port::Numbers(PortRange { protocol: Carrier::Tcp, first, last });
    assert_eq!(admin.ingress[0].ports[0], tcp(80, 80));
    assert_eq!(admin.egress[0].action, Action::Allow);
    let names: Vec<String> = policies.objects().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["AdminNetworkPolicy one", "BaselineAdminNetworkPolicy default"]);

    for kind in [ADMIN, BASELINE] {
        let fault = |rest: &str, path: &str, words: &str| assert_older_fault(kind, rest, path, words);
        fault("tier: Admin", "spec.tier", "unknown field");
        fault("ingress: [{action: Accept, from: [{namespaces: {}}]}]", "spec.ingress[0].action", "`Allow`");
        fault(
            "ingress: [{action: Deny, from: [{pods: {podSelector: {}}}]}]",
            "spec.ingress[0].from[0].pods.namespaceSelector",
            "missing",
        );
        fault(
            "ingress: [{action: Deny, from: [{namespaces: {}}], protocols: []}]",
            "spec.ingress[0].protocols",
            "unknown field",
        );
        let ports = |port: &str, path: &str, words: &str| {
            let rest = format!("ingress: [{{action: Deny, from: [{{namespaces: {{}}}}], ports: [{port}]}}]");
            fault(&rest, &format!("spec.ingress[0].ports[0]{path}"), words);
        };
        ports("{}", "", "`portNumber`, `portRange` and `namedPort`");
        ports("{portNumber: {}}", ".portNumber.port", "missing");
        ports("{portNumber: {port: 0}}", ".portNumber.port", "1 to 65535");
        ports("{portNumber: {port: 1, protocol: ICMP}}", ".portNumber.protocol", "`SCTP`");
        ports("{portRange: {start: 2, end: 1}}", ".portRange", "less than");
        ports("{portRange: {start: 2}}", ".portRange.end", "missing");
        ports("{portNumber: {port: 1}, namedPort: a}", "", "only one");
        let rules = |count| times(count, "{action: Deny, from: [{namespaces: {}}]}");
        fault(&format!("ingress: [{}]", rules(101)), "spec.ingress", "101 stand here, and 100 may");
        let text = older_policy(
            kind,
            "default",
            &format!(
                "{}subject: {{namespaces: {{}}}}\ningress: [{}]",
                if kind == ADMIN { "priority: 0\n" } else { "" },
                rules(100)
            ),
        );
        good(&text);
        fault(
            "egress: [{action: Deny, to: [{networks: [10.0.0.0/8]}], ports: [{namedPort: http}]}]",
            "spec.egress[0].ports",
            "write its number",
        );
    }
    assert_older_fault(BASELINE, "priority: 1", "spec.priority", "unknown field");
    let pass = "ingress: [{action: Pass, from: [{namespaces: {}}]}]";
    assert_older_fault(BASELINE, pass, "spec.ingress[0].action", "`Allow` and `Deny` are");
    let domains = "egress: [{action: Allow, to: [{domainNames: [a.b]}]}]";
    assert_older_fault(BASELINE, domains, "spec.egress[0].to[0].domainNames", "unknown field");
    let other = older_policy(BASELINE, "other", "subject: {namespaces: {}}");
    assert_fault(&other, "metadata.name", "called `default`, and not `other`");
}

#[test]
fn objects_that_are_no_policies() {
    let text = named_policy("p", HEAD).replace("v1alpha2", "v1alpha1");
    assert_fault(&text, "apiVersion", "`policy.networking.k8s.io/v1alpha2`");
    assert_fault("apiVersion: v1\nkind: Pod\nmetadata: {name: x}", "kind", "no policy");
    let text = "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n";
    assert_fault(&format!("{text}metadata: {{name: p}}"), "spec", "missing");
    assert_fault(
        &format!(
            "{text}metadata: {{name: p, namespace: x}}\nspec: {{tier: Admin, priority: 1, subject: {{namespaces: {{}}}}}}"
        ),
        "metadata.namespace",
        "no namespace",
    );
    let twice = named_policy("p", HEAD).repeat(2);
    assert_fault(&twice, "metadata.name", "stands at test.yaml:2 already");
    let both =
        named_policy("default", HEAD) + &older_policy(BASELINE, "default", "subject: {namespaces: {}}");
    assert_eq!(good(&both).len(), 2);
}

#[test]
fn tier_priority_and_subject() {
    let subject = "subject: {namespaces: {}}";
    assert_spec_fault(&format!("priority: 1\n{subject}"), ".tier", "missing");
    assert_spec_fault(&format!("tier: Admin\n{subject}"), ".priority", "missing");
    assert_spec_fault("tier: Admin\npriority: 1", ".subject", "missing");
    assert_spec_fault(&format!("tier: admin\npriority: 1\n{subject}"), ".tier", "`Admin` and `Baseline` are");
    assert_spec_fault(&format!("tier: Admin\npriority: 1001\n{subject}"), ".priority", "0 to 1000");
    assert_spec_fault(&format!("tier: Admin\npriority: -1\n{subject}"), ".priority", "0 to 1000");
    assert_spec_fault(&format!("tier: Admin\npriority: high\n{subject}"), ".priority", "whole number");
    assert_spec_fault(&format!("{HEAD}default: Deny"), ".default", "unknown field");
    let head = "tier: Admin\npriority: 0\nsubject: ";
    let fault = |subject: &str, path: &str, words: &str| {
        assert_spec_fault(&format!("{head}{subject}"), &format!(".subject{path}"), words);
    };
    fault("{}", "", "write one of `namespaces` and `pods`");
    fault("{namespaces: {}, pods: {podSelector: {}}}", "", "`namespaces` and `pods` stand here together");
    fault("{pods: {}}", ".pods.podSelector", "missing");
    fault("{pods: {podSelector: {}, nodes: {}}}", ".pods.nodes", "unknown field");
    fault("{nodes: {}}", ".nodes", "unknown field");
    fault("{namespaces: {matchLabels: {a b: c}}}", ".namespaces.matchLabels[a b]", "no label key");
    let near = "{matchExpressions: [{key: a, operator: Near}]}";
    fault(&format!("{{namespaces: {near}}}"), ".namespaces.matchExpressions[0].operator", "no operator");
    good(&named_policy("p", &format!("{head}{{pods: {{podSelector: {{}}}}}}")));
}

#[test]
fn rules() {
    let rest = |rule: &str| format!("ingress: [{{{rule}}}]");
    let fault = |rule: &str, path: &str, words: &str| {
        assert_rest_fault(&rest(rule), &format!(".ingress[0]{path}"), words);
    };
    let from = "from: [{namespaces: {}}]";
    fault(from, ".action", "missing");
    fault(&format!("action: Allow, {from}"), ".action", "`Accept`, `Deny` and `Pass` are");
    fault("action: Deny", ".from", "missing");
    fault("action: Deny, from: []", ".from", "`namespaces: {}`");
    fault(&format!("action: Deny, {from}, to: []"), ".to", "unknown field");
    fault(&format!("action: Deny, {from}, ports: []"), ".ports", "unknown field");
    fault(&format!("action: Deny, {from}, protocols: []"), ".protocols", "leave the field out");
    fault(&format!("action: Deny, {from}, name: {}", "x".repeat(101)), ".name", "at most 100");
    good(&named_policy(
        "p",
        &format!("{HEAD}{}", rest(&format!("action: Deny, {from}, name: {}", "ä".repeat(100)))),
    ));
    let many = times(26, "{namespaces: {}}");
    fault(
        &format!("action: Deny, from: [{many}]"),
        ".from",
        "26 stand here, and 25 may: write a second rule",
    );
    let many = times(26, "{destinationNamedPort: a}");
    fault(&format!("action: Deny, {from}, protocols: [{many}]"), ".protocols", "25 may");
    let many = times(26, &format!("{{action: Deny, {from}}}"));
    assert_rest_fault(&format!("ingress: [{many}]"), ".ingress", "a policy of the next priority");
    let many = times(26, "{action: Deny, to: [{namespaces: {}}]}");
    assert_rest_fault(&format!("egress: [{many}]"), ".egress", "25 may");
    assert_rest_fault("egress: [{action: Deny, to: []}]", ".egress[0].to", "`networks: [0.0.0.0/0, ::/0]`");
    good(&named_policy("p", &format!("{HEAD}ingress: []\negress: []")));
}

#[test]
fn peers() {
    assert_peer_fault("{}", "", "`namespaces`, `pods`, `nodes`, `networks` and `domainNames`");
    assert_peer_fault("{namespaces: {}, nodes: {}}", "", "only one");
    assert_peer_fault("{ipBlock: {}}", ".ipBlock", "unknown field");
    for (field, value) in [("networks", "[10.0.0.0/8]"), ("nodes", "{}"), ("domainNames", "[a.b]")] {
        let rest = format!("ingress: [{{action: Accept, from: [{{{field}: {value}}}]}}]");
        assert_rest_fault(&rest, &format!(".ingress[0].from[0].{field}"), "unknown field");
        let rest = format!(
            "egress: [{{action: Accept, to: [{{{field}: {value}}}], protocols: [{{destinationNamedPort: a}}]}}]"
        );
        assert_rest_fault(&rest, ".egress[0].protocols", "write its number");
    }
    assert_peer_fault("{networks: []}", ".networks", "write one at least");
    assert_peer_fault("{networks: 10.0.0.0/8}", ".networks", "a list is needed");
    assert_peer_fault("{networks: [10.0.0.0/8, 10.0.0.0/8]}", ".networks[1]", "stands here already");
    assert_peer_fault("{networks: [10.0.0.1]}", ".networks[0]", "no CIDR");
    assert_peer_fault("{networks: [10.0.0.1/8]}", ".networks[0]", "write `10.0.0.0/8`");
    let long = "0000:0000:0000:0000:0000:ffff:192.168.100.228/128";
    assert_peer_fault(&format!("{{networks: ['{long}']}}"), ".networks[0]", "at most 43");
    let many: Vec<String> = (0..26).map(|n| format!("10.{n}.0.0/16")).collect();
    assert_peer_fault(&format!("{{networks: [{}]}}", many.join(", ")), ".networks", "a second peer");
    assert_peer_fault("{domainNames: []}", ".domainNames", "write one at least");
    assert_peer_fault("{domainNames: [com]}", ".domainNames[0]", "one label");
    assert_peer_fault("{domainNames: ['a.*.b']}", ".domainNames[0]", "only as `*.` at the front");
    assert_peer_fault("{domainNames: [a.b, a.b]}", ".domainNames[1]", "stands here already");
    let many: Vec<String> = (0..26).map(|n| format!("h{n}.b")).collect();
    assert_peer_fault(&format!("{{domainNames: [{}]}}", many.join(", ")), ".domainNames", "25 may");
    for action in ["Deny", "Pass"] {
        let rest = format!("egress: [{{action: {action}, to: [{{domainNames: [a.b]}}]}}]");
        assert_rest_fault(&rest, ".egress[0].to[0].domainNames", "`action: Accept`");
    }
    assert_peer_fault("{nodes: {matchLabels: {a: 1}}}", ".nodes.matchLabels[a]", "text is needed");
    assert_peer_fault("{pods: {namespaceSelector: {}}}", ".pods.podSelector", "missing");
}

#[test]
fn protocols() {
    let all = "`tcp`, `udp`, `sctp` and `destinationNamedPort`";
    assert_protocol_fault("{}", "", all);
    assert_protocol_fault("{icmp: {}}", ".icmp", "unknown field");
    let port = "{destinationPort: {number: 1}}";
    assert_protocol_fault(
        &format!("{{tcp: {port}, udp: {port}}}"),
        "",
        "`tcp` and `udp` stand here together",
    );
    assert_protocol_fault("{tcp: {}}", ".tcp", "range: {start: 1, end: 65535}");
    assert_protocol_fault("{tcp: {sourcePort: 1}}", ".tcp.sourcePort", "unknown field");
    assert_protocol_fault("{tcp: {destinationPort: {}}}", ".tcp.destinationPort", "`number` and `range`");
    let both = "{number: 1, range: {start: 1, end: 2}}";
    assert_protocol_fault(
        &format!("{{udp: {{destinationPort: {both}}}}}"),
        ".udp.destinationPort",
        "only one",
    );
    for number in ["0", "65536", "-1"] {
        let path = ".sctp.destinationPort.number";
        assert_protocol_fault(&format!("{{sctp: {{destinationPort: {{number: {number}}}}}}}"), path, "65535");
    }
    let named = "{tcp: {destinationPort: {number: http}}}";
    assert_protocol_fault(named, ".tcp.destinationPort.number", "a whole number is needed");
    let range = |range: &str, path: &str, words: &str| {
        let protocol = format!("{{tcp: {{destinationPort: {{range: {range}}}}}}}");
        assert_protocol_fault(&protocol, &format!(".tcp.destinationPort.range{path}"), words);
    };
    range("{start: 80, end: 80}", "", "one port, 80, is written as a number");
    range("{start: 81, end: 80}", "", "less than `end`, 80");
    range("{start: 80}", ".end", "missing");
    range("{end: 80}", ".start", "missing");
    range("{start: 0, end: 80}", ".start", "65535");
    range("{start: 1, end: 2, step: 1}", ".step", "unknown field");
    assert_protocol_fault("{destinationNamedPort: '80'}", ".destinationNamedPort", "without quotes");
    assert_protocol_fault("{destinationNamedPort: a--b}", ".destinationNamedPort", "no `--`");
}

#[test]
fn every_mistake_is_told() {
    let text = named_policy("p", "tier: X\npriority: 2000\nsubject: {}\ningress: [{action: Y, from: []}]");
    let Err(errors) = read(&text) else { panic!() };
    let paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(
        paths,
        ["spec.tier", "spec.priority", "spec.subject", "spec.ingress[0].action", "spec.ingress[0].from"]
    );
}
