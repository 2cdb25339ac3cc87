//! The target calico: every case and example is built in each of its forms, and what is emitted is valid; what a form
//! cannot keep is refused.

use weir::cni::Version;
use weir::project::Stated;
use weir::source::{FileId, Place};
use weir::target::{CalicoKind, Options};
use weir::{Cluster, Code, Project, Target};
use weir_grammar::Span;
use weir_tests::validity::{self, Schemas};

use crate::harness::{self, Built, Texts};

const NAMESPACED: Options = Options { calico: CalicoKind::Namespaced, priorities: (100, 899) };

/// A Calico before 3.29, as its `weir.toml` tells.
fn without_tiers(program: &Texts, manifests: &Texts) -> Built {
    let place = Place { file: FileId(0), span: Span::new(0, 0) };
    let mut cluster = Cluster { name: "old".to_owned(), ..Cluster::default() };
    cluster.cni.version = Version::parse("3.28").map(|value| Stated { value, place });
    let project = Project { clusters: vec![cluster], ..Project::default() };
    let setting = Some((&project, &project.clusters[0]));
    harness::build_in(program, manifests, Target::Calico, setting)
}

fn namespaced(program: &Texts, manifests: &Texts) -> Built {
    harness::build_as(program, manifests, Target::Calico, NAMESPACED, None)
}

fn tiered(program: &Texts, manifests: &Texts) -> Built {
    harness::build_in(program, manifests, Target::Calico, None)
}

fn town() -> Texts {
    harness::texts(&[harness::cases().join("inventory.yaml")])
}

fn program(text: &str) -> Texts {
    vec![("page.weir".to_owned(), text.to_owned())]
}

#[test]
fn whatever_is_emitted_is_valid() {
    let mut built = 0;
    let areas = harness::entries(harness::cases()).into_iter().filter(|path| path.is_dir());
    for folder in areas.flat_map(harness::entries).filter(|path| path.join("program.weir").exists()) {
        let program = harness::programs(&folder);
        let own = folder.join("inventory.yaml");
        let manifests = if own.exists() { harness::texts(&[own]) } else { town() };
        for (form, build) in [
            ("tiered", tiered as fn(&Texts, &Texts) -> Built),
            ("without tiers", without_tiers),
            ("namespaced", namespaced),
        ] {
            let Some(yaml) = build(&program, &manifests).yaml else { continue };
            built += 1;
            let wrong = validity::check(&yaml, Schemas::of_environment());
            let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            assert!(wrong.is_empty(), "{}, {form}:\n{}\n{yaml}", folder.display(), wrong.join("\n"));
        }
    }
    assert!(built > 100, "{built}");
}

/// In the tier that every cluster has, a policy that selects a pod closes it: nothing can be denied to one that is open.
#[test]
fn only_an_own_tier_denies() {
    let promise = program("shop/web must not reach data/db;\n");
    assert_eq!(tiered(&promise, &town()).codes(), []);
    for build in [without_tiers, namespaced] {
        assert_eq!(build(&promise, &town()).codes(), [Code::E0505]);
        let kept = program("shop/web must not reach data/db;\nnamespace data locked for ingress;\n");
        let built = build(&kept, &town());
        let yaml = built.yaml();
        assert!(
            !yaml.contains("kind: Tier") && yaml.contains("tier: default") && !yaml.contains("weir.deny")
        );
    }
}

#[test]
fn a_service_account_without_a_label_is_refused() {
    let account = "a".repeat(63);
    let pod = format!(
        "kind: Pod\napiVersion: v1\nmetadata: {{ name: x, namespace: x, labels: {{ app: x }} }}\nspec: {{ serviceAccountName: {account} }}\n"
    );
    let manifests = vec![("pod.yaml".to_owned(), pod)];
    let built = tiered(&program(&format!("serviceaccount x/{account} locked;\n")), &manifests);
    assert!(built.codes().contains(&Code::E0403), "{}", built.rendered());
}
