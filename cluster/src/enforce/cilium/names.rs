//! Host names and their patterns as Cilium takes them, written as regular expressions of all of a name in lower case.
//! Knows nothing of who is reached by them.

use crate::labels::Text;

/// What a name is spelt with, and a part of one between dots.
const LETTER: &str = "[-a-z0-9_]";
const LABEL: &str = "[-a-z0-9_]+";

fn check(text: &str, what: &str, wildcards: bool) -> Result<(), String> {
    if text.len() > 255 {
        return Err(format!("{what} has at most 255 characters"));
    }
    let letter =
        |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || wildcards && byte == b'*';
    let whole = text.strip_suffix('.').unwrap_or(text);
    if whole.is_empty() || !whole.split('.').all(|label| !label.is_empty() && label.bytes().all(letter)) {
        let hint = match wildcards {
            true => "letters, digits, `-`, `_` and `*`, with single dots between",
            false => "letters, digits, `-` and `_`, with single dots between; a `*` stands in `matchPattern`",
        };
        return Err(format!("`{text}` is no {what}: write {hint}"));
    }
    Ok(())
}

/// One name.
pub(super) fn name(text: &str) -> Result<Text, String> {
    check(text, "host name", false)?;
    let text = text.to_ascii_lowercase();
    Ok(Text::from(text.trim_end_matches('.').replace('.', "[.]")))
}

/// Names with `*` for some letters between two dots, and `**.` in front for all that is below a name.
pub(super) fn pattern(text: &str) -> Result<Text, String> {
    check(text, "pattern of host names", true)?;
    let text = text.to_ascii_lowercase();
    let text = text.trim_end_matches('.');
    if text == "*" || text == "**" {
        return Ok(Text::from(format!("(?:{LABEL}[.])*{LABEL}")));
    }
    let (below, rest) = match text.strip_prefix("**.") {
        Some(rest) => (format!("(?:{LABEL}[.])+"), rest),
        None => (String::new(), text),
    };
    let rest = rest.replace('.', "[.]").replace('*', &format!("{LETTER}*"));
    Ok(Text::from(below + &rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Pattern;

    #[track_caller]
    fn assert_pattern(text: &str, matched: &[&str], others: &[&str]) {
        let pattern = Pattern::new(&pattern(text).unwrap()).unwrap();
        for name in matched {
            assert!(pattern.matches(name), "{text} {name}");
        }
        for name in others {
            assert!(!pattern.matches(name), "{text} {name}");
        }
    }

    #[test]
    fn patterns_match_as_documented() {
        assert_pattern(
            "*.cilium.io",
            &["www.cilium.io", "blog.cilium.io"],
            &["cilium.io", "google.com", "a.b.cilium.io", "wwwxciliumxio"],
        );
        assert_pattern(
            "*cilium.io",
            &["cilium.io", "subcilium.io", "sub-cilium.io"],
            &["www.cilium.io", "blog.cilium.io"],
        );
        assert_pattern(
            "Sub*.cilium.io.",
            &["sub.cilium.io", "subdomain.cilium.io"],
            &["www.cilium.io", "cilium.io", "sub.x.cilium.io"],
        );
        assert_pattern(
            "**.cilium.io",
            &["app.cilium.io", "test.app.cilium.io"],
            &["cilium.io", "xcilium.io"],
        );
        assert_pattern("*", &["a", "a.b_c", "x.y.z"], &[""]);
        assert_pattern("**", &["a", "x.y.z"], &[""]);
        assert_pattern("a.*.b", &["a.x.b"], &["a.x.y.b", "a.b"]);
    }

    #[test]
    fn names_are_checked() {
        assert_eq!(name("Example.COM.").as_deref(), Ok("example[.]com"));
        for bad in ["", ".", "a..b", ".a", "a b", "*.a", "ä", &"a".repeat(256)] {
            assert!(name(bad).is_err(), "{bad}");
        }
        assert!(pattern("a/b").is_err() && pattern("..").is_err() && pattern("*.a").is_ok());
    }
}
