//! What is accepted, and what is refused with which words at which field.

use super::*;
use crate::enforce::probe::Probe;
use crate::enforce::selector::{self, Test};
use crate::flow::Filter;
use std::collections::BTreeSet;

/// The text has exactly one fault, at this field, and its message has these words.
#[track_caller]
fn assert_fault(text: &str, path: &str, words: &str) {
    let errors = match read(text) {
        Ok(_) => panic!("this was accepted:\n{text}"),
        Err(errors) => errors,
    };
    assert_eq!(errors.len(), 1, "{}\n{text}", shown(&errors));
    assert_eq!(errors[0].path, path, "{}\n{text}", shown(&errors));
    assert!(errors[0].message.contains(words), "{}\n{text}", shown(&errors));
    assert!(!errors[0].message.ends_with('.') && !errors[0].message.starts_with(char::is_uppercase));
}

/// One rule of a policy of `shop`, in a list of rules.
#[track_caller]
fn assert_rule_fault(list: &str, rule: &str, path: &str, words: &str) {
    let text = policy(&format!("endpointSelector: {{}}\n{list}: [{rule}]"));
    assert_fault(&text, &format!("spec.{list}[0]{path}"), words);
}

#[track_caller]
fn assert_rule(list: &str, rule: &str) {
    good(&policy(&format!("endpointSelector: {{}}\n{list}: [{rule}]")));
}

/// One item of `toPorts`.
#[track_caller]
fn assert_port_fault(list: &str, item: &str, path: &str, words: &str) {
    assert_rule_fault(list, &format!("{{toPorts: [{item}]}}"), &format!(".toPorts[0]{path}"), words);
}

#[test]
fn a_full_policy() {
    let text = r#"
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web.v1, namespace: shop}
spec:
  description: what it is for
  labels: [{key: a, value: b, source: k8s}]
  log: {value: shop}
  enableDefaultDeny: {ingress: true, egress: false}
  endpointSelector:
    matchLabels: {app: web, "k8s:tier": "", any:x.io/v: z}
    matchExpressions:
    - {key: a, operator: In, values: [b]}
    - {key: b, operator: NotIn, values: [b]}
    - {key: c, operator: Exists}
    - {key: d, operator: DoesNotExist, values: []}
  ingress:
  - fromEndpoints: [{}, {matchLabels: {"reserved:host": ""}}]
    authentication: {mode: required}
    toPorts:
    - ports: [{port: "80", protocol: TCP}, {port: web, protocol: TCP}]
      rules:
        http:
        - {method: GET, path: /a/.*, host: "a[.]b", headers: ["X-A: b", X-C]}
        - headerMatches: [{name: X, value: v, mismatch: LOG}, {name: W, secret: {name: s, namespace: ns}}]
      terminatingTLS: {secret: {name: s, namespace: ns}, certificate: c, privateKey: k, trustedCA: t}
      originatingTLS: {secret: {name: s}}
      serverNames: [a.b]
  - fromEntities: [cluster]
    icmps: [{fields: [{type: 8}, {family: IPv6, type: EchoRequest}]}]
  - fromRequires: []
    fromGroups: [{aws: {labels: {a: b}, region: r, securityGroupsIds: [a], securityGroupsNames: [b]}}]
  ingressDeny:
  - fromCIDR: [192.0.2.1/24]
    toPorts: [{ports: [{port: "0"}]}]
  - fromCIDRSet: [{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}, {cidrGroupRef: g}, {cidrGroupSelector: {matchLabels: {a: b}}}]
  - fromNodes: [{matchLabels: {a: b}}]
  egress:
  - toEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: kube-system, k8s-app: kube-dns}}]
    toPorts: [{ports: [{port: "53", protocol: ANY}], rules: {dns: [{matchPattern: "*"}, {matchName: a.b}]}}]
  - toFQDNs: [{matchName: a.b.}, {matchPattern: "**.c"}]
    toPorts:
    - ports: [{port: "443", endPort: 444, protocol: TCP}]
      listener: {envoyConfig: {kind: CiliumEnvoyConfig, name: e}, name: l, priority: 3}
  - toServices: [{k8sService: {serviceName: s, namespace: ns}}, {k8sServiceSelector: {selector: {matchLabels: {a: b}}, namespace: ns}}]
  - toPorts: [{ports: [{protocol: VRRP}, {port: "0", protocol: AH}]}]
  - toPorts: [{ports: [{port: "9092", protocol: TCP}], rules: {kafka: [{role: produce, topic: t}]}}]
  - toPorts: [{ports: [{port: "9092", protocol: TCP}], rules: {l7proto: x, l7: [{a: b}]}}]
  egressDeny:
  - toServices: [{k8sService: {serviceName: s}}]
  - toEntities: [world]
status: {conditions: []}
"#;
    let policies = good(text);
    assert_eq!(policies.objects()[0].to_string(), "CiliumNetworkPolicy shop/web.v1");
    let spec = &policies.cilium.policies[0].1.specs[0];
    let sizes =
        (spec.ingress.allow.len(), spec.ingress.deny.len(), spec.egress.allow.len(), spec.egress.deny.len());
    assert_eq!(sizes, (3, 3, 6, 2));
}

#[test]
fn objects_of_every_version() {
    let group = |version: &str| {
        format!(
            "apiVersion: {version}\nkind: CiliumCIDRGroup\nmetadata: {{name: g}}\nspec: {{externalCIDRs: [192.0.2.0/24]}}\n"
        )
    };
    for version in ["cilium.io/v2", "cilium.io/v2alpha1"] {
        assert_eq!(good(&group(version)).cilium.groups.len(), 1);
    }
    assert_fault(&group("cilium.io/v1"), "apiVersion", "a CiliumCIDRGroup is `cilium.io/v2` or");
    let twice = format!("{}---\n{}", group("cilium.io/v2"), group("cilium.io/v2alpha1"));
    assert_fault(&twice, "metadata.name", "already");
    assert_fault(
        &group("cilium.io/v2").replace("externalCIDRs: [192.0.2.0/24]", ""),
        "spec.externalCIDRs",
        "missing",
    );
    assert_fault(
        &group("cilium.io/v2").replace("192.0.2.0/24", "192.0.2.0"),
        "spec.externalCIDRs[0]",
        "192.0.2.0/32",
    );
    assert_fault("apiVersion: v1\nkind: Pod\n", "kind", "NetworkPolicy, CiliumNetworkPolicy");
    let items = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicyList\nitems:\n- metadata: {name: p}\n  spec: {endpointSelector: {}, ingress: [{}]}\n";
    assert_eq!(good(items).objects()[0].to_string(), "CiliumNetworkPolicy default/p");
    let mut all = good(&group("cilium.io/v2"));
    all.extend(good(&policy("endpointSelector: {}\ningress: [{}]"))).unwrap();
    assert_eq!(all.cilium.policies[0].0, 1);
}

#[test]
fn a_spec_says_something() {
    let bare = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p}\n";
    assert_fault(bare, "spec", "`specs`");
    assert_fault(&policy("endpointSelector: {}"), "spec", "`ingress: [{}]`");
    assert_fault(&policy("endpointSelector: {}\ningress: []"), "spec", "there has to be a rule");
    assert_fault(&policy("ingress: [{}]"), "spec.endpointSelector", "missing");
    assert_fault(&clusterwide("ingress: [{}]"), "spec.endpointSelector", "`nodeSelector`");
    assert_fault(
        &clusterwide("endpointSelector: {}\nnodeSelector: {}\ningress: [{}]"),
        "spec.nodeSelector",
        "two specs",
    );
    assert_fault(&policy("nodeSelector: {}\ningress: [{}]"), "spec.nodeSelector", "CiliumClusterwide");
    assert_fault(
        &clusterwide(&http("{http: [{}]}").replace("endpointSelector", "nodeSelector")),
        "spec.ingress[0].toPorts",
        "traffic to nodes",
    );
    assert_fault(&policy("endpointSelector: {}\ningres: [{}]\negress: [{}]"), "spec.ingres", "unknown field");
    assert_fault(
        &policy("endpointSelector: {}\ningress: [{}]\nenableDefaultDeny: {ingress: 'no'}"),
        "spec.enableDefaultDeny.ingress",
        "boolean",
    );
    assert_fault(
        &policy(&format!("endpointSelector: {{}}\ningress: [{{}}]\nlog: {{value: {}}}", "a".repeat(33))),
        "spec.log.value",
        "32",
    );
    assert_fault(
        &policy("endpointSelector: {}\ningress: [{}]\nlabels: [{value: a}]"),
        "spec.labels[0].key",
        "missing",
    );
}

fn http(rules: &str) -> String {
    format!(
        "endpointSelector: {{}}\ningress: [{{toPorts: [{{ports: [{{port: '80', protocol: TCP}}], rules: {rules}}}]}}]"
    )
}

#[test]
fn one_kind_of_peers_in_a_rule() {
    let kinds = [
        ("fromEndpoints: [{}]", "fromEndpoints"),
        ("fromCIDR: [10.0.0.0/8]", "fromCIDR"),
        ("fromCIDRSet: [{cidr: 10.0.0.0/8}]", "fromCIDRSet"),
        ("fromEntities: [all]", "fromEntities"),
        ("fromNodes: [{}]", "fromNodes"),
        ("fromGroups: [{}]", "fromGroups"),
    ];
    for (at, (first, name)) in kinds.iter().enumerate() {
        for (second, other) in &kinds[at + 1..] {
            for list in ["ingress", "ingressDeny"] {
                assert_rule_fault(
                    list,
                    &format!("{{{second}, {first}}}"),
                    &format!(".{other}"),
                    &format!("`{name}`: write two rules"),
                );
            }
        }
    }
    assert_rule_fault("egress", "{toFQDNs: [{matchName: a}], toCIDR: [10.0.0.0/8]}", ".toFQDNs", "two rules");
    assert_rule_fault("egressDeny", "{toFQDNs: [{matchName: a}]}", ".toFQDNs", "unknown field");
    assert_rule_fault("ingress", "{toEndpoints: [{}]}", ".toEndpoints", "unknown field");
    assert_rule("ingress", "{fromEndpoints: [], fromCIDR: [10.0.0.0/8]}");
    for (list, field) in [("ingress", "fromRequires"), ("egress", "toRequires"), ("egressDeny", "toRequires")]
    {
        let path = format!(".{field}");
        assert_rule_fault(list, &format!("{{{field}: [{{}}]}}"), &path, "no longer read by Cilium");
        assert_rule(list, &format!("{{{field}: []}}"));
    }
}

#[test]
fn blocks_and_entities() {
    let cases = [
        ("fromCIDR: [10.0.0.1]", ".fromCIDR[0]", "write `10.0.0.1/32`"),
        ("fromCIDR: ['2001:db8::1']", ".fromCIDR[0]", "write `2001:db8::1/128`"),
        ("fromCIDR: [10.0.0.0/33]", ".fromCIDR[0]", "no CIDR"),
        ("fromCIDR: ['']", ".fromCIDR[0]", "no CIDR"),
        ("fromCIDRSet: [{}]", ".fromCIDRSet[0]", "one of `cidr`"),
        ("fromCIDRSet: [{cidr: 10.0.0.0/8, cidrGroupRef: g}]", ".fromCIDRSet[0]", "one of `cidr`"),
        ("fromCIDRSet: [{except: [10.0.0.0/8]}]", ".fromCIDRSet[0]", "one of `cidr`"),
        (
            "fromCIDRSet: [{cidr: 10.0.0.0/8, except: [11.0.0.0/16]}]",
            ".fromCIDRSet[0].except[0]",
            "does not lie within",
        ),
        ("fromCIDRSet: [{cidr: 10.0.0.0/8, except: [10.0.0.1]}]", ".fromCIDRSet[0].except[0]", "/32"),
        ("fromCIDRSet: [{cidrGroupRef: A_b}]", ".fromCIDRSet[0].cidrGroupRef", "no name"),
        ("fromEntities: [earth]", ".fromEntities[0]", "`kube-apiserver`"),
        ("fromGroups: [{gcp: {}}]", ".fromGroups[0].gcp", "unknown field"),
        ("authentication: {}", ".authentication.mode", "missing"),
        ("authentication: {mode: maybe}", ".authentication.mode", "`test-always-fail`"),
    ];
    for (rule, path, words) in cases {
        assert_rule_fault("ingress", &format!("{{{rule}}}"), path, words);
    }
    assert_rule_fault(
        "ingressDeny",
        "{authentication: {mode: required}}",
        ".authentication",
        "unknown field",
    );
}

#[test]
fn selectors() {
    let cases = [
        ("{matchLabels: {a: 1}}", ".matchLabels[a]", "quoted"),
        ("{matchLabels: {'k8s:': a}}", ".matchLabels[k8s:]", "no key behind its source"),
        ("{matchLabels: {'a b': a}}", ".matchLabels[a b]", "no label key"),
        ("{matchLabels: {a: 'a b'}}", ".matchLabels[a]", "no label value"),
        (
            "{matchExpressions: [{key: a, operator: Equals}]}",
            ".matchExpressions[0].operator",
            "`DoesNotExist`",
        ),
        ("{matchExpressions: [{key: a, operator: In}]}", ".matchExpressions[0].values", "needs `values`"),
        (
            "{matchExpressions: [{key: a, operator: Exists, values: [b]}]}",
            ".matchExpressions[0].values",
            "takes no",
        ),
        ("{matchExpressions: [{operator: Exists}]}", ".matchExpressions[0].key", "missing"),
        ("{matchNames: {}}", ".matchNames", "unknown field"),
    ];
    for (selector, path, words) in cases {
        assert_rule_fault(
            "ingress",
            &format!("{{fromEndpoints: [{selector}]}}"),
            &format!(".fromEndpoints[0]{path}"),
            words,
        );
        let text = policy(&format!("endpointSelector: {selector}\ningress: [{{}}]"));
        assert_fault(&text, &format!("spec.endpointSelector{path}"), words);
    }
}

#[test]
fn ports() {
    let port = |port: &str, path: &str, words: &str| {
        for list in ["ingress", "egressDeny"] {
            assert_port_fault(list, &format!("{{ports: [{port}]}}"), &format!(".ports[0]{path}"), words);
        }
    };
    port("{protocol: TCP}", ".port", "write `\"0\"`");
    port("{port: ''}", ".port", "write `\"0\"`");
    port("{port: 80}", ".port", "quoted");
    port("{port: '65536'}", ".port", "no port");
    port("{port: '010'}", ".port", "octal");
    port("{port: a_b}", ".port", "no port name");
    port("{port: '80', protocol: tcp}", ".protocol", "`SCTP`");
    port("{port: '80', protocol: ICMP}", ".protocol", "no protocol");
    port("{port: '80', endPort: 65536}", ".endPort", "no port");
    port("{port: '80', protocol: GRE}", ".port", "`GRE` has no ports");
    port("{port: '80', name: x}", ".name", "unknown field");
    let many = |count| format!("{{ports: [{}]}}", vec!["{port: '80'}"; count].join(", "));
    assert_port_fault("ingress", &many(41), ".ports", "at most 40 ports");
    assert_rule("ingress", &format!("{{toPorts: [{}]}}", many(40)));
    assert_rule("ingress", "{toPorts: [{ports: [{port: web, endPort: 7}, {port: '0', endPort: 7}]}]}");
    assert_port_fault("egressDeny", "{ports: [], rules: {http: []}}", ".rules", "unknown field");
}

#[test]
fn icmp_messages() {
    let field = |field: &str, path: &str, words: &str| {
        let rule = format!("{{icmps: [{{fields: [{field}]}}]}}");
        assert_rule_fault("ingress", &rule, &format!(".icmps[0].fields[0]{path}"), words);
    };
    field("{}", ".type", "missing");
    field("{type: 256}", ".type", "0 to 255");
    field("{type: Ping}", ".type", "`EchoRequest`");
    field("{type: PacketTooBig}", ".type", "of this family");
    field("{type: 8, family: v4}", ".family", "`IPv6`");
    field("{type: 8, code: 0}", ".code", "unknown field");
    let many = format!("{{icmps: [{{fields: [{}]}}]}}", vec!["{type: 8}"; 41].join(", "));
    assert_rule_fault("ingress", &many, ".icmps[0].fields", "at most 40 types");
    let both = "{icmps: [{fields: [{type: 8}]}], toPorts: [{ports: [{port: '80'}]}]}";
    assert_rule_fault("ingress", both, ".icmps", "two rules");
    assert_rule("ingress", "{icmps: [{fields: [{type: 8}]}], toPorts: []}");
}

#[test]
fn what_is_said() {
    let on = |list: &str, ports: &str, more: &str, path: &str, words: &str| {
        assert_port_fault(list, &format!("{{ports: [{ports}], {more}}}"), path, words);
    };
    const WEB: &str = "{port: '80', protocol: TCP}";
    const DNS: &str = "{port: '53'}";
    on("ingress", WEB, "rules: {}", ".rules", "leave it out");
    on("ingress", WEB, "rules: {http: [], dns: []}", ".rules", "one protocol");
    on("ingress", WEB, "rules: {http: [{}], kafka: [{}]}", ".rules", "one protocol");
    on("ingress", WEB, "rules: {l7: [{a: b}]}", ".rules.l7", "`l7proto`");
    on("ingress", "{port: '80'}", "rules: {http: [{}]}", ".rules.http", "`protocol: TCP`");
    on("ingress", "{port: '80', protocol: UDP}", "rules: {kafka: [{}]}", ".rules.kafka", "TCP only");
    on("ingress", "{port: '0', protocol: TCP}", "rules: {http: [{}]}", ".rules.http", "name the port");
    on("egress", "{port: '0'}", "rules: {dns: [{matchName: a}]}", ".rules.dns", "name the port");
    on("egress", "{port: '53', endPort: 54}", "rules: {dns: [{matchName: a}]}", ".rules.dns", "range");
    on("egress", "", "rules: {dns: [{matchName: a}]}", ".rules.dns", "`\"53\"`");
    on("ingress", DNS, "rules: {dns: [{matchName: a}]}", ".rules.dns", "egress");
    on("egress", DNS, "rules: {dns: [{}]}", ".rules.dns[0]", "one of `matchName`");
    on("egress", DNS, "rules: {dns: [{matchName: a, matchPattern: b}]}", ".rules.dns[0]", "one of");
    on("egress", DNS, "rules: {dns: [{matchName: '*.a'}]}", ".rules.dns[0].matchName", "`matchPattern`");
    on("egress", DNS, "rules: {dns: [{matchPattern: 'a/b'}]}", ".rules.dns[0].matchPattern", "no pattern");
    on("ingress", WEB, "rules: {http: [{path: '('}]}", ".rules.http[0].path", "no regular expression");
    on("ingress", WEB, "rules: {http: [{verb: GET}]}", ".rules.http[0].verb", "unknown field");
    on(
        "ingress",
        WEB,
        "rules: {http: [{headerMatches: [{name: a, mismatch: log}]}]}",
        ".rules.http[0].headerMatches[0].mismatch",
        "`LOG`",
    );
    on("egress", WEB, "rules: {http: [{}]}, serverNames: [a]", ".serverNames", "`terminatingTLS`");
    on("egress", WEB, "serverNames: []", ".serverNames", "leave it out");
    on("egress", WEB, "serverNames: ['']", ".serverNames[0]", "no pattern");
    const LISTENER: &str = "listener: {envoyConfig: {name: e}, name: l}";
    on("ingress", WEB, LISTENER, ".listener", "rule of ingress");
    on("egress", WEB, &format!("{LISTENER}, rules: {{http: [{{}}]}}"), ".listener", "beside `rules`");
    on("egress", WEB, "listener: {name: l}", ".listener.envoyConfig", "missing");
    on(
        "egress",
        WEB,
        "listener: {envoyConfig: {name: e}, name: l, priority: 101}",
        ".listener.priority",
        "1 to 100",
    );
    on("egress", WEB, "terminatingTLS: {}", ".terminatingTLS.secret", "missing");
    assert_rule_fault("egress", "{toFQDNs: [{}]}", ".toFQDNs[0]", "one of `matchName`");
    let long = format!("{{toFQDNs: [{{matchName: {}}}]}}", "a".repeat(256));
    assert_rule_fault("egress", &long, ".toFQDNs[0].matchName", "at most 255");
}

#[test]
fn spaces_are_cut_at_whatever_is_asked() {
    let policies = good(&policy(
        "endpointSelector: {}
ingress:
- fromCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}]
  toPorts:
  - ports: [{port: '80', endPort: 90, protocol: TCP}, {port: web, protocol: TCP}]
    rules: {http: [{path: /a}]}
- icmps: [{fields: [{type: 8}]}]
- toPorts: [{ports: [{protocol: GRE}]}]
egress:
- toFQDNs: [{matchPattern: '*.a'}]",
    ));
    let found = policies.boundaries();
    assert_eq!(found.cidrs.len(), 2);
    assert_eq!(found.hosts, [Text::from("[-a-z0-9_]*[.]a")]);
    let of = |protocol, first, last| PortRange { protocol, first, last };
    let web = of(Carrier::Tcp, 80, 90);
    assert_eq!(found.ports, [web, of(Carrier::Icmp, 0x800, 0x8ff), of(Carrier::Other, 47, 47)]);
    let http = Filter::Http { method: None, path: Some(Text::from("/a")), host: None, headers: Vec::new() };
    let mut filters = vec![(web, http.clone()), (PortRange::all(Carrier::Tcp), http)];
    filters.sort();
    assert_eq!(found.filters, filters);
    let all = good(&policy("endpointSelector: {}\ningress: [{toPorts: [{ports: [{port: '0'}]}]}]"));
    assert_eq!(all.boundaries().ports.len(), 3);
}

#[test]
fn probes_stand_for_every_selector() {
    let policies = good(&policy(
        "endpointSelector: {matchLabels: {app: web}}
ingress:
- fromEndpoints:
  - {matchLabels: {k8s:io.kubernetes.pod.namespace: data, io.cilium.k8s.policy.serviceaccount: s}}
  - matchLabels: {k8s:io.cilium.k8s.namespace.labels.kind: back, any:x: v, pod-template-hash: z}
  - matchExpressions: [{key: io.kubernetes.pod.namespace, operator: NotIn, values: [b]}]",
    ));
    let is = |value: &str| Test::In(BTreeSet::from([Text::from(value)]));
    let one = |key: &str, test: Test| {
        let requirements = [(Text::from(key), BTreeSet::from([test]))].into();
        selector::Selector { requirements }
    };
    let expected = [
        Probe { namespace: Some(Text::from("shop")), labels: one("app", is("web")), ..Probe::default() },
        Probe {
            namespace: Some(Text::from("data")),
            service_account: Some(Text::from("s")),
            ..Probe::default()
        },
        Probe { namespace_labels: one("kind", is("back")), labels: one("x", is("v")), ..Probe::default() },
        Probe {
            namespace_labels: one(NAMESPACE_NAME, Test::NotIn(BTreeSet::from([Text::from("b")]))),
            ..Probe::default()
        },
    ];
    assert_eq!(policies.cilium.probes(), expected);
}

#[test]
fn what_nothing_enforces_is_said() {
    let text = clusterwide("nodeSelector: {}\ningress: [{}]")
        + &policy(
            "endpointSelector: {}
ingress:
- fromNodes: [{}]
- fromCIDRSet: [{cidrGroupRef: gone}]
egress:
- toServices: [{k8sService: {serviceName: s}}]
- toGroups: [{}]
- toPorts: [{ports: [{port: '1', protocol: TCP}], rules: {kafka: []}}]",
        );
    let found: Vec<String> = good(&text).ignored().into_iter().map(|one| one.path).collect();
    let expected = [
        "spec.nodeSelector",
        "spec.ingress[0].fromNodes",
        "spec.ingress[1].fromCIDRSet",
        "spec.egress[0].toServices",
        "spec.egress[1].toGroups",
        "spec.egress[2].toPorts",
    ];
    assert_eq!(found, expected);
}
