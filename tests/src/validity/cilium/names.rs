//! Names of hosts: what `toFQDNs` and DNS rules may say, and whether the one is learnt through the other.

use serde_json::Value;

use super::super::place::Place;

/// One name or pattern, as both write it.
pub fn check(place: &Place) {
    place.only(&["matchName", "matchPattern"]);
    let Some((kind, name)) = place.exactly_one(&["matchName", "matchPattern"]) else { return };
    let Some(text) = name.text() else { return };
    let is_inner = |byte: u8| {
        byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) || kind == "matchPattern" && byte == b'*'
    };
    let whole = !text.is_empty() && !text.starts_with('.') && !text.contains("..");
    if text.len() > 255 || !whole || !text.bytes().all(is_inner) {
        name.says(format!("`{text}` is no name of a host"));
    }
}

/// What pods may ask of DNS, and are overheard when they do.
pub struct Question {
    protocol: String,
    name: Option<String>,
    pattern: Option<String>,
}

/// The DNS rules of one rule.
pub fn questions(rule: &Place) -> Vec<Question> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_lowercase);
    let mut questions = Vec::new();
    for item in list(&rule.value["toPorts"]) {
        for dns in list(&item["rules"]["dns"]) {
            for port in list(&item["ports"]).iter().filter(|port| port["port"] == "53") {
                let protocol = port["protocol"].as_str().unwrap_or("ANY").to_owned();
                let (name, pattern) = (text(&dns["matchName"]), text(&dns["matchPattern"]));
                questions.push(Question { protocol, name, pattern });
            }
        }
    }
    questions
}

impl Question {
    /// Whether answers over a protocol teach the addresses of what `toFQDNs` selects here.
    pub fn covers(&self, protocol: &str, fqdn: &Place) -> bool {
        let text = |key: &str| fqdn.value[key].as_str().map(str::to_lowercase);
        let wanted = text("matchName").or_else(|| text("matchPattern")).unwrap_or_default();
        let wanted = wanted.trim_end_matches('.');
        let is_it =
            |own: &Option<String>| own.as_deref().is_some_and(|own| own.trim_end_matches('.') == wanted);
        let fits = is_it(&self.name)
            || is_it(&self.pattern)
            || self.pattern.as_deref().is_some_and(|pattern| matches(pattern, wanted));
        (self.protocol == "ANY" || self.protocol == protocol) && fits
    }
}

/// `*` is within a label, a leading `**.` one or more labels, and either alone every name. A pattern in the name's
/// place has to be covered letter by letter.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern = pattern.trim_end_matches('.');
    if pattern == "*" || pattern == "**" {
        return true;
    }
    if let Some(rest) = pattern.strip_prefix("**.") {
        let mut ends = name.match_indices('.').map(|(at, _)| &name[at + 1..]);
        return ends.any(|end| glob(rest.as_bytes(), end.as_bytes()));
    }
    !name.starts_with("**") && glob(pattern.as_bytes(), name.as_bytes())
}

fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), Some((letter, after))) if *letter != b'.' => {
            glob(rest, name) || glob(pattern, after)
        }
        (Some((b'*', rest)), _) => glob(rest, name),
        (Some((wanted, rest)), Some((letter, after))) => wanted == letter && glob(rest, after),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_cilium_matches_them() {
        for (pattern, name, fits) in [
            ("*", "a.b.c", true),
            ("**", "a", true),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", "example.com", false),
            ("**.example.com", "a.b.example.com", true),
            ("**.example.com", "example.com", false),
            ("a*.example.com", "abc.example.com", true),
            ("a*.example.com", "a.example.com", true),
            ("*.example.com", "*.example.com", true),
            ("*.example.com", "**.example.com", false),
            ("api.*", "api.com", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
