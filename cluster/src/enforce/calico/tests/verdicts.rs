//! The evaluation step by step, on one small cluster.

use super::*;

const ALL: [&str; 10] =
    ["shop/web", "shop/db", "shop/new", "data/web", "data/db", "data/host", "low", "node", "doc", "v6"];

/// A policy of namespace `data` for its database, with these rules for ingress.
fn ingress(rules: &str) -> String {
    object("NetworkPolicy data/p", &format!("selector: app == 'db'\ntypes: [Ingress]\ningress:\n{rules}"))
}

fn global(name: &str, spec: &str) -> String {
    object(&format!("GlobalNetworkPolicy {name}"), &format!("namespaceSelector: all()\n{spec}"))
}

/// Who surely reaches `data/db`, and who perhaps, under one rule that allows from this source.
#[track_caller]
fn from(source: &str) -> (String, String) {
    let sets = set("NetworkSet data/inner", "kind: net", "192.0.2.0/24")
        + &set("GlobalNetworkSet outer", "kind: net", "9.0.0.0/8, '2001:db8::/32'");
    let cluster = cluster(&(ingress(&format!("- {{action: Allow, source: {{{source}}}}}")) + &sets));
    (cluster.sources("data/db", "80").join(" "), cluster.unsure_sources("data/db", "80").join(" "))
}

#[track_caller]
fn assert_from(source: &str, sure: &str, unsure: &str) {
    assert_eq!(from(source), (sure.to_owned(), unsure.to_owned()), "{source}");
}

#[test]
fn without_policies_all_is_open() {
    let cluster = cluster("");
    for source in ALL {
        cluster.assert(&[(source, "data/db", "80", Permit), (source, "data/db", "8/ICMP", Permit)]);
    }
}

#[test]
fn step_0_pods_on_the_host_s_network_are_no_endpoints() {
    let deny = cluster(&global("p", "types: [Ingress, Egress]"));
    deny.assert(&[
        ("data/host", "node", "80", Permit),
        ("doc", "data/host", "80", Permit),
        ("data/host", "data/db", "80", Deny),
        ("data/db", "data/host", "80", Deny),
    ]);
    assert_from(
        "selector: all(), namespaceSelector: all()",
        "shop/web shop/db shop/new data/web data/db doc",
        "",
    );
    assert_from("nets: [172.18.0.0/16]", "data/host node", "shop/new");
}

#[test]
fn step_1_tiers_are_asked_by_order_and_name() {
    let allow = |tier: &str, name: &str, action: &str| {
        global(name, &format!("tier: {tier}\ntypes: [Ingress]\ningress: [{{action: {action}}}]"))
    };
    let tiers = [
        object("Tier early", "order: 1\ndefaultAction: Pass"),
        object("Tier late", "{}"),
        object("Tier a-late", "{}"),
        object("Tier nearly", "order: 999999.5"),
        object("Tier after", "order: 1000000.5"),
    ]
    .concat();
    let first = |policies: &[String], expected: Verdict| {
        let found = cluster(&(policies.concat() + &tiers));
        found.assert(&[("doc", "data/db", "80", expected)]);
    };
    first(&[allow("late", "a", "Deny"), allow("early", "b", "Allow")], Permit);
    first(&[allow("late", "a", "Allow"), allow("early", "b", "Deny")], Deny);
    first(&[allow("late", "a", "Deny"), allow("a-late", "b", "Allow")], Permit);
    first(&[allow("late", "a", "Deny"), allow("default", "b", "Allow")], Permit);
    first(&[allow("nearly", "a", "Deny"), allow("default", "b", "Allow")], Deny);
    first(&[allow("after", "a", "Deny"), allow("default", "b", "Allow")], Permit);
    first(&[allow("kube-admin", "a", "Allow"), allow("default", "b", "Deny")], Permit);
    first(&[allow("kube-baseline", "a", "Deny"), allow("default", "b", "Pass")], Deny);
    first(&[allow("kube-baseline", "a", "Deny"), allow("default", "b", "Allow")], Permit);
    first(&[allow("adminnetworkpolicy", "a", "Allow"), allow("nearly", "b", "Deny")], Permit);
}

#[test]
fn a_policy_of_no_tier_is_enforced_by_nobody() {
    let found = cluster(&global("p", "tier: gone\ntypes: [Ingress]"));
    found.assert(&[("doc", "data/db", "80", Permit)]);
    let ignored = found.policies.ignored();
    assert_eq!((ignored[0].path.as_str(), ignored.len()), ("spec.tier", 1));
    assert!(ignored[0].message.contains("no tier `gone`"));
}

#[test]
fn step_2_policies_are_asked_by_order_and_name() {
    let policy = |head: &str, order: &str, action: &str| {
        object(head, &format!("{order}\ntypes: [Ingress]\ningress: [{{action: {action}}}]"))
    };
    let first = |one: (&str, &str), two: (&str, &str), expected: &str| {
        for actions in [["Allow", "Deny"], ["Deny", "Allow"]] {
            let text = policy(one.0, one.1, actions[0]) + &policy(two.0, two.1, actions[1]);
            let winner = if expected == one.0 { actions[0] } else { actions[1] };
            let verdict = if winner == "Allow" { Permit } else { Deny };
            let found = cluster(&text);
            found.assert(&[("doc", "data/db", "80", verdict)]);
        }
    };
    let (a, b) = ("GlobalNetworkPolicy a", "GlobalNetworkPolicy b");
    first((a, "order: 2"), (b, "order: 1"), b);
    first((a, "order: 1.5"), (b, "order: 1"), b);
    first((a, "order: -1"), (b, "order: -2"), b);
    first((a, ""), (b, "order: 100000000"), b);
    first((b, ""), (a, ""), a);
    first((b, "order: 0"), (a, "order: -0.0"), a);
    first(
        ("NetworkPolicy data/a", "order: 3"),
        ("GlobalNetworkPolicy a", "order: 3"),
        "GlobalNetworkPolicy a",
    );
    first(
        ("NetworkPolicy data/a", "order: 3"),
        ("NetworkPolicy data/a-b", "order: 3"),
        "NetworkPolicy data/a-b",
    );
}

#[test]
fn policies_of_kubernetes_stand_at_order_1000() {
    let kubernetes = object("Kubernetes data/p", "podSelector: {}\ningress: [{ports: [{port: 80}]}]");
    let deny = |head: &str, order: &str| {
        kubernetes.clone()
            + &object(head, &format!("order: {order}\ntypes: [Ingress]\ningress: [{{action: Deny}}]"))
    };
    let allow = kubernetes.clone()
        + &object(
            "GlobalNetworkPolicy z",
            "order: 2000\ntypes: [Ingress]\ningress: [{action: Allow, protocol: UDP}]",
        );
    cluster(&kubernetes).assert(&[
        ("doc", "data/db", "80", Permit),
        ("doc", "data/db", "443", Deny),
        ("doc", "data/db", "8/ICMP", Deny),
        ("doc", "shop/db", "443", Permit),
    ]);
    for (head, order, expected) in [
        ("GlobalNetworkPolicy x", "999", Deny),
        ("GlobalNetworkPolicy x", "1001", Permit),
        ("GlobalNetworkPolicy a", "1000", Deny),
        ("GlobalNetworkPolicy z", "1000", Permit),
        ("NetworkPolicy data/knp.default.o", "1000", Deny),
        ("NetworkPolicy data/knp.default.q", "1000", Permit),
    ] {
        cluster(&deny(head, order)).assert(&[("doc", "data/db", "80", expected)]);
    }
    cluster(&allow).assert(&[
        ("doc", "data/db", "80", Permit),
        ("doc", "data/db", "53/UDP", Permit),
        ("doc", "data/db", "443", Deny),
    ]);
}

#[test]
fn the_first_rule_that_matches_decides() {
    let rules = "- {action: Log}\n- {action: Deny, protocol: TCP, destination: {ports: [80]}}\n- {action: Allow, protocol: TCP}\n- {action: Deny, protocol: UDP}\n- {action: Allow}";
    cluster(&ingress(rules)).assert(&[
        ("doc", "data/db", "80", Deny),
        ("doc", "data/db", "443", Permit),
        ("doc", "data/db", "53/UDP", Deny),
        ("doc", "data/db", "53/SCTP", Permit),
        ("doc", "data/db", "47/IP", Permit),
    ]);
}

#[test]
fn pass_goes_on_to_the_next_tier() {
    let early = object("Tier early", "order: 1");
    let pass = global(
        "early.p",
        "tier: early\ntypes: [Ingress]\ningress:\n- {action: Pass, protocol: TCP}\n- {action: Allow, protocol: UDP}",
    );
    let none = early + &pass;
    let flows = |tcp: Verdict| {
        [
            ("doc", "data/db", "80", tcp),
            ("doc", "data/db", "53/UDP", Permit),
            ("doc", "data/db", "53/SCTP", Deny),
        ]
    };
    cluster(&none).assert(&flows(Permit));
    cluster(&(none.clone() + &ingress("- {action: Deny, protocol: TCP}"))).assert(&flows(Deny));
    cluster(&(none + &ingress("- {action: Allow, protocol: TCP}"))).assert(&flows(Permit));
}

#[test]
fn the_end_of_a_tier_denies_or_passes() {
    let policy = global("t.p", "tier: t\ntypes: [Ingress]\ningress: [{action: Allow, protocol: UDP}]");
    for (action, expected) in [("defaultAction: Deny", Deny), ("defaultAction: Pass", Permit), ("{}", Deny)] {
        let found = cluster(&(policy.clone() + &object("Tier t", action)));
        found.assert(&[("doc", "data/db", "80", expected), ("doc", "data/db", "53/UDP", Permit)]);
        found.assert(&[("data/db", "doc", "80", Permit)]);
    }
}

#[test]
fn staged_policies_are_never_enforced() {
    let staged = object("StagedNetworkPolicy data/p", "ingress: [{action: Deny}]")
        + &object("StagedGlobalNetworkPolicy p", "ingress: [{action: Deny}]")
        + &object("StagedKubernetesNetworkPolicy data/p", "podSelector: {}");
    let found = cluster(&staged);
    found.assert(&[("doc", "data/db", "80", Permit)]);
    assert!(found.policies.ignored().iter().all(|one| one.message.contains("staged")));
    assert_eq!(found.policies.ignored().len(), 3);
}

#[test]
fn policies_of_hosts_govern_no_pod() {
    for field in ["doNotTrack", "preDNAT"] {
        let found = cluster(&global("p", &format!("{field}: true\napplyOnForward: true\ntypes: [Ingress]")));
        found.assert(&[("doc", "data/db", "80", Permit)]);
        assert_eq!(found.policies.ignored()[0].path, format!("spec.{field}"));
    }
    let found = cluster(&global("p", "applyOnForward: true\ntypes: [Ingress]"));
    found.assert(&[("doc", "data/db", "80", Deny)]);
    assert!(found.policies.ignored().is_empty());
}

#[test]
fn types_are_what_the_api_server_makes_of_the_rules() {
    let rules = "[{action: Allow, protocol: UDP}]";
    for (spec, of_ingress, of_egress) in [
        ("{}".to_owned(), Deny, Permit),
        (format!("ingress: {rules}"), Deny, Permit),
        (format!("egress: {rules}"), Permit, Deny),
        (format!("ingress: {rules}\negress: {rules}"), Deny, Deny),
        (format!("types: [Egress]\ningress: {rules}"), Permit, Deny),
        (format!("types: []\negress: {rules}"), Permit, Deny),
        ("types: [Ingress, Egress]".to_owned(), Deny, Deny),
    ] {
        let found = cluster(&object("NetworkPolicy data/p", &spec));
        found.assert(&[("doc", "data/db", "80", of_ingress), ("data/db", "doc", "80", of_egress)]);
        found.assert(&[("doc", "shop/db", "80", Permit)]);
    }
}

#[test]
fn step_3_profiles() {
    let shut =
        object("Profile kns.data", "ingress: [{action: Allow, protocol: TCP}]\negress: [{action: Allow}]");
    let found = cluster(&shut);
    found.assert(&[
        ("doc", "data/db", "80", Permit),
        ("doc", "data/db", "53/UDP", Deny),
        ("data/db", "doc", "53/UDP", Permit),
        ("doc", "shop/db", "53/UDP", Permit),
    ]);
    let account = object("Profile ksa.data.web", "ingress: [{action: Allow, protocol: UDP}]");
    cluster(&(shut.clone() + &account)).assert(&[
        ("doc", "data/db", "53/UDP", Deny),
        ("doc", "data/web", "53/UDP", Permit),
        ("doc", "data/web", "53/SCTP", Deny),
        ("data/web", "doc", "80", Permit),
    ]);
    // A policy that governs decides before.
    cluster(&(shut.clone() + &ingress("- {action: Allow, protocol: UDP}")))
        .assert(&[("doc", "data/db", "53/UDP", Permit), ("doc", "data/db", "80", Deny)]);
    cluster(&(shut + &ingress("- {action: Pass}")))
        .assert(&[("doc", "data/db", "53/UDP", Deny), ("doc", "data/db", "80", Permit)]);
    let other = cluster(&object("Profile other", "ingress: [{action: Deny}]"));
    other.assert(&[("doc", "data/db", "80", Permit)]);
    assert!(other.policies.ignored()[0].message.contains("no pod has the profile `other`"));
}

#[test]
fn whom_policies_govern() {
    let governed = |head: &str, spec: &str| {
        let found = cluster(&object(head, &format!("{spec}\ntypes: [Ingress]")));
        let verdict = |pod: &&str| found.verdict("doc", pod, "80");
        let of = |wanted| {
            ALL[..6].iter().copied().filter(|pod| verdict(pod) == wanted).collect::<Vec<_>>().join(" ")
        };
        (of(Deny), of(Undefined))
    };
    let sure =
        |found: (String, String), expected: &str| assert_eq!(found, (expected.to_owned(), String::new()));
    sure(governed("NetworkPolicy data/p", ""), "data/web data/db");
    sure(governed("NetworkPolicy data/p", "selector: app == 'web'"), "data/web");
    sure(governed("NetworkPolicy data/p", "selector: projectcalico.org/namespace == 'shop'"), "");
    let name = "serviceAccountSelector: projectcalico.org/name == 'db'";
    sure(governed("NetworkPolicy data/p", name), "data/db");
    sure(governed("NetworkPolicy data/p", "serviceAccountSelector: all()"), "data/web data/db");
    sure(governed("GlobalNetworkPolicy p", ""), "shop/web shop/db shop/new data/web data/db");
    sure(
        governed("GlobalNetworkPolicy p", "namespaceSelector: all()"),
        "shop/web shop/db shop/new data/web data/db",
    );
    let front = "namespaceSelector: kind == 'front'\nselector: has(app)";
    sure(governed("GlobalNetworkPolicy p", front), "shop/web shop/db");
    sure(
        governed("GlobalNetworkPolicy p", "namespaceSelector: projectcalico.org/name == 'data'"),
        "data/web data/db",
    );
    let unknown = governed("NetworkPolicy data/p", "serviceAccountSelector: team == 'a'");
    assert_eq!(unknown, (String::new(), "data/web data/db".to_owned()));
}

#[test]
fn what_perhaps_governs_leaves_open_what_it_says() {
    let perhaps = |name: &str, order: u32, rule: &str| {
        object(
            &format!("NetworkPolicy data/{name}"),
            &format!(
                "order: {order}\nserviceAccountSelector: {name} == 'a'\ntypes: [Ingress]\ningress: [{rule}]"
            ),
        )
    };
    cluster(&perhaps("a", 1, "{action: Allow, protocol: TCP}"))
        .assert(&[("doc", "data/db", "80", Permit), ("doc", "data/db", "53/UDP", Undefined)]);
    cluster(&perhaps("a", 1, "{action: Deny, protocol: TCP}")).assert(&[("doc", "data/db", "80", Undefined)]);
    // Either of them may govern without the other.
    let two = perhaps("a", 1, "{action: Allow, protocol: TCP}") + &perhaps("b", 2, "{action: Deny}");
    cluster(&two).assert(&[("doc", "data/db", "80", Undefined)]);
    let under =
        perhaps("a", 1, "{action: Allow, protocol: TCP}") + &ingress("- {action: Allow, protocol: UDP}");
    cluster(&under).assert(&[
        ("doc", "data/db", "80", Undefined),
        ("doc", "data/db", "53/UDP", Permit),
        ("doc", "data/db", "53/SCTP", Deny),
    ]);
}

#[test]
fn scopes_of_ends_in_a_namespace() {
    let everyone = "shop/web shop/db shop/new data/web data/db data/host low node doc v6";
    assert_from("", everyone, "");
    // Selectors, whatever they say, are about the policy's namespace.
    assert_from("selector: app == 'web'", "data/web", "");
    assert_from("selector: all()", "data/web data/db doc", "");
    assert_from("selector: kind == 'net'", "doc", "");
    assert_from("notSelector: app == 'web'", "data/db doc", "");
    assert_from("serviceAccounts: {names: [web]}", "data/web", "");
    assert_from(
        "serviceAccounts: {names: [web, db], selector: projectcalico.org/name == 'db'}",
        "data/db",
        "",
    );
    assert_from("serviceAccounts: {selector: team == 'a'}", "", "data/web data/db");
    assert_from("serviceAccounts: {}", everyone, "");
    assert_from("selector: app == 'db', serviceAccounts: {names: [web]}", "", "");
    // With a selector of namespaces they are about those.
    assert_from("selector: app == 'web', namespaceSelector: all()", "shop/web data/web", "");
    assert_from("namespaceSelector: all()", "shop/web shop/db shop/new data/web data/db doc", "");
    assert_from("namespaceSelector: kind == 'front'", "shop/web shop/db shop/new", "");
    assert_from("namespaceSelector: kind == 'back'", "data/web data/db doc", "");
    assert_from("namespaceSelector: projectcalico.org/name == 'shop', selector: has(tier)", "shop/db", "");
    assert_from("namespaceSelector: global()", "v6", "low");
    assert_from("namespaceSelector: '!has(kind)'", "v6", "low");
    assert_from("namespaceSelector: global(), selector: kind == 'net'", "v6", "low");
    // Ranges are about everything that has an address.
    assert_from("nets: [10.0.0.0/8]", "shop/web data/web data/db", "shop/db shop/new");
    assert_from("nets: [10.0.0.0/8], selector: app == 'db'", "data/db", "");
    assert_from("notNets: [10.0.0.0/8]", "data/host low node doc", "shop/new");
    assert_from("nets: ['2001:db8::/32']", "v6", "");
}

#[test]
fn scopes_of_ends_in_the_cluster() {
    let from = |source: &str| {
        let sets = set("NetworkSet data/inner", "kind: net", "192.0.2.0/24")
            + &set("GlobalNetworkSet outer", "kind: net", "0.0.0.0/5, 10.1.0.1");
        let policy = global(
            "p",
            &format!(
                "selector: app == 'db'\ntypes: [Ingress]\ningress: [{{action: Allow, source: {{{source}}}}}]"
            ),
        );
        cluster(&(policy + &sets)).sources("data/db", "80").join(" ")
    };
    assert_eq!(from("selector: app == 'web'"), "shop/web data/web");
    // A pod has the address that stands in a set.
    assert_eq!(from("selector: kind == 'net'"), "data/web doc");
    assert_eq!(from("selector: kind == 'net', namespaceSelector: all()"), "doc");
    assert_eq!(from("notSelector: kind == 'net'"), "shop/web shop/db data/db data/host node v6");
    assert_eq!(from("notSelector: all()"), "data/host node v6");
    assert_eq!(from("notSelector: '!has(app)'"), "shop/web shop/db data/db data/host node v6");
}

#[test]
fn host_endpoints_are_peers_by_their_addresses() {
    let host = object("HostEndpoint node-2", "node: n2\nexpectedIPs: [172.18.0.3]").replacen(
        "name:",
        "labels: {role: node}, name:",
        1,
    );
    let policy =
        global("p", "types: [Ingress]\ningress: [{action: Allow, source: {selector: role == 'node'}}]");
    let found = cluster(&(host + &policy));
    assert_eq!(found.sources("data/db", "80"), ["node"]);
    assert!(found.policies.ignored()[0].message.contains("host endpoint"));
}

#[test]
fn the_governed_end_of_a_rule_narrows_it() {
    let rules = "types: [Ingress]\norder: 1\ningress:\n- {action: Deny, protocol: UDP}\n- {action: Allow, destination: {selector: app == 'web'}}\n- {action: Allow, protocol: TCP, destination: {nets: [10.1.0.2/32], ports: [80]}}\n- {action: Pass, destination: {selector: has(tier)}}";
    cluster(&global("p", rules)).assert(&[
        ("doc", "data/web", "443", Permit),
        ("doc", "data/web", "53/UDP", Deny),
        ("doc", "data/db", "80", Permit),
        ("doc", "data/db", "443", Deny),
        ("doc", "shop/db", "443", Permit),
        ("doc", "shop/new", "443", Deny),
        ("doc", "shop/new", "80", Undefined),
    ]);
    let rules = "types: [Egress]\negress: [{action: Allow, source: {selector: app == 'web'}, destination: {nets: [192.0.2.0/24]}}]";
    cluster(&global("p", rules)).assert(&[
        ("data/web", "doc", "80", Permit),
        ("data/web", "low", "80", Deny),
        ("data/db", "doc", "80", Deny),
    ]);
}

#[test]
fn protocols() {
    let allows = |rule: &str| {
        let found = cluster(&ingress(&format!("- {{action: Allow, {rule}}}")));
        let ports = [
            "80",
            "53/UDP",
            "53/SCTP",
            "2048/ICMP",
            "2049/ICMP",
            "0/ICMP",
            "32768/ICMPv6",
            "47/IP",
            "136/IP",
        ];
        ports
            .into_iter()
            .filter(|port| found.verdict("shop/web", "data/db", port) == Permit)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let messages = "2048/ICMP 2049/ICMP 0/ICMP";
    assert_eq!(allows("protocol: TCP"), "80");
    assert_eq!(allows("protocol: 17"), "53/UDP");
    assert_eq!(allows("protocol: SCTP"), "53/SCTP");
    assert_eq!(allows("protocol: ICMP"), messages);
    assert_eq!(allows("protocol: ICMPv6"), "32768/ICMPv6");
    assert_eq!(allows("protocol: 47"), "47/IP");
    assert_eq!(allows("protocol: UDPLite"), "136/IP");
    assert_eq!(allows("notProtocol: TCP"), format!("53/UDP 53/SCTP {messages} 32768/ICMPv6 47/IP 136/IP"));
    assert_eq!(allows("notProtocol: 136"), format!("80 53/UDP 53/SCTP {messages} 32768/ICMPv6 47/IP"));
    assert_eq!(allows("protocol: ICMP, icmp: {}"), messages);
    assert_eq!(allows("protocol: ICMP, icmp: {type: 8}"), "2048/ICMP 2049/ICMP");
    assert_eq!(allows("protocol: ICMP, icmp: {type: 8, code: 1}"), "2049/ICMP");
    assert_eq!(allows("protocol: ICMP, notICMP: {type: 8, code: 1}"), "2048/ICMP 0/ICMP");
    assert_eq!(allows("protocol: ICMP, notICMP: {type: 8}"), "0/ICMP");
    assert_eq!(allows("protocol: ICMPv6, icmp: {type: 128}"), "32768/ICMPv6");
    assert_eq!(
        allows("ipVersion: 4, notProtocol: TCP, notICMP: {type: 8}"),
        "53/UDP 53/SCTP 0/ICMP 47/IP 136/IP"
    );
    assert_eq!(allows("source: {nets: [10.0.0.1/32]}"), format!("80 53/UDP 53/SCTP {messages} 47/IP 136/IP"));
}

#[test]
fn versions_of_ip() {
    let from = |version: u8| {
        let found = cluster(&ingress(&format!("- {{action: Allow, ipVersion: {version}}}")));
        (found.sources("data/db", "80").join(" "), found.unsure_sources("data/db", "80").join(" "))
    };
    let four = "shop/web data/web data/db data/host low node doc";
    assert_eq!(from(4), (four.to_owned(), "shop/db shop/new".to_owned()));
    assert_eq!(from(6), ("v6".to_owned(), "shop/db shop/new".to_owned()));
    // A message tells its version.
    let rule = cluster(&ingress("- {action: Allow, ipVersion: 6, protocol: ICMPv6}"));
    rule.assert(&[("shop/db", "data/db", "32768/ICMPv6", Permit), ("shop/db", "data/db", "80", Deny)]);
}

#[test]
fn ports_by_number() {
    let allows = |destination: &str| {
        let found =
            cluster(&ingress(&format!("- {{action: Allow, protocol: TCP, destination: {{{destination}}}}}")));
        let ports = ["79", "80", "81", "443", "444", "80/UDP"];
        ports
            .into_iter()
            .filter(|port| found.verdict("doc", "data/db", port) == Permit)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(allows("ports: [80, '443']"), "80 443");
    assert_eq!(allows("ports: ['80:443']"), "80 81 443");
    assert_eq!(allows("ports: ['80:443'], notPorts: [81]"), "80 443");
    assert_eq!(allows("notPorts: ['80:443']"), "79 444");
    assert_eq!(allows("ports: []"), "79 80 81 443 444");
}

#[test]
fn ports_by_name() {
    let into = |rule: &str| {
        object("NetworkPolicy shop/p", &format!("types: [Ingress]\ningress: [{{action: Allow, {rule}}}]"))
    };
    cluster(&into("protocol: TCP, destination: {ports: [http]}")).assert(&[
        ("doc", "shop/web", "8080", Permit),
        ("doc", "shop/web", "5432", Deny),
        ("doc", "shop/db", "5432", Permit),
        ("doc", "shop/new", "8080", Deny),
    ]);
    cluster(&into("protocol: TCP, destination: {notPorts: [http]}")).assert(&[
        ("doc", "shop/web", "8080", Deny),
        ("doc", "shop/web", "5432", Permit),
        ("doc", "shop/db", "5432", Deny),
        ("doc", "shop/new", "8080", Permit),
        ("doc", "shop/web", "53/UDP", Deny),
    ]);
    // Without a protocol packet filters take a name for one of TCP.
    cluster(&into("destination: {ports: [http, dns]}")).assert(&[
        ("doc", "shop/web", "8080", Permit),
        ("doc", "shop/web", "53/UDP", Undefined),
        ("doc", "shop/web", "53", Deny),
    ]);
    let out = |rule: &str| global("p", &format!("types: [Egress]\negress: [{{action: Allow, {rule}}}]"));
    cluster(&out("protocol: TCP, destination: {ports: [http, 443], selector: app == 'web'}")).assert(&[
        ("data/db", "shop/web", "8080", Permit),
        ("data/db", "data/web", "9090", Permit),
        ("data/db", "data/web", "8080", Deny),
        ("data/db", "shop/web", "443", Permit),
        ("data/db", "shop/db", "5432", Deny),
        ("data/db", "data/host", "8080", Deny),
        ("data/db", "doc", "8080", Deny),
    ]);
    cluster(&out("protocol: TCP, destination: {notPorts: [http]}")).assert(&[
        ("data/db", "shop/web", "8080", Deny),
        ("data/db", "data/web", "8080", Permit),
        ("data/db", "doc", "8080", Permit),
    ]);
}

#[test]
fn what_a_flow_does_not_tell_is_left_open() {
    let sure = cluster(&ingress("- {action: Allow, protocol: TCP, source: {ports: ['1024:65535']}}"));
    sure.assert(&[("doc", "data/db", "80", Undefined), ("doc", "data/db", "53/UDP", Deny)]);
    let denied =
        cluster(&ingress("- {action: Deny, protocol: TCP, source: {notPorts: [53]}}\n- {action: Allow}"));
    denied.assert(&[("doc", "data/db", "80", Undefined), ("doc", "data/db", "53/UDP", Permit)]);
    let http = cluster(&ingress("- {action: Allow, http: {methods: [GET]}}"));
    http.assert(&[("doc", "data/db", "80", Undefined)]);
    assert_eq!(http.policies.ignored()[0].path, "spec.ingress[0].http");
    let service =
        "types: [Egress]\negress: [{action: Allow, destination: {services: {name: a, namespace: b}}}]";
    let service = cluster(&global("p", service));
    service.assert(&[("data/db", "doc", "80", Undefined), ("data/db", "doc", "8/ICMP", Deny)]);
    assert_eq!(service.policies.ignored()[0].path, "spec.egress[0].destination.services");
}

#[test]
fn explanations_name_the_rules_in_their_order() {
    let text = global(
        "a",
        "order: 1\ntypes: [Ingress]\ningress:\n- {action: Log}\n- {action: Pass, destination: {selector: app == 'db'}}",
    ) + &ingress("- {action: Allow}");
    let found = cluster(
        &(object("Tier t", "order: 1\ndefaultAction: Pass")
            + &text.replacen("order: 1", "order: 1\n  tier: t", 1)),
    );
    let explained =
        found.policies.explain(&found.space, &Switches::default(), found.at("doc", "data/db", "80"));
    let paths: Vec<String> =
        explained.ingress.matching.iter().map(|one| format!("{} {}", one.object, one.path)).collect();
    assert_eq!(paths, ["1 spec.ingress[1]", "2 spec.ingress[0]"]);
    assert_eq!(explained.ingress.governing, [1, 2]);
}

#[test]
fn probes_are_pods_that_selectors_select() {
    let text = global(
        "p",
        "selector: app == 'x' && tier not in {'y'} && !has(old) && (a == 'b' || c == 'd')\ningress: [{action: Allow, source: {selector: role == 'r', namespaceSelector: env == 'prod'}}]",
    );
    let probes = good(&text).calico.probes();
    let shown: Vec<String> =
        probes.iter().map(|probe| format!("{:?} {:?}", probe.labels, probe.namespace_labels)).collect();
    assert!(shown[0].contains("\"app\": {In({\"x\"})}") && shown[0].contains("DoesNotExist"), "{shown:?}");
    assert!(!shown[0].contains("\"a\""), "{shown:?}");
    assert!(shown[1].contains("\"role\"") && shown[1].contains("\"env\""), "{shown:?}");
}
