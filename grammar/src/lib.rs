//! The text of Weir: tokens, grammar, tree, canonical form. It knows nothing of clusters or policies.
//!
//! [`parse`] never fails: it returns a tree and a list of errors.

pub mod ast;
mod build;
pub mod error;
pub mod format;
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
    let mut errors = build::Errors { text, list: lexed.errors };
    let tokens = lexed.tokens.into_iter().map(Ok::<_, std::convert::Infallible>);
    let file = match grammar::FileParser::new().parse(&mut errors, tokens) {
        Ok(file) => file,
        Err(error) => {
            errors.parse_error(error);
            ast::File::default()
        }
    };
    let mut errors = errors.list;
    errors.sort_by_key(|error| error.span);
    errors.dedup();
    Parse { file, comments: lexed.comments, errors }
}
