//! What is kept of a NetworkPolicy: the API's defaults, "empty is not absent", and what is refused.

use super::*;
use crate::inventory::{PolicyPeer, PolicyPortNumber, PolicyRule, PolicyRules};

fn policy(spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: \
         shop}}\nspec: {spec}\n"
    )
}

/// `pods | in … | out …`; a way that the policy does not govern is left out.
fn shown(spec: &str) -> String {
    let inventory = read(&policy(spec));
    let PolicyRules::Kubernetes(spec) = &inventory.policies[0].rules else { panic!() };
    let mut said = requirements(&spec.pods);
    for (word, rules) in [("in", &spec.ingress), ("out", &spec.egress)] {
        if let Some(rules) = rules {
            said += &format!(" | {word}");
            rules.iter().for_each(|rule| said += &format!(" {}", rule_text(rule)));
        }
    }
    said
}

fn requirements(requirements: &[Requirement]) -> String {
    format!("[{}]", selector(&Some(requirements.to_vec())).join(" "))
}

fn rule_text(rule: &PolicyRule) -> String {
    let peer = |peer: &PolicyPeer| match peer {
        PolicyPeer::Pods { namespaces, pods } => {
            let part = |part: &Option<Vec<Requirement>>| {
                part.as_ref().map_or("-".to_owned(), |part| requirements(part))
            };
            format!("{}/{}", part(namespaces), part(pods))
        }
        PolicyPeer::Block { cidr, except } => format!("{cidr}{except:?}"),
    };
    let port = |port: &crate::inventory::PolicyPort| {
        let number = match &port.number {
            PolicyPortNumber::Range(first, last) => format!("{first}-{last}"),
            PolicyPortNumber::Name(name) => name.to_string(),
        };
        format!("{number}{}", protocol(port.protocol))
    };
    let peers = rule.peers.as_ref().map(|peers| peers.iter().map(peer).collect::<Vec<_>>().join(","));
    let ports = rule.ports.as_ref().map(|ports| ports.iter().map(port).collect::<Vec<_>>().join(","));
    format!("{{{} : {}}}", peers.unwrap_or("*".to_owned()), ports.unwrap_or("*".to_owned()))
}

#[test]
fn a_policy_governs_ingress_unless_it_says_otherwise() {
    assert_eq!(shown("{podSelector: {}}"), "[] | in");
    assert_eq!(shown("{podSelector: {}, policyTypes: []}"), "[] | in");
    assert_eq!(shown("{podSelector: {}, egress: []}"), "[] | in");
    assert_eq!(shown("{podSelector: {}, egress: [{}]}"), "[] | in | out {* : *}");
    assert_eq!(shown("{podSelector: {}, policyTypes: [Egress]}"), "[] | out");
    assert_eq!(shown("{podSelector: {}, policyTypes: [Egress], ingress: [{}]}"), "[] | out");
    assert_eq!(shown("{podSelector: {}, policyTypes: [Ingress, Egress]}"), "[] | in | out");
    assert_eq!(shown("null"), "[] | in");
}

#[test]
fn empty_lists_of_a_rule_restrict_nothing() {
    let all = "[] | in {* : *}";
    assert_eq!(shown("{podSelector: {}, ingress: [{}]}"), all);
    assert_eq!(shown("{podSelector: {}, ingress: [{from: [], ports: []}]}"), all);
    assert_eq!(shown("{podSelector: {}, ingress: [{from: null, ports: null}]}"), all);
    assert_eq!(shown("{podSelector: {}, ingress: []}"), "[] | in");
}

#[test]
fn peers_and_ports() {
    assert_eq!(
        shown(
            "{podSelector: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: Exists}]}, \
             ingress: [{from: [{podSelector: {}}, {namespaceSelector: {}}, {namespaceSelector: \
             {matchLabels: {team: a}}, podSelector: {matchLabels: {app: x}}}, {ipBlock: {cidr: 10.1.2.3/8, \
             except: [10.1.0.0/16]}}], ports: [{port: 80}, {port: dns, protocol: UDP}, {port: 8000, endPort: \
             8010}, {protocol: SCTP}]}]}"
        ),
        "[app in (web) tier] | in {-/[],[]/-,[team in (a)]/[app in (x)],10.0.0.0/8[10.1.0.0/16] : \
         80-80,dns/udp,8000-8010,1-65535/sctp}"
    );
}

#[test]
fn what_would_be_misread_is_refused() {
    let refused = |spec: &str| error(&policy(spec));
    assert_eq!(refused("{podSelectr: {}}"), "1:4: there is no field `podSelectr` here");
    assert_eq!(refused("{podSelector: {matchLabel: {a: b}}}"), "1:4: there is no field `matchLabel` here");
    assert_eq!(refused("{ingress: [{to: []}]}"), "1:4: there is no field `to` here");
    assert_eq!(refused("{ingress: [{from: [{pods: {}}]}]}"), "1:4: there is no field `pods` here");
    assert_eq!(refused("{ingress: [{ports: [{number: 80}]}]}"), "1:4: there is no field `number` here");
    assert_eq!(refused("{ingress: [{from: [{}]}]}"), "1:4: this peer names nobody");
    assert_eq!(refused("{ingress: [{from: [{podSelector: null}]}]}"), "1:4: this peer names nobody");
    assert_eq!(
        refused("{ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}"),
        "1:4: an `ipBlock` stands beside a selector in one peer"
    );
    assert_eq!(
        refused("{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]}"),
        "1:4: the exception `11.0.0.0/16` is no part of `10.0.0.0/8`"
    );
    assert_eq!(
        refused("{egress: [{to: [{ipBlock: {cidr: ''}}]}]}"),
        "1:4: `` is not a range of IP addresses"
    );
    assert_eq!(refused("{ingress: [{ports: [{port: 0}]}]}"), "1:4: port 0 is not between 1 and 65535");
    assert_eq!(refused("{ingress: [{ports: [{port: ''}]}]}"), "1:4: the name of the port is empty");
    assert_eq!(
        refused("{ingress: [{ports: [{port: 90, endPort: 80}]}]}"),
        "1:4: the ports 90 to 80 run backwards"
    );
    assert_eq!(
        refused("{ingress: [{ports: [{port: web, endPort: 80}]}]}"),
        "1:4: an `endPort` stands without a `port` that is a number"
    );
    assert_eq!(refused("{policyTypes: [ingress]}"), "1:4: unknown policy type `ingress`");
    assert_eq!(
        errors_of(&[("p.yaml", policy("{podSelectr: {}}").as_bytes())]),
        [
            "p.yaml:1:4: there is no field `podSelectr` here (known are `podSelector`, `policyTypes`, `ingress`, \
          `egress`)"
        ]
    );
    let json = "{\"apiVersion\": \"networking.k8s.io/v1\", \"kind\": \"NetworkPolicy\", \"metadata\": \
                {\"name\": \"p\"}, \"spec\": {\"podSelectr\": {}}}";
    assert_eq!(
        errors_of(&[("p.json", json.as_bytes())]),
        [
            "p.json:1:1: there is no field `podSelectr` here (known are `podSelector`, `policyTypes`, `ingress`, \
          `egress`)"
        ]
    );
}

#[test]
fn the_kind_may_come_late_and_a_list_may_say_it() {
    let late = "spec: {podSelector: {}}\nmetadata: {name: p}\nkind: NetworkPolicy\napiVersion: \
                networking.k8s.io/v1\nstatus: {}\n";
    assert_eq!(read(late).policies.len(), 1);
    let list = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicyList, items: [{metadata: {name: p}, \
                spec: {podSelector: {}}}]}";
    assert_eq!(read(list).policies.len(), 1);
}

#[test]
fn a_policy_read_twice_says_the_same_both_times() {
    assert_eq!(read_all(&[&policy("{podSelector: {}}"), &policy("{}")]).policies.len(), 1);
    let found = errors_of(&[
        ("a", policy("{podSelector: {}}").as_bytes()),
        ("b", policy("{podSelector: {}, ingress: [{}]}").as_bytes()),
    ]);
    assert!(found[0].contains("the `NetworkPolicy` `shop/p` is defined twice, differently"), "{found:?}");
}
