//! From tokens to a selector: `||` binds least, then `&&`, then `!`. How deep parentheses go is bounded, so that no text
//! exhausts the stack.

use std::collections::BTreeSet;

use super::token::{Kind, Token, fault, tokens};
use super::{Selector, SyntaxError, Test};
use crate::labels::Text;

/// How deep parentheses may lie in each other.
const MAX_DEPTH: u32 = 64;

pub(in crate::enforce::calico) fn parse(text: &str) -> Result<Selector, SyntaxError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { text, tokens: &tokens, at: 0, depth: 0 };
    if parser.peek() == Kind::End {
        return Ok(Selector::All);
    }
    let selector = parser.any()?;
    match parser.peek() {
        Kind::End => Ok(selector),
        Kind::Close => parser.fault("this `)` closes nothing"),
        _ => parser.fault("`&&` or `||` has to stand between two expressions"),
    }
}

struct Parser<'p> {
    text: &'p str,
    /// The last one is the end, and is never passed.
    tokens: &'p [Token<'p>],
    at: usize,
    depth: u32,
}

impl<'p> Parser<'p> {
    fn peek(&self) -> Kind<'p> {
        self.tokens.get(self.at).map_or(Kind::End, |token| token.kind)
    }

    fn next(&mut self) -> Kind<'p> {
        let kind = self.peek();
        self.at += 1;
        kind
    }

    fn take(&mut self, kind: Kind<'_>) -> bool {
        let found = self.peek() == kind;
        self.at += usize::from(found);
        found
    }

    fn fault<T>(&self, message: impl Into<String>) -> Result<T, SyntaxError> {
        let at = self.tokens.get(self.at).map_or(self.text.len(), |token| token.at);
        Err(fault(self.text, at, message))
    }

    fn any(&mut self) -> Result<Selector, SyntaxError> {
        let mut parts = vec![self.every()?];
        while self.take(Kind::Or) {
            parts.push(self.every()?);
        }
        Ok(joined(parts, Selector::Or))
    }

    fn every(&mut self) -> Result<Selector, SyntaxError> {
        let mut parts = vec![self.operation()?];
        while self.take(Kind::And) {
            parts.push(self.operation()?);
        }
        Ok(joined(parts, Selector::And))
    }

    fn operation(&mut self) -> Result<Selector, SyntaxError> {
        let mut negated = false;
        while self.take(Kind::Not) {
            negated = !negated;
        }
        let found = match self.peek() {
            Kind::Has(label) => self.single(Selector::Has(Text::from(label))),
            Kind::All => self.single(Selector::All),
            Kind::Global => self.single(Selector::Global),
            Kind::Label(label) => {
                self.next();
                Selector::Label(Text::from(label), self.test()?)
            }
            Kind::Open => self.nested()?,
            Kind::End => return self.fault("an expression is missing at the end"),
            _ => {
                return self
                    .fault("an expression has to stand here, such as `has(label)` or `label == 'value'`");
            }
        };
        Ok(if negated { Selector::Not(Box::new(found)) } else { found })
    }

    fn single(&mut self, selector: Selector) -> Selector {
        self.next();
        selector
    }

    fn nested(&mut self) -> Result<Selector, SyntaxError> {
        if self.depth == MAX_DEPTH {
            return self.fault(format!("parentheses lie at most {MAX_DEPTH} deep in each other"));
        }
        self.next();
        self.depth += 1;
        let inner = self.any()?;
        self.depth -= 1;
        if self.take(Kind::Close) {
            return Ok(inner);
        }
        self.fault("a `)` is missing")
    }

    fn test(&mut self) -> Result<Test, SyntaxError> {
        let one = |text: Text| BTreeSet::from([text]);
        Ok(match self.peek() {
            Kind::Equal => Test::In(one(self.value("==")?)),
            Kind::NotEqual => Test::NotIn(one(self.value("!=")?)),
            Kind::Contains => Test::Contains(self.value("contains")?),
            Kind::StartsWith => Test::StartsWith(self.value("starts with")?),
            Kind::EndsWith => Test::EndsWith(self.value("ends with")?),
            Kind::In => Test::In(self.values("in")?),
            Kind::NotIn => Test::NotIn(self.values("not in")?),
            _ => {
                return self.fault(
                    "an operator has to follow the label, such as `==`; whether it is there at all asks `has(label)`",
                );
            }
        })
    }

    /// What follows an operator that compares with one text.
    fn value(&mut self, operator: &str) -> Result<Text, SyntaxError> {
        self.next();
        match self.peek() {
            Kind::Text(value) => {
                self.next();
                Ok(Text::from(value))
            }
            _ => self.fault(format!("a text in quotes has to follow `{operator}`")),
        }
    }

    /// The set that follows an operator; a comma may stand behind its last text.
    fn values(&mut self, operator: &str) -> Result<BTreeSet<Text>, SyntaxError> {
        self.next();
        if !self.take(Kind::OpenSet) {
            return self.fault(format!("a set has to follow `{operator}`, such as `{{'a', 'b'}}`"));
        }
        let mut values = BTreeSet::new();
        while let Kind::Text(value) = self.peek() {
            self.next();
            values.insert(Text::from(value));
            if !self.take(Kind::Comma) {
                break;
            }
        }
        if self.take(Kind::CloseSet) {
            return Ok(values);
        }
        self.fault("texts in quotes with commas between them have to stand in a set, and `}` at its end")
    }
}

fn joined(mut parts: Vec<Selector>, join: fn(Vec<Selector>) -> Selector) -> Selector {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => Selector::All,
    }
}
