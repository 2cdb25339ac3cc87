//! What objects look like where inputs are extreme: long lists of sentences, long names, values that YAML reads
//! otherwise.

use crate::harness::{self, Built};

fn pod(name: &str, labels: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{ name: {name}, namespace: shop, labels: {{ {labels} }} }}\nspec: {{ containers: [{{ name: c, ports: [{{ containerPort: 80 }}] }}] }}\n---\n"
    )
}

fn build(program: &str, pods: &[String]) -> Built {
    harness::build(
        &vec![("shop.weir".to_owned(), program.to_owned())],
        &vec![("pods.yaml".to_owned(), pods.concat())],
    )
}

fn names(built: &Built) -> Vec<String> {
    let lines = built.yaml().lines().filter_map(|line| line.strip_prefix("  name: "));
    lines.map(|name| name.trim_matches('"').to_owned()).collect()
}

#[test]
fn a_list_of_sentences_too_long_ends_in_a_count() {
    let pods = [pod("web", "app: web"), pod("api", "app: api")];
    let mut program = String::from("namespace shop locked for ingress;\n");
    for at in 0..500 {
        program += &format!("shop/web may reach shop/api:80 because \"reason {at:03} of very many\";\n");
    }
    let built = build(&program, &pods);
    let yaml = built.yaml();
    assert!(yaml.contains("reason 000 of"));
    assert!(!yaml.contains("reason 499 of"));
    let count = yaml.lines().find(|line| line.trim().starts_with("and ")).expect("a count");
    let listed = yaml.matches("reason ").count();
    assert_eq!(count.trim(), format!("and {} more", 500 - listed));
    assert!(yaml.len() < 16 * 1024);
}

#[test]
fn names_are_valid_at_any_length() {
    let long = "a".repeat(250);
    let value = "v".repeat(63);
    let pods = [
        pod(&long, &format!("app: {value}, tier: {value}, \"example.com/{}\": \"{value}\"", "k".repeat(63))),
        pod("other.name", "app: Some_Value.1"),
        pod("ends-in-0a1b2c3d", "app: digest"),
        pod("all-pods", "app: all"),
    ];
    let program = format!(
        "shop/{long}, shop/\"other.name\", shop/ends-in-0a1b2c3d, shop/all-pods, namespace shop[app=Some_Value.1, tier!=x], namespace shop[!legacy], namespace shop locked;\nanyone may reach namespace shop[!legacy] on 80;\nshop/ends-in-0a1b2c3d, shop/all-pods, shop/{long}, shop/\"other.name\" may reach shop/{long}:80;\n"
    );
    let built = build(&program, &pods);
    let names = names(&built);
    assert!(names.len() >= 6, "{names:?}");
    for name in &names {
        assert!(name.len() <= 253 && name.starts_with("weir-"), "{name}");
        assert!(
            name.split('.').all(|part| !part.is_empty()
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')),
            "{name}"
        );
    }
    let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
}

#[test]
fn another_sentence_renames_nothing() {
    let pods = [pod("web", "app: web"), pod("api", "app: api, tier: back")];
    let few = build("namespace shop locked;\nshop/web may reach namespace shop[tier=back]:80;\n", &pods);
    let more = build(
        "namespace shop locked;\nshop/web may reach namespace shop[tier=back]:80;\nshop/api may reach shop/web:80;\nnamespace shop[tier=back] may reach shop/api:80;\n",
        &pods,
    );
    let more = names(&more);
    for name in names(&few) {
        assert!(more.contains(&name), "{name} is not among {more:?}");
    }
}

#[test]
fn values_that_yaml_reads_otherwise_are_quoted() {
    let values = ["yes", "on", "no", "1_000", "2024-01-01", "1e3", "0x1f", "true", "null", "1.10", "y"];
    let pods: Vec<String> =
        values.iter().enumerate().map(|(at, v)| pod(&format!("p{at}"), &format!("app: \"{v}\""))).collect();
    let mut program = String::from("namespace shop locked;\n");
    for value in values {
        program += &format!("namespace shop[app={value}] may reach namespace shop[app={value}]:80;\n");
    }
    let built = build(&program, &pods);
    // The evaluator types scalars as kubectl does, and refuses labels that are no text.
    harness::judge(&built, &built.inventory).assert_equal("odd values", &built);
}

#[test]
fn a_comment_changes_no_byte() {
    let pods = [pod("web", "app: web"), pod("api", "app: api")];
    let plain = build("namespace shop locked;\nshop/web may reach shop/api:80;\n", &pods);
    let commented =
        build("# why\n\n\nnamespace   shop locked; # here\n  shop/web may reach\n  shop/api : 80;\n", &pods);
    assert_eq!(plain.yaml(), commented.yaml());
}

/// Endpoints without ports tell nothing of the API server's port: no list of ports may come out empty, for an empty
/// one means all of them.
#[test]
fn an_api_server_without_ports_opens_nothing() {
    let kubernetes = "apiVersion: v1
kind: Service
metadata: { name: kubernetes, namespace: default }
spec: { ports: [{ name: https, port: 443, targetPort: 6443 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: kubernetes, namespace: default, labels: { kubernetes.io/service-name: kubernetes } }
addressType: IPv4
endpoints: [{ addresses: [192.168.7.1] }]
";
    for port in ["", ":443"] {
        let program = format!("namespace shop locked;\nshop/web may reach apiserver{port};\n");
        let built = build(&program, &[pod("web", "app: web"), kubernetes.to_owned()]);
        assert_eq!(built.yaml, None);
        assert!(built.codes().contains(&weir::Code::E0210), "{}", built.rendered());
    }
}

/// What a cluster's store would not take is several objects, which say together what one would: every peer stands in
/// exactly one of them, and each closes what the whole closes.
#[test]
fn objects_stay_below_a_mebibyte() {
    const PEERS: usize = 40_000;
    let address = |at: usize| format!("198.{}.{}.{}", 18 + (at >> 15), (at >> 7) & 0xff, (at & 0x7f) << 1);
    let addresses: Vec<String> = (0..PEERS).map(address).collect();
    let program = format!("namespace shop locked;\n{} may reach shop/web:80;\n", addresses.join(",\n"));
    for target in [weir::Target::NetworkPolicy, weir::Target::Cilium, weir::Target::Calico] {
        let manifests = vec![("pods.yaml".to_owned(), pod("web", "app: web"))];
        let built =
            harness::build_in(&vec![("main.weir".to_owned(), program.clone())], &manifests, target, None);
        let documents: Vec<&str> = built.yaml().split("---\n").collect();
        assert!(documents.iter().all(|document| document.len() < 1 << 20), "{}", target.name());
        let named = |address: &String| built.yaml().matches(&format!("{address}/32")).count();
        for address in addresses.iter().step_by(997) {
            assert_eq!(named(address), 1, "{}: {address}", target.name());
        }
        let of_web = documents.iter().filter(|document| document.contains("/32"));
        assert!(of_web.clone().count() > 1, "{}", target.name());
        match target {
            weir::Target::NetworkPolicy => {
                assert!(of_web.clone().all(|part| part.contains("policyTypes:\n  - Ingress")));
            }
            weir::Target::Cilium => {
                assert!(of_web.clone().all(|part| part.contains("enableDefaultDeny:\n    ingress: true")));
            }
            _ => {}
        }
    }
}
