//! What is accepted, and what is refused with which words at which field.

use super::super::rule::{Family, Icmp};
use super::*;

/// The text has exactly one fault, at this field, and its message has these words.
#[track_caller]
fn assert_fault(text: &str, path: &str, words: &str) {
    let errors = bad(text);
    assert_eq!(errors.len(), 1, "{}\n{text}", shown(&errors));
    assert_eq!(errors[0].path, path, "{}\n{text}", shown(&errors));
    assert!(errors[0].message.contains(words), "{}\n{text}", shown(&errors));
    assert!(!errors[0].message.ends_with('.') && !errors[0].message.starts_with(char::is_uppercase));
}

#[track_caller]
fn assert_spec_fault(kind: &str, spec: &str, path: &str, words: &str) {
    assert_fault(&object(kind, spec), &format!("spec{path}"), words);
}

/// A rule is wrong in a policy of a namespace and in one of the cluster.
#[track_caller]
fn assert_rule_fault(list: &str, rule: &str, path: &str, words: &str) {
    for kind in ["NetworkPolicy shop/p", "GlobalNetworkPolicy p"] {
        assert_spec_fault(kind, &format!("{list}: [{{{rule}}}]"), &format!(".{list}[0]{path}"), words);
    }
}

#[track_caller]
fn assert_good_rule(list: &str, rule: &str) {
    for kind in ["NetworkPolicy shop/p", "GlobalNetworkPolicy p"] {
        good(&object(kind, &format!("{list}: [{{{rule}}}]")));
    }
}

const FULL: &str = r#"
tier: net
order: 12.5
selector: app == 'web' && !has(old)
serviceAccountSelector: team == 'a'
types: [Egress, Ingress]
performanceHints: [AssumeNeededOnEveryNode]
ingress:
- action: Allow
  ipVersion: 4
  protocol: TCP
  notProtocol: 17
  source:
    nets: [10.0.0.0/8, 10.0.0.1/32]
    notNets: [10.1.0.0/16]
    selector: has(a)
    notSelector: has(b)
    namespaceSelector: all()
    serviceAccounts: {names: [x, y-z], selector: has(c)}
    ports: [1024, "2000:3000"]
    notPorts: [http]
  destination: {ports: [80, "8080:8090", "443", web_1.x], notPorts: [8085]}
  http: {methods: [GET, PUT], paths: [{exact: /a}, {prefix: /b/}]}
  metadata: {annotations: {why: "for a test"}}
- {action: Pass, protocol: ICMP, icmp: {type: 8, code: 0}, notICMP: {type: 254}}
egress:
- {action: Deny, protocol: ICMPv6, icmp: {type: 128}}
- {action: Log, protocol: 255, destination: {namespaceSelector: global()}}
- {action: Allow, destination: {services: {name: dns, namespace: kube-system}}}
- {action: Allow, destination: {ports: [dns, http]}}
- {action: Allow, notProtocol: UDPLite, source: {}, destination: {}}
"#;

#[test]
fn full_policies() {
    let global =
        "namespaceSelector: kind == 'front'\ndoNotTrack: false\npreDNAT: false\napplyOnForward: true\n";
    let text = [
        object("NetworkPolicy shop/net.full", FULL),
        object("GlobalNetworkPolicy net.full", &(global.to_owned() + FULL.trim_start())),
        object("StagedNetworkPolicy shop/net.full", &("stagedAction: Set\n".to_owned() + FULL.trim_start())),
        object(
            "StagedGlobalNetworkPolicy net.full",
            &("stagedAction: Learn\n".to_owned() + FULL.trim_start()),
        ),
    ]
    .concat();
    let policies = good(&text);
    assert_eq!(policies.len(), 4);
    let (_, policy) = &policies.calico.policies[1];
    assert_eq!((policy.order, policy.tier.as_ref()), (Some(12.5), "net"));
    let rules = policy.ingress.as_ref().unwrap();
    assert_eq!(rules[0].family, Some(Family::V4));
    assert_eq!(rules[1].icmp, Some(Icmp { kind: 8, code: Some(0) }));
    // The stored form is the same object.
    let stored = text.replace("projectcalico.org/v3", "crd.projectcalico.org/v1");
    assert_eq!(good(&stored).objects().len(), 4);
}

#[test]
fn other_objects() {
    let text = [
        set("NetworkSet shop/s", "a: b", "10.0.0.0/8, 10.0.0.1, '2001:db8::/32', 10.1.2.3/16"),
        object("GlobalNetworkSet s", "nets: []"),
        object("Tier net", "order: -1.5\ndefaultAction: Pass"),
        object("Tier last", "{}"),
        object("Tier default", "order: 1000000\ndefaultAction: Deny"),
        object("Tier kube-admin", "order: 1000\ndefaultAction: Pass"),
        object("Profile kns.shop", "ingress: [{action: Allow}]\nlabelsToApply: {pcns.kind: front}"),
        object(
            "HostEndpoint node-1",
            "node: n1\ninterfaceName: eth0\nexpectedIPs: [172.18.0.3, 'fd00::3']\nprofiles: [x]\nports: [{name: ssh, protocol: TCP, port: 22}]",
        ),
        object(
            "StagedKubernetesNetworkPolicy shop/k",
            "podSelector: {matchLabels: {a: b}}\npolicyTypes: [Ingress]\ningress: [{from: [{podSelector: {}}]}]\nstagedAction: Set",
        ),
        object("StagedKubernetesNetworkPolicy shop/gone", "stagedAction: Delete"),
        object("StagedNetworkPolicy shop/gone", "tier: net\nstagedAction: Delete\ningress: []"),
        object("Kubernetes shop/p", "podSelector: {}"),
        object("NetworkPolicy shop/p", "{}"),
    ]
    .concat();
    let policies = good(&text);
    assert_eq!(policies.calico.sets[0].1.nets.len(), 4);
    let kinds: Vec<String> = policies.objects().iter().map(ToString::to_string).collect();
    assert!(kinds.contains(&"NetworkPolicy shop/p".to_owned()), "{kinds:?}");
    assert!(kinds.contains(&"NetworkPolicy.projectcalico.org shop/p".to_owned()), "{kinds:?}");
}

#[test]
fn kinds_are_known_by_name_and_version() {
    let text = object("NetworkPolicy shop/p", "{}").replace("projectcalico.org/v3", "projectcalico.org/v1");
    let versions = "`networking.k8s.io/v1` or `projectcalico.org/v3` or `crd.projectcalico.org/v1`";
    assert_fault(&text, "apiVersion", versions);
    let text = object("Tier t", "{}").replace("projectcalico.org/v3", "networking.k8s.io/v1");
    assert_fault(&text, "apiVersion", "`projectcalico.org/v3` or `crd.projectcalico.org/v1`");
    assert_fault("apiVersion: v1\nkind: Secret\n", "kind", "NetworkPolicy, GlobalNetworkPolicy");
    let list = "apiVersion: projectcalico.org/v3\nkind: NetworkPolicyList\nitems:\n- metadata: {name: p, namespace: shop}\n  spec: {tier: ''}\n";
    assert_eq!(good(list).calico.policies[0].1.tier.as_ref(), "default");
    let list = list.replace("projectcalico.org/v3", "networking.k8s.io/v1").replace("tier: ''", "egress: []");
    assert_fault(&list, "items[0].spec.podSelector", "missing");
}

#[test]
fn one_object_stands_once() {
    let text = object("NetworkPolicy shop/p", "{}");
    let stored = text.replace("projectcalico.org/v3", "crd.projectcalico.org/v1");
    assert_fault(&(text + &stored), "metadata.name", "already");
}

#[test]
fn names() {
    assert_fault(&object("NetworkPolicy shop/a.b.c", "{}"), "metadata.name", "more than one dot");
    assert_fault(&object("GlobalNetworkPolicy knp.default.x", "{}"), "metadata.name", "more than one dot");
    good(&object("NetworkPolicy shop/knp.default.x.y", "{}"));
    assert_fault(&object("Tier a.b", "{}"), "metadata.name", "no name of a tier");
    assert_fault(&object("NetworkPolicy shop/P", "{}"), "metadata.name", "lower case");
    assert_fault(&object("GlobalNetworkPolicy shop/p", "{}"), "metadata.namespace", "no namespace");
    assert_spec_fault("NetworkPolicy shop/p", "tier: a.b", ".tier", "no name of a tier");
    assert_fault(
        &set("GlobalNetworkSet s", "projectcalico.org/namespace: x", ""),
        "metadata.labels[projectcalico.org/namespace]",
        "leave it out",
    );
}

#[test]
fn specs() {
    let np = "NetworkPolicy shop/p";
    let gnp = "GlobalNetworkPolicy p";
    assert_fault(&object(np, "").replace("spec:\n", ""), "spec", "missing");
    assert_spec_fault(np, "podSelector: {}", ".podSelector", "unknown field");
    assert_spec_fault(np, "namespaceSelector: all()", ".namespaceSelector", "unknown field");
    assert_spec_fault(np, "applyOnForward: true", ".applyOnForward", "unknown field");
    assert_spec_fault(np, "stagedAction: Set", ".stagedAction", "unknown field");
    assert_spec_fault(np, "order: '1'", ".order", "number");
    assert_spec_fault(np, "order: .inf", ".order", "number");
    assert_spec_fault(np, "types: [ingress]", ".types[0]", "`Ingress`");
    assert_spec_fault(np, "types: [Ingress, Ingress]", ".types[1]", "twice");
    assert_spec_fault(np, "types: [Both]", ".types[0]", "`Ingress` and `Egress`");
    assert_spec_fault(np, "performanceHints: [Fast]", ".performanceHints[0]", "AssumeNeededOnEveryNode");
    assert_spec_fault(np, "selector: app = 'x'", ".selector", "column 5 of the selector");
    assert_spec_fault(np, "selector: 1", ".selector", "text");
    for field in ["selector", "serviceAccountSelector"] {
        assert_spec_fault(np, &format!("{field}: global()"), &format!(".{field}"), "`global()`");
    }
    for field in ["selector", "serviceAccountSelector", "namespaceSelector"] {
        assert_spec_fault(gnp, &format!("{field}: has(a) && !global()"), &format!(".{field}"), "`global()`");
    }
    let hosts = "applyOnForward: true\npreDNAT: true\n";
    assert_spec_fault(gnp, &format!("{hosts}doNotTrack: true"), ".preDNAT", "not both");
    assert_spec_fault(
        gnp,
        &format!("{hosts}egress: [{{action: Allow}}]\ntypes: [Ingress]"),
        ".egress",
        "no egress",
    );
    assert_spec_fault(gnp, &format!("{hosts}types: [Egress]"), ".types", "`Ingress` only");
    assert_spec_fault(gnp, "preDNAT: true", ".preDNAT", "`applyOnForward`");
    assert_spec_fault(gnp, "doNotTrack: true\napplyOnForward: false", ".doNotTrack", "`applyOnForward`");
    assert_spec_fault(gnp, "doNotTrack: 'yes'", ".doNotTrack", "boolean");
}

#[test]
fn rules() {
    let fault = assert_rule_fault;
    fault("ingress", "", ".action", "missing");
    fault("ingress", "action: allow", ".action", "`Allow`");
    fault("ingress", "action: Drop", ".action", "`Deny`");
    fault("ingress", "action: Allow, ports: [80]", ".ports", "unknown field");
    fault("ingress", "action: Allow, ipVersion: 5", ".ipVersion", "`4` or `6`");
    fault("ingress", "action: Allow, protocol: tcp", ".protocol", "`TCP`");
    fault("ingress", "action: Allow, protocol: ESP", ".protocol", "1 to 255");
    for number in ["0", "256", "-1"] {
        fault("ingress", &format!("action: Allow, notProtocol: {number}"), ".notProtocol", "1 to 255");
    }
    assert_good_rule("ingress", "action: Allow, protocol: '6', destination: {ports: [80]}");
    for field in ["icmp", "notICMP"] {
        let icmp = |inner: &str| format!("action: Allow, protocol: ICMP, {field}: {{{inner}}}");
        fault("egress", &icmp("code: 1"), &format!(".{field}.code"), "`type`");
        fault("egress", &icmp("type: 255"), &format!(".{field}.type"), "254");
        fault("egress", &icmp("type: 1, code: 256"), &format!(".{field}.code"), "255");
    }
    fault("egress", "action: Allow, icmp: {type: 8}", ".icmp", "`ICMP` or `ICMPv6`");
    fault("egress", "action: Allow, protocol: TCP, icmp: {}", ".icmp", "`ICMP` or `ICMPv6`");
    assert_good_rule("egress", "action: Allow, protocol: 58, icmp: {type: 8}, ipVersion: 6");
    assert_good_rule("egress", "action: Allow, notICMP: {type: 8}");
    for field in ["protocol", "notProtocol"] {
        fault(
            "egress",
            &format!("action: Allow, {field}: ICMP, ipVersion: 6"),
            &format!(".{field}"),
            "`ICMPv6`",
        );
        fault("egress", &format!("action: Allow, {field}: 58, ipVersion: 4"), &format!(".{field}"), "`ICMP`");
    }
    fault("egress", "action: Allow, metadata: {labels: {}}", ".metadata.labels", "unknown field");
    fault("egress", "action: Allow, source: {podSelector: a}", ".source.podSelector", "unknown field");
}

#[test]
fn nets() {
    let fault = assert_rule_fault;
    for (net, words) in [("10.0.0.1", "no `/`"), ("10.0.0.1/8", "`10.0.0.0/8`"), ("all", "no CIDR")] {
        for (end, field) in [("source", "nets"), ("destination", "notNets")] {
            let rule = format!("action: Deny, {end}: {{{field}: ['{net}']}}");
            fault("ingress", &rule, &format!(".{end}.{field}[0]"), words);
        }
    }
    for all in ["0.0.0.0/0", "::/0"] {
        let rule = format!("action: Deny, source: {{notNets: ['{all}']}}");
        fault("egress", &rule, ".source.notNets[0]", "leave the rule out");
        assert_good_rule("egress", &format!("action: Deny, source: {{nets: ['{all}']}}"));
    }
    let mixed = "action: Allow, source: {nets: [10.0.0.0/8], notNets: ['fd00::/8']}";
    fault("ingress", mixed, ".source.notNets", "a rule for each version");
    let mixed = "action: Allow, source: {nets: [10.0.0.0/8, 'fd00::/8']}";
    fault("ingress", mixed, ".source.nets", "a rule for each version");
    let mixed = "action: Allow, source: {nets: ['fd00::/8']}, destination: {nets: [10.0.0.0/8]}";
    fault("ingress", mixed, ".destination.nets", "a rule for each version");
    let other = "action: Allow, ipVersion: 6, destination: {nets: [10.0.0.0/8]}";
    fault("egress", other, ".destination.nets", "`ipVersion`");
    assert_spec_fault(
        "NetworkSet shop/s",
        "nets: [10.0.0.0/33]",
        ".nets[0]",
        "neither an address nor a CIDR",
    );
}

#[test]
fn ports() {
    let fault = assert_rule_fault;
    for (port, words) in [
        ("0", "1 to 65535"),
        ("65536", "1 to 65535"),
        ("'0:80'", "1 to 65535"),
        ("'90:80'", "`80:90`"),
        ("'80-90'", ""),
        ("'a b'", "nor a name"),
        ("''", "nor a name"),
        ("true", "text"),
    ] {
        let rule = format!("action: Allow, protocol: TCP, destination: {{ports: [{port}]}}");
        if words.is_empty() {
            // That is a name, though a misleading one.
            assert_good_rule("ingress", &rule);
        } else {
            fault("ingress", &rule, ".destination.ports[0]", words);
        }
    }
    for end in ["source", "destination"] {
        for field in ["ports", "notPorts"] {
            let path = format!(".{end}.{field}");
            let rule = |protocol: &str, ports: &str| {
                format!("action: Allow, {protocol}{end}: {{{field}: [{ports}]}}")
            };
            fault("egress", &rule("", "80"), &path, "`TCP`, `UDP` or `SCTP`");
            fault("egress", &rule("", "http, 80"), &path, "`TCP`, `UDP` or `SCTP`");
            fault("egress", &rule("notProtocol: TCP, ", "80"), &path, "`TCP`, `UDP` or `SCTP`");
            for protocol in ["ICMP", "UDPLite", "47"] {
                fault(
                    "egress",
                    &rule(&format!("protocol: {protocol}, "), "http"),
                    &path,
                    "`TCP`, `UDP` or `SCTP`",
                );
            }
            assert_good_rule("egress", &rule("", "http, dns"));
            assert_good_rule("egress", &rule("protocol: 132, ", "http, 80"));
        }
    }
}

#[test]
fn selectors_of_ends() {
    let fault = assert_rule_fault;
    let path = ".source.selector";
    fault("ingress", "action: Allow, source: {selector: global()}", path, "`namespaceSelector`");
    let path = ".source.namespaceSelector";
    let both = "action: Allow, source: {namespaceSelector: global() || has(a)}";
    fault("ingress", both, path, "write it alone");
    fault("ingress", "action: Allow, source: {namespaceSelector: '!global()'}", path, "write it alone");
    assert_good_rule("ingress", "action: Allow, source: {namespaceSelector: ' global( )'}");
    fault("ingress", "action: Allow, source: {notSelector: 'has('}", ".source.notSelector", "column 5");
    let accounts = "action: Allow, source: {serviceAccounts: {selector: a == b}}";
    fault("ingress", accounts, ".source.serviceAccounts.selector", "column 6");
    let accounts = "action: Allow, source: {serviceAccounts: {name: [a]}}";
    fault("ingress", accounts, ".source.serviceAccounts.name", "unknown field");
}

#[test]
fn services() {
    let fault = assert_rule_fault;
    let service = "services: {name: a, namespace: b}";
    let rule = |list: &str, more: &str| {
        let end = if list == "ingress" { "source" } else { "destination" };
        format!("action: Allow, protocol: TCP, {end}: {{{service}{more}}}")
    };
    assert_good_rule("ingress", &rule("ingress", ", selector: '', nets: []"));
    assert_good_rule("ingress", &rule("ingress", ", ports: [80]"));
    assert_good_rule("egress", &rule("egress", ""));
    fault(
        "ingress",
        &format!("action: Allow, destination: {{{service}}}"),
        ".destination.services",
        "`source` only",
    );
    fault(
        "egress",
        &format!("action: Allow, source: {{{service}}}"),
        ".source.services",
        "`destination` only",
    );
    for (more, name) in [
        ("selector: has(a)", "selector"),
        ("notSelector: has(a)", "notSelector"),
        ("namespaceSelector: has(a)", "namespaceSelector"),
        ("serviceAccounts: {names: [a]}", "serviceAccounts"),
        ("nets: [10.0.0.0/8]", "nets"),
        ("notNets: [10.0.0.0/8]", "notNets"),
    ] {
        let path = format!(".destination.{name}");
        fault("egress", &rule("egress", &format!(", {more}")), &path, "beside `services`");
    }
    for name in ["ports", "notPorts"] {
        let path = format!(".destination.{name}");
        fault("egress", &rule("egress", &format!(", {name}: [80]")), &path, "own ports");
    }
    fault(
        "egress",
        "action: Allow, destination: {services: {namespace: b}}",
        ".destination.services.name",
        "named",
    );
    let bare = "egress: [{action: Allow, destination: {services: {name: a}}}]";
    good(&object("NetworkPolicy shop/p", bare));
    assert_spec_fault("GlobalNetworkPolicy p", bare, ".egress[0].destination.services", "`namespace`");
}

#[test]
fn http() {
    let fault = assert_rule_fault;
    assert_good_rule("ingress", "action: Allow, http: {methods: [GET]}");
    fault("ingress", "action: Deny, http: {}", ".http", "`Allow` only");
    fault("egress", "action: Allow, http: {}", ".http", "egress rule");
    fault("ingress", "action: Allow, protocol: UDP, http: {}", ".http", "`TCP`, or none");
    fault("ingress", "action: Allow, http: {methods: [GET, GET]}", ".http.methods[1]", "twice");
    let path = |path: &str| format!("action: Allow, http: {{paths: [{path}]}}");
    fault("ingress", &path("{}"), ".http.paths[0]", "needs `exact` or `prefix`");
    fault("ingress", &path("{exact: /a, prefix: /b}"), ".http.paths[0]", "not both");
    fault("ingress", &path("{exact: /a, regex: /a}"), ".http.paths[0].regex", "unknown field");
    for wrong in ["a", "/a?b", "/a#b", "/a b"] {
        fault("ingress", &path(&format!("{{exact: '{wrong}'}}")), ".http.paths[0].exact", "begins with `/`");
    }
}

#[test]
fn staged_ones_that_delete() {
    let words = "beside the `stagedAction` `Delete`";
    let text = "stagedAction: Delete\ntier: a\norder: 1";
    assert_spec_fault("StagedNetworkPolicy shop/p", text, ".order", words);
    assert_spec_fault(
        "StagedGlobalNetworkPolicy p",
        "stagedAction: Delete\nselector: all()",
        ".selector",
        words,
    );
    let kind = "StagedKubernetesNetworkPolicy shop/p";
    assert_spec_fault(kind, "stagedAction: Delete\npolicyTypes: [Ingress]", ".policyTypes", words);
    assert_spec_fault(kind, "stagedAction: Drop", ".stagedAction", "`Delete`");
    assert_spec_fault(kind, "selector: all()", ".selector", "unknown field");
    assert_spec_fault("StagedNetworkPolicy shop/p", "ingress: [{}]", ".ingress[0].action", "missing");
}

#[test]
fn tiers_sets_profiles_and_hosts() {
    let fault = assert_spec_fault;
    fault("Tier t", "defaultAction: Allow", ".defaultAction", "`Pass` and `Deny`");
    fault("Tier t", "action: Deny", ".action", "unknown field");
    fault("Tier default", "order: 5", ".order", "1000000");
    fault("Tier default", "defaultAction: Pass", ".defaultAction", "`Deny`");
    fault("Tier kube-admin", "order: 1000", ".defaultAction", "`Pass`");
    fault("Tier kube-baseline", "order: 1000\ndefaultAction: Pass", ".order", "10000000");
    fault("GlobalNetworkSet s", "net: []", ".net", "unknown field");
    fault("Profile p", "ingress: [{action: Allow, protocol: x}]", ".ingress[0].protocol", "no protocol");
    fault("HostEndpoint h", "interfaceName: eth0", ".node", "`node`");
    fault("HostEndpoint h", "node: n1", "", "`expectedIPs`");
    fault("HostEndpoint h", "node: n1\nexpectedIPs: [10.0.0.0/8]", ".expectedIPs[0]", "no address");
}
