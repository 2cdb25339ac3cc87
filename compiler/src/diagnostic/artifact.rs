//! The names of files as other programs want them: relative to the root of a repository, with `/`, and as URIs.
//! Nothing is looked up: a path is read as text, and it is for the user to run at the root.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is unreserved in a URI, and the `/` between folders.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A path without `.` and, as far as it goes, without `..`; `None` for what is no file: `<stdin>`, the library.
pub fn file(path: &str) -> Option<String> {
    if path.is_empty() || inner(path).is_some() {
        return None;
    }
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
    let root = if path.starts_with('/') { "/" } else { "" };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(format!("{root}{}", parts.join("/")))
}

/// The name between `<` and `>`.
fn inner(path: &str) -> Option<&str> {
    path.strip_prefix('<')?.strip_suffix('>')
}

/// A URI, and whether it is relative to the root of the sources.
pub fn uri(path: &str) -> (String, bool) {
    let escaped = |path: &str| utf8_percent_encode(path, ESCAPED).to_string();
    match file(path) {
        // No file, so no file's URI; the scheme says whose text it is.
        None => (format!("weir:/{}", escaped(inner(path).unwrap_or_default())), false),
        Some(file) if file.starts_with('/') => (format!("file://{}", escaped(&file)), false),
        Some(file) if cfg!(windows) && file.as_bytes().get(1) == Some(&b':') => {
            let (drive, rest) = file.split_at(2);
            (format!("file:///{drive}{}", escaped(rest)), false)
        }
        // A path that leads out of the root is not relative to it.
        Some(file) => (escaped(&file), file.split('/').next() != Some("..")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let cases = [
            ("shop.weir", Some("shop.weir"), "shop.weir", true),
            ("./a//b/../ü c.weir", Some("a/ü c.weir"), "a/%C3%BC%20c.weir", true),
            ("a:b#1%.weir", Some("a:b#1%.weir"), "a%3Ab%231%25.weir", true),
            ("../../x.weir", Some("../../x.weir"), "../../x.weir", false),
            ("/tmp/x.weir", Some("/tmp/x.weir"), "file:///tmp/x.weir", false),
            ("<stdin>", None, "weir:/stdin", false),
            ("<std/prelude.weir>", None, "weir:/std/prelude.weir", false),
        ];
        for (path, name, address, relative) in cases {
            assert_eq!(file(path).as_deref(), name, "{path}");
            assert_eq!(uri(path), (address.to_owned(), relative), "{path}");
        }
    }
}
