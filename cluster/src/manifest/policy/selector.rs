//! The selector language of Calico: a tokenizer, and a parser by recursive descent. `!` binds closest, then `&&`, then
//! `||`; strings have no escapes; the empty text selects everything.

use super::tree::{Parse, wrong};
use crate::inventory::CalicoSelector;
use crate::labels::Text;
use crate::manifest::record::Records;
use crate::manifest::rules::short;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'t> {
    /// A label, or a word such as `in` and `all`.
    Word(&'t str),
    Quoted(&'t str),
    /// `&&`, `||`, `==`, `!=`, and single characters.
    Sign(&'t str),
}

fn tokens(text: &str) -> Parse<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t']);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => match rest[1..].find(first) {
                Some(end) => {
                    tokens.push(Token::Quoted(&rest[1..=end]));
                    end + 2
                }
                None => return wrong(format!("the string `{}` has no end", short(rest))),
            },
            _ if is_word(first) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(&rest[..end]));
                end
            }
            _ => {
                let double = ["&&", "||", "==", "!="].into_iter().find(|sign| rest.starts_with(sign));
                let single = "!(){},".contains(first).then_some(1);
                let Some(length) = double.map(str::len).or(single) else {
                    return wrong(format!("`{first}` means nothing in a selector"));
                };
                tokens.push(Token::Sign(&rest[..length]));
                length
            }
        };
        rest = rest[length..].trim_start_matches([' ', '\t']);
    }
    Ok(tokens)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-')
}

pub(super) fn parse(records: &mut Records, text: &str) -> Parse<CalicoSelector> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(CalicoSelector::All);
    }
    let mut parser = Parser { records, tokens: &tokens, depth: 0 };
    let selector = parser.or()?;
    match parser.tokens {
        [] => Ok(selector),
        [token, ..] => unexpected(Some(*token)),
    }
}

fn unexpected<T>(token: Option<Token<'_>>) -> Parse<T> {
    match token {
        Some(Token::Word(text) | Token::Quoted(text) | Token::Sign(text)) => {
            wrong(format!("`{}` is not expected there in a selector", short(text)))
        }
        None => wrong("the selector ends too early"),
    }
}

/// How deep selectors may nest.
const DEPTH: u32 = 64;

struct Parser<'p, 't> {
    records: &'p mut Records,
    tokens: &'p [Token<'t>],
    depth: u32,
}

impl<'t> Parser<'_, 't> {
    fn next(&mut self) -> Option<Token<'t>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(*first)
    }

    fn accept(&mut self, token: Token<'_>) -> bool {
        let found = self.tokens.first() == Some(&token);
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }

    fn expect(&mut self, sign: &'static str) -> Parse<()> {
        match self.next() {
            Some(Token::Sign(found)) if found == sign => Ok(()),
            other => unexpected(other),
        }
    }

    fn or(&mut self) -> Parse<CalicoSelector> {
        let mut parts = vec![self.and()?];
        while self.accept(Token::Sign("||")) {
            parts.push(self.and()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { CalicoSelector::Or(parts) })
    }

    fn and(&mut self) -> Parse<CalicoSelector> {
        let mut parts = vec![self.operand()?];
        while self.accept(Token::Sign("&&")) {
            parts.push(self.operand()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { CalicoSelector::And(parts) })
    }

    fn operand(&mut self) -> Parse<CalicoSelector> {
        self.depth += 1;
        if self.depth > DEPTH {
            return wrong("the selector is nested too deeply");
        }
        let found = match self.next() {
            Some(Token::Sign("!")) => CalicoSelector::Not(Box::new(self.operand()?)),
            Some(Token::Sign("(")) => {
                let inner = self.or()?;
                self.expect(")")?;
                inner
            }
            Some(Token::Word(word)) if self.accept(Token::Sign("(")) => self.call(word)?,
            Some(Token::Word(label)) => {
                let label = self.records.text(label);
                self.relation(label)?
            }
            other => return unexpected(other),
        };
        self.depth -= 1;
        Ok(found)
    }

    fn call(&mut self, word: &str) -> Parse<CalicoSelector> {
        let found = match word {
            "all" => CalicoSelector::All,
            "global" => CalicoSelector::Global,
            "has" => match self.next() {
                Some(Token::Word(label)) => CalicoSelector::Has(self.records.text(label)),
                other => return unexpected(other),
            },
            _ => return wrong(format!("there is no `{}()` in selectors", short(word))),
        };
        self.expect(")")?;
        Ok(found)
    }

    fn relation(&mut self, label: Text) -> Parse<CalicoSelector> {
        let not = |selector| Ok(CalicoSelector::Not(Box::new(selector)));
        match self.next() {
            Some(Token::Sign("==")) => Ok(CalicoSelector::Is(label, self.quoted()?)),
            Some(Token::Sign("!=")) => not(CalicoSelector::Is(label, self.quoted()?)),
            Some(Token::Word("contains")) => Ok(CalicoSelector::Contains(label, self.quoted()?)),
            Some(Token::Word("starts")) if self.accept(Token::Word("with")) => {
                Ok(CalicoSelector::StartsWith(label, self.quoted()?))
            }
            Some(Token::Word("ends")) if self.accept(Token::Word("with")) => {
                Ok(CalicoSelector::EndsWith(label, self.quoted()?))
            }
            Some(Token::Word("in")) => Ok(CalicoSelector::In(label, self.set()?)),
            Some(Token::Word("notin")) => not(CalicoSelector::In(label, self.set()?)),
            Some(Token::Word("not")) if self.accept(Token::Word("in")) => {
                not(CalicoSelector::In(label, self.set()?))
            }
            other => unexpected(other),
        }
    }

    fn quoted(&mut self) -> Parse<Text> {
        match self.next() {
            Some(Token::Quoted(text)) => Ok(self.records.text(text)),
            other => unexpected(other),
        }
    }

    fn set(&mut self) -> Parse<Vec<Text>> {
        let mut values = Vec::new();
        self.expect("{")?;
        while !self.accept(Token::Sign("}")) {
            values.push(self.quoted()?);
            if !self.accept(Token::Sign(",")) {
                self.expect("}")?;
                break;
            }
        }
        values.sort_unstable();
        values.dedup();
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Back into text, with every pair of parentheses.
    fn shown(selector: &CalicoSelector) -> String {
        let join = |parts: &[CalicoSelector], sign: &str| {
            format!("({})", parts.iter().map(shown).collect::<Vec<_>>().join(sign))
        };
        match selector {
            CalicoSelector::All => "all".to_owned(),
            CalicoSelector::Global => "global".to_owned(),
            CalicoSelector::Has(key) => key.to_string(),
            CalicoSelector::Is(key, value) => format!("{key}={value}"),
            CalicoSelector::In(key, values) => format!("{key} in [{}]", values.join(" ")),
            CalicoSelector::Contains(key, value) => format!("{key}~{value}"),
            CalicoSelector::StartsWith(key, value) => format!("{key}^{value}"),
            CalicoSelector::EndsWith(key, value) => format!("{key}${value}"),
            CalicoSelector::Not(inner) => format!("!{}", shown(inner)),
            CalicoSelector::And(parts) => join(parts, " & "),
            CalicoSelector::Or(parts) => join(parts, " | "),
        }
    }

    fn read(text: &str) -> String {
        match parse(&mut Records::new("default"), text) {
            Ok(selector) => shown(&selector),
            Err(problem) => problem.message,
        }
    }

    #[test]
    fn operators_bind_as_in_calico() {
        assert_eq!(read("a == 'x' || b == 'y' && !has(c)"), "(a=x | (b=y & !c))");
        assert_eq!(read("!(a == 'x' || has(b)) && all()"), "(!(a=x | b) & all)");
        assert_eq!(read("! ! has(a)"), "!!a");
        assert_eq!(read("has(a)&&has(b)&&has(c)"), "(a & b & c)");
        assert_eq!(read("!a == 'x'"), "!a=x");
    }

    #[test]
    fn every_relation_is_read() {
        assert_eq!(read(""), "all");
        assert_eq!(read(" \t"), "all");
        assert_eq!(read("global()"), "global");
        assert_eq!(read("app.kubernetes.io/name == \"it's\""), "app.kubernetes.io/name=it's");
        assert_eq!(read("a != 'x'"), "!a=x");
        assert_eq!(read("a in { 'y', \"x\", }"), "a in [x y]");
        assert_eq!(read("a in {}"), "a in []");
        assert_eq!(read("a not in {'x'}"), "!a in [x]");
        assert_eq!(read("a notin {'x'}"), "!a in [x]");
        assert_eq!(read("a contains 'x'"), "a~x");
        assert_eq!(read("a starts with 'x' && b ends with 'y'"), "(a^x & b$y)");
        assert_eq!(read("in in {'in'}"), "in in [in]");
        assert_eq!(read("has(has)"), "has");
    }

    #[test]
    fn what_is_no_selector_says_so() {
        assert_eq!(read("a = 'x'"), "`=` means nothing in a selector");
        assert_eq!(read("a == x"), "`x` is not expected there in a selector");
        assert_eq!(read("a == 'x"), "the string `'x` has no end");
        assert_eq!(read("a =="), "the selector ends too early");
        assert_eq!(read("a"), "the selector ends too early");
        assert_eq!(read("(has(a)"), "the selector ends too early");
        assert_eq!(read("has(a) has(b)"), "`has` is not expected there in a selector");
        assert_eq!(read("any()"), "there is no `any()` in selectors");
        assert_eq!(read("a in {'x' 'y'}"), "`y` is not expected there in a selector");
        assert_eq!(read("ä == 'x'"), "`ä` means nothing in a selector");
        assert_eq!(read(&"!".repeat(100_000)), "the selector is nested too deeply");
        assert_eq!(read(&"(".repeat(100_000)), "the selector is nested too deeply");
    }
}
