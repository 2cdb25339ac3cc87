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
    let mut dropped = vec![false; errors.len()];
    mark_follow_ups(statements, errors, &mut dropped);
    let mut marks = dropped.into_iter();
    errors.retain(|_| !marks.next().unwrap_or(false));
}

/// The errors are sorted, so those inside a statement that could not be read stand side by side.
fn mark_follow_ups(statements: &[ast::Statement], errors: &[SyntaxError], dropped: &mut [bool]) {
    for statement in statements {
        match statement {
            ast::Statement::Error(span) => {
                let from = errors.partition_point(|error| error.span.start < span.start);
                let to = errors.partition_point(|error| error.span.start <= span.end);
                let inside = |at: &usize| errors[*at].span.end <= span.end && !dropped[*at];
                let Some(first) = (from..to).find(inside) else { continue };
                if !matches!(errors[first].kind, SyntaxErrorKind::Unexpected { .. }) {
                    continue;
                }
                let follows = (first..to).filter(|at| {
                    let error = &errors[*at];
                    error.span.start > errors[first].span.start
                        && error.span.end <= span.end
                        && matches!(error.kind, SyntaxErrorKind::NeedsQuotes | SyntaxErrorKind::NoWord)
                });
                follows.for_each(|at| dropped[at] = true);
            }
            other => mark_follow_ups(other.body(), errors, dropped),
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
