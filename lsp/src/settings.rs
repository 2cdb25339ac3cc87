//! What the user set in the editor: the section `weir` of its configuration.

use serde::Deserialize;
use weir::Target;

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EditorSettings {
    /// Manifests for files outside of a project.
    pub inventory: Vec<String>,
    /// Where manifests name no namespace.
    pub namespace: String,
    /// For files outside of a project.
    pub target: Option<String>,
    /// Which cluster of a project names are looked up in.
    pub cluster: Option<String>,
    pub inlay_hints: HintSettings,
    pub code_lens: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct HintSettings {
    pub pods: bool,
    pub ports: bool,
}

impl Default for EditorSettings {
    fn default() -> EditorSettings {
        EditorSettings {
            inventory: Vec::new(),
            namespace: "default".to_owned(),
            target: None,
            cluster: None,
            inlay_hints: HintSettings::default(),
            code_lens: true,
        }
    }
}

impl Default for HintSettings {
    fn default() -> HintSettings {
        HintSettings { pods: true, ports: true }
    }
}

impl EditorSettings {
    /// What an editor sends, in a section of its own or bare. What cannot be understood is said, and left as it was.
    pub fn parse(value: &serde_json::Value) -> Result<EditorSettings, String> {
        let section = value.get("weir").unwrap_or(value);
        let mut section = section.clone();
        // Editors send `null` for what is not set.
        if let Some(table) = section.as_object_mut() {
            table.retain(|_, value| !value.is_null());
        }
        if section.is_null() {
            return Ok(EditorSettings::default());
        }
        let settings: EditorSettings = serde_json::from_value(section)
            .map_err(|error| format!("the settings `weir` cannot be read: {error}"))?;
        match &settings.target {
            Some(name) if Target::parse(name).is_none() => {
                let names: Vec<&str> = Target::ALL.iter().map(|target| target.name()).collect();
                Err(format!("`weir.target` is `{name}`; the targets are {}", names.join(", ")))
            }
            _ => Ok(settings),
        }
    }

    pub fn target(&self) -> Option<Target> {
        Target::parse(self.target.as_deref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sections_are_read_bare_or_named() {
        let expected = EditorSettings { inventory: vec!["m".into()], ..EditorSettings::default() };
        assert_eq!(EditorSettings::parse(&json!({ "weir": { "inventory": ["m"] } })), Ok(expected.clone()));
        assert_eq!(EditorSettings::parse(&json!({ "inventory": ["m"], "target": null })), Ok(expected));
        assert_eq!(EditorSettings::parse(&json!(null)), Ok(EditorSettings::default()));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let said = EditorSettings::parse(&json!({ "target": "cilum" })).unwrap_err();
        assert_eq!(
            said,
            "`weir.target` is `cilum`; the targets are networkpolicy, cilium, calico, clusternetworkpolicy"
        );
        assert!(
            EditorSettings::parse(&json!({ "inventory": 3 })).unwrap_err().contains("expected a sequence")
        );
    }
}
