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

/// Of one file, more errors than these are counted and not told in full: it is no program, and a report has to be read.
pub const MOST_TOLD: usize = 1000;

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
    let (mut file, mut errors) = loop {
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
    file.statements.shrink_to_fit();
    drop_follow_ups(&file.statements, &mut errors);
    Parse { file, comments: lexed.comments, errors }
}

/// The words of a stretch of text that ends anywhere, as the grammar reads them: what nothing takes is [`token::Token::Bad`],
/// comments are left out. Nothing is supplied that is not there.
pub fn tokens(text: &str) -> Vec<(Span, token::Token<'_>)> {
    let text = if u32::try_from(text.len()).is_ok() { text } else { "" };
    let tokens = lexer::lex(text).tokens.into_iter();
    let tokens = tokens.map(|(start, token, end)| (Span::new(start, end), token));
    tokens.filter(|(span, _)| span.start < span.end).collect()
}

/// Behind a word that does not fit, words that cannot be written bare are no news. The errors are sorted by place, so
/// that those of a statement lie beside each other: there may be as many statements as errors.
fn drop_follow_ups(statements: &[ast::Statement], errors: &mut Vec<SyntaxError>) {
    let mut follows = vec![false; errors.len()];
    mark_follow_ups(statements, errors, &mut follows);
    let mut follows = follows.into_iter();
    errors.retain(|_| !follows.next().unwrap_or(false));
}

fn mark_follow_ups(statements: &[ast::Statement], errors: &[SyntaxError], follows: &mut [bool]) {
    for statement in statements {
        let ast::Statement::Error(span) = statement else {
            mark_follow_ups(statement.body(), errors, follows);
            continue;
        };
        let start = errors.partition_point(|error| error.span.start < span.start);
        let mut inside = (start..errors.len())
            .take_while(|at| errors[*at].span.start <= span.end)
            .filter(|at| errors[*at].span.end <= span.end);
        let Some(first) = inside.next() else { continue };
        if !matches!(errors[first].kind, SyntaxErrorKind::Unexpected { .. }) {
            continue;
        }
        for at in inside.filter(|at| errors[*at].span.start > errors[first].span.start) {
            follows[at] |= matches!(errors[at].kind, SyntaxErrorKind::NeedsQuotes | SyntaxErrorKind::NoWord);
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
