//! What Kubernetes takes for the key and the value of a label: a reason where it is none.

const KEY: &str = "a label key has at most 63 letters, digits, `-`, `_` and `.`, begins and ends with a letter or digit, and has at most one `/`";
const PREFIX: &str = "what stands before the `/` of a label key is a DNS name in lower case";
const VALUE: &str = "a label value has at most 63 letters, digits, `-`, `_` and `.`, and begins and ends with a letter or digit";

/// A label key: an optional DNS prefix and `/`, then at most 63 characters that begin and end alphanumeric.
pub fn key_fault(text: &str) -> Option<&'static str> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    let prefix_ok = prefix.is_none_or(|prefix| {
        !prefix.is_empty()
            && prefix.len() <= 253
            && prefix.split('.').all(|part| {
                !part.is_empty()
                    && !part.starts_with('-')
                    && !part.ends_with('-')
                    && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            })
    });
    if !prefix_ok {
        Some(PREFIX)
    } else if name.is_empty() || !is_label_text(name) {
        Some(KEY)
    } else {
        None
    }
}

/// A label value, which may be empty.
pub fn value_fault(text: &str) -> Option<&'static str> {
    (!is_label_text(text)).then_some(VALUE)
}

fn is_label_text(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    text.len() <= 63
        && edge(text.as_bytes().first())
        && edge(text.as_bytes().last())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
