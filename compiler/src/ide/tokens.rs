//! Colours that follow from meaning: of every word what it stands for. Where a sentence cannot be read, its words keep
//! what they are by themselves and by the word before them, so that nothing flickers while somebody types.

mod bare;
#[cfg(test)]
mod tests;

use weir_grammar::Span;
use weir_grammar::ast::Statement;

use super::Desk;
use super::symbol::{Symbol, symbols};
use super::words::{Role, Word, words};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenKind {
    Namespace,
    /// A module.
    Type,
    /// A `let`.
    Variable,
    Parameter,
    /// A policy.
    Function,
    Keyword,
    String,
    /// Ports, addresses and days.
    Number,
    Operator,
    Comment,
    /// The key of a label.
    Property,
    /// The value of a label.
    EnumMember,
    /// A workload, a service, a service account.
    Class,
    /// A set that is part of the language.
    Macro,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modifiers {
    pub declaration: bool,
    pub definition: bool,
    /// Of Weir's library, or part of the language.
    pub default_library: bool,
    /// In a sentence whose `until` is over.
    pub deprecated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub span: Span,
    pub kind: TokenKind,
    pub modifiers: Modifiers,
}

/// Sorted by place; none overlaps another or goes on to a second line.
pub fn tokens(desk: &Desk<'_>) -> Vec<Token> {
    in_range(desk, Span::new(0, desk.text().len()))
}

/// Those of a stretch of the file.
pub fn in_range(desk: &Desk<'_>, range: Span) -> Vec<Token> {
    let meets = |span: Span| span.start < range.end && range.start < span.end;
    let meant = words(&desk.source().parse.file);
    let mut meant =
        meant.iter().filter(|word| meets(word.span)).filter_map(|word| of_word(desk, word)).peekable();
    let mut tokens: Vec<Token> = Vec::new();
    for token in bare::tokens(desk).into_iter().filter(|token| meets(token.span)) {
        while let Some(word) = meant.next_if(|word| word.span.start <= token.span.start) {
            push(&mut tokens, word);
        }
        push(&mut tokens, token);
    }
    meant.for_each(|word| push(&mut tokens, word));
    deprecate(desk, &mut tokens);
    tokens
}

/// A word comes before the tokens that it is written with: they lie within it.
fn push(tokens: &mut Vec<Token>, token: Token) {
    if tokens.last().is_none_or(|last| last.span.end <= token.span.start) && token.span.start < token.span.end
    {
        tokens.push(token);
    }
}

/// `None` for what says no more than its tokens do.
fn of_word(desk: &Desk<'_>, word: &Word<'_>) -> Option<Token> {
    use TokenKind::*;
    let mut modifiers = Modifiers::default();
    let kind = match word.role {
        Role::LetDefinition(_) => Variable,
        Role::PolicyDefinition(_) => Function,
        Role::ParamDefinition(..) => Parameter,
        Role::ParamKind(_) => Keyword,
        Role::TestName(_) | Role::HttpPath(_) | Role::Reason(_) | Role::Host(_) => String,
        Role::Module(name) => {
            modifiers.default_library = name.text.starts_with("std.");
            Type
        }
        Role::Bare(_) | Role::Thing { .. } | Role::Namespace(_) | Role::Policy(_) | Role::Port(_) => {
            let first = symbols(desk, word).into_iter().next();
            modifiers.default_library = is_of_library(desk, first.as_ref());
            named(word, first)
        }
        Role::Pattern(_) => Namespace,
        Role::Cluster(_) => Namespace,
        Role::LabelKey { .. } => Property,
        Role::LabelValue { .. } => EnumMember,
        Role::Builtin(_) => {
            modifiers.default_library = true;
            Macro
        }
        Role::Address(_) => Number,
        Role::Until(_) => return None,
        Role::HttpMethod(_) => Keyword,
    };
    if super::references::is_definition(word) {
        modifiers.declaration = true;
        modifiers.definition = true;
    }
    let text = desk.text().get(word.span.range())?;
    (!text.contains('\n')).then_some(Token { span: word.span, kind, modifiers })
}

/// What a name is: what it stands for, else what stands there as a rule.
fn named(word: &Word<'_>, symbol: Option<Symbol>) -> TokenKind {
    use TokenKind::*;
    match (symbol, word.role) {
        (Some(Symbol::Let(_)), _) => Variable,
        (Some(Symbol::Param(_)), _) => Parameter,
        (Some(Symbol::Namespace(_)), _) => Namespace,
        (_, Role::Port(_)) => Number,
        (_, Role::Policy(_)) => Function,
        (_, Role::Namespace(_)) => Namespace,
        _ => Class,
    }
}

fn is_of_library(desk: &Desk<'_>, symbol: Option<&Symbol>) -> bool {
    match symbol {
        Some(Symbol::Let(place) | Symbol::Policy(place)) => {
            place.file != desk.file && desk.workspace.sources.get(place.file).library
        }
        _ => false,
    }
}

/// Marks the sentences that no longer count.
fn deprecate(desk: &Desk<'_>, tokens: &mut [Token]) {
    let mut over = Vec::new();
    ended(desk, desk.statements(), &mut over);
    for span in over {
        let first = tokens.partition_point(|token| token.span.start < span.start);
        for token in tokens[first..].iter_mut().take_while(|token| token.span.end <= span.end) {
            token.modifiers.deprecated = token.kind != TokenKind::Comment;
        }
    }
}

fn ended(desk: &Desk<'_>, statements: &[Statement], over: &mut Vec<Span>) {
    for statement in statements {
        match statement {
            Statement::Sentence(tree) => {
                over.extend(
                    tree.clauses.until.filter(|(day, _)| *day <= desk.workspace.today).map(|_| tree.span),
                );
            }
            other => ended(desk, other.body(), over),
        }
    }
}
