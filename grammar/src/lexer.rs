//! From text to the tokens that the grammar sees: balanced braces, bounded depth, every sentence ended. What is
//! missing is supplied and reported here, so that the grammar can recover at the next `;`.

use logos::Logos;

use crate::MAX_DEPTH;
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::span::Span;
use crate::token::{Comment, InBrackets, Token};

enum Mode<'input> {
    Plain(logos::Lexer<'input, Token<'input>>),
    Brackets(logos::Lexer<'input, InBrackets<'input>>),
}

pub struct Lexed<'input> {
    pub tokens: Vec<(usize, Token<'input>, usize)>,
    pub comments: Vec<Comment>,
    pub errors: Vec<SyntaxError>,
}

pub fn lex(text: &str) -> Lexed<'_> {
    let mut lexer = Lexer {
        text,
        mode: Some(Mode::Plain(Token::lexer(text))),
        open: Vec::new(),
        skipped: Vec::new(),
        out: Lexed { tokens: Vec::new(), comments: Vec::new(), errors: Vec::new() },
    };
    while let Some((token, span)) = lexer.next() {
        lexer.take(token, span);
    }
    lexer.finish();
    lexer.out
}

struct Lexer<'input> {
    text: &'input str,
    mode: Option<Mode<'input>>,
    /// Brackets that are open, with where.
    open: Vec<(char, Span)>,
    /// Brackets beyond the depth limit that are open; their content is passed over.
    skipped: Vec<char>,
    out: Lexed<'input>,
}

impl<'input> Lexer<'input> {
    fn next(&mut self) -> Option<(Token<'input>, Span)> {
        let (token, range) = match self.mode.as_mut().expect("a mode is always set") {
            Mode::Plain(lexer) => (lexer.next()?.unwrap_or(Token::Bad), lexer.span()),
            Mode::Brackets(lexer) => {
                let token = lexer.next()?;
                (token.map(InBrackets::token).unwrap_or(Token::Bad), lexer.span())
            }
        };
        Some((token, Span::new(range.start, range.end)))
    }

    fn take(&mut self, token: Token<'input>, span: Span) {
        let token = match token {
            Token::Comment(text) => {
                let text = text.trim_end().to_owned();
                self.out.comments.push(Comment { span, text });
                return;
            }
            Token::Bad => self.bad(span, SyntaxErrorKind::NoWord),
            Token::Odd(_) => self.bad(span, SyntaxErrorKind::NeedsQuotes),
            Token::Method(_) if !self.is_method() => self.bad(span, SyntaxErrorKind::NeedsQuotes),
            Token::OpenText => {
                let text = self.text[span.range()].trim_end();
                let bad = self.bad(span, SyntaxErrorKind::UnclosedText);
                if text.ends_with(';') {
                    self.push(bad, span);
                    return self.take(
                        Token::Semicolon,
                        Span::new(span.start as usize + text.len() - 1, span.start as usize + text.len()),
                    );
                }
                bad
            }
            Token::Pattern(text) if text.matches('*').count() > 1 => {
                self.bad(span, SyntaxErrorKind::ManyStars)
            }
            token => token,
        };
        match token {
            Token::OpenParen => self.open('(', span),
            Token::OpenBrace => {
                self.abandon_brackets();
                self.open('{', span);
            }
            Token::OpenBracket => self.open('[', span),
            Token::CloseParen => self.close('(', token, span),
            Token::CloseBrace => {
                self.abandon_brackets();
                self.end_sentence();
                self.close('{', token, span);
            }
            Token::CloseBracket => self.close('[', token, span),
            Token::Semicolon => {
                self.abandon_brackets();
                self.push(token, span);
            }
            token => self.push(self.as_name(token, span), span),
        }
    }

    /// After `/`, `namespace` and their like every word is a name; `each namespace isolated` is not one of these.
    fn as_name(&self, token: Token<'input>, span: Span) -> Token<'input> {
        if token.keyword().is_none() {
            return token;
        }
        let mut last = self.out.tokens.iter().rev().map(|(_, token, _)| *token);
        let before = last.next();
        let after_each = before == Some(Token::Namespace) && last.next() == Some(Token::Each);
        match before {
            Some(before) if before.is_before_name() && !after_each => Token::Name(&self.text[span.range()]),
            _ => token,
        }
    }

    /// Methods stand behind `over http`, and behind the comma after another one's path.
    fn is_method(&self) -> bool {
        let last: Vec<Token<'_>> = self.out.tokens.iter().rev().take(3).map(|(_, token, _)| *token).collect();
        matches!(
            last.as_slice(),
            [Token::Name(_), Token::Over, ..] | [Token::Comma, Token::Text(_), Token::Method(_)]
        )
    }

    fn push(&mut self, token: Token<'input>, span: Span) {
        if self.skipped.is_empty() {
            self.out.tokens.push((span.start as usize, token, span.end as usize));
        }
    }

    fn error(&mut self, span: Span, kind: SyntaxErrorKind) {
        self.out.errors.push(SyntaxError { span, kind });
    }

    /// One error for a run of characters that are no word.
    fn bad(&mut self, span: Span, kind: SyntaxErrorKind) -> Token<'input> {
        let joined = self.out.errors.last_mut().filter(|last| {
            last.span.end == span.start && last.kind == kind && kind == SyntaxErrorKind::NoWord
        });
        match joined {
            Some(last) => last.span.end = span.end,
            None => self.error(span, kind),
        }
        Token::Bad
    }

    fn open(&mut self, bracket: char, span: Span) {
        if !self.skipped.is_empty() || self.open.len() >= MAX_DEPTH {
            if self.skipped.is_empty() {
                self.error(span, SyntaxErrorKind::TooDeep);
                self.push(Token::Bad, span);
            }
            self.skipped.push(bracket);
            return;
        }
        let token = match bracket {
            '(' => Token::OpenParen,
            '{' => Token::OpenBrace,
            _ => Token::OpenBracket,
        };
        self.push(token, span);
        self.open.push((bracket, span));
        if bracket == '[' {
            self.switch();
        }
    }

    fn close(&mut self, bracket: char, token: Token<'input>, span: Span) {
        if !self.skipped.is_empty() {
            self.skipped.pop();
            return;
        }
        if self.open.last().is_some_and(|(open, _)| *open == bracket) {
            self.open.pop();
            self.push(token, span);
            if bracket == '[' {
                self.switch();
            }
        } else {
            self.error(span, SyntaxErrorKind::Unopened);
            if bracket != '{' {
                self.push(Token::Bad, span);
            }
        }
    }

    /// A `;`, `{` or `}` ends what brackets are open: a sentence never goes on inside of them.
    fn abandon_brackets(&mut self) {
        let mut reported = !self.skipped.is_empty();
        while self.skipped.pop_if(|bracket| *bracket != '{').is_some() {}
        if !self.skipped.is_empty() {
            return;
        }
        while let Some((bracket, span)) = self.open.pop_if(|(bracket, _)| *bracket != '{') {
            if !reported {
                let closing = if bracket == '(' { ')' } else { ']' };
                self.error(span, SyntaxErrorKind::Unclosed { closing });
                reported = true;
            }
            self.push(Token::Bad, span.after());
            if bracket == '[' {
                self.switch();
            }
        }
    }

    /// Supplies the `;` that a sentence lacks before `}` or the end of the file.
    fn end_sentence(&mut self) {
        let Some(&(_, token, end)) = self.out.tokens.last() else { return };
        if matches!(token, Token::Semicolon | Token::OpenBrace | Token::CloseBrace) {
            return;
        }
        let span = Span::new(end, end);
        if token != Token::Bad {
            self.error(span, SyntaxErrorKind::MissingSemicolon);
        }
        self.push(Token::Semicolon, span);
    }

    fn finish(&mut self) {
        let end = Span::new(self.text.len(), self.text.len());
        self.abandon_brackets();
        self.end_sentence();
        while let Some((_, span)) = self.open.pop() {
            self.error(span, SyntaxErrorKind::Unclosed { closing: '}' });
            self.push(Token::CloseBrace, end);
        }
    }

    /// Between the tokens of sentences and those of selectors.
    fn switch(&mut self) {
        self.mode = self.mode.take().map(|mode| match mode {
            Mode::Plain(lexer) => Mode::Brackets(lexer.morph()),
            Mode::Brackets(lexer) => Mode::Plain(lexer.morph()),
        });
    }
}
