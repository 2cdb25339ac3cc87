//! The same objects in every format that they come in.

use super::*;

const SERVICE: &str = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}}"#;
const OTHER: &str = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"b"}}"#;

fn names(text: &str) -> String {
    let inventory = read(text);
    let services = inventory.services.iter().map(|service| service.name.to_string());
    services.chain(workloads(&inventory)).collect::<Vec<_>>().join(" ")
}

#[test]
fn json_values_one_after_the_other() {
    assert_eq!(names(SERVICE), "a");
    assert_eq!(names(&format!("{SERVICE}{OTHER}")), "a b");
    assert_eq!(names(&format!("\n {SERVICE}\r\n\n{OTHER}\n")), "a b");
    assert_eq!(names(&format!("\u{feff}{SERVICE}")), "a");
}

#[test]
fn json_and_yaml_in_one_stream() {
    let yaml = "apiVersion: v1\nkind: Service\nmetadata: {name: c}\n";
    assert_eq!(names(&format!("{SERVICE}\n---\n{yaml}---\n{OTHER}\n")), "a b c");
    assert_eq!(names(&format!("---\n{SERVICE}\n{OTHER}\n---\n{yaml}")), "a b c");
}

#[test]
fn lists_of_objects_that_say_what_they_are() {
    let items = format!("[{SERVICE},{OTHER}]");
    assert_eq!(
        names(&format!(r#"{{"apiVersion":"v1","kind":"List","metadata":{{}},"items":{items}}}"#)),
        "a b"
    );
    assert_eq!(
        names(&format!(r#"{{"apiVersion":"v1","items":{items},"kind":"List","metadata":{{}}}}"#)),
        "a b"
    );
    assert_eq!(names(&format!(r#"{{"items":{items},"kind":"List","apiVersion":"v1"}}"#)), "a b");
    assert_eq!(names(r#"{"apiVersion":"v1","kind":"List","items":[]}"#), "");
    assert_eq!(names(r#"{"apiVersion":"v1","kind":"List","items":null}"#), "");
}

#[test]
fn lists_whose_items_do_not_say_it() {
    let items = r#"[{"metadata":{"name":"a"}},{"spec":{},"metadata":{"name":"b"}}]"#;
    assert_eq!(names(&format!(r#"{{"kind":"ServiceList","apiVersion":"v1","items":{items}}}"#)), "a b");
    assert_eq!(names(&format!(r#"{{"apiVersion":"v1","items":{items},"kind":"ServiceList"}}"#)), "a b");
    assert_eq!(
        names(&format!(r#"{{"items":{items},"kind":"PodList","apiVersion":"v1"}}"#)),
        "default/a Pod default/b Pod"
    );
    assert_eq!(names("kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: a}\n"), "default/a Pod");
    assert_eq!(names("apiVersion: v1\nitems:\n- metadata: {name: a}\nkind: PodList\n"), "default/a Pod");
}

#[test]
fn lists_of_other_kinds_are_counted_by_item() {
    let inventory = read(r#"{"kind":"SecretList","apiVersion":"v1","items":[{"metadata":{"name":"a"}},{}]}"#);
    assert_eq!(skipped(&inventory), ["Secret 2"]);
    let inventory = read(
        r#"{"apiVersion":"v1","items":[{"metadata":{}},{"kind":"Pod","apiVersion":"x/v1"}],"kind":"SecretList"}"#,
    );
    assert_eq!(skipped(&inventory), ["Pod.x 1", "Secret 1"]);
}

#[test]
fn a_list_in_a_list() {
    let inner = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{SERVICE}]}}"#);
    assert_eq!(names(&format!(r#"{{"apiVersion":"v1","kind":"List","items":[{inner},{OTHER}]}}"#)), "a b");
    let late = r#"{"metadata":{"name":"b"},"kind":"Service","apiVersion":"v1"}"#;
    assert_eq!(names(&format!(r#"{{"items":[{inner},{late}],"kind":"List","apiVersion":"v1"}}"#)), "a b");
}

#[test]
fn the_kind_may_come_last() {
    assert_eq!(
        names("metadata: {name: a}\nspec: {ports: [{port: 80}]}\nkind: Service\napiVersion: v1\n"),
        "a"
    );
    assert_eq!(names(r#"{"metadata":{"name":"a"},"kind":"Service","apiVersion":"v1"}"#), "a");
    let inventory = read("apiVersion: x/v1\nitems: {a: 1}\nkind: Thing\n");
    assert_eq!(skipped(&inventory), ["Thing 1"]);
    let inventory = read("apiVersion: x/v1\nitems: [1, [2], {a: 3}]\nkind: Thing\n");
    assert_eq!(skipped(&inventory), ["Thing 1"]);
}

#[test]
fn a_stream_as_helm_writes_it() {
    let text = "---
# Source: shop/templates/empty.yaml
---
# Source: shop/templates/service.yaml
apiVersion: v1
kind: Service
metadata:
  name: a # the name
  labels:
    helm.sh/chart: \"shop-0.1.0\"
---

---
# Source: shop/templates/config.yaml
apiVersion: v1
kind: ConfigMap
data:
  x: |
    --- not a marker
    {{ template }}
--- # another
apiVersion: v1
kind: Service
metadata: {name: b}
...
%YAML 1.2
--- {apiVersion: v1, kind: Service, metadata: {name: c}}
---
null
---
";
    let inventory = read(text);
    let places: Vec<String> = inventory
        .services
        .iter()
        .map(|service| format!("{} {}:{}", service.name, service.origin.document, service.origin.line))
        .collect();
    assert_eq!(places, ["a 1:5", "b 3:22", "c 4:27"]);
    assert_eq!(skipped(&inventory), ["ConfigMap 1"]);
    let windows = read(&text.replace('\n', "\r\n"));
    assert_eq!(format!("{:?}", windows.services), format!("{:?}", inventory.services));
}

#[test]
fn anchors_and_merge_keys() {
    let inventory = read(
        "apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  selector:
    matchLabels: &labels {app: a}
  template:
    metadata:
      labels:
        <<: *labels
        tier: b
",
    );
    assert_eq!(classes(&inventory), ["a {app=a tier=b} x0"]);
}

#[test]
fn text_of_every_style() {
    assert_eq!(names("'apiVersion': \"v1\"\n\"kind\": 'Service'\nmetadata:\n  name: >-\n    a\n"), "a");
    assert_eq!(names(r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"\u0061"}}"#), "a");
    assert_eq!(names(r#"{"api\u0056ersion":"v1","kind":"Service","metadata":{"name":"a"}}"#), "a");
}

#[test]
fn items_have_lines_of_their_own() {
    let json = format!("{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n{SERVICE},\n\n{OTHER}]}}");
    let lines =
        |text: &str| read(text).services.iter().map(|service| service.origin.line).collect::<Vec<_>>();
    assert_eq!(lines(&json), [2, 4]);
    assert_eq!(
        lines(
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    \
                name: a\n"
        ),
        [7]
    );
}

#[test]
fn kustomize_files_are_passed_over() {
    for file in ["a/kustomization.yaml", "kustomization.yml", r"b\Kustomization"] {
        let mut reader = Reader::new("default");
        reader
            .read(
                file,
                b"resources:\n- a.yaml\n---\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: \
            Kustomization\n---\napiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n",
            )
            .unwrap();
        assert_eq!(skipped(&reader.finish().unwrap()), ["Kustomization 3"]);
    }
}

#[test]
fn nothing_is_an_inventory_too() {
    for text in ["", "\n", "---\n", "# nothing\n", "\u{feff}", "---\n...\n---"] {
        let inventory = read(text);
        assert!(inventory.namespaces.is_empty() && inventory.skipped.is_empty());
    }
}
