//! Where and in which words a malformed document is refused.

use super::*;

/// A service whose `spec` ends the text, two columns deep.
const SERVICE: &str = "apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
  - port: 80
";

/// What is wrong with the service after a replacement.
fn service(from: &str, to: &str) -> String {
    assert!(SERVICE.contains(from));
    error(&SERVICE.replace(from, to))
}

#[test]
fn types() {
    assert_eq!(service("\n  - port: 80", " \"80\""), "1:8: `ports`: expected a list");
    assert_eq!(
        service("port: 80", "port: \"80\""),
        "1:9: `port`: expected a port number, found the text `80`"
    );
    assert_eq!(service("port: 80", "port: 80.5"), "1:9: `port`: expected a port number, found `80.5`");
    assert_eq!(service("- port: 80", "- [80]"), "1:9: `ports`: expected an object, found a list");
    assert_eq!(service("\n  name: web", " web"), "1:3: `metadata`: expected an object, found the text `web`");
    assert_eq!(service("name: web", "name: []"), "1:4: `name`: expected text, found a list");
    assert_eq!(service("name: web", "name: 80"), "1:4: `name`: expected text, found a number");
    assert_eq!(service("kind: Service", "kind: 5"), "1:2: `kind`: expected text, found a number");
    let pod = pod("a", "", "", ", spec: {hostNetwork: 'true'}");
    assert_eq!(error(&pod), "1:1: `hostNetwork`: expected `true` or `false`, found the text `true`");
}

#[test]
fn names() {
    assert_eq!(service("name: web", "name: Web_1"), "1:4: `Web_1` is not a valid name");
    assert_eq!(service("name: web", "name: ../etc"), "1:4: `../etc` is not a valid name");
    assert_eq!(service("name: web", "name: ''"), "1:4: the name is empty");
    assert_eq!(service("name: web", "name: web\n  namespace: a.b"), "1:5: `a.b` is not a valid name");
    assert_eq!(service("  name: web", "  labels: {}"), "1:1: this `Service` has no `metadata.name`");
    assert_eq!(service("metadata:\n  name: web\n", ""), "1:1: this `Service` has no `metadata.name`");
    assert_eq!(
        service("name: web", "generateName: web-"),
        "1:1: this `Service` has a `generateName`, but no `metadata.name`"
    );
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a.b\n";
    assert_eq!(error(namespace), "1:4: `a.b` is not a valid name");
    read(&SERVICE.replace("name: web", "name: a.b-0"));
}

#[test]
fn long_names_are_shown_in_part() {
    let message = service("name: web", &format!("name: {}", "a".repeat(300)));
    assert_eq!(message, format!("1:4: `{}…` is not a valid name", "a".repeat(60)));
    read(&SERVICE.replace("name: web", &format!("name: {}", ["a"; 127].join("."))));
}

#[test]
fn labels_of_other_types() {
    assert_eq!(service("app: web", "app: 1.10"), "1:7: `app`: expected text, found a number");
    assert_eq!(service("app: web", "app: 1_000"), "1:7: `app`: expected text, found a number");
    assert_eq!(service("app: web", "app: yes"), "1:7: `app`: expected text, found what is read as `true`");
    assert_eq!(service("app: web", "app: [a]"), "1:7: `app`: expected text, found a list");
    assert_eq!(service("app: web", "app: web\n    app: x"), "1:8: the label `app` is there twice");
    assert_eq!(service("app: web", "app: a b"), "1:7: `a b` is not a valid label value");
    assert_eq!(service("app: web", "app: -a"), "1:7: `-a` is not a valid label value");
    assert_eq!(service("app: web", "a b: a"), "1:7: `a b` is not a valid label key");
    assert_eq!(service("app: web", "A.x/app/b: a"), "1:7: `A.x/app/b` is not a valid label key");
    read(&SERVICE.replace("app: web", "x.io/App_1: 'yes'\n    date: 2024-01-01"));
}

#[test]
fn ports_protocols_and_addresses() {
    for port in ["0", "-1", "65536", "99999999999999999999"] {
        let message = service("port: 80", &format!("port: {port}"));
        assert!(message.starts_with("1:9: "), "{message}");
    }
    assert_eq!(service("port: 80", "port: 70000"), "1:9: port 70000 is not between 1 and 65535");
    assert_eq!(service("port: 80", "name: x"), "1:9: `port` is missing");
    assert_eq!(service("port: 80", "port: 80\n    protocol: tcp"), "1:10: unknown protocol `tcp`");
    assert_eq!(
        service("port: 80", "port: 80\n    targetPort: '8080'"),
        "1:10: `8080` is not a valid port name"
    );
    assert_eq!(
        service("port: 80", "port: 80\n    targetPort: a--b"),
        "1:10: `a--b` is not a valid port name"
    );
    assert_eq!(service("spec:", "spec:\n  type: Internal"), "1:6: unknown service type `Internal`");
    assert_eq!(service("spec:", "spec:\n  clusterIP: 10.0.0.300"), "1:6: `10.0.0.300` is not an IP address");
    let node = "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n";
    assert_eq!(
        error(&format!("{node}spec:\n  podCIDRs:\n  - 10.0.0.0\n")),
        "1:6: `10.0.0.0` is not a range of IP addresses"
    );
    assert_eq!(
        error(&format!("{node}status:\n  addresses:\n  - type: InternalIP\n    address: n1\n")),
        "1:7: `n1` is not an IP address"
    );
}

#[test]
fn selectors() {
    let deployment = |selector: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  template: {{metadata: \
                {{labels: {{app: a}}}}}}\n{selector}"
        )
    };
    let expression = |text: &str| deployment(&format!("  selector:\n    matchExpressions:\n    - {text}\n"));
    assert_eq!(
        error(&expression("{key: app, operator: in, values: [a]}")),
        "1:9: unknown selector operator `in`"
    );
    assert_eq!(
        error(&expression("{key: app, operator: In}")),
        "1:9: the requirement on `app` lists no values"
    );
    assert_eq!(
        error(&expression("{key: app, operator: Exists, values: [a]}")),
        "1:9: the requirement on `app` must not list values"
    );
    assert_eq!(error(&expression("{operator: Exists}")), "1:9: `key` is missing");
    assert_eq!(error(&deployment("")), "1:1: the `Deployment` `default/a` has no `spec.selector`");
    assert_eq!(
        error(&deployment("  selector: {}\n")),
        "1:1: the selector of the `Deployment` `default/a` is empty"
    );
    assert_eq!(
        error(&deployment("  selector: {matchLabels: {app: b}}\n")),
        "1:1: the selector of the `Deployment` `default/a` does not match its template"
    );
    assert_eq!(
        error("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 3}\n"),
        "1:1: the `Deployment` `default/a` has no `spec.template`"
    );
}

#[test]
fn documents_that_do_not_say_what_they_are() {
    let errors = errors_of(&[
        ("values.yaml", b"image: a\nreplicaCount: 1\n"),
        ("Chart.yaml", b"apiVersion: v2\nname: shop\nversion: 0.1.0\nappVersion: '1'\n"),
        ("compose.yaml", b"services: {}\nvolumes: {}\n"),
        ("a.yaml", b"metadata: {name: a}\nspec: {}\n"),
        ("b.yaml", b"kind: Service\nmetadata: {name: a}\n"),
        ("c.json", br#"{"apiVersion":"v1","kind":"List","items":[{"metadata":{"name":"a"}}]}"#),
    ]);
    assert_eq!(
        errors,
        [
            "values.yaml:1:1: the document has no `kind` (this looks like a values file; hand in \
                manifests, as `helm template` prints them)",
            "Chart.yaml:1:1: the document has no `kind` (this looks like the `Chart.yaml` of a Helm \
                chart; hand in what `helm template` prints)",
            "compose.yaml:1:1: the document has no `kind` (this looks like a Compose file, not like a \
                Kubernetes manifest)",
            "a.yaml:1:1: the document has no `kind` (every Kubernetes object says its `kind`)",
            "b.yaml:1:1: a `Service` without `apiVersion`",
            "c.json:1:1: the document has no `kind` (the items of a `List` say their own `apiVersion` and \
                `kind`)",
        ]
    );
    assert_eq!(error("- a\n- b\n"), "1:1: expected an object with `apiVersion` and `kind`, found a list");
    assert_eq!(
        error("hello\n"),
        "1:1: expected an object with `apiVersion` and `kind`, found the text `hello`"
    );
}

#[test]
fn every_error_of_every_document() {
    let bad = SERVICE.replace("port: 80", "port: 0");
    let text = format!("# a\n---\n{bad}---\n# nothing\n---\n{SERVICE}--- # the third\n{bad}");
    let errors = errors_of(&[("a.yaml", text.as_bytes()), ("b.yaml", bad.as_bytes())]);
    let expected = "port 0 is not between 1 and 65535";
    assert_eq!(
        errors,
        [
            format!("a.yaml:1:11: {expected}"),
            format!("a.yaml:3:33: {expected}"),
            format!("b.yaml:1:9: {expected}")
        ]
    );
}

#[test]
fn every_error_of_a_list() {
    let item = |metadata: &str| format!("- apiVersion: v1\n  kind: Service\n  metadata: {metadata}\n");
    let list =
        format!("apiVersion: v1\nkind: List\nitems:\n{}{}{}", item("{}"), item("{name: a}"), item("{}"));
    let errors = errors_of(&[("a.yaml", list.as_bytes())]);
    assert_eq!(
        errors,
        [
            "a.yaml:1:5: this `Service` has no `metadata.name`",
            "a.yaml:1:11: this `Service` has no `metadata.name`"
        ]
    );
    let list = list.replace("{name: a}", "[]");
    assert!(error(&list.replace("metadata: {}", "metadata: {name: x}")).ends_with("(item 2 of the list)"));
}

#[test]
fn syntax() {
    assert_eq!(error(&format!("---\n{SERVICE}x: [a\n")), "1:11: not valid YAML: unclosed bracket `[`");
    assert_eq!(service("app: web", "app: *web"), "1:7: not valid YAML: alias references unknown anchor");
    assert_eq!(service("name: web", "name: web\n  name: api"), "1:4: `name` is there twice");
}

#[test]
fn words_of_the_parsers_in_the_words_of_the_house() {
    assert_eq!(service("app: web", ": web"), "1:7: a key is empty");
    assert_eq!(service("spec:", "<<: a\nspec:"), "1:5: `<<` takes an object, or a list of objects");
    assert_eq!(error(r#"{"apiVersion":"v1","kind":nul}"#), "1:1: not valid JSON: an unknown word");
    let twice = |text: &str| assert!(error(text).ends_with(": `items` is there twice"), "{}", error(text));
    twice(r#"{"apiVersion":"v1","kind":"List","items":[],"items":[]}"#);
    twice(r#"{"apiVersion":"v1","items":[],"items":[],"kind":"List"}"#);
    twice(r#"{"apiVersion":"v1","items":[{"metadata":{}}],"items":[],"kind":"PodList"}"#);
}

#[test]
fn json() {
    let json = |metadata: &str, spec: &str| {
        format!("{{\"apiVersion\":\"v1\",\"kind\":\"Service\",\n\"metadata\":{metadata},\n\"spec\":{spec}}}")
    };
    assert_eq!(
        error(&json("{\"name\":\"a\"}", "{\"ports\":\"80\"}")),
        "1:3: `ports`: expected a list, found the text `80`"
    );
    assert_eq!(error(&json("[]", "{}")), "1:2: `metadata`: expected an object, found a list");
    assert_eq!(error(&json("{\"name\":\"A\"}", "{}")), "1:2: `A` is not a valid name");
    assert_eq!(error(&json("{\"name\" \"A\"}", "{}")), "1:2: not valid JSON: expected `:`");
    assert_eq!(error("{\"kind\":\"Service\",\n\"metadata\":{"), "1:2: the JSON ends too early");
    let good = json("{\"name\":\"a\"}", "{}");
    let bad = json("{\"name\":\"b\"}", "{\"ports\":[{\"port\":0}]}");
    let errors = errors_of(&[("a", format!("{good}\n{bad}\n{bad}").as_bytes())]);
    assert_eq!(
        errors,
        ["a:2:6: port 0 is not between 1 and 65535", "a:3:9: port 0 is not between 1 and 65535"]
    );
    let list = format!("{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n{good},\n{bad}]}}");
    assert_eq!(error(&list), "1:7: port 0 is not between 1 and 65535 (item 2 of the list)");
}

#[test]
fn templates() {
    assert_eq!(
        errors_of(&[("a", SERVICE.replace("name: web", "name: {{ .Release.Name }}").as_bytes())]),
        ["a:1:4: an unrendered template: `name: {{ .Release.Name }}` (hand in what `helm template` \
                prints, not the chart's templates)"]
    );
    assert_eq!(
        service("name: web", "name: \"{{ .x }}-web\""),
        "1:4: an unrendered template: `name: \"{{ .x }}-web\"`"
    );
    assert_eq!(service("port: 80", "port: {{ .x }}"), "1:9: an unrendered template: `- port: {{ .x }}`");
    assert_eq!(
        error(&format!("{{{{- if .x }}}}\n{SERVICE}{{{{- end }}}}\n")),
        "1:1: an unrendered template: `{{- if .x }}`"
    );
    assert_eq!(
        error(&format!("# a\n---\n{SERVICE}{{{{- with .x }}}}\n  y: {{{{ . }}}}\n{{{{- end }}}}\n")),
        "1:12: an unrendered template: `{{- with .x }}`"
    );
}

#[test]
fn contradictions_name_both_places() {
    let help = "an inventory is one state of one cluster: leave one of the two out";
    let deployment = controller("Deployment", "web");
    let other = deployment.replace("labels: {app: web}", "labels: {app: web, v: b}");
    let errors =
        errors_of(&[("a.yaml", format!("# x\n{deployment}").as_bytes()), ("b.yaml", other.as_bytes())]);
    assert_eq!(
        errors,
        [format!(
            "b.yaml:1:1: the `Deployment` `default/web` is defined twice, differently: first in `a.yaml`, \
                document 1, line 2 ({help})"
        )]
    );
    let one = pod("a", "app: a", "", ", status: {podIP: 10.0.0.1}");
    for other in [
        one.replace("app: a", "app: b"),
        one.replace("10.0.0.1", "10.0.0.2"),
        one.replace("podIP", "phase: Failed, podIP"),
    ] {
        let expected = format!(
            "x:2:3: the `Pod` `default/a` is defined twice, differently: first in `x`, document 1, line 1 \
                ({help})"
        );
        assert_eq!(errors_of(&[("x", stream(&[&one, &other]).as_bytes())]), [expected]);
    }
    for (kind, one, other) in [
        ("Service", "{apiVersion: v1, kind: Service, metadata: {name: a}}\n", "spec: {externalName: x}"),
        ("Namespace", "{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n", "x"),
        ("Node", "{apiVersion: v1, kind: Node, metadata: {name: a}}\n", "spec: {podCIDR: 10.0.0.0/8}"),
        (
            "Endpoints",
            "{apiVersion: v1, kind: Endpoints, metadata: {name: a}}\n",
            "subsets: [{addresses: [{ip: 10.0.0.1}]}]",
        ),
    ] {
        let other = match other {
            "x" => one.replace("{name: a}", "{name: a, labels: {x: b}}"),
            more => one.replace("}}\n", &format!("}}, {more}}}\n")),
        };
        let errors = errors_of(&[("x", stream(&[one, one, &other]).as_bytes())]);
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with(&format!("x:3:5: the `{kind}` ")), "{errors:?}");
    }
}
