//! Versions of network plugins, as images and people write them: `1.18.2`, `v3.32`, `1.20.0-rc.1`.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Major, minor and patch, as many as are written.
    numbers: Vec<u32>,
    /// Before the release of that number.
    early: bool,
    text: String,
}

impl Version {
    /// `None` for what does not begin with a number.
    pub fn parse(text: &str) -> Option<Version> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (numbers, rest) = text.split_at(end);
        let short = |number: &&str| number.len() < 10;
        let numbers = numbers.split('.').map(|number| Some(number).filter(short)?.parse().ok());
        let numbers: Vec<u32> = numbers.collect::<Option<_>>()?;
        let rest = rest.to_ascii_lowercase();
        // What distributors append (`-eksbuild.1`, `-rancher1`) comes after the release.
        let early = ["-pre", "-rc", "-alpha", "-beta", "-dev", "-snapshot", "-0."];
        let early = early.iter().any(|word| rest.starts_with(word));
        Some(Version { numbers, early, text: text.to_owned() })
    }

    fn number(&self, at: usize) -> u32 {
        self.numbers.get(at).copied().unwrap_or(0)
    }

    pub fn is_at_least(&self, major: u32, minor: u32) -> bool {
        let own = (self.number(0), self.number(1));
        own > (major, minor) || own == (major, minor) && !(self.early && self.number(2) == 0)
    }

    /// Whether both may be meant of one plugin: `1.18` is any `1.18.2`.
    pub fn agrees_with(&self, other: &Version) -> bool {
        self.numbers.iter().zip(&other.numbers).all(|(own, other)| own == other)
    }

    /// The order of releases.
    pub(super) fn key(&self) -> (u32, u32, u32, bool) {
        (self.number(0), self.number(1), self.number(2), !self.early)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn versions_are_compared_by_number() {
        for text in
            ["1.18.2", "v1.18.2", "1.18", "1.20.0-rc.1", "2", "1.18.2-eksbuild.1", "20240813-c6f155d6"]
        {
            assert!(version(text).is_at_least(1, 18), "{text}");
        }
        for text in ["1.17.9", "1.9", "0", "1", "1.18.0-pre.4", "1.18.0-RC1"] {
            assert!(!version(text).is_at_least(1, 18), "{text}");
        }
        assert!(version("1.18.1-rc.1").is_at_least(1, 18), "a patch comes after its release");
        for text in ["", "latest", "v", ".", "1..2", "1.2.3.", "1234567890"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_shorter_one_stands_for_all_that_it_begins() {
        assert!(version("1.18").agrees_with(&version("v1.18.2")));
        assert!(version("1.18.2-rancher1").agrees_with(&version("1")));
        assert!(!version("1.18").agrees_with(&version("1.17.2")));
    }
}
