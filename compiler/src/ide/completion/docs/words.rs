//! What the words of the language say, each with an example.

/// Words, what they say, and an example.
pub const WORDS: &[(&[&str], &str, &str)] = &[
    (
        &["may reach", "reach"],
        "A grant: every source may reach every destination. It never guards.",
        "shop/web may reach shop/api:80;",
    ),
    (
        &["may only reach", "only reach"],
        "Guards the subject for egress and grants the flow; any other grant out of it is an error.",
        "shop/worker may only reach data/orders:5432;",
    ),
    (
        &["must not reach", "not reach"],
        "A guardrail: no such flow is permitted by the whole program. It grants and guards nothing.",
        "shop/web must not reach namespace data;",
    ),
    (
        &["must reach"],
        "A guardrail: every one of these flows is permitted by the whole program.",
        "shop/api must reach data/orders:5432;",
    ),
    (&["may ping", "ping"], "Grants ICMP echo. It has no ports.", "ops/prometheus may ping namespace shop;"),
    (
        &["reaches"],
        "Of a test: every source reaches every destination on every port named.",
        "shop/api reaches data/orders:5432;",
    ),
    (
        &["cannot reach"],
        "Of a test: no flow passes at all; with ports, none on these.",
        "shop/web cannot reach data/orders;",
    ),
    (
        &["isolated"],
        "Guards both ways, and lets the members reach each other freely.",
        "namespace data isolated;",
    ),
    (
        &["locked"],
        "Guards both ways and grants nothing: the pods do not reach each other either. DNS still works.",
        "namespace shop locked;",
    ),
    (
        &["open"],
        "Says that pods are meant to be unguarded. It is an error if anything guards them.",
        "namespace ops open;",
    ),
    (&["for ingress", "ingress"], "Guards what enters alone.", "namespace data locked for ingress;"),
    (&["for egress", "egress"], "Guards what leaves alone.", "namespace shop locked for egress;"),
    (
        &["on"],
        "Several ports, or ranges, of all objects.",
        "ops/prometheus may reach shop/web, shop/api on metrics, 9000-9100;",
    ),
    (
        &["over http", "http"],
        "Narrows a grant to these requests. `*` is any run of characters but `?`; the query is not matched.",
        "shop/web may reach shop/api:80 over http GET \"/v1/*\";",
    ),
    (
        &["because"],
        "The reason, kept in the annotations of the objects.",
        "shop/web may reach shop/api:80 because \"WEB-12: catalogue\";",
    ),
    (
        &["if present", "present"],
        "What matches nothing is nobody; the rest of the sentence holds. A guard is never dropped.",
        "shop/web, shop/mobile may reach shop/checkout:8443 if present;",
    ),
    (
        &["even if absent", "if absent", "absent"],
        "Compiled although nothing matches today, and for ports that nobody declares.",
        "namespace shop[app=reports] may reach shop/api:80 even if absent;",
    ),
    (
        &["until"],
        "The first day, in UTC, on which the grant no longer counts.",
        "shop/worker may reach shop/api:80 until 2027-01-31;",
    ),
    (
        &["except"],
        "Those of the first set that are not in the second.",
        "anyone except back may reach shop/api:80;",
    ),
    (
        &["in"],
        "Those of the first set that are in the second, too.",
        "namespaces[team=platform] in anyone[app=backup] may reach data/orders:5432;",
    ),
    (&["in ("], "The label has one of these values.", "namespace shop[tier in (front, edge)] locked;"),
    (
        &["notin"],
        "The label has none of these values, or is not there.",
        "namespace shop[tier notin (front, edge)] locked;",
    ),
    (
        &["by"],
        "A partition: one part for each value of a namespace label. It stands behind `each`.",
        "let team = namespaces by team;\neach team isolated;",
    ),
    (&["anyone"], "Every pod that policies can govern.", "anyone except kube-system locked for ingress;"),
    (
        &["pods"],
        "The pods of the enclosing block's namespace, else of the cluster.",
        "in namespace shop {\n    pods locked;\n}",
    ),
    (&["nodes"], "The cluster's nodes.", "nodes may reach shop/web:8080;"),
    (&["apiserver"], "The cluster's API server.", "ops/backup may reach apiserver;"),
    (&["dns"], "The cluster's DNS, with port 53 unless others are named.", "namespace shop may reach dns;"),
    (
        &["internet"],
        "Every address that is not private, shared, loopback, link-local, multicast or reserved, nor the cluster's.",
        "internet may reach shop/web:80;",
    ),
    (
        &["anywhere"],
        "Every pod, node and address.",
        "shop/web must not reach anywhere except (shop/api, dns);",
    ),
    (&["namespace"], "All pods of a namespace.", "namespace shop locked;"),
    (
        &["namespaces"],
        "The pods of the namespaces with these labels.",
        "namespaces[team=platform] may reach shop/api:80;",
    ),
    (
        &["workload", "service", "deployment", "statefulset", "daemonset", "job", "cronjob", "pod"],
        "A thing by its name and kind, where the name alone could be several.",
        "statefulset data/orders locked;",
    ),
    (
        &["serviceaccount"],
        "The pods that run as this service account.",
        "serviceaccount shop/api may reach data/orders:5432;",
    ),
    (
        &["weir"],
        "Allows a lint for one statement: the one behind the comment in its line, or the next one.",
        "# weir: allow(grant-without-port) because \"any port\"\nshop/web may reach shop/api;",
    ),
];

/// Statements by their first word, what they say, and an example.
pub const STATEMENTS: &[(&str, &str, &str)] = &[
    (
        "let",
        "Names a set: the thing itself, with its ports. The whole file sees it; with `export`, files that `use` this one.",
        "let back = shop/api, shop/worker;",
    ),
    (
        "use",
        "Brings the names that a module exports. It stands at the top of a file, outside of blocks.",
        "use common.nets;",
    ),
    (
        "namespace",
        "Bare names are looked up in that namespace, and `pods` are its pods.",
        "in namespace shop {\n    pods locked;\n    web may reach api:80;\n}",
    ),
    (
        "each",
        "For each of the namespaces by itself, with its own names.",
        "each namespaces[team=platform] isolated;\nin each team-* {\n    web may reach db:5432;\n}",
    ),
    (
        "cluster",
        "Holds in that cluster of the project alone.",
        "in cluster prod-eu {\n    internet may reach shop/web:80;\n}",
    ),
    (
        "clusters",
        "Holds in those clusters of the project that have these labels.",
        "in clusters[env=staging] {\n    203.0.113.0/24 may reach shop/web:80;\n}",
    ),
    (
        "policy",
        "A template. `apply` writes its sentences down with the arguments in the places of the parameters.",
        "policy reached(back, port) {\n    shop/web may reach back:port;\n}",
    ),
    ("apply", "Writes down the sentences of a policy.", "apply reached(shop/api, 80);"),
    (
        "test",
        "Says what has to hold. It is checked, and it is part of no output.",
        "test \"orders\" {\n    shop/api reaches data/orders:5432;\n    shop/web cannot reach data/orders;\n}",
    ),
    (
        "only",
        "Guards the object for ingress, on every port, and grants the flow. Another grant of it is an error.",
        "only shop/api may reach data/orders:5432;",
    ),
];
