//! `weir why`: verdicts of single flows, the sentences and objects that decide them, and questions that cannot be answered.

use std::fs;

use serde_json::Value;

use super::reach::{ASK, with_policies};
use super::{code, err, out, project, weir};
use crate::harness;

const PROGRAM: [&str; 3] = ["shop.weir", "-i", "pods.yaml"];

fn ask(flow: &str, more: &[&str]) -> (i32, String, String) {
    let project = project();
    let run = weir(project.path(), &[&["why", flow][..], &PROGRAM, more].concat());
    (code(&run), out(&run), err(&run))
}

#[test]
fn an_allowed_flow_shows_its_sentences() {
    let (ended, shown, _) = ask("shop/web -> data/db:5432", &[]);
    assert_eq!(ended, 0);
    assert_eq!(
        shown,
        "note: `shop/web` -> `data/db` on 5432/tcp: allowed
  ┌─ shop.weir:2:1
  │
1 │ namespace shop, namespace data locked;
  │                                ------ closes what leaves the source, and what enters the destination
2 │ shop/web may reach data/db:5432;
  │ ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ grants it

"
    );
}

#[test]
fn a_denied_flow_says_who_refuses_and_what_to_write() {
    let (ended, shown, _) = ask("data/db -> shop/web:8080", &[]);
    assert_eq!(ended, 0);
    assert!(shown.starts_with("note: `data/db` -> `shop/web` on 8080/tcp: denied"), "{shown}");
    assert!(shown.contains("both ends refuse it"), "{shown}");
    assert!(shown.contains("to allow it, write `data/db may reach shop/web:8080;`"), "{shown}");
    // What it says to write is taken, and allows it.
    let project = project();
    let program = fs::read_to_string(project.path().join("shop.weir")).unwrap();
    fs::write(project.path().join("shop.weir"), program + "data/db may reach shop/web:8080;\n").unwrap();
    let run = weir(project.path(), &[&["why", "data/db -> shop/web:8080"][..], &PROGRAM].concat());
    assert!(out(&run).contains(": allowed"), "{}", out(&run));
    let (_, shown, _) = ask("203.0.113.7 -> shop/web:8080", &[]);
    assert!(shown.contains("`shop/web` alone refuses it: what enters it is closed"), "{shown}");
    let (_, shown, _) = ask("shop/web -> 2001:db8::1", &[]);
    assert!(shown.contains("`shop/web may reach 2001:db8::1;`"), "{shown}");
    let (_, shown, _) = ask("shop/web -> [2001:db8::1]:443", &[]);
    assert!(shown.contains("`shop/web may reach 2001:db8::1 on 443;`"), "{shown}");
}

#[test]
fn without_a_port_it_is_told_of_each() {
    let (_, shown, _) = ask("shop/web -> data/db", &[]);
    assert!(shown.contains("on 5432/tcp: allowed"), "{shown}");
    assert!(shown.contains("on 1-5431/tcp, 5433-65535/tcp, all udp, all sctp: denied"), "{shown}");
}

#[test]
fn ports_of_services_become_those_of_pods() {
    let folder = with_policies("");
    let run = weir(folder.path(), &[&["why", "shop/api -> shop/web:80"][..], &ASK].concat());
    assert_eq!(code(&run), 0, "{}", err(&run));
    assert!(out(&run).contains("`shop/api` -> `shop/web` on 8080/tcp: allowed"), "{}", out(&run));
    assert!(
        out(&run).contains("port 80 of the service `shop/web` is the port `http` of its pods"),
        "{}",
        out(&run)
    );
    let name = weir(folder.path(), &[&["why", "shop/web -> shop/api:http"][..], &ASK].concat());
    assert!(out(&name).contains("on 9090/tcp: allowed"), "{}{}", out(&name), err(&name));
}

#[test]
fn objects_are_told_with_their_lines() {
    let text = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: closed, namespace: data }
spec: { podSelector: {} }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: data }
spec:
  podSelector: {}
  ingress:
  - from: [{ podSelector: {} }]
  - from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: web } } }]
    ports: [{ port: 5432 }]
";
    let folder = with_policies(text);
    let ask = |flow: &str, more: &[&str]| {
        let run = weir(folder.path(), &[&["why", flow][..], &ASK, more].concat());
        assert_eq!(code(&run), 0, "{}", err(&run));
        out(&run)
    };
    let allowed = ask("web -> db:5432", &[]);
    assert!(allowed.contains(": allowed"), "{allowed}");
    assert!(allowed.contains("allowed by `spec.ingress[1]` of NetworkPolicy data/web"), "{allowed}");
    assert!(allowed.contains("(policies.yaml:6)"), "{allowed}");
    let denied = ask("shop/api -> data/db:5432", &[]);
    assert!(denied.contains("closed by NetworkPolicy data/closed (policies.yaml:1)"), "{denied}");
    assert!(denied.contains("`data/db` alone refuses it"), "{denied}");
    let text = ask("shop/api -> data/db:5432", &["--format", "json"]);
    let value: Value = serde_json::from_str(&text).unwrap();
    let verdict = &value["verdicts"][0];
    assert_eq!((&verdict["verdict"], &verdict["leaving"]["verdict"]), (&"denied".into(), &"allowed".into()));
    assert_eq!(verdict["entering"]["closing"][0]["object"], "NetworkPolicy data/closed");
    assert_eq!(verdict["entering"]["closing"][0]["line"], 1);
}

#[test]
fn json_keeps_to_its_schema() {
    let text = harness::read(harness::root().join("docs/weir-why.schema.json"));
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    crate::formats::closed(&mut schema);
    let strict = jsonschema::validator_for(&schema).unwrap();
    for flow in
        ["shop/web -> data/db:5432", "data/db -> shop/web", "internet -> shop/web:80", "shop/web -> data/db"]
    {
        let (ended, shown, told) = ask(flow, &["--format", "json"]);
        assert_eq!(ended, 0, "{told}");
        let value: Value = serde_json::from_str(&shown).unwrap();
        let errors: Vec<String> = strict.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}\n{shown}");
    }
}

/// A rollout leaves pods of two versions: each is told by itself where they are not alike.
#[test]
fn pods_of_one_workload_may_differ() {
    let pod = |name: &str, version: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{ name: {name}, namespace: shop, labels: {{ app: api, v: {version} }}, ownerReferences: [{{ apiVersion: apps/v1, kind: StatefulSet, name: pair, uid: x, controller: true }}] }}\nspec: {{ containers: [{{ name: x, ports: [{{ containerPort: 9090 }}] }}] }}\n"
        )
    };
    let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: old, namespace: shop }\nspec: { podSelector: { matchLabels: { v: one } } }\n";
    let folder = with_policies(policy);
    let cluster = format!("{}{}{}", super::reach::CLUSTER, pod("pair-0", "one"), pod("pair-1", "two"));
    fs::write(folder.path().join("cluster.yaml"), cluster).unwrap();
    let run = weir(folder.path(), &[&["why", "shop/web -> shop/pair:9090"][..], &ASK].concat());
    assert_eq!(code(&run), 0, "{}", err(&run));
    assert!(out(&run).contains("`shop/pair` (pods [v=one]) on 9090/tcp: denied"), "{}", out(&run));
    assert!(out(&run).contains("`shop/pair` (pods [v=two]) on 9090/tcp: allowed"), "{}", out(&run));
}

#[test]
fn wrong_questions_say_what_to_write() {
    for (flow, told) in [
        ("shop/web", "a flow is written `shop/web -> data/db:5432`"),
        (" -> data/db", "does not say from whom it goes"),
        ("shop/web ->", "does not say to whom it goes"),
        ("shop/wen -> data/db", "did you mean `shop/web`?"),
        ("shop/web -> data/db:70000", "`70000` is no port"),
        ("shop/web -> data/db:0", "`0` is no port"),
        ("shop/web -> data/db:9-3", "`9-3` is no port"),
        ("shop/web -> data/db:53/quic", "`53/quic` is no port"),
        ("shop/web -> data/db:postgres", "ask for the number"),
        ("shop/web -> api.stripe.com:htps", "no well-known port is called `htps`"),
        ("10.0.0.1 -> 10.0.0.2", "policies govern pods alone"),
        ("api.stripe.com -> shop/web", "nobody knows which packets come from `api.stripe.com`"),
        ("nodes -> shop/web", "give it the nodes"),
        ("kube-system/kube-dns -> shop/web", "`kube-system/kube-dns` has no pods"),
    ] {
        let (ended, shown, said) = ask(flow, &[]);
        assert_eq!((ended, shown.as_str()), (2, ""), "{flow}: {said}");
        assert!(said.contains("error[E0704]") && said.contains(told), "{flow}: {said}");
    }
}

#[test]
fn a_program_with_errors_has_no_verdicts() {
    let project = project();
    fs::write(project.path().join("shop.weir"), "shop/web may reach data/dbb:5432;\n").unwrap();
    let run = weir(project.path(), &[&["why", "shop/web -> data/db:5432"][..], &PROGRAM].concat());
    assert_eq!((code(&run), out(&run).as_str()), (1, ""));
    assert!(err(&run).contains("E0201"));
}
