//! The tokens of a selector. What may follow a label depends on the label before it: there `in`, `not in`, `contains`,
//! `starts with` and `ends with` are operators, and labels elsewhere. Knows no grammar beyond that.

use super::SyntaxError;

/// A token, and the byte at which it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token<'t> {
    pub at: usize,
    pub kind: Kind<'t>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind<'t> {
    Label(&'t str),
    Text(&'t str),
    /// `has(label)`.
    Has(&'t str),
    All,
    Global,
    Open,
    Close,
    OpenSet,
    CloseSet,
    Comma,
    Equal,
    NotEqual,
    In,
    NotIn,
    Contains,
    StartsWith,
    EndsWith,
    Not,
    And,
    Or,
    End,
}

/// The longest name of a label.
const MAX_LABEL: usize = 512;

pub(super) fn is_label_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-')
}

/// What is wrong at a byte of a text.
pub(super) fn fault(text: &str, at: usize, message: impl Into<String>) -> SyntaxError {
    let before = text.get(..at).unwrap_or(text);
    SyntaxError { column: before.chars().count() + 1, message: message.into() }
}

/// The tokens of a text; the last one is its end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, SyntaxError> {
    let mut reader = Reader { text, at: 0 };
    let mut tokens: Vec<Token<'_>> = Vec::new();
    loop {
        reader.skip_blanks();
        let after_label = matches!(tokens.last(), Some(Token { kind: Kind::Label(_), .. }));
        let at = reader.at;
        let kind = reader.next(after_label)?;
        tokens.push(Token { at, kind });
        if kind == Kind::End {
            return Ok(tokens);
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn fault<T>(&self, message: impl Into<String>) -> Result<T, SyntaxError> {
        Err(fault(self.text, self.at, message))
    }

    fn next(&mut self, after_label: bool) -> Result<Kind<'t>, SyntaxError> {
        const SIGNS: [(&str, Kind<'static>); 10] = [
            ("(", Kind::Open),
            (")", Kind::Close),
            ("{", Kind::OpenSet),
            ("}", Kind::CloseSet),
            (",", Kind::Comma),
            ("==", Kind::Equal),
            ("!=", Kind::NotEqual),
            ("!", Kind::Not),
            ("&&", Kind::And),
            ("||", Kind::Or),
        ];
        let Some(first) = self.rest().chars().next() else { return Ok(Kind::End) };
        for (sign, kind) in SIGNS {
            if self.take(sign) {
                return Ok(kind);
            }
        }
        match first {
            '"' | '\'' => self.quoted(first),
            '=' => self.fault("a single `=` is no operator: write `==`"),
            '&' => self.fault("a single `&` is no operator: write `&&`"),
            '|' => self.fault("a single `|` is no operator: write `||`"),
            _ if after_label => self.operator(),
            _ => self.word(),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Kind<'t>, SyntaxError> {
        let inner = &self.rest()[1..];
        match inner.find(quote) {
            Some(length) => {
                self.at += length + 2;
                Ok(Kind::Text(&inner[..length]))
            }
            None => self.fault(format!("the text that begins here has no {quote} at its end")),
        }
    }

    /// An operator that is a word.
    fn operator(&mut self) -> Result<Kind<'t>, SyntaxError> {
        const WORDS: [(&str, &str, Kind<'static>); 5] = [
            ("contains", "", Kind::Contains),
            ("starts", "with", Kind::StartsWith),
            ("ends", "with", Kind::EndsWith),
            ("not", "in", Kind::NotIn),
            ("in", "", Kind::In),
        ];
        let at = self.at;
        for (first, second, kind) in WORDS {
            if self.take(first) {
                if !second.is_empty() {
                    self.skip_blanks();
                }
                if self.take(second) {
                    return Ok(kind);
                }
                self.at = at;
            }
        }
        self.fault(
            "an operator has to follow the label: `==`, `!=`, `in`, `not in`, `contains`, `starts with` or `ends with`",
        )
    }

    fn label(&self) -> Result<&'t str, SyntaxError> {
        let rest = self.rest();
        let length = rest.bytes().take_while(|byte| is_label_byte(*byte)).count();
        if length > MAX_LABEL {
            return self.fault(format!("a label has at most {MAX_LABEL} characters"));
        }
        Ok(&rest[..length])
    }

    fn word(&mut self) -> Result<Kind<'t>, SyntaxError> {
        if self.take("has(") {
            self.skip_blanks();
            let label = self.label()?;
            if label.is_empty() {
                return self.fault("the name of a label has to stand in `has()`");
            }
            self.at += label.len();
            return self.closed("has(", Kind::Has(label));
        }
        if self.take("all(") {
            return self.closed("all(", Kind::All);
        }
        if self.take("global(") {
            return self.closed("global(", Kind::Global);
        }
        let label = self.label()?;
        match self.rest().chars().next() {
            Some(other) if label.is_empty() => {
                self.fault(format!("`{}` has no meaning here", other.escape_debug()))
            }
            _ => {
                self.at += label.len();
                Ok(Kind::Label(label))
            }
        }
    }

    fn closed(&mut self, opening: &str, kind: Kind<'t>) -> Result<Kind<'t>, SyntaxError> {
        self.skip_blanks();
        if self.take(")") {
            return Ok(kind);
        }
        self.fault(format!("`)` has to close the `{opening}`"))
    }
}
