//! What fits where a statement ends that is still being written: its words are read as the grammar reads them, and
//! where they run out it is known what would come next.

mod sets;

use weir_grammar::Span;
use weir_grammar::ast::{KindWord, Verb};
use weir_grammar::token::Token;

use super::spot::{begins_line, name_of};
use crate::ide::words::Labels;

/// What would come next.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    Nothing,
    /// A statement begins.
    Statement,
    /// Words of the language, and nothing else.
    Words(Vec<&'static str>),
    Operand(Slot),
    Namespace,
    /// Behind `workload`, `service` and their like.
    Thing(KindWord),
    Cluster,
    Module,
    Policy,
    ParamKind,
    Argument {
        policy: String,
        index: usize,
        /// The arguments before it.
        before: Vec<Span>,
    },
    /// Ports of the set that is written there.
    Port(Span),
    Protocol,
    Label(Label),
    /// The namespace label of a partition.
    PartitionKey,
    Method,
    Day,
}

/// The place of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Subject,
    Object(Verb),
    /// Behind `each`: groups of namespaces.
    Each,
    Let,
    Argument,
}

/// A key or a value in brackets.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    pub of: Labels,
    /// The set, with the requirements that are whole.
    pub set: Span,
    /// Whether its bracket has to be closed.
    pub is_open: bool,
    /// Where a value is wanted: its key, and the values beside it.
    pub value: Option<(String, Vec<String>)>,
}

/// The text of a statement up to the word at the cursor.
pub fn wanted(text: &str, start: u32, in_test: bool) -> Wanted {
    let tokens = weir_grammar::tokens(text);
    let mut from = 0;
    loop {
        let mut reader = Reader { text, tokens: &tokens, at: from, start, in_test, ported: false, depth: 0 };
        if let Err(Stop::Wanted(wanted)) = reader.statement() {
            return wanted;
        }
        // A `;` may be missing: then the next statement begins with a line.
        let next = (reader.at.max(from + 1)..tokens.len()).find(|at| begins_line(text, tokens[*at].0.start));
        match next {
            Some(next) => from = next,
            None => return Wanted::Nothing,
        }
    }
}

enum Stop {
    /// The words have run out.
    Wanted(Wanted),
    /// A word does not fit.
    Misfit,
}

type Read<T> = Result<T, Stop>;

struct Reader<'r, 't> {
    text: &'t str,
    tokens: &'r [(Span, Token<'t>)],
    at: usize,
    /// Where the text begins in its file.
    start: u32,
    in_test: bool,
    /// Whether an object has a port of its own.
    ported: bool,
    depth: usize,
}

/// What may stand behind a set.
#[derive(Clone, Copy)]
enum Behind {
    Subject { each: bool, only: bool },
    Object(Verb),
    Let,
    Group,
    Argument,
    Head,
}

impl<'t> Reader<'_, 't> {
    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).map(|(_, token)| *token)
    }

    fn next(&mut self, wanted: impl FnOnce() -> Wanted) -> Read<Token<'t>> {
        let token = self.peek().ok_or_else(|| Stop::Wanted(wanted()))?;
        self.at += 1;
        Ok(token)
    }

    fn misfit<T>(&mut self) -> Read<T> {
        self.at = self.at.saturating_sub(1);
        Err(Stop::Misfit)
    }

    /// Where the next word begins.
    fn here(&self) -> u32 {
        let at = self.tokens.get(self.at).map_or(self.text.len() as u32, |(span, _)| span.start);
        self.start + at
    }

    /// Where the last word ended.
    fn behind(&self) -> u32 {
        self.start + self.at.checked_sub(1).map_or(0, |last| self.tokens[last].0.end)
    }

    fn name(&mut self, wanted: impl FnOnce() -> Wanted) -> Read<&'t str> {
        match self.next(wanted)? {
            Token::Pattern(name) => Ok(name),
            token => match name_of(token) {
                Some(name) => Ok(name),
                None => self.misfit(),
            },
        }
    }

    fn expect(&mut self, token: Token<'_>, wanted: impl FnOnce() -> Wanted) -> Read<()> {
        if self.next(wanted)? == token { Ok(()) } else { self.misfit() }
    }

    /// A word that may be read as a name, too.
    fn word(&mut self, word: &'static str) -> Read<()> {
        match self.next(|| Wanted::Words(vec![word]))? {
            Token::Name(name) if name == word => Ok(()),
            token if token.keyword() == Some(word) => Ok(()),
            _ => self.misfit(),
        }
    }

    fn statement(&mut self) -> Read<()> {
        match self.next(|| Wanted::Statement)? {
            Token::Export => match self.next(|| Wanted::Words(vec!["let", "policy"]))? {
                Token::Let => self.let_value(),
                Token::Policy => self.policy(),
                _ => self.misfit(),
            },
            Token::Let => self.let_value(),
            Token::Policy => self.policy(),
            Token::Use => self.name_with_dots(),
            Token::In => self.block(),
            Token::Apply => self.apply(),
            Token::Test => Err(Stop::Wanted(Wanted::Nothing)),
            Token::Each => {
                self.set(Slot::Each, Behind::Subject { each: true, only: false })?;
                self.verb(true, false)
            }
            Token::Only => {
                self.set(Slot::Subject, Behind::Subject { each: false, only: true })?;
                self.verb(false, true)
            }
            _ => {
                self.at -= 1;
                self.set(Slot::Subject, Behind::Subject { each: false, only: false })?;
                self.verb(false, false)
            }
        }
    }

    fn let_value(&mut self) -> Read<()> {
        self.name(|| Wanted::Nothing)?;
        self.expect(Token::Equals, || Wanted::Nothing)?;
        self.set(Slot::Let, Behind::Let)?;
        self.clauses(&["if present", "even if absent"])
    }

    fn name_with_dots(&mut self) -> Read<()> {
        match self.next(|| Wanted::Module)? {
            Token::Name(_) | Token::Text(_) | Token::Host(_) => self.end(),
            _ => self.misfit(),
        }
    }

    /// Nothing more than `;` fits.
    fn end(&self) -> Read<()> {
        match self.peek() {
            None => Err(Stop::Wanted(Wanted::Nothing)),
            Some(_) => Err(Stop::Misfit),
        }
    }

    fn policy(&mut self) -> Read<()> {
        self.name(|| Wanted::Nothing)?;
        self.expect(Token::OpenParen, || Wanted::Nothing)?;
        loop {
            self.name(|| Wanted::Nothing)?;
            if self.peek() == Some(Token::Colon) {
                self.at += 1;
                self.name(|| Wanted::ParamKind)?;
            }
            self.expect(Token::Comma, || Wanted::Nothing)?;
        }
    }

    fn block(&mut self) -> Read<()> {
        let heads = || Wanted::Words(vec!["namespace", "each", "cluster", "clusters"]);
        match self.next(heads)? {
            Token::Namespace => self.name(|| Wanted::Namespace).map(|_| ())?,
            Token::Each => {
                self.set(Slot::Each, Behind::Head)?;
            }
            Token::Cluster => self.name(|| Wanted::Cluster).map(|_| ())?,
            Token::Clusters => {
                let start = self.behind() - "clusters".len() as u32;
                self.expect(Token::OpenBracket, || Wanted::Nothing)?;
                self.filter(Labels::Clusters, start)?;
            }
            _ => return self.misfit(),
        }
        self.end()
    }

    fn apply(&mut self) -> Read<()> {
        let policy = self.name(|| Wanted::Policy)?.to_owned();
        self.expect(Token::OpenParen, || Wanted::Nothing)?;
        let mut before: Vec<Span> = Vec::new();
        loop {
            let start = self.here();
            if self.peek().is_none() {
                return Err(Stop::Wanted(Wanted::Argument { policy, index: before.len(), before }));
            }
            match self.peek() {
                Some(Token::CloseParen) => {}
                Some(Token::Integer(_) | Token::Range(_)) => {
                    self.at += 1;
                    if self.peek() == Some(Token::Slash) {
                        self.at += 1;
                        self.name(|| Wanted::Protocol)?;
                    }
                }
                _ => {
                    self.set(Slot::Argument, Behind::Argument)?;
                }
            }
            before.push(Span { start, end: self.behind() });
            match self.next(|| Wanted::Nothing)? {
                Token::Comma => {}
                Token::CloseParen => return self.end(),
                _ => return self.misfit(),
            }
        }
    }

    fn verb(&mut self, each: bool, only: bool) -> Read<()> {
        let verb = match self.next(|| Wanted::Nothing)? {
            Token::Isolated | Token::Locked | Token::Open if !only => return self.posture(),
            Token::May if only => {
                self.word("reach")?;
                Verb::OnlyMay
            }
            Token::May if !each => match self.next(|| Wanted::Words(vec!["reach", "only reach", "ping"]))? {
                Token::Reach => Verb::May,
                Token::Name("ping") => Verb::MayPing,
                Token::Only => {
                    self.word("reach")?;
                    Verb::MayOnly
                }
                _ => return self.misfit(),
            },
            Token::Must if !each && !only => {
                match self.next(|| Wanted::Words(vec!["reach", "not reach"]))? {
                    Token::Reach => Verb::Must,
                    Token::Not => {
                        self.word("reach")?;
                        Verb::MustNot
                    }
                    _ => return self.misfit(),
                }
            }
            Token::Reaches if !each && !only => Verb::Reaches,
            Token::Cannot if !each && !only => {
                self.word("reach")?;
                Verb::Cannot
            }
            _ => return self.misfit(),
        };
        self.object(verb)
    }

    fn posture(&mut self) -> Read<()> {
        let clauses = &["because", "if present", "even if absent"];
        match self.peek() {
            None => {
                let mut words = vec!["for ingress", "for egress"];
                words.extend(clauses);
                return Err(Stop::Wanted(Wanted::Words(words)));
            }
            Some(Token::For) => {
                self.at += 1;
                match self.next(|| Wanted::Words(vec!["ingress", "egress"]))? {
                    Token::Name("ingress" | "egress") => {}
                    _ => return self.misfit(),
                }
            }
            Some(_) => {}
        }
        self.clauses(clauses)
    }

    fn object(&mut self, verb: Verb) -> Read<()> {
        self.ported = false;
        let object = self.set(Slot::Object(verb), Behind::Object(verb))?;
        if self.peek() == Some(Token::On) {
            self.ported = true;
            loop {
                self.at += 1;
                self.port(object)?;
                match self.peek() {
                    None => return Err(Stop::Wanted(Wanted::Words(self.behind_object(verb)))),
                    Some(Token::Comma) => {}
                    Some(_) => break,
                }
            }
        }
        if self.peek() == Some(Token::Over) {
            self.at += 1;
            self.word("http")?;
            loop {
                match self.next(|| Wanted::Method)? {
                    Token::Method(_) => {}
                    _ => return self.misfit(),
                }
                self.name(|| Wanted::Nothing)?;
                match self.peek() {
                    Some(Token::Comma) => self.at += 1,
                    _ => break,
                }
            }
        }
        self.clauses(clauses_of(verb))
    }

    fn clauses(&mut self, of: &[&'static str]) -> Read<()> {
        let mut left: Vec<&'static str> = of.to_vec();
        loop {
            match self.next(|| Wanted::Words(left.clone()))? {
                Token::Because => {
                    left.retain(|word| *word != "because");
                    match self.next(|| Wanted::Nothing)? {
                        Token::Text(_) => {}
                        _ => return self.misfit(),
                    }
                }
                Token::If => {
                    left.retain(|word| !word.contains("if"));
                    self.word("present")?;
                }
                Token::Even => {
                    left.retain(|word| !word.contains("if"));
                    match self.next(|| Wanted::Words(vec!["if absent"]))? {
                        Token::If => self.word("absent")?,
                        _ => return self.misfit(),
                    }
                }
                Token::Until => {
                    left.retain(|word| *word != "until");
                    match self.next(|| Wanted::Day)? {
                        Token::Date(_) => {}
                        _ => return self.misfit(),
                    }
                }
                _ => return self.misfit(),
            }
        }
    }
}

fn is_grant(verb: Verb) -> bool {
    matches!(verb, Verb::May | Verb::OnlyMay | Verb::MayOnly)
}

fn clauses_of(verb: Verb) -> &'static [&'static str] {
    match verb {
        Verb::May | Verb::MayPing => &["because", "if present", "even if absent", "until"],
        Verb::OnlyMay | Verb::MayOnly | Verb::Must | Verb::MustNot => {
            &["because", "if present", "even if absent"]
        }
        Verb::Reaches | Verb::Cannot => &["if present", "even if absent"],
    }
}
