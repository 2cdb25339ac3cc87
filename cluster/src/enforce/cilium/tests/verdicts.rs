//! The evaluation step by step, on one small cluster.

use super::*;

/// Ingress of every pod of `shop` under one rule, on 80/TCP to `shop/db`, by source.
#[track_caller]
fn assert_ingress(rule: &str, expected: &[(&str, Verdict)]) {
    let cluster = cluster(&policy(&format!("endpointSelector: {{}}\ningress:\n- {rule}")));
    for &(source, verdict) in expected {
        assert_eq!(cluster.verdict(source, "shop/db", "80"), verdict, "{source} under {rule}");
    }
}

/// Egress of every pod of `shop` under one rule, on 80/TCP from `shop/db`, by destination.
#[track_caller]
fn assert_egress(rule: &str, expected: &[(&str, Verdict)]) {
    let cluster = cluster(&policy(&format!("endpointSelector: {{}}\negress:\n- {rule}")));
    for &(destination, verdict) in expected {
        assert_eq!(cluster.verdict("shop/db", destination, "80"), verdict, "{destination} under {rule}");
    }
}

#[test]
fn step_1_the_mode_of_enforcement() {
    let deny = policy("endpointSelector: {}\ningress: [{}]");
    let with = |enforcement| cluster_with(&deny, Switches { enforcement, ..Switches::default() });
    with(Enforcement::Never).assert(&[("low", "shop/db", "80", Permit)]);
    with(Enforcement::Default).assert(&[("low", "shop/db", "80", Deny), ("low", "data/web", "80", Permit)]);
    let always = with(Enforcement::Always);
    always.assert(&[
        ("low", "data/web", "80", Deny),
        ("data/web", "low", "80", Deny),
        ("data/host", "low", "80", Permit),
        ("local", "data/web", "80", Permit),
    ]);
    let policies = good(&deny);
    let cilium = Switches { enforcement: Enforcement::Always, ..Switches::default() };
    let switches = crate::enforce::Switches { cilium, ..Default::default() };
    let explained = policies.explain(&always.space, &switches, (1, 3, 0));
    let sides = [explained.egress, explained.ingress];
    assert!(sides.iter().all(|side| side.governing.is_empty() && side.matching.is_empty()));
}

#[test]
fn step_2_who_is_governed() {
    let only = cluster(&policy("endpointSelector: {matchLabels: {app: web}}\ningress: [{}]"));
    only.assert(&[
        ("low", "shop/web", "80", Deny),
        ("low", "shop/db", "80", Permit),
        ("low", "data/web", "80", Permit),
    ]);
    let everywhere = cluster(&clusterwide("endpointSelector: {matchLabels: {app: web}}\ningress: [{}]"));
    everywhere.assert(&[
        ("low", "shop/web", "80", Deny),
        ("low", "data/web", "80", Deny),
        ("low", "data/host", "80", Permit),
        ("shop/db", "data/host", "80", Permit),
    ]);
    let all = cluster(&clusterwide("endpointSelector: {}\negress: [{}]"));
    all.assert(&[("shop/job", "low", "80", Deny), ("data/host", "low", "80", Permit)]);
    let nodes = cluster(&clusterwide("nodeSelector: {}\ningress: [{}]"));
    nodes.assert(&[("low", "shop/web", "80", Permit)]);
}

#[test]
fn a_policy_of_a_namespace_stays_in_it() {
    for selector in [
        "{matchLabels: {k8s:io.kubernetes.pod.namespace: data}}",
        "{matchLabels: {k8s:io.kubernetes.pod.namespace: data, app: web}}",
    ] {
        let cluster = cluster(&policy(&format!("endpointSelector: {selector}\ningress: [{{}}]")));
        cluster.assert(&[("low", "shop/web", "80", Deny), ("low", "data/web", "80", Permit)]);
    }
}

#[test]
fn step_3_default_deny() {
    let deny = |spec: &str| cluster(&policy(&format!("endpointSelector: {{}}\n{spec}")));
    deny("ingress: [{}]").assert(&[("low", "shop/db", "80", Deny), ("shop/db", "low", "80", Permit)]);
    deny("ingressDeny: [{}]").assert(&[("low", "shop/db", "80", Deny)]);
    deny("ingress: [{}]\nenableDefaultDeny: {ingress: false}").assert(&[("low", "shop/db", "80", Permit)]);
    deny("ingress: [{}]\nenableDefaultDeny: {ingress: true}").assert(&[("low", "shop/db", "80", Deny)]);
    // Nothing says what becomes of it where there are no rules.
    deny("egress: [{}]\nenableDefaultDeny: {ingress: true}")
        .assert(&[("low", "shop/db", "80", Undefined), ("shop/db", "low", "80", Deny)]);
    deny("egress: [{}]\nenableDefaultDeny: {ingress: false}").assert(&[("low", "shop/db", "80", Permit)]);
}

#[test]
fn step_4_denies_without_default_deny_bite() {
    let spec = "endpointSelector: {}\nenableDefaultDeny: {ingress: false, egress: false}\ningressDeny: [{fromEntities: [world]}]";
    let open = policy(spec);
    cluster(&open).assert(&[
        ("low", "shop/db", "80", Deny),
        ("data/web", "shop/db", "80", Permit),
        ("node", "shop/db", "80", Permit),
    ]);
    // Another that closes decides what is left.
    let closing =
        object("CiliumNetworkPolicy", "shop/q", "endpointSelector: {}\ningress: [{fromEntities: [all]}]");
    let closed = object("CiliumNetworkPolicy", "shop/q", "endpointSelector: {}\ningress: [{}]");
    cluster(&(open.clone() + &closing))
        .assert(&[("low", "shop/db", "80", Deny), ("data/web", "shop/db", "80", Permit)]);
    cluster(&(open + &closed)).assert(&[("data/web", "shop/db", "80", Deny)]);
}

#[test]
fn step_5_the_own_node_gets_in() {
    let closed = policy("endpointSelector: {}\ningress: [{}]");
    cluster(&closed).assert(&[
        ("local", "shop/db", "80", Permit),
        ("node", "shop/db", "80", Deny),
        // It may be on the pod's node.
        ("data/host", "shop/db", "80", Undefined),
    ]);
    let off = Switches { allow_localhost: false, ..Switches::default() };
    cluster_with(&closed, off)
        .assert(&[("local", "shop/db", "80", Deny), ("data/host", "shop/db", "80", Deny)]);
    let denied = policy("endpointSelector: {}\ningress: [{}]\ningressDeny: [{fromEntities: [host]}]");
    cluster(&denied).assert(&[("local", "shop/db", "80", Deny), ("data/host", "shop/db", "80", Undefined)]);
    let kubernetes = object("NetworkPolicy", "shop/k", "podSelector: {}\npolicyTypes: [Ingress]");
    cluster(&kubernetes).assert(&[("local", "shop/db", "80", Permit), ("node", "shop/db", "80", Deny)]);
}

#[test]
fn step_6_denies_win() {
    let narrow = "endpointSelector: {}
ingress:
- fromEndpoints: [{matchLabels: {app: web}}]
  toPorts: [{ports: [{port: '80', protocol: TCP}]}]
ingressDeny:
- fromEndpoints: [{}]";
    cluster(&policy(narrow)).assert(&[("shop/web", "shop/db", "80", Deny)]);
    let kubernetes = object("NetworkPolicy", "shop/k", "podSelector: {}\ningress: [{}]");
    let everywhere = clusterwide("endpointSelector: {}\ningressDeny: [{fromEntities: [world]}]");
    cluster(&(kubernetes + &everywhere)).assert(&[
        ("low", "shop/db", "80", Deny),
        ("data/web", "shop/db", "80", Permit),
        ("data/web", "data/job", "80", Deny),
        ("node", "shop/db", "80", Permit),
    ]);
    let ports = "endpointSelector: {}
ingress: [{fromEntities: [all]}]
ingressDeny: [{toPorts: [{ports: [{port: '80', protocol: TCP}]}]}]";
    cluster(&policy(ports)).assert(&[
        ("shop/web", "shop/db", "80", Deny),
        ("shop/web", "shop/db", "80 get", Deny),
        ("shop/web", "shop/db", "80/UDP", Permit),
        ("shop/web", "shop/db", "81", Permit),
        ("shop/web", "shop/db", "8/ICMP", Permit),
    ]);
}

#[test]
fn step_7_what_nothing_allows_is_denied() {
    let spec = "endpointSelector: {}\ningress: [{fromEndpoints: [{matchLabels: {app: web}}]}]";
    cluster(&policy(spec)).assert(&[
        ("shop/web", "shop/db", "80", Permit),
        ("shop/web", "shop/db", "8/ICMP", Permit),
        ("shop/web", "shop/db", "47/IP", Permit),
        ("shop/job", "shop/db", "80", Deny),
        ("shop/job", "shop/db", "8/ICMP", Deny),
        ("shop/job", "shop/db", "47/IP", Deny),
    ]);
    // Either side may close.
    let both = policy(spec) + &clusterwide("endpointSelector: {matchLabels: {app: web}}\negress: [{}]");
    cluster(&both).assert(&[("shop/web", "shop/db", "80", Deny)]);
}

fn http(rules: &str) -> String {
    format!(
        "endpointSelector: {{}}
ingress:
- toPorts:
  - ports: [{{port: '80', protocol: TCP}}]
    rules: {{http: {rules}}}"
    )
}

#[test]
fn step_8_what_is_said_over_http() {
    cluster(&policy(&http("[{method: GET, path: '/'}]"))).assert(&[
        ("low", "shop/db", "80 get", Permit),
        ("low", "shop/db", "80 other-host", Permit),
        ("low", "shop/db", "80 admin", Deny),
        ("low", "shop/db", "80 post", Deny),
        ("low", "shop/db", "80", Deny),
        ("low", "shop/db", "443", Deny),
    ]);
    cluster(&policy(&http("[{path: '/ad.*'}, {method: POST}]"))).assert(&[
        ("low", "shop/db", "80 get", Deny),
        ("low", "shop/db", "80 admin", Permit),
        ("low", "shop/db", "80 post", Permit),
    ]);
    cluster(&policy(&http("[{host: 'c[.]d'}]")))
        .assert(&[("low", "shop/db", "80 get", Deny), ("low", "shop/db", "80 other-host", Permit)]);
    cluster(&policy(&http("[{}]")))
        .assert(&[("low", "shop/db", "80 post", Permit), ("low", "shop/db", "80", Deny)]);
    cluster(&policy(&http("[]")))
        .assert(&[("low", "shop/db", "80 post", Permit), ("low", "shop/db", "80", Permit)]);
    // Another rule that asks for nothing makes it idle.
    let idle = http("[{method: GET}]") + "\n- toPorts: [{ports: [{port: '80', protocol: TCP}]}]";
    cluster(&policy(&idle))
        .assert(&[("low", "shop/db", "80 post", Permit), ("low", "shop/db", "80", Permit)]);
    let observed = http("[{method: GET}]") + "\nenableDefaultDeny: {ingress: false}";
    let closing = object("CiliumNetworkPolicy", "shop/q", "endpointSelector: {}\ningress: [{}]");
    cluster(&(policy(&observed) + &closing))
        .assert(&[("low", "shop/db", "80 post", Permit), ("low", "shop/db", "443", Deny)]);
}

#[test]
fn headers_of_requests() {
    for rule in [
        "[{headers: ['X-Key: 1']}]",
        "[{headerMatches: [{name: X-Key, value: '1'}]}]",
        "[{headerMatches: [{name: X-Key, value: '1'}, {name: other, mismatch: LOG}]}]",
    ] {
        cluster(&policy(&http(rule))).assert(&[
            ("low", "shop/db", "80 header", Permit),
            ("low", "shop/db", "80 other-header", Deny),
            ("low", "shop/db", "80 get", Deny),
        ]);
    }
    for rule in ["[{headers: [X-Key]}]", "[{headerMatches: [{name: X-Key}]}]"] {
        cluster(&policy(&http(rule))).assert(&[
            ("low", "shop/db", "80 header", Permit),
            ("low", "shop/db", "80 other-header", Permit),
            ("low", "shop/db", "80 get", Deny),
        ]);
    }
    cluster(&policy(&http("[{headerMatches: [{name: X-Key, secret: {name: s}}]}]")))
        .assert(&[("low", "shop/db", "80 header", Undefined), ("low", "shop/db", "80 get", Deny)]);
}

#[test]
fn what_is_said_otherwise() {
    let kafka = "endpointSelector: {}
ingress:
- toPorts:
  - ports: [{port: '80', protocol: TCP}]
    rules: {kafka: [{role: produce, topic: t}]}";
    cluster(&policy(kafka)).assert(&[("low", "shop/db", "80", Undefined), ("low", "shop/db", "443", Deny)]);
    let l7 = kafka.replace("kafka: [{role: produce, topic: t}]", "l7proto: r2d2, l7: [{cmd: READ}]");
    cluster(&policy(&l7)).assert(&[("low", "shop/db", "80", Undefined)]);
    let names = "endpointSelector: {}
egress:
- toPorts:
  - ports: [{port: '443', protocol: TCP}]
    serverNames: ['*.example.com']";
    cluster(&policy(names)).assert(&[
        ("shop/db", "low", "443 @api", Permit),
        ("shop/db", "low", "443 @www", Deny),
        ("shop/db", "low", "443", Deny),
        ("shop/db", "low", "443 get", Deny),
    ]);
    let dns = "endpointSelector: {}
egress:
- toEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: kube-system, k8s-app: dns}}]
  toPorts: [{ports: [{port: '53', protocol: ANY}], rules: {dns: [{matchPattern: '*.example.com'}]}}]";
    cluster(&policy(dns)).assert(&[
        ("shop/db", "kube-system/dns", "53/UDP ?api", Permit),
        ("shop/db", "kube-system/dns", "53/TCP ?api", Permit),
        ("shop/db", "kube-system/dns", "53/UDP ?www", Deny),
        ("shop/db", "kube-system/dns", "53/UDP", Deny),
        ("shop/db", "data/web", "53/UDP ?api", Deny),
    ]);
    let listener = "endpointSelector: {}
egress:
- toPorts:
  - ports: [{port: '443', protocol: TCP}]
    listener: {envoyConfig: {kind: CiliumEnvoyConfig, name: e}, name: l}";
    cluster(&policy(listener)).assert(&[("shop/db", "low", "443 get", Permit)]);
}

#[test]
fn empty_lists_and_absent_ones() {
    let ports = "toPorts: [{ports: [{port: '80', protocol: TCP}]}]";
    let everyone = [("low", Permit), ("shop/web", Permit), ("data/web", Permit), ("node", Permit)];
    assert_ingress(&format!("{{{ports}}}"), &everyone);
    for field in ["fromEndpoints", "fromNodes", "fromEntities", "fromCIDR", "fromCIDRSet"] {
        assert_ingress(&format!("{{{field}: [], {ports}}}"), &[("low", Deny), ("shop/web", Deny)]);
        assert_ingress(&format!("{{{field}: []}}"), &[("low", Deny), ("shop/web", Deny)]);
    }
    for field in ["toFQDNs", "toGroups", "toServices"] {
        assert_egress(&format!("{{{field}: [], {ports}}}"), &[("low", Permit), ("shop/web", Permit)]);
        assert_egress(&format!("{{{field}: []}}"), &[("low", Deny), ("shop/web", Deny)]);
    }
    assert_ingress("{}", &[("low", Deny), ("shop/web", Deny)]);
    assert_ingress("{toPorts: []}", &[("low", Deny)]);
    assert_ingress("{fromEndpoints: [{}]}", &[("shop/web", Permit), ("data/web", Deny), ("low", Deny)]);
    assert_ingress("{fromEndpoints: [{}], toPorts: []}", &[("shop/web", Permit)]);
    assert_ingress("{fromEndpoints: [{}], icmps: []}", &[("shop/web", Permit)]);
    for none in ["toPorts: [{}]", "toPorts: [{ports: []}]", "icmps: [{}]", "icmps: [{fields: []}]"] {
        assert_ingress(&format!("{{fromEndpoints: [{{}}], {none}}}"), &[("shop/web", Deny)]);
        assert_ingress(&format!("{{{none}}}"), &[("shop/web", Deny), ("low", Deny)]);
    }
    // Of a direction whose list is empty nothing is said.
    cluster(&policy("endpointSelector: {}\ningress: []\negress: [{}]"))
        .assert(&[("low", "shop/db", "80", Permit), ("shop/db", "low", "80", Deny)]);
    let clusterwide = clusterwide("endpointSelector: {}\ningress: [{fromEndpoints: [{}]}]");
    cluster(&clusterwide).assert(&[
        ("shop/web", "data/web", "80", Permit),
        ("low", "data/web", "80", Deny),
        ("node", "data/web", "80", Deny),
        ("data/host", "data/web", "80", Undefined),
    ]);
}

#[test]
fn all_ports_of_a_protocol() {
    let of = |ports: &str| {
        cluster(&policy(&format!(
            "endpointSelector: {{}}\ningress: [{{fromEntities: [all], toPorts: [{{ports: [{ports}]}}]}}]"
        )))
    };
    of("{port: '0'}").assert(&[
        ("low", "shop/db", "81", Permit),
        ("low", "shop/db", "80/UDP", Permit),
        ("low", "shop/db", "80/SCTP", Permit),
        ("low", "shop/db", "8/ICMP", Deny),
        ("low", "shop/db", "47/IP", Deny),
    ]);
    of("{port: '0', protocol: UDP}")
        .assert(&[("low", "shop/db", "80/UDP", Permit), ("low", "shop/db", "80", Deny)]);
    of("{port: '80', endPort: 90, protocol: TCP}").assert(&[
        ("low", "shop/db", "79", Deny),
        ("low", "shop/db", "80", Permit),
        ("low", "shop/db", "90", Permit),
        ("low", "shop/db", "91", Deny),
    ]);
    for end in [1, 79, 80] {
        of(&format!("{{port: '80', endPort: {end}, protocol: TCP}}")).assert(&[
            ("low", "shop/db", "79", Deny),
            ("low", "shop/db", "80", Permit),
            ("low", "shop/db", "81", Deny),
        ]);
    }
    of("{port: '80'}").assert(&[
        ("low", "shop/db", "80", Permit),
        ("low", "shop/db", "80/UDP", Permit),
        ("low", "shop/db", "80/SCTP", Permit),
    ]);
    let spec = "endpointSelector: {}\ningress: [{toPorts: [{ports: [{port: '80'}, {protocol: GRE}, {port: '0', protocol: ESP}]}]}]";
    cluster(&policy(spec)).assert(&[
        ("low", "shop/db", "47/IP", Undefined),
        ("low", "shop/db", "50/IP", Undefined),
        ("low", "shop/db", "51/IP", Deny),
    ]);
    let on = Switches { extended_protocols: true, sctp: false, ..Switches::default() };
    cluster_with(&policy(spec), on).assert(&[
        ("low", "shop/db", "47/IP", Permit),
        ("low", "shop/db", "80/SCTP", Undefined),
        ("low", "shop/db", "81/SCTP", Deny),
    ]);
}

#[test]
fn icmp() {
    let of = |fields: &str| {
        policy(&format!("endpointSelector: {{}}\ningress: [{{icmps: [{{fields: [{fields}]}}]}}]"))
    };
    cluster(&of("{type: 8}")).assert(&[
        ("low", "shop/db", "8/ICMP", Permit),
        ("low", "shop/db", "0/ICMP", Deny),
        ("low", "shop/db", "8/ICMPv6", Deny),
        ("low", "shop/db", "80", Deny),
    ]);
    cluster(&of("{type: EchoRequest}, {family: IPv6, type: EchoRequest}, {type: '3'}")).assert(&[
        ("low", "shop/db", "8/ICMP", Permit),
        ("low", "shop/db", "3/ICMP", Permit),
        ("low", "shop/db", "128/ICMPv6", Permit),
        ("low", "shop/db", "129/ICMPv6", Deny),
    ]);
    let off = Switches { icmp_rules: false, ..Switches::default() };
    cluster_with(&of("{type: 8}"), off).assert(&[("low", "shop/db", "8/ICMP", Undefined)]);
}

#[test]
fn named_ports() {
    let ingress =
        "endpointSelector: {}\ningress: [{toPorts: [{ports: [{port: HTTP, endPort: 9999, protocol: TCP}]}]}]";
    cluster(&policy(ingress)).assert(&[
        ("low", "shop/web", "8080", Permit),
        ("low", "shop/web", "9090", Deny),
        ("low", "shop/db", "5432", Permit),
        ("low", "shop/db", "8080", Deny),
        ("low", "shop/job", "8080", Deny),
    ]);
    let egress = "endpointSelector: {}\negress: [{toPorts: [{ports: [{port: http}]}]}]";
    cluster(&policy(egress)).assert(&[
        ("shop/job", "shop/web", "8080", Permit),
        ("shop/job", "data/web", "9090", Permit),
        ("shop/job", "data/web", "8080", Deny),
        ("shop/job", "low", "8080", Deny),
        ("shop/job", "data/host", "8080", Deny),
    ]);
    let said = "endpointSelector: {}
ingress: [{toPorts: [{ports: [{port: http, protocol: TCP}], rules: {http: [{method: GET, path: /}]}}]}]
egress: [{toPorts: [{ports: [{port: http, protocol: TCP}], rules: {http: [{method: GET}]}}]}]";
    cluster(&policy(said)).assert(&[
        ("low", "shop/web", "8080 get", Permit),
        ("low", "shop/web", "8080 post", Deny),
        ("low", "shop/web", "8080", Deny),
        ("low", "shop/web", "80 get", Deny),
        ("shop/job", "data/web", "9090 admin", Permit),
        ("shop/job", "data/web", "9090 post", Deny),
    ]);
}

#[test]
fn namespaces_of_peers() {
    let peers = |selector: &str, expected: &[(&str, Verdict)]| {
        assert_ingress(&format!("{{fromEndpoints: [{selector}]}}"), expected);
    };
    peers(
        "{matchLabels: {app: web}}",
        &[("shop/web", Permit), ("data/web", Deny), ("shop/job", Deny), ("low", Deny)],
    );
    for key in
        ["io.kubernetes.pod.namespace", "k8s:io.kubernetes.pod.namespace", "any:io.kubernetes.pod.namespace"]
    {
        peers(
            &format!("{{matchLabels: {{'{key}': data}}}}"),
            &[("data/web", Permit), ("data/job", Permit), ("shop/web", Deny), ("data/host", Undefined)],
        );
        peers(
            &format!("{{matchExpressions: [{{key: '{key}', operator: Exists}}]}}"),
            &[("data/web", Permit), ("shop/web", Permit), ("low", Deny), ("node", Deny)],
        );
        peers(
            &format!("{{matchExpressions: [{{key: '{key}', operator: NotIn, values: [data, x]}}]}}"),
            &[("data/web", Deny), ("shop/web", Permit), ("low", Permit)],
        );
    }
    peers(
        "{matchLabels: {k8s:io.cilium.k8s.namespace.labels.kind: back, app: web}}",
        &[("data/web", Permit), ("shop/web", Deny), ("data/job", Deny)],
    );
    peers(
        "{matchLabels: {k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name: data}}",
        &[("data/web", Permit), ("shop/web", Deny)],
    );
    peers(
        "{matchLabels: {io.cilium.k8s.policy.serviceaccount: batch}}",
        &[("shop/job", Permit), ("data/job", Deny)],
    );
    peers(
        "{matchLabels: {io.cilium.k8s.policy.serviceaccount: batch, io.kubernetes.pod.namespace: data}}",
        &[("shop/job", Deny), ("data/job", Permit), ("data/web", Deny)],
    );
    peers(
        "{matchExpressions: [{key: io.cilium.k8s.policy.cluster, operator: Exists}]}",
        &[("shop/web", Permit)],
    );
    peers(
        "{matchLabels: {io.cilium.k8s.policy.cluster: one}}",
        &[("shop/web", Undefined), ("data/web", Deny)],
    );
    let text = policy(
        "endpointSelector: {}\ningress: [{fromEndpoints: [{matchLabels: {io.cilium.k8s.policy.cluster: one}}]}]",
    );
    for (name, verdict) in [("one", Permit), ("two", Deny)] {
        let cluster = Some(Text::from(name));
        cluster_with(&text, Switches { cluster, ..Switches::default() })
            .assert(&[("shop/web", "shop/db", "80", verdict)]);
    }
}

#[test]
fn sources_of_labels() {
    let peers = |selector: &str, expected: &[(&str, Verdict)]| {
        assert_ingress(&format!("{{fromEndpoints: [{selector}]}}"), expected);
    };
    for key in ["app", "any:app", "k8s:app"] {
        peers(&format!("{{matchLabels: {{'{key}': web}}}}"), &[("shop/web", Permit), ("shop/job", Deny)]);
    }
    for key in ["reserved:app", "container:app", "k8s.app"] {
        peers(&format!("{{matchLabels: {{'{key}': web}}}}"), &[("shop/web", Deny)]);
    }
    peers("{matchLabels: {'reserved:world': ''}}", &[("low", Permit), ("shop/web", Deny), ("node", Deny)]);
    peers("{matchLabels: {'reserved:remote-node': ''}}", &[("node", Permit), ("low", Deny)]);
    peers("{matchLabels: {reserved.remote-node: ''}}", &[("node", Permit), ("low", Deny)]);
    peers("{matchLabels: {'reserved:health': ''}}", &[("node", Deny), ("shop/web", Deny)]);
    peers("{matchLabels: {'cidr:192.0.2.0/24': ''}}", &[("doc", Deny), ("shop/web", Deny)]);
    peers(
        "{matchExpressions: [{key: 'reserved:world', operator: DoesNotExist}]}",
        &[("low", Deny), ("node", Permit), ("shop/web", Permit), ("data/web", Permit)],
    );
}

#[test]
fn labels_that_are_no_identity() {
    let peers = |selector: &str, expected: &[(&str, Verdict)]| {
        assert_ingress(&format!("{{fromEndpoints: [{selector}]}}"), expected);
    };
    peers("{matchLabels: {pod-template-hash: '1'}}", &[("shop/web", Deny)]);
    peers("{matchExpressions: [{key: pod-template-hash, operator: Exists}]}", &[("shop/web", Deny)]);
    peers("{matchExpressions: [{key: pod-template-hash, operator: DoesNotExist}]}", &[("shop/web", Permit)]);
    peers(
        "{matchExpressions: [{key: pod-template-hash, operator: NotIn, values: ['1']}]}",
        &[("shop/web", Permit)],
    );
    let kubernetes = |selector: &str| {
        let spec = format!("podSelector: {{}}\ningress: [{{from: [{{podSelector: {selector}}}]}}]");
        cluster(&object("NetworkPolicy", "shop/k", &spec)).verdict("shop/web", "shop/db", "80")
    };
    assert_eq!(kubernetes("{matchLabels: {pod-template-hash: '1'}}"), Deny);
    assert_eq!(kubernetes("{matchExpressions: [{key: pod-template-hash, operator: DoesNotExist}]}"), Permit);
    assert_eq!(kubernetes("{matchLabels: {app: web}}"), Permit);
    for kept in ["app", "app.kubernetes.io/name", "io.cilium.k8s.x", "x.k8s.io/a", "statefulset"] {
        assert!(identity_has(kept), "{kept}");
    }
    for gone in [
        "io.kubernetes.x",
        "kubernetes.io/arch",
        "k8s.io/x",
        "annotation.x",
        "etcd_node",
        "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/zone",
        "statefulset.kubernetes.io/pod-name",
        "controller-revision-hash",
    ] {
        assert!(!identity_has(gone), "{gone}");
    }
}

#[test]
fn entities() {
    let from = |entity: &str, expected: &[(&str, Verdict)]| {
        assert_ingress(&format!("{{fromEntities: [{entity}]}}"), expected);
    };
    let to = |entity: &str, expected: &[(&str, Verdict)]| {
        assert_egress(&format!("{{toEntities: [{entity}]}}"), expected);
    };
    from("all", &[("low", Permit), ("node", Permit), ("data/web", Permit), ("api", Permit)]);
    from("none", &[("low", Deny), ("node", Deny), ("data/web", Deny)]);
    from("world", &[("low", Permit), ("v6", Permit), ("api", Permit), ("node", Deny), ("data/web", Deny)]);
    from("world-ipv4", &[("low", Undefined), ("v6", Deny), ("node", Deny)]);
    from("world-ipv6", &[("low", Deny), ("v6", Undefined)]);
    for cluster in ["cluster", "cluster-mesh"] {
        from(
            cluster,
            &[("data/web", Permit), ("node", Permit), ("data/host", Permit), ("low", Deny), ("api", Permit)],
        );
        to(cluster, &[("data/web", Permit), ("node", Permit), ("local", Permit), ("low", Deny)]);
    }
    from("remote-node", &[("node", Permit), ("node-api", Permit), ("low", Deny), ("data/host", Undefined)]);
    from("host", &[("node", Deny), ("low", Deny), ("local", Permit)]);
    from("kube-apiserver", &[("api", Permit), ("node-api", Permit), ("node", Deny), ("low", Deny)]);
    for unseen in ["ingress", "health", "init", "unmanaged"] {
        from(unseen, &[("low", Deny), ("node", Deny), ("shop/web", Deny)]);
    }
    to("host", &[("node", Undefined), ("local", Permit), ("data/host", Undefined), ("low", Deny)]);
    to("remote-node", &[("node", Undefined), ("local", Deny), ("data/host", Undefined), ("low", Deny)]);
    to("host, remote-node", &[("node", Permit), ("local", Permit), ("data/host", Permit), ("low", Deny)]);
    to("kube-apiserver", &[("api", Permit), ("node-api", Permit), ("node", Deny)]);
    let denied =
        policy("endpointSelector: {}\negress: [{toEntities: [all]}]\negressDeny: [{toEntities: [host]}]");
    cluster(&denied).assert(&[
        ("shop/db", "node", "80", Undefined),
        ("shop/db", "local", "80", Deny),
        ("shop/db", "low", "80", Permit),
    ]);
}

#[test]
fn blocks_are_about_the_world() {
    let all = &[("low", Permit), ("api", Permit), ("shop/web", Deny), ("node", Deny), ("data/host", Deny)];
    assert_egress("{toCIDR: [0.0.0.0/0]}", all);
    assert_ingress("{fromCIDR: [192.0.2.0/24]}", &[("doc", Permit), ("hole", Permit), ("low", Deny)]);
    assert_ingress(
        "{fromCIDRSet: [{cidr: 192.0.2.0/24, except: [192.0.2.16/28]}]}",
        &[("hole", Deny), ("low", Deny)],
    );
    assert_ingress("{fromCIDRSet: [{cidr: '2001:db8::/32'}]}", &[("v6", Permit), ("low", Deny)]);
    let rule =
        policy("endpointSelector: {}\negress: [{toCIDR: [10.0.0.0/8, 172.18.0.0/16, 169.254.0.0/16]}]");
    let nodes = Switches { cidrs_match_nodes: true, ..Switches::default() };
    cluster_with(&rule, nodes).assert(&[
        ("shop/db", "node", "80", Permit),
        ("shop/db", "local", "80", Permit),
        ("shop/db", "data/host", "80", Permit),
        ("shop/db", "data/web", "80", Deny),
    ]);
    let pods = Switches { cidrs_match_pods: true, ..Switches::default() };
    cluster_with(&rule, pods).assert(&[
        ("shop/db", "node", "80", Deny),
        ("shop/db", "data/host", "80", Deny),
        ("shop/db", "data/web", "80", Permit),
        ("shop/db", "shop/job", "80", Undefined),
    ]);
    let kubernetes = object(
        "NetworkPolicy",
        "shop/k",
        "podSelector: {}\npolicyTypes: [Egress]\negress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]",
    );
    cluster(&kubernetes).assert(&[
        ("shop/db", "low", "80", Permit),
        ("shop/db", "low", "8/ICMP", Permit),
        ("shop/db", "data/web", "80", Deny),
        ("shop/db", "node", "80", Deny),
        ("shop/db", "data/host", "80", Deny),
    ]);
}

#[test]
fn groups_of_prefixes() {
    let group = |name: &str, labels: &str, cidr: &str| {
        format!(
            "---\napiVersion: cilium.io/v2alpha1\nkind: CiliumCIDRGroup\nmetadata: {{name: {name}, labels: {{{labels}}}}}\nspec: {{externalCIDRs: [{cidr}]}}\n"
        )
    };
    let groups = group("docs", "zone: a", "192.0.2.0/24") + &group("low", "zone: b", "0.0.0.0/5");
    let of = |item: &str| {
        cluster(&(policy(&format!("endpointSelector: {{}}\ningress: [{{fromCIDRSet: [{item}]}}]")) + &groups))
    };
    of("{cidrGroupRef: docs}").assert(&[("doc", "shop/db", "80", Permit), ("low", "shop/db", "80", Deny)]);
    of("{cidrGroupRef: none}").assert(&[("doc", "shop/db", "80", Deny)]);
    of("{cidrGroupRef: docs, except: [192.0.2.16/28]}").assert(&[("hole", "shop/db", "80", Deny)]);
    of("{cidrGroupSelector: {matchLabels: {zone: a}}}").assert(&[("doc", "shop/db", "80", Permit)]);
    of("{cidrGroupSelector: {matchExpressions: [{key: zone, operator: NotIn, values: [a]}]}}")
        .assert(&[("doc", "shop/db", "80", Deny)]);
}

const DNS: &str = "
- toEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: kube-system, k8s-app: dns}}]
  toPorts: [{ports: [{port: '53', protocol: ANY}], rules: {dns: [{matchPattern: '*'}]}}]";

#[test]
fn hosts_by_name() {
    let of = |spec: &str| cluster(&policy(&format!("endpointSelector: {{}}\n{spec}")));
    let name = "egress:\n- toFQDNs: [{matchName: API.example.com}]";
    of(&format!("{name}{DNS}")).assert(&[
        ("shop/db", "name:api.example.com", "443", Permit),
        ("shop/db", "name:www.example.org", "443", Deny),
        ("shop/db", "low", "443", Deny),
        ("shop/db", "shop/web", "443", Deny),
    ]);
    // Nobody who may not ask the DNS through the proxy comes to know the name.
    of(name).assert(&[("shop/db", "name:api.example.com", "443", Deny)]);
    of(&format!("{name}{}", DNS.replace("'*'", "'*.example.com'"))).assert(&[(
        "shop/db",
        "name:api.example.com",
        "443",
        Permit,
    )]);
    of(&format!("{name}{}", DNS.replace("'*'", "'*.example.org'"))).assert(&[(
        "shop/db",
        "name:api.example.com",
        "443",
        Deny,
    )]);
    let elsewhere = object(
        "CiliumNetworkPolicy",
        "shop/dns",
        &format!("endpointSelector: {{matchLabels: {{app: db}}}}\negress:{DNS}"),
    );
    let both = policy(&format!("endpointSelector: {{}}\n{name}")) + &elsewhere;
    cluster(&both).assert(&[
        ("shop/db", "name:api.example.com", "443", Permit),
        ("shop/web", "name:api.example.com", "443", Deny),
    ]);
    let pattern = "egress:\n- toFQDNs: [{matchPattern: '**.org'}]\n  toPorts: [{ports: [{port: '443', protocol: TCP}]}]";
    of(&format!("{pattern}{DNS}")).assert(&[
        ("shop/db", "name:www.example.org", "443", Permit),
        ("shop/db", "name:www.example.org", "80", Deny),
        ("shop/db", "name:api.example.com", "443", Deny),
    ]);
}

#[test]
fn what_is_not_known_is_left_open() {
    let service = "toServices: [{k8sService: {serviceName: s, namespace: data}}]";
    assert_egress(&format!("{{{service}}}"), &[("data/web", Undefined), ("low", Undefined)]);
    let groups = "[{aws: {securityGroupsIds: [sg-1]}}]";
    assert_egress(&format!("{{toGroups: {groups}}}"), &[("data/web", Deny), ("low", Undefined)]);
    assert_ingress(&format!("{{fromGroups: {groups}}}"), &[("node", Deny), ("low", Undefined)]);
    assert_ingress("{fromNodes: [{matchLabels: {zone: a}}]}", &[("node", Undefined), ("low", Deny)]);
    assert_egress("{toNodes: [{}]}", &[("node", Undefined), ("local", Deny), ("low", Deny)]);
    let mode = |mode: &str| format!("{{fromEntities: [all], authentication: {{mode: {mode}}}}}");
    assert_ingress(&mode("disabled"), &[("low", Permit)]);
    assert_ingress(&mode("required"), &[("low", Undefined)]);
    assert_ingress(&mode("test-always-fail"), &[("low", Deny)]);
}

#[test]
fn several_specs() {
    let text = "apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: p, namespace: shop}
specs:
- endpointSelector: {matchLabels: {app: web}}
  ingress: [{fromEndpoints: [{}]}]
- endpointSelector: {matchLabels: {app: db}}
  ingressDeny: [{fromEntities: [world]}]
";
    let cluster = cluster(text);
    cluster.assert(&[
        ("shop/job", "shop/web", "80", Permit),
        ("low", "shop/web", "80", Deny),
        ("shop/job", "shop/db", "80", Deny),
        ("low", "shop/job", "80", Permit),
    ]);
    let explained = good(text).explain(&cluster.space, &Default::default(), (7, 1, 0));
    let rules: Vec<String> =
        explained.ingress.matching.iter().map(|matching| matching.path.to_string()).collect();
    assert_eq!(rules, ["specs[1].ingressDeny[0]"]);
}

#[test]
fn a_space_is_made_of_whatever_they_ask() {
    let web =
        http("[{method: 'GET|POST', path: '/v1/.*', host: 'a[.]b'}, {path: '/', headers: ['X-Key: 1']}]");
    let names = "egress:
- toFQDNs: [{matchPattern: '**.example.com'}, {matchName: example.org}]
- toPorts: [{ports: [{port: '443', protocol: TCP}], serverNames: ['*.example.com']}]";
    let policies = good(&policy(&format!("{web}\n{names}{DNS}")));
    let inventory = crate::Inventory::default();
    let (_, pods) = points();
    let pods = pods.into_iter().filter_map(|point| match point {
        Point::Pod(pod) => (!pod.host_network).then_some(pod),
        Point::Address(_) => None,
    });
    let space = Space::of(&inventory, pods.collect(), &policies.boundaries()).unwrap();
    let enforced = policies.enforce(&space, &Default::default());
    assert!(enforced.undefined.is_empty());
    let mut said = 0;
    for atom in 0..space.ports.len() {
        // From outside to `shop/web`.
        let outside = space.points.iter().position(|point| matches!(point, Point::Address(_))).unwrap();
        let permitted = enforced.permitted.contains(outside, 0, atom);
        let expected = match space.ports.payload(atom) {
            Some(Payload::Http(request)) if space.ports.atom(atom).first == 80 => {
                let one = ["GET", "POST"].contains(&request.method.as_ref())
                    && request.path.starts_with("/v1/")
                    && request.host.as_ref() == "a.b";
                let key = request
                    .headers
                    .iter()
                    .any(|(name, value)| name.as_ref() == "x-key" && value.as_ref() == "1");
                one || request.path.as_ref() == "/" && key
            }
            _ => false,
        };
        assert_eq!(permitted, expected, "{:?} {:?}", space.ports.atom(atom), space.ports.payload(atom));
        said += usize::from(permitted);
    }
    assert!(said >= 4, "{said}");
    let hosts = space.points.iter().enumerate().filter_map(|(index, point)| match point {
        Point::Address(range) => Some((index, range.host.as_ref()?)),
        Point::Pod(_) => None,
    });
    let hosts: Vec<(usize, &Text)> = hosts.collect();
    assert_eq!(hosts.len(), 2);
    for (index, _) in hosts {
        assert!((0..space.ports.len()).all(|atom| enforced.permitted.contains(0, index, atom)));
    }
}
