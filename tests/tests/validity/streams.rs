//! What is wrong with any object: YAML that readers disagree about, unknown kinds, names, labels, sizes.

use super::{Bad, cilium, object};

fn named(metadata: &str) -> String {
    object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        metadata,
        "spec: {podSelector: {}, policyTypes: [Ingress]}",
    )
}

pub fn good() -> Vec<String> {
    vec![
        String::new(),
        "# nothing\n---\n---\n".to_owned(),
        "kind: Kustomization\nresources: [yes]\n".replace("yes", "a.yaml"),
        named(
            "{name: a.b-c, namespace: shop, labels: {example.com/a: B_c.d, e: \"\"}, annotations: {A.b/C: x}}",
        ),
    ]
}

pub fn bad() -> Vec<Bad> {
    let plain = named("{name: a, namespace: shop}");
    vec![
        ("a: [\n".to_owned(), ": this is no YAML: unclosed bracket '['"),
        ("kind: Kustomization\na: yes\n".to_owned(), ": `yes` is read differently by different readers"),
        ("kind: Kustomization\na: &x 1\nb: *x\n".to_owned(), ": an anchor or a tag\n: an alias"),
        ("kind: Kustomization\na: 1\na: 2\n".to_owned(), ": the key `a` stands here twice"),
        ("kind: Kustomization\n8: 1\n".to_owned(), ": the key `8` is no text"),
        ("apiVersion: v1\nkind: Pod\n".to_owned(), ": `Pod` of `v1` is no policy that is known here"),
        (
            "apiVersion: cilium.io/v2\nkind: NetworkPolicy\n".to_owned(),
            ": `NetworkPolicy` of `cilium.io/v2` is no policy that is known here",
        ),
        (format!("{plain}---\n{plain}"), ": an object of this kind and name stands in the stream already"),
        (
            plain.replace("podSelector: {}", "podSelector: {}, egress:"),
            "spec.egress: `policyTypes` leaves out `Egress`, and with it these rules\nspec.egress: nothing stands here\nspec.egress: this has to be a list",
        ),
        (plain.replace("spec:", "status: {}\nspec:"), "status: a field that is unknown here"),
        (
            plain.replace("{podSelector: {}, policyTypes: [Ingress]}", "[]"),
            "spec: `podSelector` is missing\nspec: `policyTypes` is missing\nspec: this has to be a map",
        ),
        (named("{name: a, namespace: shop, uid: a}"), "metadata.uid: a field that is unknown here"),
        (
            named("{name: A, namespace: shop}"),
            "metadata.name: a name is a DNS subdomain of at most 253 characters",
        ),
        (
            named(&format!("{{name: {}, namespace: shop}}", "a".repeat(254))),
            "metadata.name: a name is a DNS subdomain of at most 253 characters",
        ),
        (named("{name: 1, namespace: shop}"), "metadata.name: this has to be text"),
        (named("{namespace: shop}"), "metadata: `name` is missing"),
        (named("{name: a}"), "metadata: `namespace` is missing"),
        (
            named("{name: a, namespace: a.b}"),
            "metadata.namespace: a namespace is a DNS label of at most 63 characters",
        ),
        (
            named("{name: a, namespace: shop, labels: {-a: b}}"),
            "metadata.labels.-a: `-a` is no key of a label",
        ),
        (
            named(&format!("{{name: a, namespace: shop, labels: {{a: {}}}}}", "b".repeat(64))),
            "metadata.labels.a: this is no value of a label",
        ),
        (named("{name: a, namespace: shop, labels: {a: true}}"), "metadata.labels.a: this has to be text"),
        (
            named("{name: a, namespace: shop, annotations: {a/b/c: b}}"),
            "metadata.annotations[\"a/b/c\"]: `a/b/c` is no key of an annotation",
        ),
        (
            named(&format!("{{name: a, namespace: shop, annotations: {{a: {}}}}}", "b".repeat(256 << 10))),
            "metadata.annotations: 262145 bytes of annotations, the most is 262144",
        ),
        (
            cilium::policy(&format!("ingress: [{{}}]\n  description: {}", "a".repeat(1 << 20))),
            ": the object has 1048791 bytes, more than 1 MiB",
        ),
    ]
}
