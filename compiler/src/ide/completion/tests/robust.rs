//! Half-written texts, texts that say nothing, and large clusters.

use std::sync::Arc;

use super::*;
use crate::Cluster;
use crate::ide::World;
use crate::ide::signature::signature;

const SAMPLE: &str = "# Überschrift\r\nuse std.observability;\nlet back = shop/api, namespace data[app in (db), !old];\n\
in namespace shop {\n    pods locked for ingress;\n    web[app=web] may reach api:80, data/db on http, 53/udp over http GET \"/é\", POST \"/x\" because \"dür\" until 2027-01-01;\n}\n\
policy p(a, b: namespace, port) {\n    only a may reach namespace b:port if present;\n    in each namespaces[kind=tenant] { pods must not reach anywhere except (a, dns); }\n}\n\
apply p((web, api), data, 80);\nlet team = namespaces by team;\neach team isolated;\n\
test \"é\" { shop/web reaches shop/api:80; web cannot reach team-*/x, 10.0.0.0/8, 2001:db8::1 on 1-2; }\n# weir: allow(W0102, x) because \"y\"\n";

#[test]
fn nothing_ever_fails() {
    let fixture = fixture(SAMPLE);
    let text = fixture.desk().text().to_owned();
    for offset in 0..=text.len() as u32 + 2 {
        for item in completion(&fixture.desk(), offset).items {
            let replaced = text.get(item.replace.range());
            assert!(replaced.is_some(), "{offset}: {item:?}");
            assert!(!replaced.unwrap().contains('\n'));
        }
        signature(&fixture.desk(), offset);
    }
}

#[test]
fn nor_where_the_text_ends_in_the_middle() {
    let mut fixture = fixture("\n");
    for end in (0..=SAMPLE.len()).filter(|end| SAMPLE.is_char_boundary(*end)) {
        fixture.workspace.edit(fixture.file, SAMPLE[..end].to_owned());
        let offered = completion(&fixture.desk(), end as u32);
        for item in offered.items.into_iter().take(3) {
            if let Some(key) = &item.doc {
                assert!(documentation(&fixture.desk(), key).is_some(), "{key}");
            }
        }
        signature(&fixture.desk(), end as u32);
    }
}

#[test]
fn nor_where_something_is_being_put_in() {
    let mut fixture = fixture("\n");
    for put in ["[", ":", "/", "(", "\"", "é", " in ", "[x, ", "on ", "}", "[a in ("] {
        for at in (0..=SAMPLE.len()).filter(|at| SAMPLE.is_char_boundary(*at)) {
            let text = format!("{}{put}{}", &SAMPLE[..at], &SAMPLE[at..]);
            fixture.workspace.edit(fixture.file, text.clone());
            for item in completion(&fixture.desk(), (at + put.len()) as u32).items {
                assert!(text.get(item.replace.range()).is_some(), "{item:?}");
            }
            signature(&fixture.desk(), (at + put.len()) as u32);
        }
    }
}

#[test]
fn every_item_has_its_documentation() {
    let mut told = 0;
    for text in [
        "$0",
        "w$0",
        "web $0",
        "web may reach $0",
        "web locked $0",
        "web may reach api:80 $0",
        "use $0",
        "apply $0",
        "in $0",
        "# weir: allow($0",
        "let x = $0",
        "test \"\" { web $0",
        "web may $0",
        "g$0",
    ] {
        let fixture = fixture(text);
        for item in offered(&fixture).items {
            if let Some(key) = &item.doc {
                told += 1;
                let text = documentation(&fixture.desk(), key);
                assert!(text.is_some_and(|text| text.len() > 10), "{key}");
            }
        }
    }
    assert!(told > 150, "{told}");
    let desk = fixture("let back = api;");
    for key in
        ["", "thing", "thing x/y", "let nowhere x", "word nothing", "policy main.weir nothing", "lint E9"]
    {
        assert_eq!(documentation(&desk.desk(), key), None, "{key}");
    }
}

#[test]
fn documentation_tells() {
    let fixture = fixture("# What stands behind.\nlet back = api;\n# For all.\npolicy p(a) { a locked; }\n");
    let told = |key: &str| documentation(&fixture.desk(), key).unwrap();
    assert_eq!(told("let main.weir back"), "```weir\nlet back = api;\n```\n\nWhat stands behind.");
    assert_eq!(told("policy main.weir p"), "```weir\npolicy p(a: pods)\n```\n\nFor all.");
    let web = "deployment `shop/web`\n\nlabels: `app=web`, `tier=front`\n\ncontainer ports: `8080 http`\n\n---\n\n\
               service `shop/web`\n\nports: `80 http → http`";
    assert_eq!(told("thing shop/web"), web);
    assert_eq!(
        told("namespace shop"),
        "namespace `shop`\n\nlabels: `kind=tenant`, `team=web`\n\nworkloads: 2, services: 2"
    );
    assert!(told("word locked").starts_with("Guards both ways and grants nothing"));
    assert!(told("module std/kubernetes.weir").contains("It exports `"));
    assert!(told("lint W0102").starts_with("# W0102"));
}

/// A program whose cluster is not known, and one of many workloads.
fn in_world(text: &str, world: World) -> Fixture {
    let mut fixture = fixture(text);
    fixture.workspace.sites[0].world = Arc::new(world);
    fixture
}

#[test]
fn without_an_inventory() {
    let at = |text: &str| {
        let found = offered(&in_world(text, World::unknown(Cluster::default())));
        found.items.into_iter().map(|item| item.label).collect::<Vec<_>>()
    };
    assert_eq!(at("let back = a;\nb$0")[0], "back");
    assert_eq!(at("web may $0"), ["reach", "only reach", "ping"]);
    for text in ["web[$0", "web may reach api:$0", "namespace $0", "shop/$0"] {
        assert_eq!(at(text), [""; 0], "{text}");
    }
}

#[test]
fn long_lists_are_cut() {
    let mut reader = weir_cluster::manifest::Reader::new("default");
    let mut text = String::new();
    for at in 0..1000 {
        let (name, home) = (format!("app-{at:03}"), at % 10);
        text += &format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: {name}, namespace: team-{home} }}\n"
        );
        text += &format!(
            "spec: {{ selector: {{ matchLabels: {{ app: {name} }} }}, template: {{ metadata: {{ labels: {{ app: {name} }} }} }} }}\n---\n"
        );
    }
    reader.read("cluster.yaml", text.as_bytes()).unwrap();
    let inventory = reader.finish().unwrap();
    let mut fixture = in_world("anyone may reach app$0", World::of(inventory, Cluster::default()));
    let first = offered(&fixture);
    assert!(first.is_incomplete);
    assert_eq!(first.items.iter().filter(|item| item.kind == CompletionKind::Workload).count(), 200);
    assert_eq!(first.items[0].label, "app-000");
    let at = |fixture: &mut Fixture, text: &str| {
        fixture.workspace.edit(fixture.file, text.to_owned());
        completion(&fixture.desk(), text.len() as u32)
    };
    let found = at(&mut fixture, "anyone may reach app-99");
    assert!(!found.is_incomplete);
    assert_eq!(found.items[0].label, "app-990");
    let found = at(&mut fixture, "anyone[app=");
    assert!(found.is_incomplete && found.items.len() == 200);
    let found = at(&mut fixture, "anyone[app=app-12");
    assert_eq!(found.items[0].detail.as_deref(), Some("1 workload"));
    assert_eq!(at(&mut fixture, "anyone ").items.len(), 10);
}
