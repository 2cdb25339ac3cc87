//! Calico's selector language, read by a parser of its own. Knows no kind of object.

/// What a selector names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Selector {
    pub labels: Vec<String>,
    /// `global()` stands somewhere.
    pub global: bool,
    /// How many conditions there are; none in the empty selector.
    pub terms: usize,
}

/// How many negations and parentheses a term may stand in.
const DEEPEST: usize = 200;

pub fn parse(text: &str) -> Result<Selector, String> {
    let mut parser = Parser { rest: text, found: Selector::default(), depth: 0 };
    parser.space();
    if parser.rest.is_empty() {
        return Ok(parser.found);
    }
    parser.or()?;
    match parser.rest {
        "" => Ok(parser.found),
        rest => Err(format!("`{rest}` is left over")),
    }
}

struct Parser<'t> {
    rest: &'t str,
    found: Selector,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn take(&mut self, word: &str) -> bool {
        let rest = self.rest.strip_prefix(word);
        let taken = rest.is_some();
        self.rest = rest.unwrap_or(self.rest);
        if taken {
            self.space();
        }
        taken
    }

    fn expect(&mut self, word: &str) -> Result<(), String> {
        if self.take(word) { Ok(()) } else { Err(format!("`{word}` is missing before `{}`", self.rest)) }
    }

    fn or(&mut self) -> Result<(), String> {
        self.and()?;
        while self.take("||") {
            self.and()?;
        }
        Ok(())
    }

    fn and(&mut self) -> Result<(), String> {
        self.operation()?;
        while self.take("&&") {
            self.operation()?;
        }
        Ok(())
    }

    fn operation(&mut self) -> Result<(), String> {
        while self.take("!") {}
        self.found.terms += 1;
        if self.take("all()") {
            return Ok(());
        }
        if self.take("global()") {
            self.found.global = true;
            return Ok(());
        }
        if self.take("has(") {
            self.label()?;
            return self.expect(")");
        }
        if self.take("(") {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err("too many parentheses".to_owned());
            }
            self.found.terms -= 1;
            self.or()?;
            self.depth -= 1;
            return self.expect(")");
        }
        self.label()?;
        for relation in ["==", "!=", "contains", "starts with", "ends with"] {
            if self.take(relation) {
                return self.string();
            }
        }
        for relation in ["not in", "notin", "in"] {
            if self.take(relation) {
                return self.set();
            }
        }
        Err(format!("no relation stands before `{}`", self.rest))
    }

    fn label(&mut self) -> Result<(), String> {
        let is_inner = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
        let length = self.rest.find(|c| !is_inner(c)).unwrap_or(self.rest.len());
        if !(1..=512).contains(&length) {
            return Err(format!("no label stands before `{}`", self.rest));
        }
        let (label, rest) = self.rest.split_at(length);
        self.found.labels.push(label.to_owned());
        self.rest = rest;
        self.space();
        Ok(())
    }

    fn string(&mut self) -> Result<(), String> {
        let quote = self.rest.chars().next().filter(|c| "'\"".contains(*c));
        let quote = quote.ok_or_else(|| format!("no text in quotes stands before `{}`", self.rest))?;
        let end = self.rest[1..].find(quote).ok_or("a quote is not closed")?;
        self.rest = &self.rest[end + 2..];
        self.space();
        Ok(())
    }

    fn set(&mut self) -> Result<(), String> {
        self.expect("{")?;
        while !self.take("}") {
            self.string()?;
            if !self.take(",") {
                return self.expect("}");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_calico_takes_is_taken() {
        for text in [
            "",
            "all()",
            "!has(app)",
            "app == 'web'",
            "app=='web'&&tier!=\"back\"||!(has(a)&&b contains 'c')",
            "a/b.c_d-e starts with 'x' && k ends with \"\"",
            "app in {'a', \"b\",} || app not in {} || app notin{'x'}",
            "! ! all()",
            " \thas( app )\t",
        ] {
            assert_eq!(parse(text).map(|_| ()), Ok(()), "{text}");
        }
        let found = parse("projectcalico.org/name == 'a' && global()").unwrap();
        assert_eq!(
            found,
            Selector { labels: vec!["projectcalico.org/name".to_owned()], global: true, terms: 2 }
        );
        assert_eq!(parse("(((all())))").unwrap().terms, 1);
    }

    #[test]
    fn what_calico_refuses_is_refused() {
        for text in [
            "app",
            "app = 'web'",
            "app == web",
            "app == 'a\" || all()",
            "has()",
            "all() all()",
            "(all()",
            "app in 'a'",
            "app in {'a' 'b'}",
            "app in {,}",
            "&& all()",
            "app == 'a' &&",
            "all",
            "a\u{a0}== 'b'",
            "has(app)\n",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"(".repeat(100_000)).is_err());
        assert!(parse(&format!("has({})", "a".repeat(513))).is_err());
    }
}
