//! What values of `weir.toml` have to look like. Plain functions of a text.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::target::cluster_network_policy::PRIORITIES;

/// The name of a cluster: a DNS-1123 label, so that it is a folder's name everywhere. `Err` with the reason, and
/// with a name that would fit.
pub(super) fn cluster_name(name: &str) -> Result<(), (&'static str, Option<String>)> {
    if is_dns_label(name) {
        return Ok(());
    }
    let why = "lower-case letters, digits and `-`, a letter or digit at both ends, at most 63";
    let lower = name.to_lowercase();
    let instead: String = lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let instead = instead.trim_matches('-');
    Err((why, is_dns_label(instead).then(|| instead.to_owned())))
}

fn is_dns_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Why a text is no range of addresses, and what may have been meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RangeFault {
    pub(super) why: &'static str,
    pub(super) instead: Vec<(&'static str, String)>,
}

pub(super) fn range(text: &str) -> Result<IpNet, RangeFault> {
    if let Ok(address) = text.parse::<IpAddr>() {
        let one = IpNet::from(address).to_string();
        return Err(RangeFault { why: "its prefix is missing", instead: vec![("this one address", one)] });
    }
    let Ok(range) = text.parse::<IpNet>() else {
        let why = "a range is written `10.0.0.0/14` or `fd00::/48`";
        return Err(RangeFault { why, instead: Vec::new() });
    };
    if range.trunc() != range {
        let network = range.trunc().to_string();
        return Err(RangeFault { why: "has bits behind its prefix", instead: vec![("the range", network)] });
    }
    Ok(range)
}

/// Why two numbers are no range of priorities, and what may have been meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PrioritiesFault {
    pub(super) why: &'static str,
    pub(super) instead: Option<(i64, i64)>,
}

pub(super) fn priorities(first: i64, last: i64) -> Result<(u16, u16), PrioritiesFault> {
    let (lowest, highest) = PRIORITIES;
    let within =
        |number: i64| u16::try_from(number).ok().filter(|number| (lowest..=highest).contains(number));
    let (Some(low), Some(high)) = (within(first), within(last)) else {
        let cut = |number: i64| number.clamp(lowest.into(), highest.into());
        let instead = (first < last && cut(first) < cut(last)).then(|| (cut(first), cut(last)));
        return Err(PrioritiesFault { why: "priorities go from 0 to 1000", instead });
    };
    if low > high {
        let instead = Some((last, first));
        return Err(PrioritiesFault { why: "the range runs backwards", instead });
    }
    Ok((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_go_up_and_not_too_far() {
        for (first, last) in [(0, 1000), (100, 899), (7, 7)] {
            let expected = (u16::try_from(first).unwrap(), u16::try_from(last).unwrap());
            assert_eq!(priorities(first, last), Ok(expected));
        }
        for (first, last, instead) in [
            (899, 100, Some((100, 899))),
            (0, 1001, Some((0, 1000))),
            (-5, 10, Some((0, 10))),
            (1001, 2000, None),
            (i64::MIN, i64::MAX, Some((0, 1000))),
        ] {
            assert_eq!(priorities(first, last).unwrap_err().instead, instead, "{first} {last}");
        }
    }

    #[test]
    fn names_of_clusters_are_names_of_folders() {
        for name in ["prod-eu", "a", "1", &"x".repeat(63)] {
            assert_eq!(cluster_name(name), Ok(()), "{name}");
        }
        for (name, instead) in [
            ("Prod_EU", Some("prod-eu")),
            ("prod.eu", Some("prod-eu")),
            ("-a-", Some("a")),
            ("..", None),
            ("", None),
            ("a/../b", Some("a----b")),
            (&"x".repeat(64), None),
        ] {
            let found = cluster_name(name).expect_err(name).1;
            assert_eq!(found.as_deref(), instead, "{name}");
        }
    }

    #[test]
    fn ranges_have_prefixes_and_no_host_bits() {
        assert!(range("10.0.0.0/14").is_ok() && range("fd00::/48").is_ok() && range("10.0.0.1/32").is_ok());
        assert_eq!(range("10.0.0.1/8").unwrap_err().instead, [("the range", "10.0.0.0/8".to_owned())]);
        assert_eq!(range("10.0.0.1").unwrap_err().instead, [("this one address", "10.0.0.1/32".to_owned())]);
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "10.0.0.0/8 ", "x"] {
            assert!(range(wrong).unwrap_err().instead.is_empty(), "{wrong}");
        }
    }
}
