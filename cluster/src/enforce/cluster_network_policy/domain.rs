//! Host names as peers: `x.y` is that name alone, `*.x.y` every name below it, by one label or more. Case makes no
//! difference, nor does a dot behind. Knows no rules.

use crate::labels::Text;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Domain {
    /// In lower case, without `*.` and without a dot behind.
    name: Text,
    /// Whether it stands for the names below it.
    below: bool,
}

impl Domain {
    /// What the text means, or what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Domain, String> {
        let (below, name) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if name.contains('*') {
            return Err(format!(
                "`{text}` is no host name: `*` stands for whole labels, and only as `*.` at the front"
            ));
        }
        let name = name.strip_suffix('.').unwrap_or(name);
        if !name.split('.').all(is_label) {
            return Err(format!(
                "`{text}` is no host name: labels of letters, digits, `-` and `_` with dots between them, as in `www.example.com`"
            ));
        }
        if !name.contains('.') {
            return Err(format!("`{text}` is one label: a host name has two or more, as in `example.com`"));
        }
        Ok(Domain { name: Text::from(name.to_ascii_lowercase()), below })
    }

    /// Whether a host name in lower case is one of these.
    pub(super) fn holds(&self, host: &str) -> bool {
        if !self.below {
            return host == self.name.as_ref();
        }
        let front = host.strip_suffix(self.name.as_ref()).and_then(|front| front.strip_suffix('.'));
        front.is_some_and(|front| !front.is_empty())
    }

    /// A regular expression that matches all of such a name in lower case.
    pub(super) fn pattern(&self) -> Text {
        let name = self.name.replace('.', r"\.");
        Text::from(if self.below { format!(r"([a-z0-9_-]+\.)+{name}") } else { name })
    }
}

/// As the schema has it, but for the signs between `Z` and `a`, of which only `_` is one of a name.
fn is_label(label: &str) -> bool {
    let first = label.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let last = label.len() == 1 || label.bytes().next_back().is_some_and(|byte| byte.is_ascii_alphanumeric());
    first && last && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_what_is_below_them() {
        let holds = |text: &str, host: &str| Domain::parse(text).unwrap().holds(host);
        assert!(holds("Kubernetes.IO.", "kubernetes.io"));
        assert!(!holds("kubernetes.io", "www.kubernetes.io"));
        assert!(!holds("kubernetes.io", "my-kubernetes.io"));
        assert!(holds("*.kubernetes.io", "www.kubernetes.io"));
        assert!(holds("*.kubernetes.io", "latest.blog.kubernetes.io"));
        for host in ["kubernetes.io", ".kubernetes.io", "my-kubernetes.io", "wikipedia.org"] {
            assert!(!holds("*.kubernetes.io", host), "{host}");
        }
        assert_eq!(Domain::parse("*.a-b.io").unwrap().pattern().as_ref(), r"([a-z0-9_-]+\.)+a-b\.io");
    }

    #[test]
    fn spelling() {
        for good in ["a.b", "*.a.b", "a.b.", "_dmarc.example.com", "x_y.example.com", "0.1", "A.B"] {
            assert!(Domain::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "", "a", "*", "*.a", "*.*.a.b", "a.*.b", "*a.b", "-a.b", "a-.b", "a..b", ".a.b", "a.b..", "ä.b",
            "a_.b",
        ] {
            assert!(Domain::parse(bad).is_err(), "{bad}");
        }
    }
}
