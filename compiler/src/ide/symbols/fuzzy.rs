//! How well a name fits what somebody types: its letters in their order, the better the closer they stand together and
//! the nearer to where words begin.

/// The letters that are looked for, in lower case.
pub struct Query {
    home: Option<Vec<char>>,
    name: Vec<char>,
}

/// The lower the better: gaps between the letters, then the length of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    gaps: usize,
    length: usize,
}

impl Query {
    /// `web`, `shop/web`. Blanks count for nothing.
    pub fn of(text: &str) -> Query {
        let letters = |text: &str| {
            text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect::<Vec<_>>()
        };
        match text.split_once('/') {
            Some((home, name)) => Query { home: Some(letters(home)), name: letters(name) },
            None => Query { home: None, name: letters(text) },
        }
    }

    /// `None` for what does not fit. What is in no namespace fits no query for one.
    pub fn rank(&self, home: Option<&str>, name: &str) -> Option<Rank> {
        let of_home = match &self.home {
            Some(wanted) => gaps(wanted, home?)?,
            None => 0,
        };
        Some(Rank { gaps: of_home + gaps(&self.name, name)?, length: name.len() })
    }
}

/// How much is wrong with the letters' places. Where a word of the name begins, a gap before it is a small one.
fn gaps(letters: &[char], name: &str) -> Option<usize> {
    const WITHIN_A_WORD: usize = 4;
    let mut wanted = letters.iter().copied().peekable();
    let (mut gaps, mut follows, mut before) = (0, true, None);
    for letter in name.chars().flat_map(char::to_lowercase) {
        let Some(next) = wanted.peek() else { break };
        if *next == letter {
            let begins_word = before.is_none_or(|before: char| !before.is_alphanumeric());
            gaps += match (follows, begins_word) {
                (true, _) => 0,
                (false, true) => 1,
                (false, false) => WITHIN_A_WORD,
            };
            wanted.next();
            follows = true;
        } else {
            follows = false;
        }
        before = Some(letter);
    }
    wanted.peek().is_none().then_some(gaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_names_come_first() {
        let mut names = ["swab-e-b", "the-web", "web", "webs", "w-e-b", "other"];
        let query = Query::of("Web");
        names.sort_by_key(|name| (query.rank(None, name).is_none(), query.rank(None, name)));
        assert_eq!(names, ["web", "webs", "the-web", "w-e-b", "swab-e-b", "other"]);
        assert_eq!(query.rank(None, "other"), None);
        assert!(Query::of("s/w").rank(Some("shop"), "web").is_some());
        assert_eq!(Query::of("s/w").rank(None, "web"), None);
    }
}
