//! Objects in texts as people, kubectl and Helm write them: the right one among others of its name.

use super::locate;
use crate::ide::fixture::SHOP;

/// The line and what is found there.
fn at(text: &str, kind: &str, namespace: &str, name: &str) -> Option<(usize, String)> {
    let span = locate(text, kind, Some(namespace).filter(|name| !name.is_empty()), name)?;
    let line = text[..span.start as usize].matches('\n').count() + 1;
    Some((line, text[span.range()].to_owned()))
}

fn line(text: &str, kind: &str, namespace: &str, name: &str) -> Option<usize> {
    at(text, kind, namespace, name).map(|(line, found)| {
        assert_eq!(found, name);
        line
    })
}

#[test]
fn documents_of_yaml() {
    assert_eq!(line(SHOP, "Namespace", "", "shop"), Some(4));
    assert_eq!(line(SHOP, "Namespace", "", "data"), Some(10));
    assert_eq!(line(SHOP, "Deployment", "shop", "web"), Some(20));
    assert_eq!(line(SHOP, "Service", "shop", "web"), Some(34));
    assert_eq!(line(SHOP, "StatefulSet", "data", "db"), Some(63));
    assert_eq!(line(SHOP, "Service", "data", "web"), None);
    assert_eq!(line(SHOP, "Deployment", "shop", "db"), None);
    assert_eq!(line(SHOP, "Deployment", "shop", ""), None);
    assert_eq!(line("", "Deployment", "shop", "web"), None);
}

#[test]
fn keys_in_any_order() {
    let text = "metadata:\n  namespace: shop\n  labels:\n    name: web\n  name: \"web\"\nspec:\n  template:\n    metadata:\n      name: web\n    spec:\n      containers:\n      - name: web\nkind: Deployment\n";
    assert_eq!(line(text, "Deployment", "shop", "web"), Some(5));
    let text = "spec:\n  template:\n    metadata:\n      name: web\n    spec:\n      containers:\n        - name: web\nkind: Deployment\nmetadata: # of it\n  name: web # it\n  namespace: shop\n";
    assert_eq!(line(text, "Deployment", "shop", "web"), Some(10));
}

#[test]
fn windows_line_ends() {
    let text = "kind: Service\r\nmetadata:\r\n  name: web\r\n  namespace: shop\r\n---\r\nkind: Deployment\r\nmetadata:\r\n  name: web\r\n  namespace: shop\r\n";
    assert_eq!(line(text, "Deployment", "shop", "web"), Some(8));
}

#[test]
fn lists_of_yaml() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: web\n    namespace: shop\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata:\n    annotations:\n      last: |\n        {\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"}}\n    name: web\n    namespace: shop\n- kind: Deployment\n  metadata:\n    name: web\n    namespace: other\n";
    assert_eq!(line(text, "Service", "shop", "web"), Some(7));
    assert_eq!(line(text, "Deployment", "shop", "web"), Some(15));
    assert_eq!(line(text, "Deployment", "other", "web"), Some(19));
    let first = "items:\n- metadata:\n    name: web\n  kind: Service\n- metadata:\n    name: web\n  kind: Deployment\n";
    assert_eq!(line(first, "Deployment", "default", "web"), Some(6));
}

#[test]
fn json_on_one_line_and_on_many() {
    let compact = r#"{"apiVersion":"v1","items":[{"kind":"Service","metadata":{"name":"web","namespace":"shop"}},{"metadata":{"annotations":{"last":"{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"}}"},"labels":{"name":"web"},"namespace":"shop","name":"web"},"spec":{"template":{"metadata":{"name":"web"},"spec":{"containers":[{"name":"web"}]}}},"kind":"Deployment"}],"kind":"List"}"#;
    let found = locate(compact, "Deployment", Some("shop"), "web").unwrap();
    assert_eq!(found.start as usize, compact.find(r#""namespace":"shop","name":"web""#).unwrap() + 27);
    let found = locate(compact, "Service", Some("shop"), "web").unwrap();
    assert_eq!(found.start as usize, compact.find("web").unwrap());
    let value: serde_json::Value = serde_json::from_str(compact).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    let line = line(&pretty, "Deployment", "shop", "web").unwrap();
    let before: Vec<&str> = pretty.lines().take(line).collect();
    assert_eq!(before[line - 1].trim(), r#""name": "web","#);
    assert!(before.iter().any(|line| line.contains(r#""kind": "Deployment""#)), "{before:?}");
}

#[test]
fn typed_lists_and_default_namespaces() {
    let typed = r#"{"kind":"DeploymentList","items":[{"metadata":{"name":"web","namespace":"shop"}}]}"#;
    assert_eq!(line(typed, "Deployment", "shop", "web"), Some(1));
    let plain = "kind: Deployment\nmetadata:\n  name: web\n";
    assert_eq!(line(plain, "Deployment", "default", "web"), Some(3));
    let both = format!("{plain}---\nkind: Deployment\nmetadata: {{namespace: shop, name: 'web'}}\n");
    assert_eq!(line(&both, "Deployment", "shop", "web"), Some(6));
}

#[test]
fn names_within_names_are_others() {
    let text = "kind: Deployment\nmetadata:\n  name: web-api\n---\nkind: Deployment\nmetadata:\n  hostname: api\n  generateName: api\n---\nkind: Deployment\nmetadata:\n  name: api\n";
    assert_eq!(line(text, "Deployment", "shop", "api"), Some(12));
}

#[test]
fn whatever_the_text_is() {
    for text in [
        "name: web",
        "name:web",
        "{name: web",
        "\"name\":\"web",
        "}{name: web}",
        "ünï: {name: web}",
        "- name: web",
        "metadata: name: web",
    ] {
        let _ = locate(text, "Deployment", Some("shop"), "web");
        for end in 0..text.len() {
            if text.is_char_boundary(end) {
                let _ = locate(&text[..end], "Deployment", Some("shop"), "web");
            }
        }
    }
    for end in 0..SHOP.len() {
        let _ = locate(&SHOP[..end], "Deployment", Some("shop"), "web");
    }
}

#[test]
fn one_line_of_megabytes() {
    let pod = |at: usize| {
        format!(
            r#"{{"kind":"Pod","metadata":{{"name":"web-{at}","labels":{{"name":"web"}},"namespace":"shop"}},"spec":{{"containers":[{{"name":"web","env":[{{"name":"A","value":"{{"}}]}}]}}}}"#
        )
    };
    let mut text = String::from("{\"items\":[");
    (0..20_000).for_each(|at| text += &format!("{},", pod(at)));
    text += r#"{"kind":"Deployment","metadata":{"name":"web","namespace":"shop"}}]}"#;
    assert_eq!(line(&text, "Deployment", "shop", "web"), Some(1));
}
