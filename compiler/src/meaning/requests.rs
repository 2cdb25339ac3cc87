//! Requests of HTTP and host names as the language means them: whether a pattern holds one, and the same as an expression
//! for whoever has to find one of each kind.

use weir_cluster::flow::{Filter, HttpRequest};
use weir_cluster::labels::Text;

/// Whether a request has this method and a path of this pattern: `*` is any run of characters but `?`, and the query is
/// not looked at.
pub(super) fn holds((method, path): &(String, String), request: &HttpRequest) -> bool {
    let asked = request.path.split('?').next().unwrap_or_default();
    *method == *request.method && matches(path.as_bytes(), asked.as_bytes())
}

fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    // Where the last `*` stands, and how far it reaches.
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, from));
            at += 1;
        } else if pattern.get(at) == Some(&text[from]) {
            at += 1;
            from += 1;
        } else if let Some((back, reach)) = star {
            star = Some((back, reach + 1));
            at = back + 1;
            from = reach + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// A request of a sentence as a filter.
pub(super) fn filter((method, path): &(String, String)) -> Filter {
    let path = path.split('*').map(escaped).collect::<Vec<_>>().join("[^?]*") + r"(\?.*)?";
    Filter::Http {
        method: Some(Text::from(escaped(method))),
        path: Some(Text::from(path)),
        host: None,
        headers: Vec::new(),
    }
}

/// Whether a host name, in lower case, is meant by a pattern: `*.x` is one or more labels before `x`.
pub(super) fn is_host(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(rest) => host
            .strip_suffix(rest)
            .and_then(|labels| labels.strip_suffix('.'))
            .is_some_and(|labels| !labels.is_empty() && labels.split('.').all(|label| !label.is_empty())),
        None => pattern.eq_ignore_ascii_case(host),
    }
}

/// The host names of a pattern as an expression.
pub(super) fn host(pattern: &str) -> Text {
    let pattern = pattern.to_ascii_lowercase();
    Text::from(match pattern.strip_prefix("*.") {
        Some(rest) => format!(r"([-a-z0-9_]+\.)+{}", escaped(rest)),
        None => escaped(&pattern),
    })
}

/// Every character as itself.
fn escaped(text: impl AsRef<str>) -> String {
    let mut escaped = String::new();
    for c in text.as_ref().chars() {
        if c.is_ascii_punctuation()
            && !matches!(
                c,
                '/' | '-' | '_' | '"' | '\'' | ',' | ':' | ';' | '=' | '@' | '%' | '!' | '<' | '>' | '`'
            )
        {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let of = |pattern: &str, path: &str| matches(pattern.as_bytes(), path.as_bytes());
        for (pattern, path) in
            [("/a", "/a"), ("/v1/*", "/v1/"), ("/v1/*", "/v1/a/b"), ("/*/b", "/a/c/b"), ("*", "")]
        {
            assert!(of(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [("/a", "/ab"), ("/v1/*", "/v1"), ("/*/b", "/b"), ("/a*", "/b")] {
            assert!(!of(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn hosts() {
        for (pattern, host, is) in [
            ("api.x.io", "api.x.io", true),
            ("*.x.io", "x.io", false),
            ("*.x.io", "a.x.io", true),
            ("*.x.io", "a.b.x.io", true),
            ("*.x.io", "ax.io", false),
            ("*.x.io", ".x.io", false),
        ] {
            assert_eq!(is_host(pattern, host), is, "{pattern} {host}");
        }
    }
}
