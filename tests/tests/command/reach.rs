//! `weir reach`: who reaches whom, of programs and of policies that others wrote, in every format.

use std::fs;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{PODS, code, err, out, project, weir, with_input};
use crate::harness;

/// Two namespaces with labels, a replicated front, and an address nobody has a name for.
pub const CLUSTER: &str = r"
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { team: shop } }
---
apiVersion: v1
kind: Namespace
metadata: { name: data, labels: { team: data } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web, tier: front } }
    spec: { containers: [{ name: web, ports: [{ name: http, containerPort: 8080 }] }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: shop }
spec:
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api, tier: back } }
    spec: { containers: [{ name: api, ports: [{ name: http, containerPort: 9090 }] }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, namespace: data }
spec:
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: db, ports: [{ containerPort: 5432 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: http }] }
";

/// A folder with the cluster above and these policies.
pub fn with_policies(policies: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cluster.yaml"), CLUSTER).unwrap();
    fs::write(folder.path().join("policies.yaml"), policies).unwrap();
    folder
}

pub const ASK: [&str; 4] = ["-i", "cluster.yaml", "--policies", "policies.yaml"];

/// A policy of `shop` that governs these pods one way, with these rules.
fn policy(name: &str, namespace: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{ name: {name}, namespace: {namespace} }}\nspec: {spec}\n"
    )
}

/// The flows into one end, as `from: ports`; addresses are left out unless they are asked for.
fn into(policies: &str, to: &str, addresses: bool) -> Vec<String> {
    let folder = with_policies(policies);
    let run = weir(folder.path(), &[&["reach", "--format", "json", "--to", to][..], &ASK].concat());
    assert_eq!(code(&run), 0, "{}", err(&run));
    flows(&out(&run))
        .into_iter()
        .filter(|(from, ..)| {
            addresses || from.matches('/').count() == 1 && !from.contains('.') && !from.contains(':')
        })
        .map(|(from, _, ports)| format!("{from}: {ports}"))
        .collect()
}

/// From, to, ports.
pub fn flows(text: &str) -> Vec<(String, String, String)> {
    let value: Value = serde_json::from_str(text).unwrap();
    let flows = value["flows"].as_array().unwrap().iter().map(|flow| {
        let port = |port: &Value| match (port["first"].as_u64(), port["last"].as_u64()) {
            (Some(first), Some(last)) if first == last => {
                format!("{first}/{}", port["protocol"].as_str().unwrap())
            }
            (Some(first), Some(last)) => format!("{first}-{last}/{}", port["protocol"].as_str().unwrap()),
            _ => port["protocol"].as_str().unwrap().to_owned(),
        };
        let ports: Vec<String> = flow["ports"].as_array().unwrap().iter().map(port).collect();
        let text = |name: &str| flow[name].as_str().unwrap().to_owned();
        (text("from"), text("to"), ports.join(" "))
    });
    flows.collect()
}

fn schema(strict: bool) -> Validator {
    let text = harness::read(harness::root().join("docs/weir-reach.schema.json"));
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    if strict {
        crate::formats::closed(&mut schema);
    }
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn a_program_in_the_form_that_is_documented() {
    let project = project();
    let run = weir(project.path(), &["reach", "shop.weir", "-i", "pods.yaml", "--format", "json"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    assert_eq!(err(&run), "");
    assert_eq!(
        serde_json::from_str::<Value>(&out(&run)).unwrap(),
        json!({"version": 1, "cluster": "", "flows": [
            {"from": "shop/web", "to": "data/db", "ports": [{"protocol": "TCP", "first": 5432, "last": 5432}]}
        ]})
    );
    assert!(
        out(&run)
            .starts_with(r#"{"version":1,"cluster":"","flows":[{"from":"shop/web","to":"data/db","ports":["#)
    );
}

#[test]
fn json_keeps_to_its_schema() {
    let (open, strict) = (schema(false), schema(true));
    let project = project();
    fs::write(
        project.path().join("wide.weir"),
        "namespace shop locked for ingress;\nshop/web may ping data/db;\n",
    )
    .unwrap();
    fs::write(
        project.path().join("http.weir"),
        "namespace data locked;\nshop/web may reach data/db:5432 over http GET \"/v1/*\";\nshop/web may ping data/db;\n",
    )
    .unwrap();
    for (program, target) in
        [("shop.weir", "networkpolicy"), ("shop.weir", "calico"), ("http.weir", "cilium")]
    {
        let run =
            weir(project.path(), &["reach", program, "-i", "pods.yaml", "-t", target, "--format", "json"]);
        assert_eq!(code(&run), 0, "{}", err(&run));
        let value: Value = serde_json::from_str(&out(&run)).unwrap();
        for validator in [&open, &strict] {
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}\n{}", out(&run));
        }
        if program == "http.weir" {
            let ports = &value["flows"]
                .as_array()
                .unwrap()
                .iter()
                .find(|flow| flow["from"] == "shop/web" && flow["to"] == "data/db")
                .unwrap()["ports"];
            assert!(ports.as_array().unwrap().contains(&json!({"protocol": "ICMP", "type": 8})), "{ports}");
            assert!(ports.to_string().contains(r#""http":[{"method":"GET","path":"/v1/"#), "{ports}");
        }
    }
    assert!(!open.is_valid(&json!({"version": 1, "flows": []})));
    assert!(!open.is_valid(
        &json!({"version": 1, "cluster": "", "flows": [{"from": "a/b", "to": "c/d", "ports": []}]})
    ));
}

#[test]
fn an_open_cluster_is_one_row() {
    let folder = with_policies("");
    let run = weir(folder.path(), &[&["reach"][..], &ASK].concat());
    assert_eq!(code(&run), 0, "{}", err(&run));
    assert_eq!(out(&run), "FROM      TO        ON\neveryone  everyone  all\n");
    assert!(err(&run).contains("policies: 0 objects"));
}

#[test]
fn a_table_fits_into_eighty_columns() {
    let long = |at: usize| format!("a-rather-long-name-of-a-workload-that-somebody-thought-of-{at}");
    let pods: String = (0..30)
        .map(|at| {
            let (name, namespace) = (long(at), at % 3);
            format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{ name: {name}, namespace: team-{namespace}, labels: {{ app: {name} }} }}\nspec: {{ containers: [{{ name: x, ports: [{{ containerPort: 80 }}] }}] }}\n")
        })
        .collect();
    let policies: String = (0..30)
        .step_by(2)
        .map(|at| {
            let ports: Vec<String> = (1..20).map(|port| format!("{{ port: {} }}", port * (at + 7))).collect();
            policy(
                &format!("p{at}"),
                &format!("team-{}", at % 3),
                &format!("{{ podSelector: {{ matchLabels: {{ app: {} }} }}, ingress: [{{ from: [{{ podSelector: {{}} }}, {{ ipBlock: {{ cidr: 0.0.0.0/0, except: [10.0.0.0/8, 192.168.0.0/16] }} }}], ports: [{}] }}] }}", long(at), ports.join(", ")),
            )
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("all.yaml"), pods + &policies).unwrap();
    let run = weir(folder.path(), &["reach", "-i", "all.yaml", "--policies", "all.yaml"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    let wide: Vec<String> =
        out(&run).lines().filter(|line| line.chars().count() > 80).map(str::to_owned).collect();
    assert!(wide.is_empty(), "{}", wide.join("\n"));
    assert!(out(&run).lines().count() > 30);
}

#[test]
fn csv_and_markdown() {
    let project = project();
    let ask = |format: &str| {
        out(&weir(project.path(), &["reach", "shop.weir", "-i", "pods.yaml", "--format", format]))
    };
    assert_eq!(ask("csv"), "cluster,from,to,ports,verdict\n,shop/web,data/db,5432/tcp,allowed\n");
    assert_eq!(
        ask("markdown"),
        "| From | To | On |\n|---|---|---|\n| `shop/web` | `data/db` | `5432/tcp` |\n\n"
    );
    assert_eq!(ask("human"), "FROM      TO       ON\nshop/web  data/db  5432/tcp\n");
}

#[test]
fn the_focus_is_one_end_or_both() {
    let web = policy(
        "web",
        "shop",
        "{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ podSelector: {} }] }] }",
    );
    let folder = with_policies(&web);
    let ask = |more: &[&str]| {
        let run = weir(folder.path(), &[&["reach"][..], &ASK, more].concat());
        (code(&run), out(&run), err(&run))
    };
    let (ok, shown, _) = ask(&["--from", "data/db", "--to", "shop"]);
    assert_eq!((ok, shown.as_str()), (0, "FROM     TO        ON\ndata/db  shop/api  all\n"));
    let (_, shown, _) = ask(&["--from", "203.0.113.7", "--to", "api"]);
    assert_eq!(shown, "FROM            TO        ON\n203.0.113.7/32  shop/api  all\n");
    let (_, shown, _) = ask(&["--from", "203.0.113.0/24", "--to", "web"]);
    assert_eq!(shown, "nothing reaches anything of what is asked for\n");
    let (_, shown, _) = ask(&["--from", "shop", "--to", "api.stripe.com"]);
    assert_eq!(shown, "FROM    TO              ON\nshop/*  api.stripe.com  all\n");
    for (wrong, said) in [
        ("shop/wab", "did you mean `shop/web`?"),
        ("dta", "did you mean `data`?"),
        ("nodes", "give it the nodes"),
        ("nothing-like-it", "a workload or service is written `shop/web`"),
    ] {
        let (failed, shown, told) = ask(&["--from", wrong]);
        assert_eq!((failed, shown.as_str()), (2, ""), "{wrong}");
        assert!(told.contains("error[E0704]") && told.contains(said), "{wrong}: {told}");
    }
}

/// What odd forms mean, worked out by hand from the API's own words.
#[test]
fn empty_is_not_absent() {
    let anyone = ["data/db: *", "shop/api: *", "shop/web: *"];
    let of = |ingress: &str| {
        let text = policy("p", "data", &format!("{{ podSelector: {{}}, ingress: {ingress} }}"));
        into(&text, "data/db", false)
    };
    // No rule at all: closed. A rule without `from`, and one whose `from` is empty: everybody.
    assert!(of("[]").is_empty());
    assert_eq!(of("[{}]"), anyone);
    assert_eq!(of("[{ from: [] }]"), anyone);
    assert_eq!(of("[{ from: [], ports: [] }]"), anyone);
    // An empty selector of pods is the policy's own namespace, an empty selector of namespaces is all of them.
    assert_eq!(of("[{ from: [{ podSelector: {} }] }]"), ["data/db: *"]);
    assert_eq!(of("[{ from: [{ namespaceSelector: {} }] }]"), anyone);
    // Two fields of one peer are both, two peers are either.
    let both = "[{ from: [{ namespaceSelector: { matchLabels: { team: shop } }, podSelector: { matchLabels: { app: web } } }] }]";
    assert_eq!(of(both), ["shop/web: *"]);
    let either = "[{ from: [{ namespaceSelector: { matchLabels: { team: shop } } }, { podSelector: { matchLabels: { app: web } } }] }]";
    assert_eq!(of(either), ["shop/api: *", "shop/web: *"]);
    // What no address is in no block: pods may have any address, where nobody knows their ranges.
    assert!(of("[{ from: [{ ipBlock: { cidr: 203.0.113.0/24 } }] }]").is_empty());
}

#[test]
fn ports_by_name_by_range_and_by_expression() {
    let shop = |ports: &str| {
        let text = policy(
            "p",
            "shop",
            &format!(
                "{{ podSelector: {{ matchExpressions: [{{ key: tier, operator: In, values: [front, back] }}, {{ key: app, operator: NotIn, values: [api] }}] }}, ingress: [{{ from: [{{ namespaceSelector: {{ matchExpressions: [{{ key: team, operator: Exists }}] }} }}], ports: [{ports}] }}] }}"
            ),
        );
        (into(&text, "shop/web", false), into(&text, "shop/api", false))
    };
    let all =
        |ports: &str| ["data/db", "shop/api", "shop/web"].map(|from| format!("{from}: {ports}")).to_vec();
    // `api` is no member of the selector and stays open.
    assert_eq!(shop("{ port: http }"), (all("8080/TCP"), all("*")));
    assert_eq!(
        shop("{ port: 8000, endPort: 8100 }, { port: 53, protocol: UDP }").0,
        all("8000-8100/TCP 53/UDP")
    );
    // A name that the pods do not have is no port.
    assert!(shop("{ port: metrics }").0.is_empty());
    // A port without a number is the protocol.
    assert_eq!(shop("{ protocol: UDP }").0, all("1-65535/UDP"));
}

#[test]
fn blocks_with_exceptions() {
    let text = policy(
        "p",
        "data",
        "{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 198.51.100.0/24, except: [198.51.100.64/26] } }] }] }",
    );
    let found = into(&text, "data/db", true);
    assert_eq!(found, ["198.51.100.0/26: *", "198.51.100.128/25: *"]);
    let folder = with_policies(&text);
    let table = out(&weir(folder.path(), &[&["reach", "--to", "db"][..], &ASK].concat()));
    assert_eq!(table, "FROM                                    TO       ON\n198.51.100.0/24 except 198.51.100.64/26  data/db  all\n".replace("FROM   ", "FROM    "));
}

/// One folder with everything: what is no policy is passed over and counted, lists are taken apart.
#[test]
fn policies_among_other_objects() {
    let list = "---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: networking.k8s.io/v1\n  kind: NetworkPolicy\n  metadata: { name: closed, namespace: data }\n  spec: { podSelector: {} }\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: { name: x }\n";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("all.yaml"), format!("{CLUSTER}{list}")).unwrap();
    fs::write(folder.path().join("kustomization.yaml"), "resources: [all.yaml]\n").unwrap();
    let run = weir(folder.path(), &["reach", "-i", "all.yaml", "--policies", ".", "--to", "data/db"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    assert_eq!(out(&run), "nothing reaches anything of what is asked for\n");
    let line =
        "policies: 1 object; passed over 1 ConfigMap, 2 Deployment, 2 Namespace, 1 Service, 1 StatefulSet";
    assert!(err(&run).contains(line), "{}", err(&run));
    // `weir verify` passes them over as well; what Weir wrote itself is still read strictly.
    fs::write(folder.path().join("p.weir"), "namespace data locked for ingress;\n").unwrap();
    let verified = weir(folder.path(), &["verify", "p.weir", "-i", "all.yaml", "--policies", "all.yaml"]);
    assert_eq!(code(&verified), 0, "{}{}", out(&verified), err(&verified));
    assert!(err(&verified).contains(line), "{}", err(&verified));
    let piped =
        with_input(folder.path(), &["reach", "-i", "all.yaml", "--policies", "-", "--to", "db"], list);
    assert_eq!(out(&piped), out(&run));
    let twice = with_input(folder.path(), &["reach", "-i", "-", "--policies", "-"], list);
    assert_eq!(code(&twice), 2);
    assert!(err(&twice).contains("standard input can be read once"));
}

#[test]
fn policies_that_are_not_read_are_errors() {
    let other = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: { name: x, namespace: shop }\nspec: { endpointSelector: {}, ingress: [{}] }\n";
    let calico = "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: { name: x, namespace: shop }\nspec: {}\n";
    let old = "# a leftover\napiVersion: extensions/v1beta1\nkind: NetworkPolicy\nmetadata: { name: x, namespace: shop }\nspec: { podSelector: {} }\n";
    let admin = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: { name: x }\nspec: {}\n";
    let misspelt = &policy("x", "shop", "{ podSelector: {}, ingress: [{ form: [] }] }");
    for (text, told) in [
        (other, &["error[E0802]", "CiliumNetworkPolicy `x`", "policies.yaml:1", "`-t cilium` reads it"][..]),
        (calico, &["error[E0802]", "`projectcalico.org/v3`", "`-t calico` reads it"]),
        (
            old,
            &["error[E0602]", "policies.yaml:2", "`extensions/v1beta1` is not read", "since Kubernetes 1.16"],
        ),
        (admin, &["error[E0802]", "AdminNetworkPolicy `x`", "`-t clusternetworkpolicy` reads it"]),
        (misspelt, &["error[E0602]", "`spec.ingress[0].form`", "policies.yaml:5"]),
        ("a: [", &["error[E0602]", "this is no YAML"]),
    ] {
        let folder = with_policies(text);
        let run = weir(folder.path(), &[&["reach"][..], &ASK].concat());
        assert_eq!((code(&run), out(&run).as_str()), (2, ""), "{}", err(&run));
        told.iter().for_each(|told| assert!(err(&run).contains(told), "{told}\n{}", err(&run)));
    }
    let folder = with_policies(other);
    assert_eq!(code(&weir(folder.path(), &[&["reach", "-t", "cilium"][..], &ASK].concat())), 0);
}

#[test]
fn policies_that_govern_nobody_are_told() {
    let folder = with_policies(&policy("far", "elsewhere", "{ podSelector: {} }"));
    let run = weir(folder.path(), &[&["reach"][..], &ASK].concat());
    assert_eq!(code(&run), 0);
    assert!(out(&run).contains("everyone  everyone  all"));
    assert!(
        err(&run).contains(
            "warning[E0705]: one policy governs nobody: the inventory has no namespace `elsewhere`"
        )
    );
    // Helm's output names no namespace: `-n` does.
    let bare = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: x }\nspec: { podSelector: {} }\n";
    let folder = with_policies(bare);
    let run = weir(folder.path(), &[&["reach", "-n", "data", "--to", "data/db"][..], &ASK].concat());
    assert_eq!(out(&run), "nothing reaches anything of what is asked for\n", "{}", err(&run));
}

#[test]
fn what_the_format_leaves_open_is_marked() {
    let nodes = "---\napiVersion: v1\nkind: Node\nmetadata: { name: n1 }\nspec: { podCIDR: 10.244.0.0/24 }\nstatus: { addresses: [{ type: InternalIP, address: 192.0.2.10 }] }\n";
    let text =
        policy("p", "data", "{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/8 } }] }] }");
    let folder = with_policies(&text);
    fs::write(folder.path().join("cluster.yaml"), format!("{CLUSTER}{nodes}")).unwrap();
    let run = weir(folder.path(), &[&["reach", "--to", "data/db"][..], &ASK].concat());
    assert!(
        out(&run).contains("all ?") && out(&run).contains("? the format leaves it open"),
        "{}",
        out(&run)
    );
    let run = weir(folder.path(), &[&["reach", "--to", "data/db", "--format", "json"][..], &ASK].concat());
    let value: Value = serde_json::from_str(&out(&run)).unwrap();
    assert!(schema(true).is_valid(&value));
    assert!(value["undefined"].as_array().unwrap().iter().any(|flow| flow["from"] == "shop/web"), "{value}");
}

#[test]
fn newcomers_are_shown_when_they_are_asked_for() {
    let folder = with_policies(&policy("p", "data", "{ podSelector: { matchLabels: { app: db } } }"));
    let ask = |more: &[&str]| {
        out(&weir(folder.path(), &[&["reach", "--to", "data", "--format", "csv"][..], &ASK, more].concat()))
    };
    assert!(!ask(&[]).contains("new["));
    assert!(ask(&["--newcomers"]).contains(",shop/web,data/new[],all,allowed"));
}

#[test]
fn a_program_with_errors_and_an_empty_folder() {
    let project = project();
    fs::write(project.path().join("shop.weir"), "shop/web may reach data/dbb:5432;\n").unwrap();
    for format in ["human", "json"] {
        let run = weir(project.path(), &["reach", "shop.weir", "-i", "pods.yaml", "--format", format]);
        assert_eq!((code(&run), out(&run).as_str()), (1, ""));
        assert!(err(&run).contains("E0201"), "{}", err(&run));
    }
    let empty = tempfile::tempdir().unwrap();
    fs::write(empty.path().join("pods.yaml"), PODS).unwrap();
    fs::create_dir(empty.path().join("none")).unwrap();
    let run = |arguments: &[&str]| {
        let run = weir(empty.path(), arguments);
        assert_eq!(code(&run), 2, "{arguments:?}");
        err(&run)
    };
    assert!(run(&["reach"]).contains("there is no `weir.toml` here or above"));
    assert!(run(&["reach", "--policies", "none"]).contains("the inventory is missing"));
    assert!(
        run(&["reach", "-i", "pods.yaml", "--policies", "none"])
            .contains("there is no policy file in `none`")
    );
    assert!(run(&["reach", "x.weir", "-i", "pods.yaml", "--policies", "none"]).contains("two questions"));
}

/// What a program lets flow, and what the objects that are written for it let flow, is the same on every target.
#[test]
fn a_program_and_its_objects_give_the_same_answer() {
    let shop = harness::root().join("examples/online-shop/manifests");
    let shop = shop.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let program = "namespace shop, namespace data locked;\ninternet may reach shop/web:80;\nshop/api may reach data/orders:5432;\nops/prometheus may reach 198.51.100.0/24:443;\nnodes may reach shop/web:http;\n";
    fs::write(folder.path().join("shop.weir"), program).unwrap();
    for target in ["networkpolicy", "cilium", "calico"] {
        let run =
            |arguments: &[&str]| weir(folder.path(), &[arguments, &["-i", shop, "-t", target]].concat());
        fs::write(folder.path().join("objects.yaml"), out(&run(&["build", "shop.weir"]))).unwrap();
        for to in ["shop", "data", "ops", "kube-system", "internet"] {
            let asked = ["--to", to, "--format", "json"];
            let meant = run(&[&["reach", "shop.weir"][..], &asked].concat());
            let enforced = run(&[&["reach", "--policies", "objects.yaml"][..], &asked].concat());
            assert_eq!(code(&meant), 0, "{}", err(&meant));
            let certain = |text: String| {
                text.split(",\"undefined\"").next().unwrap().trim_end_matches(['}', '\n']).to_owned()
            };
            assert_eq!(
                certain(out(&meant)),
                certain(out(&enforced)),
                "{target}, to {to}: {}",
                err(&enforced)
            );
        }
    }
}

#[test]
fn projects_are_asked_in_each_cluster() {
    let folder = project();
    let settings = "[project]\nname = \"acme\"\n[clusters.eu]\ninventory = [\"pods.yaml\"]\n[clusters.us]\ninventory = [\"pods.yaml\"]\n";
    fs::write(folder.path().join("weir.toml"), settings).unwrap();
    let run = weir(folder.path(), &["reach", "--format", "json"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    let clusters: Vec<Value> = out(&run)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["cluster"].clone())
        .collect();
    assert_eq!(clusters, [json!("eu"), json!("us")]);
    let human = out(&weir(folder.path(), &["reach"]));
    assert!(human.starts_with("cluster eu:\nFROM") && human.contains("cluster us:\nFROM"), "{human}");
    fs::write(folder.path().join("closed.yaml"), policy("p", "data", "{ podSelector: {} }")).unwrap();
    let several = weir(folder.path(), &["reach", "--policies", "closed.yaml"]);
    assert_eq!(code(&several), 2);
    assert!(err(&several).contains("name the cluster with `-c`"));
    let one = weir(folder.path(), &["reach", "--policies", "closed.yaml", "-c", "eu", "--to", "data/db"]);
    assert_eq!(out(&one), "nothing reaches anything of what is asked for\n", "{}", err(&one));
}

/// What real policies let through, as far as `WEIR_CORPORA` holds them: worked out by hand from their selectors.
mod corpora {
    use super::*;
    use crate::corpora::corpus;

    /// Whether each of these flows is there, or is not.
    fn holds(folder: &Path, arguments: &[&str], namespace: &str, expected: &[(&str, &str, &str, bool)]) {
        let run = weir(folder, &[&["reach", "--format", "json"][..], arguments].concat());
        assert_eq!(code(&run), 0, "{}", err(&run));
        let found = flows(&out(&run));
        let name = |name: &str| {
            if name.contains(':') || name.contains('.') {
                name.to_owned()
            } else {
                format!("{namespace}/{name}")
            }
        };
        for (from, to, ports, is) in expected {
            let known = (found.iter()).any(|flow| {
                flow.0 == name(from) && flow.1 == name(to) && (ports.is_empty() || flow.2 == *ports)
            });
            assert_eq!(known, *is, "{from} -> {to} {ports}");
        }
    }

    #[test]
    fn online_boutique() {
        let Some(folder) = corpus("online-boutique") else { return };
        holds(
            &folder,
            &["-i", "manifests.yaml", "--policies", "network-policies"],
            "default",
            &[
                ("frontend", "cartservice", "7070/TCP", true),
                ("checkoutservice", "cartservice", "7070/TCP", true),
                ("recommendationservice", "cartservice", "", false),
                ("loadgenerator", "frontend", "*", true),
                ("0.0.0.0/0", "frontend", "*", true),
                ("0.0.0.0/0", "adservice", "", false),
                // Nothing may enter it: its own policy governs egress alone, and `deny-all` the rest.
                ("frontend", "loadgenerator", "", false),
                ("loadgenerator", "currencyservice", "", false),
                ("cartservice", "redis-cart", "6379/TCP", true),
                ("recommendationservice", "productcatalogservice", "3550/TCP", true),
                ("adservice", "0.0.0.0/0", "*", true),
            ],
        );
    }

    #[test]
    fn sock_shop() {
        let Some(folder) = corpus("sock-shop") else { return };
        holds(
            &folder,
            &["-i", "manifests.yaml", "--policies", "network-policies"],
            "sock-shop",
            &[
                ("0.0.0.0/0", "front-end", "8079/TCP", true),
                ("front-end", "user", "80/TCP", true),
                ("orders", "payment", "80/TCP", true),
                // Its policies say `name: cart`, its pods `name: carts`; `cortex-access` closes all pods of the namespace.
                ("front-end", "carts", "", false),
                ("carts", "carts-db", "", false),
                ("shipping", "rabbitmq", "5672/TCP", true),
                ("orders", "rabbitmq", "", false),
                ("front-end", "user-db", "", false),
                ("carts", "0.0.0.0/0", "*", true),
            ],
        );
    }

    #[test]
    fn argo_cd() {
        let Some(folder) = corpus("argo-cd") else { return };
        holds(
            &folder,
            &["-i", ".", "--policies", "."],
            "default",
            &[
                ("argocd-server", "argocd-redis", "6379/TCP", true),
                ("argocd-dex-server", "argocd-redis", "", false),
                ("argocd-server", "argocd-repo-server", "8081/TCP 8084/TCP", true),
                ("argocd-dex-server", "argocd-repo-server", "8084/TCP", true),
                ("0.0.0.0/0", "argocd-server", "*", true),
                // Everybody in the cluster, and nobody else: `namespaceSelector: {}` is about pods.
                ("argocd-redis", "argocd-notifications-controller", "9001/TCP", true),
                ("0.0.0.0/0", "argocd-notifications-controller", "", false),
                ("argocd-server", "argocd-dex-server", "5556-5558/TCP", true),
                ("argocd-redis", "argocd-dex-server", "5558/TCP", true),
            ],
        );
    }
}
