//! Policies of others of every format, beside a program on each target: what is said of them. A folder a target below
//! `cases/others`, and in it one a case, which adds its policies to the cluster that all of them share.

use weir::target::{CalicoKind, Options};
use weir::{Code, Target};

use crate::harness;

#[test]
fn policies_of_others() {
    let area = harness::cases().join("others");
    let mut seen = 0;
    for target in Target::ALL {
        let folders = harness::entries(area.join(target.name())).into_iter().filter(|path| path.is_dir());
        for folder in folders {
            seen += 1;
            let program = harness::texts(&[folder.join("program.weir")]);
            let manifests = harness::texts(&[area.join("inventory.yaml"), folder.join("others.yaml")]);
            let built = harness::build_in(&program, &manifests, *target, None);
            let mut others = built.diagnostics.clone();
            let of_others =
                |code| matches!(code, Code::E0509 | Code::E0510 | Code::W0129 | Code::W0130 | Code::W0137);
            others.retain(|said| of_others(said.code));
            let rendered = weir::diagnostic::render::render(&built.sources, &others, false);
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(&folder);
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| insta::assert_snapshot!("said.txt", rendered));
        }
    }
    assert!(seen > 8, "cases are found");
}

/// Without a tier of their own Weir's policies on Calico are still asked before those of Kubernetes: what these would
/// open stays closed.
#[test]
fn what_comes_later_on_calico_opens_nothing() {
    let area = harness::cases().join("others");
    let program = vec![("shop.weir".to_owned(), "namespace shop locked for ingress;\n".to_owned())];
    let open = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: open, namespace: shop }
spec: { podSelector: {}, policyTypes: [Ingress], ingress: [{}] }
";
    let mut manifests = harness::texts(&[area.join("inventory.yaml")]);
    manifests.push(("open.yaml".to_owned(), open.to_owned()));
    let namespaced = Options { calico: CalicoKind::Namespaced, ..Options::default() };
    for (target, options, widens) in [
        (Target::NetworkPolicy, Options::default(), true),
        (Target::Calico, Options::default(), false),
        (Target::Calico, namespaced, false),
    ] {
        let built = harness::build_as(&program, &manifests, target, options, None);
        assert_eq!(built.codes().contains(&Code::W0129), widens, "{}\n{}", target.name(), built.rendered());
    }
}
