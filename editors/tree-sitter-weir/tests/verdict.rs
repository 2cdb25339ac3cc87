//! Whether a text has the shape of a program: what each of the two grammars says.

use tree_sitter::{Parser, Tree};
use weir_grammar::{Parse, SyntaxErrorKind};

pub struct Readers {
    parser: Parser,
}

/// One text, read by both.
pub struct Read {
    pub parse: Parse,
    pub tree: Tree,
}

impl Readers {
    pub fn new() -> Readers {
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_weir::LANGUAGE.into()).unwrap();
        Readers { parser }
    }

    pub fn read(&mut self, text: &str) -> Read {
        Read { parse: weir_grammar::parse(text), tree: self.parser.parse(text, None).unwrap() }
    }
}

impl Read {
    pub fn compiler_accepts(&self) -> bool {
        !self.parse.errors.iter().any(|error| is_of_shape(&error.kind))
    }

    /// No node is an error, and none is missing.
    pub fn editor_accepts(&self) -> bool {
        !self.tree.root_node().has_error()
    }

    /// Beyond its depth the compiler looks no further, and has no opinion.
    pub fn too_deep(&self) -> bool {
        self.parse.errors.iter().any(|error| error.kind == SyntaxErrorKind::TooDeep)
    }

    /// How they disagree, if they do.
    pub fn dispute(&self) -> Option<String> {
        if self.too_deep() {
            return None;
        }
        match (self.compiler_accepts(), self.editor_accepts()) {
            (true, false) => {
                Some(format!("only the compiler accepts it: {}", self.tree.root_node().to_sexp()))
            }
            (false, true) => Some(format!("only the editor accepts it: {:?}", self.parse.errors)),
            _ => None,
        }
    }
}

/// What the compiler's parser refuses although it has the shape of a program. An editor colours it as what it is.
fn is_of_shape(kind: &SyntaxErrorKind) -> bool {
    use SyntaxErrorKind::*;
    match kind {
        Unexpected { .. }
        | MissingSemicolon
        | Unclosed { .. }
        | Unopened
        | NoWord
        | NeedsQuotes
        | ManyStars
        | UnclosedText
        | MixedOperators { .. }
        | ReservedWord => true,
        // Words and numbers of the right kind that do not exist.
        BadAddress { .. }
        | HostBits { .. }
        | BadPort
        | BadDate
        | BadRequest { .. }
        | BadProtocol
        | BadLabel { .. } => false,
        // How often a clause stands, and which stand together.
        RepeatedClause { .. } | ContradictingClauses { .. } => false,
        // Limits.
        TooDeep | TooLarge => false,
    }
}
