//! What is accepted, and what is refused with which words at which field.

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
fn assert_spec_fault(spec: &str, path: &str, words: &str) {
    assert_fault(&policy(spec), path, words);
}

/// One ingress rule with one peer or port.
#[track_caller]
fn assert_peer_fault(peer: &str, path: &str, words: &str) {
    let spec = format!("podSelector: {{}}\ningress: [{{from: [{peer}]}}]");
    assert_spec_fault(&spec, &format!("spec.ingress[0].from[0]{path}"), words);
}

#[track_caller]
fn assert_port_fault(port: &str, path: &str, words: &str) {
    let spec = format!("podSelector: {{}}\negress: [{{ports: [{port}]}}]");
    assert_spec_fault(&spec, &format!("spec.egress[0].ports[0]{path}"), words);
}

#[track_caller]
fn assert_selector_fault(selector: &str, path: &str, words: &str) {
    assert_spec_fault(&format!("podSelector: {selector}"), &format!("spec.podSelector{path}"), words);
    assert_peer_fault(
        &format!("{{namespaceSelector: {selector}}}"),
        &format!(".namespaceSelector{path}"),
        words,
    );
}

fn rule_of(ports: &str) -> Rule {
    let policies = good(&policy(&format!("podSelector: {{}}\ningress: [{{ports: [{ports}]}}]")));
    policies.kubernetes[0].1.ingress.clone().unwrap().remove(0)
}

#[test]
fn a_full_policy() {
    let text = r#"
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web.v1
  namespace: shop
  generateName: web-
  uid: 00000000-0000-0000-0000-000000000000
  resourceVersion: "12"
  selfLink: /x
  generation: 3
  creationTimestamp: 2024-01-01T00:00:00Z
  deletionTimestamp: "2024-01-02T00:00:00Z"
  deletionGracePeriodSeconds: 0
  labels: {app.kubernetes.io/managed-by: weir, empty: ""}
  annotations: {Weir.dev/Source: "1: a may reach b;"}
  finalizers: [x.io/y]
  ownerReferences:
  - {apiVersion: v1, kind: X, name: x, uid: u, controller: true, blockOwnerDeletion: false}
  managedFields:
  - manager: kubectl
    operation: Apply
    apiVersion: networking.k8s.io/v1
    time: 2024-01-01T00:00:00Z
    fieldsType: FieldsV1
    fieldsV1: {"f:spec": {"f:ingress": {}}}
    subresource: ""
spec:
  podSelector:
    matchLabels: {app: web, tier: ""}
    matchExpressions:
    - {key: x.io/a, operator: In, values: [b, c]}
    - {key: a, operator: NotIn, values: [b]}
    - {key: a, operator: Exists}
    - {key: d, operator: DoesNotExist, values: []}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - podSelector: {}
    - namespaceSelector: {matchLabels: {a: b}}
      podSelector: {}
    - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.0.0.0/9]}
    ports:
    - {port: 80}
    - {port: http, protocol: UDP}
    - {port: 8000, endPort: 9000, protocol: SCTP}
    - {protocol: UDP}
  egress:
  - {}
status: {}
"#;
    let policies = good(text);
    assert_eq!(names(&policies), [("shop", "web.v1")]);
    let [(_, policy)] = policies.kubernetes.as_slice() else { panic!() };
    assert_eq!(policy.subject.requirements.len(), 5);
    assert_eq!(policy.subject.requirements["a"].len(), 2);
    let [rule] = policy.ingress.as_deref().unwrap() else { panic!() };
    assert_eq!(rule.peers.len(), 3);
    let ports: Vec<_> = rule.ports.iter().map(|port| (port.protocol, port.number.clone())).collect();
    assert_eq!(
        ports,
        [
            (Protocol::Tcp, Number::Range(80, 80)),
            (Protocol::Udp, Number::Name(Text::from("http"))),
            (Protocol::Sctp, Number::Range(8000, 9000)),
            (Protocol::Udp, Number::Range(1, 65535)),
        ]
    );
    let boundaries = policies.boundaries();
    let cidrs: Vec<_> = boundaries.cidrs.iter().map(ToString::to_string).collect();
    assert_eq!(cidrs, ["10.0.0.0/8", "10.0.0.0/9", "10.1.0.0/16"]);
    assert_eq!(boundaries.ports.len(), 3);
}

#[test]
fn streams_lists_and_json() {
    let one = named_policy("a", "one", "podSelector: {}");
    let two = named_policy("b", "one", "podSelector: {}");
    assert_eq!(good(&format!("---\n{one}---\n---\n# nothing\n---\n{two}")).len(), 2);
    assert_eq!(good("").len(), 0);
    assert_eq!(good("# nothing\n").len(), 0);
    let json = |name: &str| {
        format!(
            "{{\"apiVersion\": \"networking.k8s.io/v1\", \"kind\": \"NetworkPolicy\",\n\t\"metadata\": {{\"name\": \"{name}\"}}, \"spec\": {{\"podSelector\": {{}}, \"ingress\": [{{\"ports\": [{{\"port\": 80}}]}}]}}}}"
        )
    };
    assert_eq!(names(&good(&json("x"))), [("default", "x")]);
    // One long line, as `kubectl get -o json | jq -c` writes it, with escapes.
    let long = json("long").replace('\n', " ").replace(
        "\"name\"",
        &format!("\"annotations\": {{\"a\": \"\\/\\u00e4\\n{}\"}}, \"name\"", "x".repeat(100_000)),
    );
    assert_eq!(good(&long).len(), 1);
    let list = |kind: &str, version: &str, items: &str| {
        format!(
            "{{\"apiVersion\": \"{version}\", \"kind\": \"{kind}\", \"metadata\": {{\"resourceVersion\": \"\"}}, \"items\": [{items}]}}"
        )
    };
    let items = format!("{}, {}", json("x"), json("y"));
    assert_eq!(good(&list("List", "v1", &items)).len(), 2);
    assert_eq!(good(&list("List", "v1", &list("List", "v1", &items))).len(), 2);
    let bare = "{\"metadata\": {\"name\": \"z\"}, \"spec\": {\"podSelector\": {}}}";
    assert_eq!(
        good(&list("NetworkPolicyList", "networking.k8s.io/v1", &format!("{items}, {bare}"))).len(),
        3
    );
    assert_fault(
        &list("List", "v1", "{\"kind\": \"Pod\", \"apiVersion\": \"v1\"}"),
        "items[0].kind",
        "`Pod` of `v1`",
    );
    let typo = bare.replace("podSelector", "podselector");
    let errors = bad(&list("NetworkPolicyList", "networking.k8s.io/v1", &typo));
    assert_eq!(errors[0].path, "items[0].spec.podSelector");
    assert_eq!(errors[1].path, "items[0].spec.podselector");
    assert_fault("kind: List\napiVersion: v1\nitem: []", "item", "unknown field `item`");
}

#[test]
fn errors_say_where_they_are() {
    let text = format!(
        "{}---\n{}",
        policy("podSelector: {}"),
        named_policy("shop", "q", "podSelector: {}\nform: []")
    );
    let errors = bad(&text);
    let [error] = errors.as_slice() else { panic!("{}", shown(&errors)) };
    assert_eq!((error.file.as_ref(), error.document, error.line), ("test.yaml", 2, 16));
    assert_eq!(
        error.to_string(),
        "test.yaml:16: `spec.form`: unknown field `form`: here may stand `podSelector`, `policyTypes`, `ingress`, `egress`"
    );
    // All of them, not only the first.
    let errors = bad(&policy(
        "podSelector: {matchLabels: {a: yes, b: 1}}\ningress: [{form: []}, {ports: [{port: 0}]}]",
    ));
    let paths: Vec<_> = errors.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "spec.podSelector.matchLabels[a]",
            "spec.podSelector.matchLabels[b]",
            "spec.ingress[0].form",
            "spec.ingress[1].ports[0].port"
        ]
    );
    let errors = bad(&format!("{}---\na: [\n", policy("podSelector: {a: {}}")));
    assert_eq!(errors.iter().map(|e| e.document).collect::<Vec<_>>(), [1, 2]);
    assert!(errors[1].message.starts_with("this is no YAML"), "{}", shown(&errors));
}

#[test]
fn misspelt_fields_are_errors_wherever_they_stand() {
    assert_spec_fault("podSelector: {}\ningress: [{form: []}]", "spec.ingress[0].form", "`from`, `ports`");
    assert_spec_fault("podSelector: {}\negress: [{from: []}]", "spec.egress[0].from", "`to`, `ports`");
    assert_spec_fault("podSelector: {}\ningress: [{to: []}]", "spec.ingress[0].to", "`from`, `ports`");
    assert_spec_fault("podSelector: {}\nIngress: []", "spec.Ingress", "unknown field");
    assert_spec_fault("podSelector: {}\npolicytypes: []", "spec.policytypes", "unknown field");
    assert_selector_fault("{matchLabel: {}}", ".matchLabel", "unknown field");
    assert_selector_fault("{app: web}", ".app", "unknown field");
    assert_selector_fault(
        "{matchExpressions: [{key: a, op: In, operator: Exists}]}",
        ".matchExpressions[0].op",
        "unknown field",
    );
    assert_peer_fault("{podSelector: {}, podselector: {}}", ".podselector", "unknown field");
    assert_peer_fault("{ipBlock: {cidr: 10.0.0.0/8, excepts: []}}", ".ipBlock.excepts", "unknown field");
    assert_port_fault("{port: 80, endport: 90}", ".endport", "unknown field");
    let metadata = policy("podSelector: {}").replace("namespace:", "nameSpace:");
    assert_fault(&metadata, "metadata.nameSpace", "unknown field");
    assert_fault(&format!("{}stats: {{}}\n", policy("podSelector: {}")), "stats", "unknown field");
    // What others write into the status is nothing to say about.
    good(&format!("{}status: {{conditions: []}}\n", policy("podSelector: {}")));
}

#[test]
fn keys_may_not_stand_twice() {
    assert_spec_fault("podSelector: {}\npodSelector: {a: b}", "spec[podSelector]", "twice");
    assert_selector_fault("{matchLabels: {a: b, a: c}}", ".matchLabels[a]", "twice");
    let text = policy("podSelector: {}").replace("  name: p\n", "  name: p\n  name: q\n");
    assert_fault(&text, "metadata[name]", "twice");
}

#[test]
fn api_versions_and_kinds() {
    let text = policy("podSelector: {}");
    for version in ["extensions/v1beta1", "networking.k8s.io/v1beta1", "projectcalico.org/v3", "v1"] {
        let text = text.replace("networking.k8s.io/v1", version);
        assert_fault(&text, "apiVersion", &format!("`{version}` is not read"));
    }
    assert_fault(
        &text.replace("kind: NetworkPolicy", "kind: Ingress"),
        "kind",
        "`Ingress` of `networking.k8s.io/v1`",
    );
    assert_fault(
        "apiVersion: apps/v1\nkind: Deployment\n",
        "kind",
        "`Deployment` of `apps/v1` is no policy that is enforced here",
    );
    assert_fault(&text.replace("kind: NetworkPolicy\n", ""), "kind", "`kind`");
    assert_fault(&text.replace("apiVersion: networking.k8s.io/v1\n", ""), "apiVersion", "`apiVersion`");
    assert_fault("just text", "", "a mapping is needed");
    assert_fault("[]", "", "a mapping is needed");
}

#[test]
fn unquoted_scalars_of_other_types_are_no_text() {
    let cases = [
        ("yes", "a boolean"),
        ("on", "a boolean"),
        ("y", "a boolean"),
        ("No", "a boolean"),
        ("true", "a boolean"),
        ("1_000", "a number"),
        ("80", "a number"),
        ("1.5", "a number"),
        ("0x1F", "a number"),
        ("1e3", "a number"),
        (".inf", "a number"),
        ("2024-01-01", "a date"),
    ];
    for (value, noun) in cases {
        assert_selector_fault(&format!("{{matchLabels: {{a: {value}}}}}"), ".matchLabels[a]", noun);
        let values = format!("{{matchExpressions: [{{key: a, operator: In, values: [{value}]}}]}}");
        assert_selector_fault(&values, ".matchExpressions[0].values[0]", noun);
        let key = format!("{{matchLabels: {{{value}: a}}}}");
        assert_selector_fault(&key, &format!(".matchLabels[{value}]"), noun);
        let quoted =
            format!("podSelector: {{matchLabels: {{a: \"{value}\", '{}': b}}}}", value.replace('.', "d"));
        if value != ".inf" {
            good(&policy(&quoted));
        }
        let name = policy("podSelector: {}").replace("name: p", &format!("name: {value}"));
        assert_fault(&name, "metadata.name", noun);
        let label =
            policy("podSelector: {}").replace("  name: p", &format!("  labels: {{a: {value}}}\n  name: p"));
        assert_fault(&label, "metadata.labels[a]", noun);
    }
    for null in ["null", "~", ""] {
        let spec = format!("podSelector: {{matchLabels: {{a: {null}}}}}");
        assert_spec_fault(&spec, "spec.podSelector.matchLabels[a]", "nothing stands where text is needed");
    }
    // These only look like something else.
    for text in ["v1", "1m", "10.0.0.1", "yess", "nO"] {
        good(&policy(&format!("podSelector: {{matchLabels: {{a: {text}}}}}")));
    }
    assert_port_fault("{port: 80, protocol: on}", ".protocol", "a boolean");
    assert_spec_fault("podSelector: {}\npolicyTypes: [no]", "spec.policyTypes[0]", "a boolean");
    let aliased = "podSelector: {matchLabels: {a: &x 'yes', b: *x}}";
    good(&policy(aliased));
    assert_spec_fault(
        &aliased.replace("'yes'", "yes").replace("b: *x", "b: c"),
        "spec.podSelector.matchLabels[a]",
        "boolean",
    );
}

#[test]
fn fields_have_their_type() {
    assert_spec_fault("podSelector: web", "spec.podSelector", "`web` is text, and a mapping is needed");
    assert_spec_fault("podSelector: []", "spec.podSelector", "a list stands where a mapping is needed");
    assert_spec_fault(
        "podSelector: {}\ningress: {}",
        "spec.ingress",
        "a mapping stands where a list is needed",
    );
    assert_spec_fault(
        "podSelector: {}\ningress: [null]",
        "spec.ingress[0]",
        "nothing stands where a mapping",
    );
    assert_spec_fault("podSelector: {}\ningress: [{from: {}}]", "spec.ingress[0].from", "a list is needed");
    assert_spec_fault(
        "podSelector: {}\ningress: [{from: [a]}]",
        "spec.ingress[0].from[0]",
        "a mapping is needed",
    );
    assert_spec_fault("podSelector: {}\npolicyTypes: Ingress", "spec.policyTypes", "a list is needed");
    assert_selector_fault("{matchLabels: [a]}", ".matchLabels", "a mapping is needed");
    assert_selector_fault("{matchExpressions: {}}", ".matchExpressions", "a list is needed");
    assert_port_fault("80", "", "a mapping is needed");
    assert_port_fault("null", "", "a mapping is needed");
    assert_port_fault("{port: 80, endPort: '90'}", ".endPort", "`90` is text, and a whole number is needed");
    assert_port_fault("{port: 80.5}", ".port", "a whole number is needed");
    assert_port_fault("{port: true}", ".port", "a whole number is needed");
    assert_port_fault("{port: [80]}", ".port", "a whole number is needed");
    for (field, value) in
        [("generation", "x"), ("labels", "[]"), ("finalizers", "x"), ("ownerReferences", "[{}]")]
    {
        let text = policy("podSelector: {}").replace("  name: p", &format!("  {field}: {value}\n  name: p"));
        assert!(bad(&text).iter().all(|error| error.path.starts_with(&format!("metadata.{field}"))));
    }
    // What is null is absent.
    let nulls =
        "podSelector: {matchLabels: null, matchExpressions: ~}\npolicyTypes:\ningress: null\negress: ~";
    assert!(good(&policy(nulls)).kubernetes[0].1.egress.is_none());
}

#[test]
fn names_and_namespaces() {
    let named = |name: &str, namespace: &str| named_policy(namespace, name, "podSelector: {}");
    good(&named("a.b-c", "0-x"));
    good(&named(&"a".repeat(253), &"a".repeat(63)));
    assert_fault(&named("A", "shop"), "metadata.name", "`A` is no name");
    assert_fault(&named("-a", "shop"), "metadata.name", "is no name");
    assert_fault(&named(&"a".repeat(254), "shop"), "metadata.name", "253");
    assert_fault(&named("a", "a.b"), "metadata.namespace", "`a.b` is no name of a namespace");
    assert_fault(&named("a", &"a".repeat(64)), "metadata.namespace", "63");
    let text = named("a", "shop");
    assert_fault(&text.replace("  name: a\n", ""), "metadata.name", "`name` is missing");
    assert_fault(&text.replace("  name: a\n", "  generateName: a-\n"), "metadata.name", "`name` is missing");
    assert_eq!(names(&good(&text.replace("  namespace: shop\n", ""))), [("default", "a")]);
    assert_fault(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nspec: {podSelector: {}}",
        "metadata",
        "missing",
    );
    assert_fault(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}",
        "spec",
        "missing",
    );
    assert_spec_fault("ingress: []", "spec.podSelector", "missing");
    assert_spec_fault("podSelector:\ningress: []", "spec.podSelector", "missing");
}

#[test]
fn metadata_labels_and_annotations() {
    let with = |line: &str| policy("podSelector: {}").replace("  name: p", &format!("  {line}\n  name: p"));
    assert_fault(&with("labels: {a b: c}"), "metadata.labels[a b]", "no label key");
    assert_fault(&with("labels: {a: b c}"), "metadata.labels[a]", "no label value");
    assert_fault(&with("annotations: {a b: c}"), "metadata.annotations[a b]", "no label key");
    good(&with("annotations: {A.io/B: 'any text: at all'}"));
    let half = "x".repeat(128 << 10);
    good(&with(&format!("annotations: {{a: {}}}", "x".repeat((256 << 10) - 1))));
    assert_fault(&with(&format!("annotations: {{a: {half}, b: {half}}}")), "metadata.annotations", "256 KiB");
}

#[test]
fn names_are_unique_in_their_namespace() {
    let (a, b) = (policy("podSelector: {}"), named_policy("other", "p", "podSelector: {}"));
    assert_eq!(good(&format!("{a}---\n{b}")).len(), 2);
    let errors = bad(&format!("{a}---\n{a}"));
    assert_eq!(errors.len(), 1);
    assert_eq!((errors[0].document, errors[0].line, errors[0].path.as_str()), (2, 9, "metadata.name"));
    assert!(
        errors[0].message.contains("`p` of namespace `shop` stands at test.yaml:1 already"),
        "{}",
        errors[0]
    );

    let mut all = good(&a);
    all.extend(good(&b)).unwrap();
    let again = read("again.yaml", &a).unwrap();
    let errors = all.extend(again).unwrap_err();
    assert_eq!(errors[0].file.as_ref(), "again.yaml");
    assert_eq!(all.len(), 2, "nothing is added where something is wrong");
}

#[test]
fn policy_types() {
    assert_spec_fault(
        "podSelector: {}\npolicyTypes: [ingress]",
        "spec.policyTypes[0]",
        "`ingress` is no policy type",
    );
    let three = "podSelector: {}\npolicyTypes: [Ingress, Egress, Ingress]";
    assert_spec_fault(three, "spec.policyTypes", "at most two");
    let governs = |spec: &str| {
        let policies = good(&policy(&format!("podSelector: {{}}\n{spec}")));
        (policies.kubernetes[0].1.ingress.is_some(), policies.kubernetes[0].1.egress.is_some())
    };
    for absent in ["", "policyTypes: []\n", "policyTypes: null\n"] {
        for (rules, expected) in [
            ("", (true, false)),
            ("ingress: []", (true, false)),
            ("ingress: [{}]", (true, false)),
            ("egress: []", (true, false)),
            ("egress: null", (true, false)),
            ("egress: [{}]", (true, true)),
            ("egress: [{}]\ningress: [{}]", (true, true)),
        ] {
            assert_eq!(governs(&format!("{absent}{rules}")), expected, "{absent}{rules}");
        }
    }
    for rules in ["", "\ningress: [{}]", "\negress: [{}]"] {
        assert_eq!(governs(&format!("policyTypes: [Ingress]{rules}")), (true, false));
        assert_eq!(governs(&format!("policyTypes: [Egress]{rules}")), (false, true));
        assert_eq!(governs(&format!("policyTypes: [Egress, Ingress]{rules}")), (true, true));
        assert_eq!(governs(&format!("policyTypes: [Egress, Egress]{rules}")), (false, true));
    }
    // Rules of a direction that is not governed are checked all the same.
    let spec = "podSelector: {}\npolicyTypes: [Egress]\ningress: [{ports: [{port: 0}]}]";
    assert_spec_fault(spec, "spec.ingress[0].ports[0].port", "`0` is no port");
}

#[test]
fn selectors() {
    assert_selector_fault("{matchLabels: {'a b': c}}", ".matchLabels[a b]", "no label key");
    assert_selector_fault("{matchLabels: {a/b/c: d}}", ".matchLabels[a/b/c]", "no label key");
    assert_selector_fault("{matchLabels: {a: 'b c'}}", ".matchLabels[a]", "no label value");
    assert_selector_fault(&format!("{{matchLabels: {{a: {}}}}}", "x".repeat(64)), ".matchLabels[a]", "63");
    let expression = |e: &str, path: &str, words: &str| {
        assert_selector_fault(
            &format!("{{matchExpressions: [{{{e}}}]}}"),
            &format!(".matchExpressions[0]{path}"),
            words,
        );
    };
    expression("key: a, operator: In", ".values", "`In` needs `values`");
    expression("key: a, operator: In, values: []", ".values", "`In` needs `values`");
    expression("key: a, operator: In, values: null", ".values", "`In` needs `values`");
    expression("key: a, operator: NotIn", ".values", "`NotIn` needs `values`");
    expression("key: a, operator: Exists, values: [b]", ".values", "`Exists` takes no `values`");
    expression("key: a, operator: DoesNotExist, values: [b]", ".values", "`DoesNotExist` takes no `values`");
    expression("key: a, operator: in, values: [b]", ".operator", "`in` is no operator");
    expression("key: a, operator: Equals, values: [b]", ".operator", "`Equals` is no operator");
    expression("key: a", ".operator", "missing");
    expression("operator: Exists", ".key", "missing");
    expression("key: '', operator: Exists", ".key", "no label key");
    expression("key: -a, operator: Exists", ".key", "no label key");
    expression("key: a, operator: In, values: ['b c']", ".values[0]", "no label value");
    good(&policy("podSelector: {matchExpressions: [{key: a, operator: In, values: ['', b]}]}"));
}

#[test]
fn peers() {
    assert_peer_fault("{}", "", "a peer has to be specified");
    assert_peer_fault("{podSelector: null}", "", "a peer has to be specified");
    assert_peer_fault("{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}", "", "`ipBlock` may not stand beside");
    assert_peer_fault(
        "{ipBlock: {cidr: 10.0.0.0/8}, namespaceSelector: {}}",
        "",
        "`ipBlock` may not stand beside",
    );
    let both = "podSelector: {}\negress: [{to: [{}]}]";
    assert_spec_fault(both, "spec.egress[0].to[0]", "a peer has to be specified");
}

#[test]
fn address_blocks() {
    let block = |block: &str, path: &str, words: &str| {
        assert_peer_fault(&format!("{{ipBlock: {{{block}}}}}"), &format!(".ipBlock{path}"), words);
    };
    block("except: []", ".cidr", "missing");
    block("cidr: ''", ".cidr", "no CIDR");
    block("cidr: 10.0.0.1", ".cidr", "no `/`");
    block("cidr: 10.0.0.1/8", ".cidr", "write `10.0.0.0/8`");
    block("cidr: 010.0.0.0/8", ".cidr", "leading zeros");
    block("cidr: 10.0.0.0/08", ".cidr", "leading zeros");
    block("cidr: 10.0.0.0/33", ".cidr", "no prefix length");
    block("cidr: 2001:db8::1/32", ".cidr", "bits beyond");
    block("cidr: '::ffff:10.0.0.0/104'", ".cidr", "IPv4 prefix in IPv6 form");
    block("cidr: any", ".cidr", "no CIDR");
    block("cidr: 10.0.0.0/8, except: [10.0.0.0/8]", ".except[0]", "lie within");
    block("cidr: 10.0.0.0/8, except: [0.0.0.0/0]", ".except[0]", "lie within");
    block("cidr: 10.0.0.0/8, except: [10.1.0.0/16, 11.0.0.0/16]", ".except[1]", "lie within");
    block("cidr: 0.0.0.0/0, except: ['fd00::/8']", ".except[0]", "lie within");
    block("cidr: 10.0.0.0/8, except: [10.1.0.1/16]", ".except[0]", "bits beyond");
    block("cidr: 10.0.0.0/8, except: 10.1.0.0/16", ".except", "a list is needed");
}

#[test]
fn ports() {
    assert_port_fault("{port: 0}", ".port", "`0` is no port");
    assert_port_fault("{port: 65536}", ".port", "`65536` is no port");
    assert_port_fault("{port: -1}", ".port", "`-1` is no port");
    assert_port_fault("{port: '80'}", ".port", "a port number is written without quotes");
    assert_port_fault("{port: HTTP}", ".port", "no port name");
    assert_port_fault("{port: sixteen-letters-}", ".port", "at most 15");
    assert_port_fault("{port: a--b}", ".port", "`--`");
    assert_port_fault("{port: -a}", ".port", "neither begins nor ends");
    assert_port_fault("{port: ''}", ".port", "no port name");
    assert_port_fault("{port: '1-2'}", ".port", "a letter");
    assert_port_fault("{port: 80, endPort: 79}", ".endPort", "`79` is less than `port`, 80");
    assert_port_fault("{port: 80, endPort: 65536}", ".endPort", "`65536` is no port");
    assert_port_fault("{port: http, endPort: 90}", ".endPort", "a name");
    assert_port_fault("{endPort: 90}", ".endPort", "without `port`");
    assert_port_fault("{port: 80, protocol: tcp}", ".protocol", "`tcp` is no protocol");
    assert_port_fault("{port: 80, protocol: ICMP}", ".protocol", "`ICMP` is no protocol");

    let number = |port: &str| rule_of(port).ports[0].clone();
    let tcp = |first, last| Port { protocol: Protocol::Tcp, number: Number::Range(first, last) };
    assert_eq!(number("{port: 80, endPort: 80}"), tcp(80, 80));
    assert_eq!(number("{port: 1, endPort: 65535}"), tcp(1, 65535));
    assert_eq!(number("{}"), tcp(1, 65535));
    assert_eq!(number("{protocol: null, port: null}"), tcp(1, 65535));
    // As kubectl reads numbers.
    assert_eq!(number("{port: 8_080}"), tcp(8080, 8080));
    assert_eq!(number("{port: 010}"), tcp(8, 8));
    assert_eq!(number("{port: 0x50}"), tcp(80, 80));
    assert_eq!(number("{port: 80.0}"), tcp(80, 80));
    assert_eq!(rule_of("{port: web-80}").ports[0].number, Number::Name(Text::from("web-80")));
}

#[test]
fn large_texts_and_bombs_are_refused() {
    assert_fault(&" ".repeat(crate::enforce::read::tree::MAX_BYTES + 1), "", "larger than 64 MiB");
    let deep = format!("podSelector: {}{}", "{a: ".repeat(100), "}".repeat(100));
    assert!(bad(&policy(&deep))[0].message.contains("no YAML"));
    let mut many = String::new();
    for i in 0..2_000 {
        many.push_str(&named_policy(
            "shop",
            &format!("p{i}"),
            "podSelector: {matchLabels: {app: web}}\ningress: [{}]",
        ));
        many.push_str("---\n");
    }
    assert_eq!(good(&many).len(), 2_000);
}
