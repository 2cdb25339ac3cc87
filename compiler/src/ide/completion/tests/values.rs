//! Labels and ports: of what stands before them, and of nothing else.

use super::*;

fn row(label: &str, detail: &str) -> (String, String) {
    (label.to_owned(), detail.to_owned())
}

#[test]
fn label_keys() {
    assert_eq!(rows("namespace shop[$0"), [row("app", "2 workloads"), row("tier", "2 workloads")]);
    assert_eq!(rows("db[$0]"), [row("app", "1 workload")]);
    assert_eq!(rows("data/db[!$0"), [row("app", "1 workload")]);
    assert_eq!(rows("namespace shop[tier=front, $0"), [row("app", "1 workload"), row("tier", "1 workload")]);
    assert_eq!(rows("namespace shop[tier=front][a$0"), [row("app", "1 workload")]);
    assert_eq!(rows("in namespace data { pods[$0 }"), [row("app", "1 workload")]);
    assert_eq!(labels("pods[k8$0"), ["k8s-app"]);
    assert_eq!(rows("let back = api, db;\nweb may reach (back)[$0")[0], row("app", "2 workloads"));
    assert_eq!(labels("policy p(a) { a[t$0 }"), ["tier"]);
    assert_eq!(labels("internet[$0"), [""; 0]);
}

#[test]
fn label_values() {
    assert_eq!(rows("namespace shop[app=$0"), [row("api", "1 workload"), row("web", "1 workload")]);
    assert_eq!(labels("namespace shop[app!=w$0]"), ["web"]);
    assert_eq!(labels("namespace shop[app in ($0"), ["api", "web"]);
    assert_eq!(labels("namespace shop[app in (api, $0)]"), ["web"]);
    assert_eq!(labels("namespace shop[tier=front, app=$0"), ["web"]);
    assert_eq!(labels("namespace shop[nothing=$0"), [""; 0]);
    assert_eq!(labels("namespace shop[app $0"), ["in", "notin"]);
    assert_eq!(item("namespace shop[app n$0", "notin").insert, "notin ($1)$0");
    assert_eq!(applied("namespace shop[app=w$0eb] locked;", "web"), "namespace shop[app=web] locked;\n");
}

#[test]
fn labels_of_namespaces() {
    let all = [
        row("kind", "2 namespaces"),
        row("team", "2 namespaces"),
        row("kubernetes.io/metadata.name", "4 namespaces"),
    ];
    assert_eq!(rows("namespaces[$0"), all);
    assert_eq!(rows("in each namespaces[$0"), all);
    assert_eq!(rows("namespaces[team=$0"), [row("storage", "1 namespace"), row("web", "1 namespace")]);
    assert_eq!(rows("namespaces[team=web, kind=$0"), [row("tenant", "1 namespace")]);
    assert_eq!(labels("let t = namespaces $0"), ["by"]);
    assert_eq!(labels("let t = namespaces by team$0"), ["team"]);
    // Behind the second bracket are those of pods.
    assert_eq!(labels("namespaces[team=web][$0"), ["app", "tier"]);
}

#[test]
fn running_pods_are_counted() {
    let pod = |at: u8| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{ name: p{at}, namespace: a, labels: {{ app: x, n: '{at}' }} }}\nspec: {{ containers: [{{ name: c, image: c }}] }}\nstatus: {{ podIP: 10.0.0.{at} }}\n---\n"
        )
    };
    let cluster = format!("-- cluster.yaml --\n{}{}{}-- main.weir --\n", pod(1), pod(2), pod(3));
    let found = rows(&format!("{cluster}namespace a[$0"));
    assert_eq!(found[0], row("app", "3 pods"));
    assert_eq!(rows(&format!("{cluster}namespace a[n=$0"))[0], row("1", "1 pod"));
}

#[test]
fn ports_of_services_and_workloads() {
    let web = [row("80", "→ 8080 http"), row("8080", "http"), row("http", "80 → 8080")];
    assert_eq!(rows("api may reach shop/web:$0"), web);
    assert_eq!(rows("api may reach shop/web on $0"), web);
    assert_eq!(rows("api may reach service shop/web:$0"), [web[0].clone(), web[2].clone()]);
    assert_eq!(rows("api may reach workload shop/web:$0"), [web[1].clone(), row("http", "8080")]);
    assert_eq!(labels("in namespace shop { api may reach web:8$0;"), ["80", "8080"]);
    assert_eq!(labels("a may reach shop/web:h$0"), ["http"]);
    let of_set = rows("prometheus may reach namespace shop[tier=back] on $0");
    assert_eq!(
        of_set,
        [row("3000", "http"), row("9090", "metrics"), row("http", "3000"), row("metrics", "9090")]
    );
    assert_eq!(labels("a may reach web, db on 5$0"), ["5432"]);
    assert_eq!(labels("a may reach web:80, db:$0"), ["5432", "postgres"]);
    assert_eq!(applied("a may reach db:5$0;", "5432"), "a may reach db:5432;\n");
}

#[test]
fn protocols_where_they_are_needed() {
    let dns = [row("53/tcp", "dns-tcp"), row("53/udp", "dns"), row("dns", "53/udp"), row("dns-tcp", "53")];
    assert_eq!(rows("web may reach kube-system/kube-dns:$0"), dns);
    assert_eq!(labels("web may reach dns:$0"), ["53/tcp", "53/udp"]);
    assert_eq!(labels("web may reach dns:53/u$0"), ["53/udp"]);
    assert_eq!(labels("web may reach db:99/$0"), ["99/tcp", "99/udp", "99/sctp"]);
    assert_eq!(labels("web may reach db:99 / $0"), ["tcp", "udp", "sctp"]);
}

#[test]
fn well_known_names_of_addresses() {
    assert_eq!(rows("web may reach internet:htt$0"), [row("http", "80"), row("https", "443")]);
    assert_eq!(labels("web may reach api.stripe.com:https$0"), ["https"]);
    assert_eq!(rows("web may reach 203.0.113.7 on dom$0")[0], row("domain", "53/tcp, 53/udp"));
    assert_eq!(labels("web may reach apiserver:$0"), [""; 0], "the inventory does not tell of it");
}
