//! Where a cursor stands, told from the text alone: the word that is being typed, the statement that it belongs to, and
//! the blocks around it. So it does not matter what of the file can be read.

use weir_grammar::Span;
use weir_grammar::token::Token;

/// A cursor, or nothing where it is in a comment or a text.
pub enum Inside<'t> {
    Code(Spot<'t>),
    /// Behind this, which begins with `#`.
    Comment(Span),
    Text,
}

pub struct Spot<'t> {
    /// What is typed of the word at the cursor.
    pub typed: &'t str,
    /// The whole word; empty where nothing of it is typed.
    pub word: Span,
    /// Where the statement begins that the cursor is in.
    pub statement: u32,
    /// The heads of the blocks around it, outermost first.
    pub heads: Vec<Head<'t>>,
}

/// What stands before a `{`.
#[derive(Clone, Debug, PartialEq)]
pub enum Head<'t> {
    Namespace(&'t str),
    /// With the set behind `each`.
    Each(Span),
    Cluster,
    Policy {
        name: &'t str,
        params: Vec<Param<'t>>,
    },
    Test,
    Unknown,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Param<'t> {
    pub name: &'t str,
    /// As it is written.
    pub kind: Option<&'t str>,
}

/// The nearest place before an offset where characters meet.
pub fn floor(text: &str, offset: u32) -> usize {
    let mut at = (offset as usize).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

pub fn inside(text: &str, offset: u32) -> Inside<'_> {
    let cursor = floor(text, offset);
    let line = text[..cursor].rfind('\n').map_or(0, |at| at + 1);
    match scan(&text[line..cursor], |_, _| ()) {
        Scan::Comment(at) => return Inside::Comment(Span::new(line + at, cursor)),
        Scan::Text => return Inside::Text,
        Scan::Code => {}
    }
    let start = cursor - trailing(&text[..cursor]);
    let end = match start < cursor {
        true => cursor + leading(&text[cursor..]),
        false => cursor,
    };
    let (statement, heads) = around(text, start);
    let typed = &text[start..cursor];
    Inside::Code(Spot { typed, word: Span::new(start, end), statement: statement as u32, heads })
}

/// Where the statement begins that an offset is in.
pub fn statement(text: &str, offset: u32) -> usize {
    around(text, floor(text, offset)).0
}

/// How many bytes at the end of a text belong to one word.
fn trailing(text: &str) -> usize {
    text.bytes().rev().take_while(|byte| is_of_word(*byte)).count()
}

fn leading(text: &str) -> usize {
    text.bytes().take_while(|byte| is_of_word(*byte)).count()
}

/// Names, `shop/web`, label keys, modules, patterns.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b'*')
}

enum Scan {
    Code,
    /// Where it begins.
    Comment(usize),
    Text,
}

/// Goes over a line: texts and comments end with it. Tells of its `;`, `{` and `}`, and in what it ends.
fn scan(line: &str, mut met: impl FnMut(usize, u8)) -> Scan {
    let mut in_text = false;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'#' => return Scan::Comment(at),
            b';' | b'{' | b'}' => met(at, byte),
            _ => {}
        }
    }
    if in_text { Scan::Text } else { Scan::Code }
}

/// Where the statement begins that a place is in, and the heads of the blocks around it.
fn around(text: &str, place: usize) -> (usize, Vec<Head<'_>>) {
    let mut statement = None;
    let mut heads = Vec::new();
    // Blocks that end before the place, and the `{` whose head is being looked for.
    let mut closed = 0_usize;
    let mut open: Option<usize> = None;
    let mut end = place;
    let mut marks = Vec::new();
    loop {
        let line = text[..end].rfind('\n').map_or(0, |at| at + 1);
        marks.clear();
        scan(&text[line..end], |at, byte| marks.push((line + at, byte)));
        for (at, byte) in marks.drain(..).rev() {
            statement.get_or_insert(at + 1);
            if let Some(brace) = open.take() {
                heads.push(head(text, at + 1, brace));
            }
            match byte {
                b'}' => closed += 1,
                b'{' if closed > 0 => closed -= 1,
                b'{' => open = Some(at),
                _ => {}
            }
        }
        if line == 0 {
            break;
        }
        end = line - 1;
    }
    if let Some(brace) = open {
        heads.push(head(text, 0, brace));
    }
    heads.reverse();
    (statement.unwrap_or(0), heads)
}

/// What a block's head says, as the last line in it that begins with a word of a block tells.
fn head(text: &str, start: usize, brace: usize) -> Head<'_> {
    let text = &text[start..brace];
    let tokens = weir_grammar::tokens(text);
    let begins = |at: &usize| {
        let (span, token) = tokens[*at];
        let is_word = matches!(token, Token::In | Token::Policy | Token::Export | Token::Test);
        is_word && (*at == 0 || begins_line(text, span.start))
    };
    let Some(first) = (0..tokens.len()).rev().find(begins) else { return Head::Unknown };
    let words: Vec<Token<'_>> = tokens[first..].iter().map(|(_, token)| *token).collect();
    match words.as_slice() {
        [Token::In, Token::Namespace, name, ..] => name_of(*name).map_or(Head::Unknown, Head::Namespace),
        [Token::In, Token::Each, ..] => {
            let (each, _) = tokens[first + 1];
            Head::Each(Span::new(start + each.end as usize, brace))
        }
        [Token::In, Token::Cluster | Token::Clusters, ..] => Head::Cluster,
        [Token::Test, ..] => Head::Test,
        [Token::Policy, name, rest @ ..] | [Token::Export, Token::Policy, name, rest @ ..] => {
            Head::Policy { name: name_of(*name).unwrap_or_default(), params: params(rest) }
        }
        _ => Head::Unknown,
    }
}

fn params<'t>(tokens: &[Token<'t>]) -> Vec<Param<'t>> {
    let list = tokens.split(|token| matches!(token, Token::Comma | Token::OpenParen | Token::CloseParen));
    let param = |tokens: &[Token<'t>]| {
        let name = name_of(*tokens.first()?)?;
        let kind = tokens.get(2).and_then(|kind| name_of(*kind));
        Some(Param { name, kind })
    };
    list.filter_map(param).collect()
}

/// A name, without its quotes.
pub fn name_of(token: Token<'_>) -> Option<&str> {
    match token {
        Token::Name(name) => Some(name),
        Token::Text(text) => Some(text.trim_matches('"')),
        _ => None,
    }
}

/// Whether nothing but blanks stands before a place in its line.
pub fn begins_line(text: &str, place: u32) -> bool {
    let before = &text[..place as usize];
    before[before.rfind('\n').map_or(0, |at| at + 1)..].trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(text: &str) -> Spot<'_> {
        match inside(text, text.len() as u32) {
            Inside::Code(spot) => spot,
            _ => panic!("not in code"),
        }
    }

    #[test]
    fn words_and_statements() {
        let found = spot("a locked;\r\n# ; {\r\nshop/we");
        assert_eq!((found.typed, found.statement), ("shop/we", 9));
        assert!(found.heads.is_empty());
        assert_eq!(spot("a may reach \"x;\" , b").statement, 0);
        let text = "web locked";
        let Inside::Code(found) = inside(text, 1) else { panic!() };
        assert_eq!((found.typed, found.word), ("w", Span::new(0, 3)));
        let Inside::Code(found) = inside(text, 0) else { panic!() };
        assert_eq!((found.typed, found.word), ("", Span::new(0, 0)));
    }

    #[test]
    fn blocks_around() {
        let text =
            "in cluster eu {\n in namespace shop { pods locked; }\n nonsense\n in each team-* { x { } a ";
        let [Head::Cluster, Head::Each(span)] = spot(text).heads[..] else { panic!() };
        assert_eq!(text[span.range()].trim(), "team-*");
        let found = spot("export policy p(a, \"b\": port,) {\n test \"x\" { ").heads;
        let params = vec![Param { name: "a", kind: None }, Param { name: "b", kind: Some("port") }];
        assert_eq!(found, [Head::Policy { name: "p", params }, Head::Test]);
        assert_eq!(spot("} in namespace service { ").heads, [Head::Namespace("service")]);
        assert_eq!(spot("{ a").heads, [Head::Unknown]);
    }

    #[test]
    fn comments_and_texts() {
        assert!(matches!(inside("a # b", 5), Inside::Comment(span) if span.start == 2));
        assert!(matches!(inside("a because \"b", 12), Inside::Text));
        assert!(matches!(inside("\"a\" # \"b", 8), Inside::Comment(_)));
        assert!(matches!(inside("# é", 3), Inside::Comment(_)), "in the middle of a character");
        assert!(matches!(inside("", 9), Inside::Code(_)));
    }
}
