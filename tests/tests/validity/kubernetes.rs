//! NetworkPolicies that are valid, and those that are not.

use super::{Bad, object};

fn policy(spec: &str) -> String {
    let spec = format!("spec:\n  podSelector: {{}}\n{spec}");
    object("networking.k8s.io/v1", "NetworkPolicy", "{name: a, namespace: shop}", &spec)
}

fn peer(peer: &str) -> String {
    policy(&format!("  policyTypes: [Ingress]\n  ingress:\n  - from: [{peer}]"))
}

fn port(port: &str) -> String {
    policy(&format!("  policyTypes: [Egress]\n  egress:\n  - ports: [{port}]"))
}

pub fn good() -> Vec<String> {
    vec![
        policy("  policyTypes: [Ingress, Egress]\n  ingress:\n  - {}"),
        policy("  policyTypes: [Ingress]\n  ingress: []"),
        peer("{podSelector: {matchLabels: {app: web}}, namespaceSelector: {}}"),
        peer("{podSelector: {matchExpressions: [{key: a, operator: In, values: [b]}]}}"),
        peer("{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}, {ipBlock: {cidr: \"2001:db8::/32\"}}"),
        port("{protocol: TCP, port: 80, endPort: 80}, {protocol: UDP}, {protocol: SCTP, port: http}"),
    ]
}

pub fn bad() -> Vec<Bad> {
    vec![
        (
            policy("  ingress: []"),
            "spec: `policyTypes` is missing\nspec.ingress: `policyTypes` leaves out `Ingress`, and with it these rules",
        ),
        (policy("  policyTypes: []"), "spec.policyTypes: a list that is empty"),
        (policy("  policyTypes: [Both]"), "spec.policyTypes[0]: `Both` is none of Ingress, Egress"),
        (policy("  policyTypes: [Egress, Egress]"), "spec.policyTypes[1]: this stands in the list already"),
        (
            policy("  policyTypes: [Egress, Ingress, Egress]"),
            "spec.policyTypes: 3 entries, the most is 2\nspec.policyTypes[2]: this stands in the list already",
        ),
        (
            policy("  policyTypes: [Egress]\n  ingress: [{}]"),
            "spec.ingress: `policyTypes` leaves out `Ingress`, and with it these rules",
        ),
        (policy("  policyTypes: [Egress]\n  egress: {}"), "spec.egress: this has to be a list"),
        (
            policy("  policyTypes: [Egress]\n  egress: [{from: []}]"),
            "spec.egress[0].from: a field that is unknown here",
        ),
        (peer(""), "spec.ingress[0].from: a list that is empty"),
        (port(""), "spec.egress[0].ports: a list that is empty"),
        (peer("{}"), "spec.ingress[0].from[0]: a peer has to be given"),
        (
            peer("{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}"),
            "spec.ingress[0].from[0]: `ipBlock` beside another peer",
        ),
        (peer("{ipBlock: {}}"), "spec.ingress[0].from[0].ipBlock: `cidr` is missing"),
        (peer("{ipBlock: {cidr: 10.0.0.1}}"), "spec.ingress[0].from[0].ipBlock.cidr: `10.0.0.1` is no CIDR"),
        (
            peer("{ipBlock: {cidr: 10.0.0.1/8}}"),
            "spec.ingress[0].from[0].ipBlock.cidr: `10.0.0.1/8` is not the canonical form of a CIDR",
        ),
        (
            peer("{ipBlock: {cidr: \"2001:DB8::/32\"}}"),
            "spec.ingress[0].from[0].ipBlock.cidr: `2001:DB8::/32` is not the canonical form of a CIDR",
        ),
        (
            peer("{ipBlock: {cidr: \"::ffff:10.0.0.0/104\"}}"),
            "spec.ingress[0].from[0].ipBlock.cidr: `::ffff:10.0.0.0/104` is not the canonical form of a CIDR",
        ),
        (
            peer("{ipBlock: {cidr: 10.0.0.0/8, except: []}}"),
            "spec.ingress[0].from[0].ipBlock.except: a list that is empty",
        ),
        (
            peer("{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}"),
            "spec.ingress[0].from[0].ipBlock.except[0]: `10.0.0.0/8` is not strictly within `10.0.0.0/8`",
        ),
        (
            peer("{ipBlock: {cidr: 10.0.0.0/8, except: [\"fd00::/64\"]}}"),
            "spec.ingress[0].from[0].ipBlock.except[0]: `fd00::/64` is not strictly within `10.0.0.0/8`",
        ),
        (
            peer("{podSelector: {matchLabels: {a: -b}}}"),
            "spec.ingress[0].from[0].podSelector.matchLabels.a: `-b` is no value of a label",
        ),
        (
            peer("{podSelector: {matchLabels: {a b: b}}}"),
            "spec.ingress[0].from[0].podSelector.matchLabels[\"a b\"]: `a b` is no key of a label",
        ),
        (
            peer("{podSelector: {matchExpressions: [{key: a, operator: Is}]}}"),
            "spec.ingress[0].from[0].podSelector.matchExpressions[0].operator: `Is` is none of In, NotIn, Exists, DoesNotExist",
        ),
        (
            peer("{podSelector: {matchExpressions: [{key: a, operator: NotIn, values: []}]}}"),
            "spec.ingress[0].from[0].podSelector.matchExpressions[0]: this operator needs values",
        ),
        (
            peer("{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}"),
            "spec.ingress[0].from[0].podSelector.matchExpressions[0]: this operator takes no values",
        ),
        (port("{port: 80}"), "spec.egress[0].ports[0]: `protocol` is missing"),
        (port("{protocol: ICMP}"), "spec.egress[0].ports[0].protocol: `ICMP` is none of TCP, UDP, SCTP"),
        (port("{protocol: TCP, port: 0}"), "spec.egress[0].ports[0].port: 0 is not within 1 and 65535"),
        (port("{protocol: TCP, port: \"80\"}"), "spec.egress[0].ports[0].port: `80` is no name of a port"),
        (port("{protocol: TCP, port: a--b}"), "spec.egress[0].ports[0].port: `a--b` is no name of a port"),
        (
            port("{protocol: TCP, port: name-of-a-port-16}"),
            "spec.egress[0].ports[0].port: `name-of-a-port-16` is no name of a port",
        ),
        (port("{protocol: TCP, port: 8.5}"), "spec.egress[0].ports[0].port: this has to be a whole number"),
        (
            port("{protocol: TCP, port: 80, endPort: 79}"),
            "spec.egress[0].ports[0].endPort: `endPort` lies before `port`",
        ),
        (
            port("{protocol: TCP, port: http, endPort: 90}"),
            "spec.egress[0].ports[0].endPort: `endPort` needs a port that is a number",
        ),
        (
            port("{protocol: TCP, endPort: 90}"),
            "spec.egress[0].ports[0].endPort: `endPort` needs a port that is a number",
        ),
    ]
}
