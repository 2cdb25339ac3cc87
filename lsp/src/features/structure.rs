//! The shape of a document: symbols, colours, folds, selections.

use std::path::Path;

use tower_lsp::ls_types::*;
use weir::ide::definition::Target;
use weir::ide::tokens::{Token, TokenKind};
use weir::ide::{Desk, folding, selection, symbols, tokens};

use super::navigation::at_line;
use crate::convert::Texts;

pub fn document_symbols(desk: &Desk<'_>, texts: &Texts<'_>) -> Vec<DocumentSymbol> {
    symbols::document(desk).into_iter().map(|symbol| document_symbol(symbol, desk, texts)).collect()
}

#[allow(deprecated, reason = "the field has no default")]
fn document_symbol(symbol: symbols::DocumentSymbol, desk: &Desk<'_>, texts: &Texts<'_>) -> DocumentSymbol {
    let children: Vec<_> =
        symbol.children.into_iter().map(|child| document_symbol(child, desk, texts)).collect();
    DocumentSymbol {
        name: symbol.name,
        detail: (!symbol.detail.is_empty()).then_some(symbol.detail),
        kind: symbol_kind(symbol.kind),
        tags: None,
        deprecated: None,
        range: texts.range(desk.place(symbol.span)),
        selection_range: texts.range(desk.place(symbol.name_span)),
        children: (!children.is_empty()).then_some(children),
    }
}

pub fn workspace_symbols(texts: &Texts<'_>, site: usize, query: &str) -> Vec<WorkspaceSymbol> {
    let found = symbols::workspace(&texts.program.workspace, site, query).into_iter().filter_map(|symbol| {
        // Found among hundreds: its line has to do, and its manifest is not read.
        let location = match symbol.to {
            Target::Text(place) => texts.location(place)?,
            Target::Manifest { file, line, .. } => {
                Location { uri: Uri::from_file_path(Path::new(&file))?, range: at_line(line) }
            }
        };
        Some(WorkspaceSymbol {
            name: symbol.name,
            kind: symbol_kind(symbol.kind),
            tags: None,
            container_name: symbol.container,
            location: OneOf::Left(location),
            data: None,
        })
    });
    found.collect()
}

fn symbol_kind(kind: symbols::Kind) -> SymbolKind {
    match kind {
        symbols::Kind::Let => SymbolKind::VARIABLE,
        symbols::Kind::Policy => SymbolKind::FUNCTION,
        symbols::Kind::Param => SymbolKind::TYPE_PARAMETER,
        symbols::Kind::Block | symbols::Kind::Namespace => SymbolKind::NAMESPACE,
        symbols::Kind::Test => SymbolKind::METHOD,
        symbols::Kind::Sentence => SymbolKind::EVENT,
        symbols::Kind::Workload => SymbolKind::CLASS,
        symbols::Kind::Service => SymbolKind::INTERFACE,
    }
}

/// The kinds of tokens, in the order of their numbers.
pub const TOKEN_TYPES: &[(TokenKind, SemanticTokenType)] = &[
    (TokenKind::Namespace, SemanticTokenType::NAMESPACE),
    (TokenKind::Type, SemanticTokenType::TYPE),
    (TokenKind::Variable, SemanticTokenType::VARIABLE),
    (TokenKind::Parameter, SemanticTokenType::PARAMETER),
    (TokenKind::Function, SemanticTokenType::FUNCTION),
    (TokenKind::Keyword, SemanticTokenType::KEYWORD),
    (TokenKind::String, SemanticTokenType::STRING),
    (TokenKind::Number, SemanticTokenType::NUMBER),
    (TokenKind::Operator, SemanticTokenType::OPERATOR),
    (TokenKind::Comment, SemanticTokenType::COMMENT),
    (TokenKind::Property, SemanticTokenType::PROPERTY),
    (TokenKind::EnumMember, SemanticTokenType::ENUM_MEMBER),
    (TokenKind::Class, SemanticTokenType::CLASS),
    (TokenKind::Macro, SemanticTokenType::MACRO),
];

/// The modifiers, in the order of their bits.
pub const TOKEN_MODIFIERS: &[SemanticTokenModifier] = &[
    SemanticTokenModifier::DECLARATION,
    SemanticTokenModifier::DEFINITION,
    SemanticTokenModifier::DEFAULT_LIBRARY,
    SemanticTokenModifier::DEPRECATED,
];

pub fn semantic_tokens(desk: &Desk<'_>, texts: &Texts<'_>, range: Option<Range>) -> Vec<SemanticToken> {
    let lines = texts.lines(desk.file);
    let found = match range {
        Some(range) => tokens::in_range(desk, lines.span(range)),
        None => tokens::tokens(desk),
    };
    let mut before = Position::default();
    let mut shown = Vec::with_capacity(found.len());
    for token in found {
        let range = lines.range(token.span);
        let same_line = range.start.line == before.line;
        shown.push(SemanticToken {
            delta_line: range.start.line - before.line,
            delta_start: if same_line {
                range.start.character - before.character
            } else {
                range.start.character
            },
            length: range.end.character.saturating_sub(range.start.character),
            token_type: TOKEN_TYPES.iter().position(|(kind, _)| *kind == token.kind).unwrap_or(0) as u32,
            token_modifiers_bitset: modifiers(&token),
        });
        before = range.start;
    }
    shown
}

fn modifiers(token: &Token) -> u32 {
    let bits = [
        token.modifiers.declaration,
        token.modifiers.definition,
        token.modifiers.default_library,
        token.modifiers.deprecated,
    ];
    bits.iter().enumerate().map(|(at, is)| u32::from(*is) << at).sum()
}

/// What changed from one list of tokens to the next: one edit between what both begin and end with.
pub fn token_edits(before: &[SemanticToken], after: &[SemanticToken]) -> Vec<SemanticTokensEdit> {
    let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let rest = before[start..].iter().rev().zip(after[start..].iter().rev());
    let same = rest.take_while(|(a, b)| a == b).count();
    let (gone, come) = (before.len() - start - same, &after[start..after.len() - same]);
    if gone == 0 && come.is_empty() {
        return Vec::new();
    }
    // Five numbers a token.
    vec![SemanticTokensEdit {
        start: start as u32 * 5,
        delete_count: gone as u32 * 5,
        data: (!come.is_empty()).then(|| come.to_vec()),
    }]
}

pub fn folds(desk: &Desk<'_>, _: &Texts<'_>) -> Vec<FoldingRange> {
    let found = folding::folds(desk).into_iter().map(|fold| FoldingRange {
        start_line: fold.first,
        end_line: fold.last,
        kind: match fold.kind {
            folding::Kind::Comment => Some(FoldingRangeKind::Comment),
            folding::Kind::Imports => Some(FoldingRangeKind::Imports),
            folding::Kind::Code => None,
        },
        ..FoldingRange::default()
    });
    found.collect()
}

pub fn selections(desk: &Desk<'_>, texts: &Texts<'_>, positions: &[Position]) -> Vec<SelectionRange> {
    let lines = texts.lines(desk.file);
    let one = |position: &Position| {
        let spans = selection::selection(desk, lines.offset(*position));
        let around = spans.iter().rev().fold(None, |parent: Option<SelectionRange>, span| {
            Some(SelectionRange { range: lines.range(*span), parent: parent.map(Box::new) })
        });
        around.unwrap_or(SelectionRange { range: Range::new(*position, *position), parent: None })
    };
    positions.iter().map(one).collect()
}
