//! What the YAML of sentences says.

use super::*;
use crate::ide::fixture::{fixture, fixture_for};

fn yaml(text: &str) -> String {
    let fixture = fixture(text);
    of_statement(&fixture.desk(), fixture.offset, None).unwrap_or_default()
}

/// The comment above the objects.
fn head(text: &str) -> String {
    yaml(text).lines().take_while(|line| line.starts_with('#')).collect::<Vec<_>>().join("\n")
}

fn names(text: &str) -> Vec<String> {
    let name = |line: &str| line.strip_prefix("  name: ").map(str::to_owned);
    yaml(text).lines().filter_map(name).collect()
}

#[test]
fn a_grant_is_its_rules_on_what_is_guarded() {
    let text =
        yaml("namespace shop locked;\nshop/web may $0reach data/db:5432;\nshop/web may reach shop/api:80;");
    assert_eq!(
        text,
        "\
# main.weir:2, for the target `networkpolicy`
# Other sentences may add rules to these objects; `weir build` writes all of them.
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  annotations:
    weir/sentences: \"main.weir: shop/web may reach data/db:5432\"
  labels:
    app.kubernetes.io/managed-by: weir
  name: weir-web
  namespace: shop
spec:
  egress:
  - ports:
    - port: 5432
      protocol: TCP
    to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: data
      podSelector:
        matchLabels:
          app: db
  podSelector:
    matchLabels:
      app: web
  policyTypes:
  - Egress
"
    );
}

#[test]
fn what_nothing_guards_makes_no_rule() {
    assert_eq!(
        head("shop/web may reach $0data/db:5432;"),
        "# main.weir:1, for the target `networkpolicy`\n\
         # Nothing guards an end of this grant: it makes no rule. `data/db locked for ingress;` would make it one."
    );
    assert!(
        head("shop/web may reach $0203.0.113.0/24;")
            .ends_with("`shop/web locked for egress;` would make it one.")
    );
    assert!(
        head("namespace shop locked;\nshop/web may $0reach shop/api:80 until 2026-01-01;")
            .ends_with("ended on 2026-01-01: it makes no rule.")
    );
    assert!(head("namespace shop op$0en;").ends_with("`open` guards nothing, and makes no object."));
    assert!(head("namespace shop locked;\nshop/web must $0reach shop/api:80;").ends_with("makes no object."));
}

#[test]
fn guards_of_other_files_count() {
    let text = "shop/web may $0reach shop/api:80;\n-- other.weir --\nnamespace shop locked for ingress;";
    assert_eq!(names(text), ["weir-api"]);
    let wide = "shop/web may $0reach shop/api:80;\n-- other.weir --\nanyone locked for egress;";
    assert_eq!(names(wide), ["weir-web"]);
    let elsewhere = "shop/web may $0reach shop/api:80;\n-- other.weir --\nnamespace data locked;";
    assert!(names(elsewhere).is_empty());
}

#[test]
fn tomorrows_pods_count() {
    let text = "namespace shop[tier=front] locked;\nnamespace data may $0reach namespace shop[app=new]:80 even if absent;";
    assert_eq!(names(text).len(), 1);
}

#[test]
fn postures_are_their_guards() {
    assert_eq!(names("namespace shop loc$0ked;\nshop/web may reach shop/api:80;"), ["weir-all-pods"]);
    assert_eq!(names("each namesp$0ace isolated;").len(), 4);
}

#[test]
fn blocks_and_applications_are_what_stands_in_them() {
    let text =
        "in namespace $0shop {\n    pods locked;\n    web may reach api:80;\n}\nnamespace data locked;";
    assert_eq!(names(text), ["weir-all-pods", "weir-api", "weir-web"]);
    assert_eq!(
        names("in namespace shop {\n    pods loc$0ked;\n    web may reach api:80;\n}"),
        ["weir-all-pods"]
    );
    let policy = "policy shut(who) { who locked; }\n";
    assert_eq!(names(&format!("{policy}apply $0shut(shop/web);\napply shut(data/db);")), ["weir-web"]);
    assert_eq!(
        names(&format!("{policy}apply shut(shop/web);\napply shut(data/db);").replace("loc", "l$0oc")),
        ["weir-db", "weir-web"]
    );
    assert!(head("pol$0icy shut(who) { who locked; }").ends_with("by itself it makes no object."));
}

#[test]
fn targets_may_be_asked_for() {
    let fixture = fixture("namespace shop locked;\nshop/web may $0reach api.stripe.com:443;");
    let desk = fixture.desk();
    let refused = of_statement(&desk, fixture.offset, None).unwrap();
    assert!(refused.contains("# error[E0401]: the target `networkpolicy` cannot grant"), "{refused}");
    assert!(!refused.contains("---"));
    let cilium = of_statement(&desk, fixture.offset, Some(Target::Cilium)).unwrap();
    assert!(cilium.contains("kind: CiliumNetworkPolicy") && cilium.contains("api.stripe.com"), "{cilium}");
}

#[test]
fn every_target_has_an_answer() {
    for target in Target::ALL {
        let text = "namespace shop locked;\nshop/web may $0reach shop/api:80;\ninternet must not reach namespace data;";
        let fixture = fixture_for(text, *target);
        let text = of_statement(&fixture.desk(), fixture.offset, None).unwrap();
        assert!(text.contains("-api\n") && text.contains("-web\n") && !text.contains("all-pods"), "{text}");
        assert!(of_file(&fixture.desk(), None).unwrap().contains("3000"));
    }
}

#[test]
fn a_file_is_all_of_its_sentences() {
    let text = "namespace shop locked;\nshop/web may reach shop/api:80;\n-- other.weir --\nnamespace data locked;\nshop/api may reach data/db:5432;";
    let fixture = fixture(text);
    let text = of_file(&fixture.desk(), None).unwrap();
    assert!(
        text.starts_with("# main.weir, for the target `networkpolicy`\n# Other sentences may add"),
        "{text}"
    );
    assert!(
        text.contains("name: weir-all-pods") && text.contains("name: weir-web") && !text.contains("5432")
    );
    let whole = of_program(&fixture.workspace, 0, None).unwrap();
    assert!(
        whole.starts_with("# The whole program, for the target `networkpolicy`\n---\n")
            && whole.contains("5432")
    );
}

#[test]
fn errors_are_told() {
    let broken = fixture("shop/nobody may $0reach data/db:5432;");
    assert!(head("shop/nobody may $0reach data/db:5432;").ends_with("What has errors makes no object."));
    assert_eq!(
        of_program(&broken.workspace, 0, None).unwrap_err(),
        "the program has an error: error[E0201]: there is no workload or service `nobody` in namespace `shop`"
    );
    assert!(of_file(&broken.desk(), None).is_none());
}

#[test]
fn there_may_be_nothing() {
    for text in ["$0", "# a com$0ment\r\n", "let a = $0shop/web;", "shop/web may$0", "use std.kub$0ernetes;"]
    {
        yaml(text);
    }
    let unknown = fixture("namespace shop loc$0ked;");
    let mut workspace = unknown.workspace.clone();
    workspace.sites[0].world = Arc::new(crate::ide::World::unknown(crate::Cluster::default()));
    let desk = Desk::new(&workspace, 0, unknown.file, None);
    assert_eq!((of_statement(&desk, 3, None), of_file(&desk, None)), (None, None));
}
