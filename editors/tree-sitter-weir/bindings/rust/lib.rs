//! The grammar of Weir for editors. It says nothing of meaning: that is the compiler's.
//!
//! Made for [tree-sitter](https://docs.rs/tree-sitter): `parser.set_language(&tree_sitter_weir::LANGUAGE.into())`.

use tree_sitter_language::LanguageFn;

#[allow(unsafe_code, reason = "the parser is C")]
unsafe extern "C" {
    fn tree_sitter_weir() -> *const ();
}

/// The language, for `tree_sitter::Parser::set_language`.
#[allow(
    unsafe_code,
    reason = "the function is the one that tree-sitter generates, and returns its own tables"
)]
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_weir) };

/// The kinds of nodes, with their fields, as JSON.
pub const NODE_TYPES: &str = include_str!("../../src/node-types.json");

/// What is coloured as what.
pub const HIGHLIGHTS_QUERY: &str = include_str!("../../queries/highlights.scm");

/// Where the parameters of policies are seen.
pub const LOCALS_QUERY: &str = include_str!("../../queries/locals.scm");

/// What can be folded.
pub const FOLDS_QUERY: &str = include_str!("../../queries/folds.scm");

/// What is indented.
pub const INDENTS_QUERY: &str = include_str!("../../queries/indents.scm");

/// What an editor selects, or jumps over, as one thing.
pub const TEXTOBJECTS_QUERY: &str = include_str!("../../queries/textobjects.scm");

/// What is of another language: comments.
pub const INJECTIONS_QUERY: &str = include_str!("../../queries/injections.scm");
