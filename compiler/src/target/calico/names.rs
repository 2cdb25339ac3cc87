//! What policies are called: the tier, the band, and the pods that they are about. Policies of all namespaces share one
//! space of names, so the namespace is part of it: `weir.allow-shop--web`. One dot, and 63 characters a part at most;
//! what does not fit ends in a digest. A function of the pods alone, as names of objects are everywhere.

use sha2::{Digest, Sha256};
use weir_cluster::Inventory;

use super::{Band, Form};
use crate::target::draft::Subject;
use crate::target::names::Names;

/// The longest part of a name between dots.
const LONGEST: usize = 63;
/// Room for the number of an object that is one of several.
const NUMBER: usize = "--9999".len();
/// Hexadecimal digits: not as many as those of other names, so that the two are told apart.
const DIGEST: usize = 12;
/// Between a namespace and a name in it, and before a number. Names that have it themselves get a digest.
const SEPARATOR: &str = "--";

pub(super) struct PolicyNames {
    form: Form,
    names: Names,
}

impl PolicyNames {
    pub fn of<'s>(
        form: Form,
        inventory: &Inventory,
        subjects: impl Iterator<Item = &'s Subject>,
    ) -> PolicyNames {
        PolicyNames { form, names: Names::of(inventory, subjects) }
    }

    /// What all policies about these pods have in their names; asked for once.
    pub fn stem(&mut self, subject: &Subject) -> String {
        let name = self.names.take(subject);
        let name = name.strip_prefix(crate::target::names::PREFIX).unwrap_or(&name);
        match (self.form, subject.home.namespace()) {
            (Form::Namespaced, _) | (_, None) => fitting("", name),
            (_, Some(namespace)) => fitting(namespace, name),
        }
    }
}

/// The name of one of the policies of a stem, counted from nought.
pub(super) fn policy(form: Form, band: Band, stem: &str, at: usize) -> String {
    let tier = match form {
        Form::Tiered => "weir.",
        Form::Untiered | Form::Namespaced => "weir-",
    };
    match at {
        0 => format!("{tier}{}-{stem}", band.word()),
        at => format!("{tier}{}-{stem}{SEPARATOR}{}", band.word(), at + 1),
    }
}

fn fitting(namespace: &str, name: &str) -> String {
    // The longest of what stands before: `weir-allow-` and its like.
    const BEFORE: usize = "weir-allow-".len();
    const ROOM: usize = LONGEST - BEFORE - NUMBER;
    let is_plain = |part: &str| !part.contains(SEPARATOR) && !part.contains('.');
    let is_number = name.bytes().all(|b| b.is_ascii_digit());
    let plain = match namespace {
        "" => name.to_owned(),
        namespace => format!("{namespace}{SEPARATOR}{name}"),
    };
    if is_plain(namespace) && is_plain(name) && !is_number && plain.len() <= ROOM {
        return plain;
    }
    let mut slug = String::new();
    for c in namespace.chars().chain(['-']).chain(name.chars()) {
        match c {
            '-' | '.' if slug.is_empty() || slug.ends_with('-') => {}
            '-' | '.' => slug.push('-'),
            c => slug.push(c),
        }
    }
    slug.truncate(ROOM - DIGEST - "-".len());
    let digest = Sha256::digest(format!("{namespace}/{name}"));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}", slug.trim_end_matches('-'), &digest[..DIGEST])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_differ() {
        let long = "a".repeat(63);
        let all = [
            ("shop", "web"),
            ("shop-web", "x"),
            ("shop", "web-x"),
            ("", "all-pods"),
            ("shop", "all-pods"),
            ("all-pods", "2"),
            ("shop", "2"),
            ("a--b", "c"),
            ("a", "b--c"),
            ("shop", "web.v1"),
            ("shop", "web-v1"),
            (&long, "web"),
            (&long, "db"),
            ("shop", &long),
            ("", &long),
        ];
        let mut names: Vec<String> = Vec::new();
        for (namespace, name) in all {
            for at in [0, 1, 998] {
                names.push(policy(Form::Tiered, Band::Allow, &fitting(namespace, name), at));
            }
        }
        let mut distinct = names.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), names.len(), "{names:#?}");
        for name in &names {
            let (tier, rest) = name.split_once('.').unwrap();
            assert_eq!(tier, "weir");
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            assert!(rest.len() <= LONGEST && rest.bytes().all(fits) && !rest.ends_with('-'), "{name}");
        }
        assert_eq!(policy(Form::Tiered, Band::Allow, &fitting("shop", "web"), 0), "weir.allow-shop--web");
        assert!(policy(Form::Namespaced, Band::Guard, &fitting("", &long), 998).len() <= LONGEST);
    }
}
