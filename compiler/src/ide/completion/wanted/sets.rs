//! Sets that are still being written: operands, their brackets and their ports.

use weir_grammar::Span;
use weir_grammar::ast::{KindWord, Verb};
use weir_grammar::token::Token;

use super::{Behind, Label, Read, Reader, Slot, Stop, Wanted, clauses_of, is_grant};
use crate::ide::words::Labels;

impl Reader<'_, '_> {
    pub(super) fn set(&mut self, slot: Slot, behind: Behind) -> Read<Span> {
        let start = self.here();
        let mut several = false;
        let mut narrowed = false;
        loop {
            self.operand(slot, behind, several || narrowed)?;
            match self.peek() {
                Some(Token::Comma) if !narrowed && !matches!(behind, Behind::Argument) => several = true,
                Some(Token::Except | Token::In) if !several && !narrowed => narrowed = true,
                _ => return Ok(Span { start, end: self.behind() }),
            }
            self.at += 1;
        }
    }

    /// The words that may stand behind a set.
    fn words(&self, behind: Behind, joined: bool) -> Wanted {
        let mut words: Vec<&'static str> = match behind {
            Behind::Subject { only: true, .. } => vec!["may reach"],
            Behind::Subject { each: true, .. } => vec!["isolated", "locked", "open"],
            Behind::Subject { .. } if self.in_test => vec!["reaches", "cannot reach"],
            Behind::Subject { .. } => vec![
                "may reach",
                "may only reach",
                "must not reach",
                "must reach",
                "may ping",
                "isolated",
                "locked",
                "open",
            ],
            Behind::Object(verb) => self.behind_object(verb),
            Behind::Let => vec!["if present", "even if absent"],
            Behind::Group | Behind::Argument | Behind::Head => Vec::new(),
        };
        if !joined {
            words.extend(["except", "in"]);
        }
        Wanted::Words(words)
    }

    pub(super) fn behind_object(&self, verb: Verb) -> Vec<&'static str> {
        let mut words = Vec::new();
        if !self.ported && verb != Verb::MayPing {
            words.push("on");
        }
        if self.ported && is_grant(verb) {
            words.push("over http");
        }
        words.extend(clauses_of(verb));
        words
    }

    fn operand(&mut self, slot: Slot, behind: Behind, joined: bool) -> Read<()> {
        let start = self.here();
        match self.next(|| Wanted::Operand(slot))? {
            Token::OpenParen => {
                self.depth += 1;
                if self.depth > weir_grammar::MAX_DEPTH {
                    return self.misfit();
                }
                self.set(slot, Behind::Group)?;
                self.expect(Token::CloseParen, || Wanted::Nothing)?;
                self.depth -= 1;
            }
            Token::Namespace if slot == Slot::Each => {
                // `each namespace isolated`
                let is_name =
                    matches!(self.peek(), Some(Token::Name(_) | Token::Text(_) | Token::Pattern(_)));
                if self.peek().is_none() {
                    return Err(Stop::Wanted(Wanted::Namespace));
                }
                self.at += usize::from(is_name);
            }
            Token::Namespace => {
                self.name(|| Wanted::Namespace)?;
            }
            Token::Namespaces => match self.next(|| by(slot))? {
                Token::OpenBracket => self.filter(Labels::Namespaces, start)?,
                Token::Name("by") if slot == Slot::Let => return self.partition(),
                _ => return self.misfit(),
            },
            Token::Name(_) | Token::Text(_) | Token::Pattern(_) => self.qualified(None)?,
            Token::Anyone
            | Token::Pods
            | Token::Nodes
            | Token::ApiServer
            | Token::Dns
            | Token::Internet
            | Token::Anywhere
            | Token::Ipv4(_)
            | Token::Ipv6(_)
            | Token::Host(_) => {}
            token => match kind_word(token) {
                Some(kind) => {
                    self.name(|| Wanted::Thing(kind))?;
                    self.qualified(Some(kind))?;
                }
                None => return self.misfit(),
            },
        }
        loop {
            match self.peek() {
                None => return Err(Stop::Wanted(self.words(behind, joined))),
                Some(Token::OpenBracket) => {
                    self.at += 1;
                    self.filter(Labels::Pods, start)?;
                }
                Some(Token::Colon) => {
                    let end = self.behind();
                    self.at += 1;
                    self.port(Span { start, end })?;
                    self.ported = true;
                    if self.peek().is_none() {
                        return Err(Stop::Wanted(self.words(behind, joined)));
                    }
                    return Ok(());
                }
                Some(_) => return Ok(()),
            }
        }
    }

    /// What stands behind a `/`, if there is one.
    fn qualified(&mut self, kind: Option<KindWord>) -> Read<()> {
        if self.peek() == Some(Token::Slash) {
            self.at += 1;
            self.name(|| kind.map_or(Wanted::Nothing, Wanted::Thing))?;
        }
        Ok(())
    }

    fn partition(&mut self) -> Read<()> {
        match self.next(|| Wanted::PartitionKey)? {
            Token::Name(_) | Token::Host(_) | Token::Text(_) => self.qualified(None)?,
            _ => return self.misfit(),
        }
        self.end()
    }

    pub(super) fn port(&mut self, of: Span) -> Read<()> {
        match self.next(|| Wanted::Port(of))? {
            Token::Integer(_) | Token::Range(_) if self.peek() == Some(Token::Slash) => {
                self.at += 1;
                self.name(|| Wanted::Protocol).map(|_| ())
            }
            Token::Integer(_) | Token::Range(_) | Token::Name(_) | Token::Text(_) => Ok(()),
            _ => self.misfit(),
        }
    }

    /// Behind the `[`, up to its `]`. The set begins at `start`.
    pub(super) fn filter(&mut self, of: Labels, start: u32) -> Read<()> {
        let mut set = Span { start, end: self.behind() - 1 };
        let mut is_open = false;
        loop {
            let label = |value| Wanted::Label(Label { of, set, is_open, value });
            let denied = self.peek() == Some(Token::Bang);
            self.at += usize::from(denied);
            let key = self.label(|| label(None))?;
            let value = |values: &[String]| label(Some((key.clone(), values.to_vec())));
            match self.peek() {
                None if denied => return Err(Stop::Wanted(Wanted::Nothing)),
                None => return Err(Stop::Wanted(Wanted::Words(vec!["in", "notin"]))),
                Some(Token::Equals | Token::NotEquals) if !denied => {
                    self.at += 1;
                    let is_empty = matches!(self.peek(), Some(Token::Comma | Token::CloseBracket));
                    if !is_empty {
                        self.label(|| value(&[]))?;
                    }
                }
                Some(Token::LabelIn | Token::LabelNotIn) if !denied => {
                    self.at += 1;
                    self.expect(Token::OpenParen, || Wanted::Nothing)?;
                    let mut values = Vec::new();
                    loop {
                        values.push(self.label(|| value(&values))?);
                        match self.next(|| Wanted::Nothing)? {
                            Token::Comma => {}
                            Token::CloseParen => break,
                            _ => return self.misfit(),
                        }
                    }
                }
                Some(_) => {}
            }
            set.end = self.behind();
            is_open = true;
            match self.next(|| Wanted::Nothing)? {
                Token::Comma => {}
                Token::CloseBracket => return Ok(()),
                _ => return self.misfit(),
            }
        }
    }

    fn label(&mut self, wanted: impl FnOnce() -> Wanted) -> Read<String> {
        match self.next(wanted)? {
            Token::Label(text) => Ok(text.to_owned()),
            Token::Text(text) => Ok(text.trim_matches('"').to_owned()),
            Token::LabelIn => Ok("in".to_owned()),
            Token::LabelNotIn => Ok("notin".to_owned()),
            _ => self.misfit(),
        }
    }
}

fn by(slot: Slot) -> Wanted {
    match slot {
        Slot::Let => Wanted::Words(vec!["by"]),
        _ => Wanted::Nothing,
    }
}

fn kind_word(token: Token<'_>) -> Option<KindWord> {
    Some(match token {
        Token::Workload => KindWord::Workload,
        Token::Service => KindWord::Service,
        Token::Deployment => KindWord::Deployment,
        Token::StatefulSet => KindWord::StatefulSet,
        Token::DaemonSet => KindWord::DaemonSet,
        Token::Job => KindWord::Job,
        Token::CronJob => KindWord::CronJob,
        Token::Pod => KindWord::Pod,
        Token::ServiceAccount => KindWord::ServiceAccount,
        _ => return None,
    })
}
