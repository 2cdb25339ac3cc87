//! `[clusters.x.cni]`: the network plugin of a cluster and its switches. Each key says one fact.

use super::{DeTable, DeValue, Reader, Value, kind};
use crate::cni::{CidrMatch, Mode, Plugin, Switch, Version};
use crate::diagnostic::{listed, printable, shortened};
use crate::project::keys::{CNI, Key};
use crate::project::{CniTable, Stated};

/// What Cilium can be chained onto.
const CHAINING: &[&str] = &["none", "aws-cni", "flannel", "generic-veth", "portmap"];

impl<'t> Reader<'t> {
    pub(super) fn cni(&mut self, table: &DeTable<'t>, path: &str) -> CniTable {
        let mut cni = CniTable::default();
        for (key, value) in table {
            let Some(name) = self.known(key, &CNI, path, value) else { continue };
            let place = self.place(value.span());
            let key = CNI.key(name);
            match name {
                "name" => {
                    let names: Vec<&str> = Plugin::ALL.iter().map(|plugin| plugin.name()).collect();
                    let plugin = self.choice(value, name, key, &names).and_then(Plugin::parse);
                    cni.name = plugin.map(|value| Stated { value, place });
                }
                "version" => cni.version = self.version(value, key).map(|value| Stated { value, place }),
                "policy-cidr-match-mode" => {
                    cni.cidr_match = self.cidr_match(value).map(|value| Stated { value, place });
                }
                "chaining" => {
                    let mode = self.choice(value, name, key, CHAINING).map(str::to_owned);
                    cni.chaining = mode.map(|value| Stated { value, place });
                }
                "mode" => {
                    let names: Vec<&str> = Mode::ALL.iter().map(|mode| mode.name()).collect();
                    let mode = self.choice(value, name, key, &names).and_then(Mode::parse);
                    cni.mode = mode.map(|value| Stated { value, place });
                }
                "cluster-name" => {
                    cni.cluster_name = self.cluster_name(value, key).map(|value| Stated { value, place });
                }
                name => match (Switch::parse(name), value.get_ref()) {
                    (Some(switch), DeValue::Boolean(value)) => {
                        cni.switches.insert(switch, Stated { value: *value, place });
                    }
                    _ => self.mistyped(value, name, "`true` or `false`", key),
                },
            }
        }
        cni
    }

    /// One word of several.
    fn choice<'v>(
        &mut self,
        value: &'v Value<'t>,
        name: &str,
        key: Option<&Key>,
        words: &[&str],
    ) -> Option<&'v str> {
        let text = self.text(value, name, key)?;
        if words.contains(&text) {
            return Some(text);
        }
        let message = format!("`{name}` cannot be `{}`", shortened(&printable(text)));
        let all: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        self.unknown_word(value, text, message, words, format!("it is one of {}", all.join(", ")));
        None
    }

    fn version(&mut self, value: &Value<'t>, key: Option<&Key>) -> Option<Version> {
        let text = match value.get_ref() {
            DeValue::String(text) => text,
            DeValue::Integer(_) | DeValue::Float(_) => {
                let said = self.wrong(value.span(), "`version` has to be a text", "this is a number");
                let said = self.in_quotes(said, value);
                self.report(said);
                return None;
            }
            _ => {
                self.mistyped(value, "version", "a text", key);
                return None;
            }
        };
        let version = Version::parse(text);
        if version.is_none() {
            let word = shortened(&printable(text));
            let said = self.wrong(value.span(), format!("`{word}` is no version"), "begins with no number");
            self.report(said.with_help("write what the image's tag says, such as `version = \"1.18.2\"`"));
        }
        version
    }

    /// A list that may be empty: then ranges match neither.
    fn cidr_match(&mut self, value: &Value<'t>) -> Option<CidrMatch> {
        const NAME: &str = "policy-cidr-match-mode";
        let DeValue::Array(items) = value.get_ref() else {
            self.mistyped(value, NAME, "a list of texts", CNI.key(NAME));
            return None;
        };
        let mut matched = CidrMatch::default();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) if text == "nodes" => matched.nodes = true,
                DeValue::String(text) if text == "pods" => matched.pods = true,
                DeValue::String(text) => {
                    let word = shortened(&printable(text));
                    let said = self.wrong(item.span(), format!("`{NAME}` cannot list `{word}`"), "unknown");
                    self.report(said.with_help(format!("it lists {}", listed(&["nodes", "pods"], "and"))));
                }
                other => {
                    let label = format!("this is {}", kind(other));
                    let said = self.wrong(item.span(), format!("`{NAME}` is a list of texts"), label);
                    self.report(said);
                }
            }
        }
        Some(matched)
    }

    fn cluster_name(&mut self, value: &Value<'t>, key: Option<&Key>) -> Option<String> {
        let text = self.text(value, "cluster-name", key)?;
        let why = match weir_grammar::label::value_fault(text) {
            None if text.is_empty() => "an empty name".to_owned(),
            None => return Some(text.to_owned()),
            Some(_) => {
                "at most 63 letters, digits, `-`, `_` and `.`, a letter or digit at both ends".to_owned()
            }
        };
        let word = shortened(&printable(text));
        let said = self.wrong(value.span(), format!("`{word}` is no name of a cluster in a mesh"), why);
        self.report(said.with_help("write what `cluster-name` in Cilium's ConfigMap says"));
        None
    }
}
