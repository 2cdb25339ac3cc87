//! Names: of things, of `let`s and parameters, of modules and policies.

use super::*;

const THINGS: &[CompletionKind] = &[CompletionKind::Workload, CompletionKind::Service];

fn things(text: &str) -> Vec<String> {
    let found = offered(&fixture(text));
    found.items.into_iter().filter(|item| THINGS.contains(&item.kind)).map(|item| item.label).collect()
}

const TWO: &str = "\
-- cluster.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: a }
spec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: b }
spec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } } } }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: b }
spec: { selector: { app: other }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: 3scale, namespace: b }
spec: { selector: { matchLabels: { app: s } }, template: { metadata: { labels: { app: s } } } }
-- main.weir --
";

#[test]
fn things_of_the_cluster() {
    assert_eq!(things("$0"), ["api", "coredns", "db", "kube-dns", "prometheus", "web"]);
    assert_eq!(things("web may reach $0"), things("$0"));
    assert_eq!(things("web, $0"), things("$0"));
    assert_eq!(things("(web except $0"), things("$0"));
    let web = item("w$0", "web");
    assert_eq!(web.detail.as_deref(), Some("deployment and service in shop"));
    assert_eq!(item("core$0", "coredns").detail.as_deref(), Some("deployment in kube-system"));
    assert_eq!(item("kube$0", "kube-dns").kind, CompletionKind::Service);
    assert_eq!(web.doc.as_deref(), Some("thing shop/web"));
    // What begins so comes before what holds it.
    assert_eq!(labels("d$0")[..2], ["db", "namespace data"]);
}

#[test]
fn a_block_has_its_own_names_first() {
    let found = things("in namespace shop { web may reach $0 }");
    assert_eq!(
        found,
        ["api", "web", "data/db", "kube-system/coredns", "kube-system/kube-dns", "monitoring/prometheus"]
    );
    assert_eq!(item("in namespace shop { w$0 }", "web").detail.as_deref(), Some("deployment and service"));
    assert_eq!(labels("in namespace shop { pod$0 }")[0], "pods");
    let found = things("in each namespaces[kind=tenant] {\n $0");
    assert_eq!(found[..3], ["api", "db", "web"]);
    assert_eq!(things("in namespace nowhere { a$0 }"), ["data/db", "shop/api"]);
}

#[test]
fn what_is_ambiguous_is_said_in_full() {
    let found = things(&format!("{TWO}$0"));
    assert_eq!(found, ["\"3scale\"", "a/web", "service b/web", "workload b/web"]);
    assert_eq!(things(&format!("{TWO}b/$0")), ["b/\"3scale\"", "service b/web", "workload b/web"]);
    assert_eq!(
        things(&format!("{TWO}in namespace b {{ $0")),
        ["\"3scale\"", "service web", "workload web", "a/web"]
    );
    // What a `let` is called means that.
    assert_eq!(things("let web = api;\n$0")[4..], ["prometheus", "shop/web"]);
}

#[test]
fn behind_a_slash() {
    assert_eq!(labels("shop/$0"), ["shop/api", "shop/web"]);
    assert_eq!(labels("web may reach shop/w$0"), ["shop/web"]);
    assert_eq!(applied("web may reach shop/w$0 on 80;", "shop/web"), "web may reach shop/web on 80;\n");
    assert_eq!(applied("web may reach shop/w$0eb:80;", "shop/web"), "web may reach shop/web:80;\n");
    assert_eq!(labels("sh*/$0"), ["sh*/api", "sh*/web"]);
    assert_eq!(labels("nowhere/$0"), [""; 0]);
}

#[test]
fn by_kind() {
    assert_eq!(labels("service $0"), ["api", "db", "kube-dns", "web"]);
    assert_eq!(labels("deployment $0"), ["api", "coredns", "prometheus", "web"]);
    assert_eq!(labels("statefulset data/$0"), ["data/db"]);
    assert_eq!(
        labels("in namespace shop { deployment $0"),
        ["api", "web", "kube-system/coredns", "monitoring/prometheus"]
    );
    assert_eq!(labels("cronjob $0"), [""; 0]);
    assert_eq!(labels("serviceaccount shop/$0"), ["shop/api", "shop/default"]);
    assert_eq!(labels("in namespace shop { serviceaccount a$0")[0], "api");
    assert_eq!(labels("namespace $0"), ["data", "kube-system", "monitoring", "shop"]);
    assert_eq!(labels("only namespace sh$0"), ["shop"]);
}

#[test]
fn namespaces_as_sets() {
    let found = of_kind("sh$0", CompletionKind::Namespace);
    assert_eq!(found, ["namespace shop", "shop/"]);
    assert_eq!(of_kind("$0", CompletionKind::Namespace).len(), 4);
}

#[test]
fn lets_and_parameters() {
    let text = "let back = api, db;\nlet team = namespaces by team;\n";
    let at = |rest: &str| of_kind(&format!("{text}{rest}"), CompletionKind::Let);
    assert_eq!(at("web may reach $0"), ["back"]);
    assert_eq!(at("each $0"), ["team"]);
    assert_eq!(item(&format!("{text}b$0"), "back").detail.as_deref(), Some("api, db"));
    let text = "policy p(front, home: namespace, port) {\n front may reach namespace home:port;\n ";
    let at = |rest: &str| of_kind(&format!("{text}{rest}\n}}"), CompletionKind::Param);
    assert_eq!(at("$0"), ["front", "home"]);
    assert_eq!(at("front may reach home on $0"), ["port"]);
    assert_eq!(at("front may reach db:$0"), ["port"]);
    assert_eq!(at("namespace $0"), ["home"]);
    assert_eq!(item(&format!("{text} f$0"), "front").detail.as_deref(), Some("parameter: set"));
    assert_eq!(labels(&format!("{text} f$0\n}}"))[0], "front");
    let deprecated = "# Deprecated: use `back`.\nlet old = api;\n$0";
    assert!(item(deprecated, "old").is_deprecated);
    assert!(!item("# Fine.\nlet old = api;\n$0", "old").is_deprecated);
}

const NETS: &str = "\n-- common/nets.weir --\nexport let office = 203.0.113.0/24;\nlet own = 203.0.113.0/24;\nexport policy opened(port) { office may reach shop/web:port; }";

#[test]
fn what_a_module_would_bring() {
    let text = format!("web may reach off$0{NETS}");
    let found = item(&text, "office");
    assert_eq!((found.detail.as_deref(), found.kind), (Some("use common.nets"), CompletionKind::Let));
    assert_eq!(applied(&text, "office"), "use common.nets;\n\nweb may reach office\n");
    let below = format!("# The shop.\n\n# Who it is for.\nweb locked;\noff$0{NETS}");
    assert!(applied(&below, "office").starts_with("# The shop.\n\nuse common.nets;\n\n# Who"));
    let behind = format!("use std.kubernetes;\nweb locked;\noff$0{NETS}");
    assert!(applied(&behind, "office").starts_with("use std.kubernetes;\nuse common.nets;\nweb locked;"));
    let commented = format!("use std.kubernetes; # why\nweb locked;\noff$0{NETS}");
    assert!(
        applied(&commented, "office").starts_with("use std.kubernetes; # why\nuse common.nets;\nweb locked;")
    );
    assert!(!labels(&format!("ow$0{NETS}")).contains(&"own".to_owned()));
    let used = item(&format!("use common.nets;\noff$0{NETS}"), "office");
    assert_eq!((used.detail.as_deref(), used.more.len()), (Some("203.0.113.0/24"), 0));
    // A module that uses this one would lead back here.
    let back = "a$0\n-- b.weir --\nuse main;\nexport let abc = web;";
    assert!(!labels(back).contains(&"abc".to_owned()));
    // The library is at hand without being used.
    let library = "gmp$0";
    assert_eq!(item(library, "gmp-collector").detail.as_deref(), Some("use std.observability"));
    assert!(applied(library, "gmp-collector").starts_with("use std.observability;\n\ngmp-collector"));
}

#[test]
fn modules() {
    let found = rows(&format!("use $0{NETS}\n-- main2.weir --\n"));
    let row = |label: &str, detail: &str| (label.to_owned(), detail.to_owned());
    assert_eq!(found[0], row("common.nets", "common/nets.weir"));
    assert!(found.contains(&row("std.kubernetes", "library")));
    assert!(!found.iter().any(|(label, _)| label == "main" || label == "std.prelude"));
    assert_eq!(labels("use std.ob$0"), ["std.observability"]);
    assert_eq!(applied("use std.ob$0;", "std.observability"), "use std.observability;\n");
    assert!(!labels("use std.ingress;\nuse std.$0;").contains(&"std.ingress".to_owned()));
}

#[test]
fn policies() {
    let text = "policy tiers(front, back, port) { front may reach back:port; }\n";
    let found = item(&format!("{text}apply t$0"), "tiers");
    assert_eq!(found.insert, "tiers(${1:front}, ${2:back}, ${3:port});$0");
    assert_eq!(found.detail.as_deref(), Some("(front, back, port)"));
    assert_eq!(item(&format!("{text}apply t$0;"), "tiers").insert, "tiers(${1:front}, ${2:back}, ${3:port})");
    assert_eq!(item(&format!("{text}apply t$0(web, api);"), "tiers").insert, "tiers");
    assert_eq!(labels(&format!("{text}apply $0"))[0], "tiers");
    let unused = format!("apply open$0{NETS}");
    assert_eq!(item(&unused, "opened").detail.as_deref(), Some("(port) – use common.nets"));
    assert!(applied(&unused, "opened").starts_with("use common.nets;\n\napply opened(${1:port});$0"));
    assert!(!labels("policy p(a) { apply $0 }").contains(&"p".to_owned()));
}

#[test]
fn arguments_by_kind() {
    let text = "policy p(front, home: namespace, port, part: partition) { front may reach db:port; }\nlet team = namespaces by team;\n";
    let at = |rest: &str| labels(&format!("{text}{rest}"));
    assert_eq!(at("apply p(shop/w$0"), ["shop/web"]);
    assert_eq!(at("apply p(web, $0"), ["data", "kube-system", "monitoring", "shop"]);
    assert_eq!(at("apply p(shop/api, data, $0"), ["80", "3000", "9090", "http", "metrics"]);
    assert_eq!(at("apply p((web, api), data, 80, $0)"), ["team"]);
    assert!(at("apply p(web[app=$0").contains(&"web".to_owned()));
}

#[test]
fn a_parameter_may_be_anything() {
    let at = |rest: &str| labels(&format!("policy p(web: pods, home: namespace, port: port) {{\n{rest}\n}}"));
    assert_eq!(at("web[$0"), ["app", "k8s-app", "tier"]);
    assert_eq!(at("pods may reach web:$0"), ["port"]);
    assert_eq!(at("in namespace home { pods[$0 }"), ["app", "k8s-app", "tier"]);
}

#[test]
fn settings_are_no_program() {
    let mut fixture = fixture("-- weir.toml --\n[clusters.eu]\ninventory = [\"i\"]\n-- main.weir --\n$0");
    assert!(!offered(&fixture).items.is_empty());
    fixture.file = crate::source::FileId(0);
    assert!(offered(&fixture).items.is_empty());
}
