//! The published schemas, made as strict as `kubectl apply --validate=strict`: a field that no schema names is a
//! violation. They are read from a folder that is no part of the project. Rules in CEL are not evaluated: those that
//! they state are among the checkers.
#![allow(
    clippy::disallowed_methods,
    reason = "the schemas are files, and where they are says the environment"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};

use super::document;
use super::place::{Place, step};

/// Where the definitions of Kubernetes' own types lie.
const KUBERNETES: &str = "kubernetes/networkpolicy_networking_v1.openapi-v2.json";
const DEFINITIONS: &str = "#/definitions/";
const NETWORK_POLICY: &str = "io.k8s.api.networking.v1.NetworkPolicy";
const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Of each kind, the schemas that have to hold: what they are called, and their files.
type Files = &'static [(&'static str, &'static str)];
const KINDS: &[(&str, &str, Files)] = &[
    ("networking.k8s.io/v1", "NetworkPolicy", &[("Kubernetes 1.36", KUBERNETES)]),
    (
        "cilium.io/v2",
        "CiliumNetworkPolicy",
        &[
            ("Cilium 1.20", "cilium/ciliumnetworkpolicies.yaml"),
            ("Cilium 1.18", "cilium/v1.18.2-jsonschema/ciliumnetworkpolicy_v2.json"),
        ],
    ),
    (
        "cilium.io/v2",
        "CiliumClusterwideNetworkPolicy",
        &[
            ("Cilium 1.20", "cilium/ciliumclusterwidenetworkpolicies.yaml"),
            // The two kinds have one spec.
            ("Cilium 1.18", "cilium/v1.18.2-jsonschema/ciliumnetworkpolicy_v2.json"),
        ],
    ),
    ("cilium.io/v2", "CiliumCIDRGroup", &[("Cilium 1.20", "cilium/ciliumcidrgroups.yaml")]),
    (
        "projectcalico.org/v3",
        "NetworkPolicy",
        &[
            ("Calico 3.32", "calico/v3.32.1/projectcalico.org_networkpolicies.yaml"),
            ("Calico 3.33", "calico/main-87c15906/projectcalico.org_networkpolicies.yaml"),
        ],
    ),
    (
        "projectcalico.org/v3",
        "GlobalNetworkPolicy",
        &[
            ("Calico 3.32", "calico/v3.32.1/projectcalico.org_globalnetworkpolicies.yaml"),
            ("Calico 3.33", "calico/main-87c15906/projectcalico.org_globalnetworkpolicies.yaml"),
        ],
    ),
    (
        "projectcalico.org/v3",
        "NetworkSet",
        &[
            ("Calico 3.32", "calico/v3.32.1/projectcalico.org_networksets.yaml"),
            ("Calico 3.33", "calico/main-87c15906/projectcalico.org_networksets.yaml"),
        ],
    ),
    (
        "projectcalico.org/v3",
        "GlobalNetworkSet",
        &[
            ("Calico 3.32", "calico/v3.32.1/projectcalico.org_globalnetworksets.yaml"),
            ("Calico 3.33", "calico/main-87c15906/projectcalico.org_globalnetworksets.yaml"),
        ],
    ),
    (
        "projectcalico.org/v3",
        "Tier",
        &[
            ("Calico 3.32", "calico/v3.32.1/projectcalico.org_tiers.yaml"),
            ("Calico 3.33", "calico/main-87c15906/projectcalico.org_tiers.yaml"),
        ],
    ),
    (
        "policy.networking.k8s.io/v1alpha2",
        "ClusterNetworkPolicy",
        &[(
            "network-policy-api 0.2.0",
            "network-policy-api/v0.2.0/standard/policy.networking.k8s.io_clusternetworkpolicies.yaml",
        )],
    ),
];

/// The schemas of one kind, made when its first object comes.
struct Kind {
    files: Files,
    made: OnceLock<Vec<Named>>,
}

/// A schema with its name.
type Named = (&'static str, Validator);

pub struct Schemas {
    folder: PathBuf,
    kinds: BTreeMap<(&'static str, &'static str), Kind>,
}

impl Schemas {
    /// Those of the folder that `WEIR_CRDS` names; where it names none, that is said once.
    pub fn of_environment() -> Option<&'static Schemas> {
        static SCHEMAS: OnceLock<Option<Schemas>> = OnceLock::new();
        let read = || match std::env::var_os("WEIR_CRDS") {
            Some(folder) => Some(Schemas::of(folder)),
            None => {
                eprintln!("skipped: WEIR_CRDS names no folder with the schemas of policies");
                None
            }
        };
        SCHEMAS.get_or_init(read).as_ref()
    }

    pub fn of(folder: impl AsRef<Path>) -> Schemas {
        let folder = folder.as_ref().to_owned();
        assert!(folder.join(KUBERNETES).is_file(), "{} holds no schemas", folder.display());
        let kind = |files| Kind { files, made: OnceLock::new() };
        let kinds = KINDS.iter().map(|(version, name, files)| ((*version, *name), kind(*files)));
        Schemas { folder, kinds: kinds.collect() }
    }

    pub(super) fn check(&self, object: &Place) {
        let key = (object.object.api_version.as_str(), object.object.kind.as_str());
        let Some(Kind { files, made }) = self.kinds.get(&key) else { return };
        let made = made.get_or_init(|| self.make(key.0, key.1, files));
        for (name, validator) in made {
            for error in validator.iter_errors(object.value) {
                let path = path(object.value, error.instance_path().as_str());
                object.says_at(&path, format!("{} (schema of {name})", error.masked()));
            }
        }
    }

    fn make(&self, version: &str, kind: &str, files: Files) -> Vec<Named> {
        let mut definitions = self.read(KUBERNETES)["definitions"].take();
        definitions.as_object_mut().into_iter().flatten().for_each(|(_, schema)| strict(schema));
        let make = |(name, file): &(&'static str, &str)| {
            let root = match self.read(file) {
                _ if *file == KUBERNETES => definitions[NETWORK_POLICY].clone(),
                mut definition if file.ends_with(".yaml") => {
                    let versions = definition["spec"]["versions"].as_array_mut().into_iter().flatten();
                    let wanted = version.split('/').nth(1);
                    let mut fitting = versions.filter(|one| one["name"].as_str() == wanted);
                    let found = fitting.next().unwrap_or_else(|| panic!("{file} has no {version}"));
                    found["schema"]["openAPIV3Schema"].take()
                }
                schema => schema,
            };
            (*name, compile(root, version, kind, &definitions))
        };
        files.iter().map(make).collect()
    }

    fn read(&self, file: &str) -> Value {
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if file.ends_with(".json") {
            return serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        let mut documents = document::read(&text).documents;
        documents.pop().unwrap_or_else(|| panic!("{} is empty", path.display()))
    }
}

fn compile(mut root: Value, version: &str, kind: &str, definitions: &Value) -> Validator {
    strict(&mut root);
    root["properties"]["apiVersion"] = json!({ "const": version });
    root["properties"]["kind"] = json!({ "const": kind });
    root["properties"]["metadata"] = json!({ "$ref": format!("{DEFINITIONS}{OBJECT_META}") });
    let mut required = vec![json!("apiVersion"), json!("kind"), json!("metadata")];
    let own = root["required"].as_array().into_iter().flatten().filter(|one| *one != "metadata");
    required.extend(own.cloned());
    root["required"] = Value::Array(required);
    root["definitions"] = definitions.clone();
    let options = jsonschema::options().with_draft(Draft::Draft7);
    let options = options.with_pattern_options(PatternOptions::regex());
    options.build(&root).unwrap_or_else(|error| panic!("the schema of {kind}: {error}"))
}

/// Makes a schema of OpenAPI one of JSON Schema that takes no unknown fields.
fn strict(schema: &mut Value) {
    let Value::Object(fields) = schema else { return };
    let is_true = |fields: &Map<String, Value>, key: &str| fields.get(key) == Some(&Value::Bool(true));
    let either = fields.get("format").is_some_and(|format| format == "int-or-string");
    if either || is_true(fields, "x-kubernetes-int-or-string") {
        fields.insert("type".to_owned(), json!(["integer", "string"]));
    }
    if is_true(fields, "nullable")
        && let Some(kind) = fields.get("type").filter(|kind| kind.is_string()).cloned()
    {
        fields.insert("type".to_owned(), json!([kind, "null"]));
    }
    // As JavaScript spells it.
    if let Some(Value::String(pattern)) = fields.get_mut("pattern") {
        *pattern = pattern.replace("\\PC", "\\P{C}");
    }
    let closed = fields.contains_key("properties")
        && !fields.contains_key("additionalProperties")
        && !is_true(fields, "x-kubernetes-preserve-unknown-fields");
    if closed {
        fields.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    if fields.get("x-kubernetes-list-type").is_some_and(|kind| kind == "set") {
        fields.insert("uniqueItems".to_owned(), Value::Bool(true));
    }
    // Not what stands under `anyOf` and its like: that repeats some of the fields, and adds none.
    fields.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten().for_each(
        |(_, field)| {
            strict(field);
        },
    );
    for below in ["items", "additionalProperties"] {
        fields.get_mut(below).into_iter().for_each(strict);
    }
}

/// A JSON pointer as the checkers write paths.
fn path(mut value: &Value, pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        let (text, next) = match value {
            Value::Array(items) => {
                (format!("[{part}]"), part.parse().ok().and_then(|at: usize| items.get(at)))
            }
            _ => (step(&part), value.get(&part)),
        };
        path += &text;
        value = next.unwrap_or(&Value::Null);
    }
    path
}
