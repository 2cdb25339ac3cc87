//! The text of Weir: tokens, grammar, tree, canonical form. It knows nothing of clusters or policies.
//!
//! [`parse`] never fails: it returns a tree and a list of errors.

pub mod ast;
mod build;
pub mod error;
pub mod format;
pub mod label;
mod lexer;
pub mod span;
pub mod token;

lalrpop_util::lalrpop_mod!(
    #[allow(clippy::all, unused_qualifications)]
    grammar,
    "/weir.rs"
);

pub use error::{SyntaxError, SyntaxErrorKind};
pub use span::Span;

/// How deep brackets and blocks may nest.
pub const MAX_DEPTH: usize = 64;

/// What a text says, as far as it could be read.
#[derive(Clone, Debug, Default)]
pub struct Parse {
    pub file: ast::File,
    pub comments: Vec<token::Comment>,
    /// In the order of their positions.
    pub errors: Vec<SyntaxError>,
}

/// Reads a file. Every statement that can be read is in the tree; every error of the file is in the list.
pub fn parse(text: &str) -> Parse {
    if u32::try_from(text.len()).is_err() {
        let error = SyntaxError { span: Span::default(), kind: SyntaxErrorKind::TooLarge };
        return Parse { errors: vec![error], ..Parse::default() };
    }
    let lexed = lexer::lex(text);
    let mut tokens = lexed.tokens;
    let mut missing = Vec::new();
    let (file, mut errors) = loop {
        let (file, errors) = parse_tokens(text, &tokens);
        let found = missing_semicolons(&errors);
        if found.is_empty() || missing.len() >= MOST_SUPPLIED {
            break (file, errors);
        }
        // With the `;` supplied the sentences around it are read as they were meant.
        for error in found {
            let at = tokens.partition_point(|(start, _, _)| *start < error.span.start as usize);
            tokens.insert(at, (error.span.start as usize, token::Token::Semicolon, error.span.end as usize));
            missing.push(error);
        }
    };
    errors.extend(missing);
    errors.extend(lexed.errors);
    errors.sort_by_key(|error| error.span);
    errors.dedup();
    drop_follow_ups(&file.statements, &mut errors);
    Parse { file, comments: lexed.comments, errors }
}

/// Behind a word that does not fit, words that cannot be written bare are no news.
fn drop_follow_ups(statements: &[ast::Statement], errors: &mut Vec<SyntaxError>) {
    for statement in statements {
        match statement {
            ast::Statement::Error(span) => {
                let inside =
                    |error: &SyntaxError| span.start <= error.span.start && error.span.end <= span.end;
                let first = errors.iter().find(|error| inside(error)).cloned();
                let Some(SyntaxError { kind: SyntaxErrorKind::Unexpected { .. }, span: at }) = first else {
                    continue;
                };
                errors.retain(|error| {
                    let follows = error.span.start > at.start && inside(error);
                    !(follows && matches!(error.kind, SyntaxErrorKind::NeedsQuotes | SyntaxErrorKind::NoWord))
                });
            }
            other => drop_follow_ups(other.body(), errors),
        }
    }
}

/// How many missing `;` are supplied before the rest is left to recovery: each costs another parse.
const MOST_SUPPLIED: usize = 64;

fn parse_tokens<'input>(
    text: &'input str,
    tokens: &[(usize, token::Token<'input>, usize)],
) -> (ast::File, Vec<SyntaxError>) {
    let mut errors = build::Errors { text, list: Vec::new() };
    let tokens = tokens.iter().map(|token| Ok::<_, std::convert::Infallible>(*token));
    match grammar::FileParser::new().parse(&mut errors, tokens) {
        Ok(file) => (file, errors.list),
        Err(error) => {
            errors.parse_error(error);
            (ast::File::default(), errors.list)
        }
    }
}

fn missing_semicolons(errors: &[SyntaxError]) -> Vec<SyntaxError> {
    let missing = |error: &&SyntaxError| error.kind == SyntaxErrorKind::MissingSemicolon;
    errors.iter().filter(missing).cloned().collect()
}
