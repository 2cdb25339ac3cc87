//! Requests of HTTP as regular expressions. Cilium matches them in full, the path together with its query.

use super::objects::Http;

/// What stands for itself in no regular expression of RE2.
const SPECIAL: &str = r"\.+*?()|[]{}^$";

pub fn request(method: &str, path: &str) -> Http {
    Http { method: method.to_owned(), path: path_pattern(path) }
}

/// `*` is any run of characters but `?`, and the query is not looked at.
fn path_pattern(path: &str) -> String {
    let mut pattern = String::new();
    for c in path.chars() {
        match c {
            '*' => pattern.push_str("[^?]*"),
            c if SPECIAL.contains(c) => {
                pattern.push('\\');
                pattern.push(c);
            }
            c => pattern.push(c),
        }
    }
    pattern + r"(\?.*)?"
}

#[cfg(test)]
mod tests {
    use super::path_pattern;

    #[test]
    fn paths_match_in_full_with_any_query() {
        assert_eq!(path_pattern("/v1/orders"), r"/v1/orders(\?.*)?");
        assert_eq!(path_pattern("/v1/*"), r"/v1/[^?]*(\?.*)?");
        assert_eq!(path_pattern("/a.b+c/(d)"), r"/a\.b\+c/\(d\)(\?.*)?");
    }
}
