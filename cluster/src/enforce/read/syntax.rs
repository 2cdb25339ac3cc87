//! The syntax of names, labels, ports and prefixes, as the API server checks it. Each function gives back what is
//! wrong, if something is.

use std::net::IpAddr;

use ipnet::IpNet;

fn is_label_char(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

fn is_dns_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_label_char) && !text.starts_with('-') && !text.ends_with('-')
}

/// A name in DNS-1123 subdomain form.
pub(in crate::enforce) fn check_subdomain(text: &str) -> Result<(), String> {
    if text.len() > 253 {
        return Err("a name has at most 253 characters".to_owned());
    }
    if !text.split('.').all(is_dns_label) {
        return Err(format!(
            "`{text}` is no name: lower case letters, digits, `-` and `.`, with a letter or digit at both ends"
        ));
    }
    Ok(())
}

/// The name of a namespace: a DNS-1123 label.
pub(in crate::enforce) fn check_namespace(text: &str) -> Result<(), String> {
    if text.len() > 63 {
        return Err("the name of a namespace has at most 63 characters".to_owned());
    }
    if !is_dns_label(text) {
        return Err(format!(
            "`{text}` is no name of a namespace: lower case letters, digits and `-`, with a letter or digit at both ends"
        ));
    }
    Ok(())
}

fn is_label_text(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    text.bytes().all(inner) && edge(text.bytes().next()) && edge(text.bytes().next_back())
}

/// The key of a label: `name`, or `prefix/name`.
pub(in crate::enforce) fn check_label_key(key: &str) -> Result<(), String> {
    let name = match key.split_once('/') {
        Some((prefix, name)) => {
            check_subdomain(prefix)
                .map_err(|_| format!("`{prefix}` in `{key}` is no prefix of a label key"))?;
            name
        }
        None => key,
    };
    if name.len() > 63 {
        return Err(format!("the name in the label key `{key}` has more than 63 characters"));
    }
    if !is_label_text(name) {
        return Err(format!(
            "`{key}` is no label key: letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"
        ));
    }
    Ok(())
}

pub(in crate::enforce) fn check_label_value(value: &str) -> Result<(), String> {
    if value.len() > 63 {
        return Err(format!("the label value `{value}` has more than 63 characters"));
    }
    if !value.is_empty() && !is_label_text(value) {
        return Err(format!(
            "`{value}` is no label value: letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"
        ));
    }
    Ok(())
}

/// The name of a port (IANA_SVC_NAME).
pub(in crate::enforce) fn check_port_name(name: &str) -> Result<(), String> {
    let fault = if name.is_empty() || !name.bytes().all(is_label_char) {
        "has only lower case letters, digits and `-`"
    } else if name.len() > 15 {
        "has at most 15 characters"
    } else if !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        "has a letter in it"
    } else if name.contains("--") {
        "has no `--`"
    } else if name.starts_with('-') || name.ends_with('-') {
        "neither begins nor ends with `-`"
    } else {
        return Ok(());
    };
    let hint = if name.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty() {
        "; a port number is written without quotes"
    } else {
        ""
    };
    Err(format!("`{name}` is no port name: one {fault}{hint}"))
}

/// A prefix as strict validation wants it: no host bits, no leading zeros, no IPv4 in IPv6.
pub(in crate::enforce) fn parse_cidr(text: &str) -> Result<IpNet, String> {
    let Some((address, length)) = text.split_once('/') else {
        return Err(format!("`{text}` is no CIDR: it has no `/` and prefix length"));
    };
    let leading_zero = |part: &str| part.len() > 1 && part.starts_with('0');
    if leading_zero(length) || (!address.contains(':') && address.split('.').any(leading_zero)) {
        return Err(format!("`{text}` has leading zeros, which are read differently here and there"));
    }
    let ip: IpAddr =
        address.parse().map_err(|_| format!("`{text}` is no CIDR: `{address}` is no address"))?;
    let digits = length.bytes().all(|byte| byte.is_ascii_digit());
    let net = (length.parse::<u8>().ok().filter(|_| digits))
        .and_then(|length| IpNet::new(ip, length).ok())
        .ok_or_else(|| format!("`{text}` is no CIDR: `{length}` is no prefix length of its family"))?;
    if matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some()) {
        return Err(format!("`{text}` is an IPv4 prefix in IPv6 form"));
    }
    if net.trunc() != net {
        return Err(format!("`{text}` has bits beyond its prefix: write `{}`", net.trunc()));
    }
    Ok(net)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_table(check: fn(&str) -> Result<(), String>, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for text in bad {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names() {
        let (ok, long) = ("a".repeat(253), "a".repeat(254));
        let bad = ["", "-a", "a-", "A", "a_b", "a..b", ".a", "a.", "a/b", "ä", &long];
        assert_table(check_subdomain, &["a", "a-b.c", "0", "a--b", &ok], &bad);
        let (ok, long) = ("a".repeat(63), "a".repeat(64));
        assert_table(check_namespace, &["a", "0-b", &ok], &["", "a.b", "-a", "a-", "A", &long]);
    }

    #[test]
    fn labels() {
        let (ok, long) = ("a".repeat(63), "a".repeat(64));
        let bad = ["", "/a", "a/", "a/b/c", "-a", "a.", "A/b", "a b", "ü", &long];
        assert_table(check_label_key, &["a", "A_b.c", "x.io/Name", "0", &ok], &bad);
        assert_table(check_label_value, &["", "a", "A_b.C-1", &ok], &["-", "a-", "a b", "a/b", "ü", &long]);
    }

    #[test]
    fn port_names() {
        let bad = ["", "80", "-a", "a-", "a--b", "HTTP", "a_b", "sixteen-letters-", "abcdefghijklmnop"];
        assert_table(check_port_name, &["http", "a", "8a", "fifteen-letters"], &bad);
        assert!(check_port_name("80").unwrap_err().contains("without quotes"));
    }

    #[test]
    fn prefixes() {
        let check = |text: &str| parse_cidr(text).map(|_| ());
        let good =
            ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.1/32", "::/0", "2001:db8::/32", "2001:DB8::/32", "::1/128"];
        let bad = [
            "",
            "10.0.0.1",
            "10.0.0.1/8",
            "2001:db8::1/32",
            "010.0.0.0/8",
            "10.0.0.0/08",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/",
            "::ffff:10.0.0.0/104",
            "any/0",
            " 10.0.0.0/8",
        ];
        for text in good {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for text in bad {
            assert!(check(text).is_err(), "{text}");
        }
        assert!(parse_cidr("10.1.2.3/8").unwrap_err().contains("`10.0.0.0/8`"));
    }
}
