//! Cilium's policies and groups that are valid, and those that are not.

use super::{Bad, object};

const VERSION: &str = "cilium.io/v2";
const ALL: &str = "{matchExpressions: [{key: \"k8s:io.kubernetes.pod.namespace\", operator: Exists}]}";
const DNS: &str = "{toEntities: [all], toPorts: [{ports: [{port: \"53\", protocol: ANY}], rules: {dns: [{matchPattern: \"*\"}]}}]}";

fn named(name: &str, subject: &str, rest: &str) -> String {
    let metadata = format!("{{name: {name}, namespace: shop}}");
    let deny = "enableDefaultDeny: {ingress: true, egress: true}";
    object(VERSION, "CiliumNetworkPolicy", &metadata, &format!("spec:\n  {subject}\n  {deny}\n  {rest}"))
}

pub fn policy(rest: &str) -> String {
    named("a", "endpointSelector: {}", rest)
}

fn clusterwide(subject: &str, rest: &str) -> String {
    named("a", subject, rest)
        .replace("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy")
        .replace(", namespace: shop", "")
}

fn from(rule: &str) -> String {
    policy(&format!("ingress: [{{{rule}}}]"))
}

fn to(rule: &str) -> String {
    policy(&format!("egress: [{{{rule}}}]"))
}

fn ports(item: &str) -> String {
    to(&format!("toEntities: [all], toPorts: [{{{item}}}]"))
}

fn port(port: &str) -> String {
    ports(&format!("ports: [{port}]"))
}

fn http(rule: &str) -> String {
    ports(&format!("ports: [{{port: \"80\", protocol: TCP}}], rules: {{http: [{rule}]}}"))
}

fn subject(conditions: &str) -> String {
    named("a", &format!("endpointSelector: {{{conditions}}}"), "ingress: [{}]")
}

fn group(metadata: &str, blocks: &str) -> String {
    object(VERSION, "CiliumCIDRGroup", metadata, &format!("spec:\n  externalCIDRs: [{blocks}]"))
}

fn many(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(", ")
}

pub fn good() -> Vec<String> {
    vec![
        policy(
            "ingress: [{}]\n  egressDeny: [{toEntities: [remote-node, all]}]\n  description: a\n  log: {value: b}\n  labels: [{key: c}]",
        ),
        policy("ingress: [{}]").replace("spec:\n  ", "specs:\n- "),
        subject(
            "matchLabels: {\"k8s:app.kubernetes.io/name\": a, \"k8s:io.cilium.k8s.policy.serviceaccount\": b}",
        ),
        subject("matchLabels: {\"k8s:io.kubernetes.pod.namespace\": shop}"),
        clusterwide(&format!("endpointSelector: {ALL}"), "ingress: [{}]"),
        clusterwide(
            "endpointSelector: {matchLabels: {\"k8s:io.cilium.k8s.namespace.labels.team\": a}}",
            "ingress: [{}]",
        ),
        clusterwide(
            "nodeSelector: {matchLabels: {kubernetes.io/os: linux}}",
            "ingress: [{fromEntities: [all]}]",
        ),
        from(
            "fromEndpoints: [{}, {matchLabels: {\"reserved:ingress\": \"\"}}], authentication: {mode: required}",
        ),
        from("fromEntities: [kube-apiserver], icmps: [{fields: [{family: IPv4, type: 8}]}]"),
        to("toCIDR: [10.0.0.0/8]"),
        to(
            "toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}, {cidrGroupRef: b}, {cidrGroupSelector: {matchLabels: {c: d}}}]",
        ) + "---\n"
            + &group("{name: b}", "10.0.0.0/8, \"fd00::/8\""),
        port(
            "{port: \"0\", protocol: ANY}, {port: http, protocol: UDP}, {port: \"80\", endPort: 90, protocol: SCTP}",
        ),
        ports("ports: [{port: \"443\", protocol: TCP}], serverNames: [example.com]"),
        http(
            "{method: GET, path: '/a\\.b(\\?.*)?', host: a, headers: [\"A: b\"], headerMatches: [{name: a, value: b, mismatch: LOG}]}",
        ),
        policy(&format!(
            "egress: [{DNS}, {{toFQDNs: [{{matchName: example.com}}, {{matchPattern: \"*.example.com\"}}]}}]"
        )),
        named("a", "endpointSelector: {}", &format!("egress: [{DNS}]\n---"))
            + &named("b", "endpointSelector: {}", "egress: [{toFQDNs: [{matchName: a.b}]}]"),
        policy(
            "egress: [{toEntities: [all], toPorts: [{ports: [{port: \"53\", protocol: UDP}, {port: \"53\", protocol: TCP}], rules: {dns: [{matchName: Example.com}]}}]}, {toFQDNs: [{matchName: example.com.}]}]",
        ),
    ]
}

pub fn bad() -> Vec<Bad> {
    let plain = policy("ingress: [{}]");
    let long = "a".repeat(60);
    vec![
        (
            object(VERSION, "CiliumNetworkPolicy", "{name: a, namespace: shop}", ""),
            ": `spec` or `specs` is missing",
        ),
        (
            object(VERSION, "CiliumNetworkPolicy", "{name: a, namespace: shop}", "specs: []"),
            "specs: a list that is empty",
        ),
        (policy(""), "spec: one of ingress, ingressDeny, egress, egressDeny has to be given"),
        (policy("ingress: []"), "spec.ingress: a list that is empty"),
        (policy("egressDeny: []"), "spec.egressDeny: a list that is empty"),
        (policy("egressDeny: [{}]"), "spec.egressDeny[0]: a deny needs a peer"),
        (policy("ingress: [{}]\n  labels: [{value: a}]"), "spec.labels[0]: `key` is missing"),
        (policy("ingress: [{}]\n  order: 5"), "spec.order: a field that is unknown here"),
        (
            policy(&format!("ingress: [{{}}]\n  log: {{value: {}}}", "a".repeat(33))),
            "spec.log: `value` has at most 32 characters, all printable",
        ),
        (
            plain.replace("  enableDefaultDeny: {ingress: true, egress: true}\n", ""),
            "spec: `enableDefaultDeny` is missing",
        ),
        (
            plain.replace("{ingress: true, egress: true}", "{ingress: true}"),
            "spec.enableDefaultDeny: `egress` is missing",
        ),
        (
            plain.replace("  endpointSelector: {}\n", ""),
            "spec: exactly one of endpointSelector, nodeSelector has to be given",
        ),
        (
            named("a", "nodeSelector: {}", "ingress: [{}]"),
            "spec.nodeSelector: nodes are subjects of clusterwide policies alone",
        ),
        (
            clusterwide("endpointSelector: {}", "ingress: [{}]"),
            "spec.endpointSelector: `k8s:io.kubernetes.pod.namespace` has to exist, or another condition on the namespace hold",
        ),
        (
            clusterwide(
                "endpointSelector: {matchExpressions: [{key: \"k8s:io.kubernetes.pod.namespace\", operator: NotIn, values: [a]}]}",
                "ingress: [{}]",
            ),
            "spec.endpointSelector: `k8s:io.kubernetes.pod.namespace` has to exist, or another condition on the namespace hold",
        ),
        (
            subject("matchLabels: {\"k8s:io.kubernetes.pod.namespace\": other}"),
            "spec.endpointSelector.matchLabels[\"k8s:io.kubernetes.pod.namespace\"]: Cilium writes the policy's own namespace over this",
        ),
        (
            subject("matchLabels: {\"docker:a\": b}"),
            "spec.endpointSelector.matchLabels[\"docker:a\"]: `docker` is no source of labels",
        ),
        (
            subject("matchLabels: {\"k8s:-a\": b}"),
            "spec.endpointSelector.matchLabels[\"k8s:-a\"]: `k8s:-a` is no key of a label",
        ),
        (
            subject(&format!("matchLabels: {{\"k8s:{long}\": b}}")),
            "spec.endpointSelector.matchLabels[\"k8s:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]: `k8s:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is no key of a label",
        ),
        (
            subject("matchLabels: {pod-template-hash: b}"),
            "spec.endpointSelector.matchLabels.pod-template-hash: no identity bears the label `pod-template-hash`, so that nothing is selected",
        ),
        (
            subject(
                "matchExpressions: [{key: \"k8s:statefulset.kubernetes.io/pod-name\", operator: Exists}]",
            ),
            "spec.endpointSelector.matchExpressions[0]: no identity bears the label `statefulset.kubernetes.io/pod-name`, so that nothing is selected",
        ),
        (
            subject("matchLabels: {kubernetes.io/metadata.name: b}"),
            "spec.endpointSelector.matchLabels[\"kubernetes.io/metadata.name\"]: no identity bears the label `kubernetes.io/metadata.name`, so that nothing is selected",
        ),
        (
            subject("matchLabels: {failure-domain.beta.kubernetes.io/zone: b}"),
            "spec.endpointSelector.matchLabels[\"failure-domain.beta.kubernetes.io/zone\"]: no identity bears the label `failure-domain.beta.kubernetes.io/zone`, so that nothing is selected",
        ),
        (
            group("{name: a, namespace: b}", "10.0.0.0/8"),
            "metadata.namespace: this kind belongs to no namespace",
        ),
        (group("{name: a}", ""), "spec.externalCIDRs: a list that is empty"),
        (
            group("{name: a}", "10.0.0.0/8, 10.0.0.0/8"),
            "spec.externalCIDRs[1]: this stands in the list already",
        ),
        (group("{name: a}", "10.0.0.1"), "spec.externalCIDRs[0]: `10.0.0.1` is no CIDR"),
    ]
}

pub fn bad_peers() -> Vec<Bad> {
    let deny = |way: &str, rule: &str| policy(&format!("{way}Deny: [{{{rule}}}]"));
    vec![
        (from("fromEndpoints: []"), "spec.ingress[0].fromEndpoints: a list that is empty"),
        (
            from("fromEndpoints: [{}], fromEntities: [host]"),
            "spec.ingress[0]: `fromEndpoints` beside `fromEntities`: one kind of peer a rule",
        ),
        (
            from("toEndpoints: [{}]"),
            "spec.ingress[0]: a rule needs a peer\nspec.ingress[0].toEndpoints: a field that is unknown here",
        ),
        (
            from("toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]"),
            "spec.ingress[0]: ports without a peer are open to the whole world; `all` has to be written",
        ),
        (
            from("icmps: [{fields: [{family: IPv4, type: 8}]}]"),
            "spec.ingress[0]: ports without a peer are open to the whole world; `all` has to be written",
        ),
        (
            from("fromEntities: [all], authentication: {mode: maybe}"),
            "spec.ingress[0].authentication.mode: `maybe` is none of disabled, required, test-always-fail",
        ),
        (
            from("fromEndpoints: [{matchLabels: {io.kubernetes.pod.name: a}}]"),
            "spec.ingress[0].fromEndpoints[0].matchLabels[\"io.kubernetes.pod.name\"]: no identity bears the label `io.kubernetes.pod.name`, so that nothing is selected",
        ),
        (
            from("fromEntities: [world]"),
            "spec.ingress[0].fromEntities[0]: `world` is wider than the internet",
        ),
        (
            from("fromEntities: [cluster]"),
            "spec.ingress[0].fromEntities[0]: `cluster` is wider than the pods of the cluster",
        ),
        (from("fromEntities: [nodes]"), "spec.ingress[0].fromEntities[0]: `nodes` is no entity"),
        (
            from("fromNodes: [{}]"),
            "spec.ingress[0].fromNodes: Cilium refuses it unless `enable-node-selector-labels` is set",
        ),
        (
            from("fromGroups: [{}]"),
            "spec.ingress[0].fromGroups: groups belong to one cloud, and an empty one is any peer",
        ),
        (from("fromRequires: [{}]"), "spec.ingress[0].fromRequires: Cilium has dropped this field"),
        (from("fromCIDR: [10.0.0.1]"), "spec.ingress[0].fromCIDR[0]: `10.0.0.1` is no CIDR"),
        (
            from("fromCIDRSet: [{except: [10.0.0.0/8]}]"),
            "spec.ingress[0].fromCIDRSet[0]: exactly one of cidr, cidrGroupRef, cidrGroupSelector has to be given",
        ),
        (
            from("fromCIDRSet: [{cidr: 10.0.0.0/8, except: [11.0.0.0/8]}]"),
            "spec.ingress[0].fromCIDRSet[0].except[0]: `11.0.0.0/8` is not strictly within `10.0.0.0/8`",
        ),
        (
            from("fromCIDRSet: [{cidrGroupRef: b}]"),
            "spec.ingress[0].fromCIDRSet[0].cidrGroupRef: no CiliumCIDRGroup of this name stands in the stream",
        ),
        (
            from("fromCIDRSet: [{cidrGroupRef: B}]"),
            "spec.ingress[0].fromCIDRSet[0].cidrGroupRef: no CiliumCIDRGroup of this name stands in the stream\nspec.ingress[0].fromCIDRSet[0].cidrGroupRef: this is no name of an object",
        ),
        (
            to("toServices: [{k8sService: {serviceName: a, namespace: b}}]"),
            "spec.egress[0].toServices: a service that is not found opens its ports to every destination",
        ),
        (to("toFQDNs: []"), "spec.egress[0].toFQDNs: a list that is empty"),
        (
            deny("egress", "toFQDNs: [{matchName: a}]"),
            "spec.egressDeny[0]: a rule needs a peer\nspec.egressDeny[0].toFQDNs: a field that is unknown here",
        ),
        (
            deny("ingress", "fromEntities: [host]"),
            "spec.ingressDeny[0].fromEntities[0]: a deny of the host cuts probes",
        ),
        (
            deny("egress", "toEntities: [host]"),
            "spec.egressDeny[0].toEntities[0]: a deny of the host cuts probes",
        ),
        (
            deny("ingress", "fromEntities: [all]"),
            "spec.ingressDeny[0].fromEntities[0]: a deny of all takes the host in, and cuts probes",
        ),
        (
            policy(&format!("egress: [{DNS}, {{toFQDNs: [{{matchName: a..b}}]}}]")),
            "spec.egress[1].toFQDNs[0].matchName: `a..b` is no name of a host",
        ),
        (
            policy(&format!("egress: [{DNS}, {{toFQDNs: [{{matchName: \"*.b\"}}]}}]")),
            "spec.egress[1].toFQDNs[0].matchName: `*.b` is no name of a host",
        ),
        (
            policy(&format!("egress: [{DNS}, {{toFQDNs: [{{}}]}}]")),
            "spec.egress[1].toFQDNs[0]: exactly one of matchName, matchPattern has to be given",
        ),
        (
            to("toFQDNs: [{matchName: a.b}]"),
            "spec.egress[0].toFQDNs[0]: no DNS rule of the same pods lets them ask for this over TCP\nspec.egress[0].toFQDNs[0]: no DNS rule of the same pods lets them ask for this over UDP",
        ),
        (
            policy(&format!("egress: [{}, {{toFQDNs: [{{matchName: a.b}}]}}]", DNS.replace("ANY", "UDP"))),
            "spec.egress[1].toFQDNs[0]: no DNS rule of the same pods lets them ask for this over TCP",
        ),
        (
            policy(&format!(
                "egress: [{}, {{toFQDNs: [{{matchName: a.b}}]}}]",
                DNS.replace("\"*\"", "\"*.c\"")
            )),
            "spec.egress[1].toFQDNs[0]: no DNS rule of the same pods lets them ask for this over TCP\nspec.egress[1].toFQDNs[0]: no DNS rule of the same pods lets them ask for this over UDP",
        ),
        (
            named("a", "endpointSelector: {matchLabels: {a: b}}", &format!("egress: [{DNS}]\n---"))
                + &named(
                    "b",
                    "endpointSelector: {matchLabels: {a: c}}",
                    "egress: [{toFQDNs: [{matchPattern: a.b}]}]",
                ),
            "spec.egress[0].toFQDNs[0]: no DNS rule of the same pods lets them ask for this over TCP\nspec.egress[0].toFQDNs[0]: no DNS rule of the same pods lets them ask for this over UDP",
        ),
    ]
}

pub fn bad_ports() -> Vec<Bad> {
    let icmp = |field: &str| to(&format!("toEntities: [all], icmps: [{{fields: [{field}]}}]"));
    let dns = |port: &str, rules: &str| ports(&format!("ports: [{port}], rules: {{dns: [{rules}]}}"));
    let one = |at: usize| format!("{{port: \"{}\", protocol: TCP}}", at + 1);
    vec![
        (to("toEntities: [all], toPorts: []"), "spec.egress[0].toPorts: a list that is empty"),
        (to("toEntities: [all], icmps: []"), "spec.egress[0].icmps: a list that is empty"),
        (ports(""), "spec.egress[0].toPorts[0]: `ports` is missing"),
        (port(""), "spec.egress[0].toPorts[0].ports: a list that is empty"),
        (port(&many(41, one)), "spec.egress[0].toPorts[0].ports: 41 entries, the most is 40"),
        (
            port("{protocol: TCP}"),
            "spec.egress[0].toPorts[0].ports[0]: `` is neither a port nor the name of one\nspec.egress[0].toPorts[0].ports[0]: `port` is missing",
        ),
        (port("{port: \"80\"}"), "spec.egress[0].toPorts[0].ports[0]: `protocol` is missing"),
        (
            port("{port: \"80\", protocol: GRE}"),
            "spec.egress[0].toPorts[0].ports[0].protocol: `GRE` is none of TCP, UDP, SCTP, ANY",
        ),
        (
            port("{port: 80, protocol: TCP}"),
            "spec.egress[0].toPorts[0].ports[0]: `` is neither a port nor the name of one\nspec.egress[0].toPorts[0].ports[0].port: this has to be text",
        ),
        (
            port("{port: \"080\", protocol: TCP}"),
            "spec.egress[0].toPorts[0].ports[0]: `080` is neither a port nor the name of one",
        ),
        (
            port("{port: \"80\", endPort: 80, protocol: TCP}"),
            "spec.egress[0].toPorts[0].ports[0]: `endPort` is not beyond `port`, and is passed over",
        ),
        (
            port("{port: http, endPort: 80, protocol: TCP}"),
            "spec.egress[0].toPorts[0].ports[0]: `endPort` beside a port with a name is passed over",
        ),
        (
            port("{port: \"0\", endPort: 80, protocol: TCP}"),
            "spec.egress[0].toPorts[0].ports[0]: port 0 is all ports, and begins no range",
        ),
        (
            to(
                "toEntities: [all], toPorts: [{ports: [{port: \"80\", protocol: TCP}]}], icmps: [{fields: [{family: IPv4, type: 8}]}]",
            ),
            "spec.egress[0]: `icmps` beside `toPorts`",
        ),
        (to("toEntities: [all], icmps: [{}]"), "spec.egress[0].icmps[0]: `fields` is missing"),
        (icmp(""), "spec.egress[0].icmps[0].fields: a list that is empty"),
        (
            icmp(&many(41, |_| "{family: IPv4, type: 8}".to_owned())),
            "spec.egress[0].icmps[0].fields: 41 entries, the most is 40",
        ),
        (icmp("{type: 8}"), "spec.egress[0].icmps[0].fields[0]: `family` is missing"),
        (
            icmp("{family: IPv5, type: 8}"),
            "spec.egress[0].icmps[0].fields[0].family: `IPv5` is none of IPv4, IPv6",
        ),
        (
            icmp("{family: IPv4, type: 256}"),
            "spec.egress[0].icmps[0].fields[0].type: 256 is not within 0 and 255",
        ),
        (
            icmp("{family: IPv4, type: EchoRequest}"),
            "spec.egress[0].icmps[0].fields[0].type: this has to be a whole number",
        ),
        (
            icmp("{family: IPv4, type: 8, code: 0}"),
            "spec.egress[0].icmps[0].fields[0].code: a field that is unknown here",
        ),
        (
            ports("ports: [{port: \"80\", protocol: TCP}], rules: {}"),
            "spec.egress[0].toPorts[0].rules: exactly one of http, dns has to be given",
        ),
        (
            ports("ports: [{port: \"80\", protocol: TCP}], rules: {kafka: []}"),
            "spec.egress[0].toPorts[0].rules: exactly one of http, dns has to be given\nspec.egress[0].toPorts[0].rules.kafka: a field that is unknown here",
        ),
        (http(""), "spec.egress[0].toPorts[0].rules.http: a list that is empty"),
        (
            http("{path: \"(\"}"),
            "spec.egress[0].toPorts[0].rules.http[0].path: `(` is no pattern: error: unclosed group",
        ),
        (
            http("{path: \"\"}"),
            "spec.egress[0].toPorts[0].rules.http[0].path: what is empty is passed over, and lets everything through",
        ),
        (
            http("{headers: [\" \"]}"),
            "spec.egress[0].toPorts[0].rules.http[0].headers[0]: a header has a name",
        ),
        (
            http("{headerMatches: [{name: \"\"}]}"),
            "spec.egress[0].toPorts[0].rules.http[0].headerMatches[0]: a header has a name",
        ),
        (
            http("{headerMatches: [{name: a, mismatch: DROP}]}"),
            "spec.egress[0].toPorts[0].rules.http[0].headerMatches[0].mismatch: `DROP` is none of LOG, ADD, DELETE, REPLACE",
        ),
        (
            http("{}").replace("protocol: TCP", "protocol: ANY"),
            "spec.egress[0].toPorts[0].ports[0]: HTTP is of TCP alone",
        ),
        (
            http("{}").replace("\"80\"", "\"0\""),
            "spec.egress[0].toPorts[0].ports[0]: rules of the seventh layer need a port other than 0",
        ),
        (
            http("{}").replace("\"80\"", "\"50\", endPort: 60"),
            "spec.egress[0].toPorts[0].ports[0]: HTTP and DNS on one port make the pod's policy fail",
        ),
        (
            http("{}").replace("egress: [", "egressDeny: ["),
            "spec.egressDeny[0].toPorts[0].rules: a deny is of whole ports",
        ),
        (
            clusterwide(
                "nodeSelector: {}",
                "egress: [{toEntities: [all], toPorts: [{ports: [{port: \"80\", protocol: TCP}], rules: {http: [{}]}}]}]",
            ),
            "spec.egress[0].toPorts[0].rules: policies of nodes know no rules of this kind",
        ),
        (
            dns("{port: \"54\", protocol: UDP}", "{matchName: a}"),
            "spec.egress[0].toPorts[0].ports[0]: DNS is of port 53 alone",
        ),
        (
            dns("{port: \"53\", endPort: 54, protocol: UDP}", "{matchName: a}"),
            "spec.egress[0].toPorts[0].ports[0]: DNS is of no range",
        ),
        (
            dns("{port: \"53\", protocol: SCTP}", "{matchName: a}"),
            "spec.egress[0].toPorts[0].ports[0]: DNS is not of SCTP",
        ),
        (
            dns("{port: \"53\", protocol: UDP}", "{matchName: \"a b\"}"),
            "spec.egress[0].toPorts[0].rules.dns[0].matchName: `a b` is no name of a host",
        ),
        (
            from(
                "fromEntities: [all], toPorts: [{ports: [{port: \"53\", protocol: UDP}], rules: {dns: [{matchName: a}]}}]",
            ),
            "spec.ingress[0].toPorts[0].rules.dns: DNS rules are of egress alone",
        ),
        (
            ports("ports: [{port: \"443\", protocol: TCP}], serverNames: []"),
            "spec.egress[0].toPorts[0].serverNames: a list that is empty",
        ),
        (
            ports("ports: [{port: \"443\", protocol: TCP}], serverNames: [\"\"]"),
            "spec.egress[0].toPorts[0].serverNames[0]: this is no name of a server",
        ),
        (
            ports("ports: [{port: \"443\", protocol: TCP}], serverNames: [a], rules: {http: [{}]}"),
            "spec.egress[0].toPorts[0].serverNames: server names beside rules need TLS to be terminated",
        ),
        (
            ports("ports: [{port: \"443\", protocol: TCP}], serverNames: [a]")
                .replace("egress: [", "egressDeny: ["),
            "spec.egressDeny[0].toPorts[0].serverNames: a deny is of whole ports",
        ),
    ]
}
