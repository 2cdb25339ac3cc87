//! Real manifests, where `WEIR_CORPORA` names the folder that holds them: none of them is part of the project.

use std::path::{Path, PathBuf};

use weir::Code;
use weir_cluster::flow::Point;

use crate::harness::{self, Built, Judgement};

/// The folder of one corpus; says that it is skipped where there is none.
pub fn corpus(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("WEIR_CORPORA").map(|folder| PathBuf::from(folder).join(name));
    let found = folder.filter(|folder| folder.exists());
    if found.is_none() {
        println!("skipped: WEIR_CORPORA names no folder with `{name}`");
    }
    found
}

fn build(manifest: &Path, program: &str) -> Built {
    harness::build(
        &vec![("program.weir".to_owned(), program.to_owned())],
        &harness::texts(&[manifest.to_path_buf()]),
    )
}

/// The flows that end at a workload: sources and ports, sorted; addresses are summed up.
fn into(built: &Built, judgement: &Judgement, workload: &str) -> Vec<String> {
    let inventory = &built.inventory;
    let name = |point: &Point| match point {
        Point::Pod(pod) => match pod.class {
            Some(class) => {
                inventory.workloads[inventory.classes[class.index()].workload.index()].name.to_string()
            }
            None => format!("{}/*", pod.namespace),
        },
        Point::Address(_) => "addresses".to_owned(),
    };
    let mut flows = Vec::new();
    for row in judgement.permitted.boxes() {
        for destination in &row.destinations {
            if name(&judgement.space.points[destination as usize]) != workload {
                continue;
            }
            for source in &row.sources {
                for port in &row.ports {
                    let port = judgement.space.ports.atom(port as usize);
                    let source = name(&judgement.space.points[source as usize]);
                    flows.push(format!("{source} {:?} {}-{}", port.protocol, port.first, port.last));
                }
            }
        }
    }
    flows.sort();
    flows.dedup();
    flows
}

const BOUTIQUE: &str = r#"
namespace default locked;
internet, loadgenerator may reach frontend:80;
loadgenerator, checkoutservice, frontend may reach currencyservice:7000;
frontend may reach adservice:9555, cartservice:7070, checkoutservice:5050, productcatalogservice:3550, recommendationservice:8080, shippingservice:50051;
checkoutservice may reach cartservice:7070, emailservice:5000, paymentservice:50051, productcatalogservice:3550, shippingservice:50051;
recommendationservice may reach productcatalogservice:3550;
cartservice may reach redis-cart:6379 because "the cart lives in Redis";
"#;

#[test]
fn online_boutique_opens_exactly_what_is_said() {
    let Some(folder) = corpus("online-boutique") else { return };
    let manifest = folder.join("manifests.yaml");
    let built = build(&manifest, BOUTIQUE);
    let judgement = harness::judge(&built, &built.inventory);
    judgement.assert_equal("online-boutique", &built);
    let tcp = |sources: &[&str], port: u16| -> Vec<String> {
        sources.iter().map(|source| format!("{source} Tcp {port}-{port}")).collect()
    };
    let expected: &[(&str, &[&str], u16)] = &[
        ("frontend", &["addresses", "loadgenerator"], 8080),
        ("currencyservice", &["checkoutservice", "frontend", "loadgenerator"], 7000),
        ("adservice", &["frontend"], 9555),
        ("cartservice", &["checkoutservice", "frontend"], 7070),
        ("checkoutservice", &["frontend"], 5050),
        ("productcatalogservice", &["checkoutservice", "frontend", "recommendationservice"], 3550),
        ("recommendationservice", &["frontend"], 8080),
        ("shippingservice", &["checkoutservice", "frontend"], 50051),
        ("emailservice", &["checkoutservice"], 8080),
        ("paymentservice", &["checkoutservice"], 50051),
        ("redis-cart", &["cartservice"], 6379),
        ("loadgenerator", &[], 1),
    ];
    for (workload, sources, port) in expected {
        assert_eq!(into(&built, &judgement, workload), tcp(sources, *port), "into {workload}");
    }
}

#[test]
fn online_boutique_mistakes_have_their_own_errors() {
    let Some(folder) = corpus("online-boutique") else { return };
    let manifest = folder.join("manifests.yaml");
    let said = |from: &str, to: &str| build(&manifest, &BOUTIQUE.replace(from, to));
    let port = said("emailservice:5000", "emailservice:5001");
    assert!(port.codes().contains(&Code::E0304), "{}", port.rendered());
    assert!(port.rendered().contains("`5000`"), "{}", port.rendered());
    let name = said("emailservice:5000", "emailservise:5000");
    assert!(name.codes().contains(&Code::E0201), "{}", name.rendered());
    assert!(name.rendered().contains("did you mean `emailservice`?"), "{}", name.rendered());
    let twice = format!(
        "{}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{ name: frontend, namespace: other, labels: {{ app: x }} }}\nspec: {{ containers: [] }}\n",
        harness::read(&manifest)
    );
    let shared = harness::build(
        &vec![("program.weir".to_owned(), BOUTIQUE.to_owned())],
        &vec![("twice.yaml".to_owned(), twice)],
    );
    assert!(shared.codes().contains(&Code::E0202), "{}", shared.rendered());
    assert!(shared.rendered().contains("`default/frontend` or `other/frontend`"), "{}", shared.rendered());
}

#[test]
fn sock_shop() {
    let Some(folder) = corpus("sock-shop") else { return };
    let built = build(
        &folder.join("manifests.yaml"),
        r#"
        in namespace sock-shop {
            pods locked;
            internet may reach front-end:80;
            front-end may reach carts:80, catalogue:80, orders:80, user:80;
            orders may reach carts:80, payment:80, shipping:80, user:80;
            carts may reach carts-db:27017;
            orders may reach orders-db:27017;
            user may reach user-db:27017;
            catalogue may reach catalogue-db:3306;
            shipping, queue-master may reach rabbitmq:5672;
        }
        "#,
    );
    let judgement = harness::judge(&built, &built.inventory);
    judgement.assert_equal("sock-shop", &built);
    // The service's port 80 is 8079 on the pods.
    assert_eq!(into(&built, &judgement, "front-end"), ["addresses Tcp 8079-8079"]);
    assert_eq!(into(&built, &judgement, "catalogue-db"), ["catalogue Tcp 3306-3306"]);
}

#[test]
fn argo_cd() {
    let Some(folder) = corpus("argo-cd") else { return };
    let built = build(
        &folder.join("install.yaml"),
        r#"
        namespace default locked for ingress;
        argocd-server, argocd-application-controller, argocd-applicationset-controller, argocd-notifications-controller
            may reach argocd-repo-server:server;
        argocd-server, argocd-repo-server, argocd-application-controller may reach argocd-redis:6379;
        anyone may reach argocd-server:https because "people come in here";
        "#,
    );
    assert!(built.yaml.is_some(), "{}", built.rendered());
    harness::judge(&built, &built.inventory).assert_equal("argo-cd", &built);
    // Six of its own seven policies admit more than this; that of Redis admits what is granted.
    assert_eq!(built.codes(), [Code::W0129; 6], "{}", built.rendered());
    for name in ["application-controller", "applicationset-controller", "dex-server", "server"] {
        let told = format!("`default/argocd-{name}-network-policy`, widens this guard");
        assert!(built.rendered().contains(&told), "{told}\n{}", built.rendered());
    }
}

#[test]
fn argo_cd_opens_by_itself_what_must_not_be() {
    let Some(folder) = corpus("argo-cd") else { return };
    let built = build(
        &folder.join("install.yaml"),
        r#"
        namespace default locked for ingress;
        argocd-notifications-controller must not reach argocd-repo-server:server;
        only argocd-server may reach argocd-redis:6379;
        argocd-server must reach argocd-redis:6379;
        "#,
    );
    let errors: Vec<Code> = built.codes().into_iter().filter(|code| code.name().starts_with('E')).collect();
    assert_eq!(errors, [Code::E0509; 2], "{}", built.rendered());
    let witness = "`default/argocd-notifications-controller` reaches";
    assert!(built.rendered().contains(witness), "{}", built.rendered());
}
