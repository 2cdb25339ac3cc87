//! LSP's syntax of snippets.

use std::fmt::Write;

/// A text as it stands in a placeholder.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '$' | '}' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// `name(${1:front}, ${2:back})`
pub fn call<'n>(name: &str, params: impl IntoIterator<Item = &'n str>) -> String {
    let mut text = escaped(name);
    text.push('(');
    for (at, param) in params.into_iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        let _ = write!(text, "{comma}${{{}:{}}}", at + 1, escaped(param));
    }
    text.push(')');
    text
}
